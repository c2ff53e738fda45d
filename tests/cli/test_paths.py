"""``dtt-sim paths``: tables in, one row per case out, a bad row costs only itself."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dtt_sim.cli.paths import paths
from dtt_sim.coverage.paths import RESULT_COLUMNS

DATA = Path(__file__).parents[1] / "reference" / "data"
PROFILES = """profile_id,i,d_km,h_m,clutter_m,zone
a,0,0,30,10,4
a,1,4,12,10,4
a,2,9,85,15,4
a,3,15,20,0,3
a,4,20,0,0,1
a,5,30,0,0,1
a,6,42,0,0,1
a,7,50,5,0,3
a,8,55,40,20,3
a,9,60,15,10,3
"""
HEADER = (
    "case_id,profile_id,f_GHz,p_pct,pL_pct,sigmaL_dB,wa_m,htg_m,hrg_m,pol,"
    "lat_t_deg,lon_t_deg,lat_r_deg,lon_r_deg,DN,N0,dct_km,dcr_km,Ptx_kW\n"
)
CASE = "one,a,0.594,10,90,,50,100,10,1,10,104.5,10.3,104.951,53.5,381,17.5,14,1\n"

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path) -> Invoke:
    """Run the command on tables given as text; `out` is written when it is named."""

    def run(cases: str, profiles: str = PROFILES, *options: str) -> Result:
        (tmp_path / "profiles.csv").write_text(profiles, encoding="utf-8")
        (tmp_path / "cases.csv").write_text(cases, encoding="utf-8")
        arguments = [str(tmp_path / "profiles.csv"), str(tmp_path / "cases.csv"), *options]
        return CliRunner().invoke(paths, arguments)

    return run


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_worked_path(invoke: Invoke) -> None:
    result = invoke(HEADER + CASE)
    assert result.exit_code == 0
    assert result.stderr == ""
    (row,) = rows_of(result.stdout)
    assert list(row) == ["case_id", "profile_id", *RESULT_COLUMNS, "error"]
    assert (row["case_id"], row["profile_id"], row["error"]) == ("one", "a", "")
    assert float(row["Lb_dB"]) == pytest.approx(133.702799, abs=6e-7)
    assert float(row["Ep_dBuVm"]) == pytest.approx(61.132930, abs=6e-7)
    assert row["path_type"] == "2"
    assert len(row["Lb_dB"].replace(".", "")) > 12  # full precision


def test_reference_rows_keep_their_order_and_values(tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    arguments = [DATA / "p1812_fractal_profiles.csv", DATA / "p1812_fractal_cases.csv"]
    result = CliRunner().invoke(
        paths, [*map(str, arguments), "--model", "p1812", "--out", str(out)]
    )
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    expected = rows_of(arguments[1].read_text(encoding="utf-8"))
    got = rows_of(out.read_text(encoding="utf-8"))
    assert [row["case_id"] for row in got] == [row["case_id"] for row in expected]
    shared = [name for name in expected[0] if name in RESULT_COLUMNS]
    assert shared == list(RESULT_COLUMNS)  # same names, same order
    for one, other in zip(got, expected, strict=True):
        assert float(one["Lb_dB"]) == pytest.approx(float(other["Lb_dB"]), abs=1e-3)
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]  # no temporary left


def test_columns_that_may_be_left_out_or_empty(invoke: Invoke) -> None:
    header = (
        "case_id,profile_id,f_GHz,p_pct,htg_m,hrg_m,lat_t_deg,lon_t_deg,lat_r_deg,lon_r_deg,DN,N0\n"
    )
    short = invoke(header + "one,a,0.594,10,100,10,10,104.5,10.3,104.951,53.5,381\n")
    empty = invoke(HEADER + "one,a,0.594,10,,,,100,10,,10,104.5,10.3,104.951,53.5,381,,,\n")
    assert short.exit_code == empty.exit_code == 0
    assert short.stdout == empty.stdout
    (row,) = rows_of(short.stdout)
    assert row["Lb_dB"] == row["Lb_pL50_dB"] == row["Lbc_dB"]


def test_profile_without_zone_and_clutter_is_open_inland(invoke: Invoke) -> None:
    profiles = "profile_id,d_km,h_m\n" + "".join(f"a,{i},{i}\n" for i in range(6))
    (row,) = rows_of(invoke(HEADER + CASE, profiles).stdout)
    assert (row["omega"], row["dlm_km"]) == ("0.0", "5.0")


def test_points_are_ordered_by_i(invoke: Invoke) -> None:
    lines = PROFILES.splitlines(keepends=True)
    shuffled = "".join([lines[0], *reversed(lines[1:])])
    assert invoke(HEADER + CASE, shuffled).stdout == invoke(HEADER + CASE).stdout


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("f_GHz", "594", "f_GHz = 594 GHz is outside P.1812; allowed 0.03 to 6 GHz"),
        ("p_pct", "60", "p_pct = 60 % is outside P.1812; allowed 1 to 50 %"),
        ("p_pct", "nan", "p_pct = nan"),
        ("pL_pct", "99.5", "pL_pct = 99.5 %"),
        ("htg_m", "0", "htg_m = 0 m"),
        ("hrg_m", "", "hrg_m is empty"),
        ("lat_t_deg", "104.5", "lat_t_deg = 104.5 degrees is outside"),
        ("DN", "-40", "DN = -40 N-units/km; allowed above 0"),
        ("N0", "x381", "N0 = 'x381' is not a number"),
        ("pol", "3", "pol = 3; use 1 (horizontal) or 2 (vertical)"),
        ("sigmaL_dB", "-1", "sigmaL_dB = -1"),
        ("Ptx_kW", "0", "Ptx_kW = 0"),
        ("profile_id", "aa", "profile_id 'aa' is not in"),
    ],
)
def test_bad_row_is_named_and_costs_only_itself(
    invoke: Invoke, field: str, value: str, said: str
) -> None:
    cells = dict(zip(HEADER.strip().split(","), CASE.strip().split(","), strict=True))
    bad = ",".join({**cells, "case_id": "bad", field: value}.values()) + "\n"
    result = invoke(HEADER + CASE + bad + CASE)
    assert result.exit_code == 1
    assert "cases.csv:3: case bad: " in result.stderr
    assert said in result.stderr
    assert "1 of 3 cases could not be predicted" in result.stderr
    first, failed, last = rows_of(result.stdout)
    assert first == last
    assert first["error"] == ""
    assert said in failed["error"]
    assert failed["Lb_dB"] == failed["Lbc_dB"] == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a,5,30,", "a,5,20,", "d_km[5] = 20 after 20; distances must ascend"),
        ("a,5,30,0,", "a,5,30,void,", "line 7: h_m = 'void' is not a number"),
        ("a,5,30,0,", "a,5,30,nan,", "h_m[5] = nan; give a finite number"),
        ("a,0,0,", "a,0,0.1,", "d_km[0] = 0.1; distances count from the transmitter"),
        ("0,0,1\n", "0,0,2\n", "zone[4] = 2; use 1 sea, 3 coastal land or 4 inland"),
        ("a,9,60,15,10,", "a,9,60,15,-1,", "clutter_m[9] = -1"),
        ("a,9,60,", "a,9,6000,", "path length d_km = 6000 km is outside P.1812"),
        ("a,9,60,15,10,3\n", "a,9,60\n", "line 11: h_m = '' is not a number"),
    ],
)
def test_bad_profile_fails_every_case_that_uses_it(
    invoke: Invoke, old: str, new: str, said: str
) -> None:
    good = PROFILES.replace("a,", "b,").split("\n", 1)[1]
    result = invoke(
        HEADER + CASE + CASE.replace(",a,", ",b,") + CASE, PROFILES.replace(old, new) + good
    )
    assert result.exit_code == 1
    assert result.stderr.count(said) == 2
    assert "profile 'a' (from " in result.stderr
    assert [bool(row["error"]) for row in rows_of(result.stdout)] == [True, False, True]


def test_short_profile(invoke: Invoke) -> None:
    result = invoke(HEADER + CASE, "".join(PROFILES.splitlines(keepends=True)[:5]))
    assert "4 points; the profile needs at least 5" in result.stderr


def test_missing_column_names_the_nearest(invoke: Invoke) -> None:
    result = invoke(HEADER.replace("f_GHz", "f_MHz") + CASE)
    assert result.exit_code == 2
    assert "missing column 'f_GHz' (nearest column there: 'f_MHz')" in result.stderr
    result = invoke(HEADER + CASE, PROFILES.replace("h_m", "height"))
    assert result.exit_code == 2
    assert "profiles.csv: missing column 'h_m'" in result.stderr


def test_column_given_twice(invoke: Invoke) -> None:
    result = invoke(HEADER.replace("N0", "DN") + CASE)
    assert result.exit_code == 2
    assert "column 'DN' appears more than once" in result.stderr


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00profile", b"PK\x03\x04\x00\x00"])
def test_files_that_are_no_tables(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.csv").write_bytes(content)
    (tmp_path / "c.csv").write_text(HEADER + CASE, encoding="utf-8")
    result = CliRunner().invoke(paths, [str(tmp_path / "p.csv"), str(tmp_path / "c.csv")])
    assert result.exit_code == 2
    assert "p.csv: " in result.stderr


def test_missing_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(paths, [str(tmp_path / "p.csv"), str(tmp_path / "c.csv")])
    assert result.exit_code == 2
    assert "c.csv: cannot be read (No such file or directory)" in result.stderr


def test_unwritable_results(invoke: Invoke, tmp_path: Path) -> None:
    for out, said in (
        (tmp_path / "none" / "r.csv", "there is no folder"),
        (tmp_path, "is a folder"),
        (tmp_path / "cases.csv", "is an input"),
    ):
        result = invoke(HEADER + CASE, PROFILES, "--out", str(out))
        assert result.exit_code == 2
        assert said in result.stderr
    assert (tmp_path / "cases.csv").read_text(encoding="utf-8") == HEADER + CASE


def test_failed_write_leaves_the_old_results(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "r.csv"
    out.write_text("old", encoding="utf-8")

    def full(self: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "replace", full)
    result = invoke(HEADER + CASE, PROFILES, "--out", str(out))
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert out.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cases.csv", "profiles.csv", "r.csv"
    ]  # fmt: skip


def test_spreadsheet_files_with_a_byte_order_mark_and_blank_lines(invoke: Invoke) -> None:
    windows = "\ufeff" + (HEADER + CASE + "\n,,,\n").replace("\n", "\r\n")
    result = invoke(windows, "\ufeff" + PROFILES)
    assert result.exit_code == 0
    assert len(rows_of(result.stdout)) == 1


def test_no_cases(invoke: Invoke) -> None:
    result = invoke(HEADER)
    assert result.exit_code == 0
    assert rows_of(result.stdout) == []


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from dtt_sim.cli.paths import paths;"
        "sys.exit(bool({'numpy', 'numba', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0
