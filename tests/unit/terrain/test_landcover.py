"""Class tables and class rasters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from terrain.errors import MissingTerrainError, TerrainError
from terrain.grid import Grid
from terrain.landcover import (
    BUILT_IN,
    NOTHING,
    count_classes,
    read_aligned,
    read_class_table,
    read_classes,
    read_clutter,
)

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

    for name in (*BUILT_IN, "elevation_products"):
        text = resources.files("terrain").joinpath(f"data/{name}.csv").read_text(encoding="utf-8")
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


TEN = Grid("EPSG:4326", (0.1, 0.0, 104.0, 0.0, -0.1, 11.0), (2, 3))
EVERYWHERE = np.ones(TEN.shape, bool)


@pytest.mark.parametrize("far", [20, 5_000_000])
def test_classes_become_heights(make_raster: MakeRaster, far: int) -> None:
    codes = np.array([[10, 50, 10], [-9, far, 0]], np.int32)
    path = make_raster(codes, "lc.tif", transform=TEN.transform, nodata=-9)
    got = read_clutter(path, TEN, {10: 15.0, 50: 10.0, far: 2.0}, EVERYWHERE)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, [[15.0, 10.0, 15.0], [np.nan, 2.0, np.nan]])


def test_classes_without_a_height_are_named_with_their_land_cells(make_raster: MakeRaster) -> None:
    codes = np.array([[10, 11, 11], [12, 13, 0]], np.uint8)
    path = make_raster(codes, "lc.tif", transform=TEN.transform)
    on_land = codes != 13
    with pytest.raises(TerrainError, match=r"lc.tif: .*: 11 \(2 cells\), 12 \(1 cells\); add them"):
        read_clutter(path, TEN, {10: 15.0}, on_land)


def test_a_class_that_is_rarer_than_half_a_cell_is_missed_nowhere(make_raster: MakeRaster) -> None:
    codes = np.full((20, 30), 40, np.uint8)
    codes[3, 4] = codes[3, 14] = 41  # one pixel of a hundred, in two cells of six
    path = make_raster(codes, "lc.tif")
    with pytest.raises(TerrainError, match=r"41 \(2 cells\)"):
        read_clutter(path, TEN, {40: 0.0}, EVERYWHERE)


@pytest.mark.parametrize("dtype", ["uint32", "int64", "uint64"])
def test_codes_that_need_many_bits_keep_their_number(make_raster: MakeRaster, dtype: str) -> None:
    path = make_raster(np.full((2, 3), 3_000_000_000, dtype), "lc.tif", transform=TEN.transform)
    with pytest.raises(TerrainError, match=r": 3000000000 \(6 cells\)"):
        read_clutter(path, TEN, {10: 15.0}, EVERYWHERE)


@pytest.mark.parametrize("step", [0.01, -0.01], ids=["south_up", "north_up"])
def test_rasters_that_are_stored_otherwise(make_raster: MakeRaster, step: float) -> None:
    codes = np.full((20, 30), 40, np.uint8)
    codes[:10] = 10
    top = 11.0 if step < 0.0 else 10.8
    path = make_raster(codes, "lc.tif", transform=(0.01, 0.0, 104.0, 0.0, step, top))
    got = read_clutter(path, TEN, read_classes("esa_worldcover"), EVERYWHERE)
    expected = [[15.0] * 3, [0.0] * 3]
    np.testing.assert_allclose(got, expected if step < 0.0 else expected[::-1], atol=1e-5)
    turned = make_raster(codes, "t.tif", transform=(0.01, 0.004, 103.9, 0.004, -0.01, 11.0))
    assert np.isfinite(read_clutter(turned, TEN, {10: 15.0, 40: 0.0}, EVERYWHERE)).any()


def test_tiles_across_the_antimeridian(make_raster: MakeRaster) -> None:
    grid = Grid("EPSG:4326", (0.1, 0.0, 179.6, 0.0, -0.1, -16.0), (4, 8))
    west = make_raster(
        np.full((40, 40), 10, np.uint8), "w.tif", transform=(0.01, 0.0, 179.6, 0.0, -0.01, -16.0)
    )
    east = make_raster(
        np.full((40, 40), 50, np.uint8), "e.tif", transform=(0.01, 0.0, -180.0, 0.0, -0.01, -16.0)
    )
    got = read_clutter([west, east], grid, {10: 15.0, 50: 8.0}, np.ones(grid.shape, bool))
    np.testing.assert_allclose(got, np.tile([15.0] * 4 + [8.0] * 4, (4, 1)), atol=1e-5)
    assert count_classes([west, east], grid.bounds_lonlat()) == {10: 1600, 50: 1600}


def test_land_cover_of_another_area_is_nothing(make_raster: MakeRaster) -> None:
    path = make_raster(
        np.full((20, 20), 10, np.uint8), "utm.tif", crs="EPSG:32610",
        transform=(500.0, 0.0, 5e5, 0.0, -500.0, 5.5e6),
    )  # fmt: skip
    assert np.isnan(read_clutter(path, TEN, {10: 15.0}, EVERYWHERE)).all()
    assert count_classes(path, (104.0, 10.8, 104.3, 11.0)) == {}


def test_the_table_that_fits_is_named(make_raster: MakeRaster) -> None:
    path = make_raster(np.full((2, 3), 311, np.int16), "lc.tif", transform=TEN.transform)
    with pytest.raises(TerrainError, match=r"311 \(6 cells\).*that they are of \(corine\?\)"):
        read_clutter(path, TEN, read_classes("esa_worldcover"), EVERYWHERE)


def test_finer_classes_count_by_their_share_of_a_cell(make_raster: MakeRaster) -> None:
    codes = np.full((20, 30), 40, np.uint8)
    codes[:10, :3] = 10  # 30 % of the first cell
    codes[:5, 10:20] = 0  # half of the second has no class: the other half counts for it
    codes[5:10, 10:15] = 50
    codes[10:, :10] = 0  # nothing at all
    path = make_raster(codes, "lc.tif")
    got = read_clutter(path, TEN, read_classes("esa_worldcover"), EVERYWHERE)
    np.testing.assert_allclose(got, [[4.5, 7.5, 0.0], [np.nan, 0.0, 0.0]], atol=1e-5)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 7))
@settings(deadline=None, max_examples=25)
def test_shares_keep_the_mean_height_of_the_area(
    tmp_path_factory: pytest.TempPathFactory, seed: int, n: int
) -> None:
    import rasterio

    heights = {1: 0.0, 2: 10.0, 3: 15.0, 4: 20.0}
    codes = np.random.default_rng(seed).integers(1, 5, (2 * n, 3 * n)).astype(np.uint8)
    path = tmp_path_factory.mktemp("lc") / "lc.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=2 * n, width=3 * n, count=1, dtype="uint8",
        crs="EPSG:4326", transform=Affine(0.1 / n, 0.0, 104.0, 0.0, -0.1 / n, 11.0),
    ) as file:  # fmt: skip
        file.write(codes, 1)
    got = read_clutter(path, TEN, heights, EVERYWHERE)
    naive = np.vectorize(heights.get)(codes).reshape(2, n, 3, n).mean(axis=(1, 3))
    np.testing.assert_allclose(got, naive, atol=1e-4)


@pytest.mark.parametrize("n", [1, 50, 1000])
def test_bands_change_nothing(
    make_raster: MakeRaster, monkeypatch: pytest.MonkeyPatch, n: int
) -> None:
    codes = np.random.default_rng(3).choice(np.array([0, 10, 40, 50], np.uint8), (97, 113))
    utm = Grid.from_lonlat_box(103.9, 10.0, 105.2, 11.1, crs="EPSG:32648", cell_size=4100.0)
    path = make_raster(codes, "lc.tif")
    classes, on_land = read_classes("esa_worldcover"), np.ones(utm.shape, bool)
    whole = read_clutter(path, utm, classes, on_land)
    assert np.isfinite(whole).sum() > 500
    monkeypatch.setattr("terrain.landcover._BAND_PIXELS", n)
    assert count_classes(path, (103.0, 9.0, 106.0, 12.0))[10] == (codes == 10).sum()
    np.testing.assert_allclose(read_clutter(path, utm, classes, on_land), whole, atol=0.02)


def test_counts_are_of_the_box(make_raster: MakeRaster) -> None:
    codes = np.full((20, 30), 40, np.uint8)
    codes[:, :10] = 10
    codes[:, 20:] = 7
    path = make_raster(codes, "lc.tif", nodata=7)
    assert count_classes(path, (104.05, 10.85, 104.15, 10.95)).keys() == {10, 40}
    assert count_classes(path, (10.0, 10.0, 11.0, 11.0)) == {}
    everything = count_classes([path, path], (103.0, 10.0, 105.0, 12.0))
    assert everything == {10: 400, 40: 400, NOTHING: 400}


def test_built_in_tables_of_the_delta_and_of_numbered_corine(shared: Path) -> None:
    import rasterio

    table = read_class_table("mekong_landuse")
    assert (table[18].height_m, table[14].height_m, table[6].height_m) == (15.0, 10.0, 0.0)
    assert table[102].confidence == "ASSUMED"
    with rasterio.open(
        shared / "data" / "mekong_landuse_500m" / "mekong_landuse_2015_500m.tif"
    ) as file:
        assert set(np.unique(file.read(1)).tolist()) - {0} == set(table)
    by_number, by_code = read_class_table("corine_44"), read_class_table("corine")
    assert len(by_number) == 44
    for number, one in by_number.items():
        code = int(one.name.removeprefix("CLC ").partition(":")[0])
        assert by_code[code].height_m == one.height_m, number
    assert [by_number[k].name[4:7] for k in (1, 12, 23, 44)] == ["111", "211", "311", "523"]


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
    path = make_raster(np.ones((4, 4), np.float32))
    with pytest.raises(TerrainError, match="float32 values are no class codes"):
        read_aligned(path, grid)
    with pytest.raises(TerrainError, match="float32 values are no class codes"):
        read_clutter(path, grid, {1: 0.0}, np.ones(grid.shape, bool))
    with pytest.raises(TerrainError, match="float32 values are no class codes"):
        count_classes(path, (104.0, 10.0, 105.0, 11.0))
