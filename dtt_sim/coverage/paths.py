"""Single paths from plain arrays: checked input, Rec. ITU-R P.1812-8, every intermediate value.

The path is checked (:mod:`dtt_sim.coverage.path_input`), and the result carries all that led to it::

    predict(distance_km, height_m, frequency_ghz=0.594, p_time_percent=10.0, ...).loss_db

`predict` is one path at one setting. `PathProfile`, `PathSetting` and `predict_path` are its parts,
for programs that read many of both; `predict_each` takes one path through many settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from numpy.typing import ArrayLike

from dtt_sim._jit import driver
from dtt_sim.coverage.path_input import DOMAIN, PathProfile, PathSetting
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

__all__ = [
    "DOMAIN",
    "RESULT_COLUMNS",
    "PathPrediction",
    "PathProfile",
    "PathSetting",
    "predict",
    "predict_each",
    "predict_path",
]

_DERIVE_KM: Final = -1.0
_POLARISATION_CODE: Final = {"horizontal": 1, "vertical": 2}


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
    for name in [
        "d_km", "dlt_km", "dlr_km", "theta_t_mrad", "theta_r_mrad", "theta_mrad", "hts_m", "hrs_m",
        "omega", "dtm_km", "dlm_km", "b0_pct", "ae_km", "hst_n_m", "hst_m", "hsr_n_m", "hsr_m",
        "hstd_m", "hsrd_m", "hte_m", "hre_m", "hm_m",
    ]
}  # fmt: skip
_PARTS_COLUMNS: Final = {
    name: name.lower()
    for name in [
        "Fi", "Fj", "Fk", "Lbfs_dB", "Lb0p_dB", "Lb0b_dB", "Lbulla50_dB", "Lbulls50_dB",
        "Ldsph50_dB", "Ld50_dB", "Ldb_dB", "Ldp_dB", "Lbd50_dB", "Lbd_dB", "Lminb0p_dB", "Lba_dB",
        "Lminbap_dB", "Lbda_dB", "Lbam_dB", "Lbs_dB", "Lbc_dB",
    ]
}  # fmt: skip
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
    frequency_ghz, p_time_percent, ..., erp_kw
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
    11.6
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
