"""``dtt-sim interference``: who costs a multiplex how many people and how much area."""

from __future__ import annotations

from pathlib import Path

import click

from dtt_sim.cli.network_options import network_options, prepare


@click.command()
@network_options
def interference(
    scenario: Path, multiplex: str, out: Path, override: str | None, cache: Path | None, *,
    quiet: bool,
) -> None:  # fmt: skip
    """Total and unique loss by every station that disturbs a multiplex.

    Total: if it were the only one. Unique: what would come back if it alone fell silent. Good
    reception counts. Writes interference.csv.
    """
    loaded, tell = prepare(scenario, override, quiet=quiet)
    from dtt_sim.workflow.planning import account_scenario

    account = account_scenario(loaded, multiplex, out, cache=cache, tell=tell)
    for name, served in (("without", account.without), ("with all", account.with_all)):
        click.echo(f"{name} interference: {served.persons:,.0f} people, {served.area_km2:,.0f} km²")
    click.echo(f"{'station':<20}{'PR dB':>8}{'total loss':>14}{'unique loss':>14}")
    for x in account.losses:
        click.echo(
            f"{x.station:<20}{x.protection_db:>8.1f}{x.total_persons:>14,.0f}"
            f"{x.unique_persons:>14,.0f}"
        )
    click.echo(f"written: {out / 'interference.csv'}")
