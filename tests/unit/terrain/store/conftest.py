"""Servers on loopback, and a fetcher that never waits.

`tests` is no package: its helper module is loaded by its place, under its own name.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terrain.store.client import Client, Patience
from terrain.store.fetch import Fetcher
from terrain.store.local import Store
from terrain.store.origin import Origin

NAME = "tile_server"
if NAME not in sys.modules:
    spec = importlib.util.spec_from_file_location(NAME, Path(__file__).parents[3] / f"{NAME}.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[NAME])

from tile_server import Site, serving


@pytest.fixture
def site() -> Iterator[Any]:
    with serving(Site()) as one:
        yield one


@pytest.fixture
def other_site() -> Iterator[Any]:
    with serving(Site()) as one:
        yield one


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def waits() -> list[float]:
    """Pauses that the client would have made [s]."""
    return []


@pytest.fixture
def fetcher(site: Any, store: Store, waits: list[float]) -> Fetcher:
    patience = Patience(connect_s=2.0, read_s=2.0, attempts=3)
    client = Client(patience=patience, sleep=waits.append)
    return Fetcher(store, client, Origin({"": site.url}))
