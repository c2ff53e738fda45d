"""Land cover to representative clutter height, through a table that anyone can edit."""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terrain.errors import MissingTerrainError, TerrainError

BUILT_IN = ("esa_worldcover", "corine", "globcover")
_COLUMNS = ("class_code", "representative_height_m")


def read_classes(table: Path | str) -> dict[int, float]:
    """Representative clutter height [m] by class code.

    Parameters
    ----------
    table : str or path
        "esa_worldcover", "corine", "globcover", or a CSV file with the columns class_code and
        representative_height_m; further columns are for people. A code may be a range, "122-124".

    Raises
    ------
    TerrainError
        Missing file or column, or a row that is not a number, by file and line.
    """
    if str(table) in BUILT_IN:
        text = (resources.files("terrain") / "data" / f"{table}.csv").read_text(encoding="utf-8")
    elif Path(table).exists():
        text = Path(table).read_text(encoding="utf-8-sig")
    else:
        msg = f"{table}: no such class table; name a CSV file or one of {', '.join(BUILT_IN)}"
        raise MissingTerrainError(msg)
    rows = csv.DictReader(text.splitlines())
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        msg = f"{table}: column {missing[0]!r} is missing; the header needs {', '.join(_COLUMNS)}"
        raise TerrainError(msg)
    classes: dict[int, float] = {}
    for row in rows:
        first, _, last = row["class_code"].partition("-")
        try:
            height_m = float(row["representative_height_m"])
            codes = range(int(first), int(last or first) + 1)
        except ValueError as error:
            msg = f"{table}:{rows.line_num}: {error}; give a class code and a height in metres"
            raise TerrainError(msg) from error
        if not 0.0 <= height_m <= 100.0:
            msg = f"{table}:{rows.line_num}: clutter height {height_m} m is not within 0..100"
            raise TerrainError(msg)
        classes.update(dict.fromkeys(codes, height_m))
    return classes


def clutter_heights(
    codes: NDArray[Any], classes: dict[int, float], source: Path | str
) -> NDArray[np.float32]:
    """Representative clutter height of each cell [m]; code 0 (no class) is 0 m.

    Raises
    ------
    TerrainError
        A class that the table does not map, with the number of its cells.
    """
    present, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    unknown = [
        f"{code} ({count} cells)"
        for code, count in zip(present.tolist(), counts.tolist(), strict=True)
        if code != 0 and int(code) not in classes
    ]
    if unknown:
        msg = f"{source}: classes without a height: {', '.join(unknown)}; add them to the table"
        raise TerrainError(msg)
    heights = np.array([classes.get(int(code), 0.0) for code in present], np.float32)
    return heights[inverse.reshape(codes.shape)]
