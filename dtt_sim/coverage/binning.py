"""Receivers of any grid, sorted into the wedges of the plane round a transmitter.

They are counted once, and packed a sector at a time: what a sector's search reads of its receivers
lies side by side then, wedge by wedge, and the memory serves for the next sector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtt_sim._jit import driver, inline_kernel
from dtt_sim.coverage.flags import OK, OUTSIDE, VOID
from dtt_sim.coverage.wedge.solve import RECORD, PackedReceivers
from dtt_sim.typing import Float32Array, Int32Array, IntArray, UInt8Array
from terrain.ground import OUTSIDE as ZONE_OUTSIDE
from terrain.resample import GroundAtCells
from terrain.threads import in_threads

MIN_COLUMNS = 10
"""Nearer than this many columns the per-path solver answers, which samples short paths finely."""

_PART_CELLS = 1 << 19  # of the grid, counted at a time
_MOST_COUNTS = 1 << 24
_PACKED_CELLS = 1 << 17  # of the grid, whose ground is read at a time
_NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Bins:
    """Receivers by wedge.

    Wedge k of quadrant w, from -q to q - 1, is number 2 q w + k + q.

    Attributes
    ----------
    q : int
        Wedges per unit of slope, and columns to the farthest receiver.
    start : (8 q + 1,) int64
        How many receivers the wedges before each hold.
    near : (n_near,) int64
        Flat indices of the receivers within `MIN_COLUMNS` columns, ascending.
    columns : (4,) int64
        Most intervals of a path, by quadrant.
    parts : tuple of slice
        The grid's rows, in the parts that were counted.
    counts : (n_part, 8 q + 1) int32
        Receivers by part and wedge; last the near ones.
    """

    q: int
    start: IntArray
    near: IntArray
    columns: IntArray
    parts: tuple[slice, ...]
    counts: Int32Array

    def wedges(self, quadrant: int, k0: int, k1: int) -> slice:
        """Numbers of the wedges k0 .. k1-1 of a quadrant."""
        zero = 2 * self.q * quadrant + self.q
        return slice(zero + k0, zero + k1)


def bin_receivers(
    east_m: Float32Array,
    north_m: Float32Array,
    flag: UInt8Array,
    *,
    cell_m: float,
    radius_m: float,
) -> Bins:
    """Count the receivers of every wedge.

    Parameters
    ----------
    east_m, north_m : (n_row, n_col) float32
        Positions from the transmitter [m].
    flag : (n_row, n_col) uint8
        OK is written within the radius.
    """
    n_row, n_col = east_m.shape
    rows = _rows_of(n_col, _PART_CELLS)
    parts = _cut(n_row, rows)
    most = np.zeros(len(parts))

    def measure(c: int) -> None:
        most[c] = _farthest(east_m[parts[c]], north_m[parts[c]], radius_m)

    in_threads(measure, range(len(parts)))
    q = max(math.ceil(float(most.max(initial=0.0)) / cell_m) + 1, MIN_COLUMNS)
    n_part = max(1, min(len(parts), _MOST_COUNTS // (8 * q + 1)))
    parts = _cut(n_row, -(-n_row // n_part))
    counts = np.zeros((len(parts), 8 * q + 1), np.int32)
    columns = np.zeros((len(parts), 4), np.int64)

    def count(c: int) -> None:
        p = parts[c]
        _count(east_m[p], north_m[p], cell_m, radius_m, q, flag[p], counts[c], columns[c])

    in_threads(count, range(len(parts)))
    near = [np.zeros(0, np.int64)]
    for c in np.flatnonzero(counts[:, 8 * q]):
        p = parts[c]
        found = np.empty(counts[c, 8 * q], np.int64)
        _find_near(east_m[p], north_m[p], cell_m, radius_m, q, found)
        near.append(found + p.start * n_col)
    total = counts[:, : 8 * q].sum(axis=0, dtype=np.int64)
    return Bins(
        q,
        np.concatenate([[0], np.cumsum(total)]),
        np.concatenate(near),
        columns.max(axis=0, initial=0),
        tuple(parts),
        counts,
    )


def pack_receivers(
    bins: Bins,
    sector: tuple[int, int, int],
    east_m: Float32Array,
    north_m: Float32Array,
    ground: GroundAtCells,
    flag: UInt8Array,
    packed: PackedReceivers,
    *,
    cell_m: float,
    radius_m: float,
) -> None:
    """Put a sector's receivers side by side, wedge by wedge; flag those without ground.

    Parameters
    ----------
    sector : tuple of int
        Quadrant, and its wedges k0 .. k1-1.
    ground : GroundAtCells
        At the receivers.
    packed : PackedReceivers
        Written: wedge number w's receivers from ``start[w] - start[first wedge's]`` on.
    """
    wedges = bins.wedges(*sector)
    own = bins.counts[:, wedges].astype(np.int64)
    cursor = np.cumsum(own, axis=0) - own + (bins.start[wedges] - bins.start[wedges.start])
    n_col = east_m.shape[1]
    step = _rows_of(n_col, _PACKED_CELLS)

    def pack(c: int) -> None:
        part = bins.parts[c]
        for first in range(part.start, part.stop, step):
            rows = slice(first, min(first + step, part.stop))
            begin, end = _columns_of(east_m[rows], north_m[rows], sector[0], radius_m)
            if begin >= end:
                continue
            height_m, zone, clutter_m = ground.read(
                rows, slice(begin, end), with_clutter=packed.clutter_m.size > 0
            )
            _pack(
                east_m[rows], north_m[rows], height_m, zone, clutter_m, begin, cell_m, radius_m,
                bins.q, wedges.start, wedges.stop, first * n_col, cursor[c], flag[rows], *packed,
            )  # fmt: skip

    in_threads(pack, [int(c) for c in np.flatnonzero(own.any(axis=1))])


def _rows_of(n_col: int, n_cell: int) -> int:
    return max(1, n_cell // max(n_col, 1))


def _cut(n_row: int, rows: int) -> list[slice]:
    return [slice(first, min(first + rows, n_row)) for first in range(0, n_row, rows)]


@driver
def _farthest(east_m: Float32Array, north_m: Float32Array, radius_m: float) -> float:
    most = 0.0
    limit = radius_m * radius_m
    for row in range(east_m.shape[0]):
        for col in range(east_m.shape[1]):
            e, n = np.float64(east_m[row, col]), np.float64(north_m[row, col])
            square = e * e + n * n
            most = square if (square <= limit) & (square > most) else most
    return math.sqrt(most)


@inline_kernel
def _wedge(east_m: float, north_m: float, cell_m: float, limit: float, q: int) -> int:
    """Number of a receiver's wedge; 8 q for the near ones, below zero for none."""
    if not east_m * east_m + north_m * north_m <= limit:
        return _NOWHERE
    if abs(east_m) >= abs(north_m):
        quadrant = 0 if east_m > 0.0 else 2
        along, across = abs(east_m), north_m
    else:
        quadrant = 1 if north_m > 0.0 else 3
        along, across = abs(north_m), east_m
    if along < (MIN_COLUMNS - 0.5) * cell_m:
        return 8 * q
    k = int(math.floor(across / along * q))
    return 2 * q * quadrant + min(max(k, -q), q - 1) + q


@driver
def wedge_numbers(
    east_m: Float32Array, north_m: Float32Array, cell_m: float, radius_m: float, q: int
) -> IntArray:
    """Number of the wedge of receivers `(n,)`; 8 q for the near ones, below zero for none."""
    number = np.empty(east_m.size, np.int64)
    for p in range(east_m.size):
        east, north = np.float64(east_m[p]), np.float64(north_m[p])
        number[p] = _wedge(east, north, cell_m, radius_m * radius_m, q)
    return number


@driver
def _count(
    east_m: Float32Array,
    north_m: Float32Array,
    cell_m: float,
    radius_m: float,
    q: int,
    flag: UInt8Array,
    counts: Int32Array,
    columns: IntArray,
) -> None:
    limit = radius_m * radius_m
    farthest = np.zeros(4)
    for row in range(east_m.shape[0]):
        for col in range(east_m.shape[1]):
            e, n = np.float64(east_m[row, col]), np.float64(north_m[row, col])
            wedge = _wedge(e, n, cell_m, limit, q)
            if wedge < 0:
                continue
            flag[row, col] = OK
            counts[wedge] += 1
            if wedge < 8 * q:
                quadrant = wedge // (2 * q)
                farthest[quadrant] = max(farthest[quadrant], abs(e), abs(n))
    for quadrant in range(4):
        columns[quadrant] = int(farthest[quadrant] / cell_m + 0.5)


@driver
def _find_near(
    east_m: Float32Array, north_m: Float32Array, cell_m: float, radius_m: float, q: int,
    found: IntArray,
) -> None:  # fmt: skip
    n = 0
    for row in range(east_m.shape[0]):
        for col in range(east_m.shape[1]):
            east, north = np.float64(east_m[row, col]), np.float64(north_m[row, col])
            if _wedge(east, north, cell_m, radius_m * radius_m, q) == 8 * q:
                found[n] = row * east_m.shape[1] + col
                n += 1


@driver
def _columns_of(
    east_m: Float32Array, north_m: Float32Array, quadrant: int, radius_m: float
) -> tuple[int, int]:
    """Columns of some rows between which the cells of a quadrant lie."""
    n_col = east_m.shape[1]
    limit = np.float32(radius_m * radius_m * (1.0 + 1e-6))
    begin, end = n_col, 0
    for row in range(east_m.shape[0]):
        first, last = n_col, -1
        for col in range(n_col):
            e, n = east_m[row, col], north_m[row, col]
            along, across = (e, n) if quadrant % 2 == 0 else (n, e)
            along = along if quadrant < 2 else -along
            if (along >= abs(across)) & (e * e + n * n <= limit):
                first = min(first, col)
                last = col
        begin, end = min(begin, first), max(end, last + 1)
    return begin, end


@driver
def _pack(
    east_m: Float32Array,
    north_m: Float32Array,
    height_m: Float32Array,
    zone: UInt8Array,
    clutter_m: Float32Array,
    begin: int,
    cell_m: float,
    radius_m: float,
    q: int,
    first_wedge: int,
    last_wedge: int,
    first_cell: int,
    cursor: NDArray[np.int64],
    flag: UInt8Array,
    place_out: Float32Array,
    cell_out: Int32Array,
    zone_out: UInt8Array,
    clutter_out: Float32Array,
) -> None:
    """Pack some rows' receivers; the ground's arrays begin at column `begin`."""
    limit = radius_m * radius_m
    for row in range(height_m.shape[0]):
        for m in range(height_m.shape[1]):
            col = begin + m
            east, north = np.float64(east_m[row, col]), np.float64(north_m[row, col])
            wedge = _wedge(east, north, cell_m, limit, q)
            if wedge < first_wedge or wedge >= last_wedge:
                continue
            at = cursor[wedge - first_wedge]
            cursor[wedge - first_wedge] = at + 1
            height = height_m[row, m]
            place_out[RECORD * at] = east_m[row, col]
            place_out[RECORD * at + 1] = north_m[row, col]
            place_out[RECORD * at + 2] = height
            cell_out[RECORD * at + 3] = first_cell + row * east_m.shape[1] + col
            zone_out[at] = zone[row, m]
            if clutter_out.size > 0:
                clutter_out[at] = clutter_m[row, m]
            if math.isnan(height):
                flag[row, col] = OUTSIDE if zone[row, m] == ZONE_OUTSIDE else VOID
