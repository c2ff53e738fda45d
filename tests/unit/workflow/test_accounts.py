"""A small plan end to end: ledger, money, gates, resumption, and the question behind a number."""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from small_plan import PEOPLE, SCENARIO, write_plan

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError, ScenarioError
from dtt_sim.report.text import closing_lines
from dtt_sim.scenario.load import load_scenario
from dtt_sim.transition.ledger import ANY, ANYTHING, Item
from dtt_sim.workflow.run import Run, run

TABLES = ("ledger", "costs", "gates", "fairness", "headline", "summary", "causes", "programmes")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plan(tmp_path_factory.mktemp("plan")).parent


@pytest.fixture(scope="module")
def result(folder: Path) -> Run:
    return run(load_scenario(folder / "s.toml"), folder / "out")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_of_the_ledger_add_up(result: Run) -> None:
    rows = table(result.out / "ledger.csv")
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for row in rows:
        sums[row["phase"], row["item"], row["unit"]] += int(row["households"])
    per_unit = {"East": 1100, "West": 510, "(all)": 1610}
    phases = ("before", "both", "stronger", "aso")
    items = ("K33", "PAL", "VTV1", "VTV2", ANYTHING)
    assert {key: n for key, n in sums.items() if key[1] == "VTV1"} == {
        (p, "VTV1", u): n for p in phases for u, n in per_unit.items()
    }
    assert set(sums) == {(p, i, u) for p in phases for i in items for u in per_unit}
    assert all(sums[key] == per_unit[key[2]] for key in sums)
    assert {r["unit_vintage"] for r in rows} == {"before 2025"}
    losses = [r for r in rows if r["status"] == "loses"]
    assert losses
    assert all(r["cause"] for r in losses)
    # Bands stand at the totals of statuses only.
    banded = [r for r in rows if r["low"]]
    assert banded
    assert all(r["unit"] == "(all)" and not r["cause"] for r in banded)
    assert all(float(r["low"]) <= float(r["high"]) for r in banded)


def test_everybody_supported_or_not(result: Run) -> None:
    account = result.account
    assert account is not None
    lost = {e.cause for e in account.ledger.of("aso", Item("programme", "VTV1")) if e.cause}
    assert "analogue switched off and no receiver" in lost
    # All poor households have got a box by the switch-off.
    (gate,) = account.gates.values()
    assert gate[0].passed
    assert gate[0].value == pytest.approx(100.0)
    boxes = [r for r in table(result.out / "costs.csv") if r["item"] == "receivers delivered"]
    assert {r["phase"] for r in boxes} == {"aso"}
    total = [r for r in table(result.out / "costs.csv") if r["item"] == "total"]
    by_phase = sum(int(r["amount"]) for r in total if r["phase"] != "(all)")
    everything = [r for r in total if (r["phase"], r["where"]) == ("(all)", "(all)")]
    by_place = sum(
        int(r["amount"]) for r in total if r["phase"] == "(all)" and r["where"] != "(all)"
    )
    assert by_phase == by_place == int(everything[0]["amount"]) > 0
    head = table(result.out / "headline.csv")
    cost = next(r for r in head if r["figure"] == "cost")
    assert cost["unit"] == "VND"
    # Whole receivers and dishes in one, parts of them in the other.
    assert float(cost["value"]) == pytest.approx(float(everything[0]["amount"]), abs=4e6)
    assert float(cost["low"]) <= float(cost["high"])
    lines = "\n".join(closing_lines(result))
    assert "the plan, of 1,610 households" in lines
    assert "2017-01-01 aso: " in lines
    verdict = "passes" if all(v.passed for v in gate) else "fails"
    assert f"aso {verdict} its gate" in lines


def test_a_changed_station_has_a_raster_of_its_own(result: Run) -> None:
    names = sorted(p.name for p in (result.out / "fields").iterdir())
    assert names == ["d--both.tif", "d.tif", "p.tif"]
    with (
        rasterio.open(result.out / "fields" / "d.tif") as later,
        rasterio.open(result.out / "fields" / "d--both.tif") as before,
    ):
        change = later.read(1, masked=True) - before.read(1, masked=True)
    assert float(change.max()) == pytest.approx(10 * np.log10(250.0), abs=1e-4)


def test_point_in_a_phase(result: Run, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--lat", "10.0", "--lon", "104.68"]
    said = {}
    for phase in ("both", "aso"):
        with pytest.raises(SystemExit) as stop:
            main(["point", str(result.out), *place, "--phase", phase])
        assert stop.value.code == 0
        said[phase] = capsys.readouterr().out
    assert "PAL (PAL)" in said["both"]
    assert "PAL (PAL)" not in said["aso"]
    with pytest.raises(SystemExit) as stop:
        main(["point", str(result.out), *place, "--phase", "asso"])
    assert stop.value.code == 2
    assert "no phase 'asso'" in capsys.readouterr().err


def test_accounts_of_a_phase(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["interference", str(folder / "s.toml"), "--multiplex", "PAL", "-q",
              "--out", str(folder / "who"), "--cache", str(folder / "out" / "cache")]  # fmt: skip
    with pytest.raises(SystemExit) as stop:
        main([*common, "--phase", "both"])
    assert stop.value.code == 0
    assert "with all interference" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(common)
    assert stop.value.code == 2
    assert "PAL is carried by no transmitter on air" in capsys.readouterr().err


def test_what_is_behind_a_number(
    result: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cause = "analogue switched off and no receiver"
    with pytest.raises(SystemExit) as stop:
        main(["ledger", str(result.out), "--phase", "aso", "--item", "VTV1", "--cause", cause,
              "--map", str(tmp_path / "lost.tif")])  # fmt: skip
    assert stop.value.code == 0
    said = capsys.readouterr().out
    rows = table(result.out / "ledger.csv")
    number = next(
        int(r["households"]) for r in rows
        if (r["phase"], r["item"], r["cause"], r["unit"]) == ("aso", "VTV1", cause, "(all)")
    )  # fmt: skip
    assert f"aso, VTV1: {number:,} households" in said
    with rasterio.open(tmp_path / "lost.tif") as file:
        assert file.shape == result.grid.shape
        assert float(file.read(1, masked=True).sum()) == pytest.approx(number, abs=0.6)
    for options, text in (
        (["--phase", "asso"], "did you mean 'aso'"),
        (["--phase", "aso", "--item", "VTV9"], "no programme or service 'VTV9'"),
        (["--phase", "aso", "--unit", "North"], "no unit 'North'"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(["ledger", str(result.out), *options])
        assert stop.value.code == 2
        assert text in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["ledger", str(tmp_path), "--phase", "aso"])
    assert "transition.nc: no such file" in capsys.readouterr().err


def test_dataset_is_read_by_xarray(result: Run) -> None:
    with xr.open_dataset(result.out / "transition.nc") as data:
        assert data["phase"].to_numpy().astype("datetime64[D]").astype(str).tolist() == [
            "2015-01-01", "2016-01-01", "2016-07-01", "2017-01-01",
        ]  # fmt: skip
        assert data.attrs["Conventions"] == "CF-1.11"
        lost = data["status"].attrs["flag_meanings"].split().index("loses")
        at = [str(v) for v in data["item_name"].to_numpy()].index("VTV1")
        cells = data["status"].isel(phase=3, item=at, household_kind=0) == lost
        assert int(cells.sum()) > 0
        assert float(data["households"].sum()) == pytest.approx(1610.0)


def test_resuming_gives_the_same_bytes(folder: Path, result: Run) -> None:
    out = folder / "again"
    scenario = load_scenario(folder / "s.toml")

    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "households" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scenario, out, progress=stop)
    assert not list(out.rglob("*.part*"))
    assert run(scenario, out).computed == ()
    for name in TABLES:
        assert (out / f"{name}.csv").read_bytes() == (result.out / f"{name}.csv").read_bytes(), name
    assert (out / "transition.nc").read_bytes() == (result.out / "transition.nc").read_bytes()


def test_one_phase_only(folder: Path, result: Run) -> None:
    one = run(
        load_scenario(folder / "s.toml"), folder / "one", cache=folder / "out" / "cache",
        phase="both",
    )  # fmt: skip
    assert one.last.phase == "both"
    assert {r["phase"] for r in table(folder / "one" / "summary.csv")} == {"both"}
    assert one.account is None
    name = "phases/both/K33_served.tif"
    assert (folder / "one" / name).read_bytes() == (result.out / name).read_bytes()


def test_a_run_without_households_leaves_no_older_ledger(folder: Path, result: Run) -> None:
    out = folder / "stale"
    shutil.copytree(result.out, out)
    assert (out / "ledger.csv").exists()
    run(load_scenario(folder / "s.toml"), out, phase="both")
    left = {p.name for p in out.iterdir()}
    assert not left & {"ledger.csv", "costs.csv", "headline.csv", "transition.nc", "figures.nc"}
    assert "summary.csv" in left


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("cable_percent = 0", "cable_percent = 5", "sum to 105 %; give shares that sum to 100"),
        ('phase = "aso"\npercent', 'phase = "asso"\npercent', "delivery.0.phase: no phase 'asso'"),
        ('must_carry = ["VTV1"]', 'must_carry = ["VTV9"]', "'VTV9' is in no multiplex"),
        ("[gates]", '[gates]\nphases = ["x"]', "gates.phases: no phase 'x'"),
        ("persons_per_household", "persons_per_houshold", "did you mean 'persons_per_household'"),
        ("[prices]", "[prices]\nreceiver = -1", "prices.receiver"),
        ("[prices]", "[prices]\n[[prices.site]]\nabove_kw = 5\ncapex = 1\n[[prices.site]]\nabove_kw = 1\ncapex = 1",
         "ascending above_kw"),
        ("[prices]", "[prices]\n[[prices.site]]\nabove_kw = 7\ncapex = 1", "prices.site: d radiates 5 kW"),
        ("[prices]", '[prices]\npays_for = ["Nowhere"]', "prices.pays_for: 'Nowhere' is no DVB-T2"),
        ("draws = 16", "draws = -1", "uncertainty.draws"),
        ("start = 2015-01-01", "uptake_low_percent = 90", "uptake_low_percent <= uptake_percent"),
    ],
)  # fmt: skip
def test_slips_are_named(folder: Path, old: str, new: str, expected: str) -> None:
    assert old in SCENARIO
    (folder / "bad.toml").write_text(SCENARIO.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder / "bad.toml")
    assert expected in str(caught.value)
    assert "bad.toml:" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'islands = ["West", "B"]', 'islands = ["Wst"]',
            r"odd.toml:\d+: households.islands: no unit or place 'Wst'; did you mean 'West'",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_together(folder: Path, old: str, new: str, expected: str) -> None:
    (folder / "odd.toml").write_text(SCENARIO.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DttSimError, match=expected):
        run(load_scenario(folder / "odd.toml"), folder / "odd")


def test_a_place_has_a_row_of_its_own(result: Run) -> None:
    """Place B lies in one cell, so that its share is the ledger's there."""
    account = result.account
    assert account is not None
    rows = [r for r in table(result.out / "fairness.csv") if r["measure"] == "island"]
    assert [r["where"] for r in rows[:2]] == ["West", "B"]
    people, fates = account.transition.people, account.transition.fates
    east = people.units.index("East")
    (at,) = np.flatnonzero(np.isclose(people.households[east], 100.0))
    share = account.equipment.drawn(None).equipped[:, east]
    for p, row in enumerate(r for r in rows if r["where"] == "B"):
        gets = np.isin(fates.status[p, fates.items.index(ANY), :, at], (0, 2, 3))
        before = share[p - 1] if p else share[0]
        expected = gets @ [1.0 - share[p], share[p] - before, before]
        assert float(row["value_percent"]) == pytest.approx(100.0 * expected, abs=0.006)


def test_every_value_of_a_plan_has_a_source(result: Run) -> None:
    rows = {r["key"]: r for r in table(result.out / "assumptions.csv")}
    assert rows["households.persons_per_household"]["source"] == "s.toml:34"
    assert rows["prices.satellite"]["source"] == "default of dtt_sim, a guess"
    assert rows["prices.receiver"]["confidence"] == "SINGLE"
    assert rows["prices.site above 0.5 kW"]["value"] == "6000000000.0"
    plan = [r for k, r in rows.items() if k.split(".")[0] in {"prices", "gates", "households"}]
    assert len(plan) > 20
    assert all(r["source"] and r["confidence"] for r in plan)


def test_a_unit_without_people_is_told_by_its_line(folder: Path) -> None:
    rows = "E,North,10.05,104.5,0\nF,North,10.06,104.5,0\n"
    (folder / "nobody.csv").write_text(PEOPLE + rows, encoding="utf-8")
    text = SCENARIO.replace("people.csv", "nobody.csv")
    (folder / "nobody.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        run(load_scenario(folder / "nobody.toml"), folder / "nobody")
    assert "nobody.csv:6: persons: 'North' has no population" in str(caught.value)


def test_table_of_units(folder: Path) -> None:
    (folder / "units.csv").write_text(
        "unit;poor_percent;terrestrial_percent;cable_percent\nWest;50;90;10\n", encoding="utf-8-sig"
    )
    text = SCENARIO.replace("[households]", '[households]\ntable = "units.csv"')
    (folder / "with.toml").write_text(text, encoding="utf-8")
    found = run(
        load_scenario(folder / "with.toml"),
        folder / "with",
        cache=folder / "out" / "cache",
        draws=0,
    )
    assert found.account is not None
    np.testing.assert_allclose(found.account.model.watching, [1100.0, 459.0])
    np.testing.assert_allclose(found.account.model.poor, [0.06, 0.5])
    for rows, expected in (
        ("unit,poor_percent\nWset,5\n", "units.csv:2: unit: 'Wset' is no unit of the population"),
        ("unit,por_percent\nWest,5\n", "unknown column; did you mean 'poor_percent'"),
        ("unit,poor_percent\nWest,x\n", "'x' is not a number"),
        ("unit,poor_percent\nWest,500\n", "outside 0 to 100"),
        ("unit,cable_percent\nWest,50\n", "the platforms of West sum to 150 %"),
        ("unit,poor_percent\nWest,5\nWest,6\n", "stands in line 2 already"),
        ("name,poor_percent\nWest,5\n", "column is missing"),
    ):
        (folder / "units.csv").write_text(rows, encoding="utf-8")
        with pytest.raises(ScenarioError) as caught:
            run(load_scenario(folder / "with.toml"), folder / "with2")
        assert expected in str(caught.value)
