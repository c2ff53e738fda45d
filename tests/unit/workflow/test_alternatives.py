"""What overrides do to the people served, told beside a run's own result."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dtt_sim.report.text import closing_lines
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import Run, run

SCENARIO = Path(__file__).parents[3] / "scenarios" / "kien_giang" / "scenario.toml"
COARSE = {"grid.cell_size": 8000, "uncertainty.draws": 0}
MORE = """\
extends = "{base}"
[[alternative]]
override = "moved"
title = "a site elsewhere"
[[alternative]]
override = "portable_outdoor"
[[alternative]]
override = "nothing"
[override.moved]
transmitters.rach_gia_k33.lat_deg = 9.9
[override.nothing]
transmitters.rach_gia_k33.erp_kw = 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alternatives")
    (folder / "s.toml").write_text(MORE.format(base=SCENARIO.as_posix()), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def result(folder: Path) -> Run:
    return run(load_scenario(folder / "s.toml", set_values=COARSE), folder / "out")


def test_an_alternative_is_what_its_own_run_says(folder: Path, result: Run) -> None:
    moved = load_scenario(folder / "s.toml", override="moved", set_values=COARSE)
    there = run(moved, folder / "moved", cache=folder / "out" / "cache")
    assert there.computed == ()  # the alternative computed it
    assert result.population is not None
    with (folder / "out" / "alternatives.csv").open(encoding="utf-8-sig") as file:
        rows = [r for r in csv.DictReader(file) if r["override"] == "moved"]
    for row in rows:
        if row["unit"] != "(all)":
            continue
        layers = there.service[row["service"]], result.service[row["service"]]
        name = "served_good" if row["quality"] == "good" else "served_acceptable"
        then, now = (round(result.population.served_counted(getattr(one, name))) for one in layers)
        assert int(row["persons_served"]) == then
        assert int(row["difference"]) == then - now
    by_unit = [
        int(r["persons_served"]) for r in rows if (r["service"], r["quality"]) == ("K33", "good")
    ]
    assert sum(by_unit[:-1]) == pytest.approx(by_unit[-1], abs=len(by_unit))
    assert any(int(r["difference"]) for r in rows)


def test_lines_say_what_each_costs(result: Run, folder: Path) -> None:
    lines = closing_lines(result)
    at = lines.index("alternatives, people at good quality:")
    moved, portable, nothing = lines[at + 1 : at + 4]
    assert moved.startswith("  a site elsewhere: K33 ")
    assert moved.endswith(("more)", "fewer)"))
    assert portable == "  portable_outdoor: not compared: it changes [reception]"
    assert nothing == "  nothing: nobody gains or loses"
    # A run of an override is compared with the scenario without it.
    scenario = load_scenario(folder / "s.toml", override="moved", set_values=COARSE)
    other = run(scenario, folder / "again", cache=folder / "out" / "cache")
    assert [a.override for a in other.alternatives] == ["", "portable_outdoor", "nothing"]
    assert other.alternatives[0].title == "without the override"
