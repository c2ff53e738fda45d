"""Signals, and what the tables say about a pair of them: value, relation, source and confidence.

Each function answers for one kind of pair, with None where its tables have nothing for the distance
in frequency. Whether nothing means that the two do not disturb each other decides
:mod:`dtt_sim.network.protection`. Sources stand in the rows: Rec. ITU-R BT.655, BT.1368, BT.2033;
GE06.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from dtt_sim.tables import table

DVBT2: Final = "DVB-T2"
NOISE_LIKE: Final = (DVBT2, "DVB-T")
"""Systems that disturb like noise, one as much as the other."""

SOUND_MHZ: Final = {"PAL_DK": 6.5, "PAL_BG": 5.5, "PAL_I": 6.0, "SECAM_DK": 6.5}
"""Analogue systems, all of negative modulation and 625 lines: sound above vision carrier [MHz]."""

VISION_TO_SOUND_DB: Final = 10.0
"""Vision over sound power; 10:1, where 20:1 (13 dB) would disturb less."""

_NEGATIVE_MODULATION_DB: Final = -2.0
"""What an overlapping vision carrier of negative modulation takes off the table's ratio."""
SAME_CHANNEL_MHZ: Final = 0.2
"""How far a centre may be from a whole number of channels and still count as on it [MHz]."""
VISION_ABOVE_EDGE_MHZ: Final = 1.25
"""Vision carrier above the lower edge of its channel, in all systems here [MHz]."""
_SAME_CARRIER_MHZ: Final = 0.02
_VHF_BELOW_MHZ: Final = 300.0
_CONFIDENCES: Final = ("ASSUMED", "RECALL", "SINGLE", "VERIFIED")


@dataclass(frozen=True, slots=True)
class Signal:
    """What a protection ratio depends on.

    Attributes
    ----------
    system : str
        "DVB-T2", "DVB-T", "PAL_DK", "PAL_BG", "PAL_I", "SECAM_DK"; or another ("LTE") that one's own
        rows know.
    centre_mhz, bandwidth_mhz : float
        Channel [MHz].
    cn_db : float or None
        Required C/N, of a digital signal that is wanted [dB]; None: of its modulation and code rate.
    vision_mhz : float or None
        Nominal vision carrier of an analogue signal, without its offset [MHz].
    line_offset : int
        Offset of the carriers in twelfths of the line frequency (1302.083 Hz).
    precision_offset : bool
        Whether the offset is held to about 1 Hz; counts where both signals have it.
    modulation, code_rate : str or None
        "64QAM" and "3/4", of a digital signal that is wanted.

    Raises
    ------
    ValueError
        No system, a channel that is none, an analogue signal without a vision carrier in it.
    """

    system: str
    centre_mhz: float
    bandwidth_mhz: float
    cn_db: float | None = None
    vision_mhz: float | None = None
    line_offset: int = 0
    precision_offset: bool = False
    modulation: str | None = None
    code_rate: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no signal."""
        if not self.system.strip():
            msg = 'a signal without a system; name it, such as "DVB-T2" or "PAL_DK"'
            raise ValueError(msg)
        for name in ("centre_mhz", "bandwidth_mhz"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                msg = f"{self.system}: {name} = {value}; give a positive number of MHz"
                raise ValueError(msg)
        if self.line_offset != int(self.line_offset):
            msg = f"{self.system}: line_offset = {self.line_offset}; give whole twelfths of a line"
            raise ValueError(msg)
        if self.system in SOUND_MHZ:
            self._check_vision()

    def _check_vision(self) -> None:
        edge = self.centre_mhz - 0.5 * self.bandwidth_mhz
        if self.vision_mhz is None or not 0.0 <= self.vision_mhz - edge <= self.bandwidth_mhz:
            msg = (
                f"{self.system} at {self.centre_mhz:g} MHz: vision_mhz = {self.vision_mhz}; give a "
                f"vision carrier in the channel, as a rule {edge + VISION_ABOVE_EDGE_MHZ:g} MHz"
            )
            raise ValueError(msg)

    @property
    def is_analogue(self) -> bool:
        """Whether it is one of the analogue systems of the tables."""
        return self.system in SOUND_MHZ

    @property
    def vision(self) -> float:
        """Vision carrier of an analogue signal [MHz]; NaN of others."""
        return math.nan if self.vision_mhz is None else self.vision_mhz


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


def gap_mhz(wanted: Signal, unwanted: Signal) -> float:
    """From the edge of one channel to that of the other [MHz]; negative where they overlap."""
    between = abs(unwanted.centre_mhz - wanted.centre_mhz)
    return between - 0.5 * (wanted.bandwidth_mhz + unwanted.bandwidth_mhz)


def is_same_channel(wanted: Signal, unwanted: Signal) -> bool:
    """Whether the centres are those of one channel."""
    return abs(unwanted.centre_mhz - wanted.centre_mhz) <= SAME_CHANNEL_MHZ


def channels_apart(wanted: Signal, unwanted: Signal) -> int:
    """Number of the unwanted channel, the wanted one being 0; between two the nearer to 0.

    Counted from edge to edge in channels of the wanted signal, so that touching channels of
    different width are neighbours. Not for channels that overlap.
    """
    number = max(1, math.ceil(0.5 + gap_mhz(wanted, unwanted) / wanted.bandwidth_mhz - 1e-6))
    return number if unwanted.centre_mhz > wanted.centre_mhz else -number


def is_overlapping(wanted: Signal, unwanted: Signal) -> bool:
    """Whether more than the edges of the channels meet."""
    return gap_mhz(wanted, unwanted) < -SAME_CHANNEL_MHZ


def required_cn(wanted: Signal) -> ProtectionRatio:
    """Required C/N of a digital signal, as the ratio against noise in its channel.

    Without `cn_db` that of the modulation and the code rate in a Ricean channel.

    Raises
    ------
    ValueError
        Neither is there.
    """
    if wanted.cn_db is not None:
        return _equal(wanted.cn_db, "co-channel", "required C/N, BT.2033-2", "VERIFIED")
    for row in table("cn_required"):
        if (row["modulation"], row["code_rate"]) == (wanted.modulation, wanted.code_rate):
            source = f"{row['source']}, Ricean channel"
            return _equal(float(row["cn_rice_dB"]), "co-channel", source, row["confidence"])
    msg = (
        f"a wanted {wanted.system} signal of modulation {wanted.modulation} {wanted.code_rate} has "
        "no required C/N; give cn_db"
    )
    raise ValueError(msg)


def dvb_from_dvb(wanted: Signal, unwanted: Signal) -> ProtectionRatio | None:
    """Ratio against noise-like signals: C/N, less by what does not fall into the channel.

    Overlapping channels take the share of the unwanted power that falls into the wanted channel and
    are not below the adjacent channel's ratio. Tabled ratios are for one C/N and move with it.
    """
    co_channel = required_cn(wanted)
    if is_same_channel(wanted, unwanted):
        return co_channel
    cn_db = co_channel.tropospheric_db
    side = 1 if unwanted.centre_mhz > wanted.centre_mhz else -1
    if is_overlapping(wanted, unwanted):
        overlap = min(-gap_mhz(wanted, unwanted), wanted.bandwidth_mhz, unwanted.bandwidth_mhz)
        share = overlap / unwanted.bandwidth_mhz
        least = _scaled(_dvb_rows()[side], cn_db)
        ratio = max(cn_db + 10.0 * math.log10(share), least)
        return _equal(ratio, "overlapping", "GE06: less by the share that overlaps", "RECALL")
    number = channels_apart(wanted, unwanted)
    row = _dvb_rows().get(number)
    if row is None:
        return None
    relation = f"{row['relation']} N{number:+d}"
    return _equal(_scaled(row, cn_db), relation, row["source"], row["confidence"])


def _dvb_rows() -> dict[int, dict[str, str]]:
    return {int(row["offset_channels"]): row for row in table("protection_dvb")}


def _scaled(row: dict[str, str], cn_db: float) -> float:
    return float(row["pr_dB"]) + cn_db - float(row["reference_cn_dB"])


def dvb_from_analogue(wanted: Signal, unwanted: Signal) -> ProtectionRatio | None:
    """Ratio of DVB-T2 against PAL or SECAM: that of the DVB-T mode closest in C/N.

    Of the same modulation where it is known, 64QAM standing for 256QAM. An engineering mapping:
    there is no table for DVB-T2.
    """
    rows = table("pr_dvb_from_pal")
    if is_same_channel(wanted, unwanted):
        cn_db = required_cn(wanted).tropospheric_db
        modulation = "64QAM" if wanted.modulation == "256QAM" else wanted.modulation
        co_channel = [row for row in rows if row["offset_channels"] == "0"]
        alike = [row for row in co_channel if row["modulation"] == modulation]
        near = min(alike or co_channel, key=lambda row: abs(float(row["compare_cn_dB"]) - cn_db))
        source = f"{near['source']} {near['modulation']} {near['code_rate']}, closest in C/N"
        return _equal(float(near["PR_dB"]), "co-channel", source, "ASSUMED")
    if is_overlapping(wanted, unwanted):
        return None
    number = channels_apart(wanted, unwanted)
    for row in rows:
        if int(row["offset_channels"]) == number:
            relation = f"{row['relation']} N{number:+d}"
            return _equal(float(row["PR_dB"]), relation, row["source"], row["confidence"])
    return None


def analogue_from_dvb(wanted: Signal, unwanted: Signal) -> ProtectionRatio | None:
    """Ratio of PAL or SECAM against a DVB signal of 7 or 8 MHz.

    In steps of channels a row each. In between the ratio is linear in the DVB centre less the vision
    carrier, with 8 MHz signals moved by 0.5 MHz, so that their upper edge is where that of the
    tabled 7 MHz signal is. Where they overlap it is not below the lower adjacent channel's. Beyond
    the last row, which is that of the co-channel case, that one holds as an upper bound.
    """
    number = _raster_number(wanted, unwanted)
    found = None if number is None else _dvb_row(wanted, unwanted, number)
    if found is not None:
        return found
    if is_overlapping(wanted, unwanted) or unwanted.centre_mhz < wanted.centre_mhz:
        return _overlapping_dvb(wanted, unwanted)
    return _dvb_row(wanted, unwanted, channels_apart(wanted, unwanted))


def _raster_number(wanted: Signal, unwanted: Signal) -> int | None:
    """Channels from wanted to unwanted where they lie in one raster."""
    if is_same_channel(wanted, unwanted):
        return 0
    offset = unwanted.centre_mhz - wanted.centre_mhz
    number = round(offset / wanted.bandwidth_mhz)
    is_on_raster = abs(offset - number * wanted.bandwidth_mhz) <= SAME_CHANNEL_MHZ
    return number if number and is_on_raster else None


def _dvb_row(wanted: Signal, unwanted: Signal, number: int) -> ProtectionRatio | None:
    for row in table("pr_pal_from_dvb"):
        if (
            wanted.system in row["wanted_systems"].split()
            and unwanted.bandwidth_mhz == float(row["unwanted_bandwidth_MHz"])
            and row["offset_channels"] == str(number)
        ):
            return _of_row(row, number)
    return None


def _overlapping_dvb(wanted: Signal, unwanted: Signal) -> ProtectionRatio | None:
    rows = [
        row
        for row in table("pr_pal_from_dvb")
        if row["centre_minus_vision_MHz"] and wanted.system in row["wanted_systems"].split()
    ]
    if not rows or unwanted.bandwidth_mhz not in {7.0, 8.0}:
        return None
    at = unwanted.centre_mhz - wanted.vision + 0.5 * (unwanted.bandwidth_mhz - 7.0)
    nodes = [
        _Node(
            float(row["centre_minus_vision_MHz"]), float(row["PR_tropospheric_dB"]),
            float(row["PR_continuous_dB"]), row["confidence"],
        )
        for row in rows
    ]  # fmt: skip
    source = f"{rows[0]['source']}, linear in frequency"
    is_beyond = at > nodes[-1].at
    if is_beyond or (at < nodes[0].at and channels_apart(wanted, unwanted) == -1):
        end = nodes[-1] if is_beyond else nodes[0]
        return ProtectionRatio(
            end.tropospheric_db, end.continuous_db,
            "overlapping" if is_beyond else "below the channel",
            f"{rows[0]['source']} at {end.at:+g} MHz, as an upper bound", "ASSUMED",
        )  # fmt: skip
    found = _between(nodes, at)
    if found is None:
        return None
    adjacent = _dvb_row(wanted, unwanted, -1) if is_overlapping(wanted, unwanted) else None
    least = (-math.inf, -math.inf)
    if adjacent is not None:
        least = adjacent.tropospheric_db, adjacent.continuous_db
    return ProtectionRatio(
        max(found.tropospheric_db, least[0]), max(found.continuous_db, least[1]),
        "overlapping" if is_overlapping(wanted, unwanted) else "below the channel",
        source, found.confidence,
    )  # fmt: skip


def analogue_from_analogue(wanted: Signal, unwanted: Signal) -> ProtectionRatio | None:
    """Ratio of PAL against PAL or SECAM, by the distance of the vision carriers.

    Co-channel by the offset between the carriers modulo 12, then the rows of adjacent and image
    channels; in between linear in the frequency, for the unwanted vision and sound carriers.
    """
    if not wanted.system.startswith("PAL"):
        return None
    difference = unwanted.vision - wanted.vision
    if abs(difference) <= _SAME_CARRIER_MHZ:
        return _co_channel(wanted, unwanted)
    number = round(difference / wanted.bandwidth_mhz)
    is_on_raster = abs(difference - number * wanted.bandwidth_mhz) <= SAME_CHANNEL_MHZ
    if abs(number) > 1 or is_on_raster:
        found = _adjacent_or_image(wanted, unwanted, number)
        if found is not None:
            return found
    return _overlapping_carriers(wanted, unwanted, difference)


def _offset_column(wanted: Signal, unwanted: Signal) -> int:
    """Offset between the carriers in twelfths of a line: 0 for none, 12 for whole lines."""
    twelfths = unwanted.line_offset - wanted.line_offset
    return 12 if twelfths and twelfths % 12 == 0 else twelfths % 12


def _offset_type(wanted: Signal, unwanted: Signal) -> str:
    both = wanted.precision_offset and unwanted.precision_offset
    return "precision" if both else "non-precision"


def _co_channel(wanted: Signal, unwanted: Signal) -> ProtectionRatio:
    kind, column = _offset_type(wanted, unwanted), _offset_column(wanted, unwanted)
    rows = {
        row["interference"]: row
        for row in table("pal_cochannel_protection")
        if row["offset_type"] == kind
    }
    row = rows["tropospheric"]
    return ProtectionRatio(
        float(row[f"off_{column}"]), float(rows["continuous"][f"off_{column}"]), "co-channel",
        f"{row['source']}, {kind} offset {column}/12 line", row["confidence"],
    )  # fmt: skip


def _adjacent_or_image(wanted: Signal, unwanted: Signal, number: int) -> ProtectionRatio | None:
    band = "VHF" if wanted.vision < _VHF_BELOW_MHZ else "UHF"
    for row in table("pal_adjacent_image_protection"):
        if (
            int(row["offset_channels"]) == number
            and wanted.system in row["wanted_systems"].split()
            and unwanted.system in row["unwanted_systems"].split()
            and f"{unwanted.bandwidth_mhz:g}" in row["unwanted_bandwidths_MHz"].split()
            and band in row["bands"].split()
        ):
            return _of_row(row, number)
    return None


class _Node(NamedTuple):
    """A ratio at a frequency difference [MHz, dB]."""

    at: float
    tropospheric_db: float
    continuous_db: float
    confidence: str


def _overlapping_carriers(
    wanted: Signal, unwanted: Signal, difference: float
) -> ProtectionRatio | None:
    column = _offset_column(wanted, unwanted)
    vision = _between(
        list(_nodes(wanted.system, _offset_type(wanted, unwanted), column)), difference
    )
    if vision is None:
        return None
    # A sound carrier is modulated in frequency: a precise offset does not help against it.
    nodes = [
        node._replace(
            tropospheric_db=node.tropospheric_db - VISION_TO_SOUND_DB,
            continuous_db=node.continuous_db - VISION_TO_SOUND_DB,
        )
        for node in _nodes(wanted.system, "non-precision", column, 0.0)
    ]
    sound = _between(nodes, difference + SOUND_MHZ[unwanted.system]) or vision
    worst = vision if vision.continuous_db >= sound.continuous_db else sound
    where = "overlapping" if is_overlapping(wanted, unwanted) else "neighbouring"
    carrier = "vision" if worst is vision else "sound"
    return ProtectionRatio(
        max(vision.tropospheric_db, sound.tropospheric_db),
        max(vision.continuous_db, sound.continuous_db),
        f"{where}, {carrier} carrier", "BT.655-7, linear in frequency", worst.confidence,
    )  # fmt: skip


def _nodes(
    system: str, kind: str, column: int, vision_db: float = _NEGATIVE_MODULATION_DB
) -> Iterator[_Node]:
    """Ratios of a wanted system against a carrier, by frequency above its vision carrier."""
    beyond = [r for r in table("pal_beyond_protection") if system in r["wanted_systems"].split()]
    if not beyond:
        return
    rows = {
        row["interference"]: row
        for row in table("pal_overlap_protection")
        if row["offset_type"] == kind and int(row["offset_1_12_line"]) == column
    }
    within = [
        _Node(
            float(name.removeprefix("df_")), float(value) + vision_db,
            float(rows["continuous"][name]) + vision_db, rows["tropospheric"]["confidence"],
        )
        for name, value in rows["tropospheric"].items()
        if name.startswith("df_")
    ]  # fmt: skip
    outside = [
        _Node(
            float(row[edge]), float(row["PR_tropospheric_dB"]), float(row["PR_continuous_dB"]),
            row["confidence"],
        )
        for row in beyond
        for edge in ("df_low_MHz", "df_high_MHz")
    ]  # fmt: skip
    yield from sorted(within + outside)


def _between(nodes: list[_Node], at: float) -> _Node | None:
    """Linear between nodes, as sure as the less sure of the two; None outside."""
    for below, above in itertools.pairwise(nodes):
        if below.at - 1e-9 <= at <= above.at + 1e-9:
            part = (at - below.at) / (above.at - below.at)
            used = [n.confidence for n, w in ((below, 1.0 - part), (above, part)) if w > 1e-9]
            return _Node(
                at,
                below.tropospheric_db + part * (above.tropospheric_db - below.tropospheric_db),
                below.continuous_db + part * (above.continuous_db - below.continuous_db),
                min(used, key=_CONFIDENCES.index),
            )
    return None


def _of_row(row: dict[str, str], number: int) -> ProtectionRatio:
    relation = f"{row['relation']} N{number:+d}" if number else row["relation"]
    return ProtectionRatio(
        float(row["PR_tropospheric_dB"]), float(row["PR_continuous_dB"]), relation,
        row["source"], row["confidence"],
    )  # fmt: skip


def _equal(ratio_db: float, relation: str, source: str, confidence: str) -> ProtectionRatio:
    return ProtectionRatio(ratio_db, ratio_db, relation, source, confidence)
