"""Matrices too large to draw cell by cell, as the share of connected pairs in each block.

Memory is that of the blocks, never n x n.
"""

from __future__ import annotations

import numpy as np

from ..lower import block_counts
from ..sets.pattern import Pattern
from ..sets.types import BoolArray, FloatArray, IntArray

MAX_CELLS = 512  # cells a side: a figure in one column has no room for more
Pair = tuple[int, int]


def block_for(shape: Pair) -> Pair:
    """(b_q, b_k): 1 for a side of up to 512, else the power of 2 that leaves 129 to 256 blocks."""
    n_q, n_k = shape
    return _side_for(n_q), _side_for(n_k)


def _side_for(n: int) -> int:
    """The side of a block for a length."""
    if n <= MAX_CELLS:
        return 1
    least = -(-n // (MAX_CELLS // 2))
    return 1 << (least - 1).bit_length()


def shares(p: Pattern | BoolArray, shape: Pair, block: Pair) -> FloatArray:
    """|{ (i, j) in the block : j in A_i }| / |{ (i, j) in the block : i < n_q, j < n_k }|

    float64 (ceil(n_q / b_q), ceil(n_k / b_k)). p is a pattern with rows for `shape`, or a bool
    array of that shape.
    """
    row_starts = np.arange(0, shape[0], block[0])
    column_starts = np.arange(0, shape[1], block[1])
    heights = np.minimum(block[0], shape[0] - row_starts)
    widths = np.minimum(block[1], shape[1] - column_starts)
    if isinstance(p, Pattern):
        counts = block_counts(p, shape, block)
    else:
        counts = _array_counts(p, row_starts, column_starts)
    return counts / (heights[:, None] * widths)


def _array_counts(mask: BoolArray, row_starts: IntArray, column_starts: IntArray) -> IntArray:
    """How many pairs of a bool array are True in each block."""
    by_rows = np.add.reduceat(mask, row_starts, axis=0, dtype=np.int64)
    return np.add.reduceat(by_rows, column_starts, axis=1)
