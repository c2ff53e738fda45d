"""Households that receive an item in both of two runs, in one of them or in none, and why.

Receivers are bought in one order: the households that have one in the run with fewer have one in the
run with more as well. So the share of a place that is of one kind in one run and of another in the
other follows from both runs' shares, and everybody is counted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from dtt_sim.comparison.comparable import Comparable, Pair
from dtt_sim.comparison.counts import (
    CHANGES,
    GAINED,
    KEPT,
    LOST,
    NEITHER,
    NO_REASON,
    Count,
    Fate,
    Reason,
    whole_counts,
)
from dtt_sim.transition.ledger import CAUSES, GAINS, KEEPS, KINDS, LOSES, STARTS, Item
from dtt_sim.typing import BoolArray, Float64Array, IntArray
from dtt_sim.workflow.finished import FinishedRun

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER: Final = "not received at any time"
NOT_CARRIED: Final = "not carried by any service"
_WITHOUT, _NEW, _WITH = range(3)
_BEFORE: Final = {_WITHOUT: (_WITHOUT,), _NEW: (_WITHOUT,), _WITH: (_WITH, _NEW)}
"""What households of a kind were the phase before."""


@dataclass(frozen=True, eq=False)
class RunFates:
    """Who receives what in a run, and otherwise why not.

    Attributes
    ----------
    run : FinishedRun
    phases : tuple of str
    items : tuple of Item
    share : (n_phase, n_kind, n_unit) float64
    gets : (n_phase, n_item, n_kind, n_place) bool
    reason : (n_phase, n_item, n_kind, n_place) int32
        Position in `reasons`: the cause of the last loss, where it is not received.
    reasons : tuple of Reason
    """

    run: FinishedRun
    phases: tuple[str, ...]
    items: tuple[Item, ...]
    share: Float64Array
    gets: BoolArray
    reason: NDArray[np.int32]
    reasons: tuple[Reason, ...]

    @classmethod
    def of(cls, run: FinishedRun, place: IntArray) -> RunFates:
        """Fates of a run at some of its places."""
        data = run.fates
        assert data is not None
        status, cause, station = (
            data[name].to_numpy()[..., place] for name in ("status", "cause", "station")
        )
        stations = ("", *(str(v) for v in data["station_name"].to_numpy()))
        reasons = (
            Reason(NEVER, ""), *(Reason(why, who) for why in CAUSES for who in stations),
        )  # fmt: skip
        code = 1 + cause.astype(np.int32) * len(stations) + station.astype(np.int32) + 1
        items = tuple(
            Item(str(kind), str(name))
            for kind, name in zip(
                data["item_kind"].to_numpy(), data["item_name"].to_numpy(), strict=True
            )
        )
        return cls(
            run, tuple(str(v) for v in data["phase_name"].to_numpy()), items,
            data["share"].to_numpy(), np.isin(status, (STARTS, KEEPS, GAINS)),
            _last_reason(status, code), reasons,
        )  # fmt: skip

    def share_of(self, phase: str) -> Float64Array:
        """Share of households of each kind in a phase, (n_kind, n_unit)."""
        return np.asarray(self.share[self.phases.index(phase)])


def _last_reason(status: NDArray[np.int8], code: NDArray[np.int32]) -> NDArray[np.int32]:
    """Reason of the last loss so far, by phase and kind of household; 0 for none."""
    found = np.zeros(status.shape, np.int32)
    for p in range(len(status)):
        for kind in range(len(KINDS)):
            found[p, :, kind] = code[p, :, kind] * (status[p, :, kind] == LOSES)
            for earlier in _BEFORE[kind] if p else ():
                unknown = found[p, :, kind] == 0
                found[p, :, kind][unknown] = found[p - 1, :, earlier][unknown]
    return found


def overlap(a: Float64Array, b: Float64Array) -> Float64Array:
    """Share of households that are of one kind in one run and of another in the other.

    Parameters
    ----------
    a, b : (n_kind, n_unit) float64
        Shares by kind, as :data:`dtt_sim.transition.ledger.KINDS` has them.

    Returns
    -------
    (n_kind, n_kind, n_unit) float64
        Sums over either axis are the other's shares.
    """
    found = np.zeros((len(KINDS), len(KINDS), a.shape[1]))
    # Who has had a receiver longest stands first.
    order = (_WITH, _NEW, _WITHOUT)
    ends = [np.cumsum(v[list(order)], axis=0) for v in (a, b)]
    for i, kind in enumerate(order):
        for j, other in enumerate(order):
            low = np.maximum(ends[0][i] - a[kind], ends[1][j] - b[other])
            high = np.minimum(ends[0][i], ends[1][j])
            found[kind, other] = np.maximum(high - low, 0.0)
    return found


@dataclass(frozen=True, eq=False)
class HouseholdChanges:
    """Households of two runs, over the places of the base.

    Attributes
    ----------
    units : tuple of str
    unit, cell : (n_place,) int64
    households : (n_place,) float64
    base, other : RunFates
    """

    units: tuple[str, ...]
    unit: IntArray
    cell: IntArray
    households: Float64Array
    base: RunFates
    other: RunFates

    @classmethod
    def of(cls, runs: Comparable) -> HouseholdChanges | None:
        """Households of two runs; None where one has none."""
        data = runs.base.fates
        if data is None or runs.place is None:
            return None
        every = np.arange(data.sizes["place"])
        return cls(
            tuple(str(v) for v in data["unit"].to_numpy()),
            data["unit_of_place"].to_numpy().astype(np.int64),
            data["cell"].to_numpy().astype(np.int64), data["households"].to_numpy(),
            RunFates.of(runs.base, every), RunFates.of(runs.other, runs.place),
        )  # fmt: skip

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Everything that one of the runs carries."""
        return tuple(dict.fromkeys((*self.base.items, *self.other.items)))

    def _parts(self, pair: Pair, item: Item) -> list[tuple[Float64Array, IntArray, IntArray]]:
        """Households, change and reason by place, for each pair of kinds that occurs."""
        shares = overlap(self.base.share_of(pair.base.id), self.other.share_of(pair.other.id))
        base, other = (
            _side(run, phase, item, self.unit.size)
            for run, phase in ((self.base, pair.base.id), (self.other, pair.other.id))
        )
        n_base = len(self.base.reasons) + 1
        parts = []
        for kind, theirs in zip(*np.nonzero(shares.any(axis=2)), strict=True):
            had, gets = base[0][kind], other[0][theirs]
            change = np.select([had & gets, gets, had], [KEPT, GAINED, LOST], NEITHER)
            reason = np.select(
                [change == LOST, change == GAINED], [n_base + other[1][theirs], base[1][kind]], -1
            )
            parts.append((self.households * shares[kind, theirs][self.unit], change, reason))
        return parts

    def by_place(self, pair: Pair, item: Item) -> Float64Array:
        """Households by change, (n_change, n_place)."""
        found = np.zeros((len(CHANGES), self.unit.size))
        every = np.arange(self.unit.size)
        for households, change, _ in self._parts(pair, item):
            found[change, every] += households
        return found

    def count(self, pair: Pair, item: Item) -> list[Count]:
        """Households by unit, change and reason; those of a unit sum to all its households."""
        nowhere = Reason(NOT_CARRIED, "")
        reasons = (*self.base.reasons, nowhere, *self.other.reasons, nowhere, NO_REASON)
        n = len(self.units)
        rows: dict[Fate, Float64Array] = {}
        for households, change, reason in self._parts(pair, item):
            # The last of the reasons stands for none.
            code = change * len(reasons) + np.where(reason < 0, len(reasons) - 1, reason)
            for one in np.unique(code):
                here = code == one
                what, why = divmod(int(one), len(reasons))
                fate = what, reasons[why]
                by_unit = np.bincount(self.unit[here], households[here], n)
                rows[fate] = rows.get(fate, np.zeros(n)) + by_unit
        return whole_counts(rows, self.units)


def _side(
    run: RunFates, phase: str, item: Item, n_place: int
) -> tuple[BoolArray, NDArray[np.int32]]:
    """Reception and reason of an item, (n_kind, n_place)."""
    if item not in run.items:
        shape = len(KINDS), n_place
        return np.zeros(shape, np.bool_), np.full(shape, len(run.reasons), np.int32)
    at = run.phases.index(phase), run.items.index(item)
    return run.gets[at], run.reason[at]
