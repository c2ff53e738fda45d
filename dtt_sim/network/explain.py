"""One location explained: every station with its level, delay, place in the window and part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from dtt_sim.network.azimuth import azimuth_deg
from dtt_sim.network.discrimination import OMNIDIRECTIONAL, Discrimination, discrimination_db
from dtt_sim.network.evaluate import (
    CAUSES,
    NOTHING,
    Location,
    Receiving,
    Verdict,
    cause_of,
    empty_scratch,
    evaluate_group,
    nuisance_db,
)
from dtt_sim.network.multiplex import Group, StationFields, kernel_rules, need_of
from dtt_sim.network.sfn import SfnReceiver, Window, weight
from dtt_sim.units import SPEED_OF_LIGHT_KM_PER_US


@dataclass(frozen=True, slots=True)
class Part:
    """What one station does at a location.

    Attributes
    ----------
    station : str
    is_wanted : bool
        It belongs to the network that is received.
    distance_km, azimuth_deg : float
        To the station [km], [deg].
    arrival_us : float
        After the window's tolerance begins [µs].
    wanted_db, interfering_db : float
        Median fields at both percentages of time, before the antenna [dB(µV/m)]; NaN: not known.
    discrimination_db : float
        What the receiving antenna takes off [dB].
    weight : float
        Share that helps, 0..1; NaN for a station that only disturbs.
    protection_db : float
        Protection ratio of a station that only disturbs [dB]; otherwise NaN.
    useful_db, useless_db : float
        Its part in C, and in what disturbs, as noise-like field [dB(µV/m)]; -inf for nothing.
    """

    station: str
    is_wanted: bool
    distance_km: float
    azimuth_deg: float
    arrival_us: float
    wanted_db: float
    interfering_db: float
    discrimination_db: float
    weight: float
    protection_db: float
    useful_db: float
    useless_db: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A multiplex at a location.

    Attributes
    ----------
    aim : str
        Station towards which the antenna points; empty without data.
    probability : float
        Location probability, 0..1; NaN without data.
    margin_db, noise_margin_db : float
        Of C/(N + I) for good reception, and against noise alone [dB].
    c_db, i_db, noise_db, cn_db : float
        Sum of useful parts; of noise and all that disturbs; noise alone; required C/N.
    good_location_percent : float
        Share of locations of good reception [%].
    cause, culprit : str
        Why it is not well served, and by which station.
    parts : tuple of Part
        Stations of the network by arrival, then those that disturb, the strongest first.
    """

    aim: str
    probability: float
    margin_db: float
    noise_margin_db: float
    c_db: float
    i_db: float
    noise_db: float
    cn_db: float
    good_location_percent: float
    cause: str
    culprit: str
    parts: tuple[Part, ...]


def explain(
    stations: Sequence[StationFields],
    groups: Sequence[Group],
    lonlat_deg: tuple[float, float],
    *,
    window: Window,
    receiver: SfnReceiver,
    antenna: Discrimination = OMNIDIRECTIONAL,
) -> Explanation:
    """Explain the best group at one location, whose fields are (1, 1)."""
    wanted, interfering, distance = (
        np.array([float(getattr(s, name)[0, 0]) for s in stations])
        for name in ("wanted_dbuv_m", "interfering_dbuv_m", "distance_km")
    )
    arrival = np.array([s.delay_us for s in stations]) + distance / SPEED_OF_LIGHT_KM_PER_US
    azimuth = np.array([azimuth_deg(*lonlat_deg, s.lon_deg, s.lat_deg) for s in stations])
    polarisation = np.array([s.is_vertical for s in stations], np.int64)
    here = Location(wanted, interfering, arrival, azimuth, polarisation)
    receiving = Receiving(window, antenna, kernel_rules(receiver))
    best: tuple[Group, Verdict] | None = None
    for group in groups:
        need = need_of(group.budget)
        verdict = evaluate_group(
            group.arrays(), here, need, receiving, empty_scratch(len(stations))
        )
        if best is None or verdict.sigmas > best[1].sigmas or best[1].aim == NOTHING:
            best = group, verdict
    assert best is not None  # a multiplex has a group
    group, found = best
    need = need_of(group.budget)
    parts = []
    protection = {o.station: o for o in group.others}
    for s in (*group.members, *protection):
        is_wanted = s in group.members
        has_aim = found.aim != NOTHING
        off = 0.0
        if has_aim:
            is_cross = bool(polarisation[s] != polarisation[found.aim])
            off = discrimination_db(float(azimuth[s] - azimuth[found.aim]), is_cross, antenna)
        since = float(arrival[s] - found.start_us)
        w = weight(since, window) if is_wanted and has_aim else math.nan
        late = interfering[s]
        if math.isnan(late) or (is_wanted and receiver.interference_time == "wanted"):
            late = wanted[s]
        useful = useless = -math.inf
        if is_wanted and has_aim:
            if w > 0.0 and not math.isnan(wanted[s]):
                useful = float(wanted[s]) - off + 10.0 * math.log10(w)
            if w < 1.0 and not math.isnan(late):
                useless = float(late) - off + 10.0 * math.log10(1.0 - w)
        elif not is_wanted and not math.isnan(late):
            ratio, lasting = protection[s].ratio_db, protection[s].lasting_db
            useless = (
                nuisance_db(float(wanted[s]), float(late), ratio - need.cn_db, lasting - need.cn_db)
                - off
            )
        parts.append(
            Part(
                stations[s].name, is_wanted, float(distance[s]), float(azimuth[s]) % 360.0, since,
                float(wanted[s]), float(interfering[s]), off, w,
                math.nan if is_wanted else protection[s].ratio_db, useful, useless,
            )
        )  # fmt: skip
    cause, culprit = cause_of(found, need.good_sigmas)
    over = found.c_db - need.cn_db
    return Explanation(
        stations[found.aim].name if found.aim != NOTHING else "",
        float(ndtr(found.sigmas)),
        over - found.i_db - need.good_sigmas * found.spread_db,
        over - need.noise_db - need.good_sigmas * found.c_sigma_db,
        found.c_db, found.i_db, need.noise_db, need.cn_db,
        group.budget.good_location_percent, CAUSES[cause],
        stations[culprit].name if culprit != NOTHING else "",
        tuple(sorted(parts, key=_order)),
    )  # fmt: skip


def _order(part: Part) -> tuple[bool, float]:
    if part.is_wanted:
        return False, part.arrival_us if not math.isnan(part.arrival_us) else math.inf
    return True, -part.useless_db
