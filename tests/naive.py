"""Rec. ITU-R P.1812-8 written out slowly and plainly in NumPy, to compare the kernels with.

Whole arrays, angles as angles, no algebra spared: what the kernels do by comparing tangents, by
closed forms and in one pass is done here the way the Recommendation says it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def inverse_normal(x: float) -> float:
    x = min(max(x, 0.000001), 0.999999)
    if x > 0.5:
        return -inverse_normal(1.0 - x)
    t = np.sqrt(-2.0 * np.log(x))
    numerator = 2.515516698 + 0.802853 * t + 0.010328 * t**2
    return t - numerator / (1.0 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3)


def sections(d: Array, zone: NDArray[np.int64]) -> tuple[float, float, float]:
    """omega, dtm, dlm."""
    # omega >= 0.75 is a threshold on this sum: it is formed as the text has it, in its order.
    step = np.diff(d)
    weight = 0.5 * np.concatenate([[0.0], step]) + 0.5 * np.concatenate([step, [0.0]])

    def longest(mask: NDArray[np.bool_]) -> float:
        best = run = 0.0
        for w, inside in zip(weight, mask, strict=True):
            run = run + w if inside else 0.0
            best = max(best, run)
        return best

    omega = sum(weight[zone == 1].tolist()) / d[-1] if (zone != 1).any() else 1.0
    return omega, longest(zone != 1), longest(zone == 4)


def coast_distances(d: Array, zone: NDArray[np.int64]) -> tuple[float, float]:
    sea = np.flatnonzero(zone == 1)
    if not sea.size:
        return 500.0, 500.0
    middle = 0.5 * (d[1:] + d[:-1])
    dct = 0.0 if sea[0] == 0 else middle[sea[0] - 1]
    dcr = 0.0 if sea[-1] == d.size - 1 else d[-1] - middle[sea[-1]]
    return dct, dcr


def knife_edge(nu: float) -> float:
    if nu <= -0.78:
        return 0.0
    return 6.9 + 20.0 * np.log10(np.sqrt((nu - 0.1) ** 2 + 1.0) + nu - 0.1)


def bullington(d: Array, y: Array, ht: float, hr: float, ap: float, f: float) -> float:
    lam = 0.2998 / f
    dt = d[-1]
    di, yi = d[1:-1], y[1:-1]
    bulge = 500.0 * di * (dt - di) / ap
    stim = np.max((yi + bulge - ht) / di)
    if stim < (hr - ht) / dt:
        clear = yi + bulge - (ht * (dt - di) + hr * di) / dt
        nu = np.max(clear * np.sqrt(0.002 * dt / (lam * di * (dt - di))))
    else:
        srim = np.max((yi + bulge - hr) / (dt - di))
        db = (hr - ht + srim * dt) / (stim + srim)
        rise = ht + stim * db - (ht * (dt - db) + hr * db) / dt
        nu = rise * np.sqrt(0.002 * dt / (lam * db * (dt - db)))
    luc = knife_edge(nu)
    return luc + (1.0 - np.exp(-luc / 6.0)) * (10.0 + 0.02 * dt)


def first_term(
    d: float, ht: float, hr: float, adft: float, f: float, omega: float, pol: int
) -> float:
    total = 0.0
    for share, eps, sigma in ((omega, 80.0, 5.0), (1.0 - omega, 22.0, 0.003)):
        k = 0.036 * (adft * f) ** (-1 / 3) * ((eps - 1) ** 2 + (18 * sigma / f) ** 2) ** (-1 / 4)
        if pol == 2:
            k = k * (eps**2 + (18 * sigma / f) ** 2) ** (1 / 2)
        bd = (1 + 1.6 * k**2 + 0.67 * k**4) / (1 + 4.5 * k**2 + 1.53 * k**4)
        x = 21.88 * bd * (f / adft**2) ** (1 / 3) * d
        if x >= 1.6:
            loss = -(11 + 10 * np.log10(x) - 17.6 * x)
        else:
            loss = 20 * np.log10(x) + 5.6488 * x**1.425
        for h in (ht, hr):
            b = bd * 0.9575 * bd * (f**2 / adft) ** (1 / 3) * h
            if b > 2:
                gain = 17.6 * (b - 1.1) ** 0.5 - 5 * np.log10(b - 1.1) - 8
            else:
                gain = 20 * np.log10(b + 0.1 * b**3)
            loss -= max(gain, 2 + 20 * np.log10(k))
        total += share * loss
    return total


def spherical(d: float, ht: float, hr: float, ap: float, f: float, omega: float, pol: int) -> float:
    lam = 0.2998 / f
    if d >= np.sqrt(2 * ap) * (np.sqrt(0.001 * ht) + np.sqrt(0.001 * hr)):
        return first_term(d, ht, hr, ap, f, omega, pol)
    c = (ht - hr) / (ht + hr)
    m = 250 * d**2 / (ap * (ht + hr))
    angle = np.arccos(np.clip(1.5 * c * np.sqrt(3 * m / (m + 1) ** 3), -1, 1))
    b = 2 * np.sqrt((m + 1) / (3 * m)) * np.cos(np.pi / 3 + angle / 3)
    d1 = d / 2 * (1 + b)
    d2 = d - d1
    hse = ((ht - 500 * d1**2 / ap) * d2 + (hr - 500 * d2**2 / ap) * d1) / d
    hreq = 17.456 * np.sqrt(d1 * d2 * lam / d)
    if hse > hreq:
        return 0.0
    aem = 500 * (d / (np.sqrt(ht) + np.sqrt(hr))) ** 2
    return (1 - hse / hreq) * max(first_term(d, ht, hr, aem, f, omega, pol), 0.0)


def predict(
    d: Array,
    h: Array,
    clutter: Array,
    zone: NDArray[np.int64],
    *,
    f: float,
    p: float,
    htg: float,
    hrg: float,
    phi: float,
    delta_n: float,
    n0: float,
    pol: int,
    p_location: float = 50.0,
    sigma: float = 0.0,
    dct: float | None = None,
    dcr: float | None = None,
) -> dict[str, float]:
    """All columns of a P.1812 validation row; `phi` is the latitude of the path centre."""
    dt = float(d[-1])
    hts, hrs = h[0] + htg, h[-1] + hrg
    ae, ab = 6371.0 * 157.0 / (157.0 - delta_n), 6371.0 * 3.0
    omega, dtm, dlm = sections(d, zone)
    derived = coast_distances(d, zone)
    dct = 0.0 if zone[0] == 1 else derived[0] if dct is None else dct
    dcr = 0.0 if zone[-1] == 1 else derived[1] if dcr is None else dcr

    # Time
    tau = 1 - np.exp(-4.12e-4 * dlm**2.41)
    mu1 = min(1.0, (10 ** (-dtm / (16 - 6.6 * tau)) + 10 ** (-5 * (0.496 + 0.354 * tau))) ** 0.2)
    if abs(phi) <= 70:
        beta0 = 10 ** (-0.015 * abs(phi) + 1.67) * mu1 * mu1 ** (-0.935 + 0.0176 * abs(phi))
    else:
        beta0 = 4.17 * mu1 * mu1**0.3

    # Horizons
    di, hi = d[1:-1], h[1:-1]
    theta_i = 1000 * np.arctan((hi - hts) / (1000 * di) - di / (2 * ae))
    theta_td = 1000 * np.arctan((hrs - hts) / (1000 * dt) - dt / (2 * ae))
    is_trans_horizon = theta_i.max() > theta_td
    theta_t = max(theta_i.max(), theta_td)
    if is_trans_horizon:
        theta_j = 1000 * np.arctan((hi - hrs) / (1000 * (dt - di)) - (dt - di) / (2 * ae))
        theta_r = theta_j.max()
        lt = 1 + int(np.argmax(theta_i))
        lr = 1 + int(np.flatnonzero(theta_j == theta_r)[-1])
    else:
        theta_r = 1000 * np.arctan((hts - hrs) / (1000 * dt) - dt / (2 * ae))
        clear = hi + 500 * di * (dt - di) / ae - (hts * (dt - di) + hrs * di) / dt
        nu = clear * np.sqrt(0.002 * dt / (0.2998 / f * di * (dt - di)))
        lt = lr = 1 + int(np.flatnonzero(nu == nu.max())[-1])
    dlt, dlr = d[lt], dt - d[lr]
    theta = 1000 * dt / ae + theta_t + theta_r

    # Smooth surface
    step = np.diff(d)
    v1 = np.sum(step * (h[1:] + h[:-1]))
    v2 = np.sum(step * (h[1:] * (2 * d[1:] + d[:-1]) + h[:-1] * (d[1:] + 2 * d[:-1])))
    hst_n, hsr_n = (2 * v1 * dt - v2) / dt**2, (v2 - v1 * dt) / dt**2
    over = hi - (hts * (dt - di) + hrs * di) / dt
    hobs, aobt, aobr = over.max(), (over / di).max(), (over / (dt - di)).max()
    hstp, hsrp = hst_n, hsr_n
    if hobs > 0:
        hstp = hst_n - hobs * aobt / (aobt + aobr)
        hsrp = hsr_n - hobs * aobr / (aobt + aobr)
    hstd, hsrd = min(hstp, h[0]), min(hsrp, h[-1])
    hst, hsr = min(hst_n, h[0]), min(hsr_n, h[-1])
    hte, hre = htg + h[0] - hst, hrg + h[-1] - hsr
    between = slice(lt, lr + 1)
    hm = np.max(h[between] - (hst + (hsr - hst) / dt * d[between]))

    # Line of sight
    slant2 = dt**2 + ((hts - hrs) / 1000) ** 2
    lbfs = 92.4 + 20 * np.log10(f) + 10 * np.log10(slant2)
    reach = 1 - np.exp(-0.1 * (dlt + dlr))
    lb0p = lbfs + 2.6 * reach * np.log10(p / 50)
    lb0b = lbfs + 2.6 * reach * np.log10(beta0 / 50)

    # Diffraction
    g = h + clutter
    g[0], g[-1] = h[0], h[-1]

    def diffraction(ap: float) -> tuple[float, float, float, float]:
        ht, hr = hts - hstd, hrs - hsrd
        actual = bullington(d, g, hts, hrs, ap, f)
        smooth = bullington(d, np.zeros_like(h), ht, hr, ap, f)
        sphere = spherical(dt, ht, hr, ap, f, omega, pol)
        return actual + max(sphere - smooth, 0.0), actual, smooth, sphere

    ld50, lbulla, lbulls, ldsph = diffraction(ae)
    ldb = diffraction(ab)[0]
    fi = 1.0 if p <= beta0 else inverse_normal(p / 100) / inverse_normal(beta0 / 100)
    ldp = ld50 + fi * (ldb - ld50) if p < 50 else ld50
    lbd50, lbd = lbfs + ld50, lb0p + ldp

    # Troposcatter
    lf = 25 * np.log10(f) - 2.5 * np.log10(f / 2) ** 2
    fading = 10.125 * np.log10(50 / p) ** 0.7
    lbs = 190.1 + lf + 20 * np.log10(dt) + 0.573 * theta - 0.15 * n0 - fading

    # Ducting
    alf = 45.375 - 137 * f + 92.5 * f**2 if f < 0.5 else 0.0
    af = 102.45 + 20 * np.log10(f) + 20 * np.log10(dlt + dlr) + alf
    angle = 1000 * dt / ae
    for theta_s, dls, dcs, hs in ((theta_t, dlt, dct, hts), (theta_r, dlr, dcr, hrs)):
        excess = theta_s - 0.1 * dls
        if excess > 0:
            af += 20 * np.log10(1 + 0.361 * excess * np.sqrt(f * dls)) + 0.264 * excess * np.cbrt(f)
        if omega >= 0.75 and dcs <= 5 and dcs <= dls:
            af += -3 * np.exp(-0.25 * dcs**2) * (1 + np.tanh(0.07 * (50 - hs)))
        angle += min(theta_s, 0.1 * dls)
    alpha = max(-3.4, -0.6 - 3.5e-9 * dt**3.1 * tau)
    mu2 = min(1.0, (500 / ae * dt**2 / (np.sqrt(hte) + np.sqrt(hre)) ** 2) ** alpha)
    mu3 = 1.0
    if hm > 10:
        mu3 = np.exp(-4.6e-5 * (hm - 10) * (43 + 6 * min(dt - dlt - dlr, 40.0)))
    beta = beta0 * mu2 * mu3
    lb = np.log10(beta)
    gam = 1.076 / (2.0058 - lb) ** 1.012
    gam *= np.exp(-(9.51 - 4.8 * lb + 0.198 * lb**2) * 1e-6 * dt**1.13)
    ap = -12 + (1.2 + 3.7e-3 * dt) * np.log10(p / beta) + 12 * (p / beta) ** gam
    lba = af + 5e-5 * ae * np.cbrt(f) * angle + ap

    # Combination
    fj = 1 - 0.5 * (1 + np.tanh(2.4 * (theta - 0.3) / 0.3))
    fk = 1 - 0.5 * (1 + np.tanh(1.5 * (dt - 20) / 20))
    lminb0p = lb0p + (1 - omega) * ldp
    if p >= beta0:
        lminb0p = lbd50 + (lb0b + (1 - omega) * ldp - lbd50) * fi
    lminbap = 2.5 * np.logaddexp(lba / 2.5, lb0p / 2.5)
    lbda = lbd if lminbap > lbd else lminbap + (lbd - lminbap) * fk
    lbam = lbda + (lminb0p - lbda) * fj
    scale = -0.2 * np.log(10)
    lbc = -5 / np.log(10) * np.logaddexp(scale * lbs, scale * lbam)
    lloc = 0.0 if zone[-1] == 1 else -inverse_normal(p_location / 100) * sigma
    total = max(lb0p, lbc + lloc)
    return {
        "Lb_dB": total,
        "Ep_dBuVm_1kW": 199.36 + 20 * np.log10(f) - total,
        "path_type": 2 if is_trans_horizon else 1,
        "d_km": dt,
        "dlt_km": dlt,
        "dlr_km": dlr,
        "theta_t_mrad": theta_t,
        "theta_r_mrad": theta_r,
        "theta_mrad": theta,
        "hts_m": hts,
        "hrs_m": hrs,
        "omega": omega,
        "dtm_km": dtm,
        "dlm_km": dlm,
        "b0_pct": beta0,
        "ae_km": ae,
        "hst_n_m": hst_n,
        "hst_m": hst,
        "hsr_n_m": hsr_n,
        "hsr_m": hsr,
        "hstd_m": hstd,
        "hsrd_m": hsrd,
        "hte_m": hte,
        "hre_m": hre,
        "hm_m": hm,
        "Fi": fi,
        "Fj": fj,
        "Fk": fk,
        "Lbfs_dB": lbfs,
        "Lb0p_dB": lb0p,
        "Lb0b_dB": lb0b,
        "Lbulla50_dB": lbulla,
        "Lbulls50_dB": lbulls,
        "Ldsph50_dB": ldsph,
        "Ld50_dB": ld50,
        "Ldb_dB": ldb,
        "Ldp_dB": ldp,
        "Lbd50_dB": lbd50,
        "Lbd_dB": lbd,
        "Lminb0p_dB": lminb0p,
        "Lba_dB": lba,
        "Lminbap_dB": lminbap,
        "Lbda_dB": lbda,
        "Lbam_dB": lbam,
        "Lbs_dB": lbs,
        "Lbc_dB": lbc,
        "Lb_pL50_dB": max(lb0p, lbc),
    }
