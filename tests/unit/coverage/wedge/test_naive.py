"""Paths drawn by plain NumPy and put to the plain NumPy P.1812, against both solvers."""

from __future__ import annotations

import numpy as np
import pytest
from wedge_ground import (
    cut_sector,
    draw_setting,
    make_raster,
    place_receivers,
    places,
    pose,
)

KINDS = ("fractal", "coast", "sine", "cliffs")
Q = 140
SEED = 12
NAIVE_DB = 1e-6
"""Of the reference, beyond the rounding of its result to float32."""
FAST_DB = 3e-5


@pytest.mark.parametrize("clutter", [False, True], ids=["bare", "clutter"])
@pytest.mark.parametrize("kind", KINDS)
def test_losses_by_plain_numpy(kind: str, clutter: bool) -> None:
    seed = SEED + 2 * KINDS.index(kind) + clutter
    rng = np.random.default_rng(seed)
    quadrant = seed % 4
    raster = make_raster(kind, Q, seed, clutter=clutter)
    setting = draw_setting(rng)
    x, t = places(rng, Q, 80)
    receivers = place_receivers(raster, quadrant, x, t, setting.cell_m)
    problem = pose(cut_sector(raster, quadrant, Q), receivers, quadrant, Q, setting)
    everything = np.arange(x.size)
    fast, slow = problem.fast()[0].loss_db, problem.reference(everything).loss_db
    for at in everything:
        plain = problem.plain(int(at))
        rounding = 0.5 * np.spacing(np.abs(plain).astype(np.float32))
        assert (np.abs(slow[:, :, at] - plain) <= NAIVE_DB + rounding).all(), f"receiver {at}"
        assert (np.abs(fast[:, :, at] - plain) <= FAST_DB).all(), f"receiver {at}"
