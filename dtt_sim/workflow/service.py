"""Service of a scenario's multiplexes from the fields of its transmitters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtt_sim.network.discrimination import OMNIDIRECTIONAL, Discrimination, discrimination_of_band
from dtt_sim.network.multiplex import Group, MultiplexLayers, StationFields, evaluate_multiplex
from dtt_sim.network.protection import DVBT2, ProtectionRatio, Signal, protection_ratio
from dtt_sim.network.reception import LinkBudget, link_budget
from dtt_sim.network.reception_tables import band, class_antenna
from dtt_sim.network.sfn import SfnReceiver
from dtt_sim.typing import Float32Array, IntArray

if TYPE_CHECKING:
    import xarray as xr

    from dtt_sim.model import Transmitter
    from dtt_sim.scenario.load import Multiplex, Scenario
    from terrain.grid import Grid


class Service(NamedTuple):
    """What the multiplexes of a scenario give.

    Attributes
    ----------
    layers : dict of str to MultiplexLayers
        By multiplex id.
    budgets : dict of str to LinkBudget
        By multiplex id, at its first transmitter's frequency.
    ratios : dict of (str, str) to ProtectionRatio
        That were used, by the ids of the wanted multiplex and the transmitter that disturbs.
    """

    layers: dict[str, MultiplexLayers]
    budgets: dict[str, LinkBudget]
    ratios: dict[tuple[str, str], ProtectionRatio]


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


def serve(
    scenario: Scenario,
    fields: dict[str, xr.DataArray],
    losses: dict[str, xr.Dataset],
    grid: Grid,
) -> Service:
    """Service of every multiplex that is on air, all stations taken into account.

    Parameters
    ----------
    fields, losses : dict by transmitter id
        Field strength at the wanted and the interfering percentage of time; path loss.
    """
    stations = station_fields(scenario, fields, losses)
    lonlat = grid.lonlat()
    receiver = receiver_of(scenario)
    found = Service({}, {}, {})
    for name, multiplex in scenario.multiplexes.items():
        own = [k for k, t in enumerate(scenario.transmitters) if t.multiplex == name]
        if not own:
            continue
        groups = groups_of(scenario, multiplex, own, found.ratios)
        found.budgets[name] = groups[0].budget
        found.layers[name] = evaluate_multiplex(
            stations, groups, lonlat,
            window=receiver.window(multiplex.mode), receiver=receiver,
            antenna=rooftop_or_not(scenario, scenario.transmitters[own[0]]),
        )  # fmt: skip
    return found


def station_fields(
    scenario: Scenario,
    fields: dict[str, xr.DataArray],
    losses: dict[str, xr.Dataset],
    cells: IntArray | None = None,
) -> list[StationFields]:
    """What every transmitter does to the grid, or to some of its cells (flat indices), (1, n)."""

    def some(array: xr.DataArray) -> Float32Array:
        values = array.to_numpy()
        return values if cells is None else values.reshape(1, -1)[:, cells]

    return [
        StationFields(
            t.id, t.lat_deg, t.lon_deg,
            some(fields[t.id].isel(p_time=0)), some(fields[t.id].isel(p_time=1)),
            some(losses[t.id]["distance_km"]), t.delay_us, t.polarisation == "vertical",
        )
        for t in scenario.transmitters
    ]  # fmt: skip


def rooftop_or_not(scenario: Scenario, transmitter: Transmitter) -> Discrimination:
    """Receiving antenna at a transmitter's frequency: rooftop ones are directive."""
    reception = scenario.reception
    kind = reception.receiving_antenna or class_antenna(reception.reception)
    if kind != "rooftop" or not scenario.keys.network.antenna_discrimination:
        return OMNIDIRECTIONAL
    return discrimination_of_band(band(transmitter.frequency_mhz))[0]


def groups_of(
    scenario: Scenario,
    multiplex: Multiplex,
    own: list[int],
    ratios: dict[tuple[str, str], ProtectionRatio],
) -> list[Group]:
    """One group of all stations of a single-frequency network; otherwise one of each."""
    parts = [tuple(own)] if multiplex.network == "sfn" else [(k,) for k in own]
    groups = []
    for members in parts:
        first = scenario.transmitters[members[0]]
        budget = link_budget(multiplex.mode, scenario.reception, first.frequency_mhz)
        wanted = Signal(DVBT2, first.frequency_mhz, multiplex.mode.bandwidth_mhz, budget.cn_db)
        others = []
        for k, other in enumerate(scenario.transmitters):
            if k in members or not scenario.keys.network.interference:
                continue
            width = scenario.multiplexes[other.multiplex].mode.bandwidth_mhz
            ratio = protection_ratio(wanted, Signal(DVBT2, other.frequency_mhz, width))
            if ratio is not None:
                others.append((k, ratio.tropospheric_db))
                ratios[multiplex.id, other.id] = ratio
        groups.append(Group(members, budget, tuple(others)))
    return groups
