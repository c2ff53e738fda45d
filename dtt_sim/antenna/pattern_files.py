"""Radiation patterns from CSV files; every refusal names file and line."""

from __future__ import annotations

import csv
import difflib
import math
from pathlib import Path

from dtt_sim.model import HorizontalPattern, VerticalPattern

GAIN_TOLERANCE_DB = 0.01
"""Rounding that is forgiven at the maximum of a pattern [dB]."""


def read_horizontal_pattern(path: Path | str) -> HorizontalPattern:
    """Pattern from a CSV file with the columns azimuth_deg and attenuation_db.

    Azimuths lie in [0, 360], in any order and step; 360 may repeat 0 with the same value.

    Raises
    ------
    ValueError
        A column too few or too many, a value that is no number, an azimuth twice or out of range,
        gain instead of attenuation; by file and line.
    """
    points = _read_points(Path(path), "azimuth_deg", 0.0, 360.0)
    if 360.0 in points and 0.0 in points:
        (line, last), (_, first) = points.pop(360.0), points[0.0]
        if not math.isclose(last, first, abs_tol=1e-6):
            msg = (
                f"{path}:{line}: azimuth 360 has {last:g} dB and azimuth 0 has {first:g} dB, and "
                "both are north; give one"
            )
            raise ValueError(msg)
    if 360.0 in points:
        points[0.0] = points.pop(360.0)
    return HorizontalPattern(*_columns(points))


def read_vertical_pattern(path: Path | str) -> VerticalPattern:
    """Pattern from a CSV file with the columns elevation_deg and attenuation_db.

    Elevations lie in [-90, 90], positive above the horizon, in any order and step, before any tilt.

    Raises
    ------
    ValueError
        A column too few or too many, a value that is no number, an elevation twice or out of range,
        gain instead of attenuation; by file and line.
    """
    return VerticalPattern(*_columns(_read_points(Path(path), "elevation_deg", -90.0, 90.0)))


def _columns(
    points: dict[float, tuple[int, float]],
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    angles = sorted(points)
    return tuple(angles), tuple(max(points[angle][1], 0.0) for angle in angles)


def _read_points(path: Path, angle: str, low: float, high: float) -> dict[float, tuple[int, float]]:
    """Line and attenuation by angle."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        msg = f"{path}: cannot be read ({reason}); check the path"
        raise ValueError(msg) from error
    first = text.partition("\n")[0]
    reader = csv.reader(
        text.splitlines(), delimiter=";" if first.count(";") > first.count(",") else ","
    )
    header = [name.strip() for name in next(reader, [])]
    _check_header(path, header, (angle, "attenuation_db"))
    points: dict[float, tuple[int, float]] = {}
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{path}:{reader.line_num}"
        if len(cells) != len(header):
            msg = f"{where}: {len(cells)} cells where the header has {len(header)}; give both"
            raise ValueError(msg)
        row = dict(zip(header, cells, strict=True))
        at = _number(where, angle, row[angle])
        value = _number(where, "attenuation_db", row["attenuation_db"])
        if not low <= at <= high:
            msg = f"{where}: {angle} {at:g} is outside {low:g} to {high:g}; correct it"
            raise ValueError(msg)
        if value < -GAIN_TOLERANCE_DB:
            msg = (
                f"{where}: attenuation_db {value:g} is negative, as a gain would be; give dB below "
                "the maximum as positive numbers"
            )
            raise ValueError(msg)
        if at in points:
            msg = f"{where}: {angle} {at:g} stands in line {points[at][0]} already; give it once"
            raise ValueError(msg)
        points[at] = reader.line_num, value
    if not points:
        msg = f"{path}: no rows below the header; give at least one direction"
        raise ValueError(msg)
    return points


def _check_header(path: Path, header: list[str], wanted: tuple[str, str]) -> None:
    layout = ",".join(wanted)
    for name in header:
        if name not in wanted:
            near = difflib.get_close_matches(name, wanted, 1, 0.5)
            hint = f"; did you mean {near[0]!r}?" if near else f"; the columns are {layout}"
            if "gain" in name.lower():
                hint = "; give attenuation_db, dB below the maximum as positive numbers"
            msg = f"{path}:1: unknown column {name!r}{hint}"
            raise ValueError(msg)
    for name in wanted:
        if header.count(name) != 1:
            what = "is missing" if name not in header else "stands twice"
            msg = f"{path}:1: column {name!r} {what}; the columns are {layout}"
            raise ValueError(msg)


def _number(where: str, key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        hint = "; write a decimal point" if "," in text else "; give a number"
        msg = f"{where}: {key} {text.strip()!r} is not a number{hint}"
        raise ValueError(msg) from None
    if not math.isfinite(value):
        msg = f"{where}: {key} {text.strip()!r} is not finite; give a number"
        raise ValueError(msg)
    return value
