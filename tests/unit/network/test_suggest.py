"""Suggested modes: all that meet the demands, no others, the least demanding first."""

from __future__ import annotations

import itertools
import math

import pytest

from dtt_sim.network.bit_rate import bit_rate
from dtt_sim.network.dvbt2 import (
    CODE_RATES,
    FFT_SIZES,
    GUARD_INTERVALS,
    MODULATIONS,
    PILOT_PATTERNS,
    Mode,
)
from dtt_sim.network.reception import Reception, link_budget
from dtt_sim.network.suggest import Demand, candidates, nearest_miss, suggest

KIEN_GIANG = Demand(125.0, 27.0)


def all_modes(bandwidth_mhz: float = 8.0, *, miso: bool = False) -> list[Mode]:
    """Every product of parameters that `Mode` does not refuse."""
    found = []
    for parts in itertools.product(
        FFT_SIZES, GUARD_INTERVALS, PILOT_PATTERNS, MODULATIONS, CODE_RATES, (False, True)
    ):
        try:
            found.append(Mode(*parts, bandwidth_mhz=bandwidth_mhz, miso=miso))
        except ValueError:
            continue
    return found


def test_the_known_mode_is_among_them() -> None:
    found = suggest(KIEN_GIANG)
    own = next(s for s in found if s.mode == Mode("32K", "1/8", "PP2", "64QAM", "3/4"))
    assert round(own.rate.high_efficiency_mbps, 3) == 27.489
    # The published example at 650 MHz, whose antenna and feeder figures are rounded alike.
    assert own.required_dbuv_m == pytest.approx(51.11, abs=0.01)
    assert own.budget.e_min_dbuv_m == pytest.approx(42.07, abs=0.01)
    assert own.budget == link_budget(own.mode, Reception("fixed"), 650.0)


def test_demands_are_met_and_the_order_is_kept() -> None:
    found = suggest(KIEN_GIANG)
    assert found
    assert all(s.mode.guard_km >= 125.0 for s in found)
    assert all(s.rate.high_efficiency_mbps >= 27.0 for s in found)
    keys = [(s.required_dbuv_m, -s.rate.high_efficiency_mbps) for s in found]
    assert keys == sorted(keys)
    assert len({s.mode for s in found}) == len(found)


@pytest.mark.parametrize(("km", "mbps", "bandwidth"), [(125.0, 27.0, 8.0), (30.0, 20.0, 7.0),
                                                       (0.0, 0.0, 1.7), (80.0, 18.0, 6.0)])  # fmt: skip
def test_all_that_meet_the_demands(km: float, mbps: float, bandwidth: float) -> None:
    expected = {
        mode
        for mode in all_modes(bandwidth)
        if mode.guard_km >= km and bit_rate(mode).high_efficiency_mbps >= mbps
    }
    demand = Demand(km, mbps, bandwidth_mhz=bandwidth)
    assert {s.mode for s in suggest(demand)} == expected
    assert expected


def test_every_mode_of_the_standard_is_tried() -> None:
    assert {c.mode for c in candidates(Demand(0.0, 0.0))} == set(all_modes())
    both = {c.mode for c in candidates(Demand(0.0, 0.0, miso=True))}
    assert both == {*all_modes(), *all_modes(miso=True)}


def test_narrower_searches() -> None:
    everything = suggest(Demand(50.0, 20.0))
    for fft in ("16K", "32K"):
        expected = [s for s in everything if s.mode.fft == fft]
        assert list(suggest(Demand(50.0, 20.0, fft=fft))) == expected
    for extended in (False, True):
        expected = [s for s in everything if s.mode.extended_carriers is extended]
        assert list(suggest(Demand(50.0, 20.0, extended=extended))) == expected


def test_reception_and_frames_move_the_field_and_the_rate() -> None:
    indoor = Reception("portable_indoor", height_loss="urban")
    hard, easy = suggest(Demand(125.0, 27.0, indoor)), suggest(KIEN_GIANG)
    assert {s.mode for s in hard} == {s.mode for s in easy}
    assert hard[0].required_dbuv_m > easy[0].required_dbuv_m + 30.0
    short = suggest(Demand(125.0, 27.0, fec_length=16200))
    assert {s.mode.fec_length for s in short} == {16200}
    assert suggest(Demand(125.0, 27.0, frequency_mhz=500.0))[0].required_dbuv_m < (
        easy[0].required_dbuv_m
    )


def test_the_rate_is_the_nearest_miss() -> None:
    demand = Demand(125.0, 45.0)
    assert suggest(demand) == ()
    miss = nearest_miss(demand)
    modes = all_modes()
    best = max(bit_rate(m).high_efficiency_mbps for m in modes if m.guard_km >= 125.0)
    longest = max(m.guard_km for m in modes if bit_rate(m).high_efficiency_mbps >= 45.0)
    assert miss.best_rate is not None
    assert miss.longest is not None
    assert miss.best_rate.rate.high_efficiency_mbps == best < 45.0
    assert miss.longest.mode.guard_km == longest < 125.0
    assert miss.nearest == "rate"
    assert miss.rate_share == best / 45.0 > miss.distance_share == longest / 125.0


def test_the_distance_is_the_nearest_miss() -> None:
    miss = nearest_miss(Demand(160.0, 30.0))
    assert miss.best_rate is None
    assert miss.longest is not None
    assert miss.longest.mode.guard_interval == "19/128"
    assert (miss.nearest, miss.rate_share) == ("distance", 0.0)
    assert miss.distance_share == pytest.approx(159.4896 / 160.0, abs=1e-6)
    near = nearest_miss(Demand(135.0, 44.8))
    assert near.best_rate is not None
    assert near.nearest == "distance"


def test_neither_demand_can_be_met() -> None:
    miss = nearest_miss(Demand(500.0, 80.0))
    assert (miss.best_rate, miss.longest, miss.nearest) == (None, None, "both")
    modes = all_modes()
    assert miss.longest_guard.mode.guard_km == max(m.guard_km for m in modes)
    highest = max(bit_rate(m).high_efficiency_mbps for m in modes)
    assert miss.highest_rate.rate.high_efficiency_mbps == highest


def test_a_demand_that_is_met_misses_nothing() -> None:
    miss = nearest_miss(Demand(0.0, 0.0))
    assert (miss.rate_share, miss.distance_share) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"network_km": -1.0}, "network_km = -1; use a number of 0 km or more"),
        ({"network_km": math.nan}, "network_km = nan"),
        ({"network_km": math.inf}, "network_km = inf"),
        ({"min_rate_mbps": -0.1}, "min_rate_mbps = -0.1; use a number of 0 Mbit/s or more"),
        ({"min_rate_mbps": math.nan}, "min_rate_mbps = nan"),
        ({"frequency_mhz": 300.0}, "300 MHz is in none of Bands"),
        ({"fft": "64K"}, "fft '64K' is not one of"),
        ({"bandwidth_mhz": 9.0}, "bandwidth_mhz 9.0 is not in DVB-T2"),
        ({"fec_length": 100}, "fec_length 100 is not in DVB-T2"),
        ({"fft": "4K", "extended": True}, "not allowed with 4K"),
        ({"fft": "32K", "bandwidth_mhz": 1.7}, "fft 32K is not allowed in 1.7 MHz"),
        ({"extended": True, "bandwidth_mhz": 1.7}, "not allowed in 1.7 MHz"),
    ],
)
def test_demands_that_no_mode_could_answer(values: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Demand(**{"network_km": 50.0, "min_rate_mbps": 20.0, **values})  # type: ignore[arg-type]
