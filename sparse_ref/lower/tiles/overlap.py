"""An order for sets without structure: each row next to the rows that share most keys with it.

The first row that has no place yet is followed by the 63 rows that contain most of its keys, of
which 64 are looked up. This is greedy and compares pairs of rows only, yet it finds buckets and
clusters that differ by a few keys from row to row.
"""

from __future__ import annotations

import numpy as np

from ..._jit import serial
from ...sets.types import IntArray
from ..explicit import CSR, transpose_rows
from ..runs.keys import keys_of
from ..runs.table import Runs
from .bitmask import TILE

MAX_READERS = 4096  # a key with more readers does not say which rows belong together


def overlap_positions(sets: Runs) -> IntArray:
    """The position of each row in this order, int64 (rows,). O(nnz) memory, about O(nnz) time."""
    keys = CSR(*keys_of(sets), sets.shape)
    readers = transpose_rows(keys)
    positions = np.empty(sets.shape[0], np.int64)
    place_rows(keys.indptr, keys.indices, readers.indptr, readers.indices, positions)
    return positions


@serial
def place_rows(indptr, indices, reader_indptr, readers, positions):
    """Write the position of each row."""
    rows = len(positions)
    unplaced = np.ones(rows, np.bool_)
    common = np.zeros(rows, np.int64)  # how many keys each row shares with the leader
    sharing = np.empty(rows, np.int64)  # the rows that share any
    at = 0
    for leader in range(rows):
        if not unplaced[leader]:
            continue
        unplaced[leader] = False
        positions[leader] = at
        at += 1
        count = 0
        keys = indices[indptr[leader] : indptr[leader + 1]]
        lookups = min(len(keys), TILE)
        for t in range(lookups):
            j = keys[t * len(keys) // lookups]
            rows_of_key = readers[reader_indptr[j] : reader_indptr[j + 1]]
            if len(rows_of_key) <= MAX_READERS:
                count = count_common(rows_of_key, unplaced, common, sharing, count)
        at = take_most(common, sharing[:count], TILE - 1, unplaced, positions, at)


@serial
def count_common(rows, unplaced, common, sharing, count):
    """Count one more common key for each unplaced row; return how many rows are in `sharing`."""
    for row in rows:
        if unplaced[row]:
            if common[row] == 0:
                sharing[count] = row
                count += 1
            common[row] += 1
    return count


@serial
def take_most(common, sharing, limit, unplaced, positions, at):
    """Place the rows with most in common, at most `limit`; of equals, the first in `sharing`.

    Return the next free position. `common` is reset to 0 for all.
    """
    rows_with = np.zeros(TILE + 1, np.int64)  # the number of rows by how much they have in common
    for row in sharing:
        rows_with[common[row]] += 1
    least, placed = TILE, 0
    while least > 1 and placed + rows_with[least] <= limit:
        placed += rows_with[least]
        least -= 1
    room = limit - placed  # for rows with `least` in common; all with more are placed
    for row in sharing:
        if common[row] > least or (common[row] == least and room > 0):
            room -= common[row] == least
            unplaced[row] = False
            positions[row] = at
            at += 1
        common[row] = 0
    return at
