"""Checked input of single paths: what lies outside the model's domain is refused by name."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dtt_sim.coverage.paths import DOMAIN, PathProfile, PathSetting, predict, predict_each
from dtt_sim.errors import ModelDomainError

DISTANCE = np.linspace(0.0, 30.0, 61)
HEIGHT = 10.0 + 5.0 * np.sin(DISTANCE)
SETTING = {
    "frequency_ghz": 0.6,
    "p_time_percent": 50.0,
    "tx_height_agl_m": 100.0,
    "rx_height_agl_m": 10.0,
    "tx_lat_deg": 10.0,
    "tx_lon_deg": 105.0,
    "rx_lat_deg": 10.2,
    "rx_lon_deg": 105.2,
    "delta_n": 53.5,
    "n0": 381.0,
}


@pytest.mark.parametrize("name", sorted(set(DOMAIN) - {"distance_km"}))
def test_every_limit_is_allowed_and_nothing_beyond(name: str) -> None:
    low, high, _ = DOMAIN[name]
    for value in (low, high):
        predict(DISTANCE, HEIGHT, **{**SETTING, name: value})
    span = high - low
    for value in (low - 1e-3 * span, high + 1e-3 * span, math.nan, math.inf):
        with pytest.raises(ModelDomainError, match=f"^{name} = .*; allowed "):
            predict(DISTANCE, HEIGHT, **{**SETTING, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("delta_n", 0.0),
        ("delta_n", 157.0),
        ("delta_n", math.nan),
        ("n0", -1.0),
        ("n0", math.nan),
        ("sigma_db", -0.1),
        ("sigma_db", math.nan),
        ("w_a_m", 0.0),
        ("dct_km", -1.0),
        ("dcr_km", math.inf),
        ("erp_kw", 0.0),
        ("polarisation", "slant"),
    ],
)
def test_other_values_that_mean_nothing(name: str, value: float | str) -> None:
    with pytest.raises(ModelDomainError, match=f"^{name} = "):
        predict(DISTANCE, HEIGHT, **{**SETTING, name: value})


def test_sigma_is_given_once() -> None:
    with pytest.raises(ModelDomainError, match="both given"):
        predict(DISTANCE, HEIGHT, **SETTING, sigma_db=5.5, w_a_m=100.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"distance_km": DISTANCE[:4], "height_m": HEIGHT[:4]}, "4 points"),
        ({"distance_km": DISTANCE + 1.0}, r"distance_km\[0\] = 1"),
        ({"distance_km": DISTANCE[::-1] - 0.0}, r"distance_km\[0\] = 30"),
        ({"distance_km": np.where(np.arange(61) == 7, 3.0, DISTANCE)}, r"distance_km\[7\] = 3"),
        ({"distance_km": DISTANCE / 200.0}, "path length distance_km = 0.15 km"),
        ({"height_m": HEIGHT[:-1]}, "height_m: 60 values for 61 distances"),
        ({"height_m": np.where(np.arange(61) == 9, np.nan, HEIGHT)}, r"height_m\[9\] = nan"),
        ({"height_m": np.zeros((61, 1))}, "height_m: 2 dimensions"),
        ({"height_m": ["low"] * 61}, "height_m: not numbers"),
        ({"clutter_m": -1.0}, r"clutter_m\[0\] = -1"),
        ({"clutter_m": np.full(61, np.inf)}, r"clutter_m\[0\] = inf"),
        ({"zone": 2}, r"zone\[0\] = 2"),
        ({"zone": np.full(61, 3.5)}, r"zone\[0\] = 3.5"),
    ],
)
def test_profiles_that_are_none(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelDomainError, match=said):
        PathProfile(**{"distance_km": DISTANCE, "height_m": HEIGHT, **change})


def test_any_numeric_input_gives_the_same_prediction() -> None:
    """Lists, integers, single precision and reversed views are one thing to the kernels."""
    height = np.arange(61)
    expected = predict(DISTANCE, height.astype(float), **SETTING).loss_db
    assert predict(DISTANCE, height.tolist(), **SETTING).loss_db == expected
    assert predict(DISTANCE, height.astype(np.float32), **SETTING).loss_db == expected
    assert predict(DISTANCE, height[::-1].copy()[::-1], **SETTING).loss_db == expected
    assert predict(DISTANCE, height, **{**SETTING, "tx_height_agl_m": 100}).loss_db == expected


def test_profile_does_not_change_with_the_callers_arrays() -> None:
    height = HEIGHT.copy()
    profile = PathProfile(DISTANCE, height)
    height[:] = 0.0
    assert profile.height_m == pytest.approx(HEIGHT)


def test_coast_is_derived_from_the_zones_unless_given() -> None:
    zone = np.where((DISTANCE > 5.0) & (DISTANCE < 20.0), 1, 3)
    derived = predict(DISTANCE, HEIGHT, zone=zone, **SETTING).geometry
    assert (derived.dct_km, derived.dcr_km) == pytest.approx((5.25, 10.25))
    given = predict(DISTANCE, HEIGHT, zone=zone, dct_km=500.0, dcr_km=3.0, **SETTING).geometry
    assert (given.dct_km, given.dcr_km) == (500.0, 3.0)


def test_each_of_several_settings_is_the_prediction_alone() -> None:
    base = PathSetting(**SETTING)
    settings = [
        base,
        replace(base, p_time_percent=1.0),
        replace(base, tx_height_agl_m=200.0),
        replace(base, rx_lat_deg=60.0),
        replace(base, frequency_ghz=0.2, polarisation="vertical", erp_kw=5.0),
    ]
    profile = PathProfile(DISTANCE, HEIGHT)
    together = predict_each(profile, settings)
    assert together == [predict_each(profile, [setting])[0] for setting in settings]
    assert together[0].geometry is together[1].geometry
    assert len({prediction.loss_db for prediction in together}) == 5
