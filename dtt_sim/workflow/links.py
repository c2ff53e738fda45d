"""What an obstacle on a named path costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from dtt_sim.coverage.field import Mast, Prediction
from dtt_sim.coverage.path import MIN_DISTANCE_KM
from dtt_sim.propagation.free_space import field_strength_dbuv_m
from dtt_sim.propagation.p1812 import Path, analyse, basic_loss_db, path_centre_lat_deg
from dtt_sim.scenario.load import Scenario
from terrain.ground import Ground
from terrain.profile import extract

HEADER = (
    "name", "transmitter", "distance_km", "loss_db", "e_dbuv_m", "highest_ground_m",
    "highest_ground_at_km", "loss_without_obstacle_db", "obstacle_costs_db", "terrain",
)  # fmt: skip


def report_links(
    scenario: Scenario, ground: Ground, prediction: Prediction
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Header and rows of ``links.csv``, one row per ``[[link]]`` whose transmitter is on air.

    The obstacle's cost is the loss over the path less that over the same path with its ground
    between the terminals cut off at `flatten_above_m`, both for the wanted percentage of time.
    """
    by_id = {t.id: t for t in scenario.transmitters}
    rows = []
    for link in scenario.keys.link:
        transmitter = by_id.get(link.transmitter)
        if transmitter is None:
            continue
        profile = extract(
            ground, transmitter.lon_deg, transmitter.lat_deg, link.lon_deg, link.lat_deg
        )
        n = profile.height_m.size - 1
        d = profile.distance_km
        if d[n] < MIN_DISTANCE_KM:
            continue
        path = Path(
            Mast.of(transmitter).height_above(ground),
            prediction.rx_height_agl_m,
            path_centre_lat_deg(
                transmitter.lat_deg, transmitter.lon_deg, link.lat_deg, link.lon_deg, d[n]
            ),
            prediction.delta_n,
            prediction.n0,
            -1.0,
            -1.0,
        )
        flat = profile.height_m.copy()
        # The mast keeps its own hill: what stands on the first kilometre's way down is no obstacle.
        flat[1:n] = np.minimum(flat[1:n], link.flatten_above_m)
        polarisation = 1 if transmitter.polarisation == "horizontal" else 2
        f_ghz = 0.001 * transmitter.frequency_mhz
        loss, without = (
            basic_loss_db(
                analyse(d, height, profile.clutter_m, profile.zone, n, path),
                f_ghz,
                prediction.p_time_percent[0],
                polarisation,
            )
            for height in (profile.height_m, flat)
        )
        inner = profile.height_m[1:n] + 500.0 * d[1:n] * (d[n] - d[1:n]) / 9650.0
        chord = (
            profile.height_m[0]
            + path.htg_m
            + (profile.height_m[n] + path.hrg_m - profile.height_m[0] - path.htg_m) * d[1:n] / d[n]
        )
        worst = 1 + int(np.argmax(inner - chord))
        e = field_strength_dbuv_m(loss, f_ghz) + transmitter.erp_dbw - 30.0
        rows.append(
            (
                link.name, transmitter.id, round(d[n], 3), round(loss, 2), round(e, 2),
                round(float(profile.height_m[worst]), 1), round(float(d[worst]), 2),
                round(without, 2), round(loss - without, 2),
                "SCHEMATIC" if ground.is_schematic else "measured",
            )
        )  # fmt: skip
    return HEADER, rows
