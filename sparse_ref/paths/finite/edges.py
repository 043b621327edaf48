"""A layer as arrays: the keys of each position, as intervals of positions in a few orders.

An order (step, width) sorts the positions by their remainder by `step`, then by size; each entry
stands for itself and the width - 1 positions after it. In it the whole groups of a strided run are
one interval. The first order, (1, 1), is the natural one, in which spans are intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...lower import Runs, all_runs, key_counts, keys_of, normalise, runs_of_keys, unite
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, IntArray


class Order(NamedTuple):
    """One order: row i reads the intervals bounds[indptr[i]:indptr[i + 1]], lo <= place < hi."""

    width: int
    place: IntArray  # of each position in the order
    indptr: IntArray
    bounds: IntArray

    @property
    def starts(self) -> IntArray:
        """The first place of each interval."""
        return self.bounds[:, 0]

    @property
    def stops(self) -> IntArray:
        """The place after each interval."""
        return self.bounds[:, 1]


@dataclass(frozen=True, eq=False)
class LayerEdges:
    """Position i reads, in order m, the intervals bounds[indptr[m n + i]:indptr[m n + i + 1]].

    The intervals may overlap.

    steps, widths : int64 (orders,);  indptr : int64 (orders n + 1,);  n : the length;
    bounds : int64 (intervals, 2), lo < hi.
    """

    steps: IntArray
    widths: IntArray
    indptr: IntArray
    bounds: IntArray
    n: int

    @property
    def arrays(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """The arguments of compiled loops."""
        return self.steps, self.widths, self.indptr, self.bounds

    def orders(self) -> Iterator[Order]:
        """The orders one by one."""
        positions = np.arange(self.n)
        for m, step in enumerate(self.steps):
            ends = self.indptr[m * self.n : (m + 1) * self.n + 1]
            yield Order(
                width=int(self.widths[m]),
                place=_place(positions, step, self.n),
                indptr=ends - ends[0],
                bounds=self.bounds[ends[0] : ends[-1]],
            )

    def sums(self, values) -> np.ndarray:
        """The sums of `values` (n,) over the intervals of each position: int64 or object (n,)."""
        totals = 0 * values
        before = _prefix_sums(values)
        a = np.arange(self.n)
        for order in self.orders():
            group_stops = np.minimum(a + order.width, self.n)
            ordered = np.empty_like(before[:-1])
            ordered[order.place] = before[group_stops] - before[a]
            along = _prefix_sums(ordered)
            of_intervals = _prefix_sums(along[order.stops] - along[order.starts])
            totals = totals + np.diff(of_intervals[order.indptr])
        return totals

    def readers_of(self, keys: BoolArray) -> BoolArray:
        """The positions that read any of the keys: bool (n,) from bool (n,)."""
        return self.sums(keys.astype(np.int64)) > 0

    def keys_of(self, queries: BoolArray) -> BoolArray:
        """The positions that any of the queries reads: bool (n,) from bool (n,)."""
        keys = np.zeros(self.n, bool)
        for order in self.orders():
            chosen = np.repeat(queries, np.diff(order.indptr))
            counts = _cover_counts(order.starts[chosen], order.stops[chosen], self.n)
            groups = np.flatnonzero(counts[order.place] > 0)
            stops = np.minimum(groups + order.width, self.n)
            keys |= _cover_counts(groups, stops, self.n) > 0
        return keys

    def reader_counts(self) -> IntArray:
        """In how many intervals each position is, int64 (n,): its readers, if no row repeats it."""
        counts = np.zeros(self.n, np.int64)
        a = np.arange(self.n)
        for order in self.orders():
            groups = _cover_counts(order.starts, order.stops, self.n)[order.place]
            before = _prefix_sums(groups)
            group_starts = np.maximum(a + 1 - order.width, 0)
            counts += before[1:] - before[group_starts]
        return counts


def edges(step: Pattern, n: int, residual: bool) -> LayerEdges:
    """The keys of each position in a pattern, and by the residual edge if there is one."""
    return _layer_edges(key_runs(step, n, residual))


def distinct_edges(step: Pattern, n: int, residual: bool) -> LayerEdges:
    """The same, with no position in two intervals of a row.

    O(keys) memory if strided runs overlap anything.
    """
    rows = key_runs(step, n, residual)
    layer = _layer_edges(rows)
    with_repeats = layer.sums(np.ones(n, np.int64)).sum()
    if with_repeats > key_counts(rows).sum():
        return _layer_edges(normalise(runs_of_keys(*keys_of(rows), n)))
    return layer


def key_runs(step: Pattern, n: int, residual: bool) -> Runs:
    """The runs of each row, and a span for the residual edge of a position without a self-loop."""
    rows = all_runs(step, n)
    if not residual:
        return rows
    i = np.arange(n)
    one = np.ones(n, np.int64)
    stop = np.where(members(step, i, i), i, i + 1)
    residual_table = np.stack([i, stop, one, one], 1)
    residual_rows = Runs(np.arange(n + 1), residual_table, rows.shape)
    return normalise(unite([rows, residual_rows]))


def members(p: Pattern, i: IntArray, j: IntArray) -> BoolArray:
    """Whether each key j is in A_i, for arrays of one shape: bool, of that shape."""
    is_member = np.asarray(p.contains(i, j), bool)
    return np.broadcast_to(is_member, i.shape)


class Intervals(NamedTuple):
    """Intervals lo <= place < hi, each with the row that reads it."""

    row: IntArray
    lo: IntArray
    hi: IntArray


class StridedRuns(NamedTuple):
    """Strided runs, each with the row that reads it.

    A group is whole if neither 0 nor the stop cuts it.
    """

    row: IntArray
    start: IntArray
    stop: IntArray
    step: IntArray
    width: IntArray

    @property
    def first(self) -> IntArray:
        """Where the first whole group of each run begins."""
        return np.where(self.start < 0, self.start + self.step, self.start)

    @property
    def groups(self) -> IntArray:
        """How many whole groups each run has."""
        room = self.stop - self.width - self.first
        return np.maximum(room // self.step + 1, 0)

    def take(self, mask) -> StridedRuns:
        """The runs with True in the mask."""
        return StridedRuns(*(field[mask] for field in self))


def _layer_edges(rows: Runs) -> LayerEdges:
    """Normalised runs as a layer: intervals of whole groups in orders that pay, otherwise spans."""
    n = rows.shape[1]
    row = np.repeat(np.arange(n), np.diff(rows.indptr))
    is_strided = rows.table[:, 2] > 1
    spans = Intervals(row[~is_strided], *rows.table[~is_strided, :2].T)
    strided = StridedRuns(row[is_strided], *rows.table[is_strided].T)
    steps_and_widths = rows.table[is_strided, 2:]
    kinds, kind = np.unique(steps_and_widths, axis=0, return_inverse=True)
    # An order costs about n: it pays for a (step, width) with at least n groups.
    pays = np.bincount(kind, strided.groups, len(kinds)) >= n
    ordered = pays[kind]
    natural = [spans, *_cut_groups(strided), _group_spans(strided.take(~ordered))]
    in_orders = _group_intervals(strided.take(ordered), n)
    intervals = Intervals(*(np.concatenate(field) for field in zip(*natural, in_orders)))
    order_of_kind = np.cumsum(pays)
    order = np.zeros(len(intervals.row), np.int64)
    order[len(order) - len(in_orders.row) :] = order_of_kind[kind[ordered]]
    natural_order = np.ones((1, 2), np.int64)
    orders = np.concatenate([natural_order, kinds[pays]])
    return _sort_intervals(intervals, order, orders, n)


def _sort_intervals(intervals: Intervals, order, orders, n: int) -> LayerEdges:
    """The layer of intervals that each belong to a numbered order, empty intervals left out."""
    filled = intervals.lo < intervals.hi
    slot = (order * n + intervals.row)[filled]
    indptr = _prefix_sums(np.bincount(slot, minlength=len(orders) * n))
    bounds = np.stack([intervals.lo, intervals.hi], 1)[filled]
    by_slot = np.argsort(slot, kind="stable")
    steps, widths = orders.T
    return LayerEdges(steps.copy(), widths.copy(), indptr, bounds[by_slot], n)


def _cut_groups(runs: StridedRuns) -> Iterator[Intervals]:
    """The spans of the group that 0 cuts and of the group that the stop cuts; empty if none is."""
    zero = np.zeros_like(runs.start)
    head_stop = np.minimum(runs.start + runs.width, runs.stop)
    yield Intervals(runs.row, zero, np.where(runs.start < 0, head_stop, zero))
    tail = runs.first + runs.groups * runs.step
    yield Intervals(runs.row, tail, np.minimum(tail + runs.width, runs.stop))


def _group_spans(runs: StridedRuns) -> Intervals:
    """Each whole group as a span of its own."""
    which = np.repeat(np.arange(len(runs.row)), runs.groups)
    number = np.arange(len(which)) - _prefix_sums(runs.groups)[which]
    start = runs.first[which] + number * runs.step[which]
    return Intervals(runs.row[which], start, start + runs.width[which])


def _group_intervals(runs: StridedRuns, n: int) -> Intervals:
    """The whole groups of each run as one interval in the order of its step and width."""
    lo = _place(runs.first, runs.step, n)
    return Intervals(runs.row, lo, lo + runs.groups)


def _place(a, step, n):
    """Where position a stands in the order of remainders by `step`."""
    whole = n // step
    rest = n % step
    remainder = a % step
    return remainder * whole + np.minimum(remainder, rest) + a // step


def _cover_counts(lo, hi, n) -> IntArray:
    """How many of the intervals lo <= a < hi each position is in: int64 (n,)."""
    opened = np.bincount(lo, minlength=n + 1)
    closed = np.bincount(hi, minlength=n + 1)
    return np.cumsum(opened - closed)[:n]


def _prefix_sums(values) -> np.ndarray:
    """0, and the sums of the first 1, 2, ... values."""
    zero = np.zeros(1, values.dtype)
    return np.concatenate([zero, np.cumsum(values)])
