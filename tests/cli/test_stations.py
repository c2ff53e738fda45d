"""``dtt-sim stations`` as its user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dtt_sim.cli.main import main
from dtt_sim.scenario.load import load_scenario

SCENARIO = Path(__file__).parents[2] / "scenarios" / "kien_giang" / "scenario.toml"
LIST = (
    "Tên trạm;Vĩ độ;Kinh độ;Chiều cao anten (m);EIRP (kW);Kênh\n"
    "Núi Hòn Me;10°06'48\"N;104°53'17\"E;98;20;K33\n"
    "Rạch Giá;105,081;10,012;100;2;33\n"
)


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["stations", *map(str, arguments)])
    assert isinstance(stop.value.code, int)
    return stop.value.code


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    return tmp_path / "list.csv"


def test_import_writes_the_good_rows_and_tells_of_all(
    listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = listed.parent / "t.csv"
    assert run("import", listed, "-o", table, "--multiplex", "K33") == 0
    out = capsys.readouterr().out
    assert "EIRP 20 kW -> ERP 12.19 kW" in out
    assert "likely 10.012, 105.081" in out
    assert "taken 1 (1 with a note), refused 1; written:" in out
    assert table.read_text(encoding="utf-8-sig").splitlines()[1].startswith("nui_hon_me,")


def test_the_written_table_is_a_scenarios(listed: Path) -> None:
    table = listed.parent / "t.csv"
    assert (
        run("import", listed, "-o", table, "--multiplex", "K33", "--scenario", SCENARIO, "--fix")
        == 0
    )
    text = SCENARIO.read_text(encoding="utf-8").split("[[phase]]", maxsplit=1)[0]
    for key in ("ground", "population.csv"):
        text = text.replace(f'"{key}', f'"{SCENARIO.parent.as_posix()}/{key}')
    (listed.parent / "s.toml").write_text(
        text.replace("transmitters.csv", "t.csv"), encoding="utf-8"
    )
    found = load_scenario(listed.parent / "s.toml")
    assert [t.id for t in found.transmitters] == ["nui_hon_me", "rach_gia"]
    assert found.transmitters[0].erp_kw == pytest.approx(20 / 10**0.215, rel=5e-6)


def test_strict_writes_nothing(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = listed.parent / "t.csv"
    assert run("import", listed, "-o", table, "--multiplex", "K33", "--strict") == 2
    assert not table.exists()
    assert "nothing is written" in capsys.readouterr().out


def test_the_report_as_json(listed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = listed.parent / "t.csv"
    assert run("import", listed, "-o", table, "--multiplex", "K33", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["fate"] for row in report["rows"]] == ["noted", "refused"]
    assert report["written"] == str(table)
    assert run("import", listed, "--json") == 2
    report = json.loads(capsys.readouterr().out)
    assert report["written"] is None
    assert "give a column, or --multiplex" in report["rows"][0]["reasons"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "nowhere.csv"], "no such file"),
        (["import", "LIST", "--map", "Ort=site"], "no such heading"),
        (["import", "LIST", "-o", "t.xlsx"], "a station table is a CSV file"),
        (["import", "LIST", "-o", "LIST"], "is the list itself"),
        (["import", "LIST", "--crs", "EPSG:1"], "is no coordinate system"),
        (["export", "LIST", "-o", "t.xls"], "the suffix says the format"),
        (["export", "LIST", "-o", "t.kml"], "Tên trạm: unknown column"),
        (["export", "LIST", "-o", "LIST"], "is the table itself"),
        (["export", "nowhere.toml", "-o", "t.kml"], "nowhere.toml"),
    ],
)
def test_bad_input_ends_with_its_message(
    listed: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*(str(listed) if one == "LIST" else one for one in arguments)) == 2
    assert message in capsys.readouterr().err


def test_a_scenarios_stations_go_out_and_come_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for suffix in ("csv", "xlsx", "geojson", "gpkg", "kml"):
        out, back = tmp_path / f"s.{suffix}", tmp_path / f"{suffix}.csv"
        assert run("export", SCENARIO, "-o", out) == 0
        assert "(29 stations)" in capsys.readouterr().out
        assert run("import", out, "-o", back, "--scenario", SCENARIO, "--strict") == 0
    assert len({file.read_bytes() for file in tmp_path.glob("[a-z]*.csv") if file.stem != "s"}) == 1
