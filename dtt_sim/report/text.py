"""What a run found, as a screen of text."""

from __future__ import annotations

from dtt_sim.coverage import flags
from dtt_sim.workflow.links import report_links
from dtt_sim.workflow.run import Run, prediction_of


def closing_lines(result: Run) -> list[str]:
    """Served people by multiplex, paths of note, and what to be wary of."""
    lines = []
    reception = result.scenario.reception
    total = result.population.counted if result.population else 0.0
    for name, layers in result.service.items():
        parts = []
        for mask, percent in (
            (layers.served_acceptable, reception.acceptable_location_percent),
            (layers.served_good, reception.good_location_percent),
        ):
            if result.population is None:
                parts.append(f"{100.0 * mask.mean():.1f} % of the area at {percent:g} %")
                continue
            people = result.population.served_counted(mask)
            parts.append(f"{people:,.0f} people ({100.0 * people / total:.1f} %) at {percent:g} %")
        lines.append(f"{result.scenario.multiplexes[name].title}: {', '.join(parts)} of locations")
    if result.population is not None:
        counted = result.population.is_counted
        outside = result.population.outside[counted].sum()
        at_sea = result.population.at_sea[counted].sum()
        if outside or at_sea:
            lines.append(
                f"people outside the grid {outside:,.0f} (not served), in sea cells {at_sea:,.0f} "
                "(predicted like all others)"
            )
    _, links = report_links(result.scenario, result.ground, prediction_of(result.scenario))
    lines += [
        f"{row[0]}: ground of {row[5]:g} m at {row[6]:g} km costs {row[8]:.1f} dB of {row[3]:.1f} dB"
        for row in links
    ]
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
        f"{len(result.scenario.assumptions)} assumptions in assumptions.csv"
    )
    return lines
