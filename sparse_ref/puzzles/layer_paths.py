"""Paths through two layers, for claims that every key j reaches every query i >= j."""

from __future__ import annotations

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
    from ..paths import witness

    n, j, i = pair
    if not 0 <= j <= i < n:
        return "it must have 0 <= j <= i < n"
    try:
        path = witness([lower, upper], j, i)
    except LookupError:
        return ""
    return f"the path {', '.join(map(str, path))} joins the pair"
