"""The per-path solver on the warped ground of a sector: what the wedge search must equal.

Every receiver's profile is drawn through the sector's nodes by itself and handed to
:func:`dtt_sim.propagation.p1812.analyse`; no strip, no bound and no other receiver has a part in it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dtt_sim._jit import driver, kernel
from dtt_sim.coverage.flags import OK, OUTSIDE, VOID
from dtt_sim.coverage.path import Signals, location_share
from dtt_sim.coverage.wedge.group import to_range_and_cross
from dtt_sim.coverage.wedge.layout import SectorArrays, Setup
from dtt_sim.coverage.wedge.solve import (
    Atmosphere,
    Output,
    _atmosphere_at,
)
from dtt_sim.propagation.p1812 import Path, analyse, loss_parts, total_loss_db
from dtt_sim.propagation.variability import location_loss_db
from dtt_sim.typing import Float32Array, Float64Array, IntArray, UInt8Array


class Receivers(NamedTuple):
    """Receivers in any order.

    Attributes
    ----------
    east_m, north_m : (n,) float32
        Position from the transmitter [m].
    height_m : (n,) float32
        Ground above sea level at the receiver [m].
    zone : (n,) uint8
        Zone code at the receiver.
    clutter_m : (n,) float32
        Representative clutter height at the receiver [m]; of size 0 where nothing depends on it.
    """

    east_m: Float32Array
    north_m: Float32Array
    height_m: Float32Array
    zone: UInt8Array
    clutter_m: Float32Array


@kernel
def sample_warped_path(
    sector: SectorArrays,
    has_clutter: bool,
    t: float,
    n: int,
    h_out: Float64Array,
    clutter_out: Float64Array,
    zone_out: UInt8Array,
) -> int:
    """Ground at the columns 0 .. n-1 of a path of slope `t`; 1 with a void, 2 where one is outside.

    Heights are interpolated between the two rows next to the path, clutter and zone taken from the
    nearer one.
    """
    status = 0
    for i in range(n):
        u = i * t
        row = math.floor(u)
        at = sector.offset[i] + int(row) - sector.first_row[i]
        at = min(at, sector.offset[i + 1] - 2)
        share = u - (at - sector.offset[i] + sector.first_row[i])
        low, high = np.float64(sector.height_m[at]), np.float64(sector.height_m[at + 1])
        h_out[i] = low + share * (high - low)
        near = at + (1 if share >= 0.5 else 0)
        zone_out[i] = sector.zone[near]
        clutter_out[i] = sector.clutter_m[near] if has_clutter else 0.0
        if math.isnan(low) or math.isnan(high):
            for m in (at, at + 1):
                if math.isnan(sector.height_m[m]):
                    status = max(status, 2 if sector.zone[m] == 9 else 1)
    return status


@driver
def solve_each(
    sector: SectorArrays,
    setup: Setup,
    quadrant: int,
    htg_m: float,
    receivers: Receivers,
    chosen: IntArray,
    atmosphere: Atmosphere,
    signals: Signals,
    out: Output,
) -> None:
    """Losses of the receivers `chosen` of a quadrant, each on its own path."""
    n_col = sector.first_row.size
    d_km, h_m, clutter_m = np.empty(n_col + 1), np.empty(n_col + 1), np.empty(n_col + 1)
    zone = np.empty(n_col + 1, np.uint8)
    for at in chosen:
        east_m, north_m = np.float64(receivers.east_m[at]), np.float64(receivers.north_m[at])
        along, across = to_range_and_cross(quadrant, east_m, north_m)
        cell_m = 1000.0 * setup.cell_km
        x, t = along / cell_m, across / along
        n = int(x + 0.5)
        step_km = setup.cell_km * math.sqrt(1.0 + t * t)
        status = sample_warped_path(sector, setup.has_clutter, t, n, h_m, clutter_m, zone)
        if status != 0:
            out.flag[at] = VOID if status == 1 else OUTSIDE
            out.loss_db[:, :, at] = np.nan
            continue
        for i in range(n):
            d_km[i] = i * step_km
        d_km[n], h_m[n], clutter_m[n] = x * step_km, np.float64(receivers.height_m[at]), 0.0
        zone[n] = receivers.zone[at]
        lat_deg, delta_n, n0 = _atmosphere_at(atmosphere, east_m, north_m)
        geometry = analyse(
            d_km, h_m, clutter_m, zone, n,
            Path(htg_m, setup.hrg_m, lat_deg, delta_n, n0, -1.0, -1.0),
        )  # fmt: skip
        out.flag[at] = OK
        out.departure_deg[at] = np.float32(math.degrees(0.001 * geometry.theta_t_mrad))
        for k in range(signals.f_ghz.size):
            for j in range(signals.p_time.size):
                clutter = np.float64(receivers.clutter_m[at]) if receivers.clutter_m.size else 0.0
                sigma = signals.sigma_db[k] * location_share(
                    signals.sigma_falls, setup.hrg_m, clutter
                )
                parts = loss_parts(
                    geometry, signals.f_ghz[k], signals.p_time[j], signals.polarisation[k]
                )
                loss = total_loss_db(
                    parts,
                    location_loss_db(signals.p_location[j], sigma, geometry.is_rx_at_sea),
                )
                out.loss_db[k, j, at] = np.float32(
                    loss if d_km[n] <= signals.radius_km[j] else np.nan
                )
