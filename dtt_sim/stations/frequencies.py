"""Channel or frequency from what a cell says: "33", "K33", "UHF 33", "R6", "570 MHz"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dtt_sim.antenna.channels import RASTERS, channels, find_channel
from dtt_sim.scenario.transmitters import RANGES
from dtt_sim.stations.fields import FREQUENCY_UNITS, unit_of
from dtt_sim.stations.names import fold
from dtt_sim.stations.numbers import number, parts

_MHZ = {"MHz": 1.0, "kHz": 1e-3, "Hz": 1e-6, "GHz": 1e3}
_NAMED = re.compile(
    r"(?i)(?:(UHF|VHF)[\s_-]*)?(?:(CHANNEL|KÊNH|KENH|CH|K|R|E|U|C)[\s._-]*)?(\d{1,2})"
)
_RANGE = re.compile(r"([\d.,]+)\s*(?:-|–|\.\.|to|đến)\s*([\d.,]+)\s*(MHz)?", re.IGNORECASE)
_RASTER_NAMES = {
    "uhf": "UHF", "iv": "UHF", "v": "UHF", "iv v": "UHF", "vhf dk": "VHF_DK", "vhf d k": "VHF_DK",
    "dk": "VHF_DK", "d k": "VHF_DK", "vhf b": "VHF_B", "b": "VHF_B", "vhf": "VHF",
    "iii": "VHF", "band iii": "VHF", "band iv": "UHF", "band v": "UHF", "bang uhf": "UHF",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tuning:
    """Where a station is in the band: a channel in a raster, or a frequency.

    Attributes
    ----------
    channel, raster : str
        "" where a frequency is given.
    frequency_mhz : float or None
        [MHz].
    note : str
        What was understood, where the cell does not say it plainly.
    is_doubted : bool
    """

    channel: str = ""
    raster: str = ""
    frequency_mhz: float | None = None
    note: str = ""
    is_doubted: bool = False


def parse_raster(text: str) -> str:
    """Raster by its name or a band's: UHF, VHF_DK, VHF_B, or VHF for either of these.

    Raises
    ------
    ValueError
        No raster or band of that name.
    """
    if not text or text in RASTERS:
        return text
    known = _RASTER_NAMES.get(fold(text))
    if known is None:
        msg = f"{text!r} is no channel raster; use one of {', '.join(RASTERS)}"
        raise ValueError(msg)
    return known


def parse_channel(text: str, raster: str, default: str = "") -> Tuning:
    """A channel, or a frequency in a column of channels.

    Parameters
    ----------
    text : str
    raster : str
        What the row says of the raster; "" or "VHF" leave it to the channel's name.
    default : str
        Raster of VHF channels whose name does not tell.

    Raises
    ------
    ValueError
        No channel, one of a VHF raster that is not told, or several.

    Examples
    --------
    >>> parse_channel("K33", "").channel, parse_channel("R6", "").raster
    ('33', 'VHF_DK')
    >>> parse_channel("570 MHz", "").frequency_mhz
    570.0
    """
    ranged = _RANGE.fullmatch(text)
    if ranged:
        return _between(number(ranged[1], "."), number(ranged[2], "."), text)
    found = parts(text)
    if found and unit_of(found[1], FREQUENCY_UNITS):
        return Tuning(frequency_mhz=parse_frequency_mhz(text, ""))
    named = _NAMED.fullmatch(re.sub(r"\s*\(.*\)$", "", text).strip())
    if named:
        return _channel(named, raster, default, text)
    if found and not found[1] and re.fullmatch(r"\d{3,4}(?:[.,]\d+)?", found[0]):
        mhz = number(found[0], ".")
        return Tuning(frequency_mhz=mhz, note=f"{text!r} is no channel: taken as {mhz:g} MHz",
                      is_doubted=True)  # fmt: skip
    if re.search(r"\d\D*[,;/+&]\s*\D*\d", text):
        msg = f"{text!r} names several channels; give a row for each"
        raise ValueError(msg)
    msg = f"{text!r} is no channel; write 33, K33, UHF 33, R6, E5 or 570 MHz"
    raise ValueError(msg)


def _channel(named: re.Match[str], raster: str, default: str, text: str) -> Tuning:
    band, letter, digits = named.groups()
    value = str(int(digits))
    own = "" if raster == "VHF" else raster
    if not own and (letter or "").upper() == "R":
        own = "VHF_DK"
    if not own and int(value) >= int(channels("UHF")[0].number):
        own = "UHF"
    if not own and (letter or "").upper() == "E":
        own = "VHF_B"
    own = own or default
    if not own:
        msg = (
            f"channel {text!r} is of a VHF raster: D/K and B put it elsewhere; write R{value} or "
            f"E{value}, give a column channel_raster, or use --raster"
        )
        raise ValueError(msg)
    if band and band.upper() not in own:
        msg = f"channel {text!r} is said to be {band.upper()}, and its raster {own}; correct one"
        raise ValueError(msg)
    found = find_channel(value, own)
    plain = text in {value, f"K{value}"} or text == found.number
    return Tuning(found.number, own, note="" if plain else f"{text!r} -> {own} channel {value}")


def _between(low_mhz: float, high_mhz: float, text: str) -> Tuning:
    """The channel with these edges, or the centre between them."""
    for raster in RASTERS:
        for one in channels(raster):
            if (one.low_mhz, one.high_mhz) == (low_mhz, high_mhz):
                return Tuning(one.number, raster, note=f"{text!r} -> {raster} channel {one.number}")
    if not 1.0 <= high_mhz - low_mhz <= 10.0:
        msg = f"{text!r} is no channel's range; give one channel, or the frequency of its centre"
        raise ValueError(msg)
    centre = 0.5 * (low_mhz + high_mhz)
    return Tuning(frequency_mhz=centre, note=f"{text!r}: centre {centre:g} MHz")


def parse_frequency_mhz(text: str, unit: str, mark: str = "") -> float:
    """A frequency [MHz], its unit from the cell, else the heading, else MHz.

    Raises
    ------
    ValueError
        No number, or a unit that is none of frequency.

    Examples
    --------
    >>> parse_frequency_mhz("570000 kHz", ""), parse_frequency_mhz("0.57", "GHz")
    (570.0, 570.0)
    """
    found = parts(text)
    own = unit_of(found[1], FREQUENCY_UNITS) if found and found[1] else unit or "MHz"
    if found is None or not own:
        msg = f"{text!r} is not a frequency; write a number and {', '.join(FREQUENCY_UNITS)}"
        raise ValueError(msg)
    scale = _MHZ[own]
    low, high = RANGES["frequency_mhz"]
    return float(f"{number(found[0], mark, (low / scale, high / scale)) * scale:.12g}")


def agree(tuning: Tuning, frequency_mhz: float) -> bool:
    """Whether a frequency is the centre, or the vision carrier, of a channel."""
    one = find_channel(tuning.channel, tuning.raster)
    return min(abs(frequency_mhz - one.centre_mhz), abs(frequency_mhz - one.vision_mhz)) < 0.2
