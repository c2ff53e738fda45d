"""The annex on receivers' support, cost, effectiveness and organisation."""

from __future__ import annotations

from dtt_sim.report.annex import charts
from dtt_sim.report.annex.facts import NONE, Facts, sums
from dtt_sim.report.annex.material import Row, number_of
from dtt_sim.report.annex.word import Writer
from dtt_sim.report.annex.word_tables import Blank
from dtt_sim.workflow.tables import ALL

SUPPORT = ("receivers delivered", "satellite receivers")
GROUPS = ("receivers", "satellite", "capex", "opex")
MILLION = 1e6


def write_support(w: Writer, f: Facts) -> None:
    """Receivers and dishes that the plan gives, by unit."""
    t = w.text
    w.heading(t("document_heading.support"))
    w.heading(t("document_heading.support_who"), 2)
    for one in f.m.listed("scenario", "delivery"):
        if isinstance(one, dict):
            groups = ", ".join(
                t.term("document_reception", str(g)) for g in one.get("groups") or ()
            )
            titles = {p.id: f.dated(p) for p in f.m.phases}
            phase = str(one.get("phase", ""))
            w.bullet(
                t("document_support.delivery", share=f.percent(one.get("percent")), groups=groups,
                  phase=titles.get(phase, phase))
            )  # fmt: skip
    w.placeholder(t("document_support.policy"))
    w.heading(t("document_heading.support_units"), 2)
    found = sums(f.rows("costs", item=SUPPORT), "where", "item")
    if not found:
        w.paragraph(t("document_missing.costs"))
        return
    places = list(dict.fromkeys(where for where, _ in found))
    rows = []
    for where in places:
        own = [found.get((where, item)) for item in SUPPORT]
        rows.append(
            [f.place(where), *(NONE if s is None else f.number(s.quantity) for s in own),
             f.number(sum(s.amount for s in own if s is not None))]
        )  # fmt: skip
    both = [[s for (_, item), s in found.items() if item == one] for one in SUPPORT]
    rows.append(
        [t("document_word.(all)"), *(f.number(sum(s.quantity for s in own)) for own in both),
         f.number(sum(s.amount for own in both for s in own))]
    )  # fmt: skip
    w.table(
        t("document_caption.support"),
        [t("document_column.unit"), *(f.cost_item(item) for item in SUPPORT),
         t("document_column.amount", currency=f.m.currency)],
        rows, widths=[4, 3, 3, 3.5], numeric=(1, 2, 3), totals=1,
        note=t("document_support.households"),
    )  # fmt: skip


def group_of(item: str) -> str:
    """What an item of the costs is counted with; "" for sums."""
    if item == "receivers delivered":
        return "receivers"
    if item == "satellite receivers":
        return "satellite"
    return item.split(" ", 1)[0] if item.startswith(("capex ", "opex ")) else ""


def write_cost(w: Writer, f: Facts) -> None:
    """Cost by phase and kind, by station, the prices, and who is to pay."""
    t = w.text
    w.heading(t("document_heading.cost"))
    if not f.m.rows("costs"):
        w.paragraph(t("document_missing.costs"))
    else:
        w.heading(t("document_heading.cost_phases"), 2)
        _by_phase(w, f)
        w.heading(t("document_heading.cost_places"), 2)
        _by_place(w, f)
        w.heading(t("document_heading.cost_prices"), 2)
        _prices(w, f)
    w.heading(t("document_heading.cost_sources"), 2)
    for name in ("state", "province", "other"):
        w.placeholder(t(f"document_cost.{name}"))


def _by_phase(w: Writer, f: Facts) -> None:
    t = w.text
    found: dict[tuple[str, str], float] = {}
    for (phase, item), s in sums(f.m.rows("costs"), "phase", "item").items():
        key = phase, group_of(item)
        if key[1]:
            found[key] = found.get(key, 0.0) + s.amount
    phases = [p for p in f.m.phases if f.cost(p.id)]
    rows = [
        [p.title, *(f.number(found.get((p.id, g), 0.0)) for g in GROUPS),
         f.number(f.cost(p.id)["amount"])]
        for p in phases
    ]  # fmt: skip
    rows.append(
        [t("document_word.(all)"),
         *(f.number(sum(n for (_, one), n in found.items() if one == g)) for g in GROUPS),
         f.number(f.cost().get("amount"))]
    )  # fmt: skip
    w.table(
        t("document_caption.cost", currency=f.m.currency),
        [t("document_column.phase"), *(t(f"document_cost_group.{g}") for g in GROUPS),
         t("document_column.sum")],
        rows, widths=[3.2, 2.5, 2.4, 2.8, 2.6, 2.9], numeric=range(1, 6), totals=1, small=True,
    )  # fmt: skip
    band = f.figure(ALL, "cost", "")
    if f.band(band) != NONE:
        w.paragraph(
            t("document_cost.band", band=f.band(band), currency=band["unit"], draws=band["draws"])
        )
    paying = [p for p in phases if (number_of(f.cost(p.id)["amount"]) or 0.0) > 0.0]
    if paying:
        w.figure(
            t("document_caption.cost_chart"),
            charts.stacks(
                [p.title for p in paying],
                {t(f"document_cost_group.{g}"):
                 [found.get((p.id, g), 0.0) / MILLION for p in paying] for g in GROUPS},
                t, axis=t("document_axis.cost", currency=f.m.currency),
            ),
        )  # fmt: skip


def _by_place(w: Writer, f: Facts) -> None:
    t = w.text
    rows = [
        [f.place(r["where"]), f.number(r["amount"]), f.number(r.get("amount_other"), 0)]
        for r in f.rows("costs", phase=ALL, item="total")
    ]
    other = next((r.get("other_currency", "") for r in f.m.rows("costs")), "")
    w.table(
        t("document_caption.cost_places"),
        [t("document_column.where"), t("document_column.amount", currency=f.m.currency),
         t("document_column.amount", currency=other)],
        rows, widths=[6, 4, 3], numeric=(1, 2), totals=1,
    )  # fmt: skip


def _prices(w: Writer, f: Facts) -> None:
    t = w.text
    rows = [
        [r.get("key", ""), assumption_value(f, r.get("value", "")), r.get("unit", ""),
         t.term("confidence", r.get("confidence", "")), r.get("reason", "")]
        for r in f.m.rows("assumptions")
        if r.get("key", "").startswith("prices.")
    ]  # fmt: skip
    if not rows:
        w.paragraph(t("document_missing.assumptions"))
        return
    columns = ("key", "value", "measure", "confidence", "reason")
    w.table(
        t("document_caption.prices"), [t(f"document_column.{c}") for c in columns], rows,
        widths=[3, 3, 2.4, 2.2, 4.2], small=True,
    )  # fmt: skip


def assumption_value(f: Facts, text: str) -> str:
    """A value of an assumption: a number as the language has it, other texts as they are."""
    value = number_of(text)
    if value is None or not text.strip("-").replace(".", "", 1).isdigit():
        return text
    digits = 0 if value == round(value) else len(text.partition(".")[2])
    return f.text.number(value, digits)


def write_effect(w: Writer, f: Facts) -> None:
    """Effectiveness: who receives in the end, how evenly, at what cost, and what else could be done."""
    t = w.text
    w.heading(t("document_heading.effect"))
    w.heading(t("document_heading.effect_fairness"), 2)
    titles = {p.id: p.title for p in f.m.phases}
    rows = [
        [titles.get(r.get("phase", ""), r.get("phase", "")),
         t.term("document_fairness", r.get("measure", "")), f.place(r.get("where", "")),
         f.percent(r.get("value_percent"))]
        for r in f.m.rows("fairness")
        if not f.m.phases or r.get("phase") in {f.m.phases[0].id, f.m.phases[-1].id, *_lossy(f)}
    ]  # fmt: skip
    if rows:
        columns = ("phase", "measure_of", "where", "share")
        w.table(
            t("document_caption.fairness"), [t(f"document_column.{c}") for c in columns], rows,
            widths=[3.4, 5.2, 3, 2], numeric=(3,), small=True,
        )  # fmt: skip
    else:
        w.paragraph(t("document_missing.plan"))
    w.heading(t("document_heading.effect_money"), 2)
    each = f.cost(item="per additional household with DVB-T2 reception")
    if each:
        w.paragraph(
            t("document_summary.each", amount=f.number(each["amount"]), currency=each["currency"],
              households=f.number(each["quantity"]))
        )  # fmt: skip
    else:
        w.paragraph(t("document_missing.costs"))
    w.placeholder(t("document_effect.social"))
    if f.m.rows("alternatives"):
        w.heading(t("document_heading.effect_alternatives"), 2)
        _alternatives(w, f)


def _lossy(f: Facts) -> list[str]:
    """Phases that have a gate, or in which most lose."""
    return list(dict.fromkeys(r.get("phase", "") for r in f.m.rows("gates")))


def _alternatives(w: Writer, f: Facts) -> None:
    t = w.text
    rows = f.rows("alternatives", unit=ALL, quality=("good", "grade 4"))
    services = list(dict.fromkeys(r.get("service", "") for r in rows))
    by = {(r.get("alternative", ""), r.get("service", "")): r for r in rows}
    names = list(dict.fromkeys(name for name, _ in by))
    titles = f.services(f.m.phases[-1]) if f.m.phases else {}
    w.paragraph(t("document_effect.alternatives"))
    w.table(
        t("document_caption.alternatives"),
        [t("document_column.alternative"), *(titles.get(s, s) for s in services)],
        [[name, *(signed(f, by.get((name, s), Row())["difference"]) for s in services)]
         for name in names],
        widths=[5, *[2] * len(services)], numeric=range(1, len(services) + 1), small=True,
    )  # fmt: skip


def signed(f: Facts, value: object, digits: int = 0) -> str:
    """A difference with its sign."""
    number = number_of(value)
    if number is None:
        return NONE
    text = f.text.number(abs(number), digits)
    if not text.strip("0.,"):
        return text
    return f"{'+' if number > 0 else '−'}{text}"


def write_organisation(w: Writer, f: Facts) -> None:
    """Organisation: the bodies that such plans name, their tasks for the province to write."""
    del f
    t = w.text
    w.heading(t("document_heading.organisation"))
    w.paragraph(t("document_organisation.intro"))
    bodies = ("information", "finance", "labour", "broadcaster", "districts", "operators")
    w.table(
        t("document_caption.organisation"),
        [t(f"document_column.{c}") for c in ("number", "body", "task", "deadline")],
        [[str(k), Blank(t(f"document_body.{b}")), Blank(t(f"document_task.{b}")),
          Blank(t("document_organisation.deadline"))] for k, b in enumerate(bodies, start=1)],
        widths=[1.1, 4, 7, 2.6],
    )  # fmt: skip
