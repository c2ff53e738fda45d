"""Profiles of named paths in the folder of a run, and in its report."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from small_plan import write_plan

from dtt_sim.report.html.page import write_html
from dtt_sim.report.language import language
from dtt_sim.report.links import draw_links, picture_of
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.run import run

LINKS = """
[[link]]
name = "d <to> place / A"
transmitter = "d"
lat_deg = 10.0
lon_deg = 104.6
[[link]]
name = "gone"
transmitter = "p"
lat_deg = 10.0
lon_deg = 104.6
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = write_plan(tmp_path_factory.mktemp("links"))
    file.write_text(file.read_text(encoding="utf-8") + LINKS, encoding="utf-8")
    result = run(load_scenario(file), file.parent / "out", draws=0)
    # The analogue station is off the air in the last phase: it has no path any more.
    found = draw_links(result.scenario, result.ground, result.out)
    assert found == [picture_of(result.out, "d <to> place / A")]
    return result.out


def test_a_picture_of_every_path(out: Path) -> None:
    (picture,) = (out / "links").iterdir()
    assert picture.name == "d_to_place_A.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_report_has_them(out: Path, tmp_path: Path) -> None:
    write_html(out, tmp_path / "r.html", language("en"))
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    encoded = base64.b64encode(picture_of(out, "d <to> place / A").read_bytes()).decode()
    assert encoded in page
    assert 'alt="d &lt;to&gt; place / A"' in page
    assert "d <to> place / A</figcaption>" not in page
