"""Boolean products of layers: layer A takes what stands at the keys of i, and puts their union at i.

Child et al. 2019, sec. 4.2, let information walk j, a, b, ..., i with j in A_a^(1), a in A_b^(2), and so on: one
row of the product A^(p) ... A^(2) A^(1) is the set of all j that reach i.
"""

from __future__ import annotations

import numpy as np

from ..checks import whole
from ..factorized import Factorized
from ..picture import grid
from ..sets import Pattern

MOST = 4096


def reach(steps, n, *, residual=True, order=None) -> np.ndarray:
    """[i, j] = what stands at j reaches i through the layers, one per step:  A^(p) ... A^(2) A^(1), bool (n, n)

    Parameters
    ----------
    steps : a Factorized, or one or more patterns, of which the first is the lowest layer.
    n : the length, at most 4096.
    residual : each layer also keeps what stands at i itself, by the residual edge.
    order : the steps by the paper's numbers m = 1..p, lowest layer first, as (2, 1) or (1, 2, 1); (1, ..., p) unless given.

    Raises TypeError or ValueError naming argument, value and bound. Source: Child et al. 2019, sec. 4.2.

    >>> import sparse_ref as sr
    >>> sr.paths.reach(sr.fixed(4), 8)[7].all()              # the last position hears of every other
    np.True_
    >>> sr.paths.reach(sr.fixed(4), 8, order=(2, 1))[7]      # with the layers the other way round it does not
    array([False, False, False,  True,  True,  True,  True,  True])
    """
    found = np.eye(_length(n), dtype=bool)
    for step in layers(steps, order):
        found = _through(_edges(step, n, residual), found)
    return found


def hops(steps, n, *, residual=True, order=None, most=None) -> np.ndarray:
    """[i, j] = the least r such that j reaches i through the first r layers, int64 (n, n); -1 where none does

    The layers cycle through the steps: layers 1, ..., p, p + 1, ... are A^(1), ..., A^(p), A^(1), ... The diagonal is
    0, no layer at all. -1 means that no number of layers does, or with `most`, that none up to `most` does.

    Parameters
    ----------
    steps, n, residual, order : as for `reach`; the cycle is `order` where that is given.
    most : the greatest r tried; unless given, all.

    Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> sr.paths.hops([sr.Lookback(3)], 6)[5]
    array([3, 2, 2, 1, 1, 0])
    >>> sr.paths.hops(sr.fixed(3), 6, residual=False)[4]      # 2 reads 0, and then 4 reads 2
    array([ 2,  2,  2,  1,  0, -1])
    """
    if most is not None:
        most = whole("most", most, 0)
    new = np.eye(_length(n), dtype=bool)
    cycle = [_edges(step, n, residual) for step in layers(steps, order)]
    found, seen, r = np.where(new, 0, -1), np.zeros((len(cycle), *new.shape), bool), 0
    seen[0] = new
    while new.any() and (most is None or r < most):
        above = (r + 1) % len(cycle)
        new = _through(cycle[r % len(cycle)], new) & ~seen[above]  # to be at i below the same step is news once only
        seen[above] |= new
        r += 1
        found[new & (found < 0)] = r
    return found


def layers(steps, order=None) -> tuple[Pattern, ...]:
    """The patterns of the layers from below: the steps, or those of them that `order` names from 1."""
    patterns = steps.steps if isinstance(steps, Factorized) else steps
    if not isinstance(patterns, (tuple, list)) or not patterns or not all(isinstance(p, Pattern) for p in patterns):
        raise TypeError(f"steps must be a Factorized, or a tuple of one or more patterns, got {steps!r}")
    if order is None:
        return tuple(patterns)
    if not isinstance(order, (tuple, list)) or not order:
        raise TypeError(f"order must be a tuple of one or more step numbers, got {order!r}")
    return tuple(patterns[whole("each number in order", m, 1, len(patterns)) - 1] for m in order)


def _edges(step, n, residual):
    """The keys of each query as a mask (n, n), with the residual edge or without."""
    return grid(step, n) | np.eye(n, dtype=bool) if residual else grid(step, n)


def _through(edges, below):
    """The Boolean product of a layer and what it reads: row i is the union of the rows of i's keys."""
    bits = np.packbits(below, axis=1)
    rows = [np.bitwise_or.reduce(bits[keys], axis=0) for keys in edges]
    return np.unpackbits(np.array(rows, np.uint8).reshape(bits.shape), axis=1, count=len(below)).astype(bool)


def _length(n):
    """n, if it is one and a mask of n x n fits."""
    if whole("n", n, 0) > MOST:
        raise ValueError(f"n must be at most {MOST} for n x n pairs, got {n}: witness finds one path at any length")
    return int(n)
