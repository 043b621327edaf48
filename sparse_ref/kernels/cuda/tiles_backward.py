"""Gradients over gather-tiles on a GPU: one kernel adds up weights times vectors, for dq, dk or dv.

    dq_i = sum_j W_ij k_j,    W_ij = scale P_ij (g_i . v_j - mean_i),    mean_i = g_i . out_i
    dk_j = sum_i W_ij q_i
    dv_j = sum_i P_ij g_i,    P_ij = exp(scale q_i . k_j - lse_i)

dq runs over the plan of the sets, dk and dv over that of the transposed sets: then the rows of a
tile are keys and its chunks gather queries. Each sum belongs to one thread, which adds in one
order: the bits are always the same.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import cuda, njit

from ...lower import TILE
from .tile import ALIGNED, PAD, Layout, clear, copies, key_of, product, store_weights, word_of


@lru_cache
def weights(layout: Layout, dtype: str, keyed: bool, plain: bool):
    """weigh: turn x = a . b into P where `plain`, into W otherwise; 0 where not connected."""
    rows, columns, _ = layout
    zero = np.dtype(dtype).type(0)

    @njit(inline="always")
    def weigh(x, y, bits, lse, mean, scale, r, c):
        for a in range(rows):
            for b in range(columns):
                query = c + b if keyed else r + a
                p = zero
                if (bits[c + b] >> np.uint64(r + a)) & np.uint64(1) != np.uint64(0):
                    p = math.exp(x[a, b] * scale - lse[query])
                    if not plain:
                        p = p * (y[a, b] - mean[query]) * scale
                x[a, b] = p

    return weigh


@lru_cache
def gradient_kernel(layout: Layout, dtype: str, width: int, keyed: bool, plain: bool):
    """The kernel of dq (neither flag), dk (keyed) or dv (both), for (heads x tiles, parts) blocks.

    a and b are q and k, or k and q where keyed; a2 and b2 are g and v, or v and g; `source` holds
    the vectors that are added up. Head h of the target adds up the triples first[h] <= s < first[h
    + 1] of `heads`: which head of a, of b, and of lse and mean. rows to words are the arrays of
    the plan, transposed where keyed; `visit` is an order of its tiles.
    """
    number, (rows, columns, depth) = np.dtype(dtype).type, layout
    threads, across, held = layout.threads, layout.across, columns * width // TILE
    low, zero = number(-np.inf), number(0)
    slices, lines, wide, sums = (
        (depth, TILE + PAD),
        (rows, columns),
        (depth, width + PAD),
        (rows, held),
    )
    add, _ = product(layout, TILE)
    add_vectors, add_members = product(layout, width)
    load_transposed, load_rows = copies(layout, width, dtype)
    store, weigh = store_weights(layout), weights(layout, dtype, keyed, plain)

    @cuda.jit
    def gradient(
        a1,
        b1,
        a2,
        b2,
        source,
        lse,
        mean,
        heads,
        first,
        scale,
        visit,
        rows_,
        ptr,
        start,
        keys,
        word,
        words,
        target,
    ):
        if ALIGNED:
            left = cuda.shared.array(slices, number, alignment=16)
            right = cuda.shared.array(wide, number, alignment=16)
        else:
            left = cuda.shared.array(slices, number)
            right = cuda.shared.array(wide, number)
        logs = cuda.shared.array(TILE, number)
        means = cuda.shared.array(TILE, number)
        own = cuda.shared.array(TILE, np.int64)
        at = cuda.shared.array(TILE, np.int64)
        bits = cuda.shared.array(TILE, np.uint64)
        unsound = cuda.shared.array(1, np.int64)
        x = cuda.local.array(lines, number)
        y = cuda.local.array(lines, number)
        acc = cuda.local.array(sums, number)
        t: Any = cuda.threadIdx.x
        block, begin = cuda.blockIdx.x, cuda.blockIdx.y * width
        r, c = t // across * rows, (t & (across - 1)) * columns
        h, tile = block // len(visit), visit[block % len(visit)]
        if t == 0:
            unsound[0] = 0
        mark = 0
        clear(acc)
        for s in range(first[h], first[h + 1]):
            ha, hb, hq = heads[s, 0], heads[s, 1], heads[s, 2]
            for i in range(t, TILE, threads):
                own[i] = rows_[tile, i]
                if not keyed:
                    if own[i] >= 0 and lse[hq, own[i]] == low:
                        own[i] = -1
                    logs[i] = lse[hq, own[i]] if own[i] >= 0 else zero
                    means[i] = mean[hq, own[i]] if own[i] >= 0 else zero
            for chunk in range(ptr[tile], ptr[tile + 1]):
                for j in range(t, TILE, threads):
                    at[j], bits[j] = key_of(start, keys, chunk, j), word_of(word, words, chunk, j)
                    if keyed:
                        logs[j], means[j] = lse[hq, at[j]], mean[hq, at[j]]
                        if logs[j] == low:
                            bits[j] = 0
                cuda.syncthreads()
                clear(x)
                for z in range(0, a1.shape[2], depth):
                    load_transposed(a1[ha], own, z, t, left)
                    load_transposed(b1[hb], at, z, t, right)
                    cuda.syncthreads()
                    add(left, right, r, c, x)
                    cuda.syncthreads()
                if not plain:
                    clear(y)
                    for z in range(0, a2.shape[2], depth):
                        load_transposed(a2[ha], own, z, t, left)
                        load_transposed(b2[hb], at, z, t, right)
                        cuda.syncthreads()
                        add(left, right, r, c, y)
                        cuda.syncthreads()
                weigh(x, y, bits, logs, means, scale, r, c)
                for z in range(0, TILE, depth):
                    mark += 1
                    store(x, z, r, c, left)
                    if not load_rows(source[hb], at, z, begin, t, right):
                        unsound[0] = mark
                    cuda.syncthreads()
                    if unsound[0] == mark:
                        add_members(left, right, bits, z, r, c, acc)
                    else:
                        add_vectors(left, right, r, c, acc)
                    cuda.syncthreads()
        for a in range(rows):
            i = rows_[tile, r + a]
            if i >= 0:
                for b in range(held):
                    place = begin + b // columns * TILE + c + b % columns
                    if place < target.shape[2]:
                        target[h, i, place] = acc[a, b] if own[r + a] >= 0 else zero

    return gradient
