"""The local server: what it shows, and what it refuses."""

from __future__ import annotations

import http.client
import io
import json
import math
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from run_folder import TITLE

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError
from dtt_sim.report.language import language
from dtt_sim.report.layers import palette
from dtt_sim.report.server.answers import Answers
from dtt_sim.report.server.files import file_within
from dtt_sim.report.server.http import RunServer, is_loopback, make_server
from dtt_sim.workflow.remains import open_run_or_remains
from terrain.grid import transformer


@contextmanager
def serving(run: Path, **options: bool | str) -> Iterator[RunServer]:
    opened = open_run_or_remains(run)
    answers = Answers(opened.run, language("en"), opened.notes)
    with make_server(answers, **options) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def server(folders: tuple[Path, Path]) -> Iterator[RunServer]:
    with serving(folders[0]) as found:
        yield found


def ask(
    server: RunServer, path: str, method: str = "GET", host: str = "", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{server.port}")
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_the_page_has_all_it_needs(server: RunServer) -> None:
    answer, body = ask(server, "/")
    assert answer.status == 200
    assert "default-src 'none'" in (answer.getheader("Content-Security-Policy") or "")
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert b"http" not in body.replace(b"http-equiv", b"")
    for name in ("serve.js", "serve.css"):
        assert name.encode() in body
        assert ask(server, f"/{name}")[0].status == 200


def test_the_run_in_short(server: RunServer) -> None:
    answer, body = ask(server, "/run.json")
    assert answer.getheader("Content-Type") == "application/json"
    found = json.loads(body)
    assert found["title"] == TITLE
    assert [p["id"] for p in found["phases"]] == ["before", "both", "stronger", "aso"]
    last = found["phases"][-1]
    assert last["date"] == "1 January 2017"
    assert last["services"][0]["title"] == TITLE
    assert set(last["services"][0]["layers"]) == {layer["id"] for layer in found["layers"]}
    assert last["services"][0]["layers"]["served"]["steps"][2]["colour"] == "#1f6f9f"
    assert "SCHEMATIC" in found["warning"]


def test_the_coast_lies_between_land_and_sea(server: RunServer, folders: tuple[Path, Path]) -> None:
    found = json.loads(ask(server, "/coast.json")[1])
    with rasterio.open(folders[0] / "zone.tif") as file:
        has_both = len({*np.unique(file.read(1) == 1)}) == 2
    assert bool(found) is has_both
    assert Answers(open_run_or_remains(folders[1]).run, language("en")).coast() == []


def tile_of(lon_deg: float, lat_deg: float, zoom: int) -> tuple[int, int, int, int]:
    """Tile that a place lies in, and its pixel in there."""
    n = 256 * 2**zoom
    px = (lon_deg + 180.0) / 360.0 * n
    py = (0.5 - math.asinh(math.tan(math.radians(lat_deg))) / (2.0 * math.pi)) * n
    return int(px // 256), int(py // 256), int(px % 256), int(py % 256)


@pytest.mark.parametrize("zoom", [9, 12])
def test_tiles_have_the_colours_of_the_cells_they_lie_over(
    server: RunServer, folders: tuple[Path, Path], zoom: int
) -> None:
    with rasterio.open(folders[0] / "phases" / "before" / "PAL_margin.tif") as file:
        values, affine = file.read(1, masked=True), file.transform
    run = server.answers.run
    legend = server.answers._legends(run.phases[0], "PAL")["margin"]["steps"]
    colours = {tuple(bytes.fromhex(step["colour"][1:])) for step in legend}
    change = transformer(run.grid.crs, "EPSG:4326")
    seen = set()
    for row, col in ((3, 3), (5, 9), (8, 2), (9, 14)):
        x, y = affine.c + (col + 0.5) * affine.a, affine.f + (row + 0.5) * affine.e
        lon, lat = change.transform(x, y)
        i, j, px, py = tile_of(lon, lat, zoom)
        answer, body = ask(server, f"/tiles/before/PAL/margin/{zoom}/{i}/{j}.png")
        assert answer.getheader("Content-Type") == "image/png"
        with Image.open(io.BytesIO(body)) as picture:
            assert picture.size == (256, 256)
            red, green, blue, opacity = picture.convert("RGBA").getpixel((px, py))  # type: ignore[misc]
        assert opacity == 255
        assert (red, green, blue) in colours
        own = palette("margin", run.phases[0].services["PAL"], (), language("en"))
        expected = own.paint(np.array([float(values[row, col])]))[0]
        assert (red, green, blue) == tuple(expected[:3])
        seen.add((red, green, blue))
    assert seen


def test_a_tile_far_away_is_clear_and_one_that_is_none_is_refused(server: RunServer) -> None:
    _, body = ask(server, "/tiles/aso/K33/served/3/0/0.png")
    with Image.open(io.BytesIO(body)) as picture:
        assert not np.asarray(picture)[..., 3].any()
    for path in (
        "aso/K33/served/3/8/0.png", "aso/K33/served/3/-1/0.png", "aso/K33/served/99/0/0.png",
        "aso/K33/served/3/0/0.jpg", "aso/K33/served/3/0", "aso/K33/secret/3/0/0.png",
        "nope/K33/served/3/0/0.png", "aso/nope/served/3/0/0.png", "aso/K33/served/3/0/0.png/x",
        "aso/K33/served/%D9%A3/0/0.png", "..%2F..%2Faso/K33/served/3/0/0.png",
    ):  # fmt: skip
        assert ask(server, f"/tiles/{path}")[0].status == 404, path


def test_every_layer_has_tiles(server: RunServer) -> None:
    for layer in json.loads(ask(server, "/run.json")[1])["layers"]:
        answer, body = ask(server, f"/tiles/aso/K33/{layer['id']}/9/404/241.png")
        assert answer.status == 200
        assert body.startswith(b"\x89PNG")


def test_a_place_is_explained(server: RunServer) -> None:
    answer, body = ask(server, "/point.json?lat=10.0&lon=104.6&phase=aso")
    assert answer.status == 200
    found = json.loads(body)
    assert found["why"] == ""
    assert found["services"]["K33"]["layers"]["served"]["value"] == 2.0
    assert found["services"]["K33"]["layers"]["probability"]["shown"].endswith(" %")
    assert found["services"]["K33"]["layers"]["margin"]["shown"].endswith(" dB")
    explained = found["explanation"]["K33"]
    assert explained["aim"] == "d"
    margin = found["services"]["K33"]["layers"]["margin"]["value"]
    assert explained["margin_db"] == pytest.approx(margin, abs=0.05)
    assert any(TITLE in line for line in found["lines"])


@pytest.mark.parametrize("query", ["", "lat=x&lon=1", "lat=nan&lon=1", "lat=1", "lat=1e999&lon=0"])
def test_no_place(server: RunServer, query: str) -> None:
    assert ask(server, f"/point.json?{query}")[0].status == 400


@pytest.mark.parametrize("query", ["lat=50&lon=10", "lat=10&lon=104.6&phase=nope", "lat=95&lon=1"])
def test_a_place_elsewhere(server: RunServer, query: str) -> None:
    assert ask(server, f"/point.json?{query}")[0].status == 404


def test_files_of_the_run(server: RunServer, folders: tuple[Path, Path]) -> None:
    answer, body = ask(server, "/files/summary.csv")
    assert answer.status == 200
    assert body == (folders[0] / "summary.csv").read_bytes()
    assert ask(server, "/files/phases/aso/K33_margin.tif")[0].status == 200


ATTACKS = (
    "../s.toml", "..%2fs.toml", "%2e%2e/s.toml", "%2e%2e%2fs.toml", "%252e%252e%252fs.toml",
    "phases/../../s.toml", "phases/%2e%2e/%2e%2e/s.toml", "/etc/passwd", "%2fetc%2fpasswd",
    "//etc/passwd", "..\\s.toml", "..%5cs.toml", "C:/windows/win.ini", "c%3a%5cwindows",
    "summary.csv%00.png", "%00", "phases", "phases/", "", ".", "..", "./summary.csv", ".hidden.csv",
    "..%c0%afs.toml", "%ff%fe", "summary.csv/", "phases//aso/K33_margin.tif", "../out/summary.csv",
    "link.csv", "linked/people.csv", "s.toml",
)  # fmt: skip


@pytest.fixture(scope="module")
def attacked(
    folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunServer]:
    """A run with secrets beside it, hidden in it, and links that lead to them."""
    home = tmp_path_factory.mktemp("attacked")
    run = home / "out"
    shutil.copytree(folders[0], run, ignore=shutil.ignore_patterns("cache", "fields"))
    for name in ("people.csv", "s.toml", "out/.hidden.csv", "out/s.toml"):
        (home / name).write_text("secret", encoding="utf-8")
    (run / "link.csv").symlink_to(home / "people.csv")
    (run / "linked").symlink_to(home)
    with serving(run) as found:
        yield found


@pytest.mark.parametrize("path", ATTACKS)
def test_paths_out_of_the_run_are_refused(attacked: RunServer, path: str) -> None:
    answer, body = ask(attacked, f"/files/{path}")
    assert answer.status in {400, 404}
    assert b"secret" not in body
    assert b"root:" not in body


def test_a_folder_that_is_a_link_itself_is_served(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(folders[0])
    assert file_within(link, "summary.csv") is not None
    assert file_within(link, "../s.toml") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_is_written(server: RunServer, method: str) -> None:
    answer, _ = ask(server, "/run.json", method)
    assert answer.status == 405
    assert answer.getheader("Allow") == "GET, HEAD"


def test_head_has_no_body(server: RunServer) -> None:
    answer, body = ask(server, "/run.json", "HEAD")
    assert answer.status == 200
    assert int(answer.getheader("Content-Length") or 0) > 100
    assert body == b""


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "127.0.0.1:1",
     "localhost:1", "user@localhost:{port}", "192.168.0.1:{port}", "localhost:{port}/x", "[::1", ":"],
)  # fmt: skip
def test_names_of_others_are_refused(server: RunServer, host: str) -> None:
    answer, body = ask(server, "/run.json", host=host.format(port=server.port))
    assert answer.status == 421
    assert b"aso" not in body


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "LOCALHOST:{port}"]
)
def test_own_names_are_known(server: RunServer, host: str) -> None:
    assert ask(server, "/run.json", host=host.format(port=server.port))[0].status == 200


def test_a_request_without_a_name_is_refused(server: RunServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(b"GET /run.json HTTP/1.1\r\nConnection: close\r\n\r\n")
        answer = raw.recv(65536)
    assert answer.startswith(b"HTTP/1.1 421")


def test_other_pages_may_not_read(server: RunServer) -> None:
    assert ask(server, "/run.json", Sec_Fetch_Site="cross-site")[0].status == 403
    assert ask(server, "/run.json", Sec_Fetch_Site="same-origin")[0].status == 200
    answer, _ = ask(server, "/run.json")
    assert answer.getheader("Access-Control-Allow-Origin") is None


def test_other_addresses_need_leave(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for host in ("0.0.0.0", "192.168.1.1", "::", "example.org"):
        assert not is_loopback(host)
        with pytest.raises(SystemExit) as stop:
            main(["serve", str(folders[0]), "--host", host, "--port", "0"])
        assert stop.value.code == 2
        assert "add --allow-remote" in capsys.readouterr().err
    for host in ("127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"):
        assert is_loopback(host)


def test_with_leave_addresses_are_known_and_names_are_not(folders: tuple[Path, Path]) -> None:
    with serving(folders[0], host="0.0.0.0", allow_remote=True) as server:
        assert ask(server, "/run.json", host=f"192.168.0.7:{server.port}")[0].status == 200
        assert ask(server, "/run.json", host=f"evil.example:{server.port}")[0].status == 421


def test_a_port_that_is_taken(server: RunServer) -> None:
    with pytest.raises(DttSimError, match="choose another --port"):
        make_server(server.answers, port=server.port)


def test_a_run_that_was_cut_off(folders: tuple[Path, Path]) -> None:
    with serving(folders[1]) as server:
        found = json.loads(ask(server, "/run.json")[1])
        assert "was not finished" in found["notes"][0]
        last = next(p for p in found["phases"] if p["id"] == "aso")
        layers = next(s for s in last["services"] if s["id"] == "K33")["layers"]
        assert "served" in layers
        assert "margin" not in layers
        assert ask(server, "/tiles/aso/K33/margin/9/404/241.png")[0].status == 404
        assert ask(server, "/tiles/aso/K33/served/9/404/241.png")[0].status == 200
        place = json.loads(ask(server, "/point.json?lat=10.0&lon=104.6&phase=aso")[1])
        assert place["services"]["K33"]["layers"]["served"]["value"] == 2.0
        assert place["explanation"] is None
        assert "not the folder of a finished run" in place["why"]
        assert str(folders[1].parent) not in place["why"]


def test_the_report_is_shown_or_said_to_be_absent(server: RunServer) -> None:
    has_report = json.loads(ask(server, "/run.json")[1])["has_report"]
    answer, body = ask(server, "/report")
    assert answer.status == (200 if has_report else 404)
    assert body
