"""A grid: coordinate system, affine transform and shape. It holds no pixels."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Proj, Transformer
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from terrain.errors import TerrainError

Float64Array = NDArray[np.float64]
Box = tuple[float, float, float, float]
"""West, south, east, north."""

WGS84 = Geod(ellps="WGS84")
LONLAT = "EPSG:4326"
MAX_ABS_LATITUDE_DEG = 89.0
MAX_CELLS = 4_000_000_000
"""Beyond this a cell size was meant in another unit."""
_SCALE_NODES = 33


@lru_cache(maxsize=64)
def horizontal_crs(crs: str) -> CRS:
    """Horizontal part of a coordinate system, two-dimensional.

    Raises
    ------
    TerrainError
        Unknown to PROJ, or neither geographic nor projected.
    """
    try:
        found = CRS.from_user_input(crs)
        if found.is_compound:
            found = found.sub_crs_list[0]
        found = found.to_2d()
    except CRSError as error:
        msg = f"unknown coordinate system {crs!r}; give an EPSG code or WKT"
        raise TerrainError(msg) from error
    if not (found.is_geographic or found.is_projected):
        msg = f"coordinate system {found.name!r} has no place on Earth; give an EPSG code or WKT"
        raise TerrainError(msg)
    return found


@lru_cache(maxsize=64)
def transformer(source: str, target: str) -> Transformer:
    """Transformer between two coordinate systems, x (east) before y (north); heights stay.

    Of several datum shifts one is kept for all positions and both directions. PROJ's own choice
    changes with the position: a path would get a step where one shift's area ends (0.5 m inside
    Kiên Giang for VN-2000), and there and back would not meet.
    """
    own, other = horizontal_crs(source), horizontal_crs(target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a better grid that is not installed
        known = TransformerGroup(own, other, always_xy=True).transformers
    return known[0] if known else Transformer.from_crs(own, other, always_xy=True)


@lru_cache(maxsize=64)
def is_lonlat(crs: str) -> bool:
    """Whether coordinates are WGS84 degrees, so that nothing needs transforming."""
    own = horizontal_crs(crs)
    return own.is_geographic and own.equals(horizontal_crs(LONLAT), ignore_axis_order=True)


@dataclass(frozen=True)
class Grid:
    """Rectangular, north-up grid of cells.

    Longitudes of a geographic grid are continuous: 179 to 181 degrees is a grid across the
    antimeridian, and positions are found on it whichever way their longitude is written.

    Attributes
    ----------
    crs : str
        Anything that pyproj understands, e.g. ``"EPSG:32648"`` or WKT. Of a compound system the
        horizontal part counts.
    transform : tuple of float
        Affine (a, b, c, d, e, f): x = a col + b row + c, y = d col + e row + f, at cell corners.
    shape : tuple of int
        Rows and columns.

    Raises
    ------
    TerrainError
        Unknown coordinate system, no cells, cell size not above zero, rotated grid, or a grid
        that comes within a degree of a pole.
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        """Refuse what cannot be a grid."""
        horizontal_crs(self.crs)
        a, b, _, d, e, _ = self.transform
        if not all(math.isfinite(v) for v in self.transform) or b != 0.0 or d != 0.0:
            msg = f"grid transform {self.transform} is not north-up; warp the raster first"
            raise TerrainError(msg)
        if a <= 0.0 or e >= 0.0:
            msg = f"cell size {a} x {-e} must be above zero, rows running from north to south"
            raise TerrainError(msg)
        if min(self.shape) < 1:
            msg = f"a grid of {self.shape[0]} x {self.shape[1]} cells holds nothing; enlarge it"
            raise TerrainError(msg)
        west, south, east, north = self.bounds_lonlat()
        if not all(math.isfinite(v) for v in (west, south, east, north)):
            msg = f"bounds {self.bounds} lie outside {self.crs}; check CRS and transform"
            raise TerrainError(msg)
        if self.is_geographic and (west < -360.0 or east > 540.0 or east - west > 360.01):
            msg = f"longitudes {west} to {east} leave the globe; shift or shorten the grid"
            raise TerrainError(msg)
        if max(abs(south), abs(north)) > MAX_ABS_LATITUDE_DEG:
            msg = f"latitudes {south:.2f} to {north:.2f} reach a pole; choose another area"
            raise TerrainError(msg)

    @classmethod
    def from_lonlat_box(
        cls, west: float, south: float, east: float, north: float, *, crs: str, cell_size: float
    ) -> Grid:
        """Smallest grid of `cell_size` (CRS units), on multiples of it, that covers a box [deg].

        A box across the antimeridian is written with east above 180.
        """
        if not (math.isfinite(cell_size) and cell_size > 0.0):
            msg = f"cell size {cell_size} must be above zero; it is in units of {crs}"
            raise TerrainError(msg)
        if not (west < east and south < north):
            msg = (
                f"box {west} {south} {east} {north} is empty; give west < east and south < north "
                "(across the antimeridian: east + 360)"
            )
            raise TerrainError(msg)
        if horizontal_crs(crs).is_geographic and cell_size > 45.0:
            msg = f"cell size {cell_size} degrees; {crs} is geographic, give degrees"
            raise TerrainError(msg)
        left, bottom, right, top = box_bounds((west, south, east, north), crs)
        # A box that ends on a cell edge but for rounding takes no further cell.
        col0, row0 = math.floor(left / cell_size + 1e-6), math.ceil(top / cell_size - 1e-6)
        col1, row1 = math.ceil(right / cell_size - 1e-6), math.floor(bottom / cell_size + 1e-6)
        shape = max(row0 - row1, 1), max(col1 - col0, 1)
        if shape[0] * shape[1] > MAX_CELLS:
            msg = (
                f"cell size {cell_size} makes a grid of {shape[0]} x {shape[1]} cells; give it in "
                f"units of {crs}"
            )
            raise TerrainError(msg)
        transform = (cell_size, 0.0, col0 * cell_size, 0.0, -cell_size, row0 * cell_size)
        return cls(crs, transform, shape)

    @property
    def affine(self) -> Affine:
        """The transform as an `affine.Affine`."""
        return Affine(*self.transform)

    @property
    def n_row(self) -> int:
        """Number of rows."""
        return self.shape[0]

    @property
    def n_col(self) -> int:
        """Number of columns."""
        return self.shape[1]

    @cached_property
    def is_geographic(self) -> bool:
        """Whether the coordinates are longitudes and latitudes."""
        return bool(horizontal_crs(self.crs).is_geographic)

    @property
    def x(self) -> Float64Array:
        """Cell centres, west to east, `(n_col,)`."""
        a, _, c, _, _, _ = self.transform
        return np.asarray(c + a * (np.arange(self.n_col) + 0.5), np.float64)

    @property
    def y(self) -> Float64Array:
        """Cell centres, north to south, `(n_row,)`."""
        _, _, _, _, e, f = self.transform
        return np.asarray(f + e * (np.arange(self.n_row) + 0.5), np.float64)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in the grid's own coordinates."""
        a, _, c, _, e, f = self.transform
        return c, f + e * self.n_row, c + a * self.n_col, f

    def bounds_lonlat(self) -> tuple[float, float, float, float]:
        """West, south, east, north [deg]; east above 180 where the antimeridian is crossed."""
        if is_lonlat(self.crs):
            return self.bounds
        west, south, east, north = transformer(self.crs, LONLAT).transform_bounds(
            *self.bounds, densify_pts=21
        )
        return west, south, (east + 360.0 if east < west else east), north

    def lonlat(self, rows: slice | None = None) -> tuple[Float64Array, Float64Array]:
        """Longitudes and latitudes of the cell centres [deg], `(n_row, n_col)`."""
        y = self.y if rows is None else self.y[rows]
        x_grid, y_grid = np.meshgrid(self.x, y)
        return self.to_lonlat(x_grid, y_grid)

    def to_lonlat(self, x: Float64Array, y: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Longitudes and latitudes of own coordinates [deg]."""
        if is_lonlat(self.crs):
            return x, y
        lon, lat = transformer(self.crs, LONLAT).transform(x, y)
        return np.asarray(lon, np.float64), np.asarray(lat, np.float64)

    def lonlat_of_index(
        self, row: Float64Array, col: Float64Array
    ) -> tuple[Float64Array, Float64Array]:
        """Inverse of :meth:`fractional_index` [deg]."""
        a, _, c, _, e, f = self.transform
        return self.to_lonlat(c + a * (np.asarray(col) + 0.5), f + e * (np.asarray(row) + 0.5))

    def fractional_index(
        self, lon_deg: Float64Array | float, lat_deg: Float64Array | float
    ) -> tuple[Float64Array, Float64Array]:
        """Row and column of positions; (0, 0) is the *centre* of the first cell.

        A position that the coordinate system cannot express is infinitely far away.
        """
        x = np.asarray(lon_deg, np.float64)
        y = np.asarray(lat_deg, np.float64)
        if not is_lonlat(self.crs):
            x, y = (np.asarray(v) for v in transformer(LONLAT, self.crs).transform(x, y))
        a, _, c, _, e, f = self.transform
        if self.is_geographic:
            x = _nearest_turn(x, c + 0.5 * a * self.n_col)
        return (y - f) / e - 0.5, (x - c) / a - 0.5

    def cell_size_m(self) -> tuple[float, float]:
        """Cell size at the centre, north-south and east-west [m]."""
        row, col = 0.5 * (self.n_row - 1), 0.5 * (self.n_col - 1)
        lon, lat = self.lonlat_of_index(
            np.array([row, row, row - 0.5, row + 0.5]), np.array([col - 0.5, col + 0.5, col, col])
        )
        _, _, metres = WGS84.inv(lon[::2], lat[::2], lon[1::2], lat[1::2])
        return float(metres[1]), float(metres[0])

    def cell_area_km2(self) -> Float64Array:
        """True area of every cell [km²], `(n_row, n_col)`.

        On a geographic grid the ellipsoidal area between two parallels; on a projected one the
        plane area over the projection's areal scale.
        """
        if self.is_geographic:
            return np.repeat(self._row_area_km2()[:, None], self.n_col, axis=1)
        own = horizontal_crs(self.crs)
        metre = own.axis_info[0].unit_conversion_factor
        a, _, _, _, e, _ = self.transform
        return np.asarray(1e-6 * a * -e * metre**2 / self._areal_scale(Proj(own)), np.float64)

    def _row_area_km2(self) -> Float64Array:
        geod = horizontal_crs(self.crs).get_geod() or WGS84
        a, _, _, _, e, f = self.transform
        sine = np.sin(np.radians(f + e * np.arange(self.n_row + 1)))
        ecc = math.sqrt(geod.es)
        # Area from the equator to a parallel, per radian of longitude.
        shape = np.arctanh(ecc * sine) / ecc if ecc > 0.0 else sine
        zone = 0.5 * geod.b**2 * (sine / (1.0 - geod.es * sine**2) + shape)
        return np.asarray(1e-6 * math.radians(a) * -np.diff(zone), np.float64)

    def _areal_scale(self, projection: Proj) -> Float64Array:
        """Areal scale of the projection at every cell, from a smooth fit to a few of them."""
        from scipy.interpolate import RectBivariateSpline

        if min(self.shape) < 4:  # too thin for a cubic fit
            return _scale_at(projection, *np.meshgrid(self.x, self.y))
        rows = np.linspace(0.0, self.n_row - 1.0, min(self.n_row, _SCALE_NODES))
        cols = np.linspace(0.0, self.n_col - 1.0, min(self.n_col, _SCALE_NODES))
        a, _, c, _, e, f = self.transform
        nodes = _scale_at(projection, *np.meshgrid(c + a * (cols + 0.5), f + e * (rows + 0.5)))
        fit = RectBivariateSpline(rows, cols, nodes, s=0)
        return np.asarray(fit(np.arange(self.n_row), np.arange(self.n_col)), np.float64)


def _scale_at(projection: Proj, x: Float64Array, y: Float64Array) -> Float64Array:
    scale = projection.get_factors(*projection(x, y, inverse=True)).areal_scale
    return np.asarray(np.broadcast_to(np.asarray(scale, np.float64), x.shape))


def box_bounds(
    box: tuple[float, float, float, float], crs: str, *, n_edge: int = 257
) -> tuple[float, float, float, float]:
    """West, south, east, north in `crs` of a longitude-latitude box, edges followed closely.

    Raises
    ------
    TerrainError
        The box, or part of it, cannot be expressed in `crs`.
    """
    west, south, east, north = box
    lon, lat = np.linspace(west, east, n_edge), np.linspace(south, north, n_edge)
    x = np.concatenate([lon, lon, np.full(n_edge, west), np.full(n_edge, east)])
    y = np.concatenate([np.full(n_edge, south), np.full(n_edge, north), lat, lat])
    if not is_lonlat(crs):
        try:
            x, y = (np.asarray(v) for v in transformer(LONLAT, crs).transform(x, y, errcheck=True))
        except ProjError as error:
            msg = f"box {box} lies outside {crs} ({error}); choose another coordinate system"
            raise TerrainError(msg) from error
    if horizontal_crs(crs).is_geographic:
        x = _nearest_turn(x, 0.5 * (west + east))
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _nearest_turn(lon_deg: Float64Array, centre_deg: float) -> Float64Array:
    """Longitudes within half a turn of a centre; those that are, stay to the last digit."""
    away = lon_deg - centre_deg
    far = np.abs(away) > 180.0
    if not far.any():
        return lon_deg
    with np.errstate(invalid="ignore"):
        return np.where(far, lon_deg - 360.0 * np.round(away / 360.0), lon_deg)
