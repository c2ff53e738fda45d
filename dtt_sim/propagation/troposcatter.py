"""Propagation by tropospheric scatter. Rec. ITU-R P.1812-8, section 4.4."""

from __future__ import annotations

import math

from dtt_sim._jit import kernel


@kernel
def troposcatter_loss_db(
    f_ghz: float, d_km: float, theta_mrad: float, n0: float, p_time: float
) -> float:
    """Loss by troposcatter Lbs, not exceeded for `p_time` % of time [dB].

    Rec. ITU-R P.1812-8 eqs. (44), (45). `theta_mrad` is the path's angular distance, not limited at
    zero. For p of 50 % and more the time term is zero.
    """
    lf = 25.0 * math.log10(f_ghz) - 2.5 * math.log10(0.5 * f_ghz) ** 2
    fading = 10.125 * math.log10(50.0 / p_time) ** 0.7 if p_time < 50.0 else 0.0
    return 190.1 + lf + 20.0 * math.log10(d_km) + 0.573 * theta_mrad - 0.15 * n0 - fading
