"""``dtt-sim drill``: what a station off the air, or out of step, costs."""

from __future__ import annotations

from pathlib import Path

import click

from dtt_sim.cli.network_options import network_options, prepare


@click.command()
@network_options
@click.option(
    "--late", "late_us", type=float, multiple=True, help="Timing error to try [µs]; repeat."
)
def drill(
    scenario: Path, multiplex: str, out: Path, override: str | None, cache: Path | None,
    late_us: tuple[float, ...], *, quiet: bool,
) -> None:  # fmt: skip
    """Every station of a multiplex off the air, and late by what --late says, one at a time.

    Good reception counts. Writes drill.csv.
    """
    loaded, tell = prepare(scenario, override, quiet=quiet)
    from dtt_sim.workflow.planning import drill_scenario, failure

    found = drill_scenario(loaded, multiplex, out, late_us=late_us, cache=cache, tell=tell)
    click.echo(f"{'station':<20}{'failure':<14}{'lose':>12}{'gain':>12}{'km² lost':>12}")
    for d in found:
        click.echo(
            f"{d.station:<20}{failure(d):<14}{d.lost_persons:>12,.0f}{d.gained_persons:>12,.0f}"
            f"{d.lost_km2:>12,.0f}"
        )
    click.echo(f"written: {out / 'drill.csv'}")
