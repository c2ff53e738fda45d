"""Which DVB-T2 modes suit a single-frequency network: span its distances, carry its rate.

Every mode of ETSI EN 302 755 is tried. Those that meet both demands are ranked by the field
strength that they need, then by their bit rate.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from dtt_sim.network.bit_rate import BitRate, bit_rate
from dtt_sim.network.dvbt2 import (
    CODE_RATES,
    EXTENDED_FFT,
    FEC_LENGTHS,
    MODULATIONS,
    NARROW_FFT,
    Mode,
    combinations,
)
from dtt_sim.network.reception import LinkBudget, Reception, band, link_budget


@dataclass(frozen=True, slots=True)
class Demand:
    """What a network asks of its mode.

    Attributes
    ----------
    network_km : float
        Largest difference in path length that must stay within the guard interval [km].
    min_rate_mbps : float
        Least bit rate, high efficiency mode, longest frame [Mbit/s].
    reception : Reception
    frequency_mhz : float
        At which the field strength is needed, in Band III, IV or V [MHz].
    bandwidth_mhz : float
        1.7, 5, 6, 7, 8 or 10 [MHz].
    fft : str or None
        Only this FFT size; None: all.
    extended : bool or None
        Only modes with, or without, extended carriers; None: both.
    miso : bool
        Also modes for two transmitter groups (MISO).
    fec_length : int
        Bits of a forward error correction frame, 64800 or 16200.

    Raises
    ------
    ValueError
        A distance or rate that is not a number of 0 or more; values that no mode has.
    """

    network_km: float
    min_rate_mbps: float
    reception: Reception = field(default_factory=Reception)
    frequency_mhz: float = 650.0
    bandwidth_mhz: float = 8.0
    fft: str | None = None
    extended: bool | None = None
    miso: bool = False
    fec_length: int = FEC_LENGTHS[0]

    def __post_init__(self) -> None:
        """Refuse what no mode could answer."""
        for name, value, unit in (
            ("network_km", self.network_km, "km"),
            ("min_rate_mbps", self.min_rate_mbps, "Mbit/s"),
        ):
            if not 0.0 <= value < math.inf:
                msg = f"{name} = {value:g}; use a number of 0 {unit} or more"
                raise ValueError(msg)
        band(self.frequency_mhz)
        # Every FFT size has 1/8 with PP2: what is refused here, no mode has.
        Mode(
            self.fft or "8K", "1/8", "PP2", "QPSK", "1/2", bool(self.extended),
            self.bandwidth_mhz, self.fec_length,
        )  # fmt: skip

    def spans(self, candidate: Candidate) -> bool:
        """Whether a mode's guard interval spans the distance."""
        return candidate.mode.guard_km >= self.network_km

    def carries(self, candidate: Candidate) -> bool:
        """Whether a mode carries the rate."""
        return candidate.rate.high_efficiency_mbps >= self.min_rate_mbps


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mode and what its longest frame carries."""

    mode: Mode
    rate: BitRate


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mode that meets a demand, with the field strength that it needs."""

    mode: Mode
    rate: BitRate
    budget: LinkBudget

    @property
    def required_dbuv_m(self) -> float:
        """Minimum median field strength for good reception [dB(µV/m)]: what ranks modes."""
        return self.budget.e_med_dbuv_m(self.budget.good_location_percent)


@dataclass(frozen=True, slots=True)
class NearestMiss:
    """How close modes come to a demand that none meets.

    Attributes
    ----------
    demand : Demand
    best_rate : Candidate or None
        Highest rate among the modes that span the distance; None where none does.
    longest : Candidate or None
        Longest guard interval among the modes that carry the rate; None where none does.
    highest_rate, longest_guard : Candidate
        The same over all modes of the demanded kind.
    """

    demand: Demand
    best_rate: Candidate | None
    longest: Candidate | None
    highest_rate: Candidate
    longest_guard: Candidate

    @property
    def rate_share(self) -> float:
        """Part of the demanded rate that is there at the demanded distance, 0 to 1."""
        if self.best_rate is None:
            return 0.0
        return _share(self.best_rate.rate.high_efficiency_mbps, self.demand.min_rate_mbps)

    @property
    def distance_share(self) -> float:
        """Part of the demanded distance that is there at the demanded rate, 0 to 1."""
        if self.longest is None:
            return 0.0
        return _share(self.longest.mode.guard_km, self.demand.network_km)

    @property
    def nearest(self) -> str:
        """Demand that has to give way the least: "rate" or "distance"; "both" where each has to."""
        if self.best_rate is None and self.longest is None:
            return "both"
        return "rate" if self.rate_share >= self.distance_share else "distance"


def _share(value: float, demanded: float) -> float:
    return 1.0 if value >= demanded else value / demanded


def suggest(demand: Demand) -> tuple[Suggestion, ...]:
    """All modes that meet a demand, by the field strength that they need, then by rate.

    Examples
    --------
    >>> best = suggest(Demand(125.0, 27.0))[0]
    >>> print(best.mode, round(best.required_dbuv_m, 2))
    32K 64QAM 3/4 GI 1/8 PP8 51.11
    """
    found = [
        Suggestion(c.mode, c.rate, link_budget(c.mode, demand.reception, demand.frequency_mhz))
        for c in candidates(demand)
        if demand.spans(c) and demand.carries(c)
    ]
    return tuple(sorted(found, key=lambda s: (s.required_dbuv_m, -s.rate.high_efficiency_mbps)))


def nearest_miss(demand: Demand) -> NearestMiss:
    """How close the modes come that meet one of two demands."""
    tried = list(candidates(demand))
    return NearestMiss(
        demand,
        max(filter(demand.spans, tried), key=_by_rate, default=None),
        max(filter(demand.carries, tried), key=_by_guard, default=None),
        max(tried, key=_by_rate),
        max(tried, key=_by_guard),
    )


def _by_rate(candidate: Candidate) -> tuple[float, float]:
    return candidate.rate.high_efficiency_mbps, candidate.mode.guard_km


def _by_guard(candidate: Candidate) -> tuple[float, float]:
    return candidate.mode.guard_km, candidate.rate.high_efficiency_mbps


def candidates(demand: Demand) -> Iterator[Candidate]:
    """Every mode of the demanded kind, whether or not it spans the distance and carries the rate."""
    for miso in (False, True) if demand.miso else (False,):
        for fft, guard, pattern in combinations(miso=miso):
            for extended in _carrier_modes(demand, fft):
                for modulation, code_rate in itertools.product(MODULATIONS, CODE_RATES):
                    mode = Mode(
                        fft, guard, pattern, modulation, code_rate, extended,
                        demand.bandwidth_mhz, demand.fec_length, miso=miso,
                    )  # fmt: skip
                    yield Candidate(mode, bit_rate(mode))


def _carrier_modes(demand: Demand, fft: str) -> tuple[bool, ...]:
    """Normal and extended carriers of an FFT size, as far as demanded and allowed."""
    is_narrow = demand.bandwidth_mhz == 1.7
    if demand.fft not in {None, fft} or (is_narrow and fft not in NARROW_FFT):
        return ()
    has_extended = fft in EXTENDED_FFT and not is_narrow
    if demand.extended is None:
        return (False, True) if has_extended else (False,)
    return (demand.extended,) if has_extended or not demand.extended else ()
