"""Service of a scenario's multiplexes and analogue stations from the fields of its transmitters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dtt_sim.errors import DttSimError
from dtt_sim.network.analogue import (
    LIMITS,
    LOCATION_PERCENT,
    ONE_SIGNAL,
    POWER_SUM,
    analogue_band,
    analogue_budget,
)
from dtt_sim.network.discrimination import OMNIDIRECTIONAL, Discrimination, discrimination_of_band
from dtt_sim.network.household import Household, OnAir, receive_programmes
from dtt_sim.network.multiplex import Group, Interferer, MultiplexLayers, StationFields
from dtt_sim.network.protection import ProtectionRatio, Signal, protection_ratio
from dtt_sim.network.reception import LinkBudget, link_budget
from dtt_sim.network.reception_tables import band, class_antenna
from dtt_sim.network.setting import Setting, layers_of
from dtt_sim.network.sfn import SfnReceiver
from dtt_sim.scenario.services import Analogue, Multiplex
from dtt_sim.typing import Float64Array

PHASE = "all"
"""Name of the only phase of a scenario without a plan."""

if TYPE_CHECKING:
    from dtt_sim.model import Transmitter
    from dtt_sim.scenario.load import Scenario

Ratios = dict[tuple[str, str], ProtectionRatio]
"""By the ids of the wanted service and the transmitter that disturbs."""


def settings_of(
    scenario: Scenario, service: str, ratios: Ratios | None = None
) -> tuple[Setting, ...]:
    """One setting for a multiplex; of an analogue service that of grade 4 and that of grade 3.

    Parameters
    ----------
    service : str
        Id of a service that is on air.
    ratios : dict, optional
        Receives the protection ratios that are used.

    Raises
    ------
    DttSimError
        A frequency without reception figures, or a protection ratio that is not known; names the
        service, and the station that disturbs.
    """
    try:
        return _settings(scenario, service, {} if ratios is None else ratios)
    except ValueError as error:
        msg = f"{service}: {error}"
        raise DttSimError(msg) from error


def _settings(scenario: Scenario, service: str, ratios: Ratios) -> tuple[Setting, ...]:
    found = scenario.services[service]
    own = scenario.on_air(service)
    receiver = receiver_of(scenario)
    antenna = rooftop_or_not(scenario, scenario.transmitters[own[0]])
    if isinstance(found, Multiplex):
        groups = _multiplex_groups(scenario, found, own, ratios)
        return (Setting(groups, receiver.window(found.mode), receiver, antenna),)
    summed = replace(POWER_SUM, correlation=receiver.correlation)
    return tuple(
        Setting(_analogue_groups(scenario, found, own, ratios, grade), ONE_SIGNAL, summed, antenna)
        for grade in LIMITS
    )


@dataclass(frozen=True, eq=False)
class Evaluated:
    """What the services of a scenario, as it is in one phase, give.

    Attributes
    ----------
    scenario : Scenario
    service : dict of str to MultiplexLayers
        By the id of a multiplex or analogue service that is on air.
    settings : dict of str to tuple of Setting
        By the id of the service.
    ratios : dict of (str, str) to ProtectionRatio
        That were used.
    household : Household or None
        Programmes that are received; None where no service names any, or nobody asked.
    """

    scenario: Scenario
    service: dict[str, MultiplexLayers]
    settings: dict[str, tuple[Setting, ...]]
    ratios: Ratios
    household: Household | None = None

    def without_layers(self) -> Evaluated:
        """The same without what fills memory."""
        return replace(self, service={}, household=None)

    @property
    def phase(self) -> str:
        """Name of the phase in files and tables."""
        phase = self.scenario.phase
        return PHASE if phase is None else phase.id

    @property
    def stations(self) -> tuple[str, ...]:
        """Transmitter ids; `best_server` and `culprit` count in them."""
        return tuple(t.id for t in self.scenario.transmitters)

    @property
    def budgets(self) -> dict[str, tuple[LinkBudget, ...]]:
        """By service, of its settings, at its first transmitter's frequency."""
        return {
            name: tuple(setting.groups[0].budget for setting in settings)
            for name, settings in self.settings.items()
        }


def receiver_of(scenario: Scenario) -> SfnReceiver:
    """How a scenario's receivers cope with several signals."""
    keys = scenario.keys.network
    return SfnReceiver(
        strategy=keys.strategy,
        weighting=keys.weighting,
        share_before=keys.share_before,
        threshold_below_strongest_db=keys.threshold_below_strongest_db,
        strongest_at=keys.strongest_at,
        interference_time=keys.interference_time,
        aim=keys.aim,
        summation=keys.summation,
        correlation=keys.correlation,
        k_factor=keys.k_factor,
    )


def evaluate(
    scenario: Scenario,
    stations: Sequence[StationFields],
    lonlat_deg: tuple[Float64Array, Float64Array],
    *,
    with_household: bool = True,
    before: Evaluated | None = None,
) -> Evaluated:
    """Service of everything that is on air, over any cells.

    Parameters
    ----------
    stations : sequence of StationFields
        Of the scenario's transmitters.
    lonlat_deg : two (n_row, n_col) float64
        Cell centres [deg].
    with_household : bool
        Whether to find out which programmes are received.
    before : Evaluated, optional
        Another phase over the same cells: a service for which nothing differs is taken from it.
    """
    ratios: Ratios = {}
    settings = {name: settings_of(scenario, name, ratios) for name in services_on_air(scenario)}
    layers = {
        name: _unchanged(scenario, name, one, before) or layers_of(one, stations, lonlat_deg)
        for name, one in settings.items()
    }
    household = None
    if with_household and any(scenario.services[name].programmes for name in layers):
        on_air = {
            name: OnAir(scenario.services[name].programmes, settings[name], layers[name])
            for name in layers
        }
        household = receive_programmes(stations, on_air, lonlat_deg)
    return Evaluated(scenario, layers, settings, ratios, household)


def _unchanged(
    scenario: Scenario, service: str, settings: tuple[Setting, ...], before: Evaluated | None
) -> MultiplexLayers | None:
    """Layers of a service in another phase, if all that they depend on is the same here."""
    if before is None or service not in before.service:
        return None
    there = _as_stations(before.scenario, before.settings[service])
    if _as_stations(scenario, settings) != there:
        return None
    # Stations have other numbers here; -1 stays what it is, at the end.
    number = {t: k for k, t in enumerate(scenario.transmitters)}
    new = np.array([*(number.get(t, -1) for t in before.scenario.transmitters), -1], np.int16)
    layers = before.service[service]
    return replace(layers, best_server=new[layers.best_server], culprit=new[layers.culprit])


def _as_stations(scenario: Scenario, settings: tuple[Setting, ...]) -> list[Any]:
    """Settings with the stations themselves in the place of their numbers."""
    on_air = scenario.transmitters
    return [
        (
            one.window, one.receiver, one.antenna,
            [
                (
                    [on_air[k] for k in group.members], group.budget,
                    [(on_air[o.station], o.ratio_db, o.lasting_db) for o in group.others],
                )
                for group in one.groups
            ],
        )
        for one in settings
    ]  # fmt: skip


def check_protection(scenario: Scenario) -> None:
    """See that every protection ratio is known, before anything is computed.

    Raises
    ------
    DttSimError
        What :func:`settings_of` raises, of all services.
    """
    problems = []
    for name in services_on_air(scenario):
        try:
            settings_of(scenario, name)
        except DttSimError as error:
            problems.append(str(error))
    if problems:
        raise DttSimError("\n".join(problems))


def services_on_air(scenario: Scenario) -> list[str]:
    """Ids of the services that a transmitter carries."""
    return [name for name in scenario.services if scenario.on_air(name)]


class Quality(NamedTuple):
    """A quality of reception that is counted.

    Attributes
    ----------
    name : str
        "acceptable" and "good" of a multiplex, "grade 3" and "grade 4" of an analogue service.
    location_percent : float
        Share of a cell's locations [%].
    """

    name: str
    location_percent: float

    def __str__(self) -> str:
        """For people."""
        return f"{self.name}, {self.location_percent:g} % of locations"


def qualities_of(scenario: Scenario, service: str) -> tuple[Quality, Quality]:
    """What `served_acceptable` and `served_good` of a service's layers stand for."""
    if service in scenario.analogue:
        good, fair = LIMITS
        return Quality(f"grade {fair}", LOCATION_PERCENT), Quality(
            f"grade {good}", LOCATION_PERCENT
        )
    reception = scenario.reception
    return (
        Quality("acceptable", reception.acceptable_location_percent),
        Quality("good", reception.good_location_percent),
    )


def rooftop_or_not(scenario: Scenario, transmitter: Transmitter) -> Discrimination:
    """Receiving antenna at a transmitter's frequency: rooftop ones are directive.

    Analogue television is planned for rooftop antennas, whatever the class of digital reception.
    """
    reception = scenario.reception
    is_analogue = transmitter.multiplex in scenario.analogue
    kind = reception.receiving_antenna or class_antenna(reception.reception)
    is_rooftop = is_analogue or kind == "rooftop"
    if not is_rooftop or not scenario.keys.network.antenna_discrimination:
        return OMNIDIRECTIONAL
    band_of = analogue_band if is_analogue else band
    return discrimination_of_band(band_of(transmitter.frequency_mhz))[0]


def signal_of(scenario: Scenario, transmitter: Transmitter, cn_db: float | None = None) -> Signal:
    """What a transmitter sends, as protection ratios know it; `cn_db` of a wanted digital one."""
    carried = scenario.signals[transmitter.multiplex]
    width, frequency = carried.bandwidth_mhz, transmitter.frequency_mhz
    if not isinstance(carried, Analogue):
        return Signal(carried.system, frequency, width, cn_db)
    return Signal(
        carried.system, 0.5 * sum(carried.edges_mhz(frequency)), width, vision_mhz=frequency, line_offset=transmitter.line_offset,
        precision_offset=transmitter.precision_offset,
    )  # fmt: skip


def _multiplex_groups(
    scenario: Scenario, multiplex: Multiplex, own: list[int], ratios: Ratios
) -> tuple[Group, ...]:
    """One group of all stations of a single-frequency network; otherwise one of each."""
    groups = []
    for members in [tuple(own)] if multiplex.network == "sfn" else [(k,) for k in own]:
        first = scenario.transmitters[members[0]]
        budget = link_budget(multiplex.mode, scenario.reception, first.frequency_mhz)
        wanted = signal_of(scenario, first, budget.cn_db)
        others = tuple(
            Interferer(k, ratio.tropospheric_db)
            for k, ratio in _disturbing(scenario, multiplex.id, wanted, members, ratios)
        )
        groups.append(Group(members, budget, others))
    return tuple(groups)


def _analogue_groups(
    scenario: Scenario, service: Analogue, own: list[int], ratios: Ratios, grade: int
) -> tuple[Group, ...]:
    """A group of each station, with what a picture of a grade needs."""
    given = {4: service.protected_field_dbuv_m, 3: service.satisfactory_field_dbuv_m}[grade]
    groups = []
    for k in own:
        station = scenario.transmitters[k]
        budget = analogue_budget(
            station.frequency_mhz, service.system, grade,
            sigma_db=scenario.reception.location_sigma_db, field_dbuv_m=given,
        )  # fmt: skip
        found = _disturbing(scenario, service.id, signal_of(scenario, station), (k,), ratios)
        others = tuple(
            Interferer(
                other, ratio.tropospheric_db, ratio.continuous_db if grade == 4 else -math.inf
            )
            for other, ratio in found
        )
        groups.append(Group((k,), budget, others))
    return tuple(groups)


def _disturbing(
    scenario: Scenario, service: str, wanted: Signal, members: tuple[int, ...], ratios: Ratios
) -> Iterable[tuple[int, ProtectionRatio]]:
    """Stations that disturb a wanted signal, and their protection ratios.

    Raises
    ------
    ValueError
        A pair for which no ratio is known; names the station.
    """
    for k, other in enumerate(scenario.transmitters):
        if k in members or not scenario.keys.network.interference:
            continue
        signal = signal_of(scenario, other)
        try:
            ratio = protection_ratio(wanted, signal, scenario.protection_rows)
        except ValueError as error:
            msg = f"disturbed by {other.id}: {error} in the table network.protection_rows"
            raise ValueError(msg) from error
        if ratio is not None:
            ratios[service, other.id] = ratio
            yield k, ratio
