"""Patterns over parts of a sequence as rows: the runs of each part, moved to the part's place."""

from __future__ import annotations

import numpy as np

from ...sets.parts import Blockwise, Documents, Grid
from ...sets.pattern import Pattern
from ...sets.token_pools import Pooled, pool_count
from ...sets.types import IntArray
from .keys import key_counts
from .row_set import row_set
from .row_tree import RowSet, as_runs, transform
from .run_algebra import as_keys, as_spans, clip
from .table import (
    START,
    STEP,
    STOP,
    Runs,
    indptr_of,
    normalise,
    one_span,
    run_table,
    select_rows,
    slots_of,
)


@row_set.register
def rows_of_blocks(p: Blockwise, i: IntArray, n: int) -> RowSet:
    """The runs of the pattern over blocks, each block stretched to b_k keys."""
    b_q, b_k = p.block
    p.check_length((), n)
    blocks, inverse = np.unique(i // b_q, return_inverse=True)

    def stretch(coarse: Runs) -> Runs:
        coarse = normalise(coarse)
        is_span = coarse.table[:, STEP] == 1
        table = coarse.table * b_k
        table[is_span, STEP:] = 1
        runs = select_rows(Runs(coarse.indptr, table, (len(blocks), n)), inverse)
        return normalise(runs)

    return transform(row_set(p.pattern, blocks, -(-n // b_k)), stretch)


@row_set.register
def rows_of_pools(p: Pooled, i: IntArray, n: int) -> Runs:
    """The spans of pools, each stretched to the tokens from its first pool to the end of its last.

    Runs, not an expression of them: pools that share tokens do not commute with & and -.
    """
    pools = as_runs(row_set(p.pattern, i, pool_count(n, p.step)))
    spans = as_spans(normalise(pools))
    first, after, _, _ = spans.table.T
    last_start = (after - 1) * p.step
    are_apart = p.length < p.step
    step, width = (p.step, p.length) if are_apart else (1, 1)
    table = run_table(first * p.step, last_start + p.length, step, width)
    return Runs(spans.indptr, table, (len(i), n))


@row_set.register
def rows_of_documents(p: Documents, i: IntArray, n: int) -> RowSet:
    """The runs of the inner pattern in each document, moved to its start."""
    p.check_length(i, n)
    bounds = np.array([0, *p.ends])
    document = np.searchsorted(bounds, i, side="right") - 1
    start = bounds[:-1][document]
    length = np.diff(bounds)[document]
    if p.inner is None:
        return one_span(start, start + length, n)
    places, inverse = np.unique(i - start, return_inverse=True)

    def move(inner: Runs) -> Runs:
        selected = select_rows(normalise(inner), inverse)
        runs = clip(selected, 0 * length, length)
        table = runs.table.copy()
        shift = np.repeat(start, runs.counts)
        table[:, START] += shift
        table[:, STOP] += shift
        return normalise(Runs(runs.indptr, table, (len(i), n)))

    longest = p.inner.own_length or max(p.lengths, default=0)
    return transform(row_set(p.inner, places, longest), move)


@row_set.register
def rows_of_grid(p: Grid, i: IntArray, n: int) -> RowSet:
    """The product of the runs along each axis, the slowest axis first."""
    p.check_length(i, n)
    stride = n // p.shape[0]  # positions per step along the axis
    rows = _axis_rows(p.patterns[0], i // stride, p.shape[0])
    for side, pattern in zip(p.shape[1:], p.patterns[1:]):
        stride //= side
        inner = _axis_rows(pattern, i // stride % side, side)
        rows = _product_of_sets(rows, inner, side)
    return rows


def _axis_rows(p: Pattern, i: IntArray, side: int) -> RowSet:
    """The rows of one axis, evaluated once per coordinate."""
    coordinates, inverse = np.unique(i, return_inverse=True)

    def repeat(runs: Runs) -> Runs:
        return select_rows(normalise(runs), inverse)

    return transform(row_set(p, coordinates, side), repeat)


def _product_of_sets(outer: RowSet, inner: RowSet, side: int) -> RowSet:
    """{ k side + t : k in outer_i, t in inner_i }, which | & - of either side commute with."""

    def with_inner(outer_runs: Runs) -> RowSet:
        def product(inner_runs: Runs) -> Runs:
            return normalise(_product(outer_runs, inner_runs, side))

        return transform(inner, product)

    return transform(outer, with_inner)


def _product(outer: Runs, inner: Runs, side: int) -> Runs:
    """{ k side + t : k in outer_i, t in inner_i }: a run per key of outer, or per span of inner."""
    if inner.only_spans:
        return _product_with_spans(outer, inner, side)
    outer_keys, inner_keys = key_counts(normalise(outer)).sum(), key_counts(inner).sum()
    if outer_keys <= inner_keys:
        return _product_of_keys(as_keys(outer), inner, side)
    return _product_with_spans(outer, as_spans(inner), side)


def _product_of_keys(outer: Runs, inner: Runs, side: int) -> Runs:
    """The product with spans of one key each: the runs of inner, moved to each key's place."""
    row = outer.row_of_run
    _, slots = slots_of(inner.indptr, row)
    table = inner.table[slots]
    place = np.repeat(outer.table[:, START] * side, inner.counts[row])
    table[:, START] += place
    table[:, STOP] += place
    shape = outer.shape[0], outer.shape[1] * side
    return Runs(indptr_of(outer.counts * inner.counts), table, shape)


def _product_with_spans(outer: Runs, inner: Runs, side: int) -> Runs:
    """The product, inner having spans only.

    The span [x, y) of inner gives groups of y - x keys, `side` times the step of outer apart.
    """
    _, _, steps, widths = outer.table.T
    if ((steps > 1) & (widths > 1)).any():
        outer = as_spans(normalise(outer))
    row = outer.row_of_run
    spans_per_run = inner.counts[row]
    start, stop, step, _ = np.repeat(outer.table, spans_per_run, axis=0).T
    _, slots = slots_of(inner.indptr, row)  # the spans of inner, once per run of outer
    x = inner.table[slots, START]
    y = inner.table[slots, STOP]
    last = start + (stop - 1 - start) // step * step
    touching = (step == 1) & (y - x == side)
    is_span = (last == start) | touching
    table = run_table(
        start * side + x,
        last * side + y,
        np.where(is_span, 1, step * side),
        np.where(is_span, 1, y - x),
    )
    shape = outer.shape[0], outer.shape[1] * side
    return Runs(indptr_of(outer.counts * inner.counts), table, shape)
