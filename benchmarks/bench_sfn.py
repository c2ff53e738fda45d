"""Service of a single-frequency network: 12 transmitters over a million cells, by strategy.

Beside the time: the cost per cell and transmitter, and the share of cells that are well served.
"""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from dtt_sim.network.discrimination import discrimination_of_band
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.lognormal import METHODS, Method
from dtt_sim.network.multiplex import Group, MultiplexLayers, StationFields, evaluate_multiplex
from dtt_sim.network.reception import Reception, link_budget
from dtt_sim.network.sfn import STRATEGIES, SfnReceiver, Strategy

N_STATION = 12
SIDE, SMALL_SIDE = 1000, 40  # cells
MODE = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
ROOFTOP, _ = discrimination_of_band("IV")


def network(side: int) -> tuple[list[StationFields], tuple[np.ndarray, np.ndarray]]:
    """Stations strewn over two degrees of a plain."""
    rng = np.random.default_rng(0)
    lon, lat = np.meshgrid(np.linspace(104.0, 106.0, side), np.linspace(11.0, 9.0, side))
    stations = []
    for k in range(N_STATION):
        at_lon, at_lat = rng.uniform(104.0, 106.0), rng.uniform(9.0, 11.0)
        distance = np.hypot(109.0 * (lon - at_lon), 110.6 * (lat - at_lat)).astype(np.float32)
        field = 106.0 - 20.0 * np.log10(np.maximum(distance, 1.0)) - 0.25 * distance
        late = field + np.minimum(0.1 * distance, 12.0)
        stations.append(
            StationFields(
                f"S{k}", at_lat, at_lon, field.astype(np.float32), late.astype(np.float32), distance
            )
        )
    return stations, (lon, lat)


@pytest.mark.parametrize("summation", METHODS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def bench_sfn(benchmark: BenchmarkFixture, strategy: Strategy, summation: Method) -> None:
    stations, lonlat = network(SIDE if benchmark.enabled else SMALL_SIDE)
    group = Group(tuple(range(N_STATION)), link_budget(MODE, Reception("fixed"), 570.0))
    receiver = SfnReceiver(strategy=strategy, summation=summation)

    def evaluate() -> MultiplexLayers:
        return evaluate_multiplex(
            stations, [group], lonlat, window=receiver.window(MODE), receiver=receiver,
            antenna=ROOFTOP,
        )  # fmt: skip

    layers = benchmark.pedantic(evaluate, rounds=2, warmup_rounds=1)
    share = float(layers.served_good.mean())
    assert 0.3 < share < 1.0
    benchmark.extra_info["share well served"] = share
    if benchmark.enabled:
        cost = benchmark.stats.stats.min / layers.cause.size
        benchmark.extra_info["ns per cell and transmitter"] = 1e9 * cost / N_STATION
