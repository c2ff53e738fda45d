"""A border line laid over a finished run's fields."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dtt_sim.errors import DttSimError
from dtt_sim.planning.coordination import ANALOGUE, DIGITAL, BorderField, along_border, trigger_of
from dtt_sim.scenario.load import Scenario
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.area import field_names, receiving_grid
from terrain.grid import LONLAT, WGS84, Grid, transformer
from terrain.vector import shapes_on


@dataclass(frozen=True, eq=False)
class Border:
    """Points along a line, half a cell apart.

    Attributes
    ----------
    lon_deg, lat_deg : (n,) float64
    km : (n,) float64
        Length that each point stands for [km].
    along_km : (n,) float64
        From the line's beginning; parts follow each other [km].
    inside : (n,) bool
        On the receiving grid.
    """

    lon_deg: Float64Array
    lat_deg: Float64Array
    km: Float64Array
    along_km: Float64Array
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]]


def border_on(path: Path, grid: Grid) -> Border:
    """Read lines, or the outlines of polygons, and put points on them.

    Raises
    ------
    TerrainError, DttSimError
        A file that cannot be read, or without a line on the receiving grid.
    """
    import shapely

    shapes = shapes_on(path, grid.crs)
    outlines = np.where(shapely.get_dimensions(shapes) == 2, shapely.boundary(shapes), shapes)
    parts = shapely.get_parts(shapely.get_parts(outlines))
    lines = [p for p in parts if shapely.get_dimensions(p) == 1]
    to_lonlat = transformer(grid.crs, LONLAT)
    lon, lat, km = [], [], []
    for line in lines:
        step = 0.5 * min(abs(grid.transform[0]), abs(grid.transform[4]))
        x, y = shapely.get_coordinates(shapely.segmentize(line, step)).T
        longitude, latitude = (np.asarray(v) for v in to_lonlat.transform(x, y))
        _, _, metres = WGS84.inv(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
        own = np.zeros(x.size)
        own[:-1] += 0.0005 * np.asarray(metres)
        own[1:] += 0.0005 * np.asarray(metres)
        lon.append(longitude)
        lat.append(latitude)
        km.append(own)
    if not lines:
        msg = f"{path}: no line and no outline; give a border as lines or polygons"
        raise DttSimError(msg)
    all_lon, all_lat, all_km = (np.concatenate(v) for v in (lon, lat, km))
    row, col = grid.fractional_index(all_lon, all_lat)
    inside = (np.abs(row - 0.5 * (grid.n_row - 1)) < 0.5 * grid.n_row) & (
        np.abs(col - 0.5 * (grid.n_col - 1)) < 0.5 * grid.n_col
    )
    if not inside.any():
        msg = f"{path}: no part of the line lies on the receiving grid; make the grid larger"
        raise DttSimError(msg)
    return Border(all_lon, all_lat, all_km, np.cumsum(all_km) - 0.5 * all_km, inside)


def coordinate(
    folder: Path, scenario: Scenario, line: Path
) -> tuple[Border, tuple[BorderField, ...]]:
    """Fields of a finished run along a border, at the interfering percentage of time.

    Raises
    ------
    DttSimError
        A run at another height or percentage than the trigger values hold for, or without rasters.
    """
    import rasterio
    from rasterio.errors import RasterioError

    height = scenario.reception.predicted_height_agl_m
    percent = scenario.keys.propagation.interfering_time_percent
    triggers = [
        trigger_of(t.frequency_mhz, ANALOGUE if t.multiplex in scenario.analogue else DIGITAL)
        for t in scenario.transmitters
    ]
    for trigger in triggers:
        if trigger and (height, percent) != (trigger.rx_height_m, trigger.time_percent):
            msg = (
                f"the run is for {height:g} m and {percent:g} % of time, trigger values for "
                f"{trigger.rx_height_m:g} m and {trigger.time_percent:g} %; run the scenario so"
            )
            raise DttSimError(msg)
    grid = receiving_grid(scenario)
    border = border_on(line, grid)
    row, col = (np.rint(v).astype(int) for v in
                grid.fractional_index(border.lon_deg[border.inside], border.lat_deg[border.inside]))  # fmt: skip
    fields, names = [], field_names(scenario)
    for t in scenario.transmitters:
        path = folder / "fields" / f"{names[t]}.tif"
        try:
            with rasterio.open(path) as file:
                values = file.read(2, masked=True).filled(np.nan)
        except RasterioError as error:
            msg = f"{path}: cannot be read ({error}); run the scenario again"
            raise DttSimError(msg) from error
        if values.shape != grid.shape:
            msg = f"{path}: not on the scenario's grid; run the scenario again"
            raise DttSimError(msg)
        field = np.full(border.km.size, np.nan)
        field[border.inside] = values[row, col]
        fields.append(field)
    found = along_border(
        [(t.id, t.frequency_mhz) for t in scenario.transmitters], fields, border.km,
        [t.field_dbuv_m if t else float("nan") for t in triggers],
    )  # fmt: skip
    return border, found
