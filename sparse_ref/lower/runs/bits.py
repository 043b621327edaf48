"""Rows of keys as bits, 64 keys a word: runs painted into a window of keys, and counted there.

Bit b of word w is key lo + 64 w + b of the window lo <= j < hi. Tables are in normal form, see
`Runs`.
"""

from __future__ import annotations

import numpy as np

from ..._jit import inline, serial
from .intervals import span_count
from .table import START, STEP, STOP, WIDTH

WORDS = 64
WINDOW = 64 * WORDS  # keys that are painted at a time
ALL_ONES = np.uint64(2**64 - 1)
ONE = np.uint64(1)


@serial
def popcount(word):
    """The number of set bits of a word."""
    total = 0
    while word:
        word &= word - ONE
        total += 1
    return total


@serial
def count_bits(table, n):
    """The number of keys of a row: those of one window after the other."""
    words = np.empty(WORDS, np.uint64)
    keys = 0
    for lo in range(0, n, WINDOW):
        hi = min(lo + WINDOW, n)
        paint(table, lo, hi, words)
        for w in range((hi - lo + 63) // 64):
            keys += popcount(words[w])
    return keys


@serial
def paint(table, lo, hi, words):
    """Set the bits of a row's keys in the window, and clear all others."""
    for w in range((hi - lo + 63) // 64):
        words[w] = np.uint64(0)
    spans = span_count(table)
    for r in range(first_above(table, spans, lo), spans):
        if table[r, START] >= hi:
            break
        start = max(table[r, START], lo) - lo
        stop = min(table[r, STOP], hi) - lo
        set_bits(words, start, stop)
    for r in range(spans, len(table)):
        paint_groups(table[r], lo, hi, words)


@serial
def first_above(table, spans, key):
    """The first of the spans that reaches to the key or above it: a binary search."""
    low, high = 0, spans
    while low < high:
        middle = (low + high) // 2
        if table[middle, STOP] <= key:
            low = middle + 1
        else:
            high = middle
    return low


@serial
def set_bits(words, start, stop):
    """Set the bits start <= b < stop, at least one."""
    first, last = start >> 6, (stop - 1) >> 6
    from_start = ALL_ONES << np.uint64(start & 63)
    to_stop = ALL_ONES >> np.uint64(63 - ((stop - 1) & 63))
    if first == last:
        words[first] |= from_start & to_stop
        return
    words[first] |= from_start
    for w in range(first + 1, last):
        words[w] = ALL_ONES
    words[last] |= to_stop


@serial
def paint_groups(run, lo, hi, words):
    """Set the bits of a strided run: group by group, or by words that repeat if many are short."""
    start, step, width = run[START], run[STEP], run[WIDTH]
    first, stop = max(start, lo), min(run[STOP], hi)
    if first >= stop:
        return
    if step < 64 and stop - first > 4 * step:
        paint_periodic(first, stop, (first - start) % step, step, width, lo, words)
        return
    group = start + (first - start) // step * step
    while group < stop:
        low = max(group, first)
        high = min(group + width, stop)
        if low < high:
            set_bits(words, low - lo, high - lo)
        group += step


@inline
def paint_periodic(first, stop, phase, step, width, lo, words):
    """Set the bits first <= j < stop with (j - first + phase) mod step < width, for step < 64."""
    here, beyond = two_words(step, width)
    first_word, last_word = (first - lo) >> 6, (stop - 1 - lo) >> 6
    shift = (phase - ((first - lo) & 63)) % step  # the place in its period of a word's first bit
    for w in range(first_word, last_word + 1):
        word = here >> np.uint64(shift)
        if shift:
            word |= beyond << np.uint64(64 - shift)
        if w == first_word:
            word &= ALL_ONES << np.uint64((first - lo) & 63)
        if w == last_word:
            word &= ALL_ONES >> np.uint64(63 - ((stop - 1 - lo) & 63))
        words[w] |= word
        shift = (shift + 64) % step


@inline
def two_words(step, width):
    """128 bits, of which those with b mod step < width are set."""
    group = (ONE << np.uint64(width)) - ONE
    here = beyond = np.uint64(0)
    for b in range(0, 64, step):
        here |= group << np.uint64(b)
        if b + width > 64:
            beyond |= group >> np.uint64(64 - b)
    for b in range(-64 % step, 64, step):
        beyond |= group << np.uint64(b)
    return here, beyond
