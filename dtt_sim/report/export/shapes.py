"""Rasters as shapes: dissolved polygons of masks, and contours, in the coordinates of the grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.typing import BoolArray, Float64Array
from terrain.grid import Grid

if TYPE_CHECKING:
    from shapely import MultiLineString, MultiPolygon


def polygons(mask: BoolArray, grid: Grid) -> MultiPolygon:
    """The cells of a mask as one valid multipolygon, along the edges of cells.

    Cells that meet at a corner alone are parts of their own: a ring that crosses itself there would
    not be valid.
    """
    import shapely
    from rasterio.features import shapes

    parts = [
        shapely.geometry.shape(part)
        for part, _ in shapes(
            mask.astype(np.uint8), mask=mask, connectivity=4, transform=grid.affine
        )
    ]
    return as_multipolygon(parts)


def as_multipolygon(parts: Sequence[Any]) -> MultiPolygon:
    """One valid multipolygon of polygons that do not overlap."""
    import shapely

    found = shapely.MultiPolygon([p for p in parts if not p.is_empty])
    if found.is_valid:
        return found
    mended = shapely.make_valid(shapely.union_all(list(parts)))
    areas = [g for g in shapely.get_parts(mended) if g.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.MultiPolygon([p for g in areas for p in shapely.get_parts(g)])


def contours(
    values: Float64Array, grid: Grid, levels: Sequence[float]
) -> list[tuple[float, MultiLineString]]:
    """Contours between the centres of cells, for every level that occurs; NaN breaks them."""
    import shapely
    from contourpy import LineType, contour_generator

    if min(values.shape) < 2:
        return []
    generator = contour_generator(
        grid.x, grid.y, np.ma.masked_invalid(values.astype(np.float64)),
        line_type=LineType.Separate,
    )  # fmt: skip
    found = []
    for level in levels:
        found_lines: list[Any] = list(generator.lines(level))
        lines = [line for line in found_lines if len(line) > 1]
        if lines:
            found.append((level, shapely.MultiLineString(lines)))
    return found


def cell_hull(cells: Any, grid: Grid) -> MultiPolygon:
    """Convex hull of cells, by their flat positions."""
    import shapely

    rows, cols = np.divmod(np.unique(cells), grid.n_col)
    a, _, c, _, e, f = grid.transform
    corners = [
        np.column_stack([c + a * (cols + i), f + e * (rows + j)]) for i in (0, 1) for j in (0, 1)
    ]
    hull: Any = shapely.MultiPoint(np.vstack(corners)).convex_hull
    return shapely.MultiPolygon([hull])
