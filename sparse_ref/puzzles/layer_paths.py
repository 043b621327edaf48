"""Paths through two layers, for claims that every key j reaches every query i >= j."""

from __future__ import annotations

import numpy as np

from ..sets.mask import brute_mask
from ..sets.pattern import Pattern


def joining_path(lower: Pattern, upper: Pattern, *pair: int) -> str:
    """A path from j through the lower and the upper layer to i, in words; "" if there is none.

    The pair is (n, j, i). A layer also keeps what is at i itself (the residual edge).

    >>> import sparse_ref as sr
    >>> joining_path(sr.Lookback(3), sr.Strided(4), 7, 0, 6)
    'the path 0, 2, 6 joins the pair'
    >>> joining_path(sr.Lookback(3), sr.Strided(4), 4, 0, 3)
    ''
    """
    n, j, i = pair
    if not 0 <= j <= i < n:
        return "it must have 0 <= j <= i < n"
    own = np.eye(n, dtype=bool)
    keys_of_i = brute_mask(upper, n)[i] | own[i]
    queries_of_j = brute_mask(lower, n)[:, j] | own[j]
    stops = np.flatnonzero(keys_of_i & queries_of_j)
    return f"the path {j}, {stops[0]}, {i} joins the pair" if len(stops) else ""
