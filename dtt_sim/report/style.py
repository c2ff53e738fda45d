"""The common look of all pictures: sizes, colours, marks, and how a picture becomes a file."""

from __future__ import annotations

import textwrap
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dtt_sim.workflow.output import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from terrain.grid import Grid

TITLE_PT: Final = 13.0
HEAD_PT: Final = 11.0
LABEL_PT: Final = 9.0
TEXT_PT: Final = 8.0
SMALL_PT: Final = 6.0
"""Of titles, headings of panels, captions and axes, legends and names, small print [points]."""

INK: Final = "#222222"
"""Lines and text."""
SMALL_PRINT: Final = "#444444"
FRAME: Final = "#555555"
GRID: Final = "#dddddd"
GREY: Final = "#8a8a8a"
ACCENT: Final = "#b2182b"
"""Transmitters, changes, levels and warnings."""
BLUE: Final = "#1f6f9f"
DARK_BLUE: Final = "#1f5f8f"
LIGHT_BLUE: Final = "#8fc3dd"
ORANGE: Final = "#c2622d"
GROUND: Final = "#b9a98c"
COAST: Final = "#333333"
SERVED_COLOURS: Final = ("#f4efe6", "#8fc3dd", "#1f6f9f")
SEA_SERVED_COLOURS: Final = ("#dfe6ea", "#b5d5e3", "#6fa3bf")
"""Not served, and the two qualities: distinct in hue and in lightness, for print in grey and for
colour-blind readers; paler at sea."""

SCREEN_DPI: Final = 150
PRINT_DPI: Final = 300
LONGEST: Final = 160
"""Characters of a title that are drawn; the rest is what files and tables are for."""


def new_figure(width_in: float, height_in: float, *, dpi: int = SCREEN_DPI, **more: Any) -> Figure:
    """An empty figure that belongs to no window.

    Parameters
    ----------
    width_in, height_in : float
        Size [in].
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=dpi, **more)
    FigureCanvasAgg(figure)
    return figure


def write_png(figure: Figure, path: Path, **more: Any) -> None:
    """Write a figure as PNG; whole or not at all.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    with whole_file(path) as part, warnings.catch_warnings():
        # A name in a script that the font has not is drawn as boxes; tables and files have it.
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        warnings.filterwarnings("ignore", message=r"Matplotlib currently does not support")
        figure.savefig(part, format="png", **more)


def shortened(text: str, most: int = LONGEST) -> str:
    """A text on one line, cut with an ellipsis where it is too long to be drawn."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def wrapped_text(text: str, characters: int) -> str:
    """A text in rows of so many characters; longer words are broken."""
    return textwrap.fill(text, max(characters, 8))


def quiet_frame(ax: Axes) -> None:
    """Leave only the axes that are read: left and bottom, with a light grid behind."""
    ax.grid(visible=True, color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=TEXT_PT)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def name_point(ax: Axes, text: str, at: tuple[float, float], *, is_right: bool) -> None:
    """Write a name beside a mark, on the left of one that stands far right."""
    from matplotlib.patheffects import withStroke

    ax.annotate(
        text, at, xytext=(-6 if is_right else 6, 4), textcoords="offset points",
        ha="right" if is_right else "left", fontsize=TEXT_PT, zorder=7, parse_math=False,
        path_effects=[withStroke(linewidth=2.2, foreground="white")],
    )  # fmt: skip


def draw_scale(ax: Axes, grid: Grid, *, north: str = "N") -> None:
    """Scale bar of a round length, lower left, and an arrow to grid north, lower right."""
    from matplotlib.patheffects import withStroke

    west, south, east, top = grid.bounds
    _, east_m = grid.cell_size_m()
    per_km = 1000.0 * grid.transform[0] / east_m
    reach_km = 0.22 * (east - west) / per_km
    length_km = max(
        (v * 10.0**e for e in range(-2, 4) for v in (1, 2, 5) if v * 10.0**e <= reach_km),
        default=reach_km,
    )
    x, y = west + 0.03 * (east - west), south + 0.05 * (top - south)
    ax.plot([x, x + length_km * per_km], [y, y], color="black", linewidth=2.5, zorder=6)
    ax.annotate(
        f"{length_km:g} km", (x, y), xytext=(0, 4), textcoords="offset points", fontsize=TEXT_PT,
        zorder=6, path_effects=[withStroke(linewidth=2.2, foreground="white")],
    )  # fmt: skip
    ax.annotate(
        north, xy=(0.965, 0.125), xytext=(0.965, 0.03), xycoords="axes fraction", ha="center",
        fontsize=LABEL_PT, arrowprops={"arrowstyle": "-|>", "facecolor": "black"}, zorder=6,
    )  # fmt: skip
