"""Tables of a run: people and area served, and what all of it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtt_sim.network.evaluate import CAUSES
from dtt_sim.scenario.load import Scenario
from dtt_sim.typing import BoolArray, Float64Array, UInt8Array
from dtt_sim.workflow.area import Area
from dtt_sim.workflow.service import Evaluated, qualities_of
from terrain.ground import SEA
from terrain.population import Population

SUMMARY_HEADER = (
    "phase", "multiplex", "unit", "unit_vintage", "persons", "persons_outside_grid",
    "persons_at_sea_cells", "quality", "location_percent", "persons_served", "persons_served_percent",
    "persons_with_two_stations",
    "area_km2", "area_served_km2", "land_km2", "land_served_km2", "terrain", "population",
)  # fmt: skip
ALL = "(all)"


def vintage_of(scenario: Scenario) -> str:
    """Date of the administrative units that tables speak of."""
    return scenario.keys.population.vintage if scenario.keys.population else ""


def with_vintage(
    header: Sequence[str], rows: Iterable[Sequence[Any]], vintage: str
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """A table with the vintage of its units behind them, or at the end."""
    at = next((k + 1 for k, name in enumerate(header) if name in {"unit", "where"}), len(header))
    return (*header[:at], "unit_vintage", *header[at:]), [
        (*row[:at], vintage, *row[at:]) for row in rows
    ]


def summary_rows(area: Area, evaluated: Evaluated) -> list[tuple[Any, ...]]:
    """Rows of ``summary.csv``: people and area served by unit, and in all.

    People "in all" are those of the named units. The area of a unit is that of its polygon on the
    receiving grid, empty where units are points; the area in all is the whole grid's, sea included.
    "With two stations" are people whose reception hangs on no single station: of two or more each
    alone gives the lower quality, noise being all that disturbs.
    """
    scenario, people = evaluated.scenario, area.population
    keys = scenario.keys.population
    vintage = vintage_of(scenario)
    terrain = "SCHEMATIC" if area.ground.is_schematic else "measured"
    quality = ""
    if people is not None and keys is not None:
        quality = "approximate" if people.is_approximate or keys.approximate else "as given"
    names = (*(people.units if people else ()), ALL)
    cells = area.grid.cell_area_km2()
    land = np.where(area.ground.zone_at(*area.grid.lonlat()) != SEA, cells, 0.0)
    rows: list[tuple[Any, ...]] = []
    for multiplex, layers in evaluated.service.items():
        masks = layers.served_acceptable, layers.served_good
        for asked, mask in zip(qualities_of(scenario, multiplex), masks, strict=True):
            persons = _persons(people, mask)
            twice = _persons(people, layers.n_station >= 2)
            areas = _areas(area, [cells, cells * mask, land, land * mask])
            rows += [
                (
                    evaluated.phase, multiplex, unit, vintage, *persons[k][:3], *asked, *persons[k][3:],
                    *twice[k][3:4],
                    *areas.get(unit, ("", "", "", "")), terrain, quality,
                )
                for k, unit in enumerate(names)
            ]  # fmt: skip
    return rows


def _persons(people: Population | None, mask: BoolArray) -> list[tuple[Any, ...]]:
    """Persons, outside the grid, at sea, served, served [%]: by unit and in all."""
    if people is None:
        return [("", "", "", "", "")]
    by_unit = np.column_stack([people.by_unit, people.outside, people.at_sea, people.served(mask)])
    in_all = by_unit[people.is_counted].sum(axis=0)
    return [
        (
            *(round(float(value)) for value in numbers),
            round(100.0 * float(numbers[3] / numbers[0]), 2) if numbers[0] else "",
        )
        for numbers in (*by_unit, in_all)
    ]


def _areas(area: Area, layers: list[Float64Array]) -> dict[str, tuple[float, ...]]:
    """Sums of area layers [km²] by unit, where units are polygons, and in all."""
    found = {ALL: tuple(round(float(layer.sum()), 1) for layer in layers)}
    if area.units is None:
        return found
    names = area.units.names
    inside = area.unit_of_cell >= 0
    sums = [np.bincount(area.unit_of_cell[inside], layer[inside], len(names)) for layer in layers]
    for k, name in enumerate(names):
        found[name] = tuple(round(float(column[k]), 1) for column in sums)
    return found


CAUSE_HEADER = (
    "phase", "multiplex", "unit", "cause", "station", "persons", "persons_percent", "area_km2",
)  # fmt: skip


def cause_rows(area: Area, evaluated: Evaluated) -> list[tuple[Any, ...]]:
    """Rows of ``causes.csv``: everybody by why they are, or are not, well served.

    A cell has one cause, and one station where that is interference, so that the rows of a unit add
    up to its people on the grid. The area of a unit is that of its polygon on the grid, empty where
    units are points, and that of all units the whole grid's. A unit with neither there has no row.
    """
    cells = area.grid.cell_area_km2()
    rows: list[tuple[Any, ...]] = []
    for multiplex, layers in evaluated.service.items():
        for cause, station, mask in causes(layers.cause, layers.culprit):
            name = "" if station < 0 else evaluated.stations[station]
            square_km = _areas(area, [cells * mask])
            rows += [
                (
                    evaluated.phase,
                    multiplex,
                    unit,
                    CAUSES[cause],
                    name,
                    *persons,
                    *square_km.get(unit, ("",)),
                )
                for unit, *persons in _persons_in(area.population, mask, square_km)
            ]
    return rows


def _persons_in(
    people: Population | None, mask: BoolArray, square_km: dict[str, tuple[float, ...]]
) -> list[tuple[str, Any, Any]]:
    """Unit, persons and their share [%]: of the units that have any, or area there, and in all."""
    if people is None:
        return [(ALL, "", "")]
    some, everybody, counted = people.served(mask), people.by_unit, people.is_counted
    found = [
        (unit, some[k], everybody[k])
        for k, unit in enumerate(people.units)
        if some[k] > 0.0 or any(square_km.get(unit, ()))
    ]
    found.append((ALL, some[counted].sum(), everybody[counted].sum()))
    return [
        (unit, round(float(part)), round(100.0 * float(part / whole), 2) if whole else "")
        for unit, part, whole in found
    ]


PROGRAMME_HEADER = (
    "phase", "programme", "services", "unit", "persons", "quality", "one_aerial_persons",
    "one_aerial_percent", "aimed_afresh_persons", "aimed_afresh_percent",
)  # fmt: skip
AT_LEAST = "(at least {n})"


def programme_rows(area: Area, evaluated: Evaluated) -> list[tuple[Any, ...]]:
    """Rows of ``programmes.csv``: who receives each programme, and how many programmes.

    With one aerial for all services, and with one aimed for each of them.
    """
    people, household = area.population, evaluated.household
    if people is None or household is None:
        return []
    one, afresh = household.one, household.afresh
    pairs = {
        "acceptable": (one.programmes_acceptable, afresh.programmes_acceptable),
        "good": (one.programmes_good, afresh.programmes_good),
    }
    services = evaluated.scenario.services
    rows: list[tuple[Any, ...]] = []
    for quality, masks in pairs.items():
        counts = [mask.sum(axis=0) for mask in masks]
        cases = [
            (name, "; ".join(s for s in household.services if name in services[s].programmes),
             masks[0][k], masks[1][k])
            for k, name in enumerate(household.programmes)
        ]  # fmt: skip
        cases += [
            (AT_LEAST.format(n=n), "", counts[0] >= n, counts[1] >= n)
            for n in range(1, len(household.programmes) + 1)
        ]
        for name, carriers, *of_aerials in cases:
            columns = [_persons(people, mask) for mask in of_aerials]
            rows += [
                (evaluated.phase, name, carriers, unit, first[0], quality, *first[3:], *second[3:])
                for unit, first, second in zip((*people.units, ALL), *columns, strict=True)
            ]
    return rows


def causes(cause: UInt8Array, culprit: NDArray[np.int16]) -> Iterator[tuple[int, int, BoolArray]]:
    """Each cause and station that occurs, with its cells, in the order of the causes."""
    for one in np.unique(cause):
        for station in np.unique(culprit[cause == one]):
            yield int(one), int(station), (cause == one) & (culprit == station)


def _plan_rows(scenario: Scenario, said: set[Any]) -> list[tuple[Any, ...]]:
    """Values of a plan's households, prices, gates and doubts of which the scenario says nothing.

    The source of a value is the line of the file that gives it, or what its default rests on.
    """
    rows: list[tuple[Any, ...]] = []
    if scenario.phase is None:
        return rows
    for table in ("households", "prices", "gates", "uncertainty"):
        keys = getattr(scenario.keys, table)
        for name, field in type(keys).model_fields.items() if keys is not None else ():
            value, key = getattr(keys, name), f"{table}.{name}"
            if name == "site" and key not in said:
                rows += _site_rows(scenario)
            if (
                key in said
                or not isinstance(value, int | float)
                or name in {"draws", "seed", "cells"}
            ):
                continue
            text = field.description or ""
            unit = text[text.find("[") + 1 : text.find("]")] if "[" in text else ""
            if table == "prices" and not unit:
                unit = scenario.keys.prices.currency if scenario.keys.prices else ""
            extra = field.json_schema_extra
            own = extra if isinstance(extra, dict) and (table, name) not in scenario.origin else {}
            source = _written(scenario, table, name) or str(own.get("source", DEFAULT))
            rows.append((key, value, unit, str(own.get("confidence", "ASSUMED")), text, source))
    return rows


DEFAULT = "default of dtt_sim, a guess"


def _written(scenario: Scenario, *key: str | int) -> str:
    """File and line at which a key was written; empty where it was not."""
    if key not in scenario.origin:
        return ""
    file, line = scenario.origin[key]
    return file.name if line is None else f"{file.name}:{line}"


def _site_rows(scenario: Scenario) -> list[tuple[Any, ...]]:
    """Prices of sites by their class."""
    prices = scenario.keys.prices
    assert prices is not None
    return [
        (
            f"prices.site above {one.above_kw:g} kW", one.capex, prices.currency, "ASSUMED",
            "capex of a site", _written(scenario, "prices", "site", k, "capex") or DEFAULT,
        )
        for k, one in enumerate(prices.site)
    ]  # fmt: skip


def offset_rows(scenario: Scenario) -> list[tuple[Any, ...]]:
    """The offset that a scenario adds to fields, beside what the model says."""
    keys = scenario.keys.propagation
    if not keys.measured_offset_db:
        return []
    error = keys.measured_offset_error_db
    sure = "its standard error is not given" if error is None else f"standard error {error:g} dB"
    source = keys.measured_offset_source or _written(scenario, "propagation", "measured_offset_db")
    reason = f"measured less predicted; added to every field after the model, {sure}"
    key = "propagation.measured_offset_db"
    return [(key, keys.measured_offset_db, "dB", "SINGLE", reason, source)]


def assumption_rows(phases: Sequence[Evaluated]) -> list[tuple[Any, ...]]:
    """The scenario's own assumptions, and the values behind reception that need a check."""
    scenario = phases[-1].scenario
    own = dict.fromkeys(a for one in phases for a in one.scenario.assumptions)
    written = {
        a: _written(scenario, "assumption", k, "key")
        for k, a in enumerate(scenario.keys.assumption)
    }
    rows: list[tuple[Any, ...]] = [
        (a.key, a.value, a.unit, a.confidence, a.reason, a.source or written.get(a, ""))
        for a in own
    ]
    rows += offset_rows(scenario)
    lines = {
        (line.key, line.value): line
        for one in phases
        for of_service in one.budgets.values()
        for budget in of_service
        for line in budget.assumptions
    }
    rows += [
        (
            line.key if "." in line.key else f"reception.{line.key}", round(line.value, 3), line.unit, line.confidence, line.name,
            line.source,
        )
        for line in lines.values()
    ]  # fmt: skip
    rows += _plan_rows(scenario, {row[0] for row in rows})
    used = {
        (one.scenario.services[wanted].system, r.relation, r.tropospheric_db, r.continuous_db): r
        for one in phases
        for (wanted, _), r in one.ratios.items()
    }
    rows += [
        (
            f"network.protection_ratio of {system}, {ratio.relation}",
            round(ratio.tropospheric_db, 2) if ratio.tropospheric_db == ratio.continuous_db
            else f"{ratio.tropospheric_db:.2f} tropospheric, {ratio.continuous_db:.2f} continuous",
            "dB", ratio.confidence, "protection ratio", ratio.source,
        )
        for (system, *_), ratio in used.items()
        if ratio.confidence not in {"VERIFIED", "GIVEN"}
    ]  # fmt: skip
    if any(m.network == "sfn" for m in scenario.multiplexes.values()):
        keys = scenario.keys.network
        rows.append(
            (
                "network.strategy, network.weighting", f"{keys.strategy}, {keys.weighting}", "",
                "RECALL", "how receivers place their window, and which echoes help them",
                "EBU BPN 066, Report ITU-R BT.2254",
            )
        )  # fmt: skip
    return rows
