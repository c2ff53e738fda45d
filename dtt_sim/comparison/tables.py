"""Tables of a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dtt_sim.comparison.money import amounts, currency_of
from dtt_sim.comparison.ranking import Ranking
from dtt_sim.comparison.results import Against, Comparison
from dtt_sim.workflow.output import write_csv
from dtt_sim.workflow.tables import ALL, with_vintage

CHANGE_HEADER = (
    "run", "against", "phase", "service", "title", "quality", "unit", "change", "cause", "station",
    "persons", "area_km2",
)  # fmt: skip
HOUSEHOLD_HEADER = (
    "run", "against", "phase", "kind", "item", "unit", "change", "cause", "station", "households",
)  # fmt: skip
LEDGER_HEADER = (
    "run", "against", "phase", "unit", "kind", "item", "status", "cause", "station", "base", "other",
    "difference",
)  # fmt: skip
COST_HEADER = (
    "run", "against", "phase", "where", "item", "base", "other", "difference", "currency",
)  # fmt: skip
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
        ("cost_per_household", PER_HOUSEHOLD_HEADER, _per_household_rows(found)),
    ):
        _write(out / f"{name}.csv", *with_vintage(header, rows, vintage))
    if found.ranking is not None:
        _write(out / "ranking.csv", RANKING_HEADER, _ranking_rows(found.ranking))
        _write(out / "beats.csv", DUEL_HEADER, _duel_rows(found.ranking))


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        write_csv(path, header, rows)
    else:
        path.unlink(missing_ok=True)  # of an earlier comparison


def _names(one: Against) -> tuple[str, str]:
    return one.runs.other.label, one.runs.base.label


def _change_rows(found: Comparison) -> list[tuple[Any, ...]]:
    """People, and area, by what becomes of a service, and why.

    The people of a unit sum to those of it on the grid, the area to that of the grid, sea included.
    """
    rows: list[tuple[Any, ...]] = []
    for one in found.against:
        for result in one.results:
            for s in result.services:
                what = (*_names(one), result.pair.name, s.service, s.title, s.quality)
                area = {key: round(value, 1) for key, value in s.area_km2.items()}
                rows += [
                    (
                        *what, c.unit, c.change, *c.reason, c.number,
                        area.pop((c.change, c.reason), "") if c.unit == ALL else "",
                    )
                    for c in s.persons
                ]  # fmt: skip
                # Where nobody lives.
                rows += [
                    (*what, ALL, change, *reason, 0 if s.persons else "", value)
                    for (change, reason), value in area.items()
                ]
    return rows


def _household_rows(found: Comparison) -> list[tuple[Any, ...]]:
    return [
        (
            *_names(one), result.pair.name, item.kind, item.name, c.unit, c.change, *c.reason,
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
        tables = [_ledger_of(run.table("ledger")) for run in (one.runs.base, one.runs.other)]
        for result in one.results:
            pair = result.pair
            own, other = (
                {key[1:]: n for key, n in table.items() if key[0] == phase}
                for table, phase in zip(tables, (pair.base.id, pair.other.id), strict=True)
            )
            for key in dict.fromkeys((*own, *other)):
                a, b = own.get(key, 0), other.get(key, 0)
                rows.append((*_names(one), pair.name, *key, a, b, b - a))
    return rows


def _ledger_of(table: list[dict[str, str]]) -> dict[tuple[str, ...], int]:
    return {tuple(row[key] for key in LEDGER_KEYS): int(row["households"]) for row in table}


def _cost_rows(found: Comparison) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for one in found.against:
        base, other = one.runs.base, one.runs.other
        currency = currency_of(base)
        if currency and currency == currency_of(other):
            rows += [
                (
                    *_names(one),
                    a.phase,
                    a.where,
                    a.item,
                    a.base,
                    a.other,
                    a.other - a.base,
                    currency,
                )
                for a in amounts(base, other)
            ]
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
