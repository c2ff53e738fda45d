"""What P.1812 promises on any path, and agreement with the plain NumPy version."""

from __future__ import annotations

from dataclasses import replace

import naive
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dtt_sim.coverage.paths import PathProfile, PathSetting, predict_each, predict_path

SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def profiles(draw: st.DrawFn) -> PathProfile:
    """Paths of 5 to 60 points, smooth to wild, uneven steps, any mixture of zones and clutter."""
    n_point = draw(st.integers(5, 60))
    length = draw(st.floats(0.3, 600.0))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    step = rng.uniform(0.2, 1.0, n_point - 1) if draw(st.booleans()) else np.ones(n_point - 1)
    distance = np.concatenate([[0.0], np.cumsum(step)])
    distance *= length / distance[-1]
    relief = draw(st.sampled_from([0.0, 5.0, 80.0, 1500.0]))
    height = relief * rng.standard_normal(n_point).cumsum() / np.sqrt(n_point)
    height -= height.min()
    if draw(st.booleans()):
        height = np.round(height)  # quantised terrain has ties
    clutter = draw(st.sampled_from([0.0, 10.0, 30.0])) * rng.random(n_point).round()
    runs = rng.choice([1, 3, 4], size=draw(st.integers(1, 5)))
    zone = runs[(np.arange(n_point) * runs.size) // n_point]
    return PathProfile(distance, height, clutter, zone)


link_settings = st.builds(
    PathSetting,
    frequency_ghz=st.floats(0.03, 6.0),
    p_time_percent=st.sampled_from([1.0, 3.0, 10.0, 35.0, 50.0]),
    p_location_percent=st.sampled_from([1.0, 50.0, 95.0]),
    sigma_db=st.sampled_from([0.0, 5.5]),
    tx_height_agl_m=st.sampled_from([5.0, 60.0, 300.0, 1500.0]),
    rx_height_agl_m=st.sampled_from([1.5, 10.0, 200.0]),
    tx_lat_deg=st.floats(-75.0, 75.0),
    tx_lon_deg=st.just(105.0),
    rx_lat_deg=st.floats(-75.0, 75.0),
    rx_lon_deg=st.just(106.0),
    delta_n=st.floats(20.0, 90.0),
    n0=st.floats(250.0, 400.0),
    polarisation=st.sampled_from(["horizontal", "vertical"]),
)


def plain(profile: PathProfile, setting: PathSetting, phi: float) -> dict[str, float]:
    return dict(
        naive.predict(
            profile.distance_km.copy(),
            profile.height_m.copy(),
            profile.clutter_m.copy(),
            profile.zone.astype(int),
            f=setting.frequency_ghz,
            p=setting.p_time_percent,
            p_location=setting.p_location_percent,
            sigma=setting.sigma_db or 0.0,
            htg=setting.tx_height_agl_m,
            hrg=setting.rx_height_agl_m,
            phi=phi,
            delta_n=setting.delta_n,
            n0=setting.n0,
            pol=2 if setting.polarisation == "vertical" else 1,
        )
    )


@SLOW
@given(profile=profiles(), setting=link_settings)
def test_kernels_and_plain_version_agree(profile: PathProfile, setting: PathSetting) -> None:
    prediction = predict_path(profile, setting)
    row = prediction.as_row()
    expected = plain(profile, setting, prediction.centre_lat_deg)
    if abs(row["dlt_km"] - expected["dlt_km"]) > 1e-9 or (
        abs(row["dlr_km"] - expected["dlr_km"]) > 1e-9
    ):
        # Only ever a tie broken by rounding: the angles agree all the same.
        assert row["theta_t_mrad"] == pytest.approx(expected["theta_t_mrad"], abs=1e-9)
        assert row["theta_r_mrad"] == pytest.approx(expected["theta_r_mrad"], abs=1e-9)
        return
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-7), name


def test_kernels_and_plain_version_agree_on_realistic_paths() -> None:
    """Without exception on paths as terrain gives them."""
    rng = np.random.default_rng(20)
    for _ in range(100):
        n_point = int(rng.integers(50, 800))
        distance = np.linspace(0.0, rng.uniform(2.0, 250.0), n_point)
        height = np.maximum(0.0, 200.0 * rng.standard_normal(n_point).cumsum() / n_point**0.5)
        clutter = rng.choice([0.0, 10.0, 15.0], n_point)
        profile = PathProfile(distance, height, clutter, np.where(height == 0.0, 1, 4))
        setting = PathSetting(
            frequency_ghz=rng.uniform(0.2, 0.9),
            p_time_percent=rng.choice([1.0, 10.0, 50.0]),
            tx_height_agl_m=rng.uniform(20.0, 400.0),
            rx_height_agl_m=10.0,
            tx_lat_deg=10.0,
            tx_lon_deg=105.0,
            rx_lat_deg=11.0,
            rx_lon_deg=105.5,
            delta_n=53.5,
            n0=381.0,
        )
        prediction = predict_path(profile, setting)
        row = prediction.as_row()
        for name, value in plain(profile, setting, prediction.centre_lat_deg).items():
            assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


@SLOW
@given(profile=profiles(), setting=link_settings)
def test_prediction_is_finite(profile: PathProfile, setting: PathSetting) -> None:
    row = predict_path(profile, setting).as_row()
    assert np.isfinite(list(row.values())).all()
    assert row["Lb_dB"] >= row["Lb0p_dB"]


@SLOW
@given(profile=profiles(), setting=link_settings)
def test_more_locations_need_more_loss(profile: PathProfile, setting: PathSetting) -> None:
    few, half, many = predict_each(
        profile, [replace(setting, p_location_percent=p) for p in (10.0, 50.0, 90.0)]
    )
    assert few.loss_db <= half.loss_db <= many.loss_db
    assert half.loss_db == pytest.approx(half.loss_median_db, abs=1e-7)


@SLOW
@given(profile=profiles(), setting=link_settings)
def test_loss_is_the_same_both_ways(profile: PathProfile, setting: PathSetting) -> None:
    """Reciprocity, at 50 % of locations (variability belongs to the receiver's end)."""
    ahead = replace(setting, p_location_percent=50.0, tx_lat_deg=10.0, rx_lat_deg=10.0)
    back = replace(
        ahead, tx_height_agl_m=ahead.rx_height_agl_m, rx_height_agl_m=ahead.tx_height_agl_m
    )
    mirrored = PathProfile(
        profile.distance_km[-1] - profile.distance_km[::-1],
        profile.height_m[::-1],
        profile.clutter_m[::-1],
        profile.zone[::-1],
    )
    there, here = predict_path(profile, ahead), predict_path(mirrored, back)
    g, m = there.geometry, here.geometry
    if abs(g.dlt_km - m.dlr_km) > 1e-9 or abs(g.dlr_km - m.dlt_km) > 1e-9:
        # Equal obstacles: (80), (83) mirror each other, the line-of-sight rule (last) does not.
        assert not g.is_trans_horizon or g.theta_mrad == pytest.approx(m.theta_mrad, abs=1e-9)
        return
    assert there.loss_median_db == pytest.approx(here.loss_median_db, abs=1e-6)


@pytest.mark.parametrize("zone", [1, 3, 4])
def test_loss_grows_with_distance_over_smooth_earth(zone: int) -> None:
    """At half the time. For less, the model itself steps down where the horizon is passed.

    There the weight Fj moves from diffraction to ducting within a kilometre or two.
    """
    setting = PathSetting(
        frequency_ghz=0.6,
        p_time_percent=50.0,
        tx_height_agl_m=150.0,
        rx_height_agl_m=10.0,
        tx_lat_deg=10.0,
        tx_lon_deg=105.0,
        rx_lat_deg=10.0,
        rx_lon_deg=106.0,
        delta_n=53.5,
        n0=381.0,
    )
    loss_db = []
    for length_km in range(2, 200, 3):
        distance = np.linspace(0.0, length_km, 10 * length_km + 1)
        flat = PathProfile(distance, np.zeros(distance.size), zone=zone)
        loss_db.append(predict_path(flat, setting).loss_db)
    assert (np.diff(loss_db) > 0.0).all()


@SLOW
@given(profile=profiles(), setting=link_settings, f_ghz=st.floats(0.03, 6.0))
def test_geometry_does_not_depend_on_the_signal(
    profile: PathProfile, setting: PathSetting, f_ghz: float
) -> None:
    other = replace(setting, frequency_ghz=f_ghz, p_time_percent=20.0, polarisation="horizontal")
    shared = predict_each(profile, [setting, other])
    assert shared[0].geometry == shared[1].geometry
    assert shared == [predict_path(profile, setting), predict_path(profile, other)]
