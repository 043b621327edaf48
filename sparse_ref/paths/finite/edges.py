"""A layer as arrays: what each position reads, as intervals of positions in a few orders.

In the order of (step, width) the positions stand by their remainders by `step`, those of one remainder ascending, and
each stands for itself and the width - 1 after it: there the whole groups of a strided run are an interval. The first
order, (1, 1), is the natural one, in which spans are intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...lower import Runs, all_runs, key_counts, keys_of, normalise, runs_of_keys, union_rows


@dataclass(frozen=True, eq=False)
class Layer:
    """Position i reads, in order m, the intervals bounds[indptr[m n + i]:indptr[m n + i + 1]]; they may overlap.

    steps, widths : int64 (orders,);  indptr : int64 (orders n + 1,);  bounds : int64 (intervals, 2), lo < hi;  n : the length.
    """

    steps: np.ndarray
    widths: np.ndarray
    indptr: np.ndarray
    bounds: np.ndarray
    n: int

    @property
    def arrays(self):
        """What compiled loops take."""
        return self.steps, self.widths, self.indptr, self.bounds

    def sums(self, values) -> np.ndarray:
        """The sum of `values` (n,), of any dtype, over the intervals of each position: int64 or object (n,)."""
        found, total, a = 0 * values, _running(values), np.arange(self.n)
        for m, (step, width) in enumerate(zip(self.steps, self.widths)):
            place = _place(a, step, self.n)
            ordered = np.empty_like(total[:-1])
            ordered[place] = total[np.minimum(a + width, self.n)] - total[a]
            along, ends = _running(ordered), self.indptr[m * self.n : (m + 1) * self.n + 1]
            lo, hi = self.bounds[ends[0] : ends[-1]].T
            each = _running(along[hi] - along[lo])
            found = found + each[ends[1:] - ends[0]] - each[ends[:-1] - ends[0]]
        return found

    def hear(self, below) -> np.ndarray:
        """The positions that read any of those below: bool (n,) from bool (n,)."""
        return self.sums(below.astype(np.int64)) > 0

    def read(self, above) -> np.ndarray:
        """The positions that any of those above read: bool (n,) from bool (n,)."""
        found, a = np.zeros(self.n, bool), np.arange(self.n)
        for m, (step, width) in enumerate(zip(self.steps, self.widths)):
            ends = self.indptr[m * self.n : (m + 1) * self.n + 1]
            theirs = np.repeat(above, np.diff(ends))
            place = _place(a, step, self.n)
            lo, hi = self.bounds[ends[0] : ends[-1]][theirs].T
            groups = a[_covers(lo, hi, self.n)[place] > 0]
            found |= _covers(groups, np.minimum(groups + width, self.n), self.n) > 0
        return found

    def readers(self) -> np.ndarray:
        """In how many intervals each position lies, int64 (n,): how many read it, where no row has it in two."""
        found, a = np.zeros(self.n, np.int64), np.arange(self.n)
        for m, (step, width) in enumerate(zip(self.steps, self.widths)):
            lo, hi = self.bounds[self.indptr[m * self.n] : self.indptr[(m + 1) * self.n]].T
            groups = _covers(lo, hi, self.n)[_place(a, step, self.n)]
            found += _running(groups)[1:] - _running(groups)[np.maximum(a + 1 - width, 0)]
        return found


def edges(step, n, residual) -> Layer:
    """What each position reads through a pattern, and by the residual edge where there is one."""
    return of_runs(held_runs(step, n, residual))


def edges_once(step, n, residual) -> Layer:
    """The same, with no position in two intervals of a row; O(keys) memory where strided runs overlap anything."""
    held = held_runs(step, n, residual)
    layer = of_runs(held)
    if layer.sums(np.ones(n, np.int64)).sum() > key_counts(held).sum():
        return of_runs(normalise(runs_of_keys(*keys_of(held), n)))
    return layer


def held_runs(step, n, residual) -> Runs:
    """The runs of each row, with a span for the residual edge of a position that does not attend to itself."""
    held, i = all_runs(step, n), np.arange(n)
    if not residual:
        return held
    lacks = ~np.broadcast_to(np.asarray(step.contains(i, i), bool), (n,))
    own = np.stack([i, i + lacks, 0 * i + 1, 0 * i + 1], 1)
    return normalise(union_rows(held, Runs(np.arange(n + 1), own, held.shape)))


def of_runs(held: Runs) -> Layer:
    """Tidy runs as a layer: of strided runs the whole groups as intervals, in orders that are worth it, all else as spans."""
    n = held.shape[1]
    row, strided = np.repeat(np.arange(n), np.diff(held.indptr)), held.table[:, 2] > 1
    run = held.table[strided]
    kinds, kind = np.unique(run[:, 2:], axis=0, return_inverse=True)
    first, groups = _whole_groups(run)
    worth = np.bincount(kind, groups, len(kinds)) >= n  # an order costs about n
    own, rare = worth[kind], ~worth[kind]
    which, starts = _listed(first[rare], groups[rare], run[rare, 2])
    lo = _place(first, run[:, 2], n)
    parts = [
        (row[~strided], *held.table[~strided, :2].T),
        *((row[strided], *cut) for cut in _cut_groups(run)),
        (row[strided][rare][which], starts, starts + run[rare, 3][which]),
        (row[strided][own], lo[own], (lo + groups)[own]),
    ]
    rows, los, his = (np.concatenate(field) for field in zip(*parts))
    order = np.zeros(len(rows), np.int64)
    order[len(rows) - np.count_nonzero(own) :] = np.cumsum(worth)[kind[own]]
    slot, bounds = (order * n + rows)[los < his], np.stack([los, his], 1)[los < his]
    steps, widths = np.concatenate([[[1, 1]], kinds[worth]]).T
    indptr = _running(np.bincount(slot, minlength=len(steps) * n))
    return Layer(steps.copy(), widths.copy(), indptr, bounds[np.argsort(slot, kind="stable")], n)


def _whole_groups(run):
    """(where the first whole group of each strided run begins, how many there are)"""
    start, stop, step, width = run.T
    first = np.where(start < 0, start + step, start)
    return first, np.maximum((stop - width - first) // step + 1, 0)


def _cut_groups(run):
    """The spans (lo, hi) of the group that 0 cuts, and of the one that the stop cuts; empty where none is."""
    start, stop, step, width = run.T
    first, groups = _whole_groups(run)
    yield 0 * start, np.where(start < 0, np.minimum(start + width, stop), 0)
    yield first + groups * step, np.minimum(first + groups * step + width, stop)


def _listed(first, groups, step):
    """(of which run, where it begins) of each of the groups."""
    which = np.repeat(np.arange(len(first)), groups)
    return which, first[which] + (np.arange(len(which)) - _running(groups)[which]) * step[which]


def _place(a, step, n):
    """Where position a stands in the order of remainders by `step`."""
    whole, rest = n // step, n % step
    return a % step * whole + np.minimum(a % step, rest) + a // step


def _covers(lo, hi, n):
    """How many of the intervals lo <= a < hi each position is in: int64 (n,)."""
    return np.cumsum(np.bincount(lo, minlength=n + 1) - np.bincount(hi, minlength=n + 1))[:n]


def _running(values):
    """0, and the sums of the first 1, 2, ... values."""
    return np.concatenate(
        [0 * values[:1] if len(values) else np.zeros(1, values.dtype), np.cumsum(values)]
    )
