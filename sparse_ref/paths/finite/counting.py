"""How many paths there are, in exact integers."""

from __future__ import annotations

import numpy as np

from ...sets.checks import integer
from ..layers import StepOrder, Steps, layers, length
from .edges import distinct_edges


def count(
    steps: Steps,
    j: int,
    i: int,
    n: int,
    *,
    residual: bool = True,
    order: StepOrder = None,
) -> int:
    """How many paths (j, a, ..., i) lead through each layer once: an int of any size

    0 if there is none. Entry (i, j) of the product A^(p) ... A^(1) in integers. Two paths differ if
    a position differs. The residual edge of a position is one edge to itself. If the position
    attends to itself, the two are the same edge and count once. At most O(keys) time per layer,
    O(n) if rows are runs that do not overlap.

    Parameters
    ----------
    steps, residual, order : as for `reach`: each layer is walked through once, so that two equal
        layers are [p, p].
    j, i : where the paths start and end, below n.
    n : the length, at most 32,768.

    Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> sr.paths.count([sr.LogSparse()] * 4, 0, 15, 16)               # 1, 2, 4 and 8 in any order
    24
    >>> sr.paths.count([sr.Causal()] * 30, 0, 1000, 1001)             # 1029 choose 29
    173999701226022632646953027019073785261478945351302124416
    """
    patterns = layers(steps, order)
    n = integer("n", length(n), 1)
    j = integer("j", j, 0, n - 1)
    i = integer("i", i, 0, n - 1)
    edges_by_pattern = {p: distinct_edges(p, n, residual) for p in dict.fromkeys(patterns)}
    path_counts = (np.arange(n) == j).astype(np.int64)
    for p in patterns:
        # A row sums at most n counts: below 2^63 in total, int64 cannot overflow.
        if int(path_counts.max()) * n >= 2**63:
            path_counts = path_counts.astype(object)
        path_counts = edges_by_pattern[p].sums(path_counts)
    return int(path_counts[i])
