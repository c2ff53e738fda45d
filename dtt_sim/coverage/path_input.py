"""What a single path is made of: a profile and a setting, checked when made.

The kernels of :mod:`dtt_sim.propagation` check nothing. Everything that is predicted path by path
passes through here once, against the stated domain of Rec. ITU-R P.1812-8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
from numpy.typing import ArrayLike

from dtt_sim.errors import ModelDomainError
from dtt_sim.typing import Float64Array, Polarisation, UInt8Array

DOMAIN: Final[dict[str, tuple[float, float, str]]] = {
    "frequency_ghz": (0.03, 6.0, "GHz"),
    "p_time_percent": (1.0, 50.0, "%"),
    "p_location_percent": (1.0, 99.0, "%"),
    "tx_height_agl_m": (1.0, 3000.0, "m"),
    "rx_height_agl_m": (1.0, 3000.0, "m"),
    "tx_lat_deg": (-80.0, 80.0, "degrees"),
    "rx_lat_deg": (-80.0, 80.0, "degrees"),
    "tx_lon_deg": (-180.0, 360.0, "degrees"),
    "rx_lon_deg": (-180.0, 360.0, "degrees"),
    "distance_km": (0.25, 3000.0, "km"),
}
"""Stated domain of the model: smallest and largest allowed value, and unit."""

MIN_POINTS: Final = 5
ZONES: Final = (1, 3, 4)
INLAND: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class PathProfile:
    """The ground between a transmitter and a receiver; checked when made.

    Parameters
    ----------
    distance_km : (n_point,) float
        Distance from the transmitter, from 0, ascending, at least 5 points [km].
    height_m : (n_point,) float
        Bare terrain above sea level [m].
    clutter_m : (n_point,) float, optional
        Representative clutter height, >= 0 [m]; none if not given. At the two ends it adds nothing
        to the terrain; at the last point it enters a location variability computed from `w_a_m`.
    zone : (n_point,) int, optional
        Radio-climatic zone: 1 sea, 3 coastal land, 4 inland; inland if not given.

    Raises
    ------
    ModelDomainError
        Naming the first value at fault and what is allowed.
    """

    distance_km: Float64Array
    height_m: Float64Array
    clutter_m: Float64Array
    zone: UInt8Array

    def __init__(
        self,
        distance_km: ArrayLike,
        height_m: ArrayLike,
        clutter_m: ArrayLike | None = None,
        zone: ArrayLike | None = None,
    ) -> None:
        distance = _column("distance_km", distance_km, None)
        n_point = distance.size
        height = _column("height_m", height_m, n_point)
        clutter = _column("clutter_m", 0.0 if clutter_m is None else clutter_m, n_point)
        zones = _column("zone", INLAND if zone is None else zone, n_point)
        _check_profile(distance, clutter, zones)
        # Fresh contiguous arrays: one compiled signature, and no surprise if the caller's change.
        object.__setattr__(self, "distance_km", distance)
        object.__setattr__(self, "height_m", height)
        object.__setattr__(self, "clutter_m", clutter)
        object.__setattr__(self, "zone", zones.astype(np.uint8))

    @property
    def length_km(self) -> float:
        """Path length [km]."""
        return float(self.distance_km[-1])


def _column(name: str, values: ArrayLike, n_point: int | None) -> Float64Array:
    """`values` as a fresh float64 array of `n_point` finite numbers; a scalar is repeated."""
    try:
        column = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        msg = f"{name}: not numbers; give one number per profile point"
        raise ModelDomainError(msg) from None
    if column.ndim == 0 and n_point is not None:
        column = np.full(n_point, column)
    if column.ndim != 1:
        msg = f"{name}: {column.ndim} dimensions; give a one-dimensional profile"
        raise ModelDomainError(msg)
    if n_point is not None and column.size != n_point:
        msg = f"{name}: {column.size} values for {n_point} distances; give one per point"
        raise ModelDomainError(msg)
    bad = np.flatnonzero(~np.isfinite(column))
    if bad.size:
        msg = f"{name}[{bad[0]}] = {column[bad[0]]:g}; give a finite number at every point"
        raise ModelDomainError(msg)
    return column


def _check_profile(distance: Float64Array, clutter: Float64Array, zone: Float64Array) -> None:
    if distance.size < MIN_POINTS:
        msg = f"distance_km: {distance.size} points; the profile needs at least {MIN_POINTS}"
        raise ModelDomainError(msg)
    if distance[0] != 0.0:
        msg = f"distance_km[0] = {distance[0]:g}; distances count from the transmitter, start at 0"
        raise ModelDomainError(msg)
    bad = np.flatnonzero(np.diff(distance) <= 0.0)
    if bad.size:
        i = bad[0] + 1
        msg = (
            f"distance_km[{i}] = {distance[i]:g} after {distance[i - 1]:g}; distances must ascend"
            " without repeats"
        )
        raise ModelDomainError(msg)
    _check_range("distance_km", float(distance[-1]))
    bad = np.flatnonzero(clutter < 0.0)
    if bad.size:
        msg = f"clutter_m[{bad[0]}] = {clutter[bad[0]]:g}; clutter heights are 0 m or more"
        raise ModelDomainError(msg)
    bad = np.flatnonzero(~np.isin(zone, ZONES))
    if bad.size:
        msg = f"zone[{bad[0]}] = {zone[bad[0]]:g}; use 1 sea, 3 coastal land or 4 inland"
        raise ModelDomainError(msg)


def _check_range(name: str, value: float) -> None:
    low, high, unit = DOMAIN[name]
    if not low <= value <= high:  # NaN too
        what = "path length distance_km" if name == "distance_km" else name
        msg = f"{what} = {value:g} {unit} is outside P.1812; allowed {low:g} to {high:g} {unit}"
        raise ModelDomainError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSetting:
    """What is known of a path beside its profile; checked when made.

    Attributes
    ----------
    frequency_ghz : float
        0.03 to 6 [GHz].
    p_time_percent : float
        Percentage of time for which the loss is *not exceeded*, 1 to 50 [%].
    p_location_percent : float
        Percentage of locations for which it is not exceeded, 1 to 99 [%].
    tx_height_agl_m, rx_height_agl_m : float
        Antenna heights above ground, 1 to 3000 [m].
    tx_lat_deg, tx_lon_deg, rx_lat_deg, rx_lon_deg : float
        Positions; only the latitude of the path centre enters [deg].
    delta_n : float
        Refractivity lapse rate at the path centre, positive, below 157 [N-units/km].
    n0 : float
        Sea-level surface refractivity at the path centre [N-units].
    polarisation : {"horizontal", "vertical"}
    sigma_db : float, optional
        Standard deviation of location variability, used as it is [dB]; 0 if neither this nor
        `w_a_m` is given.
    w_a_m : float, optional
        Side of the prediction square, from which it is computed [m]; not together with `sigma_db`.
    dct_km, dcr_km : float, optional
        Land distance from transmitter and receiver to the coast along the path [km], 500 where
        there is none; derived from the zones if not given. A terminal at sea has 0.
    erp_kw : float
        Radiated power towards the receiver, relative to a half-wave dipole [kW].

    Raises
    ------
    ModelDomainError
        Naming the value at fault and what is allowed.
    """

    frequency_ghz: float
    p_time_percent: float
    tx_height_agl_m: float
    rx_height_agl_m: float
    tx_lat_deg: float
    tx_lon_deg: float
    rx_lat_deg: float
    rx_lon_deg: float
    delta_n: float
    n0: float
    p_location_percent: float = 50.0
    polarisation: Polarisation = "horizontal"
    sigma_db: float | None = None
    w_a_m: float | None = None
    dct_km: float | None = None
    dcr_km: float | None = None
    erp_kw: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what lies outside the model's stated domain."""
        for name in DOMAIN:
            if name != "distance_km":
                _check_range(name, getattr(self, name))
        if not 0.0 < self.delta_n < 157.0:
            msg = f"delta_n = {self.delta_n:g} N-units/km; allowed above 0 and below 157"
            raise ModelDomainError(msg)
        if not 0.0 < self.n0 < 1000.0:
            msg = f"n0 = {self.n0:g} N-units; allowed above 0 and below 1000 (usually 250 to 400)"
            raise ModelDomainError(msg)
        if self.polarisation not in get_args(Polarisation):
            msg = f"polarisation = {self.polarisation!r}; use 'horizontal' or 'vertical'"
            raise ModelDomainError(msg)
        if self.sigma_db is not None and self.w_a_m is not None:
            msg = "sigma_db and w_a_m are both given; give the one that is meant"
            raise ModelDomainError(msg)
        for name in ("sigma_db", "dct_km", "dcr_km"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value < math.inf:
                msg = f"{name} = {value:g}; give 0 or more, or leave it out"
                raise ModelDomainError(msg)
        for name in ("w_a_m", "erp_kw"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < math.inf:
                msg = f"{name} = {value:g}; give a number above 0"
                raise ModelDomainError(msg)
