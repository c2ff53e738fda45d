"""Analogue television: the field to protect, the field that is usable, and at how many locations.

An analogue station is planned at its vision peak-sync power, at 10 m and for 50 % of locations.
Fields of interferers become nuisance fields by the protection ratio; with the field that noise asks
for they give the usable field, or the share of locations that are served in spite of them.

Arrays broadcast; where several interferers are taken they stand along the first axis. NaN is a field
that is not known and makes what depends on it NaN; -inf is no signal.

A service is planned in two grades. Grade 4: the protected field of BT.417 against noise, the
continuous ratio against what interferes for half of the time, the tropospheric ratio against what
does for T % of it. Grade 3: the satisfactory field, and the tropospheric ratio alone, so that the
picture is at least that for all but T % of the time. Either counts where the median field reaches the
usable field, the power sum of these, which is at 50 % of locations.

Sources: Rec. ITU-R BT.417-5 and BT.655-7; GE06 for the usable field. Limits: `analogue_emin.csv`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from dtt_sim.network.lognormal import NO_SIGNAL_DB, sum_lognormal
from dtt_sim.network.reception import Line, LinkBudget
from dtt_sim.network.reception_tables import Tabled, receiver
from dtt_sim.network.sfn import SfnReceiver, Window
from dtt_sim.tables import table

Limit = Literal["protected", "satisfactory"]
Reading = Literal["product", "each", "power_sum"]
READINGS: Final = get_args(Reading)

SYSTEM_K: Final = ("PAL_DK", "SECAM_DK")
_UHF_FROM_MHZ: Final = 470.0
_N_BISECTION: Final = 60
_REACH_SIGMAS: Final = 8.0
_NODE, _WEIGHT = (v.astype(np.float64) for v in np.polynomial.legendre.leggauss(48))
_MOST_PANELS: Final = 50


def minimum_field(
    frequency_mhz: float,
    system: str,
    limit: Limit = "protected",
    *,
    value_dbuv_m: float | None = None,
    source: str = "",
) -> Tabled:
    """Median field of an analogue station at 10 m that counts as its coverage [dB(µV/m)].

    Parameters
    ----------
    frequency_mhz : float
    system : str
        "PAL_DK" and so on; system K needs 2 dB more in UHF.
    limit : {"protected", "satisfactory"}
        The field to be protected (BT.417), or that of a satisfactory picture against noise alone
        (RECALL).
    value_dbuv_m : float, optional
        Takes the place of the tabled value [dB(µV/m)].
    source : str
        Of `value_dbuv_m`.

    Returns
    -------
    Tabled
        Value, source and confidence; GIVEN for a value of one's own.

    Raises
    ------
    ValueError
        A frequency or limit that the table does not have; a value without a source.

    Examples
    --------
    >>> minimum_field(567.25, "PAL_DK").value
    67.0
    """
    if value_dbuv_m is not None:
        return _given(value_dbuv_m, source)
    if limit not in get_args(Limit):
        msg = f"limit {limit!r} is none; use {', '.join(get_args(Limit))}"
        raise ValueError(msg)
    rows = [row for row in table("analogue_emin") if row["kind"] == limit]
    # Bands share the edge at 582 MHz: it belongs to the upper one.
    for row in reversed(rows):
        if float(row["f_low_MHz"]) <= frequency_mhz <= float(row["f_high_MHz"]):
            is_k = system in SYSTEM_K and frequency_mhz >= _UHF_FROM_MHZ
            more = float(row["system_K_UHF_add_dB"]) if is_k else 0.0
            source = row["source"] + (f"; system K {more:+g} dB" if more else "")
            return Tabled(float(row["E_dBuVm"]) + more, source, row["confidence"])
    known = ", ".join(f"{row['f_low_MHz']}-{row['f_high_MHz']}" for row in rows)
    msg = (
        f"{system} at {frequency_mhz:g} MHz has no {limit} field in the table ({known} MHz); correct "
        "the frequency or give value_dbuv_m"
    )
    raise ValueError(msg)


def analogue_band(frequency_mhz: float) -> str:
    """Broadcasting band of a vision carrier: I, II, III, IV or V.

    Raises
    ------
    ValueError
        A frequency in none of them.
    """
    for row in reversed([row for row in table("analogue_emin") if row["kind"] == "protected"]):
        if float(row["f_low_MHz"]) <= frequency_mhz <= float(row["f_high_MHz"]):
            return row["band"]
    msg = f"{frequency_mhz:g} MHz is in no band of analogue television; correct the frequency"
    raise ValueError(msg)


LIMITS: Final[dict[int, Limit]] = {4: "protected", 3: "satisfactory"}
"""Limit of the field against noise, by grade of the picture."""
LOCATION_PERCENT: Final = 50.0
"""Share of locations for which analogue television is planned [%]."""
POWER_SUM: Final = SfnReceiver(summation="power_sum")
"""The rule by which usable fields are summed."""
ONE_SIGNAL: Final = Window(math.inf, math.inf, -math.inf, math.inf)
"""All that comes of a station is wanted: analogue receivers have no window."""


def analogue_budget(
    frequency_mhz: float,
    system: str,
    grade: int,
    *,
    sigma_db: float | None = None,
    field_dbuv_m: float | None = None,
) -> LinkBudget:
    """What a picture of a grade needs of a station's median field at 10 m.

    Parameters
    ----------
    frequency_mhz : float
        Vision carrier [MHz].
    system : str
    grade : {3, 4}
    sigma_db : float, optional
        Standard deviation over locations; by default as for digital signals outdoors [dB].
    field_dbuv_m : float, optional
        Takes the place of the tabled limit [dB(µV/m)].

    Raises
    ------
    ValueError
        A frequency in no band of analogue television.
    """
    limit = LIMITS[grade]
    if field_dbuv_m is not None:
        needed = minimum_field(
            frequency_mhz, system, value_dbuv_m=field_dbuv_m, source="the scenario"
        )
    else:
        # Band II has no satisfactory field: its protected one stands for both grades.
        has_own = limit == "protected" or analogue_band(frequency_mhz) != "II"
        needed = minimum_field(frequency_mhz, system, limit if has_own else "protected")
    key = f"analogue.{limit}_field_dbuv_m"
    name = f"median field of a {limit} picture, {system}, grade {grade}"
    line = Line(
        name, needed.value, "dB(µV/m)", needed.source, needed.confidence,
        field_dbuv_m is not None, key,
    )  # fmt: skip
    sigma = receiver("location_sigma_dB").value if sigma_db is None else sigma_db
    return LinkBudget(
        (line,), 0.0, needed.value, needed.value, sigma, LOCATION_PERCENT, LOCATION_PERCENT
    )


def _given(value_dbuv_m: float, source: str) -> Tabled:
    if not math.isfinite(value_dbuv_m):
        msg = f"value_dbuv_m = {value_dbuv_m}; give dB(µV/m)"
        raise ValueError(msg)
    if not source.strip():
        msg = f"value_dbuv_m = {value_dbuv_m:g} without a source; say where it is from"
        raise ValueError(msg)
    return Tabled(float(value_dbuv_m), source, "GIVEN")


def nuisance_field(
    e_median_dbuv_m: ArrayLike,
    e_tropospheric_dbuv_m: ArrayLike,
    tropospheric_db: ArrayLike,
    continuous_db: ArrayLike,
    discrimination_db: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Field that a wanted analogue station must have against one interferer [dB(µV/m)].

    max(E(50 % of time) + continuous ratio, E(T %) + tropospheric ratio), less what the receiving
    antenna takes off.

    Parameters
    ----------
    e_median_dbuv_m, e_tropospheric_dbuv_m : array_like
        Field of the interferer exceeded for 50 % and for T % of time, at 50 % of locations
        [dB(µV/m)]; T is 1, in VHF with some administrations 10.
    tropospheric_db, continuous_db : array_like
        Protection ratios [dB].
    discrimination_db : array_like
        Not below zero [dB].

    Raises
    ------
    ValueError
        A negative discrimination.
    """
    discrimination = np.asarray(discrimination_db, np.float64)
    if (discrimination < 0.0).any():
        msg = f"discrimination_db = {np.nanmin(discrimination):g}; give 0 dB or more"
        raise ValueError(msg)
    continuous = np.asarray(e_median_dbuv_m, np.float64) + np.asarray(continuous_db)
    tropospheric = np.asarray(e_tropospheric_dbuv_m, np.float64) + np.asarray(tropospheric_db)
    return np.asarray(np.maximum(continuous, tropospheric) - discrimination)


def usable_field_power_sum(
    e_min_dbuv_m: ArrayLike, nuisance_dbuv_m: ArrayLike
) -> NDArray[np.float64]:
    """Usable field by power sum of noise and nuisance fields [dB(µV/m)].

    E_u = 10 log(10^(E_min/10) + Σ 10^(E_n/10)), GE06.

    Parameters
    ----------
    e_min_dbuv_m : array_like
        Minimum field for 50 % of locations [dB(µV/m)].
    nuisance_dbuv_m : (n, ...) array_like
        One field per interferer.

    Examples
    --------
    >>> round(float(usable_field_power_sum(45.285, [44.0])), 2)
    47.7
    """
    e_min, nuisance = _fields(e_min_dbuv_m, nuisance_dbuv_m)
    power = 10.0 ** (0.1 * e_min) + (10.0 ** (0.1 * nuisance)).sum(axis=0)
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(power))


def usable_field_multiplication(
    e_min_dbuv_m: ArrayLike,
    nuisance_dbuv_m: ArrayLike,
    sigma_db: float = 5.5,
    *,
    sigma_nuisance_db: float | None = None,
    location_percent: float = 50.0,
) -> NDArray[np.float64]:
    """Usable field by simplified multiplication [dB(µV/m)].

    The median field whose locations reach the share against noise and every interferer, each taken
    as if it were alone: Φ((E - E_min)/σ) Π Φ((E - E_n)/√(σ² + σ_n²)) = share. GE06.

    Parameters
    ----------
    e_min_dbuv_m : array_like
        Minimum field; -inf leaves noise out [dB(µV/m)].
    nuisance_dbuv_m : (n, ...) array_like
        One field per interferer.
    sigma_db, sigma_nuisance_db : float
        Standard deviations over locations of the wanted and the unwanted fields, the latter by
        default the same [dB].
    location_percent : float
        Share of locations; 50 for analogue television.

    Raises
    ------
    ValueError
        A standard deviation or a share that is none.
    """
    e_min, nuisance = _fields(e_min_dbuv_m, nuisance_dbuv_m)
    both = _both_sigmas(sigma_db, sigma_nuisance_db)
    share = _share(location_percent)
    level = np.concatenate([e_min[None], nuisance])
    spread = np.full(level.shape[:1] + (1,) * e_min.ndim, both)
    spread[0] = sigma_db
    # No factor may be below the share, nor all of them above its n-th root.
    low = (level + spread * ndtri(share)).max(axis=0)
    high = (level + spread * ndtri(share ** (1.0 / len(level)))).max(axis=0)
    is_known = np.isfinite(low)
    low, high = np.where(is_known, low, 0.0), np.where(is_known, high, 0.0)
    for _ in range(_N_BISECTION):
        middle = 0.5 * (low + high)
        is_enough = ndtr((middle - level) / spread).prod(axis=0) >= share
        low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
    return np.where(is_known, high, level.max(axis=0))


def propagation_margin(
    location_percent: float, sigma_db: float = 5.5, sigma_nuisance_db: float | None = None
) -> float:
    """What the wanted median must have above the usable field for a share of locations [dB].

    µ √(σ² + σ_n²); with a `sigma_nuisance_db` of 0 the margin against noise alone.

    >>> round(propagation_margin(95.0), 2), round(propagation_margin(95.0, 5.5, 0.0), 2)
    (12.79, 9.05)

    Raises
    ------
    ValueError
        A standard deviation or a share that is none.
    """
    return float(ndtri(_share(location_percent))) * _both_sigmas(sigma_db, sigma_nuisance_db)


def interfered_probability(
    e_wanted_dbuv_m: ArrayLike,
    e_min_dbuv_m: ArrayLike,
    nuisance_dbuv_m: ArrayLike,
    sigma_db: float = 5.5,
    *,
    sigma_nuisance_db: float | None = None,
    reading: Reading = "power_sum",
) -> NDArray[np.float64]:
    """Share of locations served in spite of noise and interferers, 0..1.

    Parameters
    ----------
    e_wanted_dbuv_m : array_like
        Median of the wanted field [dB(µV/m)].
    e_min_dbuv_m : array_like
        Minimum field, the same at all locations [dB(µV/m)].
    nuisance_dbuv_m : (n, ...) array_like
        Medians of the nuisance fields.
    sigma_db, sigma_nuisance_db : float
        Standard deviations over locations of the wanted and the unwanted fields, independent of each
        other; the latter by default the same [dB].
    reading : {"product", "each", "power_sum"}
        "product": shares against noise and each interferer multiplied as if they were independent.
        "each": the wanted field exceeds the minimum field and every nuisance field, whose common
        part, the wanted signal's shadowing, is kept. "power_sum": it exceeds the power sum of them
        all; the strictest, several interferers being summed by Schwartz and Yeh's method.

    Returns
    -------
    float64

    Raises
    ------
    ValueError
        An unknown reading, or a standard deviation that is none.

    Notes
    -----
    Quadrature over ±8 standard deviations; error below 1e-8 where neither standard deviation is less
    than a hundredth of the other.
    """
    if reading not in READINGS:
        msg = f"reading {reading!r} is none; use {', '.join(READINGS)}"
        raise ValueError(msg)
    both = _both_sigmas(sigma_db, sigma_nuisance_db)
    sigma_n = sigma_db if sigma_nuisance_db is None else sigma_nuisance_db
    e_min, nuisance = _fields(e_min_dbuv_m, nuisance_dbuv_m)
    # No wanted signal is served nowhere, though what disturbs it may be absent as well.
    wanted = np.maximum(np.asarray(e_wanted_dbuv_m, np.float64), NO_SIGNAL_DB)
    if reading == "product":
        clear = ndtr((wanted - nuisance) / both).prod(axis=0)
        return np.asarray(ndtr((wanted - e_min) / sigma_db) * clear)
    if reading == "each" or sigma_n == 0.0:
        return _exceeding_each(wanted, e_min, nuisance, sigma_db, sigma_n, reading)
    return _exceeding_sum(wanted, e_min, nuisance, sigma_db, sigma_n)


def _exceeding_each(
    wanted: NDArray[np.float64], e_min: NDArray[np.float64], nuisance: NDArray[np.float64],
    sigma: float, sigma_n: float, reading: Reading,
) -> NDArray[np.float64]:  # fmt: skip
    """∫ φ(w) Π Φ((E_w + σ w - E_n)/σ_n) dw from where noise is exceeded."""
    if sigma_n == 0.0:
        # Nothing varies but the wanted field: it exceeds one level.
        level = usable_field_power_sum(e_min, nuisance) if reading == "power_sum" else e_min
        level = level if reading == "power_sum" else np.maximum(level, nuisance.max(axis=0))
        return np.asarray(ndtr((wanted - level) / sigma))
    start = np.clip((e_min - wanted) / sigma, -_REACH_SIGMAS, _REACH_SIGMAS)
    half = 0.5 * (_REACH_SIGMAS - start)
    total = np.zeros(np.broadcast_shapes(wanted.shape, nuisance.shape[1:]))
    for node, weight in _quadrature(sigma / sigma_n):
        w = start + half * (1.0 + node)
        clear = ndtr((wanted + sigma * w - nuisance) / sigma_n).prod(axis=0)
        total += weight * half * np.exp(-0.5 * w * w) / math.sqrt(2.0 * math.pi) * clear
    return total


def _exceeding_sum(
    wanted: NDArray[np.float64], e_min: NDArray[np.float64], nuisance: NDArray[np.float64],
    sigma: float, sigma_n: float,
) -> NDArray[np.float64]:  # fmt: skip
    """∫ φ(v) Φ((E_w - (E_min ⊕ I(v)))/σ) dv over the sum I of the interferers."""
    is_unknown = np.isnan(nuisance).any(axis=0)
    there = np.where(np.isfinite(nuisance), nuisance, np.nan)
    mean, spread = sum_lognormal(np.moveaxis(there, 0, -1), sigma_n)
    mean = np.where(np.isnan(mean), -np.inf, mean)
    total = np.zeros(np.broadcast_shapes(wanted.shape, mean.shape))
    noise = 10.0 ** (0.1 * e_min)
    with np.errstate(divide="ignore"):
        for node, weight in _quadrature(sigma_n / sigma):
            v = _REACH_SIGMAS * node
            unwanted = 10.0 * np.log10(noise + 10.0 ** (0.1 * (mean + spread * v)))
            density = math.exp(-0.5 * v * v) / math.sqrt(2.0 * math.pi)
            total += weight * _REACH_SIGMAS * density * ndtr((wanted - unwanted) / sigma)
    return np.where(is_unknown, np.nan, total)


def _quadrature(steepness: float) -> Iterator[tuple[float, float]]:
    """Nodes in (-1, 1) and weights; the steeper the integrand's step, the more panels."""
    n = min(max(1, math.ceil(0.5 * steepness)), _MOST_PANELS)
    for k in range(n):
        for node, weight in zip(_NODE, _WEIGHT, strict=True):
            yield (node + 2.0 * k + 1.0) / n - 1.0, weight / n


def _fields(
    e_min_dbuv_m: ArrayLike, nuisance_dbuv_m: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minimum field of the shape of one nuisance field, and the nuisance fields (n, ...)."""
    nuisance = np.asarray(nuisance_dbuv_m, np.float64)
    if nuisance.ndim == 0:
        msg = "nuisance_dbuv_m is one number; give the fields of the interferers as a sequence"
        raise ValueError(msg)
    e_min = np.asarray(e_min_dbuv_m, np.float64)
    shape = np.broadcast_shapes(e_min.shape, nuisance.shape[1:])
    return np.broadcast_to(e_min, shape), np.broadcast_to(nuisance, (len(nuisance), *shape))


def _both_sigmas(sigma_db: float, sigma_nuisance_db: float | None) -> float:
    sigma_n = sigma_db if sigma_nuisance_db is None else sigma_nuisance_db
    if not (sigma_db > 0.0 and sigma_n >= 0.0 and math.isfinite(sigma_db + sigma_n)):
        msg = (
            f"sigma_db = {sigma_db:g}, sigma_nuisance_db = {sigma_n:g}; give standard deviations, "
            "that of the wanted field above 0 dB"
        )
        raise ValueError(msg)
    return math.hypot(sigma_db, sigma_n)


def _share(location_percent: float) -> float:
    if not 0.0 < location_percent < 100.0:
        msg = f"location_percent = {location_percent:g}; give above 0 and below 100"
        raise ValueError(msg)
    return 0.01 * location_percent
