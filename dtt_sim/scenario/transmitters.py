"""The station table: CSV rows to transmitters, every bad row reported."""

from __future__ import annotations

import csv
import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from dtt_sim.antenna.channels import find_channel
from dtt_sim.antenna.facts import facts
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.pattern_files import horizontal_of, named_antenna, vertical_of
from dtt_sim.errors import Problem
from dtt_sim.model import Antenna, HorizontalPattern, Transmitter, VerticalPattern
from dtt_sim.network.protection_tables import SOUND_MHZ
from dtt_sim.units import eirp_kw_to_erp_kw

COLUMNS = {
    "id": "unique short name: letters, digits, _ and -",
    "site": "name of the site",
    "lat_deg": "latitude, WGS84 [deg]",
    "lon_deg": "longitude, WGS84 [deg]",
    "height_agl_m": "antenna height above ground [m]; or height_amsl_m",
    "height_amsl_m": "antenna height above sea level [m]; or height_agl_m",
    "erp_kw": "radiated power, half-wave dipole; analogue: peak sync [kW]; or eirp_kw",
    "eirp_kw": "radiated power, isotropic [kW]; or erp_kw",
    "multiplex": "id of a multiplex, or of an analogue or other service, of the scenario",
    "channel": "channel in `channel_raster`; or frequency_mhz",
    "channel_raster": "UHF (default), VHF_DK or VHF_B",
    "frequency_mhz": "centre frequency, analogue: vision carrier [MHz]; or channel",
    "polarisation": "horizontal (default) or vertical",
    "horizontal_pattern": "antenna file, or a standard: a.csv, a.msi@120, cardioid@120; none: equal",
    "vertical_pattern": "antenna file of any format, or a standard: panel_4bay; none: equal",
    "electrical_tilt_deg": "beam tilt, downwards positive [deg], default 0",
    "mechanical_tilt_deg": "tilt of the mounting, downwards positive [deg], default 0",
    "mechanical_tilt_azimuth_deg": "azimuth towards which it leans [deg], default 0",
    "delay_us": "static delay in a single-frequency network [µs], default 0",
    "line_offset": "analogue: offset in twelfths of the line frequency, default 0",
    "precision_offset": "analogue: offset held to 1 Hz, true or false (default)",
    "on_air": "true (default) or false",
    "confidence": "VERIFIED, SINGLE, RECALL, ASSUMED or SYNTHETIC",
    "note": "for people",
}
_REQUIRED = ("id", "site", "lat_deg", "lon_deg", "multiplex")
RANGES = {
    "lat_deg": (-80.0, 80.0),
    "lon_deg": (-180.0, 180.0),
    "height_agl_m": (1.0, 3000.0),
    "height_amsl_m": (-400.0, 9000.0),
    "erp_kw": (1e-6, 1000.0),
    "eirp_kw": (1e-6, 1650.0),
    "frequency_mhz": (30.0, 6000.0),
    "electrical_tilt_deg": (-30.0, 30.0),
    "mechanical_tilt_deg": (-30.0, 30.0),
    "mechanical_tilt_azimuth_deg": (-360.0, 360.0),
    "delay_us": (-10000.0, 10000.0),
    "line_offset": (-1200.0, 1200.0),
}
"""Of the columns that hold numbers."""
_FAR_DEG = 15.0
_SAME_TILT_DEG = 0.5
Box = tuple[float, float, float, float]
_Cut = TypeVar("_Cut", HorizontalPattern, VerticalPattern)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: its cells, where it stands, and what the cells' paths refer to.

    `notes` are what was assumed in reading the antennas that it names, by column.
    """

    values: dict[str, str]
    file: Path
    line: int | None
    notes: tuple[tuple[str, str], ...] = ()


def read_rows(path: Path, problems: list[Problem]) -> list[Row]:
    """Rows of a station table; comma or semicolon, UTF-8 with or without a mark."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(path.name, None, "", f"cannot be read as UTF-8 text ({error})"))
        return []
    first = text.partition("\n")[0]
    reader = csv.DictReader(
        text.splitlines(), delimiter=";" if first.count(";") > first.count(",") else ","
    )
    header = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = header
    problems += [
        Problem(path.name, 1, name, f"unknown column{nearest(name, COLUMNS)}")
        for name in header
        if name not in COLUMNS
    ]
    problems += [
        Problem(path.name, 1, name, f"column is missing; {COLUMNS[name]}")
        for name in _REQUIRED
        if name not in header
    ]
    rows = []
    for values in reader:
        if None in values or None in values.values():
            count = len([v for v in values.values() if isinstance(v, str)])
            problems.append(
                Problem(
                    path.name,
                    reader.line_num,
                    "",
                    f"broken row: {count} cells where the header has {len(header)}; check quotes "
                    "and separators",
                )
            )
            continue
        cells = {key: (value or "").strip() for key, value in values.items()}
        if any(cells.values()):
            rows.append(Row(cells, path, reader.line_num))
    return rows


def nearest(name: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    """``; did you mean ...?`` for the nearest of the known names, else the list of them."""
    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"


def build_transmitters(
    rows: Sequence[Row], systems: Mapping[str, str], area: Box | None, problems: list[Problem]
) -> list[tuple[Transmitter, Row]]:
    """Transmitters on air, in the table's order; every problem of every row is added.

    `systems` has the television system of each service by its id.
    """
    seen: dict[str, int | None] = {}
    built = []
    for row in rows:
        name = row.values.get("id", "")
        if name in seen:
            text = f"id {name!r} stands in line {seen[name]} already; ids are unique"
            problems.append(Problem(row.file.name, row.line, "id", text))
        seen[name] = row.line
        reader = _Reader(row, problems)
        transmitter = reader.transmitter(systems, area)
        if transmitter is not None:
            built.append((transmitter, replace(row, notes=tuple(reader.notes))))
    return built


class _Reader:
    """One row; reports under its file and line."""

    def __init__(self, row: Row, problems: list[Problem]) -> None:
        self.row = row
        self.problems = problems
        self.failed = False
        self.notes: list[tuple[str, str]] = []

    def fail(self, key: str, message: str) -> None:
        self.failed = True
        self.problems.append(Problem(self.row.file.name, self.row.line, key, message))

    def text(self, key: str) -> str:
        return self.row.values.get(key, "")

    def number(self, key: str) -> float | None:
        text = self.text(key)
        if not text:
            return None
        low, high = RANGES[key]
        try:
            value = float(text)
        except ValueError:
            hint = " (decimal point, not comma)" if "," in text else ""
            self.fail(key, f"{text!r} is not a number{hint}; expected {COLUMNS[key]}")
            return None
        if not (math.isfinite(value) and low <= value <= high):
            self.fail(key, f"{text} is outside {low:g} to {high:g}; expected {COLUMNS[key]}")
            return None
        return value

    def one_of_two(self, first: str, second: str) -> None:
        if bool(self.text(first)) == bool(self.text(second)):
            what = "both" if self.text(first) else "neither"
            self.fail(first, f"{what} of {first} and {second} given; give one of the two")

    def frequency(self, *, is_analogue: bool) -> float | None:
        self.one_of_two("channel", "frequency_mhz")
        if self.text("channel"):
            try:
                found = find_channel(self.text("channel"), self.text("channel_raster") or "UHF")
            except ValueError as error:
                self.fail("channel", str(error))
                return None
            return found.vision_mhz if is_analogue else found.centre_mhz
        return self.number("frequency_mhz")

    def antenna(self) -> Antenna:
        horizontal = vertical = None
        around, upright = (self.pattern(k) for k in ("horizontal_pattern", "vertical_pattern"))
        if around is not None:
            horizontal = self.cut("horizontal_pattern", horizontal_of, around)
        if upright is not None:
            vertical = self.cut("vertical_pattern", vertical_of, upright)
            self.check_tilts(upright)
        return Antenna(
            horizontal,
            vertical,
            self.number("electrical_tilt_deg") or 0.0,
            self.number("mechanical_tilt_deg") or 0.0,
            self.number("mechanical_tilt_azimuth_deg") or 0.0,
        )

    def pattern(self, column: str) -> AntennaRecord | None:
        """Antenna that a column names; None where it is empty or cannot be read."""
        if not self.text(column):
            return None
        polarisation = self.text("polarisation") or "horizontal"
        try:
            found = named_antenna(
                self.text(column), self.row.file.parent, polarisation=polarisation
            )
        except ValueError as error:
            self.fail(column, str(error))
            return None
        self.notes += [(column, note) for note in found.notes]
        return found

    def cut(
        self, column: str, of: Callable[[AntennaRecord, str], _Cut], antenna: AntennaRecord
    ) -> _Cut | None:
        """One cut of an antenna; None where it has no such cut."""
        try:
            return of(antenna, self.text(column))
        except ValueError as error:
            self.fail(column, str(error))
            return None

    def check_tilts(self, antenna: AntennaRecord) -> None:
        """Refuse a tilt that would be applied twice, and a lean that would be dropped."""
        stated = antenna.electrical_tilt_deg or 0.0
        own = self.number("electrical_tilt_deg") or 0.0
        in_cut = facts(antenna).tilt_deg
        if stated and abs(own - stated) < _SAME_TILT_DEG and abs(in_cut - stated) < 1.0:
            self.fail(
                "electrical_tilt_deg",
                f"{own:g}, and the beam of {self.text('vertical_pattern')} is {in_cut:g}° down "
                "already: it would be tilted twice; leave the column empty",
            )
        if antenna.mechanical_tilt_deg and not self.text("mechanical_tilt_deg"):
            self.fail(
                "mechanical_tilt_deg",
                f"empty, and {self.text('vertical_pattern')} leans the mounting by "
                f"{antenna.mechanical_tilt_deg:g}° towards {antenna.mechanical_tilt_azimuth_deg:g}°; "
                "give it here with mechanical_tilt_azimuth_deg, or 0",
            )

    def position(self, area: Box | None) -> tuple[float | None, float | None]:
        """Latitude and longitude; a swapped pair is told as such."""
        texts = self.text("lat_deg"), self.text("lon_deg")
        try:
            lat, lon = float(texts[0]), float(texts[1])
        except ValueError:
            lat = lon = math.nan
        if area is not None and math.isfinite(lat + lon):
            west, south, east, north = area
            margin = _FAR_DEG
            fits = west - margin <= lon <= east + margin and south - margin <= lat <= north + margin
            swapped = (
                west - margin <= lat <= east + margin and south - margin <= lon <= north + margin
            )
            if swapped and not fits:
                self.fail("lat_deg", f"{lat:g}, {lon:g}: latitude and longitude look swapped")
                return None, None
        for key in ("lat_deg", "lon_deg"):
            if not self.text(key):
                self.fail(key, f"empty; expected {COLUMNS[key]}")
        return self.number("lat_deg"), self.number("lon_deg")

    def true_or_false(self, key: str, default: str) -> bool:
        text = self.text(key).lower() or default
        if text not in {"true", "false"}:
            self.fail(key, f"{text!r}; give true or false")
        return text == "true"

    def line_offset(self, *, is_analogue: bool) -> int:
        offset = self.number("line_offset") or 0.0
        if not offset.is_integer():
            self.fail("line_offset", f"{offset:g}; give whole twelfths of the line frequency")
        if offset and not is_analogue:
            self.fail("line_offset", "means nothing for a digital signal; remove it")
        return int(offset)

    def transmitter(self, systems: Mapping[str, str], area: Box | None) -> Transmitter | None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.text("id")):
            self.fail("id", f"{self.text('id')!r}; expected {COLUMNS['id']}")
        if not self.text("site"):
            self.fail("site", "empty; expected the name of the site")
        multiplex = self.text("multiplex")
        if multiplex not in systems:
            self.fail(
                "multiplex",
                f"{multiplex!r} is not in [multiplexes], [analogue] or [others]"
                f"{nearest(multiplex, systems)}",
            )
        is_analogue = systems.get(multiplex) in SOUND_MHZ
        is_on_air = self.true_or_false("on_air", "true")
        is_precise = self.true_or_false("precision_offset", "false")
        line_offset = self.line_offset(is_analogue=is_analogue)
        polarisation = self.text("polarisation") or "horizontal"
        if polarisation not in {"horizontal", "vertical"}:
            self.fail("polarisation", f"{polarisation!r}; give horizontal or vertical")
        lat, lon = self.position(area)
        self.one_of_two("height_agl_m", "height_amsl_m")
        self.one_of_two("erp_kw", "eirp_kw")
        agl, amsl = self.number("height_agl_m"), self.number("height_amsl_m")
        erp, eirp = self.number("erp_kw"), self.number("eirp_kw")
        if eirp is not None:
            erp = eirp_kw_to_erp_kw(eirp)
        frequency = self.frequency(is_analogue=is_analogue)
        antenna = self.antenna()
        delay = self.number("delay_us") or 0.0
        if self.failed or not is_on_air:
            return None
        assert lat is not None
        assert lon is not None
        assert erp is not None
        assert frequency is not None
        return Transmitter(
            id=self.text("id"),
            site=self.text("site"),
            lat_deg=lat,
            lon_deg=lon,
            erp_kw=erp,
            frequency_mhz=frequency,
            multiplex=multiplex,
            height_agl_m=agl,
            height_amsl_m=amsl,
            polarisation="vertical" if polarisation == "vertical" else "horizontal",
            antenna=antenna,
            delay_us=delay,
            channel=self.text("channel"),
            line_offset=line_offset,
            precision_offset=is_precise,
        )
