"""Where a scenario plays: its receiving grid, the ground, and who lives there in which unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dtt_sim.coverage.field import Mast, Prediction, RefractivityMap
from dtt_sim.coverage.refractivity_files import refractivity_map
from dtt_sim.errors import ModelDomainError
from dtt_sim.model import Transmitter
from dtt_sim.scenario.load import Scenario
from dtt_sim.typing import Float64Array, IntArray
from terrain.build import load_ground
from terrain.grid import Box, Grid
from terrain.ground import SEA, Ground
from terrain.population import Population, population_from_points, population_from_raster
from terrain.units import Units, read_units

MARGIN_DEG = 0.1
"""Great circles bulge beyond the box of their ends; terrain is read with this much more."""


@dataclass(frozen=True, eq=False)
class Area:
    """Grid, ground and people of a scenario, the same in all its phases.

    Attributes
    ----------
    grid : Grid
        Of receiving places.
    ground : Ground
    population : Population or None
    units : Units or None
        Polygons of the administrative units, where the scenario has them.
    unit_of_cell : (n_row, n_col) int64
        Index of the unit that holds a cell's centre, -1 for none.
    """

    grid: Grid
    ground: Ground
    population: Population | None
    units: Units | None
    unit_of_cell: IntArray

    @property
    def persons(self) -> Float64Array:
        """Persons of the named units by cell, flat; 0 without a population."""
        if self.population is None:
            return np.zeros(self.grid.n_row * self.grid.n_col)
        some = self.population.matrix[self.population.is_counted]
        return np.asarray(some.sum(axis=0), np.float64).ravel()


def read_area(scenario: Scenario) -> Area:
    """Grid, ground and people of a scenario.

    Raises
    ------
    DttSimError, terrain.errors.TerrainError
        Files that cannot be used, or a mast that cannot be predicted.
    """
    grid = receiving_grid(scenario)
    ground = read_ground(scenario, grid)
    units = units_of(scenario)
    people = read_population(scenario, grid, ground, units)
    check_masts(transmitters_of(scenario), ground)
    return Area(grid, ground, people, units, unit_of_cell(units, grid))


def transmitters_of(scenario: Scenario) -> tuple[Transmitter, ...]:
    """Transmitters of all phases of a scenario, each as it is on air for the first time.

    One whose power, channel or anything else changes stands there once for each.
    """
    on_air = (t for one in (*scenario.phases, scenario) for t in one.transmitters)
    return tuple(dict.fromkeys(on_air))


def field_names(scenario: Scenario) -> dict[Transmitter, str]:
    """Name of the field raster of each of :func:`transmitters_of`.

    The id; with the phase in which it begins where the station is another afterwards.
    """
    last = {t.id: t for t in transmitters_of(scenario)}
    names: dict[Transmitter, str] = {}
    for one in (*scenario.phases, scenario):
        for t in one.transmitters:
            since = f"--{one.phase.id}" if one.phase and last[t.id] != t else ""
            names.setdefault(t, f"{t.id}{since}")
    return names


def receiving_grid(scenario: Scenario) -> Grid:
    """The grid on which a scenario is evaluated."""
    g = scenario.keys.grid
    return Grid.from_lonlat_box(
        g.west_deg, g.south_deg, g.east_deg, g.north_deg, crs=g.crs, cell_size=g.cell_size
    )


def ground_box(scenario: Scenario, grid: Grid, also: Iterable[tuple[float, float]] = ()) -> Box:
    """Box that the paths between a scenario's transmitters and its receiving grid cross [deg].

    `also` has longitudes and latitudes of other receiving places [deg].
    """
    west, south, east, north = grid.bounds_lonlat()
    places = [*((t.lon_deg, t.lat_deg) for t in transmitters_of(scenario)), *also]
    lon, lat = [place[0] for place in places], [place[1] for place in places]
    return (
        min(west, *lon) - MARGIN_DEG,
        min(south, *lat) - MARGIN_DEG,
        max(east, *lon) + MARGIN_DEG,
        max(north, *lat) + MARGIN_DEG,
    )


def read_ground(scenario: Scenario, grid: Grid, also: Iterable[tuple[float, float]] = ()) -> Ground:
    """The ground between a scenario's transmitters, its receiving grid and other places.

    `also` has longitudes and latitudes of other receiving places [deg].
    """
    keys = scenario.keys.terrain
    return load_ground(
        elevation=keys.elevation,
        nodata=keys.nodata,
        nodata_means=keys.nodata_means,
        land=keys.land,
        zones=keys.zones,
        land_cover=keys.land_cover,
        land_cover_classes=keys.land_cover_classes,
        surface=keys.surface,
        fill_voids=keys.fill_voids,
        fill_voids_max_km2=keys.fill_voids_max_km2,
        is_schematic=keys.schematic,
        credits=keys.credits,
        bounds_lonlat=ground_box(scenario, grid, also),
    )


def prediction_of(scenario: Scenario) -> Prediction:
    """What a scenario asks the propagation model for."""
    keys = scenario.keys.propagation
    return Prediction(
        delta_n=keys.delta_n,
        n0=keys.n0,
        p_time_percent=(keys.wanted_time_percent, keys.interfering_time_percent),
        radius_km=(keys.wanted_radius_km, keys.interfering_radius_km),
        rx_height_agl_m=scenario.reception.predicted_height_agl_m,
        refractivity=refractivity_of(scenario),
    )


def refractivity_of(scenario: Scenario) -> RefractivityMap | None:
    """Refractivity that varies over the area, where a scenario names the ITU's maps."""
    keys = scenario.keys.propagation
    if not keys.has_maps:
        return None
    return refractivity_map(
        receiving_grid(scenario).bounds_lonlat(),
        delta_n=keys.delta_n if keys.delta_n_map is None else keys.delta_n_map,
        n0=keys.n0 if keys.n0_map is None else keys.n0_map,
    )


def units_of(scenario: Scenario) -> Units | None:
    """Polygons of a scenario's administrative units, where it names any."""
    keys = scenario.keys.population
    return read_units(keys.units, name=keys.unit_name) if keys and keys.units else None


def unit_of_cell(units: Units | None, grid: Grid) -> IntArray:
    """Index of the unit that holds each cell's centre, -1 for none."""
    if units is None:
        return np.full(grid.shape, -1, np.int64)
    return units.locate(*grid.lonlat())


def read_population(
    scenario: Scenario, grid: Grid, ground: Ground, units: Units | None
) -> Population | None:
    """People of a scenario on its grid, or None where it names no population."""
    keys = scenario.keys.population
    if keys is None:
        return None
    if keys.points is not None:
        return population_from_points(keys.points, grid, ground=ground)
    assert keys.raster is not None  # the schema wants one of the two
    return population_from_raster(keys.raster, grid, units=units, ground=ground)


def check_masts(transmitters: Iterable[Transmitter], ground: Ground) -> None:
    """Find every mast that cannot be predicted before the first is computed."""
    bad = []
    for transmitter in transmitters:
        try:
            Mast.of(transmitter).height_above(ground)
        except ModelDomainError as error:
            bad.append(f"transmitter {transmitter.id}: {error}")
    if bad:
        msg = "\n".join(bad)
        raise ModelDomainError(msg)


def site_warnings(scenario: Scenario, ground: Ground) -> list[str]:
    """Sites that stand in the sea, with the distance to the nearest land."""
    found: dict[str, str] = {}
    for t in transmitters_of(scenario):
        if int(ground.zone_at(t.lon_deg, t.lat_deg)) != SEA or t.site in found:
            continue
        distance = ground.nearest_land_km(t.lon_deg, t.lat_deg)
        where = "no land near" if np.isnan(distance) else f"{distance:.1f} km from the nearest land"
        found[t.site] = f"site {t.site} ({t.id}) stands in the sea, {where}; check its position"
    return list(found.values())
