"""Facts of a raster, as text, as JSON and on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dtt_sim.cli.terrain import terrain
from terrain.errors import TerrainError
from terrain.info import describe

from .conftest import MakeRaster


def coast() -> np.ndarray:
    height = np.full((100, 100), 5, np.int16)
    height[:, :40] = 0
    height[0, 50:60] = -2
    height[50:55, 80:84] = -32768
    return height


def test_facts(make_raster: MakeRaster) -> None:
    found = describe(make_raster(coast(), nodata=-32768, tags={"TIFFTAG_COPYRIGHT": "© me"}))
    assert found.driver == "GTiff"
    assert found.crs == "EPSG:4326"
    assert found.size == (100, 100)
    assert found.bounds == pytest.approx((104.0, 10.0, 105.0, 11.0))
    assert found.bounds_lonlat == pytest.approx((104.0, 10.0, 105.0, 11.0))
    assert found.resolution_m == pytest.approx((1106.1, 1093.6), rel=1e-3)
    assert (found.dtype, found.n_band, found.unit) == ("int16", 1, "metres")
    assert (found.nodata, found.minimum, found.maximum) == (-32768.0, -2.0, 5.0)
    assert found.share_nodata == pytest.approx(0.002)
    assert found.share_zero == pytest.approx(0.4)
    assert found.share_negative == pytest.approx(0.001)
    assert found.is_elevation
    assert any("4000 cells in large areas at 0 m" in text for text in found.taken_as)
    assert any("20 nodata cells are void" in text for text in found.taken_as)
    assert found.credit == "© me"


def test_edges_of_a_tile_are_held_against_its_name(make_raster: MakeRaster) -> None:
    found = describe(make_raster(coast(), "Copernicus_DSM_COG_10_N10_00_E104_00_DEM.tif"))
    assert "edges on the whole degrees; Copernicus GLO-30 has them half a cell north" in found.tile
    assert found.tile in found.as_text()
    assert found.as_dict()["tile"] == found.tile
    assert describe(make_raster(coast())).tile == ""
    assert "  tile " not in describe(make_raster(coast())).as_text()


def test_projected_raster_and_unit(make_raster: MakeRaster) -> None:
    path = make_raster(
        np.full((10, 10), 30.0, np.float32), crs="EPSG:3405", unit="ft", scale=0.5,
        transform=(500.0, 0.0, 5e5, 0.0, -500.0, 1.2e6),
    )  # fmt: skip
    found = describe(path)
    assert found.crs == "EPSG:3405"
    assert found.bounds == (5e5, 1.195e6, 5.05e5, 1.2e6)
    assert found.bounds_lonlat[0] == pytest.approx(105.0, abs=0.01)
    assert found.unit == "values times 0.5 plus 0 are ft"
    assert "VN-2000" in found.as_text()


@pytest.mark.parametrize(
    ("name", "vertical", "credit"),
    [
        ("Copernicus_DSM_COG_10_N10_00_E104_00_DEM.tif", "EGM2008 (guessed", "Airbus"),
        ("ALPSMLC30_N010E104_DSM.tif", "EGM96 (guessed", "JAXA"),
        ("survey.tif", "not said", ""),
    ],
)
def test_vertical_datum_and_credit_are_guessed_from_the_name(
    make_raster: MakeRaster, name: str, vertical: str, credit: str
) -> None:
    found = describe(make_raster(coast(), name, nodata=-32768))
    assert found.vertical.startswith(vertical)
    assert credit in found.credit
    assert ("ask where the file came from" in found.as_text()) == (credit == "")


def test_vertical_datum_of_the_coordinate_system(make_raster: MakeRaster) -> None:
    found = describe(make_raster(coast(), crs="EPSG:9518", nodata=-32768))
    assert "EGM2008 height (from the coordinate system)" in found.vertical


def test_a_raster_that_is_no_elevation_is_described_all_the_same(make_raster: MakeRaster) -> None:
    found = describe(make_raster(np.zeros((3, 9, 9), np.uint8), photometric="RGB"))
    assert not found.is_elevation
    assert "not usable as elevation" in found.as_text()
    assert "a picture with 3 bands" in found.as_text()
    empty = describe(make_raster(np.full((9, 9), 7, np.int16), "empty.tif", nodata=7))
    assert empty.share_nodata == 1.0
    assert empty.as_dict()["minimum"] is None
    assert not empty.is_elevation


def test_large_rasters_are_not_read_whole(
    make_raster: MakeRaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terrain.info.MAX_CLASSIFIED_CELLS", 100)
    assert "too large" in describe(make_raster(coast())).taken_as[0]


def test_blocks_give_the_same_numbers(
    make_raster: MakeRaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_raster(coast(), nodata=-32768)
    whole = describe(path)
    monkeypatch.setattr("terrain.info._BLOCK_CELLS", 700)
    assert describe(path) == whole


def test_unreadable(tmp_path: Path) -> None:
    with pytest.raises(TerrainError, match="no such file"):
        describe(tmp_path / "gone.tif")


def test_command(make_raster: MakeRaster) -> None:
    path = make_raster(coast(), nodata=-32768)
    result = CliRunner().invoke(terrain, ["info", str(path)])
    assert result.exit_code == 0
    assert "100 rows x 100 columns" in result.output
    assert "read as elevation, without land polygons:" in result.output


def test_command_as_json_and_with_a_bad_file(make_raster: MakeRaster) -> None:
    path = make_raster(coast(), nodata=-32768)
    result = CliRunner().invoke(terrain, ["info", "--json", str(path), "gone.tif"])
    assert result.exit_code == 2
    (found,) = json.loads(result.stdout)
    assert found["nodata"] == -32768.0
    assert "error: gone.tif: no such file" in result.stderr


def test_help_reads_no_raster_library() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from dtt_sim.cli.terrain import terrain;"
        "CliRunner().invoke(terrain, ['info', '--help']);"
        "print(sorted({'numpy', 'numba', 'rasterio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
