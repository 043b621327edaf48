"""What the CUDA kernels over gather-tiles share: a block's 64 x 64 product, and loads for it.

The product of two slices in shared memory, left (depth, 64) turned and right (depth, width), is
spread over the block: each thread keeps `rows` x `columns` of it in registers for every 64 of the
width. Along the slices it reads rows + columns numbers for rows x columns multiplications, four at
a time where the slices are ALIGNED.

Every function here is laid into the kernels that call it and none waits: all barriers stand in the
kernels.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import config, cuda, njit

from ...lower import TILE

# numbers beyond each line of a slice: transposed copies go to different banks, lines stay aligned
PAD = 4
# numba-cuda alone can align shared arrays; numba leaves out the branch for which this is False
IMPLEMENTATION = getattr(cuda, "implementation", "")
ALIGNED = IMPLEMENTATION == "NVIDIA" and not config.ENABLE_CUDASIM  # type: ignore[attr-defined]


class Layout(NamedTuple):
    """A thread has rows x columns of a 64 x 64 product; `depth` terms are loaded at once."""

    rows: int
    columns: int
    depth: int

    @property
    def across(self) -> int:
        """Threads along the columns of the product."""
        return TILE // self.columns

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return self.across * (TILE // self.rows)


LAYOUT = {
    "float32": Layout(8, 4, 32),
    "float64": Layout(4, 4, 16),
}  # powers of 2, the depth at least 8


@lru_cache
def product(layout: Layout, width: int):
    """(add, add_members): acc += left^T right, over all pairs or over members alone."""
    rows, columns, depth = layout
    groups = width // TILE

    @njit(inline="always")
    def add(left, right, r, c, acc):
        for x in range(depth):
            for g in range(groups):
                for a in range(rows):
                    for b in range(columns):
                        acc[a, g * columns + b] += left[x, r + a] * right[x, g * TILE + c + b]

    @njit(inline="always")
    def add_members(left, right, bits, s, r, c, acc):
        """The same sums, in the same order; what is no member's may be NaN or inf."""
        for x in range(depth):
            w = bits[s + x] >> np.uint64(r)
            for a in range(rows):
                if (w >> np.uint64(a)) & np.uint64(1) != np.uint64(0):
                    for g in range(groups):
                        for b in range(columns):
                            acc[a, g * columns + b] += left[x, r + a] * right[x, g * TILE + c + b]

    return add, add_members


@lru_cache
def copies(layout: Layout, width: int, dtype: str):
    """(load_transposed, load_rows): slices of global arrays into shared memory, 0 beyond them."""
    depth, threads = layout.depth, layout.threads
    zero = np.dtype(dtype).type(0)

    @cuda.jit(device=True, inline="always")
    def load_transposed(source, at, s, t, target):
        """target[x, c] = source[at[c], s + x]; neighbours read eight numbers of a vector."""
        beyond = source.shape[1] - s
        for u in range(t, TILE * depth, threads):
            x, c = (u & 7) + (u >> 9 << 3), (u >> 3) & 63
            there = at[c] >= 0 and x < beyond
            target[x, c] = source[at[c], s + x] if there else zero

    @cuda.jit(device=True, inline="always")
    def load_rows(source, at, s, first, t, target):
        """target[x, c] = source[at[s + x], first + c]; whether all it read is finite."""
        finite, beyond = True, source.shape[1] - first
        for u in range(t, width * depth, threads):
            x, c = u // width, u & (width - 1)
            there = at[s + x] >= 0 and c < beyond
            value = source[at[s + x], first + c] if there else zero
            target[x, c] = value
            if value - value != zero:
                finite = False
        return finite

    return load_transposed, load_rows


@lru_cache
def store_weights(layout: Layout):
    """Store terms s to s + depth of the weights (64, 64) in registers into left, transposed."""
    rows, columns, depth = layout

    @njit(inline="always")
    def store(x, s, r, c, left):
        if s <= c and c < s + depth:
            for b in range(columns):
                for a in range(rows):
                    left[c - s + b, r + a] = x[a, b]

    return store


@njit(inline="always")
def clear(array):
    """Set a matrix to 0."""
    for a in range(array.shape[0]):
        for b in range(array.shape[1]):
            array[a, b] = 0


@cuda.jit(device=True, inline="always")
def key_of(start, keys, chunk, c):
    """Key c of a chunk."""
    first = start[chunk]
    return first + c if first >= 0 else np.int64(keys[-1 - first, c])


@cuda.jit(device=True, inline="always")
def word_of(word, words, chunk, c):
    """Bit r says whether row r of the tile attends to key c of a chunk."""
    place = word[chunk]
    return words[place, c] if place >= 0 else ~np.uint64(0)
