"""Write the measured tables of docs/solver.md.

    python scripts/make_solver_docs.py [BENCH.json]

Runs `dtt-sim bench --features` (some minutes), or takes what `dtt-sim bench --json` printed; and
measures on several terrains what the warp and the resampling cost against paths drawn through the
raster itself. Reference terrain is read from DTT_SIM_SHARED (default ../shared) where that is there.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from dtt_sim.coverage.field import Emission, Mast, Prediction, path_loss
from dtt_sim.coverage.request import warp_cell
from dtt_sim.workflow.bench.campaign import run_bench
from dtt_sim.workflow.bench.report import Table, machine_line, setting_line, tables
from dtt_sim.workflow.bench.setting import BenchSetting
from terrain.build import load_ground
from terrain.grid import Grid
from terrain.ground import Ground
from terrain.mirror import mirrored_disc

ROOT = Path(__file__).parents[1]
DOC = ROOT / "docs" / "solver.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
RELIEF = ROOT / "benchmarks" / "terrain" / "sierra_srtmgl3.tif"
SHARED = Path(os.environ.get("DTT_SIM_SHARED", ROOT.parent / "shared")) / "data"
REACH_M = 25_000.0
N_CELL = 160


def grounds() -> dict[str, tuple[Ground, float, float]]:
    """Terrains by name, each with the mast's latitude and longitude."""
    kien_giang = ROOT / "scenarios" / "kien_giang" / "ground"
    sierra = (37.416, -119.317)
    found = {
        "Sierra Nevada, 3 arc-seconds": (load_ground(elevation=RELIEF), *sierra),
        "the same interpolated to 30 m": (
            mirrored_disc(RELIEF, cell_m=30.0, radius_m=REACH_M), *sierra
        ),
        "30 m with made-up clutter and zones": (
            mirrored_disc(
                RELIEF, cell_m=30.0, radius_m=REACH_M, seed=1, clutter=True, zones=True
            ),
            *sierra,
        ),
        "Kiên Giang as shipped (schematic), 6 arc-seconds": (
            load_ground(elevation=kien_giang / "elevation.tif", land=kien_giang / "land.geojson"),
            10.0, 104.95,
        ),
    }  # fmt: skip
    if SHARED.is_dir():
        found["Vancouver, 3 arc-seconds"] = (
            load_ground(elevation=SHARED / "vancouver_dem_3s" / "vancouver_srtm3.tif"),
            49.5, -123.0,
        )  # fmt: skip
        found["Kiên Giang, 15 arc-seconds"] = (
            load_ground(
                elevation=SHARED / "kien_giang_dem_15s" / "kien_giang_15s.tif",
                land=SHARED / "kien_giang_coastline" / "osm_land_kien_giang.geojson",
            ),
            10.0, 104.95,
        )  # fmt: skip
    return found


def resampling() -> Table:
    """Deviation from paths through the raster itself, by terrain and warped cell."""
    rows = []
    for name, (ground, lat, lon) in grounds().items():
        zone = int((lon + 180.0) // 6.0) + 1
        half_deg = REACH_M / 111_000.0
        wide = half_deg / np.cos(np.radians(lat))
        grid = Grid.from_lonlat_box(
            lon - wide, lat - half_deg, lon + wide, lat + half_deg,
            crs=f"EPSG:{32600 + zone}", cell_size=2.0 * REACH_M / N_CELL,
        )  # fmt: skip
        asked: dict[str, Any] = {
            "grid": grid,
            "emissions": [Emission(594.0)],
            "prediction": Prediction(
                53.5, 381.0, p_time_percent=(50.0, 1.0),
                radius_km=(0.001 * REACH_M, 0.001 * REACH_M),
            ),
        }  # fmt: skip
        mast = Mast(lat, lon, height_agl_m=60.0)
        reference = path_loss(ground, mast, solver="per_path", **asked)
        own, usual = ground.resolution_m, warp_cell(ground)
        for cell_m in dict.fromkeys((own, 0.85 * own, 0.5 * own, 0.25 * own)):
            fast = path_loss(ground, mast, warp_cell_m=cell_m, **asked)
            cells = [name, f"{own:.0f}", f"{cell_m:.0f}{' (default)' if cell_m == usual else ''}"]
            for j in (0, 1):
                away = np.abs(
                    fast["loss_db"][0, j].to_numpy() - reference["loss_db"][0, j].to_numpy()
                )
                values = np.nanquantile(away, [0.5, 0.9, 0.99, 1.0])
                cells.append(" / ".join(f"{v:.2f}" for v in values))
            rows.append(tuple(cells))
    return Table(
        "What the warp and the resampling cost, dB: median / 90 % / 99 % / largest, to 25 km",
        ("terrain", "its cells, m", "warped cells, m", "50 % of time", "1 % of time"),
        tuple(rows),
    )


def main() -> None:
    if len(sys.argv) > 1:
        found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    else:
        found = run_bench(BenchSetting(), levels=True, tell=lambda text: print(text, flush=True))
    terrains = sorted({case["terrain"] for case in found["cases"].values()})
    parts = [
        f"{machine_line(found)}.\n\n{setting_line(found)}. {'; '.join(terrains)}.",
        *(table.as_markdown() for table in tables(found)),
        resampling().as_markdown(),
    ]
    text = DOC.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    DOC.write_text(f"{head}{BEGIN}\n\n" + "\n\n".join(parts) + f"\n\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
