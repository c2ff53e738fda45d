"""Maps of a phase in the document's language, drawn from the run's rasters."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dtt_sim.errors import DttSimError
from dtt_sim.report.annex import charts
from dtt_sim.report.annex.facts import Facts
from dtt_sim.report.annex.material import Missing, Phase, number_of
from dtt_sim.report.annex.text import shortened
from dtt_sim.report.maps import SEA_SERVED_COLOURS, SERVED_COLOURS, draw_scale
from dtt_sim.workflow.finished import FinishedRun, StationOfRun
from terrain.grid import transformer
from terrain.ground import SEA

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW_PANELS: Final = 4
"""Up to which there are two columns, and three beyond."""
WIDTH_IN, HEAD_IN, FOOT_IN = 6.3, 0.33, 0.5
MOST_PANELS: Final = 12
"""More would not fit on a page; digital services come first."""
NO_DATA_COLOUR: Final = "#ffffff"


def coverage_map(f: Facts, phase: Phase) -> BytesIO | None:
    """Where each service of a phase is received; None where the rasters are not all there."""
    run, services = f.m.run, list(f.services(phase).items())[:MOST_PANELS]
    if run is None or not services:
        return None
    try:
        layers = {name: run.layer(phase.id, name, "served").values for name, _ in services}
        sea = run.zone == SEA
    except (DttSimError, OSError, ValueError) as error:
        # A name of another's manifest may be no name of a file.
        f.m.missing.append(
            Missing(f"phases/{shortened(phase.id, 60)}", "unreadable", shortened(str(error), 300))
        )
        return None
    return _drawn(f, run, phase, layers, sea)


def _drawn(f: Facts, run: FinishedRun, phase: Phase, layers: dict[str, Any], sea: Any) -> BytesIO:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    n_column = min(2 if len(layers) <= FEW_PANELS else 3, len(layers))
    n_row = -(-len(layers) // n_column)
    west, south, east, north = run.grid.bounds
    panel_in = WIDTH_IN / n_column * min((north - south) / (east - west), 1.4)
    figure = Figure(
        figsize=(WIDTH_IN, n_row * (panel_in + HEAD_IN) + FOOT_IN), layout="constrained"
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(n_row, n_column, squeeze=False).ravel()
    for ax in axes[len(layers) :]:
        ax.set_axis_off()
    for ax, (name, levels) in zip(axes, layers.items(), strict=False):
        _panel(ax, f, run, phase, name, levels, sea)
    _legend(figure, f)
    return charts.as_png(figure)


def _panel(
    ax: Axes, f: Facts, run: FinishedRun, phase: Phase, name: str, levels: Any, sea: Any
) -> None:
    from matplotlib.colors import to_rgb

    is_known = levels <= 2
    level = np.where(is_known, levels, 0)
    land, water = (
        np.array([to_rgb(c) for c in colours]) for colours in (SERVED_COLOURS, SEA_SERVED_COLOURS)
    )
    picture = np.where(sea[..., None], water[level], land[level])
    picture[~is_known] = to_rgb(NO_DATA_COLOUR)
    west, south, east, north = run.grid.bounds
    ax.imshow(picture, extent=(west, east, south, north), interpolation="nearest")
    if sea.any() and not sea.all():
        ax.contour(
            run.grid.x,
            run.grid.y,
            sea.astype(float),
            levels=[0.5],
            colors="#333333",
            linewidths=0.5,
        )
    for station in run.phases[[p.id for p in run.phases].index(phase.id)].stations.values():
        if station.service == name:
            _site(ax, run, station)
    draw_scale(ax, run.grid)
    ax.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[])
    ax.set_title(_caption(f, phase, name), fontsize=7.0, loc="left")


def _caption(f: Facts, phase: Phase, name: str) -> str:
    """The service, and the shares of people that it serves."""
    title = charts.label(f.services(phase)[name])
    lower, upper = (
        number_of(f.covered(phase.id, name, upper=is_upper).get("persons_served_percent"))
        for is_upper in (False, True)
    )
    if lower is None or upper is None:
        return title
    shares = f.text("document_map.shares", lower=f.percent(lower), upper=f.percent(upper))
    return f"{title}\n{shares}"


def _site(ax: Axes, run: FinishedRun, station: StationOfRun) -> None:
    from matplotlib.patheffects import withStroke

    west, south, east, north = run.grid.bounds
    x, y = transformer("EPSG:4326", run.grid.crs).transform(station.lon_deg, station.lat_deg)
    if not (west <= x <= east and south <= y <= north):
        return
    ax.plot(x, y, "^", color="#b2182b", markersize=5, markeredgecolor="white", zorder=5)
    right = x > west + 0.7 * (east - west)
    ax.annotate(
        charts.label(station.site), (x, y), xytext=(-5 if right else 5, 3),
        textcoords="offset points", ha="right" if right else "left", fontsize=6.0, zorder=6,
        path_effects=[withStroke(linewidth=2.0, foreground="white")],
    )  # fmt: skip


def _legend(figure: Any, f: Facts) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    t = f.text
    patches = [
        Patch(facecolor=colour, edgecolor="#333333", linewidth=0.5, label=t(f"document_map.{name}"))
        for colour, name in (
            (SERVED_COLOURS[2], "upper"), (SERVED_COLOURS[1], "lower"), (SERVED_COLOURS[0], "none"),
            (NO_DATA_COLOUR, "no_data"), (SEA_SERVED_COLOURS[2], "sea"),
        )
    ]  # fmt: skip
    site = Line2D([], [], marker="^", color="#b2182b", linestyle="", label=t("document_map.site"))
    figure.legend(
        handles=[*patches, site], loc="outside lower center", ncols=3, fontsize=7, frameon=False
    )
