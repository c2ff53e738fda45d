"""Television channels by name: UHF (8 MHz), VHF D/K (8 MHz), VHF B (7 MHz).

A DVB signal lies on the centre of its channel; an analogue one is planned at its vision carrier.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache

from dtt_sim.tables import table

RASTERS = {"UHF": ("", "K"), "VHF_DK": ("R", "K"), "VHF_B": ("E", "K")}
"""Raster names, and the letters that people write before a channel's number."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of a raster.

    Attributes
    ----------
    raster, number : str
        "UHF" and "33".
    bandwidth_mhz, low_mhz, high_mhz : float
        Width and edges [MHz].
    centre_mhz : float
        Centre, the frequency of a DVB signal [MHz].
    vision_mhz : float
        Vision carrier of an analogue signal [MHz].
    sound_dk_mhz, sound_bg_mhz : float or None
        Sound carrier of systems D/K and B/G, where the raster has them [MHz].
    band : str
        "I", "II", "III", "IV" or "V".
    """

    raster: str
    number: str
    bandwidth_mhz: float
    low_mhz: float
    high_mhz: float
    centre_mhz: float
    vision_mhz: float
    sound_dk_mhz: float | None
    sound_bg_mhz: float | None
    band: str


@cache
def channels(raster: str = "UHF") -> tuple[Channel, ...]:
    """All channels of a raster, ascending.

    Raises
    ------
    ValueError
        No such raster; names those there are.
    """
    if raster not in RASTERS:
        near = difflib.get_close_matches(raster.upper(), RASTERS, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        msg = f"channel raster {raster!r} is not known; use one of {', '.join(RASTERS)}{hint}"
        raise ValueError(msg)
    return tuple(
        Channel(
            raster,
            row["channel"],
            float(row["bw_MHz"]),
            float(row["low_MHz"]),
            float(row["high_MHz"]),
            float(row["centre_MHz"]),
            float(row["vision_MHz"]),
            float(row["sound_DK_MHz"]) if row["sound_DK_MHz"] else None,
            float(row["sound_BG_MHz"]) if row["sound_BG_MHz"] else None,
            row["band"],
        )
        for row in table("tv_channels")
        if row["raster"] == raster
    )


def find_channel(channel: str, raster: str = "UHF") -> Channel:
    """A channel by its name; "33" and "K33", in VHF also "R6" and "E5".

    >>> find_channel("K33").vision_mhz
    567.25

    Raises
    ------
    ValueError
        No such raster, or no such channel in it; says from where to where it runs.
    """
    found = channels(raster)
    name = str(channel).strip().upper()
    for prefix in RASTERS[raster]:
        name = name.removeprefix(prefix)
    for one in found:
        if one.number == name:
            return one
    first, last = found[0], found[-1]
    msg = (
        f"channel {channel!r} is not in raster {raster}; "
        f"use {first.number} to {last.number} ({first.low_mhz:g}-{last.high_mhz:g} MHz)"
    )
    raise ValueError(msg)
