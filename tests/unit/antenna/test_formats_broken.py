"""Broken antenna files: each refused by name and line, with what to do."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

import pytest

from dtt_sim.antenna.formats.record import AntennaFileError, AntennaRecord
from dtt_sim.antenna.formats.registry import read_antenna
from dtt_sim.antenna.formats.source import MAX_BYTES

_SPEC = importlib.util.spec_from_file_location(
    "antenna_files", Path(__file__).with_name("antenna_files.py")
)
assert _SPEC
assert _SPEC.loader
made = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)


def broken(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def cut_short(text: str, n_lines: int) -> str:
    return "\n".join(text.splitlines()[:n_lines])


MSI, NSMA, EDX = made.msi(), made.nsma(), made.edx()
ANT, AZ, EL, ITU = (
    made.radio_mobile(), made.splat_azimuths(), made.splat_elevations(), made.itu()
)  # fmt: skip
CASES = [
    # MSI: rows of the horizontal cut begin in line 14
    ("a.msi", broken(MSI, "\n7 0.18\n", "\n7 x\n"), ":21: attenuation 'x' is not a number"),
    ("a.msi", broken(MSI, "\n7 0.18\n", "\n7 nan\n"), ":21: attenuation 'nan' is not finite"),
    ("a.msi", broken(MSI, "\n7 0.18\n", "\n7 1e999\n"), ":21: attenuation '1e999' is not finite"),
    ("a.msi", broken(MSI, "\n7 0.18\n", "\n7 -0.18\n"), ":21: -0.18 dB in the horizontal cut"),
    ("a.msi", broken(MSI, "\n7 0.18\n", "\n6 0.18\n"), ":21: azimuth 6 stands in line 20 already"),
    ("a.msi", broken(MSI, "\n7 0.18\n", "\n700 0.18\n"), ":21: angle 700 is outside 0 to 360"),
    ("a.msi", broken(MSI, "\n7 0.18\n", "\n7 0.18 3\n"), ":21: '7 0.18 3' in HORIZONTAL"),
    ("a.msi", broken(MSI, "\n7 0.18\n", "\n7 9999\n"), ":21: 9999 dB at azimuth 7"),
    ("a.msi", broken(MSI, "\n7 0.18\n", "\n"), ":13: HORIZONTAL 360 has 359 points"),
    ("a.msi", broken(MSI, "VERTICAL 360", "VERTICAL 340"), "VERTICAL 340 has more than 340"),
    ("a.msi", cut_short(MSI, 500), ":374: VERTICAL 360 has 126 points: the file is cut short"),
    ("a.msi", broken(MSI, "13.15 dBi", "13.15 dBx"), ":7: gain '13.15 dBx'"),
    ("a.msi", "HORIZONTAL 1\n0 0\nHORIZONTAL 1\n0 0\n", ":3: a second section HORIZONTAL"),
    ("a.msi", "NAME x\n", "no section HORIZONTAL or VERTICAL"),
    # NSMA: points of the first cut begin in line 21
    ("a.adf", broken(NSMA, "-179,-25.000", "-179,-25,000"), ":22: '-179,-25,000'"),
    ("a.adf", broken(NSMA, "-179,-25.000", "-179,low"), ":22: value 'low' is not a number"),
    ("a.adf", broken(NSMA, "-179,-25.000", "-180,-25.000"), ":22: azimuth -180 stands in line 21"),
    ("a.adf", broken(NSMA, "-179,-25.000", "-979,-25.000"), ":22: angle -979 is outside"),
    ("a.adf", broken(NSMA, "-180,-25.000", "-180,-5.000"), "and both are the same direction"),
    ("a.adf", cut_short(NSMA, 300), ":17: cut AZ has 280 points and NUPOIN says 361"),
    ("a.adf", broken(NSMA, "NUPOIN:,361", "NUPOIN:,many"), "NUPOIN 'many' is not a number"),
    ("a.adf", broken(NSMA, "DBI/DBR", "DBI/VOLT"), ":8: data in 'VOLT'"),
    ("a.adf", broken(NSMA, "MDGAIN:,13.15", "MDGAIN:,high"), ":9: gain 'high' is not a number"),
    ("a.adf", "REVNUM:,x\n0,0\n", ":2: '0,0' stands before any PATCUT"),
    ("a.adf", "REVNUM:,x\nPATCUT:,AZ\nPOLARI:,H/V\n0,0\n", "no co-polar cut"),
    ("a.adf", "REVNUM:,x\nPATCUT:,AZ\nPOLARI:,H/H\n", ":2: cut AZ has 0 points"),
    # EDX
    ("a.pat", broken(EDX, ", 2\n", ", 3\n"), ":1: kind '3'"),
    ("a.pat", broken(EDX, " 5.0, -0.09", " 5.0; x"), ":3: value 'x' is not a number"),
    ("a.pat", broken(EDX, "1, 66", "2, 66"), "1 of 2 slices: the file is cut short"),
    ("a.pat", broken(EDX, "1, 66", "1, 70"), "66 of 70 elevations in slice 0: cut short"),
    ("a.pat", broken(EDX, "1, 66", "1, 60"), "after the last slice; check the counts"),
    ("a.pat", broken(EDX, "\n999\n", "\n"), "azimuth"),
    ("a.pat", broken(EDX, "-45, -22.00", "-95, -22.00"), ": elevation -95 is outside -90 to 90"),
    ("a.pat", EDX.replace(", -", ", "), ":2: the horizontal cut has positive values that are least"),
    ("a.pat", made.edx(kind=1).replace("1.000000", "1.5"), "relative field 1.5 is above 1"),
    ("a.pat", "'x', 10, 2\n999\n", ":1: no azimuths below"),
    ("a.pat", "x, 10, 2\n0,0\n", ":1: 'x, 10, 2'; give 'name'"),
    # Radio Mobile
    ("a.ant", cut_short(ANT, 400), ":400: 400 values; Radio Mobile has 360"),
    ("a.ant", broken(ANT, "-0.01", "zero"), "gain 'zero' is not a number"),
    ("a.ant", broken(ANT, "-0.01", "-0.01 3"), "gain '-0.01 3' is not a number"),
    ("a.ant", "", ":1: 0 values"),
    # SPLAT!
    ("a.az", "0 1.0\n90 0.5\n", ":1: '0 1.0'; the first line is the rotation"),
    ("a.az", broken(AZ, "7\t0.9", "7\t1.9"), "is above 1; divide"),
    ("a.az", broken(AZ, "7\t0.9", "7\t-0.9"), "is negative; give 0 to 1"),
    ("a.az", broken(AZ, "\n7\t", "\n407\t"), ":9: azimuth 407 is outside 0 to 360"),
    ("a.az", "0\n", ":1: no azimuths below"),
    ("a.el", EL.partition("\n")[2].replace("-10\t", "-40\t", 1), ":1: tilt -40 is outside"),
    ("a.el", broken(EL, "\n90\t", "\n91\t"), ": elevation 91 is outside -90 to 90"),
    # ITU
    ("a.txt", broken(ITU, "t_attn@azm50 ", "t_attn@azm55 "), ":10: azimuth 55; give 0, 10 ... 350"),
    ("a.txt", broken(ITU, "t_attn@azm50 ", "t_attn@azm40 "), ":10: azimuth 40 stands in line 9"),
    ("a.txt", re.sub(r"t_attn@azm50 .*\n", "", ITU), "35 azimuths in the diagram; give 36"),
    ("a.txt", broken(ITU, "= 7.", "= seven"), "is not a number"),
    ("a.txt", broken(ITU, "= 7.", "= -7."), "gain and attenuation are mixed"),
    ("a.itu", "0 0 0\n", "3 values; give 36"),
    ("a.itu", "0 " * 35 + "x", ":1: attenuation 'x' is not a number"),
    # CSV
    ("a.csv", "azimuth_deg,gain_db\n0,0\n9,2\n", ":3: gain_db 2 is above 0"),
    ("a.csv", "azimuth_deg,relative_field\n0,100\n", ":2: relative field 100 is above 1"),
    ("a.csv", "azimuth_deg,gain_db,attenuation_db\n0,0,0\n", "columns gain_db and attenuation_db"),
    ("a.csv", "azimuth_deg,elevation_deg,gain_db\n1,1,0\n", ":2: give azimuth_deg or elevation_deg"),
    ("a.csv", "azimuth_deg,elevation_deg,gain_db\n,,0\n", ":2: give azimuth_deg or elevation_deg"),
    ("a.csv", "# gain_dbd: lots\nazimuth_deg,gain_db\n0,0\n", ":1: gain 'lots' is not a number"),
    # anything else
    ("a.txt", "0 1\n90 2\n", ":1: '0 1': not recognised as an antenna file"),
    ("a.bin", "", "not recognised"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "expected"), CASES)
def test_broken_files(tmp_path: Path, name: str, text: str, expected: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    with pytest.raises(AntennaFileError, match=re.escape(expected)) as caught:
        read_antenna(path)
    assert str(caught.value).startswith(str(path))


def test_gain_written_as_attenuation_is_refused(tmp_path: Path) -> None:
    """The other way round the beam would be a null, and the nulls a beam."""
    upside = made.msi(upside=lambda e: 25.0 + 12.0 - made.circle(e) if made.circle(e) < 37 else 0)
    path = tmp_path / "a.msi"
    path.write_text(upside, encoding="utf-8")
    with pytest.raises(AntennaFileError, match="gives gain as attenuation"):
        read_antenna(path)


def test_gain_clipped_at_zero_is_refused(tmp_path: Path) -> None:
    """Then the nulls next to the beam look like a maximum within reach of the horizon."""
    upside = made.msi(upside=lambda e: max(13.0 - made.circle(e), 0.0))
    path = tmp_path / "a.msi"
    path.write_text(upside, encoding="utf-8")
    with pytest.raises(AntennaFileError, match=r"a\.msi:375: .*gives? gain as attenuation"):
        read_antenna(path)


def test_huge_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.msi"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # sparse: no such space is used
    with pytest.raises(AntennaFileError, match="more than 16 MiB, and no pattern has as much"):
        read_antenna(path)


def test_what_is_no_text_file(tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_bytes(b"PK\x03\x04\0\0")
    for name, reason in (
        ("sheet.csv", "zero bytes"),
        ("none.adf", "no such file"),
        (".", "not a file"),
    ):
        with pytest.raises(AntennaFileError, match=reason):
            read_antenna(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.msi")
    with pytest.raises(AntennaFileError, match="not a file"):
        read_antenna(tmp_path / "pipe.msi")


def test_twin_of_a_splat_file_is_named_when_broken(tmp_path: Path) -> None:
    (tmp_path / "a.az").write_text(AZ, encoding="utf-8")
    (tmp_path / "a.el").write_text("0 0\n5 9\n", encoding="utf-8")
    with pytest.raises(AntennaFileError, match=r"a\.el:2: relative field 9 is above 1"):
        read_antenna(tmp_path / "a.az")


def test_an_antenna_has_a_cut() -> None:
    with pytest.raises(ValueError, match="needs a horizontal or a vertical cut"):
        AntennaRecord()
