"""What is published of the schema is current."""

from __future__ import annotations

import json
from pathlib import Path

from dtt_sim.scenario.schema import json_schema
from dtt_sim.scenario.transmitters import COLUMNS

DOCS = Path(__file__).parents[3] / "docs"
HINT = "run python scripts/make_scenario_docs.py"


def test_schema_is_current() -> None:
    text = (DOCS / "scenario.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == json_schema(), HINT


def test_every_column_and_key_is_documented() -> None:
    text = (DOCS / "scenario.md").read_text(encoding="utf-8")
    for name in COLUMNS:
        assert f"| `{name}` |" in text, HINT
    for definition in json_schema()["$defs"].values():
        for key in definition.get("properties", {}):
            assert f"| `{key}` |" in text, f"{key}: {HINT}"
