"""Boolean products of layers: layer A takes what stands at the keys of i, and puts their union at i.

Child et al. 2019, sec. 4.2, let information walk j, a, b, ..., i with j in A_a^(1), a in A_b^(2), and so on: one
row of the product A^(p) ... A^(2) A^(1) is the set of all j that reach i.

A set of positions j is a row of bits. Columns are done some thousands at a time, so that memory beyond the answer is O(n).
"""

from __future__ import annotations

import numpy as np

from ...sets.checks import integer
from ...sets.factorized import layers
from .bitsets import WORDS, advance, tell_apart, write
from .edges import Layer, edges

MOST = 32768
SLAB = 1 << 25  # bytes of the bits that are walked with at a time


def reach(steps, n, *, residual=True, order=None) -> np.ndarray:
    """[i, j] = what stands at j reaches i through the layers, one per step:  A^(p) ... A^(2) A^(1), bool (n, n)

    Parameters
    ----------
    steps : a Factorized, or one or more patterns, of which the first is the lowest layer.
    n : the length, at most 32,768. The answer has n^2 bytes, 1 GiB there; beside it there are about 0.1 GiB.
    residual : each layer also keeps what stands at i itself, by the residual edge.
    order : the steps by the paper's numbers m = 1..p, lowest layer first, as (2, 1) or (1, 2, 1); (1, ..., p) unless given.

    Raises TypeError or ValueError naming argument, value and bound. Source: Child et al. 2019, sec. 4.2.

    >>> import sparse_ref as sr
    >>> sr.paths.reach(sr.fixed(4), 8)[7].all()              # the last position hears of every other
    np.True_
    >>> sr.paths.reach(sr.fixed(4), 8, order=(2, 1))[7]      # with the layers the other way round it does not
    array([False, False, False,  True,  True,  True,  True,  True])
    """
    cycle = edges_of(steps, n, residual, order)
    found = np.zeros((n, n), bool)
    for lo, hi in slabs(n):
        bits = sources(n, lo, hi)
        for layer in cycle:
            advance(*layer.arrays, bits, np.zeros_like(bits))
        write(bits, True, found[:, lo:hi])
    return found


def hops(steps, n, *, residual=True, order=None, most=None) -> np.ndarray:
    """[i, j] = the least r such that j reaches i through the first r layers, int32 (n, n); -1 where none does

    The layers cycle through the steps: layers 1, ..., p, p + 1, ... are A^(1), ..., A^(p), A^(1), ... The diagonal is
    0, no layer at all. -1 means that no number of layers does, or with `most`, that none up to `most` does.

    Parameters
    ----------
    steps, residual, order : as for `reach`; the cycle is `order` where that is given.
    n : the length, at most 32,768, where the answer has 4 GiB; `diameter`, `growth` and `distance` tell of it without.
    most : the greatest r tried; unless given, all.

    Raises TypeError or ValueError naming argument, value and bound.

    >>> import sparse_ref as sr
    >>> sr.paths.hops([sr.Lookback(3)], 6)[5]
    array([3, 2, 2, 1, 1, 0], dtype=int32)
    >>> sr.paths.hops(sr.fixed(3), 6, residual=False)[4]      # 2 reads 0, and then 4 reads 2
    array([ 2,  2,  2,  1,  0, -1], dtype=int32)
    """
    if most is not None:
        most = integer("most", most, 0)
    cycle = edges_of(steps, n, residual, order)
    found = np.full((n, n), -1, np.int32)
    for lo, hi in slabs(n):
        for r, first in firsts(cycle, sources(n, lo, hi), most=most):
            write(first, r, found[:, lo:hi])
    return found


def firsts(cycle, news, known=None, most=None):
    """(r, the pairs joined by r layers and by none fewer), bit by bit in blocks like `news`, for r = 0, 1, ...

    It ends where no more come, or where all that were not `known` beforehand, bits that it sets, have come. What is
    yielded is overwritten in the next turn.
    """
    known = np.zeros_like(news) if known is None else known
    first, told, r = np.empty_like(news), np.empty((len(news), 3), bool), 0
    seen = [
        news.copy(),
        *(np.zeros_like(news) for _ in cycle[1:]),
    ]  # to be at i below the same step is news once only
    while True:
        tell_apart(news, known, first, told)
        came, going, unknown = (bool(told[:, t].any()) for t in range(3))
        if came:
            yield r, first
        if r == most or not (going and unknown):
            return
        advance(*cycle[r % len(cycle)].arrays, news, seen[(r + 1) % len(cycle)])
        r += 1


def sources(n, lo, hi) -> np.ndarray:
    """Each position lo <= j < hi with itself alone: blocks of bits, uint64 (blocks, n, 8), bit j - lo of row j set."""
    bits = np.zeros((-(-(hi - lo) // (64 * WORDS)), n, WORDS), np.uint64)
    j = np.arange(hi - lo)
    bits[j // (64 * WORDS), lo + j, j // 64 % WORDS] = np.uint64(1) << (j % 64).astype(np.uint64)
    return bits


def slabs(n):
    """The columns lo, ..., hi - 1 that are done together, whole blocks of them, in turn."""
    wide = max(SLAB // (8 * WORDS * n), 2) * 64 * WORDS if n else 1
    return [(lo, min(lo + wide, n)) for lo in range(0, n, wide)]


def edges_of(steps, n, residual, order=None) -> tuple[Layer, ...]:
    """What is read in each layer of the cycle, at a length at which all pairs can be walked through."""
    patterns, n = layers(steps, order), length(n)
    each = {step: edges(step, n, residual) for step in dict.fromkeys(patterns)}
    return tuple(each[step] for step in patterns)


def length(n) -> int:
    """n, if it is one and its pairs can be walked through."""
    if integer("n", n, 0) > MOST:
        raise ValueError(
            f"n must be at most {MOST} for n x n pairs, got {n}: witness finds one path at any length"
        )
    return int(n)
