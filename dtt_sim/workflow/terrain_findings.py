"""What a planner should look at in a check of the terrain, in sentences that end with what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from terrain.quality import HIGHEST_LAND_M, LOWEST_LAND_M

if TYPE_CHECKING:
    from dtt_sim.workflow.terrain_check import SiteCheck, TerrainCheck

DIFFERENT_M = 20.0
"""A station list's ground and the terrain's that differ by more are worth a look."""

SHOWN = 4
"""Missing tiles that are named."""

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at: an error stops a run, a warning does not."""

    level: Level
    text: str


def findings(found: TerrainCheck) -> Iterator[Finding]:
    """What a planner should look at."""
    for text in (
        *found.ground.warnings, *_coverage(found), *_files(found), *_heights(found), *_people_told(found),
    ):  # fmt: skip
        yield Finding("warning", text)
    for site in found.sites:
        yield from _of_site(site)


def _coverage(found: TerrainCheck) -> Iterator[str]:
    """What the files do not reach, and what is coarser than the grid."""
    if found.missing_share:
        worst = sorted(found.missing_tiles.items(), key=lambda one: -one[1])
        names = ", ".join(f"{n} ({_share(s)})" for n, s in worst[:SHOWN])
        more = f" and {len(worst) - SHOWN} more" if len(worst) > SHOWN else ""
        yield (
            f"no file covers {_share(found.missing_share)} of the area: {names}{more}; paths across it "
            "have no prediction. Add the tiles; where they are open sea, land polygons say so"
        )
    cell_m, own_m = min(found.area.grid.cell_size_m()), found.ground.resolution_m
    if own_m > 2.0 * cell_m:
        yield (
            f"the elevation's cells of {own_m:.0f} m are coarser than the receiving grid's of "
            f"{cell_m:.0f} m: hills between them are not seen"
        )


def _files(found: TerrainCheck) -> Iterator[str]:
    for file in found.files:
        if file.registration.verdict in {"shifted", "elsewhere"}:
            yield f"{file.file}: {file.registration.text}"
    datums = dict.fromkeys(file.vertical.partition(" (")[0] for file in found.files)
    if len(datums) > 1:
        yield f"heights refer to {' and '.join(datums)}: they may step where the tiles meet"


def _heights(found: TerrainCheck) -> Iterator[str]:
    raw, gaps = found.raw, found.voids
    if raw.n_spike or raw.n_pit:
        worst = raw.spots[0]
        yield (
            f"{_number(raw.n_spike, 'spike')} and {_number(raw.n_pit, 'pit')}: single cells far off all "
            f"their neighbours, the worst {worst.height_m:.0f} m ({worst.off_m:+.0f} m) at "
            f"{worst.lat_deg:.4f} {worst.lon_deg:.4f}; a spike blocks every path across it: set it to "
            "nodata"
        )
    if raw.n_too_low or raw.n_too_high:
        yield (
            f"{raw.n_too_low} land cells lie below {LOWEST_LAND_M:.0f} m and {raw.n_too_high} above "
            f"{HIGHEST_LAND_M:.0f} m: there is no such ground; check unit, nodata and land polygons"
        )
    if gaps.n_cell:
        yield (
            f"{gaps.n_cell:,} void cells: paths across them have no prediction; fill_voids = "
            '"interpolate", or a second raster behind the first, closes them'
            if found.ground.filled is None
            else f"{gaps.n_cell:,} void cells stay, in voids larger than {gaps.small_km2:g} km²: paths "
            "across them have no prediction; a second raster behind the first closes them"
        )


def _people_told(found: TerrainCheck) -> Iterator[str]:
    people = found.people
    if people is None:
        return
    for persons, text in (
        (people.outside_grid, "live outside the receiving grid and count as not served"),
        (people.without_ground, "live where the terrain has no height: no prediction reaches them"),
    ):
        if persons >= 0.5:
            yield f"{persons:,.0f} persons ({_share(persons / people.total)}) {text}"
    if people.at_sea > 0.01 * people.total:
        share = _share(people.at_sea / people.total)
        yield f"{people.at_sea:,.0f} persons ({share}) live in sea cells: compare land and population"


def _of_site(site: SiteCheck) -> Iterator[Finding]:
    name = f"site {site.site} ({', '.join(site.stations)})"
    if site.problem:
        yield Finding("error", f"{name}: {site.problem}")
    elif site.sea_km is not None:
        where = "no land near" if math.isnan(site.sea_km) else f"land is {site.sea_km:.1f} km off"
        yield Finding("warning", f"{name} stands in the sea, {where}: check its position")
    if abs(site.difference_m) > DIFFERENT_M:
        yield Finding(
            "warning",
            f"{name}: the terrain's ground is {site.ground_m:.0f} m, the list's {site.listed_m:.0f} m: "
            "check the position, and whether the terrain is fine enough",
        )


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _share(value: float) -> str:
    """A share in percent, with as many digits as it takes not to be 0."""
    return f"{value:.1%}" if value >= 0.001 or value == 0.0 else "under 0.1%"
