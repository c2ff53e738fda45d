"""The HTTP client: whole files that go on where they stopped, small texts, sizes.

urllib3 was chosen: it has the timeouts, streaming and connection pool that downloads need, no
dependencies, and leaves redirects and retries to the caller. Here both matter: a redirect to
another host is refused unless the source is known for it, and a retry goes on with a Range request.
requests and httpx hide these and add packages, pooch and fsspec know checksums or ranges but do not
resume, the standard library has neither pool nor read timeouts by request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urljoin, urlsplit
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

from terrain.errors import AbsentError, FetchError, StoreError

T = TypeVar("T")
Tell = Callable[[int], object]
"""Called with the bytes of a file that are there so far."""

_CHUNK: Final = 1 << 16
_MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_WAIT_S: Final = 60.0
_MD5_LENGTH: Final = 32


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


@dataclass(frozen=True, slots=True)
class Remote:
    """What a server says of a file.

    Attributes
    ----------
    url : str
        Where it lies in the end, after redirects.
    size : int or None
        Bytes.
    etag, last_modified, content_type : str
        As sent; empty where not.
    md5 : str
        Of the content, in hexadecimal, where the server gives one.
    """

    url: str
    size: int | None
    etag: str = ""
    last_modified: str = ""
    content_type: str = ""
    md5: str = ""


class Stopped(Exception):
    """The user, or another file's failure, ended the work."""


class _AgainError(Exception):
    """An attempt that failed in a way that may pass."""

    def __init__(self, text: str, wait_s: float = 0.0, *, unreachable: bool = False) -> None:
        super().__init__(text)
        self.wait_s = wait_s
        self.unreachable = unreachable


@dataclass
class Client:
    """Fetches files over HTTP.

    Attributes
    ----------
    patience : Patience
    sleep : callable
        Waits between attempts [s]; tests do not.
    stop : threading.Event
        Once set, downloads end at their next piece.
    n_request : int
        Requests sent so far.
    """

    patience: Patience = field(default_factory=Patience)
    sleep: Callable[[float], object] = time.sleep
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
                _refuse_page(answer, url)
                return _remote(answer, final)

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
                remote = _remote(answer, final)
                _refuse_size(remote.size, limit, url)
                data = bytearray()
                for piece in self._pieces(answer):
                    data += piece
                    _refuse_size(len(data), limit, url)
                _check(remote, len(data), _md5(data) if remote.md5 else "")
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
                span = _content_range(answer.headers)
                total = span[1] if span else None
                remote = _remote(answer, final)
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

        return self._persist(url, attempt)

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
                raise _AgainError(msg)
            _refuse_page(answer, url)
            span = _content_range(answer.headers) if answer.status == 206 else None
            remote = _remote(answer, final)
            if answer.status == 206:
                if span is None or span[0] != start:
                    part.unlink(missing_ok=True)
                    msg = "the server sent another part than was asked for"
                    raise _AgainError(msg)
                remote = Remote(
                    final, span[1], remote.etag, remote.last_modified, remote.content_type
                )
            else:
                start = 0
            _refuse_size(remote.size, limit, url)
            validator = _validator(remote)
            about.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")
            tell(start)
            size = self._write(answer, part, start, limit, url, tell)
        try:
            _check(remote, size, _file_md5(part) if remote.md5 else "")
        except _AgainError:
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
                _refuse_size(size, limit, url)
                file.write(piece)
                file.flush()
                tell(size)
        return size

    def _pieces(self, answer: Any) -> Iterator[bytes]:
        """Body as sent, undecoded: sizes, ranges and checksums are of these bytes."""
        yield from answer.stream(_CHUNK, decode_content=False)

    def _persist(self, url: str, attempt: Callable[[], T]) -> T:
        """Try until it works, waiting longer each time."""
        host = urlsplit(url).netloc
        if host in self._unreachable:
            msg = f"{url}: {self._unreachable[host]}"
            raise FetchError(msg)
        text = ""
        for count in range(1, self.patience.attempts + 1):
            try:
                return attempt()
            except (_AgainError, HTTPError) as error:
                text = _in_words(error)
                if isinstance(error, SSLError):
                    break
                if count == self.patience.attempts or self.stop.is_set():
                    if isinstance(error, NewConnectionError):
                        self._unreachable[host] = text  # its other files need not try as long
                    break
                wait_s = self.patience.backoff_s * 2 ** (count - 1)
                asked_s = error.wait_s if isinstance(error, _AgainError) else 0.0
                self.sleep(min(max(wait_s, asked_s), _MAX_WAIT_S))
        msg = f"{url}: {text} ({count} attempts); run the same command again to go on"
        raise FetchError(msg)

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
            url = _redirected(url, answer.headers.get("Location", ""), hosts)
        try:
            _refuse_status(answer, url)
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


def check_url(url: str) -> None:
    """Refuse what is no web address."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = f"{url}: no web address; it begins with https:// (a folder goes to --from-folder)"
        raise FetchError(msg)
    if any(ord(c) <= 32 for c in url):
        msg = f"{url!r}: spaces are no part of an address; correct it"
        raise FetchError(msg)


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()  # the machine's own authorities, a company's among them
    context.load_verify_locations(certifi.where())
    return context


def _redirected(url: str, location: str, hosts: tuple[str, ...]) -> str:
    """Where a redirect leads; to another host only if the source is known for it."""
    target = urljoin(url, location)
    own, other = urlsplit(url), urlsplit(target)
    if not location:
        msg = f"{url}: redirected to nowhere; use another mirror"
        raise FetchError(msg)
    if own.scheme == "https" and other.scheme != "https":
        msg = f"{url}: redirected to {target}, which is not encrypted; use another mirror"
        raise FetchError(msg)
    if other.netloc != own.netloc and other.netloc not in hosts:
        msg = (
            f"{url}: redirected to another host, {other.netloc}; if that is right, give "
            f"--allow-host {other.netloc}"
        )
        raise FetchError(msg)
    return target


def _refuse_status(answer: Any, url: str) -> None:
    status = answer.status
    if status in {200, 206, 416}:
        return
    if status in {404, 410}:
        msg = f"{url}: not there ({status}); check area and mirror"
        raise AbsentError(msg)
    if status in _AGAIN:
        msg = f"the server answered {status} {answer.reason or ''}".rstrip()
        raise _AgainError(msg, _retry_after_s(answer.headers))
    if status in {401, 403}:
        msg = f"{url}: refused ({status}): not there, or not for everybody; check area and mirror"
        raise FetchError(msg)
    msg = f"{url}: the server answered {status} {answer.reason or ''}; use another mirror"
    raise FetchError(msg)


def _retry_after_s(headers: Mapping[str, str]) -> float:
    text = headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 0.0


def _refuse_page(answer: Any, url: str) -> None:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        msg = f"{url}: answered with a web page, not data; check proxy, login and mirror"
        raise FetchError(msg)


def _refuse_size(size: int | None, limit: int, url: str) -> None:
    if size is not None and size > limit:
        msg = f"{url}: {size:,} bytes are more than the {limit:,} that such a file may have"
        raise FetchError(msg)


def _remote(answer: Any, url: str) -> Remote:
    headers = answer.headers
    length = headers.get("Content-Length", "")
    encoded = headers.get("Content-Encoding", "identity").lower() not in {"identity", ""}
    etag = headers.get("ETag", "")
    return Remote(
        url,
        int(length) if length.isdigit() and not encoded else None,
        etag,
        headers.get("Last-Modified", ""),
        headers.get("Content-Type", ""),
        _given_md5(headers, etag),
    )


def _given_md5(headers: Mapping[str, str], etag: str) -> str:
    """MD5 by the Content-MD5 header, or by the ETag where that is one."""
    try:
        given = base64.b64decode(headers.get("Content-MD5", ""), validate=True).hex()
    except ValueError:
        given = ""
    if len(given) == _MD5_LENGTH:
        return given
    # S3 tags what was put there in one piece by its MD5; other servers' tags are anything.
    is_s3 = "x-amz-request-id" in headers and "x-amz-server-side-encryption-aws-kms-key-id" not in (
        headers
    )
    bare = etag.strip('"').lower()
    is_md5 = len(bare) == _MD5_LENGTH and all(c in "0123456789abcdef" for c in bare)
    return bare if is_s3 and is_md5 else ""


def _content_range(headers: Mapping[str, str]) -> tuple[int, int | None] | None:
    """Start and total size of ``bytes 5-9/10``."""
    unit, _, rest = headers.get("Content-Range", "").partition(" ")
    span, _, total = rest.partition("/")
    first = span.partition("-")[0]
    if unit != "bytes" or not first.isdigit():
        return None
    return int(first), int(total) if total.isdigit() else None


def _validator(remote: Remote) -> str:
    """What tells a server whether a part is still of the same file; weak tags do not."""
    return "" if remote.etag.startswith("W/") else remote.etag or remote.last_modified


def _resumable(url: str, part: Path, about: Path) -> int:
    """Bytes of a part that the same file may go on with; 0 begins anew."""
    try:
        known = json.loads(about.read_text(encoding="utf-8"))
        same = known["url"] == url and bool(known["validator"])
        return part.stat().st_size if same else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _check(remote: Remote, size: int, md5: str) -> None:
    if remote.size is not None and size != remote.size:
        msg = f"ended after {size:,} of {remote.size:,} bytes"
        raise _AgainError(msg)
    if remote.md5 and md5 != remote.md5:
        msg = f"the checksum is {md5}, not {remote.md5} as the server says"
        raise _AgainError(msg)


def _md5(data: bytes | bytearray) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _file_md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _in_words(error: Exception) -> str:
    """What went wrong, without the library's own objects."""
    if isinstance(error, _AgainError):
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
