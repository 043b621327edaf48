"""Each kind of pattern as runs, a million rows at a time: by arithmetic where a set has a closed form, key by key where not.

Intersections stay in runs where one side is an interval, differences where one is an interval and what is taken away is
one run; elsewhere keys are listed, a slab of rows at a time, and told apart by `contains`: time, though not memory,
follows the larger set there.
"""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from ..derived import Blockwise, Listed, Shifted
from ..sets import Both, Complement, Either, Minus, Pattern, Rule
from .tidy import Runs, counts, keys_of, tidy

FURTHEST = 4 * 10**18  # so that a query plus or minus any parameter stays in int64
SLAB = 1 << 24  # keys listed at a time where a set has no closed form


@singledispatch
def ragged(p: Pattern, i: np.ndarray, n: int) -> Runs:
    """The runs of the queries i (int64, any order, repeats allowed) for n keys, not yet tidy."""
    raise TypeError(f"{type(p).__name__} cannot be lowered: it is neither a Rule nor built of others")


@ragged.register
def _(p: Rule, i, n):
    found = p.runs(i, n)
    table = np.empty((len(i), len(found), 4), np.int64)
    for r, run in enumerate(found):
        for part, values in enumerate(run):
            table[:, r, part] = values
    return Runs(np.arange(len(i) + 1) * len(found), table.reshape(-1, 4), (len(i), n))


@ragged.register
def _(p: Listed, i, n):
    p._listed(i)
    return _taken(_of_keys(p.indptr, p.indices, n), i)


@ragged.register
def _(p: Blockwise, i, n):
    b_q, b_k = p.block
    blocks, back = np.unique(i // b_q, return_inverse=True)
    coarse = tidy(ragged(p.pattern, blocks, -(-n // b_k)))
    table = coarse.table * b_k
    table[coarse.table[:, 2] == 1, 2:] = 1
    return _taken(Runs(coarse.indptr, table, (len(blocks), n)), back)


@ragged.register
def _(p: Shifted, i, n):
    if abs(p.offset) + int(np.abs(i).max(initial=0)) > FURTHEST:
        raise ValueError(f"{p!r}: queries must stay within {FURTHEST} when shifts add up, got an offset of {p.offset} more")
    return ragged(p.pattern, i + p.offset, n)


@ragged.register
def _(p: Either, i, n):
    return _side_by_side(ragged(p.left, i, n), ragged(p.right, i, n))


@ragged.register
def _(p: Both, i, n):
    left, right = tidy(ragged(p.left, i, n)), tidy(ragged(p.right, i, n))
    if _are_intervals(right):
        return _cut(left, *_ends(right))
    if _are_intervals(left):
        return _cut(right, *_ends(left))
    if counts(left).sum() <= counts(right).sum():
        return _filtered(left, i, p.right.contains)
    return _filtered(right, i, p.left.contains)


@ragged.register
def _(p: Minus, i, n):
    return _without(ragged(p.left, i, n), p.right, i, n)


@ragged.register
def _(p: Complement, i, n):
    if isinstance(p.pattern, Complement):
        return ragged(p.pattern.pattern, i, n)
    every_key = np.tile(np.array([0, n, 1, 1]), (len(i), 1))
    return _without(Runs(np.arange(len(i) + 1), every_key, (len(i), n)), p.pattern, i, n)


def _without(left: Runs, p: Pattern, i, n) -> Runs:
    """left_i - p_i in closed form where one is an interval and p_i one run; the keys one by one elsewhere."""
    left, right = tidy(left), tidy(ragged(p, i, n))
    if _are_intervals(right):
        lo, hi = _ends(right)
        return _side_by_side(_cut(left, np.zeros_like(lo), lo), _cut(left, hi, np.full_like(hi, n)))
    if _are_intervals(left) and (np.diff(right.indptr) <= 1).all():
        return _cut(tidy(_complement(right)), *_ends(left))
    return _filtered(left, i, lambda i, j: ~p.contains(i, j))


def _complement(runs: Runs) -> Runs:
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


def _are_intervals(runs: Runs) -> bool:
    """Whether each row is one span or empty."""
    return bool((np.diff(runs.indptr) <= 1).all() and (runs.table[:, 2] == 1).all())


def _ends(runs: Runs) -> tuple[np.ndarray, np.ndarray]:
    """(lo, hi) of each row that is one span; (0, 0) for an empty one."""
    lo, hi = np.zeros((2, runs.shape[0]), np.int64)
    some = np.diff(runs.indptr) == 1
    lo[some], hi[some] = runs.table[:, 0], runs.table[:, 1]
    return lo, hi


def _cut(runs: Runs, lo, hi) -> Runs:
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
    return _side_by_side(Runs(runs.indptr, rest, runs.shape), Runs(runs.indptr, head, runs.shape))


def _filtered(runs: Runs, i, keep) -> Runs:
    """The keys j of tidy runs with keep(i, j), listed a slab of rows at a time."""
    rows, n = runs.shape
    done = np.concatenate([[0], np.cumsum(counts(runs))])
    slots, tables, lo = [np.zeros(0, np.int64)], [np.zeros((0, 4), np.int64)], 0
    while lo < rows:
        hi = max(lo + 1, int(np.searchsorted(done, done[lo] + SLAB, side="right")) - 1)
        indptr, keys = keys_of(_taken(runs, np.arange(lo, hi)))
        row = np.repeat(np.arange(hi - lo), np.diff(indptr))
        kept = np.broadcast_to(keep(i[lo:hi][row], keys.astype(np.int64)), keys.shape)
        sizes = np.bincount(row[kept], minlength=hi - lo)
        part = _of_keys(np.concatenate([[0], np.cumsum(sizes)]), keys[kept], n)
        slots.append(np.diff(part.indptr))
        tables.append(part.table)
        lo = hi
    return Runs(np.concatenate([[0], np.cumsum(np.concatenate(slots))]), np.concatenate(tables), runs.shape)


def _of_keys(indptr, indices, n: int) -> Runs:
    """Listed keys, ascending in each row, as spans of consecutive ones; keys of n and more are left out by `tidy`."""
    first = np.ones(len(indices), bool)
    first[1:] = np.diff(indices) != 1
    first[indptr[:-1][np.diff(indptr) > 0]] = True
    begins = np.flatnonzero(first)
    ends = np.concatenate([begins[1:], [len(indices)]])[:len(begins)]
    start, stop = indices[begins].astype(np.int64), indices[ends - 1].astype(np.int64) + 1
    table = np.stack([start, stop, np.ones_like(start), np.ones_like(start)], 1)
    return Runs(np.searchsorted(begins, indptr).astype(np.int64), table, (len(indptr) - 1, n))


def _taken(runs: Runs, rows) -> Runs:
    """The given rows, in the given order."""
    slots = np.diff(runs.indptr)[rows]
    indptr = np.concatenate([[0], np.cumsum(slots)])
    where = np.arange(indptr[-1]) + np.repeat(runs.indptr[:-1][rows] - indptr[:-1], slots)
    return Runs(indptr, runs.table[where], (len(rows), runs.shape[1]))


def _side_by_side(left: Runs, right: Runs) -> Runs:
    """The union of two sets, row by row: the runs of both."""
    table = np.empty((len(left.table) + len(right.table), 4), np.int64)
    table[np.arange(len(left.table)) + np.repeat(right.indptr[:-1], np.diff(left.indptr))] = left.table
    table[np.arange(len(right.table)) + np.repeat(left.indptr[1:], np.diff(right.indptr))] = right.table
    return Runs(left.indptr + right.indptr, table, left.shape)
