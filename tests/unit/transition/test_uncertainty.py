"""Draws of a plan's figures: repeatable, unbiased where nothing is drawn, and told apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dtt_sim.network.discrimination import OMNIDIRECTIONAL
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.multiplex import Group, StationFields
from dtt_sim.network.reception import Reception, link_budget
from dtt_sim.network.setting import Setting
from dtt_sim.network.sfn import SfnReceiver, window_of
from dtt_sim.transition.chance import Chance
from dtt_sim.transition.disturbance import (
    Errors,
    disturbed,
    draw_disturbance,
    sample_cells,
)
from dtt_sim.transition.ledger import ANY, PhaseReception, build_ledger, find_fates, items_of
from dtt_sim.transition.reception import PhaseNetwork, PhaseService
from dtt_sim.transition.uncertainty import (
    COST,
    COVERAGE,
    WORST,
    Drawn,
    Figure,
    PlanFigures,
    plan_figures,
    run_draws,
)

MODE = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
BUDGET = link_budget(MODE, Reception("fixed"), 570.0)
N = 400
RNG = np.random.default_rng(8)
HOUSEHOLDS = RNG.uniform(0.0, 50.0, (2, N)) * np.stack([np.arange(N) < 250, np.arange(N) >= 250])
LONLAT = (np.linspace(104.5, 105.5, N)[None], np.full((1, N), 10.0))
NONE = Errors(0.0, 0.0, 0.0, 0.0, 0.0)


@dataclasses.dataclass(frozen=True)
class Half:
    """Half of the households have a receiver; a draw has some more or less."""

    n_phase: int = 2
    spread: float = 0.0

    def drawn(self, chance: Chance | None) -> Drawn:
        share = 0.5
        if chance is not None:
            share += self.spread * float(chance.of("share").uniform(-1.0, 1.0))
        return Drawn(np.full((self.n_phase, 2), share), 100.0 * share, np.array([2.0, 3.0]))


def plan() -> list[PhaseNetwork]:
    """A station in the middle; later a second one beside it, of its own multiplex."""
    distance = 2.0 + 110.0 * np.abs(LONLAT[0] - 105.0)
    level = (BUDGET.e_med_dbuv_m(95.0) + 25.0 - 0.8 * distance).astype(np.float32)
    stations = [
        StationFields(name, 10.0, lon, level, level + np.float32(3.0), distance.astype(np.float32))
        for name, lon in (("a", 105.0), ("b", 105.2))
    ]

    def service(k: int) -> PhaseService:
        setting = Setting((Group((k,), BUDGET),), window_of(MODE), SfnReceiver(), OMNIDIRECTIONAL)
        return PhaseService((f"P{k}",), setting, False)

    return [
        PhaseNetwork("one", (stations[0],), {"A": service(0)}),
        PhaseNetwork("two", tuple(stations), {"A": service(0), "B": service(1)}),
    ]


def figures(errors: Errors, *, n: int = N, spread: float = 0.0) -> tuple[PlanFigures, np.ndarray]:
    networks = plan()
    sample = sample_cells(HOUSEHOLDS, n, np.random.default_rng(3))
    found = PlanFigures(
        tuple(
            PhaseNetwork(p.id, tuple(s.at(sample.cells) for s in p.stations), p.services)
            for p in networks
        ),
        (LONLAT[0][:, sample.cells], LONLAT[1][:, sample.cells]), sample.weight,
        items_of(networks), Half(spread=spread), errors,
    )  # fmt: skip
    phases = [PhaseReception.of(p, LONLAT, one_aerial=True) for p in networks]
    fates = find_fates(phases, LONLAT)
    return found, plan_figures(phases, fates, HOUSEHOLDS, Half().drawn(None))


def test_without_errors_every_draw_is_the_plan() -> None:
    plain, nominal = figures(NONE)
    bands = run_draws(plain, nominal, 20, 1)
    np.testing.assert_allclose(bands.draws, np.tile(nominal, (20, 1)), atol=1e-6)
    np.testing.assert_allclose(plain.of(), nominal, atol=1e-6)  # the sample is all there is


def test_draws_are_repeatable_and_do_not_depend_on_workers() -> None:
    some, nominal = figures(Errors(), n=60, spread=0.2)
    first = run_draws(some, nominal, 40, 7)
    np.testing.assert_array_equal(first.draws, run_draws(some, nominal, 40, 7).draws)
    np.testing.assert_array_equal(first.draws, run_draws(some, nominal, 40, 7, workers=2).draws)
    assert not np.array_equal(first.draws, run_draws(some, nominal, 40, 8).draws)
    # More draws begin with the same ones.
    np.testing.assert_array_equal(first.draws, run_draws(some, nominal, 48, 7).draws[:40])


def test_a_common_error_moves_coverage_as_a_shift_of_power_does() -> None:
    exact, nominal = figures(Errors(3.0, 0.0, 0.0, 0.0, 0.0))
    bands = run_draws(exact, nominal, 200, 2)
    at = bands.names.index(Figure("two", None, COVERAGE))
    expected = []
    for number in range(200):
        shift = Chance(2, number).of("bias").normal() * 3.0
        level = plan()[0].stations[0].wanted_dbuv_m[0] + shift
        ok = level >= BUDGET.e_med_dbuv_m(95.0)
        expected.append(100.0 * (HOUSEHOLDS.sum(axis=0) @ ok) / HOUSEHOLDS.sum())
    np.testing.assert_allclose(bands.draws[:, at], expected, atol=0.3)
    low, high = bands.quantiles()[:, at]
    assert low < nominal[at] < high
    assert bands.share(lambda one: one[at] >= nominal[at]) == pytest.approx(0.5, abs=0.12)


def test_the_sample_stands_for_all_cells() -> None:
    some, nominal = figures(NONE, n=80)
    found = some.of()
    for k, name in enumerate(some.names):
        if name.item == ANY and name.what == "receives":
            assert found[k] == pytest.approx(nominal[k], rel=0.05)
    sample = sample_cells(HOUSEHOLDS, 80, np.random.default_rng(0))
    assert sample.weight.sum() == pytest.approx(HOUSEHOLDS.sum(), rel=0.02)
    assert 40 < sample.cells.size <= 80
    totals = np.mean([
        sample_cells(HOUSEHOLDS, 50, np.random.default_rng(k)).weight.sum(axis=1) for k in range(200)
    ], axis=0)  # fmt: skip
    np.testing.assert_allclose(totals, HOUSEHOLDS.sum(axis=1), rtol=0.01)


def test_a_mast_has_one_error_in_all_phases() -> None:
    networks = plan()
    draw = draw_disturbance(Errors(), networks, np.zeros(N, int), 1, Chance(4, 0))
    known: dict[tuple[str, int], StationFields] = {}
    one, two = (disturbed(p, [draw], known) for p in networks)
    np.testing.assert_array_equal(one.stations[0].wanted_dbuv_m, two.stations[0].wanted_dbuv_m)
    shift = two.stations[1].wanted_dbuv_m - networks[1].stations[1].wanted_dbuv_m
    other = two.stations[0].wanted_dbuv_m - networks[0].stations[0].wanted_dbuv_m
    assert np.ptp(shift) < 1e-4
    assert abs(float(shift[0, 0] - other[0, 0])) > 0.01  # masts and stations differ
    # A plan without the other station draws the same for this one, and for the area.
    alone = draw_disturbance(Errors(), networks[:1], np.zeros(N, int), 1, Chance(4, 0))
    np.testing.assert_array_equal(alone.common, draw.common)
    assert alone.by_station == {"a": draw.by_station["a"]}
    assert alone.by_mast.items() <= draw.by_mast.items()
    with pytest.raises(ValueError, match="bias_db = -1"):
        Errors(bias_db=-1.0)


def test_the_worst_unit_is_where_fewest_receive() -> None:
    found, nominal = figures(NONE)
    ledger = build_ledger(
        find_fates([PhaseReception.of(p, LONLAT, one_aerial=True) for p in plan()], LONLAT),
        HOUSEHOLDS, ("west", "east"), np.full((2, 2), 0.5),
    )  # fmt: skip
    for phase in ("one", "two"):
        shares = 100.0 * ledger.receiving(phase, ANY) / HOUSEHOLDS.sum(axis=1)
        at = found.names.index(Figure(phase, ANY, WORST))
        assert nominal[at] == pytest.approx(shares.min())
        assert shares.min() < shares.max()


def test_the_cost_of_a_draw() -> None:
    """Receivers as drawn, and a dish for everyone whom the second phase leaves without."""
    networks = plan()
    gone = PhaseNetwork("two", networks[0].stations, {})
    phases = [PhaseReception.of(p, LONLAT, one_aerial=True) for p in (networks[0], gone)]
    fates = find_fates(phases, LONLAT)
    found = plan_figures(phases, fates, HOUSEHOLDS, Half().drawn(None))
    had = phases[0].with_receiver.served[0]
    expected = 50.0 + float((HOUSEHOLDS @ had) @ np.array([2.0, 3.0]))
    assert found[-1] == pytest.approx(expected)
    assert figures(NONE)[0].names[-1] == Figure("", None, COST)
