"""What a run found, as a screen of text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dtt_sim.coverage import flags
from dtt_sim.network.evaluate import CAUSES, SERVED
from dtt_sim.network.multiplex import MultiplexLayers
from dtt_sim.transition.ledger import ANY
from dtt_sim.transition.needs import totals
from dtt_sim.transition.uncertainty import COST, RECEIVES, Figure
from dtt_sim.workflow.area import prediction_of
from dtt_sim.workflow.links import report_links
from dtt_sim.workflow.manifest import refractivity_facts
from dtt_sim.workflow.run import Run
from dtt_sim.workflow.service import qualities_of
from dtt_sim.workflow.tables import ALL, causes

if TYPE_CHECKING:
    from dtt_sim.network.household import Household
    from dtt_sim.scenario.load import Scenario
    from terrain.population import Population

SHOWN = 3
"""Stations named for each cause."""


def _why_not(result: Run, layers: MultiplexLayers) -> str:
    """People who are not well served by cause, with the stations that cost most of them."""
    assert result.population is not None
    found: dict[int, dict[int, float]] = {}
    for cause, station, mask in causes(layers.cause, layers.culprit):
        if cause != SERVED:
            people = result.population.served_counted(mask)
            found.setdefault(cause, {})[station] = people
    parts = []
    for cause, stations in found.items():
        worst = sorted((s for s in stations if s >= 0), key=lambda s: -stations[s])[:SHOWN]
        names = ", ".join(f"{result.stations[s]} {stations[s]:,.0f}" for s in worst if stations[s])
        more = f" ({names})" if names else ""
        parts.append(f"{CAUSES[cause]} {sum(stations.values()):,.0f}{more}")
    return "; ".join(parts) or "nobody"


def _programmes(people: Population, household: Household) -> list[str]:
    """People by programme, those with equal figures together, the most received first."""
    found: dict[tuple[float, float], list[str]] = {}
    masks = household.one.programmes_good, household.afresh.programmes_good
    for name, *of_aerials in zip(household.programmes, *masks, strict=True):
        one, afresh = (people.served_counted(mask) for mask in of_aerials)
        found.setdefault((one, afresh), []).append(name)
    lines = [
        "programmes, good quality: people with one aerial for all; aimed afresh for each service"
    ]
    for (one, afresh), names in sorted(found.items(), reverse=True):
        lines.append(f"  {', '.join(names)}: {one:,.0f}; {afresh:,.0f}")
    return lines


def _plan(result: Run) -> list[str]:
    """What becomes of households phase by phase, the gates, and what it costs."""
    account = result.account
    if account is None:
        return []
    total = float(account.model.watching.sum())
    lines = [f"the plan, of {total:,.0f} households that watch terrestrial television only:"]
    for phase, date in zip(account.transition.fates.phases, account.transition.dates, strict=True):
        ledger = account.ledger
        now = float(ledger.receiving(phase, ANY).sum())
        parts = [f"{now:,.0f} receive ({100.0 * now / total:.1f} %)"]
        for status in ("gains", "loses"):
            number = float(ledger.total(phase, ANY, status).sum())
            if round(number):
                parts.append(f"{number:,.0f} {'gain' if status == 'gains' else 'lose all'}")
        causes: dict[str, float] = {}
        for entry in ledger.of(phase, ANY):
            if entry.cause:
                causes[entry.cause] = causes.get(entry.cause, 0.0) + float(
                    ledger.households(entry).sum()
                )
        why = ", ".join(
            f"{cause} {n:,.0f}"
            for cause, n in sorted(causes.items(), key=lambda c: -c[1])
            if round(n)
        )
        lines.append(f"  {date} {phase}: {'; '.join(parts)}" + (f" ({why})" if why else ""))
    for phase, verdicts in account.gates.items():
        failed = [v for v in verdicts if not v.passed]
        word = "passes its gate" if not failed else "fails its gate"
        why = "; ".join(
            f"{v.criterion} {v.value:.1f} %, {'at most' if 'losing' in v.criterion else 'at least'} "
            f"{v.threshold:g} %" + (f" ({v.note})" if v.note else "")
            for v in failed
        )
        lines.append(f"  {phase} {word}" + (f": {why}" if why else ""))
    keys = result.scenario.keys.prices
    if keys is not None:
        amount = totals(account.costs)[""]
        lines.append(
            f"  cost {amount / 1e9:,.1f} thousand million {keys.currency} "
            f"({amount / keys.rate / 1e6:,.1f} million {keys.other_currency})"
        )
    if account.bands is not None:
        names = account.bands.names
        low, high = account.bands.quantiles()
        k = names.index(Figure(account.transition.fates.phases[-1], ANY, RECEIVES))
        met = f"; coverage obligation met in {100.0 * account.obligation:.0f} % of draws"
        c = names.index(Figure("", None, COST))
        if keys is not None:
            lines[-1] += f"; {low[c] / 1e9:,.1f} to {high[c] / 1e9:,.1f} (5 to 95 % of draws)"
        lines.append(
            f"  at the end {low[k]:,.0f} to {high[k]:,.0f} households receive (5 to 95 % of "
            f"{len(account.bands.draws)} draws)" + ("" if math.isnan(account.obligation) else met)
        )
    return lines


def _alternatives(result: Run) -> list[str]:
    """What each alternative costs or brings, in people at the better quality of every service."""
    lines = ["alternatives, people at good quality:"] if result.alternatives else []
    for one in result.alternatives:
        parts = []
        for service in dict.fromkeys(c.service for c in one.changes):
            good = [c for c in one.changes if c.service == service and c.unit == ALL][-1]
            change = round(good.persons) - round(good.persons - good.difference)
            if change:
                more = f"{change:,} more" if change > 0 else f"{-change:,} fewer"
                parts.append(f"{service} {good.persons:,.0f} ({more})")
        lines.append(f"  {one.title}: {one.note or '; '.join(parts) or 'nobody gains or loses'}")
    return lines


def _propagation(scenario: Scenario) -> list[str]:
    """What a scenario puts in the place of constants, or adds to the model."""
    lines, facts = [], refractivity_facts(scenario)
    if facts:
        delta_n, n0 = ("{:.1f} to {:.1f}".format(*facts[name]) for name in ("delta_n", "n0"))
        lines.append(f"refractivity by the ITU's maps: ΔN {delta_n} N-units/km, N0 {n0} N-units")
    keys = scenario.keys.propagation
    if keys.measured_offset_db:
        error = keys.measured_offset_error_db
        sure = f", standard error {error:g} dB" if error is not None else ""
        lines.append(f"measured offset of {keys.measured_offset_db:+g} dB in every field{sure}")
    return lines


def closing_lines(result: Run) -> list[str]:
    """Served people by multiplex, paths of note, and what to be wary of."""
    lines = []
    total = result.population.counted if result.population else 0.0
    for name, layers in result.service.items():
        parts = []
        masks = layers.served_acceptable, layers.served_good
        for quality, mask in zip(qualities_of(result.scenario, name), masks, strict=True):
            if result.population is None:
                parts.append(f"{100.0 * mask.mean():.1f} % of the area {quality}")
                continue
            people = result.population.served_counted(mask)
            parts.append(f"{people:,.0f} people ({100.0 * people / total:.1f} %) {quality}")
        lines.append(f"{result.scenario.services[name].title}: {'; '.join(parts)}")
        if result.population is not None and layers.cause.any():
            lines.append(f"  not well served: {_why_not(result, layers)}")
    if result.population is not None and result.household is not None:
        lines += _programmes(result.population, result.household)
    if result.population is not None:
        counted = result.population.is_counted
        outside = result.population.outside[counted].sum()
        at_sea = result.population.at_sea[counted].sum()
        if outside or at_sea:
            lines.append(
                f"people outside the grid {outside:,.0f} (not served), in sea cells {at_sea:,.0f} "
                "(predicted like all others)"
            )
    lines += _plan(result)
    lines += _alternatives(result)
    _, links = report_links(result.scenario, result.ground, prediction_of(result.scenario))
    lines += [
        f"{row[0]}: ground of {row[5]:g} m at {row[6]:g} km costs {row[8]:.1f} dB of {row[3]:.1f} dB"
        for row in links
    ]
    lines += _propagation(result.scenario)
    lines += [f"note: {note}" for note in result.ground.notes]
    if result.ground.is_schematic:
        lines.append("SCHEMATIC TERRAIN: the relief is made up; nothing above is a finding")
    lines += [f"warning: {text}" for text in result.warnings]
    for code in (flags.VOID, flags.OUTSIDE, flags.DOMAIN):
        cells = sum(counts.get(flags.MEANING[code], 0) for counts in result.flags.values())
        if cells:
            lines.append(f"warning: {cells:,} paths without a value: {flags.MEANING[code]}")
    lines.append(
        f"{len(result.computed)} transmitters computed, {len(result.reused)} kept from before; "
        f"{result.n_assumption} assumptions in assumptions.csv"
    )
    return lines
