"""Tiles in slabs, so that threads may add gradients to keys they share.

A slab is one thread's, which adds what its keys get in turn, in rows of its own; what several slabs
have for a key is added in their order. The number of slabs depends only on the plan, so results
depend neither on the thread count nor on the batch.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..._jit import multithread
from ..._jit.vectors import next_item
from ...lower import TILE
from ..arguments import Slabs, Tiles

MAX_SLABS = 8
KEYS_PER_CHUNK = 12  # in slabs, at most: adding a key up takes about a 200th of a chunk's time


def slabs_of(tiles: Tiles, n: int) -> Slabs:
    """As many slabs, of about as many chunks, as are worth adding up; one has all n keys."""
    ptr = tiles.ptr
    max_count = min(MAX_SLABS, len(ptr) - 1)
    for count in range(max_count, 1, -1):
        equal_shares = np.linspace(0, ptr[-1], count + 1)
        bounds = np.searchsorted(ptr, equal_shares)
        bounds[0], bounds[-1] = 0, len(ptr) - 1
        chunk_ranges = pairwise(ptr[bounds])
        extents = [key_extent(tiles, first, end) for first, end in chunk_ranges]
        low, high = np.array(extents, np.int64).T
        rows = high - low
        if rows.sum() <= KEYS_PER_CHUNK * ptr[-1]:
            offset = np.concatenate([[0], np.cumsum(rows)])
            return Slabs(bounds, low.copy(), offset)
    all_tiles = np.array([0, len(ptr) - 1])
    all_keys = np.array([0, n])
    return Slabs(all_tiles, np.zeros(1, np.int64), all_keys)


def key_extent(tiles: Tiles, first: int, end: int) -> tuple[int, int]:
    """low <= j < high for every key j of the chunks first, ..., end - 1."""
    start = tiles.start[first:end]
    gathered = tiles.keys[-1 - start[start < 0]]
    in_place = start[start >= 0]
    no_key = 2**31 - 1
    low = min(in_place.min(initial=no_key), gathered.min(initial=no_key))
    in_place_end = in_place.max(initial=-TILE) + TILE
    gathered_end = gathered.max(initial=-1) + 1
    return low, max(in_place_end, gathered_end, low)


def add_slabs(parts, slabs: Slabs, present, out):
    """out[present[y], j] += the rows that the slabs of parts[y] have for key j, in order."""
    add_pieces(len(present) * TILE, parts, slabs, present, out)


@multithread
def add_pieces(queue, pieces, parts, slabs, present, out):
    """`add_slabs`, a 64th of the keys of a key head at a time."""
    n = out.shape[1]
    piece = next_item(queue)
    while piece < pieces:
        y, part = piece // TILE, piece % TILE
        for j in range(n * part // TILE, n * (part + 1) // TILE):
            for s in range(len(slabs.low)):
                row = slabs.offset[s] + j - slabs.low[s]
                if slabs.offset[s] <= row < slabs.offset[s + 1]:
                    for z in range(out.shape[2]):
                        out[present[y], j, z] += parts[y, row, z]
        piece = next_item(queue)
