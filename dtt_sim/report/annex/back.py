"""The annex's end: a comparison of alternatives, assumptions, what is missing, and credits."""

from __future__ import annotations

import csv
from pathlib import Path

from dtt_sim.report.annex.facts import ANY, NONE, Facts
from dtt_sim.report.annex.material import Missing, Row, number_of
from dtt_sim.report.annex.money import assumption_value, signed
from dtt_sim.report.annex.word import Writer
from dtt_sim.workflow.tables import ALL


class Compared:
    """What a comparison wrote, read from its folder.

    Parameters
    ----------
    folder : Path
    names : tuple of str
        Of the base and of the other run.
    titles : tuple of str
    warnings : tuple of str
    trouble : str
        Why there is no comparison; empty where there is one.
    """

    def __init__(
        self, folder: Path, names: tuple[str, str], titles: tuple[str, str],
        warnings: tuple[str, ...] = (), trouble: str = "",
    ) -> None:  # fmt: skip
        self.folder, self.names, self.titles = folder, names, titles
        self.warnings, self.trouble = warnings, trouble

    def rows(self, name: str) -> list[Row]:
        """Rows of a table; none where there is nothing to tell."""
        path = self.folder / f"{name}.csv"
        if not path.is_file():
            return []
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [Row(row) for row in csv.DictReader(file)]

    def map_of(self, phase: str) -> Path | None:
        """The map of a phase in which anything changes."""
        found = sorted(self.folder.glob("*/*/map.png"))
        return next((p for p in found if p.parent.name == phase), None)


def write_comparison_section(w: Writer, f: Facts, compared: Compared) -> None:
    """What another run gains, loses and costs against this one."""
    t = w.text
    w.heading(t("document_heading.comparison"))
    base, other = compared.names
    if compared.trouble:
        w.paragraph(t("document_comparison.trouble", reason=compared.trouble))
        return
    w.paragraph(
        t("document_comparison.intro", base=base, base_title=compared.titles[0], other=other,
          other_title=compared.titles[1])
    )  # fmt: skip
    for warning in compared.warnings:
        w.bullet(t("document_comparison.warning", warning=warning))
    _ranking(w, f, compared)
    changed = _changes(w, f, compared)
    _gates(w, f, compared)
    _money(w, f, compared)
    for phase in changed[-1:]:
        picture = compared.map_of(phase)
        if picture is not None:
            w.figure(
                t(
                    "document_caption.comparison_map",
                    phase=_phase(f, phase),
                    base=base,
                    other=other,
                ),
                picture,
            )


def _phase(f: Facts, name: str) -> str:
    return next((f.dated(p) for p in f.m.phases if p.id == name), name)


def criterion_text(f: Facts, id_: str, text: str) -> str:
    """A criterion of the ranking; "programme x" is of a programme x."""
    if id_.startswith("programme "):
        return f.text("document_ranking.programme", programme=id_.removeprefix("programme "))
    return f.text.messages.get(f"document_ranking.{id_}", text)


def _ranking(w: Writer, f: Facts, compared: Compared) -> None:
    """Both runs by each criterion, which is better, and how often the other one is."""
    t = w.text
    by: dict[str, dict[str, Row]] = {}
    for r in compared.rows("ranking"):
        by.setdefault(r["criterion"], {})[r["run"]] = r
    both = {id_: [own[n] for n in compared.names] for id_, own in by.items() if len(own) == 2}
    if not both:
        w.paragraph(t("document_comparison.no_ranking"))
        return
    rows = []
    for id_, (base, other) in both.items():
        equal = base["rank"] == other["rank"]
        better = t("document_comparison.equal") if equal else (
            base if base["rank"] < other["rank"] else other
        )["run"]  # fmt: skip
        best = number_of(other["probability_best"])
        rows.append(
            [criterion_text(f, id_, base["text"]), t.term("document_unit", base["unit"]),
             _standing(f, base), _standing(f, other), better,
             NONE if best is None else f.percent(100.0 * best, 0)]
        )  # fmt: skip
    names = compared.names
    w.table(
        t("document_caption.ranking"),
        [t("document_column.criterion"), t("document_column.measure"), *names,
         t("document_column.better"), t("document_column.best", run=names[1])],
        rows, widths=[3.9, 1.8, 3.3, 3.3, 1.6, 1.8], numeric=(2, 3, 5), small=True,
        note=t("document_comparison.bands"),
    )  # fmt: skip


def _standing(f: Facts, row: Row) -> str:
    """A value, its band below it."""
    digits = 1 if row["unit"] == "%" else 0
    value = f.number(row["value"], digits)
    if not row["low"]:
        return value
    return f"{value}\n({f.number(row['low'], digits)} – {f.number(row['high'], digits)})"


def _changes(w: Writer, f: Facts, compared: Compared) -> list[str]:
    """Households gained and lost by phase; the phases in which anything changes."""
    t = w.text
    found: dict[tuple[str, str], float] = {}
    for r in compared.rows("households"):
        if r["item"] == ANY and r["unit"] == ALL:
            key = r["phase"], r["change"]
            found[key] = found.get(key, 0.0) + (number_of(r["households"]) or 0.0)
    phases = list(dict.fromkeys(phase for phase, _ in found))
    if phases:
        changes = ("gained", "lost", "kept", "neither")
        w.table(
            t("document_caption.changes"),
            [t("document_column.phase"), *(t.term("change", c) for c in changes)],
            [[_phase(f, p), *(f.number(found.get((p, c), 0.0)) for c in changes)] for p in phases],
            widths=[5, 2, 2, 2, 2], numeric=(1, 2, 3, 4), small=True,
        )  # fmt: skip
    if phases:
        _units(w, f, compared, phases[-1])
    _services(w, f, compared)
    moved = [p for p in phases if found.get((p, "gained")) or found.get((p, "lost"))]
    moved += [r["phase"] for r in compared.rows("changes") if r["change"] in {"gained", "lost"}]
    return [p for p in dict.fromkeys(r["phase"] for r in compared.rows("changes")) if p in moved]


def _units(w: Writer, f: Facts, compared: Compared, phase: str) -> None:
    """Households gained and lost in a phase by unit, and the main reason of what is lost."""
    t = w.text
    found: dict[str, dict[str, float]] = {}
    causes: dict[str, dict[str, float]] = {}
    for r in compared.rows("households"):
        if r["item"] != ANY or r["phase"] != phase or r["change"] not in {"gained", "lost"}:
            continue
        number = number_of(r["households"]) or 0.0
        own = found.setdefault(r["unit"], {"gained": 0.0, "lost": 0.0})
        own[r["change"]] += number
        if r["change"] == "lost":
            of_unit = causes.setdefault(r["unit"], {})
            of_unit[r["cause"]] = of_unit.get(r["cause"], 0.0) + number
    rows = [
        [f.place(unit), f.number(own["gained"]), f.number(own["lost"]),
         _main_cause(f, causes.get(unit, {}))]
        for unit, own in sorted(found.items(), key=lambda one: one[0] == ALL)
    ]  # fmt: skip
    if rows:
        w.table(
            t("document_caption.changes_units", phase=_phase(f, phase)),
            [t("document_column.unit"), *(t.term("change", c) for c in ("gained", "lost")),
             t("document_column.cause")],
            rows, widths=[3.6, 2, 2, 6], numeric=(1, 2), totals=1 if ALL in found else 0, small=True,
        )  # fmt: skip


def _main_cause(f: Facts, causes: dict[str, float]) -> str:
    if not causes:
        return NONE
    cause = max(causes, key=lambda name: causes[name])
    return f.text.term("loss", cause) if cause else NONE


def _services(w: Writer, f: Facts, compared: Compared) -> None:
    t = w.text
    found: dict[tuple[str, str, str], float] = {}
    for r in compared.rows("changes"):
        if r["unit"] == ALL and r["change"] in {"gained", "lost"}:
            key = r["phase"], t.term("document_word", r["title"]), r["change"]
            found[key] = found.get(key, 0.0) + (number_of(r["persons"]) or 0.0)
    pairs = [k for k in dict.fromkeys((p, s) for p, s, _ in found)
             if any(found.get((*k, c)) for c in ("gained", "lost"))]  # fmt: skip
    if pairs:
        w.table(
            t("document_caption.changes_services"),
            [t("document_column.phase"), t("document_column.service"),
             *(t.term("change", c) for c in ("gained", "lost"))],
            [[_phase(f, p), s, *(f.number(found.get((p, s, c), 0.0)) for c in ("gained", "lost"))]
             for p, s in pairs],
            widths=[4.5, 4, 2, 2], numeric=(2, 3), small=True,
        )  # fmt: skip


def _gates(w: Writer, f: Facts, compared: Compared) -> None:
    t = w.text
    rows = [
        [_phase(f, r["phase"]), f.criterion(r["criterion"]), f.percent(r["threshold_percent"]),
         *(f"{f.percent(r[side])} ({t('document_word.passes' if r[f'{side}_passed'] == 'true' else 'document_word.fails')})"
           if r[side] else NONE for side in ("base", "other"))]
        for r in compared.rows("gates")
    ]  # fmt: skip
    if rows:
        w.table(
            t("document_caption.gates_compared"),
            [*(t(f"document_column.{c}") for c in ("phase", "criterion", "threshold")),
             *compared.names],
            rows, widths=[3, 4, 1.8, 2.6, 2.6], numeric=(2, 3, 4), small=True,
        )  # fmt: skip


def _money(w: Writer, f: Facts, compared: Compared) -> None:
    cost, verdict = _cost_line(f, compared), _verdict_line(f, compared)
    for line in (cost, verdict):
        if line:
            w.paragraph(line)


def _cost_line(f: Facts, compared: Compared) -> str:
    """What both cost in all; empty where that is not told."""
    total = next(
        (r for r in compared.rows("costs")
         if (r["phase"], r["where"], r["item"]) == (ALL, ALL, "total")), None,
    )  # fmt: skip
    if total is None:
        return ""
    return f.text(
        "document_comparison.cost", base=f.number(total["base"]), other=f.number(total["other"]),
        difference=signed(f, total["difference"]), currency=total["currency"],
    )  # fmt: skip


def _verdict_line(f: Facts, compared: Compared) -> str:
    """More or fewer households, for more or less money; empty where that is not told."""
    t = f.text
    one = next((r for r in compared.rows("cost_per_household") if r["item"] == ANY), None)
    if one is None:
        return ""
    text = t.term("document_verdict", one["verdict"])
    likely = number_of(one["probability_of_verdict"])
    if likely is not None:
        text += " " + t("document_comparison.likely", share=f.percent(100.0 * likely, 0))
    return t("document_comparison.verdict", verdict=text)


def write_comparison_summary(w: Writer, f: Facts, compared: Compared) -> None:
    """The comparison in a line or two."""
    t = f.text
    if compared.trouble:
        return
    verdict, cost = _verdict_line(f, compared), _cost_line(f, compared)
    if verdict or cost:
        base, other = compared.names
        about = t("document_comparison.summary", base=base, other=other)
        w.bullet(" ".join(part for part in (about, verdict, cost) if part))


def write_assumptions(w: Writer, f: Facts) -> None:
    """All assumptions with source and confidence, on wide pages."""
    t = w.text
    with w.landscape():
        w.appendix(t("document_heading.assumptions"))
        rows = [
            [str(k), r.get("key", ""), assumption_value(f, r.get("value", "")), r.get("unit", ""),
             t.term("confidence", r.get("confidence", "")), r.get("reason", ""),
             r.get("source", "")]
            for k, r in enumerate(f.m.rows("assumptions"), start=1)
        ]  # fmt: skip
        if not rows:
            w.paragraph(t("document_missing.assumptions"))
            return
        w.paragraph(t("document_assumptions.intro"))
        columns = ("number", "key", "value", "measure", "confidence", "reason", "source")
        w.table(
            t("document_caption.assumptions"), [t(f"document_column.{c}") for c in columns], rows,
            widths=[1.1, 5, 4, 2.2, 2.1, 6.4, 4], small=True,
        )  # fmt: skip


def write_credits(w: Writer, f: Facts) -> None:
    """Data credits, method, and what is schematic or approximate."""
    t = w.text
    w.appendix(t("document_heading.credits"))
    for one in f.m.credits:
        w.bullet(one)
    if not f.m.credits:
        w.paragraph(t("document_missing.credits"))
    w.paragraph(
        t("document_credits.made", model=str(f.m.get("model") or NONE),
          version=str(f.m.get("dtt_sim") or NONE))
    )  # fmt: skip
    for note in (*f.m.listed("terrain", "notes"), *f.m.listed("population_notes"),
                 *f.m.listed("warnings")):  # fmt: skip
        w.bullet(str(note))
    if f.m.is_schematic:
        w.warning(t("schematic.warning"))


def missing_text(f: Facts, one: Missing) -> str:
    """Why something is not there."""
    text = f.text(f"document_missing_reason.{one.reason}")
    # A document goes to others: files by their names within the run.
    folder = f.m.folder
    detail = one.detail.replace(f"{folder}/", "").replace(str(folder), folder.name)
    return f"{one.file}: {text}" + (f" ({detail})" if detail else "")


def write_missing(w: Writer, f: Facts) -> None:
    """What the run's folder lacks; nothing is written where nothing is missing."""
    told = [one for one in dict.fromkeys(f.m.missing) if one.reason != "none_asked"]
    if not told:
        return
    w.appendix(w.text("document_heading.missing"))
    w.paragraph(w.text("document_missing.intro"))
    for one in told:
        w.bullet(missing_text(f, one))
