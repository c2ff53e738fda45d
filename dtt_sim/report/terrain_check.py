"""What a check of the terrain found, as a screen of text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from dtt_sim.workflow.terrain_check import SiteCheck, TerrainCheck
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID, ZONE_NAMES

CLASSES, SITES, FILES, NOTES = 8, 12, 4, 6
"""Rows shown before "... and more"; JSON has all."""
_SEA_WORDS = {
    "zero": "0 m",
    "nodata": "nodata",
    "no file": "no tile",
    "noise": "noise below 0 m",
    "above": "above 0 m",
    "depth": "depths below -10 m",
}


def check_lines(found: TerrainCheck) -> list[str]:
    """The check for reading: what is needed, what there is, and what to look at."""
    lines = [f"{found.scenario.title}: the ground that it needs, and what it has"]
    for name, texts in (
        ("area", _area(found)),
        ("files", _files(found)),
        ("heights", _heights(found)),
        ("voids", _voids(found)),
        ("sea", _sea(found)),
        ("decided", _decided(found)),
        ("surface", _surface(found)),
        ("clutter", _clutter(found)),
        ("zones", _zones(found)),
        ("sites", _sites(found)),
        ("people", _people(found)),
    ):
        for k, text in enumerate(texts):
            lines.append(f"  {name if k == 0 else '':<8} {text}")
    lines += [f"{finding.level}: {finding.text}" for finding in found.findings]
    return [*lines, _verdict(found)]


def _verdict(found: TerrainCheck) -> str:
    n_error = sum(finding.level == "error" for finding in found.findings)
    if n_error:
        return f"{n_error} error{'s' if n_error > 1 else ''}: a run would stop"
    return "a run can start" if found.findings else "nothing to complain of: a run can start"


def _area(found: TerrainCheck) -> Iterator[str]:
    grid, own = found.area.grid, found.ground.grid
    west, south, east, north = found.needed
    yield (
        f"{west:.3f} to {east:.3f} E, {south:.3f} to {north:.3f} N: the receiving grid "
        f"({grid.n_row} x {grid.n_col} cells of {min(grid.cell_size_m()):.0f} m) and all sites"
    )
    north_m, east_m = own.cell_size_m()
    covers = "all of it" if not found.missing_share else f"{1.0 - found.missing_share:.1%} of it"
    yield (
        f"elevation {own.n_row} x {own.n_col} cells of {east_m:.0f} x {north_m:.0f} m covers {covers}"
    )


def _files(found: TerrainCheck) -> Iterator[str]:
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for file in found.files:
        tag = "no nodata tag" if file.nodata is None else f"nodata {file.nodata:g}"
        kind = file.registration.verdict
        lies = (
            file.registration.text.partition(": ")[2] if kind in {"as_expected", "unknown"} else ""
        )
        key = (file.product or "no known product", file.vertical, f"{file.dtype}, {tag}", lies)
        groups.setdefault(key, []).append(file.file)
    for (product, vertical, values, lies), names in list(groups.items())[:FILES]:
        what = names[0] if len(names) == 1 else f"{len(names)} files, {names[0]} ..."
        yield f"{what}: {product}; {values}"
        yield f"  vertical datum {vertical}" + (f"; {lies}" if lies else "")
    if len(groups) > FILES:
        yield f"and {len(groups) - FILES} more kinds of files (--json has all)"


def _heights(found: TerrainCheck) -> Iterator[str]:
    raw = found.raw
    span = next((n for n in reversed(found.ground.notes) if n.startswith("Sea ")), "")
    odd = f"spikes {raw.n_spike}, pits {raw.n_pit}, impossible {raw.n_too_low + raw.n_too_high}"
    yield f"{span.rpartition('; ')[2].rstrip('.')}; {odd}"


def _voids(found: TerrainCheck) -> Iterator[str]:
    gaps, ground = found.voids, found.ground
    keys = found.scenario.keys.terrain
    if ground.filled is not None:
        share = gaps.n_filled / ground.zone.size
        yield (
            f"{gaps.n_filled:,} cells ({share:.2%}) filled: {keys.fill_voids}, voids up to "
            f"{keys.fill_voids_max_km2:g} km²"
        )
    if not gaps.n_cell:
        yield "none" if ground.filled is None else "none left"
        return
    yield (
        f"{gaps.n_cell:,} cells ({gaps.share:.2%}) in {gaps.n_patch:,} patches, the largest "
        f"{gaps.largest_km2:.1f} km² at {gaps.largest_lat_deg:.3f} {gaps.largest_lon_deg:.3f}"
    )
    if ground.filled is None:
        yield (
            f'not filled; fill_voids = "interpolate" would fill {gaps.n_small / gaps.n_cell:.0%} of '
            f"them (voids up to {gaps.small_km2:g} km²)"
        )


def _sea(found: TerrainCheck) -> Iterator[str]:
    raw = found.raw
    if not raw.n_sea:
        yield "none"
        return
    parts = [
        f"{_SEA_WORDS[key]} {_percent(count / raw.n_sea)}"
        for key, count in raw.sea.most_common()
        if count
    ]
    span = ""
    if raw.sea["noise"] or raw.sea["above"] or raw.sea["depth"]:
        span = f" ({raw.sea_lowest_m:.0f} to {raw.sea_highest_m:.0f} m)"
    yield f"{raw.n_sea / raw.n_cell:.1%} of the cells, in the files {', '.join(parts)}{span}; taken as 0 m"
    keys = found.scenario.keys.terrain
    how = (
        "land polygons" if keys.land else "the zone raster" if keys.zones else "the elevation alone"
    )
    yield f"told from land by {how}"


def _decided(found: TerrainCheck) -> Iterator[str]:
    """What was made of nodata, zeros and the like; without what stands elsewhere on the screen."""
    elsewhere = (
        "Elevation ",
        "Nodata is ",
        "Sea ",
        "Clutter on ",
        "The elevation is taken as bare",
    )
    told = [
        note
        for note in found.ground.notes
        if not note.startswith(elsewhere) and "is a surface model by its name" not in note
    ]
    yield from told[:NOTES] or ["nothing: every cell is as the files have it"]
    if len(told) > NOTES:
        yield f"and {len(told) - NOTES} more (--json has all)"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.0005 else "under 0.1%"


def _surface(found: TerrainCheck) -> Iterator[str]:
    keys = found.scenario.keys.terrain
    how = "by the files' names" if keys.surface == "auto" else "as given"
    if found.ground.surface == "surface":
        yield f"surface model ({how}): canopy and roofs are in the heights, clutter is not added"
    elif keys.surface == "auto" and not any(f.product for f in found.files):
        yield "bare earth (no name says otherwise): clutter is added where there is land cover"
    else:
        yield f"bare earth ({how}): clutter is added where there is land cover"


def _clutter(found: TerrainCheck) -> Iterator[str]:
    keys = found.scenario.keys.terrain
    if keys.land_cover is None:
        yield "no land cover"
        return
    cover = found.ground.clutter_m > 0.0
    mean = f", {found.ground.clutter_m[cover].mean():.1f} m in the mean" if cover.any() else ""
    added = f"on {cover.mean():.1%} of the cells{mean}"
    if found.ground.surface == "surface":
        added = "not added"
    yield f"{added}; classes by {_name(keys.land_cover_classes)}:"
    for one in found.classes[:CLASSES]:
        what = "not in the table" if one.known is None else f"{one.known.height_m:g} m"
        if one.known is not None and one.known.confidence not in {"", "VERIFIED"}:
            what += f" ({one.known.confidence})"
        name = one.known.name if one.known else ""
        yield f"  {one.code:>4} {name[:34]:<34} {_percent(one.share):>10}  {what}"
    if len(found.classes) > CLASSES:
        yield f"  and {len(found.classes) - CLASSES} more"


def _name(table: str) -> str:
    return table.replace("\\", "/").rpartition("/")[2]


def _zones(found: TerrainCheck) -> Iterator[str]:
    yield ", ".join(
        f"{ZONE_NAMES[code] if code != OUTSIDE else 'covered by no file'} {_percent(found.zones[code])}"
        for code in (SEA, COASTAL, INLAND, VOID, OUTSIDE)
        if found.zones.get(code)
    )


def _sites(found: TerrainCheck) -> Iterator[str]:
    yield f"{'':<22} {'ground':>8} {'listed':>8} {'antenna':>9}  zone"
    shown = sorted(found.sites, key=_urgency)[:SITES]
    rows: dict[str, None] = {}  # antennas of one mast at one height are one row
    for site in sorted(shown, key=found.sites.index):
        listed = "" if site.listed_m is None else f"{site.listed_m:.0f} m"
        rows[
            f"{site.site[:22]:<22} {_metres(site.ground_m):>8} {listed:>8} "
            f"{_metres(site.height_agl_m):>9}  {site.zone}"
        ] = None
    yield from rows
    if len(found.sites) > SITES:
        yield f"and {len(found.sites) - SITES} more masts (--json has all)"


def _urgency(site: SiteCheck) -> tuple[bool, float]:
    odd = bool(site.problem) or site.sea_km is not None
    return not odd, -abs(0.0 if math.isnan(site.difference_m) else site.difference_m)


def _metres(value: float) -> str:
    return "none" if math.isnan(value) else f"{value:.0f} m"


def _people(found: TerrainCheck) -> Iterator[str]:
    people = found.people
    if people is None:
        yield "no population"
        return
    inside = f"{people.in_units:,.0f} in {people.n_unit} units" if people.n_unit else "no units"
    yield (
        f"{people.total:,.0f}: {inside}, {people.outside_units:,.0f} outside units; "
        f"{people.outside_grid:,.0f} of those counted live outside the grid, {people.at_sea:,.0f} in sea cells"
    )


def check_dict(found: TerrainCheck) -> dict[str, Any]:
    """Everything that was found, with plain JSON values; NaN and infinity are None."""
    grid, own = found.area.grid, found.ground.grid
    data = {
        "scenario": found.scenario.keys.name,
        "ok": not any(finding.level == "error" for finding in found.findings),
        "findings": [asdict(finding) for finding in found.findings],
        "needed": found.needed,
        "receiving_grid": {"shape": grid.shape, "cell_m": grid.cell_size_m()},
        "elevation": {
            "shape": own.shape,
            "cell_m": own.cell_size_m(),
            "bounds_lonlat": own.bounds_lonlat(),
            "missing_share": found.missing_share,
            "missing_tiles": found.missing_tiles,
        },
        "files": [asdict(file) for file in found.files],
        "surface": found.ground.surface,
        "voids": asdict(found.voids),
        "raw": {**asdict(found.raw), "sea": dict(found.raw.sea)},
        "classes": [asdict(one) for one in found.classes],
        "zones": {ZONE_NAMES[code]: share for code, share in found.zones.items()},
        "sites": [{**asdict(site), "difference_m": site.difference_m} for site in found.sites],
        "people": None if found.people is None else asdict(found.people),
        "notes": found.ground.notes,
        "credits": found.ground.credits,
    }
    return {key: _plain(value) for key, value in data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
