"""Shapes of rasters, and texts and names that files can hold."""

from __future__ import annotations

import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dtt_sim.report.export.qgis import write_style
from dtt_sim.report.export.shapes import cell_hull, contours, polygons
from dtt_sim.report.export.source import file_name, plain
from dtt_sim.report.layers import Palette, Step
from terrain.grid import Grid

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9))


def grid_of(shape: tuple[int, ...]) -> Grid:
    return Grid("EPSG:32648", (500.0, 0.0, 400000.0, 0.0, -500.0, 1100000.0), (shape[0], shape[1]))


@given(MASKS)
@settings(deadline=None)
def test_polygons_are_valid_and_hold_just_the_cells(mask: np.ndarray) -> None:
    grid = grid_of(mask.shape)
    found = polygons(mask, grid)
    assert found.is_valid
    assert found.area == 500.0**2 * mask.sum()
    x, y = np.meshgrid(grid.x, grid.y)
    np.testing.assert_array_equal(shapely.contains_xy(found, x, y), mask)
    for part in shapely.get_parts(found):
        assert part.is_valid
        assert part.geom_type == "Polygon"


@given(MASKS.filter(np.any))
@settings(deadline=None)
def test_a_hull_holds_its_cells(mask: np.ndarray) -> None:
    grid = grid_of(mask.shape)
    hull = cell_hull(np.flatnonzero(mask), grid)
    assert hull.is_valid
    assert shapely.covers(hull, polygons(mask, grid))


def test_contours_of_a_plane_are_straight_and_end_where_there_is_no_data() -> None:
    grid = grid_of((6, 8))
    values = np.repeat(np.arange(8.0)[None, :], 6, axis=0)
    [(level, line)] = contours(values, grid, (2.5, 20.0))
    assert level == 2.5
    assert np.allclose(shapely.get_coordinates(line)[:, 0], 0.5 * (grid.x[2] + grid.x[3]))
    values[2:, :] = np.nan
    [(_, cut)] = contours(values, grid, (2.5,))
    assert cut.length < line.length
    assert contours(values[:1], grid_of((1, 8)), (2.5,)) == []


@given(st.text())
def test_names_of_files_are_one_part_of_a_path(text: str) -> None:
    name = file_name(text)
    assert Path(name).name == name
    assert name not in {"", ".", ".."}
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert file_name(name) == name


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_comes_back_from_a_style(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "style.qml"
        write_style(path, Palette("title", "", True, (Step(0.0, text, "#102030"),)))
        entry = ET.parse(path).getroot().find(".//paletteEntry")
    assert entry is not None
    # A parser makes one kind of line of all; what XML cannot hold is replaced.
    seen = entry.attrib["label"].replace("\r\n", "\n").replace("\r", "\n")
    assert seen == plain(text).replace("\r\n", "\n").replace("\r", "\n")
