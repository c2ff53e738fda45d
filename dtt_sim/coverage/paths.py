"""Single paths from plain arrays: checked input, Rec. ITU-R P.1812-8, every intermediate value.

The kernels of :mod:`dtt_sim.propagation` check nothing. Here a path is checked once, against the
Recommendation's stated domain, and the result carries all that led to it::

    predict(distance_km, height_m, frequency_ghz=0.594, p_time_percent=10.0, ...).loss_db

`predict` is one path at one setting. `PathProfile`, `PathSetting` and `predict_path` are its parts,
for programs that read many of both; `predict_each` takes one path through many settings.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, get_args

import numpy as np
from numpy.typing import ArrayLike

from dtt_sim._jit import driver
from dtt_sim.errors import ModelDomainError
from dtt_sim.propagation.free_space import field_strength_dbuv_m
from dtt_sim.propagation.p1812 import (
    Geometry,
    Parts,
    Path,
    analyse,
    loss_parts,
    path_centre_lat_deg,
    total_loss_db,
)
from dtt_sim.propagation.variability import location_loss_db, location_sigma_db
from dtt_sim.typing import Float64Array, Polarisation, UInt8Array
from dtt_sim.units import kw_to_dbw

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
_DERIVE_KM: Final = -1.0
_POLARISATION_CODE: Final = {"horizontal": 1, "vertical": 2}


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


@dataclass(frozen=True, slots=True)
class PathPrediction:
    """Loss and field strength of one path, with everything that led to them.

    Attributes
    ----------
    loss_db : float
        Basic transmission loss Lb, *not exceeded* for the percentages of time and locations [dB].
    loss_median_db : float
        The same at 50 % of locations [dB].
    e_dbuv_m : float
        Field strength at the setting's ERP, *exceeded* for the percentages [dB(µV/m)].
    e_1kw_dbuv_m : float
        The same for 1 kW ERP [dB(µV/m)].
    sigma_db : float
        Standard deviation of location variability that was applied [dB].
    centre_lat_deg : float
        Latitude of the path centre [deg].
    geometry : Geometry
        What the profile gives, for any frequency and percentage.
    parts : Parts
        The intermediate losses.
    """

    loss_db: float
    loss_median_db: float
    e_dbuv_m: float
    e_1kw_dbuv_m: float
    sigma_db: float
    centre_lat_deg: float
    geometry: Geometry = field(repr=False)
    parts: Parts = field(repr=False)

    def as_row(self) -> dict[str, float]:
        """All values under the column names of P.1812 validation tables, in their order."""
        g, p = self.geometry, self.parts
        return {
            "phi_path_deg": self.centre_lat_deg,
            "Lb_dB": self.loss_db,
            "Ep_dBuVm_1kW": self.e_1kw_dbuv_m,
            "Ep_dBuVm": self.e_dbuv_m,
            "path_type": 2 if g.is_trans_horizon else 1,
            **{name: getattr(g, attribute) for name, attribute in _GEOMETRY_COLUMNS.items()},
            **{name: getattr(p, attribute) for name, attribute in _PARTS_COLUMNS.items()},
            "Lb_pL50_dB": self.loss_median_db,
        }


# Column names of the validation tables in their order, and the attributes that they show.
_GEOMETRY_COLUMNS: Final = {
    name: {"b0_pct": "beta0"}.get(name, name)
    for name in ["d_km", "dlt_km", "dlr_km", "theta_t_mrad", "theta_r_mrad", "theta_mrad", "hts_m", "hrs_m", "omega", "dtm_km", "dlm_km", "b0_pct", "ae_km", "hst_n_m", "hst_m", "hsr_n_m", "hsr_m", "hstd_m", "hsrd_m", "hte_m", "hre_m", "hm_m"]
}
_PARTS_COLUMNS: Final = {
    name: name.lower()
    for name in ["Fi", "Fj", "Fk", "Lbfs_dB", "Lb0p_dB", "Lb0b_dB", "Lbulla50_dB", "Lbulls50_dB", "Ldsph50_dB", "Ld50_dB", "Ldb_dB", "Ldp_dB", "Lbd50_dB", "Lbd_dB", "Lminb0p_dB", "Lba_dB", "Lminbap_dB", "Lbda_dB", "Lbam_dB", "Lbs_dB", "Lbc_dB"]
}
RESULT_COLUMNS: Final[tuple[str, ...]] = (
    "phi_path_deg",
    "Lb_dB",
    "Ep_dBuVm_1kW",
    "Ep_dBuVm",
    "path_type",
    *_GEOMETRY_COLUMNS,
    *_PARTS_COLUMNS,
    "Lb_pL50_dB",
)
"""Keys of :meth:`PathPrediction.as_row`, in order."""


@driver
def _analyse(
    distance_km: Float64Array,
    height_m: Float64Array,
    clutter_m: Float64Array,
    zone: UInt8Array,
    ends_deg: tuple[float, float, float, float],
    path: Path,
) -> tuple[Geometry, float]:
    """Geometry, and the latitude of the path centre; `path.lat_deg` is replaced by the latter."""
    n = distance_km.size - 1
    centre_deg = path_centre_lat_deg(
        ends_deg[0], ends_deg[1], ends_deg[2], ends_deg[3], distance_km[n]
    )
    path = Path(path.htg_m, path.hrg_m, centre_deg, path.delta_n, path.n0, path.dct_km, path.dcr_km)
    return analyse(distance_km, height_m, clutter_m, zone, n, path), centre_deg


@driver
def _evaluate(
    geometry: Geometry,
    f_ghz: float,
    p_time: float,
    p_location: float,
    polarisation: int,
    sigma_db: float,
) -> tuple[Parts, float, float, float]:
    """Intermediate losses, Lb, Lb at 50 % of locations, and field strength for 1 kW."""
    parts = loss_parts(geometry, f_ghz, p_time, polarisation)
    lb_db = total_loss_db(parts, location_loss_db(p_location, sigma_db, geometry.is_rx_at_sea))
    return parts, lb_db, total_loss_db(parts, 0.0), field_strength_dbuv_m(lb_db, f_ghz)


@driver
def _sigma_db(f_ghz: float, w_a_m: float, hrg_m: float, clutter_m: float) -> float:
    return location_sigma_db(f_ghz, w_a_m, hrg_m, clutter_m)


def predict(
    distance_km: ArrayLike,
    height_m: ArrayLike,
    *,
    frequency_ghz: float,
    p_time_percent: float,
    tx_height_agl_m: float,
    rx_height_agl_m: float,
    tx_lat_deg: float,
    tx_lon_deg: float,
    rx_lat_deg: float,
    rx_lon_deg: float,
    delta_n: float,
    n0: float,
    clutter_m: ArrayLike | None = None,
    zone: ArrayLike | None = None,
    p_location_percent: float = 50.0,
    polarisation: Polarisation = "horizontal",
    sigma_db: float | None = None,
    w_a_m: float | None = None,
    dct_km: float | None = None,
    dcr_km: float | None = None,
    erp_kw: float = 1.0,
) -> PathPrediction:
    """Basic transmission loss and field strength of one path, from plain arrays.

    Parameters
    ----------
    distance_km, height_m, clutter_m, zone : (n_point,) array_like
        See :class:`PathProfile`.
    frequency_ghz, p_time_percent, tx_height_agl_m, rx_height_agl_m, tx_lat_deg, tx_lon_deg, \
rx_lat_deg, rx_lon_deg, delta_n, n0, p_location_percent, polarisation, sigma_db, w_a_m, dct_km, \
dcr_km, erp_kw
        See :class:`PathSetting`.

    Returns
    -------
    PathPrediction
        Loss *not exceeded*, field strength *exceeded* for the percentages of time and locations.

    Raises
    ------
    ModelDomainError
        For a path or setting outside the model's stated domain.

    Examples
    --------
    >>> import numpy as np
    >>> distance_km = np.linspace(0.0, 60.0, 241)
    >>> height_m = 20.0 + 15.0 * np.sin(distance_km)
    >>> prediction = predict(
    ...     distance_km, height_m, frequency_ghz=0.594, p_time_percent=10.0,
    ...     tx_height_agl_m=150.0, rx_height_agl_m=10.0, tx_lat_deg=10.0, tx_lon_deg=104.5,
    ...     rx_lat_deg=10.3, rx_lon_deg=104.95, delta_n=53.5, n0=381.0,
    ... )
    >>> round(prediction.loss_db - prediction.parts.lbfs_db, 1)
    15.2
    """
    profile = PathProfile(distance_km, height_m, clutter_m, zone)
    setting = PathSetting(
        frequency_ghz=frequency_ghz,
        p_time_percent=p_time_percent,
        p_location_percent=p_location_percent,
        tx_height_agl_m=tx_height_agl_m,
        rx_height_agl_m=rx_height_agl_m,
        tx_lat_deg=tx_lat_deg,
        tx_lon_deg=tx_lon_deg,
        rx_lat_deg=rx_lat_deg,
        rx_lon_deg=rx_lon_deg,
        delta_n=delta_n,
        n0=n0,
        polarisation=polarisation,
        sigma_db=sigma_db,
        w_a_m=w_a_m,
        dct_km=dct_km,
        dcr_km=dcr_km,
        erp_kw=erp_kw,
    )
    return predict_path(profile, setting)


def predict_path(profile: PathProfile, setting: PathSetting) -> PathPrediction:
    """Basic transmission loss and field strength of one checked path.

    Notes
    -----
    Rec. ITU-R P.1812-8. No building entry loss; no location variability for a receiver at sea.
    """
    return predict_each(profile, [setting])[0]


def predict_each(profile: PathProfile, settings: Iterable[PathSetting]) -> list[PathPrediction]:
    """Predictions of one path at several settings, in their order.

    The profile is analysed once for all settings that differ in frequency, percentages,
    polarisation, location variability and power only: a sweep over these costs a microsecond each
    beside Python's own time. Make them with :func:`dataclasses.replace`.
    """
    analysed: dict[tuple[float, ...], tuple[Geometry, float]] = {}
    predictions = []
    for setting in settings:
        ends_deg, path = _ends_deg(setting), _path(setting)
        key = (*ends_deg, *path)
        if key not in analysed:
            analysed[key] = _analyse(
                profile.distance_km,
                profile.height_m,
                profile.clutter_m,
                profile.zone,
                ends_deg,
                path,
            )
        predictions.append(_predict(profile, setting, *analysed[key]))
    return predictions


def _ends_deg(setting: PathSetting) -> tuple[float, float, float, float]:
    return (
        float(setting.tx_lat_deg),
        float(setting.tx_lon_deg),
        float(setting.rx_lat_deg),
        float(setting.rx_lon_deg),
    )


def _path(setting: PathSetting) -> Path:
    return Path(
        htg_m=float(setting.tx_height_agl_m),
        hrg_m=float(setting.rx_height_agl_m),
        lat_deg=0.0,  # known with the profile's length only
        delta_n=float(setting.delta_n),
        n0=float(setting.n0),
        dct_km=_DERIVE_KM if setting.dct_km is None else float(setting.dct_km),
        dcr_km=_DERIVE_KM if setting.dcr_km is None else float(setting.dcr_km),
    )


def _predict(
    profile: PathProfile, setting: PathSetting, geometry: Geometry, centre_lat_deg: float
) -> PathPrediction:
    f_ghz = float(setting.frequency_ghz)
    sigma_db = float(setting.sigma_db or 0.0)
    if setting.w_a_m is not None:
        hrg_m = float(setting.rx_height_agl_m)
        sigma_db = _sigma_db(f_ghz, float(setting.w_a_m), hrg_m, float(profile.clutter_m[-1]))
    parts, loss_db, loss_median_db, e_1kw_dbuv_m = _evaluate(
        geometry,
        f_ghz,
        float(setting.p_time_percent),
        float(setting.p_location_percent),
        _POLARISATION_CODE[setting.polarisation],
        sigma_db,
    )
    return PathPrediction(
        loss_db=loss_db,
        loss_median_db=loss_median_db,
        e_dbuv_m=e_1kw_dbuv_m + kw_to_dbw(setting.erp_kw) - 30.0,
        e_1kw_dbuv_m=e_1kw_dbuv_m,
        sigma_db=sigma_db,
        centre_lat_deg=centre_lat_deg,
        geometry=geometry,
        parts=parts,
    )
