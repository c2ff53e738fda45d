"""What is exported: a run, the phases and services that are asked for, and what was missing."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from dtt_sim import __version__
from dtt_sim.errors import DttSimError
from dtt_sim.report.language import Language
from dtt_sim.report.layers import KINDS, Palette, palette, phase_of
from dtt_sim.scenario.transmitters import nearest
from dtt_sim.workflow.finished import FinishedRun, Layer, PhaseOfRun
from dtt_sim.workflow.tables import ALL

_UNSAFE: Final = re.compile(r"[^\w.-]+")
_NO_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
Tell = Callable[[str, int, int], None]


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def file_name(text: str) -> str:
    """A name that is one part of a path wherever it is written: a manifest may come from others."""
    name = _UNSAFE.sub("_", text).lstrip(".")[:120]
    return name or "_"


def plain(text: Any) -> str:
    """Text without the characters that XML and databases cannot hold; they become �."""
    return _NO_TEXT.sub("�", str(text))


@dataclass(frozen=True, eq=False)
class Source:
    """A run, and what of it is exported.

    Attributes
    ----------
    run : FinishedRun
    phases : tuple of PhaseOfRun
    services : tuple of str
        Empty for all.
    say : Language
    notes : list of str
        What is missing; added to.
    tell : callable
        Called with the stage, and how much of how much is done.
    """

    run: FinishedRun
    phases: tuple[PhaseOfRun, ...]
    services: tuple[str, ...]
    say: Language
    notes: list[str] = field(default_factory=list)
    tell: Tell = _silent

    @classmethod
    def of(
        cls, run: FinishedRun, phases: Sequence[str], services: Sequence[str], say: Language,
        tell: Tell = _silent,
    ) -> Source:  # fmt: skip
        """Choose phases and services by their ids; all where none is named.

        Raises
        ------
        DttSimError
            No such phase or service; names the nearest.
        """
        named = {phase_of(run, name).id for name in phases}
        chosen = tuple(phase for phase in run.phases if not named or phase.id in named)
        on_air = dict.fromkeys(name for phase in chosen for name in phase.services)
        for name in services:
            if name not in on_air:
                where = f"phase {', '.join(phases)}" if phases else "any phase"
                msg = f"{run.folder}: no service {name!r} in {where}{nearest(name, on_air)}"
                raise DttSimError(msg)
        return cls(run, chosen, tuple(dict.fromkeys(services)), say, [], tell)

    @property
    def name(self) -> str:
        """For files: that of the scenario."""
        return file_name(str(self.run.manifest["scenario"].get("name") or self.run.label))

    def note(self, text: str) -> None:
        """Say once that something is missing."""
        if text not in self.notes:
            self.notes.append(text)

    def note_error(self, error: DttSimError) -> None:
        """Say what an error says, with files as seen from the run: notes are written for others."""
        self.note(str(error).replace(f"{self.run.folder}/", ""))

    def services_of(self, phase: PhaseOfRun) -> list[str]:
        """Ids of the chosen services on air in a phase."""
        return [name for name in phase.services if not self.services or name in self.services]

    def each(self, stage: str) -> Iterator[tuple[PhaseOfRun, str]]:
        """Phases and services, telling how far it is."""
        pairs = [(phase, name) for phase in self.phases for name in self.services_of(phase)]
        for k, pair in enumerate(pairs):
            self.tell(stage, k, len(pairs))
            yield pair
        self.tell(stage, 1, 1)

    def layer(self, phase: PhaseOfRun, service: str, name: str) -> Layer | None:
        """A layer; None, and a note, where the run has none that can be read."""
        try:
            return self.run.layer(phase.id, service, name)
        except DttSimError as error:
            self.note_error(error)
            return None

    def layers(self, phase: PhaseOfRun, service: str) -> Iterator[tuple[str, Layer]]:
        """All layers of a service that the run has, by name."""
        for name in KINDS:
            found = self.layer(phase, service, name)
            if found is not None:
                yield name, found

    def colours(
        self, phase: PhaseOfRun, service: str, name: str, stations: tuple[str, ...] = ()
    ) -> Palette:
        """How a layer is coloured."""
        return palette(name, phase.services[service], stations, self.say)

    def fields(self) -> dict[str, tuple[str, list[PhaseOfRun]]]:
        """Field rasters of the chosen stations by name: station, and the phases that use it."""
        found: dict[str, tuple[str, list[PhaseOfRun]]] = {}
        by_id = {one["id"]: one.get("fields", {}) for one in self.run.manifest["phases"]}
        for phase in self.phases:
            for station, name in by_id.get(phase.id, {}).items():
                service = phase.stations[station].service if station in phase.stations else ""
                if not self.services or service in self.services:
                    found.setdefault(name, (station, []))[1].append(phase)
        return found

    def field_path(self, name: str) -> Path | None:
        """File of a field raster; None, and a note, where it is missing."""
        path = self.run.folder / "fields" / f"{name}.tif"
        if path.is_file() and file_name(name) == name:
            return path
        self.note(f"fields/{name}.tif is missing: no field strength of it; run the scenario again")
        return None

    @cached_property
    def tables(self) -> _Tables:
        """Tables of the run."""
        return _Tables(self)

    @cached_property
    def tags(self) -> dict[str, str]:
        """What every file says of itself."""
        tags = {
            "SCENARIO": plain(self.run.title),
            "MODEL": str(self.run.manifest.get("model", "ITU-R P.1812-8")),
            "SOFTWARE": f"dtt_sim {__version__}",
        }
        if self.run.credits:
            tags["CREDIT"] = plain("; ".join(self.run.credits))
        if self.run.is_schematic:
            tags["WARNING"] = "SCHEMATIC TERRAIN: not a prediction for the real ground"
        return tags

    @property
    def about(self) -> str:
        """The same in one line."""
        return "; ".join(f"{k.capitalize()}: {v}" for k, v in self.tags.items())

    def phase_text(self, phase: PhaseOfRun) -> str:
        """A phase with its date."""
        if phase.date is None:
            return self.say("map_text.phase", phase=phase.id)
        return self.say("map_text.from", phase=phase.id, date=self.say.date(phase.date))


class _Tables:
    """CSV tables of a run, by their key columns."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def rows(self, name: str, needs: Sequence[str]) -> list[dict[str, str]]:
        """Rows of a table; none, and a note, where it is missing or lacks a column."""
        source = self._source
        path = source.run.folder / f"{name}.csv"
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            why = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
            source.note(f"{name}.csv {why}: no figures of it; run the scenario again")
            return []
        lacking = [column for column in needs if rows and column not in rows[0]]
        if lacking:
            source.note(f"{name}.csv has no column {', '.join(lacking)}: no figures of it")
            return []
        return [row for row in rows if None not in row.values()]

    @cached_property
    def served(self) -> dict[tuple[str, str, str, str], dict[str, str]]:
        """Rows of ``summary.csv`` by phase, service, quality and unit."""
        needs = ("phase", "multiplex", "quality", "unit", "persons_served", "area_served_km2")
        rows = self.rows("summary", needs)
        return {(r["phase"], r["multiplex"], r["quality"], r["unit"]): r for r in rows}

    @cached_property
    def households(self) -> dict[tuple[str, str, str], float]:
        """Households of any programme by phase, unit and status, of ``ledger.csv``."""
        if not self._source.run.has_accounts:
            return {}
        found: dict[tuple[str, str, str], float] = {}
        for r in self.rows("ledger", ("phase", "unit", "kind", "status", "households")):
            if r["kind"] == "any":
                key = r["phase"], r["unit"], r["status"]
                found[key] = found.get(key, 0.0) + (number(r["households"]) or 0.0)
        return found

    def total(self, phase: str, service: str, quality: str) -> dict[str, str]:
        """Row of all units; empty where there is none."""
        return self.served.get((phase, service, quality, ALL), {})


def number(text: str | None) -> float | None:
    """A number of a table; None for an empty cell or no number."""
    try:
        return float(text) if text else None
    except ValueError:
        return None
