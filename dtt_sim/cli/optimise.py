"""``dtt-sim optimise``: better settings of a network, from kept path losses."""

from __future__ import annotations

from pathlib import Path

import click

from dtt_sim.cli.network_options import network_options, prepare


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
@click.option(
    "--starts", type=int, default=4, show_default=True, help="Searches from other places."
)
@click.option("--seed", type=int, default=0, show_default=True)
def delays(
    scenario: Path, multiplex: str, out: Path, override: str | None, cache: Path | None,
    limit_us: float | None, coarse_us: float | None, fine_us: float, starts: int, seed: int, *,
    quiet: bool,
) -> None:  # fmt: skip
    """Static delays that serve most people at the good share of locations.

    Writes delays.csv, ranked, and delays.toml, a scenario with the best of them.
    """
    loaded, tell = prepare(scenario, override, quiet=quiet)
    from dtt_sim.workflow.planning import optimise_scenario_delays

    problem, plans = optimise_scenario_delays(
        loaded, multiplex, out, cache=cache, limit_us=limit_us, coarse_us=coarse_us,
        fine_us=fine_us, starts=starts, seed=seed, tell=tell,
    )  # fmt: skip
    before, _ = problem.people(problem.delays_us)
    best = plans[0]
    click.echo(f"as it is: {before:,.0f} people; found: {best.persons_good:,.0f} people")
    for station, delay in zip(problem.group.members, best.delays_us, strict=True):
        click.echo(f"  {problem.stations[station].name:<20} {delay:7.1f} µs")
    click.echo(f"written: {out / 'delays.csv'}, {out / 'delays.toml'}")
