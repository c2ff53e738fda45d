"""Radio-climatic zones along the paths of a wedge.

Almost everywhere all paths of a wedge meet the same zone in a column. The strip is therefore kept
as runs of one zone, with the columns where it depends on the path between them; a receiver walks
the runs and resolves only those columns by itself. What comes before the first of them is the same
for all, and is walked once.
"""

from __future__ import annotations

import math

import numpy as np

from dtt_sim._jit import inline_kernel, lean_kernel
from dtt_sim.coverage.wedge.layout import NODE, Setup
from dtt_sim.propagation.geometry import INLAND, NO_COAST_KM, SEA
from dtt_sim.typing import Float32Array, Float64Array, Int32Array, UInt8Array

MIXED = 255
"""Zone of a column where it depends on the path."""

# Rows of a walk's state, lengths in columns.
_SEA, _LAND, _INLAND, _DTM, _DLM, _COAST_T, _COAST_R, _HAS_SEA = range(8)
N_STATE = 8


@lean_kernel
def zone_runs(
    node: Float32Array,
    zones: UInt8Array,
    t_low: float,
    q: int,
    n_col: int,
    run_end: Int32Array,
    run_zone: UInt8Array,
) -> int:
    """Runs of one zone over columns 1 .. n_col-1; return their number.

    Run e covers the columns from the end of the one before up to `run_end[e]`, not included.
    """
    n_run = 0
    per_q = 1.0 / q
    for i in range(1, n_col):
        low = i * t_low - np.float64(node[NODE * i + 3])
        first = int(low + 0.5 - 1e-9)
        last = min(int(low + i * per_q + 0.5 + 1e-9), 2)
        zone = zones[4 * i + (0 if first == 0 else 1)]
        if first < 1 <= last and zones[4 * i + 1] != zone:
            zone = MIXED
        if last == 2 and zones[4 * i + 2] != zone:
            zone = MIXED
        if n_run > 0 and zone == run_zone[n_run - 1] and zone != MIXED:
            run_end[n_run - 1] = i + 1
        else:
            run_zone[n_run] = zone
            run_end[n_run] = i + 1
            n_run += 1
    return n_run


@inline_kernel
def _add(state: Float64Array, zone: int, weight: float) -> None:
    if zone == SEA:
        state[_SEA] += weight
        state[_LAND] = state[_INLAND] = state[_COAST_R] = 0.0
        state[_HAS_SEA] = 1.0
        return
    state[_LAND] += weight
    state[_INLAND] = state[_INLAND] + weight if zone == INLAND else 0.0
    state[_DTM] = max(state[_DTM], state[_LAND])
    state[_DLM] = max(state[_DLM], state[_INLAND])
    state[_COAST_R] += weight
    if state[_HAS_SEA] == 0.0:
        state[_COAST_T] += weight


@lean_kernel
def walk_common(
    zone_t: int, run_end: Int32Array, run_zone: UInt8Array, n_run: int, n_low: int,
    common: Float64Array, n_walked: int,
) -> int:  # fmt: skip
    """Walk the runs that all receivers with n >= n_low share; return how many are behind.

    `common` is the state after the first `n_walked` runs, before the first call all zero.
    """
    if n_walked == 0 and common[_SEA] + common[_LAND] == 0.0:
        _add(common, zone_t, 0.5)
    while n_walked < n_run and run_zone[n_walked] != MIXED and run_end[n_walked] <= n_low - 1:
        begin = run_end[n_walked - 1] if n_walked > 0 else 1
        _add(common, run_zone[n_walked], float(run_end[n_walked] - begin))
        n_walked += 1
    return n_walked


@lean_kernel
def path_sections(
    node: Float32Array,
    zones: UInt8Array,
    setup: Setup,
    zone_t: int,
    zone_r: int,
    run_end: Int32Array,
    run_zone: UInt8Array,
    n_run: int,
    common: Float64Array,
    n_walked: int,
    x: float,
    t: float,
    n: int,
    state: Float64Array,
) -> tuple[float, float, float, float, float]:
    """Fraction over sea, and dtm, dlm, dct, dcr in columns (500 km: minus one); eq. (1), 3.5.

    Each sample owns half a step on either side, as in `propagation.geometry.path_zones`.
    """
    if setup.zone != 0:
        if setup.zone == SEA:
            return 1.0, 0.0, 0.0, 0.0, 0.0
        return 0.0, x, x if setup.zone == INLAND else 0.0, -1.0, -1.0
    for s in range(N_STATE):
        state[s] = common[s]
    last = n - 1
    last_step = x - last
    e = n_walked
    i = run_end[e - 1] if e > 0 else 1
    while e < n_run and i < last:
        end = min(run_end[e], last)
        zone = run_zone[e]
        if zone == MIXED:
            zone = _nearest_zone(node, zones, i, t)
        if end > i:
            _add(state, zone, float(end - i))
        i = run_end[e]
        e += 1
    _add(state, _nearest_zone(node, zones, last, t), 0.5 + 0.5 * last_step)
    _add(state, zone_r, 0.5 * last_step)
    if state[_HAS_SEA] == 0.0:
        return 0.0, state[_DTM], state[_DLM], -1.0, -1.0
    omega = 1.0 if state[_DTM] == 0.0 else state[_SEA] / x
    coast_t = 0.0 if zone_t == SEA else state[_COAST_T]
    coast_r = 0.0 if zone_r == SEA else state[_COAST_R]
    return omega, state[_DTM], state[_DLM], coast_t, coast_r


@lean_kernel
def _nearest_zone(node: Float32Array, zones: UInt8Array, i: int, t: float) -> int:
    row = int(math.floor(i * t - np.float64(node[NODE * i + 3]) + 0.5))
    return int(zones[4 * i + min(max(row, 0), 2)])


@inline_kernel
def coast_km(columns: float, step_km: float) -> float:
    """Distance to the coast [km]; 500 where there is none."""
    return columns * step_km if columns >= 0.0 else NO_COAST_KM
