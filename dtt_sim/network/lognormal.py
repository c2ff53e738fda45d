"""Sums of log-normal signals: what several fields give together over the locations of a cell.

Fields of transmitters are log-normal over the locations of a cell: in dB they are normal with a
median and a standard deviation. Their power sum is not, but nearly: each method here answers with
the mean and the standard deviation of a normal distribution in dB that comes close.

==============  ====================================================================================
method          what it does
==============  ====================================================================================
power_sum       adds the medians as powers; the spread stays that of the signals
k_lnm           matches mean and variance of the power, the variance times k; k = 1 is Fenton and
                Wilkinson's method. Without correlation only
schwartz_yeh    matches mean and variance in dB, two signals at a time, the strongest first; knows
                correlation
==============  ====================================================================================

Schwartz and Yeh's third moment follows from Stein's lemma, E[(w - m) f(w)] = s² E[f'(w)], and so
does the covariance of a partial sum with the signals still to come: with g = E[1 / (1 + exp(-w))] it
is (1 - g) times that of the sum before and g times that of the signal added.

Sources: S. C. Schwartz and Y. S. Yeh, Bell System Technical Journal 61 (1982); EBU BPN 066 and GE06
for k-LNM. Figures: docs/statistics.md.
"""

from __future__ import annotations

import math
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dtt_sim._jit import driver, kernel
from dtt_sim.propagation.vector_math import exp, ln
from dtt_sim.typing import Float64Array

Method = Literal["power_sum", "k_lnm", "schwartz_yeh"]
METHODS: Final = get_args(Method)
POWER_SUM, K_LNM, SCHWARTZ_YEH = range(3)
"""Positions in `METHODS`, as the kernels know them."""

NEPER_PER_DB: Final = math.log(10.0) / 10.0
DEFAULT_K: Final = 0.7
"""Of the k-LNM method: best for standard deviations near 5.5 dB."""
NO_SIGNAL_DB: Final = -999.0
"""Level of a sum of nothing."""

_N_NODE = 40
SCRATCH: Final = 2 * _N_NODE
"""Numbers that a sum of two needs to work with."""
_NODE, _WEIGHT = (v.astype(np.float64) for v in np.polynomial.hermite_e.hermegauss(_N_NODE))
_WEIGHT = _WEIGHT / _WEIGHT.sum()
_N_FEW, _FEW_SPREAD = 16, 1.8
"""Nodes that keep 1e-5 dB up to this spread [Np], that of two signals of 5.5 dB."""
_FEW_NODE, _FEW_WEIGHT = (v.astype(np.float64) for v in np.polynomial.hermite_e.hermegauss(_N_FEW))
_FEW_WEIGHT = _FEW_WEIGHT / _FEW_WEIGHT.sum()
_NEGLIGIBLE = 14.0
"""Nepers below the sum so far at which the mean power of a signal adds less than 4e-6 dB."""


@kernel
def _softplus(w: float) -> tuple[float, float]:
    """ln(1 + exp(w)), and its derivative."""
    e = exp(-abs(w))
    return max(0.0, w) + ln(1.0 + e), (1.0 if w >= 0.0 else e) / (1.0 + e)


@kernel
def sum_two(
    m1: float, s1: float, m2: float, s2: float, covariance: float, scratch: Float64Array
) -> tuple[float, float, float]:
    """Mean and standard deviation of ln(exp(Y1) + exp(Y2)), and E[d ln / d Y2]; all in nepers.

    Exact for normal Y1, Y2 but for the quadrature, 1e-4 dB up to a spread of 13 dB between the two.
    The first `SCRATCH` numbers of `scratch` are overwritten: values are kept before they are added,
    so that the loop that makes them runs over vectors.
    """
    mean = m2 - m1
    variance = s1 * s1 + s2 * s2 - 2.0 * covariance
    spread = math.sqrt(max(variance, 0.0))
    g1 = g2 = share = 0.0
    # Two loops over a known number of nodes each, so that both run over vectors.
    if spread <= _FEW_SPREAD:
        for k in range(_N_FEW):
            scratch[k], scratch[_N_NODE + k] = _softplus(mean + spread * _FEW_NODE[k])
        for k in range(_N_FEW):
            part = _FEW_WEIGHT[k] * scratch[k]
            g1 += part
            g2 += part * scratch[k]
            share += _FEW_WEIGHT[k] * scratch[_N_NODE + k]
    else:
        for k in range(_N_NODE):
            scratch[k], scratch[_N_NODE + k] = _softplus(mean + spread * _NODE[k])
        for k in range(_N_NODE):
            part = _WEIGHT[k] * scratch[k]
            g1 += part
            g2 += part * scratch[k]
            share += _WEIGHT[k] * scratch[_N_NODE + k]
    total = s1 * s1 + (g2 - g1 * g1) + 2.0 * (covariance - s1 * s1) * share
    return m1 + g1, math.sqrt(max(total, 0.0)), share


@kernel
def sum_signals(
    method: int,
    k_factor: float,
    correlation: float,
    level_db: Float64Array,
    sigma_db: Float64Array,
    n: int,
    scratch: Float64Array,
) -> tuple[float, float, float]:
    """Mean and standard deviation [dB] of the power sum of the first `n` signals; and what is shared.

    The third number times the correlation is the covariance of the sum with another signal per
    standard deviation of that: the mean of the standard deviations, by each signal's share.

    Parameters
    ----------
    method : int
        `POWER_SUM`, `K_LNM` or `SCHWARTZ_YEH`.
    k_factor : float
        Of k-LNM.
    correlation : float
        Between the shadowing of any two signals, 0..1; power sum and k-LNM take none of it.
    level_db, sigma_db : (>= n,) float64
        Medians and standard deviations.
    scratch : (>= SCRATCH + n,) float64
        Overwritten.
    """
    if n == 0:
        return NO_SIGNAL_DB, 0.0, 0.0
    best = 0
    for i in range(1, n):
        if level_db[i] > level_db[best]:
            best = i
    if n == 1:
        return level_db[best], sigma_db[best], sigma_db[best]
    if method == POWER_SUM:
        return _power_sum(level_db, sigma_db, n, best)
    if method == K_LNM:
        return _k_lnm(k_factor, level_db, sigma_db, n, best)
    return _schwartz_yeh(correlation, level_db, sigma_db, n, scratch)


@kernel
def _power_sum(
    level_db: Float64Array, sigma_db: Float64Array, n: int, best: int
) -> tuple[float, float, float]:
    """Sum of the medians, with the signals' spread by their share of the power."""
    total = spread = 0.0
    for i in range(n):
        power = math.exp(NEPER_PER_DB * (level_db[i] - level_db[best]))
        total += power
        spread += power * sigma_db[i]
    spread /= total
    return level_db[best] + math.log(total) / NEPER_PER_DB, spread, spread


@kernel
def _k_lnm(
    k_factor: float, level_db: Float64Array, sigma_db: Float64Array, n: int, best: int
) -> tuple[float, float, float]:
    """Mean and `k_factor` times the variance of the power matched."""
    mean = variance = shared = 0.0
    for i in range(n):
        s2 = (NEPER_PER_DB * sigma_db[i]) ** 2
        power = math.exp(NEPER_PER_DB * (level_db[i] - level_db[best]) + 0.5 * s2)
        mean += power
        variance += power * power * math.expm1(s2)
        shared += power * sigma_db[i]
    s2 = math.log1p(k_factor * variance / (mean * mean))
    total = math.log(mean) - 0.5 * s2
    spread = math.sqrt(s2) / NEPER_PER_DB
    return level_db[best] + total / NEPER_PER_DB, spread, shared / mean


@kernel
def _schwartz_yeh(
    correlation: float, level_db: Float64Array, sigma_db: Float64Array, n: int,
    scratch: Float64Array,
) -> tuple[float, float, float]:  # fmt: skip
    """Two at a time, strongest first; the end of `scratch` holds what is left of the order.

    Of the sum so far, its covariance with a signal yet to come is `shared` times the correlation
    and that signal's standard deviation: the same for all, since all pairs correlate alike.
    """
    for i in range(n):
        scratch[SCRATCH + i] = level_db[i]
    mean = spread = shared = 0.0
    for step in range(n):
        at = 0
        for i in range(1, n):
            if scratch[SCRATCH + i] > scratch[SCRATCH + at]:
                at = i
        m, s = NEPER_PER_DB * level_db[at], NEPER_PER_DB * sigma_db[at]
        scratch[SCRATCH + at] = -math.inf
        if step == 0:
            mean, spread, shared = m, s, s
            continue
        # Of the mean power of what is drawn; all signals to come are weaker.
        if mean - m - 0.5 * s * s > _NEGLIGIBLE:
            break
        mean, spread, share = sum_two(mean, spread, m, s, correlation * shared * s, scratch)
        shared = (1.0 - share) * shared + share * s
    return mean / NEPER_PER_DB, spread / NEPER_PER_DB, shared / NEPER_PER_DB


@driver
def _sum_rows(
    method: int, k_factor: float, correlation: float, level_db: Float64Array,
    sigma_db: Float64Array, mean_out: Float64Array, sigma_out: Float64Array,
) -> None:  # fmt: skip
    n_row, n = level_db.shape
    level, sigma, scratch = np.empty(n), np.empty(n), np.empty(SCRATCH + n)
    for row in range(n_row):
        known = 0
        for i in range(n):
            if not math.isnan(level_db[row, i]):
                level[known], sigma[known] = level_db[row, i], sigma_db[row, i]
                known += 1
        mean_out[row], sigma_out[row], _ = sum_signals(
            method, k_factor, correlation, level, sigma, known, scratch
        )
        if known == 0:
            mean_out[row] = math.nan


def sum_lognormal(
    level_db: ArrayLike,
    sigma_db: ArrayLike = 5.5,
    *,
    method: Method = "schwartz_yeh",
    correlation: float = 0.0,
    k_factor: float = DEFAULT_K,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of the power sum of log-normal signals [dB].

    Parameters
    ----------
    level_db : (..., n) array_like
        Medians of the signals [dB], any reference; NaN where one is not there.
    sigma_db : array_like
        Standard deviations, broadcast against `level_db` [dB].
    method : {"power_sum", "k_lnm", "schwartz_yeh"}
    correlation : float
        Between the shadowing of any two signals, 0 to 1.
    k_factor : float
        Of k-LNM.

    Returns
    -------
    mean_db, sigma_db : (...) float64
        In dB; NaN where no signal is there.

    Raises
    ------
    ValueError
        An unknown method, a negative standard deviation, or a correlation that the method or
        probability does not allow.

    Examples
    --------
    >>> mean, sigma = sum_lognormal([60.0, 60.0], 5.5)
    >>> round(float(mean), 3), round(float(sigma), 3)
    (64.368, 4.21)
    """
    check_method(method, correlation, k_factor)
    level = np.asarray(level_db, np.float64)
    if level.ndim == 0:
        msg = "level_db is one number; give the levels of the signals as a sequence"
        raise ValueError(msg)
    sigma = np.broadcast_to(np.asarray(sigma_db, np.float64), level.shape)
    if not (sigma >= 0.0).all():
        msg = f"sigma_db = {np.nanmin(sigma):g} is not a standard deviation; give 0 dB or more"
        raise ValueError(msg)
    shape, n = level.shape[:-1], level.shape[-1]
    n_row = int(np.prod(shape))
    mean, spread = np.empty(n_row), np.empty(n_row)
    _sum_rows(
        METHODS.index(method), k_factor, correlation,
        np.ascontiguousarray(level.reshape(n_row, n)),
        np.ascontiguousarray(sigma.reshape(n_row, n)), mean, spread,
    )  # fmt: skip
    return mean.reshape(shape), spread.reshape(shape)


def check_method(method: str, correlation: float, k_factor: float = DEFAULT_K) -> None:
    """Refuse a method that there is none, or what it cannot take.

    Raises
    ------
    ValueError
    """
    if method not in METHODS:
        msg = f"method {method!r} of summation is none; use {', '.join(METHODS)}"
        raise ValueError(msg)
    if not 0.0 <= correlation <= 1.0:
        msg = f"correlation = {correlation:g} between sites; give 0 to 1"
        raise ValueError(msg)
    if correlation > 0.0 and method == "k_lnm":
        msg = f"correlation = {correlation:g} with k_lnm, which knows none; use schwartz_yeh"
        raise ValueError(msg)
    if not 0.0 < k_factor <= 1.0:
        msg = f"k_factor = {k_factor:g}; give a number above 0, at most 1"
        raise ValueError(msg)


def check_correlation_matrix(matrix: ArrayLike) -> NDArray[np.float64]:
    """A correlation matrix as float64, if it is one.

    Raises
    ------
    ValueError
        Not square or symmetric, a diagonal other than 1, or one that no random variables have.
    """
    found = np.asarray(matrix, np.float64)
    if found.ndim != 2 or found.shape[0] != found.shape[1]:
        msg = f"a correlation matrix of shape {found.shape}; give n by n numbers"
        raise ValueError(msg)
    if not (np.isfinite(found).all() and np.allclose(found, found.T, atol=1e-9)):
        msg = "the correlation matrix is not symmetric, or not all numbers; mend both halves"
        raise ValueError(msg)
    if not np.allclose(np.diag(found), 1.0, atol=1e-9):
        msg = "the correlation matrix has a diagonal other than 1; a signal correlates with itself"
        raise ValueError(msg)
    least = float(np.linalg.eigvalsh(found).min())
    if least < -1e-9:
        msg = (
            f"no signals can correlate like that: the matrix has the eigenvalue {least:.3g}; "
            "lower the correlations that contradict each other"
        )
        raise ValueError(msg)
    return found


def monte_carlo(
    level_db: ArrayLike,
    sigma_db: ArrayLike = 5.5,
    *,
    correlation: float | ArrayLike = 0.0,
    n_sample: int = 100_000,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Draws of the power sum [dB], the reference of the other methods.

    Parameters
    ----------
    level_db, sigma_db : (n,) array_like
        Medians and standard deviations of the signals [dB].
    correlation : float or (n, n) array_like
        The same for all pairs, or their matrix.
    n_sample, seed : int
        The same seed gives the same shadowing, and a further signal leaves that of those before it
        as it is where the correlation is one number: common random numbers.

    Returns
    -------
    (n_sample,) float64

    Raises
    ------
    ValueError
        A matrix that is no correlation matrix.
    """
    level = np.asarray(level_db, np.float64)
    shadow = draw_shadowing(level.size, correlation, n_sample=n_sample, seed=seed)
    field = level + np.asarray(sigma_db, np.float64) * shadow
    most = field.max(axis=1, keepdims=True)
    power = np.exp(NEPER_PER_DB * (field - most)).sum(axis=1)
    return np.asarray(most[:, 0] + np.log(power) / NEPER_PER_DB)


def draw_shadowing(
    n: int, correlation: float | ArrayLike, *, n_sample: int, seed: int
) -> NDArray[np.float64]:
    """Normal numbers (n_sample, n) of mean 0 and variance 1 with a correlation.

    Raises
    ------
    ValueError
        A matrix that is no correlation matrix.
    """
    matrix = np.asarray(correlation, np.float64)
    rng = np.random.default_rng(seed)
    if matrix.ndim == 0:
        check_method("power_sum", float(matrix))
        shared, *own = (rng.standard_normal(n_sample) for _ in range(n + 1))
        part = float(matrix)
        return np.stack([np.sqrt(part) * shared + np.sqrt(1.0 - part) * z for z in own], axis=1)
    value, vector = np.linalg.eigh(check_correlation_matrix(matrix))
    root = vector * np.sqrt(np.maximum(value, 0.0))
    return np.asarray(rng.standard_normal((n_sample, n)) @ root.T)
