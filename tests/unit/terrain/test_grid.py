"""Grid: coordinates, areas, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod, Transformer

from terrain.errors import TerrainError
from terrain.grid import Grid

GEOD = Geod(ellps="WGS84")
DELTA = Grid("EPSG:4326", (0.1, 0.0, 103.0, 0.0, -0.1, 11.0), (20, 30))
NORTH_UP = (1.0, 0.0, 103.0, 0.0, -1.0, 11.0)


def test_index_zero_is_the_centre_of_the_first_cell() -> None:
    row, col = DELTA.fractional_index(103.05, 10.95)
    assert (float(row), float(col)) == pytest.approx((0.0, 0.0), abs=1e-12)
    lon, lat = DELTA.lonlat()
    assert (lon[0, 0], lat[0, 0]) == pytest.approx((103.05, 10.95))
    assert lon.shape == DELTA.shape


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32648", "EPSG:3405", "EPSG:4756", "EPSG:9518"])
def test_index_and_lonlat_are_inverse(crs: str) -> None:
    cell = 0.01 if crs in {"EPSG:4326", "EPSG:4756", "EPSG:9518"} else 1000.0
    grid = Grid.from_lonlat_box(103.4, 9.3, 105.5, 10.5, crs=crs, cell_size=cell)
    lon, lat = grid.lonlat()
    row, col = grid.fractional_index(lon, lat)
    np.testing.assert_allclose(row[:, 0], np.arange(grid.n_row), atol=1e-6)
    np.testing.assert_allclose(col[0], np.arange(grid.n_col), atol=1e-6)


def test_vn2000_is_not_taken_for_wgs84() -> None:
    """The two datums lie some 200 m apart here."""
    wgs84 = Grid.from_lonlat_box(103.4, 9.3, 105.5, 10.5, crs="EPSG:4326", cell_size=0.01)
    vn2000 = Grid("EPSG:4756", wgs84.transform, wgs84.shape)
    lon, lat = vn2000.lonlat(slice(100, 101))
    x, y = Transformer.from_crs(4756, 4326, always_xy=True).transform(
        wgs84.x, wgs84.y[[100] * wgs84.n_col]
    )
    _, _, off_m = GEOD.inv(x, y, lon[0], lat[0])
    assert off_m.max() < 1.5  # two published datum shifts, each good to a metre
    assert np.abs(np.diff(off_m)).max() > 0.1  # PROJ changes from one to the other on the way ...
    assert np.abs(np.diff(lon[0], 2)).max() < 1e-10  # ... a grid does not
    _, _, shift_m = GEOD.inv(wgs84.x, wgs84.y[[100] * wgs84.n_col], lon[0], lat[0])
    assert 50.0 < shift_m.mean() < 400.0


def test_area_of_a_geographic_grid_is_geodesic() -> None:
    lon = np.linspace(103.0, 106.0, 3001)
    area, _ = GEOD.polygon_area_perimeter(
        np.concatenate([lon, lon[::-1]]), np.repeat([9.0, 11.0], 3001)
    )
    assert DELTA.cell_area_km2().sum() == pytest.approx(1e-6 * abs(area), rel=1e-6)


def test_area_of_a_projected_grid_is_true_area() -> None:
    grid = Grid("EPSG:32648", (2000.0, 0.0, 3e5, 0.0, -2000.0, 1.3e6), (60, 80))
    area = grid.cell_area_km2()
    west, south, east, north = grid.bounds
    along = np.linspace(0.0, 1.0, 4001)
    x = np.interp(along, [0.0, 0.25, 0.5, 0.75, 1.0], [west, east, east, west, west])
    y = np.interp(along, [0.0, 0.25, 0.5, 0.75, 1.0], [south, south, north, north, south])
    lon, lat = grid.to_lonlat(x, y)
    true_km2 = 1e-6 * abs(GEOD.polygon_area_perimeter(lon, lat)[0])
    assert area.sum() == pytest.approx(true_km2, rel=5e-6)
    assert area.shape == grid.shape
    thin = Grid("EPSG:32648", (2000.0, 0.0, 3e5, 0.0, -2000.0, 1.3e6), (1, 80))
    np.testing.assert_allclose(thin.cell_area_km2()[0], area[0], rtol=1e-7)


def test_area_in_feet_is_converted() -> None:
    metres = Grid("EPSG:32648", (2000.0, 0.0, 3e5, 0.0, -2000.0, 1.3e6), (5, 5))
    wkt = "+proj=utm +zone=48 +datum=WGS84 +units=ft"
    feet = Grid(wkt, tuple(v / 0.3048 for v in metres.transform), (5, 5))  # type: ignore[arg-type]
    np.testing.assert_allclose(feet.cell_area_km2(), metres.cell_area_km2(), rtol=1e-9)
    assert feet.cell_size_m() == pytest.approx(metres.cell_size_m())


def test_cell_size() -> None:
    north_m, east_m = DELTA.cell_size_m()
    assert (north_m, east_m) == pytest.approx((11060.8, 10964.0), rel=1e-4)


def test_box_is_covered_and_aligned() -> None:
    box = (103.4, 9.3, 105.55, 10.55)
    grid = Grid.from_lonlat_box(*box, crs="EPSG:32648", cell_size=500.0)
    west, south, east, north = grid.bounds
    assert all(v % 500.0 == 0.0 for v in (west, south, east, north))
    lon = np.linspace(box[0], box[2], 400)
    lat = np.linspace(box[1], box[3], 400)
    for x, y in ((lon, np.full(400, box[1])), (lon, np.full(400, box[3])), (lon[[0] * 400], lat)):
        row, col = grid.fractional_index(x, y)
        assert -0.5 <= row.min() <= row.max() <= grid.n_row - 0.5
        assert -0.5 <= col.min() <= col.max() <= grid.n_col - 0.5


def test_box_on_cell_edges_takes_no_further_cell() -> None:
    grid = Grid.from_lonlat_box(103.4, 9.3, 105.5, 10.5, crs="EPSG:4326", cell_size=0.1)
    assert grid.shape == (12, 21)


def test_grid_across_the_antimeridian() -> None:
    grid = Grid.from_lonlat_box(179.0, 9.0, 181.0, 11.0, crs="EPSG:4326", cell_size=0.1)
    east = grid.fractional_index(-179.5, 10.0)
    assert [float(v) for v in east] == pytest.approx([9.5, 14.5])
    assert grid.bounds_lonlat() == pytest.approx((179.0, 9.0, 181.0, 11.0))
    utm = Grid("EPSG:32660", (1000.0, 0.0, 700e3, 0.0, -1000.0, 1e6), (200, 200))
    west, _, east_deg, _ = utm.bounds_lonlat()
    assert west < 180.0 < east_deg


@pytest.mark.parametrize(
    ("crs", "transform", "shape", "message"),
    [
        ("EPSG:4326", (0.0, 0.0, 103.0, 0.0, -1.0, 11.0), (2, 2), "cell size 0.0"),
        ("EPSG:4326", (-1.0, 0.0, 103.0, 0.0, -1.0, 11.0), (2, 2), "must be above zero"),
        ("EPSG:4326", (1.0, 0.0, 103.0, 0.0, 1.0, 11.0), (2, 2), "north to south"),
        ("EPSG:4326", (1.0, 0.1, 103.0, 0.0, -1.0, 11.0), (2, 2), "not north-up"),
        ("EPSG:4326", (float("nan"), 0.0, 103.0, 0.0, -1.0, 11.0), (2, 2), "not north-up"),
        ("EPSG:4326", NORTH_UP, (0, 2), "holds nothing"),
        ("EPSG:4326", (1.0, 0.0, 103.0, 0.0, -1.0, 91.0), (10, 2), "reach a pole"),
        ("EPSG:4326", (1.0, 0.0, 0.0, 0.0, -1.0, 11.0), (2, 400), "leave the globe"),
        ("EPSG:3031", (1e5, 0.0, -5e5, 0.0, -1e5, 5e5), (10, 10), "reach a pole"),
        ("EPSG:32648", (1e8, 0.0, -5e9, 0.0, -1e5, 5e5), (10, 10), "lie outside EPSG:32648"),
        ("EPSG:999999", NORTH_UP, (2, 2), "unknown coordinate system"),
        ("EPSG:5703", NORTH_UP, (2, 2), "no place on Earth"),
    ],
)
def test_what_cannot_be_a_grid(
    crs: str,
    transform: tuple[float, float, float, float, float, float],
    shape: tuple[int, int],
    message: str,
) -> None:
    with pytest.raises(TerrainError, match=message):
        Grid(crs, transform, shape)


@pytest.mark.parametrize(
    ("box", "crs", "cell_size", "message"),
    [
        ((103.0, 9.0, 105.0, 10.0), "EPSG:32648", 0.0, "must be above zero"),
        ((103.0, 9.0, 105.0, 10.0), "EPSG:32648", -500.0, "must be above zero"),
        ((103.0, 9.0, 105.0, 10.0), "EPSG:32648", float("nan"), "must be above zero"),
        ((103.0, 9.0, 105.0, 10.0), "EPSG:32648", 0.005, "units of EPSG:32648"),
        ((105.0, 9.0, 103.0, 10.0), "EPSG:32648", 500.0, "is empty"),
        ((103.0, 10.0, 105.0, 9.0), "EPSG:32648", 500.0, "is empty"),
        ((103.0, 9.0, 105.0, 10.0), "EPSG:999999", 500.0, "unknown coordinate system"),
        ((103.0, 9.0, 105.0, 10.0), "EPSG:4326", 500.0, "is geographic, give degrees"),
    ],
)
def test_what_cannot_be_a_box(
    box: tuple[float, float, float, float], crs: str, cell_size: float, message: str
) -> None:
    with pytest.raises(TerrainError, match=message):
        Grid.from_lonlat_box(*box, crs=crs, cell_size=cell_size)
