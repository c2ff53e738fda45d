"""Holes in the ground: flagged where a path meets them, and without effect where none does."""

from __future__ import annotations

import numpy as np
import pytest
from wedge_ground import (
    U8,
    Problem,
    Raster,
    Setting,
    all_nodes,
    cut_sector,
    draw_setting,
    make_raster,
    place_receivers,
    places,
    pose,
    to_range_cross,
)

from dtt_sim.coverage.flags import OK, OUTSIDE, VOID
from terrain import ground

Q = 100
SEED = 31
ROUNDING_DB = 3e-5
HAIR = 1e-5
"""Rows by which a sample may lie off a node and still stand on it: positions are float32."""


def expected_flags(problem: Problem) -> tuple[U8, U8]:
    """Least and greatest flag of every path by the nodes beside its samples, by plain NumPy.

    They differ where a sample stands on a node: a hair decides which neighbour it needs as well.
    """
    sector = problem.sector
    along, across = to_range_cross(problem.quadrant, problem.receivers)
    least, most = np.zeros((2, along.size), np.uint8)
    severity = np.where(
        np.isnan(sector.height_m), np.where(sector.zone == ground.OUTSIDE, OUTSIDE, VOID), OK
    )
    severity = np.concatenate([severity, [OK, OK]])  # rows beside the sector's count for nothing
    for at in range(along.size):
        i = np.arange(1, int(along[at] / (1000.0 * problem.setup.cell_km) + 0.5))
        u = i * (across[at] / along[at])
        is_whole = np.abs(u - np.round(u)) < HAIR
        row = np.where(is_whole, np.round(u), np.floor(u)).astype(int)
        place = sector.offset[i] + row - sector.first_row[i]
        low, node = severity[np.maximum(place - 1, 0)], severity[place]
        high = severity[np.minimum(place + 1, sector.offset[i + 1] - 1)]
        least[at] = max(node.max(), high[~is_whole].max(initial=0))
        most[at] = max(node.max(), high.max(), low[is_whole].max(initial=0))
    return least, most


def with_holes(raster: Raster, seed: int, share: float) -> Raster:
    """Single nodes and a square in each quadrant without a height, void or outside; none at the transmitter."""
    rng = np.random.default_rng(seed)
    height, zone = raster.height_m.copy(), raster.zone.copy()
    hole = rng.random(height.shape) < share
    m = height.shape[0] // 2
    for along, across in ((m + 30, m - 8), (m - 45, m + 9)):
        hole[along : along + 6, across : across + 6] = True
        hole[across : across + 6, along : along + 6] = True
    hole[m - 3 : m + 4, m - 3 : m + 4] = False
    code = np.where(rng.random(height.shape) < 0.5, ground.VOID, ground.OUTSIDE)
    height[hole], zone[hole] = np.nan, code[hole]
    return Raster(height, raster.clutter_m, zone)


@pytest.mark.parametrize("share", [0.0, 2e-4, 5e-3])
@pytest.mark.parametrize("quadrant", range(4))
@pytest.mark.parametrize("kind", ["fractal", "coast"])
def test_holes(kind: str, quadrant: int, share: float) -> None:
    seed = SEED + 10 * quadrant + int(share * 1e5)
    rng = np.random.default_rng(seed)
    whole = make_raster(kind, Q, seed, clutter=quadrant % 2 == 0)
    holed = with_holes(whole, seed, share)
    x, t = np.concatenate([places(rng, Q, 2000), all_nodes(Q)[:, ::7]], axis=1)
    setting = draw_setting(rng)
    receivers = place_receivers(whole, quadrant, x, t, setting.cell_m)
    before, _ = pose(cut_sector(whole, quadrant, Q), receivers, quadrant, Q, setting).fast()
    problem = pose(cut_sector(holed, quadrant, Q), receivers, quadrant, Q, setting)
    after, _ = problem.fast()
    least, most = expected_flags(problem)
    assert ((least <= after.flag) & (after.flag <= most)).all()
    is_sure = least == most
    assert is_sure.mean() > 0.8
    is_ok = after.flag == OK
    assert 0 < np.count_nonzero(is_ok) < is_ok.size
    if share == 5e-3:
        assert np.unique(after.flag[is_sure]).tolist() == [OK, VOID, OUTSIDE]
    assert np.isnan(after.loss_db[:, :, ~is_ok]).all()
    # Whatever fills a hole enters and leaves the sums of the paths beside it: rounding.
    np.testing.assert_allclose(
        after.loss_db[:, :, is_ok], before.loss_db[:, :, is_ok], rtol=0, atol=ROUNDING_DB
    )
    np.testing.assert_array_equal(after.departure_deg[is_ok], before.departure_deg[is_ok])
    chosen = np.flatnonzero(is_sure)
    slow = problem.reference(chosen)
    np.testing.assert_array_equal(slow.flag[chosen], after.flag[chosen])
    np.testing.assert_array_equal(
        np.isnan(slow.loss_db[:, :, chosen]), np.isnan(after.loss_db[:, :, chosen])
    )


@pytest.mark.parametrize("code", [ground.VOID, ground.OUTSIDE])
def test_one_hole(code: int) -> None:
    """A path passes a hole, ends before it, or ends at it, whose height the receiver brings."""
    raster = make_raster("flat", Q, SEED, clutter=False)
    height, zone = raster.height_m.copy(), raster.zone.copy()
    m = height.shape[0] // 2
    height[m + 20, m + 50], zone[m + 20, m + 50] = np.nan, code
    # On the row of the hole at its column, and a little over and under its neighbours' rows.
    row = np.array([20.0, 19.5, 20.5, 18.9, 21.1])
    x = np.concatenate([np.full(5, 80.0), np.full(5, 50.4), np.full(5, 50.6)])
    t = np.tile(row / 50.0, 3)
    receivers = place_receivers(raster, 0, x, t, 30.0)
    sector = cut_sector(Raster(height, raster.clutter_m, zone), 0, Q)
    out, _ = pose(sector, receivers, 0, Q, Setting()).fast()
    met = OUTSIDE if code == ground.OUTSIDE else VOID
    beyond = [met, met, met, OK, OK]
    assert out.flag.tolist() == [*beyond, *[OK] * 5, *beyond]
    np.testing.assert_array_equal(
        np.isnan(out.loss_db), np.broadcast_to(out.flag != OK, (1, 2, 15))
    )
