"""In which order rows are cut into tiles, so that the 64 rows of a tile share their keys.

As they are (windows, blocks); by the residue of their first key (strided and dilated sets); by their first key
(buckets); or, where all of these leave the tiles mostly empty, by which of their keys come first in a random order of
all keys, in which rows are neighbours as likely as they share keys (MinHash: Broder 1997, sec. 3). The order that needs
the fewest chunks in some sampled tiles is taken.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from ..jit import compiled, parallel
from .chunks import unlike
from .stretches import spans_in, stretch
from .tables import taken
from .tidy import Runs, counts, tidy
from .words import B

SAMPLE = 16  # tiles looked at to choose between orders
EMPTY = 4  # a sample with this many times the chunks that its keys would fill is mostly empty
HASHED = 1 << 28  # keys up to which rows are ordered by their hashes


def order(sets: Runs) -> np.ndarray:
    """The rows in the order that needs the fewest chunks, of those known here; ties go to the simplest."""
    plain = np.arange(sets.shape[0])
    first = np.zeros(len(plain), np.int64)
    first_keys(sets.indptr, sets.table, sets.shape[1], first)
    step = commonest_step(sets)
    if step == 1 and (np.diff(first) >= 0).all():
        candidates = [plain]
    else:
        candidates = [plain, np.argsort(first % step, kind="stable"), np.argsort(first, kind="stable")]
    costs = [sampled_chunks(sets, each) for each in candidates]
    best = int(np.argmin(costs))
    keys = counts(sets)
    if costs[best] > EMPTY * sampled_keys(keys, candidates[best]) / B**2 + SAMPLE and keys.sum() <= HASHED:
        hashed = by_hashes(sets)
        if sampled_chunks(sets, hashed) < costs[best]:
            return hashed
    return candidates[best]


def tiles_of(order: np.ndarray) -> np.ndarray:
    """Rows in this order, 64 a tile, -1 beyond the last."""
    rows = np.full(-(-len(order) // B) * B, -1, np.int32)
    rows[:len(order)] = order
    return rows.reshape(-1, B)


def sampled(order: np.ndarray) -> np.ndarray:
    """Some evenly spread tiles of this order."""
    rows = tiles_of(order)
    return rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows)), dtype=int)]


def unions(sets: Runs, rows: np.ndarray) -> Runs:
    """The runs of all keys of each tile, those of tile t in row t. Rows that repeat the row before them are passed over."""
    distinct = np.empty(rows.shape, bool)
    unlike(sets.indptr, sets.table, rows, distinct)
    own = taken(sets, rows[distinct])
    first = np.concatenate([[0], np.cumsum(distinct.sum(axis=1))])
    return tidy(Runs(own.indptr[first], own.table, (len(rows), sets.shape[1])))


def sampled_chunks(sets: Runs, order: np.ndarray) -> int:
    """How many chunks the sampled tiles need."""
    return int((-(-counts(unions(sets, sampled(order))) // B)).sum())


def sampled_keys(keys: np.ndarray, order: np.ndarray) -> int:
    """How many pairs the sampled tiles hold."""
    rows = sampled(order)
    return int(keys[rows[rows >= 0]].sum())


def commonest_step(sets: Runs) -> int:
    """The step that most strided runs have; 1 where there are none."""
    steps, many = np.unique(sets.table[sets.table[:, 2] > 1, 2], return_counts=True)
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
