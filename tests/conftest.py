"""Fixtures common to all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# `tests` is no package; its helper modules (naive.py and others) are imported by their names.
sys.path.append(str(Path(__file__).parent))
SHARED = Path(os.environ.get("DTT_SIM_SHARED", ROOT.parent / "shared"))


@pytest.fixture
def shared() -> Path:
    """Folder of reference data that is not committed; the test skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("reference data absent: set DTT_SIM_SHARED to its folder")
    return SHARED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly how many tests the absence of the reference data cost."""
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if "reference data absent" in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} tests skipped: no reference data at DTT_SIM_SHARED"
        )
