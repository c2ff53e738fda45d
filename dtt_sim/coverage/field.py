"""Path loss of one mast over a receiving grid, and the field strength that follows from it.

What is computed and kept is basic transmission loss, per pair of percentages of time and locations,
with the departure angle: radiated power, pattern and tilt are applied afterwards, at no cost. Two
solvers answer: the wedge search (:mod:`dtt_sim.coverage.sectors`), which is the default, and the
per-path reference (:mod:`dtt_sim.coverage.per_path`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

import numpy as np

from dtt_sim.antenna.pattern import attenuation_db
from dtt_sim.coverage.request import (
    Emission,
    Mast,
    Prediction,
    Progress,
    RefractivityMap,
    Solver,
)
from dtt_sim.coverage.result import LossArrays, loss_dataset
from dtt_sim.errors import ModelDomainError
from dtt_sim.model import Transmitter
from terrain.grid import Grid
from terrain.ground import GroundSource

if TYPE_CHECKING:
    import xarray as xr

    from dtt_sim.coverage.path import Signals

__all__ = [
    "FIELD_STRENGTH_CONSTANT_DB",
    "Emission",
    "Mast",
    "Prediction",
    "Progress",
    "RefractivityMap",
    "Solver",
    "field_strength",
    "loss_dataset",
    "path_loss",
]

FIELD_STRENGTH_CONSTANT_DB = 199.36 - 30.0
"""P.1812 eq. (70) for power in dBW instead of kW [dB]."""


def path_loss(
    ground: GroundSource,
    mast: Mast,
    *,
    grid: Grid,
    emissions: Sequence[Emission],
    prediction: Prediction,
    solver: Solver = "wedge",
    warp_cell_m: float | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Basic transmission loss from a mast to every cell of a grid, each on its own path.

    Parameters
    ----------
    ground : Ground or GroundFiles
        In memory, or in files of which a sector at a time is read.
    mast : Mast
    grid : Grid
        Receiving grid, in any coordinate system.
    emissions : sequence of Emission
        Signals of the mast; they share one geometry.
    prediction : Prediction
    solver : {"wedge", "per_path"}
        The fast solver on the ground warped round the mast, or the reference on the raster itself.
        docs/solver.md shows what the warp costs.
    warp_cell_m : float, optional
        Cell size of the warped ground [m]; by default :func:`dtt_sim.coverage.request.warp_cell`.
    progress : callable, optional
        Called with the number of cells finished since the last call.

    Returns
    -------
    xarray.Dataset
        `loss_db` (emission, p_time, y, x) float32, not exceeded for p_time % of time and
        `p_location` % of locations; `departure_deg` (y, x) float32, above the horizontal;
        `azimuth_deg`, `distance_km` (y, x); `flag` (y, x) uint8, see
        :mod:`dtt_sim.coverage.flags`. NaN where the flag says why.

    Raises
    ------
    ModelDomainError
        A mast outside the terrain, or a height or frequency outside P.1812's domain.
    """
    from dtt_sim.coverage import per_path, sectors
    from dtt_sim.coverage.path import Link

    if solver not in get_args(Solver):
        msg = f"solver {solver!r} is none; use {' or '.join(map(repr, get_args(Solver)))}"
        raise ModelDomainError(msg)
    if not emissions:
        msg = "no emissions: give a frequency at least"
        raise ModelDomainError(msg)
    link = Link(mast.lat_deg, mast.lon_deg, mast.height_above(ground), prediction.rx_height_agl_m)
    signals = kernel_signals(emissions, prediction, grid)
    out = LossArrays.empty(len(emissions), len(prediction.p_time_percent), grid.shape)
    if solver == "wedge":
        sectors.solve_grid(
            ground, link, signals, prediction, grid, out, progress, warp_cell_m=warp_cell_m
        )
    else:
        per_path.solve_grid(ground, link, signals, prediction, grid, out, progress)
    return loss_dataset(
        out.as_dict(),
        ground,
        mast,
        grid=grid,
        emissions=emissions,
        prediction=prediction,
        solver=solver,
    )


def kernel_signals(emissions: Sequence[Emission], prediction: Prediction, grid: Grid) -> Signals:
    """What the kernels need of the emissions and the percentages, over a grid."""
    # Of the square that a receiving cell is, before the antenna's height counts.
    return signals_of(emissions, prediction, math.sqrt(math.prod(grid.cell_size_m())))


def signals_of(emissions: Sequence[Emission], prediction: Prediction, side_m: float) -> Signals:
    """What the kernels need of the emissions and the percentages, in squares of a side."""
    from dtt_sim.coverage.cpu import location_deviations
    from dtt_sim.coverage.path import Signals

    f_ghz = np.array([0.001 * e.frequency_mhz for e in emissions])
    given = prediction.location_sigma_db
    if given is None:
        sigma = location_deviations(f_ghz, side_m)
    else:
        sigma = np.full(f_ghz.size, float(given))
    return Signals(
        f_ghz,
        np.array([1 if e.polarisation == "horizontal" else 2 for e in emissions]),
        np.array(prediction.p_time_percent, np.float64),
        np.array(prediction.locations_percent, np.float64),
        np.array(prediction.radius_km, np.float64),
        sigma,
        given is None,
    )


def field_strength(
    loss: xr.Dataset, transmitter: Transmitter, *, emission: int = 0, offset_db: float = 0.0
) -> xr.DataArray:
    """Field strength of a transmitter from the path loss of its mast [dB(µV/m)].

    Exceeded for `p_time` % of time at 50 % of locations. The antenna's attenuation is taken at the
    true azimuth and departure angle. Rec. ITU-R P.1812-8 eq. (70). `offset_db` is what measurements
    showed the model to lack [dB]; the attribute `measured_offset_db` says that it is in.

    Returns
    -------
    xarray.DataArray
        (p_time, y, x) float32.
    """
    attenuation = attenuation_db(
        transmitter.antenna, loss["azimuth_deg"].to_numpy(), loss["departure_deg"].to_numpy()
    )
    frequency = float(loss["frequency_mhz"][emission])
    level = FIELD_STRENGTH_CONSTANT_DB + 20.0 * math.log10(0.001 * frequency) + transmitter.erp_dbw
    level += offset_db
    e = (level - loss["loss_db"].isel(emission=emission) - attenuation).astype(np.float32)
    e.name = "e_dbuv_m"
    e.attrs = {
        "units": "dB(uV/m)",
        "long_name": "field strength exceeded for p_time % of time at 50 % of locations",
        "crs": loss.attrs["crs"],
        "transmitter": transmitter.id,
    }
    if offset_db:
        e.attrs["measured_offset_db"] = offset_db
    return e
