"""Searches over a scenario: from kept path losses to ranked tables and scenarios that can be run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dtt_sim.errors import DttSimError
from dtt_sim.planning.accounting import NetworkProblem
from dtt_sim.planning.delays import DelayProblem, Delays, optimise_delays
from dtt_sim.planning.powers import (
    PowerProblem,
    Powers,
    check_total,
    optimise_powers,
    power_grid,
)
from dtt_sim.planning.search import Plan, Tell
from dtt_sim.planning.sites import SiteProblem, Sites, optimise_sites, upper_bound
from dtt_sim.scenario.candidates import read_candidates, toml_table
from dtt_sim.scenario.transmitters import RANGES, nearest
from dtt_sim.workflow.derived import write_scenario
from dtt_sim.workflow.output import claim_folder, write_csv
from dtt_sim.workflow.planning import check_known, check_on_air, problem_of

if TYPE_CHECKING:
    from dtt_sim.model import Transmitter
    from dtt_sim.scenario.load import Scenario

DOWN, UP = 0.1, 10.0**0.3
"""Powers to choose from, by default: 10 dB below to 3 dB above the present one."""


def delay_problem(
    scenario: Scenario, multiplex: str, cache: Path, tell: Tell | None = None
) -> DelayProblem:
    """A single-frequency network of a scenario over the cells where people live.

    Raises
    ------
    DttSimError
        A multiplex that there is none or that is no single-frequency network, or nobody to serve.
    """
    check_on_air(scenario, multiplex)
    if scenario.services[multiplex].network != "sfn":
        msg = f"multiplex {multiplex} is a multi-frequency network; its delays change nothing"
        raise DttSimError(msg)
    n = len(_carriers(scenario, multiplex))
    if n < 2:
        msg = f"multiplex {multiplex} has {n} stations on air; delays need two or more"
        raise DttSimError(msg)
    return problem_of(DelayProblem, scenario, multiplex, cache, tell, only_people=True)


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
) -> tuple[DelayProblem, list[Plan[Delays]]]:
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
        (*_PEOPLE, *(f"{name} [µs]" for name in names)),
        [(*_people(rank, p), *p.choice) for rank, p in enumerate(plans[:most], start=1)],
    )
    write_scenario(
        out / "delays.toml", scenario,
        f"Static delays of {multiplex}: {_served(plans[0])}.",
        ["[transmitters]",
         *(f"{name}.delay_us = {d:g}" for name, d in zip(names, plans[0].choice, strict=True))],
    )  # fmt: skip
    return problem, plans


@dataclass(frozen=True, eq=False)
class SiteSearch:
    """Sites that were found.

    Attributes
    ----------
    problem : SiteProblem
    plans : list of Plan
        The best first.
    stations : tuple of Transmitter
        All of the problem, in its order.
    present_persons : float
        People in well-served cells by the scenario as it is.
    bound_persons : float
        What no combination can exceed.
    """

    problem: SiteProblem
    plans: list[Plan[Sites]]
    stations: tuple[Transmitter, ...]
    present_persons: float
    bound_persons: float

    def gap_percent(self, plan: Plan[Sites]) -> float:
        """By which a plan stays below the bound [% of the bound]."""
        if self.bound_persons <= 0.0:
            return 0.0
        return 100.0 * max(0.0, 1.0 - plan.persons_good / self.bound_persons)


def optimise_scenario_sites(
    scenario: Scenario,
    multiplex: str,
    candidates: Path,
    count: int,
    out: Path,
    *,
    also_existing: Sequence[str] = (),
    cache: Path | None = None,
    starts: int = 4,
    seed: int = 0,
    most: int = 50,
    tell: Tell | None = None,
) -> SiteSearch:
    """Choose sites from a table; write ``sites.csv`` and ``sites.toml``.

    Parameters
    ----------
    candidates : Path
        As :func:`dtt_sim.scenario.candidates.read_candidates` takes it.
    count : int
        How many of the candidates are chosen.
    also_existing : sequence of str
        Stations of the scenario that are candidates too, and may be dropped.
    most : int
        Rows of the table.

    Raises
    ------
    DttSimError
        A multiplex or station that there is none, a broken table, a count that the candidates do
        not allow, or nobody to serve.
    """
    claim_folder(out)
    check_known(scenario, multiplex)
    existing = _carriers(scenario, multiplex)
    _check_names("--also-existing", also_existing, list(existing), multiplex)
    read = read_candidates(scenario, candidates, multiplex)
    n = len(read) + len(set(also_existing))
    if not 1 <= count <= n:
        msg = f"count = {count} of {n} candidates; give 1 to {n}"
        raise DttSimError(msg)
    new = [transmitter for transmitter, _ in read]
    network = problem_of(
        NetworkProblem, scenario, multiplex, cache or out / "cache", tell, only_people=True,
        more=new,
    )  # fmt: skip
    names = [s.name for s in network.stations]
    is_candidate = {*also_existing, *(t.id for t in new)}
    problem = SiteProblem(network, tuple(k for k, name in enumerate(names) if name in is_candidate))
    try:
        plans = optimise_sites(problem, count, starts=starts, seed=seed, tell=tell)
    except ValueError as error:
        raise DttSimError(str(error)) from error
    present, _ = problem.people(tuple(names.index(name) for name in also_existing))
    found = SiteSearch(
        problem, plans, (*scenario.transmitters, *new), present, upper_bound(problem, count)
    )
    write_csv(
        out / "sites.csv",
        (*_PEOPLE, "bound_persons", "gap_percent", *(f"station_{k + 1}" for k in range(count))),
        [
            (*_people(rank, p), round(found.bound_persons), round(found.gap_percent(p), 2),
             *(names[s] for s in p.choice))
            for rank, p in enumerate(plans[:most], start=1)
        ],
    )  # fmt: skip
    chosen = {names[s] for s in plans[0].choice}
    dropped = [name for name in existing if name in is_candidate - chosen]
    lines = ["[transmitters]", *(f"{name}.on_air = false" for name in dropped)] if dropped else []
    for transmitter, row in read:
        if transmitter.id in chosen:
            lines += [*([""] if lines else []), *toml_table(row, out.resolve())]
    write_scenario(
        out / "sites.toml", scenario,
        f"Sites of {multiplex}, {count} of {n} candidates: {_served(plans[0])}.", lines,
    )  # fmt: skip
    return found


@dataclass(frozen=True, eq=False)
class PowerSearch:
    """Powers that were found.

    Attributes
    ----------
    problem : PowerProblem
    plans : list of Plan
        The best first.
    present : Plan
        The powers as they are, within the limits or not.
    """

    problem: PowerProblem
    plans: list[Plan[Powers]]
    present: Plan[Powers]


def optimise_scenario_powers(
    scenario: Scenario,
    multiplex: str,
    out: Path,
    *,
    min_kw: float | None = None,
    max_kw: float | None = None,
    limits_kw: Mapping[str, tuple[float, float]] | None = None,
    fixed: Sequence[str] = (),
    total_kw: float | None = None,
    step_db: float = 1.0,
    cache: Path | None = None,
    starts: int = 8,
    seed: int = 0,
    most: int = 50,
    tell: Tell | None = None,
) -> PowerSearch:
    """Search the radiated powers of a multiplex; write ``erp.csv`` and ``erp.toml``.

    Parameters
    ----------
    min_kw, max_kw : float, optional
        Limits of every station; by default 10 dB below and 3 dB above its present power [kW].
    limits_kw : mapping of str to (float, float), optional
        Limits of single stations [kW].
    fixed : sequence of str
        Stations that keep their power.
    total_kw : float, optional
        Most that all stations of the multiplex may have together [kW].
    step_db : float
        Between two powers [dB].
    most : int
        Rows of the table.

    Raises
    ------
    DttSimError
        A multiplex or station that there is none, powers that cannot be, or nobody to serve.
    """
    claim_folder(out)
    check_on_air(scenario, multiplex)
    own = _carriers(scenario, multiplex)
    limits_kw = limits_kw or {}
    _check_names("--limit", limits_kw, list(own), multiplex)
    _check_names("--fix", fixed, list(own), multiplex)
    both = [name for name in fixed if name in limits_kw]
    if both:
        msg = f"{both[0]} is both fixed and limited; give --fix or --limit"
        raise DttSimError(msg)
    given = {"--min-kw": min_kw, "--max-kw": max_kw, "--total-kw": total_kw}
    for option, kw in given.items():
        if kw is not None:
            _check_power(option, kw, math.inf if option == "--total-kw" else RANGES["erp_kw"][1])
    grids = []
    for name, transmitter in own.items():
        low, high = limits_kw.get(name, _default_limits(transmitter, min_kw, max_kw))
        if name in fixed:
            low = high = transmitter.erp_kw
        for kw in (low, high):
            _check_power(name, kw, RANGES["erp_kw"][1])
        try:
            grids.append(power_grid(transmitter.erp_kw, low, high, step_db))
        except ValueError as error:
            msg = f"{name}: {error}"
            raise DttSimError(msg) from error
    total = math.inf if total_kw is None else total_kw
    try:
        check_total(grids, total)
    except ValueError as error:
        raise DttSimError(str(error)) from error
    present_kw = tuple(t.erp_kw for t in own.values())
    network = problem_of(
        NetworkProblem, scenario, multiplex, cache or out / "cache", tell, only_people=True
    )
    names = [s.name for s in network.stations]
    problem = PowerProblem(
        network, tuple(names.index(name) for name in own), present_kw, tuple(grids), total
    )
    try:
        plans = optimise_powers(problem, starts=starts, seed=seed, tell=tell)
    except ValueError as error:
        raise DttSimError(str(error)) from error
    write_csv(
        out / "erp.csv",
        (*_PEOPLE, "total_kw", *(f"{name} [kW]" for name in own)),
        [
            (*_people(rank, p), f"{p.cost:.6g}", *p.choice)
            for rank, p in enumerate(plans[:most], start=1)
        ],
    )
    write_scenario(
        out / "erp.toml", scenario,
        f"Radiated powers of {multiplex}: {_served(plans[0])}, {plans[0].cost:.4g} kW in all.",
        ["[transmitters]",
         *(f"{name}.erp_kw = {kw!r}" for name, kw in zip(own, plans[0].choice, strict=True))],
    )  # fmt: skip
    return PowerSearch(
        problem, plans, Plan(present_kw, *problem.people(present_kw), cost=sum(present_kw))
    )


def _default_limits(
    transmitter: Transmitter, min_kw: float | None, max_kw: float | None
) -> tuple[float, float]:
    least, greatest = RANGES["erp_kw"]
    low = max(least, float(f"{DOWN * transmitter.erp_kw:.4g}"))
    high = min(greatest, float(f"{UP * transmitter.erp_kw:.4g}"))
    return low if min_kw is None else min_kw, high if max_kw is None else max_kw


def _check_power(what: str, kw: float, greatest: float) -> None:
    least = RANGES["erp_kw"][0]
    if not (least <= kw <= greatest and math.isfinite(kw)):
        upto = "" if math.isinf(greatest) else f", at most {greatest:g} kW"
        msg = f"{what}: {kw:g} kW; give a power of {least:g} kW or more{upto}"
        raise DttSimError(msg)


def _carriers(scenario: Scenario, multiplex: str) -> dict[str, Transmitter]:
    """Stations of a multiplex that are on air, by id, in the table's order."""
    own = [scenario.transmitters[k] for k in scenario.on_air(multiplex)]
    return {t.id: t for t in own}


def _check_names(
    option: str, names: Sequence[str] | Mapping[str, object], known: list[str], multiplex: str
) -> None:
    for name in names:
        if name not in known:
            hint = nearest(name, known) if known else "; it has none on air"
            msg = f"{option} {name}: no station of {multiplex} on air{hint}"
            raise DttSimError(msg)


_PEOPLE = ("rank", "persons_good", "persons_expected")


def _people(rank: int, plan: Plan[Any]) -> tuple[int, int, int]:
    return rank, round(plan.persons_good), round(plan.persons_expected)


def _served(plan: Plan[Any]) -> str:
    return f"{plan.persons_good:,.0f} people at the good share of locations"
