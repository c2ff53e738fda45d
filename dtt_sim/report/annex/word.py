"""Parts of a Word document in the form of Vietnamese administrative documents (Decree 30/2020/NĐ-CP)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from dtt_sim.report.annex.elements import (
    add_field,
    add_field_parts,
    element,
    link_to,
    paragraph_after,
)
from dtt_sim.report.annex.styles import (
    APPENDIX,
    BODY,
    CAPTION,
    CELL,
    CENTRE,
    NOTE,
    PLACEHOLDER,
    SMALL_CELL,
    TITLE,
    WARNING,
    new_document,
)  # fmt: skip
from dtt_sim.report.annex.text import clean
from dtt_sim.report.annex.word_tables import SHORT_TABLE, held, new_row, new_table
from dtt_sim.report.language import Language

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

TEXT_WIDTH_MM: Final = 210.0 - 30.0 - 20.0
LANDSCAPE_WIDTH_MM: Final = 297.0 - 30.0 - 20.0
TEXT_HEIGHT_MM: Final = 297.0 - 2 * 20.0
ROMAN: Final = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
TWIPS_PER_MM: Final = 1440.0 / 25.4


class Writer:
    """Writes a document from its beginning to its end.

    Parameters
    ----------
    language : Language
        Of headings, captions and numbers.
    """

    def __init__(self, language: Language) -> None:
        self.text = language
        self.document: Document = new_document(language)
        self.entries: dict[str, list[tuple[int, str, str]]] = {"heading": []}
        self._bookmarks = count(1)
        self._numbers: dict[str, int] = {}
        self._contents: list[tuple[str, Paragraph]] = []
        self._is_landscape = False

    @property
    def width_mm(self) -> float:
        """Of the text [mm]."""
        return LANDSCAPE_WIDTH_MM if self._is_landscape else TEXT_WIDTH_MM

    def heading(self, text: str, level: int = 1) -> None:
        """A numbered heading; its number is Word's."""
        p = self.document.add_paragraph(style=f"Heading {level}")
        self._entry("heading", level, p, clean(text), self._count(level))

    def appendix(self, text: str) -> None:
        """A heading of an appendix, counted by letters."""
        p = self.document.add_paragraph(style=APPENDIX)
        if not self._is_landscape:
            p.paragraph_format.page_break_before = True
        letter = chr(ord("A") + self._numbers.get("appendix", 0))
        self._numbers["appendix"] = self._numbers.get("appendix", 0) + 1
        label = self.text("document_appendix.label")
        self._entry("heading", 1, p, clean(text), f"{label} {letter}.")

    def title(self, text: str, *, is_new_page: bool = False) -> None:
        """A centred title that the table of contents leaves out."""
        p = self.document.add_paragraph(clean(text), style=TITLE)
        p.paragraph_format.page_break_before = is_new_page or None

    def centred(self, text: str, *, italic: bool = False, bold: bool = False) -> None:
        """A centred line."""
        run = self.document.add_paragraph(style=CENTRE).add_run(clean(text))
        run.italic, run.bold = italic, bold

    def paragraph(self, *parts: str | tuple[str, str]) -> Paragraph:
        """A paragraph of texts; a pair is a text with its character style."""
        return self._filled(BODY, parts)

    def bullet(self, *parts: str | tuple[str, str]) -> None:
        """A paragraph with a dash before it, as official documents have it."""
        self._filled(BODY, ("- ", *parts))

    def placeholder(self, text: str) -> None:
        """What only the province can write, marked."""
        self._filled(BODY, ((f"[{text}]", PLACEHOLDER),))

    def warning(self, text: str) -> None:
        """A paragraph in a frame."""
        self.document.add_paragraph(clean(text), style=WARNING)

    def note(self, text: str) -> None:
        """A small remark below a table or figure."""
        self.document.add_paragraph(clean(text), style=NOTE)

    def _filled(self, style: str, parts: Iterable[str | tuple[str, str]]) -> Paragraph:
        p = self.document.add_paragraph(style=style)
        for part in parts:
            text, character = (part, None) if isinstance(part, str) else part
            p.add_run(clean(text), style=character)
        return p

    # Tables and figures

    def table(
        self, caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], *,
        widths: Sequence[float] | None = None, numeric: Sequence[int] = (), totals: int = 0,
        small: bool = False, note: str = "",
    ) -> None:  # fmt: skip
        """A table below its caption; the heading is repeated on every page.

        Parameters
        ----------
        caption : str
        header : sequence of str
        rows : sequence of sequences of str
            A :class:`Blank` is marked as a placeholder.
        widths : sequence of float, optional
            In proportion; by default all the same.
        numeric : sequence of int
            Columns that are aligned to the right.
        totals : int
            Last rows in bold.
        small : bool
            Letters of 10 in place of 12 points.
        note : str
            A remark below.
        """
        self._caption("table", caption)
        shares = list(widths or [1.0] * len(header))
        unit = self.width_mm * TWIPS_PER_MM / sum(shares)
        twips = [round(share * unit) for share in shares]
        table = new_table(twips)
        style = SMALL_CELL if small else CELL
        is_whole = len(rows) <= SHORT_TABLE
        table.append(
            new_row(
                [clean(cell) for cell in header], style, widths=twips, is_header=True, is_kept=True
            )
        )
        first_total = len(rows) - totals
        for k, row in enumerate(rows):
            # No heading alone at the end of a page, no total alone on the next.
            is_kept = k < len(rows) - 1 and (is_whole or k == 0 or k >= first_total - 2)
            table.append(
                new_row([held(cell) for cell in row], style, widths=twips, numeric=frozenset(numeric),
                     is_bold=k >= first_total, is_kept=is_kept)
            )  # fmt: skip
        self.document.element.body.insert(len(self.document.element.body) - 1, table)
        self.note(note)

    def grid(self, rows: Sequence[Sequence[tuple[str, str]]]) -> None:
        """Cells without lines: of (text, style), for the head of a document."""
        from docx.shared import Mm, Pt

        table = self.document.add_table(len(rows), len(rows[0]))
        widths = Mm(0.37 * self.width_mm), Mm(0.63 * self.width_mm)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        for cells, row in zip(table.rows, rows, strict=True):
            for cell, (text, style) in zip(cells.cells, row, strict=True):
                cell.paragraphs[0].style = CENTRE
                cell.paragraphs[0].add_run(clean(text), style=style or None).font.size = Pt(12)
        for row_ in table.rows:
            for cell, width in zip(row_.cells, widths, strict=True):
                cell.width = width

    def figure(
        self, caption: str, picture: Path | IO[bytes], *, height_mm: float | None = None
    ) -> None:
        """A picture as wide as the text, or less to be no higher than told; the caption below it."""
        from docx.shared import Mm

        most = height_mm or (110.0 if self._is_landscape else TEXT_HEIGHT_MM - 60.0)
        p = self.document.add_paragraph(style=CENTRE)
        p.paragraph_format.keep_with_next = True
        shape = p.add_run().add_picture(
            str(picture) if isinstance(picture, Path) else picture, width=Mm(self.width_mm)
        )
        if shape.height > Mm(most):
            shape.width = round(shape.width * Mm(most) / shape.height)
            shape.height = Mm(most)
        shape._inline.docPr.set("descr", clean(caption)[:2000])
        self._caption("figure", caption)

    def _caption(self, kind: str, text: str) -> None:
        """Caption with a number that Word counts (field SEQ)."""
        label = self.text(f"document_caption.{kind}")
        self._numbers[kind] = number = self._numbers.get(kind, 0) + 1
        p = self.document.add_paragraph(style=CAPTION)
        p.paragraph_format.keep_with_next = kind == "table"
        bookmark = self._begin(p)
        p.add_run(f"{label} ")
        add_field(p, f"SEQ {label.replace(' ', '_')} \\* ARABIC", str(number))
        p.add_run(". ").bold = True
        p.add_run(clean(text))
        self._end(p, bookmark)
        self.entries.setdefault(kind, []).append((1, f"{label} {number}. {clean(text)}", bookmark))

    @contextmanager
    def landscape(self) -> Iterator[None]:
        """Pages that lie on their side, for wide tables."""
        self._section(is_landscape=True)
        yield
        self._section(is_landscape=False)

    def _section(self, *, is_landscape: bool) -> None:
        from docx.enum.section import WD_ORIENT, WD_SECTION
        from docx.shared import Mm

        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        section.orientation = WD_ORIENT.LANDSCAPE if is_landscape else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = (
            (Mm(297), Mm(210)) if is_landscape else (Mm(210), Mm(297))
        )
        # Only the document's first page goes without a number.
        section.different_first_page_header_footer = False
        self._is_landscape = is_landscape

    # Contents

    def contents(self, kind: str, title: str) -> None:
        """A table of contents ("heading"), tables or figures: a field, filled at the end."""
        # Contents and lists begin on pages of their own, the second list follows the first.
        self.title(title, is_new_page=kind != "figure")
        self._contents.append((kind, self.document.add_paragraph(style="TOC 1")))

    def page_break(self) -> None:
        """Begin a new page."""
        from docx.enum.text import WD_BREAK

        self.document.add_paragraph(style=NOTE).add_run().add_break(WD_BREAK.PAGE)

    def save(self, path: Path) -> None:
        """Fill the tables of contents and write the file."""
        for kind, place in self._contents:
            self._fill(kind, place)
        self.document.save(str(path))

    def _fill(self, kind: str, place: Paragraph) -> None:
        """Entries as a reader sees them before Word counts the pages."""
        label = "" if kind == "heading" else self.text(f"document_caption.{kind}").replace(" ", "_")
        code = 'TOC \\o "1-2" \\h \\z \\u' if kind == "heading" else f'TOC \\h \\z \\c "{label}"'
        entries = self.entries.get(kind, [])
        add_field_parts(place, "begin", code, is_dirty=True)
        if not entries:
            place.add_run(self.text("document_contents.none"))
        last = place
        for k, (level, text, bookmark) in enumerate(entries):
            p = place if k == 0 else paragraph_after(last, f"TOC {level}")
            link_to(p, text, bookmark)
            last = p
        add_field_parts(last, "end")

    def _entry(self, kind: str, level: int, p: Paragraph, text: str, number: str) -> None:
        bookmark = self._begin(p)
        p.add_run(text)
        self._end(p, bookmark)
        self.entries[kind].append((level, f"{number} {text}", bookmark))

    def _count(self, level: int) -> str:
        """The number that Word will give a heading: I. or 1."""
        key = f"heading {level}"
        self._numbers[key] = number = self._numbers.get(key, 0) + 1
        if level == 1:
            self._numbers["heading 2"] = 0
        return f"{ROMAN[number - 1] if level == 1 else number}."

    def _begin(self, p: Paragraph) -> str:
        number = next(self._bookmarks)
        p._p.append(element("w:bookmarkStart", id=str(number), name=f"_Toc{number:08d}"))
        return f"_Toc{number:08d}"

    def _end(self, p: Paragraph, bookmark: str) -> None:
        p._p.append(element("w:bookmarkEnd", id=str(int(bookmark[4:]))))
