"""Where cells of a run lie on a Web map: which cell every pixel of the picture shows."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from terrain.grid import Grid

NOWHERE: Final = 65535
MOST_CELLS: Final = 400_000
"""Cells of a layer in a page; of more, every second or third is shown."""


class Placement(NamedTuple):
    """A picture in Web Mercator, and the cells that its pixels show.

    Attributes
    ----------
    bounds_deg : ((south, west), (north, east))
        Outer edges of the picture.
    row, col : (height, width) uint16
        Of the thinned grid; `NOWHERE` outside.
    step : int
        Every how many cells of the run are shown.
    shape : (int, int)
        Of the thinned grid.
    """

    bounds_deg: tuple[tuple[float, float], tuple[float, float]]
    row: NDArray[np.uint16]
    col: NDArray[np.uint16]
    step: int
    shape: tuple[int, int]

    def thin(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Cells of a raster of the run that the page shows."""
        start = self.step // 2
        return values[start :: self.step, start :: self.step]


def place(grid: Grid) -> Placement:
    """Place a grid of any coordinate system on a Web map; pixels take the cell that they lie in."""
    step = thinning(grid.shape)
    west, south, east, north = grid.bounds_lonlat()
    low, high = _mercator(south), _mercator(north)
    # Two pixels a cell each way; the map stretches the picture to its corners.
    height, width = (max(2, 2 * n // step) for n in grid.shape)
    lon = west + (np.arange(width) + 0.5) * (east - west) / width
    # Rows of the picture are evenly spaced in Mercator, not in latitude.
    y = high - (np.arange(height) + 0.5) * (high - low) / height
    lat = np.degrees(np.arctan(np.sinh(y)))
    row_f, col_f = grid.fractional_index(*np.meshgrid(lon, lat))
    shape = tuple(len(range(step // 2, n, step)) for n in grid.shape)
    # A fractional index is whole at the centre of a cell.
    inside = np.isfinite(row_f) & np.isfinite(col_f)
    inside &= (row_f >= -0.5) & (row_f < grid.n_row - 0.5)
    inside &= (col_f >= -0.5) & (col_f < grid.n_col - 0.5)
    row, col = (
        np.where(inside, np.minimum(np.where(inside, v + 0.5, 0) // step, n - 1), NOWHERE)
        for v, n in ((row_f, shape[0]), (col_f, shape[1]))
    )
    bounds = ((south, west), (north, east))
    return Placement(
        bounds, row.astype(np.uint16), col.astype(np.uint16), step, (shape[0], shape[1])
    )


def _mercator(lat_deg: float) -> float:
    """Northing of a latitude in Web Mercator, for a sphere of radius 1."""
    return math.asinh(math.tan(math.radians(lat_deg)))


def thinning(shape: tuple[int, int]) -> int:
    """Every how many cells a page shows."""
    return max(1, math.ceil(math.sqrt(shape[0] * shape[1] / MOST_CELLS)))
