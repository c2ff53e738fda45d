"""`tests` is no package: its helper modules are loaded by their place, under their own name."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

for name in ("naive", "wedge_ground"):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, Path(__file__).parents[3] / f"{name}.py"
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
