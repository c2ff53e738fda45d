"""Tables and the dataset of a list of receivers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim import __version__
from dtt_sim.coverage.flags import MEANING
from dtt_sim.model import Transmitter
from dtt_sim.network.evaluate import CAUSES
from dtt_sim.typing import BoolArray, Float32Array, Float64Array
from dtt_sim.workflow.area import field_names
from dtt_sim.workflow.receivers import ReceiverReport
from dtt_sim.workflow.service import Evaluated, qualities_of
from terrain.grid import WGS84

if TYPE_CHECKING:
    import xarray as xr

NOT_SERVED, NO_DATA = "no", "no data"

SERVICE_HEADER = (
    "phase", "row", "name", "lat_deg", "lon_deg", "height_agl_m", "ground_m", "service", "served",
    "location_probability_percent", "margin_db", "cause", "culprit", "best_station",
    "best_station_km", "best_station_azimuth_deg", "best_station_e_dbuv_m", "useful_dbuv_m",
    "unwanted_dbuv_m", "needed_dbuv_m", "network_gain_db", "stations_alone", "one_aerial_served",
    "terrain",
)  # fmt: skip


class Table(NamedTuple):
    """A header and rows."""

    header: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def _shown(value: float, digits: int = 2) -> float | str:
    return round(float(value), digits) if math.isfinite(value) else ""


def service_table(report: ReceiverReport) -> Table:
    """``receivers.csv``: a row for every phase, receiver and service on air."""
    return Table(SERVICE_HEADER, _service_rows(report))


def _service_rows(report: ReceiverReport) -> Iterator[tuple[Any, ...]]:
    ground_m = np.atleast_1d(report.ground.height_at(report.places.lon_deg, report.places.lat_deg))
    terrain = "SCHEMATIC" if report.ground.is_schematic else "measured"
    seen = {t: _as_seen(report, t) for t in report.transmitters}
    for found in report.phases:
        on_air = found.scenario.transmitters
        for k, one in enumerate(report.receivers):
            place = (
                found.phase, one.row, one.name, one.lat_deg, one.lon_deg, one.height_agl_m,
                _shown(ground_m[k], 1),
            )  # fmt: skip
            for name, layers in found.service.items():
                best, culprit = int(layers.best_server[0, k]), int(layers.culprit[0, k])
                server: tuple[Any, ...] = ("", "", "", "")
                if best >= 0:
                    t = on_air[best]
                    km, azimuth, e = (values[k] for values in seen[t])
                    server = t.id, _shown(km, 3), _shown(azimuth, 1), _shown(e)
                yield (
                    *place, name, served_text(found, name, k),
                    _shown(100.0 * layers.probability[0, k]), _shown(layers.margin_db[0, k]),
                    CAUSES[int(layers.cause[0, k])], on_air[culprit].id if culprit >= 0 else "",
                    *server, _shown(layers.wanted_db[0, k]), _shown(layers.unwanted_db[0, k]),
                    _shown(layers.wanted_db[0, k] - layers.margin_db[0, k]),
                    _shown(layers.gain_db[0, k]), int(layers.n_station[0, k]),
                    _one_aerial(found, name, k), terrain,
                )  # fmt: skip


def _as_seen(
    report: ReceiverReport, t: Transmitter
) -> tuple[Float32Array, Float64Array, Float32Array]:
    """Distance [km], azimuth [deg] and wanted field [dB(µV/m)] of a transmitter at receivers."""
    distance = report.losses.loss(t)["distance_km"].to_numpy()
    return distance, azimuth_to(report, t), report.losses.field(t).to_numpy()[0]


def served_text(found: Evaluated, service: str, k: int) -> str:
    """Best quality of a service at a receiver: good, acceptable, grade 4, grade 3, or no."""
    layers = found.service[service]
    if np.isnan(layers.probability[0, k]):
        return NO_DATA
    return _quality(found, service, layers.served_acceptable[0, k], layers.served_good[0, k])


def _quality(found: Evaluated, service: str, acceptable: object, good: object) -> str:
    fair, best = qualities_of(found.scenario, service)
    return best.name if good else fair.name if acceptable else NOT_SERVED


def _one_aerial(found: Evaluated, service: str, k: int) -> str:
    """The same with one aerial for all services; empty where no service names programmes."""
    household = found.household
    if household is None:
        return ""
    s = household.services.index(service)
    one = household.one
    return _quality(found, service, one.services_acceptable[s, 0, k], one.services_good[s, 0, k])


def azimuth_to(report: ReceiverReport, transmitter: Transmitter) -> Float64Array:
    """Azimuth from every receiver to a transmitter [deg]."""
    lon, lat = report.places.lon_deg, report.places.lat_deg
    there = np.full(lon.shape, transmitter.lon_deg), np.full(lon.shape, transmitter.lat_deg)
    forward, _, _ = WGS84.inv(lon, lat, *there)
    return np.mod(np.asarray(forward, np.float64), 360.0)


PROGRAMME_HEADER = (
    "phase", "row", "name", "aerial_aims_at", "n_good", "n_acceptable", "good", "acceptable",
    "n_good_aimed_afresh", "n_acceptable_aimed_afresh", "good_aimed_afresh",
    "acceptable_aimed_afresh",
)  # fmt: skip


def programme_table(report: ReceiverReport) -> Table:
    """``receivers_programmes.csv``: programmes of every phase and receiver, by aerial."""
    return Table(PROGRAMME_HEADER, _programme_rows(report))


def _programme_rows(report: ReceiverReport) -> Iterator[tuple[Any, ...]]:
    for found in report.phases:
        household = found.household
        if household is None:
            continue
        one, afresh = household.one, household.afresh
        masks = (
            one.programmes_good, one.programmes_acceptable, afresh.programmes_good,
            afresh.programmes_acceptable,
        )  # fmt: skip
        for k, place in enumerate(report.receivers):
            aim = int(household.aim[0, k])
            names = [_named(household.programmes, mask[:, 0, k]) for mask in masks]
            counts = [int(mask[:, 0, k].sum()) for mask in masks]
            yield (
                found.phase, place.row, place.name, found.stations[aim] if aim >= 0 else "",
                *counts[:2], *names[:2], *counts[2:], *names[2:],
            )  # fmt: skip


def _named(programmes: tuple[str, ...], mask: BoolArray) -> str:
    return "; ".join(name for name, has in zip(programmes, mask, strict=True) if has)


def field_table(report: ReceiverReport) -> Table:
    """``receivers_fields.csv``: every station within the radius at every receiver.

    A station that changes in a plan stands there once for each state, with the phases in which it
    is on air so.
    """
    wanted, interfering = report.losses.prediction.p_time_percent
    header = (
        "row", "name", "station", "phases", "service", "frequency_mhz", "distance_km",
        "azimuth_deg", f"e_{wanted:g}_percent_dbuv_m", f"e_{interfering:g}_percent_dbuv_m",
        f"loss_{wanted:g}_percent_db", f"loss_{interfering:g}_percent_db", "departure_deg", "path",
    )  # fmt: skip
    return Table(header, _field_rows(report))


def _field_rows(report: ReceiverReport) -> Iterator[tuple[Any, ...]]:
    names = field_names(report.scenario)
    for t in report.transmitters:
        phases = "; ".join(o.phase for o in report.phases if t in o.scenario.transmitters)
        loss = report.losses.loss(t)
        e, lost = report.losses.field(t).to_numpy(), loss["loss_db"].to_numpy()[0]
        distance, departure = loss["distance_km"].to_numpy(), loss["departure_deg"].to_numpy()
        azimuth, flag = azimuth_to(report, t), loss["flag"].to_numpy()
        within = distance <= max(report.losses.prediction.radius_km)
        for k in np.flatnonzero(within):
            one = report.receivers[k]
            yield (
                one.row, one.name, names.get(t, t.id), phases, t.multiplex, t.frequency_mhz,
                _shown(distance[k], 3), _shown(azimuth[k], 1), _shown(e[0, k]), _shown(e[1, k]),
                _shown(lost[0, k]), _shown(lost[1, k]), _shown(departure[k], 3),
                MEANING[int(flag[k])],
            )  # fmt: skip


_LAYERS = {
    "probability": ("", "share of locations at which the service is received"),
    "margin_db": ("dB", "by which C/(N + I) exceeds what good reception needs"),
    "served_acceptable": ("", "acceptable reception; of analogue services grade 3 or better"),
    "served_good": ("", "good reception; of analogue services grade 4"),
    "cause": ("", "; ".join(f"{k} {text}" for k, text in enumerate(CAUSES))),
    "wanted_db": ("dB(uV/m)", "sum of the useful parts"),
    "unwanted_db": ("dB(uV/m)", "noise and all that disturbs"),
    "gain_db": ("dB", "what the network adds to its best station alone"),
    "n_station": ("", "stations of which each alone would do against noise"),
}


def receiver_dataset(report: ReceiverReport) -> xr.Dataset:
    """Everything by phase, service, station and receiver; stations by the ids of their fields."""
    import xarray as xr

    phases = [one.phase for one in report.phases]
    services = list(dict.fromkeys(name for one in report.phases for name in one.service))
    names = [field_names(report.scenario).get(t, t.id) for t in report.transmitters]
    n = len(report.receivers)
    data: dict[str, Any] = {}
    for name, (unit, text) in _LAYERS.items():
        values = _stacked(report, services, name)
        data[name] = (("phase", "service", "receiver"), values, {"units": unit, "long_name": text})
    for name in ("best_server", "culprit"):
        text = "position in station, -1 for none"
        values = _positions(report, services, name)
        data[name] = (("phase", "service", "receiver"), values, {"long_name": text})
    fields = np.array([report.losses.field(t).to_numpy() for t in report.transmitters])
    losses = np.array([report.losses.loss(t)["loss_db"].to_numpy()[0] for t in report.transmitters])
    data["e_dbuv_m"] = (("station", "p_time", "receiver"), fields, {"units": "dB(uV/m)"})
    data["loss_db"] = (("station", "p_time", "receiver"), losses, {"units": "dB"})
    distance = [report.losses.loss(t)["distance_km"].to_numpy() for t in report.transmitters]
    data["distance_km"] = (("station", "receiver"), np.array(distance), {"units": "km"})
    on_air = [
        [t in one.scenario.transmitters for t in report.transmitters] for one in report.phases
    ]
    data["on_air"] = (("phase", "station"), np.array(on_air))
    programmes, received = _programmes(report, n)
    if programmes:
        for name, mask in received.items():
            data[name] = (("phase", "programme", "receiver"), mask)
    places = report.places
    return xr.Dataset(
        data,
        coords={
            "phase": np.array(phases, object), "service": np.array(services, object),
            "station": np.array(names, object),
            "p_time": ("p_time", list(report.losses.prediction.p_time_percent), {"units": "%"}),
            **({"programme": np.array(programmes, object)} if programmes else {}),
            "name": ("receiver", np.array([r.name for r in report.receivers], object)),
            "row": ("receiver", [r.row for r in report.receivers]),
            "lon_deg": ("receiver", places.lon_deg, {"units": "degree"}),
            "lat_deg": ("receiver", places.lat_deg, {"units": "degree"}),
            "height_agl_m": ("receiver", places.height_agl_m, {"units": "m"}),
        },
        attrs={
            "title": report.scenario.title, "model": "ITU-R P.1812-8", "solver": "per_path",
            "software": f"dtt_sim {__version__}", "override": report.scenario.override,
            "measured_offset_db": report.losses.offset_db,
            "terrain_is_schematic": int(report.ground.is_schematic),
            "terrain_sha256": report.ground.digest,
            "credits": "; ".join(report.ground.credits),
        },
    )  # fmt: skip


def _stacked(report: ReceiverReport, services: list[str], name: str) -> NDArray[Any]:
    """A layer, (phase, service, receiver); of services that are not on air NaN, 0 or False."""
    n = len(report.receivers)
    kind = reduce(
        np.promote_types,
        (getattr(layers, name).dtype for one in report.phases for layers in one.service.values()),
    )
    empty = np.nan if kind.kind == "f" else 0
    values = np.full((len(report.phases), len(services), n), empty, kind)
    for p, one in enumerate(report.phases):
        for service, layers in one.service.items():
            values[p, services.index(service)] = getattr(layers, name)[0]
    return values


def _positions(report: ReceiverReport, services: list[str], name: str) -> NDArray[np.int16]:
    """Stations of a layer as positions in the dataset's `station`; -1 for none."""
    place = {t: k for k, t in enumerate(report.transmitters)}
    shape = len(report.phases), len(services), len(report.receivers)
    values = np.full(shape, -1, np.int16)
    for p, one in enumerate(report.phases):
        # -1 counts from the end, where it is itself.
        here = np.array([*(place[t] for t in one.scenario.transmitters), -1], np.int16)
        for service, layers in one.service.items():
            values[p, services.index(service)] = here[getattr(layers, name)[0]]
    return values


def _programmes(report: ReceiverReport, n: int) -> tuple[list[str], dict[str, BoolArray]]:
    """Programmes of all phases, and masks (phase, programme, receiver) of who receives them."""
    every = [p for one in report.phases if one.household for p in one.household.programmes]
    names = list(dict.fromkeys(every))
    shape = len(report.phases), len(names), n
    received: dict[str, BoolArray] = {}
    for aerial in ("one", "afresh"):
        for quality in ("acceptable", "good"):
            mask = np.zeros(shape, np.bool_)
            for p, found in enumerate(report.phases):
                if found.household is None:
                    continue
                part = getattr(getattr(found.household, aerial), f"programmes_{quality}")
                for k, name in enumerate(found.household.programmes):
                    mask[p, names.index(name)] = part[k, 0]
            received[f"programme_{quality}_{aerial}"] = mask
    return names, received
