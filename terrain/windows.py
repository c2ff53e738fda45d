"""Ground that stays in its files, read window by window: terrain larger than memory."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np

from terrain.build import load_ground
from terrain.errors import EmptyTerrainError
from terrain.fill import MAX_FILL_KM2, FillVoids
from terrain.grid import LONLAT, Box, Grid
from terrain.ground import OUTSIDE, Ground, Surface
from terrain.products import SurfaceGiven, surface_of
from terrain.raster import NodataMeans, Paths, elevation_grid

_PIECE = 1 << 24


@dataclass(frozen=True)
class GroundFiles:
    """What :func:`terrain.build.load_ground` is given, kept until a window is wanted.

    What is land and what is sea is decided within each window (and 50 km round it): give `land` or
    `zones`, so that no window decides otherwise than its neighbour.

    Attributes
    ----------
    elevation, nodata, nodata_means, land, zones, land_cover, land_cover_classes, surface, fill_voids,
    fill_voids_max_km2, credits
        As in :func:`terrain.build.load_ground`.
    is_schematic : bool
    """

    elevation: Paths
    nodata: float | None = None
    nodata_means: NodataMeans = "auto"
    land: Path | str | None = None
    zones: Path | str | None = None
    land_cover: Paths | None = None
    land_cover_classes: Path | str = "esa_worldcover"
    surface: SurfaceGiven = "auto"
    fill_voids: FillVoids = "none"
    fill_voids_max_km2: float = MAX_FILL_KM2
    is_schematic: bool = False
    credits: tuple[str, ...] = ()

    @cached_property
    def resolution_m(self) -> float:
        """The smaller side of a cell at the centre of the files [m]."""
        return min(elevation_grid(self.elevation).cell_size_m())

    @property
    def has_clutter(self) -> bool:
        """Whether there may be clutter: land cover, on bare earth."""
        return self.land_cover is not None and self._surface == "bare_earth"

    @property
    def _surface(self) -> Surface:
        return surface_of(self.elevation, self.surface)[0]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the options and of all files."""
        values = {key: str(value) for key, value in asdict(self).items()}
        digest = hashlib.sha256(repr(values).encode())
        for name in ("elevation", "land", "zones", "land_cover"):
            value = getattr(self, name)
            for path in [value] if isinstance(value, str | Path) else value or []:
                with Path(path).open("rb") as file:
                    while piece := file.read(_PIECE):
                        digest.update(piece)
        return digest.hexdigest()

    def window(self, bounds_lonlat: Box) -> Ground:
        """The ground of a box [deg]; where the files have nothing, it is outside.

        Raises
        ------
        TerrainError
            Files that cannot be used.
        """
        options = {field.name: getattr(self, field.name) for field in fields(self)}
        try:
            return load_ground(**options, bounds_lonlat=bounds_lonlat)
        except EmptyTerrainError:
            return self._nothing(bounds_lonlat)

    def _nothing(self, box: Box) -> Ground:
        """Four cells of which nothing is known."""
        size = 0.5 * max(box[2] - box[0], box[3] - box[1], 1e-6)
        north = min(box[3], 89.0 - 1e-9)
        grid = Grid(LONLAT, (size, 0.0, box[0], 0.0, -size, north), (1, 2))
        nowhere = np.full(grid.shape, math.nan, np.float32)
        return Ground(
            grid, nowhere, np.full(grid.shape, OUTSIDE, np.uint8), np.zeros_like(nowhere),
            self._surface, self.is_schematic,
        )  # fmt: skip
