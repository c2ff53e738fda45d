"""Tables of a run: people and area served, and what all of it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.workflow.output import PHASE
from terrain.ground import SEA

if TYPE_CHECKING:
    from dtt_sim.network.reception import LinkBudget
    from dtt_sim.scenario.load import Scenario
    from dtt_sim.workflow.run import Run


def summary_table(result: Run) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Header and rows of ``summary.csv``: people and area served by unit, and in all.

    Area is land and sea of the receiving grid; it is given in the row of all units only.
    """
    header = (
        "phase", "multiplex", "unit", "unit_vintage", "persons", "persons_outside_grid",
        "persons_at_sea_cells", "location_percent", "persons_served", "persons_served_percent",
        "area_km2", "area_served_km2", "land_km2", "land_served_km2", "terrain", "population",
    )  # fmt: skip
    scenario, people = result.scenario, result.population
    area = result.grid.cell_area_km2()
    lon, lat = result.grid.lonlat()
    land = result.ground.zone_at(lon, lat) != SEA
    terrain = "SCHEMATIC" if result.ground.is_schematic else "measured"
    keys = scenario.keys.population
    vintage = keys.vintage if keys else ""
    quality = (
        ""
        if people is None or keys is None
        else ("approximate" if people.is_approximate or keys.approximate else "as given")
    )
    rows: list[tuple[Any, ...]] = []
    for name, layers in result.service.items():
        for percent, mask in (
            (scenario.reception.acceptable_location_percent, layers.served_acceptable),
            (scenario.reception.good_location_percent, layers.served_good),
        ):
            areas = tuple(
                round(float(a), 1)
                for a in (area.sum(), area[mask].sum(), area[land].sum(), area[land & mask].sum())
            )
            if people is None:
                rows.append(
                    (
                        PHASE,
                        name,
                        "(all)",
                        vintage,
                        "",
                        "",
                        "",
                        percent,
                        "",
                        "",
                        *areas,
                        terrain,
                        "",
                    )
                )
                continue
            served = people.served(mask)
            numbers = np.column_stack([people.by_unit, people.outside, people.at_sea, served])
            for unit, (persons, outside, at_sea, got) in zip(
                (*people.units, "(all)"),
                [*numbers, numbers[people.is_counted].sum(axis=0)],
                strict=True,
            ):
                share = round(100.0 * got / persons, 2) if persons else ""
                rows.append(
                    (
                        PHASE, name, unit, vintage, round(persons), round(outside), round(at_sea),
                        percent, round(got), share,
                        *(areas if unit == "(all)" else ("", "", "", "")), terrain, quality,
                    )
                )  # fmt: skip
    return header, rows


def assumption_rows(scenario: Scenario, budgets: dict[str, LinkBudget]) -> list[tuple[Any, ...]]:
    """The scenario's own assumptions, and the values of the reception chain that need a check."""
    rows: list[tuple[Any, ...]] = [
        (a.key, a.value, a.unit, a.confidence, a.reason, a.source) for a in scenario.assumptions
    ]
    lines = {
        (line.key, line.value): line for budget in budgets.values() for line in budget.assumptions
    }
    rows += [
        (
            f"reception.{line.key}", round(line.value, 3), line.unit, line.confidence, line.name,
            line.source,
        )
        for line in lines.values()
    ]  # fmt: skip
    return rows
