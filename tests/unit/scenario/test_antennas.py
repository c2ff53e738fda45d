"""Station tables that name antenna files of any format, and standard antennas."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtt_sim.antenna.formats.registry import antenna_texts
from dtt_sim.antenna.pattern import horizontal_attenuation_db
from dtt_sim.antenna.standard import standard_antenna
from dtt_sim.errors import Problem
from dtt_sim.model import Transmitter
from dtt_sim.scenario.assumptions import row_assumptions
from dtt_sim.scenario.candidates import toml_table
from dtt_sim.scenario.transmitters import build_transmitters, read_rows

HEAD = (
    "id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel,"
    "horizontal_pattern,vertical_pattern,electrical_tilt_deg,mechanical_tilt_deg\n"
)
SPLAT = "1.5\t200\n-10\t0.2\n2\t1.0\n90\t0.1\n"
TILTED = (
    "ELECTRICAL_TILT 2\nHORIZONTAL 4\n0 0\n90 3\n180 20\n270 3\nVERTICAL 6\n"
    "0 1\n2 0\n20 20\n90 30\n270 30\n340 20\n"
)


def stations(
    folder: Path, horizontal: str, vertical: str = "", tilts: str = ","
) -> tuple[list[Transmitter], str]:
    (folder / "tx.csv").write_text(
        f"{HEAD}a,X,10.1,104.9,100,10,K33,33,{horizontal},{vertical},{tilts}\n", encoding="utf-8"
    )
    problems: list[Problem] = []
    rows = read_rows(folder / "tx.csv", problems)
    built = build_transmitters(rows, {"K33": "dvbt2"}, None, problems)
    return [transmitter for transmitter, _ in built], "\n".join(map(str, problems))


@pytest.mark.parametrize("key", ["msi", "nsma", "edx", "radio_mobile", "splat", "itu", "csv"])
def test_a_file_of_any_format(tmp_path: Path, key: str) -> None:
    panel = standard_antenna("panel@50")
    for suffix, text in antenna_texts(panel, key).items():
        (tmp_path / f"p{suffix}").write_text(text, encoding="utf-8")
        name = f"p{suffix}"
    horizontal = "p.az" if key == "splat" else name
    (station,), problems = stations(tmp_path, horizontal, "" if key == "itu" else name)
    assert not problems
    assert station.antenna.horizontal is not None
    found = horizontal_attenuation_db(station.antenna.horizontal, [50.0, 140.0])
    assert panel.horizontal is not None
    assert found == pytest.approx(
        horizontal_attenuation_db(panel.horizontal, [50.0, 140.0]), abs=0.002
    )
    assert (station.antenna.vertical is None) == (key == "itu")


def test_standard_antennas_by_name(tmp_path: Path) -> None:
    (station,), problems = stations(tmp_path, "cardioid@120", "panel_4bay", "1.5,")
    assert not problems
    assert station.antenna.horizontal == standard_antenna("cardioid@120").horizontal
    assert station.antenna.vertical == standard_antenna("panel_4bay").vertical
    assert station.antenna.electrical_tilt_deg == 1.5


def test_a_file_is_turned_to_a_bearing(tmp_path: Path) -> None:
    """Makers' cuts begin at the front of the antenna, not at north."""
    (tmp_path / "p.msi").write_text(TILTED, encoding="utf-8")
    (station,), problems = stations(tmp_path, "p.msi@120.5", "p.msi")
    assert not problems
    assert station.antenna.horizontal is not None
    assert station.antenna.horizontal.azimuth_deg == (30.5, 120.5, 210.5, 300.5)
    assert station.antenna.horizontal.attenuation_db == (3.0, 0.0, 3.0, 20.0)


def test_a_file_goes_before_a_standard_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "cardioid").write_text("azimuth_deg,attenuation_db\n0,7\n", encoding="utf-8")
    (station,), _ = stations(tmp_path, "cardioid")
    assert station.antenna.horizontal is not None
    assert station.antenna.horizontal.attenuation_db == (7.0,)


@pytest.mark.parametrize(
    ("horizontal", "vertical", "tilts", "expected"),
    [
        ("none.msi", "", ",", "tx.csv:2: horizontal_pattern: "),
        ("lean.el@20", "", ",", "horizontal_pattern: @20: the SPLAT! file has no horizontal cut"),
        ("none.msi@20", "", ",", "none.msi@20: cannot be read (no such file)"),
        ("cardoid", "", ",", "did you mean 'cardioid'?"),
        ("dipole_vertical", "", ",", "horizontal_pattern: dipole_vertical: this antenna has no"),
        ("", "cardioid", ",", "vertical_pattern: cardioid: this antenna has no vertical cut"),
        ("", "lean.el", ",", "mechanical_tilt_deg: empty, and lean.el leans the mounting by 1.5°"),
        ("", "tilted.msi", "2,", "electrical_tilt_deg: 2, and the beam of tilted.msi is 2° down"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, horizontal: str, vertical: str, tilts: str, expected: str
) -> None:
    (tmp_path / "lean.el").write_text(SPLAT, encoding="utf-8")
    (tmp_path / "tilted.msi").write_text(TILTED, encoding="utf-8")
    built, problems = stations(tmp_path, horizontal, vertical, tilts)
    assert not built
    assert expected in problems


def test_tilts_that_are_meant(tmp_path: Path) -> None:
    (tmp_path / "lean.el").write_text(SPLAT, encoding="utf-8")
    (tmp_path / "tilted.msi").write_text(TILTED, encoding="utf-8")
    for vertical, tilts in (("lean.el", ",0"), ("tilted.msi", ","), ("tilted.msi", "1,")):
        built, problems = stations(tmp_path, "", vertical, tilts)
        assert not problems
        assert built


def test_standards_are_no_paths_in_what_a_search_writes(tmp_path: Path) -> None:
    stations(tmp_path, "cardioid@120", "sub/v.csv")
    (row,) = read_rows(tmp_path / "tx.csv", [])
    lines = toml_table(row, tmp_path / "out")
    assert 'horizontal_pattern = "cardioid@120"' in lines
    assert 'vertical_pattern = "../sub/v.csv"' in lines


def test_what_was_assumed_of_an_antenna_is_an_assumption(tmp_path: Path) -> None:
    problems: list[Problem] = []
    (tmp_path / "tx.csv").write_text(
        f"{HEAD}a,X,10.1,104.9,100,10,K33,33,cardioid@120,panel_4bay,,\n", encoding="utf-8"
    )
    built = build_transmitters(
        read_rows(tmp_path / "tx.csv", problems), {"K33": "dvbt2"}, None, problems
    )
    found = row_assumptions(built)
    told = {(a.key, a.value, a.confidence) for a in found}
    assert ("transmitters.a.vertical_pattern", "panel_4bay", "ASSUMED") in told
    assert any("a formula, not a measurement" in a.reason for a in found)
