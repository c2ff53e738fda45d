"""Headings: synonyms, units, and the row in which they stand."""

from __future__ import annotations

import itertools

import pytest

from dtt_sim.errors import ScenarioError
from dtt_sim.scenario.transmitters import COLUMNS
from dtt_sim.stations.cells import Cell, Sheet, StationFileError
from dtt_sim.stations.fields import FIELDS, OWN_COLUMNS, unit_of
from dtt_sim.stations.headings import find_layout, read_maps, understand
from dtt_sim.stations.names import fold


def sheet_of(*rows: list[str], spans: list[tuple[int, int, int, int]] | None = None) -> Sheet:
    cells = [(k, tuple(Cell(t) for t in row)) for k, row in enumerate(rows, 1) if any(row)]
    return Sheet("list.csv", rows=cells, spans=spans or [])


@pytest.mark.parametrize(
    ("heading", "field", "unit"),
    [
        ("Vĩ độ", "lat", ""), ("VĨ ĐỘ (Độ)", "lat", ""), ("vi do", "lat", ""), ("Kinh độ", "lon", ""),
        ("Latitude (WGS84)", "lat", ""), ("Vĩ độ / Latitude", "lat", ""), ("LAT", "lat", ""),
        ("Công suất (W)", "power", "W"), ("Công suất máy phát, kW", "tx_power", "kW"),
        ("Công suất bức xạ hiệu dụng ERP (kW)", "erp", "kW"), ("ERP (kW)", "erp", "kW"),
        ("E.R.P. [dBW]", "erp", "dBW"), ("erp_kw", "erp", "kW"), ("EIRP (dBm)", "eirp", "dBm"),
        ("Kênh", "channel", ""), ("Tần số MHz", "frequency", "MHz"), ("K\u00eanh  RF", "channel", ""),
        ("Chiều cao anten (m)", "height_agl", "m"), ("Height [m]", "height", "m"),
        ("Height (m AGL)", "height_agl", "m"), ("Antenna height (ft)", "height_agl", "ft"),
        ("Tên trạm", "site", ""), ("Site\u00a0Name", "site", ""), ("Ghi chú", "note", ""),
        ("Gain (dBi)", "antenna_gain", "dBi"), ("Độ lợi [dBd]", "antenna_gain", "dBd"),
        ("Delay [us]", "delay", "µs"), ("X (m)", "x", "m"), ("Toạ độ", "position", ""),
        ("t_lat", "lat", ""), ("T_HGT_AGL", "height_agl", ""), ("t_erp_dbkw", "erp", "dBk"),
        ("RCAMSL", "height_amsl", ""), ("Maximum ERP (W)", "erp", "W"), ("Frequency(MHz)", "frequency", "MHz"),
        ("STT", "ignore", ""), ("#", "ignore", ""), ("height_agl_m", "height_agl", "m"),
        ("Độ cao so với mặt biển (m)", "ground", "m"), ("Lat min", "lat_minutes", ""),
    ],
)  # fmt: skip
def test_headings(heading: str, field: str, unit: str) -> None:
    found = understand(heading)
    assert found is not None
    assert (found.field, found.unit) == (field, unit)


@pytest.mark.parametrize("heading", ["Tỉnh", "MW", "", "Owner (kW)", "(kW)", "Tần số kênh lân cận"])
def test_what_is_no_heading_of_ours(heading: str) -> None:
    assert understand(heading) is None


def test_every_column_of_the_station_table_is_a_heading_and_no_synonym_has_two_meanings() -> None:
    for column in COLUMNS:
        found = understand(column)
        assert found is not None
        assert found.is_own
        assert found.field == OWN_COLUMNS.get(column, column)
        assert found.field in FIELDS
    seen: dict[str, str] = {}
    for name, field in FIELDS.items():
        for text in field.synonyms:
            assert seen.setdefault(fold(text) or text, name) == name, text
            found = understand(text)
            assert found is not None, text
            assert found.field == name, text


def test_units_whose_case_matters() -> None:
    assert [unit_of(t) for t in ("mW", "MW", "KW", "dbm", "Mét", "W.")] == [
        "mW", "MW", "kW", "dBm", "m", "W"]  # fmt: skip


def test_title_rows_stand_above() -> None:
    layout = find_layout(
        sheet_of(
            ["Danh sách đài"], [], ["TT", "Tên trạm", "Vĩ độ", "Kinh độ"], ["1", "a", "1", "2"]
        ),
        {},
    )
    assert layout.header_rows == (3,)
    assert [number for number, _ in layout.body] == [4]


def test_groups_of_headings_and_units_below() -> None:
    spans = [(1, 1, 1, 2), (1, 3, 1, 4)]
    layout = find_layout(
        sheet_of(
            ["Tên trạm", "Toạ độ", "", "Anten", ""],
            ["", "Vĩ độ", "Kinh độ", "Độ cao", "Độ lợi"],
            ["", "", "", "(m)", "(dBi)"],
            ["a", "10", "105", "98", "11"],
            spans=spans,
        ),
        {},
    )
    found = {c.meaning.field: c.meaning.unit for c in layout.columns}
    assert found == {"site": "", "lat": "", "lon": "", "height": "m", "antenna_gain": "dBi"}
    assert [number for number, _ in layout.body] == [4]


def test_degrees_minutes_and_seconds_below_one_heading() -> None:
    layout = find_layout(
        sheet_of(
            ["Tên trạm", "Vĩ độ", "", "", "Kinh độ", "", ""],
            ["", "Độ", "Phút", "Giây", "Độ", "Phút", "Giây"],
            ["a", "9", "57", "30", "105", "7", "40"],
            spans=[(1, 1, 1, 3), (1, 4, 1, 6)],
        ),
        {},
    )
    parts = [
        f"{a}_{b}" for a, b in itertools.product(("lat", "lon"), ("degrees", "minutes", "seconds"))
    ]
    assert [c.meaning.field for c in layout.columns] == ["site", *parts]


def test_cells_merged_over_rows_are_filled_down() -> None:
    layout = find_layout(
        sheet_of(["site", "lat", "lon"], ["a", "1", "2"], ["", "1", "2"], spans=[(2, 0, 3, 0)]), {}
    )
    assert [cells[0].text for _, cells in layout.body] == ["a", "a"]


def test_of_two_columns_for_one_thing_the_surer_is_taken() -> None:
    layout = find_layout(sheet_of(["Location", "site", "lat", "lon"], ["x", "a", "1", "2"]), {})
    assert {c.heading for c in layout.columns} == {"site", "lat", "lon"}
    assert layout.unknown == ["Location"]


def test_maps_give_headings_a_meaning() -> None:
    maps = read_maps(["Ort=site", "Leistung=erp_w", "Foo=ignore", "Breite=lat_deg"])
    sheet = sheet_of(["ORT", "Leistung", "Foo", "Breite", "lon"], ["a", "1", "2", "3", "4"])
    found = {c.heading: (c.meaning.field, c.meaning.unit) for c in find_layout(sheet, maps).columns}
    assert found["Leistung"] == ("erp", "W")
    assert found["ORT"] == ("site", "")
    assert found["Breite"][0] == "lat"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("Ort", "give \"heading=field\""), ("Ort=sit", "did you mean 'site'"), ("=site", "give")],
)  # fmt: skip
def test_broken_maps(text: str, reason: str) -> None:
    with pytest.raises(ScenarioError, match=reason):
        read_maps([text])


def test_a_map_of_a_heading_that_is_not_there() -> None:
    with pytest.raises(ScenarioError, match="no such heading"):
        find_layout(sheet_of(["site", "lat", "lon"], ["a", "1", "2"]), read_maps(["Ort=note"]))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["a", "b"], ["1", "2"]], "no headings that are known; the likeliest row has 'a', 'b'"),
        ([["site", "erp"], ["a", "2"]], "no column of positions"),
        ([], "no rows"),
    ],
)
def test_no_list_of_stations(rows: list[list[str]], reason: str) -> None:
    with pytest.raises(StationFileError, match=reason):
        find_layout(sheet_of(*rows), {})
