"""How many television programmes a multiplex carries.

Arithmetic on mean rates: a real statistical multiplex has its own. The rates are parameters; what
is not given comes from `programme_rates.csv`, whose figures are RECALL or ASSUMED.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dtt_sim.tables import table

KINDS = {
    "sd_mpeg4": "SD, MPEG-4",
    "hd_mpeg4": "HD, MPEG-4",
    "sd_hevc": "SD, HEVC",
    "hd_hevc": "HD, HEVC",
}
"""Kinds of programme by their name in the table: definition and coding."""

RATE_RANGE_MBPS = (0.01, 1000.0)
"""Rates of a programme that are taken for meant [Mbit/s]."""

GIVEN = "GIVEN"
_ROUNDING = 1e-9


class Figure(NamedTuple):
    """A figure of `programme_rates.csv`: what is used, what is usual, from where, how sure."""

    value: float
    low: float
    high: float
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Programmes:
    """How many programmes of one kind fit into a multiplex that carries nothing else.

    Attributes
    ----------
    kind : str
        Key of `KINDS`.
    rate_mbps : float
        Of one programme, sound and subtitles included [Mbit/s].
    count : int
    spare_mbps : float
        What is left beside them and the reserved share [Mbit/s].
    source, confidence : str
        Of the rate; "given" and GIVEN where the user gave it.
    """

    kind: str
    rate_mbps: float
    count: int
    spare_mbps: float
    source: str
    confidence: str


def figure(name: str) -> Figure:
    """Row of `programme_rates.csv`: a key of `KINDS` [Mbit/s], or "reserved_percent" [%]."""
    row = next(row for row in table("programme_rates") if row["name"] == name)
    value, low, high = (float(row[column]) for column in ("value", "low", "high"))
    return Figure(value, low, high, row["source"], row["confidence"])


def programmes_that_fit(
    multiplex_mbps: float,
    rates_mbps: Mapping[str, float] | None = None,
    reserved_percent: float | None = None,
) -> tuple[Programmes, ...]:
    """Count the programmes of each kind that a multiplex carries.

    Parameters
    ----------
    multiplex_mbps : float
        Useful bit rate [Mbit/s].
    rates_mbps : mapping of str to float, optional
        Rates of programmes by kind, a key of `KINDS`, in the place of the table's [Mbit/s].
    reserved_percent : float, optional
        Share for service tables, programme guide and stuffing, in the place of the table's [%].

    Returns
    -------
    tuple of Programmes
        One for each of `KINDS`, in that order.

    Raises
    ------
    ValueError
        An unknown kind, a rate that is not a positive number, a share outside 0 to 100 %.

    Examples
    --------
    >>> [found.count for found in programmes_that_fit(27.489)]
    [13, 4, 21, 7]
    """
    given = dict(rates_mbps or {})
    _check(multiplex_mbps, given)
    reserved = figure("reserved_percent").value if reserved_percent is None else reserved_percent
    if not 0.0 <= reserved < 100.0:
        msg = f"reserved_percent = {reserved:g}; use 0 to less than 100 %"
        raise ValueError(msg)
    free_mbps = multiplex_mbps * (1.0 - reserved / 100.0)
    return tuple(_fit(kind, free_mbps, given.get(kind)) for kind in KINDS)


def _check(multiplex_mbps: float, given: Mapping[str, float]) -> None:
    if not 0.0 <= multiplex_mbps < math.inf:
        msg = f"multiplex_mbps = {multiplex_mbps:g}; use a bit rate of 0 Mbit/s or more"
        raise ValueError(msg)
    low, high = RATE_RANGE_MBPS
    for kind, rate_mbps in given.items():
        if kind not in KINDS:
            msg = f"programme kind {kind!r} is not known; use one of {', '.join(KINDS)}"
            raise ValueError(msg)
        if not low <= rate_mbps <= high:
            msg = (
                f"{kind} = {rate_mbps:g} is no rate of a programme; use {low:g} to {high:g} Mbit/s"
            )
            raise ValueError(msg)


def _fit(kind: str, free_mbps: float, given_mbps: float | None) -> Programmes:
    tabled = figure(kind)
    rate, source, confidence = tabled.value, tabled.source, tabled.confidence
    if given_mbps is not None:
        rate, source, confidence = given_mbps, "given", GIVEN
    # Exactly full is full: 0.95 * 40 Mbit/s holds ten programmes of 3.8.
    count = math.floor(free_mbps / rate + _ROUNDING)
    return Programmes(kind, rate, count, max(free_mbps - count * rate, 0.0), source, confidence)
