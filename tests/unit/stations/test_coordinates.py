"""Angles: every spelling is one angle, and what is none is refused."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtt_sim.stations.coordinates import parse_angle, parse_point, parse_position

NORTH = 9 + 57 / 60 + 30 / 3600
EAST = 105 + 7 / 60 + 40 / 3600


@pytest.mark.parametrize(
    "text",
    [
        "9°57'30\"N", "9 57 30 N", "9d57m30s", "9d57m30sN", "095730N", "9-57-30-N", "9-57-30N",
        "N9-57-30", "N 9° 57′ 30″", "9° 57' 30'' N", "9º57’30”N", "9:57:30", "9.57.30", "09 57 30",
        "9°57,5'", "9°57.5'N", "9 57.5 N", "0957.5N", "9 độ 57 phút 30 giây", "9°57'30\" vĩ độ Bắc",
        "9°57'30\"B", "9 57 30 North", "9deg 57min 30sec N", "9°57'30.000\"", "09N5730", "+9°57'30\"",
        "9 57'30\"", "9\u00a057\u00a030\u00a0N", "Lat: 9°57'30\"",
    ],
)  # fmt: skip
def test_spellings_of_one_latitude(text: str) -> None:
    assert parse_angle(text, "lat").value_deg == pytest.approx(NORTH, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    ["105-07-40-E", "1050740E", "105°7'40\"Đ", "105 07 40 Đông", "E105°07'40\"", "105E0740",
     "1050740", "105°07'40\" East"],
)  # fmt: skip
def test_spellings_of_one_longitude(text: str) -> None:
    assert parse_angle(text, "lon").value_deg == pytest.approx(EAST, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("9,9583", 9.9583), ("-9.5", -9.5), ("−9,5", -9.5), ("9.5 S", -9.5), ("9.5 Nam", -9.5),
     ("73.5W", -73.5), ("73,5 Tây", -73.5), ("10.113311°", 10.113311), ("9 57 30 s", -NORTH),
     ("9d57m30s s", -NORTH), ("9d57m30s S", -NORTH), ("-0°30'", -0.5), ("1E-3", 0.001),
     ("10453.5E", 104 + 53.5 / 60)],
)  # fmt: skip
def test_signs_letters_and_decimal_commas(text: str, expected: float) -> None:
    assert parse_angle(text).value_deg == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("9 75 0", "has 75 minutes"),
        ("9°57'61\"", "has 61 seconds"),
        ("9.5°30'", "a fraction before its last part"),
        ("-9.5 S", "a minus sign and a letter"),
        ("N 9.5 S", "names two hemispheres"),
        ("95 N", "is no latitude: it ends at 90"),
        ("190 E", "is no longitude"),
        ("abc", "is not an angle"),
        ("", "is not an angle"),
        ("N", "is not an angle"),
        ("1e1", "is not an angle"),
        ("9,57,30,1", "is not an angle"),
    ],
)
def test_no_angles(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_angle(text)


def test_the_form_is_told() -> None:
    forms = [parse_angle(t, "lat").form for t in ("9.5", "9 30", "9 30 0", "093000")]
    assert forms == ["decimal", "dm", "dms", "packed"]


def test_digits_that_cannot_be_minutes_are_not_taken_apart() -> None:
    assert parse_angle("10113311", "lat").value_deg == 10113311
    assert parse_angle("098500", "lat").form == "decimal"  # 85 minutes


WRITTEN = [
    lambda d, m, s, letter: f"{d}°{m}'{s:.2f}\"{letter}",
    lambda d, m, s, letter: f"{letter}{d} {m} {s:.2f}",
    lambda d, m, s, letter: f"{d}-{m:02d}-{s:05.2f}-{letter}".replace(".", ","),
    lambda d, m, s, letter: f"{d}d{m}m{s:.2f}s {letter}",
    lambda d, m, s, letter: f"{d}:{m}:{s:.2f}{letter.lower()}",
    lambda d, m, s, letter: f"{d:03d}{m:02d}{s:05.2f}{letter}",
]


@given(
    degrees=st.integers(0, 79), minutes=st.integers(0, 59), hundredths=st.integers(0, 5999),
    axis=st.sampled_from(["lat", "lon"]), is_negative=st.booleans(), style=st.sampled_from(WRITTEN),
)  # fmt: skip
def test_what_is_written_in_any_style_reads_back(
    degrees: int, minutes: int, hundredths: int, axis: str, is_negative: bool, style: object
) -> None:
    letter = {"lat": "NS", "lon": "EW"}[axis][is_negative]
    text = style(degrees, minutes, hundredths / 100, letter)  # type: ignore[operator]
    found = parse_angle(text, axis)  # type: ignore[arg-type]
    expected = degrees + minutes / 60 + hundredths / 360_000
    assert found.value_deg == pytest.approx(-expected if is_negative else expected, abs=1e-9)
    assert found.axis == axis


@given(st.floats(-180, 180, allow_nan=False).map(lambda v: round(v, 9)))
def test_decimal_degrees_are_kept_to_the_last_digit(value: float) -> None:
    assert parse_angle(repr(value)).value_deg == value


@given(st.text(max_size=30))
def test_any_text_is_an_angle_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert math.isfinite(parse_angle(text).value_deg)
    with suppress(ValueError):
        assert all(math.isfinite(angle.value_deg) for angle in parse_position(text))


@pytest.mark.parametrize(
    "text",
    ["10.1, 104.9", "10.1,104.9", "10,1; 104,9", "10.1 104.9", "104.9E 10.1N", "10.1N104.9E",
     "10°06'N 104°54'E", "N10°06' E104°54'", "10°06'00\"B - 104°54'00\"Đ", "10 06 00 N 104 54 00 E",
     "(10.1, 104.9)", "10°06' 104°54'"],
)  # fmt: skip
def test_two_angles_in_one_cell(text: str) -> None:
    lat, lon = parse_position(text)
    assert (lat.value_deg, lon.value_deg) == pytest.approx((10.1, 104.9))


@pytest.mark.parametrize("text", ["10.1", "10.1N 9.1N", "10,1,104,9", "", "a, b"])
def test_no_positions(text: str) -> None:
    with pytest.raises(ValueError, match=r"position|two angles"):
        parse_position(text)


def test_wkt_points() -> None:
    assert parse_point("SRID=4326;POINT Z (104.9 10.1 3)") == (104.9, 10.1)
    assert parse_point("POINT(a b)") is parse_point("POINT EMPTY") is parse_point("10 20") is None
