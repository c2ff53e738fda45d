"""P.1812 kernels: paths analysed per second, closed form alone, and what compiling costs.

Read ``ns_per_sample`` in the extra information: the analysis is linear in the number of points.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import Any

import numba
import numpy as np
import pytest

from dtt_sim._jit import driver
from dtt_sim.coverage.paths import PathProfile, PathSetting, predict_path
from dtt_sim.propagation.p1812 import Geometry, Path, analyse, basic_loss_db
from dtt_sim.typing import Float64Array, UInt8Array

BATCH = 200
LINK = Path(150.0, 10.0, 10.0, 53.5, 381.0, -1.0, -1.0)


@driver
def analyse_batch(
    d_km: Float64Array,
    h_m: Float64Array,
    clutter_m: Float64Array,
    zone: UInt8Array,
    path: Path,
    n_path: int,
) -> float:
    """Analyse a path `n_path` times, a little changed each time."""
    total = 0.0
    for _ in range(n_path):
        h_m[1] += 1e-9
        total += analyse(d_km, h_m, clutter_m, zone, d_km.size - 1, path).nu_e
    return total


@driver
def loss_batch(geometry: Geometry, p_time: float, n_evaluation: int) -> float:
    """Evaluate the closed form at as many frequencies."""
    total = 0.0
    for i in range(n_evaluation):
        total += basic_loss_db(geometry, 0.6 + 1e-7 * i, p_time, 1)
    return total


def made_up_path(n_point: int) -> tuple[Float64Array, Float64Array, Float64Array, UInt8Array]:
    """30 m steps over hills, villages and an inlet."""
    rng = np.random.default_rng(1)
    height = 40.0 + 60.0 * rng.standard_normal(n_point).cumsum() / np.sqrt(n_point)
    clutter = rng.choice([0.0, 0.0, 10.0, 15.0], n_point)
    zone = np.full(n_point, 4, np.uint8)
    inlet = slice(n_point // 3, n_point // 2)
    zone[inlet] = 1
    height[inlet] = clutter[inlet] = 0.0
    return np.linspace(0.0, 0.03 * (n_point - 1), n_point), height, clutter, zone


def describe(benchmark: Any, n_point: int, n_call: int) -> None:
    benchmark.extra_info |= {
        "points": n_point,
        "threads": 1,
        "numba": numba.__version__,
        "cpu": platform.processor() or platform.machine(),
    }
    if benchmark.stats is not None:
        per_call_us = 1e6 * benchmark.stats.stats.min / n_call
        benchmark.extra_info["us_per_call"] = round(per_call_us, 3)
        benchmark.extra_info["ns_per_sample"] = round(1e3 * per_call_us / n_point, 2)


@pytest.mark.parametrize("n_point", [100, 1000, 3000])
def test_analyse(benchmark: Any, n_point: int) -> None:
    profile = made_up_path(n_point)
    analyse_batch(*profile, LINK, 1)  # compiles
    total = benchmark(analyse_batch, *profile, LINK, BATCH)
    describe(benchmark, n_point, BATCH)
    assert np.isfinite(total)


@pytest.mark.parametrize("htg_m", [150.0, 1500.0], ids=["trans_horizon", "line_of_sight"])
@pytest.mark.parametrize("p_time", [1.0, 50.0])
def test_closed_form(benchmark: Any, htg_m: float, p_time: float) -> None:
    d_km, h_m, clutter_m, zone = made_up_path(1000)
    geometry = analyse(d_km, h_m, clutter_m, zone, d_km.size - 1, LINK._replace(htg_m=htg_m))
    loss_batch(geometry, p_time, 1)
    total = benchmark(loss_batch, geometry, p_time, BATCH)
    describe(benchmark, d_km.size, BATCH)
    assert np.isfinite(total)


@pytest.mark.parametrize("n_point", [100, 1000, 3000])
def test_one_path_from_arrays(benchmark: Any, n_point: int) -> None:
    """What one prediction costs from Python, checks included."""
    profile = made_up_path(n_point)
    setting = PathSetting(
        frequency_ghz=0.6,
        p_time_percent=50.0,
        tx_height_agl_m=150.0,
        rx_height_agl_m=10.0,
        tx_lat_deg=10.0,
        tx_lon_deg=105.0,
        rx_lat_deg=10.2,
        rx_lon_deg=105.2,
        delta_n=53.5,
        n0=381.0,
    )

    def predict_once() -> float:
        return predict_path(PathProfile(*profile), setting).loss_db

    predict_once()
    assert np.isfinite(benchmark(predict_once))
    describe(benchmark, n_point, 1)


COLD_START = """
import time
start = time.perf_counter()
from dtt_sim.coverage.paths import predict
imported = time.perf_counter()
predict([0, 1, 2, 3, 4], [0, 0, 0, 0, 0], frequency_ghz=0.6, p_time_percent=50.0,
        tx_height_agl_m=100.0, rx_height_agl_m=10.0, tx_lat_deg=10.0, tx_lon_deg=105.0,
        rx_lat_deg=10.0, rx_lon_deg=105.1, delta_n=53.5, n0=381.0)
print(imported - start, time.perf_counter() - imported)
"""


def cold_start_s(cache_dir: str | None) -> tuple[float, float]:
    """Seconds to import, and from there to the first prediction, in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    if cache_dir is not None:
        environment["NUMBA_CACHE_DIR"] = cache_dir
    done = subprocess.run(
        [sys.executable, "-c", COLD_START],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    importing, first = map(float, done.stdout.split())
    return importing, first


def test_cold_start(benchmark: Any, tmp_path: Any) -> None:
    """Compile everything, then start again from the cache on disk."""
    cold = benchmark.pedantic(cold_start_s, args=(str(tmp_path),), rounds=1)
    warm = cold_start_s(str(tmp_path))
    benchmark.extra_info |= {
        "import_s": round(cold[0], 2),
        "first_call_s": round(cold[1], 2),
        "first_call_from_cache_s": round(warm[1], 2),
    }
    assert warm[1] < cold[1]
