"""Channel rasters against the rules they follow."""

from __future__ import annotations

import pytest

from dtt_sim.antenna.channels import channels, find_channel


@pytest.mark.parametrize(
    ("raster", "numbers"),
    [("UHF", range(21, 70)), ("VHF_DK", range(1, 13)), ("VHF_B", range(5, 13))],
)
def test_rasters_are_whole(raster: str, numbers: range) -> None:
    found = channels(raster)
    assert [int(one.number) for one in found] == list(numbers)
    for one in found:
        assert one.high_mhz - one.low_mhz == one.bandwidth_mhz
        assert one.centre_mhz == (one.low_mhz + one.high_mhz) / 2.0
        assert one.vision_mhz == one.low_mhz + 1.25
        assert one.sound_dk_mhz in {None, one.vision_mhz + 6.5}
        assert one.sound_bg_mhz in {None, one.vision_mhz + 5.5}


@pytest.mark.parametrize("number", range(21, 70))
def test_uhf_centres(number: int) -> None:
    one = find_channel(str(number))
    assert one.centre_mhz == 306 + 8 * number
    assert one.vision_mhz == 303.25 + 8 * number


@pytest.mark.parametrize(
    ("channel", "raster", "centre"),
    [
        ("33", "UHF", 570.0),
        (" k21 ", "UHF", 474.0),
        ("10", "VHF_DK", 210.0),
        ("R1", "VHF_DK", 52.5),
        ("E5", "VHF_B", 177.5),
        ("12", "VHF_B", 226.5),
    ],
)
def test_names_that_people_write(channel: str, raster: str, centre: float) -> None:
    assert find_channel(channel, raster).centre_mhz == centre


@pytest.mark.parametrize(
    ("channel", "raster", "expected"),
    [
        ("70", "UHF", r"'70' is not in raster UHF; use 21 to 69 \(470-862 MHz\)"),
        ("R33", "UHF", "use 21 to 69"),
        ("13", "VHF_DK", "use 1 to 12"),
        ("4", "VHF_B", "use 5 to 12"),
        ("33", "vhf_dk", "use one of UHF, VHF_DK, VHF_B; did you mean VHF_DK"),
    ],
)
def test_unknown_channels(channel: str, raster: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        find_channel(channel, raster)
