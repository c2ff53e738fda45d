"""Data of the charts; the page's script draws them."""

from __future__ import annotations

from typing import Any

from dtt_sim.report.html.headline import causes_of_loss
from dtt_sim.report.html.layers import numbers_by_unit
from dtt_sim.report.html.words import Words, as_number
from dtt_sim.transition.ledger import ANYTHING
from dtt_sim.workflow.tables import ALL

SHARES = ("digital coverage", "worst unit")
"""Figures in percent that are drawn over the phases."""


def charts_of(words: Words) -> dict[str, Any]:
    """Series by chart; empty lists where a run has not what they need."""
    return {
        "receiving": receiving(words),
        "losses": losses(words),
        "costs": costs(words),
        "fairness": fairness(words),
    }


def receiving(words: Words) -> list[dict[str, Any]]:
    """Who receives something by phase, with the 5 to 95 % band: households, and shares in percent."""
    order = [p.id for p in words.source.run.phases]
    services = {name for p in words.source.run.phases for name in p.services}
    points: dict[str, list[dict[str, Any]]] = {}
    for row in words.source.rows("headline"):
        value, figure = as_number(row["value"]), row["figure"]
        if figure in {"receives", *SHARES} and value is not None and row["phase"] in order:
            point = {
                "phase": row["phase"], "value": value, "low": as_number(row["low"]),
                "high": as_number(row["high"]),
            }  # fmt: skip
            key = figure if figure in SHARES else row["item"]
            points.setdefault(key, []).append(point)
    return [
        {
            "item": item,
            "unit": "%" if item in SHARES else "households",
            "title": words.language(f"report_figure.{item}")
            if item in SHARES
            else words.service(item)
            if item in services
            else words.item(item),
            "points": own,
        }
        for item, own in points.items()
        if any(p["value"] for p in own)
    ]


def losses(words: Words) -> list[dict[str, Any]]:
    """Households that lose every programme by phase and cause."""
    return [
        {"phase": p.id, "cause": cause, "households": n}
        for p in words.source.run.phases
        for cause, n in causes_of_loss(words, p.id, ANYTHING).items()
        if n
    ]


def costs(words: Words) -> list[dict[str, Any]]:
    """Money by phase and kind of cost."""
    sums: dict[tuple[str, str], float] = {}
    for row in words.source.rows("costs"):
        amount, item = as_number(row["amount"]), row["item"]
        if not amount or row["phase"] == ALL or item == "total":
            continue
        kind = item.split(" ")[0] if item.startswith(("capex ", "opex ")) else item
        key = row["phase"], words.language.term("report_cost", kind)
        sums[key] = sums.get(key, 0.0) + amount
    return [{"phase": p, "kind": kind, "amount": n} for (p, kind), n in sums.items()]


def fairness(words: Words) -> list[dict[str, Any]]:
    """Share of households that receive any programme by unit: at first, at worst and at last [%]."""
    order = [p.id for p in words.source.run.phases]
    found = []
    for unit, by_phase in numbers_by_unit(words.source).items():
        share = {
            phase: 100.0 * at["having"] / at["households"]
            for phase, at in by_phase.items()
            if at.get("households")
        }
        own = [share[p] for p in order if p in share]
        if own and unit != ALL:
            found.append({"unit": unit, "first": own[0], "least": min(own), "last": own[-1]})
    return sorted(found, key=lambda one: one["last"])
