"""What a Dask worker does first: compiled code from disk, one thread for each task."""

from __future__ import annotations

from typing import Any

from dtt_sim._jit import enable_cache


def dask_setup(_worker: Any) -> None:
    """Prepare the process; Dask calls it where this module is given as ``--preload``."""
    import numba

    enable_cache()
    numba.set_num_threads(1)
