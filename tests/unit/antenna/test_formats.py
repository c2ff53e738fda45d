"""Readers of antenna files: angles, signs and units of each format."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.registry import FORMATS, read_antenna
from dtt_sim.antenna.pattern import horizontal_attenuation_db, vertical_attenuation_db

_SPEC = importlib.util.spec_from_file_location(
    "antenna_files", Path(__file__).with_name("antenna_files.py")
)
assert _SPEC
assert _SPEC.loader
made = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)

FILES = {
    "msi": ("a.msi", made.msi()),
    "nsma": ("a.adf", made.nsma()),
    "edx": ("a.pat", made.edx()),
    "radio_mobile": ("a.ant", made.radio_mobile()),
    "itu": ("a.txt", made.itu()),
}


def save(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def check_horizontal(record: AntennaRecord, azimuths: range = range(360), within: float = 1e-6):
    assert record.horizontal is not None
    found = horizontal_attenuation_db(record.horizontal, list(azimuths))
    np.testing.assert_allclose(found, [made.around(a) for a in azimuths], atol=within)


def check_vertical(record: AntennaRecord, elevations: range = range(-90, 91), within: float = 1e-6):
    assert record.vertical is not None
    found = vertical_attenuation_db(record.vertical, list(elevations))
    np.testing.assert_allclose(found, [made.upright(e) for e in elevations], atol=within)


@pytest.mark.parametrize("key", FILES)
def test_format_is_recognised_whatever_the_file_is_called(key: str, tmp_path: Path) -> None:
    name, text = FILES[key]
    assert read_antenna(save(tmp_path, name, text)).format == key
    renamed = read_antenna(save(tmp_path, "pattern", text))
    assert renamed.format == key
    check_horizontal(renamed, range(0, 360, 10))
    misnamed = read_antenna(save(tmp_path, "b.csv", text))
    assert any("by content" in note for note in misnamed.notes)


def test_msi(tmp_path: Path) -> None:
    record = read_antenna(save(tmp_path, "a.pln", made.msi()))
    check_horizontal(record)
    check_vertical(record)  # 0 to 359 downwards became elevations upwards
    assert record.gain_dbd == pytest.approx(13.15 - 2.15)
    assert record.name == "Example Works UHF panel 12 (made up)"
    assert record.frequency_mhz == (598.0, 598.0)
    assert record.polarisation == "horizontal"
    assert record.electrical_tilt_deg == 3.0


def test_msi_without_the_word_name_and_gain_without_unit(tmp_path: Path) -> None:
    text = made.msi().replace("NAME\t", "", 1).replace("13.15 dBi", "11")
    record = read_antenna(save(tmp_path, "a.msi", text))
    assert record.gain_dbd == 11.0
    assert "UHF panel 12" in record.name
    assert any("dBd" in note for note in record.notes)


def test_msi_whose_vertical_angles_begin_elsewhere_is_refused_until_told(tmp_path: Path) -> None:
    """A maker's files have the horizon in front at 270."""
    path = save(tmp_path, "a.msi", made.msi(zero=270))
    with pytest.raises(ValueError, match=r"a\.msi:\d+: .*--vertical-zero 270"):
        read_antenna(path)
    check_vertical(read_antenna(path, vertical_zero_deg=270.0))


def test_msi_with_minus_signs(tmp_path: Path) -> None:
    head, _, rest = made.msi().partition("HORIZONTAL 360\n")
    rows = [
        line.replace(" ", " -") if line[0].isdigit() else line for line in rest.strip().split("\n")
    ]
    record = read_antenna(save(tmp_path, "a.msi", "\n".join([head + "HORIZONTAL 360", *rows])))
    check_horizontal(record)
    check_vertical(record)


def test_horizontal_cut_taken_at_the_horizon_is_not_counted_twice(tmp_path: Path) -> None:
    """Of a tilted antenna the horizontal cut at the horizon may lie below the maximum all round."""
    lines = [f"{a} 6.30" for a in range(360)]
    text = "NAME omni\nHORIZONTAL 360\n" + "\n".join(lines) + "\nVERTICAL 360\n"
    text += "\n".join(f"{a} {made.circle(-a):.2f}" for a in range(360))
    record = read_antenna(save(tmp_path, "a.msi", text))
    assert record.horizontal is not None
    assert max(record.horizontal.attenuation_db) == 0.0
    check_vertical(record)
    assert any("maximum at -6.30 dB" in note for note in record.notes)


def test_nsma(tmp_path: Path) -> None:
    record = read_antenna(save(tmp_path, "a.adf", made.nsma()))
    check_horizontal(record)
    check_vertical(record)
    assert record.gain_dbd == pytest.approx(11.0)
    assert record.name == "Example Works Panel 12"
    assert record.frequency_mhz == (598.0, 598.0)
    assert record.electrical_tilt_deg == 3.0
    assert record.polarisation == "horizontal"


@pytest.mark.parametrize(("units", "offset"), [("DBI/DBI", 13.15), ("DBD/DBD", 13.15)])
def test_nsma_with_absolute_gains(tmp_path: Path, units: str, offset: float) -> None:
    record = read_antenna(save(tmp_path, "a.adf", made.nsma(units=units, offset=offset)))
    check_horizontal(record)
    check_vertical(record)
    assert not [note for note in record.notes if "largest value" in note]


def test_cloudrf_dialect(tmp_path: Path) -> None:
    """Cuts H and V from -179, and absolute gains that are called relative."""
    text = made.nsma(offset=13.15, first=-179).replace("PATCUT:,AZ", "PATCUT:,H")
    text = text.replace("PATCUT:,EL", "PATCUT:,V").replace("NSMA WG16.99.050", "TIA/EIA-804-B")
    text = text.replace("COMNT1:,made up", "DESCR2:,Converted at CloudRF.com")
    record = read_antenna(save(tmp_path, "a.adf", text))
    check_horizontal(record)
    check_vertical(record)
    assert any("largest value is 13.15, not 0" in note for note in record.notes)
    assert any("check that the tilt is downwards" in note for note in record.notes)


def test_nsma_takes_the_cut_of_the_polarisation_asked_for(tmp_path: Path) -> None:
    text = made.nsma().replace("POLARI:,H/V", "POLARI:,V/V")
    path = save(tmp_path, "a.adf", text)
    check_horizontal(read_antenna(path))
    vertical = read_antenna(path, polarisation="vertical").horizontal
    assert vertical is not None
    assert max(vertical.attenuation_db) == 0.0  # the made-up one is 30 dB all round


def test_nsma_of_several_frequencies_and_a_range_of_tilts(tmp_path: Path) -> None:
    text = made.nsma().replace("ELTILT:,3", "ELTILT:,0-10").replace("ENDFIL:,EOF", "")
    more = "PATFRE:,800\r\nPATCUT:,AZ\r\nPOLARI:,H/H\r\nNUPOIN:,2\r\n0,0\r\n180,-9\r\n"
    record = read_antenna(save(tmp_path, "a.adf", text + more))
    check_horizontal(record)
    assert record.electrical_tilt_deg is None
    assert any("the first of 2 is used, 598 MHz H/H" in note for note in record.notes)
    assert any("'0-10' is no number" in note for note in record.notes)


def test_nsma_positive_values_are_read_by_what_lies_ahead(tmp_path: Path) -> None:
    lines = [line for line in made.nsma().split("\r\n") if line != "ENDFIL:,EOF"]
    flipped = [
        ",".join((line.split(",")[0], line.split(",")[1].lstrip("-")))
        if line[:1] in "-0123456789" and "," in line
        else line
        for line in lines
        if line
    ]
    record = read_antenna(save(tmp_path, "a.adf", "\n".join(flipped)))
    check_horizontal(record)
    assert any("read as attenuation" in note for note in record.notes)


@pytest.mark.parametrize(("kind", "within"), [(1, 1e-3), (2, 1e-6)])
def test_edx(tmp_path: Path, kind: int, within: float) -> None:
    record = read_antenna(save(tmp_path, "a.pat", made.edx(kind=kind)))
    check_horizontal(record, range(0, 360, 5), within)
    check_vertical(record, range(-45, 21), within)
    assert record.vertical is not None
    assert (record.vertical.elevation_deg[0], record.vertical.elevation_deg[-1]) == (-45.0, 20.0)
    assert record.gain_dbd == pytest.approx(11.0)
    assert record.name == "Panel 12"
    assert any("from -45° to 20°" in note for note in record.notes)


def test_edx_slice_of_the_maximum_is_used(tmp_path: Path) -> None:
    text = "'two', 10, 2\n0,-3\n90,0\n180,-9\n270,-9\n999\n2,2\n0\n-5,0\n5,-7\n90\n-5,-1\n5,0\n"
    record = read_antenna(save(tmp_path, "a.pat", text))
    assert record.vertical is not None
    assert record.vertical.attenuation_db == (1.0, 0.0)


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("comma", [False, True])
def test_radio_mobile(tmp_path: Path, version: int, *, comma: bool) -> None:
    record = read_antenna(save(tmp_path, "a.ant", made.radio_mobile(version, comma=comma)))
    check_horizontal(record)
    assert record.gain_dbd is None
    if version == 1:
        assert record.vertical is None
    else:
        check_vertical(record)


def test_radio_mobile_of_540_lines_stops_above_the_foot(tmp_path: Path) -> None:
    text = "\n".join(made.radio_mobile(2).split("\n")[:540])
    check_vertical(read_antenna(save(tmp_path, "a.ant", text)), range(-89, 91))


def test_radio_mobile_with_positive_attenuations(tmp_path: Path) -> None:
    record = read_antenna(save(tmp_path, "a.ant", made.radio_mobile(3, sign=1.0)))
    check_horizontal(record)
    check_vertical(record)
    assert any("read as attenuation" in note for note in record.notes)


def test_splat(tmp_path: Path) -> None:
    save(tmp_path, "a.el", made.splat_elevations())
    record = read_antenna(save(tmp_path, "a.az", made.splat_azimuths()))
    check_horizontal(record, within=0.02)
    check_vertical(record, range(-90, 11), within=0.01)
    assert any("a.el beside it" in note for note in record.notes)


def test_splat_rotation_and_lean(tmp_path: Path) -> None:
    record = read_antenna(save(tmp_path, "b.az", made.splat_azimuths(120.0)))
    assert record.vertical is None
    assert record.horizontal is not None
    found = horizontal_attenuation_db(record.horizontal, [120.0, 150.0, 90.0])
    np.testing.assert_allclose(
        found, [made.around(0.0), made.around(30.0), made.around(-30.0)], atol=0.01
    )
    leaning = read_antenna(save(tmp_path, "c.el", made.splat_elevations(1.5, 200.0)))
    assert leaning.horizontal is None
    assert (leaning.mechanical_tilt_deg, leaning.mechanical_tilt_azimuth_deg) == (1.5, 200.0)
    check_vertical(leaning, range(-90, 11), within=0.01)


def test_field_of_zero_has_a_floor(tmp_path: Path) -> None:
    record = read_antenna(save(tmp_path, "a.az", "0\n0 1.0\n180 0.000\n"))
    assert record.horizontal is not None
    assert record.horizontal.attenuation_db == (0.0, 80.0)


@pytest.mark.parametrize("name", ["H", "V"])
def test_itu_notice(tmp_path: Path, name: str) -> None:
    record = read_antenna(save(tmp_path, "notice.txt", made.itu(name)))
    check_horizontal(record, range(0, 360, 10))
    assert record.vertical is None  # V is the other polarisation, not a vertical cut
    assert record.polarisation == {"H": "horizontal", "V": "vertical"}[name]


def test_itu_notice_of_two_polarisations(tmp_path: Path) -> None:
    both = made.itu("H") + made.itu("V").replace("= 0.3", "= 4.3")
    path = save(tmp_path, "n.txt", both)
    with pytest.raises(ValueError, match="they differ"):
        read_antenna(path)
    check_horizontal(read_antenna(path, polarisation="horizontal"), range(0, 360, 10))
    assert read_antenna(save(tmp_path, "m.txt", made.itu("H") + made.itu("V"))).horizontal


@pytest.mark.parametrize(
    "layout",
    [
        lambda v: "\n".join(" ".join(v[i : i + 6]) for i in range(0, 36, 6)),
        "\n".join,
        ",".join,
        lambda v: ";".join(x.replace(".", ",") for x in v),
        lambda v: "\n".join(f"{10 * i}\t{x}" for i, x in enumerate(v)),
        lambda v: "\n".join(f"{10 * i}\t{x}" for i, x in enumerate([*v, v[0]])),
    ],
    ids=["six lines", "a column", "commas", "decimal commas", "pairs", "pairs to 360"],
)
def test_itu_plain_tables(tmp_path: Path, layout) -> None:
    text = layout([f"{made.around(a):.2f}" for a in range(0, 360, 10)])
    record = read_antenna(save(tmp_path, "t.txt", text))
    assert record.format == "itu"
    check_horizontal(record, range(0, 360, 10))


@pytest.mark.parametrize(
    ("head", "cells", "expected"),
    [
        ("attenuation_db", ("0", "3", "10"), (0.0, 3.0, 10.0)),
        ("gain_db", ("0", "-3", "-10"), (0.0, 3.0, 10.0)),
        ("gain_dbi", ("12.15", "9.15", "2.15"), (0.0, 3.0, 10.0)),
        ("gain_dbd", ("10", "7", "0"), (0.0, 3.0, 10.0)),
        ("relative_field", ("1", "0.5", "0.1"), (0.0, 6.0206, 20.0)),
        ("relative_power", ("1", "0.5", "0.1"), (0.0, 3.0103, 10.0)),
    ],
)
def test_csv_values(tmp_path: Path, head: str, cells: tuple[str, ...], expected) -> None:
    rows = "".join(f"{a},{c}\n" for a, c in zip((0, 90, 180), cells, strict=True))
    record = read_antenna(save(tmp_path, "a.csv", f"azimuth_deg,{head}\n{rows}"))
    assert record.horizontal is not None
    assert record.horizontal.attenuation_db == pytest.approx(expected, abs=1e-4)
    if head in {"gain_dbi", "gain_dbd"}:
        assert record.gain_dbd == pytest.approx(10.0)


def test_csv_of_both_cuts_with_decimal_commas_and_words(tmp_path: Path) -> None:
    text = (
        "\ufeff# name: Hòn Me\n# gain_dbd: 8.5\n# frequency_mhz: 470-862\n"
        "azimuth_deg;elevation_deg;attenuation_db\r\n0;;0,5\r\n180;;3\r\n;-2,5;0\r\n;10;12\r\n"
    )
    record = read_antenna(save(tmp_path, "a.csv", text))
    assert record.horizontal is not None
    assert record.vertical is not None
    assert record.horizontal.attenuation_db == (0.5, 3.0)
    assert record.vertical.elevation_deg == (-2.5, 10.0)
    assert (record.name, record.gain_dbd, record.frequency_mhz) == ("Hòn Me", 8.5, (470.0, 862.0))
    assert any("no azimuth has less than 0.5 dB" in note for note in record.notes)


def test_tabs_separate_as_well(tmp_path: Path) -> None:
    text = "azimuth_deg\tattenuation_db\n0\t0\n22,5\t1,5\n"
    record = read_antenna(save(tmp_path, "a.txt", text))
    assert record.horizontal is not None
    assert record.horizontal.azimuth_deg == (0.0, 22.5)
    assert record.horizontal.attenuation_db == (0.0, 1.5)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.msi"
    path.write_bytes(made.msi().replace("made up", "Größe").encode(encoding))
    record = read_antenna(path)
    assert "Größe" in record.name
    check_horizontal(record)


def test_seam_of_a_measured_cut(tmp_path: Path) -> None:
    text = made.nsma().replace("-180,-25.000", "-180,-24.000", 1)
    record = read_antenna(save(tmp_path, "a.adf", text))
    assert any("differ by 1.00 dB" in note for note in record.notes)


def test_what_is_not_verified_is_known() -> None:
    assert {key for key, one in FORMATS.items() if not one.checked} == {"edx", "splat", "itu"}
