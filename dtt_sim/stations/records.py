"""A row of a list: its cells by field, and what becomes of them on the way to a station table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dtt_sim.stations.cells import EMPTY, Cell
from dtt_sim.stations.fields import FIELDS, unit_of
from dtt_sim.stations.headings import Column, Layout
from dtt_sim.stations.names import fold
from dtt_sim.stations.numbers import number, parts
from dtt_sim.stations.places import Place

_NOTHING = set("- -- --- – — n/a na nil none null ? ... …".split()) | {"không có"}  # noqa: SIM905
_WORDS = {"id", "site", "multiplex", "confidence", "note", "on_air"}
"""Fields in which a dash or a no may be meant as it stands."""
_SCALES = {"m": 1.0, "ft": 0.3048, "µs": 1.0, "ms": 1e3, "ns": 1e-3, "deg": 1.0, "dB": 1.0}
_PLACE_FIELDS = (
    "lat", "lon", "lat_degrees", "lon_degrees", "position", "easting", "northing", "x", "y",
)  # fmt: skip
_STATION_FIELDS = (
    *_PLACE_FIELDS, "channel", "frequency", "height_agl", "height_amsl", "height",
)  # fmt: skip
_SUMS = {"tong", "tong cong", "cong", "total", "totals", "sum"}


@dataclass(frozen=True, slots=True)
class Note:
    """What was understood of a row; doubted where it rests on a guess."""

    text: str
    is_doubt: bool = False


@dataclass(slots=True)
class Draft:
    """A row on its way to the station table.

    Attributes
    ----------
    number : int
        Of the row in its file.
    label : str
        The site, or whatever shows which row is meant.
    values : dict
        Cells of the station table.
    place : Place or None
    notes : list of Note
    reasons : list of str
        Why it is refused; none if it is not.
    left_out : str
        Why it is no station at all, or "".
    """

    number: int
    label: str = ""
    values: dict[str, str] = field(default_factory=dict)
    place: Place | None = None
    notes: list[Note] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    left_out: str = ""

    def note(self, text: str, *, is_doubt: bool = False) -> None:
        """Say what was understood."""
        if text and Note(text, is_doubt) not in self.notes:
            self.notes.append(Note(text, is_doubt))

    def refuse(self, text: str) -> None:
        """Say why the row is not taken."""
        if text not in self.reasons:
            self.reasons.append(text)


@dataclass(frozen=True, slots=True)
class Habits:
    """What holds for all rows of a list.

    Attributes
    ----------
    mark : str
        Decimal mark, or "" where it is not known.
    multiplex : str
        Of rows that name none.
    raster : str
        Of VHF channels whose name does not tell.
    services : mapping or None
        Television system by id of the scenario's services.
    titles : mapping
        Ids by folded title.
    folder, out_folder : Path
        To which paths in the list, and in the table, are relative.
    """

    mark: str = ""
    multiplex: str = ""
    raster: str = ""
    services: Mapping[str, str] | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()
    out_folder: Path = Path()


class Record:
    """Cells of a row by field."""

    def __init__(self, cells: tuple[Cell, ...], layout: Layout) -> None:
        self.cells: dict[str, list[tuple[Cell, Column]]] = {}
        for column in layout.columns:
            cell = cells[column.index] if column.index < len(cells) else EMPTY
            name = column.meaning.field
            is_nothing = cell.text.lower() in _NOTHING and name not in _WORDS
            if cell.text and not is_nothing:
                self.cells.setdefault(name, []).append((cell, column))

    def has(self, name: str) -> bool:
        """Whether the row has something in a field."""
        return name in self.cells

    def is_station(self) -> bool:
        """Whether the row has anything that only a station has: a sum of powers is none."""
        if any(self.has(name) for name in _STATION_FIELDS):
            return True
        has_name = self.has("site") and fold(self.cells["site"][0][0].text) not in _SUMS
        return has_name and any(self.has(name) for name in ("erp", "eirp", "tx_power", "power"))

    def text(self, name: str) -> str:
        """Text of a field, "" where there is none.

        Raises
        ------
        ValueError
            A date, an error, or a formula without a result stands there.
        """
        if name not in self.cells:
            return ""
        return usable(*self.cells[name][0])

    def unit(self, name: str) -> str:
        """Unit in a field's heading."""
        return self.cells[name][0][1].meaning.unit

    def heading(self, name: str) -> str:
        """Heading of a field's column."""
        return self.cells[name][0][1].heading

    def mark(self, name: str, mark: str) -> str:
        """Decimal mark: numbers of spreadsheets, and our own tables, have a point."""
        cell, column = self.cells[name][0]
        return "." if cell.kind == "number" or column.meaning.is_own else mark


def usable(cell: Cell, column: Column) -> str:
    """Text of a cell that holds what its column is for.

    Raises
    ------
    ValueError
        A date, an error, or a formula without a result.
    """
    where = f"column {column.heading!r}"
    if cell.kind == "date" and column.meaning.field not in {"note", "site", "on_air"}:
        msg = (
            f"{where} has the date {cell.text}, which a spreadsheet makes of 9-57 or 10/6; format "
            "the column as text and type it again"
        )
        raise ValueError(msg)
    if cell.kind == "error":
        msg = f"{where} has the error {cell.text}; correct the formula"
        raise ValueError(msg)
    if cell.kind == "formula":
        msg = (
            f"{where} has a formula without a stored result ({cell.text[:40]}); open the file in a "
            "spreadsheet program and save it, or paste values"
        )
        raise ValueError(msg)
    return cell.text


def measure(
    record: Record, draft: Draft, name: str, mark: str, plausible: tuple[float, float]
) -> float | None:
    """A number in the field's usual unit, of the heading's or the cell's own; None where empty.

    Raises
    ------
    ValueError
        No number, or a unit of something else.
    """
    text = record.text(name)
    if not text:
        return None
    found = parts(text)
    units = FIELDS[name].units
    own = unit_of(found[1], units) if found and found[1] else record.unit(name) or units[0]
    if found is None or not own:
        msg = f"column {record.heading(name)!r}: {text!r} is not a number in {' or '.join(units)}"
        raise ValueError(msg)
    value = number(found[0], record.mark(name, mark), plausible)
    if _SCALES[own] == 1.0:
        return value
    scaled = float(f"{value * _SCALES[own]:.6g}")
    draft.note(f"{name.replace('_', ' ')} {value:g} {own} -> {scaled:g} {units[0]}")
    return scaled
