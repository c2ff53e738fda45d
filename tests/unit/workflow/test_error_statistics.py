"""Statistics of errors against their definitions, and how sure a mean error is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import ttest_1samp

from dtt_sim.workflow.error_statistics import (
    independent_confidence,
    spatial_confidence,
    statistics_of,
)

LEVELS = st.lists(st.tuples(st.floats(-20, 140), st.floats(-20, 140)), min_size=2, max_size=60)


@settings(deadline=None)
@given(LEVELS)
def test_statistics_by_definition(levels: list[tuple[float, float]]) -> None:
    measured, predicted = np.array(levels).T
    found = statistics_of(measured, predicted)
    errors = [m - p for m, p in levels]
    mean = math.fsum(errors) / len(errors)
    assert found.n == len(errors)
    assert found.mean_db == pytest.approx(mean, abs=1e-9)
    assert found.mean_absolute_db >= abs(found.mean_db) - 1e-9
    spread = math.sqrt(math.fsum((e - mean) ** 2 for e in errors) / (len(errors) - 1))
    assert found.std_db == pytest.approx(spread, abs=1e-8)
    square = mean**2 + spread**2 * (len(errors) - 1) / len(errors)
    assert found.rmse_db == pytest.approx(math.sqrt(square), abs=1e-8)
    assert math.isnan(found.correlation) or -1.0 - 1e-9 <= found.correlation <= 1.0 + 1e-9


def test_statistics_by_hand() -> None:
    found = statistics_of(np.array([50.0, 62.0, 71.0]), np.array([48.0, 58.0, 74.0]))
    assert found.mean_db == pytest.approx(1.0)
    assert found.median_db == 2.0
    assert found.std_db == pytest.approx(math.sqrt(13.0))
    assert found.rmse_db == pytest.approx(math.sqrt(29.0 / 3.0))
    assert found.mean_absolute_db == pytest.approx(3.0)
    one = statistics_of(np.array([50.0]), np.array([48.0]))
    assert (one.mean_db, one.rmse_db) == (2.0, 2.0)
    assert math.isnan(one.std_db)
    assert math.isnan(one.correlation)
    alike = statistics_of(np.array([0.0, 1.0]), np.array([0.0, 8.5e-231]))
    assert math.isnan(alike.correlation)
    assert math.isnan(statistics_of(np.array([50.0, 51.0]), np.array([48.0, 48.0])).correlation)
    with pytest.raises(ValueError, match="at least one"):
        statistics_of(np.array([]), np.array([]))


@pytest.mark.parametrize("n", [2, 3, 40])
def test_independent_is_students_t(n: int) -> None:
    error = np.random.default_rng(n).normal(2.0, 5.0, n)
    found = independent_confidence(error)
    low, high = ttest_1samp(error, 0.0).confidence_interval(0.95)
    assert (found.low_db, found.high_db) == pytest.approx((low, high))
    wider = independent_confidence(error, 99.0)
    assert wider.low_db < found.low_db
    assert math.isnan(independent_confidence(error[:1]).low_db)


def field(
    rng: np.random.Generator, n: int, range_km: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Errors of 6 dB and mean 2 dB over 1° x 1°, alike over a range, with 3 dB of their own."""
    lon, lat = 104.0 + rng.uniform(0.0, 1.0, n), 10.0 + rng.uniform(0.0, 1.0, n)
    place = np.column_stack([109.6 * lon, 110.6 * lat])
    covariance = 36.0 * np.exp(-cdist(place, place) / range_km) + 9.0 * np.eye(n)
    return 2.0 + np.linalg.cholesky(covariance) @ rng.standard_normal(n), lon, lat


def test_errors_alike_nearby_are_allowed_for() -> None:
    rng = np.random.default_rng(20)
    hits = np.zeros(2)
    n_field = 60
    for _ in range(n_field):
        error, lon, lat = field(rng, 120, 12.0)
        spatial = spatial_confidence(error, lon, lat)
        assert spatial is not None
        for k, one in enumerate((independent_confidence(error), spatial)):
            hits[k] += one.low_db <= 2.0 <= one.high_db
    # Of 95 % intervals: those of independence hold half of the time, the others nearly as stated.
    assert hits[0] < 0.65 * n_field
    assert hits[1] > 0.82 * n_field


def test_independent_errors_stay_nearly_so() -> None:
    rng = np.random.default_rng(21)
    ratios = []
    for _ in range(30):
        error, lon, lat = field(rng, 120, 0.001)
        spatial, plain = spatial_confidence(error, lon, lat), independent_confidence(error)
        assert spatial is not None
        assert spatial.offset_db == plain.offset_db
        assert spatial.standard_error_db >= plain.standard_error_db
        assert 1.0 <= spatial.n_effective <= 120.0
        ratios.append(spatial.standard_error_db / plain.standard_error_db)
    assert np.median(ratios) < 1.5


def test_too_little_to_tell() -> None:
    rng = np.random.default_rng(22)
    error, lon, lat = field(rng, 40, 5.0)
    assert spatial_confidence(error[:11], lon[:11], lat[:11]) is None
    # Many measurements at few places are few places.
    few = np.arange(40) % 5
    assert spatial_confidence(error, lon[few], lat[few]) is None
    assert spatial_confidence(np.ones(40), lon, lat) is None


def test_repeating_measurements_makes_nothing_surer() -> None:
    error, lon, lat = field(np.random.default_rng(23), 80, 15.0)
    once = spatial_confidence(error, lon, lat)
    twice = spatial_confidence(*(np.tile(v, 3) for v in (error, lon, lat)))
    assert once is not None
    assert twice is not None
    assert twice.standard_error_db > 0.7 * once.standard_error_db
    plain = independent_confidence(np.tile(error, 3)).standard_error_db
    assert plain < 0.6 * independent_confidence(error).standard_error_db
