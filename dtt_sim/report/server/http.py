"""The run over HTTP, for the one who sits at this machine.

Python's own server is used: what is served is a handful of routes for one reader, read-only, and
every dependency more would have to be watched for holes in what is open to the network.
"""

from __future__ import annotations

import importlib
import ipaddress
import json
import logging
import math
import tempfile
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from dtt_sim.errors import DttSimError
from dtt_sim.report.server.answers import Answers, NotThereError
from dtt_sim.report.server.files import TYPES, file_within

_LOG = logging.getLogger(__name__)
WEB: Final = Path(__file__).parents[1] / "web" / "serve"
PAGES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/serve.js": ("serve.js", "text/javascript; charset=utf-8"),
    "/serve.css": ("serve.css", "text/css; charset=utf-8"),
}
REPORT: Final = "dtt_sim.report.html.page"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class RunServer(ThreadingHTTPServer):
    """A server of one run.

    Attributes
    ----------
    answers : Answers
    is_remote : bool
        Whether other machines may ask.
    """

    daemon_threads = True
    # On some systems a second server would take over the port of the first.
    allow_reuse_address = False

    def __init__(self, answers: Answers, host: str, port: int, *, is_remote: bool) -> None:
        self.answers, self.is_remote, self.host = answers, is_remote, host
        self._report: bytes | None = None
        if ":" in host:
            import socket

            self.address_family = socket.AF_INET6
        try:
            super().__init__((host.strip("[]"), port), Handler)
        except (OSError, OverflowError) as error:
            msg = f"port {port} of {host} cannot be served on ({error}); choose another --port"
            raise DttSimError(msg) from error

    @property
    def port(self) -> int:
        """On which it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """Of its page."""
        host = self.host if ":" not in self.host or self.host.startswith("[") else f"[{self.host}]"
        return f"http://{host}:{self.port}/"

    def knows(self, host: str) -> bool:
        """Whether a request is meant for this server.

        A page elsewhere may have its own name lead to this machine (DNS rebinding) and would read
        the run: names other than this server's are refused. An address is nobody's name.
        """
        try:
            name, port = _host_and_port(host)
        except ValueError:
            return False
        if port not in {None, self.port}:
            return False
        if name in LOOPBACK or name == self.host:
            return True
        if not self.is_remote:
            return False
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True

    def report(self) -> bytes | None:
        """The HTML report, made when it is first asked for; None where this version has none."""
        if self._report is None:
            page = _report_module()
            if page is None:
                return None
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "report.html"
                page.write_html(self.answers.run.folder, path, self.answers.say)
                self._report = path.read_bytes()
        return self._report


def _report_module() -> Any:
    """What writes the HTML report; None of a version without one."""
    try:
        return importlib.import_module(REPORT)
    except ModuleNotFoundError as error:
        if not REPORT.startswith(error.name or "?"):
            raise
        return None


def _host_and_port(host: str) -> tuple[str, int | None]:
    found = urlsplit(f"//{host}")
    if found.username is not None or found.path or found.query or found.fragment:
        raise ValueError(host)
    name = found.hostname or ""
    return (f"[{name}]" if ":" in name else name), found.port


def make_server(
    answers: Answers, host: str = "127.0.0.1", port: int = 0, *, allow_remote: bool = False
) -> RunServer:
    """Make a server; it answers once its ``serve_forever`` is called.

    Parameters
    ----------
    host : str
        Address to listen on.
    port : int
        0 for any that is free.
    allow_remote : bool
        Whether an address is allowed that other machines reach.

    Raises
    ------
    DttSimError
        An address that other machines reach without leave, or a port that is taken.
    """
    if not is_loopback(host) and not allow_remote:
        msg = (
            f"{host} is not a loopback address: others on the network could read the run; "
            "add --allow-remote if they may"
        )
        raise DttSimError(msg)
    return RunServer(answers, host, port, is_remote=allow_remote)


class Handler(BaseHTTPRequestHandler):
    """Answers a request: reads only, and only what there is."""

    server: RunServer
    protocol_version = "HTTP/1.1"
    server_version = "dtt_sim"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        """Answer a request."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer a request without its body."""
        self._answer(with_body=False)

    def _refuse(self) -> None:
        self.close_connection = True
        self._say(HTTPStatus.METHOD_NOT_ALLOWED, "the run is read-only", allow="GET, HEAD")

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _refuse

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is the user's."""

    def _answer(self, *, with_body: bool) -> None:
        self._with_body = with_body
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or not self.server.knows(hosts[0]):
            self.close_connection = True
            self._say(HTTPStatus.MISDIRECTED_REQUEST, "this name is not that of the server")
            return
        if self.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"} and (
            self.headers.get("Sec-Fetch-Mode") != "navigate"
        ):
            self._say(HTTPStatus.FORBIDDEN, "another page may not read the run")
            return
        try:
            self._route()
        except NotThereError as error:
            self._say(HTTPStatus.NOT_FOUND, str(error))
        except DttSimError as error:
            folder = str(self.server.answers.run.folder)
            self._say(HTTPStatus.NOT_FOUND, str(error).replace(folder, "run"))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception:  # noqa: BLE001
            # One request that fails is no reason to stop; what failed is for the terminal's log.
            _LOG.exception("%s failed", self.path)
            self.close_connection = True
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, "this could not be computed")

    def _route(self) -> None:
        try:
            asked = urlsplit(self.path)
            path = unquote(asked.path, errors="strict")
            query = parse_qs(asked.query, max_num_fields=10)
        except ValueError:
            self._say(HTTPStatus.BAD_REQUEST, "this is no path")
            return
        if path in PAGES:
            name, kind = PAGES[path]
            self._send((WEB / name).read_bytes(), kind)
        elif path == "/run.json":
            about = self.server.answers.about()
            self._json({**about, "has_report": _report_module() is not None})
        elif path == "/coast.json":
            self._json(self.server.answers.coast())
        elif path == "/point.json":
            self._point(query)
        elif path == "/report":
            self._send_report()
        elif asked.path.startswith("/tiles/"):
            # Split before it is decoded: a slash within a name is part of the name.
            self._tile([unquote(part) for part in asked.path.split("/")[2:]])
        elif path.startswith("/files/"):
            self._file(path.removeprefix("/files/"))
        else:
            self._say(HTTPStatus.NOT_FOUND, "there is no such page")

    def _point(self, query: dict[str, list[str]]) -> None:
        try:
            lat, lon = (float(query[key][0]) for key in ("lat", "lon"))
        except (KeyError, ValueError):
            lat = lon = math.nan
        if not (math.isfinite(lat) and math.isfinite(lon)):
            self._say(HTTPStatus.BAD_REQUEST, "give lat and lon in degrees")
            return
        self._json(self.server.answers.point(query.get("phase", [None])[0], lat, lon))

    def _tile(self, parts: list[str]) -> None:
        try:
            phase, service, layer, *rest = parts
            zoom, x, y = (_whole(text) for text in (*rest[:2], rest[2].removesuffix(".png")))
            is_tile = len(rest) == 3 and rest[2].endswith(".png")
        except (ValueError, IndexError):
            is_tile = False
        if not is_tile:
            self._say(HTTPStatus.NOT_FOUND, "tiles are PHASE/SERVICE/LAYER/ZOOM/X/Y.png")
            return
        self._send(self.server.answers.tile(phase, service, layer, zoom, x, y), "image/png")

    def _file(self, asked: str) -> None:
        path = file_within(self.server.answers.run.folder, asked)
        if path is None:
            self._say(HTTPStatus.NOT_FOUND, "the run has no such file")
            return
        try:
            data = path.read_bytes()
        except OSError:
            self._say(HTTPStatus.NOT_FOUND, "the run has no such file")
            return
        self._send(data, TYPES[path.suffix.lower()])

    def _send_report(self) -> None:
        page = self.server.report()
        if page is None:
            self._say(HTTPStatus.NOT_FOUND, "this version has no report; the map is at /")
            return
        # The report says itself what it may load: nothing.
        self._send(page, "text/html; charset=utf-8", policy="frame-ancestors 'none'")

    def _json(self, data: Any) -> None:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
        self._send(text.encode("utf-8", "replace"), "application/json")

    def _say(self, status: HTTPStatus, text: str, *, allow: str = "") -> None:
        body = f"{text}\n".encode("utf-8", "replace")
        self._send(body, "text/plain; charset=utf-8", status=status, allow=allow)

    def _send(
        self, body: bytes, kind: str, *, status: HTTPStatus = HTTPStatus.OK, policy: str = POLICY,
        allow: str = "",
    ) -> None:  # fmt: skip
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-cache")
        if allow:
            self.send_header("Allow", allow)
        self.end_headers()
        if getattr(self, "_with_body", True):
            self.wfile.write(body)


def _whole(text: str) -> int:
    """A whole number of a few plain digits."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(text)
    return int(text)
