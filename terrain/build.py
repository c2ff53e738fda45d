"""From files to :class:`terrain.ground.Ground`: what is land, what is sea, what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from terrain.decode import DATA, NO_FILE, NODATA
from terrain.errors import EmptyTerrainError, TerrainError
from terrain.grid import Box
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID, Ground, Surface
from terrain.landcover import NOTHING, clutter_heights, read_aligned, read_classes
from terrain.products import known_product
from terrain.raster import (
    Elevation,
    NodataMeans,
    Paths,
    elevation_grid,
    read_elevation,
)
from terrain.vector import LAKE, LAND, UNKNOWN, WATER, shore_mask
from terrain.zones import (
    COASTAL_DISTANCE_M,
    MAX_SHORE_M,
    Patches,
    check_zone_codes,
    padded,
    radio_climatic_zones,
    sea_in_heights,
    sea_in_nodata,
    within,
)

BoolArray = NDArray[np.bool_]

LOWEST_BELIEVED_M: Final = -500.0
"""A land cell lower than any land is a fault of the file."""
_DEEP_SHARE: Final = 0.001
"""Fewer cells far below the sea are noise that needs no word."""
_EXPLAINED_SHARE: Final = 0.5
"""If this share of the water outside land polygons is nodata, nodata means sea in this file."""


def load_ground(
    *,
    elevation: Paths,
    nodata: float | None = None,
    nodata_means: NodataMeans = "auto",
    land: Path | str | None = None,
    zones: Path | str | None = None,
    land_cover: Paths | None = None,
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
        What nodata stands for; "auto" works it out and says so in the notes (docs/terrain.md).
    land : path, optional
        Land polygons; what lies outside them is sea.
    zones : path, optional
        Raster of radio-climatic zones 1, 3, 4, used instead of the 50 km and 100 m rule. With
        `land` too, the polygons tell the sea and the raster coastal from inland.
    land_cover, land_cover_classes : path(s), optional
        Land-cover raster or tiles, and the table of representative heights.
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
        A file that cannot be used, or an area without a single height.
    """
    relief, part = _read(elevation, nodata, bounds_lonlat)
    notes = list(relief.notes)
    codes = None if zones is None else _zone_codes(zones, relief)
    shore, near_sea = _shore(land, codes, relief, notes)
    count = _Count(part)
    height, is_sea = _sea_and_void(relief, shore, nodata_means, count)
    notes += count.said
    if land is None and codes is not None:
        # A zone raster is coarse: where it draws sea over ground, the ground keeps its height.
        ground = is_sea & (relief.height_m > 0.0)
        height[ground] = relief.height_m[ground]
    near_sea |= within(is_sea, relief.grid, COASTAL_DISTANCE_M)
    is_land = np.isfinite(height) & ~is_sea
    zone = radio_climatic_zones(is_land, is_sea, height, relief.grid, near_sea=near_sea)
    if codes is not None:
        _apply_codes(zone, codes, notes, sea_is_fixed=land is not None)
    zone[~np.isfinite(height)] = VOID
    zone[(relief.state == NO_FILE) & ~is_sea] = OUTSIDE
    relief, height, zone = relief.cut(part), height[part], zone[part]
    if not np.isfinite(height).any():
        msg = f"{_files(elevation)}: nothing but voids in the area; check nodata and nodata_means"
        raise EmptyTerrainError(msg)
    clutter = _clutter(relief, zone, land_cover, land_cover_classes, surface, notes)
    product = known_product(elevation)
    if product is not None and product.is_surface and surface == "bare_earth":
        notes.append(
            f"{product.name} is a surface model, with canopy and roofs, but surface is given as "
            "bare_earth: clutter may count twice."
        )
    notes.append(_shares(height, zone))
    return Ground(
        relief.grid,
        height,
        zone,
        clutter,
        surface,
        is_schematic,
        tuple(dict.fromkeys((*credits, *relief.credits, *([product.credit] if product else [])))),
        tuple(notes),
    )


def _files(paths: Paths) -> str:
    return str(paths) if isinstance(paths, str | Path) else ", ".join(str(p) for p in paths)


def _read(
    elevation: Paths, nodata: float | None, box: Box | None
) -> tuple[Elevation, tuple[slice, slice]]:
    """The elevation with 50 km round the area, and the part of it that was asked for.

    A coast that near decides what is coastal land, and the more is seen of a patch of nodata the
    better it is understood.
    """
    if box is None:
        relief = read_elevation(elevation, bounds_lonlat=box, nodata=nodata)
        return relief, np.s_[0 : relief.grid.n_row, 0 : relief.grid.n_col]
    inner = elevation_grid(elevation, bounds_lonlat=box)
    wide = with_coast(box)
    relief = read_elevation(elevation, bounds_lonlat=wide, nodata=nodata)
    a, _, c, _, e, f = relief.grid.transform
    top = round((inner.transform[5] - f) / e)
    left = round((inner.transform[2] - c) / a)
    return relief, np.s_[top : top + inner.n_row, left : left + inner.n_col]


def with_coast(box: Box) -> Box:
    """A box with as much round it as decides what is coastal land [deg]."""
    north = COASTAL_DISTANCE_M / 110_500.0
    furthest = min(85.0, max(abs(box[1]), abs(box[3])) + north)
    east = north / math.cos(math.radians(furthest))
    return box[0] - east, box[1] - north, box[2] + east, box[3] + north


def _zone_codes(path: Path | str, relief: Elevation) -> NDArray[np.int32]:
    codes = read_aligned(path, relief.grid)
    check_zone_codes(codes, path)
    codes[codes == 0] = NOTHING
    if (codes == NOTHING).all():
        msg = f"{path}: no zone on any cell of the elevation; check that the two overlap"
        raise TerrainError(msg)
    return codes


def _shore(
    land: Path | str | None, codes: NDArray[np.int32] | None, relief: Elevation, notes: list[str]
) -> tuple[NDArray[np.int8], BoolArray]:
    """What polygons or zones say of land and water, and what water beyond the raster is near."""
    grid = relief.grid
    if land is not None:
        larger, inner = padded(grid, COASTAL_DISTANCE_M)
        wide, cut = shore_mask(land, larger)
        beyond = float(np.mean(wide[inner] == UNKNOWN))
        if beyond:
            notes.append(
                f"{Path(land).name} is cut off {cut}: beyond, the elevation alone tells land from "
                f"sea ({beyond:.1%} of the cells)."
            )
        return wide[inner].copy(), within(wide == WATER, larger, COASTAL_DISTANCE_M)[inner].copy()
    nothing = np.zeros(grid.shape, bool)
    if codes is None:
        return np.full(grid.shape, UNKNOWN, np.int8), nothing
    shore = np.where(codes == SEA, WATER, LAND)
    return np.where(codes == NOTHING, UNKNOWN, shore).astype(np.int8), nothing


def _sea_and_void(
    relief: Elevation, shore: NDArray[np.int8], means: NodataMeans, count: _Count
) -> tuple[NDArray[np.float32], BoolArray]:
    """Heights with sea at 0 m and voids as NaN, and where the sea is."""
    missing = relief.state == NODATA
    known = shore != UNKNOWN
    height = relief.height_m.copy()
    is_sea = shore == WATER
    if means != "auto":
        count.said.append(f"Nodata means {means}, as given.")
    if known.any():
        gaps = is_sea & (relief.state == NO_FILE)
        count.add(gaps, "cells that no file covers are sea by the land polygons or zones")
        count.add(is_sea & missing, "nodata cells are sea, as they lie outside the land")
        level = _land_at_zero(relief, shore, means)
        height[level] = 0.0
        count.add(level, "nodata cells on land were taken as land at 0 m")
        count.add(missing & ~level & known & ~is_sea, "nodata cells on land are void")
    if not known.all():
        own = _sea_by_elevation(relief, ~known, means, count)
        is_sea |= own
        if relief.nodata == 0.0 and means == "auto":
            level = missing & ~known & ~own & _low_patches(missing & ~own, relief)
            height[level] = 0.0
            count.add(level, "cells tagged nodata with 0 on low land were taken as land at 0 m")
            missing &= ~level
        count.add(missing & ~known & ~own, "nodata cells are void")
    height[is_sea] = 0.0
    with np.errstate(invalid="ignore"):
        faulty = height < LOWEST_BELIEVED_M
    height[faulty] = np.nan
    count.add(faulty, f"cells below {LOWEST_BELIEVED_M:.0f} m on land are void: no land is so low")
    deep = height < -10.0
    if deep.mean() > _DEEP_SHARE:
        count.add(deep, "land cells lie below -10 m; if that is sea floor, give land polygons")
    return height, is_sea


class _Count:
    """Sentences with a number of cells of the area; what was not met is not said."""

    def __init__(self, part: tuple[slice, slice]) -> None:
        self.part = part
        self.said: list[str] = []

    def add(self, cells: BoolArray, text: str) -> None:
        n = int(cells[self.part].sum())
        if n:
            self.said.append(f"{n} {text}.")


def _land_at_zero(relief: Elevation, shore: NDArray[np.int8], means: NodataMeans) -> BoolArray:
    """Nodata on land that is known to stand at sea level.

    Either nodata was said to be sea, or it is tagged 0 (which turns every polder at 0 m into
    nodata), or it plainly means the sea in this file and reaches over a low shore: an island that
    the file does not have, a coast that it has elsewhere, a river.
    """
    missing = relief.state == NODATA
    on_land = missing & ((shore == LAND) | (shore == LAKE))
    if means == "void" or not on_land.any():
        return np.zeros_like(missing)
    if means == "sea" or relief.nodata == 0.0:
        return np.asarray(on_land, bool)
    water = shore == WATER
    seen = water & (relief.state != NO_FILE)
    if (missing & water).sum() < _EXPLAINED_SHARE * max(int(seen.sum()), 1):
        return np.zeros_like(missing)
    patches = Patches(on_land, relief.grid)
    low = ~(patches.shore_m(relief.height_m) > MAX_SHORE_M)
    return patches.select(patches.touching(missing & (water | (shore == LAKE))) & low)


def _low_patches(cells: BoolArray, relief: Elevation) -> BoolArray:
    patches = Patches(cells, relief.grid)
    return patches.select(patches.shore_m(relief.height_m) <= MAX_SHORE_M)


def _sea_by_elevation(
    relief: Elevation, where: BoolArray, means: NodataMeans, count: _Count
) -> BoolArray:
    """Sea as the elevation itself shows it, within `where`."""
    missing = (relief.state == NODATA) & where
    data = (relief.state == DATA) & where
    is_sea = np.zeros_like(missing)
    if means == "sea":
        is_sea = missing
    elif means == "auto" and missing.any():
        is_sea = where & sea_in_nodata(
            relief.state == NODATA,
            relief.height_m,
            relief.grid,
            any_shore=relief.nodata == 0.0,  # a tag of 0 hides water however steep its banks
        )
        count.add(is_sea, "nodata cells in large patches with a low shore at the edge are sea")
    if is_sea.any() and relief.nodata != 0.0:
        return np.asarray(is_sea, bool)  # where nodata is the sea, a height of 0 m is land
    water = sea_in_heights(np.where(data, relief.height_m, np.float32(np.nan)), relief.grid)
    count.add(water, "cells in large areas at 0 m (with noise round it) are sea")
    return np.asarray(is_sea | water, bool)


def _apply_codes(
    zone: NDArray[np.uint8], codes: NDArray[np.int32], notes: list[str], *, sea_is_fixed: bool
) -> None:
    """Let a zone raster overrule the rule; where it has no code the rule stands."""
    usable = (codes != NOTHING) & (zone != VOID)
    if sea_is_fixed:
        usable &= zone != SEA
        codes = np.where(codes == SEA, COASTAL, codes)
    zone[usable] = codes[usable]
    ruled = int(((codes == NOTHING) & ((zone == COASTAL) | (zone == INLAND))).sum())
    if ruled:
        notes.append(f"{ruled} land cells without a zone got theirs by the 50 km and 100 m rule.")


def _clutter(
    relief: Elevation,
    zone: NDArray[np.uint8],
    land_cover: Paths | None,
    table: Path | str,
    surface: Surface,
    notes: list[str],
) -> NDArray[np.float32]:
    """Representative clutter height on land [m]; none at sea and none on a surface model."""
    if land_cover is None:
        return np.zeros(relief.grid.shape, np.float32)
    classes = read_classes(table)
    codes = read_aligned(land_cover, relief.grid)
    on_land = (zone == COASTAL) | (zone == INLAND)
    codes[~on_land] = NOTHING
    if 0 not in classes:
        codes[codes == 0] = NOTHING  # by custom no class, tagged or not
    heights = clutter_heights(codes, classes, _files(land_cover))
    bare = int((on_land & (codes == NOTHING)).sum())
    if bare:
        notes.append(f"{bare} land cells have no land cover: no clutter there.")
    if surface == "surface":
        notes.append(
            f"Warning: the elevation is a surface model that already holds canopy and buildings; "
            f"clutter of {int((heights > 0).sum())} vegetated or built cells was not added again."
        )
        return np.zeros_like(heights)
    notes.append(f"Clutter on {np.mean(heights > 0):.1%} of the cells.")
    return heights


def _shares(height: NDArray[np.float32], zone: NDArray[np.uint8]) -> str:
    land = height[(zone == COASTAL) | (zone == INLAND)]
    span = f"land {land.min():.0f} to {land.max():.0f} m" if land.size else "no land"
    return (
        f"Sea {np.mean(zone == SEA):.1%}, void {np.mean(zone == VOID):.2%}, covered by no file "
        f"{np.mean(zone == OUTSIDE):.1%} of {zone.size} cells; {span}."
    )
