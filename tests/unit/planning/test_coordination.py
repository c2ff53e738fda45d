"""Fields along a border: what the rasters hold there, and trigger values."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from plain_network import SCENARIO

from dtt_sim.cli.main import main
from dtt_sim.errors import DttSimError
from dtt_sim.planning.coordination import along_border, trigger_of
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.coordination import border_on, coordinate
from dtt_sim.workflow.run import Run, run

LINE = [[104.0, 10.40], [104.45, 10.42], [104.9, 10.55], [105.1, 10.9]]


def line_file(path: Path, coordinates: object, kind: str = "LineString") -> Path:
    shape = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": kind, "coordinates": coordinates},
    }
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [shape]}), encoding="utf-8"
    )
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    scenario = load_scenario(SCENARIO, set_values={"grid.cell_size": 8000})
    return run(scenario, tmp_path_factory.mktemp("run"))


def test_trigger_values_by_band() -> None:
    for frequency, digital, analogue in (
        (200, 17, 10),
        (570, 21, 18),
        (582, 23, 20),
        (800, 25, 22),
    ):
        assert trigger_of(frequency).field_dbuv_m == digital  # type: ignore[union-attr]
        assert trigger_of(frequency, "analogue TV").field_dbuv_m == analogue  # type: ignore[union-attr]
    assert trigger_of(300.0) is None


def test_the_largest_excess_comes_first() -> None:
    nan = math.nan
    km = np.array([1.0, 2.0, 3.0])
    fields = [np.array([30.0, nan, 20.0]), np.array([40.0, 35.0, 10.0]), np.full(3, nan)]
    found = along_border([("a", 570.0), ("b", 800.0), ("c", 570.0)], fields, km, [21.0, 25.0, 21.0])
    assert [f.station for f in found] == ["b", "a", "c"]
    assert [f.over_km for f in found] == [3.0, 1.0, 0.0]
    assert found[0].excess_db == 15.0
    assert found[1].strongest == 0
    assert math.isnan(found[2].excess_db)


def test_fields_are_those_of_the_run(finished: Run, tmp_path: Path) -> None:
    border, fields = coordinate(
        finished.out, finished.scenario, line_file(tmp_path / "b.geojson", LINE)
    )
    assert border.km.sum() == pytest.approx(border.along_km[-1] + 0.5 * border.km[-1])
    assert 0.0 < border.km[border.inside].sum() < border.km.sum()
    row, col = finished.grid.fractional_index(border.lon_deg, border.lat_deg)
    for one in fields:
        late = finished.fields[one.station].isel(p_time=1).to_numpy()
        for k in np.flatnonzero(border.inside)[::7]:
            assert one.field_dbuv_m[k] == pytest.approx(
                float(late[int(np.rint(row[k])), int(np.rint(col[k]))]), abs=1e-3
            )
        assert np.isnan(one.field_dbuv_m[~border.inside]).all()


def test_polygons_give_their_outline(finished: Run, tmp_path: Path) -> None:
    ring = [[[104.2, 9.8], [104.6, 9.8], [104.6, 10.1], [104.2, 10.1], [104.2, 9.8]]]
    border = border_on(line_file(tmp_path / "p.geojson", ring, "Polygon"), finished.grid)
    assert border.km.sum() == pytest.approx(2.0 * (43.8 + 33.2), abs=1.0)


def test_command(finished: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = line_file(tmp_path / "b.geojson", LINE)
    with pytest.raises(SystemExit) as stopped:
        main(["coordination", str(finished.out), "--line", str(file), "--out", str(tmp_path)])
    assert stopped.value.code == 0
    assert "km of the line lie on the receiving grid" in capsys.readouterr().out
    with (tmp_path / "coordination.csv").open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    excess = [float(r["excess_db"]) for r in rows]
    assert excess == sorted(excess, reverse=True)
    assert (tmp_path / "coordination.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("coordinates", "kind", "why"),
    [
        ([[10.0, 50.0], [11.0, 50.0]], "LineString", "no part of the line lies on"),
        ([105.0, 10.0], "Point", "no line and no outline"),
    ],
)
def test_borders_that_cannot_be(
    finished: Run, tmp_path: Path, coordinates: object, kind: str, why: str
) -> None:
    with pytest.raises(DttSimError, match=why):
        border_on(line_file(tmp_path / "b.geojson", coordinates, kind), finished.grid)
