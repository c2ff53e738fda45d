"""Measured field strengths: a table of places, stations and values, each row checked.

A unit is believed where the column's name says it. A column without one, and powers at a receiver's
input, are refused with what to do.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dtt_sim.antenna.channels import RASTERS, find_channel
from dtt_sim.errors import Problem
from dtt_sim.model import Transmitter
from dtt_sim.scenario.load import Scenario
from dtt_sim.scenario.point_tables import (
    POSITION_SYNONYMS,
    Columns,
    RowReader,
    choose,
    read_table,
)
from dtt_sim.scenario.receivers import Receiver, area_of
from dtt_sim.scenario.services import Multiplex

LEAST_DBUV_M, MOST_DBUV_M = -20.0, 150.0
"""Beyond these a value was meant in another unit."""

_POWER = (
    "is no field strength but what the receiver's input sees; convert it, E [dB(µV/m)] = "
    "P [dBm] + 77.2 + 20 log10(f [MHz]) - antenna gain [dBi] + feeder loss [dB], or "
    "U [dBµV] + antenna factor [dB/m] + feeder loss [dB], and name the column e_dbuv_m"
)
_NO_UNIT = "has no unit; name the column e_dbuv_m, e_dbmv_m, e_mv_m or e_uv_m"

UNITS: Final[dict[str, Callable[[float], float]]] = {
    "e_dbuv_m": lambda value: value,
    "e_dbmv_m": lambda value: value + 60.0,
    "e_uv_m": lambda value: 20.0 * math.log10(value),
    "e_mv_m": lambda value: 60.0 + 20.0 * math.log10(value),
}
"""To dB(µV/m), by column."""
_LIMITS: Final = {
    "e_dbuv_m": (LEAST_DBUV_M, MOST_DBUV_M),
    "e_dbmv_m": (LEAST_DBUV_M - 60.0, MOST_DBUV_M - 60.0),
    "e_uv_m": (10.0 ** (LEAST_DBUV_M / 20.0), 10.0 ** (MOST_DBUV_M / 20.0)),
    "e_mv_m": (10.0 ** (LEAST_DBUV_M / 20.0 - 3.0), 10.0 ** (MOST_DBUV_M / 20.0 - 3.0)),
}

COLUMNS: Final = Columns(
    known={
        "name": "name of the place",
        "lat_deg": "latitude, WGS84 [deg]",
        "lon_deg": "longitude, WGS84 [deg]",
        "station": "id of a transmitter, or its site together with a frequency or channel",
        "frequency_mhz": "frequency within the station's channel [MHz]",
        "channel": "channel in `channel_raster`",
        "channel_raster": "UHF (default), VHF_DK or VHF_B",
        "e_dbuv_m": "measured field strength [dB(µV/m)]; or one of the next three",
        "e_dbmv_m": "the same in dB(mV/m)",
        "e_uv_m": "the same in µV/m",
        "e_mv_m": "the same in mV/m",
        "height_agl_m": "measuring antenna above ground [m]; default: the scenario's",
        "date": "year-month-day; of a plan it chooses the phase",
        "note": "for people",
    },
    synonyms={
        **POSITION_SYNONYMS, "transmitter": "station", "transmitter_id": "station",
        "tx": "station", "f_mhz": "frequency_mhz", "freq_mhz": "frequency_mhz",
        "frequency": "frequency_mhz", "ch": "channel", "field_strength_dbuv_m": "e_dbuv_m",
        "field_dbuv_m": "e_dbuv_m", "e_db_uv_m": "e_dbuv_m", "dbuv_m": "e_dbuv_m",
        "db_uv_m": "e_dbuv_m", "field_strength_db_uv_m": "e_dbuv_m", "mv_m": "e_mv_m",
        "uv_m": "e_uv_m", "dbmv_m": "e_dbmv_m", "day": "date", "comment": "note",
        "remarks": "note",
    },
    required=("name", "lat_deg", "lon_deg"),
    refused={
        **dict.fromkeys(
            (
                "p_dbm", "dbm", "e_dbm", "level_dbm", "power_dbm", "rssi", "rssi_dbm", "dbuv",
                "u_dbuv", "level_dbuv", "voltage_dbuv", "e_dbuv", "dbmv", "level_dbmv",
            ),
            _POWER,
        ),
        **dict.fromkeys(("e", "field", "field_strength", "level", "measured", "value"), _NO_UNIT),
    },
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured field strength.

    Attributes
    ----------
    place : Receiver
    e_dbuv_m : float
        [dB(µV/m)].
    phase : str
        Id of the plan's phase in which it was measured; empty without a plan.
    stations : tuple of Transmitter
        Of which it is the field: one, or all of a single-frequency network on the channel.
    others : tuple of Transmitter
        Further stations on the same channel, whose fields the measurement may hold.
    label : str
        Id of the station, or of the network.
    date : date or None
    """

    place: Receiver
    e_dbuv_m: float
    phase: str
    stations: tuple[Transmitter, ...]
    others: tuple[Transmitter, ...]
    label: str
    date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class MeasuredList:
    """Measurements of a table that can be used, and what is to be said of the others."""

    file: str
    measured: tuple[Measured, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def read_measured(
    path: Path | str, scenario: Scenario, *, phase: str | None = None
) -> MeasuredList:
    """Measurements of a CSV or XLSX table.

    Without `phase` each row belongs to the phase of the plan that its date lies in, and without a
    date to the scenario's own. Nothing is raised: rows that cannot be used are in `problems`.
    """
    path = Path(path)
    problems: list[Problem] = []
    rows, ignored = read_table(path, COLUMNS, problems)
    if rows and not _can_be_read(path, set(rows[0].cells), problems):
        rows = []
    found: list[Measured] = []
    for row in rows:
        one = _Row(RowReader(path, row, COLUMNS, problems), scenario, phase).measured()
        if one is not None:
            found.append(one)
    kept = _without_duplicates(path, found, problems)
    notes = [f"columns not read: {', '.join(ignored)}"] if ignored else []
    if kept and not any(row.cells.get("height_agl_m") for row in rows):
        height = scenario.reception.predicted_height_agl_m
        notes.append(f"no height_agl_m: all are taken to be measured {height:g} m above ground")
    n_undated = sum(one.date is None for one in kept) if phase is None else 0
    if n_undated and scenario.phases:
        last = scenario.phase.id if scenario.phase else ""
        notes.append(f"{n_undated} rows without a date are held against phase {last}")
    return MeasuredList(path.name, tuple(kept), tuple(problems), tuple(notes))


def _can_be_read(path: Path, names: set[str], problems: list[Problem]) -> bool:
    """Whether the columns say what was measured of which station; what is missing is reported."""
    before = len(problems)
    if len(names & set(UNITS)) != 1:
        given = ", ".join(sorted(names & set(UNITS))) or "none"
        text = f"give the measured field in one column of {', '.join(UNITS)}; found {given}"
        problems.append(Problem(path.name, 1, "", text))
    if not names & {"station", "frequency_mhz", "channel"}:
        text = "give the station measured: a column station, frequency_mhz or channel"
        problems.append(Problem(path.name, 1, "", text))
    return len(problems) == before


def _without_duplicates(
    path: Path, found: Sequence[Measured], problems: list[Problem]
) -> list[Measured]:
    """Each measurement once; another value at the same place is a measurement of its own."""
    seen: dict[tuple[object, ...], int] = {}
    kept = []
    for one in found:
        p = one.place
        key = p.name, p.lat_deg, p.lon_deg, p.height_agl_m, one.label, one.date, one.e_dbuv_m
        if key in seen:
            text = f"{p.name!r}: the same measurement as in line {seen[key]}; remove one of the two"
            problems.append(Problem(path.name, p.row, "name", text))
            continue
        seen[key] = p.row
        kept.append(one)
    return kept


class _Row:
    """One row in its phase."""

    def __init__(self, reader: RowReader, scenario: Scenario, phase: str | None) -> None:
        self.reader = reader
        self.whole = scenario
        self.phase = phase

    def measured(self) -> Measured | None:
        """The measurement; None where something is wrong, which is reported."""
        reader = self.reader
        if not reader.text("name"):
            reader.fail("name", "empty; give each place a name")
        position = reader.position(area_of(self.whole))
        height = reader.number("height_agl_m", 1.0, 3000.0)
        field = self.field()
        date = self.date()
        scenario = self.scenario(date)
        if scenario is None:
            return None
        stations = self.stations(scenario)
        if reader.failed or position is None or field is None or not stations:
            return None
        default = self.whole.reception.predicted_height_agl_m
        place = Receiver(
            reader.text("name"), *position, default if height is None else height, reader.row.line
        )
        return Measured(
            place, field, scenario.phase.id if scenario.phase else "", stations,
            _others(scenario, stations),
            stations[0].id if len(stations) == 1 else stations[0].multiplex, date,
        )  # fmt: skip

    def field(self) -> float | None:
        """Field strength in dB(µV/m), from whichever column there is."""
        name = next(unit for unit in UNITS if unit in self.reader.row.cells)
        text = self.reader.text(name)
        if not text:
            self.reader.fail(name, "empty; give the measured field, or remove the row")
            return None
        low, high = _LIMITS[name]
        try:
            value = float(text)
        except ValueError:
            value = 0.5 * (low + high)  # what is no number is said below
        if name == "e_dbuv_m" and math.isfinite(value) and value < low:
            self.reader.fail(
                name, f"{text} dB(µV/m) is no field that can be measured; if it is in dBm: {_POWER}"
            )
            return None
        found = self.reader.number(name, low, high)
        return None if found is None else UNITS[name](found)

    def date(self) -> dt.date | None:
        """Date of the row; None where there is none or it is wrong."""
        text = self.reader.text("date")
        if not text:
            return None
        try:
            return dt.date.fromisoformat(text[:10])
        except ValueError:
            self.reader.fail("date", f"{text!r} is no date; write year-month-day, as 2016-08-15")
            return None

    def scenario(self, date: dt.date | None) -> Scenario | None:
        """The scenario in the phase of the row."""
        if self.phase is not None or date is None or not self.whole.phases:
            return self.whole
        past = [one for one in self.whole.phases if one.phase and one.phase.date <= date]
        if not past:
            first = self.whole.phases[0].phase
            assert first is not None
            text = f"{date} is before the plan begins ({first.id}, {first.date}); name a --phase"
            self.reader.fail("date", text)
            return None
        return past[-1]

    def stations(self, scenario: Scenario) -> tuple[Transmitter, ...]:
        """Stations that the row names, or whose channel it names; empty where none, reported."""
        frequency = self.frequency()
        named = self.reader.text("station")
        if self.reader.failed:
            return ()
        on_air = scenario.transmitters
        if named:
            found = [t for t in on_air if t.id == named]
            found = found or [t for t in on_air if t.site.casefold() == named.casefold()]
            if not found:
                self.reader.fail("station", self.unknown(scenario, named))
                return ()
            on_it = [t for t in found if frequency is None or _holds(scenario, t, frequency)]
            if not on_it:
                assert frequency is not None
                has = ", ".join(f"{t.id} {t.frequency_mhz:g}" for t in found)
                text = f"{named!r} does not send on {frequency:g} MHz but on: {has} MHz"
                self.reader.fail("station", text)
                return ()
            return self.one(scenario, on_it, "station")
        if frequency is None:
            self.reader.fail("station", "empty, and neither frequency nor channel; give one")
            return ()
        found = [t for t in on_air if _holds(scenario, t, frequency)]
        if not found:
            known = sorted({t.frequency_mhz for t in on_air})
            text = (
                f"no station on air on {frequency:g} MHz{_when(scenario)}; there are "
                f"{', '.join(f'{f:g}' for f in known)} MHz"
            )
            self.reader.fail("frequency_mhz", text)
            return ()
        return self.one(scenario, found, "frequency_mhz")

    def one(
        self, scenario: Scenario, found: list[Transmitter], key: str
    ) -> tuple[Transmitter, ...]:
        """The one station, or those of one single-frequency network; others are reported."""
        service = scenario.signals[found[0].multiplex]
        is_network = isinstance(service, Multiplex) and service.network == "sfn"
        if len(found) == 1 or (is_network and len({t.multiplex for t in found}) == 1):
            return tuple(found)
        names = ", ".join(f"{t.id} ({t.frequency_mhz:g} MHz)" for t in found)
        self.reader.fail(key, f"several stations fit: {names}; give the id of one as station")
        return ()

    def unknown(self, scenario: Scenario, named: str) -> str:
        """Why a station is not found: off the air then, or not known at all."""
        if named in self.whole.station_ids:
            return f"{named!r} is not on air{_when(scenario)}; check station, date or --phase"
        ids = [t.id for t in scenario.transmitters]
        return f"{named!r} is no station of the scenario{choose(named, ids)}"

    def frequency(self) -> float | None:
        """Frequency within the channel measured [MHz]."""
        given = self.reader.number("frequency_mhz", 30.0, 6000.0)
        channel = self.reader.text("channel")
        if not channel:
            return given
        raster = self.reader.text("channel_raster") or "UHF"
        if raster not in RASTERS:
            self.reader.fail("channel_raster", f"{raster!r}; use one of {', '.join(RASTERS)}")
            return None
        try:
            found = find_channel(channel.removesuffix(".0"), raster)
        except ValueError as error:
            self.reader.fail("channel", str(error))
            return None
        if given is not None and not found.low_mhz <= given <= found.high_mhz:
            text = f"{given:g} MHz is not in channel {channel}; give one of the two"
            self.reader.fail("frequency_mhz", text)
        return found.centre_mhz


def _holds(scenario: Scenario, transmitter: Transmitter, frequency_mhz: float) -> bool:
    """Whether a frequency lies in a transmitter's channel."""
    signal = scenario.signals[transmitter.multiplex]
    low, high = signal.edges_mhz(transmitter.frequency_mhz)
    return low <= frequency_mhz < high


def _others(scenario: Scenario, stations: tuple[Transmitter, ...]) -> tuple[Transmitter, ...]:
    """Other stations whose channel has the middle of the first's in it."""
    first = stations[0]
    low, high = scenario.signals[first.multiplex].edges_mhz(first.frequency_mhz)
    middle = 0.5 * (low + high)
    return tuple(
        t for t in scenario.transmitters if t not in stations and _holds(scenario, t, middle)
    )


def _when(scenario: Scenario) -> str:
    return f" in phase {scenario.phase.id}" if scenario.phase else ""
