"""Blocks of pairs, some rows of blocks at a time: their numbers of keys, and the masks inside.

In the loops, sets = (indptr, table, n) are the runs of the rows and the number of keys, and
block = (b_q, b_k).
"""

from __future__ import annotations

import numpy as np

from .._jit import parallel, serial
from ..sets.pattern import Pattern
from ..sets.require import check_pattern
from ..sets.types import IntArray
from .runs.intervals import first_interval, next_interval, span_count
from .runs.runs_of import runs_of
from .runs.table import START, STEP, STOP, WIDTH, normalise

Pair = tuple[int, int]
ROWS_PER_SLAB = 1 << 16  # rows whose runs are in memory at a time


def block_counts(p: Pattern, shape: Pair, block: Pair) -> IntArray:
    """|{ (i, j) in the block : j in A_i }|, int64 (ceil(n_q / b_q), ceil(n_k / b_k)).

    The runs of about 65,536 rows are in memory at a time, and at least those of one row of blocks.
    Raises as `check_pattern` does.
    """
    n_q, n_k = check_pattern(p, shape)
    b_q, b_k = block
    block_rows, block_columns = -(-n_q // b_q), -(-n_k // b_k)
    counts = np.zeros((block_rows, block_columns), np.int64)
    step = max(ROWS_PER_SLAB // b_q, 1)
    for a in range(0, block_rows, step):
        end = min((a + step) * b_q, n_q)
        queries = np.arange(a * b_q, end)
        runs = normalise(runs_of(p, queries, n_k))
        sets = runs.indptr, runs.table, n_k
        rows = counts[a : a + step]
        count_keys_of_blocks(len(rows), sets, block, rows)
    return counts


@parallel
def count_keys_of_blocks(begin, end, sets, block, counts):
    """Add to counts[a, b] the number of keys that the rows of block row a have in block b."""
    for a in range(begin, end):
        add_keys(sets, block, a, counts[a])


@parallel
def count_blocks(begin, end, sets, block, counts):
    """The number of occupied blocks of each row of blocks."""
    for a in range(begin, end):
        count = 0
        for keys in keys_of_blocks(sets, block, a):
            count += keys > 0
        counts[a] = count


@parallel
def fill_blocks(begin, end, sets, block, indptr, indices, data):
    """The columns of the occupied blocks, ascending, and their cells."""
    for a in range(begin, end):
        fill_block_row(sets, block, a, indptr[a], indices, data)


@serial
def fill_block_row(sets, block, a, first, indices, data):
    """Write the occupied blocks of row a of blocks, from place `first` on."""
    indptr, table, n = sets
    b_q, b_k = block
    keys = keys_of_blocks(sets, block, a)
    places, place = np.empty(len(keys), np.int64), first
    for b in range(len(keys)):
        places[b] = place
        if keys[b] > 0:
            indices[place] = b
            place += 1
    end = min((a + 1) * b_q, len(indptr) - 1)
    for i in range(a * b_q, end):
        row = table[indptr[i] : indptr[i + 1]]
        spans = span_count(row)
        lo, hi, at = first_interval(row, spans, n)
        while lo < n:
            for j in range(lo, hi):
                data[places[j // b_k], i - a * b_q, j % b_k] = True
            lo, hi, at = next_interval(row, spans, at, hi - 1, n)


@serial
def keys_of_blocks(sets, block, a):
    """The number of keys in each block of row a of blocks."""
    n, b_k = sets[2], block[1]
    counts = np.zeros((n + b_k - 1) // b_k, np.int64)
    add_keys(sets, block, a, counts)
    return counts


@serial
def add_keys(sets, block, a, counts):
    """Add to counts[b] the number of keys that row a of blocks has in block b."""
    indptr, table, n = sets
    b_q, b_k = block
    end = min((a + 1) * b_q, len(indptr) - 1)
    for i in range(a * b_q, end):
        row = table[indptr[i] : indptr[i + 1]]
        spans = span_count(row)
        if len(row) == spans + 1 and row[spans, STEP] < b_k:
            add_keys_of_stride(row, spans, n, b_k, counts)
            continue
        lo, hi, at = first_interval(row, spans, n)
        while lo < n:
            first, last = lo // b_k, (hi - 1) // b_k
            for b in range(first, last + 1):
                start, stop = b * b_k, (b + 1) * b_k
                counts[b] += min(hi, stop) - max(lo, start)
            lo, hi, at = next_interval(row, spans, at, hi - 1, n)


@serial
def add_keys_of_stride(row, spans, n, b_k, counts):
    """Add to counts[b] the keys of spans and of one strided run, block by block and not by group.

    O(blocks), whatever the number of groups.
    """
    run = row[spans]
    start, stop = max(run[START], 0), min(run[STOP], n)
    if start < stop:
        for b in range(start // b_k, (stop - 1) // b_k + 1):
            lo = max(b * b_k, start)
            hi = min((b + 1) * b_k, stop)
            counts[b] += keys_between(run, lo, hi)
    for r in range(spans):
        start, stop = row[r, START], row[r, STOP]
        for b in range(start // b_k, (stop - 1) // b_k + 1):
            lo = max(b * b_k, start)
            hi = min((b + 1) * b_k, stop)
            counts[b] += hi - lo - keys_between(run, lo, hi)


@serial
def keys_between(run, lo, hi):
    """The number of keys lo <= key < hi of a strided run."""
    return keys_below(run, hi) - keys_below(run, lo)


@serial
def keys_below(run, key):
    """The number of keys of a strided run below a key, from its start."""
    length = min(key, run[STOP]) - run[START]
    if length <= 0:
        return 0
    groups, rest = divmod(length, run[STEP])
    return groups * run[WIDTH] + min(rest, run[WIDTH])
