"""Reception at a list of places: files, text and a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.report.maps import SERVED_COLOURS, draw_scale
from dtt_sim.workflow.area import receiving_grid
from dtt_sim.workflow.datasets import write_dataset
from dtt_sim.workflow.output import whole_file, write_csv
from dtt_sim.workflow.receiver_tables import (
    field_table,
    programme_table,
    service_table,
)
from dtt_sim.workflow.receivers import ReceiverReport
from dtt_sim.workflow.service import Evaluated, qualities_of
from terrain.grid import LONLAT, Grid, transformer
from terrain.ground import SEA, Ground

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

    from dtt_sim.model import Transmitter
    from dtt_sim.scenario.load import Scenario

NOT_SERVED_COLOUR, NO_DATA_COLOUR = "#d7792f", "#ffffff"
LAND_COLOUR, SEA_COLOUR = "#f4efe6", "#dfe6ea"
HEAD_IN, FOOT_IN, MOST_HIGH_IN, LEAST_WIDE_IN = 0.7, 0.75, 6.5, 7.0
FEW = 40
"""Up to as many places are drawn with their names."""
LONGEST = 30
"""Letters of a name that are drawn."""


def write_receivers(report: ReceiverReport, stem: Path) -> list[Path]:
    """Write ``STEM.csv``, ``_programmes.csv``, ``_fields.csv``, ``.nc`` and ``.png``; their paths."""
    written = [stem.with_name(f"{stem.name}.csv")]
    write_csv(written[0], *service_table(report))
    if any(one.household is not None for one in report.phases):
        written.append(stem.with_name(f"{stem.name}_programmes.csv"))
        write_csv(written[-1], *programme_table(report))
    written.append(stem.with_name(f"{stem.name}_fields.csv"))
    write_csv(written[-1], *field_table(report))
    written.append(stem.with_name(f"{stem.name}.nc"))
    write_dataset(written[-1], report.dataset())
    written.append(stem.with_name(f"{stem.name}.png"))
    draw_receivers(report, written[-1])
    return written


def receiver_lines(report: ReceiverReport) -> list[str]:
    """How many places are served, by phase and service, and what to be wary of."""
    n = len(report.receivers)
    lines = [f"{n:,} places, {len(report.transmitters)} states of stations"]
    for found in report.phases:
        lines.append(f"{found.phase}:")
        for name, layers in found.service.items():
            fair, best = qualities_of(found.scenario, name)
            good, acceptable = int(layers.served_good.sum()), int(layers.served_acceptable.sum())
            without = int(np.isnan(layers.probability).sum())
            more = f"; {without:,} without data" if without else ""
            lines.append(f"  {name:<16}{good:>8,} {best.name}, {acceptable:>8,} {fair.name}{more}")
    if report.losses.offset_db:
        lines.append(f"measured offset of {report.losses.offset_db:+g} dB is in every field")
    lines += [f"note: {text}" for text in (*report.notes, *report.ground.notes)]
    if report.ground.is_schematic:
        lines.append("SCHEMATIC TERRAIN: the relief is made up; nothing above is a finding")
    return lines


def draw_receivers(report: ReceiverReport, path: Path) -> None:
    """Draw where each service is received in the last phase, place by place.

    Parameters
    ----------
    path : Path
        PNG file; written whole or not at all.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    found = report.phases[-1]
    names = list(found.service)
    grid = grid_around(report)
    n_col = 1 if len(names) == 1 else 2 if len(names) <= 4 else 3
    n_row = -(-len(names) // n_col)
    aspect = grid.n_row / grid.n_col
    width = min(6.0 if n_col > 1 else 8.0, MOST_HIGH_IN / aspect)
    # Narrow panels still have room for the title over all of them.
    across, high = max(width * n_col, LEAST_WIDE_IN), (width * aspect + 0.4) * n_row + HEAD_IN
    figure = Figure(figsize=(across, high + FOOT_IN), dpi=150 if n_row < 4 else 100,
                    layout="constrained")  # fmt: skip
    FigureCanvasAgg(figure)
    parts: Any = figure.subfigures(2, 1, height_ratios=(high, FOOT_IN))
    body, foot = parts
    axes = body.subplots(n_row, n_col, squeeze=False).ravel()
    for ax, name in zip(axes, names, strict=False):
        draw_ground(ax, grid, report.ground)
        _draw_places(ax, grid, report, found, name)
        own = [t for t in found.scenario.transmitters if t.multiplex == name]
        draw_sites(ax, grid, own)
        draw_scale(ax, grid)
        ax.set_title(found.scenario.services[name].title, fontsize=9, loc="left", parse_math=False)
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    body.suptitle(_title(report, found), fontsize=11, fontweight="bold")
    _draw_legend(foot, found)
    text = credits_text(report.scenario, report.ground)
    foot.text(0.99, 0.08, text, fontsize=5.5, color="#444444", ha="right", va="bottom")
    with whole_file(path) as part:
        figure.savefig(part, format="png")


def _draw_legend(foot: SubFigure, found: Evaluated) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", linestyle="", color=colour, markeredgecolor="#333333",
               markersize=6, label=text)
        for text, colour in _marks(found)
    ]  # fmt: skip
    handles.append(Line2D([], [], marker="^", linestyle="", color="#b2182b", label="transmitter"))
    foot.legend(handles=handles, loc="upper center", ncols=3, frameon=False, fontsize=8)


def _title(report: ReceiverReport, found: Evaluated) -> str:
    scenario = found.scenario
    override = f" [{scenario.override}]" if scenario.override else ""
    phase = f"\n{scenario.phase.name}, from {scenario.phase.date}" if scenario.phase else ""
    warning = "\nSCHEMATIC TERRAIN: relief made up, not a finding about the real ground"
    return (
        f"{scenario.title}{override}: {len(report.receivers):,} places{phase}"
        f"{warning if report.ground.is_schematic else ''}"
    )


def _marks(found: Evaluated) -> list[tuple[str, str]]:
    pairs = dict.fromkeys(qualities_of(found.scenario, name) for name in found.service)
    fair, good = (" / ".join(map(str, level)) for level in zip(*pairs, strict=True))
    return [
        (good, SERVED_COLOURS[2]), (fair, SERVED_COLOURS[1]), ("not served", NOT_SERVED_COLOUR),
        ("no data", NO_DATA_COLOUR),
    ]  # fmt: skip


def grid_around(report: ReceiverReport) -> Grid:
    """A grid for a picture: the receiving grid's system, round all places."""
    return picture_grid(
        receiving_grid(report.scenario), report.places.lon_deg, report.places.lat_deg
    )


def picture_grid(grid: Grid, lon_deg: Any, lat_deg: Any) -> Grid:
    """Some 300 cells across, with a margin round places, in the system of a grid."""
    x, y = transformer(LONLAT, grid.crs).transform(np.asarray(lon_deg), np.asarray(lat_deg))
    least = 8.0 * grid.transform[0]
    side = max(float(np.ptp(x)), float(np.ptp(y)), least)
    # Neither a line of places nor a single one makes a picture without a second dimension.
    half_x = max(0.58 * float(np.ptp(x)), 0.3 * side)
    half_y = max(0.58 * float(np.ptp(y)), 0.3 * side)
    west, north = 0.5 * (x.min() + x.max()) - half_x, 0.5 * (y.min() + y.max()) + half_y
    cell = 2.0 * max(half_x, half_y) / 300.0
    shape = max(int(2.0 * half_y / cell), 2), max(int(2.0 * half_x / cell), 2)
    return Grid(grid.crs, (cell, 0.0, float(west), 0.0, -cell, float(north)), shape)


def credits_text(scenario: Scenario, ground: Ground, *, has_offset: bool = True) -> str:
    """Whose data a picture rests on, and the measured offset where it is in it."""
    offset_db = scenario.keys.propagation.measured_offset_db if has_offset else 0.0
    model = "ITU-R P.1812-8" + (f" {offset_db:+g} dB as measured" if offset_db else "")
    return " · ".join([f"{model}, dtt_sim", *ground.credits, scenario.keys.grid.crs])


def draw_ground(ax: Axes, grid: Grid, ground: Ground) -> None:
    """Land, sea and the coast behind places."""
    from matplotlib.colors import to_rgb

    west, south, east, north = grid.bounds
    sea = ground.zone_at(*grid.lonlat()) == SEA
    colours = np.array([to_rgb(LAND_COLOUR), to_rgb(SEA_COLOUR)])
    ax.imshow(colours[sea.astype(int)], extent=(west, east, south, north), interpolation="nearest")
    if sea.any() and not sea.all():
        ax.contour(
            grid.x, grid.y, sea.astype(float), levels=[0.5], colors="#333333", linewidths=0.6
        )
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_xticks([])
    ax.set_yticks([])


def draw_sites(ax: Axes, grid: Grid, transmitters: Iterable[Transmitter]) -> None:
    """Transmitters on a picture, each site named once."""
    from matplotlib.patheffects import withStroke

    west, south, east, north = grid.bounds
    seen = set()
    for t in transmitters:
        x, y = transformer(LONLAT, grid.crs).transform(t.lon_deg, t.lat_deg)
        if t.site in seen or not (west <= x <= east and south <= y <= north):
            continue
        seen.add(t.site)
        ax.plot(x, y, "^", color="#b2182b", markersize=7, markeredgecolor="white", zorder=5)
        is_right = x > west + 0.75 * (east - west)
        ax.annotate(
            t.site, (x, y), xytext=(-6 if is_right else 6, 4), textcoords="offset points",
            ha="right" if is_right else "left", fontsize=7.5, zorder=6, parse_math=False,
            path_effects=[withStroke(linewidth=2.2, foreground="white")],
        )  # fmt: skip


def _draw_places(ax: Axes, grid: Grid, report: ReceiverReport, found: Evaluated, name: str) -> None:
    layers = found.service[name]
    x, y = transformer(LONLAT, grid.crs).transform(report.places.lon_deg, report.places.lat_deg)
    colours = np.array([colour for _, colour in _marks(found)])
    state = np.where(layers.served_good, 0, np.where(layers.served_acceptable, 1, 2))[0]
    state = np.where(np.isnan(layers.probability[0]), 3, state)
    n = len(report.receivers)
    area = float(np.clip(9000.0 / n, 5.0, 40.0))
    # Places that are not served lie on top: they are what one looks for.
    for one in (0, 1, 3, 2):
        some = state == one
        ax.scatter(
            x[some], y[some], s=area, c=colours[one], edgecolors="#333333",
            linewidths=0.4 if n < 2000 else 0.1, zorder=4,
        )  # fmt: skip
    if n <= FEW:
        for place, px, py in zip(report.receivers, x, y, strict=True):
            is_right = px > grid.bounds[0] + 0.7 * (grid.bounds[2] - grid.bounds[0])
            ax.annotate(
                place.name if len(place.name) <= LONGEST else f"{place.name[: LONGEST - 1]}…",
                (px, py), xytext=(-4 if is_right else 4, -7), textcoords="offset points",
                ha="right" if is_right else "left", fontsize=5.5, parse_math=False, zorder=6,
            )  # fmt: skip
