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
    heights, widths = map(_sides, shape, block)
    return pair_counts(p, shape, block) / (heights[:, None] * widths)


def pair_counts(p: Pattern | BoolArray, shape: Pair, block: Pair) -> IntArray:
    """|{ (i, j) in the block : j in A_i }|, int64, of the same p."""
    if isinstance(p, Pattern):
        return block_counts(p, shape, block)
    row_starts = np.arange(0, shape[0], block[0])
    column_starts = np.arange(0, shape[1], block[1])
    by_rows = np.add.reduceat(p, row_starts, axis=0, dtype=np.int64)
    return np.add.reduceat(by_rows, column_starts, axis=1)


def _sides(n: int, side: int) -> IntArray:
    """How many of n positions are in each block."""
    starts = np.arange(0, n, side)
    return np.minimum(side, n - starts)
