"""One case: the clock by stages, the memory, the accuracy; in the process that calls."""

from __future__ import annotations

import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import numpy as np

from dtt_sim.coverage import sectors
from dtt_sim.coverage.field import field_strength, kernel_signals
from dtt_sim.coverage.path import Link, Signals
from dtt_sim.coverage.request import Emission, Mast, Prediction
from dtt_sim.coverage.result import LossArrays, loss_dataset
from dtt_sim.coverage.timing import StageTimes
from dtt_sim.errors import DttSimError
from dtt_sim.model import Transmitter
from dtt_sim.workflow.bench import memory
from dtt_sim.workflow.bench.ground import make_ground, node_grid, user_grid
from dtt_sim.workflow.bench.reference import Problem, compare
from dtt_sim.workflow.bench.setting import CASES, BenchSetting, Case
from dtt_sim.workflow.output import NODATA, write_cog
from terrain.build import load_ground
from terrain.grid import Grid
from terrain.ground import Ground

Stage = dict[str, float]
_WARM_UP_COLUMNS = 60
_ERP_KW = 10.0


def measure_case(
    setting: BenchSetting, name: str, *, with_references: bool = True
) -> dict[str, Any]:
    """Time a case, `setting.repeats` times, and compare its losses with the references.

    Parameters
    ----------
    name : str
        Of :data:`dtt_sim.workflow.bench.setting.CASES`.
    with_references : bool
        Whether the references compute their part.

    Returns
    -------
    dict
        Plain values: `stages` [s] of the fastest run, `seconds` of all, receivers inside the disc
        that got a loss, memory [byte], and what :func:`compare` says.
    """
    case = CASES[name]
    setting = replace(setting, radius_km=case.radius_share * setting.radius_km)
    ground, mast, cell_m, ground_name = make_ground(setting, case)
    make_grid = node_grid if case.on_nodes else user_grid
    grid = make_grid(mast, cell_m, setting.radius_km)
    prediction = Prediction(
        setting.delta_n,
        setting.n0,
        p_time_percent=case.p_time_percent,
        radius_km=(setting.radius_km,) * len(case.p_time_percent),
        rx_height_agl_m=setting.rx_height_m,
    )
    emission = Emission(setting.frequency_mhz)
    signals = kernel_signals([emission], prediction, grid)
    link = Link(mast.lat_deg, mast.lon_deg, mast.height_above(ground), setting.rx_height_m)
    warm = make_grid(mast, cell_m, 0.001 * cell_m * _WARM_UP_COLUMNS)
    _solve(ground, link, signals, prediction, warm, cell_m, StageTimes())
    common = {
        "case": name,
        "title": case.title,
        "terrain": ground_name,
        "radius_km": setting.radius_km,
        "cell_m": cell_m,
        "grid": {"crs": grid.crs, "shape": list(grid.shape)},
        "p_time_percent": list(case.p_time_percent),
        "threads": numba.get_num_threads(),
    }
    if case.from_file:
        del ground
        return common | _from_file(setting, case, mast, grid, prediction, emission, cell_m)
    runs: list[Stage] = []
    peak = None
    for _ in range(setting.repeats):
        before, is_reset = memory.resident(), memory.reset_peak()
        times = StageTimes()
        out = _solve(ground, link, signals, prediction, grid, cell_m, times)
        runs.append(times.seconds)
        peak = peak or _memory(before, is_reset, signals.f_ghz.size * signals.p_time.size + 3, grid)
    found = common | _summary(runs, out.loss_db) | {"memory": peak}
    if with_references:
        problem = Problem(ground, link, signals, prediction, grid, cell_m, out)
        found |= compare(problem, setting.samples)
        found |= _ratio(found)
    return found


def _ratio(found: dict[str, Any]) -> dict[str, Any]:
    """Cost of a pixel of the reference over that of the whole call, and of its search, per core.

    The reference is timed on warped ground and sorted receivers: the search alone is its like, the
    whole call is what a user waits for.
    """
    if "reference" not in found:
        return {}
    own = found["us_per_pixel_core"]
    cost = found["reference"]
    return {
        "ratio": {
            "all_threads": cost["all_threads_us_per_core"] / own,
            "single_thread": cost["single_thread_us"] / own,
            "search": cost["all_threads_us_per_core"] / found["search_us_per_pixel_core"],
        }
    }


def _solve(
    ground: Ground,
    link: Link,
    signals: Signals,
    prediction: Prediction,
    grid: Grid,
    cell_m: float,
    times: StageTimes,
) -> LossArrays:
    """The fast solver as :func:`dtt_sim.coverage.field.path_loss` calls it, with a clock."""
    start = time.perf_counter()
    known = sum(times.seconds.values())
    with times.stage("output arrays"):
        out = LossArrays.empty(signals.f_ghz.size, signals.p_time.size, grid.shape)
    sectors.solve_grid(
        ground, link, signals, prediction, grid, out, None, warp_cell_m=cell_m, times=times
    )
    total = time.perf_counter() - start
    times.seconds["other"] = total - (sum(times.seconds.values()) - known)
    return out


def _summary(runs: list[Stage], loss_db: Any) -> dict[str, Any]:
    totals = [sum(run.values()) for run in runs]
    pixels = int(np.count_nonzero(np.isfinite(loss_db[0, 0])))
    if pixels == 0:
        msg = "no receiver got a loss; give a terrain that reaches some kilometres round the mast"
        raise DttSimError(msg)
    best = runs[int(np.argmin(totals))]
    return {"pixels": pixels, "stages": best, "seconds": totals} | speed(
        best, pixels, numba.get_num_threads()
    )


def speed(stages: Stage, pixels: int, threads: int) -> dict[str, float]:
    """Pixels per second and microseconds per pixel and core, of all stages and of the search."""
    total = sum(stages.values())
    search = stages.get("search and loss", 0.0)
    count = max(pixels, 1)
    return {
        "total_s": total,
        "pixels_per_s": pixels / total,
        "search_pixels_per_s": pixels / search if search else 0.0,
        "us_per_pixel_core": 1e6 * total * threads / count,
        "search_us_per_pixel_core": 1e6 * search * threads / count,
    }


def _memory(before: int, is_reset: bool, bands: int, grid: Grid) -> dict[str, Any]:
    """Peak since `before` was read, beside the limit of five times the bands and 200 MB."""
    band = 4 * grid.n_row * grid.n_col
    return {
        "before_bytes": before,
        "peak_bytes": memory.peak(),
        "is_of_the_solver_alone": is_reset,
        "float32_bands": bands,
        "limit_bytes": 5 * bands * band + 200_000_000,
    }


def _from_file(
    setting: BenchSetting,
    case: Case,
    mast: Mast,
    grid: Grid,
    prediction: Prediction,
    emission: Emission,
    cell_m: float,
) -> dict[str, Any]:
    """From elevation file to raster of field strength, on disk."""
    with _folder() as name:
        files = setting.elevation or (
            _write_elevation(Path(name) / "elevation.tif", setting, case),
        )
        runs: list[Stage] = []
        peak = None
        for _ in range(setting.repeats):
            before, is_reset = memory.resident(), memory.reset_peak()
            times = StageTimes()
            start = time.perf_counter()
            path = Path(name) / "field.tif"
            out = _one_run(files, path, setting, mast, grid, prediction, emission, cell_m, times)
            times.seconds["other"] += time.perf_counter() - start - sum(times.seconds.values())
            runs.append(times.seconds)
            # Losses, angles, distances and fields: all are kept until the file is written.
            bands = 2 * len(prediction.p_time_percent) + 3
            peak = peak or _memory(before, is_reset, bands, grid)
        size = (Path(name) / "field.tif").stat().st_size
    return _summary(runs, out.loss_db) | {"memory": peak, "file_bytes": size}


def _folder() -> AbstractContextManager[str]:
    return tempfile.TemporaryDirectory(prefix="dtt-sim-bench-")


def _one_run(
    files: tuple[str, ...],
    path: Path,
    setting: BenchSetting,
    mast: Mast,
    grid: Grid,
    prediction: Prediction,
    emission: Emission,
    cell_m: float,
    times: StageTimes,
) -> LossArrays:
    with times.stage("read"):
        ground = load_ground(elevation=files)
        link = Link(mast.lat_deg, mast.lon_deg, mast.height_above(ground), setting.rx_height_m)
    signals = kernel_signals([emission], prediction, grid)
    out = _solve(ground, link, signals, prediction, grid, cell_m, times)
    with times.stage("field strength"):
        loss = loss_dataset(
            out.as_dict(), ground, mast, grid=grid, emissions=[emission], prediction=prediction,
            solver="wedge",
        )  # fmt: skip
        del ground
        transmitter = Transmitter(
            id="bench", site="bench", lat_deg=mast.lat_deg, lon_deg=mast.lon_deg,
            height_agl_m=mast.height_agl_m, erp_kw=_ERP_KW, multiplex="bench",
            frequency_mhz=emission.frequency_mhz,
        )  # fmt: skip
        e = field_strength(loss, transmitter).to_numpy()
    with times.stage("write"):
        bands = [
            (f"field strength exceeded for {p:g} % of time", "dB(uV/m)", e[j])
            for j, p in enumerate(prediction.p_time_percent)
        ]
        write_cog(path, grid, bands, nodata=NODATA, tags={"MODEL": "ITU-R P.1812-8"})
    return out


def _write_elevation(path: Path, setting: BenchSetting, case: Case) -> str:
    """The mirrored relief as a file: tiled GeoTIFF, as elevation models come."""
    import rasterio

    ground, _, _, _ = make_ground(setting, case)
    grid = ground.grid
    with rasterio.open(
        path, "w", driver="GTiff", width=grid.n_col, height=grid.n_row, count=1, dtype="float32",
        crs=grid.crs, transform=grid.affine, tiled=True, compress="deflate", predictor=3,
        num_threads="all_cpus",
    ) as file:  # fmt: skip
        file.write(ground.height_m, 1)
    return str(path)
