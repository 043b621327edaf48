"""Patterns as runs, one rule per kind of pattern: by arithmetic for closed forms, else key by key.

An intersection stays in runs if one side has spans only, and not too many of them. A difference
does so if the right side has spans only, or is one run per row and the left side is an interval.
Otherwise keys are listed, a slab of rows at a time, and filtered by `contains`: time, not memory,
grows with the larger set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import singledispatch

import numpy as np

from ...patterns import Random
from ...sets.listed import Listed
from ...sets.pattern import Complement, Difference, Intersection, Pattern, Union
from ...sets.require import check_pattern
from ...sets.rule import Rule
from ...sets.shifted import Shifted
from ...sets.types import BoolArray, IntArray, Length
from .keys import key_counts, keys_of, runs_of_keys
from .run_algebra import are_intervals, complement, gaps, intersect, worth_cutting
from .table import (
    Runs,
    concatenate_rows,
    indptr_of,
    normalise,
    one_span,
    select_rows,
    slots_of,
    union_rows,
)

MAX_QUERY = 4 * 10**18  # a query plus or minus any parameter stays in int64
KEYS_PER_SLAB = 1 << 24  # keys listed at a time if a set has no closed form
RUNS_PER_SLAB = 1 << 21  # runs of a rule written at a time


def all_runs(p: Pattern, n: Length) -> Runs:
    """The runs of every row of a pattern at length n, or (n_q, n_k), in normal form.

    O(n) memory for every closed form and for unions of them. Raises as `check_pattern` does.
    """
    n_q, n_k = check_pattern(p, n)
    return normalise(runs_of(p, np.arange(n_q), n_k))


@singledispatch
def runs_of(p: Pattern, i: IntArray, n: int) -> Runs:
    """The runs of the queries i (int64, any order, repeats allowed) for n keys, not normalised."""
    raise TypeError(
        f"{type(p).__name__} cannot be lowered: it is neither a Rule nor built of other patterns"
    )


@runs_of.register
def runs_of_rule(p: Rule, i: IntArray, n: int) -> Runs:
    """The runs of the solution. Many rows go slab by slab: if runs are many, most are empty."""
    runs_per_row = max(len(p.runs(i[:1], n)), 1)
    rows = max(RUNS_PER_SLAB // runs_per_row, 1)
    if len(i) <= rows:
        return _solution_runs(p, i, n)
    parts = []
    for lo in range(0, len(i), rows):
        slab = i[lo : lo + rows]
        parts.append(normalise(_solution_runs(p, slab, n)))
    return concatenate_rows(parts, (len(i), n))


def _solution_runs(p: Rule, i: IntArray, n: int) -> Runs:
    """The runs of the solution: as many in each row, some of them empty."""
    runs = p.runs(i, n)
    table = np.empty((len(i), len(runs), 4), np.int64)
    for r, run in enumerate(runs):
        for column, values in enumerate(run):
            table[:, r, column] = values
    indptr = np.arange(len(i) + 1) * len(runs)
    return Runs(indptr, table.reshape(-1, 4), (len(i), n))


@runs_of.register
def runs_of_list(p: Listed, i: IntArray, n: int) -> Runs:
    """The listed keys as spans."""
    p.check_rows(i)
    rows = len(p.indptr) - 1
    if np.array_equal(i, np.arange(rows)):
        return runs_of_keys(p.indptr, p.indices, n)
    indptr, slots = slots_of(p.indptr, i)
    return runs_of_keys(indptr, p.indices[slots], n)


@runs_of.register
def runs_of_random(p: Random, i: IntArray, n: int) -> Runs:
    """The drawn keys as spans."""
    p.check_length(i, n)
    indptr = np.arange(len(i) + 1) * p.keys
    return runs_of_keys(indptr, p.rows(i).ravel(), n)


@runs_of.register
def runs_of_shift(p: Shifted, i: IntArray, n: int) -> Runs:
    """The runs of the pattern at the shifted queries."""
    farthest = int(np.abs(i).max(initial=0))
    if abs(p.offset) + farthest > MAX_QUERY:
        raise ValueError(
            f"{p!r}: queries must stay within {MAX_QUERY} when shifts add up, "
            f"got an offset of {p.offset} more"
        )
    return runs_of(p.pattern, i + p.offset, n)


@runs_of.register
def runs_of_union(p: Union, i: IntArray, n: int) -> Runs:
    """The runs of both sides."""
    left = runs_of(p.left, i, n)
    return union_rows(left, runs_of(p.right, i, n))


@runs_of.register
def runs_of_intersection(p: Intersection, i: IntArray, n: int) -> Runs:
    """One side cut to the other's spans; else the smaller side's keys, filtered by the other."""
    if isinstance(p.right, Complement):
        return _subtract(runs_of(p.left, i, n), p.right.pattern, i, n)
    if isinstance(p.left, Complement):
        return _subtract(runs_of(p.right, i, n), p.left.pattern, i, n)
    left = normalise(runs_of(p.left, i, n))
    right = normalise(runs_of(p.right, i, n))
    if worth_cutting(right, left):
        return intersect(left, right)
    if worth_cutting(left, right):
        return intersect(right, left)
    if key_counts(left).sum() <= key_counts(right).sum():
        return _filter_keys(left, i, p.right.contains)
    return _filter_keys(right, i, p.left.contains)


@runs_of.register
def runs_of_difference(p: Difference, i: IntArray, n: int) -> Runs:
    """The left side minus the right side."""
    return _subtract(runs_of(p.left, i, n), p.right, i, n)


@runs_of.register
def runs_of_complement(p: Complement, i: IntArray, n: int) -> Runs:
    """Every key minus the set; a complement of a combination by de Morgan's laws."""
    inner = p.pattern
    if isinstance(inner, Complement):
        return runs_of(inner.pattern, i, n)
    if isinstance(inner, Union):
        return runs_of(Intersection(~inner.left, ~inner.right), i, n)
    if isinstance(inner, Intersection):
        return runs_of(Union(~inner.left, ~inner.right), i, n)
    zero = np.zeros(len(i), np.int64)
    return _subtract(one_span(zero, zero + n, n), inner, i, n)


def _subtract(left: Runs, p: Pattern, i: IntArray, n: int) -> Runs:
    """left_i - p_i, in closed form if p_i has spans only, or is one run and left_i an interval."""
    left = normalise(left)
    right = normalise(runs_of(p, i, n))
    between = gaps(right) if right.only_spans else None
    if between is not None and worth_cutting(between, left):
        return intersect(left, between)
    if are_intervals(left) and (right.counts <= 1).all():
        return intersect(normalise(complement(right)), left)
    return _filter_keys(left, i, lambda i, j: ~p.contains(i, j))


Keep = Callable[[IntArray, IntArray], BoolArray]


def _filter_keys(runs: Runs, i: IntArray, keep: Keep) -> Runs:
    """The keys j of runs in normal form with keep(i, j), listed a slab of rows at a time."""
    n = runs.shape[1]
    parts = []
    for rows in _slabs(runs):
        indptr, keys = keys_of(select_rows(runs, rows))
        row = np.repeat(np.arange(len(rows)), np.diff(indptr))
        mask = keep(i[rows][row], keys.astype(np.int64))
        mask = np.broadcast_to(mask, keys.shape)
        counts = np.bincount(row[mask], minlength=len(rows))
        parts.append(runs_of_keys(indptr_of(counts), keys[mask], n))
    return concatenate_rows(parts, runs.shape)


def _slabs(runs: Runs) -> Iterator[IntArray]:
    """Consecutive rows with at most KEYS_PER_SLAB keys, or a single row."""
    rows = runs.shape[0]
    keys_before = indptr_of(key_counts(runs))
    lo = 0
    while lo < rows:
        limit = keys_before[lo] + KEYS_PER_SLAB
        end = int(np.searchsorted(keys_before, limit, side="right"))
        hi = max(lo + 1, end - 1)
        yield np.arange(lo, hi)
        lo = hi
