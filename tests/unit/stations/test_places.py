"""Positions in other coordinate systems, and the slips that put stations elsewhere."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from dtt_sim.stations.places import (
    Neighbourhood,
    Place,
    among,
    crs_of,
    in_wgs84,
    judge,
    name_of,
    order_of_xy,
)

MEKONG = Neighbourhood((103.4, 9.2, 105.6, 10.6), 400.0, "the scenario's box")
HON_ME = (10.113311, 104.888078)


def test_vn_2000_lies_some_200_m_from_wgs84() -> None:
    # Shift of the datum by QĐ 05/2007/QĐ-BTNMT: -191.904, -39.303, -111.450 m at the centre.
    lat, lon = in_wgs84(104.888078, 10.113311, "EPSG:4756")
    north_m, east_m = (lat - 10.113311) * 110_600, (lon - 104.888078) * 109_600
    assert 150 < math.hypot(north_m, east_m) < 260


@pytest.mark.parametrize("code", [3405, 9207, 5897, 32648])
def test_zones_lead_back_to_the_same_place(code: int) -> None:
    x, y = Transformer.from_crs(4326, code, always_xy=True).transform(HON_ME[1], HON_ME[0])
    place = Place(x, y, f"EPSG:{code}")
    assert place.wgs84() == pytest.approx(HON_ME, abs=1e-6)
    assert place.is_possible()
    assert judge(place, MEKONG).fault == ""


def test_provincial_zones_are_three_degrees_wide_round_their_own_meridian() -> None:
    # False easting 500 km on the central meridian.
    for code, meridian in ((9205, 103.0), (9210, 105.75), (9218, 108.5), (5899, 107.75)):
        assert in_wgs84(500_000, 1.2e6, f"EPSG:{code}")[1] == pytest.approx(meridian, abs=0.003)


@pytest.mark.parametrize(
    ("place", "right", "slip"),
    [
        (Place(10.1, 104.9), (10.1, 104.9), "the two swapped"),
        (Place(104.9, -10.1), (10.1, 104.9), "the other sign of latitude"),
        (Place(-104.9, 10.1), (10.1, 104.9), "the other sign of longitude"),
        (Place(-104.9, -10.1), (10.1, 104.9), "the other sign of both"),
        (Place(104888078, 10113311), HON_ME, "a decimal point that was lost"),
        (Place(1118000, 542000, "EPSG:9207"), (10.1096, 104.885), "the two swapped"),
        (Place(487700, 1117900, "EPSG:3406"), (10.1119, 104.8895), "EPSG:3405"),
    ],
)  # fmt: skip
def test_slips_are_told_with_the_likely_place(
    place: Place, right: tuple[float, float], slip: str
) -> None:
    verdict = judge(place, MEKONG)
    assert "likely" in verdict.fault
    assert slip in verdict.slip
    assert verdict.right is not None
    assert verdict.right.wgs84() == pytest.approx(right, abs=1e-4)


def test_a_place_far_off_that_no_slip_explains_is_doubted_only() -> None:
    verdict = judge(Place(101.4, -3.0), MEKONG)
    assert verdict.fault == ""
    assert "km from the scenario's box; check it" in verdict.doubt


def test_letters_allow_one_slip_only() -> None:
    verdict = judge(Place(10.1, 50.0, fault="the letters say so"), None)
    assert verdict.right == Place(50.0, 10.1)


def test_two_likely_places_are_both_named_and_none_is_right() -> None:
    # 1050 could be 105.0 or 10.5 or 1.05 degrees.
    verdict = judge(Place(1050.0, 10.0), None)
    assert verdict.right is None
    assert "10, 105 (a decimal point that was lost) or 10, 10.5" in verdict.fault


@pytest.mark.parametrize(
    ("place", "reason"),
    [(Place(0.0, 0.0), "an empty position"), (Place(200.0, 10.0), "a longitude is -180 to 180"),
     (Place(105.0, 85.0), "a latitude is -80 to 80"),
     (Place(1e9, 1e9, "EPSG:3405"), "no place of EPSG:3405")],
)  # fmt: skip
def test_no_places(place: Place, reason: str) -> None:
    assert reason in judge(place, MEKONG).fault


def test_three_stations_are_a_neighbourhood_and_the_stray_one_shows() -> None:
    near = [Place(105 + 0.1 * k, 10.0) for k in range(5)]
    assert among(near[:2]) is None
    found = among([*near, Place(10.0, 105.0), Place(105.2, -10.0)])
    assert found is not None
    assert found.reach_km == 300
    assert found.box[1] == 10.0
    assert judge(Place(105.2, -10.0), found).right == Place(105.2, 10.0)
    assert not judge(near[0], found).fault


def test_stations_all_over_a_country_are_not_far_from_each_other() -> None:
    country = [Place(105.0 + (k % 4), 8.6 + k) for k in range(15)]
    found = among(country)
    assert found is not None
    assert all(judge(one, found) == judge(Place(105, 10), None) for one in country)


@settings(deadline=None)
@given(st.floats(9.2, 10.6), st.floats(103.4, 105.6))
def test_whatever_lies_in_the_box_is_taken_and_its_swap_is_not(lat: float, lon: float) -> None:
    assert judge(Place(lon, lat), MEKONG).fault == ""
    swapped = judge(Place(lat, lon), MEKONG)
    assert swapped.right == Place(lon, lat)


def test_x_is_easting_or_northing_as_it_fits() -> None:
    assert order_of_xy([(542_000, 1_118_000)], "EPSG:9207") == (True, True)
    assert order_of_xy([(1_118_000, 542_000)], "EPSG:9207") == (False, True)


@pytest.mark.parametrize("text", ["EPSG:1", "nonsense", "EPSG:4978", "EPSG:5703", ""])
def test_no_coordinate_systems_for_stations(text: str) -> None:
    with pytest.raises(ValueError, match=r"no coordinate system|neither of degrees"):
        crs_of(text)


def test_codes_and_names() -> None:
    assert crs_of("3405") == crs_of("EPSG:3405")
    assert name_of(crs_of("EPSG:9207").to_wkt()) == "EPSG:9207 (VN-2000 / TM-3 104-30)"
