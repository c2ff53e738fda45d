"""A grid: coordinate system, affine transform and shape. It holds no pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError

from terrain.errors import TerrainError

Float64Array = NDArray[np.float64]

WGS84 = Geod(ellps="WGS84")
MAX_ABS_LATITUDE_DEG = 89.0


@lru_cache(maxsize=64)
def transformer(source: str, target: str) -> Transformer:
    """Transformer between two coordinate systems, x (east) before y (north)."""
    return Transformer.from_crs(source, target, always_xy=True)


@dataclass(frozen=True)
class Grid:
    """Rectangular, north-up grid of cells.

    Attributes
    ----------
    crs : str
        Anything that pyproj understands, e.g. ``"EPSG:32648"`` or WKT.
    transform : tuple of float
        Affine (a, b, c, d, e, f): x = a col + b row + c, y = d col + e row + f, at cell corners.
    shape : tuple of int
        Rows and columns.

    Raises
    ------
    TerrainError
        Unknown coordinate system, no cells, cell size not above zero, rotated grid, or a grid
        that crosses the antimeridian or comes within a degree of a pole.
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        """Refuse what cannot be a grid."""
        try:
            CRS.from_user_input(self.crs)
        except CRSError as error:
            msg = f"unknown coordinate system {self.crs!r}; give an EPSG code or WKT"
            raise TerrainError(msg) from error
        a, b, _, d, e, _ = self.transform
        if not all(math.isfinite(v) for v in self.transform) or b != 0.0 or d != 0.0:
            msg = f"grid transform {self.transform} is not north-up; warp the raster first"
            raise TerrainError(msg)
        if a <= 0.0 or e >= 0.0:
            msg = f"cell size {a} x {-e} must be above zero, rows running from north to south"
            raise TerrainError(msg)
        if min(self.shape) < 1:
            msg = f"a grid of {self.shape[0]} x {self.shape[1]} cells holds nothing"
            raise TerrainError(msg)
        west, south, east, north = self.bounds_lonlat()
        if self.is_geographic and (west < -360.0 or east > 360.0 or east - west > 360.0):
            msg = f"longitudes {west} to {east} leave the globe; shift the grid"
            raise TerrainError(msg)
        if west > east or max(abs(south), abs(north)) > MAX_ABS_LATITUDE_DEG:
            msg = "the grid crosses the antimeridian or reaches a pole; choose another area"
            raise TerrainError(msg)

    @classmethod
    def from_lonlat_box(
        cls, west: float, south: float, east: float, north: float, *, crs: str, cell_size: float
    ) -> Grid:
        """Smallest grid of `cell_size` (CRS units), on multiples of it, that covers a box [deg]."""
        if not (math.isfinite(cell_size) and cell_size > 0.0):
            msg = f"cell size {cell_size} must be above zero"
            raise TerrainError(msg)
        if not (west < east and south < north):
            msg = f"box {west} {south} {east} {north} is empty; give west < east and south < north"
            raise TerrainError(msg)
        try:
            left, bottom, right, top = transformer("EPSG:4326", crs).transform_bounds(
                west, south, east, north, densify_pts=21
            )
        except CRSError as error:
            msg = f"unknown coordinate system {crs!r}; give an EPSG code or WKT"
            raise TerrainError(msg) from error
        # A box that ends on a cell edge but for rounding takes no further cell.
        col0, row0 = math.floor(left / cell_size + 1e-6), math.ceil(top / cell_size - 1e-6)
        col1, row1 = math.ceil(right / cell_size - 1e-6), math.floor(bottom / cell_size + 1e-6)
        transform = (cell_size, 0.0, col0 * cell_size, 0.0, -cell_size, row0 * cell_size)
        return cls(crs, transform, (max(row0 - row1, 1), max(col1 - col0, 1)))

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
        return bool(CRS.from_user_input(self.crs).is_geographic)

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
        """West, south, east, north [deg]."""
        west, south, east, north = transformer(self.crs, "EPSG:4326").transform_bounds(
            *self.bounds, densify_pts=21
        )
        return west, south, east, north

    def lonlat(self, rows: slice | None = None) -> tuple[Float64Array, Float64Array]:
        """Longitudes and latitudes of the cell centres [deg], `(n_row, n_col)`."""
        y = self.y if rows is None else self.y[rows]
        x_grid, y_grid = np.meshgrid(self.x, y)
        if self.is_geographic:
            return x_grid, y_grid
        lon, lat = transformer(self.crs, "EPSG:4326").transform(x_grid, y_grid)
        return np.asarray(lon), np.asarray(lat)

    def fractional_index(
        self, lon_deg: Float64Array | float, lat_deg: Float64Array | float
    ) -> tuple[Float64Array, Float64Array]:
        """Row and column of positions; (0, 0) is the *centre* of the first cell."""
        lon = np.asarray(lon_deg, np.float64)
        lat = np.asarray(lat_deg, np.float64)
        if self.is_geographic:
            x, y = lon, lat
        else:
            x, y = (np.asarray(v) for v in transformer("EPSG:4326", self.crs).transform(lon, lat))
        a, _, c, _, e, f = self.transform
        return (y - f) / e - 0.5, (x - c) / a - 0.5

    def cell_size_m(self) -> tuple[float, float]:
        """Cell size at the centre, north-south and east-west [m]."""
        row, col = 0.5 * self.n_row, 0.5 * self.n_col
        a, _, c, _, e, f = self.transform
        x = np.array([c + a * col, c + a * (col + 1), c + a * col])
        y = np.array([f + e * row, f + e * row, f + e * (row + 1)])
        lon, lat = transformer(self.crs, "EPSG:4326").transform(x, y)
        _, _, east = WGS84.inv(lon[0], lat[0], lon[1], lat[1])
        _, _, north = WGS84.inv(lon[0], lat[0], lon[2], lat[2])
        return float(north), float(east)

    def cell_area_km2(self) -> Float64Array:
        """True area of every cell [km²], `(n_row, n_col)`; geodesic edges at each centre."""
        a, _, _, _, e, _ = self.transform
        lon, lat = self.lonlat()
        if self.is_geographic:
            half = np.full_like(lon[:, :1], 0.5)
            x0, y0 = lon[:, :1], lat[:, :1]
            _, _, east = WGS84.inv(x0 - half * a, y0, x0 + half * a, y0)
            _, _, north = WGS84.inv(x0, y0 + half * e, x0, y0 - half * e)
            return np.broadcast_to(1e-6 * np.abs(east * north), self.shape).copy()
        factors = CRS.from_user_input(self.crs)
        from pyproj import Proj

        scale = Proj(factors).get_factors(lon, lat).areal_scale
        return np.asarray(1e-6 * a * -e / scale, np.float64)
