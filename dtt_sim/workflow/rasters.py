"""Rasters of a run, as cloud-optimised GeoTIFF."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dtt_sim import __version__
from dtt_sim.model import Transmitter
from dtt_sim.network.evaluate import CAUSES
from dtt_sim.network.household import Household
from dtt_sim.network.multiplex import MultiplexLayers
from dtt_sim.scenario.load import Scenario
from dtt_sim.typing import Float32Array
from dtt_sim.workflow.losses import Losses
from dtt_sim.workflow.output import NODATA, write_cog
from dtt_sim.workflow.service import Evaluated, qualities_of
from terrain.grid import Grid
from terrain.ground import ZONE_NAMES, Ground


def _usable_field(layers: MultiplexLayers) -> Float32Array:
    """Median field that good reception needs of the useful signals there, with all on air.

    Noise and interference at the receiver, C/N, and the margin for the share of locations.
    """
    return layers.wanted_db - layers.margin_db


def tags_of(scenario: Scenario, ground: Ground) -> dict[str, str]:
    """What every raster of a run says of itself."""
    tags = {
        "SCENARIO": scenario.title,
        "MODEL": "ITU-R P.1812-8",
        "SOFTWARE": f"dtt_sim {__version__}",
    }
    offset_db = scenario.keys.propagation.measured_offset_db
    if offset_db:
        tags["MEASURED_OFFSET"] = f"{offset_db:+g} dB added to fields after the model"
    if ground.credits:
        tags["CREDIT"] = "; ".join(ground.credits)
    if ground.is_schematic:
        tags["WARNING"] = "SCHEMATIC TERRAIN: not a prediction for the real ground"
    return tags


def write_field(
    path: Path, grid: Grid, transmitter: Transmitter, losses: Losses, tags: dict[str, str]
) -> None:
    """Field strength and path loss of a transmitter, at both percentages of time."""
    loss, e = losses.loss(transmitter), losses.field(transmitter)
    bands = []
    for j, percent in enumerate(loss["p_time"].to_numpy()):
        name = f"field strength exceeded for {percent:g} % of time, 50 % of locations"
        bands.append((name, "dB(uV/m)", e.isel(p_time=j).to_numpy()))
    for j, percent in enumerate(loss["p_time"].to_numpy()):
        name = f"basic transmission loss not exceeded for {percent:g} % of time"
        bands.append((name, "dB", loss["loss_db"].isel(emission=0, p_time=j).to_numpy()))
    bands.append(("departure angle", "degree", loss["departure_deg"].to_numpy()))
    flag = loss["flag"]
    bands.append((f"flag: {flag.attrs['flag_meanings']}", "", flag.to_numpy().astype(np.float32)))
    write_cog(
        path,
        grid,
        bands,
        nodata=NODATA,
        tags=tags | {"TRANSMITTER": transmitter.id},
    )


ZONE = "zone.tif"
"""Land and sea in the folder of a run."""


def write_zone(out: Path, grid: Grid, ground: Ground, tags: dict[str, str]) -> None:
    """Land and sea at receiving places."""
    names = ", ".join(f"{code} {name}" for code, name in ZONE_NAMES.items())
    zone = ground.zone_at(*grid.lonlat())
    write_cog(out / ZONE, grid, [(f"zone: {names}", "", zone)], nodata=None, tags=tags)


FILLED = "terrain_filled.tif"
"""Where voids of the terrain were filled, in the folder of a run; there only if it was asked for."""


def write_filled(out: Path, ground: Ground, tags: dict[str, str]) -> None:
    """Mask of filled voids, on the terrain's own grid; an earlier run's is taken away."""
    if ground.filled is None:
        (out / FILLED).unlink(missing_ok=True)
        return
    mask = ground.filled.astype(np.uint8)
    names = "filled: 1 void with an interpolated height, 0 as the elevation has it"
    write_cog(out / FILLED, ground.grid, [(names, "", mask)], nodata=None, tags=tags)


def write_service(
    folder: Path, grid: Grid, evaluated: Evaluated, name: str, tags: dict[str, str]
) -> None:
    """All layers of a service."""
    layers, stations = evaluated.service[name], evaluated.stations
    fair, good = (quality.name for quality in qualities_of(evaluated.scenario, name))
    served = layers.served_acceptable.astype(np.uint8) + layers.served_good
    served = np.where(np.isnan(layers.probability), 255, served).astype(np.uint8)
    write_cog(
        folder / f"{name}_served.tif", grid,
        [(f"served: 0 no, 1 {fair}, 2 {good}", "", served)], nodata=255, tags=tags,
    )  # fmt: skip
    for layer, unit, values in (
        ("margin", "dB", layers.margin_db),
        ("probability", "1", layers.probability),
        ("gain", "dB", layers.gain_db),
        ("usable_field", "dB(uV/m)", _usable_field(layers)),
    ):
        write_cog(
            folder / f"{name}_{layer}.tif", grid, [(layer, unit, values)], nodata=NODATA, tags=tags
        )
    named = tags | {f"STATION_{k}": station for k, station in enumerate(stations)}
    write_cog(
        folder / f"{name}_best_server.tif", grid,
        [("station the antenna points at", "", layers.best_server)], nodata=-1, tags=named,
    )  # fmt: skip
    causes = ", ".join(f"{k} {text}" for k, text in enumerate(CAUSES))
    write_cog(
        folder / f"{name}_cause.tif", grid, [(f"why not well served: {causes}", "", layers.cause)],
        nodata=None, tags=named,
    )  # fmt: skip
    write_cog(
        folder / f"{name}_n_station.tif", grid,
        [(f"stations of which each alone gives {fair} reception", "1", layers.n_station)],
        nodata=None, tags=tags,
    )  # fmt: skip
    write_cog(
        folder / f"{name}_culprit.tif", grid,
        [("station that disturbs most", "", layers.culprit)], nodata=-1, tags=named,
    )  # fmt: skip


def write_household(
    folder: Path, grid: Grid, household: Household, stations: tuple[str, ...], tags: dict[str, str]
) -> None:
    """How many programmes are received, and where the one aerial points."""
    named = tags | {f"STATION_{k}": station for k, station in enumerate(stations)}
    counts = [
        (f"programmes, {aerial}, {quality}", "1", masks.sum(axis=0).astype(np.uint8))
        for aerial, found in (("one aerial", household.one), ("aimed afresh", household.afresh))
        for quality, masks in (
            ("good", found.programmes_good),
            ("acceptable", found.programmes_acceptable),
        )
    ]
    write_cog(folder / "programmes.tif", grid, counts, nodata=None, tags=tags)
    write_cog(
        folder / "aerial.tif", grid, [("station the one aerial points at", "", household.aim)],
        nodata=-1, tags=named,
    )  # fmt: skip
