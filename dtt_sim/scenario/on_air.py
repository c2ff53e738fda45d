"""What stations that are on air together may not be to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from dtt_sim.errors import Problem
from dtt_sim.model import Transmitter
from dtt_sim.network.protection_tables import DVBT2
from dtt_sim.scenario.services import Analogue, Multiplex, Other
from dtt_sim.scenario.transmitters import Row

_SAME_PLACE_DEG = 5e-4


def check_masts(built: list[tuple[Transmitter, Row]], problems: list[Problem]) -> None:
    """Two stations on one mast and channel are one too many."""
    for k, (a, row) in enumerate(built):
        for b, _ in built[:k]:
            is_one_mast = (
                abs(a.lat_deg - b.lat_deg) < _SAME_PLACE_DEG
                and abs(a.lon_deg - b.lon_deg) < _SAME_PLACE_DEG
            )
            if is_one_mast and a.frequency_mhz == b.frequency_mhz:
                text = (
                    f"{a.id} and {b.id} stand on one mast and use one channel "
                    f"({a.frequency_mhz:g} MHz); take one off the air or change its channel"
                )
                problems.append(Problem(row.file.name, row.line, "channel", text))


def check_networks(
    built: Sequence[tuple[Transmitter, Row]],
    signals: Mapping[str, Multiplex | Analogue | Other],
    problems: list[Problem],
    settled_mhz: Mapping[str, float] | None = None,
) -> None:
    """Stations of a single-frequency network share a frequency; others have no delay to set.

    Parameters
    ----------
    settled_mhz : mapping, optional
        Frequencies by multiplex id [MHz]; by default what most of its stations have.
    """
    on_air: dict[str, Counter[float]] = {}
    for transmitter, _ in built:
        on_air.setdefault(transmitter.multiplex, Counter())[transmitter.frequency_mhz] += 1
    for transmitter, row in built:
        multiplex = signals.get(transmitter.multiplex)
        if multiplex is None:
            continue
        if multiplex.network != "sfn" and transmitter.delay_us != 0.0:
            text = (
                f"{transmitter.id}: a delay of {transmitter.delay_us:g} µs means nothing, as "
                f"multiplex {multiplex.id} is a multi-frequency network; remove it or set its "
                'network = "sfn"'
                if multiplex.system == DVBT2
                else f"{transmitter.id}: a delay means nothing for {multiplex.system}; remove it"
            )
            problems.append(Problem(row.file.name, row.line, "delay_us", text))
        usual = (settled_mhz or {}).get(multiplex.id, on_air[multiplex.id].most_common(1)[0][0])
        if multiplex.network == "sfn" and transmitter.frequency_mhz != usual:
            text = (
                f"{transmitter.id} is on {transmitter.frequency_mhz:g} MHz, but multiplex "
                f"{multiplex.id} is a single-frequency network on {usual:g} MHz; give it that "
                "channel, or another multiplex"
            )
            problems.append(Problem(row.file.name, row.line, "channel", text))
