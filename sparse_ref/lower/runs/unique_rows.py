"""Listed rows with the same keys, found by hashes of their keys and compared key by key."""

from __future__ import annotations

import numpy as np

from ..._jit import parallel, serial
from ...sets.listed import Listed
from ...sets.types import IntArray


def unique_rows(p: Listed) -> tuple[IntArray, IntArray]:
    """(representatives, inverse) of the distinct rows, as `np.unique` gives them.

    The identity if fewer than half of the rows repeat.
    """
    rows = len(p.indptr) - 1
    hashes, equal = np.zeros(rows, np.uint64), np.zeros(rows, bool)
    sum_hashes(len(hashes), p.indptr, p.indices, hashes)
    _, representatives, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    if 2 * len(representatives) <= rows:
        compare_rows(len(equal), p.indptr, p.indices, representatives[inverse], equal)
        if equal.all():
            return representatives, inverse
    return np.arange(rows), np.arange(rows)


@parallel
def sum_hashes(begin, end, indptr, indices, hashes):
    """The sum of the hashes of each row's keys."""
    for i in range(begin, end):
        for t in range(indptr[i], indptr[i + 1]):
            hashes[i] += hash_key(indices[t])


@parallel
def compare_rows(begin, end, indptr, indices, other, equal):
    """Whether row i has the keys of row other[i]."""
    for i in range(begin, end):
        a, b = indptr[i], indptr[other[i]]
        size = indptr[i + 1] - a
        same = indptr[other[i] + 1] - b == size
        for t in range(size if same else 0):
            same &= indices[a + t] == indices[b + t]
        equal[i] = same


@serial
def hash_key(key):
    """64 bits that all depend on every bit of the key: the finaliser of splitmix64.

    Source: Steele et al. 2014, sec. 5.
    """
    x = np.uint64(key) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
