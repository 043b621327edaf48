"""Differences and complements of runs, row by row and in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...sets.types import BoolArray, IntArray
from .keys import keys_of, runs_of_keys
from .meet import meet
from .table import START, STEP, STOP, Runs, normalise, run_table, unite


def clip(runs: Runs, lo: IntArray, hi: IntArray) -> Runs:
    """Each row clipped to lo_i <= j < hi_i.

    If lo_i cuts a group of a strided run in two, what is left of the group becomes a span.
    """
    lo = np.repeat(lo, runs.counts)
    hi = np.repeat(hi, runs.counts)
    start, stop, step, width = runs.table.T
    stop = np.minimum(stop, hi)
    is_span = step == 1
    groups_before = np.maximum(lo - start, 0) // step
    group = start + groups_before * step  # the last group that begins at or before lo
    whole = np.where(group >= lo, group, group + step)  # the first that lo does not cut
    from_lo = np.maximum(start, lo)
    rest = run_table(np.where(is_span, from_lo, whole), stop, step, width)
    group_stop = np.where(is_span, 0, group + width)
    cut_group = run_table(from_lo, np.minimum(group_stop, stop))
    return unite([replace(runs, table=rest), replace(runs, table=cut_group)])


def gaps(spans: Runs) -> Runs:
    """The keys in none of a row's spans, which are in normal form: before, between and after them.

    Some gaps are empty.
    """
    rows, n = spans.shape
    indptr = spans.indptr + np.arange(rows + 1)
    zero = np.zeros(indptr[-1], np.int64)
    table = run_table(zero, zero + n)
    gap_before = np.arange(len(spans.table)) + spans.row_of_run
    table[gap_before, STOP] = spans.table[:, START]
    table[gap_before + 1, START] = spans.table[:, STOP]
    return Runs(indptr, table, spans.shape)


def complement(runs: Runs) -> Runs:
    """All other keys, for rows of at most one run: before, between its groups, from its stop on."""
    rows, n = runs.shape
    zero = np.zeros(rows, np.int64)
    table = run_table(zero, zero)  # one run per row, empty if it has none
    table[runs.counts == 1] = runs.table
    start, stop, step, width = table.T
    between_stop = np.where(step > 1, stop, zero)
    parts = [
        run_table(zero, start),
        run_table(start + width, between_stop, step, np.maximum(step - width, 1)),
        run_table(stop, zero + n),
    ]
    other = np.stack(parts, axis=1).reshape(-1, 4)
    return Runs(np.arange(rows + 1) * 3, other, runs.shape)


def subtract(left: Runs, right: Runs) -> Runs | None:
    """left_i - right_i, all in normal form; None if that takes many more runs than they have."""
    rows = left
    for part in _single_runs(right):
        others = gaps(part) if part.only_spans else complement(part)
        rest = meet(rows, normalise(others))
        if rest is None:
            return None
        rows = rest
    return rows


def split_by_step(runs: Runs) -> tuple[Runs, Runs] | None:
    """(the spans, the keys of strided runs that are in no span), row by row, in normal form.

    None if there are too many of either to be told apart by few runs.
    """
    is_strided = runs.table[:, STEP] > 1
    spans = _select_runs(runs, ~is_strided)
    strided = subtract(_select_runs(runs, is_strided), spans)
    return None if strided is None else (spans, strided)


def as_spans(runs: Runs) -> Runs:
    """The same sets as spans only; O(nnz) memory if there are strided runs."""
    if runs.only_spans:
        return runs
    return runs_of_keys(*keys_of(runs), runs.shape[1])


def as_keys(runs: Runs) -> Runs:
    """The same sets as a span for each key; O(nnz) memory."""
    indptr, keys = keys_of(normalise(runs))
    start = keys.astype(np.int64)
    return Runs(indptr, run_table(start, start + 1), runs.shape)


def _single_runs(runs: Runs) -> Iterator[Runs]:
    """The spans of every row, then the first strided run of every row, the second, ..."""
    is_strided = runs.table[:, STEP] > 1
    if not is_strided.all():
        yield _select_runs(runs, ~is_strided)
    strided = _select_runs(runs, is_strided)
    place_in_row = np.arange(len(strided.table)) - strided.indptr[strided.row_of_run]
    for place in range(strided.counts.max(initial=0)):
        yield _select_runs(strided, place_in_row == place)


def _select_runs(runs: Runs, mask: BoolArray) -> Runs:
    """The runs where the mask is True, each in its row."""
    rows = runs.row_of_run[mask]
    indptr = np.searchsorted(rows, np.arange(runs.shape[0] + 1))
    return Runs(indptr, runs.table[mask], runs.shape)
