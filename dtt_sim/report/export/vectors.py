"""Vector layers of a run: served areas, contours, sites and units, as tables of shapes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dtt_sim.errors import DttSimError
from dtt_sim.report.export.shapes import cell_hull, contours, polygons
from dtt_sim.report.export.source import Source, number, plain
from dtt_sim.report.layers import quality_names
from dtt_sim.workflow.finished import PhaseOfRun, Places
from terrain.errors import TerrainError
from terrain.grid import LONLAT, transformer

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

FIELD_LEVELS_DB: Final = (40.0, 50.0, 60.0, 70.0, 80.0, 90.0)
MARGIN_LEVELS_DB: Final = (-10.0, 0.0, 10.0, 20.0)
STATUSES: Final = ("starts with", "without", "keeps", "gains", "loses")


@dataclass(frozen=True, eq=False)
class VectorLayer:
    """A layer of shapes with their attributes, in the coordinates of the run's grid.

    Attributes
    ----------
    name, title : str
    geometry_type : str
        As OGR has it.
    geometry : list of shapely geometries
    columns : dict of str to array
        All as long as `geometry`.
    """

    name: str
    title: str
    geometry_type: str
    geometry: list[BaseGeometry]
    columns: dict[str, NDArray[Any]]


class _Table:
    """Rows that become a layer."""

    def __init__(self) -> None:
        self.geometry: list[Any] = []
        self.rows: list[dict[str, Any]] = []

    def add(self, geometry: Any, **values: Any) -> None:
        self.geometry.append(geometry)
        self.rows.append(values)

    def layer(self, name: str, title: str, geometry_type: str) -> VectorLayer | None:
        if not self.rows:
            return None
        names = dict.fromkeys(key for row in self.rows for key in row)
        columns = {key: _column([row.get(key) for row in self.rows]) for key in names}
        return VectorLayer(name, title, geometry_type, self.geometry, columns)


def _column(values: Sequence[Any]) -> NDArray[Any]:
    """An array of what its values are: dates, numbers with NaN for none, or text."""
    import datetime as dt

    known = [v for v in values if v is not None]
    if known and all(isinstance(v, dt.date) for v in known):
        return np.array([np.datetime64(v or "NaT", "D") for v in values])
    if known and all(isinstance(v, bool) for v in known):
        return np.array([bool(v) for v in values])
    if known and all(isinstance(v, int) for v in values):
        return np.array(values, np.int64)
    if known and all(isinstance(v, int | float) for v in known):
        return np.array([np.nan if v is None else v for v in values], np.float64)
    return np.array([None if v is None else plain(v) for v in values], object)


def vector_layers(source: Source) -> list[VectorLayer]:
    """All layers that the run has material for."""
    makers: tuple[Callable[[Source], VectorLayer | None], ...] = (
        units_layer,
        served_layer,
        margin_contours,
        field_contours,
        sites_layer,
    )
    return [layer for layer in (make(source) for make in makers) if layer is not None]


def _about_phase(phase: PhaseOfRun) -> dict[str, Any]:
    return {"phase": phase.id, "date": phase.date}


def _about_service(phase: PhaseOfRun, service: str) -> dict[str, Any]:
    one = phase.services[service]
    return {"service": service, "title": one.title, "is_digital": one.is_digital}


def served_layer(source: Source) -> VectorLayer | None:
    """Areas in which each service is received, by phase and quality.

    The higher quality lies within the lower: each polygon holds all cells with at least its quality.
    """
    table, cells_km2 = _Table(), source.run.grid.cell_area_km2()
    for phase, service in source.each("served areas"):
        found = source.layer(phase, service, "served")
        if found is None:
            continue
        names = quality_names(phase.services[service])
        for level, (quality, text) in enumerate(
            zip(names, phase.services[service].qualities, strict=True), start=1
        ):
            mask = (found.values >= level) & (found.values <= 2)
            if not mask.any():
                continue
            row = source.tables.total(phase.id, service, quality)
            table.add(
                polygons(mask, source.run.grid),
                **_about_phase(phase), **_about_service(phase, service),
                quality=quality, quality_text=text, level=level,
                area_km2=round(float(cells_km2[mask].sum()), 3),
                land_served_km2=number(row.get("land_served_km2")),
                persons_served=number(row.get("persons_served")),
                persons_served_percent=number(row.get("persons_served_percent")),
            )  # fmt: skip
    return table.layer("served", "Areas where services are received", "MultiPolygon")


def margin_contours(source: Source) -> VectorLayer | None:
    """Contours of the margin for good reception, by phase and service."""
    table = _Table()
    for phase, service in source.each("contours of margins"):
        found = source.layer(phase, service, "margin")
        if found is None:
            continue
        for level, line in contours(found.values, source.run.grid, MARGIN_LEVELS_DB):
            table.add(
                line, **_about_phase(phase), **_about_service(phase, service), margin_db=level
            )
    return table.layer("margin_contours", "Margin for good reception [dB]", "MultiLineString")


def field_contours(source: Source) -> VectorLayer | None:
    """Contours of every station's median field at 50 % of time."""
    table = _Table()
    files = source.fields()
    for k, (name, (station, phases)) in enumerate(files.items()):
        source.tell("contours of fields", k, len(files))
        path = source.field_path(name)
        if path is None:
            continue
        try:
            values = source.run.raster(path).values
        except DttSimError as error:
            source.note_error(error)
            continue
        known = phases[0].stations.get(station)
        for level, line in contours(values, source.run.grid, FIELD_LEVELS_DB):
            table.add(
                line, station=station, site=known.site if known else None,
                service=known.service if known else None,
                frequency_mhz=known.frequency_mhz if known else None,
                erp_kw=known.erp_kw if known else None,
                phases=" ".join(phase.id for phase in phases), e_dbuv_m=level,
            )  # fmt: skip
    return table.layer(
        "field_contours", "Median field strength at 50 % of time [dB(µV/m)]", "MultiLineString"
    )


def sites_layer(source: Source) -> VectorLayer | None:
    """Stations on air by phase, off the grid too."""
    import shapely

    table, grid = _Table(), source.run.grid
    change = transformer(LONLAT, grid.crs)
    more = {t["id"]: t for t in source.run.manifest.get("transmitters", ())}
    for phase in source.phases:
        for name, station in phase.stations.items():
            if source.services and station.service not in source.services:
                continue
            x, y = change.transform(station.lon_deg, station.lat_deg)
            known = more.get(name, {})
            table.add(
                shapely.Point(x, y), **_about_phase(phase), station=name, site=station.site,
                service=station.service, frequency_mhz=station.frequency_mhz,
                channel=str(known.get("channel") or "") or None, erp_kw=station.erp_kw,
                polarisation=known.get("polarisation"), height_agl_m=known.get("height_agl_m"),
                height_amsl_m=known.get("height_amsl_m"), delay_us=known.get("delay_us"),
                lat_deg=station.lat_deg, lon_deg=station.lon_deg,
            )  # fmt: skip
    if not table.rows:
        source.note("the run does not say where its stations are: no sites; run the scenario again")
    return table.layer("sites", "Stations on air", "Point")


def units_layer(source: Source) -> VectorLayer | None:
    """Units with their people by phase, and the share served of every service.

    Units are polygons where the scenario's file of them is still as it was; otherwise the hull of the
    cells that their people live in, which the column `geometry_is` says.
    """
    shapes, said = _unit_shapes(source)
    if not shapes:
        return None
    table = _Table()
    rows, households = source.tables.served, source.tables.households
    for phase in source.phases:
        for unit, shape in shapes.items():
            values: dict[str, Any] = {"unit": unit, "unit_vintage": source.run.vintage or None}
            values |= _about_phase(phase)
            values["persons"] = next(
                (number(r["persons"]) for key, r in rows.items() if key[0] == phase.id and key[3] == unit),
                None,
            )  # fmt: skip
            values["geometry_is"] = said
            if households:
                for status in STATUSES:
                    key = f"households_{status.replace(' ', '_')}"
                    values[key] = households.get((phase.id, unit, status), 0.0)
            for service in phase.services:
                if source.services and service not in source.services:
                    continue
                for quality in quality_names(phase.services[service]):
                    row = rows.get((phase.id, service, quality, unit), {})
                    column = f"{service}_{quality.replace(' ', '_')}"
                    values[f"{column}_persons"] = number(row.get("persons_served"))
                    values[f"{column}_percent"] = number(row.get("persons_served_percent"))
            table.add(shape, **values)
    return table.layer("units", "Administrative units and their people", "MultiPolygon")


def _unit_shapes(source: Source) -> tuple[dict[str, Any], str]:
    """Shape of each unit, and what the shapes are."""
    found = _unit_polygons(source)
    if found:
        return found, "polygon of the unit"
    try:
        places = source.run.places
    except DttSimError as error:
        source.note_error(error)
        return {}, ""
    if places is None:
        source.note("the scenario has no population, so there are no units")
        return {}, ""
    return _hulls(source, places), "hull of inhabited cells, not a border"


def _hulls(source: Source, places: Places) -> dict[str, Any]:
    grid, found = source.run.grid, {}
    n_cell = grid.n_row * grid.n_col
    for k, unit in enumerate(places.units):
        cells = places.cell[(places.unit == k) & (places.cell >= 0) & (places.cell < n_cell)]
        if cells.size:
            found[unit] = cell_hull(cells, grid)
    return found


def _unit_polygons(source: Source) -> dict[str, Any]:
    """Polygons of the scenario's units, where their file is there and has not changed."""
    import shapely

    from terrain.units import read_units

    manifest = source.run.manifest
    keys = manifest["scenario"].get("population") or {}
    name = keys.get("units")
    if not name or not manifest.get("again"):
        return {}
    path = source.run.folder / Path(manifest["again"]["scenario"]).parent / name
    missing = (
        f"the file of units {name} is not where it was, or has changed: units are drawn as hulls"
    )
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        source.note(missing)
        return {}
    if digest != manifest.get("files_sha256", {}).get(name):
        source.note(missing)
        return {}
    try:
        units = read_units(path, name=keys.get("unit_name"))
    except TerrainError:
        source.note(missing)
        return {}
    change = transformer(LONLAT, source.run.grid.crs)

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(change.transform(points[:, 0], points[:, 1]))

    found = {}
    for unit, shape in zip(units.names, units.shapes, strict=True):
        own = shapely.make_valid(shapely.transform(shape, moved))
        parts = [p for g in shapely.get_parts(own) for p in shapely.get_parts(g)]
        found[unit] = shapely.MultiPolygon([p for p in parts if p.geom_type == "Polygon"])
    return found
