"""Compile options of every kernel and driver, in one place.

Caching on disk follows ``NUMBA_CACHE_DIR`` and is off by default in library use: numba's own key
does not see an edit in a callee's file. The command line switches it on through
:func:`enable_cache`, with a directory named after a hash of the package sources.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

CACHE = bool(os.environ.get("NUMBA_CACHE_DIR"))


def kernel(func: F) -> F:
    """Compile a scalar kernel: pure, called by every driver, never cached by itself."""
    return cast("F", njit(error_model="numpy", nogil=True)(func))


def inline_kernel(func: F) -> F:
    """Compile a scalar kernel that LLVM must inline, so that a loop over lanes vectorises."""
    return cast("F", njit(error_model="numpy", nogil=True, forceinline=True)(func))


def lean_kernel(func: F) -> F:
    """Compile a kernel that makes no array, and so need not count references to those it is given.

    Counting is atomic, and done wherever an array is handed on in a loop or a branch: a tenth of
    the time of the wedge search. `_nrt` is numba's own switch, not part of its public interface.
    """
    return cast("F", njit(error_model="numpy", nogil=True, _nrt=False)(func))


def lean_inline_kernel(func: F) -> F:
    """Compile a lean kernel that LLVM must inline: handing on arrays costs more than a short body."""
    return cast("F", njit(error_model="numpy", nogil=True, forceinline=True, _nrt=False)(func))


def driver(func: F) -> F:
    """Compile a serial array loop; safe to call from any one thread."""
    return cast("F", njit(error_model="numpy", nogil=True, cache=CACHE)(func))


def parallel_driver(func: F) -> F:
    """Compile a ``prange`` loop over all cores; call it from one Python thread."""
    return cast("F", njit(error_model="numpy", nogil=True, parallel=True, cache=CACHE)(func))


def processor() -> dict[str, str]:
    """For which processor code is compiled: its name, and the vectors that it uses."""
    import numba
    from llvmlite import binding

    name = numba.config.CPU_NAME or binding.get_host_cpu_name()
    features = numba.config.CPU_FEATURES
    if features is None:
        is_host = numba.config.CPU_NAME in {None, "host"}
        features = binding.get_host_cpu_features().flatten() if is_host else ""
    found = [vectors for feature, vectors in _VECTORS.items() if f"+{feature}" in features]
    return {"name": name, "vectors": found[0] if found else "the processor's least"}


_VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX", "sse2": "SSE2", "sve": "SVE",
            "neon": "NEON"}  # fmt: skip


def enable_cache() -> bool:
    """Keep compiled code on disk, under a key that changes with the sources and the processor.

    Call before the first kernel module is imported. numba's own key misses an edit in a callee's
    file, so the folder's name holds a hash of all sources.

    Returns
    -------
    bool
        Whether anything was kept already; if not, the first call compiles for tens of seconds.
    """
    import hashlib
    import importlib.util
    from pathlib import Path

    import numba

    digest = hashlib.sha256(f"{numba.__version__} {processor()}".encode())
    for package in ("dtt_sim", "terrain"):
        spec = importlib.util.find_spec(package)
        folders = (spec.submodule_search_locations or []) if spec else []
        for file in sorted(p for folder in folders for p in Path(folder).rglob("*.py")):
            digest.update(file.read_bytes())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "dtt_sim" / "compiled" / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False  # a home that cannot be written only costs the compile time
    numba.config.CACHE_DIR = str(folder)
    global CACHE  # noqa: PLW0603  read by the decorators of modules imported after this
    CACHE = True
    return any(folder.iterdir())
