"""What a path-loss solver leaves: plain arrays, and the dataset that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dtt_sim.coverage.flags import BEYOND, MEANING
from dtt_sim.coverage.request import Emission, Mast, Prediction, Solver
from dtt_sim.typing import Float32Array, UInt8Array
from terrain.grid import Grid
from terrain.ground import GroundSource
from terrain.threads import in_threads

if TYPE_CHECKING:
    import xarray as xr


_PIECE = 1 << 22


def _fill(array: NDArray[Any], value: float) -> None:
    flat = array.reshape(-1)

    def fill(first: int) -> None:
        flat[first : first + _PIECE] = value

    in_threads(fill, range(0, flat.size, _PIECE))


@dataclass(frozen=True, eq=False)
class LossArrays:
    """Arrays that a solver fills, over the receiving grid.

    Attributes
    ----------
    loss_db : (n_emission, n_time, n_row, n_col) float32
        NaN where the flag says why, and beyond each percentage's radius.
    departure_deg, azimuth_deg, distance_km : (n_row, n_col) float32
    flag : (n_row, n_col) uint8
        :mod:`dtt_sim.coverage.flags`.
    """

    loss_db: Float32Array
    departure_deg: Float32Array
    azimuth_deg: Float32Array
    distance_km: Float32Array
    flag: UInt8Array

    @classmethod
    def empty(cls, n_emission: int, n_time: int, shape: tuple[int, int]) -> LossArrays:
        """Arrays of a grid where nothing is computed yet: everything lies beyond."""
        arrays = cls(
            np.empty((n_emission, n_time, *shape), np.float32),
            np.empty(shape, np.float32),
            np.empty(shape, np.float32),
            np.empty(shape, np.float32),
            np.empty(shape, np.uint8),
        )
        # In threads: memory that is touched for the first time costs more than what is written.
        _fill(arrays.loss_db, np.nan)
        _fill(arrays.departure_deg, np.nan)
        _fill(arrays.flag, BEYOND)
        return arrays

    def as_dict(self) -> dict[str, NDArray[Any]]:
        """By name, as they are kept."""
        return {
            "loss_db": self.loss_db,
            "departure_deg": self.departure_deg,
            "azimuth_deg": self.azimuth_deg,
            "distance_km": self.distance_km,
            "flag": self.flag,
        }


def loss_dataset(
    arrays: Mapping[str, NDArray[Any]],
    ground: GroundSource,
    mast: Mast,
    *,
    grid: Grid,
    emissions: Sequence[Emission],
    prediction: Prediction,
    solver: Solver,
) -> xr.Dataset:
    """Arrays of a path loss, computed or kept, as the dataset of :func:`path_loss`."""
    import xarray as xr

    return xr.Dataset(
        {
            "loss_db": (
                ("emission", "p_time", "y", "x"),
                arrays["loss_db"],
                {
                    "units": "dB",
                    "long_name": "basic transmission loss not exceeded for p_time % of time",
                },
            ),
            "departure_deg": (
                ("y", "x"),
                arrays["departure_deg"],
                {"units": "degree", "long_name": "departure angle above the horizontal"},
            ),
            "azimuth_deg": (("y", "x"), arrays["azimuth_deg"], {"units": "degree"}),
            "distance_km": (("y", "x"), arrays["distance_km"], {"units": "km"}),
            "flag": (
                ("y", "x"),
                arrays["flag"],
                {
                    "flag_values": np.array(list(MEANING), np.uint8),
                    "flag_meanings": "; ".join(MEANING.values()),
                },
            ),
        },
        coords={
            "p_time": ("p_time", list(prediction.p_time_percent), {"units": "%"}),
            "p_location": ("p_time", list(prediction.locations_percent), {"units": "%"}),
            "frequency_mhz": ("emission", [e.frequency_mhz for e in emissions], {"units": "MHz"}),
            "polarisation": ("emission", [e.polarisation for e in emissions]),
            "y": ("y", grid.y),
            "x": ("x", grid.x),
        },
        attrs={
            "crs": grid.crs,
            "model": "ITU-R P.1812-8",
            "solver": solver,
            "tx_lat_deg": mast.lat_deg,
            "tx_lon_deg": mast.lon_deg,
            "tx_height_agl_m": mast.height_above(ground),
            "rx_height_agl_m": prediction.rx_height_agl_m,
            **_refractivity(prediction),
            "terrain_sha256": ground.digest,
            "terrain_is_schematic": int(ground.is_schematic),
        },
    )


def _refractivity(prediction: Prediction) -> dict[str, float | str]:
    if prediction.refractivity is not None:
        return {"refractivity_sha256": prediction.refractivity.digest}
    return {"delta_n": prediction.delta_n, "n0": prediction.n0}
