"""Protection ratios: how much stronger a wanted signal must be than one that disturbs it.

One question, :func:`protection_ratio`, for every pair of signals: DVB-T2 against DVB and against
analogue television, and the other way round. Rows of one's own come first, the tables of
`dtt_sim/data` after them (:mod:`dtt_sim.network.protection_tables`). Two signals beyond every row do
not disturb each other; two that overlap or are neighbours without a known ratio are an error.
Which ratio when, and how sure each is: docs/interference.md.
"""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dtt_sim.errors import DttSimError
from dtt_sim.network.protection_tables import (
    DVBT2,
    NOISE_LIKE,
    SAME_CHANNEL_MHZ,
    ProtectionRatio,
    Signal,
    analogue_from_analogue,
    analogue_from_dvb,
    channels_apart,
    dvb_from_analogue,
    dvb_from_dvb,
    gap_mhz,
    is_overlapping,
)

__all__ = [
    "DVBT2",
    "ROW_COLUMNS",
    "ProtectionRatio",
    "ProtectionRow",
    "Signal",
    "protection_ratio",
    "read_protection_rows",
]

GIVEN: Final = "GIVEN"
"""Confidence of what the user gave."""

_NEEDED: Final = ("wanted", "unwanted", "tropospheric_db", "continuous_db", "source")
_RANGE: Final = ("from_mhz", "to_mhz")
ROW_COLUMNS: Final = (*_NEEDED, *_RANGE, "offset_channels")
"""Columns of a table of one's own; of the last three either the range or the channels."""


@dataclass(frozen=True, slots=True)
class ProtectionRow:
    """A ratio of one's own, for a distance between the channels of two systems.

    The distance is the unwanted centre less the wanted one, either in a range or in channels of the
    wanted signal.

    Attributes
    ----------
    wanted, unwanted : str
        Systems, as :class:`Signal` has them.
    from_mhz, to_mhz : float or None
        Range, both ends included [MHz].
    tropospheric_db, continuous_db : float
        Ratios [dB]; the same for digital signals that are wanted.
    source : str
        Where they are from.
    offset_channels : int or None
        Channels above the wanted one, negative below.

    Raises
    ------
    ValueError
        What cannot be a ratio, or no distance; names the pair.
    """

    wanted: str
    unwanted: str
    from_mhz: float | None
    to_mhz: float | None
    tropospheric_db: float
    continuous_db: float
    source: str
    offset_channels: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be a ratio."""
        problem = self._problem()
        if problem:
            msg = f"protection of {self.wanted or '?'} from {self.unwanted or '?'}: {problem}"
            raise ValueError(msg)

    def _problem(self) -> str:
        for name in ("wanted", "unwanted", "source"):
            if not getattr(self, name).strip():
                return f"{name} is empty; fill it in"
        for name in ("tropospheric_db", "continuous_db"):
            if not -100.0 <= getattr(self, name) <= 100.0:
                return f"{name} = {getattr(self, name)}; give -100 to 100 dB"
        if self.from_mhz is None or self.to_mhz is None:
            if self.offset_channels is None or (self.from_mhz, self.to_mhz) != (None, None):
                return "no distance; give from_mhz and to_mhz, or offset_channels"
            return ""
        if self.offset_channels is not None:
            return "a range and offset_channels; give one of them"
        if not (math.isfinite(self.from_mhz) and math.isfinite(self.to_mhz)):
            return f"from_mhz = {self.from_mhz}, to_mhz = {self.to_mhz}; give numbers"
        if self.from_mhz > self.to_mhz:
            return f"from_mhz = {self.from_mhz:g} is above to_mhz = {self.to_mhz:g}; exchange them"
        return ""

    def holds_for(self, wanted: Signal, unwanted: Signal) -> bool:
        """Whether it is about this pair at this distance."""
        if (self.wanted, self.unwanted) != (wanted.system, unwanted.system):
            return False
        offset = unwanted.centre_mhz - wanted.centre_mhz
        if self.offset_channels is not None:
            return abs(offset - self.offset_channels * wanted.bandwidth_mhz) <= SAME_CHANNEL_MHZ
        if self.from_mhz is None or self.to_mhz is None:
            return False
        return self.from_mhz <= offset <= self.to_mhz


def protection_ratio(
    wanted: Signal, unwanted: Signal, rows: Sequence[ProtectionRow] = ()
) -> ProtectionRatio | None:
    """Protection ratio of a wanted signal against an unwanted one.

    Parameters
    ----------
    wanted, unwanted : Signal
    rows : sequence of ProtectionRow
        Come before the tables; of several that hold the first.

    Returns
    -------
    ProtectionRatio or None
        None where the two lie farther apart than any row about them reaches.

    Raises
    ------
    ValueError
        Signals that overlap or are neighbours and for which no ratio is known, a system that is in no
        row at all, or a wanted digital signal without its C/N; names both systems and the distance.

    Examples
    --------
    >>> here = Signal("DVB-T2", 570.0, 8.0, cn_db=16.9)
    >>> protection_ratio(here, Signal("DVB-T2", 578.0, 8.0)).tropospheric_db
    -30.0
    >>> analogue = Signal("PAL_DK", 570.0, 8.0, vision_mhz=567.25)
    >>> protection_ratio(analogue, here).continuous_db
    40.0
    """
    for row in rows:
        if row.holds_for(wanted, unwanted):
            offset = unwanted.centre_mhz - wanted.centre_mhz
            return ProtectionRatio(
                row.tropospheric_db, row.continuous_db, f"{offset:+g} MHz", row.source, GIVEN
            )
    found = _tabled(wanted, unwanted)
    if found is None and _must_be_known(wanted, unwanted, rows):
        msg = (
            f"no protection ratio of {wanted.system} at {wanted.centre_mhz:g} MHz against "
            f"{unwanted.system} {unwanted.centre_mhz - wanted.centre_mhz:+g} MHz away; add a row "
            "of your own for that distance"
        )
        raise ValueError(msg)
    return found


def _is_in_tables(wanted: Signal, unwanted: Signal) -> bool:
    return (wanted.system == DVBT2 or wanted.is_analogue) and (
        unwanted.system in NOISE_LIKE or unwanted.is_analogue
    )


def _tabled(wanted: Signal, unwanted: Signal) -> ProtectionRatio | None:
    if not _is_in_tables(wanted, unwanted):
        return None
    if wanted.is_analogue:
        ratio = analogue_from_analogue if unwanted.is_analogue else analogue_from_dvb
    else:
        ratio = dvb_from_analogue if unwanted.is_analogue else dvb_from_dvb
    return ratio(wanted, unwanted)


def _must_be_known(wanted: Signal, unwanted: Signal, rows: Sequence[ProtectionRow]) -> bool:
    """Whether no ratio cannot mean no interference, as two signals are too close for that.

    Systems without a table of their own: up to a channel between them, and at any distance if no row
    is about the two at all.
    """
    if _is_in_tables(wanted, unwanted):
        return is_overlapping(wanted, unwanted) or abs(channels_apart(wanted, unwanted)) == 1
    pair = wanted.system, unwanted.system
    is_beyond = any((row.wanted, row.unwanted) == pair for row in rows)
    return not is_beyond or gap_mhz(wanted, unwanted) < wanted.bandwidth_mhz - SAME_CHANNEL_MHZ


def read_protection_rows(path: Path | str) -> tuple[ProtectionRow, ...]:
    """Rows of one's own from a CSV table with the columns `ROW_COLUMNS`.

    Raises
    ------
    DttSimError
        A file that cannot be read, a column that is missing or not known, or a row that is no
        ratio; names file and row, and says what to do.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error}); give a CSV table in UTF-8"
        raise DttSimError(msg) from error
    reader = csv.DictReader(text.splitlines())
    _check_columns(path, reader.fieldnames or ())
    found = []
    for row in reader:
        try:
            found.append(_parse(row))
        except ValueError as error:
            msg = f"{path}, row {reader.line_num}: {error}"
            raise DttSimError(msg) from error
    return tuple(found)


def _check_columns(path: Path | str, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in ROW_COLUMNS]
    if unknown:
        near = difflib.get_close_matches(unknown[0], ROW_COLUMNS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        msg = f"{path}: column {unknown[0]!r} is not known; use {', '.join(ROW_COLUMNS)}{hint}"
        raise DttSimError(msg)
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        msg = f"{path}: no column {', '.join(missing)}; give {', '.join(ROW_COLUMNS)}"
        raise DttSimError(msg)


def _parse(row: dict[str, str | None]) -> ProtectionRow:
    if None in row:
        msg = "more cells than columns; put text that holds a comma in quotes"
        raise ValueError(msg)
    text = {name: (value or "").strip() for name, value in row.items()}
    low, high, channels = (
        _number(name, text[name]) if text.get(name) else None
        for name in (*_RANGE, "offset_channels")
    )
    if channels is not None and not channels.is_integer():
        msg = f"offset_channels = {channels:g}; give a whole number of channels"
        raise ValueError(msg)
    return ProtectionRow(
        text["wanted"], text["unwanted"], low, high,
        _number("tropospheric_db", text["tropospheric_db"]),
        _number("continuous_db", text["continuous_db"]),
        text["source"], None if channels is None else int(channels),
    )  # fmt: skip


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        msg = f"{name} = {text!r} is not a number; correct it"
        raise ValueError(msg) from None
