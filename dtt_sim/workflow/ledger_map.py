"""A number of a finished run's ledger, by place: what is behind a row, as table and raster."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.errors import DttSimError
from dtt_sim.transition.ledger import ANYTHING, CAUSES, STATUS
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.datasets import FATES, grid_of
from dtt_sim.workflow.output import NODATA, write_cog
from terrain.grid import Grid

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a ledger; None asks for all.

    Attributes
    ----------
    phase : str
    item : str
        A programme, a service, or "(any programme)".
    status, cause, station, unit : str or None
    """

    phase: str
    item: str = ANYTHING
    status: str | None = None
    cause: str | None = None
    station: str | None = None
    unit: str | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """Households by place.

    Attributes
    ----------
    grid : Grid
    by_cell : (n_row, n_col) float64
        Households; NaN where none live.
    by_fate : dict of (str, str, str, str) to float
        By unit, status, cause and station.
    """

    grid: Grid
    by_cell: Float64Array
    by_fate: dict[tuple[str, str, str, str], float]


def ask(folder: Path, question: Question) -> Answer:
    """Look up a number of a finished run.

    Raises
    ------
    DttSimError
        A folder without a ledger, or a name that is not in it; says which there are.
    """
    import xarray as xr

    path = folder / FATES
    if not path.is_file():
        msg = (
            f"{path}: no such file; run a scenario with [[phase]] and [households], all its phases"
        )
        raise DttSimError(msg)
    try:
        with xr.open_dataset(path, engine="h5netcdf") as data:
            return _answer(data.load(), question)
    except (OSError, ValueError, KeyError) as error:
        msg = f"{path}: cannot be read ({error}); run the scenario again"
        raise DttSimError(msg) from error


def _answer(data: xr.Dataset, question: Question) -> Answer:
    phases, items, stations, units = (
        [str(v) for v in data[name].to_numpy()]
        for name in ("phase_name", "item_name", "station_name", "unit")
    )
    p = _position("phase", question.phase, phases)
    i = _position("programme or service", question.item, items)
    status, cause, station = (
        data[name].to_numpy()[p, i].astype(np.int64) for name in ("status", "cause", "station")
    )
    unit = data["unit_of_place"].to_numpy()
    # (n_kind, n_place)
    households = data["share"].to_numpy()[p][:, unit] * data["households"].to_numpy()
    wanted = np.ones(status.shape, np.bool_)
    for what, name, values, known in (
        ("status", question.status, status, STATUS),
        ("cause", question.cause, cause, CAUSES),
        ("station", question.station, station, stations),
        ("unit", question.unit, np.broadcast_to(unit, status.shape), units),
    ):
        if name is not None:
            wanted &= values == _position(what, name, known)
    counted = np.where(wanted, households, 0.0)
    grid = grid_of(data)
    by_cell = np.full(grid.n_row * grid.n_col, np.nan)
    cell = data["cell"].to_numpy()
    by_cell[cell] = 0.0
    np.add.at(by_cell, cell, counted.sum(axis=0))
    found: dict[tuple[str, str, str, str], float] = {}
    keys = np.stack([np.broadcast_to(unit, status.shape), status, cause, station])[:, wanted]
    for key in np.unique(keys, axis=1).T:
        here = (keys == key[:, None]).all(axis=0)
        u, s, why, who = (int(v) for v in key)
        fate = (
            units[u], STATUS[s], CAUSES[why] if why >= 0 else "",
            stations[who] if who >= 0 else "",
        )  # fmt: skip
        found[fate] = float(households[wanted][here].sum())
    return Answer(grid, by_cell.reshape(grid.shape), found)


def _position(what: str, name: str, known: Sequence[str]) -> int:
    if name in known:
        return list(known).index(name)
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}"
    msg = f"no {what} {name!r}; {hint}"
    raise DttSimError(msg)


def write_map(path: Path, answer: Answer, question: Question) -> None:
    """Write the households by cell as a GeoTIFF."""
    asked: list[Any] = [question.phase, question.item, question.status, question.cause,
                        question.station, question.unit]  # fmt: skip
    name = "households: " + ", ".join(str(v) for v in asked if v is not None)
    write_cog(
        path, answer.grid, [(name, "1", answer.by_cell.astype(np.float32))], nodata=NODATA,
        tags={"QUESTION": name},
    )  # fmt: skip
