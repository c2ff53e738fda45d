"""Profile analysis: sums, maxima and the rules for ties, on profiles small enough to see through."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dtt_sim.propagation.geometry import (
    analyse,
    path_centre_lat_deg,
    path_zones,
    smooth_bullington_nu,
    smooth_earth_fit,
    steepest_slopes,
    terrain_roughness_m,
)
from dtt_sim.propagation.p1812 import Geometry, Path, basic_loss_db, loss_parts

PATH = Path(100.0, 10.0, 10.0, 53.5, 381.0, -1.0, -1.0)


def analyse_profile(
    d: list[float] | np.ndarray,
    h: list[float] | np.ndarray,
    path: Path = PATH,
    clutter: list[float] | np.ndarray | None = None,
    zone: list[int] | None = None,
) -> Geometry:
    d = np.asarray(d, float)
    cover = np.zeros(d.size) if clutter is None else np.asarray(clutter, float)
    zones = np.asarray(np.full(d.size, 4) if zone is None else zone, np.uint8)
    return analyse(d, np.asarray(h, float), cover, zones, d.size - 1, path)


def test_each_sample_owns_half_a_step_on_either_side() -> None:
    d = np.array([0.0, 1.0, 3.0, 7.0, 8.0])
    zones = path_zones(d, np.array([4, 3, 1, 3, 4], np.uint8), 4)
    assert zones.omega == pytest.approx((1.0 + 2.0) / 8.0, abs=1e-15)
    assert zones.dtm_km == pytest.approx(3.0)  # from 5 km on
    assert zones.dlm_km == pytest.approx(0.5)
    assert zones.coast_t_km == pytest.approx(2.0)
    assert zones.coast_r_km == pytest.approx(3.0)


def test_path_without_sea_has_no_coast() -> None:
    zones = path_zones(np.arange(5.0), np.full(5, 3, np.uint8), 4)
    assert zones == (0.0, 4.0, 0.0, 500.0, 500.0)


def test_path_all_over_sea_is_exactly_so() -> None:
    d = np.linspace(0.0, 0.7, 8)
    zones = path_zones(d, np.full(8, 1, np.uint8), 7)
    assert zones == (1.0, 0.0, 0.0, 0.0, 0.0)


def test_terminal_at_sea_overrules_the_coast_distance() -> None:
    path = PATH._replace(dct_km=20.0, dcr_km=30.0)
    g = analyse_profile(np.arange(5.0), np.zeros(5), path, zone=[1, 1, 3, 3, 4])
    assert (g.dct_km, g.dcr_km) == (0.0, 30.0)


def test_smooth_surface_of_a_ramp_is_the_ramp() -> None:
    d = np.array([0.0, 1.0, 2.5, 7.0, 10.0])
    h = 100.0 - 8.0 * d
    assert smooth_earth_fit(d, h, 4) == pytest.approx((100.0, 20.0), abs=1e-12)


def test_path_centre_lies_half_the_profile_from_the_transmitter() -> None:
    degree_km = 6371.0 * math.pi / 180.0
    assert path_centre_lat_deg(10.0, 105.0, 12.0, 105.0, degree_km) == pytest.approx(10.5)
    assert path_centre_lat_deg(10.0, 105.0, 8.0, 105.0, degree_km) == pytest.approx(9.5)


def test_path_centre_of_coinciding_ends_is_finite() -> None:
    assert math.isfinite(path_centre_lat_deg(10.0, 105.0, 10.0, 105.0, 20.0))


def test_of_equal_horizons_the_transmitter_takes_the_first_and_the_receiver_the_last() -> None:
    # Two equal peaks seen at the same tangent from either end: flat Earth by cancelling curvature.
    d = np.arange(0.0, 9.0)
    ae = 6371.0 * 157.0 / (157.0 - PATH.delta_n)
    h = np.full(9, -500.0)
    h[0] = h[8] = 0.0
    for i in (2, 3, 5, 6):
        nearer = min(i, 8 - i)
        h[i] = 10.0 * nearer + 500.0 * nearer**2 / ae
    slopes = steepest_slopes(d, h, np.zeros(9), 8, 0.0, 0.0, ae, 3.0 * 6371.0)
    ties_t = {i: h[i] / d[i] - 500.0 * d[i] / ae for i in (2, 3)}
    ties_r = {i: h[i] / (8.0 - d[i]) - 500.0 * (8.0 - d[i]) / ae for i in (5, 6)}
    # Rounding decides unless the tie is exact; quantised heights make it exact below.
    assert slopes.i_tx == max(ties_t, key=lambda i: (ties_t[i], -i))
    assert slopes.i_rx == max(ties_r, key=lambda i: (ties_r[i], i))


def test_exact_ties_of_a_plateau_over_a_flat_earth() -> None:
    d = np.arange(0.0, 9.0)
    h = np.array([0.0, 0.0, 20.0, 30.0, 0.0, 30.0, 20.0, 0.0, 0.0])
    slopes = steepest_slopes(d, h, np.zeros(9), 8, 0.0, 0.0, math.inf, math.inf)
    assert (slopes.i_tx, slopes.tx) == (2, 10.0)
    assert (slopes.i_rx, slopes.rx) == (6, 10.0)


def test_symmetric_line_of_sight_takes_the_last_of_equal_clearances() -> None:
    d = np.arange(0.0, 9.0)
    h = np.zeros(9)
    h[3] = h[5] = 40.0
    g = analyse_profile(d, h, PATH._replace(htg_m=200.0, hrg_m=200.0))
    assert not g.is_trans_horizon
    assert g.dlt_km == 5.0
    assert g.dlt_km + g.dlr_km == pytest.approx(8.0)


def test_line_of_sight_has_no_angular_distance() -> None:
    g = analyse_profile(np.linspace(0.0, 20.0, 81), np.zeros(81))
    assert not g.is_trans_horizon
    assert g.theta_mrad == pytest.approx(0.0, abs=1e-3)
    assert g.hm_m == pytest.approx(0.0, abs=1e-12)


def test_clutter_enters_diffraction_and_nothing_else() -> None:
    rng = np.random.default_rng(5)
    d = np.linspace(0.0, 40.0, 161)
    h = 30.0 * rng.random(161)
    bare = analyse_profile(d, h)
    covered = analyse_profile(d, h, clutter=np.full(161, 15.0))
    differing = {name for name in bare._fields if getattr(bare, name) != getattr(covered, name)}
    assert differing == {"nu_e", "nu_b"}


def test_clutter_at_the_terminals_is_not_seen() -> None:
    d = np.linspace(0.0, 40.0, 161)
    clutter = np.zeros(161)
    clutter[[0, -1]] = 50.0
    assert analyse_profile(d, 10.0 * np.sin(d), clutter=clutter) == analyse_profile(
        d, 10.0 * np.sin(d)
    )


@pytest.mark.parametrize("radius_km", [8500.0, 19113.0, 1e5])
def test_zero_profile_by_its_two_neighbours_is_the_whole_scan(radius_km: float) -> None:
    rng = np.random.default_rng(9)
    for _ in range(300):
        n = int(rng.integers(4, 60))
        d = np.concatenate([[0.0], np.cumsum(rng.uniform(0.05, 4.0, n))])
        ht, hr = np.exp(rng.uniform(0.0, 8.0, 2))
        zero = np.zeros(n + 1)
        slopes = steepest_slopes(d, zero, zero, n, ht, hr, radius_km, radius_km)
        if slopes.stim_e < (hr - ht) / d[n]:
            a, b = d[1:-1], d[n] - d[1:-1]
            clear = 500.0 * a * b / radius_km - (ht * b + hr * a) / d[n]
            expected = np.max(clear * np.sqrt(0.002 * d[n] / (a * b)))
        else:
            s, r = slopes.stim_e, slopes.srim_e
            at = (hr - ht + r * d[n]) / (s + r)
            rise = ht + s * at - (ht * (d[n] - at) + hr * at) / d[n]
            expected = rise * np.sqrt(0.002 * d[n] / (at * (d[n] - at)))
        got = smooth_bullington_nu(d, n, ht, hr, radius_km)
        assert got == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_roughness_counts_both_horizons() -> None:
    d = np.arange(6.0)
    h = np.array([90.0, 30.0, 10.0, 10.0, 40.0, 90.0])
    assert terrain_roughness_m(d, h, 1, 4, 0.0, 0.0) == 40.0
    assert terrain_roughness_m(d, h, 1, 3, 0.0, 0.0) == 30.0


@pytest.mark.parametrize("where", [0, 1, 37, 79, 80])
@pytest.mark.parametrize("htg_m", [20.0, 1500.0])
def test_nan_height_anywhere_reaches_the_loss(where: int, htg_m: float) -> None:
    h = np.zeros(81)
    h[where] = np.nan
    g = analyse_profile(np.linspace(0.0, 60.0, 81), h, PATH._replace(htg_m=htg_m))
    for p_time in (1.0, 50.0):
        assert math.isnan(basic_loss_db(g, 0.6, p_time, 1))
        assert math.isnan(loss_parts(g, 0.6, p_time, 1).lbc_db)


@pytest.mark.parametrize("where", [1, 37, 79])
def test_nan_clutter_reaches_the_loss(where: int) -> None:
    clutter = np.zeros(81)
    clutter[where] = np.nan
    g = analyse_profile(np.linspace(0.0, 60.0, 81), np.zeros(81), clutter=clutter)
    assert math.isnan(basic_loss_db(g, 0.6, 1.0, 1))


@pytest.mark.parametrize("name", ["htg_m", "hrg_m", "lat_deg", "delta_n", "n0"])
def test_nan_setting_reaches_the_loss(name: str) -> None:
    path = PATH._replace(**{name: math.nan})
    g = analyse_profile(np.linspace(0.0, 60.0, 81), np.zeros(81), path)
    assert math.isnan(basic_loss_db(g, 0.6, 1.0, 1))


def test_buffers_longer_than_the_profile_are_not_read_beyond_it() -> None:
    d = np.linspace(0.0, 30.0, 41)
    h = 5.0 * np.cos(d)
    zone = np.full(60, 4, np.uint8)
    long_d, long_h, clutter = (np.full(60, np.nan) for _ in range(3))
    long_d[:41], long_h[:41], clutter[:41] = d, h, 0.0
    assert analyse(long_d, long_h, clutter, zone, 40, PATH) == analyse_profile(d, h)
