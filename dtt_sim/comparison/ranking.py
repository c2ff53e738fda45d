"""A ranking of runs by what matters, and the probability that one beats another.

Draws of runs with one seed share their luck: the error of prediction of a mast, of a unit and of the
whole area, the power of a station, the uptake of receivers and the slip of a phase are the same in
draw k of every run that has them. What differs between two runs in a draw is the plan.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from dtt_sim.comparison.comparable import Match
from dtt_sim.comparison.draws import common_draws
from dtt_sim.comparison.money import currency_of
from dtt_sim.errors import DttSimError
from dtt_sim.transition.households import DAYS_PER_MONTH
from dtt_sim.transition.ledger import ANY, LOSES, STATUS, Item
from dtt_sim.transition.uncertainty import COST, COVERAGE, RECEIVES, WORST, Figure
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.finished import FinishedRun


class View(NamedTuple):
    """Figures of a run, as planned and in every draw.

    Attributes
    ----------
    run : FinishedRun
    names : dict of Figure to int
    table : (1 + n_draw, n) float64
        The plan, and under it the draws.
    last : str
        Phase that counts as the last.
    horizon : date
        Last date of any of the plans.
    """

    run: FinishedRun
    names: Mapping[Figure, int]
    table: Float64Array
    last: str
    horizon: dt.date

    def of(self, phase: str, item: Item | None, what: str) -> Float64Array:
        """A figure, (1 + n_draw,); 0 of a programme that the plan does not carry."""
        at = self.names.get(Figure(phase, item, what))
        return np.zeros(len(self.table)) if at is None else self.table[:, at]


def _losing(view: View) -> Float64Array:
    found = [view.of(phase.id, ANY, STATUS[LOSES]) for phase in view.run.phases]
    return np.asarray(np.sum(found, axis=0))


def _months_without(view: View) -> Float64Array:
    phases = [(p.id, p.date) for p in view.run.phases if p.date]
    ends = [*(date for _, date in phases[1:]), view.horizon]
    found = np.zeros(len(view.table))
    for (phase, start), end in zip(phases, ends, strict=True):
        every = np.sum([view.of(phase, ANY, what) for what in STATUS], axis=0)
        months = (end - start).days / DAYS_PER_MONTH
        found += months * (every - view.of(phase, ANY, RECEIVES))
    return found


@dataclass(frozen=True, slots=True)
class Criterion:
    """What runs are ranked by.

    Attributes
    ----------
    id, text, unit : str
        The unit of money is that of the plans.
    more_is_better : bool
    measure : callable
        Of a :class:`View`.
    """

    id: str
    text: str
    unit: str
    more_is_better: bool
    measure: Callable[[View], Float64Array]


MONEY: Final = "cost"
CRITERIA: Final = (
    Criterion(
        "receiving", "households with any programme in the last phase", "households", True,
        lambda view: view.of(view.last, ANY, RECEIVES),
    ),
    Criterion(
        "losing", "households that lose every programme, all phases", "households", False, _losing
    ),
    Criterion(
        "months_without", "time without any programme up to the last date", "household-months",
        False, _months_without,
    ),
    Criterion(
        "coverage", "households with a DVB-T2 signal in the last phase", "%", True,
        lambda view: view.of(view.last, None, COVERAGE),
    ),
    Criterion(
        "worst_unit", "households with any programme in the worst unit, last phase", "%", True,
        lambda view: view.of(view.last, ANY, WORST),
    ),
    Criterion(MONEY, "cost of the plan", "", False, lambda view: view.of("", None, COST)),
)  # fmt: skip
BY: Final = tuple(c.id for c in CRITERIA)


def _of_programme(item: Item) -> Criterion:
    return Criterion(
        f"programme {item.name}", f"households with {item.name} in the last phase", "households",
        True, lambda view: view.of(view.last, item, RECEIVES),
    )  # fmt: skip


class Standing(NamedTuple):
    """A run by a criterion.

    Attributes
    ----------
    criterion : Criterion
    run : str
    value : float
        As planned.
    low, high : float
        5 and 95 % of the draws; NaN without.
    rank : int
        By the value; 1 is best, equal ones share it.
    best : float
        Share of the draws in which it is the best, equal ones in equal parts; NaN without.
    """

    criterion: Criterion
    run: str
    value: float
    low: float
    high: float
    rank: int
    best: float


class Duel(NamedTuple):
    """A run against another by a criterion.

    Attributes
    ----------
    criterion : Criterion
    run, against : str
    difference, low, high : float
        Of the run less the other, as planned, and 5 and 95 % of the draws; NaN without.
    probability : float
        That the run beats the other; equal draws count half. NaN without draws.
    """

    criterion: Criterion
    run: str
    against: str
    difference: float
    low: float
    high: float
    probability: float


@dataclass(frozen=True)
class Ranking:
    """All standings and duels.

    Attributes
    ----------
    standings : tuple of Standing
    duels : tuple of Duel
    n_draw : int
    note : str
        Why there are no probabilities; otherwise empty.
    """

    standings: tuple[Standing, ...]
    duels: tuple[Duel, ...]
    n_draw: int
    note: str

    def by(self, criterion: str) -> list[Standing]:
        """Runs from best to worst."""
        own = [s for s in self.standings if s.criterion.id == criterion]
        return sorted(own, key=lambda s: s.rank)

    def duel(self, criterion: str, run: str, against: str) -> Duel:
        """A run against another."""
        return next(
            d for d in self.duels
            if (d.criterion.id, d.run, d.against) == (criterion, run, against)
        )  # fmt: skip


def rank_runs(runs: Sequence[FinishedRun], *, match: Match = "id") -> Ranking | None:
    """Rank runs of plans; None where one has no households.

    Parameters
    ----------
    runs : sequence of FinishedRun
        That can be compared with the first.
    match : {"id", "date"}
        Whether the last phase is the last that has one name in all runs, or that of each.
    """
    figures = [run.figures for run in runs]
    known = [f for f in figures if f is not None]
    if len(known) < len(runs):
        return None
    n_draw, note = common_draws(runs)
    horizon = max(p.date for run in runs for p in run.phases if p.date)
    views = [
        View(run, f.names, np.vstack([f.nominal, f.draws[:n_draw]]), last, horizon)
        for run, f, last in zip(runs, known, _last_phases(runs, match), strict=True)
    ]
    standings: list[Standing] = []
    duels: list[Duel] = []
    for criterion in _criteria(views):
        # What differs by the last digits of the arithmetic is the same.
        table = np.round([criterion.measure(view) for view in views], 3)
        if criterion not in CRITERIA and criterion.id != MONEY and not table.any():
            continue  # a programme that nobody receives in the end
        standings += _standings(criterion, runs, table)
        duels += _duels(criterion, runs, table)
    return Ranking(tuple(standings), tuple(duels), n_draw, note)


def _criteria(views: Sequence[View]) -> list[Criterion]:
    """What can be measured in all runs."""
    currencies = {currency_of(view.run) for view in views}
    is_money = len(currencies) == 1 and "" not in currencies
    programmes = dict.fromkeys(
        name.item
        for view in views
        for name in view.names
        if name.item is not None and name.item.kind == "programme"
    )
    return [
        *(replace(c, unit=min(currencies)) if c.id == MONEY else c
          for c in CRITERIA if c.id != MONEY or is_money),
        *(_of_programme(item) for item in programmes),
    ]  # fmt: skip


def _last_phases(runs: Sequence[FinishedRun], match: Match) -> list[str]:
    if match == "date":
        return [run.phases[-1].id for run in runs]
    common = [
        p.id for p in runs[0].phases if all(p.id in {q.id for q in r.phases} for r in runs[1:])
    ]
    if not common:
        msg = "no phase has one name in all runs; compare by date (--match date)"
        raise DttSimError(msg)
    return [common[-1]] * len(runs)


def _standings(
    criterion: Criterion, runs: Sequence[FinishedRun], table: Float64Array
) -> list[Standing]:
    good = 1.0 if criterion.more_is_better else -1.0
    values, draws = table[:, 0], table[:, 1:]
    scores = good * values
    best = np.full(len(runs), np.nan)
    if draws.size:
        is_best = draws * good == (draws * good).max(axis=0)
        best = (is_best / is_best.sum(axis=0)).mean(axis=1)
    return [
        Standing(
            criterion, run.label, float(values[k]), *_band(draws[k]),
            1 + int(np.count_nonzero(scores > scores[k])), float(best[k]),
        )
        for k, run in enumerate(runs)
    ]  # fmt: skip


def _duels(criterion: Criterion, runs: Sequence[FinishedRun], table: Float64Array) -> list[Duel]:
    found = []
    values, draws = table[:, 0], table[:, 1:]
    for k, run in enumerate(runs):
        for j, other in enumerate(runs):
            if j == k:
                continue
            difference = draws[k] - draws[j]
            better = difference if criterion.more_is_better else -difference
            chance = float(np.mean(0.5 * (np.sign(better) + 1.0))) if better.size else np.nan
            found.append(
                Duel(
                    criterion, run.label, other.label, float(values[k] - values[j]),
                    *_band(difference), chance,
                )
            )  # fmt: skip
    return found


def _band(draws: Float64Array) -> tuple[float, float]:
    if not draws.size:
        return np.nan, np.nan
    low, high = np.percentile(draws, [5.0, 95.0])
    return float(low), float(high)
