"""Profiles of a scenario's named paths as pictures in the folder of a run."""

from __future__ import annotations

import re
from pathlib import Path

from dtt_sim.report.point import draw_profile
from dtt_sim.report.style import new_figure, write_png
from dtt_sim.scenario.load import Scenario
from terrain.ground import Ground

FOLDER = "links"
"""In the folder of a run."""
MOST_LETTERS = 80


def picture_of(run: Path, link: str) -> Path:
    """Picture of a named path."""
    name = re.sub(r"[^\w-]+", "_", link).strip("_")[:MOST_LETTERS] or "link"
    return run / FOLDER / f"{name}.png"


def draw_links(scenario: Scenario, ground: Ground, run: Path) -> list[Path]:
    """Draw the profile of every ``[[link]]`` whose transmitter is on air; the files."""
    by_id = {t.id: t for t in scenario.transmitters}
    found = []
    for link in scenario.keys.link:
        site = by_id.get(link.transmitter)
        if site is None:
            continue
        figure = new_figure(9.0, 3.6, layout="constrained")
        ax = figure.subplots()
        draw_profile(ax, scenario, site, (link.lon_deg, link.lat_deg), ground)
        warning = " (SCHEMATIC TERRAIN)" if ground.is_schematic else ""
        ax.set_title(f"{link.name}{warning}", loc="left", parse_math=False)
        path = picture_of(run, link.name)
        write_png(figure, path)
        found.append(path)
    return found
