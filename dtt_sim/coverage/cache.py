"""Path losses on disk, under a key of everything that went into them.

An entry is an uncompressed ``.npz`` (plain arrays, no pickle; the format's CRC finds flipped bytes),
written under a temporary name and renamed, so that a killed run leaves no half entry.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dtt_sim.coverage.request import Emission, Mast, Prediction, Solver, warp_cell
from dtt_sim.errors import OutputError
from terrain.grid import Grid
from terrain.ground import Ground

Arrays = dict[str, NDArray[Any]]

SOLVER_VERSION: Final = {"per_path": "p1812-8/per-path/2", "wedge": "p1812-8/wedge/1"}
"""Raised whenever a change moves a number, so that older entries are not found."""

_VARIABLES = ("loss_db", "departure_deg", "azimuth_deg", "distance_km", "flag")


def loss_key(
    ground: Ground,
    mast: Mast,
    grid: Grid,
    emission: Emission,
    prediction: Prediction,
    *,
    solver: Solver,
    warp_cell_m: float | None = None,
) -> str:
    """Content key of one emission's path loss."""
    parts = {
        "solver": SOLVER_VERSION[solver],
        "warp_cell_m": warp_cell(ground, warp_cell_m) if solver == "wedge" else None,
        "ground": ground.digest,
        "mast": asdict(mast),
        "grid": [grid.crs, grid.transform, grid.shape],
        "emission": asdict(emission),
        "prediction": prediction.content(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


class LossCache:
    """Folder of path losses.

    Parameters
    ----------
    folder : Path
        Created when the first entry is stored.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, key: str) -> Arrays | None:
        """Arrays of an entry, or None where there is none or it is damaged."""
        path = self.folder / f"{key}.npz"
        try:
            with np.load(path, allow_pickle=False) as entry:
                return {name: entry[name] for name in _VARIABLES}
        except (OSError, KeyError, ValueError, zipfile.BadZipFile):
            return None

    def store(self, key: str, arrays: Arrays) -> None:
        """Keep an entry; it appears whole or not at all."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            Path(name).replace(self.folder / f"{key}.npz")
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        finally:
            Path(name).unlink(missing_ok=True)


def _unwritable(folder: Path, error: OSError) -> OutputError:
    reason = error.strerror or error
    msg = f"{folder}: cannot be written ({reason}); free space or choose --cache"
    return OutputError(msg)
