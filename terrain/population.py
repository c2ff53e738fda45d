"""People by administrative unit and receiving cell. Nobody is lost: sums are conserved."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from terrain.errors import MissingTerrainError, TerrainError
from terrain.grid import WGS84, Float64Array, Grid
from terrain.ground import OUTSIDE, SEA, VOID, Ground
from terrain.raster import open_raster, raster_grid
from terrain.units import Units

OUTSIDE_UNITS = "(outside units)"
_SPREAD = 61
"""Points over which a commune's people are spread: a sunflower has no direction."""
_PARTS = 10
"""Pieces along each side of a population pixel, at least."""


@dataclass(frozen=True, eq=False)
class Population:
    """People by unit and cell.

    Attributes
    ----------
    units : tuple of str
    matrix : (n_unit, n_row * n_col) sparse array
        Persons.
    outside : (n_unit,) float64
        Persons whose place lies outside the receiving grid; not in `matrix`.
    at_sea : (n_unit,) float64
        Persons in `matrix` whose place is a sea cell of the terrain.
    is_approximate : bool
    notes : tuple of str
    """

    units: tuple[str, ...]
    matrix: sparse.csr_array
    outside: Float64Array
    at_sea: Float64Array
    is_approximate: bool = False
    notes: tuple[str, ...] = ()

    @property
    def by_unit(self) -> Float64Array:
        """Persons of each unit, those outside the grid included."""
        return np.asarray(self.matrix.sum(axis=1), np.float64).ravel() + self.outside

    @property
    def total(self) -> float:
        """All persons, those outside every unit included."""
        return float(self.by_unit.sum())

    @property
    def is_counted(self) -> NDArray[np.bool_]:
        """Units that a sum "in all" means: the named ones, or everybody where none is named.

        A population raster reaches beyond the units; its people there are kept, in a row of their
        own, and would drown the shares of the area that is planned.
        """
        named = np.array([name != OUTSIDE_UNITS for name in self.units])
        return named if named.any() else ~named

    @property
    def counted(self) -> float:
        """Persons of the counted units."""
        return float(self.by_unit[self.is_counted].sum())

    def served_counted(self, share: NDArray[np.generic]) -> float:
        """Persons of the counted units weighted by a cell mask or share."""
        return float(self.served(share)[self.is_counted].sum())

    def served(self, share: NDArray[np.generic]) -> Float64Array:
        """Persons of each unit weighted by a cell mask or share `(n_row, n_col)`; NaN counts 0."""
        values = np.nan_to_num(np.asarray(share, np.float64)).ravel()
        return np.asarray(self.matrix @ values, np.float64)


def _accumulate(
    names: tuple[str, ...],
    grid: Grid,
    ground: Ground | None,
    unit: NDArray[np.int64],
    lon: Float64Array,
    lat: Float64Array,
    persons: Float64Array,
    *,
    is_approximate: bool,
    notes: tuple[str, ...],
) -> Population:
    row, col = grid.fractional_index(lon, lat)
    i = np.floor(row + 0.5).astype(np.int64)
    j = np.floor(col + 0.5).astype(np.int64)
    inside = (i >= 0) & (j >= 0) & (i < grid.n_row) & (j < grid.n_col)
    count = len(names)
    matrix = sparse.coo_array(
        (persons[inside], (unit[inside], i[inside] * grid.n_col + j[inside])),
        shape=(count, grid.n_row * grid.n_col),
    ).tocsr()
    sea = np.zeros(lon.shape, bool)
    if ground is not None:
        sea = inside & (ground.zone_at(lon, lat) == SEA)
    return Population(
        names,
        matrix,
        np.bincount(unit[~inside], persons[~inside], count).astype(np.float64),
        np.bincount(unit[sea], persons[sea], count).astype(np.float64),
        is_approximate,
        notes,
    )


def population_from_points(
    path: Path | str, grid: Grid, *, ground: Ground | None = None, by_place: bool = False
) -> Population:
    """Population from a table of places.

    Parameters
    ----------
    path : path
        CSV with the columns name, unit, lat_deg, lon_deg, persons and optionally area_ha. With an
        area the people are spread evenly over a disc of that area round the point, on land where
        the disc has any; a place wholly at sea stays there and is counted.
    grid : Grid
        Receiving grid.
    ground : Ground, optional
        Tells land from sea.
    by_place : bool
        Whether each place is a unit of its own, named as :func:`place_names` has it.

    Raises
    ------
    TerrainError
        Missing file or column; a broken row, by line.
    """
    rows = _read_places(path)
    own = _labels(rows) if by_place else [row.unit for row in rows]
    names = tuple(dict.fromkeys(own))
    index = {name: k for k, name in enumerate(names)}
    unit, lon, lat, persons = [], [], [], []
    for row, name in zip(rows, own, strict=True):
        place_lon, place_lat = _spread(row, ground)
        unit.append(np.full(place_lon.size, index[name]))
        lon.append(place_lon)
        lat.append(place_lat)
        persons.append(np.full(place_lon.size, row.persons / place_lon.size))
    spread = sum(1 for row in rows if row.area_ha > 0.0)
    notes = (f"{len(rows)} places, {spread} of them spread evenly over their area.",)
    return _accumulate(
        names,
        grid,
        ground,
        np.concatenate(unit),
        np.concatenate(lon),
        np.concatenate(lat),
        np.concatenate(persons),
        is_approximate=True,
        notes=notes,
    )


def first_lines(path: Path | str) -> dict[str, int]:
    """Line of a table of places at which each unit stands first."""
    found: dict[str, int] = {}
    for place in _read_places(path):
        found.setdefault(place.unit, place.line)
    return found


def place_names(path: Path | str) -> dict[str, str]:
    """Unit of each place of a table, by name; by unit/name where two places share a name."""
    rows = _read_places(path)
    return {label: row.unit for label, row in zip(_labels(rows), rows, strict=True)}


def _labels(rows: list[_Place]) -> list[str]:
    count = Counter(row.name for row in rows)
    return [row.name if count[row.name] == 1 else f"{row.unit}/{row.name}" for row in rows]


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    name: str
    unit: str
    lat_deg: float
    lon_deg: float
    persons: float
    area_ha: float


def _read_places(path: Path | str) -> list[_Place]:
    if not Path(path).exists():
        msg = f"{path}: no such file; check the path"
        raise MissingTerrainError(msg)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path}: not UTF-8 text ({error.reason}); save the table as UTF-8"
        raise TerrainError(msg) from error
    with io.StringIO(text, newline="") as file:
        reader = csv.DictReader(file)
        missing = {"name", "unit", "lat_deg", "lon_deg", "persons"} - set(reader.fieldnames or ())
        if missing:
            msg = f"{path}:1: column {min(missing)!r} is missing; see docs/scenario.md"
            raise TerrainError(msg)
        places = []
        for row in reader:
            try:
                place = _Place(
                    reader.line_num,
                    row["name"].strip(),
                    row["unit"].strip() or OUTSIDE_UNITS,
                    float(row["lat_deg"]),
                    float(row["lon_deg"]),
                    float(row["persons"]),
                    float(row.get("area_ha") or 0.0),
                )
            except (AttributeError, TypeError, ValueError) as error:
                msg = f"{path}:{reader.line_num}: {error}; give numbers with a decimal point"
                raise TerrainError(msg) from error
            valid = abs(place.lat_deg) < 90.0 and abs(place.lon_deg) <= 180.0
            if not valid or not (0.0 <= place.persons < 1e9 and 0.0 <= place.area_ha < 1e8):
                msg = (
                    f"{path}:{reader.line_num}: {row['name']}: position, persons or area is not "
                    "possible; check the row"
                )
                raise TerrainError(msg)
            places.append(place)
    if not places:
        msg = f"{path}: no places; give at least one row"
        raise TerrainError(msg)
    return places


def _spread(place: _Place, ground: Ground | None) -> tuple[Float64Array, Float64Array]:
    if place.area_ha <= 0.0:
        return np.array([place.lon_deg]), np.array([place.lat_deg])
    k = np.arange(_SPREAD)
    radius_m = math.sqrt(1e4 * place.area_ha / math.pi) * np.sqrt((k + 0.5) / _SPREAD)
    azimuth = np.degrees(k * math.pi * (3.0 - math.sqrt(5.0))) % 360.0
    start = np.full((2, _SPREAD), [[place.lon_deg], [place.lat_deg]])
    lon, lat, _ = WGS84.fwd(start[0], start[1], azimuth, radius_m)
    if ground is not None:
        zone = ground.zone_at(lon, lat)
        on_land = (zone != SEA) & (zone != VOID) & (zone != OUTSIDE)
        if on_land.any():
            return np.asarray(lon)[on_land], np.asarray(lat)[on_land]
        return np.array([place.lon_deg]), np.array([place.lat_deg])
    return np.asarray(lon), np.asarray(lat)


def population_from_raster(
    path: Path | str,
    grid: Grid,
    *,
    units: Units | None = None,
    ground: Ground | None = None,
    nodata: float | None = None,
) -> Population:
    """Population from a raster of persons per pixel, each pixel split by area.

    A pixel is cut into at least 10 x 10 pieces, each of which goes to the cell and the unit that
    hold its centre; the pieces sum to the pixel. Where raster and grid share a coordinate system,
    the cuts fall on the grid's lines as well and cells receive exact shares of area. Elsewhere
    pieces are at most an eighth of a cell wide.

    Parameters
    ----------
    path : path
        Raster of persons per pixel, in any coordinate system.
    grid : Grid
        Receiving grid.
    units : Units, optional
        People outside every unit, or all without units, are kept as "(outside units)".
    ground : Ground, optional
        Tells land from sea.
    nodata : float, optional
        Takes the place of the raster's own nodata tag.

    Raises
    ------
    TerrainError
        Unreadable raster, negative values, nobody at all.
    """
    with open_raster(path) as source:
        own = raster_grid(source)
        raw = source.read(1).astype(np.float64)
        tag = nodata if nodata is not None else source.nodata
    persons = np.where(np.isfinite(raw), raw, 0.0)
    if tag is not None:
        persons[raw == tag] = 0.0
    if (persons < 0.0).any():
        msg = f"{path}: {int((persons < 0).sum())} pixels have negative persons; check nodata"
        raise TerrainError(msg)
    row, col = np.nonzero(persons)
    if row.size == 0:
        msg = f"{path}: nobody lives in this raster; check nodata and the file"
        raise TerrainError(msg)
    row_cuts, col_cuts = _cuts(own, grid)
    names = (*(units.names if units else ()), OUTSIDE_UNITS)
    total: Population | None = None
    block = max(1, 2_000_000 // (row_cuts.shape[1] * col_cuts.shape[1]))
    for start in range(0, row.size, block):
        i, j = row[start : start + block], col[start : start + block]
        centre_row, height = _pieces(row_cuts[i])
        centre_col, width = _pieces(col_cuts[j])
        share = persons[i, j][:, None, None] * height[:, :, None] * width[:, None, :]
        held = share.ravel() > 0.0
        sub_row = np.broadcast_to((i[:, None] + centre_row)[:, :, None], share.shape).ravel()[held]
        sub_col = np.broadcast_to((j[:, None] + centre_col)[:, None, :], share.shape).ravel()[held]
        lon, lat = _lonlat(own, sub_row, sub_col)
        unit = np.full(lon.shape, len(names) - 1, np.int64)
        if units is not None:
            found = units.locate(lon, lat)
            unit[found >= 0] = found[found >= 0]
        part = _accumulate(
            names, grid, ground, unit, lon, lat, share.ravel()[held], is_approximate=False,
            notes=units.notes if units else (),
        )  # fmt: skip
        total = part if total is None else _sum(total, part)
    assert total is not None  # row.size > 0
    return total


def _cuts(own: Grid, grid: Grid) -> tuple[Float64Array, Float64Array]:
    """Where pixels are cut, as fractions of a pixel, `(n_row, m)` and `(n_col, m)`, ascending."""
    parts = _PARTS
    row_lines = col_lines = np.empty(0)
    if own.crs == grid.crs:
        a, _, c, _, e, f = own.transform
        west, south, east, north = grid.bounds
        row_lines = (np.linspace(north, south, grid.n_row + 1) - f) / e
        col_lines = (np.linspace(west, east, grid.n_col + 1) - c) / a
    else:
        parts = max(parts, math.ceil(8.0 * max(own.cell_size_m()) / min(grid.cell_size_m())))
    return _cuts_along(own.n_row, parts, row_lines), _cuts_along(own.n_col, parts, col_lines)


def _cuts_along(count: int, parts: int, lines: Float64Array) -> Float64Array:
    regular = np.tile(np.arange(parts + 1) / parts, (count, 1))
    lines = np.sort(lines[(lines > 0.0) & (lines < count)])
    pixel = np.floor(lines).astype(np.int64)
    first = np.searchsorted(pixel, np.arange(count))
    place = np.arange(pixel.size) - first[pixel]
    # Pixels with fewer lines than others are cut at 1 again: pieces of no width.
    own = np.ones((count, int(place.max(initial=-1)) + 1))
    own[pixel, place] = lines - pixel
    return np.sort(np.concatenate([regular, own], axis=1), axis=1)


def _pieces(cuts: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Centres and widths between cuts, `(n, m - 1)`."""
    return 0.5 * (cuts[:, 1:] + cuts[:, :-1]), np.diff(cuts, axis=1)


def _sum(a: Population, b: Population) -> Population:
    return Population(
        a.units, a.matrix + b.matrix, a.outside + b.outside, a.at_sea + b.at_sea,
        a.is_approximate, a.notes,
    )  # fmt: skip


def _lonlat(grid: Grid, row: Float64Array, col: Float64Array) -> tuple[Float64Array, Float64Array]:
    from terrain.grid import transformer

    a, _, c, _, e, f = grid.transform
    x, y = c + a * col, f + e * row
    if grid.is_geographic:
        return x, y
    lon, lat = transformer(grid.crs, "EPSG:4326").transform(x, y)
    return np.asarray(lon), np.asarray(lat)
