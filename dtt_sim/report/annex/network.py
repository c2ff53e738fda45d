"""The annex on network and coverage, and on the phases of the plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dtt_sim.report.annex import charts
from dtt_sim.report.annex.facts import ANY, NONE, Facts
from dtt_sim.report.annex.front import coverage_table, map_figure, station_table, vintage_note
from dtt_sim.report.annex.material import Phase, Row, number_of
from dtt_sim.report.annex.word import Writer
from dtt_sim.workflow.tables import ALL

MOST_LINES = 70
"""Stations that fit on a page."""
TAIL = 0.12
"""Of the time between the first and the last phase, drawn after the last."""
STATUSES = ("starts with", "keeps", "gains", "loses", "without")


def write_network(w: Writer, f: Facts) -> None:
    """Network and coverage."""
    t = w.text
    w.heading(t("document_heading.network"))
    phases = f.m.phases
    if not phases:
        w.paragraph(t("document_missing.phases"))
        return
    last = phases[-1]
    w.heading(t("document_heading.network_stations"), 2)
    if last.stations:
        number = t.number(len(last.stations))
        w.paragraph(t("document_network.stations", phase=f.dated(last), number=number))
    station_table(w, f, last)
    w.heading(t("document_heading.network_modes"), 2)
    _modes(w, f)
    w.heading(t("document_heading.network_coverage"), 2)
    coverage_table(w, f, phases, t("document_caption.coverage"))
    _coverage_chart(w, f)
    for phase in phases[1:]:
        map_figure(w, f, phase)
    _units(w, f, last)
    w.heading(t("document_heading.network_causes"), 2)
    _causes(w, f, last)
    _links(w, f)


def _modes(w: Writer, f: Facts) -> None:
    t = w.text
    rows = [
        [
            str(mode.get("title") or name), str(mode.get("network") or "").upper(),
            " ".join(str(mode.get(k) or "") for k in ("fft", "modulation", "code_rate")),
            f"{mode.get('guard_interval')}, {mode.get('pilot_pattern')}",
            ", ".join(str(p) for p in mode.get("programmes") or ()),
        ]
        for name, mode in f.m.mapping("scenario", "multiplexes").items()
        if isinstance(mode, Mapping)
    ]  # fmt: skip
    if not rows:
        w.paragraph(t("document_missing.modes"))
        return
    columns = ("multiplex", "network", "mode", "guard", "programmes")
    w.table(
        t("document_caption.modes"), [t(f"document_column.{c}") for c in columns], rows,
        widths=[2.6, 1.3, 2.8, 2.2, 4.4], small=True,
    )  # fmt: skip


def _coverage_chart(w: Writer, f: Facts) -> None:
    phases = f.m.phases
    names = {n: title for p in phases for n, title in f.services(p).items() if f.is_digital(p, n)}
    series = {
        title: [
            number_of(f.covered(p.id, n, upper=True).get("persons_served_percent")) for p in phases
        ]
        for n, title in names.items()
    }
    if len(phases) > 1 and any(charts.is_drawable(values) for values in series.values()):
        w.figure(
            w.text("document_caption.coverage_chart"),
            charts.lines(
                [p.title for p in phases], series, w.text, axis=w.text("document_axis.coverage")
            ),
        )


def _units(w: Writer, f: Facts, phase: Phase) -> None:
    """People well served by unit and service in a phase: a table that may want a wide page."""
    t = w.text
    services = f.services(phase)
    by = {
        (row["unit"], row["multiplex"]): row
        for row in f.rows("summary", phase=phase.id, quality=("good", "grade 4"))
    }
    units = [u for u in dict.fromkeys(unit for unit, _ in by) if u != ALL]
    if not units:
        return
    header = [t("document_column.unit"), t("document_column.persons")]
    for title in services.values():
        header += [f"{title} ({t('document_word.persons')})", f"{title} (%)"]
    rows = []
    for unit in (*units, ALL):
        own = [by.get((unit, name), Row()) for name in services]
        cells = [
            f.place(unit),
            f.number(next((r["persons"] for r in own if r.get("persons")), None)),
        ]
        for row in own:
            cells += [f.number(row.get("persons_served")),
                      f.number(row.get("persons_served_percent"), 1)]  # fmt: skip
        rows.append(cells)
    with w.landscape():
        w.table(
            t("document_caption.units", phase=f.dated(phase)), header, rows,
            widths=[2.6, 1.8, *(1.7, 1.2) * len(services)], numeric=range(1, len(header)), totals=1,
            small=True, note=vintage_note(f),
        )  # fmt: skip


def _causes(w: Writer, f: Facts, phase: Phase) -> None:
    """People by what limits each service."""
    t = w.text
    causes = ("served", "noise", "self-interference", "interference", "no data")
    found: dict[tuple[str, str], float] = {}
    for row in f.rows("causes", phase=phase.id, unit=ALL):
        key = row.get("multiplex", ""), row.get("cause", "")
        found[key] = found.get(key, 0.0) + (number_of(row.get("persons")) or 0.0)
    services = {n: title for n, title in f.services(phase).items() if any(n == k for k, _ in found)}
    if not services:
        w.paragraph(t("document_missing.table"))
        return
    w.table(
        t("document_caption.causes", phase=f.dated(phase)),
        [t("document_column.service"), *(t.term("cause", c) for c in causes)],
        [[title, *(f.number(found.get((n, c), 0.0)) for c in causes)]
         for n, title in services.items()],
        widths=[3.4, 2, 2, 2, 2, 2], numeric=range(1, 6), small=True,
        note=t("document_network.causes"),
    )  # fmt: skip


def _links(w: Writer, f: Facts) -> None:
    rows = f.m.rows("links")
    if not rows:
        return
    t = w.text
    columns = ("link", "station", "distance", "loss", "field", "obstacle")
    w.table(
        t("document_caption.links"), [t(f"document_column.{c}") for c in columns],
        [[r.get("name", ""), r.get("transmitter", ""), f.number(r.get("distance_km"), 1),
          f.number(r.get("loss_db"), 1), f.number(r.get("e_dbuv_m"), 1),
          f.number(r.get("obstacle_costs_db"), 1)] for r in rows],
        widths=[4, 2.6, 1.8, 1.8, 1.8, 2], numeric=(2, 3, 4, 5), small=True,
    )  # fmt: skip


def write_phases(w: Writer, f: Facts) -> None:
    """Phases: dates, what changes, what becomes of households, and whether each may go ahead."""
    t = w.text
    w.heading(t("document_heading.phases"))
    if not f.m.phases:
        w.paragraph(t("document_missing.phases"))
        return
    w.heading(t("document_heading.phases_dates"), 2)
    _dates(w, f)
    _plan(w, f)
    w.heading(t("document_heading.phases_households"), 2)
    if not f.has_plan:
        w.paragraph(t("document_missing.plan"))
        return
    _households(w, f)
    w.heading(t("document_heading.phases_losses"), 2)
    _losses(w, f)
    w.heading(t("document_heading.phases_gates"), 2)
    _gates(w, f)


def _plan(w: Writer, f: Facts) -> None:
    """Which station is on air when: drawn from the manifest, or the run's own picture."""
    t = w.text
    lines = plan_lines(f.m.phases)
    if 0 < len(lines) <= MOST_LINES:
        dates = [p.date for p in f.m.phases if p.date is not None]
        kinds = [t(f"document_kind.{kind}") for kind in ("digital", "analogue")]
        w.figure(t("document_caption.plan"), charts.gantt(lines, dates, kinds, t))
        w.note(t("document_phases.plan"))
        return
    plan = f.m.picture("plan.png") if len(f.m.phases) > 1 else None
    if plan is not None:
        w.figure(t("document_caption.plan"), plan)


def plan_lines(phases: Sequence[Phase]) -> list[charts.Line]:
    """Stations by site with the days between which they are on air; none without dates."""
    dates = [p.date for p in phases if p.date is not None]
    if len(dates) != len(phases) or len(dates) < 2:
        return []
    end = dates[-1] + max(TAIL * (dates[-1] - dates[0]), dt.timedelta(days=30))
    found: dict[str, charts.Line] = {}
    sites: dict[str, int] = {}
    for phase, start, until in zip(phases, dates, [*dates[1:], end], strict=True):
        for id_, station in phase.stations.items():
            site, service = (str(station.get(k, "")) for k in ("site", "service"))
            sites.setdefault(site, len(sites))
            is_digital = bool(phase.services.get(service, {}).get("digital"))
            line = found.setdefault(
                id_, charts.Line(f"{site} · {service}", 0 if is_digital else 1, [])
            )
            if line.on_air and line.on_air[-1][1] == start:
                line.on_air[-1] = line.on_air[-1][0], until
            else:
                line.on_air.append((start, until))
    return sorted(
        found.values(), key=lambda line: (sites[line.name.rpartition(" · ")[0]], line.name)
    )


def _dates(w: Writer, f: Facts) -> None:
    t = w.text
    rows = []
    before: Mapping[str, Any] = {}
    for k, phase in enumerate(f.m.phases, start=1):
        on = [s for s in phase.stations if s not in before]
        off = [s for s in before if s not in phase.stations]
        date = f.day(phase)
        if phase.confidence:
            date += f" ({t.term('confidence', phase.confidence)})"
        rows.append([str(k), phase.title, date, _sites(phase.stations, on), _sites(before, off)])
        before = phase.stations
    columns = ("number", "phase", "date", "on", "off")
    w.table(
        t("document_caption.phases"), [t(f"document_column.{c}") for c in columns], rows,
        widths=[0.9, 3.2, 2.3, 4.2, 3.2], small=True,
    )  # fmt: skip


def _sites(stations: Mapping[str, Any], names: list[str]) -> str:
    """Sites with their services, of some stations."""
    found: dict[str, list[str]] = {}
    for name in names:
        station = stations[name]
        found.setdefault(str(station.get("site") or name), []).append(
            str(station.get("service", ""))
        )
    return "; ".join(f"{site} ({', '.join(own)})" for site, own in found.items()) or NONE


def _households(w: Writer, f: Facts) -> None:
    t = w.text
    phases = [p for p in f.m.phases if f.figure(p.id, "receives")]
    if not phases:
        w.paragraph(t("document_missing.table"))
        return
    receives = [f.figure(p.id, "receives") for p in phases]
    rows = [
        [p.title, f.day(p), f.number(r["value"]), f.band(r),
         *(f.number(f.figure(p.id, s).get("value")) for s in ("gains", "loses", "without"))]
        for p, r in zip(phases, receives, strict=True)
    ]  # fmt: skip
    columns = ("phase", "date", "receiving", "band", "gains", "loses", "without")
    w.table(
        t("document_caption.households"), [t(f"document_column.{c}") for c in columns], rows,
        widths=[3.2, 2.4, 1.8, 3.2, 1.6, 1.6, 1.8], numeric=range(2, 7), small=True,
        note=t("document_phases.households"),
    )  # fmt: skip
    w.figure(
        t("document_caption.households_chart"),
        charts.bars(
            [p.title for p in phases], [number_of(r["value"]) or 0.0 for r in receives], t,
            axis=t("document_axis.households"),
            low=[number_of(r.get("low")) for r in receives],
            high=[number_of(r.get("high")) for r in receives],
        ),
    )  # fmt: skip


def _losses(w: Writer, f: Facts) -> None:
    """Losses of all programmes by cause, and of each programme."""
    t = w.text
    by = {p.id: f.losses(p.id) for p in f.m.phases}
    causes = list(dict.fromkeys(cause for own in by.values() for cause, _ in own))
    phases = [p for p in f.m.phases if by[p.id]]
    if not phases:
        w.paragraph(t("document_phases.no_losses"))
        return
    summed = {
        (p.id, cause): sum(n for (c, _), n in by[p.id].items() if c == cause)
        for p in phases
        for cause in causes
    }
    w.table(
        t("document_caption.losses"),
        [t("document_column.phase"), *(t.term("loss", c) for c in causes)],
        [[p.title, *(f.number(summed[p.id, c]) for c in causes)] for p in phases],
        widths=[3.6, *[2.4] * len(causes)], numeric=range(1, len(causes) + 1), small=True,
    )  # fmt: skip
    w.figure(
        t("document_caption.losses_chart"),
        charts.stacks(
            [p.title for p in phases],
            {t.term("loss", c): [summed[p.id, c] for p in phases] for c in causes}, t,
            axis=t("document_axis.losing"),
        ),
    )  # fmt: skip
    _losses_of_programmes(w, f)
    _losses_of_units(w, f, max(phases, key=lambda p: sum(by[p.id].values())))


def _losses_of_programmes(w: Writer, f: Facts) -> None:
    """Households that lose each programme, by phase."""
    t = w.text
    programmes = dict.fromkeys(
        r["item"] for r in f.rows("ledger", unit=ALL, kind="programme", status="loses")
    )
    phases = [p for p in f.m.phases if f.rows("ledger", phase=p.id, unit=ALL, status="loses")]
    rows = [
        [name, *(f.number(f.figure(p.id, "loses", name).get("value")) for p in phases)]
        for name in programmes
    ]
    if not rows:
        return
    w.table(
        t("document_caption.losses_programmes"),
        [t("document_column.programme"), *(p.title for p in phases)], rows,
        widths=[3, *[2.2] * len(phases)], numeric=range(1, len(phases) + 1), small=True,
    )  # fmt: skip


def _losses_of_units(w: Writer, f: Facts, phase: Phase) -> None:
    """What becomes of all programmes in each unit, in the phase with most losses."""
    t = w.text
    found: dict[tuple[str, str], float] = {}
    for row in f.rows("ledger", phase=phase.id, item=ANY):
        key = row.get("unit", ""), row.get("status", "")
        found[key] = found.get(key, 0.0) + (number_of(row.get("households")) or 0.0)
    units = dict.fromkeys(unit for unit, _ in found)
    statuses = [s for s in STATUSES if any(s == status for _, status in found)]
    w.table(
        t("document_caption.losses_units", phase=f.dated(phase)),
        [t("document_column.unit"), *(t.term("status", s) for s in statuses)],
        [[f.place(unit), *(f.number(found.get((unit, s), 0.0)) for s in statuses)] for unit in units],
        widths=[4, *[2.5] * len(statuses)], numeric=range(1, len(statuses) + 1),
        totals=1 if ALL in units else 0,
    )  # fmt: skip


def _gates(w: Writer, f: Facts) -> None:
    t = w.text
    titles = {p.id: p.title for p in f.m.phases}
    rows = [
        [titles.get(r.get("phase", ""), r.get("phase", "")), f.criterion(r.get("criterion", "")),
         f.percent(r.get("threshold_percent")), f.percent(r.get("value_percent")),
         t(f"document_word.{'passes' if r.get('passed') == 'true' else 'fails'}"),
         t.term("document_criterion", r.get("note", ""))]
        for r in f.m.rows("gates")
    ]  # fmt: skip
    if not rows:
        lacks = any(one.file == "gates.csv" for one in f.m.missing)
        w.paragraph(t("document_missing.table" if lacks else "document_phases.no_gates"))
        return
    columns = ("phase", "criterion", "threshold", "value", "verdict", "note")
    w.table(
        t("document_caption.gates"), [t(f"document_column.{c}") for c in columns], rows,
        widths=[2.6, 4, 1.7, 1.7, 1.7, 2.3], numeric=(2, 3), small=True,
    )  # fmt: skip
