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


def driver(func: F) -> F:
    """Compile a serial array loop; safe to call from any one thread."""
    return cast("F", njit(error_model="numpy", nogil=True, cache=CACHE)(func))


def parallel_driver(func: F) -> F:
    """Compile a ``prange`` loop over all cores; call it from one Python thread."""
    return cast("F", njit(error_model="numpy", nogil=True, parallel=True, cache=CACHE)(func))
