"""Pattern tables: what is read and how what is not is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dtt_sim.antenna.pattern_files import read_horizontal_pattern, read_vertical_pattern

HEAD = "azimuth_deg,attenuation_db\n"


def test_rows_in_any_order_and_north_twice(tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_text(HEAD + "180,5\n0,1\n\n360,1\n", encoding="utf-8")
    pattern = read_horizontal_pattern(file)
    assert pattern.azimuth_deg == (0.0, 180.0)
    assert pattern.attenuation_db == (1.0, 5.0)


def test_360_alone_is_north(tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_text("\ufeffattenuation_db; azimuth_deg\n2;360\n3;90\n", encoding="utf-8")
    pattern = read_horizontal_pattern(file)
    assert (pattern.azimuth_deg, pattern.attenuation_db) == ((0.0, 90.0), (2.0, 3.0))


def test_rounding_above_the_maximum_is_none(tmp_path: Path) -> None:
    file = tmp_path / "v.csv"
    file.write_text("elevation_deg,attenuation_db\n0,-0.004\n-5,3\n", encoding="utf-8")
    pattern = read_vertical_pattern(file)
    assert (pattern.elevation_deg, pattern.attenuation_db) == ((-5.0, 0.0), (3.0, 0.0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("azimuth_deg,gain_db\n0,1\n", ":2: gain_db 1 is above 0"),
        ("azimut,attenuation_db\n0,1\n", ":1: unknown column 'azimut'; did you mean 'azimuth_deg'"),
        ("azimuth_deg\n0\n", ":1: column 'attenuation_db' is missing"),
        (
            "azimuth_deg,azimuth_deg,attenuation_db\n0,0,0\n",
            ":1: column 'azimuth_deg' stands twice",
        ),
        ("", ":1: column 'azimuth_deg or elevation_deg' is missing"),
        (HEAD, "no rows below the header"),
        (HEAD + "0,x\n", ":2: attenuation_db 'x' is not a number"),
        (HEAD + '0,"1,5"\n', ":2: attenuation_db '1,5' is not a number; write a decimal point"),
        (HEAD + "0,1\n90\n", ":3: 1 cells where the header has 2"),
        (HEAD + "0,nan\n", ":2: attenuation_db 'nan' is not finite"),
        (HEAD + "inf,1\n", ":2: azimuth_deg 'inf' is not finite"),
        (HEAD + "10,0\n0,-3\n", ":3: attenuation_db -3 is negative, as a gain would be"),
        (HEAD + "0,1\n\n0,2\n", ":4: azimuth 0 stands in line 2 already"),
        (HEAD + "0,1\n360,2\n", ":3: azimuth 360 has 2 dB and 0 has 1 dB"),
        (HEAD + "-10,1\n", ":2: azimuth_deg -10 is outside 0 to 360"),
    ],
)
def test_broken_tables(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "p.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(expected)) as caught:
        read_horizontal_pattern(file)
    assert str(caught.value).startswith(str(file))


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.csv: cannot be read \(no such file\)"):
        read_vertical_pattern(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"b\.csv: cannot be read"):
        read_vertical_pattern(tmp_path / "b.csv")
    (tmp_path / "v.csv").write_text("elevation_deg,attenuation_db\n95,1\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"v\.csv:2: elevation_deg 95 is outside -90 to 90"):
        read_vertical_pattern(tmp_path / "v.csv")
