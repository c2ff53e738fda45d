"""A picture of each layer of a scenario's ground: heights, gaps and sea, clutter, zones, people."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dtt_sim.report.maps import draw_scale
from dtt_sim.workflow.output import whole_file
from dtt_sim.workflow.terrain_check import TerrainCheck
from terrain.grid import Grid, transformer
from terrain.ground import COASTAL, INLAND, OUTSIDE, SEA, VOID, ZONE_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_SIDE = 1400
"""Cells along a side of a picture; larger grounds are thinned out."""
SEA_COLOUR, VOID_COLOUR, NOTHING_COLOUR, FILLED_COLOUR = "#c6dbe8", "#c1121f", "#9a9a9a", "#e8a33d"
LAND_COLOUR = "#f4efe6"
ZONE_COLOURS = {
    SEA: SEA_COLOUR, COASTAL: "#e9d8a6", INLAND: "#8f7a55", VOID: VOID_COLOUR, OUTSIDE: NOTHING_COLOUR,
}  # fmt: skip
_WIDTH_IN, _HEAD_IN, _FOOT_IN, _LEGEND_IN = 8.5, 0.6, 0.35, 0.3


@dataclass(frozen=True, eq=False)
class _Layer:
    """What a picture shows.

    Attributes
    ----------
    name, title : str
    grid : Grid
    picture : (n_row, n_col, 3) float
        Colours of the cells.
    legend : tuple of (colour, text)
    scale : (colour map, low, high, text) or None
        Of a colour bar.
    """

    name: str
    title: str
    grid: Grid
    picture: NDArray[np.float64]
    legend: tuple[tuple[str, str], ...]
    scale: tuple[Any, float, float, str] | None = None


def draw_layers(found: TerrainCheck, out: Path) -> list[Path]:
    """Draw a PNG of each layer that the scenario has into a folder; returns the files.

    Voids and filled cells are never thinned out: a cell of the picture that stands for several shows
    the worst of them.
    """
    layers = [_elevation(found), _gaps(found), _zones(found)]
    if found.scenario.keys.terrain.land_cover is not None:
        layers.append(_clutter(found))
    if found.area.population is not None:
        layers.append(_population(found))
    paths = []
    for layer in layers:
        path = out / f"{layer.name}.png"
        _draw(found, layer, path)
        paths.append(path)
    return paths


def _step(grid: Grid) -> int:
    return max(1, math.ceil(max(grid.shape) / MAX_SIDE))


def _thin(grid: Grid) -> Grid:
    """Grid of every n-th cell's place, at most MAX_SIDE cells along a side."""
    n = _step(grid)
    a, _, c, _, e, f = grid.transform
    shape = -(-grid.n_row // n), -(-grid.n_col // n)
    return Grid(grid.crs, (a * n, 0.0, c, 0.0, e * n, f), shape)


def _some(values: NDArray[Any], grid: Grid) -> NDArray[Any]:
    n = _step(grid)
    return values[::n, ::n]


def _any(cells: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
    """Whether any of the cells that one cell of the picture stands for is chosen."""
    n = _step(grid)
    rows = np.logical_or.reduceat(cells, np.arange(0, cells.shape[0], n), axis=0)
    return np.asarray(np.logical_or.reduceat(rows, np.arange(0, cells.shape[1], n), axis=1))


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)


def _elevation(found: TerrainCheck) -> _Layer:
    from matplotlib import colormaps

    ground = found.ground
    height, zone = _some(ground.height_m, ground.grid), _some(ground.zone, ground.grid)
    on_land = (zone == COASTAL) | (zone == INLAND)
    low, high = 0.0, 1.0
    if on_land.any():
        low, high = (float(v) for v in np.quantile(height[on_land], [0.0, 0.999]))
    high = max(high, low + 1.0)
    # A delta is all colour below 20 m, a mountain range above: the root serves both.
    share = np.sqrt(np.clip((np.nan_to_num(height) - low) / (high - low), 0.0, 1.0))
    colours = colormaps["gist_earth"].resampled(256)(np.linspace(0.38, 0.95, 256))
    from matplotlib.colors import ListedColormap

    land = ListedColormap(colours)
    picture = land(share)[..., :3] * _shade(height, _thin(ground.grid))[..., None]
    legend = _paint(picture, found, zone, (SEA, VOID, OUTSIDE))
    return _Layer(
        "elevation", "Height above sea level", _thin(ground.grid), np.clip(picture, 0.0, 1.0), legend,
        (land, low, high, "m"),
    )  # fmt: skip


def _shade(height: NDArray[np.float32], grid: Grid) -> NDArray[np.float64]:
    """Brightness of a relief lit from the north-west."""
    from matplotlib.colors import LightSource

    if min(height.shape) < 2:
        return np.ones(height.shape)
    north_m, east_m = grid.cell_size_m()
    filled = np.nan_to_num(height).astype(np.float64)
    steep = max(float(np.std(filled)), 1.0)
    lit = LightSource(315.0, 45.0).hillshade(
        filled, vert_exag=4000.0 / steep, dx=east_m, dy=north_m
    )
    return np.asarray(0.75 + 0.35 * lit)


def _paint(
    picture: NDArray[np.float64],
    found: TerrainCheck,
    zone: NDArray[np.uint8],
    codes: tuple[int, ...],
) -> tuple[tuple[str, str], ...]:
    """Lay the flat colours of zones over a picture; returns the legend of those that occur."""
    legend = []
    for code in codes:
        cells = zone == code
        if code == VOID and found.voids.n_cell:
            cells = _any(found.ground.zone == VOID, found.ground.grid)
        if cells.any():
            picture[cells] = _rgb(ZONE_COLOURS[code])
            legend.append((ZONE_COLOURS[code], _zone_name(code)))
    return tuple(legend)


def _zone_name(code: int) -> str:
    return {OUTSIDE: "covered by no file", VOID: "void"}.get(code, ZONE_NAMES[code])


def _gaps(found: TerrainCheck) -> _Layer:
    ground = found.ground
    zone = _some(ground.zone, ground.grid)
    picture = np.empty((*zone.shape, 3))
    picture[:] = _rgb(LAND_COLOUR)
    legend = ((LAND_COLOUR, "land"), *_paint(picture, found, zone, (SEA, OUTSIDE)))
    if ground.filled is not None and ground.filled.any():
        picture[_any(ground.filled, ground.grid)] = _rgb(FILLED_COLOUR)
        legend += ((FILLED_COLOUR, f"filled ({found.voids.n_filled:,} cells)"),)
    if found.voids.n_cell:
        picture[_any(ground.zone == VOID, ground.grid)] = _rgb(VOID_COLOUR)
        legend += ((VOID_COLOUR, f"void ({found.voids.n_cell:,} cells)"),)
    return _Layer("voids_sea", "Voids and sea", _thin(ground.grid), picture, legend)


def _zones(found: TerrainCheck) -> _Layer:
    zone = _some(found.ground.zone, found.ground.grid)
    picture = np.zeros((*zone.shape, 3))
    legend = _paint(picture, found, zone, (SEA, COASTAL, INLAND, VOID, OUTSIDE))
    return _Layer("zones", "Radio-climatic zones", _thin(found.ground.grid), picture, legend)


def _clutter(found: TerrainCheck) -> _Layer:
    from matplotlib import colormaps

    ground = found.ground
    clutter, zone = _some(ground.clutter_m, ground.grid), _some(ground.zone, ground.grid)
    high = max(float(ground.clutter_m.max()), 1.0)
    picture = np.asarray(colormaps["YlGn"](clutter / high)[..., :3], np.float64)
    legend = _paint(picture, found, zone, (SEA, VOID, OUTSIDE))
    title = "Representative clutter height"
    if ground.surface == "surface":
        title += ": none, the heights are a surface model's"
    return _Layer(
        "clutter", title, _thin(ground.grid), picture, legend, (colormaps["YlGn"], 0.0, high, "m")
    )


def _population(found: TerrainCheck) -> _Layer:
    """Persons per km² on the receiving grid."""
    from matplotlib import colormaps

    area = found.area
    assert area.population is not None  # the caller asked
    everyone = np.asarray(area.population.matrix.sum(axis=0), np.float64).reshape(area.grid.shape)
    density = _some(everyone / area.grid.cell_area_km2(), area.grid)
    lived = density[density > 0.0]
    low, high = (float(v) for v in np.quantile(lived, [0.02, 0.999])) if lived.size else (1.0, 10.0)
    low = max(low, high * 1e-4, 1e-3)
    high = max(high, 10.0 * low)
    share = np.clip(np.log(np.maximum(density, low) / low) / math.log(high / low), 0.0, 1.0)
    picture = np.asarray(colormaps["YlOrRd"](0.1 + 0.9 * share)[..., :3], np.float64)
    grid = _thin(area.grid)
    zone = found.ground.zone_at(*grid.lonlat())
    picture[density == 0.0] = _rgb(LAND_COLOUR)
    picture[(density == 0.0) & (zone == SEA)] = _rgb(SEA_COLOUR)
    legend = ((LAND_COLOUR, "nobody"), (SEA_COLOUR, "sea, nobody"))
    scale = (colormaps["YlOrRd"], low, high, "persons per km²")
    return _Layer("population", "Population on the receiving grid", grid, picture, legend, scale)


def _draw(found: TerrainCheck, layer: _Layer, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    west, south, east, north = layer.grid.bounds
    north_m, east_m = layer.grid.cell_size_m()
    aspect = (north_m * layer.grid.n_row) / (east_m * layer.grid.n_col)
    map_in = min(max(_WIDTH_IN * aspect, 2.0), 14.0)
    bar_in = 0.6 if layer.scale else 0.0
    height = map_in + _HEAD_IN + _FOOT_IN + _LEGEND_IN + bar_in
    figure = Figure(figsize=(_WIDTH_IN, height), dpi=150)
    FigureCanvasAgg(figure)
    bottom = (_FOOT_IN + _LEGEND_IN + bar_in) / height
    ax = figure.add_axes((0.01, bottom, 0.98, map_in / height))
    ax.imshow(
        layer.picture, extent=(west, east, south, north), interpolation="nearest", aspect="auto"
    )
    _draw_sites(ax, found, layer.grid)
    draw_scale(ax, layer.grid)
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_xticks([])
    ax.set_yticks([])
    if layer.scale:
        _draw_bar(figure, layer, (_FOOT_IN + _LEGEND_IN + 0.27) / height, 0.14 / height)
    handles: list[Any] = [
        Patch(facecolor=colour, edgecolor="#555555", label=text) for colour, text in layer.legend
    ]
    handles += ax.plot([], [], "^", color="#111111", markeredgecolor="white", label="transmitter")
    figure.legend(
        handles=handles, loc="lower center", ncols=6, frameon=False, fontsize=8,
        bbox_to_anchor=(0.5, (_FOOT_IN - 0.12) / height),
    )  # fmt: skip
    title = f"{layer.title}\n{found.scenario.title}"
    if found.ground.is_schematic:
        title += " · SCHEMATIC TERRAIN: relief made up"
    figure.text(
        0.01, 1.0 - 0.1 / height, title, va="top", fontsize=10.5,
        fontweight="bold", parse_math=False,
    )  # fmt: skip
    figure.text(
        0.99, 0.06 / height, _credits(found, layer), ha="right", va="bottom", fontsize=5.5,
        color="#444444", parse_math=False,
    )  # fmt: skip
    with whole_file(path) as part:
        figure.savefig(part, format="png")


def _credits(found: TerrainCheck, layer: _Layer) -> str:
    keys = found.scenario.keys.population
    people = keys.credits if keys and layer.name == "population" else []
    text = " · ".join([*found.ground.credits, *people])
    return text if len(text) < 190 else text[:187] + "..."


def _draw_bar(figure: Any, layer: _Layer, bottom: float, height: float) -> None:
    """Colour bar with the layer's own spacing of values."""
    assert layer.scale is not None  # the caller asked
    colours, low, high, unit = layer.scale
    ax = figure.add_axes((0.3, bottom, 0.4, height))
    ax.imshow(np.linspace(0.0, 1.0, 256)[None], aspect="auto", cmap=colours, extent=(0, 1, 0, 1))
    ax.set_yticks([])
    place = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    if layer.name == "elevation":
        values = low + (high - low) * place**2
    elif layer.name == "population":
        values = low * (high / low) ** place
    else:
        values = low + (high - low) * place
    ax.set_xticks(place, [f"{_round(v)}" for v in values])
    ax.tick_params(labelsize=7, length=2)
    ax.set_title(unit, fontsize=7, pad=2)


def _round(value: float) -> str:
    if value == 0.0:
        return "0"
    digits = 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, max(digits, 0)):g}" if abs(value) < 100 else f"{value:,.0f}"


def _draw_sites(ax: Axes, found: TerrainCheck, grid: Grid) -> None:
    from matplotlib.patheffects import withStroke

    west, south, east, north = grid.bounds
    change = transformer("EPSG:4326", grid.crs)
    spots: list[tuple[float, float, list[str]]] = []
    for name, (lon, lat) in {s.site: (s.lon_deg, s.lat_deg) for s in found.sites}.items():
        x, y = change.transform(lon, lat)
        if not (west <= x <= east and south <= y <= north):
            continue
        ax.plot(x, y, "^", color="#111111", markersize=6, markeredgecolor="white", zorder=5)
        near = [
            names
            for own_x, own_y, names in spots
            if abs(x - own_x) < 0.02 * (east - west) and abs(y - own_y) < 0.02 * (north - south)
        ]
        if near:  # masts of one town share a label
            near[0].append(name)
        else:
            spots.append((x, y, [name]))
    for x, y, names in spots:
        right = x > west + 0.75 * (east - west)
        ax.annotate(
            " / ".join(names), (x, y), xytext=(-6 if right else 6, 3), textcoords="offset points",
            ha="right" if right else "left", fontsize=7, zorder=6, parse_math=False,
            path_effects=[withStroke(linewidth=2.0, foreground="white")],
        )  # fmt: skip
