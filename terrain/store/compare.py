"""Whether the heights of one elevation model can be those of another, unit and all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

HIGH_M: Final = 20.0
"""Lower ground says nothing of a unit: canopy alone makes twice the height."""
ENOUGH: Final = 50
_POINTS: Final = 400
_MAX_FILES: Final = 16


def height_ratio(path: Path, others: Sequence[Path]) -> float | None:
    """Median ratio of a raster's heights to those of others at the same places.

    None where fewer than 50 places are high enough to tell.
    """
    import rasterio

    rng = np.random.default_rng(0)
    ratios: list[float] = []
    with rasterio.open(path) as own:
        for name in others[:_MAX_FILES]:
            with rasterio.open(name) as other:
                west, south = (
                    max(own.bounds[0], other.bounds[0]),
                    max(own.bounds[1], other.bounds[1]),
                )
                east, north = (
                    min(own.bounds[2], other.bounds[2]),
                    min(own.bounds[3], other.bounds[3]),
                )
                if west >= east or south >= north:
                    continue
                lon, lat = rng.uniform(west, east, _POINTS), rng.uniform(south, north, _POINTS)
                places = list(zip(lon.tolist(), lat.tolist(), strict=True))
                ours = [float(v[0]) for v in own.sample(places)]
                theirs = [float(v[0]) for v in other.sample(places)]
                ratios += [
                    a / b for a, b in zip(ours, theirs, strict=True)
                    if b > HIGH_M and a != own.nodata and np.isfinite(a)
                ]  # fmt: skip
    return float(np.median(ratios)) if len(ratios) >= ENOUGH else None
