"""Sums over the profiles of a wedge, exact at every azimuth.

The sum of the heights in columns 1 .. n-1 along slope t is piecewise linear in t. With τ the
place within the wedge, 0 at its lower edge and 1 at its upper,

    sum = edge value + τ edge slope + sum over the kinks at places below τ of bend (τ - place),

where the kinks are the nodes inside the wedge. They are sorted into buckets of τ: those of lower
buckets count in full, as one line for each bucket, and only those of
the receiver's own bucket are looked at one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dtt_sim._jit import kernel, lean_inline_kernel, lean_kernel
from dtt_sim.coverage.wedge.bits import ramps
from dtt_sim.coverage.wedge.layout import BLOCK, NODE
from dtt_sim.typing import Float32Array, Float64Array, Int32Array

N_BUCKET = BLOCK
"""Equal parts of a wedge."""
_PLACE, _BEND, _MOMENT = 0, BLOCK, 2 * BLOCK
_PART = 3 * BLOCK
"""Numbers kept of BLOCK kinks: place, bend, and bend times column."""
_LINE, _MOMENT_LINE = 0, 2 * N_BUCKET
_NONE = 4 * N_BUCKET
_HEAD = _NONE + _PART
"""Numbers before the kinks: each bucket's sums of bend, of bend times place, and both times the
column; and kinks that do not bend, to stand for an empty bucket."""


class Sums(NamedTuple):
    """Sums along one wedge, up to some column.

    Attributes
    ----------
    edge : (4,) float64
        Sum of the heights and its slope, and the same of heights times columns.
    kink : (_HEAD + N_BUCKET * n_part * _PART,) float32
        Sums of each bucket's kinks, and the kinks.
    number : (N_BUCKET,) int32
        Kinks in each bucket.
    """

    edge: Float64Array
    kink: Float32Array
    number: Int32Array


@kernel
def empty_sums(n_col: int) -> Sums:
    """Sums for wedges of up to `n_col` columns."""
    n_part = n_col // BLOCK + 1
    return Sums(
        np.zeros(4), np.zeros(_HEAD + N_BUCKET * n_part * _PART, np.float32),
        np.zeros(N_BUCKET, np.int32),
    )  # fmt: skip


@lean_kernel
def clear_sums(edge: Float64Array, kink: Float32Array, number: Int32Array) -> None:
    """Begin a wedge."""
    for m in range(4):
        edge[m] = 0.0
    for m in range(_NONE):
        kink[m] = np.float32(0.0)
    for m in range(N_BUCKET):
        number[m] = 0


@lean_inline_kernel
def advance_sums(
    node: Float32Array, k: int, q: int, first: int, last: int, edge: Float64Array,
    kink: Float32Array, number: Int32Array,
) -> None:  # fmt: skip
    """Add columns first .. last-1 to the sums of wedge `k`."""
    per_q = 1.0 / q
    t_low = k * per_q
    capacity = (kink.size - _HEAD) // N_BUCKET
    s0, s1, s2, s3 = edge[0], edge[1], edge[2], edge[3]
    for i in range(first, last):
        a, b = np.float64(node[NODE * i]), np.float64(node[NODE * i + 1])
        u = i * t_low - np.float64(node[NODE * i + 3])
        width = i * per_q
        value = a + u * (b - a)
        slope = width * (b - a)
        s0 += value
        s1 += slope
        s2 += i * value
        s3 += i * slope
        if u + width <= 1.0:
            continue
        bend = width * ((np.float64(node[NODE * i + 2]) - b) - (b - a))
        place = (1.0 - u) / width
        bucket = min(int(place * N_BUCKET), N_BUCKET - 1)
        n = number[bucket]
        at = _HEAD + bucket * capacity + n // BLOCK * _PART
        if n % BLOCK == 0:  # a ramp that does not rise adds nothing
            for m in range(_PART):
                kink[at + m] = np.float32(0.0)
        at += n % BLOCK
        kink[at + _PLACE] = place
        kink[at + _BEND] = bend
        kink[at + _MOMENT] = bend * i
        number[bucket] = n + 1
        kink[_LINE + bucket] += np.float32(bend)
        kink[_LINE + N_BUCKET + bucket] += np.float32(bend * place)
        kink[_MOMENT_LINE + bucket] += np.float32(bend * i)
        kink[_MOMENT_LINE + N_BUCKET + bucket] += np.float32(bend * i * place)
    edge[0], edge[1], edge[2], edge[3] = s0, s1, s2, s3


@lean_inline_kernel
def profile_sums(
    tau: float, edge: Float64Array, kink: Float32Array, number: Int32Array
) -> tuple[float, float]:
    """Sum of the heights, and of i times the heights, at τ of the wedge's width."""
    bucket = min(max(int(tau * N_BUCKET), 0), N_BUCKET - 1)
    place = np.float32(tau)
    at = _HEAD + bucket * ((kink.size - _HEAD) // N_BUCKET) if number[bucket] > 0 else _NONE
    heights, moments = edge[0] + tau * edge[1], edge[2] + tau * edge[3]
    n_line = bucket
    for _ in range(max((number[bucket] + BLOCK - 1) // BLOCK, 1)):
        heights += ramps(kink, at + _PLACE, at + _BEND, _LINE, n_line, place)
        moments += ramps(kink, at + _PLACE, at + _MOMENT, _MOMENT_LINE, n_line, place)
        at += _PART
        n_line = 0
    return heights, moments
