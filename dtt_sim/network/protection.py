"""Protection ratios: how much stronger a wanted signal must be than one that disturbs it.

DVB-T2 against noise-like signals (DVB-T2, DVB-T): the co-channel ratio is the required C/N; that of
overlapping channels is less by the share of the channel that overlaps, and not below the adjacent
channel's; others stand in a table. Rows of one's own come first. Two signals that lie farther apart
than any row of the table do not disturb each other. Ratios for analogue television are not here yet:
such a pair is an error that names it, unless a row says what holds.

Sources: Rec. ITU-R BT.2033-2; GE06 for overlapping and adjacent channels (RECALL).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dtt_sim.errors import DttSimError
from dtt_sim.tables import table

DVBT2: Final = "DVB-T2"
_SAME_MHZ = 0.2
"""Centres this close are one channel."""
ROW_COLUMNS: Final = (
    "wanted", "unwanted", "from_mhz", "to_mhz", "tropospheric_db", "continuous_db", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signal:
    """What a protection ratio depends on.

    Attributes
    ----------
    system : str
        "DVB-T2", or another that one's own rows know.
    centre_mhz, bandwidth_mhz : float
        Channel [MHz].
    cn_db : float or None
        Required C/N, of a digital signal that is wanted [dB].
    """

    system: str
    centre_mhz: float
    bandwidth_mhz: float
    cn_db: float | None = None


@dataclass(frozen=True, slots=True)
class ProtectionRatio:
    """A protection ratio and where it comes from.

    Attributes
    ----------
    tropospheric_db, continuous_db : float
        For interference during a small percentage of time, and all the time [dB]; the same for
        digital signals that are wanted.
    relation : str
        "co-channel", "overlapping", "adjacent N+1" and so on.
    source, confidence : str
    """

    tropospheric_db: float
    continuous_db: float
    relation: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class ProtectionRow:
    """A ratio of one's own, for centres that lie from `from_mhz` to `to_mhz` apart.

    The difference is the unwanted centre less the wanted one [MHz].
    """

    wanted: str
    unwanted: str
    from_mhz: float
    to_mhz: float
    tropospheric_db: float
    continuous_db: float
    source: str

    def __post_init__(self) -> None:
        """Refuse what cannot be a ratio."""
        numbers = self.from_mhz, self.to_mhz, self.tropospheric_db, self.continuous_db
        if not all(math.isfinite(v) for v in numbers):
            msg = "every frequency and ratio must be a number"
            raise ValueError(msg)
        if self.from_mhz > self.to_mhz:
            msg = f"from_mhz = {self.from_mhz:g} is above to_mhz = {self.to_mhz:g}; exchange them"
            raise ValueError(msg)
        for name in ("tropospheric_db", "continuous_db"):
            if not -100.0 <= getattr(self, name) <= 100.0:
                msg = f"{name} = {getattr(self, name):g}; give -100 to 100 dB"
                raise ValueError(msg)


def protection_ratio(
    wanted: Signal, unwanted: Signal, rows: Sequence[ProtectionRow] = ()
) -> ProtectionRatio | None:
    """Protection ratio of a wanted signal against an unwanted one.

    Returns
    -------
    ProtectionRatio or None
        None where the two lie farther apart than any row reaches.

    Raises
    ------
    ValueError
        Signals that overlap or are neighbours and for which no ratio is known; names them.

    Examples
    --------
    >>> here = Signal("DVB-T2", 570.0, 8.0, cn_db=16.9)
    >>> protection_ratio(here, Signal("DVB-T2", 578.0, 8.0)).tropospheric_db
    -30.0
    """
    offset = unwanted.centre_mhz - wanted.centre_mhz
    for row in rows:
        if (row.wanted, row.unwanted) == (wanted.system, unwanted.system) and (
            row.from_mhz <= offset <= row.to_mhz
        ):
            return ProtectionRatio(
                row.tropospheric_db, row.continuous_db, f"{offset:+g} MHz", row.source, "given"
            )
    if wanted.system == unwanted.system == DVBT2:
        return _noise_like(wanted, unwanted, offset)
    reach = 0.5 * (wanted.bandwidth_mhz + unwanted.bandwidth_mhz) + wanted.bandwidth_mhz
    if abs(offset) > reach:
        return None
    msg = (
        f"no protection ratio of {wanted.system} against {unwanted.system} {offset:+g} MHz away; "
        "give a row of your own"
    )
    raise ValueError(msg)


def _noise_like(wanted: Signal, unwanted: Signal, offset: float) -> ProtectionRatio | None:
    if wanted.cn_db is None:
        msg = "a wanted DVB-T2 signal needs its required C/N; give cn_db"
        raise ValueError(msg)
    if abs(offset) <= _SAME_MHZ:
        return _equal(wanted.cn_db, "co-channel", "required C/N, BT.2033-2", "VERIFIED")
    overlap = 0.5 * (wanted.bandwidth_mhz + unwanted.bandwidth_mhz) - abs(offset)
    share = min(overlap, wanted.bandwidth_mhz, unwanted.bandwidth_mhz) / wanted.bandwidth_mhz
    if share > 1e-9:
        least = float(_row(1 if offset > 0.0 else -1)["pr_dB"])
        ratio = max(wanted.cn_db + 10.0 * math.log10(share), least)
        return _equal(ratio, "overlapping", "GE06: less by the share that overlaps", "RECALL")
    number = round(offset / wanted.bandwidth_mhz)
    row = next((r for r in table("protection_dvb") if int(r["offset_channels"]) == number), None)
    if row is None:
        return None
    relation = f"{row['relation']} N{number:+d}"
    return _equal(float(row["pr_dB"]), relation, row["source"], row["confidence"])


def _row(offset_channels: int) -> dict[str, str]:
    return next(r for r in table("protection_dvb") if int(r["offset_channels"]) == offset_channels)


def _equal(ratio_db: float, relation: str, source: str, confidence: str) -> ProtectionRatio:
    return ProtectionRatio(ratio_db, ratio_db, relation, source, confidence)


def read_rows(path: Path | str) -> tuple[ProtectionRow, ...]:
    """Rows of one's own from a CSV table with the columns `ROW_COLUMNS`.

    Raises
    ------
    DttSimError
        A file that cannot be read, or a row that is no ratio; names file and row.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error}); give a CSV table in UTF-8"
        raise DttSimError(msg) from error
    reader = csv.DictReader(text.splitlines())
    missing = [c for c in ROW_COLUMNS if c not in (reader.fieldnames or ())]
    if missing:
        msg = f"{path}: no column {', '.join(missing)}; give {', '.join(ROW_COLUMNS)}"
        raise DttSimError(msg)
    found = []
    for number, row in enumerate(reader, start=2):
        try:
            found.append(
                ProtectionRow(
                    row["wanted"].strip(), row["unwanted"].strip(), float(row["from_mhz"]),
                    float(row["to_mhz"]), float(row["tropospheric_db"]),
                    float(row["continuous_db"]), (row["source"] or "").strip(),
                )
            )  # fmt: skip
        except (ValueError, TypeError, AttributeError) as error:
            msg = f"{path}, row {number}: {error}"
            raise DttSimError(msg) from error
    return tuple(found)
