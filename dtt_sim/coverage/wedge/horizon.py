"""The transmitter's horizon: a list of contenders that grows with the range."""

from __future__ import annotations

import numpy as np

from dtt_sim._jit import lean_kernel
from dtt_sim.coverage.wedge.bits import lowest_bit, positive_mask
from dtt_sim.coverage.wedge.lanes import from_transmitter
from dtt_sim.coverage.wedge.layout import (
    BLOCK,
    GROUP,
    I_TX,
    NEVER,
    TX_0,
    TX_E,
    TX_G_B,
    TX_G_E,
)
from dtt_sim.typing import Float32Array, Float64Array, Int32Array

# Rows of a wedge's lower bounds, for the four maxima: bare over the flat and the median Earth, with
# clutter over the median and the β0 Earth. Steepest slope so far, least and largest curvature.
BEST, CURVATURE_LOW, CURVATURE_HIGH = 0, 4, 8
N_BOUND = 12

_SLOPE_SLACK = 1e-9
_RELATIVE = 1e-6
_ABSOLUTE_M = 0.002


@lean_kernel
def _screen(
    upper: Float32Array, cover_upper: Float32Array, block: int, hts_m: float, bound: Float64Array,
    board: Float32Array, over: int,
) -> None:  # fmt: skip
    """How far the columns of a block exceed the lines that the best lower bounds stand for."""
    i_last = float((block + 1) * BLOCK)
    slack = _ABSOLUTE_M + _RELATIVE * abs(hts_m)
    for which in range(4):
        slack = max(slack, _RELATIVE * i_last * abs(bound[BEST + which]))
    start = np.float32(hts_m - slack)
    s0, s1 = np.float32(bound[BEST]), np.float32(bound[BEST + 1])
    s2, s3 = np.float32(bound[BEST + 2]), np.float32(bound[BEST + 3])
    a1, a2 = np.float32(bound[CURVATURE_LOW + 1]), np.float32(bound[CURVATURE_LOW + 2])
    a3 = np.float32(bound[CURVATURE_LOW + 3])
    for m in range(BLOCK):
        i = np.float32(block * BLOCK) + np.float32(m)
        line = s1 + a1 * i
        line = s0 if s0 < line else line  # noqa: FURB136  one instruction
        bare = upper[block * BLOCK + m] - (start + i * line)
        line = s2 + a2 * i
        other = s3 + a3 * i
        line = other if other < line else line  # noqa: FURB136
        covered = cover_upper[block * BLOCK + m] - (start + i * line)
        board[over + m] = covered if covered > bare else bare  # noqa: FURB136


@lean_kernel
def _raise(
    lower: Float32Array, cover_lower: Float32Array, hts_m: float, contender: Int32Array,
    first: int, last: int, bound: Float64Array,
) -> bool:  # fmt: skip
    """Lower bounds from the contenders first .. last-1; return whether one rose."""
    has_risen = False
    for c in range(first, last):
        at = float(contender[c])
        per_at = 1.0 / at
        bare = (np.float64(lower[contender[c]]) - hts_m) * per_at
        covered = (np.float64(cover_lower[contender[c]]) - hts_m) * per_at
        for which in range(4):
            low = bare if which < 2 else covered
            low -= bound[CURVATURE_HIGH + which] * at + _SLOPE_SLACK
            if low > bound[BEST + which]:
                bound[BEST + which] = low
                has_risen = True
    return has_risen


@lean_kernel
def _drop(
    upper: Float32Array, cover_upper: Float32Array, hts_m: float, contender: Int32Array, n: int,
    bound: Float64Array,
) -> int:  # fmt: skip
    """Drop the contenders that cannot win any more; return the number left."""
    kept = 0
    for c in range(n):
        i = contender[c]
        at = float(i)
        bare = np.float64(upper[i]) - hts_m + at * _SLOPE_SLACK
        covered = np.float64(cover_upper[i]) - hts_m + at * _SLOPE_SLACK
        for which in range(4):
            line = bound[BEST + which] + bound[CURVATURE_LOW + which] * at
            if (bare if which < 2 else covered) >= at * line:
                contender[kept] = i
                kept += 1
                break
    return kept


@lean_kernel
def transmitter_horizons(
    node: Float32Array,
    upper: Float32Array,
    lower: Float32Array,
    cover_upper: Float32Array,
    cover_lower: Float32Array,
    has_clutter: bool,
    hts_m: float,
    n_low: int,
    n_high: int,
    begin: int,
    n: int,
    bound: Float64Array,
    contender: Int32Array,
    board: Float32Array,
    over: int,
    lane: Float64Array,
) -> int:
    """Steepest slopes from the transmitter, for receivers with n_low <= n < n_high.

    The list holds the `n` contenders of the columns before `begin`. Those up to n_high - 2 are
    added; a column raises the bounds once all receivers to come see it. Returns the list's length.
    """
    for r in range(GROUP):
        lane[TX_0 * GROUP + r] = NEVER
        lane[TX_E * GROUP + r] = NEVER
        lane[TX_G_E * GROUP + r] = NEVER
        lane[TX_G_B * GROUP + r] = NEVER
        lane[I_TX * GROUP + r] = 1.0
    raised = n
    for block in range(begin // BLOCK, (n_high - 2) // BLOCK + 1):
        _screen(upper, cover_upper, block, hts_m, bound, board, over)
        mask = positive_mask(board, over)
        while mask != 0:
            i = block * BLOCK + lowest_bit(mask)
            mask &= mask - 1
            if begin <= i < n_high - 1:
                contender[n] = i
                n += 1
        if (block + 1) * BLOCK <= n_low:
            if _raise(lower, cover_lower, hts_m, contender, raised, n, bound):
                n = _drop(upper, cover_upper, hts_m, contender, n, bound)
            raised = n
    for c in range(n):
        from_transmitter(node, int(contender[c]), hts_m, has_clutter, lane)
    if not has_clutter:
        for r in range(GROUP):
            lane[TX_G_E * GROUP + r] = lane[TX_E * GROUP + r]
    if _raise(lower, cover_lower, hts_m, contender, raised, n, bound):
        n = _drop(upper, cover_upper, hts_m, contender, n, bound)
    return n
