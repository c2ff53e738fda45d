"""Where a service is gained, lost or kept, by how many dB, by how many people, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

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
from dtt_sim.errors import DttSimError
from dtt_sim.network.evaluate import CAUSES
from dtt_sim.typing import BoolArray, Float32Array, Float64Array, IntArray, UInt8Array
from dtt_sim.workflow.finished import FinishedRun, PhaseOfRun, Places

NO_DATA: Final = 255
ANY_DIGITAL: Final = "(any DVB-T2 service)"
OFF_AIR: Final = "service not on air"
QUALITIES: Final = ("acceptable", "good")
"""Of DVB-T2; of analogue services grade 3 and grade 4."""


@dataclass(frozen=True, eq=False)
class ServiceChange:
    """What becomes of a service between two runs, over the base's grid.

    Attributes
    ----------
    service, title : str
    quality : str
        As the base has it, or the other run where only it has the service.
    change : (n_row, n_col) uint8
        Position in `CHANGES`; 255 where neither run has data.
    margin_difference_db : (n_row, n_col) float32
        The other run's margin less the base's [dB]; NaN where one has none.
    reason : (n_row, n_col) int64
        Position in `reasons` of why it is lost, or was not there before; -1 elsewhere.
    reasons : tuple of Reason
    """

    service: str
    title: str
    quality: str
    change: UInt8Array
    margin_difference_db: Float32Array
    reason: IntArray
    reasons: tuple[Reason, ...]

    @property
    def is_any(self) -> bool:
        """Whether anything changes, if only by a fraction of a dB."""
        shifted = np.nan_to_num(self.margin_difference_db) != 0.0
        return bool(shifted.any() or np.isin(self.change, (LOST, GAINED)).any())


class _Side(NamedTuple):
    """A service in one of the runs, on the base's grid; not on air: all NaN and unserved."""

    is_served: BoolArray
    has_data: BoolArray
    margin_db: Float32Array
    reason: IntArray
    reasons: tuple[Reason, ...]


def service_changes(
    runs: Comparable, pair: Pair, *, quality: str = "good", only: Collection[str] | None = None
) -> Iterator[ServiceChange]:
    """Changes of every service that is on air in one of the phases, and of any DVB-T2 service.

    Parameters
    ----------
    runs : Comparable
    pair : Pair
    quality : {"good", "acceptable"}
        Of analogue services grade 4 and grade 3.
    only : collection of str, optional
        Services that are wanted; by default all.

    Raises
    ------
    DttSimError
        No such quality.
    """
    if quality not in QUALITIES:
        msg = f"no quality {quality!r}; choose from {', '.join(QUALITIES)}"
        raise DttSimError(msg)
    level = 1 + QUALITIES.index(quality)
    is_any_wanted = only is None or ANY_DIGITAL in only
    services = {**pair.other.services, **pair.base.services}
    order = dict.fromkeys((*pair.base.services, *pair.other.services))
    digital: list[tuple[_Side, _Side]] = []
    for name in order:
        is_wanted = only is None or name in only
        if not (is_wanted or (is_any_wanted and services[name].is_digital)):
            continue
        base = _side(runs, runs.base, pair.base, name, level)
        other = _side(runs, runs.other, pair.other, name, level)
        service = services[name]
        if service.is_digital:
            digital.append((base, other))
        if is_wanted:
            yield _change(name, service.title, service.qualities[level - 1], base, other)
    if digital and is_any_wanted:
        base, other = (_any_of([sides[k] for sides in digital]) for k in (0, 1))
        yield _change(ANY_DIGITAL, "any DVB-T2 service", quality, base, other)


def _side(runs: Comparable, run: FinishedRun, phase: PhaseOfRun, service: str, level: int) -> _Side:
    shape = runs.base.grid.shape
    if service not in phase.services:
        nowhere = np.zeros(shape, np.bool_)
        nothing = np.full(shape, np.nan, np.float32)
        return _Side(nowhere, nowhere, nothing, np.zeros(shape, np.int64), (Reason(OFF_AIR, ""),))

    served, margin, cause, culprit = (
        run.layer(phase.id, service, name) for name in ("served", "margin", "cause", "culprit")
    )
    # One number for cause and station.
    n = len(culprit.stations) + 1
    code = cause.values.astype(np.int64) * n + culprit.values.astype(np.int64) + 1
    reasons = tuple(Reason(why, who) for why in CAUSES for who in ("", *culprit.stations))
    layers = [served.values, margin.values, code]
    if run is runs.other:
        outside = NO_DATA, np.nan, CAUSES.index("no data") * n
        layers = [runs.on_base(v, fill) for v, fill in zip(layers, outside, strict=True)]
    has_data = layers[0] != NO_DATA
    return _Side(
        has_data & (layers[0] >= level), has_data, layers[1].astype(np.float32), layers[2], reasons
    )


def _any_of(sides: list[_Side]) -> _Side:
    """Reception of any service; why there is none is why the first one does not serve."""
    best = sides[0].margin_db
    for side in sides[1:]:
        best = np.fmax(best, side.margin_db)
    # A service that is on air says more than one that is not.
    told = next((s for s in sides if s.reasons != (Reason(OFF_AIR, ""),)), sides[0])
    return _Side(
        np.any([s.is_served for s in sides], axis=0), np.any([s.has_data for s in sides], axis=0),
        best, told.reason, told.reasons,
    )  # fmt: skip


def _change(name: str, title: str, quality: str, base: _Side, other: _Side) -> ServiceChange:
    change = np.select(
        [base.is_served & other.is_served, other.is_served, base.is_served],
        [KEPT, GAINED, LOST], NEITHER,
    ).astype(np.uint8)  # fmt: skip
    change[~base.has_data & ~other.has_data] = NO_DATA
    shifted = len(base.reasons)
    reason = np.select(
        [change == LOST, change == GAINED], [shifted + other.reason, base.reason], -1
    )
    return ServiceChange(
        name, title, quality, change, other.margin_db - base.margin_db,
        reason, (*base.reasons, *other.reasons),
    )  # fmt: skip


def count_people(found: ServiceChange, places: Places) -> list[Count]:
    """People by unit, change and reason; those of a unit sum to its people on the grid.

    Cells without data count as neither.
    """
    change = found.change.ravel()[places.cell].astype(np.int64)
    change[change == NO_DATA] = NEITHER
    reason = found.reason.ravel()[places.cell]
    n_reason = len(found.reasons) + 1
    code = change * n_reason + reason + 1
    rows: dict[Fate, Float64Array] = {}
    for one in np.unique(code):
        what, why = divmod(int(one), n_reason)
        here = code == one
        by_unit = np.bincount(places.unit[here], places.persons[here], len(places.units))
        fate = what, found.reasons[why - 1] if why else NO_REASON
        rows[fate] = rows.get(fate, np.zeros(len(places.units))) + by_unit
    return whole_counts(rows, places.units, places.is_counted.tolist())


def areas_km2(found: ServiceChange, cell_km2: Float64Array) -> dict[tuple[str, Reason], float]:
    """Area by change and reason, sea included; cells without data count as neither."""
    change = np.where(found.change == NO_DATA, NEITHER, found.change).astype(np.int64)
    n_reason = len(found.reasons) + 1
    code = change * n_reason + found.reason + 1
    areas: dict[tuple[str, Reason], float] = {}
    for one, square_km in zip(*_sums(code.ravel(), cell_km2.ravel()), strict=True):
        what, why = divmod(int(one), n_reason)
        fate = CHANGES[what], found.reasons[why - 1] if why else NO_REASON
        areas[fate] = areas.get(fate, 0.0) + float(square_km)
    return areas


def _sums(code: IntArray, values: Float64Array) -> tuple[IntArray, Float64Array]:
    """Codes that occur, and what their values sum to."""
    codes, position = np.unique(code, return_inverse=True)
    return codes, np.asarray(np.bincount(position, values), np.float64)
