"""One transmitter at the terrain's resolution, and the cold start of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from dtt_sim.coverage.field import Emission, Mast, Prediction, path_loss
from terrain.grid import Grid
from terrain.ground import Ground
from terrain.synthetic import fractal_ground

ROOT = Path(__file__).parents[1]
PREDICTION = Prediction(delta_n=53.5, n0=381.0, radius_km=(150.0, 400.0))
CELL_DEG = 1.0 / 600.0


@pytest.fixture(scope="module")
def ground() -> Ground:
    grid = Grid.from_lonlat_box(104.0, 9.5, 105.0, 10.5, crs="EPSG:4326", cell_size=CELL_DEG)
    return fractal_ground(grid, seed=1)


@pytest.mark.parametrize("n_emission", [1, 2])
def bench_one_transmitter(benchmark: BenchmarkFixture, ground: Ground, n_emission: int) -> None:
    """Every third cell of a 1 degree square at 6 arc-seconds, 50 % and 1 % of time."""
    grid = Grid.from_lonlat_box(
        104.05, 9.55, 104.95, 10.45, crs="EPSG:4326", cell_size=3 * CELL_DEG
    )
    emissions = [Emission(570.0 + 8.0 * k) for k in range(n_emission)]
    mast = Mast(10.0, 104.5, height_agl_m=100.0)

    def solve() -> float:
        loss = path_loss(ground, mast, grid=grid, emissions=emissions, prediction=PREDICTION)
        return float(np.isfinite(loss["loss_db"]).mean())

    solve()  # compile before the clock starts
    assert benchmark(solve) == 1.0
    benchmark.extra_info |= {
        "cells": grid.n_row * grid.n_col,
        "threads": numba.get_num_threads(),
        "resolution_m": round(ground.resolution_m),
    }


@pytest.mark.parametrize("cache", ["cold", "kept"])
def bench_start(benchmark: BenchmarkFixture, tmp_path: Path, cache: str) -> None:
    """From nothing to the first path loss, in a process of its own."""
    code = (
        "from dtt_sim._jit import enable_cache; enable_cache()\n"
        "from dtt_sim.coverage.field import *\n"
        "from terrain.grid import Grid\n"
        "from terrain.synthetic import fractal_ground\n"
        "g = Grid.from_lonlat_box(104, 9.8, 104.4, 10.2, crs='EPSG:4326', cell_size=1/120)\n"
        "path_loss(fractal_ground(g, seed=1), Mast(10, 104.2, 80.0), grid=g,"
        " emissions=[Emission(570)], prediction=Prediction(53.5, 381))\n"
    )
    count = 0

    def start() -> None:
        nonlocal count
        count += 1
        folder = tmp_path / (str(count) if cache == "cold" else "kept")
        environment = os.environ | {"XDG_CACHE_HOME": str(folder)}
        subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=ROOT)

    if cache == "kept" and benchmark.enabled:
        start()
    benchmark.pedantic(start, rounds=1 if cache == "cold" else 3)
