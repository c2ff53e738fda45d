"""Whole numbers of people or households, by unit, by what becomes of something, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from dtt_sim.transition.whole_numbers import apportion
from dtt_sim.workflow.tables import ALL

NEITHER, LOST, GAINED, KEPT = range(4)
CHANGES: Final = ("neither", "lost", "gained", "kept")
"""Lost is what the base has and the other run has not."""


class Reason(NamedTuple):
    """Why something is not received.

    Attributes
    ----------
    cause : str
    station : str
        That disturbs; otherwise empty.
    served_by : str
        Of a service: station that serves in the run that has it.
    now : str
        What that station is in the run that has it not: "off air", "changed" or "as it is".
    """

    cause: str
    station: str
    served_by: str = ""
    now: str = ""


NO_REASON: Final = Reason("", "")


class Count(NamedTuple):
    """People or households of a unit with one fate.

    Attributes
    ----------
    unit, change : str
    reason : Reason
        Of what is lost or gained, in the run that has it not; otherwise empty.
    number : int
    """

    unit: str
    change: str
    reason: Reason
    number: int


Fate = tuple[int, Reason]
"""Position in `CHANGES`, and why."""


def whole_counts(
    by_unit: Mapping[Fate, np.ndarray[tuple[int], np.dtype[np.float64]]],
    units: Sequence[str],
    is_counted: Sequence[bool] | None = None,
) -> list[Count]:
    """Counts that sum to those of their unit, and of units to those in all.

    Parameters
    ----------
    by_unit : dict of Fate to (n_unit,) float64
    units : sequence of str
    is_counted : sequence of bool, optional
        Which units a sum in all counts; by default all.
    """
    fates = sorted(by_unit, key=lambda fate: (-fate[0], -by_unit[fate].sum(), fate[1]))
    whole = np.array([apportion(column) for column in np.array([by_unit[f] for f in fates]).T])
    counted = np.ones(len(units), bool) if is_counted is None else np.asarray(is_counted)
    rows = (*zip(units, whole, strict=True), (ALL, whole[counted].sum(axis=0)))
    return [
        Count(unit, CHANGES[change], reason, int(number))
        for unit, numbers in rows
        for (change, reason), number in zip(fates, numbers, strict=True)
        if number
    ]


def total(counts: Sequence[Count], change: str, unit: str = ALL) -> int:
    """Number of a unit, or in all, with a change."""
    return sum(c.number for c in counts if c.change == change and c.unit == unit)
