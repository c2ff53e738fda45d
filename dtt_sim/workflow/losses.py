"""Path losses of transmitters on a scenario's grid, each computed once and kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dtt_sim.coverage.cache import LossCache, loss_key
from dtt_sim.coverage.field import (
    Emission,
    Mast,
    Prediction,
    Solver,
    field_strength,
    loss_dataset,
    path_loss,
)
from dtt_sim.coverage.flags import MEANING
from dtt_sim.coverage.parts import PartRequest
from dtt_sim.model import Transmitter
from dtt_sim.network.multiplex import StationFields
from dtt_sim.scenario.load import Scenario
from dtt_sim.typing import Float32Array, IntArray
from dtt_sim.workflow.area import prediction_of
from terrain.grid import Grid
from terrain.ground import Ground

if TYPE_CHECKING:
    import xarray as xr

Progress = Callable[[str, int, int], None]
Elsewhere = Callable[[Sequence[tuple[PartRequest, Sequence[str]]], Progress], None]
"""Computes losses of masts, with the names of their transmitters, and leaves them on disk."""


def losses_of(
    scenario: Scenario, ground: Ground, grid: Grid, cache: LossCache, solver: Solver = "wedge",
    *, elsewhere: Elsewhere | None = None,
) -> Losses:  # fmt: skip
    """Path losses as a scenario asks for them, with the offset that it adds to fields."""
    return Losses(
        ground, grid, prediction_of(scenario), cache, solver,
        offset_db=scenario.keys.propagation.measured_offset_db, elsewhere=elsewhere,
    )  # fmt: skip


class Losses:
    """Path losses by mast and emission, and the fields of transmitters from them.

    A change of power, pattern, tilt, delay or of what is carried needs no new path loss.

    Parameters
    ----------
    ground : Ground
    grid : Grid
    prediction : Prediction
    cache : LossCache
    solver : {"wedge", "per_path"}
    offset_db : float
        Measured offset that is added to every field; path losses know nothing of it [dB].
    elsewhere : callable, optional
        Computes what is missing on other processes and leaves it in the cache.
    """

    def __init__(
        self, ground: Ground, grid: Grid, prediction: Prediction, cache: LossCache,
        solver: Solver = "wedge", *, offset_db: float = 0.0, elsewhere: Elsewhere | None = None,
    ) -> None:  # fmt: skip
        self.ground = ground
        self.grid = grid
        self.prediction = prediction
        self.solver: Solver = solver
        self.offset_db = offset_db
        self.computed: dict[str, None] = {}
        """Ids of transmitters whose loss was computed and not taken from the cache, in order."""
        self._cache = cache
        self._elsewhere = elsewhere
        self._loss: dict[tuple[Mast, Emission], xr.Dataset] = {}
        self._field: dict[Transmitter, xr.DataArray] = {}

    def prepare(self, transmitters: Iterable[Transmitter], tell: Progress) -> None:
        """Compute what is neither here nor on disk; emissions of one mast share the geometry."""
        wanted: dict[Mast, dict[Emission, dict[str, None]]] = {}
        for t in transmitters:
            if (Mast.of(t), _emission(t)) not in self._loss:
                wanted.setdefault(Mast.of(t), {}).setdefault(_emission(t), {})[t.id] = None
        if self._elsewhere is not None:
            self._compute_elsewhere(self._elsewhere, wanted, tell)
        n_cell = self.grid.n_row * self.grid.n_col
        total, done = len(wanted) * n_cell, 0

        def step(cells: int, stage: str) -> None:
            nonlocal done
            done += cells
            tell(stage, done, total)

        for mast, emissions in wanted.items():
            missing = self._read(mast, list(emissions))
            if not missing:
                step(n_cell, "propagation (kept)")
                continue
            names = [name for e in missing for name in emissions[e]]
            self._compute(mast, missing, lambda n, names=names: step(  # type: ignore[misc]
                n, f"propagation {', '.join(names)}"
            ))  # fmt: skip
            self.computed |= dict.fromkeys(names)

    def _compute_elsewhere(
        self, elsewhere: Elsewhere, wanted: Mapping[Mast, Mapping[Emission, Mapping[str, None]]],
        tell: Progress,
    ) -> None:  # fmt: skip
        """Have what is not on disk computed by other processes."""
        missing = []
        for mast, emissions in wanted.items():
            own = [e for e in emissions if self._cache.load(self._key(mast, e)) is None]
            if own:
                names = [name for e in own for name in emissions[e]]
                missing.append((PartRequest(mast, tuple(own), self.grid, self.prediction), names))
        if missing:
            elsewhere(missing, tell)
            self.computed |= dict.fromkeys(name for _, names in missing for name in names)

    def _read(self, mast: Mast, emissions: list[Emission]) -> list[Emission]:
        """Take from disk what is there; returns the rest."""
        missing = []
        for e in emissions:
            entry = self._cache.load(self._key(mast, e))
            if entry is None:
                missing.append(e)
            else:
                self._loss[mast, e] = loss_dataset(
                    entry, self.ground, mast, grid=self.grid, emissions=[e],
                    prediction=self.prediction, solver=self.solver,
                )  # fmt: skip
        return missing

    def _compute(
        self, mast: Mast, emissions: list[Emission], progress: Callable[[int], None]
    ) -> None:
        loss = path_loss(
            self.ground, mast, grid=self.grid, emissions=emissions, prediction=self.prediction,
            solver=self.solver, progress=progress,
        )  # fmt: skip
        for k, e in enumerate(emissions):
            entry = {str(n): loss[n].to_numpy() for n in loss.data_vars}
            entry["loss_db"] = entry["loss_db"][k : k + 1]
            self._cache.store(self._key(mast, e), entry)
            self._loss[mast, e] = loss_dataset(
                entry, self.ground, mast, grid=self.grid, emissions=[e],
                prediction=self.prediction, solver=self.solver,
            )  # fmt: skip

    def _key(self, mast: Mast, emission: Emission) -> str:
        return loss_key(self.ground, mast, self.grid, emission, self.prediction, solver=self.solver)

    def loss(self, transmitter: Transmitter) -> xr.Dataset:
        """Path loss of a transmitter that was prepared."""
        return self._loss[Mast.of(transmitter), _emission(transmitter)]

    def field(self, transmitter: Transmitter) -> xr.DataArray:
        """Field strength of a transmitter that was prepared, (p_time, y, x) [dB(µV/m)]."""
        if transmitter not in self._field:
            self._field[transmitter] = field_strength(
                self.loss(transmitter), transmitter, offset_db=self.offset_db
            )
        return self._field[transmitter]

    def stations(
        self, transmitters: Iterable[Transmitter], cells: IntArray | None = None
    ) -> list[StationFields]:
        """What transmitters do to the grid, or to some of its cells (flat indices), (1, n)."""

        def some(array: xr.DataArray) -> Float32Array:
            values = array.to_numpy()
            return values if cells is None else values.reshape(1, -1)[:, cells]

        return [
            StationFields(
                t.id, t.lat_deg, t.lon_deg,
                some(self.field(t).isel(p_time=0)), some(self.field(t).isel(p_time=1)),
                some(self.loss(t)["distance_km"]), t.delay_us, t.polarisation == "vertical",
            )
            for t in transmitters
        ]  # fmt: skip

    def flags(self, transmitter: Transmitter) -> dict[str, int]:
        """Cells of a transmitter by the meaning of their flag."""
        codes, counts = np.unique(self.loss(transmitter)["flag"].to_numpy(), return_counts=True)
        return {MEANING[int(c)]: int(n) for c, n in zip(codes, counts, strict=True)}


def _emission(transmitter: Transmitter) -> Emission:
    return Emission(transmitter.frequency_mhz, transmitter.polarisation)
