"""Runs: a table of arithmetic sequences of keys per row; rows selected and united; the normal form.

A run is a row (start, stop, step, width) of an int64 table: the keys start <= j < stop with
(j - start) mod step < width. A span is a run of step 1: consecutive keys. A strided run has a
larger step; its groups are its stretches of `width` keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..._jit import inline, parallel, serial
from ...sets.types import IntArray

START, STOP, STEP, WIDTH = 0, 1, 2, 3  # the columns of a table
MAX_LOOK_BACK = 16  # strided runs that a further one may be merged with


@dataclass(frozen=True, eq=False)
class Runs:
    """A_i = the union of the runs table[indptr[i]:indptr[i + 1]], each (start, stop, step, width).

    In normal form, the spans of a row (step = width = 1) come first, ascending, with a gap between
    any two. Its strided runs follow in any order; they may overlap anything. All keys are below
    n_k. A strided run may start below 0; its keys below 0 do not count.

    Parameters
    ----------
    indptr : int64 array (n_q + 1,), where the runs of each row begin.
    table : int64 array (runs, 4).
    shape : (n_q, n_k).
    """

    indptr: IntArray
    table: IntArray
    shape: tuple[int, int]

    @property
    def counts(self) -> IntArray:
        """The number of runs of each row, int64 (n_q,)."""
        return np.diff(self.indptr)

    @property
    def row_of_run(self) -> IntArray:
        """The row of each run, int64 (runs,)."""
        return np.repeat(np.arange(self.shape[0]), self.counts)

    @property
    def only_spans(self) -> bool:
        """Whether every run is a span."""
        return bool((self.table[:, STEP] == 1).all())


def run_table(start, stop, step=1, width=1) -> IntArray:
    """A table with these columns, int64 (runs, 4); numbers are repeated."""
    return np.stack(np.broadcast_arrays(start, stop, step, width), axis=1)


def one_span(start: IntArray, stop: IntArray, n: int) -> Runs:
    """One span start_i <= j < stop_i per row, for n keys."""
    rows = len(start)
    indptr = np.arange(rows + 1)
    return Runs(indptr, run_table(start, stop), (rows, n))


def indptr_of(counts) -> IntArray:
    """Where the entries of each row begin, int64 (rows + 1,): 0 and the counts' running sums."""
    return np.concatenate([[0], np.cumsum(counts)])


def select_rows(runs: Runs, rows: IntArray) -> Runs:
    """These rows, in this order; a row may be selected more than once."""
    indptr, slots = slots_of(runs.indptr, rows)
    shape = len(rows), runs.shape[1]
    return Runs(indptr, runs.table[slots], shape)


def slots_of(indptr: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """(indptr of the selected rows, the index that each of their entries had before)."""
    counts = np.diff(indptr)[rows]
    selected = indptr_of(counts)
    shifts = indptr[:-1][rows] - selected[:-1]
    slots = np.arange(selected[-1]) + np.repeat(shifts, counts)
    return selected, slots


def unite(parts: Sequence[Runs]) -> Runs:
    """The union of sets, row by row: the runs of all, not in normal form."""
    if len(parts) == 1:
        return parts[0]
    counts = np.stack([part.counts for part in parts])
    indptr = indptr_of(counts.sum(axis=0))
    table = np.empty((indptr[-1], 4), np.int64)
    row_place = indptr[:-1].copy()  # where the next part writes in each row
    for part, part_counts in zip(parts, counts):
        shifts = np.repeat(row_place - part.indptr[:-1], part_counts)
        table[shifts + np.arange(len(part.table))] = part.table
        row_place += part_counts
    return Runs(indptr, table, parts[0].shape)


def concatenate_rows(parts: list[Runs], shape: tuple[int, int]) -> Runs:
    """The rows of all parts, in order."""
    nothing = np.zeros(0, np.int64)
    parts = [one_span(nothing, nothing, shape[1]), *parts]  # there may be no parts
    counts = np.concatenate([part.counts for part in parts])
    table = np.concatenate([part.table for part in parts])
    return Runs(indptr_of(counts), table, shape)


def normalise(runs: Runs) -> Runs:
    """The same sets in normal form: runs clipped to 0 <= j < n_k, spans sorted and merged."""
    table = np.empty_like(runs.table)
    rows, n = runs.shape
    kept = np.zeros(rows, np.int64)  # the number of runs left in each row
    _normalise_rows(rows, runs.indptr, runs.table, n, table, kept)
    counts = runs.counts
    if (kept < counts).any():
        first_run = np.repeat(runs.indptr[:-1], counts)
        place_in_row = np.arange(len(table)) - first_run
        table = table[place_in_row < np.repeat(kept, counts)]
    return Runs(indptr_of(kept), table, runs.shape)


@parallel
def _normalise_rows(begin, end, indptr, table, n, out, kept):
    for i in range(begin, end):
        lo, hi = indptr[i], indptr[i + 1]
        kept[i] = normalise_row(table[lo:hi], n, out[lo:hi])


@serial
def normalise_row(table, n, out):
    """Write the normal form of a row's runs into `out`, as long as `table`; return their number."""
    if len(table) == 1:
        start, stop, step, width = clip_run(table[0], n)
        write_run(out[0], start, stop, step, width)
        return 1 if start < stop else 0
    spans = copy_spans(table, n, out)
    return spans if spans >= 0 else sort_runs(table, n, out)


@serial
def clip_run(run, n):
    """The run clipped to 0 <= j < n, as a span if it is one; start >= stop if no key is left."""
    start, step, width = run[START], run[STEP], run[WIDTH]
    stop = min(run[STOP], n)
    if width >= step:
        return max(start, 0), stop, 1, 1
    if start < 0:
        start += -start // step * step  # the last group that begins at or below 0
        if start + width <= 0:
            start += step
    if stop - start <= step:  # one group
        return max(start, 0), min(start + width, stop), 1, 1
    return start, stop, step, width


@serial
def write_run(row, start, stop, step, width):
    """Write one row of a table."""
    row[START] = start
    row[STOP] = stop
    row[STEP] = step
    row[WIDTH] = width


@inline
def copy_spans(table, n, out):
    """Write the runs if they are ascending spans with gaps between; return their number, or -1."""
    spans = 0
    for r in range(len(table)):
        start, stop, step, _ = clip_run(table[r], n)
        if start >= stop:
            continue
        if step > 1 or (spans and start <= out[spans - 1, STOP]):
            return -1
        write_run(out[spans], start, stop, 1, 1)
        spans += 1
    return spans


@inline
def sort_runs(table, n, out):
    """Write the normal form of runs in any order; return their number."""
    starts = np.empty(len(table), np.int64)
    stops = np.empty(len(table), np.int64)
    strided = np.empty((len(table), 4), np.int64)
    # Not literals: Numba would compile `add_span` and `add_run` for 0 separately.
    span_count = strided_count = np.int64(0)
    for r in range(len(table)):
        start, stop, step, width = clip_run(table[r], n)
        if start >= stop:
            continue
        if step > 1:
            strided_count = add_run(strided, strided_count, start, stop, step, width)
        else:
            span_count = add_span(starts, stops, span_count, start, stop)
    span_count = merge_spans(starts[:span_count], stops, out)
    for c in range(strided_count):
        for column in range(4):
            out[span_count + c, column] = strided[c, column]
    return span_count + strided_count


@inline
def add_span(starts, stops, count, start, stop):
    """Add a span to `count` others, or widen the last if they touch; return the new count."""
    last = count - 1
    if count and starts[last] <= stop and start <= stops[last]:
        starts[last] = min(start, starts[last])
        stops[last] = max(stop, stops[last])
        return count
    starts[count] = start
    stops[count] = stop
    return count + 1


@inline
def merge_spans(starts, stops, out):
    """Write spans in any order as ascending ones with gaps between; return their number."""
    count = 0
    for s in argsort(starts):
        last = count - 1
        if count and starts[s] <= out[last, STOP]:
            out[last, STOP] = max(stops[s], out[last, STOP])
        else:
            write_run(out[count], starts[s], stops[s], 1, 1)
            count += 1
    return count


@inline
def add_run(strided, count, start, stop, step, width):
    """Add a strided run to `count` others, or widen one with its residues that it touches.

    Only the last few are looked at. Return the new count.
    """
    for c in range(max(count - MAX_LOOK_BACK, 0), count):
        gap = max(start - strided[c, STOP], strided[c, START] - stop)
        touches = gap <= 0 or (width == 1 and gap < step)
        if touches and same_residues(strided, c, start, step, width):
            strided[c, START] = min(start, strided[c, START])
            strided[c, STOP] = max(stop, strided[c, STOP])
            return count
    write_run(strided[count], start, stop, step, width)
    return count + 1


@serial
def same_residues(table, r, start, step, width):
    """Whether run r has these step and width, and a start a multiple of the step away."""
    same_groups = table[r, STEP] == step and table[r, WIDTH] == width
    return same_groups and (start - table[r, START]) % step == 0


@serial
def argsort(x):
    """The indices that sort a few numbers: Shell's sort with gaps 3^k, Knuth 1973, sec. 5.2.1.

    NumPy's own sorts take Numba seconds to compile, again in each loop that calls them.
    """
    order, gap = np.arange(len(x)), 1
    while 3 * gap + 1 < len(x):
        gap = 3 * gap + 1
    while gap:
        for t in range(gap, len(x)):
            moving, place = order[t], t
            while place >= gap and x[order[place - gap]] > x[moving]:
                order[place] = order[place - gap]
                place -= gap
            order[place] = moving
        gap //= 3
    return order
