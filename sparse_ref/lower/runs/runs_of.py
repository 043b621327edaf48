"""Patterns as runs, and the numbers of their keys, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...sets.pattern import Pattern, atoms
from ...sets.require import check_pattern
from ...sets.types import IntArray, Length
from .row_set import row_set
from .row_tree import RowSet, as_runs, counts_of, run_count
from .table import Runs, concatenate_rows, normalise

RUNS_PER_SLAB = 1 << 20  # runs that are in memory at a time, about: 32 MB
FEW_ROWS = 1 << 11  # rows whose runs fit in memory whatever they are
SAMPLE_ROWS = 64  # rows that show how many runs there are in a row


def all_runs(p: Pattern, n: Length) -> Runs:
    """The runs of every row of a pattern at length n, or (n_q, n_k), in normal form.

    O(n) memory for a closed form, a union of them, and for what few runs share or lack; 32 bytes
    for each span of consecutive keys otherwise. Raises as `check_pattern` does.
    """
    n_q, n_k = check_pattern(p, n)
    return normalise(runs_of(p, np.arange(n_q), n_k))


def runs_of(p: Pattern, i: IntArray, n: int) -> Runs:
    """The runs of the queries i (int64, any order, repeats allowed) for n keys, not normalised."""
    if atoms(p) == [p]:
        return as_runs(row_set(p, i, n))
    parts = [normalise(as_runs(rows)) for rows in _slabs(p, i, n)]
    return concatenate_rows(parts, (len(i), n))


def row_counts(p: Pattern, n: Length) -> IntArray:
    """|A_i| of every row of a pattern at length n, or (n_q, n_k), int64 (n_q,): O(n) memory.

    Raises as `check_pattern` does.
    """
    n_q, n_k = check_pattern(p, n)
    slabs = _slabs(p, np.arange(n_q), n_k)
    return np.concatenate([counts_of(rows) for rows in slabs])


def _slabs(p: Pattern, i: IntArray, n: int) -> Iterator[RowSet]:
    """The rows of the queries, so many at a time that the runs of all operands fit in memory.

    At least one slab, empty or not. Few rows are one slab, without a look at a sample.
    """
    if len(i) <= FEW_ROWS:
        yield row_set(p, i, n)
        return
    sample = i[:: len(i) // SAMPLE_ROWS + 1]
    sampled_runs = sum(run_count(row_set(atom, sample, n)) for atom in atoms(p))
    runs_per_row = max(sampled_runs, 1) / max(len(sample), 1)
    rows = max(int(RUNS_PER_SLAB / runs_per_row), 1)
    for lo in range(0, len(i), rows):
        yield row_set(p, i[lo : lo + rows], n)
