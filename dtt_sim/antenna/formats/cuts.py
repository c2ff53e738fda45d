"""Points of a file to the cuts of an antenna, and cuts to the tables that files have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.source import Source
from dtt_sim.antenna.pattern import horizontal_attenuation_db, vertical_attenuation_db
from dtt_sim.model import HorizontalPattern, VerticalPattern

DEEPEST_DB = 80.0
"""A field of zero has no level in dB; it is taken for this attenuation [dB]."""
ABSURD_DB = 200.0
"""No antenna discriminates by as much [dB]."""
WIDE_GAP_DEG = 45.0
"""Between azimuths further apart than this the straight line is worth a word."""
SEAM_DB = 3.0
"""0 and 360 degrees of a measured cut may differ; by more it is no measuring error [dB]."""
NEAR_DEG = 20.0
"""Round the horizon, where a terrestrial antenna attenuates less than elsewhere."""
FRONT_DEG = 45.0
"""A terrestrial antenna has its beam within this of the horizon in front of it."""


class Point(NamedTuple):
    """A direction of a cut: where it stands, its angle as written [deg], its value."""

    line: int
    angle: float
    value: float


def relative_gain(points: Sequence[Point]) -> list[Point]:
    """Attenuations below the largest of the gains, be they relative or absolute [dB]."""
    most = max(p.value for p in points)
    return [p._replace(value=round(most - p.value, 6)) for p in points]


def from_field(source: Source, points: Iterable[Point]) -> list[Point]:
    """Attenuations of relative field strengths in [0, 1] [dB]."""
    return [p._replace(value=field_attenuation_db(source, p)) for p in points]


def field_attenuation_db(source: Source, point: Point, *, exponent: float = 20.0) -> float:
    """Attenuation of a relative field strength, or of a power with `exponent` 10 [dB]."""
    what = "relative field" if exponent == 20.0 else "relative power"
    if point.value < 0.0:
        source.fail(point.line, f"{what} {point.value:g} is negative; give 0 to 1")
    if point.value > 1.0005:
        source.fail(
            point.line, f"{what} {point.value:g} is above 1; divide all by the largest of them"
        )
    if point.value <= 10.0 ** (-DEEPEST_DB / exponent):
        source.note(f"a {what} of 0 is taken for {DEEPEST_DB:g} dB below the maximum")
        return DEEPEST_DB
    return round(max(-exponent * math.log10(point.value), 0.0), 6)


def normalised(source: Source, cut: str, points: Sequence[Point]) -> list[Point]:
    """Attenuations of which the least is 0, in formats whose cuts refer to their own maximum."""
    least = min(p.value for p in points)
    if abs(least) > 0.05:
        source.note(
            f"the {cut} cut has its maximum at {-least:+.2f} dB, not 0; it is taken relative to "
            "its maximum"
        )
    return [p._replace(value=round(p.value - least, 6)) for p in points]


def attenuation_or_gain(source: Source, cut: str, points: Sequence[Point]) -> list[Point]:
    """Attenuations of a cut that ought to hold positive attenuations, with minus signs forgiven.

    All values at or below zero can only be gains relative to the maximum; values of both signs
    can be either, and are refused.
    """
    if max(p.value for p in points) <= 0.0 and min(p.value for p in points) < 0.0:
        source.note(f"the values of the {cut} cut have minus signs; read as dB below the maximum")
        return [p._replace(value=-p.value) for p in points]
    wrong = next((p for p in points if p.value < -0.05), None)
    if wrong is not None:
        source.fail(
            wrong.line,
            f"{wrong.value:g} dB in the {cut} cut, whose other values are positive: gain and "
            "attenuation are mixed; give dB below the maximum as positive numbers",
        )
    return list(points)


def horizontal_cut(
    source: Source, points: Sequence[Point], *, seam_db: float = SEAM_DB
) -> HorizontalPattern:
    """Horizontal pattern of attenuations at azimuths in [-360, 360], clockwise.

    0 and 360 may differ by `seam_db`, as in a measurement; the first is used.
    """
    table = _table(
        source, "azimuth", points, lambda angle: round(angle % 360.0, 6) % 360.0, seam_db
    )
    angles = sorted(table)
    around = [*angles, angles[0] + 360.0]
    start, gap = max(
        zip(angles, np.diff(around).tolist(), strict=True), key=lambda at: (at[1], -at[0])
    )
    if gap > WIDE_GAP_DEG and len(angles) > 1:
        source.note(
            f"no value between azimuths {start:g}° and {(start + gap) % 360.0:g}°: a straight "
            "line in dB"
        )
    return HorizontalPattern(tuple(angles), tuple(table[a] for a in angles))


def vertical_cut(source: Source, points: Sequence[Point], *, up: int = 1) -> VerticalPattern:
    """Vertical pattern of attenuations at elevations in [-90, 90]; `up` is -1 where down counts."""
    table = _table(source, "elevation", points, lambda angle: round(up * angle, 6) + 0.0)
    angles = sorted(table)
    if angles[0] > -89.5 or angles[-1] < 89.5:
        source.note(
            f"the vertical cut reaches from {angles[0]:g}° to {angles[-1]:g}°: beyond, its first "
            "and last values hold"
        )
    return VerticalPattern(tuple(angles), tuple(table[a] for a in angles))


def vertical_circle(source: Source, points: Sequence[Point], *, up: int) -> VerticalPattern:
    """Front half of a vertical cut that goes round the antenna.

    `up` is 1 where the file's angles grow upwards from the horizon in front, -1 downwards. The half
    behind is left out: an :class:`~dtt_sim.model.Antenna` has one vertical shape for all azimuths.
    """

    def elevation(angle: float) -> float:
        e = (up * (angle - source.vertical_zero_deg)) % 360.0
        return round(e - 360.0 if e > 180.0 else e, 6)

    best = min(points, key=lambda p: (p.value, abs(elevation(p.angle))))
    front = [p for p in points if abs(elevation(p.angle)) <= 90.0]
    beam = [p.value for p in front if abs(elevation(p.angle)) <= FRONT_DEG]
    if not beam or min(beam) > best.value + SEAM_DB:
        at = elevation(best.angle)
        source.fail(
            best.line,
            f"the vertical cut has its maximum at {best.angle:g}°, which would be an elevation of "
            f"{at:g}°: the file counts vertical angles from elsewhere, or gives gain as "
            f"attenuation; read it with --vertical-zero {_nearest_quarter(best.angle):g} if the "
            "horizon is there, and convert it",
        )
    # Gains clipped at 0 have as little in the nulls as behind; read as attenuations they make
    # nulls near the horizon the maximum, but not the mean round it.
    near = np.mean([p.value for p in front if abs(elevation(p.angle)) <= NEAR_DEG])
    if near > np.mean([p.value for p in front]) + SEAM_DB:
        source.fail(
            points[0].line,
            f"the vertical cut has more attenuation within {NEAR_DEG:g}° of the horizon than "
            "elsewhere: it gives gain as attenuation, or has its horizon elsewhere (--vertical-zero)",
        )
    if source.vertical_zero_deg:
        source.note(f"{source.vertical_zero_deg:g}° of the vertical cut is taken for the horizon")
    if len(front) < len(points):
        source.note(
            "of the vertical cut the half in front is used; azimuths behind have the same shape"
        )
    least = min(p.value for p in front)
    front = [p._replace(value=p.value - least) for p in front] if least > 0.0 else front
    table = _table(source, "vertical angle", front, elevation)
    angles = sorted(table)
    return vertical_cut(source, [Point(0, a, table[a]) for a in angles])


def _nearest_quarter(angle: float) -> float:
    return 90.0 * round(angle / 90.0) % 360.0


def _table(
    source: Source,
    what: str,
    points: Sequence[Point],
    place: Callable[[float], float],
    seam_db: float = SEAM_DB,
) -> dict[float, float]:
    """Attenuation by angle; a direction written twice must say the same, or nearly at the seam."""
    found: dict[float, Point] = {}
    for p in points:
        if abs(p.value) > ABSURD_DB:
            source.fail(
                p.line, f"{p.value:g} dB at {what} {p.angle:g} is no attenuation; correct it"
            )
        at = place(p.angle)
        old = found.get(at)
        if old is None:
            found[at] = p
        elif old.angle == p.angle:
            source.fail(p.line, f"{what} {p.angle:g} stands in line {old.line} already; give once")
        elif abs(old.value - p.value) > seam_db:
            source.fail(
                p.line,
                f"{what} {p.angle:g} has {p.value:g} dB and {old.angle:g} has {old.value:g} dB, "
                "and both are the same direction; give one",
            )
        elif abs(old.value - p.value) > 1e-6:
            source.note(
                f"{what} {old.angle:g}° and {p.angle:g}° are one direction and differ by "
                f"{abs(old.value - p.value):.2f} dB; the first is used"
            )
    return {at: round(max(p.value, 0.0), 6) + 0.0 for at, p in found.items()}


def step_deg(angles: Sequence[float]) -> float:
    """Step of a table that holds every angle: 1 degree, or 0.1 where angles need it."""
    whole = all(abs(a - round(a)) < 1e-6 for a in angles)
    return 1.0 if whole or any(abs(10 * a - round(10 * a)) > 1e-5 for a in angles) else 0.1


def horizontal_table(record: AntennaRecord, step: float | None = None) -> list[tuple[float, float]]:
    """Azimuths from 0 by a step, and attenuations [deg, dB]; 0 dB without a horizontal cut."""
    pattern = record.horizontal
    step = step or (step_deg(pattern.azimuth_deg) if pattern else 1.0)
    azimuth = np.round(np.arange(round(360.0 / step)) * step, 6)
    values = horizontal_attenuation_db(pattern, azimuth) if pattern else np.zeros(azimuth.size)
    return list(zip(azimuth.tolist(), values.tolist(), strict=True))


def vertical_table(
    record: AntennaRecord, low: float = -90.0, high: float = 90.0
) -> list[tuple[float, float]]:
    """Elevations between two, and attenuations [deg, dB]; 0 dB without a vertical cut."""
    pattern = record.vertical
    step = step_deg(pattern.elevation_deg) if pattern else 1.0
    elevation = np.round(low + np.arange(round((high - low) / step) + 1) * step, 6) + 0.0
    values = vertical_attenuation_db(pattern, elevation) if pattern else np.zeros(elevation.size)
    return list(zip(elevation.tolist(), values.tolist(), strict=True))


def vertical_circle_table(record: AntennaRecord) -> list[tuple[float, float]]:
    """Elevations in (-180, 180], and attenuations [deg, dB].

    Behind, the front is mirrored and lowered by what the horizontal cut has opposite its maximum:
    the field that the two cuts together describe.
    """
    front = vertical_table(record)
    behind = 0.0
    if record.horizontal is not None:
        at = int(np.argmin(record.horizontal.attenuation_db))
        opposite = record.horizontal.azimuth_deg[at] + 180.0
        behind = float(horizontal_attenuation_db(record.horizontal, opposite))
    back = [
        (math.copysign(180.0, e) - e if e else 180.0, v + behind) for e, v in front if abs(e) < 90.0
    ]
    return sorted([*front, *back])
