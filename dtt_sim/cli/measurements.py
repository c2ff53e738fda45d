"""``dtt-sim measurements``: measured field strengths against predictions."""

from __future__ import annotations

from pathlib import Path

import click

from dtt_sim.cli.progress import progress


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.argument("measured", type=click.Path(path_type=Path))
@click.option("--out", "-o", type=click.Path(path_type=Path), required=True, help="Output folder.")
@click.option("--override", metavar="NAME", help="Lay [override.NAME] of the file over it.")
@click.option("--phase", metavar="ID", help="Phase of the plan for all rows; else by their dates.")
@click.option("--skip-bad", is_flag=True, help="Leave out rows that cannot be used, and name them.")
@click.option("--threads", type=click.IntRange(min=1), help="Cores to use (all).")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def measurements(
    *, scenario: Path, measured: Path, out: Path, override: str | None, phase: str | None,
    skip_bad: bool, threads: int | None, quiet: bool,
) -> None:  # fmt: skip
    """Compare the measured fields of MEASURED with the model's, and fit an offset.

    MEASURED (CSV or XLSX): name, lat_deg, lon_deg; station, frequency_mhz or channel; the field as
    e_dbuv_m (or e_dbmv_m, e_mv_m, e_uv_m); perhaps height_agl_m and date. Writes measurements.csv,
    statistics.csv, two pictures, and offset.toml: the scenario with the offset applied.
    """
    from dtt_sim.scenario.load import load_scenario

    loaded = load_scenario(scenario, override=override, phase=phase)
    from dtt_sim._jit import enable_cache

    enable_cache()
    if threads:
        import numba

        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    from dtt_sim.report.measurements import comparison_lines, write_comparison
    from dtt_sim.workflow.measurements import measurements as compare
    from dtt_sim.workflow.output import claim_folder

    claim_folder(out)
    with progress(quiet=quiet) as tell:
        found = compare(loaded, measured, phase=phase, skip_bad=skip_bad, tell=tell)
        written = write_comparison(found, out)
    for line in comparison_lines(found):
        click.echo(line)
    click.echo(f"written: {', '.join(str(path) for path in written)}")
