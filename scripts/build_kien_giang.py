"""Rebuild the committed ground and population files of scenarios/kien_giang.

    python scripts/build_kien_giang.py [--land]

With ``--land`` the coastline is taken anew from the npm package @geo-maps/earth-lands-100m 0.6.0
(OpenStreetMap, ODbL; needs npm); without, the committed extract is kept and the rest rebuilt.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.features
import shapely
from scipy import ndimage
from shapely.geometry import mapping, shape

from terrain.grid import Grid
from terrain.synthetic import Hill, hills_m

SCENARIO = Path(__file__).parents[1] / "scenarios" / "kien_giang"
BOX = (102.5, 8.2, 107.3, 11.5)
CELL_DEG = 1.0 / 600.0  # 6 arc-seconds, about 184 m: a hill's half-height radius is 400 m and more
PACKAGE = "@geo-maps/earth-lands-100m@0.6.0"
CREDIT = "© OpenStreetMap contributors, ODbL 1.0"
PLAIN_NEAR_SEA_M, PLAIN_M, NEAR_SEA_KM = 1, 2, 10.0
MOVED = {"Xã Thổ Châu": (9.31, 103.48, "label point of the table lies at sea 27 km west")}
"""Communes whose label point is plainly wrong: latitude, longitude, why."""
PROVINCE_2019 = 1_723_067
RECALLED = {"Rach Gia": 227_500, "Phu Quoc": 148_000}
POPULATION_COLUMNS = (
    "name",
    "unit",
    "lat_deg",
    "lon_deg",
    "persons",
    "area_ha",
    "confidence",
    "note",
)
DISTRICTS = {
    "Rach Gia": "Rạch Giá",
    "Ha Tien": "Hà Tiên",
    "Kien Luong": "Kiên Lương",
    "Hon Dat": "Hòn Đất",
    "Tan Hiep": "Tân Hiệp",
    "Chau Thanh": "Châu Thành",
    "Giong Rieng": "Giồng Riềng",
    "Go Quao": "Gò Quao",
    "An Bien": "An Biên",
    "An Minh": "An Minh",
    "Vinh Thuan": "Vĩnh Thuận",
    "Phu Quoc": "Phú Quốc",
    "Kien Hai": "Kiên Hải",
    "U Minh Thuong": "U Minh Thượng",
    "Giang Thanh": "Giang Thành",
}


def build_land(target: Path) -> None:
    """Cut the land polygons of the package to the box."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True)
        archive = next(Path(folder).glob("*.tgz"))
        with tarfile.open(archive) as tar:
            member = tar.extractfile("package/map.geo.json")
            assert member is not None
            world = json.load(member)
    shores = [ring for ring in _shores(world) if _reaches_box(ring)]
    cut = shapely.clip_by_rect([shapely.Polygon(ring) for ring in shores], *BOX)
    sound = shapely.make_valid(cut, method="structure", keep_collapsed=False)
    merged = shapely.set_precision(shapely.union_all(sound), 1e-4)
    # An islet in a filled lake leaves no hole; what two shores enclose may.
    land = [shapely.Polygon(part.exterior) for part in shapely.get_parts(merged)]
    land.sort(key=lambda part: (-part.area, part.bounds))
    lines = ",\n".join(
        json.dumps({"type": "Feature", "properties": {}, "geometry": mapping(p)}) for p in land
    )
    target.write_text(
        '{"type": "FeatureCollection",\n'
        f'"credit": {json.dumps(CREDIT, ensure_ascii=False)},\n"features": [\n{lines}\n]}}\n',
        encoding="utf-8",
    )


def _shores(world: dict[str, Any]) -> list[list[list[float]]]:
    """Outer rings of every polygon of a GeoJSON geometry collection.

    Lakes and rivers are left out. P.1812 counts inland water as sea only where it is some 100 km
    across; the package's 1500 scraps of canals and rivers in the box would turn the whole delta
    into coast and put people's homes at sea.
    """
    found = []
    for geometry in world["geometries"]:
        polygons = geometry["coordinates"]
        found += polygons if geometry["type"] == "MultiPolygon" else [polygons]
    return [rings[0] for rings in found]


def _reaches_box(ring: list[list[float]]) -> bool:
    lon, lat = zip(*ring, strict=True)
    west, south, east, north = BOX
    return min(lon) <= east and max(lon) >= west and min(lat) <= north and max(lat) >= south


def read_land() -> list[shapely.Geometry]:
    """Land polygons of the committed extract."""
    text = (SCENARIO / "ground" / "land.geojson").read_text(encoding="utf-8")
    return [shape(feature["geometry"]) for feature in json.loads(text)["features"]]


def read_hills() -> list[Hill]:
    """Hills of the table."""
    with (SCENARIO / "tables" / "hills.csv").open(encoding="utf-8") as file:
        return [
            Hill(
                float(row["lat"]),
                float(row["lon"]),
                float(row["summit_m"]),
                float(row["half_height_radius_km"]),
            )
            for row in csv.DictReader(file)
        ]


def schematic_relief() -> tuple[Grid, np.ndarray[tuple[int, ...], np.dtype[np.int16]]]:
    """Plain of 1 to 2 m and the hills, on land; 0 at sea."""
    grid = Grid.from_lonlat_box(*BOX, crs="EPSG:4326", cell_size=CELL_DEG)
    land = rasterio.features.rasterize(
        read_land(), out_shape=grid.shape, transform=grid.affine, dtype="uint8"
    ).astype(bool)
    north, east = grid.cell_size_m()
    coast_km = 0.001 * ndimage.distance_transform_edt(land, sampling=(north, east))
    plain = np.where(coast_km <= NEAR_SEA_KM, PLAIN_NEAR_SEA_M, PLAIN_M)
    height = np.where(land, np.rint(plain + hills_m(grid, read_hills())), 0.0)
    return grid, height.astype(np.int16)


def build_elevation(target: Path) -> None:
    """Write the schematic relief."""
    grid, height = schematic_relief()
    with rasterio.open(
        target,
        "w",
        driver="GTiff",
        width=grid.n_col,
        height=grid.n_row,
        count=1,
        dtype="int16",
        crs=grid.crs,
        transform=grid.affine,
        nodata=-32768,
        compress="deflate",
        predictor=2,
        zlevel=9,
        tiled=True,
    ) as file:
        file.write(height, 1)
        file.set_band_description(1, "SCHEMATIC height above sea level [m]")
        file.update_tags(
            DESCRIPTION="SCHEMATIC relief: coastline, a plain of 1-2 m and Gaussian hills",
            CREDIT=f"Coastline {CREDIT}",
        )


def _apportion(
    weight: np.ndarray[Any, np.dtype[np.float64]], total: int
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Whole persons in proportion to weights, summing to the total (largest remainders)."""
    exact = weight / weight.sum() * total
    whole = np.floor(exact).astype(np.int64)
    short = total - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:short]] += 1
    return whole


def build_population(target: Path) -> None:
    """Scale the communes' weights: two districts to recalled figures, the rest to the province."""
    with (SCENARIO / "tables" / "communes_weights.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    weight = np.array([float(row["pop_dataset"]) for row in rows])
    district = np.array([row["district"] for row in rows])
    persons = np.zeros(len(rows), np.int64)
    for name, total in RECALLED.items():
        persons[district == name] = _apportion(weight[district == name], total)
    rest = ~np.isin(district, list(RECALLED))
    persons[rest] = _apportion(weight[rest], PROVINCE_2019 - sum(RECALLED.values()))
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(POPULATION_COLUMNS)
        for row, count in zip(rows, persons, strict=True):
            name = row["commune_vi"]
            lat, lon, note = MOVED.get(name, (row["label_lat"], row["label_lon"], ""))
            if not count:
                note = "nobody in the table of about 2000; counted with a neighbour"
            confidence = "RECALL" if row["district"] in RECALLED else "ASSUMED"
            unit = DISTRICTS[row["district"]]
            area = row["area_ha_dataset"]
            writer.writerow([name, unit, lat, lon, count, area, confidence, note])


def main() -> None:
    """Rebuild what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--land", action="store_true", help="take the coastline anew with npm")
    if parser.parse_args().land:
        build_land(SCENARIO / "ground" / "land.geojson")
    build_elevation(SCENARIO / "ground" / "elevation.tif")
    build_population(SCENARIO / "population.csv")


if __name__ == "__main__":
    main()
