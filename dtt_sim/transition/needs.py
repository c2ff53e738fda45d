"""What a plan needs, and what that costs: receivers, satellite dishes, sites and their operation.

All amounts are whole units of the plan's currency, so that rows sum to totals without a remainder.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from dtt_sim.transition.households import GROUPS
from dtt_sim.transition.whole_numbers import apportion
from dtt_sim.typing import Float64Array

RECEIVERS, SATELLITE, CAPEX, OPEX = "receivers delivered", "satellite receivers", "capex", "opex"
OWN: Final = "receivers bought by households"
DAYS_PER_YEAR: Final = 365.25
_SAME_PLACE_DEG = 5e-3


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost.

    Attributes
    ----------
    currency, other_currency : str
    rate : float
        Units of `currency` for one of the other.
    receiver, satellite : float
        Set-top box; satellite receiver with dish.
    site_capex : tuple of (float, float)
        Lowest ERP of a class [kW], and what a site of it costs; ascending.
    opex_percent : float
        Yearly operation, of capex.
    further_station_percent : float
        Of the capex, for another station on a mast that is paid for.
    """

    currency: str
    other_currency: str
    rate: float
    receiver: float
    satellite: float
    site_capex: tuple[tuple[float, float], ...]
    opex_percent: float
    further_station_percent: float

    def site(self, erp_kw: float) -> float | None:
        """Capex of a site by its ERP; None where no class covers it."""
        found = [price for above, price in self.site_capex if erp_kw >= above]
        return found[-1] if found else None


class Station(NamedTuple):
    """A station that a plan pays for.

    Attributes
    ----------
    id, site : str
    lat_deg, lon_deg, erp_kw : float
    first, last : int
        First and last phase in which it is on air.
    """

    id: str
    site: str
    lat_deg: float
    lon_deg: float
    erp_kw: float
    first: int
    last: int


class CostRow(NamedTuple):
    """One row of what is needed.

    Attributes
    ----------
    phase : str
    where : str
        Administrative unit, or site.
    item : str
    quantity : float
    unit_price, amount : int
        In the plan's currency; 0 for what the plan does not pay.
    """

    phase: str
    where: str
    item: str
    quantity: float
    unit_price: int
    amount: int


def delivered_share(own: Float64Array, by_group: Float64Array) -> Float64Array:
    """Share of each group that has got a receiver by delivery, (n_phase, n_group).

    Households of a supported group buy what they have bought; the rest is delivered.

    Parameters
    ----------
    own : (n_phase,) float64
        Share that has bought a receiver.
    by_group : (n_phase, n_group) float64
        Share with a receiver, bought or delivered.
    """
    bought = np.minimum(np.maximum.accumulate(own)[:, None], by_group)
    return np.asarray(np.maximum.accumulate(by_group - bought, axis=0))


def receiver_rows(
    phases: Sequence[str],
    units: Sequence[str],
    watching: Float64Array,
    group_shares: Float64Array,
    own: Float64Array,
    by_group: Float64Array,
    prices: Prices,
) -> list[CostRow]:
    """Receivers that are delivered, and that households buy, in each phase.

    Parameters
    ----------
    watching : (n_unit,) float64
        Terrestrial households.
    group_shares : (n_group, n_unit) float64
    own : (n_phase,) float64
        Share that has bought a receiver.
    by_group : (n_phase, n_group) float64
        Share with a receiver, bought or delivered, by group.
    """
    rows = []
    given = delivered_share(own, by_group)
    price = round(prices.receiver)
    for p, phase in enumerate(phases):
        before_given = given[p - 1] if p else np.zeros(len(GROUPS))
        before_all = by_group[p - 1] if p else by_group[0]
        delivered = (given[p] - before_given) @ group_shares * watching
        every = (by_group[p] - before_all) @ group_shares * watching
        for item, numbers, cost in (
            (RECEIVERS, delivered, price),
            (OWN, np.maximum(every - delivered, 0.0), 0),
        ):
            whole = apportion(numbers)
            rows += [
                CostRow(phase, unit, item, int(n), price, int(n) * cost)
                for unit, n in zip(units, whole, strict=True)
                if n
            ]
    return rows


def satellite_rows(
    phases: Sequence[str], units: Sequence[str], outside: Float64Array, prices: Prices
) -> list[CostRow]:
    """Satellite receivers for those who are newly outside terrestrial coverage.

    Parameters
    ----------
    outside : (n_phase, n_unit) float64
        Households to be given one, if none had one; those who have one keep it.
    """
    rows = []
    most = np.zeros(len(units))
    price = round(prices.satellite)
    for phase, now in zip(phases, outside, strict=True):
        whole = apportion(np.maximum(now - most, 0.0))
        most = np.maximum(most, now)
        rows += [
            CostRow(phase, unit, SATELLITE, int(n), price, int(n) * price)
            for unit, n in zip(units, whole, strict=True)
            if n
        ]
    return rows


def site_rows(
    phases: Sequence[str], dates: Sequence[dt.date], until: dt.date, stations: Sequence[Station],
    prices: Prices,
) -> list[CostRow]:  # fmt: skip
    """Sites: building in the phase in which they come on air, operation until the next phase.

    The strongest station of a mast pays for the site, another one on it a part of that. A station
    that comes back, or changes its power, is not paid for again.

    Raises
    ------
    ValueError
        A station whose power no class covers; names it.
    """
    rows = []
    known: list[Station] = []
    capex: dict[str, int] = {}
    for station in sorted(stations, key=lambda s: (s.first, -s.erp_kw, s.id)):
        whole = prices.site(station.erp_kw)
        if whole is None:
            msg = (
                f"{station.id} radiates {station.erp_kw:g} kW, for which no [[prices.site]] has a "
                "price; add a class with a lower above_kw"
            )
            raise ValueError(msg)
        is_further = any(
            abs(s.lat_deg - station.lat_deg) < _SAME_PLACE_DEG
            and abs(s.lon_deg - station.lon_deg) < _SAME_PLACE_DEG
            for s in known
        )
        known.append(station)
        share = 0.01 * prices.further_station_percent if is_further else 1.0
        capex[station.id] = round(whole * share)
        rows.append(
            CostRow(
                phases[station.first], station.site, f"{CAPEX} {station.id}", 1,
                capex[station.id], capex[station.id],
            )
        )  # fmt: skip
    ends = [*dates[1:], until]
    for p, phase in enumerate(phases):
        years = max((ends[p] - dates[p]).days, 0) / DAYS_PER_YEAR
        for station in known:
            if station.first <= p <= station.last and years > 0.0:
                yearly = round(capex[station.id] * 0.01 * prices.opex_percent)
                rows.append(
                    CostRow(
                        phase, station.site, f"{OPEX} {station.id}", round(years, 4), yearly,
                        round(yearly * years),
                    )
                )  # fmt: skip
    return rows


def totals(rows: Sequence[CostRow]) -> dict[str, int]:
    """Amounts by phase, and in all under ""."""
    found: dict[str, int] = {"": 0}
    for row in rows:
        found[row.phase] = found.get(row.phase, 0) + row.amount
        found[""] += row.amount
    return found
