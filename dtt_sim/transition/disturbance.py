"""Draws of what is not known of fields, over a sample of the cells with people.

The error of prediction, as one that all stations share, one of each mast and one of each administrative
unit; the ERP of every station; the spread over locations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from dtt_sim.network.multiplex import Group, StationFields
from dtt_sim.transition.chance import Chance
from dtt_sim.transition.reception import PhaseNetwork, PhaseService
from dtt_sim.typing import Float64Array, IntArray

LEAST_SIGMA_DB = 0.5
"""Spread over locations that a draw does not fall below [dB]."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Standard deviations of what is not known.

    Attributes
    ----------
    bias_db : float
        Error of prediction that all stations share, all over the area [dB].
    mast_db : float
        That of each mast, all over the area [dB].
    unit_db : float
        That of all stations within an administrative unit [dB].
    erp_db : float
        Tolerance of each station's ERP [dB].
    location_sigma_db : float
        Of the spread over locations [dB].
    """

    bias_db: float = 3.0
    mast_db: float = 2.0
    unit_db: float = 2.0
    erp_db: float = 0.5
    location_sigma_db: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what is no standard deviation."""
        for name in self.__slots__:
            value = getattr(self, name)
            if not 0.0 <= value < np.inf:
                msg = f"{name} = {value}; give a standard deviation of 0 dB or more"
                raise ValueError(msg)


class Sample(NamedTuple):
    """Cells that stand for all.

    Attributes
    ----------
    cells : (m,) int64
        Positions among all cells.
    weight : (n_unit, m) float64
        Households that each stands for.
    """

    cells: IntArray
    weight: Float64Array


def sample_cells(households: Float64Array, n: int, rng: np.random.Generator) -> Sample:
    """About `n` cells, systematically, with a probability in proportion to their households.

    Parameters
    ----------
    households : (n_unit, n_cell) float64
    n : int
        Draws; cells with many households are drawn several times and stand there once.

    Returns
    -------
    Sample
        The weights of a unit sum to about its households; of all units to all of them.
    """
    total = households.sum(axis=0)
    if n >= np.count_nonzero(total):
        cells = np.flatnonzero(total)
        return Sample(cells, households[:, cells])
    # Cells of a unit stand together, so that every unit has its part.
    order = np.lexsort((np.arange(total.size), households.argmax(axis=0)))
    edges = np.cumsum(total[order])
    at = (np.arange(n) + rng.random()) * edges[-1] / n
    picked, times = np.unique(np.searchsorted(edges, at, side="right"), return_counts=True)
    cells = order[picked]
    share = times / (n * total[cells] / edges[-1])
    return Sample(cells, households[:, cells] * share)


class Disturbance(NamedTuple):
    """What a draw adds.

    Attributes
    ----------
    common : (n_cell,) float64
        To all fields [dB].
    by_mast : dict of (float, float) to float
        To the fields of stations at a place, by longitude and latitude [dB].
    by_station : dict of str to float
        To the fields of a station [dB].
    sigma_db : float
        To the spread over locations [dB].
    """

    common: Float64Array
    by_mast: Mapping[tuple[float, float], float]
    by_station: Mapping[str, float]
    sigma_db: float


def draw_disturbance(
    errors: Errors, networks: Sequence[PhaseNetwork], unit_of_cell: IntArray, n_unit: int,
    chance: Chance,
) -> Disturbance:  # fmt: skip
    """One draw; the same for a station in all phases, and in all plans that have it.

    Parameters
    ----------
    unit_of_cell : (n_cell,) int64
    n_unit : int
    """
    stations = {s.name: (s.lon_deg, s.lat_deg) for one in networks for s in one.stations}
    bias = chance.of("bias").normal() * errors.bias_db
    by_unit = chance.of("unit").normal(size=n_unit) * errors.unit_db
    return Disturbance(
        bias + by_unit[unit_of_cell],
        {
            (lon, lat): chance.of(f"mast {lon:.5f} {lat:.5f}").normal() * errors.mast_db
            for lon, lat in sorted(set(stations.values()))
        },
        {name: chance.of(f"station {name}").normal() * errors.erp_db for name in sorted(stations)},
        chance.of("location sigma").normal() * errors.location_sigma_db,
    )


def disturbed(
    network: PhaseNetwork, draws: Sequence[Disturbance], known: dict[tuple[str, int], StationFields]
) -> PhaseNetwork:
    """A phase as some draws have it, their cells side by side.

    Parameters
    ----------
    known : dict
        Stations that are disturbed already, by name and identity of the field; added to.
    """

    def shifted(station: StationFields) -> StationFields:
        key = station.name, id(station.wanted_dbuv_m)
        if key not in known:
            place = station.lon_deg, station.lat_deg
            shift = np.concatenate([
                d.common + (d.by_mast[place] + d.by_station[station.name]) for d in draws
            ]).astype(np.float32)  # fmt: skip
            known[key] = replace(
                station,
                wanted_dbuv_m=np.tile(station.wanted_dbuv_m, len(draws)) + shift,
                interfering_dbuv_m=np.tile(station.interfering_dbuv_m, len(draws)) + shift,
                distance_km=np.tile(station.distance_km, len(draws)),
            )
        return known[key]

    def widened(group: Group) -> Group:
        sigma = max(group.budget.sigma_db + draws[0].sigma_db, LEAST_SIGMA_DB)
        return replace(group, budget=replace(group.budget, sigma_db=sigma))

    services = {
        name: PhaseService(
            s.programmes,
            s.setting._replace(groups=tuple(widened(g) for g in s.setting.groups)),
            s.is_analogue,
        )
        for name, s in network.services.items()
    }
    return PhaseNetwork(network.id, tuple(shifted(s) for s in network.stations), services)
