"""Households by unit and means, and who of them has a DVB-T2 receiver by when."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dtt_sim.typing import Float64Array

GROUPS: Final = ("poor", "near_poor", "other")
"""Groups of households by their means."""
DAYS_PER_MONTH: Final = 30.4375


@dataclass(frozen=True, eq=False)
class HouseholdModel:
    """Households of administrative units, all `(n_unit,)`.

    Attributes
    ----------
    units : tuple of str
    persons, persons_per_household : float64
    terrestrial, poor, near_poor : float64
        Share of households that watch terrestrial television only; that are poor or near-poor.

    Raises
    ------
    ValueError
        A share that is none; names the unit.
    """

    units: tuple[str, ...]
    persons: Float64Array
    persons_per_household: Float64Array
    terrestrial: Float64Array
    poor: Float64Array
    near_poor: Float64Array

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for k, unit in enumerate(self.units):
            shares = self.terrestrial[k], self.poor[k], self.near_poor[k]
            if not (min(shares) >= 0.0 and max(shares) <= 1.0 and shares[1] + shares[2] <= 1.0):
                msg = (
                    f"{unit}: shares of households must lie between 0 and 100 % and sum to no more"
                )
                raise ValueError(msg)
            if not self.persons_per_household[k] > 0.0:
                msg = f"{unit}: persons_per_household must be above 0"
                raise ValueError(msg)

    @property
    def households(self) -> Float64Array:
        """All households."""
        return self.persons / self.persons_per_household

    @property
    def watching(self) -> Float64Array:
        """Households that watch terrestrial television only."""
        return self.households * self.terrestrial

    @property
    def group_shares(self) -> Float64Array:
        """Share of households by group, (n_group, n_unit); taken to be alike on all platforms."""
        return np.stack([self.poor, self.near_poor, 1.0 - self.poor - self.near_poor])


@dataclass(frozen=True, slots=True)
class Uptake:
    """Households that buy a receiver by themselves.

    The share of those without one falls by the same part every day: share(t) = 1 - (1 - s0) e^(-λ t),
    with s0 at `start` and λ such that `share_after` have one after `months`.

    Attributes
    ----------
    start : date
    at_start, share_after : float
        0..1.
    months : float
    """

    start: dt.date
    at_start: float
    share_after: float
    months: float

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not (0.0 <= self.at_start <= self.share_after < 1.0 and self.months > 0.0):
            msg = (
                f"uptake from {100 * self.at_start:g} to {100 * self.share_after:g} % in "
                f"{self.months:g} months; give shares that rise, below 100 %, and months above 0"
            )
            raise ValueError(msg)

    def share(self, dates: Sequence[dt.date], share_after: float | None = None) -> Float64Array:
        """Share of households with a receiver of their own at some dates, (n,); never falling.

        >>> uptake = Uptake(dt.date(2016, 1, 1), 0.15, 0.65, 24.0)
        >>> uptake.share([dt.date(2015, 1, 1), dt.date(2016, 1, 1)]).round(3).tolist()
        [0.15, 0.15]
        """
        after = self.share_after if share_after is None else max(share_after, self.at_start)
        days = np.maximum([(date - self.start).days for date in dates], 0.0)
        rate = -math.log((1.0 - after) / (1.0 - self.at_start)) / (self.months * DAYS_PER_MONTH)
        return np.asarray(1.0 - (1.0 - self.at_start) * np.exp(-rate * days))


def equipped_by_group(own: Float64Array, delivered: Float64Array) -> Float64Array:
    """Share of households with a receiver by group, (n_phase, n_group); never falling.

    A supported household that has bought one needs no delivery: of a supported group those have one
    who have bought or been given one, the larger of the two shares.

    Parameters
    ----------
    own : (n_phase,) float64
        As :meth:`Uptake.share`.
    delivered : (n_phase, n_group) float64
        Share of the group that deliveries are to reach by then; 0 for groups without support.
    """
    found = np.maximum(own[:, None], delivered)
    return np.maximum.accumulate(found, axis=0)


def equipped_by_unit(by_group: Float64Array, group_shares: Float64Array) -> Float64Array:
    """Share of all households with a receiver, (n_phase, n_unit)."""
    return np.asarray(np.clip(by_group @ group_shares, 0.0, 1.0))
