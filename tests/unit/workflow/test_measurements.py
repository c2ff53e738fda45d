"""Measured fields: what was put into them is found, and bad rows are named."""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import rasterio
from places_province import write_province

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError, ScenarioError
from dtt_sim.scenario.load import Scenario, load_scenario
from dtt_sim.scenario.measured import read_measured
from dtt_sim.scenario.receivers import Receiver
from dtt_sim.workflow.measurements import Comparison, measurements
from dtt_sim.workflow.receivers import ReceiverReport, receivers
from terrain.grid import Grid
from terrain.landcover import NOTHING, class_names, classes_at

HEAD = "name,lat_deg,lon_deg,station,e_dbuv_m,date"
OFFSET_DB = -4.0


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_province(tmp_path_factory.mktemp("province"))


@pytest.fixture(scope="module")
def scenario(province: Path) -> Scenario:
    return load_scenario(province)


@pytest.fixture(scope="module")
def report(scenario: Scenario) -> ReceiverReport:
    rng = np.random.default_rng(8)
    lat, lon = rng.uniform(9.85, 10.15, 60), rng.uniform(104.3, 104.75, 60)
    return receivers(
        scenario,
        [
            Receiver(f"m{k}", float(a), float(o), 10.0, k)
            for k, (a, o) in enumerate(zip(lat, lon, strict=True))
        ],
    )


def predicted(report: ReceiverReport, *names: str) -> np.ndarray:
    """Power sum of stations' median fields at every place."""
    by_id = {t.id: t for t in report.transmitters}
    powers = [10.0 ** (0.1 * report.losses.field(by_id[n])[0].to_numpy()) for n in names]
    return np.asarray(10.0 * np.log10(np.sum(np.array(powers, np.float64), axis=0)))


def write(path: Path, rows: Sequence[Sequence[object]], head: str = HEAD) -> Path:
    lines = [head, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def file(report: ReceiverReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = np.random.default_rng(9).normal(0.0, 3.0, len(report.receivers))
    e = predicted(report, "a") + OFFSET_DB + noise
    rows = [
        (r.name, repr(r.lat_deg), repr(r.lon_deg), "a", f"{e[k]:.3f}", "2015-05-01")
        for k, r in enumerate(report.receivers)
    ]
    return write(tmp_path_factory.mktemp("measured") / "measured.csv", rows)


@pytest.fixture(scope="module")
def found(scenario: Scenario, file: Path) -> Comparison:
    return measurements(scenario, file)


def test_errors_are_what_was_put_in(found: Comparison, report: ReceiverReport) -> None:
    np.testing.assert_allclose(found.e_predicted_dbuv_m, predicted(report, "a"), atol=1e-9)
    noise = np.random.default_rng(9).normal(0.0, 3.0, 60)
    np.testing.assert_allclose(found.error_db, OFFSET_DB + noise, atol=0.001)
    numbers = found.statistics()
    assert numbers.mean_db == pytest.approx((OFFSET_DB + noise).mean(), abs=0.001)
    plain, spatial = found.confidence()
    assert plain.low_db < OFFSET_DB < plain.high_db
    assert spatial is not None
    assert spatial.standard_error_db >= plain.standard_error_db
    assert {one.phase for one in found.measured} == {"first"}
    # In the first phase no other station is on the channel.
    assert np.isinf(found.co_channel_dbuv_m).all()


def test_groups_divide_the_measurements(found: Comparison) -> None:
    kinds: dict[str, list[np.ndarray]] = {}
    for group in found.groups():
        kinds.setdefault(group.kind, []).append(group.rows)
    assert set(kinds) == {"station", "distance", "zone", "path"}  # the scenario has no land cover
    for rows in kinds.values():
        np.testing.assert_array_equal(np.sort(np.concatenate(rows)), np.arange(60))
    for group in found.groups():
        if group.kind == "distance" and " to " in group.name:
            low, high = (float(v) for v in group.name.removesuffix(" km").split(" to "))
            d = found.distance_km[group.rows]
            assert ((d >= low) & (d < high)).all()


def test_command_and_the_offset_that_it_writes(
    province: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as caught:
        main(["measurements", str(province), str(file), "-o", str(out), "-q"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert "60 of 60 measurements compared; errors are measured less predicted" in told
    with (out / "measurements.csv").open(encoding="utf-8-sig") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 60
    for row in rows:
        error = float(row["measured_dbuv_m"]) - float(row["predicted_dbuv_m"])
        assert float(row["error_db"]) == pytest.approx(error, abs=0.011)
    with (out / "statistics.csv").open(encoding="utf-8-sig") as text:
        table = list(csv.DictReader(text))
    assert [row["group"] for row in table[:2]] == ["all", "all"]
    assert "errors alike over" in table[1]["interval"]
    for name in ("scatter.png", "errors.png"):
        assert (out / name).stat().st_size > 20_000
    keys = tomllib.loads((out / "offset.toml").read_text(encoding="utf-8"))["propagation"]
    assert keys["measured_offset_source"] == "measured.csv: 60 measurements"
    applied = load_scenario(out / "offset.toml")
    assert applied.keys.propagation.measured_offset_db == keys["measured_offset_db"]
    # The offset applied brings the fields to the measured ones; compared again, it is found again.
    place = [Receiver("m0", float(rows[0]["lat_deg"]), float(rows[0]["lon_deg"]), 10.0)]
    before, after = (receivers(s, place, phase="first") for s in (load_scenario(province), applied))
    (a,) = (t for t in before.transmitters if t.id == "a")
    moved = float(after.losses.field(a)[0, 0] - before.losses.field(a)[0, 0])
    assert moved == pytest.approx(keys["measured_offset_db"], abs=1e-4)
    again = measurements(applied, file)
    assert again.statistics().mean_db == pytest.approx(float(table[0]["mean_error_db"]), abs=1e-3)
    assert any("is not in these predictions" in note for note in again.notes)


def test_a_network_is_its_sum(scenario: Scenario, report: ReceiverReport, tmp_path: Path) -> None:
    place = report.receivers[0]
    head = "name,lat_deg,lon_deg,frequency_mhz,channel,station,e_dbuv_m"
    at = place.name, repr(place.lat_deg), repr(place.lon_deg)
    file = write(
        tmp_path / "m.csv",
        [(*at, 570, "", "", 60), (*at, "", "K33", "", 61), (*at, "", "", "a", 62),
         (*at, "", 33, "Second", 63), (*at, 586.5, "", "", 64)],
        head,
    )  # fmt: skip
    found = measurements(scenario, file)
    assert [one.label for one in found.measured] == ["SFN", "SFN", "a", "b", "c"]
    both, a, b = (predicted(report, *n)[0] for n in (("a", "b"), ("a",), ("b",)))
    np.testing.assert_allclose(
        found.e_predicted_dbuv_m, [both, both, a, b, predicted(report, "c")[0]], atol=1e-6
    )
    np.testing.assert_allclose(found.co_channel_dbuv_m[2:4], [b, a], atol=1e-6)
    assert "sum of 2 stations" in found.path
    assert any("may hold other stations" in note for note in found.notes)


@pytest.mark.parametrize(
    ("column", "value"),
    [("e_dbuv_m", 60.0), ("E [dB(µV/m)]", 60.0), ("e_dbmv_m", 0.0), ("e_mv_m", 1.0),
     ("µV/m", 1000.0), ("e_uv_m", 1e3)],
)  # fmt: skip
def test_units_by_the_name_of_the_column(
    scenario: Scenario, tmp_path: Path, column: str, value: float
) -> None:
    head = f"name,lat_deg,lon_deg,station,{column}"
    listed = read_measured(
        write(tmp_path / "m.csv", [("x", 10, 104.6, "a", value)], head), scenario
    )
    assert listed.problems == ()
    assert listed.measured[0].e_dbuv_m == pytest.approx(60.0)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("dBm", "is no field strength but what the receiver's input sees"),
        ("rssi", "antenna gain"), ("u_dbuv", "antenna factor"), ("e", "has no unit"),
        ("level", "has no unit"), ("e_dbuv_m,e_mv_m", "in one column of"),
        ("note", "in one column of"), ("e_dbuvm", "did you mean 'e_dbuv_m'"),
    ],
)  # fmt: skip
def test_other_units_are_refused(
    scenario: Scenario, tmp_path: Path, column: str, message: str
) -> None:
    head = f"name,lat_deg,lon_deg,station,{column}"
    file = write(
        tmp_path / "m.csv", [("x", 10, 104.6, "a", *(["1"] * len(column.split(","))))], head
    )
    with pytest.raises(ScenarioError) as caught:
        measurements(scenario, file)
    assert message in str(caught.value)
    assert "m.csv:1" in str(caught.value)


FULL = "name,lat_deg,lon_deg,station,frequency_mhz,channel,e_dbuv_m,date,height_agl_m"
BAD = [
    ("x,104.6,10.0,a,,,60,,", "look exchanged"),
    ("x,10.0,104.6,a,,,-65,,", "if it is in dBm"),
    ("x,10.0,104.6,a,,,500,,", "500 is outside -20 to 150"),
    ("x,10.0,104.6,a,,,nan,,", "nan is outside"),
    ("x,10.0,104.6,a,,,60 dB,,", "'60 dB' is not a number"),
    ("x,10.0,104.6,a,,,,,", "give the measured field"),
    ("x,10.0,104.6,aa,,,60,,", "is no station of the scenario; did you mean 'a'?"),
    ("x,10.0,104.6,p,,,60,,", "'p' is not on air in phase second"),
    ("x,10.0,104.6,b,,,60,2015-06-01,", "'b' is not on air in phase first"),
    ("x,10.0,104.6,a,,,60,2014-06-01,", "is before the plan begins"),
    ("x,10.0,104.6,a,,,60,1.6.2015,", "is no date"),
    ("x,10.0,104.6,First,,,60,,", "several stations fit: a (570 MHz), c (586 MHz)"),
    ("x,10.0,104.6,a,586,,60,,", "does not send on 586 MHz but on: a 570"),
    ("x,10.0,104.6,,700,,60,,", "no station on air on 700 MHz in phase second; there are 570"),
    ("x,10.0,104.6,,,99,60,,", "99"),
    ("x,10.0,104.6,,700,33,60,,", "700 MHz is not in channel 33"),
    ("x,10.0,104.6,,,,60,,", "neither frequency nor channel"),
    ("x,10.0,104.6,a,,,60,,0.2", "0.2 is outside 1 to 3000"),
    ("good,10.0,104.55,a,,,60,,", "the same measurement as in line 2"),
    ("x,10.9,104.6,a,,,60,,", "outside the terrain"),
]


@pytest.mark.parametrize(("row", "message"), BAD)
def test_bad_rows_are_named(scenario: Scenario, tmp_path: Path, row: str, message: str) -> None:
    text = f"{FULL}\ngood,10.0,104.55,a,,,60,,\n{row}\n"
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        measurements(scenario, tmp_path / "m.csv")
    assert message in str(caught.value)
    assert "m.csv:3: " in str(caught.value)
    left = measurements(scenario, tmp_path / "m.csv", skip_bad=True)
    assert [one.place.name for one in left.measured] == ["good"]
    assert math.isnan(left.confidence()[0].low_db)


def test_stations_of_several_services_on_a_channel(province: Path, tmp_path: Path) -> None:
    values = {"transmitters.c.channel": 33, "transmitters.c.lat_deg": 10.05}
    scenario = load_scenario(province, set_values=values)
    head = "name,lat_deg,lon_deg,channel,e_dbuv_m"
    with pytest.raises(ScenarioError, match=r"several stations fit: a .*, b .*, c "):
        measurements(scenario, write(tmp_path / "m.csv", [("x", 10.0, 104.6, 33, 60)], head))


def test_beyond_the_radius_there_is_nothing_to_compare(province: Path, tmp_path: Path) -> None:
    scenario = load_scenario(province, set_values={"propagation.wanted_radius_km": 5})
    far, near = ("x", 10.15, 104.75, "a", 60, ""), ("y", 10.01, 104.51, "a", 80, "")
    with pytest.raises(DttSimError, match=r"no measurement has a prediction"):
        measurements(scenario, write(tmp_path / "m.csv", [far]))
    found = measurements(scenario, write(tmp_path / "m.csv", [far, near]))
    assert found.is_compared.tolist() == [False, True]
    assert found.statistics().n == 1
    assert any("1 measurements have no prediction" in note for note in found.notes)


def test_an_error_of_units_is_doubted(scenario: Scenario, tmp_path: Path) -> None:
    rows = [("x", 10.0, 104.6, "a", 1.5, ""), ("y", 10.0, 104.7, "a", 1.4, "")]
    found = measurements(scenario, write(tmp_path / "m.csv", rows))
    assert any("check units" in note for note in found.notes)


def test_what_is_taken_for_granted_is_said(scenario: Scenario, tmp_path: Path) -> None:
    rows = [("x", 10.0, 104.6, "a", 60, ""), ("y", 10.0, 104.7, "a", 61, "2017-02-01")]
    notes = read_measured(write(tmp_path / "m.csv", rows), scenario).notes
    assert any("10 m above ground" in note for note in notes)
    assert any("1 rows without a date are held against phase second" in note for note in notes)
    head = f"{HEAD},height_agl_m"
    given = [(*row, 1.5) for row in rows]
    listed = read_measured(write(tmp_path / "n.csv", given, head), scenario, phase="second")
    assert listed.notes == ()
    assert {one.place.height_agl_m for one in listed.measured} == {1.5}


def test_the_height_of_a_measurement_counts(scenario: Scenario, tmp_path: Path) -> None:
    head = "name,lat_deg,lon_deg,station,e_dbuv_m,height_agl_m"
    rows = [("x", 10.02, 104.62, "a", 60, h) for h in (1.5, 10, 20)]
    low, usual, high = measurements(
        scenario, write(tmp_path / "m.csv", rows, head)
    ).e_predicted_dbuv_m
    assert low < usual < high


@pytest.mark.parametrize("n", [1, 2])
def test_few_measurements_are_drawn_too(
    province: Path, tmp_path: Path, n: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("x", 10.0, 104.6, "a", 60, ""), ("x", 10.0, 104.6, "a", 61, "2017-02-01")][:n]
    file = write(tmp_path / "m.csv", rows)
    with pytest.raises(SystemExit) as caught:
        main(["measurements", str(province), str(file), "-o", str(tmp_path / "out"), "-q"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert "too few places to tell" in told
    assert ("of one measurement" in told) == (n == 1)
    load_scenario(tmp_path / "out" / "offset.toml")


def test_land_cover_makes_groups(province: Path, tmp_path: Path) -> None:
    cover = tmp_path / "cover.tif"
    codes = np.full((40, 60), 50, np.uint8)
    codes[:, 30:], codes[:3] = 10, 0
    with rasterio.open(
        cover, "w", driver="GTiff", width=60, height=40, count=1, dtype="uint8", crs="EPSG:4326",
        transform=Grid("EPSG:4326", (0.01, 0.0, 104.2, 0.0, -0.01, 10.2), (40, 60)).affine, nodata=0,
    ) as file:  # fmt: skip
        file.write(codes, 1)
    lon, lat = np.array([104.3, 104.6, 104.6, 103.0]), np.array([10.0, 10.0, 10.195, 10.0])
    assert classes_at(cover, lon, lat).tolist() == [50, 10, NOTHING, NOTHING]
    assert class_names("esa_worldcover")[10] == "Tree cover"
    scenario = load_scenario(province, set_values={"terrain.land_cover": str(cover)})
    rows = [("x", 10.0, 104.3, "a", 60, ""), ("y", 10.0, 104.6, "a", 61, "")]
    found = measurements(scenario, write(tmp_path / "m.csv", rows))
    assert found.land_cover == ("50 Built-up", "10 Tree cover")
    kinds = {(group.kind, group.name) for group in found.groups()}
    assert {("land cover", "50 Built-up"), ("land cover", "10 Tree cover")} <= kinds
    assert any(kind == "clutter height" for kind, _ in kinds)
