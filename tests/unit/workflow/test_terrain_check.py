"""The check of a scenario's ground, and a surface model against bare earth, end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from dtt_sim.cli.main import main
from dtt_sim.coverage.field import Emission, Mast, Prediction, path_loss
from dtt_sim.report.terrain_check import check_dict, check_lines
from dtt_sim.report.terrain_maps import draw_layers
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import run
from dtt_sim.workflow.terrain_check import TerrainCheck, check_terrain
from terrain.grid import Grid
from terrain.ground import Ground

SCENARIO = """\
format = 1
name = "made_up"
[terrain]
elevation = ["dem.tif"]
[grid]
crs = "EPSG:4326"
cell_size = 0.05
west_deg = 104.1
south_deg = 10.1
east_deg = 104.9
north_deg = 10.9
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
[override.filled]
terrain.fill_voids = "interpolate"
terrain.fill_voids_max_km2 = 200
[override.cover]
terrain.land_cover = "cover.tif"
[override.bare]
terrain.land_cover = "cover.tif"
terrain.surface = "bare_earth"
[override.surface]
terrain.land_cover = "cover.tif"
terrain.surface = "surface"
[override.people]
population.points = "people.csv"
[override.people_in_units]
population.raster = "people.tif"
population.units = "units.geojson"
"""
COLUMNS = "id,site,lat_deg,lon_deg,height_agl_m,ground_amsl_m,erp_kw,multiplex,channel\n"
STATIONS = COLUMNS + "hill,Hill,10.5,104.6,60,52,10,A,33\n"
N = 100
CELL = 1.0 / N


def plain() -> np.ndarray:
    """Land of 50 m, a sea of zeros west of 104.3 E."""
    height = np.full((N, N), 50.0, np.float32)
    height[:, :30] = 0.0
    return height


def write(
    path: Path, values: np.ndarray, *, left: float = 104.0, top: float = 11.0, cell: float = CELL,
    **options: Any,
) -> None:  # fmt: skip
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[1], height=values.shape[0], count=1,
        dtype=values.dtype, transform=Affine(cell, 0.0, left, 0.0, -cell, top),
        **{"crs": "EPSG:4326", **options},
    ) as file:  # fmt: skip
        file.write(values, 1)


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    write(tmp_path / "dem.tif", plain())
    cover = np.full((N, N), 40, np.uint8)
    cover[:, 50:] = 10
    write(tmp_path / "cover.tif", cover)
    (tmp_path / "stations.csv").write_text(STATIONS, encoding="utf-8")
    (tmp_path / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


def check(folder: Path, override: str | None = None, **values: Any) -> TerrainCheck:
    named = {key.replace("__", "."): value for key, value in values.items()}
    return check_terrain(
        load_scenario(folder / "scenario.toml", override=override, set_values=named)
    )


def said(found: TerrainCheck, level: str = "warning") -> list[str]:
    return [finding.text for finding in found.findings if finding.level == level]


def test_nothing_to_complain_of(made_up: Path) -> None:
    found = check(made_up)
    assert found.findings == ()
    lines = check_lines(found)
    assert lines[-1] == "nothing to complain of: a run can start"
    assert len(lines) < 25
    assert found.missing_share == 0.0
    site = found.sites[0]
    assert (site.ground_m, site.difference_m, site.zone) == (50.0, -2.0, "coastal land")
    assert found.raw.sea["zero"] == found.raw.n_sea == 3000
    assert "elevation 100 x 100 cells" in "\n".join(lines)
    assert "0 m 100.0%; taken as 0 m" in "\n".join(lines)


def test_a_tile_that_is_missing_is_named(made_up: Path) -> None:
    text = (made_up / "scenario.toml").read_text(encoding="utf-8")
    wider = text.replace("west_deg = 104.1", "west_deg = 103.6").replace("10.9", "11.2")
    (made_up / "scenario.toml").write_text(wider, encoding="utf-8")
    found = check(made_up)
    assert set(found.missing_tiles) == {"N10E103", "N11E103", "N11E104"}
    assert found.missing_share == pytest.approx(1.0 - 0.9 * 0.9 / (1.1 * 1.3), abs=0.02)
    assert any("no file covers" in text and "N10E103 (100.0%)" in text for text in said(found))
    assert "covers 56" in "\n".join(check_lines(found))


def test_coarse_terrain_under_a_fine_grid(made_up: Path) -> None:
    found = check(made_up, grid__cell_size=0.004)
    assert any("coarser than the receiving grid's" in text for text in said(found))


def test_a_tile_on_the_wrong_edges(made_up: Path) -> None:
    name = "Copernicus_DSM_COG_10_N10_00_E104_00_DEM.tif"
    write(made_up / name, plain())
    found = check(made_up, terrain__elevation=[str(made_up / name)])
    assert any(
        f"{name}: N10E104: edges on the whole degrees; Copernicus GLO-30 has them" in text
        for text in said(found)
    )
    write(made_up / name, plain(), left=104.0 - 0.5 * CELL, top=11.0 + 0.5 * CELL)
    found = check(made_up, terrain__elevation=[str(made_up / name)])
    assert said(found) == []
    text = "\n".join(check_lines(found))
    assert "as Copernicus GLO-30 has them" in text
    assert "EGM2008" in text


def test_two_datums_and_two_kinds_in_one_mosaic(made_up: Path) -> None:
    write(made_up / "gedtm_west.tif", plain()[:, :60])
    write(made_up / "srtm_east.tif", plain()[:, 60:], left=104.6)
    found = check(
        made_up, terrain__elevation=[str(made_up / n) for n in ("gedtm_west.tif", "srtm_east.tif")]
    )
    assert any("heights refer to EGM2008 and EGM96" in text for text in said(found))
    assert any("joins surface models (SRTM) and bare earth (GEDTM30)" in t for t in said(found))
    assert found.ground.surface == "surface"


def test_datum_of_a_compound_system(made_up: Path) -> None:
    write(made_up / "dem.tif", plain(), crs="EPSG:9518")
    assert "EGM2008 height (from the coordinate system)" in "\n".join(check_lines(check(made_up)))


def test_spikes_and_heights_that_cannot_be(made_up: Path) -> None:
    height = plain()
    height[40, 80], height[60, 60] = 5000.0, -470.0
    height[20, 50] = 8870.0
    write(made_up / "dem.tif", height)
    found = check(made_up)
    assert any("2 spikes and 0 pits" in text and "8870 m (+8820 m)" in text for text in said(found))
    assert any("1 land cells lie below -430 m and 1 above 8850 m" in text for text in said(found))


def test_what_was_set_aside_is_said(made_up: Path) -> None:
    height = plain()
    height[40, 80], height[60, 60], height[70, 70] = 20_000.0, -5000.0, -32768.0
    write(made_up / "dem.tif", height)
    text = "\n".join(check_lines(check(made_up)))
    assert "1 cells hold impossible heights (20000 m): nodata." in text
    assert "1 cells below -500 m on land are void: no land is so low." in text
    assert "1 cells hold -32768 or -32767 or -9999 without a tag: taken as nodata." in text
    assert "3 cells (0.03%) in 3 patches" in text


def test_one_screen_whatever_happens(made_up: Path) -> None:
    """Forty sites, twenty classes and a dozen kinds of tiles are told in part."""
    rows = "".join(
        f"s{k},Site {k},{10.15 + 0.015 * k:.3f},104.6,60,{200 if k == 33 else 50},10,A,{21 + k % 20}\n"
        for k in range(40)
    )
    (made_up / "stations.csv").write_text(STATIONS + rows, encoding="utf-8")
    cover = np.repeat(np.arange(20, 40, dtype=np.uint8), N * N // 20).reshape(N, N)
    write(made_up / "cover.tif", cover)
    table = "class_code,representative_height_m\n" + "".join(
        f"{k},{k % 7}\n" for k in range(20, 40)
    )
    (made_up / "classes.csv").write_text(table, encoding="utf-8")
    tiles = []
    for k in range(10):
        name = f"strip_{k}.tif"
        dtype = np.float32 if k % 2 else np.int16
        write(
            made_up / name, plain()[10 * k : 10 * k + 10].astype(dtype), top=11.0 - 0.1 * k,
            nodata=-1000.0 - k,
        )  # fmt: skip
        tiles.append(str(made_up / name))
    found = check(
        made_up, "cover", terrain__elevation=tiles,
        terrain__land_cover_classes=str(made_up / "classes.csv"),
    )  # fmt: skip
    lines = check_lines(found)
    assert len(lines) <= 50
    text = "\n".join(lines)
    assert "and 29 more masts" in text
    assert "Site 33" in text, "what is odd is shown first"
    assert "and 12 more" in text
    assert "more kinds of files" in text
    assert len(check_dict(found)["sites"]) == 41


def test_depths_and_noise_in_the_sea(made_up: Path) -> None:
    height = plain()
    height[:, :10] = -40.0
    height[:, 10:12] = -2.0
    write(made_up / "dem.tif", height)
    land = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": {
            "type": "Polygon",
            "coordinates": [[[104.3, 8.0], [107.0, 8.0], [107.0, 13.0], [104.3, 13.0], [104.3, 8.0]]],
        }}],
    }  # fmt: skip
    (made_up / "land.geojson").write_text(json.dumps(land), encoding="utf-8")
    found = check(made_up, terrain__land=str(made_up / "land.geojson"))
    assert (found.raw.sea["depth"], found.raw.sea["noise"]) == (1000, 200)
    text = "\n".join(check_lines(found))
    assert "depths below -10 m 33.3%, noise below 0 m 6.7% (-40 to 0 m); taken as 0 m" in text
    assert "told from land by land polygons" in text


def with_void() -> np.ndarray:
    height = plain()
    height[45:56, 55:66] = -9999.0  # the mast's own place
    return height


def test_a_mast_in_a_void(made_up: Path) -> None:
    write(made_up / "dem.tif", with_void(), nodata=-9999.0)
    found = check(made_up)
    assert any("site Hill (hill): mast at 10.50000 N" in text for text in said(found, "error"))
    assert any("121 void cells: paths across them" in text for text in said(found))
    assert check_lines(found)[-1] == "1 error: a run would stop"
    assert check_dict(found)["ok"] is False
    assert check_dict(found)["sites"][0]["ground_m"] is None
    stays = check(made_up, "filled", terrain__fill_voids_max_km2=1.0)
    assert any("121 void cells stay, in voids larger than 1 km²" in text for text in said(stays))
    filled = check(made_up, "filled")
    assert filled.findings == ()
    assert "121 cells (1.21%) filled: interpolate, voids up to 200 km²" in "\n".join(
        check_lines(filled)
    )


def test_a_run_keeps_the_mask_and_tells_the_share(made_up: Path) -> None:
    write(made_up / "dem.tif", with_void(), nodata=-9999.0)
    out = made_up / "out"
    run(load_scenario(made_up / "scenario.toml", override="filled"), out)
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["terrain"]["filled"]
    assert told == {
        "method": "interpolate", "max_km2": 200.0, "cells": 121, "share": 0.0121,
        "mask": "terrain_filled.tif",
    }  # fmt: skip
    with rasterio.open(out / "terrain_filled.tif") as file:
        mask = file.read(1)
        assert file.transform.almost_equals(Affine(CELL, 0.0, 104.0, 0.0, -CELL, 11.0))
    assert mask[45:56, 55:66].all()
    assert mask.sum() == 121
    # A later run into the same folder that fills nothing leaves no mask of this one.
    write(made_up / "dem.tif", plain())
    run(load_scenario(made_up / "scenario.toml"), out)
    assert not (out / "terrain_filled.tif").exists()
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["terrain"]["filled"]
    assert told == {"method": "none"}


def test_sites_at_sea_and_lists_that_differ(made_up: Path) -> None:
    rows = "sea,At sea,10.5,104.05,60,,10,A,34\nwrong,Wrong,10.5,104.8,60,120,10,A,35\n"
    (made_up / "stations.csv").write_text(STATIONS + rows, encoding="utf-8")
    found = check(made_up)
    assert any("site At sea (sea) stands in the sea, land is 27" in text for text in said(found))
    assert any("ground is 50 m, the list's 120 m" in text for text in said(found))
    by_id = {site.stations[0]: site for site in found.sites}
    assert np.isnan(by_id["sea"].difference_m)
    assert by_id["wrong"].difference_m == -70.0
    (made_up / "stations.csv").write_text(
        COLUMNS + "hill,Hill,10.5,104.6,60,high,10,A,33\n", encoding="utf-8"
    )
    with pytest.raises(Exception, match="ground_amsl_m: 'high' is not a number"):
        check(made_up)


def test_people_inside_and_outside(made_up: Path) -> None:
    places = "name,unit,lat_deg,lon_deg,persons\nA,X,10.5,104.5,100\nB,X,10.5,104.2,30\n"
    (made_up / "people.csv").write_text(places + "C,X,20,104.5,70\n", encoding="utf-8")
    found = check(made_up, "people")
    assert found.people is not None
    assert (found.people.total, found.people.outside_grid, found.people.at_sea) == (200, 70, 30)
    assert any("70 persons (35.0%) live outside the receiving grid" in text for text in said(found))
    assert any("30 persons (15.0%) live in sea cells" in text for text in said(found))
    persons = np.zeros((10, 10), np.float32)
    persons[5, 5], persons[5, 9], persons[4, 6] = 80.0, 20.0, 10.0
    write(made_up / "people.tif", persons, cell=0.1)
    unit = {"type": "Polygon", "coordinates": [
        [[104.4, 10.0], [104.7, 10.0], [104.7, 10.6], [104.4, 10.6], [104.4, 10.0]]
    ]}  # fmt: skip
    units = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"name": "Unit"}, "geometry": unit}
    ]}  # fmt: skip
    (made_up / "units.geojson").write_text(json.dumps(units), encoding="utf-8")
    write(made_up / "dem.tif", with_void(), nodata=-9999.0)
    found = check(made_up, "people_in_units")
    assert found.people is not None
    assert found.people.in_units == pytest.approx(90.0)
    assert found.people.outside_units == pytest.approx(20.0)
    assert 0.0 < found.people.without_ground < 90.0
    assert any("live where the terrain has no height" in text for text in said(found))


def test_a_class_without_a_height_stops_a_run_and_not_the_check(made_up: Path) -> None:
    cover = np.full((N, N), 40, np.uint8)
    cover[10, 60:63] = 41
    cover[10, 0] = 42  # at sea: of no concern
    write(made_up / "cover.tif", cover)
    found = check(made_up, "cover")
    (error,) = said(found, "error")
    assert "classes without a height: 41 (3 cells)" in error
    assert [one.code for one in found.classes if one.known is None] == [41, 42]
    assert "not in the table" in "\n".join(check_lines(found))
    assert found.ground.clutter_m.max() == 0.0


def test_clutter_is_added_on_bare_earth_only(made_up: Path) -> None:
    """A surface model holds its canopy already; only the name, or the key, can tell."""
    bare = check(made_up, "cover")
    assert bare.ground.surface == "bare_earth"
    assert bare.ground.clutter_m.max() == 15.0
    assert said(bare) == []
    surface = check(made_up, "surface")
    assert not surface.ground.has_clutter
    assert any("already holds canopy and buildings" in text for text in said(surface))
    name = str(made_up / "srtm_dem.tif")
    write(Path(name), plain())
    by_name = check(made_up, "cover", terrain__elevation=[name])
    assert by_name.ground.surface == "surface"
    assert not by_name.ground.has_clutter
    assert any(
        "5000 vegetated or built cells was not added again" in text for text in said(by_name)
    )
    forced = check(made_up, "bare", terrain__elevation=[name])
    assert forced.ground.has_clutter
    assert any("given as bare_earth: clutter counts twice" in text for text in said(forced))
    wrong = str(made_up / "FABDEM_dem.tif")
    write(Path(wrong), plain())
    flat = check(made_up, "surface", terrain__elevation=[wrong])
    assert any("is bare earth, but surface is given as surface" in text for text in said(flat))


def test_a_run_over_a_surface_model_counts_canopy_once(made_up: Path) -> None:
    """Its losses are those without land cover; over bare earth the same trees cost something."""

    def losses(override: str | None, elevation: str = "dem.tif") -> tuple[Any, tuple[str, ...]]:
        scenario = load_scenario(
            made_up / "scenario.toml", override=override,
            set_values={
                "terrain.elevation": [str(made_up / elevation)],
                "terrain.land_cover_classes": str(made_up / "classes.csv"),
            },
        )  # fmt: skip
        found = run(scenario, made_up / f"out_{override}_{elevation}")
        return found.fields["hill"].isel(p_time=0).to_numpy(), found.warnings

    table = "class_code,representative_height_m\n10,15\n40,0\n"
    (made_up / "classes.csv").write_text(table, encoding="utf-8")
    write(made_up / "srtm_dem.tif", plain())
    nothing, _ = losses(None)
    trees, no_warning = losses("cover")
    once, warned = losses("cover", "srtm_dem.tif")
    np.testing.assert_array_equal(once, nothing)
    assert any("was not added again" in text for text in warned)
    assert no_warning == ()
    manifest = (made_up / "out_cover_dem.tif" / "manifest.json").read_text(encoding="utf-8")
    assert str(made_up) not in manifest
    assert len(json.loads(manifest)["files_sha256"]["classes.csv"]) == 64
    assert json.loads(manifest)["terrain"]["surface"] == "bare_earth"
    east = slice(9, None)  # the half with trees
    assert np.nanmean((nothing - trees)[:, east]) > 3.0


@pytest.mark.parametrize("solver", ["per_path", "wedge"])
def test_clutter_counts_between_the_ends_and_not_at_them(solver: Any) -> None:
    """P.1812: the profile's first and last points have no clutter added."""
    grid = Grid("EPSG:32648", (100.0, 0.0, 5e5, 0.0, -100.0, 1.2e6), (41, 301))
    height = np.full(grid.shape, 30.0, np.float32)
    zone = np.full(grid.shape, 4, np.uint8)
    receiver = Grid(grid.crs, (100.0, 0.0, 5e5 + 28_000.0, 0.0, -100.0, 1.2e6 - 2000.0), (1, 1))
    lon, lat = (float(v) for v in grid.lonlat_of_index(np.array(20.0), np.array(20.0)))

    def loss(clutter: np.ndarray) -> float:
        found = path_loss(
            Ground(grid, height, zone, clutter), Mast(lat, lon, height_agl_m=50.0), grid=receiver,
            emissions=[Emission(600.0)], prediction=Prediction(45.0, 325.0, radius_km=(50.0, 50.0)),
            solver=solver,
        )  # fmt: skip
        return float(found["loss_db"][0, 0, 0, 0])

    bare = np.zeros(grid.shape, np.float32)
    at_ends, between = bare.copy(), bare.copy()
    at_ends[20, 20] = at_ends[20, 280] = 20.0
    between[:, 100:200] = 20.0
    assert loss(at_ends) == pytest.approx(loss(bare), abs=0.05 if solver == "wedge" else 1e-6)
    assert loss(between) > loss(bare) + 1.0


def test_every_layer_is_drawn(made_up: Path) -> None:
    height = with_void()
    write(made_up / "dem.tif", height, nodata=-9999.0)
    (made_up / "people.csv").write_text(
        "name,unit,lat_deg,lon_deg,persons\nA,X,10.5,104.5,100\n", encoding="utf-8"
    )
    from matplotlib.image import imread

    found = check(
        made_up, "people", terrain__land_cover=str(made_up / "cover.tif"), terrain__schematic=True
    )
    paths = draw_layers(found, made_up / "look")
    assert [path.stem for path in paths] == [
        "elevation", "voids_sea", "zones", "clutter", "population",
    ]  # fmt: skip
    assert len({path.read_bytes() for path in paths}) == 5
    red = np.array([0xC1, 0x12, 0x1F]) / 255.0
    gaps = imread(made_up / "look" / "voids_sea.png")[..., :3]
    assert (np.abs(gaps - red).max(axis=-1) < 0.01).mean() > 0.002
    draw_layers(check(made_up, "filled"), made_up / "filled")
    filled = imread(made_up / "filled" / "voids_sea.png")[..., :3]
    assert not (np.abs(filled - red).max(axis=-1) < 0.01).any()
    assert not list(made_up.rglob("*.part*"))


def test_a_void_of_one_cell_is_not_thinned_out(
    made_up: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.image import imread

    height = plain()
    height[33, 77] = -9999.0
    write(made_up / "dem.tif", height, nodata=-9999.0)
    monkeypatch.setattr("dtt_sim.report.terrain_maps.MAX_SIDE", 20)
    draw_layers(check(made_up), made_up / "look")
    red = np.array([0xC1, 0x12, 0x1F]) / 255.0
    picture = imread(made_up / "look" / "voids_sea.png")[..., :3]
    on_map = picture[: int(0.8 * len(picture))]
    assert (np.abs(on_map - red).max(axis=-1) < 0.01).sum() > 1000


def call(*arguments: str | Path) -> int:
    try:
        main([str(a) for a in arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_command(made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = made_up / "scenario.toml"
    assert call("terrain", "check", path, "--out", made_up / "look") == 0
    text = capsys.readouterr()
    assert text.out.startswith("made_up: the ground that it needs")
    assert "elevation.png, voids_sea.png, zones.png" in text.err
    assert call("terrain", "check", path, "--json", "--override", "cover") == 0
    data = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert data["classes"][0]["known"]["height_m"] in {0.0, 15.0}
    assert data["files"][0]["registration"]["verdict"] == ""
    write(made_up / "dem2.tif", with_void(), nodata=-9999.0)
    assert call("terrain", "check", path, "--elevation", made_up / "dem2.tif") == 2
    assert "1 error: a run would stop" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--elevation", "no.tif"), "no such file"),
        (("--override", "no"), "no override 'no'|'no'"),
        (("--land", "scenario.toml"), "not a vector file"),
        (("--elevation", "stations.csv"), "not a raster"),
        (("--out", "stations.csv"), "is a file; choose a folder"),
    ],
)
def test_bad_input_is_named(
    made_up: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, str], told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(made_up)
    assert call("terrain", "check", "scenario.toml", *arguments) in {1, 2}
    text = capsys.readouterr().err
    assert any(part in text for part in told.split("|"))
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("fill_voids", "guess", "'guess' is not one of"),
        ("fill_voids_max_km2", 0.0, "greater than 0"),
        ("surface", "dsm", "'dsm' is not one of"),
        ("land_cover", ["cover.tif", "none.tif"], "none.tif: no such file"),
        ("land_cover_classes", "modis", "modis: no such file"),
    ],
)
def test_bad_keys_are_named(
    made_up: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: Any, told: str
) -> None:
    monkeypatch.chdir(made_up)
    with pytest.raises(Exception, match=f"terrain.{key}: .*{told}"):
        load_scenario(made_up / "scenario.toml", set_values={f"terrain.{key}": value})


def test_scenarios_know_the_tables_of_land_cover() -> None:
    from dtt_sim.scenario.load import _BUILT_IN_TABLES
    from terrain.landcover import BUILT_IN

    assert set(_BUILT_IN_TABLES) == set(BUILT_IN)
