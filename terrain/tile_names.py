"""Tiles of whole degrees: what their names promise, and whether their edges keep it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from terrain.grid import Grid, is_lonlat
from terrain.products import known_product

_NAME: Final = re.compile(
    r"(?<![A-Z0-9])([NS])(\d{2,3})(?:_00)?_?([EW])(\d{3})(?!\d)", re.IGNORECASE
)
_NEAR: Final = 0.1
"""Cells; edges this near to where they should be are there."""

Verdict = Literal["", "as_expected", "unknown", "shifted", "elsewhere"]

WHERE = {
    "half_cell_north_west": "half a cell north and west of the whole degrees",
    "whole_degrees": "on the whole degrees",
    "posts": "half a cell outside the whole degrees (values stand on them)",
}
"""Registrations in words."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Where a tile lies, against its name.

    Attributes
    ----------
    verdict : {"", "as_expected", "unknown", "shifted", "elsewhere"}
        "" for a file whose name is no tile's; "unknown" where no product says how it should be;
        "shifted" by parts of a cell against its product; "elsewhere" by more than a cell.
    text : str
        For people.
    off_cell : (west, south, east, north)
        How far the edges lie outside the whole degrees [cells]; NaN without a tile's name.
    """

    verdict: Verdict
    text: str
    off_cell: tuple[float, float, float, float]


def degree_name(south_deg: int, west_deg: int) -> str:
    """Name of the one-degree tile with this south-western corner, such as "N10E104"."""
    west = (west_deg + 180) % 360 - 180
    north_south, east_west = "S" if south_deg < 0 else "N", "W" if west < 0 else "E"
    return f"{north_south}{abs(south_deg):02d}{east_west}{abs(west):03d}"


def corner_of(path: Path | str) -> tuple[int, int] | None:
    """South-western corner that a file's name gives, (lat, lon) [deg]; None for no tile's name."""
    found = _NAME.search(Path(path).name)
    if found is None:
        return None
    north_south, lat, east_west, lon = found.groups()
    south = int(lat) * (-1 if north_south.upper() == "S" else 1)
    west = int(lon) * (-1 if east_west.upper() == "W" else 1)
    return (south, west) if abs(south) <= 90 and abs(west) <= 180 else None


def registration(path: Path | str, grid: Grid) -> Registration:
    """Hold the edges of a one-degree tile against its name and its product."""
    corner = corner_of(path)
    if corner is None or not is_lonlat(grid.crs):
        return Registration("", "", (np.nan,) * 4)
    a, _, _, _, e, _ = grid.transform
    west, south, east, north = grid.bounds
    off = (
        (corner[1] - west) / a,
        (corner[0] - south) / -e,
        (east - corner[1] - 1) / a,
        (north - corner[0] - 1) / -e,
    )
    found = _kind(off)
    product = known_product(path)
    expected = product.registration if product else ""
    name = degree_name(*corner)
    if max(abs(v) for v in off) > 1.0 + _NEAR:
        return Registration(
            "elsewhere",
            f"the name says {name}, but the edges lie at {west:.5f}, {south:.5f}, {east:.5f}, "
            f"{north:.5f}: a part of the tile, or another; check the name",
            off,
        )
    lies = WHERE.get(found, f"{off[0]:+.2f} cells west and {off[3]:+.2f} north of whole degrees")
    if not expected or product is None:
        return Registration("unknown", f"{name}: edges {lies}", off)
    if found == expected:
        return Registration("as_expected", f"{name}: edges {lies}, as {product.name} has them", off)
    return Registration(
        "shifted",
        f"{name}: edges {lies}; {product.name} has them {WHERE[expected]}. The heights may lie half "
        "a cell beside their place: take the tile from its source again, unconverted",
        off,
    )


def _kind(off_cell: tuple[float, float, float, float]) -> str:
    """Registration with these edges; "" for none of the known ones."""
    for name, expected in (
        ("half_cell_north_west", (0.5, -0.5, -0.5, 0.5)),
        ("whole_degrees", (0.0, 0.0, 0.0, 0.0)),
        ("posts", (0.5, 0.5, 0.5, 0.5)),
    ):
        if all(abs(v - w) <= _NEAR for v, w in zip(off_cell, expected, strict=True)):
            return name
    return ""
