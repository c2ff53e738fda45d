"""EDX (.pat): a line of name, gain and kind, azimuths up to 999, then vertical slices.

The gain is in dBi. The kind is 1 for relative field strengths, 2 for dB, relative or absolute; EDX
itself refers both cuts to their maximum. Elevations are positive upwards and often stop short of
the zenith.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtt_sim.antenna.formats.cuts import (
    Point,
    from_field,
    horizontal_cut,
    horizontal_table,
    normalised,
    relative_gain,
    vertical_cut,
    vertical_table,
)
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.source import Source
from dtt_sim.antenna.formats.words import gain_dbd
from dtt_sim.model import HorizontalPattern
from dtt_sim.units import EIRP_OVER_ERP_DB

TITLE = "EDX"
EXTENSIONS = (".pat", ".edx")
CHECKED = ""
BASIS = "the maker's description of the format and a public reader"
_HEAD = re.compile(r"['\"]([^'\"]*)['\"]\s*[,\s]\s*([^,\s]+)\s*[,\s]\s*([^,\s]+)\s*,?")
FIELD, DECIBEL = "1", "2"
END = 999.0


def recognise(source: Source) -> bool:
    """Whether the first line is a quoted name, a gain and a kind."""
    first = next(iter(source.filled()), (0, ""))[1]
    return _HEAD.fullmatch(first) is not None


def read(source: Source) -> AntennaRecord:
    """Antenna of an EDX file; of several slices, that of the azimuth of the maximum."""
    lines = iter(source.filled())
    number, first = next(lines, (1, ""))
    head = _HEAD.fullmatch(first)
    if head is None:
        source.fail(number, f"{first!r}; give 'name', gain in dBi, and 1 (field) or 2 (dB)")
    if head[3] not in {FIELD, DECIBEL}:
        source.fail(number, f"kind {head[3]!r}; give 1 for relative field or 2 for dB")
    gain = gain_dbd(source, number, head[2], "dBi")
    is_field = head[3] == FIELD
    points: list[Point] = []
    has_slices = False
    for at, line in lines:
        azimuth = source.number(at, "azimuth", (_cells(line) or [line])[0])
        if azimuth == END:
            has_slices = True
            break
        if not -360.0 <= azimuth <= 360.0:
            source.fail(at, f"azimuth {azimuth:g} is outside -180 to 360; end the cut with 999")
        points.append(_point(source, at, line, "azimuth"))
    if not points:
        source.fail(number, "no azimuths below; give azimuth,value lines and 999")
    horizontal = horizontal_cut(source, _attenuations(source, "horizontal", points, is_field))
    vertical = None
    slices = _slices(source, lines) if has_slices else {}
    if slices:
        chosen = _ahead(source, horizontal, slices)
        vertical = vertical_cut(source, _attenuations(source, "vertical", chosen, is_field))
    return AntennaRecord(horizontal, vertical, gain_dbd=gain, name=head[1].strip())


def _cells(line: str) -> list[str]:
    return [cell for cell in re.split(r"[,;\s]+", line) if cell]


def _point(source: Source, number: int, line: str, what: str) -> Point:
    cells = _cells(line)
    if len(cells) != 2:
        source.fail(number, f"{line!r}; give {what} and value, with decimal points")
    return Point(
        number,
        source.number(number, what, cells[0]),
        source.number(number, "value", cells[1]),
    )


def _slices(source: Source, lines: Iterator[tuple[int, str]]) -> dict[float, list[Point]]:
    number, line = next(lines, (len(source.lines), ""))
    cells = _cells(line)
    if len(cells) != 2:
        source.fail(number, f"{line!r} after 999; give the number of slices and of elevations")
    n_slices, n_rows = (int(source.number(number, "count", cell)) for cell in cells)
    slices: dict[float, list[Point]] = {}
    for _ in range(n_slices):
        number, line = next(lines, (len(source.lines), ""))
        if not line:
            source.fail(number, f"{len(slices)} of {n_slices} slices: the file is cut short")
        azimuth = source.number(number, "azimuth of the slice", (_cells(line) or [line])[0])
        rows: list[Point] = []
        for _ in range(n_rows):
            number, line = next(lines, (len(source.lines), ""))
            if not line:
                source.fail(
                    number, f"{len(rows)} of {n_rows} elevations in slice {azimuth:g}: cut short"
                )
            point = _point(source, number, line, "elevation")
            if not -90.0 <= point.angle <= 90.0:
                source.fail(number, f"elevation {point.angle:g} is outside -90 to 90; correct it")
            rows.append(point)
        slices[azimuth % 360.0] = rows
    extra = next(lines, None)
    if extra is not None:
        source.fail(extra[0], f"{extra[1]!r} after the last slice; check the counts after 999")
    return slices


def _ahead(
    source: Source, horizontal: HorizontalPattern, slices: dict[float, list[Point]]
) -> list[Point]:
    best = min(
        zip(horizontal.attenuation_db, horizontal.azimuth_deg, strict=True), key=lambda at: at[0]
    )[1]
    azimuth = min(slices, key=lambda a: abs((a - best + 180.0) % 360.0 - 180.0))
    if len(slices) > 1:
        source.note(f"of {len(slices)} vertical slices that at azimuth {azimuth:g}° is used")
    return slices[azimuth]


def _attenuations(source: Source, cut: str, points: list[Point], is_field: bool) -> list[Point]:
    if is_field:
        return normalised(source, cut, from_field(source, points))
    least, most = min(p.value for p in points), max(p.value for p in points)
    if least >= 0.0 and most > 0.0:
        ahead = min(points, key=lambda p: abs(p.angle)).value
        if ahead - least < 0.25 * (most - least):
            source.fail(
                points[0].line,
                f"the {cut} cut has positive values that are least ahead, as attenuations would be; "
                "give dB relative to the maximum as 0 and below",
            )
    if abs(most) > 0.05:
        source.note(f"the {cut} cut has its maximum at {most:g} dB; it is taken relative to it")
    return relative_gain(points)


def write(record: AntennaRecord) -> str:
    """Text of an EDX file in dB, with one slice of -90 to 90 degrees."""
    gain = (record.gain_dbd or 0.0) + EIRP_OVER_ERP_DB
    name = re.sub(r"['\",]", " ", record.name or "antenna")[:20].strip()
    lines = [f"'{name}', {gain:.2f}, {DECIBEL}"]
    lines += [f"{angle:g},{-value + 0.0:.3f}" for angle, value in horizontal_table(record)]
    lines.append("999")
    if record.vertical is not None:
        table = vertical_table(record)
        lines += [f"1,{len(table)}", "0"]
        lines += [f"{angle:g},{-value + 0.0:.3f}" for angle, value in table]
    return "\n".join(lines) + "\n"
