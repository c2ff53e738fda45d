"""Which of some candidate sites to build: the best so many, and how far from the best that may be.

Few combinations are all looked at. Of many, the search adds the best candidate one by one, exchanges
one for another until nothing is gained, and begins anew from drawn combinations. It promises no
optimum; :func:`upper_bound` says what none can exceed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, diags_array, hstack

from dtt_sim.network.lognormal import sum_lognormal
from dtt_sim.network.multiplex import Group, need_of
from dtt_sim.network.sfn import SfnReceiver
from dtt_sim.planning.accounting import NetworkProblem, off_air
from dtt_sim.planning.search import ALL_UP_TO, Plan, Search, Tell, check_starts
from dtt_sim.typing import BoolArray, Float64Array

Sites = tuple[int, ...]
"""Stations that are chosen, ascending."""

_SLACK_DB = 1e-6
"""By which the relaxation serves more, so that no rounding makes it serve less."""
_ROUNDING = 1e-9
"""Of the people, by which the bound is raised for the same reason."""


@dataclass(frozen=True, eq=False)
class SiteProblem:
    """A multiplex with all candidates on air, and which stations these are.

    Attributes
    ----------
    network : NetworkProblem
        Over the cells that count.
    candidates : tuple of int
        Stations to choose from, ascending; all others stay.

    Raises
    ------
    ValueError
        A candidate that is in no group, or given twice.
    """

    network: NetworkProblem
    candidates: Sites

    def __post_init__(self) -> None:
        """Refuse candidates that are none."""
        members = {s for g in self.network.groups for s in g.members}
        if not set(self.candidates) <= members or list(self.candidates) != sorted(
            set(self.candidates)
        ):
            msg = f"candidates {self.candidates}; give stations of the groups, ascending"
            raise ValueError(msg)

    def people(self, chosen: Sites) -> tuple[float, float]:
        """People in well-served cells, and the expected number of people with a picture."""
        rest = set(self.candidates) - set(chosen)
        served = self.network.served(off_air(self.network.groups, rest))
        return served.persons, served.expected_persons


def optimise_sites(
    problem: SiteProblem,
    count: int,
    *,
    starts: int = 4,
    seed: int = 0,
    all_up_to: int = ALL_UP_TO,
    tell: Tell | None = None,
) -> list[Plan[Sites]]:
    """Combinations that were looked at, the best first.

    Parameters
    ----------
    count : int
        How many candidates are chosen.
    starts : int
        Combinations from which the search begins: one by adding the best, then drawn ones.
    seed : int
    all_up_to : int
        So many combinations are all looked at, without a search.
    tell : callable, optional
        Told how it goes.

    Raises
    ------
    ValueError
        More than there are, or none; no start.
    """
    n = len(problem.candidates)
    if not 1 <= count <= n:
        msg = f"count = {count} of {n} candidates; give 1 to {n}"
        raise ValueError(msg)
    check_starts(starts)
    tell = tell or (lambda _text: None)
    search = Search[Sites](lambda chosen: Plan(chosen, *problem.people(chosen)))
    n_all = math.comb(n, count)
    if n_all <= all_up_to:
        for k, chosen in enumerate(itertools.combinations(problem.candidates, count), start=1):
            search.plan(chosen)
            if k % 100 == 0 or k == n_all:
                tell(f"{k} of all {n_all} combinations")
        return search.ranked()

    def with_one_more(chosen: Sites) -> Iterator[Sites]:
        for s in problem.candidates:
            if s not in chosen:
                yield tuple(sorted((*chosen, s)))

    def with_one_exchanged(chosen: Sites) -> Iterator[Sites]:
        for out in chosen:
            for more in with_one_more(chosen):
                yield tuple(s for s in more if s != out)

    rng = np.random.default_rng(seed)
    for k in range(starts):
        first: Sites = ()
        if k == 0:
            while len(first) < count:
                first = max(map(search.plan, with_one_more(first)), key=lambda p: p.rank).choice
        else:
            first = tuple(sorted(rng.choice(problem.candidates, count, replace=False).tolist()))
        best = search.climb(search.plan(first), [with_one_exchanged])
        tell(
            f"start {k + 1} of {starts}: {best.persons_good:,.0f} people, {len(search.known)} plans"
        )
    return search.ranked(lambda chosen: len(chosen) == count)


class _Cover(NamedTuple):
    """What the candidates contribute to serving each cell."""

    without: BoolArray  # (n,)
    share: Float64Array  # (n, n_candidate)


def upper_bound(problem: SiteProblem, count: int, *, time_limit_s: float = 60.0) -> float:
    """People in well-served cells that no `count` of the candidates can exceed.

    Parameters
    ----------
    count : int
    time_limit_s : float
        Of the solver [s]; where that is not enough, the bound is valid but less tight.

    Notes
    -----
    The largest Σ p y over cells with p persons, of 0 <= y <= b + Σ a x for every cell and `count`
    candidates x. With noise alone, every signal useful and no discrimination, b is 1 where those
    that stay serve the cell, and a is 1 for a candidate that serves it, in a single-frequency network
    together with those that stay. Each of the other candidates of such a network has 1/c, where c is
    the size of the smallest set that serves the cell of itself and the strongest others among them;
    0 where no `count` are enough.

    No combination serves a cell that the relaxation does not, since interference, a window or an
    antenna only takes from C/(N + I). A combination that serves it without a candidate of a = 1 has
    some number k of the others, and for each of these k the set of itself and the k - 1 strongest
    others is as strong, so that its c <= k. Hence b + Σ a x >= 1, and y = 1 is allowed, wherever a
    cell is served.

    That more and stronger signals serve better is exact for the power sum. For Schwartz and Yeh's
    method it held in each of 2.9 million draws of 2 to 6 signals (spread 3 to 12 dB, 70 to 99 % of
    locations). It does not for k-LNM, nor does interference only take where shadowing is
    correlated: there a cell counts as served where half of its locations are.
    """
    network = problem.network
    cover = _cover(problem, count)
    persons = network.persons
    certain = float(persons[cover.without].sum())
    open_ = ~cover.without & (cover.share.sum(axis=1) > 0.0) & (persons > 0.0)
    if not open_.any():
        return certain * (1.0 + _ROUNDING)
    rows, kind = np.unique(cover.share[open_], axis=0, return_inverse=True)
    people = np.bincount(kind.ravel(), persons[open_])
    n_row, n = rows.shape
    found = milp(
        np.concatenate([np.zeros(n), -people]),
        integrality=np.concatenate([np.ones(n), np.zeros(n_row)]),
        bounds=Bounds(0.0, 1.0),
        constraints=[
            LinearConstraint(hstack([csr_array(-rows), diags_array(np.ones(n_row))]), ub=0.0),
            LinearConstraint(np.concatenate([np.ones(n), np.zeros(n_row)]), count, count),
        ],
        options={"time_limit": time_limit_s, "mip_rel_gap": 0.0},
    )
    dual = found.mip_dual_bound
    most = float(people.sum())
    if dual is not None and math.isfinite(dual):
        most = min(most, -float(dual))
    return (certain + most) * (1.0 + _ROUNDING)


def _cover(problem: SiteProblem, count: int) -> _Cover:
    """Coefficients of the relaxation; see :func:`upper_bound`."""
    network = problem.network
    column = {s: k for k, s in enumerate(problem.candidates)}
    n, m = network.persons.size, len(column)
    without, share = np.zeros(n, np.bool_), np.zeros((n, m))
    for group in network.groups:
        choice = [s for s in group.members if s in column]
        kept = _levels(network, [s for s in group.members if s not in column])
        more = _levels(network, choice)
        if kept.shape[1]:
            without |= _serves(kept, group, network.receiver)
        enough = np.zeros(more.shape, np.bool_)
        for k in range(more.shape[1]):
            enough[:, k] = _serves(np.c_[kept, more[:, k]], group, network.receiver)
        part = enough.astype(np.float64)
        rest = np.where(enough, np.nan, more)
        for k in range(more.shape[1]):
            others = np.delete(rest, k, axis=1)
            strongest = -np.sort(-others, axis=1)  # first; NaN last
            for c in range(min(count, more.shape[1]), 1, -1):
                level = np.c_[kept, rest[:, k], strongest[:, : c - 1]]
                part[_serves(level, group, network.receiver) & np.isfinite(rest[:, k]), k] = 1.0 / c
        share[:, [column[s] for s in choice]] = part
    return _Cover(without, share)


def _levels(network: NetworkProblem, stations: list[int]) -> Float64Array:
    """Medians of some stations, `(n, n_station)` [dB(µV/m)]."""
    levels = [network.stations[s].wanted_dbuv_m[0].astype(np.float64) for s in stations]
    return np.stack(levels, axis=1) if levels else np.empty((network.persons.size, 0))


def _serves(level_db: Float64Array, group: Group, receiver: SfnReceiver) -> BoolArray:
    """Where signals serve well against noise alone, all of each useful; `(n,)`."""
    need = need_of(group.budget)
    mean_db, sigma_db = sum_lognormal(
        level_db, need.sigma_db, method=receiver.summation, correlation=receiver.correlation,
        k_factor=receiver.k_factor,
    )  # fmt: skip
    if need.good_sigmas < 0.0:  # less than half of the locations: there spread helps, at most so
        spread_db = np.full_like(sigma_db, math.sqrt(2.0) * need.sigma_db)
    elif receiver.correlation > 0.0 or receiver.summation == "k_lnm":
        spread_db = np.zeros_like(sigma_db)
    else:
        spread_db = sigma_db
    least_db = need.noise_db + need.cn_db + need.good_sigmas * spread_db
    served: BoolArray = mean_db >= least_db - _SLACK_DB
    return served
