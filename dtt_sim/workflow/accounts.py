"""A plan's accounts: households, receivers, money, gates and fairness, with their uncertainty."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dtt_sim.errors import DttSimError, Problem, ScenarioError
from dtt_sim.scenario.households import household_model
from dtt_sim.scenario.load import Scenario
from dtt_sim.scenario.prices import paid_stations, prices_of
from dtt_sim.scenario.transmitters import nearest
from dtt_sim.transition import fairness, needs, readiness
from dtt_sim.transition.chance import Chance
from dtt_sim.transition.disturbance import Errors, sample_cells
from dtt_sim.transition.households import (
    DAYS_PER_MONTH,
    GROUPS,
    HouseholdModel,
    Uptake,
    equipped_by_group,
    equipped_by_unit,
)
from dtt_sim.transition.ledger import ANY, Item, Ledger
from dtt_sim.transition.uncertainty import (
    COVERAGE,
    Bands,
    Drawn,
    Figure,
    PlanFigures,
    figure_names,
    households_left,
    plan_figures,
    run_draws,
)
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.area import Area
from dtt_sim.workflow.losses import Losses, Progress
from dtt_sim.workflow.plan_fairness import islands_of, places_of, plan_fairness
from dtt_sim.workflow.service import Evaluated
from dtt_sim.workflow.transition import (
    TransitionResult,
    follow_plan,
    people_of,
)
from terrain.population import first_lines

if TYPE_CHECKING:
    from dtt_sim.scenario.plan_schema import HouseholdKeys, PriceKeys


class Coverage(NamedTuple):
    """People with digital reception in a phase, by unit of the population.

    Attributes
    ----------
    good, acceptable : (n_unit,) float64
        Of any DVB-T2 service, the aerial aimed for it.
    """

    good: Float64Array
    acceptable: Float64Array


def digital_coverage(area: Area, evaluated: Evaluated) -> Coverage:
    """People with digital reception, of the population's named units."""
    assert area.population is not None
    layers = [
        found for name, found in evaluated.service.items()
        if name in evaluated.scenario.multiplexes
    ]  # fmt: skip
    nowhere = np.zeros(area.grid.shape, np.bool_)
    good = np.any([nowhere, *(one.served_good for one in layers)], axis=0)
    acceptable = np.any([nowhere, *(one.served_acceptable for one in layers)], axis=0)
    counted = area.population.is_counted
    return Coverage(
        area.population.served(good)[counted], area.population.served(acceptable)[counted]
    )


@dataclass(frozen=True, eq=False)
class PlanEquipment:
    """Who has a receiver in each phase, as planned and as drawn.

    Attributes
    ----------
    phases : tuple of str
    dates : tuple of date
    is_sure : tuple of bool
        Dates that do not slip.
    uptake : Uptake
    delivered : (n_phase, n_group) float64
    group_shares : (n_group, n_unit) float64
    watching : (n_unit,) float64
        Terrestrial households.
    low, high : float
        Of the uptake.
    slip_months : float
    receiver_price, site_cost : float
        Of one receiver; of all sites and their operation, which does not move with the dates.
    satellite_price : (n_unit,) float64
        For each household that is left without terrestrial reception.
    """

    phases: tuple[str, ...]
    dates: tuple[dt.date, ...]
    is_sure: tuple[bool, ...]
    uptake: Uptake
    delivered: Float64Array
    group_shares: Float64Array
    watching: Float64Array
    low: float
    high: float
    slip_months: float
    receiver_price: float
    site_cost: float
    satellite_price: Float64Array

    def drawn(self, chance: Chance | None) -> Drawn:
        """A draw of uptake and dates; with None what is planned."""
        if chance is None:
            return self._equipped(self.uptake.share(self.dates))
        after = self.uptake.share_after
        level = after
        if self.high > self.low:
            level = float(chance.of("uptake").triangular(self.low, after, self.high))
        latest = self.slip_months * DAYS_PER_MONTH
        dates: list[dt.date] = []
        for phase, date, is_sure in zip(self.phases, self.dates, self.is_sure, strict=True):
            slip = 0.0
            if latest > 0.0:
                slip = float(chance.of(f"slip {phase}").triangular(0.0, 0.0, latest))
            late = date + dt.timedelta(days=0 if is_sure else round(slip))
            dates.append(max(late, dates[-1] + dt.timedelta(days=1)) if dates else late)
        return self._equipped(self.uptake.share(dates, level))

    def _equipped(self, own: Float64Array) -> Drawn:
        by_group = equipped_by_group(own, self.delivered)
        given = needs.delivered_share(own, by_group)[-1] @ self.group_shares * self.watching
        return Drawn(
            equipped_by_unit(by_group, self.group_shares),
            float(given.sum()) * self.receiver_price + self.site_cost, self.satellite_price,
        )  # fmt: skip

    @property
    def own(self) -> Float64Array:
        """Share that has bought a receiver, as planned, (n_phase,)."""
        return self.uptake.share(self.dates)

    @property
    def by_group(self) -> Float64Array:
        """Share with a receiver by group, as planned, (n_phase, n_group)."""
        return equipped_by_group(self.own, self.delivered)


@dataclass(frozen=True, eq=False)
class PlanAccount:
    """Everything that a plan comes to.

    Attributes
    ----------
    model : HouseholdModel
    equipment : PlanEquipment
    transition : TransitionResult
    coverage : tuple of Coverage
    costs : tuple of CostRow
    gates : dict of str to tuple of Verdict
        By phase to which they apply.
    fairness : dict of str to list of FairnessRow
        By phase.
    nominal : (n,) float64
        Figures of all cells, nothing disturbed; what they are is in `names`.
    bands : Bands or None
    obligation : float
        Share of the draws in which the coverage obligation is met at the end; NaN without any.
    """

    model: HouseholdModel
    equipment: PlanEquipment
    transition: TransitionResult
    coverage: tuple[Coverage, ...]
    costs: tuple[needs.CostRow, ...]
    gates: dict[str, tuple[readiness.Verdict, ...]]
    fairness: dict[str, list[fairness.FairnessRow]]
    nominal: Float64Array
    bands: Bands | None
    obligation: float

    @property
    def names(self) -> tuple[Figure, ...]:
        """What each figure is."""
        return figure_names(self.transition.fates.phases, self.transition.fates.items)

    @property
    def ledger(self) -> Ledger:
        """Households by what becomes of every item."""
        return self.transition.ledger


def prepare_households(scenario: Scenario, area: Area) -> HouseholdModel | None:
    """Households of a scenario with a plan; None where it has none, or says nothing of households.

    Raises
    ------
    DttSimError
        No population, units without people, or names of units that are not there.
    """
    keys = scenario.keys.households
    if keys is None or not scenario.phases:
        return None
    if area.population is None:
        msg = "[households] needs a population; give [population]"
        raise DttSimError(msg)
    counted = np.flatnonzero(area.population.is_counted)
    units = tuple(area.population.units[k] for k in counted)
    known = [*units, *places_of(scenario)]
    problems = [
        scenario.problem(
            ("households", "islands"), f"no unit or place {name!r}{nearest(name, known)}"
        )
        for name in keys.islands
        if name not in known
    ]
    empty = [u for u, n in zip(units, area.population.by_unit[counted], strict=True) if n <= 0.0]
    problems += [_without_people(scenario, unit) for unit in empty]
    if problems:
        raise ScenarioError(problems)
    return household_model(keys, units, area.population.by_unit[counted])


def _without_people(scenario: Scenario, unit: str) -> Problem:
    """A unit in which nobody lives, where it stands in the table of places or in the polygons."""
    keys = scenario.keys.population
    assert keys is not None
    text = f"{unit!r} has no population; remove it or give it people"
    if keys.points is not None:
        return Problem(Path(keys.points).name, first_lines(keys.points).get(unit), "persons", text)
    return scenario.problem(("population", "units"), text)


def account_plan(
    phases: Sequence[Scenario],
    area: Area,
    losses: Losses,
    model: HouseholdModel,
    coverage: Sequence[Coverage],
    tell: Progress,
    *,
    draws: int | None = None,
    workers: int = 1,
) -> PlanAccount:
    """Accounts of a plan.

    Parameters
    ----------
    phases : sequence of Scenario
    coverage : sequence of Coverage
        By phase.
    draws : int, optional
        Of the Monte Carlo, in the place of the scenario's.
    workers : int
        Processes that draw.
    """
    scenario = phases[-1]
    keys = scenario.keys.households
    assert keys is not None
    equipment = _equipment(phases, keys, model)
    equipped = equipment.drawn(None).equipped
    people = people_of(area, model.terrestrial / model.persons_per_household)
    transition = follow_plan(
        tuple(phases), people, losses, equipped, quality=keys.quality, reaim_deg=keys.reaim_deg,
        tell=tell,
    )  # fmt: skip
    nominal = plan_figures(
        transition.receptions, transition.fates, people.households, equipment.drawn(None)
    )
    costs = _costs(phases, transition, model, equipment)
    if costs:
        # Of whole receivers and dishes, as the table of costs has it.
        nominal[-1] = needs.totals(costs)[""]
    bands = _draw(phases, transition, equipment, nominal, draws, workers, tell)
    obligation = math.nan
    if bands is not None and scenario.keys.gates is not None:
        at = bands.names.index(Figure(transition.fates.phases[-1], None, COVERAGE))
        least = scenario.keys.gates.population_percent
        obligation = bands.share(lambda figures: bool(figures[at] >= least))
    return PlanAccount(
        model, equipment, transition, tuple(coverage),
        tuple(costs),
        _gates(phases, transition, model, equipment, coverage),
        plan_fairness(transition, model, equipped, equipment.by_group, keys.islands, islands_of(scenario, area, keys.islands)),
        nominal, bands, obligation,
    )  # fmt: skip


def _equipment(
    phases: Sequence[Scenario], keys: HouseholdKeys, model: HouseholdModel
) -> PlanEquipment:
    steps = [one.phase for one in phases if one.phase]
    delivered = np.zeros((len(steps), len(GROUPS)))
    known = [step.id for step in steps]
    for delivery in phases[-1].keys.delivery:
        if delivery.phase in known:
            for group in delivery.groups:
                row = delivered[known.index(delivery.phase) :, GROUPS.index(group)]
                np.maximum(row, 0.01 * delivery.percent, out=row)
    uptake = Uptake(
        keys.start or steps[0].date, 0.01 * keys.digital_at_start_percent,
        0.01 * keys.uptake_percent, keys.uptake_after_months,
    )  # fmt: skip
    prices, steps_by_date = phases[-1].keys.prices, tuple(step.date for step in steps)
    satellite, sites = np.zeros(len(model.units)), 0
    if prices is not None:
        satellite = prices.satellite * _given_a_dish(prices, model)
        sites = sum(row.amount for row in _sites(phases, prices, known, steps_by_date))
    return PlanEquipment(
        tuple(known), steps_by_date, tuple(s.confidence == "VERIFIED" for s in steps),
        uptake, delivered, model.group_shares, model.watching, 0.01 * keys.uptake_low_percent,
        0.01 * keys.uptake_high_percent, phases[-1].keys.uncertainty.slip_months,
        prices.receiver if prices else 0.0, float(sites), satellite,
    )  # fmt: skip


def _given_a_dish(prices: PriceKeys, model: HouseholdModel) -> Float64Array:
    """Share of the households without terrestrial reception that are given a dish, by unit."""
    return {
        "all": np.ones(len(model.units)), "nobody": np.zeros(len(model.units)),
        "supported": np.asarray(model.group_shares[:2].sum(axis=0)),
    }[prices.satellite_for]  # fmt: skip


def _sites(
    phases: Sequence[Scenario], prices: PriceKeys, names: Sequence[str], dates: Sequence[dt.date]
) -> list[needs.CostRow]:
    until = prices.until or dates[-1] + dt.timedelta(days=365)
    stations = paid_stations(prices, [one.digital for one in phases])
    return needs.site_rows(names, dates, until, stations, prices_of(prices))


def _draw(
    phases: Sequence[Scenario], transition: TransitionResult, equipment: PlanEquipment,
    nominal: Float64Array, draws: int | None, workers: int, tell: Progress,
) -> Bands | None:  # fmt: skip
    keys = phases[-1].keys.uncertainty
    n_draw = keys.draws if draws is None else draws
    if n_draw == 0:
        return None
    people = transition.people
    rng = np.random.default_rng(keys.seed)
    sample = sample_cells(people.households, keys.cells, rng)
    household_keys = phases[-1].keys.households
    assert household_keys is not None
    items = transition.fates.items
    figures = PlanFigures(
        tuple(
            type(one.network)(
                one.network.id, tuple(s.at(sample.cells) for s in one.network.stations),
                one.network.services,
            )
            for one in transition.receptions
        ),
        (people.lonlat_deg[0][:, sample.cells], people.lonlat_deg[1][:, sample.cells]),
        sample.weight, items, equipment,
        Errors(keys.bias_db, keys.mast_db, keys.unit_db, keys.erp_db, keys.location_sigma_db),
        household_keys.reaim_deg, phases[-1].keys.network.aerial == "one",
    )  # fmt: skip
    return run_draws(
        figures, nominal, n_draw, keys.seed, workers=workers,
        tell=lambda done, total: tell("draws", done, total),
    )  # fmt: skip


def _costs(
    phases: Sequence[Scenario], transition: TransitionResult, model: HouseholdModel,
    equipment: PlanEquipment,
) -> list[needs.CostRow]:  # fmt: skip
    keys = phases[-1].keys.prices
    if keys is None:
        return []
    prices, names, units = prices_of(keys), transition.fates.phases, model.units
    rows = needs.receiver_rows(
        names, units, model.watching, model.group_shares, equipment.own, equipment.by_group,
        prices,
    )  # fmt: skip
    left = households_left(transition.receptions, transition.people.households)
    rows += needs.satellite_rows(names, units, left * _given_a_dish(keys, model), prices)
    rows += _sites(phases, keys, names, transition.dates)
    order = {name: k for k, name in enumerate(names)}
    return sorted(rows, key=lambda row: order[row.phase])


def _gates(
    phases: Sequence[Scenario], transition: TransitionResult, model: HouseholdModel,
    equipment: PlanEquipment, coverage: Sequence[Coverage],
) -> dict[str, tuple[readiness.Verdict, ...]]:  # fmt: skip
    keys = phases[-1].keys.gates
    if keys is None:
        return {}
    gates = readiness.Gates(
        keys.boxes_delivered_percent, keys.losing_all_percent, keys.population_percent,
        keys.worst_unit_percent, keys.losing_programme_percent,
    )  # fmt: skip
    by_group, watching = equipment.by_group, model.watching
    supported = model.group_shares[:2] * watching
    found = {}
    for p, name in enumerate(transition.fates.phases):
        if name not in (keys.phases if keys.phases is not None else _switching_off(phases)):
            continue
        losing = transition.ledger.total(name, ANY, "loses")
        share = coverage[p].acceptable / model.persons
        worst = int(np.argmin(share))
        measured = readiness.Measured(
            _percent(by_group[p, :2] @ supported, supported),
            _percent(losing, watching),
            100.0 * float(coverage[p].good.sum() / model.persons.sum()),
            100.0 * float(share[worst]), model.units[worst],
            tuple(
                (programme, _percent(
                    transition.ledger.total(name, Item("programme", programme), "loses"), watching
                ))
                for programme in keys.must_carry
            ),
        )  # fmt: skip
        found[name] = readiness.judge(gates, measured)
    return found


def _percent(part: Float64Array, whole: Float64Array) -> float:
    """Share of a sum [%]; NaN of nothing."""
    return 100.0 * float(part.sum() / whole.sum()) if whole.sum() > 0.0 else math.nan


def _switching_off(phases: Sequence[Scenario]) -> list[str]:
    """Phases in which an analogue station goes off the air."""
    found, before = [], set[str]()
    for one in phases:
        now = {t.id for t in one.transmitters if t.multiplex in one.analogue}
        if before - now and one.phase:
            found.append(one.phase.id)
        before = now
    return found


def additional_households(account: PlanAccount) -> float:
    """Terrestrial households with DVB-T2 reception at the end that had none at first."""
    transition = account.transition
    number = []
    equipped = account.equipment.drawn(None).equipped
    for p in (0, -1):
        one = transition.receptions[p]
        digital = frozenset(n for n, s in one.network.services.items() if not s.is_analogue)
        households = transition.people.households @ one.with_receiver.gets(digital)
        number.append(float(households @ equipped[p]))
    return number[1] - number[0]
