"""A second run beside the first: which is better by what, and what each gains and loses."""

from __future__ import annotations

from typing import Any

import numpy as np

from dtt_sim.comparison.comparable import make_comparable, pair_phases
from dtt_sim.comparison.counts import GAINED, LOST
from dtt_sim.comparison.households import HouseholdChanges
from dtt_sim.comparison.money import currency_of, per_household, total_cost
from dtt_sim.comparison.ranking import CRITERIA, Ranking, Standing, rank_runs
from dtt_sim.errors import DttSimError
from dtt_sim.report.html.headline import Sentence
from dtt_sim.report.html.source import Source
from dtt_sim.report.html.tables import Cell, StaticTable, number_cell, text_cell
from dtt_sim.report.html.words import Words

__all__ = ["Versus", "compare_sources"]
_ = (GAINED, LOST, HouseholdChanges, per_household, total_cost, CRITERIA, pair_phases, Any, np)


class Versus:
    """What a comparison says; filled by :func:`compare_sources`."""

    def __init__(self) -> None:
        self.sentences: list[Sentence] = []
        self.tables: list[StaticTable] = []
        self.is_same_grid = False


def compare_sources(words: Words, other: Source) -> Versus:
    """Compare two runs as far as they can be compared; says why where they cannot."""
    found = Versus()
    runs = (words.source.run, other.run)
    found.is_same_grid = runs[0].grid == runs[1].grid
    try:
        comparable = make_comparable(*runs)
        ranking = rank_runs(runs)
    except (DttSimError, KeyError, ValueError) as error:
        found.sentences.append(Sentence("warning", words("versus_not", why=str(error))))
        return found
    for warning in comparable.warnings:
        found.sentences.append(Sentence("warning", str(warning)))
    if ranking is not None:
        found.sentences += _sentences(words, ranking, currency_of(runs[0]))
        found.tables.append(_ranking(words, ranking))
    return found


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
    header = [words.language.term("report_column", column) for column in columns]
    return StaticTable("table-ranking", words.language("report_table.ranking"), header, rows)
