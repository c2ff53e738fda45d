"""From files to one Ground: void, sea and outside stay three different things."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from terrain.build import load_ground
from terrain.errors import MissingTerrainError, TerrainError
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID, Ground

from .conftest import MakeLand, MakeRaster

# Rasters here: 100 x 100 cells of 0.01 degrees from 104 E, 11 N; columns 0..39 are water.
COAST = 40
WEST_COAST_LAND = [[(104.4, 9.0), (106.0, 9.0), (106.0, 12.0), (104.4, 12.0)]]


def coast(sea: float = 0.0, land: float = 5.0) -> np.ndarray:
    height = np.full((100, 100), land, np.float32)
    height[:, :COAST] = sea
    return height


def noted(ground: Ground, text: str) -> bool:
    return any(text in note for note in ground.notes)


def test_sea_of_zeros_without_tag_or_polygons(make_raster: MakeRaster) -> None:
    """As GLO-30 comes: no nodata tag, sea 0; or SRTM with noise on the water."""
    height = coast()
    height[5, 5], height[7, 8:10] = -12.0, -3.0
    height[50, 70] = 0.0
    ground = load_ground(elevation=make_raster(height.astype(np.int16)))
    assert (ground.zone[:, :COAST] == SEA).all()
    assert (ground.height_m[:, :COAST] == 0.0).all()
    assert (ground.zone[:, COAST:] != SEA).all()
    assert ground.height_m[50, 70] == 0.0
    assert noted(ground, "4000 cells in large areas at 0 m")


def test_sea_as_nodata_and_voids_inland(make_raster: MakeRaster) -> None:
    height = coast(sea=-32768)
    height[50:53, 80:84] = -32768
    ground = load_ground(elevation=make_raster(height.astype(np.int16), nodata=-32768))
    assert (ground.zone[:, :COAST] == SEA).all()
    assert (ground.height_m[:, :COAST] == 0.0).all()
    assert (ground.zone[50:53, 80:84] == VOID).all()
    assert np.isnan(ground.height_m[50:53, 80:84]).all()
    assert np.isnan(ground.height_m).sum() == 12
    assert noted(ground, "4000 nodata cells in large patches with a low shore")
    assert noted(ground, "12 nodata cells are void")


def test_where_nodata_is_the_sea_low_land_stays_land(make_raster: MakeRaster) -> None:
    height = coast(sea=-32768)
    height[:, 60:90] = 0.0  # a delta at 0 m
    ground = load_ground(elevation=make_raster(height.astype(np.int16), nodata=-32768))
    assert np.isin(ground.zone[:, 60:90], (COASTAL, INLAND)).all()


def test_the_caller_says_what_nodata_means(make_raster: MakeRaster) -> None:
    height = coast(sea=-32768)
    height[50:53, 80:84] = -32768
    path = make_raster(height.astype(np.int16), nodata=-32768)
    sea = load_ground(elevation=path, nodata_means="sea")
    assert (sea.zone[50:53, 80:84] == SEA).all()
    assert not np.isnan(sea.height_m).any()
    void = load_ground(elevation=path, nodata_means="void")
    assert (void.zone[:, :COAST] == VOID).all()
    assert noted(void, "Nodata means void, as given.")


def test_a_tag_of_zero_in_a_coastal_cut(make_raster: MakeRaster, make_land: MakeLand) -> None:
    """The tag turns the sea and every polder at 0 m into nodata; 0 m land is land at 0 m."""
    height = coast()
    height[40:44, 60:65] = 0.0
    path = make_raster(height.astype(np.int16), nodata=0)
    for land in (None, make_land([WEST_COAST_LAND])):
        ground = load_ground(elevation=path, land=land)
        assert (ground.zone[:, :COAST] == SEA).all()
        assert (ground.height_m[40:44, 60:65] == 0.0).all()
        assert (ground.zone[40:44, 60:65] == COASTAL).all()
        assert not (ground.zone == VOID).any()
        assert noted(ground, "20 ")
    said = load_ground(elevation=path, land=make_land([WEST_COAST_LAND]), nodata_means="void")
    assert (said.zone[40:44, 60:65] == VOID).all()
    assert (said.zone[:, :COAST] == SEA).all()


def test_a_tag_of_zero_between_mountains_is_a_void(make_raster: MakeRaster) -> None:
    height = coast(land=900.0)
    height[40:44, 60:65] = 0.0
    ground = load_ground(elevation=make_raster(height.astype(np.int16), nodata=0))
    assert (ground.zone[:, :COAST] == SEA).all()
    assert (ground.zone[40:44, 60:65] == VOID).all()


def test_polygons_tell_land_from_sea(make_raster: MakeRaster, make_land: MakeLand) -> None:
    height = coast(sea=-7.0)
    height[10:12, 10:12] = 2.0  # noise above water
    height[20:22, 20:22] = -32768  # a void on the water
    height[60:63, 70:75] = -32768  # a void on land
    height[80:90, 80:90] = -3.0  # a polder
    path = make_raster(height.astype(np.int16), nodata=-32768)
    ground = load_ground(elevation=path, land=make_land([WEST_COAST_LAND]))
    assert (ground.zone[:, :COAST] == SEA).all()
    assert (ground.height_m[:, :COAST] == 0.0).all()
    assert (ground.zone[60:63, 70:75] == VOID).all()
    assert (ground.zone == VOID).sum() == 15
    assert (ground.height_m[80:90, 80:90] == -3.0).all()
    assert np.isin(ground.zone[80:90, 80:90], (COASTAL, INLAND)).all()
    assert noted(ground, "4 nodata cells are sea, as they lie outside the land")
    assert noted(ground, "15 nodata cells on land are void")


def test_an_island_that_the_elevation_does_not_have(
    make_raster: MakeRaster, make_land: MakeLand
) -> None:
    """Where nodata plainly is the sea, missing islands are land at 0 m and not voids."""
    height = coast(sea=-32768)
    height[50:53, 80:84] = -32768
    height[20:30, COAST : COAST + 3] = -32768  # a coast drawn elsewhere ...
    height[60:70, COAST : COAST + 3] = -32768  # ... and one under a cliff
    height[59:71, COAST + 3 :] = 700.0
    height[59, COAST:] = height[70, COAST:] = 700.0
    island = [[(104.1, 10.5), (104.15, 10.5), (104.15, 10.56), (104.1, 10.56)]]
    ground = load_ground(
        elevation=make_raster(height.astype(np.int16), nodata=-32768),
        land=make_land([WEST_COAST_LAND, island]),
    )
    assert (ground.zone[45:49, 11:14] == COASTAL).all()
    assert (ground.height_m[45:49, 11:14] == 0.0).all()
    assert (ground.zone[20:30, COAST : COAST + 3] == COASTAL).all()
    assert (ground.zone[60:70, COAST : COAST + 3] == VOID).all()
    assert (ground.zone[50:53, 80:84] == VOID).all()
    assert noted(ground, "60 nodata cells on land were taken as land at 0 m")


def test_lakes_are_not_the_sea(make_raster: MakeRaster, make_land: MakeLand) -> None:
    lake = [(104.6, 10.4), (104.7, 10.4), (104.7, 10.5), (104.6, 10.5)]
    ground = load_ground(
        elevation=make_raster(coast(land=30.0)), land=make_land([[*WEST_COAST_LAND, lake]])
    )
    assert (ground.zone[:, COAST:80] == COASTAL).all()
    assert (ground.zone[:, 90:] == INLAND).all()  # by the lake, far from the sea
    assert (ground.height_m[:, COAST:] == 30.0).all()


def test_an_inland_sea_of_a_hundred_kilometres_is_sea(
    make_raster: MakeRaster, make_land: MakeLand
) -> None:
    outline = [(100.0, 5.0), (110.0, 5.0), (110.0, 15.0), (100.0, 15.0)]
    sea = [(104.1, 9.6), (105.2, 9.6), (105.2, 10.9), (104.1, 10.9)]
    height = np.full((150, 150), 20.0, np.float32)
    ground = load_ground(elevation=make_raster(height), land=make_land([[outline, sea]]))
    assert (ground.zone[15:130, 15:115] == SEA).all()
    assert (ground.zone[:9] == COASTAL).all()


def test_beyond_the_cut_of_a_map_the_elevation_decides(
    make_raster: MakeRaster, make_land: MakeLand
) -> None:
    """A regional extract of coastlines ends in a straight edge that is no coast."""
    bay = [
        (104.4, 10.0),
        (104.8, 10.0),
        (104.8, 11.0),
        (104.4, 11.0),
        (104.45, 10.6),
        (104.41, 10.5),
    ]
    lake_at_the_cut = [(104.8, 10.30), (104.8, 10.2), (104.75, 10.25)]
    outline = [*bay[:2], *lake_at_the_cut[::-1], *bay[2:]]
    land = make_land([[outline]])
    height = coast(sea=-1.0, land=150.0)
    height[50:, 40:42] = 150.0
    ground = load_ground(elevation=make_raster(height), land=land)
    assert (ground.zone[:, 80:] == INLAND).all()
    assert (ground.height_m[:, 80:] == 150.0).all()
    assert (ground.zone[:, :40] == SEA).all()
    assert (ground.zone[:, 50:80] == INLAND).all()  # the notch at the cut is a lake
    assert noted(ground, "east of 104.8")


def test_a_box_of_land_is_meant_as_it_is(make_raster: MakeRaster, make_land: MakeLand) -> None:
    box = [[(104.4, 10.4), (104.6, 10.4), (104.6, 10.6), (104.4, 10.6)]]
    ground = load_ground(elevation=make_raster(coast(sea=5.0)), land=make_land([box]))
    assert (ground.zone == COASTAL).sum() == 400
    assert (ground.zone == SEA).sum() == 10000 - 400
    assert (ground.height_m[ground.zone == SEA] == 0.0).all()


def test_coast_beyond_the_raster_counts(make_raster: MakeRaster, make_land: MakeLand) -> None:
    """The sea begins 20 km west of the raster: by polygons, or by elevation round the area."""
    land = [[(103.8, 9.0), (107.0, 9.0), (107.0, 12.0), (103.8, 12.0)]]
    ground = load_ground(
        elevation=make_raster(np.full((100, 100), 5.0, np.float32)), land=make_land([land])
    )
    coastal_km = 1.09 * (ground.zone[50] == COASTAL).sum()
    assert 26.0 < coastal_km < 31.0
    wide = coast()
    path = make_raster(wide.astype(np.int16))
    whole = load_ground(elevation=path)
    part = load_ground(elevation=path, bounds_lonlat=(104.6, 10.2, 104.9, 10.8))
    lon, lat = part.grid.lonlat()
    np.testing.assert_array_equal(part.zone, whole.zone_at(lon, lat))
    assert part.zone.max() == INLAND
    assert part.zone.min() == COASTAL


def test_gaps_between_tiles_stay_outside(make_raster: MakeRaster, make_land: MakeLand) -> None:
    west = make_raster(coast()[:, :COAST].astype(np.int16), "w.tif")
    east = make_raster(
        np.full((100, 30), 5, np.int16), "e.tif",
        transform=(0.01, 0.0, 104.7, 0.0, -0.01, 11.0),
    )  # fmt: skip
    ground = load_ground(elevation=[west, east])
    assert (ground.zone[:, COAST:70] == OUTSIDE).all()
    assert np.isnan(ground.height_m[:, COAST:70]).all()
    half = [[(104.55, 9.0), (106.0, 9.0), (106.0, 12.0), (104.55, 12.0)]]
    ground = load_ground(elevation=[west, east], land=make_land([half]))
    assert (ground.zone[:, COAST:55] == SEA).all()  # a tile over open sea need not exist
    assert (ground.height_m[:, COAST:55] == 0.0).all()
    assert (ground.zone[:, 55:70] == OUTSIDE).all()
    assert noted(ground, "1500 cells that no file covers are sea by the land polygons")


def test_a_zone_raster_takes_the_place_of_the_rule(make_raster: MakeRaster) -> None:
    codes = np.full((50, 50), 4, np.uint8)
    codes[:, :20] = 1
    codes[:10, 20:] = 3
    codes[40:, 20:] = 0
    zones = make_raster(
        codes, "zones.tif", nodata=0, transform=(0.02, 0.0, 104.0, 0.0, -0.02, 11.0)
    )
    height = coast(sea=-4.0)
    height[10, 10] = 35.0  # ground that the coarse zones draw as sea
    height[50:52, 10:12] = -32768
    ground = load_ground(elevation=make_raster(height, nodata=-32768), zones=zones)
    assert (ground.zone[:, :COAST] == SEA).all()
    assert ground.height_m[10, 10] == 35.0
    assert (ground.height_m[:, :COAST] >= 0.0).all()
    assert (ground.zone[:20, COAST:] == COASTAL).all()
    assert (ground.zone[20:80, COAST:] == INLAND).all()
    assert (ground.zone[80:, COAST:80] == COASTAL).all()  # by the rule: within 50 km
    assert noted(ground, "1200 land cells without a zone")


def test_polygons_and_zones_together(make_raster: MakeRaster, make_land: MakeLand) -> None:
    codes = np.full((10, 10), 4, np.uint8)
    codes[:, :5] = 1  # coarse: reaches over land
    zones = make_raster(codes, "zones.tif", transform=(0.1, 0.0, 104.0, 0.0, -0.1, 11.0))
    ground = load_ground(
        elevation=make_raster(coast()), zones=zones, land=make_land([WEST_COAST_LAND])
    )
    assert (ground.zone[:, :COAST] == SEA).all()
    assert (ground.zone[:, COAST:50] == COASTAL).all()
    assert (ground.zone[:, 50:] == INLAND).all()


def test_zone_rasters_that_cannot_be_used(make_raster: MakeRaster) -> None:
    path = make_raster(coast())
    wrong = make_raster(np.full((100, 100), 2, np.uint8), "z.tif")
    with pytest.raises(TerrainError, match=r"z.tif: zone codes 2 \(10000 cells\)"):
        load_ground(elevation=path, zones=wrong)
    elsewhere = make_raster(
        np.ones((5, 5), np.uint8), "far.tif", transform=(1.0, 0.0, 20.0, 0.0, -1.0, 50.0)
    )
    with pytest.raises(TerrainError, match=r"far.tif: no zone on any cell"):
        load_ground(elevation=path, zones=elsewhere)


def test_land_cover_becomes_clutter_on_land_only(make_raster: MakeRaster) -> None:
    codes = np.full((100, 100), 40, np.uint8)
    codes[:, :60] = 10
    codes[90:] = 0
    cover = make_raster(codes, "cover.tif", nodata=0)
    path = make_raster(coast())
    ground = load_ground(elevation=path, land_cover=cover)
    assert (ground.clutter_m[:, :COAST] == 0.0).all()
    assert (ground.clutter_m[:90, COAST:60] == 15.0).all()
    assert (ground.clutter_m[:, 60:] == 0.0).all()
    assert noted(ground, "600 land cells have no land cover")
    doubled = load_ground(elevation=path, land_cover=cover, surface="surface")
    assert (doubled.clutter_m == 0.0).all()
    assert len(doubled.warnings) == 1
    assert "clutter of 1800 vegetated or built cells was not added again" in doubled.warnings[0]
    assert ground.warnings == ()


def test_land_cover_that_does_not_reach_the_area_is_warned_of(make_raster: MakeRaster) -> None:
    cover = make_raster(
        np.full((100, 70), 10, np.uint8), "c.tif", transform=(0.01, 0.0, 103.9, 0.0, -0.01, 11.0)
    )
    ground = load_ground(elevation=make_raster(coast()), land_cover=cover)
    assert ground.clutter_m[:, COAST:60].min() == 15.0
    assert len(ground.warnings) == 1
    assert "no class on 67% of the land" in ground.warnings[0]


def test_a_mosaic_opens_only_what_it_needs(
    make_raster: MakeRaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every tile is looked at, one at a time; only those in the area are read."""
    import terrain.raster

    tiles = [
        make_raster(
            np.full((20, 20), 10.0 + k, np.float32), f"t{k}.tif",
            transform=(0.01, 0.0, 104.0 + 0.2 * k, 0.0, -0.01, 11.0), tags={"CREDIT": f"me {k}"},
        )
        for k in range(40)
    ]  # fmt: skip
    read: list[str] = []
    paste = terrain.raster._paste
    monkeypatch.setattr(
        terrain.raster,
        "_paste",
        lambda source, name, *rest: read.append(name) or paste(source, name, *rest),
    )
    found = terrain.raster.read_elevation(tiles, bounds_lonlat=(106.05, 10.85, 106.45, 10.95))
    assert [Path(name).stem for name in read] == ["t10", "t11", "t12"]
    assert found.credits == ("me 10", "me 11", "me 12")
    assert found.height_m[5, 0] in {19.0, 20.0}


def test_land_cover_class_without_a_height(make_raster: MakeRaster) -> None:
    codes = np.full((100, 100), 40, np.uint8)
    codes[3, 50:53] = 101
    codes[3, 0] = 102  # at sea: not needed
    with pytest.raises(TerrainError, match=r"classes without a height: 101 \(3 cells\); add"):
        load_ground(elevation=make_raster(coast()), land_cover=make_raster(codes, "c.tif"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "FeatureCollection", "features": []}', "no features|no coordinate system"),
        ("not a vector", "not a vector file"),
        (
            json.dumps({"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [104.5, 10.5]}}),
            "land must be polygons",
        ),
        (
            json.dumps({"type": "Feature", "properties": {}, "geometry": None}),
            "no features",
        ),
    ],
)  # fmt: skip
def test_land_files_that_are_none(
    make_raster: MakeRaster, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "land.geojson"
    path.write_text(text)
    with pytest.raises(TerrainError, match=message):
        load_ground(elevation=make_raster(coast()), land=path)


def test_land_without_coordinate_system_or_elsewhere(
    make_raster: MakeRaster, make_land: MakeLand, tmp_path: Path
) -> None:
    import pyogrio
    import shapely

    box = shapely.box(104.0, 10.0, 105.0, 11.0)
    with pytest.warns(UserWarning, match="crs"):
        pyogrio.raw.write(
            tmp_path / "land.shp", np.array([shapely.to_wkb(box)], object), [], [],
            geometry_type="Polygon", crs=None,
        )  # fmt: skip
    path = make_raster(coast())
    with pytest.raises(TerrainError, match=r"land.shp: no coordinate system"):
        load_ground(elevation=path, land=tmp_path / "land.shp")
    swapped = [[(10.4, 104.0), (11.0, 104.0), (11.0, 105.0), (10.4, 105.0)]]
    with pytest.raises(TerrainError, match="lie elsewhere than the elevation"):
        load_ground(elevation=path, land=make_land([swapped]))
    with pytest.raises(MissingTerrainError, match=r"gone.geojson: no such file"):
        load_ground(elevation=path, land=tmp_path / "gone.geojson")


def test_land_in_another_coordinate_system(
    make_raster: MakeRaster, tmp_path: Path, make_land: MakeLand
) -> None:
    import pyogrio
    import shapely

    from terrain.grid import transformer

    outline = shapely.segmentize(shapely.Polygon(WEST_COAST_LAND[0]), 0.05)
    there = shapely.transform(
        outline, lambda xy: np.column_stack(transformer("EPSG:4326", "EPSG:32648").transform(*xy.T))
    )
    pyogrio.raw.write(
        tmp_path / "utm.gpkg", np.array([shapely.to_wkb(there)], object), [], [],
        geometry_type="Polygon", crs="EPSG:32648",
    )  # fmt: skip
    path = make_raster(coast())
    here = load_ground(elevation=path, land=make_land([WEST_COAST_LAND]))
    utm = load_ground(elevation=path, land=tmp_path / "utm.gpkg")
    np.testing.assert_array_equal(utm.zone, here.zone)


def test_elevation_that_is_all_void_or_wrongly_tagged(make_raster: MakeRaster) -> None:
    with pytest.raises(TerrainError, match="nothing but nodata"):
        load_ground(elevation=make_raster(np.full((9, 9), 5, np.int16), nodata=5))
    with pytest.raises(TerrainError, match="nothing but nodata"):
        load_ground(elevation=make_raster(np.full((9, 9), 5, np.int16)), nodata=5)
    height = np.full((100, 100), -9999.0, np.float32)
    height[:, 90:] = 700.0
    with pytest.raises(TerrainError, match="nothing but voids in the area"):
        load_ground(
            elevation=make_raster(height, nodata=-9999), bounds_lonlat=(104.1, 10.2, 104.5, 10.8)
        )


def test_faulty_depths_on_land_are_void(make_raster: MakeRaster) -> None:
    height = coast()
    height[50, 80] = -10640.0
    ground = load_ground(elevation=make_raster(height))
    assert ground.zone[50, 80] == VOID
    assert noted(ground, "1 cells below -500 m on land are void")


def test_sea_floor_without_polygons_is_said(make_raster: MakeRaster) -> None:
    """Shallow depths look like land below the sea: kept, with a word about polygons."""
    ground = load_ground(elevation=make_raster(coast(sea=-25.0)))
    assert not (ground.zone == SEA).any()
    assert noted(
        ground, "4000 land cells lie below -10 m; if that is sea floor, give land polygons"
    )


def test_credits_and_surface_of_known_products(make_raster: MakeRaster) -> None:
    name = "Copernicus_DSM_COG_10_N10_00_E104_00_DEM.tif"
    ground = load_ground(
        elevation=make_raster(coast(), name, tags={"CREDIT": "own survey"}), credits=["me"]
    )
    assert ground.credits[:2] == ("me", "own survey")
    assert "Airbus Defence and Space" in ground.credits[2]
    assert noted(ground, "Copernicus GLO-30 is a surface model")
    assert not noted(
        load_ground(elevation=make_raster(coast(), name), surface="surface"), "surface model"
    )


def test_schematic_stays_schematic(make_raster: MakeRaster) -> None:
    assert load_ground(elevation=make_raster(coast()), is_schematic=True).is_schematic


def test_kien_giang_nodata_is_the_sea(shared: Path) -> None:
    path = shared / "data" / "kien_giang_dem_15s" / "kien_giang_15s.tif"
    ground = load_ground(elevation=path)
    assert 0.48 < (ground.zone == SEA).mean() < 0.5
    assert (ground.zone == VOID).mean() < 0.001
    assert np.nanmax(ground.height_m) == 1049.0
    assert ground.zone_at(104.5, 9.5) == SEA
    assert ground.zone_at(105.08, 10.01) == COASTAL  # Rạch Giá
    assert ground.height_at(104.985, 10.498) > 400.0  # Núi Cấm


def test_kien_giang_zones_agree_with_the_itu_map(shared: Path) -> None:
    """Two coastlines, 460 m against 1.1 km cells: differences lie along the shore and the rim."""
    data = shared / "data"
    ground = load_ground(
        elevation=data / "kien_giang_dem_15s" / "kien_giang_15s.tif",
        land=data / "kien_giang_coastline" / "osm_land_kien_giang.geojson",
        bounds_lonlat=(103.3, 9.0, 105.9, 10.9),
    )
    itu = load_ground(
        elevation=data / "kien_giang_dem_15s" / "kien_giang_15s.tif",
        zones=data / "radio_climatic_zones" / "rcz_kien_giang.tif",
        bounds_lonlat=(103.3, 9.0, 105.9, 10.9),
    )
    lon, lat = ground.grid.lonlat()
    theirs = itu.zone_at(lon, lat)
    known = (ground.zone != VOID) & (theirs != VOID)
    assert (ground.zone == theirs)[known].mean() > 0.95


def test_vancouver_voids_and_noisy_sea(shared: Path) -> None:
    ground = load_ground(elevation=shared / "data" / "vancouver_dem_3s" / "vancouver_srtm3.tif")
    assert (ground.zone == VOID).sum() == 60_542
    assert ground.zone_at(-123.6, 49.2) == SEA  # Strait of Georgia
    assert ground.zone_at(-123.27, 49.5) == SEA  # Howe Sound, a fjord
    assert (ground.height_m[ground.zone == SEA] == 0.0).all()
    assert ground.zone_at(-122.2, 49.85) == INLAND


def test_sierra_has_no_sea_for_all_its_tag_of_zero(shared: Path) -> None:
    ground = load_ground(elevation=shared / "data" / "sierra_nevada_dem_3s" / "sierra_srtmgl3.tif")
    assert (ground.zone == INLAND).all()
    assert (ground.height_m.min(), ground.height_m.max()) == (57.0, 4291.0)
