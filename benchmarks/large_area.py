"""Nine made-up GLO-30 tiles, a small network over them, and what reading and running them costs.

    python benchmarks/large_area.py FOLDER              # 3 x 3 degrees at 30 m: 117 million cells
    python benchmarks/large_area.py FOLDER --cells 400  # the same with 1.4 million

Every command is a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

WEST, SOUTH, N_TILE = 104, 9, 3
SCENARIO = """\
format = 1
name = "large_area"
[terrain]
elevation = [{tiles}]
land_cover = "cover.tif"
surface = "{surface}"
schematic = true
[grid]
crs = "EPSG:32648"
cell_size = {cell_m}
west_deg = 104.05
south_deg = 9.05
east_deg = 106.95
north_deg = 11.95
[propagation]
wanted_radius_km = 100
interfering_radius_km = 120
[multiplexes.A]
fft = "32K"
guard_interval = "1/8"
pilot_pattern = "PP2"
modulation = "64QAM"
code_rate = "3/4"
[stations]
file = "stations.csv"
"""
STATIONS = """\
id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel
west,West,10.2,105.3,150,20,A,33
east,East,10.8,106.4,100,10,A,34
north,North,11.6,105.6,80,5,A,35
"""


def tile_name(south: int, west: int) -> str:
    """As the Copernicus bucket names it, by its south-western corner."""
    return f"Copernicus_DSM_COG_10_N{south:02d}_00_E{west:03d}_00_DEM.tif"


def _write(path: Path, values: Any, transform: Affine, **options: Any) -> None:
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype=values.dtype, crs="EPSG:4326", transform=transform, tiled=True, blockxsize=512,
        blockysize=512, compress="deflate", zlevel=1, **options,
    ) as file:  # fmt: skip
        file.write(values, 1)


def relief(lon: Any, lat: Any, rng: np.random.Generator) -> Any:
    """Hills on waves of several lengths, a plain, and a sea at 0 m in the west."""
    height = 150.0 * (np.sin(4.1 * lon) * np.sin(5.3 * lat) + 0.4 * np.sin(37.0 * lon + 29.0 * lat))
    height += 60.0 * np.sin(211.0 * lon) * np.cos(173.0 * lat) + 120.0 * (lon - 104.6)
    height += rng.standard_normal(np.broadcast_shapes(lon.shape, lat.shape), np.float32)
    return np.maximum(height, 0.0).astype(np.float32)


def make_area(
    folder: Path, cells: int, *, surface: str = "bare_earth", cell_m: float = 5000
) -> Path:
    """Nine tiles of `cells` x `cells`, land cover of the same cells, and a scenario over them."""
    folder.mkdir(parents=True, exist_ok=True)
    step, rng, names = 1.0 / cells, np.random.default_rng(1), []
    for south in range(SOUTH, SOUTH + N_TILE):
        for west in range(WEST, WEST + N_TILE):
            name = tile_name(south, west)
            # Edges half a cell west and north of the whole degrees, as the real tiles have them.
            left, top = west - 0.5 * step, south + 1.0 + 0.5 * step
            lon = left + step * (np.arange(cells) + 0.5)
            lat = top - step * (np.arange(cells)[:, None] + 0.5)
            _write(folder / name, relief(lon, lat, rng), Affine(step, 0, left, 0, -step, top))
            names.append(name)
    n, codes = N_TILE * cells, np.array([10, 40, 40, 40, 50, 80, 95], np.uint8)
    patches = rng.integers(0, codes.size, (n // 8 + 1, n // 8 + 1))
    cover = np.repeat(np.repeat(codes[patches], 8, axis=0), 8, axis=1)[:n, :n]
    _write(folder / "cover.tif", cover, Affine(step, 0, WEST, 0, -step, SOUTH + N_TILE), nodata=0)
    text = SCENARIO.format(
        tiles=", ".join(f'"{name}"' for name in names), surface=surface, cell_m=cell_m
    )
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    (folder / "stations.csv").write_text(STATIONS, encoding="utf-8")
    return folder / "scenario.toml"


def measured(arguments: list[str]) -> dict[str, float]:
    """Seconds and peak memory [GB] of one process.

    Raises
    ------
    subprocess.CalledProcessError
        It failed.
    """
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    if code:
        raise subprocess.CalledProcessError(code, arguments)
    kib = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return {"seconds": time.perf_counter() - start, "peak_gb": kib * 1024 / 1e9}


def commands(scenario: Path, out: Path) -> dict[str, list[str]]:
    """What is measured: reading alone, the check with its pictures, and a run."""
    read = (
        "import sys; from dtt_sim.scenario.load import load_scenario; "
        "from dtt_sim.workflow.area import read_ground, receiving_grid; "
        "s = load_scenario(sys.argv[1]); read_ground(s, receiving_grid(s))"
    )
    cli = ["-m", "dtt_sim.cli.main"]
    start = "from dtt_sim.cli.main import main; main()"
    del cli
    return {
        "read": ["-c", read, str(scenario)],
        "check": ["-c", start, "terrain", "check", str(scenario), "--out", str(out / "check")],
        "run": ["-c", start, "run", str(scenario), "-o", str(out / "run"), "--quiet"],
    }


def main() -> None:
    """Make the area, measure, and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cells", type=int, default=3600, help="per side of a tile (3600: 30 m)")
    parser.add_argument("--only", choices=["read", "check", "run"], action="append")
    given = parser.parse_args()
    scenario = make_area(given.folder, given.cells)
    found: dict[str, Any] = {"cells": (N_TILE * given.cells) ** 2}
    for name, arguments in commands(scenario, given.folder).items():
        if not given.only or name in given.only:
            found[name] = {k: round(v, 2) for k, v in measured(arguments).items()}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
