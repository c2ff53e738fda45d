"""The page about lists of stations is current."""

from __future__ import annotations

from pathlib import Path

from dtt_sim.stations.fields import FIELDS

PAGE = Path(__file__).parents[3] / "docs" / "stations.md"
HINT = "run python scripts/make_station_docs.py"


def test_every_field_and_synonym_is_documented() -> None:
    rows = {line.split("`")[1]: line for line in PAGE.read_text(encoding="utf-8").splitlines()
            if line.startswith("| `")}  # fmt: skip
    for name, field in FIELDS.items():
        assert field.meaning in rows[name], HINT
        for text in field.synonyms:
            assert text in rows[name], f"{text}: {HINT}"
