"""What a comparison found, as a screen of text."""

from __future__ import annotations

import numpy as np

from dtt_sim.comparison.comparable import Pair
from dtt_sim.comparison.counts import Count, total
from dtt_sim.comparison.money import currency_of, total_cost
from dtt_sim.comparison.ranking import CRITERIA, Standing
from dtt_sim.comparison.results import Against, Comparison, PairResult
from dtt_sim.transition.ledger import ANY
from dtt_sim.workflow.tables import ALL

SHOWN = 3
"""Reasons named for each loss."""


def comparison_lines(found: Comparison) -> list[str]:
    """Runs, what each gains and loses against the base, the ranking, and what to be wary of."""
    width = max(len(run.label) for run in found.runs)
    lines = [f"{run.label:<{width}}  {run.title}" for run in found.runs]
    for one in found.against:
        lines += ["", *_against(one)]
    lines += ["", *_ranking(found)] if found.ranking is not None else []
    lines += _notes(found)
    if found.is_schematic:
        lines.append("SCHEMATIC TERRAIN: the relief is made up; nothing above is a finding")
    return lines


def _notes(found: Comparison) -> list[str]:
    """What the numbers do not say by themselves."""
    qualities = {
        str((run.manifest["scenario"].get("households") or {}).get("quality", ""))
        for run in found.runs
        if run.has_accounts
    }
    people = {s.quality for one in found.against for r in one.results for s in r.services}
    if not qualities or any(text.startswith(tuple(qualities)) for text in people):
        return []
    own = " and ".join(sorted(qualities))
    text = f"note: households, ranking and money count {own} reception, as the runs do"
    return [f"{text}; --quality is that of people and maps"]


def _against(one: Against) -> list[str]:
    base, other = one.runs.base, one.runs.other
    lines = [f"{other.label} against {base.label}"]
    lines += [f"  note: {warning}" for warning in one.runs.warnings]
    same = []
    told: dict[tuple[str, ...], str] = {}
    for result in one.results:
        households, services = _households(result), tuple(_services(result))
        if not households and not services:
            same.append(result.pair.name)
            continue
        lines.append(f"  {_phases(result.pair)}")
        if services in told and services:
            services = (f"services: as in {told[services]}",)
        told.setdefault(services, result.pair.name)
        lines += [f"    {line}" for line in (*households, *services)]
    if same:
        lines.append(f"  nothing changes in {', '.join(same)}")
    return lines + _gates(one) + _money(one)


def _gates(one: Against) -> list[str]:
    """Whether the gates of both plans pass, in the phases that are held against each other."""
    lines = []
    both = [run.table("gates", ()) for run in one.both]
    for result in one.results:
        told = []
        ids = result.pair.base.id, result.pair.other.id
        for run, rows, phase in zip(one.both, both, ids, strict=True):
            own = [r for r in rows if r["phase"] == phase]
            failed = [
                f"{r['criterion']} {r['value_percent']} %" for r in own if r["passed"] != "true"
            ]
            if own:
                verdict = f"fails ({'; '.join(failed)})" if failed else "passes"
                told.append(f"{run.label} {verdict}")
        if told:
            lines.append(f"  gate of {result.pair.name}: {', '.join(told)}")
    return lines


def _phases(pair: Pair) -> str:
    if pair.is_by_date or pair.base.date == pair.other.date:
        date = f"{pair.date} " if pair.date else ""
    else:
        date = f"{pair.other.date} against {pair.base.date} "
    same = pair.base.id == pair.other.id
    return date + (pair.base.id if same else f"{pair.other.id} against {pair.base.id}")


def _households(result: PairResult) -> list[str]:
    counts = result.households.get(ANY, [])
    gained, lost = (total(counts, name) for name in ("gained", "lost"))
    if not gained and not lost:
        return []
    text = f"households with any programme: {_signed(gained - lost)}"
    lines = [f"{text} ({gained:,} gain, {lost:,} lose{_why(counts, 'lost')})"]
    net = {
        unit: total(counts, "gained", unit) - total(counts, "lost", unit)
        for unit in dict.fromkeys(c.unit for c in counts if c.unit != ALL)
    }
    most = sorted((u for u in net if net[u]), key=lambda u: -abs(net[u]))[:SHOWN]
    if most:
        lines.append("  most in " + ", ".join(f"{unit} {_signed(net[unit])}" for unit in most))
    return lines


def _services(result: PairResult) -> list[str]:
    lines = []
    for s in result.services:
        gained, lost = (total(s.persons, name) for name in ("gained", "lost"))
        if gained or lost:
            text = f"{s.title}, {s.quality}: {_signed(gained - lost)} people"
            lines.append(f"{text} ({gained:,} gain, {lost:,} lose{_why(s.persons, 'lost')})")
        elif s.is_changed and not s.persons:
            areas = dict.fromkeys(("gained", "lost"), 0.0)
            for (change, _), area in s.area_km2.items():
                if change in areas:
                    areas[change] += area
            lines.append(
                f"{s.title}, {s.quality}: {areas['gained']:,.0f} km² gained, "
                f"{areas['lost']:,.0f} km² lost"
            )
    return lines


def _why(counts: list[Count], change: str) -> str:
    """Main reasons of a change in all units, and what became of the stations that served."""
    own = [c for c in counts if c.change == change and c.unit == ALL]
    reasons: dict[str, int] = {}
    servers: dict[str, int] = {}
    for c in own:
        text = c.reason.cause + (f" by {c.reason.station}" if c.reason.station else "")
        reasons[text] = reasons.get(text, 0) + c.number
        if c.reason.served_by:
            text = f"{c.reason.served_by} ({c.reason.now})"
            servers[text] = servers.get(text, 0) + c.number
    told = f": {_most(reasons)}" if reasons else ""
    return told + (f"; served before by {_most(servers)}" if servers else "")


def _most(numbers: dict[str, int]) -> str:
    """The largest of some numbers, and the sum of the rest."""
    order = sorted(numbers, key=lambda text: -numbers[text])
    told = [f"{text} {numbers[text]:,}" for text in order[:SHOWN]]
    rest = sum(numbers[text] for text in order[SHOWN:])
    return ", ".join([*told, f"other {rest:,}"] if rest else told)


def _money(one: Against) -> list[str]:
    costs = total_cost(one.runs.base), total_cost(one.runs.other)
    currency = currency_of(one.runs.base)
    if costs[0] is None or costs[1] is None:
        return []
    if currency != currency_of(one.runs.other):
        return ["  costs are in different currencies and are not compared"]
    text = f"  cost: {_money_text(costs[1] - costs[0], currency)}"
    found = next((p for p in one.per_household if p.item == ANY), None)
    if found is None or found.cost == 0 == round(found.gained):
        return [text]
    likely = "" if np.isnan(found.likely) else f", so in {_percent(found.likely)} of draws"
    text += f"; {found.verdict}{likely}"
    if found.each is not None:
        word = "for each gained" if found.gained > 0.0 else "saved for each lost"
        text += f"; {abs(found.each):,} {currency} {word}"
    return [text]


def _money_text(amount: int, currency: str) -> str:
    if amount == 0:
        return "the same"
    return f"{'+' if amount > 0 else '−'}{abs(amount) / 1e6:,.1f} million {currency}"


def _signed(number: int) -> str:
    return f"{'+' if number >= 0 else '−'}{abs(number):,}"


def _ranking(found: Comparison) -> list[str]:
    """Runs from best to worst by the chosen criterion, and who is best by the others."""
    ranking = found.ranking
    assert ranking is not None
    order = ranking.by(found.by)
    criterion = order[0].criterion
    draws = f"; 5 to 95 % of {ranking.n_draw} draws in brackets" if ranking.n_draw else ""
    lines = [f"ranking by {criterion.text}{draws}"]
    width = max(len(s.run) for s in order)
    for s in order:
        text = f"  {s.rank}  {s.run:<{width}}  {_value(s.value)} {criterion.unit}"
        if np.isfinite(s.low):
            text += f" ({_value(s.low)} to {_value(s.high)}); best in {_percent(s.best)} of draws"
        duels = [
            ranking.duel(criterion.id, s.run, against.run)
            for against in order
            if against.run != s.run and ranking.n_draw
        ]
        equal = [d.against for d in duels if d.low == d.high == d.difference == 0.0]
        beaten = [
            f"{d.against} in {_percent(d.probability)}" for d in duels if d.against not in equal
        ]
        text += f"; equals {', '.join(equal)} in every draw" if equal else ""
        lines.append(text + (f"; beats {', '.join(beaten)}" if beaten else ""))
    for other in CRITERIA:
        standings = ranking.by(other.id)
        if other.id == found.by or not standings:
            continue
        lines.append(f"  {standings[0].criterion.text}: {_best(standings)}")
    if ranking.note:
        lines.append(f"  no probabilities: {ranking.note}")
    return lines


def _best(standings: list[Standing]) -> str:
    unit = standings[0].criterion.unit
    best = [s for s in standings if s.rank == 1]
    if len(best) == len(standings):
        return f"all the same, {_value(best[0].value)} {unit}"
    rest = [s for s in standings if s.rank > 1]
    text = f"{' and '.join(s.run for s in best)} {_value(best[0].value)} {unit}"
    if np.isfinite(best[0].best) and len(best) == 1:
        text += f" (best in {_percent(best[0].best)})"
    return f"{text}, then {', '.join(f'{s.run} {_value(s.value)}' for s in rest)}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %"


def _value(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.4g}"
