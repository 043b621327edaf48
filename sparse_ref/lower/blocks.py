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
from .runs.keys import count_below
from .runs.runs_of import runs_of
from .runs.strided_split import split_rows
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
        rest, signed = split_rows(runs)
        rows = counts[a : a + step]
        sets = rest.indptr, rest.table, n_k
        count_keys_of_blocks(len(rows), sets, block, rows)
        if len(signed.row):
            indptr = np.searchsorted(signed.row, np.arange(len(queries) + 1))
            signed_sets = indptr, signed.table, signed.weight, n_k
            count_signed_keys_of_blocks(len(rows), signed_sets, block, rows)
    return counts


@parallel
def count_keys_of_blocks(begin, end, sets, block, counts):
    """Add to counts[a, b] the number of keys that the rows of block row a have in block b."""
    for a in range(begin, end):
        add_keys(sets, block, a, counts[a])


@parallel
def count_signed_keys_of_blocks(begin, end, sets, block, counts):
    """Add to counts[a, b] the weights of the signed runs of block row a, key by key of block b.

    sets = (indptr, table, weights, n).
    """
    indptr, table, weights, n = sets
    b_q, b_k = block
    for a in range(begin, end):
        last = min((a + 1) * b_q, len(indptr) - 1)
        for r in range(indptr[a * b_q], indptr[last]):
            if table[r, STEP] < b_k:
                add_groups(table[r], n, b_k, weights[r], counts[a])
            else:
                add_far_groups(table[r], n, b_k, weights[r], counts[a])


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
    """Add to counts[b] the number of keys that row a of blocks has in block b.

    The groups of the longest strided run are counted in closed form, the other runs key by key.
    """
    indptr, table, n = sets
    b_q, b_k = block
    end = min((a + 1) * b_q, len(indptr) - 1)
    run = np.zeros(4, np.int64)
    for i in range(a * b_q, end):
        row = table[indptr[i] : indptr[i + 1]]
        spans = span_count(row)
        longest = longest_run(row, spans, n, b_k)
        if longest < 0:
            run[STOP] = run[START]  # no keys
            add_intervals(run, row, n, b_k, counts)
            continue
        run[:] = row[longest]
        add_groups(run, n, b_k, 1, counts)
        if len(row) > 1:
            add_intervals(run, row_without(row, longest), n, b_k, counts)


@serial
def add_intervals(run, row, n, b_k, counts):
    """Add the keys of a row that are not in a run, interval by interval."""
    spans = span_count(row)
    lo, hi, at = first_interval(row, spans, n)
    while lo < n:
        first = lo // b_k
        last = (hi - 1) // b_k
        for b in range(first, last + 1):
            start = max(lo, b * b_k)
            stop = min(hi, (b + 1) * b_k)
            counts[b] += stop - start - keys_between(run, start, stop)
        lo, hi, at = next_interval(row, spans, at, hi - 1, n)


@serial
def longest_run(row, spans, n, b_k):
    """The place of the strided run with the most groups, if blocks have several; -1 if none is."""
    longest, most = -1, 0
    for r in range(spans, len(row)):
        start = max(row[r, START], 0)
        stop = min(row[r, STOP], n)
        groups = (stop - start) // row[r, STEP]
        if row[r, STEP] < b_k and groups > most:
            longest, most = r, groups
    return longest


@serial
def row_without(row, r):
    """The other runs of a row, in their order."""
    runs, columns = row.shape
    others = np.empty((runs - 1, columns), np.int64)
    others[:r] = row[:r]
    others[r:] = row[r + 1 :]
    return others


@serial
def add_groups(run, n, b_k, weight, counts):
    """Add the keys of a strided run, times a weight, block by block and not by group."""
    start = max(run[START], 0)
    stop = min(run[STOP], n)
    first = start // b_k
    last = (stop - 1) // b_k
    before = count_below(run, start)
    for b in range(first, last + 1):
        hi = min((b + 1) * b_k, stop)
        below = count_below(run, hi)
        counts[b] += weight * (below - before)
        before = below


@serial
def add_far_groups(run, n, b_k, weight, counts):
    """Add the keys of a strided run whose step is at least a block, times a weight, by group."""
    stop = min(run[STOP], n)
    for group in range(run[START], stop, run[STEP]):
        start = max(group, 0)
        end = min(group + run[WIDTH], stop)
        for b in range(start // b_k, (end - 1) // b_k + 1):
            lo = max(b * b_k, start)
            hi = min((b + 1) * b_k, end)
            counts[b] += weight * (hi - lo)


@serial
def keys_between(run, lo, hi):
    """The number of keys lo <= key < hi of a strided run."""
    stop = run[STOP]
    return count_below(run, min(hi, stop)) - count_below(run, min(lo, stop))
