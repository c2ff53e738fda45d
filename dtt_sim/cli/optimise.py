"""``dtt-sim optimise``: better settings of a network, from kept path losses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from dtt_sim.cli.network_options import network_options, prepare
from dtt_sim.errors import DttSimError

F = TypeVar("F", bound=Callable[..., Any])


def search_options(starts: int) -> Callable[[F], F]:
    """From how many places a search begins, and which."""

    def options(command: F) -> F:
        seed = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
        return click.option(
            "--starts", type=click.IntRange(min=1), default=starts, show_default=True,
            help="Searches from other places.",
        )(seed(command))  # fmt: skip

    return options


@click.group()
def optimise() -> None:
    """Search for better settings of a network; path losses are kept and used again."""


@optimise.command()
@network_options
@click.option("--limit", "limit_us", type=float, help="Largest delay [µs; the guard interval].")
@click.option("--coarse", "coarse_us", type=float, help="First grid [µs; an eighth of it].")
@click.option(
    "--fine", "fine_us", type=float, default=5.0, show_default=True, help="Last grid [µs]."
)
@search_options(4)
def delays(
    scenario: Path, multiplex: str, out: Path, override: str | None, cache: Path | None,
    limit_us: float | None, coarse_us: float | None, fine_us: float, starts: int, seed: int, *,
    quiet: bool,
) -> None:  # fmt: skip
    """Static delays that serve most people at the good share of locations.

    Writes delays.csv, ranked, and delays.toml, a scenario with the best of them.
    """
    loaded, tell = prepare(scenario, override, quiet=quiet)
    from dtt_sim.workflow.searches import optimise_scenario_delays

    problem, plans = optimise_scenario_delays(
        loaded, multiplex, out, cache=cache, limit_us=limit_us, coarse_us=coarse_us,
        fine_us=fine_us, starts=starts, seed=seed, tell=tell,
    )  # fmt: skip
    before, _ = problem.people(problem.delays_us)
    best = plans[0]
    click.echo(f"as it is: {before:,.0f} people; found: {best.persons_good:,.0f} people")
    for station, delay in zip(problem.group.members, best.choice, strict=True):
        click.echo(f"  {problem.stations[station].name:<20} {delay:7.1f} µs")
    click.echo(f"written: {out / 'delays.csv'}, {out / 'delays.toml'}")


@optimise.command()
@network_options
@click.option(
    "--candidates",
    type=click.Path(path_type=Path),
    required=True,
    help="Stations to choose from: CSV with the columns of the scenario's station table.",
)
@click.option("--count", type=int, required=True, help="How many of them to choose.")
@click.option(
    "--also-existing",
    multiple=True,
    metavar="ID",
    help="A station of the scenario that may be dropped: it becomes a candidate too.",
)
@search_options(4)
def sites(
    scenario: Path, multiplex: str, out: Path, override: str | None, cache: Path | None,
    candidates: Path, count: int, also_existing: tuple[str, ...], starts: int, seed: int, *,
    quiet: bool,
) -> None:  # fmt: skip
    """The candidate sites that, with the stations that stay, serve most people.

    Writes sites.csv, ranked, and sites.toml, a scenario with the best of them. The bound is what no
    choice can exceed; it leaves interference and echoes out of account.
    """
    loaded, tell = prepare(scenario, override, quiet=quiet)
    from dtt_sim.workflow.searches import optimise_scenario_sites

    found = optimise_scenario_sites(
        loaded, multiplex, candidates, count, out, also_existing=also_existing, cache=cache,
        starts=starts, seed=seed, tell=tell,
    )  # fmt: skip
    best = found.plans[0]
    n_all = math.comb(len(found.problem.candidates), count)
    click.echo(
        f"{count} of {len(found.problem.candidates)} candidates: {_looked(len(found.plans), n_all)}"
    )
    click.echo(
        f"as it is: {found.present_persons:,.0f} people; found: {best.persons_good:,.0f} people"
    )
    click.echo(
        f"no choice serves more than {found.bound_persons:,.0f} people: the one found is within "
        f"{found.gap_percent(best):.2f} % of that"
    )
    kept = [
        t.id for t in loaded.transmitters if t.multiplex == multiplex and t.id not in also_existing
    ]
    click.echo(f"  stay   {', '.join(kept) or 'no station'}")
    for s in found.problem.candidates:
        station = found.stations[s]
        is_new = station not in loaded.transmitters
        verdict = (("build" if is_new else "keep") if s in best.choice
                   else ("leave" if is_new else "drop"))  # fmt: skip
        click.echo(f"  {verdict:<6}{station.id:<20} {station.site}")
    click.echo(f"written: {out / 'sites.csv'}, {out / 'sites.toml'}")


@optimise.command()
@network_options
@click.option("--min-kw", type=float, help="Least power [kW; 10 dB below the present one].")
@click.option("--max-kw", type=float, help="Greatest power [kW; 3 dB above the present one].")
@click.option(
    "--limit", "limits", multiple=True, metavar="ID=MIN:MAX", help="Limits of one station [kW]."
)
@click.option("--fix", "fixed", multiple=True, metavar="ID", help="A station that stays as it is.")
@click.option("--total-kw", type=float, help="Most that all may have together [kW].")
@click.option(
    "--step-db", type=float, default=1.0, show_default=True, help="Between two powers [dB]."
)
@search_options(8)
def erp(
    scenario: Path, multiplex: str, out: Path, override: str | None, cache: Path | None,
    min_kw: float | None, max_kw: float | None, limits: tuple[str, ...], fixed: tuple[str, ...],
    total_kw: float | None, step_db: float, starts: int, seed: int, *, quiet: bool,
) -> None:  # fmt: skip
    """Radiated powers that serve most people at the good share of locations.

    Patterns and tilts stay as they are. Writes erp.csv, ranked, and erp.toml, a scenario with the
    best of them. Of powers that serve alike, those with less in all.
    """
    limits_kw = _limits(limits)
    loaded, tell = prepare(scenario, override, quiet=quiet)
    from dtt_sim.workflow.searches import optimise_scenario_powers

    found = optimise_scenario_powers(
        loaded, multiplex, out, min_kw=min_kw, max_kw=max_kw, limits_kw=limits_kw, fixed=fixed,
        total_kw=total_kw, step_db=step_db, cache=cache, starts=starts, seed=seed, tell=tell,
    )  # fmt: skip
    problem, before, best = found.problem, found.present, found.plans[0]
    click.echo(_looked(len(found.plans), math.prod(map(len, problem.grids))))
    for name, plan in (("as it is", before), ("found", best)):
        click.echo(f"{name}: {plan.persons_good:,.0f} people, {plan.cost:.4g} kW in all")
    click.echo(f"  {'station':<20}{'before kW':>11}{'found kW':>11}{'dB':>7}")
    for s, old, new in zip(problem.stations, before.choice, best.choice, strict=True):
        change = 10.0 * math.log10(new / old)
        name = problem.network.stations[s].name
        click.echo(f"  {name:<20}{old:>11.4g}{new:>11.4g}{change:>+7.1f}")
    click.echo(f"written: {out / 'erp.csv'}, {out / 'erp.toml'}")


def _looked(n: int, n_all: int) -> str:
    return f"all {n:,} combinations" if n == n_all else f"{n:,} of {n_all:,} combinations"


def _limits(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Limits by station, from ID=MIN:MAX."""
    found: dict[str, tuple[float, float]] = {}
    for text in texts:
        name, _, pair = text.partition("=")
        low, _, high = pair.partition(":")
        try:
            found[name] = float(low), float(high)
        except ValueError as error:
            msg = f"--limit {text}: give ID=MIN:MAX, both in kW"
            raise DttSimError(msg) from error
    return found
