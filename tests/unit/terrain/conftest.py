"""Small rasters and land polygons on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MakeRaster = Callable[..., Path]
MakeLand = Callable[..., Path]


@pytest.fixture
def make_raster(tmp_path: Path) -> MakeRaster:
    """Write an array as GeoTIFF; by default 0.01 degree cells from 104 E, 11 N."""
    import rasterio
    from affine import Affine

    def make(
        values: Any,
        name: str = "elevation.tif",
        *,
        transform: tuple[float, ...] = (0.01, 0.0, 104.0, 0.0, -0.01, 11.0),
        crs: str | None = "EPSG:4326",
        nodata: float | None = None,
        scale: float = 1.0,
        offset: float = 0.0,
        unit: str = "",
        tags: dict[str, str] | None = None,
        **options: Any,
    ) -> Path:
        array = np.asarray(values)
        bands = array if array.ndim == 3 else array[None]
        path = tmp_path / name
        with rasterio.open(
            path, "w", driver="GTiff", height=bands.shape[1], width=bands.shape[2],
            count=bands.shape[0], dtype=bands.dtype, crs=crs, transform=Affine(*transform),
            nodata=nodata, **options,
        ) as file:  # fmt: skip
            file.write(bands)
            file.scales, file.offsets = [scale] * len(bands), [offset] * len(bands)
            if unit:
                file.units = [unit] * len(bands)
            file.update_tags(**(tags or {}))
        return path

    return make


@pytest.fixture
def make_land(tmp_path: Path) -> MakeLand:
    """Write polygons, each a list of rings (the first is the outline), as GeoJSON."""

    def make(polygons: Sequence[Sequence[Any]], name: str = "land.geojson") -> Path:
        features = [
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": [[*r, r[0]] for r in rings]},
            }
            for rings in polygons
        ]
        path = tmp_path / name
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return path

    return make
