"""Build an alternative from Python, run it beside the plan and print the people served by phase.

    python scenarios/kien_giang/build_alternative.py [--out DIR] [--cache DIR] [--cell-size M]

The alternative takes an override of the file, the mast on Phú Quốc's ridge, and two changes of its
own: Rạch Giá with 10 kW, and the provincial simulcast half a year earlier. Path losses are kept in
the cache folder, so that the second of the two runs computes what is new.
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

import dtt_sim

SCENARIO = Path(__file__).parent / "scenario.toml"
CHANGES = {
    "transmitters.rach_gia_k33.erp_kw": 10.0,
    "transmitters.rach_gia_k34.erp_kw": 10.0,
    "phase.simulcast_complete.date": dt.date(2017, 1, 1),
}


def people_by_phase(scenario: Any, out: Path, cache: Path) -> dict[str, dict[str, float]]:
    """People at good quality, by phase and service."""
    found = {}

    def count(area: Any, evaluated: Any) -> None:
        found[evaluated.phase] = {
            name: area.population.served_counted(layers.served_good)
            for name, layers in evaluated.service.items()
        }

    dtt_sim.run(scenario, out, cache=cache, on_phase=count, draws=0)
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out") / "build_alternative")
    parser.add_argument("--cache", type=Path, help="kept path losses (OUT/cache)")
    parser.add_argument("--cell-size", type=float, default=2000.0, help="of the grid [m]")
    given = parser.parse_args(arguments)
    cache = given.cache or given.out / "cache"
    grid = {"grid.cell_size": given.cell_size}
    plan = dtt_sim.load_scenario(SCENARIO, set_values=grid)
    other = dtt_sim.load_scenario(
        SCENARIO, override="phu_quoc_high_site", set_values=grid | CHANGES
    )
    before = people_by_phase(plan, given.out / "plan", cache)
    after = people_by_phase(other, given.out / "alternative", cache)
    for one in other.phases:
        phase = one.phase
        print(f"{phase.date} {phase.id}")
        for name, people in after[phase.id].items():
            print(f"    {name:<14}{people:>10,.0f}{people - before[phase.id][name]:>+10,.0f}")


if __name__ == "__main__":
    main()
