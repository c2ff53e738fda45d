"""The ground warped into the plane round a point, in sectors of range by cross range.

Every path from the point to the rim crosses the same few nodes of a sector at each range, so that
work along paths can be shared. A node's ground is what :mod:`terrain.profile` reads there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terrain._jit import driver, kernel
from terrain.errors import TerrainError
from terrain.grid import Box, Float64Array, Grid
from terrain.ground import EDGE, OUTSIDE, Ground, bilinear, interpolate
from terrain.local import Lattice, LocalFrame, collapse, cubic, raster_lattice
from terrain.profile import STATUS_OK, gap
from terrain.threads import in_threads

EAST, NORTH, WEST, SOUTH = 0, 1, 2, 3
"""Quadrants. The cross axis points north in east and west, east in north and south."""

_COLUMNS = 16  # of a block: in east and west they share the raster's cache lines
_ROWS = 128  # of a tile
_EDGE_POINTS = 65  # of each side of a sector, when its box is wanted


@dataclass(frozen=True, eq=False)
class Sector:
    """Ground of wedges k0 to k1 of a quadrant, on nodes `cell_m` apart.

    Node (i, j) lies i cells along the range axis and j along the cross axis. Wedge k holds the
    slopes k / q <= j / i < (k + 1) / q and needs rows floor(i k / q) and the two that follow.

    Attributes
    ----------
    quadrant : int
        0 east, 1 north, 2 west, 3 south.
    q : int
        Columns from the centre to the rim of the whole disc.
    k0, k1 : int
        Wedges k0 <= k < k1.
    n_col : int
        Last column; columns 0 to `n_col`, both included.
    cell_m : float
        Distance between nodes [m].
    first_row : (n_col + 1,) int32
        Lowest row of every column.
    offset : (n_col + 2,) int64
        Place of every column's lowest row; the last is the number of nodes. Node (i, j) is at
        ``offset[i] + j - first_row[i]``.
    height_m : (n_node,) float32
        Bilinear height above sea level [m]; NaN where void or outside the data.
    clutter_m : (n_node,) or (0,) float32
        Clutter height of the nearest cell [m], 0 in a gap. Empty where the ground has none at all.
    zone : (n_node,) uint8
        1 sea, 3 coastal land, 4 inland: nearest cell; in a gap 0 void, 9 outside the data.
    """

    quadrant: int
    q: int
    k0: int
    k1: int
    n_col: int
    cell_m: float
    first_row: NDArray[np.int32]
    offset: NDArray[np.int64]
    height_m: NDArray[np.float32]
    clutter_m: NDArray[np.float32]
    zone: NDArray[np.uint8]

    @property
    def nbytes(self) -> int:
        """Memory of the arrays [byte]."""
        arrays = self.first_row, self.offset, self.height_m, self.clutter_m, self.zone
        return sum(array.nbytes for array in arrays)


def sector_bytes(*, q: int, k0: int, k1: int, n_col: int, clutter: bool) -> int:
    """Memory that a sector takes [byte], before it is made."""
    first_row, offset = _layout(q, k0, k1, n_col)
    return int(offset[-1]) * (9 if clutter else 5) + first_row.nbytes + offset.nbytes


def sector_box(
    frame: LocalFrame, *, quadrant: int, q: int, k0: int, k1: int, n_col: int, cell_m: float
) -> Box:
    """West, south, east, north [deg] of a sector's nodes, with two cells round them.

    East above 180 degrees across the antimeridian.
    """
    i = np.linspace(0.0, n_col + 2.0, _EDGE_POINTS)
    low, high = i * k0 / q - 2.0, i * k1 / q + 2.0
    rim = np.linspace(low[-1], high[-1], _EDGE_POINTS)
    along = np.concatenate([i, i, np.full(_EDGE_POINTS, i[-1]), [-2.0, -2.0]])
    across = np.concatenate([low, high, rim, [-2.0, 2.0]])
    lon, lat = frame.to_lonlat(*local_of_node(quadrant, along, across, cell_m))
    lon = frame.lon_deg + np.mod(lon - frame.lon_deg + 180.0, 360.0) - 180.0
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def local_of_node(
    quadrant: int, i: Float64Array, j: Float64Array, cell_m: float
) -> tuple[Float64Array, Float64Array]:
    """East and north [m] of nodes of a quadrant."""
    along, across = np.asarray(i) * cell_m, np.asarray(j) * cell_m
    if quadrant in {WEST, SOUTH}:
        along = -along
    return (along, across) if quadrant in {EAST, WEST} else (across, along)


def warp_sector(
    ground: Ground,
    frame: LocalFrame,
    *,
    quadrant: int,
    q: int,
    k0: int,
    k1: int,
    n_col: int,
    cell_m: float,
) -> Sector:
    """Ground of a sector's nodes.

    Parameters
    ----------
    ground : Ground
    frame : LocalFrame
        Its centre is node (0, 0).
    quadrant, q, k0, k1, n_col, cell_m
        See :class:`Sector`.

    Returns
    -------
    Sector

    Raises
    ------
    TerrainError
        A sector without wedges, columns or cells; a raster whose coordinate system is too rough
        for interpolated positions.
    """
    _check(quadrant, q, k0, k1, n_col, cell_m)
    first_row, offset = _layout(q, k0, k1, n_col)
    count = np.diff(offset)
    lowest, highest = int(first_row.min()), int((first_row + count).max()) - 1
    lattice = _positions(ground.grid, frame, quadrant, cell_m, (0, n_col), (lowest, highest))
    n_node = int(offset[-1])
    height = np.empty(n_node, np.float32)
    zone = np.empty(n_node, np.uint8)
    clutter = np.empty(n_node if ground.has_clutter else 0, np.float32)

    def fill(first: int) -> None:
        _warp_block(
            lattice.nodes, *lattice.step, lowest, first, min(first + _COLUMNS, n_col + 1),
            first_row, offset, ground.height_m, ground.zone, ground.clutter_m, height, zone, clutter,
        )  # fmt: skip

    in_threads(fill, range(n_col // _COLUMNS * _COLUMNS, -1, -_COLUMNS))  # the largest first
    return Sector(
        quadrant, q, k0, k1, n_col, float(cell_m), first_row, offset, height, clutter, zone
    )


def _check(quadrant: int, q: int, k0: int, k1: int, n_col: int, cell_m: float) -> None:
    if quadrant not in {EAST, NORTH, WEST, SOUTH}:
        msg = f"quadrant {quadrant} is none; give 0 east, 1 north, 2 west or 3 south"
        raise TerrainError(msg)
    if q < 1:
        msg = f"a disc of {q} columns holds nothing; give q of 1 or more"
        raise TerrainError(msg)
    if not (math.isfinite(cell_m) and cell_m > 0.0):
        msg = f"cell size {cell_m} m must be above zero; give metres"
        raise TerrainError(msg)
    if not -q <= k0 < k1 <= q:
        msg = f"wedges {k0} to {k1} are none of a quadrant; give {-q} <= k0 < k1 <= {q}"
        raise TerrainError(msg)
    if not 1 <= n_col <= q:
        msg = f"{n_col} columns of a disc of {q}; give n_col from 1 to {q}"
        raise TerrainError(msg)


def _layout(q: int, k0: int, k1: int, n_col: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    i = np.arange(n_col + 1, dtype=np.int64)
    first_row = i * k0 // q
    offset = np.zeros(n_col + 2, np.int64)
    np.cumsum(i * (k1 - 1) // q + 3 - first_row, out=offset[1:])
    return first_row.astype(np.int32), offset


def _positions(
    grid: Grid,
    frame: LocalFrame,
    quadrant: int,
    cell_m: float,
    columns: tuple[int, int],
    rows: tuple[int, int],
) -> Lattice:
    """Lattice of a raster's row and column over a sector's column and row."""

    def place(i: Float64Array, j: Float64Array) -> tuple[Float64Array, Float64Array]:
        return frame.to_lonlat(*local_of_node(quadrant, i, j, cell_m))

    centre = np.array(frame.lon_deg), np.array(frame.lat_deg)
    return raster_lattice(grid, place, columns, rows, cell_m=(cell_m, cell_m), centre=centre)


@driver
def _warp_block(
    nodes: Float64Array,
    step_i: int,
    step_j: int,
    lowest: int,
    i_first: int,
    i_end: int,
    first_row: NDArray[np.int32],
    offset: NDArray[np.int64],
    height: NDArray[np.float32],
    zone: NDArray[np.uint8],
    clutter: NDArray[np.float32],
    h_out: NDArray[np.float32],
    zone_out: NDArray[np.uint8],
    clutter_out: NDArray[np.float32],
) -> None:
    """Positions and ground of columns i_first <= i < i_end, tile by tile."""
    n_node = nodes.shape[2]
    row_line = np.empty((i_end - i_first, n_node))
    col_line = np.empty((i_end - i_first, n_node))
    low, high = first_row[i_first], first_row[i_first]
    for i in range(i_first, i_end):
        collapse(nodes[0], i / step_i, row_line[i - i_first])
        collapse(nodes[1], i / step_i, col_line[i - i_first])
        low = min(low, first_row[i])
        high = max(high, first_row[i] + offset[i + 1] - offset[i])
    row, col = np.empty(_ROWS), np.empty(_ROWS)
    low -= (low - lowest) % _ROWS
    for tile in range(low, high, _ROWS):
        for i in range(i_first, i_end):
            start = max(tile, first_row[i])
            end = min(tile + _ROWS, first_row[i] + offset[i + 1] - offset[i])
            if start >= end:
                continue
            line_positions(row_line[i - i_first], step_j, start - lowest, end - lowest, row)
            line_positions(col_line[i - i_first], step_j, start - lowest, end - lowest, col)
            at = offset[i] + start - first_row[i]
            n = end - start
            sample_ground(
                height, zone, clutter, row[:n], col[:n],
                h_out[at : at + n], zone_out[at : at + n], clutter_out[at : at + n],
            )  # fmt: skip


@kernel
def line_positions(line: Float64Array, step: int, start: int, end: int, out: Float64Array) -> None:
    """One component at places start <= place < end of a row of lattice nodes."""
    per_row = 1.0 / step
    at = start
    while at < end:
        k = min(at // step, line.size - 4)
        stop = min(end, (k + 1) * step) if k < line.size - 4 else end
        a, b, c, d = cubic(line[k], line[k + 1], line[k + 2], line[k + 3])
        part = out[at - start : stop - start]
        from_node = at - k * step
        for m in range(part.size):
            t = (from_node + m) * per_row
            part[m] = ((d * t + c) * t + b) * t + a
        at = stop


@kernel
def sample_ground(
    height: NDArray[np.float32],
    zone: NDArray[np.uint8],
    clutter: NDArray[np.float32],
    row: Float64Array,
    col: Float64Array,
    h_out: NDArray[np.float32],
    zone_out: NDArray[np.uint8],
    clutter_out: NDArray[np.float32],
) -> None:
    """Ground at fractional rows and columns, as :func:`terrain.profile.sample_path` reads it."""
    last_row = height.shape[0] - 1
    last_col = height.shape[1] - 1
    n_beyond = 0
    for k in range(row.size):
        inside = (row[k] >= 0.0) & (row[k] < last_row) & (col[k] >= 0.0) & (col[k] < last_col)
        n_beyond += not inside
    n_gap = 0
    if n_beyond == 0:
        with_clutter = clutter_out.size > 0
        for k in range(row.size):
            i = np.uint64(int(row[k]))
            j = np.uint64(int(col[k]))
            v = row[k] - np.int64(i)
            w = col[k] - np.int64(j)
            i1 = i + np.uint64(1)
            j1 = j + np.uint64(1)
            h = interpolate(
                float(height[i, j]),
                float(height[i, j1]),
                float(height[i1, j]),
                float(height[i1, j1]),
                v,
                w,
            )
            h_out[k] = h
            n_gap += math.isnan(h)
            i += np.uint64(v >= 0.5)
            j += np.uint64(w >= 0.5)
            zone_out[k] = zone[i, j]
            if with_clutter:
                clutter_out[k] = clutter[i, j]
        if n_gap == 0:
            return
    for k in range(row.size):
        if n_beyond > 0 or math.isnan(h_out[k]):
            h_out[k], zone_out[k], r = _read(height, zone, clutter, row[k], col[k])
            if clutter_out.size > 0:
                clutter_out[k] = r


@kernel
def _read(
    height: NDArray[np.float32],
    zone: NDArray[np.uint8],
    clutter: NDArray[np.float32],
    row: float,
    col: float,
) -> tuple[float, int, float]:
    """Height, zone code and clutter height at one place, wherever it lies."""
    last_row = height.shape[0] - 1
    last_col = height.shape[1] - 1
    if not (-EDGE <= row <= last_row + EDGE and -EDGE <= col <= last_col + EDGE):
        return math.nan, OUTSIDE, 0.0
    row = min(max(row, 0.0), float(last_row))
    col = min(max(col, 0.0), float(last_col))
    h = bilinear(height, row, col)
    if math.isnan(h):
        code, _ = gap(height, zone, row, col, STATUS_OK)
        return h, code, 0.0
    i = int(row + 0.5)
    j = int(col + 0.5)
    return h, int(zone[i, j]), float(clutter[i, j])
