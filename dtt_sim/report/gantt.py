"""The plan as a picture: which station is on air when, and what changes."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dtt_sim.model import Transmitter
from dtt_sim.report.style import ACCENT, new_figure, write_png
from dtt_sim.scenario.load import Scenario
from dtt_sim.scenario.plan_schema import PhaseKeys

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Distinct in lightness as well, so that print in grey keeps them apart.
DIGITAL_COLOUR, ANALOGUE_COLOUR, OTHER_COLOUR = "#1f5f8f", "#f2b56b", "#c9c9c9"
LINE_COLOUR, CHANGE_COLOUR = "#222222", ACCENT
WIDTH_IN, ROW_IN, GROUP_GAP, FOOT_IN, TITLE_IN, LEVEL_IN = 13.0, 0.19, 0.55, 0.95, 0.55, 0.2
BAR_ROWS = 0.74
MARGIN_IN, RIGHT_IN, LEAST_AXIS_IN = 0.13, 0.25, 3.0
SITE_PT, LABEL_PT, TITLE_PT = 8.0, 7.0, 8.5
TAIL = 0.12
"""Of the time between the first and the last phase, drawn after the last."""
SURE = ("VERIFIED",)
"""Dates of which nobody need doubt; others are dashed."""


class Bar(NamedTuple):
    """A station between two phases, during which nothing about it changes.

    Attributes
    ----------
    station : str
        Its id.
    start, end : date
        The end is that of the picture for a station that stays on air.
    kind : str
        "digital", "analogue" or "other".
    change : str
        What is new about a station that was on air before; "" where it comes on air.
    """

    station: str
    start: dt.date
    end: dt.date
    kind: str
    change: str


class Row(NamedTuple):
    """A station with its bars.

    Attributes
    ----------
    station, site, label : str
    bars : tuple of Bar
    """

    station: str
    site: str
    label: str
    bars: tuple[Bar, ...]


def plan_rows(scenario: Scenario) -> list[Row]:
    """Stations that are on air in some phase, by site: sites and stations in the table's order."""
    phases = scenario.phases
    end = _end(scenario)
    dates = [phase.date for phase in _keys(scenario)]
    stations: dict[str, list[Transmitter | None]] = {}
    for k, one in enumerate(phases):
        for t in one.transmitters:
            stations.setdefault(t.id, [None] * len(phases))[k] = t
    order = {name: k for k, name in enumerate(scenario.station_ids)}
    rows = []
    for name in sorted(stations, key=order.__getitem__):
        states = stations[name]
        bars: list[Bar] = []
        for k, state in enumerate(states):
            if state is None:
                continue
            until = dates[k + 1] if k + 1 < len(dates) else end
            before = states[k - 1] if k else None
            change = "" if before is None else _change(phases[k - 1], before, phases[k], state)
            if before is not None and not change:
                bars[-1] = bars[-1]._replace(end=until)
            else:
                bars.append(Bar(name, dates[k], until, _kind(phases[k], state), change))
        first = next(t for t in states if t is not None)
        rows.append(Row(name, first.site, _label(first), tuple(bars)))
    sites = {site: k for k, site in enumerate(dict.fromkeys(row.site for row in rows))}
    return sorted(rows, key=lambda row: sites[row.site])


def _keys(scenario: Scenario) -> list[PhaseKeys]:
    return [one.phase for one in scenario.phases if one.phase is not None]


def _end(scenario: Scenario) -> dt.date:
    dates = [phase.date for phase in _keys(scenario)]
    return dates[-1] + max(TAIL * (dates[-1] - dates[0]), dt.timedelta(days=30))


def _kind(scenario: Scenario, transmitter: Transmitter) -> str:
    if transmitter.multiplex in scenario.multiplexes:
        return "digital"
    return "analogue" if transmitter.multiplex in scenario.analogue else "other"


def _channel(transmitter: Transmitter) -> str:
    if not transmitter.channel:
        return f"{transmitter.frequency_mhz:g} MHz"
    letter = "R" if transmitter.frequency_mhz < 300.0 else "K"
    return letter + transmitter.channel.upper().lstrip("KRE")


def _label(transmitter: Transmitter) -> str:
    return f"{transmitter.id}  {_channel(transmitter)}  {transmitter.erp_kw:g} kW"


def _change(before: Scenario, old: Transmitter, after: Scenario, new: Transmitter) -> str:
    """What a phase changes about a station that was on air and is, in a few words."""
    found = []
    if old.erp_kw != new.erp_kw:
        found.append(f"{new.erp_kw:g} kW")
    if old.frequency_mhz != new.frequency_mhz:
        found.append(_channel(new))
    if old.multiplex != new.multiplex:
        found.append(new.multiplex)
    told = {"erp_kw", "frequency_mhz", "channel", "multiplex"}
    words = {
        "lat_deg": "site", "lon_deg": "site", "site": "site", "height_agl_m": "height",
        "height_amsl_m": "height", "delay_us": "delay", "antenna": "antenna",
        "polarisation": "polarisation", "line_offset": "offset", "precision_offset": "offset",
    }  # fmt: skip
    found += dict.fromkeys(
        words.get(f.name, f.name)
        for f in fields(Transmitter)
        if f.name not in told and getattr(old, f.name) != getattr(new, f.name)
    )
    a, b = before.signals[old.multiplex], after.signals[new.multiplex]
    if old.multiplex == new.multiplex and a != b:
        if getattr(a, "programmes", ()) != getattr(b, "programmes", ()):
            found.append("line-up")
        if getattr(a, "description", "") != getattr(b, "description", ""):
            found.append("mode")
    return ", ".join(found)


def draw_plan(scenario: Scenario, path: Path) -> None:
    """Draw ``plan.png``: a bar for each station from its first day on air to its last.

    Days of phases are upright lines, dashed where the scenario is not sure of them.

    Parameters
    ----------
    scenario : Scenario
        With a plan of at least one phase.
    path : Path
        PNG file; written whole or not at all.
    """
    figure = plan_figure(scenario)
    write_png(figure, path)


def plan_figure(scenario: Scenario) -> Figure:
    """The picture that :func:`draw_plan` writes."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    rows, keys = plan_rows(scenario), _keys(scenario)
    places, bottom = _places(rows)
    figure = new_figure(WIDTH_IN, 1.0)
    start, end = keys[0].date.toordinal(), _end(scenario).toordinal()
    titles = [
        f"{phase.name}, {phase.date}{'' if phase.confidence in SURE else ' ?'}" for phase in keys
    ]
    title_in = [_width_in(figure, title, TITLE_PT) for title in titles]
    days = [phase.date.toordinal() for phase in keys]
    left_in = 4.0 * MARGIN_IN + sum(
        max(_width_in(figure, text, size, weight) for text in texts)
        for texts, size, weight in (
            ([row.site for row in rows], SITE_PT, "bold"),
            ([row.label for row in rows], LABEL_PT, "normal"),
        )
    )
    axis_in = _axis_in(left_in, [(day - start) / (end - start) for day in days], title_in)
    per_in = (end - start) / axis_in
    levels = _levels(days, [per_in * (width + 0.1) for width in title_in])
    head_in = TITLE_IN + LEVEL_IN * (max(levels) + 1)
    body_in = ROW_IN * bottom
    height_in = head_in + body_in + FOOT_IN
    figure.set_size_inches(WIDTH_IN, height_in)
    ax = figure.add_axes((
        left_in / WIDTH_IN, FOOT_IN / height_in, axis_in / WIDTH_IN, body_in / height_in
    ))  # fmt: skip
    ax.set_xlim(start, end)
    ax.set_ylim(bottom, 0.0)
    for day, title, level, phase in zip(days, titles, levels, keys, strict=True):
        _draw_phase(
            ax, day, title, 1.0 + (level + 0.75) * LEVEL_IN / body_in,
            is_sure=phase.confidence in SURE,
        )  # fmt: skip
    for row, y in zip(rows, places, strict=True):
        _draw_row(ax, row, y, end)
    _draw_sites(ax, rows, places)
    ax.set_yticks(places, [row.label for row in rows], fontsize=LABEL_PT)
    ax.tick_params(axis="y", length=0)
    ticks = _ticks(keys[0].date, _end(scenario))
    names = [f"{day:%Y}" if day.month == 1 else f"{day:%Y-%m}" for day in ticks]
    ax.set_xticks([day.toordinal() for day in ticks], names, fontsize=8)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    kinds = {bar.kind for row in rows for bar in row.bars}
    handles: list[Any] = [
        Patch(facecolor=colour, edgecolor=LINE_COLOUR, linewidth=0.5, label=text)
        for kind, text, colour in (
            ("digital", "DVB-T2", DIGITAL_COLOUR),
            ("analogue", "analogue", ANALOGUE_COLOUR),
            ("other", "other", OTHER_COLOUR),
        )
        if kind in kinds
    ]
    if any(bar.change for row in rows for bar in row.bars):
        handles.append(Line2D([], [], color=CHANGE_COLOUR, marker="D", markersize=4, linestyle="",
                              markeredgecolor="white", label="change of what is written"))  # fmt: skip
    handles += [
        Line2D([], [], color=LINE_COLOUR, linewidth=1.0, label="date verified"),
        Line2D([], [], color=LINE_COLOUR, linewidth=1.0, linestyle="--",
               label="date not certain (?)"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False,
                  fontsize=8.5, bbox_to_anchor=(0.5, 0.12 / height_in))  # fmt: skip
    override = f" [{scenario.override}]" if scenario.override else ""
    figure.text(
        MARGIN_IN / WIDTH_IN, 1.0 - 0.12 / height_in, f"{scenario.title}{override}, station by station", fontsize=13,
        fontweight="bold", va="top", parse_math=False,
    )  # fmt: skip
    return figure


def _places(rows: Sequence[Row]) -> tuple[list[float], float]:
    """Height of each row [rows from the top], with gaps between sites, and of the whole."""
    y, places = 0.3, []
    for before, row in itertools.pairwise((None, *rows)):
        assert row is not None
        if before is not None:
            y += 1.0 if before.site == row.site else 1.0 + GROUP_GAP
        places.append(y + 0.5)
    return places, y + 1.3


def _width_in(figure: Figure, text: str, size: float, weight: str = "normal") -> float:
    drawn = figure.text(0.0, 0.0, text, fontsize=size, fontweight=weight, parse_math=False)
    width = drawn.get_window_extent().width / figure.dpi
    drawn.remove()
    return float(width)


def _axis_in(left_in: float, places: Sequence[float], title_in: Sequence[float]) -> float:
    """Width of the time axis on which every title, at its place 0..1, ends within the picture."""
    room = WIDTH_IN - MARGIN_IN - left_in
    fits = [(room - width) / place for place, width in zip(places, title_in, strict=True) if place]
    return max(LEAST_AXIS_IN, min([WIDTH_IN - left_in - RIGHT_IN, *fits]))


def _ticks(start: dt.date, end: dt.date) -> list[dt.date]:
    """First days of months, some twelve at most."""
    months = range(12 * start.year, 12 * (end.year + 1))
    days = [dt.date(m // 12, m % 12 + 1, 1) for m in months]
    for step in (1, 2, 3, 6, 12, 24, 60, 120):
        found = [d for d in days if start <= d <= end and (12 * d.year + d.month - 1) % step == 0]
        if len(found) <= 12:
            break
    return found


def _levels(days: Sequence[float], widths: Sequence[float]) -> list[int]:
    """Lines of titles above the axis, such that none meets another, nor another phase's line.

    A title stands right of its line. Lines of later phases that begin below it have to end below
    it, so that earlier phases stand higher.
    """
    levels = [0] * len(days)
    for k in reversed(range(len(days))):
        met = [levels[j] for j in range(k + 1, len(days)) if days[j] <= days[k] + widths[k]]
        levels[k] = max(met) + 1 if met else 0
    return levels


def _draw_phase(ax: Axes, day: float, title: str, top: float, *, is_sure: bool) -> None:
    from matplotlib.transforms import blended_transform_factory

    where = blended_transform_factory(ax.transData, ax.transAxes)
    style: Any = "-" if is_sure else (0, (4, 2.5))
    # White beneath, so that it is seen on dark bars.
    ax.plot([day, day], [0.0, 1.0], color="white", linewidth=2.2, transform=where, zorder=3)
    ax.plot([day, day], [0.0, top], color=LINE_COLOUR, linewidth=0.9, linestyle=style,
            transform=where, clip_on=False, zorder=3)  # fmt: skip
    ax.annotate(
        title, (day, top), xycoords=where, xytext=(3, 0), textcoords="offset points", va="top",
        fontsize=TITLE_PT, color=LINE_COLOUR, parse_math=False, annotation_clip=False,
    )  # fmt: skip


def _draw_row(ax: Axes, row: Row, y: float, end: float) -> None:
    colours = {"digital": DIGITAL_COLOUR, "analogue": ANALOGUE_COLOUR, "other": OTHER_COLOUR}
    for bar in row.bars:
        start, stop = bar.start.toordinal(), bar.end.toordinal()
        ax.barh(
            y, stop - start, BAR_ROWS, left=start, color=colours[bar.kind], linewidth=0.0,
            label=row.station, zorder=2,
        )  # fmt: skip
        if stop >= end:  # goes on
            ax.plot([stop], [y], marker=">", color=colours[bar.kind], markersize=8.0, zorder=2,
                    clip_on=False, markeredgewidth=0.0)  # fmt: skip
        if bar.change:
            ax.plot([start], [y], marker="D", color=CHANGE_COLOUR, markersize=4.5,
                    markeredgecolor="white", markeredgewidth=0.6, zorder=5)  # fmt: skip
            ax.annotate(
                bar.change, (start, y), xytext=(5, 0), textcoords="offset points", va="center",
                fontsize=6.5, color="white" if bar.kind == "digital" else "black", zorder=4,
                parse_math=False,
            )  # fmt: skip


def _draw_sites(ax: Axes, rows: Sequence[Row], places: Sequence[float]) -> None:
    """Name of each site, left of its stations, and a thin line between sites."""
    from matplotlib.transforms import blended_transform_factory

    where = blended_transform_factory(ax.figure.transFigure, ax.transData)
    for k, (row, y) in enumerate(zip(rows, places, strict=True)):
        if k and rows[k - 1].site == row.site:
            continue
        ax.text(MARGIN_IN / WIDTH_IN, y, row.site, transform=where, fontsize=SITE_PT, fontweight="bold", va="center",
                parse_math=False)  # fmt: skip
        if k:
            line = y - 0.5 - 0.5 * GROUP_GAP
            ax.plot([MARGIN_IN / WIDTH_IN, 1.0 - MARGIN_IN / WIDTH_IN], [line, line], transform=where,
                    color="#cccccc", linewidth=0.5, clip_on=False, zorder=0)  # fmt: skip
