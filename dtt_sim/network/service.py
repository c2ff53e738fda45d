"""Who is served by a multiplex: location probability, margin and best server per cell.

First form: a multi-frequency network without interference, where every household aims at the
station that serves it best. An SFN sum fills the same `ServiceLayers` from the same fields.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from dtt_sim.network.reception import LinkBudget
from dtt_sim.typing import BoolArray, Float32Array

NO_SERVER = -1


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
    best_server: np.ndarray[tuple[int, ...], np.dtype[np.int16]]
    served_acceptable: BoolArray
    served_good: BoolArray


def location_probability(
    e_median_dbuv_m: Float32Array, required_dbuv_m: float, sigma_db: float
) -> Float32Array:
    """Share of locations at which a log-normal field reaches a level, 0..1; NaN stays NaN.

    Parameters
    ----------
    e_median_dbuv_m : float32 array
        Median field over locations [dB(µV/m)].
    required_dbuv_m : float
        Median needed at 50 % of locations [dB(µV/m)].
    sigma_db : float
        Standard deviation over locations [dB]; 0 is a step.
    """
    excess = np.asarray(e_median_dbuv_m, np.float64) - required_dbuv_m
    if sigma_db == 0.0:
        step = np.where(excess >= 0.0, 1.0, 0.0)
        return np.where(np.isnan(excess), np.nan, step).astype(np.float32)
    return np.asarray(ndtr(excess / sigma_db), np.float32)


def combine_mfn(
    e_median_dbuv_m: Float32Array,
    budgets: list[LinkBudget],
    *,
    acceptable_location_percent: float,
    good_location_percent: float,
) -> ServiceLayers:
    """Service of one multiplex from several transmitters, each cell on its best one.

    Parameters
    ----------
    e_median_dbuv_m : (n_tx, n_row, n_col) float32
        Wanted field of each transmitter, exceeded for 50 % of time and locations [dB(µV/m)].
    budgets : list of LinkBudget
        One per transmitter: the requirement depends on the frequency.
    acceptable_location_percent, good_location_percent : float
        Shares of locations [%].
    """
    shape = e_median_dbuv_m.shape[1:]
    margin = np.full(shape, np.nan, np.float32)
    excess = np.full(shape, -np.inf)
    server = np.full(shape, NO_SERVER, np.int16)
    probability = np.full(shape, np.nan, np.float32)
    for k, budget in enumerate(budgets):
        e = np.asarray(e_median_dbuv_m[k], np.float64)
        standard = (e - budget.e_median_dbuv_m) / max(budget.sigma_db, 1e-9)
        better = standard > excess  # False for NaN
        excess[better] = standard[better]
        server[better] = k
        share = location_probability(e_median_dbuv_m[k], budget.e_median_dbuv_m, budget.sigma_db)
        probability[better] = share[better]
        margin[better] = (e - budget.e_med_dbuv_m(good_location_percent))[better]
    known = ~np.isnan(probability)
    return ServiceLayers(
        probability,
        margin,
        server,
        known & (probability >= acceptable_location_percent / 100.0),
        known & (probability >= good_location_percent / 100.0),
    )
