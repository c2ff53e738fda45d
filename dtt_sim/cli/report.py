"""``dtt-sim report``: what planners take away of a finished run."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

FORMATS = {
    "docx": ("dtt_sim.report.document", "write_docx"),
    "xlsx": ("dtt_sim.report.workbook", "write_xlsx"),
}
"""Module and function of each format; a function takes the run's folder, the file and the language."""


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--format", "format_", type=click.Choice(list(FORMATS)), default="docx", show_default=True,
    help="A Word document (the annex of a plan) or a workbook of all tables.",
)  # fmt: skip
@click.option("--lang", default="vi", show_default=True, metavar="CODE", help="vi or en.")
@click.option(
    "--compare", type=click.Path(path_type=Path), metavar="RUN_B",
    help="Folder of another run, held against this one in a section of its own.",
)  # fmt: skip
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path),
    help="File to write; by default RUN/report.FORMAT.",
)
def report(run: Path, format_: str, lang: str, compare: Path | None, out: Path | None) -> None:
    """Write a document of the folder of a RUN, from what is in it.

    What the folder lacks is told, on the terminal and in the document, which has the rest.
    """
    module, name = FORMATS[format_]
    path = out or run / f"report.{format_}"
    missing = getattr(importlib.import_module(module), name)(run, path, lang, compare=compare)
    for line in missing:
        click.echo(f"missing: {line}", err=True)
    click.echo(f"written: {path}")
