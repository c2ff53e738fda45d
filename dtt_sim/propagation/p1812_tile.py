"""The closed form of Rec. ITU-R P.1812-8 over tiles of receivers, as vector loops.

A tile holds up to `LANES` receivers of one transmitter as a structure of arrays: `N_ROW` rows of
`STRIDE` float64, handed over flat. :func:`finish_tile` completes what does not depend on the
frequency (the rest of :func:`dtt_sim.propagation.geometry.analyse`), :func:`tile_losses` is the
closed form (:func:`dtt_sim.propagation.p1812.loss_parts`) for one frequency and polarisation and
any number of time percentages. Equations are as there; where the order of operations differs, the
results agree to 1e-11 dB.

Loops have no branches: both sides are computed and one is selected, so a side's value may be NaN
or meaningless where it is not taken. Powers are kept as natural logarithms. A lane's result
depends neither on other lanes nor on its place. Inputs are finite; NaN is not kept.

Input rows, written by the search over the profile:

=============== ===== ==============================================================================
row             unit  meaning
=============== ===== ==============================================================================
D_KM            km    path length d
STEP_KM         km    spacing of the samples, which stand at i STEP_KM, i = 1..n-1
N_COL           -     n; the last step, from sample n-1 to the receiver, is 0.5 to 1.5 spacings
H_R             m     ground at the receiver, above sea level
AE_KM           km    median effective Earth radius, (7a)
LAT_DEG         deg   latitude of the path centre
N0              N     sea-level surface refractivity
TRANS_HORIZON   0, 1  path type on bare terrain, (79)
TX_SLOPE        m/km  `Slopes.tx`, (77); read if TRANS_HORIZON
RX_SLOPE        m/km  `Slopes.rx`, (82a); read if TRANS_HORIZON
DLT_KM, DLR_KM  km    horizon distances of either path type, (80), (83)
HOBS_M          m     `Slopes.obstruction_m`, (89a)
ALPHA_T         m/km  `Slopes.alpha_t`, (89b); read if HOBS_M > 0
ALPHA_R         m/km  `Slopes.alpha_r`, (89c); read if HOBS_M > 0
COVER_TH_E      0, 1  trans-horizon with clutter over the median Earth: STIM_E >= Str, section 4.3.1
STIM_E, SRIM_E  m/km  steepest slopes with clutter, (13), (17); read if COVER_TH_E
NU_LOS_E        √m    largest ν √λ over the samples, (15); read if not COVER_TH_E
COVER_TH_B ...  -     the same four for the Earth radius of β0 %, `AB_KM`
HST_N, HSR_N    m     smooth-Earth heights at the ends, not limited, (87), (88)
HM_M            m     terrain roughness, (95); any value up to 10 acts as 10
OMEGA           -     fraction of the path over sea, (1)
DTM_KM, DLM_KM  km    longest land and inland sections
DCT_KM, DCR_KM  km    land distance from the ends to the coast; 500 without a coast, 0 at sea
=============== ===== ==============================================================================

Rows of :func:`finish_tile`:

=============== ===== ==============================================================================
NU_E, NU_B      √m    ν √λ of the Bullington construct with clutter
NU_SMOOTH_E, _B √m    the same for the zero profile at the same samples, under H_T, H_R
THETA_T, _R     mrad  horizon elevation angles, (77) to (82a)
THETA           mrad  angular distance, (84), not limited
HSTD, HSRD      m     smooth-Earth heights for diffraction, (90), (91)
HEIGHT_T, _R    m     h't, h'r above them, (37)
HTE, HRE        m     effective heights for ducting, (94)
LN_D            -     ln d
LN_BETA0        -     ln of β0 in %, (5)
LN_BETA         -     ln of β in %, (54)
PER_I_BETA0     -     1 / I(β0), (40a)
GAMMA           -     Γ, (53a)
LBFS_1GHZ       dB    free space at 1 GHz, (8)
ES_PER_LN       dB    Es / ln(p / 50), (9)
FJ, FK          -     (57), (58)
TROPOSCATTER    dB    terms of (44) without frequency and percentage
DUCT_BASE       dB    terms of (47) without frequency: horizon distances and coupling over sea
DUCT_F13        dB    terms of (46) and (48) that go with f^(1/3)
SHIELD_T, _R    -     terms of (48) that go with f^(1/2)
LN_ADFT_E, _B   -     ln of the radius of the first-term method, a or aem of (26), in km
PER_ROOT3_E, _B -     the same radius to the power -1/3
HSE_E, HSE_B    -     hse / hreq at 1 GHz, (23), (25); 0 from the horizon on, (22)
=============== ===== ==============================================================================

Rows whose names end in _E and _B are neighbours, so that one loop serves both Earth radii.

Scratch rows of :func:`finish_tile`: PER_D, PER_STEP (reciprocals), RADIUS_ (a in km), CURVATURE_
(500 / a), ROOT_A_ (sqrt(0.002 a)), POINT_ (b of (24c)), ROOT_T, ROOT_R (square roots of h't and
h'r), AEM_KM ((26)), TAU ((3)). Of :func:`tile_losses`: SPHERE_E, SPHERE_B (first-term loss, (28)), LD50 and LD_CHANGE
(Ld of the median Earth, and that of β0 % less it, (39)), LBA_F (terms of (46) without percentage).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from dtt_sim._jit import inline_kernel, kernel
from dtt_sim.propagation.diffraction import (
    LAND_CONDUCTIVITY_S_M,
    LAND_PERMITTIVITY,
    SEA_CONDUCTIVITY_S_M,
    SEA_PERMITTIVITY,
)
from dtt_sim.propagation.variability import inverse_normal
from dtt_sim.propagation.vector_math import (
    LN10,
    atan,
    exp,
    larger,
    ln,
    log1p_exp,
    multiply_add,
    round_down,
    smaller,
)

LANES = 512  # receivers in a tile
STRIDE = 520  # between rows: 4096 bytes would put all rows into the same cache sets
GROUP = 16  # lanes in use are a multiple: no remainder loops

# fmt: off
(
    D_KM, STEP_KM, N_COL, H_R, AE_KM, LAT_DEG, N0,
    TRANS_HORIZON, TX_SLOPE, RX_SLOPE, DLT_KM, DLR_KM, HOBS_M, ALPHA_T, ALPHA_R,
    COVER_TH_E, STIM_E, SRIM_E, NU_LOS_E, COVER_TH_B, STIM_B, SRIM_B, NU_LOS_B,
    HST_N, HSR_N, HM_M, OMEGA, DTM_KM, DLM_KM, DCT_KM, DCR_KM,
) = range(31)
N_INPUT = 31
(
    NU_E, NU_B, NU_SMOOTH_E, NU_SMOOTH_B, THETA_T, THETA_R, THETA, HSTD, HSRD, HEIGHT_T, HEIGHT_R,
    HTE, HRE, LN_D, LN_BETA0, LN_BETA, PER_I_BETA0, GAMMA, LBFS_1GHZ, ES_PER_LN, FJ, FK,
    TROPOSCATTER, DUCT_BASE, DUCT_F13, SHIELD_T, SHIELD_R, LN_ADFT_E, LN_ADFT_B, PER_ROOT3_E,
    PER_ROOT3_B, HSE_E, HSE_B,
    PER_D, PER_STEP, RADIUS_E, RADIUS_B, CURVATURE_E, CURVATURE_B, ROOT_A_E, ROOT_A_B,
    POINT_E, POINT_B, ROOT_T, ROOT_R, AEM_KM, TAU,
    SPHERE_E, SPHERE_B, LD50, LD_CHANGE, LBA_F,
) = range(N_INPUT, N_INPUT + 52)
# fmt: on
N_ROW = N_INPUT + 52

AB_KM = 3.0 * 6371.0  # effective Earth radius of β0 %, (7b)

_DB_PER_LN = 10.0 / LN10  # 10 log10 x = this times ln x
_LN_50 = math.log(50.0)
_LN_500 = math.log(500.0)
_LN_MIN_SHARE = math.log(1e-4)  # lower limit of I(x), x = 1e-6, as a percentage
_LN_PERCENT = math.log(0.01)
_LN_4_17 = math.log(4.17)
_HREQ = 17.456 * math.sqrt(0.2998)  # (25) at 1 GHz
_SMALLEST_KM = 1e-9  # for logarithms; a section this long changes nothing
_CUBIC_STEPS = 3

FloatArray = NDArray[np.float64]


def _pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Address of a value, from the code generator's (tile, row, lane)."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    stride = context.get_constant(types.intp, STRIDE)
    return builder.gep(array.data, [builder.add(builder.mul(args[1], stride), args[2])])


# Intrinsics: as functions these two would be compiled once per row, and an index of mixed signs
# has either a wrap-around, which stops vectorisation, or the type of a float.
@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def _get(_context: Any, tile: Any, _row: Any, _lane: Any) -> Any:
    """Value of a row at a lane."""

    def load(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_pointer(context, builder, signature, args))

    return types.float64(tile, types.intp, types.uint64), load


@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def _put(_context: Any, tile: Any, _row: Any, _lane: Any, _value: Any) -> Any:
    """Set a row's value at a lane."""

    def store(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[3], _pointer(context, builder, signature, args))
        return context.get_dummy_value()

    return types.void(tile, types.intp, types.uint64, types.float64), store


@inline_kernel
def _lanes(m: int) -> np.uint64:
    """Lanes to loop over, visibly a multiple of `GROUP` to the compiler."""
    return np.uint64(m) // np.uint64(GROUP) * np.uint64(GROUP)


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
    for lane in range(_lanes(m)):
        d = _get(tile, D_KM, lane)
        h_r = _get(tile, H_R, lane)
        ae = _get(tile, AE_KM, lane)
        per_ae = 1.0 / ae
        hrs = h_r + hrg_m
        rise = hrs - hts
        per_d = 1.0 / d
        _put(tile, PER_D, lane, per_d)
        _put(tile, PER_STEP, lane, 1.0 / _get(tile, STEP_KM, lane))
        _put(tile, RADIUS_E, lane, ae)
        _put(tile, RADIUS_B, lane, AB_KM)
        _put(tile, CURVATURE_E, lane, 500.0 * per_ae)
        _put(tile, CURVATURE_B, lane, 500.0 / AB_KM)
        _put(tile, ROOT_A_E, lane, math.sqrt(0.002 * ae))
        _put(tile, ROOT_A_B, lane, root_ab)

        is_trans_horizon = _get(tile, TRANS_HORIZON, lane) > 0.5
        chord = rise * per_d
        fall = 500.0 * d * per_ae
        tx_slope = _get(tile, TX_SLOPE, lane)
        rx_slope = _get(tile, RX_SLOPE, lane)
        slope_t = tx_slope if is_trans_horizon else chord - fall
        slope_r = rx_slope if is_trans_horizon else -chord - fall
        theta_t = 1000.0 * atan(0.001 * slope_t)
        theta_r = 1000.0 * atan(0.001 * slope_r)
        _put(tile, THETA_T, lane, theta_t)
        _put(tile, THETA_R, lane, theta_r)
        _put(tile, THETA, lane, 1000.0 * d * per_ae + theta_t + theta_r)  # (84)

        hst_n = _get(tile, HST_N, lane)
        hsr_n = _get(tile, HSR_N, lane)
        obstruction = _get(tile, HOBS_M, lane)
        alpha_t = _get(tile, ALPHA_T, lane)
        share_t = alpha_t / (alpha_t + _get(tile, ALPHA_R, lane))
        is_obstructed = obstruction > 0.0
        below_t = hst_n - obstruction * share_t
        below_r = hsr_n - obstruction * (1.0 - share_t)
        hstd = smaller(below_t if is_obstructed else hst_n, h_t)
        hsrd = smaller(below_r if is_obstructed else hsr_n, h_r)
        _put(tile, HSTD, lane, hstd)
        _put(tile, HSRD, lane, hsrd)
        height_t = hts - hstd  # (37a)
        height_r = hrs - hsrd  # (37b)
        root_t = math.sqrt(height_t)
        root_r = math.sqrt(height_r)
        share = d / (root_t + root_r)
        _put(tile, HEIGHT_T, lane, height_t)
        _put(tile, HEIGHT_R, lane, height_r)
        _put(tile, ROOT_T, lane, root_t)
        _put(tile, ROOT_R, lane, root_r)
        _put(tile, AEM_KM, lane, 500.0 * share * share)  # (26)
        _put(tile, HTE, lane, htg_m + h_t - smaller(hst_n, h_t))
        _put(tile, HRE, lane, hrg_m + h_r - smaller(hsr_n, h_r))

        nu = _constructed_nu(d, per_d, rise, _get(tile, STIM_E, lane), _get(tile, SRIM_E, lane))
        nu_los = _get(tile, NU_LOS_E, lane)
        _put(tile, NU_E, lane, nu if _get(tile, COVER_TH_E, lane) > 0.5 else nu_los)
        nu = _constructed_nu(d, per_d, rise, _get(tile, STIM_B, lane), _get(tile, SRIM_B, lane))
        nu_los = _get(tile, NU_LOS_B, lane)
        _put(tile, NU_B, lane, nu if _get(tile, COVER_TH_B, lane) > 0.5 else nu_los)


@kernel
def _smooth_earth(tile: FloatArray, m: int, i_radius: int) -> None:
    """What diffraction over the smooth Earth needs for the radius of `i_radius` rows after E.

    Section 4.3. Three loops of little each: a processor overlaps lanes only if a lane's chain of
    dependent operations is short.
    """
    for lane in range(_lanes(m)):
        d = _get(tile, D_KM, lane)
        h_t = _get(tile, HEIGHT_T, lane)
        h_r = _get(tile, HEIGHT_R, lane)
        # c and m of (24d), (24e), both times a (h't + h'r)
        a = _get(tile, RADIUS_E + i_radius, lane)
        c = a * (h_t - h_r)
        bulge = 250.0 * d * d
        per_n = 1.0 / (bulge + a * (h_t + h_r))
        _put(tile, POINT_E + i_radius, lane, _stationary_point(c * per_n, bulge * per_n))
    for lane in range(_lanes(m)):
        # aem of (26) reaches the radius at the horizon, (22)
        a = smaller(_get(tile, RADIUS_E + i_radius, lane), _get(tile, AEM_KM, lane))
        ln_a = ln(a)
        _put(tile, LN_ADFT_E + i_radius, lane, ln_a)
        _put(tile, PER_ROOT3_E + i_radius, lane, exp(ln_a * (-1.0 / 3.0)))
    for lane in range(_lanes(m)):
        d = _get(tile, D_KM, lane)
        h_t = _get(tile, HEIGHT_T, lane)
        h_r = _get(tile, HEIGHT_R, lane)
        a = _get(tile, RADIUS_E + i_radius, lane)
        b = _get(tile, POINT_E + i_radius, lane)
        curvature = _get(tile, CURVATURE_E + i_radius, lane)
        root_a = _get(tile, ROOT_A_E + i_radius, lane)
        nu = _smooth_nu(
            d,
            _get(tile, PER_D, lane),
            _get(tile, STEP_KM, lane),
            _get(tile, PER_STEP, lane),
            _get(tile, N_COL, lane) - 1.0,
            b,
            h_t,
            h_r,
            root_a * _get(tile, ROOT_T, lane),
            root_a * _get(tile, ROOT_R, lane),
            curvature,
        )
        _put(tile, NU_SMOOTH_E + i_radius, lane, nu)
        hse = _clearance(d, b, h_t, h_r, curvature)
        _put(tile, HSE_E + i_radius, lane, 0.0 if _get(tile, AEM_KM, lane) >= a else hse)


@kernel
def _constant_terms(tile: FloatArray, m: int, h_t: float, htg_m: float, hrg_m: float) -> None:
    """Terms of the sub-models without frequency and percentage; sections 4.2 and 4.4 to 4.7."""
    hts = h_t + htg_m
    for lane in range(_lanes(m)):
        d = _get(tile, D_KM, lane)
        ae = _get(tile, AE_KM, lane)
        theta = _get(tile, THETA, lane)
        dlt = _get(tile, DLT_KM, lane)
        dlr = _get(tile, DLR_KM, lane)
        horizons = dlt + dlr
        ln_d = ln(d)
        _put(tile, LN_D, lane, ln_d)

        slant = 0.001 * (_get(tile, H_R, lane) + hrg_m - hts)
        _put(tile, LBFS_1GHZ, lane, 92.4 + _DB_PER_LN * ln(d * d + slant * slant))  # (8)
        _put(tile, ES_PER_LN, lane, 2.6 / LN10 * (1.0 - exp(-0.1 * horizons)))  # (9)
        _put(tile, FJ, lane, 1.0 / (1.0 + exp(16.0 * (theta - 0.3))))  # (57)
        _put(tile, FK, lane, 1.0 / (1.0 + exp(0.15 * (d - 20.0))))  # (58)
        _put(
            tile,
            TROPOSCATTER,
            lane,
            190.1 + 2.0 * _DB_PER_LN * ln_d + 0.573 * theta - 0.15 * _get(tile, N0, lane),
        )  # (44)

        # Ducting without frequency, percentage and sea
        theta_t = _get(tile, THETA_T, lane)
        theta_r = _get(tile, THETA_R, lane)
        excess_t = larger(theta_t - 0.1 * dlt, 0.0)
        excess_r = larger(theta_r - 0.1 * dlr, 0.0)
        _put(tile, SHIELD_T, lane, 0.361 * excess_t * math.sqrt(dlt))
        _put(tile, SHIELD_R, lane, 0.361 * excess_r * math.sqrt(dlr))
        arc = 2.0 * _get(tile, CURVATURE_E, lane) * d
        angle = arc + smaller(theta_t, 0.1 * dlt) + smaller(theta_r, 0.1 * dlr)
        _put(tile, DUCT_F13, lane, 0.264 * (excess_t + excess_r) + 5e-5 * ae * angle)  # (51), (52)
        _put(tile, DUCT_BASE, lane, 102.45 + 2.0 * _DB_PER_LN * ln(horizons))


@kernel
def _time_percentages(tile: FloatArray, m: int) -> None:
    """β0, β and Γ; sections 3.5 and 4.5. Four loops, as each needs the one before."""
    for lane in range(_lanes(m)):
        ln_dlm = ln(larger(_get(tile, DLM_KM, lane), _SMALLEST_KM))
        _put(tile, TAU, lane, 1.0 - exp(-4.12e-4 * exp(2.41 * ln_dlm)))  # (3)
    for lane in range(_lanes(m)):
        tau = _get(tile, TAU, lane)
        to_land = exp(-LN10 * _get(tile, DTM_KM, lane) / (16.0 - 6.6 * tau))
        to_inland = exp(-5.0 * LN10 * (0.496 + 0.354 * tau))
        ln_mu1 = smaller(0.2 * ln(to_land + to_inland), 0.0)  # (2)
        lat = abs(_get(tile, LAT_DEG, lane))
        polar = _LN_4_17 + 1.3 * ln_mu1
        other = LN10 * (1.67 - 0.015 * lat) + ln_mu1 * (0.065 + 0.0176 * lat)
        ln_beta0 = polar if lat > 70.0 else other  # (4), (5)
        _put(tile, LN_BETA0, lane, ln_beta0)
        # I(β0): β0 is below 47 % everywhere, which is the lower half
        t = math.sqrt(-2.0 * (larger(ln_beta0, _LN_MIN_SHARE) + _LN_PERCENT))  # (97a)
        over = (0.010328 * t + 0.802853) * t + 2.515516698
        under = ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
        _put(tile, PER_I_BETA0, lane, under / (t * under - over))  # (97b)
    for lane in range(_lanes(m)):
        d = _get(tile, D_KM, lane)
        ln_d = _get(tile, LN_D, lane)
        hte = _get(tile, HTE, lane)
        hre = _get(tile, HRE, lane)
        alpha = larger(-0.6 - 3.5e-9 * exp(3.1 * ln_d) * _get(tile, TAU, lane), -3.4)  # (55a)
        height = hte + hre + 2.0 * math.sqrt(hte * hre)
        ln_ratio = _LN_500 + 2.0 * ln_d - ln(_get(tile, AE_KM, lane) * height)
        ln_mu2 = smaller(alpha * ln_ratio, 0.0)  # (55)
        between = smaller(d - (_get(tile, DLT_KM, lane) + _get(tile, DLR_KM, lane)), 40.0)  # (56a)
        roughness = larger(_get(tile, HM_M, lane) - 10.0, 0.0)
        ln_mu3 = -4.6e-5 * roughness * (43.0 + 6.0 * between)  # (56)
        _put(tile, LN_BETA, lane, _get(tile, LN_BETA0, lane) + ln_mu2 + ln_mu3)  # (54)
    for lane in range(_lanes(m)):
        log_beta = _get(tile, LN_BETA, lane) * (1.0 / LN10)
        square = (9.51 - 4.8 * log_beta + 0.198 * log_beta * log_beta) * 1e-6
        far = square * exp(1.13 * _get(tile, LN_D, lane))
        _put(tile, GAMMA, lane, 1.076 * exp(-1.012 * ln(2.0058 - log_beta) - far))  # (53a)


@kernel
def _sea_coupling(tile: FloatArray, m: int, hts_m: float, hrg_m: float) -> None:
    """Add the coupling to ducts over the sea, Act and Acr; eqs. (49), (49a)."""
    factor_t = -3.0 * (1.0 + math.tanh(0.07 * (50.0 - hts_m)))
    for lane in range(_lanes(m)):
        is_sea = _get(tile, OMEGA, lane) >= 0.75
        dct = _get(tile, DCT_KM, lane)
        dcr = _get(tile, DCR_KM, lane)
        hrs = _get(tile, H_R, lane) + hrg_m
        is_t = is_sea & (dct <= 5.0) & (dct <= _get(tile, DLT_KM, lane))
        is_r = is_sea & (dcr <= 5.0) & (dcr <= _get(tile, DLR_KM, lane))
        act = factor_t * exp(-0.25 * dct * dct)
        acr = -6.0 * exp(-0.25 * dcr * dcr) / (1.0 + exp(0.14 * (hrs - 50.0)))
        coupling = (act if is_t else 0.0) + (acr if is_r else 0.0)
        _put(tile, DUCT_BASE, lane, _get(tile, DUCT_BASE, lane) + coupling)


@kernel
def _has_sea(tile: FloatArray, m: int) -> bool:
    """Whether some path of the tile crosses the sea."""
    n_sea = np.uint64(0)
    for lane in range(_lanes(m)):
        n_sea += np.uint64(_get(tile, OMEGA, lane) > 0.0)
    return bool(n_sea > np.uint64(0))


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
    if _has_sea(tile, m):
        _sea_coupling(tile, m, h_t + htg_m, hrg_m)


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
    for lane in range(_lanes(m)):
        loss = _first_term_db(
            _get(tile, D_KM, lane),
            _get(tile, HEIGHT_T, lane),
            _get(tile, HEIGHT_R, lane),
            _get(tile, LN_ADFT_E + i_radius, lane),
            _get(tile, PER_ROOT3_E + i_radius, lane),
            k,
            x,
            y,
            floor,
        )
        omega = _get(tile, OMEGA, lane)
        mixed = (1.0 - omega) * _get(tile, SPHERE_E + i_radius, lane) + omega * loss
        _put(tile, SPHERE_E + i_radius, lane, mixed if is_sea else loss)


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
    for lane in range(_lanes(m)):
        per_km = 10.0 + 0.02 * _get(tile, D_KM, lane)
        ld50 = _delta_bullington_db(
            per_root_lambda * _get(tile, NU_E, lane),
            per_root_lambda * _get(tile, NU_SMOOTH_E, lane),
            per_km,
            root_f * _get(tile, HSE_E, lane),
            _get(tile, SPHERE_E, lane),
        )
        ldb = _delta_bullington_db(
            per_root_lambda * _get(tile, NU_B, lane),
            per_root_lambda * _get(tile, NU_SMOOTH_B, lane),
            per_km,
            root_f * _get(tile, HSE_B, lane),
            _get(tile, SPHERE_B, lane),
        )
        _put(tile, LD50, lane, ld50)
        _put(tile, LD_CHANGE, lane, ldb - ld50)


@kernel
def _ducting(tile: FloatArray, m: int, f_ghz: float) -> None:
    """Ducting loss without its percentage; eqs. (46) to (52a)."""
    alf = 45.375 - 137.0 * f_ghz + 92.5 * f_ghz**2 if f_ghz < 0.5 else 0.0  # (47a)
    constant = 20.0 * math.log10(f_ghz) + alf - 12.0  # with the constant of (53)
    root_f = math.sqrt(f_ghz)
    root3_f = math.pow(f_ghz, 1.0 / 3.0)
    for lane in range(_lanes(m)):
        shield_t = 1.0 + root_f * _get(tile, SHIELD_T, lane)
        shield_r = 1.0 + root_f * _get(tile, SHIELD_R, lane)
        loss = _get(tile, DUCT_BASE, lane) + root3_f * _get(tile, DUCT_F13, lane) + constant
        _put(tile, LBA_F, lane, loss + 2.0 * _DB_PER_LN * ln(shield_t * shield_r))


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
    for lane in range(_lanes(m)):
        lb0p = _get(tile, LBFS_1GHZ, lane) + free_space + _get(tile, ES_PER_LN, lane) * ln_share
        ln_ratio = ln_p - _get(tile, LN_BETA, lane)
        per_ln = (1.2 / LN10) + (3.7e-3 / LN10) * _get(tile, D_KM, lane)
        duct = per_ln * ln_ratio + 12.0 * exp(_get(tile, GAMMA, lane) * ln_ratio)  # (53)
        lba = _get(tile, LBA_F, lane) + duct
        lminbap = larger(lba, lb0p) + 2.5 * log1p_exp(0.4 * (lba - lb0p))  # (60)
        out[at_lbc + lane] = lminbap
        out[at_lb0p + lane] = lb0p
    for lane in range(_lanes(m)):
        lminbap = out[at_lbc + lane]
        lb0p = out[at_lb0p + lane]
        ln_beta0 = _get(tile, LN_BETA0, lane)
        ld50 = _get(tile, LD50, lane)
        lbfs = _get(tile, LBFS_1GHZ, lane) + free_space
        lb0b = lbfs + _get(tile, ES_PER_LN, lane) * (ln_beta0 - _LN_50)  # (11)
        ratio = i_p * _get(tile, PER_I_BETA0, lane)
        fi = ratio if ln_p > ln_beta0 else 1.0  # (40)
        ldp = ld50 + fi * is_changed * _get(tile, LD_CHANGE, lane)  # (41)
        lbd50 = lbfs + ld50  # (42)
        lbd = lb0p + ldp  # (43)
        land = (1.0 - _get(tile, OMEGA, lane)) * ldp
        seldom = lb0p + land
        often = lbd50 + (lb0b + land - lbd50) * fi
        lminb0p = seldom if ln_p < ln_beta0 else often  # (59)
        shared = lminbap + (lbd - lminbap) * _get(tile, FK, lane)
        lbda = lbd if lminbap > lbd else shared  # (61)
        lbam = lbda + (lminb0p - lbda) * _get(tile, FJ, lane)  # (62)
        lbs = _get(tile, TROPOSCATTER, lane) + scatter  # (44)
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
    has_sea = _has_sea(tile, m)
    for i_radius in range(2):
        _over_ground(tile, m, i_radius, f_ghz, land, False)
        if has_sea:
            _over_ground(tile, m, i_radius, f_ghz, sea, True)
    _diffraction(tile, m, f_ghz)
    _ducting(tile, m, f_ghz)
    for j in range(p_time.size):
        _combine(tile, m, f_ghz, p_time[j], out, 2 * j * STRIDE)
