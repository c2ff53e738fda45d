"""Field strength along a border, against the values that make neighbours ask for coordination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dtt_sim.tables import table
from dtt_sim.typing import Float64Array

DIGITAL = "DVB-T"
"""The trigger values know DVB-T; a DVB-T2 signal is as noise-like."""
ANALOGUE = "analogue TV"


@dataclass(frozen=True, slots=True)
class Trigger:
    """A field that makes coordination necessary.

    Attributes
    ----------
    field_dbuv_m : float
        [dB(µV/m)] at `rx_height_m` above ground during `time_percent` of time.
    rx_height_m, time_percent : float
    source, confidence : str
    """

    field_dbuv_m: float
    rx_height_m: float
    time_percent: float
    source: str
    confidence: str


def trigger_of(frequency_mhz: float, system: str = DIGITAL) -> Trigger | None:
    """Trigger value at a frequency; None where there is none."""
    for row in table("ge06_trigger_fields"):
        if row["system"] == system and (
            float(row["f_low_MHz"]) <= frequency_mhz < float(row["f_high_MHz"])
        ):
            return Trigger(
                float(row["trigger_dBuV_m"]), float(row["rx_height_m"]), float(row["time_percent"]),
                row["source"], row["confidence"],
            )  # fmt: skip
    return None


@dataclass(frozen=True, eq=False)
class BorderField:
    """One station along a border.

    Attributes
    ----------
    station : str
    frequency_mhz : float
    trigger_dbuv_m : float
        NaN where there is none at this frequency.
    field_dbuv_m : (n,) float64
        Along the line; NaN where not known.
    strongest : int
        Index of the largest field; -1 where none is known.
    over_km : float
        Length of line on which the trigger is exceeded [km].
    """

    station: str
    frequency_mhz: float
    trigger_dbuv_m: float
    field_dbuv_m: Float64Array
    strongest: int
    over_km: float

    @property
    def excess_db(self) -> float:
        """Largest field less the trigger [dB]; NaN where one is not known."""
        if self.strongest < 0:
            return float("nan")
        return float(self.field_dbuv_m[self.strongest]) - self.trigger_dbuv_m


def along_border(
    stations: Sequence[tuple[str, float]],
    fields_dbuv_m: Sequence[Float64Array],
    km: Float64Array,
    triggers_dbuv_m: Sequence[float],
) -> tuple[BorderField, ...]:
    """Every station's field along a line, the one with the largest excess first.

    Parameters
    ----------
    stations : sequence of (str, float)
        Name and frequency [MHz].
    fields_dbuv_m : sequence of (n,) float64
    km : (n,) float64
        Length of line that each point stands for [km].
    triggers_dbuv_m : sequence of float
        NaN for none.
    """
    found = []
    for (name, frequency), field, trigger in zip(
        stations, fields_dbuv_m, triggers_dbuv_m, strict=True
    ):
        known = np.isfinite(field)
        strongest = int(np.nanargmax(field)) if known.any() else -1
        over = float(km[known & (field > trigger)].sum())
        found.append(BorderField(name, frequency, trigger, field, strongest, over))
    return tuple(sorted(found, key=lambda f: -np.nan_to_num(f.excess_db, nan=-np.inf)))
