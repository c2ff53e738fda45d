"""Maps of finished runs: what is drawn, at what size, and what is said where something is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from run_folder import SITE, TITLE

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError
from dtt_sim.report.language import language
from dtt_sim.report.layers import CODED, KINDS, SHOWN, palette, read_layer
from dtt_sim.report.run_map import coast, draw_run_map, write_map
from dtt_sim.report.style import shortened
from dtt_sim.workflow.finished import FinishedRun, Service
from dtt_sim.workflow.remains import open_run_or_remains

SERVICE = Service("K33", True, ("acceptable, 70 % of locations", "good, 95 % of locations"))


def texts(run: FinishedRun, code: str, **options: str) -> str:
    figure, _ = draw_run_map(run, language(code), dpi=50, **options)
    found = [t.get_text() for t in figure.texts]
    for legend in figure.legends:
        found += [t.get_text() for t in legend.get_texts()]
    for ax in figure.axes:
        found += [t.get_text() for t in ax.texts]
    return "\n".join(found)


@pytest.mark.parametrize("layer", SHOWN)
def test_every_layer_is_drawn(folders: tuple[Path, Path], layer: str) -> None:
    run = open_run_or_remains(folders[0]).run
    said = texts(run, "en", layer=layer, service="K33", phase="aso")
    assert "People served: 100.0 % acceptable; 100.0 % good" in said
    assert "SCHEMATIC TERRAIN" in said
    assert "1 January 2017" in said
    assert "km" in said
    assert "Natural Earth" in said


def test_vietnamese(folders: tuple[Path, Path]) -> None:
    said = texts(open_run_or_remains(folders[0]).run, "vi", phase="aso")
    for text in ("ĐỊA HÌNH GIẢN LƯỢC", "từ 01/01/2017", "100,0 % tốt", "trạm phát"):
        assert text in said


def test_texts_are_drawn_as_they_are(folders: tuple[Path, Path]) -> None:
    said = texts(open_run_or_remains(folders[0]).run, "en", service="K33")
    assert TITLE[:80] in said.replace("\n", " ")
    assert shortened(SITE, 40) in said


def test_size_is_that_of_print(folders: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    with pytest.raises(SystemExit) as stop:
        main(["map", str(folders[0]), "--layer", "margin", "-o", str(path)])
    assert not stop.value.code
    with Image.open(path) as picture:
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert picture.width > 2400
        colours = {c for _, c in picture.convert("RGB").getcolors(1 << 20) or []}
    assert len(colours) > 50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--layer", "margn", "-o", "m.png"], "no layer 'margn'; did you mean 'margin'?"),
        (
            ["--phase", "after", "-o", "m.png"],
            "no phase 'after'; known are before, both, stronger, aso",
        ),
        (["--service", "K34", "-o", "m.png"], "no service 'K34' in phase aso; did you mean 'K33'?"),
        (["-o", "m.pdf"], "choose a name that ends in .png"),
    ],
)
def test_bad_wishes(
    folders: tuple[Path, Path],
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["map", str(folders[0]), *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_run_that_was_cut_off(folders: tuple[Path, Path], tmp_path: Path) -> None:
    run = open_run_or_remains(folders[1]).run
    notes = write_map(tmp_path / "m.png", run, language("en"), service="K33", phase="aso", dpi=50)
    assert "zone.tif" in "".join(notes)
    with pytest.raises(DttSimError, match=r"K33_margin\.tif: is missing"):
        draw_run_map(run, language("en"), layer="margin", service="K33", phase="aso")


def test_the_strongest_station_makes_the_field(folders: tuple[Path, Path]) -> None:
    run = open_run_or_remains(folders[0]).run
    phase = run.phases[-1]
    found = read_layer(run, phase, "K33", "field")
    own = run.raster(folders[0] / "fields" / "d.tif").values
    assert found.stations == ("d",)
    np.testing.assert_array_equal(found.values, own)


@pytest.mark.parametrize("name", [*KINDS, "field"])
@pytest.mark.parametrize("code", ["en", "vi"])
def test_palettes(name: str, code: str) -> None:
    stations = tuple(f"s{k}" for k in range(20))
    colours = palette(name, SERVICE, stations, language(code))
    values = [step.value for step in colours.steps]
    assert values == sorted(values)
    assert colours.is_codes is (name in CODED)
    if colours.is_codes:
        assert values == list(range(len(values)))
        assert list(colours.index(np.array([0, len(values) - 1, 255, -1]))) == [
            0,
            len(values) - 1,
            -1,
            -1,
        ]
    else:
        edges = np.array(values[1:])
        assert list(colours.index(edges)) == list(range(1, len(values)))
        assert list(colours.index(np.nextafter(edges, -np.inf))) == list(range(len(values) - 1))
        assert colours.index(np.array([np.nan]))[0] == -1
        # In grey the order stays: each colour is darker than the one before.
        rgb = np.array([list(bytes.fromhex(s.colour[1:])) for s in colours.steps])
        grey = rgb @ np.array([0.299, 0.587, 0.114])
        assert (np.diff(grey) < -2.0).all()
    painted = colours.paint(np.array([values[1], np.nan if not colours.is_codes else 255]))
    assert tuple(painted[0]) == (*bytes.fromhex(colours.steps[1].colour[1:]), 255)
    assert painted[1, 3] == 0


def test_coast_is_of_this_world() -> None:
    rings = coast()
    points = np.vstack(rings)
    assert len(rings) > 500
    assert np.abs(points[:, 0]).max() <= 180.0
    assert np.abs(points[:, 1]).max() <= 90.0
