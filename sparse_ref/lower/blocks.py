"""Blocks of pairs, some rows of them at a time: how many keys each block holds, which hold any, and which of their cells."""

from __future__ import annotations

import numpy as np
from numba import prange

from .._jit import parallel, serial
from ..sets.pattern import Pattern
from .runs.lowering import check_pattern
from .runs.run_loops import spans_in, stretch
from .runs.runs_of import runs_of
from .runs.table import normalise

SLAB = 1 << 16  # rows whose runs are held at a time


def block_counts(p: Pattern, shape: tuple[int, int], block: tuple[int, int]) -> np.ndarray:
    """|{ (i, j) in the block : j in A_i }|, int64 (ceil(n_q / b_q), ceil(n_k / b_k)); raises as `checked` does.

    The runs of about SLAB rows are held at a time, and no less than those of a row of blocks.
    """
    (n_q, n_k), (b_q, b_k) = check_pattern(p, shape), block
    held = np.zeros((-(-n_q // b_q), -(-n_k // b_k)), np.int64)
    step = max(SLAB // b_q, 1)
    for a in range(0, len(held), step):
        found = normalise(runs_of(p, np.arange(a * b_q, min((a + step) * b_q, n_q)), n_k))
        count_keys(found.indptr, found.table, n_k, b_q, b_k, held[a : a + step])
    return held


@parallel
def count_keys(indptr, table, n, b_q, b_k, out):
    """Add to out[a, b] how many keys the rows of block row a have in block b."""
    for a in prange(len(out)):
        deal(indptr, table, n, b_q, b_k, a, out[a])


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
            own = table[indptr[i] : indptr[i + 1]]
            spans = spans_in(own)
            lo, hi, at = stretch(own, spans, 0, -1, n)
            while lo < n:
                for j in range(lo, hi):
                    data[place[j // b_k], i - a * b_q, j % b_k] = True
                lo, hi, at = stretch(own, spans, at, hi - 1, n)


@serial
def deal(indptr, table, n, b_q, b_k, a, out):
    """Add to out[b] how many keys row a of blocks has in block b, a stretch of consecutive keys at once."""
    for i in range(a * b_q, min((a + 1) * b_q, len(indptr) - 1)):
        own = table[indptr[i] : indptr[i + 1]]
        spans = spans_in(own)
        lo, hi, at = stretch(own, spans, 0, -1, n)
        while lo < n:
            for b in range(lo // b_k, (hi - 1) // b_k + 1):
                out[b] += min(hi, (b + 1) * b_k) - max(lo, b * b_k)
            lo, hi, at = stretch(own, spans, at, hi - 1, n)


@serial
def occupied(indptr, table, n, b_q, b_k, a):
    """Whether each block of row a of blocks holds any key."""
    held = np.zeros((n + b_k - 1) // b_k, np.int64)
    deal(indptr, table, n, b_q, b_k, a, held)
    return held > 0
