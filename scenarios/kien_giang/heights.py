"""Sweep the mast height of one site and print who is served at the end of the plan.

    python scenarios/kien_giang/heights.py [TRANSMITTER] [HEIGHT_M ...]

Path losses are kept in ``out/heights``: only the swept site is computed anew, each height once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import dtt_sim

HERE = Path(__file__).parent


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "phu_quoc_k33"
    heights = [float(text) for text in sys.argv[2:]] or [40.0, 70.0, 99.0, 150.0]
    print(f"{name}: antenna height above ground, people served at 70 % and 95 % of locations")
    for height in heights:
        scenario = dtt_sim.load_scenario(
            HERE / "scenario.toml",
            set_values={f"transmitters.{name}.height_agl_m": height, "alternative": []},
        )
        last = scenario.phases[-1].phase.id
        result = dtt_sim.run(scenario, Path("out") / "heights", phase=last, draws=0)
        multiplex = next(t.multiplex for t in scenario.transmitters if t.id == name)
        layers = result.service[multiplex]
        acceptable = result.population.served(layers.served_acceptable).sum()
        good = result.population.served(layers.served_good).sum()
        print(f"{height:6.0f} m {acceptable:12,.0f} {good:12,.0f}")


if __name__ == "__main__":
    main()
