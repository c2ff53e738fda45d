"""How many programmes a multiplex carries."""

from __future__ import annotations

import math

import pytest

from dtt_sim.network.programmes import KINDS, figure, programmes_that_fit
from dtt_sim.tables import table


def test_counts_and_what_is_left() -> None:
    rates = {"sd_mpeg4": 2.0, "hd_mpeg4": 7.0, "sd_hevc": 1.0, "hd_hevc": 4.0}
    found = {row.kind: row for row in programmes_that_fit(30.0, rates, 10.0)}
    assert {kind: row.count for kind, row in found.items()} == {
        "sd_mpeg4": 13, "hd_mpeg4": 3, "sd_hevc": 27, "hd_hevc": 6
    }  # fmt: skip
    assert found["hd_mpeg4"].spare_mbps == pytest.approx(6.0)
    assert {row.confidence for row in found.values()} == {"GIVEN"}


def test_one_more_never_fits() -> None:
    for tenths in range(0, 600, 7):
        for row in programmes_that_fit(tenths / 10.0, reserved_percent=3.0):
            used = row.count * row.rate_mbps
            assert used <= 0.97 * tenths / 10.0 + 1e-9
            assert used + row.rate_mbps > 0.97 * tenths / 10.0
            assert row.spare_mbps == pytest.approx(0.97 * tenths / 10.0 - used, abs=1e-9)


def test_exactly_full_is_full() -> None:
    for rate, count in ((3.8, 10), (0.1, 380), (1.9, 20)):
        row = programmes_that_fit(40.0, {"hd_hevc": rate}, 5.0)[3]
        assert (row.count, row.spare_mbps) == (count, pytest.approx(0.0, abs=1e-9))


def test_defaults_are_the_tables_and_say_so() -> None:
    found = programmes_that_fit(27.489)
    assert [row.kind for row in found] == list(KINDS)
    free = 27.489 * (1.0 - figure("reserved_percent").value / 100.0)
    for row in found:
        assert row.rate_mbps == figure(row.kind).value
        assert row.count == int(free / row.rate_mbps)
        assert row.confidence == "RECALL"
        assert row.source


def test_a_given_rate_leaves_the_others() -> None:
    found = programmes_that_fit(30.0, {"hd_hevc": 5.0})
    assert [row.confidence for row in found] == ["RECALL", "RECALL", "RECALL", "GIVEN"]


def test_the_table_is_sane() -> None:
    rows = table("programme_rates")
    assert {row["name"] for row in rows} == {*KINDS, "reserved_percent"}
    for row in rows:
        found = figure(row["name"])
        assert 0.0 < found.low <= found.value <= found.high
        assert found.confidence in {"RECALL", "ASSUMED"}
        assert found.source


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf, 1e-320])
def test_rates_that_are_none(rate: float) -> None:
    with pytest.raises(ValueError, match=r"hd_mpeg4 = .* use 0\.01 to 1000 Mbit/s"):
        programmes_that_fit(30.0, {"hd_mpeg4": rate})


@pytest.mark.parametrize("share", [-1.0, 100.0, math.nan, math.inf])
def test_shares_that_are_none(share: float) -> None:
    with pytest.raises(ValueError, match=r"reserved_percent = .* use 0 to less than 100"):
        programmes_that_fit(30.0, reserved_percent=share)


def test_other_wrong_input() -> None:
    with pytest.raises(ValueError, match="'uhd' is not known; use one of sd_mpeg4"):
        programmes_that_fit(30.0, {"uhd": 15.0})
    with pytest.raises(ValueError, match="multiplex_mbps = nan"):
        programmes_that_fit(math.nan)
