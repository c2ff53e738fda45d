"""Tables of a plan's accounts."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

from dtt_sim.scenario.load import Scenario
from dtt_sim.transition import needs
from dtt_sim.transition.uncertainty import COST, PERCENT
from dtt_sim.workflow.accounts import PlanAccount, additional_households
from dtt_sim.workflow.area import Area
from dtt_sim.workflow.datasets import (
    FATES,
    FIGURES,
    fates_dataset,
    figures_dataset,
    write_dataset,
)
from dtt_sim.workflow.output import write_csv
from dtt_sim.workflow.tables import ALL, vintage_of, with_vintage
from dtt_sim.workflow.transition import LEDGER_HEADER, ledger_rows

COST_HEADER = (
    "phase", "date", "where", "item", "quantity", "unit_price", "amount", "currency",
    "amount_other", "other_currency",
)  # fmt: skip
GATE_HEADER = (
    "phase", "date", "criterion", "threshold_percent", "value_percent", "margin_points", "passed",
    "note",
)  # fmt: skip
FAIRNESS_HEADER = ("phase", "date", "measure", "where", "value_percent")
HEADLINE_HEADER = (
    "phase", "figure", "item", "value", "low", "high", "sampling_error", "unit", "draws",
)  # fmt: skip


TABLES = ("ledger", "costs", "gates", "fairness", "headline")


def remove_account(out: Path) -> None:
    """Take away the account of an earlier run: this one has none."""
    for name in (*(f"{table}.csv" for table in TABLES), FATES, FIGURES):
        (out / name).unlink(missing_ok=True)


def write_account(out: Path, account: PlanAccount, scenario: Scenario, area: Area) -> None:
    """Write the tables of a plan, and its fates as NetCDF."""
    transition = account.transition
    dates = dict(zip(transition.fates.phases, transition.dates, strict=True))
    bands: dict[Any, tuple[float, float]] = {}
    if account.bands is not None:
        low, high = account.bands.quantiles()
        bands = {
            (f.phase, f.item, f.what): (float(a), float(b))
            for f, a, b in zip(account.bands.names, low, high, strict=True)
        }
    vintage = vintage_of(scenario)
    ledger = ledger_rows(transition, bands)
    write_csv(out / "ledger.csv", *with_vintage(LEDGER_HEADER, ledger, vintage))
    costs = _cost_rows(account, scenario, dates)
    write_csv(out / "costs.csv", *with_vintage(COST_HEADER, costs, vintage))
    write_csv(
        out / "gates.csv",
        *with_vintage(GATE_HEADER, [
            (phase, dates[phase].isoformat(), v.criterion, v.threshold, _rounded(v.value),
             _rounded(v.margin), str(v.passed).lower(), v.note)
            for phase, verdicts in account.gates.items() for v in verdicts
        ], vintage),
    )  # fmt: skip
    write_csv(
        out / "fairness.csv",
        *with_vintage(FAIRNESS_HEADER, [
            (phase, dates[phase].isoformat(), row.measure, row.where, round(row.value_percent, 2))
            for phase, rows in account.fairness.items() for row in rows
        ], vintage),
    )  # fmt: skip
    currency = scenario.keys.prices.currency if scenario.keys.prices else ""
    write_csv(out / "headline.csv", HEADLINE_HEADER, _headline_rows(account, currency))
    write_dataset(
        out / FATES,
        fates_dataset(transition, area.grid, scenario.title, "; ".join(area.ground.credits)),
    )
    write_dataset(out / FIGURES, figures_dataset(account.names, account.nominal, account.bands))


def _rounded(value: float) -> float | str:
    return "" if math.isnan(value) else round(value, 3) + 0.0


def _cost_rows(
    account: PlanAccount, scenario: Scenario, dates: dict[str, dt.date]
) -> list[tuple[Any, ...]]:
    keys = scenario.keys.prices
    if keys is None:
        return []
    totals = needs.totals(account.costs)

    def money(amount: int) -> tuple[Any, ...]:
        return amount, keys.currency, round(amount / keys.rate, 2), keys.other_currency

    rows: list[tuple[Any, ...]] = []
    for phase, date in dates.items():
        rows += [
            (phase, date.isoformat(), r.where, r.item, r.quantity, r.unit_price, *money(r.amount))
            for r in account.costs if r.phase == phase
        ]  # fmt: skip
        rows.append((phase, date.isoformat(), ALL, "total", "", "", *money(totals.get(phase, 0))))
    by_place: dict[str, int] = {}
    for row in account.costs:
        by_place[row.where] = by_place.get(row.where, 0) + row.amount
    rows += [(ALL, "", where, "total", "", "", *money(n)) for where, n in by_place.items()]
    rows.append((ALL, "", ALL, "total", "", "", *money(totals[""])))
    more = additional_households(account)
    if more > 0.0:
        per = round(totals[""] / more)
        rows.append(
            (ALL, "", ALL, "per additional household with DVB-T2 reception", round(more), "",
             *money(per))
        )  # fmt: skip
    return rows


def _headline_rows(account: PlanAccount, currency: str) -> list[tuple[Any, ...]]:
    """Every figure of the plan, with its band where there were draws."""
    names, nominal = account.names, account.nominal
    bands = account.bands
    low, high = bands.quantiles() if bands is not None else (None, None)
    units = {COST: currency, **dict.fromkeys(PERCENT, "%")}
    rows: list[tuple[Any, ...]] = []
    for k, name in enumerate(names):
        digits = 2 if name.what in PERCENT else 0
        unit = units.get(name.what, "households")
        band: tuple[Any, ...] = ("", "", "", unit, "")
        if bands is not None and low is not None and high is not None:
            band = (
                round(float(low[k]), digits), round(float(high[k]), digits),
                round(float(bands.sampling[k]), digits or 1), unit, len(bands.draws),
            )  # fmt: skip
        item = name.item.name if name.item else ""
        rows.append((name.phase or ALL, name.what, item, round(float(nominal[k]), digits), *band))
    if bands is not None and not math.isnan(account.obligation):
        rows.append(
            (account.transition.fates.phases[-1], "probability that the coverage obligation is met", "",
             round(100.0 * account.obligation, 1), "", "", "", "%", len(bands.draws))
        )  # fmt: skip
    return rows
