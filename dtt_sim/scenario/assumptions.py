"""Assumptions that a scenario makes without saying so: doubtful dates, stations and antennas."""

from __future__ import annotations

from typing import cast

from dtt_sim.model import Transmitter
from dtt_sim.scenario.keys import Confidence
from dtt_sim.scenario.schema import AssumptionKeys, ScenarioKeys
from dtt_sim.scenario.transmitters import Row


def phase_assumptions(keys: ScenarioKeys) -> list[AssumptionKeys]:
    """Dates of phases that are not VERIFIED."""
    return [
        AssumptionKeys(
            key=f"phase.{phase.id}.date", value=phase.date.isoformat(), unit="date",
            confidence=phase.confidence, reason=phase.note,
        )
        for phase in keys.phase
        if phase.confidence != "VERIFIED"
    ]  # fmt: skip


def row_assumptions(built: list[tuple[Transmitter, Row]]) -> list[AssumptionKeys]:
    """Stations that are not VERIFIED, and what was assumed in reading their antennas."""
    of_antennas = [
        AssumptionKeys(
            key=f"transmitters.{transmitter.id}.{column}", value=row.values[column], unit="",
            confidence="ASSUMED", reason=note, source=row.values[column].partition("@")[0],
        )
        for transmitter, row in built
        for column, note in row.notes
    ]  # fmt: skip
    return of_antennas + [
        AssumptionKeys(
            key=f"transmitters.{transmitter.id}",
            value=transmitter.site,
            unit="",
            confidence=cast("Confidence", row.values["confidence"]),
            reason=row.values.get("note", ""),
            source=row.file.name,
        )
        for transmitter, row in built
        if row.values.get("confidence") in {"SINGLE", "RECALL", "ASSUMED", "SYNTHETIC"}
    ]
