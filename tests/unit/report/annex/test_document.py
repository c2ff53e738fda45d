"""The annex in Word's format, read again as a ZIP of XML: texts, numbers, fields, and what is missing."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st
from run_folders import HOSTILE, LONG, altered, table

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError
from dtt_sim.report.annex.material import TABLES, Material
from dtt_sim.report.annex.text import clean
from dtt_sim.report.document import write_docx
from dtt_sim.report.language import language

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def body(path: Path) -> Element:
    """The body of a document; every part of the file has to be well-formed."""
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        for name in file.namelist():
            if name.endswith((".xml", ".rels")):
                fromstring(file.read(name))
        found = fromstring(file.read("word/document.xml")).find(f"{W}body")
    assert isinstance(found, Element)
    return found


def text_of(element: Element) -> str:
    parts = {f"{W}br": "\n", f"{W}tab": "\t"}
    return "".join(
        parts.get(one.tag, one.text or "") for one in element.iter() if one.tag in {f"{W}t", *parts}
    )


def tables(root: Element) -> dict[str, list[list[str]]]:
    """Tables with the caption above each, without its number."""
    found: dict[str, list[list[str]]] = {}
    caption = ""
    for element in root:
        if element.tag == f"{W}tbl":
            rows = [[text_of(c) for c in row.iter(f"{W}tc")] for row in element.iter(f"{W}tr")]
            found[caption.partition(". ")[2]] = rows
        elif element.tag == f"{W}p":
            caption = text_of(element)
    return found


def made(source: Path, path: Path, code: str = "vi", **options: Any) -> Element:
    write_docx(source, path, code, **options)
    return body(path)


@pytest.fixture(scope="session")
def file(folder: Path) -> Path:
    write_docx(folder / "base", folder / "vi.docx")
    return folder / "vi.docx"


@pytest.fixture(scope="session")
def vietnamese(file: Path) -> Element:
    return body(file)


def headings(root: Element, level: str = "Heading1") -> list[str]:
    return [text_of(p) for p in root.iter(f"{W}p") if style_of(p) == level]


def style_of(p: Element) -> str:
    style = p.find(f"{W}pPr/{W}pStyle")
    return "" if style is None else style.get(f"{W}val", "")


def instructions(root: Element) -> list[str]:
    return [(one.text or "").strip() for one in root.iter(f"{W}instrText")]


def test_sections_have_the_order_of_vietnamese_provinces(vietnamese: Element, folder: Path) -> None:
    names = (
        "legal",
        "state",
        "demand",
        "network",
        "phases",
        "support",
        "cost",
        "effect",
        "organisation",
    )
    for code, root in (("vi", vietnamese), ("en", made(folder / "base", folder / "en.docx", "en"))):
        text = language(code)
        assert headings(root) == [text(f"document_heading.{name}") for name in names]


def test_page_and_font_are_those_of_the_decree(vietnamese: Element, file: Path) -> None:
    sections = list(vietnamese.iter(f"{W}sectPr"))
    sizes = [s.find(f"{W}pgSz") for s in sections]
    orientations = [size.get(f"{W}orient", "portrait") for size in sizes if size is not None]
    assert {"portrait", "landscape"} == set(orientations)
    assert orientations[0] == orientations[-1] == "portrait"
    for section in sections:
        margins = section.find(f"{W}pgMar")
        assert margins is not None
        mm = {
            k: int(margins.get(f"{W}{k}", "0")) / 1440 * 25.4
            for k in ("top", "bottom", "left", "right")
        }
        assert mm == pytest.approx({"top": 20, "bottom": 20, "left": 30, "right": 20}, abs=0.1)
    # No page number on the first page, and on every other.
    assert [s.find(f"{W}titlePg") is not None for s in sections] == [True] + [False] * (
        len(sections) - 1
    )
    with zipfile.ZipFile(file) as parts:
        header = next(n for n in parts.namelist() if n.startswith("word/header"))
        assert "PAGE" in " ".join(instructions(fromstring(parts.read(header))))
        styles = fromstring(parts.read("word/styles.xml"))
    body_style = next(s for s in styles if s.get(f"{W}styleId") == "AnnexText")
    fonts, size = body_style.find(f"{W}rPr/{W}rFonts"), body_style.find(f"{W}rPr/{W}sz")
    assert fonts is not None
    assert size is not None
    assert {fonts.get(f"{W}{k}") for k in ("ascii", "hAnsi", "cs")} == {"Times New Roman"}
    assert size.get(f"{W}val") == "26"


def test_captions_and_contents_are_fields(vietnamese: Element) -> None:
    found = instructions(vietnamese)
    captions = [text_of(p) for p in vietnamese.iter(f"{W}p") if style_of(p) == "Caption"]
    for label in ("Bảng", "Hình"):
        own = [c for c in captions if c.startswith(f"{label} ")]
        assert [c.split(". ")[0] for c in own] == [f"{label} {k}" for k in range(1, len(own) + 1)]
        assert found.count(f"SEQ {label} \\* ARABIC") == len(own) > 3
        assert f'TOC \\h \\z \\c "{label}"' in found
    assert 'TOC \\o "1-2" \\h \\z \\u' in found
    # Every entry leads somewhere, and fields are closed.
    marks = [b.get(f"{W}name") for b in vietnamese.iter(f"{W}bookmarkStart")]
    links = [a.get(f"{W}anchor") for a in vietnamese.iter(f"{W}hyperlink")]
    assert len(set(marks)) == len(marks)
    assert set(links) == set(marks)
    ends = [c.get(f"{W}fldCharType") for c in vietnamese.iter(f"{W}fldChar")]
    assert ends == ["begin", "separate", "end"] * (len(ends) // 3)


def vi_number(text: str) -> float:
    return float(text.replace("\u00a0%", "").replace(".", "").replace(",", "."))


def test_numbers_are_those_of_the_tables(vietnamese: Element, folder: Path) -> None:
    found = tables(vietnamese)
    summary = table(folder / "base" / "summary.csv")
    people = next(rows for name, rows in found.items() if name.startswith("Dân số và số hộ"))
    persons = {r["unit"]: int(r["persons"]) for r in summary if r["phase"] == "before"}
    told = {row[1]: vi_number(row[2]) for row in people[1:]}
    assert told == {"East": persons["East"], "West": persons["West"], "Toàn bộ": persons["(all)"]}
    coverage = next(rows for n, rows in found.items() if n.startswith("Dân số được phủ sóng theo"))
    served = [
        (r["phase"], r["multiplex"], int(r["persons_served"]), float(r["persons_served_percent"]))
        for r in summary
        if r["unit"] == "(all)" and r["quality"] in {"good", "grade 4"}
    ]
    rows = [(r[0], r[1], vi_number(r[4]), vi_number(r[5])) for r in coverage[1:]]
    assert len(rows) == len(served)
    for phase, service, number, share in served:
        own = next(r for r in rows if r[:2] == (phase, service))
        assert own[2] == number
        assert own[3] == pytest.approx(share, abs=0.0501)
    costs = next(rows for n, rows in found.items() if n.startswith("Kinh phí theo giai đoạn và kh"))
    amounts = {
        r["phase"]: int(r["amount"])
        for r in table(folder / "base" / "costs.csv")
        if r["item"] == "total" and r["where"] == "(all)"
    }
    assert {row[0]: vi_number(row[-1]) for row in costs[1:-1]} == {
        k: v for k, v in amounts.items() if k != "(all)"
    }
    assert vi_number(costs[-1][-1]) == amounts["(all)"]
    # What the phases' kinds sum to.
    for row in costs[1:]:
        assert sum(map(vi_number, row[1:-1])) == vi_number(row[-1])
    households = next(rows for n, rows in found.items() if n.startswith("Số hộ thu được và mất"))
    headline = {
        r["phase"]: r
        for r in table(folder / "base" / "headline.csv")
        if (r["figure"], r["item"]) == ("receives", "(any programme)")
    }
    for row in households[1:]:
        own_row = headline[row[0]]
        assert vi_number(row[2]) == float(own_row["value"])
        assert [vi_number(v) for v in row[3].split(" – ")] == [
            float(own_row["low"]),
            float(own_row["high"]),
        ]


def test_numbers_are_written_as_each_language_has_them(
    folder: Path, vietnamese: Element, tmp_path: Path
) -> None:
    text = text_of(made(folder / "base", tmp_path / "en.docx", "en"))
    assert "6,440" in text
    assert "6.440" in text_of(vietnamese)
    assert "1 January 2015" in text
    assert "01/01/2015" in text_of(vietnamese)


def test_what_only_the_province_can_write_is_marked(vietnamese: Element) -> None:
    marked = [
        text_of(r)
        for r in vietnamese.iter(f"{W}r")
        if (s := r.find(f"{W}rPr/{W}rStyle")) is not None and s.get(f"{W}val") == "AnnexPlaceholder"
    ]
    assert len(marked) > 20
    assert all(one.startswith("[") and one.endswith("]") for one in marked)
    # A text of the scenario in brackets is no placeholder.
    cells = [text_of(c) for c in vietnamese.iter(f"{W}tc")]
    assert "[%]" in cells
    assert "[%]" not in marked


def test_national_documents_stand_in_vietnam_alone(
    folder: Path, vietnamese: Element, tmp_path: Path
) -> None:
    assert "2451/QĐ-TTg" in text_of(vietnamese)
    copy = altered(folder / "base", tmp_path / "run", lambda text: text)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["scenario"]["grid"] |= {
        "west_deg": 4.0,
        "east_deg": 5.0,
        "south_deg": 51.0,
        "north_deg": 52.0,
    }
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert "2451/QĐ-TTg" not in text_of(made(copy, tmp_path / "a.docx"))


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        LONG,
        "a\x00b\x07c\x1b\ufffe",
        "\u0645\u0631\u062d\u0628\u0627\u200f <w:p/>",
        "=HYPERLINK(1)",
    ],
)
def test_texts_of_users_appear_as_they_are(folder: Path, tmp_path: Path, text: str) -> None:
    renamed = {
        name: f"{name} {text}" for name in ("East", "West", "VTV1", "K33", "plan", "before", "aso")
    }
    copy = altered(folder / "base", tmp_path / "run", lambda value: renamed.get(value, value))
    root = made(copy, tmp_path / "a.docx", compare=None)
    cells = {text_of(cell) for cell in root.iter(f"{W}tc")}
    for name in ("East", "VTV1"):
        assert clean(f"{name} {text}") in cells
    assert any(clean(f"aso {text}") in cell for cell in cells)
    assert clean(f"plan {text}") in text_of(root)


def test_a_picture_of_hostile_names_is_drawn(folder: Path, tmp_path: Path) -> None:
    change = {"before": f"$\\frac{{{HOSTILE}", "aso": "\x02" + LONG}
    copy = altered(folder / "base", tmp_path / "run", lambda value: change.get(value, value))
    made(copy, tmp_path / "a.docx")
    with zipfile.ZipFile(tmp_path / "a.docx") as file:
        pictures = [n for n in file.namelist() if n.endswith(".png")]
        assert len(pictures) > 3
        assert all(file.read(n).startswith(b"\x89PNG") for n in pictures)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_cleaned_texts_are_xml(text: str) -> None:
    held = clean(text)
    escaped = held.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A reader of XML makes one line end of every kind of them.
    assert fromstring(f"<t>{escaped}</t>").text == (held or None)
    assert len(held) <= len(text)


def test_a_comparison_is_a_section(folder: Path, tmp_path: Path) -> None:
    root = made(folder / "base", tmp_path / "a.docx", compare=folder / "strong")
    text = language("vi")
    assert text("document_heading.comparison") in headings(root)
    found = tables(root)
    ranking = found[text("document_caption.ranking")]
    assert ranking[0][2:4] == ["base", "strong"]
    receiving = next(r for r in ranking if r[0] == text("document_ranking.receiving"))
    assert receiving[4] == "strong"
    last = next(
        r for r in table(folder / "strong" / "headline.csv")
        if (r["phase"], r["figure"], r["item"]) == ("aso", "receives", "(any programme)")
    )  # fmt: skip
    assert vi_number(receiving[3].split("\n")[0]) == float(last["value"])
    # By unit, they sum to those of all.
    units = next(r for n, r in found.items() if n.startswith("Số hộ được thêm và bị mất theo địa"))
    gained = [vi_number(row[1]) for row in units[1:]]
    changes = found[text("document_caption.changes")]
    assert sum(gained[:-1]) == pytest.approx(gained[-1], abs=2.0)
    assert gained[-1] == vi_number(changes[-1][1]) > 0
    assert "strong" in text_of(root).partition(text("document_contents.heading"))[0]


def test_what_cannot_be_compared_says_why_and_has_the_rest(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    missing = write_docx(folder / "base", tmp_path / "a.docx", "en", compare=tmp_path / "other")
    assert any(line.startswith("other: cannot be compared") for line in missing)
    root = body(tmp_path / "a.docx")
    assert "No comparison: " in text_of(root)
    assert "other: not the folder of a finished run" in text_of(root)
    assert str(tmp_path) not in text_of(root)
    assert "ORGANISATION" in headings(root)


@pytest.mark.parametrize(
    "name", [*(f"{t}.csv" for t in TABLES), "plan.png", "zone.tif", "population.nc"]
)
def test_a_run_without_a_product_gives_the_rest(folder: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "run"
    shutil.copytree(folder / "base", copy)
    there = (copy / name).is_file()
    (copy / name).unlink(missing_ok=True)
    missing = write_docx(copy, tmp_path / "a.docx", "en")
    root = body(tmp_path / "a.docx")
    assert len(headings(root)) == 9
    if there and name not in {"population.nc", "links.csv", "alternatives.csv"}:
        assert any(name in line for line in missing)
        assert f"{name}" in text_of(root)


def test_an_interrupted_run_says_so(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(folder / "base", copy)
    (copy / "manifest.json").unlink()
    lines = (copy / "ledger.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (copy / "ledger.csv").write_text("".join(lines[:40]) + "before,2015", encoding="utf-8")
    missing = write_docx(copy, tmp_path / "a.docx", "en")
    assert any("manifest.json: missing: the run has not finished" in line for line in missing)
    assert any("ledger.csv: is cut off" in line for line in missing)
    root = body(tmp_path / "a.docx")
    assert "6,440" in text_of(root)
    assert "WHAT IS MISSING" in text_of(root)
    assert "INCOMPLETE" in text_of(root)
    assert "INCOMPLETE" not in text_of(made(folder / "base", tmp_path / "b.docx", "en"))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"phases": 3, "scenario": [], "grid": null}', "\x00"]
)
def test_a_broken_manifest_gives_the_rest(folder: Path, tmp_path: Path, text: str) -> None:
    copy = tmp_path / "run"
    shutil.copytree(folder / "base", copy)
    (copy / "manifest.json").write_text(text, encoding="utf-8")
    missing = write_docx(copy, tmp_path / "a.docx", "en")
    assert any("manifest.json" in line for line in missing)
    assert len(headings(body(tmp_path / "a.docx"))) == 9


def every_key(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, child in value.items():
            if len(path) < 3:
                yield (*path, key)
                yield from every_key(child, (*path, key))


def test_an_older_version_without_any_key_gives_the_rest(folder: Path) -> None:
    """Every key of the manifest, taken away or of another kind: what is read of it never fails."""
    from dtt_sim.report.annex.facts import Facts

    manifest = json.loads((folder / "base" / "manifest.json").read_text(encoding="utf-8"))
    for path in every_key(manifest):
        for other in (None, 3, "x", [], {}):
            changed = json.loads(json.dumps(manifest))
            at = changed
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = other
            m = Material(folder / "base", changed, None)
            f = Facts(m, language("en"))
            for phase in m.phases:
                f.services(phase)
                f.dated(phase)
            _ = m.title, m.is_schematic, m.credits, m.vintage, m.currency


@pytest.mark.parametrize(
    ("k", "value"),
    [*((k, None) for k in range(13)), *((k, value) for value in ("", "x") for k in (5, 7, 9))],
)
def test_an_older_version_without_a_column_gives_the_rest(
    folder: Path, tmp_path: Path, k: int, value: str | None
) -> None:
    """The k-th column of every table is taken away, or holds nothing, or no numbers."""
    copy = tmp_path / "run"
    shutil.copytree(folder / "base", copy, ignore=shutil.ignore_patterns("fields"))
    for path in copy.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as source:
            header, *rows = csv.reader(source)
        new = [] if value is None else [value]
        lines = [[*row[:k], *new, *row[k + 1 :]] for row in rows] if k < len(header) else rows
        head = [*header[:k], *header[k + 1 :]] if value is None else header
        with path.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([head, *lines])
    missing = write_docx(copy, tmp_path / "a.docx", "en")
    assert len(headings(body(tmp_path / "a.docx"))) == 9
    if value is None:
        assert any("columns are missing" in line for line in missing)


def test_no_run_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DttSimError, match="nothing of a run is there"):
        write_docx(tmp_path, tmp_path / "a.docx")
    with pytest.raises(DttSimError, match="no such folder"):
        write_docx(tmp_path / "none", tmp_path / "a.docx")
    with pytest.raises(DttSimError, match="is a scenario"):
        write_docx(tmp_path / "s.toml", tmp_path / "a.docx")
    assert not (tmp_path / "a.docx").exists()


def command(*arguments: Any) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["report", *map(str, arguments)])
    return int(stop.value.code or 0)


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.docx"
    assert command(folder / "base", "--format", "docx", "--lang", "en", "-o", out) == 0
    assert f"written: {out}" in capsys.readouterr().out
    assert "LEGAL BASIS" in headings(body(out))
    assert command(folder / "base", "--format", "docx", "--lang", "fr", "-o", out) == 2
    assert "no language 'fr'" in capsys.readouterr().err
    assert command(tmp_path / "none", "--format", "docx", "-o", out) == 2


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.slow
def test_an_office_opens_it(file: Path, tmp_path: Path) -> None:
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'home').as_uri()}",
         "--convert-to", "txt:Text (encoded):UTF8", "--outdir", tmp_path, file],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    text = (tmp_path / "vi.txt").read_text(encoding="utf-8")
    assert "I. CĂN CỨ PHÁP LÝ" in text
    assert "IX. TỔ CHỨC THỰC HIỆN" in text
    assert "Phụ lục A. CÁC GIẢ ĐỊNH" in text
