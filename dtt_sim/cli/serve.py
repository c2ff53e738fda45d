"""``dtt-sim serve``: a finished run in the browser of this machine."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
    help="Port; 0 for any that is free.",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--allow-remote", is_flag=True, help="Let --host be an address that other machines reach."
)
@click.option("--lang", default="en", show_default=True, help="Language: en or vi.")
def serve(*, run: Path, port: int, host: str, allow_remote: bool, lang: str) -> None:
    """Show a finished RUN in the browser: all layers at full resolution, any place explained.

    Read-only, and for this machine alone. Stop it with Ctrl+C.
    """
    from dtt_sim._jit import enable_cache

    enable_cache()
    from dtt_sim.report.language import language
    from dtt_sim.report.server.answers import Answers
    from dtt_sim.report.server.http import is_loopback, make_server
    from dtt_sim.workflow.remains import open_run_or_remains

    opened = open_run_or_remains(run)
    answers = Answers(opened.run, language(lang), opened.notes)
    with make_server(answers, host, port, allow_remote=allow_remote) as server:
        for note in opened.notes:
            click.echo(f"missing: {note}", err=True)
        if not is_loopback(host):
            click.echo(f"{host}: everybody who reaches this machine can read the run", err=True)
        click.echo(f"serving {run} at {server.url} (Ctrl+C stops)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped")
