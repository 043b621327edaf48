"""How far apart positions are, and how many a position hears of: numbers about all pairs that need no n x n of them."""

from __future__ import annotations

import numpy as np

from ...sets.checks import flag, integer
from ...sets.factorized import layers
from .bitsets import WORDS
from .closed_forms import known
from .reach import MOST, edges_of, firsts, slabs, sources
from .shortest import no_path, shortest


def diameter(steps, n, *, residual=True, order=None, causal=True) -> int:
    """The greatest number of layers that any pair j <= i < n needs: max hops[i, j], an int; 0 where there are no two positions

    In closed form, at any n up to 10^18, for Full, Causal, Window, Lookback, Local, Dilated, Strided, LogSparse and butterfly
    layers, and for those of `strided` in either order and of `fixed`; otherwise by search in O(n) memory.

    Parameters
    ----------
    steps, residual, order : as for `hops`: the layers cycle.
    n : the length; at most 32,768 where no closed form is known.
    causal : of the pairs j <= i alone; with False, of all.

    Raises
    ------
    LookupError
        A pair is never joined, and is named: by search the first, of the least i and then the least j.
    TypeError, ValueError
        Naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> sr.paths.diameter(sr.strided(181), 32768)
    2
    >>> sr.paths.diameter([sr.LogSparse()], 10**18), sr.paths.diameter([sr.Lookback(512)], 10**18)
    (59, 1956947162426615)
    >>> sr.paths.diameter([sr.Sinks(1)], 8)
    Traceback (most recent call last):
    LookupError: no path from j = 1 to i = 2 through Sinks(1), in any number of layers
    """
    patterns, n, causal = layers(steps, order), integer("n", n, 0), flag("causal", causal)
    far, apart = widest(patterns, n, residual, causal)
    if apart is not None:
        raise no_path(patterns, *apart)
    return far


def widest(patterns, n, residual, causal) -> tuple[int, tuple[int, int] | None]:
    """(the greatest number of layers that joins any pair, a pair (j, i) that none joins or None)"""
    form = known(patterns)
    if form is None:
        return _searched(patterns, n, residual, causal)
    if n == 0:
        return 0, None
    j, i = form.farthest(n)
    both = [(j, i)] if causal else [(j, i), (i, j)]
    hops = [form.hops(*pair) for pair in both]
    return max(h or 0 for h in hops), next((pair for pair, h in zip(both, hops) if h is None), None)


def growth(steps, n, i=None, *, residual=True, order=None) -> np.ndarray:
    """The receptive field: how many positions reach i through the first r layers or fewer, for r = 0, 1, ..., until it stays

    |{ j : 0 <= hops[i, j] <= r }|, int64: (R + 1, n) for every i, or (R + 1,) for the i given. Row 0 is 1, i itself; row R is the
    first after which nothing grows, and R the greatest of the hops. O(n) memory beside it.

    Parameters
    ----------
    steps, n, residual, order : as for `hops`; n at most 32,768.
    i : one position, below n; each of them unless given.

    Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> sr.paths.growth([sr.Lookback(3)], 9, 8)
    array([1, 3, 5, 7, 9])
    >>> sr.paths.growth([sr.LogSparse()], 9, 8)
    array([1, 5, 8, 9])
    >>> sr.paths.growth(sr.strided(3), 9)
    array([[1, 1, 1, 1, 1, 1, 1, 1, 1],
           [1, 2, 3, 4, 4, 4, 4, 4, 4],
           [1, 2, 3, 4, 5, 6, 7, 8, 9]])
    """
    cycle = edges_of(steps, n, residual, order)
    rows = np.arange(n) if i is None else np.array([integer("i", i, 0, n - 1)])
    more = [0 * rows]
    for lo, hi in slabs(n):
        for r, first in firsts(cycle, sources(n, lo, hi)):
            more += [0 * rows for _ in range(r + 1 - len(more))]
            more[r] += np.bitwise_count(first[:, rows]).sum(axis=(0, 2), dtype=np.int64)
    grown = np.cumsum(more, axis=0)
    return grown if i is None else grown[: np.searchsorted(grown[:, 0], grown[-1, 0]) + 1, 0]


def distance(steps, j, i, n, *, residual=True, order=None) -> int:
    """hops[i, j] of one pair: the least number of layers through which j reaches i, an int

    In closed form where `diameter` has one, for n up to 10^18; otherwise the length of `shortest`. Parameters and errors are
    those of `shortest`.

    >>> import sparse_ref as sr
    >>> sr.paths.distance([sr.LogSparse()], 5, 2**50 + 8, 2**60)            # 3 = 2 + 1 beyond 2**50
    3
    """
    patterns, n = layers(steps, order), integer("n", n, 1, None)
    form = known(patterns)
    if form is None:
        return len(shortest(steps, j, i, n, residual=residual, order=order)) - 1
    j, i = integer("j", j, 0, n - 1), integer("i", i, 0, n - 1)
    hops = form.hops(j, i)
    if hops is None:
        raise no_path(patterns, j, i)
    return hops


def _searched(patterns, n, residual, causal) -> tuple[int, tuple[int, int] | None]:
    """`widest` by search, some columns at a time: their walk ends as soon as each pair asked for is joined."""
    if n > MOST:
        raise ValueError(f"n must be at most {MOST} where no closed form is known, got {n}")
    cycle, far, apart = edges_of(patterns, n, residual), 0, []
    for lo, hi in slabs(n):
        joined = _not_asked(n, lo, hi, causal)
        far = max([far, *(r for r, _ in firsts(cycle, sources(n, lo, hi), joined))])
        row = (~joined).any(axis=(0, 2))
        if row.any():
            i = int(row.argmax())
            bits = np.unpackbits(joined[:, i].view(np.uint8), bitorder="little")
            apart.append((i, lo + int(bits.argmin())))
    return far, min(apart)[::-1] if apart else None


def _not_asked(n, lo, hi, causal) -> np.ndarray:
    """The bits of no pair lo <= j < hi, and where causal those of j > i as well: blocks as of `sources`."""
    many = np.minimum(np.arange(n) + 1 - lo, hi - lo) if causal else np.full(n, hi - lo)
    word = np.arange(-(-(hi - lo) // (64 * WORDS)) * WORDS).reshape(-1, 1, WORDS)
    asked = np.clip(many[:, None] - 64 * word, 0, 64).astype(np.uint64)
    return np.where(asked == 64, np.uint64(0), ~np.uint64(0) << (asked & np.uint64(63)))
