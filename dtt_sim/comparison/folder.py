"""The folder of a comparison: rasters, tables, maps and what they rest on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dtt_sim import __version__
from dtt_sim.comparison.comparable import Comparable, Match, Pair, make_comparable
from dtt_sim.comparison.counts import CHANGES, GAINED, LOST
from dtt_sim.comparison.dataset import chosen_pairs, file_name, labelled
from dtt_sim.comparison.households import HouseholdChanges
from dtt_sim.comparison.money import per_household
from dtt_sim.comparison.ranking import Ranking, rank_runs
from dtt_sim.comparison.results import Against, Comparison, PairResult, compare_pair
from dtt_sim.comparison.services import ANY_DIGITAL, NO_DATA, QUALITIES, ServiceChange
from dtt_sim.comparison.tables import write_tables
from dtt_sim.errors import DttSimError
from dtt_sim.scenario.transmitters import nearest
from dtt_sim.transition.ledger import ANY
from dtt_sim.typing import Float64Array
from dtt_sim.workflow.finished import FinishedRun
from dtt_sim.workflow.manifest import MANIFEST
from dtt_sim.workflow.output import NODATA, claim_folder, write_cog, write_json

COLOURS = ("#faf7f0", "#e8871e", "#0b3c6f", "#cfdbe3")
"""Of changes, in their order: distinct in hue and in lightness, for print in grey."""
Drawer = Callable[[Path, Comparable, Pair, Sequence[ServiceChange]], None]
Tell = Callable[[str, int, int], None]
DONE = "comparison.json"
"""Says `finished` once all else is written; before that which folders are being written."""


def write_comparison(
    given: Sequence[FinishedRun],
    out: Path,
    *,
    phases: Sequence[str] | None = None,
    quality: str = "good",
    match: Match = "id",
    regrid: bool = False,
    by: str = "receiving",
    draw: Drawer | None = None,
    tell: Tell | None = None,
) -> Comparison:
    """Compare runs with the first of them, and write what is found.

    Parameters
    ----------
    given : sequence of FinishedRun
        Two or more.
    out : path
        Folder; created.
    phases, quality, match, regrid
        As :func:`dtt_sim.compare` has them.
    by : str
        Criterion that orders the runs; see :mod:`dtt_sim.comparison.ranking`.
    draw : callable, optional
        Called with a PNG file for every pair of phases in which anything changes.
    tell : callable, optional
        Called with the stage, and how much of how much is done.

    Raises
    ------
    DttSimError
        Runs that cannot be compared; says why, before anything is written.
    """
    _check(given, out, quality)
    runs = labelled(given)
    base, *others = runs
    comparable = [make_comparable(base, run, match=match, regrid=regrid) for run in others]
    pairs = [chosen_pairs(one, phases) for one in comparable]
    ranking = rank_runs(runs, match=match)
    _check_criterion(ranking, by)
    claim_folder(out)
    _clear(out, runs[1:])
    told = tell or (lambda _stage, _done, _total: None)
    total, done = sum(map(len, pairs)), 0
    cell_km2 = base.grid.cell_area_km2()
    against = []
    for one, own in zip(comparable, pairs, strict=True):
        households = HouseholdChanges.of(one)
        results = []
        for pair in own:
            told(f"{one.other.label}, {pair.name}", done, total)
            results.append(_write_pair(out, one, pair, households, cell_km2, quality, draw))
            done += 1
        items = households.items if households is not None else ()
        costs = per_household(base, one.other, own[-1], items)
        against.append(Against(one, tuple(results), tuple(costs)))
    told("tables", total, max(total, 1))
    found = Comparison(out, tuple(runs), tuple(against), ranking, by)
    write_tables(found)
    write_json(out / DONE, _manifest(found, quality, match, regrid=regrid))
    return found


def _check(runs: Sequence[FinishedRun], out: Path, quality: str) -> None:
    folders = [run.folder.resolve() for run in runs]
    if len(runs) < 2:
        msg = "one run alone cannot be compared; give two or more"
        raise DttSimError(msg)
    twice = next((f for k, f in enumerate(folders) if f in folders[:k]), None)
    if twice is not None:
        msg = f"{twice.name} is given twice; give two different runs"
        raise DttSimError(msg)
    if out.resolve() in folders:
        msg = f"{out}: is one of the runs; choose another folder for --out"
        raise DttSimError(msg)
    if quality not in QUALITIES:
        msg = f"no quality {quality!r}; choose from {', '.join(QUALITIES)}"
        raise DttSimError(msg)


TABLES = (
    "changes", "households", "ledger", "costs", "gates", "fairness", "cost_per_household", "ranking",
    "beats",
)  # fmt: skip


def _clear(out: Path, runs: Sequence[FinishedRun]) -> None:
    """Take away what an earlier comparison wrote, and say at once what this one will write."""
    try:
        earlier = json.loads((out / DONE).read_text(encoding="utf-8"))["folders"]
    except (OSError, ValueError, KeyError, TypeError):
        earlier = []
    folders = [file_name(run.label) for run in runs]
    for name in {*folders, *(one for one in earlier if isinstance(one, str))}:
        # A name and no path, whatever the file says.
        if name == file_name(name):
            shutil.rmtree(out / name, ignore_errors=True)
    for name in (*(f"{table}.csv" for table in TABLES), "ranking.png", "comparison.txt"):
        (out / name).unlink(missing_ok=True)
    write_json(out / DONE, {"finished": False, "folders": folders})


def _check_criterion(ranking: Ranking | None, by: str) -> None:
    known = list(dict.fromkeys(s.criterion.id for s in ranking.standings)) if ranking else []
    if known and by not in known:
        msg = f"no criterion {by!r} in these runs{nearest(by, known)}"
        raise DttSimError(msg)


def _write_pair(
    out: Path, runs: Comparable, pair: Pair, households: HouseholdChanges | None,
    cell_km2: Float64Array, quality: str, draw: Drawer | None,
) -> PairResult:  # fmt: skip
    folder = out / file_name(runs.other.label) / pair.name
    changed: list[ServiceChange] = []

    def keep(found: ServiceChange) -> None:
        _write_change(folder, runs, found)
        changed.append(found)

    result = compare_pair(runs, pair, households, cell_km2, quality=quality, keep=keep)
    if households is not None and any(
        c.change in {CHANGES[LOST], CHANGES[GAINED]} for c in result.households[ANY]
    ):
        _write_households(folder, runs, households, pair)
    if draw is not None and changed:
        draw(folder / "map.png", runs, pair, changed)
    return result


def _tags(runs: Comparable) -> dict[str, str]:
    tags = {
        "RUN": f"{runs.other.label}: {runs.other.title}",
        "AGAINST": f"{runs.base.label}: {runs.base.title}",
        "SOFTWARE": f"dtt_sim {__version__}",
        "CREDIT": "; ".join(dict.fromkeys((*runs.base.credits, *runs.other.credits))),
    }
    if runs.base.is_schematic or runs.other.is_schematic:
        tags["WARNING"] = "SCHEMATIC TERRAIN: not a prediction for the real ground"
    return tags


def _write_change(folder: Path, runs: Comparable, found: ServiceChange) -> None:
    name = "any_dvb_t2" if found.service == ANY_DIGITAL else found.service
    codes = ", ".join(f"{k} {text}" for k, text in enumerate(CHANGES))
    grid, tags = runs.base.grid, _tags(runs)
    write_cog(
        folder / f"{name}_change.tif", grid, [(f"{found.quality}: {codes}", "", found.change)],
        nodata=NO_DATA, tags=tags, colours=dict(enumerate(COLOURS)),
    )  # fmt: skip
    write_cog(
        folder / f"{name}_margin_difference.tif", grid,
        [(f"margin of {runs.other.label} less that of {runs.base.label}", "dB",
          found.margin_difference_db)],
        nodata=NODATA, tags=tags,
    )  # fmt: skip


def _write_households(
    folder: Path, runs: Comparable, households: HouseholdChanges, pair: Pair
) -> None:
    """Households by what becomes of reception of anything; no data where none live."""
    by_place = households.by_place(pair, ANY)
    grid = runs.base.grid
    bands = []
    for k in reversed(range(len(CHANGES))):
        cells = np.full(grid.n_row * grid.n_col, np.nan, np.float32)
        cells[households.cell] = 0.0
        np.add.at(cells, households.cell, by_place[k].astype(np.float32))
        name = f"households, any programme: {CHANGES[k]}"
        bands.append((name, "1", cells.reshape(grid.shape)))
    write_cog(folder / "households.tif", grid, bands, nodata=NODATA, tags=_tags(runs))


def _manifest(found: Comparison, quality: str, match: Match, *, regrid: bool) -> dict[str, Any]:
    """What was compared, how, and what differs beside the network."""
    here = found.out.resolve()
    return {
        "finished": True,
        "folders": [file_name(run.label) for run in found.runs[1:]],
        "dtt_sim": __version__,
        "is_schematic": found.is_schematic,
        "quality": quality,
        "match": match,
        "regrid": regrid,
        "by": found.by,
        "runs": [
            {
                "label": run.label,
                "title": run.title,
                "folder": Path(os.path.relpath(run.folder.resolve(), here)).as_posix(),
                "manifest_sha256": hashlib.sha256((run.folder / MANIFEST).read_bytes()).hexdigest(),
                "seed": (run.manifest["scenario"].get("uncertainty") or {}).get("seed"),
            }
            for run in found.runs
        ],
        "draws": found.ranking.n_draw if found.ranking else 0,
        "no_probabilities": found.ranking.note if found.ranking else "",
        "against": {
            one.runs.other.label: {
                "warnings": list(one.runs.warnings),
                "phases": {
                    r.pair.name: {
                        "base": r.pair.base.id,
                        "other": r.pair.other.id,
                        "changed": r.changed,
                    }
                    for r in one.results
                },
            }
            for one in found.against
        },
    }
