"""``dtt-sim report``: what a run found, as a document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from dtt_sim.report.language import Language


class Request(NamedTuple):
    """A report that is asked for.

    Attributes
    ----------
    run, out : Path
    language : Language
    compare : Path or None
        A second run.
    """

    run: Path
    out: Path
    language: Language
    compare: Path | None


def _html(request: Request) -> list[str]:
    from dtt_sim.report.html.page import write_html

    return write_html(request.run, request.out, request.language, compare=request.compare)


def _docx(request: Request) -> list[str]:
    from dtt_sim.report.document import write_docx

    return write_docx(request.run, request.out, request.language.code, compare=request.compare)


def _xlsx(request: Request) -> list[str]:
    from dtt_sim.report.workbook import write_xlsx

    return write_xlsx(request.run, request.out, request.language.code, compare=request.compare)


_FORMATS: dict[str, Callable[[Request], list[str]]] = {
    "html": _html, "docx": _docx, "xlsx": _xlsx
}  # fmt: skip
"""Writers by format; each returns the names of what the run lacks."""


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--lang", default="en", show_default=True, metavar="CODE", help="Language: vi or en.")
@click.option(
    "--compare", type=click.Path(path_type=Path), metavar="RUN_B",
    help="A second run, held against the first.",
)  # fmt: skip
@click.option(
    "--format", "kind", type=click.Choice(list(_FORMATS)), default="html", show_default=True,
    help="A page with map, charts and tables; the annex of a plan; all tables.",
)  # fmt: skip
@click.option(
    "--out", "-o", type=click.Path(path_type=Path),
    help="File to write; by default report.<lang>.<format> in the folder of the run.",
)  # fmt: skip
def report(run: Path, *, lang: str, compare: Path | None, kind: str, out: Path | None) -> None:
    """Write what a RUN found for those who decide: a page, a Word document or a workbook.

    Of an interrupted run, or one of an older version, it says what is missing and shows the rest.
    """
    from dtt_sim.errors import OutputError
    from dtt_sim.report.language import language

    file = out or run / f"report.{lang}.{kind}"
    if file.is_dir():
        msg = f"{file}: is a folder; give --out a file name that ends in .{kind}"
        raise OutputError(msg)
    missing = _FORMATS[kind](Request(run, file, language(lang), compare))
    for name in missing:
        click.echo(f"missing: {name}", err=True)
    click.echo(f"written: {file} ({file.stat().st_size / 1e6:,.1f} MB)")
