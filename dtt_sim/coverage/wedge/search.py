"""Which columns can matter to a group of receivers, and the maxima over those.

Good values to begin with come from the columns that mattered to the group before and from the
transmitter's horizons. The columns near the receivers are then compared with the thresholds
(:mod:`dtt_sim.coverage.wedge.thresholds`) one by one, those farther away block by block: a block
whose highest bound stays below needs no look, nor does a column whose bound does. What is left is
evaluated for all lanes (:mod:`dtt_sim.coverage.wedge.lanes`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dtt_sim._jit import inline_kernel, lean_kernel
from dtt_sim.coverage.wedge.bits import lowest_bit, place_of_largest, positive_mask
from dtt_sim.coverage.wedge.lanes import (
    from_receiver,
    from_receiver_over_clutter,
    in_line_of_sight,
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
    NEVER,
    NU_E,
    NU_G_B,
    NU_G_E,
    OBSTRUCTION,
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
    Setup,
    X,
)
from dtt_sim.coverage.wedge.thresholds import (
    BARE,
    COVER,
    EXCESS,
    LEAST_BARE,
    LEAST_COVER,
    MAX_BLOCK,
    OVER,
    Q_ROUGHNESS,
    columns_over,
    far_least,
    horizon_thresholds,
    keep,
    keep_reach,
    largest_root,
    near_least,
    near_over,
    obstruction_thresholds,
    raise_excess,
    roots,
    roughness_thresholds,
    sight_thresholds,
)
from dtt_sim.typing import Float32Array, Float64Array, Int32Array, IntArray

__all__ = ["MAX_BLOCK", "Work", "receiver_maxima", "roughness"]

LEAST_ROUGHNESS_M = 10.0
"""Terrain roughness counts above this only; P.1812 eq. (56)."""
LEAST_NU = -0.79
"""Below ν = -0.78 the knife-edge loss is zero, whatever ν is."""
MANY = 40
"""Columns left above which the best of each block is tried first."""

LAST_STAGE = 3
"""Stages: first guesses, near columns, the best of far blocks, all far columns."""

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
    bound : (N_BOUND,) float64
        Of the transmitter's horizons, see :mod:`dtt_sim.coverage.wedge.horizon`.
    contender : (n_pad,) int32
        Columns that can be some receiver's transmitter horizon.
    before : (2 * GROUP,) int32
        Far columns that mattered to the group before.
    column : (n_pad,) int32
        Columns to evaluate.
    stamp : (n_pad,) int32
        The last group for which a column was evaluated.
    board, coefficient : float32
        See :mod:`dtt_sim.coverage.wedge.thresholds`.
    """

    lane: Float64Array
    counter: IntArray
    bound: Float64Array
    contender: Int32Array
    before: Int32Array
    column: Int32Array
    stamp: Int32Array
    board: Float32Array
    coefficient: Float32Array


# Arguments that begin as literals have their callee compiled once for each.
@inline_kernel
def _int(value: int) -> int:
    return int(np.int64(value))


@lean_kernel
def _ask(setup: Setup, lane: Float64Array) -> tuple[int, int]:
    """Mark which maxima each lane needs, and start from nothing.

    Returns how many lanes need a horizon of the receiver, and how many a line of sight.
    """
    floor = LEAST_NU * setup.root_wavelength
    floor = -floor * floor / 0.002
    with_clutter = setup.has_clutter
    with_beta = setup.needs_beta
    n_horizon = n_sight = 0
    for r in range(GROUP):
        x = lane[X * GROUP + r]
        line = lane[CHORD * GROUP + r]
        a_e = lane[A_E * GROUP + r]
        beyond = lane[TX_E * GROUP + r] > line - a_e * x  # (79)
        beyond_e = lane[TX_G_E * GROUP + r] + a_e * x >= line
        beyond_b = lane[TX_G_B * GROUP + r] + lane[A_B * GROUP + r] * x >= line
        obstructed = lane[TX_0 * GROUP + r] > line
        asks_e = beyond | (beyond_e & (not with_clutter))
        asks_b = beyond_b & with_beta
        lane[ASKS_RX_0 * GROUP + r] = 1.0 if obstructed else 0.0
        lane[ASKS_RX_E * GROUP + r] = 1.0 if asks_e else 0.0
        lane[ASKS_RX_G_E * GROUP + r] = 1.0 if beyond_e & with_clutter else 0.0
        lane[ASKS_RX_G_B * GROUP + r] = 1.0 if asks_b else 0.0
        lane[ASKS_OBSTRUCTION * GROUP + r] = 1.0 if obstructed else 0.0
        sight_e = with_clutter & (not beyond_e)
        sight_b = with_beta & (not beyond_b)
        lane[ASKS_NU_E * GROUP + r] = 0.0 if beyond else 1.0
        lane[ASKS_NU_G_E * GROUP + r] = 1.0 if sight_e else 0.0
        lane[ASKS_NU_G_B * GROUP + r] = 1.0 if sight_b else 0.0
        n_horizon += 1 if obstructed | asks_e | beyond_e | asks_b else 0
        n_sight += 1 if (not beyond) | sight_e | sight_b else 0
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
    return n_horizon, n_sight


@lean_kernel
def _evaluate(
    node: Float32Array, column: Int32Array, n: int, has_clutter: bool, hts_m: float,
    n_horizon: int, n_sight: int, now: int, stamp: Int32Array, lane: Float64Array,
) -> int:  # fmt: skip
    """Evaluate the listed columns that were not yet; return their number."""
    done = 0
    for c in range(n):
        i = int(column[c])
        if stamp[i] == now:
            continue
        stamp[i] = now
        done += 1
        if n_horizon > 0:
            if has_clutter:
                from_receiver_over_clutter(node, i, hts_m, lane)
            else:
                from_receiver(node, i, hts_m, lane)
        if n_sight > 0:
            in_line_of_sight(node, i, hts_m, lane)
    return done


@lean_kernel
def _own_columns(lane: Float64Array, row: int, column: Int32Array, n: int) -> int:
    """Append the columns that one row of the lanes names, each run of equals once."""
    previous = 0
    for r in range(GROUP):
        i = int(lane[row * GROUP + r])
        if i >= 1 and i != previous:
            column[n] = i
            n += 1
        previous = i
    return n


@lean_kernel
def _list_marked(board: Float32Array, first: int, column: Int32Array, n: int) -> int:
    """Append the columns of the block at `first` that exceed the thresholds."""
    mask = positive_mask(board, OVER)
    while mask != 0:
        column[n] = first + lowest_bit(mask)
        n += 1
        mask &= mask - 1
    return n


@lean_kernel
def _best_marked(board: Float32Array, first: int, column: Int32Array, n: int) -> int:
    """Append the column of the block at `first` that exceeds the thresholds most, if any does."""
    best = 0
    for m in range(1, BLOCK):
        if board[OVER + m] > board[OVER + best]:
            best = m
    if board[OVER + best] > 0.0:
        column[n] = first + best
        n += 1
    return n


@lean_kernel
def _near_columns(
    upper: Float32Array, cover_upper: Float32Array, has_clutter: bool, active: int, base: float,
    begin: int, end: int, coefficient: Float32Array, board: Float32Array, column: Int32Array,
) -> int:  # fmt: skip
    """List the columns from `begin`, a block's first, up to `end` that can matter to a lane."""
    n = _int(0)
    for first in range(begin, end, BLOCK):
        near_least(active & BARE if has_clutter else active, coefficient, base, first, board)
        near_over(upper, first, True, board)
        if has_clutter:
            near_least(active & COVER, coefficient, base, first, board)
            near_over(cover_upper, first, False, board)
        n = _list_marked(board, first, column, n)
    return n


@lean_kernel
def _far_columns(
    upper: Float32Array, cover_upper: Float32Array, has_clutter: bool, n_block: int,
    is_best_only: bool, board: Float32Array, column: Int32Array,
) -> int:  # fmt: skip
    """List the columns of the first `n_block` blocks that can matter to a lane."""
    n = _int(0)
    for part in range(n_block // BLOCK + 1):
        mask = positive_mask(board, EXCESS + part * BLOCK)
        while mask != 0:
            block = part * BLOCK + lowest_bit(mask)
            mask &= mask - 1
            if block >= n_block:
                break
            columns_over(upper, block, LEAST_BARE, True, board)
            if has_clutter:
                columns_over(cover_upper, block, LEAST_COVER, False, board)
            if is_best_only:
                n = _best_marked(board, block * BLOCK, column, n)
            else:
                n = _list_marked(board, block * BLOCK, column, n)
    return n


@lean_kernel
def _likeliest(
    upper: Float32Array, top: Float32Array, n_block: int, lane: Float64Array, r: int, hts_m: float,
    board: Float32Array, column: Int32Array, n: int,
) -> int:  # fmt: skip
    """Append the far columns that stand highest as lane `r` sees them, and above its chord."""
    x, a = np.float32(lane[X * GROUP + r]), np.float32(lane[A_E * GROUP + r])
    hrs, hts = np.float32(lane[HRS * GROUP + r]), np.float32(hts_m)
    line = np.float32(lane[CHORD * GROUP + r])
    best, highest = np.float32(-SURELY), np.float32(-SURELY)
    block_best = block_highest = 0
    for part in range((n_block + BLOCK - 1) // BLOCK):
        for m in range(BLOCK):
            b = part * BLOCK + m
            i = np.float32(b) * np.float32(BLOCK) + np.float32(BLOCK // 2)
            is_far = b < n_block
            slope = (top[b] - hrs) / (x - i) + a * i
            over = top[b] - (hts + line * i)
            board[OVER + m] = slope if is_far else np.float32(-SURELY)
            board[OVER + BLOCK + m] = over if is_far else np.float32(-SURELY)
        m = place_of_largest(board, OVER)
        if board[OVER + m] > best:
            best, block_best = board[OVER + m], part * BLOCK + m
        m = place_of_largest(board, OVER + BLOCK)
        if board[OVER + BLOCK + m] > highest:
            highest, block_highest = board[OVER + BLOCK + m], part * BLOCK + m
    for m in range(BLOCK):
        i = np.float32(block_best * BLOCK) + np.float32(m)
        board[OVER + m] = (upper[block_best * BLOCK + m] - hrs) / (x - i) + a * i
        i = np.float32(block_highest * BLOCK) + np.float32(m)
        board[OVER + BLOCK + m] = upper[block_highest * BLOCK + m] - (hts + line * i)
    column[n] = max(block_best * BLOCK + place_of_largest(board, OVER), 1)
    column[n + 1] = max(block_highest * BLOCK + place_of_largest(board, OVER + BLOCK), 1)
    return n + 2


@lean_kernel
def receiver_maxima(
    setup: Setup,
    node: Float32Array,
    upper: Float32Array,
    cover_upper: Float32Array,
    top: Float32Array,
    cover_top: Float32Array,
    n_low: int,
    n_high: int,
    count: IntArray,
    before: Int32Array,
    column: Int32Array,
    stamp: Int32Array,
    board: Float32Array,
    coefficient: Float32Array,
    lane: Float64Array,
) -> None:
    """All maxima that depend on the receiver, after those that depend on the transmitter."""
    has_clutter, hts_m, base = setup.has_clutter, setup.hts_m, float(n_low)
    n_horizon, n_sight = _ask(setup, lane)
    count[STAMP] += 1
    count[N_GROUP] += 1
    n = count[N_BEFORE]
    for c in range(n):
        column[c] = before[c]
    n = _own_columns(lane, _int(I_TX), column, n)
    keep_reach(lane, base, coefficient)
    n_block = (n_low - 1) // BLOCK
    if n_horizon > 0 and n_block > 0:
        for r in (0, GROUP - 1):
            n = _likeliest(upper, top, n_block, lane, r, hts_m, board, column, n)
    if n_sight > 0:
        x_max = 0.0
        for r in range(GROUP):
            x_max = max(x_max, lane[X * GROUP + r])
        roots(x_max, n_block, board)
    # First good values to begin with, then near columns, then far ones. Where many of those are
    # left, the best of each block comes first.
    stage = 0
    while True:
        evaluated = _evaluate(
            node, column, n, has_clutter, hts_m, n_horizon, n_sight, count[STAMP], stamp, lane
        )
        count[N_EVALUATED] += evaluated
        if stage == LAST_STAGE:
            break
        active = 0
        largest = 0.0
        if n_horizon > 0:
            active = horizon_thresholds(lane, has_clutter, base)
            active |= obstruction_thresholds(lane, hts_m, base)
        if n_sight > 0:
            active |= sight_thresholds(lane, hts_m, base)
            largest = largest_root(lane)
        keep(lane, active, coefficient)
        if stage == 0:
            n = _near_columns(
                upper, cover_upper, has_clutter, active, base, n_block * BLOCK, n_high - 1,
                coefficient, board, column,
            )  # fmt: skip
            stage = 1
            continue
        bare = active & BARE if has_clutter else active
        far_least(bare, coefficient, base, largest, n_block, _int(LEAST_BARE), board)
        raise_excess(top, True, n_block, board)
        if has_clutter:
            far_least(active & COVER, coefficient, base, largest, n_block, _int(LEAST_COVER), board)
            raise_excess(cover_top, False, n_block, board)
        n = _far_columns(upper, cover_upper, has_clutter, n_block, bool(_int(0)), board, column)
        count[N_LEFT] += n
        if n > MANY and stage == 1:
            n = _far_columns(upper, cover_upper, has_clutter, n_block, bool(_int(1)), board, column)
            stage = 2
        else:
            stage = LAST_STAGE
    n = _own_columns(lane, _int(I_RX), before, _int(0))
    count[N_BEFORE] = _own_columns(lane, _int(I_NU), before, n)
    if not has_clutter:
        for r in range(GROUP):
            lane[RX_G_E * GROUP + r] = lane[RX_E * GROUP + r]


@lean_kernel
def _highest(
    upper: Float32Array, top: Float32Array, low: float, high: float, start: float, slope: float,
    board: Float32Array, column: Int32Array, n: int,
) -> int:  # fmt: skip
    """Append the column between `low` and `high` that stands highest over a line."""
    first, last = np.float32(low), np.float32(high)
    c0, c1, none = np.float32(start), np.float32(slope), np.float32(-SURELY)
    best, block = none, -1
    for part in range(int(low) // BLOCK // BLOCK, int(high) // BLOCK // BLOCK + 1):
        for m in range(BLOCK):
            b = part * BLOCK + m
            i = np.float32(b) * np.float32(BLOCK) + np.float32(BLOCK // 2)
            is_between = (i >= first) & (i <= last)
            over = top[b] - (c0 + c1 * i)
            board[OVER + m] = over if is_between else none
        m = place_of_largest(board, OVER)
        if board[OVER + m] > best:
            best, block = board[OVER + m], part * BLOCK + m
    if block < 0:
        return n
    for m in range(BLOCK):
        i = np.float32(block * BLOCK) + np.float32(m)
        over = upper[block * BLOCK + m] - (c0 + c1 * i)
        board[OVER + m] = over if (i >= first) & (i <= last) else none
    column[n] = block * BLOCK + place_of_largest(board, OVER)
    return n + 1


@lean_kernel
def roughness(
    node: Float32Array, upper: Float32Array, top: Float32Array, column: Int32Array,
    coefficient: Float32Array, board: Float32Array, lane: Float64Array,
) -> None:  # fmt: skip
    """Largest height above the smooth surface between the horizons, not below 10 m; eq. (95).

    HST, HST_SLOPE, FIRST and LAST are set.
    """
    low, high = lane[FIRST * GROUP], lane[LAST * GROUP]
    for r in range(GROUP):
        lane[ROUGHNESS * GROUP + r] = LEAST_ROUGHNESS_M
        low = min(low, lane[FIRST * GROUP + r])
        high = max(high, lane[LAST * GROUP + r])
    # The horizons themselves are the likeliest, and what stands highest for some lanes.
    n = _own_columns(lane, _int(FIRST), column, _int(0))
    n = _own_columns(lane, _int(LAST), column, n)
    for r in (0, GROUP - 1):
        n = _highest(
            upper, top, lane[FIRST * GROUP + r], lane[LAST * GROUP + r], lane[HST * GROUP + r],
            lane[HST_SLOPE * GROUP + r], board, column, n,
        )  # fmt: skip
    for c in range(n):
        over_smooth_earth(node, int(column[c]), lane)
    n_block = int(high) // BLOCK + 1
    base = high
    roughness_thresholds(lane, base)
    keep(lane, 1 << Q_ROUGHNESS, coefficient)
    far_least(1 << Q_ROUGHNESS, coefficient, base, 0.0, n_block, _int(LEAST_BARE), board)
    raise_excess(top, True, n_block, board)
    n = _far_columns(upper, upper, bool(_int(0)), n_block, bool(_int(0)), board, column)
    for c in range(n):
        if low <= column[c] <= high:
            over_smooth_earth(node, int(column[c]), lane)
