"""A second run beside the first: which is better by what, and what each gains and loses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dtt_sim.comparison.comparable import Comparable, make_comparable
from dtt_sim.comparison.counts import total
from dtt_sim.comparison.households import HouseholdChanges
from dtt_sim.comparison.money import currency_of, per_household
from dtt_sim.comparison.ranking import Ranking, Standing, rank_runs
from dtt_sim.errors import DttSimError
from dtt_sim.report.html.headline import Sentence
from dtt_sim.report.html.source import Source
from dtt_sim.report.html.tables import Cell, StaticTable, number_cell, text_cell
from dtt_sim.report.html.words import Words
from dtt_sim.transition.ledger import ANY
from dtt_sim.workflow.tables import ALL
from terrain.errors import TerrainError


@dataclass(eq=False)
class Versus:
    """What a comparison says.

    Attributes
    ----------
    is_same_grid : bool
        Whether cells of one run lie on those of the other.
    sentences : list of Sentence
    tables : list of StaticTable
    each : list of dict
        Data of the chart: cost of each additional household by what it receives.
    """

    is_same_grid: bool
    sentences: list[Sentence] = field(default_factory=list)
    tables: list[StaticTable] = field(default_factory=list)
    each: list[dict[str, Any]] = field(default_factory=list)


def compare_sources(words: Words, other: Source) -> Versus:
    """Compare two runs as far as they can be compared; says why where they cannot."""
    runs = (words.source.run, other.run)
    found = Versus(runs[0].grid == runs[1].grid)
    try:
        comparable = make_comparable(*runs)
        ranking = rank_runs(runs)
        if ranking is not None:
            found.sentences += _sentences(words, ranking, currency_of(runs[0]))
            found.tables.append(_ranking(words, ranking))
            _households(words, comparable, found)
    except (DttSimError, TerrainError, KeyError, ValueError) as error:
        return Versus(
            found.is_same_grid, [Sentence("warning", words("versus_not", why=str(error)))]
        )
    found.sentences += [Sentence("warning", str(warning)) for warning in comparable.warnings]
    return found


def _households(words: Words, runs: Comparable, found: Versus) -> None:
    """Who gains and loses in the last phase, by unit, and what each costs."""
    changes = HouseholdChanges.of(runs)
    if changes is None:
        return
    last = runs.pairs[-1]
    counts = changes.count(last, ANY)
    numbers = {
        unit: (total(counts, "gained", unit), total(counts, "lost", unit))
        for unit in dict.fromkeys(c.unit for c in counts)
    }
    gained, lost = numbers.get(ALL, (0, 0))
    text = words(
        "versus_changes", phase=words.phase(last.base.id), a=runs.base.label, b=runs.other.label,
        gained=words.number(gained), lost=words.number(lost),
    )  # fmt: skip
    found.sentences.append(Sentence("plain", text))
    rows = [
        [
            text_cell(words.unit(unit), unit), number_cell(words, more), number_cell(words, fewer),
            Cell(words.signed(more - fewer), str(more - fewer), is_number=True),
        ]
        for unit, (more, fewer) in numbers.items()
        if more or fewer
    ]  # fmt: skip
    if rows:
        title = words.language("report_table.changes")
        found.tables.append(
            StaticTable(
                "table-changes", title, _header(words, "unit", "gained", "lost", "net"), rows
            )
        )
    _costs(words, runs, changes, found)


def _costs(words: Words, runs: Comparable, changes: HouseholdChanges, found: Versus) -> None:
    services = {name for phase in runs.base.phases for name in phase.services}
    costs = per_household(runs.base, runs.other, runs.pairs[-1], changes.items)
    for one in costs:
        if one.item == ANY:
            verdict = words.language.term("report_verdict", one.verdict)
            text = words("versus_each", a=runs.base.label, b=runs.other.label, verdict=verdict)
            found.sentences.append(Sentence("plain", text))
        if one.each is not None:
            name = one.item.name
            title = words.service(name) if name in services else words.item(name)
            found.each.append({"item": title, "each": abs(one.each), "gained": one.gained > 0.0})


def _header(words: Words, *columns: str) -> list[str]:
    return [words.language.term("report_column", column) for column in columns]


def _sentences(words: Words, ranking: Ranking, currency: str) -> list[Sentence]:
    told = []
    for criterion in ("receiving", "losing", "months_without", "worst_unit", "cost"):
        own = ranking.by(criterion)
        if len(own) != 2:
            continue
        first, second = own
        text = words.language.term("report_rank", criterion)
        if first.value == second.value:
            told.append(Sentence("plain", words("versus_same", criterion=text)))
            continue
        duel = ranking.duel(criterion, first.run, second.run)
        chance = (
            ""
            if np.isnan(duel.probability)
            else words("versus_chance", percent=words.percent(100.0 * duel.probability, 0))
        )
        values = [_value(words, s, currency) for s in (first, second)]
        told.append(
            Sentence(
                "plain",
                words(
                    "versus_better", criterion=text, better=first.run, worse=second.run,
                    a=values[0], b=values[1], chance=chance,
                ),
            )
        )  # fmt: skip
    return told


def _value(words: Words, standing: Standing, currency: str) -> str:
    if standing.criterion.id == "cost":
        return words.money(standing.value, currency)
    if standing.criterion.unit == "%":
        return words.percent(standing.value)
    return words.number(standing.value)


def _ranking(words: Words, ranking: Ranking) -> StaticTable:
    rows: list[list[Cell]] = []
    for s in ranking.standings:
        name = s.criterion.id
        text = (
            words("rank_programme", programme=name.removeprefix("programme "))
            if name.startswith("programme ")
            else words.language.term("report_rank", name)
        )
        digits = 1 if s.criterion.unit == "%" else 0
        rows.append(
            [
                text_cell(text, name), text_cell(s.run), number_cell(words, s.rank),
                number_cell(words, s.value, digits),
                text_cell(words.band(s.low, s.high, digits)),
                text_cell(words.language.term("report_unit", s.criterion.unit), s.criterion.unit),
                number_cell(words, 100.0 * s.best if np.isfinite(s.best) else None),
            ]
        )  # fmt: skip
    columns = ("criterion", "run", "rank", "value", "band", "unit_of", "best_percent")
    title = words.language("report_table.ranking")
    return StaticTable("table-ranking", title, _header(words, *columns), rows)
