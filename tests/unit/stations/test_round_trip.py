"""What is exported reads back as what it was, in every format."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtt_sim.errors import OutputError, Problem, ScenarioError
from dtt_sim.network.protection_tables import DVBT2
from dtt_sim.scenario.transmitters import build_transmitters, read_rows
from dtt_sim.stations.cells import clean, plain_number
from dtt_sim.stations.importing import Options, import_stations
from dtt_sim.stations.writers import FORMATS, read_table, write_stations

TABLE = Path(__file__).parents[3] / "scenarios" / "kien_giang" / "transmitters.csv"


def number(low: float, high: float) -> st.SearchStrategy[str]:
    return st.floats(low, high, allow_subnormal=False).map(plain_number)


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1, max_size=12
).map(clean)
NAMES = TEXT.filter(bool) | st.sampled_from(
    ["Núi Hòn Me", "=SUM(A1)", "1.5", "2016-06-10", "true", "a;b,c", 'a "b"', "-", "<b>&amp;</b>"]
)
# Near each other, so that none is taken for a mistake.
ROWS = st.fixed_dictionaries(
    {
        "site": NAMES,
        "lat_deg": number(9.0, 11.0),
        "lon_deg": number(104.0, 106.0),
        "height": st.tuples(st.booleans(), number(1.0, 3000.0)),
        "erp_kw": number(1e-6, 1000.0),
        "multiplex": st.sampled_from(["K33", "K34", "PAL VTV1"]),
        "tuning": st.sampled_from([("33", "UHF", ""), ("6", "VHF_DK", ""), ("", "", "570.125")]),
        "polarisation": st.sampled_from(["", "horizontal", "vertical"]),
        "electrical_tilt_deg": st.just("") | number(-30.0, 30.0),
        "delay_us": st.just("") | number(-10_000.0, 10_000.0),
        "on_air": st.sampled_from(["", "true", "false"]),
        "confidence": st.sampled_from(["", "VERIFIED", "ASSUMED"]),
        "note": st.just("") | NAMES,
    }
)
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, str]]:
    ids = draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    rows = []
    for name in ids:
        row = draw(ROWS)
        is_agl, height = row.pop("height")
        channel, raster, mhz = row.pop("tuning")
        rows.append(row | {
            "id": name, "height_agl_m": height if is_agl else "",
            "height_amsl_m": "" if is_agl else height, "channel": channel,
            "channel_raster": raster, "frequency_mhz": mhz,
        })  # fmt: skip
    return rows


@pytest.mark.parametrize("suffix", FORMATS)
@settings(deadline=None, max_examples=60)
@given(rows=tables())
def test_import_of_an_export_is_the_table(suffix: str, rows: list[dict[str, str]]) -> None:
    columns = list(rows[0])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"out{suffix}"
        write_stations(file, columns, rows)
        found = import_stations(file, Options())
    # A station twice is the only thing that a random table can have wrong.
    reasons = [text for fate in found.fates for text in fate.reasons]
    assert all("the station of row" in text for text in reasons)
    kept = [row for row, fate in zip(rows, found.fates, strict=True) if fate.fate != "refused"]
    assert [{c: row[c] for c in columns} for row in found.rows] == kept


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_real_table_comes_back_the_same_station_by_station(tmp_path: Path, suffix: str) -> None:
    columns, rows = read_table(TABLE, tmp_path)
    write_stations(tmp_path / f"out{suffix}", columns, rows)
    found = import_stations(tmp_path / f"out{suffix}", Options())
    assert {fate.fate for fate in found.fates} == {"taken"}
    write_stations(tmp_path / "back.csv", found.columns, found.rows)
    problems: list[Problem] = []
    stations = [
        [t for t, _ in build_transmitters(table, dict.fromkeys(services, DVBT2), None, problems)]
        for path in (TABLE, tmp_path / "back.csv")
        for table in [read_rows(path, problems)]
        for services in [{row.values["multiplex"] for row in table}]
    ]
    assert stations[0] == stations[1]
    assert not problems


def test_isotropic_powers_come_back_as_erp(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "id,site,lat_deg,lon_deg,height_agl_m,eirp_kw,multiplex,channel\n"
        "a,A,10.50,105,98.0,16.4,K33,K33\n", encoding="utf-8",
    )  # fmt: skip
    columns, rows = read_table(tmp_path / "t.csv", tmp_path)
    assert (rows[0]["lat_deg"], rows[0]["height_agl_m"]) == ("10.5", "98")
    write_stations(tmp_path / "t.kml", columns, rows)
    found = import_stations(tmp_path / "t.kml", Options())
    assert float(found.rows[0]["erp_kw"]) == pytest.approx(16.4 / 10**0.215, rel=5e-6)
    assert found.rows[0]["channel"] == "33"


def test_pattern_files_are_named_from_where_the_table_goes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "h.csv").write_text("azimuth_deg,attenuation_db\n0,0\n", encoding="utf-8")
    (tmp_path / "a" / "t.csv").write_text(
        "id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel,horizontal_pattern\n"
        "a,A,10,105,98,1,K33,33,h.csv\n", encoding="utf-8",
    )  # fmt: skip
    _, rows = read_table(tmp_path / "a" / "t.csv", tmp_path)
    assert rows[0]["horizontal_pattern"] == "a/h.csv"


def test_broken_tables_and_unknown_formats(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,site\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="column is missing"):
        read_table(tmp_path / "t.csv", tmp_path)
    with pytest.raises(OutputError, match=r"choose one of \.csv, \.xlsx"):
        write_stations(tmp_path / "t.xls", [], [])
