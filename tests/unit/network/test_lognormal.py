"""Sums of log-normal signals: reference numbers, properties, and agreement with Monte Carlo."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from dtt_sim.network.lognormal import (
    METHODS,
    SCRATCH,
    Method,
    check_correlation_matrix,
    draw_shadowing,
    monte_carlo,
    sum_lognormal,
    sum_two,
)

# levels, sigma, correlation; power sum; true mean, sigma, P(>= 60), P(>= 62), 5 % quantile;
# k-LNM mean and sigma for k = 0.5, 0.7, 1.
REFERENCE = [
    ((60, 60), 5.5, 0.0, 63.01, (64.3682, 4.2100, 0.8516, 0.7106, 57.56),
     ((64.995, 3.607), (64.601, 4.054), (64.118, 4.542))),
    ((60, 57), 5.5, 0.0, 61.76, (63.0343, 4.2755, 0.7600, 0.5893, 56.16),
     ((63.633, 3.744), (63.220, 4.196), (62.718, 4.687))),
    ((60, 60, 60), 5.5, 0.0, 64.77, (66.681, 3.599, 0.9724, 0.9077, 60.92),
     ((67.151, 3.095), (66.830, 3.517), (66.423, 3.988))),
    ((60, 58, 55, 50, 45), 5.5, 0.0, 63.18, (65.169, 3.435, 0.9436, 0.8238, 59.82),
     ((65.517, 3.152), (65.187, 3.577), (64.771, 4.051))),
    ((60, 60), 8.3, 0.0, 63.01, (65.613, 6.527, 0.8054, 0.7066, 55.12),
     ((65.858, 6.645), (65.188, 7.069), (64.460, 7.503))),
    ((60, 60), 5.5, 0.5, 63.01, (63.760, 4.856, 0.7806, 0.6409, 55.80), None),
    ((60, 60), 5.5, 1.0, 63.01, (63.011, 5.50, 0.708, 0.573, 53.96), None),
]  # fmt: skip
"""Uncorrelated signals, and two equal ones that correlate; Monte Carlo of 2e7 draws, quadrature."""


@pytest.mark.parametrize("case", REFERENCE, ids=[f"{c[0]}-{c[1]}-{c[2]}" for c in REFERENCE])
def test_reference_numbers(case: tuple[object, ...]) -> None:
    level, sigma, correlation, powers, true, lnm = case
    assert sum_lognormal(level, sigma, method="power_sum")[0] == pytest.approx(powers, abs=0.006)
    mean, spread = sum_lognormal(level, sigma, correlation=correlation)
    exact = len(level) == 2  # two signals: exact, the reference for 8.3 dB is 65.6154
    assert mean == pytest.approx(true[0], abs=0.003 if exact else 0.01)
    assert spread == pytest.approx(true[1], abs=0.001 if exact else 0.045)
    for k, expected in zip((0.5, 0.7, 1.0), lnm or (), strict=False):
        found = sum_lognormal(level, sigma, method="k_lnm", k_factor=k)
        assert np.allclose(found, expected, atol=0.0006)


def test_recursion_of_schwartz_and_yeh() -> None:
    assert np.allclose(sum_lognormal([60, 60, 60]), (66.683, 3.576), atol=0.0006)
    assert np.allclose(sum_lognormal([60, 58, 55, 50, 45]), (65.176, 3.395), atol=0.0006)


@pytest.mark.parametrize("case", REFERENCE, ids=[f"{c[0]}-{c[1]}-{c[2]}" for c in REFERENCE])
def test_monte_carlo_has_the_reference_moments(case: tuple[object, ...]) -> None:
    level, sigma, correlation, _, (mean, spread, p60, p62, low), _ = case
    drawn = monte_carlo(level, sigma, correlation=correlation, n_sample=400_000, seed=3)
    assert drawn.mean() == pytest.approx(mean, abs=0.03)
    assert drawn.std() == pytest.approx(spread, abs=0.03)
    assert (drawn >= 60.0).mean() == pytest.approx(p60, abs=0.004)
    assert (drawn >= 62.0).mean() == pytest.approx(p62, abs=0.004)
    assert np.quantile(drawn, 0.05) == pytest.approx(low, abs=0.07)


def test_one_signal_alone() -> None:
    for method in METHODS:
        assert np.allclose(sum_lognormal([60.0], 5.5, method=method), (60.0, 5.5), atol=0)
        assert np.allclose(
            sum_lognormal([math.nan, 60.0, math.nan], 5.5, method=method), (60.0, 5.5), atol=0
        )
    assert norm.ppf(0.05, 60.0, 5.5) == pytest.approx(50.95, abs=0.005)


def test_no_signal_is_not_a_number() -> None:
    mean, _ = sum_lognormal([[math.nan, math.nan], [60.0, math.nan]])
    assert np.isnan(mean[0])
    assert mean[1] == 60.0


levels = st.lists(st.floats(-40.0, 120.0), min_size=1, max_size=12)
sigmas = st.floats(0.0, 9.0)


@settings(deadline=None)
@given(levels, sigmas, st.sampled_from(METHODS))
def test_a_sum_is_no_less_than_its_strongest(
    level: list[float], sigma: float, method: Method
) -> None:
    mean, spread = sum_lognormal(level, sigma, method=method)
    least = {"power_sum": 0.0, "k_lnm": 1.0, "schwartz_yeh": 0.01}[method]
    assert mean >= max(level) - least
    assert 0.0 <= spread <= sigma + 1e-6


@settings(deadline=None)
@given(levels, sigmas, st.floats(-40.0, 120.0))
def test_a_further_signal_never_lowers_the_power_sum(
    level: list[float], sigma: float, more: float
) -> None:
    before, _ = sum_lognormal(level, sigma, method="power_sum")
    after, _ = sum_lognormal([*level, more], sigma, method="power_sum")
    assert after >= before - 1e-9  # the order of additions


@pytest.mark.parametrize("correlation", [0.0, 0.6, 1.0])
def test_a_further_signal_never_lowers_any_draw(correlation: float) -> None:
    """Common random numbers: the shadowing of the first signals stays."""
    level = [60.0, 55.0, 50.0, 45.0]
    before = monte_carlo(level[:1], correlation=correlation, n_sample=1000, seed=1)
    for n in (2, 3, 4):
        after = monte_carlo(level[:n], correlation=correlation, n_sample=1000, seed=1)
        assert (after > before).all()
        before = after


def test_draws_correlate_as_asked() -> None:
    matrix = np.array([[1.0, 0.5, -0.2], [0.5, 1.0, 0.3], [-0.2, 0.3, 1.0]])
    for asked, expected in ((0.4, np.full((3, 3), 0.4) + 0.6 * np.eye(3)), (matrix, matrix)):
        drawn = draw_shadowing(3, asked, n_sample=200_000, seed=2)
        np.testing.assert_allclose(np.corrcoef(drawn.T), expected, atol=0.01)
        np.testing.assert_allclose(drawn.std(axis=0), 1.0, atol=0.01)


@settings(deadline=None)
@given(levels, sigmas, st.sampled_from(METHODS), st.floats(-30.0, 30.0))
def test_decibels_are_relative(
    level: list[float], sigma: float, method: Method, shift: float
) -> None:
    here = sum_lognormal(level, sigma, method=method)
    there = sum_lognormal(np.array(level) + shift, sigma, method=method)
    assert there[0] - shift == pytest.approx(here[0], abs=1e-6)
    assert there[1] == pytest.approx(here[1], abs=1e-6)


@settings(deadline=None)
@given(st.permutations(list(range(6))), st.sampled_from(METHODS))
def test_the_order_of_signals_does_not_matter(order: list[int], method: Method) -> None:
    level = np.array([60.0, 59.0, 51.0, 64.5, 40.0, 60.5])
    sigma = np.array([5.5, 6.0, 3.0, 8.0, 5.5, 4.0])
    here = sum_lognormal(level, sigma, method=method)
    there = sum_lognormal(level[order], sigma[order], method=method)
    assert np.allclose(here, there, atol=1e-12)


def test_a_signal_without_spread_is_a_constant() -> None:
    """Noise beside a signal: against quadrature in one dimension."""
    x = np.linspace(-9.0, 9.0, 20001)
    w = np.exp(-0.5 * x * x)
    w /= w.sum()
    for level in (-10.0, 0.0, 7.0):
        drawn = 10.0 * np.log10(1.0 + 10.0 ** ((level + 6.0 * x) / 10.0))
        mean = (w * drawn).sum()
        spread = math.sqrt((w * drawn**2).sum() - mean**2)
        found = sum_lognormal([0.0, level], [0.0, 6.0])
        assert np.allclose(found, (mean, spread), atol=2e-4)


def test_quadrature_holds_for_wide_spreads() -> None:
    x = np.linspace(-9.0, 9.0, 20001)
    w = np.exp(-0.5 * x * x)
    w /= w.sum()
    for mean in (-8.0, -3.0, 0.0):
        for spread in (0.0, 0.5, 1.8, 3.0):
            f = np.logaddexp(0.0, mean + spread * x)
            g = (w * f).sum()
            found = sum_two(0.0, 0.0, mean, spread, 0.0, np.empty(SCRATCH))
            assert found[0] == pytest.approx(g, abs=2e-5)
            assert found[1] == pytest.approx(math.sqrt((w * f * f).sum() - g * g), abs=3e-5)


@pytest.mark.parametrize("correlation", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("n", [3, 8, 15])
def test_correlated_sums_agree_with_monte_carlo(n: int, correlation: float) -> None:
    level = 60.0 - 2.0 * np.arange(n)
    drawn = monte_carlo(level, 6.0, correlation=correlation, n_sample=200_000, seed=7)
    mean, spread = sum_lognormal(level, 6.0, correlation=correlation)
    assert mean == pytest.approx(drawn.mean(), abs=0.05)
    assert spread == pytest.approx(drawn.std(), abs=0.12)  # docs/statistics.md


def test_what_cannot_be_added_is_refused() -> None:
    with pytest.raises(ValueError, match="sigma_db = -1"):
        sum_lognormal([60.0, 50.0], [5.5, -1.0])
    with pytest.raises(ValueError, match="use power_sum, k_lnm, schwartz_yeh"):
        sum_lognormal([60.0], method="average")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="correlation = "):
        sum_lognormal([60.0], correlation=1.2)
    with pytest.raises(ValueError, match="k_lnm, which knows none"):
        sum_lognormal([60.0], method="k_lnm", correlation=0.5)
    with pytest.raises(ValueError, match="k_factor = 0"):
        sum_lognormal([60.0], method="k_lnm", k_factor=0.0)
    with pytest.raises(ValueError, match="a sequence"):
        sum_lognormal(60.0)


@pytest.mark.parametrize(
    ("matrix", "why"),
    [
        ([[1.0, 0.5]], "n by n"),
        ([[1.0, 0.5], [0.4, 1.0]], "not symmetric"),
        ([[1.0, math.nan], [math.nan, 1.0]], "not symmetric, or not all numbers"),
        ([[2.0, 0.5], [0.5, 2.0]], "diagonal"),
        ([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]], "eigenvalue"),
    ],
)
def test_correlation_matrices_are_checked(matrix: list[list[float]], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_correlation_matrix(matrix)
    with pytest.raises(ValueError, match=why):
        monte_carlo([60.0] * len(matrix), correlation=matrix)
