"""Paths through rasters, against positions and interpolation worked out independently."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pyproj import Geod

from terrain.errors import TerrainError
from terrain.grid import Grid
from terrain.ground import INLAND, OUTSIDE, SEA, VOID, Ground
from terrain.profile import (
    N_NODE,
    STATUS_OK,
    STATUS_OUTSIDE,
    STATUS_VOID,
    Profile,
    extract,
    intervals,
    path_coefficients,
    path_nodes,
    sample_path,
)

GEOD = Geod(ellps="WGS84")
RNG = np.random.default_rng(20260915)


def ground_on(grid: Grid, height: np.ndarray | None = None) -> Ground:
    if height is None:
        height = RNG.uniform(0.0, 900.0, grid.shape)
    zone = np.where(np.isnan(height), VOID, INLAND)
    clutter = RNG.uniform(0.0, 20.0, grid.shape).astype(np.float32)
    return Ground(grid, height.astype(np.float32), zone.astype(np.uint8), clutter)


def points(lon0: float, lat0: float, lon1: float, lat1: float, n: int) -> np.ndarray:
    """`(2, n + 1)` longitudes and latitudes at equal geodesic distances."""
    inner = np.array(GEOD.npts(lon0, lat0, lon1, lat1, n - 1)).T
    return np.concatenate([[[lon0], [lat0]], inner, [[lon1], [lat1]]], axis=1)


def naive_height(ground: Ground, lon: float, lat: float) -> float:
    row, col = (float(v) for v in ground.grid.fractional_index(lon, lat))
    i, j = math.floor(row), math.floor(col)
    total = 0.0
    for di, wi in ((0, 1.0 - (row - i)), (1, row - i)):
        for dj, wj in ((0, 1.0 - (col - j)), (1, col - j)):
            total += wi * wj * float(ground.height_m[i + di, j + dj])
    return total


CASES = [
    ("EPSG:4326", 0.05, 10.0),
    ("EPSG:4326", 0.05, 47.0),
    ("EPSG:4326", 0.05, 70.0),
    ("EPSG:4326", 0.05, -62.0),
    ("EPSG:32648", 4000.0, 10.0),
    ("EPSG:32648", 4000.0, 70.0),
    ("EPSG:3405", 4000.0, 15.0),
    ("EPSG:4756", 0.05, 10.0),
    ("EPSG:3857", 9000.0, 60.0),
]


@pytest.mark.parametrize(("crs", "cell", "lat0"), CASES)
def test_a_path_lies_on_the_geodesic_within_a_centimetre(
    crs: str, cell: float, lat0: float
) -> None:
    """500 km in every direction, to the positions pyproj gives at equal distances."""
    lon0 = 104.0
    grid = Grid.from_lonlat_box(84.0, lat0 - 6.0, 124.0, lat0 + 6.0, crs=crs, cell_size=cell)
    ground = ground_on(grid, np.zeros(grid.shape))
    worst_m = 0.0
    for azimuth in range(0, 360, 20):
        lon1, lat1, _ = GEOD.fwd(lon0, lat0, azimuth, 500e3)
        path = extract(ground, lon0, lat0, lon1, lat1)
        lon, lat = points(lon0, lat0, lon1, lat1, len(path.lon_deg) - 1)
        _, _, off_m = GEOD.inv(lon, lat, path.lon_deg, path.lat_deg)
        worst_m = max(worst_m, float(np.max(off_m)))
    assert worst_m < 0.01


@pytest.mark.parametrize(("crs", "cell"), [("EPSG:4326", 0.002), ("EPSG:32648", 250.0)])
def test_heights_are_bilinear_at_the_points_of_the_geodesic(crs: str, cell: float) -> None:
    grid = Grid.from_lonlat_box(104.0, 9.5, 105.0, 10.5, crs=crs, cell_size=cell)
    ground = ground_on(grid)
    path = extract(ground, 104.113, 9.637, 104.871, 10.352)
    n = len(path.height_m) - 1
    assert n == math.ceil(1000.0 * path.distance_km[-1] / ground.resolution_m)
    lon, lat = points(104.113, 9.637, 104.871, 10.352, n)
    expected = [naive_height(ground, a, b) for a, b in zip(lon, lat, strict=True)]
    # 1 mm along the path on ground that changes by up to 900 m from cell to cell
    np.testing.assert_allclose(path.height_m, expected, atol=0.01)
    row, col = grid.fractional_index(lon, lat)
    i, j = np.rint(row).astype(int), np.rint(col).astype(int)
    near = (np.abs(row - i) < 0.499) & (np.abs(col - j) < 0.499)
    assert near.sum() > 0.9 * n
    np.testing.assert_array_equal(path.clutter_m[near], ground.clutter_m[i, j][near])
    np.testing.assert_allclose(np.diff(path.distance_km), path.distance_km[-1] / n, rtol=1e-9)


def test_the_solvers_way_gives_the_same_digits() -> None:
    """Many paths at once, as the coverage engine draws them, equal one by one."""
    grid = Grid.from_lonlat_box(104.0, 9.5, 105.0, 10.5, crs="EPSG:32648", cell_size=250.0)
    ground = ground_on(grid)
    lon0, lat0 = 104.5, 10.0
    lon1, lat1 = RNG.uniform(104.05, 104.95, 40), RNG.uniform(9.55, 10.45, 40)
    azimuth, _, metres = GEOD.inv(np.full(40, lon0), np.full(40, lat0), lon1, lat1)
    rows, cols = path_nodes(grid, lon0, lat0, azimuth, metres)
    count = intervals(metres, ground.resolution_m)
    row_coef, col_coef = np.empty(N_NODE), np.empty(N_NODE)
    for k in range(40):
        path_coefficients(rows[k], row_coef)
        path_coefficients(cols[k], col_coef)
        n = int(count[k])
        height, clutter, zone = np.empty(n + 9), np.empty(n + 9), np.empty(n + 9, np.uint8)
        status = sample_path(
            ground.height_m, ground.zone, ground.clutter_m, row_coef, col_coef, n,
            height, zone, clutter,
        )  # fmt: skip
        alone = extract(ground, lon0, lat0, float(lon1[k]), float(lat1[k]))
        assert status == STATUS_OK
        np.testing.assert_array_equal(height[: n + 1], alone.height_m)
        np.testing.assert_array_equal(clutter[: n + 1], alone.clutter_m)


def test_both_ends_are_met() -> None:
    grid = Grid.from_lonlat_box(104.0, 9.5, 105.0, 10.5, crs="EPSG:4326", cell_size=0.01)
    ground = ground_on(grid)
    path = extract(ground, 104.123, 9.777, 104.777, 10.123)
    assert path.height_m[0] == pytest.approx(ground.height_at(104.123, 9.777), abs=1e-6)
    assert path.height_m[-1] == pytest.approx(ground.height_at(104.777, 10.123), abs=1e-6)
    assert path.distance_km[0] == 0.0
    azimuth, _, metres = GEOD.inv(104.123, 9.777, 104.777, 10.123)
    assert path.distance_km[-1] == 0.001 * metres
    assert path.azimuth_deg == azimuth


def test_reverse_path_reads_the_same_ground() -> None:
    grid = Grid.from_lonlat_box(104.0, 9.5, 105.0, 10.5, crs="EPSG:32648", cell_size=300.0)
    ground = ground_on(grid)
    there = extract(ground, 104.1, 9.6, 104.9, 10.4)
    back = extract(ground, 104.9, 10.4, 104.1, 9.6)
    np.testing.assert_allclose(there.height_m, back.height_m[::-1], atol=1e-3)


def test_a_short_path_is_sampled_more_finely() -> None:
    np.testing.assert_array_equal(
        intervals(np.array([1.0, 900.0, 1000.0, 1000.1, 5000.0]), 100.0), [10, 10, 10, 11, 50]
    )


def test_void_on_the_path_is_said() -> None:
    grid = Grid.from_lonlat_box(104.0, 9.5, 105.0, 10.5, crs="EPSG:4326", cell_size=0.01)
    height = np.full(grid.shape, 3.0)
    height[50, 50] = np.nan
    ground = ground_on(grid, height)
    ends = (104.1, 9.995, 104.9, 9.995)
    with pytest.raises(TerrainError, match=r"crosses a void .* 4[34]\.\d\d km from its start"):
        extract(ground, *ends)
    path = extract(ground, *ends, allow_gaps=True)
    gap = np.isnan(path.height_m)
    assert path.status == STATUS_VOID
    assert 1 <= gap.sum() <= 3
    assert (path.zone[gap] == VOID).all()
    assert (path.height_m[~gap] == 3.0).all()
    assert extract(ground, 104.1, 9.9, 104.9, 9.9).status == STATUS_OK


def test_leaving_the_data_is_said() -> None:
    grid = Grid.from_lonlat_box(104.0, 9.5, 105.0, 10.5, crs="EPSG:4326", cell_size=0.01)
    ground = ground_on(grid)
    with pytest.raises(TerrainError, match="leaves the terrain data"):
        extract(ground, 104.9, 10.0, 105.1, 10.0)
    path = extract(ground, 104.9, 10.0, 105.1, 10.0, allow_gaps=True)
    assert path.status == STATUS_OUTSIDE
    assert (path.zone[np.isnan(path.height_m)] == OUTSIDE).all()
    assert np.isnan(path.height_m[path.lon_deg > 105.0 + 1e-6]).all()


def test_a_gap_between_tiles_is_outside_and_not_void() -> None:
    grid = Grid.from_lonlat_box(104.0, 9.5, 105.0, 10.5, crs="EPSG:4326", cell_size=0.01)
    height = np.full(grid.shape, 3.0)
    height[:, 40:60] = np.nan
    zone = np.where(np.isnan(height), OUTSIDE, SEA)
    ground = Ground(grid, height, zone, np.zeros(grid.shape))
    path = extract(ground, 104.1, 10.0, 104.9, 10.0, allow_gaps=True)
    assert path.status == STATUS_OUTSIDE
    assert set(path.zone) == {SEA, OUTSIDE}


def test_a_path_across_the_antimeridian() -> None:
    grid = Grid.from_lonlat_box(178.0, -20.0, 182.0, -16.0, crs="EPSG:4326", cell_size=0.02)
    _, col = np.indices(grid.shape)
    ground = ground_on(grid, 1.0 * col)
    path = extract(ground, 179.5, -18.0, -179.5, -18.2)
    assert path.status == STATUS_OK
    assert path.height_m[0] == pytest.approx(74.5)
    assert path.height_m[-1] == pytest.approx(124.5)
    assert (np.diff(path.height_m) > 0.0).all()
    back = extract(ground, -179.5, -18.2, 179.5, -18.0)
    np.testing.assert_allclose(back.height_m[::-1], path.height_m, atol=1e-5)


def test_a_path_over_the_seam_of_a_world_raster_is_outside_and_not_nonsense() -> None:
    world = Grid("EPSG:4326", (0.5, 0.0, -180.0, 0.0, -0.5, 80.0), (320, 720))
    path = extract(ground_on(world), 179.0, 10.0, -179.0, 10.0, allow_gaps=True)
    assert path.status == STATUS_OUTSIDE
    mercator = Grid("EPSG:3857", (50e3, 0.0, -20e6, 0.0, -50e3, 10e6), (400, 800))
    torn = extract(ground_on(mercator), 179.0, 10.0, -179.0, 10.0, allow_gaps=True)
    assert torn.status == STATUS_OUTSIDE
    assert np.isnan(torn.height_m).all()


def test_a_single_cell_and_a_path_of_no_length() -> None:
    grid = Grid("EPSG:4326", (0.01, 0.0, 104.0, 0.0, -0.01, 10.0), (1, 1))
    ground = ground_on(grid, np.full((1, 1), 7.0))
    path = extract(ground, 104.001, 9.991, 104.009, 9.999)
    assert isinstance(path, Profile)
    assert (path.height_m == 7.0).all()
    with pytest.raises(TerrainError, match="to itself has no profile"):
        extract(ground, 104.001, 9.991, 104.001, 9.991)
