"""A folder of a run that was interrupted, or of another version: what its rasters say of themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from dtt_sim.errors import DttSimError
from dtt_sim.workflow.finished import FinishedRun
from dtt_sim.workflow.manifest import MANIFEST
from dtt_sim.workflow.rasters import ZONE

_SERVED = "_served.tif"
_LEVELS = re.compile(r"^served: 0 no, 1 (?P<fair>.+), 2 (?P<good>.+)$")
UNKNOWN_QUALITIES = ("acceptable", "good")


class Opened(NamedTuple):
    """A run as far as it can be read.

    Attributes
    ----------
    run : FinishedRun
    notes : tuple of str
        What it does not say of itself, for the user; none of a finished run of this version.
    """

    run: FinishedRun
    notes: tuple[str, ...]


def open_run_or_remains(folder: Path | str, label: str | None = None) -> Opened:
    """Open a finished run, or what an interrupted run or another version has left.

    Raises
    ------
    DttSimError
        No run's folder: there is no raster of a service in it either.
    """
    folder = Path(folder)
    if folder.suffix == ".toml":
        msg = f"{folder}: is a scenario; run it first: dtt-sim run {folder} --out FOLDER"
        raise DttSimError(msg)
    try:
        return Opened(FinishedRun.open(folder, label), ())
    except DttSimError as error:
        reason = error
    found = _of_rasters(folder)
    if found is None:
        raise reason
    name = folder.resolve().name if label is None else label
    older = _manifest(folder)
    for manifest in ([found | older] if older else []) + [found]:
        run = FinishedRun(folder, name, manifest)
        try:
            _ = run.grid, run.phases, run.title, run.credits, run.is_schematic
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        return Opened(run, (_note(folder, is_older=bool(older)),))
    raise reason


def _note(folder: Path, *, is_older: bool) -> str:
    if is_older:
        return (
            f"{MANIFEST} of {folder.name} is of another version of the program: what it lacks is taken "
            "from the rasters; run the scenario again for the rest"
        )
    return (
        f"{folder.name} has no {MANIFEST}: the run was not finished. Sites, dates and titles are not "
        "known, and phases may be missing; run the scenario again to go on"
    )


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _of_rasters(folder: Path) -> dict[str, Any] | None:
    """The part of a manifest that rasters tell; None without any raster of a service."""
    import rasterio
    from rasterio.errors import RasterioError

    phases: dict[str, dict[str, Any]] = {}
    tags: dict[str, str] = {}
    grid: dict[str, Any] | None = None
    for path in sorted((folder / "phases").glob(f"*/*{_SERVED}")):
        try:
            with rasterio.open(path) as file:
                own = {
                    "crs": f"EPSG:{file.crs.to_epsg()}"
                    if file.crs.to_epsg()
                    else file.crs.to_wkt(),
                    "transform": list(file.transform)[:6],
                    "shape": [file.height, file.width],
                }
                match = _LEVELS.match(file.descriptions[0] or "")
                tags |= file.tags()
        except (RasterioError, AttributeError):
            continue  # cut off while it was written, or not of a run
        grid = grid or own
        name = path.name.removesuffix(_SERVED)
        qualities = list(match.groups()) if match else list(UNKNOWN_QUALITIES)
        phase = phases.setdefault(
            path.parent.name,
            {"id": path.parent.name, "date": "", "fields": {}, "stations": {}, "services": {}},
        )
        phase["services"][name] = {
            "title": name,
            "digital": not any(q.startswith("grade") for q in qualities),
            "qualities": qualities,
        }
    if grid is None:
        return None
    fields = {path.stem: path.stem for path in sorted((folder / "fields").glob("*.tif"))}
    for phase in phases.values():
        phase["fields"] = fields if len(phases) == 1 else {}
    return {
        "dtt_sim": tags.get("SOFTWARE", "").removeprefix("dtt_sim "),
        "scenario": {
            "name": folder.resolve().name,
            "title": tags.get("SCENARIO", ""),
            "override": "",
        },
        "grid": grid,
        "phases": list(phases.values()),
        "terrain": {
            "is_schematic": "WARNING" in tags,
            "credits": [text for text in tags.get("CREDIT", "").split("; ") if text],
        },
        "transmitters": [],
        "has_accounts": False,
        "has_zone": (folder / ZONE).is_file(),
    }
