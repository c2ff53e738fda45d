"""Runs that the tests of reports share."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_folder import make_runs


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A finished run whose texts are bad, and one that was cut off; nobody changes them."""
    return make_runs(tmp_path_factory.mktemp("runs"))
