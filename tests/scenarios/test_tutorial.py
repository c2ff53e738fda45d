"""The tutorial, run as it stands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from dtt_sim.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands: list[list[str]] = []

    elsewhere = subprocess.run

    def in_this_process(arguments: list[str], **options: Any) -> Any:
        """The command line without compiling everything a second time."""
        if arguments[0] != "dtt-sim":
            return elsewhere(arguments, **options)
        commands.append(arguments[1:])
        with pytest.raises(SystemExit) as stop:
            main(arguments[1:])
        assert not stop.value.code
        return None

    monkeypatch.setattr(subprocess, "run", in_this_process)
    text = PAGE.read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    assert len(blocks) == text.count("```python") > 8
    names: dict[str, Any] = {}
    for block in blocks:
        *_, last = block.rstrip().splitlines()
        line = text[: text.index(block)].count("\n")
        exec(compile("\n" * line + block, str(PAGE), "exec"), names)  # noqa: S102
        if last.startswith("result.plot"):
            assert isinstance(eval(last, names), Figure)
    assert "Huyện Đông" in (tmp_path / "out" / "plain" / "summary.csv").read_text("utf-8")
    assert "A small network" in names["result"]._repr_html_()
    assert 0.0 < names["share"] < 1.0
    assert {command[0] for command in commands} == {"export", "map"}
    assert (tmp_path / "margin.png").is_file()
