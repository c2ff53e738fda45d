"""Parts of a scenario from merged values: its services, its reception, its station table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dtt_sim.coverage.refractivity_files import read_itu_map, refractivity_map
from dtt_sim.errors import DttSimError, ScenarioError
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.protection import ProtectionRow, read_protection_rows
from dtt_sim.network.protection_tables import DVBT2
from dtt_sim.network.reception import Reception
from dtt_sim.scenario.merge import Merged
from dtt_sim.scenario.schema import AnalogueKeys, MultiplexKeys, OtherKeys, ScenarioKeys
from dtt_sim.scenario.services import Analogue, Multiplex, Other
from dtt_sim.scenario.toml_lines import KeyPath
from dtt_sim.scenario.transmitters import COLUMNS, Row, nearest, read_rows

SERVICES: dict[str, type[BaseModel]] = {
    "multiplexes": MultiplexKeys, "analogue": AnalogueKeys, "others": OtherKeys,
}  # fmt: skip

K = TypeVar("K", bound=BaseModel)


def tables_of(merged: Merged, name: str) -> dict[str, Any]:
    """Tables of services of a kind, as they are written; empty where that is no table."""
    tables = merged.values.get(name)
    return tables if isinstance(tables, dict) else {}


def _valid(merged: Merged, name: str, kind: type[K]) -> Iterator[tuple[str, Any, K]]:
    """Id, table and keys of the services of a kind; others are reported with the whole file."""
    for service, table in tables_of(merged, name).items():
        with suppress(ValidationError):
            yield service, table, kind.model_validate(table)


def systems_of(merged: Merged) -> dict[str, str]:
    """Television system of each service, whatever else may be wrong with it."""
    found = {str(name): DVBT2 for name in tables_of(merged, "multiplexes")}
    for kind, default in (("analogue", "PAL_DK"), ("others", "")):
        for name, table in tables_of(merged, kind).items():
            is_table = isinstance(table, dict)
            found[str(name)] = str(table.get("system", default)) if is_table else default
    return found


def check_ids(merged: Merged) -> None:
    """A service's id names files, and stands for one service."""
    seen: dict[str, str] = {}
    for kind in SERVICES:
        for name in tables_of(merged, kind):
            if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
                merged.report(
                    (kind, name), "use letters, digits, _ and - for an id: it names files"
                )
            if name in seen:
                merged.report(
                    (kind, name), f"{name!r} is in [{seen[name]}] already; ids are unique"
                )
            seen[name] = kind


def _programmes(merged: Merged, at: KeyPath, names: Sequence[str]) -> tuple[str, ...]:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        merged.report((*at, "programmes"), f"{twice[0]!r} stands there twice; name each once")
    return tuple(names)


def read_analogue(merged: Merged) -> dict[str, Analogue]:
    """Analogue services that are well formed, by id."""
    found = {}
    for name, _, keys in _valid(merged, "analogue", AnalogueKeys):
        programmes = _programmes(merged, ("analogue", name), keys.programmes or [name])
        found[name] = Analogue(
            name, keys.title or name, keys.system, keys.bandwidth_mhz, programmes,
            keys.protected_field_dbuv_m, keys.satisfactory_field_dbuv_m,
        )  # fmt: skip
    return found


def read_others(merged: Merged) -> dict[str, Other]:
    """Signals that only disturb, by id."""
    return {
        name: Other(name, keys.title or name, keys.system, keys.bandwidth_mhz)
        for name, _, keys in _valid(merged, "others", OtherKeys)
    }


def read_own_ratios(merged: Merged) -> tuple[ProtectionRow, ...]:
    """Protection ratios of the scenario's own; a broken table is reported."""
    file = tables_of(merged, "network").get("protection_rows")
    if not isinstance(file, str) or not Path(file).is_file():
        return ()
    try:
        return read_protection_rows(file)
    except DttSimError as error:
        merged.report(("network", "protection_rows"), str(error))
        return ()


def check_refractivity(merged: Merged, keys: ScenarioKeys | None) -> None:
    """Report maps of refractivity that cannot be read, or that P.1812 does not take, by line."""
    for name in ("delta_n", "n0"):
        file = tables_of(merged, "propagation").get(f"{name}_map")
        if not isinstance(file, str) or not Path(file).is_file():
            continue
        try:
            if keys is None:
                read_itu_map(file, name)
                continue
            grid = keys.grid
            refractivity_map(
                (grid.west_deg, grid.south_deg, grid.east_deg, grid.north_deg),
                delta_n=file if name == "delta_n" else keys.propagation.delta_n,
                n0=file if name == "n0" else keys.propagation.n0,
            )
        except ScenarioError as error:
            at = merged.where(("propagation", f"{name}_map"))
            merged.problems += [
                replace(p, key=f"(propagation.{name}_map, {at[0]}:{at[1]})") for p in error.problems
            ]


def read_multiplexes(merged: Merged) -> dict[str, Multiplex]:
    """Multiplexes whose mode DVB-T2 allows, by id; others are reported."""
    found: dict[str, Multiplex] = {}
    for name, table, keys in _valid(merged, "multiplexes", MultiplexKeys):
        try:
            mode = Mode(**{f.name: getattr(keys, f.name) for f in fields(Mode)})
        except ValueError as error:
            key = str(error).split(" ", 1)[0]
            merged.report(("multiplexes", name, key) if key in table else ("multiplexes", name),
                          str(error))  # fmt: skip
            continue
        programmes = _programmes(merged, ("multiplexes", name), keys.programmes)
        found[name] = Multiplex(name, keys.title or name, keys.network, mode, programmes)
    return found


def read_reception(merged: Merged, keys: ScenarioKeys | None) -> Reception | None:
    """How households receive; what cannot be is reported."""
    if keys is None:
        return None
    try:
        return Reception(**keys.reception.model_dump())
    except ValueError as error:
        merged.report(("reception",), str(error))
        return None


def station_rows(merged: Merged, changes: Any) -> list[Row]:
    """Rows of the station table, changes by station id laid over them."""
    stations = merged.values.get("stations")
    file = stations.get("file") if isinstance(stations, dict) else None
    if not isinstance(file, str) or not Path(file).is_file():
        return []
    rows = {row.values.get("id", ""): row for row in read_rows(Path(file), merged.problems)}
    count = len(rows)
    ordered = read_rows(Path(file), [])
    if len(ordered) != count:  # duplicates are reported by build_transmitters
        return ordered
    for name, change in changes.items() if isinstance(changes, dict) else ():
        at = ("transmitters", name)
        if not isinstance(change, dict):
            merged.report(at, "give changes as transmitters.ID.COLUMN = value")
            continue
        if name not in rows and "lat_deg" not in change:
            merged.report(at, f"no transmitter {name!r} to change{nearest(name, list(rows))}")
            continue
        for column in change:
            if column not in COLUMNS:
                merged.report((*at, column), f"unknown column{nearest(column, COLUMNS)}")
        origin, line = merged.origin.get(at, (Path(file), None))
        old = rows.get(name, Row({"id": name}, origin, line))
        values = old.values | {key: _cell(value) for key, value in change.items()}
        for one, other in (("height_agl_m", "height_amsl_m"), ("erp_kw", "eirp_kw"),
                           ("channel", "frequency_mhz")):  # fmt: skip
            # Giving one of a pair replaces the other.
            if one in change and other not in change:
                values[other] = ""
            if other in change and one not in change:
                values[one] = ""
        rows[name] = Row(values, old.file, old.line)
    return list(rows.values())


def _cell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
