"""Bit rates: published figures, and what a frame may hold."""

from __future__ import annotations

import pytest

from dtt_sim.network.bit_rate import bit_rate
from dtt_sim.network.dvbt2 import BANDWIDTHS_MHZ, Mode, combinations

UK = Mode("32K", "1/128", "PP7", "256QAM", "2/3", extended_carriers=True)
SDTV = Mode("32K", "1/8", "PP2", "64QAM", "3/4")


def test_published_rate() -> None:
    rate = bit_rate(UK, frame_symbols=60)
    assert rate.n_blocks == 202
    assert rate.frame_ms == pytest.approx(216.944, abs=1e-9)
    assert round(rate.high_efficiency_mbps, 4) == 40.2146
    assert round(rate.normal_mbps, 4) == 40.0007
    assert rate.confidence == "VERIFIED"


def test_longest_frame_and_fewer_blocks() -> None:
    rate = bit_rate(UK)
    assert (rate.frame_symbols, rate.n_blocks) == (68, 229)
    assert round(rate.high_efficiency_mbps, 3) == 40.231
    half = bit_rate(UK, n_blocks=100)
    assert half.normal_mbps == pytest.approx(rate.normal_mbps * 100 / 229)
    assert half.dummy_cells == rate.dummy_cells + 129 * 8100


def test_signalling_takes_cells() -> None:
    assert bit_rate(SDTV).signalling_cells == 2090
    assert bit_rate(SDTV, l1_modulation="BPSK").signalling_cells == 3340
    two_per_frame = Mode("8K", "1/8", "PP3", "QPSK", "1/2")
    assert bit_rate(two_per_frame).signalling_cells == 1840 + 250
    assert bit_rate(Mode("1K", "1/8", "PP3", "QPSK", "1/2")).signalling_cells == 1840 + 256


def test_tone_reservation_takes_cells_from_data_symbols_only() -> None:
    full, reserved = bit_rate(SDTV), bit_rate(SDTV, tone_reservation=True)
    assert full.frame_cells - reserved.frame_cells == 59 * 288


def test_short_frames_and_bandwidth() -> None:
    short = bit_rate(Mode("32K", "1/8", "PP2", "64QAM", "3/4", fec_length=16200))
    assert short.n_blocks == (short.frame_cells - 2090) // 2700
    assert short.normal_mbps == pytest.approx(
        short.n_blocks * (11712 - 80) / short.frame_ms / 1000, rel=1e-12
    )
    narrow = bit_rate(Mode("32K", "1/8", "PP2", "64QAM", "3/4", bandwidth_mhz=7), frame_symbols=50)
    wide = bit_rate(SDTV, frame_symbols=50)
    assert narrow.normal_mbps / wide.normal_mbps == pytest.approx(7 / 8, rel=1e-12)


def test_every_mode_carries_something() -> None:
    count = 0
    for miso in (False, True):
        for fft, guard, pattern in combinations(miso=miso):
            for bandwidth in BANDWIDTHS_MHZ:
                if bandwidth == 1.7 and fft in {"16K", "32K"}:
                    continue
                mode = Mode(fft, guard, pattern, "QPSK", "1/2", bandwidth_mhz=bandwidth,
                            fec_length=16200, miso=miso)  # fmt: skip
                shortest = bit_rate(mode, frame_symbols=mode.min_frame_symbols)
                longest = bit_rate(mode)
                assert 0 < shortest.normal_mbps <= longest.normal_mbps * 1.2
                assert 0 <= longest.dummy_cells < 8100
                count += 1
    assert count > 500


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"frame_symbols": 62}, "frame_symbols = 62 .*use even numbers from 4 to 60"),
        ({"frame_symbols": 59}, "even numbers"),
        ({"frame_symbols": 2}, "from 4 to 60"),
        ({"n_blocks": 138}, "n_blocks = 138 .*use 1 to 137"),
        ({"n_blocks": 0}, "use 1 to 137"),
        ({"l1_modulation": "256QAM"}, "use one of BPSK, QPSK, 16QAM, 64QAM"),
    ],
)
def test_what_does_not_fit(values: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        bit_rate(SDTV, **values)  # type: ignore[arg-type]
