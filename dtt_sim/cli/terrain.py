"""``dtt-sim terrain``: fetch open data, and look at rasters before they go into a scenario."""

from __future__ import annotations

from pathlib import Path

import click

from dtt_sim.cli.terrain_fetch import credits as credits_command
from dtt_sim.cli.terrain_fetch import fetch


@click.group()
def terrain() -> None:
    """Fetch elevation and other open data; look at rasters."""


terrain.add_command(fetch)
terrain.add_command(credits_command)


@terrain.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects as JSON.")
def info(*, paths: tuple[Path, ...], as_json: bool) -> None:
    """Say what rasters are: place, cells, values, and what their nodata would be taken for."""
    import json

    from terrain.errors import TerrainError
    from terrain.info import describe

    found, problems = [], []
    for path in paths:
        try:
            found.append(describe(path))
        except TerrainError as error:
            problems.append(str(error))
    if as_json:
        click.echo(json.dumps([item.as_dict() for item in found], indent=1, ensure_ascii=False))
    else:
        click.echo("\n\n".join(item.as_text() for item in found))
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
    if problems:
        raise SystemExit(2)
