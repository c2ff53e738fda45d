"""The receivers of a range of wedges, from ground to loss: what one thread runs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dtt_sim._jit import driver, kernel
from dtt_sim.coverage.flags import OK, OUTSIDE, VOID
from dtt_sim.coverage.path import Signals
from dtt_sim.coverage.wedge.lanes import interpolated
from dtt_sim.coverage.wedge.layout import (
    A_B,
    A_E,
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
    MAX_SPAN,
    N_LANE_ROW,
    N_QUESTION,
    NODE,
    NU_G_B,
    NU_G_E,
    OBSTRUCTION,
    ROUGHNESS,
    RX_0,
    RX_E,
    RX_G_B,
    RX_G_E,
    STEP,
    TX_0,
    TX_E,
    TX_G_B,
    TX_G_E,
    N,
    SectorArrays,
    Setup,
    Strip,
    T,
    X,
)
from dtt_sim.coverage.wedge.search import (
    BOARD_SIZE,
    N_CONTENDER,
    POSITION,
    Work,
    receiver_horizons,
    roughness,
    transmitter_horizons,
)
from dtt_sim.coverage.wedge.strip import (
    build_strip,
    empty_strip,
    gap_status,
)
from dtt_sim.coverage.wedge.sums import advance_sums, clear_sums, empty_sums, profile_sums
from dtt_sim.coverage.wedge.zones import (
    N_STATE,
    coast_km,
    path_sections,
    walk_common,
    zone_runs,
)
from dtt_sim.propagation import p1812_tile as tile_rows
from dtt_sim.propagation.geometry import EARTH_RADIUS_KM
from dtt_sim.propagation.p1812_tile import LANES, N_ROW, STRIDE, finish_tile, tile_losses
from dtt_sim.propagation.variability import inverse_normal
from dtt_sim.typing import Float32Array, Float64Array, Int32Array, IntArray, UInt8Array

_D_KM = tile_rows.D_KM * STRIDE
_STEP_KM = tile_rows.STEP_KM * STRIDE
_N_COL = tile_rows.N_COL * STRIDE
_H_R = tile_rows.H_R * STRIDE
_AE_KM = tile_rows.AE_KM * STRIDE
_LAT_DEG = tile_rows.LAT_DEG * STRIDE
_N0 = tile_rows.N0 * STRIDE
_TRANS_HORIZON = tile_rows.TRANS_HORIZON * STRIDE
_TX_SLOPE = tile_rows.TX_SLOPE * STRIDE
_RX_SLOPE = tile_rows.RX_SLOPE * STRIDE
_DLT_KM = tile_rows.DLT_KM * STRIDE
_DLR_KM = tile_rows.DLR_KM * STRIDE
_HOBS_M = tile_rows.HOBS_M * STRIDE
_ALPHA_T = tile_rows.ALPHA_T * STRIDE
_ALPHA_R = tile_rows.ALPHA_R * STRIDE
_COVER_TH_E = tile_rows.COVER_TH_E * STRIDE
_STIM_E = tile_rows.STIM_E * STRIDE
_SRIM_E = tile_rows.SRIM_E * STRIDE
_NU_LOS_E = tile_rows.NU_LOS_E * STRIDE
_COVER_TH_B = tile_rows.COVER_TH_B * STRIDE
_STIM_B = tile_rows.STIM_B * STRIDE
_SRIM_B = tile_rows.SRIM_B * STRIDE
_NU_LOS_B = tile_rows.NU_LOS_B * STRIDE
_HST_N = tile_rows.HST_N * STRIDE
_HSR_N = tile_rows.HSR_N * STRIDE
_HM_M = tile_rows.HM_M * STRIDE
_OMEGA = tile_rows.OMEGA * STRIDE
_DTM_KM = tile_rows.DTM_KM * STRIDE
_DLM_KM = tile_rows.DLM_KM * STRIDE
_DCT_KM = tile_rows.DCT_KM * STRIDE
_DCR_KM = tile_rows.DCR_KM * STRIDE
_THETA_T = tile_rows.THETA_T * STRIDE


class Receivers(NamedTuple):
    """Receivers of a grid, flat.

    Attributes
    ----------
    east_m, north_m : (n,) float32
        Position from the transmitter [m].
    height_m : (n,) float32
        Ground above sea level at the receiver [m].
    zone : (n,) uint8
        Zone code at the receiver.
    clutter_m : (n,) float32
        Representative clutter height at the receiver [m]; of size 0 where nothing depends on it.
    """

    east_m: Float32Array
    north_m: Float32Array
    height_m: Float32Array
    zone: UInt8Array
    clutter_m: Float32Array


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
    departure_mrad : (n,) float32
    flag : (n,) uint8
    """

    loss_db: Float32Array
    departure_mrad: Float32Array
    flag: UInt8Array


class _Tile(NamedTuple):
    """Receivers whose geometry is known and whose losses are not yet."""

    value: Float64Array  # (N_ROW * STRIDE,)
    loss: Float64Array  # (2 * n_time * STRIDE,)
    place: IntArray  # (LANES,)
    share: Float64Array  # (LANES,) of the location variability that applies


@kernel
def _empty_work(n_col: int) -> Work:
    n_pad = (n_col // BLOCK + 2) * BLOCK
    return Work(
        np.zeros(N_LANE_ROW * GROUP), np.zeros(8, np.int64), np.zeros(N_QUESTION), np.zeros(4),
        np.zeros(n_pad, np.int32), np.zeros(3 * GROUP, np.int32), np.zeros(n_pad, np.int32),
        np.zeros(n_pad, np.int32), np.zeros(n_pad, np.int32),
        np.zeros(BOARD_SIZE, np.float32), np.zeros(BLOCK, np.float32),
    )  # fmt: skip


@kernel
def _atmosphere_at(
    atmosphere: Atmosphere, east_m: float, north_m: float
) -> tuple[float, float, float]:
    """Bilinear latitude, ΔN and N0."""
    value = atmosphere.value
    row = (north_m - atmosphere.north_m) / atmosphere.spacing_m
    col = (east_m - atmosphere.east_m) / atmosphere.spacing_m
    i = min(max(int(row), 0), value.shape[0] - 2)
    j = min(max(int(col), 0), value.shape[1] - 2)
    v, w = row - i, col - j
    a = (1.0 - v) * (1.0 - w)
    b = (1.0 - v) * w
    c = v * (1.0 - w)
    d = v * w
    lat = (
        a * value[i, j, 0]
        + b * value[i, j + 1, 0]
        + c * value[i + 1, j, 0]
        + d * value[i + 1, j + 1, 0]
    )
    delta_n = (
        a * value[i, j, 1]
        + b * value[i, j + 1, 1]
        + c * value[i + 1, j, 1]
        + d * value[i + 1, j + 1, 1]
    )
    n0 = (
        a * value[i, j, 2]
        + b * value[i, j + 1, 2]
        + c * value[i + 1, j, 2]
        + d * value[i + 1, j + 1, 2]
    )
    return lat, delta_n, n0


@kernel
def to_range_and_cross(quadrant: int, east_m: float, north_m: float) -> tuple[float, float]:
    """Range and cross-range of a position in a quadrant: 0 east, 1 north, 2 west, 3 south."""
    if quadrant == 0:
        return east_m, north_m
    if quadrant == 1:
        return north_m, east_m
    if quadrant == 2:
        return -east_m, north_m
    return -north_m, east_m


@kernel
def _sort_by_range(
    quadrant: int, cell_m: float, receivers: Receivers, order: Int32Array, n_of: Int32Array,
    bins: Int32Array, ordered: Int32Array, ordered_n: Int32Array,
) -> tuple[int, int]:  # fmt: skip
    """Counting sort of a wedge's receivers by their number of intervals; least and largest."""
    n_low, n_high = 2147483647, 0
    for p in range(order.size):
        at = order[p]
        along, _ = to_range_and_cross(
            quadrant, np.float64(receivers.east_m[at]), np.float64(receivers.north_m[at])
        )
        n = int(along / cell_m + 0.5)
        n_of[p] = n
        n_low, n_high = min(n_low, n), max(n_high, n)
    for n in range(n_low, n_high + 2):
        bins[n] = 0
    for p in range(order.size):
        bins[n_of[p] + 1] += 1
    for n in range(n_low, n_high + 1):
        bins[n + 1] += bins[n]
    for p in range(order.size):
        n = n_of[p]
        ordered[bins[n]] = order[p]
        ordered_n[bins[n]] = n
        bins[n] += 1
    return n_low, n_high


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
                count[6] += 1


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
        if out.flag[at] == OK:
            out.departure_mrad[at] = np.float32(tile.value[_THETA_T + lane])
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
                is_wanted = (out.flag[at] == OK) & (
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
    receivers: Receivers,
    order: Int32Array,
    start: IntArray,
    atmosphere: Atmosphere,
    signals: Signals,
    out: Output,
    debug: bool,
) -> IntArray:
    """Losses of all receivers in the wedges k_begin .. k_end-1 of a quadrant.

    Parameters
    ----------
    order : (n,) int32
        Receivers by wedge; those of wedge k are `order[start[k - k_begin]:start[k - k_begin + 1]]`.
    start : (k_end - k_begin + 1,) int64
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
    node, zone, lane, count = strip.node, strip.zone, work.lane, work.counter
    tile = _Tile(
        np.zeros(N_ROW * STRIDE), np.zeros(2 * signals.p_time.size * STRIDE),
        np.zeros(LANES, np.int64), np.zeros(LANES),
    )  # fmt: skip
    used = 0
    sums = empty_sums(strip.upper.size)
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
        own = order[start[k - k_begin] : start[k - k_begin + 1]]
        if own.size == 0:
            continue
        _, n_most = _sort_by_range(quadrant, cell_m, receivers, own, n_of, bins, ordered, ordered_n)
        n_gap = build_strip(sector, k, setup, n_most, strip)
        t_low, t_high = k / q, (k + 1) / q
        n_run = n_walked = 0
        if setup.zone == 0:
            n_run = zone_runs(strip.node, strip.zone, t_low, q, n_most, run_end, run_zone)
            common[:] = 0.0
        clear_sums(sums)
        n_summed = 1
        count[POSITION] = 1
        count[N_CONTENDER] = 0
        work.best[:] = -1e30
        least = min(t_low * t_low, t_high * t_high) if t_low * t_high >= 0.0 else 0.0
        per_km2 = 500.0 * setup.cell_km * setup.cell_km
        step2_low = per_km2 * (1.0 + least)
        step2_high = per_km2 * (1.0 + max(t_low * t_low, t_high * t_high))
        a_low = (
            0.0, step2_low * setup.inverse_ae_min_per_km,
            step2_low * setup.inverse_ae_min_per_km, step2_low * setup.inverse_ab_per_km,
        )  # fmt: skip
        a_high = (
            0.0, step2_high * setup.inverse_ae_max_per_km,
            step2_high * setup.inverse_ae_max_per_km, step2_high * setup.inverse_ab_per_km,
        )  # fmt: skip
        p = 0
        while p < own.size:
            n_low = ordered_n[p]
            size = 1
            while size < GROUP and p + size < own.size and ordered_n[p + size] - n_low < MAX_SPAN:
                size += 1
            n_high = ordered_n[p + size - 1] + 1
            if used + GROUP > LANES:
                _flush(tile, used, setup, signals, htg_m, out)
                used = 0
            value = tile.value
            for r in range(GROUP):
                at = ordered[p + min(r, size - 1)]
                east_m, north_m = (
                    np.float64(receivers.east_m[at]),
                    np.float64(receivers.north_m[at]),
                )
                along, across = to_range_and_cross(quadrant, east_m, north_m)
                t = across / along
                x = along / cell_m
                step_km = setup.cell_km * math.sqrt(1.0 + t * t)
                h_r = np.float64(receivers.height_m[at])
                lat_deg, delta_n, n0 = _atmosphere_at(atmosphere, east_m, north_m)
                ae_km = EARTH_RADIUS_KM * 157.0 / (157.0 - delta_n)  # (6), (7a)
                lane[X * GROUP + r] = x
                lane[T * GROUP + r] = t
                lane[N * GROUP + r] = float(ordered_n[p + min(r, size - 1)])
                lane[STEP * GROUP + r] = step_km
                lane[HRS * GROUP + r] = h_r + setup.hrg_m
                lane[CHORD * GROUP + r] = (h_r + setup.hrg_m - setup.hts_m) / x
                lane[A_E * GROUP + r] = 500.0 * step_km * step_km / ae_km
                lane[A_B * GROUP + r] = 500.0 * step_km * step_km * setup.inverse_ab_per_km
                o = used + r
                value[_D_KM + o] = x * step_km
                value[_STEP_KM + o] = step_km
                value[_N_COL + o] = lane[N * GROUP + r]
                value[_H_R + o] = h_r
                value[_AE_KM + o] = ae_km
                value[_LAT_DEG + o] = lat_deg
                value[_N0 + o] = n0
            transmitter_horizons(strip, setup, n_low, n_high, a_low, a_high, work)
            receiver_horizons(strip, setup, n_low, n_high, work)
            if debug:
                _audit(strip, setup, n_high, lane, count)
            if setup.zone == 0:
                n_walked = walk_common(zone_t, run_end, run_zone, n_run, n_low, common, n_walked)
            # Smooth-Earth fit, Attachment 1 section 5.6.1, on columns with a last step of its own
            for r in range(GROUP):
                n, x, t = int(lane[N * GROUP + r]), lane[X * GROUP + r], lane[T * GROUP + r]
                if n > n_summed:
                    advance_sums(
                        node, t_low, q, n_summed, n, sums.line, sums.fan, sums.whole, sums.n_kink,
                        sums.kink,
                    )  # fmt: skip
                    n_summed = n
                s1, s2 = profile_sums(
                    (t - t_low) * q, sums.line, sums.fan, sums.whole, sums.n_kink, sums.kink
                )
                i = n - 1
                h = interpolated(
                    i * t - np.float64(node[NODE * i + 3]),
                    np.float64(node[NODE * i]), np.float64(node[NODE * i + 1]), np.float64(node[NODE * i + 2]),
                )  # fmt: skip
                h_r = lane[HRS * GROUP + r] - setup.hrg_m
                last = x - i
                v1 = setup.h_t_m + 2.0 * s1 - h + last * (h_r + h)  # (85), in columns
                v2 = (
                    setup.h_t_m
                    + 6.0 * s2
                    + (2.0 - 3.0 * n) * h
                    + last * (h_r * (2.0 * x + i) + h * (x + 2.0 * i))
                )  # (86)
                hst_n = (2.0 * v1 * x - v2) / (x * x)  # (87)
                hsr_n = (v2 - v1 * x) / (x * x)  # (88)
                is_beyond = lane[TX_E * GROUP + r] > (
                    lane[CHORD * GROUP + r] - lane[A_E * GROUP + r] * x
                )
                hst, hsr = min(hst_n, setup.h_t_m), min(hsr_n, h_r)
                lane[HST * GROUP + r] = hst
                lane[HST_SLOPE * GROUP + r] = (hsr - hst) / x
                lane[FIRST * GROUP + r] = lane[(I_TX if is_beyond else I_NU) * GROUP + r]
                lane[LAST * GROUP + r] = lane[(I_RX if is_beyond else I_NU) * GROUP + r]
                o = used + r
                value[_HST_N + o] = hst_n
                value[_HSR_N + o] = hsr_n
                value[_TRANS_HORIZON + o] = 1.0 if is_beyond else 0.0
            roughness(strip.node, strip.upper, strip.top, lane, work.over)
            for r in range(size):
                _write_geometry(setup, r, used + r, value, lane)
                at = ordered[p + r]
                x, n = lane[X * GROUP + r], int(lane[N * GROUP + r])
                t, step_km = lane[T * GROUP + r], lane[STEP * GROUP + r]
                omega, dtm, dlm, dct, dcr = path_sections(
                    node, zone, setup, zone_t, int(receivers.zone[at]), run_end, run_zone, n_run,
                    common, n_walked, x, t, n, state,
                )  # fmt: skip
                o = used + r
                value[_OMEGA + o] = omega
                value[_DTM_KM + o] = dtm * step_km
                value[_DLM_KM + o] = dlm * step_km
                value[_DCT_KM + o] = coast_km(dct, step_km)
                value[_DCR_KM + o] = coast_km(dcr, step_km)
                tile.place[o] = at
                share = 1.0
                if signals.sigma_falls:
                    clutter = (
                        np.float64(receivers.clutter_m[at]) if receivers.clutter_m.size else 0.0
                    )
                    share = min(1.0, max(0.0, 1.0 - (setup.hrg_m - clutter) / 10.0))
                tile.share[o] = 0.0 if receivers.zone[at] == 1 else share
                if n_gap > 0:
                    status = gap_status(sector, strip, n_gap, t, n)
                    if status != 0:
                        out.flag[at] = VOID if status == 1 else OUTSIDE
            used += size
            p += size
    _flush(tile, used, setup, signals, htg_m, out)
    return count


@kernel
def _write_geometry(setup: Setup, r: int, o: int, value: Float64Array, lane: Float64Array) -> None:
    """Maxima of lane `r`, as the closed form wants them: per km, and with the Earth put back."""
    x, step_km = lane[X * GROUP + r], lane[STEP * GROUP + r]
    line = lane[CHORD * GROUP + r]
    a_e, a_b = lane[A_E * GROUP + r], lane[A_B * GROUP + r]
    per_km = 1.0 / step_km
    is_beyond = value[_TRANS_HORIZON + o] != 0.0
    d_km = x * step_km
    value[_TX_SLOPE + o] = lane[TX_E * GROUP + r] * per_km
    value[_RX_SLOPE + o] = (lane[RX_E * GROUP + r] - 2.0 * a_e * x) * per_km if is_beyond else 0.0
    value[_DLT_KM + o] = lane[FIRST * GROUP + r] * step_km
    value[_DLR_KM + o] = d_km - lane[LAST * GROUP + r] * step_km
    is_obstructed = lane[TX_0 * GROUP + r] > line
    value[_HOBS_M + o] = lane[OBSTRUCTION * GROUP + r] if is_obstructed else 0.0
    value[_ALPHA_T + o] = (lane[TX_0 * GROUP + r] - line) * per_km if is_obstructed else 1.0
    value[_ALPHA_R + o] = (lane[RX_0 * GROUP + r] + line) * per_km if is_obstructed else 1.0
    nu_scale = 0.002 * x * per_km
    stim = lane[TX_G_E * GROUP + r] + a_e * x
    is_beyond_e = stim >= line
    value[_COVER_TH_E + o] = 1.0 if is_beyond_e else 0.0
    value[_STIM_E + o] = stim * per_km
    value[_SRIM_E + o] = (lane[RX_G_E * GROUP + r] - a_e * x) * per_km if is_beyond_e else 0.0
    square = lane[NU_G_E * GROUP + r]
    value[_NU_LOS_E + o] = math.copysign(math.sqrt(abs(square) * nu_scale), square)
    stim = lane[TX_G_B * GROUP + r] + a_b * x
    is_beyond_b = (stim >= line) & setup.needs_beta
    value[_COVER_TH_B + o] = 1.0 if is_beyond_b else 0.0
    value[_STIM_B + o] = stim * per_km
    value[_SRIM_B + o] = (lane[RX_G_B * GROUP + r] - a_b * x) * per_km if is_beyond_b else 0.0
    square = lane[NU_G_B * GROUP + r]
    value[_NU_LOS_B + o] = math.copysign(math.sqrt(abs(square) * nu_scale), square)
    value[_HM_M + o] = lane[ROUGHNESS * GROUP + r]
