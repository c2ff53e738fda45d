"""Small grounds, receivers and settings for the tests of the wedge search, and one way to run them.

A ground is a raster whose cells are the nodes of all four quadrants, so that a sector is cut from
it without any interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim.coverage.path import Signals
from dtt_sim.coverage.wedge.layout import SectorArrays, Setup
from dtt_sim.coverage.wedge.reference import Receivers, solve_each
from dtt_sim.coverage.wedge.solve import (
    Atmosphere,
    Output,
    PackedReceivers,
    empty_receivers,
    solve_wedges,
)
from terrain.ground import COASTAL, INLAND, SEA
from terrain.sector import local_of_node

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Int = NDArray[np.int64]

KINDS = ("flat", "ramp", "fractal", "cone", "noise", "coast", "sine", "cliffs")
LEAST_N = 10
"""Intervals of the shortest path that the search takes."""
UNWRITTEN = 7e7
"""What the results hold before."""


class Raster(NamedTuple):
    """Ground at (north + m, east + m), in cells from the transmitter; m is half the shape."""

    height_m: F32
    clutter_m: F32
    zone: U8


def fractal(n: int, seed: int, relief_m: float, beta: float = 1.8) -> F64:
    """A periodic square of n by n, from 0 to `relief_m`."""
    rng = np.random.default_rng(seed)
    f = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :])
    f[0, 0] = np.inf
    h = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((n, n))) * f**-beta, s=(n, n))
    h -= h.min()
    return h * (relief_m / h.max())


def make_raster(kind: str, q: int, seed: int, *, clutter: bool, coast: bool = False) -> Raster:
    """Ground of one of `KINDS` for discs of `q` columns; `coast` floods part of any kind."""
    rng = np.random.default_rng(seed)
    m = q + 3
    size = 2 * m + 1
    north, east = np.mgrid[-m : m + 1, -m : m + 1].astype(float)
    depth = fractal(size, seed + 1, 60.0, 1.9)  # below `shore` is the sea
    shore = np.quantile(depth, 0.35)
    if kind == "flat":
        height = np.full((size, size), 5.0)
    elif kind == "ramp":
        height = 2.0 * east + 0.5 * north + 3.0 * m
    elif kind == "fractal":
        height = fractal(size, seed, 600.0)
    elif kind == "cone":
        height = 1000.0 - 3.0 * np.hypot(east, north)
    elif kind == "noise":
        height = rng.uniform(0.0, 300.0, (size, size))
    elif kind == "coast":
        height = depth - shore
    elif kind == "sine":
        height = 100.0 + 100.0 * np.sin(east / 7.0) * np.cos(north / 11.0)
    elif kind == "cliffs":
        height = 150.0 * ((east // 13 + north // 9) % 3) + 0.05 * (depth - shore)
    else:
        raise ValueError(kind)
    zone = np.full((size, size), INLAND, np.uint8)
    if coast or kind == "coast":
        zone[depth < shore + 6.0] = COASTAL
        zone[depth < shore] = SEA
        height = np.where(zone == SEA, 0.0, height)
    patch = rng.choice([0.0, 0.0, 3.5, 10.0, 15.0, 20.0], (size // 5 + 1, size // 6 + 1))
    cover = np.kron(patch, np.ones((5, 6)))[:size, :size] * (zone != SEA)
    return Raster(
        height.astype(np.float32), (cover if clutter else 0.0 * cover).astype(np.float32), zone
    )


def nodes(q: int, k0: int, k1: int) -> tuple[Int, Int, Int, Int]:
    """Column and row of every node of the wedges k0 to k1, lowest rows and offsets of the columns.

    As :class:`terrain.sector.Sector` lays them out.
    """
    columns = np.arange(q + 1)
    first = columns * k0 // q
    count = columns * (k1 - 1) // q + 3 - first
    offset = np.concatenate([[0], np.cumsum(count)])
    i = np.repeat(columns, count)
    j = np.arange(offset[-1]) - np.repeat(offset[:-1] - first, count)
    return i, j, first, offset


def cut_sector(
    raster: Raster, quadrant: int, q: int, k0: int | None = None, k1: int | None = None
) -> SectorArrays:
    """Sector of wedges k0 to k1 of a raster, by default of the whole quadrant."""
    i, j, first, offset = nodes(q, -q if k0 is None else k0, q if k1 is None else k1)
    east, north = (v.astype(int) for v in local_of_node(quadrant, i, j, 1.0))
    m = raster.zone.shape[0] // 2
    at = north + m, east + m
    return SectorArrays(
        first.astype(np.int32), offset, raster.height_m[at], raster.clutter_m[at], raster.zone[at]
    )


def places(rng: np.random.Generator, q: int, n: int) -> F64:
    """(2, ...) range [columns] and slope of about `n` receivers where something is special, or nothing."""
    part = max(n // 8, 2)
    whole = rng.integers(LEAST_N, q + 1, 2 * part).astype(float)
    edge = np.arange(32.0, q, 32.0)
    edge = edge if edge.size else np.array([float(q)])
    near_edge = rng.choice(edge, part) + rng.choice([-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5], part)
    x = [
        whole,  # on nodes
        rng.uniform(LEAST_N - 0.5, q + 0.49, 2 * part),  # anywhere
        rng.uniform(LEAST_N, q, part),  # octant borders and the axis
        rng.uniform(LEAST_N, q, part),  # wedge borders
        near_edge + rng.choice([0.0, 1e-3, -1e-3], part),
        rng.uniform(LEAST_N, LEAST_N + 5.0, part // 2),
        rng.uniform(q - 1.5, q + 0.49, part // 2),
    ]
    row = np.array([rng.integers(-v, v + 1) for v in whole])
    border = rng.integers(-q, q + 1, part) / q
    t = [
        row / whole,
        rng.uniform(-1.0, 1.0, 2 * part),
        rng.choice([-1.0, 1.0, 0.0], part),
        border + rng.choice([0.0, 1e-9, -1e-9], part),
        rng.uniform(-1.0, 1.0, part),
        rng.uniform(-1.0, 1.0, part // 2),
        rng.uniform(-1.0, 1.0, part // 2),
    ]
    return np.stack(
        [
            np.clip(np.concatenate(x), LEAST_N - 0.49, q + 0.49),
            np.clip(np.concatenate(t), -1.0, 1.0),
        ]
    )


def all_nodes(q: int) -> F64:
    """(2, ...) range and slope of every node of a quadrant."""
    i, j, _, _ = nodes(q, -q, q)
    ok = (i >= LEAST_N) & (np.abs(j) <= i)
    return np.stack([i[ok].astype(float), j[ok] / i[ok]])


def positions(quadrant: int, x: F64, t: F64, cell_m: float) -> tuple[F32, F32]:
    east, north = local_of_node(quadrant, x, x * t, cell_m)
    return east.astype(np.float32), north.astype(np.float32)


def place_receivers(raster: Raster, quadrant: int, x: F64, t: F64, cell_m: float) -> Receivers:
    """Receivers on a raster: bilinear height, zone and clutter of the nearest cell."""
    east_m, north_m = positions(quadrant, x, t, cell_m)
    m = raster.zone.shape[0] // 2
    row, col = north_m.astype(float) / cell_m + m, east_m.astype(float) / cell_m + m
    r, c = np.floor(row).astype(int), np.floor(col).astype(int)
    v, w = row - r, col - c
    h = raster.height_m.astype(float)
    height = (1 - v) * ((1 - w) * h[r, c] + w * h[r, c + 1]) + v * (
        (1 - w) * h[r + 1, c] + w * h[r + 1, c + 1]
    )
    near = np.round(row).astype(int), np.round(col).astype(int)
    return Receivers(
        east_m, north_m, height.astype(np.float32), raster.zone[near], raster.clutter_m[near]
    )


def packed(receivers: Receivers, order: NDArray[np.int32]) -> PackedReceivers:
    """Receivers in an order, side by side."""
    found = empty_receivers(order.size, with_clutter=receivers.clutter_m.size > 0)
    found.place[0::4], found.place[1::4] = receivers.east_m[order], receivers.north_m[order]
    found.place[2::4], found.cell[3::4] = receivers.height_m[order], order
    found.zone[:] = receivers.zone[order]
    if receivers.clutter_m.size > 0:
        found.clutter_m[:] = receivers.clutter_m[order]
    return found


def to_range_cross(quadrant: int, receivers: Receivers) -> tuple[F64, F64]:
    """Along and across the quadrant's axis [m], float64."""
    east, north = receivers.east_m.astype(float), receivers.north_m.astype(float)
    return ((east, north), (north, east), (-east, north), (-north, east))[quadrant]


def samples(sector: SectorArrays, x: float, t: float) -> tuple[Int, Int, F64]:
    """Columns of a path's samples but the receiver, the nodes below them, and rows above those."""
    i = np.arange(int(x + 0.5))
    u = i * t
    row = np.minimum(np.floor(u), i + 1).astype(int)
    return i, sector.offset[i] + row - sector.first_row[i], u - row


@dataclass(frozen=True)
class Setting:
    """Masts, signals and air of one run."""

    htg_m: float = 50.0
    hrg_m: float = 10.0
    cell_m: float = 30.0
    f_ghz: tuple[float, ...] = (0.6,)
    polarisation: tuple[int, ...] = (1,)
    p_time: tuple[float, ...] = (50.0, 1.0)
    p_location: tuple[float, ...] = (50.0, 50.0)
    radius_km: float = 1e9
    sigma_db: float = 5.5
    sigma_falls: bool = False
    lat_deg: tuple[float, float] = (10.0, 12.0)  # south and north end of the disc
    delta_n: tuple[float, float] = (45.0, 60.0)  # west and east end
    n0: float = 350.0


def draw_setting(rng: np.random.Generator) -> Setting:
    """Anything that P.1812 covers: 30 MHz to 6 GHz, masts of 5 m to 1 km."""
    n_time = int(rng.integers(1, 4))
    p_time = np.where(rng.random(n_time) < 0.3, 50.0, 10 ** rng.uniform(0.0, np.log10(50), n_time))
    delta_n, lat = rng.uniform(20.0, 100.0), rng.uniform(-78.0, 76.0)
    f_mhz = 10 ** rng.uniform(np.log10(30.0), np.log10(6000.0), 3)
    return Setting(
        htg_m=float(10 ** rng.uniform(np.log10(5.0), 3.0)),
        hrg_m=float(rng.uniform(1.5, 20.0)),
        cell_m=float(rng.choice([30.0, 90.0, 400.0, 1500.0])),
        f_ghz=tuple((f_mhz / 1000.0).tolist()),
        polarisation=tuple(rng.permutation([1, 2, int(rng.integers(1, 3))]).tolist()),
        p_time=tuple(p_time.tolist()),
        p_location=tuple(rng.choice([1.0, 50.0, 95.0, 37.0], n_time).tolist()),
        sigma_db=float(rng.uniform(0.0, 9.0)),
        sigma_falls=bool(rng.random() < 0.5),
        lat_deg=(lat, lat + 2.0),
        delta_n=(delta_n, delta_n * rng.uniform(1.0, 1.2)),
        n0=float(rng.uniform(300.0, 390.0)),
    )


@dataclass(frozen=True)
class Problem:
    """All arguments of `solve_wedges` and `solve_each` but the results."""

    sector: SectorArrays
    setup: Setup
    quadrant: int
    htg_m: float
    zone_t: int
    receivers: Receivers
    wedge: Int  # of every receiver
    atmosphere: Atmosphere
    signals: Signals

    def empty_output(self) -> Output:
        n = self.receivers.east_m.size
        shape = self.signals.f_ghz.size, self.signals.p_time.size, n
        return Output(
            np.full(shape, UNWRITTEN, np.float32), np.full(n, UNWRITTEN, np.float32),
            np.zeros(n, np.uint8),
        )  # fmt: skip

    def fast(
        self,
        chosen: Int | None = None,
        *,
        wedges: tuple[int, int] | None = None,
        out: Output | None = None,
        debug: bool = False,
    ) -> tuple[Output, Int]:
        """Results and counters of `solve_wedges`; receivers keep the order of `chosen`."""
        chosen = np.arange(self.wedge.size) if chosen is None else chosen
        begin, end = wedges or (-self.setup.q, self.setup.q)
        wedge = self.wedge[chosen]
        own = (wedge >= begin) & (wedge < end)
        key = wedge[own] - begin
        order = chosen[own][np.argsort(key, kind="stable")].astype(np.int32)
        start = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=end - begin))])
        out = self.empty_output() if out is None else out
        count = solve_wedges(
            self.sector, self.setup, self.quadrant, begin, end, self.htg_m, self.zone_t,
            packed(self.receivers, order), start.astype(np.int64), self.atmosphere, self.signals,
            out, debug,
        )  # fmt: skip
        return out, count

    def reference(self, chosen: Int) -> Output:
        """Results of `solve_each` for the receivers `chosen`, in their places."""
        out = self.empty_output()
        solve_each(
            self.sector, self.setup, self.quadrant, self.htg_m, self.receivers,
            chosen.astype(np.int64), self.atmosphere, self.signals, out,
        )  # fmt: skip
        return out

    def moved(self, *, htg_m: float = 0.0, hrg_m: float = 0.0) -> Problem:
        """The same with the antennas a little higher."""
        setup = self.setup._replace(hts_m=self.setup.hts_m + htg_m, hrg_m=self.setup.hrg_m + hrg_m)
        return replace(self, setup=setup, htg_m=self.htg_m + htg_m)

    def profile(self, at: int) -> tuple[F64, F64, F64, Int]:
        """Distance, height, clutter and zone along one receiver's path, in plain NumPy."""
        along, across = (float(v[at]) for v in to_range_cross(self.quadrant, self.receivers))
        x, t = along / (1000.0 * self.setup.cell_km), across / along
        i, place, w = samples(self.sector, x, t)
        h = self.sector.height_m.astype(float)
        height = h[place] + w * (h[place + 1] - h[place])
        near = place + (w >= 0.5)
        step = self.setup.cell_km * np.sqrt(1.0 + t * t)
        clutter = self.sector.clutter_m[near] if self.setup.has_clutter else np.zeros(i.size)
        return (
            np.append(i * step, x * step),
            np.append(height, float(self.receivers.height_m[at])),
            np.append(clutter, 0.0).astype(float),
            np.append(self.sector.zone[near], self.receivers.zone[at]).astype(int),
        )

    def plain(self, at: int, *, stretch: float = 0.0) -> F64:
        """(n_emission, n_time) losses of one receiver by `naive.predict`, with its NumPy path.

        `stretch` lengthens the last step by that share of the path.
        """
        import naive  # only where the conftest of the wedge tests is

        d, h, clutter, zone = self.profile(at)
        d[-1] *= 1.0 + stretch
        signals = self.signals
        lat, delta_n, n0 = self.air(at)
        share = 1.0
        if signals.sigma_falls:
            over = self.setup.hrg_m - float(self.receivers.clutter_m[at])
            share = min(1.0, max(0.0, 1.0 - over / 10.0))
        loss = np.empty((signals.f_ghz.size, signals.p_time.size))
        for k, f in enumerate(signals.f_ghz):
            for j, p in enumerate(signals.p_time):
                loss[k, j] = naive.predict(
                    d, h.copy(), clutter, zone, f=f, p=p, htg=self.htg_m, hrg=self.setup.hrg_m,
                    phi=lat, delta_n=delta_n, n0=n0, pol=int(signals.polarisation[k]),
                    p_location=signals.p_location[j], sigma=signals.sigma_db[k] * share,
                )["Lb_dB"]  # fmt: skip
        return loss

    def air(self, at: int) -> tuple[float, float, float]:
        """Latitude, ΔN and N0 at one receiver: the lattice is linear."""
        air = self.atmosphere
        row = (float(self.receivers.north_m[at]) - air.north_m) / air.spacing_m
        col = (float(self.receivers.east_m[at]) - air.east_m) / air.spacing_m
        lat, delta_n = air.value[:, 0, 0], air.value[0, :, 1]
        return (
            float(np.interp(row, np.arange(lat.size), lat)),
            float(np.interp(col, np.arange(delta_n.size), delta_n)),
            float(air.value[0, 0, 2]),
        )


def pose(
    sector: SectorArrays,
    receivers: Receivers,
    quadrant: int,
    q: int,
    setting: Setting,
    *,
    zone: int = 0,
) -> Problem:
    """The arguments for receivers of a sector; `zone` is that of the whole of it, or 0."""
    at_tx = int(sector.offset[0] - sector.first_row[0])
    h_t = float(sector.height_m[at_tx])
    has_clutter = bool(sector.clutter_m.size) and bool(sector.clutter_m.any())
    span = setting.cell_m * q * 1.5
    value = np.empty((3, 4, 3))
    value[..., 0] = np.linspace(*setting.lat_deg, 3)[:, None]
    value[..., 1] = np.linspace(*setting.delta_n, 4)[None, :]
    value[..., 2] = setting.n0
    inverse_ae = (157.0 - value[..., 1]) / (157.0 * 6371.0)
    setup = Setup(
        q, setting.cell_m / 1000.0, h_t, h_t + setting.htg_m, setting.hrg_m, 1.0 / (3.0 * 6371.0),
        float(inverse_ae.min()), float(inverse_ae.max()),
        float(np.sqrt(0.2998 / min(setting.f_ghz))), has_clutter,
        any(p != 50.0 for p in setting.p_time), zone,
    )  # fmt: skip
    n_time = len(setting.p_time)
    signals = Signals(
        np.array(setting.f_ghz), np.array(setting.polarisation, np.int64),
        np.array(setting.p_time), np.array(setting.p_location),
        np.full(n_time, setting.radius_km), np.full(len(setting.f_ghz), setting.sigma_db),
        setting.sigma_falls,
    )  # fmt: skip
    along, across = to_range_cross(quadrant, receivers)
    n = np.floor(along / (1000.0 * setup.cell_km) + 0.5)
    if (n < LEAST_N).any() or (n > q).any() or (np.abs(across) > along).any():
        msg = "receivers outside the sector"
        raise ValueError(msg)
    wedge = np.minimum(np.floor(across / along * q), q - 1).astype(np.int64)
    return Problem(
        sector, setup, quadrant, setting.htg_m, int(sector.zone[at_tx]), receivers, wedge,
        Atmosphere(value, -span, -span, span), signals,
    )  # fmt: skip
