"""Options that the commands on lists of places share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from dtt_sim.scenario.load import Scenario

F = TypeVar("F", bound=Callable[..., Any])


class Choice(NamedTuple):
    """What the common options say.

    Attributes
    ----------
    override, phase : str or None
    elevation : tuple of Path
        In the place of the scenario's; empty for its own.
    land : Path or None
    skip_bad, quiet : bool
    threads : int or None
    """

    override: str | None
    phase: str | None
    elevation: tuple[Path, ...]
    land: Path | None
    skip_bad: bool
    threads: int | None
    quiet: bool


def place_options(command: F) -> F:
    """Add the common options; the command takes them as ``**options`` for :class:`Choice`."""
    path = click.Path(path_type=Path)
    for option in reversed(
        (
            click.option("--override", metavar="NAME", help="Lay [override.NAME] of the file over."),
            click.option("--phase", metavar="ID", help="Only this phase of the plan."),
            click.option(
                "--elevation", type=path, multiple=True,
                help="Elevation raster in place of the scenario's; repeat for tiles.",
            ),
            click.option("--land", type=path, help="Land polygons in place of its own."),
            click.option(
                "--skip-bad", is_flag=True,
                help="Leave out rows that cannot be used, and name them.",
            ),
            click.option("--threads", type=click.IntRange(min=1), help="Cores to use (all)."),
            click.option("--quiet", "-q", is_flag=True, help="No progress."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def load(scenario: Path, choice: Choice) -> Scenario:
    """Load the scenario as the options say; see to compiled code and threads."""
    from dtt_sim.scenario.load import load_scenario

    values: dict[str, Any] = {}
    if choice.elevation:
        values["terrain.elevation"] = [str(path) for path in choice.elevation]
        values["terrain.schematic"] = False
        values["terrain.credits"] = []
    if choice.land:
        values["terrain.land"] = str(choice.land)
    loaded = load_scenario(
        scenario, override=choice.override, set_values=values, phase=choice.phase
    )
    from dtt_sim._jit import enable_cache

    enable_cache()
    if choice.threads:
        import numba

        numba.set_num_threads(min(choice.threads, numba.config.NUMBA_NUM_THREADS))
    return loaded
