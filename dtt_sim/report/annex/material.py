"""A run's folder as it is: whatever of it can be read, and a list of what cannot.

A run that was interrupted has no manifest, one of an older version lacks tables or keys: a document says so
and has the rest.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from dtt_sim.errors import DttSimError
from dtt_sim.workflow.account_tables import (
    COST_HEADER,
    FAIRNESS_HEADER,
    GATE_HEADER,
    HEADLINE_HEADER,
)
from dtt_sim.workflow.finished import FinishedRun
from dtt_sim.workflow.manifest import MANIFEST
from dtt_sim.workflow.tables import CAUSE_HEADER, SUMMARY_HEADER
from dtt_sim.workflow.transition import LEDGER_HEADER


class Row(dict[str, str]):
    """A row of a table; a column that another version lacks is empty."""

    def __missing__(self, key: str) -> str:
        """Nothing, in place of an error."""
        del key
        return ""


ACCOUNTS = ("ledger", "costs", "gates", "fairness", "headline")
"""Tables that only runs of a plan with households have."""
TABLES = ("summary", "causes", "programmes", *ACCOUNTS, "alternatives", "links", "assumptions")


HEADERS: Final = {
    "summary": SUMMARY_HEADER, "causes": CAUSE_HEADER, "ledger": LEDGER_HEADER,
    "costs": COST_HEADER, "gates": GATE_HEADER, "fairness": FAIRNESS_HEADER,
    "headline": HEADLINE_HEADER,
}  # fmt: skip
"""Columns that this version writes."""


class Missing(NamedTuple):
    """Something that a document would have, and cannot.

    Attributes
    ----------
    file : str
    reason : str
        A message of the group ``document_missing``.
    detail : str
    """

    file: str
    reason: str
    detail: str = ""


class Phase(NamedTuple):
    """A phase, as far as the folder knows it.

    Attributes
    ----------
    id, title : str
    date : date or None
    stations : dict
        On air, as the manifest has them.
    services : dict
        On air, as the manifest has them.
    confidence, note : str
        Of the date.
    """

    id: str
    title: str
    date: dt.date | None
    stations: Mapping[str, Mapping[str, Any]]
    services: Mapping[str, Mapping[str, Any]]
    confidence: str
    note: str


@dataclass(frozen=True, eq=False)
class Material:
    """What a folder of a run holds.

    Attributes
    ----------
    folder : Path
    manifest : dict
        Empty where there is none.
    run : FinishedRun or None
        None where the run is not finished, or of another version.
    missing : list of Missing
        Grows as files are asked for.
    """

    folder: Path
    manifest: Mapping[str, Any]
    run: FinishedRun | None
    missing: list[Missing] = field(default_factory=list)
    _tables: dict[str, list[Row]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path | str) -> Material:
        """Look into a run's folder.

        Raises
        ------
        DttSimError
            Nothing of a run is there.
        """
        folder = Path(folder)
        if folder.suffix == ".toml":
            msg = f"{folder}: is a scenario; run it first: dtt-sim run {folder} --out FOLDER"
            raise DttSimError(msg)
        if not folder.is_dir():
            msg = f"{folder}: no such folder; give the folder that dtt-sim run wrote"
            raise DttSimError(msg)
        manifest, missing = _manifest(folder)
        if not manifest and not any((folder / f"{name}.csv").is_file() for name in TABLES):
            msg = f"{folder}: nothing of a run is there; give the folder that dtt-sim run wrote"
            raise DttSimError(msg)
        run = None
        if manifest:
            try:
                run = FinishedRun.open(folder)
            except DttSimError as error:
                missing.append(Missing(MANIFEST, "version", str(error)))
        return cls(folder, manifest, run, missing)

    def get(self, *path: str) -> Any:
        """A value of the manifest by its keys; None where it is not there."""
        found: Any = self.manifest
        for key in path:
            if not isinstance(found, Mapping):
                return None
            found = found.get(key)
        return found

    def mapping(self, *path: str) -> Mapping[str, Any]:
        """A table of the manifest; empty where it is not there."""
        found = self.get(*path)
        return found if isinstance(found, Mapping) else {}

    def listed(self, *path: str) -> list[Any]:
        """A list of the manifest; empty where it is not there."""
        found = self.get(*path)
        return list(found) if isinstance(found, Sequence) and not isinstance(found, str) else []

    @property
    def title(self) -> str:
        """Title of the scenario, with the override in force; the folder's name where there is none."""
        scenario = self.mapping("scenario")
        name = scenario.get("title") or scenario.get("name") or self.folder.resolve().name
        return f"{name} [{scenario['override']}]" if scenario.get("override") else str(name)

    @property
    def is_schematic(self) -> bool:
        """Whether the relief is made up, by the manifest or the tables."""
        told = self.get("terrain", "is_schematic")
        if told is None:
            return any(row.get("terrain") == "SCHEMATIC" for row in self.rows("summary"))
        return bool(told)

    @property
    def credits(self) -> list[str]:
        """Of terrain and population."""
        found = [
            *self.listed("terrain", "credits"),
            *self.listed("scenario", "terrain", "credits"),
            *self.listed("scenario", "population", "credits"),
        ]
        return [str(one) for one in dict.fromkeys(map(str, found))]

    @property
    def vintage(self) -> str:
        """Date of the administrative units."""
        told = self.mapping("scenario", "population").get("vintage")
        if told:
            return str(told)
        return next((r["unit_vintage"] for r in self.rows("summary") if r.get("unit_vintage")), "")

    @property
    def currency(self) -> str:
        """Of prices; empty without costs."""
        return next((row["currency"] for row in self.rows("costs") if row.get("currency")), "")

    def rows(self, name: str) -> list[Row]:
        """Rows of a table; none where it is not there, which is noted once."""
        if name not in self._tables:
            self._tables[name] = self._read(name)
        return self._tables[name]

    def _read(self, name: str) -> list[Row]:
        path = self.folder / f"{name}.csv"
        if not path.is_file():
            self.missing.append(Missing(path.name, self._why_absent(name)))
            return []
        rows: list[Row] = []
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file)
                for row in reader:
                    if None in row or None in row.values():
                        detail = f"{path.name}:{reader.line_num}"
                        self.missing.append(Missing(path.name, "cut_off", detail))
                        break
                    rows.append(Row(row))
                lacking = [c for c in HEADERS.get(name, ()) if c not in (reader.fieldnames or ())]
                if lacking:
                    detail = ", ".join(lacking)
                    self.missing.append(Missing(path.name, "columns", detail))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            self.missing.append(Missing(path.name, "unreadable", str(error)))
        return rows

    def _why_absent(self, name: str) -> str:
        if name in ACCOUNTS and self.manifest and not self.get("has_accounts"):
            return "no_plan"
        if name in {"alternatives", "links"} and self.manifest:
            key = "alternative" if name == "alternatives" else "link"
            return "absent" if self.listed("scenario", key) else "none_asked"
        return "absent"

    def picture(self, *parts: str) -> Path | None:
        """A picture of the run; None where it is not there, which is noted."""
        path = self.folder.joinpath(*parts)
        try:
            with path.open("rb") as file:
                if file.read(8) == b"\x89PNG\r\n\x1a\n":
                    return path
            reason = "unreadable"
        except (OSError, ValueError):
            reason = "absent"
        self.missing.append(Missing("/".join(parts), reason))
        return None

    @cached_property
    def phases(self) -> list[Phase]:
        """Phases by date: those of the manifest, or else those that tables speak of."""
        told = {
            str(one["id"]): one
            for one in self.listed("scenario", "phase")
            if isinstance(one, Mapping) and "id" in one
        }
        found = []
        for one in self.listed("phases"):
            if not isinstance(one, Mapping) or "id" not in one:
                continue
            about = told.get(str(one["id"]), {})
            found.append(
                Phase(
                    str(one["id"]), str(about.get("title") or one["id"]), date_of(one.get("date")),
                    _mapping(one.get("stations")), _mapping(one.get("services")),
                    str(about.get("confidence") or ""), str(about.get("note") or ""),
                )
            )  # fmt: skip
        return found or self._phases_of_tables()

    def _phases_of_tables(self) -> list[Phase]:
        dates: dict[str, dt.date | None] = {}
        for name in ("fairness", "summary", "causes"):
            for row in self.rows(name):
                if row.get("phase"):
                    dates.setdefault(row["phase"], date_of(row.get("date")))
        return [Phase(id_, id_, date, {}, {}, "", "") for id_, date in dates.items()]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _manifest(folder: Path) -> tuple[Mapping[str, Any], list[Missing]]:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, [Missing(MANIFEST, "interrupted")]
    except (OSError, ValueError) as error:
        return {}, [Missing(MANIFEST, "unreadable", str(error))]
    if not isinstance(found, dict):
        return {}, [Missing(MANIFEST, "unreadable")]
    return found, []


def date_of(value: object) -> dt.date | None:
    """A date as tables have it; None for none."""
    try:
        return dt.date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None


def number_of(text: object) -> float | None:
    """A number as tables have it; None for none."""
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
