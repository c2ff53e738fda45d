"""What is worth knowing about an antenna at a glance."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.pattern import horizontal_attenuation_db, vertical_attenuation_db
from dtt_sim.model import HorizontalPattern, VerticalPattern
from dtt_sim.typing import Float64Array
from dtt_sim.units import EIRP_OVER_ERP_DB

HALF_POWER_DB = 3.0
STEP_DEG = 0.1
UPWARDS_DEG = 0.5
"""A beam above the horizon by more than this is a rare wish and a common mistake."""
BEHIND_DEG = 30.0
"""The front-to-back ratio looks at azimuths within this of the opposite direction."""


class Facts(NamedTuple):
    """Figures of an antenna, NaN where it has none.

    Attributes
    ----------
    azimuth_deg : float
        Of the maximum of the horizontal cut; the middle of a flat top [deg].
    horizontal_width_deg, vertical_width_deg : float
        Between the half-power directions of the main lobe [deg]; 360 or 180 where it never falls.
    front_to_back_db : float
        Least attenuation within `BEHIND_DEG` of the opposite direction [dB].
    tilt_deg : float
        Of the maximum of the vertical cut below the horizon [deg].
    horizon_db : float
        Attenuation of the vertical cut at the horizon [dB].
    directivity_dbd : float
        Of the field that the two cuts describe, over a half-wave dipole [dB]; NaN without both.
    """

    azimuth_deg: float
    horizontal_width_deg: float
    front_to_back_db: float
    vertical_width_deg: float
    tilt_deg: float
    horizon_db: float
    directivity_dbd: float


def facts(record: AntennaRecord) -> Facts:
    """Figures of an antenna, from its cuts in steps of a tenth of a degree."""
    azimuth = width = behind = math.nan
    if record.horizontal is not None:
        azimuth, width, behind = _horizontal(record.horizontal)
    height = tilt = horizon = math.nan
    if record.vertical is not None:
        tilt, height = _vertical(record.vertical)
        horizon = float(vertical_attenuation_db(record.vertical, 0.0))
    directivity = math.nan
    if record.horizontal is not None and record.vertical is not None:
        directivity = directivity_dbd(record.horizontal, record.vertical)
    return Facts(azimuth, width, behind, height, tilt, horizon, directivity)


def _horizontal(pattern: HorizontalPattern) -> tuple[float, float, float]:
    angles = np.arange(round(360.0 / STEP_DEG)) * STEP_DEG
    values = horizontal_attenuation_db(pattern, angles)
    best = _middle_round(values)
    # Turned so that the maximum is in the middle, the main lobe is one stretch.
    turned = np.roll(values, values.size // 2 - best)
    width = _width(turned - turned.min(), values.size // 2)
    azimuth = float(angles[best])
    around = azimuth + 180.0 + np.arange(-BEHIND_DEG, BEHIND_DEG + STEP_DEG / 2.0, STEP_DEG)
    behind = float(horizontal_attenuation_db(pattern, around).min() - values.min())
    return round(azimuth, 1), width, behind


def _middle_round(values: Float64Array) -> int:
    """Index of the maximum; the middle of the longest flat top, of equals the first from north."""
    is_top = values <= values.min() + 1e-9
    if is_top.all():
        return 0
    start = int(np.flatnonzero(~is_top)[0])
    order = np.roll(is_top, -start)
    tops = np.flatnonzero(order)
    runs = np.split(tops, np.flatnonzero(np.diff(tops) > 1) + 1)
    middles = [(-len(run), int((run[len(run) // 2] + start) % values.size)) for run in runs]
    return min(middles)[1]


def _vertical(pattern: VerticalPattern) -> tuple[float, float]:
    n = round(90.0 / STEP_DEG)
    angles = np.arange(-n, n + 1) * STEP_DEG
    values = vertical_attenuation_db(pattern, angles)
    tops = np.flatnonzero(values <= values.min() + 1e-9)
    nearest = tops[np.argmin(np.abs(angles[tops]))]
    run = next(r for r in np.split(tops, np.flatnonzero(np.diff(tops) > 1) + 1) if nearest in r)
    best = int(run[len(run) // 2])
    return round(-float(angles[best]), 1) + 0.0, _width(values - values.min(), best)


def _width(values: Float64Array, at: int) -> float:
    """Width of the stretch round an index that stays within half power [deg]."""
    right, left = (_crossing(side) for side in (values[at:], values[: at + 1][::-1]))
    if right is None and left is None:
        return round(values.size * STEP_DEG)
    ends = (values.size - 1 - at if right is None else right, at if left is None else left)
    return round(sum(ends) * STEP_DEG, 1)


def _crossing(values: Float64Array) -> float | None:
    """Steps from the first value to where half power is passed; None where it is not."""
    out = np.flatnonzero(values > HALF_POWER_DB)
    if not out.size:
        return None
    k = int(out[0])
    before, after = float(values[k - 1]), float(values[k])
    return k - 1 + (HALF_POWER_DB - before) / (after - before)


def directivity_dbd(horizontal: HorizontalPattern, vertical: VerticalPattern) -> float:
    """Directivity of the field that the two cuts describe together, over a half-wave dipole [dB].

    The power of the sum of the cuts over the sphere, 4π over its integral: with cuts that do not
    describe what lies between them it is off by a decibel or two.
    """
    azimuth = np.arange(0.0, 360.0, 1.0)
    elevation = np.arange(-89.75, 90.0, 0.5)
    around = 10.0 ** (-horizontal_attenuation_db(horizontal, azimuth) / 10.0)
    upright = 10.0 ** (-vertical_attenuation_db(vertical, elevation) / 10.0)
    # Both are relative to their maxima, so that the product's maximum is that of the two.
    around /= around.max()
    upright /= upright.max()
    weight = np.cos(np.radians(elevation))
    mean = around.mean() * float((upright * weight).sum() / weight.sum())
    return -10.0 * math.log10(mean) - EIRP_OVER_ERP_DB


def doubts(record: AntennaRecord, found: Facts) -> list[str]:
    """What in an antenna's figures does not fit together."""
    texts = []
    stated = record.electrical_tilt_deg
    if stated is not None and abs(found.tilt_deg - stated) > max(1.0, 0.5 * abs(stated)):
        texts.append(
            f"the file states an electrical tilt of {stated:g}°, the vertical cut has its maximum "
            f"{found.tilt_deg:g}° below the horizon"
        )
    if found.tilt_deg < -UPWARDS_DEG and (stated or 0.0) >= 0.0:
        texts.append(
            f"the beam points {-found.tilt_deg:g}° above the horizon: does the file count vertical "
            "angles the other way round?"
        )
    if record.gain_dbd is not None and record.gain_dbd > found.directivity_dbd + 1.5:
        texts.append(
            f"the stated gain of {record.gain_dbd:.1f} dBd is more than the cuts can have "
            f"({found.directivity_dbd:.1f} dBd): another antenna's cuts, dBi for dBd, or a narrow "
            "beam between the cuts"
        )
    return texts
