"""Fields along a border as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dtt_sim.planning.coordination import BorderField
from dtt_sim.report.style import TEXT_PT, new_figure, write_png
from dtt_sim.workflow.coordination import Border

SHOWN = 6
"""Stations drawn by name."""


def draw_border(
    border: Border, fields: tuple[BorderField, ...], title: str, path: Path, *, is_schematic: bool
) -> None:
    """Draw the strongest stations along the line, and the trigger values.

    Parameters
    ----------
    path : Path
        PNG file; written whole or not at all.
    """
    figure = new_figure(9.0, 4.5, layout="constrained")
    ax = figure.subplots()
    for one in fields[:SHOWN]:
        if one.strongest >= 0:
            label = f"{one.station}, {one.frequency_mhz:g} MHz"
            ax.plot(border.along_km, one.field_dbuv_m, linewidth=1.2, label=label)
    for level in sorted({f.trigger_dbuv_m for f in fields if np.isfinite(f.trigger_dbuv_m)}):
        ax.axhline(level, color="#222222", linestyle="--", linewidth=1.0)
        ax.annotate(f"trigger {level:g}", (1.0, level), xycoords=("axes fraction", "data"),
                    ha="right", va="bottom", fontsize=TEXT_PT)  # fmt: skip
    ax.set_xlim(0.0, float(border.along_km[-1]))
    ax.set_xlabel("along the line [km]")
    ax.set_ylabel("field at 10 m, 1 % of time [dB(µV/m)]")
    warning = "\nSCHEMATIC TERRAIN: the relief is made up" if is_schematic else ""
    ax.set_title(f"{title}{warning}", fontsize=10)
    ax.legend(fontsize=7, loc="best")
    write_png(figure, path)
