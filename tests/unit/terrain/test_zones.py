"""Sea in rasters, and the coastal rule: 50 km in true metres, 100 m."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod

from terrain.errors import TerrainError
from terrain.grid import Grid
from terrain.ground import COASTAL, INLAND, SEA, VOID
from terrain.zones import (
    check_zone_codes,
    padded,
    radio_climatic_zones,
    sea_in_heights,
    sea_in_nodata,
    within,
)

GEOD = Geod(ellps="WGS84")
RNG = np.random.default_rng(7)
CELL = Grid("EPSG:4326", (0.01, 0.0, 104.0, 0.0, -0.01, 11.0), (100, 100))  # 1.2 km² a cell


def brute_distance_m(cells: np.ndarray, grid: Grid) -> np.ndarray:
    lon, lat = grid.lonlat()
    nearest = np.full(grid.shape, np.inf)
    for i, j in np.argwhere(cells):
        start = np.full(grid.shape, lon[i, j]), np.full(grid.shape, lat[i, j])
        nearest = np.minimum(nearest, GEOD.inv(*start, lon, lat)[2])
    return nearest


@pytest.mark.parametrize(
    "grid",
    [
        Grid("EPSG:4326", (0.02, 0.0, 104.0, 0.0, -0.02, 11.0), (120, 130)),
        Grid("EPSG:4326", (0.03, 0.0, 20.0, 0.0, -0.01, 71.0), (160, 120)),
        Grid("EPSG:4326", (0.02, 0.0, 104.0, 0.0, -0.02, 1.0), (120, 130)),
        Grid("EPSG:32648", (2000.0, 0.0, 3e5, 0.0, -2000.0, 1.3e6), (120, 130)),
        Grid("EPSG:3857", (4000.0, 0.0, 2e6, 0.0, -4000.0, 9e6), (120, 130)),
    ],
    ids=["10N", "70N", "equator", "UTM", "Mercator 60N"],
)
def test_within_is_a_distance_in_true_metres(grid: Grid) -> None:
    cells = np.zeros(grid.shape, bool)
    cells[RNG.integers(0, grid.n_row, 5), RNG.integers(0, grid.n_col, 5)] = True
    distance = brute_distance_m(cells, grid)
    got = within(cells, grid, 50e3)
    assert 0.05 < got.mean() < 1.0
    wrong = got != (distance <= 50e3)
    # a plane map of 50 km is good to some 10 m; no cell further from the rim may be wrong
    assert np.abs(distance[wrong] - 50e3).max(initial=0.0) < 60.0


def test_within_nothing_is_nowhere() -> None:
    assert not within(np.zeros(CELL.shape, bool), CELL, 50e3).any()


def test_coastal_land_is_low_and_near() -> None:
    grid = Grid("EPSG:4326", (0.01, 0.0, 104.0, 0.0, -0.01, 10.0), (20, 200))
    sea = np.zeros(grid.shape, bool)
    sea[:, :10] = True
    height = np.where(sea, 0.0, 5.0).astype(np.float32)
    height[:, 20:30] = 100.0
    height[:, 30:40] = 100.5
    height[:, 90] = np.nan
    zone = radio_climatic_zones(np.isfinite(height) & ~sea, sea, height, grid)
    assert (zone[:, :10] == SEA).all()
    assert (zone[:, 10:30] == COASTAL).all()
    assert (zone[:, 30:40] == INLAND).all()
    assert (zone[:, 90] == VOID).all()
    row = 10
    lon, lat = grid.lonlat()
    _, _, metres = GEOD.inv(
        np.full(200, lon[row, 9]), np.full(200, lat[row, 9]), lon[row], lat[row]
    )
    expected = np.where(metres <= 50e3, COASTAL, INLAND)
    far = np.r_[40:90, 91:200]
    np.testing.assert_array_equal(zone[row, far], expected[far])


def test_a_small_island_is_coastal_land() -> None:
    sea = np.ones(CELL.shape, bool)
    sea[50, 50] = False
    zone = radio_climatic_zones(~sea, sea, np.where(sea, 0, 20).astype(np.float32), CELL)
    assert zone[50, 50] == COASTAL
    assert (zone == SEA).sum() == CELL.n_row * CELL.n_col - 1


def test_nodata_is_sea_where_it_is_large_low_and_at_the_edge() -> None:
    height = np.full(CELL.shape, 4.0, np.float32)
    height[60:, :] = np.nan  # sea in the south
    height[10:14, 10:14] = np.nan  # enclosed
    height[0:3, 60:62] = np.nan  # at the edge, small
    height[20:50, 70:] = np.nan  # at the edge, large, between mountains
    height[19, 69:] = height[50, 69:] = height[19:51, 69] = 800.0
    missing = np.isnan(height)
    sea = sea_in_nodata(missing, height, CELL)
    expected = np.zeros(CELL.shape, bool)
    expected[60:, :] = True
    np.testing.assert_array_equal(sea, expected)
    expected[20:50, 70:] = True
    np.testing.assert_array_equal(sea_in_nodata(missing, height, CELL, any_shore=True), expected)


def test_zeros_are_sea_with_their_noise_and_polders_are_not() -> None:
    height = np.full(CELL.shape, 3.0, np.float32)
    height[:, :40] = 0.0
    noise = RNG.random((100, 40)) < 0.1
    height[:, :40][noise] = -4.0
    height[30:50, 40:60] = -3.0  # a polder beside the sea
    height[80:83, 80:83] = 0.0  # a pond
    height[90:, 90:] = -7.0  # a basin without a sea
    sea = sea_in_heights(height, CELL)
    assert sea[:, :40].mean() > 0.99
    assert not sea[30:50, 41:60].any()
    assert not sea[80:83, 80:83].any()
    assert not sea[90:, 90:].any()


def test_deep_ground_is_sea_floor_and_shallow_ground_is_not_decided() -> None:
    height = np.full(CELL.shape, 30.0, np.float32)
    height[:, :40] = -2500.0 + 10.0 * np.arange(40)
    assert sea_in_heights(height, CELL)[:, :40].all()
    height[:, :40] = -20.0
    assert not sea_in_heights(height, CELL).any()


def test_a_shelf_beside_deep_sea_is_sea_floor() -> None:
    height = np.full(CELL.shape, 30.0, np.float32)
    height[:, :60] = -2500.0
    height[:, 60:80] = -80.0
    assert sea_in_heights(height, CELL)[:, :80].all()


def test_padding_keeps_the_lattice_and_stops_at_the_poles() -> None:
    larger, inner = padded(CELL, 50e3)
    lon, lat = larger.lonlat()
    np.testing.assert_allclose(lon[inner], CELL.lonlat()[0])
    np.testing.assert_allclose(lat[inner], CELL.lonlat()[1])
    assert (inner[0].start - 0) * CELL.cell_size_m()[0] >= 50e3
    assert (larger.n_col - inner[1].stop) * CELL.cell_size_m()[1] >= 50e3
    polar = Grid("EPSG:4326", (0.1, 0.0, 0.0, 0.0, -0.1, 88.9), (5, 3600))
    wide, kept = padded(polar, 50e3)
    assert wide.bounds[3] <= 89.0
    assert wide.n_col == 3600
    assert wide.shape[0] > kept[0].stop


def test_other_zone_codes_are_refused_with_their_counts() -> None:
    check_zone_codes(np.array([-1, 0, 1, 3, 4]), "zones.tif")
    with pytest.raises(TerrainError, match=r"zones.tif: zone codes 2 \(3 cells\), 7 \(1 cells\)"):
        check_zone_codes(np.array([1, 2, 2, 2, 4, 7]), "zones.tif")
