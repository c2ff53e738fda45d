"""Lists to station tables: the fate of every row."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from dtt_sim.errors import Problem
from dtt_sim.network.protection_tables import DVBT2
from dtt_sim.scenario.load import Scenario, load_scenario
from dtt_sim.scenario.transmitters import COLUMNS, build_transmitters, read_rows
from dtt_sim.stations.cells import StationFileError
from dtt_sim.stations.fields import FIELDS
from dtt_sim.stations.headings import read_maps
from dtt_sim.stations.importing import Imported, Options, import_stations
from dtt_sim.stations.report import as_json, as_text, summary
from dtt_sim.stations.writers import write_stations

SCENARIO = Path(__file__).parents[3] / "scenarios" / "kien_giang" / "scenario.toml"
HEAD = "site,latitude,longitude,antenna height,ERP (kW),channel"
K33 = Options(multiplex="K33")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(SCENARIO)


def run(
    tmp_path: Path, text: str, options: Options = K33, scenario: Scenario | None = None
) -> Imported:
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    return import_stations(tmp_path / "list.csv", options, scenario=scenario)


def one(tmp_path: Path, head: str, row: str, options: Options = K33) -> Imported:
    found = run(tmp_path, f"{head}\n{row}\n", options)
    assert len(found.fates) == 1
    return found


def said(imported: Imported, k: int = 0) -> str:
    fate = imported.fates[k]
    return "; ".join([*(note.text for note in fate.notes), *fate.reasons])


def test_a_plain_row_is_taken_and_the_table_loads(tmp_path: Path) -> None:
    found = one(tmp_path, HEAD, "Núi Hòn Me,10.113311,104.888078,98,10,33")
    assert found.fates[0].fate == "taken"
    write_stations(tmp_path / "table.csv", found.columns, found.rows)
    problems: list[Problem] = []
    built = build_transmitters(
        read_rows(tmp_path / "table.csv", problems), {"K33": DVBT2}, None, problems
    )
    assert not problems
    transmitter = built[0][0]
    assert (transmitter.id, transmitter.site) == ("nui_hon_me", "Núi Hòn Me")
    assert (transmitter.lat_deg, transmitter.lon_deg) == (10.113311, 104.888078)
    assert (transmitter.erp_kw, transmitter.frequency_mhz) == (10.0, 570.0)


@pytest.mark.parametrize(
    ("heading", "cell", "kept", "told"),
    [
        ("ground_amsl_m", "108", "108", ""),
        ("Độ cao mặt đất (m)", "108", "108", ""),
        ("ground elevation", "354 ft", "107.899", "354 ft"),
        ("ground_amsl_m", "abc", "", "height of the ground left out"),
        ("ground_amsl_m", "9999", "", "9999 m is not on this Earth"),
    ],
)
def test_the_ground_of_a_list_is_kept_for_the_check_of_terrain(
    tmp_path: Path, heading: str, cell: str, kept: str, told: str
) -> None:
    """A bad one costs no station: nothing but the check looks at it."""
    found = one(tmp_path, f"{HEAD},{heading}", f"Núi Hòn Me,10.11,104.89,98,10,33,{cell}")
    assert found.fates[0].fate in {"taken", "noted"}
    assert found.rows[0]["ground_amsl_m"] == kept
    assert told in said(found)


@pytest.mark.parametrize(
    ("head", "row", "erp_kw", "note"),
    [
        ("EIRP (kW)", "20", "12.1907", "EIRP 20 kW -> ERP 12.19 kW"),
        ("ERP (dBW)", "40", "10", "ERP 40 dBW -> ERP 10 kW"),
        ("ERP (dBm)", "70", "10", "ERP 70 dBm -> ERP 10 kW"),
        ("ERP", "500 W", "0.5", "ERP 500 W -> ERP 0.5 kW"),
        ("Công suất (kW)", "20 kW EIRP", "12.1907", "EIRP 20 kW"),
        ("TX power (kW),Gain (dBd),Loss (dB)", "2.4,11,3", "15.143", "2.4 kW + 11 dBd - 3 dB"),
        ("Power (W),Gain (dBi),Feeder loss,Combiner loss", "2400,13.15,2,1 dB", "15.143",
         "2400 W + 11 dBd (from dBi) - 3 dB"),
        ("Power (kW)", "10", "10", "taken for the ERP"),
        ("ERP (kW),TX power (kW),Gain (dBd),Loss", "10,2.4,11,3", "10", "does not agree with it"),
        ("TX power (kW),Gain (dBd)", "1,10", "10", "no losses are given"),
        ("TX power (kW),Gain (dBd),Loss", "1,10,-3", "5.01187", "is taken as a loss"),
    ],
)  # fmt: skip
def test_powers(tmp_path: Path, head: str, row: str, erp_kw: str, note: str) -> None:
    found = one(tmp_path, f"site,lat,lon,agl,channel,{head}", f"a,10,105,98,33,{row}")
    assert found.rows[0]["erp_kw"] == erp_kw
    assert note in said(found)


@pytest.mark.parametrize(
    ("head", "row", "reason"),
    [
        ("ERP", "10", "no unit that is known"),
        ("TX power (kW)", "10", "without the gain of its antenna"),
        ("TX power (kW),Gain", "1,11", "neither dBd nor dBi"),
        ("ERP (kW)", "", "no power"),
        ("ERP (kW)", "-", "no power"),
        ("ERP (kW)", "2000", "outside 1e-06 to 1000"),
        ("TX power (kW),Gain (dBd),Loss", "1,10,3 m", "is not a loss in dB"),
    ],
)
def test_powers_that_are_refused(tmp_path: Path, head: str, row: str, reason: str) -> None:
    found = one(tmp_path, f"site,lat,lon,agl,channel,{head}", f"a,10,105,98,33,{row}")
    assert found.fates[0].fate == "refused"
    assert reason in said(found)


@pytest.mark.parametrize(
    ("head", "row", "column", "value"),
    [
        ("antenna height (ft)", "100", "height_agl_m", "30.48"),
        ("Chiều cao anten", "98 m", "height_agl_m", "98"),
        ("Height", "98,5", "height_agl_m", "98.5"),
        ("AMSL (m)", "180", "height_amsl_m", "180"),
    ],
)
def test_heights(tmp_path: Path, head: str, row: str, column: str, value: str) -> None:
    found = one(tmp_path, f"site;lat;lon;channel;erp_kw;{head}", f"a;10;105;33;1;{row}")
    assert found.rows[0][column] == value


def test_of_two_heights_that_above_ground_is_taken(tmp_path: Path) -> None:
    found = one(tmp_path, "site,lat,lon,channel,erp_kw,agl,amsl", "a,10,105,33,1,98,180")
    assert (found.rows[0]["height_agl_m"], found.rows[0]["height_amsl_m"]) == ("98", "")
    assert "height above sea of 180 m left out" in said(found)
    found = one(tmp_path, "site,lat,lon,channel,erp_kw,elevation", "a,10,105,33,1,98")
    assert "that of the ground does not do" in said(found)


@pytest.mark.parametrize(
    ("head", "row", "expected"),
    [
        ("channel", "R6", {"channel": "6", "channel_raster": "VHF_DK"}),
        ("channel", "570 MHz", {"channel": "", "frequency_mhz": "570"}),
        ("frequency (kHz)", "570000", {"frequency_mhz": "570"}),
        ("channel,frequency", "33,570", {"channel": "33", "frequency_mhz": ""}),
        ("channel,frequency", "33,567.25", {"channel": "33"}),
        ("channel,frequency", "6,178", {"channel": "", "frequency_mhz": "178"}),
        ("channel,band", "6,VHF_B", {"channel": "6", "channel_raster": "VHF_B"}),
    ],
)
def test_channels(tmp_path: Path, head: str, row: str, expected: dict[str, str]) -> None:
    found = one(tmp_path, f"site,lat,lon,agl,erp_kw,{head}", f"a,10,105,98,1,{row}")
    assert expected.items() <= found.rows[0].items()


def test_a_channel_and_a_frequency_that_do_not_agree(tmp_path: Path) -> None:
    found = one(tmp_path, HEAD + ",frequency", "a,10,105,98,1,33,578")
    assert "channel 33 (UHF) and 578 MHz do not agree" in said(found)


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("lat,lon", "10°06'N,104°54'E"), ("Toạ độ", '"10.1, 104.9"'), ("WKT", "POINT (104.9 10.1)"),
        ("lat d,lat m,lat s,lon d,lon m,lon s", "10,6,0,104,54,0"), ("lon,lat", "104.9,10.1"),
        ("lat d,lat m,n s,lon d,lon m,e w", "10,6,N,104,54,E"), ("x,y", "104.9,10.1"),
    ],
)  # fmt: skip
def test_columns_of_positions(tmp_path: Path, head: str, row: str) -> None:
    found = one(tmp_path, f"site,agl,erp_kw,channel,{head}", f"a,98,1,33,{row}")
    assert (found.rows[0]["lat_deg"], found.rows[0]["lon_deg"]) == ("10.1", "104.9")


@pytest.mark.parametrize(
    ("head", "row", "options"),
    [
        ("easting,northing", "487700,1117900", replace(K33, crs="EPSG:3405")),
        ("easting;northing", "487.700;1.117.900", replace(K33, crs="3405")),
        ("X (m),Y (m)", "1117900,487700", replace(K33, crs="EPSG:3405")),
        ("latitude,longitude", "1117900,487700", replace(K33, crs="EPSG:3405")),
        ("easting,northing,EPSG", "487700,1117900,EPSG:3405", K33),
        ("easting (EPSG:3405),northing", "487700,1117900", K33),
        ("WKT", "POINT (487700 1117900)", replace(K33, crs="EPSG:3405")),
    ],
)
def test_metres_in_vn_2000(tmp_path: Path, head: str, row: str, options: Options) -> None:
    mark = ";" if ";" in head else ","
    found = one(
        tmp_path, mark.join(["site", "agl", "erp_kw", "channel", head]),
        mark.join(["a", "98", "1", "33", row]), options,
    )  # fmt: skip
    assert float(found.rows[0]["lat_deg"]) == pytest.approx(10.11191609, abs=2e-6)
    assert float(found.rows[0]["lon_deg"]) == pytest.approx(104.88952415, abs=2e-6)


def test_degrees_of_a_list_in_vn_2000_are_in_that_datum(tmp_path: Path) -> None:
    found = one(tmp_path, "site,agl,erp_kw,channel,Vĩ độ (VN-2000),Kinh độ", "a,98,1,33,10.1,104.9")
    assert found.rows[0]["lat_deg"] != "10.1"
    assert float(found.rows[0]["lat_deg"]) == pytest.approx(10.1, abs=0.003)
    assert any("VN-2000" in text for text in found.remarks)


@pytest.mark.parametrize(
    ("head", "row", "reason"),
    [
        ("easting,northing", "487700,1117900", "without their zone; give the coordinate system"),
        ("x,y", "487700,1117900", "without their zone"),
        ("easting,northing,EPSG", "487700,1117900,99", "'99' is no coordinate system"),
        ("lat,lon", "10.1,", "no longitude"),
        ("lat,lon", "10.1,abc", "column 'lon': 'abc' is not an angle"),
        ("easting,northing", "487700,", "no northing"),
        ("lat d,lat m,lon d,lon m", "10,61,104,54", "has 61 minutes"),
        ("lat,lon", "10.1E,104.9N", "is no latitude"),
        ("lat,lon", "10.1E,50.9N", "the letters say that latitude and longitude are swapped"),
        ("lat,lon", "104.9,10.1", "likely 10.1, 104.9 (the two swapped)"),
        ("lat,lon", "0,0", "an empty position"),
    ],
)
def test_positions_that_are_refused(tmp_path: Path, head: str, row: str, reason: str) -> None:
    found = one(tmp_path, f"site,agl,erp_kw,channel,{head}", f"a,98,1,33,{row}")
    assert found.fates[0].fate == "refused"
    assert reason in said(found)


MIXED = HEAD + (
    "\na,10.1,104.9,98,10,33\nb,10.0,105.1,98,10,33\nc,9.9,105.0,98,10,33\n"
    "swapped,105.2,10.2,98,10,33\nsouth,-10.3,105.3,98,10,33\n"
)


def test_mistakes_are_never_corrected_unless_asked(tmp_path: Path) -> None:
    found = run(tmp_path, MIXED)
    assert [fate.fate for fate in found.fates] == ["taken"] * 3 + ["refused"] * 2
    assert "likely 10.2, 105.2" in said(found, 3)
    assert "likely 10.3, 105.3" in said(found, 4)
    found = run(tmp_path, MIXED, replace(K33, fix=True))
    assert [fate.fate for fate in found.fates] == ["taken"] * 3 + ["noted"] * 2
    assert (found.rows[3]["lat_deg"], found.rows[3]["lon_deg"]) == ("10.2", "105.2")
    assert "corrected by --fix: the two swapped (105.2, 10.2 in the list)" in said(found, 3)


def test_the_scenarios_box_is_where_stations_are_expected(
    tmp_path: Path, scenario: Scenario
) -> None:
    found = run(tmp_path, HEAD + "\na,-10.1,104.9,98,10,33\n", K33, scenario)
    assert "from the scenario's box; likely 10.1, 104.9" in said(found)


def test_services_of_the_scenario(tmp_path: Path, scenario: Scenario) -> None:
    rows = [
        f"s{k},10.{k},104.9,98,10,33,{m}" for k, m in enumerate(["K33", "SDTV K33", "k33", "K99"])
    ]
    found = run(tmp_path, "\n".join([HEAD + ",multiplex", *rows]), Options(), scenario)
    assert [row["multiplex"] for row in found.rows] == ["K33", "K33", "K33"]
    assert "multiplex 'SDTV K33' -> K33" in said(found, 1)
    assert "'K99' is no service of the scenario; known are K33" in said(found, 3)
    found = run(tmp_path, HEAD + "\na,10.1,104.9,98,10,33\n", Options(), scenario)
    assert "no multiplex; give a column, or --multiplex ID" in said(found)


def test_a_station_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    found = run(tmp_path, HEAD + "\na,10.1,104.9,98,10,33\nb,10.1,104.9,98,5,K33\n")
    assert "the station of row 2 again" in said(found, 1)


ONE_MAST = ["a,10.1,104.9,98,10,33,K33", "b,10.1,104.9,98,10,33,K34", "c,10.2,104.9,98,10,34,K33",
            "d,10.3,104.9,98,10,33,K33"]  # fmt: skip


def test_what_only_a_plan_allows_is_doubted(tmp_path: Path, scenario: Scenario) -> None:
    text = "\n".join([HEAD + ",mux", *ONE_MAST])
    assert scenario.phases
    found = run(tmp_path, text, Options(), scenario)
    assert "stand on one mast and use one channel" in said(found, 1)
    assert "single-frequency network on 570 MHz" in said(found, 2)
    assert [fate.fate for fate in found.fates] == ["taken", "noted", "noted", "taken"]
    assert found.fates[1].notes[0].is_doubt


def test_without_a_plan_it_is_refused(tmp_path: Path, scenario: Scenario) -> None:
    text = "\n".join([HEAD + ",mux", *ONE_MAST])
    found = run(tmp_path, text, Options(), replace(scenario, phases=()))
    assert [fate.fate for fate in found.fates] == ["taken", "refused", "refused", "taken"]


def test_a_confidence_of_another_scale_is_left_out(tmp_path: Path) -> None:
    rows = "\na,10.1,104.9,98,10,33,verified\nb,10.2,104.9,98,10,33,high\n"
    found = run(tmp_path, HEAD + ",confidence" + rows)
    assert [row["confidence"] for row in found.rows] == ["VERIFIED", ""]
    assert "confidence 'HIGH' left out" in said(found, 1)


def test_ids_of_the_scenario_are_told(tmp_path: Path, scenario: Scenario) -> None:
    found = run(tmp_path, "id," + HEAD + "\nhon_me_k33,a,10.1,104.9,98,10,33\n", K33, scenario)
    assert "1 ids are of stations that the scenario has: hon_me_k33" in found.remarks


def test_rows_that_are_no_stations_are_left_out(tmp_path: Path) -> None:
    text = (
        f"Danh sách,,,,,\n{HEAD}\n1,2,3,4,5,6\nI. Kiên Giang,,,,,\na,10.1,104.9,98,10,33\n{HEAD}\n"
        "Tổng cộng,,,,10,\nGhi chú: sơ bộ,,,,,\n"
    )
    found = run(tmp_path, text)
    assert [fate.fate for fate in found.fates] == [
        "left out", "left out", "taken", "left out", "left out", "left out",
    ]  # fmt: skip
    assert said(found) == "numbers of columns"
    assert said(found, 3) == "the headings again"
    assert "Ghi chú: sơ bộ" in said(found, 5)


def test_a_station_without_coordinates_is_refused_not_left_out(tmp_path: Path) -> None:
    found = run(tmp_path, HEAD + "\na,,,,10,\n")
    assert found.fates[0].fate == "refused"
    for reason in ("no position", "no height", "no channel"):
        assert reason in said(found)


def test_words_for_yes_no_and_polarisations(tmp_path: Path) -> None:
    head = HEAD + ",phân cực,on air,offset"
    rows = ["a,10.1,104.9,98,10,33,ngang,có,", "b,10.2,104.9,98,10,33,Đứng,không,8M",
            "c,10.3,104.9,98,10,33,mixed,perhaps,"]  # fmt: skip
    found = run(tmp_path, "\n".join([head, *rows]))
    assert [(r["polarisation"], r["on_air"], r["line_offset"]) for r in found.rows] == [
        ("horizontal", "true", ""), ("vertical", "false", "-8"),
    ]  # fmt: skip
    assert "polarisation 'mixed'" in said(found, 2)
    assert "'perhaps'; give true or false" in said(found, 2)


def test_patterns_are_files_beside_the_list(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "h.csv").write_text("azimuth_deg,attenuation_db\n0,0\n", encoding="utf-8")
    head = HEAD + ",horizontal_pattern\n"
    rows = "a,10.1,104.9,98,10,33,h.csv\nb,10.2,104.9,98,10,33,ND\nc,10.3,104.9,98,10,33,x.csv\n"
    (tmp_path / "lists" / "list.csv").write_text(head + rows, encoding="utf-8")
    found = import_stations(tmp_path / "lists" / "list.csv", K33, out_folder=tmp_path)
    assert [row["horizontal_pattern"] for row in found.rows] == ["lists/h.csv", ""]
    assert "no such file beside the list" in said(found, 2)


def test_strict_refuses_guesses_and_keeps_conversions(tmp_path: Path) -> None:
    head = "site,lat,lon,channel,EIRP (kW),height"
    assert one(tmp_path, head, "a,10 6 0 N,105,33,20,98").fates[0].fate == "noted"
    found = one(tmp_path, head, "a,10 6 0 N,105,33,20,98", replace(K33, strict=True))
    assert found.fates[0].reasons == (
        (
            "column 'height' is taken for the antenna's height above ground (a guess, which --strict "
            "refuses)"
        ),
    )
    found = one(tmp_path, head.replace("height", "agl"), "a,10 6 0 N,105,33,20,98",
                replace(K33, strict=True))  # fmt: skip
    assert found.fates[0].fate == "noted"


def test_maps_and_columns_left_out(tmp_path: Path) -> None:
    options = replace(K33, maps=read_maps(["Ort=site"]))
    found = one(tmp_path, HEAD.replace("site", "Ort") + ",Tỉnh", "a,10,105,98,10,33,KG", options)
    assert found.rows[0]["site"] == "a"
    assert any("columns left out: 'Tỉnh'" in text for text in found.remarks)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (replace(K33, crs="EPSG:1"), "is no coordinate system"),
        (replace(K33, raster="VHF"), "give VHF_DK or VHF_B"),
    ],
)
def test_options_that_cannot_be(tmp_path: Path, options: Options, reason: str) -> None:
    with pytest.raises(StationFileError, match=reason):
        one(tmp_path, HEAD, "a,10,105,98,10,33", options)


def test_traps_of_spreadsheets(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["DANH SÁCH ĐÀI", *[None] * 6])
    sheet.merge_cells("A1:G1")
    sheet.append([])
    sheet.append(["STT", "Tên trạm", "Vĩ độ", "Kinh độ", "Chiều cao anten (m)", "ERP (kW)", "Kênh"])
    sheet.append([1, "Hòn\u00a0Me", "10,1133", "104,888", "98", 10, 33])
    sheet.append([2, None, 10.1133, 104.888, 98, 10, "34"])
    sheet.append([3, "ngày", 10.2, 104.9, 98, 10, dt.datetime(2016, 6, 10)])
    sheet.append([4, "công thức", 10.3, 104.9, 98, "=5*2", 33])
    sheet.append([5, "lỗi", 10.4, "#N/A", 98, 10, 33])
    sheet.append([6, "ẩn", 10.5, 104.9, 98, 10, 33])
    sheet.append([None, "Ghi chú: sơ bộ"])
    sheet.merge_cells("B4:B5")
    sheet.row_dimensions[9].hidden = True
    book.save(tmp_path / "list.xlsx")
    found = import_stations(tmp_path / "list.xlsx", K33)
    assert [row["id"] for row in found.rows] == ["hon_me_33", "hon_me_34", "an"]
    assert found.rows[0]["site"] == "Hòn Me"
    assert "the date 2016-06-10" in said(found, 2)
    assert "a formula without a stored result (=5*2)" in said(found, 3)
    assert "the error #N/A" in said(found, 4)
    assert "the row is hidden" in said(found, 5)
    assert found.fates[6].fate == "left out"


JUNK = st.sampled_from(
    ["", "-", "10", "10,5", "1.500", "33", "K33", "9°57'30\"N", "105 07 40 E", "1e400", "nan", "inf",
     "-1", "0", "10 kW", "20 dBW", "EPSG:3405", "EPSG:x", "487700", "1117900", "POINT(1 2)",
     "POINT(nan 1)", "10.1, 104.9", "true", "H", "x", "\u0660", "²", "1/2", "../x.csv", "'"]
) | st.text(max_size=6)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(
    names=st.lists(st.sampled_from([*FIELDS, *COLUMNS]), min_size=3, max_size=14, unique=True),
    data=st.data(),
    crs=st.sampled_from(["", "EPSG:3405", "EPSG:4756"]),
)
def test_any_row_is_taken_refused_or_left_out(
    names: list[str], data: st.DataObject, crs: str
) -> None:
    head = [*names, "lat", "lon"]
    rows = [data.draw(st.lists(JUNK, min_size=len(head), max_size=len(head))) for _ in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "list.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([head, *rows])
        try:
            found = import_stations(file, replace(K33, crs=crs, fix=True))
        except StationFileError:
            return  # no column of positions, or the like
    assert len(found.fates) <= 3
    assert found.count("taken", "noted") == len(found.rows)
    assert all(fate.reasons for fate in found.fates if fate.fate in {"refused", "left out"})


def test_the_report_for_people_and_for_machines(tmp_path: Path) -> None:
    found = run(tmp_path, MIXED + "d,10 12 0 N,105,98,10,33\n")
    text = as_text(found)
    assert "6 lines below the headings in line 1" in text
    assert "line 5 (swapped):\n    105.2, 10.2: a latitude is -80 to 80" in text
    assert summary(found) == "taken 4 (1 with a note), refused 2"
    report = as_json(found)
    assert (report["taken"], report["refused"], report["header_rows"]) == (4, 2, [1])
    assert report["rows"][5]["notes"][0] == {
        "text": "degrees, minutes, seconds", "is_guess": False,
    }  # fmt: skip
