"""Compile options for the terrain kernels, in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def kernel(func: F) -> F:
    """Compile a scalar or profile kernel that drivers call."""
    return cast("F", njit(error_model="numpy", nogil=True)(func))
