"""``dtt-sim compare``: what runs gain, lose and cost against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dtt_sim.cli.progress import progress

if TYPE_CHECKING:
    from dtt_sim.comparison.comparable import Match


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", "-o", type=click.Path(path_type=Path), required=True, help="Output folder.")
@click.option(
    "--label", "labels", multiple=True, metavar="NAME",
    help="Name of a run, in their order; by default that of its folder.",
)  # fmt: skip
@click.option(
    "--phase",
    "phases",
    multiple=True,
    metavar="ID",
    help="Only this phase; repeat. The ranking is of the plans as a whole.",
)
@click.option(
    "--match", type=click.Choice(["id", "date"]), default="id", show_default=True,
    help="Hold phases of one name against each other, or what is on air on one date.",
)  # fmt: skip
@click.option(
    "--quality", type=click.Choice(["good", "acceptable"]), default="good", show_default=True,
    help="What counts as served of people and maps; of analogue services grade 4 and grade 3.",
)  # fmt: skip
@click.option(
    "--by", default="receiving", show_default=True, metavar="CRITERION",
    help="Order of the runs: receiving, losing, months_without, coverage, worst_unit, cost or "
    "'programme NAME'.",
)  # fmt: skip
@click.option("--regrid", is_flag=True, help="Compare runs on other grids, by their nearest cells.")
@click.option("--maps/--no-maps", default=True, help="Draw maps and the ranking.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def compare(
    *,
    runs: tuple[Path, ...],
    out: Path,
    labels: tuple[str, ...],
    phases: tuple[str, ...],
    match: Match,
    quality: str,
    by: str,
    regrid: bool,
    maps: bool,
    quiet: bool,
) -> None:
    """Compare the folders of finished RUNS with the first of them.

    Says where reception is gained, lost and kept, by how many people and households, in which unit
    and why, what each household gained costs, and which run is better, with what probability. Runs
    on other grids, units or populations are refused, with the reason.
    """
    from dtt_sim.comparison.folder import write_comparison
    from dtt_sim.errors import DttSimError
    from dtt_sim.report.comparison_maps import draw_changes, draw_ranking
    from dtt_sim.report.comparison_text import comparison_lines
    from dtt_sim.workflow.finished import FinishedRun
    from dtt_sim.workflow.output import whole_file

    if labels and len(labels) != len(runs):
        msg = f"{len(labels)} labels for {len(runs)} runs; give one --label for each, in order"
        raise DttSimError(msg)
    for run in runs:
        if run.suffix == ".toml":
            msg = f"{run}: is a scenario; run it first: dtt-sim run {run} --out FOLDER"
            raise DttSimError(msg)
    opened = [
        FinishedRun.open(run, label)
        for run, label in zip(runs, labels or (None,) * len(runs), strict=True)
    ]
    with progress(quiet=quiet) as tell:
        found = write_comparison(
            opened, out, phases=phases or None, quality=quality, match=match, regrid=regrid, by=by,
            draw=draw_changes if maps else None, tell=tell,
        )  # fmt: skip
        if maps and found.ranking is not None:
            draw_ranking(out / "ranking.png", found)
    lines = comparison_lines(found)
    with whole_file(out / "comparison.txt") as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    click.echo("\n".join(lines))
    click.echo(f"written: {out}")
