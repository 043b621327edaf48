"""Tables of runs as sets, row by row: united, cut, complemented, picked, and made of listed keys."""

from __future__ import annotations

import numpy as np
from numba import prange

from ..._jit import parallel
from .table import Runs, key_counts, normalise


def union_rows(left: Runs, right: Runs) -> Runs:
    """The union of two sets, row by row: the runs of both."""
    table = np.empty((len(left.table) + len(right.table), 4), np.int64)
    table[np.arange(len(left.table)) + np.repeat(right.indptr[:-1], np.diff(left.indptr))] = (
        left.table
    )
    table[np.arange(len(right.table)) + np.repeat(left.indptr[1:], np.diff(right.indptr))] = (
        right.table
    )
    return Runs(left.indptr + right.indptr, table, left.shape)


def taken(runs: Runs, rows) -> Runs:
    """The given rows, in the given order."""
    indptr, where = slots_of(runs.indptr, rows)
    return Runs(indptr, runs.table[where], (len(rows), runs.shape[1]))


def slots_of(indptr, rows) -> tuple[np.ndarray, np.ndarray]:
    """(indptr of the given rows one after the other, where each of their slots stands now)."""
    slots = np.diff(indptr)[rows]
    own = np.concatenate([[0], np.cumsum(slots)])
    return own, np.arange(own[-1]) + np.repeat(indptr[:-1][rows] - own[:-1], slots)


def runs_of_keys(indptr, indices, n: int) -> Runs:
    """Listed keys, ascending in each row, as spans of consecutive ones; keys of n and more are left out by `tidy`."""
    spans = np.zeros(len(indptr), np.int64)
    _count_spans(indptr, indices, spans)
    starts = np.cumsum(spans)
    table = np.empty((starts[-1], 4), np.int64)
    _fill_spans(indptr, indices, starts, table)
    return Runs(starts, table, (len(indptr) - 1, n))


@parallel
def _count_spans(indptr, indices, spans):
    """How many stretches of consecutive keys each row has, in spans[row + 1]."""
    for i in prange(len(indptr) - 1):
        for t in range(indptr[i], indptr[i + 1]):
            spans[i + 1] += t == indptr[i] or indices[t] != indices[t - 1] + 1


@parallel
def _fill_spans(indptr, indices, starts, table):
    """Each stretch as a span."""
    for i in prange(len(indptr) - 1):
        r = starts[i] - 1
        for t in range(indptr[i], indptr[i + 1]):
            if t == indptr[i] or indices[t] != indices[t - 1] + 1:
                r += 1
                table[r, 0], table[r, 2], table[r, 3] = indices[t], 1, 1
            table[r, 1] = indices[t] + 1


def cut(runs: Runs, lo, hi) -> Runs:
    """Each row cut to lo_i <= j < hi_i. A group of a strided run that lo cuts in two becomes a span beside it."""
    slots = np.diff(runs.indptr)
    lo, hi = np.repeat(lo, slots), np.repeat(hi, slots)
    start, stop, step, width = runs.table.T
    stop = np.minimum(stop, hi)
    group = (
        start + np.maximum(lo - start, 0) // step * step
    )  # where the group at or before lo begins
    whole = np.where(group >= lo, group, group + step)
    rest = np.stack([np.where(step == 1, np.maximum(start, lo), whole), stop, step, width], 1)
    head = np.stack(
        [
            np.maximum(lo, start),
            np.minimum(np.where(step == 1, 0, group + width), stop),
            np.ones_like(step),
            np.ones_like(step),
        ],
        1,
    )
    return union_rows(Runs(runs.indptr, rest, runs.shape), Runs(runs.indptr, head, runs.shape))


def within(runs: Runs, spans: Runs) -> Runs:
    """The keys of tidy runs that lie in the tidy spans, row by row: each run cut to each span."""
    row = np.repeat(np.arange(spans.shape[0]), np.diff(spans.indptr))
    pieces = cut(taken(runs, row), spans.table[:, 0], spans.table[:, 1])
    return Runs(pieces.indptr[spans.indptr], pieces.table, runs.shape)


def gaps(spans: Runs) -> Runs:
    """What lies between tidy spans, before the first and after the last of each row; some of it empty."""
    rows, n = spans.shape
    indptr = spans.indptr + np.arange(rows + 1)
    table = np.tile(np.array([0, n, 1, 1]), (indptr[-1], 1))
    own = np.arange(len(spans.table)) + np.repeat(np.arange(rows), np.diff(spans.indptr))
    table[own, 1], table[own + 1, 0] = spans.table[:, 0], spans.table[:, 1]
    return Runs(indptr, table, spans.shape)


def apart(runs: Runs) -> tuple[Runs, Runs]:
    """(the spans, what the strided runs hold beyond them) of tidy runs, row by row, both tidy."""
    strided = runs.table[:, 2] > 1
    row = np.repeat(np.arange(runs.shape[0]), np.diff(runs.indptr))
    spans, others = (
        Runs(np.searchsorted(row[held], np.arange(runs.shape[0] + 1)), runs.table[held], runs.shape)
        for held in (~strided, strided)
    )
    return spans, normalise(within(others, gaps(spans)))


def are_intervals(runs: Runs) -> bool:
    """Whether each row is one span or empty."""
    return bool((np.diff(runs.indptr) <= 1).all() and (runs.table[:, 2] == 1).all())


def are_few(spans: Runs, runs: Runs) -> bool:
    """Whether `spans` are spans alone, and cutting the runs to them gives no more pieces than there are keys."""
    if not (spans.table[:, 2] == 1).all():
        return False
    pieces = (np.diff(spans.indptr) * np.diff(runs.indptr)).sum()
    return bool(are_intervals(spans) or pieces <= key_counts(runs).sum() + runs.shape[0])


def below_one_another(parts: list[Runs], shape: tuple[int, int]) -> Runs:
    """The rows of all parts, in order."""
    slots = [np.zeros(0, np.int64), *(np.diff(part.indptr) for part in parts)]
    table = np.concatenate([np.zeros((0, 4), np.int64), *(part.table for part in parts)])
    return Runs(np.concatenate([[0], np.cumsum(np.concatenate(slots))]), table, shape)


def complement(runs: Runs) -> Runs:
    """All other keys of rows that have one run each, or none: those before it, between its groups, and from its stop on."""
    rows, n = runs.shape
    one = np.tile(np.array([0, 0, 1, 1]), (rows, 1))
    one[np.diff(runs.indptr) == 1] = runs.table
    start, stop, step, width = one.T
    nothing, unit = np.zeros(rows, np.int64), np.ones(rows, np.int64)
    between = np.where(step > 1, stop, nothing)
    parts = [
        (nothing, start, unit, unit),
        (start + width, between, step, np.maximum(step - width, 1)),
        (stop, nothing + n, unit, unit),
    ]
    return Runs(
        np.arange(rows + 1) * 3,
        np.stack([np.stack(part, 1) for part in parts], 1).reshape(-1, 4),
        runs.shape,
    )
