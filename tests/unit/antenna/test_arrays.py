"""Panels round a mast and one above the other, against what can be said without the program."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dtt_sim.antenna.arrays import Panel, combine_horizontal, stack_vertical
from dtt_sim.antenna.pattern import horizontal_attenuation_db, vertical_attenuation_db
from dtt_sim.antenna.standard import standard_antenna
from dtt_sim.model import HorizontalPattern, VerticalPattern

ROUND = HorizontalPattern((0.0,), (0.0,))
EVERYWHERE = VerticalPattern((0.0,), (0.0,))
PANEL = standard_antenna("panel").horizontal
assert PANEL is not None


@pytest.mark.parametrize("how", ["field", "power"])
def test_one_panel_is_itself_turned(how) -> None:
    found, gain = combine_horizontal(PANEL, [Panel(120.0, power_share=7.0)], how=how)
    azimuth = np.arange(360.0)
    np.testing.assert_allclose(
        horizontal_attenuation_db(found, azimuth),
        horizontal_attenuation_db(PANEL, azimuth - 120.0),
        atol=1e-5,
    )
    assert gain == pytest.approx(0.0, abs=1e-9)


def test_power_sum_of_equal_panels() -> None:
    """Four panels at right angles: between two, each is 45 degrees off and has half the power."""
    found, gain = combine_horizontal(PANEL, [Panel(b) for b in (0, 90, 180, 270)], how="power")
    ahead = horizontal_attenuation_db(PANEL, [0.0, 45.0, 90.0, 135.0, 180.0])
    power = 10.0 ** (-ahead / 10.0)
    on_bearing = 0.25 * (power[0] + 2.0 * power[2] + power[4])
    between = 0.25 * 2.0 * (power[1] + power[3])
    values = horizontal_attenuation_db(found, [0.0, 45.0])
    assert values[1] - values[0] == pytest.approx(10.0 * math.log10(on_bearing / between), abs=1e-5)
    assert gain == pytest.approx(10.0 * math.log10(max(on_bearing, between)), abs=1e-6)


def test_field_sum_of_two_sources_half_a_wavelength_apart() -> None:
    """In phase: a maximum across, a null along the line that joins them."""
    frequency = 299.792458  # a wavelength of a metre
    pair = [Panel(0.0, offset_m=0.25), Panel(180.0, offset_m=0.25)]
    found, gain = combine_horizontal(ROUND, pair, frequency_mhz=frequency)
    values = horizontal_attenuation_db(found, [0.0, 60.0, 90.0])
    assert values[0] == pytest.approx(80.0)  # the floor for a null
    assert values[1] == pytest.approx(-20.0 * math.log10(math.cos(math.pi / 4.0)), abs=1e-5)
    assert values[2] == 0.0
    assert gain == pytest.approx(10.0 * math.log10(2.0), abs=1e-9)


def test_opposite_phase_turns_it_by_a_quarter() -> None:
    pair = [Panel(0.0, offset_m=0.25), Panel(180.0, 1.0, 180.0, 0.25)]
    found, _ = combine_horizontal(ROUND, pair, frequency_mhz=299.792458)
    values = horizontal_attenuation_db(found, [0.0, 90.0])
    assert values[0] == 0.0
    assert values[1] == pytest.approx(80.0)


def test_shares_are_of_the_power() -> None:
    found, _ = combine_horizontal(PANEL, [Panel(0.0, 4.0), Panel(180.0, 1.0)], how="power")
    values = horizontal_attenuation_db(found, [0.0, 180.0])
    # Each panel has 20 dB less behind: 4.01 against 1.04.
    assert values[1] - values[0] == pytest.approx(10.0 * math.log10(4.01 / 1.04), abs=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: combine_horizontal(PANEL, []), "0 panels; give 1 to 64"),
        (
            lambda: combine_horizontal(PANEL, [Panel(0.0, offset_m=1.0)]),
            "give the frequency in MHz",
        ),
        (
            lambda: combine_horizontal(ROUND, [Panel(0.0), Panel(0.0, phase_deg=180.0)]),
            "cancel everywhere",
        ),
        (lambda: Panel(0.0, power_share=0.0), "power share 0; give more than 0"),
        (lambda: Panel(math.nan), "every value must be a finite number"),
        (lambda: Panel(0.0, offset_m=-1.0), "offset -1 m; give 0 to 20"),
        (lambda: stack_vertical(EVERYWHERE, 0), "0 levels; give 1 to 64"),
        (lambda: stack_vertical(EVERYWHERE, 2, 0.0), "spacing of 0 wavelengths"),
        (lambda: stack_vertical(EVERYWHERE, 2, 1.0, 60.0), "tilt 60"),
    ],
)
def test_refusals(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_power_sum_needs_no_frequency() -> None:
    _, gain = combine_horizontal(ROUND, [Panel(0.0, offset_m=1.0)] * 2, how="power")
    assert gain == pytest.approx(0.0)


def test_first_null_and_gain_of_a_stack() -> None:
    """Four levels a wavelength apart: nulls where 4 sin e = 1, 2, 3."""
    found, gain = stack_vertical(EVERYWHERE, 4)
    assert vertical_attenuation_db(found, 0.0) == 0.0
    null = round(math.degrees(math.asin(0.25)), 1)
    assert vertical_attenuation_db(found, null) > 30.0
    assert vertical_attenuation_db(found, -null) > 30.0
    assert gain == pytest.approx(10.0 * math.log10(4.0), abs=1e-9)


def test_tilt_of_a_stack_is_downwards() -> None:
    found, _ = stack_vertical(EVERYWHERE, 8, 0.9, tilt_deg=2.0)
    assert found.elevation_deg[int(np.argmin(found.attenuation_db))] == -2.0


def test_null_fill_fills_nulls() -> None:
    null = math.degrees(math.asin(0.25))
    empty, full = (stack_vertical(EVERYWHERE, 4, null_fill=f)[0] for f in (0.0, 1.0))
    assert vertical_attenuation_db(full, -null) < vertical_attenuation_db(empty, -null) - 10.0
