"""``dtt-sim receivers``: reception at a list of named places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dtt_sim.cli.place_options import Choice, load, place_options
from dtt_sim.cli.progress import progress


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.argument("points", type=click.Path(path_type=Path))
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), required=True,
    help="A table OUT.csv, the others beside it; or a folder.",
)  # fmt: skip
@place_options
def receivers(*, scenario: Path, points: Path, out: Path, **options: Any) -> None:
    """Reception at the named places of POINTS, each on its exact position, in every phase.

    POINTS (CSV or XLSX): name, lat_deg, lon_deg and perhaps height_agl_m. No finished run is
    needed. Writes service, programmes and every station's field as tables, all of it as NetCDF, and
    a map of the last phase.
    """
    choice = Choice(**options)
    loaded = load(scenario, choice)
    from dtt_sim.report.receivers import receiver_lines, write_receivers
    from dtt_sim.workflow.output import claim_folder
    from dtt_sim.workflow.receivers import receivers as compute

    is_table = out.suffix.lower() == ".csv"
    claim_folder(out.parent if is_table else out)
    stem = out.with_suffix("") if is_table else out / "receivers"
    with progress(quiet=choice.quiet) as tell:
        report = compute(loaded, points, phase=choice.phase, skip_bad=choice.skip_bad, tell=tell)
        tell("tables", 0, 1)
        written = write_receivers(report, stem)
        tell("tables", 1, 1)
    for line in receiver_lines(report):
        click.echo(line)
    click.echo(f"written: {', '.join(str(path) for path in written)}")
