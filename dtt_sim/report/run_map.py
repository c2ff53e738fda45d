"""One layer of a finished run as a map to be printed, from the run's folder alone."""

from __future__ import annotations

import functools
import importlib.resources
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dtt_sim import __version__
from dtt_sim.errors import DttSimError
from dtt_sim.report.export.source import Source, number
from dtt_sim.report.language import Language
from dtt_sim.report.layers import (
    SHOWN,
    STATION_COLOURS,
    Palette,
    palette,
    phase_of,
    quality_names,
    read_layer,
    service_of,
)
from dtt_sim.report.style import (
    ACCENT,
    COAST,
    FRAME,
    GREY,
    INK,
    LABEL_PT,
    PRINT_DPI,
    SMALL_PRINT,
    SMALL_PT,
    TEXT_PT,
    TITLE_PT,
    draw_scale,
    name_point,
    new_figure,
    shortened,
    wrapped_text,
    write_png,
)
from dtt_sim.scenario.transmitters import nearest
from dtt_sim.typing import BoolArray
from dtt_sim.workflow.finished import FinishedRun, Layer, PhaseOfRun
from terrain.grid import LONLAT, Grid, transformer
from terrain.ground import SEA

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAP_IN: Final = 8.0
"""Longer side of the map proper [in]."""
SIDE_IN, MARGIN_IN, HEAD_IN, FOOT_IN, LINE_IN = 2.75, 0.15, 0.95, 0.12, 0.2
INSET_IN: Final = 1.55
INSET_REACH_DEG: Final = 9.0
PALER: Final = 0.45
SEA_TINT: Final = (0.88, 0.93, 0.97)
"""How much of the sea's colour there is in the colours at sea."""
MOST_STEPS: Final = 22
"""Rows of a legend."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A layer that is drawn.

    Attributes
    ----------
    run : FinishedRun
    phase : PhaseOfRun
    service, name : str
    layer : Layer
    palette : Palette
    say : Language
    """

    run: FinishedRun
    phase: PhaseOfRun
    service: str
    name: str
    layer: Layer
    palette: Palette
    say: Language


def write_map(
    path: Path, run: FinishedRun, say: Language, *, layer: str = "served",
    service: str | None = None, phase: str | None = None, dpi: int = PRINT_DPI,
) -> list[str]:  # fmt: skip
    """Write a layer of a run as PNG.

    Parameters
    ----------
    path : Path
    run : FinishedRun
    say : Language
    layer : str
        Of :data:`dtt_sim.report.layers.SHOWN`.
    service, phase : str, optional
        The first on air, in the last phase, by default.
    dpi : int
        Dots per inch.

    Returns
    -------
    list of str
        What the map lacks because the run does.

    Raises
    ------
    DttSimError
        No such layer, service or phase, or its raster is missing.
    """
    figure, notes = draw_run_map(run, say, layer=layer, service=service, phase=phase, dpi=dpi)
    write_png(figure, path)
    return notes


def draw_run_map(
    run: FinishedRun, say: Language, *, layer: str = "served", service: str | None = None,
    phase: str | None = None, dpi: int = PRINT_DPI,
) -> tuple[Figure, list[str]]:  # fmt: skip
    """A layer of a run as a figure, and what is missing of it; see :func:`write_map`."""
    if layer not in SHOWN:
        msg = f"no layer {layer!r}{nearest(layer, SHOWN)}"
        raise DttSimError(msg)
    chosen = phase_of(run, phase)
    name = service_of(run, chosen, service)
    found = read_layer(run, chosen, name, layer)
    colours = palette(layer, chosen.services[name], found.stations, say)
    shown = Shown(run, chosen, name, layer, found, _present(colours, found), say)
    source = Source(run, (chosen,), (name,), say)
    return _draw(shown, source, dpi), source.notes


def _present(colours: Palette, layer: Layer) -> Palette:
    """Of stations only those that occur: a legend of all would not fit beside the map."""
    if len(colours.steps) <= MOST_STEPS // 2 or not colours.is_codes:
        return colours
    codes, counts = np.unique(layer.values, return_counts=True)
    often = dict(zip(codes.tolist(), counts.tolist(), strict=True))
    present = [step for step in colours.steps if step.value in often]
    shown = sorted(present, key=lambda step: -often[step.value])[:MOST_STEPS]
    return replace(colours, steps=tuple(
        step._replace(colour=STATION_COLOURS[k % len(STATION_COLOURS)])
        for k, step in enumerate(s for s in present if s in shown)
    ))  # fmt: skip


def _draw(shown: Shown, source: Source, dpi: int) -> Figure:
    grid = shown.run.grid
    # In metres: a degree of longitude is shorter than one of latitude.
    height_m, width_m = grid.cell_size_m()
    aspect = height_m * grid.n_row / (width_m * grid.n_col)
    map_w, map_h = (MAP_IN, MAP_IN * aspect) if aspect <= 1.0 else (MAP_IN / aspect, MAP_IN)
    map_h = max(map_h, 3.2)
    width = map_w + SIDE_IN + 3.0 * MARGIN_IN
    credits = wrapped_text(_credits(shown), int(width / 0.052))
    foot = FOOT_IN + 0.1 * (credits.count("\n") + 1)
    title = wrapped_text(shortened(_title(shown)), int(width / 0.125))
    head = HEAD_IN + 0.22 * title.count("\n") + (LINE_IN if shown.run.is_schematic else 0.0)
    height = map_h + head + foot + MARGIN_IN
    figure = new_figure(width, height, dpi=dpi)
    _draw_head(figure, shown, source, title, height)
    ax = figure.add_axes(
        (MARGIN_IN / width, (foot + MARGIN_IN) / height, map_w / width, map_h / height)
    )
    sea = _sea(source)
    _draw_layer(ax, shown, sea)
    _draw_stations(ax, shown)
    draw_scale(ax, grid, north=shown.say("map_text.north"))
    left = (2.0 * MARGIN_IN + map_w) / width
    top = (foot + MARGIN_IN + map_h) / height
    side = figure.add_axes((left, top - INSET_IN / height, SIDE_IN / width, INSET_IN / height))
    _draw_inset(side, shown)
    _draw_legend(figure, shown, sea, (left, top - (INSET_IN + 0.1) / height))
    figure.text(
        MARGIN_IN / width, FOOT_IN / height, credits, fontsize=SMALL_PT, color=SMALL_PRINT,
        va="bottom", parse_math=False,
    )  # fmt: skip
    return figure


def _title(shown: Shown) -> str:
    title = shown.phase.services[shown.service].title
    return shown.say("map_text.title", service=shortened(title, 90), layer=shown.palette.title)


def _credits(shown: Shown) -> str:
    run, say = shown.run, shown.say
    model = run.manifest.get("model", "ITU-R P.1812-8")
    texts = [
        say("map_text.credits", model=model, version=__version__),
        *(shortened(text, 300) for text in run.credits), run.grid.crs[:40], say("map_text.inset"),
    ]  # fmt: skip
    return " · ".join(texts)


def _draw_head(figure: Figure, shown: Shown, source: Source, title: str, height: float) -> None:
    left, top = MARGIN_IN / figure.get_figwidth(), 1.0 - 0.12 / height
    lines = title.count("\n") + 1
    figure.text(left, top, title, fontsize=TITLE_PT, fontweight="bold", va="top", parse_math=False)
    # Without a plan there is no phase to speak of.
    date = source.phase_text(shown.phase) if shown.phase.date else ""
    wide = int(figure.get_figwidth() / 0.08)
    name = shortened(shown.run.title, wide - len(date) - 4)
    texts = [" · ".join(t for t in (name, date) if t), _people(shown, source)]
    for k, text in enumerate(t for t in texts if t):
        figure.text(
            left, top - (0.23 * lines + LINE_IN * k + 0.03) / height, shortened(text, wide),
            fontsize=LABEL_PT, va="top", color=INK, parse_math=False,
        )  # fmt: skip
    if shown.run.is_schematic:
        figure.text(
            left, top - (0.23 * lines + LINE_IN * len([t for t in texts if t]) + 0.03) / height,
            shown.say("schematic.warning"), fontsize=LABEL_PT, fontweight="bold", va="top",
            color=ACCENT, parse_math=False,
        )  # fmt: skip


def _people(shown: Shown, source: Source) -> str:
    """Shares of people served, as ``summary.csv`` has them."""
    say, service = shown.say, shown.phase.services[shown.service]
    shares = []
    for quality in quality_names(service):
        row = source.tables.total(shown.phase.id, shown.service, quality)
        percent = number(row.get("persons_served_percent"))
        if percent is not None:
            word = say.term("quality", quality)
            shares.append(say("map_text.share", percent=say.percent(percent), quality=word))
    return say("map_text.people", shares="; ".join(shares)) if shares else ""


def _sea(source: Source) -> BoolArray | None:
    try:
        return np.asarray(source.run.zone == SEA)
    except DttSimError as error:
        source.note_error(error)
        return None


def _draw_layer(ax: Axes, shown: Shown, sea: BoolArray | None) -> None:
    grid = shown.run.grid
    picture = shown.palette.paint(shown.layer.values).astype(float) / 255.0
    picture = np.where(picture[..., 3:] > 0.0, picture, 1.0)[..., :3]
    if sea is not None:
        paler = (1.0 - PALER) * picture + PALER * np.array(SEA_TINT)
        picture = np.where(sea[..., None], paler, picture)
    west, south, east, north = grid.bounds
    ax.imshow(picture, extent=(west, east, south, north), interpolation="nearest", aspect="auto")
    if sea is not None and sea.any() and not sea.all():
        ax.contour(grid.x, grid.y, sea.astype(float), levels=[0.5], colors=COAST, linewidths=0.6)
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    _draw_graticule(ax, grid)
    for spine in ax.spines.values():
        spine.set_color(FRAME)


def _draw_graticule(ax: Axes, grid: Grid) -> None:
    """Degrees along the frame, where the meridians and parallels meet it."""
    from matplotlib.patheffects import withStroke

    west, south, east, north = grid.bounds_lonlat()
    step = next(
        (
            s
            for s in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
            if max(east - west, north - south) / s <= 6.0
        ),
        20.0,
    )
    change = transformer(LONLAT, grid.crs)
    left, low, right, high = grid.bounds
    lons = np.arange(math.ceil(west / step), math.floor(east / step) + 1) * step
    lats = np.arange(math.ceil(south / step), math.floor(north / step) + 1) * step
    x, _ = change.transform(lons, np.full(lons.size, south))
    _, y = change.transform(np.full(lats.size, west), lats)
    digits = 0 if step >= 1.0 else 1
    xs = [(a, lon) for a, lon in zip(x, lons, strict=True) if _is_inside(a, left, right)]
    ys = [(b, lat) for b, lat in zip(y, lats, strict=True) if _is_inside(b, low, high)]
    ax.set_xticks([a for a, _ in xs], [f"{lon:.{digits}f}°" for _, lon in xs])
    ax.set_yticks([b for b, _ in ys], [f"{lat:.{digits}f}°" for _, lat in ys])
    # Within the frame: the map keeps the whole width.
    ax.tick_params(direction="in", labelsize=SMALL_PT, pad=-9, color=FRAME, labelcolor=SMALL_PRINT)
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set_path_effects([withStroke(linewidth=1.6, foreground="white")])
    for label in ax.get_yticklabels():
        label.set_horizontalalignment("left")


def _is_inside(value: float, low: float, high: float) -> bool:
    """Whether a label fits between the ends: not in the corners, where two would meet."""
    room = 0.03 * (high - low)
    return low + room <= value <= high - room


def _draw_stations(ax: Axes, shown: Shown) -> None:
    grid = shown.run.grid
    west, south, east, north = grid.bounds
    change = transformer(LONLAT, grid.crs)
    named: set[str] = set()
    # Own stations are drawn last, on top.
    for own in (False, True):
        for station in shown.phase.stations.values():
            if (station.service == shown.service) is not own:
                continue
            x, y = change.transform(station.lon_deg, station.lat_deg)
            if not (west <= x <= east and south <= y <= north):
                continue
            colour, size = (ACCENT, 8.0) if own else (GREY, 4.5)
            ax.plot(
                x, y, "^", color=colour, markersize=size, markeredgecolor="white",
                markeredgewidth=0.7, zorder=6 if own else 5,
            )  # fmt: skip
            if own and station.site not in named:
                named.add(station.site)
                name_point(
                    ax,
                    shortened(station.site, 40),
                    (x, y),
                    is_right=x > west + 0.75 * (east - west),
                )


@functools.cache
def coast() -> tuple[Any, ...]:
    """Coasts of the world, coarse: rings of longitude and latitude [deg]."""
    file = importlib.resources.files("dtt_sim") / "data" / "coast.json"
    rings = json.loads(file.read_text(encoding="utf-8"))["rings_lon_lat_deg"]
    return tuple(np.array(ring) for ring in rings)


def _draw_inset(ax: Axes, shown: Shown) -> None:
    """Where the area lies, on the coasts around it."""
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import Rectangle

    west, south, east, north = shown.run.grid.bounds_lonlat()
    lon, lat = 0.5 * (west + east), 0.5 * (south + north)
    reach = max(INSET_REACH_DEG, 2.0 * (north - south))
    squeeze = math.cos(math.radians(lat))
    across = reach * SIDE_IN / INSET_IN / squeeze
    ax.set_facecolor("#e6edf1")
    near = [ring for ring in coast() if np.abs(ring[:, 0] - lon).min() < across]
    ax.add_collection(PolyCollection(near, facecolors="#f6f2e8", edgecolors=FRAME, linewidths=0.4))
    ax.add_patch(
        Rectangle((west, south), east - west, north - south, facecolor=(*_rgb(ACCENT), 0.25),
                  edgecolor=ACCENT, linewidth=1.2)
    )  # fmt: skip
    ax.set_xlim(lon - across, lon + across)
    ax.set_ylim(lat - reach, lat + reach)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_color(FRAME)


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)


def _draw_legend(
    figure: Figure, shown: Shown, sea: BoolArray | None, corner: tuple[float, float]
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    say, steps = shown.say, shown.palette.steps
    ordered = steps if shown.palette.is_codes else tuple(reversed(steps))
    handles: list[Any] = [
        Patch(
            facecolor=s.colour,
            edgecolor=FRAME,
            linewidth=0.5,
            label=wrapped_text(shortened(s.text, 60), 34),
        )
        for s in ordered[:MOST_STEPS]
    ]
    if not any(step.text == say.term("cause", "no data") for step in steps):
        handles.append(
            Patch(
                facecolor="white", edgecolor=FRAME, linewidth=0.5, label=say("map_legend.no_data")
            )
        )
    if sea is not None and sea.any():
        handles.append(Line2D([], [], linestyle="", label=say("map_legend.at_sea")))
    of_others = any(s.service != shown.service for s in shown.phase.stations.values())
    marks = [(ACCENT, 8.0, "transmitter"), *([(GREY, 5.0, "other_station")] if of_others else [])]
    for colour, size, key in marks:
        handles.append(
            Line2D([], [], marker="^", color=colour, markersize=size, markeredgecolor="white",
                   linestyle="", label=say(f"map_legend.{key}"))
        )  # fmt: skip
    if sea is not None:
        handles.append(Line2D([], [], color=COAST, linewidth=0.8, label=say("map_legend.coast")))
    box = figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=corner, frameon=False, fontsize=TEXT_PT,
        title=wrapped_text(shown.palette.caption, 36), title_fontsize=LABEL_PT, alignment="left",
        borderaxespad=0.0, borderpad=0.0, labelspacing=0.45,
    )  # fmt: skip
    for text in (*box.get_texts(), box.get_title()):
        text.set_parse_math(False)
