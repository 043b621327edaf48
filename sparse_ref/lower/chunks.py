"""Loops over tiles of 64 rows: the union of their keys, cut into chunks of 64, and who attends to which."""

from __future__ import annotations

import numpy as np
from numba import prange

from ..jit import compiled, parallel
from .residues import size
from .stretches import spans_in, stretch, united

B = 64  # rows of a tile, keys of a chunk, bits of a word
ONES = np.uint64(2**64 - 1)


@parallel
def first_keys(indptr, table, n, first):
    """The least key of each row, n where there is none."""
    for i in prange(len(first)):
        own = table[indptr[i]:indptr[i + 1]]
        first[i] = stretch(own, spans_in(own), 0, -1, n)[0]


@compiled
def union(indptr, table, n, rows):
    """The tidy runs of all keys that any of these rows attends to."""
    slots = 0
    for i in rows:
        if i >= 0:
            slots += indptr[i + 1] - indptr[i]
    runs, t = np.empty((slots, 4), np.int64), 0
    for i in rows:
        if i >= 0:
            for r in range(indptr[i], indptr[i + 1]):
                runs[t] = table[r]
                t += 1
    out = np.empty((slots, 4), np.int64)
    return out[:united(runs, n, out)] if slots else out


@parallel
def count(indptr, table, n, rows, chunks):
    for t in prange(len(rows)):
        chunks[t] = (size(union(indptr, table, n, rows[t]), n) + B - 1) // B


@parallel
def fill(indptr, table, n, rows, ptr, keys, words, pairs):
    for t in prange(len(rows)):
        own = union(indptr, table, n, rows[t])
        spans = spans_in(own)
        one_class = len(own) == 1
        lo, hi, at = stretch(own, spans, 0, -1, n)
        for c in range(ptr[t], ptr[t + 1]):
            held = 0
            while held < B and lo < n:
                keys[c, held] = lo
                held += 1
                lo += 1
                if lo == hi:
                    lo, hi, at = stretch(own, spans, at, hi - 1, n)
            keys[c, held:] = keys[c, 0]
            for r in range(B):
                i = rows[t, r]
                if i >= 0:
                    w = word_of(table[indptr[i]:indptr[i + 1]], keys[c, :held], own, one_class)
                    words[c, r] = w
                    pairs[t] += ones(w)


@compiled
def word_of(runs, keys, own, one_class):
    """Which of the ascending keys are in any of the runs, one bit each; `own` are the tile's runs, one if `one_class`."""
    w = np.uint64(0)
    for r in range(len(runs)):
        start, stop, step, width = runs[r]
        low, high = max(start, keys[0]), min(stop, keys[-1] + 1)
        if low >= high:
            continue
        if step == 1 or (one_class and own[0, 2] == step and own[0, 3] == width
                         and (start - own[0, 0]) % step == 0):
            w |= bits(keys, low, high)
            continue
        group = start + (low - start) // step * step
        while group < high:
            w |= bits(keys, max(group, low), min(group + width, high))
            group += step
    return w


@compiled
def bits(keys, low, high):
    """A word with the bits of the ascending keys in low <= key < high."""
    a, b = rank(keys, low), rank(keys, high)
    if a >= b:
        return np.uint64(0)
    return (ONES >> np.uint64(B - (b - a))) << np.uint64(a)


@compiled
def rank(keys, x):
    """How many of the ascending keys are below x; at once where they are consecutive."""
    last = len(keys) - 1
    if keys[last] - keys[0] == last:
        return min(max(x - keys[0], 0), last + 1)
    lo, hi = 0, last + 1
    while lo < hi:
        mid = (lo + hi) // 2
        if keys[mid] < x:
            lo = mid + 1
        else:
            hi = mid
    return lo


@compiled
def ones(w):
    """How many bits of a word are set."""
    total = 0
    while w:
        w &= w - np.uint64(1)
        total += 1
    return total


@parallel
def partial_chunks(ptr, words, real, partial):
    """Which chunks miss any bit of a real row."""
    for t in prange(len(ptr) - 1):
        for c in range(ptr[t], ptr[t + 1]):
            partial[c] = (words[c] != real[t]).any()


@parallel
def members(rows, ptr, keys, word, words, at, indices):
    """Write each row's keys from at[row] on, where `indices` has room; at[row] moves to its end."""
    for t in prange(len(rows)):
        for c in range(ptr[t], ptr[t + 1]):
            for r in range(B):
                i = rows[t, r]
                if i >= 0:
                    w = ONES if word[c] < 0 else words[word[c], r]
                    for b in range(B):
                        if (w >> np.uint64(b)) & np.uint64(1) != np.uint64(0):
                            if len(indices):
                                indices[at[i]] = keys[c, b]
                            at[i] += 1
