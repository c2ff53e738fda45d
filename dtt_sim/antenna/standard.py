"""Standard antennas by name: formulas, not measurements.

``NAME`` or ``NAME@BEARING``, the azimuth that the antenna faces: ``cardioid@120``. Behind a panel and
in the null of a cardioid a floor is assumed, as real ones have.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from dtt_sim.antenna.arrays import stack_vertical
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.model import HorizontalPattern, VerticalPattern
from dtt_sim.typing import Float64Array

PANEL_FLOOR_DB = 20.0
"""Front-to-back ratio assumed of a panel before its reflector [dB]."""
CARDIOID_FLOOR_DB = 30.0
DIPOLE_FLOOR_DB = 40.0
PANEL_SPACING_WAVELENGTHS = 1.0
"""Between the levels of a stack of panels."""
_NAME = re.compile(r"([a-z][a-z0-9_]*)(?:@([+-]?\d+(?:\.\d+)?))?", re.IGNORECASE)


class Standard(NamedTuple):
    """A standard antenna.

    Attributes
    ----------
    text : str
        What it is.
    around : callable or None
        Relative field at angles from its front [rad]; None: the same all round.
    upright : callable or None
        Relative field at elevations [rad]; None: the same everywhere.
    levels : int
        Of the stack whose level `upright` is.
    floor_db : float
    polarisation : str
    """

    text: str
    around: Callable[[Float64Array], Float64Array] | None
    upright: Callable[[Float64Array], Float64Array] | None
    levels: int = 1
    floor_db: float = DIPOLE_FLOOR_DB
    polarisation: str = ""


def _dipole(across: Float64Array) -> Float64Array:
    """Field of a half-wave dipole at an angle from the plane across it [rad]."""
    level = np.cos(across)
    safe = np.where(np.abs(level) < 1e-9, 1.0, level)
    field = np.cos(0.5 * np.pi * np.sin(across)) / safe
    return np.where(np.abs(level) < 1e-9, 0.0, np.abs(field))


def _reflector(from_front: Float64Array) -> Float64Array:
    """Field factor of a screen a quarter of a wavelength behind [-]; 0 behind the screen."""
    ahead = np.cos(from_front)
    return np.where(ahead > 0.0, np.sin(0.5 * np.pi * np.maximum(ahead, 0.0)), 0.0)


def _panel(from_front: Float64Array) -> Float64Array:
    return _dipole(from_front) * _reflector(from_front)


def _cardioid(from_front: Float64Array) -> Float64Array:
    return 0.5 * (1.0 + np.cos(from_front))


def _panels(levels: int) -> Standard:
    word = "panel" if levels == 1 else f"{levels} panels one above the other"
    return Standard(
        f"{word}: horizontal half-wave dipoles before a screen",
        _panel,
        _reflector,
        levels,
        PANEL_FLOOR_DB,
        "horizontal",
    )


STANDARDS: dict[str, Standard] = {
    "dipole_vertical": Standard(
        "half-wave dipole upright: the same all round", None, _dipole, polarisation="vertical"
    ),
    "dipole_horizontal": Standard(
        "half-wave dipole lying across its bearing: a figure of eight",
        _dipole,
        None,
        polarisation="horizontal",
    ),
    "cardioid": Standard(
        "cardioid, field (1 + cos)/2", _cardioid, None, floor_db=CARDIOID_FLOOR_DB
    ),
    "panel": _panels(1),
    "panel_2bay": _panels(2),
    "panel_4bay": _panels(4),
    "panel_6bay": _panels(6),
    "panel_8bay": _panels(8),
}


def is_standard(text: str) -> bool:
    """Whether a text names a standard antenna and no file."""
    found = _NAME.fullmatch(text.strip())
    return found is not None and found[1].lower() in STANDARDS


@cache
def standard_antenna(text: str) -> AntennaRecord:
    """Antenna of ``NAME`` or ``NAME@BEARING``.

    Raises
    ------
    ValueError
        No such name.

    Examples
    --------
    >>> standard_antenna("cardioid@90").horizontal.attenuation_db[90]
    0.0
    """
    found = _NAME.fullmatch(text.strip())
    if found is None or found[1].lower() not in STANDARDS:
        msg = f"{text!r} is no standard antenna; known are {', '.join(STANDARDS)}"
        raise ValueError(msg)
    one = STANDARDS[found[1].lower()]
    bearing = float(found[2] or 0.0)
    horizontal = vertical = None
    if one.around is not None:
        azimuth = np.arange(360.0)
        field = one.around(np.radians((azimuth - bearing + 180.0) % 360.0 - 180.0))
        horizontal = HorizontalPattern(tuple(azimuth.tolist()), _attenuation(field, one.floor_db))
    if one.upright is not None:
        elevation = np.round(np.arange(-900, 901) / 10.0, 1)
        table = _attenuation(one.upright(np.radians(elevation)), one.floor_db)
        vertical = VerticalPattern(tuple(elevation.tolist()), table)
        if one.levels > 1:
            vertical, _ = stack_vertical(vertical, one.levels, PANEL_SPACING_WAVELENGTHS)
    return AntennaRecord(
        horizontal,
        vertical,
        name=text.strip(),
        polarisation=one.polarisation,
        notes=(f"{one.text}; a formula, not a measurement",),
    )


def _attenuation(field: Float64Array, floor_db: float) -> tuple[float, ...]:
    level = np.maximum(field / field.max(), 10.0 ** (-floor_db / 20.0))
    return tuple((np.round(-20.0 * np.log10(level), 6) + 0.0).tolist())
