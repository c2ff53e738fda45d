"""Searches over a scenario: from kept path losses to a ranked table and a file that can be run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dtt_sim.coverage.cache import LossCache
from dtt_sim.coverage.field import field_strength
from dtt_sim.errors import DttSimError
from dtt_sim.planning.delays import DelayPlan, DelayProblem, optimise_delays
from dtt_sim.workflow.output import whole_file, write_csv
from dtt_sim.workflow.run import (
    compute_losses,
    read_ground,
    read_population,
    receiving_grid,
    units_of,
)
from dtt_sim.workflow.service import groups_of, receiver_of, rooftop_or_not, station_fields

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
    if multiplex not in scenario.multiplexes:
        msg = f"no multiplex {multiplex!r}; choose from {', '.join(scenario.multiplexes)}"
        raise DttSimError(msg)
    if scenario.multiplexes[multiplex].network != "sfn":
        msg = f"multiplex {multiplex} is a multi-frequency network; its delays change nothing"
        raise DttSimError(msg)
    own = [k for k, t in enumerate(scenario.transmitters) if t.multiplex == multiplex]
    if len(own) < 2:
        msg = f"multiplex {multiplex} has {len(own)} stations on air; delays need two or more"
        raise DttSimError(msg)
    grid = receiving_grid(scenario)
    ground = read_ground(scenario, grid)
    people = read_population(scenario, grid, ground, units_of(scenario))
    if people is None:
        msg = "the scenario has no population; give [population] to say whom to serve"
        raise DttSimError(msg)
    persons = np.asarray(people.matrix[people.is_counted].sum(axis=0), np.float64).ravel()
    cells = np.flatnonzero(persons)
    if cells.size == 0:
        msg = "nobody lives on the receiving grid; make it larger or check the population"
        raise DttSimError(msg)

    def step(stage: str, done: int, total: int) -> None:
        if tell is not None and done == total:
            tell(stage)

    losses, _ = compute_losses(scenario, ground, grid, LossCache(cache), "wedge", step)
    fields = {t.id: field_strength(losses[t.id], t) for t in scenario.transmitters}
    stations = station_fields(scenario, fields, losses, cells)
    lon, lat = grid.lonlat()
    receiver = receiver_of(scenario)
    mode = scenario.multiplexes[multiplex].mode
    return DelayProblem(
        tuple(stations),
        groups_of(scenario, scenario.multiplexes[multiplex], own, {})[0],
        persons[cells],
        (lon.reshape(1, -1)[:, cells], lat.reshape(1, -1)[:, cells]),
        receiver.window(mode),
        receiver,
        rooftop_or_not(scenario, scenario.transmitters[own[0]]),
    )


def optimise_scenario_delays(
    scenario: Scenario,
    multiplex: str,
    out: Path,
    *,
    cache: Path | None = None,
    limit_us: float | None = None,
    coarse_us: float | None = None,
    fine_us: float = 5.0,
    starts: int = 2,
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
    out.mkdir(parents=True, exist_ok=True)
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
