"""Made-up relief: Gaussian hills on a plain, for schematic maps, and fractal land for tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terrain.grid import WGS84, Float64Array, Grid
from terrain.ground import COASTAL, SEA, Ground


@dataclass(frozen=True, slots=True)
class Hill:
    """A hill: summit height above the plain [m], halved at `half_height_radius_km` [km]."""

    lat_deg: float
    lon_deg: float
    summit_m: float
    half_height_radius_km: float


def hills_m(grid: Grid, hills: Iterable[Hill]) -> Float64Array:
    """Height of hills above their plain [m], `(n_row, n_col)`.

    A hill stands summit 2^-((r / half_height_radius)^2) high at the distance r; where hills overlap
    the higher holds. Beyond six radii it is nothing.
    """
    height = np.zeros(grid.shape)
    lon, lat = grid.lonlat()
    north, east = grid.cell_size_m()
    for hill in hills:
        row, col = (float(v) for v in grid.fractional_index(hill.lon_deg, hill.lat_deg))
        reach_m = 6000.0 * hill.half_height_radius_km
        i0, i1 = int(row - reach_m / north), int(row + reach_m / north) + 2
        j0, j1 = int(col - reach_m / east), int(col + reach_m / east) + 2
        part = np.s_[max(i0, 0) : max(i1, 0), max(j0, 0) : max(j1, 0)]
        if lon[part].size == 0:
            continue
        start = np.full(lon[part].shape, hill.lon_deg), np.full(lon[part].shape, hill.lat_deg)
        _, _, r_m = WGS84.inv(*start, lon[part], lat[part])
        shape = 2.0 ** -((0.001 * np.asarray(r_m) / hill.half_height_radius_km) ** 2)
        height[part] = np.maximum(height[part], hill.summit_m * shape)
    return height


def fractal_ground(
    grid: Grid, *, seed: int, relief_m: float = 300.0, sea_share: float = 0.3
) -> Ground:
    """Random fractal land and sea for tests and benchmarks; schematic.

    Parameters
    ----------
    grid : Grid
    seed : int
    relief_m : float
        Height of the highest cell [m].
    sea_share : float
        Share of the cells that lie at sea.
    """
    rng = np.random.default_rng(seed)
    n_row, n_col = grid.shape
    fy, fx = np.fft.fftfreq(n_row)[:, None], np.fft.rfftfreq(n_col)[None, :]
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal(grid.shape)) * frequency**-1.8
    relief = np.fft.irfft2(spectrum, s=grid.shape)
    relief -= np.quantile(relief, sea_share)
    relief *= relief_m / relief.max()
    at_sea = relief <= 0.0
    height: NDArray[np.float32] = np.where(at_sea, 0.0, relief).astype(np.float32)
    zone = np.where(at_sea, SEA, COASTAL).astype(np.uint8)
    return Ground(grid, height, zone, np.zeros_like(height), is_schematic=True, notes=("Fractal.",))
