"""The ground at the cell centres of another grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terrain._jit import driver, kernel
from terrain.grid import Float64Array, Grid
from terrain.ground import Ground
from terrain.local import Lattice, collapse, raster_lattice
from terrain.sector import line_positions, sample_ground

_ON_NODE = 1e-6
"""Closer to a row or column than this, a centre is on it: the void beside it has no weight."""


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
        """Height, zone and clutter of some rows and columns; from any thread.

        Returns
        -------
        height_m : (n_row, n_col) float32
            Bilinear height above sea level [m]; NaN where void or outside the data.
        zone : (n_row, n_col) uint8
            Of the nearest cell; in a gap 0 void, 9 outside the data.
        clutter_m : (n_row, n_col) float32
            Of the nearest cell [m]; (0, 0) where it is not wanted.
        """
        shape = rows.stop - rows.start, cols.stop - cols.start
        height = np.empty(shape, np.float32)
        zone = np.empty(shape, np.uint8)
        clutter = np.empty(shape if with_clutter else (0, 0), np.float32)
        ground = self.ground
        _fill_rows(
            self.lattice.nodes, *self.lattice.step, rows.start, cols.start, ground.height_m,
            ground.zone, ground.clutter_m, height, zone, clutter,
        )  # fmt: skip
        return height, zone, clutter


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
