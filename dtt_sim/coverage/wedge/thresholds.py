"""How high a column must be to matter: the thresholds of all lanes, and the least of them.

A question is a maximum over the profile. Whether column i can raise the best value that a lane has
so far is a comparison of its height with a threshold T(i): the line (or the parabola, or the curve
of equal ν) through the receiver that the best value stands for. With w = n_low - i,

    T = C0 + C1 w + C2 w² + V sqrt(i (x - i)).

The least threshold of all lanes and questions on the same ground is E. Far from the receivers it is
taken at the block borders: T is convex in i but for nothing or a known dip, so that between two
borders it lies above the straight line between their E less the dip. Near them it is taken column
by column.

Thresholds of the same lane for several Earth radii differ little, by Δa (x - i)(D - i) with a known
D: the flatter Earth's then serves for both when it is lowered by the most that they can differ.
"""

from __future__ import annotations

import math

import numpy as np

from dtt_sim._jit import inline_kernel, lean_kernel
from dtt_sim.coverage.wedge.layout import (
    A_B,
    A_E,
    ASKS_NU_E,
    ASKS_NU_G_B,
    ASKS_NU_G_E,
    ASKS_OBSTRUCTION,
    ASKS_RX_0,
    ASKS_RX_E,
    ASKS_RX_G_B,
    ASKS_RX_G_E,
    BLOCK,
    CHORD,
    COEFFICIENTS,
    GROUP,
    HRS,
    HST,
    HST_SLOPE,
    MAX_SPAN,
    N_QUESTION,
    NU_E,
    NU_G_B,
    NU_G_E,
    OBSTRUCTION,
    ROUGHNESS,
    RX_0,
    RX_E,
    RX_G_B,
    RX_G_E,
    SURELY,
    N,
    X,
)
from dtt_sim.typing import Float32Array, Float64Array

# Questions. Those up to `Q_ROUGHNESS` are put together.
(
    Q_RX_0, Q_RX_E, Q_RX_G_E, Q_RX_G_B, Q_OBSTRUCTION, Q_NU_E, Q_NU_G_E, Q_NU_G_B, Q_ROUGHNESS,
) = range(9)  # fmt: skip
BARE = 1 << Q_RX_0 | 1 << Q_RX_E | 1 << Q_OBSTRUCTION | 1 << Q_NU_E
"""Questions put to the ground without clutter, as bits; where there is none, all are."""
COVER = 1 << Q_RX_G_E | 1 << Q_RX_G_B | 1 << Q_NU_G_E | 1 << Q_NU_G_B
"""Questions put to the ground with clutter."""

# Rows of a question's coefficients; the last two are the same for all questions.
_C0, _C1, _C2, _V = (row * GROUP for row in range(4))
_ROWS = 4 * GROUP
_KEPT = COEFFICIENTS * GROUP
_BEYOND = N_QUESTION * _ROWS  # samples stand at w above this
_REACH = _BEYOND + GROUP  # x - n_low
COEFFICIENT_SIZE = _REACH + GROUP

MAX_BLOCK = 4096
"""Blocks of the longest path, 131 072 columns."""
_BOARD_ROW = MAX_BLOCK + 80  # not a multiple of 4096 bytes: rows would meet in the cache
# Rows of the board, by block border: E while it is made, how far a block exceeds it,
# sqrt(i (x - i)) for the farthest receiver and how far that root dips below its line; and E of
# both kinds of ground.
_LEAST, EXCESS, _ROOT, _DIP, LEAST_BARE, LEAST_COVER = (row * _BOARD_ROW for row in range(6))
_NEAR = 6 * _BOARD_ROW
"""E of BLOCK columns near the receivers."""
OVER = _NEAR + BLOCK
"""How far BLOCK columns exceed E, and as much scratch."""
BOARD_SIZE = OVER + 2 * BLOCK

_MERGED_M = 1.0
"""Thresholds of two Earth radii that differ by no more than this share the lower one."""
_RELATIVE = 1e-6
_ABSOLUTE_M = 0.002
_DIP_SLACK = 1.05


@inline_kernel
def _smaller(a: np.float32, b: np.float32) -> np.float32:
    return a if a < b else b  # noqa: FURB136  one instruction


# --- Coefficients ----------------------------------------------------------------------------


@inline_kernel
def _keep(
    lane: Float64Array, at: int, asks: bool, c0: float, c1: float, c2: float, v: float
) -> None:
    """Keep a lane's coefficients, lowered by what single precision may lose.

    The parabola dips below the line between two borders by a quarter of the squared block.
    """
    c0 -= _RELATIVE * (abs(c0) + 2.0 * MAX_SPAN * abs(c1)) + _ABSOLUTE_M + 0.25 * BLOCK * BLOCK * c2
    lane[at + _C0] = c0 if asks else SURELY
    lane[at + _C1] = c1 - _RELATIVE * abs(c1) if asks else 0.0
    lane[at + _C2] = c2 * (1.0 - _RELATIVE) if asks else 0.0
    lane[at + _V] = v - _RELATIVE * abs(v) if asks else 0.0


@inline_kernel
def _most_apart(delta: float, x: float, steep: float, flat: float) -> float:
    """How far the threshold of curvature a + delta may lie below that of a, given their slopes.

    T' - T = delta (x - i)(D - i) with delta (x + D) = steep - flat.
    """
    g = 2.0 * delta * x - (steep - flat)
    return 0.25 * g * g / delta if delta > 0.0 else SURELY


@inline_kernel
def _keep_seen(
    lane: Float64Array, at: int, asks: bool, x: float, base: float, hrs: float, slope: float,
    a: float, lowered: float,
) -> None:  # fmt: skip
    """T = hrs + (x - i)(slope - a (x + i))."""
    p = x - base
    flat = slope - a * (x + base)
    _keep(lane, at, asks, hrs + p * flat - lowered, flat + a * p, a, 0.0)


@lean_kernel
def horizon_thresholds(lane: Float64Array, has_clutter: bool, base: float) -> int:
    """Coefficients of the slopes from the receiver; return the questions, as bits, still put."""
    n_0 = n_e = n_g_e = n_g_b = 0
    bare = not has_clutter
    for r in range(GROUP):
        x, hrs = lane[X * GROUP + r], lane[HRS * GROUP + r]
        a_e, a_b = lane[A_E * GROUP + r], lane[A_B * GROUP + r]
        s_0, s_e, s_b = lane[RX_0 * GROUP + r], lane[RX_E * GROUP + r], lane[RX_G_B * GROUP + r]
        asks_0 = lane[ASKS_RX_0 * GROUP + r] != 0.0
        asks_e = lane[ASKS_RX_E * GROUP + r] != 0.0
        asks_b = (lane[ASKS_RX_G_B * GROUP + r] != 0.0) & bare
        apart_e = _most_apart(a_e, x, s_e, s_0)
        merges_e = asks_0 & asks_e & (apart_e < _MERGED_M)
        lowered = apart_e if merges_e else 0.0
        apart_b = _most_apart(a_b, x, s_b, s_0)
        merges_b = asks_0 & asks_b & (apart_b < _MERGED_M)
        lowered_b = apart_b if merges_b else 0.0
        lowered = lowered_b if lowered_b > lowered else lowered  # noqa: FURB136
        asks_b &= not merges_b
        asks_e &= not merges_e
        _keep_seen(lane, _KEPT + Q_RX_0 * _ROWS + r, asks_0, x, base, hrs, s_0, 0.0, lowered)
        _keep_seen(lane, _KEPT + Q_RX_E * _ROWS + r, asks_e, x, base, hrs, s_e, a_e, 0.0)
        _keep_seen(lane, _KEPT + Q_RX_G_B * _ROWS + r, asks_b, x, base, hrs, s_b, a_b, 0.0)
        n_0 += 1 if asks_0 else 0
        n_e += 1 if asks_e else 0
        n_g_b += 1 if asks_b else 0
    if has_clutter:
        n_g_b = 0
        for r in range(GROUP):
            x, hrs = lane[X * GROUP + r], lane[HRS * GROUP + r]
            a_e, a_b = lane[A_E * GROUP + r], lane[A_B * GROUP + r]
            s_e, s_b = lane[RX_G_E * GROUP + r], lane[RX_G_B * GROUP + r]
            asks_e = lane[ASKS_RX_G_E * GROUP + r] != 0.0
            asks_b = lane[ASKS_RX_G_B * GROUP + r] != 0.0
            apart = _most_apart(a_e - a_b, x, s_e, s_b)
            merges = asks_e & asks_b & (apart < _MERGED_M)
            asks_e &= not merges
            lowered = apart if merges else 0.0
            _keep_seen(lane, _KEPT + Q_RX_G_B * _ROWS + r, asks_b, x, base, hrs, s_b, a_b, lowered)
            _keep_seen(lane, _KEPT + Q_RX_G_E * _ROWS + r, asks_e, x, base, hrs, s_e, a_e, 0.0)
            n_g_e += 1 if asks_e else 0
            n_g_b += 1 if asks_b else 0
    active = (1 << Q_RX_0) if n_0 > 0 else 0
    active |= (1 << Q_RX_E) if n_e > 0 else 0
    active |= (1 << Q_RX_G_E) if n_g_e > 0 else 0
    active |= (1 << Q_RX_G_B) if n_g_b > 0 else 0
    return active


@lean_kernel
def obstruction_thresholds(lane: Float64Array, hts_m: float, base: float) -> int:
    """Coefficients of T = line + value."""
    n = 0
    for r in range(GROUP):
        n += 1 if lane[ASKS_OBSTRUCTION * GROUP + r] != 0.0 else 0
        line = lane[CHORD * GROUP + r]
        asks = lane[ASKS_OBSTRUCTION * GROUP + r] != 0.0
        c0 = hts_m + line * base + lane[OBSTRUCTION * GROUP + r]
        _keep(lane, _KEPT + Q_OBSTRUCTION * _ROWS + r, asks, c0, -line, 0.0, 0.0)
    return (1 << Q_OBSTRUCTION) if n > 0 else 0


@lean_kernel
def roughness_thresholds(lane: Float64Array, base: float) -> None:
    """Coefficients of T = smooth surface + value."""
    for r in range(GROUP):
        slope = lane[HST_SLOPE * GROUP + r]
        c0 = lane[HST * GROUP + r] + lane[ROUGHNESS * GROUP + r] + slope * base
        _keep(lane, _KEPT + Q_ROUGHNESS * _ROWS + r, True, c0, -slope, 0.0, 0.0)


@lean_kernel
def sight_thresholds(lane: Float64Array, hts_m: float, base: float) -> int:
    """Coefficients of T = line - a i (x - i) + ν sqrt(i (x - i))."""
    active = 0
    for question in range(Q_NU_E, Q_NU_G_B + 1):
        asks_row, row = ASKS_NU_E, NU_E
        if question == Q_NU_G_E:
            asks_row, row = ASKS_NU_G_E, NU_G_E
        elif question == Q_NU_G_B:
            asks_row, row = ASKS_NU_G_B, NU_G_B
        curvature = A_B if question == Q_NU_G_B else A_E
        for r in range(GROUP):
            line = lane[CHORD * GROUP + r]
            asks = lane[asks_row * GROUP + r] != 0.0
            best = lane[row * GROUP + r]
            a = lane[curvature * GROUP + r]
            p = lane[X * GROUP + r] - base
            root = math.copysign(math.sqrt(abs(best)), best)
            c0 = hts_m + line * base - a * base * p
            _keep(lane, _KEPT + question * _ROWS + r, asks, c0, -line - a * (base - p), a, root)
        n = 0
        for r in range(GROUP):
            n += 1 if lane[asks_row * GROUP + r] != 0.0 else 0
        active |= (1 << question) if n > 0 else 0
    return active


@lean_kernel
def keep(lane: Float64Array, questions: int, coefficient: Float32Array) -> None:
    """Take the coefficients of some questions over in single precision."""
    for question in range(N_QUESTION):
        if (questions >> question) & 1 != 0:
            at = question * _ROWS
            for m in range(_ROWS):
                coefficient[at + m] = np.float32(lane[_KEPT + at + m])


@lean_kernel
def largest_root(lane: Float64Array) -> float:
    """Largest |V| of all lanes and questions."""
    largest = 0.0
    for question in range(Q_NU_E, Q_NU_G_B + 1):
        for r in range(GROUP):
            largest = max(largest, abs(lane[_KEPT + question * _ROWS + _V + r]))
    return largest


@lean_kernel
def keep_reach(lane: Float64Array, base: float, coefficient: Float32Array) -> None:
    """Where each lane's samples end, and its receiver is."""
    for r in range(GROUP):
        coefficient[_BEYOND + r] = np.float32(base - lane[N * GROUP + r])
        coefficient[_REACH + r] = np.float32(lane[X * GROUP + r] - base)


# --- E at the block borders ------------------------------------------------------------------
# Four lanes at a time: a shorter loop body would be unrolled before it is vectorised.


@lean_kernel
def _lower_least(
    coefficient: Float32Array, question: int, base: float, n_part: int, board: Float32Array
) -> None:
    """Take the thresholds of a question without a root into E."""
    at = question * _ROWS
    step = np.float32(BLOCK)
    for part in range(n_part):
        first = part * BLOCK
        w_first = np.float32(base - first * BLOCK)
        for r in range(0, GROUP, 4):
            c00, c01, c02 = (
                coefficient[at + r],
                coefficient[at + _C1 + r],
                coefficient[at + _C2 + r],
            )
            c10, c11 = coefficient[at + r + 1], coefficient[at + _C1 + r + 1]
            c20, c21 = coefficient[at + r + 2], coefficient[at + _C1 + r + 2]
            c30, c31 = coefficient[at + r + 3], coefficient[at + _C1 + r + 3]
            c12, c22 = coefficient[at + _C2 + r + 1], coefficient[at + _C2 + r + 2]
            c32 = coefficient[at + _C2 + r + 3]
            for m in range(BLOCK):
                w = w_first - step * np.float32(m)
                t = _smaller(c00 + w * (c01 + w * c02), c10 + w * (c11 + w * c12))
                u = _smaller(c20 + w * (c21 + w * c22), c30 + w * (c31 + w * c32))
                board[_LEAST + first + m] = _smaller(_smaller(t, u), board[_LEAST + first + m])


@lean_kernel
def roots(x_max: float, n_block: int, board: Float32Array) -> None:
    """sqrt(i (x - i)) at the borders, and how far it may dip below the line between two.

    The root is concave; in the middle of the path its largest distance from the line is that at the
    middle of the block but for a few percent, in the first block known, at the end bounded by what
    it spans. A border has the larger dip of the two blocks beside it.
    """
    for b in range((n_block // BLOCK + 1) * BLOCK):
        i = float(b * BLOCK)
        board[_ROOT + b] = np.float32(math.sqrt(i * max(x_max - i, 0.0)))
    before = 0.0
    for b in range(n_block):
        first, last = float(b * BLOCK), float((b + 1) * BLOCK)
        middle = 0.5 * (first + last)
        if b > 0 and last <= x_max - BLOCK:
            line = 0.5 * (board[_ROOT + b] + board[_ROOT + b + 1])
            dip = _DIP_SLACK * (math.sqrt(middle * (x_max - middle)) - line)
        elif b == 0 and last <= 0.5 * x_max:
            # The largest sag of the root's own curve over its chord, whatever x.
            ratio = x_max / BLOCK
            dip = 0.5 * x_max * (math.sqrt(ratio) - math.sqrt(ratio - 1.0))
        else:
            peak = min(max(0.5 * x_max, first), last)
            peak = math.sqrt(peak * max(x_max - peak, 0.0))
            dip = peak - min(board[_ROOT + b], board[_ROOT + b + 1])
        board[_DIP + b] = np.float32(max(dip, before))
        before = dip
    board[_DIP + n_block] = np.float32(before)


@lean_kernel
def _lower_least_curved(
    coefficient: Float32Array, question: int, base: float, largest: float, n_part: int,
    board: Float32Array,
) -> None:  # fmt: skip
    """Take the thresholds of a question with a root into E, `largest` being the largest |V|."""
    at = question * _ROWS
    step = np.float32(BLOCK)
    per_dip, slack = np.float32(largest * (1.0 + 1e-5)), np.float32(_ABSOLUTE_M)
    for part in range(n_part):
        first = part * BLOCK
        w_first = np.float32(base - first * BLOCK)
        for r in range(0, GROUP, 2):
            c00, c01, c02 = (
                coefficient[at + r],
                coefficient[at + _C1 + r],
                coefficient[at + _C2 + r],
            )
            c10, c11 = coefficient[at + r + 1], coefficient[at + _C1 + r + 1]
            c12, v0 = coefficient[at + _C2 + r + 1], coefficient[at + _V + r]
            v1 = coefficient[at + _V + r + 1]
            for m in range(BLOCK):
                w = w_first - step * np.float32(m)
                root = board[_ROOT + first + m]
                t = c00 + w * (c01 + w * c02) + v0 * root
                u = c10 + w * (c11 + w * c12) + v1 * root
                t = _smaller(t, u) - (per_dip * board[_DIP + first + m] + slack)
                board[_LEAST + first + m] = _smaller(t, board[_LEAST + first + m])


@lean_kernel
def far_least(
    questions: int, coefficient: Float32Array, base: float, largest: float, n_block: int, row: int,
    board: Float32Array,
) -> None:  # fmt: skip
    """E of some questions at the borders of the first `n_block` blocks, kept as `row`."""
    n_part = n_block // BLOCK + 1
    for m in range(n_part * BLOCK):
        board[_LEAST + m] = np.float32(SURELY)
    for question in range(N_QUESTION):
        if (questions >> question) & 1 == 0:
            continue
        if Q_NU_E <= question <= Q_NU_G_B:
            _lower_least_curved(coefficient, question, base, largest, n_part, board)
        else:
            _lower_least(coefficient, question, base, n_part, board)
    for m in range(n_part * BLOCK):
        board[row + m] = board[_LEAST + m]


@lean_kernel
def raise_excess(top: Float32Array, is_first: bool, n_block: int, board: Float32Array) -> None:
    """How far each block's bound exceeds E anywhere; the larger of this and what was before."""
    for part in range(n_block // BLOCK + 1):
        first = part * BLOCK
        for m in range(BLOCK):
            b = first + m
            e = top[b] - _smaller(board[_LEAST + b], board[_LEAST + b + 1])
            if not is_first:
                before = board[EXCESS + b]
                e = e if e > before else before  # noqa: FURB136
            board[EXCESS + b] = e


@lean_kernel
def columns_over(
    upper: Float32Array, block: int, row: int, is_first: bool, board: Float32Array
) -> None:
    """How far the columns of a block exceed E."""
    start = board[row + block]
    step = (board[row + block + 1] - start) * np.float32(1.0 / BLOCK)
    for m in range(BLOCK):
        e = upper[block * BLOCK + m] - (start + step * np.float32(m))
        if not is_first:
            before = board[OVER + m]
            e = e if e > before else before  # noqa: FURB136
        board[OVER + m] = e


# --- E near the receivers --------------------------------------------------------------------


@lean_kernel
def _lower_near(
    coefficient: Float32Array, question: int, base: float, first: int, board: Float32Array
) -> None:
    """Take the thresholds of a question without a root at BLOCK columns into E."""
    at = question * _ROWS
    w_first, none = np.float32(base - first), np.float32(SURELY)
    for r in range(0, GROUP, 2):
        c00, c01, c02 = coefficient[at + r], coefficient[at + _C1 + r], coefficient[at + _C2 + r]
        c10, c11 = coefficient[at + r + 1], coefficient[at + _C1 + r + 1]
        c12 = coefficient[at + _C2 + r + 1]
        end0, end1 = coefficient[_BEYOND + r], coefficient[_BEYOND + r + 1]
        for m in range(BLOCK):
            w = w_first - np.float32(m)
            t = c00 + w * (c01 + w * c02)
            u = c10 + w * (c11 + w * c12)
            t = t if w > end0 else none
            u = u if w > end1 else none
            board[_NEAR + m] = _smaller(_smaller(t, u), board[_NEAR + m])


@lean_kernel
def _lower_near_curved(
    coefficient: Float32Array, question: int, base: float, first: int, board: Float32Array
) -> None:
    """The same with a root, that of each lane's own range."""
    at = question * _ROWS
    w_first, none, zero = np.float32(base - first), np.float32(SURELY), np.float32(0.0)
    for r in range(GROUP):
        c0, c1, c2 = coefficient[at + r], coefficient[at + _C1 + r], coefficient[at + _C2 + r]
        v, end, reach = coefficient[at + _V + r], coefficient[_BEYOND + r], coefficient[_REACH + r]
        for m in range(BLOCK):
            w = w_first - np.float32(m)
            inside = (np.float32(base) - w) * (reach + w)
            inside = inside if inside > zero else zero  # noqa: FURB136
            t = c0 + w * (c1 + w * c2) + v * math.sqrt(inside)
            t = t if w > end else none
            board[_NEAR + m] = _smaller(t, board[_NEAR + m])


@lean_kernel
def near_least(
    questions: int, coefficient: Float32Array, base: float, first: int, board: Float32Array
) -> None:
    """E of some questions at BLOCK columns."""
    for m in range(BLOCK):
        board[_NEAR + m] = np.float32(SURELY)
    for question in range(N_QUESTION):
        if (questions >> question) & 1 == 0:
            continue
        if Q_NU_E <= question <= Q_NU_G_B:
            _lower_near_curved(coefficient, question, base, first, board)
        else:
            _lower_near(coefficient, question, base, first, board)


@lean_kernel
def near_over(upper: Float32Array, first: int, is_first: bool, board: Float32Array) -> None:
    """How far BLOCK columns exceed E."""
    for m in range(BLOCK):
        e = upper[first + m] - board[_NEAR + m]
        if not is_first:
            before = board[OVER + m]
            e = e if e > before else before  # noqa: FURB136
        board[OVER + m] = e
