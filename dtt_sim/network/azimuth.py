"""Azimuths from places to stations, as the evaluation takes them: on the sphere."""

from __future__ import annotations

import math

import numpy as np

from dtt_sim._jit import kernel
from dtt_sim.typing import Float64Array


@kernel
def write_azimuths(
    lon_deg: float, lat_deg: float, x: Float64Array, y: Float64Array, z: Float64Array,
    azimuth_deg: Float64Array,
) -> None:  # fmt: skip
    """Azimuths from a place to others by their unit vectors [deg]; written to `azimuth_deg`."""
    lon, lat = math.radians(lon_deg), math.radians(lat_deg)
    sin_lon, cos_lon, sin_lat, cos_lat = math.sin(lon), math.cos(lon), math.sin(lat), math.cos(lat)
    for s in range(azimuth_deg.size):
        east = cos_lon * y[s] - sin_lon * x[s]
        away = cos_lon * x[s] + sin_lon * y[s]
        north = cos_lat * z[s] - sin_lat * away
        azimuth_deg[s] = math.degrees(math.atan2(east, north))


def azimuth_deg(lon_deg: float, lat_deg: float, to_lon_deg: float, to_lat_deg: float) -> float:
    """Azimuth from one place to another, as the evaluation takes it: on the sphere [deg]."""
    places = (np.array(v) for v in (lon_deg, lat_deg, to_lon_deg, to_lat_deg))
    return float(azimuth_deg_of(*places))


def azimuth_deg_of(
    lon_deg: Float64Array, lat_deg: Float64Array, to_lon_deg: Float64Array, to_lat_deg: Float64Array
) -> Float64Array:
    """Azimuths from places to others, as :func:`azimuth_deg`; NaN of places that are not known."""
    lon, lat, to_lon, to_lat = (np.radians(v) for v in (lon_deg, lat_deg, to_lon_deg, to_lat_deg))
    east = np.sin(to_lon - lon) * np.cos(to_lat)
    north = np.cos(lat) * np.sin(to_lat) - np.sin(lat) * np.cos(to_lat) * np.cos(to_lon - lon)
    return np.asarray(np.degrees(np.arctan2(east, north)))
