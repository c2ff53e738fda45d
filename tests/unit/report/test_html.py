"""The HTML report without a browser: where cells lie, arrays there and back, and runs that lack something."""

from __future__ import annotations

import base64
import json
import math
import re
import shutil
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from small_plan import SCENARIO, write_plan

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError
from dtt_sim.report.html.blobs import Blobs, tenths
from dtt_sim.report.html.page import LIBRARIES, WEB, safe_json, write_html
from dtt_sim.report.html.placement import MOST_CELLS, NOWHERE, place
from dtt_sim.report.html.source import Source
from dtt_sim.report.language import language
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import run
from terrain.grid import Grid

SIZES = {"u1": np.uint8, "u2": np.uint16, "i2": np.int16, "i4": np.int32}
GRIDS = (
    Grid.from_lonlat_box(103.4, 9.2, 105.6, 10.6, crs="EPSG:32648", cell_size=2000.0),
    Grid.from_lonlat_box(8.0, 60.0, 12.0, 66.0, crs="EPSG:4326", cell_size=0.05),
    Grid.from_lonlat_box(178.5, -18.5, 181.5, -16.0, crs="EPSG:4326", cell_size=0.05),
    Grid.from_lonlat_box(104.0, 9.0, 105.0, 10.0, crs="EPSG:32648", cell_size=100.0),
)


def unpacked(reference: str, blobs: Blobs) -> Any:
    """What the page's script makes of a blob."""
    kind, number = reference.split(":")
    data = zlib.decompress(base64.b64decode(blobs.items[int(number)]))
    if kind == "text":
        return data.decode()
    steps = np.frombuffer(data, np.dtype(SIZES[kind]).newbyteorder("<"))
    return np.cumsum(steps, dtype=SIZES[kind])


@settings(deadline=None)
@given(
    st.sampled_from(list(SIZES.values())).flatmap(
        lambda kind: arrays(kind, st.tuples(st.integers(1, 9), st.integers(1, 9)))
    )
)
def test_arrays_come_back(values: Any) -> None:
    blobs = Blobs()
    reference = blobs.add(values)
    assert blobs.add(values.copy()) == reference
    assert len(blobs.items) == 1
    assert np.array_equal(unpacked(reference, blobs), values.ravel())


def test_decibels_are_tenths() -> None:
    values = np.array([1.26, -0.04, np.nan, np.inf, 1e9])
    assert tenths(values).tolist() == [13, 0, -32768, -32768, 32000]


@pytest.mark.parametrize("grid", GRIDS, ids=("utm", "degrees", "antimeridian", "thinned"))
def test_pixels_show_the_cell_they_lie_in(grid: Grid) -> None:
    found = place(grid)
    height, width = found.row.shape
    assert found.shape[0] * found.shape[1] <= MOST_CELLS
    (south, west), (north, east) = found.bounds_deg
    # Leaflet stretches a picture evenly between the corners in Mercator.
    y = np.arcsinh(np.tan(np.radians([south, north])))
    rng = np.random.default_rng(1)
    for i, j in zip(rng.integers(0, height, 300), rng.integers(0, width, 300), strict=True):
        lat = np.degrees(np.arctan(np.sinh(y[1] - (i + 0.5) / height * (y[1] - y[0]))))
        lon = west + (j + 0.5) / width * (east - west)
        row, col = (math.floor(float(v) + 0.5) for v in grid.fractional_index(lon, lat))
        if 0 <= row < grid.n_row and 0 <= col < grid.n_col:
            expected = (min(row // found.step, found.shape[0] - 1),
                        min(col // found.step, found.shape[1] - 1))  # fmt: skip
            assert (found.row[i, j], found.col[i, j]) == expected
        else:
            assert found.row[i, j] == NOWHERE
    # Every corner of the grid lies in the picture, and every cell that is shown is seen.
    lon, lat = grid.lonlat_of_index(
        np.array([0.0, grid.n_row - 1]), np.array([0.0, grid.n_col - 1])
    )
    assert ((lat > south) & (lat < north)).all()
    shown = found.row != NOWHERE
    assert len(np.unique(found.row[shown])) == found.shape[0]
    assert len(np.unique(found.col[shown])) == found.shape[1]


def test_json_ends_no_script() -> None:
    text = "</script><!--<script>\u2028&"
    told = safe_json({"a": text})
    assert not set("<>&\u2028") & set(told)
    assert json.loads(told) == {"a": text}


def test_libraries_are_as_fetched() -> None:
    import hashlib

    table = json.loads((WEB / "lib" / "libraries.json").read_text("utf-8"))
    files = {name: digest for own in table.values() for name, digest in own.items()}
    assert set(LIBRARIES) <= set(files)
    for name, digest in files.items():
        data = (WEB / "lib" / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest, name
        assert b"</script" not in data


class Parser(HTMLParser):
    """Words of a page, and addresses that its elements name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words = ""
        self.addresses: list[str] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        self.addresses += [v or "" for k, v in attrs if k in {"src", "href", "action"}]

    def handle_endtag(self, _tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in {"script", "style"}:
            self.words += data


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    run(load_scenario(write_plan(folder)), folder / "run", cache=folder / "cache")
    return folder / "run"


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of the run to take things from."""
    return Path(shutil.copytree(whole, tmp_path / "run"))


def report(folder: Path, *options: str) -> tuple[int, Parser]:
    out = folder.parent / "report.html"
    out.unlink(missing_ok=True)
    with pytest.raises(SystemExit) as stop:
        main(["report", str(folder), "-o", str(out), *options])
    return int(stop.value.code or 0), Parser(out.read_text("utf-8") if out.exists() else "")


def test_nothing_points_outside(whole: Path) -> None:
    for lang in ("en", "vi"):
        code, page = report(whole, "--lang", lang)
        assert code == 0
        assert all(a.startswith(("#", "data:")) for a in page.addresses)


def test_numbers_are_those_of_the_tables(whole: Path) -> None:
    _, page = report(whole)
    source = Source.open(whole)
    receives = {r["phase"]: r["value"] for r in source.rows("headline")
                if (r["figure"], r["item"]) == ("receives", "(any programme)")}  # fmt: skip
    for value in receives.values():
        assert f"{float(value):,.0f}" in page.words
    assert not source.missing


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize(
    "name",
    [
        "ledger.csv", "headline.csv", "costs.csv", "summary.csv", "assumptions.csv", "transition.nc",
        "population.nc", "zone.tif", "fields/d.tif", "phases/aso/K33_served.tif",
        "phases/both/PAL_margin.tif", "phases/both/K33_cause.tif",
    ],
)  # fmt: skip
def test_what_is_missing_is_said_and_the_rest_shown(folder: Path, lang: str, name: str) -> None:
    (folder / name).unlink()
    code, page = report(folder, "--lang", lang)
    assert code == 0
    assert language(lang)("report_page.missing") in page.words
    assert name in page.words
    assert language(lang)("report_page.map") in page.words
    assert "VTV2" in page.words


def test_files_that_cannot_be_read_count_as_missing(folder: Path) -> None:
    for name in ("phases/aso/K33_served.tif", "fields/d.tif", "ledger.csv", "figures.nc"):
        (folder / name).write_bytes(b"\xff\x00broken")
    code, page = report(folder)
    assert code == 0
    for name in ("phases/aso/K33_served.tif", "fields/d.tif", "ledger.csv"):
        assert name in page.words


def test_a_table_that_is_cut_off_is_told_of(folder: Path) -> None:
    path = folder / "summary.csv"
    text = path.read_text("utf-8-sig")
    path.write_text(text[: len(text) * 2 // 3].rstrip("\n").rsplit(",", 1)[0], encoding="utf-8-sig")
    code, page = report(folder)
    assert code == 0
    assert "summary.csv" in page.words


def test_an_interrupted_run_shows_what_it_left(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    for path in folder.glob("*.csv"):
        path.unlink()
    shutil.rmtree(folder / "phases" / "aso")
    code, page = report(folder)
    assert code == 0
    assert "manifest.json" in page.words
    data = json.loads(re.search(r'id="data">(.*?)</script>', (folder.parent / "report.html")
                                .read_text("utf-8"))[1])  # type: ignore[index]  # fmt: skip
    phases = {p["id"]: p for p in data["runs"][0]["phases"]}
    assert set(phases) == {"before", "both", "stronger"}
    assert {s["id"] for s in phases["both"]["services"]} == {"K33", "PAL"}
    assert all(s["served"] and s["margin"] for s in phases["both"]["services"])


@pytest.mark.parametrize("key", ["phases", "grid", "scenario", "terrain", "has_accounts"])
def test_a_run_of_another_version_is_told_of(folder: Path, key: str) -> None:
    path = folder / "manifest.json"
    found = json.loads(path.read_text("utf-8"))
    del found[key]
    path.write_text(json.dumps(found), encoding="utf-8")
    code, page = report(folder)
    assert code == 0
    assert "VTV2" in page.words
    assert "manifest.json" in page.words
    # Stations are known from the phases alone.
    stations = language("en")("report_table.stations")
    assert (stations in page.words) == (key != "phases")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"phases": 3}', '{"scenario": []}'])
def test_a_manifest_of_nonsense_is_no_manifest(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    code, page = report(folder)
    assert code == 0
    assert "manifest.json" in page.words


def test_a_run_of_one_phase_or_without_people_has_a_report(tmp_path: Path) -> None:
    scenario = load_scenario(write_plan(tmp_path))
    run(scenario, tmp_path / "one", cache=tmp_path / "cache", phase="both")
    code, page = report(tmp_path / "one", "--compare", str(tmp_path / "one"))
    assert code == 0
    assert "K33" in page.words


@pytest.mark.parametrize("last", ["[population]", "[households]"])
def test_scenarios_of_less_have_a_report(tmp_path: Path, last: str) -> None:
    """No people, or no plan: sections that would be empty are left out, and nothing is missing."""
    text = SCENARIO[: SCENARIO.index(last)]
    write_plan(tmp_path)
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    run(load_scenario(tmp_path / "s.toml"), tmp_path / "run", cache=tmp_path / "cache")
    code, page = report(tmp_path / "run", "--lang", "vi")
    assert code == 0
    vi = language("vi")
    assert vi("report_page.missing") not in page.words
    assert vi("report_table.phases") not in page.words
    assert (vi("report_page.fairness") in page.words) == (last == "[households]")
    assert vi("report_page.one_phase") in (tmp_path / "report.html").read_text("utf-8")


def test_runs_that_cannot_be_compared_are_shown_side_by_side(folder: Path, tmp_path: Path) -> None:
    scenario = load_scenario(write_plan(tmp_path), set_values={"grid.cell_size": 6000})
    run(scenario, tmp_path / "coarse", cache=tmp_path / "cache")
    code, page = report(folder, "--compare", str(tmp_path / "coarse"))
    assert code == 0
    assert "cannot be compared" in page.words


def test_a_second_run_that_was_interrupted_is_told_of(whole: Path, folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "ledger.csv").unlink()
    code, page = report(whole, "--compare", str(folder))
    assert code == 0
    assert "manifest.json" in page.words
    code, page = report(folder, "--compare", str(whole))
    assert code == 0
    assert "cannot be compared" in page.words


@pytest.mark.parametrize(
    ("make", "options", "told"),
    [
        (lambda p: p, [], "not the folder of a finished run"),
        (lambda p: p / "none", [], "not the folder of a finished run"),
        (lambda p: p / "s.toml", [], "is a scenario; run it first"),
        (None, ["--lang", "fr"], "no language 'fr'; choose from en, vi"),
        (None, ["--compare", "nowhere"], "nowhere: not the folder of a finished run"),
    ],
)
def test_what_is_no_run_is_refused(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Any, options: list[str],
    told: str,
) -> None:  # fmt: skip
    folder = whole if make is None else make(tmp_path)
    out = tmp_path / "x.html"
    with pytest.raises(SystemExit) as stop:
        main(["report", str(folder), "-o", str(out), *options])
    assert stop.value.code == 2
    assert told in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_is_no_file(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(DttSimError, match="cannot be written"):
        write_html(whole, tmp_path, language("en"))
