"""The reference solver over a receiving grid or a list of points: each receiver on its own path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtt_sim.coverage.cpu import solve_paths
from dtt_sim.coverage.path import GroundArrays, Link, Signals
from dtt_sim.coverage.request import Prediction, Progress
from dtt_sim.coverage.result import LossArrays
from dtt_sim.typing import Float32Array, Float64Array, UInt8Array
from terrain.grid import WGS84, Grid
from terrain.ground import Ground, GroundSource
from terrain.profile import intervals, path_nodes
from terrain.threads import in_threads

_BLOCK_CELLS = 20_000
_MARGIN_DEG = 0.1  # great circles bulge beyond the box of their ends
_CHUNK = 256  # receivers a thread takes at a time


@dataclass(frozen=True, eq=False)
class PointLosses:
    """Losses of a list of receivers.

    Attributes
    ----------
    loss_db : (n, n_emission, n_time) float32
    departure_mrad : (n,) float32
    flag : (n,) uint8
    """

    loss_db: Float32Array
    departure_mrad: Float32Array
    flag: UInt8Array


def solve_points(
    ground: Ground,
    link: Link,
    signals: Signals,
    prediction: Prediction,
    lon_deg: Float64Array,
    lat_deg: Float64Array,
) -> PointLosses:
    """Losses from a mast to points `(n,)`, over all cores."""
    n = lon_deg.size
    result = PointLosses(
        np.empty((n, signals.f_ghz.size, signals.p_time.size), np.float32),
        np.empty(n, np.float32),
        np.empty(n, np.uint8),
    )
    if n == 0:
        return result
    start = np.full(n, link.lon_deg), np.full(n, link.lat_deg)
    forward, _, metres = (np.asarray(v) for v in WGS84.inv(*start, lon_deg, lat_deg))
    rows, cols = path_nodes(ground.grid, link.lon_deg, link.lat_deg, forward, metres)
    delta_n, n0 = np.full(n, prediction.delta_n), np.full(n, prediction.n0)
    if prediction.refractivity is not None:
        centre_lon, centre_lat, _ = WGS84.fwd(*start, forward, 0.5 * metres)
        delta_n, n0 = prediction.refractivity.at(np.asarray(centre_lon), np.asarray(centre_lat))
    rasters = GroundArrays(ground.height_m, ground.zone, ground.clutter_m)
    n_interval = intervals(metres, ground.resolution_m)
    lonlat = np.stack([lon_deg, lat_deg])

    def solve(first: int) -> None:
        part = slice(first, min(first + _CHUNK, n))
        solve_paths(
            rasters, rows[part], cols[part], 0.001 * metres[part], n_interval[part],
            np.ascontiguousarray(lonlat[:, part]), delta_n[part], n0[part], link, signals,
            result.loss_db[part], result.departure_mrad[part], result.flag[part],
        )  # fmt: skip

    in_threads(solve, range(0, n, _CHUNK))
    return result


def solve_grid(
    source: GroundSource,
    link: Link,
    signals: Signals,
    prediction: Prediction,
    grid: Grid,
    out: LossArrays,
    progress: Progress | None,
) -> None:
    """Losses of every cell of a grid within the largest radius, block of rows by block."""
    west, south, east, north = grid.bounds_lonlat()
    tx_lon = link.lon_deg + 360.0 * round((0.5 * (west + east) - link.lon_deg) / 360.0)
    ground = source.window(
        (
            min(west, tx_lon) - _MARGIN_DEG,
            max(min(south, link.lat_deg) - _MARGIN_DEG, -89.0),
            max(east, tx_lon) + _MARGIN_DEG,
            min(max(north, link.lat_deg) + _MARGIN_DEG, 89.0),
        )
    )
    rows_per_block = max(1, _BLOCK_CELLS // grid.n_col)
    for top in range(0, grid.n_row, rows_per_block):
        rows = slice(top, min(top + rows_per_block, grid.n_row))
        lon, lat = grid.lonlat(rows)
        start = np.full(lon.shape, link.lon_deg), np.full(lon.shape, link.lat_deg)
        forward, _, metres = WGS84.inv(*start, lon, lat)
        out.azimuth_deg[rows] = np.mod(forward, 360.0)
        out.distance_km[rows] = 0.001 * metres
        near = np.asarray(0.001 * metres <= signals.radius_km.max())
        found = solve_points(ground, link, signals, prediction, lon[near], lat[near])
        write_points(out, np.flatnonzero(near) + top * grid.n_col, found)
        if progress is not None:
            progress((rows.stop - rows.start) * grid.n_col)


def write_points(out: LossArrays, cell: NDArray[np.intp], found: PointLosses) -> None:
    """Put the losses of points into the cells (flat indices) that they belong to."""
    loss = out.loss_db.reshape(*out.loss_db.shape[:2], -1)
    loss[:, :, cell] = found.loss_db.transpose(1, 2, 0)
    out.departure_deg.reshape(-1)[cell] = np.degrees(0.001 * found.departure_mrad)
    out.flag.reshape(-1)[cell] = found.flag
