"""The station table in the formats in which lists are exchanged.

Each reads back as the same table. The caller gives a temporary path and renames the whole file.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dtt_sim.errors import OutputError, Problem, ScenarioError
from dtt_sim.scenario.transmitters import COLUMNS, RANGES, build_transmitters, read_rows
from dtt_sim.stations.cells import clean, plain_number

FORMATS = (".csv", ".xlsx", ".geojson", ".gpkg", ".kml")
_KML = "http://www.opengis.net/kml/2.2"
_WIDTHS = {"site": 28, "note": 60, "id": 20}
Table = Sequence[Mapping[str, str]]


def read_table(path: Path, out_folder: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and rows of a station table.

    Numbers are in their shortest form, pattern files as they are named from `out_folder`.

    Raises
    ------
    ScenarioError
        Whatever is wrong with it, but for services that only a scenario knows.
    """
    problems: list[Problem] = []
    rows = read_rows(path, problems)
    if not rows and not problems:
        problems.append(Problem(path.name, None, "", "no station; give one in each row"))
    # Any service will do here, and an offset is no fault.
    systems = {row.values.get("multiplex", ""): "PAL_DK" for row in rows}
    build_transmitters(rows, systems, None, problems)
    if problems:
        raise ScenarioError(problems, path.name)
    columns = [name for name in COLUMNS if any(row.values.get(name) for row in rows)]
    folder = path.parent
    return columns, [
        {c: _shortest(c, row.values.get(c, ""), folder, out_folder) for c in columns}
        for row in rows
    ]


def _shortest(column: str, text: str, folder: Path, out_folder: Path) -> str:
    if not text:
        return ""
    if column in {"horizontal_pattern", "vertical_pattern"}:
        return Path(os.path.relpath((folder / text).resolve(), out_folder.resolve())).as_posix()
    return plain_number(float(text)) if column in RANGES else clean(text)


def write_stations(path: Path, columns: Sequence[str], rows: Table) -> None:
    """Write a station table to `path`, whose suffix says how: one of FORMATS.

    Raises
    ------
    OutputError
        Another suffix.
    """
    write = {
        ".csv": _write_csv, ".xlsx": _write_xlsx, ".geojson": _write_geojson, ".gpkg": _write_gpkg,
        ".kml": _write_kml,
    }.get(path.suffix.lower())  # fmt: skip
    if write is None:
        msg = f"{path.name}: {path.suffix or 'no suffix'}; choose one of {', '.join(FORMATS)}"
        raise OutputError(msg)
    write(path, columns, rows)


def _write_csv(path: Path, columns: Sequence[str], rows: Table) -> None:
    # With a mark, so that spreadsheets show Vietnamese names.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row.get(c, "") for c in columns] for row in rows)


def _write_xlsx(path: Path, columns: Sequence[str], rows: Table) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet("stations")
    sheet.freeze_panes = "B2"
    for k, column in enumerate(columns):
        letter = chr(ord("A") + k)
        sheet.column_dimensions[letter].width = _WIDTHS.get(column, 14)

    def cell(value: Any, *, is_bold: bool = False) -> Any:
        one = WriteOnlyCell(sheet, value=value)
        if isinstance(value, str):
            one.data_type = "s"  # a name that begins with = is no formula
        if is_bold:
            one.font = Font(bold=True)
        return one

    sheet.append([cell(column, is_bold=True) for column in columns])
    for row in rows:
        sheet.append([cell(_for_sheet(c, row.get(c, ""))) for c in columns])
    book.save(path)


def _typed(column: str, text: str) -> float | str | None:
    """A number where the column holds numbers; None where the cell is empty."""
    if not text:
        return None
    return float(text) if column in RANGES else text


def _for_sheet(column: str, text: str) -> float | str | None:
    """What a sheet's cell holds: openpyxl writes 16 digits, so a number of 17 goes as text."""
    value = _typed(column, text)
    return text if isinstance(value, float) and float(f"{value:.16g}") != value else value


def _attributes(columns: Sequence[str]) -> list[str]:
    return [c for c in columns if c not in {"lat_deg", "lon_deg"}]


def _write_geojson(path: Path, columns: Sequence[str], rows: Table) -> None:
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "Point",
                "coordinates": [float(row["lon_deg"]), float(row["lat_deg"])],
            },
            "properties": {c: _typed(c, row.get(c, "")) for c in _attributes(columns)},
        }
        for row in rows
    ]
    text = json.dumps(
        {"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1
    )
    path.write_text(text + "\n", encoding="utf-8")


def _write_gpkg(path: Path, columns: Sequence[str], rows: Table) -> None:
    import numpy as np
    import pyogrio
    import shapely

    names = _attributes(columns)
    data = []
    for name in names:
        values = [_typed(name, row.get(name, "")) for row in rows]
        if name in RANGES:
            data.append(np.array([np.nan if v is None else v for v in values], np.float64))
        else:
            data.append(np.array(values, object))
    points = shapely.to_wkb(
        [shapely.Point(float(row["lon_deg"]), float(row["lat_deg"])) for row in rows]
    )
    path.unlink(missing_ok=True)
    pyogrio.raw.write(
        path, np.asarray(points, object), data, names, driver="GPKG", layer="stations",
        geometry_type="Point", crs="EPSG:4326", encoding="UTF-8",
    )  # fmt: skip


def _write_kml(path: Path, columns: Sequence[str], rows: Table) -> None:
    from xml.etree import ElementTree as ET

    root = ET.Element("kml", xmlns=_KML)
    document = ET.SubElement(root, "Document")
    ET.SubElement(document, "name").text = "stations"
    for row in rows:
        mark = ET.SubElement(document, "Placemark")
        ET.SubElement(mark, "name").text = row["site"]
        data = ET.SubElement(mark, "ExtendedData")
        for column in _attributes(columns):
            if row.get(column):
                one = ET.SubElement(data, "Data", name=column)
                ET.SubElement(one, "value").text = row[column]
        point = ET.SubElement(mark, "Point")
        ET.SubElement(point, "coordinates").text = f"{row['lon_deg']},{row['lat_deg']},0"
    tree = ET.ElementTree(root)
    ET.indent(tree, " ")
    tree.write(path, encoding="utf-8", xml_declaration=True)
