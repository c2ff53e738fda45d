"""The HTTP client: whole files that go on where they stopped, small texts, sizes.

urllib3 was chosen: it has the timeouts, streaming and connection pool that downloads need, no
dependencies, and leaves redirects and retries to the caller. Here both matter: a redirect to
another host is refused unless the source is known for it, and a retry goes on with a Range request.
requests and httpx hide these and add packages, pooch and fsspec know checksums or ranges but do not
resume, the standard library has neither pool nor read timeouts by request.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3.exceptions import (
    HTTPError,
    LocationParseError,
    LocationValueError,
    NewConnectionError,
    SSLError,
)

from terrain.errors import FetchError, StoreError
from terrain.store.answer import (
    AgainError,
    Remote,
    check_url,
    check_whole,
    content_range,
    redirected,
    refuse_page,
    refuse_size,
    refuse_status,
    remote_of,
    validator_of,
)

T = TypeVar("T")
Tell = Callable[[int], object]
"""Called with the bytes of a file that are there so far."""

_CHUNK: Final = 1 << 16
_MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_WAIT_S: Final = 60.0
_SLOW_S: Final = 60.0
_SLOW_BYTES: Final = 6000
"""An answer with fewer bytes than this in such a time is as good as none."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, and how often to try.

    Attributes
    ----------
    connect_s, read_s : float
        Until a connection stands, and between two pieces of an answer [s].
    attempts : int
    backoff_s : float
        Before the second attempt; doubled each time [s].
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    attempts: int = 5
    backoff_s: float = 1.0


class Stopped(Exception):
    """The user, or another file's failure, ended the work."""


@dataclass
class Client:
    """Fetches files over HTTP.

    Attributes
    ----------
    patience : Patience
    sleep : callable
        Waits between attempts [s]; tests do not.
    clock : callable
        Tells slow answers from fast ones [s].
    stop : threading.Event
        Once set, downloads end at their next piece.
    n_request : int
        Requests sent so far.
    """

    patience: Patience = field(default_factory=Patience)
    sleep: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.monotonic
    stop: threading.Event = field(default_factory=threading.Event)
    n_request: int = 0
    _pools: dict[str, Any] = field(default_factory=dict)
    _unreachable: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def size_of(self, url: str, *, hosts: tuple[str, ...] = ()) -> Remote:
        """What a server says of a file, without fetching it.

        Raises
        ------
        AbsentError, FetchError
        """

        def attempt() -> Remote:
            with self._open("HEAD", url, {}, hosts) as (answer, final):
                refuse_page(answer, url)
                return remote_of(answer, final)

        return self._persist(url, attempt)

    def read(self, url: str, *, limit: int, hosts: tuple[str, ...] = ()) -> tuple[bytes, Remote]:
        """A small file as a whole.

        Raises
        ------
        AbsentError, FetchError
            Also where it is larger than `limit` bytes.
        """

        def attempt() -> tuple[bytes, Remote]:
            with self._open("GET", url, {}, hosts) as (answer, final):
                remote = remote_of(answer, final)
                refuse_size(remote.size, limit, url)
                data = bytearray()
                for piece in self._pieces(answer):
                    data += piece
                    refuse_size(len(data), limit, url)
                check_whole(remote, len(data), _md5(data) if remote.md5 else "")
                return bytes(data), remote

        return self._persist(url, attempt)

    def first_bytes(self, url: str, n: int, *, hosts: tuple[str, ...] = ()) -> tuple[bytes, Remote]:
        """The beginning of a file whose other parts will be read on their own.

        Raises
        ------
        AbsentError, FetchError
            Also where the server does not serve parts of files.
        """

        def attempt() -> tuple[bytes, Remote]:
            with self._open("GET", url, {"Range": f"bytes=0-{n - 1}"}, hosts) as (answer, final):
                if answer.status != 206:
                    msg = (
                        f"{url}: the server refuses range requests, so no window of the file can "
                        "be read; use another mirror, or the whole file with --from-folder"
                    )
                    raise FetchError(msg)
                span = content_range(answer.headers)
                total = span[1] if span else None
                remote = remote_of(answer, final)
                data = b"".join(self._pieces(answer))[:n]
                return data, Remote(final, total, remote.etag, remote.last_modified)

        return self._persist(url, attempt)

    def download(
        self,
        url: str,
        part: Path,
        *,
        limit: int,
        hosts: tuple[str, ...] = (),
        tell: Tell | None = None,
    ) -> Remote:
        """Fetch a file into `part`, going on with what lies there from an earlier time.

        Beside it ``.about`` remembers of which version of the file it is a part.

        Raises
        ------
        AbsentError, FetchError
            Not there, refused, larger than `limit` bytes, or not whole after all attempts.
        StoreError
            The part cannot be written.
        """

        def attempt() -> Remote:
            try:
                return self._fetch(url, part, limit, hosts, tell or _say_nothing)
            except OSError as error:
                if isinstance(error, HTTPError | FetchError):
                    raise
                msg = f"{part}: cannot be written ({error.strerror or error}); free space or move"
                raise StoreError(msg) from error

        return self._persist(url, attempt, lambda: part.stat().st_size if part.exists() else 0)

    def _fetch(
        self, url: str, part: Path, limit: int, hosts: tuple[str, ...], tell: Tell
    ) -> Remote:
        about = part.with_name(part.name + ".about")
        start = _resumable(url, part, about)
        headers = {}
        if start:
            known = json.loads(about.read_text(encoding="utf-8"))
            headers = {"Range": f"bytes={start}-", "If-Range": known["validator"]}
        with self._open("GET", url, headers, hosts) as (answer, final):
            if answer.status == 416:
                part.unlink()
                msg = "the part kept from before fits no longer"
                raise AgainError(msg)
            refuse_page(answer, url)
            span = content_range(answer.headers) if answer.status == 206 else None
            remote = remote_of(answer, final)
            if answer.status == 206:
                if span is None or span[0] != start:
                    part.unlink(missing_ok=True)
                    msg = "the server sent another part than was asked for"
                    raise AgainError(msg)
                remote = Remote(
                    final, span[1], remote.etag, remote.last_modified, remote.content_type
                )
            else:
                start = 0
            refuse_size(remote.size, limit, url)
            validator = validator_of(remote)
            about.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")
            tell(start)
            size = self._write(answer, part, start, limit, url, tell)
        try:
            check_whole(remote, size, _file_md5(part) if remote.md5 else "")
        except AgainError:
            if remote.size is None or size >= remote.size:
                part.unlink()  # whole, and wrong: nothing to go on with
            raise
        about.unlink(missing_ok=True)
        return remote

    def _write(self, answer: Any, part: Path, start: int, limit: int, url: str, tell: Tell) -> int:
        size = start
        with part.open("ab" if start else "wb") as file:
            for piece in self._pieces(answer):
                if self.stop.is_set():
                    raise Stopped
                size += len(piece)
                refuse_size(size, limit, url)
                file.write(piece)
                file.flush()
                tell(size)
        return size

    def _pieces(self, answer: Any) -> Iterator[bytes]:
        """Body as sent, undecoded: sizes, ranges and checksums are of these bytes."""
        since, got = self.clock(), 0
        # As it arrives: a full buffer may never come from a server that lets bytes drip.
        while piece := answer.read1(_CHUNK, decode_content=False):
            got += len(piece)
            now = self.clock()
            if now - since > _SLOW_S:
                if got < _SLOW_BYTES:
                    msg = f"{got:,} bytes in {now - since:.0f} s are too slow"
                    raise AgainError(msg)
                since, got = now, 0
            yield piece

    def _persist(
        self, url: str, attempt: Callable[[], T], there: Callable[[], int] = lambda: 0
    ) -> T:
        """Try until it works, waiting longer each time; what has come closer counts anew.

        Parameters
        ----------
        there : callable
            Bytes that have come so far.
        """
        host = urlsplit(url).netloc
        if host in self._unreachable:
            msg = f"{url}: {self._unreachable[host]}"
            raise FetchError(msg)
        count, best = 0, there()
        while True:
            count += 1
            try:
                return attempt()
            except (AgainError, HTTPError) as error:
                text = _in_words(error)
                if there() > best:
                    count, best = 1, there()
                if count >= self.patience.attempts or isinstance(error, SSLError):
                    if isinstance(error, NewConnectionError):
                        self._unreachable[host] = text  # its other files need not try as long
                    msg = f"{url}: {text} ({count} attempts); run the same command again to go on"
                    raise FetchError(msg) from error
                wait_s = self.patience.backoff_s * 2 ** (count - 1)
                asked_s = error.wait_s if isinstance(error, AgainError) else 0.0
                self.sleep(min(max(wait_s, asked_s), _MAX_WAIT_S))

    @contextmanager
    def _open(
        self, method: str, url: str, headers: Mapping[str, str], hosts: tuple[str, ...]
    ) -> Iterator[tuple[Any, str]]:
        """An answer with status 200, 206 or 416, and its address after redirects."""
        if self.stop.is_set():
            raise Stopped
        for _ in range(_MAX_REDIRECTS + 1):
            answer = self._send(method, url, headers)
            if answer.status not in _REDIRECTS:
                break
            answer.close()
            url = redirected(url, answer.headers.get("Location", ""), hosts)
        try:
            refuse_status(answer, url)
            yield answer, url
        finally:
            answer.close()

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> Any:
        check_url(url)
        with self._lock:
            self.n_request += 1
        limits = urllib3.Timeout(connect=self.patience.connect_s, read=self.patience.read_s)
        try:
            return self._pool(url).request(
                method,
                url,
                headers={
                    # Bytes as they are stored: sizes and ranges count these.
                    "Accept-Encoding": "identity",
                    "User-Agent": "dtt-sim (terrain fetch)",
                    **headers,
                },
                preload_content=False,
                redirect=False,
                retries=False,
                timeout=limits,
            )
        except (LocationParseError, LocationValueError) as error:
            msg = f"{url}: no address ({error}); correct the mirror"
            raise FetchError(msg) from error

    def _pool(self, url: str) -> Any:
        """Connections, by way of the proxy that the environment names."""
        parts = urlsplit(url)
        proxy = "" if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme, "")
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = (
                    urllib3.ProxyManager(proxy, ssl_context=_tls(), maxsize=8)
                    if proxy
                    else urllib3.PoolManager(ssl_context=_tls(), maxsize=8)
                )
            return self._pools[proxy]


def _say_nothing(size: int) -> None:
    del size


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()  # the machine's own authorities, a company's among them
    context.load_verify_locations(certifi.where())
    return context


def _resumable(url: str, part: Path, about: Path) -> int:
    """Bytes of a part that the same file may go on with; 0 begins anew."""
    try:
        known = json.loads(about.read_text(encoding="utf-8"))
        same = known["url"] == url and bool(known["validator"])
        return part.stat().st_size if same else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _md5(data: bytes | bytearray) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _file_md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _in_words(error: Exception) -> str:
    """What went wrong, without the library's own objects."""
    if isinstance(error, AgainError):
        return str(error)
    kinds = {
        "ReadTimeoutError": "no answer in time",
        "ConnectTimeoutError": "no connection in time",
        "NewConnectionError": "no connection; is there a network?",
        "NameResolutionError": "the host is not known; is there a network?",
        "IncompleteRead": "the answer broke off",
        "ProtocolError": "the connection broke off",
        "InvalidChunkLength": "the answer broke off",
        "SSLError": f"no secure connection ({error})",
        "ProxyError": f"the proxy does not answer ({error})",
    }
    return kinds.get(type(error).__name__, f"{type(error).__name__}: {error}")
