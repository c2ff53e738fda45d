"""Files laid out as the ITU's DN50.TXT and N050.TXT, with made-up values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LATITUDE_DEG = 90.0 - 1.5 * np.arange(121)
LONGITUDE_DEG = 1.5 * np.arange(241)


def nodes(base: float, swing: float) -> NDArray[np.float64]:
    """Smooth values that close round the Earth, to three digits as in a file."""
    lat, lon = np.radians(LATITUDE_DEG)[:, None], np.radians(LONGITUDE_DEG)[None, :]
    return np.round(base + swing * np.cos(lat) * (0.6 * np.cos(lon) + 0.4 * np.sin(3.0 * lon)), 3)


DELTA_N = nodes(45.0, 20.0)
N0 = nodes(340.0, 45.0)


def write_map(path: Path, values: NDArray[np.float64]) -> Path:
    np.savetxt(path, values, fmt="%9.3f")
    return path


def write_maps(folder: Path) -> tuple[Path, Path]:
    return write_map(folder / "DN50.TXT", DELTA_N), write_map(folder / "N050.TXT", N0)
