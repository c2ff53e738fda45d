"""A finished run of a small plan whose texts are as bad as texts can be, for tests of what shows it."""

from __future__ import annotations

import shutil
from pathlib import Path

from small_plan import PEOPLE, SCENARIO, TABLE, write_plan

from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import run

MARKUP = """<script>alert("1")</script> & 'q' ]]> $[id] {x} %s"""
VIETNAMESE = "Tỉnh Kiên Giang Đặng"
RIGHT_TO_LEFT = "تلفزيون"
LONG = "dài " * 2500
TITLE = f"{MARKUP} {VIETNAMESE} {RIGHT_TO_LEFT}"
SITE = f"{MARKUP} {VIETNAMESE}"
UNIT = f'"{MARKUP}" {RIGHT_TO_LEFT}'


def quoted(text: str) -> str:
    """A text as TOML has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def cell(text: str) -> str:
    """A text as CSV has it."""
    return '"' + text.replace('"', '""') + '"'


def write_bad_plan(folder: Path) -> Path:
    """Write the plan with bad texts in every field that holds text; the scenario's path."""
    path = write_plan(folder)
    text = SCENARIO.replace('name = "plan"', f'name = "plan"\ntitle = {quoted(TITLE)}')
    text = text.replace(
        "[grid]", f"schematic = true\ncredits = [{quoted(TITLE)}, {quoted(LONG)}]\n[grid]"
    )
    text = text.replace("[multiplexes.K33]", f"[multiplexes.K33]\ntitle = {quoted(TITLE)}")
    text = text.replace("[analogue.PAL]", f"[analogue.PAL]\ntitle = {quoted(LONG)}")
    text = text.replace('vintage = "before 2025"', f"vintage = {quoted(TITLE)}")
    path.write_text(text, encoding="utf-8")
    table = TABLE.replace("d,East", f"d,{cell(SITE)}")
    (folder / "tx.csv").write_text(table, encoding="utf-8")
    people = PEOPLE.replace(",East,", f",{cell(UNIT)},")
    (folder / "people.csv").write_text(people, encoding="utf-8")
    return path


def make_runs(folder: Path) -> tuple[Path, Path]:
    """Folders of a finished run, and of one that was cut off: no manifest and less of everything."""
    out = folder / "out"
    run(load_scenario(write_bad_plan(folder)), out, draws=4)
    cut = folder / "cut"
    shutil.copytree(out, cut, ignore=shutil.ignore_patterns("cache"))
    for path in (*cut.glob("*.json"), *cut.glob("*.csv"), *cut.glob("*.nc"), cut / "zone.tif"):
        path.unlink()
    (cut / "phases" / "aso" / "K33_margin.tif").unlink()
    broken = cut / "phases" / "aso" / "K33_gain.tif"
    broken.write_bytes(broken.read_bytes()[:200])
    shutil.rmtree(cut / "phases" / "stronger")
    return out, cut
