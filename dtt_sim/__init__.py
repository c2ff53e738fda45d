"""Digital terrestrial television transition simulator.

>>> import dtt_sim  # doctest: +SKIP
>>> scenario = dtt_sim.load_scenario("scenarios/kien_giang/scenario.toml")  # doctest: +SKIP
>>> result = dtt_sim.run(scenario, "out/kien_giang")  # doctest: +SKIP
>>> dtt_sim.open_run("out/kien_giang").plot("margin", service="K33")  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtt_sim.comparison.dataset import compare as compare
    from dtt_sim.report.notebook import open_run as open_run
    from dtt_sim.report.notebook import run as run
    from dtt_sim.scenario.load import load_scenario as load_scenario
    from dtt_sim.workflow.measurements import measurements as measurements
    from dtt_sim.workflow.receivers import receivers as receivers

__version__ = "0.1.0"

_LAZY = {
    "compare": "dtt_sim.comparison.dataset",
    "load_scenario": "dtt_sim.scenario.load",
    "measurements": "dtt_sim.workflow.measurements",
    "receivers": "dtt_sim.workflow.receivers",
    "open_run": "dtt_sim.report.notebook",
    "run": "dtt_sim.report.notebook",
}


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first used: ``--help`` must not pay for them."""
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    msg = f"module 'dtt_sim' has no attribute {name!r}"
    raise AttributeError(msg)
