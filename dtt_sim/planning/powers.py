"""Radiated powers of a multiplex that serve most people, within limits and perhaps a sum.

Power counts after the path loss: a station's fields move by as many dB. The search goes station by
station over a grid of powers, raises one station while another falls, and begins anew from other
powers; few combinations are all looked at. It promises no optimum: of 180 networks of three stations
with five powers each it missed one, by 2 % of the people. Of plans that serve alike, the
one with less power in all is taken.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dtt_sim.network.multiplex import StationFields
from dtt_sim.planning.accounting import NetworkProblem
from dtt_sim.planning.search import ALL_UP_TO, Plan, Search, Tell, check_starts
from dtt_sim.units import dbw_to_kw, kw_to_dbw

Powers = tuple[float, ...]
"""In the order of the stations whose powers are sought [kW]."""

REFINED: Final = 2
"""Of the starts, those from which powers of several stations change together."""
_DIGITS = 4
_ROUNDING = 1e-9


def power_grid(present_kw: float, low_kw: float, high_kw: float, step_db: float) -> Powers:
    """Powers to choose from: whole steps from the present one, and both limits; ascending [kW].

    Parameters
    ----------
    present_kw : float
        Itself among them where the limits allow it.
    low_kw, high_kw : float
        Limits.
    step_db : float

    Returns
    -------
    tuple of float
        Steps are rounded to four digits.

    Raises
    ------
    ValueError
        Limits that are no powers or in the wrong order, or a step below 0.05 dB.

    Examples
    --------
    >>> power_grid(10.0, 5.0, 20.0, 1.0)
    (5.0, 5.012, 6.31, 7.943, 10.0, 12.59, 15.85, 19.95, 20.0)
    """
    if not 0.0 < low_kw <= high_kw < math.inf:
        msg = f"limits {low_kw:g} and {high_kw:g} kW; give 0 < least <= greatest"
        raise ValueError(msg)
    if not 0.05 <= step_db < math.inf:
        msg = f"step {step_db:g} dB; give 0.05 dB or more"
        raise ValueError(msg)
    present_dbw = kw_to_dbw(present_kw)
    first = math.ceil((kw_to_dbw(low_kw) - present_dbw) / step_db)
    last = math.floor((kw_to_dbw(high_kw) - present_dbw) / step_db)
    steps = {
        float(f"{dbw_to_kw(present_dbw + k * step_db):.{_DIGITS}g}") if k else present_kw
        for k in range(first, last + 1)
    }
    within = {kw for kw in steps if low_kw <= kw <= high_kw}
    return tuple(sorted(within | {low_kw, high_kw}))


def check_total(grids: Sequence[Powers], total_kw: float) -> None:
    """Refuse a sum that the least powers exceed.

    Raises
    ------
    ValueError
    """
    least = tuple(grid[0] for grid in grids)
    if not _is_within(least, total_kw):
        msg = (
            f"{total_kw:g} kW in all, but the least powers add up to {sum(least):g} kW; give more "
            "in all, or lower limits"
        )
        raise ValueError(msg)


def _is_within(erp_kw: Powers, total_kw: float) -> bool:
    return sum(erp_kw) <= total_kw * (1.0 + _ROUNDING)


@dataclass(frozen=True, eq=False)
class PowerProblem:
    """A multiplex and the powers its stations may have.

    Attributes
    ----------
    network : NetworkProblem
        Over the cells that count, with the present powers.
    stations : tuple of int
        Those whose powers are sought.
    erp_kw : tuple of float
        Their present powers [kW].
    grids : tuple of tuple of float
        The powers that each may have, ascending [kW].
    total_kw : float
        Most that all together may have [kW].

    Raises
    ------
    ValueError
        Not one present power and one grid for each station, or a sum that is less than that of the
        least powers.
    """

    network: NetworkProblem
    stations: tuple[int, ...]
    erp_kw: Powers
    grids: tuple[Powers, ...]
    total_kw: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what cannot be searched."""
        if not len(self.stations) == len(self.erp_kw) == len(self.grids) or not all(self.grids):
            msg = (
                f"{len(self.stations)} stations, {len(self.erp_kw)} powers and {len(self.grids)} "
                "grids; give one of each, no grid empty"
            )
            raise ValueError(msg)
        check_total(self.grids, self.total_kw)

    def is_within(self, erp_kw: Powers) -> bool:
        """Whether some powers together are not too much."""
        return _is_within(erp_kw, self.total_kw)

    def people(self, erp_kw: Powers) -> tuple[float, float]:
        """People in well-served cells, and the expected number of people with a picture."""
        stations = list(self.network.stations)
        for s, before, now in zip(self.stations, self.erp_kw, erp_kw, strict=True):
            stations[s] = _shifted(stations[s], kw_to_dbw(now) - kw_to_dbw(before))
        served = self.network.served(stations=stations)
        return served.persons, served.expected_persons

    def scaled_down(self, erp_kw: Powers, *, but: int | None = None) -> Powers:
        """The nearest powers of the grids; all a step less until they keep to the sum.

        `but` is a station that is not lowered; with its power the sum may be too much even so.
        """
        at = [
            min(range(len(grid)), key=lambda i, grid=grid, kw=kw: abs(grid[i] - kw))  # type: ignore[misc]
            for grid, kw in zip(self.grids, erp_kw, strict=True)
        ]
        while not self.is_within(found := self._at(at)):
            lower = [i if k == but else max(i - 1, 0) for k, i in enumerate(at)]
            if lower == at:
                break
            at = lower
        return found

    def _at(self, index: list[int]) -> Powers:
        return tuple(grid[i] for grid, i in zip(self.grids, index, strict=True))


def _shifted(station: StationFields, by_db: float) -> StationFields:
    if by_db == 0.0:
        return station
    shift = np.float64(by_db)
    return replace(
        station,
        wanted_dbuv_m=(station.wanted_dbuv_m + shift).astype(np.float32),
        interfering_dbuv_m=(station.interfering_dbuv_m + shift).astype(np.float32),
    )


def optimise_powers(
    problem: PowerProblem,
    *,
    starts: int = 8,
    seed: int = 0,
    all_up_to: int = ALL_UP_TO,
    tell: Tell | None = None,
) -> list[Plan[Powers]]:
    """Powers that were looked at, the best first; all within the limits and the sum.

    Parameters
    ----------
    starts : int
        Powers from which the search begins: the present ones, then drawn ones, each scaled down
        where they are too much in all.
    seed : int
    all_up_to : int
        So many combinations are all looked at, without a search.
    tell : callable, optional
        Told how it goes.

    Raises
    ------
    ValueError
        No start.
    """
    check_starts(starts)
    tell = tell or (lambda _text: None)
    search = Search[Powers](lambda kw: Plan(kw, *problem.people(kw), cost=sum(kw)))
    if math.prod(map(len, problem.grids)) <= all_up_to:
        for kw in filter(problem.is_within, itertools.product(*problem.grids)):
            search.plan(kw)
        tell(f"all {len(search.known)} combinations")
        return search.ranked()
    alone, together = _moves(problem)
    rng = np.random.default_rng(seed)
    found = []
    for k in range(starts):
        first = problem.erp_kw
        if k > 0:
            first = tuple(float(rng.choice(grid)) for grid in problem.grids)
        best = search.climb(search.plan(problem.scaled_down(first)), alone)
        tell(
            f"start {k + 1} of {starts}: {best.persons_good:,.0f} people, {len(search.known)} plans"
        )
        found.append(best)
    # There are many pairs: these wait until no station by itself gains anything.
    ranked = sorted(set(found), key=lambda p: p.rank, reverse=True)[:REFINED]
    for k, plan in enumerate(ranked, start=1):
        best = search.climb(plan, [*alone, together])
        tell(
            f"refined {k} of {len(ranked)}: {best.persons_good:,.0f} people, {len(search.known)} plans"
        )
    return search.ranked()


Move = Callable[[Powers], Iterator[Powers]]


def _moves(problem: PowerProblem) -> tuple[list[Move], Move]:
    """Another power for a station, the others down where that is too much; and for two, or all."""
    n = len(problem.stations)

    def change(k: int) -> Move:
        return lambda now: filter(
            problem.is_within,
            (problem.scaled_down((*now[:k], kw, *now[k + 1 :]), but=k) for kw in problem.grids[k]),
        )

    def step(now: Powers, which: Sequence[int]) -> Iterator[Powers]:
        """Some stations up or down by as many steps, each as far as its grid goes."""
        at = [grid.index(kw) for grid, kw in zip(problem.grids, now, strict=True)]
        longest = max(len(problem.grids[k]) for k in which)
        for by in (*range(1 - longest, 0), *range(1, longest)):
            moved = list(now)
            for k in which:
                grid = problem.grids[k]
                moved[k] = grid[min(max(at[k] + by, 0), len(grid) - 1)]
            yield tuple(moved)

    def exchange(now: Powers, up: int, down: int) -> Iterator[Powers]:
        """One station up, and another down by as little as keeps to the sum."""
        lower = [kw for kw in problem.grids[down] if kw < now[down]]
        for higher in problem.grids[up]:
            if higher > now[up]:
                changed = list(now)
                changed[up] = higher
                for kw in reversed(lower):
                    changed[down] = kw
                    if problem.is_within(tuple(changed)):
                        yield tuple(changed)
                        break

    def together(now: Powers) -> Iterator[Powers]:
        for a, b in itertools.combinations(range(n), 2):
            yield from filter(problem.is_within, step(now, (a, b)))
            yield from exchange(now, a, b)
            yield from exchange(now, b, a)
            if now[b] in problem.grids[a] and now[a] in problem.grids[b]:
                swapped = list(now)
                swapped[a], swapped[b] = now[b], now[a]
                yield tuple(swapped)
        yield from filter(problem.is_within, step(now, range(n)))

    return [change(k) for k in range(n)], together
