"""A run: from a scenario to rasters, tables and a manifest in one folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dtt_sim import __version__
from dtt_sim.coverage.cache import LossCache, loss_key
from dtt_sim.coverage.field import (
    Emission,
    Mast,
    Prediction,
    Solver,
    field_strength,
    loss_dataset,
    path_loss,
)
from dtt_sim.coverage.flags import MEANING
from dtt_sim.errors import ModelDomainError, OutputError
from dtt_sim.model import Transmitter
from dtt_sim.network.evaluate import CAUSES
from dtt_sim.network.multiplex import MultiplexLayers
from dtt_sim.network.protection import ProtectionRatio
from dtt_sim.network.reception import LinkBudget
from dtt_sim.scenario.load import Scenario
from dtt_sim.typing import Float32Array, IntArray
from dtt_sim.workflow.links import report_links
from dtt_sim.workflow.manifest import manifest
from dtt_sim.workflow.output import NODATA, PHASE, write_cog, write_csv, write_json
from dtt_sim.workflow.service import check_protection, qualities_of, serve
from dtt_sim.workflow.tables import assumption_rows, cause_table, summary_table
from terrain.build import load_ground
from terrain.grid import Grid
from terrain.ground import SEA, Ground
from terrain.population import Population, population_from_points, population_from_raster
from terrain.units import Units, read_units

if TYPE_CHECKING:
    import xarray as xr

MARGIN_DEG = 0.1
"""Great circles bulge beyond the box of their ends; terrain is read with this much more."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Run:
    """What a run found.

    Attributes
    ----------
    scenario, ground, grid : Scenario, Ground, Grid
    fields : dict of str to xarray.DataArray
        Field strength by transmitter id, (p_time, y, x) [dB(µV/m)].
    service : dict of str to MultiplexLayers
        By the id of a multiplex or analogue service.
    stations : tuple of str
        Transmitter ids; `best_server` and `culprit` count in them.
    budgets : dict of str to tuple of LinkBudget
        By service id, at its first transmitter's frequency; of an analogue one for both grades.
    ratios : dict of (str, str) to ProtectionRatio
        By the ids of the wanted service and the transmitter that disturbs.
    population : Population or None
    units : Units or None
        Polygons of the administrative units, where the scenario has them.
    unit_of_cell : (n_row, n_col) int64
        Index of the unit that holds a cell's centre, -1 for none.
    out : Path
    solver : {"wedge", "per_path"}
    computed, reused : tuple of str
        Transmitters whose path loss was computed now, and those taken from the cache.
    flags : dict of str to dict of str to int
        Cells by the meaning of their flag, by transmitter id.
    warnings : tuple of str
        What a planner should look at; nothing that stops a run.
    n_assumption : int
        Rows of ``assumptions.csv``.
    """

    scenario: Scenario
    ground: Ground
    grid: Grid
    fields: dict[str, xr.DataArray]
    service: dict[str, MultiplexLayers]
    stations: tuple[str, ...]
    budgets: dict[str, tuple[LinkBudget, ...]]
    ratios: dict[tuple[str, str], ProtectionRatio]
    population: Population | None
    units: Units | None
    unit_of_cell: IntArray
    out: Path
    solver: Solver
    computed: tuple[str, ...]
    reused: tuple[str, ...]
    flags: dict[str, dict[str, int]]
    warnings: tuple[str, ...]
    n_assumption: int


def receiving_grid(scenario: Scenario) -> Grid:
    """The grid on which a scenario is evaluated."""
    g = scenario.keys.grid
    return Grid.from_lonlat_box(
        g.west_deg, g.south_deg, g.east_deg, g.north_deg, crs=g.crs, cell_size=g.cell_size
    )


def read_ground(scenario: Scenario, grid: Grid) -> Ground:
    """The ground between a scenario's transmitters and its receiving grid."""
    west, south, east, north = grid.bounds_lonlat()
    lon = [t.lon_deg for t in scenario.transmitters]
    lat = [t.lat_deg for t in scenario.transmitters]
    box = (
        min(west, *lon) - MARGIN_DEG,
        min(south, *lat) - MARGIN_DEG,
        max(east, *lon) + MARGIN_DEG,
        max(north, *lat) + MARGIN_DEG,
    )
    keys = scenario.keys.terrain
    return load_ground(
        elevation=keys.elevation,
        nodata=keys.nodata,
        nodata_means=keys.nodata_means,
        land=keys.land,
        zones=keys.zones,
        land_cover=keys.land_cover,
        land_cover_classes=keys.land_cover_classes,
        surface=keys.surface,
        is_schematic=keys.schematic,
        credits=keys.credits,
        bounds_lonlat=box,
    )


def prediction_of(scenario: Scenario) -> Prediction:
    """What a scenario asks the propagation model for."""
    keys = scenario.keys.propagation
    return Prediction(
        delta_n=keys.delta_n,
        n0=keys.n0,
        p_time_percent=(keys.wanted_time_percent, keys.interfering_time_percent),
        radius_km=(keys.wanted_radius_km, keys.interfering_radius_km),
        rx_height_agl_m=scenario.reception.predicted_height_agl_m,
    )


def run(
    scenario: Scenario,
    out: Path | str,
    *,
    cache: Path | None = None,
    solver: Solver = "wedge",
    progress: Progress | None = None,
) -> Run:
    """Compute a scenario and write its folder.

    Parameters
    ----------
    scenario : Scenario
    out : path
        Output folder; created. Path losses are kept under ``out/cache``, so that an interrupted
        run goes on where it stopped and a changed site is the only one computed again.
    cache : path, optional
        Another folder for the path losses, to share them among runs.
    solver : {"wedge", "per_path"}
        The fast solver, or the reference; :func:`dtt_sim.coverage.field.path_loss`.
    progress : callable, optional
        Called with the stage, and how much of how much is done.

    Raises
    ------
    DttSimError, terrain.errors.TerrainError
        Input that cannot be used, or a folder that cannot be written.
    """
    out = Path(out)
    claim_folder(out)
    tell = progress or (lambda _stage, _done, _total: None)
    check_protection(scenario)
    tell("terrain", 0, 1)
    grid = receiving_grid(scenario)
    ground = read_ground(scenario, grid)
    units = units_of(scenario)
    people = read_population(scenario, grid, ground, units)
    check_masts(scenario, ground)
    tell("terrain", 1, 1)
    losses, computed = compute_losses(
        scenario, ground, grid, LossCache(cache or out / "cache"), solver, tell
    )
    fields = {t.id: field_strength(losses[t.id], t) for t in scenario.transmitters}
    tags = _tags(scenario, ground)
    for k, transmitter in enumerate(scenario.transmitters):
        tell("fields", k, len(scenario.transmitters))
        _write_field(out, grid, transmitter, losses[transmitter.id], fields[transmitter.id], tags)
    tell("fields", 1, 1)
    tell("service", 0, 1)
    found = serve(scenario, fields, losses, grid)
    stations = tuple(t.id for t in scenario.transmitters)
    for name, layers in found.layers.items():
        _write_service(out, grid, scenario, name, layers, stations, tags)
    tell("service", 1, 1)
    assumed = assumption_rows(scenario, found.budgets, found.ratios)
    result = Run(
        scenario=scenario,
        ground=ground,
        grid=grid,
        fields=fields,
        service=found.layers,
        stations=stations,
        budgets=found.budgets,
        ratios=found.ratios,
        population=people,
        units=units,
        unit_of_cell=_unit_of_cell(units, grid),
        out=out,
        solver=solver,
        computed=tuple(computed),
        reused=tuple(t.id for t in scenario.transmitters if t.id not in computed),
        flags={name: _count_flags(loss) for name, loss in losses.items()},
        warnings=(*scenario.warnings, *_site_warnings(scenario, ground)),
        n_assumption=len(assumed),
    )
    write_csv(out / "summary.csv", *summary_table(result))
    write_csv(out / "causes.csv", *cause_table(result))
    write_csv(out / "links.csv", *report_links(scenario, ground, prediction_of(scenario)))
    write_csv(
        out / "assumptions.csv",
        ("key", "value", "unit", "confidence", "reason", "source"),
        assumed,
    )
    write_json(out / "manifest.json", manifest(result))
    return result


def claim_folder(out: Path) -> None:
    """Find out before hours of work whether the folder can be written."""
    if out.exists() and not out.is_dir():
        msg = f"{out}: is a file; choose a folder for --out"
        raise OutputError(msg)
    probe = out / ".write-test"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"\0" * 4096)
        probe.unlink()
    except OSError as error:
        msg = f"{out}: cannot be written ({error.strerror or error}); choose another --out"
        raise OutputError(msg) from error


def units_of(scenario: Scenario) -> Units | None:
    """Polygons of a scenario's administrative units, where it names any."""
    keys = scenario.keys.population
    return read_units(keys.units, name=keys.unit_name) if keys and keys.units else None


def _unit_of_cell(units: Units | None, grid: Grid) -> IntArray:
    if units is None:
        return np.full(grid.shape, -1, np.int64)
    return units.locate(*grid.lonlat())


def read_population(
    scenario: Scenario, grid: Grid, ground: Ground, units: Units | None
) -> Population | None:
    """People of a scenario on its grid, or None where it names no population."""
    keys = scenario.keys.population
    if keys is None:
        return None
    if keys.points is not None:
        return population_from_points(keys.points, grid, ground=ground)
    assert keys.raster is not None  # the schema wants one of the two
    return population_from_raster(keys.raster, grid, units=units, ground=ground)


def check_masts(scenario: Scenario, ground: Ground) -> None:
    """Find every mast that cannot be predicted before the first is computed.

    Raises
    ------
    ModelDomainError
        All of them.
    """
    bad = []
    for transmitter in scenario.transmitters:
        try:
            Mast.of(transmitter).height_above(ground)
        except ModelDomainError as error:
            bad.append(f"transmitter {transmitter.id}: {error}")
    if bad:
        msg = "\n".join(bad)
        raise ModelDomainError(msg)


def _site_warnings(scenario: Scenario, ground: Ground) -> list[str]:
    """Sites that stand in the sea, with the distance to the nearest land."""
    found: dict[str, str] = {}
    for t in scenario.transmitters:
        if int(ground.zone_at(t.lon_deg, t.lat_deg)) != SEA or t.site in found:
            continue
        distance = ground.nearest_land_km(t.lon_deg, t.lat_deg)
        where = "no land near" if np.isnan(distance) else f"{distance:.1f} km from the nearest land"
        found[t.site] = f"site {t.site} ({t.id}) stands in the sea, {where}; check its position"
    return list(found.values())


def _count_flags(loss: xr.Dataset) -> dict[str, int]:
    codes, counts = np.unique(loss["flag"].to_numpy(), return_counts=True)
    return {MEANING[int(c)]: int(n) for c, n in zip(codes, counts, strict=True)}


def compute_losses(
    scenario: Scenario,
    ground: Ground,
    grid: Grid,
    cache: LossCache,
    solver: Solver,
    tell: Progress,
) -> tuple[dict[str, xr.Dataset], list[str]]:
    """Path loss of every transmitter; those of one mast share the geometry."""
    prediction = prediction_of(scenario)
    wanted: dict[Mast, dict[Emission, list[str]]] = {}
    for t in scenario.transmitters:
        emission = Emission(t.frequency_mhz, t.polarisation)
        wanted.setdefault(Mast.of(t), {}).setdefault(emission, []).append(t.id)
    found: dict[str, xr.Dataset] = {}
    computed: list[str] = []
    total, done = len(wanted) * grid.n_row * grid.n_col, 0
    for mast, emissions in wanted.items():
        keys = {e: loss_key(ground, mast, grid, e, prediction, solver=solver) for e in emissions}
        arrays = {e: cache.load(key) for e, key in keys.items()}
        missing = [e for e, entry in arrays.items() if entry is None]
        if missing:
            sites = ", ".join(name for e in missing for name in emissions[e])

            def step(cells: int, sites: str = sites) -> None:
                nonlocal done
                done += cells
                tell(f"propagation {sites}", done, total)

            loss = path_loss(
                ground,
                mast,
                grid=grid,
                emissions=missing,
                prediction=prediction,
                solver=solver,
                progress=step,
            )
            for k, e in enumerate(missing):
                entry = {str(n): loss[n].to_numpy() for n in loss.data_vars}
                entry["loss_db"] = entry["loss_db"][k : k + 1]
                cache.store(keys[e], entry)
                arrays[e] = entry
                computed += emissions[e]
        else:
            done += grid.n_row * grid.n_col
            tell("propagation (kept)", done, total)
        for e, names in emissions.items():
            entry_or_none = arrays[e]
            assert entry_or_none is not None
            dataset = loss_dataset(
                entry_or_none,
                ground,
                mast,
                grid=grid,
                emissions=[e],
                prediction=prediction,
                solver=solver,
            )
            for name in names:
                found[name] = dataset
    return found, computed


def _usable_field(layers: MultiplexLayers) -> Float32Array:
    """Median field that good reception needs of the useful signals there, with all on air.

    Noise and interference at the receiver, C/N, and the margin for the share of locations.
    """
    return layers.wanted_db - layers.margin_db


def _tags(scenario: Scenario, ground: Ground) -> dict[str, str]:
    tags = {
        "SCENARIO": scenario.title,
        "MODEL": "ITU-R P.1812-8",
        "SOFTWARE": f"dtt_sim {__version__}",
    }
    if ground.credits:
        tags["CREDIT"] = "; ".join(ground.credits)
    if ground.is_schematic:
        tags["WARNING"] = "SCHEMATIC TERRAIN: not a prediction for the real ground"
    return tags


def _write_field(out: Path, grid: Grid, transmitter: Transmitter, loss: xr.Dataset,
                 e: xr.DataArray, tags: dict[str, str]) -> None:  # fmt: skip
    bands = []
    for j, percent in enumerate(loss["p_time"].to_numpy()):
        name = f"field strength exceeded for {percent:g} % of time, 50 % of locations"
        bands.append((name, "dB(uV/m)", e.isel(p_time=j).to_numpy()))
    for j, percent in enumerate(loss["p_time"].to_numpy()):
        name = f"basic transmission loss not exceeded for {percent:g} % of time"
        bands.append((name, "dB", loss["loss_db"].isel(emission=0, p_time=j).to_numpy()))
    bands.append(("departure angle", "degree", loss["departure_deg"].to_numpy()))
    flag = loss["flag"]
    bands.append((f"flag: {flag.attrs['flag_meanings']}", "", flag.to_numpy().astype(np.float32)))
    write_cog(
        out / "fields" / f"{transmitter.id}.tif",
        grid,
        bands,
        nodata=NODATA,
        tags=tags | {"TRANSMITTER": transmitter.id},
    )


def _write_service(out: Path, grid: Grid, scenario: Scenario, name: str, layers: MultiplexLayers,
                   stations: tuple[str, ...], tags: dict[str, str]) -> None:  # fmt: skip
    folder = out / "phases" / PHASE
    fair, good = (quality.name for quality in qualities_of(scenario, name))
    served = layers.served_acceptable.astype(np.uint8) + layers.served_good
    served = np.where(np.isnan(layers.probability), 255, served).astype(np.uint8)
    write_cog(
        folder / f"{name}_served.tif", grid,
        [(f"served: 0 no, 1 {fair}, 2 {good}", "", served)], nodata=255, tags=tags,
    )  # fmt: skip
    for layer, unit, values in (
        ("margin", "dB", layers.margin_db),
        ("probability", "1", layers.probability),
        ("gain", "dB", layers.gain_db),
        ("usable_field", "dB(uV/m)", _usable_field(layers)),
    ):
        write_cog(
            folder / f"{name}_{layer}.tif", grid, [(layer, unit, values)], nodata=NODATA, tags=tags
        )
    named = tags | {f"STATION_{k}": station for k, station in enumerate(stations)}
    write_cog(
        folder / f"{name}_best_server.tif", grid,
        [("station the antenna points at", "", layers.best_server)], nodata=-1, tags=named,
    )  # fmt: skip
    causes = ", ".join(f"{k} {text}" for k, text in enumerate(CAUSES))
    write_cog(
        folder / f"{name}_cause.tif", grid, [(f"why not well served: {causes}", "", layers.cause)],
        nodata=None, tags=named,
    )  # fmt: skip
    write_cog(
        folder / f"{name}_culprit.tif", grid,
        [("station that disturbs most", "", layers.culprit)], nodata=-1, tags=named,
    )  # fmt: skip
