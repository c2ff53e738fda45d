"""Write the table of guard intervals in scenarios/kien_giang/README.md.

    python scripts/make_kien_giang_docs.py [CACHE]

Runs the last phase of the scenario with its four settings of K33; CACHE is a folder of kept path losses.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import run

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "scenarios" / "kien_giang" / "scenario.toml"
README = SCENARIO.parent / "README.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
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


def main() -> None:
    with tempfile.TemporaryDirectory() as kept:
        found = table(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(kept))
    head, rest = README.read_text(encoding="utf-8").split(BEGIN)
    _, tail = rest.split(END)
    README.write_text(f"{head}{BEGIN}\n\n{found}\n\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
