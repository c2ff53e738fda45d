"""Measured field strengths against the model's own, and the offset that they suggest.

Predictions here never have the scenario's `measured_offset_db` in them: what is found is the whole
offset of the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtt_sim.coverage.flags import MEANING
from dtt_sim.errors import DttSimError, ScenarioError
from dtt_sim.model import Transmitter
from dtt_sim.scenario.load import Scenario
from dtt_sim.scenario.measured import Measured, MeasuredList, read_measured
from dtt_sim.typing import BoolArray, Float64Array
from dtt_sim.workflow.area import check_masts, prediction_of, read_ground, receiving_grid
from dtt_sim.workflow.error_statistics import (
    Confidence,
    Statistics,
    independent_confidence,
    spatial_confidence,
    statistics_of,
)
from dtt_sim.workflow.receivers import Places, ReceiverLosses, Tell, off_the_ground
from terrain.ground import ZONE_NAMES, Ground
from terrain.landcover import NOTHING, class_names, classes_at

BANDS_KM = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, math.inf)
"""Edges of the bands of distance [km]."""
CO_CHANNEL_DB = 10.0
"""Others on the channel weaker by this add less than 0.5 dB to what is measured."""
CONFIDENCE_PERCENT = 95.0
DOUBTED_DB = 12.0
"""A mean error beyond this is more often one of units, powers or heights than of the model."""


class Group(NamedTuple):
    """Measurements that have something in common: its kind, its name, and which they are."""

    kind: str
    name: str
    rows: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Measurements beside predictions, all arrays (n,).

    Attributes
    ----------
    scenario : Scenario
    file : str
    measured : tuple of Measured
    e_measured_dbuv_m, e_predicted_dbuv_m : float64
        The prediction is exceeded for the wanted percentage of time at 50 % of locations; that of a
        network is the power sum. NaN where there is none.
    co_channel_dbuv_m : float64
        Power sum of the predicted fields of other stations on the channel; -inf for none.
    distance_km : float64
        To the station, or to the nearest that is predicted of a network.
    path : tuple of str
        What kind of path, or why there is no prediction.
    land_cover : tuple of str
        Class by name; empty where the scenario has no land cover.
    places : Places
    ground : Ground
    notes : tuple of str
    """

    scenario: Scenario
    file: str
    measured: tuple[Measured, ...]
    e_measured_dbuv_m: Float64Array
    e_predicted_dbuv_m: Float64Array
    co_channel_dbuv_m: Float64Array
    distance_km: Float64Array
    path: tuple[str, ...]
    land_cover: tuple[str, ...]
    places: Places
    ground: Ground
    notes: tuple[str, ...] = ()

    @property
    def error_db(self) -> Float64Array:
        """Measured less predicted [dB]; NaN without a prediction."""
        return self.e_measured_dbuv_m - self.e_predicted_dbuv_m

    @property
    def is_compared(self) -> BoolArray:
        """Whether there is a prediction."""
        return np.isfinite(self.e_predicted_dbuv_m)

    def statistics(self, rows: NDArray[Any] | None = None) -> Statistics:
        """Of some measurements, by default of all that are compared."""
        some = self.is_compared if rows is None else rows
        return statistics_of(self.e_measured_dbuv_m[some], self.e_predicted_dbuv_m[some])

    def confidence(self) -> tuple[Confidence, Confidence | None]:
        """Mean error: errors taken for independent, and for alike at neighbouring places."""
        some = self.is_compared
        error = self.error_db[some]
        lon, lat = self.places.lon_deg[some], self.places.lat_deg[some]
        return (
            independent_confidence(error, CONFIDENCE_PERCENT),
            spatial_confidence(error, lon, lat, CONFIDENCE_PERCENT),
        )

    def groups(self) -> Iterator[Group]:
        """By station, band of distance, land cover, clutter height, zone and kind of path."""
        distance = np.searchsorted(BANDS_KM, self.distance_km, "right") - 1
        bands = [
            f"{BANDS_KM[k]:g} to {BANDS_KM[k + 1]:g} km" if k + 2 < len(BANDS_KM)
            else f"over {BANDS_KM[k]:g} km"
            for k in np.clip(distance, 0, len(BANDS_KM) - 2)
        ]  # fmt: skip
        zone = self.ground.zone_at(self.places.lon_deg, self.places.lat_deg)
        kinds: dict[str, Sequence[str]] = {
            "station": [one.label for one in self.measured],
            "distance": bands,
            "land cover": self.land_cover,
            "clutter height": self._clutter_names(),
            "zone": [ZONE_NAMES[int(code)] for code in zone],
            "path": self.path,
        }
        at = {name: float(d) for name, d in zip(bands, self.distance_km, strict=True)}
        for kind, names in kinds.items():
            known = {name for name, used in zip(names, self.is_compared, strict=True) if used}
            for name in sorted(known - {""}, key=(lambda b: at[b]) if kind == "distance" else str):
                rows = np.flatnonzero((np.array(names) == name) & self.is_compared)
                yield Group(kind, name, rows)

    def _clutter_names(self) -> list[str]:
        if not self.ground.has_clutter:
            return [""] * len(self.measured)
        heights = self.ground.clutter_at(self.places.lon_deg, self.places.lat_deg)
        return [f"{h:g} m" for h in heights]


def measurements(
    scenario: Scenario,
    file: Path | str,
    *,
    phase: str | None = None,
    skip_bad: bool = False,
    tell: Tell | None = None,
) -> Comparison:
    """Compare measured field strengths with the model's, each at its exact position and height.

    Parameters
    ----------
    scenario : Scenario
    file : path
        A CSV or XLSX table: :mod:`dtt_sim.scenario.measured`.
    phase : str, optional
        Phase of the plan for all rows; otherwise each row's date chooses.
    skip_bad : bool
        Leave out rows that cannot be used, and say so in the notes; otherwise they are an error.
    tell : callable, optional
        Called with the stage, and how much of how much is done.

    Raises
    ------
    ScenarioError
        Rows that cannot be used, all at once by line.
    DttSimError, terrain.errors.TerrainError
        Other input that cannot be used, or nothing left to compare.
    """
    tell = tell or (lambda _stage, _done, _total: None)
    listed = read_measured(file, scenario, phase=phase)
    listed, ground = _on_the_ground(scenario, listed, skip_bad=skip_bad, tell=tell)
    places = Places.of([one.place for one in listed.measured])
    losses = ReceiverLosses(ground, places, prediction_of(scenario))
    losses.prepare(
        (t for one in listed.measured for t in (*one.stations, *one.others)), tell
    )  # fmt: skip
    found = _compared(scenario, listed, losses)
    if not found.is_compared.any():
        msg = f"{listed.file}: no measurement has a prediction ({', '.join(set(found.path))})"
        raise DttSimError(msg)
    return replace(found, notes=(*found.notes, *_notes(found)))


def _on_the_ground(
    scenario: Scenario, listed: MeasuredList, *, skip_bad: bool, tell: Tell
) -> tuple[MeasuredList, Ground]:
    """Measurements that stand on the terrain, and the ground; the others are told or refused."""
    if listed.problems and not (skip_bad and listed.measured):
        raise ScenarioError(listed.problems, listed.file)
    tell("terrain", 0, 1)
    found = [one.place for one in listed.measured]
    ground = read_ground(
        scenario, receiving_grid(scenario), [(p.lon_deg, p.lat_deg) for p in found]
    )
    check_masts({t: None for m in listed.measured for t in (*m.stations, *m.others)}, ground)
    tell("terrain", 1, 1)
    off = off_the_ground(listed.file, found, ground)
    kept = tuple(one for k, one in enumerate(listed.measured) if k not in off)
    problems = (*listed.problems, *off.values())
    if problems and not (skip_bad and kept):
        raise ScenarioError(problems, listed.file)
    notes = (*(f"left out: {p}" for p in problems), *listed.notes)
    return replace(listed, measured=kept, problems=(), notes=notes), ground


def _compared(scenario: Scenario, listed: MeasuredList, losses: ReceiverLosses) -> Comparison:
    """Predictions of every row, from the fields of its stations."""
    n = len(listed.measured)
    predicted, co_channel = np.full(n, np.nan), np.full(n, -np.inf)
    distance, path = np.full(n, np.nan), []
    every = {t: None for one in listed.measured for t in (*one.stations, *one.others)}
    field = {t: losses.field(t).to_numpy()[0].astype(np.float64) for t in every}
    away = {t: losses.loss(t)["distance_km"].to_numpy() for t in every}
    flag = {t: losses.loss(t)["flag"].to_numpy() for t in every}
    for k, one in enumerate(listed.measured):
        known = [t for t in one.stations if np.isfinite(field[t][k])] or list(one.stations)
        predicted[k] = _power_sum([field[t][k] for t in known])
        co_channel[k] = _power_sum([field[t][k] for t in one.others if np.isfinite(field[t][k])])
        nearest = min(known, key=lambda t: float(away[t][k]))
        distance[k] = away[nearest][k]
        what = MEANING[int(flag[nearest][k])]
        path.append(what if len(known) == 1 else f"sum of {len(known)} stations")
    places = losses.places
    return Comparison(
        scenario, listed.file, listed.measured,
        np.array([one.e_dbuv_m for one in listed.measured]), predicted, co_channel, distance,
        tuple(path), _land_cover(scenario, places), places, losses.ground, listed.notes,
    )  # fmt: skip


def _power_sum(levels: Sequence[float]) -> float:
    """Sum of powers [dB]; -inf of none."""
    if not levels:
        return -math.inf
    return float(10.0 * np.log10((10.0 ** (0.1 * np.array(levels))).sum()))


def _land_cover(scenario: Scenario, places: Places) -> tuple[str, ...]:
    """Class of the land cover at every place by name; empty where the scenario has none."""
    keys = scenario.keys.terrain
    if keys.land_cover is None:
        return ("",) * places.lon_deg.size
    names = class_names(keys.land_cover_classes)
    codes = classes_at(keys.land_cover, places.lon_deg, places.lat_deg)
    return tuple(
        "none" if code == NOTHING else f"{code} {names.get(int(code), '')}".strip()
        for code in codes
    )


def _notes(found: Comparison) -> list[str]:
    notes = []
    n_without = int((~found.is_compared).sum())
    if n_without:
        notes.append(f"{n_without} measurements have no prediction; the column `path` says why")
    is_mixed = found.co_channel_dbuv_m > found.e_predicted_dbuv_m - CO_CHANNEL_DB
    if is_mixed.any():
        notes.append(
            f"{int(is_mixed.sum())} measurements may hold other stations of the channel, predicted "
            f"less than {CO_CHANNEL_DB:g} dB below: column co_channel_dbuv_m"
        )
    mean = float(found.error_db[found.is_compared].mean())
    if abs(mean) > DOUBTED_DB:
        notes.append(
            f"a mean error of {mean:+.1f} dB is seldom the model's: check units, powers, antenna "
            "heights and polarisation before applying it"
        )
    keys = found.scenario.keys.propagation
    if keys.measured_offset_db:
        notes.append(
            f"the scenario's own offset of {keys.measured_offset_db:+g} dB is not in these "
            "predictions: what is found here takes its place"
        )
    percent = keys.wanted_time_percent
    if percent != 50.0:
        notes.append(f"predictions are those of {percent:g} % of time; measurements are of one day")
    return notes


MEASURED_HEADER = (
    "row", "name", "lat_deg", "lon_deg", "height_agl_m", "date", "phase", "station", "stations",
    "distance_km", "ground_m", "zone", "clutter_m", "land_cover", "measured_dbuv_m",
    "predicted_dbuv_m", "error_db", "co_channel_dbuv_m", "path", "terrain",
)  # fmt: skip


def measured_rows(found: Comparison) -> Iterator[tuple[Any, ...]]:
    """Rows of ``measurements.csv``; `error_db` is measured less predicted."""
    lon, lat = found.places.lon_deg, found.places.lat_deg
    ground_m = np.atleast_1d(found.ground.height_at(lon, lat))
    zone, clutter = found.ground.zone_at(lon, lat), found.ground.clutter_at(lon, lat)
    terrain = "SCHEMATIC" if found.ground.is_schematic else "measured"

    def shown(value: float, digits: int = 2) -> float | str:
        return round(float(value), digits) if math.isfinite(value) else ""

    for k, one in enumerate(found.measured):
        p = one.place
        yield (
            p.row, p.name, p.lat_deg, p.lon_deg, p.height_agl_m, one.date or "", one.phase,
            one.label, len(one.stations), shown(found.distance_km[k], 3), shown(ground_m[k], 1),
            ZONE_NAMES[int(zone[k])], shown(clutter[k], 1), found.land_cover[k],
            shown(found.e_measured_dbuv_m[k]), shown(found.e_predicted_dbuv_m[k]),
            shown(found.error_db[k]), shown(found.co_channel_dbuv_m[k]), found.path[k], terrain,
        )  # fmt: skip


STATISTICS_HEADER = (
    "group", "value", "n", "mean_error_db", "median_error_db", "std_db", "rmse_db",
    "mean_absolute_error_db", "correlation", "low_95_db", "high_95_db", "interval",
)  # fmt: skip


def statistics_rows(found: Comparison) -> list[tuple[Any, ...]]:
    """Rows of ``statistics.csv``: all twice, by either interval of the mean, then every group."""
    plain, spatial = found.confidence()
    rows = [_statistics_row("all", "", found.statistics(), plain, "independent errors")]
    if spatial is not None:
        text = f"errors alike over {spatial.range_km:.3g} km"
        rows.append(_statistics_row("all", "", found.statistics(), spatial, text))
    for group in found.groups():
        own = independent_confidence(found.error_db[group.rows], CONFIDENCE_PERCENT)
        numbers = found.statistics(group.rows)
        rows.append(_statistics_row(group.kind, group.name, numbers, own, "independent errors"))
    return rows


def _statistics_row(
    kind: str, name: str, numbers: Statistics, interval: Confidence, text: str
) -> tuple[Any, ...]:
    values = (*numbers[1:], interval.low_db, interval.high_db)
    shown = [round(v, 3) if math.isfinite(v) else "" for v in values]
    return (kind, name, numbers.n, *shown, text)


def offset_lines(found: Comparison) -> list[str]:
    """Keys of a scenario that applies the mean error as an offset."""
    plain, spatial = found.confidence()
    surest = spatial or plain
    source = f"{found.file}: {int(found.is_compared.sum())} measurements"
    lines = ["[propagation]", f"measured_offset_db = {surest.offset_db:.2f}"]
    if math.isfinite(surest.standard_error_db):
        lines.append(f"measured_offset_error_db = {surest.standard_error_db:.2f}")
    lines.append(f"measured_offset_source = {_quoted(source)}")
    if math.isfinite(surest.standard_error_db):
        lines += [
            "", "# What is left of the error common to all stations, for a plan's uncertainty:",
            "# [uncertainty]", f"# bias_db = {surest.standard_error_db:.2f}",
        ]  # fmt: skip
    return lines


def _quoted(text: str) -> str:
    """A TOML string."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def stations_of(found: Comparison) -> list[Transmitter]:
    """Stations measured, each once."""
    return list(dict.fromkeys(t for one in found.measured for t in one.stations))
