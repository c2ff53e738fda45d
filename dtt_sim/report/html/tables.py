"""Tables that people read, in the reader's language; each number as in the run's own tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dtt_sim.report.html.headline import HEADLINE_STATUS, figures_of
from dtt_sim.report.html.layers import numbers_by_unit
from dtt_sim.report.html.source import Row
from dtt_sim.report.html.words import Words, as_number
from dtt_sim.transition.ledger import ANYTHING
from dtt_sim.workflow.tables import ALL


class Cell(NamedTuple):
    """A cell.

    Attributes
    ----------
    text : str
        As it is read.
    value : str
        As it is sorted and copied: the number or name of the run's table.
    is_number : bool
    """

    text: str
    value: str
    is_number: bool = False


class StaticTable(NamedTuple):
    """A table of the page.

    Attributes
    ----------
    id, title : str
    header : list of str
    rows : list of list of Cell
    note : str
    """

    id: str
    title: str
    header: list[str]
    rows: list[list[Cell]]
    note: str = ""


def text_cell(text: object, value: object = None) -> Cell:
    """A cell that holds text."""
    shown = str(text or "")
    return Cell(shown, shown if value is None else str(value))


def number_cell(words: Words, value: str | float | None, digits: int = 0) -> Cell:
    """A cell that holds a number."""
    number = as_number(value)
    if number is None:
        return Cell("–", "", is_number=True)
    return Cell(words.number(value, digits), _plain(value), is_number=True)


def percent_cell(words: Words, value: str | float | None, digits: int = 1) -> Cell:
    """A cell that holds a percentage."""
    number = as_number(value)
    shown = "" if number is None else _plain(value)
    return Cell(words.percent(value, digits), shown, is_number=True)


def _plain(value: str | float | None) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"


def _table(
    words: Words, name: str, columns: Sequence[str], rows: Iterable[list[Cell]]
) -> StaticTable:
    header = [words.language.term("report_column", column) for column in columns]
    note = words.language.messages.get(f"report_note.{name}", "")
    title = words.language(f"report_table.{name}")
    told = list(rows)
    # A column that holds nothing tells nothing.
    kept = [k for k in range(len(header)) if any(row[k].value for row in told)]
    return StaticTable(
        f"table-{name}", title, [header[k] for k in kept],
        [[row[k] for k in kept] for row in told if any(cell.value for cell in row)], note,
    )  # fmt: skip


def tables_of(words: Words) -> dict[str, StaticTable]:
    """All tables by name; those that have no rows are left out."""
    found = {
        "phases": phases(words), "coverage": coverage(words), "programmes": programmes(words),
        "losses": losses(words), "gates": gates(words), "costs": costs(words),
        "units": units(words), "fairness": fairness(words), "alternatives": alternatives(words),
        "stations": stations(words), "links": links(words), "assumptions": assumptions(words),
    }  # fmt: skip
    return {name: table for name, table in found.items() if table.rows}


def phases(words: Words) -> StaticTable:
    """Phases with what becomes of households, coverage and cost."""
    if words.source.run.phases and words.source.run.phases[0].date is None:
        return _table(words, "phases", (), ())  # without a plan there is nothing to tell
    rows = []
    plan = {p["id"]: p for p in words.source.run.manifest["scenario"].get("phase") or ()}
    costs_by_phase = {
        r["phase"]: r for r in words.source.rows("costs")
        if r["where"] == ALL and r["item"] == "total"
    }  # fmt: skip
    for phase in words.source.run.phases:
        own = figures_of(words, phase.id)
        cells = [text_cell(words.phase(phase.id), phase.id)]
        cells.append(
            text_cell(words.date(phase.date), phase.date.isoformat() if phase.date else "")
        )
        for what in HEADLINE_STATUS:
            row = own.get((what, ANYTHING)) or {}
            cells.append(number_cell(words, row.get("value")))
            if what == "receives":
                band = words.band(row.get("low"), row.get("high"))
                cells.append(text_cell(band))
        coverage_row = own.get(("digital coverage", "")) or {}
        cells.append(percent_cell(words, coverage_row.get("value")))
        cost = costs_by_phase.get(phase.id, {})
        cells.append(number_cell(words, cost.get("amount")))
        told = plan.get(phase.id, {})
        confidence = str(told.get("confidence") or "")
        cells.append(text_cell(words.language.term("confidence", confidence), confidence))
        cells.append(text_cell(told.get("note")))
        rows.append(cells)
    columns = (
        "phase", "date", "receives", "band", "gains", "loses", "coverage", "cost",
        "confidence_of_date", "note",
    )  # fmt: skip
    return _table(words, "phases", columns, rows)


def coverage(words: Words) -> StaticTable:
    """People whom each service serves in each phase."""
    rows = [
        [
            text_cell(words.phase(r["phase"]), r["phase"]),
            text_cell(words.service(r["multiplex"]), r["multiplex"]),
            text_cell(words.quality(r["quality"]), r["quality"]),
            number_cell(words, r["persons_served"]),
            percent_cell(words, r["persons_served_percent"]),
            number_cell(words, r["persons_with_two_stations"]),
            number_cell(words, r["area_served_km2"]),
        ]
        for r in words.source.rows("summary")
        if r["unit"] == ALL
    ]
    columns = (
        "phase", "service", "quality", "persons_served", "persons_served_percent",
        "persons_with_two_stations", "area_served_km2",
    )  # fmt: skip
    return _table(words, "coverage", columns, rows)


def programmes(words: Words) -> StaticTable:
    """People by programme in the last phase, at the better quality."""
    rows = words.source.rows("programmes")
    last = words.source.run.phases[-1].id if words.source.run.phases else ""
    best: dict[str, Row] = {}
    for row in rows:
        if (row["phase"], row["unit"]) == (last, ALL):
            best[row["programme"]] = row
    told = [
        [
            text_cell(words.item(name), name),
            text_cell("; ".join(words.service(s) for s in r["services"].split("; ") if s)),
            text_cell(words.quality(r["quality"]), r["quality"]),
            number_cell(words, r["one_aerial_persons"]),
            percent_cell(words, r["one_aerial_percent"]),
            number_cell(words, r["aimed_afresh_persons"]),
            percent_cell(words, r["aimed_afresh_percent"]),
        ]
        for name, r in best.items()
    ]
    columns = (
        "programme", "services", "quality", "one_aerial_persons", "one_aerial_percent",
        "aimed_afresh_persons", "aimed_afresh_percent",
    )  # fmt: skip
    return _table(words, "programmes", columns, told)


def losses(words: Words) -> StaticTable:
    """Households that lose every programme, a programme or a service, by cause."""
    rows = [
        [
            text_cell(words.phase(r["phase"]), r["phase"]),
            text_cell(_item(words, r), r["item"]),
            text_cell(words.cause(r["cause"]), r["cause"]),
            text_cell(r["station"]),
            number_cell(words, r["households"]),
        ]
        for r in words.source.rows("ledger")
        if r["unit"] == ALL and r["status"] == "loses" and r["households"] != "0"
    ]
    return _table(words, "losses", ("phase", "item", "cause", "station", "households"), rows)


def _item(words: Words, row: Row) -> str:
    return words.service(row["item"]) if row["kind"] == "service" else words.item(row["item"])


def gates(words: Words) -> StaticTable:
    """Criteria that a phase must meet before it may begin."""
    rows = [
        [
            text_cell(words.phase(r["phase"]), r["phase"]),
            text_cell(words.criterion(r["criterion"]), r["criterion"]),
            percent_cell(words, r["threshold_percent"]),
            percent_cell(words, r["value_percent"], 2),
            text_cell(words("passed" if r["passed"] == "true" else "failed"), r["passed"]),
            text_cell(r["note"]),
        ]
        for r in words.source.rows("gates")
    ]
    columns = ("phase", "criterion", "threshold_percent", "value_percent", "passed", "note")
    return _table(words, "gates", columns, rows)


def costs(words: Words) -> StaticTable:
    """Costs by phase and item, all places together."""
    sums: dict[tuple[str, str], list[float]] = {}
    currency = ""
    for r in words.source.rows("costs"):
        amount, quantity = as_number(r["amount"]), as_number(r["quantity"])
        if amount is None or (r["item"] == "total" and r["where"] != ALL):
            continue
        currency = r["currency"]
        at = sums.setdefault((r["phase"], r["item"]), [0.0, 0.0])
        at[0] += amount
        at[1] += quantity or 0.0
    rows = [
        [
            text_cell(words.phase(phase), phase),
            text_cell(words.cost(item), item),
            number_cell(words, quantity or None, 0 if quantity == round(quantity) else 2),
            number_cell(words, amount),
            text_cell(currency),
        ]
        for (phase, item), (amount, quantity) in sums.items()
        if amount or item == "total"
    ]
    return _table(words, "costs", ("phase", "item", "quantity", "amount", "currency"), rows)


def units(words: Words) -> StaticTable:
    """Units in the last phase, and where most is lost in any."""
    run_phases = words.source.run.phases
    numbers = numbers_by_unit(words.source)
    if not run_phases or not numbers:
        return _table(words, "units", (), ())
    last, rows = run_phases[-1].id, []
    for unit, by_phase in numbers.items():
        now = by_phase.get(last, {})
        losing = {p: at.get("losing", 0) for p, at in by_phase.items()}
        worst = max(losing, key=lambda p: losing[p], default="")
        households = now.get("households")
        share = 100.0 * now["having"] / households if households else None
        rows.append(
            [
                text_cell(words.unit(unit), unit), number_cell(words, now.get("persons")),
                number_cell(words, households), number_cell(words, now.get("having")),
                percent_cell(words, share), number_cell(words, losing.get(worst)),
                text_cell(words.phase(worst) if losing.get(worst) else "", worst),
            ]
        )  # fmt: skip
    columns = (
        "unit", "persons", "households", "having", "having_percent", "losing_most", "losing_when",
    )  # fmt: skip
    return _table(words, "units", columns, rows)


def fairness(words: Words) -> StaticTable:
    """Who is left behind, phase by phase."""
    rows = [
        [
            text_cell(words.phase(r["phase"]), r["phase"]),
            text_cell(words.measure(r["measure"]), r["measure"]),
            text_cell(words.unit(r["where"]), r["where"]),
            percent_cell(words, r["value_percent"], 2),
        ]
        for r in words.source.rows("fairness")
    ]
    return _table(words, "fairness", ("phase", "measure", "where", "value_percent"), rows)


def alternatives(words: Words) -> StaticTable:
    """What the scenario's alternatives change, in people in all."""
    rows = [
        [
            text_cell(r["alternative"]),
            text_cell(words.service(r["service"]), r["service"]),
            text_cell(words.quality(r["quality"]), r["quality"]),
            number_cell(words, r["persons_served"]),
            Cell(words.signed(as_number(r["difference"]) or 0.0), r["difference"], is_number=True),
        ]
        for r in words.source.rows("alternatives")
        if r["unit"] == ALL
    ]
    columns = ("alternative", "service", "quality", "persons_served", "difference")
    return _table(words, "alternatives", columns, rows)


def stations(words: Words) -> StaticTable:
    """Stations with their sites, and when they are on air."""
    run = words.source.run
    known = {t["id"]: t for t in run.manifest.get("transmitters") or () if "id" in t}
    rows = []
    for name, first in {n: s for p in run.phases for n, s in p.stations.items()}.items():
        on_air = [p for p in run.phases if name in p.stations]
        facts = known.get(name, {})
        height = facts.get("height_agl_m")
        rows.append(
            [
                text_cell(first.site), text_cell(name),
                text_cell(words.service(first.service), first.service),
                number_cell(words, facts.get("channel")), number_cell(words, first.frequency_mhz, 1),
                number_cell(words, first.erp_kw, 3), number_cell(words, height),
                number_cell(words, facts.get("height_amsl_m")),
                text_cell(
                    words.language.term("report_polarisation", facts.get("polarisation") or ""),
                    facts.get("polarisation") or "",
                ),
                number_cell(words, first.lat_deg, 5), number_cell(words, first.lon_deg, 5),
                text_cell(words.phase(on_air[0].id), on_air[0].id),
                text_cell(words.phase(on_air[-1].id), on_air[-1].id),
            ]
        )  # fmt: skip
    columns = (
        "site", "station", "service", "channel", "frequency_mhz", "erp_kw", "height_agl_m",
        "height_amsl_m", "polarisation", "lat_deg", "lon_deg", "first_phase", "last_phase",
    )  # fmt: skip
    return _table(words, "stations", columns, rows)


def links(words: Words) -> StaticTable:
    """Paths of note and what obstacles on them cost."""
    rows = [
        [
            text_cell(r["name"]), text_cell(r["transmitter"]),
            number_cell(words, r["distance_km"], 1), number_cell(words, r["e_dbuv_m"], 1),
            number_cell(words, r["loss_db"], 1), number_cell(words, r["highest_ground_m"]),
            number_cell(words, r["highest_ground_at_km"], 1),
            number_cell(words, r["obstacle_costs_db"], 1),
        ]
        for r in words.source.rows("links")
    ]  # fmt: skip
    columns = (
        "name", "transmitter", "distance_km", "e_dbuv_m", "loss_db", "highest_ground_m",
        "highest_ground_at_km", "obstacle_costs_db",
    )  # fmt: skip
    return _table(words, "links", columns, rows)


def assumptions(words: Words) -> StaticTable:
    """Everything assumed, with source and confidence."""
    rows = [
        [
            text_cell(r["key"]), text_cell(f"{r['value']} {r['unit']}".strip(), r["value"]),
            text_cell(words.language.term("confidence", r["confidence"]), r["confidence"]),
            text_cell(r["reason"]), text_cell(r["source"]),
        ]
        for r in words.source.rows("assumptions")
    ]  # fmt: skip
    return _table(words, "assumptions", ("key", "value", "confidence", "reason", "source"), rows)
