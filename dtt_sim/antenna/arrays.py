"""Patterns of antennas made of panels: round a mast, and one above the other.

Both sums are of far fields in one plane. Panels are taken as the single panel's pattern: what mast
and neighbours do to it is not modelled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dtt_sim.antenna.formats.cuts import DEEPEST_DB
from dtt_sim.antenna.pattern import horizontal_attenuation_db, vertical_attenuation_db
from dtt_sim.model import HorizontalPattern, VerticalPattern
from dtt_sim.typing import Float64Array
from dtt_sim.units import SPEED_OF_LIGHT_KM_PER_US

Sum = Literal["field", "power"]
MAX_PANELS = 64


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel, or one column of panels, on a mast.

    Attributes
    ----------
    bearing_deg : float
        Azimuth that it faces, clockwise from true north [deg].
    power_share : float
        Share of the power fed to the antenna; shares are taken relative to their sum.
    phase_deg : float
        Phase of its feed, a lag negative [deg].
    offset_m : float
        Distance of its centre of phase from the axis of the mast [m].
    offset_azimuth_deg : float or None
        Azimuth in which the centre of phase lies [deg]; None: its bearing.
    """

    bearing_deg: float
    power_share: float = 1.0
    phase_deg: float = 0.0
    offset_m: float = 0.0
    offset_azimuth_deg: float | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that are no panel."""
        numbers = (self.bearing_deg, self.phase_deg, self.offset_m, self.offset_azimuth_deg or 0.0)
        if not all(math.isfinite(v) for v in numbers):
            msg = f"panel at {self.bearing_deg}: every value must be a finite number"
            raise ValueError(msg)
        if not (math.isfinite(self.power_share) and self.power_share > 0.0):
            msg = (
                f"panel at {self.bearing_deg:g}: power share {self.power_share:g}; give more than 0"
            )
            raise ValueError(msg)
        if not 0.0 <= self.offset_m <= 20.0:
            msg = f"panel at {self.bearing_deg:g}: offset {self.offset_m:g} m; give 0 to 20"
            raise ValueError(msg)


def combine_horizontal(
    element: HorizontalPattern,
    panels: Sequence[Panel],
    *,
    how: Sum = "field",
    frequency_mhz: float | None = None,
) -> tuple[HorizontalPattern, float]:
    """Horizontal pattern of panels round a mast, every degree, and its gain over the element [dB].

    Parameters
    ----------
    element : HorizontalPattern
        Of one panel that faces north.
    panels : sequence of Panel
    how : {"field", "power"}
        "field" adds fields by their geometry: a panel of share w at bearing β, whose centre of
        phase lies r from the axis in azimuth α, radiates towards φ with the amplitude
        sqrt(w) f(φ - β) and the phase ψ + k r cos(φ - α), where f is the field of the element,
        ψ the phase of the feed and k = 2π / λ. The sum has the lobes and nulls of panels that are
        wavelengths apart; it needs the frequency where an offset is given, and is as exact as the
        offsets are. "power" adds powers, w f²: the mean over phases that nobody knows or that vary
        over the channel.
    frequency_mhz : float or None
        For the offsets [MHz].

    Returns
    -------
    pattern : HorizontalPattern
        Relative to its maximum.
    gain_db : float
        Maximum of the sum over that of one panel fed with the whole power [dB].

    Raises
    ------
    ValueError
        No panel or too many, an offset without a frequency, fields that cancel everywhere.
    """
    if not 1 <= len(panels) <= MAX_PANELS:
        msg = f"{len(panels)} panels; give 1 to {MAX_PANELS}"
        raise ValueError(msg)
    wave_number = _wave_number(frequency_mhz, any(p.offset_m for p in panels) and how == "field")
    azimuth = np.arange(360.0)
    shares = np.array([p.power_share for p in panels]) / sum(p.power_share for p in panels)
    field = np.zeros(360, np.complex128)
    power = np.zeros(360)
    for share, panel in zip(shares.tolist(), panels, strict=True):
        off = horizontal_attenuation_db(element, azimuth - panel.bearing_deg)
        amplitude = np.sqrt(share) * 10.0 ** (-off / 20.0)
        at = panel.bearing_deg if panel.offset_azimuth_deg is None else panel.offset_azimuth_deg
        path = wave_number * panel.offset_m * np.cos(np.radians(azimuth - at))
        field += amplitude * np.exp(1j * (math.radians(panel.phase_deg) + path))
        power += amplitude**2
    total = np.abs(field) ** 2 if how == "field" else power
    attenuation, gain_db = _below_maximum(total)
    return HorizontalPattern(tuple(azimuth.tolist()), attenuation), gain_db


def stack_vertical(
    element: VerticalPattern,
    levels: int,
    spacing_wavelengths: float = 1.0,
    tilt_deg: float = 0.0,
    null_fill: float = 0.0,
) -> tuple[VerticalPattern, float]:
    """Vertical pattern of equal levels one above the other, and its gain over one level [dB].

    The fields of the levels are added: level n lies n d above the lowest, is fed with the phase
    that turns the beam down by `tilt_deg`, and radiates towards the elevation e with the phase
    k n d (sin e + sin tilt). Nulls are exact zeros while all levels have the same amplitude;
    `null_fill` lets the amplitude fall linearly from the lowest level to the highest.

    Parameters
    ----------
    element : VerticalPattern
        Of one level.
    levels : int
        1 to 64.
    spacing_wavelengths : float
        Between levels [wavelengths].
    tilt_deg : float
        Electrical tilt, downwards positive [deg]; part of the pattern.
    null_fill : float
        0 for equal amplitudes, up to 1 for a highest level of half the amplitude of the lowest.

    Returns
    -------
    pattern : VerticalPattern
        In steps of 0.1 degrees from -90 to 90, relative to its maximum.
    gain_db : float
        Over one level fed with the whole power [dB].
    """
    if not 1 <= levels <= MAX_PANELS:
        msg = f"{levels} levels; give 1 to {MAX_PANELS}"
        raise ValueError(msg)
    if not 0.0 < spacing_wavelengths <= 5.0:
        msg = f"spacing of {spacing_wavelengths:g} wavelengths; give more than 0, up to 5"
        raise ValueError(msg)
    if not (-30.0 <= tilt_deg <= 30.0 and 0.0 <= null_fill <= 1.0):
        msg = f"tilt {tilt_deg:g}, null fill {null_fill:g}; give -30 to 30 and 0 to 1"
        raise ValueError(msg)
    elevation = np.round(np.arange(-900, 901) / 10.0, 1)
    amplitude = 1.0 - 0.5 * null_fill * np.arange(levels) / max(levels - 1, 1)
    amplitude /= np.sqrt((amplitude**2).sum())
    slope = np.sin(np.radians(elevation)) + math.sin(math.radians(tilt_deg))
    phase = 2.0 * np.pi * spacing_wavelengths * np.outer(np.arange(levels), slope)
    sum_of_levels = np.abs((amplitude[:, None] * np.exp(1j * phase)).sum(axis=0))
    off = vertical_attenuation_db(element, elevation)
    attenuation, gain_db = _below_maximum((sum_of_levels * 10.0 ** (-off / 20.0)) ** 2)
    return VerticalPattern(tuple(elevation.tolist()), attenuation), gain_db


def _wave_number(frequency_mhz: float | None, is_needed: bool) -> float:
    """2π over the wavelength [rad/m]; 0 where no offset asks for it."""
    if not is_needed:
        return 0.0
    if frequency_mhz is None or not (math.isfinite(frequency_mhz) and frequency_mhz > 0.0):
        msg = "panels with an offset are added by the wavelength; give the frequency in MHz"
        raise ValueError(msg)
    return 2.0 * math.pi * frequency_mhz / (1e3 * SPEED_OF_LIGHT_KM_PER_US)


def _below_maximum(power: Float64Array) -> tuple[tuple[float, ...], float]:
    most = float(power.max())
    if most < 1e-12:
        msg = "the fields of the panels cancel everywhere; check the phases"
        raise ValueError(msg)
    relative = np.maximum(power / most, 10.0 ** (-DEEPEST_DB / 10.0))
    attenuation = np.maximum(np.round(-10.0 * np.log10(relative), 6), 0.0)
    return tuple((attenuation + 0.0).tolist()), 10.0 * math.log10(most)
