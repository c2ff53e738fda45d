"""Administrative units from any vector file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from terrain.errors import TerrainError
from terrain.grid import Float64Array

_NAME_COLUMNS = ("name", "ten", "ten_huyen", "name_2", "name_1", "shapename", "name_vi", "unit")
_SLIVER = 0.01
"""Share of the smaller unit below which an overlap is taken for inexact borders."""


@dataclass(frozen=True, eq=False)
class Units:
    """Named administrative units as polygons, in longitude and latitude.

    Attributes
    ----------
    names : tuple of str
        Distinct; a repeated name carries a number.
    shapes : (n_unit,) shapely geometries
    notes : tuple of str
    """

    names: tuple[str, ...]
    shapes: NDArray[np.object_]
    notes: tuple[str, ...] = ()

    def locate(self, lon_deg: Float64Array, lat_deg: Float64Array) -> NDArray[np.int64]:
        """Index of the unit that holds each point, -1 for none; the first of overlapping units."""
        import shapely

        shapely.prepare(self.shapes)
        order = np.argsort(lat_deg, axis=None)
        lon, lat = lon_deg.ravel()[order], lat_deg.ravel()[order]
        sorted_found = np.full(lon.size, -1, np.int64)
        for k in range(len(self.names) - 1, -1, -1):  # the first is written last
            west, south, east, north = shapely.bounds(self.shapes[k])
            band = slice(np.searchsorted(lat, south), np.searchsorted(lat, north, side="right"))
            near = band.start + np.flatnonzero((lon[band] >= west) & (lon[band] <= east))
            sorted_found[near[shapely.intersects_xy(self.shapes[k], lon[near], lat[near])]] = k
        found = np.empty_like(sorted_found)
        found[order] = sorted_found
        return found.reshape(lon_deg.shape)


def read_units(path: Path | str, *, name: str | None = None) -> Units:
    """Read units from a GeoJSON, GeoPackage or Shapefile of polygons.

    Parameters
    ----------
    path : path
    name : str, optional
        Attribute that names a unit; found among the usual ones where not given.

    Raises
    ------
    TerrainError
        Unreadable file, no polygons, no such attribute.
    """
    import shapely

    from terrain.vector import read_vector, shapes_on

    _, _, columns = read_vector(path)
    shapes = shapes_on(path, "EPSG:4326")
    by_lower = {column.lower(): column for column in columns}
    if name is None:
        usual = (by_lower[n] for n in _NAME_COLUMNS if n in by_lower)
        name = next(usual, next(iter(columns), None))
    if name is None or name not in columns:
        msg = f"{path}: no attribute {name!r}; it has {', '.join(columns) or 'none'}"
        raise TerrainError(msg)
    if not np.isin(shapely.get_type_id(shapes), (3, 6, 7)).all():
        msg = f"{path}: units must be polygons here; give points as a population table instead"
        raise TerrainError(msg)
    names = [str(value) for value in columns[name]]
    repeated = {text for text, count in Counter(names).items() if count > 1}
    seen: Counter[str] = Counter()
    for i, text in enumerate(names):
        if text in repeated:
            seen[text] += 1
            names[i] = f"{text} ({seen[text]})"
    notes = [f"Repeated unit names were numbered: {', '.join(sorted(repeated))}."] * bool(repeated)
    notes += _repairs(path, names) + _overlaps(shapes, names)
    return Units(tuple(names), shapes, tuple(notes))


def _repairs(path: Path | str, names: list[str]) -> list[str]:
    import pyogrio
    import shapely

    _, _, geometry, _ = pyogrio.raw.read(path, columns=[])
    broken = np.flatnonzero(~shapely.is_valid(shapely.from_wkb(geometry)))
    if not broken.size:
        return []
    return [f"Outlines that cross themselves were repaired: {_list(names, broken)}."]


def _overlaps(shapes: NDArray[np.object_], names: list[str]) -> list[str]:
    """Say where units overlap by more than the slivers of two digitised borders."""
    import shapely

    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    common = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    smaller = np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    hidden = second[common > _SLIVER * smaller]
    if not hidden.size:
        return []
    return [f"Units overlap; the first in the file holds: {_list(names, np.unique(hidden))} lose."]


def _list(names: list[str], index: NDArray[np.int64]) -> str:
    more = f" and {index.size - 5} more" if index.size > 5 else ""
    return ", ".join(names[i] for i in index[:5]) + more
