"""The chain line by line: what is tabled, what is given, what contradicts itself."""

from __future__ import annotations

import math
import re

import pytest

from dtt_sim.network.dvbt2 import CODE_RATES, MODULATIONS, Mode
from dtt_sim.network.reception import Line, LinkBudget, Reception, link_budget, required_cn_db

MODE = Mode("32K", "1/8", "PP2", "64QAM", "3/4")
OUTDOOR = Reception("portable_outdoor", height_loss="suburban")


def line(budget: LinkBudget, name: str) -> Line:
    return next(one for one in budget.lines if one.name == name)


def test_channel_33_from_the_tables() -> None:
    budget = link_budget(MODE, Reception(), 570.0)
    assert budget.cn_db == 16.9
    assert budget.e_min_dbuv_m == pytest.approx(40.925, abs=1e-3)
    assert budget.e_med_dbuv_m(50.0) == budget.e_median_dbuv_m == budget.e_min_dbuv_m
    assert budget.e_med_dbuv_m(95.0) == pytest.approx(49.971, abs=1e-3)
    assert line(budget, "receiving antenna gain").value == pytest.approx(10.558, abs=1e-3)
    assert line(budget, "feeder loss").value == pytest.approx(3.558, abs=1e-3)


def test_order_of_the_chain() -> None:
    names = [one.name for one in link_budget(MODE, OUTDOOR, 570.0).lines]
    assert names == [
        "required C/N",
        "correction for short FEC frames",
        "correction for the pilot pattern",
        "margin for motion (Doppler)",
        "C/N with corrections",
        "receiver noise figure",
        "noise bandwidth",
        "receiver noise power Pn",
        "minimum signal power Ps",
        "receiving antenna gain",
        "effective antenna aperture Aa",
        "feeder loss",
        "minimum power flux density φmin",
        "minimum field strength Emin",
        "man-made noise",
        "height loss 10 m to 1.5 m",
        "building entry loss",
        "standard deviation outdoors",
        "median field strength for 50 % of locations",
        "location correction, 70 % of locations",
        "minimum median field strength Emed, 70 % of locations",
        "location correction, 95 % of locations",
        "minimum median field strength Emed, 95 % of locations",
    ]


def test_channel_type_follows_the_class() -> None:
    assert required_cn_db(MODE, "fixed") == 16.9
    assert required_cn_db(MODE, "mobile") == 19.3
    assert required_cn_db(MODE, "fixed", "gauss") == 16.6
    assert link_budget(MODE, Reception(channel="rayleigh"), 570.0).cn_db == 19.3


def test_every_modulation_and_rate_has_its_cn() -> None:
    """Growing with the code rate and from the Gaussian to the Rayleigh channel."""
    for modulation in MODULATIONS:
        modes = [Mode("32K", "1/8", "PP2", modulation, rate) for rate in CODE_RATES]
        for channel in ("gauss", "rice", "rayleigh"):
            found = [required_cn_db(mode, "fixed", channel) for mode in modes]
            assert found == sorted(set(found))
        for mode in modes:
            rice = required_cn_db(mode, "fixed")
            assert required_cn_db(mode, "fixed", "gauss") < rice < required_cn_db(mode, "mobile")


def test_confidence_travels_along() -> None:
    lines = {one.name: one for one in link_budget(MODE, Reception(), 570.0).lines}
    assert lines["required C/N"].confidence == "SINGLE"
    assert lines["receiver noise power Pn"].confidence == "VERIFIED"
    assert lines["effective antenna aperture Aa"].confidence == "VERIFIED"
    assert lines["minimum field strength Emin"].confidence == "SINGLE"
    short = Mode("32K", "1/8", "PP2", "64QAM", "3/4", fec_length=16200)
    budget = link_budget(short, Reception(), 570.0)
    assert line(budget, "C/N with corrections").confidence == "RECALL"
    assert "correction for short FEC frames" in {one.name for one in budget.assumptions}
    assert all(one.key for one in budget.assumptions)


OVERRIDES = {
    "cn_db": ("required C/N", 20.0),
    "short_fec_correction_db": ("correction for short FEC frames", 0.3),
    "pilot_correction_db": ("correction for the pilot pattern", -0.05),
    "doppler_margin_db": ("margin for motion (Doppler)", 4.0),
    "noise_figure_db": ("receiver noise figure", 7.0),
    "noise_bandwidth_mhz": ("noise bandwidth", 7.7),
    "antenna_gain_dbd": ("receiving antenna gain", 12.0),
    "feeder_loss_db": ("feeder loss", 1.0),
    "man_made_noise_db": ("man-made noise", 2.5),
    "height_loss_db": ("height loss 10 m to 1.5 m", 15.0),
    "building_entry_loss_db": ("building entry loss", 13.0),
    "building_entry_sigma_db": ("standard deviation of building entry loss", 4.0),
    "location_sigma_db": ("standard deviation outdoors", 6.0),
}


@pytest.mark.parametrize("key", OVERRIDES)
def test_every_line_can_be_overridden(key: str) -> None:
    name, value = OVERRIDES[key]
    reception = Reception("portable_indoor", height_loss="urban", **{key: value})  # type: ignore[arg-type]
    plain = Reception("portable_indoor", height_loss="urban")
    budget, before = (link_budget(MODE, r, 570.0) for r in (reception, plain))
    changed = line(budget, name)
    assert changed == Line(name, value, changed.unit, "given", "GIVEN", True, key)
    assert not line(before, name).is_overridden
    assert [one.name for one in budget.lines if one.is_overridden] == [name]
    assert budget.e_med_dbuv_m(95.0) != pytest.approx(before.e_med_dbuv_m(95.0), abs=1e-3)


def test_lines_that_can_be_overridden_name_their_key() -> None:
    budget = link_budget(MODE, Reception("portable_indoor", height_loss="urban"), 570.0)
    assert {one.key for one in budget.lines if one.key} == set(OVERRIDES)


def test_the_tables_own_value_is_no_override() -> None:
    given = Reception(noise_figure_db=6.0, location_sigma_db=5.5)
    assert link_budget(MODE, given, 570.0) == link_budget(MODE, Reception(), 570.0)


def test_short_frames_need_more_unless_cn_is_given() -> None:
    short = Mode("32K", "1/8", "PP2", "64QAM", "3/4", fec_length=16200)
    assert link_budget(short, Reception(), 570.0).cn_db == pytest.approx(16.9 + 0.65)
    assert link_budget(short, Reception(cn_db=17.0), 570.0).cn_db == 17.0


def test_pilot_pattern_correction_is_told_but_not_applied() -> None:
    ext = Mode("32K", "1/128", "PP7", "256QAM", "2/3", True)
    told = line(link_budget(ext, Reception(), 650.0), "correction for the pilot pattern")
    assert told.value == 0.0
    assert "-0.07 dB for PP7" in told.source


def test_indoor_spread_is_the_root_of_squares() -> None:
    budget = link_budget(MODE, Reception("portable_indoor", height_loss="urban"), 650.0)
    assert budget.sigma_db == pytest.approx(math.hypot(5.5, 6.0), abs=1e-12)
    vhf = Mode("32K", "1/8", "PP2", "64QAM", "3/4", bandwidth_mhz=7)
    budget = link_budget(vhf, Reception("portable_indoor", height_loss="urban"), 200.0)
    assert budget.sigma_db == pytest.approx(math.hypot(5.5, 3.0), abs=1e-12)


@pytest.mark.parametrize(
    ("building", "loss", "sigma"),
    [("light", 7.0, 5.0), ("medium", 11.0, 6.0), ("metallised", 15.0, 7.0), ("ge06", 8.0, 5.5)],
)
def test_buildings(building: str, loss: float, sigma: float) -> None:
    reception = Reception("portable_indoor", height_loss="urban", building=building)  # type: ignore[arg-type]
    budget = link_budget(MODE, reception, 650.0)
    assert line(budget, "building entry loss").value == loss
    assert budget.sigma_db == pytest.approx(math.hypot(5.5, sigma))


@pytest.mark.parametrize(
    ("kind", "frequency", "gain", "noise"),
    [("fixed", 200.0, 7.0, 2.0), ("fixed", 474.0, 10.0, 0.0), ("fixed", 858.0, 12.0, 0.0),
     ("portable_outdoor", 200.0, -2.2, 0.0), ("mobile", 200.0, -5.0, 8.0),
     ("mobile", 650.0, -1.442, 1.0)],
)  # fmt: skip
def test_antennas_and_noise_by_band(kind: str, frequency: float, gain: float, noise: float) -> None:
    loss = "none" if kind == "fixed" else "urban"
    budget = link_budget(MODE, Reception(kind, height_loss=loss), frequency)  # type: ignore[arg-type]
    assert line(budget, "receiving antenna gain").value == pytest.approx(gain, abs=1e-3)
    assert line(budget, "man-made noise").value == noise


def test_mobile_outside_towns_and_inside_a_vehicle() -> None:
    rural = link_budget(MODE, Reception("mobile", height_loss="suburban"), 200.0)
    assert line(rural, "man-made noise").value == 5.0
    assert (rural.acceptable_location_percent, rural.good_location_percent) == (90.0, 99.0)
    inside = link_budget(MODE, Reception("mobile", height_loss="suburban", in_vehicle=True), 650.0)
    assert line(inside, "vehicle entry loss").value == 8.0
    assert inside.sigma_db == pytest.approx(math.hypot(5.5, 2.0))
    assert "handheld" in line(inside, "receiving antenna gain").source


@pytest.mark.parametrize(
    ("environment", "frequency", "loss"),
    [("suburban", 200.0, 12.0), ("suburban", 650.0, 17.116), ("suburban", 470.0, 15.730),
     ("urban", 200.0, 18.53), ("urban", 650.0, 23.648), ("urban", 800.0, 24.55)],
)  # fmt: skip
def test_height_loss(environment: str, frequency: float, loss: float) -> None:
    reception = Reception("portable_outdoor", height_loss=environment)  # type: ignore[arg-type]
    budget = link_budget(MODE, reception, frequency)
    assert line(budget, "height loss 10 m to 1.5 m").value == pytest.approx(loss, abs=5e-3)


def test_predicted_at_street_level_nothing_is_added() -> None:
    low = Reception("portable_outdoor", predicted_height_agl_m=1.5)
    budget = link_budget(MODE, low, 650.0)
    assert budget.e_median_dbuv_m == budget.e_min_dbuv_m
    difference = link_budget(MODE, OUTDOOR, 650.0).e_median_dbuv_m - budget.e_median_dbuv_m
    assert difference == pytest.approx(17.116, abs=1e-3)


def test_the_spread_enters_once() -> None:
    budget = link_budget(MODE, Reception(), 570.0)
    assert budget.e_med_dbuv_m(84.1344746) - budget.e_min_dbuv_m == pytest.approx(5.5, abs=1e-6)


def test_location_targets() -> None:
    assert Reception().acceptable_location_percent == 70.0
    assert Reception("mobile", height_loss="urban").good_location_percent == 99.0
    reception = Reception("mobile", 1.5, acceptable_location_percent=80.0)
    assert reception.acceptable_location_percent == 80.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"reception": "portable_outdoor"}, "predicted at 10 m needs height_loss"),
        ({"reception": "portable_indoor", "predicted_height_agl_m": 7.0}, "at 7 m needs"),
        ({"reception": "mobile", "height_loss": "urban", "height_loss_db": 0.0}, "needs height"),
        (
            {"reception": "mobile", "height_loss": "urban", "predicted_height_agl_m": 1.5},
            "counts the loss to street level twice; predict at 10 m with it, or at 1.5 m",
        ),
        (
            {"reception": "mobile", "height_loss_db": 12.0, "predicted_height_agl_m": 9.0},
            "counts the loss to street level twice",
        ),
        (
            {"reception": "mobile", "height_loss": "urban", "predicted_height_agl_m": 20.0},
            "give height_loss_db",
        ),
        ({"height_loss": "urban"}, "roof antenna"),
        ({"reception": "boat"}, "class 'boat' is not known; use one of fixed"),
        ({"height_loss": "rural"}, "height_loss 'rural' is not known; use one of none"),
        ({"building": "tent"}, "use one of light, medium, metallised, ge06"),
        ({"receiving_antenna": "wire"}, "use one of rooftop, portable, handheld, vehicle"),
        ({"channel": "awgn"}, "use one of gauss, rice, rayleigh"),
        ({"environment": "sea"}, "use one of urban, rural"),
        ({"location_sigma_db": -1.0}, "location_sigma_db = -1.0 is outside 0 to 30"),
        ({"noise_figure_db": math.nan}, "noise_figure_db = nan is outside"),
        ({"good_location_percent": 100.0}, "good_location_percent = 100.0 is outside"),
        ({"acceptable_location_percent": 99.0}, "is above good_location_percent = 95"),
        ({"building_entry_loss_db": 8.0}, "no effect on fixed reception; it needs class portable_"),
        ({"vehicle_entry_loss_db": 8.0}, "it needs in_vehicle"),
        ({"in_vehicle": True}, "it needs class mobile"),
    ],
)
def test_contradictions(values: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)):
        Reception(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("frequency", [100.0, 300.0, 900.0, math.nan])
def test_frequencies_without_figures(frequency: float) -> None:
    with pytest.raises(ValueError, match="in none of Bands III, IV and V"):
        link_budget(MODE, Reception(), frequency)
