"""How much less than its maximum an antenna radiates towards a direction.

Signs: azimuths run clockwise from true north, elevations are positive above the horizon, tilts are
positive downwards, attenuations are positive (dB below the maximum).

Patterns are linear in dB between their points. A horizontal pattern goes on round north; beyond the
ends of a vertical pattern its first and last values hold. The three-dimensional pattern is the sum
of the two in dB.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dtt_sim.model import Antenna, HorizontalPattern, VerticalPattern
from dtt_sim.typing import Float64Array

__all__ = [
    "attenuation_db",
    "horizontal_attenuation_db",
    "tilted_frame_deg",
    "vertical_attenuation_db",
]

FloatArray: TypeAlias = NDArray[np.floating[Any]]
BLOCK = 1 << 16
"""Directions worked on at a time: the temporaries of a block stay in the cache."""


def horizontal_attenuation_db(pattern: HorizontalPattern, azimuth_deg: ArrayLike) -> Float64Array:
    """Attenuation at azimuths [dB], linear in dB between the table's azimuths and round north.

    Parameters
    ----------
    pattern : HorizontalPattern
    azimuth_deg : array_like
        Clockwise from true north, any turn [deg].

    Returns
    -------
    ndarray of float64
        Shape of `azimuth_deg`; NaN where it is NaN.
    """
    angle, value = _periodic(pattern)
    azimuth = np.asarray(azimuth_deg, np.float64)
    turned = azimuth - 360.0 * np.floor(azimuth / 360.0)  # several times faster than np.mod
    return np.asarray(np.maximum(np.interp(turned, angle, value), 0.0), np.float64)


def _periodic(pattern: HorizontalPattern) -> tuple[Float64Array, Float64Array]:
    """The table with its last point before 0° and its first beyond 360° added."""
    a, v = pattern.azimuth_deg, pattern.attenuation_db
    return np.array([a[-1] - 360.0, *a, a[0] + 360.0]), np.array([v[-1], *v, v[0]])


def vertical_attenuation_db(pattern: VerticalPattern, elevation_deg: ArrayLike) -> Float64Array:
    """Attenuation at elevations [dB]; beyond the table its first and last values hold.

    Parameters
    ----------
    pattern : VerticalPattern
    elevation_deg : array_like
        Positive above the horizon of the antenna [deg].

    Returns
    -------
    ndarray of float64
        Shape of `elevation_deg`; NaN where it is NaN.
    """
    elevation = np.asarray(elevation_deg, np.float64)
    attenuation = np.interp(elevation, pattern.elevation_deg, pattern.attenuation_db)
    return np.asarray(np.maximum(attenuation, 0.0), np.float64)


def attenuation_db(
    antenna: Antenna, azimuth_deg: ArrayLike, elevation_deg: ArrayLike
) -> FloatArray:
    """Attenuation below the maximum towards directions [dB], never negative.

    Mechanical tilt leans the whole antenna: the direction is rotated into its frame, so that the
    far side looks up and azimuths between the two see both. Electrical tilt then lowers the beam by
    the same angle at all azimuths.

    Parameters
    ----------
    antenna : Antenna
    azimuth_deg : array_like
        Clockwise from true north [deg].
    elevation_deg : array_like
        Positive above the horizon [deg]; broadcasts against `azimuth_deg`.

    Returns
    -------
    ndarray
        Broadcast shape; float32 when both inputs are, else float64. NaN where an angle that the
        antenna depends on is NaN.
    """
    azimuth, elevation = np.broadcast_arrays(np.asarray(azimuth_deg), np.asarray(elevation_deg))
    is_single = azimuth.dtype == elevation.dtype == np.float32
    total = np.zeros(azimuth.shape, np.float32 if is_single else np.float64)
    if antenna.horizontal is None and antenna.vertical is None:
        return total
    flat = total.reshape(-1)
    directions = azimuth.reshape(-1), elevation.reshape(-1)
    for start in range(0, flat.size, BLOCK):
        part = slice(start, start + BLOCK)
        flat[part] = _attenuation_db(antenna, directions[0][part], directions[1][part])
    return total


def _attenuation_db(
    antenna: Antenna, azimuth_deg: FloatArray, elevation_deg: FloatArray
) -> Float64Array:
    azimuth = azimuth_deg.astype(np.float64)
    elevation = elevation_deg.astype(np.float64)
    if antenna.mechanical_tilt_deg != 0.0:
        azimuth, elevation = tilted_frame_deg(
            azimuth, elevation, antenna.mechanical_tilt_deg, antenna.mechanical_tilt_azimuth_deg
        )
    total = np.zeros(azimuth.shape)
    if antenna.horizontal is not None:
        total += horizontal_attenuation_db(antenna.horizontal, azimuth)
    if antenna.vertical is not None:
        total += vertical_attenuation_db(antenna.vertical, elevation + antenna.electrical_tilt_deg)
    return total


def tilted_frame_deg(
    azimuth_deg: Float64Array, elevation_deg: Float64Array, tilt_deg: float, towards_deg: float
) -> tuple[Float64Array, Float64Array]:
    """Azimuth and elevation of directions as a mounting that leans by `tilt_deg` sees them [deg].

    The direction vector is rotated about the horizontal axis across the lean. Towards the lean the
    horizon is seen `tilt_deg` above the antenna's own horizon, behind it as much below, and at
    right angles unchanged.

    Parameters
    ----------
    azimuth_deg, elevation_deg : ndarray
        Directions in the world's frame [deg].
    tilt_deg : float
        Lean of the mounting, downwards positive [deg].
    towards_deg : float
        Azimuth towards which it leans [deg].
    """
    a = np.radians(azimuth_deg - towards_deg)
    e = np.radians(elevation_deg)
    t = math.radians(tilt_deg)
    level = np.cos(e)
    up = np.sin(e)
    ahead = level * np.cos(a)
    right = level * np.sin(a)
    forward = ahead * math.cos(t) - up * math.sin(t)
    above = ahead * math.sin(t) + up * math.cos(t)
    azimuth = np.degrees(np.arctan2(right, forward)) + towards_deg
    # arctan2 keeps its accuracy near the zenith, where arcsin loses it.
    return azimuth, np.degrees(np.arctan2(above, np.hypot(forward, right)))
