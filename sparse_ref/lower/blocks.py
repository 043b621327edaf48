"""Loops over rows of blocks: which blocks hold any key, and which of their cells."""

from __future__ import annotations

import numpy as np
from numba import prange

from ..jit import compiled, parallel
from .stretches import spans_in, stretch


@parallel
def count_blocks(indptr, table, n, b_q, b_k, blocks):
    """How many blocks of each row of blocks are occupied."""
    for a in prange(len(blocks)):
        blocks[a] = occupied(indptr, table, n, b_q, b_k, a).sum()


@parallel
def fill_blocks(indptr, table, n, b_q, b_k, starts, indices, data):
    """The columns of the occupied blocks, ascending, and their cells."""
    for a in prange(len(starts) - 1):
        held = occupied(indptr, table, n, b_q, b_k, a)
        place = starts[a] + np.cumsum(held) - 1
        for b in range(len(held)):
            if held[b]:
                indices[place[b]] = b
        for i in range(a * b_q, min((a + 1) * b_q, len(indptr) - 1)):
            own = table[indptr[i]:indptr[i + 1]]
            lo, hi, at = stretch(own, spans_in(own), 0, -1, n)
            while lo < n:
                for j in range(lo, hi):
                    data[place[j // b_k], i - a * b_q, j % b_k] = True
                lo, hi, at = stretch(own, spans_in(own), at, hi - 1, n)


@compiled
def occupied(indptr, table, n, b_q, b_k, a):
    """Whether each block of row a of blocks holds any key."""
    held = np.zeros((n + b_k - 1) // b_k, np.bool_)
    for i in range(a * b_q, min((a + 1) * b_q, len(indptr) - 1)):
        own = table[indptr[i]:indptr[i + 1]]
        lo, hi, at = stretch(own, spans_in(own), 0, -1, n)
        while lo < n:
            held[lo // b_k:(hi - 1) // b_k + 1] = True
            lo, hi, at = stretch(own, spans_in(own), at, hi - 1, n)
    return held
