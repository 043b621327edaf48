"""Matrices too large to draw cell by cell, as the share of connected pairs in each block.

Memory is that of the blocks, never n x n.
"""

from __future__ import annotations

import numpy as np

from ..lower import block_counts
from ..sets.checks import int_or_pair
from ..sets.pattern import Pattern
from ..sets.types import BoolArray, FloatArray, IntArray, Length

MAX_CELLS = 512  # cells a side: a figure in one column has no room for more
MAX_GIVEN_CELLS = 2048  # cells a side if the block is given
Pair = tuple[int, int]


def block_for(shape: Pair, most: int = MAX_CELLS) -> Pair:
    """(b_q, b_k): 1 for a side of up to `most`, else the power of 2 that leaves most / 2 or fewer.

    More than most / 4 are left: for 512, 129 to 256 blocks.
    """
    n_q, n_k = shape
    return _side_for(n_q, most), _side_for(n_k, most)


def _side_for(n: int, most: int) -> int:
    """The side of a block for a length."""
    if n <= most:
        return 1
    least = -(-n // (most // 2))
    return 1 << (least - 1).bit_length()


def block_or_default(block: Length | None, shape: Pair, most: int = MAX_CELLS) -> Pair:
    """The block, if it leaves at most 2,048 cells a side; `block_for(shape, most)` if None."""
    if block is None:
        return block_for(shape, most)
    sides = int_or_pair("block", block, 1, "(b_q, b_k)")
    for side, n in zip(sides, shape):
        least = -(-n // MAX_GIVEN_CELLS)
        if side < least:
            raise ValueError(
                f"block must be at least {least:,} for a length of {n:,}, "
                f"so that at most {MAX_GIVEN_CELLS:,} cells are drawn, got {side:,}"
            )
    return sides


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
