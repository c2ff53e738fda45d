"""DVB-T2 modes against the figures of the standard."""

from __future__ import annotations

import re

import pytest

from dtt_sim.network.dvbt2 import (
    BANDWIDTHS_MHZ,
    EXTENDED_FFT,
    FFT_SIZES,
    GUARD_INTERVALS,
    PILOT_PATTERNS,
    Mode,
    allowed_pilot_patterns,
    combinations,
)

K33 = Mode("32K", "1/8", "PP2", "64QAM", "3/4")


def test_times_of_a_mode() -> None:
    assert K33.useful_symbol_us == 3584.0
    assert K33.guard_us == 448.0
    assert K33.guard_km == pytest.approx(134.307, abs=1e-3)
    assert K33.symbol_us == 4032.0
    assert K33.carrier_spacing_hz == pytest.approx(279.0179, abs=1e-4)
    assert K33.max_frame_symbols == 60
    assert K33.frame_ms() == pytest.approx(242.144, abs=1e-9)
    assert K33.frame_ms(4) == pytest.approx(16.352, abs=1e-9)
    assert Mode("16K", "19/256", "PP4", "QPSK", "1/2", bandwidth_mhz=8).guard_us == 133.0
    assert Mode("32K", "1/8", "PP2", "QPSK", "1/2", bandwidth_mhz=7).guard_us == 512.0


@pytest.mark.parametrize(
    ("pattern", "guard", "nyquist", "interval", "km"),
    [("PP2", "1/8", 597.33, 532.0, 159.5), ("PP8", "1/8", 597.33, 532.0, 159.5),
     ("PP4", "1/16", 298.67, 266.0, 79.7), ("PP6", "1/32", 149.33, 133.0, 39.9),
     ("PP7", "1/128", 149.33, 133.0, 39.9)],
)  # fmt: skip
def test_equalisation_interval(
    pattern: str, guard: str, nyquist: float, interval: float, km: float
) -> None:
    mode = Mode("32K", guard, pattern, "64QAM", "3/4")
    assert mode.nyquist_us == pytest.approx(nyquist, abs=5e-3)
    assert mode.equalisation_us == interval
    assert mode.equalisation_km == pytest.approx(km, abs=0.05)


def test_no_guard_interval_goes_beyond_what_its_pilots_resolve() -> None:
    """But for PP8, whose receivers follow the channel by other means."""
    for fft, guard, pattern in combinations():
        mode = Mode(fft, guard, pattern, "QPSK", "1/2")
        assert mode.guard_us <= mode.equalisation_us or pattern == "PP8"


@pytest.mark.parametrize(
    ("bandwidth", "normal", "extended"),
    [(1.7, 1.5352, None), (5.0, 4.7545, 4.8549), (6.0, 5.7054, 5.8259), (7.0, 6.6562, 6.7969),
     (8.0, 7.6071, 7.7679), (10.0, 9.5089, 9.7098)],
)  # fmt: skip
def test_bandwidths(bandwidth: float, normal: float, extended: float | None) -> None:
    fft, guard = ("8K", "1/4") if bandwidth == 1.7 else ("16K", "1/4")
    mode = Mode(fft, guard, "PP1", "QPSK", "1/2", bandwidth_mhz=bandwidth)
    assert mode.occupied_bandwidth_mhz == pytest.approx(normal, abs=5e-5)
    assert mode.noise_bandwidth_mhz == pytest.approx(normal, abs=6e-3)
    if extended is not None:
        mode = Mode(fft, guard, "PP1", "QPSK", "1/2", True, bandwidth)
        assert mode.occupied_bandwidth_mhz == pytest.approx(extended, abs=5e-5)
        assert mode.noise_bandwidth_mhz == pytest.approx(extended, abs=6e-3)


def test_planning_bandwidths() -> None:
    assert K33.noise_bandwidth_mhz == 7.61
    assert Mode("8K", "1/4", "PP1", "QPSK", "1/2", True).noise_bandwidth_mhz == 7.77
    assert Mode("8K", "1/4", "PP1", "QPSK", "1/2", bandwidth_mhz=1.7).noise_bandwidth_mhz == 1.54


def test_guard_intervals_by_fft() -> None:
    seven = set(GUARD_INTERVALS)
    expected = {
        "32K": seven - {"1/4"},
        "16K": seven,
        "8K": seven,
        "4K": {"1/32", "1/16", "1/8", "1/4"},
        "2K": {"1/32", "1/16", "1/8", "1/4"},
        "1K": {"1/16", "1/8", "1/4"},
    }
    assert {fft: set(allowed_pilot_patterns(fft)) for fft in FFT_SIZES} == expected


def test_every_combination_is_either_listed_or_refused() -> None:
    for miso in (False, True):
        listed = set(combinations(miso=miso))
        for fft in FFT_SIZES:
            for guard in GUARD_INTERVALS:
                for pattern in PILOT_PATTERNS:
                    if (fft, guard, pattern) in listed:
                        mode = Mode(fft, guard, pattern, "QPSK", "1/2", miso=miso)
                        known = not miso and fft in EXTENDED_FFT
                        assert mode.confidence == ("VERIFIED" if known else "RECALL")
                    else:
                        with pytest.raises(ValueError, match=r"not allowed by DVB-T2.*; use .+"):
                            Mode(fft, guard, pattern, "QPSK", "1/2", miso=miso)


def test_every_bandwidth_has_every_fft_that_fits() -> None:
    for bandwidth in BANDWIDTHS_MHZ:
        for fft in FFT_SIZES:
            guard, patterns = next(iter(allowed_pilot_patterns(fft).items()))
            if bandwidth == 1.7 and fft in {"16K", "32K"}:
                continue
            mode = Mode(fft, guard, patterns[0], "QPSK", "1/2", bandwidth_mhz=bandwidth)
            assert mode.frame_ms() <= 250.0
            assert mode.frame_ms() + 2 * mode.symbol_us / 1000 > 250.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            ("32K", "1/4", "PP2", "64QAM", "3/4"),
            (
                "guard_interval 1/4 with 32K is not allowed by "
                "DVB-T2; use 1/128, 1/32, 1/16, 19/256, 1/8, 19/128"
            ),
        ),
        (
            ("32K", "1/8", "PP4", "64QAM", "3/4"),
            (
                "its pilots let a receiver follow echoes over 266 "
                "µs, less than the guard interval of 448 µs; use PP2 or PP8"
            ),
        ),
        (
            ("32K", "1/128", "PP2", "64QAM", "3/4"),
            ("PP2 with 32K and guard interval 1/128 is not allowed by DVB-T2; use PP7"),
        ),
        (
            ("32k", "1/8", "PP2", "64QAM", "3/4"),
            ("fft '32k' is not one of 1K, 2K, 4K, 8K, 16K, 32K; did you mean 32K?"),
        ),
        (("32K", "1/8", "PP2", "64Q", "3/4"), "did you mean 64QAM"),
        (("32K", "1/8", "PP2", "64QAM", "7/8"), "code_rate '7/8'"),
        (("32K", "1/8", "PP2", "64QAM", "2/5"), "code_rate 2/5 belongs to T2-Lite"),
        (("32K", "1/8", "P2", "64QAM", "3/4"), "did you mean PP2"),
        (("32K", "1/9", "PP2", "64QAM", "3/4"), "guard_interval '1/9' is not one of 1/128"),
        (
            ("4K", "1/8", "PP2", "64QAM", "3/4", True),
            ("extended_carriers are not allowed with 4K; only 8K, 16K, 32K have them"),
        ),
        (
            ("32K", "1/8", "PP2", "64QAM", "3/4", False, 9.0),
            ("bandwidth_mhz 9.0 is not in DVB-T2; use 1.7, 5, 6, 7, 8, 10"),
        ),
        (
            ("32K", "1/8", "PP2", "64QAM", "3/4", False, 1.7),
            ("fft 32K is not allowed in 1.7 MHz; use 1K, 2K, 4K, 8K"),
        ),
        (
            ("8K", "1/8", "PP2", "64QAM", "3/4", True, 1.7),
            ("extended_carriers are not allowed in 1.7 MHz"),
        ),
        (
            ("32K", "1/8", "PP2", "64QAM", "3/4", False, 8.0, 32400),
            ("fec_length 32400 is not in DVB-T2; use 64800 or 16200"),
        ),
    ],
)
def test_not_allowed(values: tuple[object, ...], expected: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)):
        Mode(*values)  # type: ignore[arg-type]


def test_name() -> None:
    assert str(K33) == "32K 64QAM 3/4 GI 1/8 PP2"
    mode = Mode("8K", "1/32", "PP4", "QPSK", "1/2", True, 7.0, 16200, miso=True)
    assert str(mode) == "8K ext QPSK 1/2 GI 1/32 PP4 MISO 7 MHz FEC 16200"
