"""What is asked of a path-loss solver: from which mast, for which signals, how predicted."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final, Literal

import numpy as np

from dtt_sim.errors import ModelDomainError
from dtt_sim.model import Transmitter
from dtt_sim.typing import Float64Array, Polarisation
from terrain.grid import WGS84, Box, Grid
from terrain.ground import EDGE, GroundSource

Progress = Callable[[int], None]
"""Told how many cells were finished since the last call."""
Solver = Literal["wedge", "per_path"]

WARP_SHARE: Final = 0.85
"""Warped cells over the ground's own: paths cross columns aslant, by 1.15 cells on the average."""
FINE_WARP_M: Final = 30.0
"""Bare ground coarser than this is warped more finely, to this or to half its own cells."""

REFRACTIVITY: Final = {"delta_n": (0.0, 157.0, "N-units/km"), "n0": (200.0, 500.0, "N-units")}


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

    def window(self, reach_m: float) -> Box:
        """Box round the mast [deg] that reaches at least so far."""
        north = reach_m / 110_000.0
        east = north / math.cos(math.radians(min(abs(self.lat_deg) + north, 89.0)))
        return (
            self.lon_deg - east,
            max(self.lat_deg - north, -89.0),
            self.lon_deg + east,
            min(self.lat_deg + north, 89.0),
        )

    def height_above(self, source: GroundSource) -> float:
        """Antenna height above the terrain's own ground [m].

        Raises
        ------
        ModelDomainError
            Outside the terrain or in a void of it, or not within P.1812's 1 to 3000 m.
        """
        where = f"mast at {self.lat_deg:.5f} N {self.lon_deg:.5f} E"
        ground = source.window(self.window(10.0 * source.resolution_m))
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

    def __post_init__(self) -> None:
        """Refuse a frequency outside P.1812's stated domain."""
        _within("frequency_mhz", self.frequency_mhz, 30.0, 6000.0, "MHz")


@dataclass(frozen=True, eq=False)
class RefractivityMap:
    """Refractivity that varies over the area; read at the centre of every path, bilinearly.

    Attributes
    ----------
    grid : Grid
        Values stand at the centres of its cells.
    delta_n, n0 : (n_row, n_col) float64
        Median lapse rate [N-units/km] and sea-level refractivity [N-units].

    Raises
    ------
    ModelDomainError
        Arrays of another shape, or a value outside P.1812's domain.
    """

    grid: Grid
    delta_n: Float64Array
    n0: Float64Array

    def __post_init__(self) -> None:
        """Refuse what lies outside P.1812's stated domain."""
        for name, (low, high, unit) in REFRACTIVITY.items():
            array = np.ascontiguousarray(getattr(self, name), np.float64)
            if array.shape != self.grid.shape:
                msg = f"{name} is {array.shape}, its grid {self.grid.shape}; give them one shape"
                raise ModelDomainError(msg)
            for value in (array.min(), array.max()):  # NaN is in both
                _within(name, float(value), low, high, unit, is_open=name == "delta_n")
            object.__setattr__(self, name, array)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the grid and the values."""
        digest = hashlib.sha256(repr((self.grid.crs, self.grid.transform)).encode())
        for array in (self.delta_n, self.n0):
            digest.update(array.tobytes())
        return digest.hexdigest()

    def at(self, lon_deg: Float64Array, lat_deg: Float64Array) -> tuple[Float64Array, Float64Array]:
        """ΔN and N0 at positions, any shape.

        Raises
        ------
        ModelDomainError
            A position beyond the map (half a cell beyond the outermost centres still belongs).
        """
        from scipy.ndimage import map_coordinates

        row, col = self.grid.fractional_index(lon_deg, lat_deg)
        last = np.array(self.grid.shape) - 1
        if not (
            ((row >= -EDGE) & (row <= last[0] + EDGE)).all()
            and ((col >= -EDGE) & (col <= last[1] + EDGE)).all()
        ):
            msg = "the refractivity map does not reach all paths' centres; give a larger one"
            raise ModelDomainError(msg)
        place = np.stack([np.clip(row, 0, last[0]).ravel(), np.clip(col, 0, last[1]).ravel()])
        delta_n, n0 = (
            np.asarray(map_coordinates(values, place, order=1, mode="nearest"), np.float64)
            for values in (self.delta_n, self.n0)
        )
        delta_n, n0 = delta_n.reshape(row.shape), n0.reshape(row.shape)
        return delta_n, n0


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is predicted: receiving height, percentages of time and locations, and how far.

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
    p_location_percent : tuple of float
        Percentage of locations that goes with each percentage of time [%]; empty: 50 for all.
    location_sigma_db : float, optional
        Standard deviation over locations [dB], where another percentage than 50 is wanted;
        otherwise that of P.1812 section 4.8 for the receiving grid's cells, which falls with the
        antenna's height over the clutter.
    refractivity : RefractivityMap, optional
        Used in place of `delta_n` and `n0`, which then count for nothing.
    """

    delta_n: float
    n0: float
    p_time_percent: tuple[float, ...] = (50.0, 1.0)
    radius_km: tuple[float, ...] = (150.0, 400.0)
    rx_height_agl_m: float = 10.0
    p_location_percent: tuple[float, ...] = ()
    location_sigma_db: float | None = None
    refractivity: RefractivityMap | None = None

    def __post_init__(self) -> None:
        """Refuse what lies outside P.1812's stated domain."""
        for name, (low, high, unit) in REFRACTIVITY.items():
            _within(name, getattr(self, name), low, high, unit, is_open=name == "delta_n")
        _within("rx_height_agl_m", self.rx_height_agl_m, 1.0, 3000.0, "m")
        for percent in self.p_time_percent:
            _within("p_time_percent", percent, 1.0, 50.0, "%")
        for radius in self.radius_km:
            _within("radius_km", radius, 0.25, 3000.0, "km")
        if not self.p_time_percent or len(self.p_time_percent) != len(self.radius_km):
            msg = "p_time_percent and radius_km differ in length; give one radius per percentage"
            raise ModelDomainError(msg)
        if self.p_location_percent and len(self.p_location_percent) != len(self.p_time_percent):
            msg = "p_location_percent and p_time_percent differ in length; give one each, or none"
            raise ModelDomainError(msg)
        for percent in self.p_location_percent:
            _within("p_location_percent", percent, 1.0, 99.0, "%")
        if self.location_sigma_db is not None:
            _within("location_sigma_db", self.location_sigma_db, 0.0, 30.0, "dB")

    @property
    def locations_percent(self) -> tuple[float, ...]:
        """Percentage of locations for each percentage of time [%]."""
        return self.p_location_percent or (50.0,) * len(self.p_time_percent)

    def refractivity_between(
        self, lon_deg: float, lat_deg: float, to_lon_deg: float, to_lat_deg: float
    ) -> tuple[float, float]:
        """ΔN [N-units/km] and N0 [N-units] of one path: at its centre, where there is a map.

        Raises
        ------
        ModelDomainError
            A centre beyond the map.
        """
        if self.refractivity is None:
            return self.delta_n, self.n0
        forward, _, metres = WGS84.inv(lon_deg, lat_deg, to_lon_deg, to_lat_deg)
        lon, lat, _ = WGS84.fwd(lon_deg, lat_deg, forward, 0.5 * metres)
        delta_n, n0 = self.refractivity.at(np.array(lon), np.array(lat))
        return float(delta_n), float(n0)

    def content(self) -> dict[str, object]:
        """All that the loss depends on, as plain values."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.refractivity is not None:
            values |= {"delta_n": None, "n0": None, "refractivity": self.refractivity.digest}
        return values


def _within(
    name: str, value: float, low: float, high: float, unit: str, *, is_open: bool = False
) -> None:
    if not (low < value < high if is_open else low <= value <= high):
        msg = f"{name} = {value}: P.1812 takes {low:g} to {high:g} {unit}; correct it"
        raise ModelDomainError(msg)


def warp_cell(ground: GroundSource, wanted_m: float | None = None) -> float:
    """Cell size of the warped ground [m]: as wanted, or what agrees best with the reference.

    The samples of a path then lie as far apart, on the average, as the reference's. Coarse ground
    without clutter is warped more finely: that costs little time and halves what resampling costs
    in dB. With clutter it would move the nearest clutter towards every receiver (docs/solver.md).

    Raises
    ------
    ModelDomainError
        A size that is not above zero.
    """
    if wanted_m is None:
        own = ground.resolution_m
        usual = WARP_SHARE * own
        return usual if ground.has_clutter else max(0.5 * own, min(usual, FINE_WARP_M))
    if not (math.isfinite(wanted_m) and wanted_m > 0.0):
        msg = f"warp_cell_m = {wanted_m}; give a length above zero in metres"
        raise ModelDomainError(msg)
    return wanted_m
