"""Tables of candidates: each problem is named with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtt_sim.errors import ScenarioError
from dtt_sim.scenario.candidates import read_candidates
from dtt_sim.scenario.load import Scenario, load_scenario

SHIPPED = Path(__file__).parents[3] / "scenarios" / "kien_giang" / "scenario.toml"
HEADER = "id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel,delay_us,on_air\n"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(SHIPPED, override="existing_only")


def table(folder: Path, rows: str) -> Path:
    path = folder / "candidates.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("row", "multiplex", "why"),
    [
        ("a,X,10.1,104.9,100,10,K34,34,,", "K33", "2: multiplex: 'K34'; every candidate must"),
        ("a,X,10.1,104.9,100,10,K99,34,,", "K33", "2: multiplex: 'K99' is not in"),
        ("hon_me_k33,X,10.1,104.9,100,10,K33,33,,", "K33", "2: id: 'hon_me_k33' is a station of"),
        ("phu_quoc_k33,X,10.1,104.9,100,10,K33,33,,", "K33", "2: id: 'phu_quoc_k33' is a station"),
        ("a,X,10.1,104.9,100,10,K33,34,,", "K33", "2: channel: a is on 578 MHz, but multiplex"),
        ("a,X,10.1,104.9,100,10,K33,33,,false", "K33", "2: on_air: false: no candidate"),
        ("a,X,10.1,104.9,-5,10,K33,33,,", "K33", "2: height_agl_m: -5 is outside"),
        ("a,X,10.1,104.9,100,10,K34_vinh_long,34,5,", "K34_vinh_long", "2: delay_us: a: a delay of"),
        ("", "K33", "no station; give one in each row"),
    ],
)  # fmt: skip
def test_problems_are_named(
    row: str, multiplex: str, why: str, scenario: Scenario, tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError, match=r"1 problem in candidates\.csv") as caught:
        read_candidates(scenario, table(tmp_path, row), multiplex)
    assert f"candidates.csv:{why}" in str(caught.value).replace(": no station", ":no station")


def test_all_problems_come_at_once(scenario: Scenario, tmp_path: Path) -> None:
    rows = "a,X,10.1,104.9,100,10,K33,34,,\nb,X,95,104.9,100,10,K33,33,,\nb,,10,104.9,100,10,K33,33,,\n"
    with pytest.raises(ScenarioError) as caught:
        read_candidates(scenario, table(tmp_path, rows), "K33")
    assert [(p.line, p.key) for p in caught.value.problems] == [
        (2, "channel"), (3, "lat_deg"), (4, "id"), (4, "site")
    ]  # fmt: skip
    with pytest.raises(ScenarioError, match=r"nowhere\.csv: cannot be read"):
        read_candidates(scenario, tmp_path / "nowhere.csv", "K33")


def test_candidates_come_in_the_order_of_the_table(scenario: Scenario, tmp_path: Path) -> None:
    rows = "b,X,10.1,104.9,100,10,K33,33,20,true\na,Y,10.0,104.5,80,5,K33,33,,\n"
    found = read_candidates(scenario, table(tmp_path, rows), "K33")
    assert [(t.id, t.delay_us, row.line) for t, row in found] == [("b", 20.0, 2), ("a", 0.0, 3)]


def test_a_new_network_agrees_with_itself(tmp_path: Path, scenario: Scenario) -> None:
    """With no station on air, the candidates' own channel counts: what most of them have."""
    nobody = load_scenario(
        SHIPPED,
        set_values={
            "transmitters.hon_me_vtv.on_air": False, "transmitters.can_tho_vtv.on_air": False,
        },
    )  # fmt: skip
    rows = "".join(f"{k},X,10.{k},104.9,100,10,VTV,40,,\n" for k in range(1, 4))
    assert len(read_candidates(nobody, table(tmp_path, rows), "VTV")) == 3
    with pytest.raises(ScenarioError, match="4 is on 634 MHz, but multiplex VTV is a single"):
        read_candidates(nobody, table(tmp_path, rows + "4,X,10.4,104.9,100,10,VTV,41,,\n"), "VTV")
    with pytest.raises(ScenarioError, match="3 problems"):
        read_candidates(scenario, table(tmp_path, rows), "VTV")
