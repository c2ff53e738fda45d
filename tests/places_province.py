"""A small made-up province with two networks and a plan of two phases, for lists of places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio

from terrain.grid import Grid
from terrain.synthetic import fractal_ground

SCENARIO = """\
format = 1
name = "province"
[terrain]
elevation = "dem.tif"
nodata_means = "sea"
schematic = true
[grid]
crs = "EPSG:32648"
cell_size = 8000
west_deg = 104.2
south_deg = 9.8
east_deg = 104.8
north_deg = 10.2
[propagation]
wanted_radius_km = 50
interfering_radius_km = 100
[multiplexes.SFN]
programmes = ["P1", "P2"]
network = "sfn"
fft = "32K"
guard_interval = "1/8"
pilot_pattern = "PP2"
modulation = "64QAM"
code_rate = "3/4"
[multiplexes.MFN]
programmes = ["P2", "P3"]
fft = "32K"
guard_interval = "1/8"
pilot_pattern = "PP2"
modulation = "64QAM"
code_rate = "3/4"
[analogue.PAL]
programmes = ["P1"]
[stations]
file = "tx.csv"
[[phase]]
id = "first"
date = 2015-01-01
on = ["a", "p", "q"]
[[phase]]
id = "second"
date = 2017-01-01
on = ["b", "c"]
off = ["p"]
"""
TABLE = """\
id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel
a,First,10.0,104.5,100,10,SFN,33
b,Second,10.1,104.6,60,1,SFN,33
c,First,10.0,104.5,100,5,MFN,35
p,Second,10.1,104.6,60,2,PAL,36
q,Third,9.9,104.4,60,1,PAL,38
"""
GRID = Grid.from_lonlat_box(104.0, 9.6, 105.0, 10.4, crs="EPSG:4326", cell_size=1 / 120)


def write_province(folder: Path) -> Path:
    """The scenario file, with all that it needs beside it."""
    ground = fractal_ground(GRID, seed=7, relief_m=200.0)
    height = np.where(ground.zone == 1, -32768, ground.height_m).astype(np.int16)
    with rasterio.open(
        folder / "dem.tif", "w", driver="GTiff", width=GRID.n_col, height=GRID.n_row, count=1,
        dtype="int16", crs=GRID.crs, transform=GRID.affine, nodata=-32768,
    ) as file:  # fmt: skip
        file.write(height, 1)
    (folder / "tx.csv").write_text(TABLE, encoding="utf-8")
    (folder / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    return folder / "scenario.toml"
