"""Named places: what they are told is what a run says of cells there."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import xarray as xr
from places_province import write_province

from dtt_sim.cli.main import main
from dtt_sim.errors import ScenarioError
from dtt_sim.network.evaluate import CAUSES
from dtt_sim.scenario.load import Scenario, load_scenario
from dtt_sim.scenario.receivers import Receiver, read_receivers
from dtt_sim.workflow.receivers import ReceiverReport, receivers
from dtt_sim.workflow.run import Run, run
from dtt_sim.workflow.service import Evaluated


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_province(tmp_path_factory.mktemp("province"))


@pytest.fixture(scope="module")
def scenario(province: Path) -> Scenario:
    return load_scenario(province)


class Kept:
    """Phases of a run with their layers."""

    def __init__(self) -> None:
        self.phases: list[Evaluated] = []

    def __call__(self, _area: object, found: Evaluated) -> None:
        self.phases.append(found)


@pytest.fixture(scope="module")
def finished(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Kept]:
    kept = Kept()
    out = tmp_path_factory.mktemp("run")
    return run(scenario, out, solver="per_path", on_phase=kept), kept


@pytest.fixture(scope="module")
def report(scenario: Scenario, finished: tuple[Run, Kept]) -> ReceiverReport:
    lon, lat = (v.ravel() for v in finished[0].grid.lonlat())
    places = [
        Receiver(f"place {k}", float(a), float(o), 10.0, k + 2)
        for k, (a, o) in enumerate(zip(lat, lon, strict=True))
    ]
    return receivers(scenario, places)


def test_places_at_cells_are_the_cells(report: ReceiverReport, finished: tuple[Run, Kept]) -> None:
    result, kept = finished
    for name, field in result.fields.items():
        own = {t.id: t for t in report.transmitters}[name]
        expected = field.to_numpy().reshape(2, -1)
        np.testing.assert_array_equal(report.losses.field(own).to_numpy(), expected)
    assert [one.phase for one in report.phases] == ["first", "second"]
    for found, there in zip(report.phases, kept.phases, strict=True):
        assert set(found.service) == set(there.service)
        for name, layers in found.service.items():
            for layer in (
                "probability", "margin_db", "best_server", "served_acceptable", "served_good",
                "cause", "culprit", "wanted_db", "unwanted_db", "gain_db", "n_station",
            ):  # fmt: skip
                expected = getattr(there.service[name], layer).ravel()
                np.testing.assert_array_equal(getattr(layers, layer)[0], expected, err_msg=layer)
        assert found.household is not None
        assert there.household is not None
        for which in ("programmes_good", "programmes_acceptable", "services_good"):
            mine, other = (getattr(h.household.one, which) for h in (found, there))
            np.testing.assert_array_equal(mine[:, 0], other.reshape(len(other), -1))


def test_dataset_has_everything(report: ReceiverReport) -> None:
    data = report.dataset()
    assert dict(data.sizes) == {
        "phase": 2, "service": 3, "receiver": len(report.receivers), "station": 5, "p_time": 2,
        "programme": 3,
    }  # fmt: skip
    first = report.phases[0].service["SFN"]
    found = data.sel(phase="first", service="SFN")
    np.testing.assert_array_equal(found["margin_db"], first.margin_db[0])
    # Before it is on air a service is received by nobody.
    early = data.sel(phase="first", service="MFN")
    assert np.isnan(early["probability"]).all()
    assert not early["served_acceptable"].any()
    assert (early["best_server"] == -1).all()
    late = report.phases[1]
    best = data.sel(phase="second", service="SFN")["best_server"].to_numpy()
    names = np.array([*data["station"].to_numpy(), ""])[best]
    expected = np.array([*late.stations, ""])[late.service["SFN"].best_server[0]]
    np.testing.assert_array_equal(names, expected)
    assert data.attrs["terrain_is_schematic"] == 1
    assert data["on_air"].sel(phase="first").to_numpy().sum() == 3


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_command_writes_tables(
    province: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points = tmp_path / "points.csv"
    points.write_text(
        "Tên;Latitude;Longitude;height_m;pupils\n"
        "Trường Một;10,05;104,52;12;300\nRelay, east;9.95;104.6;30;\nTrường Một;9.9;104.35;;12\n",
        encoding="utf-8",
    )
    out = tmp_path / "out" / "schools.csv"
    with pytest.raises(SystemExit) as caught:
        main(["receivers", str(province), str(points), "-o", str(out), "-q"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert "3 places" in told
    assert "columns not read: pupils" in told
    assert "1 places have the name of another" in told
    rows = rows_of(out)
    # Two services in the first phase, three in the second.
    assert len(rows) == 3 * (2 + 3)
    first = rows[0]
    assert (first["phase"], first["row"], first["name"]) == ("first", "2", "Trường Một")
    assert (first["lat_deg"], first["height_agl_m"]) == ("10.05", "12.0")
    assert {r["height_agl_m"] for r in rows if r["row"] == "4"} == {"10.0"}
    for row in rows:
        assert row["cause"] in CAUSES
        assert row["served"] in {"good", "acceptable", "grade 3", "grade 4", "no", "no data"}
        needed = float(row["useful_dbuv_m"]) - float(row["margin_db"])
        assert float(row["needed_dbuv_m"]) == pytest.approx(needed, abs=0.011)
    fields = rows_of(out.with_name("schools_fields.csv"))
    assert len(fields) == 3 * 5
    best = next(r for r in rows if r["best_station"] == "a")
    same = next(r for r in fields if r["station"] == "a" and r["row"] == best["row"])
    assert same["e_50_percent_dbuv_m"] == best["best_station_e_dbuv_m"]
    assert same["phases"] == "first; second"
    assert {r["phases"] for r in fields if r["station"] == "p"} == {"first"}
    programmes = rows_of(out.with_name("schools_programmes.csv"))
    assert len(programmes) == 2 * 3
    for row in programmes:
        assert int(row["n_good"]) == len([p for p in row["good"].split("; ") if p])
        assert int(row["n_good"]) <= int(row["n_good_aimed_afresh"])
    with xr.open_dataset(out.with_suffix(".nc"), engine="h5netcdf") as data:
        assert data["name"].to_numpy().tolist()[1] == "Relay, east"
    assert out.with_suffix(".png").stat().st_size > 10_000


def test_workbook_is_the_same_as_csv(scenario: Scenario, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["name", "lat_deg", "lon_deg", "height_agl_m", "unit"], ["One", 10.05, 104.52, 12, "x"], [],
        ["Two", "9,95".replace(",", "."), 104.6, None, None],
    ):  # fmt: skip
        sheet.append(row)
    book.save(tmp_path / "points.xlsx")
    found = read_receivers(tmp_path / "points.xlsx", scenario)
    assert found.problems == ()
    assert found.receivers == (
        Receiver("One", 10.05, 104.52, 12.0, 2),
        Receiver("Two", 9.95, 104.6, 10.0, 4),
    )


def test_lines_are_those_of_an_editor(scenario: Scenario, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_bytes(
        b'\xef\xbb\xbfname\tlat_deg\tlon_deg\r\n\r\n"In\r\ntwo  lines"\t10,05\t104,52\r\nBad\tx\t104.5\r\n'
    )
    found = read_receivers(points, scenario)
    assert found.receivers == (Receiver("In two lines", 10.05, 104.52, 10.0, 3),)
    assert [(p.line, p.key) for p in found.problems] == [(5, "lat_deg")]


BAD_ROWS = [
    ("Exchanged,104.5,10.0,", "latitude and longitude look exchanged"),
    ("Far,48.1,11.5,", "lies far from the scenario's area"),
    ("South,-10.0,104.5,", "check signs and columns"),
    ("Nan,nan,104.5,", "nan is outside -90 to 90"),
    ("Inf,10.0,inf,", "inf is outside -180 to 180"),
    ("Words,ten,104.5,", "'ten' is not a number"),
    ("Dms,10°03'00\"N,104.5,", "give decimal degrees"),
    ("Empty,,104.5,", "empty; expected latitude"),
    (",10.0,104.5,", "give each place a name"),
    ("High,10.0,104.5,5000", "5000 is outside 1 to 3000"),
    ("Low,10.0,104.5,0", "0 is outside 1 to 3000"),
    ("Good,10.0,104.51,10", "stands in line 2 already"),
    ("Wide,10.0,104.5,10,7", "5 cells where the header has 4"),
    ("Off,10.9,104.5,", "outside the terrain or in a void"),
]


@pytest.mark.parametrize(("row", "message"), BAD_ROWS)
def test_bad_rows_are_named(scenario: Scenario, tmp_path: Path, row: str, message: str) -> None:
    points = tmp_path / "points.csv"
    head = "name,lat_deg,lon_deg,height_agl_m\nGood,10.0,104.51,10\n"
    points.write_text(f"{head}{row}\nLast,10.0,104.4,\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        receivers(scenario, points)
    assert message in str(caught.value)
    assert "points.csv:3: " in str(caught.value)
    found = receivers(scenario, points, skip_bad=True)
    assert [r.name for r in found.receivers] == ["Good", "Last"]
    assert any(
        message in note and note.startswith("left out: points.csv:3") for note in found.notes
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"name,lat_deg,lon_deg\n", "has a header and no rows"),
        (b"name,lat_deg\nA,10\n", "lon_deg: column is missing"),
        (b"name,lat_deg,lon_deg,height_agl\nA,10,104.5,3\n", "did you mean 'height_agl_m'"),
        (b"name,lat,lat_deg,lon_deg\nA,10,10,104.5\n", "keep one of the two"),
        ("name,lat_deg,lon_deg\nĐông,10,104.5\n".encode("cp1258"), "no text in UTF-8"),
        (b"PK\x03\x04\x00\x00\x00", "is no text"),
    ],
)
def test_bad_files_are_named(
    scenario: Scenario, tmp_path: Path, content: bytes, message: str
) -> None:
    points = tmp_path / "points.csv"
    points.write_bytes(content)
    for skip in (False, True):
        with pytest.raises(ScenarioError, match=r"points\.csv") as caught:
            receivers(scenario, points, skip_bad=skip)
        assert message in str(caught.value)


def test_other_files_are_refused(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"no archive")
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    for name, message in (
        ("none.csv", "No such file"), ("a.xlsx", "no workbook"), ("a.xls", "save it as .xlsx"),
    ):  # fmt: skip
        (found,) = read_receivers(tmp_path / name, scenario).problems
        assert message in found.message
    with pytest.raises(ScenarioError, match="give some"):
        receivers(scenario, [])


def test_all_bad_rows_are_told_at_once(
    province: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points = tmp_path / "points.csv"
    rows = "\n".join(row for row, message in BAD_ROWS if "terrain" not in message)
    text = f"name,lat_deg,lon_deg,height_agl_m\nGood,10.0,104.51,10\n{rows}\n"
    points.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        main(["receivers", str(province), str(points), "-o", str(tmp_path / "out"), "-q"])
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert f"{len(BAD_ROWS) - 1} problems in points.csv" in told
    assert not (tmp_path / "out" / "receivers.csv").exists()


def test_the_offset_is_in_the_fields(province: Path, scenario: Scenario) -> None:
    place = [Receiver("A", 10.05, 104.52, 10.0)]
    values = {"propagation.measured_offset_db": 3.0}
    plain = receivers(scenario, place, phase="first")
    moved = receivers(load_scenario(province, set_values=values), place, phase="first")
    (a,) = (t for t in plain.transmitters if t.id == "a")
    np.testing.assert_allclose(moved.losses.field(a), plain.losses.field(a) + 3.0, atol=1e-4)
    np.testing.assert_array_equal(moved.losses.loss(a)["loss_db"], plain.losses.loss(a)["loss_db"])
    change = moved.phases[0].service["SFN"].margin_db - plain.phases[0].service["SFN"].margin_db
    assert math.isclose(float(change[0, 0]), 3.0, abs_tol=0.05)
