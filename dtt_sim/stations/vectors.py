"""Points with attributes: GeoJSON and GeoPackage by GDAL, KML by a parser that expands nothing."""

from __future__ import annotations

import math
import warnings
import zipfile
from pathlib import Path
from typing import Any

from dtt_sim.stations.cells import (
    EMPTY,
    MAX_BYTES,
    MAX_CELL,
    Cell,
    Sheet,
    StationFileError,
    check_size,
    clean,
    plain_number,
)


def read_features(path: Path, layer: str | None) -> Sheet:
    """Features of a GeoJSON or GeoPackage file; the only layer, or that named.

    Raises
    ------
    StationFileError
        A file that GDAL cannot read, no such layer, or several to choose from.
    """
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        with warnings.catch_warnings():
            # What GDAL remarks on a file is no concern of its reader; what it refuses is.
            warnings.simplefilter("ignore", RuntimeWarning)
            layers = [str(name) for name, _ in pyogrio.list_layers(path)]
            chosen = _choose_layer(path, layers, layer)
            info = pyogrio.read_info(path, layer=chosen, force_feature_count=True)
            check_size(info["features"], len(info["fields"]), path.name)
            # Dates stay as they are written: a note may look like one.
            options = {"DATE_AS_STRING": "YES"} if info["driver"] == "GeoJSON" else {}
            meta, _, geometry, columns = pyogrio.raw.read(path, layer=chosen, **options)
    except (DataSourceError, DataLayerError, UnicodeError) as error:
        msg = f"{path.name}: not GeoJSON or GeoPackage that GDAL can read; save it as such again"
        raise StationFileError(msg) from error
    sheet = Sheet(path.name, chosen if len(layers) > 1 else "", "feature", has_names=True)
    sheet.crs = meta["crs"] or ""
    names = [clean(str(name)) for name in meta["fields"]]
    sheet.rows.append((0, tuple(Cell(name) for name in names)))
    for k in range(len(columns[0]) if columns else len(geometry)):
        sheet.rows.append((k + 1, tuple(_cell(column[k]) for column in columns)))
        if geometry is not None:
            _place(sheet, k + 1, geometry[k])
    return sheet


def _choose_layer(path: Path, layers: list[str], name: str | None) -> str:
    if name is not None and name not in layers:
        msg = f"{path.name}: no layer {name!r}; it has {', '.join(map(repr, layers))}"
        raise StationFileError(msg)
    if name is None and len(layers) != 1:
        what = (
            f"choose one with --layer: {', '.join(map(repr, layers))}" if layers else "it is empty"
        )
        msg = f"{path.name}: {len(layers)} layers; {what}"
        raise StationFileError(msg)
    return name or layers[0]


def _cell(value: Any) -> Cell:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return EMPTY
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, bool):
        return Cell(str(plain).lower(), "true_or_false")
    if isinstance(plain, int | float):
        return EMPTY if math.isnan(plain) else Cell(plain_number(plain), "number")
    text = clean(str(plain))[:MAX_CELL]
    return EMPTY if text == "NaT" else Cell(text)


def _place(sheet: Sheet, number: int, wkb: bytes | None) -> None:
    import shapely

    shape = None if wkb is None else shapely.from_wkb(wkb)
    if isinstance(shape, shapely.MultiPoint) and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    if shape is None or shape.is_empty:
        sheet.point_faults[number] = "has no geometry; give it a point"
    elif not isinstance(shape, shapely.Point):
        sheet.point_faults[number] = f"is a {shape.geom_type}; give stations as points"
    else:
        sheet.points[number] = (shape.x, shape.y)


def read_kml(path: Path, data: bytes) -> Sheet:
    """Placemarks of a KML file or the KML in a KMZ: names, descriptions, extended data, points.

    Raises
    ------
    StationFileError
        No well-formed KML, or one that declares entities.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        msg = f"{path.name}: declares a document type or entities, which are not read; remove them"
        raise StationFileError(msg) from error
    except (ParseError, ValueError, LookupError) as error:
        msg = f"{path.name}: not well-formed XML ({error}); save it as KML again"
        raise StationFileError(msg) from error
    marks = [one for one in root.iter() if _tag(one) == "Placemark"]
    if not marks:
        msg = f"{path.name}: no placemarks; give a KML file with a point for each station"
        raise StationFileError(msg)
    sheet = Sheet(path.name, "", "placemark", has_names=True)
    tables = [_attributes(one) for one in marks]
    names = list(dict.fromkeys(name for table in tables for name in table))
    check_size(len(marks), len(names), path.name)
    sheet.rows.append((0, tuple(Cell(name) for name in names)))
    for number, (mark, table) in enumerate(zip(marks, tables, strict=True), 1):
        sheet.rows.append((number, tuple(Cell(table.get(name, "")) for name in names)))
        _place_mark(sheet, number, mark)
    return sheet


def unpack_kmz(path: Path) -> bytes:
    """The KML document of a KMZ archive.

    Raises
    ------
    StationFileError
        No KML in it, or one that is too large.
    """
    with zipfile.ZipFile(path) as archive:
        names = [one for one in archive.infolist() if one.filename.lower().endswith(".kml")]
        if not names or names[0].file_size > MAX_BYTES:
            msg = f"{path.name}: no KML of a usual size in the archive; save the places as KML"
            raise StationFileError(msg)
        return archive.read(names[0])


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _attributes(mark: Any) -> dict[str, str]:
    """Name, description and extended data of a placemark; a description in HTML is left out."""
    found: dict[str, str] = {}
    for child in mark:
        text = clean(child.text or "")[:MAX_CELL]
        if _tag(child) in {"name", "description"} and text and "<" not in text:
            found[_tag(child)] = text
    for one in mark.iter():
        if _tag(one) == "SimpleData":
            found[clean(one.get("name", ""))] = clean(one.text or "")[:MAX_CELL]
        elif _tag(one) == "Data":
            value = next((c.text for c in one if _tag(c) == "value"), "")
            found[clean(one.get("name", ""))] = clean(value or "")[:MAX_CELL]
    if found.get("site") == found.get("name"):
        found.pop("name", None)  # as our own files have it
    return {name: text for name, text in found.items() if name}


def _place_mark(sheet: Sheet, number: int, mark: Any) -> None:
    points = [one for one in mark.iter() if _tag(one) == "Point"]
    if len(points) != 1:
        what = "has no point" if not points else f"has {len(points)} points"
        sheet.point_faults[number] = f"{what}; give each station one"
        return
    text = next((one.text for one in points[0].iter() if _tag(one) == "coordinates"), "") or ""
    try:
        lon, lat = (float(part) for part in text.strip().split(",")[:2])
    except ValueError:
        sheet.point_faults[number] = f"has the coordinates {clean(text)!r}; give lon,lat"
        return
    sheet.points[number] = lon, lat
