"""What is odd about the heights of an area: gaps, spikes, and how the files write the sea."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from terrain._jit import driver
from terrain.decode import DATA, NO_FILE, NODATA
from terrain.grid import Box, Grid
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID, Ground
from terrain.raster import Elevation, Paths, elevation_bands
from terrain.tile_names import degree_name
from terrain.zones import Patches

BoolArray = NDArray[np.bool_]

LOWEST_LAND_M: Final = -430.0
"""Shore of the Dead Sea, and a little."""
HIGHEST_LAND_M: Final = 8850.0
MIN_SPIKE_M: Final = 50.0
"""A cell that stands off from all its neighbours by as much, and by a slope of 45 degrees."""
DEEP_M: Final = -10.0
"""Sea below this is a depth and not noise."""
_SHOWN = 5
_SLIVER = 0.01
_LATTICE = 480
"""Points along each side of the area that are looked at for coverage."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell worth a look: position [deg], height [m], and how far it stands off [m]."""

    lat_deg: float
    lon_deg: float
    height_m: float
    off_m: float


@dataclass(frozen=True, slots=True)
class Voids:
    """Gaps within the files.

    Attributes
    ----------
    n_cell, n_patch : int
        Without a height, and the connected patches that they make.
    n_filled : int
        That had none, and have an interpolated one now.
    share : float
        Of the area's cells, without a height.
    largest_km2 : float
        Largest patch [km²]; 0 where there is none.
    n_small : int
        Cells in patches up to `small_km2`.
    largest_lat_deg, largest_lon_deg : float
        Of a cell in the largest patch; NaN where there is none.
    """

    n_cell: int
    n_patch: int
    n_filled: int
    share: float
    largest_km2: float
    small_km2: float
    n_small: int
    largest_lat_deg: float
    largest_lon_deg: float


@dataclass
class RawHeights:
    """The files' own heights, held against what they were taken for.

    Attributes
    ----------
    n_cell : int
    sea : Counter
        Sea cells by how the files write them: "no file", "nodata", "zero", "above" (0 m to 10 m and
        more), "noise" (down to -10 m), "depth".
    sea_lowest_m, sea_highest_m : float
        Of the sea's cells with data [m]; infinite where there are none.
    n_spike, n_pit : int
        Single cells far above, or below, all their neighbours.
    spots : list of Spot
        The worst of these.
    n_too_low, n_too_high : int
        Cells of land below -430 m, and cells above 8850 m.
    """

    n_cell: int = 0
    sea: Counter[str] = field(default_factory=Counter)
    sea_lowest_m: float = math.inf
    sea_highest_m: float = -math.inf
    n_spike: int = 0
    n_pit: int = 0
    spots: list[Spot] = field(default_factory=list)
    n_too_low: int = 0
    n_too_high: int = 0

    @property
    def n_sea(self) -> int:
        """Cells that are sea."""
        return sum(self.sea.values())


def uncovered(ground: Ground, box: Box) -> tuple[float, dict[str, float]]:
    """Share of a box [deg] that no file covers, and the same of each one-degree tile of it.

    Tiles of which nothing is missing are left out, and slivers where others are missing whole.
    """
    west, south, east, north = box
    place = (np.arange(_LATTICE) + 0.5) / _LATTICE
    lon, lat = np.meshgrid(west + (east - west) * place, south + (north - south) * place)
    missing = ground.zone_at(lon, lat) == OUTSIDE
    if not missing.any():
        return 0.0, {}
    tile = np.floor(lat).astype(np.int64) * 1000 + np.floor(lon).astype(np.int64) + 400
    codes, inverse = np.unique(tile, return_inverse=True)
    shares = np.bincount(inverse.ravel(), missing.ravel()) / np.bincount(inverse.ravel())
    named = {
        degree_name(int(code) // 1000, int(code) % 1000 - 400): float(share)
        for code, share in zip(codes, shares, strict=True)
        if share > 0.0
    }
    # The half cell by which neighbours' edges stand off the degree is no missing tile.
    whole = {name: share for name, share in named.items() if share >= _SLIVER}
    return float(missing.mean()), whole or named


def voids(ground: Ground, small_km2: float) -> Voids:
    """Gaps of a ground, and how much of them lies in small patches."""
    cells = ground.zone == VOID
    n_filled = 0 if ground.filled is None else int(ground.filled.sum())
    nowhere = Voids(0, 0, n_filled, 0.0, 0.0, small_km2, 0, math.nan, math.nan)
    if not cells.any():
        return nowhere
    patches = Patches(cells, ground.grid)
    area = patches.area_km2.copy()
    area[0] = 0.0
    largest = int(area.argmax())
    place = np.unravel_index(int((patches.label == largest).argmax()), cells.shape)
    lon, lat = ground.grid.lonlat_of_index(*(np.array(float(v)) for v in place))
    small = (area <= small_km2) & (area > 0.0)
    n_cell = int(cells.sum())
    return Voids(
        n_cell, patches.count, n_filled, n_cell / cells.size, float(area[largest]), small_km2,
        int(patches.n_cell[small].sum()), float(lat), float(lon),
    )  # fmt: skip


def raw_heights(ground: Ground, paths: Paths, *, nodata: float | None = None) -> RawHeights:
    """Read the files again, band by band, and hold them against the ground made of them.

    Raises
    ------
    TerrainError
        Files that cannot be used.
    """
    found = RawHeights(n_cell=ground.zone.size)
    step_m = max(MIN_SPIKE_M, math.sqrt(math.prod(ground.grid.cell_size_m())))
    for rows, band in elevation_bands(paths, ground.grid, nodata=nodata, beyond=1):
        inner = slice(rows.start - _first_row(ground.grid, band.grid), None)
        inner = slice(inner.start, inner.start + rows.stop - rows.start)
        zone = ground.zone[rows]
        height, state = band.height_m[inner], band.state[inner]
        _count_sea(found, zone == SEA, height, state)
        on_land = (zone == COASTAL) | (zone == INLAND)
        with np.errstate(invalid="ignore"):
            found.n_too_low += int((on_land & (height < LOWEST_LAND_M)).sum())
            found.n_too_high += int((height > HIGHEST_LAND_M).sum())
        _find_spots(found, band, inner, step_m)
    found.spots.sort(key=lambda spot: -abs(spot.off_m))
    del found.spots[_SHOWN:]
    return found


def _first_row(grid: Grid, band: Grid) -> int:
    return round((band.transform[5] - grid.transform[5]) / grid.transform[4])


def _count_sea(
    found: RawHeights, sea: BoolArray, height: NDArray[np.float32], state: NDArray[np.uint8]
) -> None:
    values = height[sea & (state == DATA)]
    found.sea["no file"] += int((sea & (state == NO_FILE)).sum())
    found.sea["nodata"] += int((sea & (state == NODATA)).sum())
    found.sea["zero"] += int((values == 0.0).sum())
    found.sea["above"] += int((values > 0.0).sum())
    found.sea["noise"] += int(((values < 0.0) & (values >= DEEP_M)).sum())
    found.sea["depth"] += int((values < DEEP_M).sum())
    if values.size:
        found.sea_lowest_m = min(found.sea_lowest_m, float(values.min()))
        found.sea_highest_m = max(found.sea_highest_m, float(values.max()))


def _find_spots(found: RawHeights, band: Elevation, inner: slice, step_m: float) -> None:
    """Spikes and pits of a band's inner rows."""
    off = np.zeros(band.height_m.shape, np.float32)
    _stand_off(band.height_m, step_m, off)
    row, col = np.nonzero(off[inner])
    row += inner.start
    found.n_spike += int((off[row, col] > 0.0).sum())
    found.n_pit += int((off[row, col] < 0.0).sum())
    worst = np.argsort(-np.abs(off[row, col]), kind="stable")[:_SHOWN]
    row, col = row[worst], col[worst]
    lon, lat = band.grid.lonlat_of_index(row.astype(np.float64), col.astype(np.float64))
    found.spots += [
        Spot(float(y), float(x), float(band.height_m[i, j]), float(off[i, j]))
        for y, x, i, j in zip(np.atleast_1d(lat), np.atleast_1d(lon), row, col, strict=True)
    ]


@driver
def _stand_off(height: NDArray[np.float32], step_m: float, off: NDArray[np.float32]) -> None:
    """How far each cell stands above (or, negative, below) all its neighbours, if by `step_m`.

    Of the eight neighbours at least five have to be known.
    """
    n_row, n_col = height.shape
    for i in range(n_row):
        for j in range(n_col):
            own = height[i, j]
            if not math.isfinite(own):
                continue
            count, low, high = 0, math.inf, -math.inf
            for r in range(max(0, i - 1), min(n_row, i + 2)):
                for c in range(max(0, j - 1), min(n_col, j + 2)):
                    value = height[r, c]
                    if (r != i or c != j) and math.isfinite(value):
                        count += 1
                        low = min(low, value)
                        high = max(high, value)
            if count >= 5:
                if own - high >= step_m:
                    off[i, j] = own - high
                elif low - own >= step_m:
                    off[i, j] = own - low


def zone_shares(ground: Ground) -> dict[int, float]:
    """Share of the cells in each zone."""
    counts = np.zeros(256, np.int64)
    for top in range(0, ground.grid.n_row, 1024):
        counts += np.bincount(ground.zone[top : top + 1024].ravel(), minlength=256)
    return {int(code): float(counts[code] / ground.zone.size) for code in np.flatnonzero(counts)}
