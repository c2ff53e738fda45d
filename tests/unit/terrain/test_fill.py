"""Voids get a height only where it is asked for, from what lies round them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from terrain.build import load_ground
from terrain.errors import TerrainError
from terrain.fill import fill_voids
from terrain.grid import Grid
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID, Ground
from terrain.windows import GroundFiles

from .conftest import MakeRaster

# Cells of 0.001 degrees: about 0.012 km² each.
FINE = (0.001, 0.0, 104.0, 0.0, -0.001, 11.0)


def grid_of(shape: tuple[int, int]) -> Grid:
    return Grid("EPSG:4326", FINE, shape)


def slope(shape: tuple[int, int]) -> np.ndarray:
    row, col = np.indices(shape)
    return (100.0 + 2.0 * row + 3.0 * col).astype(np.float32)


@given(seed=st.integers(0, 10**6), share=st.floats(0.01, 0.6), bands=st.sampled_from([3, 8, 1024]))
@settings(deadline=None, max_examples=40)
def test_what_is_filled_lies_between_its_neighbours_and_nothing_else_moves(
    seed: int, share: float, bands: int
) -> None:
    rng = np.random.default_rng(seed)
    height = rng.uniform(0.0, 1000.0, (24, 31)).astype(np.float32)
    gaps = rng.random(height.shape) < share
    voids = gaps & (rng.random(height.shape) < 0.9)  # the others are covered by no file
    height[gaps] = np.nan
    before = height.copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("terrain.fill._BAND_ROWS", bands)
        filled = fill_voids(height, voids, grid_of(height.shape), 0.1)
    assert not (filled & ~voids).any()
    np.testing.assert_array_equal(height[~filled], before[~filled])
    known = before[np.isfinite(before)]
    if filled.any():
        assert np.isfinite(height[filled]).all()
        assert known.min() - 1e-3 <= height[filled].min()
        assert height[filled].max() <= known.max() + 1e-3
    label, n = ndimage.label(voids, structure=np.ones((3, 3)))
    north, east = grid_of(height.shape).cell_size_m()
    for k in range(1, n + 1):
        patch_cells = label == k
        small = patch_cells.sum() * north * east * 1e-6 <= 0.1
        shore = ndimage.binary_dilation(patch_cells, np.ones((3, 3))) & np.isfinite(before)
        assert filled[patch_cells].all() == (small and shore.any())
        assert filled[patch_cells].any() == filled[patch_cells].all()


@pytest.mark.parametrize("bands", [2, 5, 1024])
def test_bands_change_nothing(monkeypatch: pytest.MonkeyPatch, bands: int) -> None:
    height = slope((40, 50))
    voids = np.zeros(height.shape, bool)
    voids[3:9, 4:7] = voids[5:6, 20:30] = voids[0, 0] = voids[38:40, 48:50] = voids[12:30, 15] = (
        True
    )
    height[voids] = np.nan
    whole, banded = height.copy(), height.copy()
    assert fill_voids(whole, voids, grid_of(height.shape)).sum() == voids.sum()
    monkeypatch.setattr("terrain.fill._BAND_ROWS", bands)
    fill_voids(banded, voids, grid_of(height.shape))
    np.testing.assert_array_equal(banded, whole)
    assert np.abs(whole - slope(height.shape))[3:9, 4:7].max() < 6.0  # a plane is nearly kept


def test_large_voids_stay() -> None:
    height = slope((40, 40))
    voids = np.zeros(height.shape, bool)
    voids[5:15, 5:15] = voids[20:22, 20:22] = True
    height[voids] = np.nan
    filled = fill_voids(height, voids, grid_of(height.shape), 0.5)
    assert filled.sum() == 4
    assert np.isnan(height[5:15, 5:15]).all()
    assert np.isfinite(height[20:22, 20:22]).all()


@pytest.mark.parametrize("size", [0.0, -1.0, math.inf, math.nan])
def test_a_size_that_is_none(size: float) -> None:
    with pytest.raises(TerrainError, match="give the largest void to fill, above 0 km²"):
        fill_voids(slope((3, 3)), np.zeros((3, 3), bool), grid_of((3, 3)), size)


def holes() -> np.ndarray:
    """Land of 20 m with a void, a sea of nodata in the west, and faulty depths."""
    height = np.full((100, 100), 20.0, np.float32)
    height[:, :40] = -32768
    height[:, 40:45] = 3.0
    height[50:53, 80:84] = -32768
    height[70, 60] = -9000.0
    return height


def load(make_raster: MakeRaster, **options: object) -> Ground:
    path = make_raster(holes().astype(np.int16), nodata=-32768)
    return load_ground(elevation=path, **options)  # type: ignore[arg-type]


def test_sea_is_no_void_and_what_is_filled_is_land(make_raster: MakeRaster) -> None:
    left = load(make_raster)
    assert left.filled is None
    assert (left.zone[50:53, 80:84] == VOID).all()
    ground = load(make_raster, fill_voids="interpolate", fill_voids_max_km2=30.0)
    assert ground.filled is not None
    assert ground.filled.sum() == 13
    assert ground.filled[50:53, 80:84].all()
    assert ground.filled[70, 60]
    assert (ground.height_m[50:53, 80:84] == 20.0).all()
    assert np.isin(ground.zone[50:53, 80:84], (COASTAL, INLAND)).all()
    np.testing.assert_array_equal(ground.zone == SEA, left.zone == SEA)
    assert any("13 void cells (0.13%) got a height" in note for note in ground.notes)
    assert not (ground.zone == VOID).any()
    assert ground.digest != left.digest


def test_what_stays_void_is_said(make_raster: MakeRaster) -> None:
    ground = load(make_raster, fill_voids="interpolate", fill_voids_max_km2=3.0)
    assert ground.filled is not None
    assert ground.filled.sum() == 1
    assert any("12 cells of voids larger than 3 km² stay void" in note for note in ground.notes)


def test_no_height_where_no_file_is(make_raster: MakeRaster) -> None:
    left = make_raster(np.full((10, 10), 30.0, np.float32), "a.tif")
    right = make_raster(
        np.full((10, 10), 30.0, np.float32),
        "b.tif",
        transform=(0.01, 0.0, 104.11, 0.0, -0.01, 11.0),
    )
    ground = load_ground(
        elevation=[left, right], fill_voids="interpolate", fill_voids_max_km2=10_000.0
    )
    assert (ground.zone[:, 10] == OUTSIDE).all()
    assert ground.filled is not None
    assert not ground.filled.any()


def test_a_method_that_is_none(make_raster: MakeRaster) -> None:
    with pytest.raises(TerrainError, match="fill_voids = 'guess'; give none or interpolate"):
        load(make_raster, fill_voids="guess")


def test_windows_fill_as_the_whole_does(make_raster: MakeRaster) -> None:
    path = make_raster(holes().astype(np.int16), nodata=-32768)
    files = GroundFiles(path, fill_voids="interpolate", fill_voids_max_km2=30.0)
    window = files.window((104.7, 10.3, 104.9, 10.6))
    assert window.filled is not None
    assert window.filled.sum() == 12
    assert files.digest != GroundFiles(path).digest


def test_the_mask_has_the_grids_shape(make_raster: MakeRaster) -> None:
    ground = load(make_raster)
    with pytest.raises(TerrainError, match=r"filled is \(2, 2\)"):
        Ground(
            ground.grid, ground.height_m, ground.zone, ground.clutter_m,
            filled=np.zeros((2, 2), bool),
        )  # fmt: skip
