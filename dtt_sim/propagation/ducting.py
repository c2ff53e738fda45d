"""Propagation by ducting and layer reflection. Rec. ITU-R P.1812-8, section 4.5."""

from __future__ import annotations

import math

from dtt_sim._jit import kernel
from dtt_sim.propagation.terms import Geometry


@kernel
def _site_shielding_db(theta_mrad: float, dl_km: float, f_ghz: float) -> float:
    """Site-shielding diffraction loss Ast or Asr [dB]; eqs. (48), (48a)."""
    excess = theta_mrad - 0.1 * dl_km
    if excess <= 0.0:
        return 0.0
    obstacle_db = 20.0 * math.log10(1.0 + 0.361 * excess * math.sqrt(f_ghz * dl_km))
    return obstacle_db + 0.264 * excess * math.pow(f_ghz, 1.0 / 3.0)


@kernel
def _sea_coupling_db(omega: float, dc_km: float, dl_km: float, h_amsl_m: float) -> float:
    """Over-sea surface duct coupling correction Act or Acr [dB], <= 0; eqs. (49), (49a)."""
    if omega < 0.75 or dc_km > 5.0 or dc_km > dl_km:
        return 0.0
    return -3.0 * math.exp(-0.25 * dc_km * dc_km) * (1.0 + math.tanh(0.07 * (50.0 - h_amsl_m)))


@kernel
def ducting_loss_db(g: Geometry, f_ghz: float, p_time: float) -> float:
    """Loss by ducting and layer reflection Lba, not exceeded for p % [dB].

    Rec. ITU-R P.1812-8 eqs. (46) to (56a). The geometry is the bare terrain's over the median
    effective Earth; no dependence on polarisation.
    """
    alf = 45.375 - 137.0 * f_ghz + 92.5 * f_ghz**2 if f_ghz < 0.5 else 0.0  # (47a)
    af = (
        102.45
        + 20.0 * math.log10(f_ghz)
        + 20.0 * math.log10(g.dlt_km + g.dlr_km)
        + alf
        + _site_shielding_db(g.theta_t_mrad, g.dlt_km, f_ghz)
        + _site_shielding_db(g.theta_r_mrad, g.dlr_km, f_ghz)
        + _sea_coupling_db(g.omega, g.dct_km, g.dlt_km, g.hts_m)
        + _sea_coupling_db(g.omega, g.dcr_km, g.dlr_km, g.hrs_m)
    )  # (47)
    gamma_d = 5e-5 * g.ae_km * math.pow(f_ghz, 1.0 / 3.0)  # (51)
    theta = (
        1000.0 * g.d_km / g.ae_km
        + min(g.theta_t_mrad, 0.1 * g.dlt_km)
        + min(g.theta_r_mrad, 0.1 * g.dlr_km)
    )  # (52), (52a)
    ratio = p_time / g.beta_percent
    log_beta = math.log10(g.beta_percent)
    gamma = (
        1.076
        / math.pow(2.0058 - log_beta, 1.012)
        * math.exp(-(9.51 - 4.8 * log_beta + 0.198 * log_beta**2) * 1e-6 * math.pow(g.d_km, 1.13))
    )  # (53a)
    ap = -12.0 + (1.2 + 3.7e-3 * g.d_km) * math.log10(ratio) + 12.0 * math.pow(ratio, gamma)  # (53)
    return af + gamma_d * theta + ap  # (46), (50)


@kernel
def ducting_beta_percent(
    beta0: float,
    tau: float,
    d_km: float,
    ae_km: float,
    hte_m: float,
    hre_m: float,
    hm_m: float,
    dlt_km: float,
    dlr_km: float,
) -> float:
    """Time percentage β of the ducting model [%], no lower limit; eqs. (54) to (56a)."""
    alpha = max(-3.4, -0.6 - 3.5e-9 * math.pow(d_km, 3.1) * tau)  # (55a), before mu2
    height = (math.sqrt(hte_m) + math.sqrt(hre_m)) ** 2
    mu2 = min(1.0, math.pow(500.0 / ae_km * d_km * d_km / height, alpha))  # (55)
    mu3 = 1.0
    if hm_m > 10.0:
        d_i = min(d_km - dlt_km - dlr_km, 40.0)  # (56a)
        mu3 = math.exp(-4.6e-5 * (hm_m - 10.0) * (43.0 + 6.0 * d_i))  # (56)
    return beta0 * mu2 * mu3  # (54)
