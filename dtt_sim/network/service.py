"""Who is served by a multiplex: location probability, margin and best server per cell.

Multi-frequency networks: every household aims at the one station that serves it best, so the
probability of a cell is that of its best server. Stations do not back each other up, because an
aerial points one way; 1 - ∏(1 - p) would count that.

Left out here: interference from other stations, digital or analogue; single-frequency networks,
whose signals add up or disturb each other; the correlation of shadowing between stations; whether
the aerials of a cell point towards this multiplex's station or another's. A combination that knows
more fills the same `ServiceLayers` and can take the place of `combine_mfn` (see `Combine`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from dtt_sim.network.reception import LinkBudget
from dtt_sim.typing import BoolArray, Float32Array

NO_SERVER = -1
BLOCK_CELLS = 1 << 18
"""Cells worked on at a time; bounds the memory of intermediate results."""

ServerArray: TypeAlias = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class ServiceLayers:
    """Service of one multiplex over a grid, all `(n_row, n_col)`.

    Attributes
    ----------
    probability : float32
        Share of a cell's locations at which the multiplex is received, 0..1; NaN: no data.
    margin_db : float32
        Median field above what good reception needs [dB]; NaN: no data.
    best_server : int16
        Index of the transmitter with the highest probability, -1 where no field is known.
    served_acceptable, served_good : bool
        Probability reaches the share that counts as acceptable (70 %) or good (95 %).
    """

    probability: Float32Array
    margin_db: Float32Array
    best_server: ServerArray
    served_acceptable: BoolArray
    served_good: BoolArray


class Combine(Protocol):
    """From the fields of a multiplex's transmitters to its service."""

    def __call__(
        self,
        e_median_dbuv_m: Iterable[ArrayLike],
        budgets: Sequence[LinkBudget],
        *,
        acceptable_location_percent: float | None = None,
        good_location_percent: float | None = None,
    ) -> ServiceLayers:
        """Combine fields `(n_tx, n_row, n_col)` with what each of them must reach."""
        ...


def location_probability(
    e_median_dbuv_m: ArrayLike, required_dbuv_m: ArrayLike, sigma_db: ArrayLike
) -> Float32Array:
    """Share of locations at which a log-normal field reaches a level, 0..1; NaN stays NaN.

    Parameters
    ----------
    e_median_dbuv_m : array_like
        Median field over locations [dB(µV/m)].
    required_dbuv_m : array_like
        Needed at the receiver: minimum field plus fixed losses, for 50 % of locations [dB(µV/m)].
    sigma_db : array_like
        Standard deviation over locations [dB]; 0, as at sea, is a step.

    Returns
    -------
    ndarray of float32
        Broadcast shape.

    Raises
    ------
    ValueError
        Negative standard deviation.

    Examples
    --------
    >>> float(location_probability(60.0, 60.0, 5.5))
    0.5
    """
    sigma = np.asarray(sigma_db, np.float64)
    if np.any(sigma < 0.0):
        msg = f"sigma_db = {np.nanmin(sigma)} is negative; give 0 or more"
        raise ValueError(msg)
    excess = np.asarray(e_median_dbuv_m, np.float64) - np.asarray(required_dbuv_m, np.float64)
    return np.asarray(ndtr(_standardise(excess, sigma)), np.float32)


def _standardise(excess_db: NDArray[Any], sigma_db: NDArray[Any]) -> NDArray[Any]:
    """Excess in standard deviations; without spread it is reached everywhere or nowhere."""
    if np.all(sigma_db > 0.0):
        return np.asarray(excess_db / sigma_db)
    step = np.where(np.isnan(excess_db), np.nan, np.where(excess_db >= 0.0, np.inf, -np.inf))
    spread = np.where(sigma_db > 0.0, sigma_db, 1.0)
    return np.where(sigma_db == 0.0, step, excess_db / np.where(np.isnan(sigma_db), np.nan, spread))


def margin_db(e_median_dbuv_m: ArrayLike, e_med_dbuv_m: ArrayLike) -> Float32Array:
    """Median field above the minimum median field of a share of locations [dB]; NaN stays NaN."""
    e = np.asarray(e_median_dbuv_m, np.float64)
    return np.asarray(e - np.asarray(e_med_dbuv_m, np.float64), np.float32)


def best_server(stack: ArrayLike) -> ServerArray:
    """Index of the transmitter with the highest value in each cell.

    Parameters
    ----------
    stack : (n_tx, ...) array_like
        Probabilities or margins; NaN where a transmitter's field is not known.

    Returns
    -------
    (...) ndarray of int16
        -1 where no transmitter's is; the first of equals.
    """
    values = np.asarray(stack)
    known = ~np.isnan(values)
    index = np.where(known, values, -np.inf).argmax(axis=0)
    # Where all known values are -inf, argmax may have fallen on one that is not known.
    is_low = np.isneginf(np.where(known, values, -np.inf).max(axis=0, initial=-np.inf))
    index = np.where(is_low, known.argmax(axis=0), index)
    return np.where(known.any(axis=0), index, NO_SERVER).astype(np.int16)


def combine_mfn(
    e_median_dbuv_m: Iterable[ArrayLike],
    budgets: Sequence[LinkBudget],
    *,
    acceptable_location_percent: float | None = None,
    good_location_percent: float | None = None,
) -> ServiceLayers:
    """Service of one multiplex from several transmitters, each cell on its best one.

    Parameters
    ----------
    e_median_dbuv_m : (n_tx, n_row, n_col) array, or iterable of (n_row, n_col)
        Wanted field of each transmitter, exceeded for 50 % of time and locations [dB(µV/m)]; NaN
        where it is not known. An iterable is gone through once: fields need not all be in memory.
    budgets : sequence of LinkBudget
        One per transmitter: the requirement depends on the frequency.
    acceptable_location_percent, good_location_percent : float, optional
        Shares of locations [%]; by default those of the first budget.

    Returns
    -------
    ServiceLayers

    Raises
    ------
    ValueError
        No transmitter, fields of different shapes, or not one budget for each field.
    """
    if not budgets:
        msg = "no transmitter to combine; give at least one field and its budget"
        raise ValueError(msg)
    acceptable, good = acceptable_location_percent, good_location_percent
    if acceptable is None:
        acceptable = budgets[0].acceptable_location_percent
    if good is None:
        good = budgets[0].good_location_percent
    best: _Best | None = None
    n_field = 0
    for k, field in enumerate(e_median_dbuv_m):
        n_field += 1
        if k >= len(budgets):
            break
        e = np.asarray(field)
        best = _Best(e.shape, acceptable, good) if best is None else best
        if e.shape != best.excess.shape:
            msg = f"field {k} is {e.shape}, the first is {best.excess.shape}; use one grid"
            raise ValueError(msg)
        best.consider(k, e, budgets[k])
    if best is None or n_field != len(budgets):
        more = "or more " if n_field > len(budgets) else ""
        msg = f"{n_field} {more}fields and {len(budgets)} link budgets; give one budget per field"
        raise ValueError(msg)
    return best.layers()


class _Best:
    """The best server so far of every cell.

    Stations are compared by their excess in standard deviations, kept in float64: it orders them
    as their probability does but does not saturate. Who is served is decided on the field itself,
    so that it agrees with the sign of the margin.
    """

    def __init__(
        self, shape: tuple[int, ...], acceptable_percent: float, good_percent: float
    ) -> None:
        self.percent = acceptable_percent, good_percent
        self.excess = np.full(shape, np.nan)
        self.margin = np.full(shape, np.nan, np.float32)
        self.server: ServerArray = np.full(shape, NO_SERVER, np.int16)
        self.served = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)

    def consider(self, k: int, e_dbuv_m: NDArray[Any], budget: LinkBudget) -> None:
        """Take transmitter `k` wherever it serves better than those before it."""
        sigma = np.asarray(budget.sigma_db, np.float64)
        needs = [budget.e_med_dbuv_m(percent) for percent in self.percent]
        for part in _blocks(self.excess.shape):
            e = e_dbuv_m[part].astype(np.float64)
            excess = _standardise(e - budget.e_median_dbuv_m, sigma)
            old = self.excess[part]
            better = (excess > old) | (np.isnan(old) & ~np.isnan(excess))
            np.copyto(old, excess, where=better)
            np.copyto(self.margin[part], e - needs[1], where=better, casting="same_kind")
            np.copyto(self.server[part], k, where=better)
            for served, need in zip(self.served, needs, strict=True):
                np.copyto(served[part], e >= need, where=better)

    def layers(self) -> ServiceLayers:
        probability = np.empty(self.excess.shape, np.float32)
        for part in _blocks(self.excess.shape):
            probability[part] = ndtr(self.excess[part])
        return ServiceLayers(probability, self.margin, self.server, *self.served)


def _blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of rows that hold about `BLOCK_CELLS` cells."""
    n_row = shape[0] if shape else 0
    per_row = max(1, int(np.prod(shape[1:])))
    step = max(1, BLOCK_CELLS // per_row)
    for start in range(0, n_row, step):
        yield slice(start, min(start + step, n_row))
