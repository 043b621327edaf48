"""Patterns over parts of a sequence as runs: the runs of each part, moved to the part's place."""

from __future__ import annotations

import numpy as np

from ...sets.parts import Blockwise, Documents, Grid
from ...sets.pattern import Pattern
from ...sets.types import IntArray
from .run_algebra import as_spans, clip
from .runs_of import runs_of
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


@runs_of.register
def runs_of_blocks(p: Blockwise, i: IntArray, n: int) -> Runs:
    """The runs of the pattern over blocks, each block stretched to b_k keys."""
    b_q, b_k = p.block
    p.check_length((), n)
    blocks, inverse = np.unique(i // b_q, return_inverse=True)
    coarse = normalise(runs_of(p.pattern, blocks, -(-n // b_k)))
    is_span = coarse.table[:, STEP] == 1
    table = coarse.table * b_k
    table[is_span, STEP:] = 1
    return select_rows(Runs(coarse.indptr, table, (len(blocks), n)), inverse)


@runs_of.register
def runs_of_documents(p: Documents, i: IntArray, n: int) -> Runs:
    """The runs of the inner pattern in each document, moved to its start."""
    p.check_length(i, n)
    bounds = np.array([0, *p.ends])
    document = np.searchsorted(bounds, i, side="right") - 1
    start = bounds[:-1][document]
    length = np.diff(bounds)[document]
    if p.inner is None:
        return one_span(start, start + length, n)
    places, inverse = np.unique(i - start, return_inverse=True)
    longest = p.inner.own_length or max(p.lengths, default=0)
    inner = normalise(runs_of(p.inner, places, longest))
    runs = clip(select_rows(inner, inverse), 0 * length, length)
    table = runs.table.copy()
    shift = np.repeat(start, runs.counts)
    table[:, START] += shift
    table[:, STOP] += shift
    return Runs(runs.indptr, table, (len(i), n))


@runs_of.register
def runs_of_grid(p: Grid, i: IntArray, n: int) -> Runs:
    """The product of the runs along each axis, the slowest axis first."""
    p.check_length(i, n)
    stride = n // p.shape[0]  # positions per step along the axis
    runs = _axis_runs(p.patterns[0], i // stride, p.shape[0])
    for side, pattern in zip(p.shape[1:], p.patterns[1:]):
        stride //= side
        inner = _axis_runs(pattern, i // stride % side, side)
        runs = _product(runs, as_spans(inner), side)
    return runs


def _axis_runs(p: Pattern, i: IntArray, side: int) -> Runs:
    """The runs of one axis in normal form, evaluated once per coordinate."""
    coordinates, inverse = np.unique(i, return_inverse=True)
    return select_rows(normalise(runs_of(p, coordinates, side)), inverse)


def _product(outer: Runs, inner: Runs, side: int) -> Runs:
    """{ k side + t : k in outer_i, t in inner_i }, inner having spans only.

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
