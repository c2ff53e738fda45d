"""Bad scenarios: each problem is named with file, line and key, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtt_sim.errors import ScenarioError
from dtt_sim.scenario.load import Scenario, load_scenario

SCENARIO = """\
format = 1
name = "small"
[terrain]
elevation = "dem.tif"
[grid]
crs = "EPSG:32648"
cell_size = 1000
west_deg = 104.0
south_deg = 9.5
east_deg = 105.0
north_deg = 10.5
[multiplexes.K33]
fft = "32K"
guard_interval = "1/8"
pilot_pattern = "PP2"
modulation = "64QAM"
code_rate = "3/4"
[stations]
file = "tx.csv"
[override.strong]
transmitters.a.erp_kw = 20.0
"""
TABLE = """\
id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel,confidence
a,Hòn Me,10.1,104.9,100,10,K33,33,VERIFIED
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dem.tif").write_bytes(b"")
    (tmp_path / "tx.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


def load(folder: Path, text: str = SCENARIO, table: str = TABLE, **options: object) -> Scenario:
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    (folder / "tx.csv").write_text(table, encoding="utf-8")
    return load_scenario(folder / "scenario.toml", **options)  # type: ignore[arg-type]


def problems(folder: Path, text: str = SCENARIO, table: str = TABLE, **options: object) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(folder, text, table, **options)
    return str(caught.value)


def test_good_scenario(folder: Path) -> None:
    scenario = load(folder)
    (transmitter,) = scenario.transmitters
    assert transmitter.frequency_mhz == 570.0
    assert transmitter.site == "Hòn Me"
    assert scenario.multiplexes["K33"].mode.guard_us == 448.0
    assert scenario.assumptions == ()


def test_override(folder: Path) -> None:
    assert load(folder, override="strong").transmitters[0].erp_kw == 20.0


def test_unknown_override_names_the_known(folder: Path) -> None:
    assert "did you mean 'strong'" in problems(folder, override="stron")


def test_override_of_an_unknown_transmitter(folder: Path) -> None:
    text = SCENARIO.replace("transmitters.a.", "transmitters.b.")
    assert "no transmitter 'b' to change" in problems(folder, text, override="strong")


def test_extends(folder: Path) -> None:
    load(folder)
    (folder / "child.toml").write_text(
        'extends = "scenario.toml"\n[grid]\ncell_size = 500\n', encoding="utf-8"
    )
    assert load_scenario(folder / "child.toml").keys.grid.cell_size == 500


def test_extends_in_a_circle(folder: Path) -> None:
    text = problems(folder, 'extends = "scenario.toml"\n' + SCENARIO)
    assert "circle" in text


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "cell_size = 1000",
            "cell_sise = 1000",
            "scenario.toml:7: grid.cell_sise: unknown key; did you mean 'cell_size'?",
        ),
        (
            "cell_size = 1000",
            "cell_size = -1",
            "scenario.toml:7: grid.cell_size: Input should be greater than 0",
        ),
        ('crs = "EPSG:32648"\n', "", "grid.crs: is missing"),
        ("west_deg = 104.0", "west_deg = 106.0", "west_deg < east_deg"),
        ('fft = "32K"', 'fft = "64K"', "scenario.toml:13: multiplexes.K33.fft: fft '64K'"),
        ('"1/8"', '"1/4"', "guard_interval 1/4 with 32K is not allowed by DVB-T2; use 1/128"),
        ('"PP2"', '"PP7"', "scenario.toml:15: multiplexes.K33.pilot_pattern"),
        ('"dem.tif"', '"dam.tif"', "scenario.toml:4: terrain.elevation: dam.tif: no such file"),
        ("format = 1", "format = 2", "scenario.toml:1: format"),
        ("[grid]", "[terain]\nx = 1\n[grid]", "terain: unknown key; did you mean 'terrain'?"),
        ("[grid]", "[propagation]\ndelta_n = nan\n[grid]", "propagation.delta_n"),
        ("[grid]", '[propagation]\nmodel = "p1813"\n[grid]', "did you mean 'p1812'?"),
        ("[grid]", "[propagation]\nwanted_radius_km = 500\n[grid]", "must not be below"),
        ("[grid]", '[reception]\nclass = "portable_indoor"\n[grid]', "needs height_loss"),
        (
            "[grid]",
            '[reception]\nclass = "portable_indoor"\nheight_loss = "urban"\npredicted_height_agl_m = 1.5\n[grid]',
            "twice",
        ),
        ("[grid]", "[grid", "not valid TOML"),
    ],
)
def test_bad_key(folder: Path, old: str, new: str, expected: str) -> None:
    assert old in SCENARIO
    assert expected in problems(folder, SCENARIO.replace(old, new))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a,X,10.1,104.9,100,10,K33,33,VERIFIED", "line 2 already"),
        ("b,X,104.9,10.1,100,10,K33,33,", "tx.csv:3: lat_deg: 104.9, 10.1: latitude and longitude look swapped"),
        ("b,X,nan,104.9,100,10,K33,33,", "lat_deg: nan is outside"),
        ("b,X,10.1,104.9,100,-3,K33,33,", "tx.csv:3: erp_kw: -3 is outside"),
        ("b,X,10.1,104.9,100,nan,K33,33,", "erp_kw: nan is outside"),
        ("b,X,10.1,104.9,5000,10,K33,33,", "height_agl_m: 5000 is outside 1 to 3000"),
        ("b,X,10.1,104.9,,10,K33,33,", "neither of height_agl_m and height_amsl_m"),
        ("b,X,10.1,104.9,100,10,K44,33,", "multiplex: 'K44' is not in [multiplexes], [analogue] or [others]; known are K33"),
        ("b,X,10.1,104.9,100,10,K33,99,", "channel: channel '99' is not in raster UHF"),
        ("b c,X,10.1,104.9,100,10,K33,33,", "id: 'b c'"),
        ('b,X,10.1,104.9,"1,5",10,K33,33,', "decimal point, not comma"),
        ("b,X,10.1", "tx.csv:3: broken row: 3 cells where the header has 9"),
        ("b,,10.1,104.9,100,10,K33,33,", "site: empty"),
    ],
)  # fmt: skip
def test_bad_row(folder: Path, row: str, expected: str) -> None:
    assert expected in problems(folder, table=TABLE + row + "\n")


def test_unknown_column(folder: Path) -> None:
    text = problems(folder, table=TABLE.replace("erp_kw", "erp_kv"))
    assert "tx.csv:1: erp_kv: unknown column; did you mean 'erp_kw'?" in text


def test_all_problems_at_once(folder: Path) -> None:
    text = problems(
        folder,
        SCENARIO.replace('fft = "32K"', 'fft = "33K"').replace("cell_size", "cellsize"),
        TABLE + "b,X,10.1,104.9,1e9,-1,K34,33,\n",
    )
    for key in ("fft", "cellsize", "height_agl_m", "erp_kw", "multiplex"):
        assert key in text


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such file"):
        load_scenario(tmp_path / "none.toml")


def test_adding_and_removing_transmitters(folder: Path) -> None:
    text = SCENARIO + (
        '[override.more]\ntransmitters.b = {site = "B", lat_deg = 10.0, lon_deg = 104.5, '
        'height_amsl_m = 90, eirp_kw = 1.0, multiplex = "K33", frequency_mhz = 578}\n'
        "transmitters.a.on_air = false\n"
    )
    (transmitter,) = load(folder, text, override="more").transmitters
    assert transmitter.id == "b"
    assert transmitter.erp_kw == pytest.approx(10**-0.215)


def test_unverified_rows_become_assumptions(folder: Path) -> None:
    scenario = load(folder, table=TABLE.replace("VERIFIED", "ASSUMED"))
    assert [a.key for a in scenario.assumptions] == ["transmitters.a"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            "transmitters.hon_me_k33.channel = 35",
            "hon_me_k33 is on 586 MHz, but multiplex K33 is a",
        ),
        (
            "transmitters.vinh_long_k34.delay_us = 20",
            "vinh_long_k34: a delay of 20 µs means nothing",
        ),
        ('network = { summation = "k_lnm", correlation = 0.5 }', "k_lnm knows no correlation"),
        ('network = { strategy = "middle" }', "'strongest', 'first_above_threshold'"),
        ("network = { correlation = 1.5 }", "less than or equal to 1"),
    ],
)
def test_networks_that_cannot_be(tmp_path: Path, change: str, why: str) -> None:
    shipped = Path(__file__).parents[3] / "scenarios" / "kien_giang" / "scenario.toml"
    file = tmp_path / "changed.toml"
    file.write_text(f'extends = "{shipped.as_posix()}"\n{change}\n', encoding="utf-8")
    with pytest.raises(ScenarioError) as stopped:
        load_scenario(file)
    assert why in str(stopped.value)
    assert len(stopped.value.problems) == 1


def test_extends_with_an_override(folder: Path) -> None:
    below = folder / "below.toml"
    text = 'extends = "scenario.toml"\nextends_override = "{}"\n{}'
    below.write_text(text.format("strong", ""), encoding="utf-8")
    assert load_scenario(below).transmitters[0].erp_kw == 20.0
    # What the file itself says comes after.
    below.write_text(text.format("strong", "transmitters.a.erp_kw = 5.0\n"), encoding="utf-8")
    assert load_scenario(below).transmitters[0].erp_kw == 5.0
    assert load_scenario(below, override="strong").transmitters[0].erp_kw == 20.0
    below.write_text(text.format("srtong", ""), encoding="utf-8")
    with pytest.raises(
        ScenarioError,
        match=r"below\.toml:2: extends_override: no override 'srtong'; did you mean 'strong'",
    ):
        load_scenario(below)
    alone = 'extends_override = "strong"\n' + SCENARIO
    assert "extends_override: nothing is extended" in problems(folder, alone)
