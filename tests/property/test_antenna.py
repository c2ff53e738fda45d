"""What patterns and tilt promise for any antenna and direction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtt_sim.antenna.pattern import attenuation_db, horizontal_attenuation_db, tilted_frame_deg
from dtt_sim.model import Antenna, HorizontalPattern, VerticalPattern

ANGLE = st.floats(-720.0, 720.0)
ELEVATION = st.floats(-89.9, 89.9)
TILT = st.floats(-30.0, 30.0)


@st.composite
def horizontal(draw: st.DrawFn) -> HorizontalPattern:
    angles = draw(st.lists(st.integers(0, 3599), min_size=1, max_size=40, unique=True))
    values = draw(st.lists(st.floats(0.0, 60.0), min_size=len(angles), max_size=len(angles)))
    return HorizontalPattern(tuple(a / 10.0 for a in sorted(angles)), tuple(values))


@st.composite
def vertical(draw: st.DrawFn) -> VerticalPattern:
    angles = draw(st.lists(st.integers(-900, 900), min_size=1, max_size=40, unique=True))
    values = draw(st.lists(st.floats(0.0, 60.0), min_size=len(angles), max_size=len(angles)))
    return VerticalPattern(tuple(a / 10.0 for a in sorted(angles)), tuple(values))


ANTENNA = st.builds(Antenna, horizontal(), vertical(), TILT, TILT, ANGLE)


def direction(azimuth_deg: float, elevation_deg: float) -> np.ndarray:
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    return np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])


@given(ANTENNA, ANGLE, ELEVATION)
def test_never_above_the_maximum_nor_below_the_table(
    antenna: Antenna, azimuth: float, elevation: float
) -> None:
    assert antenna.horizontal is not None
    assert antenna.vertical is not None
    found = float(attenuation_db(antenna, azimuth, elevation))
    largest = max(antenna.horizontal.attenuation_db) + max(antenna.vertical.attenuation_db)
    assert 0.0 <= found <= largest + 1e-9


@given(horizontal(), st.integers(0, 3599), st.integers(-3, 3))
def test_round_north(pattern: HorizontalPattern, tenth: int, turns: int) -> None:
    azimuth = tenth / 10.0
    once = horizontal_attenuation_db(pattern, azimuth)
    # Steep tables turn the rounding of an angle into some of it in dB.
    assert horizontal_attenuation_db(pattern, azimuth + 360.0 * turns) == pytest.approx(
        once, abs=1e-8
    )


@given(horizontal())
def test_table_points_are_met(pattern: HorizontalPattern) -> None:
    found = horizontal_attenuation_db(pattern, pattern.azimuth_deg)
    assert np.allclose(found, pattern.attenuation_db, atol=1e-9)


@given(ANGLE, ELEVATION, TILT, ANGLE)
def test_tilt_is_undone_by_its_opposite(
    azimuth: float, elevation: float, tilt: float, towards: float
) -> None:
    seen = tilted_frame_deg(np.float64(azimuth), np.float64(elevation), tilt, towards)
    back = tilted_frame_deg(seen[0], seen[1], -tilt, towards)
    assert np.allclose(direction(*back), direction(azimuth, elevation), atol=1e-12)


@given(ANGLE, ELEVATION, ANGLE, ELEVATION, TILT, ANGLE)
def test_tilt_keeps_angles_between_directions(
    a1: float, e1: float, a2: float, e2: float, tilt: float, towards: float
) -> None:
    before = direction(a1, e1) @ direction(a2, e2)
    one = tilted_frame_deg(np.float64(a1), np.float64(e1), tilt, towards)
    two = tilted_frame_deg(np.float64(a2), np.float64(e2), tilt, towards)
    assert direction(*one) @ direction(*two) == pytest.approx(before, abs=1e-12)


@given(ANTENNA, st.lists(st.tuples(ANGLE, ELEVATION), min_size=1, max_size=20))
def test_an_array_is_its_elements(antenna: Antenna, directions: list[tuple[float, float]]) -> None:
    azimuth, elevation = np.array(directions).T
    alone = [float(attenuation_db(antenna, a, e)) for a, e in directions]
    assert np.allclose(attenuation_db(antenna, azimuth, elevation), alone, atol=1e-9)
