"""The client against a server that fails as servers do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tile_server import (
    Handler,
    Site,
    add_glo,
    etag,
    glo_name,
    glo_tile,
    other_bytes,
    page,
    redirect,
    silent,
    status,
    truncated,
)  # fmt: skip

from terrain.errors import AbsentError, FetchError, StoreError
from terrain.store.client import Client, Patience, Stopped
from terrain.store.fetch import Fetcher
from terrain.store.local import Store
from terrain.store.origin import Origin
from terrain.store.plan import Request

DATA = bytes(range(256)) * 2000
LIMIT = 10_000_000


@pytest.fixture
def client(waits: list[float]) -> Client:
    return Client(patience=Patience(2.0, 2.0, attempts=4), sleep=waits.append)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "file.part"


def url(site: Site, name: str = "/file") -> str:
    return site.url + name


def test_a_whole_file(site: Site, client: Client, part: Path) -> None:
    site.files["/file"] = DATA
    seen: list[int] = []
    remote = client.download(url(site), part, limit=LIMIT, tell=seen.append)
    assert part.read_bytes() == DATA
    assert remote.size == len(DATA)
    assert seen[-1] == len(DATA)
    assert not list(part.parent.glob("*.about"))


def test_server_errors_pass(site: Site, client: Client, part: Path, waits: list[float]) -> None:
    site.files["/file"] = DATA
    site.faults["/file"] = [status(500), status(503, Retry_After="7")]
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA
    assert waits == [1.0, 7.0]


def test_patience_ends(site: Site, client: Client, part: Path, waits: list[float]) -> None:
    site.files["/file"] = DATA
    site.faults["/file"] = [status(502)] * 9
    with pytest.raises(FetchError, match=r"502.*4 attempts"):
        client.download(url(site), part, limit=LIMIT)
    assert waits == [1.0, 2.0, 4.0]
    assert not part.exists()


def test_a_long_wait_is_cut_short(
    site: Site, client: Client, part: Path, waits: list[float]
) -> None:
    site.files["/file"] = DATA
    site.faults["/file"] = [status(429, Retry_After="86400")]
    client.download(url(site), part, limit=LIMIT)
    assert waits == [60.0]


@pytest.mark.parametrize("code", [404, 410])
def test_what_is_not_there_is_not_asked_for_again(
    code: int, site: Site, client: Client, part: Path
) -> None:
    site.faults["/file"] = [status(code)]
    with pytest.raises(AbsentError, match=str(code)):
        client.download(url(site), part, limit=LIMIT)
    assert client.n_request == 1


@pytest.mark.parametrize("code", [400, 401, 403, 451])
def test_a_refusal_is_final(code: int, site: Site, client: Client, part: Path) -> None:
    site.faults["/file"] = [status(code)]
    with pytest.raises(FetchError, match=str(code)):
        client.download(url(site), part, limit=LIMIT)
    assert client.n_request == 1


def test_a_truncated_body_goes_on_where_it_broke_off(
    site: Site, client: Client, part: Path
) -> None:
    site.files["/file"] = DATA
    site.faults["/file"] = [truncated(200_000)]
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA
    (_, _, span) = site.requests[1]
    start = int(span.removeprefix("bytes=").removesuffix("-"))
    assert 0 < start <= 200_000


def test_a_server_without_ranges_sends_all_again(site: Site, client: Client, part: Path) -> None:
    site.files["/file"] = DATA
    site.ranges = False
    site.faults["/file"] = [truncated(200_000)]
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA


def test_a_part_of_an_older_file_is_dropped(site: Site, client: Client, part: Path) -> None:
    site.files["/file"] = DATA
    site.faults["/file"] = [truncated(200_000), *[status(500)] * 3]
    with pytest.raises(FetchError):
        client.download(url(site), part, limit=LIMIT)
    assert part.exists()
    site.files["/file"] = DATA[::-1]
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA[::-1]


@pytest.mark.parametrize("about", ["", "{", "null", "[]", '{"url": "http://other/"}'])
def test_a_part_of_unknown_origin_is_dropped(
    about: str, site: Site, client: Client, part: Path
) -> None:
    site.files["/file"] = DATA
    part.write_bytes(b"something else")
    part.with_name("file.part.about").write_text(about)
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA


def test_a_part_longer_than_the_file_is_dropped(site: Site, client: Client, part: Path) -> None:
    site.files["/file"] = DATA
    part.write_bytes(DATA + b"more")
    known = {"url": url(site), "validator": etag(DATA)}
    part.with_name("file.part.about").write_text(json.dumps(known))
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA


def test_a_wrong_part_of_a_file_is_noticed(site: Site, client: Client, part: Path) -> None:
    def from_the_start(handler: Handler, data: bytes) -> None:
        handler.reply(206, data, {"Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}"})

    site.files["/file"] = DATA
    site.faults["/file"] = [truncated(200_000), from_the_start]
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA


def test_a_wrong_checksum_is_fetched_anew(site: Site, client: Client, part: Path) -> None:
    site.files["/file"] = DATA
    site.faults["/file"] = [other_bytes]
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA
    site.faults["/file"] = [other_bytes] * 4
    with pytest.raises(FetchError, match="checksum"):
        client.download(url(site), part, limit=LIMIT)
    assert not part.exists()


def test_a_tag_that_is_no_checksum_is_none(site: Site, client: Client, part: Path) -> None:
    site.files["/file"] = DATA
    site.is_s3 = False
    site.faults["/file"] = [
        lambda handler, data: handler.reply(200, data, tag='"' + "a" * 32 + '"')
    ]
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA
    assert client.n_request == 1


def test_content_md5_is_checked(site: Site, client: Client, part: Path) -> None:
    site.files["/file"] = DATA
    site.is_s3 = False
    wrong = {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    site.faults["/file"] = [lambda handler, data: handler.reply(200, data, wrong)]
    client.download(url(site), part, limit=LIMIT)
    assert client.n_request == 2


def test_silence_is_not_waited_for(site: Site, part: Path, waits: list[float]) -> None:
    client = Client(patience=Patience(1.0, 0.1, attempts=2), sleep=waits.append)
    done = threading.Event()
    site.files["/file"] = DATA
    site.faults["/file"] = [silent(done)] * 2
    try:
        with pytest.raises(FetchError, match="no answer in time"):
            client.download(url(site), part, limit=LIMIT)
    finally:
        done.set()
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA


def test_a_web_page_is_no_data(site: Site, client: Client, part: Path) -> None:
    site.files["/file"] = DATA
    site.faults["/file"] = [page]
    with pytest.raises(FetchError, match="web page"):
        client.download(url(site), part, limit=LIMIT)
    assert not part.exists()


@pytest.mark.parametrize("sized", [True, False])
def test_too_large_a_file_is_refused(sized: bool, site: Site, client: Client, part: Path) -> None:
    site.files["/file"] = DATA
    site.sized = sized
    with pytest.raises(FetchError, match="more than the 100,000"):
        client.download(url(site), part, limit=100_000)
    assert client.n_request == 1
    assert not part.exists() or part.stat().st_size <= 100_000
    with pytest.raises(FetchError, match="more than the 100,000"):
        client.read(url(site), limit=100_000)


def test_a_redirect_on_the_same_host_is_followed(site: Site, client: Client, part: Path) -> None:
    site.files["/other"] = DATA
    site.faults["/file"] = [redirect("/other")]
    remote = client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA
    assert remote.url == url(site, "/other")


def test_a_redirect_to_another_host_is_followed_only_if_allowed(
    site: Site, other_site: Site, client: Client, part: Path
) -> None:
    other_site.files["/other"] = DATA
    host = other_site.url.removeprefix("http://")
    site.faults["/file"] = [redirect(other_site.url + "/other")] * 2
    with pytest.raises(FetchError, match=f"--allow-host {host}"):
        client.download(url(site), part, limit=LIMIT)
    assert other_site.requests == []
    client.download(url(site), part, limit=LIMIT, hosts=(host,))
    assert part.read_bytes() == DATA


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", ""])
def test_a_redirect_to_nowhere(target: str, site: Site, client: Client, part: Path) -> None:
    site.faults["/file"] = [redirect(target)]
    with pytest.raises(FetchError):
        client.download(url(site), part, limit=LIMIT)
    assert not part.exists()


def test_a_circle_of_redirects_ends(site: Site, client: Client, part: Path) -> None:
    site.faults["/file"] = [redirect("/file")] * 50
    with pytest.raises(FetchError):
        client.download(url(site), part, limit=LIMIT)
    assert client.n_request < 10


@pytest.mark.parametrize(
    "address", ["", "x", "/a/b", "file:///x", "http://", "http://a b/", "ftp://a"]
)
def test_what_is_no_address(address: str, client: Client, part: Path) -> None:
    with pytest.raises(FetchError):
        client.download(address, part, limit=LIMIT)


def test_a_host_that_is_not_there_is_not_tried_for_every_file(
    client: Client, part: Path, waits: list[float]
) -> None:
    # Port 9 of loopback: nothing listens.
    with pytest.raises(FetchError, match="is there a network"):
        client.download("http://127.0.0.1:9/a", part, limit=LIMIT)
    tried = len(waits)
    with pytest.raises(FetchError, match="is there a network"):
        client.download("http://127.0.0.1:9/b", part, limit=LIMIT)
    assert len(waits) == tried


def test_a_part_that_cannot_be_written(site: Site, client: Client, tmp_path: Path) -> None:
    site.files["/file"] = DATA
    with pytest.raises(StoreError, match="cannot be written"):
        client.download(url(site), tmp_path / "absent" / "file.part", limit=LIMIT)


def test_stopped_work_goes_on_later(site: Site, client: Client, part: Path) -> None:
    site.files["/file"] = DATA

    def stop(size: int) -> None:
        if size > 100_000:
            client.stop.set()

    with pytest.raises(Stopped):
        client.download(url(site), part, limit=LIMIT, tell=stop)
    there = part.stat().st_size
    assert 0 < there < len(DATA)
    client.stop.clear()
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA
    assert site.requests[-1][2] == f"bytes={there}-"


SCRIPT = """
import sys
from pathlib import Path
from terrain.store.fetch import Fetcher
from terrain.store.local import Store
from terrain.store.origin import Origin
from terrain.store.plan import Request
if sys.argv[3] == "small_files_only":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
fetcher = Fetcher(Store(Path(sys.argv[1])), origin=Origin({"": sys.argv[2]}))
report = fetcher.fetch(Request((104.2, 10.2, 104.8, 10.8)))
print(sorted(report.fetched), sorted(report.present), report.missing)
"""


def run(store: Store, site: Site, how: str = "") -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(store.root), site.url, how],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def big_tile(site: Site) -> str:
    """A tile of some 300 kB at its place; its path on the server."""
    import numpy as np
    from tile_server import geotiff

    add_glo(site, [(10, 104)])
    add_glo(site, [(10, 104)], source="glo90")
    path = f"/glo30/{glo_name(10, 104)}/{glo_name(10, 104)}.tif"
    values = np.random.default_rng(0).uniform(0, 9, (300, 300)).astype(np.float32)
    half = 0.5 / 300
    site.files[path] = geotiff(values, 104 - half, 11 + half, (1 / 300, 1 / 300))
    return path


@pytest.mark.skipif(os.name != "posix", reason="kills a process as POSIX does")
def test_a_killed_fetch_leaves_a_part_that_is_gone_on_with(site: Site, store: Store) -> None:
    path = big_tile(site)
    data, sent, go_on = site.files[path], threading.Event(), threading.Event()

    def half(handler: Handler, body: bytes) -> None:
        handler.send_response(200)
        handler.send_header("ETag", etag(body))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:200_000])
        handler.wfile.flush()
        sent.set()
        go_on.wait(30.0)

    site.faults[path] = [half]
    process = run(store, site)
    try:
        assert sent.wait(30.0)
        target = store.root / "glo30" / f"{glo_name(10, 104)}.tif"
        part = target.with_name(target.name + ".part")
        for _ in range(600):
            if part.exists() and part.stat().st_size >= 65536:
                break
            threading.Event().wait(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    finally:
        go_on.set()
    assert part.exists()
    assert not target.exists()
    kept = part.stat().st_size
    report = Fetcher(store, origin=Origin({"": site.url})).fetch(
        Request((104.2, 10.2, 104.8, 10.8))
    )
    assert not report.missing
    assert target.read_bytes() == data
    assert site.requests[-1][2] == f"bytes={kept}-"
    assert not list(store.root.rglob("*.part*"))


@pytest.mark.skipif(os.name != "posix", reason="limits files as POSIX does")
def test_a_full_disk_is_said_and_leaves_nothing_half(site: Site, store: Store) -> None:
    path = big_tile(site)
    process = run(store, site, "small_files_only")
    _, text = process.communicate(timeout=60)
    assert "StoreError" in text
    assert "cannot be written" in text
    assert not (store.root / "glo30" / Path(path).name).exists()


def test_two_fetches_at_once_share_one_store(site: Site, store: Store) -> None:
    path = big_tile(site)
    both = [run(store, site) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert all(text.strip().endswith("{}") for text, _ in outputs)
    assert site.asked.count(path) == 1
    assert (store.root / "glo30" / Path(path).name).read_bytes() == site.files[path]
    assert len(Store(store.root).entries()) == 2


def test_one_tile_of_several_fails_for_good(site: Site, fetcher: Fetcher) -> None:
    add_glo(site, [(10, 104), (10, 105)])
    bad = f"/glo30/{glo_name(10, 105)}/{glo_name(10, 105)}.tif"
    site.faults[bad] = [page]
    report = fetcher.fetch(Request((104.2, 10.2, 105.8, 10.8)))
    assert "web page" in report.missing[f"glo30/{glo_name(10, 105)}.tif"]
    assert report.fetched == [f"glo30/{glo_name(10, 104)}.tif"]
    assert glo_tile(10, 104) == fetcher.store.path(report.fetched[0]).read_bytes()


def test_a_drip_is_not_waited_for(site: Site, part: Path, waits: list[float]) -> None:
    def drip(handler: Handler, data: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            threading.Event().wait(0.005)
        handler.close_connection = True

    ticks = iter(range(0, 100_000, 20))
    client = Client(
        patience=Patience(2.0, 2.0, attempts=2), sleep=waits.append, clock=lambda: next(ticks)
    )
    site.files["/file"] = DATA
    site.faults["/file"] = [drip] * 2
    with pytest.raises(FetchError, match="too slow"):
        client.download(url(site), part, limit=LIMIT)


def test_attempts_that_bring_something_do_not_count(
    site: Site, client: Client, part: Path, waits: list[float]
) -> None:
    def a_little(handler: Handler, data: bytes) -> None:
        span = handler.headers.get("Range", "bytes=0-")
        start = int(span.removeprefix("bytes=").removesuffix("-"))
        extra = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        handler.reply(206 if start else 200, data[start:], extra, sent=40_000)

    site.files["/file"] = DATA
    site.faults["/file"] = [a_little] * 11
    client.download(url(site), part, limit=LIMIT)
    assert part.read_bytes() == DATA
    assert set(waits) == {1.0}


@pytest.mark.parametrize("value", ["²", "-5", "", "9" * 40, "x", "1.5"])
def test_odd_lengths_are_no_lengths(value: str) -> None:
    from terrain.store.answer import content_range, remote_of

    class Answer:
        headers = {"Content-Length": value, "Content-Range": f"bytes {value}-4/5"}  # noqa: RUF012

    assert remote_of(Answer, "http://x/").size is None
    assert content_range(Answer.headers) is None
