"""CSV and its relatives: the encoding, the separator and the rows, whatever program wrote them."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from dtt_sim.stations.cells import MAX_CELL, Cell, Sheet, StationFileError, check_size, clean
from dtt_sim.stations.headings import Meaning, score_of

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SEPARATORS = ",;\t|"
_TRIED_ROWS = 60


def read_text_table(
    path: Path, data: bytes, maps: Mapping[str, Meaning], encoding: str | None = None
) -> Sheet:
    """The rows of a text table.

    The separator is that with which most headings are recognised.

    Raises
    ------
    StationFileError
        Bytes that are no text, a quote without end, or more rows than a list has.
    """
    sheet = Sheet(path.name, row_word="line")
    text = _decode(path, data, encoding, sheet)
    if "\0" in text:
        msg = f"{path.name}: binary data, not a table; give CSV, XLSX, GeoJSON, GeoPackage or KML"
        raise StationFileError(msg)
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r"\s*\"?sep=(.)\"?\s*", first)
    if told:
        sheet.rows = _parse(path, rest, told[1], skipped=1)
        return sheet
    tried = {mark: _parse(path, text, mark, limit=_TRIED_ROWS) for mark in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda mark: _quality(tried[mark], maps))
    sheet.rows = _parse(path, text, best)
    _check_quotes(path, text, best)
    if best != ",":
        names = {";": "semicolons", "\t": "tabs", "|": "bars"}
        sheet.remarks.append(f"its columns are parted by {names[best]}")
    return sheet


def _decode(path: Path, data: bytes, encoding: str | None, sheet: Sheet) -> str:
    """Text of the bytes: as told, by their mark, UTF-8, or one of the old code pages."""
    names = [encoding] if encoding else [name for mark, name in _MARKS if data.startswith(mark)][:1]
    if not names:
        # Every second byte of Latin text in UTF-16 is zero.
        zeros = data[1:2000:2].count(0), data[0:2000:2].count(0)
        wide = max(zeros) > 0.3 * len(data[:2000]) / 2
        names = ["utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"] if wide else ["utf-8"]
    for name in [*names, *([] if encoding else ["cp1258", "cp1252", "latin-1"])]:
        try:
            text = unicodedata.normalize("NFC", data.decode(name)).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        except LookupError:
            break
        # Vietnamese marks that find no letter to stand on are another code page's letters.
        if name == "cp1258" and any(unicodedata.combining(c) for c in text):
            continue
        if name not in {"utf-8", "utf-8-sig"}:
            sheet.remarks.append(f"its text is read as {name}; --encoding changes that")
        return text
    msg = f"{path.name}: no text in {encoding or 'a known encoding'}; save it as UTF-8"
    raise StationFileError(msg)


def _parse(
    path: Path, text: str, separator: str, *, limit: int | None = None, skipped: int = 0
) -> list[tuple[int, tuple[Cell, ...]]]:
    """Rows with the line on which each begins."""
    rows: list[tuple[int, tuple[Cell, ...]]] = []
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"), newline="\n")
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    begin = 1
    try:
        for cells in reader:
            line, begin = begin + skipped, reader.line_num + 1
            kept = tuple(Cell(clean(cell)) for cell in cells)
            if any(cell.text for cell in kept):
                check_size(len(rows), len(kept), path.name)
                _check_cells(path, line, kept)
                rows.append((line, kept))
            if limit is not None and len(rows) >= limit:
                break
    except csv.Error as error:
        msg = f"{path.name}:{begin}: {error}; check its quotes and separators"
        raise StationFileError(msg) from error
    return rows


def _check_quotes(path: Path, text: str, separator: str) -> None:
    """Refuse a quote without end: all rows behind it would be one cell."""
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=separator, strict=True)
    begin = 1
    try:
        for _ in reader:
            begin = reader.line_num + 1
    except csv.Error as error:
        if "end of data" in str(error):
            msg = f"{path.name}:{begin}: a quote begins in this row and has no end; close it"
            raise StationFileError(msg) from error


def _check_cells(path: Path, line: int, cells: tuple[Cell, ...]) -> None:
    if any(len(cell.text) > MAX_CELL for cell in cells):
        msg = (
            f"{path.name}:{line}: a cell of more than {MAX_CELL} characters; a quote may have no "
            "end"
        )
        raise StationFileError(msg)


def _quality(
    rows: list[tuple[int, tuple[Cell, ...]]], maps: Mapping[str, Meaning]
) -> tuple[int, int]:
    """Headings recognised in the best row, then the usual number of columns."""
    if not rows:
        return 0, 0
    widths = sorted(len(cells) for _, cells in rows)
    score = max(score_of([cell.text for cell in cells], maps) for _, cells in rows)
    return score, widths[len(widths) // 2]
