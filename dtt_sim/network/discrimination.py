"""What a directive receiving antenna takes off signals from elsewhere; Rec. ITU-R BT.419-3."""

from __future__ import annotations

from typing import NamedTuple

from dtt_sim._jit import inline_kernel
from dtt_sim.tables import table


class Discrimination(NamedTuple):
    """A receiving antenna's envelope.

    Attributes
    ----------
    flat_deg, ramp_deg : float
        No discrimination up to the first angle off the axis, all of it from the second on [deg].
    most_db, cross_polar_db : float
        Largest discrimination, and that against the other polarisation at any angle [dB].
    """

    flat_deg: float
    ramp_deg: float
    most_db: float
    cross_polar_db: float


OMNIDIRECTIONAL = Discrimination(180.0, 360.0, 0.0, 0.0)
"""Portable and mobile reception."""


def discrimination_of_band(band: str) -> tuple[Discrimination, str]:
    """Envelope of rooftop antennas in a band, and how sure it is.

    Raises
    ------
    ValueError
        A band that the Recommendation does not have.
    """
    rows = table("antenna_discrimination")
    for row in rows:
        if row["band"] == band:
            found = Discrimination(
                float(row["flat_to_deg"]), float(row["ramp_to_deg"]),
                float(row["discrimination_dB"]), float(row["cross_polar_dB"]),
            )  # fmt: skip
            return found, row["confidence"]
    msg = f"band {band!r} has no receiving antenna; use {', '.join(row['band'] for row in rows)}"
    raise ValueError(msg)


@inline_kernel
def discrimination_db(off_axis_deg: float, is_cross_polar: bool, antenna: Discrimination) -> float:
    """Discrimination against a signal from an angle off the axis [dB], not below zero.

    Directivity and polarisation are not added: against the other polarisation the whole envelope is
    the cross-polar value.
    """
    if is_cross_polar:
        return antenna.cross_polar_db
    angle = abs(off_axis_deg)
    if angle >= 360.0:  # the remainder costs more than all the rest
        angle %= 360.0
    angle = 360.0 - angle if angle > 180.0 else angle
    if angle <= antenna.flat_deg:
        return 0.0
    part = min((angle - antenna.flat_deg) / (antenna.ramp_deg - antenna.flat_deg), 1.0)
    return part * antenna.most_db
