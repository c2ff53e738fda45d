"""Analogue stations, own protection ratios and what only disturbs, beside DVB-T2, in a scenario."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import rasterio

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError, ScenarioError
from dtt_sim.network.analogue import nuisance_field, usable_field_power_sum
from dtt_sim.network.azimuth import azimuth_deg
from dtt_sim.network.discrimination import discrimination_db, discrimination_of_band
from dtt_sim.network.evaluate import CAUSES
from dtt_sim.network.protection import protection_ratio
from dtt_sim.scenario.load import Scenario, load_scenario
from dtt_sim.workflow.run import Run, run
from dtt_sim.workflow.service import check_protection, settings_of, signal_of
from terrain.grid import Grid

SCENARIO = """\
format = 1
name = "simulcast"
[terrain]
elevation = "dem.tif"
[grid]
crs = "EPSG:32648"
cell_size = 4000
west_deg = 104.2
south_deg = 9.8
east_deg = 104.8
north_deg = 10.2
[propagation]
wanted_radius_km = 60
interfering_radius_km = 100
[multiplexes.K33]
fft = "32K"
guard_interval = "1/8"
pilot_pattern = "PP2"
modulation = "64QAM"
code_rate = "3/4"
[analogue.VTV1]
system = "PAL_DK"
[stations]
file = "tx.csv"
[population]
points = "people.csv"
"""
TABLE = """\
id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel,channel_raster
a,First,10.0,104.3,100,0.05,K33,33,
p,Second,10.0,104.7,100,0.02,VTV1,33,
q,Third,10.15,104.3,100,0.02,VTV1,10,VHF_DK
"""
PEOPLE = "name,unit,lat_deg,lon_deg,persons\nA,U,10.0,104.35,100\nB,U,10.0,104.68,50\n"
GRID = Grid.from_lonlat_box(104.0, 9.6, 105.0, 10.4, crs="EPSG:4326", cell_size=1 / 60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain with a digital and two analogue stations."""
    folder = tmp_path_factory.mktemp("simulcast")
    with rasterio.open(
        folder / "dem.tif", "w", driver="GTiff", width=GRID.n_col, height=GRID.n_row, count=1,
        dtype="int16", crs=GRID.crs, transform=GRID.affine,
    ) as file:  # fmt: skip
        file.write(np.full(GRID.shape, 5, np.int16), 1)
    for name, text in (("s.toml", SCENARIO), ("tx.csv", TABLE), ("people.csv", PEOPLE)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def result(folder: Path) -> Run:
    return run(load_scenario(folder / "s.toml"), folder / "out", cache=folder / "cache")


def with_table(folder: Path, extra: str, **set_values: object) -> Scenario:
    """The scenario with rows added to its station table."""
    (folder / "more.csv").write_text(TABLE + extra, encoding="utf-8")
    values = {"stations.file": str(folder / "more.csv")}
    return load_scenario(folder / "s.toml", set_values={**values, **set_values})


def test_analogue_is_predicted_at_its_vision_carrier(result: Run) -> None:
    a, p, q = result.scenario.transmitters
    assert (a.frequency_mhz, p.frequency_mhz, q.frequency_mhz) == (570.0, 567.25, 207.25)
    signal = signal_of(result.scenario, p)
    assert (signal.centre_mhz, signal.bandwidth_mhz, signal.vision_mhz) == (570.0, 8.0, 567.25)


def test_grades_by_hand(result: Run) -> None:
    """Usable field of each cell, drawn from the functions of `network.analogue`."""
    scenario, layers = result.scenario, result.service["VTV1"]
    fields = {name: e.to_numpy().astype(np.float64) for name, e in result.fields.items()}
    lon, lat = result.grid.lonlat()
    by_id = {t.id: t for t in scenario.transmitters}
    margins, fair = [], []
    for name, protected, satisfactory in (("p", 67.0, 58.0), ("q", 55.0, 49.0)):
        t = by_id[name]
        antenna = discrimination_of_band("IV" if name == "p" else "III")[0]
        against = [
            (other.id, protection_ratio(signal_of(scenario, t), signal_of(scenario, other)))
            for other in scenario.transmitters
            if other.id != name
        ]
        assert [other for other, ratio in against if ratio] == (["a"] if name == "p" else [])
        nuisance, tropospheric = [], []
        for other, ratio in against:
            if ratio is None:
                continue
            off = np.array([
                discrimination_db(
                    azimuth_deg(x, y, by_id[other].lon_deg, by_id[other].lat_deg)
                    - azimuth_deg(x, y, t.lon_deg, t.lat_deg), False, antenna,
                )
                for x, y in zip(lon.flat, lat.flat, strict=True)
            ]).reshape(lon.shape)  # fmt: skip
            median, late = fields[other]
            nuisance.append(
                nuisance_field(median, late, ratio.tropospheric_db, ratio.continuous_db, off)
            )
            tropospheric.append(late + ratio.tropospheric_db - off)
        none = np.empty((0, *lon.shape))
        usable = usable_field_power_sum(protected, nuisance or none)
        margins.append(fields[name][0] - usable)
        fair.append(fields[name][0] >= usable_field_power_sum(satisfactory, tropospheric or none))
    assert not np.array_equal(margins[0] >= 0.0, fields["p"][0] >= 67.0)  # interference decides
    np.testing.assert_array_equal(layers.served_good, np.maximum(*margins) >= 0.0)
    np.testing.assert_array_equal(layers.served_acceptable, (fair[0] | fair[1]))
    assert 0 < layers.served_good.sum() < layers.served_acceptable.sum() < lon.size
    is_p = layers.best_server == 1
    np.testing.assert_allclose(layers.margin_db[is_p], margins[0][is_p], atol=2e-4)
    assert {CAUSES[k] for k in np.unique(layers.cause)} == {"served", "noise", "interference"}
    assert set(layers.culprit[layers.cause == CAUSES.index("interference")]) == {0}


def test_analogue_disturbs_digital(folder: Path, result: Run) -> None:
    alone = load_scenario(
        folder / "s.toml",
        set_values={"transmitters.p.on_air": False, "transmitters.q.on_air": False},
    )
    before = run(alone, folder / "alone", cache=folder / "cache").service["K33"]
    after = result.service["K33"]
    assert np.all(after.probability <= before.probability)
    assert before.served_good.sum() > after.served_good.sum() > 0
    ratio = result.last.ratios["K33", "p"]
    culprits = after.culprit[after.cause == CAUSES.index("interference")]
    assert set(culprits) == {1}
    assert ratio.relation == "co-channel"


def test_outputs_name_the_grades(result: Run) -> None:
    with (result.out / "summary.csv").open(encoding="utf-8-sig") as file:
        rows = [r for r in csv.DictReader(file) if r["unit"] == "(all)"]
    assert [(r["multiplex"], r["quality"], r["location_percent"]) for r in rows] == [
        ("K33", "acceptable", "70.0"), ("K33", "good", "95.0"),
        ("VTV1", "grade 3", "50.0"), ("VTV1", "grade 4", "50.0"),
    ]  # fmt: skip
    with rasterio.open(result.out / "phases" / "all" / "VTV1_usable_field.tif") as file:
        usable = file.read(1, masked=True).filled(np.nan)
    layers = result.service["VTV1"]
    np.testing.assert_allclose(usable, layers.wanted_db - layers.margin_db)
    assert float(np.nanmin(usable)) == pytest.approx(55.0, abs=1e-4)
    with (result.out / "assumptions.csv").open(encoding="utf-8-sig") as file:
        keys = {r["key"]: r["confidence"] for r in csv.DictReader(file)}
    assert keys["analogue.satisfactory_field_dbuv_m"] == "RECALL"
    assert keys["analogue.protected_field_dbuv_m"] == "SINGLE"


def test_fields_of_ones_own(folder: Path) -> None:
    scenario = load_scenario(
        folder / "s.toml",
        set_values={"analogue.VTV1.protected_field_dbuv_m": 60.0,
                    "analogue.VTV1.satisfactory_field_dbuv_m": 50.0},
    )  # fmt: skip
    good, fair = settings_of(scenario, "VTV1")
    assert [g.budget.e_median_dbuv_m for g in good.groups] == [60.0, 60.0]
    assert [g.budget.e_median_dbuv_m for g in fair.groups] == [50.0, 50.0]
    # Grade 3 asks for nothing of what interferes all the time.
    assert all(o.lasting_db == -math.inf for g in fair.groups for o in g.others)
    assert any(o.lasting_db > o.ratio_db for g in good.groups for o in g.others)
    with pytest.raises(ScenarioError, match="must not be above protected"):
        load_scenario(
            folder / "s.toml",
            set_values={"analogue.VTV1.protected_field_dbuv_m": 50.0,
                        "analogue.VTV1.satisfactory_field_dbuv_m": 60.0},
        )  # fmt: skip


def test_line_offset_relieves(folder: Path) -> None:
    extra = "r,Fourth,9.85,104.3,100,0.02,VTV1,33,\n"
    plain = with_table(folder, extra)
    offset = with_table(folder, extra, **{"transmitters.r.line_offset": 6})

    def ratio(scenario: Scenario) -> float:
        group = settings_of(scenario, "VTV1")[0].groups[0]
        return next(o.ratio_db for o in group.others if scenario.transmitters[o.station].id == "r")

    assert (ratio(plain), ratio(offset)) == (45.0, 27.0)
    for key, value, text in (
        ("transmitters.r.line_offset", 0.5, "whole twelfths"),
        ("transmitters.a.line_offset", 2, "nothing for a digital"),
        ("transmitters.r.delay_us", 3, "a delay means nothing for PAL_DK"),
        ("transmitters.r.precision_offset", "maybe", "true or false"),
    ):
        with pytest.raises(ScenarioError, match=text):
            with_table(folder, extra, **{key: value})


ROWS = """\
wanted,unwanted,from_mhz,to_mhz,tropospheric_db,continuous_db,source
DVB-T2,LTE,-20,20,-38,-38,own measurement
PAL_DK,LTE,-20,20,-10,-5,own measurement
"""
LTE = {"others.LTE700.system": "LTE", "others.LTE700.bandwidth_mhz": 10.0}
LTE_ROW = "lte,Mast,10.0,104.31,30,1,LTE700,,,{}\n"


def with_lte(folder: Path, frequency_mhz: float, **more: object) -> Scenario:
    table = TABLE.replace("channel_raster\n", "channel_raster,frequency_mhz\n").replace(
        ",\n", ",,\n"
    )
    table = table.replace("VHF_DK\n", "VHF_DK,\n") + LTE_ROW.format(frequency_mhz)
    (folder / "lte.csv").write_text(table, encoding="utf-8")
    return load_scenario(
        folder / "s.toml", set_values={"stations.file": str(folder / "lte.csv"), **LTE, **more}
    )


def test_lte_disturbs_by_rows_only(folder: Path) -> None:
    (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
    scenario = with_lte(folder, 581.0, **{"network.protection_rows": str(folder / "rows.csv")})
    (setting,) = settings_of(scenario, "K33")
    found = {scenario.transmitters[o.station].id: o.ratio_db for o in setting.groups[0].others}
    assert found["lte"] == -38.0
    good, _ = settings_of(scenario, "VTV1")
    lasting = {o.station: o.lasting_db for o in good.groups[0].others}
    assert lasting[3] == -5.0
    assert list(scenario.services) == ["K33", "VTV1"]  # nobody receives it
    for frequency in (581.0, 760.0):
        with pytest.raises(DttSimError, match=r"K33: disturbed by lte: no protection ratio .* own"):
            check_protection(with_lte(folder, frequency))
    rows = {"network.protection_rows": str(folder / "rows.csv")}
    check_protection(with_lte(folder, 760.0, **rows))  # beyond what the rows are about


def test_broken_rows_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.csv").write_text(ROWS.replace("-38,-38", "x,-38"), encoding="utf-8")
    (folder / "own.toml").write_text(
        'extends = "s.toml"\n[network]\nprotection_rows = "bad.csv"\n', encoding="utf-8"
    )
    with pytest.raises(SystemExit) as stop:
        main(["validate", str(folder / "own.toml")])
    text = capsys.readouterr().err
    assert stop.value.code == 2
    assert "own.toml:3: network.protection_rows" in text
    assert "row 2: tropospheric_db = 'x' is not a number" in text


def test_a_frequency_without_figures(folder: Path) -> None:
    scenario = load_scenario(folder / "s.toml", set_values={"transmitters.p.frequency_mhz": 300.0})
    with pytest.raises(DttSimError, match="VTV1: 300 MHz is in no band of analogue television"):
        run(scenario, folder / "none")


def test_services_are_checked(folder: Path) -> None:
    for values, text in (
        ({"analogue.K33.system": "PAL_DK"}, r"\[multiplexes\] already"),
        ({"analogue.a/b.system": "PAL_DK"}, "names files"),
        ({"analogue.VTV1.system": "NTSC"}, "'NTSC' is not one of"),
        ({"analogue.VTV1.programmes": ["x", "x"]}, "stands there twice"),
        ({"analogue.VTV1.sistem": "PAL_DK"}, "did you mean 'system'"),
    ):
        with pytest.raises(ScenarioError, match=text):
            load_scenario(folder / "s.toml", set_values=values)


def test_point_explains_analogue(result: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["point", str(result.out), "--lat", "10.0", "--lon", "104.68", "--multiplex", "VTV1",
              "--out", str(result.out / "point")])  # fmt: skip
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "VTV1 (VTV1): " in text
    assert "margin for 50 % of locations" in text


def test_a_seven_megahertz_channel(folder: Path) -> None:
    """VHF of system B: the vision carrier 1.25 MHz above the edge of a channel of 7 MHz."""
    table = TABLE.replace("VTV1,10,VHF_DK", "VTV1,5,VHF_B")
    (folder / "e5.csv").write_text(table, encoding="utf-8")
    scenario = load_scenario(
        folder / "s.toml",
        set_values={"stations.file": str(folder / "e5.csv"), "analogue.VTV1.bandwidth_mhz": 7.0,
                    "analogue.VTV1.system": "PAL_BG", "transmitters.p.on_air": False},
    )  # fmt: skip
    signal = signal_of(scenario, scenario.transmitters[1])
    assert (signal.centre_mhz, signal.vision_mhz) == (177.5, 175.25)
