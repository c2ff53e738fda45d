"""Compile options for the terrain kernels, in one place.

Compiled drivers are kept on disk where numba has been given a folder for them when their module
is imported: by ``NUMBA_CACHE_DIR``, or by a program that sets ``numba.config.CACHE_DIR`` first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def kernel(func: F) -> F:
    """Compile a scalar or profile kernel that drivers call."""
    return cast("F", njit(error_model="numpy", nogil=True)(func))


def driver(func: F) -> F:
    """Compile a serial array loop; safe to call from any one thread."""
    cache = bool(numba.config.CACHE_DIR)
    return cast("F", njit(error_model="numpy", nogil=True, cache=cache)(func))
