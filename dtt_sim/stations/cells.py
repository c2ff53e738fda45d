"""What every kind of file becomes first: sheets of cells, and the limits of what is read."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from dtt_sim.errors import DttSimError

MAX_BYTES = 32 * 1024 * 1024
MAX_UNPACKED_BYTES = 128 * 1024 * 1024
MAX_ROWS = 10_000
MAX_COLUMNS = 500
MAX_CELL = 10_000
"""Far above any list of stations; what is larger is another kind of file, or an attack."""

Kind = Literal["text", "number", "true_or_false", "date", "formula", "error"]
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad"))


class StationFileError(DttSimError, ValueError):
    """A file of stations that cannot be read at all."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, and what the file says it is.

    Attributes
    ----------
    text : str
        Cleaned; of a number in the shortest form that reads back as the same number.
    kind : {"text", "number", "true_or_false", "date", "formula", "error"}
        A formula is one whose result the file does not hold.
    """

    text: str = ""
    kind: Kind = "text"


EMPTY = Cell()


@dataclass(slots=True)
class Sheet:
    """Rows of a file, before anything is understood.

    Attributes
    ----------
    file, name : str
        The file's name, and the sheet's or layer's, or "".
    row_word : str
        What a row is called there: "row", "line", "feature" or "placemark".
    rows : list of (int, tuple of Cell)
        Rows that are not empty, by their number in the file.
    has_names : bool
        The first row holds the names of attributes, and no search for headings is needed.
    points : dict
        Position (x, y) by row number, of files with geometries.
    point_faults : dict
        Why a row has no position, by row number.
    crs : str
        Coordinate system that the file states, or "".
    spans : list of (top, left, bottom, right)
        Merged cells, by row number and column index.
    hidden : set of int
        Rows that a filter or a hand has hidden.
    remarks : list of str
        What the reader has to say of the file.
    """

    file: str
    name: str = ""
    row_word: str = "row"
    rows: list[tuple[int, tuple[Cell, ...]]] = field(default_factory=list)
    has_names: bool = False
    points: dict[int, tuple[float, float]] = field(default_factory=dict)
    point_faults: dict[int, str] = field(default_factory=dict)
    crs: str = ""
    spans: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        """File and sheet, for messages."""
        return f"{self.file}, {self.name}" if self.name else self.file


def clean(text: str) -> str:
    r"""Text on one line: NFC, without invisible and control characters, single spaces.

    >>> clean("  Ho\u0300n\u00a0 Me\n")
    'Hòn Me'
    """
    shown = unicodedata.normalize("NFC", text).translate(_INVISIBLE)
    shown = "".join(c if c.isprintable() or c.isspace() else " " for c in shown)
    return " ".join(shown.split())


def plain_number(value: float) -> str:
    """Shortest text that reads back as the same number.

    >>> plain_number(180.0), plain_number(0.1)
    ('180', '0.1')
    """
    return repr(float(value) + 0.0).removesuffix(".0")  # no -0


def check_size(rows: int, columns: int, where: str) -> None:
    """Refuse what is too large for a list of stations."""
    if rows > MAX_ROWS:
        msg = f"{where}: more than {MAX_ROWS} rows; give a list of stations, or split it"
        raise StationFileError(msg)
    if columns > MAX_COLUMNS:
        msg = f"{where}: more than {MAX_COLUMNS} columns; remove those that hold nothing"
        raise StationFileError(msg)
