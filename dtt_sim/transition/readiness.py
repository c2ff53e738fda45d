"""Whether a phase may go ahead, and by how much it passes or fails."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Gates:
    """Thresholds [%].

    Attributes
    ----------
    boxes_delivered_percent : float
        Of the poor and near-poor terrestrial households that have a receiver, at least.
    losing_all_percent : float
        Of the terrestrial households that lose all programmes, at most.
    population_percent : float
        With digital reception at the good share of locations, at least.
    worst_unit_percent : float
        The same at the acceptable share, in the worst unit.
    losing_programme_percent : float
        Of the terrestrial households that lose a programme which must be carried, at most.
    """

    boxes_delivered_percent: float
    losing_all_percent: float
    population_percent: float
    worst_unit_percent: float
    losing_programme_percent: float = 100.0


ROUNDING = 1e-9
"""Percentage points by which a sum of shares may be off."""


class Measured(NamedTuple):
    """What a phase has; NaN where nobody is concerned.

    Attributes
    ----------
    boxes_delivered_percent, losing_all_percent, population_percent, worst_unit_percent : float
    worst_unit : str
    losing_programme_percent : tuple of (str, float)
        By programme that must be carried.
    """

    boxes_delivered_percent: float
    losing_all_percent: float
    population_percent: float
    worst_unit_percent: float
    worst_unit: str
    losing_programme_percent: tuple[tuple[str, float], ...] = ()


class Verdict(NamedTuple):
    """One criterion.

    Attributes
    ----------
    criterion : str
    threshold, value : float
        [%]; the value is NaN where nobody is concerned.
    margin : float
        By how much it passes; below zero, by how much it fails [percentage points].
    passed : bool
    note : str
    """

    criterion: str
    threshold: float
    value: float
    margin: float
    passed: bool
    note: str


def judge(gates: Gates, measured: Measured) -> tuple[Verdict, ...]:
    """Every criterion; what concerns nobody passes, with a note."""
    cases = (
        ("boxes delivered to poor and near-poor", gates.boxes_delivered_percent,
         measured.boxes_delivered_percent, 1.0, ""),
        ("households losing all programmes", gates.losing_all_percent,
         measured.losing_all_percent, -1.0, ""),
        ("population with good digital reception", gates.population_percent,
         measured.population_percent, 1.0, ""),
        ("worst unit, acceptable digital reception", gates.worst_unit_percent,
         measured.worst_unit_percent, 1.0, measured.worst_unit),
        *((f"households losing {name}", gates.losing_programme_percent, value, -1.0, "")
          for name, value in measured.losing_programme_percent),
    )  # fmt: skip
    found = []
    for name, threshold, value, sign, note in cases:
        if math.isnan(value):
            found.append(Verdict(name, threshold, value, math.nan, True, "nobody is concerned"))
            continue
        margin = sign * (value - threshold)
        found.append(Verdict(name, threshold, value, margin, margin >= -ROUNDING, note))
    return tuple(found)


def may_go_ahead(verdicts: tuple[Verdict, ...]) -> bool:
    """Whether every criterion passes."""
    return all(v.passed for v in verdicts)
