"""Maps of what a run gains and loses against another, and a picture of the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.comparison.comparable import Comparable, Pair
from dtt_sim.comparison.counts import GAINED, KEPT, LOST, NEITHER, total
from dtt_sim.comparison.folder import COLOURS
from dtt_sim.comparison.ranking import CRITERIA, MONEY, Standing
from dtt_sim.comparison.results import Comparison
from dtt_sim.comparison.services import ANY_DIGITAL, NO_DATA, ServiceChange, count_people
from dtt_sim.report.style import (
    COAST,
    FRAME,
    GRID,
    HEAD_PT,
    LABEL_PT,
    SMALL_PRINT,
    SMALL_PT,
    TEXT_PT,
    draw_scale,
    new_figure,
    write_png,
)
from dtt_sim.typing import BoolArray
from dtt_sim.workflow.finished import StationOfRun
from terrain.grid import transformer
from terrain.ground import SEA

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

FAR_DB = -15.0
"""Margin below which a service is so far from any use that its change is not drawn [dB]."""
PALER = 0.45
"""How much nearer to white the sea is."""
FAR_GREY = (0.88, 0.88, 0.88)
SPREAD_DB = 15.0
"""Difference of margins at the ends of the colours [dB]."""
MOST_PANELS = 6
WIDTH_IN, HEAD_IN, FOOT_IN, ROW_HEAD_IN = 13.0, 0.5, 0.75, 0.42
BOTH, ONLY_BASE, ONLY_OTHER = ("^", SMALL_PRINT), ("v", COLOURS[LOST]), ("^", COLOURS[GAINED])


def draw_changes(
    path: Path, runs: Comparable, pair: Pair, changed: Sequence[ServiceChange]
) -> None:
    """Draw what becomes of services: gained, lost and kept, and by how many dB margins move.

    Parameters
    ----------
    path : Path
        PNG file; written whole or not at all.
    changed : sequence of ServiceChange
        Those with most people gained or lost are drawn, any DVB-T2 service first.
    """
    shown = _most_changed(runs, changed)
    grid = runs.base.grid
    row_in = 0.5 * WIDTH_IN * grid.n_row / grid.n_col
    height = (row_in + ROW_HEAD_IN) * len(shown) + HEAD_IN + FOOT_IN
    figure = new_figure(WIDTH_IN, height, dpi=130)
    sea = runs.base.zone == SEA
    axes = figure.subplots(len(shown), 2, squeeze=False)
    figure.subplots_adjust(
        left=0.01, right=0.99, top=1.0 - (HEAD_IN + ROW_HEAD_IN) / height, bottom=FOOT_IN / height,
        wspace=0.02, hspace=ROW_HEAD_IN / row_in,
    )  # fmt: skip
    for (left, right), found in zip(axes, shown, strict=True):
        _draw_change(left, runs, pair, found, sea)
        _draw_margins(right, runs, pair, found, sea)
    _legend(figure, height)
    bar = figure.add_axes((0.62, 0.34 / height, 0.3, 0.12 / height))
    figure.colorbar(_margin_colours(), cax=bar, orientation="horizontal", extend="both")
    bar.set_title(
        f"margin of {runs.other.label} less that of {runs.base.label} [dB]", fontsize=TEXT_PT,
        parse_math=False,
    )  # fmt: skip
    bar.tick_params(labelsize=7)
    figure.suptitle(
        _title(runs, pair), fontsize=12, fontweight="bold", y=1.0 - 0.08 / height, va="top",
        parse_math=False,
    )  # fmt: skip
    credits = dict.fromkeys((*runs.base.credits, *runs.other.credits))
    figure.text(
        0.01, 0.05 / height, " · ".join(("ITU-R P.1812-8, dtt_sim", *credits)), fontsize=SMALL_PT,
        color=SMALL_PRINT, parse_math=False,
    )  # fmt: skip
    write_png(figure, path)


def _most_changed(runs: Comparable, changed: Sequence[ServiceChange]) -> list[ServiceChange]:
    def weight(found: ServiceChange) -> tuple[bool, float, int]:
        moved = np.isin(found.change, (GAINED, LOST))
        places = runs.base.places
        people = 0.0 if places is None else places.persons[moved.ravel()[places.cell]].sum()
        return found.service != ANY_DIGITAL, -float(people), -int(moved.sum())

    # Where margins move without anybody gaining or losing there is little to see.
    moved = [c for c in changed if np.isin(c.change, (GAINED, LOST)).any()]
    return sorted(moved or changed, key=weight)[: MOST_PANELS if moved else 1]


def _title(runs: Comparable, pair: Pair) -> str:
    since = f", from {pair.date}" if pair.date else ""
    other = "" if pair.other.id == pair.base.id else f" against {pair.base.id}"
    text = f"{runs.other.label} against {runs.base.label}: {pair.other.id}{other}{since}"
    warning = "\nSCHEMATIC TERRAIN: relief made up, not a finding about the real ground"
    return text + (warning if runs.base.is_schematic or runs.other.is_schematic else "")


def _caption(runs: Comparable, found: ServiceChange) -> str:
    text = f"{found.title}, {found.quality}"
    places = runs.base.places
    if places is None:
        return text
    counts = count_people(found, places)
    gained, lost = (total(counts, name) for name in ("gained", "lost"))
    return f"{text}: {gained:,} people gain, {lost:,} lose"


def _draw_change(
    ax: Axes, runs: Comparable, pair: Pair, found: ServiceChange, sea: BoolArray
) -> None:
    from matplotlib.colors import to_rgb

    colours = np.ones((256, 3))
    for code, colour in enumerate(COLOURS):
        colours[code] = to_rgb(colour)
    picture = colours[found.change]
    picture = np.where(sea[..., None], picture + PALER * (1.0 - picture), picture)
    picture[found.change == NO_DATA] = 1.0
    _frame(ax, runs, picture, sea)
    ax.set_title(_caption(runs, found), fontsize=LABEL_PT, loc="left", parse_math=False)
    _draw_sites(ax, runs, pair, found.service)
    draw_scale(ax, runs.base.grid)


def _draw_margins(
    ax: Axes, runs: Comparable, pair: Pair, found: ServiceChange, sea: BoolArray
) -> None:
    is_told = (found.margin_db >= FAR_DB) & ~np.isnan(found.margin_difference_db)
    picture = _margin_colours().to_rgba(np.nan_to_num(found.margin_difference_db))[..., :3]
    picture = np.where(sea[..., None], picture + PALER * (1.0 - picture), picture)
    picture[~is_told] = FAR_GREY
    _frame(ax, runs, picture, sea)
    if found.only_in:
        title = f"no difference of margins: on air in {found.only_in} alone"
    else:
        moved = np.abs(found.margin_difference_db[is_told]) >= 1.0
        share = 100.0 * float(moved.mean()) if moved.size else 0.0
        title = f"difference of margins; by 1 dB or more in {share:.0f} % of what is coloured"
    ax.set_title(title, fontsize=LABEL_PT, loc="left", parse_math=False)
    _draw_sites(ax, runs, pair, found.service)


def _margin_colours() -> ScalarMappable:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(-SPREAD_DB, SPREAD_DB), colormaps["PuOr"])


def _frame(ax: Axes, runs: Comparable, picture: Any, sea: BoolArray) -> None:
    grid = runs.base.grid
    west, south, east, north = grid.bounds
    ax.imshow(picture, extent=(west, east, south, north), interpolation="nearest")
    if sea.any() and not sea.all():
        ax.contour(grid.x, grid.y, sea.astype(float), levels=[0.5], colors=COAST, linewidths=0.6)
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_xticks([])
    ax.set_yticks([])


def _draw_sites(ax: Axes, runs: Comparable, pair: Pair, service: str) -> None:
    """Stations of a service, or of all DVB-T2 services: of both runs, or of one alone."""
    from matplotlib.patheffects import withStroke

    def own(stations: Any, services: Any) -> dict[tuple[float, float], StationOfRun]:
        return {
            (s.lat_deg, s.lon_deg): s
            for s in stations.values()
            if s.service == service
            or (service == ANY_DIGITAL and s.service in services and services[s.service].is_digital)
        }

    base = own(pair.base.stations, pair.base.services)
    other = own(pair.other.stations, pair.other.services)
    grid = runs.base.grid
    west, south, east, north = grid.bounds
    change = transformer("EPSG:4326", grid.crs)
    for place, station in {**base, **other}.items():
        x, y = change.transform(station.lon_deg, station.lat_deg)
        if not (west <= x <= east and south <= y <= north):
            continue
        is_both = place in base and place in other
        marker, colour = BOTH if is_both else ONLY_BASE if place in base else ONLY_OTHER
        size = 6 if is_both else 9
        ax.plot(x, y, marker, color=colour, markersize=size, markeredgecolor="white", zorder=5)
        if is_both:
            continue
        # What is new above its place, what is gone below: they often stand side by side.
        right, is_new = x > west + 0.75 * (east - west), place not in base
        ax.annotate(
            f"{station.site}{'' if is_new else ', gone'}", (x, y),
            xytext=(-6 if right else 6, 5 if is_new else -6), textcoords="offset points",
            ha="right" if right else "left", va="bottom" if is_new else "top", fontsize=TEXT_PT,
            zorder=6, parse_math=False, path_effects=[withStroke(linewidth=2.2, foreground="white")],
        )  # fmt: skip


def _legend(figure: Figure, height: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(facecolor=COLOURS[code], edgecolor=FRAME, label=text)
        for code, text in ((GAINED, "gained"), (LOST, "lost"), (KEPT, "kept"), (NEITHER, "neither"))
    ]
    handles += [
        Patch(facecolor="white", edgecolor=FRAME, label="no data (all colours: paler at sea)"),
        Patch(facecolor=FAR_GREY, edgecolor=FRAME, label="margins: no use in either run"),
    ]
    handles += [
        Line2D([], [], marker=marker, color=colour, markeredgecolor="white", linestyle="",
               markersize=8, label=text)
        for (marker, colour), text in (
            (BOTH, "station of both"), (ONLY_OTHER, "only of this run"), (ONLY_BASE, "only of the base")
        )
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="lower left", ncols=4, frameon=False, fontsize=TEXT_PT,
        bbox_to_anchor=(0.005, 0.16 / height),
    )  # fmt: skip


def draw_ranking(path: Path, found: Comparison) -> None:
    """Draw every criterion: each run's value, and its 5 to 95 % band, best run on top.

    Parameters
    ----------
    path : Path
        PNG file; written whole or not at all.
    found : Comparison
        Of runs of plans.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    ranking, by = found.ranking, found.by
    assert ranking is not None
    shown = [ranking.by(c.id) for c in CRITERIA if ranking.by(c.id)]
    order = [s.run for s in ranking.by(by)]
    n_row = -(-len(shown) // 2)
    figure = new_figure(12.0, n_row * (0.75 + 0.32 * len(order)) + 1.0, dpi=130,
        layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08),
    )  # fmt: skip
    axes = figure.subplots(n_row, 2, squeeze=False).ravel()
    for ax, standings in zip(axes, shown, strict=False):
        _draw_criterion(ax, standings, order)
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    band = f"; bars: 5 to 95 % of {ranking.n_draw} draws" if ranking.n_draw else ""
    warning = "\nSCHEMATIC TERRAIN: relief made up, not a finding" if found.is_schematic else ""
    figure.suptitle(
        f"Ordered by {ranking.by(by)[0].criterion.text}{band}{warning}", fontsize=HEAD_PT, fontweight="bold",
        parse_math=False,
    )  # fmt: skip
    write_png(figure, path)


def _draw_criterion(ax: Axes, standings: Sequence[Standing], order: Sequence[str]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    criterion = standings[0].criterion
    scale, unit = 1.0, criterion.unit
    if criterion.id == MONEY:
        scale, unit = 1e-9, f"thousand million {criterion.unit}"
    by_run = {s.run: s for s in standings}
    for k, run in enumerate(order):
        s = by_run[run]
        colour = COLOURS[GAINED] if s.rank == 1 else "#7c8b96"
        if np.isfinite(s.low):
            ax.plot(
                [scale * s.low, scale * s.high], [k, k], color=colour, linewidth=4.0, alpha=0.35
            )
        ax.plot(scale * s.value, k, "o", color=colour, markersize=7)
        if np.isfinite(s.best):
            ax.annotate(
                f"best in {100.0 * s.best:.0f} %", (1.01, k), xycoords=("axes fraction", "data"),
                va="center", fontsize=TEXT_PT, color=colour,
            )  # fmt: skip
    ax.set_yticks(range(len(order)), order, parse_math=False)
    ax.set_ylim(len(order) - 0.5, -0.5)
    ax.margins(x=0.06)
    ax.tick_params(labelsize=TEXT_PT)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda v, _: f"{v:,.0f}" if abs(v) >= 1000.0 else f"{v:.4g}")
    )
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    better = "more" if criterion.more_is_better else "less"
    ax.set_title(
        f"{criterion.text} [{unit}], {better} is better", fontsize=LABEL_PT, loc="left",
        parse_math=False,
    )  # fmt: skip
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
