"""The wedge search against the same paths taken one by one.

Both read the same warped ground, so that they may differ by rounding only: 1e-3 dB at most, except
where a hair decides between two branches of the Recommendation. Such a receiver must prove it: the
reference itself jumps as far when an antenna is moved by a micrometre.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from wedge_ground import (
    F64,
    KINDS,
    LEAST_N,
    U8,
    Int,
    Problem,
    Setting,
    all_nodes,
    cut_sector,
    draw_setting,
    make_raster,
    place_receivers,
    places,
    pose,
    positions,
)

from dtt_sim.coverage.flags import OK
from dtt_sim.coverage.wedge.layout import SectorArrays
from dtt_sim.coverage.wedge.reference import Receivers
from terrain.ground import SEA, Ground
from terrain.local import LocalFrame
from terrain.mirror import mirrored_disc
from terrain.sector import warp_sector

Q = 200
TOLERANCE_DB = 1e-3
TYPICAL_DB = 1e-5
HAIR_M = 1e-6
RARE = 2000
"""At most one receiver of so many may sit on a branch."""
SELDOM = 200
"""... and one of so many have exactly 3/4 of its path over the sea."""
HAIR_DEG = 1e-6
SIERRA = Path(__file__).parents[4] / "benchmarks" / "terrain" / "sierra_srtmgl3.tif"
SEED = 20240917
EDGE_X = (31, 32, 33, 63, 64, 65, 95, 96, 97)


def deviations(problem: Problem, chosen: Int) -> tuple[F64, F64]:
    """Losses, and their largest difference to the reference's [dB]; all else must be equal."""
    fast, _ = problem.fast()
    slow = problem.reference(chosen)
    np.testing.assert_array_equal(fast.flag[chosen], slow.flag[chosen])
    a, b = fast.loss_db[:, :, chosen].astype(float), slow.loss_db[:, :, chosen].astype(float)
    np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
    ok = fast.flag[chosen] == OK
    np.testing.assert_allclose(
        fast.departure_deg[chosen][ok], slow.departure_deg[chosen][ok], rtol=0, atol=HAIR_DEG
    )
    return a, np.nan_to_num(np.abs(a - b)).max(axis=(0, 1))


def jump_db(problem: Problem, chosen: Int) -> F64:
    """How far the reference itself moves when either antenna moves by a micrometre [dB]."""
    base = problem.reference(chosen).loss_db[:, :, chosen].astype(float)
    most = np.zeros(chosen.size)
    for hair in (-HAIR_M, HAIR_M):
        for moved in (problem.moved(htg_m=hair), problem.moved(hrg_m=hair)):
            loss = moved.reference(chosen).loss_db[:, :, chosen].astype(float)
            most = np.maximum(most, np.nan_to_num(np.abs(loss - base)).max(axis=(0, 1)))
    return most


def is_three_quarters_sea(problem: Problem, at: int) -> bool:
    """Whether ω is 0.75, where ducting over the sea sets in (eq. (48)); happens on nodes only."""
    d, _, _, zone = problem.profile(at)
    step = np.diff(d, prepend=d[0], append=d[-1])
    weight = 0.5 * (step[1:] + step[:-1])
    return abs(weight[zone == SEA].sum() / d[-1] - 0.75) < 1e-12


def off_either_branch(problem: Problem, at: int, loss: F64) -> float:
    """Largest difference to the nearer of the losses of slightly longer and shorter paths [dB]."""
    either = [problem.plain(at, stretch=hair) for hair in (-1e-12, 1e-12)]
    return float(np.minimum(*(np.abs(loss - v) for v in either)).max())


def hold(problem: Problem, chosen: Int) -> None:
    """Assert that the chosen receivers' losses are the reference's."""
    loss, difference = deviations(problem, chosen)
    assert np.median(difference) <= TYPICAL_DB
    beyond = np.flatnonzero(difference > TOLERANCE_DB)
    if not beyond.size:
        return
    jump = jump_db(problem, chosen[beyond])
    lines, n_branch, n_unexplained = [], 0, 0
    for place, own in zip(beyond, jump, strict=True):
        at, by = int(chosen[place]), difference[place]
        if is_three_quarters_sea(problem, at):
            off = off_either_branch(problem, at, loss[:, :, place])
            is_unexplained = off > TOLERANCE_DB
            why = f"ω is 3/4, {off:.2e} dB off the nearer branch"
        else:
            is_unexplained = own < 0.9 * by
            n_branch += 1
            why = f"reference jumps {own:.2e} dB"
        n_unexplained += is_unexplained
        d = problem.profile(at)[0]
        lines.append(
            f"{'NOT explained' if is_unexplained else 'a branch'}: receiver {at}, n {d.size - 1}, "
            f"{d[-1]:.4f} km, off by {by:.2e} dB; {why}"
        )
    summary = "\n".join([f"{beyond.size} of {chosen.size} beyond {TOLERANCE_DB} dB", *lines])
    assert n_unexplained == 0, summary
    assert n_branch <= max(1, chosen.size // RARE), summary
    assert beyond.size - n_branch <= chosen.size // SELDOM, summary


@cache
def sierra(*, clutter: bool) -> tuple[Ground, LocalFrame]:
    """Real relief in cells of 90 m, with made-up clutter and coast where clutter is wanted."""
    ground = mirrored_disc(
        SIERRA, cell_m=90.0, radius_m=90.0 * (Q * 1.5), seed=4, clutter=clutter, zones=clutter
    )
    middle = np.array(0.5 * (ground.grid.n_row - 1))
    lon, lat = ground.grid.lonlat_of_index(middle, middle)
    return ground, LocalFrame(float(lat), float(lon))


def warped(
    quadrant: int, x: F64, t: F64, *, clutter: bool
) -> tuple[SectorArrays, Receivers, Setting]:
    """A sector of real ground, and receivers on it at the raster's own heights."""
    ground, frame = sierra(clutter=clutter)
    sector = warp_sector(ground, frame, quadrant=quadrant, q=Q, k0=-Q, k1=Q, n_col=Q, cell_m=90.0)
    east, north = positions(quadrant, x, t, 90.0)
    lon, lat = frame.to_lonlat(east.astype(float), north.astype(float))
    receivers = Receivers(
        east, north, ground.height_at(lon, lat).astype(np.float32),
        ground.zone_at(lon, lat).astype(np.uint8), ground.clutter_at(lon, lat).astype(np.float32),
    )  # fmt: skip
    arrays = SectorArrays(
        sector.first_row, sector.offset, sector.height_m, sector.clutter_m, sector.zone
    )
    return arrays, receivers, Setting(cell_m=90.0)


def uniform_zone(zones: tuple[U8, ...]) -> int:
    first = int(zones[0].flat[0])
    return first if all((z == first).all() for z in zones) else 0


@pytest.mark.parametrize("clutter", [False, True], ids=["bare", "clutter"])
@pytest.mark.parametrize("quadrant", range(4), ids=["east", "north", "west", "south"])
@pytest.mark.parametrize("kind", [*KINDS, "sierra"])
def test_losses_are_those_of_the_paths(kind: str, quadrant: int, clutter: bool) -> None:
    """Two settings each; every other run has all nodes as receivers too, so that groups fill."""
    seed = SEED + 100 * [*KINDS, "sierra"].index(kind) + 10 * quadrant + clutter
    rng = np.random.default_rng(seed)
    raster = None
    if kind != "sierra":
        raster = make_raster(kind, Q, seed, clutter=clutter, coast=(quadrant + clutter) % 3 == 2)
    for dense in (False, True):
        setting = draw_setting(rng)
        x, t = places(rng, Q, 2000)
        n_chosen = x.size
        if dense:
            more_x, more_t = all_nodes(Q)
            x, t = np.concatenate([x, more_x]), np.concatenate([t, more_t])
        if raster is None:
            sector, receivers, real = warped(quadrant, x, t, clutter=clutter)
            setting = Setting(**{**vars(setting), "cell_m": real.cell_m})
        else:
            sector = cut_sector(raster, quadrant, Q)
            receivers = place_receivers(raster, quadrant, x, t, setting.cell_m)
        zone = uniform_zone((sector.zone, receivers.zone)) if dense else 0
        hold(pose(sector, receivers, quadrant, Q, setting, zone=zone), np.arange(n_chosen))


@pytest.mark.parametrize("kind", ["fractal", "noise", "cliffs"])
@pytest.mark.parametrize("x_edge", EDGE_X)
def test_paths_that_end_at_the_edge_of_a_block(kind: str, x_edge: int) -> None:
    rng = np.random.default_rng(SEED + x_edge)
    raster = make_raster(kind, Q, SEED, clutter=x_edge % 2 == 0)
    x = x_edge + np.repeat([-0.5, -1e-4, 0.0, 1e-4, 0.4999], 60)
    t = rng.uniform(-1.0, 1.0, x.size)
    setting = draw_setting(rng)
    receivers = place_receivers(raster, x_edge % 4, x, t, setting.cell_m)
    sector = cut_sector(raster, x_edge % 4, Q)
    hold(pose(sector, receivers, x_edge % 4, Q, setting), np.arange(x.size))


@pytest.mark.parametrize("q", [60, 97, 128])
@pytest.mark.parametrize("kind", ["fractal", "noise", "coast"])
def test_wedge_borders_belong_to_either_side(kind: str, q: int) -> None:
    """A receiver whose slope is k/q to the last bit may be given to wedge k - 1 or k."""
    rng = np.random.default_rng(SEED + q)
    raster = make_raster(kind, q, SEED + 1, clutter=True)
    setting = draw_setting(rng)
    k = np.arange(-q + 1, q)
    x = np.full(k.size, float(q))
    x[::2] = rng.uniform(LEAST_N, q, x[::2].size)
    receivers = place_receivers(raster, 1, x, k / q, setting.cell_m)
    problem = pose(cut_sector(raster, 1, q), receivers, 1, q, setting)
    for wedge in (k, k - 1):
        moved = Problem(**{**vars(problem), "wedge": wedge})
        hold(moved, np.arange(k.size))


@pytest.mark.parametrize("sector_of", [(-1, 1), (17, 40), (-200, -199), (199, 200)])
def test_part_of_a_quadrant(sector_of: tuple[int, int]) -> None:
    """A sector that holds some of the wedges only."""
    k0, k1 = sector_of
    rng = np.random.default_rng(SEED)
    raster = make_raster("fractal", Q, SEED, clutter=True)
    setting = draw_setting(rng)
    x = rng.uniform(LEAST_N, Q, 800)
    t = rng.uniform(k0 + 0.001, k1 - 0.001, 800) / Q
    receivers = place_receivers(raster, 2, x, t, setting.cell_m)
    problem = pose(cut_sector(raster, 2, Q, k0, k1), receivers, 2, Q, setting)
    out, _ = problem.fast(wedges=(k0, k1))
    slow = problem.reference(np.arange(800))
    assert np.nanmax(np.abs(out.loss_db - slow.loss_db)) <= TOLERANCE_DB
    np.testing.assert_array_equal(np.isnan(out.loss_db), np.isnan(slow.loss_db))


def test_radius_of_each_percentage() -> None:
    """Beyond a percentage's radius there is no value, and no flag either."""
    rng = np.random.default_rng(SEED)
    raster = make_raster("fractal", Q, SEED, clutter=False)
    x, t = places(rng, Q, 800)
    setting = Setting(p_time=(50.0, 1.0), p_location=(50.0, 50.0))
    receivers = place_receivers(raster, 0, x, t, setting.cell_m)
    problem = pose(cut_sector(raster, 0, Q), receivers, 0, Q, setting)
    signals = problem.signals._replace(radius_km=np.array([2.0, 4.0]))
    problem = Problem(**{**vars(problem), "signals": signals})
    hold(problem, np.arange(x.size))
    out, _ = problem.fast()
    d = np.hypot(receivers.east_m.astype(float), receivers.north_m.astype(float)) / 1000.0
    np.testing.assert_array_equal(np.isnan(out.loss_db[0]), d[None] > signals.radius_km[:, None])
    assert (out.flag == OK).all()


@pytest.mark.parametrize("htg_m", [15.0, 40.0, 120.0])
@pytest.mark.parametrize("farthest", [70, 100, Q])
def test_hills_near_the_mast(htg_m: float, farthest: int) -> None:
    """Paths in sight over flat ground with one hill in the first block, which may decide on ν.

    The curve of equal ν sags most there below the line between the borders of a block.
    """
    rng = np.random.default_rng(SEED + farthest)
    flat = make_raster("flat", Q, SEED, clutter=False)
    m = flat.zone.shape[0] // 2
    north, east = np.indices(flat.zone.shape) - m
    ring = (
        np.abs(np.maximum(np.abs(north), np.abs(east)) - rng.integers(3, 30, flat.zone.shape)) < 1
    )
    hill = np.where(ring, rng.uniform(0.0, htg_m, ring.shape), 0.0)
    raster = flat._replace(height_m=(flat.height_m + hill).astype(np.float32))
    raster.height_m[m, m] = flat.height_m[m, m]
    setting = Setting(
        htg_m=htg_m, hrg_m=20.0, f_ghz=(0.03, 0.6, 6.0), polarisation=(1, 2, 1),
        p_time=(50.0, 3.0), p_location=(50.0, 50.0),
    )  # fmt: skip
    # Few receivers to a wedge, so that a group spans many columns; and each of them alone.
    x, t = rng.uniform(LEAST_N, farthest, 1600), rng.uniform(-1.0, 1.0, 1600)
    x[::2] = rng.uniform(60.0, farthest, 800)
    sector = cut_sector(raster, 0, Q)
    for part in (np.s_[:], np.s_[::5]):
        receivers = place_receivers(raster, 0, x[part], t[part], setting.cell_m)
        problem = pose(sector, receivers, 0, Q, setting)
        hold(problem, np.arange(receivers.east_m.size))
