"""Path losses as tasks: an azimuth sector of a mast, and a mast put together from its sectors.

Tasks leave their results on disk under keys of what went into them, so that whoever runs them, here or on
another machine, and however often, nothing that is finished is done again. Workers read the terrain that
the scenario names; neither it nor any raster is sent.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dtt_sim.coverage.cache import LossCache, loss_key
from dtt_sim.coverage.parts import PartRequest, PartResult, join_parts, solve_part
from dtt_sim.errors import DttSimError
from dtt_sim.scenario.load import Scenario, load_scenario
from dtt_sim.workflow.area import read_ground, receiving_grid
from terrain.ground import Ground

_FILES = ("elevation", "land", "zones", "land_cover")
PART_RECEIVERS = 1_500_000
"""Receivers of an azimuth sector, times emissions: seconds of one core."""


class TaskError(DttSimError):
    """A task that failed; names the transmitters and the part."""


@dataclass(frozen=True)
class TerrainOf:
    """Where a worker finds the ground: in the files of a scenario, on a file system that all share.

    Attributes
    ----------
    scenario : str
        Path.
    override : str
    set_values : str
        JSON.
    digest : str
        Of the ground that the run has; a worker that reads another one refuses to go on.
    """

    scenario: str
    override: str
    set_values: str
    digest: str

    @classmethod
    def of(cls, scenario: Scenario, ground: Ground) -> TerrainOf:
        """The ground of a scenario; paths are absolute, a worker's folder being another."""
        terrain = scenario.keys.terrain.model_dump(mode="json")
        files = {f"terrain.{key}": terrain[key] for key in _FILES if terrain[key]}
        values = json.dumps({**scenario.set_values, **files}, sort_keys=True, default=str)
        return cls(str(scenario.path.resolve()), scenario.override, values, ground.digest)


@lru_cache(maxsize=1)
def _ground(terrain: TerrainOf) -> Ground:
    """The ground, read once by each process."""
    scenario = load_scenario(
        terrain.scenario, override=terrain.override or None,
        set_values=json.loads(terrain.set_values),
    )  # fmt: skip
    ground = read_ground(scenario, receiving_grid(scenario))
    if ground.digest != terrain.digest:
        msg = (
            f"{terrain.scenario}: this worker reads other terrain than the run; let all see the same "
            "files"
        )
        raise TaskError(msg)
    return ground


@dataclass(frozen=True)
class MastTask:
    """Losses of a mast that are wanted.

    Attributes
    ----------
    names : tuple of str
        Transmitters on it.
    request : PartRequest
    keys : tuple of str
        Under which the losses of each emission are kept.
    count : int
        Parts.
    folder : str
        Of kept path losses.
    terrain : TerrainOf
    """

    names: tuple[str, ...]
    request: PartRequest
    keys: tuple[str, ...]
    count: int
    folder: str
    terrain: TerrainOf

    @classmethod
    def of(
        cls, ground: Ground, terrain: TerrainOf, request: PartRequest,
        names: Sequence[str], cache: LossCache, count: int | None = None,
    ) -> MastTask:  # fmt: skip
        """The task of a mast and some emissions, of the fast solver; by default in parts of seconds."""
        keys = tuple(
            loss_key(ground, request.mast, request.grid, e, request.prediction, solver="wedge")
            for e in request.emissions
        )
        parts = count or max(1, math.ceil(_receivers(request) / PART_RECEIVERS))
        return cls(tuple(names), request, keys, parts, str(cache.folder.resolve()), terrain)

    def part_file(self, number: int) -> Path:
        """Where a part is kept until the mast is put together."""
        name = f"{'-'.join(self.keys)[:100]}.part{number}of{self.count}.npz"
        return Path(self.folder) / "parts" / name

    def text(self, number: int | None = None) -> str:
        """What a task is called in progress and logs."""
        what = ", ".join(self.names)
        return what if number is None else f"{what}, part {number + 1} of {self.count}"


def _receivers(request: PartRequest) -> int:
    """Receivers within the radius, at most, times emissions."""
    grid = request.grid
    north_m, east_m = grid.cell_size_m()
    disc = math.pi * (1000.0 * max(request.prediction.radius_km)) ** 2 / (north_m * east_m)
    return round(min(float(grid.n_row * grid.n_col), disc)) * len(request.emissions)


class Record(NamedTuple):
    """What a task did.

    Attributes
    ----------
    task : str
    state : str
        "computed" or "kept".
    seconds : float
    receivers : int
    worker : str
        Process that ran it.
    """

    task: str
    state: str
    seconds: float
    receivers: int
    worker: str


def solve_task(task: MastTask, number: int) -> Record:
    """Compute a part of a mast, unless it is kept.

    Raises
    ------
    TaskError
        With the transmitters and the part.
    """
    begin = time.perf_counter()
    found = _read(task.part_file(number))
    state = "computed" if found is None else "kept"
    if found is None:
        found = _solve(task, number)
    seconds = time.perf_counter() - begin
    return Record(task.text(number), state, seconds, int(found.cell.size), _worker())


def join_task(task: MastTask, parts: Sequence[Record]) -> Record:
    """Put a mast together from its parts and keep it; a part that is damaged is computed again.

    Parameters
    ----------
    parts : sequence of Record
        Of its parts: they are done.
    """
    begin = time.perf_counter()
    results = [_read(task.part_file(k)) or _solve(task, k) for k in range(task.count)]
    joined = join_parts(_ground(task.terrain), task.request, results)
    cache = LossCache(Path(task.folder))
    for k, key in enumerate(task.keys):
        cache.store(key, joined | {"loss_db": joined["loss_db"][k : k + 1]})
    for k in range(task.count):
        task.part_file(k).unlink(missing_ok=True)
    seconds = time.perf_counter() - begin
    receivers = sum(part.receivers for part in parts)
    return Record(f"{task.text()}: put together", "computed", seconds, receivers, _worker())


def _solve(task: MastTask, number: int) -> PartResult:
    try:
        found = solve_part(_ground(task.terrain), task.request, number, task.count)
        _write(task.part_file(number), found)
    except Exception as error:
        msg = f"{task.text(number)}: {error}"
        raise TaskError(msg) from error
    return found


def _worker() -> str:
    return f"{os.uname().nodename}:{os.getpid()}" if hasattr(os, "uname") else str(os.getpid())


def _read(path: Path) -> PartResult | None:
    """A part, or None where it is not there or damaged."""
    try:
        with np.load(path, allow_pickle=False) as entry:
            return PartResult(*(entry[name] for name in PartResult._fields))
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, part: PartResult) -> None:
    """Keep a part; it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **part._asdict())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


class Expected(NamedTuple):
    """What tasks will come to.

    Attributes
    ----------
    masts, parts : int
    receivers : int
        Within the radius, at most, times emissions.
    kept_bytes : int
        Of path losses on disk.
    """

    masts: int
    parts: int
    receivers: int
    kept_bytes: int


def expected(tasks: Sequence[MastTask]) -> Expected:
    """What tasks come to before they are begun."""
    size = 0
    for task in tasks:
        cells = task.request.grid.n_row * task.request.grid.n_col
        n_time = len(task.request.prediction.p_time_percent)
        size += cells * (4 * n_time + 3 * 4 + 1) * len(task.keys)
    receivers = sum(_receivers(task.request) for task in tasks)
    return Expected(len(tasks), sum(task.count for task in tasks), receivers, size)


def as_dict(record: Record) -> dict[str, Any]:
    """A record as a line of the log."""
    rate = record.receivers / record.seconds if record.seconds > 0.0 else 0.0
    return {
        "task": record.task, "state": record.state, "seconds": round(record.seconds, 3),
        "receivers": record.receivers, "receivers_per_s": round(rate), "worker": record.worker,
    }  # fmt: skip
