"""One location and the signals that reach it: what is received, how surely, and why not.

A *group* is what a receiver takes its picture from: all stations of a single-frequency network, or
one station of a multi-frequency network. Useful parts of its signals are summed over the locations
of the cell; what disturbs is noise, the parts of its own signals that fall outside the receiver's
window, and other stations. An interferer with the protection ratio PR disturbs as noise-like power
PR - C/N above its field would, so that one comparison decides:

    C - (N + I) >= C/N.

Both sides are log-normal, and so is their quotient. With nothing but noise and one station this is
the location probability of the link budget, Φ((E - Emed for 50 %) / σ).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dtt_sim._jit import kernel
from dtt_sim.network.discrimination import Discrimination, discrimination_db
from dtt_sim.network.lognormal import NEPER_PER_DB, SCRATCH, sum_signals
from dtt_sim.network.sfn import Window, place_window, weight
from dtt_sim.typing import Float64Array, IntArray

NOTHING = -1
"""Index of no station."""

SERVED, NO_DATA, NOISE, SELF_INTERFERENCE, INTERFERENCE = range(5)
"""Why a cell is not well served; in the order in which they are looked for."""
CAUSES = ("served", "no data", "noise", "self-interference", "interference")


class Rules(NamedTuple):
    """How receivers behave, as kernels know it; see :class:`dtt_sim.network.sfn.SfnReceiver`.

    A threshold of NaN is what half of the locations need. With `served_only` a location that noise
    alone leaves without acceptable reception is not looked at any further.
    """

    strategy: int
    threshold_db: float
    strongest_at: float
    self_at_wanted_time: bool
    aims_best: bool
    method: int
    k_factor: float
    correlation: float
    served_only: bool


class Need(NamedTuple):
    """What a multiplex needs at a receiver.

    Attributes
    ----------
    cn_db : float
        Required C/N, the protection ratio against noise-like signals [dB].
    noise_db : float
        Field that stands for noise: what is needed for 50 % of locations, less C/N [dB(µV/m)].
    sigma_db : float
        Standard deviation of a field over locations [dB].
    good_sigmas, acceptable_sigmas : float
        Standard deviations that the share of locations of good and of acceptable reception asks for.
    """

    cn_db: float
    noise_db: float
    sigma_db: float
    good_sigmas: float
    acceptable_sigmas: float


class Receiving(NamedTuple):
    """The receiver of a multiplex: its window, its antenna, and how it behaves."""

    window: Window
    antenna: Discrimination
    rules: Rules


class GroupArrays(NamedTuple):
    """What a receiver takes its picture from, and who disturbs.

    Attributes
    ----------
    member : (n,) int64
        Stations of the group.
    other, other_excess_db : (m,) int64, float64
        Interfering stations, and their protection ratio less the required C/N [dB].
    other_lasting_db : (m,) float64
        The same for what disturbs all the time, against their field at the wanted percentage; -inf
        where one ratio, against the interfering percentage, says it all.
    """

    member: IntArray
    other: IntArray
    other_excess_db: Float64Array
    other_lasting_db: Float64Array


class Location(NamedTuple):
    """All stations as they are at one location, `(n_station,)`.

    Attributes
    ----------
    wanted_db, interfering_db : float64
        Field at both percentages of time [dB(µV/m)], NaN where not known.
    arrival_us, azimuth_deg : float64
        Arrival time [µs]; azimuth from here [deg].
    polarisation : int64
    """

    wanted_db: Float64Array
    interfering_db: Float64Array
    arrival_us: Float64Array
    azimuth_deg: Float64Array
    polarisation: IntArray


class Scratch(NamedTuple):
    """Buffers of one thread, for some number of signals."""

    time_us: Float64Array
    level_db: Float64Array
    late_db: Float64Array  # field at the interfering percentage of time
    station: IntArray
    useful_db: Float64Array
    useful_sigma_db: Float64Array
    useless_db: Float64Array
    useless_sigma_db: Float64Array
    rest: Float64Array
    candidate: Float64Array
    off_db: Float64Array  # discrimination of the antenna
    turn: IntArray


class Verdict(NamedTuple):
    """What is found at a location.

    Attributes
    ----------
    sigmas : float
        Standard deviations by which C/(N + I) exceeds C/N; the location probability is Φ of it.
    c_db, c_sigma_db, i_db, i_sigma_db : float
        Sum of the useful parts, and of noise and all that disturbs [dB(µV/m)], [dB].
    spread_db : float
        Standard deviation of their quotient [dB].
    sigmas_noise, sigmas_self : float
        The same as `sigmas` against noise alone, and against noise and self-interference.
    worst_self, worst_other : int
        Stations that disturb most from within the network and from outside, or -1.
    start_us : float
        Where the window's tolerance begins [µs after the time base].
    aim : int
        Station towards which the antenna points, or -1: no data.
    """

    sigmas: float
    c_db: float
    c_sigma_db: float
    i_db: float
    i_sigma_db: float
    spread_db: float
    sigmas_noise: float
    sigmas_self: float
    worst_self: int
    worst_other: int
    start_us: float
    aim: int


@kernel
def empty_scratch(n: int) -> Scratch:
    """Buffers for up to `n` stations."""
    return Scratch(
        np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n, np.int64), np.zeros(n + 1),
        np.zeros(n + 1), np.zeros(2 * n + 1), np.zeros(2 * n + 1), np.zeros(SCRATCH + 2 * n + 1),
        np.zeros(4 * n + 4), np.zeros(n), np.zeros(n, np.int64),
    )  # fmt: skip


@kernel
def _nobody() -> Verdict:
    nan = math.nan
    return Verdict(nan, nan, nan, nan, nan, nan, nan, nan, NOTHING, NOTHING, nan, NOTHING)


@kernel
def _excess(
    c: tuple[float, float, float], i: tuple[float, float, float], cn_db: float, correlation: float
) -> tuple[float, float]:
    """Excess of C/I over C/N in standard deviations, and the deviation [dB]."""
    variance = c[1] * c[1] + i[1] * i[1] - 2.0 * correlation * c[2] * i[2]
    spread = math.sqrt(max(variance, 0.0))
    over = c[0] - i[0] - cn_db
    if spread > 0.0:
        return over / spread, spread
    return (math.inf if over >= 0.0 else -math.inf), 0.0


@kernel
def nuisance_db(
    wanted_db: float, interfering_db: float, excess_db: float, lasting_db: float
) -> float:
    """Noise-like field that an interferer amounts to, before the antenna; NaN: not known.

    The larger of its field at the interfering percentage of time with the ratio for a short time,
    and of that at the wanted percentage with the ratio for all the time.
    """
    late = wanted_db if math.isnan(interfering_db) else interfering_db
    level = late + excess_db
    if not math.isnan(wanted_db) and wanted_db + lasting_db > level:
        return wanted_db + lasting_db
    return level


@kernel
def evaluate_aim(
    aim: int,
    group: GroupArrays,
    here: Location,
    need: Need,
    receiving: Receiving,
    scratch: Scratch,
    to_beat: float,
) -> Verdict:
    """What is received with the antenna pointed at station `aim`.

    What noise alone keeps from `to_beat` [standard deviations], 0 or above, is not looked at any
    further: interference lowers the excess and, without correlation, widens its spread.
    """
    window, antenna, rules = receiving
    wanted_db, interfering_db, arrival_us, azimuth_deg, polarisation = here
    n = n_heard = n_known = 0
    # Signals whose median stands above noise first: a receiver places its window on those. Then
    # those with a median below, then those that are known at the interfering percentage only.
    for k in range(group.member.size):
        s = group.member[k]
        has_median = not math.isnan(wanted_db[s])
        if not has_median and math.isnan(interfering_db[s]):
            scratch.turn[k] = 3
            continue
        off = discrimination_db(
            azimuth_deg[s] - azimuth_deg[aim], polarisation[s] != polarisation[aim], antenna
        )
        is_heard = has_median and wanted_db[s] - off >= need.noise_db
        scratch.off_db[k], scratch.turn[k] = off, 0 if is_heard else 1 if has_median else 2
    for turn in range(3):
        for k in range(group.member.size):
            if turn != scratch.turn[k]:
                continue
            s, off = group.member[k], scratch.off_db[k]
            late = wanted_db[s] if rules.self_at_wanted_time else interfering_db[s]
            scratch.time_us[n] = arrival_us[s]
            scratch.level_db[n] = wanted_db[s] - off
            scratch.late_db[n] = (wanted_db[s] if math.isnan(late) else late) - off
            scratch.station[n] = s
            n += 1
        n_heard = n if turn == 0 else n_heard
        n_known = n if turn <= 1 else n_known
    if n_known == 0:
        return _nobody()
    n_placed = n_heard if n_heard > 0 else n_known
    threshold = rules.threshold_db
    if math.isnan(threshold):
        strongest = scratch.level_db[0]
        for i in range(1, n_placed):
            strongest = max(strongest, scratch.level_db[i])
        threshold = max(strongest - (need.noise_db + need.cn_db), 0.0)
    start = place_window(
        rules.strategy, threshold, rules.strongest_at, window, scratch.time_us,
        scratch.level_db, n_placed, need.noise_db, scratch.rest, scratch.candidate,
    )  # fmt: skip
    sigma = need.sigma_db
    scratch.useless_db[0], scratch.useless_sigma_db[0] = need.noise_db, 0.0
    n_useful, n_useless = 0, 1
    worst_self, most_self = NOTHING, -math.inf
    for i in range(n):
        w = weight(scratch.time_us[i] - start, window)
        if i < n_known and w > 0.0:
            scratch.useful_db[n_useful] = scratch.level_db[i] + math.log(w) / NEPER_PER_DB
            scratch.useful_sigma_db[n_useful] = sigma
            n_useful += 1
        if w < 1.0:
            level = scratch.late_db[i] + math.log(1.0 - w) / NEPER_PER_DB
            scratch.useless_db[n_useless], scratch.useless_sigma_db[n_useless] = level, sigma
            n_useless += 1
            if level > most_self:
                worst_self, most_self = scratch.station[i], level
    c = sum_signals(
        rules.method, rules.k_factor, rules.correlation, scratch.useful_db,
        scratch.useful_sigma_db, n_useful, scratch.rest,
    )  # fmt: skip
    noise = need.noise_db, 0.0, 0.0
    sigmas_noise, spread = _excess(c, noise, need.cn_db, rules.correlation)
    total, sigmas_self = noise, sigmas_noise
    is_beaten = to_beat >= 0.0 and sigmas_noise <= to_beat and rules.correlation == 0.0
    if is_beaten or (rules.served_only and sigmas_noise < need.acceptable_sigmas):
        return Verdict(
            sigmas_noise, c[0], c[1], noise[0], noise[1], spread, sigmas_noise, sigmas_noise,
            NOTHING, NOTHING, start, aim,
        )  # fmt: skip
    if n_useless > 1:
        total = sum_signals(
            rules.method, rules.k_factor, rules.correlation, scratch.useless_db,
            scratch.useless_sigma_db, n_useless, scratch.rest,
        )  # fmt: skip
        sigmas_self, spread = _excess(c, total, need.cn_db, rules.correlation)
    sigmas, worst_other, most_other = sigmas_self, NOTHING, -math.inf
    n_before = n_useless
    for k in range(group.other.size):
        s = group.other[k]
        level = nuisance_db(
            wanted_db[s], interfering_db[s], group.other_excess_db[k], group.other_lasting_db[k]
        )
        if math.isnan(level):
            continue
        off = discrimination_db(
            azimuth_deg[s] - azimuth_deg[aim], polarisation[s] != polarisation[aim], antenna
        )
        level -= off
        scratch.useless_db[n_useless], scratch.useless_sigma_db[n_useless] = level, sigma
        n_useless += 1
        if level > most_other:
            worst_other, most_other = s, level
    if n_useless > n_before:
        total = sum_signals(
            rules.method, rules.k_factor, rules.correlation, scratch.useless_db,
            scratch.useless_sigma_db, n_useless, scratch.rest,
        )  # fmt: skip
        sigmas, spread = _excess(c, total, need.cn_db, rules.correlation)
    return Verdict(
        sigmas, c[0], c[1], total[0], total[1], spread, sigmas_noise, sigmas_self, worst_self,
        worst_other, start, aim,
    )  # fmt: skip


@kernel
def evaluate_group(
    group: GroupArrays, here: Location, need: Need, receiving: Receiving, scratch: Scratch,
    to_beat: float = -math.inf,
) -> Verdict:  # fmt: skip
    """What is received from a group, the antenna aimed by the rules; as :func:`evaluate_aim`."""
    strongest = NOTHING
    wanted_db, antenna = here.wanted_db, receiving.antenna
    for s in group.member:
        if math.isnan(wanted_db[s]):
            continue
        if strongest == NOTHING or wanted_db[s] > wanted_db[strongest]:
            strongest = s
    if strongest == NOTHING:
        return _nobody()
    best = evaluate_aim(strongest, group, here, need, receiving, scratch, to_beat)
    if not receiving.rules.aims_best or (antenna.most_db == 0.0 and antenna.cross_polar_db == 0.0):
        return best
    for s in group.member:
        # Farther below, no other direction makes up for what is lost of the strongest.
        if s == strongest or not wanted_db[s] >= wanted_db[strongest] - 2.0 * antenna.most_db:
            continue
        found = evaluate_aim(s, group, here, need, receiving, scratch, max(best.sigmas, to_beat))
        if found.sigmas > best.sigmas:
            best = found
    return best


@kernel
def cause_of(verdict: Verdict, good_sigmas: float) -> tuple[int, int]:
    """Why a location is not well served, and by which station: the first thing that is too much."""
    if verdict.aim == NOTHING:
        return NO_DATA, NOTHING
    if verdict.sigmas >= good_sigmas:
        return SERVED, NOTHING
    if verdict.sigmas_noise < good_sigmas:
        return NOISE, NOTHING
    if verdict.sigmas_self < good_sigmas:
        return SELF_INTERFERENCE, verdict.worst_self
    return INTERFERENCE, verdict.worst_other
