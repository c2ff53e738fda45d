"""``dtt-sim run``."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dtt_sim.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtt_sim.coverage.request import Solver
    from dtt_sim.scenario.load import Scenario
    from dtt_sim.workflow.area import Area
    from dtt_sim.workflow.cluster import Cluster
    from dtt_sim.workflow.service import Evaluated


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--out", "-o", type=click.Path(path_type=Path), required=True, help="Output folder.")
@click.option("--override", metavar="NAME", help="Lay [override.NAME] of the file over it.")
@click.option("--phase", metavar="ID", help="Only this phase of the plan, without its households.")
@click.option(
    "--elevation",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Elevation raster in place of the scenario's; repeat for tiles.",
)
@click.option("--land", type=click.Path(path_type=Path), help="Land polygons in place of its own.")
@click.option(
    "--cache", type=click.Path(path_type=Path), help="Folder of kept path losses (OUT/cache)."
)
@click.option(
    "--solver",
    type=click.Choice(["wedge", "per_path"]),
    default="wedge",
    show_default=True,
    help="The fast solver, or the reference that draws each path by itself.",
)
@click.option("--draws", type=click.IntRange(min=0), help="Draws of the plan's uncertainty.")
@click.option("--threads", type=click.IntRange(min=1), help="Cores to use (all).")
@click.option(
    "--scheduler", metavar="local|ADDRESS",
    help="Compute path losses on a Dask cluster: this machine's cores as processes, or tcp://...",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), help="Processes of --scheduler local.")
@click.option("--memory", metavar="SIZE", help='Of each process of --scheduler local, "2GB".')
@click.option("--fail-fast", is_flag=True, help="Stop at the first task that fails.")
@click.option("--plan", "plan_only", is_flag=True, help="Say what would be computed, and stop.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def run(
    *,
    scenario: Path,
    out: Path,
    override: str | None,
    phase: str | None,
    elevation: tuple[Path, ...],
    land: Path | None,
    cache: Path | None,
    solver: Solver,
    draws: int | None,
    threads: int | None,
    scheduler: str | None,
    workers: int | None,
    memory: str | None,
    fail_fast: bool,
    plan_only: bool,
    quiet: bool,
) -> None:
    """Compute a scenario: rasters, tables and a map in the folder OUT.

    Path losses are kept: a run that was interrupted goes on where it stopped, and a second run with
    one site changed computes that site only.
    """
    from dtt_sim.scenario.load import load_scenario

    values: dict[str, object] = {}
    if elevation:
        values["terrain.elevation"] = [str(path) for path in elevation]
        values["terrain.schematic"] = False
        values["terrain.credits"] = []
    if land:
        values["terrain.land"] = str(land)
    loaded = load_scenario(scenario, override=override, set_values=values, phase=phase)
    if plan_only:
        from dtt_sim.workflow.forecast import forecast_lines

        for line in forecast_lines(loaded, cache or out / "cache", phase):
            click.echo(line)
        return
    from dtt_sim._jit import enable_cache

    is_compiled = enable_cache()
    if threads:
        import numba

        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    from shutil import copyfile

    from dtt_sim.report.gantt import draw_plan
    from dtt_sim.report.links import draw_links
    from dtt_sim.report.maps import draw_map
    from dtt_sim.report.text import closing_lines
    from dtt_sim.workflow.output import whole_file
    from dtt_sim.workflow.run import run as compute

    with (
        progress(quiet=quiet) as tell,
        _cluster(scheduler, out, workers=workers, memory=memory, fail_fast=fail_fast) as cluster,
    ):
        if not is_compiled:
            tell("compiling, once for this version and processor (half a minute)", 0, 1)
            from dtt_sim.workflow.warm_up import compile_all

            compile_all()

        def map_of(found: Evaluated) -> Path:
            return out / "phases" / found.phase / "map.png"

        def draw_phase(area: Area, found: Evaluated) -> None:
            draw_map(area, found, map_of(found))

        result = compute(
            loaded, out, cache=cache, solver=solver, progress=tell, phase=phase,
            on_phase=draw_phase, draws=draws, workers=workers_for(loaded, draws), cluster=cluster,
        )  # fmt: skip
        tell("map", 0, 1)
        with whole_file(out / "map.png") as part:
            copyfile(map_of(result.last), part)
        if loaded.phases:
            draw_plan(loaded, out / "plan.png")
        draw_links(result.scenario, result.ground, out)
        tell("map", 1, 1)
    for line in closing_lines(result):
        click.echo(line)
    click.echo(f"written: {out}")


@contextmanager
def _cluster(
    scheduler: str | None, out: Path, *, workers: int | None, memory: str | None, fail_fast: bool
) -> Iterator[Cluster | None]:
    """The cluster that is asked for, with a log in the output folder; None without one."""
    if scheduler is None:
        yield None
        return
    from dtt_sim.workflow.cluster import Cluster, connect
    from dtt_sim.workflow.output import claim_folder

    claim_folder(out)
    with connect(scheduler, workers=workers, memory_limit=memory) as client:
        if client.dashboard_link:
            click.echo(f"dashboard: {client.dashboard_link}", err=True)
        yield Cluster(client, out / "tasks.log", fail_fast=fail_fast)


MANY_DRAWS = 400
"""From here on several processes are worth their start."""


def workers_for(scenario: Scenario, draws: int | None) -> int:
    """Processes for a number of draws; by default the scenario's."""
    import numba

    n = scenario.keys.uncertainty.draws if draws is None else draws
    return numba.get_num_threads() if n >= MANY_DRAWS else 1
