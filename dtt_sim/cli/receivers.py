"""``dtt-sim receivers``: reception at a list of named places."""

from __future__ import annotations

from pathlib import Path

import click

from dtt_sim.cli.progress import progress


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.argument("points", type=click.Path(path_type=Path))
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), required=True,
    help="A table OUT.csv, the others beside it; or a folder.",
)  # fmt: skip
@click.option("--override", metavar="NAME", help="Lay [override.NAME] of the file over it.")
@click.option("--phase", metavar="ID", help="Only this phase of the plan; all by default.")
@click.option("--skip-bad", is_flag=True, help="Leave out rows that cannot be used, and name them.")
@click.option("--threads", type=click.IntRange(min=1), help="Cores to use (all).")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def receivers(
    *, scenario: Path, points: Path, out: Path, override: str | None, phase: str | None,
    skip_bad: bool, threads: int | None, quiet: bool,
) -> None:  # fmt: skip
    """Reception at the named places of POINTS, each on its exact position, in every phase.

    POINTS (CSV or XLSX): name, lat_deg, lon_deg and perhaps height_agl_m. No finished run is
    needed. Writes service, programmes and every station's field as tables, all of it as NetCDF, and
    a map of each phase.
    """
    from dtt_sim.scenario.load import load_scenario

    loaded = load_scenario(scenario, override=override, phase=phase)
    from dtt_sim._jit import enable_cache

    enable_cache()
    if threads:
        import numba

        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    from dtt_sim.report.receivers import receiver_lines, write_receivers
    from dtt_sim.workflow.output import claim_folder
    from dtt_sim.workflow.receivers import receivers as compute

    is_table = out.suffix.lower() == ".csv"
    claim_folder(out.parent if is_table else out)
    stem = out.with_suffix("") if is_table else out / "receivers"
    with progress(quiet=quiet) as tell:
        report = compute(loaded, points, phase=phase, skip_bad=skip_bad, tell=tell)
        tell("tables", 0, 1)
        written = write_receivers(report, stem)
        tell("tables", 1, 1)
    for line in receiver_lines(report):
        click.echo(line)
    click.echo(f"written: {', '.join(str(path) for path in written)}")
