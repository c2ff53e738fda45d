"""Who is left behind: worst units, the lowest tenth, the poor, islands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dtt_sim.typing import Float64Array


class FairnessRow(NamedTuple):
    """A figure of fairness.

    Attributes
    ----------
    measure, where : str
    value_percent : float
    """

    measure: str
    where: str
    value_percent: float


def percentile_of_units(share: Float64Array, weight: Float64Array, percent: float) -> float:
    """Share that the units with the lowest shares, which hold `percent` of the weight, reach.

    >>> percentile_of_units(np.array([0.2, 0.9, 1.0]), np.array([5.0, 45.0, 50.0]), 10.0)
    0.9
    """
    order = np.argsort(share, kind="stable")
    held = np.cumsum(weight[order]) / weight.sum()
    return float(share[order][np.searchsorted(held, 0.01 * percent, side="left")])


def fairness_rows(
    units: Sequence[str],
    households: Float64Array,
    receiving: Float64Array,
    poor: Float64Array,
    receiving_poor: Float64Array,
    islands: Sequence[str] = (),
) -> list[FairnessRow]:
    """Figures of one phase.

    Parameters
    ----------
    households, receiving : (n_unit,) float64
        Terrestrial households, and those of them that receive any programme.
    poor, receiving_poor : (n_unit,) float64
        The same of the poor and near-poor.
    islands : sequence of str
        Units of which there are rows of their own.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(households > 0.0, receiving / households, np.nan)
    lived = np.flatnonzero(households > 0.0)
    if not lived.size:
        return []
    worst = lived[np.argmin(share[lived])]
    tenth = percentile_of_units(share[lived], households[lived], 10.0)
    rows = [
        FairnessRow("receiving any programme", "(all)", 100.0 * float(receiving.sum() / households.sum())),
        FairnessRow("worst unit", units[worst], 100.0 * float(share[worst])),
        FairnessRow("lowest tenth of households by unit", "", 100.0 * tenth),
    ]  # fmt: skip
    if poor.sum() > 0.0:
        value = 100.0 * float(receiving_poor.sum() / poor.sum())
        rows.append(FairnessRow("poor and near-poor receiving any programme", "(all)", value))
    rows += [
        FairnessRow("island", unit, 100.0 * float(share[k]))
        for k, unit in enumerate(units)
        if unit in islands and households[k] > 0.0
    ]
    return rows
