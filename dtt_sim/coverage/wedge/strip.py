"""The strip of one wedge: its ground and what bounds it."""

from __future__ import annotations

import math

import numpy as np

from dtt_sim._jit import kernel, lean_kernel
from dtt_sim.coverage.wedge.layout import BLOCK, NODE, SectorArrays, Setup, Strip
from dtt_sim.typing import Float32Array, Int32Array, IntArray, UInt8Array

INFLATION_M = 0.004
"""Added to every bound, so that single-precision bounds hold for heights in double precision."""
INFLATION = 1e-6
"""... and this share of the height."""


@kernel
def empty_strip(n_col: int, has_clutter: bool) -> Strip:
    """Strip for sectors of up to `n_col` columns; a thread makes one and reuses it."""
    n_pad = (n_col // BLOCK + 2) * BLOCK
    n_block = (n_pad // BLOCK // BLOCK + 2) * BLOCK  # read BLOCK at a time
    upper, lower = np.zeros(n_pad, np.float32), np.zeros(n_pad, np.float32)
    top = np.zeros(n_block, np.float32)
    cover_upper, cover_lower, cover_top = upper, lower, top
    if has_clutter:
        cover_upper, cover_lower = np.zeros(n_pad, np.float32), np.zeros(n_pad, np.float32)
        cover_top = np.zeros(n_block, np.float32)
    return Strip(
        np.zeros(NODE * n_pad, np.float32), np.zeros(4 * n_pad, np.uint8),
        upper, lower, cover_upper, cover_lower, top, cover_top, np.zeros(n_pad, np.int32),
    )  # fmt: skip


@lean_kernel
def _gather(
    first_row: Int32Array,
    offset: IntArray,
    height_m: Float32Array,
    k: int,
    q: int,
    n_col: int,
    node: Float32Array,
    rest_out: Float32Array,
    gap: Int32Array,
) -> int:
    """Copy the wedge's three rows, column by column; return the number of columns with gaps.

    Row and remainder of i k / q are carried along in integers, without a division.
    """
    below = -1 if k < 0 else 0
    rest_step = k - below * q
    row, rest = 0, 0
    n_gap = 0
    last = np.float32(0.0)
    for i in range(n_col):
        at = offset[i] + row - first_row[i]
        a, b, c = height_m[at], height_m[at + 1], height_m[at + 2]
        if math.isnan(a + b + c):
            gap[n_gap] = i
            n_gap += 1
            # Any height will do where none is known: a path that needs it is flagged.
            filled = last
            for value in (a, b, c):
                if not math.isnan(value):
                    filled = value
            a = filled if math.isnan(a) else a
            b = filled if math.isnan(b) else b
            c = filled if math.isnan(c) else c
        last = b
        node[NODE * i] = a
        node[NODE * i + 1] = b
        node[NODE * i + 2] = c
        node[NODE * i + 3] = np.float32(row)
        rest_out[i] = np.float32(rest)
        row += below
        rest += rest_step
        if rest >= q:
            rest -= q
            row += 1
    return n_gap


@lean_kernel
def _gather_more(
    sector: SectorArrays, n_col: int, has_clutter: bool, zone_varies: bool, node: Float32Array,
    zone: UInt8Array,
) -> None:  # fmt: skip
    """Clutter and zones of the nodes that :func:`_gather` took."""
    for i in range(n_col):
        at = sector.offset[i] + int(node[NODE * i + 3]) - sector.first_row[i]
        if has_clutter:
            for m in range(3):
                node[NODE * i + 4 + m] = sector.clutter_m[at + m]
        if zone_varies:
            for m in range(3):
                zone[4 * i + m] = sector.zone[at + m]


@lean_kernel
def _bound(
    node: Float32Array, upper: Float32Array, lower: Float32Array, q: int, n_col: int
) -> None:
    """Extremes of the interpolated height over the wedge; `upper` holds the remainders.

    A piecewise linear function has its extremes at its ends and its kink.
    """
    per_q = np.float32(1.0) / np.float32(q)
    one, zero = np.float32(1.0), np.float32(0.0)
    slack, part = np.float32(INFLATION_M), np.float32(INFLATION)
    for i in range(n_col):
        low = upper[i] * per_q
        high = low + np.float32(i) * per_q
        a, b, c = node[NODE * i], node[NODE * i + 1], node[NODE * i + 2]
        at_low = a + low * (b - a)
        has_kink = high > one
        near = b if has_kink else a
        far = c if has_kink else b
        at_high = near + (high - (one if has_kink else zero)) * (far - near)
        kink = b if has_kink else at_low
        most = max(at_high, at_low)
        most = max(most, kink)
        least = min(at_high, at_low)
        least = min(least, kink)
        upper[i] = most + (slack + part * abs(most))
        lower[i] = least - (slack + part * abs(least))


@lean_kernel
def _bound_cover(
    node: Float32Array, upper: Float32Array, lower: Float32Array, cover_upper: Float32Array,
    cover_lower: Float32Array, n_col: int,
) -> None:  # fmt: skip
    """Bounds with clutter: the nearest node's height is added, whichever that is."""
    for i in range(n_col):
        a, b, c = node[NODE * i + 4], node[NODE * i + 5], node[NODE * i + 6]
        most = max(b, a)
        most = max(most, c)
        least = min(b, a)
        least = min(least, c)
        cover_upper[i] = upper[i] + most
        cover_lower[i] = lower[i] + least


@lean_kernel
def _tops(upper: Float32Array, n_col: int, top: Float32Array) -> None:
    upper[0] = -np.inf  # the transmitter's own sample never enters a maximum
    n_block = (n_col + BLOCK - 1) // BLOCK
    for i in range(n_col, n_block * BLOCK):
        upper[i] = -np.inf
    for block in range(n_block):
        best = upper[block * BLOCK]
        for i in range(block * BLOCK + 1, (block + 1) * BLOCK):
            best = max(best, upper[i])
        top[block] = best


@lean_kernel
def build_strip(sector: SectorArrays, k: int, setup: Setup, n_col: int, strip: Strip) -> int:
    """Fill the strip of wedge `k` for columns 0 .. n_col-1; return the number of gap columns."""
    n_gap = _gather(
        sector.first_row, sector.offset, sector.height_m, k, setup.q, n_col,
        strip.node, strip.upper, strip.gap,
    )  # fmt: skip
    if setup.has_clutter or setup.zone == 0:
        _gather_more(sector, n_col, setup.has_clutter, setup.zone == 0, strip.node, strip.zone)
    _bound(strip.node, strip.upper, strip.lower, setup.q, n_col)
    if setup.has_clutter:
        _bound_cover(
            strip.node, strip.upper, strip.lower, strip.cover_upper, strip.cover_lower, n_col
        )
        _tops(strip.cover_upper, n_col, strip.cover_top)
    _tops(strip.upper, n_col, strip.top)
    return n_gap


@lean_kernel
def gap_status(sector: SectorArrays, strip: Strip, n_gap: int, t: float, n: int) -> int:
    """0 where a path's samples 0 .. n-1 are all known, 1 with a void, 2 where one is outside.

    A sample between two nodes needs both.
    """
    status = 0
    for g in range(n_gap):
        i = strip.gap[g]
        if i >= n:
            break
        row0 = int(strip.node[NODE * i + 3])
        u = i * t - row0
        first = sector.offset[i] + row0 - sector.first_row[i] + (1 if u >= 1.0 else 0)
        for at in range(first, first + 2):
            if math.isnan(sector.height_m[at]):
                if sector.zone[at] == 9:  # terrain.ground.OUTSIDE
                    return 2
                status = 1
    return status
