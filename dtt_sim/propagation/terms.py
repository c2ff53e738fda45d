"""The quantities of a P.1812 prediction, by the Recommendation's symbols.

`Path` goes in, `Geometry` is what a profile gives once for every frequency, time percentage and
polarisation, `Parts` what one such combination gives.
"""

from __future__ import annotations

from typing import NamedTuple


class Path(NamedTuple):
    """What is known of a path beside its profile.

    Attributes
    ----------
    htg_m, hrg_m : float
        Antenna heights above ground at transmitter and receiver [m].
    lat_deg : float
        Latitude of the path centre [deg].
    delta_n : float
        Refractivity lapse rate, positive [N-units/km].
    n0 : float
        Sea-level surface refractivity [N-units].
    dct_km, dcr_km : float
        Land distance from transmitter and receiver to the coast along the path [km]; 500 = no
        coast; below zero: derived from the zones (land up to the first sea point).
    """

    htg_m: float
    hrg_m: float
    lat_deg: float
    delta_n: float
    n0: float
    dct_km: float
    dcr_km: float


class Geometry(NamedTuple):
    """A path's quantities that do not depend on frequency, time, locations or polarisation.

    Attributes
    ----------
    d_km : float
        Path length [km].
    hts_m, hrs_m : float
        Antenna heights above sea level [m].
    ae_km, ab_km : float
        Effective Earth radius, median and exceeded for β0 % [km]; eqs. (7a), (7b).
    omega : float
        Fraction of the path over sea; eq. (1).
    dtm_km, dlm_km, dct_km, dcr_km : float
        Longest land and inland sections, land distances to the coast [km].
    beta0 : float
        [%]; eq. (5).
    beta_percent : float
        β of the ducting model [%]; eq. (54).
    is_trans_horizon : bool
        Path type on bare terrain over the median Earth; eq. (79).
    theta_t_mrad, theta_r_mrad, theta_mrad : float
        Horizon elevation angles and angular distance [mrad].
    dlt_km, dlr_km : float
        Horizon distances [km].
    hst_n_m, hsr_n_m, hst_m, hsr_m, hstd_m, hsrd_m : float
        Smooth-Earth heights: fitted, limited for ducting, and for diffraction [m].
    hte_m, hre_m, hm_m : float
        Effective heights and terrain roughness of the ducting model [m].
    nu_e, nu_b : float
        ν of the Bullington construct with clutter for `ae_km` and `ab_km`, times sqrt(λ in m).
    nu_smooth_e, nu_smooth_b : float
        The same for the zero profile under the heights h't, h'r.
    n0 : float
        Sea-level surface refractivity [N-units].
    is_rx_at_sea : bool
        The receiver's zone is sea.
    """

    d_km: float
    hts_m: float
    hrs_m: float
    ae_km: float
    ab_km: float
    omega: float
    dtm_km: float
    dlm_km: float
    dct_km: float
    dcr_km: float
    beta0: float
    beta_percent: float
    is_trans_horizon: bool
    theta_t_mrad: float
    theta_r_mrad: float
    theta_mrad: float
    dlt_km: float
    dlr_km: float
    hst_n_m: float
    hsr_n_m: float
    hst_m: float
    hsr_m: float
    hstd_m: float
    hsrd_m: float
    hte_m: float
    hre_m: float
    hm_m: float
    nu_e: float
    nu_b: float
    nu_smooth_e: float
    nu_smooth_b: float
    n0: float
    is_rx_at_sea: bool


class Parts(NamedTuple):
    """Losses of one path at one frequency, time percentage and polarisation [dB].

    Attributes
    ----------
    lbfs_db, lb0p_db, lb0b_db : float
        Free space, and with multipath for p % and β0 %; eqs. (8), (10), (11).
    lbulla50_db, lbulls50_db, ldsph50_db : float
        Terms of eq. (39) for the median Earth.
    ld50_db, ldb_db, ldp_db : float
        Diffraction for the median, β0 % and p %; eqs. (39), (41).
    lbd50_db, lbd_db, lminb0p_db : float
        Eqs. (42), (43), (59).
    lba_db, lminbap_db, lbda_db, lbam_db : float
        Ducting, and the combination; eqs. (46), (60) to (62).
    lbs_db, lbc_db : float
        Troposcatter, and the combined loss at 50 % of locations; eqs. (44), (63).
    fi, fj, fk : float
        Interpolation factors; eqs. (40a), (57), (58).
    """

    lbfs_db: float
    lb0p_db: float
    lb0b_db: float
    lbulla50_db: float
    lbulls50_db: float
    ldsph50_db: float
    ld50_db: float
    ldb_db: float
    ldp_db: float
    lbd50_db: float
    lbd_db: float
    lminb0p_db: float
    lba_db: float
    lminbap_db: float
    lbda_db: float
    lbam_db: float
    lbs_db: float
    lbc_db: float
    fi: float
    fj: float
    fk: float
