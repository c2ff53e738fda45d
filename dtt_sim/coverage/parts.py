"""A mast's path losses in parts, each computed anywhere and put together to the same bits.

A part is a range of wedges round the mast, that is an azimuth sector, with about as many receivers as any
other. A receiver's value depends on its own path alone, so that the parts of a grid are those of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim.coverage.binning import Bins
from dtt_sim.coverage.field import kernel_signals
from dtt_sim.coverage.path import Link, Signals
from dtt_sim.coverage.request import Emission, Mast, Prediction, warp_cell
from dtt_sim.coverage.result import LossArrays
from dtt_sim.coverage.sectors import (
    MAX_SECTOR_BYTES,
    bin_grid,
    finish_grid,
    plan_sectors,
    solve_near,
    solve_plan,
)
from dtt_sim.coverage.timing import StageTimes
from dtt_sim.typing import Float32Array, IntArray, UInt8Array
from terrain.grid import Grid
from terrain.ground import GroundSource
from terrain.local import LocalFrame


class PartRequest(NamedTuple):
    """What a part belongs to.

    Attributes
    ----------
    mast : Mast
    emissions : tuple of Emission
        That share the mast's geometry.
    grid : Grid
        Receiving grid.
    prediction : Prediction
    """

    mast: Mast
    emissions: tuple[Emission, ...]
    grid: Grid
    prediction: Prediction


class PartResult(NamedTuple):
    """Losses of some receivers.

    Attributes
    ----------
    cell : (n,) int64
        Flat positions on the grid.
    loss_db : (n_emission, n_time, n) float32
    departure_deg : (n,) float32
    flag : (n,) uint8
    """

    cell: IntArray
    loss_db: Float32Array
    departure_deg: Float32Array
    flag: UInt8Array


class _Setting(NamedTuple):
    link: Link
    signals: Signals
    cell_m: float
    radius_m: float
    out: LossArrays
    bins: Bins


def _set_up(source: GroundSource, request: PartRequest) -> _Setting:
    mast, grid, prediction = request.mast, request.grid, request.prediction
    link = Link(mast.lat_deg, mast.lon_deg, mast.height_above(source), prediction.rx_height_agl_m)
    signals = kernel_signals(request.emissions, prediction, grid)
    cell_m, radius_m = warp_cell(source, None), 1000.0 * float(signals.radius_km.max())
    out = LossArrays.empty(len(request.emissions), len(prediction.p_time_percent), grid.shape)
    frame = LocalFrame(link.lat_deg, link.lon_deg)
    bins = bin_grid(frame, grid, out, cell_m=cell_m, radius_m=radius_m, times=StageTimes())
    return _Setting(link, signals, cell_m, radius_m, out, bins)


def solve_part(source: GroundSource, request: PartRequest, number: int, count: int) -> PartResult:
    """Losses of one part of `count`.

    Parameters
    ----------
    source : GroundSource
        In memory, or in files of which the part's window is read.
    request : PartRequest
    number : int
        0 .. count - 1; the first has the receivers at the foot of the mast as well.
    count : int
    """
    s = _set_up(source, request)
    before = s.out.flag.copy()
    plan = list(_share(s.bins, source.has_clutter, number, count))
    solve_plan(
        source, s.link, s.signals, request.prediction, request.grid, s.out, None, bins=s.bins,
        plan=plan, cell_m=s.cell_m, radius_m=s.radius_m, times=StageTimes(),
    )  # fmt: skip
    if number == 0:
        solve_near(
            source, s.link, s.signals, request.prediction, request.grid, s.bins, s.cell_m, s.out
        )
    departure, flag = s.out.departure_deg.reshape(-1), s.out.flag.reshape(-1)
    cell = np.flatnonzero(~np.isnan(departure) | (flag != before.reshape(-1)))
    loss = s.out.loss_db.reshape(*s.out.loss_db.shape[:2], -1)
    return PartResult(cell, loss[:, :, cell], departure[cell], flag[cell])


def _share(bins: Bins, has_clutter: bool, number: int, count: int) -> Any:
    """Sectors of a part: those of the plan, cut where the receivers of one part end."""
    total = int(bins.start[-1])
    first, last = (
        int(np.searchsorted(bins.start, round(total * k / count), side="left"))
        for k in (number, number + 1)
    )
    if number == count - 1:
        last = bins.start.size - 1
    for quadrant, k0, k1 in plan_sectors(bins, has_clutter, MAX_SECTOR_BYTES):
        zero = bins.wedges(quadrant, 0, 0).start
        begin, end = max(k0, first - zero), min(k1, last - zero)
        if begin < end and bins.start[zero + end] > bins.start[zero + begin]:
            yield quadrant, begin, end


def join_parts(
    source: GroundSource, request: PartRequest, parts: Sequence[PartResult]
) -> dict[str, NDArray[Any]]:
    """Arrays of the whole grid from all its parts; what :func:`path_loss` computes at once."""
    s = _set_up(source, request)
    departure, flag = s.out.departure_deg.reshape(-1), s.out.flag.reshape(-1)
    loss = s.out.loss_db.reshape(*s.out.loss_db.shape[:2], -1)
    for part in parts:
        loss[:, :, part.cell] = part.loss_db
        departure[part.cell], flag[part.cell] = part.departure_deg, part.flag
    finish_grid(request.grid, s.out)
    return s.out.as_dict()
