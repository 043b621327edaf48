"""Rows told apart, and put beside those that they share keys with, by hashes of their keys."""

from __future__ import annotations

import numpy as np
from numba import prange

from ..derived import Listed
from ..jit import compiled, parallel
from .stretches import spans_in, stretch
from .tidy import Runs


def distinct(p: Listed) -> tuple[np.ndarray, np.ndarray]:
    """(queries, of): queries whose keys are no other one's, and which of them has the keys of each query; all queries where few
    are alike."""
    n = len(p.indptr) - 1
    sums, same = np.zeros(n, np.uint64), np.zeros(n, bool)
    sums_of_hashes(p.indptr, p.indices, sums)
    _, first, of = np.unique(sums, return_index=True, return_inverse=True)
    if 2 * len(first) <= n:
        as_listed(p.indptr, p.indices, first[of], same)
        if same.all():
            return first, of
    return np.arange(n), np.arange(n)


@parallel
def sums_of_hashes(indptr, indices, sums):
    """The sum of the hashes of each row's keys."""
    for i in prange(len(sums)):
        for t in range(indptr[i], indptr[i + 1]):
            sums[i] += hashed(indices[t], 0)


@parallel
def as_listed(indptr, indices, other, same):
    """Whether each row has the keys of that other row."""
    for i in prange(len(same)):
        a, b, many = indptr[i], indptr[other[i]], indptr[i + 1] - indptr[i]
        alike = indptr[other[i] + 1] - b == many
        for t in range(many if alike else 0):
            alike &= indices[a + t] == indices[b + t]
        same[i] = alike


def least(sets: Runs) -> np.ndarray:
    """The least hash of each row's keys, for two ways of hashing, uint64 (2, rows)."""
    found = np.zeros((2, sets.shape[0]), np.uint64)
    least_hashes(sets.indptr, sets.table, sets.shape[1], found)
    return found


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
