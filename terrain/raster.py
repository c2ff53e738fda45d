"""Elevation rasters: open, mosaic, and keep void, sea and outside apart.

Three different things look alike in a file: no measurement (void), open water (sea) and no data
at all beyond the file (outside). What a file's nodata stands for is said by the caller or, with
"auto", worked out from the land polygons or from how the nodata cells lie; either way it is said
in a note.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from terrain.errors import MissingTerrainError, TerrainError
from terrain.grid import Grid

if TYPE_CHECKING:
    import rasterio

NodataMeans = Literal["auto", "sea", "void"]
Box = tuple[float, float, float, float]

NO_FILE, NODATA, DATA = 0, 1, 2
"""States of a cell of an :class:`Elevation`."""

_ALIGNED = 0.02  # cells; a tile nearer than this to the mosaic's lattice is copied, not warped


@dataclass(frozen=True, eq=False)
class Elevation:
    """Heights as the files have them.

    Attributes
    ----------
    grid : Grid
    height_m : (n_row, n_col) float32
        NaN where `state` is not DATA [m].
    state : (n_row, n_col) uint8
        NO_FILE, NODATA or DATA.
    nodata : float or None
        The value that meant nodata.
    notes, credits : tuple of str
    """

    grid: Grid
    height_m: NDArray[np.float32]
    state: NDArray[np.uint8]
    nodata: float | None
    notes: tuple[str, ...]
    credits: tuple[str, ...]


def open_raster(path: Path | str) -> rasterio.DatasetReader:
    """Open a raster, or say what is wrong with it.

    Raises
    ------
    MissingTerrainError, TerrainError
        No such file; not a raster; no coordinate system.
    """
    import rasterio
    from rasterio.errors import RasterioIOError

    if not str(path).startswith("/vsi") and not Path(path).exists():
        msg = f"{path}: no such file; check the path"
        raise MissingTerrainError(msg)
    try:
        source = rasterio.open(path)
    except RasterioIOError as error:
        msg = f"{path}: not a raster that GDAL can read ({error}); give a GeoTIFF, .hgt or VRT"
        raise TerrainError(msg) from error
    if source.crs is None:
        source.close()
        msg = f"{path}: the raster has no coordinate system; add one with gdal_edit -a_srs"
        raise TerrainError(msg)
    return source


def raster_grid(source: Any) -> Grid:
    """Grid of an open raster."""
    t = source.transform
    epsg = source.crs.to_epsg()
    crs = f"EPSG:{epsg}" if epsg else source.crs.to_wkt()
    return Grid(crs, (t.a, t.b, t.c, t.d, t.e, t.f), (source.height, source.width))


def read_elevation(
    paths: Sequence[Path | str] | Path | str,
    *,
    bounds_lonlat: Box | None = None,
    nodata: float | None = None,
) -> Elevation:
    """Read one raster, or several tiles as one mosaic, within a box.

    Parameters
    ----------
    paths : path or sequence of paths
        Any raster GDAL reads. Tiles of another coordinate system, resolution or lattice than the
        first are resampled onto its lattice (bilinear), and a note says so.
    bounds_lonlat : (west, south, east, north), optional
        Read no more than this box needs [deg].
    nodata : float, optional
        Takes the place of the files' own nodata tag.

    Raises
    ------
    TerrainError
        Unreadable file, no coordinate system, or nothing but nodata.
    """
    names = [paths] if isinstance(paths, str | Path) else list(paths)
    if not names:
        msg = "no elevation raster given; name at least one file"
        raise TerrainError(msg)
    sources = [open_raster(name) for name in names]
    try:
        return _mosaic(sources, names, bounds_lonlat, nodata)
    finally:
        for source in sources:
            source.close()


def _mosaic(
    sources: list[Any], names: list[Path | str], box: Box | None, nodata: float | None
) -> Elevation:
    grid = _mosaic_grid(sources, names, box)
    height = np.full(grid.shape, np.nan, np.float32)
    state = np.zeros(grid.shape, np.uint8)
    notes: list[str] = []
    for source, name in zip(sources, names, strict=True):
        _paste(source, str(Path(name).name), grid, nodata, height, state, notes)
    if not (state == DATA).any():
        msg = (
            f"{', '.join(str(n) for n in names)}: nothing but nodata in the area; check the area "
            "and the nodata value"
        )
        raise TerrainError(msg)
    north, east = grid.cell_size_m()
    notes.insert(0, f"Elevation {grid.n_row} x {grid.n_col} cells of {east:.0f} x {north:.0f} m.")
    tag = nodata if nodata is not None else sources[0].nodata
    credits = tuple(
        dict.fromkeys(
            text
            for source in sources
            for key, text in source.tags().items()
            if key.upper() in {"TIFFTAG_COPYRIGHT", "CREDIT"}
        )
    )
    return Elevation(grid, height, state, tag, tuple(notes), credits)


def _mosaic_grid(sources: list[Any], names: list[Path | str], box: Box | None) -> Grid:
    """Lattice of the first tile, over all tiles, cut to the box."""
    from rasterio.warp import transform_bounds

    first = raster_grid(sources[0])
    a, _, c, _, e, f = first.transform
    bounds = np.array([transform_bounds(s.crs, first.crs, *s.bounds) for s in sources])
    west, south = bounds[:, 0].min(), bounds[:, 1].min()
    east, north = bounds[:, 2].max(), bounds[:, 3].max()
    if box is not None:
        from terrain.grid import transformer

        w, s, e2, n = transformer("EPSG:4326", first.crs).transform_bounds(*box, densify_pts=21)
        west, south = max(west, w), max(south, s)
        east, north = min(east, e2), min(north, n)
        if not (west < east and south < north):
            msg = (
                f"{', '.join(str(n) for n in names)}: the elevation does not reach the area "
                f"{box[0]:.3f}..{box[2]:.3f} E, {box[1]:.3f}..{box[3]:.3f} N; add tiles for it"
            )
            raise MissingTerrainError(msg)
    col0, col1 = math.floor((west - c) / a + 1e-6), math.ceil((east - c) / a - 1e-6)
    row0, row1 = math.floor((north - f) / e + 1e-6), math.ceil((south - f) / e - 1e-6)
    return Grid(first.crs, (a, 0.0, c + col0 * a, 0.0, e, f + row0 * e), (row1 - row0, col1 - col0))


def _paste(
    source: Any,
    name: str,
    grid: Grid,
    nodata: float | None,
    height: NDArray[np.float32],
    state: NDArray[np.uint8],
    notes: list[str],
) -> None:
    """Read a tile's part of the mosaic; measured cells win over what lies there already."""
    from rasterio.windows import Window

    own = raster_grid(source)
    col = (grid.transform[2] - own.transform[2]) / own.transform[0]
    row = (grid.transform[5] - own.transform[5]) / own.transform[4]
    same = (
        own.crs == grid.crs
        and np.allclose(own.transform[0::4], grid.transform[0::4], rtol=1e-6)
        and abs(col - round(col)) < _ALIGNED
        and abs(row - round(row)) < _ALIGNED
    )
    if not same:
        notes.append(f"{name} lies on another lattice and was resampled (bilinear).")
        tile, tile_state = _warp(source, grid, nodata)
        _merge(tile, tile_state, height, state)
        return
    r0, c0 = round(row), round(col)
    top, left = max(0, -r0), max(0, -c0)
    bottom, right = min(grid.n_row, own.n_row - r0), min(grid.n_col, own.n_col - c0)
    if top >= bottom or left >= right:
        return
    window = Window(left + c0, top + r0, right - left, bottom - top)
    tile, tile_state = _values(source, source.read(1, window=window), nodata)
    _merge(tile, tile_state, height[top:bottom, left:right], state[top:bottom, left:right])


def _values(
    source: Any, raw: NDArray[Any], nodata: float | None
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    tag = nodata if nodata is not None else source.nodata
    missing = np.zeros(raw.shape, bool)
    if tag is not None and not math.isnan(tag):
        missing |= raw == tag
    if np.issubdtype(raw.dtype, np.floating):
        missing |= ~np.isfinite(raw)
    values = raw.astype(np.float32)
    scale, offset = source.scales[0], source.offsets[0]
    if scale != 1.0 or offset != 0.0:
        values = values * np.float32(scale) + np.float32(offset)
    values[missing] = np.nan
    return values, np.where(missing, np.uint8(NODATA), np.uint8(DATA))


def _merge(
    tile: NDArray[np.float32],
    tile_state: NDArray[np.uint8],
    height: NDArray[np.float32],
    state: NDArray[np.uint8],
) -> None:
    better = tile_state > state
    height[better] = tile[better]
    state[better] = tile_state[better]


def _warp(
    source: Any, grid: Grid, nodata: float | None
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    from rasterio.enums import Resampling
    from rasterio.warp import reproject

    values, tile_state = _values(source, source.read(1), nodata)
    height = np.full(grid.shape, np.nan, np.float32)
    state = np.zeros(grid.shape, np.uint8)
    common = {
        "src_transform": source.transform,
        "src_crs": source.crs,
        "dst_transform": grid.affine,
        "dst_crs": grid.crs,
    }
    reproject(
        values,
        height,
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=Resampling.bilinear,
        **common,
    )
    reproject(tile_state, state, src_nodata=0, resampling=Resampling.nearest, **common)
    state[(state == DATA) & np.isnan(height)] = NODATA
    height[state != DATA] = np.nan
    return height, state


def read_aligned(path: Path | str, grid: Grid, *, categorical: bool = True) -> NDArray[Any]:
    """Another raster's values on `grid`: nearest, or the commonest class where it is finer.

    Cells that the raster does not cover, and its nodata, are 0.
    """
    from rasterio.enums import Resampling
    from rasterio.warp import reproject

    with open_raster(path) as source:
        own = raster_grid(source)
        finer = min(own.cell_size_m()) < 0.7 * min(grid.cell_size_m())
        method = Resampling.mode if categorical and finer else Resampling.nearest
        out = np.zeros(grid.shape, source.dtypes[0])
        reproject(
            _source_band(source),
            out,
            dst_transform=grid.affine,
            dst_crs=grid.crs,
            src_nodata=source.nodata,
            dst_nodata=0,
            resampling=method,
        )
    return out


def _source_band(source: Any) -> Any:
    import rasterio

    return rasterio.band(source, 1)
