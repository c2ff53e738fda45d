"""A comparison as one dataset: ``dtt_sim.compare(a, b)``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dtt_sim.comparison.comparable import Comparable, Match, Pair, make_comparable
from dtt_sim.comparison.counts import CHANGES, Count
from dtt_sim.comparison.households import HouseholdChanges
from dtt_sim.comparison.money import amounts, currency_of
from dtt_sim.comparison.ranking import Ranking, rank_runs
from dtt_sim.comparison.services import ANY_DIGITAL, NO_DATA, count_people, service_changes
from dtt_sim.errors import DttSimError
from dtt_sim.scenario.transmitters import nearest
from dtt_sim.transition.ledger import Item
from dtt_sim.workflow.finished import FinishedRun
from dtt_sim.workflow.run import Run
from dtt_sim.workflow.tables import ALL

if TYPE_CHECKING:
    import xarray as xr


def compare(
    a: Run | FinishedRun | Path | str,
    b: Run | FinishedRun | Path | str,
    *,
    phases: Sequence[str] | None = None,
    services: Sequence[str] | None = None,
    quality: str = "good",
    match: Match = "id",
    regrid: bool = False,
) -> xr.Dataset:
    """What a run gains, loses and costs against another.

    Parameters
    ----------
    a, b : Run, path or FinishedRun
        The base, and the run that is held against it: what :func:`dtt_sim.run` returned, or the
        folder of a finished run.
    phases, services : sequence of str, optional
        Only these; by default all that both runs have a phase for.
    quality : {"good", "acceptable"}
        That counts as served; of analogue services grade 4 and grade 3.
    match : {"id", "date"}
        Whether phases of one name are held against each other, or what is on air on one date.
    regrid : bool
        Take another grid's nearest cells, which is otherwise refused.

    Returns
    -------
    xarray.Dataset
        ``change`` (phase, service, y, x): 0 neither, 1 lost, 2 gained, 3 kept, 255 no data;
        ``margin_difference`` (phase, service, y, x), b less a [dB]; with a population
        ``persons`` (phase, service, unit, change_kind), NaN where neither run has the service; of
        plans ``households`` (phase, item, unit, change_kind), ``value``, ``low``, ``high``, ``probability_best`` (criterion, run),
        ``probability_b_better`` (criterion) and ``cost`` (cost_item, run). Attributes have the
        runs, the grid and ``warnings``: what differs beside the network.

    Raises
    ------
    NotComparableError
        Another grid, units, population or households; no phase in common. Says which.
    DttSimError
        No finished run, or no such phase or service.

    Examples
    --------
    >>> found = compare("out/base", "out/high_site")  # doctest: +SKIP
    >>> found.persons.sel(unit="(all)", change_kind="gained").to_pandas()  # doctest: +SKIP
    """
    base, other = labelled([opened(a), opened(b)])
    runs = make_comparable(base, other, match=match, regrid=regrid)
    pairs = chosen_pairs(runs, phases)
    return _dataset(runs, pairs, services, quality, rank_runs([base, other], match=match))


def opened(run: Run | FinishedRun | Path | str) -> FinishedRun:
    """A finished run, however it is given."""
    if isinstance(run, FinishedRun):
        return run
    return FinishedRun.open(run.out if isinstance(run, Run) else run)


def labelled(runs: Sequence[FinishedRun]) -> list[FinishedRun]:
    """The same runs, those whose folders share a name told apart by the folder above.

    Raises
    ------
    DttSimError
        Runs that cannot be told apart all the same.
    """
    names = [run.label for run in runs]
    found = [
        FinishedRun(
            run.folder,
            run.label if names.count(run.label) == 1 or run.label != run.folder.resolve().name
            else f"{run.folder.resolve().parent.name}-{run.label}",
            run.manifest,
        )
        for run in runs
    ]  # fmt: skip
    seen: dict[str, str] = {}
    for run in found:
        _check_label(run.label)
        key = file_name(run.label).casefold()
        if key in seen:
            msg = (
                f"runs {seen[key]!r} and {run.label!r} would have folders of one name; give each a "
                "label of its own (--label)"
            )
            raise DttSimError(msg)
        seen[key] = run.label
    return found


MOST_LETTERS = 60


def _check_label(label: str) -> None:
    if not label.strip() or len(label) > MOST_LETTERS or not label.isprintable():
        msg = (
            f"{label[:MOST_LETTERS]!r} is no label of a run; give 1 to {MOST_LETTERS} letters in one "
            "line"
        )
        raise DttSimError(msg)


def file_name(label: str) -> str:
    """A label as the name of a folder."""
    return re.sub(r"[^\w-]+", "_", label).strip("_") or "run"


def chosen_pairs(runs: Comparable, phases: Sequence[str] | None) -> tuple[Pair, ...]:
    """Pairs of phases by name; all by default.

    Raises
    ------
    DttSimError
        No such pair; names those there are.
    """
    names = [pair.name for pair in runs.pairs]
    for name in phases or ():
        if name not in names:
            msg = f"no phase {name!r} to compare{nearest(name, names)}"
            raise DttSimError(msg)
    return tuple(pair for pair in runs.pairs if phases is None or pair.name in phases)


def item_label(item: Item) -> str:
    """Name of an item that no other has."""
    return item.name if item.kind == "any" else f"{item.kind} {item.name}"


def _dataset(
    runs: Comparable, pairs: Sequence[Pair], wanted: Sequence[str] | None, quality: str,
    ranking: Ranking | None,
) -> xr.Dataset:  # fmt: skip
    import xarray as xr

    known = dict.fromkeys(n for p in pairs for n in (*p.base.services, *p.other.services))
    names = [*known, ANY_DIGITAL]
    for name in wanted or ():
        if name not in names:
            msg = f"no service {name!r} to compare{nearest(name, names)}"
            raise DttSimError(msg)
    names = [name for name in names if wanted is None or name in wanted]
    shape = len(pairs), len(names), *runs.base.grid.shape
    change = np.full(shape, NO_DATA, np.uint8)
    margin = np.full(shape, np.nan, np.float32)
    places = runs.base.places
    units = () if places is None else (*places.units, ALL)
    # NaN where neither run has the service on air.
    persons = np.full((len(pairs), len(names), len(units), len(CHANGES)), np.nan)
    for p, pair in enumerate(pairs):
        for found in service_changes(runs, pair, quality=quality, only=names):
            s = names.index(found.service)
            change[p, s], margin[p, s] = found.change, found.margin_difference_db
            if places is not None:
                persons[p, s] = 0.0
                _add(persons[p, s], count_people(found, places), units)
    grid = runs.base.grid
    on_grid = ("phase", "service", "y", "x")
    data = xr.Dataset(
        {
            "change": (on_grid, change, {
                "long_name": "what becomes of a service",
                "flag_values": np.array([*range(len(CHANGES)), NO_DATA], np.uint8),
                "flag_meanings": " ".join([*CHANGES, "no_data"]),
            }),
            "margin_difference": (on_grid, margin, {
                "long_name": f"margin of {runs.other.label} less that of {runs.base.label}",
                "units": "dB",
            }),
        },
        {
            "phase": [pair.name for pair in pairs],
            "date": ("phase", np.array([pair.date for pair in pairs], "datetime64[ns]")),
            "service": names,
            "y": ("y", grid.y, {"units": "degrees_north" if grid.is_geographic else "m"}),
            "x": ("x", grid.x, {"units": "degrees_east" if grid.is_geographic else "m"}),
        },
        {
            "Conventions": "CF-1.11",
            "title": f"{runs.other.title} against {runs.base.title}",
            "base": runs.base.label, "other": runs.other.label, "quality": quality,
            "grid_crs": grid.crs, "grid_transform": grid.transform,
            "unit_vintage": runs.base.vintage, "warnings": list(runs.warnings),
            "is_schematic": int(runs.base.is_schematic or runs.other.is_schematic),
        },
    )  # fmt: skip
    if places is not None:
        data = data.assign_coords(unit=list(units), change_kind=list(CHANGES))
        data["persons"] = (
            ("phase", "service", "unit", "change_kind"), persons,
            {"units": "1", "long_name": f"persons, {quality} reception"},
        )  # fmt: skip
    _add_households(data, runs, pairs)
    if ranking is not None:
        _add_ranking(data, runs, ranking)
    return data


def _add(into: Any, counts: Sequence[Count], units: Sequence[str]) -> None:
    position = {unit: k for k, unit in enumerate(units)}
    for count in counts:
        into[position[count.unit], CHANGES.index(count.change)] += count.number


def _add_households(data: xr.Dataset, runs: Comparable, pairs: Sequence[Pair]) -> None:
    changes = HouseholdChanges.of(runs)
    if changes is None:
        return
    # Households live in named units only.
    units = [str(unit) for unit in data["unit"].to_numpy()]
    found = np.zeros((len(pairs), len(changes.items), len(units), len(CHANGES)))
    for p, pair in enumerate(pairs):
        for i, item in enumerate(changes.items):
            _add(found[p, i], changes.count(pair, item), units)
    data["households"] = (
        ("phase", "item", "unit", "change_kind"), found,
        {"units": "1", "long_name": "households that watch terrestrial television"},
    )  # fmt: skip
    data.coords["item"] = [item_label(item) for item in changes.items]


def _add_ranking(data: xr.Dataset, runs: Comparable, ranking: Ranking) -> None:
    labels = [runs.base.label, runs.other.label]
    criteria = list(dict.fromkeys(s.criterion for s in ranking.standings))
    by_key = {(s.criterion.id, s.run): s for s in ranking.standings}
    at = ("criterion", "run")
    data.coords["criterion"] = [c.id for c in criteria]
    data.coords["run"] = labels
    data["criterion_unit"] = ("criterion", [c.unit for c in criteria])
    for name, key in (
        ("value", "value"), ("low", "low"), ("high", "high"), ("probability_best", "best"),
    ):  # fmt: skip
        values = [[getattr(by_key[c.id, run], key) for run in labels] for c in criteria]
        data[name] = at, np.array(values)
    data["probability_b_better"] = (
        "criterion",
        [ranking.duel(c.id, labels[1], labels[0]).probability for c in criteria],
    )
    data.attrs["n_draw"] = ranking.n_draw
    if ranking.note:
        data.attrs["no_probabilities"] = ranking.note
    totals = [a for a in amounts(runs.base, runs.other) if (a.phase, a.where) == (ALL, ALL)]
    if totals and currency_of(runs.base) == currency_of(runs.other):
        data.coords["cost_item"] = [a.item for a in totals]
        data["cost"] = (
            ("cost_item", "run"), np.array([[a.base, a.other] for a in totals]),
            {"units": currency_of(runs.base)},
        )  # fmt: skip
