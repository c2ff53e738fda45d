"""What an obstacle on a named path costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from dtt_sim.coverage.field import FIELD_STRENGTH_CONSTANT_DB, Mast, Prediction
from dtt_sim.coverage.path import MIN_DISTANCE_KM
from dtt_sim.coverage.paths import predict
from dtt_sim.scenario.load import Scenario
from terrain.ground import Ground
from terrain.profile import extract

NOMINAL_RADIUS_KM = 8500.0

HEADER = (
    "name", "transmitter", "distance_km", "loss_db", "e_dbuv_m", "highest_ground_m",
    "highest_ground_at_km", "loss_without_obstacle_db", "obstacle_costs_db", "terrain",
)  # fmt: skip


def report_links(
    scenario: Scenario, ground: Ground, prediction: Prediction
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Header and rows of ``links.csv``, one row per ``[[link]]`` whose transmitter is on air.

    The obstacle's cost is the loss over the path less that over the same path with its ground
    between the terminals cut off at `flatten_above_m`, both for the wanted percentage of time. The
    field has the scenario's measured offset in it, losses have not.
    """
    by_id = {t.id: t for t in scenario.transmitters}
    offset_db = scenario.keys.propagation.measured_offset_db
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
        mast_m = Mast.of(transmitter).height_above(ground)
        flat = profile.height_m.copy()
        flat[1:n] = np.minimum(flat[1:n], link.flatten_above_m)
        delta_n, n0 = prediction.refractivity_between(
            transmitter.lon_deg, transmitter.lat_deg, link.lon_deg, link.lat_deg
        )
        loss, without = (
            predict(
                d,
                height,
                clutter_m=profile.clutter_m,
                zone=profile.zone,
                frequency_ghz=0.001 * transmitter.frequency_mhz,
                p_time_percent=prediction.p_time_percent[0],
                polarisation=transmitter.polarisation,
                tx_height_agl_m=mast_m,
                rx_height_agl_m=prediction.rx_height_agl_m,
                tx_lat_deg=transmitter.lat_deg,
                tx_lon_deg=transmitter.lon_deg,
                rx_lat_deg=link.lat_deg,
                rx_lon_deg=link.lon_deg,
                delta_n=delta_n,
                n0=n0,
            ).as_row()["Lb_dB"]
            for height in (profile.height_m, flat)
        )
        # The highest sample over the line of sight, on a 4/3 Earth near enough to name a hill.
        tx_m, rx_m = profile.height_m[0] + mast_m, profile.height_m[n] + prediction.rx_height_agl_m
        rise = profile.height_m[1:n] + d[1:n] * (d[n] - d[1:n]) / (2e-3 * NOMINAL_RADIUS_KM)
        rise -= tx_m + (rx_m - tx_m) * d[1:n] / d[n]
        worst = 1 + int(np.argmax(rise))
        level = FIELD_STRENGTH_CONSTANT_DB + 20.0 * np.log10(0.001 * transmitter.frequency_mhz)
        e = float(level - loss) + transmitter.erp_dbw + offset_db
        rows.append(
            (
                link.name, transmitter.id, round(d[n], 3), round(loss, 2), round(e, 2),
                round(float(profile.height_m[worst]), 1), round(float(d[worst]), 2),
                round(without, 2), round(loss - without, 2),
                "SCHEMATIC" if ground.is_schematic else "measured",
            )
        )  # fmt: skip
    return HEADER, rows
