"""One column of the strip, put to every receiver of a group: the exact evaluations.

Each function reads one column and updates the running maxima of all lanes on their own paths. Only
here does a height enter a result. The lane loops have no branch, so that they compile to vector
instructions on any processor; ties go to the first column for the transmitter's horizon and to the
last for the receiver's and the line of sight, in whatever order the columns come.
"""

from __future__ import annotations

import numpy as np

from dtt_sim._jit import inline_kernel, lean_kernel
from dtt_sim.coverage.wedge.layout import (
    A_B,
    A_E,
    CHORD,
    FIRST,
    GROUP,
    HRS,
    HST,
    HST_SLOPE,
    I_NU,
    I_RX,
    I_TX,
    LAST,
    NEVER,
    NODE,
    NU_E,
    NU_G_B,
    NU_G_E,
    OBSTRUCTION,
    ROUGHNESS,
    RX_0,
    RX_E,
    RX_G_B,
    RX_G_E,
    TX_0,
    TX_E,
    TX_G_B,
    TX_G_E,
    N,
    T,
    X,
)
from dtt_sim.typing import Float32Array, Float64Array


@inline_kernel
def interpolated(u: float, h0: float, h1: float, h2: float) -> float:
    """Height at `u` rows from the first of three."""
    is_upper = u >= 1.0
    near = h1 if is_upper else h0
    far = h2 if is_upper else h1
    return near + (u - (1.0 if is_upper else 0.0)) * (far - near)


@inline_kernel
def nearest(u: float, c0: float, c1: float, c2: float) -> float:
    """Value of the row nearest to `u`, of three."""
    return (c2 if u >= 1.5 else c1) if u >= 0.5 else c0


@inline_kernel
def _four(node: Float32Array, at: int) -> tuple[float, float, float, float]:
    """Four numbers of a column: three heights and the first row, or three clutter heights."""
    return (
        np.float64(node[at]), np.float64(node[at + 1]), np.float64(node[at + 2]),
        np.float64(node[at + 3]),
    )  # fmt: skip


@inline_kernel
def _larger(a: float, b: float) -> float:
    return max(b, a)


@lean_kernel
def from_transmitter(
    node: Float32Array, i: int, hts_m: float, has_clutter: bool, lane: Float64Array
) -> None:
    """Slopes at which column `i` is seen from the transmitter; eqs. (13), (77), (89b)."""
    at = float(i)
    inverse = 1.0 / at
    h0, h1, h2, row0 = _four(node, NODE * i)
    if not has_clutter:
        for r in range(GROUP):
            h = interpolated(at * lane[T * GROUP + r] - row0, h0, h1, h2)
            slope = (h - hts_m) * inverse
            slope = slope if at < lane[N * GROUP + r] else NEVER
            lane[TX_0 * GROUP + r] = _larger(slope, lane[TX_0 * GROUP + r])
            bent = slope - lane[A_E * GROUP + r] * at
            best, where = lane[TX_E * GROUP + r], lane[I_TX * GROUP + r]
            is_first = (bent > best) | ((bent == best) & (at < where))
            lane[TX_E * GROUP + r] = bent if is_first else best
            lane[I_TX * GROUP + r] = at if is_first else where
            bent = slope - lane[A_B * GROUP + r] * at
            lane[TX_G_B * GROUP + r] = _larger(bent, lane[TX_G_B * GROUP + r])
        return
    c0, c1, c2, _ = _four(node, NODE * i + 4)
    for r in range(GROUP):
        u = at * lane[T * GROUP + r] - row0
        is_mine = at < lane[N * GROUP + r]
        slope = (interpolated(u, h0, h1, h2) - hts_m) * inverse
        slope = slope if is_mine else NEVER
        lane[TX_0 * GROUP + r] = _larger(slope, lane[TX_0 * GROUP + r])
        bent = slope - lane[A_E * GROUP + r] * at
        best, where = lane[TX_E * GROUP + r], lane[I_TX * GROUP + r]
        is_first = (bent > best) | ((bent == best) & (at < where))
        lane[TX_E * GROUP + r] = bent if is_first else best
        lane[I_TX * GROUP + r] = at if is_first else where
        slope += nearest(u, c0, c1, c2) * inverse
        bent = slope - lane[A_E * GROUP + r] * at
        lane[TX_G_E * GROUP + r] = _larger(bent, lane[TX_G_E * GROUP + r])
        bent = slope - lane[A_B * GROUP + r] * at
        lane[TX_G_B * GROUP + r] = _larger(bent, lane[TX_G_B * GROUP + r])


@lean_kernel
def from_receiver(node: Float32Array, i: int, hts_m: float, lane: Float64Array) -> None:
    """Slopes at which column `i` is seen from the receivers, and its height above the chords.

    Equations (17), (81), (82a), (89a), (89c), without clutter.
    """
    at = float(i)
    h0, h1, h2, row0 = _four(node, NODE * i)
    for r in range(GROUP):
        x = lane[X * GROUP + r]
        is_mine = at < lane[N * GROUP + r]
        h = interpolated(at * lane[T * GROUP + r] - row0, h0, h1, h2)
        over = h - (hts_m + lane[CHORD * GROUP + r] * at)
        lane[OBSTRUCTION * GROUP + r] = _larger(
            over if is_mine else NEVER, lane[OBSTRUCTION * GROUP + r]
        )
        slope = (h - lane[HRS * GROUP + r]) / (x - at)
        slope = slope if is_mine else NEVER
        lane[RX_0 * GROUP + r] = _larger(slope, lane[RX_0 * GROUP + r])
        bent = slope + lane[A_E * GROUP + r] * (x + at)
        best, where = lane[RX_E * GROUP + r], lane[I_RX * GROUP + r]
        is_last = (bent > best) | ((bent == best) & (at > where))
        lane[RX_E * GROUP + r] = bent if is_last else best
        lane[I_RX * GROUP + r] = at if is_last else where
        bent = slope + lane[A_B * GROUP + r] * (x + at)
        lane[RX_G_B * GROUP + r] = _larger(bent, lane[RX_G_B * GROUP + r])


@lean_kernel
def from_receiver_over_clutter(
    node: Float32Array, i: int, hts_m: float, lane: Float64Array
) -> None:
    """The same with clutter."""
    at = float(i)
    h0, h1, h2, row0 = _four(node, NODE * i)
    c0, c1, c2, _ = _four(node, NODE * i + 4)
    for r in range(GROUP):
        x = lane[X * GROUP + r]
        u = at * lane[T * GROUP + r] - row0
        is_mine = at < lane[N * GROUP + r]
        inverse = 1.0 / (x - at)
        h = interpolated(u, h0, h1, h2)
        over = h - (hts_m + lane[CHORD * GROUP + r] * at)
        lane[OBSTRUCTION * GROUP + r] = _larger(
            over if is_mine else NEVER, lane[OBSTRUCTION * GROUP + r]
        )
        over = h - lane[HRS * GROUP + r]
        slope = over * inverse if is_mine else NEVER
        lane[RX_0 * GROUP + r] = _larger(slope, lane[RX_0 * GROUP + r])
        bent = slope + lane[A_E * GROUP + r] * (x + at)
        best, where = lane[RX_E * GROUP + r], lane[I_RX * GROUP + r]
        is_last = (bent > best) | ((bent == best) & (at > where))
        lane[RX_E * GROUP + r] = bent if is_last else best
        lane[I_RX * GROUP + r] = at if is_last else where
        slope = (over + nearest(u, c0, c1, c2)) * inverse if is_mine else NEVER
        bent = slope + lane[A_E * GROUP + r] * (x + at)
        lane[RX_G_E * GROUP + r] = _larger(bent, lane[RX_G_E * GROUP + r])
        bent = slope + lane[A_B * GROUP + r] * (x + at)
        lane[RX_G_B * GROUP + r] = _larger(bent, lane[RX_G_B * GROUP + r])


@lean_kernel
def in_line_of_sight(node: Float32Array, i: int, hts_m: float, lane: Float64Array) -> None:
    """ν|ν| of column `i`; eq. (15).

    In column units: ν sqrt(λ) is the root of the kept value times sqrt(0.002 x / step).
    """
    at = float(i)
    h0, h1, h2, row0 = _four(node, NODE * i)
    c0, c1, c2, _ = _four(node, NODE * i + 4)
    for r in range(GROUP):
        u = at * lane[T * GROUP + r] - row0
        is_mine = at < lane[N * GROUP + r]
        product = at * (lane[X * GROUP + r] - at)
        inverse = 1.0 / product
        over = interpolated(u, h0, h1, h2) - (hts_m + lane[CHORD * GROUP + r] * at)
        bulge = lane[A_E * GROUP + r] * product
        rise = over + bulge
        square = rise * abs(rise) * inverse if is_mine else NEVER
        best, where = lane[NU_E * GROUP + r], lane[I_NU * GROUP + r]
        is_last = (square > best) | ((square == best) & (at > where))
        lane[NU_E * GROUP + r] = square if is_last else best
        lane[I_NU * GROUP + r] = at if is_last else where
        over += nearest(u, c0, c1, c2)
        rise = over + bulge
        square = rise * abs(rise) * inverse if is_mine else NEVER
        lane[NU_G_E * GROUP + r] = _larger(square, lane[NU_G_E * GROUP + r])
        rise = over + lane[A_B * GROUP + r] * product
        square = rise * abs(rise) * inverse if is_mine else NEVER
        lane[NU_G_B * GROUP + r] = _larger(square, lane[NU_G_B * GROUP + r])


@lean_kernel
def over_smooth_earth(node: Float32Array, i: int, lane: Float64Array) -> None:
    """Height of column `i` over the smooth surface, between the horizons; eq. (95)."""
    at = float(i)
    h0, h1, h2, row0 = _four(node, NODE * i)
    for r in range(GROUP):
        h = interpolated(at * lane[T * GROUP + r] - row0, h0, h1, h2)
        over = h - (lane[HST * GROUP + r] + lane[HST_SLOPE * GROUP + r] * at)
        is_between = (at >= lane[FIRST * GROUP + r]) & (at <= lane[LAST * GROUP + r])
        lane[ROUGHNESS * GROUP + r] = _larger(
            over if is_between else NEVER, lane[ROUGHNESS * GROUP + r]
        )
