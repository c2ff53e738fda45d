"""An antenna in words and as a picture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.antenna.facts import Facts, doubts, facts
from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.registry import FORMATS
from dtt_sim.antenna.formats.words import frequency_text
from dtt_sim.antenna.pattern import horizontal_attenuation_db, vertical_attenuation_db
from dtt_sim.model import HorizontalPattern, VerticalPattern
from dtt_sim.report.style import (
    ACCENT,
    FRAME,
    GRID,
    HEAD_PT,
    LABEL_PT,
    TEXT_PT,
    new_figure,
    write_png,
)
from dtt_sim.units import EIRP_OVER_ERP_DB

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.projections.polar import PolarAxes

LINE_COLOUR, LEVEL_COLOUR, BEAM_COLOUR = "#1f5f8f", ACCENT, "#777777"
SHOWN_DB = 40.0
"""Attenuation at the centre of the polar picture [dB]."""
NEAR_DEG = 30.0
"""Elevations that are drawn large: nothing that is served lies beyond."""


def title_of(record: AntennaRecord) -> str:
    """Format of the antenna's file, or that it is none."""
    if not record.format:
        return "standard antenna"
    one = FORMATS[record.format]
    return one.title if one.checked else f"{one.title} (reader not checked against a real file)"


def antenna_lines(record: AntennaRecord) -> list[str]:
    """The main facts as text."""
    found = facts(record)
    lines = [f"format        {title_of(record)}"]
    if record.name:
        lines.append(f"name          {record.name}")
    if record.frequency_mhz is not None:
        lines.append(f"frequency     {frequency_text(record.frequency_mhz)} MHz")
    if record.polarisation:
        lines.append(f"polarisation  {record.polarisation}")
    gain = "not in the file"
    if record.gain_dbd is not None:
        gain = f"{record.gain_dbd:.2f} dBd ({record.gain_dbd + EIRP_OVER_ERP_DB:.2f} dBi)"
    lines.append(f"gain          {gain}")
    if math.isfinite(found.directivity_dbd):
        lines.append(f"directivity   {found.directivity_dbd:.1f} dBd, of the two cuts together")
    lines += _horizontal_lines(record, found) + _vertical_lines(record, found)
    if record.mechanical_tilt_deg:
        lines.append(
            f"mounting      leans {record.mechanical_tilt_deg:g}° towards "
            f"{record.mechanical_tilt_azimuth_deg:g}°"
        )
    lines += [f"assumed       {note}" for note in record.notes]
    return [*lines, *(f"doubtful      {text}" for text in doubts(record, found))]


def _horizontal_lines(record: AntennaRecord, found: Facts) -> list[str]:
    pattern = record.horizontal
    if pattern is None:
        return ["horizontal    no cut: the same all round"]
    lines = [
        f"horizontal    {_extent(pattern.attenuation_db)}, {len(pattern.azimuth_deg)} azimuths"
    ]
    if found.horizontal_width_deg >= 360.0:
        return [*lines, "              within 3 dB all round"]
    return [
        *lines,
        (
            f"              maximum at {found.azimuth_deg:g}°, 3 dB width "
            f"{found.horizontal_width_deg:g}°, front-to-back {found.front_to_back_db:.1f} dB"
        ),
    ]


def _vertical_lines(record: AntennaRecord, found: Facts) -> list[str]:
    pattern = record.vertical
    if pattern is None:
        return ["vertical      no cut: the same at all elevations"]
    where = f"{abs(found.tilt_deg):g}° {'below' if found.tilt_deg > 0.0 else 'above'} the horizon"
    if found.tilt_deg == 0.0:
        where = "the horizon"
    low, high = pattern.elevation_deg[0], pattern.elevation_deg[-1]
    lines = [
        f"vertical      {_extent(pattern.attenuation_db)}, elevations {low:g}° to {high:g}°",
        (
            f"              maximum at {where}, 3 dB width {found.vertical_width_deg:g}°, "
            f"{found.horizon_db:.1f} dB at the horizon"
        ),
    ]
    if record.electrical_tilt_deg is not None:
        lines.append(
            f"              electrical tilt of {record.electrical_tilt_deg:g}° stated; it is part of "
            "the cut"
        )
    return lines


def _extent(values: tuple[float, ...]) -> str:
    return f"{min(values):.1f} to {max(values):.1f} dB below the maximum"


def antenna_dict(record: AntennaRecord) -> dict[str, Any]:
    """The facts and both cuts for a machine; None where there is no figure."""
    found = facts(record)
    figures = {k: None if math.isnan(v) else round(v, 3) for k, v in found._asdict().items()}
    frequency = record.frequency_mhz
    return {
        "format": record.format or "standard",
        "format_title": title_of(record),
        "name": record.name,
        "gain_dbd": record.gain_dbd,
        "frequency_mhz": list(frequency) if frequency else None,
        "polarisation": record.polarisation or None,
        "electrical_tilt_deg": record.electrical_tilt_deg,
        "mechanical_tilt_deg": record.mechanical_tilt_deg,
        "mechanical_tilt_azimuth_deg": record.mechanical_tilt_azimuth_deg,
        **figures,
        "assumed": list(record.notes),
        "doubtful": doubts(record, found),
        "horizontal": record.horizontal
        and {
            "azimuth_deg": list(record.horizontal.azimuth_deg),
            "attenuation_db": list(record.horizontal.attenuation_db),
        },
        "vertical": record.vertical
        and {
            "elevation_deg": list(record.vertical.elevation_deg),
            "attenuation_db": list(record.vertical.attenuation_db),
        },
    }


def draw_antenna(record: AntennaRecord, path: Path) -> None:
    """Write a PNG: the horizontal cut round north, the vertical cut over elevation.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    found = facts(record)
    figure = new_figure(11.0, 5.2, layout="constrained")
    if record.horizontal is not None:
        polar = figure.add_subplot(1, 2, 1, projection="polar")
        _draw_round(polar, record.horizontal, found)  # type: ignore[arg-type]
    else:
        _draw_nothing(figure.add_subplot(1, 2, 1), "no horizontal cut: the same all round")
    right = figure.add_subplot(1, 2, 2)
    if record.vertical is not None:
        _draw_upright(right, record.vertical, found)
    else:
        _draw_nothing(right, "no vertical cut: the same at all elevations")
    name = record.name or "antenna"
    gain = "" if record.gain_dbd is None else f", {record.gain_dbd:.1f} dBd"
    # A name may hold dollars, which would otherwise set mathematics.
    figure.suptitle(f"{name}{gain}".replace("$", r"\$"), fontsize=HEAD_PT)
    write_png(figure, path, dpi=110)


def _draw_round(axes: PolarAxes, pattern: HorizontalPattern, found: Facts) -> None:
    azimuth = np.arange(0.0, 360.5, 0.5)
    level = -np.minimum(horizontal_attenuation_db(pattern, azimuth), SHOWN_DB)
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    axes.plot(np.radians(azimuth), level, color=LINE_COLOUR, linewidth=1.6)
    axes.fill(np.radians(azimuth), level, color=LINE_COLOUR, alpha=0.12)
    axes.plot(
        np.radians(azimuth), np.full(azimuth.size, -3.0), color=LEVEL_COLOUR, linewidth=0.8, ls="--"
    )
    if found.horizontal_width_deg < 360.0:
        axes.plot(
            [np.radians(found.azimuth_deg)] * 2, [-SHOWN_DB, 0.0], color=BEAM_COLOUR, linewidth=0.8
        )
    axes.set_ylim(-SHOWN_DB, 0.0)
    axes.set_yticks([-30.0, -20.0, -10.0, 0.0])
    axes.set_rlabel_position(157.5)
    axes.tick_params(labelsize=TEXT_PT)
    axes.set_title("horizontal [dB]; azimuth clockwise from north or front", fontsize=LABEL_PT)


def _draw_upright(axes: Axes, pattern: VerticalPattern, found: Facts) -> None:
    elevation = np.arange(-900, 901) / 10.0
    level = -np.minimum(vertical_attenuation_db(pattern, elevation), SHOWN_DB + 10.0)
    axes.plot(elevation, level, color=LINE_COLOUR, linewidth=1.6)
    axes.axhline(-3.0, color=LEVEL_COLOUR, linewidth=0.8, ls="--")
    axes.axvline(0.0, color="#bbbbbb", linewidth=0.8)
    axes.axvline(-found.tilt_deg, color=BEAM_COLOUR, linewidth=0.8)
    low, high = pattern.elevation_deg[0], pattern.elevation_deg[-1]
    label = "elevation [deg], below the horizon negative; dashed: 3 dB"
    for start, end in ((-90.0, low), (high, 90.0)):
        if end - start > 0.5:
            axes.axvspan(start, end, color="#999999", alpha=0.18, linewidth=0)
            label = (
                "elevation [deg], below the horizon negative; dashed: 3 dB, grey: not in the file"
            )
    # A beam of many degrees would be cut off by a close view.
    wide = NEAR_DEG if found.vertical_width_deg < NEAR_DEG else 90.0
    axes.set_xlim(-wide, wide)
    axes.set_ylim(-SHOWN_DB, 1.0)
    axes.grid(visible=True, color=GRID, linewidth=0.6)
    axes.set_xlabel(label, fontsize=TEXT_PT)
    axes.tick_params(labelsize=TEXT_PT)
    axes.set_title("vertical [dB]", fontsize=LABEL_PT)


def _draw_nothing(axes: Axes, text: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=10, color=FRAME)
