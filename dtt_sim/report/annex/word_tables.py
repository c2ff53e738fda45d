"""Tables of a Word document: fixed widths, headings on every page, rows that stay whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dtt_sim.report.annex.elements import element
from dtt_sim.report.annex.styles import PLACEHOLDER
from dtt_sim.report.annex.text import clean


class Blank(str):
    """A cell of a table that the province is to fill."""

    __slots__ = ()


def held(cell: str) -> str:
    """A cell's text as XML can hold it; a blank one in brackets."""
    text = clean(cell)
    return Blank(f"[{text}]") if isinstance(cell, Blank) else text


def new_table(widths: Sequence[int]) -> Any:
    """A table with lines; cells keep their widths."""
    table, about, columns = element("w:tbl"), element("w:tblPr"), element("w:tblGrid")
    for child in (
        element("w:tblStyle", val="TableGrid"),
        element("w:tblW", w=str(sum(widths)), type="dxa"),
        element("w:tblLayout", type="fixed"),
        element("w:tblLook", val="0620", firstRow="1"),
    ):
        about.append(child)
    for width in widths:
        columns.append(element("w:gridCol", w=str(width)))
    table.append(about)
    table.append(columns)
    return table


SHORT_TABLE: Final = 12
"""Rows of a table that is kept on one page."""
LONG_CELL: Final = 600
"""Characters of a cell beyond which its row may run over a page."""


def new_row(
    cells: Sequence[str], style: str, *, widths: Sequence[int], numeric: frozenset[int] = frozenset(),
    is_header: bool = False, is_bold: bool = False, is_kept: bool = False,
) -> Any:  # fmt: skip
    """A row; one that is kept stays on the page of the next."""
    from docx.oxml.ns import qn

    row, about = element("w:tr"), element("w:trPr")
    if all(len(cell) < LONG_CELL for cell in cells):
        about.append(element("w:cantSplit"))
    if is_header:
        about.append(element("w:tblHeader"))
    row.append(about)
    for k, (text, width) in enumerate(zip(cells, widths, strict=True)):
        cell = _cell(
            text,
            style,
            is_header=is_header,
            is_bold=is_bold,
            is_number=k in numeric,
            is_kept=is_kept,
        )
        cell.find(qn("w:tcPr")).insert(0, element("w:tcW", w=str(width), type="dxa"))
        row.append(cell)
    return row


def _cell(
    text: str, style: str, *, is_header: bool, is_bold: bool, is_number: bool, is_kept: bool
) -> Any:  # fmt: skip
    from docx.text.paragraph import Paragraph as New

    cell = element("w:tc")
    about = element("w:tcPr")
    if is_header:
        about.append(element("w:shd", val="clear", color="auto", fill="E3E9EE"))
    about.append(element("w:vAlign", val="center"))
    cell.append(about)
    made = element("w:p")
    format_ = element("w:pPr")
    format_.append(element("w:pStyle", val=style.replace(" ", "")))
    if is_kept:
        format_.append(element("w:keepNext"))
    if is_header or is_number:
        format_.append(element("w:jc", val="center" if is_header else "right"))
    made.append(format_)
    cell.append(made)
    p = New(made, None)  # type: ignore[arg-type]
    run = p.add_run(text)
    run.bold = True if is_header or is_bold else None
    if isinstance(text, Blank):
        run._r.get_or_add_rPr().insert(0, element("w:rStyle", val=PLACEHOLDER.replace(" ", "")))
    return cell
