"""A window of one large raster, read where it lies and kept as a GeoTIFF of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from terrain.errors import FetchError, StoreError
from terrain.grid import Box
from terrain.store.answer import Remote
from terrain.store.client import Client, Stopped
from terrain.store.sources import Source

T = TypeVar("T")

NODATA: Final = -9999.0
MAX_CELLS: Final = 1_000_000_000
_SIDE: Final = 1024  # cells read at a time
_MAX_VRT: Final = 20_000_000
_START: Final = 64
_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SOURCE = re.compile(r"<SourceFilename([^>]*)>([^<]*)</SourceFilename>")
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]*\.tif")


def remote_raster(client: Client, url: str, hosts: tuple[str, ...]) -> tuple[str, Remote]:
    """Name under which GDAL opens a raster on a server, once it is known to be one.

    The first bytes come through the own client: its errors are clearer than GDAL's, and redirects
    are followed by its rules.

    Raises
    ------
    FetchError
    """
    if url.endswith(".vrt"):
        data, remote = client.read(url, limit=_MAX_VRT, hosts=hosts)
        return _vrt(data, remote.url), remote
    start, remote = client.first_bytes(url, _START, hosts=hosts)
    if not start.startswith(_TIFF):
        msg = f"{url}: not a GeoTIFF (it begins with {start[:16]!r}); check mirror and proxy"
        raise FetchError(msg)
    return f"/vsicurl/{remote.url}", remote


def _vrt(data: bytes, url: str) -> str:
    """A mosaic's description with the addresses of its parts; none may be elsewhere.

    A description may name any file on this machine, or code to run: only plain parts beside it do.
    """
    text = data.decode("utf-8", "replace")
    parts = _SOURCE.findall(text)
    odd = [name for flag, name in parts if "relativeToVRT=" not in flag or not _beside(flag, name)]
    plain = not re.search(r"<!|VRTRawRasterBand|VRTDerived|VRTWarped|VRTPansharpened", text)
    if odd or not plain or not parts or text.count("SourceFilename") != 2 * len(parts):
        what = f"names {odd[0]!r}" if odd else "holds more than parts beside it"
        msg = f"{url}: a mosaic that {what} is not opened; use another mirror"
        raise FetchError(msg)
    folder = url.rpartition("/")[0]
    return _SOURCE.sub(
        lambda found: (
            f'<SourceFilename relativeToVRT="0">/vsicurl/{folder}/{found[2]}</SourceFilename>'
        ),
        text,
    )


def _beside(flag: str, name: str) -> bool:
    return bool(
        re.search(r"relativeToVRT=[\"']1[\"']", flag)
        and _SAFE.fullmatch(name)
        and ".." not in name
        and "//" not in name
    )


@contextmanager
def _gdal(client: Client) -> Iterator[None]:
    """Read over the network with the client's patience, and nothing but what is asked for."""
    import rasterio

    patience = client.patience
    with rasterio.Env(
        GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
        GDAL_HTTP_CONNECTTIMEOUT=max(1, round(patience.connect_s)),
        # A limit for a whole answer would cut off slow lines: only silence counts.
        GDAL_HTTP_LOW_SPEED_TIME=max(1, round(patience.read_s)),
        GDAL_HTTP_LOW_SPEED_LIMIT=100,
        GDAL_HTTP_USERAGENT="dtt-sim (terrain fetch)",
        # Trying again is done here, with the same pauses as for whole files.
        GDAL_HTTP_MAX_RETRY=0,
        # What was read of a file before it changed, or failed, is not taken for the file.
        CPL_VSIL_CURL_NON_CACHED="/vsicurl/",
        GDAL_HTTP_MERGE_CONSECUTIVE_RANGES="YES",
    ):
        yield


def cut_window(
    client: Client,
    name: str,
    box: Box,
    target: Path,
    source: Source,
    url: str,
    tell: Callable[[int], object],
) -> tuple[int, int]:
    """Read a box out of a raster and write it as a cloud-optimised GeoTIFF.

    Parameters
    ----------
    name : str
        What GDAL opens.
    box : (west, south, east, north)
        [deg]; a cell more is read on each side.
    url : str
        For messages.
    tell : callable
        Called with the bytes of cells read so far.

    Returns
    -------
    n_row, n_col : int

    Raises
    ------
    FetchError
        The raster cannot be read, is not in degrees, or does not reach the box.
    StoreError
        The target cannot be written.
    """
    import rasterio
    from rasterio.errors import RasterioError

    draft = target.with_name(target.name + ".draft")
    try:
        with _gdal(client), _persist(client, url, lambda: rasterio.open(name)) as raster:
            window = _window(raster, box, url)
            with rasterio.open(draft, "w", **_profile(raster, window, source)) as file:
                file.update_tags(**_tags(raster, source))
                _copy(client, name, raster, file, window, source, url, tell)
        _as_cog(draft, target)
    except RasterioError as error:
        msg = f"{url}: not a raster that can be read here ({error}); use another mirror"
        raise FetchError(msg) from error
    finally:
        draft.unlink(missing_ok=True)
    return int(window.height), int(window.width)


def _window(raster: Any, box: Box, url: str) -> Any:
    """Whole cells that hold the box, clipped to the raster."""
    from rasterio.windows import Window

    if raster.crs is None or not raster.crs.is_geographic:
        msg = f"{url}: the raster is not in degrees; use another mirror"
        raise FetchError(msg)
    t = raster.transform
    left, right = int((box[0] - t.c) / t.a - 1), int((box[2] - t.c) / t.a + 2)
    top, bottom = int((box[3] - t.f) / t.e - 1), int((box[1] - t.f) / t.e + 2)
    left, right = max(left, 0), min(right, raster.width)
    top, bottom = max(top, 0), min(bottom, raster.height)
    if left >= right or top >= bottom:
        west, south, east, north = raster.bounds
        msg = (
            f"{url}: reaches from {west:.2f} to {east:.2f} E and {south:.2f} to {north:.2f} N, not "
            f"to the box; choose another area, country or source"
        )
        raise FetchError(msg)
    if (right - left) * (bottom - top) > MAX_CELLS:
        msg = f"{url}: the box has {(right - left) * (bottom - top):,} cells; give a smaller one"
        raise FetchError(msg)
    return Window(left, top, right - left, bottom - top)


def _profile(raster: Any, window: Any, source: Source) -> dict[str, Any]:
    from affine import Affine

    t = raster.transform
    heights = bool(source.value_unit)
    return {
        "driver": "GTiff",
        "height": int(window.height),
        "width": int(window.width),
        "count": 1,
        "dtype": "float32" if heights else raster.dtypes[0],
        "crs": raster.crs,
        "transform": Affine(
            t.a, 0.0, t.c + window.col_off * t.a, 0.0, t.e, t.f + window.row_off * t.e
        ),
        "nodata": NODATA if heights else raster.nodata,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
        "bigtiff": "if_safer",
    }


def _tags(raster: Any, source: Source) -> dict[str, str]:
    tags = {"TIFFTAG_COPYRIGHT": source.credit_text}
    if source.value_unit and raster.scales[0] != 1.0:
        tags["SCALE_TAG_OF_THE_SOURCE"] = f"{raster.scales[0]:g}"
    return tags


def _copy(
    client: Client,
    name: str,
    raster: Any,
    file: Any,
    window: Any,
    source: Source,
    url: str,
    tell: Callable[[int], object],
) -> None:
    from rasterio.windows import Window

    done = 0
    for top in range(0, int(window.height), _SIDE):
        for left in range(0, int(window.width), _SIDE):
            if client.stop.is_set():
                raise Stopped
            height = min(_SIDE, int(window.height) - top)
            width = min(_SIDE, int(window.width) - left)
            part = Window(window.col_off + left, window.row_off + top, width, height)
            values = _read(client, name, raster, part, url)
            if source.value_unit:
                values = _metres(values, raster)
            _write(file, values, Window(left, top, width, height))
            done += values.nbytes
            tell(done)


def _read(client: Client, name: str, raster: Any, part: Any, url: str) -> NDArray[Any]:
    """A piece of the raster; after a failure through a connection of its own."""
    import rasterio
    from rasterio.errors import RasterioError

    def again() -> NDArray[Any]:
        with rasterio.open(name) as own:
            return np.asarray(own.read(1, window=part))

    try:
        return np.asarray(raster.read(1, window=part))
    except RasterioError:
        client.sleep(client.patience.backoff_s)
        return _persist(client, url, again)


def _persist(client: Client, url: str, attempt: Callable[[], T]) -> T:
    """Try with the client's patience: GDAL does not tell failures that pass from others."""
    from rasterio.errors import RasterioError

    patience = client.patience
    for count in range(1, patience.attempts + 1):
        if client.stop.is_set():
            raise Stopped
        try:
            return attempt()
        except RasterioError as error:
            if count == patience.attempts:
                msg = f"{url}: {error} ({count} attempts); run the same command again"
                raise FetchError(msg) from error
            client.sleep(patience.backoff_s * 2 ** (count - 1))
    raise AssertionError


def _metres(values: NDArray[Any], raster: Any) -> NDArray[np.float32]:
    """Heights [m], whatever the scale tag says.

    Version 1.1 of GEDTM30 has whole decimetres; version 1.2 has metres as floats and kept the tag
    0.1 of its forerunner.
    """
    missing = ~np.isfinite(values)
    if raster.nodata is not None:
        missing |= values == np.asarray(raster.nodata, values.dtype)
    out = values.astype(np.float32)
    if values.dtype.kind in "iu":
        out *= np.float32(0.1)
    out[missing] = NODATA
    return out


def _write(file: Any, values: NDArray[Any], window: Any) -> None:
    from rasterio.errors import RasterioError

    try:
        file.write(values, 1, window=window)
    except RasterioError as error:
        msg = f"{file.name}: cannot be written ({error}); free space or choose --store"
        raise StoreError(msg) from error


def _as_cog(draft: Path, target: Path) -> None:
    from rasterio.errors import RasterioError
    from rasterio.shutil import copy

    try:
        copy(draft, target, driver="COG", compress="deflate", predictor="yes", bigtiff="if_safer")
    except RasterioError as error:
        msg = f"{target}: cannot be written ({error}); free space or choose --store"
        raise StoreError(msg) from error
