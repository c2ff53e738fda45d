"""Numbers of a run's tables as texts of a document; each is one of the CSV files', none computed again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from dtt_sim.report.annex.material import Material, Phase, Row, number_of
from dtt_sim.report.language import Language
from dtt_sim.workflow.tables import ALL

ANY: Final = "(any programme)"
NONE: Final = "–"
LOWER, UPPER = ("acceptable", "grade 3"), ("good", "grade 4")
BAND: Final = ("low", "high")


class Facts:
    """A run's material in a language.

    Parameters
    ----------
    material : Material
    language : Language
    """

    def __init__(self, material: Material, language: Language) -> None:
        self.m = material
        self.text = language

    # Texts of values

    def number(self, value: object, digits: int = 0) -> str:
        """A number as the language has it; a dash for none."""
        found = number_of(value)
        return NONE if found is None else self.text.number(found, digits)

    def percent(self, value: object, digits: int = 1) -> str:
        """A percentage as the language has it; a dash for none."""
        found = number_of(value)
        # A number and its sign stay on one line.
        return NONE if found is None else self.text.percent(found, digits).replace(" ", "\u00a0")

    def day(self, phase: Phase) -> str:
        """The date of a phase; a dash without one."""
        return NONE if phase.date is None else self.text.date(phase.date)

    def dated(self, phase: Phase) -> str:
        """A phase with its date."""
        return phase.title if phase.date is None else f"{phase.title} ({self.day(phase)})"

    def band(self, row: Row) -> str:
        """The 5 and 95 % of a row; a dash without."""
        low, high = (number_of(row.get(key)) for key in BAND)
        if low is None or high is None:
            return NONE
        return f"{self.text.number(low)} – {self.text.number(high)}"

    def place(self, name: str) -> str:
        """A unit, or what "(all)" is called."""
        return self.text.term("document_word", name)

    def cost_item(self, name: str) -> str:
        """An item of the costs; "capex x" and "opex x" are of a station x."""
        for kind in ("capex", "opex"):
            if name.startswith(f"{kind} "):
                return self.text(f"document_cost_item.{kind}", station=name[len(kind) + 1 :])
        return self.text.term("document_cost_item", name)

    def criterion(self, name: str) -> str:
        """A criterion of the gates; "households losing x" are of a programme x."""
        found = self.text.term("document_criterion", name)
        start = "households losing "
        if found == name and name.startswith(start):
            return self.text("document_criterion.programme", programme=name[len(start) :])
        return found

    # Rows

    def rows(self, table: str, **values: str | Sequence[str]) -> list[Row]:
        """Rows of a table with these values in its columns."""
        wanted = {
            key: {value} if isinstance(value, str) else set(value) for key, value in values.items()
        }
        return [
            row
            for row in self.m.rows(table)
            if all(row.get(key) in allowed for key, allowed in wanted.items())
        ]

    def figure(self, phase: str, figure: str, item: str = ANY) -> Row:
        """A row of headline.csv; empty where there is none."""
        found = self.rows("headline", phase=phase, figure=figure, item=item)
        return found[0] if found else Row()

    def covered(self, phase: str, service: str, unit: str = ALL, *, upper: bool) -> Row:
        """A row of summary.csv at the lower or the upper quality; empty where there is none."""
        found = self.rows(
            "summary", phase=phase, multiplex=service, unit=unit, quality=UPPER if upper else LOWER
        )
        return found[0] if found else Row()

    def services(self, phase: Phase) -> dict[str, str]:
        """Services of a phase with their titles, digital ones first."""
        if phase.services:
            order = sorted(phase.services, key=lambda name: not self.is_digital(phase, name))
            return {name: str(phase.services[name].get("title") or name) for name in order}
        found = dict.fromkeys(r.get("multiplex", "") for r in self.rows("summary", phase=phase.id))
        return {name: name for name in found}

    def is_digital(self, phase: Phase, service: str) -> bool:
        """Whether a service is one of DVB-T2, as far as that is told."""
        return bool(phase.services.get(service, {}).get("digital"))

    @property
    def units(self) -> list[str]:
        """Administrative units, in the order of the tables."""
        return [
            u for u in dict.fromkeys(r.get("unit", "") for r in self.m.rows("summary")) if u != ALL
        ]

    @property
    def has_plan(self) -> bool:
        """Whether what becomes of households is told."""
        return bool(self.m.rows("headline") or self.m.rows("ledger"))

    def households(self) -> float | None:
        """Households with terrestrial television: those of the first phase that has any."""
        for phase in self.m.phases:
            rows = self.rows("ledger", phase=phase.id, unit=ALL, item=ANY)
            if rows:
                return total(rows, "households")
        return None

    def losses(self, phase: str, **values: str) -> dict[tuple[str, str], float]:
        """Households of a phase that lose all programmes, or an item, by cause and station."""
        found: dict[tuple[str, str], float] = {}
        wanted = {"item": ANY, "unit": ALL, **values}
        for row in self.rows("ledger", phase=phase, status="loses", **wanted):
            key = row.get("cause", ""), row.get("station", "")
            found[key] = found.get(key, 0.0) + (number_of(row.get("households")) or 0.0)
        return found

    def cost(self, phase: str = ALL, where: str = ALL, item: str = "total") -> Row:
        """A row of costs.csv; empty where there is none."""
        found = self.rows("costs", phase=phase, where=where, item=item)
        return found[0] if found else Row()


class Sum(NamedTuple):
    """A sum of rows.

    Attributes
    ----------
    quantity, amount : float
    """

    quantity: float
    amount: float


def total(rows: Iterable[Row], column: str) -> float:
    """Sum of a column of whole numbers."""
    return sum(number_of(row.get(column)) or 0.0 for row in rows)


def sums(rows: Iterable[Row], *keys: str) -> dict[tuple[str, ...], Sum]:
    """Quantities and amounts of costs by the values of columns."""
    found: dict[tuple[str, ...], Sum] = {}
    for row in rows:
        key = tuple(row.get(k, "") for k in keys)
        before = found.get(key, Sum(0.0, 0.0))
        found[key] = Sum(
            before.quantity + (number_of(row.get("quantity")) or 0.0),
            before.amount + (number_of(row.get("amount")) or 0.0),
        )
    return found
