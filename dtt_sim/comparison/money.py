"""What one run costs more than another, and what each household costs that it gains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from dtt_sim.comparison.comparable import Pair
from dtt_sim.comparison.draws import common_draws
from dtt_sim.transition.ledger import Item
from dtt_sim.transition.needs import CAPEX, OPEX
from dtt_sim.transition.uncertainty import COST, RECEIVES, Figure
from dtt_sim.workflow.finished import FinishedRun
from dtt_sim.workflow.tables import ALL

VERDICTS: Final = {
    (1, -1): "more households for less money",
    (1, 0): "more households for the same money",
    (1, 1): "more households for more money",
    (0, -1): "the same households for less money",
    (0, 0): "the same",
    (0, 1): "the same households for more money",
    (-1, -1): "fewer households for less money",
    (-1, 0): "fewer households for the same money",
    (-1, 1): "fewer households for more money",
}
"""By whether households, and money, are more or less in the other run."""


class Amount(NamedTuple):
    """Costs of both runs.

    Attributes
    ----------
    phase, where, item : str
        "(all)" for all phases, and for all places.
    base, other : int
        In the plans' currency.
    base_quantity, other_quantity : float
        Receivers, dishes, stations built, years of operation.
    """

    phase: str
    where: str
    item: str
    base: int
    other: int
    base_quantity: float
    other_quantity: float


def currency_of(run: FinishedRun) -> str:
    """Currency of a run's costs; empty where it has none."""
    return str((run.manifest["scenario"].get("prices") or {}).get("currency", ""))


def amounts(base: FinishedRun, other: FinishedRun) -> list[Amount]:
    """Costs of two runs by phase, place and item; all of a phase, and of a plan, as well.

    Operation and building of stations are one item each at a site. Phases stand in their order, what
    is of all of them at the end.
    """
    found: dict[tuple[str, str, str], list[float]] = {}
    for k, run in enumerate((base, other)):
        for row in _cost_table(run):
            item = row["item"]
            if item.startswith("per additional"):
                continue
            kind = next((kind for kind in (CAPEX, OPEX) if item.startswith(f"{kind} ")), item)
            keys = [(row["phase"], row["where"], kind)]
            # By item in all places and phases.
            keys += [(ALL, ALL, kind)] if item != TOTAL else []
            for key in keys:
                numbers = found.setdefault(key, [0.0] * 4)
                numbers[k] += int(row["amount"])
                numbers[2 + k] += float(row["quantity"] or 0.0)
    order = {phase.id: k for run in (other, base) for k, phase in enumerate(run.phases)}
    rows = [
        Amount(*key, round(n[0]), round(n[1]), round(n[2], 4), round(n[3], 4))
        for key, n in found.items()
        if any(n)
    ]
    return sorted(rows, key=lambda a: (order.get(a.phase, len(order)), a.where == ALL))


TOTAL: Final = "total"


def _cost_table(run: FinishedRun) -> list[dict[str, str]]:
    return run.table("costs", ("amount",))


def total_cost(run: FinishedRun) -> int | None:
    """Cost of a run's plan; None without prices."""
    if not currency_of(run):
        return None
    return next(
        (
            int(row["amount"]) for row in _cost_table(run)
            if (row["phase"], row["where"], row["item"]) == (ALL, ALL, TOTAL)
        ),
        None,
    )  # fmt: skip


class PerHousehold(NamedTuple):
    """What the households cost that receive an item in the last phase of another run.

    Attributes
    ----------
    item : Item
    gained : float
        Net: those that gain it less those that lose it.
    cost : int
        Of the other run less the base's.
    each : int or None
        Cost of each; saved by each that is lost, where both are below zero. None where nothing is
        traded for anything.
    verdict : str
    likely : float
        Share of the draws with this verdict; NaN without common draws.
    """

    item: Item
    gained: float
    cost: int
    each: int | None
    verdict: str
    likely: float


def per_household(
    base: FinishedRun, other: FinishedRun, last: Pair, items: Sequence[Item]
) -> list[PerHousehold]:
    """Cost of each household gained, by item; empty without prices or households."""
    costs = total_cost(base), total_cost(other)
    if costs[0] is None or costs[1] is None or currency_of(base) != currency_of(other):
        return []
    if base.figures is None or other.figures is None:
        return []
    cost = costs[1] - costs[0]
    n_draw = common_draws([base, other])[0]
    found = []
    for item in items:
        number, drawn = [], []
        for figure, phase in ((base.figures, last.base.id), (other.figures, last.other.id)):
            at = figure.names.get(Figure(phase, item, RECEIVES))
            number.append(0.0 if at is None else float(figure.nominal[at]))
            drawn.append(
                (
                    np.zeros(n_draw) if at is None else figure.draws[:n_draw, at],
                    figure.draws[:n_draw, figure.names[Figure("", None, COST)]],
                )
            )
        if not any(round(n) for n in number):
            continue  # nobody receives it at the end of either plan
        gained = number[1] - number[0]
        verdict = _verdict(gained, cost)
        likely = np.nan
        if n_draw:
            (a, cost_a), (b, cost_b) = drawn
            pairs = zip(b - a, cost_b - cost_a, strict=True)
            likely = float(np.mean([_verdict(g, c) == verdict for g, c in pairs]))
        traded = round(gained) != 0 and gained * cost > 0.0
        found.append(
            PerHousehold(
                item, gained, cost, round(cost / round(gained)) if traded else None, verdict, likely
            )
        )
    return found


def _verdict(gained: float, cost: float) -> str:
    def sign(value: float) -> int:
        return (round(value) > 0) - (round(value) < 0)

    return VERDICTS[sign(gained), sign(cost)]
