"""What a household receives of all services: programmes, with one aerial or one for each service.

A rooftop aerial has one direction and one polarisation. A household that receives a programme from
several services needs one of them only; one aerial is turned towards the mast that brings most
programmes, which is not always the best for each of the services.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim.network.evaluate import NOTHING
from dtt_sim.network.multiplex import MultiplexLayers, StationFields
from dtt_sim.network.setting import Setting, layers_of
from dtt_sim.typing import BoolArray, Float32Array, Float64Array, IntArray

ONE_MAST_KM = 0.5
"""Stations as near to each other as this, of one polarisation, lie in one direction."""
BLOCK_CELLS = 1 << 17
_KM_PER_DEG = 111.2


class OnAir(NamedTuple):
    """A service, the programmes that it carries, and what it gives if the aerial is aimed for it.

    Attributes
    ----------
    programmes : tuple of str
    settings : tuple of Setting
    afresh : MultiplexLayers
    """

    programmes: tuple[str, ...]
    settings: tuple[Setting, ...]
    afresh: MultiplexLayers


@dataclass(frozen=True, eq=False)
class Aerial:
    """What is received with a choice of aerials.

    Attributes
    ----------
    services_acceptable, services_good : (n_service, n_row, n_col) bool
    programmes_acceptable, programmes_good : (n_programme, n_row, n_col) bool
        A programme is received if any service that carries it is.
    """

    services_acceptable: BoolArray
    services_good: BoolArray
    programmes_acceptable: BoolArray
    programmes_good: BoolArray


@dataclass(frozen=True, eq=False)
class Household:
    """What households of every cell receive.

    Attributes
    ----------
    services, programmes : tuple of str
        Names along the first axis of what the aerials give.
    one : Aerial
        With one aerial for all services, turned where it brings most programmes.
    afresh : Aerial
        With one aimed for each service.
    aim : (n_row, n_col) int16
        Station towards which the one aerial points; -1 where nothing is received.
    """

    services: tuple[str, ...]
    programmes: tuple[str, ...]
    one: Aerial
    afresh: Aerial
    aim: NDArray[np.int16]


class _Best(NamedTuple):
    """The best direction so far, by cell of a block."""

    score: IntArray
    station: NDArray[np.int16]
    acceptable: BoolArray  # (n_service, n_cell)
    good: BoolArray


def receive_programmes(
    stations: Sequence[StationFields],
    services: Mapping[str, OnAir],
    lonlat_deg: tuple[Float64Array, Float64Array],
) -> Household:
    """Programmes that households receive with one aerial, and with one aimed for each service.

    The one aerial points at the best station of a service that is received with an aerial aimed for
    it, and has its polarisation: of these at the one with most programmes of good quality, then of
    acceptable quality, then with the strongest signal. What is not received with the aerial aimed for
    a service is not received with another direction either.

    Parameters
    ----------
    stations : sequence of StationFields
        All that are on air, on one grid.
    services : mapping of str to OnAir
        By id.
    lonlat_deg : two (n_row, n_col) float64
        Cell centres [deg].

    Returns
    -------
    Household

    Raises
    ------
    ValueError
        No service.
    """
    if not services:
        msg = "no service is on air; give at least one"
        raise ValueError(msg)
    programmes = tuple(dict.fromkeys(p for s in services.values() for p in s.programmes))
    carried = np.array([[p in s.programmes for s in services.values()] for p in programmes])
    carried = carried.reshape(len(programmes), len(services))
    shape = lonlat_deg[0].shape
    n = math.prod(shape)
    afresh = np.array([
        [s.afresh.served_acceptable.reshape(-1), s.afresh.served_good.reshape(-1)]
        for s in services.values()
    ])  # fmt: skip
    one = np.zeros_like(afresh)
    aim = np.full(n, NOTHING, np.int16)
    masts = _masts(stations)
    for first in range(0, n, BLOCK_CELLS):
        part = slice(first, min(first + BLOCK_CELLS, n))
        best = _turn_aerial(
            stations, list(services.values()), masts, carried, afresh[:, :, part], lonlat_deg, part
        )
        one[:, 0, part], one[:, 1, part], aim[part] = best.acceptable, best.good, best.station
    return Household(
        tuple(services), programmes, _aerial(one, carried, shape),
        _aerial(afresh, carried, shape), aim.reshape(shape),
    )  # fmt: skip


def _aerial(served: BoolArray, carried: BoolArray, shape: tuple[int, ...]) -> Aerial:
    acceptable, good = served[:, 0], served[:, 1]
    return Aerial(
        acceptable.reshape(-1, *shape), good.reshape(-1, *shape),
        _received(carried, acceptable).reshape(-1, *shape),
        _received(carried, good).reshape(-1, *shape),
    )  # fmt: skip


def _received(carried: BoolArray, served: BoolArray) -> BoolArray:
    """Programmes by cell (n_programme, n_cell), of the services that are received."""
    found = np.zeros((len(carried), served.shape[1]), np.bool_)
    for p, s in np.argwhere(carried):
        found[p] |= served[s]
    return found


def _masts(stations: Sequence[StationFields]) -> IntArray:
    """Number of the mast of each station: stations side by side have one."""
    mast = np.arange(len(stations))
    for k, s in enumerate(stations):
        for j, other in enumerate(stations[:k]):
            east = (s.lon_deg - other.lon_deg) * math.cos(math.radians(s.lat_deg))
            near = math.hypot(east, s.lat_deg - other.lat_deg) * _KM_PER_DEG <= ONE_MAST_KM
            if near and s.is_vertical == other.is_vertical:
                mast[k] = mast[j]
                break
    return mast


def _turn_aerial(
    stations: Sequence[StationFields],
    services: Sequence[OnAir],
    masts: IntArray,
    carried: BoolArray,
    afresh: BoolArray,
    lonlat_deg: tuple[Float64Array, Float64Array],
    part: slice,
) -> _Best:
    """The best direction of one aerial in each cell of a block."""
    n_service, _, n = afresh.shape
    best = _Best(
        np.zeros(n, np.int64), np.full(n, NOTHING, np.int16),
        np.zeros((n_service, n), np.bool_), np.zeros((n_service, n), np.bool_),
    )  # fmt: skip
    goal = _score(carried, afresh[:, 0], afresh[:, 1])
    server = np.array([s.afresh.best_server.reshape(-1)[part] for s in services])
    mast = masts[server]
    is_received = np.asarray(afresh.any(axis=1))
    level = _levels(stations, services, server, is_received, part)
    # Of the services that are received the strongest first; masts that were tried already fall out.
    order = np.argsort(-level, axis=0, kind="stable")
    every = np.arange(n)
    for turn in range(n_service):
        first = order[turn]
        is_new = np.isfinite(level[first, every]) & (best.score < goal)
        for before in order[:turn]:
            is_new &= mast[before, every] != mast[first, every]
        cells = np.flatnonzero(is_new)
        if not cells.size:
            continue
        aim, station = mast[first[cells], cells], server[first[cells], cells]
        here = afresh[:, :, cells]
        for k, service in enumerate(services):
            if service.settings[0].antenna.most_db == 0.0:
                continue  # no direction to choose
            other = np.flatnonzero(here[k].any(axis=0) & (mast[k, cells] != aim))
            if not other.size:
                continue
            layers = layers_of(
                service.settings, stations, lonlat_deg, station[other][None],
                part.start + cells[other], served_only=True,
            )  # fmt: skip
            here[k, 0, other] &= layers.served_acceptable[0]
            here[k, 1, other] &= layers.served_good[0]
        score = _score(carried, here[:, 0], here[:, 1])
        is_better = score > best.score[cells]
        won = cells[is_better]
        best.score[won], best.station[won] = score[is_better], station[is_better]
        best.acceptable[:, won] = here[:, 0, is_better]
        best.good[:, won] = here[:, 1, is_better]
    return best


def _score(carried: BoolArray, acceptable: BoolArray, good: BoolArray) -> IntArray:
    """Programmes of good quality count first, then those of acceptable quality."""
    n_good = _received(carried, good).sum(axis=0)
    n_acceptable = _received(carried, acceptable).sum(axis=0)
    return np.asarray(n_good * (len(carried) + 1) + n_acceptable)


def _levels(
    stations: Sequence[StationFields],
    services: Sequence[OnAir],
    server: NDArray[np.int16],
    is_received: BoolArray,
    part: slice,
) -> Float32Array:
    """By service and cell: what its best station has above the need of half of the locations [dB].

    -inf where the service is not received.
    """
    level = np.full(server.shape, -np.inf, np.float32)
    for k, service in enumerate(services):
        for group in service.settings[0].groups:
            for s in group.members:
                cells = np.flatnonzero(is_received[k] & (server[k] == s))
                field = stations[s].wanted_dbuv_m.reshape(-1)[part][cells]
                level[k, cells] = field - np.float32(group.budget.e_median_dbuv_m)
    return level
