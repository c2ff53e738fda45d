"""A process of its own for every measurement: its memory, its compiled code, its processor level.

``python -m dtt_sim.workflow.bench.child`` reads a request as JSON from standard input and writes
the answer to standard output.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

from dtt_sim.errors import DttSimError
from dtt_sim.workflow.bench.setting import BenchSetting

_OWN = {"NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_NUM_THREADS", "NUMBA_CACHE_DIR"}


def ask(request: dict[str, Any], environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Have a request answered by a new process.

    Parameters
    ----------
    environment : dict of str to str, optional
        Variables of the process beside one's own. Of numba's, only those given here count.

    Raises
    ------
    DttSimError
        What the user can put right.
    RuntimeError
        The process failed otherwise.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _OWN}
    done = subprocess.run(
        [sys.executable, "-m", "dtt_sim.workflow.bench.child"],
        input=json.dumps(request),
        env=kept | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["killed; a smaller --radius-km needs less"]
        msg = f"a measurement ended with status {done.returncode}: {last[0]}"
        raise RuntimeError(msg)
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        raise DttSimError(answer["error"])
    return answer


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request in this process: ``case``, ``machine``, ``start`` or ``terrain``."""
    from terrain.errors import TerrainError

    try:
        if request["do"] == "machine":
            return machine()
        if request["do"] == "start":
            return first_loss()
        if request["do"] == "terrain":
            from terrain.raster import elevation_grid

            return {"shape": list(elevation_grid(request["elevation"]).shape)}
        from dtt_sim.workflow.bench.measure import measure_case

        setting = BenchSetting.from_dict(request["setting"])
        return measure_case(setting, request["case"], with_references=request["with_references"])
    except (DttSimError, TerrainError) as error:
        return {"error": str(error)}


def machine() -> dict[str, Any]:
    """Processor, threads and versions."""
    import platform
    from pathlib import Path

    import numba
    import numpy as np
    import rasterio
    from llvmlite import binding

    from dtt_sim import __version__
    from dtt_sim._jit import processor

    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    features = binding.get_host_cpu_features()
    return {
        "cpu": name,
        "architecture": platform.machine(),
        "processor": processor(),
        "features": sorted(feature for feature, has in features.items() if has),
        "cores": os.cpu_count(),
        "threads": numba.get_num_threads(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvm": ".".join(map(str, binding.llvm_version_info)),
        "gdal": rasterio.__gdal_version__,
        "dtt_sim": __version__,
    }


def first_loss() -> dict[str, float]:
    """Seconds to import, and from there to the first losses of a small raster."""
    start = time.perf_counter()
    from dtt_sim.coverage.field import Emission, Mast, Prediction, path_loss
    from terrain.grid import Grid
    from terrain.synthetic import fractal_ground

    imported = time.perf_counter()
    grid = Grid.from_lonlat_box(104.0, 9.8, 104.4, 10.2, crs="EPSG:4326", cell_size=1.0 / 120.0)
    path_loss(
        fractal_ground(grid, seed=1), Mast(10.0, 104.2, 80.0), grid=grid,
        emissions=[Emission(570.0)], prediction=Prediction(53.5, 381.0),
    )  # fmt: skip
    return {"import_s": imported - start, "first_call_s": time.perf_counter() - imported}


def measure_start() -> dict[str, float]:
    """Seconds of a process from nothing to its first losses, compiling and from kept code."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="dtt-sim-bench-") as folder:
        for name in ("cold", "warm"):
            start = time.perf_counter()
            parts = ask({"do": "start"}, {"XDG_CACHE_HOME": folder})
            found[f"{name}_process_s"] = time.perf_counter() - start
            found |= {f"{name}_{key}": value for key, value in parts.items()}
    return found


def main() -> None:
    """Answer one request; compiled code is kept as the command line keeps it."""
    from dtt_sim._jit import enable_cache

    request = json.load(sys.stdin)
    start = time.perf_counter()
    computes = request["do"] in {"case", "start"}
    if computes and not enable_cache():
        from dtt_sim.workflow.warm_up import compile_all

        compile_all()
    compiled_s = time.perf_counter() - start
    found = answer(request)
    if request["do"] == "start":
        found["first_call_s"] += compiled_s
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
