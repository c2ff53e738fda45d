"""A location of a finished run, explained from the run's own rasters."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.errors import DttSimError, ScenarioError
from dtt_sim.network.explain import Explanation, explain
from dtt_sim.network.multiplex import StationFields
from dtt_sim.network.sfn import Window
from dtt_sim.scenario.load import Scenario, load_scenario
from dtt_sim.workflow.area import field_names, receiving_grid, units_of
from dtt_sim.workflow.manifest import FILE_KEYS, MANIFEST, relative_keys
from dtt_sim.workflow.service import services_on_air, settings_of
from terrain.grid import WGS84, Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PointReport:
    """What a run says of a location.

    Attributes
    ----------
    lat_deg, lon_deg : float
        As asked for [deg].
    cell : tuple of int
        Row and column of the receiving grid.
    scenario : Scenario
    multiplexes : dict of str to Explanation
    windows : dict of str to Window
        Of the receiver, by multiplex.
    """

    lat_deg: float
    lon_deg: float
    cell: tuple[int, int]
    scenario: Scenario
    multiplexes: dict[str, Explanation]
    windows: dict[str, Window]


def load_run_scenario(folder: Path, phase: str | None = None) -> Scenario:
    """The scenario of a finished run, as it was; in a phase, by default the last that was run.

    Raises
    ------
    DttSimError
        A folder that is no run's, or a scenario that is no longer there or has changed.
    """
    file = folder / MANIFEST
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        again = found["again"]
    except (OSError, ValueError, KeyError) as error:
        msg = (
            f"{folder}: not the folder of a finished run (manifest.json: {error}); run the scenario"
        )
        raise DttSimError(msg) from error
    values: dict[str, Any] = {
        "terrain.elevation": [str(folder / name) for name in again["elevation"]],
        "terrain.land": str(folder / again["land"]) if again["land"] else None,
        "terrain.schematic": again["schematic"],
        "grid.cell_size": again["cell_size"],
    }
    try:
        scenario = load_scenario(
            folder / again["scenario"], override=again["override"] or None, set_values=values
        )
    except ScenarioError as error:
        msg = f"{folder}: the scenario cannot be loaded again; run it anew\n{error}"
        raise DttSimError(msg) from error
    by_id = {one.phase.id: one for one in scenario.phases if one.phase}
    run = [name for name in (one["id"] for one in found["phases"]) if name in by_id]
    scenario = by_id[run[-1]] if run else scenario
    changed = _changed(found, scenario)
    if changed:
        msg = f"{folder}: {changed} changed since this run; run the scenario again"
        raise DttSimError(msg)
    if phase is None:
        return scenario
    if phase not in run:
        msg = f"{folder}: no phase {phase!r}; " + (
            f"choose from {', '.join(run)}" if run else "it has no plan"
        )
        raise DttSimError(msg)
    return by_id[phase]


def _changed(found: dict[str, Any], scenario: Scenario) -> str:
    """What of a scenario is not as a run's manifest has it; empty if nothing that counts."""
    now, files = relative_keys(scenario)
    for table in (
        "grid",
        "propagation",
        "reception",
        "network",
        "multiplexes",
        "analogue",
        "others",
    ):
        if (
            _with_defaults(found["scenario"].get(table), getattr(scenario.keys, table))
            != now[table]
        ):
            return f"[{table}] has"
        for name in (now[table][key] for of, key in FILE_KEYS if of == table):
            if name and found["files_sha256"].get(name) != files[name]:
                return f"{name} has"
    known = {t["id"]: t for t in found["transmitters"]}
    here = {t.id: json.loads(json.dumps(asdict(t))) for t in scenario.transmitters}
    for name in {**known, **here}:
        if known.get(name) != here.get(name):
            return f"station {name} has"
    return ""


def _with_defaults(before: Any, keys: Any) -> Any:
    """A table of a manifest with keys that came later, which stood at their defaults then."""
    fields = getattr(type(keys), "model_fields", None)
    if not isinstance(before, dict) or fields is None:
        return before
    defaults = {field.alias or name: field.default for name, field in fields.items()}
    return {**{name: defaults[name] for name in defaults if name not in before}, **before}


def place_of(scenario: Scenario, name: str) -> tuple[float, float]:
    """Latitude and longitude of a place by its name, or a part of it.

    A place of the scenario's population table; a unit of it, which is its most populous place; or a
    unit of its polygons, which is a point inside.

    Raises
    ------
    DttSimError
        Neither table nor polygons, or no such place; names those that are near in spelling.
    """
    import difflib

    places = _places(scenario)
    if not places:
        msg = "the scenario has no table of places and no units; give --lat and --lon"
        raise DttSimError(msg)
    same = [key for key in places if key.casefold() == name.casefold()]
    part = [key for key in places if name.casefold() in key.casefold()]
    for found in (same, part):
        if len(found) == 1:
            return places[found[0]]
    near = part[:5] or difflib.get_close_matches(name, places, 3, 0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; give --lat and --lon"
    msg = f"{name!r} is no place or unit of the scenario{hint}"
    raise DttSimError(msg)


def _places(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """Latitude and longitude of everything that has a name; places come before units."""
    import csv

    keys = scenario.keys.population
    found: dict[str, tuple[float, float]] = {}
    if keys is not None and keys.points is not None:
        with Path(keys.points).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        rows.sort(key=lambda row: -float(row["persons"]))
        for column in ("name", "unit"):
            for row in rows:
                here = float(row["lat_deg"]), float(row["lon_deg"])
                found.setdefault(row[column], here)
    units = units_of(scenario)
    if units is not None:
        import shapely

        for name, shape in zip(units.names, units.shapes, strict=True):
            inside = shapely.point_on_surface(shape)
            found.setdefault(name, (float(inside.y), float(inside.x)))
    return found


def explain_point(folder: Path, scenario: Scenario, lat_deg: float, lon_deg: float) -> PointReport:
    """Explain a location of a finished run.

    Raises
    ------
    DttSimError
        A location off the receiving grid, or rasters that are missing.
    """
    if not (math.isfinite(lat_deg) and math.isfinite(lon_deg)):
        msg = f"{lat_deg} N {lon_deg} E is no position; give degrees"
        raise DttSimError(msg)
    grid = receiving_grid(scenario)
    row, col = (
        int(np.rint(v)) for v in grid.fractional_index(np.array(lon_deg), np.array(lat_deg))
    )
    if not (0 <= row < grid.n_row and 0 <= col < grid.n_col):
        west, south, east, north = grid.bounds_lonlat()
        msg = (
            f"{lat_deg:g} N {lon_deg:g} E lies off the receiving grid ({south:.2f} to {north:.2f} N, "
            f"{west:.2f} to {east:.2f} E)"
        )
        raise DttSimError(msg)
    lon, lat = (float(v) for v in grid.lonlat_of_index(np.array(float(row)), np.array(float(col))))
    stations = _stations(folder, scenario, grid, row, col, lon, lat)
    found, windows = {}, {}
    for name in services_on_air(scenario):
        setting = settings_of(scenario, name)[0]
        windows[name] = setting.window
        found[name] = explain(
            stations, setting.groups, (lon, lat), window=setting.window,
            receiver=setting.receiver, antenna=setting.antenna,
        )  # fmt: skip
    return PointReport(lat_deg, lon_deg, (row, col), scenario, found, windows)


def _stations(
    folder: Path, scenario: Scenario, grid: Grid, row: int, col: int, lon: float, lat: float
) -> list[StationFields]:
    """Fields of all transmitters in one cell, from the run's rasters."""
    import rasterio
    from rasterio.errors import RasterioError
    from rasterio.windows import Window as Part

    def one(value: float) -> NDArray[np.float32]:
        return np.full((1, 1), value, np.float32)

    stations = []
    names = field_names(scenario)
    for t in scenario.transmitters:
        path = folder / "fields" / f"{names[t]}.tif"
        try:
            with rasterio.open(path) as file:
                if (file.height, file.width) != grid.shape:
                    msg = f"{path}: not on the scenario's grid; run the scenario again"
                    raise DttSimError(msg)
                values = file.read([1, 2], window=Part(col, row, 1, 1), masked=True)
        except RasterioError as error:
            msg = f"{path}: cannot be read ({error}); run the scenario again"
            raise DttSimError(msg) from error
        wanted, interfering = (float(v) for v in values.filled(np.nan).ravel())
        _, _, metres = WGS84.inv(t.lon_deg, t.lat_deg, lon, lat)
        stations.append(
            StationFields(
                t.id, t.lat_deg, t.lon_deg, one(wanted), one(interfering), one(0.001 * metres),
                t.delay_us, t.polarisation == "vertical",
            )
        )  # fmt: skip
    return stations
