"""Scenarios made from others: a file that extends the one something was found for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dtt_sim.scenario.load import Scenario
from dtt_sim.workflow.output import whole_file


def write_scenario(path: Path, scenario: Scenario, title: str, lines: Sequence[str]) -> None:
    """A scenario that extends another, with the override in force, by what was found."""
    base = os.path.relpath(scenario.path.resolve(), path.resolve().parent)
    head = [
        f"# {title}", f"# dtt-sim run {path.name}", f'extends = "{Path(base).as_posix()}"',
        *([f'extends_override = "{scenario.override}"'] if scenario.override else []),
    ]  # fmt: skip
    with whole_file(path) as part:
        part.write_text("\n".join([*head, "", *lines]) + "\n", encoding="utf-8")
