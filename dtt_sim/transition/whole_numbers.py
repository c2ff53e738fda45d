"""Whole numbers of people, households and things that still sum to their total."""

from __future__ import annotations

import numpy as np

from dtt_sim.typing import Float64Array, IntArray


def apportion(values: Float64Array) -> IntArray:
    """Whole numbers as near to the values as may be that sum to their rounded sum.

    The largest remainders are rounded up; of equal ones the first.

    >>> apportion(np.array([1.4, 1.4, 1.2])).tolist()
    [2, 1, 1]
    """
    whole = np.floor(values).astype(np.int64)
    missing = round(float(values.sum())) - int(whole.sum())
    order = np.argsort(-(values - whole), kind="stable")
    whole[order[:missing]] += 1
    return whole
