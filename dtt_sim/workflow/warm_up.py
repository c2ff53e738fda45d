"""Compile what a run needs before its first use, in two processes at a time.

Compilation holds the interpreter, so that threads do not share it. What one process compiles and
keeps on disk the other reads: call :func:`dtt_sim._jit.enable_cache` first.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np


def compile_all() -> None:
    """Compile the wedge search here, and meanwhile all else in a second process."""
    other = subprocess.Popen(
        [sys.executable, "-m", "dtt_sim.workflow.warm_up"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        compile_search()
    finally:
        other.wait()  # should it fail, its part is compiled where it is called


def compile_search() -> None:
    """Have the wedge search answer for no wedge at all."""
    from dtt_sim.coverage.path import Signals
    from dtt_sim.coverage.wedge.layout import SectorArrays, Setup
    from dtt_sim.coverage.wedge.solve import Atmosphere, Output, empty_receivers, solve_wedges

    none, one = np.zeros(0, np.float32), np.ones(1)
    sector = SectorArrays(
        np.zeros(1, np.int32), np.zeros(2, np.int64), none, none, np.zeros(0, np.uint8)
    )
    setup = Setup(1, 1.0, 0.0, 10.0, 10.0, 1.0, 1.0, 1.0, 1.0, False, False, 0)
    signals = Signals(one, np.ones(1, np.int64), one, one, one, one, False)
    out = Output(np.zeros((1, 1, 0), np.float32), none, np.zeros(0, np.uint8))
    solve_wedges(
        sector, setup, 0, 0, 0, 10.0, 4, empty_receivers(0, with_clutter=False),
        np.zeros(1, np.int64), Atmosphere(np.zeros((2, 2, 3)), 0.0, 0.0, 1.0), signals, out, False,
    )  # fmt: skip


def compile_rest() -> None:
    """Have all but the wedge search work on a few cells."""
    from dtt_sim.coverage import sectors
    from dtt_sim.coverage.binning import bin_receivers, pack_receivers
    from dtt_sim.coverage.field import Emission, Mast, Prediction, path_loss
    from dtt_sim.coverage.flags import BEYOND
    from dtt_sim.coverage.wedge.solve import empty_receivers
    from terrain.grid import Grid
    from terrain.local import LocalFrame, receiver_positions
    from terrain.profile import extract
    from terrain.resample import GroundAtCells
    from terrain.sector import warp_sector
    from terrain.synthetic import fractal_ground

    grid = Grid.from_lonlat_box(104.0, 9.8, 104.4, 10.2, crs="EPSG:4326", cell_size=1.0 / 60.0)
    ground, mast = fractal_ground(grid, seed=1), Mast(10.0, 104.2, 80.0)
    path_loss(
        ground, mast, grid=grid, emissions=[Emission(570.0)], prediction=Prediction(53.5, 381.0),
        solver="per_path",
    )  # fmt: skip
    frame = LocalFrame(mast.lat_deg, mast.lon_deg)
    cell_m, radius_m = 500.0, 20_000.0
    east_m, north_m = receiver_positions(frame, grid)
    flag = np.full(grid.shape, BEYOND, np.uint8)
    bins = bin_receivers(east_m, north_m, flag, cell_m=cell_m, radius_m=radius_m)
    sector = next(iter(sectors.plan_sectors(bins, False, sectors.MAX_SECTOR_BYTES)))
    pack_receivers(
        bins, sector, east_m, north_m, GroundAtCells.of(ground, grid), flag,
        empty_receivers(int(bins.start[-1]), with_clutter=False), cell_m=cell_m, radius_m=radius_m,
    )  # fmt: skip
    quadrant, k0, k1 = sector
    warped = warp_sector(
        ground, frame, quadrant=quadrant, q=bins.q, k0=k0, k1=k1,
        n_col=int(bins.columns[quadrant]), cell_m=cell_m,
    )  # fmt: skip
    sectors.only_zone(warped.zone)
    extract(ground, 104.1, 9.9, 104.3, 10.1)
    _compile_service()


def _compile_service() -> None:
    """Have two stations serve one cell."""
    from dtt_sim.network.dvbt2 import Mode
    from dtt_sim.network.multiplex import Group, StationFields, evaluate_multiplex
    from dtt_sim.network.reception import Reception, link_budget
    from dtt_sim.network.sfn import window_of

    mode = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
    cell = np.full((1, 1), 50.0, np.float32)
    group = Group((0, 1), link_budget(mode, Reception("fixed"), 570.0))
    place = np.full((1, 1), 105.0)
    stations = [StationFields(name, 10.0, 105.0, cell, cell, cell) for name in ("A", "B")]
    evaluate_multiplex(stations, [group], (place, place), window=window_of(mode))


if __name__ == "__main__":
    from dtt_sim._jit import enable_cache

    enable_cache()
    compile_rest()
