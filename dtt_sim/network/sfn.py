"""Single-frequency networks: which part of every signal helps a receiver, and which disturbs it.

A receiver places its FFT window so that echoes within the guard interval add up. A signal that
arrives Δt after the window's tolerance begins counts with the weight

    w = ((Tu + Δt) / Tu)²        from the lower limit to 0,
        1                        from 0 to Tg,
        ((Tu + Tg - Δt) / Tu)²   from Tg to the upper limit,
        0                        beyond: such a signal spoils the channel estimate too,

as wanted, and with 1 - w as noise-like interference. The limits come from the interval EI over which
a receiver can interpolate the channel between pilots, and published documents differ on where it
lies:

===================  ===============================================================================
weighting            limits
===================  ===============================================================================
equalisation_window  EI in all, the guard interval within it, by default with as much before it as
                     after; what the sampling theorem allows. The default
bpn066               from Tg - EI to EI
===================  ===============================================================================

Both agree where Tg = EI. Source: EBU BPN 066, Report ITU-R BT.2254; the form of the slopes and the
definitions of the window strategies are from memory of the field (RECALL), and outputs say so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

import numpy as np

from dtt_sim._jit import inline_kernel, kernel
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.lognormal import DEFAULT_K, METHODS, NEPER_PER_DB, Method, check_method
from dtt_sim.typing import Float64Array

Weighting = Literal["equalisation_window", "bpn066"]
Strategy = Literal[
    "strongest", "first_above_threshold", "centre_of_gravity", "quasi_optimal", "maximum_ci"
]
STRATEGIES: Final = get_args(Strategy)
STRONGEST, FIRST_ABOVE_THRESHOLD, CENTRE_OF_GRAVITY, QUASI_OPTIMAL, MAXIMUM_CI = range(5)
Aim = Literal["strongest", "best"]

_EDGE_US = 1e-6
"""A signal this close to a limit is within it: windows are placed on limits."""
_FINE_STEPS = 8
"""Places tried between two neighbouring candidates of the exhaustive strategy."""


class Window(NamedTuple):
    """Times of a receiver's window [µs]: useful symbol, guard interval, and the weight's limits."""

    useful_us: float
    guard_us: float
    lower_us: float
    upper_us: float


@dataclass(frozen=True, slots=True)
class SfnReceiver:
    """How a receiver copes with echoes, and how its fields are summed.

    Attributes
    ----------
    strategy : str
        Where the window is placed, by the medians at 50 % of time: on the strongest signal, on the
        first above a threshold, round the centre of gravity of the powers, where the guard interval
        holds most power, or where C/(N + I) is largest.
    weighting : {"equalisation_window", "bpn066"}
        See the module.
    share_before : float
        Of what the equalisation window has beyond the guard interval, the share before it.
    threshold_below_strongest_db : float or None
        Of the strategy "first_above_threshold"; 6 to 15 are usual [dB]. None: the threshold is what
        half of the locations need, or the strongest signal if none reaches that.
    strongest_at : float
        Of the strategy "strongest": where in the guard interval the strongest signal lies, 0..1.
    interference_time : {"interfering", "wanted"}
        Self-interference from the fields of the interfering percentage of time (1 %), or from those
        of the wanted one (50 %).
    aim : {"strongest", "best"}
        A directive antenna points to the strongest signal, or to the site with which the location
        probability is highest.
    summation : {"power_sum", "k_lnm", "schwartz_yeh"}
        How log-normal fields are added; see :mod:`dtt_sim.network.lognormal`.
    correlation : float
        Of the shadowing between sites, 0..1.
    k_factor : float
        Of the k-LNM method.

    Raises
    ------
    ValueError
        A value that there is none, or out of range.
    """

    strategy: Strategy = "maximum_ci"
    weighting: Weighting = "equalisation_window"
    share_before: float = 0.5
    threshold_below_strongest_db: float | None = 10.0
    strongest_at: float = 0.0
    interference_time: Literal["interfering", "wanted"] = "interfering"
    aim: Aim = "strongest"
    summation: Method = "schwartz_yeh"
    correlation: float = 0.0
    k_factor: float = DEFAULT_K

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name, known in (
            ("strategy", STRATEGIES),
            ("weighting", get_args(Weighting)),
            ("interference_time", ("interfering", "wanted")),
            ("aim", get_args(Aim)),
            ("summation", METHODS),
        ):
            if getattr(self, name) not in known:
                msg = f"{name} {getattr(self, name)!r} is none; use {', '.join(known)}"
                raise ValueError(msg)
        for name, high in (("share_before", 1.0), ("strongest_at", 1.0)):
            if not 0.0 <= getattr(self, name) <= high:
                msg = f"{name} = {getattr(self, name):g}; give 0 to 1"
                raise ValueError(msg)
        below = self.threshold_below_strongest_db
        if below is not None and not 0.0 <= below <= 60.0:
            msg = f"threshold_below_strongest_db = {below:g}; give 0 to 60 dB"
            raise ValueError(msg)
        check_method(self.summation, self.correlation, self.k_factor)

    def window(self, mode: Mode) -> Window:
        """Times of the window for a mode."""
        return window_of(mode, weighting=self.weighting, share_before=self.share_before)


def window_of(
    mode: Mode, *, weighting: Weighting = "equalisation_window", share_before: float = 0.5
) -> Window:
    """Useful symbol, guard interval and limits of the weight for a mode [µs].

    >>> window_of(Mode("32K", "1/8", "PP2", "64QAM", "3/4"), weighting="bpn066").lower_us
    -84.0
    """
    guard, interval = mode.guard_us, mode.equalisation_us
    if weighting == "bpn066":
        return Window(mode.useful_symbol_us, guard, guard - interval, interval)
    beyond = max(interval - guard, 0.0)
    return Window(
        mode.useful_symbol_us, guard, -share_before * beyond, guard + (1.0 - share_before) * beyond
    )


@inline_kernel
def weight(delta_us: float, window: Window) -> float:
    """Share of a signal's power that helps, 0..1, Δt after the window's tolerance begins."""
    if delta_us < window.lower_us - _EDGE_US or delta_us > window.upper_us + _EDGE_US:
        return 0.0
    if delta_us < 0.0:
        part = (window.useful_us + delta_us) / window.useful_us
        return part * part
    if delta_us <= window.guard_us + _EDGE_US:
        return 1.0
    part = (window.useful_us + window.guard_us - delta_us) / window.useful_us
    return part * part


@kernel
def carrier_to_interference(
    start_us: float, window: Window, time_us: Float64Array, power: Float64Array, n: int,
    noise: float,
) -> float:  # fmt: skip
    """C/(N + I) of a place of the window, of powers and not their statistics."""
    useful, rest = 0.0, noise
    for i in range(n):
        w = weight(time_us[i] - start_us, window)
        useful += w * power[i]
        rest += (1.0 - w) * power[i]
    return useful / rest if rest > 0.0 else useful / 1e-300


@kernel
def place_window(
    strategy: int,
    threshold_db: float,
    strongest_at: float,
    window: Window,
    time_us: Float64Array,
    level_db: Float64Array,
    n: int,
    noise_db: float,
    power: Float64Array,
    candidate: Float64Array,
) -> float:
    """Where the window's tolerance begins [µs], by a strategy.

    Parameters
    ----------
    strategy : int
        Position in `STRATEGIES`.
    threshold_db, strongest_at : float
        As :class:`SfnReceiver` has them.
    time_us, level_db : (>= n,) float64
        Arrival times and median fields of the signals, at least one.
    noise_db : float
        Noise-equivalent field, in the unit of the levels.
    power : (>= n,) float64
        Overwritten.
    candidate : (>= 4 n,) float64
        Overwritten.
    """
    best = 0
    for i in range(1, n):
        is_first = level_db[i] == level_db[best] and time_us[i] < time_us[best]
        if level_db[i] > level_db[best] or is_first:
            best = i
    at: float = time_us[best]
    if n == 1 or strategy == STRONGEST:
        return at - (strongest_at * window.guard_us if strategy == STRONGEST else 0.0)
    if strategy == FIRST_ABOVE_THRESHOLD:
        first = at
        for i in range(n):
            if level_db[i] >= level_db[best] - threshold_db:
                first = min(first, time_us[i])
        return first
    total = centre = 0.0
    for i in range(n):
        power[i] = math.exp(NEPER_PER_DB * (level_db[i] - level_db[best]))
        total += power[i]
        centre += power[i] * (time_us[i] - at)
    if strategy == CENTRE_OF_GRAVITY:
        return at + centre / total - 0.5 * window.guard_us
    if strategy == QUASI_OPTIMAL:
        return _most_captured(window, time_us, power, n)
    noise = math.exp(NEPER_PER_DB * (noise_db - level_db[best]))
    return _most_useful(window, time_us, power, n, noise, candidate)


@kernel
def _most_captured(window: Window, time_us: Float64Array, power: Float64Array, n: int) -> float:
    """The arrival from which the guard interval holds most power; the earliest of equals."""
    start: float = time_us[0]
    most = -1.0
    for c in range(n):
        held = 0.0
        for i in range(n):
            delta = time_us[i] - time_us[c]
            if -_EDGE_US <= delta <= window.guard_us + _EDGE_US:
                held += power[i]
        if held > most or (held == most and time_us[c] < start):
            start, most = time_us[c], held
    return start


@kernel
def _most_useful(
    window: Window, time_us: Float64Array, power: Float64Array, n: int, noise: float,
    candidate: Float64Array,
) -> float:  # fmt: skip
    """The place with the largest C/(N + I).

    Between the places where a signal passes a kink of its weight the ratio is smooth: all those
    places are tried, and some in between. Where all signals fit into the guard interval every place
    that holds them is as good; the one on the first arrival is taken.
    """
    first: float = time_us[0]
    last: float = first
    for i in range(1, n):
        first, last = min(first, time_us[i]), max(last, time_us[i])
    if last - first <= window.guard_us:
        return first
    m = 0
    for i in range(n):
        candidate[m] = time_us[i]
        candidate[m + 1] = time_us[i] - window.guard_us
        candidate[m + 2] = time_us[i] - window.upper_us
        candidate[m + 3] = time_us[i] - window.lower_us
        m += 4
    start: float = first
    most = -1.0
    for c in range(m):
        place = candidate[c]
        found = carrier_to_interference(place, window, time_us, power, n, noise)
        if found > most or (found == most and place < start):
            start, most = place, found
    # Finely on both sides of the best kink.
    kink = start
    before, after = -math.inf, math.inf
    for c in range(m):
        if candidate[c] < kink:
            before = max(before, candidate[c])
        elif candidate[c] > kink:
            after = min(after, candidate[c])
    for end in (before, after):
        if math.isinf(end):
            continue
        for step in range(1, _FINE_STEPS):
            place = kink + (end - kink) * step / _FINE_STEPS
            found = carrier_to_interference(place, window, time_us, power, n, noise)
            if found > most:
                start, most = place, found
    return start


def split_signals(
    level_db: Float64Array, time_us: Float64Array, start_us: float, window: Window
) -> tuple[Float64Array, Float64Array]:
    """Useful and interfering parts of signals for a place of the window [dB]; -inf for nothing."""
    w = np.array([weight(t - start_us, window) for t in time_us])
    with np.errstate(divide="ignore"):
        return level_db + 10.0 * np.log10(w), level_db + 10.0 * np.log10(1.0 - w)
