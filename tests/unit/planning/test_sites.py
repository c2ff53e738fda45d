"""Sites: against all combinations, the bound that none exceeds, and files that can be run."""

from __future__ import annotations

import csv
import dataclasses
import itertools
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from plain_network import MODE, SCENARIO, network

from dtt_sim.cli.main import main
from dtt_sim.network.discrimination import OMNIDIRECTIONAL, discrimination_of_band
from dtt_sim.network.multiplex import Group, Interferer, StationFields
from dtt_sim.network.reception import Reception, link_budget
from dtt_sim.network.sfn import SfnReceiver
from dtt_sim.planning.accounting import NetworkProblem
from dtt_sim.planning.sites import SiteProblem, optimise_sites, upper_bound
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import run

Summation = Literal["power_sum", "k_lnm", "schwartz_yeh"]


def sfn(
    seed: int, n_kept: int = 1, n_candidate: int = 5, summation: Summation = "schwartz_yeh",
    good_percent: float = 95.0, correlation: float = 0.0,
) -> SiteProblem:  # fmt: skip
    """A network of stations that stay, candidates, and one station that disturbs all cells a bit."""
    rng = np.random.default_rng(1000 + seed)
    n = n_kept + n_candidate
    whole = network(seed, n_station=n + 1, n_cell=200)
    vertical = rng.random(n + 1) < 0.3
    budget = link_budget(
        MODE,
        Reception(
            "fixed", good_location_percent=good_percent,
            acceptable_location_percent=min(70.0, good_percent),
        ),
        570.0,
    )  # fmt: skip
    return SiteProblem(
        NetworkProblem(
            tuple(
                dataclasses.replace(
                    s, wanted_dbuv_m=s.wanted_dbuv_m - np.float32(rng.uniform(0.0, 12.0)),
                    is_vertical=bool(v),
                )
                for s, v in zip(whole.stations, vertical, strict=True)
            ),
            (Group(tuple(range(n)), budget, (Interferer(n, rng.uniform(-20.0, 0.0)),)),),
            whole.persons, whole.area_km2, whole.lonlat_deg, whole.window,
            SfnReceiver(summation=summation, correlation=correlation),
            discrimination_of_band("IV")[0] if seed % 2 else OMNIDIRECTIONAL,
        ),
        tuple(range(n_kept, n)),
    )  # fmt: skip


def mfn(seed: int, *, disturbed: bool) -> SiteProblem:
    """Stations of a multi-frequency network, one of which stays; on one channel or each on its own."""
    whole = network(seed, n_station=6, n_cell=200)
    ratio = whole.group.budget.cn_db
    groups = tuple(
        Group(
            (k,), whole.group.budget,
            tuple(Interferer(o, ratio) for o in range(6) if o != k and disturbed),
        )
        for k in range(6)
    )  # fmt: skip
    fields = {f.name: getattr(whole, f.name) for f in dataclasses.fields(whole)}
    return SiteProblem(NetworkProblem(**{**fields, "groups": groups}), tuple(range(1, 6)))


def best_of_all(problem: SiteProblem, count: int) -> tuple[float, float]:
    """Score and people of the best combination, by evaluating each."""
    people = [problem.people(c) for c in itertools.combinations(problem.candidates, count)]
    return max(good + 1e-3 * expected for good, expected in people), max(g for g, _ in people)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["sfn", "mfn"])
def test_the_search_finds_the_best_combination(seed: int, kind: str) -> None:
    problem = sfn(seed, n_candidate=6) if kind == "sfn" else mfn(seed, disturbed=True)
    for count in (1, 2, 3):
        best, _ = best_of_all(problem, count)
        searched = optimise_sites(problem, count, all_up_to=0, seed=seed)
        everything = optimise_sites(problem, count)
        assert searched[0].score == everything[0].score == pytest.approx(best, rel=1e-12)
        assert searched[0].choice == everything[0].choice
        assert {p.choice for p in everything} == set(
            itertools.combinations(problem.candidates, count)
        )
        assert [p.score for p in searched] == sorted((p.score for p in searched), reverse=True)


@pytest.mark.parametrize(
    ("summation", "good_percent", "correlation", "usual_gap"),
    [
        ("power_sum", 95.0, 0.0, 0.5),
        ("schwartz_yeh", 95.0, 0.0, 0.5),
        ("schwartz_yeh", 70.0, 0.0, 0.4),
        ("schwartz_yeh", 95.0, 0.6, 0.5),
        ("power_sum", 95.0, 0.6, 0.5),
        ("k_lnm", 99.0, 0.0, 0.7),
        ("power_sum", 30.0, 0.0, 0.2),
    ],
)
def test_no_combination_of_a_network_exceeds_the_bound(
    summation: Summation, good_percent: float, correlation: float, usual_gap: float
) -> None:
    gaps = []
    for seed in range(30):
        problem = sfn(seed, seed % 3, 5, summation, good_percent, correlation)
        for count in (1, 2, 3):
            _, best = best_of_all(problem, count)
            bound = upper_bound(problem, count)
            assert bound >= best, (seed, count)
            assert bound <= problem.network.persons.sum() * (1.0 + 1e-6)
            gaps.append(1.0 - best / bound if bound > 0.0 else 0.0)
    assert np.median(gaps) < usual_gap  # it says something, even where echoes disturb most


@pytest.mark.parametrize("seed", range(12))
def test_the_bound_is_the_optimum_where_nothing_disturbs(seed: int) -> None:
    problem, disturbed = mfn(seed, disturbed=False), mfn(seed, disturbed=True)
    for count in (1, 2, 4):
        _, best = best_of_all(problem, count)
        assert upper_bound(problem, count) == pytest.approx(best, rel=1e-6)
        assert upper_bound(disturbed, count) == pytest.approx(best, rel=1e-6)


def places(level_dbuv_m: list[list[float]], persons: list[float]) -> SiteProblem:
    """Candidates by their levels at places near to all of them; nobody stays, nothing disturbs."""
    base = network(0, n_station=1, n_cell=len(persons))
    near = np.ones((1, len(persons)), np.float32)
    stations = tuple(
        StationFields(f"C{k}", 10.0, 105.0, *(np.array([row], np.float32),) * 2, near)
        for k, row in enumerate(level_dbuv_m)
    )
    chosen = tuple(range(len(stations)))
    return SiteProblem(
        NetworkProblem(
            stations, (Group(chosen, base.group.budget),), np.array(persons), np.ones(len(persons)),
            base.lonlat_deg, base.window, SfnReceiver(summation="power_sum"),
        ),
        chosen,
    )  # fmt: skip


def test_stations_that_serve_together_only() -> None:
    """Halves of a cell: two of three bring it, and the bound knows."""
    budget = link_budget(MODE, Reception("fixed"), 570.0)
    enough = budget.e_med_dbuv_m(95.0)
    halves, alone = enough - 2.9, enough + 0.1  # two equal ones are 3.01 dB more
    problem = places(
        [[halves, 0.0, 0.0], [halves, 0.0, 0.0], [0.0, alone, 0.0]], [100.0, 30.0, 7.0]
    )
    assert optimise_sites(problem, 2)[0].choice == (0, 1)
    for count, people in ((1, 30.0), (2, 100.0), (3, 130.0)):
        assert best_of_all(problem, count)[1] == people
        assert upper_bound(problem, count) == pytest.approx(people)


def test_what_stays_serves_without_candidates() -> None:
    problem = sfn(4, n_kept=2, n_candidate=3)
    nobody_new = problem.people(())
    kept = dataclasses.replace(problem.network.groups[0], members=(0, 1))
    served = problem.network.served([kept])
    assert nobody_new == (served.persons, served.expected_persons)
    assert nobody_new[0] > 0.0
    assert sfn(4, n_kept=0).people(()) == (0.0, 0.0)


def test_what_cannot_be_searched_is_refused() -> None:
    problem = sfn(1, n_candidate=3)
    for count in (0, 4):
        with pytest.raises(ValueError, match=f"count = {count} of 3 candidates; give 1 to 3"):
            optimise_sites(problem, count)
    with pytest.raises(ValueError, match="starts = 0"):
        optimise_sites(problem, 1, starts=0)
    for candidates in ((2, 1), (1, 1), (4,), (9,)):
        with pytest.raises(ValueError, match="give stations of the groups, ascending"):
            SiteProblem(problem.network, candidates)


COLUMNS = "id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel,horizontal_pattern,note\n"
ROWS = """\
an_thoi,An Thới,10.018,104.013,60,2,K33,33,patterns/north.csv,"said to be ""good"" by some"
ha_tien,Hà Tiên,10.383,104.488,80,5,K33,33,,
vinh_thuan,Vĩnh Thuận,9.513,105.258,100.5,5,K33,33,,
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A coarse scenario, and a table of candidates with a pattern beside it."""
    (tmp_path / "coarse.toml").write_text(
        f'extends = "{SCENARIO.as_posix()}"\ngrid.cell_size = 8000\n', encoding="utf-8"
    )
    (tmp_path / "tables" / "patterns").mkdir(parents=True)
    (tmp_path / "tables" / "patterns" / "north.csv").write_text(
        "azimuth_deg,attenuation_db\n0,0\n180,12\n", encoding="utf-8"
    )
    (tmp_path / "tables" / "candidates.csv").write_text(COLUMNS + ROWS, encoding="utf-8")
    return tmp_path


def optimise(files: Path, *options: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([
            "optimise", "sites", str(files / "coarse.toml"), "--candidates",
            str(files / "tables" / "candidates.csv"), "--out", str(files / "sites"), "--cache",
            str(files / "cache"), "-q", *options,
        ])  # fmt: skip
    return int(stopped.value.code or 0)


def test_what_is_found_is_what_a_run_gives(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = optimise(
        files, "--multiplex", "K33", "--count", "2", "--also-existing", "rach_gia_k33",
        "--override", "hon_me_erp_20kw",
    )  # fmt: skip
    assert code == 0
    said = capsys.readouterr().out
    assert "2 of 4 candidates: all 6 combinations" in said
    found = load_scenario(files / "sites" / "sites.toml")
    result = run(found, files / "run", cache=files / "cache", phase="band_700_vacated", draws=0)
    assert result.computed == ()
    assert result.population is not None
    people = result.population.served_counted(result.service["K33"].served_good)
    assert f"found: {people:,.0f} people" in said
    on_air = {t.id: t for t in found.transmitters}
    assert on_air["hon_me_k33"].erp_kw == 20.0  # the override is part of what was searched
    with (files / "sites" / "sites.csv").open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 6
    best = rows[0]
    assert int(best["persons_good"]) == round(people)
    assert {best["station_1"], best["station_2"]} <= set(on_air)
    chosen = {best["station_1"], best["station_2"]}
    assert ("rach_gia_k33" in on_air) == ("rach_gia_k33" in chosen)
    gap = 100.0 * (1.0 - people / float(best["bound_persons"]))
    assert float(best["gap_percent"]) == pytest.approx(gap, abs=0.01)
    assert gap >= 0.0


def test_every_chosen_row_is_written_whole(files: Path) -> None:
    """The pattern beside the table is found again, and text keeps its quotes."""
    assert optimise(files, "--multiplex", "K33", "--count", "3") == 0
    by_id = {t.id: t for t in load_scenario(files / "sites" / "sites.toml").transmitters}
    pattern = by_id["an_thoi"].antenna.horizontal
    assert pattern is not None
    assert pattern.attenuation_db[-1] == 12.0
    assert by_id["vinh_thuan"].height_agl_m == 100.5
    assert by_id["ha_tien"].site == "Hà Tiên"
    text = (files / "sites" / "sites.toml").read_text(encoding="utf-8")
    assert r'note = "said to be \"good\" by some"' in text


def test_a_candidate_beyond_the_ground_leaves_what_is_kept(files: Path) -> None:
    """It needs more ground, and with that other keys; the scenario's stations keep theirs."""
    assert optimise(files, "--multiplex", "K33", "--count", "1") == 0
    before = set((files / "cache").iterdir())
    with (files / "tables" / "candidates.csv").open("a", encoding="utf-8") as table:
        table.write("vung_tau,Vũng Tàu,10.35,107.0,100,10,K33,33,,\n")
    assert optimise(files, "--multiplex", "K33", "--count", "1") == 0
    # With the larger ground, the four candidates; without it, none again.
    assert len(set((files / "cache").iterdir()) - before) == 4


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--multiplex", "K35", "--count", "1"], "no multiplex 'K35'; choose from K33"),
        (["--multiplex", "K33", "--count", "4"], "count = 4 of 3 candidates; give 1 to 3"),
        (["--multiplex", "K33", "--count", "0"], "count = 0 of 3 candidates; give 1 to 3"),
        (
            ["--multiplex", "K33", "--count", "1", "--also-existing", "hon_me_k34"],
            "--also-existing hon_me_k34: no station of K33 on air; did you mean 'hon_me_k33'?",
        ),
    ],
)
def test_bad_requests_are_one_line(
    options: list[str], why: str, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert optimise(files, *options) == 2
    said = capsys.readouterr().err
    assert why in said
    assert len(said.splitlines()) == 1
