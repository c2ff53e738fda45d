"""Path loss of one mast to a list of receivers, each on its own path at its own height."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dtt_sim.coverage.field import signals_of
from dtt_sim.coverage.flags import BEYOND, MEANING
from dtt_sim.coverage.path import Link, Signals
from dtt_sim.coverage.per_path import solve_points
from dtt_sim.coverage.request import Emission, Mast, Prediction
from dtt_sim.errors import ModelDomainError
from dtt_sim.typing import Float64Array
from terrain.grid import LONLAT, WGS84
from terrain.ground import Ground

if TYPE_CHECKING:
    import xarray as xr


def path_loss_to_points(
    ground: Ground,
    mast: Mast,
    *,
    lon_deg: ArrayLike,
    lat_deg: ArrayLike,
    height_agl_m: ArrayLike | None = None,
    emissions: Sequence[Emission],
    prediction: Prediction,
) -> xr.Dataset:
    """Basic transmission loss from a mast to points, by the reference solver on their positions.

    Parameters
    ----------
    ground : Ground
    mast : Mast
    lon_deg, lat_deg : (n,) array_like
        WGS84 [deg].
    height_agl_m : (n,) array_like, optional
        Receiving antennas above ground [m]; by default all at the prediction's height.
    emissions : sequence of Emission
        Signals of the mast; they share one geometry.
    prediction : Prediction

    Returns
    -------
    xarray.Dataset
        As :func:`dtt_sim.coverage.field.path_loss`, with the dimension `receiver` in the place of
        `y` and `x`; :func:`dtt_sim.coverage.field.field_strength` takes it.

    Raises
    ------
    ModelDomainError
        Positions or heights that cannot be, a mast outside the terrain, no emissions, or another
        percentage of locations than 50 without a standard deviation.
    """
    lon, lat, height = _checked(lon_deg, lat_deg, height_agl_m, prediction)
    if not emissions:
        msg = "no emissions: give a frequency at least"
        raise ModelDomainError(msg)
    is_median = all(percent == 50.0 for percent in prediction.locations_percent)
    if not is_median and prediction.location_sigma_db is None:
        msg = "a point has no square of locations; give location_sigma_db, or 50 % of locations"
        raise ModelDomainError(msg)
    signals = signals_of(emissions, prediction, side_m=1.0)  # the side counts for nothing here
    mast_m = mast.height_above(ground)
    start = np.full(lon.shape, mast.lon_deg), np.full(lon.shape, mast.lat_deg)
    forward, _, metres = (np.asarray(v, np.float64) for v in WGS84.inv(*start, lon, lat))
    arrays: dict[str, NDArray[Any]] = {
        "loss_db": np.full(
            (len(emissions), signals.p_time.size, lon.size), np.nan, np.float32
        ),
        "departure_deg": np.full(lon.size, np.nan, np.float32),
        "azimuth_deg": np.mod(forward, 360.0).astype(np.float32),
        "distance_km": (0.001 * metres).astype(np.float32),
        "flag": np.full(lon.size, BEYOND, np.uint8),
    }  # fmt: skip
    near = 0.001 * metres <= signals.radius_km.max()
    for one in np.unique(height[near]):
        some = np.flatnonzero(near & (height == one))
        link = Link(mast.lat_deg, mast.lon_deg, mast_m, float(one))
        _solve(ground, link, signals, prediction, lon, lat, some, arrays)
    return _dataset(arrays, ground, mast, mast_m, emissions, prediction, (lon, lat, height))


def _checked(
    lon_deg: ArrayLike, lat_deg: ArrayLike, height_agl_m: ArrayLike | None, prediction: Prediction
) -> tuple[Float64Array, Float64Array, Float64Array]:
    lon, lat = np.asarray(lon_deg, np.float64), np.asarray(lat_deg, np.float64)
    height = np.asarray(
        prediction.rx_height_agl_m if height_agl_m is None else height_agl_m, np.float64
    )
    if lon.ndim != 1 or lon.shape != lat.shape or height.shape not in {(), lon.shape}:
        msg = f"positions {lon.shape}, {lat.shape}, heights {height.shape}; give one length"
        raise ModelDomainError(msg)
    height = np.broadcast_to(height, lon.shape).copy()
    bad = ~(np.isfinite(lon) & (np.abs(lat) <= 90.0) & (height >= 1.0) & (height <= 3000.0))
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        msg = (
            f"receiver {k}: {lat[k]} N {lon[k]} E at {height[k]} m; give degrees, and 1 to 3000 m "
            "above ground"
        )
        raise ModelDomainError(msg)
    return lon, lat, height


def _solve(
    ground: Ground, link: Link, signals: Signals, prediction: Prediction, lon: Float64Array,
    lat: Float64Array, some: NDArray[np.intp], arrays: dict[str, NDArray[Any]],
) -> None:  # fmt: skip
    """Losses to the receivers at one height, written into their places."""
    found = solve_points(ground, link, signals, prediction, lon[some], lat[some])
    arrays["loss_db"][:, :, some] = found.loss_db.transpose(1, 2, 0)
    arrays["departure_deg"][some] = np.degrees(0.001 * found.departure_mrad)
    arrays["flag"][some] = found.flag


def _dataset(
    arrays: dict[str, NDArray[Any]], ground: Ground, mast: Mast, mast_m: float,
    emissions: Sequence[Emission], prediction: Prediction,
    places: tuple[Float64Array, Float64Array, Float64Array],
) -> xr.Dataset:  # fmt: skip
    import xarray as xr

    lon, lat, height = places
    text = "basic transmission loss not exceeded for p_time % of time"
    units = {"departure_deg": "degree", "azimuth_deg": "degree", "distance_km": "km"}
    return xr.Dataset(
        {
            "loss_db": (
                ("emission", "p_time", "receiver"),
                arrays["loss_db"],
                {"units": "dB", "long_name": text},
            ),
            **{name: ("receiver", arrays[name], {"units": unit}) for name, unit in units.items()},
            "flag": ("receiver", arrays["flag"], {"flag_meanings": "; ".join(MEANING.values())}),
        },
        coords={
            "p_time": ("p_time", list(prediction.p_time_percent), {"units": "%"}),
            "frequency_mhz": ("emission", [e.frequency_mhz for e in emissions], {"units": "MHz"}),
            "polarisation": ("emission", [e.polarisation for e in emissions]),
            "lon_deg": ("receiver", lon, {"units": "degree"}),
            "lat_deg": ("receiver", lat, {"units": "degree"}),
            "height_agl_m": ("receiver", height, {"units": "m"}),
        },
        attrs={
            "crs": LONLAT,
            "model": "ITU-R P.1812-8",
            "solver": "per_path",
            "tx_height_agl_m": mast_m,
            "tx_lat_deg": mast.lat_deg,
            "tx_lon_deg": mast.lon_deg,
            "terrain_sha256": ground.digest,
            "terrain_is_schematic": int(ground.is_schematic),
        },
    )
