"""Rasters of every layout that GDAL reads become one mosaic of heights and states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from terrain.decode import DATA, NO_FILE, NODATA
from terrain.errors import MissingTerrainError, TerrainError
from terrain.grid import Grid
from terrain.raster import elevation_grid, open_raster, raster_grid, read_elevation

from .conftest import MakeRaster

NORTH_UP = (0.01, 0.0, 104.0, 0.0, -0.01, 11.0)


def plane(grid: Grid) -> np.ndarray:
    """Heights that rise by 100 m per degree of latitude and 300 m per degree of longitude."""
    lon, lat = grid.lonlat()
    return 300.0 * (lon - 103.0) + 100.0 * (lat - 9.0)


@pytest.mark.parametrize("dtype", ["int16", "uint16", "int32", "float32", "float64"])
def test_any_number_type(make_raster: MakeRaster, dtype: str) -> None:
    values = np.arange(30).reshape(5, 6).astype(dtype)
    values[2, 3] = 999
    relief = read_elevation(make_raster(values, nodata=999))
    assert relief.height_m.dtype == np.float32
    assert relief.state[2, 3] == NODATA
    assert (relief.state == DATA).sum() == 29
    np.testing.assert_array_equal(relief.height_m[relief.state == DATA], values[values != 999])
    assert np.isnan(relief.height_m[2, 3])
    assert relief.nodata == 999.0


def test_nan_and_a_tag_that_the_number_type_rounds(make_raster: MakeRaster) -> None:
    values = np.ones((3, 3), np.float32)
    values[0, 0], values[1, 1] = np.nan, -3.4028234663852886e38
    relief = read_elevation(make_raster(values, nodata=-3.4028234663852886e38))
    assert np.argwhere(relief.state == NODATA).tolist() == [[0, 0], [1, 1]]
    tagged = np.full((3, 3), 5.0, np.float32)
    tagged[2, 2] = np.float32(-9999.9)
    assert read_elevation(make_raster(tagged, nodata=-9999.9)).state[2, 2] == NODATA


def test_the_caller_overrules_the_tag(make_raster: MakeRaster) -> None:
    values = np.array([[0, 7], [55, 0]], np.int16)
    path = make_raster(values, nodata=0)
    assert (read_elevation(path).state == NODATA).sum() == 2
    relief = read_elevation(path, nodata=55)
    assert np.argwhere(relief.state == NODATA).tolist() == [[1, 0]]
    assert "Nodata is 55 as given." in relief.notes


def test_scale_offset_and_unit_give_metres(make_raster: MakeRaster) -> None:
    values = np.array([[100, 200], [300, -32768]], np.int16)
    scaled = read_elevation(make_raster(values, scale=0.1, offset=5.0, nodata=-32768))
    np.testing.assert_allclose(scaled.height_m[scaled.state == DATA], [15.0, 25.0, 35.0])
    assert any("times 0.1 plus 5" in note for note in scaled.notes)
    feet = read_elevation(make_raster(values, unit="ft", nodata=-32768))
    np.testing.assert_allclose(feet.height_m[0], [30.48, 60.96], rtol=1e-6)


def test_customary_void_codes_count_without_a_tag(make_raster: MakeRaster) -> None:
    values = np.full((20, 20), 12, np.int16)
    values[0, 0], values[5, 5] = -32768, -9999
    relief = read_elevation(make_raster(values))
    assert (relief.state == NODATA).sum() == 2
    assert any("2 cells hold -32768" in note for note in relief.notes)


def test_impossible_heights_are_set_aside_or_refused(make_raster: MakeRaster) -> None:
    values = np.full((20, 20), 12.0, np.float32)
    values[3, 3] = 31000.0
    relief = read_elevation(make_raster(values))
    assert relief.state[3, 3] == NODATA
    assert any("1 cells hold impossible heights (31000 m)" in note for note in relief.notes)
    with pytest.raises(TerrainError, match="are they in metres"):
        read_elevation(make_raster(values * 1000.0))


def test_hgt_tile(tmp_path: Path) -> None:
    """Big-endian, posts on whole degrees, void -32768."""
    posts = np.arange(1201, dtype=">i2")[None, :].repeat(1201, axis=0).copy()
    posts[600, 600] = -32768
    path = tmp_path / "N10E104.hgt"
    path.write_bytes(posts.tobytes())
    relief = read_elevation(path)
    assert relief.grid.shape == (1201, 1201)
    assert relief.grid.x[0] == pytest.approx(104.0, abs=1e-9)
    assert relief.grid.y[0] == pytest.approx(11.0, abs=1e-9)
    assert relief.state[600, 600] == NODATA
    np.testing.assert_array_equal(relief.height_m[0], np.arange(1201))


def test_vrt(make_raster: MakeRaster, tmp_path: Path) -> None:
    import rasterio.shutil

    values = np.arange(12, dtype=np.int16).reshape(3, 4)
    rasterio.shutil.copy(make_raster(values), tmp_path / "mosaic.vrt", driver="VRT")
    np.testing.assert_array_equal(read_elevation(tmp_path / "mosaic.vrt").height_m, values)


def test_mask_band(make_raster: MakeRaster) -> None:
    import rasterio

    path = make_raster(np.full((4, 4), 9, np.int16))
    mask = np.full((4, 4), 255, np.uint8)
    mask[1, 2] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        file.write_mask(mask)
    relief = read_elevation(path)
    assert np.argwhere(relief.state == NODATA).tolist() == [[1, 2]]


def test_more_rows_than_one_block(make_raster: MakeRaster) -> None:
    values = np.arange(2500 * 3, dtype=np.int32).reshape(2500, 3) % 4001
    path = make_raster(values, transform=(0.001, 0.0, 104.0, 0.0, -0.001, 11.0))
    np.testing.assert_array_equal(read_elevation(path).height_m, values)


def test_tiles_that_share_a_row_of_posts(make_raster: MakeRaster) -> None:
    """The first file that has a measurement holds; the second fills its void."""
    north = np.full((5, 4), 1, np.int16)
    north[4, 0] = -32768  # in the shared row
    south = np.full((5, 4), 2, np.int16)
    tiles = [
        make_raster(north, "n.tif", nodata=-32768),
        make_raster(south, "s.tif", nodata=-32768, transform=(0.01, 0.0, 104.0, 0.0, -0.01, 10.96)),
    ]
    relief = read_elevation(tiles)
    assert relief.grid.shape == (9, 4)
    np.testing.assert_array_equal(relief.height_m[4], [2, 1, 1, 1])
    assert (relief.state == DATA).all()
    np.testing.assert_array_equal(read_elevation(tiles[::-1]).height_m[4], [2, 2, 2, 2])


def test_a_gap_between_tiles_is_no_void(make_raster: MakeRaster) -> None:
    ones = np.ones((4, 4), np.int16)
    east = make_raster(ones, "e.tif", transform=(0.01, 0.0, 104.06, 0.0, -0.01, 10.98))
    relief = read_elevation([make_raster(ones, "w.tif"), east])
    assert relief.grid.shape == (6, 10)
    assert (relief.state[:4, :4] == DATA).all()
    assert (relief.state[2:, 6:] == DATA).all()
    assert (relief.state[:, 4:6] == NO_FILE).all()
    assert (relief.state == NO_FILE).sum() == 60 - 32


def test_a_tile_of_another_resolution_is_resampled(make_raster: MakeRaster) -> None:
    """Like GLO-30 above 50 degrees, where tiles have fewer columns."""
    first = Grid("EPSG:4326", NORTH_UP, (50, 50))
    second = Grid("EPSG:4326", (0.015, 0.0, 104.5, 0.0, -0.01, 11.0), (50, 40))
    values = plane(second).astype(np.float32)
    values[20:25, 10:20] = np.nan
    tiles = [
        make_raster(plane(first).astype(np.float32), "a.tif"),
        make_raster(values, "b.tif", transform=second.transform),
    ]
    relief = read_elevation(tiles)
    assert relief.grid.transform == NORTH_UP
    assert relief.grid.shape == (50, 110)
    assert any("b.tif lies on another lattice" in note for note in relief.notes)
    assert (relief.state == NO_FILE).sum() == 0
    assert (relief.state[20:25, 66:79] == NODATA).all()
    known = relief.state == DATA
    assert known.mean() > 0.98
    error = np.abs(relief.height_m - plane(relief.grid))[known]
    assert np.quantile(error, 0.95) < 0.01
    assert error.max() < 2.0  # half a coarse cell beside the void and the tile's edge


def test_a_tile_of_another_coordinate_system_is_resampled(make_raster: MakeRaster) -> None:
    first = Grid("EPSG:4326", NORTH_UP, (50, 50))
    utm = Grid.from_lonlat_box(104.5, 10.4, 105.0, 11.1, crs="EPSG:32648", cell_size=1000.0)
    tiles = [
        make_raster(plane(first).astype(np.float32), "a.tif"),
        make_raster(
            plane(utm).astype(np.float32), "b.tif", transform=utm.transform, crs="EPSG:32648"
        ),
    ]
    relief = read_elevation(tiles)
    assert relief.grid.crs == "EPSG:4326"
    inside = relief.state == DATA
    assert inside[30, 75]
    inside[:3] = inside[-3:] = inside[:, -3:] = False
    assert np.abs(relief.height_m - plane(relief.grid))[inside].max() < 0.5


@pytest.mark.parametrize(
    "transform",
    [
        (0.01, 0.0, 104.0, 0.0, 0.01, 10.7),
        (-0.01, 0.0, 104.4, 0.0, -0.01, 11.0),
        (-0.01, 0.0, 104.4, 0.0, 0.01, 10.7),
    ],
    ids=["south-up", "east-left", "both"],
)
def test_a_turned_raster_is_turned_back(
    make_raster: MakeRaster, transform: tuple[float, ...]
) -> None:
    values = np.arange(30 * 40, dtype=np.int16).reshape(30, 40)
    rows = slice(None, None, -1 if transform[4] > 0 else 1)
    cols = slice(None, None, -1 if transform[0] < 0 else 1)
    path = make_raster(values, transform=transform)
    relief = read_elevation(path)
    np.testing.assert_array_equal(relief.height_m, values[rows, cols])
    assert relief.grid.transform == pytest.approx(NORTH_UP)
    with open_raster(path) as source:
        assert raster_grid(source).shape == (30, 40)
        np.testing.assert_array_equal(source.read(1), values[rows, cols])


def test_a_rotated_raster_is_resampled(make_raster: MakeRaster) -> None:
    cos, sin = 500.0 * np.cos(np.pi / 6.0), 500.0 * np.sin(np.pi / 6.0)
    turned = (cos, sin, 5e5, sin, -cos, 1.2e6)
    col, row = np.meshgrid(np.arange(80) + 0.5, np.arange(60) + 0.5)
    x = cos * col + sin * row + 5e5
    y = sin * col - cos * row + 1.2e6
    values = (0.001 * (x - 4e5) + 0.002 * (y - 1.1e6)).astype(np.float32)
    relief = read_elevation(make_raster(values, transform=turned, crs="EPSG:32648"))
    xs, ys = np.meshgrid(relief.grid.x, relief.grid.y)
    known = relief.state == DATA
    assert 0.3 < known.mean() < 0.8
    error = np.abs(relief.height_m - (0.001 * (xs - 4e5) + 0.002 * (ys - 1.1e6)))[known]
    assert np.quantile(error, 0.95) < 0.01
    assert error.max() < 1.5


def test_only_the_window_is_read(make_raster: MakeRaster) -> None:
    whole_grid = Grid("EPSG:4326", NORTH_UP, (200, 300))
    path = make_raster(plane(whole_grid).astype(np.float32))
    box = (105.001, 10.001, 105.499, 10.499)
    relief = read_elevation(path, bounds_lonlat=box)
    assert relief.grid.shape == (52, 52)
    assert relief.grid == elevation_grid(path, bounds_lonlat=box)
    np.testing.assert_allclose(relief.height_m, plane(relief.grid), atol=1e-3)
    west, south, east, north = relief.grid.bounds
    assert west < box[0] and south < box[1] and east > box[2] and north > box[3]  # noqa: PT018


def test_a_window_across_the_antimeridian(make_raster: MakeRaster) -> None:
    grid = Grid("EPSG:4326", (0.01, 0.0, 179.0, 0.0, -0.01, 11.0), (100, 200))
    path = make_raster(np.indices(grid.shape)[1].astype(np.int16), transform=grid.transform)
    relief = read_elevation(path, bounds_lonlat=(-179.8, 10.2, -179.2, 10.8))
    assert relief.height_m[0, 0] == pytest.approx(119.0)
    assert relief.grid.fractional_index(-179.5, 10.5)[1] > 0.0


def test_a_cut_keeps_its_place(make_raster: MakeRaster) -> None:
    relief = read_elevation(make_raster(np.arange(100, dtype=np.int16).reshape(10, 10)))
    part = relief.cut(np.s_[2:5, 3:9])
    lon, lat = part.grid.lonlat()
    whole_lon, whole_lat = relief.grid.lonlat()
    np.testing.assert_allclose(lon, whole_lon[2:5, 3:9])
    np.testing.assert_allclose(lat, whole_lat[2:5, 3:9])
    np.testing.assert_array_equal(part.height_m, relief.height_m[2:5, 3:9])


def test_pixel_is_point_keeps_gdals_registration(make_raster: MakeRaster) -> None:
    area = read_elevation(make_raster(np.ones((3, 3), np.int16), "a.tif"))
    point = read_elevation(
        make_raster(np.ones((3, 3), np.int16), "p.tif", tags={"AREA_OR_POINT": "Point"})
    )
    assert point.grid.transform == pytest.approx(area.grid.transform)


def test_one_cell(make_raster: MakeRaster) -> None:
    relief = read_elevation(make_raster(np.array([[42]], np.int16)))
    assert relief.height_m.tolist() == [[42.0]]


def test_further_bands_are_not_heights(make_raster: MakeRaster) -> None:
    relief = read_elevation(make_raster(np.stack([np.ones((3, 3)), np.zeros((3, 3))])))
    assert (relief.height_m == 1.0).all()
    assert any("has 2 bands: the first was read" in note for note in relief.notes)


def test_missing_and_unreadable_files(make_raster: MakeRaster, tmp_path: Path) -> None:
    with pytest.raises(MissingTerrainError, match=r"nowhere.tif: no such file"):
        read_elevation(tmp_path / "nowhere.tif")
    with pytest.raises(TerrainError, match="a folder; name the raster files"):
        read_elevation(tmp_path)
    (tmp_path / "notes.tif").write_text("not a raster")
    with pytest.raises(TerrainError, match=r"notes.tif: not a raster that GDAL can read"):
        read_elevation(tmp_path / "notes.tif")
    with pytest.raises(TerrainError, match="no elevation raster given"):
        read_elevation([])
    cut_short = make_raster(np.zeros((500, 500), np.int16), "short.tif")
    cut_short.write_bytes(cut_short.read_bytes()[:300])
    with pytest.raises(TerrainError, match=r"short.tif"):
        read_elevation(cut_short)


@pytest.mark.parametrize(
    ("options", "dtype", "message"),
    [
        ({"crs": None}, "int16", "no coordinate system"),
        ({"transform": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)}, "int16", "no place"),
        ({"unit": "fathom"}, "int16", "heights in 'fathom'"),
        ({}, "complex64", "complex numbers are not heights"),
        ({"nodata": 1}, "int16", "nothing but nodata"),
        ({"transform": (0.01, 0.0, 104.0, 0.0, -0.01, 96.0)}, "int16", "reach a pole"),
    ],
)
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_rasters_that_cannot_be_elevation(
    make_raster: MakeRaster, options: dict[str, object], dtype: str, message: str
) -> None:
    with pytest.raises(TerrainError, match=message):
        read_elevation(make_raster(np.ones((3, 3), dtype), **options))


def test_a_picture_is_not_elevation(make_raster: MakeRaster) -> None:
    path = make_raster(np.zeros((3, 4, 4), np.uint8), photometric="RGB")
    with pytest.raises(TerrainError, match="a picture with 3 bands, not heights"):
        read_elevation(path)


def test_an_area_that_the_files_do_not_reach(make_raster: MakeRaster) -> None:
    path = make_raster(np.ones((10, 10), np.int16))
    with pytest.raises(
        MissingTerrainError, match=r"does not reach the area 107\.000\.\.108\.000 E"
    ):
        read_elevation(path, bounds_lonlat=(107.0, 10.0, 108.0, 11.0))


def test_tiles_on_both_sides_of_the_antimeridian(make_raster: MakeRaster) -> None:
    """They are one mosaic two tiles wide, whichever comes first."""
    step = 0.25
    west = make_raster(
        np.full((4, 4), 1.0, np.float32), "w.tif", transform=(step, 0, 179.0, 0, -step, -16.0)
    )
    east = make_raster(
        np.full((4, 4), 2.0, np.float32), "e.tif", transform=(step, 0, -180.0, 0, -step, -16.0)
    )
    for files in ([west, east], [east, west]):
        whole = read_elevation(files)
        assert whole.grid.shape == (4, 8)
        assert whole.height_m[0].tolist() == [1.0] * 4 + [2.0] * 4
        for box in ((179.8, -16.8, 180.2, -16.2), (-180.2, -16.8, -179.8, -16.2)):
            part = read_elevation(files, bounds_lonlat=box)
            assert set(np.unique(part.height_m).tolist()) == {1.0, 2.0}
            assert part.grid.n_col < 8
