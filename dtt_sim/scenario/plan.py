"""The dated plan of a scenario: who is on air in each phase, and what else changes.

A phase changes the one before it. Changes of an override, and of the command line, are laid over all
phases: a station that an override takes off the air stays off whatever the plan says.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from dtt_sim.model import Transmitter
from dtt_sim.scenario.merge import Layer, Merged
from dtt_sim.scenario.plan_schema import PhaseKeys
from dtt_sim.scenario.transmitters import Row, nearest

CHANGED = ("transmitters", "multiplexes", "analogue")
"""Tables of a scenario that a phase may change."""


class Step(NamedTuple):
    """A phase, and what it lays over the scenario.

    Attributes
    ----------
    keys : PhaseKeys
    changes : dict
        Tables of `CHANGED`, with `on_air` of the stations that come and go.
    vacated_mhz : tuple of (float, float)
        Ranges that no station may use, those of earlier phases included [MHz].
    switched_on : frozenset of str
        Stations that come on air in this phase.
    """

    keys: PhaseKeys
    changes: dict[str, Any]
    vacated_mhz: tuple[tuple[float, float], ...]
    switched_on: frozenset[str]


def read_phases(merged: Merged) -> list[tuple[int, PhaseKeys]]:
    """Position and keys of the phases that are well formed; others are reported with the file."""
    found = []
    tables = merged.values.get("phase")
    for k, table in enumerate(tables if isinstance(tables, list) else ()):
        try:
            found.append((k, PhaseKeys.model_validate(table)))
        except ValidationError:
            continue
    for (_, a), (k, b) in itertools.pairwise(found):
        if b.date <= a.date:
            text = f"{b.date} is not after {a.date} of phase {a.id}; put the phases in order"
            merged.report(("phase", k, "date"), text)
    seen: set[str] = set()
    for k, keys in found:
        if keys.id in seen:
            merged.report(("phase", k, "id"), f"{keys.id!r} stands there twice; ids are unique")
        seen.add(keys.id)
    return found


def lay_over_phases(merged: Merged, layer: Layer) -> None:
    """Lay the table `phase` of an override, by the phases' ids, over the plan."""
    changes = layer.values.get("phase")
    if changes is None:
        return
    tables = merged.values.get("phase")
    by_id = {t.get("id"): k for k, t in enumerate(tables or ()) if isinstance(t, dict)}
    if not isinstance(changes, Mapping):
        merged.report_at(layer, ("phase",), "give changes of phases as phase.ID.KEY = value")
        return
    for name, change in changes.items():
        at = ("phase", name)
        if name not in by_id or not isinstance(change, Mapping):
            text = f"no phase {name!r} to change{nearest(name, [str(i) for i in by_id])}"
            merged.report_at(layer, at, text)
            continue
        k = by_id[name]
        merged.values["phase"][k] = {**merged.values["phase"][k], **change}
        for key in change:
            merged.origin["phase", k, key] = layer.file, layer.line((*at, key))


def steps(
    merged: Merged,
    phases: Sequence[tuple[int, PhaseKeys]],
    rows: Sequence[Row],
    analogue: Iterable[str],
) -> list[Step]:
    """What every phase lays over the scenario; what cannot be is reported.

    Parameters
    ----------
    phases : sequence of (int, PhaseKeys)
        As :func:`read_phases` gives them.
    rows : sequence of Row
        Station table, new stations of all phases included.
    analogue : iterable of str
        Ids of the analogue services.
    """
    return _Plan(merged, rows, frozenset(analogue)).steps(phases)


class _Plan:
    """Goes through the phases with the state of every station."""

    def __init__(self, merged: Merged, rows: Sequence[Row], analogue: frozenset[str]) -> None:
        self.merged = merged
        self.rows = {row.values.get("id", ""): row for row in rows}
        self.analogue = {
            name for name, row in self.rows.items() if row.values.get("multiplex") in analogue
        }

    def steps(self, phases: Sequence[tuple[int, PhaseKeys]]) -> list[Step]:
        coming = {name for k, keys in phases for name in self.stations(("phase", k, "on"), keys.on)}
        state = {
            name: row.values.get("on_air", "").lower() != "false" and name not in coming
            for name, row in self.rows.items()
        }
        touched = set(coming)
        vacated: tuple[tuple[float, float], ...] = ()
        found = []
        for k, keys in phases:
            on = self.stations(("phase", k, "on"), keys.on, is_told=False)
            off = self.going(k, keys, state)
            self.check(k, keys, state, on, off)
            state |= dict.fromkeys(off, False) | dict.fromkeys(on, True)
            touched |= {*on, *off}
            if keys.vacate_mhz:
                vacated = (*vacated, (keys.vacate_mhz[0], keys.vacate_mhz[1]))
            changes: dict[str, Any] = {
                name: {key: dict(value) for key, value in getattr(keys, name).items()}
                for name in CHANGED
            }
            for name in (name for name in self.rows if name in touched):
                changes["transmitters"].setdefault(name, {})["on_air"] = state[name]
            found.append(Step(keys, changes, vacated, frozenset(on)))
        return found

    def stations(
        self, at: tuple[Any, ...], names: Sequence[str], *, is_told: bool = True
    ) -> list[str]:
        """Stations by their ids, or those of a service or a site; unknown names are reported."""
        found: dict[str, None] = {}
        for name in names:
            if name in self.rows:
                found[name] = None
                continue
            several = [
                station for station, row in self.rows.items()
                if name in (row.values.get("multiplex"), row.values.get("site"))
            ]  # fmt: skip
            found |= dict.fromkeys(several)
            if not several and is_told:
                known = sorted(
                    {*self.rows, *(r.values.get("multiplex", "") for r in self.rows.values())}
                )
                text = f"{name!r} is no station, service or site{nearest(name, known)}"
                self.merged.report(at, text)
        return list(found)

    def going(self, k: int, keys: PhaseKeys, state: Mapping[str, bool]) -> list[str]:
        """Stations that a phase switches off; the analogue ones in a lump only if they are on."""
        found = dict.fromkeys(self.stations(("phase", k, "off"), keys.off))
        if isinstance(keys.analogue_off, list):
            at = ("phase", k, "analogue_off")
            for name in self.stations(at, keys.analogue_off):
                if name in self.analogue:
                    found[name] = None
                elif name in keys.analogue_off:
                    self.merged.report(at, f"{name!r} is no analogue station; put it in off")
        elif keys.analogue_off:
            found |= dict.fromkeys(name for name in sorted(self.analogue) if state[name])
        if keys.analogue_off_box:
            found |= dict.fromkeys(
                name
                for name in sorted(self.analogue)
                if state[name] and _is_in(self.rows[name], keys.analogue_off_box)
            )
        return list(found)

    def check(self, k: int, keys: PhaseKeys, state: Mapping[str, bool], on: Sequence[str],
              off: Sequence[str]) -> None:  # fmt: skip
        for name in off:
            if not state[name] and not self.is_kept_off(name):
                text = f"{name} goes off the air, but it is not on air before phase {keys.id}"
                self.merged.report(("phase", k, "off"), text)
        for name in on:
            if state[name]:
                text = f"{name} comes on air, but it is on air before phase {keys.id}"
                self.merged.report(("phase", k, "on"), text)
            if name in off:
                self.merged.report(("phase", k, "on"), f"{name} comes on air and goes off at once")

    def is_kept_off(self, name: str) -> bool:
        """Whether an override, or the table itself, keeps a station off the air in all phases."""
        return self.rows[name].values.get("on_air", "").lower() == "false"


def _is_in(row: Row, box: Sequence[float]) -> bool:
    try:
        lat, lon = float(row.values["lat_deg"]), float(row.values["lon_deg"])
    except (KeyError, ValueError):
        return False  # reported with the row
    return box[0] <= lon <= box[2] and box[1] <= lat <= box[3]


def leave_vacated(
    merged: Merged, k: int, step: Step, channels: Iterable[tuple[Transmitter, float, float]]
) -> set[str]:
    """Ids of stations that use a range which is vacated; one that comes on air there is reported.

    Parameters
    ----------
    k : int
        Position of the phase in the file.
    channels : iterable of (Transmitter, float, float)
        On air, with the edges of the channel [MHz].
    """
    gone = set()
    for transmitter, lower, upper in channels:
        for low, high in step.vacated_mhz:
            if upper <= low or lower >= high:
                continue
            gone.add(transmitter.id)
            if transmitter.id in step.switched_on:
                text = (
                    f"{transmitter.id} comes on air in {lower:g}-{upper:g} MHz, which is vacated "
                    f"({low:g}-{high:g} MHz); give it another channel"
                )
                merged.report(("phase", k, "on"), text)
    return gone
