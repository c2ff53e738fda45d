"""The fast solver on real relief, each case beside its accuracy; `dtt-sim bench` is the large form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from dtt_sim.coverage.field import Emission, Mast, Prediction, path_loss
from dtt_sim.workflow.bench.measure import measure_case
from dtt_sim.workflow.bench.setting import BenchSetting
from terrain.grid import Grid
from terrain.ground import Ground
from terrain.mirror import mirrored_disc

RELIEF = Path(__file__).parent / "terrain" / "sierra_srtmgl3.tif"
RADIUS_M = 4000.0
CELL_M = 30.0


@pytest.fixture(scope="module", params=[False, True], ids=["bare", "clutter_zones"])
def ground(request: pytest.FixtureRequest) -> Ground:
    made_up = bool(request.param)
    return mirrored_disc(
        RELIEF, cell_m=CELL_M, radius_m=RADIUS_M, seed=1, clutter=made_up, zones=made_up
    )


@pytest.mark.parametrize("p_time", [(10.0,), (50.0, 1.0)], ids=["one_field", "two_fields"])
def bench_solver(benchmark: BenchmarkFixture, ground: Ground, p_time: tuple[float, ...]) -> None:
    """All cells of a user's grid, beside how far they are from paths through the raster itself."""
    west, south, east, north = ground.grid.bounds
    x, y = 0.5 * (west + east), 0.5 * (south + north)
    lon, lat = (float(v) for v in ground.grid.to_lonlat(np.array(x), np.array(y)))
    n = int(2.0 * RADIUS_M / CELL_M)
    grid = Grid(ground.grid.crs, (CELL_M, 0.0, x - RADIUS_M, 0.0, -CELL_M, y + RADIUS_M), (n, n))
    asked: dict[str, Any] = {
        "grid": grid,
        "emissions": [Emission(1000.0)],
        "prediction": Prediction(
            45.0, 325.0, p_time_percent=p_time, radius_km=(0.001 * RADIUS_M,) * len(p_time)
        ),
    }
    mast = Mast(lat, lon, height_agl_m=50.0)
    path_loss(ground, mast, **asked)  # compile before the clock starts
    fast = benchmark(path_loss, ground, mast, **asked)
    reference = path_loss(ground, mast, solver="per_path", **asked)
    away = np.abs(fast["loss_db"].to_numpy() - reference["loss_db"].to_numpy())
    median, most = np.nanquantile(away, [0.5, 0.99])
    assert median < 0.1
    benchmark.extra_info |= {
        "receivers": int(np.isfinite(fast["loss_db"][0, 0]).sum()),
        "threads": numba.get_num_threads(),
        "median_db": round(float(median), 4),
        "q99_db": round(float(most), 3),
    }


@pytest.mark.parametrize("case", ["grid_node", "user_grid", "two_fields", "clutter_zones"])
def bench_case(benchmark: BenchmarkFixture, case: str) -> None:
    """A case of `dtt-sim bench`, small: exact against the same paths drawn one by one."""
    setting = BenchSetting(radius_km=3.0, samples=300, repeats=1)
    found = benchmark.pedantic(measure_case, args=(setting, case), rounds=1)
    exact = found["exact"]
    assert exact["max_db"] <= 1e-3
    assert exact["flag_differs"] == exact["value_missing"] == 0
    benchmark.extra_info |= {
        "us_per_pixel_core": round(found["us_per_pixel_core"], 3),
        "max_db": exact["max_db"],
    }
