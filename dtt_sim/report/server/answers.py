"""What the server answers: the run in short, tiles of its layers, and places explained."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim import __version__
from dtt_sim.errors import DttSimError
from dtt_sim.report.export.pictures import png_bytes
from dtt_sim.report.export.shapes import contours
from dtt_sim.report.export.source import file_name
from dtt_sim.report.language import Language
from dtt_sim.report.layers import (
    SHOWN,
    Palette,
    field_files,
    palette,
    phase_of,
    service_of,
)
from dtt_sim.report.point import point_lines
from dtt_sim.scenario.load import Scenario
from dtt_sim.workflow.finished import FinishedRun, PhaseOfRun
from dtt_sim.workflow.point import explain_point, load_run_scenario
from terrain.ground import SEA

TILE: Final = 256
MOST_ZOOM: Final = 18
KEPT_TILES: Final = 2048
MERCATOR: Final = "EPSG:3857"
HALF_WORLD_M: Final = math.pi * 6378137.0


class NotThereError(DttSimError):
    """Asked for what the run does not have."""


class _Raster(NamedTuple):
    """A raster on disk, and the stations that its codes count in."""

    paths: tuple[Path, ...]
    stations: tuple[str, ...]


class Answers:
    """Answers about one run; used by many threads at once.

    Parameters
    ----------
    run : FinishedRun
    say : Language
    notes : sequence of str
        What the run lacks.
    """

    def __init__(self, run: FinishedRun, say: Language, notes: tuple[str, ...] = ()) -> None:
        self.run, self.say, self.notes = run, say, notes
        self._lock, self._warping = threading.Lock(), threading.Lock()
        self._scenarios: dict[str, Scenario] = {}
        self._coast: list[list[list[float]]] | None = None
        # One cache for each run: a method's would keep every run that was ever served.
        self.tile = lru_cache(maxsize=KEPT_TILES)(self._tile)

    def about(self) -> dict[str, Any]:
        """The run in short: what there is to be seen, with legends, and where."""
        run = self.run
        west, south, east, north = run.grid.bounds_lonlat()
        return {
            "title": run.title,
            "label": run.label,
            "lang": self.say.code,
            "version": __version__,
            "bounds": [west, south, east, north],
            "layers": [{"id": name, "title": self.say.term("map_layer", name)} for name in SHOWN],
            "phases": [self._phase(phase) for phase in run.phases],
            "warning": self.say("schematic.warning") if run.is_schematic else "",
            "credits": run.credits,
            "notes": list(self.notes),
            "words": {
                key.removeprefix("map_serve."): text
                for key, text in self.say.messages.items()
                if key.startswith("map_serve.")
            },
        }

    def coast(self) -> list[list[list[float]]]:
        """Coast of the area, as lines of longitude and latitude; none where the run has no zones."""
        with self._lock:
            if self._coast is None:
                self._coast = self._coast_lines()
            return self._coast

    def _coast_lines(self) -> list[list[list[float]]]:
        import shapely

        grid = self.run.grid
        try:
            sea = (self.run.zone == SEA).astype(np.float64)
        except DttSimError:
            return []
        cell = abs(grid.transform[0])
        lines = []
        for _, found in contours(sea, grid, (0.5,)):
            for line in shapely.get_parts(shapely.simplify(found, 0.3 * cell)):
                x, y = shapely.get_coordinates(line).T
                lon, lat = grid.to_lonlat(x, y)
                lines.append(np.column_stack([lon, lat]).round(5).tolist())
        return lines

    def _phase(self, phase: PhaseOfRun) -> dict[str, Any]:
        return {
            "id": phase.id,
            "date": self.say.date(phase.date) if phase.date else "",
            "services": [
                {"id": name, "title": one.title, "layers": self._legends(phase, name)}
                for name, one in phase.services.items()
            ],
            "stations": [
                {
                    "id": name, "site": s.site, "service": s.service, "lat": s.lat_deg,
                    "lon": s.lon_deg,
                    "text": f"{self.say.number(s.frequency_mhz, 2)} MHz, "
                    f"{self.say.number(s.erp_kw, 3)} kW",
                }
                for name, s in phase.stations.items()
            ],
        }  # fmt: skip

    def _legends(self, phase: PhaseOfRun, service: str) -> dict[str, Any]:
        """Of the layers that are there."""
        found = {}
        for name in SHOWN:
            try:
                raster = self._raster(phase, service, name)
            except DttSimError:
                continue
            own = palette(name, phase.services[service], raster.stations, self.say)
            steps = [
                {"text": step.text, "colour": step.colour}
                for step in own.steps
                if name != "best_server" or self._is_of(phase, service, step.text)
            ]
            found[name] = {"caption": own.caption, "steps": steps}
        return found

    @staticmethod
    def _is_of(phase: PhaseOfRun, service: str, station: str) -> bool:
        return station not in phase.stations or phase.stations[station].service == service

    def _raster(self, phase: PhaseOfRun, service: str, name: str) -> _Raster:
        """Files of a layer, all within the run's folder."""
        folder = self.run.folder
        if name == "field":
            files = field_files(self.run, phase)
            own = [k for k, s in phase.stations.items() if s.service == service and k in files]
            paths = [folder / "fields" / f"{file_name(files[k])}.tif" for k in own]
        else:
            paths = [folder / "phases" / file_name(phase.id) / f"{file_name(service)}_{name}.tif"]
        if not paths or not all(path.is_file() for path in paths):
            msg = f"{service} has no layer {name} in phase {phase.id}; run the scenario again"
            raise NotThereError(msg)
        return _Raster(tuple(paths), _stations(paths[0]) if name == "best_server" else ())

    def _tile(self, phase: str, service: str, name: str, zoom: int, x: int, y: int) -> bytes:
        """A tile of 256 by 256 pixels in the usual scheme of the web, as PNG.

        Raises
        ------
        DttSimError
            No such layer or tile.
        """
        here = phase_of(self.run, phase)
        service_of(self.run, here, service)
        if name not in SHOWN:
            msg = f"no layer {name!r}; choose from {', '.join(SHOWN)}"
            raise NotThereError(msg)
        if not (0 <= zoom <= MOST_ZOOM and 0 <= x < 1 << zoom and 0 <= y < 1 << zoom):
            msg = f"no tile {zoom}/{x}/{y}; zooms are 0 to {MOST_ZOOM}"
            raise NotThereError(msg)
        raster = self._raster(here, service, name)
        # rasterio changes the filters of warnings while it warps, which threads share.
        with self._warping:
            values = _warped(raster.paths, zoom, x, y)
        own = palette(name, here.services[service], raster.stations, self.say)
        return png_bytes(own.paint(values))

    def point(self, phase: str | None, lat_deg: float, lon_deg: float) -> dict[str, Any]:
        """A place: the values of all layers there, and every station's part.

        Raises
        ------
        DttSimError
            No such phase, or a place off the grid.
        """
        here = phase_of(self.run, phase)
        row, col = self._cell(lat_deg, lon_deg)
        found: dict[str, Any] = {
            "lat_deg": lat_deg, "lon_deg": lon_deg, "phase": here.id, "cell": [row, col],
            "services": self._values(here, row, col), "lines": [], "explanation": None, "why": "",
        }  # fmt: skip
        try:
            report = explain_point(self.run.folder, self._scenario(here.id), lat_deg, lon_deg)
        except DttSimError as error:
            found["why"] = str(error).replace(f"{self.run.folder}", self.run.label)
            return found
        found["lines"] = point_lines(report)
        found["explanation"] = {
            name: _plain(asdict(one)) for name, one in report.multiplexes.items()
        }
        return found

    def _cell(self, lat_deg: float, lon_deg: float) -> tuple[int, int]:
        grid = self.run.grid
        is_place = math.isfinite(lat_deg) and math.isfinite(lon_deg) and abs(lat_deg) <= 90.0
        if is_place:
            at = grid.fractional_index(np.array(lon_deg), np.array(lat_deg))
            row, col = (float(np.rint(v)) for v in at)
            if 0 <= row < grid.n_row and 0 <= col < grid.n_col:
                return int(row), int(col)
        msg = self.say("map_serve.off_grid")
        raise NotThereError(msg)

    def _values(self, phase: PhaseOfRun, row: int, col: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for service, one in phase.services.items():
            values: dict[str, Any] = {}
            for name in SHOWN:
                try:
                    raster = self._raster(phase, service, name)
                    value = max(
                        (v for v in (_value(p, row, col) for p in raster.paths) if v is not None),
                        default=None,
                    )
                except DttSimError:
                    continue
                colours = palette(name, one, raster.stations, self.say)
                step = -1 if value is None else int(colours.index(np.array([value]))[0])
                shown = None if value is None or math.isnan(value) else round(float(value), 3)
                values[name] = {
                    "shown": self._number(colours, shown), "value": shown, "text": colours.steps[step].text if step >= 0 else "",
                    "title": colours.caption,
                }  # fmt: skip
            found[service] = {"title": one.title, "layers": values}
        return found

    def _number(self, colours: Palette, value: float | None) -> str:
        """A value of a class as the reader writes it; nothing of codes, whose text says it."""
        if value is None or colours.is_codes:
            return ""
        if colours.unit == "%":
            return self.say.percent(100.0 * value)
        return f"{self.say.number(value, 1)} {colours.unit}"

    def _scenario(self, phase: str) -> Scenario:
        """The scenario in a phase; loaded once, and by one thread."""
        with self._lock:
            if phase not in self._scenarios:
                name = phase if any(p.date for p in self.run.phases) else None
                self._scenarios[phase] = load_run_scenario(self.run.folder, name)
            return self._scenarios[phase]


@lru_cache(maxsize=512)
def _stations(path: Path) -> tuple[str, ...]:
    import rasterio

    with rasterio.open(path) as file:
        tags = file.tags()
    found: list[str] = []
    while f"STATION_{len(found)}" in tags:
        found.append(tags[f"STATION_{len(found)}"])
    return tuple(found)


def _value(path: Path, row: int, col: int) -> float | None:
    """Value of a cell; None where there is no data."""
    import rasterio
    from rasterio.errors import RasterioError
    from rasterio.windows import Window

    try:
        with rasterio.open(path) as file:
            value = file.read(1, window=Window(col, row, 1, 1), masked=True)
    except RasterioError as error:
        msg = f"{path.name} cannot be read; run the scenario again"
        raise NotThereError(msg) from error
    return None if value.mask.any() or not value.size else float(value[0, 0])


def _warped(paths: tuple[Path, ...], zoom: int, x: int, y: int) -> NDArray[Any]:
    """Nearest cells under the pixels of a tile; the largest where there are several rasters."""
    import rasterio
    from affine import Affine
    from rasterio.errors import RasterioError
    from rasterio.warp import reproject

    size_m = 2.0 * HALF_WORLD_M / (1 << zoom)
    step = size_m / TILE
    affine = Affine(step, 0.0, x * size_m - HALF_WORLD_M, 0.0, -step, HALF_WORLD_M - y * size_m)
    found: NDArray[Any] | None = None
    for path in paths:
        try:
            with rasterio.open(path) as file:
                is_float = np.issubdtype(np.dtype(file.dtypes[0]), np.floating)
                missing = np.nan if is_float else -1
                # Codes are warped as wider integers, so that "nothing" is none of them.
                tile = np.full((TILE, TILE), missing, np.float32 if is_float else np.int32)
                reproject(
                    rasterio.band(file, 1), tile, dst_transform=affine, dst_crs=MERCATOR,
                    src_nodata=file.nodata, dst_nodata=missing, resampling=0,
                )  # fmt: skip
        except RasterioError as error:
            msg = f"{path.name} cannot be read; run the scenario again"
            raise NotThereError(msg) from error
        found = tile if found is None else np.fmax(found, tile)
    assert found is not None
    return found


def _plain(value: Any) -> Any:
    """A value as JSON has it: no number for what is not finite."""
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
