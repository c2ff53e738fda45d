"""The committed Kiên Giang scenario: its files agree with their sources and with each other."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import rasterio
import shapely

from dtt_sim.scenario.load import Scenario, load_scenario
from terrain.build import load_ground
from terrain.ground import SEA, VOID, Ground
from terrain.population import population_from_points

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "scenarios" / "kien_giang"
PROVINCE_2019 = 1_723_067


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "build_kien_giang", ROOT / "scripts" / "build_kien_giang.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def land() -> shapely.Geometry:
    features = json.loads((FOLDER / "ground" / "land.geojson").read_text(encoding="utf-8"))
    return shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in features["features"]])


@pytest.fixture(scope="module")
def ground() -> Ground:
    return load_ground(
        elevation=FOLDER / "ground" / "elevation.tif",
        land=FOLDER / "ground" / "land.geojson",
        is_schematic=True,
    )


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_elevation_is_rebuilt_from_coast_and_hills(script: ModuleType) -> None:
    grid, height = script.schematic_relief()
    with rasterio.open(FOLDER / "ground" / "elevation.tif") as file:
        committed = file.read(1)
        tags = file.tags()
        assert file.descriptions[0].startswith("SCHEMATIC")
        assert file.crs.to_epsg() == 4326
        np.testing.assert_allclose(file.bounds, (102.5, 8.2, 107.3, 11.5), atol=1e-9)
        assert file.transform.almost_equals(grid.affine, 1e-12)
    np.testing.assert_array_equal(committed, height)
    assert tags["DESCRIPTION"].startswith("SCHEMATIC")
    assert "OpenStreetMap" in tags["CREDIT"]
    assert (FOLDER / "ground" / "elevation.tif").stat().st_size < 2_000_000


def test_population_is_rebuilt_from_the_weights(script: ModuleType, tmp_path: Path) -> None:
    script.build_population(tmp_path / "population.csv")
    rebuilt = (tmp_path / "population.csv").read_bytes()
    assert rebuilt == (FOLDER / "population.csv").read_bytes()


def test_tables_are_those_of_the_sources(shared: Path) -> None:
    for own, source in (
        ("hills.csv", "kien_giang_hills.csv"),
        ("communes_weights.csv", "kiengiang_communes_weights.csv"),
    ):
        assert (FOLDER / "tables" / own).read_bytes() == (
            shared / "standards" / source
        ).read_bytes()


def test_hills_stand_where_the_table_says(ground: Ground) -> None:
    """Every summit within the relief's resolution, islands included; overlaps only raise it."""
    for hill in rows("tables/hills.csv"):
        summit = float(hill["summit_m"])
        lon, lat = float(hill["lon"]), float(hill["lat"])
        row, col = (round(float(v)) for v in ground.grid.fractional_index(lon, lat))
        near = ground.height_m[row - 2 : row + 3, col - 2 : col + 3].max()
        assert summit * 0.93 <= near <= summit + 30.0, hill["name"]


def test_ground_has_land_sea_and_no_void(ground: Ground) -> None:
    assert not (ground.zone == VOID).any()
    is_sea = ground.zone == SEA
    assert 0.5 < is_sea.mean() < 0.65
    assert (ground.height_m[is_sea] == 0.0).all()
    # A handful of cell centres lie on the shore's very line and fall to either side.
    assert (ground.height_m[~is_sea] < 1.0).sum() < 30
    low = np.isin(ground.height_m[~is_sea], (1.0, 2.0)).mean()
    assert low > 0.9  # the delta is a plain


def test_coast_agrees_with_another_extract_of_the_same_source(
    land: shapely.Geometry, shared: Path
) -> None:
    features = json.loads(
        (shared / "data" / "kien_giang_coastline" / "osm_land_kien_giang.geojson").read_text()
    )["features"]
    shapes = shapely.make_valid(
        np.array([shapely.geometry.shape(f["geometry"]) for f in features], object)
    )
    parts = shapely.get_parts(shapely.union_all(shapes))
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in parts])
    own = shapely.intersection(land, shapely.box(103.0, 8.5, 106.0, 11.0))
    # Filling lakes on a smaller piece leaves those that its edge cuts open.
    assert shapely.area(shapely.symmetric_difference(own, filled)) < 0.002 * shapely.area(own)


def test_inland_water_is_land_and_the_gulf_is_not(land: shapely.Geometry) -> None:
    assert all(len(part.interiors) == 0 for part in shapely.get_parts(land))
    assert land.contains(shapely.Point(105.44, 10.38))  # the river at Long Xuyên
    assert not land.contains(shapely.Point(104.5, 9.9))


def test_persons_by_district_are_those_of_the_assumptions(shared: Path) -> None:
    persons: dict[str, int] = {}
    for row in rows("population.csv"):
        persons[row["unit"]] = persons.get(row["unit"], 0) + int(row["persons"])
    with (shared / "standards" / "kiengiang_districts.csv").open(encoding="utf-8") as file:
        table = {row["name"]: float(row["pop_dataset_weight_base"]) for row in csv.DictReader(file)}
    with (shared / "standards" / "assumptions.csv").open(encoding="utf-8") as file:
        fixed = {
            row["key"]: int(row["value"])
            for row in csv.DictReader(file)
            if row["group"] == "population"
        }
    assert set(persons) == set(table)
    assert sum(persons.values()) == PROVINCE_2019
    assert {name: persons[name] for name in fixed} == fixed
    rest = sum(weight for name, weight in table.items() if name not in fixed)
    for name, weight in table.items():
        if name not in fixed:
            expected = weight / rest * (PROVINCE_2019 - sum(fixed.values()))
            assert persons[name] == pytest.approx(expected, abs=20), name


def test_places_are_on_land_and_everyone_is_in_the_grid(
    land: shapely.Geometry, ground: Ground
) -> None:
    places = rows("population.csv")
    assert len(places) == 145
    at_sea = [
        row["name"]
        for row in places
        if not land.contains(shapely.Point(float(row["lon_deg"]), float(row["lat_deg"])))
    ]
    assert at_sea == []
    scenario = load_scenario(FOLDER / "scenario.toml")
    keys = scenario.keys.grid
    from terrain.grid import Grid

    grid = Grid.from_lonlat_box(
        keys.west_deg,
        keys.south_deg,
        keys.east_deg,
        keys.north_deg,
        crs=keys.crs,
        cell_size=keys.cell_size,
    )
    population = population_from_points(FOLDER / "population.csv", grid, ground=ground)
    assert population.total == pytest.approx(PROVINCE_2019, rel=1e-9)
    assert population.outside.sum() == 0.0
    assert population.at_sea.sum() < 0.001 * PROVINCE_2019


@pytest.mark.parametrize(
    ("override", "count"),
    [
        (None, 22),
        ("existing_only", 18),
        ("hon_me_erp_20kw", 22),
        ("phu_quoc_high_site", 22),
        ("phu_quoc_gap_fillers", 24),
        ("k34_256qam", 22),
        ("portable_outdoor", 22),
    ],
)
def test_scenario_loads_without_a_warning(override: str | None, count: int) -> None:
    scenario = load_scenario(FOLDER / "scenario.toml", override=override)
    assert scenario.warnings == ()
    assert scenario.keys.terrain.schematic
    assert len(scenario.transmitters) == count
    # Alternatives are about the end of the plan, and those that name stations find them there.
    assert scenario.phase is not None
    assert scenario.phase.id == "band_700_vacated"


NEIGHBOURS = {
    "long_xuyen", "can_tho", "vi_thanh", "ca_mau", "bac_lieu", "soc_trang", "cao_lanh", "vinh_long",
}  # fmt: skip
"""Sites with digital stations that are no part of the province's own plan."""


def on_air(scenario: Scenario) -> dict[str, set[str]]:
    return {p.phase.id: {t.id for t in p.transmitters} for p in scenario.phases if p.phase}


def test_who_is_on_air_in_each_phase() -> None:
    found = on_air(load_scenario(FOLDER / "scenario.toml"))
    analogue = {
        "thkg_rach_gia", "vtv1_hon_me", "vtv3_hon_me", "vtv1_phu_quoc", "vtv1_ha_tien",
        "thct_can_tho", "vtv2_rach_gia",
    }  # fmt: skip
    assert list(found) == [
        "analogue_only", "first_dvb_t2", "neighbour_switch_off", "simulcast_complete",
        "sdtv_line_up", "analogue_switch_off", "band_700_vacated",
    ]  # fmt: skip
    assert found["analogue_only"] == analogue
    first = found["first_dvb_t2"] - analogue
    assert {"hon_me_k33", "hon_me_k34", "can_tho_vtv", "vinh_long_k34"} < first
    assert {name.rpartition("_")[0] for name in first} == NEIGHBOURS | {"hon_me"}
    assert found["first_dvb_t2"] > analogue
    assert found["first_dvb_t2"] - found["neighbour_switch_off"] == {"thct_can_tho"}
    assert found["simulcast_complete"] - found["neighbour_switch_off"] == {
        "hon_me_vtv", "rach_gia_k33", "rach_gia_k34", "phu_quoc_k33", "phu_quoc_k34",
    }  # fmt: skip
    assert found["sdtv_line_up"] == found["simulcast_complete"]
    # The exception above 694 MHz outlives the switch-off.
    assert found["analogue_switch_off"] & analogue == {"vtv2_rach_gia"}
    digital = {r["id"] for r in rows("transmitters.csv")} - analogue
    assert found["band_700_vacated"] == digital


def test_days_of_the_plan_and_the_line_up(shared: Path) -> None:
    scenario = load_scenario(FOLDER / "scenario.toml")
    phases = {p.phase.id: p.phase for p in scenario.phases if p.phase}
    sure = {name: p.date.isoformat() for name, p in phases.items() if p.confidence == "VERIFIED"}
    assert sure == {"neighbour_switch_off": "2016-08-15", "sdtv_line_up": "2017-08-12"}
    with (shared / "standards" / "vn_aso_timeline.csv").open(encoding="utf-8") as file:
        known = {r["date"]: r for r in csv.DictReader(file)}
    assert known["2016-08-15"]["confidence"] == "VERIFIED"
    assert "Can Tho" in known["2016-08-15"]["provinces"]
    assert phases["band_700_vacated"].date.isoformat() in known
    assert str(phases["analogue_switch_off"].date) == "2017-12-31"
    assert all(p.title and p.note for p in phases.values())
    dropped = {"THVL1", "THVL2", "ATV"}
    for one in scenario.phases:
        assert one.phase is not None
        is_before = one.phase.date.isoformat() < "2017-08-12"
        assert (dropped <= set(one.multiplexes["K33"].programmes)) == is_before
    # What is the same programme has the same name, digital or not.
    digital = {p for m in scenario.multiplexes.values() for p in m.programmes}
    assert {p for a in scenario.analogue.values() for p in a.programmes} <= digital


def test_analogue_stations_are_those_of_the_assumptions(shared: Path) -> None:
    with (shared / "standards" / "assumptions.csv").open(encoding="utf-8") as file:
        given = [r for r in csv.DictReader(file) if r["group"] == "analogue stations"]
    made_up = [r for r in rows("transmitters.csv") if r["multiplex"].startswith("PAL_")]
    assert len(made_up) == len(given)
    for row in made_up:
        raster = {"UHF": "UHF", "VHF_DK": "VHF"}[row["channel_raster"]]
        height = row["height_agl_m"] or row["height_amsl_m"]
        source = [r["value"] for r in given if f"{raster} {row['channel']} " in r["value"]]
        assert len(source) == 1, row["id"]
        assert f" {row['erp_kw']} kW" in source[0], row["id"]
        assert f" {height} m" in source[0], row["id"]
        assert row["confidence"] == "SYNTHETIC"
        assert row["note"].startswith("made up")


def test_gap_fillers_come_with_the_simulcast_in_place_of_the_mast() -> None:
    plan = on_air(load_scenario(FOLDER / "scenario.toml"))
    other = on_air(load_scenario(FOLDER / "scenario.toml", override="phu_quoc_gap_fillers"))
    new = {f"{town}_{channel}" for town in ("duong_dong", "an_thoi") for channel in ("k33", "k34")}
    for phase, names in plan.items():
        has_mast = "phu_quoc_k33" in names
        assert other[phase] == names - {"phu_quoc_k33", "phu_quoc_k34"} | (
            new if has_mast else set()
        )


def test_a_file_may_put_the_switch_off_later() -> None:
    plan = load_scenario(FOLDER / "scenario.toml")
    later = load_scenario(FOLDER / "later_switch_off.toml")
    assert on_air(later) == on_air(plan)
    moved = {
        a.phase.id: (str(a.phase.date), str(b.phase.date))
        for a, b in zip(plan.phases, later.phases, strict=True)
        if a.phase and b.phase and a.phase.date != b.phase.date
    }
    assert moved == {"analogue_switch_off": ("2017-12-31", "2019-06-30")}


def test_sites_are_those_of_the_source(shared: Path, land: shapely.Geometry) -> None:
    """Positions of the table; each on land and in the relief's box; heights where one is given."""
    with (shared / "standards" / "vn_transmitters_south.csv").open(encoding="utf-8") as file:
        known = {(float(r["lat"]), float(r["lon"])): r for r in csv.DictReader(file)}
    found = 0
    for row in rows("transmitters.csv"):
        position = float(row["lat_deg"]), float(row["lon_deg"])
        assert land.contains(shapely.Point(position[1], position[0])), row["id"]
        if row["confidence"] == "SYNTHETIC":
            continue
        assert row["confidence"] == "ASSUMED"
        if "proposal" in row["site"]:
            assert float(row["erp_kw"]) == 2.0
            continue
        source = known[position]
        found += 1
        assert float(row["erp_kw"]) == 10.0
        if row["height_agl_m"]:
            assert row["height_agl_m"] == source["antenna_height_m_agl"], row["id"]
        else:
            assert (row["id"][:6], row["height_amsl_m"]) == ("hon_me", "180")
        if source["uhf_channels"] != "not found":
            assert row["channel"] in source["uhf_channels"].split(","), row["id"]
    assert found == 18


def test_modes_are_those_published(shared: Path) -> None:
    scenario = load_scenario(FOLDER / "scenario.toml")
    with (shared / "standards" / "vn_mux_modes.csv").open(encoding="utf-8") as file:
        modes = {r["channel"]: r for r in csv.DictReader(file) if r["operator"] == "SDTV"}
    for name, channel in (
        ("K33", "33"),
        ("K34", "34 (HTV site)"),
        ("K34_vinh_long", "34 (Vĩnh Long site)"),
    ):
        mode, row = scenario.multiplexes[name].mode, modes[channel]
        assert (mode.fft, mode.modulation, mode.code_rate, mode.guard_interval,
                mode.pilot_pattern) == (row["fft"], row["modulation"], row["code_rate"],
                                        row["guard"], row["pilot"])  # fmt: skip
    carried = {tx.id: tx.multiplex for tx in scenario.transmitters}
    assert [name for name, mux in carried.items() if mux == "K34_vinh_long"] == ["vinh_long_k34"]


def test_every_assumption_has_a_reason() -> None:
    scenario = load_scenario(FOLDER / "scenario.toml")
    assert len(scenario.assumptions) >= 22 + 20
    assert all(item.reason for item in scenario.assumptions)
