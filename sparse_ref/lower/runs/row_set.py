"""Patterns as rows of keys, one rule per kind of pattern: the patterns that have no parts.

The rules of | & - ~ are in `combinations`, those of parts of a sequence in `sequence_parts`.
"""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from ...patterns import Random
from ...sets.listed import Listed
from ...sets.pattern import Pattern
from ...sets.rule import Rule
from ...sets.shifted import Shifted
from ...sets.types import IntArray
from .keys import runs_of_keys
from .row_tree import RowSet
from .table import Runs, concatenate_rows, normalise, slots_of

MAX_QUERY = 4 * 10**18  # a query plus or minus any parameter stays in int64
RUNS_PER_SLAB = 1 << 21  # runs of a rule written at a time


@singledispatch
def row_set(p: Pattern, i: IntArray, n: int) -> RowSet:
    """The rows of the queries i (int64, any order, repeats allowed) for n keys.

    Runs that are not in normal form, or an expression of runs that are.
    """
    raise TypeError(
        f"{type(p).__name__} cannot be lowered: it is neither a Rule nor built of other patterns"
    )


@row_set.register
def rows_of_rule(p: Rule, i: IntArray, n: int) -> Runs:
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


@row_set.register
def rows_of_list(p: Listed, i: IntArray, n: int) -> Runs:
    """The listed keys as spans."""
    p.check_rows(i)
    rows = len(p.indptr) - 1
    if np.array_equal(i, np.arange(rows)):
        return runs_of_keys(p.indptr, p.indices, n)
    indptr, slots = slots_of(p.indptr, i)
    return runs_of_keys(indptr, p.indices[slots], n)


@row_set.register
def rows_of_random(p: Random, i: IntArray, n: int) -> Runs:
    """The drawn keys as spans."""
    p.check_length(i, n)
    indptr = np.arange(len(i) + 1) * p.keys
    return runs_of_keys(indptr, p.rows(i).ravel(), n)


@row_set.register
def rows_of_shift(p: Shifted, i: IntArray, n: int) -> RowSet:
    """The rows of the pattern at the shifted queries."""
    farthest = int(np.abs(i).max(initial=0))
    if abs(p.offset) + farthest > MAX_QUERY:
        raise ValueError(
            f"{p!r}: queries must stay within {MAX_QUERY} when shifts add up, "
            f"got an offset of {p.offset} more"
        )
    return row_set(p.pattern, i + p.offset, n)
