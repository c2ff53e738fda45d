"""Receivers of any grid, sorted into the wedges of the plane round a transmitter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtt_sim._jit import driver, inline_kernel
from dtt_sim.coverage.flags import OK, OUTSIDE, VOID
from dtt_sim.typing import Float32Array, Int32Array, IntArray, UInt8Array
from terrain.ground import OUTSIDE as ZONE_OUTSIDE
from terrain.threads import in_threads

MIN_COLUMNS = 10
"""Nearer than this many columns the per-path solver answers, which samples short paths finely."""

_CHUNK = 1 << 20  # receivers counted at a time
_NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Bins:
    """Receivers by wedge.

    Attributes
    ----------
    q : int
        Wedges per unit of slope, and columns to the farthest receiver.
    order : (n,) int32
        Flat indices of receivers, by quadrant, then by wedge from -q to q - 1.
    start : (8 q + 1,) int64
        Where each wedge begins in `order`: wedge k of quadrant w is number 2 q w + k + q.
    near : (n_near,) int32
        Receivers within `MIN_COLUMNS` columns.
    columns : (4,) int64
        Most intervals of a path, by quadrant.
    """

    q: int
    order: Int32Array
    start: IntArray
    near: Int32Array
    columns: IntArray


def bin_receivers(
    east_m: Float32Array,
    north_m: Float32Array,
    height_m: Float32Array,
    zone: UInt8Array,
    flag: UInt8Array,
    *,
    cell_m: float,
    radius_m: float,
) -> Bins:
    """Sort receivers (flat arrays) into wedges, and flag those without ground.

    Parameters
    ----------
    flag : (n,) uint8
        Written within the radius: OK, VOID or OUTSIDE.
    """
    n = east_m.size
    parts = [slice(first, min(first + _CHUNK, n)) for first in range(0, n, _CHUNK)]
    farthest = max((_farthest(east_m[p], north_m[p], radius_m) for p in parts), default=0.0)
    q = max(int(math.ceil(farthest / cell_m)) + 1, MIN_COLUMNS)
    counts = np.zeros((len(parts), 8 * q + 1), np.int64)
    columns = np.zeros((len(parts), 4), np.int64)

    def count(c: int) -> None:
        p = parts[c]
        _count(
            east_m[p], north_m[p], height_m[p], zone[p], cell_m, radius_m, q, flag[p],
            counts[c], columns[c],
        )  # fmt: skip

    in_threads(count, range(len(parts)))
    total = counts.sum(axis=0)
    start = np.concatenate([[0], np.cumsum(total)])
    cursor = start[:-1] + np.cumsum(counts, axis=0) - counts
    order = np.empty(int(start[-1]), np.int32)

    def place(c: int) -> None:
        p = parts[c]
        _place(
            east_m[p], north_m[p], height_m[p], cell_m, radius_m, q, p.start, cursor[c], order
        )  # fmt: skip

    in_threads(place, range(len(parts)))
    n_far = int(start[8 * q])
    return Bins(q, order[:n_far], start[: 8 * q + 1], order[n_far:], columns.max(axis=0, initial=0))


@driver
def _farthest(east_m: Float32Array, north_m: Float32Array, radius_m: float) -> float:
    most = 0.0
    limit = radius_m * radius_m
    for p in range(east_m.size):
        e, n = np.float64(east_m[p]), np.float64(north_m[p])
        square = e * e + n * n
        most = square if (square <= limit) & (square > most) else most
    return math.sqrt(most)


@inline_kernel
def _wedge(
    east_m: float, north_m: float, height_m: float, cell_m: float, limit: float, q: int
) -> int:
    """Number of a receiver's wedge; 8 q for the near ones, below zero for none."""
    if not east_m * east_m + north_m * north_m <= limit or math.isnan(height_m):
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
def _count(
    east_m: Float32Array,
    north_m: Float32Array,
    height_m: Float32Array,
    zone: UInt8Array,
    cell_m: float,
    radius_m: float,
    q: int,
    flag: UInt8Array,
    counts: IntArray,
    columns: IntArray,
) -> None:
    limit = radius_m * radius_m
    for p in range(east_m.size):
        e, n, h = np.float64(east_m[p]), np.float64(north_m[p]), np.float64(height_m[p])
        if e * e + n * n <= limit:
            flag[p] = OK
            if math.isnan(h):
                flag[p] = OUTSIDE if zone[p] == ZONE_OUTSIDE else VOID
        wedge = _wedge(e, n, h, cell_m, limit, q)
        if wedge >= 0:
            counts[wedge] += 1
            if wedge < 8 * q:
                quadrant = wedge // (2 * q)
                reach = int(max(abs(e), abs(n)) / cell_m + 0.5)
                columns[quadrant] = max(columns[quadrant], reach)


@driver
def _place(
    east_m: Float32Array,
    north_m: Float32Array,
    height_m: Float32Array,
    cell_m: float,
    radius_m: float,
    q: int,
    first: int,
    cursor: NDArray[np.int64],
    order: Int32Array,
) -> None:
    limit = radius_m * radius_m
    for p in range(east_m.size):
        wedge = _wedge(
            np.float64(east_m[p]), np.float64(north_m[p]), np.float64(height_m[p]), cell_m, limit, q
        )
        if wedge >= 0:
            order[cursor[wedge]] = first + p
            cursor[wedge] += 1
