"""What a report says in words: names of the program in the reader's language."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass

from dtt_sim.report.html.source import Source
from dtt_sim.report.language import Language
from dtt_sim.transition.ledger import ANYTHING
from dtt_sim.workflow.tables import ALL

LOCATIONS = re.compile(r"(.+), ([\d.]+) % of locations")
LOSING = "households losing "
AT_LEAST = re.compile(r"\(at least (\d+)\)")


@dataclass(frozen=True, slots=True)
class Words:
    """Words for a run in a language.

    Attributes
    ----------
    language : Language
    source : Source
    """

    language: Language
    source: Source

    def __call__(self, key: str, **values: object) -> str:
        """A text of the group ``report_page``."""
        return self.language(f"report_page.{key}", **values)

    def number(self, text: str | float | None, digits: int = 0) -> str:
        """A number of a table; what is no number as it stands, nothing as a dash."""
        value = as_number(text)
        if value is None:
            return str(text) if text else "–"
        return self.language.number(value, digits)

    def signed(self, value: float, digits: int = 0) -> str:
        """A number with its sign."""
        text = self.language.number(abs(value), digits)
        return f"{'+' if value > 0 else '−' if value < 0 else ''}{text}"

    def percent(self, text: str | float | None, digits: int = 1) -> str:
        """A percentage of a table."""
        value = as_number(text)
        return "–" if value is None else self.language.percent(value, digits)

    def money(self, amount: str | float | None, currency: str) -> str:
        """A sum of money, large ones in millions or thousand millions."""
        value = as_number(amount)
        if value is None:
            return "–"
        for scale, key in ((1e9, "thousand_million"), (1e6, "million")):
            if abs(value) >= scale:
                number = self.language.number(value / scale, 1)
                return self(f"money_{key}", number=number, currency=currency)
        return self("money_plain", number=self.language.number(value), currency=currency).strip()

    def band(self, low: str | float | None, high: str | float | None, digits: int = 0) -> str:
        """The 5 to 95 % band of a number in brackets; empty without one."""
        a, b = as_number(low), as_number(high)
        if a is None or b is None:
            return ""
        ends = self.language.number(a, digits), self.language.number(b, digits)
        return self("band", low=ends[0], high=ends[1])

    def date(self, text: str | dt.date | None) -> str:
        """A date as the language writes it."""
        if isinstance(text, dt.date):
            return self.language.date(text)
        try:
            return self.language.date(dt.date.fromisoformat(text or ""))
        except ValueError:
            return text or ""

    def phase(self, name: str) -> str:
        """Title of a phase."""
        if name == ALL:
            return self("all_phases")
        title = self.source.phase_titles.get(name, name)
        return self("one_phase") if name == title == "all" else title

    def dated(self, name: str) -> str:
        """Title of a phase and its date."""
        date = next((p.date for p in self.source.run.phases if p.id == name), None)
        title = self.phase(name)
        return f"{title} ({self.date(date)})" if date else title

    def service(self, name: str) -> str:
        """Title of a service."""
        for phase in self.source.run.phases:
            if name in phase.services:
                return phase.services[name].title
        return name

    def item(self, name: str) -> str:
        """A programme or service of the ledger, or a number of programmes."""
        if name == ANYTHING:
            return self("any_programme")
        count = AT_LEAST.fullmatch(name)
        return self("at_least", n=count.group(1)) if count else name

    def unit(self, name: str) -> str:
        """A unit, or all."""
        return self("all_units") if name == ALL else name

    def quality(self, name: str) -> str:
        """A quality of reception, with the share of locations that it stands for."""
        told = LOCATIONS.fullmatch(name)
        if told is None:
            return self.language.term("quality", name)
        share = self.language.number(float(told.group(2)))
        return self("quality_at", quality=self.quality(told.group(1)), percent=share)

    def cause(self, name: str, station: str = "") -> str:
        """Why a place is not served, or households lose something."""
        group = "loss" if f"loss.{name}" in self.language.messages else "cause"
        text = self.language.term(group, name)
        return self("by_station", cause=text, station=station) if station else text

    def criterion(self, name: str) -> str:
        """A criterion of a gate."""
        known = f"report_criterion.{name}"
        if known not in self.language.messages and name.startswith(LOSING):
            return self("losing_programme", programme=name.removeprefix(LOSING))
        return self.language.term("report_criterion", name)

    def cost(self, item: str) -> str:
        """An item of the costs."""
        for kind in ("capex", "opex"):
            if item.startswith(f"{kind} "):
                return self(kind, station=item.removeprefix(f"{kind} "))
        return self.language.term("report_cost", item)

    def measure(self, name: str) -> str:
        """A measure of fairness."""
        return self.language.term("report_measure", name)


def as_number(text: str | float | None) -> float | None:
    """The number that a cell holds; None for what is none."""
    try:
        value = float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
