"""A run for Google Earth: coverage as overlays, stations and units as placemarks with balloons."""

from __future__ import annotations

import html
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import numpy as np

from dtt_sim.errors import DttSimError
from dtt_sim.report.export.pictures import legend_png, warp
from dtt_sim.report.export.source import Source, file_name, number, plain
from dtt_sim.report.layers import quality_names, quality_text
from dtt_sim.workflow.finished import PhaseOfRun
from dtt_sim.workflow.output import whole_file

NAMESPACE: Final = "http://www.opengis.net/kml/2.2"
ICON: Final = "images/station.png"
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Time of every entry, so that the same run gives the same file."""


def write_kmz(path: Path, source: Source) -> None:
    """Write a KMZ: a folder for each phase, of which one is shown at a time.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    images: dict[str, bytes] = {ICON: _station_icon()}
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(f"{{{NAMESPACE}}}kml")
    document = _add(root, "Document")
    _add(document, "name", source.run.title)
    _add(document, "description", _page(_rows(source.tags.items())))
    _add(document, "open", "1")
    _add_styles(document)
    phases = _add(document, "Folder")
    _add(phases, "name", source.say("map_export.coverage"))
    _add(phases, "open", "1")
    _add_list_style(phases, "radioFolder")
    for k, phase in enumerate(source.phases):
        source.tell("KMZ", k, len(source.phases))
        _add_phase(phases, phase, source, images)
    _add_units(document, source)
    with whole_file(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        text = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
        # Google Earth takes the first KML file of the archive for the document.
        for name, data in {"doc.kml": text, **images}.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)


def _add(parent: ET.Element, tag: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, f"{{{NAMESPACE}}}{tag}")
    element.text = None if text is None else plain(text)
    return element


def _add_list_style(folder: ET.Element, kind: str) -> None:
    _add(_add(_add(folder, "Style"), "ListStyle"), "listItemType", kind)


def _add_styles(document: ET.Element) -> None:
    station = _add(document, "Style")
    station.set("id", "station")
    icon = _add(station, "IconStyle")
    _add(icon, "scale", "0.9")
    _add(_add(icon, "Icon"), "href", ICON)
    unit = _add(document, "Style")
    unit.set("id", "unit")
    _add(_add(unit, "IconStyle"), "scale", "0")
    _add(_add(unit, "LabelStyle"), "scale", "0.9")
    for style in (station, unit):
        # $[description] alone: the text is what this file says, and nothing that Google Earth adds.
        _add(_add(style, "BalloonStyle"), "text", "<b>$[name]</b><br>$[description]")


def _add_phase(
    phases: ET.Element, phase: PhaseOfRun, source: Source, images: dict[str, bytes]
) -> None:
    is_last = phase is source.phases[-1]
    folder = _add(phases, "Folder")
    _add(folder, "name", source.phase_text(phase))
    _add(folder, "visibility", "1" if is_last else "0")
    services = _add(folder, "Folder")
    _add(services, "name", source.say("map_layer.served"))
    _add(services, "visibility", "1" if is_last else "0")
    _add_list_style(services, "radioFolder")
    is_shown = is_last
    for service in source.services_of(phase):
        found = source.layer(phase, service, "served")
        if found is None:
            continue
        _add_overlay(services, phase, service, source, images, is_shown=is_shown)
        is_shown = False
    _add_stations(folder, phase, source, is_shown=is_last)


def _add_overlay(
    parent: ET.Element, phase: PhaseOfRun, service: str, source: Source,
    images: dict[str, bytes], *, is_shown: bool,
) -> None:  # fmt: skip
    """A service with its legend, switched on and off together."""
    layer = source.layer(phase, service, "served")
    assert layer is not None
    one = phase.services[service]
    # Where nothing is received the ground itself is seen.
    colours = source.colours(phase, service, "served")
    colours = replace(colours, steps=colours.steps[1:])
    picture = warp(layer, source.run.grid, colours)
    stem = f"images/{file_name(phase.id)}_{file_name(service)}"
    images[f"{stem}.png"] = picture.png
    warning = source.say("schematic.warning") if source.run.is_schematic else ""
    images[f"{stem}_legend.png"] = legend_png(
        colours, f"{one.title}, {source.phase_text(phase)}", warning
    )
    folder = _add(parent, "Folder")
    visibility = "1" if is_shown else "0"
    _add(folder, "name", one.title)
    _add(folder, "visibility", visibility)
    _add(folder, "description", _page(_service_rows(phase, service, source)))
    _add_list_style(folder, "checkHideChildren")
    overlay = _add(folder, "GroundOverlay")
    _add(overlay, "name", one.title)
    _add(overlay, "visibility", visibility)
    _add(overlay, "color", "c0ffffff")
    _add(_add(overlay, "Icon"), "href", f"{stem}.png")
    box = _add(overlay, "LatLonBox")
    for tag, value in (
        ("north", picture.north_deg), ("south", picture.south_deg),
        ("east", picture.east_deg), ("west", picture.west_deg),
    ):  # fmt: skip
        _add(box, tag, f"{value:.8f}")
    legend = _add(folder, "ScreenOverlay")
    _add(legend, "name", source.say("map_export.legend"))
    _add(legend, "visibility", visibility)
    _add(_add(legend, "Icon"), "href", f"{stem}_legend.png")
    for tag in ("overlayXY", "screenXY"):
        at = _add(legend, tag)
        for key, place in (
            ("x", "0.01"),
            ("y", "0.98"),
            ("xunits", "fraction"),
            ("yunits", "fraction"),
        ):
            at.set(key, place)


def _service_rows(phase: PhaseOfRun, service: str, source: Source) -> list[tuple[str, str]]:
    one, say = phase.services[service], source.say
    rows = [(say("map_export.phase"), source.phase_text(phase))]
    for quality, text in zip(quality_names(one), one.qualities, strict=True):
        persons = number(source.tables.total(phase.id, service, quality).get("persons_served"))
        percent = number(
            source.tables.total(phase.id, service, quality).get("persons_served_percent")
        )
        if persons is None or percent is None:
            continue
        title = say("map_export.served_share", quality=quality_text(text, say))
        rows.append((title, f"{say.number(persons)} ({say.percent(percent)})"))
    return [*rows, *source.tags.items()]


def _add_stations(parent: ET.Element, phase: PhaseOfRun, source: Source, *, is_shown: bool) -> None:
    folder, say = _add(parent, "Folder"), source.say
    _add(folder, "name", say("map_export.sites"))
    _add(folder, "visibility", "1" if is_shown else "0")
    for name, station in phase.stations.items():
        if source.services and station.service not in source.services:
            continue
        title = phase.services[station.service].title if station.service in phase.services else ""
        mark = _add_placemark(folder, f"{station.site} ({name})", "station", is_shown=is_shown)
        _add(mark, "description", _page([
            (say("map_export.station"), name),
            (say("map_export.service"), title or station.service),
            (say("map_export.frequency"), f"{say.number(station.frequency_mhz, 2)} MHz"),
            (say("map_export.power"), f"{say.number(station.erp_kw, 3)} kW ERP"),
            (say("map_export.phase"), source.phase_text(phase)),
        ]))  # fmt: skip
        _add_point(mark, station.lon_deg, station.lat_deg)


def _add_placemark(folder: ET.Element, name: str, style: str, *, is_shown: bool) -> ET.Element:
    mark = _add(folder, "Placemark")
    _add(mark, "name", name)
    _add(mark, "visibility", "1" if is_shown else "0")
    _add(mark, "styleUrl", f"#{style}")
    return mark


def _add_point(mark: ET.Element, lon_deg: float, lat_deg: float) -> None:
    # KML wants the elements of a placemark in order, its shape last.
    _add(_add(mark, "Point"), "coordinates", f"{lon_deg:.6f},{lat_deg:.6f},0")


def _add_units(document: ET.Element, source: Source) -> None:
    """Units with their numbers in the last phase, at the middle of their people."""
    try:
        places = source.run.places
    except DttSimError as error:
        source.note_error(error)
        return
    if places is None:
        return
    phase, say, grid = source.phases[-1], source.say, source.run.grid
    folder = _add(document, "Folder")
    _add(folder, "name", say("map_export.units"))
    _add(folder, "visibility", "0")
    for k, unit in enumerate(places.units):
        own = places.unit == k
        persons = places.persons[own]
        if persons.sum() <= 0.0:
            continue
        row, col = (
            (index * persons).sum() / persons.sum()
            for index in np.divmod(places.cell[own], grid.n_col)
        )
        lon, lat = (float(v) for v in grid.lonlat_of_index(row, col))
        mark = _add_placemark(folder, unit, "unit", is_shown=False)
        rows = [(say("map_export.persons"), say.number(float(persons.sum())))]
        if source.run.vintage:
            rows.append((say("map_export.vintage"), source.run.vintage))
        for service, one in phase.services.items():
            quality = quality_names(one)[1]
            found = source.tables.served.get((phase.id, service, quality, unit), {})
            percent = number(found.get("persons_served_percent"))
            if percent is not None and (not source.services or service in source.services):
                rows.append(
                    (f"{one.title}, {quality_text(one.qualities[1], say)}", say.percent(percent))
                )
        _add(
            mark, "description", _page([*rows, (say("map_export.phase"), source.phase_text(phase))])
        )
        _add_point(mark, lon, lat)


def _rows(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(key.capitalize(), value) for key, value in pairs]


def _page(rows: Iterable[tuple[str, str]]) -> str:
    """A table for a balloon: what it holds is text, whatever it looks like."""

    def safe(text: str) -> str:
        # $[...] is a field of Google Earth.
        return html.escape(plain(text)).replace("$[", "&#36;[")

    lines = [f"<tr><td>{safe(key)}</td><td>{safe(value)}</td></tr>" for key, value in rows]
    return f"<table>{''.join(lines)}</table>"


def _station_icon() -> bytes:
    """A triangle, as stations have it on all maps."""
    import io

    from PIL import Image, ImageDraw

    picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    ImageDraw.Draw(picture).polygon(
        [(32, 4), (60, 58), (4, 58)], fill=(178, 24, 43, 255), outline=(255, 255, 255, 255), width=4
    )
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
