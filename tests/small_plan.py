"""A small plan on flat ground: two stations, two units, four phases; written into a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio

from terrain.grid import Grid

SCENARIO = """\
format = 1
name = "plan"
[terrain]
elevation = "dem.tif"
[grid]
crs = "EPSG:32648"
cell_size = 4000
west_deg = 104.2
south_deg = 9.8
east_deg = 104.8
north_deg = 10.2
[propagation]
wanted_radius_km = 60
interfering_radius_km = 100
[multiplexes.K33]
fft = "32K"
guard_interval = "1/8"
pilot_pattern = "PP2"
modulation = "64QAM"
code_rate = "3/4"
programmes = ["VTV1", "VTV2"]
[analogue.PAL]
programmes = ["VTV1"]
[stations]
file = "tx.csv"
[population]
points = "people.csv"
vintage = "before 2025"
[households]
terrestrial_percent = 100
cable_percent = 0
satellite_percent = 0
none_percent = 0
persons_per_household = 4
start = 2015-01-01
islands = ["West", "B"]
[[delivery]]
phase = "aso"
percent = 100
[prices]
[gates]
must_carry = ["VTV1"]
[uncertainty]
draws = 16
cells = 10
[[phase]]
id = "before"
date = 2015-01-01
[[phase]]
id = "both"
date = 2016-01-01
on = ["d"]
[[phase]]
id = "stronger"
date = 2016-07-01
transmitters.d.erp_kw = 5.0
[[phase]]
id = "aso"
date = 2017-01-01
analogue_off = true
"""
TABLE = """\
id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel
d,East,10.0,104.7,100,0.02,K33,33
p,West,10.0,104.3,100,1,PAL,27
"""
PEOPLE = """\
name,unit,lat_deg,lon_deg,persons
A,East,10.0,104.68,4000
B,East,9.95,104.6,400
C,West,10.0,104.35,2000
D,West,10.1,104.25,40
"""
GRID = Grid.from_lonlat_box(104.0, 9.6, 105.0, 10.4, crs="EPSG:4326", cell_size=1 / 60)


def write_plan(folder: Path) -> Path:
    """Write the plan's files into a folder; the scenario's path."""
    with rasterio.open(
        folder / "dem.tif", "w", driver="GTiff", width=GRID.n_col, height=GRID.n_row, count=1,
        dtype="int16", crs=GRID.crs, transform=GRID.affine,
    ) as file:  # fmt: skip
        file.write(np.full(GRID.shape, 5, np.int16), 1)
    for name, text in (("s.toml", SCENARIO), ("tx.csv", TABLE), ("people.csv", PEOPLE)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "s.toml"
