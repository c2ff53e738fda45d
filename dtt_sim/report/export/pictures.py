"""A raster as a picture in longitude and latitude, and its legend: for programs without colours."""

from __future__ import annotations

import io
import math
from typing import Final, NamedTuple

import numpy as np

from dtt_sim.report.layers import Palette
from dtt_sim.typing import UInt8Array
from dtt_sim.workflow.finished import Layer
from terrain.grid import LONLAT, Grid

METRES_PER_DEGREE: Final = 111_195.0


class Warped(NamedTuple):
    """A picture on a grid of longitude and latitude.

    Attributes
    ----------
    png : bytes
    west_deg, south_deg, east_deg, north_deg : float
    """

    png: bytes
    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


def warp(layer: Layer, grid: Grid, colours: Palette) -> Warped:
    """Warp a layer to longitude and latitude by its nearest cells, and paint it.

    Google Earth lays a picture out evenly between its corners in degrees: one of a projected grid
    would lie up to kilometres off.
    """
    from affine import Affine
    from rasterio.warp import reproject

    west, south, east, north = grid.bounds_lonlat()
    # As many cells as the grid has, and square where it matters: at the area's middle.
    height_m, width_m = grid.cell_size_m()
    step = height_m / METRES_PER_DEGREE
    n_row = max(round((north - south) / step), 1)
    across = width_m / (METRES_PER_DEGREE * math.cos(math.radians(0.5 * (south + north))))
    n_col = max(round((east - west) / across), 1)
    affine = Affine((east - west) / n_col, 0.0, west, 0.0, -(north - south) / n_row, north)
    painted = colours.paint(layer.values)
    warped = np.zeros((4, n_row, n_col), np.uint8)
    reproject(
        np.moveaxis(painted, -1, 0), warped, src_transform=grid.affine, src_crs=grid.crs,
        dst_transform=affine, dst_crs=LONLAT, resampling=0,
    )  # fmt: skip
    return Warped(png_bytes(np.moveaxis(warped, 0, -1)), west, south, east, north)


def png_bytes(picture: UInt8Array) -> bytes:
    """Red, green, blue and opacity, `(n_row, n_col, 4)`, as PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def legend_png(colours: Palette, title: str, warning: str = "") -> bytes:
    """A small picture of colours and what they stand for."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from dtt_sim.report.style import SMALL_PT, TEXT_PT, shortened, wrapped_text

    figure = Figure(figsize=(6.0, 6.0), dpi=110)
    FigureCanvasAgg(figure)
    handles = [
        Patch(facecolor=step.colour, edgecolor="#555555", label=shortened(step.text, 60))
        for step in colours.steps[:24]
    ]
    head = "\n".join(
        wrapped_text(text, 46) for text in (shortened(title, 120), colours.caption) if text
    )
    box = figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), fontsize=TEXT_PT,
        title=head, title_fontsize=TEXT_PT, alignment="left", framealpha=1.0, edgecolor="#888888",
        borderaxespad=0.2,
    )  # fmt: skip
    for text in (*box.get_texts(), box.get_title()):
        text.set_parse_math(False)
    artists = [box]
    if warning:
        frame = box.get_window_extent()
        note = figure.text(
            0.01, frame.y0 / figure.bbox.height - 0.01, wrapped_text(warning, 56), va="top",
            fontsize=SMALL_PT, color="#b2182b", parse_math=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2.0},
        )  # fmt: skip
        artists.append(note)  # type: ignore[arg-type]
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format="png", bbox_inches="tight", pad_inches=0.04, bbox_extra_artists=artists,
        transparent=True,
    )  # fmt: skip
    return buffer.getvalue()
