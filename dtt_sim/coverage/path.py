"""One receiving point: ground profile to basic transmission loss.

This is the single source that every driver of the reference solver calls. The ground along the
path is read by :mod:`terrain.profile`, the loss computed by :mod:`dtt_sim.propagation.p1812`;
nothing of either is repeated here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dtt_sim._jit import kernel
from dtt_sim.coverage.flags import DOMAIN, NEAR_FIELD, OK, OUTSIDE, VOID
from dtt_sim.propagation.free_space import free_space_loss_db
from dtt_sim.propagation.p1812 import (
    Path,
    analyse,
    loss_parts,
    path_centre_lat_deg,
    total_loss_db,
)
from dtt_sim.propagation.variability import location_loss_db
from dtt_sim.typing import Float32Array, Float64Array, IntArray, UInt8Array
from terrain.profile import sample_path

MIN_DISTANCE_KM = 0.25
"""Shortest path of P.1812 [km]; closer, free-space loss is used."""
MAX_LATITUDE_DEG = 80.0
"""P.1812 is stated for latitudes up to 80 degrees."""
_STATUS_VOID = 1


class GroundArrays(NamedTuple):
    """Rasters as the kernels read them.

    Attributes
    ----------
    height_m : (n_row, n_col) float32
    zone : (n_row, n_col) uint8
    clutter_m : (n_row, n_col) float32
    """

    height_m: Float32Array
    zone: UInt8Array
    clutter_m: Float32Array


class Link(NamedTuple):
    """What all paths of one mast share.

    Attributes
    ----------
    lat_deg, lon_deg : float
        Position of the mast, WGS84 [deg].
    htg_m, hrg_m : float
        Antenna heights above ground at mast and receiver [m].
    """

    lat_deg: float
    lon_deg: float
    htg_m: float
    hrg_m: float


class Signals(NamedTuple):
    """Signals of the mast, and the percentages at which each is wanted, on one geometry.

    Attributes
    ----------
    f_ghz : (n_emission,) float64
    polarisation : (n_emission,) int64
        1 horizontal, 2 vertical.
    p_time, p_location : (n_time,) float64
        Percentages of time and of locations for which the loss is not exceeded.
    radius_km : (n_time,) float64
        Largest distance computed for each percentage [km].
    sigma_db : (n_emission,) float64
        Standard deviation over locations before the receiver's height counts [dB].
    sigma_falls : bool
        Whether it falls with the receiving antenna's height over the clutter.
    """

    f_ghz: Float64Array
    polarisation: IntArray
    p_time: Float64Array
    p_location: Float64Array
    radius_km: Float64Array
    sigma_db: Float64Array
    sigma_falls: bool


class Scratch(NamedTuple):
    """Profile buffers of one thread, each as long as the longest profile."""

    d_km: Float64Array
    h_m: Float64Array
    clutter_m: Float64Array
    zone: UInt8Array


@kernel
def path_loss(
    ground: GroundArrays,
    row_coef: Float64Array,
    col_coef: Float64Array,
    d_km: float,
    n: int,
    rx_lat_deg: float,
    rx_lon_deg: float,
    delta_n: float,
    n0: float,
    link: Link,
    signals: Signals,
    scratch: Scratch,
    loss_db: Float32Array,
) -> tuple[int, float]:
    """Basic transmission loss of one path for every emission and time percentage [dB].

    Parameters
    ----------
    row_coef, col_coef : (n_coefficient,) float64
        The path in the raster's fractional indices; see :mod:`terrain.profile`.
    d_km : float
        Geodesic distance [km].
    n : int
        Number of equal intervals of the profile.
    delta_n, n0 : float
        Refractivity lapse rate [N-units/km] and sea-level refractivity [N-units].
    loss_db : (n_emission, n_time) float32
        Written: loss *not exceeded* for each pair of percentages of time and locations [dB]. NaN beyond that percentage's radius, and everywhere unless the code is OK or NEAR_FIELD.

    Returns
    -------
    code : int
        See :mod:`dtt_sim.coverage.flags`.
    departure_mrad : float
        Angle above the horizontal at which the path leaves the mast [mrad]: the direct angle, or
        that of the mast's horizon where it is higher, over the median effective Earth.
    """
    loss_db[:, :] = np.nan
    status = sample_path(
        ground.height_m,
        ground.zone,
        ground.clutter_m,
        row_coef,
        col_coef,
        n,
        scratch.h_m,
        scratch.zone,
        scratch.clutter_m,
    )
    if status != 0:
        return (VOID if status == _STATUS_VOID else OUTSIDE), np.nan
    if not (1.0 <= link.htg_m <= 3000.0 and abs(rx_lat_deg) <= MAX_LATITUDE_DEG):
        return DOMAIN, np.nan
    if d_km < MIN_DISTANCE_KM:
        return _near_field(d_km, n, link, signals, scratch, loss_db)
    step_km = d_km / n
    for i in range(n):
        scratch.d_km[i] = i * step_km
    scratch.d_km[n] = d_km
    centre_deg = path_centre_lat_deg(link.lat_deg, link.lon_deg, rx_lat_deg, rx_lon_deg, d_km)
    path = Path(
        htg_m=link.htg_m,
        hrg_m=link.hrg_m,
        lat_deg=centre_deg,
        delta_n=delta_n,
        n0=n0,
        dct_km=-1.0,  # derived from the zones along the path
        dcr_km=-1.0,
    )
    geometry = analyse(scratch.d_km, scratch.h_m, scratch.clutter_m, scratch.zone, n, path)
    share = location_share(signals.sigma_falls, link.hrg_m, scratch.clutter_m[n])
    for j in range(signals.p_time.size):
        if d_km > signals.radius_km[j]:
            continue
        for k in range(signals.f_ghz.size):
            parts = loss_parts(
                geometry, signals.f_ghz[k], signals.p_time[j], signals.polarisation[k]
            )
            location_db = 0.0
            if signals.p_location[j] != 50.0:
                location_db = location_loss_db(
                    signals.p_location[j], share * signals.sigma_db[k], geometry.is_rx_at_sea
                )
            loss_db[k, j] = total_loss_db(parts, location_db)
    return OK, geometry.theta_t_mrad


@kernel
def location_share(falls: bool, hrg_m: float, clutter_m: float) -> float:
    """Part of the deviation over locations that is left at the antenna's height; u_h of 4.8."""
    return min(1.0, max(0.0, 1.0 - (hrg_m - clutter_m) / 10.0)) if falls else 1.0


@kernel
def _near_field(
    d_km: float,
    n: int,
    link: Link,
    signals: Signals,
    scratch: Scratch,
    loss_db: Float32Array,
) -> tuple[int, float]:
    """Free-space loss over the slant distance, for receivers at the foot of the mast."""
    rise_m = (scratch.h_m[n] + link.hrg_m) - (scratch.h_m[0] + link.htg_m)
    slant_km = max(math.hypot(d_km, 0.001 * rise_m), 0.001)
    for k in range(signals.f_ghz.size):
        loss_db[k, :] = free_space_loss_db(slant_km, signals.f_ghz[k])
    return NEAR_FIELD, 1000.0 * math.atan2(rise_m, 1000.0 * d_km)
