"""Who keeps, gains and loses, and why: by hand in three cells, and as invariants on random plans."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtt_sim.network.analogue import ONE_SIGNAL, POWER_SUM, analogue_budget
from dtt_sim.network.discrimination import discrimination_of_band
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.multiplex import Group, Interferer, StationFields
from dtt_sim.network.reception import Reception as Receiving
from dtt_sim.network.reception import link_budget
from dtt_sim.network.setting import Setting
from dtt_sim.network.sfn import SfnReceiver, window_of
from dtt_sim.transition.ledger import (
    ANYTHING,
    CAUSES,
    KINDS,
    STATUS,
    Item,
    Ledger,
    PhaseReception,
    build_ledger,
    find_fates,
    items_of,
    kind_weights,
)
from dtt_sim.transition.reception import PhaseNetwork, PhaseService
from dtt_sim.transition.whole_numbers import apportion

MODE = Mode("32K", "1/32", "PP4", "64QAM", "3/4")  # 112 µs
DIGITAL = link_budget(MODE, Receiving("fixed"), 570.0)
ANALOGUE = analogue_budget(519.25, "PAL_DK", 4)
ROOFTOP = discrimination_of_band("IV")[0]
D_ON = DIGITAL.e_med_dbuv_m(95.0) + 5.0
A_ON = ANALOGUE.e_median_dbuv_m + 5.0
OFF = -20.0
LONLAT = (np.full((1, 3), 105.0), np.full((1, 3), 10.0))
PROGRAMME = Item("programme", "P")
EQUIPPED = [[0.2], [0.5]]
HOUSEHOLDS = np.array([[100.0, 10.0, 1.0]])
"""Three cells of 100, 10 and 1 households: a row's number says which cells are in it."""
WITHOUT, NEW, OLD = 0.5, 0.3, 0.2
"""Shares of the kinds of household in the second phase."""


def station(
    name: str, fields: list[float], *, lat: float = 11.0, km: float = 30.0, late: float = 0.0
) -> StationFields:
    values = np.array([fields], np.float32)
    return StationFields(
        name, lat, 105.0, values, values + np.float32(late), np.full_like(values, km)
    )


def digital(
    stations: list[StationFields], names: list[str], programmes: tuple[str, ...] = ("P",),
    others: Mapping[str, float] | None = None,
) -> PhaseService:  # fmt: skip
    """A single-frequency network of some stations, and who disturbs it with which ratio."""
    index = {s.name: k for k, s in enumerate(stations)}
    group = Group(
        tuple(index[n] for n in names), DIGITAL,
        tuple(Interferer(index[n], ratio) for n, ratio in (others or {}).items() if n in index),
    )  # fmt: skip
    return PhaseService(
        programmes, Setting((group,), window_of(MODE), SfnReceiver(), ROOFTOP), False
    )


def analogue(
    stations: list[StationFields], names: list[str], programmes: tuple[str, ...] = ("P",)
) -> PhaseService:
    index = {s.name: k for k, s in enumerate(stations)}
    groups = tuple(Group((index[n],), ANALOGUE) for n in names)
    return PhaseService(programmes, Setting(groups, ONE_SIGNAL, POWER_SUM, ROOFTOP), True)


def ledger(before: PhaseNetwork, after: PhaseNetwork, **options: object) -> Ledger:
    phases = [PhaseReception.of(n, LONLAT, one_aerial=True) for n in (before, after)]
    fates = find_fates(phases, LONLAT, **options)  # type: ignore[arg-type]
    return build_ledger(fates, HOUSEHOLDS, ("U",), np.array(EQUIPPED))


def rows(found: Ledger, item: Item = PROGRAMME, phase: str = "two") -> dict[tuple[str, ...], float]:
    """Households by status, cause and station."""
    return {
        (e.status, e.cause, e.station): float(found.households(e)[0])
        for e in found.entries
        if (e.phase, e.item) == (phase, item) and found.households(e)[0] > 0.0
    }


def network(phase: str, stations: list[StationFields], **services: PhaseService) -> PhaseNetwork:
    return PhaseNetwork(phase, tuple(stations), services)


def test_analogue_switched_off() -> None:
    """Cells 1 and 2 have the picture; digital signals reach cell 1 only."""
    a, d = station("a", [A_ON, A_ON, OFF]), station("d", [D_ON, OFF, OFF])
    before = network("one", [a, d], A=analogue([a, d], ["a"]), D=digital([a, d], ["d"]))
    after = network("two", [d], D=digital([d], ["d"]))
    found = ledger(before, after)
    assert rows(found, phase="one") == pytest.approx({
        ("starts with", "", ""): 110.0, ("without", "", ""): 1.0,
    })  # fmt: skip
    assert rows(found) == pytest.approx({
        ("keeps", "", ""): 100.0 * (NEW + OLD),
        ("loses", "analogue switched off and no receiver", ""): 100.0 * WITHOUT,
        ("loses", "analogue switched off and no digital signal", ""): 10.0,
        ("without", "", ""): 1.0,
    })  # fmt: skip
    # The service as such is gone; it is no one's fault.
    gone = rows(found, Item("service", "A"))
    assert gone[("loses", "service switched off", "")] == pytest.approx(110.0)
    gains = rows(found, Item("service", "D"))
    assert gains[("gains", "", "")] == pytest.approx(100.0 * NEW)
    assert gains[("keeps", "", "")] == pytest.approx(100.0 * OLD)
    anything = rows(found, Item("any", ANYTHING))
    assert anything[("loses", "analogue switched off and no receiver", "")] == pytest.approx(50.0)


def test_noise_and_a_neighbour() -> None:
    """Power falls: cell 1 has enough, cell 2 is lost to noise, cell 3 to a new interferer."""
    d = station("d", [D_ON + 10.0, D_ON, D_ON + 10.0])
    weak = station("d", [D_ON, D_ON - 10.0, D_ON + 10.0])
    x = station("x", [OFF, OFF, D_ON + 10.0], lat=11.001)
    before = network("one", [d], D=digital([d], ["d"]))
    stations = [weak, x]
    after = network(
        "two", stations, D=digital(stations, ["d"], others={"x": DIGITAL.cn_db}),
    )  # fmt: skip
    found = rows(ledger(before, after))
    assert found == pytest.approx({
        ("without", "", ""): 111.0 * WITHOUT,
        ("keeps", "", ""): 100.0 * OLD,
        ("gains", "", ""): 100.0 * NEW,
        ("loses", "noise-limited", ""): 10.0 * OLD,
        ("loses", "interference", "x"): 1.0 * OLD,
        # New receivers find nothing in cells 2 and 3, and had nothing.
    } | {("without", "", ""): 111.0 * WITHOUT + 11.0 * NEW})  # fmt: skip


def test_self_interference() -> None:
    """A second station of the network comes on air, 200 km beyond the first: an echo too late."""
    d = station("d", [D_ON + 10.0, D_ON + 10.0, D_ON + 10.0])
    far = station("far", [OFF, D_ON + 10.0, OFF], km=230.0, lat=11.001)
    before = network("one", [d], D=digital([d], ["d"]))
    after = network("two", [d, far], D=digital([d, far], ["d", "far"]))
    found = rows(ledger(before, after))
    assert found[("loses", "SFN self-interference", "")] == pytest.approx(10.0 * OLD)
    assert found[("keeps", "", "")] == pytest.approx(101.0 * OLD)


def test_line_up() -> None:
    """The programme leaves the multiplex; a second one carries it in cell 2."""
    d, e = station("d", [D_ON, D_ON, OFF]), station("e", [OFF, D_ON, OFF])
    on_air = [d, e]
    before = network(
        "one", on_air, D=digital(on_air, ["d"], ("P", "Q")), E=digital(on_air, ["e"], ("Q",))
    )
    after = network(
        "two", on_air, D=digital(on_air, ["d"], ("Q",)), E=digital(on_air, ["e"], ("P",))
    )
    found = rows(ledger(before, after))
    assert found[("loses", "programme dropped from the line-up", "")] == pytest.approx(100.0 * OLD)
    assert found[("keeps", "", "")] == pytest.approx(10.0 * OLD)
    assert rows(ledger(before, after), Item("service", "D"))[("keeps", "", "")] == pytest.approx(
        110.0 * OLD
    )


def test_digital_service_off_the_air() -> None:
    d, e = station("d", [D_ON] * 3), station("e", [D_ON] * 3)
    before = network("one", [d, e], D=digital([d, e], ["d"]), E=digital([d, e], ["e"], ("Q",)))
    # P goes to E, whose station is too weak now.
    weak = station("e", [OFF, D_ON, OFF])
    after = network("two", [weak], E=digital([weak], ["e"], ("P", "Q")))
    found = rows(ledger(before, after))
    assert found[("loses", "service switched off", "")] == pytest.approx(101.0 * OLD)
    assert found[("keeps", "", "")] == pytest.approx(10.0 * OLD)


def test_aerials_that_must_be_turned() -> None:
    """Analogue from the north, digital from the south: those who have a receiver turn their aerial."""
    a = station("a", [A_ON, A_ON, OFF])
    d = station("d", [D_ON, D_ON + 20.0, OFF], lat=9.0)
    before = network("one", [a], A=analogue([a], ["a"]))
    after = network("two", [d], D=digital([d], ["d"]))
    found = rows(ledger(before, after))
    # In cell 2 the signal is so strong that it comes in from behind.
    assert found == pytest.approx({
        ("loses", "analogue switched off and no receiver", ""): 110.0 * WITHOUT,
        ("loses", "antenna must be re-aimed", ""): 100.0 * (NEW + OLD),
        ("keeps", "", ""): 10.0 * (NEW + OLD),
        ("without", "", ""): 1.0,
    })  # fmt: skip
    assert ("loses", "antenna must be re-aimed", "") not in rows(
        ledger(before, after, reaim_deg=180.0)
    )


def test_an_aerial_for_other_programmes() -> None:
    """After the switch-off the one aerial serves three programmes in the south, and P is lost."""
    p, q = station("p", [D_ON] * 3), station("q", [D_ON] * 3, lat=9.0)
    before = network("one", [p], D=digital([p], ["p"]))
    after = network(
        "two", [p, q], D=digital([p, q], ["p"]), E=digital([p, q], ["q"], ("Q", "R", "S"))
    )
    found = rows(ledger(before, after))
    assert found[("loses", "antenna must be re-aimed", "")] == pytest.approx(111.0 * OLD)


def test_analogue_that_stays_but_does_not_suffice() -> None:
    """One of two analogue stations goes; the other is too weak in cell 1 and is not what served it."""
    a, b = station("a", [A_ON, OFF, OFF]), station("b", [A_ON - 10.0, A_ON, OFF])
    before = network("one", [a, b], A=analogue([a, b], ["a", "b"]))
    after = network("two", [b], A=analogue([b], ["b"]))
    found = rows(ledger(before, after))
    assert found == pytest.approx({
        ("loses", "analogue switched off and no digital signal", ""): 100.0,
        ("keeps", "", ""): 10.0, ("without", "", ""): 1.0,
    })  # fmt: skip
    weaker = station("b", [A_ON - 10.0, A_ON - 10.0, OFF])
    after = network("two", [a, weaker], A=analogue([a, weaker], ["a", "b"]))
    assert rows(ledger(before, after))[("loses", "noise-limited", "")] == pytest.approx(10.0)


def test_shares_with_a_receiver() -> None:
    weights = kind_weights(np.array([[0.1, 0.0], [0.4, 0.0], [0.4, 1.0]]))
    assert weights.shape == (3, len(KINDS), 2)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights[1, :, 0], [0.6, 0.3, 0.1])
    for wrong, text in (([[0.5], [0.4]], "falls"), ([[1.5]], "between 0 and 1")):
        with pytest.raises(ValueError, match=text):
            kind_weights(np.array(wrong))


def random_plan(seed: int) -> tuple[list[PhaseNetwork], tuple[np.ndarray, np.ndarray]]:
    """Some phases of random stations on 20 cells."""
    rng = np.random.default_rng(seed)
    n = 20
    lonlat = rng.uniform(104.5, 105.5, (1, n)), rng.uniform(9.5, 10.5, (1, n))
    masts = [
        StationFields(
            f"s{k}", float(rng.uniform(9.0, 11.0)), float(rng.uniform(104.0, 106.0)),
            level := rng.uniform(OFF, D_ON + 15.0, (1, n)).astype(np.float32),
            level + np.float32(5.0), rng.uniform(5.0, 120.0, (1, n)).astype(np.float32),
        )
        for k in range(6)
    ]  # fmt: skip
    plan = []
    for phase in range(int(rng.integers(2, 5))):
        stations = [s for s in masts if rng.random() < 0.7] or masts[:1]
        names = [s.name for s in stations]
        services = {}
        for k in range(4):
            mine = [name for name in names if rng.random() < 0.5]
            programmes = tuple(f"p{j}" for j in range(4) if rng.random() < 0.6)
            if not mine or rng.random() < 0.2:
                continue
            if k < 2:
                others = {o: float(rng.uniform(-30.0, 17.0)) for o in names if o not in mine}
                services[f"D{k}"] = digital(stations, mine, programmes, others)
            else:
                services[f"A{k}"] = analogue(stations, mine, programmes)
        plan.append(PhaseNetwork(f"phase{phase}", tuple(stations), services))
    return plan, lonlat


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.booleans())
def test_nothing_is_counted_twice_or_lost(seed: int, one_aerial: bool) -> None:
    plan, lonlat = random_plan(seed)
    rng = np.random.default_rng(seed + 1)
    n = lonlat[0].shape[1]
    households = rng.uniform(0.0, 100.0, (2, n)) * (rng.random((2, n)) < 0.7)
    equipped = np.sort(rng.uniform(0.0, 1.0, (len(plan), 2)), axis=0)
    phases = [PhaseReception.of(one, lonlat, one_aerial=one_aerial) for one in plan]
    fates = find_fates(phases, lonlat, one_aerial=one_aerial)
    found = build_ledger(fates, households, ("U", "V"), equipped)
    everybody = households.sum(axis=1)
    for item in items_of(plan):
        receiving = None
        for k, phase in enumerate(phases):
            mine = [e for e in found.entries if (e.phase, e.item) == (phase.network.id, item)]
            # Everyone is in one row.
            total = sum(found.households(e) for e in mine)
            np.testing.assert_allclose(total, everybody, rtol=1e-9)
            # Losses, and they alone, have a cause; only interference has a station.
            assert all((e.status == "loses") == bool(e.cause) for e in mine)
            assert all((e.cause == "interference") == bool(e.station) for e in mine)
            assert all(e.cause in ("", *CAUSES) and e.status in STATUS for e in mine)
            # Who has it is who had it, less losses, plus gains; turned aerials count afterwards.
            now = found.receiving(phase.network.id, item)
            if k > 0:
                had = found.total(phase.network.id, item, "keeps", "loses")
                np.testing.assert_allclose(had, receiving, rtol=1e-9, atol=1e-9)
            receiving = _received(phase, item, households, equipped[k])
            assert (now <= receiving + 1e-9).all()
    for entry in found.entries:
        assert (found.entries[entry] >= 0.0).all()


def _received(
    phase: PhaseReception, item: Item, households: np.ndarray, equipped: np.ndarray
) -> np.ndarray:
    """Who receives an item in a phase once aerials are turned, counted apart from the ledger."""
    names = [
        name for name, s in phase.network.services.items()
        if name == item.name or (item.kind == "programme" and item.name in s.programmes)
        or (item.kind == "any" and s.programmes)
    ]  # fmt: skip
    total = np.zeros(len(households))
    for reception, share in ((phase.without, 1.0 - equipped), (phase.with_receiver, equipped)):
        got = np.zeros(households.shape[1], np.bool_)
        for k, name in enumerate(reception.services):
            if name in names:
                got |= reception.served[k]
        total += share * (households @ got)
    return total


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=30))
def test_whole_numbers_sum_to_the_whole(values: list[float]) -> None:
    array = np.array(values)
    found = apportion(array)
    assert found.sum() == round(float(array.sum()))
    assert (np.abs(found - array) < 1.0 + 1e-9).all()
