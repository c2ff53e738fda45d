"""DVB-T2 transmission modes: which are allowed, and what they mean for a network.

ETSI EN 302 755 v1.4.1; the combinations are a table, `dtt_sim/data/dvbt2_allowed_modes.csv` (SISO).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from fractions import Fraction

from dtt_sim.tables import table
from dtt_sim.units import SPEED_OF_LIGHT_KM_PER_US

MODULATIONS = ("QPSK", "16QAM", "64QAM", "256QAM")
CODE_RATES = ("1/2", "3/5", "2/3", "3/4", "4/5", "5/6")
FFT_SIZES = ("1K", "2K", "4K", "8K", "16K", "32K")
GUARD_INTERVALS = ("1/128", "1/32", "1/16", "19/256", "1/8", "19/128", "1/4")
PILOT_PATTERNS = tuple(f"PP{k}" for k in range(1, 9))
EXTENDED_FFT = ("8K", "16K", "32K")
_ELEMENTARY_PERIOD_US = {
    1.7: Fraction(71, 131),
    5.0: Fraction(7, 40),
    6.0: Fraction(7, 48),
    7.0: Fraction(7, 56),
    8.0: Fraction(7, 64),
    10.0: Fraction(7, 80),
}
_NOISE_BANDWIDTH_MHZ = {  # planning values, normal and extended carriers
    1.7: (1.54, 1.54),
    5.0: (4.75, 4.85),
    6.0: (5.71, 5.83),
    7.0: (6.66, 6.80),
    8.0: (7.61, 7.77),
    10.0: (9.51, 9.71),
}


@dataclass(frozen=True, slots=True)
class Mode:
    """A DVB-T2 mode that the standard allows (SISO).

    Attributes
    ----------
    fft, guard_interval, pilot_pattern, modulation, code_rate : str
        As people write them: "32K", "1/8", "PP2", "64QAM", "3/4".
    extended_carriers : bool
    bandwidth_mhz : float
        1.7, 5, 6, 7, 8 or 10 [MHz].

    Raises
    ------
    ValueError
        An unknown value, or a combination that EN 302 755 does not allow; says which are.
    """

    fft: str
    guard_interval: str
    pilot_pattern: str
    modulation: str
    code_rate: str
    extended_carriers: bool = False
    bandwidth_mhz: float = 8.0

    def __post_init__(self) -> None:
        """Refuse what DVB-T2 does not have."""
        _one_of("fft", self.fft, FFT_SIZES)
        _one_of("guard_interval", self.guard_interval, GUARD_INTERVALS)
        _one_of("pilot_pattern", self.pilot_pattern, PILOT_PATTERNS)
        _one_of("modulation", self.modulation, MODULATIONS)
        _one_of("code_rate", self.code_rate, CODE_RATES)
        if self.bandwidth_mhz not in _ELEMENTARY_PERIOD_US:
            msg = f"bandwidth_mhz = {self.bandwidth_mhz:g}; DVB-T2 has 1.7, 5, 6, 7, 8 and 10"
            raise ValueError(msg)
        if self.extended_carriers and self.fft not in EXTENDED_FFT:
            msg = f"extended_carriers with {self.fft}; only {', '.join(EXTENDED_FFT)} have them"
            raise ValueError(msg)
        if self.bandwidth_mhz == 1.7 and self.fft in {"16K", "32K"}:
            msg = f"fft {self.fft} in 1.7 MHz; DVB-T2 goes up to 8K there"
            raise ValueError(msg)
        by_guard = allowed_pilot_patterns(self.fft)
        if self.guard_interval not in by_guard:
            msg = (
                f"guard_interval {self.guard_interval} with {self.fft} is not allowed by DVB-T2; "
                f"use {', '.join(by_guard)}"
            )
            raise ValueError(msg)
        if self.pilot_pattern not in by_guard[self.guard_interval]:
            msg = (
                f"pilot_pattern {self.pilot_pattern} with {self.fft} and guard interval "
                f"{self.guard_interval} is not allowed by DVB-T2; use "
                f"{' or '.join(by_guard[self.guard_interval])}"
            )
            raise ValueError(msg)

    @property
    def useful_symbol_us(self) -> float:
        """Useful symbol duration Tu [µs]."""
        return float(
            1024 * int(self.fft.removesuffix("K")) * _ELEMENTARY_PERIOD_US[self.bandwidth_mhz]
        )

    @property
    def guard_us(self) -> float:
        """Guard interval Tg [µs]."""
        return self.useful_symbol_us * float(Fraction(self.guard_interval))

    @property
    def guard_km(self) -> float:
        """Difference in path length that the guard interval spans [km]."""
        return self.guard_us * SPEED_OF_LIGHT_KM_PER_US

    @property
    def noise_bandwidth_mhz(self) -> float:
        """Equivalent noise bandwidth used in planning [MHz]."""
        return _NOISE_BANDWIDTH_MHZ[self.bandwidth_mhz][self.extended_carriers]

    def __str__(self) -> str:
        """As in plans: ``32K ext 64QAM 3/4 GI 1/8 PP2``."""
        extended = " ext" if self.extended_carriers else ""
        return (
            f"{self.fft}{extended} {self.modulation} {self.code_rate} "
            f"GI {self.guard_interval} {self.pilot_pattern}"
        )


def allowed_pilot_patterns(fft: str) -> dict[str, list[str]]:
    """Pilot patterns by guard interval that a SISO mode of this FFT size may have."""
    allowed: dict[str, list[str]] = {}
    for row in table("dvbt2_allowed_modes"):
        if row["mode"] == "SISO" and row["fft"] == fft:
            allowed.setdefault(row["guard"], []).append(row["pilot_pattern"])
    return allowed


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        near = difflib.get_close_matches(value.upper(), known, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        msg = f"{name} {value!r} is not one of {', '.join(known)}{hint}"
        raise ValueError(msg)
