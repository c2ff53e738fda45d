"""Radio Mobile (.ant): one gain relative to the maximum per line [dB].

Version 1 has 360 azimuths from the front clockwise. Version 2 adds elevations from the zenith (+90)
down to -90, 541 lines in all or 540. Version 3 goes on below the antenna, up behind it and back to
the zenith, 720 lines in all. Decimal commas are common.
"""

from __future__ import annotations

from dtt_sim.antenna.formats.cuts import (
    Point,
    horizontal_cut,
    horizontal_table,
    relative_gain,
    vertical_circle,
    vertical_circle_table,
    vertical_cut,
)
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.source import Source

TITLE = "Radio Mobile"
EXTENSIONS = (".ant",)
CHECKED = "a panel of CloudRF's library (720 lines), a maker's antenna with commas (540)"
BASIS = "the description of the format"
AZIMUTHS = 360
COUNTS = {360: 1, 540: 2, 541: 2, 720: 3}
"""Version by number of lines."""


def recognise(source: Source) -> bool:
    """Whether every line is one number, as many as a version has."""
    lines = source.filled()
    return len(lines) in COUNTS and all(_is_number(line) for _, line in lines)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def read(source: Source) -> AntennaRecord:
    """Antenna of a Radio Mobile file; the gain is not in the file."""
    lines = source.filled()
    values = [(i, source.number(i, "gain", line, comma=True)) for i, line in lines]
    if len(values) not in COUNTS:
        last = lines[-1][0] if lines else 1
        source.fail(
            last,
            f"{len(values)} values; Radio Mobile has 360 azimuths, and 0, 180, 181 or 360 "
            "elevations after them",
        )
    around = [Point(i, float(k), v) for k, (i, v) in enumerate(values[:AZIMUTHS])]
    horizontal = horizontal_cut(source, _attenuations(source, "horizontal", around))
    vertical = None
    # From the zenith down in front, and round: 90, 89 ... -90 ... -180 ... -269 (which is 91).
    points = [Point(i, 90.0 - k, v) for k, (i, v) in enumerate(values[AZIMUTHS:])]
    if points:
        points = _attenuations(source, "vertical", points)
        is_circle = COUNTS[len(values)] == 3
        vertical = (
            vertical_circle(source, points, up=1) if is_circle else vertical_cut(source, points)
        )
    return AntennaRecord(horizontal, vertical)


def _attenuations(source: Source, cut: str, points: list[Point]) -> list[Point]:
    least, most = min(p.value for p in points), max(p.value for p in points)
    if least >= 0.0 and most > 0.0:
        ahead = min(points, key=lambda p: abs(p.angle)).value
        if ahead - least < 0.25 * (most - least):
            source.note(f"the {cut} cut is positive and least ahead: read as attenuation")
            return [p._replace(value=round(p.value - least, 6)) for p in points]
        if most - ahead >= 0.25 * (most - least):
            source.fail(
                points[0].line,
                f"the {cut} cut has positive values only: gain or attenuation? give gain relative "
                "to the maximum, 0 and below",
            )
    if abs(most) > 0.05:
        source.note(f"the {cut} cut has its maximum at {most:g} dB; it is taken relative to it")
    return relative_gain(points)


def write(record: AntennaRecord) -> str:
    """Text of version 3: 360 azimuths, and 360 elevations from the zenith down and round."""
    values = [v for _, v in horizontal_table(record, 1.0)]
    circle = {round(e, 3): v for e, v in vertical_circle_table(record)}
    for k in range(360):
        elevation = 90 - k
        values.append(circle[elevation + 360 if elevation <= -180 else elevation])
    return "".join(f"{-value + 0.0:.3f}\n" for value in values)
