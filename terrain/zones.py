"""Land and sea, and the radio-climatic zones of Rec. ITU-R P.1812 that follow from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terrain.errors import MissingTerrainError, TerrainError
from terrain.grid import Grid
from terrain.ground import COASTAL, INLAND, SEA

COASTAL_DISTANCE_M = 50_000.0
COASTAL_HEIGHT_M = 100.0
MIN_SEA_KM2 = 20.0
"""Without land polygons, a smaller patch of zeros or of nodata is not taken for the sea."""
MAX_SHORE_M = 10.0
"""Nodata whose shore lies higher than this in the median is a void, not the sea."""


def read_vector(path: Path | str) -> tuple[NDArray[np.object_], Any, dict[str, NDArray[Any]]]:
    """Geometries (shapely), coordinate system and attribute columns of a vector file.

    Raises
    ------
    MissingTerrainError, TerrainError
        No such file; unreadable; empty; no coordinate system.
    """
    import pyogrio
    import shapely
    from pyogrio.errors import DataSourceError

    if not Path(path).exists():
        msg = f"{path}: no such file; check the path"
        raise MissingTerrainError(msg)
    try:
        meta, _, geometry, columns = pyogrio.raw.read(path)
    except DataSourceError as error:
        msg = f"{path}: not a vector file that GDAL can read; give GeoJSON, GeoPackage or Shapefile"
        raise TerrainError(msg) from error
    if geometry is None or len(geometry) == 0:
        msg = f"{path}: no features; give a file with at least one"
        raise TerrainError(msg)
    if not meta["crs"]:
        msg = f"{path}: no coordinate system; save the file with one"
        raise TerrainError(msg)
    shapes = shapely.make_valid(shapely.from_wkb(geometry))
    return shapes, meta["crs"], dict(zip(meta["fields"], columns, strict=True))


def shapes_on(path: Path | str, crs: str) -> NDArray[np.object_]:
    """Geometries of a vector file in another coordinate system."""
    import shapely

    from terrain.grid import transformer

    shapes, own, _ = read_vector(path)
    change = transformer(own, crs)
    return np.asarray(
        shapely.transform(shapes, lambda xy: np.column_stack(change.transform(*xy.T))), object
    )


def land_mask(path: Path | str, grid: Grid) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where land polygons say land, and where they say anything at all (their bounding box)."""
    import shapely
    from rasterio.features import rasterize

    shapes = shapes_on(path, grid.crs)
    land = rasterize(
        [(shape, 1) for shape in shapes], out_shape=grid.shape, transform=grid.affine, dtype="uint8"
    ).astype(bool)
    west, south, east, north = shapely.total_bounds(shapes)
    tolerance = 0.5 * grid.transform[0]
    known = (
        (grid.y[:, None] >= south - tolerance)
        & (grid.y[:, None] <= north + tolerance)
        & (grid.x >= west - tolerance)
        & (grid.x <= east + tolerance)
    )
    return land, known


def sea_from_patches(
    candidate: NDArray[np.bool_], height_m: NDArray[np.float32], grid: Grid, *, at_edge: bool
) -> NDArray[np.bool_]:
    """Those patches of candidate cells that are large and low-lying enough to be the sea.

    Parameters
    ----------
    candidate : (n_row, n_col) bool
    height_m : (n_row, n_col) float32
        NaN where unknown; the shore of a patch is judged by it.
    at_edge : bool
        Whether a patch must also touch the raster's edge (nodata inside the land is a void).
    """
    from scipy import ndimage

    labels, count = ndimage.label(candidate, structure=np.ones((3, 3), int))
    if count == 0:
        return np.zeros_like(candidate)
    north, east = grid.cell_size_m()
    area_km2 = np.bincount(labels.ravel(), minlength=count + 1) * (1e-6 * north * east)
    accepted = area_km2 >= MIN_SEA_KM2
    accepted[0] = False
    if at_edge:
        edge = np.zeros(count + 1, bool)
        for border in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
            edge[border] = True
        accepted &= edge
    grown = ndimage.grey_dilation(labels, size=(3, 3))
    shore = (labels == 0) & (grown > 0) & np.isfinite(height_m)
    if shore.any():
        heights = ndimage.median(height_m, np.where(shore, grown, 0), index=np.arange(count + 1))
        accepted &= ~(np.asarray(heights) > MAX_SHORE_M)
    return np.asarray(accepted[labels], bool)


def radio_climatic_zones(
    is_land: NDArray[np.bool_],
    is_sea: NDArray[np.bool_],
    height_m: NDArray[np.float32],
    grid: Grid,
) -> NDArray[np.uint8]:
    """Zone codes: sea; coastal land up to 100 m high within 50 km of the sea; inland.

    Distances use the cell size at each band of latitude's own middle. Neither land nor sea is 0.
    Rec. ITU-R P.1812, section 3.1 (zones A1, A2 and B).
    """
    from scipy import ndimage

    zone = np.zeros(grid.shape, np.uint8)
    zone[is_sea] = SEA
    near = np.zeros(grid.shape, bool)
    if is_sea.any():
        north, east = grid.cell_size_m()
        reach = int(np.ceil(COASTAL_DISTANCE_M / north)) + 1
        for top, bottom in _bands(grid):
            first, last = max(0, top - reach), min(grid.n_row, bottom + reach)
            east_m = _east_m(grid, 0.5 * (top + bottom), east)
            distance = (
                ndimage.distance_transform_edt(~is_sea[first:last], sampling=(north, east_m))
                if is_sea[first:last].any()
                else np.full((last - first, grid.n_col), np.inf)
            )
            near[top:bottom] = distance[top - first : bottom - first] <= COASTAL_DISTANCE_M
    low = height_m <= COASTAL_HEIGHT_M
    zone[is_land] = np.where((near & low)[is_land], COASTAL, INLAND)
    return zone


def _bands(grid: Grid) -> list[tuple[int, int]]:
    """Row ranges over which an east-west cell size varies by less than about half a per cent."""
    if not grid.is_geographic:
        return [(0, grid.n_row)]
    _, south, _, north = grid.bounds
    lat = max(abs(south), abs(north), 1.0)
    height_deg = min(5.0, max(0.25, 0.3 / np.tan(np.radians(lat))))
    rows = max(1, int(height_deg / -grid.transform[4]))
    return [(top, min(top + rows, grid.n_row)) for top in range(0, grid.n_row, rows)]


def _east_m(grid: Grid, row: float, at_centre_m: float) -> float:
    if not grid.is_geographic:
        return at_centre_m
    _, _, _, _, e, f = grid.transform
    middle = f + e * 0.5 * grid.n_row
    return at_centre_m * float(np.cos(np.radians(f + e * row)) / np.cos(np.radians(middle)))


def check_zone_codes(zone: NDArray[Any], path: Path | str) -> None:
    """Refuse a zone raster with codes other than 0, 1, 3 and 4."""
    codes = sorted(set(np.unique(zone).tolist()) - {0, SEA, COASTAL, INLAND})
    if codes:
        msg = f"{path}: zone codes {codes}; use 1 sea, 3 coastal land, 4 inland, 0 unknown"
        raise TerrainError(msg)
