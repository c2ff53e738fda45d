"""DVB-T2 modes against the figures of the standard."""

from __future__ import annotations

import pytest

from dtt_sim.network.dvbt2 import Mode, allowed_pilot_patterns


def test_guard_interval() -> None:
    mode = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
    assert mode.useful_symbol_us == 3584.0
    assert mode.guard_us == 448.0
    assert mode.guard_km == pytest.approx(134.307, abs=1e-3)
    assert mode.noise_bandwidth_mhz == 7.61
    assert Mode("16K", "19/256", "PP4", "QPSK", "1/2", bandwidth_mhz=8).guard_us == 133.0


def test_32k_has_no_quarter_guard() -> None:
    assert "1/4" not in allowed_pilot_patterns("32K")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("32K", "1/4", "PP2", "64QAM", "3/4"), "use 1/128"),
        (("32K", "1/8", "PP4", "64QAM", "3/4"), "use PP2 or PP8"),
        (("32K", "1/8", "PP2", "64Q", "3/4"), "did you mean 64QAM"),
        (("32K", "1/8", "PP2", "64QAM", "7/8"), "code_rate '7/8'"),
        (("4K", "1/8", "PP2", "64QAM", "3/4", True), "extended_carriers with 4K"),
        (("32K", "1/8", "PP2", "64QAM", "3/4", False, 9.0), "bandwidth_mhz = 9"),
        (("32K", "1/8", "PP2", "64QAM", "3/4", False, 1.7), "up to 8K"),
    ],
)
def test_not_allowed(values: tuple[object, ...], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Mode(*values)  # type: ignore[arg-type]
