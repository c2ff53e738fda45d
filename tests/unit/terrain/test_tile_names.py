"""Tiles of whole degrees: a name promises where the edges lie."""

from __future__ import annotations

import numpy as np
import pytest

from terrain.grid import Grid
from terrain.tile_names import corner_of, degree_name, registration

GLO30 = "Copernicus_DSM_COG_10_N10_00_E104_00_DEM.tif"


@pytest.mark.parametrize(
    ("name", "corner"),
    [
        (GLO30, (10, 104)),
        ("Copernicus_DSM_COG_30_S01_00_W063_00_DEM.tif", (-1, -63)),
        ("N10E104.hgt", (10, 104)),
        ("folder/s34w071.hgt.gz", (-34, -71)),
        ("ALPSMLC30_N010E104_DSM.tif", (10, 104)),
        ("n10_e104_1arc_v3.tif", (10, 104)),
        ("srtm_57_10.tif", None),
        ("dem.tif", None),
        ("season104.tif", None),
        ("N99E104.hgt", None),
        ("N10E204.hgt", None),
    ],
)
def test_corners(name: str, corner: tuple[int, int] | None) -> None:
    assert corner_of(name) == corner
    if corner is not None:
        assert corner_of(degree_name(*corner) + ".hgt") == corner


def test_degrees_across_the_antimeridian() -> None:
    assert degree_name(-17, 181) == "S17W179"
    assert degree_name(-17, -180) == "S17W180"


def tile(n: int, left: float, top: float, crs: str = "EPSG:4326", size: int = 0) -> Grid:
    """N cells a degree, edges so many cells west of 104 E and north of 11 N."""
    step = 1.0 / n
    return Grid(
        crs, (step, 0.0, 104.0 - left * step, 0.0, -step, 11.0 + top * step), (size or n, size or n)
    )


@pytest.mark.parametrize(
    ("name", "grid", "verdict", "said"),
    [
        (GLO30, tile(1200, 0.5, 0.5), "as_expected", "half a cell north and west"),
        (GLO30, tile(1200, 0.0, 0.0), "shifted", "edges on the whole degrees; Copernicus GLO-30 has"),
        (GLO30, tile(1200, 0.5, 0.5, size=1201), "shifted", "Copernicus GLO-30 has them half a cell north"),
        ("N10E104.hgt", tile(1200, 0.5, 0.5, size=1201), "as_expected", "values stand on them"),
        ("N10E104.hgt", tile(1200, 0.0, 0.0), "shifted", "edges on the whole degrees; SRTM-format"),
        ("N10E104.hgt", tile(1200, 0.5, 0.5), "shifted", "has them half a cell outside"),
        ("ALPSMLC30_N010E104_DSM.tif", tile(1200, 0.0, 0.0), "as_expected", "on the whole degrees"),
        ("ALPSMLC30_N010E104_DSM.tif", tile(1200, 0.25, 0.0), "shifted", "+0.25 cells west"),
        ("N10E104_own.tif", tile(1200, 0.0, 0.0), "unknown", "on the whole degrees"),
        ("N10E105.hgt", tile(1200, 0.5, 0.5, size=1201), "elsewhere", "the name says N10E105"),
        ("N10E104.hgt", tile(1200, 0.5, 0.5, size=600), "elsewhere", "a part of the tile, or another"),
        ("dem.tif", tile(1200, 0.5, 0.5), "", ""),
    ],
)  # fmt: skip
def test_edges_against_the_name(name: str, grid: Grid, verdict: str, said: str) -> None:
    found = registration(name, grid)
    assert found.verdict == verdict
    assert said in found.text
    if verdict == "shifted":
        assert "half a cell beside their place" in found.text


def test_a_projected_tile_promises_nothing() -> None:
    grid = Grid("EPSG:32648", (30.0, 0.0, 4e5, 0.0, -30.0, 1.2e6), (10, 10))
    assert registration(GLO30, grid).verdict == ""
    assert np.isnan(registration(GLO30, grid).off_cell).all()
