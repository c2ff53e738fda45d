"""Decibels, powers and angles: the conversions, each once."""

from __future__ import annotations

import math

EIRP_OVER_ERP_DB = 2.15
"""Gain of a half-wave dipole over an isotropic radiator [dB] (ERP is dipole-referred)."""

SPEED_OF_LIGHT_KM_PER_US = 0.299792458
"""Propagation speed [km/µs]."""


def kw_to_dbw(power_kw: float) -> float:
    """Power in kW to dBW.

    >>> kw_to_dbw(10.0)
    40.0
    """
    return 10.0 * math.log10(power_kw) + 30.0


def dbw_to_kw(power_dbw: float) -> float:
    """Power in dBW to kW."""
    return float(10.0 ** (0.1 * power_dbw - 3.0))


def eirp_kw_to_erp_kw(eirp_kw: float) -> float:
    """EIRP to ERP (half-wave dipole), both in kW.

    >>> round(eirp_kw_to_erp_kw(16.4), 2)
    10.0
    """
    return eirp_kw / float(10.0 ** (0.1 * EIRP_OVER_ERP_DB))
