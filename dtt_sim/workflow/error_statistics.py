"""Errors of predictions: their statistics, and the mean error with its confidence.

An error is *measured less predicted*: above zero the model predicts too little. The confidence of the
mean is given twice. Student's t of n errors takes them for independent. Errors at neighbouring places
are not: the same hill, wood or wrong power is behind them. So the covariance of errors over distance is
fitted (a nugget and an exponential, to the empirical semivariogram), and the variance of the mean is the
mean of that covariance over all pairs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls
from scipy.spatial.distance import cdist, pdist
from scipy.stats import t as student

from dtt_sim.typing import Float64Array

EARTH_RADIUS_KM = 6371.0
LEAST_PLACES = 12
"""Fewer places say nothing of how errors hang together over distance."""
_LEAST_FREEDOM = 2.0
"""The fit of the covariance is rough; fewer degrees of freedom would make intervals of anything."""
_MOST_PAIRED = 1500
_BINS = 15
_BLOCK = 2048


LEAST_SPREAD_DB = 1e-9
"""Levels that spread less are all the same: they correlate with nothing [dB]."""


class Statistics(NamedTuple):
    """Statistics of errors, measured less predicted.

    Attributes
    ----------
    n : int
    mean_db, median_db : float
    std_db : float
        Standard deviation round the mean, of n - 1; NaN for one error.
    rmse_db, mean_absolute_db : float
    correlation : float
        Pearson's, of measured and predicted; NaN where one does not vary.
    """

    n: int
    mean_db: float
    median_db: float
    std_db: float
    rmse_db: float
    mean_absolute_db: float
    correlation: float


class Confidence(NamedTuple):
    """A mean error with its confidence interval.

    Attributes
    ----------
    offset_db, standard_error_db : float
    low_db, high_db : float
        Of the confidence interval.
    n_effective : float
        Independent errors that would leave the mean as sure.
    range_km : float
        Distance at which the covariance has fallen to 1/e; 0 where errors are taken for independent.
    """

    offset_db: float
    standard_error_db: float
    low_db: float
    high_db: float
    n_effective: float
    range_km: float = 0.0


def statistics_of(measured: Float64Array, predicted: Float64Array) -> Statistics:
    """Statistics of predictions against measurements, both finite (n,) [dB(µV/m)].

    Raises
    ------
    ValueError
        Nothing to compare.
    """
    error = measured - predicted
    if error.size == 0:
        msg = "no errors; give at least one measurement"
        raise ValueError(msg)
    n = error.size
    varies = n > 1 and min(np.ptp(measured), np.ptp(predicted)) > LEAST_SPREAD_DB
    return Statistics(
        n,
        float(error.mean()),
        float(np.median(error)),
        float(error.std(ddof=1)) if n > 1 else math.nan,
        float(np.sqrt((error**2).mean())),
        float(np.abs(error).mean()),
        float(np.corrcoef(measured, predicted)[0, 1]) if varies else math.nan,
    )


def independent_confidence(error: Float64Array, percent: float = 95.0) -> Confidence:
    """Mean error and its interval by Student's t, errors taken for independent; NaN for one.

    Examples
    --------
    >>> found = independent_confidence(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> round(found.offset_db, 2), round(found.low_db, 2), round(found.high_db, 2)
    (2.5, 0.45, 4.55)
    """
    n = error.size
    spread = float(error.std(ddof=1)) if n > 1 else math.nan
    mean, standard_error = float(error.mean()), spread / math.sqrt(n)
    return _interval(mean, standard_error, n - 1.0, float(n), percent)


def _interval(
    mean: float, standard_error: float, freedom: float, n_effective: float, percent: float,
    range_km: float = 0.0,
) -> Confidence:  # fmt: skip
    if math.isnan(standard_error):
        return Confidence(mean, math.nan, math.nan, math.nan, n_effective, range_km)
    half = float(student.ppf(0.5 + 0.005 * percent, freedom)) * standard_error
    return Confidence(mean, standard_error, mean - half, mean + half, n_effective, range_km)


def spatial_confidence(
    error: Float64Array, lon_deg: Float64Array, lat_deg: Float64Array, percent: float = 95.0
) -> Confidence | None:
    """Mean error and an interval that allows for errors alike at neighbouring places.

    Returns
    -------
    Confidence or None
        Never surer than :func:`independent_confidence`. None where there are too few places, or
        nothing varies.
    """
    places = _cartesian_km(lon_deg, lat_deg)
    if len(np.unique(places, axis=0)) < LEAST_PLACES or np.ptp(error) == 0.0:
        return None
    nugget, sill, range_km = _fit(error, places)
    total = nugget + sill
    n = error.size
    variance = nugget / n + sill * _mean_covariance(places, range_km)
    plain = independent_confidence(error, percent)
    standard_error = max(math.sqrt(variance), plain.standard_error_db)
    n_effective = float(np.clip(total / variance, 1.0, n)) if variance > 0.0 else float(n)
    freedom = max(n_effective - 1.0, _LEAST_FREEDOM)
    return _interval(plain.offset_db, standard_error, freedom, n_effective, percent, range_km)


def _cartesian_km(lon_deg: Float64Array, lat_deg: Float64Array) -> Float64Array:
    """Places on the sphere, (n, 3) [km]; chords are distances, near enough."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    xyz = (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat))
    return np.asarray(EARTH_RADIUS_KM * np.column_stack(xyz), np.float64)


def _fit(error: Float64Array, places: Float64Array) -> tuple[float, float, float]:
    """Nugget [dB²], sill [dB²] and range [km] of an exponential covariance.

    Of every range the nugget and sill of least squares, not below zero; of all these the best. The
    longest is a sixth of the area's extent: of a longer one its places show no end.
    """
    some = np.random.default_rng(0).permutation(error.size)[:_MOST_PAIRED]
    distance = pdist(places[some])
    half_square = 0.5 * pdist(error[some, None], "sqeuclidean")
    reach = 0.5 * float(distance.max())
    near = distance <= reach
    edges = np.unique(np.quantile(distance[near], np.linspace(0.0, 1.0, _BINS + 1)))
    if edges.size < 3:
        return float(half_square.mean()), 0.0, 0.0
    which = np.clip(np.searchsorted(edges, distance[near], "right") - 1, 0, edges.size - 2)
    count = np.bincount(which, minlength=edges.size - 1).astype(np.float64)
    used = count > 0.0
    h = np.bincount(which, distance[near], edges.size - 1)[used] / count[used]
    gamma = np.bincount(which, half_square[near], edges.size - 1)[used] / count[used]
    root = np.sqrt(count[used] / count[used].sum())
    least = max(float(h.min()) / 3.0, 1e-3 * reach)
    best = (math.inf, float(gamma.mean()), 0.0, 0.0)
    for range_km in np.geomspace(least, max(reach / 3.0, least), 40):
        columns = np.column_stack([np.ones_like(h), 1.0 - np.exp(-h / range_km)])
        (nugget, sill), rest = nnls(columns * root[:, None], gamma * root)
        if rest < best[0]:
            best = (float(rest), float(nugget), float(sill), float(range_km))
    return best[1:]


def _mean_covariance(places: Float64Array, range_km: float) -> float:
    """Mean of exp(-distance / range) over all pairs of places, each with itself among them."""
    n = len(places)
    if range_km <= 0.0:
        return 1.0 / n
    total = 0.0
    for first in range(0, n, _BLOCK):
        total += float(np.exp(-cdist(places[first : first + _BLOCK], places) / range_km).sum())
    return total / n**2
