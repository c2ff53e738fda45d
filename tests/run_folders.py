"""Folders of small finished runs, and copies of them with other texts."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from small_plan import write_plan

from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import run

HOSTILE = "<b>&amp;\"'{x} =1+1 $a_b$ ]]> \u202e\u05e9\u05dc\u05d5\u05dd\u202c Đại"
LONG = "dài " * 2500


def write_runs(folder: Path) -> Path:
    """Write runs of the small plan: "base", and "strong" with a stronger station."""
    scenario = write_plan(folder)
    for name, erp_kw in (("base", 0.02), ("strong", 20.0)):
        values: dict[str, Any] = {"transmitters.d.erp_kw": erp_kw}
        run(load_scenario(scenario, set_values=values), folder / name, cache=folder / "cache")
    return folder


def table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def altered(source: Path, target: Path, change: Callable[[str], str]) -> Path:
    """A copy of a run, every text of its tables and manifest changed."""
    shutil.copytree(source, target)

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {change(k): walk(v) for k, v in value.items()}
        if isinstance(value, list):
            return [walk(v) for v in value]
        return change(value) if isinstance(value, str) else value

    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    (target / "manifest.json").write_text(json.dumps(walk(manifest)), encoding="utf-8")
    for path in target.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([rows[0], *([change(c) for c in row] for row in rows[1:])])
    return target
