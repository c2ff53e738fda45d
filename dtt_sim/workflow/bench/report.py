"""The tables of a benchmark, for a terminal and for a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """A title, column heads and cells, all text. The first column is set left, others right."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def as_text(self) -> str:
        """Plain columns."""
        lines = [self.head, *self.rows]
        width = [max(len(line[k]) for line in lines) for k in range(len(self.head))]
        text = [
            "  ".join(
                cell.ljust(w) if k == 0 else cell.rjust(w)
                for k, (cell, w) in enumerate(zip(line, width, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, text[0], "-" * len(text[0]), *text[1:]])

    def as_markdown(self) -> str:
        """A table of GitHub's Markdown; the title stands before it."""
        rule = "|---|" + "---:|" * (len(self.head) - 1)
        lines = ["| " + " | ".join(line) + " |" for line in (self.head, *self.rows)]
        return "\n".join([f"**{self.title}**", "", lines[0], rule, *lines[1:]])


def machine_line(found: dict[str, Any]) -> str:
    """Processor, threads and versions, in one line."""
    m = found["machine"]
    threads = f"{m['threads']} thread{'s' if m['threads'] != 1 else ''}"
    return (
        f"{m['cpu']} ({m['processor']['name']}, {m['processor']['vectors']}), {threads}, "
        f"{m['system']}; Python {m['python']}, numba {m['numba']}, LLVM {m['llvm']}, "
        f"GDAL {m['gdal']}, dtt_sim {m['dtt_sim']}"
    )


def setting_line(found: dict[str, Any]) -> str:
    """What was computed, in one line."""
    s = found["setting"]
    return (
        f"{s['frequency_mhz']:g} MHz, antennas {s['height_m']:g} m and {s['rx_height_m']:g} m above "
        f"ground, delta-N {s['delta_n']:g}, N0 {s['n0']:g}; fastest of {s['repeats']}"
    )


def tables(found: dict[str, Any]) -> list[Table]:
    """All tables of what :func:`dtt_sim.workflow.bench.campaign.run_bench` found."""
    cases = list(found["cases"].values())
    made = [stage_table(case) for case in cases]
    if cases:
        made += [speed_table(cases), memory_table(cases)]
    with_references = [case for case in cases if "exact" in case]
    if with_references:
        made += [reference_table(with_references), exactness_table(with_references)]
        made.append(resampling_table(with_references))
        made += [branch_table(with_references)] if any_listed(with_references) else []
    if found.get("growth"):
        made.append(growth_table(found["growth"]))
    if found.get("levels"):
        made.append(level_table(found["levels"]))
    if found.get("start"):
        made.append(start_table(found["start"]))
    return made


def stage_table(case: dict[str, Any]) -> Table:
    """Where the time of one case goes."""
    total, pixels = case["total_s"], max(case["pixels"], 1)
    rows = [
        (name, f"{s:.3f}", f"{1e9 * s / pixels:.1f}", f"{s / total:.1%}")
        for name, s in (*case["stages"].items(), ("total", total))
    ]
    title = (
        f"{case['case']}: {case['title']}; {case['pixels'] / 1e6:.2f} million receivers, "
        f"{case['radius_km']:g} km in cells of {round(case['cell_m'], 1):g} m"
    )
    return Table(title, ("stage", "seconds", "ns per pixel", "share"), tuple(rows))


def speed_table(cases: Sequence[dict[str, Any]]) -> Table:
    """Pixels per second of all cases: of the whole call, and of its search alone."""
    rows = [
        (
            case["case"],
            f"{case['pixels'] / 1e6:.2f}",
            f"{case['total_s']:.2f}",
            f"{case['pixels_per_s'] / 1e6:.2f}",
            f"{case['search_pixels_per_s'] / 1e6:.2f}",
            f"{case['us_per_pixel_core']:.3f}",
            f"{case['search_us_per_pixel_core']:.3f}",
        )
        for case in cases
    ]
    head = ("case", "Mpx", "s", "Mpx/s", "search Mpx/s", "us per px and core", "search us")
    return Table("Speed", head, tuple(rows))


def memory_table(cases: Sequence[dict[str, Any]]) -> Table:
    """Peak memory beside five times the float32 bands that the call makes and 200 MB."""
    rows = [
        (
            case["case"],
            *(f"{case['memory'][key] / 1e6:.0f}" for key in ("before_bytes", "peak_bytes")),
            f"{case['memory']['float32_bands']}",
            f"{case['memory']['limit_bytes'] / 1e6:.0f}",
        )
        for case in cases
    ]
    head = ("case", "before, MB", "peak, MB", "float32 bands made", "5 x bands + 200 MB")
    return Table("Memory of the process, ground included", head, tuple(rows))


def reference_table(cases: Sequence[dict[str, Any]]) -> Table:
    """What the same pixels cost path by path, and how many times that is."""
    rows = [
        (
            case["case"],
            f"{case['reference']['samples_per_path']:.0f}",
            f"{case['reference']['ns_per_sample']:.1f}",
            f"{case['reference']['single_thread_us']:.1f}",
            f"{case['reference']['all_threads_us_per_core']:.1f}",
            f"{case['ratio']['all_threads']:.0f}",
            f"{case['ratio']['search']:.0f}",
            f"{case['per_path']['all_threads_us_per_core']:.1f}",
        )
        for case in cases
    ]
    head = (
        "case", "samples per path", "ns per sample", "us, one thread", "us per core, all threads",
        "ratio, whole call", "ratio, search alone", "on the raster itself, us",
    )  # fmt: skip
    return Table(
        "Per-path reference on the same pixels and the same warped ground", head, tuple(rows)
    )


def exactness_table(cases: Sequence[dict[str, Any]]) -> Table:
    """Deviation from the same paths drawn one by one."""
    rows = [
        (
            case["case"],
            f"{case['samples']}",
            *(f"{case['exact'][key]:.1e}" for key in ("median_db", "q999_db", "max_db")),
            f"{case['exact']['over_tolerance']}",
            f"{case['exact']['flag_differs']}",
        )
        for case in cases
    ]
    head = (
        "case",
        "receivers",
        "median, dB",
        "99.9 %, dB",
        "max, dB",
        "over 1e-3 dB",
        "other flag",
    )
    return Table("Exactness: against the reference on the same warped ground", head, tuple(rows))


def resampling_table(cases: Sequence[dict[str, Any]]) -> Table:
    """Difference from the per-path solver on the raster as it came."""
    rows = [
        (
            case["case"],
            f"{row['p_time_percent']:g}",
            *(f"{row[key]:.3f}" for key in ("median_db", "q90_db", "q99_db", "max_db")),
        )
        for case in cases
        for row in case["resampling"]
    ]
    head = ("case", "% of time", "median, dB", "90 %, dB", "99 %, dB", "max, dB")
    return Table("Warp and resampling: against paths through the raster itself", head, tuple(rows))


def any_listed(cases: Sequence[dict[str, Any]]) -> bool:
    """Whether a receiver differs by more than the tolerance."""
    return any(case["exact"]["listed"] for case in cases)


def branch_table(cases: Sequence[dict[str, Any]]) -> Table:
    """Receivers on which the two solvers take different branches."""
    rows = [
        (
            case["case"],
            f"{item['east_m']:.1f}",
            f"{item['north_m']:.1f}",
            f"{item['difference_db']:.4f}",
        )
        for case in cases
        for item in case["exact"]["listed"]
    ]
    head = ("case", "east, m", "north, m", "difference, dB")
    return Table("Receivers over 1e-3 dB, the largest five of each case", head, tuple(rows))


def growth_table(growth: dict[str, float]) -> Table:
    """How the cost of a pixel grows with the radius."""
    span = f"{growth['from_radius_km']:g} to {growth['to_radius_km']:g} km"
    row = (span, f"{growth['total'] - 1.0:+.0%}", f"{growth['search'] - 1.0:+.0%}")
    return Table("Growth of the cost per pixel", ("radius", "whole call", "search"), (row,))


def level_table(levels: Sequence[dict[str, Any]]) -> Table:
    """The first case by processor level."""
    rows = [
        (
            f"{row['level']} ({row['processor']['name']})",
            f"{row['total_s']:.2f}",
            f"{row['pixels_per_s'] / 1e6:.2f}",
            f"{row['us_per_pixel_core']:.3f}",
            f"{row['search_us_per_pixel_core']:.3f}",
            f"{row['reference_us_per_core']:.1f}",
            f"{row['max_db']:.1e}",
        )
        for row in levels
    ]
    head = (
        "level", "s", "Mpx/s", "us per px and core", "search us", "reference us", "max, dB"
    )  # fmt: skip
    return Table("grid_node by vectors of the processor", head, tuple(rows))


def start_table(start: dict[str, float]) -> Table:
    """From nothing to the first losses."""
    rows = [
        (
            label,
            *(f"{start[f'{name}_{key}']:.2f}" for key in ("import_s", "first_call_s", "process_s")),
        )
        for label, name in (("compiles everything", "cold"), ("from kept code", "warm"))
    ]
    head = ("start", "import, s", "first call, s", "whole process, s")
    return Table("Start of a process", head, tuple(rows))
