"""Options that the commands on one multiplex of a scenario share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from dtt_sim.scenario.load import Scenario

F = TypeVar("F", bound=Callable[..., Any])


_PHASE = "dtt_sim.phase"


def _remember(ctx: click.Context, _option: click.Parameter, value: str | None) -> None:
    ctx.meta[_PHASE] = value


def network_options(command: F) -> F:
    """Scenario, multiplex, folders, and whether to be quiet."""
    for option in reversed(
        (
            click.argument("scenario", type=click.Path(path_type=Path)),
            click.option("--multiplex", required=True, help="A multiplex of the scenario."),
            click.option(
                "--out", type=click.Path(path_type=Path), required=True, help="Output folder."
            ),
            click.option("--override", help="Named changes of the scenario."),
            # Only `prepare` needs it, which every one of these commands calls.
            click.option(
                "--phase",
                help="Phase of the plan; the last by default.",
                expose_value=False,
                callback=_remember,
            ),
            click.option(
                "--cache", type=click.Path(path_type=Path), help="Folder of kept path losses."
            ),
            click.option("-q", "--quiet", is_flag=True, help="No progress."),
        )
    ):
        command = option(command)
    return command


def prepare(
    scenario: Path, override: str | None, *, quiet: bool
) -> tuple[Scenario, Callable[[str], None]]:
    """Load the scenario, see to compiled code; and a way to say how it goes, on standard error."""
    from dtt_sim._jit import enable_cache
    from dtt_sim.scenario.load import load_scenario

    def tell(text: str) -> None:
        if not quiet:
            click.echo(text, err=True)

    phase = click.get_current_context().meta.get(_PHASE)
    loaded = load_scenario(scenario, override=override, phase=phase)
    if not enable_cache():
        tell("compiling, once for this version and processor (half a minute)")
        from dtt_sim.workflow.warm_up import compile_all

        compile_all()
    return loaded, tell
