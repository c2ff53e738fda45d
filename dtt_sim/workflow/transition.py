"""The transition of a scenario's plan: from its phases' fields to the ledger over cells with people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dtt_sim.network.setting import Setting
from dtt_sim.scenario.load import Scenario
from dtt_sim.transition.ledger import (
    CAUSES,
    STATUS,
    Fates,
    Ledger,
    PhaseReception,
    build_ledger,
    find_fates,
)
from dtt_sim.transition.reception import LonLat, PhaseNetwork, PhaseService
from dtt_sim.transition.whole_numbers import apportion
from dtt_sim.typing import Float64Array, IntArray
from dtt_sim.workflow.area import Area
from dtt_sim.workflow.losses import Losses, Progress
from dtt_sim.workflow.service import services_on_air, settings_of
from dtt_sim.workflow.tables import ALL

LEDGER_HEADER = (
    "phase", "date", "unit", "kind", "item", "status", "cause", "station", "households", "low",
    "high",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class People:
    """Households over the cells where any live.

    Attributes
    ----------
    units : tuple of str
        Named ones.
    cells : (n,) int64
        Flat positions on the grid.
    lonlat_deg : two (1, n) float64
    households : (n_unit, n) float64
        That watch terrestrial television.
    """

    units: tuple[str, ...]
    cells: IntArray
    lonlat_deg: LonLat
    households: Float64Array


def phase_networks(
    phases: Iterable[Scenario], losses: Losses, cells: IntArray, quality: str
) -> list[PhaseNetwork]:
    """Everything on air in each phase, over some cells; "good" or "acceptable" is what counts."""
    return [
        PhaseNetwork(
            one.phase.id if one.phase else ALL,
            tuple(losses.stations(one.transmitters, cells)),
            {
                name: PhaseService(
                    one.services[name].programmes, counted_setting(one, name, quality),
                    name in one.analogue,
                )
                for name in services_on_air(one)
            },
        )
        for one in phases
    ]  # fmt: skip


def counted_setting(scenario: Scenario, service: str, quality: str) -> Setting:
    """The setting of a service whose `served_good` is a quality; of an analogue one by its grade."""
    settings = settings_of(scenario, service)
    if quality == "good":
        return settings[0]
    if len(settings) > 1:
        return settings[1]
    groups = tuple(
        replace(
            group,
            budget=replace(
                group.budget, good_location_percent=group.budget.acceptable_location_percent
            ),
        )
        for group in settings[0].groups
    )
    return settings[0]._replace(groups=groups)


@dataclass(frozen=True, eq=False)
class TransitionResult:
    """A plan's fates and ledger.

    Attributes
    ----------
    people : People
    receptions : tuple of PhaseReception
    fates : Fates
    ledger : Ledger
    dates : tuple of date
    """

    people: People
    receptions: tuple[PhaseReception, ...]
    fates: Fates
    ledger: Ledger
    dates: tuple[dt.date, ...]


def follow_plan(
    phases: tuple[Scenario, ...],
    people: People,
    losses: Losses,
    equipped: Float64Array,
    *,
    quality: str,
    reaim_deg: float,
    tell: Progress,
) -> TransitionResult:
    """The ledger of a plan.

    Parameters
    ----------
    phases : tuple of Scenario
        With their phase, by date.
    equipped : (n_phase, n_unit) float64
        Share of terrestrial households with a DVB-T2 receiver.
    """
    one_aerial = phases[-1].keys.network.aerial == "one"
    networks = phase_networks(phases, losses, people.cells, quality)
    receptions = []
    for k, network in enumerate(networks):
        tell("households", k, len(networks))
        receptions.append(PhaseReception.of(network, people.lonlat_deg, one_aerial=one_aerial))
    fates = find_fates(receptions, people.lonlat_deg, reaim_deg=reaim_deg, one_aerial=one_aerial)
    tell("households", 1, 1)
    ledger = build_ledger(fates, people.households, people.units, equipped)
    dates = tuple(one.phase.date for one in phases if one.phase)
    return TransitionResult(people, tuple(receptions), fates, ledger, dates)


def people_of(area: Area, households_per_person: Float64Array) -> People:
    """Terrestrial households over the cells where people live.

    Parameters
    ----------
    households_per_person : (n_unit,) float64
        Terrestrial households by person, of the named units in the population's order.
    """
    assert area.population is not None
    cells = np.flatnonzero(area.persons)
    lon, lat = (v.reshape(1, -1)[:, cells] for v in area.grid.lonlat())
    counted = np.flatnonzero(area.population.is_counted)
    persons = area.population.matrix[counted][:, cells].toarray()
    return People(
        tuple(area.population.units[k] for k in counted), cells, (lon, lat),
        persons * households_per_person[:, None],
    )  # fmt: skip


def ledger_rows(result: TransitionResult, bands: dict[Any, tuple[float, float]]) -> list[Any]:
    """Rows of ``ledger.csv``: whole households, which sum to those of a unit in every item.

    Parameters
    ----------
    bands : dict of (str, Item, str) to (float, float)
        Low and high of a status in all units, by phase and item; where there was a Monte Carlo.
    """
    ledger, rows = result.ledger, []
    for phase, date in zip(result.fates.phases, result.dates, strict=True):
        for item in result.fates.items:
            entries = sorted(
                ledger.of(phase, item),
                key=lambda e: (
                    STATUS.index(e.status),
                    (e.cause and CAUSES.index(e.cause)) or 0,
                    e.station,
                ),
            )
            counts = np.array([ledger.households(e) for e in entries])
            whole = np.column_stack([apportion(column) for column in counts.T])
            for unit, column in (
                *zip(ledger.units, whole.T, strict=True),
                (ALL, whole.sum(axis=1)),
            ):
                for entry, number in zip(entries, column, strict=True):
                    if number == 0:
                        continue
                    low: int | str = ""
                    high: int | str = ""
                    if unit == ALL and (phase, item, entry.status) in bands and not entry.cause:
                        low, high = (round(v) for v in bands[phase, item, entry.status])
                    rows.append((
                        phase, date.isoformat(), unit, item.kind, item.name, entry.status,
                        entry.cause, entry.station, int(number), low, high,
                    ))  # fmt: skip
    return rows
