"""Two small plans against each other: sums, causes, money, ranking, files, and what is refused."""

from __future__ import annotations

import csv
import json
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr
from small_plan import PEOPLE, SCENARIO, TABLE, write_plan

import dtt_sim
from dtt_sim.cli.main import main
from dtt_sim.comparison.comparable import NotComparableError
from dtt_sim.comparison.counts import CHANGES
from dtt_sim.comparison.folder import write_comparison
from dtt_sim.errors import DttSimError
from dtt_sim.scenario.load import load_scenario
from dtt_sim.transition.households import DAYS_PER_MONTH
from dtt_sim.workflow.finished import FinishedRun
from dtt_sim.workflow.run import run

ALL = "(all)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of a plan: as it is, with a weak ("base") and a strong station, and on a coarse grid."""
    folder = tmp_path_factory.mktemp("compare")
    scenario = write_plan(folder)

    def make(name: str, **values: Any) -> None:
        keys = {key.replace("__", "."): value for key, value in values.items()}
        run(load_scenario(scenario, set_values=keys), folder / name, cache=folder / "cache")

    make("plain")
    make("base", transmitters__d__erp_kw=0.02)
    make("strong", transmitters__d__erp_kw=20.0)
    make("coarse", grid__cell_size=5000)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> xr.Dataset:
    return dtt_sim.compare(folder / "base", folder / "strong")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def command(*arguments: Any) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["compare", *map(str, arguments)])
    return int(stop.value.code or 0)


@pytest.mark.parametrize("quality", ["good", "acceptable"])
def test_people_are_those_of_both_runs(folder: Path, quality: str) -> None:
    data = dtt_sim.compare(folder / "base", folder / "strong", quality=quality)
    names = {"good": ("good", "grade 4"), "acceptable": ("acceptable", "grade 3")}[quality]
    for name, changes in (("base", ["kept", "lost"]), ("strong", ["kept", "gained"])):
        rows = [r for r in table(folder / name / "summary.csv") if r["quality"] in names]
        assert len(rows) == 3 * (1 + 2 + 2 + 1)
        for row in rows:
            counted = data["persons"].sel(
                phase=row["phase"], service=row["multiplex"], unit=row["unit"], change_kind=changes
            )
            assert float(counted.sum()) == pytest.approx(int(row["persons_served"]), abs=1.0)
    sums = data["persons"].sum("change_kind", skipna=False)
    off_air = sums.sel(unit=ALL).isnull().to_pandas()
    assert off_air.loc["before"].tolist() == [False, True, True]  # PAL alone
    assert off_air.loc["aso"].tolist() == [True, False, False]
    for unit, number in (("East", 4400), ("West", 2040), (ALL, 6440)):
        values = sums.sel(unit=unit).to_numpy()
        assert set(values[~np.isnan(values)]) == {number}


def test_households_are_those_of_both_ledgers(folder: Path, found: xr.Dataset) -> None:
    receiving = {"starts with", "keeps", "gains"}
    for name, changes in (("base", ["kept", "lost"]), ("strong", ["kept", "gained"])):
        by_item: dict[tuple[str, str, str], int] = defaultdict(int)
        for row in table(folder / name / "ledger.csv"):
            label = row["item"] if row["kind"] == "any" else f"{row['kind']} {row['item']}"
            number = int(row["households"]) if row["status"] in receiving else 0
            by_item[row["phase"], label, row["unit"]] += number
        assert len(by_item) == 4 * 5 * 3
        for (phase, item, unit), number in by_item.items():
            counted = found["households"].sel(
                phase=phase, item=item, unit=unit, change_kind=changes
            )
            # Each of the rows of a unit is a whole number for itself.
            assert float(counted.sum()) == pytest.approx(number, abs=3.0), (phase, item, unit)
    np.testing.assert_allclose(found["households"].sum("change_kind").sel(unit=ALL), 1610)
    # A stronger station is worth something, after it is on air.
    gained = found["households"].sel(unit=ALL, change_kind="gained", item="service K33")
    assert gained.sel(phase="before") == 0
    assert gained.sel(phase="aso") > 50


def test_the_other_way_round(folder: Path, found: xr.Dataset) -> None:
    back = dtt_sim.compare(folder / "strong", folder / "base")
    swapped = {"lost": "gained", "gained": "lost", "kept": "kept", "neither": "neither"}
    for change, mirrored in swapped.items():
        for name in ("persons", "households"):
            np.testing.assert_allclose(
                found[name].sel(change_kind=change), back[name].sel(change_kind=mirrored), atol=2.0
            )
    np.testing.assert_allclose(found["margin_difference"], -back["margin_difference"])
    np.testing.assert_allclose(found["probability_b_better"] + back["probability_b_better"], 1.0)
    assert found.attrs["base"] == "base"
    assert back.attrs["base"] == "strong"


def test_margins_move_as_the_power_does(found: xr.Dataset) -> None:
    """0.02 to 20 kW: noise alone limits K33 where PAL is off."""
    moved = found["margin_difference"].sel(service="K33")
    served = found["change"].sel(service="K33", phase="aso") >= CHANGES.index("lost")
    np.testing.assert_allclose(
        moved.sel(phase="aso").to_numpy()[served.to_numpy()], 30.0, atol=0.01
    )
    assert np.isnan(moved.sel(phase="before")).all()  # not on air


def test_a_run_against_itself(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "base", tmp_path / "copy")
    same = dtt_sim.compare(folder / "base", tmp_path / "copy")
    for change in ("lost", "gained"):
        assert float(same["persons"].sel(change_kind=change).sum()) == 0.0
        assert float(same["households"].sel(change_kind=change).sum()) == 0.0
    assert float(same["households"].sel(change_kind="kept").sum()) > 0.0
    assert not np.nan_to_num(same["margin_difference"]).any()
    assert (same["probability_b_better"] == 0.5).all()
    assert (same["probability_best"] == 0.5).all()
    assert same.attrs["warnings"] == []


def test_draws_are_common(folder: Path, found: xr.Dataset) -> None:
    """What differs between the plans in a draw is the plan: no matter how far both are off."""
    a, b = (FinishedRun.open(folder / name).figures for name in ("base", "strong"))
    assert a is not None
    assert b is not None
    name = next(f for f in a.names if (f.phase, f.what) == ("aso", "digital coverage"))
    own, other = a.draws[:, a.names[name]], b.draws[:, b.names[name]]
    assert own.std() > 0.0
    # 30 dB more never serve fewer in the same world.
    assert (other >= own).all()
    assert found["probability_b_better"].sel(criterion="coverage") > 0.5
    # Before the plans part, every draw is the same.
    early = [f for f in a.names if f.phase == "before"]
    of_a, of_b = (f.draws[:, [f.names[name] for name in early]] for f in (a, b))
    np.testing.assert_array_equal(of_a, of_b)
    assert of_a.std(axis=0).max() > 0.0


def test_files_say_the_same(
    folder: Path, found: xr.Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert command(folder / "base", folder / "strong", "--out", out, "-q") == 0
    said = capsys.readouterr().out
    for row in table(out / "changes.csv"):
        assert (row["cause"] != "") == (row["change"] in {"lost", "gained"})
    rows: dict[tuple[str, ...], int] = defaultdict(int)
    area: dict[tuple[str, str], float] = defaultdict(float)
    for row in table(out / "changes.csv"):
        rows[row["phase"], row["service"], row["unit"], row["change"]] += int(row["persons"])
        if row["unit"] == ALL:
            area[row["phase"], row["service"]] += float(row["area_km2"])
    grid = FinishedRun.open(folder / "base").grid
    for total in area.values():
        assert total == pytest.approx(float(grid.cell_area_km2().sum()), rel=1e-3)
    for (phase, service, unit, change), number in rows.items():
        at = {"phase": phase, "service": service, "unit": unit, "change_kind": change}
        assert float(found["persons"].sel(at)) == number
    households: dict[tuple[str, ...], int] = defaultdict(int)
    for row in table(out / "households.csv"):
        label = row["item"] if row["kind"] == "any" else f"{row['kind']} {row['item']}"
        households[row["phase"], label, row["unit"], row["change"]] += int(row["households"])
    for (phase, item, unit, change), number in households.items():
        at = {"phase": phase, "item": item, "unit": unit, "change_kind": change}
        assert float(found["households"].sel(at)) == number
    with rasterio.open(out / "strong" / "aso" / "K33_change.tif") as file:
        np.testing.assert_array_equal(file.read(1), found["change"].sel(phase="aso", service="K33"))
    with rasterio.open(out / "strong" / "aso" / "K33_margin_difference.tif") as file:
        margin = found["margin_difference"].sel(phase="aso", service="K33")
        np.testing.assert_array_equal(file.read(1, masked=True).filled(np.nan), margin)
        assert file.tags()["AGAINST"].startswith("base: ")
    with rasterio.open(out / "strong" / "aso" / "households.tif") as file:
        whole = file.read(masked=True).sum()
        assert float(whole) == pytest.approx(1610.0, abs=0.01)
    assert not (out / "strong" / "before").exists()  # nothing changes there
    for picture in (out / "ranking.png", out / "strong" / "aso" / "map.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")
    done = json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    assert [r["label"] for r in done["runs"]] == ["base", "strong"]
    assert done["draws"] == 16
    assert done["finished"]
    assert {r["terrain"] for r in table(out / "ranking.csv")} == {"measured"}
    assert "nothing changes in before" in said
    gained = rows["aso", "K33", ALL, "gained"]
    assert f"K33, good, 95 % of locations: +{gained:,} people ({gained:,} gain, 0 lose)" in said
    assert (out / "comparison.txt").read_text(encoding="utf-8") in said
    # Rows of both ledgers, and of both accounts.
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for row in table(out / "ledger.csv"):
        key = row["phase"], row["unit"], row["kind"], row["item"]
        sums[key][0] += int(row["base"])
        sums[key][1] += int(row["other"])
        assert int(row["difference"]) == int(row["other"]) - int(row["base"])
    per_unit = {"East": 1100, "West": 510, ALL: 1610}
    assert all(both == [per_unit[key[1]]] * 2 for key, both in sums.items())
    costs = table(out / "costs.csv")
    for k, name in (("base", "base"), ("other", "strong")):
        own = next(
            r for r in table(folder / name / "costs.csv")
            if (r["phase"], r["where"], r["item"]) == (ALL, ALL, "total")
        )  # fmt: skip
        compared = next(
            r for r in costs if (r["phase"], r["where"], r["item"]) == (ALL, ALL, "total")
        )
        assert compared[k] == own["amount"]
        ranked = next(
            r for r in table(out / "ranking.csv") if (r["criterion"], r["run"]) == ("cost", name)
        )
        assert float(ranked["value"]) == float(own["amount"])
        parts = [r for r in costs if (r["phase"], r["where"]) == (ALL, ALL)]
        assert sum(int(r[k]) for r in parts if r["item"] != "total") == int(own["amount"])


def test_stations_that_served_are_told(folder: Path, tmp_path: Path) -> None:
    """The strong station is weak in the other run, and off the air in a third."""
    (folder / "more.csv").write_text(
        TABLE + "e,Far,9.85,104.25,50,0.001,K33,40\n", encoding="utf-8"
    )
    changes = {"transmitters.d.on_air": False, "stations.file": str(folder / "more.csv")}
    scenario = load_scenario(folder / "s.toml", set_values=changes)
    run(scenario, tmp_path / "off", cache=folder / "cache")
    runs = [FinishedRun.open(p) for p in (folder / "strong", folder / "base", tmp_path / "off")]
    write_comparison(runs, tmp_path / "out")
    lost = [
        r for r in table(tmp_path / "out" / "changes.csv")
        if (r["phase"], r["service"], r["unit"], r["change"]) == ("aso", "K33", ALL, "lost")
    ]  # fmt: skip
    told = {(r["run"], r["served_by"], r["that_station_is"]) for r in lost}
    assert told == {("base", "d", "changed"), ("off", "d", "off air")}
    # Beyond the radius of the far station there is no data at all.
    assert {r["cause"] for r in lost if r["run"] == "base"} == {"noise"}
    assert {r["cause"] for r in lost if r["run"] == "off"} == {"noise", "no data"}


def test_gates_and_fairness_stand_side_by_side(folder: Path, tmp_path: Path) -> None:
    runs = [FinishedRun.open(folder / name) for name in ("base", "strong")]
    write_comparison(runs, tmp_path / "out")
    for name, value in (("gates", "value_percent"), ("fairness", "value_percent")):
        rows = table(tmp_path / "out" / f"{name}.csv")
        assert rows
        for column, source in (("base", "base"), ("other", "strong")):
            own = sorted(r[value] for r in table(folder / source / f"{name}.csv"))
            assert sorted(r[column] for r in rows if r[column]) == own


def test_one_phase_has_no_history(folder: Path, tmp_path: Path) -> None:
    """Nobody could have bought a receiver before it, so that its households say nothing."""
    run(load_scenario(folder / "s.toml"), tmp_path / "one", cache=folder / "cache", phase="aso")
    data = dtt_sim.compare(folder / "plain", tmp_path / "one")
    assert "households" not in data
    assert "value" not in data
    assert any("run with all its phases" in text for text in data.attrs["warnings"])
    changed = data["persons"].sel(change_kind=["gained", "lost"], phase="aso")
    assert float(changed.sum()) == 0.0


def test_an_older_comparison_is_cleared(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert command(folder / "base", folder / "strong", "-o", out, "-q") == 0
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    assert command(folder / "strong", folder / "base", "-o", out, "-q", "--no-maps") == 0
    assert sorted(p.name for p in out.iterdir() if p.is_dir()) == ["base"]
    assert not (out / "ranking.png").exists()
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"
    # What a comparison that was broken off had begun is known, and a path is no name.
    (out / "half").mkdir()
    (out / "comparison.json").write_text(
        json.dumps({"finished": False, "folders": ["base", "half", "../strong"]}), encoding="utf-8"
    )
    (tmp_path / "strong").mkdir()
    assert command(folder / "base", folder / "strong", "-o", out, "-q", "--no-maps") == 0
    assert sorted(p.name for p in out.iterdir() if p.is_dir()) == ["strong"]
    assert (tmp_path / "strong").is_dir()


def test_what_a_household_costs(folder: Path, tmp_path: Path) -> None:
    runs = [FinishedRun.open(folder / name) for name in ("base", "strong")]
    (one,) = write_comparison(runs, tmp_path / "out").against
    assert {p.item.kind for p in one.per_household} == {"any", "service", "programme"}
    costs = table(tmp_path / "out" / "costs.csv")
    total = next(r for r in costs if (r["phase"], r["where"], r["item"]) == (ALL, ALL, "total"))
    for p in one.per_household:
        assert p.cost == int(total["difference"]) > 0
        if round(p.gained) > 0:
            assert p.verdict == "more households for more money"
            assert p.each == round(p.cost / round(p.gained))
            assert 0.0 <= p.likely <= 1.0
        else:
            assert p.each is None
    assert any(p.each for p in one.per_household)


def test_three_runs_are_ranked(folder: Path, tmp_path: Path) -> None:
    """Halves: the copy is as good as the base, so that both share ranks and draws."""
    shutil.copytree(folder / "base", tmp_path / "copy")
    runs = [FinishedRun.open(p) for p in (folder / "base", tmp_path / "copy", folder / "strong")]
    ranking = write_comparison(runs, tmp_path / "out", by="coverage").ranking
    assert ranking is not None
    best, *rest = ranking.by("coverage")
    assert (best.run, best.rank) == ("strong", 1)
    assert [(s.run, s.rank) for s in rest] == [("base", 2), ("copy", 2)]
    for criterion in {s.criterion.id for s in ranking.standings}:
        own = ranking.by(criterion)
        assert sum(s.best for s in own) == pytest.approx(1.0)
        assert own[0].rank == 1
        chance = ranking.duel(criterion, "base", "copy").probability
        assert chance == 0.5
    lines = table(tmp_path / "out" / "ranking.csv")
    assert next(r["run"] for r in lines if r["criterion"] == "coverage") == "strong"
    assert len(table(tmp_path / "out" / "beats.csv")) == 6 * len(lines) // 3


def test_another_grid(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotComparableError, match=r"grids differ: .* ask for regridding"):
        dtt_sim.compare(folder / "plain", folder / "coarse")
    data = dtt_sim.compare(folder / "plain", folder / "coarse", regrid=True)
    assert data["change"].shape[2:] == FinishedRun.open(folder / "plain").grid.shape
    assert any("at its centre says" in text for text in data.attrs["warnings"])
    assert any("nearest place of its unit" in text for text in data.attrs["warnings"])
    assert not any("terrain differs" in text for text in data.attrs["warnings"])  # cut otherwise
    assert "different grids" in data.attrs["no_probabilities"]
    # One plan on two grids: nearly everybody keeps what they have.
    changed = data["households"].sel(unit=ALL, change_kind=["gained", "lost"])
    assert float(changed.sum("change_kind").max()) < 0.1 * 1610
    # Every cell has what the other run says at its centre.
    base, coarse = (FinishedRun.open(folder / name) for name in ("plain", "coarse"))
    level = coarse.layer("aso", "K33", "served").values
    row, col = coarse.grid.fractional_index(*base.grid.lonlat())
    row, col = np.rint(row).astype(int), np.rint(col).astype(int)
    inside = (row >= 0) & (col >= 0) & (row < level.shape[0]) & (col < level.shape[1])
    served = np.zeros(base.grid.shape, bool)
    served[inside] = level[row[inside], col[inside]] == 2
    change = data["change"].sel(phase="aso", service="K33").to_numpy()
    np.testing.assert_array_equal(np.isin(change, (2, 3)), served)
    assert command(folder / "plain", folder / "coarse", "-o", tmp_path / "o", "-q", "--regrid") == 0
    assert "on different grids are not of the same places" in capsys.readouterr().out


def altered(folder: Path, out: Path, name: str, old: str, new: str) -> Path:
    """A run of the plan with a piece of its text replaced."""
    assert old in SCENARIO
    file = folder / f"{name}.toml"
    file.write_text(SCENARIO.replace(old, new), encoding="utf-8")
    run(load_scenario(file), out / name, cache=folder / "cache", draws=0)
    return out / name


def test_other_people_are_refused(folder: Path, tmp_path: Path) -> None:
    old = 'points = "people.csv"'
    for text, reason in (
        (PEOPLE.replace("4000", "5000"), "population differs in 1 of 2 units (most in East"),
        (PEOPLE.replace("West", "North"), "only in base: West; only in other: North"),
        (PEOPLE.replace("10.1,104.25", "10.0,104.35"), "people of the same units live elsewhere"),
    ):
        (folder / "others.csv").write_text(text, encoding="utf-8")
        other = folder / "other.toml"
        own = SCENARIO.replace(old, 'points = "others.csv"')
        if "North" in text:
            own = own.replace('islands = ["West", "B"]', "islands = []")
        other.write_text(own, encoding="utf-8")
        run(load_scenario(other), tmp_path / "other", cache=folder / "cache", draws=0)
        with pytest.raises(NotComparableError) as error:
            dtt_sim.compare(folder / "base", tmp_path / "other")
        assert reason in str(error.value)
    more = altered(
        folder, tmp_path, "more", "persons_per_household = 4", "persons_per_household = 5"
    )
    with pytest.raises(NotComparableError, match="households that watch terrestrial television"):
        dtt_sim.compare(folder / "base", more)
    later = altered(folder, tmp_path, "vintage", "before 2025", "after 2025")
    with pytest.raises(NotComparableError, match="'before 2025' and of 'after 2025'"):
        dtt_sim.compare(folder / "base", later)


def test_other_phases(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A later switch-off under another name: by date, and by the names that both have."""
    file = folder / "late.toml"
    text = SCENARIO.replace('id = "aso"\ndate = 2017', 'id = "late"\ndate = 2018')
    text = text.replace('phase = "aso"', 'phase = "late"')
    file.write_text(text, encoding="utf-8")
    run(load_scenario(file), tmp_path / "late", cache=folder / "cache")
    by_id = dtt_sim.compare(folder / "plain", tmp_path / "late")
    assert by_id["phase"].to_numpy().tolist() == ["before", "both", "stronger"]
    assert "only in plain, not compared: aso" in by_id.attrs["warnings"]
    assert float(by_id["households"].sel(change_kind=["gained", "lost"]).sum()) == 0.0
    by_date = dtt_sim.compare(folder / "plain", tmp_path / "late", match="date")
    dates = ["2015-01-01", "2016-01-01", "2016-07-01", "2017-01-01", "2018-01-01"]
    assert by_date["phase"].to_numpy().tolist() == dates
    anything = by_date["households"].sel(item="(any programme)", unit=ALL)
    # While the analogue transmitter is on air, whoever lost their picture in the base has it.
    lost = sum(
        int(r["households"]) for r in table(folder / "plain" / "ledger.csv")
        if (r["phase"], r["item"], r["status"], r["unit"])
        == ("aso", "(any programme)", "loses", ALL)
    )  # fmt: skip
    assert float(anything.sel(phase="2017-01-01", change_kind="gained")) == pytest.approx(
        lost, abs=2
    )
    months = by_date["value"].sel(criterion="months_without")
    saved = float(months.sel(run="plain") - months.sel(run="late"))
    in_2017 = anything.sel(phase="2017-01-01")
    more = float(in_2017.sel(change_kind="gained") - in_2017.sel(change_kind="lost"))
    assert saved == pytest.approx(more * 365 / DAYS_PER_MONTH, rel=0.02)
    assert command(
        folder / "plain", tmp_path / "late", "-o", tmp_path / "o", "-q", "--match", "date",
        "--by", "months_without", "--no-maps",
    ) == 0  # fmt: skip
    said = capsys.readouterr().out
    assert "ranking by time without any programme" in said
    assert not list((tmp_path / "o").rglob("*.png"))
    # Nobody gains or loses on a day on which nothing happens in a plan.
    rows = table(tmp_path / "o" / "ledger.csv")
    in_2018 = [r for r in rows if r["phase"] == "2018-01-01" and int(r["base"])]
    assert {r["status"] for r in in_2018} == {"keeps", "without"}
    assert any(r["status"] == "loses" for r in rows if r["phase"] == "2018-01-01")
    sums = {"base": 0, "other": 0}
    for r in rows:
        if (r["phase"], r["unit"], r["item"]) == ("2018-01-01", ALL, "VTV1"):
            for name in sums:
                sums[name] += int(r[name])
    assert sums == {"base": 1610, "other": 1610}


def test_without_a_plan(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One phase, nobody's population: areas are compared all the same."""
    head, _, rest = SCENARIO.partition("[population]")
    _, _, tail = rest.partition("[[phase]]")
    assert tail
    file = folder / "bare.toml"
    file.write_text(head, encoding="utf-8")
    for name, power in (("bare", 0.02), ("bare_strong", 2.0)):
        scenario = load_scenario(file, set_values={"transmitters.d.erp_kw": power})
        run(scenario, tmp_path / name, cache=folder / "cache")
    data = dtt_sim.compare(tmp_path / "bare", tmp_path / "bare_strong")
    assert "persons" not in data
    assert "households" not in data
    assert data["phase"].to_numpy().tolist() == ["all"]
    assert int((data["change"].sel(service="K33") == 2).sum()) > 0
    assert command(tmp_path / "bare", tmp_path / "bare_strong", "-o", tmp_path / "o", "-q") == 0
    assert "km² gained" in capsys.readouterr().out
    with pytest.raises(NotComparableError, match="bare has no population"):
        dtt_sim.compare(folder / "base", tmp_path / "bare")


def test_draws_that_are_not_common(folder: Path, tmp_path: Path) -> None:
    other = altered(folder, tmp_path, "none", "start = 2015-01-01", "start = 2014-01-01")
    data = dtt_sim.compare(folder / "base", other)
    assert "none: no draws; run with --draws N" in data.attrs["no_probabilities"]
    assert np.isnan(data["probability_b_better"]).all()
    assert np.isfinite(data["value"]).all()
    assert any("households.start" in text for text in data.attrs["warnings"])
    file = folder / "seed.toml"
    file.write_text(SCENARIO.replace("draws = 16", "draws = 16\nseed = 5"), encoding="utf-8")
    run(load_scenario(file), tmp_path / "seed", cache=folder / "cache")
    data = dtt_sim.compare(folder / "base", tmp_path / "seed")
    assert "drawn differently (uncertainty.seed)" in data.attrs["no_probabilities"]


def test_other_terrain_is_told(folder: Path, tmp_path: Path) -> None:
    with rasterio.open(folder / "dem.tif") as file:
        profile, height = file.profile, file.read()
    with rasterio.open(folder / "higher.tif", "w", **profile) as file:
        file.write(height + 1)
    higher = load_scenario(
        folder / "s.toml", set_values={"terrain.elevation": str(folder / "higher.tif")}
    )
    run(higher, tmp_path / "higher", draws=0)
    warnings = dtt_sim.compare(folder / "plain", tmp_path / "higher").attrs["warnings"]
    assert any("terrain differs" in text for text in warnings)


def test_bad_input(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, strong, out = folder / "base", folder / "strong", tmp_path / "out"
    (tmp_path / "empty").mkdir()
    broken = tmp_path / "broken"
    shutil.copytree(base, broken)
    (broken / "manifest.json").write_text("{", encoding="utf-8")
    old = tmp_path / "old"
    shutil.copytree(base, old)
    found = json.loads((old / "manifest.json").read_text(encoding="utf-8"))
    for phase in found["phases"]:
        del phase["services"]
    (old / "manifest.json").write_text(json.dumps(found), encoding="utf-8")
    gone = tmp_path / "gone"
    shutil.copytree(strong, gone)
    (gone / "phases" / "aso" / "K33_margin.tif").unlink()
    cut = tmp_path / "cut"
    shutil.copytree(strong, cut)
    (cut / "figures.nc").write_bytes((strong / "figures.nc").read_bytes()[:500])
    no_costs, cut_table = tmp_path / "no_costs", tmp_path / "cut_table"
    for copy in (no_costs, cut_table):
        shutil.copytree(strong, copy)
    (no_costs / "costs.csv").unlink()
    whole = (strong / "ledger.csv").read_text(encoding="utf-8")
    (cut_table / "ledger.csv").write_text(whole[: whole.rindex(",") - 3], encoding="utf-8")
    for arguments, text in (
        ([base], "one run alone cannot be compared"),
        ([base, base], "base is given twice"),
        ([base, tmp_path / "empty"], "not the folder of a finished run"),
        ([base, broken], "manifest.json: cannot be read"),
        ([base, old], "written by another version"),
        ([base, gone], "K33_margin.tif: is missing; run the scenario again"),
        ([base, no_costs], "costs.csv: is missing"),
        ([base, cut_table], "ledger.csv:"),
        ([base, strong, "--label", "a", "--label", "A"], "would have folders of one name"),
        ([base, strong, "--label", "a", "--label", " "], "' ' is no label of a run"),
        ([base, strong, "--label", "a", "--label", "x" * 61], "is no label of a run"),
        ([base, strong, "--label", "a", "--label", "x\ny"], "is no label of a run"),
        ([base, cut], "figures.nc: cannot be read"),
        ([base, folder / "s.toml"], "is a scenario; run it first"),
        ([base, strong, "--phase", "asso"], "no phase 'asso' to compare; did you mean 'aso'?"),
        (
            [base, strong, "--by", "costs"],
            "no criterion 'costs' in these runs; did you mean 'cost'",
        ),
        ([base, strong, "--label", "one"], "1 labels for 2 runs"),
        ([base, folder / "coarse"], "run both on one [grid], or ask for regridding (--regrid)"),
    ):
        assert command(*arguments, "-o", out, "-q") == 2, text
        said = capsys.readouterr().err
        assert text in said
        assert "Traceback" not in said
    assert not json.loads((out / "comparison.json").read_text(encoding="utf-8"))["finished"]
    assert command(base, strong, "-o", base, "-q") == 2
    assert "is one of the runs" in capsys.readouterr().err
    with pytest.raises(DttSimError, match="no service 'K34' to compare"):
        dtt_sim.compare(base, strong, services=["K34"])
    with pytest.raises(DttSimError, match="no quality 'best'"):
        dtt_sim.compare(base, strong, quality="best")


def test_labels(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("x", "y"):
        shutil.copytree(folder / "base", tmp_path / name / "run")
    assert command(tmp_path / "x/run", tmp_path / "y/run", "-o", tmp_path / "o", "-q") == 0
    assert "y-run against x-run" in capsys.readouterr().out
    arguments = [folder / "base", folder / "strong", "-o", tmp_path / "p", "-q"]
    assert command(*arguments, "--label", "Đề án", "--label", "đài mạnh / 50 kW") == 0
    assert "đài mạnh / 50 kW against Đề án" in capsys.readouterr().out
    assert (tmp_path / "p" / "đài_mạnh_50_kW" / "aso" / "K33_change.tif").is_file()


def test_a_run_that_was_broken_off_is_none(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    shutil.copytree(folder / "base", out)

    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "households" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(load_scenario(folder / "s.toml"), out, cache=folder / "cache", progress=stop)
    with pytest.raises(DttSimError, match="not the folder of a finished run"):
        dtt_sim.compare(out, folder / "strong")
