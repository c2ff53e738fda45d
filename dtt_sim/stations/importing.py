"""A list of stations to the station table, with the fate of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dtt_sim.errors import Problem
from dtt_sim.model import Transmitter
from dtt_sim.network.protection_tables import DVBT2
from dtt_sim.scenario.on_air import check_masts, check_networks
from dtt_sim.scenario.transmitters import COLUMNS, Box, Row, build_transmitters
from dtt_sim.stations.cells import Cell, Sheet, StationFileError, plain_number
from dtt_sim.stations.fields import FIELDS
from dtt_sim.stations.frequencies import parse_raster
from dtt_sim.stations.headings import Layout, Meaning, find_layout
from dtt_sim.stations.names import fold, ids_from_names
from dtt_sim.stations.numbers import decimal_mark
from dtt_sim.stations.places import Neighbourhood, among, judge
from dtt_sim.stations.positions import Systems, find_systems, read_place
from dtt_sim.stations.readers import read_sheet
from dtt_sim.stations.records import Draft, Habits, Note, Record
from dtt_sim.stations.rows import (
    read_antenna,
    read_heights,
    read_names,
    read_power,
    read_service,
    read_switches,
    read_tuning,
)

if TYPE_CHECKING:
    from dtt_sim.scenario.load import Scenario

Fate = Literal["taken", "noted", "refused", "left out"]
_USUAL = (
    "id", "site", "lat_deg", "lon_deg", "height_agl_m", "height_amsl_m", "erp_kw", "multiplex",
    "channel", "channel_raster", "polarisation", "on_air", "confidence", "note",
)  # fmt: skip
"""Columns that a written table has in any case; the others where a row has something in them."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says of a list.

    Attributes
    ----------
    sheet, layer, encoding : str or None
    crs, multiplex, raster : str
    maps : mapping
        Meanings of headings, by folded heading.
    fix : bool
        Take the likely right position where there is one only.
    strict : bool
        Refuse what rests on a guess.
    """

    sheet: str | None = None
    layer: str | None = None
    encoding: str | None = None
    crs: str = ""
    multiplex: str = ""
    raster: str = ""
    maps: Mapping[str, Meaning] = field(default_factory=dict)
    fix: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True)
class RowFate:
    """What became of a row.

    Attributes
    ----------
    number : int
    label, id : str
        Its site, and its id in the station table or "".
    fate : {"taken", "noted", "refused", "left out"}
    notes : tuple of Note
    reasons : tuple of str
        Why it is refused or left out.
    """

    number: int
    label: str
    id: str
    fate: Fate
    notes: tuple[Note, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """A list that was read.

    Attributes
    ----------
    sheet : Sheet
    layout : Layout
    rows : list of dict
        Rows of the station table.
    columns : list of str
        Its columns.
    fates : list of RowFate
    remarks : list of str
        What holds for the list as a whole.
    """

    sheet: Sheet
    layout: Layout
    rows: list[dict[str, str]]
    columns: list[str]
    fates: list[RowFate]
    remarks: list[str]

    def count(self, *fates: Fate) -> int:
        """How many rows had a fate."""
        return sum(one.fate in fates for one in self.fates)


def import_stations(
    path: Path,
    options: Options,
    *,
    scenario: Scenario | None = None,
    out_folder: Path | None = None,
) -> Imported:
    """Read a list of stations.

    Parameters
    ----------
    path : Path
    options : Options
    scenario : Scenario, optional
        Whose services and box the rows are checked against.
    out_folder : Path, optional
        Where the station table will lie; by default where the list lies.

    Raises
    ------
    StationFileError
        The file cannot be read, or no list of stations is found in it.
    ScenarioError
        A heading of the user's is not there.
    """
    sheet = read_sheet(
        path, maps=options.maps, sheet=options.sheet, layer=options.layer, encoding=options.encoding
    )
    layout = find_layout(sheet, options.maps)
    habits = _habits(layout, options, scenario, path.parent, out_folder or path.parent)
    drafts = _read_rows(sheet, layout, habits, options)
    expected = _neighbourhood(scenario) or among(d.place for d in drafts if d.place is not None)
    for draft in drafts:
        _settle_place(draft, expected, fix=options.fix)
    _name(drafts)
    _try(drafts, scenario, path, habits)
    if options.strict:
        for draft in drafts:
            for note in draft.notes:
                if note.is_doubt:
                    draft.refuse(f"{note.text} (a guess, which --strict refuses)")
    good = [d for d in drafts if not d.reasons and not d.left_out]
    rows = [{name: d.values.get(name, "") for name in COLUMNS} for d in good]
    columns = [c for c in COLUMNS if c in _USUAL or any(row[c] for row in rows)]
    remarks = [*sheet.remarks, *_remarks(rows, layout, scenario)]
    return Imported(sheet, layout, rows, columns, [_fate(d) for d in drafts], remarks)


def _habits(
    layout: Layout, options: Options, scenario: Scenario | None, folder: Path, out_folder: Path
) -> Habits:
    numeric = [c.index for c in layout.columns if FIELDS[c.meaning.field].units
               or c.meaning.field in {"lat", "lon"}]  # fmt: skip
    cells = [row[i] for _, row in layout.body for i in numeric if i < len(row)]
    services = titles = None
    if scenario is not None:
        services = {name: signal.system for name, signal in scenario.signals.items()}
        titles = {fold(text): name for name, signal in scenario.signals.items()
                  for text in (signal.title, name)}  # fmt: skip
    raster = parse_raster(options.raster)
    if raster == "VHF":
        msg = "--raster VHF does not tell D/K from B; give VHF_DK or VHF_B"
        raise StationFileError(msg)
    return Habits(
        decimal_mark(cells), options.multiplex, raster, services, titles or {}, folder, out_folder
    )


def _read_rows(sheet: Sheet, layout: Layout, habits: Habits, options: Options) -> list[Draft]:
    headings = {column.index: column.heading for column in layout.columns}
    pairs: list[tuple[Record, Draft]] = []
    for number, cells in layout.body:
        record, draft = Record(cells, layout), Draft(number)
        draft.label = next(
            (record.cells[n][0][0].text for n in ("site", "id") if record.has(n)), ""
        )
        draft.left_out = _no_station(record, cells, headings, number in sheet.points, pairs)
        if number in sheet.hidden and not draft.left_out:
            draft.note("the row is hidden in the sheet", is_doubt=True)
        pairs.append((record, draft))
    stations = [(record, draft) for record, draft in pairs if not draft.left_out]
    try:
        systems = find_systems(sheet, layout, options.crs, stations, habits.mark)
    except ValueError as error:
        msg = f"{sheet.where}: {error}"
        raise StationFileError(msg) from error
    for record, draft in stations:
        _read_row(record, draft, sheet, systems, habits)
    return [draft for _, draft in pairs]


def _no_station(
    record: Record,
    cells: tuple[Cell, ...],
    headings: Mapping[int, str],
    has_point: bool,
    before: Sequence[object],
) -> str:
    """Why a row is no station, or ""."""
    texts = {i: cell.text for i, cell in enumerate(cells) if cell.text}
    if all(headings.get(i) == text for i, text in texts.items()):
        return "the headings again"
    counted = [text.strip("() ") for text in texts.values()]
    if not before and len(counted) > 3 and counted == [str(k + 1) for k in range(len(counted))]:
        return "numbers of columns"
    if not record.is_station() and not has_point:
        shown = " ".join(texts.values())
        return f"nothing of a station: {shown[:77] + '...' if len(shown) > 80 else shown}"
    return ""


def _read_row(record: Record, draft: Draft, sheet: Sheet, systems: Systems, habits: Habits) -> None:
    """Every part of a row; what one part lacks is no reason not to look at the others."""
    mark = habits.mark
    parts: tuple[Callable[[], None], ...] = (
        lambda: read_names(record, draft),
        lambda: _read_place(record, draft, sheet, systems, mark),
        lambda: read_heights(record, draft, mark),
        lambda: read_power(record, draft, mark),
        lambda: read_tuning(record, draft, habits),
        lambda: read_service(record, draft, habits),
        lambda: read_switches(record, draft),
        lambda: read_antenna(record, draft, habits),
    )
    for read in parts:
        try:
            read()
        except ValueError as error:
            draft.refuse(str(error))


def _read_place(record: Record, draft: Draft, sheet: Sheet, systems: Systems, mark: str) -> None:
    draft.place = read_place(record, draft, sheet, systems, mark)


def _neighbourhood(scenario: Scenario | None) -> Neighbourhood | None:
    if scenario is None:
        return None
    reach = scenario.keys.propagation.interfering_radius_km
    return Neighbourhood(_box(scenario), reach, "the scenario's box")


def _box(scenario: Scenario) -> Box:
    grid = scenario.keys.grid
    return grid.west_deg, grid.south_deg, grid.east_deg, grid.north_deg


def _settle_place(draft: Draft, expected: Neighbourhood | None, *, fix: bool) -> None:
    if draft.place is None:
        return
    verdict = judge(draft.place, expected)
    place = draft.place
    if verdict.fault and fix and verdict.right is not None:
        draft.note(f"corrected by --fix: {verdict.slip} ({place.shown()} in the list)")
        place = verdict.right
    elif verdict.fault:
        draft.refuse(verdict.fault)
        return
    if verdict.doubt:
        draft.note(verdict.doubt, is_doubt=True)
    lat, lon = place.wgs84()
    draft.values |= {"lat_deg": plain_number(lat), "lon_deg": plain_number(lon)}


def _name(drafts: Sequence[Draft]) -> None:
    """Give every station that may be taken a unique id."""
    named = [d for d in drafts if not d.left_out and d.values.get("site")]
    given = [d.values["id"] for d in named]
    details = [(d.values.get("multiplex", ""), d.values.get("channel", "")) for d in named]
    ids = ids_from_names(given, [d.values["site"] for d in named], details)
    for draft, old, new in zip(named, given, ids, strict=True):
        if old and old != new:
            draft.note(f"id {old!r} -> {new}")
        draft.values["id"] = new


def _try(drafts: Sequence[Draft], scenario: Scenario | None, path: Path, habits: Habits) -> None:
    """Build transmitters of the rows as a scenario would; what it would refuse is refused here."""
    tried = [d for d in drafts if not d.reasons and not d.left_out]
    by_number = {d.number: d for d in tried}
    file = habits.out_folder / path.name
    rows = [Row({k: v for k, v in d.values.items() if v}, file, d.number) for d in tried]
    systems = dict(habits.services or {})
    if habits.services is None:
        for row in rows:
            is_offset = row.values.get("line_offset", "0") not in {"0", ""}
            name = row.values["multiplex"]
            systems[name] = "PAL_DK" if is_offset else systems.get(name, DVBT2)
    problems: list[Problem] = []
    built = build_transmitters(rows, systems, _box(scenario) if scenario else None, problems)
    _tell(problems, by_number, is_doubt=False)
    problems = _twins(built)
    _tell(problems, by_number, is_doubt=False)
    built = [one for one in built if not by_number[one[1].line or 0].reasons]
    problems = []
    for frequency_mhz in {t.frequency_mhz for t, _ in built}:
        # By channel: every pair of stations is looked at.
        check_masts([one for one in built if one[0].frequency_mhz == frequency_mhz], problems)
    # A plan may have the one on air after the other.
    _tell(problems, by_number, is_doubt=scenario is None or bool(scenario.phases))
    if scenario is not None:
        problems = []
        check_networks(built, scenario.signals, problems)
        _tell(problems, by_number, is_doubt=bool(scenario.phases))


def _twins(built: Sequence[tuple[Transmitter, Row]]) -> list[Problem]:
    """Stations that stand in the list twice."""
    seen: dict[tuple[float | str, ...], int | None] = {}
    problems = []
    for one, row in built:
        key = (one.lat_deg, one.lon_deg, one.frequency_mhz, one.multiplex)
        if key in seen:
            text = (
                f"the station of row {seen[key]} again: place, channel and multiplex are the same; "
                "remove one"
            )
            problems.append(Problem(row.file.name, row.line, "", text))
        seen.setdefault(key, row.line)
    return problems


def _tell(problems: Sequence[Problem], by_number: Mapping[int, Draft], *, is_doubt: bool) -> None:
    """Problems to the rows that have them: a reason to refuse, or a doubt."""
    for problem in problems:
        draft = by_number.get(problem.line or 0)
        if draft is None:
            continue
        text = f"{problem.key}: {problem.message}" if problem.key else problem.message
        if is_doubt:
            draft.note(text, is_doubt=True)
        else:
            draft.refuse(text)


def _remarks(
    rows: Sequence[Mapping[str, str]], layout: Layout, scenario: Scenario | None
) -> list[str]:
    remarks = []
    if layout.unknown:
        names = ", ".join(repr(name) for name in layout.unknown)
        remarks.append(f'columns left out: {names}; --map "heading=field" takes one')
    if scenario is not None:
        same = sorted({row["id"] for row in rows} & set(scenario.station_ids))
        if same:
            shown = ", ".join(same[:8]) + (", ..." if len(same) > 8 else "")
            remarks.append(f"{len(same)} ids are of stations that the scenario has: {shown}")
    confidences = Counter(row["confidence"] for row in rows)
    if rows and confidences[""] == len(rows):
        remarks.append(
            "no column of confidence: a scenario will not count these stations among its assumptions"
        )
    return remarks


def _fate(draft: Draft) -> RowFate:
    fate: Fate = "noted" if draft.notes else "taken"
    if draft.left_out or draft.reasons:
        fate = "left out" if draft.left_out else "refused"
    reasons = (draft.left_out,) if draft.left_out else tuple(draft.reasons)
    own_id = draft.values.get("id", "") if fate in {"taken", "noted"} else ""
    return RowFate(draft.number, draft.label, own_id, fate, tuple(draft.notes), reasons)
