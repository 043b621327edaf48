"""Words of 64 bits: which rows of a tile attend to which keys of a chunk."""

from __future__ import annotations

import numpy as np

from ..._jit import serial
from ..runs.bits import ALL_ONES
from ..runs.table import START, STEP, STOP, WIDTH, same_residues

TILE = 64  # rows of a tile, keys of a chunk, bits of a word


@serial
def key_of(start, keys, c):
    """Key c of a chunk: start + c for consecutive keys; a gathered one if start < 0."""
    return start + c if start >= 0 else keys[-1 - start, c]


@serial
def test_bit(word, r):
    """Whether bit r of a word is set."""
    return word & single_bit(r) != np.uint64(0)


@serial
def single_bit(r):
    """The word with bit r set, and no other."""
    return np.uint64(1) << np.uint64(r)


@serial
def skip_spans(table, at, end, key):
    """The first of the spans at, ..., end - 1 that reaches above the key; `end` if none does."""
    while at < end and table[at, STOP] <= key:
        at += 1
    return at


@serial
def word_of(table, at, spans, end, keys, tile_runs):
    """A row's word: bit c is set if one of the runs table[at:end] contains keys[c].

    The runs before `spans` are spans. The keys ascend. `tile_runs` are the runs of all the tile's
    keys.
    """
    first, last = keys[0], keys[-1]
    word = np.uint64(0)
    for r in range(at, spans):
        if table[r, START] > last:
            break
        low = max(table[r, START], first)
        high = min(table[r, STOP], last + 1)
        word |= key_bits(keys, low, high)
    for r in range(spans, end):
        word |= run_bits(table, r, keys, tile_runs)
    return word


@serial
def run_bits(table, r, keys, tile_runs):
    """The bits of the ascending keys that are in the strided run r."""
    start = table[r, START]
    step, width = table[r, STEP], table[r, WIDTH]
    low = max(start, keys[0])
    high = min(table[r, STOP], keys[-1] + 1)
    word = np.uint64(0)
    if low >= high:
        return word
    if len(tile_runs) == 1 and same_residues(tile_runs, 0, start, step, width):
        return key_bits(keys, low, high)  # all keys of the tile have the run's residues
    first_group = start + (low - start) // step * step
    for group in range(first_group, high, step):
        word |= key_bits(keys, max(group, low), min(group + width, high))
    return word


@serial
def key_bits(keys, low, high):
    """The bits of the ascending keys with low <= key < high."""
    first, end = count_smaller(keys, low), count_smaller(keys, high)
    if first >= end:
        return np.uint64(0)
    return (ALL_ONES >> np.uint64(TILE - (end - first))) << np.uint64(first)


@serial
def count_smaller(keys, x):
    """How many of the ascending keys are below x; in one step if they are consecutive."""
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
def transpose_bits(words):
    """Transpose a matrix of 64 words in place: bit c of word r becomes bit r of word c.

    Swaps halves, then quarters, and so on.
    """
    half, mask = 32, ALL_ONES >> np.uint64(32)
    while half:
        shift = np.uint64(half)
        for r in range(TILE):
            if r & half == 0:
                difference = ((words[r] >> shift) ^ words[r + half]) & mask
                words[r] ^= difference << shift
                words[r + half] ^= difference
        half //= 2
        mask ^= mask << np.uint64(half)
