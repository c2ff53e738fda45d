"""Work in threads: order, reports, and what an error stops."""

from __future__ import annotations

import threading
import time

import numba
import pytest

from terrain.threads import in_threads


@pytest.mark.parametrize("n_thread", [1, numba.get_num_threads()])
def test_every_item_once(n_thread: int) -> None:
    before = numba.get_num_threads()
    numba.set_num_threads(n_thread)
    try:
        done: list[int] = []
        told: list[int] = []
        in_threads(done.append, range(50), told.append)
    finally:
        numba.set_num_threads(before)
    assert sorted(done) == sorted(told) == list(range(50))


def test_reports_come_from_the_caller() -> None:
    callers = set()
    in_threads(lambda _: time.sleep(0.001), range(8), lambda _: callers.add(threading.get_ident()))
    assert callers == {threading.get_ident()}


def test_an_error_stops_what_has_not_begun() -> None:
    begun: list[int] = []

    def task(item: int) -> None:
        begun.append(item)
        time.sleep(0.005)
        if item == 0:
            msg = "broken"
            raise ValueError(msg)

    with pytest.raises(ValueError, match="broken"):
        in_threads(task, range(400))
    assert len(begun) < 400


def test_nothing_to_do() -> None:
    in_threads(pytest.fail, [])
