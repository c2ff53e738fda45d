"""What a raster is, in words: for ``dtt-sim terrain info``."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from terrain.decode import height_unit
from terrain.errors import TerrainError
from terrain.products import known_product
from terrain.raster import open_raster, raster_grid
from terrain.tile_names import registration

MAX_CLASSIFIED_CELLS: Final = 100_000_000
"""Larger rasters are not read whole to find out what their nodata means."""
_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class RasterInfo:
    """Facts of one raster file.

    Attributes
    ----------
    path, driver, crs, crs_name : str
    size : (n_row, n_col)
    bounds, bounds_lonlat : (west, south, east, north)
        In the raster's own units, and [deg].
    resolution_m : (north_south, east_west)
        At the centre [m].
    dtype : str
    n_band : int
    unit : str
        Of the heights, with any scale.
    registration : str
        Whether the file says that values stand for cells or for posts.
    tile : str
        Where the edges of a one-degree tile lie against its name; empty for other files.
    nodata : float or None
        The file's tag.
    minimum, maximum : float
        Of the values that are not nodata, as stored.
    share_nodata, share_zero, share_negative : float
        Of all cells.
    is_elevation : bool
        Whether it can be read as elevation.
    taken_as : tuple of str
        What nodata and zeros would be taken to mean, without land polygons; or why it cannot be
        read as elevation.
    vertical, credit : str
        Vertical datum and credit, where the coordinate system, a tag or the name tells.
    """

    path: str
    driver: str
    crs: str
    crs_name: str
    size: tuple[int, int]
    bounds: tuple[float, float, float, float]
    bounds_lonlat: tuple[float, float, float, float]
    resolution_m: tuple[float, float]
    dtype: str
    n_band: int
    unit: str
    registration: str
    tile: str
    nodata: float | None
    minimum: float
    maximum: float
    share_nodata: float
    share_zero: float
    share_negative: float
    is_elevation: bool
    taken_as: tuple[str, ...]
    vertical: str
    credit: str

    def as_dict(self) -> dict[str, Any]:
        """All facts with plain JSON values; NaN and infinity are None."""
        return {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in asdict(self).items()
        }

    def as_text(self) -> str:
        """All facts for reading."""
        native = ", ".join(f"{v:.10g}" for v in self.bounds)
        lonlat = ", ".join(f"{v:.5f}" for v in self.bounds_lonlat)
        tag = "no tag" if self.nodata is None else f"{self.nodata:g}"
        rows = [
            ("driver", self.driver),
            ("CRS", f"{self.crs} ({self.crs_name})" if self.crs != self.crs_name else self.crs),
            ("extent", f"{native} (west, south, east, north)"),
            ("lon/lat", f"{lonlat} deg"),
            ("size", f"{self.size[0]} rows x {self.size[1]} columns, {self.n_band} band(s)"),
            (
                "cell",
                f"{self.resolution_m[0]:.1f} m north-south, {self.resolution_m[1]:.1f} m east-west",
            ),
            ("values", f"{self.dtype}, {self.unit}, {self.registration}"),
            *([("tile", self.tile)] if self.tile else []),
            ("nodata", f"{tag}, {self.share_nodata:.2%} of the cells"),
            ("range", f"{self.minimum:g} to {self.maximum:g}"),
            ("zero", f"{self.share_zero:.2%} of the cells; negative {self.share_negative:.2%}"),
            ("vertical", self.vertical),
            ("credit", self.credit or "none found: ask where the file came from"),
        ]
        lines = [self.path, *(f"  {name:<9} {text}" for name, text in rows)]
        head = (
            "read as elevation, without land polygons"
            if self.is_elevation
            else "not usable as elevation"
        )
        return "\n".join([*lines, f"  {head}:", *(f"    {text}" for text in self.taken_as)])


def describe(path: Path | str) -> RasterInfo:
    """Facts of a raster; values are read in blocks.

    Raises
    ------
    TerrainError
        No such file, not a raster, no coordinate system, or no place on Earth.
    """
    with open_raster(path) as source:
        grid = raster_grid(source)
        tags = {key.upper(): value for key, value in source.tags().items()}
        area = tags.get("AREA_OR_POINT", "Area").lower() != "point"
        is_elevation, taken_as = _taken_as(path, grid.n_row * grid.n_col)
        product = known_product(path)
        wkt = source.crs.to_wkt()
        return RasterInfo(
            path=str(path),
            driver=source.driver,
            crs=grid.crs if grid.crs.startswith("EPSG:") else _crs_name(wkt),
            crs_name=_crs_name(wkt),
            size=grid.shape,
            bounds=grid.bounds,
            bounds_lonlat=grid.bounds_lonlat(),
            resolution_m=grid.cell_size_m(),
            dtype=source.dtypes[0],
            n_band=source.count,
            unit=height_unit(source),
            registration="pixel is area" if area else "pixel is point (posts at cell centres)",
            tile=registration(path, grid).text,
            nodata=source.nodata,
            is_elevation=is_elevation,
            taken_as=taken_as,
            vertical=vertical_datum(wkt, product.vertical_datum if product else ""),
            credit=tags.get("TIFFTAG_COPYRIGHT")
            or tags.get("CREDIT")
            or (product.credit if product else ""),
            **_statistics(source),
        )


def _statistics(source: Any) -> dict[str, float]:
    tag = source.nodata
    n_cell, missing, zero, negative = source.height * source.width, 0, 0, 0
    low, high = math.inf, -math.inf
    step = max(1, _BLOCK_CELLS // source.width)
    for top in range(0, source.height, step):
        rows = (top, min(top + step, source.height))
        values = source.read(1, window=(rows, (0, source.width)))
        real = values[
            np.isfinite(values) & (source.read_masks(1, window=(rows, (0, source.width))) > 0)
        ]
        if tag is not None:
            real = real[real != tag]
        missing += values.size - real.size
        zero += int((real == 0).sum())
        negative += int((real < 0).sum())
        if real.size:
            low, high = min(low, float(real.min())), max(high, float(real.max()))
    return {
        "minimum": low if missing < n_cell else math.nan,
        "maximum": high if missing < n_cell else math.nan,
        "share_nodata": missing / n_cell,
        "share_zero": zero / n_cell,
        "share_negative": negative / n_cell,
    }


def _taken_as(path: Path | str, n_cell: int) -> tuple[bool, tuple[str, ...]]:
    """Whether a raster can be elevation, and what reading it as such finds."""
    from terrain.build import load_ground

    if n_cell > MAX_CLASSIFIED_CELLS:
        return True, ("too large to be read whole here: read it with a box to see its notes",)
    try:
        return True, load_ground(elevation=path, surface="surface").notes[1:]  # but for the size
    except TerrainError as error:
        return False, (str(error),)


def _crs_name(wkt: str) -> str:
    from pyproj import CRS

    return str(CRS.from_wkt(wkt).name)


def vertical_datum(wkt: str, guess: str) -> str:
    """Vertical datum of a coordinate system, else the one that a product's heights refer to."""
    from pyproj import CRS

    own = CRS.from_wkt(wkt)
    if own.is_compound:
        return f"{own.sub_crs_list[1].name} (from the coordinate system)"
    return f"{guess} (guessed from the file's name)" if guess else "not said; EGM96 or EGM2008 do"
