"""Sub-models: fixed points, branches and their borders."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest

from dtt_sim.propagation.diffraction import (
    bullington_loss_db,
    delta_bullington_db,
    first_term_loss_db,
    knife_edge_loss_db,
    spherical_earth_loss_db,
)
from dtt_sim.propagation.free_space import field_strength_dbuv_m, free_space_loss_db
from dtt_sim.propagation.troposcatter import troposcatter_loss_db
from dtt_sim.propagation.variability import (
    beta0_percent,
    coastal_tau,
    inverse_normal,
    location_loss_db,
    location_sigma_db,
)


def test_knife_edge() -> None:
    assert knife_edge_loss_db(0.0) == pytest.approx(6.0329, abs=1e-4)
    assert knife_edge_loss_db(-0.78) == 0.0
    assert 0.0 < knife_edge_loss_db(-0.7799) < 0.005
    assert math.isnan(knife_edge_loss_db(math.nan))


def test_bullington_adds_nothing_to_a_clear_path() -> None:
    assert bullington_loss_db(-2.0, 100.0) == 0.0
    luc = knife_edge_loss_db(1.0)
    assert bullington_loss_db(1.0, 100.0) == pytest.approx(
        luc + (1.0 - math.exp(-luc / 6.0)) * 12.0
    )


def test_spherical_excess_counts_only_when_positive() -> None:
    assert delta_bullington_db(10.0, 5.0, 8.0) == 13.0
    assert delta_bullington_db(10.0, 8.0, 5.0) == 10.0


def test_spherical_earth_is_symmetric_and_zero_when_clear() -> None:
    assert spherical_earth_loss_db(5.0, 300.0, 300.0, 8500.0, 0.0, 0.6, 1) == 0.0
    there = spherical_earth_loss_db(60.0, 150.0, 10.0, 8500.0, 0.3, 0.6, 2)
    back = spherical_earth_loss_db(60.0, 10.0, 150.0, 8500.0, 0.3, 0.6, 2)
    assert there == pytest.approx(back, abs=1e-9)
    assert there > 0.0


def test_spherical_earth_is_continuous_at_the_horizon() -> None:
    d_los = math.sqrt(2.0 * 8500.0) * (math.sqrt(0.1) + math.sqrt(0.01))
    inside, outside = (
        spherical_earth_loss_db(d, 100.0, 10.0, 8500.0, 0.0, 0.6, 1)
        for d in (d_los - 1e-9, d_los + 1e-9)
    )
    assert inside == pytest.approx(outside, abs=1e-5)


def test_first_term_mixes_grounds_linearly() -> None:
    land, sea, mixed = (
        first_term_loss_db(80.0, 5.0, 5.0, 8500.0, omega, 0.05, 2) for omega in (0.0, 1.0, 0.25)
    )
    assert mixed == pytest.approx(0.75 * land + 0.25 * sea, abs=1e-12)
    assert sea < land  # vertical polarisation clings to the sea


def test_inverse_normal_approximates_the_quantile_and_is_odd() -> None:
    for x in (0.001, 0.01, 0.1, 0.3, 0.49):
        assert inverse_normal(x) == pytest.approx(-NormalDist().inv_cdf(x), abs=4.5e-4)
        assert inverse_normal(1.0 - x) == pytest.approx(-inverse_normal(x), abs=1e-12)
    assert inverse_normal(0.01) == pytest.approx(2.326785375, abs=5e-10)
    assert inverse_normal(0.5) == pytest.approx(1.3143e-9, rel=1e-4)
    assert inverse_normal(0.0) == inverse_normal(1e-6)
    assert inverse_normal(1.0) == inverse_normal(1.0 - 1e-6)


def test_beta0_over_sea_and_at_high_latitude() -> None:
    assert beta0_percent(0.0, 0.0, 0.0) == pytest.approx(10.0**1.67, rel=1e-12)
    assert beta0_percent(-30.0, 50.0, 20.0) == beta0_percent(30.0, 50.0, 20.0)
    assert beta0_percent(75.0, 40.0, 10.0) == beta0_percent(80.0, 40.0, 10.0)
    assert coastal_tau(0.0) == 0.0


def test_location_sigma_falls_to_zero_above_the_clutter() -> None:
    inside = location_sigma_db(0.6, 500.0, 5.0, 15.0)
    assert inside == pytest.approx((0.52 + 0.024 * 0.6) * 500.0**0.28)
    assert location_sigma_db(0.6, 500.0, 15.0, 15.0) == inside
    assert location_sigma_db(0.6, 500.0, 20.0, 15.0) == pytest.approx(0.5 * inside)
    assert location_sigma_db(0.6, 500.0, 25.0, 15.0) == 0.0


def test_location_loss() -> None:
    assert location_loss_db(95.0, 5.5, False) == pytest.approx(5.5 * 1.6452, abs=2e-3)
    assert location_loss_db(5.0, 5.5, False) == pytest.approx(-location_loss_db(95.0, 5.5, False))
    assert location_loss_db(95.0, 5.5, True) == 0.0


def test_troposcatter_has_no_time_term_at_half_the_time() -> None:
    at_50 = troposcatter_loss_db(0.6, 200.0, 15.0, 350.0, 50.0)
    assert troposcatter_loss_db(0.6, 200.0, 15.0, 350.0, 1.0) == pytest.approx(
        at_50 - 10.125 * math.log10(50.0) ** 0.7
    )


def test_free_space_field_of_a_kilowatt_dipole() -> None:
    """1 kW ERP gives 106.9 dB(µV/m) at 1 km, whatever the frequency."""
    for f_ghz in (0.1, 0.6, 3.0):
        e = field_strength_dbuv_m(free_space_loss_db(1.0, f_ghz), f_ghz)
        assert e == pytest.approx(106.96, abs=0.005)
