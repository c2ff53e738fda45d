"""The closed form for one frequency and polarisation: :func:`tile_losses`."""

from __future__ import annotations

import math

import numpy as np

from dtt_sim._jit import inline_kernel, kernel
from dtt_sim.propagation.diffraction import (
    LAND_CONDUCTIVITY_S_M,
    LAND_PERMITTIVITY,
    SEA_CONDUCTIVITY_S_M,
    SEA_PERMITTIVITY,
)
from dtt_sim.propagation.p1812_tile import rows
from dtt_sim.propagation.p1812_tile.rows import STRIDE, FloatArray, get, has_sea, lanes, put
from dtt_sim.propagation.variability import inverse_normal
from dtt_sim.propagation.vector_math import LN10, exp, larger, ln, log1p_exp, smaller

_DB_PER_LN = 10.0 / LN10  # 10 log10 x = this times ln x
_LN_50 = math.log(50.0)


@inline_kernel
def _height_gain_db(b: float) -> float:
    """Height gain G(B), before its lower limit [dB]; eq. (35)."""
    is_high = b > 2.0
    argument = b - 1.1 if is_high else b + 0.1 * b * b * b
    db = _DB_PER_LN * ln(argument)
    high = 17.6 * math.sqrt(argument) - 0.5 * db - 8.0
    return high if is_high else 2.0 * db


@inline_kernel
def _first_term_db(
    d_km: float,
    h_t: float,
    h_r: float,
    ln_a: float,
    per_root3: float,
    k_factor: float,
    x_factor: float,
    y_factor: float,
    floor_db: float,
) -> float:
    """First-term loss over one ground [dB]; eqs. (29) to (36).

    The factors hold what depends on the frequency, polarisation and ground alone; `floor_db` is the
    lower limit of a height gain for a radius of 1 km.
    """
    k = k_factor * per_root3  # (29)
    k2 = k * k
    k4 = k2 * k2
    beta = (1.0 + 1.6 * k2 + 0.67 * k4) / (1.0 + 4.5 * k2 + 1.53 * k4)  # (30)
    x = x_factor * beta * per_root3 * per_root3 * d_km  # (31)
    per_m = y_factor * beta * beta * per_root3  # (32), (35)
    ln_x = ln(x)
    far = 11.0 + _DB_PER_LN * ln_x - 17.6 * x
    near = -2.0 * _DB_PER_LN * ln_x - 5.6488 * exp(1.425 * ln_x)
    fx = far if x >= 1.6 else near  # (33)
    floor = floor_db - (2.0 / 3.0) * _DB_PER_LN * ln_a
    gt = larger(_height_gain_db(per_m * h_t), floor)
    gr = larger(_height_gain_db(per_m * h_r), floor)
    return -fx - gt - gr  # (36)


@kernel
def _surface_factor(
    f_ghz: float, polarisation: int, permittivity: float, conductivity: float
) -> float:
    """Normalised surface admittance K for a radius of 1 km; eqs. (29a), (29b)."""
    loss = (18.0 * conductivity / f_ghz) ** 2
    root4 = math.sqrt(math.sqrt((permittivity - 1.0) ** 2 + loss))
    k = 0.036 / (math.pow(f_ghz, 1.0 / 3.0) * root4)
    return k * math.sqrt(permittivity**2 + loss) if polarisation == 2 else k


@kernel
def _over_ground(
    tile: FloatArray, m: int, i_radius: int, f_ghz: float, k: float, is_sea: bool
) -> None:
    """First-term loss over land, or that over sea mixed into it, to a SPHERE row; eq. (28)."""
    x = 21.88 * math.pow(f_ghz, 1.0 / 3.0)
    y = 0.9575 * math.pow(f_ghz, 2.0 / 3.0)
    floor = 2.0 + 20.0 * math.log10(k)
    for lane in range(lanes(m)):
        loss = _first_term_db(
            get(tile, rows.D_KM, lane),
            get(tile, rows.HEIGHT_T, lane),
            get(tile, rows.HEIGHT_R, lane),
            get(tile, rows.LN_ADFT_E + i_radius, lane),
            get(tile, rows.PER_ROOT3_E + i_radius, lane),
            k,
            x,
            y,
            floor,
        )
        omega = get(tile, rows.OMEGA, lane)
        mixed = (1.0 - omega) * get(tile, rows.SPHERE_E + i_radius, lane) + omega * loss
        put(tile, rows.SPHERE_E + i_radius, lane, mixed if is_sea else loss)


@inline_kernel
def _bullington_db(nu: float, per_km_db: float) -> float:
    """Bullington loss [dB]; eqs. (12), (21). `per_km_db` is 10 + 0.02 d."""
    v = nu - 0.1
    luc = 6.9 + 2.0 * _DB_PER_LN * ln(math.sqrt(v * v + 1.0) + v)
    loss = luc + (1.0 - exp(luc * (-1.0 / 6.0))) * per_km_db
    return loss if nu > -0.78 else 0.0


@inline_kernel
def _delta_bullington_db(
    nu: float, nu_smooth: float, per_km_db: float, hse: float, first_term_db: float
) -> float:
    """Diffraction loss Ld [dB]; eqs. (27), (39).

    `hse` is hse / hreq. A first term below zero needs no limit of its own here: Lbulls is not
    negative, so that the difference counts as zero either way.
    """
    ldsph = larger(1.0 - hse, 0.0) * first_term_db
    excess = larger(ldsph - _bullington_db(nu_smooth, per_km_db), 0.0)
    return _bullington_db(nu, per_km_db) + excess


@kernel
def _diffraction(tile: FloatArray, m: int, f_ghz: float) -> None:
    """Ld of both Earths, from the first terms; section 4.3.5."""
    per_root_lambda = 1.0 / math.sqrt(0.2998 / f_ghz)
    root_f = math.sqrt(f_ghz)
    for lane in range(lanes(m)):
        per_km = 10.0 + 0.02 * get(tile, rows.D_KM, lane)
        ld50 = _delta_bullington_db(
            per_root_lambda * get(tile, rows.NU_E, lane),
            per_root_lambda * get(tile, rows.NU_SMOOTH_E, lane),
            per_km,
            root_f * get(tile, rows.HSE_E, lane),
            get(tile, rows.SPHERE_E, lane),
        )
        ldb = _delta_bullington_db(
            per_root_lambda * get(tile, rows.NU_B, lane),
            per_root_lambda * get(tile, rows.NU_SMOOTH_B, lane),
            per_km,
            root_f * get(tile, rows.HSE_B, lane),
            get(tile, rows.SPHERE_B, lane),
        )
        put(tile, rows.LD50, lane, ld50)
        put(tile, rows.LD_CHANGE, lane, ldb - ld50)


@kernel
def _ducting(tile: FloatArray, m: int, f_ghz: float) -> None:
    """Ducting loss without its percentage; eqs. (46) to (52a)."""
    alf = 45.375 - 137.0 * f_ghz + 92.5 * f_ghz**2 if f_ghz < 0.5 else 0.0  # (47a)
    constant = 20.0 * math.log10(f_ghz) + alf - 12.0  # with the constant of (53)
    root_f = math.sqrt(f_ghz)
    root3_f = math.pow(f_ghz, 1.0 / 3.0)
    for lane in range(lanes(m)):
        shield_t = 1.0 + root_f * get(tile, rows.SHIELD_T, lane)
        shield_r = 1.0 + root_f * get(tile, rows.SHIELD_R, lane)
        loss = get(tile, rows.DUCT_BASE, lane) + root3_f * get(tile, rows.DUCT_F13, lane) + constant
        put(tile, rows.LBA_F, lane, loss + 2.0 * _DB_PER_LN * ln(shield_t * shield_r))


@kernel
def _combine(
    tile: FloatArray, m: int, f_ghz: float, p_time: float, out: FloatArray, first: int
) -> None:
    """Lbc and Lb0p at one percentage, to `out` from `first` and `first + STRIDE` on."""
    lf = 25.0 * math.log10(f_ghz) - 2.5 * math.log10(0.5 * f_ghz) ** 2  # (45)
    fading = 10.125 * math.log10(50.0 / p_time) ** 0.7 if p_time < 50.0 else 0.0
    free_space = 20.0 * math.log10(f_ghz)
    scatter = lf - fading
    ln_p = math.log(p_time)
    ln_share = ln_p - _LN_50  # (10)
    i_p = inverse_normal(0.01 * p_time)
    is_changed = 1.0 if p_time < 50.0 else 0.0
    at_lbc = np.uint64(first)
    at_lb0p = np.uint64(first + STRIDE)
    for lane in range(lanes(m)):
        lb0p = (
            get(tile, rows.LBFS_1GHZ, lane)
            + free_space
            + get(tile, rows.ES_PER_LN, lane) * ln_share
        )
        ln_ratio = ln_p - get(tile, rows.LN_BETA, lane)
        per_ln = (1.2 / LN10) + (3.7e-3 / LN10) * get(tile, rows.D_KM, lane)
        duct = per_ln * ln_ratio + 12.0 * exp(get(tile, rows.GAMMA, lane) * ln_ratio)  # (53)
        lba = get(tile, rows.LBA_F, lane) + duct
        lminbap = larger(lba, lb0p) + 2.5 * log1p_exp(0.4 * (lba - lb0p))  # (60)
        out[at_lbc + lane] = lminbap
        out[at_lb0p + lane] = lb0p
    for lane in range(lanes(m)):
        lminbap = out[at_lbc + lane]
        lb0p = out[at_lb0p + lane]
        ln_beta0 = get(tile, rows.LN_BETA0, lane)
        ld50 = get(tile, rows.LD50, lane)
        lbfs = get(tile, rows.LBFS_1GHZ, lane) + free_space
        lb0b = lbfs + get(tile, rows.ES_PER_LN, lane) * (ln_beta0 - _LN_50)  # (11)
        ratio = i_p * get(tile, rows.PER_I_BETA0, lane)
        fi = ratio if ln_p > ln_beta0 else 1.0  # (40)
        ldp = ld50 + fi * is_changed * get(tile, rows.LD_CHANGE, lane)  # (41)
        lbd50 = lbfs + ld50  # (42)
        lbd = lb0p + ldp  # (43)
        land = (1.0 - get(tile, rows.OMEGA, lane)) * ldp
        seldom = lb0p + land
        often = lbd50 + (lb0b + land - lbd50) * fi
        lminb0p = seldom if ln_p < ln_beta0 else often  # (59)
        shared = lminbap + (lbd - lminbap) * get(tile, rows.FK, lane)
        lbda = lbd if lminbap > lbd else shared  # (61)
        lbam = lbda + (lminb0p - lbda) * get(tile, rows.FJ, lane)  # (62)
        lbs = get(tile, rows.TROPOSCATTER, lane) + scatter  # (44)
        lbc = smaller(lbs, lbam) - 0.5 * _DB_PER_LN * log1p_exp(0.2 * LN10 * (lbs - lbam))  # (63)
        out[at_lbc + lane] = lbc


@kernel
def tile_losses(
    tile: FloatArray,
    m: int,
    f_ghz: float,
    polarisation: int,
    p_time: FloatArray,
    out: FloatArray,
) -> None:
    """Losses of a finished tile at one frequency, for each time percentage [dB].

    Parameters
    ----------
    tile : (N_ROW * STRIDE,) float64
        From :func:`finish_tile`; scratch rows are overwritten, others are not.
    m : int
        Lanes in use, a multiple of `GROUP`.
    f_ghz : float
        Frequency, 0.03 to 6 [GHz].
    polarisation : int
        1 horizontal, 2 vertical.
    p_time : (n_p,) float64
        Percentages of time for which the loss is not exceeded, 1 to 50 [%].
    out : (>= 2 * n_p * STRIDE,) float64
        Row 2 j gets Lbc, eq. (63), and row 2 j + 1 Lb0p, eq. (10), of `p_time[j]`. The basic loss
        is the greater of Lbc + Lloc and Lb0p, eq. (69).

    Notes
    -----
    Rec. ITU-R P.1812-8 sections 4.2 to 4.7. All but the combination is computed once.
    """
    land = _surface_factor(f_ghz, polarisation, LAND_PERMITTIVITY, LAND_CONDUCTIVITY_S_M)
    sea = _surface_factor(f_ghz, polarisation, SEA_PERMITTIVITY, SEA_CONDUCTIVITY_S_M)
    crosses_sea = has_sea(tile, m)
    for i_radius in range(2):
        _over_ground(tile, m, i_radius, f_ghz, land, False)
        if crosses_sea:
            _over_ground(tile, m, i_radius, f_ghz, sea, True)
    _diffraction(tile, m, f_ghz)
    _ducting(tile, m, f_ghz)
    for j in range(p_time.size):
        _combine(tile, m, f_ghz, p_time[j], out, 2 * j * STRIDE)
