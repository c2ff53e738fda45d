"""CPU driver of the reference solver: every receiver on its own path, drawn by itself."""

from __future__ import annotations

import numpy as np

from dtt_sim._jit import driver
from dtt_sim.coverage.path import GroundArrays, Link, Scratch, Signals, path_loss
from dtt_sim.propagation.variability import location_sigma_db
from dtt_sim.typing import Float32Array, Float64Array, IntArray, UInt8Array
from terrain.profile import path_coefficients


@driver
def solve_paths(
    ground: GroundArrays,
    row_nodes: Float64Array,
    col_nodes: Float64Array,
    d_km: Float64Array,
    n_interval: IntArray,
    rx_lonlat_deg: Float64Array,
    delta_n: Float64Array,
    n0: Float64Array,
    link: Link,
    signals: Signals,
    loss_db: Float32Array,
    departure_mrad: Float32Array,
    code: UInt8Array,
) -> None:
    """Loss of every path of a block, in one thread with its own buffers.

    Parameters
    ----------
    row_nodes, col_nodes : (n_path, n_node) float64
        Paths through the raster, from :func:`terrain.profile.path_nodes`.
    d_km, n_interval : (n_path,)
        Geodesic distance [km] and number of equal intervals.
    rx_lonlat_deg : (2, n_path) float64
        Longitudes and latitudes of the receivers [deg].
    delta_n, n0 : (n_path,) float64
        Refractivity at the paths' centres.
    loss_db : (n_path, n_emission, n_time) float32
        Written.
    departure_mrad, code : (n_path,)
        Written: departure angle [mrad] and :mod:`dtt_sim.coverage.flags` code.
    """
    longest = 2
    for i in range(n_interval.size):
        longest = max(longest, n_interval[i] + 1)
    scratch = Scratch(
        np.empty(longest), np.empty(longest), np.empty(longest), np.empty(longest, np.uint8)
    )
    row_coef = np.empty(row_nodes.shape[1])
    col_coef = np.empty(row_nodes.shape[1])
    for i in range(d_km.size):
        path_coefficients(row_nodes[i], row_coef)
        path_coefficients(col_nodes[i], col_coef)
        code[i], departure_mrad[i] = path_loss(
            ground,
            row_coef,
            col_coef,
            d_km[i],
            n_interval[i],
            rx_lonlat_deg[1, i],
            rx_lonlat_deg[0, i],
            delta_n[i],
            n0[i],
            link,
            signals,
            scratch,
            loss_db[i],
        )


@driver
def location_deviations(f_ghz: Float64Array, side_m: float) -> Float64Array:
    """Standard deviation over the locations in squares of a side, at clutter height [dB].

    Rec. ITU-R P.1812-8 section 4.8, before it falls with the antenna's height over the clutter.
    """
    out = np.empty(f_ghz.size)
    for k in range(f_ghz.size):
        out[k] = location_sigma_db(f_ghz[k], side_m, 0.0, 0.0)
    return out
