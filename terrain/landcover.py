"""Land cover to representative clutter height, through a table that anyone can edit."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from terrain.errors import MissingTerrainError, TerrainError
from terrain.grid import Grid
from terrain.raster import Paths, open_raster

BUILT_IN = ("esa_worldcover", "corine", "globcover")
_COLUMNS = ("class_code", "representative_height_m")

NOTHING: Final = -1
"""Code of cells where a class raster has nodata or does not reach."""
_COUNTED_CODES: Final = 100_000


def read_classes(table: Path | str) -> dict[int, float]:
    """Representative clutter height [m] by class code.

    Parameters
    ----------
    table : str or path
        "esa_worldcover", "corine", "globcover", or a CSV file with the columns class_code and
        representative_height_m; further columns are for people. A code may be a range, "122-124".

    Raises
    ------
    TerrainError
        Missing file or column, or a row that is not a number, by file and line.
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
    classes: dict[int, float] = {}
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
        classes.update(dict.fromkeys(codes, height_m))
    if not classes:
        msg = f"{table}: no classes; give at least one row"
        raise TerrainError(msg)
    return classes


def clutter_heights(
    codes: NDArray[np.integer[Any]], classes: Mapping[int, float], source: Path | str
) -> NDArray[np.float32]:
    """Representative clutter height of each cell [m]; 0 where the code is NOTHING.

    Raises
    ------
    TerrainError
        A class that the table does not map, with the number of its cells.
    """
    present, inverse, counts = _unique(codes)
    unknown = [
        f"{code} ({count} cells)"
        for code, count in zip(present.tolist(), counts.tolist(), strict=True)
        if code != NOTHING and code not in classes
    ]
    if unknown:
        msg = f"{source}: classes without a height: {', '.join(unknown)}; add them to the table"
        raise TerrainError(msg)
    heights = np.array([classes.get(int(code), 0.0) for code in present], np.float32)
    return heights[inverse]


def _unique(
    codes: NDArray[np.integer[Any]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct codes, the index of each cell among them, their counts; counting, not sorting."""
    low, high = int(codes.min()), int(codes.max())
    if high - low > _COUNTED_CODES:
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
        with open_raster(name, north_up=False) as source:
            if source.dtypes[0].startswith(("float", "complex")):
                msg = f"{name}: {source.dtypes[0]} values are no class codes; give whole numbers"
                raise TerrainError(msg)
            finer = _cell_m(source) < 0.7 * min(grid.cell_size_m())
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
