"""Patterns between their points, and tilt as geometry."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dtt_sim.antenna.pattern import (
    BLOCK,
    attenuation_db,
    horizontal_attenuation_db,
    tilted_frame_deg,
    vertical_attenuation_db,
)
from dtt_sim.model import OMNIDIRECTIONAL, Antenna, HorizontalPattern, VerticalPattern

BEAM = VerticalPattern((-90.0, -10.0, 0.0, 10.0, 90.0), (30.0, 20.0, 0.0, 20.0, 30.0))
PANEL = HorizontalPattern((0.0, 90.0, 180.0, 270.0), (0.0, 10.0, 20.0, 10.0))


def test_horizontal_pattern_closes_round_north() -> None:
    pattern = HorizontalPattern((10.0, 350.0), (4.0, 2.0))
    azimuth = [0.0, 360.0, 5.0, 10.0, -5.0, 715.0]
    assert horizontal_attenuation_db(pattern, azimuth) == pytest.approx([3, 3, 3.5, 4, 2.5, 2.5])


def test_one_point_is_the_same_all_round() -> None:
    assert horizontal_attenuation_db(HorizontalPattern((90.0,), (3.0,)), [0.0, 200.0]) == (
        pytest.approx([3.0, 3.0])
    )


def test_vertical_pattern_holds_beyond_its_ends() -> None:
    pattern = VerticalPattern((-5.0, 0.0), (6.0, 0.0))
    assert vertical_attenuation_db(pattern, [-60.0, -2.5, 40.0]) == pytest.approx([6.0, 3.0, 0.0])


def test_electrical_tilt_lowers_the_beam_everywhere() -> None:
    antenna = Antenna(vertical=BEAM, electrical_tilt_deg=2.0)
    assert attenuation_db(antenna, [0.0, 180.0], -2.0) == pytest.approx([0.0, 0.0])
    assert attenuation_db(antenna, 0.0, 0.0) == pytest.approx(4.0)


def test_mechanical_tilt_lowers_one_side_and_raises_the_other() -> None:
    antenna = Antenna(vertical=BEAM, mechanical_tilt_deg=3.0, mechanical_tilt_azimuth_deg=90.0)
    assert attenuation_db(antenna, 90.0, -3.0) == pytest.approx(0.0, abs=1e-9)
    assert attenuation_db(antenna, 270.0, 3.0) == pytest.approx(0.0, abs=1e-9)
    assert attenuation_db(antenna, 0.0, 0.0) == pytest.approx(0.0, abs=1e-9)
    assert attenuation_db(antenna, 90.0, 0.0) == pytest.approx(6.0, abs=1e-9)


def test_mechanical_tilt_shifts_the_azimuth_seen() -> None:
    """Half-way between lean and side the pattern is read at another azimuth, by the cosine rule."""
    azimuth, elevation = tilted_frame_deg(np.array([45.0]), np.array([0.0]), 10.0, 0.0)
    side, ahead = math.sin(math.radians(45)), math.cos(math.radians(45))
    expected = math.degrees(math.atan2(side, ahead * math.cos(math.radians(10))))
    assert azimuth[0] == pytest.approx(expected, abs=1e-12)
    assert azimuth[0] > 45.4
    seen = math.degrees(math.asin(ahead * math.sin(math.radians(10))))
    assert elevation[0] == pytest.approx(seen, abs=1e-12)
    antenna = Antenna(horizontal=PANEL, mechanical_tilt_deg=10.0)
    assert attenuation_db(antenna, 45.0, 0.0) == pytest.approx(expected / 9.0)


def test_rotation_matches_the_matrix_product() -> None:
    rng = np.random.default_rng(1)
    azimuth = rng.uniform(-180.0, 180.0, 200)
    elevation = rng.uniform(-89.0, 89.0, 200)
    tilt, towards = math.radians(7.0), math.radians(130.0)
    a, e = np.radians(azimuth), np.radians(elevation)
    east_north_up = np.stack([np.cos(e) * np.sin(a), np.cos(e) * np.cos(a), np.sin(e)])
    boresight = np.array([math.sin(towards) * math.cos(tilt), math.cos(towards) * math.cos(tilt),
                          -math.sin(tilt)])  # fmt: skip
    right = np.array([math.cos(towards), -math.sin(towards), 0.0])
    forward, across, above = (
        np.stack([boresight, right, np.cross(right, boresight)]) @ east_north_up
    )
    seen_azimuth, seen_elevation = tilted_frame_deg(azimuth, elevation, 7.0, 130.0)
    turn = np.degrees(np.arctan2(across, forward)) + 130.0 - seen_azimuth
    assert np.abs((turn + 180.0) % 360.0 - 180.0).max() < 1e-10
    assert np.abs(seen_elevation - np.degrees(np.arcsin(above))).max() < 1e-9


def test_both_planes_and_both_tilts_add_up() -> None:
    antenna = Antenna(PANEL, BEAM, 1.0, 2.0, 0.0)
    assert attenuation_db(antenna, 180.0, 1.0) == pytest.approx(20.0 + 0.0, abs=1e-9)
    assert attenuation_db(antenna, 0.0, -1.0) == pytest.approx(4.0, abs=1e-9)


def test_without_patterns_nothing_is_lost() -> None:
    assert not attenuation_db(OMNIDIRECTIONAL, np.zeros((3, 1)), np.zeros(4)).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_arrays_keep_their_type_and_do_not_depend_on_blocks(dtype: type) -> None:
    rng = np.random.default_rng(2)
    shape = (3, BLOCK // 2 + 7)
    azimuth = rng.uniform(0.0, 360.0, shape).astype(dtype)
    elevation = rng.uniform(-5.0, 2.0, shape).astype(dtype)
    antenna = Antenna(PANEL, BEAM, 1.0, 2.0, 40.0)
    whole = attenuation_db(antenna, azimuth, elevation)
    assert whole.dtype == dtype
    assert np.array_equal(whole[2, ::999], attenuation_db(antenna, azimuth[2, ::999],
                                                          elevation[2, ::999]))  # fmt: skip


def test_unknown_angles_stay_unknown() -> None:
    antenna = Antenna(PANEL, BEAM)
    assert np.isnan(attenuation_db(antenna, [np.nan, 0.0], [0.0, np.nan])).all()
    assert attenuation_db(Antenna(PANEL), 0.0, np.nan) == 0.0
