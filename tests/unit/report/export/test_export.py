"""Exports, each opened again by a reader that knows nothing of the program."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pyogrio
import pyogrio.raw
import pyproj
import pytest
import rasterio
import shapely
import xarray as xr
from PIL import Image
from run_folder import LONG, SITE, TITLE, UNIT
from small_plan import write_plan

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError
from dtt_sim.report.export.source import Source
from dtt_sim.report.export.write import FORMATS, write_export
from dtt_sim.report.language import language
from dtt_sim.report.run_map import draw_run_map
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.remains import open_run_or_remains
from dtt_sim.workflow.run import run

KML = "{http://www.opengis.net/kml/2.2}"
PHASES = ["before", "both", "stronger", "aso"]


def exported(run: Path, out: Path, *formats: str, **options: Any) -> list[str]:
    opened = open_run_or_remains(run)
    say = language(options.get("lang", "en"))
    source = Source.of(opened.run, options.get("phases", ()), options.get("services", ()), say)
    for note in opened.notes:
        source.note(note)
    write_export(source, out, formats or FORMATS)
    return source.notes


@pytest.fixture(scope="module")
def out(folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    assert exported(folders[0], folder) == []
    return folder


def summary(run: Path) -> list[dict[str, str]]:
    with (run / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read(path: Path, layer: str | None = None) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    meta, _, geometry, columns = pyogrio.raw.read(path, layer=layer)
    shapes = shapely.from_wkb(geometry)
    return meta, shapes, dict(zip(meta["fields"], columns, strict=True))


def test_rasters_say_what_they_hold(folders: tuple[Path, Path], out: Path) -> None:
    names = {p.relative_to(out / "cog").as_posix() for p in (out / "cog").rglob("*.tif")}
    assert {"aso/K33_served.tif", "before/PAL_margin.tif", "fields/d.tif"} <= names
    for path in (out / "cog").rglob("*.tif"):
        with rasterio.open(path) as file:
            assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert file.tags()["SCENARIO"] == TITLE
            assert LONG.strip() in file.tags()["CREDIT"]
            assert "SCHEMATIC" in file.tags()["WARNING"]
            assert all(file.descriptions)
            for i in file.indexes:
                assert file.overviews(i)
                values = file.read(i, masked=True).compressed().astype(float)
                if values.size:
                    said = file.tags(i)
                    assert float(said["STATISTICS_MINIMUM"]) == values.min()
                    assert float(said["STATISTICS_MAXIMUM"]) == values.max()
                    assert float(said["STATISTICS_MEAN"]) == pytest.approx(values.mean())
    with rasterio.open(out / "cog" / "aso" / "K33_margin.tif") as file:
        assert file.units == ("dB",)
        own = file.read(1)
    with rasterio.open(folders[0] / "phases" / "aso" / "K33_margin.tif") as file:
        np.testing.assert_array_equal(own, file.read(1))
    with rasterio.open(out / "cog" / "aso" / "K33_served.tif") as file:
        assert file.tags()["TITLE"] == TITLE
        assert file.colormap(1)[2] == (0x1F, 0x6F, 0x9F, 255)
        assert file.tags()["CODE_2"] == "good, 95 % of locations"


def test_styles_have_the_colours_of_the_rasters(out: Path) -> None:
    for path in (out / "cog").rglob("*.tif"):
        if path.parent.name == "fields":
            continue
        root = ET.parse(path.with_suffix(".qml")).getroot()
        entries = root.findall(".//paletteEntry")
        if not entries:
            items = root.findall(".//colorrampshader/item")
            values = [float(item.attrib["value"]) for item in items]
            assert values == sorted(values)
            assert values[-1] == np.inf
            continue
        with rasterio.open(path) as file:
            colours = file.colormap(1)
            codes = set(np.unique(file.read(1)[file.read_masks(1) > 0]).tolist())
        said = {int(e.attrib["value"]): e.attrib["color"] for e in entries}
        assert codes <= set(said)
        for code, colour in said.items():
            assert colours[code] == (*bytes.fromhex(colour[1:]), 255)


def test_the_project_shows_files_that_are_there(out: Path) -> None:
    root = ET.parse(out / "plan.qgs").getroot()
    assert root.findtext("title") == TITLE
    layers = root.findall("projectlayers/maplayer")
    ids = [layer.findtext("id") for layer in layers]
    assert len(set(ids)) == len(ids) == len(root.findall(".//layer-tree-layer"))
    known = set(pyogrio.list_layers(out / "plan.gpkg")[:, 0])
    for layer in layers:
        where = (layer.findtext("datasource") or "").split("|")
        assert (out / where[0]).is_file()
        if len(where) > 1:
            assert where[1].removeprefix("layername=") in known


def test_served_areas_are_valid_and_as_large_as_the_table_says(
    folders: tuple[Path, Path], out: Path
) -> None:
    meta, shapes, columns = read(out / "plan.gpkg", "served")
    assert meta["crs"] == "EPSG:32648"
    assert shapely.is_valid(shapes).all()
    rows = {
        (r["phase"], r["multiplex"], r["quality"]): r
        for r in summary(folders[0])
        if r["unit"] == "(all)"
    }
    n_cell_km2 = 16.0
    seen = set()
    for k, shape in enumerate(shapes):
        key = columns["phase"][k], columns["service"][k], columns["quality"][k]
        seen.add(key)
        expected = float(rows[key]["area_served_km2"])
        assert columns["area_km2"][k] == pytest.approx(expected, abs=0.06)
        # On the plane of the grid, whose scale is within a thousandth of the ground's.
        assert abs(1e-6 * shape.area - expected) < max(0.002 * expected, 0.01 * n_cell_km2)
        assert columns["persons_served"][k] == float(rows[key]["persons_served"])
    assert seen == {key for key, r in rows.items() if float(r["area_served_km2"]) > 0.0}
    assert TITLE in set(columns["title"])
    assert LONG.strip() in {text.strip() for text in columns["title"]}


def test_contours_lie_between_cells_of_either_side(folders: tuple[Path, Path], out: Path) -> None:
    _, shapes, columns = read(out / "plan.gpkg", "margin_contours")
    with rasterio.open(folders[0] / "phases" / "aso" / "K33_margin.tif") as file:
        values, affine = file.read(1), file.transform
    pick = (columns["phase"] == "aso") & (columns["service"] == "K33")
    assert pick.any()
    for shape, level in zip(shapes[pick], columns["margin_db"][pick], strict=True):
        points = shapely.get_coordinates(shape)
        col = (points[:, 0] - affine.c) / affine.a
        row = (points[:, 1] - affine.f) / affine.e
        rows = np.column_stack([np.floor(row - 0.5 + e) for e in (1e-6, 1.0 - 1e-6)]).astype(int)
        cols = np.column_stack([np.floor(col - 0.5 + e) for e in (1e-6, 1.0 - 1e-6)]).astype(int)
        near = values[rows[:, :, None], cols[:, None, :]].reshape(len(points), 4)
        assert (near.min(axis=1) <= level).all()
        assert (near.max(axis=1) >= level).all()
    _, _, columns = read(out / "plan.gpkg", "field_contours")
    assert set(columns["station"]) == {"d", "p"}


def test_units_have_the_numbers_of_the_table(folders: tuple[Path, Path], out: Path) -> None:
    _, shapes, columns = read(out / "plan.gpkg", "units")
    assert shapely.is_valid(shapes).all()
    assert set(columns["unit"]) == {UNIT, "West"}
    assert set(columns["unit_vintage"]) == {TITLE}
    assert set(columns["geometry_is"]) == {"hull of inhabited cells, not a border"}
    rows = {
        (r["phase"], r["unit"]): r
        for r in summary(folders[0])
        if r["multiplex"] == "K33" and r["quality"] == "good"
    }
    for k, key in enumerate(zip(columns["phase"], columns["unit"], strict=True)):
        if key in rows:
            assert columns["persons"][k] == float(rows[key]["persons"])
            assert columns["K33_good_persons"][k] == float(rows[key]["persons_served"])
        else:
            assert np.isnan(columns["K33_good_persons"][k])


def test_geojson_is_of_rfc_7946(out: Path) -> None:
    for layer in pyogrio.list_layers(out / "plan.gpkg")[:, 0]:
        path = out / "geojson" / f"{layer}.geojson"
        found = json.loads(path.read_text(encoding="utf-8"))
        assert "crs" not in found
        _, shapes, columns = read(out / "plan.gpkg", layer)
        assert len(found["features"]) == len(shapes)
        change = pyproj.Transformer.from_crs("EPSG:32648", "EPSG:4326", always_xy=True)
        for k, feature in enumerate(found["features"]):
            own = shapely.geometry.shape(feature["geometry"])
            assert shapely.is_valid(own)
            for part in shapely.get_parts(own):
                if part.geom_type == "Polygon":
                    assert part.exterior.is_ccw
            expected = shapely.transform(shapes[k], change.transform, interleaved=False)
            assert shapely.hausdorff_distance(own, expected) < 2e-6
            for name, values in columns.items():
                if isinstance(values[k], str):
                    assert feature["properties"][name] == values[k]


class _Texts(HTMLParser):
    """Tags and texts of a balloon."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_kmz_lies_where_the_grid_does_and_shows_text_as_text(
    folders: tuple[Path, Path], out: Path
) -> None:
    with zipfile.ZipFile(out / "plan.kmz") as archive:
        assert archive.namelist()[0] == "doc.kml"
        assert archive.testzip() is None
        root = ET.fromstring(archive.read("doc.kml"))
        names = set(archive.namelist())
        for href in root.iter(f"{KML}href"):
            assert href.text in names
            assert archive.read(href.text or "").startswith(b"\x89PNG")
    assert root.findtext(f"{KML}Document/{KML}name") == TITLE
    found = open_run_or_remains(folders[0]).run
    west, south, east, north = found.grid.bounds_lonlat()
    cell = 4000.0 / 111_000.0
    boxes = list(root.iter(f"{KML}LatLonBox"))
    assert len(boxes) == sum(len(phase.services) for phase in found.phases)
    for box in boxes:
        for tag, edge in (("west", west), ("south", south), ("east", east), ("north", north)):
            assert abs(float(box.findtext(f"{KML}{tag}") or "nan") - edge) < cell
    texts: list[str] = []
    for element in root.iter(f"{KML}description"):
        parser = _Texts()
        parser.feed(element.text or "")
        assert parser.tags == {"table", "tr", "td"}
        assert "$[id]" not in (element.text or "")
        texts += parser.texts
    assert TITLE in texts
    marks = [mark.findtext(f"{KML}name") for mark in root.iter(f"{KML}Placemark")]
    assert f"{SITE} (d)" in marks
    assert UNIT in marks
    on = [f for f in root.iter(f"{KML}GroundOverlay") if f.findtext(f"{KML}visibility") == "1"]
    assert len(on) == 1


def test_overlays_have_the_colour_of_the_place(folders: tuple[Path, Path], out: Path) -> None:
    run_ = open_run_or_remains(folders[0]).run
    values = run_.layer("before", "PAL", "served").values
    lon, lat = run_.grid.lonlat()
    with zipfile.ZipFile(out / "plan.kmz") as archive:
        root = ET.fromstring(archive.read("doc.kml"))
        overlay = next(
            o for o in root.iter(f"{KML}GroundOverlay")
            if o.findtext(f"{KML}Icon/{KML}href") == "images/before_PAL.png"
        )  # fmt: skip
        with Image.open(io.BytesIO(archive.read("images/before_PAL.png"))) as picture:
            pixels = np.asarray(picture.convert("RGBA"))
    box = {
        tag: float(overlay.findtext(f"{KML}LatLonBox/{KML}{tag}") or "nan")
        for tag in ("west", "east", "south", "north")
    }
    rows = (box["north"] - lat) / (box["north"] - box["south"]) * pixels.shape[0]
    cols = (lon - box["west"]) / (box["east"] - box["west"]) * pixels.shape[1]
    seen = pixels[rows.astype(int), cols.astype(int)]
    colours = {0: (0, 0, 0, 0), 1: (0x8F, 0xC3, 0xDD, 255), 2: (0x1F, 0x6F, 0x9F, 255)}
    expected = np.array([colours[v] for v in values.ravel()]).reshape(*values.shape, 4)
    assert len(np.unique(values)) > 1
    # A pixel's middle may lie over the neighbour of the cell that its corner lies over.
    assert (seen == expected).all(axis=-1).mean() > 0.9


def test_cubes_are_lazy_and_equal(folders: tuple[Path, Path], out: Path) -> None:
    nc = xr.open_dataset(out / "plan.nc", engine="h5netcdf")
    store = xr.open_dataset(out / "plan.zarr", engine="zarr", consolidated=True)
    with nc, store:
        assert not nc["margin"].variable._in_memory
        assert not store["margin"].variable._in_memory
        assert nc.attrs["title"] == store.attrs["title"] == TITLE
        assert list(nc["phase_id"].to_numpy()) == PHASES
        assert list(nc["time"].dt.year.to_numpy()) == [2015, 2016, 2016, 2017]
        crs = pyproj.CRS.from_cf(nc["crs"].attrs)
        assert crs.to_epsg() == 32648
        assert nc["margin"].attrs["grid_mapping"] == "crs"
        assert set(nc["margin"].coords) >= {"time", "service", "y", "x", "lat", "lon"}
        for name in nc.variables:
            xr.testing.assert_equal(nc[name].variable, store[name].variable)
        served = nc["served"].sel(service="K33").isel(time=3).to_numpy()
        with rasterio.open(folders[0] / "phases" / "aso" / "K33_served.tif") as file:
            np.testing.assert_array_equal(
                np.nan_to_num(served, nan=255.0), file.read(1).astype(float)
            )
        assert np.isnan(nc["served"].sel(service="K33").isel(time=0)).all()
        assert len(nc["served"].attrs["flag_meanings"].split()) == 3
        assert list(nc["served"].attrs["flag_values"]) == [0, 1, 2]
        lon, lat = open_run_or_remains(folders[0]).run.grid.lonlat()
        np.testing.assert_allclose(nc["lon"], lon)
        np.testing.assert_allclose(nc["lat"], lat)
        assert TITLE in list(nc["service_title"].to_numpy())


def test_stations_are_counted_in_one_list(folders: tuple[Path, Path], out: Path) -> None:
    opened = open_run_or_remains(folders[0]).run
    with xr.open_dataset(out / "plan.nc", engine="h5netcdf") as nc:
        names = list(nc["station_id"].to_numpy())
        for i, phase in enumerate(opened.phases):
            for service in phase.services:
                own = opened.layer(phase.id, service, "best_server")
                found = nc["best_server"].isel(time=i).sel(service=service).to_numpy()
                for code, name in enumerate(own.stations):
                    here = own.values == code
                    assert (found[here] == names.index(name)).all()
                assert np.isnan(found[own.values < 0]).all()


def test_one_phase_and_service(folders: tuple[Path, Path], tmp_path: Path) -> None:
    assert exported(folders[0], tmp_path, "cog", "gpkg", phases=["aso"], services=["K33"]) == []
    names = {p.parent.name for p in (tmp_path / "cog").rglob("*.tif")}
    assert names == {"aso", "fields"}
    _, _, columns = read(tmp_path / "plan.gpkg", "served")
    assert set(columns["phase"]) == {"aso"}
    assert set(columns["service"]) == {"K33"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--phase", "asso"], "no phase 'asso'; did you mean 'aso'?"),
        (["--service", "K3"], "no service 'K3' in any phase; did you mean 'K33'?"),
        (["--service", "K33", "--phase", "before"], "no service 'K33' in phase before"),
        (["--format", "shape"], "no format 'shape'; choose from cog"),
        (["--lang", "fr"], "no language 'fr'"),
    ],
)
def test_bad_wishes(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    arguments: list[str], message: str,
) -> None:  # fmt: skip
    with pytest.raises(SystemExit) as stop:
        main(["export", str(folders[0]), "-o", str(tmp_path / "x"), "-q", *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_no_run_and_its_own_folder(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DttSimError, match="not the folder of a finished run"):
        open_run_or_remains(tmp_path)
    with pytest.raises(DttSimError, match="is a scenario; run it first"):
        open_run_or_remains(tmp_path / "s.toml")
    with pytest.raises(DttSimError, match="is the folder of the run"):
        exported(folders[0], folders[0])


def test_a_run_that_was_cut_off_is_exported_as_far_as_it_goes(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    notes = exported(folders[1], tmp_path)
    said = "\n".join(notes)
    for text in ("has no manifest.json", "K33_margin.tif", "K33_gain.tif", "zone.tif", "summary.csv",
                 "no sites"):  # fmt: skip
        assert text in said
    assert str(folders[1].parent) not in said
    assert said in (tmp_path / "export.txt").read_text(encoding="utf-8")
    with rasterio.open(tmp_path / "cog" / "aso" / "K33_served.tif") as file:
        assert file.tags()["SCENARIO"] == TITLE
    _, shapes, columns = read(tmp_path / "cut.gpkg", "served")
    assert shapely.is_valid(shapes).all()
    assert set(columns["phase"]) == {"before", "both", "aso"}
    with xr.open_dataset(tmp_path / "cut.nc", engine="h5netcdf") as nc:
        assert nc["served"].dims[0] == "phase"
    assert (tmp_path / "cut.kmz").is_file()


def test_a_run_of_an_older_version(folders: tuple[Path, Path], tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(folders[0], old, ignore=shutil.ignore_patterns("cache"))
    manifest = json.loads((old / "manifest.json").read_text(encoding="utf-8"))
    for key in ("phases", "grid", "has_accounts", "again"):
        del manifest[key]
    (old / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    notes = exported(old, tmp_path / "out", "gpkg", "kmz")
    assert "is of another version" in notes[0]
    _, _, columns = read(tmp_path / "out" / "plan.gpkg", "served")
    assert set(columns["phase"]) == set(PHASES)


def test_a_manifest_cannot_lead_out_of_the_folder(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    shutil.copytree(folders[0], bad, ignore=shutil.ignore_patterns("cache"))
    text = (bad / "manifest.json").read_text(encoding="utf-8")
    (bad / "manifest.json").write_text(text.replace('"aso"', '"../../aso"'), encoding="utf-8")
    exported(bad, tmp_path / "out", "cog", "kmz")
    outside = {p.name for p in tmp_path.iterdir()}
    assert outside == {"bad", "out"}


def test_a_grid_in_degrees(tmp_path: Path) -> None:
    scenario = load_scenario(
        write_plan(tmp_path), set_values={"grid.crs": "EPSG:4326", "grid.cell_size": 0.04}
    )
    run(scenario, tmp_path / "run", phase="aso")
    assert exported(tmp_path / "run", tmp_path / "out") == []
    with xr.open_dataset(tmp_path / "out" / "plan.nc", engine="h5netcdf") as nc:
        assert nc["served"].dims == ("time", "service", "lat", "lon")
        assert nc["lat"].attrs["units"] == "degrees_north"
        assert pyproj.CRS.from_cf(nc["crs"].attrs).is_geographic
    meta, shapes, columns = read(tmp_path / "out" / "plan.gpkg", "served")
    assert meta["crs"] == "EPSG:4326"
    geod = pyproj.Geod(ellps="WGS84")
    for shape, area in zip(shapes, columns["area_km2"], strict=True):
        # Rings along parallels, cell by cell: geodesics between corners bulge by next to nothing.
        own = shapely.segmentize(shape, 0.04)
        assert abs(geod.geometry_area_perimeter(own)[0]) * 1e-6 == pytest.approx(area, rel=2e-3)
    figure, notes = draw_run_map(open_run_or_remains(tmp_path / "run").run, language("en"), dpi=50)
    assert figure.get_figwidth() > 5.0
    assert notes == []


def test_units_are_polygons_where_their_file_is_as_it_was(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(folders[0], copy, ignore=shutil.ignore_patterns("cache", "fields"))
    boxes = {UNIT: (104.5, 9.8, 104.8, 10.2), "West": (104.2, 9.8, 104.5, 10.2)}
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": shapely.geometry.mapping(shapely.box(*box)),
        }
        for name, box in boxes.items()
    ]
    units = tmp_path / "units.geojson"
    units.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["scenario"]["population"]["units"] = units.name
    manifest["again"]["scenario"] = "../s.toml"
    manifest["files_sha256"][units.name] = hashlib.sha256(units.read_bytes()).hexdigest()
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    exported(copy, tmp_path / "out", "gpkg", phases=["aso"])
    _, shapes, columns = read(tmp_path / "out" / "plan.gpkg", "units")
    assert set(columns["geometry_is"]) == {"polygon of the unit"}
    change = pyproj.Transformer.from_crs("EPSG:32648", "EPSG:4326", always_xy=True)
    for unit, shape in zip(columns["unit"], shapes, strict=True):
        own = shapely.transform(shape, change.transform, interleaved=False)
        assert shapely.bounds(own) == pytest.approx(boxes[unit], abs=1e-6)
        assert columns["persons"][0] > 0
    units.write_text(units.read_text("utf-8") + " ", encoding="utf-8")
    notes = exported(copy, tmp_path / "changed", "gpkg", phases=["aso"])
    assert any("units are drawn as hulls" in note for note in notes)
    _, _, columns = read(tmp_path / "changed" / "plan.gpkg", "units")
    assert set(columns["geometry_is"]) == {"hull of inhabited cells, not a border"}
