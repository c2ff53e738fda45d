"""Static delays: against all combinations, and what cannot be searched."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest
from plain_network import SCENARIO, network

from dtt_sim.cli.main import main
from dtt_sim.network.multiplex import Group
from dtt_sim.planning.delays import from_zero, optimise_delays
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import run


@pytest.mark.parametrize("seed", range(6))
def test_as_good_as_all_combinations(seed: int) -> None:
    problem = network(seed)
    grid = [0.0, 100.0, 200.0, 300.0, 400.0]
    plans = optimise_delays(
        problem, limit_us=400.0, coarse_us=100.0, fine_us=100.0, starts=4, seed=seed
    )
    best = max(
        good + 1e-3 * expected
        for good, expected in map(problem.people, {from_zero(d) for d in itertools.product(grid, repeat=3)})
    )  # fmt: skip
    assert plans[0].score == pytest.approx(best, rel=1e-12)


def test_a_finer_grid_is_no_worse_and_plans_are_ranked() -> None:
    problem = network(11, n_station=4)
    coarse = optimise_delays(problem, limit_us=400.0, coarse_us=100.0, fine_us=100.0)
    fine = optimise_delays(problem, limit_us=400.0, coarse_us=100.0, fine_us=10.0)
    as_it_is = problem.people(problem.delays_us)
    assert fine[0].score >= coarse[0].score >= as_it_is[0] + 1e-3 * as_it_is[1]
    assert fine[0].persons_good > as_it_is[0]
    scores = [p.score for p in fine]
    assert scores == sorted(scores, reverse=True)
    assert all(min(p.choice) == 0.0 and max(p.choice) <= 400.0 for p in fine)
    assert len({p.choice for p in fine}) == len(fine)


def test_only_differences_count() -> None:
    problem = network(3)
    assert problem.people((0.0, 50.0, 120.0)) == problem.people((30.0, 80.0, 150.0))


def test_what_cannot_be_searched_is_refused() -> None:
    problem = network(1)
    alone = dataclasses.replace(problem, groups=(Group((0,), problem.group.budget),))
    with pytest.raises(ValueError, match="one station"):
        optimise_delays(alone, limit_us=100.0, coarse_us=10.0, fine_us=5.0)
    with pytest.raises(ValueError, match="0 < fine <= coarse <= limit"):
        optimise_delays(problem, limit_us=100.0, coarse_us=200.0, fine_us=5.0)
    with pytest.raises(ValueError, match="starts = 0"):
        optimise_delays(problem, limit_us=100.0, coarse_us=50.0, fine_us=5.0, starts=0)


def test_what_is_found_is_what_a_run_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the command line to a file that can be run, without a new path loss."""
    coarse = tmp_path / "coarse.toml"
    coarse.write_text(
        f'extends = "{SCENARIO.as_posix()}"\ngrid.cell_size = 8000\n', encoding="utf-8"
    )
    out = tmp_path / "delays"
    with pytest.raises(SystemExit) as stopped:
        main([
            "optimise", "delays", str(coarse), "--multiplex", "K33", "--out", str(out), "--limit",
            "300", "--coarse", "150", "--fine", "75", "--starts", "1", "-q",
        ])  # fmt: skip
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    result = run(
        load_scenario(out / "delays.toml"), tmp_path / "run", cache=out / "cache",
        phase="band_700_vacated", draws=0,
    )  # fmt: skip
    assert result.computed == ()
    assert result.population is not None
    people = result.population.served_counted(result.service["K33"].served_good)
    assert f"found: {people:,.0f} people" in said
    table = (out / "delays.csv").read_text(encoding="utf-8-sig").splitlines()
    assert table[0].startswith("rank,persons_good,persons_expected,hon_me_k33 [µs]")
    assert int(table[1].split(",")[1]) == round(people)


@pytest.mark.parametrize(
    ("multiplex", "why"),
    [("K35", "choose from K33, K34"), ("K34_vinh_long", "multi-frequency network")],
)
def test_networks_without_delays_are_named(
    multiplex: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([
            "optimise", "delays", str(SCENARIO), "--multiplex", multiplex, "--out", str(tmp_path),
            "-q",
        ])  # fmt: skip
    assert stopped.value.code == 2
    assert why in capsys.readouterr().err
