"""Numbers, powers, channels and frequencies as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtt_sim.antenna.channels import channels
from dtt_sim.stations.cells import Cell, clean, plain_number
from dtt_sim.stations.frequencies import agree, parse_channel, parse_frequency_mhz, parse_raster
from dtt_sim.stations.numbers import decimal_mark, number
from dtt_sim.stations.powers import (
    Power,
    differ_db,
    erp_from,
    erp_from_transmitter,
    parse_gain_dbd,
    parse_power,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10", 10), ("1,5", 1.5), ("1.5", 1.5), ("1.234,5", 1234.5), ("1,234.5", 1234.5),
     ("1.118.450", 1118450), ("523 456,7", 523456.7), ("523\u00a0456", 523456), ("523'456", 523456),
     ("-3", -3), ("−3,5", -3.5), ("0.125", 0.125), ("0,125", 0.125), (".5", 0.5), ("1e3", 1000),
     ("10.1133", 10.1133), ("+2", 2)],
)  # fmt: skip
def test_numbers_that_can_be_read_in_one_way(text: str, expected: float) -> None:
    assert number(text) == expected


@pytest.mark.parametrize("text", ["", "a", "1 2", "1.2.3", "12 34", "1,23.4,5", "5 kW", "1e999"])
def test_no_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        number(text)


def test_thousands_or_a_fraction_is_told_by_the_file_or_by_what_can_be() -> None:
    with pytest.raises(ValueError, match=r"could be 1500 or 1.500; write it without"):
        number("1.500")
    assert (number("1.500", "."), number("1.500", ","), number("1,500", ".")) == (1.5, 1500, 1500)
    assert number("474.000", plausible=(30, 6000)) == 474
    assert number("523,456", plausible=(1e4, 1e7)) == 523456


def test_the_decimal_mark_of_a_list() -> None:
    assert decimal_mark([Cell("1.500"), Cell("2,5 kW"), Cell("abc")]) == ","
    assert decimal_mark([Cell("10.113311"), Cell("1,500")]) == "."
    assert decimal_mark([Cell("10.11"), Cell("2,5")]) == ""
    assert decimal_mark([Cell("10.11", "number"), Cell("1.500")]) == ""


@given(st.floats(1e-6, 1e9), st.sampled_from([".", ","]))
def test_numbers_read_back(value: float, mark: str) -> None:
    assert number(plain_number(value).replace(".", mark), mark) == value
    grouped = f"{value:,.2f}"
    if mark == ",":
        grouped = grouped.translate(str.maketrans(".,", ",."))
    assert number(grouped, mark) == pytest.approx(value, abs=0.006)


@pytest.mark.parametrize(
    ("text", "unit", "kw"),
    [("10", "kW", 10), ("10 kW", "", 10), ("500W", "kW", 0.5), ("40", "dBW", 10), ("70 dBm", "", 10),
     ("10 dBk", "", 10), ("2,5", "kW", 2.5), ("1 MW", "", 1000), ("500 mW", "", 0.0005)],
)  # fmt: skip
def test_powers_in_any_unit(text: str, unit: str, kw: float) -> None:
    power = parse_power(text, unit)
    assert power.kw == pytest.approx(kw, rel=1e-12)
    assert erp_from(power, is_isotropic=False)[0] == pytest.approx(kw, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "unit", "reason"),
    [("10", "", "no unit that is known"), ("10 hp", "kW", "no unit that is known"),
     ("0", "kW", "above zero"), ("-5 W", "", "above zero"), ("abc", "kW", "is not a power"),
     ("1.500 W", "", "could be 1500"), ("9999", "dBW", "no power of a transmitter")],
)  # fmt: skip
def test_no_powers(text: str, unit: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_power(text, unit)


def test_eirp_and_a_transmitter_with_its_antenna() -> None:
    # 20 kW less 2.15 dB; 2.4 kW is 33.80 dBW, with 11 dB - 3 dB 41.80 dBW.
    assert erp_from(Power(20, "kW"), is_isotropic=True) == (12.1907, "EIRP 20 kW -> ERP 12.19 kW")
    erp_kw, how = erp_from_transmitter(Power(2.4, "kW"), 11.0, 3.0)
    assert erp_kw == pytest.approx(2.4 * 10**0.8, rel=1e-5)
    assert how == "2.4 kW + 11 dBd - 3 dB -> ERP 15.14 kW"
    assert differ_db(20, 10) == pytest.approx(3.0103, abs=1e-4)
    assert parse_power("20 kW EIRP", "").sort == parse_power("20 kW (e.i.r.p.)", "").sort == "eirp"


def test_gains_say_over_what() -> None:
    assert parse_gain_dbd("13.15", "dBi") == (11.0, "dBi")
    assert parse_gain_dbd("11 dBd", "dBi") == (11.0, "dBd")
    for text, unit in (("11", ""), ("11 dB", ""), ("x", "dBi")):
        with pytest.raises(ValueError, match="neither dBd nor dBi"):
            parse_gain_dbd(text, unit)
    with pytest.raises(ValueError, match="no antenna's"):
        parse_gain_dbd("110", "dBd")


@pytest.mark.parametrize("text", ["33", "K33", "UHF 33", "UHF33", "kênh 33", "Ch. 33", "E33", "CH33",
                                  "33 (566-574 MHz)", "566-574 MHz", "K 33", "k33"])  # fmt: skip
def test_spellings_of_a_channel(text: str) -> None:
    tuning = parse_channel(text, "")
    assert (tuning.channel, tuning.raster) == ("33", "UHF")


@pytest.mark.parametrize(("text", "raster", "default", "expected"), [
    ("R6", "", "", "VHF_DK"), ("VHF R6", "", "", "VHF_DK"), ("E6", "", "", "VHF_B"),
    ("6", "VHF_B", "", "VHF_B"), ("6", "VHF", "VHF_DK", "VHF_DK"), ("K6", "", "VHF_DK", "VHF_DK"),
])  # fmt: skip
def test_rasters_of_vhf_channels(text: str, raster: str, default: str, expected: str) -> None:
    assert parse_channel(text, raster, default).raster == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [("6", "of a VHF raster"), ("33, 34", "several channels"), ("33/34", "several channels"),
     ("70", "not in raster UHF"), ("VHF 33", "said to be VHF"), ("abc", "is no channel"),
     ("33A", "is no channel"), ("470-862 MHz", "no channel's range")],
)  # fmt: skip
def test_no_channels(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_channel(text, "")


def test_frequencies_and_channels_that_are_frequencies() -> None:
    assert parse_channel("570 MHz", "").frequency_mhz == 570
    bare = parse_channel("570", "")
    assert (bare.frequency_mhz, bare.is_doubted) == (570, True)
    assert parse_channel("571-577 MHz", "").frequency_mhz == 574
    assert parse_frequency_mhz("570.000 kHz", "") == 570
    assert parse_frequency_mhz("0,57", "GHz", ",") == 570
    assert parse_frequency_mhz("474.000 MHz", "") == 474
    with pytest.raises(ValueError, match="not a frequency"):
        parse_frequency_mhz("570 m", "")


def test_a_channel_agrees_with_its_centre_and_its_vision_carrier() -> None:
    tuning = parse_channel("33", "")
    assert agree(tuning, 570.0)
    assert agree(tuning, 567.25)
    assert not agree(tuning, 578.0)


@given(st.sampled_from([c for r in ("UHF", "VHF_DK", "VHF_B") for c in channels(r)]))
def test_every_channel_is_found_by_number_and_edges(one: object) -> None:
    number_, raster = one.number, one.raster  # type: ignore[attr-defined]
    assert parse_channel(number_, raster).channel == number_
    by_edges = parse_channel(f"{one.low_mhz:g}-{one.high_mhz:g} MHz", "")  # type: ignore[attr-defined]
    assert (by_edges.channel, by_edges.raster) == (number_, raster)


def test_names_of_rasters() -> None:
    assert [parse_raster(t) for t in ("", "UHF", "Band IV", "VHF D/K", "III")] == [
        "", "UHF", "UHF", "VHF_DK", "VHF"]  # fmt: skip
    with pytest.raises(ValueError, match="no channel raster"):
        parse_raster("L band")


@given(st.text())
def test_clean_text_stays_clean(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert len(once.splitlines()) <= 1
