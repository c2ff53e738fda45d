"""Sections of paths by zone, walked as runs of the wedge, against the samples one by one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wedge_ground import F64, U8, Raster, Setting, cut_sector, place_receivers, pose, samples

from dtt_sim._jit import driver
from dtt_sim.coverage.wedge.layout import Setup, Strip
from dtt_sim.coverage.wedge.strip import build_strip, empty_strip
from dtt_sim.coverage.wedge.zones import (
    N_STATE,
    coast_km,
    path_sections,
    walk_common,
    zone_runs,
)
from dtt_sim.propagation.geometry import path_zones
from terrain.ground import COASTAL, INLAND, SEA

CELL_M = 250.0
NAMES = ("omega", "dtm", "dlm", "dct", "dcr")


@driver
def walk_receivers(
    strip: Strip, setup: Setup, k: int, n_most: int, zone_t: int, x: F64, t: F64, zone_r: U8,
    n_group: int, out: F64,
) -> None:  # fmt: skip
    """Sections of receivers in ascending range, in groups of `n_group`, as `solve_wedges` does."""
    run_end, run_zone = np.zeros(n_most + 1, np.int32), np.zeros(n_most + 1, np.uint8)
    common, state = np.zeros(N_STATE), np.zeros(N_STATE)
    n_run = zone_runs(strip.node, strip.zone, k / setup.q, setup.q, n_most, run_end, run_zone)
    n_walked = 0
    for first in range(0, x.size, n_group):
        n_low = int(x[first] + 0.5)
        n_walked = walk_common(zone_t, run_end, run_zone, n_run, n_low, common, n_walked)
        for at in range(first, min(first + n_group, x.size)):
            n = int(x[at] + 0.5)
            omega, dtm, dlm, dct, dcr = path_sections(
                strip.node, strip.zone, setup, zone_t, int(zone_r[at]), run_end, run_zone, n_run,
                common, n_walked, x[at], t[at], n, state,
            )  # fmt: skip
            step_km = setup.cell_km * np.sqrt(1.0 + t[at] * t[at])
            out[at, 0] = omega
            out[at, 1] = dtm * step_km
            out[at, 2] = dlm * step_km
            out[at, 3] = coast_km(dct, step_km)
            out[at, 4] = coast_km(dcr, step_km)


class Shore(NamedTuple):
    """A zone raster, the wedge looked at, and its receivers in ascending range."""

    raster: Raster
    q: int
    k: int
    x: F64
    t: F64


@st.composite
def shores(draw: st.DrawFn) -> Shore:
    """Zones from single nodes to large patches, or nearly all of one kind."""
    q = draw(st.integers(12, 90))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = 2 * (q + 3) + 1
    patch = draw(st.sampled_from([1, 2, 7, 30, 400]))
    weights = np.array(
        draw(st.sampled_from([(1, 1, 1), (8, 1, 1), (1, 0, 1), (0, 1, 3), (40, 1, 0)]))
    )
    few = rng.choice(
        np.array([SEA, COASTAL, INLAND], np.uint8),
        (size // patch + 2, size // patch + 2),
        p=weights / weights.sum(),
    )
    zone = np.kron(few, np.ones((patch, patch), np.uint8))
    begin = rng.integers(0, patch, 2)
    zone = np.ascontiguousarray(zone[begin[0] :, begin[1] :][:size, :size])
    flat = np.zeros((size, size), np.float32)
    k = draw(st.integers(-q, q - 1))
    n = draw(st.integers(1, 40))
    x = np.sort(np.concatenate([rng.uniform(10.0, q, n), rng.integers(10, q + 1, n)]))
    share = np.concatenate([rng.uniform(0.01, 0.99, 2 * n - n // 3), np.full(n // 3, 0.5)])
    return Shore(Raster(flat, flat, zone), q, k, x, (k + share) / q)


@given(shores(), st.integers(0, 3), st.sampled_from([1, 4, 16]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_sections_are_those_of_the_samples(shore: Shore, quadrant: int, n_group: int) -> None:
    _, q, k, x, t = shore
    receivers = place_receivers(shore.raster, quadrant, x, t, CELL_M)
    sector = cut_sector(shore.raster, quadrant, q)
    problem = pose(sector, receivers, quadrant, q, Setting(cell_m=CELL_M))
    strip = empty_strip(q + 1, False)
    n_most = int(x[-1] + 0.5)
    build_strip(sector, k, problem.setup, n_most, strip)
    found = np.full((x.size, 5), np.nan)
    walk_receivers(
        strip, problem.setup, k, n_most, problem.zone_t, x, t, receivers.zone, n_group, found
    )
    for at in range(x.size):
        i, place, w = samples(sector, x[at], t[at])
        step_km = problem.setup.cell_km * np.sqrt(1.0 + t[at] ** 2)
        d = np.append(i, x[at]) * step_km
        zone = np.append(sector.zone[place + (w >= 0.5)], receivers.zone[at])
        expected = list(path_zones(d, zone, d.size - 1))
        if zone[0] == SEA:  # as `analyse` has it
            expected[3] = 0.0
        if zone[-1] == SEA:
            expected[4] = 0.0
        np.testing.assert_allclose(
            found[at], expected, rtol=0, atol=1e-9, err_msg=f"{NAMES} of receiver {at}"
        )
