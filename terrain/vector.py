"""Vector files: any geometries with their attributes, and land polygons as a mask of land and sea."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terrain.errors import MissingTerrainError, TerrainError
from terrain.grid import LONLAT, WGS84, Grid, horizontal_crs, transformer

LAND, LAKE, WATER, UNKNOWN = 1, 2, 0, -1
"""Values of a shore mask: what a source says of a cell. Water that is not the sea is a lake."""

LARGE_WATER_KM2 = 7854.0
"""Water enclosed by land counts as sea from a circle of 100 km diameter on (Rec. ITU-R P.1812)."""
_CUT_SHARE = 0.05
"""Share of a side of the bounding box along which straight edges mean that the map was cut there."""

Geometries = NDArray[np.object_]


def read_vector(
    path: Path | str, *, box: tuple[float, float, float, float] | None = None
) -> tuple[Geometries, Any, dict[str, NDArray[Any]]]:
    """Geometries (shapely), coordinate system and attribute columns of a vector file.

    Parameters
    ----------
    path : path
        GeoJSON, GeoPackage, Shapefile or whatever else GDAL reads.
    box : (west, south, east, north), optional
        Only features that touch it, in the file's own coordinates.

    Raises
    ------
    MissingTerrainError, TerrainError
        No such file; unreadable; empty; no coordinate system.
    """
    import pyogrio
    import shapely
    from pyogrio.errors import DataLayerError, DataSourceError

    if not str(path).startswith("/vsi") and not Path(path).exists():
        msg = f"{path}: no such file; check the path"
        raise MissingTerrainError(msg)
    try:
        meta, _, geometry, columns = pyogrio.raw.read(path, bbox=box)
    except (DataSourceError, DataLayerError) as error:
        msg = f"{path}: not a vector file that GDAL can read; give GeoJSON, GeoPackage or Shapefile"
        raise TerrainError(msg) from error
    if not meta["crs"]:
        msg = f"{path}: no coordinate system; save the file with one"
        raise TerrainError(msg)
    if box is None and (geometry is None or all(shape is None for shape in geometry)):
        msg = f"{path}: no features; give a file with at least one"
        raise TerrainError(msg)
    if geometry is None:
        geometry = np.empty(0, object)
    shapes = shapely.make_valid(shapely.from_wkb(geometry))
    return shapes, meta["crs"], dict(zip(meta["fields"], columns, strict=True))


def shapes_on(path: Path | str, crs: str) -> Geometries:
    """Geometries of a vector file in another coordinate system."""
    shapes, own, _ = read_vector(path)
    return transformed(shapes, own, crs)


def transformed(shapes: Geometries, own: str, crs: str) -> Geometries:
    """Geometries in another coordinate system."""
    import shapely

    if horizontal_crs(own).equals(horizontal_crs(crs), ignore_axis_order=True):
        return shapes
    change = transformer(own, crs)
    return np.asarray(
        shapely.transform(shapes, lambda xy: np.column_stack(change.transform(*xy.T))), object
    )


def shore_mask(path: Path | str, grid: Grid) -> tuple[NDArray[np.int8], str]:
    """What land polygons say of every cell: LAND, LAKE, WATER, or UNKNOWN beyond their cut.

    A cell is land if its centre lies in a polygon. Only water as large as a circle of 100 km
    diameter, or connected with such, or going on beyond the grid, is sea; the rest is lakes.
    Polygons that a straight side cuts off at the edge of their map say nothing of what lies beyond
    that side.

    Parameters
    ----------
    path : path
        Vector file of land polygons.
    grid : Grid

    Returns
    -------
    mask : (n_row, n_col) int8
    cut : str
        Where the map was cut off; empty where it was not.

    Raises
    ------
    TerrainError
        Unreadable or empty file, no coordinate system, no polygons, or polygons elsewhere.
    """
    shapes, crs, total = _read_land(path, grid)
    cut = _cut_sides(shapes, total)
    mask = np.where(_burn(_without_lakes(shapes, crs), crs, grid), LAKE, WATER).astype(np.int8)
    mask[_burn(shapes, crs, grid)] = LAND
    if any(cut):
        mask[~_known_box(grid, crs, total, cut)] = UNKNOWN
    mask[_enclosed(mask == WATER, grid)] = LAKE
    names = zip(("west", "south", "east", "north"), total, cut, strict=True)
    return mask, " and ".join(f"{name} of {value:.6g}" for name, value, is_cut in names if is_cut)


def _enclosed(water: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
    """Water too small for the sea that does not go on beyond the grid.

    A lake that straddles the cut is no hole of its polygon any more, but a notch in it.
    """
    from scipy import ndimage

    label, count = ndimage.label(water, structure=np.ones((3, 3), int))
    north, east = grid.cell_size_m()
    area_km2 = np.bincount(label.ravel(), minlength=count + 1) * (1e-6 * north * east)
    small = area_km2 < LARGE_WATER_KM2
    small[np.concatenate([label[0], label[-1], label[:, 0], label[:, -1]])] = False
    small[0] = False
    return np.asarray(small[label], bool)


def _read_land(path: Path | str, grid: Grid) -> tuple[Geometries, str, NDArray[np.float64]]:
    """Polygons near the grid, their coordinate system and the bounds of all in the file."""
    import pyogrio
    import shapely

    shapes, crs, _ = read_vector(path)
    shapes = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
    if not np.isin(shapely.get_type_id(shapes), (3, 6, 7)).all() or shapes.size == 0:
        msg = f"{path}: land must be polygons; this file holds other geometries"
        raise TerrainError(msg)
    total = np.asarray(pyogrio.read_info(path, force_total_bounds=True)["total_bounds"], np.float64)
    west, south, east, north = _bounds_in(grid, crs)
    if total[0] > east or total[2] < west or total[1] > north or total[3] < south:
        msg = (
            f"{path}: the land polygons ({', '.join(f'{v:.6g}' for v in total)}) lie elsewhere than "
            f"the elevation ({west:.6g}, {south:.6g}, {east:.6g}, {north:.6g}); check the "
            "coordinate system and the order of latitude and longitude"
        )
        raise TerrainError(msg)
    return shapes[shapely.intersects(shapes, shapely.box(west, south, east, north))], crs, total


def _bounds_in(grid: Grid, crs: str) -> tuple[float, float, float, float]:
    west, south, east, north = transformer(grid.crs, crs).transform_bounds(
        *grid.bounds, densify_pts=21
    )
    if horizontal_crs(crs).is_geographic and grid.is_geographic:
        west, east = grid.bounds[0], grid.bounds[2]
    return west, south, (east + 360.0 if east < west else east), north


def _without_lakes(shapes: Geometries, crs: str) -> Geometries:
    """Polygons without their holes, save those large enough to be sea."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(shapes))
    parts = parts[shapely.get_type_id(parts) == 3]
    rings = shapely.get_num_interior_rings(parts)
    change = transformer(crs, LONLAT)

    def is_sea(ring: Any) -> bool:
        lon, lat = change.transform(*shapely.get_coordinates(ring).T)
        return abs(WGS84.polygon_area_perimeter(lon, lat)[0]) >= 1e6 * LARGE_WATER_KM2

    for k in np.flatnonzero(rings):
        polygon = parts[k]
        parts[k] = shapely.Polygon(polygon.exterior, [r for r in polygon.interiors if is_sea(r)])
    return np.asarray(parts, object)


def _burn(shapes: Geometries, crs: str, grid: Grid) -> NDArray[np.bool_]:
    from rasterio.features import rasterize

    if shapes.size == 0:
        return np.zeros(grid.shape, bool)
    burnt = rasterize(
        [(shape, 1) for shape in transformed(shapes, crs, grid.crs)],
        out_shape=grid.shape,
        transform=grid.affine,
        dtype="uint8",
    )
    return np.asarray(burnt, bool)


def _cut_sides(shapes: Geometries, total: NDArray[np.float64]) -> tuple[bool, bool, bool, bool]:
    """Whether the map of these polygons ends at its west, south, east and north bounds.

    There a straight edge runs along the bounding box. A polygon that is nothing but a box was
    drawn so.
    """
    import shapely

    extent = total[2:] - total[:2]
    length = np.zeros(4)
    for ring in shapely.get_exterior_ring(shapely.get_parts(shapely.get_parts(shapes))):
        if ring is None:
            continue
        xy = shapely.get_coordinates(ring)
        if len(xy) <= 5:
            continue
        a, b = xy[:-1], xy[1:]
        for side in range(4):
            axis = side % 2
            on = (np.abs(a[:, axis] - total[side]) < 1e-9 * extent[axis]) & (
                np.abs(b[:, axis] - total[side]) < 1e-9 * extent[axis]
            )
            length[side] += np.abs(b[on, 1 - axis] - a[on, 1 - axis]).sum()
    cut = length > _CUT_SHARE * extent[[1, 0, 1, 0]]
    return bool(cut[0]), bool(cut[1]), bool(cut[2]), bool(cut[3])


def _known_box(
    grid: Grid, crs: str, total: NDArray[np.float64], cut: tuple[bool, bool, bool, bool]
) -> NDArray[np.bool_]:
    """Cells on the near side of every side where the map was cut."""
    import shapely

    own = np.array(_bounds_in(grid, crs))
    margin = 0.1 * (own[2:] - own[:2])
    reach = np.concatenate(
        [np.minimum(own, total)[:2] - margin, np.maximum(own, total)[2:] + margin]
    )
    west, south, east, north = np.where(cut, total, reach)
    box = shapely.segmentize(
        shapely.box(west, south, east, north), (east - west + north - south) / 400
    )
    return _burn(np.array([box], object), crs, grid)
