"""The whole model on one path whose values are known to all digits, and its rules one by one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from dtt_sim.coverage.paths import PathProfile, PathSetting, predict_path
from dtt_sim.propagation.p1812 import basic_loss_db, loss_parts

# A mixed path of ten points; values agree with a public implementation to all digits shown.
PROFILE = PathProfile(
    [0.0, 4.0, 9.0, 15.0, 20.0, 30.0, 42.0, 50.0, 55.0, 60.0],
    [30.0, 12.0, 85.0, 20.0, 0.0, 0.0, 0.0, 5.0, 40.0, 15.0],
    [10.0, 10.0, 15.0, 0.0, 0.0, 0.0, 0.0, 0.0, 20.0, 10.0],
    [4, 4, 4, 3, 1, 1, 1, 3, 3, 3],
)
SETTING = PathSetting(
    frequency_ghz=0.594,
    p_time_percent=10.0,
    p_location_percent=90.0,
    w_a_m=50.0,
    tx_height_agl_m=100.0,
    rx_height_agl_m=10.0,
    tx_lat_deg=10.0,
    tx_lon_deg=104.5,
    rx_lat_deg=10.3,
    rx_lon_deg=104.951,
    delta_n=53.5,
    n0=381.0,
)
AT_SEA = PathProfile(PROFILE.distance_km, PROFILE.height_m, PROFILE.clutter_m, 1)
KNOWN = {
    "phi_path_deg": 10.151138281, "omega": 0.475, "dtm_km": 17.5, "dlm_km": 12.0,
    "b0_pct": 28.935157, "ae_km": 9664.222222, "dlt_km": 55.0, "dlr_km": 5.0,
    "theta_t_mrad": -4.481881, "theta_r_mrad": 2.741307, "theta_mrad": 4.467893,
    "hst_n_m": 28.982222, "hst_m": 28.982222, "hsr_n_m": 3.067778, "hsr_m": 3.067778,
    "hstd_m": 28.461389, "hsrd_m": -2.661389, "hte_m": 101.017778, "hre_m": 21.932222,
    "hm_m": 34.772685, "Fi": 1.0, "Fj": 0.0, "Fk": 0.002473, "Lbfs_dB": 123.438767,
    "Lb0p_dB": 121.625950, "Lb0b_dB": 122.822683, "Lbulla50_dB": 26.871849,
    "Lbulls50_dB": 10.249995, "Ldsph50_dB": 12.820731, "Ld50_dB": 29.442585,
    "Ldb_dB": 24.783885, "Ldp_dB": 24.783885, "Lbd50_dB": 152.881352, "Lbd_dB": 146.409834,
    "Lminb0p_dB": 134.637489, "Lba_dB": 131.572238, "Lminbap_dB": 131.618589,
    "Lbda_dB": 131.655162, "Lbam_dB": 131.655162, "Lbs_dB": 156.843010, "Lbc_dB": 131.655142,
    "Lb_dB": 133.702799, "Ep_dBuVm": 61.132930,
}  # fmt: skip


def test_every_value_of_the_worked_path() -> None:
    prediction = predict_path(PROFILE, SETTING)
    row = prediction.as_row()
    assert prediction.sigma_db == pytest.approx(1.597574094, abs=5e-10)
    assert prediction.geometry.dct_km == 17.5
    assert prediction.geometry.dcr_km == 14.0
    for name, value in KNOWN.items():
        assert row[name] == pytest.approx(value, abs=6e-7), name


@pytest.mark.parametrize(
    ("change", "loss_db"),
    [
        ({"p_time_percent": 1.0}, 130.590195),
        ({"p_time_percent": 40.0}, 152.546416),
        ({"p_time_percent": 50.0, "p_location_percent": 50.0}, 152.872072),
        ({"frequency_ghz": 0.2, "polarisation": "vertical"}, 138.534416),
        (
            {
                "frequency_ghz": 0.2,
                "polarisation": "vertical",
                "p_time_percent": 1.0,
                "p_location_percent": 50.0,
            },
            133.408742,
        ),
        ({"tx_height_agl_m": 1000.0}, 123.674811),
        (
            {"tx_height_agl_m": 600.0, "p_time_percent": 50.0, "p_location_percent": 50.0},
            136.061505,
        ),
        ({"tx_height_agl_m": 1000.0, "rx_height_agl_m": 300.0}, 121.626553),
    ],
)
def test_variations_of_the_worked_path(change: dict[str, float], loss_db: float) -> None:
    setting = replace(SETTING, **change)
    assert predict_path(PROFILE, setting).loss_db == pytest.approx(loss_db, abs=6e-7)


@pytest.mark.parametrize(
    ("change", "loss_db"),
    [({}, 123.132900), ({"frequency_ghz": 0.2, "polarisation": "vertical"}, 131.640538)],
)
def test_the_same_path_over_sea(change: dict[str, float], loss_db: float) -> None:
    prediction = predict_path(AT_SEA, replace(SETTING, p_time_percent=1.0, **change))
    assert prediction.loss_db == pytest.approx(loss_db, abs=6e-7)
    assert prediction.loss_db == prediction.loss_median_db
    assert prediction.geometry.omega == 1.0


def test_path_type_and_field_strength() -> None:
    prediction = predict_path(PROFILE, replace(SETTING, erp_kw=10.0))
    assert prediction.as_row()["path_type"] == 2
    assert prediction.e_dbuv_m == pytest.approx(61.132930 + 10.0, abs=6e-7)
    assert prediction.e_1kw_dbuv_m == pytest.approx(61.132930, abs=6e-7)


def test_basic_loss_is_the_last_line_of_the_parts() -> None:
    g = predict_path(PROFILE, SETTING).geometry
    for f_ghz in (0.05, 0.6, 5.0):
        for p_time in (1.0, 30.0, 50.0):
            parts = loss_parts(g, f_ghz, p_time, 1)
            assert basic_loss_db(g, f_ghz, p_time, 1) == max(parts.lb0p_db, parts.lbc_db)


def test_loss_never_falls_below_line_of_sight() -> None:
    prediction = predict_path(PROFILE, replace(SETTING, sigma_db=30.0, w_a_m=None,
                                               p_location_percent=1.0))  # fmt: skip
    assert prediction.loss_db == prediction.parts.lb0p_db


def test_opposite_extremes_do_not_overflow() -> None:
    """The soft extrema are written so that thousands of decibels apart stay finite."""
    ridge = np.zeros(201)
    ridge[100] = 8000.0
    profile = PathProfile(np.linspace(0.0, 2.0, 201), ridge)
    prediction = predict_path(profile, replace(SETTING, frequency_ghz=6.0, p_time_percent=50.0))
    assert all(math.isfinite(value) for value in prediction.as_row().values())
