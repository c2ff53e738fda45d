"""Which column holds what: headings understood, and the row found in which they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from dtt_sim.errors import Problem, ScenarioError
from dtt_sim.scenario.transmitters import COLUMNS, nearest
from dtt_sim.stations.cells import EMPTY, MAX_ROWS, Cell, Sheet, StationFileError
from dtt_sim.stations.fields import FIELDS, OWN_COLUMNS, unit_of
from dtt_sim.stations.names import fold
from dtt_sim.stations.numbers import parts

_SEARCHED_ROWS = 60
_DEEPEST = 3
"""Rows over which a heading may stretch: a group, its columns, their units."""
_BRACKETS = re.compile(r"[(\[{<]([^)\]}>]*)[)\]}>]")
_SAYS_NOTHING = {"wgs", "84", "wgs84", "decimal", "dd", "dms", "ddmmss", "vn2000", "2000", "vn"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading says: the field, its unit or "", and whether it is a name of our own table."""

    field: str
    unit: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is used: where it stands, its heading and what that says."""

    index: int
    heading: str
    meaning: Meaning


@dataclass(slots=True)
class Layout:
    """Columns of a sheet, and what lies above and between its rows.

    Attributes
    ----------
    columns : list of Column
    body : list of (int, tuple of Cell)
        Rows below the headings.
    header_rows : tuple of int
        Their numbers.
    unknown : list of str
        Headings that mean nothing here.
    above : str
        All text down to the headings.
    """

    columns: list[Column]
    body: list[tuple[int, tuple[Cell, ...]]]
    header_rows: tuple[int, ...] = ()
    unknown: list[str] = field(default_factory=list)
    above: str = ""


@cache
def _synonyms() -> dict[str, tuple[str, int]]:
    """Field and rank by folded synonym."""
    found: dict[str, tuple[str, int]] = {}
    for name, one in FIELDS.items():
        for rank, text in enumerate((name, *one.synonyms)):
            found.setdefault(fold(text) or text, (name, rank))
    return found


def understand(heading: str) -> Meaning | None:
    """What a heading says; None where it says nothing known.

    >>> understand("Công suất bức xạ (kW)")
    Meaning(field='erp', unit='kW', is_own=False)
    >>> understand("Height [m]").field, understand("erp_kw").is_own
    ('height', True)
    """
    bare = heading.strip()
    if bare in COLUMNS:
        name = OWN_COLUMNS.get(bare, bare)
        return Meaning(name, _unit_of_own(bare), is_own=True)
    for piece in (bare, *re.split(r"\s*[/|\n]\s*|\s+-\s+", bare)):
        found = _plain(piece)
        if found is not None:
            return found
    return None


def _unit_of_own(column: str) -> str:
    return unit_of(column.rpartition("_")[2]) if column in OWN_COLUMNS else ""


def _plain(text: str) -> Meaning | None:
    """Meaning of a heading in one language."""
    unit, rests = "", []
    for bracket in _BRACKETS.findall(text):
        pieces = [bracket] if unit_of(bracket) else re.split(r"[,;/\s]+", bracket)
        units = [piece for piece in pieces if unit_of(piece)]
        unit = unit or (unit_of(units[0]) if units else "")
        rests.append(" ".join(piece for piece in pieces if piece not in units))
    base = _BRACKETS.sub(" ", text).strip()
    if not unit and not _known(base):
        # "ERP, kW", "ERP kW", "erp_kw", "ERP in kW"
        *pieces, last = re.split(r"[\s,_]+", base)
        if pieces and unit_of(last):
            unit, base = unit_of(last), " ".join(pieces).removesuffix(" in")
    for candidate in (" ".join([base, *rests]), base, *rests):
        name = _known(candidate)
        if name:
            return Meaning(name, "" if unit == "deg" else unit)
    return None


def _known(text: str) -> str:
    """Field of a heading without units, or ""."""
    known = _synonyms()
    words = fold(text).split()
    told = [w for w in words if w not in _SAYS_NOTHING]
    # ITU notices have t_lat, t_hgt_agl.
    for key in (words, told, told[1:] if told[:1] in (["t"], ["tx"]) else []):
        if " ".join(key) in known and key:
            return known[" ".join(key)][0]
        # "Công suất bức xạ ERP": two names of one thing.
        for k in range(1, len(key)):
            halves = [known.get(" ".join(half), ("", 0))[0] for half in (key[:k], key[k:])]
            if halves[0] and halves[0] == halves[1]:
                return halves[0]
    return known[text.strip()][0] if text.strip() in known and not words else ""


def read_maps(texts: Sequence[str]) -> dict[str, Meaning]:
    """Meanings by folded heading, from ``heading=field`` as the user typed them.

    The field is a column of the station table, a name of docs/stations.md, or such with a unit
    behind (``tx_power_w``).

    Raises
    ------
    ScenarioError
        No ``=``, or no such field.
    """
    found, problems = {}, []
    for text in texts:
        heading, equals, name = (piece.strip() for piece in text.rpartition("="))
        meaning = _field_named(name)
        if not equals or not heading:
            problems.append(Problem("--map", None, text, 'give "heading=field"'))
        elif meaning is None:
            near = nearest(name, [*FIELDS, *COLUMNS])
            problems.append(Problem("--map", None, text, f"no field {name!r}{near}"))
        else:
            found[fold(heading) or heading] = meaning
    if problems:
        raise ScenarioError(problems, "the options")
    return found


def _field_named(name: str) -> Meaning | None:
    if name in COLUMNS:
        return Meaning(OWN_COLUMNS.get(name, name), _unit_of_own(name))
    if name in FIELDS:
        return Meaning(name)
    base, _, last = name.rpartition("_")
    unit = unit_of(last)
    return Meaning(base, unit) if base in FIELDS and unit in FIELDS[base].units else None


def find_layout(sheet: Sheet, maps: Mapping[str, Meaning]) -> Layout:
    """The headings of a sheet: the row, or two or three, in which most columns are recognised.

    Raises
    ------
    StationFileError
        No row has headings that could be a station list's.
    """
    rows = sheet.rows
    if not rows:
        msg = f"{sheet.where}: no rows; give a list with headings and a station in each row"
        raise StationFileError(msg)
    starts = range(1 if sheet.has_names else min(len(rows), _SEARCHED_ROWS))
    depths = range(1, 2 if sheet.has_names else _DEEPEST + 1)
    best, best_score = (0, 1), (-1, 0)
    for start in starts:
        for depth in depths:
            # A row with numbers in it is a station's.
            if start + depth <= len(rows) and not any(
                parts(c.text) for _, cells in rows[start + 1 : start + depth] for c in cells
            ):
                score = score_of(_headings(sheet, start, depth), maps)
                if (score, -depth) > best_score:
                    best, best_score = (start, depth), (score, -depth)
    start, depth = best
    headings = _headings(sheet, start, depth)
    layout = _layout(headings, maps)
    depth += _take_units(rows[start + depth : start + depth + 1], layout)
    layout.body = _filled_down(sheet, rows[start + depth :])
    layout.header_rows = tuple(number for number, _ in rows[start : start + depth])
    layout.above = " ".join(c.text for _, cells in rows[: start + depth] for c in cells if c.text)
    _check(sheet, layout, headings)
    _check_maps(maps, headings)
    return layout


def _take_units(below: Sequence[tuple[int, tuple[Cell, ...]]], layout: Layout) -> int:
    """Whether the row below the headings holds nothing but units, which are taken then."""
    cells = below[0][1] if below else ()
    units = {i: unit_of(c.text.strip("()[] ")) for i, c in enumerate(cells) if c.text}
    if not units or not all(units.values()):
        return 0
    for k, column in enumerate(layout.columns):
        unit = units.get(column.index, "")
        if unit and unit != "deg" and not column.meaning.unit:
            meaning = replace(column.meaning, unit=unit)
            layout.columns[k] = replace(column, meaning=meaning)
    return 1


def _filled_down(
    sheet: Sheet, body: Sequence[tuple[int, tuple[Cell, ...]]]
) -> list[tuple[int, tuple[Cell, ...]]]:
    """Rows with the text of cells that are merged over several of them."""
    rows = dict(body)
    for top, left, bottom, _ in sheet.spans:
        if bottom == top or top not in rows or left >= len(rows[top]):
            continue
        for number in range(top + 1, min(bottom, top + MAX_ROWS) + 1):
            if number in rows:
                cells = [*rows[number], *[EMPTY] * (left + 1 - len(rows[number]))]
                cells[left] = rows[top][left]
                rows[number] = tuple(cells)
    return sorted(rows.items())


def score_of(headings: Sequence[str], maps: Mapping[str, Meaning]) -> int:
    """How many different fields headings name."""
    found = [maps.get(fold(h) or h) or understand(h) for h in headings if h]
    return len({one.field for one in found if one is not None and one.field != "ignore"})


def _headings(sheet: Sheet, start: int, depth: int) -> list[str]:
    """Heading of each column: of several rows the one below, or all of them, whichever is known."""
    rows = [_spread(sheet, *row) for row in sheet.rows[start : start + depth]]
    found = []
    for i in range(max(len(cells) for cells in rows)):
        texts = [cells[i] for cells in rows if i < len(cells) and cells[i]]
        texts = list(dict.fromkeys(texts))
        joined = " ".join(texts)
        choices = [joined, *reversed(texts)]
        found.append(next((text for text in choices if text and understand(text)), joined))
    return found


def _spread(sheet: Sheet, number: int, cells: tuple[Cell, ...]) -> list[str]:
    """Texts of a row; a merged cell's stands in all its columns and rows."""
    texts = [cell.text for cell in cells]
    for top, left, bottom, right in sheet.spans:
        if top <= number <= bottom and right > left and number == top:
            text = texts[left] if left < len(texts) else ""
            texts += [""] * (right + 1 - len(texts))
            texts[left : right + 1] = [text] * (right + 1 - left)
    return texts


def _layout(headings: Sequence[str], maps: Mapping[str, Meaning]) -> Layout:
    layout = Layout([], [])
    chosen: dict[str, tuple[tuple[bool, bool, int], Column]] = {}
    for index, heading in enumerate(headings):
        if not heading:
            continue
        mapped = maps.get(fold(heading) or heading)
        meaning = mapped or understand(heading)
        if meaning is None:
            layout.unknown.append(heading)
            continue
        column = Column(index, heading, meaning)
        if meaning.field in {"loss", "ignore"}:
            layout.columns.append(column)
            continue
        rank = (mapped is None, not meaning.is_own, _rank(heading))
        before = chosen.get(meaning.field)
        if before is None or rank < before[0]:
            chosen[meaning.field] = rank, column
        loser = column if before is not None and chosen[meaning.field][1] is not column else None
        if before is not None:
            layout.unknown.append((loser or before[1]).heading)
    layout.columns += [column for _, column in chosen.values()]
    layout.columns.sort(key=lambda column: column.index)
    return layout


def _rank(heading: str) -> int:
    return _synonyms().get(fold(_BRACKETS.sub(" ", heading)), ("", 99))[1]


def _check(sheet: Sheet, layout: Layout, headings: Sequence[str]) -> None:
    fields = {column.meaning.field for column in layout.columns}
    is_placed = bool(sheet.points) or bool(
        fields & {"lat", "lat_degrees", "position", "easting", "northing", "x", "y"}
    )
    if is_placed and (fields - {"ignore"}) - {"crs"}:
        return
    shown = ", ".join(repr(h) for h in headings if h)[:300] or "nothing"
    what = "no column of positions" if fields - {"ignore"} else "no headings that are known"
    msg = (
        f"{sheet.where}: {what}; the likeliest row has {shown}. A list has headings such as "
        '"site, latitude, longitude, ERP (kW)" (docs/stations.md has them all); give others with '
        '--map "heading=field"'
    )
    raise StationFileError(msg)


def _check_maps(maps: Mapping[str, Meaning], headings: Sequence[str]) -> None:
    known = {fold(h) or h: h for h in headings if h}
    missing = [key for key in maps if key not in known]
    if missing:
        raise ScenarioError(
            [Problem("--map", None, key, f"no such heading{nearest(key, list(known.values()))}")
             for key in missing],
            "the options",
        )  # fmt: skip
