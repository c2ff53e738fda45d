"""What a fetched file must be before it takes its name; and files made of others."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from terrain.errors import FetchError
from terrain.store.sources import Source
from terrain.store.tiles import Tile, n_columns

HGT_VOID: Final = -32768
_HGT_SIDES: Final = (3601, 1201)
_MAX_HGT: Final = 2 * 3601 * 3601
_PIECE: Final = 1 << 20
_BLOCK: Final = 512


def check_tile(path: Path, source: Source, tile: Tile, url: str, *, whole: bool = False) -> None:
    """Refuse what is no raster, or lies elsewhere than its name says.

    Parameters
    ----------
    whole : bool
        Read all of it: where no server said how long it is, a cut-off file shows only so.

    Raises
    ------
    FetchError
    """
    import rasterio
    from rasterio.errors import RasterioError

    with path.open("rb") as file:
        start = file.read(16)
    if start[:4] not in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
        msg = f"{url}: not a GeoTIFF (it begins with {start!r}); check mirror and proxy"
        raise FetchError(msg)
    try:
        # As a GeoTIFF and nothing else: what a stranger sends is not to choose a driver.
        with rasterio.open(path, driver="GTiff") as raster:
            if raster.crs is None:
                msg = f"{url}: the raster has no coordinate system; use another mirror"
                raise FetchError(msg)
            _check_place(raster, source, tile, url)
            if max(raster.shape) > 2 * source.n_col:
                msg = f"{url}: {raster.height} x {raster.width} cells are more than a tile has"
                raise FetchError(msg)
            if whole:
                for _, window in raster.block_windows(1):
                    raster.read(1, window=window)
    except RasterioError as error:
        msg = f"{url}: not a raster that can be read ({error}); use another mirror"
        raise FetchError(msg) from error


def _check_place(raster: Any, source: Source, tile: Tile, url: str) -> None:
    """Edges within a cell of where the name puts them, half a pixel off or not."""
    cell = raster.transform.a
    west, south, east, north = raster.bounds
    side = source.tile_deg
    off = max(
        abs(west - tile.lon_deg), abs(south - tile.lat_deg),
        abs(east - tile.lon_deg - side), abs(north - tile.lat_deg - side),
    )  # fmt: skip
    if off > 1.01 * max(cell, -raster.transform.e) or not raster.crs.is_geographic:
        msg = (
            f"{url}: the raster covers {west:.4f}..{east:.4f} E, {south:.4f}..{north:.4f} N, not "
            f"the {side} degree(s) of {tile.name}; use another mirror"
        )
        raise FetchError(msg)


def unpack_hgt(packed: Path, target: Path, tile: Tile, url: str) -> str:
    """Turn a .hgt.gz into a GeoTIFF with sea at 0 m, and say what was done.

    The depths of the sea become 0 m; with them land below the sea.

    Raises
    ------
    FetchError
        Not gzip, damaged, or not as large as a tile.
    """
    data = _unzip(packed, url)
    side = next((n for n in _HGT_SIDES if len(data) == 2 * n * n), None)
    if side is None:
        sizes = " or ".join(f"{2 * n * n:,}" for n in _HGT_SIDES)
        msg = f"{url}: {len(data):,} bytes unpacked, not {sizes} as a tile has; use another mirror"
        raise FetchError(msg)
    height = np.frombuffer(data, ">i2").reshape(side, side).astype(np.int16)
    below = (height < 0) & (height != HGT_VOID)
    height[below] = 0
    step = 1.0 / (side - 1)
    _write_tile(
        target, height, (tile.lon_deg - 0.5 * step, tile.lat_deg + 1.0 + 0.5 * step), (step, step),
        nodata=HGT_VOID, tags={"AREA_OR_POINT": "Point"},
    )  # fmt: skip
    return f"{int(below.sum())} posts below 0 m set to 0 m" if below.any() else ""


def _unzip(packed: Path, url: str) -> bytes:
    """Content of a gzip file, no more than a tile can have."""
    try:
        with gzip.open(packed) as file:
            data = file.read(_MAX_HGT + 1)
    except (OSError, EOFError, zlib.error) as error:
        msg = f"{url}: not a whole gzip file ({error}); use another mirror"
        raise FetchError(msg) from error
    if len(data) > _MAX_HGT:
        msg = f"{url}: unpacks to more than the {_MAX_HGT:,} bytes of a tile; use another mirror"
        raise FetchError(msg)
    return data


def write_sea_tile(target: Path, source: Source, tile: Tile, like: Path | None) -> None:
    """A tile of the sea at 0 m, on the lattice of its neighbour: a few kilobytes.

    With it heights, zones and mosaics need to know nothing of lists of tiles.
    """
    import rasterio

    n_row, n_col = source.n_col, n_columns(source, tile.lat_deg)
    if like is not None:
        with rasterio.open(like) as neighbour:
            n_row, n_col = neighbour.shape
    step = 1.0 / n_col, 1.0 / n_row
    corner = tile.lon_deg - 0.5 * step[0], tile.lat_deg + 1.0 + 0.5 * step[1]
    _write_tile(
        target, (n_row, n_col), corner, step, nodata=None,
        tags={"TIFFTAG_IMAGEDESCRIPTION": "Open sea at 0 m: the list of tiles has none here"},
    )  # fmt: skip


def _write_tile(
    target: Path,
    values: NDArray[np.int16] | tuple[int, int],
    corner: tuple[float, float],
    step: tuple[float, float],
    *,
    nodata: float | None,
    tags: dict[str, str],
) -> None:
    """Write heights, or zeros of a shape, as a tiled GeoTIFF; blocks of zeros take no room."""
    import rasterio
    from affine import Affine

    shape = values if isinstance(values, tuple) else values.shape
    tiled = {"tiled": True, "blockxsize": _BLOCK, "blockysize": _BLOCK} if min(shape) > 512 else {}
    with rasterio.open(
        target, "w", driver="GTiff", height=shape[0], width=shape[1], count=1,
        dtype="float32" if isinstance(values, tuple) else "int16", crs="EPSG:4326",
        transform=Affine(step[0], 0.0, corner[0], 0.0, -step[1], corner[1]), nodata=nodata,
        compress="deflate", predictor=1 if isinstance(values, tuple) else 2, sparse_ok=True,
        **tiled,
    ) as file:  # fmt: skip
        file.update_tags(**tags)
        if not isinstance(values, tuple):
            file.write(values, 1)


def check_units(path: Path, url: str) -> None:
    """Refuse what is no GeoJSON file of polygons.

    Raises
    ------
    FetchError
        Not such a file, a pointer to one among them.
    """
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        kinds = {feature["geometry"]["type"] for feature in features}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        with path.open("rb") as file:
            start = file.read(40)
        msg = f"{url}: not GeoJSON (it begins with {start!r}; {error}); use another mirror"
        raise FetchError(msg) from error
    if not features or not kinds <= {"Polygon", "MultiPolygon", "GeometryCollection"}:
        msg = f"{url}: no polygons of units ({', '.join(sorted(kinds)) or 'empty'})"
        raise FetchError(msg)
