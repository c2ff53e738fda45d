"""What a scenario's area needs of the ground, and what its files have."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dtt_sim.coverage.field import Mast
from dtt_sim.errors import ModelDomainError
from dtt_sim.model import Transmitter
from dtt_sim.scenario.load import Scenario
from dtt_sim.workflow.area import (
    Area,
    read_ground,
    read_population,
    receiving_grid,
    transmitters_of,
    unit_of_cell,
    units_of,
)
from dtt_sim.workflow.terrain_findings import Finding, findings
from terrain.errors import TerrainError
from terrain.fill import MAX_FILL_KM2
from terrain.grid import Box
from terrain.ground import OUTSIDE, SEA, VOID, ZONE_NAMES, Ground
from terrain.info import vertical_datum
from terrain.landcover import NOTHING, LandClass, count_classes, read_class_table
from terrain.population import OUTSIDE_UNITS
from terrain.products import known_product
from terrain.quality import (
    RawHeights,
    Voids,
    raw_heights,
    uncovered,
    voids,
    zone_shares,
)
from terrain.raster import open_raster, raster_grid
from terrain.tile_names import Registration, registration


@dataclass(frozen=True, slots=True)
class ElevationFile:
    """Facts of one elevation file that are known without reading its heights.

    Attributes
    ----------
    file, product, vertical : str
    is_surface : bool or None
        What the product measures; None where the name tells no product.
    bounds_lonlat : (west, south, east, north)
        [deg].
    shape : (n_row, n_col)
    dtype : str
    nodata : float or None
    registration : Registration
    """

    file: str
    product: str
    vertical: str
    is_surface: bool | None
    bounds_lonlat: Box
    shape: tuple[int, int]
    dtype: str
    nodata: float | None
    registration: Registration


@dataclass(frozen=True, slots=True)
class SiteCheck:
    """The ground at a mast.

    Attributes
    ----------
    stations : tuple of str
        Ids of those on the mast.
    site, zone : str
    lat_deg, lon_deg : float
    ground_m : float
        Of the terrain [m]; NaN where there is none.
    listed_m : float or None
        Ground by the station list [m].
    height_agl_m : float
        Antenna above the terrain's ground [m]; NaN where there is none.
    sea_km : float or None
        Distance to the nearest land of a site in the sea [km]; NaN where there is none near.
    problem : str
        Why it cannot be predicted; empty where it can.
    """

    stations: tuple[str, ...]
    site: str
    zone: str
    lat_deg: float
    lon_deg: float
    ground_m: float
    listed_m: float | None
    height_agl_m: float
    sea_km: float | None
    problem: str

    @property
    def difference_m(self) -> float:
        """Terrain's ground above the list's [m]; NaN where one is not known."""
        return math.nan if self.listed_m is None else self.ground_m - self.listed_m


@dataclass(frozen=True, slots=True)
class ClassShare:
    """A land-cover class of the area.

    Attributes
    ----------
    code : int
    share : float
        Of the pixels that have a class.
    known : LandClass or None
        None where the table does not have it.
    """

    code: int
    share: float
    known: LandClass | None


@dataclass(frozen=True, slots=True)
class People:
    """Persons of a population, by where they live.

    Attributes
    ----------
    total : float
        All, whatever follows.
    in_units : float
        In named units, on the receiving grid or not.
    outside_units, outside_grid : float
        In no unit; and of the named units, beyond the receiving grid.
    at_sea, without_ground : float
        On the grid, of the named units: in sea cells; where the terrain has a void or nothing.
    n_unit : int
        Named units.
    """

    total: float
    in_units: float
    outside_units: float
    outside_grid: float
    at_sea: float
    without_ground: float
    n_unit: int


@dataclass(frozen=True, eq=False)
class TerrainCheck:
    """What was found.

    Attributes
    ----------
    scenario : Scenario
    area : Area
    needed : (west, south, east, north)
        Receiving grid and sites [deg].
    files : tuple of ElevationFile
    missing_share : float
        Of the needed area, covered by no file.
    missing_tiles : dict of str to float
        One-degree tiles of which something is missing, and how much.
    voids : Voids
    raw : RawHeights
    classes : tuple of ClassShare
        Commonest first; empty without land cover.
    zones : dict of int to float
        Share of the terrain's cells by zone code.
    sites : tuple of SiteCheck
    people : People or None
    findings : tuple of Finding
        Errors first.
    """

    scenario: Scenario
    area: Area
    needed: Box
    files: tuple[ElevationFile, ...]
    missing_share: float
    missing_tiles: dict[str, float]
    voids: Voids
    raw: RawHeights
    classes: tuple[ClassShare, ...]
    zones: dict[int, float]
    sites: tuple[SiteCheck, ...]
    people: People | None
    findings: tuple[Finding, ...]

    @property
    def ground(self) -> Ground:
        """The ground as a run would have it."""
        return self.area.ground


def check_terrain(scenario: Scenario) -> TerrainCheck:
    """Read a scenario's ground, people and sites, and say what is odd about them.

    What stops a run is a finding here, as far as the rest can be looked at without it.

    Raises
    ------
    DttSimError, terrain.errors.TerrainError
        Files without which nothing can be said.
    """
    keys = scenario.keys.terrain
    grid = receiving_grid(scenario)
    paths = [keys.elevation] if isinstance(keys.elevation, str) else keys.elevation
    files = tuple(_elevation_file(path) for path in paths)
    needed = _needed(scenario, grid.bounds_lonlat())
    ground, stopped = _ground(scenario)
    units = units_of(scenario)
    population = read_population(scenario, grid, ground, units)
    area = Area(grid, ground, population, units, unit_of_cell(units, grid))
    classes = _classes(scenario, ground.grid.bounds_lonlat())
    missing_share, missing_tiles = uncovered(ground, needed)
    found = TerrainCheck(
        scenario, area, needed, files, missing_share, missing_tiles,
        voids(ground, keys.fill_voids_max_km2 if ground.filled is not None else MAX_FILL_KM2),
        raw_heights(ground, keys.elevation, nodata=keys.nodata),
        classes, zone_shares(ground), _sites(scenario, ground), _people(area), (),
    )  # fmt: skip
    said = [*stopped, *findings(found)]
    said.sort(key=lambda finding: finding.level != "error")
    return replace(found, findings=tuple(said))


def _elevation_file(path: str) -> ElevationFile:
    product = known_product(path)
    with open_raster(path) as source:
        own = raster_grid(source)
        return ElevationFile(
            Path(path).name,
            product.name if product else "",
            vertical_datum(source.crs.to_wkt(), product.vertical_datum if product else ""),
            product.is_surface if product else None,
            own.bounds_lonlat(),
            own.shape,
            source.dtypes[0],
            source.nodata,
            registration(path, own),
        )


def _needed(scenario: Scenario, grid: Box) -> Box:
    """Box of the receiving grid and all sites [deg]."""
    on_air = transmitters_of(scenario)
    lon, lat = [t.lon_deg for t in on_air], [t.lat_deg for t in on_air]
    west, south, east, north = grid
    return min(west, *lon), min(south, *lat), max(east, *lon), max(north, *lat)


def _ground(scenario: Scenario) -> tuple[Ground, list[Finding]]:
    """The ground; without land cover where that is what stops it."""
    grid = receiving_grid(scenario)
    try:
        return read_ground(scenario, grid), []
    except TerrainError as error:
        keys = scenario.keys
        if keys.terrain.land_cover is None:
            raise
        bare = keys.terrain.model_copy(update={"land_cover": None})
        without = replace(scenario, keys=keys.model_copy(update={"terrain": bare}))
        return read_ground(without, grid), [Finding("error", str(error))]


def _classes(scenario: Scenario, box: Box) -> tuple[ClassShare, ...]:
    keys = scenario.keys.terrain
    if keys.land_cover is None:
        return ()
    try:
        counts = count_classes(keys.land_cover, box)
        table = read_class_table(keys.land_cover_classes)
    except TerrainError:
        return ()  # the ground says so
    counts.pop(NOTHING, None)
    if 0 not in table:
        counts.pop(0, None)
    total = sum(counts.values())
    return tuple(
        ClassShare(code, count / total, table.get(code))
        for code, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    )


def _sites(scenario: Scenario, ground: Ground) -> tuple[SiteCheck, ...]:
    """Masts in the order of the table; stations that differ in nothing here stand together."""
    masts: dict[tuple[Mast, str, float | None], list[Transmitter]] = {}
    for t in transmitters_of(scenario):
        masts.setdefault((Mast.of(t), t.site, t.ground_amsl_m), []).append(t)
    return tuple(
        _site(mast, site, listed, stations, ground)
        for (mast, site, listed), stations in masts.items()
    )


def _site(
    mast: Mast, site: str, listed: float | None, stations: list[Transmitter], ground: Ground
) -> SiteCheck:
    ground_m = ground.height_at(mast.lon_deg, mast.lat_deg)
    zone = int(ground.zone_at(mast.lon_deg, mast.lat_deg))
    agl, amsl = mast.height_agl_m, mast.height_amsl_m
    problem = ""
    try:
        height = mast.height_above(ground)
    except ModelDomainError as error:
        height = agl if agl is not None else (amsl or math.nan) - ground_m
        problem = str(error)
    return SiteCheck(
        tuple(dict.fromkeys(t.id for t in stations)),
        site,
        ZONE_NAMES[zone],
        mast.lat_deg,
        mast.lon_deg,
        ground_m,
        listed,
        height,
        ground.nearest_land_km(mast.lon_deg, mast.lat_deg) if zone == SEA else None,
        problem,
    )


def _people(area: Area) -> People | None:
    people = area.population
    if people is None:
        return None
    named = np.array([name != OUTSIDE_UNITS for name in people.units])
    counted = people.is_counted
    zone = area.ground.zone_at(*area.grid.lonlat())
    nowhere = people.served((zone == VOID) | (zone == OUTSIDE))
    return People(
        people.total,
        float(people.by_unit[named].sum()),
        float(people.by_unit[~named].sum()),
        float(people.outside[counted].sum()),
        float(people.at_sea[counted].sum()),
        float(nowhere[counted].sum()),
        int(named.sum()),
    )
