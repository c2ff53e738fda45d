"""Fairness of a plan by phase: its units, the poor, and places such as island communes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dtt_sim.scenario.load import Scenario
from dtt_sim.transition.fairness import FairnessRow, fairness_rows
from dtt_sim.transition.households import HouseholdModel
from dtt_sim.transition.ledger import ANY, GAINS, KEEPS, STARTS, build_ledger, kind_weights
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.area import Area
from dtt_sim.workflow.transition import TransitionResult
from terrain.population import place_names, population_from_points


class Island(NamedTuple):
    """A place.

    Attributes
    ----------
    name : str
    unit : str
        To which it belongs.
    persons : (n_cell,) float64
        Of all cells of the grid.
    """

    name: str
    unit: str
    persons: Float64Array


def places_of(scenario: Scenario) -> dict[str, str]:
    """Unit of every place that a scenario's population names; none without a table of places."""
    keys = scenario.keys.population
    return {} if keys is None or keys.points is None else place_names(keys.points)


def islands_of(scenario: Scenario, area: Area, names: Sequence[str]) -> list[Island]:
    """Places among some names, which may be of units as well; those with people on the grid."""
    units = places_of(scenario)
    wanted = [name for name in names if name in units]
    keys = scenario.keys.population
    if not wanted or keys is None or keys.points is None:
        return []
    people = population_from_points(keys.points, area.grid, ground=area.ground, by_place=True)
    rows = {name: people.matrix[[people.units.index(name)]].toarray()[0] for name in wanted}
    return [Island(name, units[name], rows[name]) for name in wanted if rows[name].sum() > 0.0]


def receiving_percent(
    island: Island, transition: TransitionResult, equipped: Float64Array
) -> Float64Array:
    """Share of an island's terrestrial households that receive anything, by phase [%].

    Parameters
    ----------
    equipped : (n_phase, n_unit) float64
        Share of households with a DVB-T2 receiver.
    """
    people, fates = transition.people, transition.fates
    unit = people.units.index(island.unit)
    weights = kind_weights(equipped)[:, :, unit]
    persons = island.persons[people.cells]
    status = fates.status[:, fates.items.index(ANY)]
    gets = np.isin(status, (STARTS, KEEPS, GAINS)) @ persons
    return np.asarray(100.0 * (gets * weights).sum(axis=1) / persons.sum())


def plan_fairness(
    transition: TransitionResult,
    model: HouseholdModel,
    equipped: Float64Array,
    by_group: Float64Array,
    units: Sequence[str],
    islands: Sequence[Island],
) -> dict[str, list[FairnessRow]]:
    """Figures of fairness by phase.

    Parameters
    ----------
    equipped : (n_phase, n_unit) float64
        Share of households with a DVB-T2 receiver.
    by_group : (n_phase, n_group) float64
        The same by group, the poor and near-poor first.
    units, islands
        Of which there are rows of their own.
    """
    supported = model.group_shares[:2]
    share_of_poor = supported.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.nan_to_num(np.einsum("pg,gu->pu", by_group[:, :2], supported) / share_of_poor)
    households = transition.people.households
    watching = households.sum(axis=1)
    poor = build_ledger(transition.fates, households, model.units, share)
    by_island = [(one, receiving_percent(one, transition, equipped)) for one in islands]
    found = {}
    for p, phase in enumerate(transition.fates.phases):
        rows = fairness_rows(
            model.units, watching, transition.ledger.receiving(phase, ANY),
            watching * share_of_poor, poor.receiving(phase, ANY) * share_of_poor, units,
        )  # fmt: skip
        rows += [
            FairnessRow("island", island.name, float(percent[p]))
            for island, percent in by_island
            if island.name not in model.units
        ]
        found[phase] = rows
    return found
