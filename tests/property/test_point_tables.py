"""Whatever stands in a list of places: rows are used or named, and nothing else is raised."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places_province import write_province

from dtt_sim.coverage.refractivity_files import read_itu_map
from dtt_sim.errors import ScenarioError
from dtt_sim.scenario import point_tables
from dtt_sim.scenario.load import Scenario, load_scenario
from dtt_sim.scenario.measured import read_measured
from dtt_sim.scenario.receivers import read_receivers

CELLS = st.one_of(
    st.sampled_from(
        ["", "10.0", "104.5", "10,0", "nan", "-65", "a", "33", "2015-06-01", '"', "1e9"]
    ),
    st.text(max_size=8),
    st.floats().map(repr),
)
HEADERS = st.one_of(
    st.sampled_from(
        ["name", "lat", "lon_deg", "station", "channel", "e_dbuv_m", "dBm", "date", ""]
    ),
    st.text(max_size=8),
)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load_scenario(write_province(tmp_path_factory.mktemp("province")))


@settings(deadline=None, max_examples=150)
@given(
    header=st.lists(HEADERS, max_size=8), rows=st.lists(st.lists(CELLS, max_size=9), max_size=5),
    separator=st.sampled_from(",;\t"),
)  # fmt: skip
def test_tables_of_anything(
    scenario: Scenario, tmp_path_factory: pytest.TempPathFactory, header: list[str],
    rows: list[list[str]], separator: str,
) -> None:  # fmt: skip
    file = tmp_path_factory.getbasetemp() / "anything.csv"
    text = "\n".join(separator.join(row) for row in (header, *rows))
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    for read in (read_receivers, read_measured):
        found = read(file, scenario)
        used = getattr(found, "receivers", None) or getattr(found, "measured", ())
        assert used or found.problems
        assert all(p.message and p.file == file.name for p in found.problems)


@settings(deadline=None, max_examples=60)
@given(
    name=st.text("abcĐ ", min_size=1, max_size=9).filter(str.strip),
    lat=st.floats(9.9, 10.1), lon=st.floats(104.3, 104.7), height=st.floats(1.0, 300.0),
    separator=st.sampled_from(",;\t"), mark=st.booleans(),
)  # fmt: skip
def test_good_rows_are_taken_to_the_last_digit(
    scenario: Scenario, tmp_path_factory: pytest.TempPathFactory, name: str, lat: float,
    lon: float, height: float, separator: str, mark: bool,
) -> None:  # fmt: skip
    file = tmp_path_factory.getbasetemp() / "good.csv"
    row = [name, repr(lat), repr(lon), repr(height)]
    if separator != ",":  # as spreadsheets write it where the comma is the decimal sign
        row = [name, *(cell.replace(".", ",") for cell in row[1:])]
    text = "\n".join(
        separator.join(r) for r in (["name", "lat_deg", "lon_deg", "height_agl_m"], row)
    )
    file.write_text(text, encoding="utf-8-sig" if mark else "utf-8")
    found = read_receivers(file, scenario)
    if any("e" in cell for cell in row[1:]):
        return  # a decimal comma and an exponent: no spreadsheet writes both
    (one,) = found.receivers
    assert (one.lat_deg, one.lon_deg, one.height_agl_m) == (lat, lon, height)
    assert one.name == " ".join(name.split())


def test_sizes_are_bounded(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import openpyxl

    file = tmp_path / "places.csv"
    file.write_text("name,lat_deg,lon_deg\n" + "a,10.0,104.5\n" * 30, encoding="utf-8")
    monkeypatch.setattr(point_tables, "MAX_ROWS", 20)
    (problem,) = read_receivers(file, scenario).problems
    assert (problem.line, "more than 20 rows" in problem.message) == (21, True)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for _ in range(2000):
        sheet.append(["x" * 200])
    book.save(tmp_path / "places.xlsx")
    (problem,) = read_receivers(tmp_path / "places.xlsx", scenario).problems
    assert "more than 20 rows" in problem.message
    monkeypatch.setattr(point_tables, "MAX_BYTES", (tmp_path / "places.xlsx").stat().st_size)
    (problem,) = read_receivers(tmp_path / "places.xlsx", scenario).problems
    assert "unpacks to" in problem.message
    monkeypatch.setattr(point_tables, "MAX_BYTES", 100)
    (problem,) = read_receivers(file, scenario).problems
    assert "divide it" in problem.message


@settings(deadline=None, max_examples=60)
@given(
    st.one_of(st.binary(max_size=300), st.text(" 0123456789.-\nex", max_size=300).map(str.encode))
)
def test_maps_of_anything(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "DN50.TXT"
    file.write_bytes(content)
    with pytest.raises(ScenarioError, match=r"DN50\.TXT"):
        read_itu_map(file, "delta_n")
