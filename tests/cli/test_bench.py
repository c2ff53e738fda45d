"""``dtt-sim bench``, small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dtt_sim.cli.main import main


def bench(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["bench", *arguments])
    said = capsys.readouterr()
    return int(stop.value.code or 0), said.out, said.err


@pytest.mark.timeout(300)
def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = bench(
        capsys, "--radius-km", "2", "--samples", "100", "--repeats", "1", "--json", "-q",
        "--case", "grid_node",
    )  # fmt: skip
    assert code == 0, err
    found = json.loads(out)
    case = found["cases"]["grid_node"]
    assert case["pixels"] == pytest.approx(3.1416 * (2000.0 / 30.0) ** 2, rel=0.01)
    assert {"receivers", "binning", "warp", "search and loss"} <= set(case["stages"])
    assert case["exact"]["max_db"] <= 1e-3
    assert case["exact"]["flag_differs"] == 0
    assert case["ratio"]["single_thread"] > 0.0
    assert found["machine"]["processor"]["vectors"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--case", "none"], "no case 'none'"),
        (["--radius-km", "-3"], "radius"),
        (["--cell-m", "0"], "cell"),
        (["--samples", "0"], "samples"),
        (["--elevation", "no-such-file.tif"], "no such file"),
    ],
)
def test_bad_input(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, out, err = bench(capsys, *arguments, "-q")
    assert code == 2, err
    assert expected in err
    assert "Traceback" not in out + err
