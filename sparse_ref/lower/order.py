"""In which order rows are cut into tiles, so that the 64 rows of a tile share their keys.

As they are (windows, blocks); by the residue of their first key (strided and dilated sets); by their first key
(buckets); or, where all of these leave the tiles mostly empty, by which of their keys come first in a random order of
all keys, in which rows are neighbours as likely as they share keys (MinHash: Broder 1997, sec. 3). Some evenly spread tiles
of an order are tried. Sets of windows and strided keys together may want two orders at once, and then two plans.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numba import prange

from ..jit import compiled, one_thread, parallel
from .chunks import unlike
from .stretches import spans_in, stretch
from .tables import apart, taken
from .tidy import Runs, counts, tidy
from .words import B

SAMPLE = 16  # tiles looked at to judge an order
ENOUGH = 2  # times the chunks that a sample needs at least: no other order is looked for
WORTH = 1.5  # times fewer chunks make two parts worth their merging
HASHED = 1 << 26  # keys up to which rows are ordered by their hashes
LOOKED_AT = 1 << 16  # runs looked at to find the commonest step


def parted(sets: Runs) -> list[tuple[Runs, np.ndarray]]:
    """The sets with their tiles; or, where that takes fewer chunks, spans and strided keys apart, each with tiles of their own."""
    rows, chunks, enough = ordered(sets)
    strided = sets.table[:, 2] > 1
    if not enough and strided.any() and not strided.all():
        parts = [(part, *ordered(part)) for part in apart(sets)]
        if WORTH * sum(part[2] for part in parts) < chunks:
            return [(part, rows) for part, rows, _, _ in parts]
    return [(sets, rows)]


def ordered(sets: Runs) -> tuple[np.ndarray, int, bool]:
    """The tiles in the first order known here that wastes little, else in the one that needs the fewest chunks; how many chunks a
    sample needs, and whether that is little."""
    found: list = []
    for each in orders(sets):
        chunks, least = sampled_chunks(sets, each)
        found.append((chunks, len(found), each))
        if chunks <= ENOUGH * least:
            break
    chunks, _, best = min(found)
    return tiles_of(best), chunks, chunks <= ENOUGH * least


def orders(sets: Runs) -> Iterator[np.ndarray]:
    """The orders of the rows that are worth trying, the likeliest first."""
    plain = np.arange(sets.shape[0])
    first = np.zeros(len(plain), np.int64)
    first_keys(sets.indptr, sets.table, sets.shape[1], first)
    step = commonest_step(sets)
    if step > 1:
        yield np.argsort(first % step, kind="stable")
    if (np.diff(first) < 0).any():
        yield np.argsort(first, kind="stable")
    yield plain
    if counts(sets).sum() <= HASHED:
        yield by_hashes(sets)


def tiles_of(order: np.ndarray) -> np.ndarray:
    """Rows in this order, 64 a tile, -1 beyond the last."""
    rows = np.full(-(-len(order) // B) * B, -1, np.int32)
    rows[:len(order)] = order
    return rows.reshape(-1, B)


def sampled(order: np.ndarray) -> np.ndarray:
    """Some evenly spread tiles of this order."""
    rows = tiles_of(order)
    return rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows)), dtype=int)]


def unions(sets: Runs, rows: np.ndarray) -> tuple[Runs, np.ndarray]:
    """The runs of all keys of each tile, those of tile t in row t; and which rows are unlike the row before, bool (tiles, 64)."""
    distinct = np.empty(rows.shape, bool)
    unlike(sets.indptr, sets.table, rows, distinct)
    own = taken(sets, rows[distinct])
    first = np.concatenate([[0], np.cumsum(distinct.sum(axis=1))])
    return tidy(Runs(own.indptr[first], own.table, (len(rows), sets.shape[1]))), distinct


def sampled_chunks(sets: Runs, order: np.ndarray) -> tuple[int, int]:
    """How many chunks the sampled tiles need, and how many they would need at least, were each full but the last."""
    rows = sampled(order)
    with one_thread():
        chunks = -(-counts(unions(sets, rows)[0]) // B)
        keys = np.zeros(rows.shape, np.int64)
        keys[rows >= 0] = counts(taken(sets, rows[rows >= 0]))
    return int(chunks.sum()), int((-(-keys.sum(axis=1) // B**2)).sum())


def commonest_step(sets: Runs) -> int:
    """The step that most strided runs have, of a sample; 1 where there are none."""
    sample = sets.table[::max(len(sets.table) // LOOKED_AT, 1), 2]
    steps, many = np.unique(sample[sample > 1], return_counts=True)
    return int(steps[np.argmax(many)]) if len(steps) else 1


@parallel
def first_keys(indptr, table, n, first):
    """The least key of each row, n where there is none."""
    for i in prange(len(first)):
        own = table[indptr[i]:indptr[i + 1]]
        first[i] = stretch(own, spans_in(own), 0, -1, n)[0]


def by_hashes(sets: Runs) -> np.ndarray:
    """The rows sorted by the least hash of their keys, then by the least of another hash."""
    least = np.zeros((2, sets.shape[0]), np.uint64)
    least_hashes(sets.indptr, sets.table, sets.shape[1], least)
    return np.lexsort((least[1], least[0]))


@parallel
def least_hashes(indptr, table, n, least):
    """The least hash of each row's keys, for each of some hashes."""
    for i in prange(len(indptr) - 1):
        own = table[indptr[i]:indptr[i + 1]]
        spans = spans_in(own)
        lo, hi, at = stretch(own, spans, 0, -1, n)
        low = np.full(len(least), 2**64 - 1, np.uint64)
        while lo < n:
            for key in range(lo, hi):
                for t in range(len(least)):
                    low[t] = min(low[t], hashed(key, t))
            lo, hi, at = stretch(own, spans, at, hi - 1, n)
        least[:, i] = low


@compiled
def hashed(key, seed):
    """A number of 64 bits in which every bit of the key counts: the finaliser of splitmix64 (Steele et al. 2014, sec. 5)."""
    x = np.uint64(key) + np.uint64(0x9E3779B97F4A7C15) * np.uint64(seed + 1)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
