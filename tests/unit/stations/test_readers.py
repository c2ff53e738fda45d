"""Files of every kind, and of no kind."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from defusedxml import EntitiesForbidden
from openpyxl import Workbook

from dtt_sim.stations import cells
from dtt_sim.stations.cells import Sheet, StationFileError
from dtt_sim.stations.readers import read_sheet

HEAD = "Tên trạm,Vĩ độ,Kinh độ\n"
LIST = HEAD + "Hòn Đất,10.1,104.9\n"


def read(path: Path, **options: str) -> Sheet:
    return read_sheet(path, maps={}, **options)  # type: ignore[arg-type]


def texts(sheet: Sheet) -> list[list[str]]:
    return [[cell.text for cell in row] for _, row in sheet.rows]


def old_vietnamese(text: str) -> bytes:
    """Windows-1258: letters with their own marks, tones as characters behind."""
    out = b""
    for letter in unicodedata.normalize("NFC", text):
        marks = unicodedata.normalize("NFD", letter)
        tones = [c for c in marks if c in "\u0300\u0301\u0303\u0309\u0323"]
        base = unicodedata.normalize("NFC", "".join(c for c in marks if c not in tones))
        out += (base + "".join(tones)).encode("cp1258")
    return out


@pytest.mark.parametrize(
    "data",
    [
        LIST.encode("utf-8"), LIST.encode("utf-8-sig"), LIST.encode("utf-16"),
        LIST.encode("utf-16-le"), LIST.encode("utf-16-be"), LIST.encode("utf-32"),
        old_vietnamese(LIST), unicodedata.normalize("NFD", LIST).encode(),
        LIST.replace("\n", "\r\n").encode(), LIST.replace("\n", "\r").encode(),
        LIST.replace(",", ";").encode(), LIST.replace(",", "\t").encode(),
        ("sep=;\n" + LIST.replace(",", ";")).encode(), LIST.replace(",", " ,\u00a0").encode(),
    ],
)  # fmt: skip
def test_encodings_and_separators(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(data)
    assert texts(read(file)) == [["Tên trạm", "Vĩ độ", "Kinh độ"], ["Hòn Đất", "10.1", "104.9"]]


def test_a_western_code_page_is_not_taken_for_the_vietnamese_one(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("site,lat,lon\nSão João,1,2\n".encode("cp1252"))
    assert texts(read(file, encoding="cp1252"))[1][0] == "São João"
    # ì follows no letter that bears it in Windows-1258.
    file.write_bytes("site,lat,lon\nìsola,1,2\n".encode("cp1252"))
    assert texts(read(file))[1][0] == "ìsola"


def test_decimal_commas_are_no_separators(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("site;lat;lon\na,b;10,113;104,888\n", encoding="utf-8")
    assert texts(read(file))[1] == ["a,b", "10,113", "104,888"]


def test_rows_keep_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text('title\n\nsite,lat,lon\n"a\nb",1,2\nc,3,4\n', encoding="utf-8")
    assert [number for number, _ in read(file).rows] == [1, 3, 4, 6]
    assert texts(read(file))[2][0] == "a b"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", bytes(range(256)), "binary data"),
        ("a.csv", b'site,lat,lon\na,1,2\n"b,1,2\nc,1,2\n', "a.csv:3: a quote begins"),
        ("a.csv", b"site,lat,lon\n" + b"a,1,2\n" * 10_002, "more than 10000 rows"),
        ("a.csv", b"x," * 600, "more than 500 columns"),
        ("a.csv", b"site,lat,lon\n" + b"a" * 20_000 + b",1,2\n", "a.csv:2: a cell of more than"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"0" * 600, "old XLS workbook, or one with a password"),
        ("a.xlsx", b"PK\x03\x04", "broken archive"),
        ("a.xlsx", b"site,lat,lon\n", "not what its name says"),
        ("a.ods", b"PK\x03\x04", "OpenDocument"),
        ("a.json", b'{"a": 1}', "not GeoJSON or GeoPackage"),
        ("a.gpkg", b"SQLite format 3\0" + b"0" * 200, "not GeoJSON or GeoPackage"),
        ("a.kml", b"<kml><Placemark>", "not well-formed XML"),
        ("a.kml", b"<kml/>", "no placemarks"),
        (
            "a.kml",
            b'<!DOCTYPE k [<!ENTITY x "y">]><kml><Placemark><name>&x;</name></Placemark></kml>',
            "declares a document type or entities",
        ),
    ],
)
def test_what_is_no_list(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(StationFileError, match=reason):
        read(tmp_path / name)


def test_no_file_a_folder_and_a_file_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StationFileError, match="no such file"):
        read(tmp_path / "a.csv")
    with pytest.raises(StationFileError, match="cannot be read"):
        read(tmp_path)
    (tmp_path / "a.csv").write_text(LIST, encoding="utf-8")
    monkeypatch.setattr("dtt_sim.stations.readers.MAX_BYTES", 10)
    with pytest.raises(StationFileError, match="a list of stations has at most"):
        read(tmp_path / "a.csv")


def test_an_encoding_that_does_not_fit(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LIST, encoding="utf-8")
    for name in ("ascii", "no-such-encoding"):
        with pytest.raises(StationFileError, match="no text in"):
            read(tmp_path / "a.csv", encoding=name)


def workbook(path: Path) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Đài"
    sheet.append(["DANH SÁCH", None, None, None])
    sheet.append(["site", "lat", "lon", "erp_kw"])
    sheet.append(["a\u00a0b", 10.1, "104.9", "=1+1"])
    sheet.append([None, 10, dt.date(2016, 6, 10), "#REF!"])
    sheet.append([])
    sheet.append(["c", True, None, 1e-05])
    sheet.merge_cells("A1:D1")
    sheet.merge_cells("A3:A4")
    sheet.row_dimensions[6].hidden = True
    hidden = book.create_sheet("old")
    hidden.append(["site", "lat", "lon"])
    hidden.sheet_state = "hidden"
    book.create_sheet("empty")
    book.save(path)
    return path


def test_a_workbook(tmp_path: Path) -> None:
    sheet = read(workbook(tmp_path / "a.xlsx"))
    assert (sheet.name, sheet.hidden) == ("Đài", {6})
    assert set(sheet.spans) == {(1, 0, 1, 3), (3, 0, 4, 0)}
    assert "hidden sheets are left out: old" in sheet.remarks
    assert dict(sheet.rows)[3] == (
        cells.Cell("a b"), cells.Cell("10.1", "number"), cells.Cell("104.9"),
        cells.Cell("=1+1", "formula"),
    )  # fmt: skip
    assert [cell.kind for cell in dict(sheet.rows)[4]] == ["text", "number", "date", "error"]
    assert dict(sheet.rows)[6][1:] == (
        cells.Cell("true", "true_or_false"), cells.EMPTY, cells.Cell("1e-05", "number"),
    )  # fmt: skip


def test_sheets_are_chosen(tmp_path: Path) -> None:
    file = workbook(tmp_path / "a.xlsx")
    assert "sheet 'old' is hidden" in read(file, sheet="old").remarks
    with pytest.raises(StationFileError, match=r"no sheet 'x'; it has 'Đài', 'old', 'empty'"):
        read(file, sheet="x")
    book = Workbook()
    for name in ("north", "south"):
        book.create_sheet(name).append(["site", "lat", "lon"])
    book.save(tmp_path / "b.xlsx")
    with pytest.raises(StationFileError, match=r"several sheets .* --sheet: 'north', 'south'"):
        read(tmp_path / "b.xlsx")


def test_a_workbook_that_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 2_000_000)
    monkeypatch.setattr("dtt_sim.stations.workbooks.MAX_UNPACKED_BYTES", 1_000_000)
    with pytest.raises(StationFileError, match="unpacks to 2 MB"):
        read(tmp_path / "a.xlsx")


def test_an_archive_that_is_no_workbook_and_one_with_entities(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("hello.txt", b"hello")
    with pytest.raises(StationFileError, match="not a workbook that can be read"):
        read(tmp_path / "a.xlsx")
    workbook(tmp_path / "good.xlsx")
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    with (
        zipfile.ZipFile(tmp_path / "good.xlsx") as good,
        zipfile.ZipFile(tmp_path / "b.xlsx", "w") as bad,
    ):
        for name in good.namelist():
            bad.writestr(name, bomb if name == "xl/worksheets/sheet1.xml" else good.read(name))
    with pytest.raises(StationFileError, match="not a workbook") as refused:
        read(tmp_path / "b.xlsx")
    assert refused.value.__cause__ is not None
    assert isinstance(refused.value.__cause__.__cause__, EntitiesForbidden)


def test_geojson(tmp_path: Path) -> None:
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [104.9, 10.1, 5.0]},
         "properties": {"site": "Hòn Me", "erp_kw": 2.5, "channel": 33, "note": "2016/01/02"}},
        {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
         "properties": {"site": "b", "erp_kw": None, "channel": None, "note": None}},
        {"type": "Feature", "geometry": None, "properties": {}},
    ]  # fmt: skip
    (tmp_path / "a.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )
    sheet = read(tmp_path / "a.geojson")
    assert texts(sheet)[1:3] == [["Hòn Me", "2.5", "33", "2016/01/02"], ["b"] + [""] * 3]
    assert sheet.points == {1: (104.9, 10.1)}
    assert "LineString" in sheet.point_faults[2]
    assert "no geometry" in sheet.point_faults[3]


def test_layers_of_a_geopackage_are_chosen(tmp_path: Path) -> None:
    import pyogrio

    for k, name in enumerate(("one", "two")):
        pyogrio.raw.write(
            tmp_path / "a.gpkg", np.array([shapely.to_wkb(shapely.Point(500_000, 1e6 + k))], object),
            [np.array([name], object)], ["site"], driver="GPKG", layer=name, append=k > 0,
            geometry_type="Point", crs="EPSG:3405",
        )  # fmt: skip
    with pytest.raises(StationFileError, match=r"2 layers; choose one with --layer: 'one', 'two'"):
        read(tmp_path / "a.gpkg")
    with pytest.raises(StationFileError, match="no layer 'three'"):
        read(tmp_path / "a.gpkg", layer="three")
    sheet = read(tmp_path / "a.gpkg", layer="two")
    assert sheet.points == {1: (500_000, 1e6 + 1)}
    assert sheet.crs == "EPSG:3405"


KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>
<Placemark><name>Hòn Me</name><description>98 m</description>
<ExtendedData><Data name="erp_kw"><value>10</value></Data>
<SchemaData><SimpleData name="channel">33</SimpleData></SchemaData></ExtendedData>
<Point><coordinates> 104.9,10.1,0 </coordinates></Point></Placemark>
<Placemark><name>line</name><description>&lt;b&gt;html&lt;/b&gt;</description>
<LineString><coordinates>1,2 3,4</coordinates></LineString></Placemark>
<Placemark><name>bad</name><Point><coordinates>x,y</coordinates></Point></Placemark>
</Folder></Document></kml>"""


def test_placemarks_of_kml_and_kmz(tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_text(KML, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.writestr("doc.kml", KML)
    for name in ("a.kml", "a.kmz"):
        sheet = read(tmp_path / name)
        assert texts(sheet)[:3] == [
            ["name", "description", "erp_kw", "channel"], ["Hòn Me", "98 m", "10", "33"],
            ["line", "", "", ""],
        ]  # fmt: skip
        assert sheet.points == {1: (104.9, 10.1)}
        assert "no point" in sheet.point_faults[2]
        assert "'x,y'" in sheet.point_faults[3]
    with zipfile.ZipFile(tmp_path / "b.kmz", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(StationFileError, match="no KML"):
        read(tmp_path / "b.kmz")
