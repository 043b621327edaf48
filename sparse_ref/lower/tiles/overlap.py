"""Rows put beside those that they share most keys with: an order for sets that have no structure to go by.

The first row that is left takes those 63 of the others that hold most of its keys, of which 64 are asked for. This is greedy
and sees pairs of rows alone, yet finds buckets and clusters that differ by some keys from row to row.
"""

from __future__ import annotations

import numpy as np

from ..._jit import serial
from ..explicit import CSR
from ..runs.table import Runs, keys_of
from .bitmask import TILE

HUB = 4096  # rows; a key that more of them hold says nothing about who belongs together


def by_overlap(sets: Runs) -> np.ndarray:
    """The place of each row in this order, int64 (rows,); O(nnz) memory, and time about as much."""
    listed = CSR(*keys_of(sets), sets.shape)
    holders, place = listed.transposed(), np.empty(sets.shape[0], np.int64)
    gather_rows(listed.indptr, listed.indices, holders.indptr, holders.indices, place)
    return place


@serial
def gather_rows(indptr, indices, first, rows, place):
    """Write the place of each row; key j is held by rows[first[j]:first[j + 1]]."""
    n = len(place)
    left, common, met, at = np.ones(n, np.bool_), np.zeros(n, np.int64), np.empty(n, np.int64), 0
    for leader in range(n):
        if not left[leader]:
            continue
        many, keys = 0, indptr[leader + 1] - indptr[leader]
        left[leader], place[leader], at = False, at, at + 1
        for asked in range(min(keys, TILE)):
            j = indices[indptr[leader] + asked * keys // min(keys, TILE)]
            for t in range(first[j], first[j + 1] if first[j + 1] - first[j] <= HUB else first[j]):
                if left[rows[t]]:
                    if common[rows[t]] == 0:
                        met[many], many = rows[t], many + 1
                    common[rows[t]] += 1
        at = take_most(common, met[:many], TILE - 1, left, place, at)


@serial
def take_most(common, met, most, left, place, at):
    """Place those of `met` that have most in common, at most so many, the first met of equals first; 0 in `common` for all."""
    having = np.zeros(TILE + 1, np.int64)  # how many rows have so much in common
    for row in met:
        having[common[row]] += 1
    least, taken = TILE, 0
    while least > 1 and taken + having[least] <= most:
        taken, least = taken + having[least], least - 1
    room = most - taken  # for rows with `least` in common; those with more are taken all
    for row in met:
        if common[row] > least or (common[row] == least and room > 0):
            room -= common[row] == least
            left[row], place[row], at = False, at, at + 1
    common[met] = 0
    return at
