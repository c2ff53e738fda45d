"""Nine made-up GLO-30 tiles: reading and regridding them, and a small network over them.

    python benchmarks/bench_large_area.py FOLDER              # 3 x 3 degrees at 30 m: 117 million cells
    python benchmarks/bench_large_area.py FOLDER --cells 400  # the same with 1.4 million

There every command is a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from pytest_benchmark.fixture import BenchmarkFixture

from terrain.build import load_ground
from terrain.grid import Grid
from terrain.landcover import read_classes, read_clutter
from terrain.raster import read_elevation
from terrain.resample import GroundAtCells

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


SMALL_PARENT = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(usage.ru_maxrss)
sys.exit(process.returncode)
"""
"""Starts what is measured: a new process begins with the peak of the one that forks it, and this one
is small, whatever the memory of the program that asks."""


def measured(arguments: list[str]) -> dict[str, float]:
    """Seconds and peak memory [GB] of one process.

    Raises
    ------
    subprocess.CalledProcessError
        It failed.
    """
    start = time.perf_counter()
    command = [sys.executable, "-c", SMALL_PARENT, sys.executable, *arguments]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    kib = int(found.stdout) / (1024 if sys.platform == "darwin" else 1)
    return {"seconds": time.perf_counter() - start, "peak_gb": kib * 1024 / 1e9}


def commands(scenario: Path, out: Path) -> dict[str, list[str]]:
    """What is measured: reading alone, the check with its pictures, and a run."""
    read = (
        "import sys; from dtt_sim.scenario.load import load_scenario; "
        "from dtt_sim.workflow.area import read_ground, receiving_grid; "
        "s = load_scenario(sys.argv[1]); read_ground(s, receiving_grid(s))"
    )
    start = "from dtt_sim.cli.main import main; main()"
    return {
        "read": ["-c", read, str(scenario)],
        "check": ["-c", start, "terrain", "check", str(scenario), "--out", str(out / "check")],
        "run": ["-c", start, "run", str(scenario), "-o", str(out / "run"), "--quiet"],
    }


SMALL = 240
BYTES_A_CELL = 4e9 / 117e6
"""So much memory may reading take: 4 GB for 3 x 3 degrees at 30 m."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The area with tiles of SMALL x SMALL cells."""
    return make_area(tmp_path_factory.mktemp("area"), SMALL).parent


def tiles_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("Copernicus_*.tif"))


@pytest.mark.parametrize(
    "options", [{}, {"nodata": 0.0, "fill_voids": "interpolate"}], ids=["zeros", "nodata_filled"]
)
def bench_reading(benchmark: BenchmarkFixture, small: Path, options: dict[str, Any]) -> None:
    """Tiles to a ground with zones and clutter."""
    asked: dict[str, Any] = {
        "elevation": tiles_of(small), "land_cover": small / "cover.tif", "surface": "bare_earth",
    } | options  # fmt: skip
    load_ground(**asked)  # compile before the clock starts
    ground = benchmark(load_ground, **asked)
    assert ground.zone.size == (N_TILE * SMALL) ** 2
    benchmark.extra_info |= {"cells": ground.zone.size}


@pytest.mark.parametrize("means", ["auto", "void"])
def bench_memory(
    benchmark: BenchmarkFixture, small: Path, monkeypatch: pytest.MonkeyPatch, means: str
) -> None:
    """Bytes a cell at the peak, with blocks that are as small a part of the area as at full size."""
    for name, rows in (
        ("terrain.raster._BLOCK_ROWS", 16), ("terrain.zones._ROWS_AT_ONCE", 16),
        ("terrain.fill._BAND_ROWS", 64), ("terrain.landcover._BAND_PIXELS", 16_000),
    ):  # fmt: skip
        monkeypatch.setattr(name, rows)
    asked: dict[str, Any] = {
        "elevation": tiles_of(small), "land_cover": small / "cover.tif", "surface": "bare_earth",
        "nodata": 0.0, "nodata_means": means, "fill_voids": "interpolate",
    }  # fmt: skip

    def peak() -> int:
        tracemalloc.start()
        load_ground(**asked)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    load_ground(**asked)  # what is compiled and imported on the way is no part of it
    per_cell = benchmark.pedantic(peak, rounds=1) / (N_TILE * SMALL) ** 2
    assert per_cell < BYTES_A_CELL
    benchmark.extra_info |= {"bytes_per_cell": round(per_cell, 1)}


def bench_another_lattice(benchmark: BenchmarkFixture, small: Path, tmp_path: Path) -> None:
    """Tiles resampled onto the lattice of a first one in UTM."""
    first = Grid.from_lonlat_box(104.0, 9.0, 104.1, 9.1, crs="EPSG:32648", cell_size=460.0)
    heights = np.full(first.shape, 7.0, np.float32)
    path = tmp_path / "first.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=first.n_row, width=first.n_col, count=1, dtype="float32",
        crs=first.crs, transform=first.affine,
    ) as file:  # fmt: skip
        file.write(heights, 1)
    found = benchmark(read_elevation, [path, *tiles_of(small)])
    assert any("another lattice" in note for note in found.notes)
    lon, lat = np.array([105.33]), np.array([10.61])
    row, col = (int(round(float(v[0]))) for v in found.grid.fractional_index(lon, lat))
    ours = load_ground(elevation=tiles_of(small)).height_at(105.33, 10.61)
    assert found.height_m[row, col] == pytest.approx(ours, abs=15.0)
    benchmark.extra_info |= {"cells": found.height_m.size}


def bench_at_receiving_cells(benchmark: BenchmarkFixture, small: Path) -> None:
    """Heights, zones and clutter at the cells of a grid in another system."""
    ground = load_ground(elevation=tiles_of(small))
    grid = Grid.from_lonlat_box(104.3, 9.3, 106.7, 11.7, crs="EPSG:32648", cell_size=300.0)
    at = GroundAtCells.of(ground, grid)
    every = slice(0, grid.n_row), slice(0, grid.n_col)
    height, _, _ = benchmark(at.read, *every, with_clutter=True)
    lon, lat = grid.lonlat()
    np.testing.assert_allclose(height, ground.height_at(lon, lat), atol=0.1)
    benchmark.extra_info |= {"cells": height.size}


def bench_land_cover(benchmark: BenchmarkFixture, small: Path) -> None:
    """Classes to mean heights of cells nine times as large in area."""
    n = SMALL
    grid = Grid("EPSG:4326", (3.0 / n, 0.0, float(WEST), 0.0, -3.0 / n, SOUTH + 3.0), (n, n))
    classes, on_land = read_classes("esa_worldcover"), np.ones(grid.shape, bool)
    heights = benchmark(read_clutter, small / "cover.tif", grid, classes, on_land)
    assert 4.0 < heights.mean() < 8.0  # three of seven classes have 15 m
    assert len(np.unique(heights)) > 3
    benchmark.extra_info |= {"pixels": (N_TILE * n) ** 2, "cells": heights.size}


def bench_commands(benchmark: BenchmarkFixture, small: Path, tmp_path: Path) -> None:
    """The check in a process of its own, as the full size is measured."""
    asked = commands(small / "scenario.toml", tmp_path)["check"]
    found = benchmark.pedantic(measured, args=(asked,), rounds=1)
    assert (tmp_path / "check" / "elevation.png").exists()
    assert 0.05 < found["peak_gb"] < 1.5
    benchmark.extra_info |= {"peak_gb": round(found["peak_gb"], 2)}


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
