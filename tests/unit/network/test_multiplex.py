"""Service with all stations on air: against the link budget, Monte Carlo, and common sense."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtr

from dtt_sim.network import multiplex
from dtt_sim.network.discrimination import (
    OMNIDIRECTIONAL,
    Discrimination,
    discrimination_db,
    discrimination_of_band,
)
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.evaluate import CAUSES, INTERFERENCE, NO_DATA, NOISE, SELF_INTERFERENCE, SERVED
from dtt_sim.network.lognormal import draw_shadowing
from dtt_sim.network.multiplex import (
    Group,
    Interferer,
    MultiplexLayers,
    StationFields,
    evaluate_multiplex,
)
from dtt_sim.network.reception import Reception, link_budget
from dtt_sim.network.sfn import SfnReceiver, window_of
from dtt_sim.units import SPEED_OF_LIGHT_KM_PER_US

MODE = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
WINDOW = window_of(MODE)
BUDGET = link_budget(MODE, Reception("fixed"), 570.0)
ROOFTOP, _ = discrimination_of_band("IV")
US = SPEED_OF_LIGHT_KM_PER_US
F32 = NDArray[np.float32]


def station(
    wanted: object, *, delay_us: float = 0.0, arrival_us: object = 0.0, late: float = 0.0,
    lat: float = 10.0, lon: float = 105.0, name: str = "A", is_vertical: bool = False,
) -> StationFields:  # fmt: skip
    """A station with fields along one row of cells, and arrival times instead of distances."""
    e = np.atleast_2d(np.asarray(wanted, np.float32))
    distance = np.broadcast_to(np.asarray(arrival_us, np.float32) * US, e.shape)
    return StationFields(
        name, lat, lon, e, e + np.float32(late), np.ascontiguousarray(distance, np.float32),
        delay_us, is_vertical,
    )  # fmt: skip


def evaluate(
    stations: list[StationFields],
    groups: list[Group] | None = None,
    *,
    at: tuple[float, float] = (105.5, 10.0),
    antenna: Discrimination = OMNIDIRECTIONAL,
    **receiver: object,
) -> MultiplexLayers:
    shape = stations[0].wanted_dbuv_m.shape
    lonlat = np.full(shape, at[0]), np.full(shape, at[1])
    groups = groups or [Group(tuple(range(len(stations))), BUDGET)]
    return evaluate_multiplex(
        stations, groups, lonlat, window=WINDOW, antenna=antenna,
        receiver=SfnReceiver(**receiver),  # type: ignore[arg-type]
    )  # fmt: skip


def network(seed: int, n_station: int, n_cell: int) -> list[StationFields]:
    rng = np.random.default_rng(seed)
    return [
        station(
            rng.uniform(30.0, 75.0, n_cell), arrival_us=rng.uniform(0.0, 900.0, n_cell),
            late=float(rng.uniform(0.0, 12.0)), lat=rng.uniform(9.0, 11.0),
            lon=rng.uniform(104.0, 106.0), name=f"S{k}",
        )
        for k in range(n_station)
    ]  # fmt: skip


def test_without_interference_it_is_the_link_budget() -> None:
    """One station in a group, nobody else: what the multi-frequency combination says."""
    stations = network(1, 6, 500)
    for s in stations[:2]:
        s.wanted_dbuv_m[0, :50] = np.nan
    groups = [Group((k,), BUDGET) for k in range(6)]
    layers = evaluate(stations, groups, antenna=ROOFTOP)
    # As float64, first for the station with the largest field.
    e = np.stack([s.wanted_dbuv_m for s in stations]).astype(float)
    known = ~np.isnan(e).all(axis=0)
    best = np.where(np.isnan(e), -np.inf, e).argmax(axis=0)
    most = np.take_along_axis(e, best[None], axis=0)[0]
    np.testing.assert_allclose(
        layers.probability, ndtr((most - BUDGET.e_median_dbuv_m) / BUDGET.sigma_db), atol=1e-6
    )
    np.testing.assert_allclose(layers.margin_db, most - BUDGET.e_med_dbuv_m(95.0), atol=1e-4)
    np.testing.assert_array_equal(layers.best_server[known], best[known])
    np.testing.assert_array_equal(layers.served_good, most >= BUDGET.e_med_dbuv_m(95.0))
    np.testing.assert_array_equal(layers.served_acceptable, most >= BUDGET.e_med_dbuv_m(70.0))
    assert (layers.gain_db == 0.0).all()


def test_without_spread_service_is_yes_or_no() -> None:
    sharp = link_budget(MODE, Reception(location_sigma_db=0.0), 570.0)
    needed = float(sharp.e_min_dbuv_m)
    layers = evaluate([station([needed + 0.01, needed - 0.01, math.nan])], [Group((0,), sharp)])
    np.testing.assert_array_equal(layers.probability, [[1.0, 0.0, math.nan]])
    assert layers.served_good.tolist() == [[True, False, False]]
    assert layers.best_server.tolist() == [[0, 0, -1]]


def test_stations_do_not_back_each_other_up_in_a_multi_frequency_network() -> None:
    """An aerial points one way; of two the one with the lower requirement serves."""
    higher = link_budget(MODE, Reception("fixed"), 690.0)
    assert higher.e_median_dbuv_m > BUDGET.e_median_dbuv_m
    half = float(BUDGET.e_median_dbuv_m)
    stations = [station(half), station(half, name="B")]
    layers = evaluate(stations, [Group((0,), higher), Group((1,), BUDGET)])
    assert layers.probability[0, 0] == pytest.approx(0.5, abs=1e-6)
    assert layers.best_server.tolist() == [[1]]


def test_stations_of_certain_service_are_still_told_apart() -> None:
    """Where both probabilities round to one."""
    stations = [station(130.0), station(140.0, name="B")]
    layers = evaluate(stations, [Group((0,), BUDGET), Group((1,), BUDGET)])
    assert layers.probability[0, 0] == 1.0
    assert layers.best_server[0, 0] == 1


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_probability_agrees_with_monte_carlo(correlation: float) -> None:
    """Window by the medians, all fields drawn: C and I of different stations, noise beside them."""
    n_sample = 40_000
    stations = network(5, 6, 12)
    layers = evaluate(
        stations, correlation=correlation, interference_time="wanted", strategy="strongest"
    )
    level = np.stack([s.wanted_dbuv_m[0] for s in stations]).astype(float)
    time = np.stack([s.distance_km[0] for s in stations]).astype(float) / US
    noise = 10.0 ** ((BUDGET.e_median_dbuv_m - BUDGET.cn_db) / 10.0)
    for cell in range(12):
        start = time[level[:, cell].argmax(), cell]
        w = np.array([multiplex_weight(t - start) for t in time[:, cell]])
        # Shadowing of the useful and the useless part of a signal: as of two sites.
        shadow = draw_shadowing(12, correlation, n_sample=n_sample, seed=cell)
        field = 10.0 ** ((level[:, cell] + 5.5 * shadow[:, :6]) / 10.0)
        other = 10.0 ** ((level[:, cell] + 5.5 * shadow[:, 6:]) / 10.0)
        ratio = (field * w).sum(axis=1) / (noise + (other * (1.0 - w)).sum(axis=1))
        found = (10.0 * np.log10(ratio) >= BUDGET.cn_db).mean()
        assert layers.probability[0, cell] == pytest.approx(found, abs=0.03)


def multiplex_weight(delta_us: float) -> float:
    from dtt_sim.network.sfn import weight

    return weight(delta_us, WINDOW)


def test_causes_and_culprits() -> None:
    need = BUDGET.e_median_dbuv_m
    nan = math.nan
    stations = [
        station([need + 20, need + 5, nan, need + 20, need + 20], name="wanted"),
        station([need - 90, need - 90, nan, need + 10, need - 90], arrival_us=1500.0, name="echo"),
        station([need - 90, need - 90, need, need - 90, need + 12], name="stranger"),
    ]
    group = Group((0, 1), BUDGET, (Interferer(2, BUDGET.cn_db),))
    layers = evaluate(stations, [group])
    assert layers.cause[0].tolist() == [SERVED, NOISE, NO_DATA, SELF_INTERFERENCE, INTERFERENCE]
    assert layers.culprit[0].tolist() == [-1, -1, -1, 1, 2]
    assert [CAUSES[c] for c in layers.cause[0][:3]] == ["served", "noise", "no data"]
    assert np.isnan(layers.probability[0, 2])


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stations = network(2, 5, 700)
    group = Group((0, 1, 2), BUDGET, (Interferer(3, 16.9), Interferer(4, -30.0)))
    whole = evaluate(stations, [group], antenna=ROOFTOP)
    monkeypatch.setattr(multiplex, "BLOCK_CELLS", 97)
    monkeypatch.setattr(multiplex, "LEAST_CELLS", 1)
    parts = evaluate(stations, [group], antenna=ROOFTOP)
    for field in dataclasses.fields(whole):
        np.testing.assert_array_equal(getattr(parts, field.name), getattr(whole, field.name))


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10_000), st.floats(-60.0, 25.0), st.sampled_from(["power_sum", "schwartz_yeh"])
)
def test_an_interferer_never_helps(seed: int, ratio_db: float, summation: str) -> None:
    stations = network(seed, 4, 30)
    without = evaluate(stations, [Group((0, 1, 2), BUDGET)], summation=summation)
    with_it = evaluate(
        stations, [Group((0, 1, 2), BUDGET, (Interferer(3, ratio_db),))], summation=summation
    )
    # A further interferer narrows the spread of what disturbs. Of 45 000 cells none gained 0.0012.
    slack = 0.0 if summation == "power_sum" else 0.005
    assert (with_it.unwanted_db >= without.unwanted_db - 1e-5).all()
    served = without.probability >= 0.5  # a wider spread lifts what is below one half
    assert (with_it.probability <= without.probability + slack)[served].all()


def test_an_in_guard_transmitter_adds_to_the_wanted_sum() -> None:
    rng = np.random.default_rng(8)
    level = rng.uniform(40.0, 70.0, (4, 200))
    for summation in ("power_sum", "schwartz_yeh"):
        before = np.full(200, -np.inf)
        for n in (1, 2, 3, 4):
            stations = [station(level[k], arrival_us=100.0 * k, name=str(k)) for k in range(n)]
            layers = evaluate(stations, summation=summation)
            assert (layers.wanted_db[0] >= before - 1e-4).all()
            before = layers.wanted_db[0]


def test_far_apart_they_do_not_interact() -> None:
    stations = [station([60.0, -120.0], name="A"), station([-120.0, 60.0], name="B")]
    both = evaluate(stations)
    alone = [evaluate([s]) for s in stations]
    assert both.probability[0, 0] == pytest.approx(alone[0].probability[0, 0], abs=1e-6)
    assert both.probability[0, 1] == pytest.approx(alone[1].probability[0, 1], abs=1e-6)
    assert both.best_server[0].tolist() == [0, 1]


def test_network_gain_of_two_equal_stations() -> None:
    """6.61 dB at 95 % of locations, from the true quantiles; Schwartz and Yeh's moments say 6.5."""
    layers = evaluate([station(50.0), station(50.0, arrival_us=10.0, name="B")])
    assert layers.gain_db[0, 0] == pytest.approx(6.61, abs=0.15)
    correlated = evaluate(
        [station(50.0), station(50.0, arrival_us=10.0, name="B")], correlation=0.5
    )
    assert correlated.gain_db[0, 0] == pytest.approx(4.85, abs=0.1)


def test_a_delay_brings_an_echo_into_the_guard_interval() -> None:
    near, far = station(60.0, name="near"), station(58.0, arrival_us=900.0, name="far")
    late = evaluate([near, far], strategy="strongest")
    assert late.cause[0, 0] == SELF_INTERFERENCE
    in_time = evaluate([dataclasses.replace(near, delay_us=700.0), far], strategy="strongest")
    assert in_time.cause[0, 0] == SERVED


def test_a_signal_below_noise_does_not_move_the_window() -> None:
    """It arrives first; with the window on it a late echo falls out of what helps."""
    noise = BUDGET.e_median_dbuv_m - BUDGET.cn_db
    main = station(62.0, arrival_us=40.0, name="main")
    late = station(45.0, arrival_us=500.0, name="late")
    for weak_db, cause in ((noise - 1.0, SERVED), (noise + 1.0, SELF_INTERFERENCE)):
        found = evaluate(
            [station(weak_db, name="weak"), main, late],
            strategy="first_above_threshold", threshold_below_strongest_db=60.0,
        )  # fmt: skip
        assert found.cause[0, 0] == cause


def test_the_antenna_points_where_reception_is_best() -> None:
    """A strong site with an interferer behind it, and a weaker one elsewhere."""
    east, north = (105.9, 10.0), (105.5, 10.4)
    stations = [
        station(66.0, lon=east[0], lat=east[1], name="east"),
        station(62.0, lon=north[0], lat=north[1], name="north"),
        station(60.0, lon=106.5, lat=10.0, name="stranger"),
    ]
    group = Group((0, 1), BUDGET, (Interferer(2, BUDGET.cn_db),))
    strongest = evaluate(stations, [group], antenna=ROOFTOP)
    best = evaluate(stations, [group], antenna=ROOFTOP, aim="best")
    assert strongest.best_server[0, 0] == 0
    assert best.best_server[0, 0] == 1
    assert best.probability[0, 0] > strongest.probability[0, 0]


def test_other_polarisation_is_rejected_at_any_angle() -> None:
    stations = [station(60.0), station(60.0, name="B", is_vertical=True)]
    group = Group((0,), BUDGET, (Interferer(1, BUDGET.cn_db),))
    layers = evaluate(stations, [group], antenna=ROOFTOP)
    assert layers.unwanted_db[0, 0] > 40.0
    same = [stations[0], dataclasses.replace(stations[1], is_vertical=False)]
    assert evaluate(same, [group], antenna=ROOFTOP).probability < layers.probability


def test_discrimination_of_the_recommendation() -> None:
    for band, points in (
        ("I", ((50, 0), (60, 3), (70, 6), (180, 6))),
        ("III", ((27, 0), (43.5, 6), (60, 12), (-90, 12))),
        ("IV", ((20, 0), (40, 8), (60, 16), (200, 16), (350, 0))),
        ("V", ((-20, 0), (-40, 8), (340, 0))),
    ):
        antenna, _ = discrimination_of_band(band)
        for angle, expected in points:
            assert discrimination_db(float(angle), False, antenna) == pytest.approx(expected)
        assert discrimination_db(0.0, True, antenna) == 16.0
    with pytest.raises(ValueError, match="use I, II, III, IV, V"):
        discrimination_of_band("VI")


def test_what_cannot_be_evaluated_is_refused() -> None:
    one, other = station(60.0), station([60.0, 50.0], name="B")
    with pytest.raises(ValueError, match="at least one group"):
        evaluate([one], [Group((), BUDGET)])
    with pytest.raises(ValueError, match="use one grid"):
        evaluate([one, other])
    with pytest.raises(ValueError, match="names station 3 of 1"):
        evaluate([one], [Group((3,), BUDGET)])
    with pytest.raises(ValueError, match="is wanted and disturbs"):
        evaluate([one], [Group((0,), BUDGET, (Interferer(0, 16.9),))])
    with pytest.raises(ValueError, match="B has no protection ratio"):
        evaluate([one, station(50.0, name="B")], [Group((0,), BUDGET, (Interferer(1, math.nan),))])
    with pytest.raises(ValueError, match="give microseconds"):
        station(60.0, delay_us=math.inf)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.booleans())
def test_looking_at_served_cells_only_changes_none(seed: int, is_sfn: bool) -> None:
    rng = np.random.default_rng(seed)
    stations = network(seed, 5, 60)
    others = (Interferer(3, float(rng.uniform(-30.0, 17.0))), Interferer(4, 5.0))
    groups = (
        [Group((0, 1, 2), BUDGET, others)] if is_sfn
        else [Group((k,), BUDGET, others) for k in range(3)]
    )  # fmt: skip
    whole = evaluate(stations, groups)
    where = (np.full(whole.cause.shape, 105.0), np.full(whole.cause.shape, 10.0))
    part = evaluate_multiplex(stations, groups, where, window=window_of(MODE), served_only=True)
    np.testing.assert_array_equal(part.served_good, whole.served_good)
    np.testing.assert_array_equal(part.served_acceptable, whole.served_acceptable)
    is_served = whole.served_acceptable
    np.testing.assert_array_equal(part.best_server[is_served], whole.best_server[is_served])
    assert is_served.any()
