"""Tables of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dtt_sim.comparison.comparable import Pair
from dtt_sim.comparison.counts import CHANGES
from dtt_sim.comparison.money import amounts, currency_of
from dtt_sim.comparison.ranking import Ranking
from dtt_sim.comparison.results import Against, Comparison
from dtt_sim.transition.ledger import GAINS, KEEPS, STARTS, STATUS, WITHOUT
from dtt_sim.workflow.finished import PhaseOfRun
from dtt_sim.workflow.output import write_csv
from dtt_sim.workflow.tables import ALL, with_vintage

CHANGE_HEADER = (
    "run", "against", "phase", "service", "title", "quality", "unit", "change", "cause", "station",
    "served_by", "that_station_is", "persons", "area_km2",
)  # fmt: skip
HOUSEHOLD_HEADER = (
    "run", "against", "phase", "kind", "item", "unit", "change", "cause", "station", "households",
)  # fmt: skip
LEDGER_HEADER = (
    "run", "against", "phase", "unit", "kind", "item", "status", "cause", "station", "base", "other",
    "difference",
)  # fmt: skip
COST_HEADER = (
    "run", "against", "phase", "where", "item", "base_quantity", "other_quantity", "base", "other",
    "difference", "currency",
)  # fmt: skip
GATE_HEADER = (
    "run", "against", "phase", "criterion", "threshold_percent", "base", "other", "base_passed",
    "other_passed",
)  # fmt: skip
FAIRNESS_HEADER = ("run", "against", "phase", "measure", "where", "base", "other", "difference")
PER_HOUSEHOLD_HEADER = (
    "run", "against", "phase", "kind", "item", "households_gained", "cost_difference",
    "cost_per_household", "currency", "verdict", "probability_of_verdict",
)  # fmt: skip
RANKING_HEADER = (
    "criterion", "text", "better", "rank", "run", "value", "low", "high", "unit",
    "probability_best", "draws",
)  # fmt: skip
DUEL_HEADER = (
    "criterion", "run", "against", "difference", "low", "high", "unit", "probability_run_beats",
    "draws",
)  # fmt: skip
LEDGER_KEYS = ("phase", "unit", "kind", "item", "status", "cause", "station")


def write_tables(found: Comparison) -> None:
    """Write all tables; those that have no rows are left out."""
    out = found.out
    vintage = found.runs[0].vintage
    for name, header, rows in (
        ("changes", CHANGE_HEADER, _change_rows(found)),
        ("households", HOUSEHOLD_HEADER, _household_rows(found)),
        ("ledger", LEDGER_HEADER, _ledger_rows(found)),
        ("costs", COST_HEADER, _cost_rows(found)),
        ("gates", GATE_HEADER, _gate_rows(found)),
        ("fairness", FAIRNESS_HEADER, _fairness_rows(found)),
        ("cost_per_household", PER_HOUSEHOLD_HEADER, _per_household_rows(found)),
    ):
        _write(found, out / f"{name}.csv", *with_vintage(header, rows, vintage))
    if found.ranking is not None:
        _write(found, out / "ranking.csv", RANKING_HEADER, _ranking_rows(found.ranking))
        _write(found, out / "beats.csv", DUEL_HEADER, _duel_rows(found.ranking))


def _write(
    found: Comparison, path: Path, header: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Write a table, each row with what its ground is."""
    ground = "SCHEMATIC" if found.is_schematic else "measured"
    if rows:
        write_csv(path, (*header, "terrain"), [(*row, ground) for row in rows])


def _names(one: Against) -> tuple[str, str]:
    base, other = one.both
    return other.label, base.label


def _change_rows(found: Comparison) -> list[tuple[Any, ...]]:
    """People, and area, by what becomes of a service, and why.

    The people of a unit sum to those of it on the grid, the area to that of the grid, sea included.
    """
    rows: list[tuple[Any, ...]] = []
    for one in found.against:
        for result in one.results:
            for s in result.services:
                what = (*_names(one), result.pair.name, s.service, s.title, s.quality)
                rows += [
                    (*what, c.unit, c.change, *c.reason, c.number, "")
                    for c in s.persons
                    if c.unit != ALL
                ]
                persons = {(c.change, c.reason): c.number for c in s.persons if c.unit == ALL}
                # Where nobody lives there is area all the same.
                fates = sorted(
                    dict.fromkeys((*persons, *s.area_km2)),
                    key=lambda f: (-CHANGES.index(f[0]), -persons.get(f, 0), f[1]),
                )
                rows += [
                    (
                        *what, ALL, change, *reason,
                        persons.get((change, reason), 0) if s.persons else "",
                        round(s.area_km2.get((change, reason), 0.0), 1),
                    )
                    for change, reason in fates
                ]  # fmt: skip
    return rows


def _household_rows(found: Comparison) -> list[tuple[Any, ...]]:
    return [
        (
            *_names(one), result.pair.name, item.kind, item.name, c.unit, c.change, *c.reason[:2],
            c.number,
        )
        for one in found.against
        for result in one.results
        for item, counts in result.households.items()
        for c in counts
    ]  # fmt: skip


def _ledger_rows(found: Comparison) -> list[tuple[Any, ...]]:
    """Rows of both ledgers side by side, of the phases that are held against each other."""
    rows: list[tuple[Any, ...]] = []
    for one in found.against:
        tables = [_ledger_of(run.table("ledger", ("households",))) for run in one.both]
        for result in one.results:
            pair = result.pair
            own, other = (
                _on(pair, phase, {key[1:]: n for key, n in table.items() if key[0] == phase.id})
                for table, phase in zip(tables, (pair.base, pair.other), strict=True)
            )
            for key in dict.fromkeys((*own, *other)):
                a, b = own.get(key, 0), other.get(key, 0)
                rows.append((*_names(one), pair.name, *key, a, b, b - a))
    return rows


def _ledger_of(table: list[dict[str, str]]) -> dict[tuple[str, ...], int]:
    return {tuple(row[key] for key in LEDGER_KEYS): int(row["households"]) for row in table}


def _on(
    pair: Pair, phase: PhaseOfRun, ledger: dict[tuple[str, ...], int]
) -> dict[tuple[str, ...], int]:
    """A phase's ledger on the day of a pair: on a later day than its first nobody gains or loses."""
    if not pair.is_by_date or phase.date == pair.date:
        return ledger
    found: dict[tuple[str, ...], int] = {}
    for (unit, kind, item, status, _, _), number in ledger.items():
        keeps = status in {STATUS[STARTS], STATUS[KEEPS], STATUS[GAINS]}
        key = unit, kind, item, STATUS[KEEPS if keeps else WITHOUT], "", ""
        found[key] = found.get(key, 0) + number
    return found


def _cost_rows(found: Comparison) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for one in found.against:
        base, other = one.both
        currency = currency_of(base)
        if currency and currency == currency_of(other):
            rows += [
                (
                    *_names(one), a.phase, a.where, a.item, a.base_quantity or "",
                    a.other_quantity or "", a.base, a.other, a.other - a.base, currency,
                )
                for a in amounts(base, other)
            ]  # fmt: skip
    return rows


def _side_by_side(
    one: Against, table: str, keys: tuple[str, ...]
) -> Iterator[tuple[Pair, tuple[str, ...], dict[str, str], dict[str, str]]]:
    """Rows of a table of both runs, by phases that are held against each other, and by keys."""
    tables = [run.table(table, ()) for run in one.both]
    for result in one.results:
        pair = result.pair
        own, other = (
            {tuple(row[k] for k in keys): row for row in rows if row["phase"] == phase}
            for rows, phase in zip(tables, (pair.base.id, pair.other.id), strict=True)
        )
        for key in dict.fromkeys((*own, *other)):
            yield pair, key, own.get(key, {}), other.get(key, {})


def _gate_rows(found: Comparison) -> list[tuple[Any, ...]]:
    return [
        (
            *_names(one), pair.name, criterion,
            (own or other)["threshold_percent"], own.get("value_percent", ""),
            other.get("value_percent", ""), own.get("passed", ""), other.get("passed", ""),
        )
        for one in found.against
        for pair, (criterion,), own, other in _side_by_side(one, "gates", ("criterion",))
    ]  # fmt: skip


def _fairness_rows(found: Comparison) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for one in found.against:
        # The worst unit may be another one.
        for pair, key, own, other in _side_by_side(one, "fairness", ("measure", "where")):
            a, b = own.get("value_percent", ""), other.get("value_percent", "")
            difference = round(float(b) - float(a), 2) if a and b else ""
            rows.append((*_names(one), pair.name, *key, a, b, difference))
    return rows


def _per_household_rows(found: Comparison) -> list[tuple[Any, ...]]:
    return [
        (
            *_names(one), one.results[-1].pair.name, p.item.kind, p.item.name, round(p.gained),
            p.cost, "" if p.each is None else p.each, currency_of(one.runs.base), p.verdict,
            _number(p.likely, 3),
        )
        for one in found.against
        for p in one.per_household
    ]  # fmt: skip


def _ranking_rows(ranking: Ranking) -> list[tuple[Any, ...]]:
    return [
        (
            s.criterion.id, s.criterion.text, "more" if s.criterion.more_is_better else "less",
            s.rank, s.run, *(_number(v, 2) for v in (s.value, s.low, s.high)), s.criterion.unit,
            _number(s.best, 3), ranking.n_draw,
        )
        for criterion in dict.fromkeys(s.criterion.id for s in ranking.standings)
        for s in ranking.by(criterion)
    ]  # fmt: skip


def _duel_rows(ranking: Ranking) -> list[tuple[Any, ...]]:
    return [
        (
            d.criterion.id, d.run, d.against, *(_number(v, 2) for v in (d.difference, d.low, d.high)),
            d.criterion.unit, _number(d.probability, 3), ranking.n_draw,
        )
        for d in ranking.duels
    ]  # fmt: skip


def _number(value: float, digits: int) -> float | str:
    """Rounded; empty for none."""
    return "" if np.isnan(value) else round(value, digits) + 0.0
