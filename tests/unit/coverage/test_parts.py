"""Parts of a mast's losses are the whole, to the bit, however many there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtt_sim.coverage.field import Emission, Mast, Prediction, path_loss
from dtt_sim.coverage.parts import PartRequest, join_parts, solve_part
from terrain.grid import Grid
from terrain.ground import COASTAL, INLAND, SEA, VOID, Ground

LAT, LON = 10.0, 104.5
MAST = Mast(LAT, LON, height_agl_m=80.0)
SIGNALS = (Emission(570.0), Emission(98.0, "vertical"))
PREDICTION = Prediction(delta_n=53.5, n0=381.0, radius_km=(20.0, 26.0))
GRID = Grid.from_lonlat_box(
    LON - 0.25, LAT - 0.2, LON + 0.2, LAT + 0.25, crs="EPSG:32648", cell_size=700.0
)


@pytest.fixture(scope="module")
def ground() -> Ground:
    """Hills, sea, clutter, and a void in which receivers stand."""
    grid = Grid.from_lonlat_box(
        LON - 0.32, LAT - 0.32, LON + 0.32, LAT + 0.32, crs="EPSG:4326", cell_size=1.0 / 600.0
    )
    i, j = np.indices(grid.shape)
    height = 90.0 + 60.0 * np.sin(i / 17.0) * np.cos(j / 21.0)
    zone = np.full(grid.shape, INLAND, np.uint8)
    zone[height < 80.0] = COASTAL
    zone[height < 50.0] = SEA
    height[height < 50.0] = 0.0
    zone[60:70, 60:70] = VOID
    cover = np.where((i // 20 + j // 25) % 3 == 0, 12.0, 0.0)
    return Ground(grid, height.astype(np.float32), zone, cover.astype(np.float32))


@pytest.fixture(scope="module")
def whole(ground: Ground) -> dict[str, np.ndarray]:
    found = path_loss(ground, MAST, grid=GRID, emissions=SIGNALS, prediction=PREDICTION)
    return {str(name): values.to_numpy() for name, values in found.data_vars.items()}


@settings(deadline=None, max_examples=12)
@given(count=st.integers(1, 23), order=st.randoms())
def test_any_number_of_parts_is_the_whole(
    ground: Ground, whole: dict[str, np.ndarray], count: int, order: st.randoms
) -> None:
    request = PartRequest(MAST, SIGNALS, GRID, PREDICTION)
    parts = [solve_part(ground, request, k, count) for k in range(count)]
    cells = np.concatenate([part.cell for part in parts])
    assert np.unique(cells).size == cells.size  # no receiver twice
    order.shuffle(parts)
    joined = join_parts(ground, request, parts)
    assert set(whole) == set(joined)
    for name, values in joined.items():
        np.testing.assert_array_equal(values, whole[name], err_msg=name)
    assert np.isfinite(joined["loss_db"]).any()


def test_parts_are_about_as_large_as_each_other(ground: Ground) -> None:
    request = PartRequest(MAST, SIGNALS, GRID, PREDICTION)
    sizes = [solve_part(ground, request, k, 5).cell.size for k in range(5)]
    assert max(sizes) < 1.5 * min(sizes)


def test_a_missing_part_leaves_a_gap(ground: Ground, whole: dict[str, np.ndarray]) -> None:
    request = PartRequest(MAST, SIGNALS, GRID, PREDICTION)
    parts = [solve_part(ground, request, k, 4) for k in (0, 1, 3)]
    joined = join_parts(ground, request, parts)
    gap = np.isnan(joined["loss_db"]) & ~np.isnan(whole["loss_db"])
    assert 0.15 < gap.sum() / np.isfinite(whole["loss_db"]).sum() < 0.35
