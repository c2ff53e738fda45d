"""Radiated power from what a list gives: ERP, EIRP, or a transmitter with its antenna and losses."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from dtt_sim.stations.fields import GAIN_UNITS, POWER_UNITS, unit_of
from dtt_sim.stations.numbers import number, parts
from dtt_sim.units import EIRP_OVER_ERP_DB, dbw_to_kw, eirp_kw_to_erp_kw, kw_to_dbw

_LINEAR_KW = {"kW": 1.0, "W": 1e-3, "mW": 1e-6, "MW": 1e3}
_OVER_DBW = {"dBW": 0.0, "dBm": -30.0, "dBk": 30.0}
_DIGITS = 6
"""Of a power that was converted: within 0.00003 dB."""
_SORTS = {"erp": "erp", "eirp": "eirp", "e.r.p.": "erp", "e.i.r.p.": "eirp", "pire": "eirp"}


@dataclass(frozen=True, slots=True)
class Power:
    """A power as a cell gives it.

    Attributes
    ----------
    value : float
    unit : str
        One of POWER_UNITS.
    sort : {"erp", "eirp", ""}
        What the cell itself says it is.
    """

    value: float
    unit: str
    sort: Literal["erp", "eirp", ""] = ""

    @property
    def kw(self) -> float:
        """The power [kW]."""
        if self.unit in _LINEAR_KW:
            return _tidy(self.value * _LINEAR_KW[self.unit], 12)
        return dbw_to_kw(self.value + _OVER_DBW[self.unit])

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.value:g} {self.unit}"


def _tidy(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def parse_power(text: str, unit: str, mark: str = "") -> Power:
    """A power, its unit from the cell or else from the heading.

    Raises
    ------
    ValueError
        No number, no unit, a unit that is none of power, or a linear power that is not above zero.

    Examples
    --------
    >>> parse_power("20 kW EIRP", "").sort, parse_power("40", "dBW").kw, parse_power("500W", "").kw
    ('eirp', 10.0, 0.5)
    """
    found = parts(text)
    if found is None:
        msg = f"{text!r} is not a power; write a number with its unit"
        raise ValueError(msg)
    digits, behind = found
    sort: Literal["erp", "eirp", ""] = ""
    for word in re.findall(r"[\w.]+", behind):
        if word.lower() in _SORTS:
            sort = _SORTS[word.lower()]  # type: ignore[assignment]
            behind = behind.replace(word, " ", 1)
    behind = behind.strip(" ()[],")
    own = unit_of(behind, POWER_UNITS) if behind else unit
    if not own:
        msg = (
            f"{text!r} has no unit that is known; write one of {', '.join(POWER_UNITS)} in the "
            "heading or behind the number"
        )
        raise ValueError(msg)
    value = number(digits, mark)
    if own in _LINEAR_KW and value <= 0.0:
        msg = f"{text!r}: a power in {own} is above zero; leave stations that are off out"
        raise ValueError(msg)
    if own in _OVER_DBW and abs(value) > 200.0:
        msg = f"{text!r} in {own} is no power of a transmitter; check the unit"
        raise ValueError(msg)
    return Power(value, own, sort)


def parse_gain_dbd(text: str, unit: str, mark: str = "") -> tuple[float, str]:
    """Gain over a half-wave dipole [dB], and the unit it was given in.

    Raises
    ------
    ValueError
        No number, or neither dBd nor dBi.

    Examples
    --------
    >>> parse_gain_dbd("13.15 dBi", "")[0], parse_gain_dbd("11", "dBd")[0]
    (11.0, 11.0)
    """
    found = parts(text)
    own = unit_of(found[1], GAIN_UNITS) if found and found[1] else unit
    if found is None or own not in GAIN_UNITS:
        msg = f"gain {text!r} is in neither dBd nor dBi; write which, in the heading or the cell"
        raise ValueError(msg)
    value = number(found[0], mark)
    if abs(value) > 60.0:
        msg = f"gain {text!r} is no antenna's; check the unit"
        raise ValueError(msg)
    return (_tidy(value - EIRP_OVER_ERP_DB, 12) if own == "dBi" else value), own


def erp_from(power: Power, *, is_isotropic: bool) -> tuple[float, str]:
    """ERP [kW], and how it was come by; "" where nothing was converted.

    >>> erp_from(Power(20.0, "kW"), is_isotropic=True)
    (12.1907, 'EIRP 20 kW -> ERP 12.19 kW')
    """
    if not is_isotropic and power.unit == "kW":
        return power.value, ""
    erp_kw = eirp_kw_to_erp_kw(power.kw) if is_isotropic else power.kw
    erp_kw = _tidy(erp_kw, 12 if power.unit in _LINEAR_KW and not is_isotropic else _DIGITS)
    return erp_kw, f"{'EIRP' if is_isotropic else 'ERP'} {power} -> ERP {erp_kw:.4g} kW"


def erp_from_transmitter(power: Power, gain_dbd: float, loss_db: float) -> tuple[float, str]:
    """ERP [kW] of a transmitter, an antenna and what lies between, and how it was come by.

    >>> erp_from_transmitter(Power(2.4, "kW"), 11.0, 3.0)
    (15.143, '2.4 kW + 11 dBd - 3 dB -> ERP 15.14 kW')
    """
    erp_dbw = kw_to_dbw(power.kw) + gain_dbd - loss_db
    erp_kw = _tidy(dbw_to_kw(erp_dbw), _DIGITS)
    return erp_kw, f"{power} + {gain_dbd:g} dBd - {loss_db:g} dB -> ERP {erp_kw:.4g} kW"


def differ_db(one_kw: float, other_kw: float) -> float:
    """How far two powers are apart [dB]."""
    return abs(10.0 * math.log10(one_kw / other_kw))
