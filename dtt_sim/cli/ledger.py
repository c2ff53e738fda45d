"""``dtt-sim ledger``: a number of a run's ledger, and its map."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--phase", required=True, metavar="ID", help="Phase of the plan.")
@click.option("--item", metavar="NAME", help="A programme or service; by default any programme.")
@click.option("--status", help="Only those who: keep, gain, lose ... (as in ledger.csv).")
@click.option("--cause", help="Only those who lose by this cause.")
@click.option("--station", help="Only those who lose by interference of this station.")
@click.option("--unit", help="Only this administrative unit.")
@click.option("--map", "map_file", type=click.Path(path_type=Path), help="GeoTIFF to write.")
def ledger(
    run: Path, phase: str, item: str | None, status: str | None, cause: str | None,
    station: str | None, unit: str | None, map_file: Path | None,
) -> None:  # fmt: skip
    """Households of a finished RUN by what becomes of a programme, and where they live."""
    from dtt_sim.transition.ledger import ANYTHING
    from dtt_sim.workflow.ledger_map import Question, ask, write_map

    question = Question(phase, item or ANYTHING, status, cause, station, unit)
    answer = ask(run, question)
    totals: dict[tuple[str, str, str], float] = defaultdict(float)
    for (_, *fate), households in answer.by_fate.items():
        totals[fate[0], fate[1], fate[2]] += households
    click.echo(f"{question.phase}, {question.item}: {sum(totals.values()):,.0f} households")
    for (what, why, who), households in sorted(totals.items(), key=lambda one: -one[1]):
        because = f": {why}" + (f" by {who}" if who else "") if why else ""
        click.echo(f"  {households:>12,.0f}  {what}{because}")
    if map_file is not None:
        write_map(map_file, answer, question)
        click.echo(f"written: {map_file}")
