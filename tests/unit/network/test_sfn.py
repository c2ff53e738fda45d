"""Windows and weights of single-frequency networks: the worked pixel, and what must hold for any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.sfn import (
    STRATEGIES,
    SfnReceiver,
    Window,
    carrier_to_interference,
    place_window,
    split_signals,
    weight,
    window_of,
)

AVG = Mode("32K", "1/16", "PP4", "64QAM", "3/4")
SDTV = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
LEVEL = np.array([62.0, 58.0, 50.0, 46.0])
TIME = np.array([0.0, 95.0, 260.0, 380.0])
NOISE = 24.0


def place(strategy: str, window: Window, level: np.ndarray = LEVEL, time: np.ndarray = TIME, *,
          threshold: float = 10.0, noise: float = NOISE) -> float:  # fmt: skip
    n = level.size
    return place_window(
        STRATEGIES.index(strategy), threshold, 0.0, window, time.copy(), level.copy(), n, noise,
        np.empty(n), np.empty(4 * n),
    )  # fmt: skip


def sums(start: float, window: Window) -> tuple[float, float, float]:
    """C, I and C/(N + I) of the worked pixel [dB]."""
    useful, rest = split_signals(LEVEL, TIME, start, window)
    c = 10.0 * np.log10((10.0 ** (useful / 10.0)).sum())
    power = (10.0 ** (rest / 10.0)).sum()
    i = 10.0 * np.log10(power)
    return c, i, c - 10.0 * np.log10(power + 10.0 ** (NOISE / 10.0))


@pytest.mark.parametrize(
    ("weighting", "strategy", "start", "expected"),
    [
        ("bpn066", "maximum_ci", 0.0, (63.643, 46.213, 17.405)),
        ("bpn066", None, 36.0, (63.587, 48.542, 15.030)),
        ("bpn066", "centre_of_gravity", -69.095, (63.455, 51.455, 11.992)),
        ("equalisation_window", "strongest", 0.0, (63.455, 51.455, 11.992)),
        ("equalisation_window", "maximum_ci", 15.0, (63.620, 47.341, 16.259)),
    ],
)
def test_worked_pixel(
    weighting: str, strategy: str | None, start: float, expected: tuple[float, ...]
) -> None:
    window = window_of(AVG, weighting=weighting)  # type: ignore[arg-type]
    if strategy is not None:
        assert place(strategy, window) == pytest.approx(start, abs=0.001)
    assert sums(start, window) == pytest.approx(expected, abs=0.001)


def test_weights_of_the_reference() -> None:
    window = window_of(SDTV, weighting="bpn066")
    for delta, expected in ((-50, 0.97229), (-100, 0), (468, 0.98887), (532, 0.95367), (548, 0)):
        assert weight(float(delta), window) == pytest.approx(expected, abs=5e-6)
    window = window_of(AVG, weighting="bpn066")
    for delta, expected in ((244, 0.98887), (264, 0.97780), (284, 0), (-50, 0)):
        assert weight(float(delta), window) == pytest.approx(expected, abs=5e-6)


def test_conventions_agree_where_the_guard_interval_fills_the_equalisation_interval() -> None:
    mode = Mode("32K", "19/256", "PP4", "64QAM", "3/4")
    assert mode.guard_us == mode.equalisation_us == 266.0
    assert window_of(mode) == window_of(mode, weighting="bpn066") == Window(3584, 266, 0, 266)


def test_share_before() -> None:
    window = window_of(SDTV, share_before=0.25)
    assert (window.lower_us, window.upper_us) == (-21.0, 448.0 + 63.0)


def test_first_above_threshold() -> None:
    window = window_of(SDTV)
    level, time = np.array([40.0, 60.0, 52.0]), np.array([0.0, 300.0, 100.0])
    assert place("first_above_threshold", window, level, time) == 100.0
    assert place("first_above_threshold", window, level, time, threshold=5.0) == 300.0
    assert place("first_above_threshold", window, level, time, threshold=20.0) == 0.0


def test_quasi_optimal_captures_most_power() -> None:
    window = window_of(SDTV)  # 448 µs
    level, time = np.array([60.0, 58.5, 58.5]), np.array([0.0, 500.0, 900.0])
    assert place("quasi_optimal", window, level, time) == 500.0


def test_one_signal_is_where_the_window_is() -> None:
    window = window_of(SDTV)
    for strategy in STRATEGIES:
        found = place(strategy, window, np.array([50.0]), np.array([123.0]))
        assert weight(123.0 - found, window) == 1.0


signals = st.lists(st.tuples(st.floats(20.0, 90.0), st.floats(0.0, 1500.0)), min_size=1, max_size=8)


@settings(deadline=None)
@given(signals)
def test_no_strategy_beats_the_exhaustive_one(drawn: list[tuple[float, float]]) -> None:
    """Against all others and against a fine search."""
    level, time = (np.array(v) for v in zip(*drawn, strict=True))
    window = window_of(AVG)
    power = 10.0 ** ((level - level.max()) / 10.0)
    noise = 10.0 ** ((NOISE - level.max()) / 10.0)

    def ratio(start: float) -> float:
        return carrier_to_interference(start, window, time, power, time.size, noise)

    best = ratio(place("maximum_ci", window, level, time))
    for strategy in STRATEGIES[:4]:
        assert best >= ratio(place(strategy, window, level, time)) * (1.0 - 1e-9)
    fine = np.linspace(time.min() - 300.0, time.max() + 50.0, 500)
    assert 10.0 * np.log10(best) >= 10.0 * np.log10(max(map(ratio, fine))) - 0.02


@settings(deadline=None)
@given(signals, st.floats(-500.0, 500.0))
def test_only_differences_of_time_matter(drawn: list[tuple[float, float]], shift: float) -> None:
    level, time = (np.array(v) for v in zip(*drawn, strict=True))
    for strategy in STRATEGIES:
        here = place(strategy, window_of(SDTV), level, time)
        there = place(strategy, window_of(SDTV), level, time + shift)
        w = [weight(t - here, window_of(SDTV)) for t in time]
        v = [weight(t - there, window_of(SDTV)) for t in time + shift]
        assert np.allclose(w, v, atol=1e-6)


@settings(deadline=None)
@given(signals, st.floats(20.0, 90.0), st.floats(0.0, 1.0))
def test_a_transmitter_within_the_guard_interval_never_lowers_c(
    drawn: list[tuple[float, float]], more: float, where: float
) -> None:
    level, time = (np.array(v) for v in zip(*drawn, strict=True))
    window = window_of(SDTV)
    start = place("maximum_ci", window, level, time)

    def useful(level: np.ndarray, time: np.ndarray) -> float:
        part, _ = split_signals(level, time, start, window)
        return float((10.0 ** (part / 10.0)).sum())

    with_more = np.append(level, more), np.append(time, start + where * window.guard_us)
    assert useful(*with_more) > useful(level, time)


def test_receivers_that_cannot_be_are_refused() -> None:
    for key, value, why in (
        ("strategy", "middle", "use strongest, first_above_threshold"),
        ("weighting", "ebu", "use equalisation_window, bpn066"),
        ("aim", "north", "use strongest, best"),
        ("summation", "sum", "use power_sum"),
        ("interference_time", "never", "use interfering, wanted"),
        ("share_before", 1.5, "give 0 to 1"),
        ("strongest_at", -0.1, "give 0 to 1"),
        ("threshold_below_strongest_db", 100.0, "0 to 60"),
        ("correlation", -0.1, "correlation"),
    ):
        with pytest.raises(ValueError, match=why):
            SfnReceiver(**{key: value})
    with pytest.raises(ValueError, match="k_lnm, which knows none"):
        SfnReceiver(summation="k_lnm", correlation=0.5)
