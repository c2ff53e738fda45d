"""Runs in a notebook: a summary of what they found, and any layer as a picture with one call."""

from __future__ import annotations

import csv
import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from dtt_sim.report.language import language
from dtt_sim.workflow import run as workflow
from dtt_sim.workflow.finished import FinishedRun
from dtt_sim.workflow.remains import open_run_or_remains
from dtt_sim.workflow.tables import ALL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

P = ParamSpec("P")
LONGEST = 200
"""Characters of a text in a summary."""


class OpenedRun(FinishedRun):
    """A finished run that shows itself in a notebook and plots its layers."""

    def _repr_html_(self) -> str:
        """What a notebook shows of it."""
        return summary_html(self)

    def __repr__(self) -> str:
        """In one line."""
        return f"<run {self.folder}: {_cut(self.title)}, {len(self.phases)} phases>"

    def plot(
        self, layer: str = "served", *, service: str | None = None, phase: str | None = None,
        lang: str = "en", dpi: int = 110,
    ) -> Figure:  # fmt: skip
        """A layer of the run as a map.

        Parameters
        ----------
        layer : str
            "served", "margin", "cause", "probability", "best_server", "usable_field" or "field".
        service, phase : str, optional
            The first service on air, in the last phase, by default.
        lang : {"en", "vi"}
        dpi : int
            Dots per inch.

        Returns
        -------
        matplotlib Figure
            Shown by a notebook as the value of a cell; ``figure.savefig("map.png")`` keeps it.

        Raises
        ------
        DttSimError
            No such layer, service or phase; names the nearest.
        """
        from dtt_sim.report.run_map import draw_run_map

        figure, _ = draw_run_map(
            self, language(lang), layer=layer, service=service, phase=phase, dpi=dpi
        )
        return figure


class Run(workflow.Run):
    """What a run found, which shows itself in a notebook and plots its layers."""

    def _repr_html_(self) -> str:
        """What a notebook shows of it."""
        return summary_html(self.opened, self.warnings)

    @property
    def opened(self) -> OpenedRun:
        """The run as its folder has it."""
        return open_run(self.out)

    @wraps(OpenedRun.plot)
    def plot(self, *arguments: Any, **options: Any) -> Figure:
        """A layer of the run as a map; see :meth:`OpenedRun.plot`."""
        return self.opened.plot(*arguments, **options)


def open_run(folder: Path | str, label: str | None = None) -> OpenedRun:
    """Open the folder of a run: nothing is computed again, and its scenario is not needed.

    Parameters
    ----------
    folder : path
    label : str, optional
        What it is called beside others; by default the name of its folder.

    Raises
    ------
    DttSimError
        No run's folder. Of an interrupted run, or another version's, what is there is opened, and a
        warning says what is not.
    """
    import warnings

    opened = open_run_or_remains(folder, label)
    for note in opened.notes:
        warnings.warn(note, stacklevel=2)
    return OpenedRun(opened.run.folder, opened.run.label, opened.run.manifest)


def _shown(
    compute: Callable[P, workflow.Run],
) -> Callable[P, Run]:
    """The same, with a result that shows itself."""

    @wraps(compute)
    def run(*arguments: P.args, **options: P.kwargs) -> Run:
        found = compute(*arguments, **options)
        return Run(**{one.name: getattr(found, one.name) for one in fields(found)})

    return run


run = _shown(workflow.run)


def summary_html(run: FinishedRun, warnings: Iterable[str] = ()) -> str:
    """A run in short: who it is, what is on air when, and who is served. Texts are text."""
    facts = [("folder", str(run.folder)), ("grid", _grid(run))]
    if run.is_schematic:
        facts.append(("warning", "SCHEMATIC TERRAIN: the relief is made up"))
    facts += [("warning", text) for text in warnings]
    head = "".join(f"<tr><th>{_safe(k)}</th><td>{_safe(v)}</td></tr>" for k, v in facts)
    header = ("phase", "from", "service", "stations", "people served: lower", "higher quality")
    body = "".join(_row(cells) for cells in _phase_rows(run))
    columns = "".join(f"<th>{text}</th>" for text in header)
    return (
        f"<div><strong>{_safe(run.title)}</strong><table>{head}</table>"
        f"<table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _grid(run: FinishedRun) -> str:
    _, width_m = run.grid.cell_size_m()
    return f"{run.grid.n_row} x {run.grid.n_col} cells of {width_m:,.0f} m, {run.grid.crs}"


def _phase_rows(run: FinishedRun) -> list[tuple[str, ...]]:
    shares = _shares(run.folder / "summary.csv")
    rows: list[tuple[str, ...]] = []
    for phase in run.phases:
        for name, service in phase.services.items():
            n_station = sum(s.service == name for s in phase.stations.values())
            low, high = shares.get((phase.id, name), ("", ""))
            rows.append((phase.id, str(phase.date or ""), service.title, str(n_station), low, high))
    return rows


def _shares(path: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Share of all people served by phase and service, at both qualities; none without the table."""
    found: dict[tuple[str, str], list[str]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row.get("unit") == ALL:
                    key = row.get("phase", ""), row.get("multiplex", "")
                    percent = row.get("persons_served_percent")
                    found.setdefault(key, []).append(f"{percent} %" if percent else "")
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return {key: (v[0], v[1]) for key, v in found.items() if len(v) == 2}


def _row(cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<td>{_safe(text)}</td>' for text in cells)}</tr>"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _safe(text: str) -> str:
    return html.escape(_cut(text))
