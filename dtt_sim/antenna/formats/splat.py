"""SPLAT! (.az, .el): relative field strengths, 0 to 1, in a file per cut.

The first line of .az is a rotation of the pattern, clockwise from true north; that of .el the tilt
of the mounting and the azimuth towards which it leans. Elevations are positive downwards, from -10
to 90. What follows a semicolon is a comment. The two files of an antenna bear one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtt_sim.antenna.formats.cuts import (
    Point,
    from_field,
    horizontal_cut,
    horizontal_table,
    vertical_cut,
    vertical_table,
)
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.source import Source, open_source

TITLE = "SPLAT!"
EXTENSIONS = (".az", ".el")
CHECKED = ""
BASIS = "the program's own reader"
HIGHEST_DEG, LOWEST_DEG = 10.0, -90.0
"""Elevations that SPLAT! looks at."""


def recognise(source: Source) -> bool:
    """Whether the name says so: the content, pairs of numbers, could be anything."""
    return source.path.suffix.lower() in EXTENSIONS


def read(source: Source) -> AntennaRecord:
    """Antenna of a SPLAT! file, and of the file of the same name for the other cut."""
    suffix = source.path.suffix
    other = {".az": ".el", ".el": ".az"}.get(suffix.lower(), "")
    twin = source.path.with_suffix(other.upper() if suffix.isupper() else other)
    sources = [source]
    if other and twin.is_file():
        second = open_source(twin)
        second.notes = source.notes
        sources.append(second)
        source.note(f"{twin.name} beside it has the other cut")
    horizontal, tilt, azimuth, vertical = None, 0.0, 0.0, None
    for one in sources:
        if one.path.suffix.lower() == ".el":
            tilt, azimuth, points = _elevations(one)
            vertical = vertical_cut(one, from_field(one, points), up=-1)
        else:
            horizontal = horizontal_cut(one, from_field(one, _azimuths(one)))
    if tilt:
        source.note(
            f"the file leans the mounting by {tilt:g}° towards {azimuth:g}°; not in the cuts"
        )
    return AntennaRecord(
        horizontal, vertical, mechanical_tilt_deg=tilt, mechanical_tilt_azimuth_deg=azimuth
    )


def _rows(source: Source) -> Iterator[tuple[int, list[str]]]:
    for number, line in source.filled():
        cells = [cell for cell in re.split(r"[\s]+", line.partition(";")[0].strip()) if cell]
        if cells:
            yield number, cells


def _azimuths(source: Source) -> list[Point]:
    rows = _rows(source)
    number, head = next(rows, (1, []))
    if len(head) != 1:
        source.fail(number, f"{' '.join(head)!r}; the first line is the rotation in degrees alone")
    rotation = source.number(number, "rotation", head[0], comma=True)
    points = [_point(source, at, cells, "azimuth", 0.0, 360.0) for at, cells in rows]
    if not points:
        source.fail(number, "no azimuths below the rotation; give azimuth and field, 0 to 1")
    if rotation:
        source.note(f"turned clockwise by the rotation of {rotation:g}° in line {number}")
    return [p._replace(angle=p.angle + rotation) for p in points]


def _elevations(source: Source) -> tuple[float, float, list[Point]]:
    rows = _rows(source)
    number, head = next(rows, (1, []))
    if len(head) not in {1, 2}:
        source.fail(number, f"{' '.join(head)!r}; the first line is a tilt and its azimuth")
    tilt = source.number(number, "tilt", head[0], comma=True)
    if abs(tilt) > 30.0:
        source.fail(number, f"tilt {tilt:g} is outside -30 to 30; is the first line missing?")
    azimuth = source.number(number, "azimuth of the tilt", head[1], comma=True) if head[1:] else 0.0
    points = [_point(source, at, cells, "elevation", -90.0, 90.0) for at, cells in rows]
    if not points:
        source.fail(number, "no elevations below the tilt; give elevation and field, 0 to 1")
    return tilt, azimuth % 360.0, points


def _point(
    source: Source, number: int, cells: list[str], what: str, low: float, high: float
) -> Point:
    if len(cells) != 2:
        source.fail(number, f"{' '.join(cells)!r}; give {what} and field, 0 to 1, with a space")
    angle = source.number(number, what, cells[0], comma=True)
    if not low <= angle <= high:
        source.fail(number, f"{what} {angle:g} is outside {low:g} to {high:g}; correct it")
    return Point(number, angle, source.number(number, "field", cells[1], comma=True))


def write_azimuths(record: AntennaRecord) -> str:
    """Text of an .az file, without rotation."""
    return "0.0\n" + "".join(
        f"{angle:g}\t{_field(value):.6f}\n" for angle, value in horizontal_table(record, 1.0)
    )


def write_elevations(record: AntennaRecord) -> str:
    """Text of an .el file, from 10 degrees above the horizon down to the foot of the mast."""
    table = vertical_table(record, LOWEST_DEG, HIGHEST_DEG)
    head = f"{record.mechanical_tilt_deg:g}\t{record.mechanical_tilt_azimuth_deg:g}\n"
    return head + "".join(
        f"{-angle + 0.0:g}\t{_field(value):.6f}\n" for angle, value in sorted(table, reverse=True)
    )


def _field(attenuation_db: float) -> float:
    return float(10.0 ** (-attenuation_db / 20.0))
