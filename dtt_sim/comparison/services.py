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
_OFF_AIR: Final = (Reason(OFF_AIR, ""),)
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
    margin_difference_db, margin_db : (n_row, n_col) float32
        The other run's margin less the base's [dB], NaN where one has none; and the larger of both.
    only_in : str
        The one run that has it on air; empty where both have.
    reason : (n_row, n_col) int64
        Position in `reasons` of why it is lost, or was not there before; -1 elsewhere.
    reasons : tuple of Reason
    """

    service: str
    title: str
    quality: str
    change: UInt8Array
    margin_difference_db: Float32Array
    margin_db: Float32Array
    only_in: str
    reason: IntArray
    reasons: tuple[Reason, ...]

    @property
    def is_any(self) -> bool:
        """Whether anything changes, if only by a fraction of a dB."""
        shifted = np.nan_to_num(self.margin_difference_db) != 0.0
        return bool(shifted.any() or np.isin(self.change, (LOST, GAINED)).any())


class _Side(NamedTuple):
    """A service in one of the runs, on the base's grid; not on air: all NaN and unserved.

    `server` counts in `stations`, `reason` in `reasons`.
    """

    run: FinishedRun
    phase: PhaseOfRun
    is_served: BoolArray
    has_data: BoolArray
    margin_db: Float32Array
    server: IntArray
    stations: tuple[str, ...]
    reason: IntArray
    reasons: tuple[Reason, ...]

    @property
    def is_on_air(self) -> bool:
        """Whether any station carries it."""
        return self.reasons != _OFF_AIR


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
        nowhere, none = np.zeros(shape, np.bool_), np.zeros(shape, np.int64)
        nothing = np.full(shape, np.nan, np.float32)
        return _Side(run, phase, nowhere, nowhere, nothing, none - 1, (), none, _OFF_AIR)
    served, margin, cause, culprit, server = (
        run.layer(phase.id, service, name)
        for name in ("served", "margin", "cause", "culprit", "best_server")
    )
    # One number for cause and station.
    n = len(culprit.stations) + 1
    code = cause.values.astype(np.int64) * n + culprit.values.astype(np.int64) + 1
    reasons = tuple(Reason(why, who) for why in CAUSES for who in ("", *culprit.stations))
    layers = [served.values, margin.values, code, server.values]
    if run is runs.other:
        outside = NO_DATA, np.nan, CAUSES.index("no data") * n, -1
        layers = [runs.on_base(v, fill) for v, fill in zip(layers, outside, strict=True)]
    has_data = layers[0] != NO_DATA
    return _Side(
        run, phase, has_data & (layers[0] >= level), has_data, layers[1].astype(np.float32),
        layers[3].astype(np.int64), server.stations, layers[2], reasons,
    )  # fmt: skip


def _any_of(sides: list[_Side]) -> _Side:
    """Reception of any service; why there is none is why the first one on air does not serve."""
    told = next((s for s in sides if s.is_on_air), sides[0])
    best, server = sides[0].margin_db, np.full_like(told.server, -1)
    stations = tuple(dict.fromkeys(name for s in sides for name in s.stations))
    for side in sides:
        best = np.fmax(best, side.margin_db)
        # Of several services the first that serves counts; the last number stands for no station.
        number = np.array([*(stations.index(name) for name in side.stations), -1])
        server = np.where((server < 0) & side.is_served, number[side.server], server)
    return told._replace(
        is_served=np.any([s.is_served for s in sides], axis=0),
        has_data=np.any([s.has_data for s in sides], axis=0),
        margin_db=best, server=server, stations=stations,
    )  # fmt: skip


def _change(name: str, title: str, quality: str, base: _Side, other: _Side) -> ServiceChange:
    change = np.select(
        [base.is_served & other.is_served, other.is_served, base.is_served],
        [KEPT, GAINED, LOST], NEITHER,
    ).astype(np.uint8)  # fmt: skip
    change[~base.has_data & ~other.has_data] = NO_DATA
    reason, reasons = np.full(change.shape, -1), list[Reason]()
    for kind, has, has_not in ((LOST, base, other), (GAINED, other, base)):
        here = change == kind
        n = len(has.stations) + 1
        code = has_not.reason[here] * n + has.server[here] + 1
        found, position = np.unique(code, return_inverse=True)
        reason[here] = len(reasons) + position
        reasons += [_reason(has, has_not, *divmod(int(one), n)) for one in found]
    only_in = (
        "" if base.is_on_air == other.is_on_air else (base if base.is_on_air else other).run.label
    )
    return ServiceChange(
        name, title, quality, change, other.margin_db - base.margin_db,
        np.fmax(other.margin_db, base.margin_db), only_in, reason, tuple(reasons),
    )  # fmt: skip


def _reason(has: _Side, has_not: _Side, why: int, server: int) -> Reason:
    """Why the one run does not serve, and what became of the station that serves in the other."""
    reason = has_not.reasons[why]
    if server == 0:
        return reason
    name = has.stations[server - 1]
    there = has_not.phase.stations.get(name)
    own = has.phase.stations.get(name)
    now = "off air" if there is None else "as it is" if there == own else "changed"
    return reason._replace(served_by=name, now=now)


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
