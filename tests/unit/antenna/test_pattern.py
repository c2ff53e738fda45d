"""Patterns, tilt and channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtt_sim.antenna.channels import channel_frequency_mhz
from dtt_sim.antenna.pattern import attenuation_db, read_horizontal_pattern, read_vertical_pattern
from dtt_sim.model import Antenna, HorizontalPattern, VerticalPattern

BEAM = VerticalPattern((-90.0, -10.0, 0.0, 10.0, 90.0), (30.0, 20.0, 0.0, 20.0, 30.0))


def test_horizontal_pattern_closes_round_north() -> None:
    antenna = Antenna(HorizontalPattern((10.0, 350.0), (4.0, 2.0)))
    assert attenuation_db(antenna, [0.0, 360.0, 5.0, 10.0], 0.0) == pytest.approx([3, 3, 3.5, 4])


def test_electrical_tilt_lowers_the_beam_everywhere() -> None:
    antenna = Antenna(vertical=BEAM, electrical_tilt_deg=2.0)
    assert attenuation_db(antenna, [0.0, 180.0], -2.0) == pytest.approx([0.0, 0.0])
    assert attenuation_db(antenna, 0.0, 0.0) == pytest.approx(4.0)


def test_mechanical_tilt_raises_the_far_side() -> None:
    antenna = Antenna(vertical=BEAM, mechanical_tilt_deg=3.0, mechanical_tilt_azimuth_deg=90.0)
    assert attenuation_db(antenna, 90.0, -3.0) == pytest.approx(0.0, abs=1e-9)
    assert attenuation_db(antenna, 270.0, 3.0) == pytest.approx(0.0, abs=1e-9)
    assert attenuation_db(antenna, 0.0, 0.0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("azimuth_deg,gain\n0,1\n", "column 'attenuation_db' is missing"),
        ("azimuth_deg,attenuation_db\n0,x\n", "p.csv:2"),
        ("azimuth_deg,attenuation_db\n0,-3\n10,0\n", "dB below the maximum"),
        ("azimuth_deg,attenuation_db\n0,1\n0,2\n", "ascend"),
        ("azimuth_deg,attenuation_db\n0,1\n360,2\n", "0 and 360 degrees differ"),
        ("azimuth_deg,attenuation_db\n0,nan\n", "finite"),
        ("azimuth_deg,attenuation_db\n", "0 angles"),
    ],
)
def test_broken_pattern_files(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=expected):
        read_horizontal_pattern(tmp_path / "p.csv")


def test_pattern_files(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text("azimuth_deg,attenuation_db\n0,1\n180,5\n360,1\n")
    assert read_horizontal_pattern(tmp_path / "h.csv").azimuth_deg == (0.0, 180.0)
    (tmp_path / "v.csv").write_text("elevation_deg,attenuation_db\n-5,3\n0,0\n")
    assert read_vertical_pattern(tmp_path / "v.csv").attenuation_db == (3.0, 0.0)
    with pytest.raises(ValueError, match="cannot be read"):
        read_vertical_pattern(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("channel", "raster", "centre"),
    [("33", "UHF", 570.0), ("K21", "UHF", 474.0), ("10", "VHF_DK", 210.0), ("E5", "VHF_B", 177.5)],
)
def test_channels(channel: str, raster: str, centre: float) -> None:
    assert channel_frequency_mhz(channel, raster) == centre


def test_unknown_channel() -> None:
    with pytest.raises(ValueError, match="from 21 to 69"):
        channel_frequency_mhz("70")
    with pytest.raises(ValueError, match="UHF, VHF_DK, VHF_B"):
        channel_frequency_mhz("33", "FM")
