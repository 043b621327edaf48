"""Matrices too large to draw cell by cell, as the share of connected pairs in each block; never n x n memory."""

from __future__ import annotations

import numpy as np

from ..lower import block_counts
from ..sets.pattern import Pattern

MOST = 512  # cells a side: more than a figure in one column has room for


def block_for(shape: tuple[int, int]) -> tuple[int, int]:
    """(b_q, b_k): 1 where a side is drawn cell by cell, else the power of two that leaves 129 to 256 blocks."""
    b_q, b_k = (1 if n <= MOST else 1 << (-(-n // (MOST // 2)) - 1).bit_length() for n in shape)
    return b_q, b_k


def shares(p: Pattern | np.ndarray, shape: tuple[int, int], block: tuple[int, int]) -> np.ndarray:
    """|{ (i, j) in the block : j in A_i }| over the pairs of the block that exist, float64 (ceil(n_q / b_q), ceil(n_k / b_k)).

    p is a pattern, known to have rows for `shape`, or a bool array of that shape.
    """
    begins = [np.arange(0, n, b) for n, b in zip(shape, block)]
    if isinstance(p, Pattern):
        have = block_counts(p, shape, block)
    else:
        have = np.add.reduceat(
            np.add.reduceat(p, begins[0], axis=0, dtype=np.int64), begins[1], axis=1
        )
    high, wide = (np.minimum(b, n - begin) for begin, b, n in zip(begins, block, shape))
    return have / (high[:, None] * wide)
