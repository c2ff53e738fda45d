"""Heights, zones and clutter at points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from terrain.errors import TerrainError
from terrain.grid import Grid
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID, Ground

GRID = Grid("EPSG:4326", (0.01, 0.0, 104.0, 0.0, -0.01, 10.0), (4, 5))
LON, LAT = GRID.lonlat()


def ground(height: np.ndarray, zone: int = INLAND) -> Ground:
    return Ground(
        GRID,
        height.astype(np.float32),
        np.where(np.isnan(height), VOID, zone).astype(np.uint8),
        np.zeros(GRID.shape, np.float32),
    )


def test_bilinear_reproduces_a_twisted_surface() -> None:
    """z = a + b r + c q + d r q is what bilinear interpolation is exact for."""
    row, col = np.indices(GRID.shape)
    surface = ground(100.0 + 3.0 * row + 5.0 * col + 2.0 * row * col)
    r, q = np.array([0.0, 0.25, 1.5, 2.75]), np.array([0.0, 3.5, 1.125, 3.9])
    lon, lat = GRID.lonlat_of_index(r, q)
    got = surface.height_at(lon, lat)
    np.testing.assert_allclose(got, 100.0 + 3.0 * r + 5.0 * q + 2.0 * r * q, atol=1e-6)
    one = surface.height_at(float(lon[1]), float(lat[1]))
    assert isinstance(one, float)
    assert one == got[1]


def test_void_counts_only_with_weight() -> None:
    height = np.full(GRID.shape, 50.0)
    height[1, 2] = np.nan
    holed = ground(height)
    assert math.isnan(holed.height_at(float(LON[1, 2]), float(LAT[1, 2])))
    for row, col in ((0, 2), (2, 2), (1, 1), (1, 3), (0, 1), (2, 3)):
        assert holed.height_at(float(LON[row, col]), float(LAT[row, col])) == 50.0
    lon, lat = GRID.lonlat_of_index(np.array([0.5, 1.0, 0.999]), np.array([2.0, 1.5, 1.001]))
    assert np.isnan(holed.height_at(lon, lat)).all()


def test_half_a_cell_beyond_the_centres_belongs_to_the_raster() -> None:
    level = ground(np.arange(20.0).reshape(GRID.shape))
    west, south, east, north = GRID.bounds
    assert level.height_at(west, north) == 0.0
    assert level.height_at(east, south) == 19.0
    assert math.isnan(level.height_at(west - 1e-4, north))
    assert level.zone_at(west, north) == INLAND
    assert level.zone_at(west - 1e-4, north) == OUTSIDE
    assert level.zone_at(math.inf, math.nan) == OUTSIDE


def test_zone_and_clutter_are_those_of_the_nearest_cell() -> None:
    zone = np.tile(np.array([SEA, SEA, COASTAL, INLAND, INLAND], np.uint8), (4, 1))
    clutter = np.where(zone == INLAND, 15.0, 0.0).astype(np.float32)
    facts = Ground(GRID, np.zeros(GRID.shape, np.float32), zone, clutter)
    lon, lat = GRID.lonlat_of_index(np.full(4, 1.2), np.array([1.45, 1.55, 2.45, 2.55]))
    np.testing.assert_array_equal(facts.zone_at(lon, lat), [SEA, COASTAL, COASTAL, INLAND])
    np.testing.assert_array_equal(facts.clutter_at(lon, lat), [0.0, 0.0, 0.0, 15.0])
    assert facts.clutter_at(0.0, 0.0) == 0.0


def test_one_cell_is_a_ground() -> None:
    grid = Grid("EPSG:4326", (0.01, 0.0, 104.0, 0.0, -0.01, 10.0), (1, 1))
    cell = Ground(
        grid, np.full((1, 1), 7.0, np.float32), np.full((1, 1), 4, np.uint8), np.zeros((1, 1))
    )
    assert cell.height_at(104.001, 9.999) == 7.0
    assert math.isnan(cell.height_at(104.02, 9.999))


def test_digest_knows_heights_zones_clutter_and_place() -> None:
    base = ground(np.zeros(GRID.shape))
    other_height = ground(np.full(GRID.shape, 1.0))
    other_zone = ground(np.zeros(GRID.shape), COASTAL)
    other_clutter = Ground(GRID, base.height_m, base.zone, base.clutter_m + 1.0)
    moved = Grid("EPSG:4326", (0.01, 0.0, 105.0, 0.0, -0.01, 10.0), (4, 5))
    other_place = Ground(moved, base.height_m, base.zone, base.clutter_m)
    all_digests = {g.digest for g in (base, other_height, other_zone, other_clutter, other_place)}
    assert len(all_digests) == 5
    assert ground(np.zeros(GRID.shape)).digest == base.digest


def test_arrays_are_brought_into_one_layout() -> None:
    facts = Ground(
        GRID, np.zeros((5, 4), np.float64).T, np.zeros(GRID.shape, np.int64), np.zeros(GRID.shape)
    )
    assert (facts.height_m.dtype, facts.zone.dtype, facts.clutter_m.dtype) == ("f4", "u1", "f4")
    assert facts.height_m.flags.c_contiguous


def test_shapes_must_agree() -> None:
    with pytest.raises(TerrainError, match=r"zone is \(2, 2\), the grid \(4, 5\)"):
        Ground(
            GRID, np.zeros(GRID.shape, np.float32), np.zeros((2, 2), np.uint8), np.zeros(GRID.shape)
        )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("height_m", np.inf, "1 heights are infinite"),
        ("clutter_m", np.nan, "1 clutter heights"),
        ("clutter_m", -3.0, "1 clutter heights"),
        ("clutter_m", np.inf, "clutter heights"),
    ],
)
def test_numbers_that_are_none(name: str, value: float, message: str) -> None:
    grid = Grid("EPSG:4326", (0.1, 0.0, 104.0, 0.0, -0.1, 10.0), (3, 3))
    arrays = {key: np.zeros(grid.shape, np.float32) for key in ("height_m", "clutter_m")}
    arrays[name][1, 1] = value
    with pytest.raises(TerrainError, match=message):
        Ground(grid, zone=np.full(grid.shape, 4, np.uint8), **arrays)
