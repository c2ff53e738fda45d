"""Every row of the P.1812 validation tables, every column, against the whole model.

Tolerance: 0.001 dB for dB columns; 1e-6 relative for the others, or 1e-9 of their unit where the
value is zero but for rounding (hm and θ of a line-of-sight path).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dtt_sim.coverage.paths import PathProfile, PathSetting, predict_path

DATA = Path(__file__).parent / "data"
WRONG_PATH_TYPE = "official_b2iseac_rural_land_10km_"  # six rows, see the tables' own notes


def read_profiles(path: Path) -> dict[str, PathProfile]:
    table = pd.read_csv(path, dtype={"profile_id": str})
    return {
        str(name): PathProfile(part["d_km"], part["h_m"], part["clutter_m"], part["zone"])
        for name, part in table.groupby("profile_id", sort=False)
    }


def setting(case: pd.Series, *, compute_sigma: bool = False) -> PathSetting:
    has_square = not np.isnan(case["wa_m"])
    return PathSetting(
        frequency_ghz=case["f_GHz"],
        p_time_percent=case["p_pct"],
        p_location_percent=case["pL_pct"],
        sigma_db=None if compute_sigma and has_square else case["sigmaL_dB"],
        w_a_m=case["wa_m"] if compute_sigma and has_square else None,
        tx_height_agl_m=case["htg_m"],
        rx_height_agl_m=case["hrg_m"],
        polarisation="vertical" if case["pol"] == 2 else "horizontal",
        tx_lat_deg=case["lat_t_deg"],
        tx_lon_deg=case["lon_t_deg"],
        rx_lat_deg=case["lat_r_deg"],
        rx_lon_deg=case["lon_r_deg"],
        delta_n=case["DN"],
        n0=case["N0"],
        dct_km=case["dct_km"],
        dcr_km=case["dcr_km"],
        erp_kw=case["Ptx_kW"],
    )


def deviations(cases: pd.DataFrame, profiles: dict[str, PathProfile]) -> pd.DataFrame:
    """Deviation over what is allowed, of every output column of every row, indexed by case.

    A prediction that is NaN counts as infinitely far off; left out is only a `path_type` that the
    tables themselves have wrong.
    """
    rows = {}
    for _, case in cases.iterrows():
        row = predict_path(profiles[case["profile_id"]], setting(case)).as_row()
        rows[case["case_id"]] = {
            name: np.nan_to_num(abs(value - case[name]) / allowed(name, case[name]), nan=np.inf)
            for name, value in row.items()
            if name in cases.columns
            and not (name == "path_type" and case["case_id"].startswith(WRONG_PATH_TYPE))
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def allowed(name: str, expected: float) -> float:
    is_level = name.endswith("_dB") or name.startswith("Ep_")
    return 1e-3 if is_level else max(1e-6 * abs(expected), 1e-9)


def report(title: str, table: pd.DataFrame, cases: pd.DataFrame) -> str:
    """One line per column: worst deviation in its own measure, and the row that has it."""
    lines = [f"P.1812 {title}: {len(table)} rows, worst deviation per column"]
    expected = cases.set_index("case_id")
    for name in table.columns:
        worst = str(table[name].idxmax())
        scale = table.at[worst, name] * allowed(name, expected.at[worst, name])
        lines.append(f"  {name:14s} {scale:9.1e}  {worst}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "source", ["p1812_fractal", "generated", "official"], ids=["fractal", "generated", "official"]
)
def test_every_row_holds(
    source: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = DATA
    if source != "p1812_fractal":
        folder = request.getfixturevalue("shared") / "validation" / "p1812"
    cases = pd.read_csv(folder / f"{source}_cases.csv", dtype={"profile_id": str})
    table = deviations(cases, read_profiles(folder / f"{source}_profiles.csv"))
    with capsys.disabled():
        sys.stdout.write("\n" + report(source, table, cases) + "\n")
    assert len(table) == len(cases) > 0
    left_out = table.isna()
    assert all(name.startswith(WRONG_PATH_TYPE) for name in table.index[left_out.any(axis=1)])
    assert not left_out.drop(columns="path_type").any(axis=None)
    over = table[table > 1.0].stack().dropna()
    assert over.empty, over.to_string()


def test_location_variability_follows_from_the_square() -> None:
    """Rows whose sigma was computed from wa give the same loss when it is computed here."""
    cases = pd.read_csv(DATA / "p1812_fractal_cases.csv", dtype={"profile_id": str})
    profiles = read_profiles(DATA / "p1812_fractal_profiles.csv")
    cases = cases[cases["wa_m"].notna()]
    assert len(cases) > 50
    for _, case in cases.iterrows():
        prediction = predict_path(profiles[case["profile_id"]], setting(case, compute_sigma=True))
        assert prediction.sigma_db == pytest.approx(case["sigmaL_dB"], abs=1e-12)
        assert prediction.loss_db == pytest.approx(case["Lb_dB"], abs=1e-3)
