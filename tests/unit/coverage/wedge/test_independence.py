"""A receiver's results are its own: the same to the last bit whatever is computed beside it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from wedge_ground import (
    KINDS,
    Int,
    Problem,
    all_nodes,
    cut_sector,
    draw_setting,
    make_raster,
    place_receivers,
    places,
    pose,
)

from dtt_sim.coverage.wedge.solve import Output

Q = 90
SEED = 7


def make_problem(kind: str, *, clutter: bool) -> Problem:
    """All nodes of a quadrant and more, in no order."""
    rng = np.random.default_rng(SEED + KINDS.index(kind))
    quadrant = KINDS.index(kind) % 4
    raster = make_raster(kind, Q, SEED, clutter=clutter, coast=clutter)
    x, t = np.concatenate([places(rng, Q, 1600), all_nodes(Q)], axis=1)
    mixed = rng.permutation(x.size)
    setting = draw_setting(rng)
    receivers = place_receivers(raster, quadrant, x[mixed], t[mixed], setting.cell_m)
    return pose(cut_sector(raster, quadrant, Q), receivers, quadrant, Q, setting)


def assert_same(a: Output, b: Output, chosen: Int | slice = np.s_[:]) -> None:
    """All results of the chosen receivers, bit by bit."""
    for name, first, second in zip(Output._fields, a, b, strict=True):
        same = first[..., chosen].view(f"u{first.itemsize}") == second[..., chosen].view(
            f"u{second.itemsize}"
        )
        assert same.all(), f"{name}: {np.count_nonzero(~same)} of {same.size} differ"


CASES = pytest.mark.parametrize(
    ("kind", "clutter"),
    [("fractal", False), ("coast", True), ("noise", True), ("flat", False), ("cliffs", True)],
)


@CASES
def test_of_the_other_receivers(kind: str, clutter: bool) -> None:
    """With all others, with a third of them, with one in fifty of them, and alone."""
    problem = make_problem(kind, clutter=clutter)
    rng = np.random.default_rng(SEED)
    everything, _ = problem.fast()
    n = problem.wedge.size
    for share in (0.3, 0.02):
        chosen = np.flatnonzero(rng.random(n) < share)
        some, _ = problem.fast(chosen)
        assert_same(everything, some, chosen)
        others = np.setdiff1d(np.arange(n), chosen)
        assert (some.loss_db[:, :, others] == problem.empty_output().loss_db[:, :, others]).all()
    for at in rng.choice(n, 60, replace=False):
        wedge = int(problem.wedge[at])
        lone, _ = problem.fast(np.array([at]), wedges=(wedge, wedge + 1))
        assert_same(everything, lone, np.array([at]))


@CASES
@pytest.mark.parametrize("n_call", [2, 7, 2 * Q])
def test_of_the_split_into_calls(kind: str, clutter: bool, n_call: int) -> None:
    problem = make_problem(kind, clutter=clutter)
    everything, _ = problem.fast()
    rng = np.random.default_rng(SEED + n_call)
    cuts = np.sort(rng.choice(np.arange(-Q + 1, Q), n_call - 1, replace=False)).tolist()
    out = problem.empty_output()
    edges = [-Q, *cuts, Q]
    for begin, end in itertools.pairwise(edges):
        problem.fast(wedges=(begin, end), out=out)
    assert_same(everything, out)


@CASES
def test_of_the_order_within_a_wedge(kind: str, clutter: bool) -> None:
    problem = make_problem(kind, clutter=clutter)
    everything, _ = problem.fast()
    rng = np.random.default_rng(SEED)
    n = problem.wedge.size
    far_first = np.argsort(-np.hypot(problem.receivers.east_m, problem.receivers.north_m))
    for chosen in (rng.permutation(n), np.arange(n)[::-1], far_first):
        out, _ = problem.fast(chosen)
        assert_same(everything, out)
