"""Lists of receivers: named places at which reception is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dtt_sim.errors import Problem
from dtt_sim.scenario.load import Scenario
from dtt_sim.scenario.point_tables import POSITION_SYNONYMS, Box, Columns, RowReader, read_table

COLUMNS: Final = Columns(
    known={
        "name": "name of the place",
        "lat_deg": "latitude, WGS84 [deg]",
        "lon_deg": "longitude, WGS84 [deg]",
        "height_agl_m": "receiving antenna above ground [m]; default: the scenario's",
    },
    synonyms=POSITION_SYNONYMS,
    required=("name", "lat_deg", "lon_deg"),
    refused={},
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A place at which reception is asked for.

    Attributes
    ----------
    name : str
    lat_deg, lon_deg : float
        WGS84 [deg].
    height_agl_m : float
        Antenna above ground [m].
    row : int
        Line of the table; without one its number, from 1.
    """

    name: str
    lat_deg: float
    lon_deg: float
    height_agl_m: float
    row: int = 0


@dataclass(frozen=True, slots=True)
class ReceiverList:
    """Receivers of a table that can be used, and what is to be said of the others.

    Attributes
    ----------
    file : str
    receivers : tuple of Receiver
    problems : tuple of Problem
    notes : tuple of str
    """

    file: str
    receivers: tuple[Receiver, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def area_of(scenario: Scenario) -> Box:
    """West, south, east, north of a scenario's receiving grid [deg]."""
    g = scenario.keys.grid
    return g.west_deg, g.south_deg, g.east_deg, g.north_deg


def read_receivers(path: Path | str, scenario: Scenario) -> ReceiverList:
    """Receivers of a CSV or XLSX table: name, lat_deg, lon_deg and perhaps height_agl_m.

    Nothing is raised: rows that cannot be used are in `problems`, by line.
    """
    path = Path(path)
    problems: list[Problem] = []
    rows, ignored = read_table(path, COLUMNS, problems)
    found: list[Receiver] = []
    for row in rows:
        receiver = _receiver(RowReader(path, row, COLUMNS, problems), scenario)
        if receiver is not None:
            found.append(receiver)
    kept = _without_duplicates(path, found, problems)
    return ReceiverList(path.name, tuple(kept), tuple(problems), tuple(_notes(kept, ignored)))


def _receiver(reader: RowReader, scenario: Scenario) -> Receiver | None:
    if not reader.text("name"):
        reader.fail("name", "empty; give each place a name")
    place = reader.position(area_of(scenario))
    height = reader.number("height_agl_m", 1.0, 3000.0)
    if reader.failed or place is None:
        return None
    default = scenario.reception.predicted_height_agl_m
    return Receiver(
        reader.text("name"), *place, default if height is None else height, reader.row.line
    )


def _without_duplicates(
    path: Path, found: Sequence[Receiver], problems: list[Problem]
) -> list[Receiver]:
    """Each receiver once; another of the same name elsewhere is another place."""
    seen: dict[tuple[str, float, float, float], int] = {}
    kept = []
    for one in found:
        key = one.name, one.lat_deg, one.lon_deg, one.height_agl_m
        if key in seen:
            text = f"{one.name!r} stands in line {seen[key]} already; remove one of the two"
            problems.append(Problem(path.name, one.row, "name", text))
            continue
        seen[key] = one.row
        kept.append(one)
    return kept


def _notes(kept: Sequence[Receiver], ignored: Sequence[str]) -> list[str]:
    notes = []
    if ignored:
        notes.append(f"columns not read: {', '.join(ignored)}")
    n_same = len(kept) - len({one.name for one in kept})
    if n_same:
        notes.append(f"{n_same} places have the name of another; the column `row` tells them apart")
    return notes
