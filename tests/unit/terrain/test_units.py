"""Administrative units from vector files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from terrain.errors import TerrainError
from terrain.units import read_units


def box(west: float, south: float, east: float, north: float) -> list[list[list[float]]]:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def write(path: Path, features: list[tuple[dict[str, Any], str, Any]]) -> Path:
    path.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": properties,
                        "geometry": {"type": kind, "coordinates": coordinates},
                    }
                    for properties, kind, coordinates in features
                ],
            },
            ensure_ascii=False,
        ),
        encoding="utf-8",
    )
    return path


def test_finds_the_name_column_and_keeps_vietnamese(tmp_path: Path) -> None:
    path = write(
        tmp_path / "u.geojson",
        [
            ({"code": 1, "Name": "Rạch Giá"}, "Polygon", box(105.0, 9.9, 105.2, 10.1)),
            ({"code": 2, "Name": "Phú Quốc"}, "MultiPolygon", [box(103.8, 10.0, 104.1, 10.5)]),
        ],
    )
    units = read_units(path)
    assert units.names == ("Rạch Giá", "Phú Quốc")
    assert units.notes == ()
    found = units.locate(np.array([104.0, 105.1, 100.0]), np.array([10.2, 10.0, 10.0]))
    assert found.tolist() == [1, 0, -1]


def test_given_column_wins(tmp_path: Path) -> None:
    path = write(
        tmp_path / "u.geojson", [({"name": "a", "other": "b"}, "Polygon", box(0, 0, 1, 1))]
    )
    assert read_units(path, name="other").names == ("b",)


def test_repeated_names_are_numbered(tmp_path: Path) -> None:
    path = write(
        tmp_path / "u.geojson",
        [({"name": "An Bình"}, "Polygon", box(i, 0, i + 1, 1)) for i in (0.0, 2.0)],
    )
    units = read_units(path)
    assert units.names == ("An Bình (1)", "An Bình (2)")
    assert "An Bình" in units.notes[0]


def test_outline_that_crosses_itself_is_repaired_and_named(tmp_path: Path) -> None:
    bow_tie = [[[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0], [0.0, 0.0]]]
    units = read_units(write(tmp_path / "u.geojson", [({"name": "bow"}, "Polygon", bow_tie)]))
    assert "repaired: bow" in units.notes[0]
    found = units.locate(np.array([1.8, 0.2, 1.0]), np.array([1.0, 1.0, 1.8]))
    assert found.tolist() == [0, 0, -1]


def test_first_of_overlapping_units_holds_and_slivers_are_not_noted(tmp_path: Path) -> None:
    path = write(
        tmp_path / "u.geojson",
        [
            ({"name": "first"}, "Polygon", box(0, 0, 2, 1)),
            ({"name": "second"}, "Polygon", box(1, 0, 3, 1)),
            ({"name": "third"}, "Polygon", box(2.999, 0, 5, 1)),
        ],
    )
    units = read_units(path)
    assert units.locate(np.array([1.5, 2.5]), np.array([0.5, 0.5])).tolist() == [0, 1]
    assert len(units.notes) == 1
    assert "second" in units.notes[0]
    assert "third" not in units.notes[0]


def test_projected_units_come_back_in_degrees(tmp_path: Path) -> None:
    import pyogrio
    import shapely

    square = shapely.box(500_000.0, 1_100_000.0, 510_000.0, 1_110_000.0)
    path = tmp_path / "u.gpkg"
    pyogrio.raw.write(
        path,
        np.array([shapely.to_wkb(square)], object),
        [np.array(["kilometres"], object)],
        ["name"],
        crs="EPSG:32648",
        geometry_type="Polygon",
    )
    west, _, east, _ = read_units(path).shapes[0].bounds
    assert west == pytest.approx(105.0, abs=1e-9)
    assert 0.09 < east - west < 0.093


@pytest.mark.parametrize(
    ("features", "name", "message"),
    [
        ([({"name": "p"}, "Point", [105.0, 10.0])], None, "must be polygons"),
        ([({"name": "p"}, "Polygon", box(0, 0, 1, 1))], "nom", "no attribute 'nom'; it has name"),
        ([({}, "Polygon", box(0, 0, 1, 1))], None, "no attribute"),
    ],
)
def test_refusals_say_what_to_do(
    tmp_path: Path, features: list[tuple[dict[str, Any], str, Any]], name: str | None, message: str
) -> None:
    with pytest.raises(TerrainError, match=message):
        read_units(write(tmp_path / "u.geojson", features), name=name)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TerrainError, match=r"none\.geojson: no such file"):
        read_units(tmp_path / "none.geojson")
