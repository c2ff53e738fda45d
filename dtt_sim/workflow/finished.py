"""A finished run, read from its folder: no scenario, no terrain and nothing computed again."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim.errors import DttSimError
from dtt_sim.transition.ledger import Item
from dtt_sim.transition.uncertainty import Figure
from dtt_sim.typing import BoolArray, Float64Array, IntArray
from dtt_sim.workflow.datasets import FATES, FIGURES, POPULATION
from dtt_sim.workflow.manifest import MANIFEST
from dtt_sim.workflow.rasters import ZONE
from terrain.grid import Grid

if TYPE_CHECKING:
    import xarray as xr


AGAIN = "run the scenario again"


def _there(path: Path) -> Path:
    if not path.is_file():
        msg = f"{path}: is missing; {AGAIN}"
        raise DttSimError(msg)
    return path


class Service(NamedTuple):
    """A service of a phase.

    Attributes
    ----------
    title : str
    is_digital : bool
    qualities : tuple of str
        What the levels 1 and 2 of its raster stand for.
    """

    title: str
    is_digital: bool
    qualities: tuple[str, str]


class StationOfRun(NamedTuple):
    """A station on air.

    Attributes
    ----------
    site : str
    lat_deg, lon_deg : float
    service : str
    frequency_mhz, erp_kw : float
    """

    site: str
    lat_deg: float
    lon_deg: float
    service: str
    frequency_mhz: float
    erp_kw: float


class PhaseOfRun(NamedTuple):
    """A phase that was run.

    Attributes
    ----------
    id : str
    date : date or None
        None without a plan.
    services : dict of str to Service
    stations : dict of str to StationOfRun
        On air.
    """

    id: str
    date: dt.date | None
    services: Mapping[str, Service]
    stations: Mapping[str, StationOfRun]


class Places(NamedTuple):
    """People by place: the part of a cell that belongs to one unit.

    Attributes
    ----------
    units : tuple of str
    is_counted : (n_unit,) bool
        Whether a sum in all counts a unit.
    unit, cell : (n_place,) int64
        Positions in `units` and on the grid.
    persons : (n_place,) float64
    outside : (n_unit,) float64
        Persons outside the grid.
    """

    units: tuple[str, ...]
    is_counted: BoolArray
    unit: IntArray
    cell: IntArray
    persons: Float64Array
    outside: Float64Array


class Figures(NamedTuple):
    """Figures of a plan.

    Attributes
    ----------
    names : dict of Figure to int
        Position of each.
    nominal : (n,) float64
    draws : (n_draw, n) float64
        No rows where there was no Monte Carlo.
    """

    names: Mapping[Figure, int]
    nominal: Float64Array
    draws: Float64Array


class Layer(NamedTuple):
    """A raster of a run.

    Attributes
    ----------
    values : (n_row, n_col) array
    stations : tuple of str
        That the values count in, where they are stations.
    """

    values: NDArray[Any]
    stations: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class FinishedRun:
    """A finished run.

    Attributes
    ----------
    folder : Path
    label : str
        What it is called beside others.
    manifest : dict
    """

    folder: Path
    label: str
    manifest: Mapping[str, Any]

    @classmethod
    def open(cls, folder: Path | str, label: str | None = None) -> FinishedRun:
        """Read what a run says of itself; by default it is called as its folder is.

        Raises
        ------
        DttSimError
            No finished run, or one of another version of the program.
        """
        folder = Path(folder)
        file = folder / MANIFEST
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            msg = f"{folder}: not the folder of a finished run (no {MANIFEST}); run the scenario"
            raise DttSimError(msg) from error
        except (OSError, ValueError) as error:
            msg = f"{file}: cannot be read ({error}); {AGAIN}"
            raise DttSimError(msg) from error
        run = cls(folder, folder.resolve().name if label is None else label, found)
        try:
            _ = run.grid, run.phases, run.title
        except (KeyError, TypeError, ValueError) as error:
            msg = f"{file}: written by another version (no {error}); {AGAIN}"
            raise DttSimError(msg) from error
        return run

    @property
    def title(self) -> str:
        """Title of its scenario, with the override in force."""
        scenario = self.manifest["scenario"]
        override = f" [{scenario['override']}]" if scenario["override"] else ""
        return str(scenario["title"] or scenario["name"]) + override

    @cached_property
    def grid(self) -> Grid:
        """Of receiving places."""
        grid = self.manifest["grid"]
        a, b, c, d, e, f = (float(v) for v in grid["transform"])
        n_row, n_col = (int(v) for v in grid["shape"])
        return Grid(str(grid["crs"]), (a, b, c, d, e, f), (n_row, n_col))

    @cached_property
    def phases(self) -> tuple[PhaseOfRun, ...]:
        """Phases that were run, by date."""
        return tuple(
            PhaseOfRun(
                one["id"],
                dt.date.fromisoformat(one["date"]) if one["date"] else None,
                {
                    name: Service(s["title"], s["digital"], (s["qualities"][0], s["qualities"][1]))
                    for name, s in one["services"].items()
                },
                {name: StationOfRun(**station) for name, station in one["stations"].items()},
            )
            for one in self.manifest["phases"]
        )

    @property
    def is_schematic(self) -> bool:
        """Whether its relief is made up."""
        return bool(self.manifest["terrain"]["is_schematic"])

    @property
    def vintage(self) -> str:
        """Date of its administrative units."""
        return str((self.manifest["scenario"].get("population") or {}).get("vintage", ""))

    @property
    def credits(self) -> list[str]:
        """Of terrain and population."""
        people = self.manifest["scenario"].get("population") or {}
        return list(
            dict.fromkeys([*self.manifest["terrain"]["credits"], *people.get("credits", ())])
        )

    def layer(self, phase: str, service: str, name: str) -> Layer:
        """A raster of a service, e.g. "served", "margin", "cause" or "culprit".

        Floating-point values have NaN where there is no data.

        Raises
        ------
        DttSimError
            Not there, or not on the run's grid.
        """
        return self.raster(self.folder / "phases" / phase / f"{service}_{name}.tif")

    @cached_property
    def zone(self) -> NDArray[Any]:
        """Land and sea at receiving places; codes of :mod:`terrain.ground`."""
        return self.raster(self.folder / ZONE).values

    def raster(self, path: Path) -> Layer:
        """First band of a raster on the run's grid.

        Raises
        ------
        DttSimError
            Not there, cut off, or not on the run's grid.
        """
        import rasterio
        from rasterio.errors import RasterioError

        _there(path)
        try:
            with rasterio.open(path) as file:
                values, nodata, tags = file.read(1), file.nodata, file.tags()
        except RasterioError as error:
            msg = f"{path}: cannot be read; {AGAIN}"
            raise DttSimError(msg) from error
        if values.shape != self.grid.shape:
            msg = f"{path}: {values.shape} cells, the run has {self.grid.shape}; run it again"
            raise DttSimError(msg)
        if nodata is not None and np.issubdtype(values.dtype, np.floating):
            values = np.where(values == nodata, np.nan, values)
        stations: list[str] = []
        while f"STATION_{len(stations)}" in tags:
            stations.append(tags[f"STATION_{len(stations)}"])
        return Layer(values, tuple(stations))

    @cached_property
    def places(self) -> Places | None:
        """Who lives where; None of a scenario without a population."""
        if not self.manifest["scenario"].get("population"):
            return None
        data = self._dataset(POPULATION)
        return Places(
            tuple(str(v) for v in data["unit"].to_numpy()),
            data["is_counted"].to_numpy().astype(bool),
            data["unit_of_place"].to_numpy().astype(np.int64),
            data["cell"].to_numpy().astype(np.int64),
            data["persons"].to_numpy().astype(np.float64),
            data["persons_outside"].to_numpy().astype(np.float64),
        )

    @property
    def has_accounts(self) -> bool:
        """Whether there are households, and what becomes of them in a plan."""
        return bool(self.manifest.get("has_accounts"))

    @cached_property
    def fates(self) -> xr.Dataset | None:
        """What becomes of every item in every place; None without accounts."""
        return self._dataset(FATES) if self.has_accounts else None

    @cached_property
    def figures(self) -> Figures | None:
        """Figures of the plan and their draws; None without accounts."""
        if not self.has_accounts:
            return None
        data = self._dataset(FIGURES)
        columns = (data[key].to_numpy() for key in ("phase", "kind", "item", "what"))
        names = {
            Figure(str(phase), Item(str(kind), str(item)) if kind else None, str(what)): k
            for k, (phase, kind, item, what) in enumerate(zip(*columns, strict=True))
        }
        nominal = data["nominal"].to_numpy()
        draws = data["draws"].to_numpy() if "draws" in data else np.empty((0, nominal.size))
        return Figures(names, nominal, draws)

    def table(self, name: str, numbers: Sequence[str]) -> list[dict[str, str]]:
        """Rows of one of the tables of its accounts; none without accounts.

        Parameters
        ----------
        name : str
        numbers : sequence of str
            Columns that hold whole numbers.

        Raises
        ------
        DttSimError
            Not there, cut off, or no numbers; by line.
        """
        if not self.has_accounts:
            return []
        path = _there(self.folder / f"{name}.csv")
        rows = []
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            for row in reader:
                for column in numbers:
                    try:
                        int(row[column])
                    except (KeyError, TypeError, ValueError) as error:
                        msg = f"{path}:{reader.line_num}: {column}: no whole number; {AGAIN}"
                        raise DttSimError(msg) from error
                if None in row.values() or None in row:
                    msg = f"{path}:{reader.line_num}: cells are missing; {AGAIN}"
                    raise DttSimError(msg)
                rows.append(row)
        return rows

    def _dataset(self, name: str) -> xr.Dataset:
        import xarray as xr

        path = _there(self.folder / name)
        try:
            with xr.open_dataset(path, engine="h5netcdf") as data:
                return data.load()
        except (OSError, ValueError, KeyError) as error:
            msg = f"{path}: cannot be read; {AGAIN}"
            raise DttSimError(msg) from error
