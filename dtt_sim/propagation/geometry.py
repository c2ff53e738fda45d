"""Profile analysis: everything of a path that does not depend on the frequency.

Rec. ITU-R P.1812-8, sections 3.2 to 3.6, the profile queries of section 4.3, and Attachment 1.
Slopes are compared in m/km instead of angles in mrad: the arc tangent is monotone and taken once,
at the end. Samples are 0..n; the two ends never enter a maximum.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim._jit import kernel
from dtt_sim.propagation.ducting import ducting_beta_percent
from dtt_sim.propagation.terms import Geometry, Path
from dtt_sim.propagation.variability import beta0_percent, coastal_tau

SEA = 1
INLAND = 4
EARTH_RADIUS_KM = 6371.0
NO_COAST_KM = 500.0
_K_BETA = 3.0

FloatArray = NDArray[np.float64]
ZoneArray = NDArray[np.uint8]


class Zones(NamedTuple):
    """Sections of the path by radio-climatic zone: fraction over sea, and lengths [km]."""

    omega: float
    dtm_km: float
    dlm_km: float
    coast_t_km: float
    coast_r_km: float


@kernel
def path_centre_lat_deg(
    lat_t_deg: float, lon_t_deg: float, lat_r_deg: float, lon_r_deg: float, d_km: float
) -> float:
    """Latitude of the path centre, d/2 from the transmitter towards the receiver [deg].

    On a sphere of 6371 km, with the profile's length and not the coordinates' distance.
    """
    phi_t = math.radians(lat_t_deg)
    phi_r = math.radians(lat_r_deg)
    dlon = math.radians(lon_r_deg - lon_t_deg)
    cosine = math.sin(phi_t) * math.sin(phi_r) + math.cos(phi_t) * math.cos(phi_r) * math.cos(dlon)
    bearing = math.atan2(
        math.cos(phi_r) * math.cos(phi_t) * math.sin(dlon),
        math.sin(phi_r) - cosine * math.sin(phi_t),
    )
    delta = 0.5 * d_km / EARTH_RADIUS_KM
    sine = math.sin(phi_t) * math.cos(delta) + math.cos(phi_t) * math.sin(delta) * math.cos(bearing)
    return math.degrees(math.asin(min(1.0, max(-1.0, sine))))


@kernel
def path_zones(d_km: FloatArray, zone: ZoneArray, n: int) -> Zones:
    """Fraction over sea and longest sections; each sample owns half a step on either side.

    Rec. ITU-R P.1812-8 eq. (1) and section 3.5.
    """
    sea = land = inland = dtm = dlm = 0.0
    coast_t = coast_r = 0.0
    has_sea = False
    for i in range(n + 1):
        weight = 0.0
        if i > 0:
            weight += 0.5 * (d_km[i] - d_km[i - 1])
        if i < n:
            weight += 0.5 * (d_km[i + 1] - d_km[i])
        if zone[i] == SEA:
            sea += weight
            land = inland = coast_r = 0.0
            has_sea = True
            continue
        land += weight
        inland = inland + weight if zone[i] == INLAND else 0.0
        dtm = max(dtm, land)
        dlm = max(dlm, inland)
        coast_r += weight
        if not has_sea:
            coast_t += weight
    if not has_sea:
        return Zones(0.0, dtm, dlm, NO_COAST_KM, NO_COAST_KM)
    omega = 1.0 if dtm == 0.0 else sea / d_km[n]  # exactly 1 where every sample is sea
    return Zones(omega, dtm, dlm, coast_t, coast_r)


@kernel
def smooth_earth_fit(d_km: FloatArray, h_m: FloatArray, n: int) -> tuple[float, float]:
    """Heights hst0, hsr0 of the least-squares smooth surface at the two ends [m].

    Rec. ITU-R P.1812-8 eqs. (85) to (88); not limited.
    """
    v1 = v2 = 0.0
    for i in range(1, n + 1):
        step = d_km[i] - d_km[i - 1]
        v1 += step * (h_m[i] + h_m[i - 1])
        v2 += step * (
            h_m[i] * (2.0 * d_km[i] + d_km[i - 1]) + h_m[i - 1] * (d_km[i] + 2.0 * d_km[i - 1])
        )
    d = d_km[n]
    return (2.0 * v1 * d - v2) / d**2, (v2 - v1 * d) / d**2


class Slopes(NamedTuple):
    """Steepest slopes [m/km] seen from both terminals, on bare terrain and with clutter."""

    tx: float  # bare terrain, median Earth, towards the samples; eq. (77)
    i_tx: int  # first sample that attains it
    rx: float  # eq. (82a)
    i_rx: int  # last sample that attains it
    obstruction_m: float  # hobs, eq. (89a)
    alpha_t: float  # eq. (89b)
    alpha_r: float  # eq. (89c)
    stim_e: float  # eq. (13), with clutter, median Earth
    srim_e: float  # eq. (17)
    stim_b: float  # the same for the Earth radius of β0 %
    srim_b: float


@kernel
def steepest_slopes(
    d_km: FloatArray,
    h_m: FloatArray,
    clutter_m: FloatArray,
    n: int,
    hts_m: float,
    hrs_m: float,
    ae_km: float,
    ab_km: float,
) -> Slopes:
    """All slope maxima of a profile in one pass; see `Slopes`."""
    d = d_km[n]
    per_km = 1.0 / d
    c_e = 500.0 / ae_km
    c_b = 500.0 / ab_km
    chord = (hrs_m - hts_m) / d
    tx = rx = alpha_t = alpha_r = obstruction = -np.inf
    stim_e = srim_e = stim_b = srim_b = -np.inf
    cover_sum = 0.0
    i_tx = i_rx = 1
    for i in range(1, n):
        a = d_km[i]
        b = d - a
        inverse_a = 1.0 / a
        inverse_b = 1.0 / b
        from_tx = (h_m[i] - hts_m) * inverse_a
        from_rx = (h_m[i] - hrs_m) * inverse_b
        bare_tx = from_tx - c_e * a
        bare_rx = from_rx - c_e * b
        if bare_tx > tx:  # first of equals
            tx = bare_tx
            i_tx = i
        if bare_rx >= rx:  # last of equals
            rx = bare_rx
            i_rx = i
        alpha_t = max(alpha_t, from_tx - chord)
        alpha_r = max(alpha_r, from_rx + chord)
        obstruction = max(obstruction, h_m[i] - (hts_m * b + hrs_m * a) * per_km)
        cover_tx = from_tx + clutter_m[i] * inverse_a
        cover_rx = from_rx + clutter_m[i] * inverse_b
        stim_e = max(stim_e, cover_tx + c_e * b)
        srim_e = max(srim_e, cover_rx + c_e * a)
        stim_b = max(stim_b, cover_tx + c_b * b)
        srim_b = max(srim_b, cover_rx + c_b * a)
        cover_sum += cover_tx
    if math.isnan(cover_sum):  # a maximum drops NaN, a sum does not
        stim_e = stim_b = np.nan
    return Slopes(tx, i_tx, rx, i_rx, obstruction, alpha_t, alpha_r, stim_e, srim_e, stim_b, srim_b)


@kernel
def _construct_nu(hts_m: float, hrs_m: float, d_km: float, stim: float, srim: float) -> float:
    """ν sqrt(λ) at the Bullington point of a trans-horizon path; eqs. (18), (20)."""
    db = (hrs_m - hts_m + srim * d_km) / (stim + srim)
    rise = hts_m + stim * db - (hts_m * (d_km - db) + hrs_m * db) / d_km
    return rise * math.sqrt(0.002 * d_km / (db * (d_km - db)))


@kernel
def _largest_nu(
    d_km: FloatArray,
    h_m: FloatArray,
    clutter_m: FloatArray,
    n: int,
    hts_m: float,
    hrs_m: float,
    radius_km: float,
    clutter_share: float,
) -> tuple[float, int]:
    """Largest ν sqrt(λ) over the samples and the last sample that attains it; eq. (15).

    `clutter_share` is 1 for the diffraction profile, 0 for bare terrain. Samples are compared by
    ν |ν|, which needs no root for each.
    """
    d = d_km[n]
    per_km = 1.0 / d
    curvature = 500.0 / radius_km
    best = -np.inf
    i_best = 1
    for i in range(1, n):
        a = d_km[i]
        b = d - a
        product = a * b
        g = h_m[i] + clutter_share * clutter_m[i]
        clearance = g + curvature * product - (hts_m * b + hrs_m * a) * per_km
        square = clearance * abs(clearance) / product
        if square >= best:
            best = square
            i_best = i
    return _signed_root(best) * math.sqrt(0.002 * d), i_best


@kernel
def _signed_root(square: float) -> float:
    """ν of ν |ν|."""
    return math.copysign(math.sqrt(abs(square)), square)


@kernel
def bullington_nu(
    d_km: FloatArray,
    h_m: FloatArray,
    clutter_m: FloatArray,
    n: int,
    hts_m: float,
    hrs_m: float,
    radius_km: float,
    stim: float,
    srim: float,
) -> float:
    """ν of the Bullington construct, times sqrt(λ in m).

    Line of sight (eq. (15)) where the steepest slope `stim` stays below the line to the receiver,
    trans-horizon (eqs. (17) to (20)) otherwise, equality included.
    """
    if stim < (hrs_m - hts_m) / d_km[n]:
        nu, _ = _largest_nu(d_km, h_m, clutter_m, n, hts_m, hrs_m, radius_km, 1.0)
        return nu
    return _construct_nu(hts_m, hrs_m, d_km[n], stim, srim)


@kernel
def _nearest_samples(d_km: FloatArray, n: int, at_km: float) -> int:
    """Last interior sample not beyond `at_km` (bisection), within 1..n-1."""
    low = 1
    high = n - 1
    while low < high:
        middle = (low + high + 1) // 2
        if d_km[middle] <= at_km:
            low = middle
        else:
            high = middle - 1
    return low


@kernel
def smooth_bullington_nu(
    d_km: FloatArray, n: int, hte_m: float, hre_m: float, radius_km: float
) -> float:
    """ν sqrt(λ) of the zero profile at the same samples, under the heights h't, h'r.

    A slope 500 C (D - d) - h/d has one maximum, at sqrt(h / 500 C), so that only the two samples
    beside it can attain it.
    """
    d = d_km[n]
    c = 500.0 / radius_km
    stim = srim = -np.inf
    i = _nearest_samples(d_km, n, math.sqrt(hte_m / c))
    for j in range(i, min(i + 2, n)):
        stim = max(stim, c * (d - d_km[j]) - hte_m / d_km[j])
    i = _nearest_samples(d_km, n, d - math.sqrt(hre_m / c))
    for j in range(i, min(i + 2, n)):
        srim = max(srim, c * d_km[j] - hre_m / (d - d_km[j]))
    if stim >= (hre_m - hte_m) / d:
        return _construct_nu(hte_m, hre_m, d, stim, srim)
    per_km = 1.0 / d
    best = -np.inf
    for j in range(1, n):
        a = d_km[j]
        product = a * (d - a)
        clearance = c * product - (hte_m * (d - a) + hre_m * a) * per_km
        best = max(best, clearance * abs(clearance) / product)
    return _signed_root(best) * math.sqrt(0.002 * d)


@kernel
def terrain_roughness_m(
    d_km: FloatArray, h_m: FloatArray, first: int, last: int, hst_m: float, slope_m_km: float
) -> float:
    """Terrain roughness hm between the horizons, both included [m]; eq. (95)."""
    hm = -np.inf
    for i in range(first, last + 1):
        hm = max(hm, h_m[i] - (hst_m + slope_m_km * d_km[i]))
    return hm


@kernel
def analyse(
    d_km: FloatArray, h_m: FloatArray, clutter_m: FloatArray, zone: ZoneArray, n: int, path: Path
) -> Geometry:
    """Everything that a profile gives once for all frequencies and percentages.

    Parameters
    ----------
    d_km, h_m, clutter_m : (>= n + 1,) float64
        Distance from the transmitter, ascending from 0 [km]; bare terrain above sea level [m];
        representative clutter height [m], not used at the two ends.
    zone : (>= n + 1,) uint8
        1 sea, 3 coastal land, 4 inland.
    n : int
        Number of intervals, at least 4.
    path : Path

    Returns
    -------
    Geometry
        NaN heights give NaN losses.

    Notes
    -----
    Rec. ITU-R P.1812-8 sections 3.2 to 3.6 and Attachment 1.
    """
    d = d_km[n]
    hts = h_m[0] + path.htg_m
    hrs = h_m[n] + path.hrg_m
    ae = EARTH_RADIUS_KM * 157.0 / (157.0 - path.delta_n)  # (6), (7a)
    ab = EARTH_RADIUS_KM * _K_BETA  # (7b)
    zones = path_zones(d_km, zone, n)
    dct = path.dct_km if path.dct_km >= 0.0 else zones.coast_t_km
    dcr = path.dcr_km if path.dcr_km >= 0.0 else zones.coast_r_km
    if zone[0] == SEA:
        dct = 0.0
    if zone[n] == SEA:
        dcr = 0.0
    slopes = steepest_slopes(d_km, h_m, clutter_m, n, hts, hrs, ae, ab)

    # Horizons, Attachment 1 section 3: (76) to (84)
    to_rx = (hrs - hts) / d - 500.0 * d / ae
    is_trans_horizon = slopes.tx > to_rx
    if is_trans_horizon:
        i_t = slopes.i_tx
        i_r = slopes.i_rx
        theta_t = 1000.0 * math.atan(0.001 * slopes.tx)
        theta_r = 1000.0 * math.atan(0.001 * slopes.rx)
    else:
        _, i_t = _largest_nu(d_km, h_m, clutter_m, n, hts, hrs, ae, 0.0)
        i_r = i_t
        theta_t = 1000.0 * math.atan(0.001 * to_rx)
        theta_r = 1000.0 * math.atan(0.001 * ((hts - hrs) / d - 500.0 * d / ae))
    dlt = d_km[i_t]
    dlr = d - d_km[i_r]
    theta = 1000.0 * d / ae + theta_t + theta_r

    # Smooth-Earth heights: for diffraction from the unlimited fit (90), (91); for ducting (92)
    hst_n, hsr_n = smooth_earth_fit(d_km, h_m, n)
    hstp = hst_n
    hsrp = hsr_n
    if slopes.obstruction_m > 0.0:
        share_t = slopes.alpha_t / (slopes.alpha_t + slopes.alpha_r)
        hstp -= slopes.obstruction_m * share_t
        hsrp -= slopes.obstruction_m * (1.0 - share_t)
    hstd = min(hstp, h_m[0])
    hsrd = min(hsrp, h_m[n])
    hst = min(hst_n, h_m[0])
    hsr = min(hsr_n, h_m[n])
    hte = path.htg_m + h_m[0] - hst
    hre = path.hrg_m + h_m[n] - hsr
    hm = terrain_roughness_m(d_km, h_m, i_t, i_r, hst, (hsr - hst) / d)

    # Time percentages, section 3.5 and (54)
    tau = coastal_tau(zones.dlm_km)
    beta0 = beta0_percent(path.lat_deg, zones.dtm_km, zones.dlm_km)
    beta = ducting_beta_percent(beta0, tau, d, ae, hte, hre, hm, dlt, dlr)

    # Bullington queries, section 4.3
    nu_e = bullington_nu(d_km, h_m, clutter_m, n, hts, hrs, ae, slopes.stim_e, slopes.srim_e)
    nu_b = bullington_nu(d_km, h_m, clutter_m, n, hts, hrs, ab, slopes.stim_b, slopes.srim_b)
    nu_smooth_e = smooth_bullington_nu(d_km, n, hts - hstd, hrs - hsrd, ae)
    nu_smooth_b = smooth_bullington_nu(d_km, n, hts - hstd, hrs - hsrd, ab)
    return Geometry(
        d, hts, hrs, ae, ab, zones.omega, zones.dtm_km, zones.dlm_km, dct, dcr, beta0, beta,
        is_trans_horizon, theta_t, theta_r, theta, dlt, dlr, hst_n, hsr_n, hst, hsr, hstd, hsrd,
        hte, hre, hm, nu_e, nu_b, nu_smooth_e, nu_smooth_b, path.n0, zone[n] == SEA,
    )  # fmt: skip
