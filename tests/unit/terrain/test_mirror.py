"""The benchmark's ground: an extract, interpolated and mirrored."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from terrain.errors import TerrainError
from terrain.grid import WGS84, Grid
from terrain.ground import COASTAL, INLAND, SEA, VOID, Ground
from terrain.mirror import NOTE, mirrored_disc
from terrain.raster import read_elevation

SIERRA = Path(__file__).parents[3] / "benchmarks" / "terrain" / "sierra_srtmgl3.tif"
LATTICE = Grid("EPSG:4326", (0.001, 0.0, 104.0, 0.0, -0.001, 10.2), (200, 160))


def extract(height: Any = None) -> Ground:
    if height is None:
        r, c = np.indices(LATTICE.shape)
        height = 500.0 + 80.0 * np.sin(r / 19.0) + 60.0 * np.cos(c / 27.0) + 0.5 * c
    zone = np.where(np.isnan(height), VOID, INLAND).astype(np.uint8)
    return Ground(
        LATTICE,
        height.astype(np.float32),
        zone,
        np.zeros(LATTICE.shape, np.float32),
        credits=("X",),
    )


def folded(index: np.ndarray, n: int) -> np.ndarray:
    """Index on the extract of an index anywhere on its mirror images."""
    away = np.abs(index) % (2 * n - 2)
    return np.minimum(away, 2 * n - 2 - away)


def test_inside_it_is_the_extract_and_outside_its_mirror_image() -> None:
    small = extract()
    disc = mirrored_disc(small, cell_m=150.0, radius_m=40e3)
    assert disc.grid.crs == "EPSG:32648"
    row, col = small.grid.fractional_index(*disc.grid.lonlat())
    inside = (row > 1) & (row < 198) & (col > 1) & (col < 158)
    assert 0.02 < inside.mean() < 0.2
    lon, lat = small.grid.lonlat_of_index(folded(row, 200), folded(col, 160))
    lon, lat = (np.clip(v, a, b) for v, a, b in ((lon, 104.0, 104.16), (lat, 10.0, 10.2)))
    error = np.abs(disc.height_m - small.height_at(lon, lat))
    assert error[inside].max() < 0.1  # cubic against bilinear on this relief
    assert np.quantile(error, 0.9) < 0.1
    assert error.max() < 1.0  # next to a fold
    assert disc.height_m.max() < 760.0


def test_it_is_exact_where_centres_meet() -> None:
    """The disc's middle cell lies on the extract's middle; a plane stays a plane."""
    r, c = np.indices(LATTICE.shape)
    plane = extract(100.0 + 2.0 * r + 3.0 * c)
    disc = mirrored_disc(plane, cell_m=50.0, radius_m=3e3)
    row, col = LATTICE.fractional_index(*disc.grid.lonlat())
    np.testing.assert_allclose(disc.height_m, 100.0 + 2.0 * row + 3.0 * col, atol=1e-3)
    middle = disc.grid.n_row // 2
    assert row[middle, middle] == pytest.approx(99.5, abs=1e-5)
    assert col[middle, middle] == pytest.approx(79.5, abs=1e-5)


def test_the_disc_fits_and_is_told_from_real_ground() -> None:
    disc = mirrored_disc(extract(), cell_m=200.0, radius_m=60e3)
    assert disc.is_schematic
    assert disc.notes == (NOTE,)
    assert disc.credits == ("X",)
    assert not disc.clutter_m.any()
    assert (disc.zone == INLAND).all()
    assert np.isfinite(disc.height_m).all()
    middle = disc.grid.lonlat_of_index(*(np.array((n - 1) / 2) for n in disc.grid.shape))
    azimuth = np.arange(0.0, 360.0, 5.0)
    start = [np.full(azimuth.shape, float(v)) for v in middle]
    lon, lat, _ = WGS84.fwd(*start, azimuth, np.full(azimuth.shape, 60e3))
    assert np.isfinite(disc.height_at(np.asarray(lon), np.asarray(lat))).all()


def test_made_up_coast_and_clutter() -> None:
    size: dict[str, float] = {"cell_m": 100.0, "radius_m": 50e3}
    disc = mirrored_disc(extract(), **size, seed=7, clutter=True, zones=True)
    again = mirrored_disc(extract(), **size, seed=7, clutter=True, zones=True)
    assert disc.digest == again.digest
    other = mirrored_disc(extract(), **size, seed=8, clutter=True, zones=True)
    assert disc.digest != other.digest
    share = {code: float((disc.zone == code).mean()) for code in (SEA, COASTAL, INLAND)}
    assert sum(share.values()) == 1.0
    assert share[SEA] == pytest.approx(0.25, abs=0.02)
    assert share[COASTAL] == pytest.approx(0.25, abs=0.02)
    assert (disc.height_m[disc.zone == SEA] == 0.0).all()
    assert (disc.height_m[disc.zone != SEA] > 0.0).all()
    _, n_land = ndimage.label(disc.zone != SEA)
    assert n_land > 3  # islands
    land = disc.clutter_m[disc.zone != SEA]
    assert (disc.clutter_m[disc.zone == SEA] == 0.0).all()
    assert (land > 0.0).mean() == pytest.approx(0.4, abs=0.04)
    assert set(np.unique(land)) == {0.0, 10.0, 15.0, 20.0}
    # A run of clutter along a row, in metres: neither speckle nor forest without end.
    edges = np.count_nonzero(np.diff((disc.clutter_m > 0.0).astype(np.int8), axis=1) == 1)
    assert 300.0 < np.count_nonzero(disc.clutter_m) / edges * 100.0 < 3000.0
    assert len(disc.notes) == 3


@pytest.mark.skipif(not SIERRA.exists(), reason="run scripts/build_sierra.py")
def test_sierra_nevada() -> None:
    disc = mirrored_disc(SIERRA, cell_m=500.0, radius_m=99e3)
    assert disc.grid.crs == "EPSG:32611"
    assert 50.0 < disc.height_m.min() < 200.0
    assert 4000.0 < disc.height_m.max() < 4310.0
    assert "SRTMGL3" in disc.credits[0]
    real = read_elevation(SIERRA)
    row, col = real.grid.fractional_index(*disc.grid.lonlat())
    inside = (row > 1) & (row < 1621) & (col > 1) & (col < 2041)
    near = real.height_m[np.rint(row[inside]).astype(int), np.rint(col[inside]).astype(int)]
    assert np.median(np.abs(disc.height_m[inside] - near)) < 5.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cell_m": 0.0}, "give 0 < cell_m"),
        ({"cell_m": math.nan}, "give 0 < cell_m"),
        ({"radius_m": 10.0}, "give 0 < cell_m"),
        ({"zones": True}, "give one"),
        ({"clutter": True}, "give one"),
    ],
)
def test_bad_input_says_what_to_do(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(TerrainError, match=message):
        mirrored_disc(extract(), **({"cell_m": 100.0, "radius_m": 1e3} | wrong))


def test_an_extract_with_voids_is_refused() -> None:
    holed = extract().height_m.copy()
    holed[3, 4] = np.nan
    with pytest.raises(TerrainError, match="1 cells of the extract have no height; fill them"):
        mirrored_disc(extract(holed), cell_m=100.0, radius_m=1e3)
