"""How far a threshold may sag below the line between two block borders."""

from __future__ import annotations

import numpy as np
import pytest

from dtt_sim.coverage.wedge.layout import BLOCK
from dtt_sim.coverage.wedge.search import BOARD_SIZE, _borders, _dips


@pytest.mark.parametrize("x", [10.0, 31.5, 33.0, 63.9, 64.0, 64.6, 80.0, 96.5, 128.0, 157.0, 200.3])
@pytest.mark.parametrize("longer", [0.0, 3.2, 40.0, 700.0, 5000.0, 90000.0])
def test_dips_bound_the_sag_of_the_root(x: float, longer: float) -> None:
    """Of sqrt(i (x - i)) over its chord, at every column of every block before the receiver."""
    x_max = x + longer
    n_block = int(x_max - 0.5) // BLOCK + 1
    board = np.zeros(BOARD_SIZE, np.float32)
    _borders(int(x), x_max, n_block + 1, board)
    at = BOARD_SIZE // 2
    largest = 2.5
    _dips(largest, n_block, x_max, at, board)
    i = np.arange(n_block * BLOCK + 1.0)
    root = np.sqrt(i * np.maximum(x_max - i, 0.0))
    border = root[::BLOCK]
    chord = np.interp(i, i[::BLOCK], border)
    sag = (root - chord)[:-1].reshape(n_block, BLOCK)
    before = (i[:-1] < x_max).reshape(n_block, BLOCK)
    worst = largest * np.where(before, sag, 0.0).max(axis=1)
    # `_set` lowers ν itself by this share for the sake of single precision.
    allowed = 1e-6 * largest * np.maximum(border[:-1], border[1:])
    short = worst - board[at : at + n_block] - allowed
    block = int(short.argmax())
    assert short.max() <= 0.0, (
        f"block {block} of {n_block}: {worst[block]} over {board[at + block]}"
    )
