"""Random receivers of a finished raster once more, path by path: how far off, and how much dearer.

Two references answer two questions. On the warped ground that the fast solver had,
:func:`dtt_sim.coverage.wedge.reference.solve_each` must give the same losses. On the raster itself
the per-path solver says what the warp and the resampling cost in dB.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from dtt_sim.coverage import per_path, sectors
from dtt_sim.coverage.binning import Bins, bin_receivers, wedge_numbers
from dtt_sim.coverage.flags import BEYOND, OK
from dtt_sim.coverage.path import Link, Signals
from dtt_sim.coverage.request import Prediction
from dtt_sim.coverage.result import LossArrays
from dtt_sim.coverage.wedge.layout import SectorArrays
from dtt_sim.coverage.wedge.reference import Receivers, solve_each
from dtt_sim.coverage.wedge.solve import Output
from dtt_sim.typing import Float32Array, IntArray, UInt8Array
from dtt_sim.workflow.bench.setting import SEED
from terrain.grid import Grid
from terrain.ground import Ground
from terrain.local import LocalFrame, receiver_positions
from terrain.profile import intervals
from terrain.resample import GroundAtCells
from terrain.sector import warp_sector
from terrain.threads import in_threads

TOLERANCE_DB = 1e-3
"""The two solvers agree to this; receivers on a branch of the Recommendation may not."""
_LISTED = 5
_ROUNDS = 3
_PARTS = 4  # in which every thread of the reference takes its receivers
_LEAST_S = 0.2  # of a run in threads, beside which their start is nothing


@dataclass(frozen=True, eq=False)
class Problem:
    """What the fast solver was given, and what it answered."""

    ground: Ground
    link: Link
    signals: Signals
    prediction: Prediction
    grid: Grid
    cell_m: float
    out: LossArrays


@dataclass(frozen=True, eq=False)
class _Chosen:
    """Random receivers: flat index, wedge number, positions; and what the fast solver found."""

    at: IntArray
    number: IntArray
    receivers: Receivers
    loss_db: Float32Array  # (n_emission, n_time, n)
    flag: UInt8Array


def compare(problem: Problem, samples: int) -> dict[str, Any]:
    """Compare random receivers with both references, and time those on the same receivers."""
    bins, chosen = _choose(problem, samples)
    if chosen.at.size == 0:
        return {}
    exact, cost = _on_warped_ground(problem, bins, chosen)
    resampling, own_cost = _on_the_raster(problem, chosen)
    return {
        "samples": int(chosen.at.size),
        "exact": exact,
        "resampling": resampling,
        "reference": cost,
        "per_path": own_cost,
    }


def _choose(problem: Problem, samples: int) -> tuple[Bins, _Chosen]:
    """Receivers as the solver sorted them, and some drawn from all of its wedges."""
    frame = LocalFrame(problem.link.lat_deg, problem.link.lon_deg)
    east_m, north_m = receiver_positions(frame, problem.grid)
    flag = np.full(problem.grid.shape, BEYOND, np.uint8)
    radius_m = 1000.0 * float(problem.signals.radius_km.max())
    bins = bin_receivers(east_m, north_m, flag, cell_m=problem.cell_m, radius_m=radius_m)
    flag.reshape(-1)[bins.near] = BEYOND
    inside = np.flatnonzero(flag.reshape(-1) == OK)
    rng = np.random.default_rng(SEED)
    at = np.sort(rng.choice(inside, min(samples, inside.size), replace=False))
    ground = GroundAtCells.of(problem.ground, problem.grid)
    read = [
        _read(ground, int(row), int(col))
        for row, col in zip(*np.divmod(at, problem.grid.n_col), strict=True)
    ]
    height_m, zone, clutter_m = (np.concatenate(values) for values in zip(*read, strict=True))
    known = np.isfinite(height_m)
    at = at[known]
    own = Receivers(
        east_m.reshape(-1)[at], north_m.reshape(-1)[at], height_m[known], zone[known],
        clutter_m[known],
    )  # fmt: skip
    number = wedge_numbers(own.east_m, own.north_m, problem.cell_m, radius_m, bins.q)
    loss = problem.out.loss_db.reshape(*problem.out.loss_db.shape[:2], -1)
    return bins, _Chosen(at, number, own, loss[:, :, at], problem.out.flag.reshape(-1)[at])


def _read(
    ground: GroundAtCells, row: int, col: int
) -> tuple[Float32Array, UInt8Array, Float32Array]:
    """Height, zone and clutter at one cell, as arrays of one."""
    height, zone, clutter = ground.read(slice(row, row + 1), slice(col, col + 1), with_clutter=True)
    return height[0], zone[0], clutter[0]


def _empty(signals: Signals, n: int) -> Output:
    shape = signals.f_ghz.size, signals.p_time.size, n
    return Output(
        np.full(shape, np.nan, np.float32), np.full(n, np.nan, np.float32), np.zeros(n, np.uint8)
    )


def _seconds(work: Callable[[], object]) -> float:
    """The shortest of a few runs: the reference is shown at its best."""
    runs = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        runs.append(time.perf_counter() - start)
    return min(runs)


def _on_warped_ground(
    problem: Problem, bins: Bins, chosen: _Chosen
) -> tuple[dict[str, Any], dict[str, Any]]:
    link, signals = problem.link, problem.signals
    frame = LocalFrame(link.lat_deg, link.lon_deg)
    atmosphere = sectors.lattice_atmosphere(frame, problem.prediction, bins.q * problem.cell_m)
    out = _empty(signals, chosen.at.size)
    single_s = threads_s = 0.0
    threads = numba.get_num_threads()
    n_sample = n_timed = 0
    limit = sectors.MAX_SECTOR_BYTES
    for quadrant, k0, k1 in sectors.plan_sectors(bins, problem.ground.has_clutter, limit):
        first = 2 * bins.q * quadrant + bins.q
        own = np.flatnonzero((chosen.number >= first + k0) & (chosen.number < first + k1))
        if own.size == 0:
            continue
        sector = warp_sector(
            problem.ground, frame, quadrant=quadrant, q=bins.q, k0=k0, k1=k1,
            n_col=int(bins.columns[quadrant]), cell_m=problem.cell_m,
        )  # fmt: skip
        setup = sectors.sector_setup(sector, link, signals, atmosphere)
        arrays = SectorArrays(
            sector.first_row, sector.offset, sector.height_m, sector.clutter_m, sector.zone
        )

        def solve(
            some: IntArray, arrays: SectorArrays = arrays, setup: Any = setup, w: int = quadrant
        ) -> None:
            solve_each(
                arrays, setup, w, link.htg_m, chosen.receivers, some, atmosphere, signals, out
            )

        solve(own)
        own = own[np.isfinite(out.loss_db[0, 0, own])]  # what counts as a pixel, and is timed
        if own.size == 0:
            continue
        n_timed += own.size
        alone_s = _seconds(lambda solve=solve, own=own: solve(own))  # type: ignore[misc]
        single_s += alone_s
        n_times = 1 + int(_LEAST_S * threads / alone_s)
        parts = np.array_split(np.tile(own, n_times), min(_PARTS * threads, own.size))
        threads_s += (
            _seconds(lambda solve=solve, parts=parts: in_threads(solve, parts)) / n_times  # type: ignore[misc]
        )
        east_m, north_m = (
            np.abs(chosen.receivers.east_m[own]),
            np.abs(chosen.receivers.north_m[own]),
        )
        n_sample += int(np.rint(np.maximum(east_m, north_m) / problem.cell_m).sum())
    n = max(n_timed, 1)
    cost = {
        "single_thread_us": 1e6 * single_s / n,
        "all_threads_us_per_core": 1e6 * threads_s * threads / n,
        "ns_per_sample": 1e9 * single_s / max(n_sample, 1),
        "samples_per_path": n_sample / n,
    }
    return _exactness(chosen, out), cost


def _exactness(chosen: _Chosen, out: Output) -> dict[str, Any]:
    """Deviation of the fast solver from the same paths drawn one by one."""
    away = np.abs(chosen.loss_db.astype(np.float64) - out.loss_db)
    one_is_missing = np.isnan(chosen.loss_db) != np.isnan(out.loss_db)
    known = away[np.isfinite(away)]
    worst = np.nan_to_num(away, nan=0.0).max(axis=(0, 1))
    listed = [int(p) for p in np.argsort(-worst)[:_LISTED] if worst[p] > TOLERANCE_DB]
    east, north = chosen.receivers.east_m, chosen.receivers.north_m
    middle, most = np.quantile(known, (0.5, 0.999)) if known.size else (np.nan, np.nan)
    return {
        "median_db": float(middle),
        "q999_db": float(most),
        "max_db": float(known.max()) if known.size else float("nan"),
        "over_tolerance": int(np.count_nonzero(worst > TOLERANCE_DB)),
        "flag_differs": int(np.count_nonzero(chosen.flag != out.flag)),
        "value_missing": int(np.count_nonzero(one_is_missing.any(axis=(0, 1)))),
        "listed": [
            {
                "east_m": float(east[p]),
                "north_m": float(north[p]),
                "difference_db": float(worst[p]),
            }
            for p in listed
        ],
    }


def _on_the_raster(
    problem: Problem, chosen: _Chosen
) -> tuple[list[dict[str, float]], dict[str, float]]:
    """Difference from the per-path solver on the ground as it came, by percentage of time."""
    row, col = np.divmod(chosen.at.astype(np.float64), problem.grid.n_col)
    lon, lat = problem.grid.lonlat_of_index(row, col)
    given = problem.ground, problem.link, problem.signals, problem.prediction
    found = per_path.solve_points(*given, lon, lat)
    seconds = _seconds(lambda: per_path.solve_points(*given, lon, lat))
    away = np.abs(chosen.loss_db - found.loss_db.transpose(1, 2, 0))
    metres = np.hypot(chosen.receivers.east_m, chosen.receivers.north_m).astype(np.float64)
    steps = int(np.asarray(intervals(metres, problem.ground.resolution_m)).sum())
    n = chosen.at.size
    cost = {
        "all_threads_us_per_core": 1e6 * seconds * numba.get_num_threads() / n,
        "samples_per_path": steps / n,
    }
    return [
        {"p_time_percent": float(p), **quantiles(away[:, j])}
        for j, p in enumerate(problem.signals.p_time)
    ], cost


def quantiles(away_db: NDArray[Any]) -> dict[str, float]:
    """Median, 90 %, 99 % and greatest of the differences that are known [dB]."""
    known = away_db[np.isfinite(away_db)]
    if known.size == 0:
        return dict.fromkeys(("median_db", "q90_db", "q99_db", "max_db"), float("nan"))
    values = np.quantile(known, (0.5, 0.9, 0.99, 1.0))
    return dict(zip(("median_db", "q90_db", "q99_db", "max_db"), map(float, values), strict=True))
