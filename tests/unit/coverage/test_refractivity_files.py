"""The ITU's maps: the right node, bilinear between nodes, and every fault named by line."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itu_maps import DELTA_N, N0, write_map, write_maps

from dtt_sim.coverage.refractivity_files import read_itu_map, refractivity_map
from dtt_sim.coverage.request import Prediction
from dtt_sim.errors import ScenarioError
from terrain.grid import WGS84


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("maps")
    write_maps(found)
    return found


def by_hand(values: np.ndarray, lat: float, lon: float) -> float:
    """Bilinear by the words of the Recommendation: row from the north, column from Greenwich."""
    row, col = (90.0 - lat) / 1.5, (lon % 360.0) / 1.5
    i, j = min(int(row), 119), min(int(col), 239)
    v, w = row - i, col - j
    north = (1.0 - w) * values[i, j] + w * values[i, j + 1]
    south = (1.0 - w) * values[i + 1, j] + w * values[i + 1, j + 1]
    return float((1.0 - v) * north + v * south)


@settings(deadline=None, max_examples=60)
@given(
    lat=st.floats(-79.0, 79.0), lon=st.floats(-180.0, 180.0),
    north=st.floats(-4.0, 4.0), east=st.floats(-4.0, 4.0),
)  # fmt: skip
def test_anywhere_on_earth(folder: Path, lat: float, lon: float, north: float, east: float) -> None:
    box = (lon - 1.0, max(lat - 1.0, -80.0), lon + 1.0, min(lat + 1.0, 80.0))
    maps = refractivity_map(box, delta_n=folder / "DN50.TXT", n0=folder / "N050.TXT")
    there = np.array(lon + east), np.array(lat + north)
    delta_n, n0 = maps.at(*there)
    assert float(delta_n) == pytest.approx(by_hand(DELTA_N, lat + north, lon + east), abs=1e-6)
    assert float(n0) == pytest.approx(by_hand(N0, lat + north, lon + east), abs=1e-6)


def test_nodes_and_a_constant(folder: Path) -> None:
    assert read_itu_map(folder / "DN50.TXT", "delta_n").shape == (121, 241)
    maps = refractivity_map((104.0, 9.0, 106.0, 11.0), delta_n=folder / "DN50.TXT", n0=381.0)
    delta_n, n0 = maps.at(np.array([105.0, 106.5]), np.array([10.5, 9.0]))
    np.testing.assert_allclose(delta_n, [DELTA_N[53, 70], DELTA_N[54, 71]])
    np.testing.assert_array_equal(n0, 381.0)


def test_a_path_takes_its_centre(folder: Path) -> None:
    maps = refractivity_map((104.0, 9.0, 106.0, 11.0), delta_n=folder / "DN50.TXT", n0=381.0)
    prediction = Prediction(delta_n=53.5, n0=381.0, refractivity=maps)
    found = prediction.refractivity_between(104.0, 9.0, 106.0, 11.0)
    forward, _, metres = WGS84.inv(104.0, 9.0, 106.0, 11.0)
    lon, lat, _ = WGS84.fwd(104.0, 9.0, forward, 0.5 * metres)
    assert found[0] == pytest.approx(by_hand(DELTA_N, lat, lon), abs=1e-9)
    assert Prediction(delta_n=53.5, n0=381.0).refractivity_between(0, 0, 1, 1) == (53.5, 381.0)


def test_another_map_has_another_digest(folder: Path, tmp_path: Path) -> None:
    box = (104.0, 9.0, 106.0, 11.0)
    first = refractivity_map(box, delta_n=folder / "DN50.TXT", n0=381.0)
    other = write_map(tmp_path / "DN50.TXT", DELTA_N + 0.25)
    assert first.digest != refractivity_map(box, delta_n=other, n0=381.0).digest
    # To other processes it goes as it is.
    assert pickle.loads(pickle.dumps(first)).digest == first.digest
    write_map(other, DELTA_N)  # a file that changes is read again
    assert first.digest == refractivity_map(box, delta_n=other, n0=381.0).digest


def fault(path: Path, text: str, quantity: str = "delta_n") -> str:
    path.write_bytes(text.encode())
    with pytest.raises(ScenarioError) as caught:
        read_itu_map(path, quantity)
    return str(caught.value)


def test_faults_are_named(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "DN50.TXT").read_text().splitlines()
    path = tmp_path / "DN50.TXT"
    assert "DN50.TXT:120: ends after 120 rows" in fault(path, "\n".join(lines[:-1]))
    assert "DN50.TXT:122: row 122" in fault(path, "\n".join([*lines, lines[0]]))
    assert "ends after 0 rows" in fault(path, "\n\n")
    short = [*lines[:4], " ".join(lines[4].split()[:-1]), *lines[5:]]
    assert "DN50.TXT:5: 240 numbers; the map has 121 rows of 241" in fault(path, "\n".join(short))
    for bad in ("x", "nan", "inf"):
        broken = [*lines[:6], " ".join([bad, *lines[6].split()[1:]]), *lines[7:]]
        assert f"DN50.TXT:7: '{bad}', number 1" in fault(path, "\n".join(broken))
    assert "are the two files exchanged" in fault(path, "\n".join(lines), "n0")
    assert "are those of N0" in fault(path, (folder / "N050.TXT").read_text())
    rolled = "\n".join(" ".join(line.split()[:-40] + line.split()[-80:-40]) for line in lines)
    assert "which are one place" in fault(path, rolled)
    assert "no plain text" in fault(path, "\n".join(lines) + "\n° N")
    assert "are no map of the ITU" in fault(path, " " * 5_000_001)
    with pytest.raises(ScenarioError, match=r"none.TXT: cannot be read .No such file"):
        read_itu_map(tmp_path / "none.TXT", "n0")


def test_values_that_p1812_does_not_take(tmp_path: Path) -> None:
    values = DELTA_N.copy()
    values[53, 70] = 157.0
    path = write_map(tmp_path / "DN50.TXT", values)
    with pytest.raises(ScenarioError, match=r"157 at 10.5° N 105° E; P.1812 takes 0 to 157"):
        refractivity_map((104.0, 9.0, 106.0, 11.0), delta_n=path, n0=381.0)
    # Far away it does no harm.
    refractivity_map((-104.0, 9.0, -103.0, 11.0), delta_n=path, n0=381.0)


def test_the_scenario_of_kien_giang_is_near_the_maps(shared: Path) -> None:
    """Its constants stand for values that were read from the real maps."""
    import csv

    from dtt_sim.scenario.load import load_scenario

    scenario = Path(__file__).parents[3] / "scenarios" / "kien_giang" / "scenario.toml"
    keys = load_scenario(scenario).keys.propagation
    file = shared / "standards" / "deltaN_N0_kiengiang.csv"
    with file.open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) >= 6
    for row in rows:
        assert abs(float(row["deltaN_median"]) - keys.delta_n) < 1.0, row["place"]
        assert abs(float(row["N0_sea_level_median"]) - keys.n0) < 1.0, row["place"]
