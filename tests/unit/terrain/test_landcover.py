"""Class tables and class rasters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from terrain.errors import MissingTerrainError, TerrainError
from terrain.grid import Grid
from terrain.landcover import NOTHING, clutter_heights, read_aligned, read_classes

from .conftest import MakeRaster

HEADER = "class_code,class_name,representative_height_m,source,confidence\n"


def test_worldcover_is_the_planners_table() -> None:
    classes = read_classes("esa_worldcover")
    assert classes == {
        10: 15.0, 20: 0.0, 30: 0.0, 40: 0.0, 50: 15.0, 60: 0.0, 70: 0.0, 80: 0.0, 90: 0.0,
        95: 15.0, 100: 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("table", ["esa_worldcover", "corine", "globcover"])
def test_built_in_tables_agree_with_the_reference(table: str, shared: Path) -> None:
    import csv

    names = {"esa_worldcover": "ESA WorldCover", "corine": "CORINE", "globcover": "GlobCover"}
    classes = read_classes(table)
    with (shared / "standards" / "clutter_mapping.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] == names[table]]
    assert rows
    for row in rows:
        first, _, last = row["class_code"].partition("-")
        for code in range(int(first), int(last or first) + 1):
            assert classes[code] == float(row["R_m"]), (table, code)


def test_every_built_in_row_says_where_it_comes_from() -> None:
    import csv
    from importlib import resources

    for path in ("esa_worldcover.csv", "corine.csv", "globcover.csv", "elevation_products.csv"):
        text = resources.files("terrain").joinpath(f"data/{path}").read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            assert row["source"], row
            assert row["confidence"], row


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + "1-3,rice,0,me,ASSUMED\n7,nhà cửa,8.5,me,ASSUMED\n", encoding="utf-8")
    assert read_classes(path) == {1: 0.0, 2: 0.0, 3: 0.0, 7: 8.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("code,height\n1,2\n", r"mine.csv: column 'class_code' is missing"),
        (HEADER, r"mine.csv: no classes"),
        (HEADER + "1,a,2,s,c\nx,b,3,s,c\n", r"mine.csv:3: .*'x'"),
        (HEADER + "1,a,tall,s,c\n", r"mine.csv:2: .*'tall'"),
        (HEADER + "1\n", r"mine.csv:2: "),
        (HEADER + "1,a,-2,s,c\n", r"mine.csv:2: clutter height -2.0 m is not within 0..100"),
        (HEADER + "1-4,a,2,s,c\n3,b,2,s,c\n", r"mine.csv:3: class 3 twice"),
        (HEADER + "5-2,a,2,s,c\n", r"mine.csv:2: no class in '5-2'"),
    ],
)
def test_broken_tables_are_named_by_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TerrainError, match=message):
        read_classes(path)


def test_unknown_table_and_encoding(tmp_path: Path) -> None:
    with pytest.raises(MissingTerrainError, match="no such class table; name a CSV file or one of"):
        read_classes("modis")
    path = tmp_path / "latin.csv"
    path.write_bytes((HEADER + "1,Forêt,15,s,c\n").encode("latin-1"))
    with pytest.raises(TerrainError, match="not UTF-8"):
        read_classes(path)


@pytest.mark.parametrize("far", [20, 5_000_000])
def test_classes_become_heights(far: int) -> None:
    codes = np.array([[10, 50], [NOTHING, far]], np.int32)
    got = clutter_heights(codes, {10: 15.0, 50: 10.0, far: 2.0}, "lc.tif")
    assert got.dtype == np.float32
    assert got.tolist() == [[15.0, 10.0], [0.0, 2.0]]


def test_classes_without_a_height_are_named_with_their_count() -> None:
    codes = np.array([10, 11, 11, 12, NOTHING], np.int32)
    with pytest.raises(TerrainError, match=r"lc.tif: .*: 11 \(2 cells\), 12 \(1 cells\); add them"):
        clutter_heights(codes, {10: 15.0}, "lc.tif")


def test_the_commonest_class_of_a_finer_raster_counts(make_raster: MakeRaster) -> None:
    grid = Grid("EPSG:4326", (0.05, 0.0, 104.0, 0.0, -0.05, 11.0), (2, 3))
    fine = np.full((10, 20), 40, np.uint8)  # covers two columns of three, and two more
    fine[:5, :5] = 10
    fine[2, 2] = 50
    fine[5:, :5] = 0
    path = make_raster(fine[:, :10], "fine.tif", nodata=0)
    codes = read_aligned(path, grid)
    assert codes.tolist() == [[10, 40, NOTHING], [NOTHING, 40, NOTHING]]


def test_a_coarser_raster_in_another_system_is_read_nearest(make_raster: MakeRaster) -> None:
    utm = Grid.from_lonlat_box(103.9, 10.4, 104.7, 11.1, crs="EPSG:32648", cell_size=10e3)
    codes = np.arange(utm.n_row * utm.n_col, dtype=np.int16).reshape(utm.shape)
    path = make_raster(codes, "lc.tif", transform=utm.transform, crs="EPSG:32648")
    grid = Grid("EPSG:4326", (0.01, 0.0, 104.0, 0.0, -0.01, 11.0), (50, 50))
    got = read_aligned(path, grid)
    lon, lat = grid.lonlat()
    row, col = utm.fractional_index(lon, lat)
    i, j = np.rint(row).astype(int), np.rint(col).astype(int)
    inner = (np.abs(row - i) < 0.37) & (np.abs(col - j) < 0.37)  # GDAL's place is good to 1/8 cell
    assert inner.mean() > 0.4
    np.testing.assert_array_equal(got[inner], codes[i, j][inner])


def test_tiles_of_land_cover(make_raster: MakeRaster) -> None:
    grid = Grid("EPSG:4326", (0.01, 0.0, 104.0, 0.0, -0.01, 11.0), (4, 8))
    west = make_raster(np.full((4, 4), 10, np.uint8), "w.tif", nodata=0)
    east = make_raster(
        np.full((4, 4), 50, np.uint8), "e.tif", nodata=0,
        transform=(0.01, 0.0, 104.04, 0.0, -0.01, 11.0),
    )  # fmt: skip
    assert read_aligned([west, east], grid)[0].tolist() == [10] * 4 + [50] * 4


def test_heights_are_no_classes(make_raster: MakeRaster) -> None:
    grid = Grid("EPSG:4326", (0.01, 0.0, 104.0, 0.0, -0.01, 11.0), (4, 4))
    with pytest.raises(TerrainError, match="float32 values are no class codes"):
        read_aligned(make_raster(np.ones((4, 4), np.float32)), grid)
