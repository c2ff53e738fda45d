"""The ground at the cell centres of another grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terrain._jit import driver, kernel
from terrain.grid import Box, Float64Array, Grid
from terrain.ground import Ground, GroundSource
from terrain.local import Lattice, collapse, raster_lattice
from terrain.sector import line_positions, sample_ground
from terrain.threads import in_threads

_ROWS_AT_ONCE = 16
_BAND_CELLS = 8_000_000  # of the grid, for which a window of files is read at a time
_MARGIN_DEG = 0.02
_ON_NODE = 1e-6
"""Closer to a row or column than this, a centre is on it: the void beside it has no weight."""


def ground_on_grid(
    source: GroundSource, grid: Grid, *, with_clutter: bool
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Height, zone and clutter of a ground at every cell centre of a grid.

    Parameters
    ----------
    source : GroundSource
        Read band by band of the grid's rows.
    grid : Grid
    with_clutter : bool
        Whether clutter heights are wanted.

    Returns
    -------
    height_m : (n_row, n_col) float32
        Bilinear height above sea level [m]; NaN where void or outside the data.
    zone : (n_row, n_col) uint8
        Of the nearest cell; in a gap 0 void, 9 outside the data.
    clutter_m : (n_row, n_col) or (0,) float32
        Of the nearest cell [m]; empty where not wanted or where there is none.
    """
    height = np.empty(grid.shape, np.float32)
    zone = np.empty(grid.shape, np.uint8)
    clutter = np.empty(grid.shape if with_clutter and source.has_clutter else (0, 0), np.float32)
    band = grid.n_row if isinstance(source, Ground) else max(1, _BAND_CELLS // grid.n_col)
    for top in range(0, grid.n_row, band):
        rows = slice(top, min(top + band, grid.n_row))
        part = rows_of(grid, rows)
        at_cells = GroundAtCells.of(source.window(_around(part)), part)
        _fill(at_cells, height[rows], zone[rows], clutter[rows])
    return height, zone, clutter.reshape(-1) if clutter.size == 0 else clutter


def rows_of(grid: Grid, rows: slice) -> Grid:
    """Some of a grid's rows as a grid."""
    a, _, c, _, e, f = grid.transform
    shape = rows.stop - rows.start, grid.n_col
    return Grid(grid.crs, (a, 0.0, c, 0.0, e, f + rows.start * e), shape)


def _around(grid: Grid) -> Box:
    """A grid's box [deg], a little larger."""
    west, south, east, north = grid.bounds_lonlat()
    return west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG


@dataclass(frozen=True, eq=False)
class GroundAtCells:
    """A ground that is asked for the cell centres of another grid, piece by piece.

    Attributes
    ----------
    ground : Ground
    grid : Grid
    lattice : Lattice
        The ground's row and column over the grid's.
    """

    ground: Ground
    grid: Grid
    lattice: Lattice

    @classmethod
    def of(cls, ground: Ground, grid: Grid) -> GroundAtCells:
        """Find where a grid's cells lie on a ground.

        Raises
        ------
        TerrainError
            A raster whose coordinate system is too rough for interpolated positions.
        """
        return cls(ground, grid, _positions(ground.grid, grid))

    def read(
        self, rows: slice, cols: slice, *, with_clutter: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
        """Height, zone and clutter of some rows and columns, as :func:`ground_on_grid` has them.

        From any thread; the clutter is (0, 0) where it is not wanted.
        """
        shape = rows.stop - rows.start, cols.stop - cols.start
        height = np.empty(shape, np.float32)
        zone = np.empty(shape, np.uint8)
        clutter = np.empty(shape if with_clutter else (0, 0), np.float32)
        self.read_to(rows.start, cols.start, height, zone, clutter)
        return height, zone, clutter

    def read_to(
        self,
        first_row: int,
        first_col: int,
        height: NDArray[np.float32],
        zone: NDArray[np.uint8],
        clutter: NDArray[np.float32],
    ) -> None:
        """The same from a row and column on, into arrays."""
        ground = self.ground
        _fill_rows(
            self.lattice.nodes, *self.lattice.step, first_row, first_col, ground.height_m,
            ground.zone, ground.clutter_m, height, zone, clutter,
        )  # fmt: skip


def _fill(
    at_cells: GroundAtCells,
    height: NDArray[np.float32],
    zone: NDArray[np.uint8],
    clutter: NDArray[np.float32],
) -> None:
    def fill(first: int) -> None:
        part = np.s_[first : first + _ROWS_AT_ONCE]
        at_cells.read_to(first, 0, height[part], zone[part], clutter[part])

    in_threads(fill, range(0, height.shape[0], _ROWS_AT_ONCE))


def _positions(raster: Grid, grid: Grid) -> Lattice:
    """Lattice of a raster's row and column over a grid's."""
    middle = np.array(0.5 * (grid.n_row - 1)), np.array(0.5 * (grid.n_col - 1))
    return raster_lattice(
        raster,
        grid.lonlat_of_index,
        (0, grid.n_row - 1),
        (0, grid.n_col - 1),
        cell_m=grid.cell_size_m(),
        centre=grid.lonlat_of_index(*middle),
    )


@kernel
def _snap(place: Float64Array) -> None:
    for k in range(place.size):
        nearest = math.floor(place[k] + 0.5)
        if abs(place[k] - nearest) < _ON_NODE:
            place[k] = nearest


@driver
def _fill_rows(
    nodes: Float64Array,
    step_row: int,
    step_col: int,
    first_row: int,
    first_col: int,
    height: NDArray[np.float32],
    zone: NDArray[np.uint8],
    clutter: NDArray[np.float32],
    h_out: NDArray[np.float32],
    zone_out: NDArray[np.uint8],
    clutter_out: NDArray[np.float32],
) -> None:
    n_row, n_col = h_out.shape
    line = np.empty(nodes.shape[2])
    row, col = np.empty(n_col), np.empty(n_col)
    nothing = np.empty(0, np.float32)
    for i in range(n_row):
        collapse(nodes[0], (first_row + i) / step_row, line)
        line_positions(line, step_col, first_col, first_col + n_col, row)
        collapse(nodes[1], (first_row + i) / step_row, line)
        line_positions(line, step_col, first_col, first_col + n_col, col)
        _snap(row)
        _snap(col)
        cover = clutter_out[i] if clutter_out.size > 0 else nothing
        sample_ground(height, zone, clutter, row, col, h_out[i], zone_out[i], cover)
