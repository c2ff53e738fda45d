"""From a mode and a way of receiving to the field strength that is needed, line by line.

Rec. ITU-R BT.2033-2 and BT.1368 (the chain), GE06 (interpolation with frequency). Every value can
be overridden; what is not comes from `dtt_sim/data` with its source and confidence.

The field rasters are medians over locations: the spread over locations enters here and only here.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import get_args

from scipy.special import ndtri

from dtt_sim.network.dvbt2 import Mode
from dtt_sim.tables import table
from dtt_sim.typing import ReceptionClass

BOLTZMANN = 1.38e-23
T0_K = 290.0
_BAND_EDGES_MHZ = {"III": (170.0, 235.0), "IV": (470.0, 582.0), "V": (582.0, 862.0)}
_CHANNEL_COLUMN = {
    "fixed": "cn_rice_dB",
    "portable_outdoor": "cn_rayleigh_static_dB",
    "portable_indoor": "cn_rayleigh_static_dB",
    "mobile": "cn_rayleigh_static_dB",
}
HEIGHT_LOSSES = ("none", "suburban", "urban")
LOW_HEIGHT_M = 5.0
"""A prediction made below this height is one at street level, not at roof level."""


@dataclass(frozen=True, slots=True)
class Reception:
    """How a household receives. None: from the tables, for the class and frequency.

    Attributes
    ----------
    reception : {"fixed", "portable_outdoor", "portable_indoor", "mobile"}
    predicted_height_agl_m : float
        Height above ground at which the field is predicted [m].
    height_loss : {"none", "suburban", "urban"}
        Loss from 10 m down to 1.5 m that is added to the requirement.
    location_sigma_db : float
        Standard deviation of the field over locations [dB].
    acceptable_location_percent, good_location_percent : float
        Shares of locations that count as acceptable and good reception [%].
    noise_figure_db, antenna_gain_dbd, feeder_loss_db, man_made_noise_db : float or None
    height_loss_db, building_entry_loss_db, building_entry_sigma_db, cn_db : float or None

    Raises
    ------
    ValueError
        A value out of range, or the height loss counted twice or not at all.
    """

    reception: ReceptionClass = "fixed"
    predicted_height_agl_m: float = 10.0
    height_loss: str = "none"
    location_sigma_db: float = 5.5
    acceptable_location_percent: float = 70.0
    good_location_percent: float = 95.0
    noise_figure_db: float = 6.0
    antenna_gain_dbd: float | None = None
    feeder_loss_db: float | None = None
    man_made_noise_db: float | None = None
    height_loss_db: float | None = None
    building_entry_loss_db: float | None = None
    building_entry_sigma_db: float | None = None
    cn_db: float | None = None

    def __post_init__(self) -> None:
        """Refuse contradictions."""
        if self.reception not in get_args(ReceptionClass):
            msg = f"class {self.reception!r}; use one of {', '.join(get_args(ReceptionClass))}"
            raise ValueError(msg)
        if self.height_loss not in HEIGHT_LOSSES:
            msg = f"height_loss {self.height_loss!r}; use one of {', '.join(HEIGHT_LOSSES)}"
            raise ValueError(msg)
        if not self.location_sigma_db >= 0.0:
            msg = f"location_sigma_db = {self.location_sigma_db}; give 0 or more"
            raise ValueError(msg)
        has_loss = self.height_loss != "none" or self.height_loss_db is not None
        is_low = self.predicted_height_agl_m < LOW_HEIGHT_M
        if has_loss and is_low:
            msg = (
                f"height_loss with a prediction at {self.predicted_height_agl_m:g} m counts the "
                "loss to street level twice; predict at 10 m with it, or at 1.5 m without it"
            )
            raise ValueError(msg)
        if has_loss and self.reception == "fixed":
            msg = "height_loss with fixed reception: a roof antenna is at 10 m; set it to none"
            raise ValueError(msg)
        if self.reception != "fixed" and not has_loss and not is_low:
            msg = (
                f"{self.reception} reception predicted at {self.predicted_height_agl_m:g} m needs "
                "height_loss suburban or urban; or predict at 1.5 m without it"
            )
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chain."""

    name: str
    value: float
    unit: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class LinkBudget:
    """The chain from C/N to the median field strength that is needed at 10 m or as predicted.

    Attributes
    ----------
    lines : tuple of Line
        Every step, in order.
    cn_db, e_min_dbuv_m : float
        Required C/N [dB]; minimum field strength at the antenna [dB(µV/m)].
    e_median_dbuv_m : float
        Median needed for 50 % of locations, all losses included [dB(µV/m)].
    sigma_db : float
        Standard deviation over locations, buildings included [dB].
    """

    lines: tuple[Line, ...]
    cn_db: float
    e_min_dbuv_m: float
    e_median_dbuv_m: float
    sigma_db: float

    def e_med_dbuv_m(self, location_percent: float) -> float:
        """Minimum median field strength for a share of locations [dB(µV/m)]."""
        return self.e_median_dbuv_m + float(ndtri(location_percent / 100.0)) * self.sigma_db


def band(frequency_mhz: float) -> str:
    """Broadcasting band of a frequency: III, IV or V.

    Raises
    ------
    ValueError
        Outside 170-235 and 470-862 MHz, for which the tables have no values.
    """
    for name, (low, high) in _BAND_EDGES_MHZ.items():
        if low <= frequency_mhz <= high:
            return name
    msg = f"{frequency_mhz:g} MHz lies in no television band (170-235, 470-862 MHz); correct it"
    raise ValueError(msg)


def _log_interpolate(points: list[tuple[float, float]], frequency_mhz: float) -> float:
    """Value at a frequency, linear in log f between (f, value) pairs and held beyond (GE06)."""
    points = sorted(points)
    if frequency_mhz <= points[0][0]:
        return points[0][1]
    for (f1, v1), (f2, v2) in itertools.pairwise(points):
        if frequency_mhz <= f2:
            return v1 + (v2 - v1) * math.log(frequency_mhz / f1) / math.log(f2 / f1)
    return points[-1][1]


def _antenna(reception: ReceptionClass, frequency_mhz: float, column: str) -> tuple[float, str]:
    kind = {"fixed": "fixed", "mobile": "mobile (vehicle adapted)"}.get(reception, "portable")
    in_vhf = band(frequency_mhz) == "III"
    rows = [
        row
        for row in table("rx_antenna_feeder")
        if row["reception"] == kind
        and (row["band"] == "III") == in_vhf
        and row["band"] != "I"
        and not (kind == "fixed" and row["band"] == "IV/V")  # a worked example, not a node
    ]
    value = _log_interpolate(
        [(float(r["f_ref_MHz"]), float(r[column])) for r in rows], frequency_mhz
    )
    return value, "VERIFIED" if all(r["confidence"] == "VERIFIED" for r in rows) else "SINGLE"


def _height_loss(environment: str, frequency_mhz: float) -> float:
    rows = [r for r in table("height_loss") if r["environment"].startswith(environment)]
    return _log_interpolate([(float(r["f_MHz"]), float(r["Lh_dB"])) for r in rows], frequency_mhz)


def _man_made_noise(frequency_mhz: float) -> float:
    return 2.0 if band(frequency_mhz) == "III" else 0.0


def _building(frequency_mhz: float) -> tuple[float, float]:
    name = "building, generic" if band(frequency_mhz) == "III" else "building, high potential"
    row = next(r for r in table("building_entry_loss") if r["case"].startswith(name))
    return float(row["mean_dB"]), float(row["sigma_dB"])


def required_cn_db(mode: Mode, reception: ReceptionClass) -> float:
    """Required C/N of a mode for the channel of a reception class [dB]; BT.2033-2 Table 2."""
    for row in table("cn_required"):
        if (row["modulation"], row["code_rate"]) == (mode.modulation, mode.code_rate):
            return float(row[_CHANNEL_COLUMN[reception]])
    msg = f"no C/N for {mode.modulation} {mode.code_rate}; give cn_db"
    raise ValueError(msg)


def link_budget(mode: Mode, reception: Reception, frequency_mhz: float) -> LinkBudget:
    """Minimum and minimum median field strength of a mode, every line of the chain shown.

    Parameters
    ----------
    mode : Mode
    reception : Reception
    frequency_mhz : float
        Centre frequency [MHz].

    Returns
    -------
    LinkBudget
    """
    lines: list[Line] = []

    def given(
        name: str, override: float | None, value: float, unit: str, source: str, confidence: str
    ) -> float:
        if override is not None:
            value, source, confidence = override, "scenario", "GIVEN"
        lines.append(Line(name, value, unit, source, confidence))
        return value

    def derived(name: str, value: float, unit: str, formula: str) -> float:
        lines.append(Line(name, value, unit, formula, "VERIFIED"))
        return value

    kind = reception.reception
    cn = given(
        "required C/N", reception.cn_db, required_cn_db(mode, kind), "dB", "BT.2033-2 Table 2",
        "SINGLE",
    )  # fmt: skip
    figure = given(
        "receiver noise figure", None, reception.noise_figure_db, "dB", "BT.2033-2", "VERIFIED"
    )
    width = derived("noise bandwidth", mode.noise_bandwidth_mhz, "MHz", "EN 302 755")
    noise = figure + 10.0 * math.log10(BOLTZMANN * T0_K * 1e6 * width)
    derived("receiver noise power Pn", noise, "dBW", "F + 10 log(k T0 B)")
    signal = derived("minimum signal power Ps", cn + noise, "dBW", "C/N + Pn")
    gain_value, gain_confidence = _antenna(kind, frequency_mhz, "gain_dBd")
    gain = given(
        "receiving antenna gain", reception.antenna_gain_dbd, gain_value, "dBd",
        "GE06 / BT.2036-5", gain_confidence,
    )  # fmt: skip
    feeder_value, feeder_confidence = _antenna(kind, frequency_mhz, "feeder_loss_dB")
    feeder = given(
        "feeder loss", reception.feeder_loss_db, feeder_value, "dB", "GE06 / BT.2036-5",
        feeder_confidence,
    )  # fmt: skip
    wavelength_m = 299.792458 / frequency_mhz
    aperture = gain + 10.0 * math.log10(1.64 * wavelength_m**2 / (4.0 * math.pi))
    derived("effective antenna aperture Aa", aperture, "dBm²", "G + 10 log(1.64 λ²/4π)")
    density = derived(
        "minimum power flux density", signal - aperture + feeder, "dBW/m²", "Ps-Aa+Lf"
    )
    e_min = density + 120.0 + 10.0 * math.log10(120.0 * math.pi)
    derived("minimum field strength Emin", e_min, "dB(µV/m)", "φ + 120 + 10 log(120π)")
    needed = e_min + given(
        "man-made noise", reception.man_made_noise_db,
        _man_made_noise(frequency_mhz) if kind == "fixed" else 0.0, "dB", "BT.2033-2 T31/32",
        "SINGLE",
    )  # fmt: skip
    if reception.height_loss != "none" or reception.height_loss_db is not None:
        tabled = (
            _height_loss(reception.height_loss, frequency_mhz)
            if reception.height_loss != "none"
            else 0.0
        )
        needed += given(
            "height loss 10 m to 1.5 m", reception.height_loss_db, tabled, "dB", "GE06 / P.1546",
            "VERIFIED",
        )  # fmt: skip
    sigma = reception.location_sigma_db
    if kind == "portable_indoor":
        entry, entry_sigma = _building(frequency_mhz)
        needed += given(
            "building entry loss", reception.building_entry_loss_db, entry, "dB", "BT.2033-2 T27",
            "SINGLE",
        )  # fmt: skip
        spread = given(
            "building entry standard deviation", reception.building_entry_sigma_db, entry_sigma,
            "dB", "BT.2033-2 T27", "SINGLE",
        )  # fmt: skip
        sigma = math.hypot(sigma, spread)
    derived("standard deviation over locations", sigma, "dB", "5.5 dB per 100-500 m square")
    derived("median field strength for 50 % of locations", needed, "dB(µV/m)", "Emin + allowances")
    budget = LinkBudget((), cn, e_min, needed, sigma)
    for percent in (reception.acceptable_location_percent, reception.good_location_percent):
        derived(
            f"minimum median field strength Emed, {percent:g} % of locations",
            budget.e_med_dbuv_m(percent), "dB(µV/m)", "+ µ σ",
        )  # fmt: skip
    return LinkBudget(tuple(lines), cn, e_min, needed, sigma)
