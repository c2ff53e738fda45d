"""Measurements against predictions: files, text and pictures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.report.maps import draw_scale
from dtt_sim.report.receivers import credits_text, draw_ground, draw_sites, picture_grid
from dtt_sim.workflow.area import receiving_grid
from dtt_sim.workflow.derived import write_scenario
from dtt_sim.workflow.error_statistics import Confidence
from dtt_sim.workflow.measurements import (
    BANDS_KM,
    CONFIDENCE_PERCENT,
    MEASURED_HEADER,
    STATISTICS_HEADER,
    Comparison,
    measured_rows,
    offset_lines,
    stations_of,
    statistics_rows,
)
from dtt_sim.workflow.output import whole_file, write_csv
from terrain.grid import LONLAT, transformer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Distinct in hue and in lightness, and by marker: print in grey keeps them apart.
STATIONS = (
    ("#1f6f9f", "o"), ("#d7792f", "s"), ("#4d7a3a", "^"), ("#8a4f9e", "D"), ("#b2182b", "v"),
    ("#5b5b5b", "P"), ("#c8a200", "X"),
)  # fmt: skip
OTHERS = ("#a8a8a8", ".")
LINE_COLOUR, OFFSET_COLOUR, BAND_COLOUR = "#222222", "#b2182b", "#222222"
LEAST_SPAN_DB = 6.0
_TICKS_KM = [m * 10.0**e for e in range(-3, 4) for m in (1, 2, 5)]


def write_comparison(found: Comparison, out: Path) -> list[Path]:
    """Write tables, pictures and ``offset.toml`` into a folder; their paths."""
    files = ["measurements.csv", "statistics.csv", "scatter.png", "errors.png", "offset.toml"]
    paths = [out / name for name in files]
    write_csv(paths[0], MEASURED_HEADER, measured_rows(found))
    write_csv(paths[1], STATISTICS_HEADER, statistics_rows(found))
    draw_scatter(found, paths[2])
    draw_errors(found, paths[3])
    plain, spatial = found.confidence()
    title = f"Mean of measured less predicted: {_interval_text(spatial or plain)}."
    write_scenario(paths[4], found.scenario, title, offset_lines(found))
    return paths


def _interval_text(one: Confidence) -> str:
    if math.isnan(one.standard_error_db):
        return f"{one.offset_db:+.2f} dB, of one measurement"
    return (
        f"{one.offset_db:+.2f} dB, {one.low_db:+.2f} to {one.high_db:+.2f} dB with "
        f"{CONFIDENCE_PERCENT:g} % confidence (standard error {one.standard_error_db:.2f} dB)"
    )


def comparison_lines(found: Comparison) -> list[str]:
    """Errors in all and by group, the offset with its confidence, and what to be wary of."""
    all_of, (plain, spatial) = found.statistics(), found.confidence()
    n = len(found.measured)
    lines = [
        f"{all_of.n:,} of {n:,} measurements compared; errors are measured less predicted",
        (
            f"mean {all_of.mean_db:+.2f} dB, standard deviation {_number(all_of.std_db)} dB, "
            f"RMSE {all_of.rmse_db:.2f} dB, correlation {_number(all_of.correlation)}"
        ),
        f"offset, errors taken for independent: {_interval_text(plain)}",
    ]
    if spatial is None:
        lines.append("offset, errors alike at neighbouring places: too few places to tell")
    else:
        lines.append(
            f"offset, errors alike over {spatial.range_km:.3g} km, worth {spatial.n_effective:.1f} "
            f"independent ones: {_interval_text(spatial)}"
        )
    lines.append(f"{'':<36}{'n':>6}{'mean':>8}{'std':>8}{'RMSE':>8}{'corr.':>8}")
    for group in found.groups():
        s = found.statistics(group.rows)
        title = f"{group.kind} {group.name}"
        lines.append(
            f"  {title:<34}{s.n:>6,}{s.mean_db:>+8.1f}{_number(s.std_db, 1):>8}{s.rmse_db:>8.1f}"
            f"{_number(s.correlation):>8}"
        )
    lines += [f"note: {text}" for text in found.notes]
    if found.ground.is_schematic:
        lines.append("SCHEMATIC TERRAIN: the relief is made up; errors say nothing of the model")
    return lines


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def _canvas(size: tuple[float, float]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _title(found: Comparison, text: str) -> str:
    scenario = found.scenario
    override = f" [{scenario.override}]" if scenario.override else ""
    warning = "\nSCHEMATIC TERRAIN: the relief is made up; errors say nothing of the model"
    return f"{scenario.title}{override}: {text}{warning if found.ground.is_schematic else ''}"


def _styles(found: Comparison) -> dict[str, tuple[str, str]]:
    """Colour and marker of the stations measured most; the others have one in common."""
    labels = [one.label for one in found.measured]
    often = sorted(dict.fromkeys(labels), key=lambda name: -labels.count(name))
    few = len(often) <= len(STATIONS)
    kept = often if few else often[: len(STATIONS) - 1]
    return {name: STATIONS[k] for k, name in enumerate(kept)}


def draw_scatter(found: Comparison, path: Path) -> None:
    """Draw measured over predicted fields, and errors over distance.

    Parameters
    ----------
    path : Path
        PNG file; written whole or not at all.
    """
    figure = _canvas((12.0, 5.6))
    left, right = figure.subplots(1, 2)
    some, styles = found.is_compared, _styles(found)
    labels = np.array([one.label for one in found.measured])
    for name, (colour, marker) in (*styles.items(), ("", OTHERS)):
        own = some & ((labels == name) if name else ~np.isin(labels, list(styles)))
        if not own.any():
            continue
        style: dict[str, Any] = {
            "s": 16, "color": colour, "marker": marker, "alpha": 0.75, "linewidths": 0.0,
            "label": f"{name or 'others'} ({int(own.sum()):,})",
        }  # fmt: skip
        left.scatter(found.e_predicted_dbuv_m[own], found.e_measured_dbuv_m[own], **style)
        right.scatter(found.distance_km[own], found.error_db[own], **style)
    _finish_scatter(left, found)
    _finish_distance(right, found)
    file = found.file if len(found.file) < 60 else f"{found.file[:57]}..."
    figure.suptitle(_title(found, f"measured and predicted fields, {file}"), fontsize=11)
    with whole_file(path) as part:
        figure.savefig(part, format="png")


def _finish_scatter(ax: Axes, found: Comparison) -> None:
    some, (plain, spatial) = found.is_compared, found.confidence()
    both = np.concatenate([found.e_predicted_dbuv_m[some], found.e_measured_dbuv_m[some]])
    low, high = float(both.min()) - 4.0, float(both.max()) + 4.0
    ends = np.array([low, high])
    offset = plain.offset_db
    ax.plot(ends, ends, color=LINE_COLOUR, linewidth=1.0, label="equal")
    sure = spatial or plain
    ax.plot(ends, ends + offset, color=OFFSET_COLOUR, linestyle="--", linewidth=1.2,
            label=f"mean error {offset:+.1f} dB")  # fmt: skip
    if math.isfinite(sure.low_db):
        ax.fill_between(
            ends, ends + sure.low_db, ends + sure.high_db, color=OFFSET_COLOUR, alpha=0.15,
            linewidth=0.0, label=f"{CONFIDENCE_PERCENT:g} % confidence of the mean",
        )  # fmt: skip
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_aspect("equal")
    ax.set_xlabel("predicted [dB(µV/m)]")
    ax.set_ylabel("measured [dB(µV/m)]")
    s = found.statistics()
    ax.set_title(
        f"n {s.n:,}, standard deviation {_number(s.std_db, 1)} dB, RMSE {s.rmse_db:.1f} dB, "
        f"correlation {_number(s.correlation)}",
        fontsize=9, loc="left",
    )  # fmt: skip
    ax.legend(fontsize=7, loc="upper left")


def _finish_distance(ax: Axes, found: Comparison) -> None:
    """Mean and standard deviation of every band of distance over the errors."""
    for group in found.groups():
        if group.kind != "distance":
            continue
        s, d = found.statistics(group.rows), found.distance_km[group.rows]
        k = int(np.searchsorted(BANDS_KM, float(d[0]), "right")) - 1
        ends = max(BANDS_KM[k], float(d.min()) * 0.9), min(BANDS_KM[k + 1], float(d.max()) * 1.1)
        ax.plot(ends, [s.mean_db] * 2, color=BAND_COLOUR, linewidth=2.0, zorder=5)
        if math.isfinite(s.std_db):
            ax.fill_between(
                ends, s.mean_db - s.std_db, s.mean_db + s.std_db, color=BAND_COLOUR, alpha=0.12,
                linewidth=0.0, zorder=1,
            )  # fmt: skip
    ax.axhline(0.0, color=LINE_COLOUR, linewidth=0.8)
    known = found.distance_km[found.is_compared]
    if known.min() > 0.0 and known.max() > 3.0 * known.min():
        low, high = 0.8 * float(known.min()), 1.25 * float(known.max())
        ax.set_xscale("log")
        ax.set_xlim(low, high)
        ax.set_xticks([t for t in _TICKS_KM if low <= t <= high])
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
    ax.set_xlabel("distance to the station [km]")
    ax.set_ylabel("measured less predicted [dB]")
    ax.set_title("bars: mean and standard deviation by band of distance", fontsize=9, loc="left")


def _at_one_place(found: Comparison) -> bool:
    """Whether several measurements share a place."""
    places = np.column_stack([found.places.lon_deg, found.places.lat_deg])
    return len(np.unique(places, axis=0)) < len(places)


def draw_errors(found: Comparison, path: Path) -> None:
    """Draw where measurements are above and below the predictions.

    Parameters
    ----------
    path : Path
        PNG file; written whole or not at all.
    """
    from matplotlib.colors import TwoSlopeNorm

    lon, lat = found.places.lon_deg, found.places.lat_deg
    grid = picture_grid(receiving_grid(found.scenario), lon, lat)
    figure = _canvas((9.0, 9.0 * grid.n_row / grid.n_col * 0.88 + 0.9))
    ax = figure.subplots()
    draw_ground(ax, grid, found.ground)
    x, y = (np.asarray(v) for v in transformer(LONLAT, grid.crs).transform(lon, lat))
    some = found.is_compared
    span = max(float(np.quantile(np.abs(found.error_db[some]), 0.97)), LEAST_SPAN_DB)
    # The largest errors lie on top, whichever way.
    order = np.flatnonzero(some)[np.argsort(np.abs(found.error_db[some]))]
    n = int(some.sum())
    dots = ax.scatter(
        x[order], y[order], c=found.error_db[order], cmap="PuOr", norm=TwoSlopeNorm(0.0, -span, span),
        s=float(np.clip(9000.0 / n, 6.0, 45.0)), edgecolors="#333333",
        linewidths=0.4 if n < 2000 else 0.1, zorder=4,
    )  # fmt: skip
    ax.plot(x[~some], y[~some], "x", color="#555555", markersize=4, zorder=4)
    draw_sites(ax, grid, stations_of(found))
    draw_scale(ax, grid)
    figure.colorbar(
        dots, ax=ax, shrink=0.8, extend="both", label="measured less predicted [dB]", pad=0.01
    )  # fmt: skip
    told = ["of several at one place the largest is on top"] if _at_one_place(found) else []
    told += [] if some.all() else ["crosses: no prediction"]
    ax.set_title("; ".join(told), fontsize=8, loc="left")
    text = credits_text(found.scenario, found.ground, has_offset=False)
    figure.supxlabel(text, fontsize=5.5, color="#444444", x=0.99, ha="right")
    figure.suptitle(_title(found, f"errors at {n:,} measurements"), fontsize=11)
    with whole_file(path) as part:
        figure.savefig(part, format="png")
