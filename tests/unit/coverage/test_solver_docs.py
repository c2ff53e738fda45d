"""docs/solver.md has measured tables, and the script that makes them finds its place."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_tables_are_there() -> None:
    text = (ROOT / "docs" / "solver.md").read_text(encoding="utf-8")
    script = (ROOT / "scripts" / "make_solver_docs.py").read_text(encoding="utf-8")
    begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
    assert text.count(begin) == text.count(end) == 1
    assert begin in script
    assert end in script
    measured = text.split(begin)[1].split(end)[0]
    for title in ("What the warp and the resampling cost", "Exactness", "Speed"):
        assert title in measured
