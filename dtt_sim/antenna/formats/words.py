"""Gains, frequencies and polarisations as files write them."""

from __future__ import annotations

import re

from dtt_sim.antenna.formats.source import Source
from dtt_sim.units import EIRP_OVER_ERP_DB

_FREQUENCY_UNIT = {"": 1.0, "khz": 1e-3, "mhz": 1.0, "ghz": 1e3}
_POLARISATION = {
    "v": "vertical", "ver": "vertical", "vert": "vertical", "vertical": "vertical", "0": "vertical",
    "h": "horizontal", "hor": "horizontal", "horiz": "horizontal", "horizontal": "horizontal",
}  # fmt: skip


def gain_dbd(source: Source, line: int, text: str, unit: str) -> float:
    """Gain over a half-wave dipole of a number and "dBd" or "dBi" [dB]."""
    value = source.number(line, "gain", text, comma=True)
    if unit.lower() not in {"dbd", "dbi"}:
        source.fail(line, f"gain in {unit!r}; give dBd or dBi")
    return round(value - (EIRP_OVER_ERP_DB if unit.lower() == "dbi" else 0.0), 6)


def frequency_mhz(source: Source, line: int, text: str) -> tuple[float, float] | None:
    """Lowest and highest frequency of "598", "470-860 MHz" or "0.6 GHz"; None where empty."""
    found = re.fullmatch(
        r"([\d.,]+)\s*(?:(?:-|–|to|\.\.)\s*([\d.,]+))?\s*(khz|mhz|ghz)?", text.strip().lower()
    )
    if found is None:
        if text.strip():
            source.note(f"line {line}: frequency {text.strip()!r} is not understood; left out")
        return None
    unit = _FREQUENCY_UNIT[found[3] or ""]
    ends = [
        source.number(line, "frequency", one, comma=True) * unit
        for one in (found[1], found[2] or found[1])
    ]
    return (min(ends), max(ends)) if min(ends) > 0.0 else None


def polarisation(text: str) -> str:
    """Polarisation as "horizontal" or "vertical" where the word is one of theirs, else as it is.

    >>> polarisation("V"), polarisation("+45")
    ('vertical', '+45')
    """
    word = text.strip()
    return _POLARISATION.get(word.lower(), word)


def frequency_text(frequency: tuple[float, float] | None) -> str:
    """One frequency or a range as files write it, "" for none."""
    if frequency is None:
        return ""
    low, high = frequency
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"
