"""Elevation products that a file's name gives away: whose they are, and what they measure."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Product:
    """An elevation product.

    Attributes
    ----------
    name : str
    is_surface : bool
        Heights of canopy and roofs (surface model) rather than of bare ground.
    vertical_datum : str
        Geoid to which heights refer.
    credit : str
        What its licence wants said.
    """

    name: str
    is_surface: bool
    vertical_datum: str
    credit: str


def known_product(paths: Sequence[Path | str] | Path | str) -> Product | None:
    """Product that the (first) file's name belongs to; None where the name says nothing."""
    first = paths if isinstance(paths, str | Path) else next(iter(paths))
    name = Path(first).name
    return next((product for pattern, product in _products() if pattern.search(name)), None)


@cache
def _products() -> tuple[tuple[re.Pattern[str], Product], ...]:
    text = resources.files("terrain").joinpath("data/elevation_products.csv")
    rows = csv.DictReader(text.read_text(encoding="utf-8").splitlines())
    return tuple(
        (
            re.compile(row["pattern"], re.IGNORECASE),
            Product(row["name"], row["is_surface"] == "yes", row["vertical_datum"], row["credit"]),
        )
        for row in rows
    )
