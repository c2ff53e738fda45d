"""The ground in sectors against heights, zones and clutter asked for one by one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pyproj import Transformer

from terrain.errors import TerrainError
from terrain.grid import WGS84, Grid
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID, Ground
from terrain.local import LocalFrame
from terrain.profile import N_NODE, path_coefficients, path_nodes, sample_path
from terrain.sector import Sector, local_of_node, sector_bytes, warp_sector


def grid_round(crs: str, lat: float, lon: float, cell_m: float, radius_m: float) -> Grid:
    n = math.ceil(radius_m / cell_m)
    if crs == "EPSG:4326":
        high = cell_m / 111e3
        wide = high / math.cos(math.radians(lat))
        x, y = lon, lat
    else:
        x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(lon, lat)
        wide = high = cell_m / (math.cos(math.radians(lat)) if crs == "EPSG:3857" else 1.0)
    return Grid(crs, (wide, 0.0, x - n * wide, 0.0, -high, y + n * high), (2 * n, 2 * n + 7))


def smooth_ground(grid: Grid, *, clutter: bool = True) -> Ground:
    """Gentle relief, zones and clutter in stripes of a few cells."""
    r, c = np.indices(grid.shape)
    height = 800.0 + 300.0 * np.sin(r / 23.0) * np.cos(c / 31.0) + 0.2 * r
    zone = np.array([SEA, COASTAL, INLAND], np.uint8)[(r // 5 + c // 7) % 3]
    cover = np.where((r // 3 + c // 4) % 2 == 0, 15.0, 0.0) if clutter else np.zeros(grid.shape)
    return Ground(grid, height.astype(np.float32), zone, cover.astype(np.float32))


def nodes_of(sector: Sector) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of every node, in the order of the arrays."""
    count = np.diff(sector.offset)
    i = np.repeat(np.arange(sector.n_col + 1), count)
    j = np.arange(i.size) - sector.offset[i] + sector.first_row[i]
    return i, j


def compare(ground: Ground, frame: LocalFrame, sector: Sector) -> float:
    """Hold every node against exact positions; returns the share that has a height."""
    i, j = nodes_of(sector)
    lon, lat = frame.to_lonlat(*local_of_node(sector.quadrant, i, j, sector.cell_m))
    true = ground.height_at(lon, lat)
    row, col = ground.grid.fractional_index(lon, lat)
    # Where a hair decides between a height and none, or between two cells, either is right.
    whole = (np.abs(row - np.round(row)) < 0.01) | (np.abs(col - np.round(col)) < 0.01)
    border = (np.abs(row % 1.0 - 0.5) < 0.01) | (np.abs(col % 1.0 - 0.5) < 0.01)
    known = ~np.isnan(true)
    assert (whole | border)[np.isnan(sector.height_m) == known].all()
    both = known & ~np.isnan(sector.height_m)
    assert np.abs(sector.height_m - true)[both].max(initial=0.0) < 1e-3
    inner = both & ~border
    np.testing.assert_array_equal(sector.zone[inner], ground.zone_at(lon, lat)[inner])
    if sector.clutter_m.size:
        np.testing.assert_array_equal(sector.clutter_m[inner], ground.clutter_at(lon, lat)[inner])
        assert (sector.clutter_m[~known & np.isnan(sector.height_m)] == 0.0).all()
    else:
        assert not ground.clutter_m.any()
    assert np.isin(sector.zone[np.isnan(sector.height_m)], (VOID, OUTSIDE)).all()
    return float(known.mean())


@pytest.mark.parametrize("quadrant", range(4))
@pytest.mark.parametrize(
    ("crs", "lat", "lon"),
    [
        ("EPSG:32648", 10.0, 104.5),
        ("EPSG:3405", 10.2, 104.1),
        ("EPSG:4326", 9.9, 105.0),
        ("EPSG:4326", 62.0, 25.0),
        ("EPSG:4326", -83.0, 25.0),
        ("EPSG:3857", 55.0, -3.0),
        ("EPSG:4326", -17.5, 179.95),
        ("EPSG:4326", -17.5, 180.05),
        ("EPSG:4326", -17.5, -179.95),
        ("EPSG:32601", -17.5, -179.9),
    ],
)
def test_every_node_is_the_ground_at_its_position(
    crs: str, lat: float, lon: float, quadrant: int
) -> None:
    grid = grid_round(crs, lat, lon, 200.0, 36e3)
    frame = LocalFrame(lat, (lon + 180.0) % 360.0 - 180.0)
    ground = smooth_ground(grid, clutter=quadrant != 2)
    for k0, k1, n_col in ((-190, 190, 190), (-190, -100, 190), (37, 38, 150), (-3, 120, 77)):
        sector = warp_sector(
            ground, frame, quadrant=quadrant, q=190, k0=k0, k1=k1, n_col=n_col, cell_m=180.0
        )
        assert compare(ground, frame, sector) > 0.9
        assert sector.nbytes == sector_bytes(
            q=190, k0=k0, k1=k1, n_col=n_col, clutter=quadrant != 2
        )


def test_layout_holds_the_rows_that_a_wedge_needs() -> None:
    ground = smooth_ground(grid_round("EPSG:32648", 10.0, 104.5, 500.0, 30e3))
    q, k0, k1, n_col = 50, -37, 21, 44
    sector = warp_sector(
        ground, LocalFrame(10.0, 104.5), quadrant=0, q=q, k0=k0, k1=k1, n_col=n_col, cell_m=400.0
    )
    assert sector.first_row.dtype == np.int32
    assert sector.offset.dtype == np.int64
    assert sector.offset.shape == (n_col + 2,)
    assert sector.height_m.size == sector.zone.size == sector.clutter_m.size == sector.offset[-1]
    for i in range(n_col + 1):
        rows = {i * k // q + m for k in range(k0, k1) for m in range(3)}
        assert sector.first_row[i] == min(rows)
        assert sector.offset[i + 1] - sector.offset[i] == max(rows) - min(rows) + 1


@pytest.mark.parametrize("crs", ["EPSG:32648", "EPSG:4326", "EPSG:3857"])
@pytest.mark.parametrize("quadrant", range(4))
def test_holes(crs: str, quadrant: int) -> None:
    """Voids, cells no file covers, and the raster's rim, told apart as paths tell them."""
    grid = grid_round(crs, 10.0, 104.5, 500.0, 25e3)
    ground = smooth_ground(grid)
    rng = np.random.default_rng(3)
    height, zone = ground.height_m.copy(), ground.zone.copy()
    hole = rng.random(grid.shape) < 0.03
    hole[20:30, 60:70] = True
    height[hole] = np.nan
    zone[hole] = np.where(rng.random(grid.shape) < 0.4, OUTSIDE, VOID).astype(np.uint8)[hole]
    holed = Ground(grid, height, zone, ground.clutter_m)
    frame = LocalFrame(10.05, 104.47)
    sector = warp_sector(
        holed, frame, quadrant=quadrant, q=110, k0=-110, k1=110, n_col=110, cell_m=310.0
    )
    share = compare(holed, frame, sector)
    assert 0.2 < share < 0.9
    # The solver's own reading of paths to every node at the rim says the same at their ends.
    i, j = nodes_of(sector)
    rim = np.flatnonzero(i == 110)
    east, north = local_of_node(quadrant, i[rim], j[rim], sector.cell_m)
    azimuth, s_m = np.degrees(np.arctan2(east, north)), np.hypot(east, north)
    rows, cols = path_nodes(grid, frame.lon_deg, frame.lat_deg, azimuth, s_m)
    lon, lat = frame.to_lonlat(east, north)
    row, col = grid.fractional_index(lon, lat)
    h, code, r = np.empty(111), np.empty(111, np.uint8), np.empty(111)
    coef = np.empty((2, N_NODE))
    for n, place in enumerate(rim):
        path_coefficients(rows[n], coef[0])
        path_coefficients(cols[n], coef[1])
        sample_path(height, zone, holed.clutter_m, coef[0], coef[1], 110, h, code, r)
        if min(abs(2.0 * v - round(2.0 * v)) for v in (row[n], col[n])) > 0.02:
            assert sector.zone[place] == code[110]
            assert sector.clutter_m[place] == r[110]
            np.testing.assert_allclose(sector.height_m[place], h[110], atol=1e-3)


def test_void_node_without_weight() -> None:
    """On a cell's own centre a void neighbour does no harm."""
    height = np.full((5, 5), 50.0, np.float32)
    height[2, 3] = np.nan
    grid = Grid("EPSG:4326", (0.01, 0.0, 104.0, 0.0, -0.01, 10.0), (5, 5))
    zone = np.where(np.isnan(height), VOID, INLAND).astype(np.uint8)
    lone = Ground(grid, height, zone, np.zeros_like(height))
    lon, lat = grid.lonlat()
    frame = LocalFrame(float(lat[2, 2]), float(lon[2, 2]))
    _, _, step = WGS84.inv(lon[2, 2], lat[2, 2], lon[2, 3], lat[2, 3])
    sector = warp_sector(lone, frame, quadrant=1, q=3, k0=0, k1=1, n_col=3, cell_m=step)
    assert math.isnan(sector.height_m[1])  # (0, 1): the void itself
    assert sector.zone[1] == VOID
    assert sector.zone[2] == VOID or sector.height_m[2] == 50.0


def test_beyond_the_raster_and_over_the_pole() -> None:
    grid = Grid("EPSG:4326", (0.05, 0.0, 20.0, 0.0, -0.01, 88.9), (200, 400))
    ground = smooth_ground(grid)
    frame = LocalFrame(88.0, 30.0)
    for quadrant in range(4):
        sector = warp_sector(
            ground, frame, quadrant=quadrant, q=100, k0=-100, k1=100, n_col=100, cell_m=3000.0
        )
        compare(ground, frame, sector)
    away = LocalFrame(-10.0, 150.0)
    sector = warp_sector(ground, away, quadrant=0, q=60, k0=-60, k1=60, n_col=60, cell_m=500.0)
    assert np.isnan(sector.height_m).all()
    assert (sector.zone == OUTSIDE).all()


GOOD: dict[str, Any] = {"quadrant": 0, "q": 9, "k0": -2, "k1": 3, "n_col": 9, "cell_m": 100.0}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"quadrant": 4}, "give 0 east"),
        ({"q": 0, "k0": 0, "k1": 0}, "give q of 1 or more"),
        ({"cell_m": 0.0}, "give metres"),
        ({"cell_m": math.nan}, "give metres"),
        ({"k0": 3}, "give -9 <= k0 < k1 <= 9"),
        ({"k1": 10}, "give -9 <= k0 < k1 <= 9"),
        ({"n_col": 10}, "give n_col from 1 to 9"),
        ({"n_col": 0}, "give n_col from 1 to 9"),
    ],
)
def test_bad_input_says_what_to_do(wrong: dict[str, Any], message: str) -> None:
    ground = smooth_ground(grid_round("EPSG:32648", 10.0, 104.5, 500.0, 5e3))
    with pytest.raises(TerrainError, match=message):
        warp_sector(ground, LocalFrame(10.0, 104.5), **(GOOD | wrong))
