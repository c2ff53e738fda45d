"""Percentages of locations: the spread enters once, with the receiver's own share of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from naive import inverse_normal
from wedge_ground import (
    F64,
    Problem,
    Setting,
    cut_sector,
    make_raster,
    place_receivers,
    places,
    pose,
)

from terrain.ground import SEA

Q = 120
SIGMA_DB = (5.5, 3.0)
PERCENT = (50.0, 5.0, 95.0, 37.0)
ROUNDING_DB = 3.1e-5


def make_problem(*, sigma_falls: bool, hrg_m: float) -> Problem:
    """Half a coast, half land with clutter of 0 to 20 m; two emissions of their own spread."""
    rng = np.random.default_rng(3)
    raster = make_raster("coast", Q, 8, clutter=True)
    x, t = places(rng, Q, 3000)
    setting = Setting(
        hrg_m=hrg_m, f_ghz=(0.6, 0.2), polarisation=(1, 2), cell_m=300.0,
        p_time=(50.0,) * len(PERCENT), p_location=PERCENT, sigma_falls=sigma_falls,
    )  # fmt: skip
    receivers = place_receivers(raster, 3, x, t, setting.cell_m)
    problem = pose(cut_sector(raster, 3, Q), receivers, 3, Q, setting)
    return replace(problem, signals=problem.signals._replace(sigma_db=np.array(SIGMA_DB)))


def share_of(problem: Problem) -> F64:
    """Share of the spread that is left at every receiver."""
    share = np.ones(problem.wedge.size)
    if problem.signals.sigma_falls:
        over = problem.setup.hrg_m - problem.receivers.clutter_m.astype(float)
        share = np.clip(1.0 - over / 10.0, 0.0, 1.0)
    return np.where(problem.receivers.zone == SEA, 0.0, share)


@pytest.mark.parametrize("hrg_m", [1.5, 10.0, 18.0])
@pytest.mark.parametrize("sigma_falls", [False, True], ids=["fixed", "falls"])
def test_spread_over_locations(sigma_falls: bool, hrg_m: float) -> None:
    problem = make_problem(sigma_falls=sigma_falls, hrg_m=hrg_m)
    loss = problem.fast()[0].loss_db.astype(float)
    share = share_of(problem)
    for k, sigma in enumerate(SIGMA_DB):
        median, low, high, near = loss[k]
        added = {p: -inverse_normal(p / 100.0) * sigma * share for p in PERCENT}
        assert (low <= near).all()
        assert (near <= median).all()
        assert (median <= high).all()
        assert (high - median <= added[95.0] + ROUNDING_DB).all()
        # What one percentage shows of Lbc, the others must show too, or be cut at Lb0p.
        is_cut = median - low < -added[5.0] - ROUNDING_DB
        whole = ~is_cut
        assert whole.mean() > 0.5
        np.testing.assert_allclose(
            (high - median)[whole], added[95.0][whole], rtol=0, atol=ROUNDING_DB
        )
        np.testing.assert_allclose(
            (near - median)[whole], added[37.0][whole], rtol=0, atol=ROUNDING_DB
        )
    at_sea = problem.receivers.zone == SEA
    assert 0.1 < at_sea.mean() < 0.9
    np.testing.assert_array_equal(loss[:, :, at_sea], loss[:, :1][:, [0] * 4][:, :, at_sea])


def test_share_falls_with_the_height_over_the_clutter() -> None:
    """None from 10 m over the clutter on, all of it at the clutter's height and below."""
    problem = make_problem(sigma_falls=True, hrg_m=12.0)
    loss = problem.fast()[0].loss_db[0].astype(float)
    clutter, land = problem.receivers.clutter_m, problem.receivers.zone != SEA
    spread = loss[2] - loss[0]
    most = -inverse_normal(0.95) * SIGMA_DB[0]
    for height, share in ((0.0, 0.0), (3.5, 0.15), (10.0, 0.8), (15.0, 1.0), (20.0, 1.0)):
        chosen = land & (clutter == height)
        assert chosen.sum() > 20
        assert spread[chosen].max() == pytest.approx(share * most, abs=ROUNDING_DB)


@pytest.mark.parametrize("sigma_falls", [False, True], ids=["fixed", "falls"])
def test_spread_is_that_of_the_reference(sigma_falls: bool) -> None:
    problem = make_problem(sigma_falls=sigma_falls, hrg_m=7.0)
    everything = np.arange(problem.wedge.size)
    fast, slow = problem.fast()[0].loss_db, problem.reference(everything).loss_db
    spread = [(v[:, 1:] - v[:, :1]).astype(float) for v in (fast, slow)]
    assert np.abs(spread[0] - spread[1]).max() <= 2.0 * ROUNDING_DB


def test_a_percentage_of_fifty_adds_nothing() -> None:
    """Not even what the approximation of the normal distribution leaves at its middle."""
    problem = make_problem(sigma_falls=False, hrg_m=10.0)
    calm = replace(problem, signals=problem.signals._replace(sigma_db=np.zeros(2)))
    np.testing.assert_array_equal(problem.fast()[0].loss_db[:, 0], calm.fast()[0].loss_db[:, 0])
