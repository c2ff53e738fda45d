"""Whether runs have draws in common: one number stands for one state of the world in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dtt_sim.workflow.finished import FinishedRun

SAME: Final = (
    "seed", "cells", "bias_db", "mast_db", "unit_db", "erp_db", "location_sigma_db", "slip_months",
)  # fmt: skip
"""Keys of [uncertainty] that make the draws of two runs the same luck."""


def common_draws(runs: Sequence[FinishedRun]) -> tuple[int, str]:
    """How many draws all runs share, and otherwise why none.

    Returns
    -------
    int, str
    """
    figures = [run.figures for run in runs]
    without = [r.label for r, f in zip(runs, figures, strict=True) if f is None or not len(f.draws)]
    if without:
        return 0, f"{', '.join(without)}: no draws; run with --draws N for probabilities"
    first = runs[0].manifest["scenario"]["uncertainty"]
    for run in runs[1:]:
        keys = run.manifest["scenario"]["uncertainty"]
        other = [key for key in SAME if keys.get(key) != first.get(key)]
        if other:
            return 0, (
                f"{run.label} and {runs[0].label} were drawn differently (uncertainty."
                f"{', uncertainty.'.join(other)}); run both with the same for probabilities"
            )
    if any(run.grid != runs[0].grid for run in runs[1:]):
        return 0, "draws of runs on different grids are not of the same places"
    return min(len(f.draws) for f in figures if f is not None), ""
