"""What an antenna file says, in the program's own conventions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dtt_sim.errors import DttSimError
from dtt_sim.model import HorizontalPattern, VerticalPattern


class AntennaFileError(DttSimError, ValueError):
    """An antenna file that cannot be read, or would be read wrongly; by file and line."""


@dataclass(frozen=True, slots=True)
class AntennaRecord:
    """An antenna: its two cuts, and what its file says about it.

    Attributes
    ----------
    horizontal, vertical : pattern or None
        None where the file has no such cut. A tilt that the maker has built in is part of the
        vertical cut.
    gain_dbd : float or None
        Gain in the maximum over a half-wave dipole [dB]; None where the file says nothing.
    name : str
        Maker and model as the file has them.
    frequency_mhz : tuple of float or None
        Lowest and highest frequency of the pattern [MHz].
    polarisation : str
        "horizontal", "vertical", another word of the file, or "".
    electrical_tilt_deg : float or None
        Beam tilt that the file states, downwards positive [deg]; part of the vertical cut already.
    mechanical_tilt_deg, mechanical_tilt_azimuth_deg : float
        Lean of the mounting that the file states, not part of the cuts [deg].
    format : str
        Key of the format in the registry, or "" for an antenna that is not from a file.
    notes : tuple of str
        What was assumed, left out or put right in reading.
    """

    horizontal: HorizontalPattern | None = None
    vertical: VerticalPattern | None = None
    gain_dbd: float | None = None
    name: str = ""
    frequency_mhz: tuple[float, float] | None = None
    polarisation: str = ""
    electrical_tilt_deg: float | None = None
    mechanical_tilt_deg: float = 0.0
    mechanical_tilt_azimuth_deg: float = 0.0
    format: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an antenna without a cut, and a gain that is no number."""
        if self.horizontal is None and self.vertical is None:
            msg = "an antenna needs a horizontal or a vertical cut; give one"
            raise ValueError(msg)
        if self.gain_dbd is not None and not math.isfinite(self.gain_dbd):
            msg = f"gain {self.gain_dbd} dBd is not a number; give one, or none"
            raise ValueError(msg)
