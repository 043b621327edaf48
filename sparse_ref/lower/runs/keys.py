"""Runs and keys: how many keys each row has, the keys listed, and listed keys as runs.

Tables are in normal form, see `Runs`.
"""

from __future__ import annotations

import numpy as np

from ..._jit import inline, parallel, serial
from ...sets.types import IntArray
from .bits import count_bits
from .intervals import first_interval, next_interval, span_count
from .residues import count_outside_spans
from .signed_runs import row_totals
from .strided_split import split_rows
from .table import START, STEP, STOP, WIDTH, Runs, indptr_of, run_table, select_rows

ROWS_PER_SPLIT = 1 << 16  # rows whose signed runs are in memory at a time
Listing = tuple[IntArray, np.ndarray]  # (indptr int64, indices int32)


def key_counts(runs: Runs) -> IntArray:
    """|A_i| of each row of runs in normal form, int64 (n_q,)."""
    if runs.only_spans:  # no loop to compile
        before = indptr_of(runs.table[:, STOP] - runs.table[:, START])
        return before[runs.indptr[1:]] - before[runs.indptr[:-1]]
    counts = np.zeros(runs.shape[0], np.int64)
    for lo in range(0, len(counts), ROWS_PER_SPLIT):
        part = counts[lo : lo + ROWS_PER_SPLIT]
        rows = np.arange(lo, lo + len(part))
        rest, signed = split_rows(select_rows(runs, rows))
        _count_rows(len(part), rest.indptr, rest.table, runs.shape[1], part)
        part += row_totals(signed, len(part))
    return counts


def keys_of(runs: Runs) -> Listing:
    """(indptr int64 (n_q + 1,), indices int32 (nnz,)): the keys of each row, ascending.

    The runs are in normal form. O(nnz) memory.
    """
    indptr = indptr_of(key_counts(runs))
    indices = np.empty(indptr[-1], np.int32)
    rows, n = runs.shape
    _list_rows(rows, runs.indptr, runs.table, n, indptr, indices)
    return indptr, indices


def runs_of_keys(indptr: IntArray, indices: np.ndarray, n: int) -> Runs:
    """Listed keys, ascending in each row, as spans of consecutive keys.

    `normalise` drops the keys at n and above.
    """
    opens = np.ones(len(indices), bool)  # whether a span begins at this key
    opens[1:] = np.diff(indices) != 1
    has_keys = np.diff(indptr) > 0
    opens[indptr[:-1][has_keys]] = True
    first = np.flatnonzero(opens)
    next_first = np.append(first[1:], len(indices))
    start = indices[first].astype(np.int64)
    table = run_table(start, start + next_first - first)
    rows = len(indptr) - 1
    return Runs(np.searchsorted(first, indptr), table, (rows, n))


@parallel
def _count_rows(begin, end, indptr, table, n, counts):
    for i in range(begin, end):
        counts[i] = count_keys(table[indptr[i] : indptr[i + 1]], n)


@parallel
def _list_rows(begin, end, indptr, table, n, starts, indices):
    for i in range(begin, end):
        row = table[indptr[i] : indptr[i + 1]]
        list_keys(row, n, indices[starts[i] : starts[i + 1]])


@serial
def list_keys(table, n, out):
    """Write the keys of a row into `out`, ascending."""
    spans, t = span_count(table), 0
    lo, hi, at = first_interval(table, spans, n)
    while lo < n:
        for key in range(lo, hi):
            out[t] = key
            t += 1
        lo, hi, at = next_interval(table, spans, at, hi - 1, n)


@serial
def count_keys(table, n):
    """The number of keys of a row."""
    spans = span_count(table)
    span_keys = strided_keys = 0
    for r in range(spans):
        span_keys += table[r, STOP] - table[r, START]
    one_step, zero = True, np.int64(0)
    for r in range(spans, len(table)):
        one_step &= table[r, STEP] == table[spans, STEP]
        strided_keys += count_below(table[r], table[r, STOP])
        strided_keys -= count_below(table[r], zero)
    strided = len(table) - spans
    if strided == 0 or len(table) == 1:
        return span_keys + strided_keys
    # Runs overlap: count residues or bits if that is cheaper than a walk over the keys.
    if one_step and strided_keys > 8 * strided * len(table):
        return span_keys + count_outside_spans(table, spans, n)
    if strided_keys * strided > n // 64 * len(table):
        return count_bits(table, n)
    return walk_keys(table, spans, n)


@inline
def walk_keys(table, spans, n):
    """The number of keys of a row, counted interval by interval."""
    keys = 0
    lo, hi, at = first_interval(table, spans, n)
    while lo < n:
        keys += hi - lo
        lo, hi, at = next_interval(table, spans, at, hi - 1, n)
    return keys


@serial
def count_below(run, x):
    """How many numbers from the run's start to below x have its residues."""
    distance = max(x - run[START], 0)
    groups, rest = distance // run[STEP], distance % run[STEP]
    return groups * run[WIDTH] + min(rest, run[WIDTH])
