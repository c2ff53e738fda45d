"""Columns of a run's tables: what kind of value each holds, and how it is told."""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal

from dtt_sim.report.annex.facts import Facts
from dtt_sim.report.annex.material import date_of, number_of

Kind = Literal["text", "whole", "one", "two", "three", "mixed", "degrees", "date", "flag"]
Value = str | int | float | dt.date | None

KINDS: Final[dict[str, Kind]] = {
    "persons": "whole", "persons_outside_grid": "whole", "persons_at_sea_cells": "whole",
    "location_percent": "one", "persons_served": "whole", "persons_served_percent": "two",
    "persons_with_two_stations": "whole", "area_km2": "one", "area_served_km2": "one",
    "land_km2": "one", "land_served_km2": "one", "persons_percent": "two",
    "one_aerial_persons": "whole", "one_aerial_percent": "two", "aimed_afresh_persons": "whole",
    "aimed_afresh_percent": "two", "date": "date", "households": "whole", "low": "mixed",
    "high": "mixed", "value": "mixed", "sampling_error": "mixed", "draws": "whole", "quantity": "mixed",
    "unit_price": "whole", "amount": "whole", "amount_other": "mixed", "threshold_percent": "three",
    "value_percent": "three", "margin_points": "three", "passed": "flag", "difference": "mixed",
    "distance_km": "three", "loss_db": "two", "e_dbuv_m": "two", "highest_ground_m": "one",
    "highest_ground_at_km": "two", "loss_without_obstacle_db": "two", "obstacle_costs_db": "two",
    "lat_deg": "degrees", "lon_deg": "degrees", "frequency_mhz": "mixed", "erp_kw": "mixed",
    "height_agl_m": "one", "height_amsl_m": "one", "delay_us": "two", "rank": "whole",
    "probability_best": "three", "probability_run_beats": "three",
    "probability_of_verdict": "three", "base": "mixed", "other": "mixed", "base_quantity": "mixed",
    "other_quantity": "mixed", "base_passed": "flag", "other_passed": "flag",
    "households_gained": "whole", "cost_difference": "whole", "cost_per_household": "whole",
    "bit_rate_mbps": "two",
}  # fmt: skip
"""Columns that are no text; "mixed" ones hold whole numbers beside others."""
FORMATS: Final[dict[Kind, str]] = {
    "whole": "#,##0", "one": "#,##0.0", "two": "#,##0.00", "three": "#,##0.000",
    "mixed": "#,##0.00", "degrees": "0.000000", "date": "yyyy-mm-dd",
}  # fmt: skip
WIDTHS: Final = {"text": 16.0, "date": 12.0, "flag": 9.0}
MEASURES: Final[dict[str, str]] = {
    "persons": "person", "persons_outside_grid": "person", "persons_at_sea_cells": "person",
    "location_percent": "percent", "persons_served": "person", "persons_served_percent": "percent",
    "persons_with_two_stations": "person", "area_km2": "km2", "area_served_km2": "km2",
    "land_km2": "km2", "land_served_km2": "km2", "persons_percent": "percent",
    "one_aerial_persons": "person", "one_aerial_percent": "percent",
    "aimed_afresh_persons": "person", "aimed_afresh_percent": "percent",
    "households": "household", "threshold_percent": "percent", "value_percent": "percent",
    "margin_points": "points", "distance_km": "km", "loss_db": "db", "e_dbuv_m": "dbuv_m",
    "highest_ground_m": "m", "highest_ground_at_km": "km", "loss_without_obstacle_db": "db",
    "obstacle_costs_db": "db", "lat_deg": "deg", "lon_deg": "deg", "frequency_mhz": "mhz",
    "erp_kw": "kw", "height_agl_m": "m", "height_amsl_m": "m", "delay_us": "us",
    "households_gained": "household", "bit_rate_mbps": "mbps",
}  # fmt: skip
"""Units of columns that have one for all rows; others have a column for it, or none."""
TERMS: Final = {
    "status": "status", "cause": "cause", "confidence": "confidence", "quality": "quality",
    "change": "change", "criterion": "document_criterion", "measure": "document_fairness",
    "verdict": "document_verdict", "figure": "sheet_figure", "better": "sheet_word",
    "terrain": "sheet_word", "population": "sheet_word", "kind": "sheet_word",
    "where": "document_word", "unit": "document_word", "phase": "document_word",
}  # fmt: skip
"""Group of messages in which a column's words are found."""


def value_of(f: Facts, table: str, column: str, text: str, row: dict[str, str]) -> Value:
    """A cell: a number, a date, or a text in the language; None for an empty one."""
    if not text:
        return None
    kind = KINDS.get(column, "text")
    # A value of an assumption, or a difference, may be a text or a number.
    if table == "assumptions" and column == "value":
        return _number(text) if _is_plain(text) else text
    if kind == "date":
        return date_of(text) or text
    if kind == "flag":
        return f.text.term("sheet_word", text)
    if kind != "text":
        number = _number(text)
        return text if number is None else number
    if column == "item":
        return _item(f, table, text)
    if column == "criterion":
        return _criterion(f, table, text, row)
    if column == "cause" and row.get("status"):
        return f.text.term("loss", text)
    if column in {"unit", "where"} and f.text.term("document_word", text) == text:
        return (
            f.text.term("document_unit", text)
            if table in {"headline", "ranking", "beats"}
            else text
        )
    return f.text.term(TERMS[column], text) if column in TERMS else text


def _criterion(f: Facts, table: str, text: str, row: dict[str, str]) -> str:
    if table in {"ranking", "beats"}:
        if text.startswith("programme "):
            programme = text.removeprefix("programme ")
            return f.text("document_ranking.programme", programme=programme)
        return f.text.messages.get(f"document_ranking.{text}", row.get("text", text))
    return f.criterion(text)


def _item(f: Facts, table: str, text: str) -> str:
    return f.cost_item(text) if table == "costs" else f.text.term("document_word", text)


def _is_plain(text: str) -> bool:
    """Whether a text is a number as programs write it, and no list, code or date."""
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _number(text: str) -> int | float | None:
    found = number_of(text)
    if found is None:
        return None
    return int(text) if text.lstrip("-").isdigit() else found
