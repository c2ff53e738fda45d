"""The headline: who is covered, who loses what and why, what it costs and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

from dtt_sim.report.html.source import Row
from dtt_sim.report.html.words import Words, as_number
from dtt_sim.transition.ledger import ANYTHING
from dtt_sim.workflow.tables import ALL

SHOWN = 3
HEADLINE_STATUS = ("receives", "gains", "loses")
"""Figures of households that are told phase by phase."""


class Sentence(NamedTuple):
    """A sentence of the headline.

    Attributes
    ----------
    kind : str
        "good", "bad", "plain" or "warning"; said by a sign beside the colour.
    text : str
    """

    kind: str
    text: str


def headline(words: Words) -> list[Sentence]:
    """What a reader should know first, in the order of a plan."""
    found = _warnings(words)
    if words.source.rows("headline"):
        found += [*_receiving(words), *_coverage(words), *_losses(words), *_must_carry(words)]
    else:
        found += _services(words)
    return [
        *found,
        *_gates(words),
        *_costs(words),
        *_fairness(words),
        *_alternatives(words),
        *_assumed(words),
    ]


def _warnings(words: Words) -> list[Sentence]:
    if not words.source.run.is_schematic:
        return []
    return [Sentence("warning", words.language("schematic.warning"))]


def _figure(words: Words, phase: str, figure: str, item: str = ANYTHING) -> Row | None:
    for row in words.source.rows("headline"):
        if (row["phase"], row["figure"]) == (phase, figure) and row["item"] in {item, ""}:
            return row
    return None


def figures_of(words: Words, phase: str) -> dict[tuple[str, str], Row]:
    """Rows of the figures of a phase, by figure and item."""
    return {
        (row["figure"], row["item"]): row
        for row in words.source.rows("headline")
        if row["phase"] == phase
    }


def _total(words: Words) -> float:
    """Households that the plan counts."""
    if words.source.households is not None:
        return words.source.households
    first = words.source.run.phases[0].id
    own = [_figure(words, first, what) for what in ("receives", "without")]
    return sum(as_number(row["value"]) or 0.0 for row in own if row)


def _receiving(words: Words) -> list[Sentence]:
    phases = words.source.run.phases
    last = _figure(words, phases[-1].id, "receives")
    total = _total(words)
    if last is None or not total:
        return []
    text = words(
        "headline_receiving",
        phase=words.dated(phases[-1].id),
        receive=words.number(last["value"]),
        total=words.number(total),
        percent=words.percent(100.0 * float(last["value"]) / total),
        band=words.band(last["low"], last["high"]),
    )
    return [Sentence("plain", text)]


def _coverage(words: Words) -> list[Sentence]:
    phases = words.source.run.phases
    own = [(p.id, _figure(words, p.id, "digital coverage")) for p in phases]
    told = [(p, row) for p, row in own if row is not None and as_number(row["value"])]
    if not told:
        return []
    (first, a), (last, b) = told[0], told[-1]
    if len(told) == 1:
        text = words(
            "headline_coverage_once", phase=words.dated(last), percent=words.percent(b["value"]),
            band=words.band(b["low"], b["high"], 1),
        )  # fmt: skip
        return [Sentence("plain", text)]
    text = words(
        "headline_coverage",
        first=words.dated(first), a=words.percent(a["value"]),
        last=words.dated(last), b=words.percent(b["value"]), band=words.band(b["low"], b["high"], 1),
    )  # fmt: skip
    return [Sentence("plain", text)]


def worst_phase(words: Words) -> Row | None:
    """Row of the phase in which most households lose everything."""
    own = [_figure(words, p.id, "loses") for p in words.source.run.phases]
    rows = [row for row in own if row is not None and (as_number(row["value"]) or 0.0) >= 1.0]
    return max(rows, key=lambda row: float(row["value"]), default=None)


def causes_of_loss(words: Words, phase: str, item: str = ANYTHING) -> dict[str, int]:
    """Households that lose an item in a phase by cause, most first."""
    found: dict[str, int] = {}
    for row in words.source.rows("ledger"):
        keys = row["phase"], row["item"], row["status"], row["unit"]
        if keys == (phase, item, "loses", ALL):
            cause = words.cause(row["cause"], row["station"])
            found[cause] = found.get(cause, 0) + int(as_number(row["households"]) or 0)
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _why(words: Words, causes: dict[str, int]) -> str:
    told = [f"{cause}: {words.number(n)}" for cause, n in list(causes.items())[:SHOWN]]
    return "; ".join(told) or words("cause_unknown")


def _losses(words: Words) -> list[Sentence]:
    row = worst_phase(words)
    if row is None:
        return [Sentence("good", words("headline_no_losses"))]
    phase = row["phase"]
    text = words(
        "headline_losses",
        phase=words.dated(phase),
        households=words.number(row["value"]),
        band=words.band(row["low"], row["high"]),
        why=_why(words, causes_of_loss(words, phase)),
    )
    by_unit = {
        r["unit"]: 0
        for r in words.source.rows("ledger")
        if r["phase"] == phase and r["unit"] != ALL
    }
    for r in words.source.rows("ledger"):
        if (r["phase"], r["item"], r["status"]) == (phase, ANYTHING, "loses") and r["unit"] != ALL:
            by_unit[r["unit"]] += int(as_number(r["households"]) or 0)
    most = sorted((u for u in by_unit if by_unit[u]), key=lambda u: -by_unit[u])[:SHOWN]
    where = "; ".join(f"{unit}: {words.number(by_unit[unit])}" for unit in most)
    told = [Sentence("bad", text)]
    if where:
        told.append(Sentence("plain", words("headline_where", where=where)))
    return told


def _must_carry(words: Words) -> list[Sentence]:
    """Programmes that must be carried, in the phase that loses most of them."""
    gates = words.source.run.manifest["scenario"].get("gates") or {}
    told = []
    for name in gates.get("must_carry") or ():
        own = [
            r for r in words.source.rows("headline")
            if (r["figure"], r["item"]) == ("loses", name) and (as_number(r["value"]) or 0.0) >= 1.0
        ]  # fmt: skip
        row = max(own, key=lambda r: float(r["value"]), default=None)
        if row is not None:
            text = words(
                "headline_programme", programme=name, phase=words.dated(row["phase"]),
                households=words.number(row["value"]), band=words.band(row["low"], row["high"]),
                why=_why(words, causes_of_loss(words, row["phase"], name)),
            )  # fmt: skip
            told.append(Sentence("bad", text))
    return told


def _services(words: Words) -> list[Sentence]:
    """Of a run without households: people whom each service of the last phase serves."""
    phases = words.source.run.phases
    if not phases:
        return []
    told: dict[str, Row] = {}
    for row in words.source.rows("summary"):
        if row.get("phase") == phases[-1].id and row.get("unit") == ALL:
            told[row["multiplex"]] = row
    return [
        Sentence(
            "plain",
            words(
                "headline_service" if as_number(r["persons"]) else "headline_area",
                service=words.service(name), quality=words.quality(r["quality"]),
                persons=words.number(r["persons_served"]), total=words.number(r["persons"]),
                percent=words.percent(r["persons_served_percent"]),
                area=words.number(r["area_served_km2"]), all_area=words.number(r["area_km2"]),
            ),
        )
        for name, r in told.items()
    ]  # fmt: skip


def _gates(words: Words) -> list[Sentence]:
    rows = words.source.rows("gates")
    told = []
    for phase in dict.fromkeys(r["phase"] for r in rows):
        own = [r for r in rows if r["phase"] == phase]
        failed = [r for r in own if r["passed"] != "true"]
        if not failed:
            told.append(Sentence("good", words("headline_gate_passed", phase=words.phase(phase))))
            continue
        why = "; ".join(
            words(
                "gate_value",
                criterion=words.criterion(r["criterion"]), value=words.percent(r["value_percent"]),
                threshold=words.percent(r["threshold_percent"]),
                rule=words("at_most" if "losing" in r["criterion"] else "at_least_percent"),
            )
            for r in failed
        )  # fmt: skip
        text = words("headline_gate_failed", phase=words.phase(phase), why=why)
        told.append(Sentence("bad", text))
    return told


def _costs(words: Words) -> list[Sentence]:
    own = [r for r in words.source.rows("costs") if r["phase"] == r["where"] == ALL]
    total = next((r for r in own if r["item"] == "total"), None)
    if total is None:
        return []
    band = next((r for r in words.source.rows("headline") if r["figure"] == "cost"), None)
    currency = total["currency"]
    text = words("headline_cost", cost=words.money(total["amount"], currency))
    if total["other_currency"]:
        text += f" ({words.money(total['amount_other'], total['other_currency'])})"
    if band is not None and as_number(band["low"]) is not None:
        ends = (words.money(band[k], currency) for k in ("low", "high"))
        text += words("headline_cost_band", low=next(ends), high=next(ends))
    each = next((r for r in own if r["item"].startswith("per additional")), None)
    if each is not None:
        text += ". " + words(
            "headline_each",
            each=words.money(each["amount"], currency), households=words.number(each["quantity"]),
        )  # fmt: skip
    return [Sentence("plain", f"{text}.")]


def _fairness(words: Words) -> list[Sentence]:
    phases = words.source.run.phases
    rows = [
        r for r in words.source.rows("fairness")
        if phases and (r["phase"], r["measure"]) == (phases[-1].id, "worst unit")
    ]  # fmt: skip
    told = [
        Sentence(
            "plain",
            words("headline_worst", unit=r["where"], percent=words.percent(r["value_percent"])),
        )
        for r in rows
    ]
    for r in words.source.rows("headline"):
        if r["figure"].startswith("probability that the coverage obligation"):
            value = as_number(r["value"])
            if value is not None:
                # The row is in percent, as its unit says.
                text = words("headline_obligation", percent=words.percent(value, 0))
                told.append(Sentence("plain", text))
    return told


def _alternatives(words: Words) -> list[Sentence]:
    """The alternative of the scenario that serves most people more at the better quality."""
    scores = alternative_scores(words)
    if not scores:
        return []
    best = max(scores, key=lambda name: sum(scores[name].values()))
    changes = {s: n for s, n in scores[best].items() if n}
    if sum(scores[best].values()) <= 0:
        text = words("headline_no_alternative", n=len(scores))
        return [Sentence("plain", text)]
    what = "; ".join(f"{words.service(s)}: {words.signed(n)}" for s, n in changes.items())
    return [Sentence("plain", words("headline_alternative", alternative=best, what=what))]


def _assumed(words: Words) -> list[Sentence]:
    """How many assumptions there are, by confidence."""
    rows = words.source.rows("assumptions")
    counts: dict[str, int] = {}
    for row in rows:
        name = words.language.term("confidence", row.get("confidence", ""))
        counts[name] = counts.get(name, 0) + 1
    what = "; ".join(
        f"{name}: {words.number(n)}" for name, n in sorted(counts.items(), key=lambda c: -c[1])
    )
    return (
        [Sentence("plain", words("headline_assumed", n=words.number(len(rows)), what=what))]
        if rows
        else []
    )


def alternative_scores(words: Words) -> dict[str, dict[str, int]]:
    """People more or fewer, at the better quality, by alternative and service."""
    found: dict[str, dict[str, int]] = {}
    for row in words.source.rows("alternatives"):
        change = as_number(row["difference"])
        if row["unit"] == ALL and change is not None:
            # The better quality stands last and takes the place of the other.
            found.setdefault(row["alternative"], {})[row["service"]] = int(change)
    return found
