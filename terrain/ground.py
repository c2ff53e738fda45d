"""The ground that a path crosses: heights, zones and clutter on one grid, read once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from terrain.grid import Float64Array, Grid

VOID, SEA, COASTAL, INLAND = 0, 1, 3, 4
"""Zone codes: P.1812's radio-climatic zones, and 0 where the height is unknown."""
OUTSIDE = 9
"""Zone code of cells that no file covers."""

ZONE_NAMES = {VOID: "void", SEA: "sea", COASTAL: "coastal land", INLAND: "inland", OUTSIDE: "none"}

Surface = Literal["bare_earth", "surface"]


@dataclass(frozen=True, eq=False)
class Ground:
    """Facts of the ground for propagation.

    Attributes
    ----------
    grid : Grid
    height_m : (n_row, n_col) float32
        Height above sea level [m]; 0 at sea, NaN where void or outside the data.
    zone : (n_row, n_col) uint8
        1 sea, 3 coastal land, 4 inland, 0 void, 9 outside the data.
    clutter_m : (n_row, n_col) float32
        Representative clutter height [m].
    surface : {"bare_earth", "surface"}
        Whether the heights already hold canopy and buildings ("surface").
    is_schematic : bool
        Made up rather than measured; every output must say so.
    credits, notes : tuple of str
        Sources to be credited; what was detected, one sentence each.
    """

    grid: Grid
    height_m: NDArray[np.float32]
    zone: NDArray[np.uint8]
    clutter_m: NDArray[np.float32]
    surface: Surface = "bare_earth"
    is_schematic: bool = False
    credits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the grid and all arrays: the ground's content key."""
        digest = hashlib.sha256(repr((self.grid.crs, self.grid.transform)).encode())
        for array in (self.height_m, self.zone, self.clutter_m):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    @cached_property
    def resolution_m(self) -> float:
        """The smaller side of a cell at the centre [m]."""
        return min(self.grid.cell_size_m())

    def height_at(self, lon_deg: float, lat_deg: float) -> float:
        """Bilinear height above sea level [m]; NaN in a void or outside the data."""
        row, col = (float(v) for v in self.grid.fractional_index(lon_deg, lat_deg))
        from terrain.profile import bilinear

        return float(bilinear(self.height_m, row, col))

    def zone_at(
        self, lon_deg: Float64Array | float, lat_deg: Float64Array | float
    ) -> NDArray[np.uint8]:
        """Zone code of the nearest cell; 9 outside the data."""
        row, col = self.grid.fractional_index(lon_deg, lat_deg)
        i = np.floor(row + 0.5).astype(np.int64)
        j = np.floor(col + 0.5).astype(np.int64)
        inside = (i >= 0) & (j >= 0) & (i < self.grid.n_row) & (j < self.grid.n_col)
        zone = self.zone[np.where(inside, i, 0), np.where(inside, j, 0)]
        return np.where(inside, zone, np.uint8(OUTSIDE)).astype(np.uint8)
