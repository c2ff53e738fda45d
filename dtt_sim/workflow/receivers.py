"""Reception at a list of named places, each computed on its own position: no raster is needed.

The same service chain as of a run (:mod:`dtt_sim.workflow.service`) over fields that the reference
solver gives at exactly these places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dtt_sim.coverage.field import Emission, Mast, Prediction, field_strength
from dtt_sim.coverage.points import path_loss_to_points
from dtt_sim.errors import Problem, ScenarioError
from dtt_sim.model import Transmitter
from dtt_sim.network.multiplex import StationFields
from dtt_sim.scenario.load import Scenario
from dtt_sim.scenario.receivers import Receiver, ReceiverList, read_receivers
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.area import (
    check_masts,
    prediction_of,
    read_ground,
    receiving_grid,
    transmitters_of,
)
from dtt_sim.workflow.run import phases_of
from dtt_sim.workflow.service import Evaluated, check_protection, evaluate
from terrain.ground import Ground

if TYPE_CHECKING:
    import xarray as xr

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Places:
    """Positions of receivers as arrays, all (n,).

    Attributes
    ----------
    lon_deg, lat_deg : float64
        WGS84 [deg].
    height_agl_m : float64
        Antennas above ground [m].
    """

    lon_deg: Float64Array
    lat_deg: Float64Array
    height_agl_m: Float64Array

    @classmethod
    def of(cls, receivers: Sequence[Receiver]) -> Places:
        """Of a list of receivers."""
        values = np.array([(r.lon_deg, r.lat_deg, r.height_agl_m) for r in receivers], np.float64)
        lon, lat, height = (np.ascontiguousarray(c) for c in values.reshape(-1, 3).T)
        return cls(lon, lat, height)


class ReceiverLosses:
    """Path losses of transmitters to receivers, and the fields that follow; nothing is kept on disk.

    Parameters
    ----------
    ground : Ground
    places : Places
    prediction : Prediction
    offset_db : float
        Measured offset that is added to every field [dB].
    """

    def __init__(
        self, ground: Ground, places: Places, prediction: Prediction, offset_db: float = 0.0
    ) -> None:
        self.ground = ground
        self.places = places
        self.prediction = prediction
        self.offset_db = offset_db
        self._loss: dict[Mast, tuple[tuple[Emission, ...], xr.Dataset]] = {}
        self._field: dict[Transmitter, xr.DataArray] = {}

    def prepare(self, transmitters: Iterable[Transmitter], tell: Tell) -> None:
        """Compute the losses of all masts; emissions of one mast share the geometry."""
        wanted: dict[Mast, dict[Emission, None]] = {}
        for t in transmitters:
            wanted.setdefault(Mast.of(t), {})[_emission(t)] = None
        for k, (mast, emissions) in enumerate(wanted.items()):
            tell("propagation", k, len(wanted))
            loss = path_loss_to_points(
                self.ground, mast, lon_deg=self.places.lon_deg, lat_deg=self.places.lat_deg,
                height_agl_m=self.places.height_agl_m, emissions=list(emissions),
                prediction=self.prediction,
            )  # fmt: skip
            self._loss[mast] = tuple(emissions), loss
        tell("propagation", 1, 1)

    def loss(self, transmitter: Transmitter) -> xr.Dataset:
        """Path loss of a transmitter that was prepared; `emission` has one entry."""
        emissions, loss = self._loss[Mast.of(transmitter)]
        k = emissions.index(_emission(transmitter))
        return loss.isel(emission=slice(k, k + 1))

    def field(self, transmitter: Transmitter) -> xr.DataArray:
        """Field strength of a transmitter that was prepared, (p_time, receiver) [dB(µV/m)]."""
        if transmitter not in self._field:
            self._field[transmitter] = field_strength(
                self.loss(transmitter), transmitter, offset_db=self.offset_db
            )
        return self._field[transmitter]

    def stations(self, transmitters: Iterable[Transmitter]) -> list[StationFields]:
        """What transmitters do to the receivers, (1, n)."""
        return [
            StationFields(
                t.id, t.lat_deg, t.lon_deg,
                self.field(t).isel(p_time=0).to_numpy()[None],
                self.field(t).isel(p_time=1).to_numpy()[None],
                self.loss(t)["distance_km"].to_numpy()[None], t.delay_us,
                t.polarisation == "vertical",
            )
            for t in transmitters
        ]  # fmt: skip


def _emission(transmitter: Transmitter) -> Emission:
    return Emission(transmitter.frequency_mhz, transmitter.polarisation)


@dataclass(frozen=True, eq=False)
class ReceiverReport:
    """What a scenario gives at a list of receivers.

    Attributes
    ----------
    scenario : Scenario
    receivers : tuple of Receiver
    ground : Ground
    losses : ReceiverLosses
    phases : tuple of Evaluated
        Service in every phase; layers are (1, n).
    notes : tuple of str
        What was left out, and what to know of the list.
    """

    scenario: Scenario
    receivers: tuple[Receiver, ...]
    ground: Ground
    losses: ReceiverLosses
    phases: tuple[Evaluated, ...]
    notes: tuple[str, ...] = ()

    @property
    def places(self) -> Places:
        """Positions as arrays."""
        return self.losses.places

    @property
    def transmitters(self) -> tuple[Transmitter, ...]:
        """Of all phases that were evaluated, each as it is on air for the first time."""
        every = (t for one in self.phases for t in one.scenario.transmitters)
        return tuple(dict.fromkeys(every))

    def dataset(self) -> xr.Dataset:
        """All numbers by phase, service, station and receiver."""
        from dtt_sim.workflow.receiver_tables import receiver_dataset

        return receiver_dataset(self)


def receivers(
    scenario: Scenario,
    points: Path | str | Sequence[Receiver],
    *,
    phase: str | None = None,
    skip_bad: bool = False,
    tell: Tell | None = None,
) -> ReceiverReport:
    """Reception of everything on air at named places, in every phase of a plan.

    Parameters
    ----------
    scenario : Scenario
    points : path or sequence of Receiver
        A CSV or XLSX table with name, lat_deg, lon_deg and perhaps height_agl_m.
    phase : str, optional
        Only this phase of the plan.
    skip_bad : bool
        Leave out rows that cannot be used, and say so in the notes; otherwise they are an error.
    tell : callable, optional
        Called with the stage, and how much of how much is done.

    Returns
    -------
    ReceiverReport

    Raises
    ------
    ScenarioError
        Rows that cannot be used, all at once by line.
    DttSimError, terrain.errors.TerrainError
        Other input that cannot be used.
    """
    tell = tell or (lambda _stage, _done, _total: None)
    wanted = phases_of(scenario, phase)
    for one in wanted:
        check_protection(one)
    listed = (
        read_receivers(points, scenario)
        if isinstance(points, str | Path)
        else ReceiverList("receivers", tuple(points))
    )
    found, ground = _on_the_ground(scenario, listed, skip_bad=skip_bad, tell=tell)
    places = Places.of(found.receivers)
    losses = ReceiverLosses(
        ground, places, prediction_of(scenario), scenario.keys.propagation.measured_offset_db
    )
    losses.prepare((t for one in wanted for t in one.transmitters), tell)
    lonlat = places.lon_deg[None], places.lat_deg[None]
    phases: list[Evaluated] = []
    for k, one in enumerate(wanted):
        tell("service", k, len(wanted))
        before = phases[-1] if phases else None
        phases.append(evaluate(one, losses.stations(one.transmitters), lonlat, before=before))
    tell("service", 1, 1)
    return ReceiverReport(scenario, found.receivers, ground, losses, tuple(phases), found.notes)


def _on_the_ground(
    scenario: Scenario, listed: ReceiverList, *, skip_bad: bool, tell: Tell
) -> tuple[ReceiverList, Ground]:
    """Receivers that stand on the terrain, and the ground; the others are told or refused."""
    if listed.problems and not (skip_bad and listed.receivers):
        raise ScenarioError(listed.problems, listed.file)
    tell("terrain", 0, 1)
    every = [(r.lon_deg, r.lat_deg) for r in listed.receivers]
    ground = read_ground(scenario, receiving_grid(scenario), every)
    check_masts(transmitters_of(scenario), ground)
    tell("terrain", 1, 1)
    off = off_the_ground(listed.file, listed.receivers, ground)
    kept = tuple(r for k, r in enumerate(listed.receivers) if k not in off)
    problems = (*listed.problems, *off.values())
    if problems and not (skip_bad and kept):
        raise ScenarioError(problems, listed.file)
    if not kept:
        raise ScenarioError([Problem(listed.file, None, "", "no receivers; give some")])
    notes = (*(f"left out: {p}" for p in problems), *listed.notes)
    return replace(listed, receivers=kept, problems=(), notes=notes), ground


def off_the_ground(file: str, found: Sequence[Receiver], ground: Ground) -> dict[int, Problem]:
    """Receivers without ground under them, by their number from 0."""
    places = Places.of(found)
    height = np.atleast_1d(ground.height_at(places.lon_deg, places.lat_deg))
    return {
        k: Problem(
            file, found[k].row or None, "lat_deg",
            f"{found[k].name}: {found[k].lat_deg:g} N {found[k].lon_deg:g} E lies outside the terrain "
            "or in a void of it; extend or fill the elevation, or remove the row",
        )
        for k in np.flatnonzero(np.isnan(height)).tolist()
    }  # fmt: skip
