"""Analogue television: limits, nuisance and usable fields, and the readings of a probability."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from dtt_sim.network import analogue
from dtt_sim.network.analogue import (
    READINGS,
    Reading,
    interfered_probability,
    minimum_field,
    nuisance_field,
    propagation_margin,
    usable_field_multiplication,
    usable_field_power_sum,
)
from dtt_sim.tables import table


@pytest.mark.parametrize("row", table("analogue_emin"), ids=lambda r: f"{r['band']} {r['kind']}")
def test_every_limit(row: dict[str, str]) -> None:
    low, high = float(row["f_low_MHz"]), float(row["f_high_MHz"])
    limit: analogue.Limit = "protected" if row["kind"] == "protected" else "satisfactory"
    for frequency in (low, 0.5 * (low + high), high - 0.1):
        found = minimum_field(frequency, "PAL_BG", limit)
        assert found.value == float(row["E_dBuVm"])
        assert found.confidence == row["confidence"]
        more = float(row["system_K_UHF_add_dB"])
        for system in ("PAL_DK", "SECAM_DK"):
            assert minimum_field(frequency, system, limit).value == found.value + more


def test_limits_of_the_bands() -> None:
    assert minimum_field(581.9, "PAL_BG").value == 65.0
    assert minimum_field(582.0, "PAL_BG").value == 70.0
    assert minimum_field(862.0, "PAL_DK").value == 72.0
    assert minimum_field(175.25, "PAL_DK").value == 55.0


def test_a_limit_of_ones_own() -> None:
    found = minimum_field(567.25, "PAL_DK", value_dbuv_m=63.0, source="national plan")
    assert found == (63.0, "national plan", "GIVEN")
    with pytest.raises(ValueError, match="without a source"):
        minimum_field(567.25, "PAL_DK", value_dbuv_m=63.0)
    with pytest.raises(ValueError, match="value_dbuv_m = nan"):
        minimum_field(567.25, "PAL_DK", value_dbuv_m=float("nan"), source="x")


def test_limits_that_there_are_none() -> None:
    with pytest.raises(ValueError, match="PAL_DK at 300 MHz"):
        minimum_field(300.0, "PAL_DK")
    with pytest.raises(ValueError, match="satisfactory field"):
        minimum_field(90.0, "PAL_DK", "satisfactory")
    with pytest.raises(ValueError, match="use protected, satisfactory"):
        minimum_field(567.25, "PAL_DK", "grade 3")  # type: ignore[arg-type]


def test_nuisance_field_is_the_larger_of_two() -> None:
    assert nuisance_field(40.0, 55.0, 45.0, 52.0, 16.0) == 84.0
    assert nuisance_field(50.0, 55.0, 45.0, 52.0, 16.0) == 86.0
    field = nuisance_field([40.0, np.nan, -np.inf], [55.0, 55.0, -np.inf], 45.0, 52.0)
    assert np.array_equal(field, [100.0, np.nan, -np.inf], equal_nan=True)
    with pytest.raises(ValueError, match="give 0 dB or more"):
        nuisance_field(40.0, 55.0, 45.0, 52.0, -16.0)


def test_worked_example() -> None:
    e_nuisance = float(nuisance_field(-np.inf, 40.0, 20.0, 20.0, 16.0))
    assert e_nuisance == 44.0
    p_noise = float(ndtr((58.0 - 45.285) / 5.5))
    p_interference = float(interfered_probability(58.0, -np.inf, [e_nuisance], reading="product"))
    assert p_noise == pytest.approx(0.9896, abs=5e-5)
    assert p_interference == pytest.approx(0.9641, abs=5e-5)
    share = {
        reading: float(interfered_probability(58.0, 45.285, [e_nuisance], reading=reading))
        for reading in READINGS
    }
    assert share["product"] == pytest.approx(0.9540, abs=5e-5)
    assert share["each"] == pytest.approx(0.9592, abs=1e-4)
    assert share["power_sum"] == pytest.approx(0.9392, abs=5e-5)
    assert float(usable_field_power_sum(45.285, [e_nuisance])) == pytest.approx(47.70, abs=5e-3)
    assert propagation_margin(95.0, 5.5) == pytest.approx(12.79, abs=5e-3)
    assert propagation_margin(95.0, 5.5, 0.0) == pytest.approx(9.05, abs=5e-3)
    assert propagation_margin(50.0) == pytest.approx(0.0, abs=1e-12)


def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    return rng.standard_normal(n), rng.standard_normal((2, n))


def test_readings_against_monte_carlo() -> None:
    n = 400_000
    w, v = draw(n)
    wanted = 60.0 + 5.5 * w
    unwanted = np.array([[44.0], [48.0]]) + 4.0 * v
    noise = 47.0
    total = 10.0 * np.log10(10.0 ** (0.1 * noise) + (10.0 ** (0.1 * unwanted)).sum(axis=0))
    expected = {
        "each": np.mean((wanted >= noise) & (wanted >= unwanted).all(axis=0)),
        "power_sum": np.mean(wanted >= total),
    }
    for reading in ("each", "power_sum"):
        found = interfered_probability(
            60.0, noise, [44.0, 48.0], 5.5, sigma_nuisance_db=4.0, reading=reading
        )
        assert float(found) == pytest.approx(expected[reading], abs=2e-3)


@pytest.mark.parametrize(
    ("sigma", "sigma_n"), [(5.5, 5.5), (5.5, 1.0), (5.5, 0.06), (2.0, 8.0), (0.3, 8.0)]
)
@pytest.mark.parametrize(("e_min", "e_nuisance"), [(40.0, 45.0), (57.0, 55.0), (50.0, 60.0)])
def test_quadrature_with_unequal_spreads(
    sigma: float, sigma_n: float, e_min: float, e_nuisance: float
) -> None:
    def normal(at: np.ndarray, value: np.ndarray) -> float:
        return float(np.trapezoid(np.exp(-0.5 * at**2) / np.sqrt(2.0 * np.pi) * value, at))

    w = np.linspace(max(-8.0, (e_min - 60.0) / sigma), 8.0, 400_001)
    v = np.linspace(-8.0, 8.0, 400_001)
    total = 10.0 * np.log10(10.0 ** (0.1 * e_min) + 10.0 ** (0.1 * (e_nuisance + sigma_n * v)))
    expected = {
        "each": normal(w, ndtr((60.0 + sigma * w - e_nuisance) / sigma_n)),
        "power_sum": normal(v, ndtr((60.0 - total) / sigma)),
    }
    for reading in ("each", "power_sum"):
        found = interfered_probability(
            60.0, e_min, [e_nuisance], sigma, sigma_nuisance_db=sigma_n, reading=reading
        )
        assert float(found) == pytest.approx(expected[reading], abs=1e-8)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("e_nuisance", [-np.inf, 44.0])
def test_no_wanted_signal_is_served_nowhere(reading: Reading, e_nuisance: float) -> None:
    share = interfered_probability(-np.inf, 47.0, [e_nuisance], reading=reading)
    assert float(share) == 0.0


@pytest.mark.parametrize("reading", READINGS)
def test_an_interferer_never_helps(reading: Reading) -> None:
    e_nuisance = np.linspace(-20.0, 80.0, 101)
    share = interfered_probability(60.0, 47.0, e_nuisance[None], reading=reading)
    assert (np.diff(share) <= 1e-12).all()
    alone = float(ndtr((60.0 - 47.0) / 5.5))
    assert share[0] == pytest.approx(alone, abs=1e-6)
    none = interfered_probability(60.0, 47.0, [-np.inf], reading=reading)
    assert float(none) == pytest.approx(alone, abs=1e-12)
    two = interfered_probability(60.0, 47.0, [e_nuisance, np.full(101, 45.0)], reading=reading)
    assert (two <= share + 1e-12).all()


@pytest.mark.parametrize("reading", READINGS)
def test_unknown_fields_stay_unknown(reading: Reading) -> None:
    wanted = np.array([[60.0, np.nan], [60.0, 60.0]])
    e_nuisance = np.array([[[44.0, 44.0], [np.nan, 44.0]]])
    share = interfered_probability(wanted, 47.0, e_nuisance, reading=reading)
    assert np.array_equal(np.isnan(share), [[False, True], [True, False]])
    assert np.isnan(interfered_probability(60.0, np.nan, [44.0], reading=reading))


@pytest.mark.parametrize(
    ("reading", "level"), [("each", 48.0), ("product", 48.0), ("power_sum", 48.0 + 3.0103)]
)
def test_interferers_that_do_not_vary(reading: Reading, level: float) -> None:
    e_min = -np.inf if reading == "product" else 48.0
    share = interfered_probability(60.0, e_min, [48.0], sigma_nuisance_db=0.0, reading=reading)
    assert float(share) == pytest.approx(float(ndtr((60.0 - level) / 5.5)), abs=1e-6)


def test_power_sum_is_at_least_the_strongest() -> None:
    e_nuisance = np.array([[50.0, np.nan, -np.inf], [44.0, 44.0, -np.inf]])
    field = usable_field_power_sum(47.0, e_nuisance)
    assert field[0] > 50.0
    assert np.isnan(field[1])
    assert field[2] == pytest.approx(47.0)
    assert usable_field_power_sum(-np.inf, [-np.inf]) == -np.inf


@pytest.mark.parametrize("location_percent", [50.0, 90.0])
def test_multiplication_reaches_the_share(location_percent: float) -> None:
    e_nuisance = np.array([[50.0, -np.inf], [44.0, 47.0]])
    field = usable_field_multiplication(47.0, e_nuisance, location_percent=location_percent)
    share = interfered_probability(field, 47.0, e_nuisance, reading="product")
    assert share == pytest.approx(0.01 * location_percent, abs=1e-9)


def test_multiplication_alone_is_the_margin() -> None:
    field = usable_field_multiplication(-np.inf, [44.0], location_percent=95.0)
    assert float(field) == pytest.approx(44.0 + propagation_margin(95.0), abs=1e-9)
    field = usable_field_multiplication(45.0, [-np.inf], location_percent=95.0)
    assert float(field) == pytest.approx(45.0 + propagation_margin(95.0, 5.5, 0.0), abs=1e-9)
    assert np.isnan(usable_field_multiplication(45.0, [np.nan]))
    assert usable_field_multiplication(-np.inf, [-np.inf]) == -np.inf


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="use product, each, power_sum"):
        interfered_probability(60.0, 47.0, [44.0], reading="sum")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="standard deviations"):
        interfered_probability(60.0, 47.0, [44.0], 0.0)
    with pytest.raises(ValueError, match="as a sequence"):
        usable_field_power_sum(47.0, 44.0)
    with pytest.raises(ValueError, match="below 100"):
        propagation_margin(100.0)
