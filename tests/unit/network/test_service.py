"""Who is served, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.special import ndtr

from dtt_sim.network import service
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.reception import Reception, link_budget
from dtt_sim.network.service import (
    NO_SERVER,
    Combine,
    best_server,
    combine_mfn,
    location_probability,
    margin_db,
)
from dtt_sim.typing import Float32Array

MODE = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
BUDGET = link_budget(MODE, Reception(), 570.0)
HIGHER = link_budget(MODE, Reception(), 690.0)


def test_location_probability() -> None:
    e = np.array([50.0, 55.5, np.nan, -np.inf, 300.0], np.float32)
    p = location_probability(e, 50.0, 5.5)
    assert p.dtype == np.float32
    assert p[0] == 0.5
    assert p[1] == pytest.approx(0.8413447, abs=1e-6)
    assert np.isnan(p[2])
    assert p[3:].tolist() == [0.0, 1.0]


def test_without_spread_it_is_a_step() -> None:
    e = np.array([49.9, 50.0, np.nan], np.float32)
    assert np.array_equal(location_probability(e, 50.0, 0.0), [0.0, 1.0, np.nan], equal_nan=True)
    mixed = location_probability(50.0, [49.0, 49.0, 49.0], [0.0, 1.0, np.nan])
    assert mixed[0] == 1.0
    assert mixed[1] == pytest.approx(ndtr(1.0))
    assert np.isnan(mixed[2])


def test_negative_spread_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sigma_db = -1\.0 is negative; give 0 or more"):
        location_probability(50.0, 50.0, [1.0, -1.0])


def test_margin() -> None:
    e = np.array([[60.0, np.nan]], np.float32)
    margin = margin_db(e, BUDGET.e_med_dbuv_m(95.0))
    assert margin.dtype == np.float32
    assert margin[0, 0] == pytest.approx(60.0 - 49.971, abs=1e-3)
    assert np.isnan(margin[0, 1])


def test_best_server() -> None:
    nan = np.nan
    stack = np.array([[0.2, nan, nan, 0.5, -np.inf], [0.3, nan, 0.0, 0.5, nan]], np.float32)
    assert best_server(stack).tolist() == [1, NO_SERVER, 1, 0, 0]
    assert best_server(stack[::-1]).tolist() == [0, NO_SERVER, 0, 0, 1]
    assert best_server(stack).dtype == np.int16


def test_combination_on_the_best_server() -> None:
    need = BUDGET.e_med_dbuv_m(95.0)
    e = np.array([[[need + 1, np.nan, need - 30]], [[need - 1, np.nan, need - 5]]], np.float32)
    layers = combine_mfn(e, [BUDGET, BUDGET])
    assert layers.best_server.tolist() == [[0, NO_SERVER, 1]]
    assert layers.served_good.tolist() == [[True, False, False]]
    assert layers.served_acceptable.tolist() == [[True, False, True]]
    assert layers.margin_db[0, 0] == pytest.approx(1.0, abs=1e-4)
    assert np.isnan(layers.margin_db[0, 1])
    assert np.isnan(layers.probability[0, 1])
    expected = ndtr((need + 1.0 - BUDGET.e_median_dbuv_m) / 5.5)
    assert layers.probability[0, 0] == pytest.approx(expected, abs=1e-6)


def test_two_stations_do_not_back_each_other_up() -> None:
    e = np.full((2, 1, 1), BUDGET.e_median_dbuv_m, np.float64)
    assert combine_mfn(e, [BUDGET, BUDGET]).probability[0, 0] == 0.5


def test_the_station_with_the_lower_requirement_wins_a_tie_in_field() -> None:
    assert HIGHER.e_median_dbuv_m > BUDGET.e_median_dbuv_m
    layers = combine_mfn(np.full((2, 1, 1), 45.0, np.float32), [HIGHER, BUDGET])
    assert layers.best_server.tolist() == [[1]]


def test_stations_of_certain_service_are_still_told_apart() -> None:
    """Where both probabilities round to one."""
    layers = combine_mfn(np.array([[[130.0]], [[140.0]]]), [BUDGET, BUDGET])
    assert layers.probability[0, 0] == 1.0
    assert layers.best_server[0, 0] == 1


def test_exactly_the_needed_field_is_served() -> None:
    for percent in (70.0, 95.0):
        e = np.array([[[BUDGET.e_med_dbuv_m(percent)]]])
        layers = combine_mfn(
            e, [BUDGET], acceptable_location_percent=percent, good_location_percent=99.0
        )
        below = combine_mfn(
            e - 1e-6, [BUDGET], acceptable_location_percent=percent, good_location_percent=99.0
        )
        assert layers.served_acceptable.all()
        assert not below.served_acceptable.any()
        assert not layers.served_good.any()


def test_without_spread_service_is_yes_or_no() -> None:
    sharp = link_budget(MODE, Reception(location_sigma_db=0.0), 570.0)
    e = np.array([[[sharp.e_min_dbuv_m, sharp.e_min_dbuv_m - 0.1, np.nan]]])
    layers = combine_mfn(e, [sharp])
    assert layers.probability[0, :2].tolist() == [1.0, 0.0]
    assert layers.served_good.tolist() == [[True, False, False]]
    assert layers.best_server.tolist() == [[0, 0, NO_SERVER]]


def test_blocks_and_laziness_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    e = rng.normal(48.0, 10.0, (3, 17, 11)).astype(np.float32)
    e[rng.random(e.shape) < 0.3] = np.nan
    budgets = [BUDGET, HIGHER, BUDGET]
    whole = combine_mfn(e, budgets)
    monkeypatch.setattr(service, "BLOCK_CELLS", 30)

    def one_by_one() -> Iterator[Float32Array]:
        yield from e

    parts = combine_mfn(one_by_one(), budgets)
    for name in ("probability", "margin_db", "best_server", "served_acceptable", "served_good"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name), equal_nan=True)


def test_what_does_not_fit_together() -> None:
    e = np.zeros((2, 2, 2), np.float32)
    for fields, budgets, expected in (
        (e, [], "no transmitter to combine"),
        (e, [BUDGET], "2 or more fields and 1 link budgets"),
        (e, [BUDGET] * 3, "2 fields and 3 link budgets"),
        ([e[0], e[0, :1]], [BUDGET] * 2, r"field 1 is \(1, 2\), the first is \(2, 2\)"),
    ):
        with pytest.raises(ValueError, match=expected):
            combine_mfn(fields, budgets)


def test_it_is_one_of_several_ways_to_combine() -> None:
    combine: Combine = combine_mfn
    assert combine(np.full((1, 1, 1), 60.0), [BUDGET]).served_good.all()
