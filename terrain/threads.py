"""Work that leaves the GIL, on as many threads as numba would take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

import numba

T = TypeVar("T")


def in_threads(
    task: Callable[[T], object], items: Iterable[T], on_done: Callable[[T], None] | None = None
) -> None:
    """Run a task for every item; the first error, or Ctrl-C, stops what has not begun.

    Parameters
    ----------
    task : callable
        Compiled with ``nogil``, or mostly so.
    items : iterable
        Taken in this order.
    on_done : callable, optional
        Called with each finished item, from the calling thread.
    """
    items = items if isinstance(items, Sequence) else list(items)
    n_thread = min(numba.get_num_threads(), len(items))
    if n_thread <= 1:
        for item in items:
            task(item)
            if on_done is not None:
                on_done(item)
        return
    pool = ThreadPoolExecutor(n_thread)
    try:
        waiting: dict[Future[object], T] = {pool.submit(task, item): item for item in items}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                item = waiting.pop(future)
                future.result()
                if on_done is not None:
                    on_done(item)
    finally:
        pool.shutdown(cancel_futures=True)
