"""The receivers of a range of wedges, from ground to loss: what one thread runs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dtt_sim._jit import driver, kernel, lean_kernel
from dtt_sim.coverage.flags import OK, OUTSIDE, VOID
from dtt_sim.coverage.path import Signals, location_share
from dtt_sim.coverage.wedge.group import (
    atmosphere_at,
    begin_lanes,
    hand_over,
    one_zone,
    results,
    smooth_earth,
    to_range_and_cross,
    walk_zones,
)
from dtt_sim.coverage.wedge.horizon import (
    BEST,
    CURVATURE_HIGH,
    CURVATURE_LOW,
    N_BOUND,
    transmitter_horizons,
)
from dtt_sim.coverage.wedge.lanes import interpolated
from dtt_sim.coverage.wedge.layout import (
    BLOCK,
    GROUP,
    MAX_SPAN,
    N_LANE_ROW,
    NODE,
    N,
    SectorArrays,
    Setup,
    Strip,
    T,
)
from dtt_sim.coverage.wedge.search import (
    N_BEFORE,
    N_CONTENDER,
    N_VIOLATION,
    POSITION,
    Work,
    receiver_maxima,
    roughness,
)
from dtt_sim.coverage.wedge.strip import build_strip, empty_strip, gap_status
from dtt_sim.coverage.wedge.sums import clear_sums, empty_sums
from dtt_sim.coverage.wedge.thresholds import BOARD_SIZE, COEFFICIENT_SIZE, OVER
from dtt_sim.coverage.wedge.zones import (
    N_STATE,
    walk_common,
    zone_runs,
)
from dtt_sim.propagation.geometry import SEA
from dtt_sim.propagation.p1812_tile import rows as tile_rows
from dtt_sim.propagation.p1812_tile.geometry import finish_tile
from dtt_sim.propagation.p1812_tile.losses import tile_losses
from dtt_sim.propagation.p1812_tile.rows import LANES, N_ROW, STRIDE
from dtt_sim.propagation.variability import inverse_normal
from dtt_sim.typing import Float32Array, Float64Array, Int32Array, IntArray, UInt8Array

_D_KM = tile_rows.D_KM * STRIDE
_THETA_T = tile_rows.THETA_T * STRIDE


class PackedReceivers(NamedTuple):
    """Receivers wedge by wedge, what the search needs of one side by side.

    Attributes
    ----------
    place : (4 n,) float32
        Of each receiver its position from the transmitter to the east and the north [m], and the
        ground above sea level there [m]; NaN where there is none, and the receiver is passed over.
    cell : (4 n,) int32
        The same memory: every fourth number is the receiver's flat index in the results.
    zone : (n,) uint8
        Zone code at the receiver.
    clutter_m : (n,) float32
        Representative clutter height at the receiver [m]; of size 0 where nothing depends on it.
    """

    place: Float32Array
    cell: Int32Array
    zone: UInt8Array
    clutter_m: Float32Array


RECORD = 4
"""Numbers kept of a packed receiver."""


def empty_receivers(n: int, *, with_clutter: bool) -> PackedReceivers:
    """Room for `n` packed receivers."""
    place = np.empty(RECORD * n, np.float32)
    return PackedReceivers(
        place, place.view(np.int32), np.empty(n, np.uint8),
        np.empty(n if with_clutter else 0, np.float32),
    )  # fmt: skip


class Atmosphere(NamedTuple):
    """Refractivity and latitude at the path centre, on a lattice of *receiver* positions.

    Attributes
    ----------
    value : (n_row, n_col, 3) float64
        Latitude of the path centre [deg], ΔN [N-units/km] and N0 [N-units] there.
    east_m, north_m, spacing_m : float
        Position of `value[0, 0]`, and distance between neighbours, to the east and the north [m].
    """

    value: Float64Array
    east_m: float
    north_m: float
    spacing_m: float


class Output(NamedTuple):
    """What is written for every receiver.

    Attributes
    ----------
    loss_db : (n_emission, n_time, n) float32
    departure_deg : (n,) float32
        Elevation of the path at the transmitter.
    flag : (n,) uint8
    """

    loss_db: Float32Array
    departure_deg: Float32Array
    flag: UInt8Array


class _Tile(NamedTuple):
    """Receivers whose geometry is known and whose losses are not yet."""

    value: Float64Array  # (N_ROW * STRIDE,)
    loss: Float64Array  # (2 * n_time * STRIDE,)
    place: IntArray  # (LANES,)
    share: Float64Array  # (LANES,) of the location variability that applies
    flag: UInt8Array  # (LANES,)


@kernel
def _empty_work(n_col: int) -> Work:
    n_pad = (n_col // BLOCK + 2) * BLOCK
    return Work(
        np.zeros(N_LANE_ROW * GROUP), np.zeros(8, np.int64), np.zeros(N_BOUND),
        np.zeros(n_pad, np.int32), np.zeros(2 * GROUP, np.int32), np.zeros(n_pad, np.int32),
        np.zeros(n_pad, np.int32),
        np.zeros(BOARD_SIZE, np.float32), np.zeros(COEFFICIENT_SIZE, np.float32),
    )  # fmt: skip


@kernel
def _atmosphere_at(
    atmosphere: Atmosphere, east_m: float, north_m: float
) -> tuple[float, float, float]:
    """Bilinear latitude, ΔN and N0."""
    row = (north_m - atmosphere.north_m) / atmosphere.spacing_m
    col = (east_m - atmosphere.east_m) / atmosphere.spacing_m
    return atmosphere_at(atmosphere.value, row, col)


@lean_kernel
def _sort_by_range(
    quadrant: int, cell_m: float, place: Float32Array, first: int, last: int, n_of: Int32Array,
    bins: Int32Array, ordered: Int32Array, ordered_n: Int32Array,
) -> tuple[int, int]:  # fmt: skip
    """Counting sort of a wedge's receivers by their number of intervals.

    Returns how many have ground, and the largest number.
    """
    n_low, n_high = np.int32(2147483647), np.int32(0)
    for p in range(first, last):
        at = RECORD * p
        along, _ = to_range_and_cross(quadrant, np.float64(place[at]), np.float64(place[at + 1]))
        n = np.int32(along / cell_m + 0.5)
        n = np.int32(-1) if math.isnan(place[at + 2]) else n
        n_of[p - first] = n
        n_low = min(n_low, n if n >= 0 else n_low)
        n_high = max(n_high, n)
    for b in range(n_low, n_high + 2):
        bins[b] = 0
    for p in range(last - first):
        if n_of[p] >= 0:
            bins[n_of[p] + 1] += 1
    for b in range(n_low, n_high + 1):
        bins[b + 1] += bins[b]
    count = 0
    for p in range(last - first):
        n = n_of[p]
        if n < 0:
            continue
        ordered[bins[n]] = first + p
        ordered_n[bins[n]] = n
        bins[n] += 1
        count += 1
    return count, int(n_high)


@kernel
def _audit(strip: Strip, setup: Setup, n_high: int, lane: Float64Array, count: IntArray) -> None:
    """Count samples of the group's own paths that stand above or below their bounds."""
    for r in range(GROUP):
        n, t = int(lane[N * GROUP + r]), lane[T * GROUP + r]
        for i in range(1, min(n, n_high)):
            node = strip.node[NODE * i : NODE * i + NODE]
            u = i * t - np.float64(node[3])
            h = interpolated(u, np.float64(node[0]), np.float64(node[1]), np.float64(node[2]))
            is_wrong = h > strip.upper[i] or h < strip.lower[i] or h > strip.top[i // 32]
            if setup.has_clutter:
                c = node[4 + min(max(int(math.floor(u + 0.5)), 0), 2)]
                is_wrong |= h + c > strip.cover_upper[i] or h + c < strip.cover_lower[i]
                is_wrong |= h + c > strip.cover_top[i // 32]
            if is_wrong:
                count[N_VIOLATION] += 1


@kernel
def _flush(
    tile: _Tile, used: int, setup: Setup, signals: Signals, htg_m: float, out: Output
) -> None:
    """Losses of the receivers in the tile, written to their places."""
    if used == 0:
        return
    padded = (used + 15) // 16 * 16
    for lane in range(used, padded):  # whole vectors only
        for row in range(N_ROW):
            tile.value[row * STRIDE + lane] = tile.value[row * STRIDE + used - 1]
    finish_tile(tile.value, padded, setup.h_t_m, htg_m, setup.hrg_m)
    for lane in range(used):
        at = tile.place[lane]
        out.flag[at] = tile.flag[lane]
        if tile.flag[lane] == OK:
            out.departure_deg[at] = np.float32(math.degrees(0.001 * tile.value[_THETA_T + lane]))
    n_time = signals.p_time.size
    for k in range(signals.f_ghz.size):
        tile_losses(
            tile.value, padded, signals.f_ghz[k], signals.polarisation[k], signals.p_time, tile.loss
        )
        for j in range(n_time):
            location = -inverse_normal(0.01 * signals.p_location[j]) * signals.sigma_db[k]
            if signals.p_location[j] == 50.0:
                location = 0.0
            for lane in range(used):
                at = tile.place[lane]
                lbc = tile.loss[2 * j * STRIDE + lane] + location * tile.share[lane]
                lb0p = tile.loss[(2 * j + 1) * STRIDE + lane]
                is_wanted = (tile.flag[lane] == OK) & (
                    tile.value[_D_KM + lane] <= signals.radius_km[j]
                )
                out.loss_db[k, j, at] = np.float32((max(lb0p, lbc)) if is_wanted else np.nan)


@driver
def solve_wedges(
    sector: SectorArrays,
    setup: Setup,
    quadrant: int,
    k_begin: int,
    k_end: int,
    htg_m: float,
    zone_t: int,
    receivers: PackedReceivers,
    start: IntArray,
    atmosphere: Atmosphere,
    signals: Signals,
    out: Output,
    debug: bool,
) -> IntArray:
    """Losses of all receivers in the wedges k_begin .. k_end-1 of a quadrant.

    Parameters
    ----------
    start : (k_end - k_begin + 1,) int64
        The receivers of wedge k are those from `start[k - k_begin]` to `start[k - k_begin + 1]`.
    debug : bool
        Check every sample of every path against its bounds.

    Returns
    -------
    (8,) int64
        Counters of :class:`dtt_sim.coverage.wedge.search.Work`.
    """
    cell_m = 1000.0 * setup.cell_km
    n_col = sector.first_row.size
    strip = empty_strip(n_col, setup.has_clutter)
    work = _empty_work(n_col)
    # Plain arrays from here on: what is read from a tuple of arrays in a loop is counted.
    node, zone, upper, lower, cover_upper, cover_lower, top, cover_top, _ = strip
    lane, count, bound, contender, before, column, stamp, board, coefficient = work
    edge, kink, number = empty_sums(n_col)
    place, cell, zone_r, clutter_m = receivers
    lattice, per_spacing = atmosphere.value, 1.0 / atmosphere.spacing_m
    tile = _Tile(
        np.zeros(N_ROW * STRIDE), np.zeros(2 * signals.p_time.size * STRIDE),
        np.zeros(LANES, np.int64), np.zeros(LANES), np.zeros(LANES, np.uint8),
    )  # fmt: skip
    value, to, share, flag = tile.value, tile.place, tile.share, tile.flag
    with_location = bool((signals.p_location != 50.0).any())
    # Typed: what begins as a literal has its callees compiled twice.
    used = int(np.int64(0))
    run_end, run_zone = np.zeros(n_col + 1, np.int32), np.zeros(n_col + 1, np.uint8)
    common, state = np.zeros(N_STATE), np.zeros(N_STATE)
    most = 0
    for k in range(k_end - k_begin):
        most = max(most, start[k + 1] - start[k])
    n_of, ordered = np.zeros(most, np.int32), np.zeros(most, np.int32)
    ordered_n = np.zeros(most, np.int32)
    bins = np.zeros(n_col + 4, np.int32)
    q = setup.q
    for k in range(k_begin, k_end):
        n_own, n_most = _sort_by_range(
            quadrant, cell_m, place, start[k - k_begin], start[k - k_begin + 1], n_of, bins,
            ordered, ordered_n,
        )  # fmt: skip
        if n_own == 0:
            continue
        n_gap = build_strip(sector, k, setup, n_most, strip)
        t_low, t_high = k / q, (k + 1) / q
        n_run = n_walked = int(np.int64(0))
        if setup.zone == 0:
            n_run = zone_runs(strip.node, strip.zone, t_low, q, n_most, run_end, run_zone)
            common[:] = 0.0
        clear_sums(edge, kink, number)
        n_summed = int(np.int64(1))
        count[POSITION] = 1
        count[N_CONTENDER] = 0
        count[N_BEFORE] = 0
        bound[BEST : BEST + 4] = -1e30
        least = min(t_low * t_low, t_high * t_high) if t_low * t_high >= 0.0 else 0.0
        per_km2 = 500.0 * setup.cell_km * setup.cell_km
        step2_low = per_km2 * (1.0 + least)
        step2_high = per_km2 * (1.0 + max(t_low * t_low, t_high * t_high))
        bound[CURVATURE_LOW + 1] = step2_low * setup.inverse_ae_min_per_km
        bound[CURVATURE_LOW + 2] = step2_low * setup.inverse_ae_min_per_km
        bound[CURVATURE_LOW + 3] = step2_low * setup.inverse_ab_per_km
        bound[CURVATURE_HIGH + 1] = step2_high * setup.inverse_ae_max_per_km
        bound[CURVATURE_HIGH + 2] = step2_high * setup.inverse_ae_max_per_km
        bound[CURVATURE_HIGH + 3] = step2_high * setup.inverse_ab_per_km
        p = int(np.int64(0))
        while p < n_own:
            n_low = ordered_n[p]
            size = 1
            while size < GROUP and p + size < n_own and ordered_n[p + size] - n_low < MAX_SPAN:
                size += 1
            n_high = ordered_n[p + size - 1] + 1
            if used + GROUP > LANES:
                _flush(tile, used, setup, signals, htg_m, out)
                used = int(np.int64(0))
            begin_lanes(
                setup, quadrant, place, lattice, atmosphere.east_m, atmosphere.north_m,
                per_spacing, ordered, ordered_n, p, size, lane,
            )  # fmt: skip
            count[N_CONTENDER] = transmitter_horizons(
                node, upper, lower, cover_upper, cover_lower, setup.has_clutter, setup.hts_m,
                n_low, n_high, count[POSITION], count[N_CONTENDER], bound, contender, board, OVER,
                lane,
            )  # fmt: skip
            count[POSITION] = max(count[POSITION], n_high - 1)
            receiver_maxima(
                setup, node, upper, cover_upper, top, cover_top, n_low, n_high, count, before,
                column, stamp, board, coefficient, lane,
            )  # fmt: skip
            if debug:
                _audit(strip, setup, n_high, lane, count)
            if setup.zone == 0:
                n_walked = walk_common(zone_t, run_end, run_zone, n_run, n_low, common, n_walked)
            n_summed = smooth_earth(node, k, q, setup.h_t_m, n_summed, edge, kink, number, lane)
            roughness(node, upper, top, column, coefficient, board, lane)
            results(setup.needs_beta, lane)
            if setup.zone != 0:
                one_zone(setup.zone, lane)
            else:
                for r in range(size):
                    walk_zones(
                        node, zone, setup, zone_t, int(zone_r[ordered[p + r]]), run_end, run_zone,
                        n_run, common, n_walked, state, r, lane,
                    )  # fmt: skip
            hand_over(used, value, lane)
            for r in range(size):
                own = ordered[p + r]
                to[used + r] = cell[RECORD * own + RECORD - 1]
                flag[used + r] = OK
                if with_location:
                    clutter = np.float64(clutter_m[own]) if clutter_m.size else 0.0
                    part = location_share(signals.sigma_falls, setup.hrg_m, clutter)
                    share[used + r] = 0.0 if zone_r[own] == SEA else part
                if n_gap > 0:
                    n, t = int(lane[N * GROUP + r]), lane[T * GROUP + r]
                    status = gap_status(sector, strip, n_gap, t, n)
                    if status != 0:
                        flag[used + r] = VOID if status == 1 else OUTSIDE
            used += size
            p += size
    _flush(tile, used, setup, signals, htg_m, out)
    return count
