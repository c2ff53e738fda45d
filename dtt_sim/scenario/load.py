"""From a scenario file, its base and an override to a checked :class:`Scenario`.

Everything wrong is collected and raised at once, with file, line and key. A scenario is data: nothing
in it is executed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dtt_sim.errors import Problem, ScenarioError
from dtt_sim.model import Transmitter
from dtt_sim.network.protection import ProtectionRow
from dtt_sim.network.reception import Reception
from dtt_sim.scenario.assumptions import phase_assumptions, row_assumptions
from dtt_sim.scenario.merge import Layer, Merged, Origin, override_named, read_files, where
from dtt_sim.scenario.on_air import check_masts, check_networks
from dtt_sim.scenario.parts import (
    SERVICES,
    check_ids,
    check_refractivity,
    read_analogue,
    read_multiplexes,
    read_others,
    read_own_ratios,
    read_reception,
    station_rows,
    systems_of,
    tables_of,
)
from dtt_sim.scenario.plan import CHANGED, lay_over_phases, leave_vacated, read_phases, steps
from dtt_sim.scenario.plan_schema import PhaseKeys
from dtt_sim.scenario.prices import check_prices
from dtt_sim.scenario.schema import AssumptionKeys, ScenarioKeys
from dtt_sim.scenario.services import Analogue, Multiplex, Other
from dtt_sim.scenario.toml_lines import KeyPath
from dtt_sim.scenario.transmitters import build_transmitters, nearest

_FILE_KEYS: tuple[KeyPath, ...] = (
    ("terrain", "elevation"),
    ("terrain", "land"),
    ("terrain", "zones"),
    ("terrain", "land_cover"),
    ("terrain", "land_cover_classes"),
    ("propagation", "delta_n_map"),
    ("propagation", "n0_map"),
    ("stations", "file"),
    ("network", "protection_rows"),
    ("population", "points"),
    ("population", "raster"),
    ("population", "units"),
    ("households", "table"),
)
_BUILT_IN_TABLES = ("esa_worldcover", "corine", "corine_44", "globcover", "mekong_landuse")
_MESSAGES = {
    "missing": "is missing; the scenario needs it",
    "extra_forbidden": "unknown key",
}


@dataclass(frozen=True)
class Scenario:
    """A checked scenario.

    Attributes
    ----------
    path : Path
        The file it was read from.
    override : str
        Name of the override in force, or "".
    set_values : dict
        Dotted keys laid over it.
    keys : ScenarioKeys
        All keys, paths absolute.
    reception : Reception
    multiplexes, analogue, others : dict
        :class:`Multiplex`, :class:`Analogue` and :class:`Other` by id.
    protection_rows : tuple of ProtectionRow
        The scenario's own.
    transmitters : tuple of Transmitter
        Those on air.
    assumptions : tuple of AssumptionKeys
        The file's own, and every transmitter row that is not VERIFIED.
    warnings : tuple of str
    phase : PhaseKeys or None
        Where it stands in its plan.
    phases : tuple of Scenario
        The scenario in every phase of its plan, by date; empty without one.
    station_ids, site_names : tuple of str
        Of all rows of the station table, on air or not.
    origin : dict
        Where each key was written.
    """

    path: Path
    override: str
    set_values: dict[str, Any]
    keys: ScenarioKeys
    reception: Reception
    multiplexes: dict[str, Multiplex]
    analogue: dict[str, Analogue]
    others: dict[str, Other]
    protection_rows: tuple[ProtectionRow, ...]
    transmitters: tuple[Transmitter, ...]
    assumptions: tuple[AssumptionKeys, ...]
    warnings: tuple[str, ...]
    phase: PhaseKeys | None = None
    phases: tuple[Scenario, ...] = ()
    station_ids: tuple[str, ...] = ()
    site_names: tuple[str, ...] = ()
    origin: Origin = field(default_factory=dict, repr=False, compare=False)

    def problem(self, key: KeyPath, text: str) -> Problem:
        """Something wrong with a key that shows in the data alone, by file and line."""
        return Problem(*where(self.origin, key), ".".join(map(str, key)), text)

    @property
    def title(self) -> str:
        """Title for people."""
        return self.keys.title or self.keys.name

    @property
    def services(self) -> dict[str, Multiplex | Analogue]:
        """What households can receive, by id."""
        return {**self.multiplexes, **self.analogue}

    @property
    def signals(self) -> dict[str, Multiplex | Analogue | Other]:
        """What stations carry, by id."""
        return {**self.services, **self.others}

    @property
    def digital(self) -> list[Transmitter]:
        """Transmitters of multiplexes."""
        return [t for t in self.transmitters if t.multiplex in self.multiplexes]

    def on_air(self, service: str) -> list[int]:
        """Which of the transmitters carry a service."""
        return [k for k, t in enumerate(self.transmitters) if t.multiplex == service]


def load_scenario(
    path: Path | str,
    *,
    override: str | None = None,
    set_values: Mapping[str, Any] | None = None,
    phase: str | None = None,
) -> Scenario:
    """Read, merge and check a scenario.

    Parameters
    ----------
    path : path
        Scenario file (TOML).
    override : str, optional
        Name of an ``[override.NAME]`` table to lay over it.
    set_values : mapping, optional
        Dotted keys laid over everything, ``{"terrain.elevation": "dem.tif"}``; their paths are
        relative to the working directory.
    phase : str, optional
        Id of the phase to return, of a scenario with a plan; by default the last.

    Returns
    -------
    Scenario
        As it is in that phase; `phases` has all of them.

    Raises
    ------
    ScenarioError
        All problems at once.
    """
    base = Merged()
    files = read_files(Path(path), base.problems)
    if base.problems:
        raise ScenarioError(base.problems)
    above = list(files.layers)
    if override is not None:
        where = Problem(Path(path).name, None, "override", "")
        above.append(override_named(files.overrides, override, where))
    for dotted, value in (set_values or {}).items():
        table: Any = value
        for part in reversed(dotted.split(".")):
            table = {part: table}
        above.append(Layer(table, Path.cwd() / "command line", {}))
    # What lies over the file with the plan lies over all its phases.
    plans = [k for k, layer in enumerate(above) if isinstance(layer.values.get("phase"), list)]
    n_below = plans[-1] + 1 if plans else len(files.layers)
    for layer in above[:n_below]:
        base.lay(_without_phases(base, layer))
    rest = [_without_phases(base, layer) for layer in above[n_below:]]
    source = _Source(Path(path), override or "", dict(set_values or {}), base, rest)
    _check_alternatives(source, files.overrides)
    _check_plan_names(source)
    scenarios = _phases(source) or [_check(source.merged(), source)]
    known = [one for one in scenarios if one is not None]
    _check_must_carry(source, known)
    last = known[-1] if known else None
    if last is not None and last.phase and last.keys.prices:
        names = [*last.station_ids, *last.multiplexes, *last.site_names]
        check_prices(source.merged(), last.keys.prices, [s.digital for s in known], names)
    if base.problems:
        found = set(base.problems)
        raise ScenarioError(sorted(found, key=lambda p: (p.file, p.line or 0, p.key)))
    checked = [one for one in scenarios if one is not None]
    by_id = {one.phase.id: one for one in checked if one.phase is not None}
    if phase is not None and phase not in by_id:
        text = f"no phase {phase!r}" + (
            nearest(phase, by_id) if by_id else "; the file has no plan"
        )
        raise ScenarioError([Problem(Path(path).name, None, "phase", text)])
    chosen = checked[-1] if phase is None else by_id[phase]
    return replace(chosen, phases=tuple(by_id.values()))


def _without_phases(merged: Merged, layer: Layer) -> Layer:
    """A layer whose changes of phases, by their ids, are laid over the plan already."""
    if layer.prefix:
        _check_override(layer, merged)
    if isinstance(layer.values.get("phase"), list):
        return layer
    lay_over_phases(merged, layer)
    return layer._replace(values={k: v for k, v in layer.values.items() if k != "phase"})


class _Source(NamedTuple):
    """What a scenario is made from: its files, and the layers that lie over its phases."""

    path: Path
    override: str
    set_values: dict[str, Any]
    base: Merged
    above: list[Layer]

    def merged(self, *steps: tuple[int, Mapping[str, Any]]) -> Merged:
        """Everything laid over each other, with the changes of some phases."""
        merged = self.base.copy()
        kept_off = {
            name
            for name, change in tables_of(merged, "transmitters").items()
            if isinstance(change, dict) and change.get("on_air") is False
        }
        for k, changes in steps:
            values = deepcopy(dict(changes))
            for name in kept_off:
                values.get("transmitters", {}).get(name, {}).pop("on_air", None)
            file, _ = self.base.origin.get(("phase", k, "id"), (self.path, None))
            lines = {
                key[2:]: line
                for key, (_, line) in self.base.origin.items()
                if key[:2] == ("phase", k) and line is not None
            }
            merged.lay(Layer(values, file, lines))
        for layer in self.above:
            merged.lay(layer)
        return merged


def _phases(source: _Source) -> list[Scenario | None]:
    """The scenario in each phase of its plan; empty where it has none."""
    phases = read_phases(source.base)
    if not phases:
        return []
    tables = [(k, {name: getattr(keys, name) for name in CHANGED}) for k, keys in phases]
    everything = source.merged(*tables)
    changes = everything.values.pop("transmitters", {})
    _resolve_files(everything)
    rows = station_rows(everything, changes)
    planned = steps(source.base, phases, rows, tables_of(everything, "analogue"))
    found, laid = [], []
    for (k, keys), step in zip(phases, planned, strict=True):
        laid.append((k, step.changes))
        scenario = _check(source.merged(*laid), source)
        if scenario is not None:
            # What only disturbs, mobile service above all, is whom the band is vacated for.
            channels = [
                (t, *scenario.services[t.multiplex].edges_mhz(t.frequency_mhz))
                for t in scenario.transmitters
                if t.multiplex in scenario.services
            ]
            gone = leave_vacated(source.base, k, step, channels)
            scenario = replace(
                scenario, phase=keys,
                transmitters=tuple(t for t in scenario.transmitters if t.id not in gone),
            )  # fmt: skip
        found.append(scenario)
    return found


def _check_plan_names(source: _Source) -> None:
    """Deliveries and gates speak of phases that there are; deliveries never fall."""
    merged = source.merged()
    known = [keys.id for _, keys in read_phases(source.base)]
    if not known:
        return  # without a plan they have no effect
    for table, key in (("delivery", "phase"), ("gates", "phases")):
        value = merged.values.get(table)
        for k, one in enumerate(value if isinstance(value, list) else [value]):
            names = one.get(key) if isinstance(one, dict) else None
            at = (table, k, key) if isinstance(value, list) else (table, key)
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str) and name not in known:
                    merged.report(at, f"no phase {name!r}{nearest(name, known)}")
    reached: dict[str, tuple[int, float]] = {}
    value = merged.values.get("delivery")
    for k, one in enumerate(value if isinstance(value, list) else ()):
        percent = one.get("percent") if isinstance(one, dict) else None
        if not isinstance(percent, int | float) or one.get("phase") not in known:
            continue  # the schema says so
        number = known.index(one["phase"])
        for group in one.get("groups", ("poor", "near_poor")):
            before, so_far = reached.get(group, (-1, 0.0))
            if number <= before or percent < so_far:
                text = f"{group}: {percent:g} % after {so_far:g} %; put deliveries in order, rising"
                merged.report(("delivery", k, "percent"), text)
            reached[group] = number, float(percent)


def _check_must_carry(source: _Source, scenarios: Sequence[Scenario]) -> None:
    """Programmes that households must not lose are carried by some service."""
    carried = {p for one in scenarios for s in one.services.values() for p in s.programmes}
    for one in scenarios[-1:]:
        for name in one.keys.gates.must_carry if one.keys.gates else ():
            if name not in carried:
                text = f"{name!r} is in no multiplex or analogue service{nearest(name, sorted(carried))}"
                source.merged().report(("gates", "must_carry"), text)


def _check_alternatives(source: _Source, overrides: Mapping[str, Layer]) -> None:
    base = source.merged()
    tables = base.values.get("alternative")
    for k, table in enumerate(tables if isinstance(tables, list) else ()):
        name = table.get("override") if isinstance(table, dict) else None
        if isinstance(name, str) and name not in overrides:
            text = f"no override {name!r}{nearest(name, overrides)}"
            base.report(("alternative", k, "override"), text)


def _check_override(layer: Layer, merged: Merged) -> None:
    """An override of a multiplex that is not there is a slip of the pen."""
    for kind in SERVICES:
        known, value = tables_of(merged, kind), layer.values.get(kind)
        changed = value if isinstance(value, dict) else {}
        for service in changed:
            # A multiplex that is new has a mode.
            is_new = kind == "multiplexes" and "fft" in changed[service]
            if service not in known and not is_new:
                text = f"no {service!r} in [{kind}] to change{nearest(service, known)}"
                merged.report_at(layer, (kind, service), text)


def _check(merged: Merged, source: _Source) -> Scenario | None:
    """A scenario from merged values; None where there is a problem, which is reported."""
    values = merged.values
    changes = values.pop("transmitters", {})
    _resolve_files(merged)
    keys: ScenarioKeys | None = None
    try:
        keys = ScenarioKeys.model_validate(values)
    except ValidationError as error:
        for detail in error.errors():
            _report(merged, detail)
    multiplexes = read_multiplexes(merged)
    analogue, others = read_analogue(merged), read_others(merged)
    check_ids(merged)
    own_ratios = read_own_ratios(merged)
    check_refractivity(merged, keys)
    reception = read_reception(merged, keys)
    rows = station_rows(merged, changes)
    area = None
    if keys is not None:
        g = keys.grid
        area = (g.west_deg, g.south_deg, g.east_deg, g.north_deg)
    built = build_transmitters(rows, systems_of(merged), area, merged.problems)
    if rows and not built and not merged.problems:
        merged.report(("stations", "file"), "no transmitter is on air; switch one on")
    check_networks(built, {**multiplexes, **analogue, **others}, merged.problems)
    check_masts(built, merged.problems)
    known = {row.values.get("id", "") for row in rows}
    if keys is not None:
        for i, link in enumerate(keys.link):
            if link.transmitter not in known:
                text = f"{link.transmitter!r} is no transmitter{nearest(link.transmitter, sorted(known))}"
                merged.report(("link", i, "transmitter"), text)
    if merged.problems or keys is None or reception is None:
        return None
    carried = {transmitter.multiplex for transmitter, _ in built}
    idle = tuple(
        f"{kind} {name} is carried by no transmitter on air"
        for kind, names in (("multiplex", multiplexes), ("analogue service", analogue))
        for name in names
        if name not in carried and not keys.phase
    )
    return Scenario(
        source.path, source.override, source.set_values, keys, reception, multiplexes, analogue,
        others, own_ratios, tuple(transmitter for transmitter, _ in built),
        (*keys.assumption, *phase_assumptions(keys), *row_assumptions(built)), idle,
        station_ids=tuple(row.values.get("id", "") for row in rows),
        site_names=tuple(dict.fromkeys(row.values.get("site", "") for row in rows)),
        origin=dict(merged.origin),
    )  # fmt: skip


def _resolve_files(merged: Merged) -> None:
    """Make paths absolute, relative to the file that names them; a missing file is a problem."""
    for table, key in _FILE_KEYS:
        below = merged.values.get(str(table))
        if not isinstance(below, dict) or below.get(key) is None:
            continue
        value = below[key]
        if key == "land_cover_classes" and value in _BUILT_IN_TABLES:
            continue
        origin, _ = merged.origin[table, key]
        names = value if isinstance(value, list) else [value]
        if not all(isinstance(name, str) for name in names):
            continue  # the schema says so
        resolved = [
            name if name.startswith("/vsi") else str((origin.parent / name).resolve())
            for name in names
        ]
        for name, full in zip(names, resolved, strict=True):
            if not full.startswith("/vsi") and not Path(full).is_file():
                merged.report((table, key), f"{name}: no such file; check the path")
        below[key] = resolved if isinstance(value, list) else resolved[0]


def _report(merged: Merged, detail: ErrorDetails) -> None:
    path: KeyPath = tuple(detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    kind = detail["type"]
    if kind == "extra_forbidden":
        model = _model_at(path[:-1])
        known = [f.alias or n for n, f in model.model_fields.items()] if model else []
        message = f"unknown key{nearest(str(path[-1]), known)}" if known else "unknown key"
    elif kind == "missing":
        message = _MESSAGES[kind]
    elif kind == "literal_error":
        given = str(detail["input"])
        expected = detail.get("ctx", {}).get("expected", "")
        options = [text.strip("' ") for text in expected.replace(" or ", ", ").split(",")]
        message = f"{given!r} is not one of {expected}{_mean(given, options)}"
    else:
        message = f"{message} (found {detail['input']!r})" if kind != "value_error" else message
    # The alternatives of a union are no part of the key.
    merged.report(tuple(p for p in path if not str(p).startswith(("list[", "str"))), message)


def _mean(given: str, options: list[str]) -> str:
    text = nearest(given, options)
    return text if "did you mean" in text else ""


def _model_at(path: KeyPath) -> type[BaseModel] | None:
    """Schema class at a key path: tables, entries of `multiplexes`, items of arrays."""
    model: type[BaseModel] = ScenarioKeys
    for part in path:
        if part in SERVICES:
            return SERVICES[str(part)] if len(path) > 1 else None
        if isinstance(part, int):
            continue
        field = model.model_fields.get(str(part))
        if field is None:
            return None
        candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
        found = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if not found:
            return None
        model = found[0]
    return model
