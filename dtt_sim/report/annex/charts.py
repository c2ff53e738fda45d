"""Charts of the annex, told apart in grey as well: by lightness, hatching and labels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dtt_sim.report.annex.text import clean, shortened
from dtt_sim.report.language import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: Final = ("#1f5f8f", "#f2b56b", "#8fc1dc", "#8c8c8c", "#b2182b", "#5b8c5a", "#6b4f7d")
HATCHES: Final = ("", "//", "..", "", "xx", "\\\\", "++")
LINE: Final = "#222222"
WIDTH_IN, DPI = 6.3, 200
LABEL_LENGTH, LEGEND_LENGTH = 34, 52


def _figure(height_in: float) -> tuple[Figure, Axes]:
    # No pyplot: nothing global, and nothing to close.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    return figure, ax


def as_png(figure: Figure) -> BytesIO:
    """A figure as a PNG file."""
    import warnings

    file = BytesIO()
    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn with boxes; the tables have it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        figure.savefig(file, dpi=DPI, format="png")
    file.seek(0)
    return file


def label(text: str, most: int = LABEL_LENGTH) -> str:
    """A name as a chart can hold it: one line, not too long, no formula."""
    one = " ".join(clean(text).split())
    # A legend leaves out what is called nothing.
    return shortened(one, most).replace("$", r"\$") or "–"


def _thousands(ax: Axes, language: Language, axis: str) -> None:
    from matplotlib.ticker import FuncFormatter

    getattr(ax, f"{axis}axis").set_major_formatter(
        FuncFormatter(lambda value, _: language.number(value))
    )


def bars(
    names: Sequence[str],
    values: Sequence[float],
    language: Language,
    *,
    axis: str,
    low: Sequence[float | None] = (),
    high: Sequence[float | None] = (),
) -> BytesIO:
    """Bars by phase with their value, and the band of each where there is one."""
    figure, ax = _figure(0.7 + 0.42 * len(names))
    places = range(len(names))
    ax.barh(places, values, color=COLOURS[0], height=0.6)
    end = list(values)
    for k, (a, b) in enumerate(zip(low, high, strict=True)):
        if a is not None and b is not None:
            ax.plot([a, b], [k, k], color=LINE, linewidth=1.4)
            ax.plot([a, b], [k, k], "|", color=LINE, markersize=7)
            end[k] = max(end[k], b)
    for k, value in enumerate(values):
        ax.annotate(
            language.number(value), (end[k], k), xytext=(5, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip
    _phases_down(ax, names)
    ax.set_xlim(0, max(max(end, default=0.0), 1.0) * 1.15)
    ax.set_xlabel(axis, fontsize=8)
    _thousands(ax, language, "x")
    return as_png(figure)


def stacks(
    names: Sequence[str], parts: Mapping[str, Sequence[float]], language: Language, *, axis: str,
    digits: int = 0,
) -> BytesIO:  # fmt: skip
    """Stacked bars by phase, the sum at their end."""
    figure, ax = _figure(1.0 + 0.42 * len(names) + 0.17 * -(-len(parts) // 2))
    places = list(range(len(names)))
    left = [0.0] * len(names)
    for k, (part, values) in enumerate(parts.items()):
        ax.barh(
            places, values, left=left, height=0.6, label=label(part, LEGEND_LENGTH), color=COLOURS[k % 7],
            hatch=HATCHES[k % 7], edgecolor="white", linewidth=0.3,
        )  # fmt: skip
        left = [a + b for a, b in zip(left, values, strict=True)]
    for k, value in enumerate(left):
        ax.annotate(
            language.number(value, digits), (value, k), xytext=(4, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip
    _phases_down(ax, names)
    ax.set_xlim(0, max(max(left, default=0.0), 1e-9) * 1.15)
    ax.set_xlabel(axis, fontsize=8)
    _thousands(ax, language, "x")
    if parts:
        figure.legend(loc="outside lower center", ncols=2, fontsize=7.5, frameon=False)
    return as_png(figure)


def lines(
    names: Sequence[str], series: Mapping[str, Sequence[float | None]], language: Language, *,
    axis: str,
) -> BytesIO:  # fmt: skip
    """Percentages by phase, a line for each service, its name at the end."""
    figure, ax = _figure(3.0)
    markers = "osD^vPX"
    for k, (name, values) in enumerate(series.items()):
        x = [i for i, value in enumerate(values) if value is not None]
        y = [value for value in values if value is not None]
        ax.plot(
            x, y, marker=markers[k % 7], color=COLOURS[k % 5], label=label(name, LEGEND_LENGTH), markersize=5,
            linestyle=("-", "--", "-.", ":")[k % 4],
        )  # fmt: skip
    ax.set_xticks(
        range(len(names)), [label(name) for name in names], rotation=20, ha="right", fontsize=7.5
    )
    ax.set_ylim(0, 104)
    ax.set_ylabel(axis, fontsize=8)
    ax.grid(axis="y", color="#dddddd", linewidth=0.5)
    _thousands(ax, language, "y")
    if series:
        figure.legend(loc="outside lower center", ncols=2, fontsize=7.5, frameon=False)
    return as_png(figure)


class Line(NamedTuple):
    """A station in a plan.

    Attributes
    ----------
    name : str
    kind : int
        Position of its colour.
    on_air : list of (date, date)
    """

    name: str
    kind: int
    on_air: list[tuple[dt.date, dt.date]]


def gantt(
    stations: Sequence[Line], dates: Sequence[dt.date], kinds: Sequence[str], language: Language
) -> BytesIO:
    """Which station is on air when; phases are lines with their numbers."""
    from matplotlib import dates as of_dates
    from matplotlib.patches import Patch

    # The library has no types of its own.
    months: Any = of_dates

    figure, ax = _figure(1.0 + 0.155 * len(stations))
    for k, line in enumerate(stations):
        for start, end in line.on_air:
            left, right = months.date2num(start), months.date2num(end)
            ax.barh(
                k, right - left, left=left, height=0.7, color=COLOURS[line.kind],
                hatch=HATCHES[line.kind], edgecolor="white", linewidth=0.3,
            )  # fmt: skip
    for k, date in enumerate(dates, start=1):
        ax.axvline(months.date2num(date), color=LINE, linewidth=0.8)
        # Phases that come soon after each other take turns in height.
        ax.annotate(
            language.number(k), (months.date2num(date), 1.0), xycoords=("data", "axes fraction"),
            xytext=(0, 3 + 9 * (k % 2)), textcoords="offset points", ha="center", fontsize=8,
        )  # fmt: skip
    ax.set_yticks(range(len(stations)), [label(line.name) for line in stations], fontsize=7)
    ax.set_ylim(len(stations) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.xaxis_date()
    ax.xaxis.set_major_formatter(months.DateFormatter("%m/%Y"))
    ax.tick_params(axis="x", labelsize=7.5)
    figure.legend(
        handles=[
            Patch(facecolor=COLOURS[k], hatch=HATCHES[k], edgecolor="white", label=text)
            for k, text in enumerate(kinds)
        ],
        loc="outside lower center", ncols=len(kinds), fontsize=7.5, frameon=False,
    )  # fmt: skip
    return as_png(figure)


def _phases_down(ax: Axes, names: Sequence[str]) -> None:
    ax.set_yticks(range(len(names)), [label(name) for name in names], fontsize=8)
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)


def is_drawable(values: Any) -> bool:
    """Whether there is anything to see."""
    return any(value for value in values if value)
