"""Every row of the tables is reached; what has no row is an error or does not disturb."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from dtt_sim.errors import DttSimError
from dtt_sim.network.protection import ProtectionRatio, ProtectionRow, Signal, protection_ratio
from dtt_sim.network.protection import read_protection_rows as read
from dtt_sim.tables import table

SYSTEMS = ("PAL_BG", "PAL_DK", "PAL_I", "SECAM_DK")
CONFIDENCES = {"ASSUMED", "RECALL", "SINGLE", "VERIFIED"}


def dvb(centre: float = 570.0, width: float = 8.0, cn: float | None = 16.9) -> Signal:
    return Signal("DVB-T2", centre, width, cn)


def pal(
    system: str = "PAL_DK", centre: float = 570.0, width: float = 8.0, line: int = 0,
    precision: bool = False,
) -> Signal:  # fmt: skip
    vision = centre - 0.5 * width + 1.25
    return Signal(
        system, centre, width, vision_mhz=vision, line_offset=line, precision_offset=precision
    )


def ratio(wanted: Signal, unwanted: Signal) -> ProtectionRatio:
    found = protection_ratio(wanted, unwanted)
    assert found is not None
    assert found.source
    assert found.confidence in CONFIDENCES
    return found


def both(wanted: Signal, unwanted: Signal) -> tuple[float, float]:
    found = ratio(wanted, unwanted)
    return found.tropospheric_db, found.continuous_db


def tabled(row: dict[str, str]) -> tuple[float, float]:
    return float(row["PR_tropospheric_dB"]), float(row["PR_continuous_dB"])


@pytest.mark.parametrize("row", table("protection_dvb"), ids=lambda r: r["offset_channels"])
def test_dvb_from_dvb(row: dict[str, str]) -> None:
    other = dvb(570.0 + 8.0 * int(row["offset_channels"]))
    reference = float(row["reference_cn_dB"])
    for system in ("DVB-T2", "DVB-T"):
        found = ratio(dvb(cn=reference), Signal(system, other.centre_mhz, 8.0))
        assert found.tropospheric_db == found.continuous_db == float(row["pr_dB"])
        assert (found.source, found.confidence) == (row["source"], row["confidence"])
        assert found.relation == f"{row['relation']} N{int(row['offset_channels']):+d}"
    more = ratio(dvb(cn=reference + 3.0), other)
    assert more.tropospheric_db == pytest.approx(float(row["pr_dB"]) + 3.0)


def test_co_channel_is_the_required_cn() -> None:
    assert ratio(dvb(), dvb()).tropospheric_db == 16.9
    by_mode = Signal("DVB-T2", 570.0, 8.0, modulation="256QAM", code_rate="2/3")
    assert ratio(by_mode, dvb()).tropospheric_db == 20.0
    with pytest.raises(ValueError, match="give cn_db"):
        protection_ratio(dvb(cn=None), dvb())


def test_overlapping_channels_fall_to_the_adjacent_ratio() -> None:
    assert ratio(dvb(), dvb(574.0)).tropospheric_db == pytest.approx(16.9 - 3.0103, abs=1e-4)
    values = [ratio(dvb(), dvb(570.0 + 0.05 * k)).tropospheric_db for k in range(170)]
    assert values == sorted(values, reverse=True)
    assert min(values) == -30.0


def test_widths_count_from_edge_to_edge() -> None:
    assert ratio(dvb(), dvb(574.85, 1.7)).relation == "adjacent N+1"
    assert ratio(dvb(width=1.7), dvb(574.85)).relation == "adjacent N+1"
    assert ratio(dvb(), dvb(572.0, 1.7)).tropospheric_db == 16.9  # all of its power is inside


@pytest.mark.parametrize("offset", [-80.0, -120.0, 80.0, 200.0])
def test_far_apart_is_none(offset: float) -> None:
    there = 570.0 + offset
    assert protection_ratio(dvb(), dvb(there)) is None
    assert protection_ratio(dvb(), pal(centre=there)) is None
    assert protection_ratio(pal(), dvb(there)) is None
    assert protection_ratio(pal(), pal(centre=there)) is None
    near = (ProtectionRow("DVB-T2", "LTE", -20.0, 20.0, -38.0, -38.0, "ours"),)
    assert protection_ratio(dvb(), Signal("LTE", there, 10.0), near) is None
    with pytest.raises(ValueError, match="no protection ratio of DVB-T2"):
        protection_ratio(dvb(), Signal("LTE", there, 10.0))


@pytest.mark.parametrize("number", [-3, -2, 2, 3, 5])
def test_analogue_pairs_two_channels_apart_do_not_disturb(number: int) -> None:
    there = 570.0 + 8.0 * number
    assert protection_ratio(dvb(), pal(centre=there)) is None
    assert protection_ratio(pal(), dvb(there)) is None
    assert protection_ratio(pal(), pal(centre=there)) is None


@pytest.mark.parametrize("row", table("pr_dvb_from_pal"), ids=lambda r: " ".join(r.values()))
def test_dvb_from_pal(row: dict[str, str]) -> None:
    cn = float(row["compare_cn_dB"])
    there = pal(centre=570.0 + 8.0 * int(row["offset_channels"]))
    for modulation in (row["modulation"], None):
        wanted = Signal("DVB-T2", 570.0, 8.0, cn, modulation=modulation)
        assert both(wanted, there) == (float(row["PR_dB"]), float(row["PR_dB"]))


@pytest.mark.parametrize(
    ("modulation", "code_rate", "expected"),
    [("64QAM", "3/4", 3.0), ("256QAM", "2/3", 9.0), ("16QAM", "1/2", -8.0)],
)
def test_usual_modes_from_pal(modulation: str, code_rate: str, expected: float) -> None:
    found = ratio(Signal("DVB-T2", 570.0, 8.0, None, None, 0, False, modulation, code_rate), pal())
    assert found.tropospheric_db == expected
    assert found.confidence == "ASSUMED"


def test_dvb_from_pal_grows_with_cn_in_one_modulation() -> None:
    for modulation in ("QPSK", "16QAM", "64QAM", "256QAM"):
        values = [
            ratio(Signal("DVB-T2", 570.0, 8.0, 0.25 * k, modulation=modulation), pal())
            for k in range(120)
        ]
        levels = [v.tropospheric_db for v in values]
        assert levels == sorted(levels)


RASTER = [row for row in table("pr_pal_from_dvb") if row["offset_channels"]]
PLACES = [row for row in table("pr_pal_from_dvb") if row["centre_minus_vision_MHz"]]


@pytest.mark.parametrize("row", RASTER, ids=lambda r: " ".join(r.values()))
def test_pal_from_dvb(row: dict[str, str]) -> None:
    width, number = float(row["unwanted_bandwidth_MHz"]), int(row["offset_channels"])
    for system in row["wanted_systems"].split():
        found = ratio(pal(system), dvb(570.0 + 8.0 * number, width))
        assert (found.tropospheric_db, found.continuous_db) == tabled(row)
        assert (found.source, found.confidence) == (row["source"], row["confidence"])
        assert found.relation.startswith(row["relation"])


@pytest.mark.parametrize("row", PLACES, ids=lambda r: r["centre_minus_vision_MHz"])
def test_pal_from_overlapping_dvb(row: dict[str, str]) -> None:
    wanted = pal()
    at = float(row["centre_minus_vision_MHz"])
    assert both(wanted, dvb(wanted.vision + at, 7.0)) == pytest.approx(tabled(row))
    if -4.75 < at < 2.25:  # the upper edge of 8 MHz half a megahertz lower; floor: N-1
        moved = both(wanted, dvb(wanted.vision + at - 0.5, 8.0))
        assert moved == pytest.approx(tuple(map(max, tabled(row), (-7.0, -4.0))))


def test_pal_from_overlapping_dvb_between_and_beyond() -> None:
    wanted = pal()
    assert both(wanted, dvb(wanted.vision - 3.0, 7.0)) == pytest.approx((27.5, 34.0))
    rising = [both(wanted, dvb(wanted.vision - 7.5 + 0.1 * k, 7.0)) for k in range(95)]
    assert rising == sorted(rising)
    above = ratio(wanted, dvb(574.0))
    assert (above.continuous_db, above.confidence) == (41.0, "ASSUMED")
    assert ratio(wanted, dvb(558.7)).continuous_db == -11.0  # a gap of 3.3 MHz
    assert ratio(wanted, dvb(581.0)).relation == "upper adjacent N+1"


def test_pal_on_one_channel() -> None:
    rows = {(r["offset_type"], r["interference"]): r for r in table("pal_cochannel_protection")}
    assert len(rows) == 4
    for kind, n in itertools.product(("non-precision", "precision"), range(13)):
        expected = tuple(float(rows[kind, i][f"off_{n}"]) for i in ("tropospheric", "continuous"))
        for wanted, unwanted in itertools.product(SYSTEMS[:3], SYSTEMS):
            first = pal(wanted, precision=kind == "precision")
            found = ratio(first, pal(unwanted, line=n, precision=kind == "precision"))
            assert (found.tropospheric_db, found.continuous_db) == expected
            assert found.relation == "co-channel"
            assert found.confidence == rows[kind, "tropospheric"]["confidence"]


@pytest.mark.parametrize("line", range(1, 12))
def test_offsets_repeat_after_a_line(line: int) -> None:
    for precision in (False, True):
        wanted = pal(line=-5, precision=precision)
        once = both(wanted, pal(line=line - 5, precision=precision))
        for turns in (-2, -1, 1, 3):
            assert both(wanted, pal(line=line - 5 + 12 * turns, precision=precision)) == once
        assert both(pal(line=line), pal()) == both(pal(line=12), pal(line=12 - line))


def test_whole_lines_count_as_twelve() -> None:
    precise = pal(precision=True)
    assert both(precise, precise) == (32.0, 36.0)
    assert both(precise, pal(line=12, precision=True)) == (38.0, 42.0)
    assert both(precise, pal(line=-24, precision=True)) == (38.0, 42.0)
    assert both(precise, pal()) == (45.0, 52.0)  # one without precision


def test_offsets_help_most_in_the_middle() -> None:
    values = [both(pal(), pal(line=n)) for n in range(13)]
    assert values == values[::-1]
    assert values[:7] == sorted(values[:7], reverse=True)


def test_precision_never_needs_more() -> None:
    for n in range(13):
        loose, precise = pal(line=n), pal(line=n, precision=True)
        assert both(pal(precision=True), precise) <= both(pal(), loose)


def moved(signal: Signal, by_mhz: float) -> Signal:
    return Signal(
        signal.system, signal.centre_mhz + by_mhz, 8.0, None, signal.vision + by_mhz,
        signal.line_offset, signal.precision_offset,
    )  # fmt: skip


def test_pal_overlapping() -> None:
    rows = {
        (r["interference"], r["offset_type"], int(r["offset_1_12_line"])): r
        for r in table("pal_overlap_protection")
    }
    assert len(rows) == 52
    places = [name for name in rows["continuous", "precision", 0] if name.startswith("df_")]
    assert len(places) == 11
    for kind, n, place in itertools.product(("non-precision", "precision"), range(13), places):
        precision = kind == "precision"
        unwanted = pal(line=n, precision=precision)
        found = both(pal(precision=precision), moved(unwanted, float(place[3:])))
        expected = [float(rows[i, kind, n][place]) - 2.0 for i in ("tropospheric", "continuous")]
        if place == "df_-1.25":  # there the sound carrier, 5.25 MHz above, may be the worse
            assert all(f >= e - 1e-9 for f, e in zip(found, expected, strict=True))
        else:
            assert found == pytest.approx(expected)
    assert both(pal(), moved(pal(), -1.25)) == pytest.approx((21.0, 30.0))


def test_pal_overlapping_is_linear_and_knows_the_sound_carrier() -> None:
    assert both(pal(), moved(pal(), 1.5)) == pytest.approx((45.0, 54.0))
    # 6 MHz below: sound 0.5 MHz above the wanted vision carrier, 10 dB weaker.
    found = ratio(pal(), moved(pal(), -6.0))
    assert (found.tropospheric_db, found.continuous_db) == (40.0, 48.0)
    assert "sound carrier" in found.relation


@pytest.mark.parametrize("row", table("pal_beyond_protection"), ids=lambda r: " ".join(r.values()))
def test_pal_beyond_the_channel(row: dict[str, str]) -> None:
    low, high = float(row["df_low_MHz"]), float(row["df_high_MHz"])
    for system in row["wanted_systems"].split():
        wanted = pal(system)
        for df in (low, 0.5 * (low + high), high):
            found = both(wanted, moved(wanted, df))
            for value, least in zip(found, tabled(row), strict=True):
                assert value >= least - 1e-9  # the sound carrier can only add
        if low == -2.5:  # sound carrier there, vision carrier negligible
            sound = 6.5 if system == "PAL_DK" else 5.5
            found = both(wanted, moved(wanted, -2.3 - sound))
            assert found == pytest.approx(tuple(value - 10.0 for value in tabled(row)))
        else:
            assert both(wanted, moved(wanted, low if low < 0.0 else high)) == pytest.approx(
                tabled(row)
            )


def test_lower_adjacent_row_agrees_with_the_sound_carrier() -> None:
    for system in ("PAL_DK", "PAL_BG"):
        assert both(pal(system), pal(system, 562.0)) == (-9.0, 1.0)
        assert both(pal(system), moved(pal(system), -7.79)) >= (-9.0, 1.0)
    assert both(pal(), moved(pal(), -8.21)) == (-9.0, 1.0)


@pytest.mark.parametrize(
    "row", table("pal_adjacent_image_protection"), ids=lambda r: " ".join(r.values())
)
def test_pal_adjacent_and_image(row: dict[str, str]) -> None:
    base = 570.0 if "UHF" in row["bands"] else 186.0
    number = int(row["offset_channels"])
    pairs = itertools.product(row["wanted_systems"].split(), row["unwanted_systems"].split())
    for wanted, unwanted in pairs:
        found = ratio(pal(wanted, base), pal(unwanted, base + 8.0 * number))
        assert (found.tropospheric_db, found.continuous_db) == tabled(row)
        assert found.relation == f"{row['relation']} N{number:+d}"
        assert found.confidence == row["confidence"]


def test_vhf_channels_of_seven_megahertz() -> None:
    here = pal("PAL_BG", 177.5, 7.0)
    assert both(here, pal("PAL_BG", 184.5, 7.0)) == (-12.0, -2.0)
    assert both(pal("PAL_BG", 184.5, 7.0), here) == (-9.0, 1.0)


@pytest.mark.parametrize(
    ("wanted", "unwanted", "offset"),
    [
        (dvb(), Signal("LTE", 570.0, 10.0), "+0"),
        (dvb(), Signal("LTE", 583.0, 10.0), "+13"),
        (Signal("LTE", 570.0, 10.0), dvb(), "+0"),
        (dvb(), pal("PAL_BG", 567.0, 7.0), "-3"),
        (pal("PAL_I"), dvb(578.0), "+8"),
        (pal("PAL_I"), dvb(566.0), "-4"),
        (pal("SECAM_DK"), dvb(566.0), "-4"),
        (pal("SECAM_DK"), pal(), "+0"),
        (pal("PAL_I"), pal("PAL_I", 578.0), "+8"),
        (pal(), dvb(570.0, 1.7), "+0"),
    ],
)
def test_a_missing_ratio_is_an_error(wanted: Signal, unwanted: Signal, offset: str) -> None:
    with pytest.raises(ValueError, match="add a row") as error:
        protection_ratio(wanted, unwanted)
    for part in (wanted.system, unwanted.system, f"{offset} MHz"):
        assert part in str(error.value)


def test_rows_of_ones_own_come_first() -> None:
    rows = [
        ProtectionRow("DVB-T2", "LTE", 12.0, 20.0, -38.0, -37.0, "ours"),
        ProtectionRow("DVB-T2", "DVB-T2", None, None, -35.0, -35.0, "ours", 1),
    ]
    lte = protection_ratio(dvb(), Signal("LTE", 583.0, 10.0), rows)
    assert lte == ProtectionRatio(-38.0, -37.0, "+13 MHz", "ours", "GIVEN")
    adjacent = protection_ratio(dvb(), dvb(578.0), rows)
    assert adjacent is not None
    assert adjacent.tropospheric_db == -35.0
    assert protection_ratio(dvb(), dvb(562.0), rows) == protection_ratio(dvb(), dvb(562.0))
    with pytest.raises(ValueError, match="LTE"):
        protection_ratio(dvb(), Signal("LTE", 579.0, 10.0), rows)


HEAD = "wanted,unwanted,offset_channels,from_mhz,to_mhz,tropospheric_db,continuous_db,source\n"


def write(folder: Path, body: str, head: str = HEAD) -> Path:
    path = folder / "rows.csv"
    path.write_text(head + body, encoding="utf-8")
    return path


def test_reading_rows(tmp_path: Path) -> None:
    body = "DVB-T2,LTE,,12,30,-38,-37,measured\nDVB-T2,DVB-T2,-1,,,-35,-35,measured\n"
    assert read(write(tmp_path, body)) == (
        ProtectionRow("DVB-T2", "LTE", 12.0, 30.0, -38.0, -37.0, "measured"),
        ProtectionRow("DVB-T2", "DVB-T2", None, None, -35.0, -35.0, "measured", -1),
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("DVB-T2,LTE,,30,12,-38,-37,x\n", "exchange them"),
        ("DVB-T2,LTE,,,,-38,-37,x\n", "no distance"),
        ("DVB-T2,LTE,,12,,-38,-37,x\n", "no distance"),
        ("DVB-T2,LTE,1,12,30,-38,-37,x\n", "give one of them"),
        ("DVB-T2,LTE,1.5,,,-38,-37,x\n", "whole number of channels"),
        ("DVB-T2,LTE,inf,,,-38,-37,x\n", "whole number of channels"),
        ("DVB-T2,LTE,1,,,-380,-37,x\n", "tropospheric_db = -380"),
        ("DVB-T2,LTE,1,,,-38,nan,x\n", "continuous_db = nan"),
        ("DVB-T2,LTE,1,,,-38,,x\n", "continuous_db = '' is not a number"),
        ("DVB-T2,LTE,1,,,-38,-37,\n", "source is empty"),
        (",LTE,1,,,-38,-37,x\n", "wanted is empty"),
        ("DVB-T2,LTE,1,,,-38,-37,x,y\n", "more cells than columns"),
        ("DVB-T2,LTE,,nan,12,-38,-37,x\n", "give numbers"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, body: str, said: str) -> None:
    good = "DVB-T2,LTE,,12,30,-38,-37,measured\n"
    with pytest.raises(DttSimError, match=r"rows\.csv, row 3: .*") as error:
        read(write(tmp_path, good + body))
    assert said in str(error.value)


def test_bad_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(DttSimError, match="give a CSV table"):
        read(tmp_path / "none.csv")
    with pytest.raises(DttSimError, match="did you mean wanted"):
        read(write(tmp_path, "", HEAD.replace("wanted,un", "wantd,un")))
    with pytest.raises(DttSimError, match="no column source"):
        read(write(tmp_path, "", HEAD.replace(",source", "")))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"system": " "}, "name it"),
        ({"centre_mhz": 0.0}, "centre_mhz"),
        ({"bandwidth_mhz": float("nan")}, "bandwidth_mhz"),
        ({"system": "PAL_DK"}, "567.25 MHz"),
        ({"system": "PAL_DK", "vision_mhz": 559.25}, "567.25 MHz"),
        ({"line_offset": 0.5}, "whole twelfths"),
    ],
)
def test_a_bad_signal_is_refused(keys: dict[str, object], said: str) -> None:
    good: dict[str, object] = {"system": "DVB-T2", "centre_mhz": 570.0, "bandwidth_mhz": 8.0}
    with pytest.raises(ValueError, match=said):
        Signal(**(good | keys))  # type: ignore[arg-type]
