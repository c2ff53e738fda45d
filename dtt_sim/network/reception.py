"""From a mode and a way of receiving to the field strength that is needed, line by line.

Rec. ITU-R BT.2033-2 and BT.1368 (the chain), GE06 (interpolation with frequency). Every value can
be overridden; what is not comes from `dtt_sim/data` with its source and confidence.

The field rasters are medians over locations: the spread over locations enters here and only here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtri

from dtt_sim.network import reception_tables as tables
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.reception_parameters import Reception
from dtt_sim.network.reception_tables import ChannelType, ReceivingAntenna, Tabled, band
from dtt_sim.typing import ReceptionClass

__all__ = ["Line", "LinkBudget", "Reception", "band", "link_budget", "required_cn_db"]

BOLTZMANN = 1.38e-23
T0_K = 290.0
SPEED_OF_LIGHT_M_MHZ = 299.792458
GIVEN = "GIVEN"
"""Confidence of a value that the user gave in the place of the tables' value."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chain.

    Attributes
    ----------
    name : str
    value : float
    unit : str
    source : str
        Table or formula; "given" where the user overrode it.
    confidence : str
        VERIFIED, SINGLE, RECALL or GIVEN; of a derived line the weakest that went into it.
    is_overridden : bool
    key : str
        Attribute of `Reception` that overrides the line, empty where it follows from others.
    """

    name: str
    value: float
    unit: str
    source: str
    confidence: str
    is_overridden: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class LinkBudget:
    """The chain from C/N to the median field strength that is needed at 10 m or as predicted.

    Attributes
    ----------
    lines : tuple of Line
        Every step, in order.
    cn_db, e_min_dbuv_m : float
        Required C/N with its corrections [dB]; minimum field strength at the antenna [dB(µV/m)].
    e_median_dbuv_m : float
        Median needed for 50 % of locations, all losses included [dB(µV/m)].
    sigma_db : float
        Standard deviation over locations, buildings included [dB].
    acceptable_location_percent, good_location_percent : float
        Shares of locations that count as acceptable and good [%].
    """

    lines: tuple[Line, ...]
    cn_db: float
    e_min_dbuv_m: float
    e_median_dbuv_m: float
    sigma_db: float
    acceptable_location_percent: float = 70.0
    good_location_percent: float = 95.0

    def e_med_dbuv_m(self, location_percent: float) -> float:
        """Minimum median field strength for a share of locations [dB(µV/m)]."""
        return self.e_median_dbuv_m + float(ndtri(location_percent / 100.0)) * self.sigma_db

    @property
    def assumptions(self) -> tuple[Line, ...]:
        """Lines that rest on one source or on memory, for outputs to list."""
        return tuple(
            line for line in self.lines if line.key and line.confidence in {"SINGLE", "RECALL"}
        )


def required_cn_db(
    mode: Mode, reception: ReceptionClass, channel: ChannelType | None = None
) -> float:
    """Required C/N of a mode for a reception class [dB], without corrections.

    BT.2033-2 Table 2 by channel: Ricean for fixed, static Rayleigh for the other classes.
    """
    return tables.required_cn(mode, channel or tables.class_channel(reception)).value


def link_budget(mode: Mode, reception: Reception, frequency_mhz: float) -> LinkBudget:
    """Minimum and minimum median field strength of a mode, every line of the chain shown.

    Parameters
    ----------
    mode : Mode
    reception : Reception
    frequency_mhz : float
        Centre frequency, in Band III, IV or V [MHz].

    Returns
    -------
    LinkBudget

    Raises
    ------
    ValueError
        A frequency for which there are no reception figures.

    Examples
    --------
    >>> mode = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
    >>> budget = link_budget(mode, Reception("fixed"), 570.0)
    >>> round(budget.e_min_dbuv_m, 3), round(budget.e_med_dbuv_m(95.0), 3)
    (40.925, 49.971)
    """
    band(frequency_mhz)
    chain = _Chain(reception)
    cn = _carrier_to_noise(chain, mode)
    e_min = _minimum_field(chain, mode, frequency_mhz, cn)
    needed = e_min + _allowances(chain, frequency_mhz)
    sigma = _spread(chain, frequency_mhz)
    spread = len(chain.lines) - 1
    chain.derive(
        "median field strength for 50 % of locations", needed, "dB(µV/m)", "Emin + allowances"
    )
    targets = reception.acceptable_location_percent, reception.good_location_percent
    for percent in targets:
        correction = float(ndtri(percent / 100.0)) * sigma
        name = f"location correction, {percent:g} % of locations"
        chain.lines.append(Line(name, correction, "dB", "µ σ", chain.lines[spread].confidence))
        chain.derive(
            f"minimum median field strength Emed, {percent:g} % of locations",
            needed + correction, "dB(µV/m)", "Emin + allowances + µ σ",
        )  # fmt: skip
    return LinkBudget(tuple(chain.lines), cn, e_min, needed, sigma, *targets)


class _Chain:
    """Collects the lines; what is overridden is looked up under the attribute's own name."""

    def __init__(self, reception: Reception) -> None:
        self.reception = reception
        self.lines: list[Line] = []

    def take(self, key: str, name: str, unit: str, tabled: Tabled) -> float:
        """Add the tables' value, or the one given in its place."""
        value, source, confidence = tabled
        given = getattr(self.reception, key)
        is_overridden = given is not None and given != value
        if is_overridden:
            value, source, confidence = float(given), "given", GIVEN
        self.lines.append(Line(name, value, unit, source, confidence, is_overridden, key))
        return value

    def derive(self, name: str, value: float, unit: str, formula: str, since: int = 0) -> float:
        """Add a line that follows from those above it, from number `since`, no surer than they."""
        used = [line.confidence for line in self.lines[since:] if line.confidence != GIVEN]
        confidence = tables.weakest(used) if used else GIVEN
        self.lines.append(Line(name, value, unit, formula, confidence))
        return value


def _carrier_to_noise(chain: _Chain, mode: Mode) -> float:
    reception = chain.reception
    tabled = tables.required_cn(
        mode, reception.channel or tables.class_channel(reception.reception)
    )
    cn = chain.take("cn_db", "required C/N", "dB", tabled)
    short = tables.short_fec_correction(mode)
    if reception.cn_db is not None:
        short = Tabled(0.0, "contained in the C/N that was given", "VERIFIED")
    cn += chain.take("short_fec_correction_db", "correction for short FEC frames", "dB", short)
    known = tables.pilot_correction(mode)
    text = (
        f"not applied: {known.value:+.2f} dB for {mode.pilot_pattern}, below the table's rounding"
    )
    cn += chain.take(
        "pilot_correction_db", "correction for the pilot pattern", "dB",
        Tabled(0.0, text, known.confidence),
    )  # fmt: skip
    cn += chain.take(
        "doppler_margin_db", "margin for motion (Doppler)", "dB",
        tables.doppler_margin(reception.reception),
    )  # fmt: skip
    return chain.derive("C/N with corrections", cn, "dB", "sum")


def _minimum_field(chain: _Chain, mode: Mode, frequency_mhz: float, cn_db: float) -> float:
    """From C/N to the field at the receiving antenna, 50 % of locations [dB(µV/m)]."""
    antenna = _antenna(chain.reception)
    start = len(chain.lines)
    figure = chain.take(
        "noise_figure_db", "receiver noise figure", "dB", tables.receiver("noise_figure_dB")
    )
    width = chain.take(
        "noise_bandwidth_mhz", "noise bandwidth", "MHz",
        Tabled(mode.noise_bandwidth_mhz, "EN 302 755, BT.2033-2", "VERIFIED"),
    )  # fmt: skip
    noise = figure + 10.0 * math.log10(BOLTZMANN * T0_K * 1e6 * width)
    chain.derive("receiver noise power Pn", noise, "dBW", "F + 10 log(k T0 B)", start)
    signal = chain.derive("minimum signal power Ps", cn_db + noise, "dBW", "C/N + Pn")
    gain = chain.take(
        "antenna_gain_dbd", "receiving antenna gain", "dBd",
        tables.antenna_gain(antenna, frequency_mhz),
    )  # fmt: skip
    wavelength_m = SPEED_OF_LIGHT_M_MHZ / frequency_mhz
    aperture = gain + 10.0 * math.log10(1.64 * wavelength_m**2 / (4.0 * math.pi))
    chain.derive(
        "effective antenna aperture Aa", aperture, "dBm²", "G + 10 log(1.64 λ²/4π)",
        len(chain.lines) - 1,
    )  # fmt: skip
    feeder = chain.take(
        "feeder_loss_db", "feeder loss", "dB", tables.feeder_loss(antenna, frequency_mhz)
    )
    density = signal - aperture + feeder
    chain.derive("minimum power flux density φmin", density, "dBW/m²", "Ps - Aa + Lf")
    e_min = density + 120.0 + 10.0 * math.log10(120.0 * math.pi)
    return chain.derive(
        "minimum field strength Emin", e_min, "dB(µV/m)", "φmin + 120 + 10 log(120π)"
    )


def _antenna(reception: Reception) -> ReceivingAntenna:
    if reception.receiving_antenna is not None:
        return reception.receiving_antenna
    return "handheld" if reception.in_vehicle else tables.class_antenna(reception.reception)


def _allowances(chain: _Chain, frequency_mhz: float) -> float:
    """Man-made noise, height loss and entry losses [dB]."""
    reception = chain.reception
    environment = reception.environment or (
        "urban" if reception.height_loss == "urban" else "rural"
    )
    total = chain.take(
        "man_made_noise_db", "man-made noise", "dB",
        tables.man_made_noise(_antenna(reception), environment, frequency_mhz),
    )  # fmt: skip
    if reception.height_loss != "none":
        loss = tables.height_loss(reception.height_loss, frequency_mhz)
    elif reception.reception == "fixed":
        loss = Tabled(0.0, "antenna on the roof", "VERIFIED")
    else:
        loss = Tabled(0.0, f"predicted at {reception.predicted_height_agl_m:g} m", "VERIFIED")
    total += chain.take("height_loss_db", "height loss 10 m to 1.5 m", "dB", loss)
    if reception.in_vehicle:
        entry = tables.vehicle_entry(frequency_mhz)[0]
        return total + chain.take("vehicle_entry_loss_db", "vehicle entry loss", "dB", entry)
    entry = Tabled(0.0, "receiving antenna outdoors", "VERIFIED")
    if reception.reception == "portable_indoor":
        entry = tables.building_entry(reception.building, frequency_mhz)[0]
    return total + chain.take("building_entry_loss_db", "building entry loss", "dB", entry)


def _spread(chain: _Chain, frequency_mhz: float) -> float:
    """Standard deviation over locations, that of an entry loss included [dB]."""
    reception = chain.reception
    start = len(chain.lines)
    outdoors = chain.take(
        "location_sigma_db", "standard deviation outdoors", "dB",
        tables.receiver("location_sigma_dB"),
    )  # fmt: skip
    if reception.in_vehicle:
        key, kind, entry = "vehicle_entry_sigma_db", "vehicle", tables.vehicle_entry(frequency_mhz)
    elif reception.reception == "portable_indoor":
        key, kind = "building_entry_sigma_db", "building"
        entry = tables.building_entry(reception.building, frequency_mhz)
    else:
        return outdoors
    inside = chain.take(key, f"standard deviation of {kind} entry loss", "dB", entry[1])
    sigma = math.hypot(outdoors, inside)
    return chain.derive("standard deviation over locations", sigma, "dB", "√(σ² + σb²)", start)
