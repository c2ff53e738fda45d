"""Who costs whom how much: interferers one by one, and drills with a station missing or late.

In the manner of interference studies: the *total* loss by an interferer is what it would cost if it
were the only one, its *unique* loss what would come back if it alone fell silent. Totals overlap, so
that they add up to more than all together cost; unique losses to less.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dtt_sim.network.discrimination import OMNIDIRECTIONAL, Discrimination
from dtt_sim.network.multiplex import Group, StationFields, evaluate_multiplex
from dtt_sim.network.sfn import SfnReceiver, Window
from dtt_sim.planning.search import Tell
from dtt_sim.typing import BoolArray, Float64Array

DEFAULT_RECEIVER = SfnReceiver()


@dataclass(frozen=True, eq=False)
class NetworkProblem:
    """A multiplex over cells that weigh something.

    Attributes
    ----------
    stations : tuple of StationFields
        All that are on air, over `(1, n)` cells.
    groups : tuple of Group
    persons, area_km2 : (n,) float64
    lonlat_deg : two (1, n) float64
    window : Window
    receiver : SfnReceiver
    antenna : Discrimination
    """

    stations: tuple[StationFields, ...]
    groups: tuple[Group, ...]
    persons: Float64Array
    area_km2: Float64Array
    lonlat_deg: tuple[Float64Array, Float64Array]
    window: Window
    receiver: SfnReceiver = DEFAULT_RECEIVER
    antenna: Discrimination = OMNIDIRECTIONAL

    def served(
        self,
        groups: Sequence[Group] | None = None,
        stations: Sequence[StationFields] | None = None,
    ) -> Served:
        """Who is well served, with other groups or stations in the place of its own.

        No group serves nobody.
        """
        if groups is not None and not groups:
            return Served(np.zeros(self.persons.size, bool), 0.0, 0.0, 0.0)
        layers = evaluate_multiplex(
            self.stations if stations is None else stations,
            self.groups if groups is None else groups,
            self.lonlat_deg, window=self.window, receiver=self.receiver, antenna=self.antenna,
        )  # fmt: skip
        mask = layers.served_good[0]
        share = np.nan_to_num(layers.probability[0].astype(np.float64))
        return Served(
            mask, float(mask @ self.persons), float(mask @ self.area_km2),
            float(share @ self.persons),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Served:
    """Cells that are well served, the people and area in them, and who is expected to receive.

    Attributes
    ----------
    mask : (n,) bool
    persons, area_km2 : float
    expected_persons : float
        Persons times location probability, in all cells.
    """

    mask: BoolArray
    persons: float
    area_km2: float
    expected_persons: float


def off_air(groups: Sequence[Group], stations: Collection[int]) -> list[Group]:
    """Groups as they are without some stations; those of which none is left fall away."""
    left = [functools.reduce(Group.without, stations, g) for g in groups]
    return [g for g in left if g.members]


@dataclass(frozen=True, slots=True)
class InterfererLoss:
    """What one station costs a multiplex.

    Attributes
    ----------
    station : str
    protection_db : float
        The largest of its protection ratios [dB].
    total_persons, total_km2 : float
        Lost if it were the only interferer.
    unique_persons, unique_km2 : float
        Lost by it alone, all others there.
    """

    station: str
    protection_db: float
    total_persons: float
    total_km2: float
    unique_persons: float
    unique_km2: float


@dataclass(frozen=True, eq=False)
class InterferenceAccount:
    """Before and after interference, and who costs what, the dearest first."""

    without: Served
    with_all: Served
    losses: tuple[InterfererLoss, ...]


def account_interference(problem: NetworkProblem, tell: Tell | None = None) -> InterferenceAccount:
    """Total and unique loss by every station that disturbs a multiplex."""
    ratio: dict[int, float] = {}
    for group in problem.groups:
        for o in group.others:
            ratio[o.station] = max(o.ratio_db, ratio.get(o.station, o.ratio_db))

    def only(keep: Callable[[int], bool]) -> Served:
        groups = [
            replace(g, others=tuple(o for o in g.others if keep(o.station))) for g in problem.groups
        ]
        return problem.served(groups)

    without, with_all = only(lambda _s: False), problem.served()
    losses = []
    for k, (s, db) in enumerate(sorted(ratio.items()), start=1):
        alone = only(lambda other, s=s: other == s)  # type: ignore[misc]
        silent = only(lambda other, s=s: other != s)  # type: ignore[misc]
        losses.append(
            InterfererLoss(
                problem.stations[s].name, db, without.persons - alone.persons,
                without.area_km2 - alone.area_km2, silent.persons - with_all.persons,
                silent.area_km2 - with_all.area_km2,
            )
        )  # fmt: skip
        if tell is not None:
            tell(f"{k} of {len(ratio)}: {problem.stations[s].name}")
    order = sorted(losses, key=lambda x: (-x.total_persons, -x.total_km2, x.station))
    return InterferenceAccount(without, with_all, tuple(order))


@dataclass(frozen=True, slots=True)
class Drill:
    """What happens if one station of a network fails.

    Attributes
    ----------
    station : str
    late_us : float or None
        How much too late it sends [µs]; None: it is off the air.
    lost_persons, gained_persons : float
        People who lose good reception, and who gain it.
    lost_km2, gained_km2 : float
    """

    station: str
    late_us: float | None
    lost_persons: float
    gained_persons: float
    lost_km2: float
    gained_km2: float


def drill(
    problem: NetworkProblem, late_us: Sequence[float] = (), tell: Tell | None = None
) -> tuple[Drill, ...]:
    """Every station of a multiplex off the air, and out of step, one at a time.

    Parameters
    ----------
    late_us : sequence of float
        Timing errors to try; below zero is too early [µs].

    Raises
    ------
    ValueError
        An error of time that is not a number.
    """
    if not all(np.isfinite(late) for late in late_us):
        msg = "late_us must be numbers; give microseconds"
        raise ValueError(msg)
    before = problem.served()
    members = sorted({s for g in problem.groups for s in g.members})
    found = []
    for s in members:
        cases: list[tuple[float | None, Served]] = [
            (None, problem.served(off_air(problem.groups, {s})))
        ]
        for late in late_us:
            stations = list(problem.stations)
            stations[s] = replace(stations[s], delay_us=stations[s].delay_us + late)
            cases.append((late, problem.served(stations=stations)))
        for late_or_off, after in cases:
            lost, gained = before.mask & ~after.mask, after.mask & ~before.mask
            found.append(
                Drill(
                    problem.stations[s].name, late_or_off, float(lost @ problem.persons),
                    float(gained @ problem.persons), float(lost @ problem.area_km2),
                    float(gained @ problem.area_km2),
                )
            )  # fmt: skip
        if tell is not None:
            tell(f"{problem.stations[s].name}")
    return tuple(found)
