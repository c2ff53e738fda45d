"""Figures of antennas, on ones whose figures are known."""

from __future__ import annotations

import dataclasses
import math

import pytest

from dtt_sim.antenna.facts import directivity_dbd, doubts, facts
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.standard import STANDARDS, is_standard, standard_antenna
from dtt_sim.model import HorizontalPattern, VerticalPattern

ROUND = HorizontalPattern((0.0,), (0.0,))


def test_half_wave_dipole() -> None:
    """78 degrees wide and, all round, as strong as itself."""
    one = standard_antenna("dipole_vertical")
    assert one.vertical is not None
    assert facts(one).vertical_width_deg == pytest.approx(78.0, abs=0.2)
    assert directivity_dbd(ROUND, one.vertical) == pytest.approx(0.0, abs=0.02)


def test_cardioid() -> None:
    found = facts(standard_antenna("cardioid@120"))
    # (1 + cos a)/2 is 0.708 at 65.5 degrees.
    assert found.horizontal_width_deg == pytest.approx(131.0, abs=0.3)
    assert found.azimuth_deg == 120.0
    assert math.isnan(found.tilt_deg)


@pytest.mark.parametrize(("levels", "gain"), [(2, 3.0), (4, 6.0), (8, 9.0)])
def test_doubling_the_panels_doubles_the_directivity(levels: int, gain: float) -> None:
    """To half a decibel: levels a wavelength apart."""
    one, many = (facts(standard_antenna(n)) for n in ("panel", f"panel_{levels}bay"))
    assert many.directivity_dbd - one.directivity_dbd == pytest.approx(gain, abs=1.5)
    assert many.vertical_width_deg < one.vertical_width_deg / levels * 1.5
    assert many.front_to_back_db == pytest.approx(20.0)


@pytest.mark.parametrize("name", STANDARDS)
def test_every_standard_is_named_and_turns(name: str) -> None:
    assert is_standard(name)
    assert is_standard(f"{name.upper()}@-90")
    one = standard_antenna(f"{name}@90")
    if one.horizontal is not None:
        assert one.horizontal.attenuation_db[90] == 0.0
        assert one.horizontal.attenuation_db != standard_antenna(name).horizontal.attenuation_db
    if one.vertical is not None:
        assert min(one.vertical.attenuation_db) == 0.0


@pytest.mark.parametrize("text", ["dipol", "cardioid@", "cardioid@x", "cardioid.csv", ""])
def test_what_is_no_standard(text: str) -> None:
    assert not is_standard(text)
    with pytest.raises(ValueError, match="known are dipole_vertical"):
        standard_antenna(text)


def test_flat_top_has_its_middle() -> None:
    pattern = HorizontalPattern(
        (0.0, 40.0, 60.0, 200.0, 320.0, 350.0), (0.0, 0.0, 9.0, 20.0, 9.0, 0.0)
    )
    found = facts(AntennaRecord(horizontal=pattern))
    assert found.azimuth_deg == pytest.approx(15.0, abs=0.1)  # between 350 and 40
    assert found.front_to_back_db == pytest.approx(20.0 - 11.0 * 25.0 / 120.0, abs=0.5)


def test_round_antenna_has_no_beam() -> None:
    found = facts(AntennaRecord(horizontal=ROUND))
    assert (found.horizontal_width_deg, found.front_to_back_db) == (360.0, 0.0)


def test_doubts() -> None:
    vertical = VerticalPattern((-90.0, -5.0, -4.0, -3.0, 90.0), (30.0, 1.0, 0.0, 1.0, 30.0))
    record = AntennaRecord(ROUND, vertical, gain_dbd=30.0, electrical_tilt_deg=1.0)
    texts = doubts(record, facts(record))
    assert "states an electrical tilt of 1°" in texts[0]
    assert "more than the cuts can have" in texts[1]
    upwards = VerticalPattern((-90.0, 2.0, 3.0, 4.0, 90.0), (30.0, 1.0, 0.0, 1.0, 30.0))
    record = AntennaRecord(ROUND, upwards)
    assert "3° above the horizon" in doubts(record, facts(record))[0]
    right = dataclasses.replace(record, vertical=vertical, gain_dbd=5.0, electrical_tilt_deg=4.0)
    assert doubts(right, facts(right)) == []
