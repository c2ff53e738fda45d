"""The manifest of a run: every parameter, the hash of every file read, and the versions in use."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim import __version__
from dtt_sim._jit import processor
from dtt_sim.coverage.cache import SOLVER_VERSION
from dtt_sim.coverage.request import warp_cell

if TYPE_CHECKING:
    from dtt_sim.workflow.run import Run


def manifest(result: Run) -> dict[str, Any]:
    """Every parameter, the hash of every file read, and the versions in use."""
    scenario, ground = result.scenario, result.ground
    import numba
    import rasterio

    base = scenario.path.resolve().parent
    keys = scenario.keys.model_dump(by_alias=True, mode="json")
    files = {}
    for table, key in (
        ("terrain", "elevation"), ("terrain", "land"), ("terrain", "zones"),
        ("terrain", "land_cover"), ("stations", "file"), ("population", "points"),
        ("population", "raster"), ("population", "units"), ("network", "protection_rows"),
    ):  # fmt: skip
        value = (keys.get(table) or {}).get(key)
        for name in value if isinstance(value, list) else [value] if value else []:
            files[_relative(name, base)] = _sha256(Path(name))
        if isinstance(value, str):
            keys[table][key] = _relative(value, base)
        elif isinstance(value, list):
            keys[table][key] = [_relative(name, base) for name in value]
    return {
        "dtt_sim": __version__,
        "python": platform.python_version(),
        "libraries": {
            "numpy": np.__version__,
            "numba": numba.__version__,
            "rasterio": rasterio.__version__,
            "gdal": rasterio.__gdal_version__,
        },
        "byte_order": sys.byteorder,
        "model": "ITU-R P.1812-8",
        "solver": {
            "name": result.solver,
            "version": SOLVER_VERSION[result.solver],
            "warp_cell_m": round(warp_cell(ground), 3) if result.solver == "wedge" else None,
            "processor": processor(),
        },
        "scenario": {"file": scenario.path.name, "override": scenario.override, **keys},
        "again": _again(result),
        "transmitters": [asdict(t) for t in scenario.transmitters],
        "files_sha256": files,
        "terrain": {
            "sha256": ground.digest,
            "is_schematic": ground.is_schematic,
            "resolution_m": round(ground.resolution_m, 2),
            "surface": ground.surface,
            "notes": list(ground.notes),
            "credits": list(ground.credits),
        },
        "population_notes": list(result.population.notes) if result.population else [],
        "grid": {
            "crs": result.grid.crs,
            "transform": list(result.grid.transform),
            "shape": list(result.grid.shape),
        },
        "link_budgets": {
            name: [asdict(line) for budget in budgets for line in budget.lines]
            for name, budgets in result.budgets.items()
        },
        "assumptions": [a.model_dump() for a in scenario.assumptions],
        "flags": result.flags,
        "warnings": list(result.warnings),
    }


def _again(result: Run) -> dict[str, Any]:
    """How to load the scenario again: its file and what was set, paths as seen from the folder."""
    here = result.out.resolve()

    def seen(path: Path | str) -> str:
        return Path(os.path.relpath(Path(path).resolve(), here)).as_posix()

    scenario = result.scenario
    terrain = scenario.keys.terrain
    files = [terrain.elevation] if isinstance(terrain.elevation, str) else terrain.elevation
    return {
        "scenario": seen(scenario.path),
        "override": scenario.override,
        "elevation": [seen(file) for file in files],
        "land": seen(terrain.land) if terrain.land else None,
        "schematic": terrain.schematic,
        "cell_size": scenario.keys.grid.cell_size,
    }


def _relative(name: str, base: Path) -> str:
    """A path as seen from the scenario's folder: manifests name no machine."""
    try:
        return Path(name).relative_to(base).as_posix()
    except ValueError:
        return Path(name).name


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
