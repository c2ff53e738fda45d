"""What a report reads: the folder of a run, whole or not, and what is missing of it."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dtt_sim.errors import DttSimError
from dtt_sim.workflow.account_tables import TABLES as PLAN_TABLES
from dtt_sim.workflow.datasets import FATES, POPULATION
from dtt_sim.workflow.finished import FinishedRun, Layer, Places
from dtt_sim.workflow.manifest import MANIFEST
from dtt_sim.workflow.output import NODATA
from dtt_sim.workflow.rasters import ZONE
from dtt_sim.workflow.tables import ALL
from terrain.errors import TerrainError

SERVED = "_served.tif"
TABLES = (
    "summary", "causes", "programmes", *PLAN_TABLES, "alternatives", "links", "assumptions",
)  # fmt: skip
"""Tables of a run, as files are called."""

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a run.

    Attributes
    ----------
    name : str
    header : list of str
    rows : list of list of str
        As they stand in the file.
    """

    name: str
    header: list[str]
    rows: list[list[str]]

    def dicts(self) -> list[Row]:
        """Rows by column."""
        return [dict(zip(self.header, row, strict=True)) for row in self.rows]


@dataclass(eq=False)
class Source:
    """A run, and what was found missing while it was read.

    Attributes
    ----------
    run : FinishedRun
        Of an interrupted run or an older version, with what its rasters say in the place of what the
        manifest lacks.
    is_whole : bool
        Whether the manifest is that of a finished run.
    missing : list of str
        Names of files that are not there or cannot be read, in the order they were asked for.
    """

    run: FinishedRun
    is_whole: bool
    missing: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, label: str | None = None) -> Source:
        """Open the folder of a run.

        Raises
        ------
        DttSimError
            Nothing of a run in it.
        """
        if folder.suffix == ".toml":
            msg = f"{folder}: is a scenario; run it first: dtt-sim run {folder} --out FOLDER"
            raise DttSimError(msg)
        try:
            run = FinishedRun.open(folder, label)
        except (DttSimError, AttributeError, TerrainError):
            run = None
        if run is not None and _tells_all(run):
            return cls(run, is_whole=True)
        found = salvage(folder, label)
        if found is None:
            FinishedRun.open(folder, label)  # says what is wrong
            msg = f"{folder}: holds no table and no raster of a run; run the scenario again"
            raise DttSimError(msg)
        return cls(found, is_whole=False, missing=[MANIFEST])

    def miss(self, name: str) -> None:
        """Note a file that is not there."""
        if name not in self.missing:
            self.missing.append(name)

    @cached_property
    def tables(self) -> dict[str, Table]:
        """All tables that are there; what the run should have and has not is noted."""
        scenario = self.run.manifest["scenario"]
        expected = {"summary", "links", "assumptions"}
        expected |= {"causes"} if scenario.get("population") else set()
        expected |= set(PLAN_TABLES) if self.run.has_accounts else set()
        expected -= set() if scenario.get("prices") else {"costs"}
        expected -= set() if scenario.get("gates") else {"gates"}
        expected |= {"alternatives"} if scenario.get("alternative") else set()
        found = {}
        for name in TABLES:
            table = self._table(name, is_expected=name in expected or not self.is_whole)
            if table is not None:
                found[name] = table
        return found

    def _table(self, name: str, *, is_expected: bool) -> Table | None:
        path = self.run.folder / f"{name}.csv"
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                header, *rows = list(csv.reader(file))
        except FileNotFoundError:
            if is_expected:
                self.miss(path.name)
            return None
        except (OSError, ValueError, csv.Error):
            self.miss(path.name)
            return None
        whole = [row for row in rows if len(row) == len(header)]
        if len(whole) < len(rows):
            self.miss(path.name)  # cut off
        return Table(name, header, whole)

    def rows(self, name: str) -> list[Row]:
        """Rows of a table; none where it is missing."""
        table = self.tables.get(name)
        return table.dicts() if table is not None else []

    def layer(self, phase: str, service: str, name: str) -> Layer | None:
        """A raster of a service; None where it is missing."""
        try:
            return self.run.layer(phase, service, name)
        except DttSimError:
            self.miss(f"phases/{phase}/{service}_{name}.tif")
            return None

    def field_dbuv_m(self, name: str) -> Any:
        """Field strength exceeded for 50 % of time, of a file in ``fields`` [dB(µV/m)], or None."""
        import numpy as np
        import rasterio
        from rasterio.errors import RasterioError

        path = self.run.folder / "fields" / f"{name}.tif"
        try:
            with rasterio.open(path) as file:
                values = file.read(1)
        except (OSError, RasterioError):
            self.miss(f"fields/{name}.tif")
            return None
        if values.shape != self.run.grid.shape:
            self.miss(f"fields/{name}.tif")
            return None
        return np.where(values == NODATA, np.nan, values)

    @cached_property
    def zone(self) -> Any:
        """Land and sea, or None."""
        try:
            return self.run.zone
        except DttSimError:
            self.miss(ZONE)
            return None

    @cached_property
    def places(self) -> Places | None:
        """Who lives where, or None."""
        try:
            return self.run.places
        except (DttSimError, KeyError):
            self.miss(POPULATION)
            return None

    @cached_property
    def households(self) -> float | None:
        """Households that the plan counts, or None."""
        try:
            fates = self.run.fates
            return None if fates is None else float(fates["households"].sum())
        except (DttSimError, KeyError):
            self.miss(FATES)
            return None

    @property
    def phase_titles(self) -> dict[str, str]:
        """Titles of phases by id."""
        phases = self.run.manifest["scenario"].get("phase") or ()
        titles = {p["id"]: str(p.get("title") or "") for p in phases}
        return {p.id: titles.get(p.id) or p.id for p in self.run.phases}

    @property
    def units(self) -> list[str]:
        """Administrative units, in the order of the tables."""
        found = dict.fromkeys(r.get("unit", "") for r in self.rows("summary"))
        return [unit for unit in found if unit and unit != ALL]


def _tells_all(run: FinishedRun) -> bool:
    """Whether a manifest has what this version writes."""
    try:
        _ = run.is_schematic, run.credits, run.vintage
    except (KeyError, TypeError, AttributeError):
        return False
    return "has_accounts" in run.manifest and "transmitters" in run.manifest


def salvage(folder: Path, label: str | None) -> FinishedRun | None:
    """A run without a manifest that can be used, from its rasters and tables; None where there are none."""
    old = _old_manifest(folder)
    rasters = sorted(folder.glob(f"phases/*/*{SERVED}")) if folder.is_dir() else []
    tables = [name for name in TABLES if (folder / f"{name}.csv").is_file()]
    if not rasters and not tables:
        return None
    grid, tags = _grid_of([*rasters, folder / ZONE])
    told = {
        **old,
        "scenario": {
            "title": tags.get("SCENARIO", ""), "name": folder.resolve().name, "override": "",
            **_dict(old.get("scenario")),
        },
        "terrain": {
            "is_schematic": "WARNING" in tags, "notes": [],
            "credits": [c for c in tags.get("CREDIT", "").split("; ") if c],
            **_dict(old.get("terrain")),
        },
        "grid": grid,
        "has_accounts": (folder / "ledger.csv").is_file(),
        "dtt_sim": old.get("dtt_sim") or tags.get("SOFTWARE", "").removeprefix("dtt_sim "),
    }  # fmt: skip
    label = folder.resolve().name if label is None else label
    # What an older manifest knows of phases and stations is more than rasters tell.
    for phases in (old.get("phases"), _phases_of(rasters, tables, folder)):
        run = FinishedRun(folder, label, told | {"phases": phases})
        try:
            _ = run.grid, run.title, run.credits
            if run.phases:
                return run
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, TerrainError):
            continue
    return None


def _dict(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _old_manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _grid_of(paths: list[Path]) -> tuple[dict[str, Any], dict[str, str]]:
    """Grid and tags of the first raster that can be read; otherwise a grid of one cell."""
    import rasterio
    from rasterio.errors import RasterioError

    for path in paths:
        try:
            with rasterio.open(path) as file:
                grid = {
                    "crs": file.crs.to_string(), "transform": list(file.transform)[:6],
                    "shape": list(file.shape),
                }  # fmt: skip
                return grid, dict(file.tags())
        except (OSError, RasterioError, AttributeError):
            continue
    return {"crs": "EPSG:4326", "transform": [1, 0, 0, 0, -1, 0], "shape": [1, 1]}, {}


def _phases_of(rasters: list[Path], tables: list[str], folder: Path) -> list[dict[str, Any]]:
    """Phases as folders and tables name them, with services as files name them."""
    dates: dict[str, str] = {}
    for name in tables:
        with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="", errors="replace") as f:
            for row in csv.DictReader(f):
                if row.get("phase") and row["phase"] != ALL:
                    date = row.get("date") or ""
                    dates[row["phase"]] = dates.get(row["phase"]) or (
                        date if _is_date(date) else ""
                    )
    by_time = sorted({p.parent for p in rasters}, key=lambda p: p.stat().st_mtime)
    dates |= {p.name: "" for p in by_time if p.name not in dates}
    return [
        {
            "id": phase, "date": date, "fields": {}, "stations": {},
            "services": {
                p.name.removesuffix(SERVED): _service_of(p)
                for p in rasters if p.parent.name == phase
            },
        }
        for phase, date in dates.items()
    ]  # fmt: skip


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _service_of(path: Path) -> dict[str, Any]:
    """A service as its raster describes it: what its two levels stand for."""
    import rasterio
    from rasterio.errors import RasterioError

    name = path.name.removesuffix(SERVED)
    try:
        with rasterio.open(path) as file:
            told = re.fullmatch(r"served: 0 no, 1 (.*), 2 (.*)", file.descriptions[0] or "")
    except (OSError, RasterioError):
        told = None
    fair, good = told.groups() if told else ("acceptable", "good")
    return {"title": name, "digital": not good.startswith("grade"), "qualities": [fair, good]}
