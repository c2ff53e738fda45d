"""CSV tables with a header: angles, and attenuation, gain, field or power.

Columns are azimuth_deg or elevation_deg or both (each row then fills one of the two), and one of
`VALUES`. Commas, semicolons or tabs separate; with the latter two decimal commas are taken. Lines that begin
with ``#`` may say name, gain_dbd, frequency_mhz and polarisation. Attenuations are kept as they
are, below the radiated power of the station; a cut need not reach 0.
"""

from __future__ import annotations

import csv
import difflib
import re

from dtt_sim.antenna.formats.cuts import (
    Point,
    field_attenuation_db,
    from_field,
    horizontal_cut,
    relative_gain,
    vertical_cut,
)
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.source import Source
from dtt_sim.antenna.formats.words import frequency_mhz, frequency_text, gain_dbd
from dtt_sim.units import EIRP_OVER_ERP_DB

TITLE = "CSV table"
EXTENSIONS = (".csv",)
CHECKED = "own format"
BASIS = "docs/antennas.md"
RANGES = {"azimuth_deg": (0.0, 360.0), "elevation_deg": (-90.0, 90.0)}
VALUES = {
    "attenuation_db": "dB below the maximum, positive",
    "gain_db": "dB relative to the maximum, 0 and below",
    "gain_dbd": "gain over a half-wave dipole",
    "gain_dbi": "gain over an isotropic radiator",
    "relative_field": "0 to 1",
    "relative_power": "0 to 1",
}
GAIN_TOLERANCE_DB = 0.01
"""Rounding that is forgiven at the maximum of a pattern [dB]."""
_WORDS = ("name", "gain_dbd", "frequency_mhz", "polarisation", "electrical_tilt_deg")


def recognise(source: Source) -> bool:
    """Whether the first line that is no comment names an angle or a value of this format."""
    first = next((line for _, line in source.filled() if not line.startswith("#")), "")
    return any(cell in {*RANGES, *VALUES} for cell in _cells(first))


def _cells(line: str) -> list[str]:
    return [cell.strip().strip('"').lower() for cell in re.split(r"[,;\t]", line)]


def read(source: Source) -> AntennaRecord:
    """Antenna of a CSV table."""
    words = {}
    rows = []
    for number, line in source.filled():
        if line.startswith("#"):
            key, _, text = line.lstrip("# ").partition(":")
            words[key.strip().lower()] = (number, text.strip())
        else:
            rows.append((number, line))
    first = rows[0] if rows else (1, "")
    delimiter = max(",;\t", key=first[1].count)
    header = [
        name.strip().lower() for name in next(csv.reader([first[1]], delimiter=delimiter), [])
    ]
    value = _value_column(source, first[0], header)
    cuts = _points(source, rows[1:], header, value, delimiter)
    gain = None
    if "gain_dbd" in words:
        gain = gain_dbd(source, *words["gain_dbd"], "dBd")
    if value in {"gain_dbd", "gain_dbi"}:
        gain = max(p.value for points in cuts.values() for p in points)
        gain = round(gain - (EIRP_OVER_ERP_DB if value == "gain_dbi" else 0.0), 6)
    around, upright = (
        _attenuations(source, key, cuts[key], value) if key in cuts else None for key in RANGES
    )
    tilt = words.get("electrical_tilt_deg")
    return AntennaRecord(
        horizontal_cut(source, around, seam_db=1e-6) if around else None,
        vertical_cut(source, upright) if upright else None,
        gain_dbd=gain,
        name=words.get("name", (0, ""))[1],
        frequency_mhz=frequency_mhz(source, *words.get("frequency_mhz", (0, ""))),
        polarisation=words.get("polarisation", (0, ""))[1],
        electrical_tilt_deg=source.number(tilt[0], "electrical_tilt_deg", tilt[1])
        if tilt
        else None,
    )


def _value_column(source: Source, line: int, header: list[str]) -> str:
    known = [*RANGES, *VALUES]
    wanted = [
        next((name for name in RANGES if name in header), "azimuth_deg or elevation_deg"),
        next((name for name in VALUES if name in header), "attenuation_db"),
    ]
    layout = ",".join(wanted)
    for name in [name for name in header if name not in known and name]:
        near = difflib.get_close_matches(name, known, 1, 0.5)
        hint = f"; did you mean {near[0]!r}?" if near else f"; the columns are {layout}"
        source.fail(line, f"unknown column {name!r}{hint}")
    for name in wanted:
        if name not in header:
            source.fail(line, f"column {name!r} is missing; the columns are {layout}")
    for name in known:
        if header.count(name) > 1:
            source.fail(line, f"column {name!r} stands twice; the columns are {layout}")
    if len(values := [name for name in header if name in VALUES]) > 1:
        source.fail(line, f"columns {' and '.join(values)}; give one of them")
    return wanted[1]


def _points(
    source: Source, rows: list[tuple[int, str]], header: list[str], value: str, delimiter: str
) -> dict[str, list[Point]]:
    angles = [name for name in RANGES if name in header]
    is_comma = delimiter != ","
    cuts: dict[str, list[Point]] = {}
    for number, line in rows:
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
        if not any(cells):
            continue
        if len(cells) != len(header):
            source.fail(
                number, f"{len(cells)} cells where the header has {len(header)}; give as many"
            )
        row = dict(zip(header, cells, strict=True))
        filled = [name for name in angles if row[name]]
        if len(filled) != 1 and len(angles) > 1:
            source.fail(number, "give azimuth_deg or elevation_deg, one of the two")
        angle = angles[0] if len(angles) == 1 else filled[0]
        at = source.number(number, angle, row[angle], comma=is_comma)
        low, high = RANGES[angle]
        if not low <= at <= high:
            source.fail(number, f"{angle} {at:g} is outside {low:g} to {high:g}; correct it")
        point = Point(number, at, source.number(number, value, row[value], comma=is_comma))
        cuts.setdefault(angle, []).append(point)
    if not cuts:
        source.fail(None, "no rows below the header; give at least one direction")
    return cuts


def _attenuations(source: Source, angle: str, points: list[Point], value: str) -> list[Point]:
    if value == "relative_field":
        return from_field(source, points)
    if value == "relative_power":
        return [p._replace(value=field_attenuation_db(source, p, exponent=10.0)) for p in points]
    if value in {"gain_dbd", "gain_dbi"}:
        return relative_gain(points)
    sign = 1.0 if value == "attenuation_db" else -1.0
    for p in points:
        if sign * p.value < -GAIN_TOLERANCE_DB:
            text = (
                "negative, as a gain would be; give dB below the maximum as positive numbers"
                if sign > 0.0
                else "above 0, and gains are relative to the maximum; or call the column gain_dbd"
            )
            source.fail(p.line, f"{value} {p.value:g} is {text}")
    found = [p._replace(value=max(sign * p.value, 0.0)) for p in points]
    least = min(p.value for p in found)
    if least > 0.05:
        what = angle.partition("_")[0]
        source.note(
            f"no {what} has less than {least:g} dB: nowhere is the full power of the station radiated"
        )
    return found


def write(record: AntennaRecord) -> str:
    """Text of a table with every point of both cuts as it is."""
    words = {
        "name": record.name,
        "gain_dbd": "" if record.gain_dbd is None else f"{record.gain_dbd:g}",
        "frequency_mhz": frequency_text(record.frequency_mhz),
        "polarisation": record.polarisation,
        "electrical_tilt_deg": (
            "" if record.electrical_tilt_deg is None else f"{record.electrical_tilt_deg:g}"
        ),
    }
    lines = [f"# {key}: {words[key]}" for key in _WORDS if words[key]]
    lines.append("azimuth_deg,elevation_deg,attenuation_db")
    if record.horizontal is not None:
        pairs = zip(record.horizontal.azimuth_deg, record.horizontal.attenuation_db, strict=True)
        lines += [f"{angle!r},,{value!r}" for angle, value in pairs]
    if record.vertical is not None:
        pairs = zip(record.vertical.elevation_deg, record.vertical.attenuation_db, strict=True)
        lines += [f",{angle!r},{value!r}" for angle, value in pairs]
    return "\n".join(lines) + "\n"
