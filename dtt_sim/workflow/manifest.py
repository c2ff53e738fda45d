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
from dtt_sim.workflow.area import receiving_grid, refractivity_of
from dtt_sim.workflow.rasters import FILLED
from dtt_sim.workflow.service import qualities_of, services_on_air
from terrain.landcover import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtt_sim.model import Transmitter
    from dtt_sim.scenario.load import Scenario
    from dtt_sim.workflow.run import Run
    from dtt_sim.workflow.service import Evaluated
    from terrain.ground import Ground

MANIFEST = "manifest.json"
"""Written last: a folder that has it is that of a finished run."""


FILE_KEYS = (
    ("terrain", "elevation"), ("terrain", "land"), ("terrain", "zones"),
    ("terrain", "land_cover"), ("terrain", "land_cover_classes"), ("propagation", "delta_n_map"), ("propagation", "n0_map"),
    ("stations", "file"), ("population", "points"),
    ("population", "raster"), ("population", "units"), ("network", "protection_rows"),
    ("households", "table"),
)  # fmt: skip
"""Keys of a scenario that name files."""


def manifest(
    result: Run, phases: Sequence[Evaluated], names: Mapping[Transmitter, str]
) -> dict[str, Any]:
    """Every parameter, the hash of every file read, and the versions in use."""
    scenario, ground, solver = result.scenario, result.ground, result.losses.solver
    import numba
    import rasterio

    keys, files = relative_keys(scenario)
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
            "name": solver,
            "version": SOLVER_VERSION[solver],
            "warp_cell_m": round(warp_cell(ground), 3) if solver == "wedge" else None,
            "processor": processor(),
        },
        "scenario": {"file": scenario.path.name, "override": scenario.override, **keys},
        "again": _again(result),
        "has_accounts": result.account is not None,
        "transmitters": [asdict(t) for t in scenario.transmitters],
        "phases": [_phase(one, names) for one in phases],
        "files_sha256": files,
        "terrain": {
            "sha256": ground.digest,
            "is_schematic": ground.is_schematic,
            "resolution_m": round(ground.resolution_m, 2),
            "surface": ground.surface,
            "filled": _filled(scenario, ground),
            "notes": list(ground.notes),
            "credits": list(ground.credits),
        },
        "refractivity": refractivity_facts(scenario),
        "measured_offset": {
            "offset_db": keys["propagation"]["measured_offset_db"],
            "standard_error_db": keys["propagation"]["measured_offset_error_db"],
            "source": keys["propagation"]["measured_offset_source"],
            "is_in": "fields, service and all that follows; not in the path losses",
        }
        if keys["propagation"]["measured_offset_db"]
        else {},
        "population_notes": list(result.population.notes) if result.population else [],
        "grid": {
            "crs": result.grid.crs,
            "transform": list(result.grid.transform),
            "shape": list(result.grid.shape),
        },
        "link_budgets": {
            name: [asdict(line) for budget in budgets for line in budget.lines]
            for name, budgets in {k: v for one in phases for k, v in one.budgets.items()}.items()
        },
        "assumptions": [a.model_dump() for a in scenario.assumptions],
        "flags": result.flags,
        "warnings": list(result.warnings),
    }


def _filled(scenario: Scenario, ground: Ground) -> dict[str, Any]:
    """How voids of the terrain were filled, and how much of it."""
    keys = scenario.keys.terrain
    if ground.filled is None:
        return {"method": "none"}
    return {
        "method": keys.fill_voids,
        "max_km2": keys.fill_voids_max_km2,
        "cells": int(ground.filled.sum()),
        "share": round(float(ground.filled.mean()), 8),
        "mask": FILLED,
    }


def relative_keys(scenario: Scenario) -> tuple[dict[str, Any], dict[str, str]]:
    """Keys of a scenario with paths as seen from its folder, and the hash of every file."""
    base = scenario.path.resolve().parent
    keys = scenario.keys.model_dump(by_alias=True, mode="json")
    files = {}
    for table, key in FILE_KEYS:
        value = (keys.get(table) or {}).get(key)
        if key == "land_cover_classes" and value in BUILT_IN:
            continue
        for name in value if isinstance(value, list) else [value] if value else []:
            files[_relative(name, base)] = _sha256(Path(name))
        if isinstance(value, str):
            keys[table][key] = _relative(value, base)
        elif isinstance(value, list):
            keys[table][key] = [_relative(name, base) for name in value]
    return keys, files


def refractivity_facts(scenario: Scenario) -> dict[str, Any]:
    """Refractivity over the receiving grid, where it is that of maps; empty where not."""
    field = refractivity_of(scenario)
    if field is None:
        return {}
    delta_n, n0 = field.at(*receiving_grid(scenario).lonlat())
    return {
        "delta_n": [round(float(delta_n.min()), 3), round(float(delta_n.max()), 3)],
        "n0": [round(float(n0.min()), 3), round(float(n0.max()), 3)],
        "sha256": field.digest,
    }


def _phase(evaluated: Evaluated, names: Mapping[Transmitter, str]) -> dict[str, Any]:
    """A phase with the field rasters of its stations."""
    scenario = evaluated.scenario
    return {
        "id": evaluated.phase,
        "date": scenario.phase.date.isoformat() if scenario.phase else "",
        "fields": {t.id: names[t] for t in scenario.transmitters},
        "stations": {
            t.id: {
                "site": t.site,
                "lat_deg": t.lat_deg,
                "lon_deg": t.lon_deg,
                "service": t.multiplex,
                "frequency_mhz": t.frequency_mhz,
                "erp_kw": t.erp_kw,
            }
            for t in scenario.transmitters
        },
        "services": {
            name: {
                "title": scenario.services[name].title,
                "digital": name in scenario.multiplexes,
                "qualities": [str(q) for q in qualities_of(scenario, name)],
            }
            for name in services_on_air(scenario)
        },
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
