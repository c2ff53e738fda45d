"""From files to :class:`terrain.ground.Ground`: what is land, what is sea, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from terrain.errors import TerrainError
from terrain.ground import OUTSIDE, SEA, VOID, Ground, Surface
from terrain.landcover import clutter_heights, read_classes
from terrain.raster import (
    DATA,
    NO_FILE,
    NODATA,
    Box,
    Elevation,
    NodataMeans,
    read_aligned,
    read_elevation,
)
from terrain.zones import check_zone_codes, land_mask, radio_climatic_zones, sea_from_patches

BoolArray = NDArray[np.bool_]


def load_ground(
    *,
    elevation: Sequence[Path | str] | Path | str,
    nodata: float | None = None,
    nodata_means: NodataMeans = "auto",
    land: Path | str | None = None,
    zones: Path | str | None = None,
    land_cover: Path | str | None = None,
    land_cover_classes: Path | str = "esa_worldcover",
    surface: Surface = "bare_earth",
    is_schematic: bool = False,
    credits: Sequence[str] = (),
    bounds_lonlat: Box | None = None,
) -> Ground:
    """Read everything that propagation needs to know of the ground.

    Parameters
    ----------
    elevation : path or sequence of paths
        One raster, or tiles of one mosaic.
    nodata : float, optional
        Value meaning nodata, where the file's own tag is wrong or missing.
    nodata_means : {"auto", "sea", "void"}
        What nodata stands for. "auto": with `land`, sea outside the polygons and void within them;
        without, sea where a patch is large, low-lying and touches the edge, void elsewhere.
    land : path, optional
        Land polygons; what lies outside them is sea.
    zones : path, optional
        Raster of radio-climatic zones 1, 3, 4, used instead of the 50 km and 100 m rule.
    land_cover, land_cover_classes : path, optional
        Land-cover raster and its table of representative heights.
    surface : {"bare_earth", "surface"}
        A surface model already holds canopy and roofs: clutter is then not added again.
    is_schematic : bool
        The relief is made up; carried into every output.
    credits : sequence of str
    bounds_lonlat : (west, south, east, north), optional
        Area needed [deg].

    Raises
    ------
    TerrainError
    """
    relief = read_elevation(elevation, bounds_lonlat=bounds_lonlat, nodata=nodata)
    notes = list(relief.notes)
    is_sea, is_void = _sea_and_void(relief, nodata_means, land, notes)
    height = relief.height_m.copy()
    height[is_sea] = 0.0
    if relief.nodata == 0.0 and nodata_means != "void":
        # A tag of 0 turns the sea and every polder at 0 m into nodata: on land it is a height.
        polder = is_void & (relief.state == NODATA)
        height[polder] = 0.0
        is_void &= ~polder
        if polder.any():
            notes.append(f"Nodata is tagged 0: {int(polder.sum())} land cells were taken as 0 m.")
    height[is_void] = np.nan
    outside = relief.state == NO_FILE
    height[outside & ~is_sea] = np.nan
    is_land = np.isfinite(height) & ~is_sea
    if zones is not None:
        zone = read_aligned(zones, relief.grid).astype(np.uint8)
        check_zone_codes(zone, zones)
        height[(zone == SEA) & (relief.state != NO_FILE)] = 0.0
        unknown = np.isfinite(height) & (zone == VOID)
        if unknown.any():
            fallback = radio_climatic_zones(is_land, is_sea, height, relief.grid)
            zone[unknown] = fallback[unknown]
            notes.append(f"{int(unknown.sum())} cells without a zone got one by the 50 km rule.")
    else:
        zone = radio_climatic_zones(is_land, is_sea, height, relief.grid)
    zone[~np.isfinite(height)] = VOID
    zone[outside & ~np.isfinite(height)] = OUTSIDE
    if not np.isfinite(height).any():
        msg = f"{elevation}: nothing but voids; check nodata and nodata_means"
        raise TerrainError(msg)
    clutter = _clutter(relief, land_cover, land_cover_classes, surface, notes)
    count = height.size
    notes.append(
        f"Sea {np.mean(zone == SEA):.1%}, void {np.mean(zone == VOID):.2%}, not covered by any "
        f"file {np.mean(zone == OUTSIDE):.1%} of {count} cells; land {_range(height, zone)}."
    )
    return Ground(
        relief.grid,
        height,
        zone,
        clutter,
        surface,
        is_schematic,
        tuple(dict.fromkeys((*credits, *relief.credits))),
        tuple(notes),
    )


def _range(height: NDArray[np.float32], zone: NDArray[np.uint8]) -> str:
    land = height[np.isfinite(height) & (zone != SEA)]
    return f"{land.min():.0f} to {land.max():.0f} m" if land.size else "none"


def _sea_and_void(
    relief: Elevation, means: NodataMeans, land: Path | str | None, notes: list[str]
) -> tuple[BoolArray, BoolArray]:
    missing = relief.state == NODATA
    data = relief.state == DATA
    if land is not None:
        is_land, known = land_mask(land, relief.grid)
        # Beyond the polygons' own extent they say nothing: measured ground above 0 m is land.
        is_land |= ~known & data & (relief.height_m > 0.0)
        is_sea = ~is_land & (relief.state != NO_FILE)
        if means == "void":
            is_sea &= data
        notes.append(
            "Sea is what lies outside the land polygons; nodata within them is void."
            if means != "void"
            else "Nodata is void, as given; measured cells outside the land polygons are sea."
        )
        return is_sea, missing & ~is_sea
    if means == "sea":
        notes.append("Nodata is sea, as given.")
        return missing, np.zeros_like(missing)
    flat = data & (relief.height_m <= 0.0)
    if missing.any() and means == "auto":
        candidate = missing | flat if relief.nodata == 0.0 else missing
        is_sea = sea_from_patches(candidate, relief.height_m, relief.grid, at_edge=True)
    else:
        is_sea = np.zeros_like(missing)
    water = sea_from_patches(flat, relief.height_m, relief.grid, at_edge=False)
    # Zeros with a little noise are water; land below the sea has hardly a cell at exactly 0.
    # Where nodata already is the sea, low land at 0 m stays land.
    if not is_sea.any() and water.any() and np.mean(relief.height_m[water] == 0.0) >= 0.5:
        is_sea |= water
        notes.append(f"{int(water.sum())} cells at 0 m or just below it were taken as sea.")
    if missing.any():
        as_sea, as_void = int((missing & is_sea).sum()), int((missing & ~is_sea).sum())
        notes.append(f"Of the nodata cells, {as_sea} were taken as sea and {as_void} as void.")
    return is_sea, missing & ~is_sea


def _clutter(
    relief: Elevation,
    land_cover: Path | str | None,
    table: Path | str,
    surface: Surface,
    notes: list[str],
) -> NDArray[np.float32]:
    if land_cover is None:
        return np.zeros(relief.grid.shape, np.float32)
    if surface == "surface":
        notes.append(
            "The elevation is a surface model that already holds canopy and buildings: the land "
            "cover's clutter heights were not added a second time."
        )
        return np.zeros(relief.grid.shape, np.float32)
    codes = read_aligned(land_cover, relief.grid)
    heights = clutter_heights(codes, read_classes(table), land_cover)
    notes.append(f"Clutter on {np.mean(heights > 0):.1%} of the cells.")
    return heights
