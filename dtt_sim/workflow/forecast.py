"""What a run would compute: tasks, time and bytes, before anything starts."""

from __future__ import annotations

import os
from pathlib import Path

from dtt_sim.coverage.cache import LossCache
from dtt_sim.coverage.parts import PartRequest
from dtt_sim.coverage.request import Emission, Mast
from dtt_sim.scenario.load import Scenario
from dtt_sim.workflow.area import prediction_of, read_ground, receiving_grid
from dtt_sim.workflow.run import phases_of
from dtt_sim.workflow.service import services_on_air
from dtt_sim.workflow.tasks import MastTask, TerrainOf, expected

RECEIVERS_PER_S = 2.5e5, 2.0e6
"""Of one core, in round numbers: where receivers are few and the ground is most of the work (the demo's
500 m cells), and where they stand close (30 m cells, docs/solver.md)."""
_SERVICE_BYTES = 24
"""Of the rasters of a service, a cell, before they are compressed."""


def forecast_lines(scenario: Scenario, cache: Path, phase: str | None = None) -> list[str]:
    """Tasks, time and bytes of a run, as lines of text.

    Parameters
    ----------
    cache : Path
        Of kept path losses; what is there is not computed again.
    """
    phases = phases_of(scenario, phase)
    grid, prediction = receiving_grid(scenario), prediction_of(scenario)
    ground = read_ground(scenario, grid)
    kept, terrain = LossCache(cache), TerrainOf.of(scenario, ground)
    wanted: dict[Mast, dict[Emission, dict[str, None]]] = {}
    transmitters = dict.fromkeys(t for one in phases for t in one.transmitters)
    for t in transmitters:
        emission = Emission(t.frequency_mhz, t.polarisation)
        wanted.setdefault(Mast.of(t), {}).setdefault(emission, {})[t.id] = None
    tasks = []
    for mast, emissions in wanted.items():
        request = PartRequest(mast, tuple(emissions), grid, prediction)
        task = MastTask.of(ground, terrain, request, (), kept)
        missing = [
            e for e, key in zip(emissions, task.keys, strict=True)
            if not (cache / f"{key}.npz").is_file()
        ]  # fmt: skip
        if missing:
            names = [name for e in missing for name in emissions[e]]
            request = request._replace(emissions=tuple(missing))
            tasks.append(MastTask.of(ground, terrain, request, names, kept))
    found = expected(tasks)
    cells = grid.n_row * grid.n_col
    rasters = cells * (4 * 5 + 1) * len(transmitters)
    rasters += cells * _SERVICE_BYTES * sum(len(services_on_air(one)) for one in phases)
    slow, fast = (found.receivers / rate for rate in RECEIVERS_PER_S)
    cores = os.cpu_count() or 1
    size = f"{grid.n_row} x {grid.n_col} receiving places"
    need = f"{_time(fast)} to {_time(slow)} of one core, by how close they stand; {cores} are here"
    disk = f"path losses {_size(found.kept_bytes)} more; rasters {_size(rasters)} at most"
    return [
        f"{size}, {len(transmitters)} transmitters on {len(wanted)} masts, {len(phases)} phases",
        f"path losses to compute: {found.masts} masts in {found.parts} tasks; the others are kept",
        f"about {found.receivers:,} receivers: {need}",
        f"disk: {disk}, a third of it as a rule",
    ]


def _time(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5400.0 else f"{seconds / 3600.0:.1f} h"


def _size(n: float) -> str:
    return f"{n / 1e9:.1f} GB" if n >= 1e9 else f"{n / 1e6:.0f} MB"
