"""What the CUDA kernels over gather-tiles share: a block's 64 x 64 product, and loads for it.

The product of two slices in shared memory, left (depth, 64) transposed and right (depth, width), is
spread over the block: each thread keeps `rows` x `columns` of it in registers for every 64 of the
width. Along the slices it reads rows + columns numbers for rows x columns multiplications, four at
a time where the slices are ALIGNED.

Every function here is inlined into its callers and none waits: all barriers are in `tiles`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import config, cuda, njit

from ...lower import ALL_ONES, TILE
from .device import inline_device

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
    def threads_abreast(self) -> int:
        """Threads along the columns of the product."""
        return TILE // self.columns

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return self.threads_abreast * (TILE // self.rows)


# powers of 2, the depth at least 8
LAYOUT = {"float32": Layout(8, 4, 32), "float64": Layout(4, 4, 16)}


class Thread(NamedTuple):
    """Thread t of a block has the rows r, r + 1, ... and columns c, c + 1, ... of a product."""

    t: Any
    r: Any
    c: Any


class Shared(NamedTuple):
    """What a block has in shared memory over any tile.

    Two slices; the row of the arrays that each row of the tile, and each key of the chunk, is (-1
    for none); which rows attend to each key; and the last slice of values that was not finite.
    """

    left: Any
    right: Any
    rows: Any
    keys: Any
    bits: Any
    nonfinite: Any


@lru_cache
def product(layout: Layout, width: int):
    """(add, add_members): acc += left^T right, over all pairs or over members only."""
    rows, columns, depth = layout
    groups = width // TILE

    @njit(inline="always")
    def add(left, right, r, c, acc):
        for x in range(depth):
            for g in range(groups):
                for a in range(rows):
                    for b in range(columns):
                        factor = right[x, g * TILE + c + b]
                        acc[a, g * columns + b] += left[x, r + a] * factor

    @njit(inline="always")
    def add_members(left, right, bits, s, r, c, acc):
        """The same sums, in the same order; what is no member's may be NaN or inf."""
        for x in range(depth):
            word = bits[s + x] >> np.uint64(r)
            for a in range(rows):
                if not is_set(word, a):
                    continue
                for g in range(groups):
                    for b in range(columns):
                        factor = right[x, g * TILE + c + b]
                        acc[a, g * columns + b] += left[x, r + a] * factor

    return add, add_members


@njit(inline="always")
def is_set(word, r):
    """Whether bit r of a word is 1."""
    bit = (word >> np.uint64(r)) & np.uint64(1)
    return bit != np.uint64(0)


@lru_cache
def copies(layout: Layout, width: int, dtype: str):
    """(load_transpose, load_rows): slices of global arrays into shared memory, 0 beyond them."""
    depth, threads = layout.depth, layout.threads
    zero = np.dtype(dtype).type(0)

    @inline_device
    def load_transpose(source, places, s, t, target):
        """target[x, c] = source[places[c], s + x]; neighbours read eight numbers of a vector."""
        features = source.shape[1] - s
        for u in range(t, TILE * depth, threads):
            x = (u & 7) + (u >> 9 << 3)
            c = (u >> 3) & 63
            there = places[c] >= 0 and x < features
            target[x, c] = source[places[c], s + x] if there else zero

    @inline_device
    def load_rows(source, places, s, first, t, target):
        """target[x, c] = source[places[s + x], first + c]; whether all it read is finite."""
        finite, features = True, source.shape[1] - first
        for u in range(t, width * depth, threads):
            x, c = u // width, u & (width - 1)
            there = places[s + x] >= 0 and c < features
            value = source[places[s + x], first + c] if there else zero
            target[x, c] = value
            if value - value != zero:
                finite = False
        return finite

    return load_transpose, load_rows


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


@inline_device
def load_key(tiles, chunk, c, keys, bits):
    """Write key c of a chunk, and a word whose bit r is 1 if row r of the tile attends to it."""
    first, place = tiles.start[chunk], tiles.word[chunk]
    row = -1 - first
    keys[c] = first + c if first >= 0 else tiles.keys[row, c]
    bits[c] = tiles.words[place, c] if place >= 0 else ALL_ONES
