"""A run as one data cube over phases, services and the grid, as CF conventions have it.

What is here knows no file format: variables that give their values slice by slice, so that a run that
does not fit into memory is written all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dtt_sim.errors import DttSimError
from dtt_sim.network.evaluate import CAUSES
from dtt_sim.report.export.source import Source, plain
from dtt_sim.report.layers import CODED, KINDS
from dtt_sim.workflow.finished import PhaseOfRun
from terrain.grid import horizontal_crs
from terrain.ground import ZONE_NAMES

Index = tuple[int, ...]
Slices = Callable[[], Iterator[tuple[Index, NDArray[Any]]]]
CONVENTIONS: Final = "CF-1.11"
SERVED_MEANINGS: Final = "not_served lower_quality higher_quality"
_TITLES: Final = {
    "served": "reception of the service, see quality_1 and quality_2",
    "margin": "margin for good reception",
    "cause": "why the service is not well received",
    "probability": "share of locations at which the service is received",
    "best_server": "station that the antenna points at, see station_id",
    "usable_field": "median field that good reception needs, with all on air, in dB(uV/m)",
    "gain": "network gain",
    "n_station": "stations of which each alone gives the lower quality",
    "culprit": "station that disturbs most, see station_id",
}


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable of a data cube.

    Attributes
    ----------
    name : str
    dims : tuple of str
    dtype : dtype
        Object for text.
    attrs : dict
    fill : number or None
        What stands where there is no value.
    slices : callable
        Gives the leading indexes of each part, and its values; none for a whole variable.
    """

    name: str
    dims: tuple[str, ...]
    dtype: np.dtype[Any]
    attrs: dict[str, Any]
    fill: float | None
    slices: Slices


@dataclass(frozen=True, eq=False)
class Cube:
    """Dimensions with their sizes, variables, and what the whole says of itself."""

    sizes: dict[str, int]
    variables: list[Variable]
    attrs: dict[str, Any]


def make_cube(source: Source) -> Cube:
    """Everything of a run on its grid: services by phase, and fields of stations."""
    phases, services = source.phases, _services(source)
    stations = _stations(source)
    files = [name for name in source.fields() if source.field_path(name) is not None]
    y, x = _axes(source)
    first = "time" if _has_times(phases) else "phase"
    sizes = {first: len(phases), "service": len(services), y: source.run.grid.n_row,
             x: source.run.grid.n_col, "station": len(stations)}  # fmt: skip
    variables = [*_grid_variables(source, y, x), *_phase_variables(source, first)]
    variables += _service_variables(source, services)
    variables.append(_texts("station_id", ("station",), stations, "station of codes"))
    variables += _layers(source, services, stations, (first, "service", y, x))
    if _zone(source) is not None:
        variables.append(_zone_variable(source, (y, x)))
    if files:
        sizes |= {"field": len(files), "p_time": 2}
        variables += _fields(source, files, ("field", "p_time", y, x))
    attrs = {
        "Conventions": CONVENTIONS, "title": plain(source.run.title),
        "source": f"{source.tags['SOFTWARE']}, {source.tags['MODEL']}",
        "references": source.tags.get("CREDIT", ""),
    }  # fmt: skip
    if "WARNING" in source.tags:
        attrs["comment"] = source.tags["WARNING"]
    return Cube(
        {k: n for k, n in sizes.items() if n}, [v for v in variables if _fits(v, sizes)], attrs
    )


def _fits(variable: Variable, sizes: dict[str, int]) -> bool:
    return all(sizes[name] for name in variable.dims)


def _services(source: Source) -> list[str]:
    return list(dict.fromkeys(n for phase in source.phases for n in source.services_of(phase)))


def _stations(source: Source) -> list[str]:
    return list(dict.fromkeys(name for phase in source.phases for name in phase.stations))


def _axes(source: Source) -> tuple[str, str]:
    return ("lat", "lon") if source.run.grid.is_geographic else ("y", "x")


def _has_times(phases: Sequence[PhaseOfRun]) -> bool:
    """Whether dates can be an axis: all phases have one, and each its own."""
    dates = {phase.date for phase in phases}
    return None not in dates and len(dates) == len(phases)


def _whole(name: str, dims: tuple[str, ...], values: NDArray[Any], **attrs: Any) -> Variable:
    def slices() -> Iterator[tuple[Index, NDArray[Any]]]:
        yield (), values

    return Variable(name, dims, values.dtype, attrs, None, slices)


def _texts(name: str, dims: tuple[str, ...], texts: Sequence[str], title: str) -> Variable:
    return _whole(name, dims, np.array([plain(t) for t in texts], object), long_name=title)


def _grid_variables(source: Source, y: str, x: str) -> list[Variable]:
    grid = source.run.grid
    own = horizontal_crs(grid.crs)
    crs = _whole("crs", (), np.array(0, np.int32), **own.to_cf())
    if grid.is_geographic:
        return [
            crs,
            _whole(y, (y,), grid.y, standard_name="latitude", units="degrees_north", axis="Y"),
            _whole(x, (x,), grid.x, standard_name="longitude", units="degrees_east", axis="X"),
        ]
    unit = "m" if own.axis_info[0].unit_name == "metre" else own.axis_info[0].unit_name
    lon, lat = grid.lonlat()
    return [
        crs,
        _whole(y, (y,), grid.y, standard_name="projection_y_coordinate", units=unit, axis="Y"),
        _whole(x, (x,), grid.x, standard_name="projection_x_coordinate", units=unit, axis="X"),
        _whole("lat", (y, x), lat, standard_name="latitude", units="degrees_north"),
        _whole("lon", (y, x), lon, standard_name="longitude", units="degrees_east"),
    ]


def _phase_variables(source: Source, first: str) -> list[Variable]:
    found = [_texts("phase_id", (first,), [p.id for p in source.phases], "phase of the plan")]
    if first == "time":
        days = np.array([np.datetime64(p.date, "D") for p in source.phases]).astype(np.int64)
        found.append(
            _whole(
                "time",
                ("time",),
                days,
                standard_name="time",
                axis="T",
                units="days since 1970-01-01",
                calendar="proleptic_gregorian",
                long_name="day from which the phase holds",
            )
        )
    return found


def _service_variables(source: Source, services: Sequence[str]) -> list[Variable]:
    known = {name: one for phase in source.phases for name, one in phase.services.items()}
    return [
        _texts("service", ("service",), services, "multiplex or analogue service"),
        _texts("service_title", ("service",), [known[s].title for s in services], "title"),
        _texts("quality_1", ("service",), [known[s].qualities[0] for s in services],
               "what served = 1 stands for"),
        _texts("quality_2", ("service",), [known[s].qualities[1] for s in services],
               "what served = 2 stands for"),
    ]  # fmt: skip


def _auxiliary(source: Source, first: str = "") -> dict[str, str]:
    names = [] if source.run.grid.is_geographic else ["lat", "lon"]
    return {
        "grid_mapping": "crs",
        "coordinates": " ".join([*names, *(["phase_id", "service_title"] if first else [])]),
    }


def _flags(codes: Sequence[int], meanings: str, dtype: Any) -> dict[str, Any]:
    return {"flag_values": np.array(codes, dtype), "flag_meanings": meanings}


def _layers(
    source: Source, services: Sequence[str], stations: Sequence[str], dims: tuple[str, ...]
) -> list[Variable]:
    number = {name: k for k, name in enumerate(stations)}
    found = []
    for name in KINDS:
        attrs: dict[str, Any] = {"long_name": _TITLES[name], **_auxiliary(source, dims[0])}
        dtype: np.dtype[Any] = np.dtype(np.float32)
        fill: float = np.nan
        if name in {"best_server", "culprit"}:
            dtype, fill = np.dtype(np.int16), -1
        elif name in CODED:
            dtype, fill = np.dtype(np.uint8), 255
        if name == "served":
            attrs |= _flags((0, 1, 2), SERVED_MEANINGS, dtype)
        elif name == "cause":
            words = " ".join(text.replace(" ", "_").replace("-", "_") for text in CAUSES)
            attrs |= _flags(range(len(CAUSES)), words, dtype)
        elif KINDS[name].unit:
            attrs["units"] = KINDS[name].unit
        slices = _layer_slices(source, services, number, name)
        if next(slices(), None) is not None:
            found.append(Variable(name, dims, dtype, attrs, fill, slices))
    return found


def _layer_slices(
    source: Source, services: Sequence[str], number: dict[str, int], name: str
) -> Slices:
    def slices() -> Iterator[tuple[Index, NDArray[Any]]]:
        for i, phase in enumerate(source.phases):
            for j, service in enumerate(services):
                if service not in phase.services:
                    continue
                layer = source.layer(phase, service, name)
                if layer is None:
                    continue
                values = layer.values
                if layer.stations and name in {"best_server", "culprit"}:
                    # Each phase counts its own stations; here all count in one list.
                    own = [number.get(s, -1) for s in layer.stations]
                    values = np.array([*own, -1], np.int16)[np.clip(values, -1, len(own) - 1)]
                yield (i, j), values

    return slices


def _zone(source: Source) -> NDArray[Any] | None:
    try:
        return source.run.zone
    except DttSimError as error:
        source.note_error(error)
        return None


def _zone_variable(source: Source, dims: tuple[str, ...]) -> Variable:
    zone = np.asarray(source.run.zone, np.uint8)
    words = " ".join(text.replace(" ", "_") for text in ZONE_NAMES.values())
    return _whole(
        "zone", dims, zone, long_name="land and sea", **_auxiliary(source),
        **_flags(list(ZONE_NAMES), words, np.uint8),
    )  # fmt: skip


def _fields(source: Source, files: Sequence[str], dims: tuple[str, ...]) -> list[Variable]:
    by_file = source.fields()
    stations = [by_file[name][0] for name in files]
    propagation = source.run.manifest["scenario"].get("propagation") or {}
    times = [
        float(propagation.get("wanted_time_percent", 50.0)),
        float(propagation.get("interfering_time_percent", 1.0)),
    ]

    def slices() -> Iterator[tuple[Index, NDArray[Any]]]:
        import rasterio
        from rasterio.errors import RasterioError

        for k, name in enumerate(files):
            source.tell("fields", k, len(files))
            path = source.field_path(name)
            try:
                with rasterio.open(path) as file:
                    values = file.read([1, 2], masked=True).filled(np.nan)
            except RasterioError:
                source.note(f"fields/{name}.tif cannot be read; run the scenario again")
                continue
            if values.shape[1:] == source.run.grid.shape:
                yield (k,), values

    auxiliary = _auxiliary(source)
    auxiliary["coordinates"] = f"{auxiliary['coordinates']} field_station".strip()
    return [
        _texts("field", ("field",), files, "field raster of a station"),
        _texts("field_station", ("field",), stations, "its station"),
        _whole("p_time", ("p_time",), np.array(times), units="percent",
               long_name="percentage of time for which the field is exceeded"),
        Variable(
            "field_strength", dims, np.dtype(np.float32),
            {"long_name": "median field strength in dB(uV/m)", "units": "dB", **auxiliary},
            np.nan, slices,
        ),
    ]  # fmt: skip
