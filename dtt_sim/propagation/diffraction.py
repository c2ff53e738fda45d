"""Delta-Bullington diffraction. Rec. ITU-R P.1812-8, section 4.3.

The Bullington queries over the profile are in :mod:`dtt_sim.propagation.geometry`: they do not
depend on the frequency but for a factor 1/sqrt(λ). Here is what follows from them.
"""

from __future__ import annotations

import math

from dtt_sim._jit import kernel

LAND_PERMITTIVITY = 22.0
LAND_CONDUCTIVITY_S_M = 0.003
SEA_PERMITTIVITY = 80.0
SEA_CONDUCTIVITY_S_M = 5.0


@kernel
def knife_edge_loss_db(nu: float) -> float:
    """Diffraction loss J(ν) over a single knife edge [dB].

    0 for ν <= -0.78, a step of 0.004 dB. NaN in, NaN out. Rec. ITU-R P.1812-8 eq. (12).

    >>> round(knife_edge_loss_db(0.0), 2)
    6.03
    """
    if nu <= -0.78:
        return 0.0
    v = nu - 0.1
    return 6.9 + 20.0 * math.log10(math.sqrt(v * v + 1.0) + v)


@kernel
def bullington_loss_db(nu: float, d_km: float) -> float:
    """Bullington loss Lbull of a path of `d_km` [km] whose construct has ν [dB]; eq. (21)."""
    luc = knife_edge_loss_db(nu)
    return luc + (1.0 - math.exp(-luc / 6.0)) * (10.0 + 0.02 * d_km)


@kernel
def _first_term_ground_db(
    d_km: float,
    hte_m: float,
    hre_m: float,
    adft_km: float,
    f_ghz: float,
    polarisation: int,
    permittivity: float,
    conductivity: float,
) -> float:
    """First-term spherical-Earth loss over one kind of ground [dB]; eqs. (29) to (36)."""
    loss = (18.0 * conductivity / f_ghz) ** 2
    k = 0.036 / (
        math.pow(adft_km * f_ghz, 1.0 / 3.0)
        * math.sqrt(math.sqrt((permittivity - 1.0) ** 2 + loss))
    )  # (29a)
    if polarisation == 2:
        k *= math.sqrt(permittivity**2 + loss)  # (29b)
    k2 = k * k
    k4 = k2 * k2
    bd = (1.0 + 1.6 * k2 + 0.67 * k4) / (1.0 + 4.5 * k2 + 1.53 * k4)  # (30)
    x = 21.88 * bd * math.pow(f_ghz / (adft_km * adft_km), 1.0 / 3.0) * d_km  # (31)
    y_per_m = 0.9575 * bd * math.pow(f_ghz * f_ghz / adft_km, 1.0 / 3.0)  # (32)
    if x >= 1.6:  # (33)
        fx = 11.0 + 10.0 * math.log10(x) - 17.6 * x
    else:
        fx = -20.0 * math.log10(x) - 5.6488 * math.pow(x, 1.425)
    floor = 2.0 + 20.0 * math.log10(k)
    gt = max(_height_gain_db(bd * y_per_m * hte_m), floor)  # bd enters the heights twice, (35)
    gr = max(_height_gain_db(bd * y_per_m * hre_m), floor)
    return -fx - gt - gr  # (36)


@kernel
def _height_gain_db(b: float) -> float:
    """Height gain G(B) of the first-term method [dB], before its lower limit."""
    if b > 2.0:
        return 17.6 * math.sqrt(b - 1.1) - 5.0 * math.log10(b - 1.1) - 8.0
    return 20.0 * math.log10(b + 0.1 * b * b * b)


@kernel
def first_term_loss_db(
    d_km: float,
    hte_m: float,
    hre_m: float,
    adft_km: float,
    omega: float,
    f_ghz: float,
    polarisation: int,
) -> float:
    """First-term spherical-Earth diffraction loss, land and sea mixed by `omega` [dB].

    May be negative. Rec. ITU-R P.1812-8 eq. (28). Land (εr 22, 0.003 S/m) and sea (80, 5 S/m).
    """
    loss = 0.0
    if omega < 1.0:
        loss += (1.0 - omega) * _first_term_ground_db(
            d_km, hte_m, hre_m, adft_km, f_ghz, polarisation,
            LAND_PERMITTIVITY, LAND_CONDUCTIVITY_S_M,
        )  # fmt: skip
    if omega > 0.0:
        loss += omega * _first_term_ground_db(
            d_km, hte_m, hre_m, adft_km, f_ghz, polarisation,
            SEA_PERMITTIVITY, SEA_CONDUCTIVITY_S_M,
        )  # fmt: skip
    return loss


@kernel
def spherical_earth_loss_db(
    d_km: float,
    hte_m: float,
    hre_m: float,
    ap_km: float,
    omega: float,
    f_ghz: float,
    polarisation: int,
) -> float:
    """Spherical-Earth diffraction loss Ldsph [dB]. Rec. ITU-R P.1812-8 eqs. (22) to (27).

    Parameters
    ----------
    d_km : float
        Path length [km].
    hte_m, hre_m : float
        Effective heights h't, h'r above the smooth Earth [m], both above zero.
    ap_km : float
        Effective Earth radius [km].
    omega : float
        Fraction of the path over sea [-].
    f_ghz : float
        Frequency [GHz].
    polarisation : int
        1 horizontal, 2 vertical.
    """
    root_t = math.sqrt(hte_m)
    root_r = math.sqrt(hre_m)
    d_los_km = math.sqrt(2.0 * ap_km) * math.sqrt(0.001) * (root_t + root_r)  # (22)
    if d_km >= d_los_km:
        return first_term_loss_db(d_km, hte_m, hre_m, ap_km, omega, f_ghz, polarisation)
    total = hte_m + hre_m
    c = (hte_m - hre_m) / total  # (24d)
    m = 250.0 * d_km**2 / (ap_km * total)  # (24e)
    cosine = 1.5 * c * math.sqrt(3.0 * m / (m + 1.0) ** 3)
    cosine = min(1.0, max(-1.0, cosine))
    b = (
        2.0 * math.sqrt((m + 1.0) / (3.0 * m)) * math.cos(math.pi / 3.0 + math.acos(cosine) / 3.0)
    )  # (24c)
    d1 = 0.5 * d_km * (1.0 + b)  # (24a)
    d2 = d_km - d1  # (24b)
    hse = (
        (hte_m - 500.0 * d1**2 / ap_km) * d2 + (hre_m - 500.0 * d2**2 / ap_km) * d1
    ) / d_km  # (23)
    hreq = 17.456 * math.sqrt(d1 * d2 * (0.2998 / f_ghz) / d_km)  # (25)
    if hse > hreq:
        return 0.0
    aem = 500.0 * (d_km / (root_t + root_r)) ** 2  # (26)
    ldft = first_term_loss_db(d_km, hte_m, hre_m, aem, omega, f_ghz, polarisation)
    return (1.0 - hse / hreq) * max(0.0, ldft)  # (27)


@kernel
def delta_bullington_db(lbulla_db: float, lbulls_db: float, ldsph_db: float) -> float:
    """Complete diffraction loss Ld [dB] from its three parts; eq. (39)."""
    return lbulla_db + max(ldsph_db - lbulls_db, 0.0)
