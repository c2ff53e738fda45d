"""Households of a scenario by unit: its shares, and the table that has others for some units."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dtt_sim.errors import Problem, ScenarioError
from dtt_sim.scenario.plan_schema import HouseholdKeys
from dtt_sim.scenario.transmitters import nearest
from dtt_sim.transition.households import HouseholdModel
from dtt_sim.typing import Float64Array

PLATFORMS = ("terrestrial_percent", "cable_percent", "satellite_percent", "none_percent")
COLUMNS = ("persons_per_household", *PLATFORMS, "poor_percent", "near_poor_percent")
"""Columns of the table beside `unit`; an empty cell keeps the scenario's value."""


def household_model(
    keys: HouseholdKeys, units: Sequence[str], persons: Float64Array
) -> HouseholdModel:
    """Households of units.

    Parameters
    ----------
    units : sequence of str
        Named ones of the population.
    persons : (n_unit,) float64

    Raises
    ------
    ScenarioError
        All that is wrong with the table.
    """
    own = {unit: {name: float(getattr(keys, name)) for name in COLUMNS} for unit in units}
    if keys.table is not None:
        _read_table(Path(keys.table), own)
    value = {name: np.array([own[unit][name] for unit in units]) for name in COLUMNS}
    return HouseholdModel(
        tuple(units), persons, value["persons_per_household"],
        0.01 * value["terrestrial_percent"], 0.01 * value["poor_percent"],
        0.01 * value["near_poor_percent"],
    )  # fmt: skip


def _read_table(path: Path, own: dict[str, dict[str, float]]) -> None:
    """Lay a table over the values of its units."""
    problems: list[Problem] = []

    def report(line: int | None, key: str, text: str) -> None:
        problems.append(Problem(path.name, line, key, text))

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([Problem(path.name, None, "", f"cannot be read ({error})")]) from error
    head = text.partition("\n")[0]
    reader = csv.DictReader(
        text.splitlines(), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    names = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    if "unit" not in names:
        report(1, "unit", f"column is missing; give unit and any of {', '.join(COLUMNS)}")
    for name in names:
        if name not in ("unit", *COLUMNS):
            report(1, name, f"unknown column{nearest(name, COLUMNS)}")
    seen: dict[str, int] = {}
    for row in reader if not problems else ():
        line, unit = reader.line_num, (row.get("unit") or "").strip()
        if unit not in own:
            report(line, "unit", f"{unit!r} is no unit of the population{nearest(unit, list(own))}")
            continue
        if unit in seen:
            report(line, "unit", f"{unit!r} stands in line {seen[unit]} already; once is enough")
        seen[unit] = line
        for name in COLUMNS:
            cell = (row.get(name) or "").strip()
            if not cell:
                continue
            try:
                number = float(cell)
            except ValueError:
                report(line, name, f"{cell!r} is not a number; use a decimal point")
                continue
            limit = 100.0 if name != "persons_per_household" else 50.0
            if not 0.0 <= number <= limit or (name == "persons_per_household" and number == 0.0):
                report(line, name, f"{cell} is outside 0 to {limit:g}")
                continue
            own[unit][name] = number
        platforms = sum(own[unit][name] for name in PLATFORMS)
        if abs(platforms - 100.0) > 1e-6:
            report(
                line,
                "terrestrial_percent",
                f"the platforms of {unit} sum to {platforms:g} %, not 100",
            )
        if own[unit]["poor_percent"] + own[unit]["near_poor_percent"] > 100.0:
            report(line, "poor_percent", f"poor and near-poor of {unit} sum to more than 100 %")
    if problems:
        raise ScenarioError(problems, path.name)
