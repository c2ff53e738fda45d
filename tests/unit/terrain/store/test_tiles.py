"""Names of tiles, and which of them a box needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrain.errors import StoreError, TerrainError
from terrain.products import known_product
from terrain.store.local import Store
from terrain.store.origin import Origin, read_mirrors
from terrain.store.plan import Request, items_of
from terrain.store.sources import SOURCES, Source, source_named
from terrain.store.tiles import (
    SLIVER_DEG,
    Tile,
    check_box,
    n_columns,
    parse_list,
    split_at_antimeridian,
    tiles_of,
)

longitudes = st.floats(-180.0, 180.0)
latitudes = st.floats(-88.0, 88.0)


@given(
    longitudes, st.floats(0.002, 20.0), latitudes, st.floats(0.002, 20.0), st.sampled_from([1, 3])
)
def test_every_place_of_a_box_lies_in_a_tile(
    west: float, width: float, south: float, height: float, tile_deg: int
) -> None:
    north = min(south + height, 89.0)
    tiles = tiles_of((west, south, west + width, north), tile_deg)
    assert len(tiles) == len(set(tiles))
    covered = set(tiles)
    for u in (0.0, 0.31, 0.5, 0.77, 1.0):
        for v in (0.0, 0.31, 0.5, 0.77, 1.0):
            # A strip of a thousandth of a degree along the edge may be left out.
            lon = west + SLIVER_DEG + u * max(width - 2 * SLIVER_DEG, 0.0)
            lat = south + SLIVER_DEG + v * max(north - south - 2 * SLIVER_DEG, 0.0)
            col, row = int(lon // tile_deg), int(lat // tile_deg)
            tile = Tile(row * tile_deg, (col * tile_deg + 180) % 360 - 180)
            on_an_edge = min(lon % tile_deg, lat % tile_deg) < 1e-9
            assert tile in covered or on_an_edge
    for tile in tiles:
        assert -180 <= tile.lon_deg < 180
        assert tile.lat_deg % tile_deg == tile.lon_deg % tile_deg == 0
        assert south - tile_deg <= tile.lat_deg <= north


@given(longitudes, st.floats(0.01, 5.0))
def test_a_box_is_the_same_however_its_longitudes_are_written(west: float, width: float) -> None:
    box = (west, 10.2, west + width, 10.8)
    turned = (
        west - 360.0 if west > 0 else west,
        10.2,
        west + width - (360.0 if west > 0 else 0),
        10.8,
    )
    assert tiles_of(box, 1) == tiles_of(turned, 1)


def test_whole_degrees_ask_for_no_neighbours() -> None:
    assert tiles_of((104.0, 10.0, 105.0, 11.0), 1) == [Tile(10, 104)]
    assert tiles_of((102.0, 9.0, 105.0, 12.0), 3) == [Tile(9, 102)]


def test_names_south_west_and_across() -> None:
    assert [t.name for t in tiles_of((-0.5, -0.5, 0.5, 0.5), 1)] == [
        "N00W001", "N00E000", "S01W001", "S01E000",
    ]  # fmt: skip
    assert [t.name for t in tiles_of((-63.5, -16.5, -63.2, -16.2), 1)] == ["S17W064"]
    assert [t.name for t in tiles_of((179.5, -16.8, -179.5, -16.2), 1)] == ["S17E179", "S17W180"]
    assert [t.name for t in tiles_of((179.5, -16.8, 180.5, -16.2), 1)] == ["S17E179", "S17W180"]
    assert [t.name for t in tiles_of((-1.0, -1.0, 1.0, 1.0), 3)] == [
        "N00W003", "N00E000", "S03W003", "S03E000",
    ]  # fmt: skip


def test_a_whole_turn_has_each_tile_once() -> None:
    tiles = tiles_of((-179.5, 0.2, 180.5, 0.8), 1)
    assert len(tiles) == 360
    assert len({t.lon_deg for t in tiles}) == 360


def test_split_at_the_antimeridian() -> None:
    assert split_at_antimeridian((179.0, 1.0, -178.0, 2.0)) == [
        (179.0, 1.0, 180.0, 2.0), (-180.0, 1.0, -178.0, 2.0),
    ]  # fmt: skip
    assert split_at_antimeridian((10.0, 1.0, 11.0, 2.0)) == [(10.0, 1.0, 11.0, 2.0)]
    assert split_at_antimeridian((-190.0, 1.0, -185.0, 2.0)) == [(170.0, 1.0, 175.0, 2.0)]


@pytest.mark.parametrize(
    ("box", "text"),
    [
        ((10.0, 104.0, 11.0, 105.0), "exchanged"),
        ((104.0, 11.0, 105.0, 10.0), "south to north"),
        ((104.0, 10.0, 104.0, 11.0), "empty"),
        ((104.0, 10.0, float("inf"), 11.0), "degrees"),
        ((500000.0, 10.0, 600000.0, 11.0), "degrees"),
        ((-200.0, 10.0, 200.0, 11.0), "more than a turn"),
    ],
)
def test_what_is_no_box(box: tuple[float, float, float, float], text: str) -> None:
    with pytest.raises(TerrainError, match=text):
        check_box(box)


@given(st.sets(st.tuples(st.integers(-90, 89), st.integers(-180, 179)), min_size=1, max_size=40))
def test_a_list_is_read_as_it_is_written(corners: set[tuple[int, int]]) -> None:
    source = source_named("glo30")
    tiles = {Tile(*corner) for corner in corners}
    text = "\r\n".join(f"Copernicus_DSM_COG_10_{t.ns}_00_{t.ew}_00_DEM" for t in tiles)
    assert parse_list(text + "\n\n", source) == tiles


def test_the_list_of_another_source_is_refused() -> None:
    text = "Copernicus_DSM_COG_30_N10_00_E104_00_DEM"
    with pytest.raises(TerrainError, match="line 1"):
        parse_list(text, source_named("glo30"))
    assert parse_list(text, source_named("glo90")) == {Tile(10, 104)}


@pytest.mark.parametrize(
    ("lat", "columns"),
    [(0, 3600), (49, 3600), (-50, 3600), (50, 2400), (-51, 2400), (60, 1800), (70, 1200),
     (80, 720), (85, 360), (-86, 360)],
)  # fmt: skip
def test_columns_grow_fewer_towards_the_poles(lat: int, columns: int) -> None:
    assert n_columns(source_named("glo30"), lat) == columns


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.id)
def test_every_source_is_whole(source: Source, store: Store) -> None:
    assert source.credit_text
    assert source.base.startswith("https://")
    assert 0 < source.typical_bytes < source.max_bytes
    request = Request((104.2, 10.2, 104.8, 10.8), (source.id,), ("VNM",))
    request.check()
    (item,) = items_of(source, request)
    assert "{" not in item.name + item.path
    assert store.path(item.name).is_relative_to(store.root)
    if source.kind == "elevation":
        assert known_product(item.name) == source.product
        assert source.product is not None


def test_addresses_of_the_sources() -> None:
    """As they were found in public code; a changed letter here is a wrong address there."""
    request = Request((104.2, 10.2, 104.8, 10.8), countries=("VNM",))
    addresses = {
        source.id: Origin().url(source, items_of(source, request)[0].path) for source in SOURCES
    }
    assert addresses["glo30"] == (
        "https://copernicus-dem-30m.s3.amazonaws.com/Copernicus_DSM_COG_10_N10_00_E104_00_DEM/"
        "Copernicus_DSM_COG_10_N10_00_E104_00_DEM.tif"
    )
    assert addresses["srtm"] == (
        "https://s3.amazonaws.com/elevation-tiles-prod/skadi/N10/N10E104.hgt.gz"
    )
    assert addresses["worldcover"].endswith("/ESA_WorldCover_10m_2021_v200_N09E102_Map.tif")
    assert addresses["worldpop"] == (
        "https://data.worldpop.org/GIS/Population/Global_2015_2030/R2025A/2025/VNM/v1/100m/"
        "constrained/vnm_pop_2025_CN_100m_R2025A_v1.tif"
    )
    assert addresses["geoboundaries"] == (
        "https://www.geoboundaries.org/api/current/gbOpen/VNM/ADM1/"
    )


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../b", "", "a//b", ".hidden", "a\\b", "a/b\0", "ü", "a/..x"]
)
def test_no_name_leads_out_of_the_store(name: str, store: Store) -> None:
    with pytest.raises(StoreError):
        store.path(name)


def test_no_link_leads_out_of_the_store(store: Store) -> None:
    store.root.mkdir()
    outside = store.root.parent / "outside"
    outside.mkdir()
    (store.root / "glo30").symlink_to(outside)
    with pytest.raises(StoreError, match="link"):
        store.path("glo30/x.tif")


def test_mirrors() -> None:
    environment = {
        "DTT_SIM_MIRROR": "https://a.example/x/",
        "DTT_SIM_MIRROR_GLO30": "https://b.example",
    }
    origin = Origin(read_mirrors(("srtm=https://c.example/s",), environment))
    assert origin.url(source_named("glo90"), "p") == "https://a.example/x/glo90/p"
    assert origin.url(source_named("glo30"), "p") == "https://b.example/p"
    assert origin.url(source_named("srtm"), "p") == "https://c.example/s/p"
    assert read_mirrors(("https://d.example/?a=b",), {}) == {"": "https://d.example/?a=b"}
    for wrong in ("glo31=https://x.example", "folder/somewhere", "glo30=", "glo30=ftp://x.example"):
        with pytest.raises(TerrainError):
            read_mirrors((wrong,), {})
