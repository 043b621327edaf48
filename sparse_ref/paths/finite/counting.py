"""How many paths there are, in exact integers."""

from __future__ import annotations

import numpy as np

from ...sets.checks import integer
from ...sets.factorized import layers
from .edges import edges_once
from .reach import length


def count(steps, j, i, n, *, residual=True, order=None) -> int:
    """How many paths (j, a, ..., i) lead through each layer once: entry (i, j) of the product A^(p) ... A^(1) in integers

    An int of any size, 0 where there is no path. Paths differ where positions differ. The residual edge of a position is one
    edge from it to itself, also where it attends to itself: then it is that edge, and counts once. O(keys) time a layer at
    the most, O(n) where rows are runs that do not overlap.

    Parameters
    ----------
    steps, residual, order : as for `reach`: each layer is walked through once, so that two layers alike are [p, p].
    j, i : where the paths start and end, below n.
    n : the length, at most 32,768.

    Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> sr.paths.count([sr.LogSparse()] * 4, 0, 15, 16)               # 1, 2, 4 and 8 in any order
    24
    >>> sr.paths.count([sr.Causal()] * 30, 0, 1000, 1001)             # positions that never fall: 1029 choose 29
    173999701226022632646953027019073785261478945351302124416
    """
    patterns, n = layers(steps, order), integer("n", length(n), 1)
    j, i = integer("j", j, 0, n - 1), integer("i", i, 0, n - 1)
    each = {step: edges_once(step, n, residual) for step in dict.fromkeys(patterns)}
    ways = (np.arange(n) == j).astype(np.int64)
    for step in patterns:
        if int(ways.max()) * n >= 2**63:  # no sum of n of them is beyond int64 before that
            ways = ways.astype(object)
        ways = each[step].sums(ways)
    return int(ways[i])
