"""How far a threshold may sag below the line between two block borders."""

from __future__ import annotations

import numpy as np
import pytest

from dtt_sim.coverage.wedge.layout import BLOCK
from dtt_sim.coverage.wedge.thresholds import _DIP, BOARD_SIZE, roots


@pytest.mark.parametrize("x", [10.0, 31.5, 33.0, 63.9, 64.0, 64.6, 80.0, 96.5, 128.0, 157.0, 200.3])
@pytest.mark.parametrize("longer", [0.0, 3.2, 40.0, 700.0, 5000.0, 90000.0])
def test_dips_bound_the_sag_of_the_root(x: float, longer: float) -> None:
    """Of sqrt(i (x - i)) over its chord, at every column of every block before the receiver."""
    x_max = x + longer
    n_block = int(x_max - 0.5) // BLOCK + 1
    board = np.zeros(BOARD_SIZE, np.float32)
    roots(x_max, n_block, board)
    i = np.arange(n_block * BLOCK + 1.0)
    root = np.sqrt(i * np.maximum(x_max - i, 0.0))
    border = root[::BLOCK]
    chord = np.interp(i, i[::BLOCK], border)
    sag = (root - chord)[:-1].reshape(n_block, BLOCK)
    before = (i[:-1] < x_max).reshape(n_block, BLOCK)
    worst = np.where(before, sag, 0.0).max(axis=1)
    # Of the two borders of a block, each is lowered by as much as the block needs.
    dip = board[_DIP : _DIP + n_block + 1]
    # Thresholds are lowered by a millionth of the root besides, for single precision.
    short = worst - np.minimum(dip[:-1], dip[1:]) * (1.0 + 1e-5) - 1e-6 * border[:-1]
    block = int(short.argmax())
    assert short.max() <= 1e-6, f"block {block} of {n_block}: {worst[block]} over {dip[block]}"
