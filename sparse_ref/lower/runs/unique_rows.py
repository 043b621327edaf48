"""Listed rows that are alike, found by hashes of their keys."""

from __future__ import annotations

import numpy as np
from numba import prange

from ..._jit import parallel, serial
from ...sets.listed import Listed


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
            sums[i] += hashed(indices[t])


@parallel
def as_listed(indptr, indices, other, same):
    """Whether each row has the keys of that other row."""
    for i in prange(len(same)):
        a, b, many = indptr[i], indptr[other[i]], indptr[i + 1] - indptr[i]
        alike = indptr[other[i] + 1] - b == many
        for t in range(many if alike else 0):
            alike &= indices[a + t] == indices[b + t]
        same[i] = alike


@serial
def hashed(key):
    """A number of 64 bits in which every bit of the key counts: the finaliser of splitmix64 (Steele et al. 2014, sec. 5)."""
    x = np.uint64(key) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
