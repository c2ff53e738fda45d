"""Voids filled from the heights round them: only when asked for, and never without saying so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from terrain.errors import TerrainError
from terrain.grid import Grid
from terrain.zones import Patches

BoolArray = NDArray[np.bool_]

FillVoids = Literal["none", "interpolate"]
MAX_FILL_KM2: Final = 1.0
"""By default a larger void stays: what lies in it is anyone's guess."""
_BAND_ROWS = 1024
"""Patches that begin in so many rows are filled together: temporary arrays stay small."""


@dataclass(frozen=True, eq=False)
class Filled:
    """What was filled.

    Attributes
    ----------
    cells : (n_row, n_col) bool
        Cells whose height is interpolated.
    method : {"none", "interpolate"}
    max_km2 : float
        Largest void that was to be filled [km²].
    """

    cells: BoolArray
    method: FillVoids
    max_km2: float


def fill_voids(
    height_m: NDArray[np.float32], voids: BoolArray, grid: Grid, max_km2: float = MAX_FILL_KM2
) -> BoolArray:
    """Fill small voids in place; returns the cells that got a height.

    Each cell of a void takes the mean of the nearest known heights in all directions, weighted by
    1/distance (GDAL's fillnodata, unsmoothed): never above the highest nor below the lowest of them.

    Parameters
    ----------
    height_m : (n_row, n_col) float32
        NaN where unknown [m]. Written.
    voids : (n_row, n_col) bool
        Unknown cells that may be filled; cells that no file covers are not among them.
    grid : Grid
    max_km2 : float
        Larger connected voids (eight neighbours) stay as they are [km²].

    Raises
    ------
    TerrainError
        A size that is none.
    """
    from rasterio.fill import fillnodata

    if not 0.0 < max_km2 < math.inf:
        msg = f"fill_voids_max_km2 = {max_km2}; give the largest void to fill, above 0 km²"
        raise TerrainError(msg)
    filled = np.zeros(grid.shape, bool)
    if not voids.any():
        return filled
    patches = Patches(voids, grid)
    # Nothing is drawn out over a gap that no file covers: a void has a shore of its own.
    chosen = (patches.area_km2 <= max_km2) & patches.touching(np.isfinite(height_m))
    boxes = ndimage.find_objects(patches.label)
    first = np.array([box[0].start for box in boxes])
    last = np.array([box[0].stop for box in boxes])
    sides = [part.stop - part.start for box in boxes for part in box]
    extent = np.array(sides).reshape(-1, 2).max(axis=1)
    # No farther than across the largest of them, or GDAL would search the voids that stay as well.
    reach = float(extent[chosen[1:]].max(initial=0)) + 2.0
    for top in range(0, grid.n_row, _BAND_ROWS):
        mine = np.flatnonzero(chosen[1:] & (first >= top) & (first < top + _BAND_ROWS))
        if not mine.size:
            continue
        # One row more on both sides: a patch ends where its known neighbours begin.
        rows = slice(max(0, top - 1), min(grid.n_row, int(last[mine].max()) + 1))
        wanted = np.isin(patches.label[rows], mine + 1)
        known = np.isfinite(height_m[rows])
        part = np.where(known, height_m[rows], np.float32(0.0))
        part = fillnodata(part, known.astype(np.uint8), max_search_distance=reach)
        height_m[rows][wanted] = part[wanted]
        filled[rows] |= wanted
    return filled
