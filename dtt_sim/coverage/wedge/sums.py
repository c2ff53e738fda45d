"""Sums over the profile of any path of a wedge, for the smooth-Earth fit.

At τ of the wedge's width (0 at its lower edge, 1 at the upper) a column's height is linear in τ but
for a kink where the path crosses a node. The sum over the columns is therefore a line in τ and what
the kinks below τ add. What they add is kept at N_BUCKET places; between two places only the kinks
that lie there are added one by one. The sum is that of the path, exact for every τ.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dtt_sim._jit import kernel
from dtt_sim.coverage.wedge.layout import N_BUCKET, NODE
from dtt_sim.typing import Float32Array, Float64Array, IntArray


class Sums(NamedTuple):
    """Running sums of the heights h, and of i h, over the columns of a wedge.

    Attributes
    ----------
    line : (4,) float64
        Value and slope in τ of the sum of h, and of that of i h.
    fan : (2 * N_BUCKET,) float32
        What the kinks add at τ = 1/N_BUCKET, 2/N_BUCKET ... 1, to both sums.
    whole : (2 * N_BUCKET,) float64
        What the kinks of each bucket add at its upper end, to both sums.
    n_kink : (N_BUCKET,) int64
        Kinks in each bucket.
    kink : (3 * N_BUCKET * n_pad,) float64
        Of each kink its τ, the change of slope there, and i times that.
    """

    line: Float64Array
    fan: Float32Array
    whole: Float64Array
    n_kink: IntArray
    kink: Float64Array


@kernel
def empty_sums(n_pad: int) -> Sums:
    """Sums for strips of `n_pad` columns; a thread makes them once."""
    return Sums(
        np.zeros(4), np.zeros(2 * N_BUCKET, np.float32), np.zeros(2 * N_BUCKET),
        np.zeros(N_BUCKET, np.int64), np.empty(3 * N_BUCKET * n_pad),
    )  # fmt: skip


@kernel
def clear_sums(sums: Sums) -> None:
    """Begin a wedge."""
    sums.line[:] = 0.0
    sums.fan[:] = 0.0
    sums.whole[:] = 0.0
    sums.n_kink[:] = 0


@kernel
def advance_sums(
    node: Float32Array,
    t_low: float,
    q: int,
    first: int,
    last: int,
    line: Float64Array,
    fan: Float32Array,
    whole: Float64Array,
    n_kink: IntArray,
    kink: Float64Array,
) -> None:
    """Add columns first .. last-1."""
    per_q = 1.0 / q
    capacity = kink.size // (3 * N_BUCKET)
    l0, l1, l2, l3 = line[0], line[1], line[2], line[3]
    for i in range(first, last):
        a, b = np.float64(node[NODE * i]), np.float64(node[NODE * i + 1])
        u = i * t_low - np.float64(node[NODE * i + 3])
        width = i * per_q
        value = a + u * (b - a)
        slope = width * (b - a)
        l0 += value
        l1 += slope
        l2 += i * value
        l3 += i * slope
        if u + width > 1.0:
            bend = width * ((np.float64(node[NODE * i + 2]) - b) - (b - a))
            at = (1.0 - u) / width
            bucket = min(max(int(at * N_BUCKET), 0), N_BUCKET - 1)
            slot = 3 * (bucket * capacity + n_kink[bucket])
            n_kink[bucket] += 1
            kink[slot], kink[slot + 1], kink[slot + 2] = at, bend, i * bend
            full = bend * ((bucket + 1) * (1.0 / N_BUCKET) - at)
            whole[bucket] += full
            whole[N_BUCKET + bucket] += i * full
            _raise_fan(np.float32(at), np.float32(bend), np.float32(i), fan)
    line[0], line[1], line[2], line[3] = l0, l1, l2, l3


@kernel
def _raise_fan(at: np.float32, bend: np.float32, weight: np.float32, fan: Float32Array) -> None:
    step, zero = np.float32(1.0 / N_BUCKET), np.float32(0.0)
    for m in range(N_BUCKET):
        over = np.float32(m + 1) * step - at
        over = bend * (over if over > zero else zero)  # noqa: FURB136  one instruction
        fan[m] += over
        fan[N_BUCKET + m] += weight * over


@kernel
def profile_sums(
    tau: float,
    line: Float64Array,
    fan: Float32Array,
    whole: Float64Array,
    n_kink: IntArray,
    kink: Float64Array,
) -> tuple[float, float]:
    """Sum of the heights, and of i times the heights, at τ of the wedge's width."""
    capacity = kink.size // (3 * N_BUCKET)
    bucket = min(max(int(tau * N_BUCKET), 0), N_BUCKET - 1)
    # All but the bucket's own kinks add along a line; its own are added as far as they lie below.
    share = tau * N_BUCKET - bucket
    f1 = np.float64(fan[bucket - 1]) if bucket > 0 else 0.0
    f2 = np.float64(fan[N_BUCKET + bucket - 1]) if bucket > 0 else 0.0
    f1 += share * (np.float64(fan[bucket]) - f1 - whole[bucket])
    f2 += share * (np.float64(fan[N_BUCKET + bucket]) - f2 - whole[N_BUCKET + bucket])
    first = 3 * bucket * capacity
    for slot in range(first, first + 3 * n_kink[bucket], 3):
        over = tau - kink[slot]
        over = over if over > 0.0 else 0.0  # noqa: FURB136  one instruction
        f1 += kink[slot + 1] * over
        f2 += kink[slot + 2] * over
    return line[0] + tau * line[1] + f1, line[2] + tau * line[3] + f2
