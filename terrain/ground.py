"""The ground that a path crosses: heights, zones and clutter on one grid, read once."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from terrain._jit import driver, kernel
from terrain.errors import TerrainError
from terrain.grid import Box, Float64Array, Grid

VOID, SEA, COASTAL, INLAND = 0, 1, 3, 4
"""Zone codes: P.1812's radio-climatic zones, and 0 where the height is unknown."""
OUTSIDE = 9
"""Zone code of cells that no file covers."""

ZONE_NAMES = {VOID: "void", SEA: "sea", COASTAL: "coastal land", INLAND: "inland", OUTSIDE: "none"}

Surface = Literal["bare_earth", "surface"]

EDGE: Final = 0.5 + 1e-6
"""Half a cell beyond the outermost centres still belongs to the raster."""
_SNAP: Final = 1e-9


@kernel
def bilinear(height: NDArray[np.float32], row: float, col: float) -> float:
    """Bilinear value at a fractional index; NaN outside, or where a node that counts is NaN.

    Up to half a cell beyond the outermost centres the edge value holds. A node whose weight is
    zero does not count: on a cell's own centre a void neighbour does no harm.
    """
    last_row = height.shape[0] - 1
    last_col = height.shape[1] - 1
    if not (-EDGE <= row <= last_row + EDGE and -EDGE <= col <= last_col + EDGE):
        return math.nan
    row = min(max(row, 0.0), float(last_row))
    col = min(max(col, 0.0), float(last_col))
    i = int(row)
    j = int(col)
    if row - i > 1.0 - _SNAP:
        i += 1
        row = float(i)
    if col - j > 1.0 - _SNAP:
        j += 1
        col = float(j)
    v = row - i
    w = col - j
    i1 = i + 1 if v > _SNAP else i
    j1 = j + 1 if w > _SNAP else j
    return interpolate(
        float(height[i, j]), float(height[i, j1]), float(height[i1, j]), float(height[i1, j1]), v, w
    )


@kernel
def interpolate(nw: float, ne: float, sw: float, se: float, v: float, w: float) -> float:
    """Bilinear value between four nodes, `v` of a row and `w` of a column from the first."""
    top = nw + w * (ne - nw)
    bottom = sw + w * (se - sw)
    return top + v * (bottom - top)


@driver
def _bilinear_at(
    height: NDArray[np.float32], row: Float64Array, col: Float64Array, out: Float64Array
) -> None:
    for k in range(row.size):
        out[k] = bilinear(height, row[k], col[k])


class GroundSource(Protocol):
    """Whence a solver takes the ground: a :class:`Ground`, or files read window by window."""

    @property
    def resolution_m(self) -> float:
        """The smaller side of a cell [m]."""

    @property
    def has_clutter(self) -> bool:
        """Whether there may be clutter."""

    @property
    def digest(self) -> str:
        """Content key."""

    @property
    def is_schematic(self) -> bool:
        """Made up rather than measured."""

    def window(self, bounds_lonlat: Box) -> Ground:
        """The ground of a box (west, south, east, north) [deg], or more of it."""


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
    credits, notes, warnings : tuple of str
        Sources to be credited; what was detected, one sentence each; what a planner should look at.
    filled : (n_row, n_col) bool, optional
        Voids whose height is interpolated; None where none were to be filled.

    Raises
    ------
    TerrainError
        Arrays of another shape than the grid's, infinite heights, or clutter heights that are not
        numbers of 0 m or more.
    """

    grid: Grid
    height_m: NDArray[np.float32]
    zone: NDArray[np.uint8]
    clutter_m: NDArray[np.float32]
    surface: Surface = "bare_earth"
    is_schematic: bool = False
    credits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    filled: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        """Bring the arrays into the one layout that the kernels are compiled for."""
        for name, dtype in (
            ("height_m", np.float32),
            ("zone", np.uint8),
            ("clutter_m", np.float32),
        ):
            array = np.ascontiguousarray(getattr(self, name), dtype)
            if array.shape != self.grid.shape:
                msg = f"{name} is {array.shape}, the grid {self.grid.shape}; give them one shape"
                raise TerrainError(msg)
            object.__setattr__(self, name, array)
        if self.filled is not None and self.filled.shape != self.grid.shape:
            msg = f"filled is {self.filled.shape}, the grid {self.grid.shape}; give them one shape"
            raise TerrainError(msg)
        if self.filled is not None:  # a part of a larger mask would keep all of that
            object.__setattr__(self, "filled", np.ascontiguousarray(self.filled, bool))
        # NaN is a height that is not known. Anything else that is no number would be a silent
        # error of every path across it.
        n_endless = int(np.isinf(self.height_m).sum())
        if n_endless:
            msg = f"{n_endless} heights are infinite; mark them as nodata (NaN)"
            raise TerrainError(msg)
        n_wrong = self.clutter_m.size - int((self.clutter_m >= 0.0).sum())
        if n_wrong or np.isinf(self.clutter_m).any():
            msg = f"{n_wrong} clutter heights are not numbers of 0 m or more; give 0 where unknown"
            raise TerrainError(msg)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the grid and all arrays: the ground's content key."""
        digest = hashlib.sha256(repr((self.grid.crs, self.grid.transform)).encode())
        for array in (self.height_m, self.zone, self.clutter_m):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def window(self, bounds_lonlat: Box) -> Ground:
        """All of it: it is in memory already."""
        del bounds_lonlat
        return self

    @cached_property
    def has_clutter(self) -> bool:
        """Whether any cell has clutter."""
        return bool(self.clutter_m.any())

    @cached_property
    def resolution_m(self) -> float:
        """The smaller side of a cell at the centre [m]."""
        return min(self.grid.cell_size_m())

    @overload
    def height_at(self, lon_deg: float, lat_deg: float) -> float: ...

    @overload
    def height_at(self, lon_deg: Float64Array, lat_deg: Float64Array) -> Float64Array: ...

    def height_at(
        self, lon_deg: Float64Array | float, lat_deg: Float64Array | float
    ) -> Float64Array | float:
        """Bilinear height above sea level [m]; NaN in a void or outside the data."""
        row, col = np.broadcast_arrays(*self.grid.fractional_index(lon_deg, lat_deg))
        out = np.empty(row.shape)
        _bilinear_at(
            self.height_m, np.ascontiguousarray(row.ravel()), np.ascontiguousarray(col.ravel()),
            out.reshape(-1),
        )  # fmt: skip
        return float(out) if out.ndim == 0 else out

    def zone_at(
        self, lon_deg: Float64Array | float, lat_deg: Float64Array | float
    ) -> NDArray[np.uint8]:
        """Zone code of the nearest cell; 9 outside the data."""
        i, j, inside = self._nearest(lon_deg, lat_deg)
        return np.where(inside, self.zone[i, j], np.uint8(OUTSIDE)).astype(np.uint8)

    def clutter_at(
        self, lon_deg: Float64Array | float, lat_deg: Float64Array | float
    ) -> NDArray[np.float32]:
        """Representative clutter height of the nearest cell [m]; 0 outside the data."""
        i, j, inside = self._nearest(lon_deg, lat_deg)
        return np.where(inside, self.clutter_m[i, j], np.float32(0.0)).astype(np.float32)

    def _nearest(
        self, lon_deg: Float64Array | float, lat_deg: Float64Array | float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Row and column of the nearest cell, and whether there is one; (0, 0) where not."""
        row, col = self.grid.fractional_index(lon_deg, lat_deg)
        n_row, n_col = self.grid.shape
        inside = (np.abs(row - 0.5 * (n_row - 1)) <= 0.5 * (n_row - 1) + EDGE) & (
            np.abs(col - 0.5 * (n_col - 1)) <= 0.5 * (n_col - 1) + EDGE
        )
        i = np.clip(np.where(inside, row, 0.0), 0.0, n_row - 1.0)
        j = np.clip(np.where(inside, col, 0.0), 0.0, n_col - 1.0)
        return (i + 0.5).astype(np.int64), (j + 0.5).astype(np.int64), inside

    def nearest_land_km(self, lon_deg: float, lat_deg: float, within_km: float = 100.0) -> float:
        """Distance to the nearest land cell [km]; NaN where there is none within `within_km`."""
        row, col = (float(v) for v in self.grid.fractional_index(lon_deg, lat_deg))
        north_m, east_m = self.grid.cell_size_m()
        reach = np.array([within_km * 1000.0 / north_m, within_km * 1000.0 / east_m])
        low = np.maximum(np.floor(np.array([row, col]) - reach), 0).astype(np.int64)
        high = np.ceil(np.array([row, col]) + reach).astype(np.int64) + 1
        part = self.zone[low[0] : high[0], low[1] : high[1]]
        i, j = np.nonzero((part == COASTAL) | (part == INLAND))
        if i.size == 0:
            return float("nan")
        away = np.hypot((i + low[0] - row) * north_m, (j + low[1] - col) * east_m)
        nearest = 0.001 * float(away.min())
        return nearest if nearest <= within_km else float("nan")
