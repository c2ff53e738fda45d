"""Radiated powers: against all combinations, within limits and sums, and files that can be run."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_network import SCENARIO, network

from dtt_sim.cli.main import main
from dtt_sim.network.multiplex import Group
from dtt_sim.planning.accounting import NetworkProblem
from dtt_sim.planning.powers import PowerProblem, Powers, optimise_powers, power_grid
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import run

GRID = (1.0, 2.0, 5.0, 10.0, 20.0)


def problem(seed: int, total_kw: float = math.inf, n_station: int = 3) -> PowerProblem:
    """A network whose stations have 10, 5 and 2 kW, over and over."""
    whole = network(seed, n_station=n_station, n_cell=200)
    present = tuple((10.0, 5.0, 2.0)[k % 3] for k in range(n_station))
    return PowerProblem(
        whole, tuple(range(n_station)), present, (GRID,) * n_station, total_kw
    )  # fmt: skip


@pytest.mark.parametrize("total_kw", [math.inf, 22.0, 8.0])
@pytest.mark.parametrize("seed", range(15))
def test_the_search_finds_the_best_powers(seed: int, total_kw: float) -> None:
    of = problem(seed, total_kw)
    searched = optimise_powers(of, all_up_to=0, seed=seed)
    everything = optimise_powers(of)
    best = max(
        (good + 1e-3 * expected, -sum(kw))
        for kw in itertools.product(GRID, repeat=3)
        if sum(kw) <= total_kw
        for good, expected in [of.people(kw)]
    )
    assert searched[0].rank == everything[0].rank == best
    assert len(everything) == sum(sum(kw) <= total_kw for kw in itertools.product(GRID, repeat=3))
    for plan in searched:
        assert sum(plan.choice) == plan.cost <= total_kw
        assert all(kw in GRID for kw in plan.choice)
    ranks = [p.rank for p in searched]
    assert ranks == sorted(ranks, reverse=True)


def test_power_moves_both_fields_by_its_ratio() -> None:
    of = problem(2)
    by_hand = list(of.network.stations)
    by_hand[1] = dataclasses.replace(
        by_hand[1],
        wanted_dbuv_m=by_hand[1].wanted_dbuv_m + np.float32(6.0206),
        interfering_dbuv_m=by_hand[1].interfering_dbuv_m + np.float32(6.0206),
    )
    served = of.network.served(stations=by_hand)
    good, expected = of.people((10.0, 20.0, 2.0))
    assert good == served.persons
    assert expected == pytest.approx(served.expected_persons, rel=1e-5)
    assert good != of.people(of.erp_kw)[0]
    as_it_is = of.network.served()
    assert of.people(of.erp_kw) == (as_it_is.persons, as_it_is.expected_persons)


def test_of_powers_that_serve_alike_the_least_is_taken() -> None:
    """Where everybody is served by far, more brings nothing."""
    whole = network(1, n_station=1, n_cell=50)
    (station,) = whole.stations
    strong = np.full_like(station.wanted_dbuv_m, 130.0)
    fields = {f.name: getattr(whole, f.name) for f in dataclasses.fields(whole)}
    near = dataclasses.replace(station, wanted_dbuv_m=strong, interfering_dbuv_m=strong)
    net = NetworkProblem(**{**fields, "stations": (near,)})
    of = PowerProblem(net, (0,), (10.0,), (GRID,))
    best = optimise_powers(of)[0]
    assert best.persons_good == pytest.approx(net.persons.sum())
    assert best.choice == (1.0,)
    assert optimise_powers(of, all_up_to=0)[0].choice == (1.0,)


@settings(deadline=None)
@given(
    present=st.floats(0.01, 100.0), low_db=st.floats(-20.0, 0.0), high_db=st.floats(0.0, 10.0),
    step_db=st.floats(0.05, 6.0),
)  # fmt: skip
def test_a_grid_holds_its_limits_and_steps(
    present: float, low_db: float, high_db: float, step_db: float
) -> None:
    low, high = present * 10.0 ** (0.1 * low_db), present * 10.0 ** (0.1 * high_db)
    grid = power_grid(present, low, high, step_db)
    assert grid[0] == low
    assert grid[-1] == high
    assert present in grid
    assert all(a < b for a, b in itertools.pairwise(grid))
    steps = np.diff(10.0 * np.log10(grid))
    assert (steps <= step_db + 0.005).all()  # by the rounding to four digits


NETWORK = problem(3, n_station=4)


@settings(deadline=None)
@given(
    st.tuples(*[st.floats(0.5, 30.0)] * 4), st.tuples(*[st.sets(st.floats(0.1, 50.0), min_size=1)] * 4),
    st.floats(1.0, 3.0),
)  # fmt: skip
def test_scaled_down_keeps_to_the_sum(
    present: Powers, grids: tuple[set[float], ...], more: float
) -> None:
    ordered = tuple(tuple(sorted(g)) for g in grids)
    of = dataclasses.replace(
        NETWORK, grids=ordered, total_kw=more * sum(grid[0] for grid in ordered)
    )
    found = of.scaled_down(present)
    assert sum(found) <= of.total_kw * (1.0 + 1e-8)
    assert all(kw in grid for kw, grid in zip(found, ordered, strict=True))
    # Nothing is lowered without need.
    unlimited = dataclasses.replace(of, total_kw=math.inf).scaled_down(present)
    assert found == unlimited or sum(unlimited) > of.total_kw


def test_what_cannot_be_searched_is_refused() -> None:
    of = problem(1)
    with pytest.raises(ValueError, match=r"2 kW in all, but the least powers add up to 3 kW"):
        dataclasses.replace(of, total_kw=2.0)
    with pytest.raises(ValueError, match="but the least powers"):
        dataclasses.replace(of, total_kw=math.nan)
    with pytest.raises(ValueError, match="3 stations, 3 powers and 2 grids"):
        dataclasses.replace(of, grids=(GRID, GRID))
    with pytest.raises(ValueError, match="no grid empty"):
        dataclasses.replace(of, grids=(GRID, (), GRID))
    with pytest.raises(ValueError, match="starts = 0"):
        optimise_powers(of, starts=0)
    for low, high in ((2.0, 1.0), (0.0, 1.0), (math.nan, 1.0), (1.0, math.inf)):
        with pytest.raises(ValueError, match="give 0 < least <= greatest"):
            power_grid(1.0, low, high, 1.0)
    for step in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"give 0.05 dB or more"):
            power_grid(1.0, 0.5, 2.0, step)


def test_stations_of_other_multiplexes_keep_theirs() -> None:
    """Only the stations named change, by their own place in the network."""
    whole = problem(5, n_station=4)
    of = PowerProblem(whole.network, (3, 1), (2.0, 5.0), ((2.0,), (5.0, 20.0)))
    assert of.people((2.0, 20.0)) == whole.people((10.0, 20.0, 2.0, 10.0))
    alone = dataclasses.replace(
        whole.network, groups=(Group((1, 3), whole.network.groups[0].budget),)
    )
    of = dataclasses.replace(of, network=alone)
    assert {p.choice for p in optimise_powers(of)} == {(2.0, 5.0), (2.0, 20.0)}


def optimise(tmp_path: Path, *options: str) -> int:
    coarse = tmp_path / "coarse.toml"
    coarse.write_text(
        f'extends = "{SCENARIO.as_posix()}"\ngrid.cell_size = 8000\n', encoding="utf-8"
    )
    with pytest.raises(SystemExit) as stopped:
        main(["optimise", "erp", str(coarse), "--out", str(tmp_path / "erp"), "-q", *options])
    return int(stopped.value.code or 0)


def test_what_is_found_is_what_a_run_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    neighbours = ("long_xuyen_k33", "can_tho_k33", "ca_mau_k33", "bac_lieu_k33", "soc_trang_k33",
                  "cao_lanh_k33")  # fmt: skip
    code = optimise(
        tmp_path, "--multiplex", "K33", "--total-kw", "75", "--step-db", "2", "--limit",
        "rach_gia_k33=0.5:5", "--override", "hon_me_erp_20kw",
        *(text for name in neighbours for text in ("--fix", name)),
    )  # fmt: skip
    assert code == 0
    said = capsys.readouterr().out
    assert "as it is: " in said
    assert ", 84 kW in all" in said
    found = load_scenario(tmp_path / "erp" / "erp.toml")
    result = run(
        found, tmp_path / "run", cache=tmp_path / "erp" / "cache", phase="band_700_vacated", draws=0
    )
    assert result.computed == ()
    assert result.population is not None
    people = result.population.served_counted(result.service["K33"].served_good)
    assert f"found: {people:,.0f} people" in said
    with (tmp_path / "erp" / "erp.csv").open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    assert int(rows[0]["persons_good"]) == round(people)
    own = {t.id: t.erp_kw for t in found.transmitters if t.multiplex == "K33"}
    assert sum(own.values()) == pytest.approx(float(rows[0]["total_kw"]))
    assert sum(own.values()) <= 75.0
    assert all(own[name] == 10.0 for name in neighbours)
    assert 0.5 <= own["rach_gia_k33"] <= 5.0
    assert 2.0 <= own["hon_me_k33"] <= 39.91
    assert {name: float(rows[0][f"{name} [kW]"]) for name in own} == own


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--multiplex", "K35"], "no multiplex 'K35'; choose from K33"),
        (["--limit", "hon_me=1:5"], "--limit hon_me: no station of K33 on air; did you mean"),
        (["--fix", "x"], "--fix x: no station of K33 on air"),
        (
            ["--limit", "hon_me_k33=5:1"],
            "hon_me_k33: limits 5 and 1 kW; give 0 < least <= greatest",
        ),
        (["--limit", "hon_me_k33=5"], "--limit hon_me_k33=5: give ID=MIN:MAX, both in kW"),
        (["--limit", "hon_me_k33=nan:5"], "hon_me_k33: nan kW; give a power of 1e-06 kW or more"),
        (["--limit", "hon_me_k33=1:2000"], "hon_me_k33: 2000 kW; give a power of 1e-06 kW or more"),
        (["--min-kw", "0"], "--min-kw: 0 kW; give a power"),
        (["--max-kw", "-1"], "--max-kw: -1 kW; give a power"),
        (["--max-kw", "0.5"], "hon_me_k33: limits 1 and 0.5 kW"),
        (["--total-kw", "nan"], "--total-kw: nan kW; give a power"),
        (["--total-kw", "5"], "5 kW in all, but the least powers add up to 7.4 kW"),
        (["--step-db", "0"], "hon_me_k33: step 0 dB; give 0.05 dB or more"),
        (
            ["--fix", "hon_me_k33", "--limit", "hon_me_k33=1:5"],
            "hon_me_k33 is both fixed and limited; give --fix or --limit",
        ),
    ],
)
def test_bad_requests_are_one_line(
    options: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = options if "--multiplex" in options else ["--multiplex", "K33", *options]
    assert optimise(tmp_path, *given) == 2
    said = capsys.readouterr().err
    assert why in said
    assert len(said.splitlines()) == 1
