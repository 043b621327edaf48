"""Loops over tiles of 64 rows: the union of their keys, cut into chunks of 64, and who attends to which.

The chunks are walked over twice, once to see how much room there must be and once to write. A chunk that lies in keys
shared by all rows is full, which is seen without looking at rows; elsewhere each row's runs are met once along the walk.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from ..._jit import parallel, serial
from ..runs.run_loops import spans_in, stretch
from .bitmask import (
    ALL_ONES,
    TILE,
    key_of,
    passed_spans,
    popcount,
    single_bit,
    test_bit,
    transpose_bits,
    word_of,
)


@serial
def alike(indptr, table, i, other):
    """Whether two rows have the same runs."""
    a, b, many = indptr[i], indptr[other], indptr[i + 1] - indptr[i]
    if indptr[other + 1] - b != many:
        return False
    for r in range(many):
        for part in range(4):
            if table[a + r, part] != table[b + r, part]:
                return False
    return True


@serial
def in_common(indptr, table, rows, distinct, own):
    """Intervals in which every row attends to each of the tile's keys: those that all spans have in common, or all of
    the rows' single runs where these are of the one class that the tile has."""
    one_class = len(own) == 1 and own[0, 2] > 1
    common, begun = np.empty((0, 2), np.int64), False
    for r in range(TILE):
        if distinct[r]:
            runs = table[indptr[rows[r]] : indptr[rows[r] + 1]]
            spans = spans_in(runs)
            if one_class:
                spans = 1 if len(runs) == 1 and same_class(runs[0], own[0]) else 0
            common = in_both(common, runs[:spans]) if begun else runs[:spans, :2].copy()
            begun = True
    return common


@serial
def same_class(run, other):
    """Whether two runs hold the same residues."""
    return run[2] == other[2] and run[3] == other[3] and (run[0] - other[0]) % other[2] == 0


@serial
def in_both(intervals, spans):
    """The intersection of two ascending lists of intervals."""
    out, kept, a, b = np.empty((len(intervals) + len(spans), 2), np.int64), 0, 0, 0
    while a < len(intervals) and b < len(spans):
        low, high = max(intervals[a, 0], spans[b, 0]), min(intervals[a, 1], spans[b, 1])
        if low < high:
            out[kept, 0], out[kept, 1] = low, high
            kept += 1
        if intervals[a, 1] < spans[b, 1]:
            a += 1
        else:
            b += 1
    return out[:kept]


@serial
def next_chunk(own, spans, lo, hi, at, n, keys):
    """Write the next keys of the union, at most 64, from the stretch lo <= key < hi on; how many, and where the walk is now."""
    held = 0
    while held < TILE and lo < n:
        many = min(hi - lo, TILE - held)
        for t in range(many):
            keys[held + t] = lo + t
        held, lo = held + many, lo + many
        if lo == hi:
            lo, hi, at = stretch(own, spans, at, hi - 1, n)
    return held, lo, hi, at


@serial
def consecutive(keys, n):
    """Where 64 consecutive keys below n begin that hold these ascending ones; -1 where there are none."""
    return min(keys[0], n - TILE) if keys[-1] - keys[0] == len(keys) - 1 and n >= TILE else -1


@serial
def all_shared(keys, common, at):
    """Whether each of 64 ascending keys lies in one of the intervals, none before `at` counting."""
    for key in keys:
        at = passed_spans(common, at, len(common), key)
        if at == len(common) or common[at, 0] > key:
            return False
    return len(keys) == TILE


@parallel
def walk(sets, unions, in_tile, distinct, places, chunks, write):
    """Walk over the chunks of each tile; unions = (indptr, table) are the runs of its keys, those of tile t in row t, `in_tile`
    are the sets that its queries have, -1 for none, and `distinct` says which of them are unlike the one before.

    places, int64 (tiles, 4), is where the tile's first chunk goes, its first gathered one and its first with words; each moves
    on by what the tile has. With `write`, chunks = (start, keys, word, words) are filled and the fourth becomes how many pairs
    there are.
    """
    indptr, table, n = sets
    start, listed, word, words = chunks
    for t in prange(len(in_tile)):
        own = unions[1][unions[0][t] : unions[0][t + 1]]
        common, at_common = in_common(indptr, table, in_tile[t], distinct[t], own), 0
        spans, keys = spans_in(own), np.empty(TILE, np.int64)
        ends, real = spans_of(indptr, table, in_tile[t]), (in_tile[t] >= 0).sum()
        c, g, w, pairs = places[t]
        lo, hi, at = stretch(own, spans, 0, -1, n)
        while lo < n:
            held, lo, hi, at = next_chunk(own, spans, lo, hi, at, n, keys)
            at_common = passed_spans(common, at_common, len(common), keys[0])
            first, full = consecutive(keys[:held], n), all_shared(keys[:held], common, at_common)
            if write:
                start[c], word[c] = first if first >= 0 else -1 - g, -1 if full else w
                if full:
                    pairs += real * TILE
                else:
                    shift = keys[0] - first if first >= 0 else 0
                    pairs += fill_words(
                        indptr,
                        table,
                        in_tile[t],
                        distinct[t],
                        ends,
                        keys[:held],
                        own,
                        shift,
                        words[w],
                    )
                if first < 0:
                    for b in range(TILE):
                        listed[g, b] = keys[b if b < held else 0]
            c, g, w = c + 1, g + (first < 0), w + (not full)
        places[t, 0], places[t, 1], places[t, 2], places[t, 3] = c, g, w, pairs


@serial
def spans_of(indptr, table, rows):
    """Where in the table the spans of each row begin and end."""
    ends = np.zeros((TILE, 2), np.int64)
    for r in range(TILE):
        i = rows[r]
        if i >= 0:
            ends[r, 0], ends[r, 1] = (
                indptr[i],
                indptr[i] + spans_in(table[indptr[i] : indptr[i + 1]]),
            )
    return ends


@parallel
def unlike(indptr, table, rows, distinct):
    """Which rows have other runs than the row before them in their tile."""
    for t in prange(len(rows)):
        for r in range(TILE):
            distinct[t, r] = rows[t, r] >= 0 and (
                r == 0 or not alike(indptr, table, rows[t, r - 1], rows[t, r])
            )


@serial
def fill_words(indptr, table, rows, distinct, place, keys, own, shift, words):
    """Write the chunk's words, one a key, those of the keys from place `shift` on; how many pairs they hold."""
    pairs, w = 0, np.uint64(0)
    for r in range(TILE):
        i = rows[r]
        if i < 0:
            words[r] = 0
            continue
        if distinct[r]:
            place[r, 0] = passed_spans(table, place[r, 0], place[r, 1], keys[0])
            w = word_of(table, place[r, 0], place[r, 1], indptr[i + 1], keys, own)
        words[r] = w << np.uint64(shift)
        pairs += popcount(w)
    transpose_bits(words)
    return pairs


@parallel
def partial_words(rows, ptr, word, words, partial):
    """Which words miss any bit of a real row."""
    for t in prange(len(ptr) - 1):
        real = np.uint64(0)
        for r in range(TILE):
            if rows[t, r] >= 0:
                real |= single_bit(r)
        for c in range(ptr[t], ptr[t + 1]):
            if word[c] >= 0:
                partial[word[c]] = (words[word[c]] != real).any()


@parallel
def members(rows, ptr, start, keys, word, words, at, indices):
    """Write each row's keys from at[row] on, where `indices` has room; at[row] moves to its end."""
    for t in prange(len(rows)):
        for c in range(ptr[t], ptr[t + 1]):
            for b in range(TILE):
                key = key_of(start[c], keys, b)
                w = ALL_ONES if word[c] < 0 else words[word[c], b]
                for r in range(TILE):
                    i = rows[t, r]
                    if i >= 0 and test_bit(w, r):
                        if len(indices):
                            indices[at[i]] = key
                        at[i] += 1
