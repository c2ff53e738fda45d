"""One aerial for all services, and one aimed for each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtt_sim.network import household as module
from dtt_sim.network.discrimination import OMNIDIRECTIONAL, Discrimination, discrimination_of_band
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.household import Household, OnAir, receive_programmes
from dtt_sim.network.multiplex import Group, Interferer, StationFields
from dtt_sim.network.reception import Reception, link_budget
from dtt_sim.network.setting import Setting, layers_of
from dtt_sim.network.sfn import SfnReceiver, window_of

MODE = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
BUDGET = link_budget(MODE, Reception("fixed"), 570.0)
ROOFTOP = discrimination_of_band("IV")[0]
SOUTH = (np.full((1, 3), 105.0), np.full((1, 3), 10.0))
"""Three cells at one place: what differs is the field that a test gives them."""


def station(
    name: str, fields: list[float], *, lat: float = 11.0, lon: float = 105.0, vertical: bool = False
) -> StationFields:
    values = np.array([fields], np.float32)
    return StationFields(
        name, lat, lon, values, values + np.float32(6.0), np.full_like(values, 40.0),
        is_vertical=vertical,
    )  # fmt: skip


def service(
    stations: list[StationFields], groups: list[Group], programmes: tuple[str, ...],
    lonlat: tuple[np.ndarray, np.ndarray] = SOUTH, antenna: Discrimination = ROOFTOP,
) -> OnAir:  # fmt: skip
    setting = (Setting(tuple(groups), window_of(MODE), SfnReceiver(), antenna),)
    return OnAir(programmes, setting, layers_of(setting, stations, lonlat))


STRONG = BUDGET.e_med_dbuv_m(95.0) + 3.0
WEAK = BUDGET.e_med_dbuv_m(95.0) - 3.0  # acceptable, and gone behind the aerial's back
GONE = 0.0


def two_sides(antenna: Discrimination = ROOFTOP) -> Household:
    """Services A and B from the north, C from the south; from cell to cell other fields."""
    stations = [
        station("a", [STRONG, STRONG, GONE]),
        station("b", [STRONG, WEAK, GONE]),
        station("c", [STRONG, STRONG + 4.0, GONE], lat=9.0),
    ]
    services = {
        name: service(stations, [Group((k,), BUDGET)], programmes, antenna=antenna)
        for k, (name, programmes) in enumerate(
            (("A", ("one", "two")), ("B", ("three",)), ("C", ("two", "four")))
        )
    }
    return receive_programmes(stations, services, SOUTH)


def test_the_aerial_turns_to_most_programmes() -> None:
    found = two_sides()
    assert found.programmes == ("one", "two", "three", "four")
    # North brings three programmes, the south two; in the second cell two good ones each, but the
    # north has a third one that is acceptable.
    assert found.aim.tolist() == [[0, 0, -1]]
    assert found.one.programmes_good[:, 0].T.tolist() == [
        [True, True, True, False], [True, True, False, False], [False] * 4,
    ]  # fmt: skip
    assert found.one.programmes_acceptable[:, 0, 1].tolist() == [True, True, True, False]
    assert found.one.services_good[:, 0, 0].tolist() == [True, True, False]
    assert found.afresh.programmes_good[:, 0].T.tolist() == [
        [True, True, True, True], [True, True, False, True], [False] * 4,
    ]  # fmt: skip


def test_an_aerial_without_direction_receives_all() -> None:
    found = two_sides(OMNIDIRECTIONAL)
    np.testing.assert_array_equal(found.one.programmes_good, found.afresh.programmes_good)
    np.testing.assert_array_equal(found.one.services_acceptable, found.afresh.services_acceptable)
    assert found.aim[0, 2] == -1


def test_polarisation_is_one_as_well() -> None:
    stations = [
        station("h", [STRONG] * 3), station("v", [STRONG] * 3, vertical=True),
        station("w", [STRONG] * 3, vertical=True),
    ]  # fmt: skip
    services = {
        s.name: service(stations, [Group((k,), BUDGET)], (s.name,)) for k, s in enumerate(stations)
    }
    found = receive_programmes(stations, services, SOUTH)
    assert (found.aim == 1).all()
    assert found.one.programmes_good[:, 0, 0].tolist() == [False, True, True]
    assert found.afresh.programmes_good.all()


def test_no_service() -> None:
    with pytest.raises(ValueError, match="no service"):
        receive_programmes([station("a", [1.0] * 3)], {}, SOUTH)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 4), st.booleans())
def test_no_direction_brings_more(seed: int, n_service: int, block: bool) -> None:
    """Against every direction tried in turn, on random stations; blocks change nothing."""
    rng = np.random.default_rng(seed)
    n_cell, n_station = 12, 5
    lonlat = (rng.uniform(104.5, 105.5, (1, n_cell)), rng.uniform(9.5, 10.5, (1, n_cell)))
    stations = [
        StationFields(
            f"s{k}", float(rng.uniform(9.0, 11.0)), float(rng.uniform(104.0, 106.0)),
            level := rng.uniform(BUDGET.e_median_dbuv_m - 9.0, STRONG + 12.0, (1, n_cell)).astype(
                np.float32
            ),
            level + np.float32(rng.uniform(0.0, 8.0)), np.full((1, n_cell), 30.0, np.float32),
            is_vertical=bool(rng.random() < 0.2),
        )
        for k in range(n_station)
    ]  # fmt: skip
    services = {}
    for k in range(n_service):
        members = tuple(int(s) for s in rng.permutation(n_station)[: rng.integers(1, 4)])
        others = tuple(
            Interferer(s, float(rng.uniform(-40.0, 17.0)))
            for s in range(n_station) if s not in members and rng.random() < 0.5
        )  # fmt: skip
        is_sfn = rng.random() < 0.5
        groups = [Group(members, BUDGET, others)] if is_sfn else [
            Group((s,), BUDGET, others) for s in members
        ]  # fmt: skip
        names = tuple(f"p{j}" for j in range(5) if rng.random() < 0.5)
        services[f"m{k}"] = service(stations, groups, names, lonlat)
    module.BLOCK_CELLS, before = (5 if block else 1 << 17), module.BLOCK_CELLS
    try:
        found = receive_programmes(stations, services, lonlat)
    finally:
        module.BLOCK_CELLS = before
    n_programme = len(found.programmes)

    def score(good: np.ndarray, acceptable: np.ndarray) -> np.ndarray:
        return good.sum(axis=0) * (n_programme + 1) + acceptable.sum(axis=0)

    got = score(found.one.programmes_good[:, 0], found.one.programmes_acceptable[:, 0])
    most = score(found.afresh.programmes_good[:, 0], found.afresh.programmes_acceptable[:, 0])
    assert (got <= most).all()
    best = np.zeros(n_cell, np.int64)
    for s in range(n_station):
        # Directions are those of best stations of services that are received.
        is_there = np.any([
            (one.afresh.best_server[0] == s) & one.afresh.served_acceptable[0]
            for one in services.values()
        ], axis=0)  # fmt: skip
        aim = np.full((1, n_cell), s, np.int16)
        good = np.zeros((n_programme, n_cell), np.bool_)
        fair = np.zeros((n_programme, n_cell), np.bool_)
        for one in services.values():
            layers = layers_of(one.settings, stations, lonlat, aim)
            for p, name in enumerate(found.programmes):
                if name in one.programmes:
                    good[p] |= layers.served_good[0] & one.afresh.served_good[0]
                    fair[p] |= layers.served_acceptable[0] & one.afresh.served_acceptable[0]
        best = np.maximum(best, np.where(is_there, score(good, fair), 0))
        is_here = found.aim[0] == s
        np.testing.assert_array_equal(found.one.programmes_good[:, 0, is_here], good[:, is_here])
    np.testing.assert_array_equal(got, best)
