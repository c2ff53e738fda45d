"""Tables of places: CSV or XLSX, columns by their names or synonyms, every row with its line."""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import math
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from dtt_sim.errors import Problem
from dtt_sim.scenario.transmitters import nearest

MAX_BYTES: Final = 100_000_000
MAX_ROWS: Final = 500_000
FAR_DEG: Final = 15.0
"""Farther than this from the scenario's area a position is a slip of the pen."""
_ALIKE: Final = 0.78
"""Headers as near to a known name as this are misspelt, not another column."""
Box = tuple[float, float, float, float]


class Row(NamedTuple):
    """Cells of a row by column, and the line in the file (of a workbook: the row)."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Columns:
    """What a table may hold.

    Attributes
    ----------
    known : mapping of str to str
        Meaning of each column by its name.
    synonyms : mapping of str to str
        Other headers, lower case with "_" between words, and the column that they stand for.
    required : tuple of str
    refused : mapping of str to str
        Headers that are understood and cannot be used: what to do instead.
    """

    known: Mapping[str, str]
    synonyms: Mapping[str, str]
    required: tuple[str, ...]
    refused: Mapping[str, str]


POSITION_SYNONYMS: Final = {
    "lat": "lat_deg", "latitude": "lat_deg", "latitude_deg": "lat_deg", "vi_do": "lat_deg",
    "vĩ_độ": "lat_deg", "lon": "lon_deg", "lng": "lon_deg", "long": "lon_deg",
    "longitude": "lon_deg", "longitude_deg": "lon_deg", "kinh_do": "lon_deg",
    "kinh_độ": "lon_deg", "place": "name", "site": "name", "point": "name", "tên": "name",
    "ten": "name", "height_m": "height_agl_m", "antenna_height_m": "height_agl_m",
    "rx_height_m": "height_agl_m", "hagl_m": "height_agl_m",
}  # fmt: skip


def read_table(
    path: Path, columns: Columns, problems: list[Problem]
) -> tuple[list[Row], tuple[str, ...]]:
    """Rows of a table, and the headers that were not read; what is wrong is added to `problems`.

    Broken rows are left out; without a header that can be used there are none.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            text = f"is larger than {MAX_BYTES // 1_000_000} MB; divide it"
            problems.append(Problem(path.name, None, "", text))
            return [], ()
        lines = _workbook(path) if path.suffix.lower() in {".xlsx", ".xlsm"} else _text(path)
    except OSError as error:
        text = f"cannot be read ({error.strerror or error}); check the path"
        problems.append(Problem(path.name, None, "", text))
        return [], ()
    except _BadTableError as error:
        problems.append(Problem(path.name, error.line, "", str(error)))
        return [], ()
    if not lines:
        problems.append(Problem(path.name, None, "", "is empty; the first line names the columns"))
        return [], ()
    first, header = lines[0]
    before = len(problems)
    names, ignored = _names(path, first, header, columns, problems)
    if len(problems) > before:
        return [], ignored  # rows would only repeat what is wrong with the header
    rows = []
    for line, cells in lines[1:]:
        if len(cells) > len(header) and any(cells[len(header) :]):
            text = (
                f"{len(cells)} cells where the header has {len(header)}; check separators, quotes"
            )
            problems.append(Problem(path.name, line, "", text))
            continue
        found = {name: cell for name, cell in zip(names, cells, strict=False) if name}
        rows.append(Row(line, {name: found.get(name, "") for name in names if name}))
    if not rows:
        problems.append(Problem(path.name, None, "", "has a header and no rows; add some"))
    return rows, ignored


class _BadTableError(Exception):
    """A file that is no table."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


Lines = list[tuple[int, list[str]]]


def _text(path: Path) -> Lines:
    """Rows of a CSV file; comma, semicolon or tab, with decimal commas where none separates."""
    if path.suffix.lower() in {".xls", ".ods"}:
        msg = f"{path.suffix} files are not read; save it as .xlsx or as CSV in UTF-8"
        raise _BadTableError(msg)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"is no text in UTF-8 ({error.reason} at byte {error.start}); save it as CSV UTF-8"
        raise _BadTableError(msg) from error
    if "\0" in text[:1000]:
        msg = "is no text; give CSV in UTF-8, or .xlsx"
        raise _BadTableError(msg)
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    lines: Lines = []
    start = 1
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1  # a quoted cell may hold several lines
            stripped = [" ".join(cell.split()) for cell in cells]
            if any(stripped):
                if separator != ",":
                    stripped = [re.sub(r"^([+-]?\d+),(\d+)$", r"\1.\2", c) for c in stripped]
                lines.append((line, stripped))
            if len(lines) > MAX_ROWS:
                msg = f"more than {MAX_ROWS:,} rows; divide it"
                raise _BadTableError(msg, line)
    except csv.Error as error:
        msg = f"is no CSV ({error}); check quotes"
        raise _BadTableError(msg, start) from error
    return lines


def _workbook(path: Path) -> Lines:
    """Rows of the first sheet of a workbook."""
    try:
        import openpyxl
    except ImportError as error:
        msg = "needs openpyxl; install it, or save the sheet as CSV in UTF-8"
        raise _BadTableError(msg) from error
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > 4 * MAX_BYTES:
            msg = f"unpacks to {size // 1_000_000:,} MB; save the sheet as CSV in UTF-8"
            raise _BadTableError(msg)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            return _cells(book.worksheets[0].iter_rows(values_only=True))
        finally:
            book.close()
    except (zipfile.BadZipFile, KeyError, IndexError, ValueError, TypeError) as error:
        msg = f"is no workbook that can be read ({error}); save it again as .xlsx, or as CSV"
        raise _BadTableError(msg) from error


def _cells(rows: Iterable[Sequence[Any]]) -> Lines:
    lines: Lines = []
    for number, row in enumerate(rows, start=1):
        cells = [_cell(value) for value in row]
        if any(cells):
            lines.append((number, cells))
        if len(lines) > MAX_ROWS:
            msg = f"more than {MAX_ROWS:,} rows; divide it"
            raise _BadTableError(msg, number)
    return lines


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return " ".join(str(value).split())


def _names(
    path: Path, line: int, header: list[str], columns: Columns, problems: list[Problem]
) -> tuple[list[str], tuple[str, ...]]:
    """Column of each header, empty for what is not read; and what is not."""
    names, ignored, seen = [], [], dict[str, str]()
    for title in header:
        plain = re.sub(r"[\s.\-/()\[\]]+", "_", title.casefold()).strip("_").replace("μ", "u")
        name = columns.synonyms.get(plain, plain)
        if name in columns.refused:
            problems.append(Problem(path.name, line, title, columns.refused[name]))
            name = ""
        elif name not in columns.known:
            near = difflib.get_close_matches(name, columns.known, 1, _ALIKE) if name else []
            if near and near[0] not in header:
                text = f"unknown column; did you mean {near[0]!r}? Rename it either way"
                problems.append(Problem(path.name, line, title, text))
            elif name:
                ignored.append(title)
            name = ""
        elif name in seen:
            text = f"is {name} like {seen[name]!r}; keep one of the two"
            problems.append(Problem(path.name, line, title, text))
        if name:
            seen[name] = title
        names.append(name)
    problems += [
        Problem(path.name, line, name, f"column is missing; {columns.known[name]}")
        for name in columns.required
        if name not in seen
    ]
    return names, tuple(ignored)


class RowReader:
    """Values of one row; reports under its file and line."""

    def __init__(self, path: Path, row: Row, columns: Columns, problems: list[Problem]) -> None:
        self.path, self.row, self.columns, self.problems = path, row, columns, problems
        self.failed = False

    def fail(self, key: str, message: str) -> None:
        """Report a column of the row."""
        self.failed = True
        self.problems.append(Problem(self.path.name, self.row.line, key, message))

    def text(self, key: str) -> str:
        """A cell; empty where there is no such column."""
        return self.row.cells.get(key, "")

    def number(self, key: str, low: float, high: float) -> float | None:
        """A number within limits; None where the cell is empty or wrong."""
        text = self.text(key)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            hint = " (decimal point, not comma)" if re.fullmatch(r"[+-]?\d+,\d+", text) else ""
            if re.search(r"[°º'’\"″]|^[NSEWnsew]|[NSEWnsew]$", text):
                hint = " (give decimal degrees, negative in the south and west)"
            self.fail(key, f"{text!r} is not a number{hint}; expected {self.columns.known[key]}")
            return None
        if not (math.isfinite(value) and low <= value <= high):
            expected = self.columns.known[key]
            self.fail(key, f"{text} is outside {low:g} to {high:g}; expected {expected}")
            return None
        return value

    def position(self, area: Box) -> tuple[float, float] | None:
        """Latitude and longitude [deg]; exchanged, or far away, is told as such."""
        for key in ("lat_deg", "lon_deg"):
            if not self.text(key):
                self.fail(key, f"empty; expected {self.columns.known[key]}")
        if self.failed:
            return None
        try:
            one, other = float(self.text("lat_deg")), float(self.text("lon_deg"))
        except ValueError:
            one = other = math.nan
        if _is_near(other, one, area) and not _is_near(one, other, area):
            self.fail("lat_deg", f"{one:g}, {other:g}: latitude and longitude look exchanged")
            return None
        lat, lon = self.number("lat_deg", -90.0, 90.0), self.number("lon_deg", -180.0, 180.0)
        if lat is None or lon is None:
            return None
        if not _is_near(lat, lon, area):
            west, south, east, north = area
            self.fail(
                "lat_deg",
                f"{lat:g} N {lon:g} E lies far from the scenario's area ({south:g} to {north:g} N, "
                f"{west:g} to {east:g} E); check signs and columns",
            )
            return None
        return lat, lon


def _is_near(lat: float, lon: float, area: Box) -> bool:
    west, south, east, north = area
    return west - FAR_DEG <= lon <= east + FAR_DEG and south - FAR_DEG <= lat <= north + FAR_DEG


def choose(text: str, known: Iterable[str]) -> str:
    """``; did you mean ...?``, or the first few of the known names."""
    names = list(known)
    if difflib.get_close_matches(text, names, 1, 0.5):
        return nearest(text, names)
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"; known are {', '.join(names[:12])}{more}"
