"""What households with and without a DVB-T2 receiver get in a phase, over cells with people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim.network.azimuth import azimuth_deg_of
from dtt_sim.network.evaluate import NOTHING
from dtt_sim.network.household import OnAir, receive_programmes
from dtt_sim.network.multiplex import MultiplexLayers, StationFields
from dtt_sim.network.setting import Setting
from dtt_sim.typing import BoolArray, Float64Array, IntArray

LonLat = tuple[Float64Array, Float64Array]


class PhaseService(NamedTuple):
    """A service in a phase.

    Attributes
    ----------
    programmes : tuple of str
    setting : Setting
        Whose `served_good` is what counts as received.
    is_analogue : bool
    """

    programmes: tuple[str, ...]
    setting: Setting
    is_analogue: bool


@dataclass(frozen=True, eq=False)
class PhaseNetwork:
    """Everything that is on air in a phase.

    Attributes
    ----------
    id : str
    stations : tuple of StationFields
        Over `(1, n)` cells.
    services : dict of str to PhaseService
        By id.
    """

    id: str
    stations: tuple[StationFields, ...]
    services: Mapping[str, PhaseService]


@dataclass(frozen=True, eq=False)
class Direction:
    """Where aerials point, by cell `(n,)`: the place of a mast, NaN for nowhere.

    Attributes
    ----------
    lon_deg, lat_deg : float64
    is_vertical : bool
    """

    lon_deg: Float64Array
    lat_deg: Float64Array
    is_vertical: BoolArray

    def turned_deg(self, before: Direction, lonlat_deg: LonLat) -> Float64Array:
        """By how much aerials turn from another direction, `(n,)` [deg].

        180 for a change of polarisation, 0 where one of the two points nowhere.
        """
        here = lonlat_deg[0][0], lonlat_deg[1][0]
        now = azimuth_deg_of(*here, self.lon_deg, self.lat_deg)
        then = azimuth_deg_of(*here, before.lon_deg, before.lat_deg)
        turned = np.abs((now - then + 180.0) % 360.0 - 180.0)
        turned = np.where(self.is_vertical == before.is_vertical, turned, 180.0)
        points = np.isfinite(self.lon_deg) & np.isfinite(before.lon_deg)
        return np.where(points, turned, 0.0)


@dataclass(frozen=True, eq=False)
class Reception:
    """What a kind of household receives in a phase.

    Attributes
    ----------
    services : tuple of str
        That it can use.
    served : (n_service, n) bool
        With its aerial.
    afresh : (n_service, n) bool
        With one aimed for each service.
    direction : Direction
        Of its aerial.
    """

    services: tuple[str, ...]
    served: BoolArray
    afresh: BoolArray
    direction: Direction

    def gets(self, carriers: frozenset[str], *, afresh: bool = False) -> BoolArray:
        """Whether any of some services is received, `(n,)`."""
        rows = [k for k, name in enumerate(self.services) if name in carriers]
        return np.asarray((self.afresh if afresh else self.served)[rows].any(axis=0))


def layers_of_phase(
    network: PhaseNetwork, lonlat_deg: LonLat, *, with_causes: bool = True
) -> dict[str, MultiplexLayers]:
    """Every service of a phase, the aerial aimed for it; sooner without causes and margins."""
    return {
        name: service.setting.layers(network.stations, lonlat_deg, served_only=not with_causes)
        for name, service in network.services.items()
    }


def receive(
    network: PhaseNetwork,
    layers: Mapping[str, MultiplexLayers],
    lonlat_deg: LonLat,
    *,
    with_receiver: bool,
    one_aerial: bool,
) -> Reception:
    """What households receive in a phase.

    Parameters
    ----------
    layers : mapping
        As :func:`layers_of_phase` gives them.
    with_receiver : bool
        Whether they have a DVB-T2 receiver; others use analogue services only.
    one_aerial : bool
        One aerial for all services, turned where it brings most programmes; or one for each.
    """
    usable = {
        name: OnAir(s.programmes, (s.setting,), layers[name])
        for name, s in network.services.items()
        if with_receiver or s.is_analogue
    }
    n = lonlat_deg[0].shape[1]
    if not usable:
        nothing = np.zeros((0, n), np.bool_)
        return Reception((), nothing, nothing, _directions(network, np.full(n, NOTHING)))
    found = receive_programmes(network.stations, usable, lonlat_deg)
    aerial = found.one if one_aerial else found.afresh
    return Reception(
        found.services, aerial.services_good[:, 0], found.afresh.services_good[:, 0],
        _directions(network, found.aim[0]),
    )  # fmt: skip


def _directions(network: PhaseNetwork, aim: NDArray[np.integer]) -> Direction:
    """Directions towards stations; -1 for nowhere."""
    lon, lat, vertical = (
        np.array([*values, fill])[aim]
        for values, fill in (
            ([s.lon_deg for s in network.stations], np.nan),
            ([s.lat_deg for s in network.stations], np.nan),
            ([s.is_vertical for s in network.stations], False),
        )
    )
    return Direction(lon, lat, vertical.astype(np.bool_))


def receive_towards(
    network: PhaseNetwork,
    services: Sequence[str],
    direction: Direction,
    cells: IntArray,
    lonlat_deg: LonLat,
) -> BoolArray:
    """Services that some cells receive with aerials that point elsewhere, (n_service, n_cell).

    Parameters
    ----------
    direction : Direction
        Of all cells; towards masts that need not be on air any more.
    cells : (n_cell,) int
    """
    places = np.column_stack(
        [direction.lon_deg[cells], direction.lat_deg[cells], direction.is_vertical[cells]]
    )
    masts, which = np.unique(places, axis=0, return_inverse=True)
    silent = np.full(lonlat_deg[0].shape, np.nan, np.float32)
    stations = list(network.stations)
    n = len(stations)
    # A mast that may be silent is a direction to point at, and no signal.
    stations += [
        StationFields(f"mast {k}", float(lat), float(lon), silent, silent, silent,
                      is_vertical=bool(vertical))
        for k, (lon, lat, vertical) in enumerate(masts)
    ]  # fmt: skip
    aim = (n + which.reshape(1, -1)).astype(np.int16)
    return np.array([
        network.services[name].setting.layers(
            stations, lonlat_deg, aim, cells, served_only=True
        ).served_good[0]
        for name in services
    ]).reshape(len(services), cells.size)  # fmt: skip
