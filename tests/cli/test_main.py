"""The command line as a whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dtt_sim.cli.main import LazyGroup, main

SCENARIO = Path(__file__).parents[2] / "scenarios" / "kien_giang" / "scenario.toml"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom dtt_sim.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit: pass\n"
        "bad = {'numpy', 'numba', 'rasterio', 'xarray', 'matplotlib', 'pydantic'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for command in ("paths", "run", "terrain", "validate"):
        assert command in done.stdout


@pytest.mark.parametrize("command", ["paths", "run", "terrain", "validate"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "Usage: dtt-sim" in capsys.readouterr().out


def test_interruption_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LazyGroup, "get_command", stop)
    with pytest.raises(SystemExit) as stopped:
        main(["validate", "x.toml"])
    assert stopped.value.code == 130
    assert "run the same command again to go on" in capsys.readouterr().err


def test_validate(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["validate", str(SCENARIO)])
    assert stop.value.code == 0
    assert "no problems found" in capsys.readouterr().out


def test_validate_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.toml").write_text("format = 1\nnam = 2\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        main(["validate", "--json", str(tmp_path / "s.toml")])
    assert stop.value.code == 2
    found = json.loads(capsys.readouterr().out)["problems"]
    assert {"nam", "terrain", "grid"} <= {problem["key"] for problem in found}


def test_validate_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["validate", "--schema"])
    assert json.loads(capsys.readouterr().out)["title"] == "dtt_sim scenario"


def test_a_bug_is_told_as_a_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        msg = "broken"
        raise RuntimeError(msg)

    monkeypatch.setattr("dtt_sim.scenario.load.load_scenario", broken)
    with pytest.raises(SystemExit) as stop:
        main(["validate", str(SCENARIO)])
    assert stop.value.code == 1
    assert "RuntimeError: broken" in capsys.readouterr().err
    with pytest.raises(RuntimeError):
        main(["--debug", "validate", str(SCENARIO)])
