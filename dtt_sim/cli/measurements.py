"""``dtt-sim measurements``: measured field strengths against predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dtt_sim.cli.place_options import Choice, load, place_options
from dtt_sim.cli.progress import progress


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.argument("measured", type=click.Path(path_type=Path))
@click.option("--out", "-o", type=click.Path(path_type=Path), required=True, help="Output folder.")
@place_options
def measurements(*, scenario: Path, measured: Path, out: Path, **options: Any) -> None:
    """Compare the measured fields of MEASURED with the model's, and fit an offset.

    MEASURED (CSV or XLSX): name, lat_deg, lon_deg; station, frequency_mhz or channel; the field as
    e_dbuv_m (or e_dbmv_m, e_mv_m, e_uv_m); perhaps height_agl_m and date. In a plan each row's date
    chooses its phase, unless --phase does. Writes measurements.csv, statistics.csv, two pictures, and
    offset.toml: the scenario with the offset applied.
    """
    choice = Choice(**options)
    loaded = load(scenario, choice)
    from dtt_sim.report.measurements import comparison_lines, write_comparison
    from dtt_sim.workflow.measurements import measurements as compare
    from dtt_sim.workflow.output import claim_folder

    claim_folder(out)
    with progress(quiet=choice.quiet) as tell:
        found = compare(loaded, measured, phase=choice.phase, skip_bad=choice.skip_bad, tell=tell)
        written = write_comparison(found, out)
    for line in comparison_lines(found):
        click.echo(line)
    click.echo(f"written: {', '.join(str(path) for path in written)}")
