"""Write what the Kiên Giang scenario finds: its story in README.md, and its table of guard intervals.

    python scripts/make_kien_giang_docs.py [CACHE]

Runs the plan, and its last phase with four settings of K33; CACHE is a folder of kept path losses.
"""

from __future__ import annotations

import sys
import tempfile
import textwrap
from pathlib import Path

from dtt_sim.scenario.load import load_scenario
from dtt_sim.transition.ledger import CAUSES, Item
from dtt_sim.transition.needs import totals
from dtt_sim.transition.uncertainty import RECEIVES, Figure
from dtt_sim.workflow.accounts import ANY
from dtt_sim.workflow.run import run

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "scenarios" / "kien_giang" / "scenario.toml"
README = SCENARIO.parent / "README.md"
FRONT = ROOT / "README.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
NO_RECEIVER, NO_SIGNAL = CAUSES[3:5]
ISLAND = "Phú Quốc"
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


def story(cache: Path) -> str:
    """The plan in five sentences."""
    with tempfile.TemporaryDirectory() as folder:
        result = run(load_scenario(SCENARIO), Path(folder), cache=cache)
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


def write_between(path: Path, text: str) -> None:
    """Put a text between the marks of a page."""
    head, rest = path.read_text(encoding="utf-8").split(BEGIN)
    _, tail = rest.split(END)
    path.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as kept:
        cache = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(kept)
        write_between(FRONT, story(cache))
        write_between(README, table(cache))


if __name__ == "__main__":
    main()
