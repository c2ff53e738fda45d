"""Finished runs that all tests of documents read."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_folders import write_runs


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finished runs of a small plan: "base" and "strong"."""
    return write_runs(tmp_path_factory.mktemp("annex"))
