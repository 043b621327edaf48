"""Each kind of pattern as runs, a million rows at a time: by arithmetic where a set has a closed form, key by key where not.

Intersections stay in runs where one side is spans, not too many of them, and differences where what is taken away is
spans, or one run of an interval; elsewhere keys are listed, a slab of rows at a time, and told apart by `contains`:
time, though not memory, follows the larger set there.
"""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from ...patterns import Random
from ...sets.listed import Listed
from ...sets.pattern import Complement, Difference, Intersection, Pattern, Union
from ...sets.rule import Rule
from ...sets.shifted import Shifted
from .run_algebra import (
    are_few,
    are_intervals,
    below_one_another,
    complement,
    gaps,
    runs_of_keys,
    slots_of,
    taken,
    union_rows,
    within,
)
from .table import Runs, key_counts, keys_of, normalise

FURTHEST = 4 * 10**18  # so that a query plus or minus any parameter stays in int64
SLAB = 1 << 24  # keys listed at a time where a set has no closed form
TABLE = 1 << 21  # runs of a rule written at a time


@singledispatch
def runs_of(p: Pattern, i: np.ndarray, n: int) -> Runs:
    """The runs of the queries i (int64, any order, repeats allowed) for n keys, not yet tidy."""
    raise TypeError(
        f"{type(p).__name__} cannot be lowered: it is neither a Rule nor built of others"
    )


@runs_of.register
def _(p: Rule, i, n):
    rows = max(TABLE // max(len(p.runs(i[:1], n)), 1), 1)
    if len(i) <= rows:
        return _tabled(p, i, n)
    parts = [
        normalise(_tabled(p, i[lo : lo + rows], n)) for lo in range(0, len(i), rows)
    ]  # most of many runs are empty
    return below_one_another(parts, (len(i), n))


def _tabled(p: Rule, i, n) -> Runs:
    """As many runs for each query, some of them empty."""
    found = p.runs(i, n)
    table = np.empty((len(i), len(found), 4), np.int64)
    for r, run in enumerate(found):
        for part, values in enumerate(run):
            table[:, r, part] = values
    return Runs(np.arange(len(i) + 1) * len(found), table.reshape(-1, 4), (len(i), n))


@runs_of.register
def _(p: Listed, i, n):
    p._listed(i)
    if len(i) == len(p.indptr) - 1 and (i == np.arange(len(i))).all():
        return runs_of_keys(p.indptr, p.indices, n)
    indptr, where = slots_of(p.indptr, i)
    return runs_of_keys(indptr, p.indices[where], n)


@runs_of.register
def _(p: Random, i, n):
    p.check_length(i, n)
    return runs_of_keys(np.arange(len(i) + 1) * p.keys, p.rows(i).ravel(), n)


@runs_of.register
def _(p: Shifted, i, n):
    if abs(p.offset) + int(np.abs(i).max(initial=0)) > FURTHEST:
        raise ValueError(
            f"{p!r}: queries must stay within {FURTHEST} when shifts add up, got an offset of {p.offset} more"
        )
    return runs_of(p.pattern, i + p.offset, n)


@runs_of.register
def _(p: Union, i, n):
    return union_rows(runs_of(p.left, i, n), runs_of(p.right, i, n))


@runs_of.register
def _(p: Intersection, i, n):
    if isinstance(p.right, Complement):
        return _without(runs_of(p.left, i, n), p.right.pattern, i, n)
    if isinstance(p.left, Complement):
        return _without(runs_of(p.right, i, n), p.left.pattern, i, n)
    left, right = normalise(runs_of(p.left, i, n)), normalise(runs_of(p.right, i, n))
    if are_few(right, left):
        return within(left, right)
    if are_few(left, right):
        return within(right, left)
    if key_counts(left).sum() <= key_counts(right).sum():
        return _filtered(left, i, p.right.contains)
    return _filtered(right, i, p.left.contains)


@runs_of.register
def _(p: Difference, i, n):
    return _without(runs_of(p.left, i, n), p.right, i, n)


@runs_of.register
def _(p: Complement, i, n):
    inner = p.pattern
    if isinstance(inner, Complement):
        return runs_of(inner.pattern, i, n)
    if isinstance(inner, Union):
        return runs_of(Intersection(~inner.left, ~inner.right), i, n)
    if isinstance(inner, Intersection):
        return runs_of(Union(~inner.left, ~inner.right), i, n)
    every_key = np.tile(np.array([0, n, 1, 1]), (len(i), 1))
    return _without(Runs(np.arange(len(i) + 1), every_key, (len(i), n)), inner, i, n)


def _without(left: Runs, p: Pattern, i, n) -> Runs:
    """left_i - p_i in closed form where p_i is spans, or one run and left_i an interval; the keys one by one elsewhere."""
    left, right = normalise(left), normalise(runs_of(p, i, n))
    between = gaps(right) if (right.table[:, 2] == 1).all() else None
    if between is not None and are_few(between, left):
        return within(left, between)
    if are_intervals(left) and (np.diff(right.indptr) <= 1).all():
        return within(normalise(complement(right)), left)
    return _filtered(left, i, lambda i, j: ~p.contains(i, j))


def _filtered(runs: Runs, i, keep) -> Runs:
    """The keys j of tidy runs with keep(i, j), listed a slab of rows at a time."""
    rows, n = runs.shape
    done = np.concatenate([[0], np.cumsum(key_counts(runs))])
    parts, lo = [], 0
    while lo < rows:
        hi = max(lo + 1, int(np.searchsorted(done, done[lo] + SLAB, side="right")) - 1)
        indptr, keys = keys_of(taken(runs, np.arange(lo, hi)))
        row = np.repeat(np.arange(hi - lo), np.diff(indptr))
        kept = np.broadcast_to(keep(i[lo:hi][row], keys.astype(np.int64)), keys.shape)
        sizes = np.bincount(row[kept], minlength=hi - lo)
        parts.append(runs_of_keys(np.concatenate([[0], np.cumsum(sizes)]), keys[kept], n))
        lo = hi
    return below_one_another(parts, runs.shape)
