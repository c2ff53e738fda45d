"""Searches and accounts over a scenario: from kept path losses to tables and runnable files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dtt_sim.coverage.cache import LossCache
from dtt_sim.errors import DttSimError
from dtt_sim.planning.accounting import (
    Drill,
    InterferenceAccount,
    NetworkProblem,
    account_interference,
    drill,
)
from dtt_sim.planning.delays import DelayPlan, DelayProblem, optimise_delays
from dtt_sim.workflow.area import prediction_of, read_area
from dtt_sim.workflow.losses import Losses
from dtt_sim.workflow.output import claim_folder, whole_file, write_csv
from dtt_sim.workflow.service import settings_of

if TYPE_CHECKING:
    from dtt_sim.scenario.load import Scenario

Tell = Callable[[str], None]


def delay_problem(
    scenario: Scenario, multiplex: str, cache: Path, tell: Tell | None = None
) -> DelayProblem:
    """A single-frequency network of a scenario over the cells where people live.

    Raises
    ------
    DttSimError
        A multiplex that there is none or that is no single-frequency network, or nobody to serve.
    """
    _known(scenario, multiplex)
    if scenario.services[multiplex].network != "sfn":
        msg = f"multiplex {multiplex} is a multi-frequency network; its delays change nothing"
        raise DttSimError(msg)
    n = sum(t.multiplex == multiplex for t in scenario.transmitters)
    if n < 2:
        msg = f"multiplex {multiplex} has {n} stations on air; delays need two or more"
        raise DttSimError(msg)
    if scenario.keys.population is None:
        msg = "the scenario has no population; give [population] to say whom to serve"
        raise DttSimError(msg)
    return _problem(DelayProblem, scenario, multiplex, cache, tell, only_people=True)


def network_problem(
    scenario: Scenario, multiplex: str, cache: Path, tell: Tell | None = None
) -> NetworkProblem:
    """A multiplex of a scenario over the whole grid; without a population only areas count.

    Raises
    ------
    DttSimError
        A multiplex that there is none, or that nobody carries.
    """
    _known(scenario, multiplex)
    return _problem(NetworkProblem, scenario, multiplex, cache, tell, only_people=False)


def _known(scenario: Scenario, multiplex: str) -> None:
    if multiplex not in scenario.services:
        msg = f"no multiplex {multiplex!r}; choose from {', '.join(scenario.services)}"
        raise DttSimError(msg)
    if not scenario.on_air(multiplex):
        msg = f"multiplex {multiplex} is carried by no transmitter on air"
        raise DttSimError(msg)


P = TypeVar("P", bound=NetworkProblem)


def _problem(
    kind: type[P], scenario: Scenario, multiplex: str, cache: Path, tell: Tell | None, *,
    only_people: bool,
) -> P:  # fmt: skip
    area = read_area(scenario)
    cells = np.flatnonzero(area.persons) if only_people else np.arange(area.persons.size)
    if cells.size == 0:
        msg = "nobody lives on the receiving grid; make it larger or check the population"
        raise DttSimError(msg)

    def step(stage: str, done: int, total: int) -> None:
        if tell is not None and done == total:
            tell(stage)

    grid = area.grid
    losses = Losses(area.ground, grid, prediction_of(scenario), LossCache(cache))
    losses.prepare(scenario.transmitters, step)
    lon, lat = (v.reshape(1, -1)[:, cells] for v in grid.lonlat())
    setting = settings_of(scenario, multiplex)[0]
    return kind(
        stations=tuple(losses.stations(scenario.transmitters, cells)),
        groups=setting.groups,
        persons=area.persons[cells],
        area_km2=np.broadcast_to(grid.cell_area_km2(), grid.shape).reshape(-1)[cells],
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


def optimise_scenario_delays(
    scenario: Scenario,
    multiplex: str,
    out: Path,
    *,
    cache: Path | None = None,
    limit_us: float | None = None,
    coarse_us: float | None = None,
    fine_us: float = 5.0,
    starts: int = 4,
    seed: int = 0,
    most: int = 50,
    tell: Tell | None = None,
) -> tuple[DelayProblem, list[DelayPlan]]:
    """Search the static delays of a network; write ``delays.csv`` and ``delays.toml``.

    Parameters
    ----------
    limit_us, coarse_us : float, optional
        Largest delay and first grid; by default the guard interval and an eighth of it [µs].
    most : int
        Rows of the table.

    Raises
    ------
    DttSimError
        As :func:`delay_problem`, or settings of the search that cannot be.
    """
    claim_folder(out)
    problem = delay_problem(scenario, multiplex, cache or out / "cache", tell)
    guard = problem.window.guard_us
    limit = guard if limit_us is None else limit_us
    coarse = min(0.125 * guard, limit) if coarse_us is None else coarse_us
    try:
        plans = optimise_delays(
            problem, limit_us=limit, coarse_us=coarse, fine_us=min(fine_us, coarse),
            starts=starts, seed=seed, tell=tell,
        )  # fmt: skip
    except ValueError as error:
        raise DttSimError(str(error)) from error
    names = [problem.stations[s].name for s in problem.group.members]
    write_csv(
        out / "delays.csv",
        ("rank", "persons_good", "persons_expected", *(f"{name} [µs]" for name in names)),
        [
            (rank, round(p.persons_good), round(p.persons_expected), *p.delays_us)
            for rank, p in enumerate(plans[:most], start=1)
        ],
    )
    _write_override(out / "delays.toml", scenario, multiplex, names, plans[0])
    return problem, plans


def _write_override(
    path: Path, scenario: Scenario, multiplex: str, names: list[str], plan: DelayPlan
) -> None:
    """A scenario that extends the one searched by the delays found."""
    base = os.path.relpath(scenario.path.resolve(), path.resolve().parent)
    also = f" --override {scenario.override}" if scenario.override else ""
    lines = [
        f"# Static delays of {multiplex}: {plan.persons_good:,.0f} people at the good share of locations.",
        f"# dtt-sim run {path.name}{also}",
        f'extends = "{Path(base).as_posix()}"',
        "",
        "[transmitters]",
        *(f"{name}.delay_us = {d:g}" for name, d in zip(names, plan.delays_us, strict=True)),
    ]
    with whole_file(path) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
