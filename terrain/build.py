"""From files to :class:`terrain.ground.Ground`: what is land, what is sea, what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from terrain.decode import DATA, NO_FILE, NODATA
from terrain.errors import EmptyTerrainError, TerrainError
from terrain.fill import MAX_FILL_KM2, FillVoids
from terrain.fill import fill_voids as fill
from terrain.grid import Box
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID, Ground, Surface
from terrain.landcover import NOTHING, read_aligned, read_classes, read_clutter
from terrain.products import SurfaceGiven, known_products, surface_of
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
_MANY_BARE: Final = 0.2
"""If more of the land has no class, the land cover is that of another area, or a tile is missing."""
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
    surface: SurfaceGiven = "auto",
    fill_voids: FillVoids = "none",
    fill_voids_max_km2: float = MAX_FILL_KM2,
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
    surface : {"auto", "bare_earth", "surface"}
        A surface model already holds canopy and roofs: clutter is then not added again. "auto" goes
        by the files' names, and takes what it does not know for bare earth.
    fill_voids : {"none", "interpolate"}
        Whether voids get a height from the heights round them; :func:`terrain.fill.fill_voids`.
    fill_voids_max_km2 : float
        Larger voids stay [km²].
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
    if land is None and codes is not None:
        # A zone raster is coarse: where it draws sea over ground, the ground keeps its height.
        ground = is_sea & (relief.height_m > 0.0)
        height[ground] = relief.height_m[ground]
    filled = _fill(relief, height, fill_voids, fill_voids_max_km2, count)
    notes += count.said
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
    kind, warnings = surface_of(elevation, surface)
    if land_cover is not None:
        clutter, told = _clutter(relief, zone, land_cover, land_cover_classes, kind, notes)
        warnings += told
    else:
        clutter = np.zeros(relief.grid.shape, np.float32)
    products = [p for p in dict.fromkeys(known_products(elevation)) if p is not None]
    if kind != surface:
        notes.append(_kind_note(kind, [p.name for p in products]))
    notes.append(_shares(height, zone))
    return Ground(
        relief.grid,
        height,
        zone,
        clutter,
        kind,
        is_schematic,
        tuple(dict.fromkeys((*credits, *relief.credits, *(p.credit for p in products)))),
        tuple(notes),
        warnings,
        None if filled is None else filled[part],
    )


def _kind_note(kind: Surface, names: list[str]) -> str:
    """What "auto" made of the files' names."""
    whose = ", ".join(names)
    if kind == "surface":
        return (
            f"{whose} is a surface model by its name: heights above ground count from canopy and "
            "roofs, and no clutter is added."
        )
    return f"{whose or 'The elevation'} is taken as bare earth{' by its name' if whose else ''}."


def _fill(
    relief: Elevation, height: NDArray[np.float32], method: FillVoids, max_km2: float, count: _Count
) -> BoolArray | None:
    """Fill what is void; cells that no file covers are not."""
    if method not in get_args(FillVoids):
        msg = f"fill_voids = {method!r}; give {' or '.join(get_args(FillVoids))}"
        raise TerrainError(msg)
    if method == "none":
        return None
    voids = np.isnan(height)
    voids &= relief.state != NO_FILE
    filled = fill(height, voids, relief.grid, max_km2)
    share = f"{np.mean(filled[count.part]):.2%}"
    count.add(filled, f"void cells ({share}) got a height interpolated from those round them")
    count.add(voids & ~filled, f"cells of voids larger than {max_km2:g} km² stay void")
    return filled


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
    is_sea = shore == WATER
    at_zero = np.zeros_like(missing)  # land
    if means != "auto":
        count.said.append(f"Nodata means {means}, as given.")
    if known.any():
        gaps = is_sea & (relief.state == NO_FILE)
        count.add(gaps, "cells that no file covers are sea by the land polygons or zones")
        count.add(is_sea & missing, "nodata cells are sea, as they lie outside the land")
        level = _land_at_zero(relief, shore, means)
        at_zero |= level
        count.add(level, "nodata cells on land were taken as land at 0 m")
        count.add(missing & ~level & known & ~is_sea, "nodata cells on land are void")
    if not known.all():
        own = _sea_by_elevation(relief, ~known, means, count)
        is_sea |= own
        if relief.nodata == 0.0 and means == "auto":
            level = missing & ~known & ~own & _low_patches(missing & ~own, relief)
            at_zero |= level
            count.add(level, "cells tagged nodata with 0 on low land were taken as land at 0 m")
            missing &= ~level
        count.add(missing & ~known & ~own, "nodata cells are void")
    height = relief.height_m.copy()  # not before: memory is shortest while patches are looked for
    height[is_sea | at_zero] = 0.0
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
    heights = relief.height_m
    if not data.all():
        heights = np.where(data, heights, np.float32(np.nan))
    water = sea_in_heights(heights, relief.grid)
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
    land_cover: Paths,
    table: Path | str,
    surface: Surface,
    notes: list[str],
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Representative clutter height on land [m], none on a surface model; and what to warn of."""
    on_land = (zone == COASTAL) | (zone == INLAND)
    heights = read_clutter(land_cover, relief.grid, read_classes(table), on_land)
    bare = on_land & np.isnan(heights)
    n_bare, warnings = int(bare.sum()), []
    if n_bare:
        notes.append(f"{n_bare} land cells have no land cover: no clutter there.")
    share = n_bare / max(int(on_land.sum()), 1)
    if share > _MANY_BARE:
        warnings.append(
            f"The land cover has no class on {share:.0%} of the land, which gets no clutter there: "
            "check that it reaches over the area."
        )
    heights[bare] = 0.0
    heights[~on_land] = 0.0
    n_high = int((heights > 0.0).sum())
    if surface == "surface":
        told = (
            "The elevation is a surface model that already holds canopy and buildings: the clutter "
            f"of {n_high} vegetated or built cells was not added again. For clutter heights use bare "
            "earth (GEDTM30, FABDEM)."
        )
        return np.zeros_like(heights), (told, *warnings)
    notes.append(f"Clutter on {n_high / heights.size:.1%} of the cells.")
    return heights, tuple(warnings)


def _shares(height: NDArray[np.float32], zone: NDArray[np.uint8]) -> str:
    on_land = (zone == COASTAL) | (zone == INLAND)
    low = np.min(height, where=on_land, initial=math.inf)
    high = np.max(height, where=on_land, initial=-math.inf)
    span = f"land {low:.0f} to {high:.0f} m" if on_land.any() else "no land"
    return (
        f"Sea {np.mean(zone == SEA):.1%}, void {np.mean(zone == VOID):.2%}, covered by no file "
        f"{np.mean(zone == OUTSIDE):.1%} of {zone.size} cells; {span}."
    )
