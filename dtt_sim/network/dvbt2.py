"""DVB-T2 transmission modes: which are allowed, and what they mean for a network.

ETSI EN 302 755 v1.4.1 (T2-Base). The combinations, carriers and pilots are tables of
`dtt_sim/data`; the bit rate is :mod:`dtt_sim.network.bit_rate`'s.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from dtt_sim.tables import table
from dtt_sim.units import SPEED_OF_LIGHT_KM_PER_US

MODULATIONS = ("QPSK", "16QAM", "64QAM", "256QAM")
CODE_RATES = ("1/2", "3/5", "2/3", "3/4", "4/5", "5/6")
LITE_CODE_RATES = ("1/3", "2/5")
FFT_SIZES = ("1K", "2K", "4K", "8K", "16K", "32K")
GUARD_INTERVALS = ("1/128", "1/32", "1/16", "19/256", "1/8", "19/128", "1/4")
PILOT_PATTERNS = tuple(f"PP{k}" for k in range(1, 9))
EXTENDED_FFT = ("8K", "16K", "32K")
BANDWIDTHS_MHZ = (1.7, 5.0, 6.0, 7.0, 8.0, 10.0)
FEC_LENGTHS = (64800, 16200)
NARROW_FFT = ("1K", "2K", "4K", "8K")
"""FFT sizes of the 1.7 MHz bandwidth."""

EQUALISATION_FRACTION = Fraction(57, 64)
"""Share of the Nyquist time over which a receiver can interpolate the channel between pilots."""

FRAME_LIMIT_MS = 250
"""Longest T2 frame [ms]."""

P1_SAMPLES = 2048
"""Length of the P1 symbol in elementary periods."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A DVB-T2 mode that the standard allows.

    Attributes
    ----------
    fft, guard_interval, pilot_pattern, modulation, code_rate : str
        As people write them: "32K", "1/8", "PP2", "64QAM", "3/4".
    extended_carriers : bool
        More carriers at the edges of the channel; 8K, 16K and 32K only.
    bandwidth_mhz : float
        1.7, 5, 6, 7, 8 or 10 [MHz].
    fec_length : int
        Bits of a forward error correction frame, 64800 or 16200.
    rotated : bool
        Rotated constellation. Changes neither rate nor, here, the required C/N.
    miso : bool
        Two transmitter groups with Alamouti coding instead of one signal (SISO).

    Raises
    ------
    ValueError
        An unknown value, or a combination that EN 302 755 does not allow; says why and which are.
    """

    fft: str
    guard_interval: str
    pilot_pattern: str
    modulation: str
    code_rate: str
    extended_carriers: bool = False
    bandwidth_mhz: float = 8.0
    fec_length: int = 64800
    rotated: bool = False
    miso: bool = False

    def __post_init__(self) -> None:
        """Refuse what DVB-T2 does not have."""
        self._check_values()
        self._check_bandwidth()
        by_guard = allowed_pilot_patterns(self.fft, miso=self.miso)
        kind = f"{self.fft} MISO" if self.miso else self.fft
        if self.guard_interval not in by_guard:
            msg = (
                f"guard_interval {self.guard_interval} with {kind} is not allowed by DVB-T2; "
                f"use {', '.join(by_guard)}"
            )
            raise ValueError(msg)
        if self.pilot_pattern not in by_guard[self.guard_interval]:
            msg = (
                f"pilot_pattern {self.pilot_pattern} with {kind} and guard interval "
                f"{self.guard_interval} is not allowed by DVB-T2{self._why_not()}; use "
                f"{' or '.join(by_guard[self.guard_interval])}"
            )
            raise ValueError(msg)

    def _check_values(self) -> None:
        _one_of("fft", self.fft, FFT_SIZES)
        _one_of("guard_interval", self.guard_interval, GUARD_INTERVALS)
        _one_of("pilot_pattern", self.pilot_pattern, PILOT_PATTERNS)
        _one_of("modulation", self.modulation, MODULATIONS)
        if self.code_rate in LITE_CODE_RATES:
            msg = (
                f"code_rate {self.code_rate} belongs to T2-Lite, which is not a broadcast "
                f"television profile; use {', '.join(CODE_RATES)}"
            )
            raise ValueError(msg)
        _one_of("code_rate", self.code_rate, CODE_RATES)
        if self.fec_length not in FEC_LENGTHS:
            msg = f"fec_length {self.fec_length!r} is not in DVB-T2; use 64800 or 16200"
            raise ValueError(msg)

    def _check_bandwidth(self) -> None:
        if self.bandwidth_mhz not in BANDWIDTHS_MHZ:
            known = ", ".join(f"{b:g}" for b in BANDWIDTHS_MHZ)
            msg = f"bandwidth_mhz {self.bandwidth_mhz!r} is not in DVB-T2; use {known}"
            raise ValueError(msg)
        if self.bandwidth_mhz == 1.7 and self.fft not in NARROW_FFT:
            msg = f"fft {self.fft} is not allowed in 1.7 MHz; use {', '.join(NARROW_FFT)}"
            raise ValueError(msg)
        if self.extended_carriers and self.bandwidth_mhz == 1.7:
            msg = "extended_carriers are not allowed in 1.7 MHz; set them to false"
            raise ValueError(msg)
        if self.extended_carriers and self.fft not in EXTENDED_FFT:
            msg = (
                f"extended_carriers are not allowed with {self.fft}; only "
                f"{', '.join(EXTENDED_FFT)} have them"
            )
            raise ValueError(msg)

    def _why_not(self) -> str:
        if self.equalisation_us >= self.guard_us:
            return ""
        return (
            f": its pilots let a receiver follow echoes over {self.equalisation_us:.0f} µs, less "
            f"than the guard interval of {self.guard_us:.0f} µs"
        )

    @property
    def confidence(self) -> str:
        """How sure it is that the combination is allowed: VERIFIED or RECALL."""
        return self._row["confidence"]

    @property
    def has_frame_closing_symbol(self) -> bool:
        """Whether a frame ends with a symbol of denser pilots."""
        return self._row["frame_closing_symbol"] == "yes"

    @property
    def _row(self) -> dict[str, str]:
        return next(
            row
            for row in table("dvbt2_allowed_modes")
            if row["mode"] == ("MISO" if self.miso else "SISO")
            and (row["fft"], row["guard"]) == (self.fft, self.guard_interval)
            and row["pilot_pattern"] == self.pilot_pattern
        )

    @property
    def elementary_period_us(self) -> Fraction:
        """Elementary period T [µs], exact."""
        return Fraction(_bandwidth(self.bandwidth_mhz)["T_us"])

    @property
    def useful_symbol_exact_us(self) -> Fraction:
        """Useful symbol duration Tu [µs], exact."""
        return 1024 * int(self.fft.removesuffix("K")) * self.elementary_period_us

    @property
    def symbol_exact_us(self) -> Fraction:
        """Symbol duration with its guard interval Ts [µs], exact."""
        return self.useful_symbol_exact_us * (1 + Fraction(self.guard_interval))

    @property
    def useful_symbol_us(self) -> float:
        """Useful symbol duration Tu [µs]."""
        return float(self.useful_symbol_exact_us)

    @property
    def symbol_us(self) -> float:
        """Symbol duration with its guard interval Ts [µs]."""
        return float(self.symbol_exact_us)

    @property
    def guard_us(self) -> float:
        """Guard interval Tg [µs]."""
        return float(self.useful_symbol_exact_us * Fraction(self.guard_interval))

    @property
    def guard_km(self) -> float:
        """Difference in path length that the guard interval spans [km]."""
        return self.guard_us * SPEED_OF_LIGHT_KM_PER_US

    @property
    def nyquist_us(self) -> float:
        """Nyquist time Tu/Dx of interpolation over frequency, after that over time [µs]."""
        return float(self.useful_symbol_exact_us / pilot_spacing(self.pilot_pattern)[0])

    @property
    def equalisation_us(self) -> float:
        """Equalisation interval, 57/64 of the Nyquist time [µs]."""
        return float(
            EQUALISATION_FRACTION
            * self.useful_symbol_exact_us
            / pilot_spacing(self.pilot_pattern)[0]
        )

    @property
    def equalisation_km(self) -> float:
        """Difference in path length that the equalisation interval spans [km]."""
        return self.equalisation_us * SPEED_OF_LIGHT_KM_PER_US

    @property
    def carrier_spacing_hz(self) -> float:
        """Distance between carriers 1/Tu [Hz]."""
        return float(1_000_000 / self.useful_symbol_exact_us)

    @property
    def n_carriers(self) -> int:
        """Number of active carriers."""
        column = "K_total_extended" if self.extended_carriers else "K_total_normal"
        return int(fft_parameters(self.fft)[column])

    @property
    def occupied_bandwidth_mhz(self) -> float:
        """From the first to the last carrier [MHz]."""
        return float((self.n_carriers - 1) / self.useful_symbol_exact_us)

    @property
    def noise_bandwidth_mhz(self) -> float:
        """Equivalent noise bandwidth used in planning [MHz]."""
        column = "noise_bw_MHz_extended" if self.extended_carriers else "noise_bw_MHz_normal"
        return float(_bandwidth(self.bandwidth_mhz)[column])

    @property
    def max_frame_symbols(self) -> int:
        """Symbols of the longest T2 frame, P2 and data: 250 ms with P1, even for 32K."""
        time_us = 1000 * FRAME_LIMIT_MS - P1_SAMPLES * self.elementary_period_us
        count = int(time_us / self.symbol_exact_us)
        return count - count % 2 if self.fft == "32K" else count

    @property
    def min_frame_symbols(self) -> int:
        """Symbols of the shortest T2 frame, P2 and data."""
        return int(fft_parameters(self.fft)["LF_min_symbols"])

    def frame_exact_us(self, frame_symbols: int) -> Fraction:
        """Duration of a T2 frame of so many symbols, P1 included [µs], exact.

        Raises
        ------
        ValueError
            A number of symbols that the mode does not allow; says which are.
        """
        low, high = self.min_frame_symbols, self.max_frame_symbols
        is_odd = self.fft == "32K" and frame_symbols % 2 == 1
        if not low <= frame_symbols <= high or is_odd:
            kind = "even numbers from" if self.fft == "32K" else "from"
            msg = f"frame_symbols = {frame_symbols} with {self}; use {kind} {low} to {high}"
            raise ValueError(msg)
        return frame_symbols * self.symbol_exact_us + P1_SAMPLES * self.elementary_period_us

    def frame_ms(self, frame_symbols: int | None = None) -> float:
        """Duration of a T2 frame, P1 included; by default the longest [ms]."""
        symbols = self.max_frame_symbols if frame_symbols is None else frame_symbols
        return float(self.frame_exact_us(symbols) / 1000)

    def __str__(self) -> str:
        """As in plans: ``32K ext 64QAM 3/4 GI 1/8 PP2``."""
        extended = " ext" if self.extended_carriers else ""
        text = (
            f"{self.fft}{extended} {self.modulation} {self.code_rate} "
            f"GI {self.guard_interval} {self.pilot_pattern}"
        )
        text += " MISO" if self.miso else ""
        text += f" {self.bandwidth_mhz:g} MHz" if self.bandwidth_mhz != 8.0 else ""
        return text + (f" FEC {self.fec_length}" if self.fec_length != FEC_LENGTHS[0] else "")


@cache
def combinations(*, miso: bool = False) -> tuple[tuple[str, str, str], ...]:
    """All allowed (FFT size, guard interval, pilot pattern)."""
    kind = "MISO" if miso else "SISO"
    return tuple(
        (row["fft"], row["guard"], row["pilot_pattern"])
        for row in table("dvbt2_allowed_modes")
        if row["mode"] == kind
    )


def allowed_pilot_patterns(fft: str, *, miso: bool = False) -> dict[str, list[str]]:
    """Pilot patterns by guard interval that a mode of this FFT size may have."""
    allowed: dict[str, list[str]] = {}
    for size, guard, pattern in combinations(miso=miso):
        if size == fft:
            allowed.setdefault(guard, []).append(pattern)
    return allowed


@cache
def pilot_spacing(pilot_pattern: str) -> tuple[int, int]:
    """Distance Dx of pilot-bearing carriers, and Dy symbols of one scattered pilot sequence."""
    row = next(r for r in table("dvbt2_pilot_patterns") if r["pp"] == pilot_pattern)
    return int(row["Dx"]), int(row["Dy"])


@cache
def fft_parameters(fft: str) -> dict[str, str]:
    """Row of `dvbt2_fft.csv`: carriers, P2 symbols and cells, shortest frame."""
    return next(row for row in table("dvbt2_fft") if row["fft"] == fft)


@cache
def _bandwidth(bandwidth_mhz: float) -> dict[str, str]:
    return next(r for r in table("dvbt2_bandwidth") if float(r["bandwidth_MHz"]) == bandwidth_mhz)


def _one_of(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        near = difflib.get_close_matches(str(value).upper(), known, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        msg = f"{name} {value!r} is not one of {', '.join(known)}{hint}"
        raise ValueError(msg)
