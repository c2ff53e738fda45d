"""XLSX workbooks: visible sheets with cached values, merged cells, hidden rows."""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from dtt_sim.stations.cells import (
    EMPTY,
    MAX_CELL,
    MAX_UNPACKED_BYTES,
    Cell,
    Sheet,
    StationFileError,
    check_size,
    clean,
    plain_number,
)
from dtt_sim.stations.headings import Meaning, score_of

_MAX_FILES = 2000
_MAX_SPANS = 5000
_LAST_ROW = 1_048_576
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TRIED_ROWS = 60


def check_archive(path: Path) -> None:
    """Refuse an archive that would unpack to more than a list of stations ever holds.

    Raises
    ------
    StationFileError
        No archive, too many files, or too many bytes once unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        msg = f"{path.name}: a broken archive ({error}); save the file again"
        raise StationFileError(msg) from error
    total = sum(one.file_size for one in files)
    if len(files) > _MAX_FILES or total > MAX_UNPACKED_BYTES:
        msg = (
            f"{path.name}: unpacks to {total / 1e6:.0f} MB in {len(files)} files; give a list of "
            f"stations of at most {MAX_UNPACKED_BYTES // 1024**2} MB"
        )
        raise StationFileError(msg)


def read_workbook(path: Path, maps: Mapping[str, Meaning], name: str | None) -> Sheet:
    """The sheet of that name, or the only visible one that looks like a list of stations.

    Raises
    ------
    StationFileError
        A broken or far too large workbook, no such sheet, or several that could be meant.
    """
    check_archive(path)
    try:
        with warnings.catch_warnings():
            # Of styles and validations that openpyxl does not keep, which nobody asks for here.
            warnings.simplefilter("ignore", UserWarning)
            return _read(path, maps, name)
    except StationFileError:
        raise
    except Exception as error:
        # openpyxl's parsers raise what the file leads them to: KeyError, ParseError, TypeError ...
        msg = (
            f"{path.name}: not a workbook that can be read ({type(error).__name__}); open it in a "
            "spreadsheet program and save it as XLSX"
        )
        raise StationFileError(msg) from error


def _read(path: Path, maps: Mapping[str, Meaning], name: str | None) -> Sheet:
    from openpyxl import load_workbook

    with path.open("rb") as file:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            sheets = {one.title: one for one in book.worksheets}
            hidden = [title for title, one in sheets.items() if one.sheet_state != "visible"]
            title = name or _choose(path, sheets, hidden, maps)
            if title not in sheets:
                msg = f"{path.name}: no sheet {title!r}; it has {', '.join(map(repr, sheets))}"
                raise StationFileError(msg)
            sheet = Sheet(path.name, title)
            sheet.rows = list(_rows(path, sheets[title]))
        finally:
            book.close()
    if title in hidden:
        sheet.remarks.append(f"sheet {title!r} is hidden")
    others = [one for one in hidden if one != title]
    if others:
        sheet.remarks.append(f"hidden sheets are left out: {', '.join(others)}")
    _mark_formulas(path, sheet)
    _read_structure(path, sheet)
    return sheet


def _choose(
    path: Path, sheets: Mapping[str, Any], hidden: list[str], maps: Mapping[str, Meaning]
) -> str:
    """The visible sheet in which headings are recognised, if there is one only."""
    visible = [title for title in sheets if title not in hidden]
    if len(visible) == 1:
        return visible[0]
    scores = {title: _score(path, sheets[title], maps) for title in visible}
    likely = [title for title, score in scores.items() if score >= 3]
    if len(likely) != 1:
        what = "several sheets" if likely else "no sheet"
        msg = (
            f"{path.name}: {what} could be the list of stations; choose one with --sheet: "
            f"{', '.join(map(repr, likely or sheets))}"
        )
        raise StationFileError(msg)
    return likely[0]


def _score(path: Path, worksheet: Any, maps: Mapping[str, Meaning]) -> int:
    best = 0
    for k, (_, cells) in enumerate(_rows(path, worksheet)):
        if k >= _TRIED_ROWS:
            break
        best = max(best, score_of([cell.text for cell in cells], maps))
    return best


def _rows(path: Path, worksheet: Any) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """Rows that are not empty; the size that a sheet states is not believed."""
    worksheet.reset_dimensions()
    count = 0
    for number, values in enumerate(worksheet.iter_rows(values_only=True), 1):
        cells = [_cell(value) for value in values]
        while cells and not cells[-1].text:
            cells.pop()
        check_size(count, len(cells), f"{path.name}, {worksheet.title}")
        if cells:
            count += 1
            yield number, tuple(cells)
        elif number > _LAST_ROW:
            break


def _cell(value: Any) -> Cell:
    if value is None:
        return EMPTY
    if isinstance(value, bool):
        return Cell(str(value).lower(), "true_or_false")
    if isinstance(value, int | float):
        return Cell(plain_number(value), "number")
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        return Cell(str(value), "date")
    text = clean(str(value))[:MAX_CELL]
    return Cell(text, "error" if text.startswith("#") and text.rstrip("!?").isupper() else "text")


def _mark_formulas(path: Path, sheet: Sheet) -> None:
    """Mark cells whose formula has no result in the file, as programs other than Excel leave them."""
    from openpyxl import load_workbook

    by_number = dict(sheet.rows)
    with path.open("rb") as file:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        try:
            worksheet = book[sheet.name]
            worksheet.reset_dimensions()
            for number, values in enumerate(
                islice(worksheet.iter_rows(values_only=True), _LAST_ROW), 1
            ):
                for i, value in enumerate(values):
                    if isinstance(value, str) and value.startswith("="):
                        cells = list(by_number.get(number, ()))
                        cells += [EMPTY] * (i + 1 - len(cells))
                        if not cells[i].text:
                            cells[i] = Cell(clean(value), "formula")
                            by_number[number] = tuple(cells)
        finally:
            book.close()
    sheet.rows = sorted(by_number.items())


def _read_structure(path: Path, sheet: Sheet) -> None:
    """Merged cells and hidden rows, which openpyxl leaves out when it reads row by row."""
    from defusedxml.ElementTree import iterparse
    from openpyxl.utils import range_boundaries

    with zipfile.ZipFile(path) as archive:
        member = _member(archive, sheet.name)
        if member is None:
            return
        with archive.open(member) as stream:
            source: BinaryIO = stream  # type: ignore[assignment]
            for _, element in iterparse(source, events=("end",), forbid_dtd=True):
                tag = element.tag.rpartition("}")[2]
                if tag == "row" and element.get("hidden") in {"1", "true"}:
                    sheet.hidden.add(int(element.get("r", "0")))
                elif tag == "mergeCell" and len(sheet.spans) < _MAX_SPANS:
                    left, top, right, bottom = range_boundaries(element.get("ref", "A1"))
                    assert left
                    assert top
                    assert right
                    assert bottom
                    sheet.spans.append((top, left - 1, bottom, right - 1))
                if tag not in {"c", "v"}:
                    element.clear()


def _member(archive: zipfile.ZipFile, title: str) -> str | None:
    """File of a sheet within the workbook."""
    from defusedxml.ElementTree import fromstring

    book = fromstring(archive.read("xl/workbook.xml"), forbid_dtd=True)
    ids = {one.get("name"): one.get(_RELATION) for one in book.iter() if one.tag.endswith("}sheet")}
    relations = fromstring(archive.read("xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    target = targets.get(ids.get(title), "")
    name = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return name if name in archive.namelist() else None
