"""A small network on a plain, for the tests of searches, and the shipped scenario's path."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.multiplex import Group, StationFields
from dtt_sim.network.reception import Reception, link_budget
from dtt_sim.network.sfn import window_of
from dtt_sim.planning.delays import DelayProblem

MODE = Mode("32K", "1/32", "PP4", "64QAM", "3/4")  # 112 µs
SCENARIO = Path(__file__).parents[1] / "scenarios" / "kien_giang" / "scenario.toml"


def network(seed: int, n_station: int = 3, n_cell: int = 400) -> DelayProblem:
    """Stations along a line of 200 km, with the fields of a plain."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0.0, 200.0, n_station)
    cell = np.linspace(0.0, 200.0, n_cell)
    stations = []
    for k, x in enumerate(place):
        distance = np.maximum(np.abs(cell - x), 1.0)[None, :].astype(np.float32)
        field = (95.0 - 20.0 * np.log10(distance) - 0.25 * distance).astype(np.float32)
        stations.append(
            StationFields(f"S{k}", 10.0, 105.0, field, field + np.float32(6.0), distance)
        )
    group = Group(tuple(range(n_station)), link_budget(MODE, Reception("fixed"), 570.0))
    here = np.full((1, n_cell), 105.0)
    return DelayProblem(
        tuple(stations), (group,), rng.uniform(0.0, 100.0, n_cell), np.ones(n_cell), (here, here),
        window_of(MODE),
    )  # fmt: skip
