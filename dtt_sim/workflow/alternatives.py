"""What overrides of a scenario would do to the people served, told beside a run's own result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dtt_sim.scenario.load import Scenario, load_scenario
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.area import Area
from dtt_sim.workflow.losses import Losses, Progress
from dtt_sim.workflow.service import Evaluated, evaluate, qualities_of
from dtt_sim.workflow.tables import ALL

ALTERNATIVE_HEADER = (
    "alternative", "override", "service", "unit", "quality", "location_percent", "persons_served",
    "difference",
)  # fmt: skip
UNCHANGED = ("terrain", "grid", "propagation", "population", "reception")
"""Tables that an alternative must share with the run: what is compared is the network."""


@dataclass(frozen=True, slots=True)
class Change:
    """People that a service serves in an alternative.

    Attributes
    ----------
    service, unit, quality : str
    location_percent : float
    persons, difference : float
        In the alternative, and by how much that is more than in the run.
    """

    service: str
    unit: str
    quality: str
    location_percent: float
    persons: float
    difference: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """An override, and what it changes.

    Attributes
    ----------
    title, override : str
        The override is "" for the scenario without one.
    changes : tuple of Change
    note : str
        Why it could not be compared; otherwise empty.
    """

    title: str
    override: str
    changes: tuple[Change, ...]
    note: str = ""


def compare(
    result: Evaluated, area: Area, losses: Losses, tell: Progress
) -> tuple[Alternative, ...]:
    """Evaluate a scenario's alternatives in the phase of a result, over the cells with people.

    A run of an override is compared with the scenario without it as well.
    """
    scenario = result.scenario
    wanted = [(a.title or a.override, a.override) for a in scenario.keys.alternative]
    if scenario.override and scenario.keys.alternative:
        wanted.insert(0, ("without the override", ""))
    wanted = [one for one in wanted if one[1] != scenario.override]
    if area.population is None or not wanted:
        return ()
    cells = np.flatnonzero(area.persons)
    lonlat = tuple(v.reshape(1, -1)[:, cells] for v in area.grid.lonlat())
    here = _served(result, {
        name: (layers.served_acceptable.reshape(-1)[cells], layers.served_good.reshape(-1)[cells])
        for name, layers in result.service.items()
    }, area, cells)  # fmt: skip
    found = []
    for k, (title, override) in enumerate(wanted):
        tell(f"alternative {title}", k, len(wanted))
        other = load_scenario(
            scenario.path, override=override or None, set_values=scenario.set_values,
            phase=scenario.phase.id if scenario.phase else None,
        )  # fmt: skip
        changed = _changed(scenario, other)
        if changed:
            note = f"not compared: it changes [{changed}]"
            found.append(Alternative(title, override, (), note))
            continue
        losses.prepare(other.transmitters, lambda *_: None)
        there = evaluate(
            other, losses.stations(other.transmitters, cells), (lonlat[0], lonlat[1]),
            with_household=False,
        )  # fmt: skip
        served = _served(there, {
            name: (layers.served_acceptable[0], layers.served_good[0])
            for name, layers in there.service.items()
        }, area, cells)  # fmt: skip
        changes = tuple(
            Change(
                *key,
                persons=served.get(key, 0.0),
                difference=served.get(key, 0.0) - here.get(key, 0.0),
            )
            for key in dict.fromkeys((*here, *served))
        )
        found.append(Alternative(title, override, changes))
    tell("alternatives", 1, 1)
    return tuple(found)


def _changed(scenario: Scenario, other: Scenario) -> str:
    """First table that makes two scenarios incomparable."""
    for table in UNCHANGED:
        if getattr(scenario.keys, table) != getattr(other.keys, table):
            return table
    return ""


Key = tuple[str, str, str, float]


def _served(
    evaluated: Evaluated, masks: dict[str, tuple[Any, Any]], area: Area, cells: Any
) -> dict[Key, float]:
    """People by service, unit and quality."""
    people = area.population
    assert people is not None
    matrix = people.matrix[:, cells]
    found: dict[Key, float] = {}
    for service, of_quality in masks.items():
        for quality, mask in zip(
            qualities_of(evaluated.scenario, service), of_quality, strict=True
        ):
            persons: Float64Array = np.asarray(matrix @ mask.astype(np.float64), np.float64)
            for unit, number in zip(people.units, persons, strict=True):
                found[service, unit, *quality] = float(number)
            found[service, ALL, *quality] = float(persons[people.is_counted].sum())
    return found


def alternative_rows(alternatives: Iterable[Alternative]) -> list[tuple[Any, ...]]:
    """Rows of ``alternatives.csv``."""
    return [
        (
            a.title, a.override, c.service, c.unit, c.quality, c.location_percent,
            round(c.persons), round(c.persons) - round(c.persons - c.difference),
        )
        for a in alternatives
        for c in a.changes
    ]  # fmt: skip
