"""How much less than its maximum an antenna radiates towards a direction.

Azimuths run clockwise from true north, elevations are positive above the horizon, tilts positive
downwards, attenuations positive.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from dtt_sim.model import Antenna, HorizontalPattern, VerticalPattern
from dtt_sim.typing import Float64Array

Pattern = TypeVar("Pattern", HorizontalPattern, VerticalPattern)


def horizontal_attenuation_db(pattern: HorizontalPattern, azimuth_deg: ArrayLike) -> Float64Array:
    """Attenuation at azimuths [dB], linear in dB between the table's azimuths and round north."""
    azimuth = np.mod(np.asarray(azimuth_deg, np.float64), 360.0)
    return np.asarray(
        np.interp(azimuth, pattern.azimuth_deg, pattern.attenuation_db, period=360.0), np.float64
    )


def vertical_attenuation_db(pattern: VerticalPattern, elevation_deg: ArrayLike) -> Float64Array:
    """Attenuation at elevations [dB]; beyond the table its first and last values hold."""
    elevation = np.asarray(elevation_deg, np.float64)
    return np.asarray(
        np.interp(elevation, pattern.elevation_deg, pattern.attenuation_db), np.float64
    )


def attenuation_db(
    antenna: Antenna, azimuth_deg: ArrayLike, elevation_deg: ArrayLike
) -> Float64Array:
    """Attenuation below the maximum towards directions [dB].

    Mechanical tilt leans the whole antenna: the direction is rotated into its frame, so that the
    far side looks up. Electrical tilt then lowers the beam by the same angle at all azimuths.
    """
    azimuth = np.asarray(azimuth_deg, np.float64)
    elevation = np.asarray(elevation_deg, np.float64)
    if antenna.mechanical_tilt_deg != 0.0:
        azimuth, elevation = _into_tilted_frame(
            azimuth, elevation, antenna.mechanical_tilt_deg, antenna.mechanical_tilt_azimuth_deg
        )
    total = np.zeros(np.broadcast_shapes(azimuth.shape, elevation.shape))
    if antenna.horizontal is not None:
        total = total + horizontal_attenuation_db(antenna.horizontal, azimuth)
    if antenna.vertical is not None:
        seen = elevation + antenna.electrical_tilt_deg
        total = total + vertical_attenuation_db(antenna.vertical, seen)
    return np.asarray(total, np.float64)


def _into_tilted_frame(
    azimuth_deg: Float64Array, elevation_deg: Float64Array, tilt_deg: float, towards_deg: float
) -> tuple[Float64Array, Float64Array]:
    """Azimuth and elevation of a direction as a mounting that leans `tilt_deg` sees it [deg]."""
    a = np.radians(azimuth_deg - towards_deg)
    e = np.radians(elevation_deg)
    t = math.radians(tilt_deg)
    ahead, right, up = np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)
    forward = ahead * math.cos(t) - up * math.sin(t)
    above = ahead * math.sin(t) + up * math.cos(t)
    azimuth = np.degrees(np.arctan2(right, forward)) + towards_deg
    return azimuth, np.degrees(np.arcsin(np.clip(above, -1.0, 1.0)))


def read_horizontal_pattern(path: Path | str) -> HorizontalPattern:
    """Pattern from a CSV file with the columns azimuth_deg and attenuation_db.

    Raises
    ------
    ValueError
        Missing column, a value that is not a number, or no pattern; by file and line.
    """
    angles, values = _read_table(path, "azimuth_deg")
    if len(angles) > 1 and angles[-1] == 360.0 and angles[0] == 0.0:
        if not math.isclose(values[-1], values[0], abs_tol=1e-6):
            msg = f"{path}: 0 and 360 degrees differ ({values[0]} and {values[-1]} dB); give one"
            raise ValueError(msg)
        angles, values = angles[:-1], values[:-1]
    return _named(path, HorizontalPattern, angles, values)


def read_vertical_pattern(path: Path | str) -> VerticalPattern:
    """Pattern from a CSV file with the columns elevation_deg and attenuation_db.

    Raises
    ------
    ValueError
        Missing column, a value that is not a number, or no pattern; by file and line.
    """
    return _named(path, VerticalPattern, *_read_table(path, "elevation_deg"))


def _named(
    path: Path | str, kind: type[Pattern], angles: list[float], values: list[float]
) -> Pattern:
    try:
        return kind(tuple(angles), tuple(values))
    except ValueError as error:
        msg = f"{path}: {error}"
        raise ValueError(msg) from error


def _read_table(path: Path | str, angle: str) -> tuple[list[float], list[float]]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error}); check the path"
        raise ValueError(msg) from error
    rows = csv.DictReader(text.splitlines())
    missing = {angle, "attenuation_db"} - set(rows.fieldnames or ())
    if missing:
        msg = f"{path}:1: column {min(missing)!r} is missing; give {angle},attenuation_db"
        raise ValueError(msg)
    angles, values = [], []
    for row in rows:
        try:
            angles.append(float(row[angle]))
            values.append(float(row["attenuation_db"]))
        except (TypeError, ValueError) as error:
            msg = f"{path}:{rows.line_num}: {error}; give two numbers"
            raise ValueError(msg) from error
    return angles, values
