"""Whether runs can be compared, phase by phase, and how the cells of one are found in another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim.errors import DttSimError
from dtt_sim.typing import IntArray
from dtt_sim.workflow.finished import FinishedRun, PhaseOfRun

Match = Literal["id", "date"]
TOLERANCE = 1e-6
"""Relative; of people and households that are to be the same."""
EARTH_RADIUS_KM = 6371.0
_TABLES = (
    ("propagation", "the propagation model"),
    ("reception", "how households receive"),
    ("households", "households"),
    ("prices", "prices"),
    ("uncertainty", "what is drawn"),
)
"""Tables of a scenario beside its network, whose differences are told."""
_OF_TABLES_ONLY = {"islands", "draws"}
"""Keys that change what is told of a run, not what happens in it."""


class NotComparableError(DttSimError, ValueError):
    """Runs that have too little in common; says what differs and what to do."""


class Pair(NamedTuple):
    """What is held against each other: a phase of the base, and one of another run.

    Attributes
    ----------
    name : str
        Of the phase, or the date.
    date : date or None
        From which it holds in the base; the date itself where phases are matched by date.
    base, other : PhaseOfRun
    """

    name: str
    date: dt.date | None
    base: PhaseOfRun
    other: PhaseOfRun

    @property
    def is_by_date(self) -> bool:
        """Whether it is a day, and not a phase that both have."""
        return self.date is not None and self.name == self.date.isoformat()


@dataclass(frozen=True, eq=False)
class Comparable:
    """A run beside the base.

    Attributes
    ----------
    base, other : FinishedRun
    pairs : tuple of Pair
        By date.
    cell : (n_row, n_col) int64 or None
        Cell of the other run at the centre of each of the base's, -1 outside; None where the grids
        are one.
    place : (n_place,) int64 or None
        Place of the other run's fates for each of the base's; None where one has none.
    warnings : tuple of str
        Differences beside the network.
    """

    base: FinishedRun
    other: FinishedRun
    pairs: tuple[Pair, ...]
    cell: IntArray | None
    place: IntArray | None
    warnings: tuple[str, ...]

    def on_base(self, values: NDArray[Any], outside: float) -> NDArray[Any]:
        """A raster of the other run on the base's grid."""
        if self.cell is None:
            return values
        taken = values.ravel()[np.maximum(self.cell, 0)]
        return np.where(self.cell < 0, values.dtype.type(outside), taken)


def make_comparable(
    base: FinishedRun, other: FinishedRun, *, match: Match = "id", regrid: bool = False
) -> Comparable:
    """Hold a run against a base.

    Parameters
    ----------
    base, other : FinishedRun
    match : {"id", "date"}
        Whether phases of one name belong together, or what is on air on one date.
    regrid : bool
        Take from another grid what its cell, or its nearest place of the same unit, says at each
        cell, or place, of the base.

    Raises
    ------
    NotComparableError
        All reasons at once.
    """
    reasons: list[str] = []
    warnings: list[str] = []
    cell = None
    if base.grid != other.grid:
        cell = _cells(base, other, reasons, warnings, regrid=regrid)
    _check_people(base, other, reasons, is_same_grid=cell is None)
    place = None
    if not reasons:
        place = _check_households(base, other, reasons, warnings, is_same_grid=cell is None)
    try:
        pairs = pair_phases(base, other, match, warnings)
    except NotComparableError as error:
        pairs = ()
        reasons.append(str(error))
    if reasons:
        lines = "\n".join(f"  {reason}" for reason in reasons)
        msg = f"{other.label} cannot be compared with {base.label}:\n{lines}"
        raise NotComparableError(msg)
    warnings += _other_differences(base, other)
    return Comparable(base, other, pairs, cell, place, tuple(warnings))


def _cells(
    base: FinishedRun, other: FinishedRun, reasons: list[str], warnings: list[str], *, regrid: bool
) -> IntArray:
    """Cell of the other run at the centre of each of the base's."""
    text = f"grids differ: {_told(base)} and {_told(other)}"
    if not regrid:
        reasons.append(f"{text}; run both on one [grid], or ask for regridding (--regrid)")
    row, col = other.grid.fractional_index(*base.grid.lonlat())
    with np.errstate(invalid="ignore"):
        inside = (row > -0.5) & (col > -0.5)
        inside &= (row < other.grid.n_row - 0.5) & (col < other.grid.n_col - 0.5)
        flat = np.rint(row) * other.grid.n_col + np.rint(col)
    if regrid and not inside.any():
        reasons.append(f"{text}, and have no cell in common; nothing can be compared")
    warnings.append(
        f"{text}: each cell of {base.label} has what the cell of {other.label} at its centre says"
        + (
            ""
            if inside.all()
            else f"; {100.0 * np.mean(~inside):.1f} % of the cells lie outside it"
        )
        + "; part of what is gained and lost comes of the grids"
    )
    return np.where(inside, flat, -1).astype(np.int64)


def _told(run: FinishedRun) -> str:
    grid = run.grid
    return f"{grid.n_row} x {grid.n_col} cells of {grid.transform[0]:g} in {grid.crs}"


def _check_people(
    base: FinishedRun, other: FinishedRun, reasons: list[str], *, is_same_grid: bool
) -> None:
    """Units and their people are the same; on one grid those of every cell."""
    a, b = base.places, other.places
    if (a is None) != (b is None):
        missing = base if a is None else other
        reasons.append(f"{missing.label} has no population; run both with one [population]")
    if a is None or b is None:
        return
    if a.units != b.units:
        only = [", ".join(sorted({*x.units} - {*y.units})[:5]) for x, y in ((a, b), (b, a))]
        each = [
            f"only in {run.label}: {names}"
            for run, names in zip((base, other), only, strict=True)
            if names
        ]
        text = "; ".join(each) or "in another order"
        reasons.append(f"units differ ({text}); run both with the same units")
        return
    if base.vintage != other.vintage:
        reasons.append(
            f"units are of {base.vintage or 'no date'!r} and of {other.vintage or 'no date'!r}; run "
            "both with the same"
        )
    totals = [np.bincount(p.unit, p.persons, len(p.units)) + p.outside for p in (a, b)]
    off = np.abs(totals[1] - totals[0]) > TOLERANCE * np.maximum(totals[0], 1.0)
    if off.any():
        k = int(np.argmax(np.abs(totals[1] - totals[0])))
        reasons.append(
            f"population differs in {np.count_nonzero(off)} of {off.size} units (most in "
            f"{a.units[k]}: {totals[0][k]:,.0f} and {totals[1][k]:,.0f} persons); run both with one"
        )
    elif is_same_grid and not _is_same_places(a, b):
        reasons.append(
            "people of the same units live elsewhere; run both with one [population] file"
        )


def _is_same_places(a: Any, b: Any) -> bool:
    return bool(
        np.array_equal(a.unit, b.unit)
        and np.array_equal(a.cell, b.cell)
        and np.allclose(a.persons, b.persons, rtol=TOLERANCE, atol=1e-9)
    )


def _check_households(
    base: FinishedRun, other: FinishedRun, reasons: list[str], warnings: list[str],
    *, is_same_grid: bool,
) -> IntArray | None:  # fmt: skip
    """Places of the other run for those of the base; households must be as many."""
    a, b = base.fates, other.fates
    if a is None or b is None:
        if (a is None) != (b is None):
            without = (base if a is None else other).label
            warnings.append(
                f"households and money are not compared: {without} has none; they need a plan with "
                "[households], run with all its phases"
            )
        return None
    units = [str(v) for v in a["unit"].to_numpy()]
    totals = [
        np.bincount(d["unit_of_place"].to_numpy(), d["households"].to_numpy(), len(units))
        for d in (a, b)
    ]
    # On another grid a few people of the edge are inside one and outside the other.
    limit = TOLERANCE if is_same_grid else 0.01
    if not np.allclose(totals[0], totals[1], rtol=limit, atol=1.0):
        numbers = " and ".join(f"{t.sum():,.0f}" for t in totals)
        reasons.append(
            f"households that watch terrestrial television differ ({numbers}); run both with one "
            "[households]"
        )
        return None
    if is_same_grid:
        return np.arange(a.sizes["place"])
    return _nearest_places(a, b, len(units), other, warnings)


def _nearest_places(
    a: Any, b: Any, n_unit: int, other: FinishedRun, warnings: list[str]
) -> IntArray:
    """The other run's nearest place of the same unit."""
    from scipy.spatial import cKDTree

    found = np.zeros(a.sizes["place"], np.int64)
    away_km = np.zeros(a.sizes["place"])

    def on_sphere(data: Any) -> Any:
        lon, lat = (np.radians(data[name].to_numpy()) for name in ("lon", "lat"))
        flat = np.cos(lat)
        return EARTH_RADIUS_KM * np.column_stack(
            [flat * np.cos(lon), flat * np.sin(lon), np.sin(lat)]
        )

    here, there = on_sphere(a), on_sphere(b)
    own, others = a["unit_of_place"].to_numpy(), b["unit_of_place"].to_numpy()
    for unit in range(n_unit):
        mine, theirs = np.flatnonzero(own == unit), np.flatnonzero(others == unit)
        if mine.size and theirs.size:
            away_km[mine], near = cKDTree(there[theirs]).query(here[mine])
            found[mine] = theirs[near]
    warnings.append(
        f"households are those of the base; each has what the nearest place of its unit in "
        f"{other.label} has, at most {away_km.max():.1f} km away"
    )
    return found


def pair_phases(
    base: FinishedRun, other: FinishedRun, match: Match, warnings: list[str]
) -> tuple[Pair, ...]:
    """Phases that are held against each other.

    Raises
    ------
    NotComparableError
        None.
    """
    if match == "date":
        return _pairs_by_date(base, other)
    theirs = {phase.id: phase for phase in other.phases}
    pairs = tuple(
        Pair(phase.id, phase.date, phase, theirs[phase.id])
        for phase in base.phases
        if phase.id in theirs
    )
    if not pairs:
        ids = " and ".join(", ".join(p.id for p in run.phases) for run in (base, other))
        msg = f"no phase has one name in both ({ids}); compare by date (--match date)"
        raise NotComparableError(msg)
    common = {pair.name for pair in pairs}
    for run in (base, other):
        alone = [phase.id for phase in run.phases if phase.id not in common]
        if alone:
            warnings.append(f"only in {run.label}, not compared: {', '.join(alone)}")
    late = [p for p in pairs if p.base.date != p.other.date]
    if late:
        told = ", ".join(f"{p.name} {p.base.date} and {p.other.date}" for p in late)
        warnings.append(
            f"phases of one name have other dates: {told}; --match date holds what is on air on one "
            "day against each other"
        )
    return pairs


def _pairs_by_date(base: FinishedRun, other: FinishedRun) -> tuple[Pair, ...]:
    dates = [[p.date for p in run.phases if p.date] for run in (base, other)]
    if not all(dates):
        msg = "phases have no dates; compare by name"
        raise NotComparableError(msg)
    first = max(min(own) for own in dates)
    return tuple(
        Pair(date.isoformat(), date, _in_force(base, date), _in_force(other, date))
        for date in sorted({d for own in dates for d in own if d >= first})
    )


def _in_force(run: FinishedRun, date: dt.date) -> PhaseOfRun:
    return [p for p in run.phases if p.date and p.date <= date][-1]


def _other_differences(base: FinishedRun, other: FinishedRun) -> list[str]:
    """What differs beside the network, so that gains and losses are not the network's alone."""
    found = []
    a, b = base.manifest, other.manifest
    # One file cut to another box is the same ground.
    if a["terrain"]["sha256"] != b["terrain"]["sha256"] and _ground_of(a) != _ground_of(b):
        found.append("terrain differs: gains and losses are not those of the network alone")
    for table, text in _TABLES:
        told = _different(a["scenario"].get(table), b["scenario"].get(table))
        if told:
            found.append(f"{text} differ: {_list(f'{table}.{one}' for one in told)}")
    if a["dtt_sim"] != b["dtt_sim"]:
        found.append(f"made by versions {a['dtt_sim']} and {b['dtt_sim']}")
    if a["solver"] != b["solver"]:
        keys = _different(a["solver"], b["solver"])
        found.append(f"path losses of another solver or processor: {_list(keys)}")
    return found


def _ground_of(manifest: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What the ground is made of: keys, but for what is only told of it, and the hash of every file."""
    keys = {
        k: v
        for k, v in manifest["scenario"]["terrain"].items()
        if k not in {"credits", "schematic"}
    }
    names: set[str] = set()
    for key in ("elevation", "land", "zones", "land_cover"):
        value = keys.get(key)
        names.update(value if isinstance(value, list) else [value] if value else [])
    return keys, {k: v for k, v in manifest["files_sha256"].items() if k in names}


def _different(a: Any, b: Any) -> list[str]:
    """Keys with both values, where they are short."""
    a, b = a or {}, b or {}
    found = []
    for key in sorted({*a, *b} - _OF_TABLES_ONLY):
        if a.get(key) != b.get(key):
            values = a.get(key), b.get(key)
            is_plain = all(isinstance(v, int | float | str | None) for v in values)
            found.append(key + (f" {values[0]} and {values[1]}" if is_plain else ""))
    return found


def _list(names: Iterable[str], most: int = 6) -> str:
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
