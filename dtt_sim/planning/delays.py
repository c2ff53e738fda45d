"""Static delays of a single-frequency network that serve most people.

Only differences of delays matter, so that the least one is always 0. The search goes station by
station over a grid of delays, exchanges pairs, and begins anew from other places; then the grid is
halved round what was found. It promises no optimum; on small grids the tests compare it with all
combinations.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dtt_sim.network.multiplex import Group
from dtt_sim.planning.accounting import NetworkProblem
from dtt_sim.planning.search import Plan, Search, Tell, check_starts

Delays = tuple[float, ...]
"""In the order of the group's stations; the least is 0 [µs]."""

REFINED = 3
"""Of the starts, those that are refined: the best on the coarse grid need not be so on a finer one."""


@dataclass(frozen=True, eq=False)
class DelayProblem(NetworkProblem):
    """A single-frequency network, one group, over the cells that count."""

    @property
    def group(self) -> Group:
        """The network: whose delays are sought."""
        return self.groups[0]

    @property
    def delays_us(self) -> Delays:
        """Delays of the group's stations as they are [µs]."""
        return tuple(self.stations[s].delay_us for s in self.group.members)

    def people(self, delays_us: Delays) -> tuple[float, float]:
        """People in well-served cells, and the expected number of people with a picture."""
        stations = list(self.stations)
        for s, delay in zip(self.group.members, delays_us, strict=True):
            stations[s] = replace(stations[s], delay_us=delay)
        served = self.served(stations=stations)
        return served.persons, served.expected_persons


def from_zero(delays_us: Delays) -> Delays:
    """The same differences with the least at 0, to a tenth of a microsecond."""
    least = min(delays_us)
    return tuple(round(d - least, 1) for d in delays_us)


def _moves(
    n: int, values: Callable[[float], Sequence[float]]
) -> list[Callable[[Delays], Iterator[Delays]]]:
    """Another delay for each station by itself, then two of them exchanged."""

    def change(k: int) -> Callable[[Delays], Iterator[Delays]]:
        return lambda now: (from_zero((*now[:k], value, *now[k + 1 :])) for value in values(now[k]))

    def exchange(now: Delays) -> Iterator[Delays]:
        for a, b in itertools.combinations(range(n), 2):
            changed = list(now)
            changed[a], changed[b] = changed[b], changed[a]
            yield tuple(changed)

    return [*map(change, range(n)), exchange]


def optimise_delays(
    problem: DelayProblem,
    *,
    limit_us: float,
    coarse_us: float,
    fine_us: float,
    starts: int = 4,
    seed: int = 0,
    tell: Tell | None = None,
) -> list[Plan[Delays]]:
    """Plans that were looked at, the best first.

    Parameters
    ----------
    limit_us : float
        Largest difference between two delays [µs].
    coarse_us, fine_us : float
        First and last grid of delays [µs].
    starts : int
        Places from which the search begins: the delays as they are, then drawn ones.
    seed : int
    tell : callable, optional
        Told how it goes.

    Raises
    ------
    ValueError
        A network of one station, grids that do not fit into the limit, or no start.
    """
    n = len(problem.group.members)
    if n < 2:
        msg = "a network of one station has no delays to set; give one of two or more"
        raise ValueError(msg)
    if not 0.0 < fine_us <= coarse_us <= limit_us:
        msg = (
            f"steps {fine_us:g} and {coarse_us:g} µs, limit {limit_us:g} µs; give "
            "0 < fine <= coarse <= limit"
        )
        raise ValueError(msg)
    check_starts(starts)
    tell = tell or (lambda _text: None)
    search = Search[Delays](lambda delays_us: Plan(delays_us, *problem.people(delays_us)))
    grid = [float(v) for v in np.arange(0.0, limit_us + 0.5 * coarse_us, coarse_us)]
    rng = np.random.default_rng(seed)
    found = []
    for k in range(starts):
        first = problem.delays_us if k == 0 else tuple(rng.choice(grid, n).tolist())
        plan = search.climb(search.plan(from_zero(first)), _moves(n, lambda _now: grid))
        tell(
            f"start {k + 1} of {starts}: {plan.persons_good:,.0f} people, {len(search.known)} plans"
        )
        found.append(plan)
    ranked = sorted(set(found), key=lambda p: p.rank, reverse=True)[:REFINED]
    for k, plan in enumerate(ranked, start=1):
        best, step = plan, 0.5 * coarse_us
        while step >= fine_us:
            around = _moves(n, lambda now, step=step: (now - step, now + step))  # type: ignore[misc]
            best = search.climb(best, around)
            step *= 0.5
        tell(
            f"refined {k} of {len(ranked)}: {best.persons_good:,.0f} people, {len(search.known)} plans"
        )
    return search.ranked(lambda delays_us: max(delays_us) <= limit_us + 1e-9)
