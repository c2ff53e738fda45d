"""Real elevation with all its faults, end to end: what was detected is said on one screen.

Vancouver has radar voids and noise on the sea, the Sierra Nevada a nodata tag of 0, and the relief of
Kiên Giang writes the sea as nodata and lacks islands. The rasters are read where they lie.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from dtt_sim.cli.main import main

ONE_SCREEN = 50
HEAD = """\
format = 1
name = "{name}"
[terrain]
{terrain}
[grid]
crs = "{crs}"
cell_size = {cell_m}
west_deg = {box[0]}
south_deg = {box[1]}
east_deg = {box[2]}
north_deg = {box[3]}
[propagation]
wanted_radius_km = 40
interfering_radius_km = 60
[multiplexes.A]
fft = "32K"
guard_interval = "1/8"
pilot_pattern = "PP2"
modulation = "64QAM"
code_rate = "3/4"
[stations]
file = "stations.csv"
"""
COLUMNS = (
    "id,site,lat_deg,lon_deg,height_agl_m,height_amsl_m,ground_amsl_m,erp_kw,multiplex,channel\n"
)


@pytest.fixture
def scenario(tmp_path: Path) -> Any:
    """Write a scenario and its stations."""

    def write(
        name: str, terrain: str, stations: str, *, box: tuple[float, ...], crs: str, cell_m: int = 3000,
        more: str = "",
    ) -> Path:  # fmt: skip
        (tmp_path / "stations.csv").write_text(COLUMNS + stations, encoding="utf-8")
        path = tmp_path / "scenario.toml"
        text = HEAD.format(name=name, terrain=terrain, crs=crs, cell_m=cell_m, box=box) + more
        path.write_text(text, encoding="utf-8")
        return path

    return write


def call(*arguments: str | Path) -> int:
    try:
        main([str(a) for a in arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def screen(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().out
    assert text.count("\n") <= ONE_SCREEN, "more than one screen"
    assert max(map(len, text.splitlines())) < 400
    return text


def found(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    call("terrain", "check", path, "--json")
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def is_drawn(path: Path) -> bool:
    from matplotlib.image import imread

    picture = imread(path)
    return bool(picture.shape[0] > 300 and len(np.unique(picture[..., 0])) > 3)


VANCOUVER = """\
seymour,Mount Seymour,49.3930,-122.9440,40,,1436,10,A,33
burnaby,Burnaby,49.2790,-122.9170,60,,,5,A,34
strait,In the strait,49.2500,-123.6000,60,,,1,A,35
"""


def test_vancouver(scenario: Any, shared: Path, tmp_path: Path, capsys: Any) -> None:
    dem = shared / "data" / "vancouver_dem_3s" / "vancouver_srtm3.tif"
    where: dict[str, Any] = {"box": (-123.4, 49.05, -122.5, 49.6), "crs": "EPSG:32610"}
    path = scenario("vancouver", f'elevation = "{dem}"', VANCOUVER, **where)
    assert call("terrain", "check", path, "--out", tmp_path / "look") == 2
    text = screen(capsys)
    assert "SRTM; int16, nodata -32767" in text
    assert "vertical datum EGM96" in text
    assert "surface model (by the files' names)" in text
    assert "void cells: paths across them have no prediction" in text
    assert "site In the strait (strait) stands in the sea" in text
    # The summit that the list has at 1436 m lies in a radar shadow.
    assert "error: site Mount Seymour (seymour): mast at 49.39300 N" in text
    assert text.endswith("1 error: a run would stop\n")
    assert call("run", path, "--out", tmp_path / "none", "--quiet") == 2
    capsys.readouterr()
    for name in ("elevation", "voids_sea", "zones"):
        assert is_drawn(tmp_path / "look" / f"{name}.png")
    data = found(path, capsys)
    sea = data["raw"]["sea"]
    assert sea["zero"] / sum(sea.values()) > 0.9
    assert sea["noise"] > 50
    assert data["raw"]["sea_lowest_m"] < -10.0
    assert data["voids"]["n_cell"] > 5000
    assert data["sites"][0]["ground_m"] is None
    assert [site["zone"] for site in data["sites"]] == ["void", "inland", "sea"]

    without = "".join(line + "\n" for line in VANCOUVER.splitlines() if "Seymour" not in line)
    path = scenario("vancouver", f'elevation = "{dem}"', without, **where)
    assert call("run", path, "--out", tmp_path / "gaps", "--quiet") == 0
    text = screen(capsys)
    assert "nodata cells are void." in text
    assert "paths without a value: void in the terrain on the path" in text
    assert not (tmp_path / "gaps" / "terrain_filled.tif").exists()

    filled = f'elevation = "{dem}"\nfill_voids = "interpolate"\nfill_voids_max_km2 = 30.0'
    path = scenario("vancouver", filled, VANCOUVER, **where)
    assert call("terrain", "check", path) == 0
    assert "none left" in screen(capsys)
    assert found(path, capsys)["sites"][0]["ground_m"] == pytest.approx(1436, abs=60)
    assert call("run", path, "--out", tmp_path / "filled", "--quiet") == 0
    text = screen(capsys)
    assert "got a height interpolated from those round them" in text
    assert "void in the terrain on the path" not in text
    with rasterio.open(tmp_path / "filled" / "terrain_filled.tif") as file:
        n_filled = int(file.read(1).sum())
    manifest = json.loads((tmp_path / "filled" / "manifest.json").read_text(encoding="utf-8"))
    told = manifest["terrain"]["filled"]
    assert (told["method"], told["cells"], told["max_km2"]) == ("interpolate", n_filled, 30.0)
    assert n_filled == data["voids"]["n_cell"]
    assert predicted(tmp_path / "filled") > predicted(tmp_path / "gaps") + 50


def predicted(out: Path) -> int:
    with rasterio.open(out / "fields" / "burnaby.tif") as file:
        return int((file.read(1) != file.nodata).sum())


def test_sierra_nevada(scenario: Any, shared: Path, tmp_path: Path, capsys: Any) -> None:
    dem = shared / "data" / "sierra_nevada_dem_3s" / "sierra_srtmgl3.tif"
    stations = (
        "fresno,Meadow Lakes,37.0730,-119.4310,40,,1382,20,A,33\n"
        "whitney,Mammoth,37.6306,-119.0325,30,,3368,5,A,34\n"
    )
    path = scenario(
        "sierra", f'elevation = "{dem}"', stations, box=(-119.9, 36.9, -118.8, 37.9), crs="EPSG:32611",
    )  # fmt: skip
    assert call("terrain", "check", path, "--out", tmp_path / "look") == 0
    text = screen(capsys)
    assert "nodata 0" in text
    assert "voids    none" in text
    assert "sea      none" in text
    data = found(path, capsys)
    assert data["zones"] == {"inland": 1.0}
    assert data["raw"]["n_too_high"] == data["raw"]["n_too_low"] == 0
    assert all(site["zone"] == "inland" for site in data["sites"])
    assert call("run", path, "--out", tmp_path / "out", "--quiet") == 0
    assert "Nodata is 0 by its tag." in screen(capsys)
    with rasterio.open(tmp_path / "out" / "fields" / "fresno.tif") as file:
        assert (file.read(1) != file.nodata).mean() > 0.3


KIEN_GIANG = """\
hon_me,Hòn Me,10.113311,104.888078,,180,130,10,A,33
phu_quoc,Phú Quốc,10.217,103.960,100,,,5,A,34
nam_du,Nam Du,9.6820,104.3500,40,,300,1,A,35
"""


def test_kien_giang_relief(scenario: Any, shared: Path, tmp_path: Path, capsys: Any) -> None:
    data_folder = shared / "data"
    terrain = f'elevation = "{data_folder}/kien_giang_dem_15s/kien_giang_15s.tif"'
    people = (
        "[population]\n"
        f'raster = "{data_folder}/kien_giang_population/worldpop_2020_1km_unadj.tif"\n'
        f'units = "{data_folder}/kien_giang_boundaries/kien_giang_districts_pre2025.geojson"\n'
    )
    cover = (
        f'\nland_cover = "{data_folder}/mekong_landuse_500m/mekong_landuse_2015_500m.tif"'
        '\nland_cover_classes = "mekong_landuse"'
    )
    box, crs = (103.8, 9.4, 105.4, 10.5), "EPSG:32648"
    path = scenario(
        "kien_giang", terrain + cover, KIEN_GIANG, box=box, crs=crs, cell_m=4000, more=people
    )
    assert call("terrain", "check", path, "--out", tmp_path / "look") == 0
    text = screen(capsys)
    assert "in the files nodata" in text
    assert "Perennial crops and orchards" in text
    assert "site Nam Du (nam_du) stands in the sea" in text, "the relief lacks the island"
    assert "site Nam Du (nam_du): the terrain's ground is 0 m, the list's 300 m" in text
    assert "live outside the receiving grid" in text
    for name in ("elevation", "voids_sea", "zones", "clutter", "population"):
        assert is_drawn(tmp_path / "look" / f"{name}.png")
    data = found(path, capsys)
    assert data["surface"] == "bare_earth"
    assert data["people"]["in_units"] == pytest.approx(1_760_419, rel=0.01)
    assert data["people"]["outside_units"] > data["people"]["in_units"]
    assert {one["code"] for one in data["classes"]} <= {5, 6, 12, 14, 18, 34, 101, 102}
    assert sum(one["share"] for one in data["classes"]) == pytest.approx(1.0)
    assert call("run", path, "--out", tmp_path / "out", "--quiet") == 0
    text = screen(capsys)
    assert "nodata cells in large patches with a low shore at the edge are sea" in text
    with (tmp_path / "out" / "summary.csv").open(encoding="utf-8-sig") as table:
        rows = [row for row in csv.DictReader(table) if row["unit"] == "(all)"]
    assert 1.6e6 < float(rows[0]["persons"]) < 1.8e6

    wrong = scenario(
        "kien_giang", terrain + cover.replace("mekong_landuse", "corine").replace("corine_500m", "mekong_landuse_500m").replace("corine_2015", "mekong_landuse_2015"),
        KIEN_GIANG, box=box, crs=crs, cell_m=4000,
    )  # fmt: skip
    assert call("terrain", "check", wrong) == 2
    text = screen(capsys)
    assert "error: " in text
    assert "classes without a height: 5 (" in text
    assert "name the table that they are of (mekong_landuse?)" in text
    assert "not in the table" in text
    assert call("run", wrong, "--out", tmp_path / "none", "--quiet") == 2
