"""Which columns can matter to a group of receivers, and the maxima over those.

A question is a maximum over the profile. Whether column i can raise the best value that a lane has
so far is a comparison of its height with a threshold T(i): the line (or the parabola, or the curve
of equal ν) through the receiver that the best value stands for. The thresholds of all lanes are
taken together, as their smallest value E at the block borders; T is convex in i but for nothing or
a known dip, so that between two borders it lies above the straight line between their E less the
dip. A block whose highest bound stays below needs no look, nor does a column whose bound does.
What is left is evaluated for all lanes (:mod:`dtt_sim.coverage.wedge.lanes`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dtt_sim._jit import inline_kernel, kernel
from dtt_sim.coverage.wedge.bits import lowest_bit, positive_mask
from dtt_sim.coverage.wedge.lanes import (
    against_chord,
    from_receiver,
    from_transmitter,
    over_smooth_earth,
)
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
    C0,
    C1,
    C2,
    CHORD,
    FIRST,
    GROUP,
    HRS,
    HST,
    HST_SLOPE,
    I_NU,
    I_RX,
    I_TX,
    LAST,
    MAX_SPAN,
    N_QUESTION,
    NEAR,
    NEVER,
    NU_E,
    NU_G_B,
    NU_G_E,
    OBSTRUCTION,
    Q_NU_E,
    Q_NU_G_B,
    Q_NU_G_E,
    Q_OBSTRUCTION,
    Q_RX_0,
    Q_RX_E,
    Q_RX_G_B,
    Q_RX_G_E,
    ROUGHNESS,
    RX_0,
    RX_E,
    RX_G_B,
    RX_G_E,
    STEP,
    SURELY,
    TX_0,
    TX_E,
    TX_G_B,
    TX_G_E,
    VECTOR,
    Setup,
    Strip,
    V,
    X,
)
from dtt_sim.typing import Float32Array, Float64Array, Int32Array, IntArray

LEAST_ROUGHNESS_M = 10.0
"""Terrain roughness counts above this only; P.1812 eq. (56)."""
LEAST_NU = -0.79
"""Below ν = -0.78 the knife-edge loss is zero, whatever ν is."""
MANY = 40
"""Columns left above which the best of each block is tried first."""
_RELATIVE = 1e-6
_ABSOLUTE_M = 0.002
_DIP = 1.05
_SLOPE_SLACK = 1e-9

MAX_BLOCK = 4096
"""Blocks of the longest path, 131 072 columns."""
BOARD_ROW = MAX_BLOCK + 80  # not a multiple of 4096 bytes: rows would meet in the cache
_AWAY, _ROOT, _LOWEST, _EXCESS, _ENVELOPE, _DIP_ROW = (
    row * BOARD_ROW for row in (0, 1, 2, 3, 4, 4 + N_QUESTION)
)
BOARD_SIZE = (4 + 2 * N_QUESTION) * BOARD_ROW

# Rows of `Work.counter`.
POSITION, N_CONTENDER, N_BEFORE, STAMP, N_EVALUATED, N_GROUP, N_VIOLATION, N_LEFT = range(8)


class Work(NamedTuple):
    """Scratch of the search, for one thread.

    Attributes
    ----------
    lane : (N_LANE_ROW * GROUP,) float64
    counter : (8,) int64
        Position of the contender list and its length, length of `before`, stamp; and for the debug
        mode and the curious: columns evaluated, groups, samples above their bound, columns left.
    asked : (N_QUESTION,) float64
        Number of lanes that ask each question.
    best : (4,) float64
        Lower bounds of the steepest slopes from the transmitter, for its four maxima.
    contender : (n_pad,) int32
        Columns that can be some receiver's transmitter horizon.
    before : (3 * GROUP,) int32
        Far columns that mattered to the group before.
    column : (n_pad,) int32
        Columns that a screening leaves.
    stamp_rx, stamp_chord : (n_pad,) int32
        The last group for which a column was evaluated.
    board : (20 * BOARD_ROW,) float32
        By block border: columns to it from the group's nearest receiver, sqrt(i (x - i)) for its
        farthest, a scratch row, how far a block's bound exceeds the thresholds; and for every
        question E and the dip.
    over : (BLOCK,) float32
        How far the columns of a block exceed the thresholds.
    """

    lane: Float64Array
    counter: IntArray
    asked: Float64Array
    best: Float64Array
    contender: Int32Array
    before: Int32Array
    column: Int32Array
    stamp_rx: Int32Array
    stamp_chord: Int32Array
    board: Float32Array
    over: Float32Array


# --- The transmitter's horizon: a list of contenders that grows with the range ------------------


@kernel
def _tx_excess(
    upper: Float32Array,
    cover: Float32Array,
    first: int,
    n: int,
    setup: Setup,
    a: tuple[float, float, float, float],
    best: Float64Array,
    over: Float32Array,
) -> None:
    """How far the slopes of `n` columns can exceed the best lower bounds."""
    hts = setup.hts_m
    b0, b1, b2, b3 = best[0], best[1], best[2], best[3]
    _, a_e, _, a_b = a
    for m in range(n):
        i = float(first + m)
        slope = (np.float64(upper[first + m]) - hts) / i
        covered = (np.float64(cover[first + m]) - hts) / i
        e = slope - b0
        e1 = slope - a_e * i - b1
        e = max(e, e1)
        e1 = covered - a_e * i - b2
        e = max(e, e1)
        e1 = covered - a_b * i - b3
        e = max(e, e1)
        over[m] = np.float32(e)


@kernel
def _advance_contenders(
    upper: Float32Array,
    lower: Float32Array,
    cover_upper: Float32Array,
    cover_lower: Float32Array,
    setup: Setup,
    upto: int,
    a_low: tuple[float, float, float, float],
    a_high: tuple[float, float, float, float],
    count: IntArray,
    best: Float64Array,
    contender: Int32Array,
    over: Float32Array,
) -> None:
    """Take the columns before `upto` into the list, and drop who cannot win any more.

    A column stays while its upper bound reaches the best lower bound in one of four maxima: bare
    over the flat and the median Earth, with clutter over the median and the β0 Earth. `a_low` and
    `a_high` hold the least and the largest curvature of each.
    """
    hts = setup.hts_m
    first = count[POSITION]
    has_risen = False
    while first < upto:
        n = min(BLOCK, upto - first)
        _tx_excess(upper, cover_upper, first, n, setup, a_low, best, over)
        for m in range(n):
            if over[m] < 0.0:
                continue
            i = first + m
            contender[count[N_CONTENDER]] = i
            count[N_CONTENDER] += 1
            at = float(i)
            bare = (np.float64(lower[i]) - hts) / at
            covered = (np.float64(cover_lower[i]) - hts) / at
            for which in range(4):
                low = (bare if which < 2 else covered) - a_high[which] * at - _SLOPE_SLACK
                if low > best[which]:
                    best[which] = low
                    has_risen = True
        first += n
    count[POSITION] = max(count[POSITION], upto)
    if has_risen:
        kept = 0
        for c in range(count[N_CONTENDER]):
            i = contender[c]
            _tx_excess(upper, cover_upper, i, 1, setup, a_low, best, over)
            if over[0] >= 0.0:
                contender[kept] = i
                kept += 1
        count[N_CONTENDER] = kept


@kernel
def _tx_listed(
    node: Float32Array, column: Int32Array, n: int, hts_m: float, has_clutter: bool,
    lane: Float64Array,
) -> None:  # fmt: skip
    for c in range(n):
        from_transmitter(node, column[c], hts_m, has_clutter, lane)


@kernel
def _tx_marked(
    node: Float32Array, first: int, n: int, hts_m: float, has_clutter: bool, over: Float32Array,
    lane: Float64Array,
) -> None:  # fmt: skip
    for m in range(n):
        if over[m] >= 0.0:
            from_transmitter(node, first + m, hts_m, has_clutter, lane)


@kernel
def transmitter_horizons(
    strip: Strip,
    setup: Setup,
    n_low: int,
    n_high: int,
    a_low: tuple[float, float, float, float],
    a_high: tuple[float, float, float, float],
    work: Work,
) -> None:
    """Steepest slopes from the transmitter, for receivers with n_low <= n < n_high."""
    lane, count = work.lane, work.counter
    for r in range(GROUP):
        lane[TX_0 * GROUP + r] = NEVER
        lane[TX_E * GROUP + r] = NEVER
        lane[TX_G_E * GROUP + r] = NEVER
        lane[TX_G_B * GROUP + r] = NEVER
        lane[I_TX * GROUP + r] = 1.0
    _advance_contenders(
        strip.upper, strip.lower, strip.cover_upper, strip.cover_lower, setup, n_low, a_low, a_high,
        count, work.best, work.contender, work.over,
    )  # fmt: skip
    _tx_listed(strip.node, work.contender, count[N_CONTENDER], setup.hts_m, setup.has_clutter, lane)
    first = n_low
    while first < n_high - 1:
        n = min(BLOCK, n_high - 1 - first)
        _tx_excess(strip.upper, strip.cover_upper, first, n, setup, a_low, work.best, work.over)
        _tx_marked(strip.node, first, n, setup.hts_m, setup.has_clutter, work.over, lane)
        first += n
    if not setup.has_clutter:
        for r in range(GROUP):
            lane[TX_G_E * GROUP + r] = lane[TX_E * GROUP + r]


# --- What the lanes ask ----------------------------------------------------------------------


@kernel
def _ask(setup: Setup, lane: Float64Array, asked: Float64Array) -> None:
    """Mark which maxima each lane needs, count the askers, and start from nothing."""
    floor = LEAST_NU * setup.root_wavelength
    floor = -floor * floor / 0.002
    with_clutter = 1.0 if setup.has_clutter else 0.0
    with_beta = 1.0 if setup.needs_beta else 0.0
    for r in range(GROUP):
        x = lane[X * GROUP + r]
        line = lane[CHORD * GROUP + r]
        a_e = lane[A_E * GROUP + r]
        beyond = 1.0 if lane[TX_E * GROUP + r] > line - a_e * x else 0.0  # (79)
        beyond_e = 1.0 if lane[TX_G_E * GROUP + r] + a_e * x >= line else 0.0
        a_b = lane[A_B * GROUP + r]
        beyond_b = 1.0 if lane[TX_G_B * GROUP + r] + a_b * x >= line else 0.0
        obstructed = 1.0 if lane[TX_0 * GROUP + r] > line else 0.0
        either = max(beyond, beyond_e)
        lane[ASKS_RX_0 * GROUP + r] = obstructed
        lane[ASKS_RX_E * GROUP + r] = with_clutter * beyond + (1.0 - with_clutter) * either
        lane[ASKS_RX_G_E * GROUP + r] = with_clutter * beyond_e
        lane[ASKS_RX_G_B * GROUP + r] = with_beta * beyond_b
        lane[ASKS_OBSTRUCTION * GROUP + r] = obstructed
        lane[ASKS_NU_E * GROUP + r] = 1.0 - beyond
        lane[ASKS_NU_G_E * GROUP + r] = with_clutter * (1.0 - beyond_e)
        lane[ASKS_NU_G_B * GROUP + r] = with_beta * (1.0 - beyond_b)
        lane[RX_0 * GROUP + r] = NEVER
        lane[RX_E * GROUP + r] = NEVER
        lane[RX_G_E * GROUP + r] = NEVER
        lane[RX_G_B * GROUP + r] = NEVER
        lane[I_RX * GROUP + r] = 0.0
        lane[OBSTRUCTION * GROUP + r] = NEVER
        lane[NU_E * GROUP + r] = NEVER
        lane[I_NU * GROUP + r] = 0.0
        lowest = floor * lane[STEP * GROUP + r] / x
        lane[NU_G_E * GROUP + r] = lowest
        lane[NU_G_B * GROUP + r] = lowest
    for question in range(N_QUESTION):
        total = 0.0
        for r in range(GROUP):
            total += lane[(ASKS_RX_0 + question) * GROUP + r]
        asked[question] = total


# --- Thresholds ------------------------------------------------------------------------------


@inline_kernel
def _set(
    lane: Float64Array, r: int, asks: float, c0: float, c1: float, c2: float, v: float
) -> None:
    """Keep a lane's coefficients, lowered by what single precision may lose.

    The parabola dips below the line between two borders by a quarter of the squared block.
    """
    slack = _RELATIVE * (abs(c0) + 2.0 * MAX_SPAN * abs(c1)) + _ABSOLUTE_M
    c0 -= slack + 0.25 * BLOCK * BLOCK * c2
    lane[C0 * GROUP + r] = c0 if asks != 0.0 else SURELY
    lane[C1 * GROUP + r] = c1 - _RELATIVE * abs(c1) if asks != 0.0 else 0.0
    lane[C2 * GROUP + r] = c2 * (1.0 - _RELATIVE) if asks != 0.0 else 0.0
    lane[V * GROUP + r] = v - _RELATIVE * abs(v) if asks != 0.0 else 0.0


@kernel
def _rx_threshold(lane: Float64Array, asks: int, value: int, curvature: int, base: float) -> None:
    """Coefficients of T = hrs + (x - i)(value - a (x + i)), with i = base - w."""
    bends = 1.0 if curvature >= 0 else 0.0
    curvature = max(curvature, 0)
    for r in range(GROUP):
        a = bends * lane[curvature * GROUP + r]
        x = lane[X * GROUP + r]
        p = x - base
        slope = lane[value * GROUP + r] - a * (x + base)
        c0 = lane[HRS * GROUP + r] + p * slope
        _set(lane, r, lane[asks * GROUP + r], c0, slope + a * p, a, 0.0)


@kernel
def _chord_threshold(
    lane: Float64Array, asks: int, value: int, curvature: int, hts_m: float, base: float
) -> None:
    """Coefficients of T = line - a i (x - i) + ν sqrt(i (x - i)), i = base - w."""
    for r in range(GROUP):
        line = lane[CHORD * GROUP + r]
        best = lane[value * GROUP + r]
        a = lane[curvature * GROUP + r]
        p = lane[X * GROUP + r] - base
        root = math.copysign(math.sqrt(abs(best)), best)
        c0 = hts_m + line * base - a * base * p
        _set(lane, r, lane[asks * GROUP + r], c0, -line - a * (base - p), a, root)


@kernel
def _obstruction_threshold(lane: Float64Array, hts_m: float, base: float) -> None:
    """Coefficients of T = line + value."""
    for r in range(GROUP):
        line = lane[CHORD * GROUP + r]
        c0 = hts_m + line * base + lane[OBSTRUCTION * GROUP + r]
        _set(lane, r, lane[ASKS_OBSTRUCTION * GROUP + r], c0, -line, 0.0, 0.0)


@inline_kernel
def _threshold_at(lane: Float64Array, r: int, w: np.float32, root: np.float32) -> np.float32:
    """T of one lane, in single precision."""
    c0 = np.float32(lane[C0 * GROUP + r])
    c1 = np.float32(lane[C1 * GROUP + r])
    c2 = np.float32(lane[C2 * GROUP + r])
    return c0 + w * (c1 + w * c2) + np.float32(lane[V * GROUP + r]) * root


@kernel
def _envelope(lane: Float64Array, n_border: int, at: int, board: Float32Array) -> float:
    """Smallest threshold of all lanes at every border, from `at` on; return the largest |V|.

    Four lanes at a time: a shorter loop body would be unrolled before it is vectorised. The minimum
    is taken in a row at a fixed place, where the compiler sees that nothing overlaps.
    """
    largest = 0.0
    for r in range(GROUP):
        largest = max(largest, abs(lane[V * GROUP + r]))
    for part in range((n_border + VECTOR - 1) // VECTOR):
        first = part * VECTOR
        for m in range(VECTOR):
            board[_LOWEST + first + m] = np.float32(SURELY)
        for r in range(0, GROUP, 4):
            for m in range(VECTOR):
                w, root = board[_AWAY + first + m], board[_ROOT + first + m]
                t = _smaller(_threshold_at(lane, r, w, root), _threshold_at(lane, r + 1, w, root))
                u = _threshold_at(lane, r + 2, w, root)
                u = _smaller(u, _threshold_at(lane, r + 3, w, root))
                board[_LOWEST + first + m] = _smaller(_smaller(t, u), board[_LOWEST + first + m])
        for m in range(VECTOR):
            board[at + first + m] = board[_LOWEST + first + m]
    return largest


@inline_kernel
def _smaller(a: np.float32, b: np.float32) -> np.float32:
    return min(b, a)


@kernel
def _dips(largest: float, n_block: int, x_max: float, at: int, board: Float32Array) -> None:
    """How far ν sqrt(i (x - i)) may dip below the line between two borders, block by block.

    The root is concave; in the middle of the path its largest distance from the line is that at the
    middle of the block but for a few percent, in the first block known, at the end bounded by what
    it spans.
    """
    for b in range(n_block):
        dip = 0.0
        if largest > 0.0:
            first, last = float(b * BLOCK), float((b + 1) * BLOCK)
            middle = 0.5 * (first + last)
            if b > 0 and last <= x_max - BLOCK:
                line = 0.5 * (board[_ROOT + b] + board[_ROOT + b + 1])
                dip = _DIP * (math.sqrt(middle * (x_max - middle)) - line)
            elif b == 0 and last <= 0.5 * x_max:
                # The largest sag of the root's own curve over its chord, whatever x.
                ratio = x_max / BLOCK
                dip = 0.5 * x_max * (math.sqrt(ratio) - math.sqrt(ratio - 1.0))
            else:
                peak = min(max(0.5 * x_max, first), last)
                peak = math.sqrt(peak * max(x_max - peak, 0.0))
                dip = peak - min(board[_ROOT + b], board[_ROOT + b + 1])
            dip = largest * dip * (1.0 + 1e-5) + _ABSOLUTE_M
        board[at + b] = np.float32(dip)


@kernel
def _thresholds(
    setup: Setup, first: int, last: int, n_block: int, base: float, x_max: float,
    lane: Float64Array, asked: Float64Array, board: Float32Array,
) -> None:  # fmt: skip
    """Envelopes and dips of the questions `first` .. `last`-1 at their present best values."""
    for question in range(first, last):
        if asked[question] == 0.0:
            continue
        if question == Q_RX_0:
            _rx_threshold(lane, ASKS_RX_0, RX_0, -1, base)
        elif question == Q_RX_E:
            _rx_threshold(lane, ASKS_RX_E, RX_E, A_E, base)
        elif question == Q_RX_G_E:
            _rx_threshold(lane, ASKS_RX_G_E, RX_G_E, A_E, base)
        elif question == Q_RX_G_B:
            _rx_threshold(lane, ASKS_RX_G_B, RX_G_B, A_B, base)
        elif question == Q_OBSTRUCTION:
            _obstruction_threshold(lane, setup.hts_m, base)
        elif question == Q_NU_E:
            _chord_threshold(lane, ASKS_NU_E, NU_E, A_E, setup.hts_m, base)
        elif question == Q_NU_G_E:
            _chord_threshold(lane, ASKS_NU_G_E, NU_G_E, A_E, setup.hts_m, base)
        else:
            _chord_threshold(lane, ASKS_NU_G_B, NU_G_B, A_B, setup.hts_m, base)
        largest = _envelope(lane, n_block + 1, _ENVELOPE + question * BOARD_ROW, board)
        _dips(largest, n_block, x_max, _DIP_ROW + question * BOARD_ROW, board)


# --- What the thresholds leave ---------------------------------------------------------------


@kernel
def _block_excess(top: Float32Array, question: int, n_block: int, board: Float32Array) -> None:
    at, dip = _ENVELOPE + question * BOARD_ROW, _DIP_ROW + question * BOARD_ROW
    for part in range((n_block + VECTOR - 1) // VECTOR):
        first = part * VECTOR
        for m in range(VECTOR):
            b = first + m
            left, right = board[at + b], board[at + b + 1]
            e = top[b] - ((min(right, left)) - board[dip + b])
            board[_EXCESS + b] = max(board[_EXCESS + b], e)


@kernel
def _column_excess(
    upper: Float32Array, block: int, left: float, right: float, dip: float, over: Float32Array
) -> None:
    start = np.float32(left - dip)
    step = np.float32((right - left) * (1.0 / BLOCK))
    for m in range(BLOCK):
        e = upper[block * BLOCK + m] - (start + step * np.float32(m))
        over[m] = max(over[m], e)


@kernel
def _is_cover(question: int) -> bool:
    """Whether a question is put to the ground with clutter (the bare one where there is none)."""
    return question in (Q_RX_G_E, Q_RX_G_B, Q_NU_G_E, Q_NU_G_B)


@kernel
def _collect(
    upper: Float32Array,
    cover_upper: Float32Array,
    top: Float32Array,
    cover_top: Float32Array,
    asked: Float64Array,
    first: int,
    last: int,
    n_block: int,
    end: int,
    only_best: bool,
    now: int,
    stamp: Int32Array,
    board: Float32Array,
    over: Float32Array,
    column: Int32Array,
) -> int:
    """Columns before `end` that some lane's question `first` .. `last`-1 may still need.

    Returns their number. `only_best` takes the most promising column of each block.
    """
    for b in range((n_block + VECTOR - 1) // VECTOR * VECTOR):
        board[_EXCESS + b] = np.float32(-SURELY)
    for question in range(first, last):
        if asked[question] == 0.0:
            continue
        if _is_cover(question):
            _block_excess(cover_top, question, n_block, board)
        else:
            _block_excess(top, question, n_block, board)
    n = 0
    for b in range(n_block):
        if not board[_EXCESS + b] > 0.0:
            continue
        for m in range(BLOCK):
            over[m] = np.float32(-SURELY)
        for question in range(first, last):
            if asked[question] == 0.0:
                continue
            at = _ENVELOPE + question * BOARD_ROW + b
            dip = board[_DIP_ROW + question * BOARD_ROW + b]
            if _is_cover(question):
                _column_excess(cover_upper, b, board[at], board[at + 1], dip, over)
            else:
                _column_excess(upper, b, board[at], board[at + 1], dip, over)
        mask = positive_mask(over)
        best, where = np.float32(0.0), -1
        while mask != 0:
            m = lowest_bit(mask)
            mask &= mask - 1
            i = b * BLOCK + m
            if stamp[i] == now or i >= end:
                continue
            if not only_best:
                column[n] = i
                n += 1
            elif over[m] > best:
                best, where = over[m], i
        if where >= 0:
            column[n] = where
            n += 1
    return n


@kernel
def _evaluate_range(
    node: Float32Array, first: int, end: int, setup: Setup, is_chord: bool, now: int,
    stamp: Int32Array, lane: Float64Array,
) -> int:  # fmt: skip
    for i in range(first, end):
        stamp[i] = now
    if is_chord:
        for i in range(first, end):
            against_chord(node, i, setup.hts_m, lane)
    else:
        for i in range(first, end):
            from_receiver(node, i, setup.has_clutter, lane)
    return end - first


@kernel
def _evaluate_listed(
    node: Float32Array, column: Int32Array, n: int, end: int, setup: Setup, is_chord: bool,
    now: int, stamp: Int32Array, lane: Float64Array,
) -> int:  # fmt: skip
    """Evaluate the listed columns before `end` that were not yet; return their number."""
    done = 0
    for c in range(n):
        i = column[c]
        if i >= end or stamp[i] == now:
            continue
        stamp[i] = now
        done += 1
        if is_chord:
            against_chord(node, i, setup.hts_m, lane)
        else:
            from_receiver(node, i, setup.has_clutter, lane)
    return done


@kernel
def _own_columns(lane: Float64Array, row: int, column: Int32Array) -> int:
    """Columns that one row of the lanes names, each run of equals once; return their number."""
    n = 0
    for r in range(GROUP):
        i = int(lane[row * GROUP + r])
        if i >= 1 and (n == 0 or column[n - 1] != i):
            column[n] = i
            n += 1
    return n


@kernel
def _search(
    strip: Strip, setup: Setup, n_low: int, end: int, x_max: float, is_chord: bool, work: Work
) -> None:
    """All columns before `end` that may matter: near ones, those that did before, and the rest."""
    first, last = (Q_OBSTRUCTION, N_QUESTION) if is_chord else (Q_RX_0, Q_OBSTRUCTION)
    stamp = work.stamp_chord if is_chord else work.stamp_rx
    lane, count, column, asked = work.lane, work.counter, work.column, work.asked
    node, now = strip.node, count[STAMP]
    n_block = (end - 1) // BLOCK + 1
    evaluated = _evaluate_listed(
        node, work.before, count[N_BEFORE], end, setup, is_chord, now, stamp, lane
    )
    n = _own_columns(lane, I_TX, column)
    evaluated += _evaluate_listed(node, column, n, end, setup, is_chord, now, stamp, lane)
    if is_chord:
        n = _own_columns(lane, I_RX, column)
        evaluated += _evaluate_listed(node, column, n, end, setup, is_chord, now, stamp, lane)
    if not is_chord or asked[Q_NU_E] + asked[Q_NU_G_E] + asked[Q_NU_G_B] > 0.0:
        evaluated += _evaluate_range(
            node, max(n_low - NEAR, 1), end, setup, is_chord, now, stamp, lane
        )
    left = 0
    for attempt in range(2):
        _thresholds(setup, first, last, n_block, float(n_low), x_max, lane, asked, work.board)
        left = _collect(
            strip.upper, strip.cover_upper, strip.top, strip.cover_top, asked, first, last, n_block,
            end, False, now, stamp, work.board, work.over, column,
        )  # fmt: skip
        is_last = left <= MANY or attempt == 1
        if not is_last:
            left = _collect(
                strip.upper, strip.cover_upper, strip.top, strip.cover_top, asked, first, last,
                n_block, end, True, now, stamp, work.board, work.over, column,
            )  # fmt: skip
        evaluated += _evaluate_listed(node, column, left, end, setup, is_chord, now, stamp, lane)
        if is_last:
            break
    count[N_EVALUATED] += evaluated
    count[N_LEFT] += left


@kernel
def receiver_horizons(strip: Strip, setup: Setup, n_low: int, n_high: int, work: Work) -> None:
    """All maxima that depend on the receiver, after :func:`transmitter_horizons`."""
    lane, count, asked = work.lane, work.counter, work.asked
    _ask(setup, lane, asked)
    count[STAMP] += 1
    count[N_GROUP] += 1
    end = n_high - 1
    x_max = 0.0
    for r in range(GROUP):
        x_max = max(x_max, lane[X * GROUP + r])
    _borders(n_low, x_max, (end - 1) // BLOCK + 2, work.board)
    if asked[Q_RX_0] + asked[Q_RX_E] + asked[Q_RX_G_E] + asked[Q_RX_G_B] > 0.0:
        _search(strip, setup, n_low, end, x_max, False, work)
    if asked[Q_OBSTRUCTION] + asked[Q_NU_E] + asked[Q_NU_G_E] + asked[Q_NU_G_B] > 0.0:
        _search(strip, setup, n_low, end, x_max, True, work)
    _remember(lane, count, work.before)
    if not setup.has_clutter:
        for r in range(GROUP):
            lane[RX_G_E * GROUP + r] = lane[RX_E * GROUP + r]


@kernel
def _borders(base: int, x_max: float, n_border: int, board: Float32Array) -> None:
    for b in range((n_border + VECTOR - 1) // VECTOR * VECTOR):
        i = float(b * BLOCK)
        board[_AWAY + b] = np.float32(base - i)
        inside = x_max - i
        board[_ROOT + b] = np.float32(math.sqrt(i * (max(0.0, inside))))


@kernel
def _remember(lane: Float64Array, count: IntArray, before: Int32Array) -> None:
    """Keep the columns that were horizons or edges, for the next group's start."""
    n = 0
    for row in (I_TX, I_RX, I_NU):
        previous = 0
        for r in range(GROUP):
            i = int(lane[row * GROUP + r])
            if i != previous and i >= 1:
                before[n] = i
                n += 1
            previous = i
    count[N_BEFORE] = n


# --- Terrain roughness -----------------------------------------------------------------------


@kernel
def roughness(
    node: Float32Array, upper: Float32Array, top: Float32Array, lane: Float64Array,
    over: Float32Array,
) -> None:  # fmt: skip
    """Largest height above the smooth surface between the horizons, not below 10 m; eq. (95).

    HST, HST_SLOPE, FIRST and LAST are set.
    """
    low, high = lane[FIRST * GROUP], lane[LAST * GROUP]
    for r in range(GROUP):
        lane[ROUGHNESS * GROUP + r] = LEAST_ROUGHNESS_M
        low = min(low, lane[FIRST * GROUP + r])
        high = max(high, lane[LAST * GROUP + r])
    # The horizons themselves are the likeliest.
    last_first = last_last = -1
    for r in range(GROUP):
        i = int(lane[FIRST * GROUP + r])
        if i != last_first and i >= 1:
            over_smooth_earth(node, i, lane)
        last_first = i
        i = int(lane[LAST * GROUP + r])
        if i != last_last and i >= 1:
            over_smooth_earth(node, i, lane)
        last_last = i
    begin, end = int(low) // BLOCK, int(high) // BLOCK + 1
    slope_low, base = lane[HST_SLOPE * GROUP], SURELY
    for r in range(GROUP):
        base = min(base, lane[HST * GROUP + r] + lane[ROUGHNESS * GROUP + r])
        slope_low = min(slope_low, lane[HST_SLOPE * GROUP + r])
    for b in range(begin, end):
        # One line below those of all lanes: the least start with the least slope.
        left = base + slope_low * (b * BLOCK)
        right = left + slope_low * BLOCK
        if top[b] <= min(left, right) - _ABSOLUTE_M:
            continue
        left = right = SURELY
        for r in range(GROUP):
            line = lane[HST * GROUP + r] + lane[ROUGHNESS * GROUP + r]
            line += lane[HST_SLOPE * GROUP + r] * (b * BLOCK)
            left = min(left, line)
            right = min(right, line + lane[HST_SLOPE * GROUP + r] * BLOCK)
        if top[b] <= min(left, right) - _ABSOLUTE_M:
            continue
        for m in range(BLOCK):
            over[m] = np.float32(-SURELY)
        _column_excess(upper, b, left, right, _ABSOLUTE_M, over)
        mask = positive_mask(over)
        while mask != 0:
            i = b * BLOCK + lowest_bit(mask)
            mask &= mask - 1
            if low <= i <= high:
                over_smooth_earth(node, i, lane)
