"""The map of a run: its layers, stations and units, as the page's script wants them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dtt_sim.report.html.blobs import Blobs, tenths
from dtt_sim.report.html.placement import Placement, place
from dtt_sim.report.html.source import Source
from dtt_sim.report.html.words import Words
from dtt_sim.transition.ledger import ANYTHING, STATUS
from dtt_sim.workflow.finished import Layer, PhaseOfRun
from terrain.ground import SEA

NO_UNIT: Final = -1
REACH_CELLS: Final = 4.0
"""Land this near to a unit's people is drawn as its own where there are no polygons."""
HAVING: Final = {"starts with", "keeps", "gains"}


def map_of(words: Words, blobs: Blobs) -> dict[str, Any]:
    """Everything that the map of a run shows, by phase and service."""
    source = words.source
    run = source.run
    placement = place(run.grid)
    stations = _stations(source, placement, blobs)
    order = {name: k for k, name in enumerate(stations)}
    (south, west), (north, east) = placement.bounds_deg
    return {
        "label": run.label, "title": run.title, "is_schematic": run.is_schematic,
        "bounds": [[south, west], [north, east]],
        "size": list(placement.row.shape), "shape": list(placement.shape), "step": placement.step,
        "row": blobs.add(placement.row), "col": blobs.add(placement.col),
        "zone": _zone(source, placement, blobs),
        "stations": stations, "station_ids": list(stations),
        "phases": [_phase(words, p, placement, order, blobs) for p in run.phases],
        **_people(source, placement, blobs),
    }  # fmt: skip


def _zone(source: Source, placement: Placement, blobs: Blobs) -> str | None:
    zone = source.zone
    return None if zone is None else blobs.add(placement.thin(zone).astype(np.uint8))


def _stations(source: Source, placement: Placement, blobs: Blobs) -> dict[str, dict[str, Any]]:
    """Stations of all phases by id: where they are, what they radiate, and their field strength."""
    run = source.run
    heights = {t["id"]: t for t in run.manifest.get("transmitters") or () if "id" in t}
    files = _field_files(source)
    found: dict[str, dict[str, Any]] = {}
    for phase in run.phases:
        for name, s in phase.stations.items():
            found[name] = {
                "site": s.site, "lat": s.lat_deg, "lon": s.lon_deg, "service": s.service,
                "mhz": s.frequency_mhz, "kw": s.erp_kw,
                "height_m": heights.get(name, {}).get("height_agl_m"),
                "amsl_m": heights.get(name, {}).get("height_amsl_m"),
                "channel": heights.get(name, {}).get("channel"),
                "polarisation": heights.get(name, {}).get("polarisation"),
            }  # fmt: skip
    fields = {file: source.field_dbuv_m(file) for file in dict.fromkeys(files.values())}
    kept = {
        file: blobs.add(tenths(placement.thin(e))) for file, e in fields.items() if e is not None
    }
    for name, station in found.items():
        station["field"] = kept.get(files.get(name, ""))
    # Stations that only the rasters of an interrupted run know.
    for name in _other_stations(source):
        found.setdefault(name, {"site": name, "field": None})
    return found


def _field_files(source: Source) -> dict[str, str]:
    """File of the field strength of a station, of the last phase that has it."""
    found: dict[str, str] = {}
    for phase in source.run.manifest["phases"]:
        fields = phase.get("fields") or {}
        found |= dict(fields) if isinstance(fields, dict) else {}
    return found


def _other_stations(source: Source) -> list[str]:
    if source.is_whole:
        return []
    found: dict[str, None] = {}
    for phase in source.run.phases:
        for service in phase.services:
            layer = source.layer(phase.id, service, "best_server")
            found |= dict.fromkeys(layer.stations if layer else ())
    return list(found)


def _phase(
    words: Words, phase: PhaseOfRun, placement: Placement, order: dict[str, int], blobs: Blobs
) -> dict[str, Any]:
    return {
        "id": phase.id,
        "title": words.phase(phase.id),
        "date": words.date(phase.date) if phase.date else None,
        "on_air": list(phase.stations),
        "kw": {name: s.erp_kw for name, s in phase.stations.items()},
        "services": [
            {
                "id": name, "title": s.title, "digital": s.is_digital,
                "qualities": [words.quality(name) for name in s.qualities],
                **_layers(words.source, phase.id, name, placement, order, blobs),
            }
            for name, s in phase.services.items()
        ],
    }  # fmt: skip


def _layers(
    source: Source, phase: str, service: str, placement: Placement, order: dict[str, int],
    blobs: Blobs,
) -> dict[str, str | None]:  # fmt: skip
    """Rasters of a service; of stations the position among those of the run."""
    found: dict[str, str | None] = {}
    for name in ("served", "cause"):
        layer = source.layer(phase, service, name)
        found[name] = layer and blobs.add(placement.thin(layer.values).astype(np.uint8))
    layer = source.layer(phase, service, "margin")
    found["margin"] = layer and blobs.add(tenths(placement.thin(layer.values)))
    for key, name in (("best", "best_server"), ("culprit", "culprit")):
        layer = source.layer(phase, service, name)
        found[key] = layer and blobs.add(placement.thin(_renumbered(layer, order)))
    return found


def _renumbered(layer: Layer, order: dict[str, int]) -> NDArray[np.int16]:
    """Stations of a raster counted as the page counts them; -1 for none."""
    table = np.array([*(order.get(name, -1) for name in layer.stations), -1], np.int16)
    values = layer.values.astype(np.int64)
    known = (values >= 0) & (values < len(layer.stations))
    return table[np.where(known, values, len(layer.stations))]


def _people(source: Source, placement: Placement, blobs: Blobs) -> dict[str, Any]:
    """People by cell, which unit a cell belongs to, the outlines of units, and their numbers."""
    places = source.places
    if places is None:
        return {"persons": None, "unit": None, "units": [], "outlines": None, "numbers": {}}
    n_row, n_col = source.run.grid.shape
    persons = np.bincount(places.cell, places.persons, minlength=n_row * n_col)
    # A cell that several units share goes to the one with most people.
    unit = np.full((n_row, n_col), NO_UNIT, np.int16)
    order = np.argsort(places.persons, kind="stable")
    unit.ravel()[places.cell[order]] = places.unit[order]
    tenth = np.round(10.0 * persons).astype(np.int32).reshape(n_row, n_col)
    return {
        "persons": blobs.add(placement.thin(tenth)),
        "unit": blobs.add(placement.thin(unit)),
        "units": list(places.units),
        "outlines": _outlines(source, _drawn_units(source, unit)),
        "numbers": numbers_by_unit(source),
    }


def _drawn_units(source: Source, unit: NDArray[np.int16]) -> NDArray[np.int16]:
    """Cells of people, and the land around them, by unit: people may live on one cell in three."""
    from scipy.ndimage import distance_transform_edt

    empty = unit == NO_UNIT
    if empty.all():
        return unit
    distance, (row, col) = distance_transform_edt(empty, return_indices=True)
    near = distance <= REACH_CELLS
    if source.zone is not None:
        near &= (source.zone != SEA) | ~empty
    return np.where(near, unit[row, col], np.int16(NO_UNIT))


def _outlines(source: Source, unit: NDArray[np.int16]) -> dict[str, Any]:
    """Outlines of units, as GeoJSON."""
    from rasterio.features import shapes

    grid = source.run.grid
    places = source.places
    assert places is not None
    rings: dict[int, list[Any]] = {}
    for shape, value in shapes(unit, mask=unit != NO_UNIT, transform=grid.affine):
        rings.setdefault(int(value), []).append(shape["coordinates"])
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"unit": places.units[k]},
                "geometry": {
                    "type": "MultiPolygon",
                    "coordinates": [
                        [_in_degrees(source, ring) for ring in polygon] for polygon in polygons
                    ],
                },
            }
            for k, polygons in sorted(rings.items())
        ],
    }


def _in_degrees(source: Source, ring: list[tuple[float, float]]) -> list[list[float]]:
    x, y = (np.array(v, np.float64) for v in zip(*ring, strict=True))
    lon, lat = source.run.grid.to_lonlat(x, y)
    return [[round(float(a), 5), round(float(b), 5)] for a, b in zip(lon, lat, strict=True)]


def numbers_by_unit(source: Source) -> dict[str, dict[str, dict[str, Any]]]:
    """Numbers by unit and phase: people, those each service serves, and households."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in source.rows("summary"):
        try:
            persons, served = int(row["persons"]), int(row["persons_served"])
        except (KeyError, ValueError):
            continue
        at = found.setdefault(row["unit"], {}).setdefault(row["phase"], {})
        at["persons"] = persons
        # The better quality stands last.
        at.setdefault("services", {})[row["multiplex"]] = served
    for unit, phases in households_by_unit(source).items():
        for phase, counts in phases.items():
            at = found.setdefault(unit, {}).setdefault(phase, {})
            at["households"] = sum(counts.values())
            at["having"] = sum(n for status, n in counts.items() if status in HAVING)
            at["losing"] = counts.get("loses", 0)
    return found


def households_by_unit(source: Source) -> dict[str, dict[str, dict[str, int]]]:
    """Households by unit, phase and what becomes of any programme."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in source.rows("ledger"):
        if row.get("item") != ANYTHING or row.get("status") not in STATUS:
            continue
        try:
            number = int(row["households"])
        except (KeyError, ValueError):
            continue
        at = found.setdefault(row["unit"], {}).setdefault(row["phase"], {})
        at[row["status"]] = at.get(row["status"], 0) + number
    return found
