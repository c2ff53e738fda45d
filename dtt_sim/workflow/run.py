"""A run: from a scenario to rasters, tables and a manifest in one folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dtt_sim.coverage.cache import LossCache
from dtt_sim.coverage.field import Solver
from dtt_sim.coverage.parts import PartRequest
from dtt_sim.errors import DttSimError
from dtt_sim.network.household import Household
from dtt_sim.network.multiplex import MultiplexLayers
from dtt_sim.scenario.load import Scenario
from dtt_sim.workflow import tables
from dtt_sim.workflow.account_tables import remove_account, write_account
from dtt_sim.workflow.accounts import (
    Coverage,
    PlanAccount,
    account_plan,
    digital_coverage,
    prepare_households,
)
from dtt_sim.workflow.alternatives import ALTERNATIVE_HEADER, Alternative, alternative_rows, compare
from dtt_sim.workflow.area import (
    Area,
    field_names,
    prediction_of,
    read_area,
    site_warnings,
)
from dtt_sim.workflow.cluster import Cluster
from dtt_sim.workflow.datasets import POPULATION, population_dataset, write_dataset
from dtt_sim.workflow.links import report_links
from dtt_sim.workflow.losses import Elsewhere, Losses, Progress, losses_of
from dtt_sim.workflow.manifest import MANIFEST, manifest
from dtt_sim.workflow.output import claim_folder, write_csv, write_json
from dtt_sim.workflow.rasters import (
    tags_of,
    write_field,
    write_filled,
    write_household,
    write_service,
    write_zone,
)
from dtt_sim.workflow.service import Evaluated, check_protection, evaluate
from dtt_sim.workflow.tasks import MastTask, TerrainOf
from terrain.grid import Grid
from terrain.ground import Ground
from terrain.population import Population

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Run:
    """What a run found.

    Attributes
    ----------
    scenario : Scenario
        As it is in the last phase that was run.
    area : Area
    losses : Losses
    last : Evaluated
        Service in the last phase.
    account : PlanAccount or None
        Of a scenario with a plan and households.
    alternatives : tuple of Alternative
    out : Path
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
    area: Area
    losses: Losses
    last: Evaluated
    account: PlanAccount | None
    alternatives: tuple[Alternative, ...]
    out: Path
    computed: tuple[str, ...]
    reused: tuple[str, ...]
    flags: dict[str, dict[str, int]]
    warnings: tuple[str, ...]
    n_assumption: int

    @property
    def fields(self) -> dict[str, xr.DataArray]:
        """Field strength by transmitter id in the last phase, (p_time, y, x) [dB(µV/m)]."""
        return {t.id: self.losses.field(t) for t in self.scenario.transmitters}

    @property
    def service(self) -> dict[str, MultiplexLayers]:
        """By the id of a multiplex or analogue service, in the last phase."""
        return self.last.service

    @property
    def household(self) -> Household | None:
        """Programmes that are received in the last phase; None where no service names any."""
        return self.last.household

    @property
    def stations(self) -> tuple[str, ...]:
        """Transmitter ids in the last phase; `best_server` and `culprit` count in them."""
        return self.last.stations

    @property
    def grid(self) -> Grid:
        """Of receiving places."""
        return self.area.grid

    @property
    def ground(self) -> Ground:
        """Under the paths."""
        return self.area.ground

    @property
    def population(self) -> Population | None:
        """Who lives where."""
        return self.area.population


def phases_of(scenario: Scenario, phase: str | None = None) -> tuple[Scenario, ...]:
    """What a run goes through: all phases of the plan, or one; without a plan the scenario."""
    if phase is not None:
        return tuple(one for one in scenario.phases if one.phase and one.phase.id == phase)
    return scenario.phases or (scenario,)


def run(
    scenario: Scenario,
    out: Path | str,
    *,
    cache: Path | None = None,
    solver: Solver = "wedge",
    progress: Progress | None = None,
    phase: str | None = None,
    draws: int | None = None,
    workers: int = 1,
    on_phase: Callable[[Area, Evaluated], None] | None = None,
    cluster: Cluster | None = None,
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
    phase : str, optional
        Only this phase of the plan; without its households, which need the phases before.
    draws : int, optional
        Of the plan's Monte Carlo, in the place of the scenario's.
    workers : int
        Processes that draw; a script that asks for several guards its own start with
        ``if __name__ == "__main__"``.
    on_phase : callable, optional
        Called with every phase, by date, while its layers are there; only those of the last are kept.
    cluster : Cluster, optional
        Dask cluster that computes the path losses, to the same bits.

    Raises
    ------
    DttSimError, terrain.errors.TerrainError
        Input that cannot be used, or a folder that cannot be written.
    """
    out = Path(out)
    claim_folder(out)
    (out / MANIFEST).unlink(missing_ok=True)  # it stands for a run that is finished
    tell = progress or (lambda _stage, _done, _total: None)
    phases = phases_of(scenario, phase)
    for one in phases:
        check_protection(one)
    tell("terrain", 0, 1)
    area = read_area(scenario)
    # One phase alone has no history: nobody could have bought a receiver before it.
    model = prepare_households(scenario, area) if phase is None else None
    tell("terrain", 1, 1)
    kept = LossCache(cache or out / "cache")
    elsewhere = None
    if cluster is not None:
        elsewhere = _on_cluster(cluster, scenario, area, kept, solver)
    losses = losses_of(scenario, area.ground, area.grid, kept, solver, elsewhere=elsewhere)
    # The ground is that of all phases, so that path losses are kept under the same keys.
    transmitters = tuple(dict.fromkeys(t for one in phases for t in one.transmitters))
    losses.prepare(transmitters, tell)
    computed = tuple(losses.computed)  # alternatives may add to it
    tags = tags_of(scenario, area.ground)
    write_zone(out, area.grid, area.ground, tags)
    write_filled(out, area.ground, tags)
    names = field_names(scenario)
    for k, transmitter in enumerate(transmitters):
        tell("fields", k, len(transmitters))
        path = out / "fields" / f"{names[transmitter]}.tif"
        write_field(path, area.grid, transmitter, losses, tags)
    tell("fields", 1, 1)
    rows: dict[str, list[tuple[Any, ...]]] = {"summary": [], "causes": [], "programmes": []}
    evaluated: list[Evaluated] = []
    coverage: list[Coverage] = []
    lonlat = area.grid.lonlat()
    found: Evaluated | None = None
    for k, one in enumerate(phases):
        tell("service", k, len(phases))
        found = evaluate(one, losses.stations(one.transmitters), lonlat, before=found)
        _write_phase(out, area, found, tags)
        if model is not None:
            coverage.append(digital_coverage(area, found))
        rows["summary"] += tables.summary_rows(area, found)
        rows["causes"] += tables.cause_rows(area, found)
        rows["programmes"] += tables.programme_rows(area, found)
        if on_phase is not None:
            on_phase(area, found)
        evaluated.append(found if one is phases[-1] else found.without_layers())
    tell("service", 1, 1)
    last = evaluated[-1]
    account = None
    if model is not None:
        account = account_plan(
            phases, area, losses, model, coverage, tell, draws=draws, workers=workers
        )
    alternatives = compare(last, area, losses, tell)
    assumed = tables.assumption_rows(evaluated)
    ids = dict.fromkeys(t.id for t in transmitters)
    result = Run(
        scenario=last.scenario,
        area=area,
        losses=losses,
        last=last,
        account=account,
        alternatives=alternatives,
        out=out,
        computed=computed,
        reused=tuple(name for name in ids if name not in computed),
        flags={t.id: losses.flags(t) for t in transmitters},
        warnings=(*scenario.warnings, *area.ground.warnings, *site_warnings(scenario, area.ground)),
        n_assumption=len(assumed),
    )
    write_csv(out / "summary.csv", tables.SUMMARY_HEADER, rows["summary"])
    vintage = tables.vintage_of(scenario)
    if area.population is not None:
        people = population_dataset(area.population, area.grid, vintage)
        write_dataset(out / POPULATION, people)
    for name, header in (
        ("causes", tables.CAUSE_HEADER), ("programmes", tables.PROGRAMME_HEADER),
    ):  # fmt: skip
        if rows[name]:
            write_csv(out / f"{name}.csv", *tables.with_vintage(header, rows[name], vintage))
    if account is not None:
        write_account(out, account, last.scenario, area)
    else:
        remove_account(out)
    if alternatives:
        told = alternative_rows(result.alternatives)
        table = tables.with_vintage(ALTERNATIVE_HEADER, told, vintage)
        write_csv(out / "alternatives.csv", *table)
    write_csv(out / "links.csv", *report_links(last.scenario, area.ground, prediction_of(scenario)))
    write_csv(
        out / "assumptions.csv",
        ("key", "value", "unit", "confidence", "reason", "source"),
        assumed,
    )
    write_json(out / MANIFEST, manifest(result, evaluated, names))
    return result


def _on_cluster(
    cluster: Cluster, scenario: Scenario, area: Area, cache: LossCache, solver: Solver
) -> Elsewhere:
    if solver != "wedge":
        msg = "a cluster computes with the wedge solver; leave --solver or --scheduler out"
        raise DttSimError(msg)
    terrain = TerrainOf.of(scenario, area.ground)

    def compute(missing: Sequence[tuple[PartRequest, Sequence[str]]], tell: Progress) -> None:
        cluster.compute(
            [
                MastTask.of(area.ground, terrain, request, names, cache)
                for request, names in missing
            ],
            tell,
        )

    return compute


def _write_phase(out: Path, area: Area, found: Evaluated, tags: dict[str, str]) -> None:
    folder = out / "phases" / found.phase
    for name in found.service:
        write_service(folder, area.grid, found, name, tags)
    if found.household is not None:
        write_household(folder, area.grid, found.household, found.stations, tags)
