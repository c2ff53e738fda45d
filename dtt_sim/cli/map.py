"""``dtt-sim map``: one layer of a finished run as a map to be printed."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("map")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--layer", default="served", show_default=True, metavar="NAME",
    help="served, margin, cause, probability, best_server, usable_field or field.",
)  # fmt: skip
@click.option("--service", metavar="ID", help="Multiplex or analogue service; the first on air.")
@click.option("--phase", metavar="ID", help="Phase of the plan; the last by default.")
@click.option("--lang", default="en", show_default=True, help="Language: en or vi.")
@click.option(
    "--dpi", type=click.IntRange(50, 1200), default=300, show_default=True, help="Dots per inch."
)
@click.option("--out", "-o", type=click.Path(path_type=Path), required=True, help="PNG file.")
def map_(
    *,
    run: Path,
    layer: str,
    service: str | None,
    phase: str | None,
    lang: str,
    dpi: int,
    out: Path,
) -> None:
    """Draw a layer of a finished RUN: title, legend, scale, north, inset, people served, credits."""
    from dtt_sim.errors import DttSimError
    from dtt_sim.report.language import language
    from dtt_sim.report.run_map import write_map
    from dtt_sim.workflow.remains import open_run_or_remains

    if out.suffix.lower() != ".png":
        msg = f"{out}: maps are written as PNG; choose a name that ends in .png"
        raise DttSimError(msg)
    opened = open_run_or_remains(run)
    notes = write_map(
        out, opened.run, language(lang), layer=layer, service=service, phase=phase, dpi=dpi
    )
    click.echo(f"written: {out}")
    for note in (*opened.notes, *notes):
        click.echo(f"missing: {note}", err=True)
