"""The pairs of a tile, counted; and whether its keys ascend, so that no pair is in it twice."""

from __future__ import annotations

import numpy as np

from ..._jit import inline, parallel
from ..runs.bits import popcount
from .bitmask import TILE, key_of, single_bit


@parallel
def count_pairs(begin, end, tiles, pairs):
    """pairs[t] = the number of pairs of tile t; -1 - c if chunk c has a key below one before it.

    Only keys that a row of the tile attends to count. tiles = (rows, ptr, start, keys, word, words)
    are a plan's part, with all their numbers in bounds.
    """
    rows, ptr, start, keys, word, words = tiles
    for t in range(begin, end):
        real = bits_of_rows(rows[t])
        last = np.int64(-1)
        count = np.int64(0)
        for c in range(ptr[t], ptr[t + 1]):
            for b in range(TILE):
                bits = real if word[c] < 0 else words[word[c], b] & real
                if bits == np.uint64(0):
                    continue
                key = key_of(start[c], keys, b)
                if key <= last and count >= 0:
                    count = np.int64(-1 - c)
                if count >= 0:
                    count += popcount(bits)
                last = key
        pairs[t] = count


@inline
def bits_of_rows(rows):
    """The word whose bits are the rows of a tile that there are."""
    bits = np.uint64(0)
    for r in range(TILE):
        if rows[r] >= 0:
            bits |= single_bit(r)
    return bits
