"""What a comparison finds, pair of phases by pair of phases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dtt_sim.comparison.comparable import Comparable, Pair
from dtt_sim.comparison.counts import Count, Reason
from dtt_sim.comparison.households import HouseholdChanges
from dtt_sim.comparison.money import PerHousehold
from dtt_sim.comparison.ranking import Ranking
from dtt_sim.comparison.services import ServiceChange, areas_km2, count_people, service_changes
from dtt_sim.transition.ledger import Item
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.finished import FinishedRun


class ServiceResult(NamedTuple):
    """A service between two phases.

    Attributes
    ----------
    service, title, quality : str
    is_changed : bool
        Whether anything changes, if only a margin.
    persons : list of Count
        Empty without a population.
    area_km2 : dict of (str, Reason) to float
        By change and reason, sea included.
    """

    service: str
    title: str
    quality: str
    is_changed: bool
    persons: list[Count]
    area_km2: dict[tuple[str, Reason], float]


@dataclass(frozen=True, eq=False)
class PairResult:
    """What becomes of everybody between two phases.

    Attributes
    ----------
    pair : Pair
    services : tuple of ServiceResult
    households : dict of Item to list of Count
        Empty without plans.
    """

    pair: Pair
    services: tuple[ServiceResult, ...]
    households: dict[Item, list[Count]]

    @property
    def changed(self) -> list[str]:
        """Services of which anything changes."""
        return [s.service for s in self.services if s.is_changed]


@dataclass(frozen=True, eq=False)
class Against:
    """A run against the base.

    Attributes
    ----------
    runs : Comparable
    results : tuple of PairResult
        By date.
    per_household : tuple of PerHousehold
        In the last phase.
    """

    runs: Comparable
    results: tuple[PairResult, ...]
    per_household: tuple[PerHousehold, ...]

    @property
    def both(self) -> tuple[FinishedRun, FinishedRun]:
        """The base, and the run that is held against it."""
        return self.runs.base, self.runs.other


@dataclass(frozen=True, eq=False)
class Comparison:
    """A comparison of runs.

    Attributes
    ----------
    out : Path
        Its folder.
    runs : tuple of FinishedRun
        The base first.
    against : tuple of Against
    ranking : Ranking or None
        Of runs of plans.
    by : str
        Criterion that orders the runs.
    """

    out: Path
    runs: tuple[FinishedRun, ...]
    against: tuple[Against, ...]
    ranking: Ranking | None
    by: str

    @property
    def is_schematic(self) -> bool:
        """Whether the relief of any run is made up."""
        return any(run.is_schematic for run in self.runs)


def compare_pair(
    runs: Comparable,
    pair: Pair,
    households: HouseholdChanges | None,
    cell_km2: Float64Array,
    *,
    quality: str,
    keep: Callable[[ServiceChange], None],
) -> PairResult:
    """Count what becomes of everybody between two phases.

    Parameters
    ----------
    cell_km2 : (n_row, n_col) float64
        Area of the base's cells.
    keep : callable
        Called with every service of which anything changes, while its rasters are there.
    """
    places, services = runs.base.places, []
    for found in service_changes(runs, pair, quality=quality):
        if found.is_any:
            keep(found)
        services.append(
            ServiceResult(
                found.service, found.title, found.quality, found.is_any,
                [] if places is None else count_people(found, places),
                areas_km2(found, cell_km2),
            )
        )  # fmt: skip
    items: Sequence[Item] = () if households is None else households.items
    return PairResult(
        pair, tuple(services),
        {item: households.count(pair, item) for item in items if households is not None},
    )  # fmt: skip
