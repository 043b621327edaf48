"""Compiled loops: a layer carries sets of sources, 512 of them in a block of words, from its keys to its queries.

A row that reads an interval of positions takes the union of it from a binary tree of unions, in O(log n) words, so that
dense rows cost little more than sparse ones. Node v of a tree is the union of the nodes 2 v and 2 v + 1, and its leaves
are the nodes n, ..., 2 n - 1.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from ..._jit import parallel, serial

WORDS = 8  # of 64 bits: what a position holds of a block of columns, a line of cache


@parallel
def advance(steps, widths, indptr, bounds, news, seen):
    """What each block's `news` (n, WORDS) becomes through a layer, less what was seen there; then it is seen as well."""
    for b in prange(len(news)):
        _carry(steps, widths, indptr, bounds, news[b], seen[b])


@parallel
def tell_apart(news, known, first, told):
    """first = news less what is known, which then is known as well; in place, block by block.

    told[b] = whether block b has any first, any news, and anything that is not known yet: bool (blocks, 3).
    """
    for b in prange(len(news)):
        told[b, 0], told[b, 1], told[b, 2] = _tell(news[b], known[b], first[b])


@parallel
def write(first, r, out):
    """out[i, j] = r wherever bit j of row i of the blocks is set, out (n, at most 512 blocks)."""
    for i in prange(len(out)):
        for j in range(out.shape[1]):
            word = first[j // (64 * WORDS), i, j // 64 % WORDS]
            if (word >> np.uint64(j % 64)) & np.uint64(1):
                out[i, j] = r


@serial
def _tell(news, known, first):
    """One block told apart."""
    came = going = np.uint64(0)
    all_known = ~came
    for i in range(len(news)):
        for c in range(WORDS):
            first[i, c] = news[i, c] & ~known[i, c]
            known[i, c] |= first[i, c]
            came |= first[i, c]
            going |= news[i, c]
            all_known &= known[i, c]
    return came != 0, going != 0, ~all_known != 0


@serial
def _carry(steps, widths, indptr, bounds, news, seen):
    """One block through a layer; nothing to do where no position has news."""
    n = len(news)
    base = np.empty((2 * n, WORDS), np.uint64)
    base[n:] = news
    first, last = _grown(base, n)
    if first >= last:
        return
    news[:] = 0
    _gather(indptr[: n + 1], bounds, base, first, last, news)
    for m in range(1, len(steps)):
        tree = np.empty((2 * n, WORDS), np.uint64)
        _reorder(base, first, last, steps[m], widths[m], tree)
        lo, hi = _grown(tree, n)
        _gather(indptr[m * n : (m + 1) * n + 1], bounds, tree, lo, hi, news)
    for i in range(n):
        if _any(news[i]):
            for c in range(WORDS):
                news[i, c] &= ~seen[i, c]
                seen[i, c] |= news[i, c]


@serial
def _grown(tree, n):
    """Grow a tree over its leaves; (first, last + 1) of those that hold anything. Nodes without any of these stay unwritten."""
    first, last = n, 2 * n
    while first < 2 * n and not _any(tree[first]):
        first += 1
    while last > first and not _any(tree[last - 1]):
        last -= 1
    lo, hi = first // 2, (last - 1) // 2
    while lo >= 1 and first < last:
        for v in range(lo, hi + 1):
            for c in range(WORDS):
                tree[v, c] = tree[2 * v, c] | tree[2 * v + 1, c]
        lo, hi = lo // 2, hi // 2
    return first - n, last - n


@serial
def _any(words):
    """Whether any bit is set."""
    held = np.uint64(0)
    for c in range(WORDS):
        held |= words[c]
    return held != np.uint64(0)


@serial
def _gather(indptr, bounds, tree, first, last, out):
    """Give each row the unions of its intervals, as far as these hold anything."""
    for i in range(len(out)):
        for t in range(indptr[i], indptr[i + 1]):
            _collect(tree, max(bounds[t, 0], first), min(bounds[t, 1], last), out[i])


@serial
def _collect(tree, lo, hi, out):
    """The union of the leaves lo, ..., hi - 1, added to `out`."""
    n = len(tree) // 2
    lo, hi = lo + n, hi + n
    while lo < hi:
        if lo & 1:
            for c in range(WORDS):
                out[c] |= tree[lo, c]
            lo += 1
        if hi & 1:
            hi -= 1
            for c in range(WORDS):
                out[c] |= tree[hi, c]
        lo, hi = lo // 2, hi // 2


@serial
def _reorder(base, first, last, step, width, tree):
    """Write the leaves of a tree in which positions stand by their remainders by `step`, each with the `width` from it on."""
    n = len(tree) // 2
    t = n
    for remainder in range(step):
        for a in range(remainder, n, step):
            for c in range(WORDS):
                tree[t, c] = 0
            _collect(base, max(a, first), min(a + width, last), tree[t])
            t += 1
