"""A plan evaluated again from kept fields: 8 phases of 20 stations over a million cells.

Beside the time: the share of it, of all threads, outside compiled code; and the draws of a Monte Carlo
over a sample of cells in a second, with the sampling error that goes with it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numba
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from dtt_sim.network import multiplex
from dtt_sim.network.analogue import ONE_SIGNAL, POWER_SUM, analogue_budget
from dtt_sim.network.discrimination import discrimination_of_band
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.multiplex import Group, Interferer, StationFields
from dtt_sim.network.reception import Reception, link_budget
from dtt_sim.network.setting import Setting
from dtt_sim.network.sfn import SfnReceiver, window_of
from dtt_sim.transition.chance import Chance
from dtt_sim.transition.disturbance import Errors, sample_cells
from dtt_sim.transition.ledger import Ledger, PhaseReception, build_ledger, find_fates, items_of
from dtt_sim.transition.reception import LonLat, PhaseNetwork, PhaseService
from dtt_sim.transition.uncertainty import (
    Drawn,
    PlanFigures,
    plan_figures,
    run_draws,
)

N_PHASE, N_STATION = 8, 20
SIDE, SMALL_SIDE = 1000, 30  # cells
MODE = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
BUDGET = link_budget(MODE, Reception("fixed"), 570.0)
ROOFTOP, _ = discrimination_of_band("IV")


def stations_on(side: int) -> tuple[list[StationFields], LonLat]:
    """Stations strewn over two degrees of a plain: 12 digital, 8 analogue ones."""
    rng = np.random.default_rng(0)
    lon, lat = np.meshgrid(np.linspace(104.0, 106.0, side), np.linspace(11.0, 9.0, side))
    lon, lat = lon.reshape(1, -1), lat.reshape(1, -1)
    found = []
    for k in range(N_STATION):
        at_lon, at_lat = rng.uniform(104.2, 105.8), rng.uniform(9.2, 10.8)
        distance = np.hypot(109.0 * (lon - at_lon), 110.6 * (lat - at_lat)).astype(np.float32)
        field = 108.0 - 20.0 * np.log10(np.maximum(distance, 1.0)) - 0.25 * distance
        late = field + np.minimum(0.1 * distance, 12.0)
        found.append(
            StationFields(
                f"S{k}", at_lat, at_lon, field.astype(np.float32), late.astype(np.float32), distance
            )
        )
    return found, (lon, lat)


def plan(stations: list[StationFields]) -> list[PhaseNetwork]:
    """Digital stations come on air one after the other, then the analogue ones go."""
    phases = []
    for p in range(N_PHASE):
        digital = [s for s in stations[:12] if int(s.name[1:]) < 4 + 2 * p]
        analogue = [s for s in stations[12:] if int(s.name[1:]) >= 12 + 2 * max(0, p - 4)]
        on_air = [*digital, *analogue]
        services = {}
        for m in range(2):
            members = tuple(range(m * len(digital) // 2, (m + 1) * len(digital) // 2))
            others = tuple(
                Interferer(k, -30.0 if k < len(digital) else 4.0)
                for k in range(len(on_air)) if k not in members
            )  # fmt: skip
            setting = Setting(
                (Group(members, BUDGET, others),), window_of(MODE), SfnReceiver(), ROOFTOP
            )
            services[f"D{m}"] = PhaseService((f"P{m}", "P"), setting, is_analogue=False)
        need = analogue_budget(567.25, "PAL_DK", 4)
        groups = tuple(Group((len(digital) + k,), need) for k in range(len(analogue)))
        if groups:
            setting = Setting(groups, ONE_SIGNAL, POWER_SUM, ROOFTOP)
            services["A"] = PhaseService(("P", "P1"), setting, is_analogue=True)
        phases.append(PhaseNetwork(f"phase{p}", tuple(on_air), services))
    return phases


def bench_all_phases(benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    side = SIDE if benchmark.enabled else SMALL_SIDE
    stations, lonlat = stations_on(side)
    networks = plan(stations)
    equipped = np.linspace(0.1, 0.9, N_PHASE)[:, None]
    compiled = [0.0]
    kernel = multiplex._evaluate_cells

    def timed(*arguments: object) -> None:
        start = time.thread_time()
        kernel(*arguments)
        compiled[0] += time.thread_time() - start

    def evaluate(networks: list[PhaseNetwork], lonlat: LonLat) -> Ledger:
        compiled[0] = 0.0
        households = np.ones((1, lonlat[0].size))
        phases = [PhaseReception.of(n, lonlat, one_aerial=True) for n in networks]
        # Items one by one, so that no array holds all of them.
        entries, weights = {}, {}
        for item in items_of(networks):
            fates = find_fates(phases, lonlat, items=(item,))
            part = build_ledger(fates, households, ("all",), equipped)
            entries.update(part.entries)
            weights.update(part.weights)
        return Ledger(("all",), entries, weights)

    few, small = stations_on(SMALL_SIDE)
    evaluate(plan(few), small)  # compiles
    monkeypatch.setattr(multiplex, "_evaluate_cells", timed)
    start = time.process_time()
    ledger = benchmark.pedantic(evaluate, (networks, lonlat), rounds=1, warmup_rounds=0)
    spent = time.process_time() - start
    total = sum(ledger.households(e)[0] for e in ledger.of("phase7", items_of(networks)[0]))
    assert total == pytest.approx(side * side)
    if benchmark.enabled:
        benchmark.extra_info["threads"] = numba.get_num_threads()
        benchmark.extra_info["share outside compiled code"] = 1.0 - compiled[0] / spent


@dataclass(frozen=True)
class Rising:
    """The share with a receiver, with some doubt."""

    def drawn(self, chance: Chance | None) -> Drawn:
        end = 0.9 if chance is None else float(chance.of("end").uniform(0.5, 0.95))
        return Drawn(np.linspace(0.1, end, N_PHASE)[:, None], 0.0, np.zeros(1))


def bench_draws(benchmark: BenchmarkFixture) -> None:
    side, n_cell, n_draw = (300, 300, 200) if benchmark.enabled else (SMALL_SIDE, 40, 9)
    stations, lonlat = stations_on(side)
    networks = plan(stations)
    households = np.random.default_rng(1).uniform(0.0, 1.0, (1, side * side))
    sample = sample_cells(households, n_cell, np.random.default_rng(2))
    at = sample.cells
    items = items_of(networks)
    figures = PlanFigures(
        tuple(replace(n, stations=tuple(s.at(at) for s in n.stations)) for n in networks),
        (lonlat[0][:, at], lonlat[1][:, at]), sample.weight, items, Rising(), Errors(),
    )  # fmt: skip
    phases = [PhaseReception.of(n, lonlat, one_aerial=True) for n in networks]
    fates = find_fates(phases, lonlat, items=items)
    nominal = plan_figures(phases, fates, households, Rising().drawn(None))
    bands = benchmark.pedantic(run_draws, (figures, nominal, n_draw, 0), rounds=1, warmup_rounds=0)
    assert np.isfinite(bands.draws).all()
    assert (bands.quantiles()[1] >= bands.quantiles()[0]).all()
    benchmark.extra_info["worst sampling error, % of households"] = float(
        100.0 * bands.sampling.max() / households.sum()
    )
    if benchmark.enabled:
        benchmark.extra_info["draws per second"] = n_draw / benchmark.stats.stats.min
