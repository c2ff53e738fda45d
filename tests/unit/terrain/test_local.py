"""The plane round a point against geodesics drawn one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from terrain.errors import TerrainError
from terrain.grid import WGS84, Grid
from terrain.local import Lattice, LocalFrame, receiver_positions

UNIT = (1.0, 1.0)
EVERYWHERE = ((-math.inf, math.inf), (-math.inf, math.inf))


def utm(lon: float, lat: float) -> str:
    lon = (lon + 180.0) % 360.0 - 180.0
    area = AreaOfInterest(lon, lat, lon, lat)
    return f"EPSG:{query_utm_crs_info('WGS 84', area_of_interest=area)[0].code}"


def grid_round(crs: str, lon: float, lat: float, cell_m: float, radius_m: float) -> Grid:
    """Grid of `crs` that covers a square round a position, cells about `cell_m` at its centre."""
    if CRS.from_user_input(crs).is_geographic:
        x, y, high = lon, lat, cell_m / 111_000.0
        wide = high / math.cos(math.radians(lat))
    else:
        x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(lon, lat)
        scale = 1.0 / math.cos(math.radians(lat)) if crs == "EPSG:3857" else 1.0
        wide = high = cell_m * scale
    n = max(math.ceil(radius_m / cell_m), 1)
    return Grid(crs, (wide, 0.0, x - wide * n, 0.0, -high, y + high * n), (2 * n, 2 * n))


def worst_m(frame: LocalFrame, grid: Grid) -> float:
    """Greatest distance of receivers from their exact positions: corners, edges, and at random."""
    rng = np.random.default_rng(5)
    row = np.concatenate([rng.integers(0, grid.n_row, 60), [0, 0, grid.n_row - 1, grid.n_row - 1]])
    col = np.concatenate([rng.integers(0, grid.n_col, 60), [0, grid.n_col - 1, 0, grid.n_col - 1]])
    row[:20], col[20:40] = 0, grid.n_col - 1
    east, north = frame.to_local(*grid.lonlat_of_index(row, col))
    wrong = 0.0
    for i in np.unique(row):  # single rows: the whole raster of small cells is large
        at = row == i
        u, v = receiver_positions(frame, grid, slice(int(i), int(i) + 1))
        wrong = max(wrong, np.hypot(u[0, col[at]] - east[at], v[0, col[at]] - north[at]).max())
    return wrong


@pytest.mark.parametrize("lat", [0.0, 10.0, 60.0, 78.0, 85.0, -45.0])
@pytest.mark.parametrize("kind", ["geographic", "utm", "mercator"])
@pytest.mark.parametrize(("cell_m", "radius_m"), [(30.0, 20e3), (1000.0, 400e3), (5000.0, 400e3)])
def test_positions_are_those_of_geodesics(
    kind: str, lat: float, cell_m: float, radius_m: float
) -> None:
    if kind == "utm" and abs(lat) > 84.0:
        pytest.skip("no UTM there")
    radius_m = min(radius_m, (88.9 - abs(lat)) * 111e3)
    crs = {"geographic": "EPSG:4326", "mercator": "EPSG:3857"}.get(kind) or utm(104.8, lat)
    grid = grid_round(crs, 104.8, lat, cell_m, radius_m)
    east, north = receiver_positions(LocalFrame(lat, 104.8), grid)
    assert east.dtype == north.dtype == np.float32
    true = LocalFrame(lat, 104.8).to_local(*grid.lonlat(slice(0, None, 97)))
    assert np.abs(np.hypot(east[::97] - true[0], north[::97] - true[1])).max() < 0.05


@pytest.mark.parametrize("crs", ["EPSG:3405", "EPSG:9208", "EPSG:32648", "EPSG:4326"])
@pytest.mark.parametrize("cell_m", [10.0, 90.0])
def test_vietnam(crs: str, cell_m: float) -> None:
    grid = grid_round(crs, 104.9, 9.9, cell_m, 150e3)
    assert worst_m(LocalFrame(10.31, 104.2), grid) < 0.05


@pytest.mark.parametrize("lat", [0.0, -17.0, 65.0])
@pytest.mark.parametrize("lon", [179.9, -179.9])
def test_across_the_antimeridian(lat: float, lon: float) -> None:
    turned = lon % 360.0
    for crs in ("EPSG:4326", utm(lon, lat)):
        grid = grid_round(crs, turned if crs == "EPSG:4326" else lon, lat, 500.0, 200e3)
        assert worst_m(LocalFrame(lat, lon), grid) < 0.05


def test_next_to_a_pole() -> None:
    """At 88.9 degrees the longitudes turn within a few lattice cells."""
    grid = Grid("EPSG:4326", (0.05, 0.0, 60.0, 0.0, -0.001, 88.95), (400, 1200))
    assert worst_m(LocalFrame(88.8, 90.0), grid) < 0.05
    polar = Grid("EPSG:3413", (500.0, 0.0, 120e3, 0.0, -500.0, 700e3), (800, 800))
    assert worst_m(LocalFrame(87.0, 0.0), polar) < 0.05


def test_once_round_the_globe() -> None:
    grid = Grid("EPSG:4326", (0.25, 0.0, -180.0, 0.0, -0.25, 80.0), (640, 1440))
    frame = LocalFrame(50.0, -179.0)
    east, north = receiver_positions(frame, grid)
    true_east, true_north = frame.to_local(*grid.lonlat())
    r_m = np.hypot(true_east, true_north)
    error = np.hypot(east - true_east, north - true_north)
    assert error[r_m < 2e6].max() < 0.2  # float32 at 2000 km
    near = np.hypot(east, north) < 2e6
    assert r_m[near].max() < 2.1e6  # nothing from elsewhere is taken for near


def test_part_of_the_rows() -> None:
    grid = grid_round("EPSG:32648", 104.9, 9.9, 200.0, 40e3)
    frame = LocalFrame(10.0, 105.0)
    whole = receiver_positions(frame, grid)
    part = receiver_positions(frame, grid, slice(33, 190))
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_allclose(a[33:190], b, atol=0.02)
    assert receiver_positions(frame, grid, slice(7, 7))[0].shape == (0, grid.n_col)
    with pytest.raises(TerrainError, match="without a stride"):
        receiver_positions(frame, grid, slice(0, 100, 2))


def test_frame_is_true_and_comes_back() -> None:
    frame = LocalFrame(10.0, 104.0)
    east, north = frame.to_local(104.0, 11.0)
    _, _, metres = WGS84.inv(104.0, 10.0, 104.0, 11.0)
    assert float(east) == pytest.approx(0.0, abs=1e-6)
    assert float(north) == pytest.approx(metres, abs=1e-6)
    assert [float(v) for v in frame.to_local(104.0, 10.0)] == [0.0, 0.0]
    u, v = np.meshgrid(np.linspace(-4e5, 4e5, 9), np.linspace(-4e5, 4e5, 9))
    back = frame.to_local(*frame.to_lonlat(u, v))
    np.testing.assert_allclose(back, (u, v), atol=1e-5)
    assert np.isnan(frame.to_local(np.array([math.inf, 10.0]), np.array([0.0, math.nan]))).all()
    for lat, lon in ((90.5, 0.0), (math.nan, 0.0), (0.0, math.inf)):
        with pytest.raises(TerrainError, match="no place; give degrees"):
            LocalFrame(lat, lon)


def test_lattice_is_exact_for_cubics_and_refines_the_rest() -> None:
    def cubic(r: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 1e-6 * r**3 + c, r * c**3 * 1e-8 - c**2

    loose = Lattice.fit(
        cubic, (5, 800), (-30, 700), cell_m=(30.0, 100.0), tolerance=(1e-6, 1e-6),
        max_slope=(1e9, 1e9), within=EVERYWHERE,
    )  # fmt: skip
    assert loose.step == (256, 64)
    r, c = np.random.default_rng(1).uniform((5, -30), (800, 700), (200, 2)).T
    np.testing.assert_allclose(loose.at(r, c), cubic(r, c), atol=1e-8, rtol=1e-9)
    wavy = Lattice.fit(
        lambda r, c: (np.sin(0.02 * r), np.cos(0.02 * c)), (0, 500), (0, 500),
        cell_m=(30.0, 30.0), tolerance=(1e-4, 1e-4), max_slope=UNIT, within=EVERYWHERE,
    )  # fmt: skip
    assert max(wavy.step) < 64
    r = r[r < 500.0]
    np.testing.assert_allclose(wavy.at(r, r), (np.sin(0.02 * r), np.cos(0.02 * r)), atol=1.5e-4)


def test_what_has_no_value_stays_in_its_place() -> None:
    """Nodes beyond the map's edge and on both sides of a tear give NaN, and only near them."""

    def torn(r: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(r > 300.0, 1e6, 0.0) + r, np.where(c > 900.0, np.inf, c)

    lattice = Lattice.fit(
        torn, (0, 1000), (0, 1000), cell_m=(500.0, 500.0), tolerance=UNIT, max_slope=UNIT,
        within=EVERYWHERE,
    )  # fmt: skip
    r, c = np.meshgrid(np.arange(1001.0), np.arange(1001.0), indexing="ij")
    got = np.stack(lattice.at(r, c))
    hole = np.isnan(got[0])
    reach = 3 * lattice.step[0]
    assert hole[(r > 300 - 1) & (r < 300 + 1)].all()
    assert hole[c > 900].all()
    assert not hole[(np.abs(r - 300) > reach) & (c < 900 - reach)].any()
    assert np.abs(got - np.stack(torn(r, c)))[:, ~hole].max() < 1e-6
    rng = np.random.default_rng(1)
    with pytest.raises(TerrainError, match="warp the raster"):
        Lattice.fit(
            lambda r, c: (rng.random(r.shape), c), (0, 4000), (0, 4000), cell_m=(500.0, 500.0),
            tolerance=(1e-6, 1e-6), max_slope=UNIT, within=EVERYWHERE,
        )  # fmt: skip


@pytest.mark.parametrize("n_col", [15, 16, 17, 33, 2])
def test_every_column_is_filled(n_col: int) -> None:
    """The last too, where the steps between lattice nodes come out even."""
    grid = Grid("EPSG:32648", (3000.0, 0.0, 450_000.0, 0.0, -3000.0, 1_130_000.0), (n_col, n_col))
    frame = LocalFrame(10.0, 104.9)
    out = np.full(grid.shape, np.float32(1e9)), np.full(grid.shape, np.float32(1e9))
    east, north = receiver_positions(frame, grid, out=out)
    exact = frame.to_local(*grid.lonlat())
    np.testing.assert_allclose(east, exact[0], atol=0.05)
    np.testing.assert_allclose(north, exact[1], atol=0.05)
