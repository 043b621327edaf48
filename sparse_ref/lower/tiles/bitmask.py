"""Words of 64 bits: which rows of a tile attend to which keys of a chunk."""

from __future__ import annotations

import numpy as np

from ..._jit import serial

TILE = 64  # rows of a tile, keys of a chunk, bits of a word
ALL_ONES = np.uint64(2**64 - 1)


@serial
def key_of(start, keys, c):
    """Key c of a chunk: start + c, or where start < 0 the one that is listed."""
    return start + c if start >= 0 else keys[-1 - start, c]


@serial
def test_bit(word, r):
    """Whether bit r of a word is set."""
    return (word >> np.uint64(r)) & np.uint64(1) != np.uint64(0)


@serial
def single_bit(r):
    """The word whose bit r alone is set."""
    return np.uint64(1) << np.uint64(r)


@serial
def passed_spans(table, at, ends, key):
    """The first span at or after `at`, before `ends`, that reaches beyond the key."""
    while at < ends and table[at, 1] <= key:
        at += 1
    return at


@serial
def word_of(table, at, spans, end, keys, own):
    """Which of the ascending keys are in the spans table[at:spans] or the strided runs table[spans:end], one bit each.

    `own` are the runs of the whole tile: where they are one class, a strided run of that class is an interval of it.
    """
    w = np.uint64(0)
    first, beyond = keys[0], keys[-1] + 1
    for r in range(at, spans):
        if table[r, 0] >= beyond:
            break
        w |= bits(keys, max(table[r, 0], first), min(table[r, 1], beyond))
    for r in range(spans, end):
        start, stop, step, width = table[r]
        low, high = max(start, first), min(stop, beyond)
        if (
            low < high
            and len(own) == 1
            and own[0, 2] == step
            and own[0, 3] == width
            and (start - own[0, 0]) % step == 0
        ):
            w |= bits(keys, low, high)
        elif low < high:
            for group in range(start + (low - start) // step * step, high, step):
                w |= bits(keys, max(group, low), min(group + width, high))
    return w


@serial
def bits(keys, low, high):
    """A word with the bits of the ascending keys in low <= key < high."""
    a, b = rank(keys, low), rank(keys, high)
    if a >= b:
        return np.uint64(0)
    return (ALL_ONES >> np.uint64(TILE - (b - a))) << np.uint64(a)


@serial
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


@serial
def popcount(w):
    """How many bits of a word are set."""
    total = 0
    while w:
        w &= w - np.uint64(1)
        total += 1
    return total


@serial
def transpose_bits(words):
    """Turn 64 words over their diagonal: bit c of word r becomes bit r of word c. Halves are swapped, then quarters, and so on."""
    half, mask = 32, ALL_ONES >> np.uint64(32)
    while half:
        shift = np.uint64(half)
        for r in range(TILE):
            if r & half == 0:
                swapped = ((words[r] >> shift) ^ words[r + half]) & mask
                words[r] ^= swapped << shift
                words[r + half] ^= swapped
        half //= 2
        mask ^= mask << np.uint64(half)
