"""A location explained: text and pictures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.network.evaluate import CAUSES, SERVED
from dtt_sim.network.explain import Explanation, Part
from dtt_sim.network.sfn import Window, weight
from dtt_sim.propagation.geometry import EARTH_RADIUS_KM
from dtt_sim.report.maps import wrapped
from dtt_sim.report.style import (
    ACCENT,
    HEAD_PT,
    SMALL_PRINT,
    SMALL_PT,
    TEXT_PT,
    name_point,
    new_figure,
    write_png,
)
from dtt_sim.scenario.load import Scenario
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.area import prediction_of
from dtt_sim.workflow.point import PointReport
from terrain.ground import Ground
from terrain.profile import Profile, extract

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dtt_sim.model import Transmitter

WANTED_COLOUR, LOST_COLOUR, OTHER_COLOUR = "#1f6f9f", "#c2622d", "#8a8a8a"
GROUND_COLOUR, LINE_COLOUR, ZONE_COLOUR = "#b9a98c", "#222222", "#8fc3dd"
LEAST_DB = 20.0
"""Other stations this far below noise are not listed."""


def point_lines(report: PointReport) -> list[str]:
    """Every multiplex with its stations, as text."""
    row, col = report.cell
    lines = [f"{report.lat_deg:.5f} N {report.lon_deg:.5f} E, cell {row}, {col}"]
    for name, found in report.multiplexes.items():
        title = report.scenario.services[name].title
        good = found.good_location_percent
        lines += ["", f"{name} ({title}): {_verdict(found)}"]
        if not found.aim:
            continue
        lines += [
            (
                f"  C {found.c_db:.1f}, N + I {found.i_db:.1f} (noise alone {found.noise_db:.1f}) "
                f"dB(µV/m), needs {found.cn_db:.1f} dB; margin for {good:g} % of locations "
                f"{found.margin_db:+.1f} dB, against noise alone {found.noise_margin_db:+.1f} dB"
            ),
            f"  antenna at {found.aim}",
            (
                f"  {'station':<18}{'km':>7}{'azimuth':>9}{'µs':>8}{'E 50%':>8}{'E 1%':>8}"
                f"{'antenna':>9}{'weight':>8}{'PR':>7}{'useful':>8}{'useless':>9}"
            ),
        ]
        lines += [_part(part) for part in found.parts if _is_shown(part, found)]
    return lines


def _verdict(found: Explanation) -> str:
    if not found.aim:
        return "no data"
    share = f"{100.0 * found.probability:.1f} % of locations"
    if found.cause == CAUSES[SERVED]:
        return f"well served, {share}"
    by = f" by {found.culprit}" if found.culprit else ""
    return f"{share}, less than {found.good_location_percent:g} %: {found.cause}{by}"


def _is_shown(part: Part, found: Explanation) -> bool:
    return part.is_wanted or part.useless_db > found.noise_db - LEAST_DB


def _part(part: Part) -> str:
    def shown(value: float, digits: int = 1) -> str:
        return f"{value:.{digits}f}" if math.isfinite(value) else "-"

    return (
        f"  {part.station:<18}{shown(part.distance_km):>7}{shown(part.azimuth_deg, 0):>9}"
        f"{shown(part.arrival_us):>8}{shown(part.wanted_db):>8}{shown(part.interfering_db):>8}"
        f"{shown(0.0 - part.discrimination_db):>9}{shown(part.weight, 3):>8}"
        f"{shown(part.protection_db):>7}{shown(part.useful_db):>8}{shown(part.useless_db):>9}"
    )


def draw_point(report: PointReport, multiplex: str, ground: Ground, path: Path) -> None:
    """Draw echoes in the receiver's window, and the terrain to the site the antenna points at.

    Parameters
    ----------
    path : Path
        PNG file; written whole or not at all.
    """
    found = report.multiplexes[multiplex]
    figure = new_figure(9.0, 7.5, layout="constrained")
    echoes, terrain = figure.subplots(2, 1)
    title = report.scenario.services[multiplex].title
    figure.suptitle(
        f"{title} at {report.lat_deg:.4f} N {report.lon_deg:.4f} E: {_verdict(found)}",
        fontsize=HEAD_PT,
        parse_math=False,
    )
    late = report.scenario.keys.propagation.interfering_time_percent
    _draw_echoes(echoes, found, report.windows[multiplex], late)
    by_id = {t.id: t for t in report.scenario.transmitters}
    if found.aim:
        place = report.lon_deg, report.lat_deg
        draw_profile(terrain, report.scenario, by_id[found.aim], place, ground)
    else:
        terrain.set_axis_off()
    if ground.is_schematic:
        terrain.set_title("SCHEMATIC TERRAIN: the relief is made up", fontsize=TEXT_PT, loc="left")
    if ground.credits:
        text = wrapped(" · ".join(ground.credits), 9.0)
        figure.supxlabel(text, fontsize=SMALL_PT, color=SMALL_PRINT, parse_math=False)
    write_png(figure, path)


def _draw_echoes(ax: Axes, found: Explanation, window: Window, late_percent: float) -> None:
    own = [p for p in found.parts if p.is_wanted and math.isfinite(p.arrival_us)]
    floor = found.noise_db - 5.0
    has_window = math.isfinite(window.guard_us)
    ends = [window.lower_us, window.upper_us] if has_window else [-10.0, 10.0]
    span = [*ends, *(p.arrival_us for p in own)]
    reach = max(span) - min(span)
    low, high = min(span) - 0.08 * reach, max(span) + 0.12 * reach
    if has_window:
        ax.axvspan(0.0, window.guard_us, color="#e8f1f6", label="guard interval")
    for p in own:
        has_median = math.isfinite(p.wanted_db)
        level = p.wanted_db if has_median else p.interfering_db
        if not math.isfinite(level):
            continue
        level -= p.discrimination_db
        colour = WANTED_COLOUR if p.weight > 0.0 else LOST_COLOUR
        style = "-" if has_median else (0, (2, 1))
        ax.vlines(p.arrival_us, floor, level, color=colour, linewidth=2.0, linestyle=style)
        ax.plot(
            p.arrival_us, level, "o" if p.weight > 0.0 else "x", color=colour, markersize=6,
            fillstyle="full" if has_median else "none",
        )  # fmt: skip
        ax.annotate(
            p.station, (p.arrival_us, level), xytext=(0, 7), textcoords="offset points",
            fontsize=7, rotation=90, ha="center", va="bottom",
        )  # fmt: skip
    text = f"known at {late_percent:g} % of time only"
    ax.plot([], [], color=OTHER_COLOUR, linestyle=(0, (2, 1)), label=text)
    ax.axhline(found.noise_db, color=OTHER_COLOUR, linestyle=":", label="noise")
    ax.axhline(
        found.noise_db + found.cn_db, color=OTHER_COLOUR, linestyle="--",
        label="needed at half of the locations, noise alone",
    )  # fmt: skip
    ax.set_xlim(low, high)
    ax.set_ylim(floor, ax.get_ylim()[1] + 0.35 * (ax.get_ylim()[1] - floor))
    ax.set_xlabel("arrival after the window begins [µs]")
    ax.set_ylabel("median field behind the antenna [dB(µV/m)]")
    ax.legend(loc="upper right", fontsize=7)
    if not has_window:
        return
    share = ax.twinx()
    time = np.linspace(low, high, 800)
    share.plot(time, [weight(float(t), window) for t in time], color=WANTED_COLOUR, linewidth=0.8)
    share.set_ylim(0.0, 1.05)
    share.set_ylabel("weight", color=WANTED_COLOUR)


def draw_profile(
    ax: Axes, scenario: Scenario, site: Transmitter, place: tuple[float, float], ground: Ground
) -> None:
    """Ground over the effective Earth, line of sight and the first Fresnel zone.

    Parameters
    ----------
    place : tuple of float
        Longitude and latitude of the receiver [deg].
    """
    profile = extract(ground, site.lon_deg, site.lat_deg, *place, allow_gaps=True)
    delta_n, _ = prediction_of(scenario).refractivity_between(site.lon_deg, site.lat_deg, *place)
    radius_km = EARTH_RADIUS_KM * 157.0 / (157.0 - delta_n)  # P.1812 (6), (7a)
    d, total = profile.distance_km, float(profile.distance_km[-1])
    bulge = 500.0 * d * (total - d) / radius_km
    start, end = _antennas(site, profile, scenario)
    line = start + (end - start) * d / total
    wavelength_m = 299.792458 / site.frequency_mhz
    first = np.sqrt(1000.0 * wavelength_m * d * (total - d) / total)
    zone = 0.6 * first
    ax.fill_between(d, profile.height_m + bulge, np.nanmin(bulge) - 30.0, color=GROUND_COLOUR,
                    label="ground")  # fmt: skip
    if profile.clutter_m.any():
        top = profile.height_m + profile.clutter_m + bulge
        ax.plot(d, top, color="#4d7a3a", linewidth=0.6, label="clutter")
    ax.fill_between(d, line - zone, line + zone, color=ZONE_COLOUR, alpha=0.6,
                    label="0.6 of the first Fresnel zone")  # fmt: skip
    for edge in (line - first, line + first):
        ax.plot(d, edge, color=ZONE_COLOUR, linewidth=0.8, linestyle="--",
                label="first Fresnel zone" if edge[d.size // 2] < line[d.size // 2] else None)  # fmt: skip
    ax.plot(d, line, color=LINE_COLOUR, linewidth=1.0, label="line of sight")
    _mark_obstacle(ax, profile, bulge, line, first)
    ax.set_xlim(0.0, total)
    ax.set_ylim(min(0.0, float(np.nanmin(profile.height_m))) - 10.0, None)
    ax.set_xlabel(f"distance from {site.site} ({site.id}) [km]", parse_math=False)
    ax.set_ylabel(f"height over an Earth of {radius_km:,.0f} km [m]")
    ax.legend(loc="upper right", fontsize=7)


def _mark_obstacle(
    ax: Axes, profile: Profile, bulge: Float64Array, line: Float64Array, first: Float64Array
) -> None:
    """Mark where the ground, with what stands on it, leaves least of the first Fresnel zone free."""
    top = profile.height_m + profile.clutter_m + bulge
    inner = slice(1, -1)
    share = (line[inner] - top[inner]) / np.maximum(first[inner], 1e-9)
    if not share.size or np.isnan(share).all():
        return
    k = int(np.nanargmin(share)) + 1
    found = float(share[k - 1])
    text = (
        f"{-found:.1f} of the zone's radius above the line" if found < 0.0
        else f"{found:.1f} of the zone's radius free"
    )  # fmt: skip
    at = float(profile.distance_km[k]), float(top[k])
    ax.plot(*at, "v", color=ACCENT, markersize=6, markeredgecolor="white", zorder=5)
    is_right = at[0] > 0.5 * float(profile.distance_km[-1])
    name_point(ax, f"{at[0]:.1f} km: {text}", at, is_right=is_right)


def _antennas(site: Transmitter, profile: Profile, scenario: Scenario) -> tuple[float, float]:
    """Antenna heights above sea at both ends [m]."""
    start = site.height_amsl_m
    if start is None:
        start = float(profile.height_m[0]) + float(site.height_agl_m or 0.0)
    end = float(profile.height_m[-1]) + scenario.reception.predicted_height_agl_m
    return start, end


def point_rows(report: PointReport) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Header and rows of ``point.csv``: every multiplex and station."""
    header = (
        "multiplex", "station", "role", "distance_km", "azimuth_deg", "arrival_us", "e_wanted_db",
        "e_interfering_db", "discrimination_db", "weight", "protection_ratio_db", "useful_db",
        "useless_db",
    )  # fmt: skip

    def value(number: float) -> float | str:
        return round(number, 3) if math.isfinite(number) else ""

    rows = [
        (
            name, p.station, "wanted" if p.is_wanted else "disturbs", value(p.distance_km),
            value(p.azimuth_deg), value(p.arrival_us), value(p.wanted_db), value(p.interfering_db),
            value(p.discrimination_db), value(p.weight), value(p.protection_db),
            value(p.useful_db), value(p.useless_db),
        )
        for name, found in report.multiplexes.items()
        for p in found.parts
    ]  # fmt: skip
    return header, rows
