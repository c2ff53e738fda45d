"""What a plan pays for: its prices, and the stations that it builds."""

from __future__ import annotations

from collections.abc import Sequence

from dtt_sim.model import Transmitter
from dtt_sim.scenario.merge import Merged
from dtt_sim.scenario.plan_schema import PriceKeys
from dtt_sim.scenario.transmitters import nearest
from dtt_sim.transition.needs import Prices, Station


def prices_of(keys: PriceKeys) -> Prices:
    """Prices of a scenario."""
    return Prices(
        keys.currency, keys.other_currency, keys.rate, keys.receiver, keys.satellite,
        tuple((one.above_kw, one.capex) for one in keys.site), keys.site_opex_percent,
        keys.further_station_percent,
    )  # fmt: skip


def paid_stations(keys: PriceKeys, phases: Sequence[Sequence[Transmitter]]) -> list[Station]:
    """Stations that a plan pays for.

    Parameters
    ----------
    phases : sequence of sequence of Transmitter
        DVB-T2 stations on air in each phase.
    """
    spans: dict[str, tuple[Transmitter, int, int]] = {}
    for p, on_air in enumerate(phases):
        for t in on_air:
            _, first, _ = spans.get(t.id, (t, p, p))
            spans[t.id] = t, first, p
    return [
        Station(t.id, t.site, t.lat_deg, t.lon_deg, t.erp_kw, first, last)
        for t, first, last in spans.values()
        if (first > 0 if keys.pays_for is None else not _names(t).isdisjoint(keys.pays_for))
    ]


def _names(transmitter: Transmitter) -> set[str]:
    """By which a station can be named."""
    return {transmitter.id, transmitter.multiplex, transmitter.site}


def check_prices(
    merged: Merged, keys: PriceKeys, phases: Sequence[Sequence[Transmitter]], known: Sequence[str]
) -> None:
    """Report what is paid for and is not there, and powers without a price.

    Parameters
    ----------
    known : sequence of str
        Names of stations, services and sites, on air or not: an alternative may keep some off.
    """
    for name in keys.pays_for or ():
        if name not in known:
            text = f"{name!r} is no DVB-T2 station, service or site{nearest(name, known)}"
            merged.report(("prices", "pays_for"), text)
    prices = prices_of(keys)
    for station in paid_stations(keys, phases):
        if prices.site(station.erp_kw) is None:
            text = (
                f"{station.id} radiates {station.erp_kw:g} kW, for which no class has a price; add "
                "one with a lower above_kw"
            )
            merged.report(("prices", "site"), text)
