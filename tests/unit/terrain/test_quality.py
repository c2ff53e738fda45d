"""Spikes, gaps, and how files write the sea."""

from __future__ import annotations

import math

import numpy as np
import pytest

from terrain.build import load_ground
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID
from terrain.quality import raw_heights, uncovered, voids, zone_shares

from .conftest import MakeRaster

FINE = (0.001, 0.0, 104.0, 0.0, -0.001, 11.0)  # 110 m


def hills() -> np.ndarray:
    row, col = np.indices((60, 80))
    return (300.0 + 100.0 * np.sin(row / 9.0) * np.sin(col / 7.0)).astype(np.float32)


@pytest.mark.parametrize("n_row", [7, 512])
def test_single_cells_far_off_all_their_neighbours(
    make_raster: MakeRaster, monkeypatch: pytest.MonkeyPatch, n_row: int
) -> None:
    import terrain.quality

    bands = terrain.quality.elevation_bands
    monkeypatch.setattr(
        terrain.quality, "elevation_bands", lambda *a, **k: bands(*a, **k, n_row=n_row)
    )
    height = hills()
    height[20, 30], height[6, 50], height[7, 10] = 2000.0, 700.0, 20.0
    height[40:42, 40] = 1500.0  # two cells are no single one
    height[59, 79] = 900.0  # a corner has three neighbours: too few to tell
    path = make_raster(height, transform=FINE)
    found = raw_heights(load_ground(elevation=path), path)
    assert (found.n_spike, found.n_pit) == (2, 1)
    worst = found.spots[0]
    assert (worst.height_m, worst.lat_deg, worst.lon_deg) == (
        2000.0, pytest.approx(11.0 - 0.0205), pytest.approx(104.0305),
    )  # fmt: skip
    assert [spot.off_m < 0.0 for spot in found.spots] == [False, False, True]


def test_hills_are_no_spikes(make_raster: MakeRaster) -> None:
    path = make_raster(hills(), transform=FINE)
    found = raw_heights(load_ground(elevation=path), path)
    assert (found.n_spike, found.n_pit, found.n_too_low, found.n_too_high) == (0, 0, 0, 0)
    assert found.n_sea == 0
    assert found.n_cell == 4800


def test_heights_that_cannot_be(make_raster: MakeRaster) -> None:
    height = hills()
    height[3, 3], height[9, 9] = 8900.0, -460.0
    path = make_raster(height, transform=FINE)
    found = raw_heights(load_ground(elevation=path), path)
    assert (found.n_too_low, found.n_too_high) == (1, 1)


def test_how_the_sea_is_written(make_raster: MakeRaster) -> None:
    height = hills()
    height[:, :40] = 0.0
    height[10:12, 5:10], height[20, 5:9] = -3.0, -25.0
    path = make_raster(height)
    ground = load_ground(elevation=path)
    found = raw_heights(ground, path)
    assert found.sea == {
        "no file": 0, "nodata": 0, "zero": 2386, "above": 0, "noise": 10, "depth": 4,
    }  # fmt: skip
    assert (found.sea_lowest_m, found.sea_highest_m) == (-25.0, 0.0)
    height[:, :40], height[:, 40:44] = -9999.0, 3.0  # a low shore: what is nodata is the sea
    tagged = make_raster(height, "nodata.tif", nodata=-9999.0)
    by_tag = raw_heights(load_ground(elevation=tagged), tagged)
    assert by_tag.sea["nodata"] == by_tag.n_sea == 2400
    assert math.isinf(by_tag.sea_lowest_m)


def test_nodata_of_the_scenario_is_used(make_raster: MakeRaster) -> None:
    height = hills()
    height[:, :40], height[:, 40:44] = -1.0, 3.0
    path = make_raster(height)
    found = raw_heights(load_ground(elevation=path, nodata=-1.0), path, nodata=-1.0)
    assert found.sea["nodata"] == 2400


def test_voids_are_counted_and_the_largest_is_found(make_raster: MakeRaster) -> None:
    height = hills()
    height[5, 5] = height[30:34, 50:56] = -9999.0
    path = make_raster(height, transform=FINE, nodata=-9999.0)
    found = voids(load_ground(elevation=path), 0.1)
    assert (found.n_cell, found.n_patch, found.n_small, found.n_filled) == (25, 2, 1, 0)
    assert found.largest_km2 == pytest.approx(24 * 0.0121, rel=0.02)
    assert 104.050 <= found.largest_lon_deg <= 104.056
    assert 10.966 <= found.largest_lat_deg <= 10.970
    filled = voids(load_ground(elevation=path, fill_voids="interpolate"), 1.0)
    assert (filled.n_cell, filled.n_filled, filled.largest_km2) == (0, 25, 0.0)


def test_what_no_file_covers_is_named_by_tile(make_raster: MakeRaster) -> None:
    half = (0.02, 0.0, 104.0, 0.0, -0.02, 11.0)
    path = make_raster(np.full((50, 50), 20.0, np.float32), transform=half)
    ground = load_ground(elevation=path)
    assert uncovered(ground, (104.1, 10.1, 104.9, 10.9)) == (0.0, {})
    share, tiles = uncovered(ground, (104.0, 9.5, 106.0, 11.0))
    assert share == pytest.approx(1.0 - 1.0 / 3.0, abs=0.01)
    assert tiles == {"N09E104": 1.0, "N09E105": 1.0, "N10E105": 1.0}
    _, west = uncovered(ground, (103.5, 10.0, 104.5, 11.0))
    assert west == {"N10E103": 1.0}
    _, part = uncovered(load_ground(elevation=path, bounds_lonlat=(104.5, 10.0, 105.0, 11.0)),
                        (104.0, 10.0, 105.0, 11.0))  # fmt: skip
    assert part["N10E104"] == pytest.approx(0.48, abs=0.03)


def test_the_half_cell_beside_a_missing_tile_is_no_tile(make_raster: MakeRaster) -> None:
    """Edges half a cell north of the degree leave a sliver of the next tile uncovered."""
    step = 0.02
    path = make_raster(
        np.full((50, 50), 20.0, np.float32),
        transform=(step, 0.0, 104.0 - step / 2, 0.0, -step, 11.0 + step / 2),
    )
    ground = load_ground(elevation=path)
    share, named = uncovered(ground, (104.1, 9.5, 104.9, 11.0))
    assert set(named) == {"N09E104"}
    assert share > 1 / 3
    # Where nothing else is missing, it is said all the same.
    _, sliver = uncovered(ground, (104.1, 10.0, 104.9, 11.0))
    assert set(sliver) == {"N10E104"}


def test_shares_of_zones(make_raster: MakeRaster) -> None:
    height = hills()
    height[:, :40] = 0.0
    height[30:32, 50:60] = -9999.0
    ground = load_ground(elevation=make_raster(height, nodata=-9999.0))
    shares = zone_shares(ground)
    assert shares[SEA] == 0.5
    assert shares[VOID] == pytest.approx(20 / 4800)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert set(shares) <= {SEA, VOID, COASTAL, INLAND, OUTSIDE}
