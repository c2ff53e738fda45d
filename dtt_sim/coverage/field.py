"""Path loss of one mast over a receiving grid, and the field strength that follows from it.

What is computed and kept is basic transmission loss at 50 % of locations, per time percentage, with
the departure angle: radiated power, pattern and tilt are applied afterwards, at no cost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dtt_sim.antenna.pattern import attenuation_db
from dtt_sim.coverage.flags import BEYOND, MEANING
from dtt_sim.errors import ModelDomainError
from dtt_sim.model import Transmitter
from dtt_sim.typing import Float32Array, Polarisation
from terrain.grid import WGS84, Grid
from terrain.ground import Ground
from terrain.profile import intervals, path_nodes

if TYPE_CHECKING:
    import xarray as xr

    from dtt_sim.coverage.path import Emissions, GroundArrays, Link

FIELD_STRENGTH_CONSTANT_DB = 199.36 - 30.0
"""P.1812 eq. (70) for power in dBW instead of kW [dB]."""

Progress = Callable[[int], None]
_BLOCK_CELLS = 20_000


@dataclass(frozen=True, slots=True)
class Mast:
    """A position and antenna height from which one or several signals are radiated.

    Attributes
    ----------
    lat_deg, lon_deg : float
        WGS84 [deg].
    height_agl_m, height_amsl_m : float or None
        Antenna height above ground or above sea level [m]; exactly one.
    """

    lat_deg: float
    lon_deg: float
    height_agl_m: float | None = None
    height_amsl_m: float | None = None

    @classmethod
    def of(cls, transmitter: Transmitter) -> Mast:
        """The mast of a transmitter."""
        return cls(
            transmitter.lat_deg,
            transmitter.lon_deg,
            transmitter.height_agl_m,
            transmitter.height_amsl_m,
        )

    def height_above(self, ground: Ground) -> float:
        """Antenna height above the terrain's own ground [m].

        Raises
        ------
        ModelDomainError
            Outside the terrain or in a void of it, or not within P.1812's 1 to 3000 m.
        """
        where = f"mast at {self.lat_deg:.5f} N {self.lon_deg:.5f} E"
        ground_m = ground.height_at(self.lon_deg, self.lat_deg)
        if math.isnan(ground_m):
            msg = f"{where}: outside the terrain or in a void of it; extend or fill the elevation"
            raise ModelDomainError(msg)
        height = self.height_agl_m
        if height is None:
            assert self.height_amsl_m is not None  # Transmitter allows exactly one
            height = self.height_amsl_m - ground_m
        if not 1.0 <= height <= 3000.0:
            msg = (
                f"{where}: antenna {height:.1f} m above the terrain's ground at {ground_m:.1f} m "
                "above sea level; P.1812 takes 1 to 3000 m: check the height and the terrain"
            )
            raise ModelDomainError(msg)
        return height


@dataclass(frozen=True, slots=True)
class Emission:
    """A frequency [MHz] and polarisation radiated from a mast."""

    frequency_mhz: float
    polarisation: Polarisation = "horizontal"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is predicted: receiving height, time percentages and how far.

    Attributes
    ----------
    delta_n, n0 : float
        Refractivity lapse rate [N-units/km] and sea-level refractivity [N-units].
    p_time_percent : tuple of float
        Percentages of time for which the loss is not exceeded (the field is exceeded) [%].
    radius_km : tuple of float
        Largest distance for each percentage [km].
    rx_height_agl_m : float
        Receiving antenna above ground [m].
    """

    delta_n: float
    n0: float
    p_time_percent: tuple[float, ...] = (50.0, 1.0)
    radius_km: tuple[float, ...] = (150.0, 400.0)
    rx_height_agl_m: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what lies outside P.1812's stated domain."""
        _within("delta_n", self.delta_n, 0.0, 157.0, "N-units/km", is_open=True)
        _within("n0", self.n0, 200.0, 500.0, "N-units")
        _within("rx_height_agl_m", self.rx_height_agl_m, 1.0, 3000.0, "m")
        for percent in self.p_time_percent:
            _within("p_time_percent", percent, 1.0, 50.0, "%")
        for radius in self.radius_km:
            _within("radius_km", radius, 0.25, 3000.0, "km")
        if len(self.p_time_percent) != len(self.radius_km):
            msg = "p_time_percent and radius_km differ in length; give one radius per percentage"
            raise ValueError(msg)


def _within(
    name: str, value: float, low: float, high: float, unit: str, *, is_open: bool = False
) -> None:
    if not (low < value < high if is_open else low <= value <= high):
        msg = f"{name} = {value}: P.1812 takes {low:g} to {high:g} {unit}; correct it"
        raise ModelDomainError(msg)


def path_loss(
    ground: Ground,
    mast: Mast,
    *,
    grid: Grid,
    emissions: Sequence[Emission],
    prediction: Prediction,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Basic transmission loss from a mast to every cell of a grid, each on its own path.

    Parameters
    ----------
    ground : Ground
    mast : Mast
    grid : Grid
        Receiving grid.
    emissions : sequence of Emission
        Signals of the mast; they share one geometry.
    prediction : Prediction
    progress : callable, optional
        Called with the number of cells finished since the last call.

    Returns
    -------
    xarray.Dataset
        `loss_db` (emission, p_time, y, x) float32, not exceeded for p_time % at 50 % of locations;
        `departure_deg` (y, x) float32, above the horizontal; `azimuth_deg`, `distance_km` (y, x);
        `flag` (y, x) uint8, see :mod:`dtt_sim.coverage.flags`. NaN where the flag says why.

    Raises
    ------
    ModelDomainError
        A mast outside the terrain, or a height or frequency outside P.1812's domain.
    """
    from dtt_sim.coverage.path import Emissions, GroundArrays, Link

    for emission in emissions:
        _within("frequency_mhz", emission.frequency_mhz, 30.0, 6000.0, "MHz")
    link = Link(
        mast.lat_deg,
        mast.lon_deg,
        mast.height_above(ground),
        prediction.rx_height_agl_m,
        prediction.delta_n,
        prediction.n0,
    )
    signals = Emissions(
        np.array([0.001 * e.frequency_mhz for e in emissions]),
        np.array([1 if e.polarisation == "horizontal" else 2 for e in emissions]),
        np.array(prediction.p_time_percent, np.float64),
        np.array(prediction.radius_km, np.float64),
    )
    rasters = GroundArrays(ground.height_m, ground.zone, ground.clutter_m)
    shape = (len(emissions), len(prediction.p_time_percent), *grid.shape)
    loss = np.full(shape, np.nan, np.float32)
    departure = np.full(grid.shape, np.nan, np.float32)
    azimuth = np.empty(grid.shape, np.float32)
    distance = np.empty(grid.shape, np.float32)
    flag = np.full(grid.shape, BEYOND, np.uint8)
    rows_per_block = max(1, _BLOCK_CELLS // grid.n_col)
    for top in range(0, grid.n_row, rows_per_block):
        rows = slice(top, min(top + rows_per_block, grid.n_row))
        _solve_block(
            ground, grid, rows, link, signals, rasters,
            loss[:, :, rows], departure[rows], azimuth[rows], distance[rows], flag[rows],
        )  # fmt: skip
        if progress is not None:
            progress((rows.stop - rows.start) * grid.n_col)
    return loss_dataset(
        {
            "loss_db": loss,
            "departure_deg": np.degrees(0.001 * departure),
            "azimuth_deg": azimuth,
            "distance_km": distance,
            "flag": flag,
        },
        ground,
        mast,
        grid=grid,
        emissions=emissions,
        prediction=prediction,
    )


def loss_dataset(
    arrays: Mapping[str, NDArray[Any]],
    ground: Ground,
    mast: Mast,
    *,
    grid: Grid,
    emissions: Sequence[Emission],
    prediction: Prediction,
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
            "frequency_mhz": ("emission", [e.frequency_mhz for e in emissions], {"units": "MHz"}),
            "polarisation": ("emission", [e.polarisation for e in emissions]),
            "y": ("y", grid.y),
            "x": ("x", grid.x),
        },
        attrs={
            "crs": grid.crs,
            "model": "ITU-R P.1812-8",
            "solver": "per-path reference",
            "location_percent": 50.0,
            "tx_lat_deg": mast.lat_deg,
            "tx_lon_deg": mast.lon_deg,
            "tx_height_agl_m": mast.height_above(ground),
            "rx_height_agl_m": prediction.rx_height_agl_m,
            "delta_n": prediction.delta_n,
            "n0": prediction.n0,
            "terrain_sha256": ground.digest,
            "terrain_is_schematic": int(ground.is_schematic),
        },
    )


def _solve_block(
    ground: Ground,
    grid: Grid,
    rows: slice,
    link: Link,
    signals: Emissions,
    rasters: GroundArrays,
    loss: Float32Array,
    departure: Float32Array,
    azimuth: Float32Array,
    distance: Float32Array,
    flag: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> None:
    from dtt_sim.coverage.cpu import solve_paths

    lon, lat = grid.lonlat(rows)
    start = np.full(lon.shape, link.lon_deg), np.full(lon.shape, link.lat_deg)
    forward, _, metres = WGS84.inv(*start, lon, lat)
    azimuth[:] = np.mod(forward, 360.0)
    distance[:] = 0.001 * metres
    near = np.asarray(0.001 * metres <= signals.radius_km.max())
    if not near.any():
        return
    metres = np.asarray(metres)[near]
    nodes = path_nodes(ground.grid, link.lon_deg, link.lat_deg, np.asarray(forward)[near], metres)
    count = metres.size
    found = np.empty((count, *loss.shape[:2]), np.float32)
    angle = np.empty(count, np.float32)
    code = np.empty(count, np.uint8)
    solve_paths(
        rasters,
        *nodes,
        0.001 * metres,
        intervals(metres, ground.resolution_m),
        np.stack([lon[near], lat[near]]),
        link,
        signals,
        found,
        angle,
        code,
    )
    for k in range(loss.shape[0]):
        for j in range(loss.shape[1]):
            loss[k, j][near] = found[:, k, j]
    departure[near] = angle
    flag[near] = code


def field_strength(
    loss: xr.Dataset, transmitter: Transmitter, *, emission: int = 0
) -> xr.DataArray:
    """Field strength of a transmitter from the path loss of its mast [dB(µV/m)].

    Exceeded for `p_time` % of time at 50 % of locations. The antenna's attenuation is taken at the
    true azimuth and departure angle. Rec. ITU-R P.1812-8 eq. (70).

    Returns
    -------
    xarray.DataArray
        (p_time, y, x) float32.
    """
    attenuation = attenuation_db(
        transmitter.antenna, loss["azimuth_deg"].to_numpy(), loss["departure_deg"].to_numpy()
    )
    frequency = float(loss["frequency_mhz"][emission])
    level = FIELD_STRENGTH_CONSTANT_DB + 20.0 * math.log10(0.001 * frequency) + transmitter.erp_dbw
    e = (level - loss["loss_db"].isel(emission=emission) - attenuation).astype(np.float32)
    e.name = "e_dbuv_m"
    e.attrs = {
        "units": "dB(uV/m)",
        "long_name": "field strength exceeded for p_time % of time at 50 % of locations",
        "crs": loss.attrs["crs"],
        "transmitter": transmitter.id,
    }
    return e
