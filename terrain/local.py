"""The plane round a point in which distances and azimuths from it are true.

Positions on it are wanted by the ten million, and geodesics cost a microsecond each. Seen from
raster to plane, or from plane to raster, the map is smooth: exact values on a coarse lattice and
cubic interpolation give every position to a centimetre for about a nanosecond.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terrain._jit import driver, kernel
from terrain.errors import TerrainError
from terrain.grid import WGS84, Float64Array, Grid
from terrain.threads import in_threads

Float32Array = NDArray[np.float32]
ExactMap = Callable[[Float64Array, Float64Array], tuple[Float64Array, Float64Array]]
"""Two components at rows and columns, any shape."""

TOLERANCE_M = 0.01
"""Greatest error of interpolated positions in the middle of a lattice's cells [m]."""
START_M = 8000.0
"""Spacing of a lattice's nodes before it is checked [m]."""
TORN = 20.0
"""Length on one side over length on the other that no usable projection reaches."""
REACH_M = 2_000_000.0
"""Receivers' positions are checked up to this distance from the centre [m]."""

_POLAR_M = 50_000.0  # a raster stays a degree from the poles; nearer than this longitudes tear
_MAX_NODES = 4_000_000
_WIDEN_NODES = 250_000  # a continent starts with wider meshes
_CHECKED = 24  # lattice cells along each side whose middle is checked
_ROWS_AT_ONCE = 64


@dataclass(frozen=True)
class LocalFrame:
    """Azimuthal-equidistant plane round a point, on WGS84; no rounding, no scale.

    Attributes
    ----------
    lat_deg, lon_deg : float
        The centre [deg].

    Raises
    ------
    TerrainError
        A centre that is no place on Earth.
    """

    lat_deg: float
    lon_deg: float

    def __post_init__(self) -> None:
        """Refuse what cannot be a place."""
        if not (abs(self.lat_deg) <= 90.0 and abs(self.lon_deg) <= 540.0):
            msg = f"{self.lat_deg} N {self.lon_deg} E is no place; give degrees, latitude first"
            raise TerrainError(msg)

    def to_local(
        self, lon_deg: Float64Array | float, lat_deg: Float64Array | float
    ) -> tuple[Float64Array, Float64Array]:
        """East and north of positions [m], exact; NaN for what is no position."""
        lon, lat = np.broadcast_arrays(
            np.asarray(lon_deg, np.float64), np.asarray(lat_deg, np.float64)
        )
        known = np.isfinite(lon) & (np.abs(lat) <= 90.0)
        centre = np.full(lon.shape, self.lon_deg), np.full(lon.shape, self.lat_deg)
        azimuth, _, s_m = WGS84.inv(*centre, np.where(known, lon, 0.0), np.where(known, lat, 0.0))
        azimuth, s_m = np.radians(azimuth), np.where(known, s_m, np.nan)
        return s_m * np.sin(azimuth), s_m * np.cos(azimuth)

    def to_lonlat(
        self, east_m: Float64Array | float, north_m: Float64Array | float
    ) -> tuple[Float64Array, Float64Array]:
        """Longitudes and latitudes of positions on the plane [deg], exact."""
        east, north = np.broadcast_arrays(
            np.asarray(east_m, np.float64), np.asarray(north_m, np.float64)
        )
        azimuth, s_m = np.degrees(np.arctan2(east, north)), np.hypot(east, north)
        centre = np.full(east.shape, self.lon_deg), np.full(east.shape, self.lat_deg)
        lon, lat, _ = WGS84.fwd(*centre, azimuth, s_m)
        return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


@dataclass(frozen=True, eq=False)
class Lattice:
    """Exact values of a smooth map at every so many rows and columns, to interpolate between.

    Attributes
    ----------
    nodes : (2, n_node_row, n_node_col) float64
        Both components. NaN where the map has no value, and on both sides of a tear; what lies
        within two nodes of one is NaN too.
    first : tuple of int
        Row and column that the lattice is for from; the first node lies a step before.
    step : tuple of int
        Rows and columns between nodes, powers of two. With 1 every whole index is exact.
    """

    nodes: Float64Array
    first: tuple[int, int]
    step: tuple[int, int]

    @classmethod
    def fit(
        cls,
        exact: ExactMap,
        rows: tuple[int, int],
        cols: tuple[int, int],
        *,
        cell_m: tuple[float, float],
        tolerance: tuple[float, float],
        max_slope: tuple[float, float],
        within: tuple[tuple[float, float], tuple[float, float]],
    ) -> Lattice:
        """Lattice of `exact`, refined until the middles of its cells are good enough.

        Parameters
        ----------
        exact : callable
            The two components at rows and columns.
        rows, cols : tuple of int
            First and last index, both included.
        cell_m : tuple of float
            Length of a row's and of a column's step on the ground [m].
        tolerance : tuple of float
            Greatest error of the two components.
        max_slope : tuple of float
            Change of the two components per metre beyond which the map is torn.
        within : two pairs of float
            Lowest and highest value of the two components that matter: elsewhere the error does
            not count.

        Raises
        ------
        TerrainError
            A map so rough that millions of nodes do not do.
        """
        spans = rows[1] - rows[0], cols[1] - cols[0]
        step = [_power_of_two(START_M / cell) for cell in cell_m]
        while _n_node(spans, step) > _WIDEN_NODES:
            step = [2 * s for s in step]
        while True:
            if _n_node(spans, step) > _MAX_NODES:
                msg = (
                    f"positions over {spans[0]} x {spans[1]} cells are not smooth in this "
                    "coordinate system; warp the raster to one that suits the area, such as UTM"
                )
                raise TerrainError(msg)
            lattice = cls._build(exact, (rows[0], cols[0]), spans, step, cell_m, max_slope)
            if max(step) == 1 or lattice._is_good(exact, tolerance, within):
                return lattice
            step = [max(s // 2, 1) for s in step]

    @classmethod
    def _build(
        cls,
        exact: ExactMap,
        first: tuple[int, int],
        spans: tuple[int, int],
        step: list[int],
        cell_m: tuple[float, float],
        max_slope: tuple[float, float],
    ) -> Lattice:
        row, col = (
            first[axis] + step[axis] * np.arange(-1.0, _intervals(spans[axis], step[axis]) + 2.0)
            for axis in (0, 1)
        )
        with np.errstate(invalid="ignore"):
            nodes = np.stack(exact(*np.meshgrid(row, col, indexing="ij")))
            nodes[:, ~np.isfinite(nodes).all(axis=0)] = np.nan
            torn = np.zeros(nodes.shape[1:], np.bool_)
            for axis in (0, 1):
                jump = np.abs(np.diff(nodes, axis=1 + axis))
                limit = np.array(max_slope) * (step[axis] * cell_m[axis]) + 1.0
                over = (jump > limit[:, None, None]).any(axis=0)
                low, high = (np.s_[:-1], np.s_[1:]) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
                torn[low] |= over
                torn[high] |= over
        nodes[:, torn] = np.nan
        return cls(np.ascontiguousarray(nodes), first, (step[0], step[1]))

    def _is_good(
        self,
        exact: ExactMap,
        tolerance: tuple[float, float],
        within: tuple[tuple[float, float], tuple[float, float]],
    ) -> bool:
        """Whether the error is small in the middle of lattice cells, the outermost among them."""
        middles = []
        for axis in (0, 1):
            n = self.nodes.shape[1 + axis] - 3
            cell = np.unique(np.rint(np.linspace(0.0, n - 1.0, min(n, _CHECKED))))
            middles.append(self.first[axis] + self.step[axis] * (cell + 0.5))
        row, col = np.meshgrid(*middles, indexing="ij")
        true = np.stack(exact(row, col))
        with np.errstate(invalid="ignore"):
            counts = np.ones(row.shape, np.bool_)
            for component, (low, high) in zip(true, within, strict=True):
                counts &= (component >= low) & (component <= high)
            error = np.abs(np.stack(self.at(row, col)) - true)
        return bool(np.all(~(error > np.array(tolerance)[:, None, None]) | ~counts))

    def at(self, row: Float64Array, col: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Both components at rows and columns, interpolated; any shape."""
        row, col = np.broadcast_arrays(np.asarray(row, np.float64), np.asarray(col, np.float64))
        out = np.empty((2, row.size))
        place_row = (row.ravel() - self.first[0]) / self.step[0]
        place_col = (col.ravel() - self.first[1]) / self.step[1]
        _values_at(self.nodes, place_row, place_col, out)
        return out[0].reshape(row.shape), out[1].reshape(row.shape)


def _power_of_two(limit: float) -> int:
    return 1 << int(math.log2(min(limit, 2.0**20))) if limit > 1.0 else 1


def _intervals(span: int, step: int) -> int:
    return max(1, -(-span // step))


def _n_node(spans: tuple[int, int], step: list[int]) -> int:
    return (_intervals(spans[0], step[0]) + 3) * (_intervals(spans[1], step[1]) + 3)


@kernel
def collapse(nodes: Float64Array, place: float, out: Float64Array) -> None:
    """One row of a lattice's nodes at a place between four rows.

    Parameters
    ----------
    nodes : (n_node_row, n_node_col) float64
        One component.
    place : float
        Steps from the lattice's first row.
    out : (>= n_node_col,) float64
        Written.
    """
    i = min(max(int(place), 0), nodes.shape[0] - 4)
    t = place - i
    w0 = t * (t - 1.0) * (2.0 - t) / 6.0
    w1 = (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0
    w2 = (t + 1.0) * t * (2.0 - t) / 2.0
    w3 = (t + 1.0) * t * (t - 1.0) / 6.0
    for k in range(nodes.shape[1]):
        out[k] = (
            w0 * nodes[i, k] + w1 * nodes[i + 1, k] + w2 * nodes[i + 2, k] + w3 * nodes[i + 3, k]
        )


@kernel
def cubic(f0: float, f1: float, f2: float, f3: float) -> tuple[float, float, float, float]:
    """Ascending coefficients in t of the cubic through values at t = -1, 0, 1, 2."""
    return (
        f1,
        f2 - f0 / 3.0 - 0.5 * f1 - f3 / 6.0,
        0.5 * (f0 + f2) - f1,
        (f3 - f0) / 6.0 + 0.5 * (f1 - f2),
    )


@driver
def _values_at(
    nodes: Float64Array, place_row: Float64Array, place_col: Float64Array, out: Float64Array
) -> None:
    line = np.empty((4, 1))
    for k in range(place_row.size):
        j = min(max(int(place_col[k]), 0), nodes.shape[2] - 4)
        t = place_col[k] - j
        for m in range(2):
            for s in range(4):
                collapse(nodes[m, :, j + s : j + s + 1], place_row[k], line[s])
            a, b, c, d = cubic(line[0, 0], line[1, 0], line[2, 0], line[3, 0])
            out[m, k] = ((d * t + c) * t + b) * t + a


@driver
def _fill_rows(
    nodes: Float64Array,
    step_row: int,
    step_col: int,
    first: int,
    u_out: Float32Array,
    v_out: Float32Array,
) -> None:
    """Both components at every column of rows `first` and following of a lattice's area."""
    n_node = nodes.shape[2]
    u, v = np.empty(n_node), np.empty(n_node)
    per_col = 1.0 / step_col
    for row in range(u_out.shape[0]):
        collapse(nodes[0], (first + row) / step_row, u)
        collapse(nodes[1], (first + row) / step_row, v)
        for k in range(n_node - 3):
            start = k * step_col
            a0, a1, a2, a3 = cubic(u[k], u[k + 1], u[k + 2], u[k + 3])
            b0, b1, b2, b3 = cubic(v[k], v[k + 1], v[k + 2], v[k + 3])
            # The last node is a column too where the steps come out even.
            stop = start + step_col if k < n_node - 4 else u_out.shape[1]
            u_part, v_part = u_out[row, start:stop], v_out[row, start:stop]
            for j in range(u_part.size):
                t = j * per_col
                u_part[j] = ((a3 * t + a2) * t + a1) * t + a0
                v_part[j] = ((b3 * t + b2) * t + b1) * t + b0


def raster_lattice(
    raster: Grid,
    place: ExactMap,
    rows: tuple[int, int],
    cols: tuple[int, int],
    *,
    cell_m: tuple[float, float],
    centre: tuple[Float64Array, Float64Array],
) -> Lattice:
    """Lattice of a raster's row and column over other indices, whose `place` is known.

    Parameters
    ----------
    raster : Grid
    place : callable
        Longitude and latitude at rows and columns of the other indices [deg].
    rows, cols, cell_m
        As in :meth:`Lattice.fit`.
    centre : tuple of float64
        Longitude and latitude from which columns are continuous, as along a path [deg].
    """
    north_m, east_m = raster.cell_size_m()
    turn = 360.0 / raster.transform[0]
    _, col_centre = raster.fractional_index(*centre)

    def exact(i: Float64Array, j: Float64Array) -> tuple[Float64Array, Float64Array]:
        row, col = raster.fractional_index(*place(i, j))
        if raster.is_geographic:
            col = col - turn * np.round((col - col_centre) / turn)
        return row, col

    slope = TORN / min(north_m, east_m)
    polar = turn / (2.0 * math.pi * _POLAR_M)
    # Beyond the raster only which side a place lies on counts.
    margin = 4.0 * max(*cell_m, START_M) / np.array([north_m, east_m])
    last = np.array(raster.shape) - 1.0
    return Lattice.fit(
        exact,
        rows,
        cols,
        cell_m=cell_m,
        tolerance=(TOLERANCE_M / north_m, TOLERANCE_M / east_m),
        max_slope=(slope, polar if raster.is_geographic else slope),
        within=((-margin[0], last[0] + margin[0]), (-margin[1], last[1] + margin[1])),
    )


def receiver_positions(
    frame: LocalFrame,
    grid: Grid,
    rows: slice | None = None,
    *,
    out: tuple[Float32Array, Float32Array] | None = None,
) -> tuple[Float32Array, Float32Array]:
    """East and north of a grid's cell centres in a frame [m].

    Good to 1 cm, and to float32 (3 cm at 400 km), up to 2000 km from the centre.

    Parameters
    ----------
    frame : LocalFrame
    grid : Grid
        Any.
    rows : slice, optional
        Rows wanted, without a stride; all by default.
    out : two (n_row, n_col) float32, optional
        Where to write east and north.

    Returns
    -------
    east_m, north_m : (n_row, n_col) float32
        NaN where the grid's coordinate system expresses no position, and round the antipode.
    """
    start, stop, stride = (slice(None) if rows is None else rows).indices(grid.n_row)
    if stride != 1:
        msg = f"rows {rows} skip some; give a slice without a stride"
        raise TerrainError(msg)
    shape = max(stop - start, 0), grid.n_col
    east, north = out or (np.empty(shape, np.float32), np.empty(shape, np.float32))
    if shape[0] == 0:
        return east, north

    def exact(row: Float64Array, col: Float64Array) -> tuple[Float64Array, Float64Array]:
        return frame.to_local(*grid.lonlat_of_index(row, col))

    cell_m = grid.cell_size_m()
    if 2.0 * min(cell_m) > START_M:  # few and large: no lattice is coarser
        for i in range(shape[0]):
            row, col = np.full(shape[1], start + float(i)), np.arange(float(shape[1]))
            east[i], north[i] = exact(row, col)
        return east, north
    lattice = Lattice.fit(
        exact,
        (start, stop - 1),
        (0, grid.n_col - 1),
        cell_m=cell_m,
        tolerance=(TOLERANCE_M, TOLERANCE_M),
        max_slope=(TORN, TORN),
        within=((-REACH_M, REACH_M), (-REACH_M, REACH_M)),
    )

    def fill(first: int) -> None:
        part = np.s_[first : first + _ROWS_AT_ONCE]
        _fill_rows(lattice.nodes, *lattice.step, first, east[part], north[part])

    in_threads(fill, range(0, shape[0], _ROWS_AT_ONCE))
    return east, north
