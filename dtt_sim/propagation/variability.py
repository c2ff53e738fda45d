"""Time and location statistics. Rec. ITU-R P.1812-8, sections 3.5 to 3.7, 4.8 and Attachment 2."""

from __future__ import annotations

import math

from dtt_sim._jit import kernel


@kernel
def _tail(x: float) -> float:
    """T(x) - C(x) of Attachment 2, eqs. (97a), (97b), for 0 < x <= 0.5."""
    t = math.sqrt(-2.0 * math.log(x))
    c = ((0.010328 * t + 0.802853) * t + 2.515516698) / (
        ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    )
    return t - c


@kernel
def inverse_normal(x: float) -> float:
    """Approximate inverse complementary cumulative normal distribution I(x) [-].

    `x` is a fraction, limited to 1e-6..1 - 1e-6. Decreasing; differs from the exact quantile by up
    to 4.4e-4, which is kept on purpose. Rec. ITU-R P.1812-8 eqs. (96a), (96b).

    >>> round(inverse_normal(0.01), 9)
    2.326785375
    """
    x = min(max(x, 0.000001), 0.999999)
    return _tail(x) if x <= 0.5 else -_tail(1.0 - x)


@kernel
def coastal_tau(dlm_km: float) -> float:
    """Parameter τ of the longest inland section [-]. Rec. ITU-R P.1812-8 eq. (3)."""
    return 1.0 - math.exp(-4.12e-4 * dlm_km**2.41)


@kernel
def beta0_percent(lat_deg: float, dtm_km: float, dlm_km: float) -> float:
    """Time percentage β0 for which refractive lapse rates exceed 100 N-units/km [%].

    Rec. ITU-R P.1812-8 eqs. (2), (4), (5). `lat_deg` is the path centre's latitude [deg]; `dtm_km`
    and `dlm_km` the longest continuous land and inland sections [km].
    """
    tau = coastal_tau(dlm_km)
    mu1 = math.pow(10.0, -dtm_km / (16.0 - 6.6 * tau)) + math.pow(
        10.0, -5.0 * (0.496 + 0.354 * tau)
    )
    mu1 = min(1.0, math.pow(mu1, 0.2))  # the limit acts before mu4
    lat = abs(lat_deg)
    if lat > 70.0:
        return 4.17 * mu1 * math.pow(mu1, 0.3)
    mu4 = math.pow(mu1, -0.935 + 0.0176 * lat)
    return math.pow(10.0, -0.015 * lat + 1.67) * mu1 * mu4


@kernel
def location_sigma_db(f_ghz: float, w_a_m: float, hrg_m: float, clutter_m: float) -> float:
    """Location variability σ: standard deviation over a square of side `w_a_m` [dB].

    Parameters
    ----------
    f_ghz : float
        Frequency [GHz].
    w_a_m : float
        Side of the square over which the prediction is made [m].
    hrg_m : float
        Receiving antenna height above ground [m].
    clutter_m : float
        Representative clutter height at the receiver [m].

    Notes
    -----
    Rec. ITU-R P.1812-8 section 4.8: (0.52 + 0.024 f) wa^0.28, times u_h, which falls from 1 at the
    clutter height to 0 at 10 m above it.
    """
    u_h = min(1.0, max(0.0, 1.0 - (hrg_m - clutter_m) / 10.0))
    return (0.024 * f_ghz + 0.52) * math.pow(w_a_m, 0.28) * u_h


@kernel
def location_loss_db(p_location: float, sigma_db: float, is_rx_at_sea: bool) -> float:
    """Loss Lloc added for `p_location` % of locations [dB]; none for a receiver at sea.

    Rec. ITU-R P.1812-8 eq. (67a).
    """
    if is_rx_at_sea:
        return 0.0
    return -inverse_normal(p_location / 100.0) * sigma_db
