"""Elevation products that a file's name gives away: whose they are, and what they measure."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from terrain.ground import Surface

SurfaceGiven = Literal["auto", "bare_earth", "surface"]


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
    registration : {"half_cell_north_west", "whole_degrees", "posts", ""}
        Where the edges of a tile lie: half a cell north and west of the whole degrees of its name,
        on them, or half a cell outside (values stand on the degrees); "" where it has no such tiles.
    credit : str
        What its licence wants said.
    """

    name: str
    is_surface: bool
    vertical_datum: str
    registration: str
    credit: str


def known_product(paths: Sequence[Path | str] | Path | str) -> Product | None:
    """Product that the (first) file's name belongs to; None where the name says nothing."""
    return known_products(paths)[0]


def known_products(paths: Sequence[Path | str] | Path | str) -> tuple[Product | None, ...]:
    """Product that each file's name belongs to."""
    names = [Path(p).name for p in ([paths] if isinstance(paths, str | Path) else paths)]
    return tuple(
        next((product for pattern, product in _products() if pattern.search(name)), None)
        for name in names
    )


def surface_of(
    paths: Sequence[Path | str] | Path | str, given: SurfaceGiven
) -> tuple[Surface, tuple[str, ...]]:
    """Whether heights hold canopy and roofs, and what contradicts that.

    With "auto" the files' names decide: a mosaic with a surface model in it is one, as clutter must
    not count twice anywhere.
    """
    known = dict.fromkeys(p for p in known_products(paths) if p is not None)
    high = [p.name for p in known if p.is_surface]
    bare = [p.name for p in known if not p.is_surface]
    said = []
    if high and bare:
        said.append(
            f"The mosaic joins surface models ({', '.join(high)}) and bare earth "
            f"({', '.join(bare)}): heights step by canopy and roofs where they meet. Use one kind."
        )
    if given == "auto":
        return ("surface" if high else "bare_earth"), tuple(said)
    if given == "bare_earth" and high:
        said.append(
            f"{', '.join(high)} is a surface model, with canopy and roofs, but surface is given as "
            'bare_earth: clutter counts twice. Remove the key, or give "surface".'
        )
    if given == "surface" and bare:
        said.append(
            f"{', '.join(bare)} is bare earth, but surface is given as surface: clutter does not "
            'count at all. Remove the key, or give "bare_earth".'
        )
    return given, tuple(said)


@cache
def _products() -> tuple[tuple[re.Pattern[str], Product], ...]:
    text = resources.files("terrain").joinpath("data/elevation_products.csv")
    rows = csv.DictReader(text.read_text(encoding="utf-8").splitlines())
    return tuple(
        (
            re.compile(row["pattern"], re.IGNORECASE),
            Product(
                row["name"],
                row["is_surface"] == "yes",
                row["vertical_datum"],
                row["registration"],
                row["credit"],
            ),
        )
        for row in rows
    )
