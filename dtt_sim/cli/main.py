"""``dtt-sim``: the command line. Commands are imported when they are called."""

from __future__ import annotations

import importlib
import sys

import click

_COMMANDS = {
    "antenna": ("dtt_sim.cli.antenna", "Look at antenna files of any format; convert, combine."),
    "bench": ("dtt_sim.cli.bench", "Measure the solver on this machine: speed and exactness."),
    "compare": ("dtt_sim.cli.compare", "What runs gain, lose and cost against each other."),
    "coordination": ("dtt_sim.cli.coordination", "Fields along a border against trigger values."),
    "drill": ("dtt_sim.cli.drill", "Take stations off the air, or out of step, one at a time."),
    "dvbt2": ("dtt_sim.cli.dvbt2", "Show what a DVB-T2 mode carries and needs, or suggest modes."),
    "export": ("dtt_sim.cli.export", "Write a run for GIS, Google Earth and data tools."),
    "interference": ("dtt_sim.cli.interference", "Account for who costs a multiplex how much."),
    "ledger": ("dtt_sim.cli.ledger", "Who keeps, gains or loses a programme, and where."),
    "map": ("dtt_sim.cli.map", "Draw a layer of a run as a map to be printed."),
    "measurements": ("dtt_sim.cli.measurements", "Measured fields against predictions."),
    "optimise": ("dtt_sim.cli.optimise", "Search for better settings of a network."),
    "paths": ("dtt_sim.cli.paths", "Predict single paths from tables of profiles and cases."),
    "point": ("dtt_sim.cli.point", "Explain one location of a finished run."),
    "receivers": ("dtt_sim.cli.receivers", "Reception at a list of named places, without a run."),
    "report": ("dtt_sim.cli.report", "Write what a run found as page, document or workbook."),
    "run": ("dtt_sim.cli.run", "Compute a scenario: rasters, tables, a map."),
    "serve": ("dtt_sim.cli.serve", "Show a run in the browser of this machine."),
    "stations": ("dtt_sim.cli.stations", "Read and write lists of stations in many formats."),
    "terrain": ("dtt_sim.cli.terrain", "Fetch elevation and other open data; look at rasters."),
    "validate": ("dtt_sim.cli.validate", "Check a scenario and say what it would compute."),
}


class LazyGroup(click.Group):
    """A group whose commands cost nothing until one is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        # `map` is a name of Python's: its module calls the command `map_`.
        command: click.Command = getattr(module, f"{cmd_name}_" if cmd_name == "map" else cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dtt-sim")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, *, debug: bool) -> None:
    """Digital terrestrial television transition simulator."""
    ctx.obj = {"debug": debug}


def main(args: list[str] | None = None) -> None:
    """Run a command; bad input ends with its message and exit code 2, never with a traceback."""
    arguments = sys.argv[1:] if args is None else args
    try:
        sys.exit(cli.main(arguments, prog_name="dtt-sim", standalone_mode=False) or 0)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; run the same command again to go on", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        if "--debug" in arguments:
            raise
        text = str(error)
        if not _is_for_the_user(error):
            text = (
                f"{type(error).__name__}: {text} (dtt-sim --debug {' '.join(arguments[:1])} ... "
                "shows where; please report it)"
            )
        click.echo(f"error: {text}", err=True)
        sys.exit(_exit_code(error))


def _is_for_the_user(error: Exception) -> bool:
    """Whether the message was written for the one who typed the command."""
    from dtt_sim.errors import DttSimError

    return isinstance(error, DttSimError) or _is_terrain_error(error)


def _is_terrain_error(error: Exception) -> bool:
    # By name: importing `terrain` for a broken option would cost more than the option.
    return "TerrainError" in {cls.__name__ for cls in type(error).__mro__}


def _exit_code(error: Exception) -> int:
    """2 for bad input, 1 for a failure of the program or the machine."""
    from dtt_sim.errors import OutputError

    return 2 if _is_for_the_user(error) and not isinstance(error, OutputError) else 1
