"""Keys of each query and readers of each key, from runs: a strided run costs as much as a span.

`steps[j]` collects by how much the count of key j differs from that of key j - 1. A strided run
changes it at every group: that is one change at its first group and one after its last, if a
running sum goes on by its step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._jit import serial
from ..sets.pattern import Pattern
from ..sets.require import check_pattern
from ..sets.types import IntArray, Length
from .runs.intervals import first_interval, next_interval, span_count
from .runs.keys import key_counts
from .runs.runs_of import runs_of
from .runs.signed_runs import (
    SignedRuns,
    concatenate,
    outside_spans,
    row_totals,
    rows_of_many,
    strided_runs,
    unite_runs,
)
from .runs.table import START, STEP, STOP, Runs, normalise, select_rows

ROWS_PER_SLAB = 1 << 16  # rows whose runs are in memory at a time
MAX_SIGNED_RUNS = 128  # of a row whose strided runs share keys: a slab of such rows has 400 MB
MAX_GROUP_WIDTH = 8  # of such strided runs


class Degrees(NamedTuple):
    """|A_i| of every query i, int64 (n_q,), and |{ i : j in A_i }| of every key j, int64 (n_k,)."""

    keys: IntArray
    readers: IntArray


def degrees(p: Pattern, n: Length) -> Degrees:
    """The keys of every query and the readers of every key at length n, or (n_q, n_k).

    O(n) memory. No key is listed. Rows in which many strided runs, or wide ones, share keys are
    walked key by key. Raises as `check_pattern` does.

    >>> import sparse_ref as sr
    >>> keys, readers = sr.lower.degrees(sr.Strided(2), 6)
    >>> print(keys, readers)
    [1 1 2 2 3 3] [3 3 2 2 1 1]
    """
    n_q, n_k = check_pattern(p, n)
    keys = np.zeros(n_q, np.int64)
    steps = np.zeros(n_k + 1, np.int64)
    for lo in range(0, n_q, ROWS_PER_SLAB):
        queries = np.arange(lo, min(lo + ROWS_PER_SLAB, n_q))
        rows = normalise(runs_of(p, queries, n_k))
        keys[queries] = _add_rows(rows, steps)
    return Degrees(keys, np.cumsum(steps)[:n_k])


def _add_rows(rows: Runs, steps: IntArray) -> IntArray:
    """Add the sets of these rows to `steps`; returns how many keys each row has."""
    is_many = rows_of_many(rows, MAX_SIGNED_RUNS, MAX_GROUP_WIDTH)
    runs = strided_runs(rows)
    others = runs.take(is_many[runs.row])
    united = unite_runs(runs.take(~is_many[runs.row]))
    signed = outside_spans(concatenate(united, others), rows)
    totals = _span_totals(rows) + row_totals(signed, rows.shape[0])
    many = np.flatnonzero(is_many)
    counts = key_counts(select_rows(rows, many))
    to_walk = many[totals[many] > counts]
    totals[many] = counts
    _walk_rows(select_rows(rows, to_walk), steps)
    is_walked = np.isin(np.arange(rows.shape[0]), to_walk)
    is_span = (rows.table[:, STEP] == 1) & ~is_walked[rows.row_of_run]
    np.add.at(steps, rows.table[is_span, START], 1)
    np.add.at(steps, rows.table[is_span, STOP], -1)
    _add_strided_runs(signed.take(~is_walked[signed.row]), steps)
    return totals


def _span_totals(rows: Runs) -> IntArray:
    """How many keys the spans of each row have."""
    is_span = rows.table[:, STEP] == 1
    totals = np.zeros(rows.shape[0], np.int64)
    lengths = rows.table[is_span, STOP] - rows.table[is_span, START]
    np.add.at(totals, rows.row_of_run[is_span], lengths)
    return totals


def _walk_rows(rows: Runs, steps: IntArray) -> None:
    """Add the sets of these rows to `steps` key by key, if there are any."""
    if rows.shape[0]:
        add_intervals(rows.indptr, rows.table, rows.shape[1], steps)


def _add_strided_runs(runs: SignedRuns, steps: IntArray) -> None:
    """Add signed strided runs to `steps`: the groups up at their starts, down after their ends."""
    runs = runs.take(runs.groups > 0)
    np.add.at(steps, np.maximum(runs.start, 0), runs.weight)
    np.add.at(steps, runs.last_stop, -runs.weight)
    runs = runs.take(runs.groups > 1)
    for size in np.unique(runs.step).tolist():
        of_size = runs.take(runs.step == size)
        changes = np.zeros(len(steps) + 2 * size, np.int64)
        _add_groups(changes, of_size.start + size, of_size, of_size.weight)
        _add_groups(changes, of_size.start + of_size.width, of_size, -of_size.weight)
        steps += running_sums(changes, size)[: len(steps)]


def _add_groups(changes: IntArray, first: IntArray, runs: SignedRuns, weight: IntArray) -> None:
    """Add a weight from the place `first` of each run on, at all groups but one."""
    length = runs.last_start - runs.start
    np.add.at(changes, first, weight)
    np.add.at(changes, first + length, -weight)


def running_sums(values: IntArray, step: int) -> IntArray:
    """out[j] = values[j] + values[j - step] + values[j - 2 step] + ..."""
    padding = -len(values) % step
    table = np.pad(values, (0, padding)).reshape(-1, step)
    return np.cumsum(table, axis=0).ravel()


@serial
def add_intervals(indptr, table, n, steps):
    """Add the keys of rows in normal form to `steps`, interval by interval."""
    for i in range(len(indptr) - 1):
        row = table[indptr[i] : indptr[i + 1]]
        spans = span_count(row)
        lo, hi, at = first_interval(row, spans, n)
        while lo < n:
            steps[lo] += 1
            steps[hi] -= 1
            lo, hi, at = next_interval(row, spans, at, hi - 1, n)
