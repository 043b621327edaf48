"""Patterns over parts of a sequence, as runs: those of the parts, moved to where the parts lie."""

from __future__ import annotations

import numpy as np

from ...sets.parts import Blockwise, Documents, Grid
from .run_algebra import cut, runs_of_keys, taken
from .runs_of import runs_of
from .table import Runs, keys_of, normalise

__all__ = ["runs_of"]


@runs_of.register
def _(p: Blockwise, i, n):
    b_q, b_k = p.block
    p.check_length((), n)
    blocks, back = np.unique(i // b_q, return_inverse=True)
    coarse = normalise(runs_of(p.pattern, blocks, -(-n // b_k)))
    table = coarse.table * b_k
    table[coarse.table[:, 2] == 1, 2:] = 1
    return taken(Runs(coarse.indptr, table, (len(blocks), n)), back)


@runs_of.register
def _(p: Documents, i, n):
    p.check_length(i, n)
    bounds = np.array([0, *p.ends])
    doc = np.searchsorted(bounds, i, side="right") - 1
    start, length = bounds[:-1][doc], np.diff(bounds)[doc]
    if p.inner is None:
        return Runs(
            np.arange(len(i) + 1),
            np.stack([start, start + length, 0 * i + 1, 0 * i + 1], 1),
            (len(i), n),
        )
    local, back = np.unique(i - start, return_inverse=True)
    inner = normalise(runs_of(p.inner, local, p.inner.own_length or max(p.lengths, default=0)))
    found = cut(taken(inner, back), 0 * length, length)
    table = found.table.copy()
    table[:, :2] += np.repeat(start, np.diff(found.indptr))[:, None]
    return Runs(found.indptr, table, (len(i), n))


@runs_of.register
def _(p: Grid, i, n):
    p.check_length(i, n)
    found = _along(p.patterns[0], i // (n // p.shape[0]), p.shape[0])
    for axis in range(1, len(p.shape)):
        side, inner = p.shape[axis], int(np.prod(p.shape[axis + 1 :], dtype=np.int64))
        found = _crossed(found, _spans(_along(p.patterns[axis], i // inner % side, side)), side)
    return found


def _along(p, i, side) -> Runs:
    """The tidy runs of one axis, evaluated once for each coordinate."""
    at, back = np.unique(i, return_inverse=True)
    return taken(normalise(runs_of(p, at, side)), back)


def _spans(runs: Runs) -> Runs:
    """The same sets as spans alone."""
    if (runs.table[:, 2] == 1).all():
        return runs
    return runs_of_keys(*keys_of(runs), runs.shape[1])


def _crossed(outer: Runs, inner: Runs, side: int) -> Runs:
    """{ k side + t : k in outer_i, t in inner_i }, with the spans [x, y) of inner: groups of y - x keys, side step apart."""
    if ((outer.table[:, 2] > 1) & (outer.table[:, 3] > 1)).any():
        outer = _spans(normalise(outer))
    slots, each = np.diff(outer.indptr), np.diff(inner.indptr)
    row = np.repeat(np.arange(len(slots)), slots)  # of each outer run
    a, b, step, _ = np.repeat(outer.table, each[row], axis=0).T
    first = np.repeat(inner.indptr[:-1][row], each[row])
    nth = np.arange(len(first)) - np.repeat(np.cumsum(each[row]) - each[row], each[row])
    x, y = inner.table[first + nth, 0], inner.table[first + nth, 1]
    last = a + (b - 1 - a) // step * step
    one = (last == a) | (
        (step == 1) & (y - x == side)
    )  # a single group, or groups that touch: a span
    table = np.stack(
        [a * side + x, last * side + y, np.where(one, 1, step * side), np.where(one, 1, y - x)], 1
    )
    return Runs(
        np.concatenate([[0], np.cumsum(slots * each)]), table, (len(slots), outer.shape[1] * side)
    )
