"""Television channels by name: UHF (8 MHz), VHF D/K (8 MHz), VHF B (7 MHz)."""

from __future__ import annotations

from typing import Literal

from dtt_sim.tables import table

Raster = Literal["UHF", "VHF_DK", "VHF_B"]
_PREFIX = {"UHF": "", "VHF_DK": "R", "VHF_B": "E"}


def channel_frequency_mhz(channel: str, raster: str = "UHF") -> float:
    """Centre frequency of a channel [MHz].

    >>> channel_frequency_mhz("33")
    570.0

    Raises
    ------
    ValueError
        No such raster, or no such channel in it; names what there is.
    """
    if raster not in _PREFIX:
        msg = f"channel raster {raster!r}; use one of {', '.join(_PREFIX)}"
        raise ValueError(msg)
    prefix = _PREFIX[raster]
    name = channel.strip().upper().removeprefix("K").removeprefix(prefix)
    rows = {
        row["channel"].removeprefix(prefix): row
        for row in table("tv_channels")
        if (row["channel"].startswith(prefix) if prefix else row["channel"].isdigit())
    }
    if name not in rows:
        first, *_, last = rows
        msg = f"channel {channel!r} is not in raster {raster}; it runs from {first} to {last}"
        raise ValueError(msg)
    return float(rows[name]["centre_MHz"])
