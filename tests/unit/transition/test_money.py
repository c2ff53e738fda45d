"""Households, receivers, money, gates and fairness, by hand and as invariants."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtt_sim.transition.fairness import fairness_rows, percentile_of_units
from dtt_sim.transition.households import (
    GROUPS,
    HouseholdModel,
    Uptake,
    equipped_by_group,
    equipped_by_unit,
)
from dtt_sim.transition.needs import (
    OWN,
    RECEIVERS,
    Prices,
    Station,
    receiver_rows,
    satellite_rows,
    site_rows,
    totals,
)
from dtt_sim.transition.readiness import Gates, Measured, judge, may_go_ahead

PHASES = ("one", "two", "three")
DATES = (dt.date(2016, 1, 1), dt.date(2017, 1, 1), dt.date(2018, 1, 1))
UNITS = ("U", "V")
PRICES = Prices("VND", "USD", 22300.0, 824_000.0, 1_500_000.0,
                ((0.0, 1.5e9), (0.5, 6e9), (5.0, 15e9)), 8.0, 30.0)  # fmt: skip
MODEL = HouseholdModel(
    UNITS, np.array([4000.0, 1000.0]), np.array([4.0, 5.0]), np.array([0.5, 0.2]),
    np.array([0.1, 0.2]), np.array([0.1, 0.0]),
)  # fmt: skip


def test_households_by_hand() -> None:
    assert MODEL.households.tolist() == [1000.0, 200.0]
    assert MODEL.watching.tolist() == [500.0, 40.0]
    np.testing.assert_allclose(MODEL.group_shares, [[0.1, 0.2], [0.1, 0.0], [0.8, 0.8]])
    with pytest.raises(ValueError, match="V: shares of households"):
        HouseholdModel(UNITS, MODEL.persons, MODEL.persons_per_household, MODEL.terrestrial,
                       np.array([0.1, 0.9]), np.array([0.1, 0.2]))  # fmt: skip
    with pytest.raises(ValueError, match="U: persons_per_household"):
        HouseholdModel(UNITS, MODEL.persons, np.array([0.0, 5.0]), MODEL.terrestrial,
                       MODEL.poor, MODEL.near_poor)  # fmt: skip


def test_uptake_goes_through_its_two_points() -> None:
    uptake = Uptake(dt.date(2016, 1, 1), 0.15, 0.65, 24.0)
    found = uptake.share([dt.date(2015, 1, 1), dt.date(2016, 1, 1), dt.date(2018, 1, 1)])
    np.testing.assert_allclose(found, [0.15, 0.15, 0.65], atol=5e-4)
    # Half-way: of 85 % without, the square root of 35/85 are left.
    half = uptake.share([dt.date(2017, 1, 1)])[0]
    assert half == pytest.approx(1.0 - 0.85 * math.sqrt(0.35 / 0.85), abs=1e-3)
    assert uptake.share([dt.date(2018, 1, 1)], 0.18)[0] == pytest.approx(0.18, abs=5e-4)
    with pytest.raises(ValueError, match="give shares that rise"):
        Uptake(dt.date(2016, 1, 1), 0.7, 0.65, 24.0)


@given(st.floats(0.0, 0.9), st.floats(0.0, 0.99), st.floats(0.1, 100.0),
       st.lists(st.integers(0, 5000), min_size=2, max_size=6))  # fmt: skip
def test_uptake_never_falls(start: float, after: float, months: float, days: list[int]) -> None:
    uptake = Uptake(dt.date(2016, 1, 1), min(start, after), after, months)
    found = uptake.share([dt.date(2015, 6, 1) + dt.timedelta(days=d) for d in sorted(days)])
    assert (found >= 0.0).all()
    assert (found <= 1.0).all()
    assert (np.diff(found) >= -1e-12).all()


def test_receivers_by_hand() -> None:
    own = np.array([0.1, 0.3, 0.6])
    delivered = np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.5, 0.0]])
    by_group = equipped_by_group(own, delivered)
    np.testing.assert_allclose(by_group, [[0.1, 0.1, 0.1], [0.5, 0.5, 0.3], [0.6, 0.6, 0.6]])
    unit = equipped_by_unit(by_group, MODEL.group_shares)
    np.testing.assert_allclose(unit[1], [0.5 * 0.2 + 0.3 * 0.8] * 2)
    rows = receiver_rows(PHASES, UNITS, MODEL.watching, MODEL.group_shares, own, by_group, PRICES)
    counts = {(r.phase, r.where, r.item): (r.quantity, r.amount) for r in rows}
    # Of 100 supported households in U 20 % get one that had not bought it; in V of 8.
    assert counts["two", "U", RECEIVERS] == (20, 20 * 824_000)
    assert counts["two", "V", RECEIVERS] == (2, 2 * 824_000)
    assert ("three", "U", RECEIVERS) not in counts
    # 400 others buy 20 % in phase two; what supported households buy is no delivery.
    assert counts["two", "U", OWN] == (100, 0)


@given(st.lists(st.floats(0.0, 0.95), min_size=3, max_size=3),
       st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3))  # fmt: skip
def test_receivers_add_up(bought: list[float], given_out: list[float]) -> None:
    own = np.sort(bought)
    delivered = np.zeros((3, len(GROUPS)))
    delivered[:, :2] = np.sort(given_out)[:, None]
    by_group = equipped_by_group(own, delivered)
    assert (np.diff(by_group, axis=0) >= 0.0).all()
    rows = receiver_rows(PHASES, UNITS, MODEL.watching, MODEL.group_shares, own, by_group, PRICES)
    assert all(r.quantity > 0 for r in rows)
    every = ((by_group[-1] - by_group[0]) @ MODEL.group_shares) * MODEL.watching
    first = np.maximum(delivered[0] - own[0], 0.0) * (delivered[0] > 0.0)
    initial = (first @ MODEL.group_shares) * MODEL.watching
    total = sum(r.quantity for r in rows)
    assert total == pytest.approx(float((every + initial).sum()), abs=6.0)


def test_sites_by_hand() -> None:
    stations = [
        Station("a", "North", 10.0, 105.0, 10.0, 0, 2),
        Station("b", "North", 10.0001, 105.0, 2.0, 1, 2),
        Station("c", "Gap", 10.5, 105.0, 0.1, 2, 2),
    ]
    rows = site_rows(PHASES, DATES, dt.date(2019, 1, 1), stations, PRICES)
    capex = {r.item: r.amount for r in rows if r.item.startswith("capex")}
    assert capex == {"capex a": 15_000_000_000, "capex b": 1_800_000_000, "capex c": 1_500_000_000}
    opex = [(r.phase, r.item, r.amount) for r in rows if r.item.startswith("opex")]
    assert [(p, i) for p, i, _ in opex] == [
        ("one", "opex a"), ("two", "opex a"), ("two", "opex b"), ("three", "opex a"),
        ("three", "opex b"), ("three", "opex c"),
    ]  # fmt: skip
    assert opex[0][2] == round(1_200_000_000 * 366 / 365.25)
    found = totals(rows)
    assert found[""] == sum(r.amount for r in rows) == sum(found[p] for p in PHASES)
    with pytest.raises(ValueError, match=r"c radiates 0.1 kW, for which no \[\[prices.site\]\]"):
        site_rows(PHASES, DATES, DATES[-1], stations,
                  Prices("VND", "USD", 1.0, 0.0, 0.0, ((0.5, 6e9),), 8.0, 30.0))  # fmt: skip


def test_satellite_is_given_once() -> None:
    outside = np.array([[0.0, 0.0], [10.4, 2.0], [8.0, 5.0]])
    rows = satellite_rows(PHASES, UNITS, outside, PRICES)
    assert [(r.phase, r.where, r.quantity) for r in rows] == [
        ("two", "U", 10), ("two", "V", 2), ("three", "V", 3),
    ]  # fmt: skip
    assert totals(rows)[""] == 15 * 1_500_000


def test_gates_say_by_how_much() -> None:
    gates = Gates(95.0, 0.5, 80.0, 50.0, 5.0)
    measured = Measured(94.9999999999, 0.8, 90.0, 40.0, "V", (("THKG", 3.0),))
    boxes, losing, people, worst, programme = judge(gates, measured)
    assert boxes.passed  # a sum of shares
    assert (losing.passed, losing.margin) == (False, pytest.approx(-0.3))
    assert (people.passed, people.margin) == (True, 10.0)
    assert (worst.passed, worst.margin, worst.note) == (False, -10.0, "V")
    assert (programme.criterion, programme.margin) == ("households losing THKG", 2.0)
    assert not may_go_ahead((boxes, losing))
    (nobody, *_) = judge(gates, Measured(math.nan, 0.0, 100.0, 100.0, ""))
    assert nobody.passed
    assert nobody.note == "nobody is concerned"


def test_fairness_by_hand() -> None:
    rows = fairness_rows(
        ("U", "V", "W"), np.array([80.0, 20.0, 0.0]), np.array([76.0, 10.0, 0.0]),
        np.array([8.0, 2.0, 0.0]), np.array([4.0, 1.0, 0.0]), ("V", "W"),
    )  # fmt: skip
    found = {(r.measure, r.where): r.value_percent for r in rows}
    assert found["receiving any programme", "(all)"] == 86.0
    assert found["worst unit", "V"] == 50.0
    assert found["lowest tenth of households by unit", ""] == 50.0
    assert found["poor and near-poor receiving any programme", "(all)"] == 50.0
    assert found["island", "V"] == 50.0
    assert ("island", "W") not in found  # nobody lives there
    assert fairness_rows(("U",), np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1)) == []
    assert percentile_of_units(np.array([0.1, 0.5]), np.array([5.0, 95.0]), 10.0) == 0.5
