"""Households of two runs, by hand, and what their joint shares promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtt_sim.comparison.comparable import Pair
from dtt_sim.comparison.counts import NO_REASON, Reason, total, whole_counts
from dtt_sim.comparison.households import NEVER, NOT_CARRIED, HouseholdChanges, RunFates, overlap
from dtt_sim.transition.ledger import (
    ANY,
    CAUSES,
    GAINS,
    KEEPS,
    LOSES,
    NO_RECEIVER,
    NO_SIGNAL,
    STARTS,
    WITHOUT,
    Item,
    kind_weights,
)
from dtt_sim.workflow.finished import FinishedRun, PhaseOfRun

RUN = FinishedRun(Path("none"), "none", {})
ONLY = PhaseOfRun("p", None, {}, {})
PAIR = Pair("p", None, ONLY, ONLY)


@settings(max_examples=200)
@given(st.lists(st.tuples(*[st.floats(0.0, 1.0)] * 4), min_size=1, max_size=4))
def test_joint_shares_sum_to_those_of_either_run(cases: list[tuple[float, ...]]) -> None:
    shares = []
    for at in (0, 2):
        before = np.array([min(c[at], c[at + 1]) for c in cases])
        now = np.array([max(c[at], c[at + 1]) for c in cases])
        shares.append(kind_weights(np.stack([before, now]))[1])
    both = overlap(*shares)
    assert (both >= 0.0).all()
    np.testing.assert_allclose(both.sum(axis=1), shares[0], atol=1e-12)
    np.testing.assert_allclose(both.sum(axis=0), shares[1], atol=1e-12)
    # Whoever has a receiver in the run with fewer has one in the run with more.
    only_base, only_other = both[1:, 0].sum(axis=0), both[0, 1:].sum(axis=0)
    assert (np.minimum(only_base, only_other) < 1e-12).all()


def run_fates(status: list[list[int]], cause: list[list[int]], equipped: float) -> RunFates:
    """One phase and one item, by kind of household and place; nobody is new."""
    own = np.array(status, np.int8)[None, None]
    reasons = (Reason(NEVER, ""), *(Reason(why, "") for why in CAUSES))
    share = np.array([[[1.0 - equipped], [0.0], [equipped]]])
    return RunFates(
        RUN, ("p",), (ANY,), share, np.isin(own, (STARTS, KEEPS, GAINS)),
        np.array(cause, np.int32)[None, None] + 1, reasons,
    )  # fmt: skip


def test_three_places_by_hand() -> None:
    """100 households each: kept by all; lost without a receiver; gained with one.

    In the base 30 % have a receiver and the second place's analogue signal is on the air still; in
    the other run 50 % have one, and the third place has got a digital signal.
    """
    base = run_fates(
        [[KEEPS, KEEPS, LOSES], [KEEPS, KEEPS, LOSES], [KEEPS, KEEPS, LOSES]],
        [[-1, -1, NO_SIGNAL]] * 3, 0.3,
    )  # fmt: skip
    other = run_fates(
        [[KEEPS, LOSES, LOSES], [KEEPS, KEEPS, GAINS], [KEEPS, KEEPS, GAINS]],
        [[-1, NO_RECEIVER, NO_RECEIVER], [-1, -1, -1], [-1, -1, -1]], 0.5,
    )  # fmt: skip
    changes = HouseholdChanges(
        ("here",), np.zeros(3, int), np.arange(3), np.full(3, 100.0), base, other
    )
    counts = changes.count(PAIR, ANY)
    found = {(c.change, c.reason): c.number for c in counts if c.unit == "here"}
    assert found == {
        ("kept", NO_REASON): 100 + 50,
        ("lost", Reason(CAUSES[NO_RECEIVER], "")): 50,
        ("gained", Reason(CAUSES[NO_SIGNAL], "")): 50,
        ("neither", NO_REASON): 50,
    }
    by_place = changes.by_place(PAIR, ANY)
    np.testing.assert_allclose(by_place.T, [[0, 0, 0, 100], [0, 50, 0, 50], [50, 0, 50, 0]])
    # An item that one run does not carry is lost by everybody who had it, for that reason.
    gone = Item("programme", "X")
    alone = RunFates(RUN, base.phases, (gone,), base.share, base.gets, base.reason, base.reasons)
    counts = HouseholdChanges(
        ("here",), changes.unit, changes.cell, changes.households, alone, other
    ).count(PAIR, gone)
    assert total(counts, "lost") == 200
    assert {c.reason for c in counts if c.change == "lost"} == {Reason(NOT_CARRIED, "")}


def test_the_last_loss_is_the_reason() -> None:
    """A household without a receiver loses at first by one cause, later one buys and receives."""
    from dtt_sim.comparison.households import _last_reason

    status = np.array(
        [
            [[[STARTS, WITHOUT]] * 3],
            [[[LOSES, WITHOUT], [LOSES, WITHOUT], [KEEPS, WITHOUT]]],
            [[[WITHOUT, WITHOUT], [WITHOUT, WITHOUT], [LOSES, WITHOUT]]],
            [[[WITHOUT, WITHOUT], [WITHOUT, WITHOUT], [WITHOUT, WITHOUT]]],
        ],
        np.int8,
    )
    code = np.arange(1, 1 + status.size, dtype=np.int32).reshape(status.shape)
    found = _last_reason(status, code)
    assert found[0].max() == 0
    lost_at_first = code[1, 0, 0, 0]
    assert found[3, 0, 0].tolist() == [lost_at_first, 0]  # without a receiver all along
    assert found[2, 0, 1].tolist() == [lost_at_first, 0]  # bought since: had none when it lost
    assert found[3, 0, 2].tolist() == [code[2, 0, 2, 0], 0]


@settings(max_examples=100)
@given(
    st.lists(st.lists(st.floats(0.0, 1e4), min_size=3, max_size=3), min_size=1, max_size=6),
)
def test_whole_numbers_sum_up(columns: list[list[float]]) -> None:
    units = ("a", "b", "c")
    by_unit = {(k % 4, Reason(str(k), "")): np.array(c) for k, c in enumerate(columns)}
    counts = whole_counts(by_unit, units, (True, False, True))
    for u, unit in enumerate(units):
        own = [c.number for c in counts if c.unit == unit]
        assert sum(own) == round(sum(c[u] for c in columns))
    every = dict.fromkeys(("neither", "lost", "gained", "kept"), 0)
    for c in counts:
        if c.unit in {"a", "c"}:
            every[c.change] += c.number
    assert every == {change: total(counts, change) for change in every}
    assert pytest.approx(sum(every.values()), abs=1.5) == sum(c[0] + c[2] for c in columns)
