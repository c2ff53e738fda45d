"""The whole model: Rec. ITU-R P.1812-8 (09/2025), basic transmission loss of one path.

`analyse` reads the profile once; `loss_parts` is the closed form for one frequency, time percentage
and polarisation; `basic_loss_db` is its last line. Loss is *not exceeded* for the percentages.
"""

from __future__ import annotations

import math

from dtt_sim._jit import kernel
from dtt_sim.propagation.diffraction import (
    bullington_loss_db,
    delta_bullington_db,
    spherical_earth_loss_db,
)
from dtt_sim.propagation.ducting import ducting_loss_db
from dtt_sim.propagation.free_space import free_space_loss_db
from dtt_sim.propagation.geometry import analyse, path_centre_lat_deg
from dtt_sim.propagation.terms import Geometry, Parts, Path
from dtt_sim.propagation.troposcatter import troposcatter_loss_db
from dtt_sim.propagation.variability import inverse_normal

__all__ = [
    "Geometry",
    "Parts",
    "Path",
    "analyse",
    "basic_loss_db",
    "loss_parts",
    "path_centre_lat_deg",
    "total_loss_db",
]


@kernel
def _multipath_db(dlt_km: float, dlr_km: float, percent: float) -> float:
    """Multipath and focusing correction Es for `percent` of time [dB]; eqs. (9a), (9b)."""
    return 2.6 * (1.0 - math.exp(-0.1 * (dlt_km + dlr_km))) * math.log10(percent / 50.0)


@kernel
def loss_parts(g: Geometry, f_ghz: float, p_time: float, polarisation: int) -> Parts:
    """Every intermediate loss of a path, up to Lbc at 50 % of locations [dB].

    Parameters
    ----------
    g : Geometry
    f_ghz : float
        Frequency, 0.03 to 6 [GHz].
    p_time : float
        Percentage of time for which the loss is not exceeded, 1 to 50 [%].
    polarisation : int
        1 horizontal, 2 vertical.

    Notes
    -----
    Rec. ITU-R P.1812-8 sections 4.2 to 4.7.
    """
    lbfs = free_space_loss_db(math.hypot(g.d_km, 0.001 * (g.hts_m - g.hrs_m)), f_ghz)
    lb0p = lbfs + _multipath_db(g.dlt_km, g.dlr_km, p_time)  # (10)
    lb0b = lbfs + _multipath_db(g.dlt_km, g.dlr_km, g.beta0)  # (11)

    # Diffraction, sections 4.3.1 to 4.3.4
    per_root_lambda = 1.0 / math.sqrt(0.2998 / f_ghz)
    h_t = g.hts_m - g.hstd_m  # (37a)
    h_r = g.hrs_m - g.hsrd_m  # (37b)
    lbulla = bullington_loss_db(g.nu_e * per_root_lambda, g.d_km)
    lbulls = bullington_loss_db(g.nu_smooth_e * per_root_lambda, g.d_km)
    ldsph = spherical_earth_loss_db(g.d_km, h_t, h_r, g.ae_km, g.omega, f_ghz, polarisation)
    ld50 = delta_bullington_db(lbulla, lbulls, ldsph)
    ldb = delta_bullington_db(
        bullington_loss_db(g.nu_b * per_root_lambda, g.d_km),
        bullington_loss_db(g.nu_smooth_b * per_root_lambda, g.d_km),
        spherical_earth_loss_db(g.d_km, h_t, h_r, g.ab_km, g.omega, f_ghz, polarisation),
    )
    fi = 1.0
    if p_time > g.beta0:
        fi = inverse_normal(0.01 * p_time) / inverse_normal(0.01 * g.beta0)  # (40a)
    ldp = ld50 + fi * (ldb - ld50) if p_time < 50.0 else ld50  # (41)
    lbd50 = lbfs + ld50  # (42)
    lbd = lb0p + ldp  # (43)

    lbs = troposcatter_loss_db(f_ghz, g.d_km, g.theta_mrad, g.n0, p_time)
    lba = ducting_loss_db(g, f_ghz, p_time)

    # Combination, section 4.7
    fj = 1.0 - 0.5 * (1.0 + math.tanh(3.0 * 0.8 * (g.theta_mrad - 0.3) / 0.3))  # (57)
    fk = 1.0 - 0.5 * (1.0 + math.tanh(3.0 * 0.5 * (g.d_km - 20.0) / 20.0))  # (58)
    over_land = (1.0 - g.omega) * ldp
    lminb0p = (
        lb0p + over_land if p_time < g.beta0 else lbd50 + (lb0b + over_land - lbd50) * fi
    )  # (59)
    lminbap = _soft_maximum(lba, lb0p)  # (60)
    lbda = lbd if lminbap > lbd else lminbap + (lbd - lminbap) * fk  # (61)
    lbam = lbda + (lminb0p - lbda) * fj  # (62)
    lbc = _soft_minimum(lbs, lbam)  # (63)
    return Parts(
        lbfs, lb0p, lb0b, lbulla, lbulls, ldsph, ld50, ldb, ldp, lbd50, lbd, lminb0p, lba, lminbap,
        lbda, lbam, lbs, lbc, fi, fj, fk,
    )  # fmt: skip


@kernel
def _soft_maximum(a_db: float, b_db: float) -> float:
    """2.5 ln(exp(a/2.5) + exp(b/2.5)) without overflow; eq. (60)."""
    return max(a_db, b_db) + 2.5 * math.log1p(math.exp(-abs(a_db - b_db) / 2.5))


@kernel
def _soft_minimum(a_db: float, b_db: float) -> float:
    """-5 log10(10^(-0.2 a) + 10^(-0.2 b)) without overflow; eq. (63)."""
    return min(a_db, b_db) - 5.0 * math.log10(1.0 + 10.0 ** (-0.2 * abs(a_db - b_db)))


@kernel
def total_loss_db(parts: Parts, location_loss_db: float) -> float:
    """Loss Lb with the location term, never below Lb0p [dB]; eq. (69). NaN in either gives NaN."""
    lb = parts.lbc_db + location_loss_db
    return max(lb, parts.lb0p_db)  # in this order a NaN in lb stays


@kernel
def basic_loss_db(g: Geometry, f_ghz: float, p_time: float, polarisation: int) -> float:
    """Loss Lb at 50 % of locations, not exceeded for `p_time` % of time [dB].

    Parameters as :func:`loss_parts`. Rec. ITU-R P.1812-8 eq. (69) with Lloc = 0.
    """
    return total_loss_db(loss_parts(g, f_ghz, p_time, polarisation), 0.0)
