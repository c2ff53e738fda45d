"""The tables of `dtt_sim/data`, each read once."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Rows of ``dtt_sim/data/<name>.csv``."""
    text = (resources.files("dtt_sim") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
