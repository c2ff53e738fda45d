"""What a scenario needs of open data, and the lines that put what was fetched into it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dtt_sim.errors import OutputError, ScenarioError
from dtt_sim.scenario.load import Scenario, load_scenario
from dtt_sim.workflow.area import ground_box, receiving_grid
from dtt_sim.workflow.output import whole_file
from terrain.build import with_coast
from terrain.grid import Box
from terrain.raster import elevation_grid
from terrain.store.fetch import Report
from terrain.store.local import Store
from terrain.store.sources import Source, source_named

FETCHED_KEYS = ("terrain.elevation", "terrain.land_cover", "population.raster", "population.units")
"""Keys whose files need not be there before they are fetched."""
BYTES_PER_CELL = 35.0
"""Of memory while elevation is read: docs/terrain.md."""
LARGE_GB = 4.0
HEAD = "# Written by dtt-sim terrain fetch: the scenario below with the files of its store.\n"


@dataclass
class Lines:
    """Keys of a scenario file by table, and what should be known about them.

    Attributes
    ----------
    tables : dict of str to dict
        Values as TOML, by key.
    notes : list of str
    """

    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, table: str, key: str, value: str | bool | Sequence[str]) -> None:
        """Set a key."""
        self.tables.setdefault(table, {})[key] = _toml(value)

    def as_toml(self) -> str:
        """Tables for a scenario file."""
        parts = [
            "\n".join([f"[{table}]", *(f"{key} = {value}" for key, value in keys.items())])
            for table, keys in self.tables.items()
        ]
        return "\n\n".join(parts)


def load_for_fetch(path: Path, override: str | None) -> Scenario:
    """A scenario whose terrain may not be there yet.

    Raises
    ------
    ScenarioError
        Every other problem.
    """
    try:
        return load_scenario(path, override=override)
    except ScenarioError as error:
        keys = {problem.key for problem in error.problems}
        lacking = {key for key in FETCHED_KEYS if key in keys}
        if keys & {"terrain"}:
            lacking.add("terrain.elevation")
        if not lacking:
            raise
    # Any file that is there does in their place: none of them is read here.
    stand_ins = {key: str(path.resolve()) for key in lacking}
    return load_scenario(path, override=override, set_values=stand_ins)


def boxes_of(scenario: Scenario) -> tuple[Box, Box]:
    """Box of a scenario's receiving grid, and of the ground that its terrain reading takes."""
    grid = receiving_grid(scenario)
    return grid.bounds_lonlat(), with_coast(ground_box(scenario, grid))


def scenario_lines(
    report: Report, store: Store, folder: Path, scenario: Scenario | None = None
) -> Lines:
    """Keys with which a scenario uses what was fetched.

    Parameters
    ----------
    report : Report
    store : Store
    folder : Path
        Of the file that the lines are for: paths are relative to it.
    scenario : Scenario, optional
        That they change.
    """
    lines = Lines()
    by_kind: dict[str, list[tuple[Source, list[Path]]]] = {}
    for name, files in report.files.items():
        source = source_named(name)
        by_kind.setdefault(source.kind, []).append((source, files))
    for kind, found in by_kind.items():
        if len(found) > 1:
            others = ", ".join(source.id for source, _ in found[1:])
            lines.notes.append(f"{kind}: the lines name {found[0][0].id}; {others} lie beside it")
    chosen = {kind: found[0] for kind, found in by_kind.items()}
    _terrain(lines, chosen, store, folder, scenario)
    _population(lines, chosen, store, folder, scenario)
    return lines


def _terrain(
    lines: Lines,
    chosen: dict[str, tuple[Source, list[Path]]],
    store: Store,
    folder: Path,
    scenario: Scenario | None,
) -> None:
    files: list[Path] = []
    if "elevation" in chosen:
        source, paths = chosen["elevation"]
        files += paths
        lines.put("terrain", "elevation", _seen_from(folder, paths))
        lines.put("terrain", "surface", source.surface)
        lines.put("terrain", "schematic", value=False)
        _about_elevation(lines, paths, scenario)
    if "land_cover" in chosen:
        paths = chosen["land_cover"][1]
        files += paths
        lines.put("terrain", "land_cover", _seen_from(folder, paths))
        lines.put("terrain", "land_cover_classes", "esa_worldcover")
        if "elevation" in chosen and chosen["elevation"][0].surface == "surface":
            lines.notes.append(
                "the elevation is a surface model, with canopy and roofs: clutter of the land "
                "cover is not added again; --source gedtm30 is bare earth"
            )
    if files:
        own = _own_credits(scenario, lines, keep_schematic="elevation" not in chosen)
        lines.put("terrain", "credits", [*own, *_credits(store, files)])


def _about_elevation(lines: Lines, paths: list[Path], scenario: Scenario | None) -> None:
    """Say what reading it takes, and what of the scenario goes on to hold for it."""
    if scenario is None:
        return
    grid = elevation_grid(paths, bounds_lonlat=boxes_of(scenario)[1])
    gigabytes = 1e-9 * BYTES_PER_CELL * grid.n_row * grid.n_col
    if gigabytes > LARGE_GB:
        lines.notes.append(
            f"reading {grid.n_row} x {grid.n_col} cells takes about {gigabytes:.0f} GB of memory; "
            "--source glo90 has a ninth of them"
        )
    keys = scenario.keys.terrain
    if keys.nodata is not None:
        lines.notes.append(
            f"terrain.nodata = {keys.nodata:g} of the scenario holds for the new files too: "
            "take it out of the scenario file"
        )
    if keys.nodata_means != "auto":
        lines.put("terrain", "nodata_means", "auto")
    if keys.land or keys.zones:
        kept = " and ".join(name for name in ("land", "zones") if getattr(keys, name))
        lines.notes.append(f"terrain.{kept} of the scenario stays in force")


def _own_credits(scenario: Scenario | None, lines: Lines, *, keep_schematic: bool) -> list[str]:
    """Credits of the scenario; of a schematic relief, once it is replaced, not that it is one."""
    if scenario is None:
        return []
    keys = scenario.keys.terrain
    if keep_schematic or not keys.schematic:
        return list(keys.credits)
    gone = [text for text in keys.credits if "schematic" in text.lower()]
    if gone:
        lines.notes.append(f"credits left out with the schematic relief: {'; '.join(gone)}")
    return [text for text in keys.credits if text not in gone]


def _population(
    lines: Lines,
    chosen: dict[str, tuple[Source, list[Path]]],
    store: Store,
    folder: Path,
    scenario: Scenario | None,
) -> None:
    own = scenario.keys.population if scenario else None
    files: list[Path] = []
    if "population" in chosen and own and own.points:
        raster = _seen_from(folder, chosen["population"][1])[0]
        lines.notes.append(
            f"the scenario has population.points; for raster = {_toml(raster)} take them out"
        )
    elif "population" in chosen:
        paths = chosen["population"][1]
        if len(paths) > 1:
            lines.notes.append("population.raster takes one file: the first is named")
        files += paths[:1]
        lines.put("population", "raster", _seen_from(folder, paths)[0])
    if "units" in chosen and (own or files):
        paths = chosen["units"][1]
        if len(paths) > 1:
            lines.notes.append("population.units takes one file: the first is named")
        files += paths[:1]
        lines.put("population", "units", _seen_from(folder, paths)[0])
        lines.put("population", "unit_name", "shapeName")
    elif "units" in chosen:
        lines.notes.append("units go with a population: add --source worldpop or hrsl")
    if files:
        lines.put("population", "credits", [*(own.credits if own else []), *_credits(store, files)])


def _credits(store: Store, files: Iterable[Path]) -> tuple[str, ...]:
    return store.credits([path.relative_to(store.root).as_posix() for path in files])


def _seen_from(folder: Path, paths: Iterable[Path]) -> list[str]:
    """Paths relative to a folder; on another drive as they are."""
    seen = []
    for path in paths:
        try:
            seen.append(Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix())
        except ValueError:
            seen.append(path.resolve().as_posix())
    return seen


def _toml(value: str | bool | Sequence[str]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if len(value) == 1:
        return f"[{_toml(value[0])}]"
    return "\n".join(["[", *(f"  {_toml(item)}," for item in value), "]"])


def check_write(path: Path) -> None:
    """Refuse to write over what this program did not write.

    Raises
    ------
    OutputError
    """
    try:
        mine = not path.exists() or path.read_text(encoding="utf-8").startswith(HEAD)
    except (OSError, UnicodeDecodeError):
        mine = False
    if not mine:
        msg = f"{path}: is there already and not by this command; choose another --write"
        raise OutputError(msg)


def write_extension(path: Path, scenario: Scenario, lines: Lines, elevation: str) -> None:
    """Write a scenario that extends another by what was fetched.

    Raises
    ------
    OutputError
    """
    (base,) = _seen_from(path.parent, [scenario.path])
    head = [HEAD.rstrip(), f"extends = {_toml(base)}"]
    if scenario.override:
        head.append(f"extends_override = {_toml(scenario.override)}")
    head.append(f"name = {_toml(f'{scenario.keys.name}_{elevation}')}")
    with whole_file(path) as part:
        part.write_text("\n".join([*head, "", lines.as_toml(), ""]), encoding="utf-8")
