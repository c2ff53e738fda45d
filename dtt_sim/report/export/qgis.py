"""QGIS: a style beside each raster, and a project that shows the rasters and vector layers.

Styles and projects are XML of QGIS 3; what newer versions add they fill in themselves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from dtt_sim.report.export.source import Source, plain
from dtt_sim.report.layers import Palette, Step
from dtt_sim.workflow.output import whole_file
from terrain.grid import horizontal_crs

if TYPE_CHECKING:
    from dtt_sim.report.export.cog import Written
    from dtt_sim.report.export.vectors import VectorLayer

VERSION: Final = "3.22.0"
OPACITY: Final = "0.85"
VECTOR_COLOURS: Final = {
    "units": "#555555", "served": "#1f6f9f", "margin_contours": "#0b3c6f",
    "field_contours": "#83405f", "sites": "#b2182b",
}  # fmt: skip


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, {k: plain(v) for k, v in attributes.items()})
    element.text = None if text is None else plain(text)
    return element


def write_style(path: Path, colours: Palette) -> None:
    """Write a raster's style, which QGIS takes where it lies beside the raster.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    root = ET.Element("qgis", version=VERSION, styleCategories="AllStyleCategories")
    _add_pipe(root, colours)
    _add(root, "blendMode", "0")
    _write(path, root, '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">\n')


def _write(path: Path, root: ET.Element, head: str) -> None:
    ET.indent(root, " ")
    with whole_file(path) as part:
        part.write_text(head + ET.tostring(root, encoding="unicode") + "\n", encoding="utf-8")


def _add_pipe(parent: ET.Element, colours: Palette) -> None:
    pipe = _add(parent, "pipe")
    if colours.is_codes:
        renderer = _add(
            pipe, "rasterrenderer", type="paletted", band="1", opacity=OPACITY, alphaBand="-1",
            nodataColor="",
        )  # fmt: skip
        palette = _add(renderer, "colorPalette")
        for step in colours.steps:
            _add(
                palette, "paletteEntry", value=f"{step.value:g}", label=step.text,
                color=step.colour, alpha="255",
            )  # fmt: skip
    else:
        _add_classes(pipe, colours)
    _add(pipe, "brightnesscontrast", brightness="0", contrast="0", gamma="1")
    _add(pipe, "huesaturation", saturation="0", grayscaleMode="0")
    _add(pipe, "rasterresampler", maxOversampling="2")


def _add_classes(pipe: ET.Element, colours: Palette) -> None:
    """Classes, each with its upper end: QGIS counts the end to the class, the maps to the next."""
    low, high = colours.steps[1].value, colours.steps[-1].value
    renderer = _add(
        pipe, "rasterrenderer", type="singlebandpseudocolor", band="1", opacity=OPACITY,
        alphaBand="-1", nodataColor="", classificationMin=f"{low:g}", classificationMax=f"{high:g}",
    )  # fmt: skip
    shader = _add(_add(renderer, "rastershader"), "colorrampshader", colorRampType="DISCRETE",
                  classificationMode="1", clip="0", minimumValue=f"{low:g}", maximumValue=f"{high:g}")  # fmt: skip
    ends = [step.value for step in colours.steps[1:]] + [math.inf]
    for step, end in zip(colours.steps, ends, strict=True):
        # The last number below the end: a value at the end has the colour of the next class.
        value = "inf" if math.isinf(end) else repr(math.nextafter(end, -math.inf))
        _add(shader, "item", value=value, label=_class_text(step, colours), color=step.colour,
             alpha="255")  # fmt: skip


def _class_text(step: Step, colours: Palette) -> str:
    return f"{step.text} {colours.unit}".strip()


def write_project(
    path: Path, source: Source, rasters: Sequence[Written], geopackage: Path | None,
    layers: Sequence[VectorLayer],
) -> None:  # fmt: skip
    """Write a project: a group for each phase, with its sites, units, contours, areas and rasters.

    Switched on are the last phase's sites, and where its first service is received. Files are named as
    seen from the project, so that the folder can be moved as a whole.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    root = ET.Element("qgis", version=VERSION, projectname=plain(source.run.title))
    _add(root, "title", source.run.title)
    reference = _add(root, "projectCrs")
    _add_crs(reference, source.run.grid.crs)
    tree = _add(root, "layer-tree-group")
    found = _add(root, "projectlayers")
    for phase in reversed(source.phases):
        is_last = phase is source.phases[-1]
        group = _add(
            tree, "layer-tree-group", name=source.phase_text(phase), expanded="1" if is_last else "0",
            checked="Qt::Checked" if is_last else "Qt::Unchecked",
        )  # fmt: skip
        for layer in reversed(layers):
            if geopackage is not None and "phase" in layer.columns:
                quoted = phase.id.replace("'", "''")
                where = f"./{geopackage.name}|layername={layer.name}|subset=\"phase\" = '{quoted}'"
                name = f"vector_{phase.id}_{layer.name}"
                _add_to_tree(group, name, layer.title, where, "ogr", shown=layer.name == "sites")
                _add_vector(found, name, layer, where, source)
        own = [r for r in rasters if r.phase is phase]
        first = next((r for r in own if r.layer == "served"), None)
        for raster in own:
            name = f"raster_{raster.phase.id}_{raster.service}_{raster.layer}"
            where = f"./{raster.path.relative_to(path.parent).as_posix()}"
            title = f"{phase.services[raster.service].title}: {raster.palette.caption}"
            _add_to_tree(group, name, title, where, "gdal", shown=raster is first)
            _add_raster(found, name, title, where, raster, source)
    for layer in layers:
        if geopackage is not None and "phase" not in layer.columns:
            where, name = f"./{geopackage.name}|layername={layer.name}", f"vector_{layer.name}"
            _add_to_tree(tree, name, layer.title, where, "ogr", shown=False)
            _add_vector(found, name, layer, where, source)
    _add_view(root, source)
    _write(path, root, "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n")


def _add_view(root: ET.Element, source: Source) -> None:
    canvas = _add(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    _add(canvas, "units", "degrees" if source.run.grid.is_geographic else "meters")
    extent = _add(canvas, "extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), source.run.grid.bounds, strict=True):
        _add(extent, name, repr(float(value)))
    _add(canvas, "rotation", "0")
    _add_crs(_add(canvas, "destinationsrs"), source.run.grid.crs)
    properties = _add(root, "properties")
    paths = _add(properties, "Paths")
    _add(paths, "Absolute", "false", type="bool")
    reference = _add(properties, "SpatialRefSys")
    _add(reference, "ProjectionsEnabled", "1", type="int")
    meta = _add(root, "projectMetadata")
    _add(meta, "title", source.run.title)
    _add(meta, "abstract", source.about)


def _add_crs(parent: ET.Element, crs: str) -> None:
    own = horizontal_crs(crs)
    code = own.to_epsg()
    reference = _add(parent, "spatialrefsys", nativeFormat="Wkt")
    _add(reference, "wkt", own.to_wkt())
    if code is not None:
        _add(reference, "authid", f"EPSG:{code}")
    _add(reference, "geographicflag", "true" if own.is_geographic else "false")


def _add_to_tree(
    tree: ET.Element, name: str, title: str, where: str, provider: str, *, shown: bool
) -> None:
    _add(
        tree, "layer-tree-layer", id=name, name=title, source=where, providerKey=provider,
        checked="Qt::Checked" if shown else "Qt::Unchecked", expanded="0",
    )  # fmt: skip


def _add_layer(
    found: ET.Element, name: str, title: str, where: str, provider: str, source: Source, **kind: str
) -> ET.Element:
    layer = _add(found, "maplayer", **kind)
    _add(layer, "id", name)
    _add(layer, "datasource", where)
    _add(layer, "layername", title)
    _add_crs(_add(layer, "srs"), source.run.grid.crs)
    _add(layer, "provider", provider)
    _add(_add(layer, "resourceMetadata"), "abstract", source.about)
    return layer


def _add_raster(
    found: ET.Element, name: str, title: str, where: str, raster: Written, source: Source
) -> None:
    layer = _add_layer(found, name, title, where, "gdal", source, type="raster")
    _add_pipe(layer, raster.palette)
    _add(layer, "blendMode", "0")


def _add_vector(
    found: ET.Element, name: str, shown: VectorLayer, where: str, source: Source
) -> None:
    geometry = {"MultiPolygon": "Polygon", "MultiLineString": "Line", "Point": "Point"}
    kind = geometry[shown.geometry_type]
    layer = _add_layer(found, name, shown.title, where, "ogr", source, type="vector", geometry=kind)
    renderer = _add(layer, "renderer-v2", type="singleSymbol", symbollevels="0", forceraster="0")
    _add_symbol(_add(renderer, "symbols"), kind, VECTOR_COLOURS[shown.name])
    _add(renderer, "rotation")
    _add(renderer, "sizescale")
    _add(layer, "layerGeometryType", {"Point": "0", "Line": "1", "Polygon": "2"}[kind])


def _add_symbol(symbols: ET.Element, kind: str, colour: str) -> None:
    red, green, blue = bytes.fromhex(colour[1:])
    rgb = f"{red},{green},{blue}"
    symbol_type, layer_class, options = {
        "Point": ("marker", "SimpleMarker", {
            "name": "triangle", "color": f"{rgb},255", "outline_color": "255,255,255,255",
            "size": "3.4", "size_unit": "MM"}),
        "Line": ("line", "SimpleLine", {
            "line_color": f"{rgb},255", "line_width": "0.3", "line_width_unit": "MM"}),
        "Polygon": ("fill", "SimpleFill", {
            "color": f"{rgb},40", "outline_color": f"{rgb},255", "outline_width": "0.3",
            "style": "no" if colour == VECTOR_COLOURS["units"] else "solid"}),
    }[kind]  # fmt: skip
    symbol = _add(
        symbols, "symbol", type=symbol_type, name="0", alpha="1", clip_to_extent="1",
        force_rhr="0",
    )  # fmt: skip
    layer = ET.SubElement(
        symbol, "layer", {"class": layer_class, "enabled": "1", "locked": "0", "pass": "0"}
    )
    more = _add(layer, "Option", type="Map")
    for key, value in options.items():
        _add(more, "Option", name=key, value=value, type="QString")
        ET.SubElement(layer, "prop", {"k": key, "v": value})
