"""The nouns of broadcast planning, as frozen and validated dataclasses.

These are what every layer passes to the next. They hold plain numbers: how a pattern attenuates is
:mod:`dtt_sim.antenna`'s business, what a mode needs is :mod:`dtt_sim.network`'s.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from dtt_sim.typing import Polarisation
from dtt_sim.units import kw_to_dbw


@dataclass(frozen=True, slots=True)
class HorizontalPattern:
    """Horizontal radiation pattern of a transmitting antenna.

    Attributes
    ----------
    azimuth_deg : tuple of float
        Azimuths, clockwise from true north, ascending in [0, 360) [deg]; any step.
    attenuation_db : tuple of float
        Attenuation below the maximum at each azimuth, positive = less power [dB].
    """

    azimuth_deg: tuple[float, ...]
    attenuation_db: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse tables that do not describe a pattern."""
        _check_pattern("horizontal pattern", self.azimuth_deg, self.attenuation_db)
        if not (self.azimuth_deg[0] >= 0.0 and self.azimuth_deg[-1] < 360.0):
            msg = "horizontal pattern: azimuths must lie in [0, 360) degrees"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class VerticalPattern:
    """Vertical radiation pattern of a transmitting antenna, before any tilt.

    Attributes
    ----------
    elevation_deg : tuple of float
        Elevation angles, positive above the horizon, ascending in [-90, 90] [deg].
    attenuation_db : tuple of float
        Attenuation below the maximum at each elevation, positive = less power [dB].
    """

    elevation_deg: tuple[float, ...]
    attenuation_db: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse tables that do not describe a pattern."""
        _check_pattern("vertical pattern", self.elevation_deg, self.attenuation_db)
        if not (self.elevation_deg[0] >= -90.0 and self.elevation_deg[-1] <= 90.0):
            msg = "vertical pattern: elevations must lie in [-90, 90] degrees"
            raise ValueError(msg)


def _check_pattern(
    name: str, angle_deg: tuple[float, ...], attenuation_db: tuple[float, ...]
) -> None:
    if len(angle_deg) != len(attenuation_db) or not angle_deg:
        msg = (
            f"{name}: {len(angle_deg)} angles and {len(attenuation_db)} attenuations; give one each"
        )
        raise ValueError(msg)
    if not all(math.isfinite(v) for v in (*angle_deg, *attenuation_db)):
        msg = f"{name}: every angle and attenuation must be a finite number"
        raise ValueError(msg)
    if any(b <= a for a, b in itertools.pairwise(angle_deg)):
        msg = f"{name}: angles must ascend without repeats"
        raise ValueError(msg)
    if min(attenuation_db) < -0.01:
        msg = f"{name}: attenuation {min(attenuation_db)} dB is negative; give dB below the maximum"
        raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Antenna:
    """Transmitting antenna: patterns and how the array is tilted.

    Attributes
    ----------
    horizontal, vertical : pattern or None
        None radiates equally in that plane.
    electrical_tilt_deg : float
        Beam tilt common to all azimuths, downwards positive [deg].
    mechanical_tilt_deg : float
        Tilt of the mounting, downwards positive towards `mechanical_tilt_azimuth_deg` [deg].
    mechanical_tilt_azimuth_deg : float
        Azimuth towards which the mounting leans, clockwise from true north [deg].
    """

    horizontal: HorizontalPattern | None = None
    vertical: VerticalPattern | None = None
    electrical_tilt_deg: float = 0.0
    mechanical_tilt_deg: float = 0.0
    mechanical_tilt_azimuth_deg: float = 0.0


OMNIDIRECTIONAL = Antenna()


@dataclass(frozen=True, slots=True)
class Transmitter:
    """One transmitter: a multiplex, or an analogue programme, radiated from a mast.

    Attributes
    ----------
    id : str
        Unique, used in file names: letters, digits, ``_`` and ``-``.
    site : str
        Name of the site as people know it.
    lat_deg, lon_deg : float
        WGS84 position [deg].
    height_agl_m, height_amsl_m : float or None
        Height of the antenna's electrical centre above ground or above sea [m]; exactly one.
    erp_kw : float
        Radiated power in the direction of the maximum, relative to a half-wave dipole; at the peak
        of the vision carrier's synchronising pulses if analogue [kW].
    frequency_mhz : float
        Centre frequency; the vision carrier if analogue [MHz].
    multiplex : str
        Id of the multiplex, or analogue service, that is carried.
    polarisation : {"horizontal", "vertical"}
    antenna : Antenna
    delay_us : float
        Static delay in a single-frequency network [µs].
    channel : str
        Channel name for people ("33"), empty when only a frequency was given.
    line_offset : int
        Of an analogue station: offset of its carriers in twelfths of the line frequency.
    precision_offset : bool
        Whether that offset is held to about 1 Hz.
    ground_amsl_m : float or None
        Height of the ground at the mast as the station list has it [m]. Nothing is computed from
        it: it is compared with the terrain.
    """

    id: str
    site: str
    lat_deg: float
    lon_deg: float
    erp_kw: float
    frequency_mhz: float
    multiplex: str
    height_agl_m: float | None = None
    height_amsl_m: float | None = None
    polarisation: Polarisation = "horizontal"
    antenna: Antenna = OMNIDIRECTIONAL
    delay_us: float = 0.0
    channel: str = ""
    line_offset: int = 0
    precision_offset: bool = False
    ground_amsl_m: float | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be a transmitter."""
        if (self.height_agl_m is None) == (self.height_amsl_m is None):
            msg = f"transmitter {self.id!r}: give height_agl_m or height_amsl_m, one of the two"
            raise ValueError(msg)
        if not (-90.0 < self.lat_deg < 90.0 and -180.0 <= self.lon_deg <= 180.0):
            msg = f"transmitter {self.id!r}: {self.lat_deg}, {self.lon_deg} is not a position"
            raise ValueError(msg)
        if not (math.isfinite(self.erp_kw) and self.erp_kw > 0.0):
            msg = f"transmitter {self.id!r}: erp_kw = {self.erp_kw}; give a power above zero"
            raise ValueError(msg)

    @property
    def erp_dbw(self) -> float:
        """Radiated power in the maximum, dipole-referred [dBW]."""
        return kw_to_dbw(self.erp_kw)
