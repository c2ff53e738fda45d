"""The ITU's digital maps DN50.TXT and N050.TXT, and the part of them that an area needs.

Both are text: 121 rows of 241 numbers, nodes 1.5 degrees apart, the first row at 90° N, the first
column at 0° E and the last at 360° E, which is the first again. They come with Rec. ITU-R P.1812 and
P.452 and may not be passed on, so that none is part of this package.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from dtt_sim.coverage.request import REFRACTIVITY, RefractivityMap
from dtt_sim.errors import Problem, ScenarioError
from dtt_sim.typing import Float64Array
from terrain.grid import LONLAT, Box, Grid

STEP_DEG: Final = 1.5
SHAPE: Final = (121, 241)
MAX_BYTES: Final = 5_000_000
"""A file of this layout has some 200 kB."""
_LAST_LATITUDE_DEG: Final = 87.0
_MARGIN_DEG: Final = 16.0
"""Round the receiving grid: masts lie up to 1000 km off it, centres of paths half as far again."""
_LAYOUT: Final = f"{SHAPE[0]} rows of {SHAPE[1]} numbers, 90° N to 90° S and 0° to 360° E"
_FILE_OF: Final = {"delta_n": "DN50.TXT", "n0": "N050.TXT"}
_BETWEEN: Final = 180.0
"""ΔN lies below this and N0 above it, everywhere on Earth."""


def read_itu_map(path: Path | str, quantity: str) -> Float64Array:
    """Nodes of a map of `delta_n` or `n0`, (121, 241), as in the file.

    Raises
    ------
    ScenarioError
        No such file, another layout, or values that cannot be those of the quantity; by line.
    """
    path = Path(path)
    try:
        state = path.stat()
    except OSError as error:
        raise _wrong(path, None, f"cannot be read ({error.strerror}); check the path") from error
    return _read(path, quantity, state.st_mtime_ns, state.st_size)


def _wrong(path: Path, line: int | None, text: str) -> ScenarioError:
    return ScenarioError([Problem(path.name, line, "", text)], path.name)


@lru_cache(maxsize=8)
def _read(path: Path, quantity: str, changed_ns: int, size: int) -> Float64Array:
    """As :func:`read_itu_map`; a file is read again only when it has changed."""
    del changed_ns
    if size > MAX_BYTES:
        raise _wrong(path, None, f"{size:,} bytes are no map of the ITU; it has {_LAYOUT}")
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        text = f"no plain text ({error}); name the ITU's own {_FILE_OF[quantity]}"
        raise _wrong(path, None, text) from error
    rows, at = [], []
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        rows.append(_row(path, number, text))
        at.append(number)
        if len(rows) > SHAPE[0]:
            raise _wrong(path, number, f"row {len(rows)}; the map has {_LAYOUT}")
    if len(rows) != SHAPE[0]:
        last = at[-1] if at else None
        raise _wrong(path, last, f"ends after {len(rows)} rows; the map has {_LAYOUT}")
    values = np.array(rows)
    _check_values(path, quantity, values, at)
    values.flags.writeable = False  # it is kept
    return values


def _row(path: Path, number: int, text: str) -> list[float]:
    cells = text.replace(",", " ").split()
    if len(cells) != SHAPE[1]:
        raise _wrong(path, number, f"{len(cells)} numbers; the map has {_LAYOUT}")
    row = []
    for column, cell in enumerate(cells, start=1):
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise _wrong(path, number, f"{cell!r}, number {column} of the row, is no number")
        row.append(value)
    return row


def _check_values(path: Path, quantity: str, values: Float64Array, at: list[int]) -> None:
    """Refuse a map of another quantity, or one whose columns do not close round the Earth."""
    is_n0 = bool(np.median(values) > _BETWEEN)
    if is_n0 != (quantity == "n0"):
        text = (
            f"its values, {values.min():g} to {values.max():g}, are those of "
            f"{'N0' if is_n0 else 'ΔN'}; {quantity}_map takes {_FILE_OF[quantity]}: are the two "
            "files exchanged?"
        )
        raise _wrong(path, None, text)
    apart = np.abs(values[:, 0] - values[:, -1])
    worst = int(apart.argmax())
    if apart[worst] > 0.05 * np.ptp(values):
        text = (
            f"{values[worst, 0]:g} at 0° and {values[worst, -1]:g} at 360° E, which are one place; "
            f"the map has {_LAYOUT}"
        )
        raise _wrong(path, at[worst], text)


def refractivity_map(
    bounds_lonlat: Box,
    *,
    delta_n: Path | str | float,
    n0: Path | str | float,
) -> RefractivityMap:
    """Refractivity over an area and round it, from the ITU's maps.

    Parameters
    ----------
    bounds_lonlat : tuple of float
        West, south, east, north of the receiving grid [deg].
    delta_n, n0 : path or float
        DN50.TXT and N050.TXT; or one of them as a constant [N-units/km], [N-units].

    Returns
    -------
    RefractivityMap
        Of the maps' own nodes: between them it is bilinear, as P.1812 wants it.

    Raises
    ------
    ScenarioError
        What :func:`read_itu_map` raises, and values there that P.1812 does not take.
    """
    rows, cols = _nodes(bounds_lonlat)
    west, north = STEP_DEG * (cols[0] - 0.5), 90.0 - STEP_DEG * (rows[0] - 0.5)
    grid = Grid(LONLAT, (STEP_DEG, 0.0, west, 0.0, -STEP_DEG, north), (rows.size, cols.size))
    parts = {
        name: np.full(grid.shape, float(given))
        if isinstance(given, int | float)
        else _part(Path(given), name, rows, cols)
        for name, given in (("delta_n", delta_n), ("n0", n0))
    }
    return RefractivityMap(grid, parts["delta_n"], parts["n0"])


def _nodes(box: Box) -> tuple[Float64Array, Float64Array]:
    """Rows and columns of the nodes of an area with its margin; columns run on beyond 360°."""
    west, south, east, north = box
    top = min(north + _MARGIN_DEG, _LAST_LATITUDE_DEG)
    bottom = max(south - _MARGIN_DEG, -_LAST_LATITUDE_DEG)
    away = min(max(abs(north), abs(south)) + 0.5 * _MARGIN_DEG, 84.0)
    side = _MARGIN_DEG / math.cos(math.radians(away))
    side = min(side, 0.5 * (360.0 - (east - west)) - STEP_DEG)
    first, last = math.floor((west - side) / STEP_DEG), math.ceil((east + side) / STEP_DEG)
    rows = np.arange(math.floor((90.0 - top) / STEP_DEG), math.ceil((90.0 - bottom) / STEP_DEG) + 1)
    return rows.astype(np.float64), np.arange(first, last + 1, dtype=np.float64)


def _part(path: Path, name: str, rows: Float64Array, cols: Float64Array) -> Float64Array:
    i, j = rows.astype(np.int64), np.mod(cols.astype(np.int64), SHAPE[1] - 1)
    part = read_itu_map(path, name)[np.ix_(i, j)]
    low, high, unit = REFRACTIVITY[name]
    wrong = np.argwhere(~((part > low) & (part < high)))
    if wrong.size:
        row, col = wrong[0]
        text = (
            f"{part[row, col]:g} at {90.0 - STEP_DEG * rows[row]:g}° N "
            f"{STEP_DEG * j[col]:g}° E; P.1812 takes {low:g} to {high:g} {unit}"
        )
        raise _wrong(path, None, text)
    return np.asarray(part, np.float64)
