"""Water in an elevation raster, and the radio-climatic zones of Rec. ITU-R P.1812."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from terrain._jit import driver
from terrain.errors import TerrainError
from terrain.grid import MAX_ABS_LATITUDE_DEG, WGS84, Float64Array, Grid
from terrain.ground import COASTAL, INLAND, SEA

BoolArray = NDArray[np.bool_]

COASTAL_DISTANCE_M: Final = 50_000.0
COASTAL_HEIGHT_M: Final = 100.0
MIN_SEA_KM2: Final = 20.0
"""Without land polygons, a smaller patch of zeros or of nodata is not taken for the sea."""
MIN_SEA_SHARE: Final = 0.1
"""... unless it is this share of the raster."""
MAX_SHORE_M: Final = 10.0
"""Nodata whose shore lies higher than this in the median is a void, not the sea."""
LOWEST_LAND_M: Final = -450.0
"""Below the shore of the Dead Sea there is no land."""
POLDER_KM2: Final = 5.0
"""A patch below the sea as large as this, next to the sea, is land and not noise ..."""
POLDER_CELLS: Final = 100
"""... if it has as many cells, and lies in the median"""
POLDER_M: Final = -1.5
"""below this height."""

_ROWS_AT_ONCE: Final = 256
_EIGHT: Final = np.ones((3, 3), int)


class Patches:
    """Connected patches of cells (eight neighbours), and what is known of each.

    Parameters
    ----------
    cells : (n_row, n_col) bool
    grid : Grid

    Attributes
    ----------
    label : (n_row, n_col) int32
        0 elsewhere, patches from 1.
    area_km2 : (n_patch + 1,) float64
        At the cell size of the grid's centre [km²]; of the rest of the raster at 0.
    """

    def __init__(self, cells: BoolArray, grid: Grid) -> None:
        from scipy import ndimage

        self.label, self.count = ndimage.label(cells, structure=_EIGHT)
        north, east = grid.cell_size_m()
        self.n_cell = _count(self.label, self.count)
        self.area_km2 = self.n_cell * (1e-6 * north * east)

    def select(self, chosen: BoolArray) -> BoolArray:
        """Cells of the patches that are chosen, `(n_patch + 1,)` in."""
        chosen = chosen.copy()
        chosen[0] = False
        cells = np.empty(self.label.shape, bool)
        for rows in _row_blocks(self.label):  # an index by int32 is copied to one by int64
            cells[rows] = chosen[self.label[rows]]
        return cells

    @property
    def is_large(self) -> BoolArray:
        """Whether a patch is large enough to be the sea."""
        share = self.n_cell / self.label.size
        return np.asarray((self.area_km2 >= MIN_SEA_KM2) | (share >= MIN_SEA_SHARE), bool)

    @property
    def at_edge(self) -> BoolArray:
        """Whether a patch touches the raster's edge."""
        label = self.label
        return self._touched(np.concatenate([label[0], label[-1], label[:, 0], label[:, -1]]))

    def touching(self, cells: BoolArray) -> BoolArray:
        """Whether a patch has one of these cells or a neighbour of one."""
        from scipy import ndimage

        return self._touched(self.label[ndimage.binary_dilation(cells, _EIGHT)])

    def _touched(self, labels: NDArray[Any]) -> BoolArray:
        found = np.zeros(self.count + 1, bool)
        found[labels] = True
        return found

    def shore_m(self, height_m: NDArray[np.float32]) -> Float64Array:
        """Median height of the measured cells round each patch [m]; NaN where there are none."""
        from scipy import ndimage

        grown = ndimage.grey_dilation(self.label, size=(3, 3))
        shore = (self.label == 0) & (grown > 0) & np.isfinite(height_m)
        return self._median(height_m[shore], grown[shore])

    def share(self, cells: BoolArray) -> Float64Array:
        """Share of each patch that these cells are."""
        return np.asarray(
            _count(self.label, self.count, cells) / np.maximum(self.n_cell, 1), np.float64
        )

    def _median(self, values: NDArray[Any], label: NDArray[Any]) -> Float64Array:
        from scipy import ndimage

        out = np.full(self.count + 1, np.nan)
        present = np.unique(label)
        if present.size:
            out[present] = ndimage.median(values, label, index=present)
        return out


def _row_blocks(array: NDArray[Any]) -> Iterator[slice]:
    for top in range(0, array.shape[0], _ROWS_AT_ONCE):
        yield slice(top, top + _ROWS_AT_ONCE)


def _count(
    label: NDArray[np.int32], count: int, cells: BoolArray | None = None
) -> NDArray[np.int64]:
    """Cells of each patch, or those of some cells; by rows, as bincount makes wide copies."""
    total = np.zeros(count + 1, np.int64)
    for rows in _row_blocks(label):
        part = label[rows].ravel() if cells is None else label[rows][cells[rows]]
        total += np.bincount(part, minlength=count + 1)
    return total


def sea_in_nodata(
    missing: BoolArray, height_m: NDArray[np.float32], grid: Grid, *, any_shore: bool = False
) -> BoolArray:
    """Nodata that is the sea: large patches, at the raster's edge, with a low shore.

    What is small, enclosed by land or (unless `any_shore`) lies between hills is a void.
    """
    patches = Patches(missing, grid)
    low = ~(patches.shore_m(height_m) > MAX_SHORE_M) | any_shore
    return patches.select(patches.is_large & patches.at_edge & low)


def sea_in_heights(height_m: NDArray[np.float32], grid: Grid) -> BoolArray:
    """Measured cells that are the sea: large patches at exactly 0 m, with their noise.

    A patch of cells at or below 0 m counts if most of it is exactly 0, or if it lies so deep that
    it can only be the sea floor. Within it, a large area well below 0 m is land behind a dyke.
    Other ground below 0 m stays land: whether it is a polder or a shallow sea floor, heights alone
    cannot tell.
    """
    with np.errstate(invalid="ignore"):
        flat = Patches(height_m <= 0.0, grid)
        calm = flat.select(flat.is_large & (flat.share(height_m == 0.0) >= 0.5))
        # More than half below a height: so is the median, and nothing needs sorting.
        deep = flat.select(flat.is_large & (flat.share(height_m < LOWEST_LAND_M) > 0.5))
        del flat  # four bytes a cell, before the next such takes as many
        below = Patches(calm & (height_m < 0.0), grid)
        low = below.share(height_m <= POLDER_M) >= 0.5
    polder = (below.area_km2 >= POLDER_KM2) & (below.n_cell >= POLDER_CELLS) & low
    return np.asarray((calm & ~below.select(polder)) | deep, bool)


def padded(grid: Grid, reach_m: float) -> tuple[Grid, tuple[slice, slice]]:
    """A larger grid on the same lattice, and where the first one lies in it.

    Longitudes stop short of a whole turn and latitudes of the poles.
    """
    north, east = grid.cell_size_m()
    edge_m = float(_row_metrics(grid)[1].min())  # a cell is narrowest on the row nearest a pole
    rows, cols = math.ceil(reach_m / north), math.ceil(reach_m / min(east, edge_m))
    a, _, c, _, e, f = grid.transform
    above = below = rows
    if grid.is_geographic:
        above = max(0, min(rows, math.floor((MAX_ABS_LATITUDE_DEG - f) / -e)))
        below = max(0, min(rows, math.floor((grid.bounds[1] + MAX_ABS_LATITUDE_DEG) / -e)))
        cols = max(0, min(cols, math.floor(0.5 * (360.0 / a - grid.n_col))))
    shape = grid.n_row + above + below, grid.n_col + 2 * cols
    larger = Grid(grid.crs, (a, 0.0, c - cols * a, 0.0, e, f - above * e), shape)
    return larger, np.s_[above : above + grid.n_row, cols : cols + grid.n_col]


def radio_climatic_zones(
    is_land: BoolArray,
    is_sea: BoolArray,
    height_m: NDArray[np.float32],
    grid: Grid,
    *,
    near_sea: BoolArray | None = None,
) -> NDArray[np.uint8]:
    """Zone codes: sea; coastal land up to 100 m high within 50 km of the sea; inland.

    Neither land nor sea is 0.

    Parameters
    ----------
    is_land, is_sea : (n_row, n_col) bool
    height_m : (n_row, n_col) float32
    near_sea : (n_row, n_col) bool, optional
        Within 50 km of the sea, where that is known from beyond the raster too.

    Notes
    -----
    Rec. ITU-R P.1812, section 3.1 (zones A1, A2 and B).
    """
    if near_sea is None:
        near_sea = within(is_sea, grid, COASTAL_DISTANCE_M)
    zone = np.zeros(grid.shape, np.uint8)
    zone[is_sea] = SEA
    coastal = near_sea & (height_m <= COASTAL_HEIGHT_M)
    zone[is_land] = np.where(coastal[is_land], np.uint8(COASTAL), np.uint8(INLAND))
    return zone


def within(cells: BoolArray, grid: Grid, limit_m: float) -> BoolArray:
    """Whether each cell's centre lies within a distance of one of the given cells' centres.

    True metres: row spacing and cell width are taken row by row along the middle column, so that
    cells that narrow towards a pole (or widen, on a Mercator map) are measured as they are.
    """
    along_m, east_m = _row_metrics(grid)
    out = np.zeros(grid.shape, bool)
    scratch = np.empty(grid.n_col, np.int64), np.empty(grid.n_col + 1, np.int64)
    source = np.ascontiguousarray(cells)
    _mark_within(source, along_m, east_m, limit_m, 1, *scratch, out)
    _mark_within(source, along_m, east_m, limit_m, -1, *scratch, out)
    return out


def _row_metrics(grid: Grid) -> tuple[Float64Array, Float64Array]:
    """Distance of each row from the first along the middle column, and cell widths [m]."""
    rows = np.arange(grid.n_row, dtype=np.float64)
    middle = np.full(grid.n_row, 0.5 * (grid.n_col - 1))
    west = grid.lonlat_of_index(rows, middle - 0.5)
    east = grid.lonlat_of_index(rows, middle + 0.5)
    lon, lat = grid.lonlat_of_index(rows, middle)
    _, _, east_m = WGS84.inv(*west, *east)
    _, _, step_m = WGS84.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    return np.concatenate([[0.0], np.cumsum(step_m)]), np.asarray(east_m, np.float64)


@driver
def _mark_within(
    cells: BoolArray,
    along_m: Float64Array,
    east_m: Float64Array,
    limit_m: float,
    direction: int,
    last: NDArray[np.int64],
    edges: NDArray[np.int64],
    out: BoolArray,
) -> None:
    """One sweep over the rows: mark what the nearest given cell above (or below) reaches.

    In every column only the nearest given cell on this side counts. On the row at hand it reaches
    an interval of columns, half as wide as a chord of the circle; the union of the intervals is
    taken by counting their ends.
    """
    n_row, n_col = cells.shape
    last[:] = -1
    for step in range(n_row):
        r = step if direction > 0 else n_row - 1 - step
        edges[:] = 0
        for c in range(n_col):
            if cells[r, c]:
                last[c] = r
            if last[c] < 0:
                continue
            away_m = abs(along_m[r] - along_m[last[c]])
            if away_m > limit_m:
                continue
            width_m = 0.5 * (east_m[r] + east_m[last[c]])
            half = int(math.sqrt(limit_m * limit_m - away_m * away_m) / width_m)
            edges[max(c - half, 0)] += 1
            edges[min(c + half + 1, n_col)] -= 1
        depth = 0
        for c in range(n_col):
            depth += edges[c]
            if depth > 0:
                out[r, c] = True


def check_zone_codes(zone: NDArray[Any], path: Path | str) -> None:
    """Refuse a zone raster with codes other than 0 (or nothing), 1, 3 and 4."""
    codes, counts = np.unique(zone, return_counts=True)
    wrong = [
        f"{code} ({count} cells)"
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
        if code not in {-1, 0, SEA, COASTAL, INLAND}
    ]
    if wrong:
        msg = (
            f"{path}: zone codes {', '.join(wrong)}; use 1 sea, 3 coastal land, 4 inland, 0 unknown"
        )
        raise TerrainError(msg)
