"""A location explained: what the run's rasters say, station by station."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.point import explain_point, load_run_scenario, place_of
from dtt_sim.workflow.run import Run, run
from terrain.units import read_units

SCENARIO = Path(__file__).parents[3] / "scenarios" / "kien_giang" / "scenario.toml"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    values = {"grid.cell_size": 8000, "uncertainty.draws": 0}
    scenario = load_scenario(SCENARIO, override="k33_guard_19_256", set_values=values)
    return run(scenario, tmp_path_factory.mktemp("run"), phase="band_700_vacated")


def test_the_explanation_is_what_the_rasters_say(finished: Run) -> None:
    scenario = load_run_scenario(finished.out)
    assert scenario.override == "k33_guard_19_256"
    lon, lat = finished.grid.lonlat()
    rng = np.random.default_rng(2)
    for row, col in zip(rng.integers(0, lon.shape[0], 12), rng.integers(0, lon.shape[1], 12),
                        strict=True):  # fmt: skip
        report = explain_point(finished.out, scenario, float(lat[row, col]), float(lon[row, col]))
        assert report.cell == (row, col)
        for name, found in report.multiplexes.items():
            layers = finished.service[name]
            expected = float(layers.probability[row, col])
            if math.isnan(expected):
                assert found.aim == ""
                assert found.cause == "no data"
                continue
            assert found.probability == pytest.approx(expected, abs=1e-4)
            assert found.margin_db == pytest.approx(float(layers.margin_db[row, col]), abs=0.01)
            assert found.aim == finished.stations[int(layers.best_server[row, col])]
            culprit = int(layers.culprit[row, col])
            assert found.culprit == ("" if culprit < 0 else finished.stations[culprit])
            # The parts add up to the whole, as powers: the useful ones to about C.
            useful = [p.useful_db for p in found.parts if math.isfinite(p.useful_db)]
            total = 10.0 * np.log10((10.0 ** (np.array(useful) / 10.0)).sum())
            assert total - 0.1 <= found.c_db <= total + 3.5


def test_places_by_name(finished: Run) -> None:
    scenario = finished.scenario
    assert place_of(scenario, "Thị trấn Dương Đông") == (10.2258, 103.9681)
    assert place_of(scenario, "dương đông") == (10.2258, 103.9681)
    with pytest.raises(DttSimError, match=r"did you mean .*Dương Đông"):
        place_of(scenario, "Thị trấn Duong Dong")
    with pytest.raises(DttSimError, match="did you mean"):
        place_of(scenario, "Vĩnh")
    # A unit is its most populous place.
    assert place_of(scenario, "Rạch Giá") == (10.0151, 105.0836)


def test_units_of_polygons_are_places(shared: Path) -> None:
    districts = shared / "data" / "kien_giang_boundaries" / "kien_giang_districts_pre2025.geojson"
    scenario = load_scenario(SCENARIO, set_values={"population.units": str(districts)})
    lat, lon = place_of(scenario, "Huyện Hòn Đất")
    units = read_units(districts)
    inside = units.locate(np.array([lon]), np.array([lat]))
    assert units.names[int(inside[0])] == "Huyện Hòn Đất"


def test_command(finished: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["point", str(finished.out), "--place", "An Thới", "--out", str(tmp_path)])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert "K33 (SDTV K33): " in said
    assert "antenna at phu_quoc_k33" in said
    with (tmp_path / "point.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = {r["station"] for r in rows if r["multiplex"] == "K33" and r["role"] == "wanted"}
    assert wanted == {t.id for t in finished.scenario.transmitters if t.multiplex == "K33"}
    picture = imread(tmp_path / "point.png")
    assert min(picture.shape[:2]) > 800
    assert len(np.unique(picture[:, :, :3].mean(axis=2).round(2))) > 50


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--lat", "10.0"], "--lat and --lon, or --place"),
        (["--lat", "10.0", "--lon", "105.0", "--place", "An Thới"], "one of the two"),
        (["--lat", "40.0", "--lon", "105.0"], "off the receiving grid"),
        (["--place", "An Thới", "--multiplex", "K99"], "choose from K33"),
        (["--lat", "10.0", "--lon", "nan"], "is no position"),
    ],
)
def test_what_cannot_be_explained(
    finished: Run, options: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["point", str(finished.out), *options])
    assert stopped.value.code == 2
    assert why in capsys.readouterr().err


def test_folders_that_are_no_run_or_of_another_scenario(finished: Run, tmp_path: Path) -> None:
    with pytest.raises(DttSimError, match="not the folder of a finished run"):
        load_run_scenario(tmp_path)
    known = json.loads((finished.out / "manifest.json").read_text(encoding="utf-8"))
    known["again"]["scenario"] = str(SCENARIO)
    known["again"]["elevation"] = [str(finished.scenario.keys.terrain.elevation)]
    known["again"]["land"] = str(finished.scenario.keys.terrain.land)
    for change, why in (
        ({"transmitters": [{**known["transmitters"][0], "erp_kw": 77.0},
                           *known["transmitters"][1:]]}, "station hon_me_k33 has changed"),
        ({"transmitters": known["transmitters"][1:]}, "station hon_me_k33 has changed"),
        ({"scenario": {**known["scenario"], "network":
                       {**known["scenario"]["network"], "strategy": "strongest"}}},
         r"\[network\] has changed"),
    ):  # fmt: skip
        (tmp_path / "manifest.json").write_text(json.dumps(known | change), encoding="utf-8")
        with pytest.raises(DttSimError, match=why):
            load_run_scenario(tmp_path)
