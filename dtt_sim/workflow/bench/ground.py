"""The terrain of the benchmark, its mast and its receiving grids."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from dtt_sim.coverage.request import Mast, warp_cell
from dtt_sim.workflow.bench.setting import SEED, BenchSetting, Case
from terrain.build import load_ground
from terrain.grid import Grid
from terrain.ground import Ground
from terrain.mirror import mirrored_disc
from terrain.synthetic import fractal_ground

EXTRACT = Path(__file__).parents[3] / "benchmarks" / "terrain" / "sierra_srtmgl3.tif"
"""Relief that a checkout carries; an installed package does not."""
CELL_M = 30.0
_FRACTAL_CELLS = 1600
_FRACTAL_CELL_M = 93.0


def extract() -> tuple[Ground | Path, str]:
    """Relief to be mirrored, and its name: the committed one, otherwise a fractal."""
    if EXTRACT.is_file():
        return EXTRACT, "SRTMGL3 extract (Sierra Nevada) interpolated and mirrored"
    size = _FRACTAL_CELLS * _FRACTAL_CELL_M
    transform = (_FRACTAL_CELL_M, 0.0, 5e5 - 0.5 * size, 0.0, -_FRACTAL_CELL_M, 4.2e6)
    grid = Grid("EPSG:32632", transform, (_FRACTAL_CELLS, _FRACTAL_CELLS))
    return (
        fractal_ground(grid, seed=SEED, relief_m=2500.0, sea_share=0.0),
        "seeded fractal, mirrored",
    )


def cell_of(setting: BenchSetting, ground: Ground | None = None) -> float:
    """Cell of the warped ground [m].

    Raises
    ------
    DttSimError
        Too many cells to the rim, or hardly any.
    """
    cell_m = setting.cell_m
    if cell_m is None:
        cell_m = CELL_M if ground is None else warp_cell(ground)
    setting.check_columns(cell_m)
    return cell_m


def make_ground(setting: BenchSetting, case: Case) -> tuple[Ground, Mast, float, str]:
    """Ground, mast, cell [m] and the ground's name.

    Raises
    ------
    TerrainError, DttSimError
        A raster that cannot be used, or a mast that does not stand on it.
    """
    if not setting.elevation:
        source, name = extract()
        cell_m = cell_of(setting)
        # Any case's clutter and zones are drawn over the whole disc; a share of it would do.
        ground = mirrored_disc(
            source, cell_m=cell_m, radius_m=1000.0 * setting.radius_km,
            seed=SEED if case.made_up else None, clutter=case.made_up, zones=case.made_up,
        )  # fmt: skip
    else:
        ground = load_ground(elevation=setting.elevation)
        name = ", ".join(Path(path).name for path in setting.elevation)
        cell_m = cell_of(setting, ground)
    mast = mast_on(setting, ground.grid)
    mast.height_above(ground)
    return ground, mast, cell_m, name


def mast_on(setting: BenchSetting, grid: Grid) -> Mast:
    """The mast: where it was asked for, otherwise in the middle."""
    if setting.lat_deg is not None and setting.lon_deg is not None:
        return Mast(setting.lat_deg, setting.lon_deg, setting.height_m)
    middle = np.array(0.5 * (grid.n_row - 1)), np.array(0.5 * (grid.n_col - 1))
    lon, lat = (float(v) for v in grid.lonlat_of_index(*middle))
    return Mast(lat, lon, setting.height_m)


def node_grid(mast: Mast, cell_m: float, radius_km: float) -> Grid:
    """Cells whose centres are the nodes of the warped ground, round the mast."""
    crs = (
        f"+proj=aeqd +lat_0={mast.lat_deg!r} +lon_0={mast.lon_deg!r} +datum=WGS84 +units=m +no_defs"
    )
    half = math.ceil(1000.0 * radius_km / cell_m)
    edge = (half + 0.5) * cell_m
    return Grid(crs, (cell_m, 0.0, -edge, 0.0, -cell_m, edge), (2 * half + 1, 2 * half + 1))


def user_grid(mast: Mast, cell_m: float, radius_km: float) -> Grid:
    """UTM cells over the disc, on multiples of the cell: neither nodes nor along the range."""
    zone = int((mast.lon_deg + 180.0) % 360.0 // 6.0) + 1
    crs = f"EPSG:{(32600 if mast.lat_deg >= 0.0 else 32700) + zone}"
    north = radius_km / 110.5
    east = north / math.cos(math.radians(mast.lat_deg))
    return Grid.from_lonlat_box(
        mast.lon_deg - east, mast.lat_deg - north, mast.lon_deg + east, mast.lat_deg + north,
        crs=crs, cell_size=cell_m,
    )  # fmt: skip
