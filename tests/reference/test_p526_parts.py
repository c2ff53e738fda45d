"""Small tables of the sub-models (delta-Bullington family, Attachment 2, β0, σ, troposcatter)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dtt_sim.propagation.diffraction import (
    bullington_loss_db,
    first_term_loss_db,
    spherical_earth_loss_db,
)
from dtt_sim.propagation.geometry import bullington_nu, steepest_slopes
from dtt_sim.propagation.troposcatter import troposcatter_loss_db
from dtt_sim.propagation.variability import beta0_percent, inverse_normal, location_sigma_db

TOLERANCE = 1e-6


@pytest.fixture
def parts(shared: Path) -> Path:
    return shared / "validation" / "p526_parts"


def test_bullington(parts: Path) -> None:
    profiles = dict(tuple(pd.read_csv(parts / "bullington_profiles.csv").groupby("profile_id")))
    cases = pd.read_csv(parts / "bullington_cases.csv")
    for case in cases.itertuples():
        profile = profiles[case.profile_id]
        d, g = profile["d_km"].to_numpy(float), profile["g_m"].to_numpy(float)
        n, none = d.size - 1, np.zeros(d.size)
        ht, hr, ap = map(float, (case.htc_m_amsl, case.hrc_m_amsl, case.ap_km))
        slopes = steepest_slopes(d, g, none, n, ht, hr, ap, ap)
        nu = bullington_nu(d, g, none, n, ht, hr, ap, slopes.stim_e, slopes.srim_e)
        loss = bullington_loss_db(nu / np.sqrt(0.2998 / case.f_GHz), d[-1])
        assert loss == pytest.approx(case.Lbull_dB, abs=TOLERANCE), case.profile_id
    assert len(cases) > 20


@pytest.mark.parametrize(("column", "polarisation"), [("Ldsph_h_dB", 1), ("Ldsph_v_dB", 2)])
def test_spherical_earth(parts: Path, column: str, polarisation: int) -> None:
    table = pd.read_csv(parts / "spherical_earth.csv").astype(float)
    inputs = table[["d_km", "hte_m", "hre_m", "ap_km", "omega", "f_GHz"]].to_numpy()
    loss = [spherical_earth_loss_db(*row, polarisation) for row in inputs]
    np.testing.assert_allclose(loss, table[column], rtol=0.0, atol=TOLERANCE)


@pytest.mark.parametrize(("ground", "omega"), [("land", 0.0), ("sea", 1.0)])
@pytest.mark.parametrize(("letter", "polarisation"), [("h", 1), ("v", 2)])
def test_first_term(parts: Path, ground: str, omega: float, letter: str, polarisation: int) -> None:
    table = pd.read_csv(parts / "spherical_first_term.csv").astype(float)
    inputs = table[["d_km", "hte_m", "hre_m", "adft_km", "f_GHz"]].to_numpy()
    loss = [first_term_loss_db(*row[:4], omega, row[4], polarisation) for row in inputs]
    np.testing.assert_allclose(loss, table[f"Ldft_{ground}_{letter}_dB"], rtol=0.0, atol=TOLERANCE)


def test_inverse_normal(parts: Path) -> None:
    table = pd.read_csv(parts / "inverse_ccdf_I.csv").astype(float)
    got = [inverse_normal(x) for x in table["x"]]
    np.testing.assert_allclose(got, table["I_x"], rtol=0.0, atol=TOLERANCE)


def test_beta0(parts: Path) -> None:
    table = pd.read_csv(parts / "beta0.csv").astype(float)
    got = [beta0_percent(*row) for row in table[["phi_deg", "dtm_km", "dlm_km"]].to_numpy()]
    np.testing.assert_allclose(got, table["b0_pct"], rtol=0.0, atol=TOLERANCE)


def test_location_sigma(parts: Path) -> None:
    table = pd.read_csv(parts / "location_sigma.csv").astype(float)
    inputs = table[["f_GHz", "wa_m", "hrg_m", "R_rx_m"]].to_numpy()
    got = [location_sigma_db(*row) for row in inputs]
    np.testing.assert_allclose(got, table["sigma_loc_dB"], rtol=0.0, atol=TOLERANCE)


def test_troposcatter(parts: Path) -> None:
    table = pd.read_csv(parts / "troposcatter.csv").astype(float)
    inputs = table[["f_GHz", "d_km", "theta_mrad", "N0", "p_pct"]].to_numpy()
    got = [troposcatter_loss_db(*row) for row in inputs]
    np.testing.assert_allclose(got, table["Lbs_dB"], rtol=0.0, atol=TOLERANCE)
