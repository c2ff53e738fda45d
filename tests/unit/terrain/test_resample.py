"""Ground at the cells of another grid, against the ground asked place by place."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from terrain.grid import Grid
from terrain.ground import OUTSIDE, VOID, Ground
from terrain.resample import GroundAtCells
from terrain.synthetic import fractal_ground

RASTER = Grid.from_lonlat_box(104.0, 9.6, 104.6, 10.1, crs="EPSG:4326", cell_size=1 / 600)


@pytest.fixture(scope="module")
def ground() -> Ground:
    plain = fractal_ground(RASTER, seed=3, relief_m=300.0)
    cover = (np.indices(RASTER.shape).sum(axis=0) % 7).astype(np.float32)
    height, zone = plain.height_m.copy(), plain.zone.copy()
    height[100:104, 50:60], zone[100:104, 50:60] = np.nan, VOID
    return Ground(RASTER, height, zone, cover)


def whole(
    ground: Ground, grid: Grid, *, with_clutter: bool
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Height, zone and clutter at every cell of a grid."""
    rows, cols = (slice(0, n) for n in grid.shape)
    return GroundAtCells.of(ground, grid).read(rows, cols, with_clutter=with_clutter)


@pytest.mark.parametrize(
    ("crs", "cell"), [("EPSG:32648", 310.0), ("EPSG:9210", 95.0), ("EPSG:3857", 400.0),
                      ("EPSG:4326", 1 / 173)],
)  # fmt: skip
def test_as_asked_place_by_place(ground: Ground, crs: str, cell: float) -> None:
    grid = Grid.from_lonlat_box(103.95, 9.8, 104.3, 10.0, crs=crs, cell_size=cell)
    height, zone, clutter = whole(ground, grid, with_clutter=True)
    lon, lat = grid.lonlat()
    expected = ground.height_at(lon, lat)
    np.testing.assert_array_equal(np.isnan(height), np.isnan(expected))
    np.testing.assert_allclose(height, expected, atol=0.01)
    row, col = RASTER.fractional_index(lon, lat)
    clear = (np.abs(row % 1.0 - 0.5) > 0.01) & (np.abs(col % 1.0 - 0.5) > 0.01)
    known = clear & np.isfinite(expected)
    np.testing.assert_array_equal(zone[known], ground.zone_at(lon, lat)[known])
    np.testing.assert_array_equal(clutter[known], ground.clutter_at(lon, lat)[known])
    beyond = lon < 103.99
    assert beyond.any()
    assert (zone[beyond] == OUTSIDE).all()
    assert (zone[np.isnan(expected) & ~beyond & (lon > 104.001)] == VOID).all()


def test_on_its_own_cells_nothing_changes(ground: Ground) -> None:
    """A void beside a cell has no weight on the cell's own centre."""
    height, zone, clutter = whole(ground, RASTER, with_clutter=False)
    np.testing.assert_array_equal(height, ground.height_m)
    np.testing.assert_array_equal(zone, ground.zone)
    assert clutter.size == 0


def test_a_piece_is_what_the_whole_has_there(ground: Ground) -> None:
    grid = Grid.from_lonlat_box(103.95, 9.8, 104.3, 10.0, crs="EPSG:32648", cell_size=310.0)
    everything = whole(ground, grid, with_clutter=True)
    rows, cols = slice(7, 29), slice(11, 90)
    piece = GroundAtCells.of(ground, grid).read(rows, cols, with_clutter=True)
    for part, array in zip(piece, everything, strict=True):
        np.testing.assert_array_equal(part, array[rows, cols])
