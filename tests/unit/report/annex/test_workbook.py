"""The workbook, read again by openpyxl and pandas: numbers, dates, texts, filters, what is missing."""

from __future__ import annotations

import datetime as dt
import shutil
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from run_folders import HOSTILE, LONG, altered, table

from dtt_sim.cli.main import main
from dtt_sim.report.annex.columns import KINDS
from dtt_sim.report.annex.material import TABLES
from dtt_sim.report.annex.text import clean
from dtt_sim.report.language import language, languages
from dtt_sim.report.workbook import write_xlsx

WRITTEN = [name for name in TABLES if name != "alternatives"]
"""The small plan has no alternatives."""


@pytest.fixture(scope="session")
def path(folder: Path) -> Path:
    write_xlsx(folder / "base", folder / "tables.xlsx", "en", compare=folder / "strong")
    return folder / "tables.xlsx"


@pytest.fixture(scope="session")
def book(path: Path) -> Any:
    return openpyxl.load_workbook(path)


def name_of(table_name: str, code: str = "en") -> str:
    return language(code)(f"sheet_name.{table_name}")


@pytest.mark.parametrize("name", WRITTEN)
def test_numbers_are_those_of_the_tables(folder: Path, path: Path, name: str) -> None:
    source = table(folder / "base" / f"{name}.csv")
    if not source:
        with pytest.raises(ValueError, match="not found"):
            pd.read_excel(path, sheet_name=name_of(name))
        return
    found = pd.read_excel(path, sheet_name=name_of(name), keep_default_na=False)
    assert len(found) == len(source)
    assert found.shape[1] == len(source[0])
    n_number = 0
    for k, column in enumerate(source[0]):
        kind = KINDS.get(column, "text")
        for told, row in zip(found.iloc[:, k], source, strict=True):
            if row[column] == "":
                assert told == ""
            elif kind == "date":
                assert told.date().isoformat() == row[column]
            elif kind not in {"text", "flag"} and not (name == "assumptions" and column == "value"):
                assert not isinstance(told, str), (column, told)
                assert float(told) == float(row[column])
                n_number += 1
    assert n_number or name == "assumptions"


def test_every_column_of_a_number_has_a_number(folder: Path) -> None:
    """A column that tables gain later is told apart from texts in one place."""
    texts = {"unit_vintage", "value", "station", "where"}
    for name in WRITTEN:
        for row in table(folder / "base" / f"{name}.csv"):
            for column, value in row.items():
                if value.replace(".", "", 1).lstrip("-").isdigit() and column not in texts:
                    assert column in KINDS, (name, column, value)


def test_sheets_can_be_filtered_and_keep_their_headings(book: Any) -> None:
    for sheet in book.worksheets[1:-1]:
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert all(isinstance(cell.value, str) for cell in sheet[1])
        assert all(sheet.column_dimensions[cell.column_letter].width >= 9 for cell in sheet[1])
        assert len({cell.value for cell in sheet[1]}) == len(sheet[1]), sheet.title
    coverage = book[name_of("summary")]
    assert "Population (persons)" in {cell.value for cell in coverage[1]}
    assert "Area served (km²)" in {cell.value for cell in coverage[1]}


def test_the_first_sheet_says_what_each_is(book: Any) -> None:
    first = book.worksheets[0]
    rows = {row[0]: row[1:] for row in first.iter_rows(values_only=True) if row[0]}
    for sheet in book.worksheets[1:-1]:
        n_row, about = rows[sheet.title][:2]
        assert n_row == sheet.max_row - 1
        assert about
        cell = next(c for c in first["A"] if c.value == sheet.title)
        assert cell.hyperlink is not None
        assert cell.hyperlink.location == f"'{sheet.title}'!A1"
    assert "Data" in rows


def test_dates_are_dates(book: Any) -> None:
    sheet = book[name_of("phases")]
    dates = [row[2] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert [d.date() for d in dates] == [
        dt.date(2015, 1, 1), dt.date(2016, 1, 1), dt.date(2016, 7, 1), dt.date(2017, 1, 1),
    ]  # fmt: skip


def test_a_comparison_has_sheets(book: Any) -> None:
    ranking = book["Cmp Ranking"]
    names = {row[4] for row in ranking.iter_rows(min_row=2, values_only=True)}
    assert names == {"base", "strong"}
    assert "Cmp Households" in book.sheetnames
    first = " ".join(str(c.value) for row in book.worksheets[0].iter_rows() for c in row)
    assert "The alternative strong" in first


@pytest.mark.parametrize(
    "text",
    [HOSTILE, LONG, "=1+1", "+1", "-1+1", "@SUM(A1)", "\tx", "a\x00b\x1b", "_x0041_", "x" * 40000],
)
def test_texts_of_users_appear_as_they_are(folder: Path, tmp_path: Path, text: str) -> None:
    renamed = {"East": text + "East", "VTV1": text + "VTV1"}
    copy = altered(folder / "base", tmp_path / "run", lambda value: renamed.get(value, value))
    write_xlsx(copy, tmp_path / "a.xlsx", "en")
    found = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet = found[name_of("summary")]
    cells = [row[2] for row in sheet.iter_rows(min_row=2)]
    expected = clean(text + "East")[:32767]
    own = [cell for cell in cells if _unescaped(str(cell.value)) == expected]
    assert len(own) == len(cells) // 3
    assert {cell.data_type for cell in own} <= {"s", "inlineStr"}
    if text[0] in "=+-@":
        assert all(cell.quotePrefix for cell in own)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        assert not any(
            b"<f>" in file.read(n) for n in file.namelist() if n.startswith("xl/worksheets/")
        )


def _unescaped(text: str) -> str:
    from openpyxl.utils.escape import unescape

    return str(unescape(text))


def test_every_language_has_names_that_sheets_may_have() -> None:
    for code in languages():
        text = language(code)
        names = [v for k, v in text.messages.items() if k.startswith("sheet_name.")]
        full = [*names, *(f"{text('sheet_word.comparison')} {name}" for name in names)]
        assert len({name.casefold() for name in full}) == len(full)
        for name in full:
            assert len(name) <= 31
            assert not set(name) & set("[]:*?/\\'")


@pytest.mark.parametrize("name", [*(f"{t}.csv" for t in TABLES), "manifest.json"])
def test_a_run_without_a_product_gives_the_rest(folder: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "run"
    shutil.copytree(folder / "base", copy)
    (copy / name).unlink(missing_ok=True)
    missing = write_xlsx(copy, tmp_path / "a.xlsx", "en")
    found = openpyxl.load_workbook(tmp_path / "a.xlsx")
    own = Path(name).stem
    assert own == "manifest" or name_of(own) not in found.sheetnames
    assert len(found.sheetnames) > 8
    if own not in {"links", "alternatives"}:
        assert any(name in line for line in missing)
        first = " ".join(str(c.value) for row in found.worksheets[0].iter_rows() for c in row)
        assert f"{name}: missing" in first


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.xlsx"
    arguments = ["report", str(folder / "base"), "--format", "xlsx", "--lang", "vi", "-o", str(out)]
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 0
    assert f"written: {out}" in capsys.readouterr().out
    assert openpyxl.load_workbook(out).sheetnames[0] == "Mục lục"
