"""Kernels: a matrix turned over its diagonal, square by square, and pieces of work that each go to
one thread.
"""

import numpy as np
import pytest

from sparse_ref._jit import multithread
from sparse_ref._jit.vectors import next_item
from sparse_ref.kernels.cpu.transpose import transpose


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("rows", "columns"), [(16, 64), (64, 16), (8, 7), (5, 8), (17, 33), (1, 1), (4, 4), (0, 5)]
)
def test_transpose_moves_every_number_and_touches_nothing_else(rows, columns, dtype):
    a, b = np.arange(80 * 70, dtype=dtype).reshape(80, 70), np.full((90, 65), -1, dtype)
    transpose(a, 3, rows, columns, b, 2)
    assert (b[2 : 2 + columns, :rows] == a[3 : 3 + rows, :columns].T).all()
    b[2 : 2 + columns, :rows] = -1
    assert (b == -1).all()


@multithread
def count_pieces(queue, pieces, times):
    """Add 1 to times[x] for each piece x."""
    x = next_item(queue)
    while x < pieces:
        times[x] += 1
        x = next_item(queue)


def test_each_piece_goes_to_one_thread_once():
    for _ in range(20):
        times = np.zeros(10_000, np.int64)
        count_pieces(len(times), times)
        assert (times == 1).all()
