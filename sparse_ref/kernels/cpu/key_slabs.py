"""Tiles in slabs, so that threads may add gradients to keys they share.

A slab is one thread's, who adds what its keys get in turn, in rows of its own; what several slabs have for a key is added
in their order. How many there are hangs on the plan alone, so that no sum hangs on the number of threads or on the batch.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from ..._jit import parallel
from ...lower import TILE

SLABS = 8  # at most
ROWS_A_CHUNK = 12  # keys that slabs may hold for each chunk of the plan: adding a key up takes about a 200th of a chunk's time


def slabs_of(ptr, start, keys, n) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(bounds, low, offset): slab s has the tiles from bounds[s] on, and its key j stands in row offset[s] + j - low[s].

    As many slabs, of about as many chunks, as are worth adding up; where there is one, it has all n keys. They follow from the
    plan alone.
    """
    for slabs in range(min(SLABS, max(len(ptr) - 1, 1)), 1, -1):
        bounds = np.searchsorted(ptr, np.linspace(0, ptr[-1], slabs + 1))
        bounds[0], bounds[-1] = 0, len(ptr) - 1
        low, high = np.zeros((2, slabs), np.int64)
        for s in range(slabs):
            own = start[ptr[bounds[s]] : ptr[bounds[s + 1]]]
            listed = keys[-1 - own[own < 0]]
            runs = own[own >= 0]
            low[s] = min(runs.min(initial=2**31 - 1), listed.min(initial=2**31 - 1))
            high[s] = max(runs.max(initial=-TILE) + TILE, listed.max(initial=-1) + 1, low[s])
        if (high - low).sum() <= ROWS_A_CHUNK * ptr[-1]:
            return bounds, low, np.concatenate([[0], np.cumsum(high - low)])
    return np.array([0, len(ptr) - 1]), np.zeros(1, np.int64), np.array([0, n])


@parallel
def add_slabs(parts, slabs, present, out):
    """out[present[y], j] += the rows that the slabs of parts[y] hold for key j, in their order."""
    low, offset = slabs
    for u in prange(len(present) * TILE):
        y, part = u // TILE, u % TILE
        for j in range(out.shape[1] * part // TILE, out.shape[1] * (part + 1) // TILE):
            for s in range(len(low)):
                row = offset[s] + j - low[s]
                if offset[s] <= row < offset[s + 1]:
                    for z in range(out.shape[2]):
                        out[present[y], j, z] += parts[y, row, z]
