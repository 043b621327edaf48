"""Matrices too large to draw cell by cell, as the share of connected pairs in each block.

Memory is that of the blocks, never n x n.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import DTypeLike

from ...lower import block_counts
from ...sets.checks import int_or_pair
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray, IntArray, Length
from .arguments import Pair

MAX_CELLS = 512  # cells a side: a figure in one column has no room for more
MAX_PANEL_CELLS = 256  # cells a side of a panel, which is smaller than a figure
MAX_GIVEN_CELLS = 2048  # cells a side if the block is given
LEAST_WIDTH = 0.8  # of a figure with a legend, in its heights


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


def proportions(shape: Pair, block: Pair) -> Pair:
    """Rows and columns of square cells that fill a figure of this shape, wide enough for a legend.

    >>> proportions((300, 100), (1, 1))
    (300, 240)
    """
    scale = 1 / min(block)
    height, width = (ceil(n * scale) for n in shape)
    return height, max(width, ceil(LEAST_WIDTH * height))


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
    return of_blocks(np.add, p, block, np.int64)


def of_blocks(
    ufunc: np.ufunc,
    table: np.ndarray,
    block: Pair,
    dtype: DTypeLike | None = None,
) -> np.ndarray:
    """The entries of each block of a table joined by `ufunc`, such as their sum or the greatest.

    >>> of_blocks(np.maximum, np.array([[1, 2, 3], [4, 5, 6]]), (2, 2))
    array([[5, 6]])
    """
    for axis, side in enumerate(block):
        starts = np.arange(0, table.shape[axis], side)
        table = ufunc.reduceat(table, starts, axis=axis, dtype=dtype)
    return table


def _sides(n: int, side: int) -> IntArray:
    """How many of n positions are in each block."""
    starts = np.arange(0, n, side)
    return np.minimum(side, n - starts)
