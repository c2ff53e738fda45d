"""``dtt-sim antenna``: what its user sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dtt_sim.antenna.formats.registry import read_antenna
from dtt_sim.cli.main import main

TABLE = """\
# name: Rạch Giá $1
# gain_dbd: 8
# electrical_tilt_deg: 2
azimuth_deg,elevation_deg,attenuation_db
0,,0
90,,6
180,,20
270,,6
,-20,15
,-2,0
,20,15
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["antenna", *map(str, arguments)])
    return int(stop.value.code or 0)


def test_show_says_the_main_facts(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", file) == 0
    said = capsys.readouterr().out
    for fact in (
        "CSV table",
        "Rạch Giá $1",
        "8.00 dBd (10.15 dBi)",
        "maximum at 0°, 3 dB width 90°, front-to-back 15.3 dB",
        "maximum at 2° below the horizon, 3 dB width 8",
        "reaches from -20° to 20°",
    ):
        assert fact in said


def test_show_draws(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, what in (("cuts.png", file), ("round.png", "dipole_vertical"), ("c.png", "cardioid")):
        assert run("show", what, "--out", tmp_path / name) == 0
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.glob("*.part*"))
    assert "written" in capsys.readouterr().out


def test_a_name_that_the_font_has_not(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(TABLE.replace("Rạch Giá", "天线"), encoding="utf-8")
    assert run("show", file, "--out", tmp_path / "a.png") == 0
    said = capsys.readouterr()
    assert "天线" in said.out
    assert not said.err


def test_show_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", file, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["format"] == "csv"
    assert said["horizontal"]["azimuth_deg"] == [0.0, 90.0, 180.0, 270.0]
    assert said["tilt_deg"] == 2.0
    assert run("show", "cardioid", "--json") == 0
    assert json.loads(capsys.readouterr().out)["vertical_width_deg"] is None


@pytest.mark.parametrize(
    ("key", "name"),
    [("msi", "b.msi"), ("nsma", "b.adf"), ("cloudrf", "b.adf"), ("edx", "b.pat"), ("csv", "b.csv"),
     ("radio_mobile", "b.ant"), ("splat", "b.az"), ("itu", "b.itu")],
)  # fmt: skip
def test_convert(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, name: str
) -> None:
    assert run("convert", file, "--to", key, "-o", tmp_path / name) == 0
    said = capsys.readouterr().out
    record = read_antenna(tmp_path / name)
    assert record.format == {"cloudrf": "nsma"}.get(key, key)
    assert record.horizontal is not None
    assert f"written: {tmp_path / name}" in said
    assert ("lost     the vertical cut\n" in said) == (key == "itu")
    assert ("the gain of 8.00 dBd" in said) == (key in {"radio_mobile", "splat", "itu"})
    if key == "splat":
        assert (tmp_path / "b.el").exists()
    assert not list(tmp_path.glob("*.part"))


def test_convert_says_what_a_table_of_36_azimuths_cannot_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("convert", "panel@5", "--to", "itu", "-o", tmp_path / "p.itu") == 0
    assert "the horizontal cut changes by up to" in capsys.readouterr().out


def test_array(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    panels = [option for b in (0, 90, 180, 270) for option in ("--panel", f"{b}:1:0:0.4")]
    out = tmp_path / "a.msi"
    assert run("array", "panel_4bay", *panels, "--frequency", 586, "--to", "msi", "-o", out) == 0
    record = read_antenna(out)
    assert record.name == "4 x panel_4bay"
    assert record.horizontal is not None
    attenuation = record.horizontal.attenuation_db
    assert attenuation[45] == pytest.approx(attenuation[315], abs=0.002)
    assert "fields added" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "none.msi"], "none.msi: cannot be read (no such file)"),
        (["show", "cardoid@30"], "did you mean 'cardioid'?"),
        (["convert", "a.csv", "--to", "csv", "-o", "a.csv"], "is the file that is read"),
        (["convert", "a.csv@9", "--to", "csv", "-o", "a.csv"], "is the file that is read"),
        (["array", "panel", "--panel", "0:x", "-o", "x.csv"], "--panel '0:x'; give BEARING"),
        (["array", "panel", "--panel", "0:0", "-o", "x.csv"], "power share 0"),
        (["array", "panel", "--panel", "0:1:0:1", "-o", "x.csv"], "give the frequency"),
        (["array", "dipole_vertical", "--panel", "0", "-o", "x.csv"], "no horizontal cut"),
    ],
)
def test_bad_input(
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(file.parent)
    assert run(*arguments) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "Traceback" not in said.err
    assert file.read_text(encoding="utf-8") == TABLE


def test_a_cut_that_lies_about_is_not_paired(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("convert", file, "--to", "splat", "-o", tmp_path / "b.az") == 0
    before = (tmp_path / "b.az").read_bytes()
    assert run("convert", "cardioid", "--to", "splat", "-o", tmp_path / "b.az") == 2
    assert "b.el: lies there already" in capsys.readouterr().err
    assert (tmp_path / "b.az").read_bytes() == before


def test_unwritable_folder(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert", file, "--to", "msi", "-o", file / "b.msi") == 1
    assert "cannot be written" in capsys.readouterr().err


def test_formats(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("formats") == 0
    said = capsys.readouterr().out
    assert "UNVERIFIED" in said
    assert "cardioid" in said
