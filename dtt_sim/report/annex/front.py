"""The annex up to demand: its head, a summary, legal basis, current state and needs."""

from __future__ import annotations

from dtt_sim.report.annex.facts import ANY, NONE, Facts, sums
from dtt_sim.report.annex.maps import coverage_map
from dtt_sim.report.annex.material import Phase, number_of
from dtt_sim.report.annex.styles import MARK, PLACEHOLDER, STRONG
from dtt_sim.report.annex.word import Writer
from dtt_sim.workflow.tables import ALL

VIETNAM_DEG = 102.0, 8.0, 110.5, 23.5
"""West, south, east, north of a box round Việt Nam."""
NATIONAL = ("decision_2451", "groups", "decision_1671", "circular_26", "decision_1761", "boxes")
"""Documents of the state and facts that were verified, of the group ``document_legal_fact``."""


def write_head(w: Writer, f: Facts) -> None:
    """Title, what the annex belongs to, and what is to be known before anything is read."""
    t = w.text
    w.grid(
        [[(t("document_head.authority"), PLACEHOLDER), _head(t("document_head.state"))],
         [("", ""), _head(t("document_head.motto"))]]
    )  # fmt: skip
    w.title(t("document_head.annex"))
    w.title(t("document_head.title"))
    w.centred(f.m.title, bold=True)
    p = w.document.add_paragraph(style="Annex Centre")
    p.add_run(t("document_head.decision"), style=PLACEHOLDER)
    if f.m.is_schematic:
        w.warning(t("schematic.warning"))
    if f.m.run is None:
        w.warning(t("document_head.incomplete"))
    w.note(t("document_head.origin", version=str(f.m.get("dtt_sim") or NONE)))
    if f.m.get("scenario", "population", "approximate"):
        w.note(t("document_head.approximate"))


def _head(text: str) -> tuple[str, str]:
    return text, PLACEHOLDER if text.startswith("[") else STRONG


def write_summary(w: Writer, f: Facts) -> None:
    """The outcome in plain words."""
    t = w.text
    w.title(t("document_summary.title"))
    lines = [*_households(f), *_coverage(f), *_money(f), *_gates(f)]
    for line in lines:
        w.bullet(line)
    if not lines:
        w.paragraph(t("document_missing.table"))


def _households(f: Facts) -> list[str]:
    t, households, phases = f.text, f.households(), f.m.phases
    if not f.has_plan or households is None or not phases:
        return []
    found = []
    first, last = phases[0], phases[-1]
    start = f.figure(first.id, "receives")
    if start:
        found.append(
            t("document_summary.start", phase=f.dated(first), number=f.number(start["value"]),
              households=f.number(households))
        )  # fmt: skip
    for phase in phases:
        losses = sorted(f.losses(phase.id).items(), key=lambda one: -one[1])
        loses = f.figure(phase.id, "loses")
        if losses and (number_of(loses.get("value")) or 0.0) >= 0.001 * households:
            # One cause alone goes without its number, which may be rounded otherwise.
            several = "; ".join(_cause(f, key, n) for key, n in losses)
            causes = several if len(losses) > 1 else t.term("loss", losses[0][0][0])
            message = "loses" if len(losses) > 1 else "loses_one"
            found.append(
                t(f"document_summary.{message}", phase=f.dated(phase),
                  number=f.number(loses["value"]), causes=causes)
            )  # fmt: skip
    end = f.figure(last.id, "receives")
    if end:
        share = 100.0 * (number_of(end["value"]) or 0.0) / households if households else 0.0
        found.append(
            t("document_summary.end", phase=f.dated(last), number=f.number(end["value"]),
              share=f.percent(share))
        )  # fmt: skip
        if f.band(end) != NONE:
            found[-1] += " " + t("document_summary.band", band=f.band(end), draws=end["draws"])
    return found


def _cause(f: Facts, key: tuple[str, str], number: float) -> str:
    cause, station = key
    by = f" ({station})" if station else ""
    return f"{f.text.term('loss', cause)}{by} {f.number(number)}"


def _coverage(f: Facts) -> list[str]:
    if not f.m.phases:
        return []
    last = f.m.phases[-1]
    parts = []
    for name, title in f.services(last).items():
        row = f.covered(last.id, name, upper=True)
        if row.get("persons_served"):
            parts.append(f"{title} {f.percent(row['persons_served_percent'])}")
    if not parts:
        return []
    return [f.text("document_summary.coverage", phase=f.dated(last), services="; ".join(parts))]


def _money(f: Facts) -> list[str]:
    cost = f.cost()
    if not cost:
        return []
    t = f.text
    found = [t("document_summary.cost", amount=f.number(cost["amount"]), currency=cost["currency"])]
    each = f.cost(item="per additional household with DVB-T2 reception")
    if each:
        found.append(
            t("document_summary.each", amount=f.number(each["amount"]), currency=each["currency"],
              households=f.number(each["quantity"]))
        )  # fmt: skip
    return found


def _gates(f: Facts) -> list[str]:
    found = []
    for phase in f.m.phases:
        rows = f.rows("gates", phase=phase.id)
        failed = [f.criterion(row["criterion"]) for row in rows if row.get("passed") != "true"]
        if rows and failed:
            found.append(
                f.text("document_summary.fails", phase=f.dated(phase), failed="; ".join(failed))
            )
        elif rows:
            found.append(f.text("document_summary.passes", phase=f.dated(phase)))
    return found


def write_legal(w: Writer, f: Facts) -> None:
    """Legal basis: what is verified, with its mark, and room for the province's own."""
    t = w.text
    w.heading(t("document_heading.legal"))
    w.heading(t("document_heading.legal_state"), 2)
    if is_in_vietnam(f):
        w.paragraph(t("document_legal.intro"))
        for name in NATIONAL:
            w.bullet(t(f"document_legal_fact.{name}"), (f" [{t('confidence.VERIFIED')}]", MARK))
    w.placeholder(t("document_legal.check"))
    w.heading(t("document_heading.legal_province"), 2)
    for name in ("resolution", "planning", "assignment"):
        w.placeholder(t(f"document_legal.{name}"))
    w.heading(t("document_heading.legal_technical"), 2)
    w.bullet(t("document_legal.model", model=str(f.m.get("model") or NONE)))
    for name in ("dvbt2", "reception"):
        w.bullet(t(f"document_legal.{name}"))


def is_in_vietnam(f: Facts) -> bool:
    """Whether the middle of the area lies in a box round Việt Nam."""
    grid = f.m.mapping("scenario", "grid")
    edges = [number_of(grid.get(f"{side}_deg")) for side in ("west", "south", "east", "north")]
    if any(edge is None for edge in edges):
        return False
    west, south, east, north = (edge or 0.0 for edge in edges)
    lon, lat = 0.5 * (west + east), 0.5 * (south + north)
    return VIETNAM_DEG[0] < lon < VIETNAM_DEG[2] and VIETNAM_DEG[1] < lat < VIETNAM_DEG[3]


def write_state(w: Writer, f: Facts) -> None:
    """Current state: people, stations on air in the beginning, and what they reach."""
    t = w.text
    w.heading(t("document_heading.state"))
    w.heading(t("document_heading.state_people"), 2)
    _people(w, f)
    if not f.m.phases:
        w.paragraph(t("document_missing.phases"))
        return
    first = f.m.phases[0]
    w.heading(t("document_heading.state_stations"), 2)
    if len(f.m.phases) == 1:
        # What alone was run is the plan, and not what stands.
        w.placeholder(t("document_state.unknown"))
        return
    w.paragraph(t("document_state.stations", phase=f.dated(first)))
    station_table(w, f, first)
    w.heading(t("document_heading.state_coverage"), 2)
    coverage_table(w, f, [first], t("document_caption.coverage_first", phase=first.title))
    map_figure(w, f, first)


def _people(w: Writer, f: Facts) -> None:
    t = w.text
    if not f.m.phases or not f.m.rows("summary"):
        w.paragraph(t("document_missing.table"))
        return
    phase = f.m.phases[0]
    persons: dict[str, str] = {}
    for row in f.rows("summary", phase=phase.id):
        if row.get("persons"):
            persons.setdefault(row["unit"], row["persons"])
    if not persons:
        w.paragraph(t("document_state.no_people"))
        return
    households = {
        unit: sum(
            number_of(r["households"]) or 0.0
            for r in f.rows("ledger", phase=phase.id, unit=unit, item=ANY)
        )
        for unit in persons
    }
    has_households = any(households.values())
    header = [t("document_column.number"), t("document_column.unit"), t("document_column.persons")]
    rows = []
    for k, (unit, number) in enumerate(persons.items(), start=1):
        rows.append(["" if unit == ALL else str(k), f.place(unit), f.number(number)])
        if has_households:
            rows[-1].append(f.number(households[unit]))
    if has_households:
        header.append(t("document_column.households"))
    w.paragraph(t("document_state.people", number=f.number(persons.get(ALL))))
    w.table(
        t("document_caption.people"), header, rows, widths=[1.2, 5, 3, 3][: len(header)],
        numeric=(2, 3), totals=1 if ALL in persons else 0, note=vintage_note(f),
    )  # fmt: skip


def vintage_note(f: Facts) -> str:
    """Of which date the administrative units are."""
    return f.text("document_state.vintage", vintage=f.m.vintage) if f.m.vintage else ""


def station_table(w: Writer, f: Facts, phase: Phase) -> None:
    """Stations on air in a phase."""
    t = w.text
    if not phase.stations:
        w.paragraph(t("document_missing.stations"))
        return
    services = f.services(phase)
    rows = [
        [
            str(k), str(s.get("site", "")), name,
            services.get(str(s.get("service")), str(s.get("service", ""))),
            f.number(s.get("frequency_mhz"), 2).removesuffix(f"{t('number.decimal')}00"),
            f.number(s.get("erp_kw"), 2),
        ]
        for k, (name, s) in enumerate(phase.stations.items(), start=1)
    ]  # fmt: skip
    columns = ("number", "site", "station", "service", "frequency", "erp")
    w.table(
        t("document_caption.stations", phase=phase.title),
        [t(f"document_column.{name}") for name in columns], rows,
        widths=[0.9, 2.6, 2.8, 3, 1.9, 1.6], numeric=(4, 5), small=True,
    )  # fmt: skip


def coverage_table(w: Writer, f: Facts, phases: list[Phase], caption: str) -> None:
    """People served by phase and service at both qualities; the area where nobody is counted."""
    t = w.text
    found = [
        (phase, title, [f.covered(phase.id, name, upper=u) for u in (False, True)])
        for phase in phases
        for name, title in f.services(phase).items()
    ]
    found = [one for one in found if any(one[2])]
    if not found:
        w.paragraph(t("document_missing.table"))
        return
    is_people = any(row.get("persons_served") for *_, both in found for row in both)
    rows = []
    for phase, title, both in found:
        cells = [phase.title, title] if len(phases) > 1 else [title]
        for row in both:
            if is_people:
                cells += [f.number(row.get("persons_served")),
                          f.percent(row.get("persons_served_percent"))]  # fmt: skip
            else:
                cells.append(f.number(row.get("area_served_km2")))
        rows.append(cells)
    columns = ["persons_lower", "share_lower", "persons_upper", "share_upper"]
    widths = [2.2, 1.7, 2.2, 1.7]
    if not is_people:
        columns, widths = ["area_lower", "area_upper"], [3.9, 3.9]
    own = ["phase", "service"] if len(phases) > 1 else ["service"]
    header = [t(f"document_column.{name}") for name in (*own, *columns)]
    w.table(
        caption, header, rows, widths=[*(3.6, 4.0)[-len(own) :], *widths],
        numeric=range(len(own), len(header)), small=True, note=t("document_network.qualities"),
    )  # fmt: skip


def map_figure(w: Writer, f: Facts, phase: Phase) -> None:
    """The map of a phase."""
    own = coverage_map(f, phase)
    if own is not None:
        w.figure(w.text("document_caption.map", phase=f.dated(phase)), own)
        w.note(w.text("document_network.maps"))
        return
    picture = f.m.picture("phases", phase.id, "map.png")
    if picture is None:
        w.paragraph(w.text("document_missing.picture", file=f"phases/{phase.id}/map.png"))
        return
    w.figure(w.text("document_caption.map", phase=f.dated(phase)), picture)
    w.note(w.text("document_network.legend"))


def write_demand(w: Writer, f: Facts) -> None:
    """Needs: how households watch, programmes that are to be carried, equipment, targets."""
    t = w.text
    w.heading(t("document_heading.demand"))
    w.heading(t("document_heading.demand_households"), 2)
    _reception(w, f)
    w.heading(t("document_heading.demand_programmes"), 2)
    _programmes(w, f)
    w.heading(t("document_heading.demand_equipment"), 2)
    _equipment(w, f)
    w.placeholder(t("document_demand.province"))


def _reception(w: Writer, f: Facts) -> None:
    t = w.text
    told = f.m.mapping("scenario", "households")
    names = ("terrestrial", "cable", "satellite", "none", "poor", "near_poor")
    rows = [
        [capital(t(f"document_reception.{name}")), f.percent(told[f"{name}_percent"])]
        for name in names
        if number_of(told.get(f"{name}_percent")) is not None
    ]
    if not rows:
        known = "document_demand.no_households" if f.m.manifest else "document_missing.table"
        w.paragraph(t(known))
        return
    w.table(
        t("document_caption.reception"), [t("document_column.kind"), t("document_column.share")],
        rows, widths=[6, 3], numeric=(1,), note=t("document_demand.assumed"),
    )  # fmt: skip


def capital(text: str) -> str:
    """A text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def _programmes(w: Writer, f: Facts) -> None:
    t = w.text
    found: dict[str, dict[str, None]] = {}
    for phase in f.m.phases:
        for row in f.rows("programmes", phase=phase.id, unit=ALL):
            name = row.get("programme", "")
            if not name.startswith("(at least "):
                found.setdefault(name, {}).update(
                    dict.fromkeys(one for one in row.get("services", "").split("; ") if one)
                )
    if not found:
        w.paragraph(t("document_missing.table"))
        return
    must = {str(one) for one in f.m.listed("scenario", "gates", "must_carry")}
    w.table(
        t("document_caption.programmes"),
        [t(f"document_column.{c}") for c in ("number", "programme", "services", "must_carry")],
        [[str(k), name, "; ".join(services), t("document_word.yes") if name in must else ""]
         for k, (name, services) in enumerate(found.items(), start=1)],
        widths=[1.1, 3, 6, 2],
    )  # fmt: skip


def _equipment(w: Writer, f: Facts) -> None:
    """Receivers and dishes, by phase."""
    t = w.text
    items = ("receivers bought by households", "receivers delivered", "satellite receivers")
    wanted = sums(f.rows("costs", item=items), "phase", "item")
    if not wanted:
        w.paragraph(t("document_missing.costs"))
        return
    rows = [
        [phase.title, f.day(phase), *(f.number(wanted[phase.id, item].quantity)
                                      if (phase.id, item) in wanted else NONE for item in items)]
        for phase in f.m.phases
        if any((phase.id, item) in wanted for item in items)
    ]  # fmt: skip
    rows.append(
        [t("document_word.(all)"), "",
         *(f.number(sum(s.quantity for (_, one), s in wanted.items() if one == item))
           for item in items)]
    )  # fmt: skip
    w.table(
        t("document_caption.equipment"),
        [t("document_column.phase"), t("document_column.date"), *(f.cost_item(i) for i in items)],
        rows, widths=[4, 2.2, 2.5, 2.5, 2.5], numeric=(2, 3, 4), totals=1, small=True,
    )  # fmt: skip
