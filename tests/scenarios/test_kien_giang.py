"""The Kiên Giang scenario, on a coarse grid: schematic as shipped, and on the real relief."""

from __future__ import annotations

import csv
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import Run, run
from dtt_sim.workflow.tables import ALL, SUMMARY_HEADER, cause_rows, summary_rows

SCENARIO = Path(__file__).parents[2] / "scenarios" / "kien_giang" / "scenario.toml"
COARSE: dict[str, Any] = {"grid.cell_size": 5000}


def share(result: Run, multiplex: str) -> float:
    assert result.population is not None
    layers = result.service[multiplex]
    return result.population.served_counted(layers.served_good) / result.population.counted


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def finished(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The whole plan."""
    out = tmp_path_factory.mktemp("plan")
    return run(load_scenario(SCENARIO, set_values=COARSE), out, cache=cache, draws=16)


def at_the_end(out: Path, cache: Path, **options: Any) -> Run:
    scenario = load_scenario(SCENARIO, **{"set_values": COARSE} | options)
    phase = "band_700_vacated" if scenario.phases else None
    result = run(scenario, out, cache=cache, phase=phase, draws=0)
    assert result.computed == ()
    return result


def test_schematic(finished: Run, cache: Path, tmp_path: Path) -> None:
    result = finished
    assert result.population is not None
    assert result.population.total == pytest.approx(1_723_067)
    assert result.ground.is_schematic
    lines = (result.out / "assumptions.csv").read_text(encoding="utf-8-sig").splitlines()
    assert result.n_assumption == len(lines) - 1 > len(result.scenario.assumptions)
    assert 0.85 < share(result, "K33") < 0.97
    # A shorter guard interval leaves more echoes outside: nobody gains by it.
    shorter = at_the_end(tmp_path, cache, override="k33_guard_19_256")
    assert share(shorter, "K33") < 0.7
    assert share(shorter, "VTV") == share(result, "VTV")
    # Phú Quốc depends on its proposal: without it the island loses the multiplex.
    without = at_the_end(tmp_path, cache, override="existing_only")
    island = result.population.units.index("Phú Quốc")
    served = result.population.served(result.service["K33"].served_good)[island]
    left = without.population.served(without.service["K33"].served_good)[island]  # type: ignore[union-attr]
    assert left < 0.5 * served


def test_the_plan_ends_where_the_network_without_one_stands(
    finished: Run, cache: Path, tmp_path: Path
) -> None:
    off = {
        f"transmitters.{name}.on_air": False
        for name in finished.scenario.station_ids
        if name not in finished.stations
    }
    plain = at_the_end(tmp_path, cache, set_values=COARSE | off | {"phase": []})
    assert plain.stations == finished.stations
    assert list(plain.service) == list(finished.service)
    for name, layers in plain.service.items():
        np.testing.assert_array_equal(layers.probability, finished.service[name].probability)


def test_people_by_phase(finished: Run) -> None:
    """Of the better quality; frozen, to be looked at when they move."""
    with (finished.out / "summary.csv").open(encoding="utf-8-sig") as file:
        people = {
            (row["phase"], row["multiplex"]): int(row["persons_served"])
            for row in csv.DictReader(file)
            if row["unit"] == ALL and row["quality"] in {"good", "grade 4"}
        }
    expected = {
        "analogue_only": {
            "PAL_VTV1": 1_588_874, "PAL_VTV2": 1_133_933, "PAL_VTV3": 999_803,
            "PAL_THKG": 1_304_183, "PAL_THCT": 192_096,
        },
        "first_dvb_t2": {"K33": 1_196_423, "K34": 174_926, "VTV": 619_212, "PAL_THCT": 34_568},
        "neighbour_switch_off": {"K33": 1_196_423, "PAL_VTV3": 1_008_151},
        "simulcast_complete": {"K33": 1_602_270, "K34": 484_057, "VTV": 1_565_966},
        "analogue_switch_off": {"K33": 1_602_270, "PAL_VTV2": 1_133_933},
        "band_700_vacated": {
            "K33": 1_602_270, "K34": 484_057, "K34_vinh_long": 0, "VTV": 1_565_966,
        },
    }  # fmt: skip
    for phase, of_services in expected.items():
        for service, number in of_services.items():
            assert people[phase, service] == pytest.approx(number, rel=2e-3), (phase, service)
    assert {name for phase, name in people if phase == "band_700_vacated"} == set(
        expected["band_700_vacated"]
    )


def test_alternatives_are_told(finished: Run) -> None:
    found = {a.override: a for a in finished.alternatives}
    for override, services in (
        ("phu_quoc_high_site", {"K33", "K34"}),
        ("phu_quoc_gap_fillers", {"K33", "K34"}),
        ("k34_256qam", {"K34"}),
    ):
        changed = {c.service for c in found[override].changes if c.difference}
        assert changed == services, override
        assert found[override].note == ""
    (k34,) = (
        c for c in found["k34_256qam"].changes
        if (c.service, c.unit, c.quality) == ("K34", ALL, "good")
    )  # fmt: skip
    assert k34.difference < 0.0  # what needs a stronger signal serves fewer


def test_script_that_builds_an_alternative(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(SCENARIO.parent / "build_alternative.py"))
    script["main"](["--out", str(tmp_path), "--cache", str(cache), "--cell-size", "5000"])
    printed = capsys.readouterr().out.splitlines()
    first = printed.index("2017-01-01 simulcast_complete")
    change = dict(line.split()[::2] for line in printed[first + 1 : first + 5])
    assert int(change["K34"].replace(",", "")) > 100_000
    assert change["VTV"] == "+0"
    assert (tmp_path / "alternative" / "summary.csv").exists()


def test_real_relief_population_and_districts(shared: Path, tmp_path: Path) -> None:
    data = shared / "data"
    values = COARSE | {
        "terrain.elevation": str(data / "kien_giang_dem_15s" / "kien_giang_15s.tif"),
        "terrain.land": None,
        "terrain.schematic": False,
        "population.points": None,
        "population.raster": str(data / "kien_giang_population" / "worldpop_2020_1km_unadj.tif"),
        "population.units": str(
            data / "kien_giang_boundaries" / "kien_giang_districts_pre2025.geojson"
        ),
        "households.islands": ["Thành phố Phú Quốc"],
        "uncertainty.draws": 0,
        "transmitters.hon_me_k33.height_amsl_m": 200.0,
        "transmitters.hon_me_k34.height_amsl_m": 200.0,
        "transmitters.hon_me_vtv.height_amsl_m": 200.0,
    }
    scenario = load_scenario(SCENARIO, set_values=values)
    result = run(scenario, tmp_path, phase="band_700_vacated")
    people = result.population
    assert people is not None
    by_unit = dict(zip(people.units, people.by_unit, strict=True))
    assert by_unit["Thành phố Rạch Giá"] == pytest.approx(246_237, rel=2e-4)
    province = [name for name in people.units if name != "(outside units)"]
    assert sum(by_unit[name] for name in province) == pytest.approx(1_760_419, rel=2e-4)
    served = people.served(result.service["K33"].served_good)
    assert share(result, "K33") > 0.9
    mainland = people.units.index("Thành phố Rạch Giá")
    assert served[mainland] > 0.9 * people.by_unit[mainland]
    assert not result.ground.is_schematic
    rows = summary_rows(result.area, result.last)
    areas = {row[2]: row[SUMMARY_HEADER.index("area_km2")] for row in rows if row[1] == "K33"}
    # The polygon's own area is 103 km²; 5 km cells resolve it roughly.
    assert areas["Thành phố Rạch Giá"] == pytest.approx(103.0, abs=50.0)
    assert areas["Huyện Hòn Đất"] == pytest.approx(1031.0, rel=0.1)
    rows = cause_rows(result.area, result.last)
    by_cause = [row[-1] for row in rows if row[1:3] == ("K33", "Huyện Hòn Đất")]
    assert sum(by_cause) == pytest.approx(areas["Huyện Hòn Đất"], abs=0.05 * len(by_cause))
    assert np.isfinite(result.fields["hon_me_k33"].isel(p_time=1)).any()
