"""Made-up relief."""

from __future__ import annotations

import numpy as np
import pytest

from terrain.grid import Grid
from terrain.ground import COASTAL, SEA
from terrain.synthetic import Hill, fractal_ground, hills_m

GRID = Grid.from_lonlat_box(104.8, 10.0, 105.0, 10.2, crs="EPSG:4326", cell_size=1.0 / 1200.0)


def at(height: np.ndarray, lon: float, lat: float) -> float:  # type: ignore[type-arg]
    row, col = (round(float(v)) for v in GRID.fractional_index(lon, lat))
    return float(height[row, col])


def test_hill_is_halved_at_its_radius_and_a_sixteenth_at_twice() -> None:
    lon, lat = GRID.lonlat()
    centre = lon[120, 120], lat[120, 120]
    height = hills_m(GRID, [Hill(centre[1], centre[0], 400.0, 1.0)])
    assert height[120, 120] == pytest.approx(400.0, abs=1e-6)
    one_km_north = 1.0 / 110.62  # degrees of latitude at 10 N
    assert at(height, centre[0], centre[1] + one_km_north) == pytest.approx(200.0, rel=0.06)
    assert at(height, centre[0], centre[1] - 2 * one_km_north) == pytest.approx(25.0, rel=0.12)
    assert at(height, centre[0] + 2 / 109.64, centre[1]) == pytest.approx(25.0, rel=0.12)
    assert height.max() == height[120, 120]


def test_overlapping_hills_take_the_higher() -> None:
    a, b = Hill(10.1, 104.9, 400.0, 1.0), Hill(10.105, 104.905, 250.0, 2.0)
    both = hills_m(GRID, [a, b])
    np.testing.assert_array_equal(both, np.maximum(hills_m(GRID, [a]), hills_m(GRID, [b])))


def test_hill_on_the_edge_is_cut_and_one_far_away_is_nothing() -> None:
    edge = hills_m(GRID, [Hill(10.2, 105.0, 100.0, 1.0)])
    assert edge[0, -1] == pytest.approx(100.0, rel=0.02)
    assert not hills_m(GRID, [Hill(12.0, 103.0, 1000.0, 5.0)]).any()


def test_what_is_cut_off_beyond_six_radii_is_nothing() -> None:
    """At six radii a hill of 1000 m stands 1e-8 m high: the cut cannot be seen."""
    height = hills_m(GRID, [Hill(10.1, 104.9, 1000.0, 0.5)])
    lon, lat = GRID.lonlat()
    away = np.hypot((lon - 104.9) * 109.6, (lat - 10.1) * 110.6) > 3.0
    assert height[away].max() < 1e-6


def test_fractal_ground_is_reproducible_and_as_asked() -> None:
    ground = fractal_ground(GRID, seed=7, relief_m=300.0, sea_share=0.3)
    again = fractal_ground(GRID, seed=7, relief_m=300.0, sea_share=0.3)
    assert ground.digest == again.digest
    assert ground.digest != fractal_ground(GRID, seed=8, relief_m=300.0, sea_share=0.3).digest
    assert ground.is_schematic
    sea = ground.zone == SEA
    assert sea.mean() == pytest.approx(0.3, abs=0.001)
    assert (ground.zone[~sea] == COASTAL).all()
    assert (ground.height_m[sea] == 0.0).all()
    assert (ground.height_m[~sea] > 0.0).all()
    assert ground.height_m.max() == pytest.approx(300.0, rel=1e-6)


def test_fractal_ground_is_rough_at_every_scale_yet_continuous() -> None:
    height = fractal_ground(GRID, seed=3, sea_share=0.0).height_m.astype(float)
    step = [np.abs(height[:, s:] - height[:, :-s]).mean() for s in (1, 4, 16)]
    assert step[0] < step[1] < step[2]
    assert step[2] < 16 * step[0]
