"""How sure a plan's figures are: draws of what is not known, over a sample of the cells with people.

What is drawn: the error of prediction, as one that all stations share, one of each mast and one of each
administrative unit; the spread over locations; the ERP of every station. Uptake of receivers and slips
of dates are drawn by the caller, who knows what households have by when.

The figures of a draw are those of all cells plus what the draw changes in the sample. Cells are sampled
with a probability in proportion to their households; how far the sample itself is off is measured by
its halves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from dtt_sim._jit import enable_cache
from dtt_sim.network.multiplex import StationFields
from dtt_sim.transition.chance import Chance
from dtt_sim.transition.disturbance import Errors, disturbed, draw_disturbance
from dtt_sim.transition.ledger import (
    ANY,
    GAINS,
    KEEPS,
    STARTS,
    STATUS,
    Fates,
    Item,
    PhaseReception,
    carriers_of,
    find_fates,
    kind_weights,
)
from dtt_sim.transition.reception import LonLat, PhaseNetwork
from dtt_sim.typing import BoolArray, Float64Array, IntArray


@dataclass(frozen=True, eq=False)
class Bands:
    """Figures with what the draws make of them.

    Attributes
    ----------
    names : tuple of Figure
    nominal : (n,) float64
        Of all cells, nothing disturbed.
    draws : (n_draw, n) float64
        Of all cells, as far as the sample knows.
    sampling : (n,) float64
        Standard error that is due to the sample [unit of the figure].
    """

    names: tuple[Figure, ...]
    nominal: Float64Array
    draws: Float64Array
    sampling: Float64Array

    def quantiles(self, low_percent: float = 5.0, high_percent: float = 95.0) -> Float64Array:
        """Low and high of every figure, (2, n)."""
        return np.asarray(np.percentile(self.draws, [low_percent, high_percent], axis=0))

    def share(self, holds: Callable[[Float64Array], bool]) -> float:
        """Share of the draws in which something holds of the figures."""
        return float(np.mean([holds(one) for one in self.draws]))


class Drawn(NamedTuple):
    """What households have, and what it costs, if uptake and dates are as drawn.

    Attributes
    ----------
    equipped : (n_phase, n_unit) float64
        Share of households with a DVB-T2 receiver.
    spent : float
        For receivers, and for sites and their operation, in the plan's currency.
    satellite : (n_unit,) float64
        For each household that is left without terrestrial reception.
    """

    equipped: Float64Array
    spent: float
    satellite: Float64Array


class Equipment(Protocol):
    """What households have in a draw."""

    def drawn(self, chance: Chance | None) -> Drawn:
        """A draw; with None what is planned."""
        ...


@dataclass(frozen=True, eq=False)
class PlanFigures:
    """Figures of a plan over a sample of cells.

    Attributes
    ----------
    networks : tuple of PhaseNetwork
        Over the sample's cells.
    lonlat_deg : two (1, m) float64
    households : (n_unit, m) float64
        That each cell stands for.
    items : tuple of Item
        Of which there are figures.
    equipment : Equipment
    errors : Errors
    reaim_deg, one_aerial
        As :class:`dtt_sim.transition.ledger.Transition` has them.
    """

    networks: tuple[PhaseNetwork, ...]
    lonlat_deg: LonLat
    households: Float64Array
    items: tuple[Item, ...]
    equipment: Equipment
    errors: Errors
    reaim_deg: float = 20.0
    one_aerial: bool = True

    @property
    def names(self) -> tuple[Figure, ...]:
        """What each figure is."""
        return figure_names([n.id for n in self.networks], self.items)

    def of(self, positions: IntArray | slice = slice(None)) -> Float64Array:
        """Figures from some of the cells, scaled to all households; nothing disturbed."""
        households = self.households[:, positions]
        households = households * (self.households.sum() / households.sum())
        networks = [
            replace(n, stations=tuple(s.at(positions) for s in n.stations)) for n in self.networks
        ]
        lonlat = self.lonlat_deg[0][:, positions], self.lonlat_deg[1][:, positions]
        phases, fates = self._follow(networks, lonlat)
        return plan_figures(phases, fates, households, self.equipment.drawn(None))

    def drawn(self, chances: Sequence[Chance]) -> Float64Array:
        """Figures of some draws, (n_draw, n_figure).

        The draws are evaluated side by side, as if their cells were those of one area; the spread
        over locations, which belongs to a service and not to a cell, is that of the first draw.
        """
        n_unit, m = self.households.shape
        unit_of_cell = self.households.argmax(axis=0)
        draws = [
            draw_disturbance(self.errors, self.networks, unit_of_cell, n_unit, chance)
            for chance in chances
        ]
        tiled = tuple(np.tile(v, len(draws)) for v in self.lonlat_deg)
        # A station that is the same in several phases is disturbed once.
        known: dict[tuple[str, int], StationFields] = {}
        networks = [disturbed(n, draws, known) for n in self.networks]
        phases, fates = self._follow(networks, (tiled[0], tiled[1]))
        return np.array([
            plan_figures(
                phases, fates, self.households, self.equipment.drawn(chance),
                slice(k * m, (k + 1) * m),
            )
            for k, chance in enumerate(chances)
        ])  # fmt: skip

    def _follow(
        self, networks: Sequence[PhaseNetwork], lonlat_deg: LonLat
    ) -> tuple[list[PhaseReception], Fates]:
        phases = [
            PhaseReception.of(n, lonlat_deg, one_aerial=self.one_aerial, with_causes=False)
            for n in networks
        ]
        fates = find_fates(
            phases, lonlat_deg, items=self.items, reaim_deg=self.reaim_deg,
            one_aerial=self.one_aerial,
        )  # fmt: skip
        return phases, fates


class Figure(NamedTuple):
    """A figure of a plan.

    Attributes
    ----------
    phase : str
    item : Item or None
        None for what is about all digital services.
    what : str
        A status, "receives", or "worst unit", where fewest receive anything; "digital coverage";
        "cost" of the whole plan, of no phase.
    """

    phase: str
    item: Item | None
    what: str


COVERAGE = "digital coverage"
WORST = "worst unit"
PERCENT = (COVERAGE, WORST)
"""Figures that are shares."""
COST = "cost"
RECEIVES = "receives"
COUNTED = (*STATUS, RECEIVES)
RECEIVING = [STARTS, KEEPS, GAINS]


def figure_names(phases: Sequence[str], items: Sequence[Item]) -> tuple[Figure, ...]:
    """What :func:`plan_figures` gives, in order."""
    by_phase = (
        figure
        for phase in phases
        for figure in (
            *(Figure(phase, item, what) for item in items for what in COUNTED),
            *(Figure(phase, item, WORST) for item in items if item == ANY),
            Figure(phase, None, COVERAGE),
        )
    )
    return (*by_phase, Figure("", None, COST))


def plan_figures(
    phases: Sequence[PhaseReception],
    fates: Fates,
    households: Float64Array,
    drawn: Drawn,
    cells: slice = slice(None),
) -> Float64Array:
    """Households by item and status, who receives it, and who could with a receiver; all units.

    Parameters
    ----------
    phases, fates
        Of one plan.
    households : (n_unit, n_cell) float64
    drawn : Drawn
    cells : slice
        Which of the cells of the phases and fates these are.

    Notes
    -----
    "Digital coverage" are the households, in percent, where some digital service is received with an
    aerial aimed for it.
    """
    weights = kind_weights(drawn.equipped)
    found = []
    every = max(float(households.sum()), 1e-300)
    for p, phase in enumerate(phases):
        # Households of each kind in each cell, whatever unit they are of.
        kinds = np.einsum("ku,uc->kc", weights[p], households)
        for i in range(len(fates.items)):
            status = fates.status[p, i, :, cells]
            by_status = np.bincount(status.ravel(), kinds.ravel(), len(STATUS))
            found += [*by_status, by_status[RECEIVING].sum()]
        for i in (i for i, item in enumerate(fates.items) if item == ANY):
            gets = np.isin(fates.status[p, i, :, cells], RECEIVING)
            by_unit = (weights[p] * (gets @ households.T)).sum(axis=0)
            found.append(_least_percent(by_unit, households.sum(axis=1)))
        digital = [
            layers.served_good[0, cells]
            for name, layers in phase.layers.items()
            if not phase.network.services[name].is_analogue
        ]
        covered = np.any(digital, axis=0) if digital else np.zeros(households.shape[1], np.bool_)
        found.append(100.0 * float(households.sum(axis=0) @ covered) / every)
    left = households_left(phases, households, cells).max(axis=0)
    found.append(drawn.spent + float(left @ drawn.satellite))
    return np.array(found)


def _least_percent(part: Float64Array, whole: Float64Array) -> float:
    """Least share of any unit that has households [%]; a sample may have none of a small one."""
    some = whole > 0.0
    return 100.0 * float((part[some] / whole[some]).min()) if some.any() else 100.0


def households_left(
    phases: Sequence[PhaseReception], households: Float64Array, cells: slice = slice(None)
) -> Float64Array:
    """Households that got a picture in the first phase and get none any more, with a receiver either.

    Parameters
    ----------
    households : (n_unit, n_cell) float64
    cells : slice
        Which of the cells of the phases these are.

    Returns
    -------
    (n_phase, n_unit) float64
    """

    def could(one: PhaseReception) -> BoolArray:
        carriers = carriers_of(ANY, one.network)
        return one.with_receiver.gets(carriers, afresh=True)[cells]

    had = could(phases[0])
    return np.array([households @ (had & ~could(one)) for one in phases])


def run_draws(
    figures: PlanFigures,
    nominal: Float64Array,
    n_draw: int,
    seed: int,
    *,
    workers: int = 1,
    tell: Callable[[int, int], None] | None = None,
) -> Bands:
    """Draw a plan's figures.

    Parameters
    ----------
    figures : PlanFigures
    nominal : (n,) float64
        Of all cells, nothing disturbed.
    n_draw : int
    seed : int
        The same seed gives the same draws, whatever the number of workers, and draws the same for
        whatever two plans share.
    workers : int
        Processes.
    """
    m = figures.households.shape[1]
    plain = figures.of()
    halves = [figures.of(np.arange(k, m, 2)) for k in range(2)]
    chances = [Chance(seed, number) for number in range(n_draw)]
    batches = [chances[k : k + BATCH] for k in range(0, n_draw, BATCH)]
    found = np.empty((n_draw, nominal.size))
    for k, drawn in enumerate(_drawn(figures, batches, workers)):
        # What the sample gets wrong as it is, it is taken to get wrong when disturbed as well.
        found[k * BATCH : k * BATCH + len(drawn)] = nominal + drawn - plain
        if tell is not None:
            tell(k + 1, len(batches))
    return Bands(figures.names, nominal, found, 0.5 * np.abs(halves[0] - halves[1]))


BATCH = 8
"""Draws that are evaluated side by side; what is drawn does not depend on the number of workers."""
Batch = Sequence[Chance]


def _drawn(figures: PlanFigures, batches: Sequence[Batch], workers: int) -> Iterator[Float64Array]:
    if workers < 2 or len(batches) < 2 * workers:
        for batch in batches:
            yield figures.drawn(batch)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Threads have run here already, which a forked process would not survive.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start, (figures,)) as pool:
        yield from pool.map(_one_batch, batches)


_FIGURES: list[PlanFigures] = []


def _start(figures: PlanFigures) -> None:
    """Prepare a worker: compiled code from disk, one thread, and what it draws."""
    import numba

    enable_cache()
    numba.set_num_threads(1)
    _FIGURES[:] = [figures]


def _one_batch(batch: Batch) -> Float64Array:
    return _FIGURES[0].drawn(batch)
