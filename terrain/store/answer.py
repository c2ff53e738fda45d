"""What an answer of a server says, and which answers are refused."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from terrain.errors import AbsentError, FetchError

_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_MD5_LENGTH: Final = 32


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


class AgainError(Exception):
    """An attempt that failed in a way that may pass."""

    def __init__(self, text: str, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.wait_s = wait_s


def check_url(url: str) -> None:
    """Refuse what is no web address."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = f"{url}: no web address; it begins with https:// (a folder goes to --from-folder)"
        raise FetchError(msg)
    if any(ord(c) <= 32 for c in url):
        msg = f"{url!r}: spaces are no part of an address; correct it"
        raise FetchError(msg)


def redirected(url: str, location: str, hosts: tuple[str, ...]) -> str:
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


def refuse_status(answer: Any, url: str) -> None:
    """Refuse what is neither a whole file nor a part of one."""
    status = answer.status
    if status in {200, 206, 416}:
        return
    if status in {404, 410}:
        msg = f"{url}: not there ({status}); check area and mirror"
        raise AbsentError(msg)
    if status in _AGAIN:
        msg = f"the server answered {status} {answer.reason or ''}".rstrip()
        raise AgainError(msg, _retry_after_s(answer.headers))
    if status in {401, 403}:
        msg = f"{url}: refused ({status}): not there, or not for everybody; check area and mirror"
        raise FetchError(msg)
    msg = f"{url}: the server answered {status} {answer.reason or ''}; use another mirror"
    raise FetchError(msg)


def _retry_after_s(headers: Mapping[str, str]) -> float:
    return float(_number(headers.get("Retry-After", "")) or 0)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def refuse_page(answer: Any, url: str) -> None:
    """Refuse a web page: what proxies, logins and failing servers send in place of data."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        msg = f"{url}: answered with a web page, not data; check proxy, login and mirror"
        raise FetchError(msg)


def refuse_size(size: int | None, limit: int, url: str) -> None:
    """Refuse more bytes than such a file may have."""
    if size is not None and size > limit:
        msg = f"{url}: {size:,} bytes are more than the {limit:,} that such a file may have"
        raise FetchError(msg)


def remote_of(answer: Any, url: str) -> Remote:
    """What the headers of an answer say."""
    headers = answer.headers
    length = headers.get("Content-Length", "")
    encoded = headers.get("Content-Encoding", "identity").lower() not in {"identity", ""}
    etag = headers.get("ETag", "")
    return Remote(
        url,
        None if encoded else _number(length),
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


def content_range(headers: Mapping[str, str]) -> tuple[int, int | None] | None:
    """Start and total size of ``bytes 5-9/10``."""
    unit, _, rest = headers.get("Content-Range", "").partition(" ")
    span, _, total = rest.partition("/")
    first = _number(span.partition("-")[0])
    return None if unit != "bytes" or first is None else (first, _number(total))


def validator_of(remote: Remote) -> str:
    """What tells a server whether a part is still of the same file; weak tags do not."""
    return "" if remote.etag.startswith("W/") else remote.etag or remote.last_modified


def check_whole(remote: Remote, size: int, md5: str) -> None:
    """Refuse a file that is not whole, or not the one that the server has."""
    if remote.size is not None and size != remote.size:
        msg = f"ended after {size:,} of {remote.size:,} bytes"
        raise AgainError(msg)
    if remote.md5 and md5 != remote.md5:
        msg = f"the checksum is {md5}, not {remote.md5} as the server says"
        raise AgainError(msg)
