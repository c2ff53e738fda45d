"""No path of a wedge leaves its bounds: what is never looked at cannot matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wedge_ground import (
    LEAST_N,
    Raster,
    Setting,
    all_nodes,
    cut_sector,
    make_raster,
    place_receivers,
    places,
    pose,
)

from dtt_sim.coverage.wedge.layout import BLOCK, GROUP, N_LANE_ROW, N, Strip, T
from dtt_sim.coverage.wedge.search import N_VIOLATION
from dtt_sim.coverage.wedge.solve import _audit
from dtt_sim.coverage.wedge.strip import build_strip, empty_strip
from terrain.ground import INLAND

LOWEST_M, HIGHEST_M = -400.0, 8800.0


@st.composite
def rasters(draw: st.DrawFn) -> tuple[Raster, int, int]:
    """Ground for a disc of so many columns, and a seed: extremes, steps, spikes, clutter."""
    q = draw(st.integers(LEAST_N, 75))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    size = 2 * (q + 3) + 1
    kind = draw(st.sampled_from(["uniform", "two levels", "steps", "spikes", "slope"]))
    if kind == "uniform":
        height = rng.uniform(LOWEST_M, HIGHEST_M, (size, size))
    elif kind == "two levels":
        height = rng.choice([LOWEST_M, HIGHEST_M], (size, size))
    elif kind == "steps":
        period = draw(st.integers(1, 20))
        rows, cols = np.indices((size, size))
        height = np.where((rows // period + cols // (period + 3)) % 2, HIGHEST_M, LOWEST_M)
    elif kind == "spikes":
        height = np.where(rng.random((size, size)) < 0.02, HIGHEST_M, rng.uniform(-1.0, 1.0))
    else:
        rows, cols = np.indices((size, size))
        height = LOWEST_M + (HIGHEST_M - LOWEST_M) * (rows + cols) / (2 * size)
    cover = np.zeros((size, size), np.float32)
    if draw(st.booleans()):
        cover = rng.choice(np.array([0.0, 7.5, 20.0, 60.0], np.float32), (size, size))
    zone = np.full((size, size), INLAND, np.uint8)
    return Raster(height.astype(np.float32), cover, zone), q, seed


@given(rasters(), st.integers(0, 3), st.floats(5.0, 1000.0), st.floats(1.5, 20.0))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_sample_leaves_its_bounds(
    ground: tuple[Raster, int, int], quadrant: int, htg_m: float, hrg_m: float
) -> None:
    raster, q, seed = ground
    rng = np.random.default_rng(seed)
    x, t = np.concatenate([places(rng, q, 160), all_nodes(q)], axis=1)
    setting = Setting(htg_m=htg_m, hrg_m=hrg_m, cell_m=90.0)
    problem = pose(
        cut_sector(raster, quadrant, q), place_receivers(raster, quadrant, x, t, 90.0),
        quadrant, q, setting, zone=INLAND,
    )  # fmt: skip
    _, count = problem.fast(debug=True)
    assert count[N_VIOLATION] == 0


BOUNDS = ("upper", "lower", "top", "cover_upper", "cover_lower", "cover_top")


@pytest.mark.parametrize("name", [None, *BOUNDS])
def test_the_audit_sees_a_wrong_bound(name: str | None) -> None:
    """One bound of a strip moved beyond all the ground of its column or block."""
    q, k, column = 120, 37, 70
    raster = make_raster("fractal", q, 11, clutter=True)
    sector = cut_sector(raster, 0, q)
    receivers = place_receivers(raster, 0, np.array([100.0]), np.array([0.5]), 30.0)
    setup = pose(sector, receivers, 0, q, Setting()).setup
    strip: Strip = empty_strip(q + 1, True)
    build_strip(sector, k, setup, q, strip)
    lane = np.zeros(N_LANE_ROW * GROUP)
    lane[N * GROUP : (N + 1) * GROUP] = np.arange(100, 100 + GROUP)
    lane[T * GROUP : (T + 1) * GROUP] = (k + np.linspace(0.0, 1.0, GROUP)) / q
    if name is not None:
        bound = getattr(strip, name)
        if name.endswith("top"):
            block = column // BLOCK
            bound[block] = strip.lower[BLOCK * block : BLOCK * (block + 1)].min() - 1.0
        elif name.endswith("upper"):
            bound[column] = strip.lower[column] - 1.0
        else:
            bound[column] = strip.cover_upper[column] + 1.0
    count = np.zeros(8, np.int64)
    _audit(strip, setup, q, lane, count)
    if name is None:
        assert count[N_VIOLATION] == 0
    elif name.endswith("top"):
        assert count[N_VIOLATION] == GROUP * BLOCK
    else:
        assert count[N_VIOLATION] == GROUP
