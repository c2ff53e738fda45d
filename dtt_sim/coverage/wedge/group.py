"""What the lanes of a group begin with, and what they hand over to the closed form."""

from __future__ import annotations

import math

import numpy as np

from dtt_sim._jit import inline_kernel, lean_kernel
from dtt_sim.coverage.wedge.lanes import interpolated
from dtt_sim.coverage.wedge.layout import (
    A_B,
    A_E,
    AE_KM,
    CHORD,
    DELTA_N,
    FIRST,
    GROUP,
    H_LAST,
    H_R,
    HRS,
    HSR_N,
    HST,
    HST_N,
    HST_SLOPE,
    I_NU,
    I_RX,
    I_TX,
    LAST,
    LAT,
    MOMENT,
    N0,
    NODE,
    NU_G_B,
    NU_G_E,
    OBSTRUCTION,
    RESULTS,
    ROUGHNESS,
    RX_0,
    RX_E,
    RX_G_B,
    RX_G_E,
    STEP,
    SUM,
    TX_0,
    TX_E,
    TX_G_B,
    TX_G_E,
    N,
    Setup,
    T,
    X,
)
from dtt_sim.coverage.wedge.sums import advance_sums, profile_sums
from dtt_sim.coverage.wedge.zones import coast_km, path_sections
from dtt_sim.propagation.geometry import EARTH_RADIUS_KM, INLAND, NO_COAST_KM, SEA
from dtt_sim.propagation.p1812_tile import rows as tile_rows
from dtt_sim.propagation.p1812_tile.rows import N_INPUT, STRIDE
from dtt_sim.typing import Float32Array, Float64Array, Int32Array, UInt8Array

# Rows of the results, as lanes hold them.
_D_KM = (RESULTS + tile_rows.D_KM) * GROUP
_STEP_KM = (RESULTS + tile_rows.STEP_KM) * GROUP
_N_COL = (RESULTS + tile_rows.N_COL) * GROUP
_H_R = (RESULTS + tile_rows.H_R) * GROUP
_AE_KM = (RESULTS + tile_rows.AE_KM) * GROUP
_LAT_DEG = (RESULTS + tile_rows.LAT_DEG) * GROUP
_N0 = (RESULTS + tile_rows.N0) * GROUP
_TRANS_HORIZON = (RESULTS + tile_rows.TRANS_HORIZON) * GROUP
_TX_SLOPE = (RESULTS + tile_rows.TX_SLOPE) * GROUP
_RX_SLOPE = (RESULTS + tile_rows.RX_SLOPE) * GROUP
_DLT_KM = (RESULTS + tile_rows.DLT_KM) * GROUP
_DLR_KM = (RESULTS + tile_rows.DLR_KM) * GROUP
_HOBS_M = (RESULTS + tile_rows.HOBS_M) * GROUP
_ALPHA_T = (RESULTS + tile_rows.ALPHA_T) * GROUP
_ALPHA_R = (RESULTS + tile_rows.ALPHA_R) * GROUP
_COVER_TH_E = (RESULTS + tile_rows.COVER_TH_E) * GROUP
_STIM_E = (RESULTS + tile_rows.STIM_E) * GROUP
_SRIM_E = (RESULTS + tile_rows.SRIM_E) * GROUP
_NU_LOS_E = (RESULTS + tile_rows.NU_LOS_E) * GROUP
_COVER_TH_B = (RESULTS + tile_rows.COVER_TH_B) * GROUP
_STIM_B = (RESULTS + tile_rows.STIM_B) * GROUP
_SRIM_B = (RESULTS + tile_rows.SRIM_B) * GROUP
_NU_LOS_B = (RESULTS + tile_rows.NU_LOS_B) * GROUP
_HST_N = (RESULTS + tile_rows.HST_N) * GROUP
_HSR_N = (RESULTS + tile_rows.HSR_N) * GROUP
_HM_M = (RESULTS + tile_rows.HM_M) * GROUP
_OMEGA = (RESULTS + tile_rows.OMEGA) * GROUP
_DTM_KM = (RESULTS + tile_rows.DTM_KM) * GROUP
_DLM_KM = (RESULTS + tile_rows.DLM_KM) * GROUP
_DCT_KM = (RESULTS + tile_rows.DCT_KM) * GROUP
_DCR_KM = (RESULTS + tile_rows.DCR_KM) * GROUP


@inline_kernel
def to_range_and_cross(quadrant: int, east_m: float, north_m: float) -> tuple[float, float]:
    """Range and cross-range of a position in a quadrant: 0 east, 1 north, 2 west, 3 south."""
    if quadrant == 0:
        return east_m, north_m
    if quadrant == 1:
        return north_m, east_m
    if quadrant == 2:
        return -east_m, north_m
    return -north_m, east_m


@lean_kernel
def atmosphere_at(value: Float64Array, row: float, col: float) -> tuple[float, float, float]:
    """Bilinear latitude, ΔN and N0 at a place of the lattice."""
    i = min(max(int(row), 0), value.shape[0] - 2)
    j = min(max(int(col), 0), value.shape[1] - 2)
    v, w = row - i, col - j
    a = (1.0 - v) * (1.0 - w)
    b = (1.0 - v) * w
    c = v * (1.0 - w)
    d = v * w
    lat = a * value[i, j, 0] + b * value[i, j + 1, 0]
    lat += c * value[i + 1, j, 0] + d * value[i + 1, j + 1, 0]
    delta_n = a * value[i, j, 1] + b * value[i, j + 1, 1]
    delta_n += c * value[i + 1, j, 1] + d * value[i + 1, j + 1, 1]
    n0 = a * value[i, j, 2] + b * value[i, j + 1, 2]
    n0 += c * value[i + 1, j, 2] + d * value[i + 1, j + 1, 2]
    return lat, delta_n, n0


@lean_kernel
def begin_lanes(
    setup: Setup,
    quadrant: int,
    place: Float32Array,
    lattice: Float64Array,
    lattice_east_m: float,
    lattice_north_m: float,
    per_spacing: float,
    ordered: Int32Array,
    ordered_n: Int32Array,
    p: int,
    size: int,
    lane: Float64Array,
) -> None:
    """What is known of receivers p .. p+size-1 before the search; further lanes repeat the last."""
    for r in range(GROUP):
        m = p + min(r, size - 1)
        at = 4 * ordered[m]
        east, north = np.float64(place[at]), np.float64(place[at + 1])
        lane[X * GROUP + r], lane[T * GROUP + r] = to_range_and_cross(quadrant, east, north)
        lane[N * GROUP + r] = float(ordered_n[m])
        lane[H_R * GROUP + r] = np.float64(place[at + 2])
        lat_deg, delta_n, n0 = atmosphere_at(
            lattice, (north - lattice_north_m) * per_spacing, (east - lattice_east_m) * per_spacing
        )
        lane[LAT * GROUP + r] = lat_deg
        lane[DELTA_N * GROUP + r] = delta_n
        lane[N0 * GROUP + r] = n0
    per_cell = 1.0 / (1000.0 * setup.cell_km)
    cell_km, hrg_m, hts_m = setup.cell_km, setup.hrg_m, setup.hts_m
    inverse_ab = setup.inverse_ab_per_km
    for r in range(GROUP):
        t = lane[T * GROUP + r] / lane[X * GROUP + r]
        x = lane[X * GROUP + r] * per_cell
        step_km = cell_km * math.sqrt(1.0 + t * t)
        hrs = lane[H_R * GROUP + r] + hrg_m
        ae_km = EARTH_RADIUS_KM * 157.0 / (157.0 - lane[DELTA_N * GROUP + r])  # (6), (7a)
        lane[X * GROUP + r] = x
        lane[T * GROUP + r] = t
        lane[STEP * GROUP + r] = step_km
        lane[HRS * GROUP + r] = hrs
        lane[CHORD * GROUP + r] = (hrs - hts_m) / x
        lane[AE_KM * GROUP + r] = ae_km
        lane[A_E * GROUP + r] = 500.0 * step_km * step_km / ae_km
        lane[A_B * GROUP + r] = 500.0 * step_km * step_km * inverse_ab


@lean_kernel
def smooth_earth(
    node: Float32Array,
    k: int,
    q: int,
    h_t_m: float,
    n_summed: int,
    edge: Float64Array,
    kink: Float32Array,
    number: Int32Array,
    lane: Float64Array,
) -> int:
    """Smooth-Earth fit, Attachment 1 section 5.6.1, with a last step of its own length.

    The sums hold the columns before `n_summed`, and those before the returned number afterwards.
    """
    t_low = k / q
    for r in range(GROUP):
        n, t = int(lane[N * GROUP + r]), lane[T * GROUP + r]
        if n > n_summed:
            advance_sums(node, k, q, n_summed, n, edge, kink, number)
            n_summed = n
        lane[SUM * GROUP + r], lane[MOMENT * GROUP + r] = profile_sums(
            (t - t_low) * q, edge, kink, number
        )
        at = NODE * (n - 1)
        lane[H_LAST * GROUP + r] = interpolated(
            (n - 1) * t - np.float64(node[at + 3]),
            np.float64(node[at]), np.float64(node[at + 1]), np.float64(node[at + 2]),
        )  # fmt: skip
    for r in range(GROUP):
        n, x = lane[N * GROUP + r], lane[X * GROUP + r]
        h, h_r = lane[H_LAST * GROUP + r], lane[H_R * GROUP + r]
        i = n - 1.0
        last = x - i
        v1 = h_t_m + 2.0 * lane[SUM * GROUP + r] - h + last * (h_r + h)  # (85), in columns
        v2 = (
            h_t_m
            + 6.0 * lane[MOMENT * GROUP + r]
            + (2.0 - 3.0 * n) * h
            + last * (h_r * (2.0 * x + i) + h * (x + 2.0 * i))
        )  # (86)
        per_x = 1.0 / x
        hst_n = (2.0 * v1 * x - v2) * per_x * per_x  # (87)
        hsr_n = (v2 - v1 * x) * per_x * per_x  # (88)
        hst = h_t_m if hst_n > h_t_m else hst_n  # noqa: FURB136
        hsr = h_r if hsr_n > h_r else hsr_n  # noqa: FURB136
        is_beyond = lane[TX_E * GROUP + r] > lane[CHORD * GROUP + r] - lane[A_E * GROUP + r] * x
        lane[HST_N * GROUP + r] = hst_n
        lane[HSR_N * GROUP + r] = hsr_n
        lane[HST * GROUP + r] = hst
        lane[HST_SLOPE * GROUP + r] = (hsr - hst) * per_x
        i_tx, i_rx, i_nu = lane[I_TX * GROUP + r], lane[I_RX * GROUP + r], lane[I_NU * GROUP + r]
        lane[FIRST * GROUP + r] = i_tx if is_beyond else i_nu
        lane[LAST * GROUP + r] = i_rx if is_beyond else i_nu
    return n_summed


@inline_kernel
def _signed_root(square: float) -> float:
    return math.copysign(math.sqrt(abs(square)), square)


@lean_kernel
def results(needs_beta: bool, lane: Float64Array) -> None:
    """Maxima as the closed form wants them: per km, and with the Earth put back."""
    for r in range(GROUP):
        x, step_km = lane[X * GROUP + r], lane[STEP * GROUP + r]
        lane[_D_KM + r] = x * step_km
        lane[_STEP_KM + r] = step_km
        lane[_N_COL + r] = lane[N * GROUP + r]
        lane[_H_R + r] = lane[H_R * GROUP + r]
        lane[_AE_KM + r] = lane[AE_KM * GROUP + r]
        lane[_LAT_DEG + r] = lane[LAT * GROUP + r]
        lane[_N0 + r] = lane[N0 * GROUP + r]
        lane[_HST_N + r] = lane[HST_N * GROUP + r]
        lane[_HSR_N + r] = lane[HSR_N * GROUP + r]
        lane[_HM_M + r] = lane[ROUGHNESS * GROUP + r]
    for r in range(GROUP):
        x, step_km = lane[X * GROUP + r], lane[STEP * GROUP + r]
        line, a_e = lane[CHORD * GROUP + r], lane[A_E * GROUP + r]
        per_km = 1.0 / step_km
        is_beyond = lane[TX_E * GROUP + r] > line - a_e * x
        lane[_TRANS_HORIZON + r] = 1.0 if is_beyond else 0.0
        lane[_TX_SLOPE + r] = lane[TX_E * GROUP + r] * per_km
        rx_slope = (lane[RX_E * GROUP + r] - 2.0 * a_e * x) * per_km
        lane[_RX_SLOPE + r] = rx_slope if is_beyond else 0.0
        lane[_DLT_KM + r] = lane[FIRST * GROUP + r] * step_km
        lane[_DLR_KM + r] = (x - lane[LAST * GROUP + r]) * step_km
        is_obstructed = lane[TX_0 * GROUP + r] > line
        height = lane[OBSTRUCTION * GROUP + r]
        alpha_t = (lane[TX_0 * GROUP + r] - line) * per_km
        alpha_r = (lane[RX_0 * GROUP + r] + line) * per_km
        lane[_HOBS_M + r] = height if is_obstructed else 0.0
        lane[_ALPHA_T + r] = alpha_t if is_obstructed else 1.0
        lane[_ALPHA_R + r] = alpha_r if is_obstructed else 1.0
    for r in range(GROUP):
        x, per_km = lane[X * GROUP + r], 1.0 / lane[STEP * GROUP + r]
        line = lane[CHORD * GROUP + r]
        a_e, a_b = lane[A_E * GROUP + r], lane[A_B * GROUP + r]
        nu_scale = 0.002 * x * per_km
        stim = lane[TX_G_E * GROUP + r] + a_e * x
        is_beyond = stim >= line
        srim = (lane[RX_G_E * GROUP + r] - a_e * x) * per_km
        lane[_COVER_TH_E + r] = 1.0 if is_beyond else 0.0
        lane[_STIM_E + r] = stim * per_km
        lane[_SRIM_E + r] = srim if is_beyond else 0.0
        lane[_NU_LOS_E + r] = _signed_root(lane[NU_G_E * GROUP + r] * nu_scale)
        stim = lane[TX_G_B * GROUP + r] + a_b * x
        is_beyond = (stim >= line) & needs_beta
        srim = (lane[RX_G_B * GROUP + r] - a_b * x) * per_km
        lane[_COVER_TH_B + r] = 1.0 if is_beyond else 0.0
        lane[_STIM_B + r] = stim * per_km
        lane[_SRIM_B + r] = srim if is_beyond else 0.0
        lane[_NU_LOS_B + r] = _signed_root(lane[NU_G_B * GROUP + r] * nu_scale)


@lean_kernel
def one_zone(zone: int, lane: Float64Array) -> None:
    """Zones of paths that all lie in one: eq. (1) and section 3.5."""
    omega = 1.0 if zone == SEA else 0.0
    land, inland = 1.0 - omega, 1.0 if zone == INLAND else 0.0
    coast = land * NO_COAST_KM
    for r in range(GROUP):
        d_km = lane[X * GROUP + r] * lane[STEP * GROUP + r]
        lane[_OMEGA + r] = omega
        lane[_DTM_KM + r] = land * d_km
        lane[_DLM_KM + r] = inland * d_km
        lane[_DCT_KM + r] = coast
        lane[_DCR_KM + r] = coast


@lean_kernel
def walk_zones(
    node: Float32Array, zones: UInt8Array, setup: Setup, zone_t: int, zone_r: int,
    run_end: Int32Array, run_zone: UInt8Array, n_run: int, common: Float64Array, n_walked: int, state: Float64Array,
    r: int, lane: Float64Array,
) -> None:  # fmt: skip
    """Zones of one lane's path where they vary."""
    x, t, n = lane[X * GROUP + r], lane[T * GROUP + r], int(lane[N * GROUP + r])
    step_km = lane[STEP * GROUP + r]
    omega, dtm, dlm, dct, dcr = path_sections(
        node, zones, setup, zone_t, zone_r, run_end, run_zone, n_run, common, n_walked, x, t, n,
        state,
    )  # fmt: skip
    lane[_OMEGA + r] = omega
    lane[_DTM_KM + r] = dtm * step_km
    lane[_DLM_KM + r] = dlm * step_km
    lane[_DCT_KM + r] = coast_km(dct, step_km)
    lane[_DCR_KM + r] = coast_km(dcr, step_km)


@lean_kernel
def hand_over(used: int, value: Float64Array, lane: Float64Array) -> None:
    """Copy the results to the lanes from `used` on of a tile."""
    for row in range(N_INPUT):
        for r in range(GROUP):
            value[row * STRIDE + used + r] = lane[(RESULTS + row) * GROUP + r]
