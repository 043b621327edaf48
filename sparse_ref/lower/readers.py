"""How many queries attend to each key, from runs: a strided run costs no more than a span.

A table of signed runs adds up to the sets of the rows. `steps[j]` collects by how much the count
of key j differs from that of key j - 1; a strided run changes it at every group, which is one
change at its first group and one after its last, if a running sum goes on by its step.
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
from .runs.table import START, STEP, STOP, Runs, normalise, select_rows, slots_of

ROWS_PER_SLAB = 1 << 16  # rows whose runs are in memory at a time


class SignedRuns(NamedTuple):
    """Strided runs, int64 (runs, 4), each with the row that it is of, and its weight, 1 or -1."""

    table: IntArray
    row: IntArray
    weight: IntArray

    def take(self, mask) -> SignedRuns:
        """The runs with True in the mask."""
        return SignedRuns(*(field[mask] for field in self))

    @property
    def groups(self) -> IntArray:
        """How many groups each run has, those that 0 or the stop cuts included."""
        start, stop, step, _ = self.table.T
        return np.maximum(-((start - stop) // step), 0)

    @property
    def last_stop(self) -> IntArray:
        """The key after the last group of each run."""
        start, stop, step, width = self.table.T
        last_start = start + (self.groups - 1) * step
        return np.minimum(last_start + width, stop)

    @property
    def counts(self) -> IntArray:
        """How many keys each run has."""
        start, _, _, width = self.table.T
        has_keys = self.groups > 0
        whole_groups = np.maximum(self.groups - 1, 0) * width
        below_zero = np.minimum(start, 0)
        last_start = start + (self.groups - 1) * self.table[:, STEP]
        return np.where(has_keys, whole_groups + self.last_stop - last_start + below_zero, 0)


def reader_counts(p: Pattern, n: Length) -> IntArray:
    """|{ i : j in A_i }| of every key j at length n, or (n_q, n_k), int64 (n_k,): O(n) memory.

    No key is listed, but the keys that several strided runs of one row share, as those of
    Strided(3) | Strided(4): such rows are walked. Raises as `check_pattern` does.

    >>> import sparse_ref as sr
    >>> sr.lower.reader_counts(sr.Causal() & sr.Strided(2), 6)
    array([3, 3, 2, 2, 1, 1])
    """
    n_q, n_k = check_pattern(p, n)
    steps = np.zeros(n_k + 1, np.int64)
    for lo in range(0, n_q, ROWS_PER_SLAB):
        queries = np.arange(lo, min(lo + ROWS_PER_SLAB, n_q))
        _add_rows(normalise(runs_of(p, queries, n_k)), steps)
    return np.cumsum(steps)[:n_k]


def _add_rows(rows: Runs, steps: IntArray) -> None:
    """Add the sets of these rows to `steps`."""
    is_span = rows.table[:, STEP] == 1
    strided = _outside_spans(rows, is_span)
    overlaps = _overlaps(rows, is_span, strided)
    if overlaps.any():
        others = select_rows(rows, np.flatnonzero(overlaps))
        add_intervals(others.indptr, others.table, others.shape[1], steps)
    is_span &= ~overlaps[rows.row_of_run]
    np.add.at(steps, rows.table[is_span, START], 1)
    np.add.at(steps, rows.table[is_span, STOP], -1)
    _add_strided_runs(strided.take(~overlaps[strided.row]), steps)


def _outside_spans(rows: Runs, is_span) -> SignedRuns:
    """The strided runs of each row, less their keys in its spans."""
    row = rows.row_of_run
    strided = np.flatnonzero(~is_span)
    spans_of_row = np.bincount(row[is_span], minlength=rows.shape[0])
    span_indptr = np.concatenate([[0], np.cumsum(spans_of_row)])
    spans = rows.table[is_span]
    _, slots = slots_of(span_indptr, row[strided])
    repeats = np.repeat(strided, spans_of_row[row[strided]])
    up_to_stop = _cut_runs(rows.table[repeats], spans[slots, STOP])
    up_to_start = _cut_runs(rows.table[repeats], spans[slots, START])
    tables = [rows.table[strided], up_to_stop, up_to_start]
    sizes = [len(table) for table in tables]
    weights = np.repeat([1, -1, 1], sizes)
    run_rows = np.concatenate([strided, repeats, repeats])
    return SignedRuns(np.concatenate(tables), row[run_rows], weights)


def _cut_runs(table: IntArray, stop: IntArray) -> IntArray:
    """The keys of each run below a stop."""
    stops = np.minimum(table[:, STOP], stop)
    return np.column_stack([table[:, START], stops, table[:, STEP:]])


def _overlaps(rows: Runs, is_span, strided: SignedRuns):
    """Whether several strided runs of a row share keys: bool (n_q,)."""
    row = rows.row_of_run
    strided_of_row = np.bincount(row[~is_span], minlength=rows.shape[0])
    overlaps = np.zeros_like(strided_of_row, bool)
    several = np.flatnonzero(strided_of_row > 1)
    if len(several):
        totals = np.zeros(len(overlaps), np.int64)
        lengths = rows.table[:, STOP] - rows.table[:, START]
        np.add.at(totals, row[is_span], lengths[is_span])
        np.add.at(totals, strided.row, strided.counts * strided.weight)
        overlaps[several] = totals[several] > key_counts(select_rows(rows, several))
    return overlaps


def _add_strided_runs(runs: SignedRuns, steps: IntArray) -> None:
    """Add signed strided runs to `steps`: the groups up at their starts, down after their ends."""
    runs = runs.take(runs.groups > 0)
    start, _, step, width = runs.table.T
    np.add.at(steps, np.maximum(start, 0), runs.weight)
    np.add.at(steps, runs.last_stop, -runs.weight)
    more = runs.groups - 1
    for size in np.unique(step).tolist():
        of_size = (step == size) & (more > 0)
        changes = np.zeros(len(steps) + 2 * size, np.int64)
        for first, sign in ((start + size, 1), (start + width, -1)):
            weight = sign * runs.weight[of_size]
            begin = first[of_size]
            np.add.at(changes, begin, weight)
            np.add.at(changes, begin + more[of_size] * size, -weight)
        steps += running_sums(changes, size)[: len(steps)]


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
