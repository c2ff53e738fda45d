"""Accounts over a scenario, and the network that these and the searches look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dtt_sim.coverage.cache import LossCache
from dtt_sim.errors import DttSimError
from dtt_sim.network.multiplex import StationFields
from dtt_sim.planning.accounting import (
    Drill,
    InterferenceAccount,
    NetworkProblem,
    account_interference,
    drill,
)
from dtt_sim.planning.search import Tell
from dtt_sim.workflow.area import check_masts, read_area, read_ground
from dtt_sim.workflow.losses import losses_of
from dtt_sim.workflow.output import claim_folder, write_csv
from dtt_sim.workflow.service import settings_of
from terrain.ground import Ground

if TYPE_CHECKING:
    from dtt_sim.model import Transmitter
    from dtt_sim.scenario.load import Scenario


def network_problem(
    scenario: Scenario, multiplex: str, cache: Path, tell: Tell | None = None
) -> NetworkProblem:
    """A multiplex of a scenario over the whole grid; without a population only areas count.

    Raises
    ------
    DttSimError
        A multiplex that there is none, or that nobody carries.
    """
    check_on_air(scenario, multiplex)
    return problem_of(NetworkProblem, scenario, multiplex, cache, tell, only_people=False)


def check_known(scenario: Scenario, multiplex: str) -> None:
    """Refuse a multiplex that there is none.

    Raises
    ------
    DttSimError
    """
    if multiplex not in scenario.services:
        msg = f"no multiplex {multiplex!r}; choose from {', '.join(scenario.services)}"
        raise DttSimError(msg)


def check_on_air(scenario: Scenario, multiplex: str) -> None:
    """Refuse a multiplex that there is none, or that nobody carries.

    Raises
    ------
    DttSimError
    """
    check_known(scenario, multiplex)
    if not scenario.on_air(multiplex):
        msg = f"multiplex {multiplex} is carried by no transmitter on air"
        raise DttSimError(msg)


P = TypeVar("P", bound=NetworkProblem)


def problem_of(
    kind: type[P], scenario: Scenario, multiplex: str, cache: Path, tell: Tell | None, *,
    only_people: bool, more: Sequence[Transmitter] = (),
) -> P:  # fmt: skip
    """A multiplex of a scenario, from path losses that are kept or computed now.

    Parameters
    ----------
    kind : type
        Of the problem.
    only_people : bool
        The cells where people live, in the place of all.
    more : sequence of Transmitter
        Stations that are on air beside the scenario's, after them in order.

    Raises
    ------
    DttSimError
        Nobody to serve, or a mast that cannot be predicted.
    """
    if only_people and scenario.keys.population is None:
        msg = "the scenario has no population; give [population] to say whom to serve"
        raise DttSimError(msg)
    whole = replace(scenario, transmitters=(*scenario.transmitters, *more))
    setting = settings_of(whole, multiplex)[0]
    area = read_area(scenario)
    cells = np.flatnonzero(area.persons) if only_people else np.arange(area.persons.size)
    if cells.size == 0:
        msg = "nobody lives on the receiving grid; make it larger or check the population"
        raise DttSimError(msg)

    def step(stage: str, done: int, total: int) -> None:
        if tell is not None and done == total:
            tell(stage)

    def stations(ground: Ground, transmitters: Sequence[Transmitter]) -> list[StationFields]:
        losses = losses_of(scenario, ground, area.grid, LossCache(cache))
        losses.prepare(transmitters, step)
        return losses.stations(transmitters, cells)

    found = stations(area.ground, scenario.transmitters)
    if more:
        # Ground that reaches farther has another key: what is kept of the scenario's own stays so.
        ground = read_ground(whole, area.grid)
        check_masts(more, ground)
        found += stations(ground, more)
    lon, lat = (v.reshape(1, -1)[:, cells] for v in area.grid.lonlat())
    return kind(
        stations=tuple(found),
        groups=setting.groups,
        persons=area.persons[cells],
        area_km2=np.broadcast_to(area.grid.cell_area_km2(), area.grid.shape).reshape(-1)[cells],
        lonlat_deg=(lon, lat),
        window=setting.window,
        receiver=setting.receiver,
        antenna=setting.antenna,
    )


def account_scenario(
    scenario: Scenario, multiplex: str, out: Path, *, cache: Path | None = None,
    tell: Tell | None = None,
) -> InterferenceAccount:  # fmt: skip
    """Account for the interference to a multiplex; write ``interference.csv``."""
    claim_folder(out)
    problem = network_problem(scenario, multiplex, cache or out / "cache", tell)
    account = account_interference(problem, tell)
    write_csv(
        out / "interference.csv",
        ("station", "protection_ratio_db", "total_loss_persons", "total_loss_km2",
         "unique_loss_persons", "unique_loss_km2"),
        [
            (x.station, round(x.protection_db, 2), round(x.total_persons), round(x.total_km2, 1),
             round(x.unique_persons), round(x.unique_km2, 1))
            for x in account.losses
        ],
    )  # fmt: skip
    return account


def drill_scenario(
    scenario: Scenario, multiplex: str, out: Path, *, late_us: Sequence[float],
    cache: Path | None = None, tell: Tell | None = None,
) -> tuple[Drill, ...]:  # fmt: skip
    """Take every station of a multiplex off the air and out of step; write ``drill.csv``."""
    claim_folder(out)
    problem = network_problem(scenario, multiplex, cache or out / "cache", tell)
    try:
        found = drill(problem, late_us, tell)
    except ValueError as error:
        raise DttSimError(str(error)) from error
    write_csv(
        out / "drill.csv",
        ("station", "failure", "lost_persons", "gained_persons", "lost_km2", "gained_km2"),
        [
            (d.station, failure(d), round(d.lost_persons), round(d.gained_persons),
             round(d.lost_km2, 1), round(d.gained_km2, 1))
            for d in found
        ],
    )  # fmt: skip
    return found


def failure(one: Drill) -> str:
    """What is wrong with the station of a drill."""
    return "off the air" if one.late_us is None else f"{one.late_us:+g} µs"
