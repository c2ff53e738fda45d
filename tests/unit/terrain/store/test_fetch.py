"""Whole requests against a server on loopback that serves tiles in the sources' layouts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import rasterio
from tile_server import (
    Site,
    add_glo,
    as_json,
    geotiff,
    glo_name,
    glo_tile,
    read,
    skadi_tile,
    status,
    truncated,
    zipped_bomb,
)  # fmt: skip

from terrain.build import load_ground
from terrain.errors import StoreError, TerrainError
from terrain.ground import OUTSIDE, SEA
from terrain.products import known_product
from terrain.store.fetch import Fetcher
from terrain.store.local import Store
from terrain.store.origin import Origin
from terrain.store.plan import Request

BOX = (104.2, 9.2, 105.8, 10.8)
LAND = [(10, 104), (10, 105), (9, 105)]
SEA_TILE = "glo30/Copernicus_DSM_COG_10_N09_00_E104_00_SEA.tif"


def tile_name(lat: int, lon: int) -> str:
    return f"glo30/{glo_name(lat, lon)}.tif"


def add_both(site: Site, tiles: list[tuple[int, int]]) -> None:
    add_glo(site, tiles)
    add_glo(site, tiles, source="glo90")


def test_tiles_come_and_the_absent_one_is_sea_by_the_list(site: Site, fetcher: Fetcher) -> None:
    add_both(site, LAND)
    report = fetcher.fetch(Request(BOX))
    assert not report.missing
    assert set(report.fetched) == {tile_name(*t) for t in LAND}
    assert report.sea == [SEA_TILE]
    for lat, lon in LAND:
        path = fetcher.store.path(tile_name(lat, lon))
        assert path.read_bytes() == site.files[f"/glo30/{glo_name(lat, lon)}/{path.name}"]
    assert not list(fetcher.store.root.rglob("*.part*"))


def test_ground_of_fetched_tiles(site: Site, fetcher: Fetcher) -> None:
    add_both(site, LAND)
    report = fetcher.fetch(Request(BOX))
    files = report.files["glo30"]
    ground = load_ground(elevation=files, surface="surface", bounds_lonlat=BOX)
    assert int(ground.zone_at(104.5, 9.5)) == SEA
    assert ground.height_at(104.5, 9.5) == 0.0
    assert not (ground.zone == OUTSIDE).any()
    assert not any("resampled" in note for note in ground.notes)
    # A cell's value stands half a pixel off: at the whole fractions of a degree.
    with rasterio.open(fetcher.store.path(tile_name(10, 105))) as tile:
        values = tile.read(1)
        assert ground.height_at(105 + 8 / 40, 11 - 17 / 40) == pytest.approx(values[17, 8])
    assert any("WorldDEM-30" in text for text in ground.credits)


def test_nothing_is_asked_for_once_everything_is_there(site: Site, fetcher: Fetcher) -> None:
    add_both(site, LAND)
    fetcher.fetch(Request(BOX))
    before = len(site.requests)
    again = Fetcher(Store(fetcher.store.root), fetcher.client, fetcher.origin)
    report = again.fetch(Request(BOX))
    assert len(site.requests) == before
    assert len(report.present) == 4
    assert not report.fetched
    offline = Fetcher(Store(fetcher.store.root), offline=True).fetch(Request(BOX))
    assert offline.files == report.files
    assert not offline.missing


def test_offline_says_what_is_missing(site: Site, fetcher: Fetcher) -> None:
    add_both(site, LAND)
    fetcher.fetch(Request((104.2, 10.2, 104.8, 10.8)))
    report = Fetcher(fetcher.store, offline=True).fetch(Request(BOX))
    # Of the sea tile the list says what it is, but it was not made while there was a network.
    assert set(report.missing) == {tile_name(10, 105), tile_name(9, 105), SEA_TILE}
    assert all("offline" in text for text in report.missing.values())
    assert [p.name for p in report.files["glo30"]] == [Path(tile_name(10, 104)).name]


def test_a_listed_tile_that_is_gone_is_named_and_the_rest_comes(
    site: Site, fetcher: Fetcher
) -> None:
    add_both(site, LAND)
    del site.files[f"/{tile_name(10, 105)[:-4]}/{glo_name(10, 105)}.tif"]
    report = fetcher.fetch(Request(BOX))
    assert list(report.missing) == [tile_name(10, 105)]
    assert "404" in report.missing[tile_name(10, 105)]
    assert len(report.fetched) == 2


def test_land_that_glo30_withholds_is_not_sea(site: Site, fetcher: Fetcher) -> None:
    add_glo(site, [(40, 44)])
    add_glo(site, [(40, 44), (40, 45)], source="glo90")
    report = fetcher.fetch(Request((44.2, 40.2, 45.8, 40.8)))
    assert list(report.missing) == [tile_name(40, 45)]
    assert "--source glo90" in report.missing[tile_name(40, 45)]
    assert not report.sea


def test_without_the_list_an_absent_tile_is_missing(site: Site, fetcher: Fetcher) -> None:
    add_glo(site, LAND)
    del site.files["/glo30/tileList.txt"]
    report = fetcher.fetch(Request(BOX))
    assert list(report.missing) == [tile_name(9, 104)]
    assert not report.sea
    assert "list of tiles is not at hand" in report.notes[0]


def test_an_unchecked_sea_is_said(site: Site, fetcher: Fetcher) -> None:
    add_glo(site, LAND)
    report = fetcher.fetch(Request(BOX))
    assert report.sea == [SEA_TILE]
    assert any("unchecked" in note for note in report.notes)


@pytest.mark.parametrize(
    "text", ["", "<html>sign in</html>", "Copernicus_DSM_COG_30_N10_00_E104_00_DEM\n"]
)
def test_what_is_no_list_is_not_taken_for_an_empty_sea(
    text: str, site: Site, fetcher: Fetcher
) -> None:
    add_both(site, LAND)
    site.files["/glo30/tileList.txt"] = text.encode()
    report = fetcher.fetch(Request(BOX))
    assert list(report.missing) == [tile_name(9, 104)]
    assert not report.sea
    assert not (fetcher.store.root / "glo30/tileList.txt").exists()


def test_a_damaged_file_is_fetched_again(site: Site, fetcher: Fetcher) -> None:
    add_both(site, LAND)
    fetcher.fetch(Request(BOX))
    path = fetcher.store.path(tile_name(10, 104))
    right = path.read_bytes()
    path.write_bytes(right[:-10] + bytes(10))
    offline = Fetcher(Store(fetcher.store.root), offline=True).fetch(Request(BOX))
    assert "checksum" in offline.missing[tile_name(10, 104)]
    again = Fetcher(Store(fetcher.store.root), fetcher.client, fetcher.origin)
    report = again.fetch(Request(BOX))
    assert report.fetched == [tile_name(10, 104)]
    assert path.read_bytes() == right


def test_a_tile_of_another_place_is_refused(site: Site, fetcher: Fetcher) -> None:
    add_both(site, LAND)
    name = glo_name(10, 104)
    site.files[f"/glo30/{name}/{name}.tif"] = glo_tile(11, 104)
    report = fetcher.fetch(Request(BOX))
    assert "not the 1 degree(s) of N10E104" in report.missing[tile_name(10, 104)]
    assert not fetcher.store.path(tile_name(10, 104)).exists()
    assert not list(fetcher.store.root.rglob("*.part"))


def test_a_cut_off_file_of_unknown_length_is_found_out(site: Site, fetcher: Fetcher) -> None:
    add_both(site, LAND)
    name = glo_name(10, 104)
    path = f"/glo30/{name}/{name}.tif"
    site.files[path] = site.files[path][: len(site.files[path]) // 2]
    site.sized = False
    site.is_s3 = False
    report = fetcher.fetch(Request(BOX))
    assert list(report.missing) == [tile_name(10, 104)]
    assert "not a raster" in report.missing[tile_name(10, 104)]


def test_skadi_becomes_a_geotiff_without_depths(site: Site, fetcher: Fetcher) -> None:
    site.files["/srtm/elevation-tiles-prod/skadi/N10/N10E104.hgt.gz"] = skadi_tile()
    report = fetcher.fetch(Request((104.2, 10.2, 104.8, 10.8), ("srtm",)))
    (path,) = report.files["srtm"]
    with rasterio.open(path) as tile:
        height = tile.read(1)
        assert tile.nodata == -32768
        # Posts lie on the whole degrees: the edge is half a cell outside.
        assert tile.bounds.left == pytest.approx(104 - 0.5 / 1200)
        assert tile.bounds.top == pytest.approx(11 + 0.5 / 1200)
    assert height[0, 0] == 0
    assert height[0, -1] == 300
    assert height[10, 1000] == -32768
    entry = fetcher.store.entries()["srtm/skadi_N10E104.tif"]
    assert "set to 0 m" in entry.note
    product = known_product(path)
    assert product is not None
    assert (product.is_surface, product.vertical_datum) == (True, "EGM96")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x1f\x8b\x08not a gzip", "not a whole gzip"),
        (b"<html>", "not a whole gzip"),
        (skadi_tile(1201)[:-20], "not a whole gzip"),
        (skadi_tile(1100), "as a tile has"),
    ],
)
def test_a_bad_archive_is_refused(data: bytes, text: str, site: Site, fetcher: Fetcher) -> None:
    site.files["/srtm/elevation-tiles-prod/skadi/N10/N10E104.hgt.gz"] = data
    report = fetcher.fetch(Request((104.2, 10.2, 104.8, 10.8), ("srtm",)))
    assert text in report.missing["srtm/skadi_N10E104.tif"]
    assert not list((fetcher.store.root / "srtm").iterdir())


def test_a_gzip_bomb_is_refused(site: Site, fetcher: Fetcher) -> None:
    bomb = zipped_bomb(60_000_000)
    assert len(bomb) < 100_000
    site.files["/srtm/elevation-tiles-prod/skadi/N10/N10E104.hgt.gz"] = bomb
    report = fetcher.fetch(Request((104.2, 10.2, 104.8, 10.8), ("srtm",)))
    assert "unpacks to more than" in report.missing["srtm/skadi_N10E104.tif"]


def add_worldcover(site: Site) -> None:
    codes = np.full((30, 30), 40, np.uint8)
    name = "ESA_WorldCover_10m_2021_v200_N09E102_Map.tif"
    site.files[f"/worldcover/v200/2021/map/{name}"] = geotiff(
        codes, 102.0, 12.0, (0.1, 0.1), nodata=0
    )
    features = [{"properties": {"ll_tile": "N09E102"}, "geometry": None}]
    site.files["/worldcover/esa_worldcover_grid.geojson"] = as_json({"features": features})


def test_land_cover_has_no_tiles_over_open_sea(site: Site, fetcher: Fetcher) -> None:
    add_worldcover(site)
    report = fetcher.fetch(Request((101.5, 9.5, 103.5, 10.5), ("worldcover",)))
    assert [p.name for p in report.files["worldcover"]] == [
        "ESA_WorldCover_10m_2021_v200_N09E102_Map.tif"
    ]
    assert not report.missing
    assert "N09E099" in report.notes[0]


def add_gedtm(site: Site, *, dtype: str = "float32") -> np.ndarray:
    """A raster over 103..107 E, 8..12 N with a scale tag that is not true of floats."""
    rows, cols = np.mgrid[0:400, 0:400]
    metres = (10 * (rows // 100) + cols / 100.0).astype(np.float32)
    values = metres if dtype == "float32" else np.rint(10 * metres).astype(np.int32)
    nodata = float(np.finfo(np.float32).max) if dtype == "float32" else -2147483647
    values[:20, :20] = nodata
    path = "/gedtm30/global/dtm/v1.2/gedtm_rf_m_30m_s_20060101_20151231_go_epsg.4326.3855_v1.2.tif"
    tiled = {"tiled": True, "blockxsize": 64, "blockysize": 64}
    site.files[path] = geotiff(values, 103.0, 12.0, (0.01, 0.01), scale=0.1, nodata=nodata, **tiled)
    return metres


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_a_window_of_the_bare_earth_is_kept_in_metres(
    dtype: str, site: Site, fetcher: Fetcher
) -> None:
    metres = add_gedtm(site, dtype=dtype)
    report = fetcher.fetch(Request((104.0, 10.0, 105.0, 11.0), ("gedtm30",)))
    assert not report.missing
    (path,) = report.files["gedtm30"]
    ground = load_ground(elevation=path)
    for lon, lat in ((104.305, 10.505), (104.755, 10.245)):
        row, col = round((12.0 - lat) / 0.01 - 0.5), round((lon - 103.0) / 0.01 - 0.5)
        assert ground.height_at(lon, lat) == pytest.approx(metres[row, col], abs=0.051)
    west, south, east, north = ground.grid.bounds
    assert west <= 104.0 - 0.005
    assert east < 105.03
    assert south <= 10.0 - 0.005
    assert north < 11.03
    with rasterio.open(path) as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert any("GEDTM30" in text for text in ground.credits)


def test_a_window_needs_no_whole_file(site: Site, fetcher: Fetcher) -> None:
    add_gedtm(site)
    fetcher.fetch(Request((104.0, 10.0, 104.1, 10.1), ("gedtm30",)))
    raster = [r for r in site.requests if r[0] == "GET" and r[1].endswith("v1.2.tif")]
    assert raster
    assert all(span for _, _, span in raster)


def test_a_window_without_range_requests_is_refused_in_words(site: Site, fetcher: Fetcher) -> None:
    add_gedtm(site)
    site.ranges = False
    report = fetcher.fetch(Request((104.0, 10.0, 105.0, 11.0), ("gedtm30",)))
    (text,) = report.missing.values()
    assert "refuses range requests" in text
    assert not list((fetcher.store.root / "gedtm30").iterdir())


def test_population_by_country_and_window(site: Site, fetcher: Fetcher) -> None:
    path = (
        "/worldpop/GIS/Population/Global_2015_2030/R2025A/2024/VNM/v1/100m/constrained/"
        "vnm_pop_2024_CN_100m_R2025A_v1.tif"
    )
    people = np.arange(10000, dtype=np.float32).reshape(100, 100)
    site.files[path] = geotiff(people, 104.0, 11.0, (0.02, 0.02), nodata=-99999.0)
    request = Request((104.5, 10.0, 105.0, 10.5), ("worldpop",), ("vnm",), 2024)
    report = fetcher.fetch(request)
    (kept,) = report.files["worldpop"]
    with rasterio.open(kept) as raster:
        row, col = raster.index(104.71, 10.25)
        assert raster.read(1)[row, col] == people[37, 35]
        assert raster.nodata == -99999.0
    with pytest.raises(TerrainError, match="--country"):
        fetcher.fetch(Request((104.5, 10.0, 105.0, 10.5), ("worldpop",)))


VRT = """<VRTDataset rasterXSize="200" rasterYSize="100">
<SRS>EPSG:4326</SRS><GeoTransform>104.0, 0.01, 0, 11.0, 0, -0.01</GeoTransform>
<VRTRasterBand dataType="Float32" band="1">{parts}</VRTRasterBand></VRTDataset>"""
PART = """<SimpleSource><SourceFilename relativeToVRT="{rel}">{name}</SourceFilename>
<SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" xSize="100" ySize="100"/>
<DstRect xOff="{x}" yOff="0" xSize="100" ySize="100"/></SimpleSource>"""


def add_hrsl(site: Site, *names: str, rel: int = 1, extra: str = "") -> None:
    parts = [PART.format(name=name, x=100 * i, rel=rel) for i, name in enumerate(names)]
    vrt = VRT.format(parts="".join(parts)) + extra
    site.files["/hrsl/hrsl-cogs/hrsl_general/hrsl_general-latest.vrt"] = vrt.encode()
    for i, name in enumerate(names):
        values = np.full((100, 100), i + 1, np.float32)
        site.files[f"/hrsl/hrsl-cogs/hrsl_general/{name}"] = geotiff(
            values, 104.0 + i, 11.0, (0.01, 0.01)
        )


def test_population_of_a_mosaic(site: Site, fetcher: Fetcher) -> None:
    add_hrsl(site, "v1/cog_lon_104.tif", "v1/cog_lon_105.tif")
    report = fetcher.fetch(Request((104.9, 10.4, 105.1, 10.6), ("hrsl",)))
    assert not report.missing
    values = read(report.files["hrsl"][0])
    assert (values[:, 0] == 1).all()
    assert (values[:, -1] == 2).all()


@pytest.mark.parametrize(
    ("name", "rel", "extra"),
    [
        ("/etc/passwd.tif", 1, ""),
        ("../../../secret.tif", 1, ""),
        ("v1/part.tif", 0, ""),
        ("v1/part.tif", 1, "<!ENTITY a 'b'>"),
        ("v1/part.tif", 1, '<VRTRasterBand subClass="VRTDerivedRasterBand"/>'),
        ("v1/part.tif", 1, "<SourceFilename relativeToVRT='1'>v1/x.tif<a/></SourceFilename>"),
        ("http://elsewhere.example/x.tif", 1, ""),
    ],
)
def test_a_mosaic_that_names_other_files_is_refused(
    name: str, rel: int, extra: str, site: Site, fetcher: Fetcher
) -> None:
    add_hrsl(site, name, rel=rel, extra=extra)
    report = fetcher.fetch(Request((104.1, 10.4, 104.3, 10.6), ("hrsl",)))
    (text,) = report.missing.values()
    assert "is not opened" in text


def units_file(n: int = 2) -> bytes:
    square = [[[104, 9], [105, 9], [105, 10], [104, 10], [104, 9]]]
    return as_json(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"shapeName": f"Unit {i}"},
                    "geometry": {"type": "Polygon", "coordinates": square},
                }
                for i in range(n)
            ],
        }
    )


API = "/geoboundaries/api/current/gbOpen/VNM/ADM1/"
UNITS = Request((104.0, 9.0, 105.0, 10.0), ("geoboundaries",), ("VNM",))


def test_units_come_by_way_of_the_api(site: Site, fetcher: Fetcher) -> None:
    site.files["/raw/units.geojson"] = units_file()
    site.files[API] = as_json(
        {"gjDownloadURL": f"{site.url}/raw/units.geojson", "boundarySource": "A survey",
         "boundaryLicense": "CC BY 4.0"}
    )  # fmt: skip
    report = fetcher.fetch(UNITS)
    assert not report.missing
    assert report.files["geoboundaries"][0].read_bytes() == units_file()
    assert any("A survey" in text for text in fetcher.store.credits())
    text = (fetcher.store.root / "CREDITS.txt").read_text(encoding="utf-8")
    assert "A survey" in text


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"gjDownloadURL": "https://elsewhere.example/x.geojson"}, "--allow-host"),
        ({"gjDownloadURL": "file:///etc/passwd"}, "no web address"),
        ({"gjDownloadURL": None}, "no web address"),
        ({}, "gjDownloadURL"),
        ([], "gjDownloadURL"),
        ("text", "gjDownloadURL"),
    ],
)
def test_the_api_does_not_lead_elsewhere(
    answer: object, text: str, site: Site, fetcher: Fetcher
) -> None:
    site.files[API] = as_json(answer)
    report = fetcher.fetch(UNITS)
    assert text in report.missing["geoboundaries/geoBoundaries_VNM_ADM1.geojson"]


@pytest.mark.parametrize(
    "data",
    [
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n",
        as_json({"type": "FeatureCollection", "features": []}),
        as_json({"features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}}]}),
        b"\xff\xfe",
    ],
)
def test_what_is_no_file_of_units_is_refused(data: bytes, site: Site, fetcher: Fetcher) -> None:
    site.files["/raw/units.geojson"] = data
    site.files[API] = as_json({"gjDownloadURL": f"{site.url}/raw/units.geojson"})
    assert fetcher.fetch(UNITS).missing
    assert not list((fetcher.store.root / "geoboundaries").iterdir())


def test_across_the_antimeridian(site: Site, fetcher: Fetcher) -> None:
    add_both(site, [(-17, 179), (-17, -180)])
    report = fetcher.fetch(Request((179.5, -16.8, -179.5, -16.2)))
    assert sorted(report.fetched) == [tile_name(-17, 179), tile_name(-17, -180)]
    ground = load_ground(
        elevation=report.files["glo30"],
        surface="surface",
        bounds_lonlat=(179.5, -16.8, 180.5, -16.2),
    )
    assert not (ground.zone == OUTSIDE).any()
    for lon in (179.7, -179.7):
        assert ground.height_at(lon, -16.5) > 0.0


def test_a_folder_takes_the_place_of_the_network(
    site: Site, fetcher: Fetcher, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    for lat, lon in LAND[:2]:
        (folder / f"{glo_name(lat, lon)}.tif").write_bytes(glo_tile(lat, lon))
    (folder / "tileList.txt").write_text("\n".join(glo_name(*t) for t in LAND))
    own = Fetcher(fetcher.store, fetcher.client, Origin(folder=folder))
    report = own.fetch(Request(BOX))
    assert site.requests == []
    assert list(report.missing) == [tile_name(9, 105)]
    assert "stick" in report.missing[tile_name(9, 105)]
    assert report.sea == [SEA_TILE]
    assert any("unchecked" in note for note in report.notes)
    assert own.client.n_request == 0


def test_a_plan_has_sizes_and_writes_nothing(site: Site, fetcher: Fetcher) -> None:
    add_both(site, LAND)
    rows = fetcher.plan(Request(BOX))
    assert not fetcher.store.root.exists()
    by_name = {row.name: row for row in rows}
    for tile in LAND:
        row = by_name[tile_name(*tile)]
        name = glo_name(*tile)
        assert (row.state, row.is_known) == ("fetch", True)
        assert row.size == len(site.files[f"/glo30/{name}/{name}.tif"])
    assert by_name[SEA_TILE].state == "sea"
    assert not any(method == "GET" and ".tif" in path for method, path, _ in site.requests)
    fetcher.fetch(Request(BOX))
    rows = Fetcher(fetcher.store, fetcher.client, fetcher.origin).plan(Request(BOX))
    assert {row.state for row in rows} == {"there", "sea"}


def test_a_store_that_cannot_be_written(site: Site, fetcher: Fetcher, tmp_path: Path) -> None:
    add_both(site, LAND)
    (tmp_path / "file").write_text("")
    blocked = Fetcher(Store(tmp_path / "file" / "store"), fetcher.client, fetcher.origin)
    with pytest.raises(StoreError, match="choose --store"):
        blocked.fetch(Request(BOX))
    assert site.requests == []


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"format": 9, "files": {}}', '{"format": 1, "files": {"a": {"odd": 1}}}', "null"],
)
def test_a_broken_index_is_named(text: str, fetcher: Fetcher) -> None:
    fetcher.store.root.mkdir()
    (fetcher.store.root / "index.json").write_text(text)
    with pytest.raises(StoreError, match=r"index\.json"):
        fetcher.fetch(Request(BOX))


def test_the_index_says_where_each_file_came_from(site: Site, fetcher: Fetcher) -> None:
    add_both(site, LAND)
    fetcher.fetch(Request(BOX))
    index = json.loads((fetcher.store.root / "index.json").read_text(encoding="utf-8"))
    entry = index["files"][tile_name(10, 104)]
    name = glo_name(10, 104)
    assert entry["url"] == f"{site.url}/glo30/{name}/{name}.tif"
    assert len(entry["sha256"]) == 64
    assert entry["etag"]
    text = (fetcher.store.root / "CREDITS.txt").read_text(encoding="utf-8")
    assert "Copernicus WorldDEM-30" in text
    assert "do not incur any liability" in text


@pytest.mark.parametrize(
    "request_",
    [
        Request((104.0, 9.0, 105.0, 10.0), ("glo31",)),
        Request((104.0, 9.0, 105.0, 10.0), ()),
        Request((9.0, 104.0, 10.0, 105.0)),
        Request((104.0, 10.0, 105.0, 9.0)),
        Request((104.0, 9.0, 104.0, 10.0)),
        Request((float("nan"), 9.0, 104.0, 10.0)),
        Request((104.0, 9.0, 105.0, 10.0), ("geoboundaries",), ("Vietnam",)),
        Request((104.0, 9.0, 105.0, 10.0), ("geoboundaries",), ("../",)),
        Request((104.0, 9.0, 105.0, 10.0), ("geoboundaries",), ("VNM",), level="../../x"),
        Request((104.0, 9.0, 105.0, 10.0), ("worldpop",), ("VNM",), 1999),
        Request((-180.0, -80.0, 180.0, 80.0)),
    ],
)
def test_what_cannot_be_asked_for_is_refused_first(request_: Request, fetcher: Fetcher) -> None:
    with pytest.raises(TerrainError):
        fetcher.fetch(request_)
    assert fetcher.client.n_request == 0


def add_hills(site: Site) -> None:
    """The heights of :func:`add_gedtm` as GLO-30 would have them, at N10E104."""
    rows, cols = np.mgrid[0:100, 0:100]
    values = (10 * ((rows + 100) // 100) + (cols + 100) / 100.0 + 20).astype(np.float32)
    name = glo_name(10, 104)
    site.files["/glo30/tileList.txt"] = name.encode()
    site.files[f"/glo30/{name}/{name}.tif"] = geotiff(values, 104 - 0.005, 11 + 0.005, (0.01, 0.01))


@pytest.mark.parametrize("factor", [0.1, 1.0, 10.0])
def test_bare_earth_in_another_unit_is_found_out(
    factor: float, site: Site, fetcher: Fetcher
) -> None:
    metres = add_gedtm(site)
    path = next(name for name in site.files if name.startswith("/gedtm30/"))
    values = ((np.minimum(metres, 100.0) + 20) * factor).astype(np.float32)
    site.files[path] = geotiff(values, 103.0, 12.0, (0.01, 0.01), scale=0.1)
    add_hills(site)
    box = (104.0, 10.0, 105.0, 11.0)
    fetcher.fetch(Request(box))
    report = fetcher.fetch(Request(box, ("gedtm30",)))
    if factor == 1.0:
        assert any("in metres: 1.0" in note for note in report.notes)
        return
    (text,) = report.missing.values()
    found = re.search(r"heights are (\S+) times those of Copernicus", text)
    assert found
    assert float(found[1]) == pytest.approx(factor, rel=0.1)
    assert not list((fetcher.store.root / "gedtm30").iterdir())


GEDTM = Request((104.0, 10.0, 104.5, 10.5), ("gedtm30",))


def gedtm_path(site: Site) -> str:
    return next(name for name in site.files if name.startswith("/gedtm30/"))


def test_a_window_outlives_faults_of_the_server(
    site: Site, fetcher: Fetcher, waits: list[float]
) -> None:
    metres = add_gedtm(site)
    # The first answer is the client's own look at the file; the others are GDAL's.
    site.faults[gedtm_path(site)] = [None, status(500), None, status(503), truncated(100)]
    report = fetcher.fetch(GEDTM)
    assert not report.missing
    assert waits
    ground = load_ground(elevation=report.files["gedtm30"])
    assert ground.height_at(104.305, 10.305) == pytest.approx(metres[169, 130], abs=0.051)


def test_a_window_of_a_server_that_fails_for_good(site: Site, fetcher: Fetcher) -> None:
    add_gedtm(site)
    site.faults[gedtm_path(site)] = [None, *[status(500)] * 50]
    report = fetcher.fetch(GEDTM)
    (text,) = report.missing.values()
    assert "3 attempts" in text
    assert not list((fetcher.store.root / "gedtm30").iterdir())


def test_a_window_that_the_raster_does_not_reach(site: Site, fetcher: Fetcher) -> None:
    add_gedtm(site)
    report = fetcher.fetch(Request((20.0, 10.0, 20.5, 10.5), ("gedtm30",)))
    (text,) = report.missing.values()
    assert "not to the box" in text


def test_a_window_out_of_a_folder(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    metres = add_gedtm(site)
    path = gedtm_path(site)
    (tmp_path / Path(path).name).write_bytes(site.files[path])
    own = Fetcher(fetcher.store, fetcher.client, Origin(folder=tmp_path))
    report = own.fetch(GEDTM)
    assert site.requests == []
    ground = load_ground(elevation=report.files["gedtm30"])
    assert ground.height_at(104.305, 10.305) == pytest.approx(metres[169, 130], abs=0.051)


def test_a_tile_of_too_many_cells_is_refused(site: Site, fetcher: Fetcher, tmp_path: Path) -> None:
    """Blocks of zeros take no room: a few kilobytes can hold a raster that fills the memory."""
    add_both(site, LAND)
    n, half = 8000, 0.5 / 8000
    with rasterio.open(
        tmp_path / "bomb.tif", "w", driver="GTiff", width=n, height=n, count=1, dtype="float32",
        crs="EPSG:4326", sparse_ok=True, tiled=True,
        transform=rasterio.Affine(1 / n, 0, 104 - half, 0, -1 / n, 11 + half),
    ):  # fmt: skip
        pass
    name = glo_name(10, 104)
    site.files[f"/glo30/{name}/{name}.tif"] = (tmp_path / "bomb.tif").read_bytes()
    report = fetcher.fetch(Request(BOX))
    assert "8000 x 8000 cells" in report.missing[tile_name(10, 104)]


def test_packed_tiles_and_units_out_of_a_folder(
    site: Site, fetcher: Fetcher, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    (folder / "srtm" / "elevation-tiles-prod" / "skadi" / "N10").mkdir(parents=True)
    packed = folder / "srtm" / "elevation-tiles-prod" / "skadi" / "N10" / "N10E104.hgt.gz"
    packed.write_bytes(skadi_tile())
    (folder / "geoBoundaries_VNM_ADM1.geojson").write_bytes(units_file())
    own = Fetcher(fetcher.store, fetcher.client, Origin(folder=folder))
    request = Request((104.2, 10.2, 104.8, 10.8), ("srtm", "geoboundaries"), ("VNM",))
    rows = {row.name: row for row in own.plan(request)}
    assert rows["srtm/skadi_N10E104.tif"].size == packed.stat().st_size
    assert rows["geoboundaries/geoBoundaries_VNM_ADM1.geojson"].size == len(units_file())
    report = own.fetch(request)
    assert not report.missing
    assert read(report.files["srtm"][0])[0, -1] == 300
    assert report.files["geoboundaries"][0].read_bytes() == units_file()
    assert packed.exists()
    assert site.requests == []
