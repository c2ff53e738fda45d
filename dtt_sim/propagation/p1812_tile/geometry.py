"""What does not depend on frequency, polarisation and percentage: the rows of :func:`finish_tile`."""

from __future__ import annotations

import math

from dtt_sim._jit import inline_kernel, kernel
from dtt_sim.propagation.p1812_tile import rows
from dtt_sim.propagation.p1812_tile.rows import AB_KM, FloatArray, get, has_sea, lanes, put
from dtt_sim.propagation.vector_math import (
    LN10,
    atan,
    exp,
    larger,
    ln,
    multiply_add,
    round_down,
    smaller,
)

_DB_PER_LN = 10.0 / LN10  # 10 log10 x = this times ln x
_LN_500 = math.log(500.0)
_LN_MIN_SHARE = math.log(1e-4)  # lower limit of I(x), x = 1e-6, as a percentage
_LN_PERCENT = math.log(0.01)
_LN_4_17 = math.log(4.17)
_HREQ = 17.456 * math.sqrt(0.2998)  # (25) at 1 GHz
_SMALLEST_KM = 1e-9  # for logarithms; a section this long changes nothing
_CUBIC_STEPS = 3


@inline_kernel
def _constructed_nu(d_km: float, per_d: float, rise_m: float, stim: float, srim: float) -> float:
    """ν √λ at the Bullington point; eqs. (18), (20) without their cancellation.

    With A = srim d + hrs - hts and B = stim d - (hrs - hts), both at least zero, the point is at
    db = A / (stim + srim) and its height above the chord db B / d, so that ν² λ = 0.002 A B / d.
    `rise_m` is hrs - hts.
    """
    over_t = larger(stim * d_km - rise_m, 0.0)
    over_r = larger(srim * d_km + rise_m, 0.0)
    return math.sqrt(0.002 * per_d * over_t * over_r)


@inline_kernel
def _stationary_point(c: float, k: float) -> float:
    """Root b in -1..1 of k b³ - b + c' = 0, with k = m / (m + 1), c' = c / (m + 1), eq. (24).

    The same as eq. (24c); d (1 + b) / 2 is where ν over a smooth path is largest. Householder's
    method of order six: a step is -v q4 / q5 with q_n = s q_{n-1} - v t q_{n-2} + v² k q_{n-3},
    from the value v, slope s, half curvature t and cubic coefficient k. Three steps are enough
    close to the double root too (m = 1/2, c = 1: a mast far above a low receiver).
    """
    triple_k = 3.0 * k
    b = c
    for _ in range(_CUBIC_STEPS):
        t = triple_k * b
        s = multiply_add(t, b, -1.0)
        v = multiply_add(b, multiply_add(k * b, b, -1.0), c)
        vt = v * t
        vvk = v * v * k
        q2 = multiply_add(s, s, -vt)
        q3 = multiply_add(s, q2 - vt, vvk)
        q4 = multiply_add(s, q3 + vvk, -vt * q2)
        q5 = multiply_add(s, q4, multiply_add(vvk, q2, -vt * q3))
        b -= v * q4 / q5
    return b


@inline_kernel
def _smooth_nu(
    d_km: float,
    per_d: float,
    step_km: float,
    per_step: float,
    last: float,
    b: float,
    h_t: float,
    h_r: float,
    root_t: float,
    root_r: float,
    curvature: float,
) -> float:
    """ν √λ of the zero profile under the heights `h_t`, `h_r`; eqs. (13) to (20).

    A slope has one maximum over distance, and so has ν on a line-of-sight path: only the two
    samples beside it can attain it. `root_t` and `root_r` are the distances of the steepest slopes
    from the ends, `last` is n - 1, `b` the point of (24c), `curvature` is 500 / a.
    """
    # The steeper of two samples x1 < x2: the first if h / x1x2 <= curvature
    i = smaller(larger(round_down(root_t * per_step), 1.0), last)
    x1 = i * step_km
    x2 = smaller(i + 1.0, last) * step_km
    x = x1 if h_t <= curvature * x1 * x2 else x2
    i = smaller(larger(round_down((d_km - root_r) * per_step), 1.0), last)
    y1 = d_km - i * step_km
    y2 = d_km - smaller(i + 1.0, last) * step_km
    y = y2 if h_r <= curvature * y1 * y2 else y1
    per_xy = 1.0 / (x * y)
    rise = h_r - h_t
    over_t = (curvature * (d_km - x) - h_t * y * per_xy) * d_km - rise
    over_r = (curvature * (d_km - y) - h_r * x * per_xy) * d_km + rise

    # Line of sight: all clearances are negative and the least ν² is wanted
    i = smaller(larger(round_down(0.5 * d_km * (1.0 + b) * per_step), 1.0), last)
    x1 = i * step_km
    x2 = smaller(i + 1.0, last) * step_km
    p1 = x1 * (d_km - x1)
    p2 = x2 * (d_km - x2)
    c1 = curvature * p1 - (h_t * (d_km - x1) + h_r * x1) * per_d
    c2 = curvature * p2 - (h_t * (d_km - x2) + h_r * x2) * per_d
    is_first = c1 * c1 * p2 <= c2 * c2 * p1
    c = c1 if is_first else c2
    p = p1 if is_first else p2

    is_trans_horizon = over_t >= 0.0
    above = larger(over_t, 0.0) * larger(over_r, 0.0) * per_d
    below = c * c * d_km / p
    nu = math.sqrt(0.002 * (above if is_trans_horizon else below))
    return nu if is_trans_horizon else -nu


@inline_kernel
def _clearance(d_km: float, b: float, h_t: float, h_r: float, curvature: float) -> float:
    """Ratio hse / hreq at 1 GHz; eqs. (23) to (25)."""
    d1 = 0.5 * d_km * (1.0 + b)
    d2 = d_km - d1
    product = d1 * d2
    hse = (h_t * d2 + h_r * d1) - curvature * product * d_km
    return hse / (_HREQ * math.sqrt(product * d_km))


@kernel
def _heights_and_angles(tile: FloatArray, m: int, h_t: float, htg_m: float, hrg_m: float) -> None:
    """Attachment 1: smooth-Earth heights, angles; ν with clutter."""
    hts = h_t + htg_m
    root_ab = math.sqrt(0.002 * AB_KM)
    for lane in range(lanes(m)):
        d = get(tile, rows.D_KM, lane)
        h_r = get(tile, rows.H_R, lane)
        ae = get(tile, rows.AE_KM, lane)
        per_ae = 1.0 / ae
        hrs = h_r + hrg_m
        rise = hrs - hts
        per_d = 1.0 / d
        put(tile, rows.PER_D, lane, per_d)
        put(tile, rows.PER_STEP, lane, 1.0 / get(tile, rows.STEP_KM, lane))
        put(tile, rows.RADIUS_E, lane, ae)
        put(tile, rows.RADIUS_B, lane, AB_KM)
        put(tile, rows.CURVATURE_E, lane, 500.0 * per_ae)
        put(tile, rows.CURVATURE_B, lane, 500.0 / AB_KM)
        put(tile, rows.ROOT_A_E, lane, math.sqrt(0.002 * ae))
        put(tile, rows.ROOT_A_B, lane, root_ab)

        is_trans_horizon = get(tile, rows.TRANS_HORIZON, lane) > 0.5
        chord = rise * per_d
        fall = 500.0 * d * per_ae
        tx_slope = get(tile, rows.TX_SLOPE, lane)
        rx_slope = get(tile, rows.RX_SLOPE, lane)
        slope_t = tx_slope if is_trans_horizon else chord - fall
        slope_r = rx_slope if is_trans_horizon else -chord - fall
        theta_t = 1000.0 * atan(0.001 * slope_t)
        theta_r = 1000.0 * atan(0.001 * slope_r)
        put(tile, rows.THETA_T, lane, theta_t)
        put(tile, rows.THETA_R, lane, theta_r)
        put(tile, rows.THETA, lane, 1000.0 * d * per_ae + theta_t + theta_r)  # (84)

        hst_n = get(tile, rows.HST_N, lane)
        hsr_n = get(tile, rows.HSR_N, lane)
        obstruction = get(tile, rows.HOBS_M, lane)
        alpha_t = get(tile, rows.ALPHA_T, lane)
        share_t = alpha_t / (alpha_t + get(tile, rows.ALPHA_R, lane))
        is_obstructed = obstruction > 0.0
        below_t = hst_n - obstruction * share_t
        below_r = hsr_n - obstruction * (1.0 - share_t)
        hstd = smaller(below_t if is_obstructed else hst_n, h_t)
        hsrd = smaller(below_r if is_obstructed else hsr_n, h_r)
        put(tile, rows.HSTD, lane, hstd)
        put(tile, rows.HSRD, lane, hsrd)
        height_t = hts - hstd  # (37a)
        height_r = hrs - hsrd  # (37b)
        root_t = math.sqrt(height_t)
        root_r = math.sqrt(height_r)
        share = d / (root_t + root_r)
        put(tile, rows.HEIGHT_T, lane, height_t)
        put(tile, rows.HEIGHT_R, lane, height_r)
        put(tile, rows.ROOT_T, lane, root_t)
        put(tile, rows.ROOT_R, lane, root_r)
        put(tile, rows.AEM_KM, lane, 500.0 * share * share)  # (26)
        put(tile, rows.HTE, lane, htg_m + h_t - smaller(hst_n, h_t))
        put(tile, rows.HRE, lane, hrg_m + h_r - smaller(hsr_n, h_r))

        nu = _constructed_nu(
            d, per_d, rise, get(tile, rows.STIM_E, lane), get(tile, rows.SRIM_E, lane)
        )
        nu_los = get(tile, rows.NU_LOS_E, lane)
        put(tile, rows.NU_E, lane, nu if get(tile, rows.COVER_TH_E, lane) > 0.5 else nu_los)
        nu = _constructed_nu(
            d, per_d, rise, get(tile, rows.STIM_B, lane), get(tile, rows.SRIM_B, lane)
        )
        nu_los = get(tile, rows.NU_LOS_B, lane)
        put(tile, rows.NU_B, lane, nu if get(tile, rows.COVER_TH_B, lane) > 0.5 else nu_los)


@kernel
def _smooth_earth(tile: FloatArray, m: int, i_radius: int) -> None:
    """What diffraction over the smooth Earth needs for the radius of `i_radius` rows after E.

    Section 4.3. Three loops of little each: a processor overlaps lanes only if a lane's chain of
    dependent operations is short.
    """
    for lane in range(lanes(m)):
        d = get(tile, rows.D_KM, lane)
        h_t = get(tile, rows.HEIGHT_T, lane)
        h_r = get(tile, rows.HEIGHT_R, lane)
        # c and m of (24d), (24e), both times a (h't + h'r)
        a = get(tile, rows.RADIUS_E + i_radius, lane)
        c = a * (h_t - h_r)
        bulge = 250.0 * d * d
        per_n = 1.0 / (bulge + a * (h_t + h_r))
        put(tile, rows.POINT_E + i_radius, lane, _stationary_point(c * per_n, bulge * per_n))
    for lane in range(lanes(m)):
        # aem of (26) reaches the radius at the horizon, (22)
        a = smaller(get(tile, rows.RADIUS_E + i_radius, lane), get(tile, rows.AEM_KM, lane))
        ln_a = ln(a)
        put(tile, rows.LN_ADFT_E + i_radius, lane, ln_a)
        put(tile, rows.PER_ROOT3_E + i_radius, lane, exp(ln_a * (-1.0 / 3.0)))
    for lane in range(lanes(m)):
        d = get(tile, rows.D_KM, lane)
        h_t = get(tile, rows.HEIGHT_T, lane)
        h_r = get(tile, rows.HEIGHT_R, lane)
        a = get(tile, rows.RADIUS_E + i_radius, lane)
        b = get(tile, rows.POINT_E + i_radius, lane)
        curvature = get(tile, rows.CURVATURE_E + i_radius, lane)
        root_a = get(tile, rows.ROOT_A_E + i_radius, lane)
        nu = _smooth_nu(
            d,
            get(tile, rows.PER_D, lane),
            get(tile, rows.STEP_KM, lane),
            get(tile, rows.PER_STEP, lane),
            get(tile, rows.N_COL, lane) - 1.0,
            b,
            h_t,
            h_r,
            root_a * get(tile, rows.ROOT_T, lane),
            root_a * get(tile, rows.ROOT_R, lane),
            curvature,
        )
        put(tile, rows.NU_SMOOTH_E + i_radius, lane, nu)
        hse = _clearance(d, b, h_t, h_r, curvature)
        put(tile, rows.HSE_E + i_radius, lane, 0.0 if get(tile, rows.AEM_KM, lane) >= a else hse)


@kernel
def _constant_terms(tile: FloatArray, m: int, h_t: float, htg_m: float, hrg_m: float) -> None:
    """Terms of the sub-models without frequency and percentage; sections 4.2 and 4.4 to 4.7."""
    hts = h_t + htg_m
    for lane in range(lanes(m)):
        d = get(tile, rows.D_KM, lane)
        ae = get(tile, rows.AE_KM, lane)
        theta = get(tile, rows.THETA, lane)
        dlt = get(tile, rows.DLT_KM, lane)
        dlr = get(tile, rows.DLR_KM, lane)
        horizons = dlt + dlr
        ln_d = ln(d)
        put(tile, rows.LN_D, lane, ln_d)

        slant = 0.001 * (get(tile, rows.H_R, lane) + hrg_m - hts)
        put(tile, rows.LBFS_1GHZ, lane, 92.4 + _DB_PER_LN * ln(d * d + slant * slant))  # (8)
        put(tile, rows.ES_PER_LN, lane, 2.6 / LN10 * (1.0 - exp(-0.1 * horizons)))  # (9)
        put(tile, rows.FJ, lane, 1.0 / (1.0 + exp(16.0 * (theta - 0.3))))  # (57)
        put(tile, rows.FK, lane, 1.0 / (1.0 + exp(0.15 * (d - 20.0))))  # (58)
        put(
            tile,
            rows.TROPOSCATTER,
            lane,
            190.1 + 2.0 * _DB_PER_LN * ln_d + 0.573 * theta - 0.15 * get(tile, rows.N0, lane),
        )  # (44)

        # Ducting without frequency, percentage and sea
        theta_t = get(tile, rows.THETA_T, lane)
        theta_r = get(tile, rows.THETA_R, lane)
        excess_t = larger(theta_t - 0.1 * dlt, 0.0)
        excess_r = larger(theta_r - 0.1 * dlr, 0.0)
        put(tile, rows.SHIELD_T, lane, 0.361 * excess_t * math.sqrt(dlt))
        put(tile, rows.SHIELD_R, lane, 0.361 * excess_r * math.sqrt(dlr))
        arc = 2.0 * get(tile, rows.CURVATURE_E, lane) * d
        angle = arc + smaller(theta_t, 0.1 * dlt) + smaller(theta_r, 0.1 * dlr)
        put(
            tile, rows.DUCT_F13, lane, 0.264 * (excess_t + excess_r) + 5e-5 * ae * angle
        )  # (51), (52)
        put(tile, rows.DUCT_BASE, lane, 102.45 + 2.0 * _DB_PER_LN * ln(horizons))


@kernel
def _time_percentages(tile: FloatArray, m: int) -> None:
    """β0, β and Γ; sections 3.5 and 4.5. Four loops, as each needs the one before."""
    for lane in range(lanes(m)):
        ln_dlm = ln(larger(get(tile, rows.DLM_KM, lane), _SMALLEST_KM))
        put(tile, rows.TAU, lane, 1.0 - exp(-4.12e-4 * exp(2.41 * ln_dlm)))  # (3)
    for lane in range(lanes(m)):
        tau = get(tile, rows.TAU, lane)
        to_land = exp(-LN10 * get(tile, rows.DTM_KM, lane) / (16.0 - 6.6 * tau))
        to_inland = exp(-5.0 * LN10 * (0.496 + 0.354 * tau))
        ln_mu1 = smaller(0.2 * ln(to_land + to_inland), 0.0)  # (2)
        lat = abs(get(tile, rows.LAT_DEG, lane))
        polar = _LN_4_17 + 1.3 * ln_mu1
        other = LN10 * (1.67 - 0.015 * lat) + ln_mu1 * (0.065 + 0.0176 * lat)
        ln_beta0 = polar if lat > 70.0 else other  # (4), (5)
        put(tile, rows.LN_BETA0, lane, ln_beta0)
        # I(β0): β0 is below 47 % everywhere, which is the lower half
        t = math.sqrt(-2.0 * (larger(ln_beta0, _LN_MIN_SHARE) + _LN_PERCENT))  # (97a)
        over = (0.010328 * t + 0.802853) * t + 2.515516698
        under = ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
        put(tile, rows.PER_I_BETA0, lane, under / (t * under - over))  # (97b)
    for lane in range(lanes(m)):
        d = get(tile, rows.D_KM, lane)
        ln_d = get(tile, rows.LN_D, lane)
        hte = get(tile, rows.HTE, lane)
        hre = get(tile, rows.HRE, lane)
        alpha = larger(-0.6 - 3.5e-9 * exp(3.1 * ln_d) * get(tile, rows.TAU, lane), -3.4)  # (55a)
        height = hte + hre + 2.0 * math.sqrt(hte * hre)
        ln_ratio = _LN_500 + 2.0 * ln_d - ln(get(tile, rows.AE_KM, lane) * height)
        ln_mu2 = smaller(alpha * ln_ratio, 0.0)  # (55)
        between = smaller(
            d - (get(tile, rows.DLT_KM, lane) + get(tile, rows.DLR_KM, lane)), 40.0
        )  # (56a)
        roughness = larger(get(tile, rows.HM_M, lane) - 10.0, 0.0)
        ln_mu3 = -4.6e-5 * roughness * (43.0 + 6.0 * between)  # (56)
        put(tile, rows.LN_BETA, lane, get(tile, rows.LN_BETA0, lane) + ln_mu2 + ln_mu3)  # (54)
    for lane in range(lanes(m)):
        log_beta = get(tile, rows.LN_BETA, lane) * (1.0 / LN10)
        square = (9.51 - 4.8 * log_beta + 0.198 * log_beta * log_beta) * 1e-6
        far = square * exp(1.13 * get(tile, rows.LN_D, lane))
        put(tile, rows.GAMMA, lane, 1.076 * exp(-1.012 * ln(2.0058 - log_beta) - far))  # (53a)


@kernel
def _sea_coupling(tile: FloatArray, m: int, hts_m: float, hrg_m: float) -> None:
    """Add the coupling to ducts over the sea, Act and Acr; eqs. (49), (49a)."""
    factor_t = -3.0 * (1.0 + math.tanh(0.07 * (50.0 - hts_m)))
    for lane in range(lanes(m)):
        is_sea = get(tile, rows.OMEGA, lane) >= 0.75
        dct = get(tile, rows.DCT_KM, lane)
        dcr = get(tile, rows.DCR_KM, lane)
        hrs = get(tile, rows.H_R, lane) + hrg_m
        is_t = is_sea & (dct <= 5.0) & (dct <= get(tile, rows.DLT_KM, lane))
        is_r = is_sea & (dcr <= 5.0) & (dcr <= get(tile, rows.DLR_KM, lane))
        act = factor_t * exp(-0.25 * dct * dct)
        acr = -6.0 * exp(-0.25 * dcr * dcr) / (1.0 + exp(0.14 * (hrs - 50.0)))
        coupling = (act if is_t else 0.0) + (acr if is_r else 0.0)
        put(tile, rows.DUCT_BASE, lane, get(tile, rows.DUCT_BASE, lane) + coupling)


@kernel
def finish_tile(tile: FloatArray, m: int, h_t: float, htg_m: float, hrg_m: float) -> None:
    """Complete the rows that do not depend on frequency, percentage and polarisation.

    Parameters
    ----------
    tile : (N_ROW * STRIDE,) float64
        Input rows filled for the lanes in use.
    m : int
        Lanes in use, a multiple of `GROUP`, at most `LANES`.
    h_t : float
        Ground at the transmitter, above sea level [m].
    htg_m, hrg_m : float
        Antenna heights above ground [m].

    Notes
    -----
    Rec. ITU-R P.1812-8 sections 3.5, 4.3 to 4.7 and Attachment 1.
    """
    _heights_and_angles(tile, m, h_t, htg_m, hrg_m)
    for i_radius in range(2):
        _smooth_earth(tile, m, i_radius)
    _constant_terms(tile, m, h_t, htg_m, hrg_m)
    _time_percentages(tile, m)
    if has_sea(tile, m):
        _sea_coupling(tile, m, h_t + htg_m, hrg_m)
