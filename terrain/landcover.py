"""Land cover to representative clutter height, through a table that anyone can edit."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from terrain.errors import MissingTerrainError, TerrainError
from terrain.grid import Box, Grid, box_bounds
from terrain.raster import Paths, open_raster, overlap, small_cache

BUILT_IN = ("esa_worldcover", "corine", "corine_44", "globcover", "mekong_landuse")
_COLUMNS = ("class_code", "representative_height_m")

NOTHING: Final = -1
"""Code of cells where a class raster has nodata or does not reach."""
_COUNTED_CODES: Final = 100_000
FINER: Final = 0.7
"""Pixels smaller than this part of a cell are gathered up in it; others are read at its centre."""
_BAND_PIXELS = 4_000_000
"""Pixels in memory at a time, of which a dozen copies in various types."""


@dataclass(frozen=True, slots=True)
class LandClass:
    """A class of land cover.

    Attributes
    ----------
    height_m : float
        Representative clutter height [m].
    name, confidence : str
        For people; empty where the table does not say.
    """

    height_m: float
    name: str = ""
    confidence: str = ""


def read_classes(table: Path | str) -> dict[int, float]:
    """Representative clutter height [m] by class code.

    Parameters
    ----------
    table : str or path
        One of BUILT_IN, or a CSV file with the columns class_code and representative_height_m;
        further columns are for people. A code may be a range, "122-124".

    Raises
    ------
    TerrainError
        Missing file or column, or a row that is not a number, by file and line.
    """
    return {code: one.height_m for code, one in read_class_table(table).items()}


def read_class_table(table: Path | str) -> dict[int, LandClass]:
    """Classes of a table by code, as :func:`read_classes` reads it.

    Raises
    ------
    TerrainError
        As :func:`read_classes`.
    """
    if str(table) in BUILT_IN:
        text = (resources.files("terrain") / "data" / f"{table}.csv").read_text(encoding="utf-8")
    elif Path(table).exists():
        try:
            text = Path(table).read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            msg = f"{table}: not UTF-8 text ({error.reason}); save the table as UTF-8"
            raise TerrainError(msg) from error
    else:
        msg = f"{table}: no such class table; name a CSV file or one of {', '.join(BUILT_IN)}"
        raise MissingTerrainError(msg)
    rows = csv.DictReader(text.splitlines())
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        msg = f"{table}: column {missing[0]!r} is missing; the header needs {', '.join(_COLUMNS)}"
        raise TerrainError(msg)
    classes: dict[int, LandClass] = {}
    for row in rows:
        try:
            first, _, last = row["class_code"].partition("-")
            height_m = float(row["representative_height_m"])
            codes = range(int(first), int(last or first) + 1)
        except (AttributeError, TypeError, ValueError) as error:
            msg = f"{table}:{rows.line_num}: {error}; give a class code and a height in metres"
            raise TerrainError(msg) from error
        if not 0.0 <= height_m <= 100.0:
            msg = f"{table}:{rows.line_num}: clutter height {height_m} m is not within 0..100"
            raise TerrainError(msg)
        twice = sorted(set(codes) & set(classes))
        if twice or not codes:
            what = f"class {twice[0]} twice" if twice else f"no class in {row['class_code']!r}"
            msg = f"{table}:{rows.line_num}: {what}; give each class one row"
            raise TerrainError(msg)
        name, confidence = (row.get(key) or "" for key in ("class_name", "confidence"))
        classes.update(dict.fromkeys(codes, LandClass(height_m, name, confidence)))
    if not classes:
        msg = f"{table}: no classes; give at least one row"
        raise TerrainError(msg)
    return classes


def read_clutter(
    paths: Paths, grid: Grid, classes: Mapping[int, float], on_land: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Representative clutter height of each cell of `grid` [m]; NaN where no raster has a class.

    Where classes are finer than the grid, the mean of their heights, each weighted by its share of
    the cell that has a class: a cell a third of which is trees of 15 m gets 5 m. (The commonest
    class would drop every village and every row of trees smaller than half a cell.) Elsewhere the
    class at the cell's centre counts. Code 0 is no class unless `classes` has it. Of several rasters
    the first that has a class holds.

    Parameters
    ----------
    paths : path or sequence of paths
    grid : Grid
    classes : mapping of int to float
        Height by class code [m]; :func:`read_classes`.
    on_land : (n_row, n_col) bool
        Where every class has to have a height.

    Raises
    ------
    TerrainError
        Unreadable raster, values that are no whole numbers, or classes without a height, with the
        number of land cells that have some of it.
    """
    heights = np.full(grid.shape, np.nan, np.float32)
    unknown: dict[int, int] = {}
    names = [paths] if isinstance(paths, str | Path) else list(paths)
    for name in names:
        with small_cache(), open_classes(name) as source:
            finer = _cell_m(source) < FINER * min(grid.cell_size_m())
            for rows in _bands(source, grid):
                part = heights[rows]
                wanted = np.isnan(part)
                if wanted.any():
                    own, missing = _band(source, grid, rows, classes, finer=finer, on_land=on_land)
                    np.copyto(part, own, where=wanted)
                    for code, count in missing.items():
                        unknown[code] = unknown.get(code, 0) + count
    if unknown:
        told = ", ".join(f"{code} ({count} cells)" for code, count in sorted(unknown.items()))
        msg = (
            f"{', '.join(map(str, names))}: classes without a height: {told}; add them to the table "
            f"of land_cover_classes{_other_table(unknown)}"
        )
        raise TerrainError(msg)
    return heights


def _other_table(unknown: Mapping[int, int]) -> str:
    """Built-in tables that have all of these codes."""
    fitting = [name for name in BUILT_IN if set(unknown) <= set(read_classes(name))]
    return f", or name the table that they are of ({', '.join(fitting)}?)" if fitting else ""


def open_classes(path: Path | str) -> Any:
    """Open a class raster as it is stored.

    Raises
    ------
    TerrainError
        Unreadable, or values that are no class codes.
    """
    source = open_raster(path, north_up=False)
    if source.dtypes[0].startswith(("float", "complex")):
        dtype = source.dtypes[0]
        source.close()
        msg = f"{path}: {dtype} values are no class codes; give whole numbers"
        raise TerrainError(msg)
    return source


def count_classes(paths: Paths, box: Box) -> dict[int, int]:
    """Pixels by class code within a box [deg], of all rasters; NOTHING for nodata.

    Raises
    ------
    TerrainError
        Unreadable raster, or values that are no whole numbers.
    """
    counts: Counter[int] = Counter()
    for name in [paths] if isinstance(paths, str | Path) else paths:
        with small_cache(), open_classes(name) as source:
            window = _window(source, box_bounds(box, source.crs.to_wkt()))
            if window is None:
                continue
            (top, bottom), cols = window
            step = max(1, _BAND_PIXELS // (cols[1] - cols[0]))
            for first in range(top, bottom, step):
                codes = _codes(source, ((first, min(first + step, bottom)), cols))
                present, _, number = _unique(codes)
                counts.update(dict(zip(present.tolist(), number.tolist(), strict=True)))
    return dict(counts)


def _bands(source: Any, grid: Grid) -> Iterator[slice]:
    """Rows of a grid, so many at a time that no band needs more pixels than memory likes."""
    per_cell = max(1.0, min(grid.cell_size_m()) / _cell_m(source)) ** 2
    step = max(1, int(_BAND_PIXELS / (per_cell * grid.n_col)))
    for top in range(0, grid.n_row, step):
        yield slice(top, min(top + step, grid.n_row))


def _band(
    source: Any,
    grid: Grid,
    rows: slice,
    classes: Mapping[int, float],
    *,
    finer: bool,
    on_land: NDArray[np.bool_],
) -> tuple[NDArray[np.float32], dict[int, int]]:
    """Clutter heights of some rows, and land cells by class that has none."""
    from rasterio.enums import Resampling
    from rasterio.warp import reproject, transform_bounds

    a, _, c, _, e, f = grid.transform
    band = Grid(
        grid.crs, (a, 0.0, c, 0.0, e, f + e * rows.start), (rows.stop - rows.start, grid.n_col)
    )
    nothing = np.full(band.shape, np.nan, np.float32)
    window = _window(source, transform_bounds(grid.crs, source.crs, *band.bounds))
    if window is None:
        return nothing, {}
    codes = _codes(source, window)
    if 0 not in classes:
        codes[codes == 0] = NOTHING  # by custom no class, tagged or not
    present, inverse, _ = _unique(codes)
    t, row, col = source.transform, window[0][0], window[1][0]
    origin = Affine(
        t.a, t.b, t.c + t.a * col + t.b * row, t.d, t.e, t.f + t.d * col + t.e * row
    )  # fmt: skip

    def on_grid(by_class: NDArray[np.float32]) -> NDArray[np.float32]:
        out = nothing.copy()
        reproject(
            by_class[inverse],
            out,
            src_transform=origin,
            src_crs=source.crs,
            dst_transform=band.affine,
            dst_crs=grid.crs,
            src_nodata=np.nan,
            dst_nodata=np.nan,
            resampling=Resampling.average if finer else Resampling.nearest,
        )
        return out

    height = np.array([classes.get(int(code), math.nan) for code in present], np.float32)
    unknown: dict[int, int] = {}
    for code in present.tolist():
        if code != NOTHING and code not in classes:
            share = on_grid(np.where(present == code, 1.0, 0.0).astype(np.float32))
            count = int(((share > 0.0) & on_land[rows]).sum())
            if count:
                unknown[code] = count
    return on_grid(height), unknown


def _codes(source: Any, window: Any) -> NDArray[np.signedinteger[Any]]:
    """Class codes of a window, NOTHING where the raster has none."""
    raw = source.read(1, window=window)
    if (
        raw.dtype == np.uint64
    ):  # what does not fit is no class, but wrapped round could look like one
        raw = np.minimum(raw, np.uint64(np.iinfo(np.int64).max))
    dtype = np.int32 if np.can_cast(raw.dtype, np.int32) else np.int64
    codes: NDArray[np.signedinteger[Any]] = raw.astype(dtype)
    codes[source.read_masks(1, window=window) == 0] = NOTHING
    return codes


def _window(source: Any, bounds: Box) -> Any:
    """Rows and columns of a raster that cover bounds in its own coordinates; all if it is turned."""
    t = source.transform
    if not (t.b == 0.0 and t.d == 0.0 and t.a > 0.0 and t.e < 0.0):
        return (0, source.height), (0, source.width)
    own = Grid(source.crs.to_wkt(), (t.a, 0.0, t.c, 0.0, t.e, t.f), (source.height, source.width))
    west, south, east, north = bounds
    if own.is_geographic:
        turn = 360.0 * round((0.5 * (own.bounds[0] + own.bounds[2]) - 0.5 * (west + east)) / 360.0)
        west, east = west + turn, east + turn
    part = overlap(own, (west, south, east, north))
    return part and ((part[0].start, part[0].stop), (part[1].start, part[1].stop))


def _unique(
    codes: NDArray[np.integer[Any]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct codes, the index of each cell among them, their counts; counting, not sorting."""
    low, high = int(codes.min()), int(codes.max())
    if high - low > _COUNTED_CODES:  # plain integers: no overflow
        present, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
        return present.astype(np.int64), inverse.reshape(codes.shape), counts
    shifted = codes.astype(np.int64) - low
    counts = np.bincount(shifted.ravel())
    used = np.flatnonzero(counts)
    index = np.zeros(counts.size, np.int64)
    index[used] = np.arange(used.size)
    return used + low, index[shifted], counts[used]


def read_aligned(paths: Paths, grid: Grid) -> NDArray[np.int32]:
    """Class codes of one or several rasters on `grid`: the commonest class where they are finer.

    Returns
    -------
    (n_row, n_col) int32
        NOTHING (-1) where no raster has a class.

    Raises
    ------
    TerrainError
        Unreadable raster, no coordinate system, or values that are no whole numbers.
    """
    import rasterio
    from rasterio.enums import Resampling
    from rasterio.warp import reproject

    codes = np.full(grid.shape, NOTHING, np.int32)
    for name in [paths] if isinstance(paths, str | Path) else paths:
        with open_classes(name) as source:
            finer = _cell_m(source) < FINER * min(grid.cell_size_m())
            part = np.full(grid.shape, NOTHING, np.int32)
            reproject(
                rasterio.band(source, 1),
                part,
                dst_transform=grid.affine,
                dst_crs=grid.crs,
                src_nodata=source.nodata,
                dst_nodata=NOTHING,
                resampling=Resampling.mode if finer else Resampling.nearest,
            )
        np.copyto(codes, part, where=codes == NOTHING)
    return codes


def classes_at(
    paths: Paths, lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Class codes of one or several rasters at positions `(n,)`, each of the pixel it lies in.

    Returns
    -------
    (n,) int32
        NOTHING (-1) where no raster has a class.

    Raises
    ------
    TerrainError
        Unreadable raster, no coordinate system, or values that are no whole numbers.
    """
    from rasterio.warp import transform

    codes = np.full(lon_deg.shape, NOTHING, np.int32)
    for name in [paths] if isinstance(paths, str | Path) else paths:
        with open_raster(name, north_up=False) as source:
            if source.dtypes[0].startswith(("float", "complex")):
                msg = f"{name}: {source.dtypes[0]} values are no class codes; give whole numbers"
                raise TerrainError(msg)
            x, y = transform("EPSG:4326", source.crs, lon_deg, lat_deg)
            left, bottom, right, top = source.bounds
            for k, (px, py) in enumerate(zip(x, y, strict=True)):
                inside = min(left, right) <= px < max(left, right)
                if codes[k] != NOTHING or not (
                    inside and min(bottom, top) < py <= max(bottom, top)
                ):
                    continue
                value = next(source.sample([(px, py)], masked=True))[0]
                if value is not np.ma.masked:
                    codes[k] = int(value)
    return codes


def class_names(table: Path | str) -> dict[int, str]:
    """Names of classes by code, where the table of :func:`read_classes` has them."""
    if str(table) in BUILT_IN:
        text = (resources.files("terrain") / "data" / f"{table}.csv").read_text(encoding="utf-8")
    else:
        text = Path(table).read_text(encoding="utf-8-sig")
    names: dict[int, str] = {}
    for row in csv.DictReader(text.splitlines()):
        first, _, last = row["class_code"].partition("-")
        for code in range(int(first), int(last or first) + 1):
            names[code] = row.get("class_name") or ""
    return names


def _cell_m(source: Any) -> float:
    """Side of a square as large as a cell of an open raster, at its middle [m]."""
    t, crs = source.transform, source.crs.to_wkt()
    col, row = 0.5 * source.width, 0.5 * source.height
    side = math.sqrt(abs(t.determinant))
    x, y = t.c + t.a * col + t.b * row, t.f + t.d * col + t.e * row
    north, east = Grid(crs, (side, 0.0, x, 0.0, -side, y), (1, 1)).cell_size_m()
    return math.sqrt(north * east)
