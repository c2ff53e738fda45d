"""What the tables say about a reception class at a frequency: value, source and confidence.

Between reference frequencies values are linear in log f (GE06); beyond the first and last they hold.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from dtt_sim.network.dvbt2 import FEC_LENGTHS, Mode
from dtt_sim.tables import table
from dtt_sim.typing import ReceptionClass

ReceivingAntenna = Literal["rooftop", "portable", "handheld", "vehicle"]
Environment = Literal["urban", "rural"]
HeightLoss = Literal["none", "suburban", "urban"]
Building = Literal["light", "medium", "metallised", "ge06"]
ChannelType = Literal["gauss", "rice", "rayleigh"]

CONFIDENCES = ("RECALL", "SINGLE", "VERIFIED")
"""From the weakest to the strongest."""

BAND_EDGES_MHZ = {"III": (170.0, 235.0), "IV": (470.0, 582.0), "V": (582.0, 862.0)}
_CLASS_CHANNEL: Mapping[str, ChannelType] = {
    "fixed": "rice",
    "portable_outdoor": "rayleigh",
    "portable_indoor": "rayleigh",
    "mobile": "rayleigh",
}
_CLASS_ANTENNA: Mapping[str, ReceivingAntenna] = {
    "fixed": "rooftop",
    "portable_outdoor": "portable",
    "portable_indoor": "portable",
    "mobile": "vehicle",
}
_CHANNEL_COLUMN = {
    "gauss": "cn_gauss_dB",
    "rice": "cn_rice_dB",
    "rayleigh": "cn_rayleigh_static_dB",
}
_CHANNEL_TITLE = {"gauss": "Gaussian", "rice": "Ricean", "rayleigh": "static Rayleigh"}
_ANTENNA_ROWS = {
    "rooftop": "fixed",
    "portable": "portable",
    "handheld": "handheld integrated",
    "vehicle": "mobile (vehicle adapted)",
}
_NOISE_ROWS = {
    "rooftop": "rooftop",
    "portable": "integrated",
    "handheld": "integrated",
    "vehicle": "adapted",
}
_BUILDING_ROWS = {
    "light": "building, high potential",
    "medium": "building, medium",
    "metallised": "building, low potential",
    "ge06": "building, GE06",
}


class Tabled(NamedTuple):
    """A value, where it is from and how sure it is."""

    value: float
    source: str
    confidence: str


def band(frequency_mhz: float) -> str:
    """Broadcasting band of a frequency: III, IV or V.

    Raises
    ------
    ValueError
        Outside 170-235 and 470-862 MHz, for which the tables have no values.
    """
    for name, (low, high) in BAND_EDGES_MHZ.items():
        if low <= frequency_mhz <= high:
            return name
    msg = (
        f"{frequency_mhz:g} MHz is in none of Bands III, IV and V (170-235, 470-862 MHz), for "
        "which there are reception figures; correct the frequency"
    )
    raise ValueError(msg)


def weakest(confidences: Sequence[str]) -> str:
    """The least sure of several."""
    return min(confidences, key=CONFIDENCES.index)


def class_channel(reception: ReceptionClass) -> ChannelType:
    """Channel type that a class is planned for."""
    return _CLASS_CHANNEL[reception]


def class_antenna(reception: ReceptionClass) -> ReceivingAntenna:
    """Receiving antenna that a class is planned for."""
    return _CLASS_ANTENNA[reception]


def location_targets(reception: ReceptionClass) -> tuple[float, float]:
    """Shares of locations that count as acceptable and as good reception [%]."""
    row = next(r for r in table("location_targets") if r["reception"] == reception)
    return float(row["acceptable_percent"]), float(row["good_percent"])


def receiver(name: str) -> Tabled:
    """Noise figure ("noise_figure_dB") or spread over locations ("location_sigma_dB")."""
    row = next(r for r in table("receiver") if r["name"] == name)
    return Tabled(float(row["value"]), row["source"], row["confidence"])


def required_cn(mode: Mode, channel: ChannelType) -> Tabled:
    """Required C/N for 64800-bit error correction frames [dB]."""
    row = next(
        r
        for r in table("cn_required")
        if (r["modulation"], r["code_rate"]) == (mode.modulation, mode.code_rate)
    )
    source = f"{row['source']}, {_CHANNEL_TITLE[channel]} channel"
    return Tabled(float(row[_CHANNEL_COLUMN[channel]]), source, row["confidence"])


def short_fec_correction(mode: Mode) -> Tabled:
    """What 16200-bit error correction frames need more [dB]."""
    if mode.fec_length == FEC_LENGTHS[0]:
        return Tabled(0.0, "C/N holds for 64800-bit frames", "VERIFIED")
    return _correction("short_fec")


def doppler_margin(reception: ReceptionClass) -> Tabled:
    """What motion needs more [dB]: none in the tables, and said so for the mobile class."""
    if reception == "mobile":
        return _correction("doppler")
    return Tabled(0.0, "receiver at rest", "VERIFIED")


def pilot_correction(mode: Mode) -> Tabled:
    """Power that a mode's pilots take from its data, beyond the mean that C/N contains [dB].

    -0.08 to +0.1 dB, within the rounding of the C/N table.
    """
    row = next(r for r in table("dvbt2_pilot_patterns") if r["pp"] == mode.pilot_pattern)
    middle = 0.5 * (float(row["pilot_boost_dB_min"]) + float(row["pilot_boost_dB_max"]))
    is_largest = mode.fft == "32K" and mode.extended_carriers
    boost = float(row["pilot_boost_dB_32KE"] or middle) if is_largest else middle
    mean = _correction("pilot_boost_in_table")
    return Tabled(boost - mean.value, mean.source, mean.confidence)


def _correction(name: str) -> Tabled:
    row = next(r for r in table("cn_corrections") if r["name"] == name)
    return Tabled(float(row["value_dB"]), row["source"], row["confidence"])


def antenna_gain(antenna: ReceivingAntenna, frequency_mhz: float) -> Tabled:
    """Gain of a receiving antenna over a half-wave dipole [dBd]."""
    value, source, confidence = _antenna(antenna, frequency_mhz, "gain_dBd")
    return Tabled(value, f"{antenna} antenna, {source}", confidence)


def feeder_loss(antenna: ReceivingAntenna, frequency_mhz: float) -> Tabled:
    """Loss between a receiving antenna and the receiver [dB]."""
    return _antenna(antenna, frequency_mhz, "feeder_loss_dB")


def _antenna(antenna: ReceivingAntenna, frequency_mhz: float, column: str) -> Tabled:
    is_vhf = band(frequency_mhz) == "III"
    rows = [
        row
        for row in table("rx_antenna_feeder")
        if row["reception"] == _ANTENNA_ROWS[antenna]
        and row["band"] != "I"
        and (row["band"] == "III") == is_vhf
        # The rounded figures of a published example at 650 MHz are no reference frequency.
        and not (antenna == "rooftop" and row["band"] == "IV/V")
    ]
    return _at_frequency(rows, "f_ref_MHz", column, frequency_mhz)


def height_loss(environment: HeightLoss, frequency_mhz: float) -> Tabled:
    """Loss from 10 m down to 1.5 m above ground [dB]."""
    rows = [r for r in table("height_loss") if r["environment"].startswith(environment)]
    return _at_frequency(rows, "f_MHz", "Lh_dB", frequency_mhz)


def _at_frequency(
    rows: Sequence[dict[str, str]], at: str, column: str, frequency_mhz: float
) -> Tabled:
    """Value at a frequency between the rows' frequencies, linear in log f."""
    ordered = sorted(rows, key=lambda row: float(row[at]))
    for row in ordered:
        if float(row[at]) == frequency_mhz:
            return Tabled(float(row[column]), row["source"], row["confidence"])
    for row, is_beyond in (
        (ordered[0], frequency_mhz < float(ordered[0][at])),
        (ordered[-1], frequency_mhz > float(ordered[-1][at])),
    ):
        if is_beyond:
            source = f"{row['source']} at {row[at]} MHz"
            return Tabled(float(row[column]), source, row["confidence"])
    below, above = next(
        pair for pair in itertools.pairwise(ordered) if frequency_mhz < float(pair[1][at])
    )
    f1, f2 = float(below[at]), float(above[at])
    v1, v2 = float(below[column]), float(above[column])
    value = v1 + (v2 - v1) * math.log(frequency_mhz / f1) / math.log(f2 / f1)
    source = f"{below['source']}; log f from {below[at]} to {above[at]} MHz"
    return Tabled(value, source, weakest((below["confidence"], above["confidence"])))


def man_made_noise(
    antenna: ReceivingAntenna, environment: Environment, frequency_mhz: float
) -> Tabled:
    """Allowance for man-made noise [dB]."""
    name = "III" if band(frequency_mhz) == "III" else "IV/V"
    row = next(
        r
        for r in table("man_made_noise")
        if (r["environment"], r["band"], r["rx_antenna"])
        == (environment, name, _NOISE_ROWS[antenna])
    )
    source = f"{row['source']}: {row['rx_antenna']} antenna, {environment}"
    return Tabled(float(row["Pmmn_dB"]), source, row["confidence"])


def building_entry(building: Building, frequency_mhz: float) -> tuple[Tabled, Tabled]:
    """Mean loss into a building and its spread [dB]; Band III knows one kind only."""
    is_vhf = band(frequency_mhz) == "III"
    return _entry("building, generic" if is_vhf else _BUILDING_ROWS[building], is_vhf=is_vhf)


def vehicle_entry(frequency_mhz: float) -> tuple[Tabled, Tabled]:
    """Mean loss into a vehicle and its spread [dB]."""
    return _entry("vehicle", is_vhf=band(frequency_mhz) == "III")


def _entry(case: str, *, is_vhf: bool) -> tuple[Tabled, Tabled]:
    row = next(
        r
        for r in table("building_entry_loss")
        if r["case"].startswith(case) and (r["band"] == "III") == is_vhf
    )
    source = f"{row['source']}: {row['case']}"
    return (
        Tabled(float(row["mean_dB"]), source, row["confidence"]),
        Tabled(float(row["sigma_dB"]), source, row["confidence"]),
    )
