"""Population on a receiving grid: nobody is lost, nobody is invented."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from terrain.errors import MissingTerrainError, TerrainError
from terrain.grid import WGS84, Grid
from terrain.ground import COASTAL, SEA, Ground
from terrain.population import (
    OUTSIDE_UNITS,
    first_lines,
    place_names,
    population_from_points,
    population_from_raster,
)
from terrain.units import read_units

UTM = Grid.from_lonlat_box(104.8, 9.8, 105.2, 10.2, crs="EPSG:32648", cell_size=500.0)
HEADER = "name,unit,lat_deg,lon_deg,persons,area_ha\n"


def table(folder: Path, text: str) -> Path:
    path = folder / "places.csv"
    path.write_text(text, encoding="utf-8")
    return path


def raster(
    path: Path,
    persons: NDArray[np.generic],
    *,
    crs: str = "EPSG:4326",
    origin: tuple[float, float] = (104.7, 10.3),
    cell: float = 1.0 / 120.0,
    nodata: float | None = -99999.0,
) -> Path:
    import rasterio
    from affine import Affine

    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=persons.shape[0],
        width=persons.shape[1],
        count=1,
        dtype=persons.dtype,
        crs=crs,
        transform=Affine(cell, 0.0, origin[0], 0.0, -cell, origin[1]),
        nodata=nodata,
    ) as file:
        file.write(persons, 1)
    return path


def districts(folder: Path, *edges: float) -> Path:
    """Units side by side, from west to east, with borders that match no pixel's edge."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": f"unit {k}"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[w, 9.85], [e, 9.85], [e, 10.15], [w, 10.15], [w, 9.85]]],
            },
        }
        for k, (w, e) in enumerate(itertools.pairwise(edges))
    ]
    path = folder / "districts.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def half_sea() -> Ground:
    """Ground that is sea west of 105 degrees east."""
    grid = Grid.from_lonlat_box(104.5, 9.5, 105.5, 10.5, crs="EPSG:4326", cell_size=0.002)
    zone = np.where(grid.x < 105.0, SEA, COASTAL).astype(np.uint8)
    flat = np.zeros(grid.shape, np.float32)
    return Ground(grid, flat, np.tile(zone, (grid.n_row, 1)), flat)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32648", "EPSG:3857"])
def test_raster_of_any_system_keeps_every_person(tmp_path: Path, crs: str) -> None:
    rng = np.random.default_rng(5)
    persons = rng.gamma(0.3, 200.0, (60, 70)).astype(np.float32)
    persons[rng.random(persons.shape) < 0.2] = -99999.0
    persons[3, 4] = np.nan
    origin, cell = {
        "EPSG:4326": ((104.7, 10.3), 1.0 / 120.0),
        "EPSG:32648": ((467_000.0, 1_139_000.0), 930.0),
        "EPSG:3857": ((11_655_000.0, 1_155_000.0), 940.0),
    }[crs]
    path = raster(tmp_path / "p.tif", persons, crs=crs, origin=origin, cell=cell)
    units = read_units(districts(tmp_path, 104.9011, 105.0007, 105.1013))
    found = population_from_raster(path, UTM, units=units, ground=half_sea())
    expected = persons[persons > 0.0].astype(np.float64).sum()
    assert found.total == pytest.approx(expected, rel=1e-9)
    assert found.matrix.sum() + found.outside.sum() == pytest.approx(expected, rel=1e-9)
    assert found.units == ("unit 0", "unit 1", OUTSIDE_UNITS)
    assert (found.by_unit > 0.0).all()
    assert found.outside[2] > 0.0


def test_pixel_is_shared_by_area(tmp_path: Path) -> None:
    """A pixel over 16 cells and over the grid's edge gives each its exact share."""
    persons = np.array([[1000.0]])
    path = raster(
        tmp_path / "p.tif", persons, crs="EPSG:32648", origin=(500_000.0, 1_101_000.0), cell=1000.0
    )
    grid = Grid("EPSG:32648", (250.0, 0.0, 500_200.0, 0.0, -250.0, 1_101_000.0), (4, 4))
    found = population_from_raster(path, grid)
    assert found.outside[0] == pytest.approx(200.0, abs=1e-9)
    cells = found.matrix.toarray().reshape(4, 4)
    # The last column ends 200 m beyond the pixel: 50 of its 250 m hold people.
    np.testing.assert_allclose(cells[:, :3], 1000.0 / 16.0, rtol=1e-9)
    np.testing.assert_allclose(cells[:, 3], 1000.0 / 80.0, rtol=1e-9)


def test_coarse_pixels_leave_no_cell_empty(tmp_path: Path) -> None:
    persons = np.full((4, 4), 1e4)
    path = raster(
        tmp_path / "p.tif",
        persons,
        crs="EPSG:32648",
        origin=(480_000.0, 1_120_000.0),
        cell=10_000.0,
    )
    grid = Grid("EPSG:32648", (500.0, 0.0, 480_000.0, 0.0, -500.0, 1_120_000.0), (80, 80))
    cells = population_from_raster(path, grid).matrix.toarray()
    np.testing.assert_allclose(cells, 16e4 / 6400.0, rtol=1e-9)


def test_wrong_nodata_can_be_replaced(tmp_path: Path) -> None:
    persons = np.array([[10.0, 255.0], [20.0, 30.0]])
    path = raster(tmp_path / "p.tif", persons, nodata=None)
    assert population_from_raster(path, UTM, nodata=255.0).total == pytest.approx(60.0, rel=1e-12)


@pytest.mark.parametrize(
    ("persons", "message"),
    [
        (np.array([[5.0, -3.0]]), "1 pixels have negative persons"),
        (np.array([[0.0, -99999.0]]), "nobody lives in this raster"),
    ],
)
def test_impossible_rasters_are_refused(
    tmp_path: Path, persons: NDArray[np.float64], message: str
) -> None:
    with pytest.raises(TerrainError, match=message):
        population_from_raster(raster(tmp_path / "p.tif", persons), UTM)


def test_places_without_area_stand_in_one_cell(tmp_path: Path) -> None:
    path = table(tmp_path, HEADER + "Rạch Giá,Rạch Giá,10.012,105.081,227500,\n")
    found = population_from_points(path, UTM)
    assert found.units == ("Rạch Giá",)
    assert found.is_approximate
    cells = found.matrix.toarray().reshape(UTM.shape)
    row, col = np.argwhere(cells)[0]
    lon, lat = UTM.lonlat()
    _, _, distance = WGS84.inv(105.081, 10.012, lon[row, col], lat[row, col])
    assert cells.sum() == 227500.0
    assert distance < 360.0


def test_area_spreads_evenly_over_a_disc(tmp_path: Path) -> None:
    path = table(tmp_path, HEADER + "An Bình,A,10.0,105.0,6100,31415.93\n")  # radius 10 km
    found = population_from_points(path, UTM)
    cells = found.matrix.toarray().reshape(UTM.shape)
    lon, lat = UTM.lonlat()
    start = np.full(lon.shape, 105.0), np.full(lon.shape, 10.0)
    azimuth, _, distance = WGS84.inv(*start, lon, lat)
    assert distance[cells > 0].max() < 10_500.0
    # Half the area, half the people; every quarter of the compass its quarter.
    assert cells[distance < 10_000.0 / np.sqrt(2.0)].sum() == pytest.approx(3050.0, rel=0.1)
    for west in (-180.0, -90.0, 0.0, 90.0):
        quarter = (azimuth >= west) & (azimuth < west + 90.0)
        assert cells[quarter].sum() == pytest.approx(1525.0, rel=0.15)
    assert found.total == pytest.approx(6100.0, rel=1e-12)


def test_people_keep_to_land_and_islanders_stay_at_sea(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        HEADER + "shore,A,10.0,105.0,1000,2000\n"
        "islet,B,10.0,104.85,50,\n"
        "atoll,B,10.1,104.85,70,300\n",
    )
    found = population_from_points(path, UTM, ground=half_sea())
    np.testing.assert_allclose(found.at_sea, [0.0, 120.0], rtol=1e-12)
    np.testing.assert_allclose(found.by_unit, [1000.0, 120.0], rtol=1e-12)
    cells = found.matrix.toarray()[0].reshape(UTM.shape)
    lon, _ = UTM.lonlat()
    assert cells[lon < 104.997].sum() == 0.0


def test_places_by_name(tmp_path: Path) -> None:
    rows = "An,East,10.0,105.0,100,\nAn,West,10.0,104.9,50,\nBình,West,10.0,104.91,20,\n"
    path = table(tmp_path, HEADER + rows)
    assert place_names(path) == {"East/An": "East", "West/An": "West", "Bình": "West"}
    assert first_lines(path) == {"East": 2, "West": 3}
    by_unit = population_from_points(path, UTM)
    by_place = population_from_points(path, UTM, by_place=True)
    assert by_place.units == ("East/An", "West/An", "Bình")
    west = by_place.matrix[[1]] + by_place.matrix[[2]]
    np.testing.assert_array_equal(west.toarray(), by_unit.matrix[[1]].toarray())


def test_people_beyond_the_grid_are_counted_apart(tmp_path: Path) -> None:
    path = table(tmp_path, HEADER + "a,A,10.0,105.0,10,\nb,A,12.0,105.0,7,\nc,,10.0,105.0,3,\n")
    found = population_from_points(path, UTM)
    assert found.units == ("A", OUTSIDE_UNITS)
    np.testing.assert_array_equal(found.outside, [7.0, 0.0])
    assert found.total == 20.0


def test_served_weights_cells_and_takes_nan_for_nothing(tmp_path: Path) -> None:
    path = table(tmp_path, HEADER + "a,A,10.0,104.9,10,\nb,B,10.0,105.1,30,\n")
    found = population_from_points(path, UTM)
    lon, _ = UTM.lonlat()
    np.testing.assert_array_equal(found.served(lon < 105.0), [10.0, 0.0])
    np.testing.assert_allclose(found.served(np.full(UTM.shape, 0.25)), [2.5, 7.5])
    np.testing.assert_array_equal(found.served(np.where(lon < 105.0, np.nan, 1.0)), [0.0, 30.0])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,A,ten,105.0,10,", r"places\.csv:3: .*'ten'"),
        ("a,A,10.0,105.0,-5,", r"places\.csv:3: a: .* check the row"),
        ("a,A,10.0,105.0,nan,", r"places\.csv:3: a: .* check the row"),
        ("a,A,105.0,10.0,5,", r"places\.csv:3: a: position"),
        ("a,A,10.0,105.0,5,-1", r"places\.csv:3: a: "),
        ("a,A,10.0", r"places\.csv:3: "),
        ("a", r"places\.csv:3: "),
    ],
)
def test_broken_rows_are_named_by_line(tmp_path: Path, row: str, message: str) -> None:
    path = table(tmp_path, HEADER + "ok,A,10.0,105.0,1,\n" + row + "\n")
    with pytest.raises(TerrainError, match=message):
        population_from_points(path, UTM)


def test_tables_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TerrainError, match="column 'persons' is missing"):
        population_from_points(table(tmp_path, "name,unit,lat_deg,lon_deg\n"), UTM)
    with pytest.raises(TerrainError, match="no places"):
        population_from_points(table(tmp_path, HEADER), UTM)
    with pytest.raises(MissingTerrainError, match="no such file"):
        population_from_points(tmp_path / "none.csv", UTM)
    path = tmp_path / "latin.csv"
    path.write_bytes((HEADER + "Đà,A,10,105,1,\n").encode("utf-16"))
    with pytest.raises(TerrainError, match="not UTF-8"):
        population_from_points(path, UTM)


def test_worldpop_on_the_districts(shared: Path) -> None:
    """Conserved to 1e-9 in all; by district, near the exact areas and the reference table.

    The table split each pixel 10 x 10, which errs by up to 0.21 % of a district against exact areas.
    """
    import csv

    import rasterio
    import shapely

    folder = shared / "data" / "kien_giang_population"
    path = folder / "worldpop_2020_1km_unadj.tif"
    units = read_units(
        shared / "data" / "kien_giang_boundaries" / "kien_giang_districts_pre2025.geojson"
    )
    grid = Grid.from_lonlat_box(103.4, 9.2, 105.6, 10.6, crs="EPSG:32648", cell_size=500.0)
    found = population_from_raster(path, grid, units=units)
    with rasterio.open(path) as file:
        raw = file.read(1).astype(np.float64)
        grid_of = file.transform
    assert found.total == pytest.approx(raw[raw > 0.0].sum(), rel=1e-9)
    assert found.outside[:-1].sum() == 0.0
    with (folder / "districts_population_worldpop2020.csv").open(encoding="utf-8") as file:
        reference = {row["name"]: float(row["worldpop_2020_unadj"]) for row in csv.DictReader(file)}
    persons = dict(zip(found.units, found.by_unit, strict=True))
    row, col = np.nonzero(raw > 0.0)
    cell, left, top = grid_of.a, grid_of.c, grid_of.f
    pixels = shapely.box(
        left + cell * col, top - cell * (row + 1), left + cell * (col + 1), top - cell * row
    )
    for name, unit in zip(units.names, units.shapes, strict=True):
        near = np.flatnonzero(shapely.intersects(pixels, unit))
        shares = shapely.area(shapely.intersection(pixels[near], unit)) / cell**2
        exact = (raw[row, col][near] * shares).sum()
        assert persons[name] == pytest.approx(exact, rel=2e-3), name
        assert persons[name] == pytest.approx(reference[name], rel=4e-3), name
    total = sum(persons[name] for name in reference)
    assert total == pytest.approx(sum(reference.values()), rel=3e-4)
