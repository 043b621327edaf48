"""Rows split for counting: strided runs that overlap become signed runs, which are counted alone.

A walk over the keys of such a row costs as much as it has keys, its signed runs as much as there
are of them. Few and narrow runs have few of these.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...sets.types import BoolArray
from .signed_runs import SignedRuns, outside_spans, signed_counts, strided_runs, unite_runs
from .table import STEP, Runs, indptr_of

MAX_SIGNED_RUNS = 48  # of a row: four runs of single keys and a span
LEAST_KEYS = 8  # of the strided runs of a row, for each of its signed runs


class SplitRows(NamedTuple):
    """Rows in normal form without the strided runs that overlap, and these runs, signed.

    A key of a row is in one of `rest`, or the weights of the runs of `signed` that have it add up
    to 1. The signed runs are ascending by row.
    """

    rest: Runs
    signed: SignedRuns


def split_rows(rows: Runs) -> SplitRows:
    """Rows in normal form, split if that makes them quicker to count."""
    runs = strided_runs(rows)
    is_split = _has_quick_runs(rows, runs)
    if not is_split.any():
        return SplitRows(rows, runs.take(slice(0)))
    runs = runs.take(is_split[runs.row])
    signed = outside_spans(unite_runs(runs), rows)
    order = np.argsort(signed.row, kind="stable")
    return SplitRows(_rest(rows, is_split), signed.take(order))


def _has_quick_runs(rows: Runs, runs: SignedRuns) -> BoolArray:
    """Rows of several strided runs with few signed runs and many keys, bool (rows,)."""
    n_q = rows.shape[0]
    strided = np.bincount(runs.row, minlength=n_q)
    if strided.max(initial=0) <= 1:
        return np.zeros(n_q, bool)
    signed = signed_counts(rows, runs)
    keys = np.bincount(runs.row, weights=runs.counts, minlength=n_q)
    return (strided > 1) & (signed <= MAX_SIGNED_RUNS) & (keys >= LEAST_KEYS * signed)


def _rest(rows: Runs, is_split: BoolArray) -> Runs:
    """The rows without the strided runs of those that are split."""
    row = rows.row_of_run
    is_rest = (rows.table[:, STEP] == 1) | ~is_split[row]
    counts = np.bincount(row[is_rest], minlength=rows.shape[0])
    return Runs(indptr_of(counts), rows.table[is_rest], rows.shape)
