"""The dated plan of a scenario."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from dtt_sim.cli.main import main
from dtt_sim.errors import ScenarioError
from dtt_sim.scenario.load import Scenario, load_scenario

HEAD = """\
format = 1
name = "plan"
[terrain]
elevation = "dem.tif"
[grid]
crs = "EPSG:32648"
cell_size = 1000
west_deg = 104.0
south_deg = 9.0
east_deg = 106.0
north_deg = 11.0
[multiplexes.K33]
network = "sfn"
fft = "32K"
guard_interval = "1/8"
pilot_pattern = "PP2"
modulation = "64QAM"
code_rate = "3/4"
programmes = ["P1"]
[analogue.VTV1]
[stations]
file = "tx.csv"
"""
TABLE = """\
id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel
d1,North,10.0,104.5,100,10,K33,33
d2,South,9.5,105.0,100,2,K33,33
a1,North,10.0,104.5,100,10,VTV1,27
a2,South,9.5,105.0,60,1,VTV1,51
"""
PLAN = """\
[[phase]]
id = "before"
date = 2015-01-01
[[phase]]
id = "simulcast"
title = "Both on air"
date = 2016-01-01
on = ["d1"]
[[phase]]
id = "more"
date = 2016-06-01
on = ["d2"]
transmitters.d1.erp_kw = 20.0
multiplexes.K33.programmes = ["P1", "P2"]
[[phase]]
id = "vacated"
date = 2016-09-01
vacate_mhz = [694.0, 806.0]
[[phase]]
id = "aso"
date = 2017-12-31
confidence = "VERIFIED"
analogue_off = true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dem.tif").write_bytes(b"x")
    (tmp_path / "tx.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path


def load(folder: Path, plan: str = PLAN, more: str = "", **options: object) -> Scenario:
    (folder / "s.toml").write_text(HEAD + plan + more, encoding="utf-8")
    return load_scenario(folder / "s.toml", **options)  # type: ignore[arg-type]


def on_air(scenario: Scenario) -> dict[str, list[str]]:
    return {p.phase.id: [t.id for t in p.transmitters] for p in scenario.phases if p.phase}


def test_each_phase_changes_the_one_before(folder: Path) -> None:
    scenario = load(folder)
    assert on_air(scenario) == {
        "before": ["a1", "a2"], "simulcast": ["d1", "a1", "a2"], "more": ["d1", "d2", "a1", "a2"],
        "vacated": ["d1", "d2", "a1"], "aso": ["d1", "d2"],
    }  # fmt: skip
    erp = {p.phase.id: p.transmitters[0].erp_kw for p in scenario.phases[1:] if p.phase}
    assert erp == {"simulcast": 10.0, "more": 20.0, "vacated": 20.0, "aso": 20.0}
    programmes = [p.multiplexes["K33"].programmes for p in scenario.phases]
    assert programmes == [("P1",)] * 2 + [("P1", "P2")] * 3
    assert scenario.phase is not None
    assert (scenario.phase.id, scenario.phase.date) == ("aso", dt.date(2017, 12, 31))
    assert scenario.phases[1].phase is not None
    assert scenario.phases[1].phase.name == "Both on air"
    # Every date but the verified one is an assumption.
    keys = [a.key for a in scenario.assumptions if a.key.startswith("phase.")]
    assert keys == [f"phase.{name}.date" for name in ("before", "simulcast", "more", "vacated")]
    one = load(folder, phase="simulcast")
    assert [t.id for t in one.transmitters] == ["d1", "a1", "a2"]
    assert on_air(one) == on_air(scenario)


def test_without_a_plan(folder: Path) -> None:
    scenario = load(folder, "")
    assert scenario.phases == ()
    assert scenario.phase is None
    assert [t.id for t in scenario.transmitters] == ["d1", "d2", "a1", "a2"]


def test_services_sites_and_boxes(folder: Path) -> None:
    plan = """\
[[phase]]
id = "one"
date = 2016-01-01
on = ["K33"]
off = ["a2"]
[[phase]]
id = "two"
date = 2016-02-01
analogue_off_box = [104.4, 9.9, 104.6, 10.1]
"""
    assert on_air(load(folder, plan)) == {"one": ["d1", "d2", "a1"], "two": ["d1", "d2"]}
    named = plan.replace("analogue_off_box = [104.4, 9.9, 104.6, 10.1]", 'analogue_off = ["North"]')
    assert on_air(load(folder, named)) == {"one": ["d1", "d2", "a1"], "two": ["d1", "d2"]}


def test_overrides_lie_over_all_phases(folder: Path) -> None:
    more = """\
[override.without]
transmitters.d2.on_air = false
transmitters.d1.erp_kw = 1.0
[override.later.phase.aso]
date = 2018-06-30
[override.added]
transmitters.d3 = { site = "East", lat_deg = 10.5, lon_deg = 105.5, height_agl_m = 50, erp_kw = 1, multiplex = "K33", channel = 33 }
phase.more.on = ["d2", "d3"]
"""
    scenario = load(folder, more=more, override="without")
    assert on_air(scenario)["aso"] == ["d1"]
    assert {t.erp_kw for p in scenario.phases for t in p.transmitters if t.id == "d1"} == {1.0}
    later = load(folder, more=more, override="later")
    assert later.phase is not None
    assert later.phase.date == dt.date(2018, 6, 30)
    assert on_air(load(folder, more=more, override="added"))["simulcast"] == ["d1", "a1", "a2"]
    assert on_air(load(folder, more=more, override="added"))["aso"] == ["d1", "d2", "d3"]
    # New stations stand in the order of the file: rasters count in it.
    names = ["zulu", "golf", "alfa", "kilo", "mike", "echo"]
    several = "[override.several]\n" + "".join(
        f'transmitters.{name} = {{ site = "East", lat_deg = 10.{k}, lon_deg = 105.5, '
        'height_agl_m = 50, erp_kw = 1, multiplex = "K33", channel = 33 }\n'
        for k, name in enumerate(names)
    )
    several += 'phase.more.on = ["d2", "East"]\n'
    ordered = load(folder, more=several, override="several")
    assert [t.id for t in ordered.transmitters] == ["d1", "d2", *names]
    assert ordered.station_ids == ("d1", "d2", "a1", "a2", *names)
    # A scenario that extends this one and takes a station out of it, likewise.
    (folder / "out.toml").write_text(
        'extends = "s.toml"\n[transmitters]\nd2.on_air = false\n', encoding="utf-8"
    )
    assert on_air(load_scenario(folder / "out.toml"))["aso"] == ["d1"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("date = 2016-06-01", "date = 2015-06-01", "s.toml:33: phase.2.date: 2015-06-01 is not after"),
        ("date = 2016-06-01", "date = 2016-01-01", "put the phases in order"),
        ('id = "more"', 'id = "simulcast"', "'simulcast' stands there twice"),
        ('on = ["d2"]', 'on = ["d9"]', "'d9' is no station, service or site; did you mean"),
        ('on = ["d2"]', 'on = ["d1", "d2"]', "d1 comes on air, but it is on air before phase more"),
        ('on = ["d1"]', 'on = ["d1"]\noff = ["d2"]', "d2 goes off the air, but it is not on air before"),
        ('on = ["d2"]', 'on = ["d2"]\noff = ["d2"]', "comes on air and goes off at once"),
        ("analogue_off = true", 'analogue_off = ["d1"]', "'d1' is no analogue station"),
        ("vacate_mhz = [694.0, 806.0]", "vacate_mhz = [806.0, 694.0]", "the lower frequency first"),
        ("vacate_mhz = [694.0, 806.0]", 'vacate_mhz = [560.0, 580.0]\non = ["x"]', "'x' is no station"),
        ("transmitters.d1.erp_kw = 20.0", "transmitters.d1.erp = 20.0", "unknown column"),
        ("transmitters.d1.erp_kw = 20.0", "transmitters.d7.erp_kw = 20.0", "no transmitter 'd7' to change"),
        ("multiplexes.K33.programmes", "multiplexes.K33.programs", "unknown key; did you mean"),
        ("analogue_off = true", "analogue_of = true", "unknown key; did you mean 'analogue_off'"),
        ("analogue_off = true", 'off = ["K33", "VTV1"]', "no transmitter is on air"),
        ("date = 2016-06-01", 'date = "soon"', "phase.2.date"),
    ],
)  # fmt: skip
def test_slips_are_named(folder: Path, old: str, new: str, expected: str) -> None:
    assert old in PLAN
    with pytest.raises(ScenarioError) as caught:
        load(folder, PLAN.replace(old, new))
    assert expected in str(caught.value)
    assert "s.toml" in str(caught.value)


def test_vacated_channels_stay_vacated(folder: Path) -> None:
    plan = PLAN.replace("analogue_off = true", 'on = ["d3"]')
    (folder / "tx.csv").write_text(TABLE + "d3,East,10.5,105.5,50,1,K34,50\n", encoding="utf-8")
    more = HEAD[HEAD.index("[multiplexes.K33]") : HEAD.index("[analogue")].replace("K33", "K34")
    with pytest.raises(ScenarioError, match=r"d3 comes on air in 702-710 MHz, which is vacated"):
        load(folder, plan, more)


def test_one_mast_and_channel(folder: Path) -> None:
    (folder / "tx.csv").write_text(TABLE + "d3,North,10.0001,104.5,50,1,K33,33\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"tx.csv:6: channel: d3 and d1 stand on one mast"):
        load(folder, "")


@pytest.mark.parametrize(
    ("more", "options", "expected"),
    [
        ("", {"phase": "asso"}, "did you mean 'aso'"),
        ("[override.x.phase.asso]\ndate = 2018-01-01\n", {"override": "x"}, "no phase 'asso' to change"),
        ('[[alternative]]\noverride = "y"\n[override.x]\n', {}, "no override 'y'; known are x"),
    ],
)  # fmt: skip
def test_names_that_are_not_there(
    folder: Path, more: str, options: dict[str, str], expected: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(folder, more=more, **options)
    assert expected in str(caught.value)


def test_files_that_extend_a_plan_lie_over_it(folder: Path) -> None:
    """What a search writes holds in all phases; an override that is taken over, too."""
    load(
        folder, more="[override.weak]\ntransmitters.d2.erp_kw = 0.5\nphase.aso.date = 2018-01-01\n"
    )
    (folder / "found.toml").write_text(
        'extends = "s.toml"\nextends_override = "weak"\n[transmitters]\nd1.erp_kw = 3.0\n',
        encoding="utf-8",
    )
    scenario = load_scenario(folder / "found.toml")
    erp = {t.id: t.erp_kw for p in scenario.phases for t in p.transmitters}
    assert (erp["d1"], erp["d2"]) == (3.0, 0.5)
    assert scenario.phase is not None
    assert scenario.phase.date == dt.date(2018, 1, 1)
    (folder / "own.toml").write_text(
        'extends = "s.toml"\n[[phase]]\nid = "only"\ndate = 2020-01-01\n', encoding="utf-8"
    )
    assert on_air(load_scenario(folder / "own.toml")) == {"only": ["d1", "d2", "a1", "a2"]}


def test_a_plan_in_the_place_of_another_is_told_by_its_own_lines(folder: Path) -> None:
    load(folder)
    (folder / "own.toml").write_text(
        'extends = "s.toml"\n[[phase]]\nid = "only"\n', encoding="utf-8"
    )
    with pytest.raises(ScenarioError, match=r"own.toml:2: phase.0.date: is missing"):
        load_scenario(folder / "own.toml")


def test_the_band_is_vacated_for_others(folder: Path) -> None:
    (folder / "tx.csv").write_text(TABLE + "l,Mast,10.5,105.5,30,1,LTE,57\n", encoding="utf-8")
    more = '[others.LTE]\nsystem = "LTE"\nbandwidth_mhz = 10\n'
    found = on_air(load(folder, more=more))
    assert found["vacated"] == ["d1", "d2", "a1", "l"]
    with pytest.raises(SystemExit) as stop:
        main(["validate", str(folder / "s.toml")])  # every phase is looked at
    assert stop.value.code == 2
