"""Elevation rasters: open, mosaic, and keep void, sea and outside apart.

Three different things look alike in a file: no measurement (void), open water (sea) and no data
at all beyond the file (outside). Here cells are told apart by state only: data, nodata, no file.
What nodata stands for is decided in :mod:`terrain.build`, with the land polygons at hand.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from terrain.decode import DATA, NODATA, Odd, check_heights, height_values, unit_note
from terrain.errors import EmptyTerrainError, MissingTerrainError, TerrainError
from terrain.grid import Box, Grid, box_bounds, horizontal_crs

if TYPE_CHECKING:
    import rasterio

NodataMeans = Literal["auto", "sea", "void"]
Paths = Sequence[Path | str] | Path | str

_ALIGNED = 0.02  # cells; a tile nearer than this to the mosaic's lattice is copied, not warped
_BLOCK_ROWS = 1024  # read at a time: temporary arrays stay small beside the mosaic


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
        The value that meant nodata in the first file; None where there is no tag.
    notes, credits : tuple of str
    """

    grid: Grid
    height_m: NDArray[np.float32]
    state: NDArray[np.uint8]
    nodata: float | None
    notes: tuple[str, ...]
    credits: tuple[str, ...]

    def cut(self, part: tuple[slice, slice]) -> Elevation:
        """Part of the raster, by rows and columns."""
        rows, cols = part
        a, _, c, _, e, f = self.grid.transform
        height = self.height_m[part]
        grid = Grid(
            self.grid.crs, (a, 0.0, c + a * cols.start, 0.0, e, f + e * rows.start), height.shape
        )
        return Elevation(grid, height, self.state[part], self.nodata, self.notes, self.credits)


def open_raster(path: Path | str, *, north_up: bool = True) -> rasterio.DatasetReader:
    """Open a raster, or say what is wrong with it.

    With `north_up`, a raster that is stored south-up or mirrored is turned (exactly), a rotated
    one is resampled (bilinear) onto a north-up lattice.

    Raises
    ------
    MissingTerrainError, TerrainError
        No such file; not a raster; no coordinate system.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

    if not str(path).startswith("/vsi") and "://" not in str(path):
        if not Path(path).exists():
            msg = f"{path}: no such file; check the path"
            raise MissingTerrainError(msg)
        if Path(path).is_dir():
            msg = f"{path}: a folder; name the raster files in it"
            raise TerrainError(msg)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(path)
    except RasterioIOError as error:
        msg = f"{path}: not a raster that GDAL can read ({error}); give a GeoTIFF, .hgt or VRT"
        raise TerrainError(msg) from error
    if source.crs is None:
        source.close()
        msg = f"{path}: the raster has no coordinate system; add one with gdal_edit -a_srs"
        raise TerrainError(msg)
    return _north_up(source, path) if north_up else source


def _north_up(source: Any, path: Path | str) -> Any:
    from affine import Affine
    from rasterio.enums import Resampling
    from rasterio.vrt import WarpedVRT

    t = source.transform
    if t.b == 0.0 and t.d == 0.0 and t.a > 0.0 and t.e < 0.0:
        return source
    if t.determinant == 0.0 or t.is_identity:
        source.close()
        msg = f"{path}: the raster has no place (transform {tuple(t)[:6]}); georeference it"
        raise TerrainError(msg)
    options: dict[str, Any] = {"width": source.width, "height": source.height}
    if t.b == 0.0 and t.d == 0.0:
        west = min(t.c, t.c + t.a * source.width)
        north = max(t.f, t.f + t.e * source.height)
        turned = Affine(abs(t.a), 0.0, west, 0.0, -abs(t.e), north)
        options["resampling"] = Resampling.nearest
    else:
        x = [t.c + t.a * i + t.b * j for i in (0, source.width) for j in (0, source.height)]
        y = [t.f + t.d * i + t.e * j for i in (0, source.width) for j in (0, source.height)]
        cell = math.sqrt(abs(t.determinant))
        width, height = (math.ceil((max(v) - min(v)) / cell - 1e-9) for v in (x, y))
        turned = Affine(cell, 0.0, min(x), 0.0, -cell, max(y))
        options = {"width": width, "height": height, "resampling": Resampling.bilinear}
        if source.nodata is None:  # the corners of the new rectangle hold nothing
            options |= {"nodata": math.nan, "dtype": "float64"}
    return WarpedVRT(source, crs=source.crs, transform=turned, **options)


def raster_grid(source: Any) -> Grid:
    """Grid of an open raster."""
    t = source.transform
    epsg = source.crs.to_epsg()
    crs = f"EPSG:{epsg}" if epsg else source.crs.to_wkt()
    return Grid(crs, (t.a, t.b, t.c, t.d, t.e, t.f), (source.height, source.width))


def read_elevation(
    paths: Paths, *, bounds_lonlat: Box | None = None, nodata: float | None = None
) -> Elevation:
    """Read one raster, or several tiles as one mosaic, within a box.

    Parameters
    ----------
    paths : path or sequence of paths
        Any raster GDAL reads. Tiles of another coordinate system, resolution or lattice than the
        first are resampled onto its lattice (bilinear), and a note says so. Where tiles overlap,
        the first that has a measurement holds.
    bounds_lonlat : (west, south, east, north), optional
        Read no more than this box needs [deg].
    nodata : float, optional
        Takes the place of the files' own nodata tag.

    Raises
    ------
    TerrainError
        Unreadable file, no coordinate system, heights in no known unit, or nothing but nodata.
    """
    with ExitStack() as stack:
        sources, names = _open_all(paths, stack)
        return _mosaic(sources, names, bounds_lonlat, nodata)


def elevation_grid(paths: Paths, *, bounds_lonlat: Box | None = None) -> Grid:
    """Grid on which :func:`read_elevation` would give the heights of a box, unread."""
    with ExitStack() as stack:
        sources, names = _open_all(paths, stack)
        return _mosaic_grid(sources, _files(names), bounds_lonlat)


def _open_all(paths: Paths, stack: ExitStack) -> tuple[list[Any], list[str]]:
    names = [str(p) for p in ([paths] if isinstance(paths, str | Path) else paths)]
    if not names:
        msg = "no elevation raster given; name at least one file"
        raise TerrainError(msg)
    sources: list[Any] = []
    for name in names:
        sources.append(stack.enter_context(open_raster(name)))
        check_heights(sources[-1], name)
    return sources, names


def _files(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"


def _mosaic(
    sources: list[Any], names: list[str], box: Box | None, nodata: float | None
) -> Elevation:
    files = _files(names)
    grid = _mosaic_grid(sources, files, box)
    height = np.full(grid.shape, np.nan, np.float32)
    state = np.zeros(grid.shape, np.uint8)
    north, east = grid.cell_size_m()
    tag = nodata if nodata is not None else sources[0].nodata
    notes = [f"Elevation {grid.n_row} x {grid.n_col} cells of {east:.0f} x {north:.0f} m."]
    if tag is not None:
        notes.append(f"Nodata is {tag:g}{' as given' if nodata is not None else ' by its tag'}.")
    odd = Odd()
    for source, name in zip(sources, names, strict=True):
        notes += _paste(source, name, grid, nodata, height, state, odd)
    odd.check(files, int((state == DATA).sum()), notes)
    if not (state == DATA).any():
        msg = f"{files}: nothing but nodata ({tag}) in the area; check the area and nodata"
        raise EmptyTerrainError(msg)
    credits = dict.fromkeys(
        text
        for source in sources
        for key, text in source.tags().items()
        if key.upper() in {"TIFFTAG_COPYRIGHT", "CREDIT", "CREDITS"}
    )
    return Elevation(grid, height, state, tag, tuple(dict.fromkeys(notes)), tuple(credits))


def _mosaic_grid(sources: list[Any], files: str, box: Box | None) -> Grid:
    """Lattice of the first tile, over all tiles, cut to the box."""
    from rasterio.warp import transform_bounds

    first = raster_grid(sources[0])
    a, _, c, _, e, f = first.transform
    bounds = np.array(
        [
            _near(raster_grid(s), first).bounds
            if s.crs == sources[0].crs
            else transform_bounds(s.crs, sources[0].crs, *s.bounds)
            for s in sources
        ]
    )
    west, south = bounds[:, 0].min(), bounds[:, 1].min()
    east, north = bounds[:, 2].max(), bounds[:, 3].max()
    if box is not None:
        w, s, e2, n = box_bounds(box, first.crs)
        if first.is_geographic:
            turn = 360.0 * round((0.5 * (west + east) - 0.5 * (w + e2)) / 360.0)
            w, e2 = w + turn, e2 + turn
        # A cell more on each side: heights are interpolated between centres.
        west, south = max(west, w - a), max(south, s + e)
        east, north = min(east, e2 + a), min(north, n - e)
        if not (west < east and south < north):
            msg = (
                f"{files}: the elevation does not reach the area {box[0]:.3f}..{box[2]:.3f} E, "
                f"{box[1]:.3f}..{box[3]:.3f} N; add tiles for it"
            )
            raise EmptyTerrainError(msg)
    col0, col1 = math.floor((west - c) / a + 1e-6), math.ceil((east - c) / a - 1e-6)
    row0, row1 = math.floor((north - f) / e + 1e-6), math.ceil((south - f) / e - 1e-6)
    shape = max(row1 - row0, 1), max(col1 - col0, 1)
    return Grid(first.crs, (a, 0.0, c + col0 * a, 0.0, e, f + row0 * e), shape)


def _near(own: Grid, other: Grid) -> Grid:
    """The same grid, its longitudes written so that it lies near another.

    Tiles at 179 and at -180 degrees are neighbours and do not span the globe.
    """
    if not (own.is_geographic and other.is_geographic):
        return own
    apart = other.bounds[0] + other.bounds[2] - own.bounds[0] - own.bounds[2]
    turn = 360.0 * round(0.5 * apart / 360.0)
    a, b, c, d, e, f = own.transform
    return Grid(own.crs, (a, b, c + turn, d, e, f), own.shape) if turn else own


def _paste(
    source: Any,
    name: str,
    grid: Grid,
    nodata: float | None,
    height: NDArray[np.float32],
    state: NDArray[np.uint8],
    odd: Odd,
) -> list[str]:
    """Read a tile's part of the mosaic; measured cells win over what lies there already."""
    own = _near(raster_grid(source), grid)
    notes = []
    if source.count > 1 and not _is_alpha(source):
        notes.append(f"{Path(name).name} has {source.count} bands: the first was read.")
    conversion = unit_note(source)
    if conversion:
        notes.append(f"{Path(name).name}: {conversion}.")
    col = (grid.transform[2] - own.transform[2]) / own.transform[0]
    row = (grid.transform[5] - own.transform[5]) / own.transform[4]
    if not _same_lattice(own, grid, row, col):
        notes.append(f"{Path(name).name} lies on another lattice and was resampled (bilinear).")
        _warp(source, own, grid, nodata, height, state, odd)
        return notes
    r0, c0 = round(row), round(col)
    left, right = max(0, -c0), min(grid.n_col, own.n_col - c0)
    bottom = min(grid.n_row, own.n_row - r0)
    if left >= right:
        return notes
    for top in range(max(0, -r0), bottom, _BLOCK_ROWS):
        part = np.s_[top : min(top + _BLOCK_ROWS, bottom), left:right]
        window = ((part[0].start + r0, part[0].stop + r0), (left + c0, right + c0))
        tile, tile_state = height_values(source, window, nodata, odd)
        _merge(tile, tile_state, height[part], state[part])
    return notes


def _same_lattice(own: Grid, grid: Grid, row: float, col: float) -> bool:
    return bool(
        horizontal_crs(own.crs) == horizontal_crs(grid.crs)
        # over the width of a tile the lattices must not drift apart
        and abs(own.transform[0] / grid.transform[0] - 1.0) * own.n_col < _ALIGNED
        and abs(own.transform[4] / grid.transform[4] - 1.0) * own.n_row < _ALIGNED
        and abs(col - round(col)) < _ALIGNED
        and abs(row - round(row)) < _ALIGNED
    )


def _is_alpha(source: Any) -> bool:
    from rasterio.enums import ColorInterp

    return bool(source.count == 2 and source.colorinterp[1] == ColorInterp.alpha)


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
    source: Any,
    own: Grid,
    grid: Grid,
    nodata: float | None,
    height: NDArray[np.float32],
    state: NDArray[np.uint8],
    odd: Odd,
) -> None:
    """Resample the part of a tile that lies on the mosaic; no height from half a void."""
    from rasterio.enums import Resampling
    from rasterio.warp import reproject, transform_bounds

    part = _overlap(grid, transform_bounds(source.crs, grid.crs, *own.bounds))
    if part is None:
        return
    a, _, c, _, e, f = grid.transform
    origin = (a, 0.0, c + a * part[1].start, 0.0, e, f + e * part[0].start)
    target = Grid(grid.crs, origin, height[part].shape)
    window = _overlap(own, transform_bounds(grid.crs, source.crs, *target.bounds))
    if window is None:
        return
    slices = ((window[0].start, window[0].stop), (window[1].start, window[1].stop))
    values, tile_state = height_values(source, slices, nodata, odd)
    a, _, c, _, e, f = own.transform
    origin = (a, 0.0, c + a * window[1].start, 0.0, e, f + e * window[0].start)
    common = {
        "src_transform": Grid(own.crs, origin, values.shape).affine,
        "src_crs": source.crs,
        "dst_transform": target.affine,
        "dst_crs": grid.crs,
    }
    finer = max(own.cell_size_m()) < 0.5 * min(grid.cell_size_m())
    method = Resampling.average if finer else Resampling.bilinear
    warped = np.full(target.shape, np.nan, np.float32)
    warped_state = np.zeros(target.shape, np.uint8)
    reproject(values, warped, src_nodata=np.nan, dst_nodata=np.nan, resampling=method, **common)
    reproject(tile_state, warped_state, src_nodata=0, resampling=Resampling.nearest, **common)
    warped_state[(warped_state == DATA) & np.isnan(warped)] = NODATA
    warped[warped_state != DATA] = np.nan
    _merge(warped, warped_state, height[part], state[part])


def _overlap(grid: Grid, bounds: Box) -> tuple[slice, slice] | None:
    """Rows and columns of a grid that a box in its own coordinates covers, and two cells more."""
    a, _, c, _, e, f = grid.transform
    left = max(0, math.floor((bounds[0] - c) / a) - 2)
    right = min(grid.n_col, math.ceil((bounds[2] - c) / a) + 2)
    top = max(0, math.floor((bounds[3] - f) / e) - 2)
    bottom = min(grid.n_row, math.ceil((bounds[1] - f) / e) + 2)
    return np.s_[top:bottom, left:right] if left < right and top < bottom else None
