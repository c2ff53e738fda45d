"""Maps of a run as pictures for a plan."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.report.style import (
    ACCENT,
    COAST,
    FRAME,
    LABEL_PT,
    SMALL_PRINT,
    SMALL_PT,
    TEXT_PT,
    TITLE_PT,
    new_figure,
    write_png,
)

# Other pictures take these from here, as they did before there was a module of style.
from dtt_sim.report.style import SEA_SERVED_COLOURS as SEA_SERVED_COLOURS  # noqa: PLC0414
from dtt_sim.report.style import SERVED_COLOURS as SERVED_COLOURS  # noqa: PLC0414
from dtt_sim.report.style import draw_scale as draw_scale  # noqa: PLC0414
from dtt_sim.typing import BoolArray
from dtt_sim.workflow.area import Area
from dtt_sim.workflow.service import Evaluated, Quality, qualities_of
from terrain.grid import Grid, transformer
from terrain.ground import SEA

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEAD_IN, FOOT_IN, PANEL_HEAD_IN = 0.65, 0.6, 0.5
CREDIT_ROW_IN, CREDIT_CHARACTER_IN = 0.11, 0.055
"""Of small print: a row, and a character on average with something to spare [in]."""
LEGEND_ROW_IN = TITLE_ROW_IN = 0.25


def draw_map(area: Area, found: Evaluated, path: Path) -> None:
    """Draw ``map.png``: where each service is received in a phase, coast, sites, legend and scale.

    Parameters
    ----------
    area : Area
    found : Evaluated
        With the layers of its services.
    path : Path
        PNG file; written whole or not at all.
    """
    from matplotlib.patches import Patch

    names = list(found.service)
    n_col = 1 if len(names) == 1 else 2 if len(names) <= 4 else 3
    n_row = -(-len(names) // n_col)
    aspect = area.grid.n_row / area.grid.n_col
    width = 7.0 * n_col if n_col < 3 else 5.0 * n_col
    texts = ["not served", *_labels(found)]
    n_legend = 6 if sum(map(len, texts)) < 6.0 * width else 3
    lines = wrapped(_credits(area, found), width)
    credits_in = CREDIT_ROW_IN * lines.count("\n")
    foot_in = FOOT_IN + (LEGEND_ROW_IN if n_legend == 3 else 0.0) + credits_in
    head_in = HEAD_IN + (TITLE_ROW_IN if found.scenario.phase else 0.0)
    height = (width / n_col * aspect + PANEL_HEAD_IN) * n_row + head_in + foot_in
    figure = new_figure(width, height)
    sea = area.ground.zone_at(*area.grid.lonlat()) == SEA
    axes = figure.subplots(n_row, n_col, squeeze=False).ravel()
    for ax, name in zip(axes, names, strict=False):
        _draw_service(ax, area, found, name, sea)
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    handles: list[Any] = [
        Patch(facecolor=colour, edgecolor=FRAME, label=text)
        for colour, text in zip(SERVED_COLOURS, texts, strict=True)
    ]
    handles += [
        Patch(facecolor="white", edgecolor=FRAME, label="beyond the radius, or no data"),
        Patch(facecolor=SEA_SERVED_COLOURS[0], edgecolor=FRAME, label="paler: the same at sea"),
        axes[0].plot([], [], "^", color=ACCENT, markeredgecolor="white", label="transmitter")[0],
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=n_legend,
        frameon=False,
        fontsize=LABEL_PT,
        bbox_to_anchor=(0.5, (0.22 + credits_in) / height),
    )
    figure.suptitle(
        _title(area, found), fontsize=TITLE_PT, fontweight="bold", y=1.0 - 0.1 / height, va="top"
    )
    figure.text(
        0.99,
        0.06 / height,
        lines,
        ha="right",
        va="bottom",
        fontsize=SMALL_PT,
        color=SMALL_PRINT,
    )
    figure.subplots_adjust(
        left=0.01, right=0.99, top=1.0 - (head_in + PANEL_HEAD_IN) / height, bottom=foot_in / height,
        wspace=0.02, hspace=PANEL_HEAD_IN / (width / n_col * aspect),
    )  # fmt: skip
    write_png(figure, path)


def _labels(found: Evaluated) -> list[str]:
    """What the two colours of served cells stand for, in all panels."""
    pairs: dict[tuple[Quality, Quality], None] = {
        qualities_of(found.scenario, name): None for name in found.service
    }
    return [" / ".join(map(str, level)) for level in zip(*pairs, strict=True)]


def _title(area: Area, found: Evaluated) -> str:
    scenario = found.scenario
    override = f" [{scenario.override}]" if scenario.override else ""
    phase = f"\n{scenario.phase.name}, from {scenario.phase.date}" if scenario.phase else ""
    warning = "\nSCHEMATIC TERRAIN: relief made up, not a finding about the real ground"
    return scenario.title + override + phase + (warning if area.ground.is_schematic else "")


def _credits(area: Area, found: Evaluated) -> str:
    keys = found.scenario.keys
    people = keys.population.credits if keys.population else []
    offset_db = keys.propagation.measured_offset_db
    model = "ITU-R P.1812-8" + (f" {offset_db:+g} dB as measured" if offset_db else "")
    return " · ".join([f"{model}, dtt_sim", *area.ground.credits, *people, area.grid.crs])


def wrapped(text: str, width_in: float) -> str:
    """Small print in as many rows as it needs within the width of a figure [in]."""
    return textwrap.fill(text, int(width_in / CREDIT_CHARACTER_IN), break_long_words=False)


def _draw_service(ax: Axes, area: Area, found: Evaluated, name: str, sea: BoolArray) -> None:
    from matplotlib.colors import to_rgb

    layers, grid = found.service[name], area.grid
    level = layers.served_acceptable.astype(int) + layers.served_good
    on_land = np.array([to_rgb(c) for c in SERVED_COLOURS])
    at_sea = np.array([to_rgb(c) for c in SEA_SERVED_COLOURS])
    picture = np.where(sea[..., None], at_sea[level], on_land[level])
    picture[np.isnan(layers.probability)] = to_rgb("#ffffff")
    west, south, east, north = grid.bounds
    ax.imshow(picture, extent=(west, east, south, north), interpolation="nearest")
    ax.contour(grid.x, grid.y, sea.astype(float), levels=[0.5], colors=COAST, linewidths=0.6)
    _draw_sites(ax, grid, found, name)
    draw_scale(ax, grid)
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(_caption(area, found, name), fontsize=LABEL_PT, loc="left", parse_math=False)


def _caption(area: Area, found: Evaluated, name: str) -> str:
    service, people = found.scenario.services[name], area.population
    text = f"{service.title} · {service.description}"
    if people is None:
        return text
    layers = found.service[name]
    shares = [
        f"{100.0 * people.served_counted(mask) / people.counted:.1f} % {quality.name}"
        for quality, mask in zip(
            qualities_of(found.scenario, name),
            (layers.served_acceptable, layers.served_good),
            strict=True,
        )
    ]
    return f"{text}\npeople served: {'; '.join(shares)}"


def _draw_sites(ax: Axes, grid: Grid, found: Evaluated, name: str) -> None:
    from matplotlib.patheffects import withStroke

    west, south, east, north = grid.bounds
    change = transformer("EPSG:4326", grid.crs)
    labelled = set()
    for transmitter in found.scenario.transmitters:
        if transmitter.multiplex != name:
            continue
        x, y = change.transform(transmitter.lon_deg, transmitter.lat_deg)
        if not (west <= x <= east and south <= y <= north):
            continue
        ax.plot(x, y, "^", color=ACCENT, markersize=7, markeredgecolor="white", zorder=5)
        if transmitter.site in labelled:
            continue
        labelled.add(transmitter.site)
        right = x > west + 0.75 * (east - west)
        ax.annotate(
            transmitter.site,
            (x, y),
            xytext=(-6 if right else 6, 4),
            textcoords="offset points",
            ha="right" if right else "left",
            fontsize=TEXT_PT,
            zorder=6,
            path_effects=[withStroke(linewidth=2.2, foreground="white")],
            parse_math=False,
        )
