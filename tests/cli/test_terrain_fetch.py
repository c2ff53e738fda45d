"""``dtt-sim terrain fetch`` as its user calls it, against a server on loopback."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tile_server import Site, add_glo, as_json, geotiff, glo_name, serving

from dtt_sim.cli.main import main
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.area import read_ground, receiving_grid
from terrain.ground import OUTSIDE, SEA

SCENARIO = Path(__file__).parents[2] / "scenarios" / "kien_giang" / "scenario.toml"
# What there is of GLO-30 round the scenario; the rest of its box is open sea.
TILES = [
    (lat, lon)
    for lat in (8, 9, 10, 11)
    for lon in (103, 104, 105, 106)
    if (lat, lon) not in {(9, 103), (8, 104)}
]
BOX = ["--bbox", "104.2", "10.2", "104.8", "10.8"]

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as one:
        add_glo(one, TILES)
        add_glo(one, TILES, source="glo90")
        yield one


@pytest.fixture
def call(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Call:
    """Call the command on a store of its own; exit code, output and errors."""
    monkeypatch.setenv("DTT_SIM_MIRROR", site.url)
    monkeypatch.setenv("DTT_SIM_STORE", str(tmp_path / "store"))

    def run(*args: object, command: str = "fetch") -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(["terrain", command, *map(str, args)])
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return run


def test_a_scenario_with_fetched_ground(call: Call, site: Site, tmp_path: Path) -> None:
    written = tmp_path / "real" / "scenario.toml"
    code, out, _ = call(SCENARIO, "--write", written)
    assert code == 0
    assert f"written: {written}" in out
    scenario = load_scenario(written)
    keys = scenario.keys.terrain
    assert (keys.surface, keys.schematic) == ("surface", False)
    assert keys.land  # the scenario's own
    assert scenario.keys.name == "kien_giang_glo30"
    ground = read_ground(scenario, receiving_grid(scenario))
    assert not (ground.zone == OUTSIDE).any()
    assert int(ground.zone_at(103.3, 9.3)) == SEA  # no tile there
    assert ground.height_at(105.5, 10.2) > 1.0
    assert any("WorldDEM-30" in text for text in ground.credits)
    assert any("OpenStreetMap" in text for text in ground.credits)
    assert not any("schematic" in text.lower() for text in ground.credits)
    before = len(site.requests)
    assert call(SCENARIO, "--write", written, "--offline")[0] == 0
    assert len(site.requests) == before


def test_a_scenario_whose_terrain_is_not_there_yet(call: Call, tmp_path: Path) -> None:
    text = SCENARIO.read_text(encoding="utf-8").replace('"ground/elevation.tif"', '"later.tif"')
    text = text.replace('land = "ground', f'land = "{SCENARIO.parent.as_posix()}/ground')
    for name in ("transmitters.csv", "population.csv"):
        text = text.replace(f'"{name}"', f'"{(SCENARIO.parent / name).as_posix()}"')
    text = text.replace('"tables/', f'"{SCENARIO.parent.as_posix()}/tables/')
    path = tmp_path / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    code, out, err = call(path)
    assert code == 0, err
    assert "elevation = [" in out
    path.write_text(text.replace("cell_size = 500", "cell_size = -1"), encoding="utf-8")
    code, _, err = call(path)
    assert code == 2
    assert "cell_size" in err


def test_the_lines_are_toml_and_point_to_the_files(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = call(*BOX, "--store", "store")
    assert code == 0
    lines = tomllib.loads(out[out.index("[terrain]") :])
    assert lines["terrain"]["elevation"] == [f"store/glo30/{glo_name(10, 104)}.tif"]
    assert (tmp_path / lines["terrain"]["elevation"][0]).is_file()
    assert lines["terrain"]["surface"] == "surface"
    assert "WorldDEM-30" in lines["terrain"]["credits"][0]


def test_land_cover_and_population_get_lines(call: Call, site: Site) -> None:
    name = "ESA_WorldCover_10m_2021_v200_N09E102_Map.tif"
    site.files[f"/worldcover/v200/2021/map/{name}"] = geotiff(
        np.full((30, 30), 40, np.uint8), 102.0, 12.0, (0.1, 0.1), nodata=0
    )
    site.files["/worldcover/esa_worldcover_grid.geojson"] = as_json(
        {"features": [{"properties": {"ll_tile": "N09E102"}}]}
    )
    site.files["/hrsl/hrsl-cogs/hrsl_general/part.tif"] = geotiff(
        np.ones((200, 200), np.float32), 104.0, 11.0, (0.01, 0.01)
    )
    site.files["/hrsl/hrsl-cogs/hrsl_general/hrsl_general-latest.vrt"] = (
        b'<VRTDataset rasterXSize="200" rasterYSize="200"><SRS>EPSG:4326</SRS>'
        b"<GeoTransform>104.0, 0.01, 0, 11.0, 0, -0.01</GeoTransform>"
        b'<VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        b'<SourceFilename relativeToVRT="1">part.tif</SourceFilename><SourceBand>1</SourceBand>'
        b"</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    code, out, err = call(*BOX, "--source", "glo30", "--source", "worldcover", "--source", "hrsl")
    assert code == 0, err
    lines = tomllib.loads(out[out.index("[terrain]") :])
    assert lines["terrain"]["land_cover"][0].endswith(name)
    assert lines["terrain"]["land_cover_classes"] == "esa_worldcover"
    assert len(lines["terrain"]["credits"]) == 2
    assert lines["population"]["raster"].endswith(".tif")
    assert "not added again" in out
    code, out, _ = call(command="credits")
    assert code == 0
    assert "ESA WorldCover project 2021" in out
    assert "Meta and CIESIN" in out
    assert "GLO-90" not in out  # only its list of tiles was looked at


def test_a_missing_tile_ends_with_1_after_the_rest(call: Call, site: Site, tmp_path: Path) -> None:
    name = glo_name(10, 105)
    del site.files[f"/glo30/{name}/{name}.tif"]
    written = tmp_path / "scenario.toml"
    code, out, err = call(SCENARIO, "--write", written)
    assert code == 1
    assert f"missing: glo30/{name}.tif" in err
    assert "Traceback" not in err
    assert not written.exists()
    assert "13 files fetched" in out


def test_a_dry_run_writes_nothing(call: Call, tmp_path: Path) -> None:
    code, out, _ = call(SCENARIO, "--dry-run")
    assert code == 0
    assert "14 files to fetch" in out
    assert out.count("open sea") == 6
    assert "or so" not in out
    assert not (tmp_path / "store").exists()


def test_offline_names_what_is_missing(call: Call, site: Site) -> None:
    code, _, err = call(*BOX, "--offline")
    assert code == 1
    assert f"glo30/{glo_name(10, 104)}.tif: not there, and offline" in err
    assert site.requests == []


def test_a_file_of_someone_elses_is_not_written_over(call: Call, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("format = 1\n")
    code, _, err = call(SCENARIO, "--write", mine)
    assert code == 1
    assert "choose another --write" in err
    assert mine.read_text() == "format = 1\n"


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ([], "one of the two"),
        ([SCENARIO, *BOX], "one of the two"),
        ([*BOX, "--write", "x.toml"], "give one instead"),
        (["--bbox", "10", "104", "11", "105"], "exchanged"),
        (["--bbox", "-63.5", "-16.2", "-63.2", "-16.5"], "south to north"),
        ([*BOX, "--source", "srtm30"], "choose from"),
        ([*BOX, "--source", "worldpop"], "--country"),
        ([*BOX, "--source", "geoboundaries", "--country", "VNM", "--level", "x"], "ADM0 to ADM5"),
        ([*BOX, "--mirror", "folder"], "no web address"),
        ([*BOX, "--from-folder", "absent"], "no such folder"),
        (["absent.toml"], "absent.toml"),
    ],
)
def test_what_cannot_be_asked_for(args: list[object], text: str, call: Call, site: Site) -> None:
    code, _, err = call(*args)
    assert code == 2
    assert text in err
    assert "Traceback" not in err
    assert site.requests == []


def test_a_store_that_cannot_be_written_is_the_machines_fault(call: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = call(*BOX, "--store", tmp_path / "file" / "store")
    assert code == 1
    assert "choose --store" in err


def test_credits_of_nothing(call: Call) -> None:
    code, _, err = call(command="credits")
    assert code == 2
    assert "nothing fetched" in err
