"""Attention over gather-tiles on a GPU: a block takes 64 queries, chunk after chunk of 64 keys.

Two products in registers and an online softmax for each chunk, as in cpu.tiles; slices of queries,
keys, weights and values pass through two buffers in shared memory, so that no width of q or k is
too large, and wide values are cut into parts that blocks of their own take.

Only members matter: the logits of pairs that are not connected become -inf whatever they were, and
where a slice of the values is not finite the product runs over members alone.
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
def softmax(layout: Layout, width: int, dtype: str):
    """(mask_logits, raise_top, weigh): the steps of the online softmax, with barriers between."""
    rows, columns, _ = layout
    threads, across, held = layout.threads, layout.across, columns * width // TILE
    low, zero = np.dtype(dtype).type(-np.inf), np.dtype(dtype).type(0)

    @njit(inline="always")
    def mask_logits(x, bits, scale, r, c, part):
        """Scaled logits, -inf where not connected; this thread's largest of each row into part."""
        for a in range(rows):
            high = low
            for b in range(columns):
                member = (bits[c + b] >> np.uint64(r + a)) & np.uint64(1) != np.uint64(0)
                x[a, b] = x[a, b] * scale if member else low
                high = x[a, b] if x[a, b] > high else high
            part[c // columns, r + a] = high

    @njit(inline="always")
    def raise_top(part, t, top, shrink):
        """top, the largest logit of each row so far, and by what its earlier sums shrink."""
        for i in range(t, TILE, threads):
            high = top[i]
            for u in range(across):
                high = part[u, i] if part[u, i] > high else high
            shrink[i] = math.exp(top[i] - (high if high > low else zero))
            top[i] = high

    @njit(inline="always")
    def weigh(x, top, shrink, r, total, acc):
        """Turn logits into exp(x - top), and bring total and acc along."""
        for a in range(rows):
            base = top[r + a] if top[r + a] > low else zero
            total[a] *= shrink[r + a]
            for b in range(held):
                acc[a, b] *= shrink[r + a]
            for b in range(columns):
                x[a, b] = math.exp(x[a, b] - base)
                total[a] += x[a, b]

    return mask_logits, raise_top, weigh


@lru_cache
def attend_kernel(layout: Layout, dtype: str, width: int):
    """The kernel for parts of `width` values, 64 or 128; a grid of (heads x tiles, parts) blocks.

    q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), kv (H,): head h reads key head kv[h]; `visit` is
    an order of the tiles, for balance alone; rows to words are a Plan's arrays. Writes out (H,
    n_q, e) and lse (H, n_q).
    """
    number, (rows, columns, depth) = np.dtype(dtype).type, layout
    threads, across, held = layout.threads, layout.across, columns * width // TILE
    low, zero, one = number(-np.inf), number(0), number(1)
    slices, line, lines, wide = (
        (depth, TILE + PAD),
        (across, TILE + PAD),
        (rows, columns),
        (depth, width + PAD),
    )
    sums, some = (rows, held), (rows,)
    add, _ = product(layout, TILE)
    add_values, add_members = product(layout, width)
    load_transposed, load_rows = copies(layout, width, dtype)
    store, (mask_logits, raise_top, weigh) = store_weights(layout), softmax(layout, width, dtype)

    @cuda.jit
    def attend_tiles(q, k, v, kv, scale, visit, rows_, ptr, start, keys, word, words, out, lse):
        if ALIGNED:
            left = cuda.shared.array(slices, number, alignment=16)
            right = cuda.shared.array(wide, number, alignment=16)
        else:
            left = cuda.shared.array(slices, number)
            right = cuda.shared.array(wide, number)
        part = cuda.shared.array(line, number)
        top = cuda.shared.array(TILE, number)
        shrink = cuda.shared.array(TILE, number)
        share = cuda.shared.array(TILE, number)
        own = cuda.shared.array(TILE, np.int64)
        at = cuda.shared.array(TILE, np.int64)
        bits = cuda.shared.array(TILE, np.uint64)
        unsound = cuda.shared.array(1, np.int64)
        x = cuda.local.array(lines, number)
        acc = cuda.local.array(sums, number)
        total = cuda.local.array(some, number)
        t: Any = cuda.threadIdx.x
        block, first = cuda.blockIdx.x, cuda.blockIdx.y * width
        r, c = t // across * rows, (t & (across - 1)) * columns
        h, tile = block // len(visit), visit[block % len(visit)]
        g = kv[h]
        for i in range(t, TILE, threads):
            own[i], top[i] = rows_[tile, i], low
        if t == 0:
            unsound[0] = 0
        mark = 0
        clear(acc)
        for a in range(rows):
            total[a] = 0
        for chunk in range(ptr[tile], ptr[tile + 1]):
            for j in range(t, TILE, threads):
                at[j], bits[j] = key_of(start, keys, chunk, j), word_of(word, words, chunk, j)
            cuda.syncthreads()
            clear(x)
            for s in range(0, q.shape[2], depth):
                load_transposed(q[h], own, s, t, left)
                load_transposed(k[g], at, s, t, right)
                cuda.syncthreads()
                add(left, right, r, c, x)
                cuda.syncthreads()
            mask_logits(x, bits, scale, r, c, part)
            cuda.syncthreads()
            raise_top(part, t, top, shrink)
            cuda.syncthreads()
            weigh(x, top, shrink, r, total, acc)
            for s in range(0, TILE, depth):
                mark += 1
                store(x, s, r, c, left)
                if not load_rows(v[g], at, s, first, t, right):
                    unsound[0] = mark
                cuda.syncthreads()
                if unsound[0] == mark:
                    add_members(left, right, bits, s, r, c, acc)
                else:
                    add_values(left, right, r, c, acc)
                cuda.syncthreads()
        for a in range(rows):
            part[c // columns, r + a] = total[a]
        cuda.syncthreads()
        for i in range(t, TILE, threads):
            whole = zero
            for u in range(across):
                whole += part[u, i]
            share[i] = one / whole if whole != zero else zero
            if own[i] >= 0 and first == 0:
                lse[h, own[i]] = (
                    (top[i] if top[i] > low else zero) + math.log(whole) if whole != zero else low
                )
        cuda.syncthreads()
        for a in range(rows):
            i = own[r + a]
            for b in range(held):
                y = first + b // columns * TILE + c + b % columns
                if i >= 0 and y < v.shape[2]:
                    out[h, i, y] = acc[a, b] * share[r + a] + zero if share[r + a] != zero else zero

    return attend_tiles
