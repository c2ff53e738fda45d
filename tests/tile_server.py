"""A server on loopback that serves tiles in the sources' layouts, and fails as servers do."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.io import MemoryFile

Fault = Callable[["Handler", bytes], None]
N_GLO = 40  # columns of a made-up tile; 3600 in a real one


@dataclass
class Site:
    """Files of a server, faults to come, and what was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[Fault | None]] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    ranges: bool = True
    is_s3: bool = True
    sized: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def asked(self) -> list[str]:
        return [path for _, path, _ in self.requests]

    def next_fault(self, path: str) -> Fault | None:
        with self.lock:
            waiting = self.faults.get(path)
            return waiting.pop(0) if waiting else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        site, path = self.site, self.path
        span = self.headers.get("Range", "")
        with site.lock:
            site.requests.append((self.command, path, span))
        data = site.files.get(path)
        fault = site.next_fault(path) if with_body else None
        if fault is not None:
            fault(self, data or b"")
            return
        if data is None:
            self.reply(404, b"no such key")
            return
        tag = etag(data)
        start, stop = 0, len(data)
        if span and site.ranges and self.headers.get("If-Range", tag) == tag:
            first, _, last = span.removeprefix("bytes=").partition("-")
            start, stop = int(first), min(int(last) + 1, stop) if last else stop
            if start >= len(data):
                self.reply(416, b"")
                return
            extra = {"Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"}
            self.reply(206, data[start:stop], extra, with_body=with_body)
            return
        self.reply(200, data, with_body=with_body)

    def reply(
        self,
        status: int,
        body: bytes,
        extra: dict[str, str] | None = None,
        *,
        with_body: bool = True,
        sent: int | None = None,
        tag: str | None = None,
    ) -> None:
        """Answer; `sent` bytes of the body only, and then break off."""
        self.send_response(status)
        if status in {200, 206}:
            data = self.site.files.get(self.path, b"")
            self.send_header("ETag", tag or etag(data))
            if self.site.is_s3:
                self.send_header("x-amz-request-id", "1")
        kind = self.site.types.get(self.path, "binary/octet-stream")
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **(extra or {})}
        if not self.site.sized:
            del headers["Content-Length"]
            headers["Connection"] = "close"
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body[:sent])
        if sent is not None or not self.site.sized:
            self.close_connection = True


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def status(code: int, **extra: str) -> Fault:
    headers = {key.replace("_", "-"): value for key, value in extra.items()}
    return lambda handler, _: handler.reply(code, b"a fault", headers)


def truncated(sent: int) -> Fault:
    return lambda handler, data: handler.reply(200, data, sent=sent)


def other_bytes(handler: Handler, data: bytes) -> None:
    """The tag of the right file on a wrong one of the same length."""
    handler.reply(200, bytes(len(data)), tag=etag(data))


def page(handler: Handler, data: bytes) -> None:
    del data
    text = b"<html><body>Please sign in to the network</body></html>"
    handler.reply(200, text, {"Content-Type": "text/html; charset=utf-8"})


def redirect(url: str) -> Fault:
    return lambda handler, _: handler.reply(302, b"", {"Location": url})


def silent(done: threading.Event) -> Fault:
    """Accept the request and never answer it."""

    def wait(handler: Handler, data: bytes) -> None:
        del data
        done.wait(20.0)
        handler.close_connection = True

    return wait


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    handler = type("Bound", (Handler,), {"site": site})
    server = Server(("127.0.0.1", 0), handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def geotiff(
    values: Any,
    west: float,
    north: float,
    step: tuple[float, float],
    *,
    scale: float = 1.0,
    **options: Any,
) -> bytes:
    """A small raster in degrees."""
    array = np.asarray(values)
    options = {"crs": "EPSG:4326", "compress": "deflate", **options}
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", height=array.shape[0], width=array.shape[1], count=1,
            dtype=array.dtype, transform=Affine(step[0], 0, west, 0, -step[1], north), **options,
        ) as file:  # fmt: skip
            file.write(array, 1)
            file.scales = (scale,)
        return bytes(memory.read())


def glo_name(lat: int, lon: int, arc: int = 10) -> str:
    ns = f"{'S' if lat < 0 else 'N'}{abs(lat):02d}"
    ew = f"{'W' if lon < 0 else 'E'}{abs(lon):03d}"
    return f"Copernicus_DSM_COG_{arc}_{ns}_00_{ew}_00_DEM"


def glo_tile(lat: int, lon: int, height_m: float | None = None) -> bytes:
    """A tile as GLO-30's: half a pixel off, float32, no nodata tag; hills with sea at 0 m."""
    half = 0.5 / N_GLO
    if height_m is not None:
        values = np.full((N_GLO, N_GLO), height_m, np.float32)
    else:
        rng = np.random.default_rng(1000 * (lat + 90) + lon + 180)
        values = rng.uniform(1.0, 90.0, (N_GLO, N_GLO)).astype(np.float32)
    return geotiff(values, lon - half, lat + 1 + half, (1 / N_GLO, 1 / N_GLO))


def add_glo(
    site: Site, tiles: list[tuple[int, int]], *, source: str = "glo30", listed: Any = None
) -> None:
    """Tiles of GLO-30 or GLO-90, with their list."""
    arc = 10 if source == "glo30" else 30
    for lat, lon in tiles:
        name = glo_name(lat, lon, arc)
        site.files[f"/{source}/{name}/{name}.tif"] = glo_tile(lat, lon)
    names = [glo_name(lat, lon, arc) for lat, lon in (tiles if listed is None else listed)]
    site.files[f"/{source}/tileList.txt"] = "\n".join([*names, ""]).encode()


def skadi_tile(side: int = 1201) -> bytes:
    """Rising to the east from depths below the sea, with a void; big-endian, packed."""
    values = np.tile(np.linspace(-50, 300, side).astype(">i2"), (side, 1))
    values[10, 1000] = -32768
    return gzip.compress(values.tobytes(), 1)


def as_json(data: Any) -> bytes:
    return json.dumps(data).encode()


def read(path: Path) -> Any:
    with rasterio.open(path) as raster:
        return raster.read(1)


def zipped_bomb(n_bytes: int) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as file:
        piece = bytes(1 << 20)
        for _ in range(n_bytes >> 20):
            file.write(piece)
    return out.getvalue()
