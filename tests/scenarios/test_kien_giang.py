"""The Kiên Giang scenario, on a coarse grid: schematic as shipped, and on the real relief."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import Run, run
from dtt_sim.workflow.tables import SUMMARY_HEADER, cause_rows, summary_rows

SCENARIO = Path(__file__).parents[2] / "scenarios" / "kien_giang" / "scenario.toml"
COARSE: dict[str, Any] = {"grid.cell_size": 5000}


def share(result: Run, multiplex: str) -> float:
    assert result.population is not None
    layers = result.service[multiplex]
    return result.population.served_counted(layers.served_good) / result.population.counted


def test_schematic(tmp_path: Path) -> None:
    result = run(load_scenario(SCENARIO, set_values=COARSE), tmp_path)
    assert result.population is not None
    assert result.population.total == pytest.approx(1_723_067)
    assert result.ground.is_schematic
    lines = (tmp_path / "assumptions.csv").read_text(encoding="utf-8-sig").splitlines()
    assert result.n_assumption == len(lines) - 1 > len(result.scenario.assumptions)
    assert 0.85 < share(result, "K33") < 0.97
    # A shorter guard interval leaves more echoes outside: nobody gains by it.
    shorter = run(load_scenario(SCENARIO, override="k33_guard_19_256", set_values=COARSE), tmp_path)
    assert shorter.computed == ()
    assert share(shorter, "K33") < 0.7
    assert share(shorter, "VTV") == share(result, "VTV")
    # Phú Quốc depends on its proposal: without it the island loses the multiplex.
    without = run(load_scenario(SCENARIO, override="existing_only", set_values=COARSE), tmp_path)
    assert without.computed == ()
    island = result.population.units.index("Phú Quốc")
    served = result.population.served(result.service["K33"].served_good)[island]
    left = without.population.served(without.service["K33"].served_good)[island]  # type: ignore[union-attr]
    assert left < 0.5 * served


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
        "transmitters.hon_me_k33.height_amsl_m": 200.0,
        "transmitters.hon_me_k34.height_amsl_m": 200.0,
        "transmitters.hon_me_vtv.height_amsl_m": 200.0,
    }
    result = run(load_scenario(SCENARIO, set_values=values), tmp_path)
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
