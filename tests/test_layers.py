"""Imports point one way: from the later layers to the earlier ones."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Low to high. A package may import itself and anything before it; "shared" modules lie at the root.
ORDER = [
    "terrain",
    "dtt_sim.propagation",
    "dtt_sim.antenna",
    "dtt_sim.coverage",
    "dtt_sim.network",
    "dtt_sim.planning",
    "dtt_sim.transition",
    "dtt_sim.scenario",
    "dtt_sim.stations",
    "dtt_sim.workflow",
    "dtt_sim.comparison",
    "dtt_sim.report",
    "dtt_sim.cli",
]
SHARED = {"_jit", "tables", "errors", "model", "typing", "units"}
HEAVY = {"rasterio", "matplotlib", "pyogrio", "dask", "distributed", "pandas", "xarray"}
MODULES = sorted([*(ROOT / "terrain").rglob("*.py"), *(ROOT / "dtt_sim").rglob("*.py")])


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def layer(module: str) -> str:
    """Package of `module` in ORDER, "shared", or "" for code that is not ours."""
    for name in ORDER:
        if module == name or module.startswith(name + "."):
            return name
    head, _, tail = module.partition(".")
    return "shared" if head == "dtt_sim" and (not tail or tail.split(".")[0] in SHARED) else ""


def imports(tree: ast.AST) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "relative imports hide the layer"
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def allowed(own: str, other: str) -> bool:
    if not other or own == other:
        return True
    if own == "shared":
        return other == "shared"
    if own == "terrain":
        return False
    if other == "shared":
        return True
    if own == "dtt_sim.propagation":
        return False
    return ORDER.index(other) < ORDER.index(own)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_point_down(path: Path) -> None:
    own = layer(dotted(path))
    if dotted(path) == "dtt_sim":
        return  # the package root re-exports lazily
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wrong = [name for name in imports(tree) if not allowed(own, layer(name))]
    assert not wrong, f"{dotted(path)} must not import {wrong}"


@pytest.mark.parametrize("path", [p for p in MODULES if "propagation" in p.parts], ids=dotted)
def test_kernels_never_raise(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Raise)]


@pytest.mark.parametrize("path", [p for p in MODULES if "cli" in p.parts], ids=dotted)
def test_commands_import_heavy_libraries_late(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {name.split(".")[0] for node in top for name in imports(node)}
    assert not names & (HEAVY | {"numba", "numpy", "scipy", "terrain"})


def test_no_relaxed_arithmetic() -> None:
    """Numba compiles a callee with the flags of whichever caller comes first, for all of them."""
    for package in ("dtt_sim", "terrain"):
        for path in (ROOT / package).rglob("*.py"):
            assert "fastmath" not in path.read_text(encoding="utf-8"), path
