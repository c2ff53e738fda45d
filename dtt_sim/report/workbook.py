"""All tables of a run as a workbook: filters, frozen headings, units, numbers as numbers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from openpyxl.styles import Alignment, Font, PatternFill

from dtt_sim.report.annex.back import Compared, missing_text
from dtt_sim.report.annex.columns import FORMATS, KINDS, MEASURES, WIDTHS, Value, value_of
from dtt_sim.report.annex.facts import Facts
from dtt_sim.report.annex.material import TABLES, Material, Row
from dtt_sim.report.annex.text import clean
from dtt_sim.report.document import compared_runs, missing_lines
from dtt_sim.report.language import language
from dtt_sim.workflow.output import whole_file

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

COMPARED = (
    "ranking", "beats", "changes", "households", "ledger", "costs", "gates", "fairness",
    "cost_per_household",
)  # fmt: skip
MEASURED: Final = ("headline", "ranking", "beats", "assumptions")
"""Tables whose column "unit" is what is counted, not where."""
LONGEST_CELL: Final = 32767
LONGEST_SHEET: Final = 31
WIDEST: Final = 60.0
WRAPPED: Final = Alignment(wrap_text=True, vertical="top")
FORMULA: Final = ("=", "+", "-", "@", "\t")
"""Beginnings of texts that a spreadsheet would compute."""
_ESCAPE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class Sheet(NamedTuple):
    """A table of the workbook.

    Attributes
    ----------
    name : str
        Of the sheet, as the program calls it: a message of the group ``sheet_name``.
    table : str
        The table that its columns are of.
    title : str
        As the reader sees it.
    rows : list of dict
    """

    name: str
    table: str
    title: str
    rows: Sequence[Row]


def write_xlsx(
    run: Path | str, path: Path | str, code: str = "vi", *, compare: Path | str | None = None
) -> list[str]:
    """Write all tables of a run.

    Parameters
    ----------
    run : path
        Folder of a run; one that was interrupted or is of an older version gives what it has.
    path : path
        XLSX file to write.
    code : str
        Language, by its code.
    compare : path, optional
        Folder of another run, held against this one in sheets of their own.

    Returns
    -------
    list of str
        What is missing, for the one who asked.

    Raises
    ------
    DttSimError
        Nothing of a run is there, or no such language.
    """
    from openpyxl import Workbook

    f = Facts(Material.open(run), language(code))
    sheets = [Sheet(name, name, _title(f, name), rows) for name, rows in _tables(f.m).items()]
    with compared_runs(f.m, compare) as found:
        if found is not None:
            sheets += _compared_sheets(f, found)
    sheets = [sheet for sheet in sheets if sheet.rows]
    book = Workbook(write_only=True)
    book.properties.creator, book.properties.title = "", clean(f.m.title)[:255]
    _write_first(book, f, sheets, found)
    for sheet in sheets:
        _write_sheet(book, f, sheet)
    _write_columns(book, f, sheets)
    with whole_file(Path(path)) as part:
        book.save(part)
    return missing_lines(f.m)


def _title(f: Facts, name: str, prefix: str = "") -> str:
    return _sheet_name(prefix + f.text(f"sheet_name.{name}"))


def _sheet_name(text: str) -> str:
    """A name that spreadsheets take."""
    return re.sub(r"[\[\]:*?/\\']", " ", text)[:LONGEST_SHEET].strip()


def _tables(m: Material) -> dict[str, list[Row]]:
    """Tables of the folder, and stations, phases and modes of the manifest."""
    return {
        "phases": _phases(m),
        "stations": _stations(m),
        "multiplexes": _modes(m),
        **{name: m.rows(name) for name in TABLES},
    }


def _phases(m: Material) -> list[Row]:
    return [
        Row(
            phase=p.id, title=p.title, date=p.date.isoformat() if p.date else "",
            confidence=p.confidence, note=p.note, services="; ".join(p.services),
            stations="; ".join(p.stations),
        )
        for p in m.phases
    ]  # fmt: skip


def _stations(m: Material) -> list[Row]:
    """Stations on air, phase by phase, with what the manifest tells of their antennas."""
    about = {str(t.get("id")): t for t in m.listed("transmitters") if isinstance(t, Mapping)}
    rows = []
    for phase in m.phases:
        for name, station in phase.stations.items():
            more = about.get(name, {})
            rows.append(
                Row(
                    phase=phase.id, station=name,
                    **{k: _cell(station.get(k)) for k in
                       ("site", "lat_deg", "lon_deg", "service", "frequency_mhz", "erp_kw")},
                    **{k: _cell(more.get(k)) for k in
                       ("channel", "height_agl_m", "height_amsl_m", "polarisation", "delay_us")},
                )
            )  # fmt: skip
    return rows


def _modes(m: Material) -> list[Row]:
    columns = (
        "title", "network", "fft", "guard_interval", "pilot_pattern", "modulation", "code_rate",
        "extended_carriers", "programmes",
    )  # fmt: skip
    return [
        Row(multiplex=name, **{k: _cell(mode.get(k)) for k in columns})
        for name, mode in m.mapping("scenario", "multiplexes").items()
        if isinstance(mode, Mapping)
    ]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(map(str, value))
    return str(value)


def _compared_sheets(f: Facts, found: Compared) -> list[Sheet]:
    prefix = f.text("sheet_word.comparison") + " "
    if found.trouble:
        return []
    return [
        Sheet(f"compared_{name}", name, _title(f, name, prefix), found.rows(name))
        for name in COMPARED
    ]


def _write_first(
    book: Workbook, f: Facts, sheets: Sequence[Sheet], found: Compared | None
) -> None:  # fmt: skip
    """What the workbook is of, what each sheet holds, what is missing, and credits."""
    from openpyxl.worksheet.hyperlink import Hyperlink

    t = f.text
    sheet: Any = book.create_sheet(_sheet_name(t("sheet_name.contents")))
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 12
    sheet.column_dimensions["C"].width = 90
    sheet.append([_styled(sheet, f.m.title, bold=True, size=14)])
    if f.m.is_schematic:
        sheet.append([_styled(sheet, t("schematic.warning"), bold=True, colour="B2182B")])
    about = _about(f, found)
    for line in about:
        sheet.append([_styled(sheet, line)])
    sheet.append([])
    row = 1 + f.m.is_schematic + len(about) + 2
    sheet.append([_head(sheet, t(f"sheet_word.{k}")) for k in ("sheet", "rows", "holds")])
    for one in sheets:
        row += 1
        sheet._hyperlinks.append(Hyperlink(ref=f"A{row}", location=f"'{one.title}'!A1"))
        sheet.append(
            [_styled(sheet, one.title, colour="1F5F8F"), len(one.rows),
             _styled(sheet, t(f"sheet_about.{one.name}"), wrap=True)]
        )  # fmt: skip
    sheet.append([])
    told = [one for one in dict.fromkeys(f.m.missing) if one.reason != "none_asked"]
    if told:
        sheet.append([_head(sheet, t("sheet_word.missing"))])
        for lack in told:
            sheet.append([_styled(sheet, missing_text(f, lack))])
        sheet.append([])
    sheet.append([_head(sheet, t("sheet_word.credits"))])
    for credit in f.m.credits:
        sheet.append([_styled(sheet, credit)])
    if not f.m.credits:
        sheet.append([_styled(sheet, t("document_missing.credits"))])


def _about(f: Facts, found: Compared | None) -> list[str]:
    t = f.text
    lines = [t("document_credits.made", model=str(f.m.get("model") or "–"),
               version=str(f.m.get("dtt_sim") or "–"))]  # fmt: skip
    if f.m.vintage:
        lines.append(t("document_state.vintage", vintage=f.m.vintage))
    if found is not None and found.trouble:
        lines.append(t("document_comparison.trouble", reason=found.trouble))
    elif found is not None:
        lines.append(
            t("document_comparison.intro", base=found.names[0], base_title=found.titles[0],
              other=found.names[1], other_title=found.titles[1])
        )  # fmt: skip
        lines += [t("document_comparison.warning", warning=one) for one in found.warnings]
    return lines


def _write_sheet(book: Workbook, f: Facts, one: Sheet) -> None:
    """A table: one row of headings with units, which stays in sight, and a filter over all."""
    from openpyxl.utils import get_column_letter

    columns = columns_of(one)
    values = [[value_of(f, one.table, c, row.get(c, ""), row) for c in columns] for row in one.rows]
    sheet: Any = book.create_sheet(one.title)
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(values) + 1}"
    sheet.row_dimensions[1].height = 45
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
    for k, column in enumerate(columns):
        letter = get_column_letter(k + 1)
        sheet.column_dimensions[letter].width = _width(column, [row[k] for row in values])
    sheet.append([_head(sheet, heading(f, column, one.table)) for column in columns])
    for row in values:
        sheet.append(
            [_value(sheet, value, column) for value, column in zip(row, columns, strict=True)]
        )


def columns_of(one: Sheet) -> list[str]:
    """Columns of a table, in the order of its file."""
    return [column for column in one.rows[0] if column]


def heading(f: Facts, column: str, table: str) -> str:
    """What a column is called, with its unit in brackets."""
    if column == "unit" and table in MEASURED:
        column = "measure_unit"
    text = f.text.term("sheet_column", column)
    measure = MEASURES.get(column)
    return f"{text} ({f.text(f'sheet_measure.{measure}')})" if measure else text


def _width(column: str, values: Sequence[Value]) -> float:
    kind = KINDS.get(column, "text")
    least = WIDTHS.get(kind, 13.0)
    longest = max((len(str(v)) for v in values if v is not None), default=0)
    return min(max(least, 1.1 * longest + 2.0), WIDEST)


def _write_columns(book: Workbook, f: Facts, sheets: Sequence[Sheet]) -> None:
    """What columns are called in the CSV files of the run."""
    t = f.text
    sheet: Any = book.create_sheet(_sheet_name(t("sheet_name.columns")))
    sheet.freeze_panes = "A2"
    for letter, width in zip("ABC", (32, 44, 32), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append([_head(sheet, t(f"sheet_word.{k}")) for k in ("sheet", "column", "in_csv")])
    for one in sheets:
        for column in columns_of(one):
            texts = one.title, heading(f, column, one.table), column
            sheet.append([_styled(sheet, text) for text in texts])


def _text(text: str) -> str:
    """A text as a cell holds it: nothing that XML or a spreadsheet would take for something else."""
    return _ESCAPE.sub("_x005F_", clean(text))[:LONGEST_CELL]


def _styled(
    sheet: Any, text: str, *, bold: bool = False, size: int = 11, colour: str = "000000",
    wrap: bool = False,
) -> Any:  # fmt: skip
    from openpyxl.cell.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    _put(cell, text)
    cell.font = Font(bold=bold, size=size, color=colour)
    cell.alignment = Alignment(wrap_text=wrap, vertical="top")
    return cell


def _put(cell: Any, text: str) -> None:
    """Put a text into a cell as a text, whatever it begins with."""
    held = _text(text)
    cell.value = held
    cell.data_type = "s"
    if held.startswith(FORMULA):
        # So it stays a text when somebody edits the cell.
        cell.quotePrefix = True


def _head(sheet: Any, text: str) -> Any:
    cell = _styled(sheet, text, bold=True)
    cell.fill = PatternFill("solid", fgColor="E3E9EE")
    cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    return cell


def _value(sheet: Any, value: Value, column: str) -> Any:
    from openpyxl.cell.cell import WriteOnlyCell

    if value is None:
        return None
    cell = WriteOnlyCell(sheet)
    if isinstance(value, str):
        _put(cell, value)
        if len(value) > WIDEST:
            cell.alignment = WRAPPED
        return cell
    cell.value = value
    kind = KINDS.get(column, "mixed")
    if isinstance(value, dt.date):
        kind = "date"
    elif kind == "mixed" and float(value).is_integer():
        kind = "whole"
    cell.number_format = FORMATS.get(kind, "General")
    return cell
