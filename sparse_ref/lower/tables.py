"""Tables of runs as sets, row by row: united, cut, complemented, picked, and made of listed keys."""

from __future__ import annotations

import numpy as np

from .tidy import Runs


def side_by_side(left: Runs, right: Runs) -> Runs:
    """The union of two sets, row by row: the runs of both."""
    table = np.empty((len(left.table) + len(right.table), 4), np.int64)
    table[np.arange(len(left.table)) + np.repeat(right.indptr[:-1], np.diff(left.indptr))] = left.table
    table[np.arange(len(right.table)) + np.repeat(left.indptr[1:], np.diff(right.indptr))] = right.table
    return Runs(left.indptr + right.indptr, table, left.shape)


def taken(runs: Runs, rows) -> Runs:
    """The given rows, in the given order."""
    slots = np.diff(runs.indptr)[rows]
    indptr = np.concatenate([[0], np.cumsum(slots)])
    where = np.arange(indptr[-1]) + np.repeat(runs.indptr[:-1][rows] - indptr[:-1], slots)
    return Runs(indptr, runs.table[where], (len(rows), runs.shape[1]))


def of_keys(indptr, indices, n: int) -> Runs:
    """Listed keys, ascending in each row, as spans of consecutive ones; keys of n and more are left out by `tidy`."""
    first = np.ones(len(indices), bool)
    first[1:] = np.diff(indices) != 1
    first[indptr[:-1][np.diff(indptr) > 0]] = True
    begins = np.flatnonzero(first)
    ends = np.concatenate([begins[1:], [len(indices)]])[:len(begins)]
    start, stop = indices[begins].astype(np.int64), indices[ends - 1].astype(np.int64) + 1
    table = np.stack([start, stop, np.ones_like(start), np.ones_like(start)], 1)
    return Runs(np.searchsorted(begins, indptr).astype(np.int64), table, (len(indptr) - 1, n))


def cut(runs: Runs, lo, hi) -> Runs:
    """Each row cut to lo_i <= j < hi_i. A group of a strided run that lo cuts in two becomes a span beside it."""
    slots = np.diff(runs.indptr)
    lo, hi = np.repeat(lo, slots), np.repeat(hi, slots)
    start, stop, step, width = runs.table.T
    stop = np.minimum(stop, hi)
    group = start + np.maximum(lo - start, 0) // step * step  # where the group at or before lo begins
    whole = np.where(group >= lo, group, group + step)
    rest = np.stack([np.where(step == 1, np.maximum(start, lo), whole), stop, step, width], 1)
    head = np.stack([np.maximum(lo, start), np.minimum(np.where(step == 1, 0, group + width), stop),
                     np.ones_like(step), np.ones_like(step)], 1)
    return side_by_side(Runs(runs.indptr, rest, runs.shape), Runs(runs.indptr, head, runs.shape))


def are_intervals(runs: Runs) -> bool:
    """Whether each row is one span or empty."""
    return bool((np.diff(runs.indptr) <= 1).all() and (runs.table[:, 2] == 1).all())


def ends(runs: Runs) -> tuple[np.ndarray, np.ndarray]:
    """(lo, hi) of each row that is one span; (0, 0) for an empty one."""
    lo, hi = np.zeros((2, runs.shape[0]), np.int64)
    some = np.diff(runs.indptr) == 1
    lo[some], hi[some] = runs.table[:, 0], runs.table[:, 1]
    return lo, hi


def complement(runs: Runs) -> Runs:
    """All other keys of rows that have one run each, or none: those before it, between its groups, and from its stop on."""
    rows, n = runs.shape
    one = np.tile(np.array([0, 0, 1, 1]), (rows, 1))
    one[np.diff(runs.indptr) == 1] = runs.table
    start, stop, step, width = one.T
    nothing, unit = np.zeros(rows, np.int64), np.ones(rows, np.int64)
    between = np.where(step > 1, stop, nothing)
    parts = [(nothing, start, unit, unit), (start + width, between, step, np.maximum(step - width, 1)),
             (stop, nothing + n, unit, unit)]
    return Runs(np.arange(rows + 1) * 3, np.stack([np.stack(part, 1) for part in parts], 1).reshape(-1, 4), runs.shape)
