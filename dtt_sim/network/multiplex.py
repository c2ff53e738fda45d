"""Service of a multiplex over a grid, with all other stations on air; block by block.

Works on the field strengths of a run: delays, powers, modes and protection ratios change without a
new path loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from dtt_sim._jit import driver
from dtt_sim.network.azimuth import write_azimuths
from dtt_sim.network.discrimination import OMNIDIRECTIONAL, Discrimination
from dtt_sim.network.evaluate import (
    NO_DATA,
    NOTHING,
    GroupArrays,
    Location,
    Need,
    Receiving,
    Rules,
    cause_of,
    empty_scratch,
    evaluate_aim,
    evaluate_group,
)
from dtt_sim.network.lognormal import METHODS
from dtt_sim.network.reception import LinkBudget
from dtt_sim.network.sfn import STRATEGIES, SfnReceiver, Window
from dtt_sim.typing import BoolArray, Float32Array, Float64Array, IntArray, UInt8Array
from dtt_sim.units import SPEED_OF_LIGHT_KM_PER_US
from terrain.threads import in_threads

BLOCK_CELLS = 1 << 15
"""Most cells worked on at a time; bounds the memory of what is stacked."""
LEAST_CELLS = 1 << 10
"""Fewest, unless there are no more: a thread has to be worth its start."""


@dataclass(frozen=True, eq=False)
class StationFields:
    """What a transmitter does to a grid.

    Attributes
    ----------
    name : str
    lat_deg, lon_deg : float
    wanted_dbuv_m, interfering_dbuv_m : (n_row, n_col) float32
        Field exceeded for the wanted (50 %) and the interfering (1 %) percentage of time [dB(µV/m)];
        NaN where not known.
    distance_km : (n_row, n_col) float32
    delay_us : float
        Static delay [µs].
    is_vertical : bool
        Polarisation.
    """

    name: str
    lat_deg: float
    lon_deg: float
    wanted_dbuv_m: Float32Array
    interfering_dbuv_m: Float32Array
    distance_km: Float32Array
    delay_us: float = 0.0
    is_vertical: bool = False

    def with_fields(self, change: Callable[[Float32Array], Float32Array]) -> StationFields:
        """The same station over other cells: fields and distances changed alike."""
        return replace(
            self,
            wanted_dbuv_m=change(self.wanted_dbuv_m),
            interfering_dbuv_m=change(self.interfering_dbuv_m),
            distance_km=change(self.distance_km),
        )

    def at(self, cells: slice | NDArray[np.integer]) -> StationFields:
        """The same station over some cells, positions in the flat grid; (1, n)."""
        return self.with_fields(lambda values: values.reshape(1, -1)[:, cells])

    def __post_init__(self) -> None:
        """Refuse a delay without meaning and arrays of different grids."""
        if not math.isfinite(self.delay_us):
            msg = f"station {self.name}: delay_us = {self.delay_us}; give microseconds"
            raise ValueError(msg)
        shapes = {a.shape for a in (self.wanted_dbuv_m, self.interfering_dbuv_m, self.distance_km)}
        if len(shapes) != 1:
            msg = f"station {self.name}: fields and distances of shapes {shapes}; use one grid"
            raise ValueError(msg)


class Interferer(NamedTuple):
    """A station that disturbs.

    Attributes
    ----------
    station : int
    ratio_db : float
        Protection ratio against its field at the interfering percentage of time [dB].
    lasting_db : float
        Protection ratio against its field at the wanted percentage, for interference all the time
        [dB]; -inf where the other covers that, as it does for a wanted digital signal.
    """

    station: int
    ratio_db: float
    lasting_db: float = -math.inf


@dataclass(frozen=True)
class Group:
    """What a receiver takes its picture from.

    Attributes
    ----------
    members : tuple of int
        Stations of a single-frequency network, or the one station.
    budget : LinkBudget
        What is needed of them.
    others : tuple of Interferer
    """

    members: tuple[int, ...]
    budget: LinkBudget
    others: tuple[Interferer, ...] = ()

    def without(self, station: int) -> Group:
        """The same with a station off the air."""
        return replace(
            self,
            members=tuple(s for s in self.members if s != station),
            others=tuple(o for o in self.others if o.station != station),
        )

    def arrays(self) -> GroupArrays:
        """As the kernels know it."""
        return GroupArrays(
            np.array(self.members, np.int64),
            np.array([o.station for o in self.others], np.int64),
            np.array([o.ratio_db - self.budget.cn_db for o in self.others], np.float64),
            np.array([o.lasting_db - self.budget.cn_db for o in self.others], np.float64),
        )


@dataclass(frozen=True, eq=False)
class MultiplexLayers:
    """Service of a multiplex and what stands behind it, all `(n_row, n_col)`.

    Attributes
    ----------
    probability : float32
        Share of a cell's locations at which the multiplex is received, 0..1; NaN: no data.
    margin_db : float32
        By which C/(N + I) exceeds what good reception needs [dB]; NaN: no data.
    best_server : int16
        Station towards which the antenna points, -1 where no field is known.
    served_acceptable, served_good : bool
        Probability reaches the share that counts as acceptable (70 %) or good (95 %).
    cause : uint8
        Why a cell is not well served: position in :data:`dtt_sim.network.evaluate.CAUSES`.
    culprit : int16
        Station that disturbs most, where the cause is interference; otherwise -1.
    wanted_db, unwanted_db : float32
        Sum of the useful parts, and of noise and all that disturbs [dB(µV/m)].
    gain_db : float32
        What the network adds to the margin of its best station alone, against noise [dB].
    n_station : uint8
        Stations of which each alone would give acceptable reception against noise.
    """

    probability: Float32Array
    margin_db: Float32Array
    best_server: NDArray[np.int16]
    served_acceptable: BoolArray
    served_good: BoolArray
    cause: UInt8Array
    culprit: NDArray[np.int16]
    wanted_db: Float32Array
    unwanted_db: Float32Array
    gain_db: Float32Array
    n_station: UInt8Array


def kernel_rules(receiver: SfnReceiver, *, served_only: bool = False) -> Rules:
    """A receiver as the kernels know it."""
    below = receiver.threshold_below_strongest_db
    return Rules(
        STRATEGIES.index(receiver.strategy),
        math.nan if below is None else below,
        receiver.strongest_at,
        receiver.interference_time == "wanted",
        receiver.aim == "best",
        METHODS.index(receiver.summation),
        receiver.k_factor,
        receiver.correlation,
        served_only,
    )


def need_of(budget: LinkBudget) -> Need:
    """What a link budget asks for, as the kernels know it."""
    return Need(
        budget.cn_db,
        budget.e_median_dbuv_m - budget.cn_db,
        budget.sigma_db,
        float(ndtri(0.01 * budget.good_location_percent)),
        float(ndtri(0.01 * budget.acceptable_location_percent)),
    )


class _Groups(NamedTuple):
    """Groups as flat arrays: those of group g stand from `start[g]` to `start[g + 1]`."""

    member_start: IntArray
    other_start: IntArray
    member: IntArray
    other: IntArray
    excess_db: Float64Array
    lasting_db: Float64Array
    need: Float64Array  # (n_group, 5)


class _Sites(NamedTuple):
    """By station: unit vectors of its position, delay and polarisation."""

    x: Float64Array
    y: Float64Array
    z: Float64Array
    delay_us: Float64Array
    polarisation: IntArray


class _Out(NamedTuple):
    """Results, flat; as :class:`MultiplexLayers` names them."""

    sigmas: Float64Array
    margin: Float32Array
    server: NDArray[np.int16]
    cause: UInt8Array
    culprit: NDArray[np.int16]
    wanted: Float32Array
    unwanted: Float32Array
    gain: Float32Array
    n_station: UInt8Array

    @classmethod
    def empty(cls, n: int) -> _Out:
        """Room for `n` cells."""
        return cls(
            np.empty(n), np.empty(n, np.float32), np.empty(n, np.int16), np.empty(n, np.uint8),
            np.empty(n, np.int16), np.empty(n, np.float32), np.empty(n, np.float32),
            np.empty(n, np.float32), np.empty(n, np.uint8),
        )  # fmt: skip

    def part(self, cells: slice) -> _Out:
        """Some of the cells, the same memory."""
        return type(self)._make(array[cells] for array in self)


def evaluate_multiplex(
    stations: Sequence[StationFields],
    groups: Sequence[Group],
    lonlat_deg: tuple[Float64Array, Float64Array],
    *,
    window: Window,
    receiver: SfnReceiver | None = None,
    antenna: Discrimination = OMNIDIRECTIONAL,
    aim: NDArray[np.int16] | None = None,
    cells: IntArray | None = None,
    served_only: bool = False,
) -> MultiplexLayers:
    """Service of a multiplex: in every cell of its best group.

    Parameters
    ----------
    stations : sequence of StationFields
        All that are on air, on one grid.
    groups : sequence of Group
        One for a single-frequency network, one for each station otherwise.
    lonlat_deg : two (n_row, n_col) float64
        Cell centres [deg].
    window : Window
        Of the receiver, for the multiplex's mode.
    receiver : SfnReceiver, optional
    antenna : Discrimination
        Of the receiving antenna.
    aim : (n_row, n_col) int16, optional
        Station towards which it points, and whose polarisation it has, cell by cell; -1, and the
        default, points it by the receiver's rules.
    cells : (n,) int64, optional
        Only these cells, positions in the flat grid; layers and `aim` are (1, n) then.
    served_only : bool
        Sooner done where only `served_acceptable` and `served_good`, and the station of served cells,
        are asked for: what noise alone leaves without acceptable reception is not looked at further.

    Returns
    -------
    MultiplexLayers

    Raises
    ------
    ValueError
        No group, a group without stations, stations on different grids or not there.
    """
    receiver = receiver or SfnReceiver()
    shape = _check(stations, groups)
    flat = _flatten(groups)
    lon, lat = (np.radians([getattr(s, name) for s in stations]) for name in ("lon_deg", "lat_deg"))
    sites = _Sites(
        np.cos(lat) * np.cos(lon),
        np.cos(lat) * np.sin(lon),
        np.sin(lat),
        np.array([s.delay_us for s in stations], np.float64),
        np.array([s.is_vertical for s in stations], np.int64),
    )
    if cells is not None:
        shape = (1, cells.size)
    n = int(np.prod(shape))
    out = _Out.empty(n)
    receiving = Receiving(window, antenna, kernel_rules(receiver, served_only=served_only))
    acceptable = ndtri(0.01 * np.array([g.budget.acceptable_location_percent for g in groups]))
    lon, lat = (np.ascontiguousarray(v, np.float64).reshape(-1) for v in lonlat_deg)
    if cells is not None:
        lon, lat = lon[cells], lat[cells]
    used = np.unique(np.concatenate([flat.member, flat.other]))

    aims = np.full(n, NOTHING) if aim is None else aim.astype(np.int64).reshape(-1)
    if aims.size != n or not (aims < len(stations)).all():
        msg = (
            f"aim of {aims.size} cells for {n}, and {len(stations)} stations; give one of them each"
        )
        raise ValueError(msg)
    block = min(BLOCK_CELLS, max(LEAST_CELLS, n // (4 * numba.get_num_threads())))

    def work(first: int) -> None:
        part = slice(first, min(first + block, n))
        where = part if cells is None else cells[part]
        size = part.stop - part.start
        _evaluate_cells(
            _stack(stations, used, "wanted_dbuv_m", where, size),
            _stack(stations, used, "interfering_dbuv_m", where, size),
            _stack(stations, used, "distance_km", where, size),
            lon[part], lat[part], aims[part], sites, flat, receiving, out.part(part),
        )  # fmt: skip

    in_threads(work, range(0, n, block)) if n > block else work(0)
    good = np.array([g.budget.good_location_percent for g in groups])
    return _layers(out, shape, float(acceptable[0]), float(ndtri(0.01 * good[0])))


def _layers(out: _Out, shape: tuple[int, ...], acceptable: float, good: float) -> MultiplexLayers:
    sigmas = out.sigmas.reshape(shape)
    return MultiplexLayers(
        probability=ndtr(sigmas).astype(np.float32),
        margin_db=out.margin.reshape(shape),
        best_server=out.server.reshape(shape),
        served_acceptable=sigmas >= acceptable,
        served_good=sigmas >= good,
        cause=out.cause.reshape(shape),
        culprit=out.culprit.reshape(shape),
        wanted_db=out.wanted.reshape(shape),
        unwanted_db=out.unwanted.reshape(shape),
        gain_db=out.gain.reshape(shape),
        n_station=out.n_station.reshape(shape),
    )


def _check(stations: Sequence[StationFields], groups: Sequence[Group]) -> tuple[int, ...]:
    if not stations or not groups or not all(g.members for g in groups):
        msg = "no station to receive; give at least one group with a station"
        raise ValueError(msg)
    shapes = {s.wanted_dbuv_m.shape for s in stations}
    if len(shapes) != 1:
        msg = f"stations on grids of shapes {shapes}; use one grid"
        raise ValueError(msg)
    known = range(len(stations))
    for g in groups:
        disturbing = [o.station for o in g.others]
        wrong = [s for s in (*g.members, *disturbing) if s not in known]
        if wrong:
            msg = f"a group names station {wrong[0]} of {len(stations)}; count from 0"
            raise ValueError(msg)
        both = set(g.members) & set(disturbing)
        if both:
            msg = f"station {stations[min(both)].name} is wanted and disturbs in one group"
            raise ValueError(msg)
        bad = [stations[o.station].name for o in g.others if not math.isfinite(o.ratio_db)]
        if bad:
            msg = f"station {bad[0]} has no protection ratio; leave out what does not disturb"
            raise ValueError(msg)
    shape: tuple[int, ...] = next(iter(shapes))
    return shape


def _flatten(groups: Sequence[Group]) -> _Groups:
    member, other, excess, lasting = map(
        np.concatenate, zip(*(g.arrays() for g in groups), strict=True)
    )
    return _Groups(
        np.cumsum([0, *(len(g.members) for g in groups)], dtype=np.int64),
        np.cumsum([0, *(len(g.others) for g in groups)], dtype=np.int64),
        member,
        other,
        excess,
        lasting,
        np.array([need_of(g.budget) for g in groups], np.float64),
    )


def _stack(
    stations: Sequence[StationFields], used: IntArray, name: str, where: slice | IntArray, size: int
) -> Float32Array:
    """Some cells of all stations, (n_station, n_cell); NaN for those that are not used."""
    stack = np.full((len(stations), size), np.nan, np.float32)
    for s in used:
        stack[s] = getattr(stations[s], name).reshape(-1)[where]
    return stack


@driver
def _evaluate_cells(
    wanted: Float32Array,
    interfering: Float32Array,
    distance_km: Float32Array,
    lon_deg: Float64Array,
    lat_deg: Float64Array,
    aim: IntArray,
    sites: _Sites,
    groups: _Groups,
    receiving: Receiving,
    out: _Out,
) -> None:
    n_station, n_cell = wanted.shape
    scratch = empty_scratch(n_station)
    e_wanted, e_interfering = np.empty(n_station), np.empty(n_station)
    arrival, azimuth = np.empty(n_station), np.zeros(n_station)
    here = Location(e_wanted, e_interfering, arrival, azimuth, sites.polarisation)
    is_directive = receiving.antenna.most_db > 0.0
    for cell in range(n_cell):
        for s in range(n_station):
            e_wanted[s] = np.float64(wanted[s, cell])
            e_interfering[s] = np.float64(interfering[s, cell])
            distance = np.float64(distance_km[s, cell])
            arrival[s] = sites.delay_us[s] + distance / SPEED_OF_LIGHT_KM_PER_US
        if is_directive:
            write_azimuths(lon_deg[cell], lat_deg[cell], sites.x, sites.y, sites.z, azimuth)
        out.sigmas[cell] = math.nan
        out.margin[cell] = out.wanted[cell] = np.float32(math.nan)
        out.unwanted[cell] = out.gain[cell] = np.float32(math.nan)
        out.server[cell] = out.culprit[cell] = NOTHING
        out.cause[cell], n_alone = NO_DATA, 0
        for g in range(groups.member_start.size - 1):
            member = groups.member[groups.member_start[g] : groups.member_start[g + 1]]
            first, last = groups.other_start[g], groups.other_start[g + 1]
            need = Need(
                groups.need[g, 0], groups.need[g, 1], groups.need[g, 2], groups.need[g, 3],
                groups.need[g, 4],
            )  # fmt: skip
            group = GroupArrays(
                member, groups.other[first:last], groups.excess_db[first:last],
                groups.lasting_db[first:last],
            )  # fmt: skip
            to_beat = -math.inf if math.isnan(out.sigmas[cell]) else out.sigmas[cell]
            if aim[cell] == NOTHING:
                found = evaluate_group(group, here, need, receiving, scratch, to_beat)
            else:
                found = evaluate_aim(aim[cell], group, here, need, receiving, scratch, to_beat)
            floor = need.noise_db + need.cn_db
            alone = -math.inf
            for s in member:
                alone = max(alone, e_wanted[s])
                n_alone += e_wanted[s] >= floor + need.acceptable_sigmas * need.sigma_db
            if found.aim == NOTHING or found.sigmas <= out.sigmas[cell]:
                continue
            out.sigmas[cell] = found.sigmas
            over = found.c_db - found.i_db - need.cn_db
            out.margin[cell] = over - need.good_sigmas * found.spread_db
            out.server[cell] = found.aim
            out.wanted[cell], out.unwanted[cell] = found.c_db, found.i_db
            with_all = found.c_db - floor - need.good_sigmas * found.c_sigma_db
            out.gain[cell] = with_all - (alone - floor - need.good_sigmas * need.sigma_db)
            cause, culprit = cause_of(found, need.good_sigmas)
            out.cause[cell], out.culprit[cell] = cause, culprit
        out.n_station[cell] = min(n_alone, 255)
