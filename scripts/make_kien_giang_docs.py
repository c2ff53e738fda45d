"""Write what the Kiên Giang scenario finds: its story in README.md, and the tables of its own page.

    python scripts/make_kien_giang_docs.py [CACHE]

Runs the plan, other plans beside it, and its last phase with four settings of K33; CACHE is a folder of kept
path losses.
"""

from __future__ import annotations

import sys
import tempfile
import textwrap
from pathlib import Path

from dtt_sim.comparison.ranking import rank_runs
from dtt_sim.scenario.load import load_scenario
from dtt_sim.transition.ledger import ANY, CAUSES, Item
from dtt_sim.transition.needs import totals
from dtt_sim.transition.uncertainty import RECEIVES, Figure
from dtt_sim.workflow.finished import FinishedRun
from dtt_sim.workflow.run import Run, run

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "scenarios" / "kien_giang" / "scenario.toml"
README = SCENARIO.parent / "README.md"
FRONT = ROOT / "README.md"
NO_RECEIVER, NO_SIGNAL = CAUSES[3:5]
ISLAND = "Phú Quốc"
PLANS = (
    ("phu_quoc_gap_fillers", SCENARIO, "phu_quoc_gap_fillers"),
    ("phu_quoc_high_site", SCENARIO, "phu_quoc_high_site"),
    ("k34_256qam", SCENARIO, "k34_256qam"),
    ("later_switch_off.toml", SCENARIO.parent / "later_switch_off.toml", ""),
)
"""Others beside the plan: name, file, override."""
SETTINGS = (
    ("1/8 (134 km), PP2", "", "k33_delays"),
    ("19/256 (80 km), PP4", "k33_guard_19_256", "k33_guard_19_256_delays"),
)


def served(override: str, out: Path, cache: Path) -> tuple[float, float]:
    """People at the good share of locations on K33: in all, and on the island."""
    scenario = load_scenario(SCENARIO, override=override or None, set_values={"alternative": []})
    result = run(scenario, out, cache=cache, phase="band_700_vacated")
    people = result.population
    assert people is not None
    mask = result.service["K33"].served_good
    return people.served_counted(mask), float(people.served(mask)[people.units.index(ISLAND)])


def number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def table(cache: Path) -> str:
    lines = [
        (
            "| guard interval | override | people | with searched delays | override |"
            f" {ISLAND} | with delays |"
        ),
        "|---|---|---:|---:|---|---:|---:|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name, plain, delayed in SETTINGS:
            before, island = served(plain, Path(folder), cache)
            after, island_after = served(delayed, Path(folder), cache)
            lines.append(
                f"| {name} | {f'`{plain}`' if plain else 'none'} | {number(before)} |"
                f" {number(after)} | `{delayed}` | {number(island)} | {number(island_after)} |"
            )
    return "\n".join(lines)


def story(result: Run) -> str:
    """The plan in five sentences."""
    account, people = result.account, result.population
    assert account is not None
    assert account.bands is not None
    assert people is not None
    ledger, off = account.ledger, "analogue_switch_off"
    watching = float(account.model.watching.sum())
    coverage = dict(zip(account.transition.fates.phases, account.coverage, strict=True))

    def lost(item: Item, cause: str = "") -> float:
        return sum(
            float(ledger.households(e).sum())
            for e in ledger.of(off, item)
            if e.status == "loses" and cause in ("", e.cause)
        )

    def covered(phase: str) -> str:
        return f"{100.0 * coverage[phase].good.sum() / people.counted:.1f} %"

    thkg = lost(Item("programme", "THKG"))
    low, high = account.bands.quantiles()
    at = account.bands.names.index(Figure("band_700_vacated", ANY, RECEIVES))
    return textwrap.fill(
        f"In the beginning {number(float(ledger.receiving('analogue_only', ANY).sum()))} of "
        f"{number(watching)} households that watch terrestrial television only have a good analogue "
        f"picture. The neighbours' first DVB-T2 sites and Hòn Me bring a good digital signal to "
        f"{covered('first_dvb_t2')} of the people, the proposals at Rạch Giá and Phú Quốc and VTV at "
        f"Hòn Me to {covered('simulcast_complete')}. When analogue is switched off at the end of 2017, "
        f"{number(lost(ANY))} households lose every programme, {number(lost(ANY, NO_RECEIVER))} of them "
        f"for want of a receiver and {number(lost(ANY, NO_SIGNAL))} for want of a signal, and "
        f"{number(thkg)} lose the provincial programme THKG ({100.0 * thkg / watching:.1f} %), so that "
        f"the gate of the plan fails. Boxes for the poor and near-poor, their satellite dishes and the "
        f"two proposed sites cost VND {totals(account.costs)[''] / 1e9:.1f} thousand million. In the "
        f"end between {number(float(low[at]))} and {number(float(high[at]))} households receive "
        f"something (5 to 95 % of {len(account.bands.draws)} draws), most of the doubt being how many "
        f"buy a receiver.",
        100,
    )


def plans(result: Run, folder: Path, cache: Path) -> str:
    """The plan and others, side by side."""
    runs = [FinishedRun.open(result.out, "the plan")]
    for name, file, override in PLANS:
        out = folder / name
        run(load_scenario(file, override=override or None), out, cache=cache)
        runs.append(FinishedRun.open(out, f"`{name}`"))
    ranking = rank_runs(runs)
    assert ranking is not None
    lines = [
        (
            "| plan | households at the end | 5 to 95 % | beats the plan | worst unit |"
            " household-months without | VND thousand million |"
        ),
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for one in runs:
        receiving, worst, months, cost = (
            next(s for s in ranking.by(c) if s.run == one.label)
            for c in ("receiving", "worst_unit", "months_without", "cost")
        )
        chance = ""
        if one is not runs[0]:
            duel = ranking.duel("receiving", one.label, runs[0].label)
            chance = f"{100.0 * duel.probability:.0f} %"
        lines.append(
            f"| {one.label} | {number(receiving.value)} | {number(receiving.low)} to "
            f"{number(receiving.high)} | {chance} | {worst.value:.1f} % | {number(months.value)} | "
            f"{cost.value / 1e9:.1f} |"
        )
    return "\n".join(lines)


def write_between(path: Path, mark: str, text: str) -> None:
    """Put a text between the marks of a page."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    head, rest = path.read_text(encoding="utf-8").split(begin)
    _, tail = rest.split(end)
    path.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}", encoding="utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as kept:
        cache = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(kept) / "cache"
        result = run(load_scenario(SCENARIO), Path(kept) / "plan", cache=cache)
        write_between(FRONT, "measured", story(result))
        write_between(README, "plans", plans(result, Path(kept), cache))
        write_between(README, "measured", table(cache))


if __name__ == "__main__":
    main()
