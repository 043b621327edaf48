"""Compiled loops that carry sets of sources through a layer, from its keys to its queries.

A position's set of sources is a row of bits. A block is 512 columns of bits: WORDS words per
position.

A row that reads an interval of positions takes its union from a binary tree of unions, in O(log n)
words, so that dense rows cost little more than sparse ones. Node v of a tree is the union of the
nodes 2 v and 2 v + 1. The leaves are the nodes n, ..., 2 n - 1.
"""

from __future__ import annotations

import numpy as np

from ..._jit import parallel, serial

WORDS = 8  # of 64 bits: one position's part of a block fills one cache line


@parallel
def advance(begin, end, steps, widths, indptr, bounds, news, seen):
    """Carry each block's `news` (n, WORDS) through a layer, in place.

    What was `seen` above it already is left out, and the result is added to `seen`.
    """
    for b in range(begin, end):
        _advance_block(steps, widths, indptr, bounds, news[b], seen[b])


@parallel
def split_new(begin, end, news, known, first, flags):
    """Set first = news & ~known, then add it to `known`; in place, block by block.

    flags[b] = whether block b has any bit in `first`, has any in `news`, lacks any in `known`: bool
    (blocks, 3).
    """
    for b in range(begin, end):
        has_first, has_news, is_partial = _split_block(news[b], known[b], first[b])
        flags[b, 0] = has_first
        flags[b, 1] = has_news
        flags[b, 2] = is_partial


@parallel
def write_where_set(begin, end, bits, value, out):
    """out[i, j] = value wherever bit j of row i of the blocks is set; out is (n, columns)."""
    for i in range(begin, end):
        for j in range(out.shape[1]):
            block = j // (64 * WORDS)
            word = bits[block, i, j // 64 % WORDS]
            if (word >> np.uint64(j % 64)) & np.uint64(1):
                out[i, j] = value


@serial
def _split_block(news, known, first):
    """`split_new` for one block."""
    any_first = np.uint64(0)
    any_news = np.uint64(0)
    all_known = ~np.uint64(0)
    for i in range(len(news)):
        for c in range(WORDS):
            first[i, c] = news[i, c] & ~known[i, c]
            known[i, c] |= first[i, c]
            any_first |= first[i, c]
            any_news |= news[i, c]
            all_known &= known[i, c]
    return any_first != 0, any_news != 0, ~all_known != 0


@serial
def _advance_block(steps, widths, indptr, bounds, news, seen):
    """`advance` for one block."""
    n = len(news)
    base = np.empty((2 * n, WORDS), np.uint64)
    base[n:] = news
    first, last = _build_tree(base, n)
    if first >= last:  # no position has news
        return
    news[:] = 0
    _read_intervals(indptr[: n + 1], bounds, base, first, last, news)
    for m in range(1, len(steps)):
        tree = np.empty((2 * n, WORDS), np.uint64)
        _reorder_leaves(base, first, last, steps[m], widths[m], tree)
        lo, hi = _build_tree(tree, n)
        rows = indptr[m * n : (m + 1) * n + 1]
        _read_intervals(rows, bounds, tree, lo, hi, news)
    _keep_new(news, seen)


@serial
def _keep_new(news, seen):
    """Clear the bits of `news` that are in `seen`, and add the rest to `seen`."""
    for i in range(len(news)):
        if _any_bit(news[i]):
            for c in range(WORDS):
                news[i, c] &= ~seen[i, c]
                seen[i, c] |= news[i, c]


@serial
def _build_tree(tree, n):
    """Fill the inner nodes above the leaves; return (first, last + 1) of the filled leaves.

    Nodes above empty leaves only are not written, and must not be read.
    """
    first = n
    last = 2 * n
    while first < 2 * n and not _any_bit(tree[first]):
        first += 1
    while last > first and not _any_bit(tree[last - 1]):
        last -= 1
    lo = first // 2
    hi = (last - 1) // 2
    while lo >= 1 and first < last:
        for v in range(lo, hi + 1):
            left = 2 * v
            for c in range(WORDS):
                tree[v, c] = tree[left, c] | tree[left + 1, c]
        lo = lo // 2
        hi = hi // 2
    return first - n, last - n


@serial
def _any_bit(words):
    """Whether any bit is set."""
    union = np.uint64(0)
    for c in range(WORDS):
        union |= words[c]
    return union != np.uint64(0)


@serial
def _read_intervals(indptr, bounds, tree, first, last, out):
    """Add the unions of its intervals to each row; leaves outside first <= a < last are empty."""
    for i in range(len(out)):
        for t in range(indptr[i], indptr[i + 1]):
            lo = max(bounds[t, 0], first)
            hi = min(bounds[t, 1], last)
            _add_union(tree, lo, hi, out[i])


@serial
def _add_union(tree, lo, hi, out):
    """Add the union of the leaves lo, ..., hi - 1 to `out`."""
    n = len(tree) // 2
    lo = lo + n
    hi = hi + n
    while lo < hi:
        if lo & 1:
            for c in range(WORDS):
                out[c] |= tree[lo, c]
            lo += 1
        if hi & 1:
            hi -= 1
            for c in range(WORDS):
                out[c] |= tree[hi, c]
        lo = lo // 2
        hi = hi // 2


@serial
def _reorder_leaves(base, first, last, step, width, tree):
    """Write the leaves of a tree ordered by remainder by `step`.

    Each leaf is the union of `width` positions of the base, from its own position on.
    """
    n = len(tree) // 2
    t = n
    for remainder in range(step):
        for a in range(remainder, n, step):
            for c in range(WORDS):
                tree[t, c] = 0
            lo = max(a, first)
            hi = min(a + width, last)
            _add_union(base, lo, hi, tree[t])
            t += 1
