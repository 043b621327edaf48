"""Loops over tiles of 64 rows: their keys, cut into chunks of 64, and which pairs are connected.

The chunks are visited twice, once to count them and once to write them. A chunk whose keys all rows
share is full; that takes no look at single rows. Otherwise each row's runs are passed once along
the way.

In all loops, sets = (indptr, table, n) are the runs of the rows and the number of keys, `rows`
are the 64 rows of a tile, -1 for none, and `changes` marks the rows that differ from the row
before.
"""

from __future__ import annotations

import numpy as np

from ..._jit import inline, parallel, serial
from ..runs.bits import popcount
from ..runs.intervals import first_interval, next_interval, span_count
from ..runs.table import START, STEP, STOP, WIDTH, same_residues
from .bitmask import (
    ALL_ONES,
    TILE,
    key_of,
    single_bit,
    skip_spans,
    test_bit,
    transpose_bits,
    word_of,
)


@serial
def differs_from_previous(indptr, table, rows, changes):
    """Whether each row of each tile has other runs than the row before it in the tile."""
    for t in range(len(rows)):
        for r in range(TILE):
            i, previous = rows[t, r], rows[t, r - 1]
            same = r > 0 and same_runs(indptr, table, previous, i)
            changes[t, r] = i >= 0 and not same


@inline
def same_runs(indptr, table, i, other):
    """Whether two rows have the same runs."""
    a, b = indptr[i], indptr[other]
    count = indptr[i + 1] - a
    if indptr[other + 1] - b != count:
        return False
    for r in range(count):
        for column in range(4):
            if table[a + r, column] != table[b + r, column]:
                return False
    return True


@parallel
def walk(begin, end, sets, unions, rows, changes, places, chunks, write):
    """Walk over the chunks of each tile; unions = (indptr, table) are the runs of a tile's keys.

    places[t], int64 (4,), is the index of the tile's first chunk, of its first gathered chunk and
    of its first row of words; each is advanced past the tile's. With `write`, chunks = (start,
    keys, word, words) are filled and places[t, 3] becomes the number of pairs.
    """
    indptr, table = unions
    for t in range(begin, end):
        place = places[t]
        tile_runs = table[indptr[t] : indptr[t + 1]]
        walk_tile(sets, tile_runs, rows[t], changes[t], place, chunks, write)


@inline
def walk_tile(sets, tile_runs, rows, changes, place, chunks, write):
    """Walk over the chunks of one tile, see `walk`."""
    n = sets[2]
    common, common_at = common_intervals(sets, rows, changes, tile_runs), np.int64(0)
    bounds = span_bounds(sets, rows)
    spans = span_count(tile_runs)
    keys = np.empty(TILE, np.int64)
    lo, hi, at = first_interval(tile_runs, spans, n)
    while lo < n:
        count, lo, hi, at = next_chunk(tile_runs, spans, lo, hi, at, n, keys)
        chunk_keys = keys[:count]
        first = consecutive_start(chunk_keys, n)
        common_at = skip_spans(common, common_at, len(common), keys[0])
        full = is_common(chunk_keys, common, common_at)
        if write:
            write_keys(chunk_keys, first, full, place, chunks)
            if full:
                place[3] += TILE * count_real(rows)
            else:
                words = chunks[3][place[2]]
                shift = keys[0] - first if first >= 0 else 0
                place[3] += fill_words(
                    sets, rows, changes, bounds, chunk_keys, tile_runs, shift, words
                )
        place[0] += 1
        place[1] += first < 0
        place[2] += not full


@inline
def common_intervals(sets, rows, changes, tile_runs):
    """Intervals in which every row attends to each of the tile's keys, ascending.

    These are the intersection of all rows' spans. If the tile has a single strided run, they are
    the intersection of all rows' runs, each of which must be single and have its residues.
    """
    indptr, table, n = sets
    one_run = len(tile_runs) == 1 and tile_runs[0, STEP] > 1
    common = np.empty((1, 4), np.int64)
    common[0, START], common[0, STOP] = 0, n
    for r in range(TILE):
        if changes[r]:
            i = rows[r]
            runs = table[indptr[i] : indptr[i + 1]]
            intervals = span_count(runs)
            if one_run:
                intervals = 1 if has_residues(runs, tile_runs) else 0
            common = intersect_intervals(common, runs[:intervals])
    return common


@inline
def has_residues(runs, tile_runs):
    """Whether a row is one run, with the residues of the tile's first run."""
    start = tile_runs[0, START]
    step, width = tile_runs[0, STEP], tile_runs[0, WIDTH]
    return len(runs) == 1 and same_residues(runs, 0, start, step, width)


@serial
def intersect_intervals(left, right):
    """The intersection of two ascending lists of intervals."""
    out = np.empty((len(left) + len(right), 4), np.int64)
    count = a = b = 0
    while a < len(left) and b < len(right):
        low = max(left[a, START], right[b, START])
        high = min(left[a, STOP], right[b, STOP])
        if low < high:
            out[count, START] = low
            out[count, STOP] = high
            count += 1
        if left[a, STOP] < right[b, STOP]:
            a += 1
        else:
            b += 1
    return out[:count]


@inline
def span_bounds(sets, rows):
    """Where in the table the spans of each row begin and end, int64 (64, 2)."""
    indptr, table, _ = sets
    bounds = np.zeros((TILE, 2), np.int64)
    for r in range(TILE):
        i = rows[r]
        if i >= 0:
            runs = table[indptr[i] : indptr[i + 1]]
            bounds[r, 0] = indptr[i]
            bounds[r, 1] = indptr[i] + span_count(runs)
    return bounds


@inline
def next_chunk(tile_runs, spans, lo, hi, at, n, keys):
    """Write the next keys of the tile, at most 64, from the interval lo <= key < hi on.

    Return their number, and the interval and span that come next.
    """
    count = 0
    while count < TILE and lo < n:
        taken = min(hi - lo, TILE - count)
        for t in range(taken):
            keys[count + t] = lo + t
        count += taken
        lo += taken
        if lo == hi:
            lo, hi, at = next_interval(tile_runs, spans, at, hi - 1, n)
    return count, lo, hi, at


@inline
def consecutive_start(keys, n):
    """Where 64 consecutive keys below n begin that contain these ascending ones; -1 if none do."""
    consecutive = keys[-1] - keys[0] == len(keys) - 1
    return min(keys[0], n - TILE) if consecutive and n >= TILE else -1


@inline
def is_common(keys, common, at):
    """Whether these are 64 ascending keys, each in one of the intervals common[at:]."""
    for key in keys:
        at = skip_spans(common, at, len(common), key)
        if at == len(common) or common[at, START] > key:
            return False
    return len(keys) == TILE


@inline
def write_keys(keys, first, full, place, chunks):
    """Write where a chunk's keys and words are, and the keys themselves if they are gathered."""
    start, gathered, word, _ = chunks
    c = place[0]
    word[c] = -1 if full else place[2]
    start[c] = first if first >= 0 else -1 - place[1]
    if first < 0:
        for b in range(TILE):
            gathered[place[1], b] = keys[b if b < len(keys) else 0]


@inline
def count_real(rows):
    """The number of rows of a tile."""
    count = 0
    for r in range(TILE):
        count += rows[r] >= 0
    return count


@serial
def fill_words(sets, rows, changes, bounds, keys, tile_runs, shift, words):
    """Write the chunk's words, one per key, the first key's at `shift`; return the number of pairs.

    bounds[r, 0] is the first span of row r that may reach the keys; it is advanced.
    """
    indptr, table, _ = sets
    pairs, word = 0, np.uint64(0)
    for r in range(TILE):
        i = rows[r]
        if i < 0:
            words[r] = 0
            continue
        if changes[r]:
            at, spans = bounds[r, 0], bounds[r, 1]
            at = skip_spans(table, at, spans, keys[0])
            word = word_of(table, at, spans, indptr[i + 1], keys, tile_runs)
            bounds[r, 0] = at
        words[r] = word << np.uint64(shift)
        pairs += popcount(word)
    transpose_bits(words)
    return pairs


@serial
def find_partial(rows, ptr, word, words, partial):
    """Which rows of words have a 0 where the tile has a row."""
    for t in range(len(ptr) - 1):
        real = np.uint64(0)
        for r in range(TILE):
            if rows[t, r] >= 0:
                real |= single_bit(r)
        for c in range(ptr[t], ptr[t + 1]):
            if word[c] >= 0:
                partial[word[c]] = not all_equal(words[word[c]], real)


@inline
def all_equal(words, expected):
    """Whether all words are this one."""
    equal = True
    for word in words:
        equal &= word == expected
    return equal


@parallel
def list_tiles(begin, end, rows, ptr, start, keys, word, words, at, indices):
    """Write each row's keys from at[row] on, if `indices` has any room; at[row] moves past them."""
    for t in range(begin, end):
        tile = rows[t]
        for c in range(ptr[t], ptr[t + 1]):
            for b in range(TILE):
                key = key_of(start[c], keys, b)
                row_bits = ALL_ONES if word[c] < 0 else words[word[c], b]
                list_key(tile, row_bits, key, at, indices)


@serial
def list_key(rows, row_bits, key, at, indices):
    """Write a key for each row of a tile that attends to it."""
    for r in range(TILE):
        i = rows[r]
        if i >= 0 and test_bit(row_bits, r):
            if len(indices):
                indices[at[i]] = key
            at[i] += 1
