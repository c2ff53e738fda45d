"""The chain from C/N to field strength against worked examples."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.reception import Reception, link_budget
from dtt_sim.network.service import NO_SERVER, combine_mfn, location_probability

MODE = Mode("32K", "1/8", "PP2", "64QAM", "3/4")


def test_worked_rows(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every row of the worked examples, its inputs given, to the third decimal."""
    worst = 0.0
    with (shared / "standards" / "worked_field_strength.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        value = {k: float(v) for k, v in row.items() if k not in {"case", "note"} and v}
        indoor = value["Lb_dB"] > 0 or value["sigma_b_dB"] > 0
        roof = not indoor and value["Lh_dB"] == 0
        reception = Reception(
            reception="portable_indoor" if indoor else "fixed" if roof else "portable_outdoor",
            noise_figure_db=value["F_dB"],
            antenna_gain_dbd=value["G_dBd"],
            feeder_loss_db=value["Lf_dB"],
            man_made_noise_db=value["Pmmn_dB"],
            height_loss_db=None if roof else value["Lh_dB"],
            building_entry_loss_db=value["Lb_dB"],
            building_entry_sigma_db=value["sigma_b_dB"],
            cn_db=value["C_N_dB"],
        )
        budget = link_budget(MODE, reception, value["f_MHz"])
        # The rows' own bandwidth: noise moves by its ratio alone.
        shift = 10.0 * math.log10(value["B_MHz"] / MODE.noise_bandwidth_mhz)
        worst = max(worst, abs(budget.e_min_dbuv_m + shift - value["Emin_dBuVm"]))
        for percent, column in ((50, "Emed50"), (70, "Emed70"), (95, "Emed95"), (99, "Emed99")):
            if column in value:
                worst = max(worst, abs(budget.e_med_dbuv_m(percent) + shift - value[column]))
    with capsys.disabled():
        print(f"\nworked field strengths: {len(rows)} rows, worst {worst:.1e} dB")  # noqa: T201
    assert len(rows) == 17
    assert worst < 2e-3


def test_ch33_from_tables() -> None:
    budget = link_budget(MODE, Reception(), 570.0)
    assert budget.cn_db == 16.9
    assert budget.e_min_dbuv_m == pytest.approx(40.925, abs=1e-3)
    assert budget.e_med_dbuv_m(95.0) == pytest.approx(49.971, abs=1e-3)
    given = link_budget(MODE, Reception(antenna_gain_dbd=12.0), 570.0)
    line = next(line for line in given.lines if line.name == "receiving antenna gain")
    assert (line.value, line.confidence) == (12.0, "GIVEN")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"reception": "portable_outdoor"}, "needs height_loss"),
        (
            {"reception": "mobile", "height_loss": "urban", "predicted_height_agl_m": 1.5},
            "counts the loss to street level twice",
        ),
        ({"height_loss": "urban"}, "roof antenna"),
        ({"reception": "boat"}, "use one of fixed"),
        ({"location_sigma_db": -1.0}, "0 or more"),
    ],
)
def test_contradictions(values: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Reception(**values)  # type: ignore[arg-type]


def test_location_probability() -> None:
    e = np.array([50.0, 55.5, np.nan], np.float32)
    p = location_probability(e, 50.0, 5.5)
    assert p[0] == 0.5
    assert p[1] == pytest.approx(0.8413447, abs=1e-6)
    assert np.isnan(p[2])


def test_best_server_and_served() -> None:
    budget = link_budget(MODE, Reception(), 570.0)
    need = budget.e_med_dbuv_m(95.0)
    e = np.array([[[need + 1, np.nan, need - 30]], [[need - 1, np.nan, need - 5]]], np.float32)
    layers = combine_mfn(
        e, [budget, budget], acceptable_location_percent=70, good_location_percent=95
    )
    assert layers.best_server.tolist() == [[0, NO_SERVER, 1]]
    assert layers.served_good.tolist() == [[True, False, False]]
    assert layers.served_acceptable.tolist() == [[True, False, True]]
    assert layers.margin_db[0, 0] == pytest.approx(1.0, abs=1e-4)
    assert np.isnan(layers.margin_db[0, 1])
