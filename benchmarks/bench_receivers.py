"""Reception at thousands of named places: paths, service and tables, by stage.

The shipped scenario in the phase with most stations on air. Beside the time: paths per second, and
what the tables hold.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from dtt_sim.scenario.load import Scenario, load_scenario
from dtt_sim.scenario.receivers import Receiver
from dtt_sim.workflow.area import prediction_of, read_ground, receiving_grid
from dtt_sim.workflow.receiver_tables import field_table, programme_table, service_table
from dtt_sim.workflow.receivers import Places, ReceiverLosses, ReceiverReport
from dtt_sim.workflow.service import evaluate
from terrain.ground import SEA, Ground

SCENARIO = Path(__file__).parents[1] / "scenarios" / "kien_giang" / "scenario.toml"
N, SMALL_N = 5000, 60


def _quiet(_stage: str, _done: int, _total: int) -> None:
    return None


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    loaded = load_scenario(SCENARIO)
    return max(loaded.phases, key=lambda one: len(one.transmitters))


@pytest.fixture(scope="module")
def ground(scenario: Scenario) -> Ground:
    return read_ground(scenario, receiving_grid(scenario))


def places(scenario: Scenario, ground: Ground, n: int) -> tuple[Receiver, ...]:
    """Places strewn over the land of the receiving grid."""
    rng = np.random.default_rng(0)
    west, south, east, north = receiving_grid(scenario).bounds_lonlat()
    lon, lat = rng.uniform(west, east, 20 * n), rng.uniform(south, north, 20 * n)
    zone, height = ground.zone_at(lon, lat), ground.height_at(lon, lat)
    some = np.flatnonzero((zone != SEA) & np.isfinite(height))[:n]
    assert some.size == n
    return tuple(
        Receiver(f"place {k}", float(lat[i]), float(lon[i]), 10.0, k + 2)
        for k, i in enumerate(some)
    )


def _computed(scenario: Scenario, ground: Ground, found: tuple[Receiver, ...]) -> ReceiverLosses:
    losses = ReceiverLosses(ground, Places.of(found), prediction_of(scenario))
    losses.prepare(scenario.transmitters, _quiet)
    return losses


def _report(
    scenario: Scenario, losses: ReceiverLosses, found: tuple[Receiver, ...]
) -> ReceiverReport:
    lonlat = losses.places.lon_deg[None], losses.places.lat_deg[None]
    phase = evaluate(scenario, losses.stations(scenario.transmitters), lonlat)
    return ReceiverReport(scenario, found, losses.ground, losses, (phase,))


def bench_paths(benchmark: BenchmarkFixture, scenario: Scenario, ground: Ground) -> None:
    found = places(scenario, ground, N if benchmark.enabled else SMALL_N)
    losses = benchmark.pedantic(
        lambda: _computed(scenario, ground, found), rounds=2, warmup_rounds=1
    )
    masts = {(t.lat_deg, t.lon_deg, t.height_amsl_m, t.height_agl_m) for t in scenario.transmitters}
    n_path = len(found) * len(masts)
    share = np.mean(
        [np.isfinite(losses.field(t).to_numpy()[1]).mean() for t in scenario.transmitters]
    )
    assert share > 0.9
    benchmark.extra_info["stations"] = len(scenario.transmitters)
    if benchmark.enabled:
        benchmark.extra_info["paths per second"] = n_path / benchmark.stats.stats.min


def bench_service(benchmark: BenchmarkFixture, scenario: Scenario, ground: Ground) -> None:
    found = places(scenario, ground, N if benchmark.enabled else SMALL_N)
    losses = _computed(scenario, ground, found)
    report = benchmark.pedantic(lambda: _report(scenario, losses, found), rounds=2, warmup_rounds=1)
    layers = report.phases[0].service["K33"]
    benchmark.extra_info["share well served by K33"] = float(layers.served_good.mean())
    assert 0.3 < layers.served_good.mean() <= 1.0


def bench_tables(benchmark: BenchmarkFixture, scenario: Scenario, ground: Ground) -> None:
    found = places(scenario, ground, N if benchmark.enabled else SMALL_N)
    report = _report(scenario, _computed(scenario, ground, found), found)

    def write() -> int:
        count = 0
        for table in (service_table, programme_table, field_table):
            for _ in table(report).rows:
                count += 1
        deque(report.dataset(), 0)
        return count

    count = benchmark.pedantic(write, rounds=2, warmup_rounds=1)
    n_service = len(report.phases[0].service)
    assert count > len(found) * (n_service + 1)
    benchmark.extra_info["rows"] = count
