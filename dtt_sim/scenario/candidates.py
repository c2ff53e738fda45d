"""Stations that are not part of a scenario yet: a second table, read and written as its own is."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

from dtt_sim.antenna.standard import is_standard
from dtt_sim.errors import Problem, ScenarioError
from dtt_sim.model import Transmitter
from dtt_sim.scenario.load import Scenario
from dtt_sim.scenario.on_air import check_networks
from dtt_sim.scenario.transmitters import RANGES, Row, build_transmitters, read_rows

Candidate = tuple[Transmitter, Row]


def read_candidates(scenario: Scenario, path: Path, multiplex: str) -> list[Candidate]:
    """Stations of a table that could carry a multiplex, with their rows; in the table's order.

    Parameters
    ----------
    scenario : Scenario
        Its columns, multiplexes and area are the table's too.
    path : Path
        CSV, with the columns of the scenario's station table.
    multiplex : str
        What every row must carry; of a single-frequency network on its frequency.

    Raises
    ------
    ScenarioError
        All problems at once: what is wrong with a row, an id that the scenario has already, another
        multiplex, a row that is off air, or no row.
    """
    problems: list[Problem] = []
    rows = read_rows(path, problems)
    if not rows and not problems:
        problems.append(Problem(path.name, None, "", "no station; give one in each row"))
    grid = scenario.keys.grid
    area = (grid.west_deg, grid.south_deg, grid.east_deg, grid.north_deg)
    systems = {name: signal.system for name, signal in scenario.signals.items()}
    built = build_transmitters(rows, systems, area, problems)
    for row in rows:
        name, carried = row.values.get("id", ""), row.values.get("multiplex", "")
        if name in scenario.station_ids:
            text = f"{name!r} is a station of the scenario already; give the candidate another id"
            problems.append(Problem(path.name, row.line, "id", text))
        if carried in scenario.signals and carried != multiplex:
            text = f"{carried!r}; every candidate must carry {multiplex}"
            problems.append(Problem(path.name, row.line, "multiplex", text))
        if row.values.get("on_air", "").lower() == "false":
            text = "false: no candidate; set true or remove the row"
            problems.append(Problem(path.name, row.line, "on_air", text))
    present = Counter(t.frequency_mhz for t in scenario.transmitters if t.multiplex == multiplex)
    settled = {multiplex: present.most_common(1)[0][0]} if present else None
    own = [(t, row) for t, row in built if t.multiplex == multiplex]
    check_networks(own, scenario.signals, problems, settled)
    if problems:
        raise ScenarioError(sorted(problems, key=lambda p: p.line or 0), path.name)
    return built


def toml_table(row: Row, folder: Path) -> list[str]:
    """Lines of ``[transmitters.ID]`` that add a row to a scenario file in `folder`."""
    lines = [f"[transmitters.{row.values['id']}]"]
    for column, text in row.values.items():
        if column == "id" or not text:
            continue
        value = text
        if column in {"horizontal_pattern", "vertical_pattern"} and not is_standard(text):
            value = Path(os.path.relpath((row.file.parent / text).resolve(), folder)).as_posix()
        if column in RANGES:
            lines.append(f"{column} = {float(value)!r}")
        elif column == "on_air":
            lines.append(f"{column} = {value.lower()}")
        else:
            lines.append(f"{column} = {json.dumps(value, ensure_ascii=False)}")
    return lines
