"""Real relief over a large disc for benchmarks: a small extract, interpolated and mirrored.

No detail is added. Clutter and a coast, where asked for, are made up from a seed.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terrain._jit import driver, kernel
from terrain.errors import TerrainError
from terrain.grid import LONLAT, Float64Array, Grid, horizontal_crs, transformer
from terrain.ground import COASTAL, INLAND, SEA, Ground
from terrain.local import (
    TOLERANCE_M,
    TORN,
    Float32Array,
    Lattice,
    collapse,
    cubic,
)
from terrain.threads import in_threads

NOTE = "Mirrored: not the real ground beyond the extract."
NOTE_CLUTTER = "Clutter made up from a seed."
NOTE_ZONES = "Coast and zones made up from a seed; sea is cut to height 0."

MARGIN = 0.005
"""Share of the radius added on every side: a projection's metres are not quite metres."""
CLUTTER_SHARE, SEA_SHARE, COASTAL_SHARE = 0.4, 0.25, 0.25

_PATCH_M = 300.0  # spacing of the nodes that made-up things are interpolated from
_MAX_FIELD_NODES = 1_000_000
_CLUTTER_WAVES_M = (6000.0, 3000.0, 1200.0)
_COAST_WAVES = (1.2, 0.5, 0.2, 0.08, 0.03)  # of the radius
_CLUTTER_M = (10.0, 15.0, 20.0)
_ROWS_AT_ONCE = 64


def mirrored_disc(
    source: Ground | Path | str,
    *,
    cell_m: float,
    radius_m: float,
    seed: int | None = None,
    clutter: bool = False,
    zones: bool = False,
) -> Ground:
    """Ground over a square round an extract's centre that holds a disc; schematic.

    Heights are those of the extract, interpolated by cubic convolution (Catmull-Rom) and
    nothing else, in the UTM zone of its centre. Outside the extract its mirror image follows, and
    the image's mirror image.

    Parameters
    ----------
    source : Ground or path
        The extract: a ground, of which the heights are taken, or a raster without voids.
    cell_m : float
        Cell size [m].
    radius_m : float
        Radius of the disc [m], at most 400 km.
    seed : int, optional
        Needed for clutter and zones.
    clutter : bool
        Patches of 10, 15 and 20 m, 0.3 to 3 km across, on 40 % of the land.
    zones : bool
        Sea (height 0), coastal land and inland, with a ragged coast and islands, in place of
        inland everywhere.

    Raises
    ------
    TerrainError
        An extract with voids or fewer than 4 cells a side, sizes that are none, or no seed where
        one is needed.
    """
    if not (math.isfinite(cell_m) and 0.0 < cell_m <= radius_m <= 4e5):
        msg = f"cells of {cell_m} m on a disc of {radius_m} m; give 0 < cell_m <= radius_m <= 4e5"
        raise TerrainError(msg)
    if (clutter or zones) and seed is None:
        msg = "made-up clutter and zones come from a seed; give one"
        raise TerrainError(msg)
    extract, height, credits_ = _extract(source)
    grid = _disc_grid(extract, cell_m, radius_m)
    out = np.empty(grid.shape, np.float32)
    zone = np.full(grid.shape, INLAND, np.uint8)
    cover = np.zeros(grid.shape, np.float32)
    _mirror(extract, height, grid, out)
    notes = [NOTE]
    rng = np.random.default_rng(seed)
    if zones:
        waves_m = [radius_m * wave for wave in _COAST_WAVES]
        _draw_zones(_fields(rng, grid, cell_m, waves_m), out, zone)
        notes.append(NOTE_ZONES)
    if clutter:
        _draw_clutter(_fields(rng, grid, cell_m, _CLUTTER_WAVES_M), zone, cover)
        notes.append(NOTE_CLUTTER)
    return Ground(
        grid, out, zone, cover, is_schematic=True, credits=credits_, notes=tuple(notes)
    )  # fmt: skip


def _extract(source: Ground | Path | str) -> tuple[Grid, Float32Array, tuple[str, ...]]:
    if isinstance(source, Ground):
        grid, height, credits_ = source.grid, source.height_m, source.credits
    else:
        from terrain.raster import read_elevation

        elevation = read_elevation(source)
        grid, height, credits_ = elevation.grid, elevation.height_m, elevation.credits
    if min(grid.shape) < 4:
        msg = f"an extract of {grid.n_row} x {grid.n_col} cells; give at least 4 x 4"
        raise TerrainError(msg)
    n_void = int(np.count_nonzero(np.isnan(height)))
    if n_void:
        msg = f"{n_void} cells of the extract have no height; fill them, or cut them off"
        raise TerrainError(msg)
    return grid, np.ascontiguousarray(height, np.float32), credits_


def _disc_grid(extract: Grid, cell_m: float, radius_m: float) -> Grid:
    """Square of UTM cells whose middle one has its centre at the extract's centre."""
    lon, lat = (
        float(v)
        for v in extract.lonlat_of_index(
            np.array(0.5 * (extract.n_row - 1)), np.array(0.5 * (extract.n_col - 1))
        )
    )
    zone = int((lon + 180.0) % 360.0 // 6.0) + 1
    crs = f"EPSG:{(32600 if lat >= 0.0 else 32700) + zone}"
    x, y = transformer(LONLAT, crs).transform(lon, lat)
    half = math.ceil(radius_m * (1.0 + MARGIN) / cell_m)
    n = 2 * half + 1
    edge = (half + 0.5) * cell_m
    return Grid(crs, (cell_m, 0.0, x - edge, 0.0, -cell_m, y + edge), (n, n))


def _mirror(extract: Grid, height: Float32Array, grid: Grid, out: Float32Array) -> None:
    north_m, east_m = extract.cell_size_m()
    _, middle = extract.fractional_index(*_centre_lonlat(grid))
    turn = 360.0 / extract.transform[0]

    def exact(row: Float64Array, col: Float64Array) -> tuple[Float64Array, Float64Array]:
        i, j = extract.fractional_index(*grid.lonlat_of_index(row, col))
        if horizontal_crs(extract.crs).is_geographic:
            j = j - turn * np.round((j - middle) / turn)
        return i, j

    slope = TORN / min(north_m, east_m)
    everywhere = (-math.inf, math.inf)
    lattice = Lattice.fit(
        exact,
        (0, grid.n_row - 1),
        (0, grid.n_col - 1),
        cell_m=grid.cell_size_m(),
        tolerance=(TOLERANCE_M / north_m, TOLERANCE_M / east_m),
        max_slope=(slope, slope),
        within=(everywhere, everywhere),
    )

    def fill(first: int) -> None:
        part = out[first : first + _ROWS_AT_ONCE]
        _mirror_rows(lattice.nodes, *lattice.step, first, height, part)

    in_threads(fill, range(0, grid.n_row, _ROWS_AT_ONCE))


def _centre_lonlat(grid: Grid) -> tuple[Float64Array, Float64Array]:
    return grid.lonlat_of_index(np.array(0.5 * (grid.n_row - 1)), np.array(0.5 * (grid.n_col - 1)))


def _fields(rng: np.random.Generator, grid: Grid, cell_m: float, waves_m: Any) -> Lattice:
    """Two smooth random fields, uniform from 0 to 1, on a lattice over the grid.

    Each is a sum of octaves of noise of the given wavelengths, longest strongest.
    """
    from scipy import ndimage

    step = max(round(_PATCH_M / cell_m), 1)
    while (grid.n_row // step + 4) ** 2 > _MAX_FIELD_NODES:
        step *= 2
    n = -(-grid.n_row // step) + 3
    fields = np.zeros((2, n, n))
    for wave_m in waves_m:
        sigma = wave_m / (4.0 * step * cell_m)
        # A wide blur is that of a coarse field: noise on few nodes, stretched.
        coarse = max(int(sigma), 1)
        m = n // coarse + 4
        noise = rng.standard_normal((2, m, m))
        if sigma > 0.3:
            noise = ndimage.gaussian_filter(noise, (0.0, sigma / coarse, sigma / coarse))
        octave = ndimage.zoom(noise, (1.0, coarse, coarse), order=3, mode="nearest")[:, :n, :n]
        fields += wave_m**0.75 * octave / octave.std()
    rank = np.argsort(np.argsort(fields.reshape(2, -1), axis=1), axis=1)
    return Lattice((rank / (n * n - 1.0)).reshape(2, n, n), (0, 0), (step, step))


def _draw_zones(fields: Lattice, height: Float32Array, zone: NDArray[np.uint8]) -> None:
    def draw(first: int) -> None:
        part = np.s_[first : first + _ROWS_AT_ONCE]
        _zone_rows(fields.nodes, *fields.step, first, height[part], zone[part])

    in_threads(draw, range(0, zone.shape[0], _ROWS_AT_ONCE))


def _draw_clutter(fields: Lattice, zone: NDArray[np.uint8], cover: Float32Array) -> None:
    def draw(first: int) -> None:
        part = np.s_[first : first + _ROWS_AT_ONCE]
        _clutter_rows(fields.nodes, *fields.step, first, zone[part], cover[part])

    in_threads(draw, range(0, zone.shape[0], _ROWS_AT_ONCE))


@kernel
def _line(nodes: Float64Array, place: float, step: int, line: Float64Array, out: Any) -> None:
    """One component along a row, at every column of `out`."""
    collapse(nodes, place, line)
    for k in range(line.size - 3):
        a, b, c, d = cubic(line[k], line[k + 1], line[k + 2], line[k + 3])
        part = out[k * step : (k + 1) * step if k < line.size - 4 else out.size]
        for j in range(part.size):
            t = j / step
            part[j] = ((d * t + c) * t + b) * t + a


@kernel
def _reflect(i: int, n: int) -> int:
    """Index of a row of n nodes mirrored at its first and last without end."""
    i = abs(i) % (2 * n - 2)
    return min(i, 2 * n - 2 - i)


@kernel
def _catmull_rom(t: float) -> tuple[float, float, float, float]:
    """Weights of the nodes at -1, 0, 1, 2."""
    return (
        0.5 * t * (-1.0 + t * (2.0 - t)),
        1.0 + 0.5 * t * t * (3.0 * t - 5.0),
        0.5 * t * (1.0 + t * (4.0 - 3.0 * t)),
        0.5 * t * t * (t - 1.0),
    )


@kernel
def _mirrored_at(height: Float32Array, row: float, col: float) -> float:
    """Cubic-convolution value [m] at any row and column."""
    n_row, n_col = height.shape
    i = int(math.floor(row))
    j = int(math.floor(col))
    v0, v1, v2, v3 = _catmull_rom(row - i)
    w0, w1, w2, w3 = _catmull_rom(col - j)
    if i >= 1 and i < n_row - 2 and j >= 1 and j < n_col - 2:
        j0, j1, j2, j3 = j - 1, j, j + 1, j + 2
        i0, i1, i2, i3 = i - 1, i, i + 1, i + 2
    else:
        j0, j1 = _reflect(j - 1, n_col), _reflect(j, n_col)
        j2, j3 = _reflect(j + 1, n_col), _reflect(j + 2, n_col)
        i0, i1 = _reflect(i - 1, n_row), _reflect(i, n_row)
        i2, i3 = _reflect(i + 1, n_row), _reflect(i + 2, n_row)
    a = w0 * height[i0, j0] + w1 * height[i0, j1] + w2 * height[i0, j2] + w3 * height[i0, j3]
    b = w0 * height[i1, j0] + w1 * height[i1, j1] + w2 * height[i1, j2] + w3 * height[i1, j3]
    c = w0 * height[i2, j0] + w1 * height[i2, j1] + w2 * height[i2, j2] + w3 * height[i2, j3]
    d = w0 * height[i3, j0] + w1 * height[i3, j1] + w2 * height[i3, j2] + w3 * height[i3, j3]
    return float(v0 * a + v1 * b + v2 * c + v3 * d)


@driver
def _mirror_rows(
    nodes: Float64Array,
    step_row: int,
    step_col: int,
    first: int,
    height: Float32Array,
    out: Float32Array,
) -> None:
    n_row, n_col = out.shape
    line, row, col = np.empty(nodes.shape[2]), np.empty(n_col), np.empty(n_col)
    for k in range(n_row):
        _line(nodes[0], (first + k) / step_row, step_col, line, row)
        _line(nodes[1], (first + k) / step_row, step_col, line, col)
        for j in range(n_col):
            out[k, j] = _mirrored_at(height, row[j], col[j])


@driver
def _zone_rows(
    nodes: Float64Array,
    step_row: int,
    step_col: int,
    first: int,
    height: Float32Array,
    zone: NDArray[np.uint8],
) -> None:
    n_row, n_col = zone.shape
    line, field = np.empty(nodes.shape[2]), np.empty(n_col)
    for k in range(n_row):
        _line(nodes[0], (first + k) / step_row, step_col, line, field)
        for j in range(n_col):
            if field[j] < SEA_SHARE:
                zone[k, j] = SEA
                height[k, j] = 0.0
            elif field[j] < SEA_SHARE + COASTAL_SHARE:
                zone[k, j] = COASTAL
            else:
                zone[k, j] = INLAND


@driver
def _clutter_rows(
    nodes: Float64Array,
    step_row: int,
    step_col: int,
    first: int,
    zone: NDArray[np.uint8],
    cover: Float32Array,
) -> None:
    n_row, n_col = zone.shape
    line, field, kind = np.empty(nodes.shape[2]), np.empty(n_col), np.empty(n_col)
    for k in range(n_row):
        _line(nodes[0], (first + k) / step_row, step_col, line, field)
        _line(nodes[1], (first + k) / step_row, step_col, line, kind)
        for j in range(n_col):
            if field[j] < CLUTTER_SHARE and zone[k, j] != SEA:
                cover[k, j] = _CLUTTER_M[min(max(int(3.0 * kind[j]), 0), 2)]
            else:
                cover[k, j] = 0.0
