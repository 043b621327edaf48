"""Attention over gather-tiles on a GPU: a block takes 64 queries, chunk after chunk of 64 keys.

Forward, two products in registers and an online softmax for each chunk, as in cpu.tiles; slices of
queries, keys, weights and values pass through two buffers in shared memory, so that no width of q
or k is too large, and wide values are cut into parts that blocks of their own take.

Backward, one kernel sums weights times vectors, for dq, dk or dv:

    dq_i = sum_j W_ij k_j,    W_ij = scale P_ij (g_i . v_j - mean_i),    mean_i = g_i . out_i
    dk_j = sum_i W_ij q_i
    dv_j = sum_i P_ij g_i,    P_ij = exp(scale q_i . k_j - lse_i)

dq runs over the plan of the sets, dk and dv over that of the transposed sets: then the rows of a
tile are keys and its chunks gather queries. Each sum belongs to one thread, which adds in one
order: the bits are always the same.

Only members matter: the logits of pairs that are not connected become -inf whatever they were, and
where a slice of the vectors is not finite the product runs over members only.

Everything that allocates shared memory or waits is in this file: numba's simulator lets functions
of one file wait in each other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numba import cuda

from ...lower import TILE
from ..arguments import Statistics
from .device import inline_device
from .tile import (
    ALIGNED,
    PAD,
    Layout,
    Shared,
    Thread,
    clear,
    copies,
    load_key,
    product,
    store_weights,
)
from .weights import (
    Gradient,
    Softmax,
    gradient_loads,
    gradient_weights,
    head_of,
    softmax_ends,
    softmax_top,
    softmax_weights,
    store_gradient,
    store_out,
)


@lru_cache
def block_setup(layout: Layout, width: int, dtype: str):
    """(shared_arrays, thread_of, load_chunk): what both kernels begin a block and a chunk with."""
    rows, columns, depth = layout
    threads, abreast = layout.threads, layout.threads_abreast
    number = np.dtype(dtype).type
    left_shape, right_shape = (depth, TILE + PAD), (depth, width + PAD)

    @inline_device
    def shared_arrays():
        """A block's Shared."""
        if ALIGNED:
            left = cuda.shared.array(left_shape, number, alignment=16)
            right = cuda.shared.array(right_shape, number, alignment=16)
        else:
            left = cuda.shared.array(left_shape, number)
            right = cuda.shared.array(right_shape, number)
        places = cuda.shared.array(TILE, np.int64)
        keys = cuda.shared.array(TILE, np.int64)
        bits = cuda.shared.array(TILE, np.uint64)
        nonfinite = cuda.shared.array(1, np.int64)
        return Shared(left, right, places, keys, bits, nonfinite)

    @inline_device
    def thread_of(t):
        """Where the products of thread t are."""
        return Thread(t, t // abreast * rows, (t & (abreast - 1)) * columns)

    @inline_device
    def load_chunk(tiles, chunk, t, keys, bits):
        """The keys of a chunk, and which rows attend to each."""
        for j in range(t, TILE, threads):
            load_key(tiles, chunk, j, keys, bits)

    return shared_arrays, thread_of, load_chunk


@lru_cache
def block_products(layout: Layout, width: int, dtype: str):
    """(multiply, add_weighted_sum): the two products of a block, slice after slice."""
    depth = layout.depth
    add, _ = product(layout, TILE)
    add_vectors, add_members = product(layout, width)
    load_transpose, load_rows = copies(layout, width, dtype)
    store = store_weights(layout)

    @inline_device
    def multiply(a, b, shared, thread, x):
        """x = a . b for each row of the tile and each key of the chunk."""
        t, r, c = thread
        clear(x)
        for s in range(0, a.shape[1], depth):
            load_transpose(a, shared.rows, s, t, shared.left)
            load_transpose(b, shared.keys, s, t, shared.right)
            cuda.syncthreads()
            add(shared.left, shared.right, r, c, x)
            cuda.syncthreads()

    @inline_device
    def add_weighted_sum(x, source, first, shared, thread, mark, sums):
        """sums += x times the keys' vectors, from feature `first` on; the mark of the last slice.

        A slice that is not finite leaves its mark, which no other slice has.
        """
        t, r, c = thread
        left, right = shared.left, shared.right
        for s in range(0, TILE, depth):
            mark += 1
            store(x, s, r, c, left)
            if not load_rows(source, shared.keys, s, first, t, right):
                shared.nonfinite[0] = mark
            cuda.syncthreads()
            if shared.nonfinite[0] == mark:
                add_members(left, right, shared.bits, s, r, c, sums)
            else:
                add_vectors(left, right, r, c, sums)
            cuda.syncthreads()
        return mark

    return multiply, add_weighted_sum


@lru_cache
def chunk_step(layout: Layout, width: int, dtype: str):
    """The forward pass over one chunk, whose keys are loaded."""
    multiply, add_weighted_sum = block_products(layout, width, dtype)
    mask_logits, raise_top = softmax_top(layout, dtype)
    weigh = softmax_weights(layout, width, dtype)

    @inline_device
    def attend_chunk(head, scale, first, shared, thread, state, mark):
        """Bring the state along; the mark of the last slice."""
        t, r, c = thread
        multiply(head.q, head.k, shared, thread, state.logits)
        mask_logits(state.logits, shared.bits, scale, r, c, state.parts)
        cuda.syncthreads()
        raise_top(state.parts, t, state.top, state.shrink)
        cuda.syncthreads()
        weigh(state, r)
        return add_weighted_sum(state.logits, head.v, first, shared, thread, mark, state.sums)

    return attend_chunk


@lru_cache
def attend_kernel(layout: Layout, dtype: str, width: int):
    """The kernel for parts of `width` values, 64 or 128; a grid of (heads x tiles, parts) blocks.

    x are Vectors; head h reads key head key_head[h]; `visit` is an order of the tiles, for balance
    only. Writes results = (out (H, n_q, e), lse (H, n_q)).
    """
    rows, columns, _ = layout
    number = np.dtype(dtype).type
    logits_shape, sums_shape = (rows, columns), (rows, columns * width // TILE)
    parts_shape = layout.threads_abreast, TILE + PAD
    shared_arrays, thread_of, load_chunk = block_setup(layout, width, dtype)
    attend_chunk = chunk_step(layout, width, dtype)
    begin_rows, finish_rows = softmax_ends(layout, dtype)
    store = store_out(layout, width, dtype)

    @cuda.jit
    def attend_tiles(x, key_head, scale, tiles, visit, results):
        shared = shared_arrays()
        parts = cuda.shared.array(parts_shape, number)
        top = cuda.shared.array(TILE, number)
        shrink = cuda.shared.array(TILE, number)
        share = cuda.shared.array(TILE, number)
        logits = cuda.local.array(logits_shape, number)
        sums = cuda.local.array(sums_shape, number)
        totals = cuda.local.array(rows, number)
        state = Softmax(logits, sums, totals, parts, top, shrink, share)
        t: Any = cuda.threadIdx.x
        thread = thread_of(t)
        block, first = cuda.blockIdx.x, cuda.blockIdx.y * width
        h, tile = block // len(visit), visit[block % len(visit)]
        head, (out, lse) = head_of(x, h, key_head[h]), results
        begin_rows(tiles.rows[tile], t, shared, state)
        mark = 0
        for chunk in range(tiles.ptr[tile], tiles.ptr[tile + 1]):
            load_chunk(tiles, chunk, t, shared.keys, shared.bits)
            cuda.syncthreads()
            mark = attend_chunk(head, scale, first, shared, thread, state, mark)
        for a in range(rows):
            parts[thread.c // columns, thread.r + a] = totals[a]
        cuda.syncthreads()
        finish_rows(t, first, shared, state, lse[h])
        cuda.syncthreads()
        store(thread, first, shared, state, out[h])

    return attend_tiles


@lru_cache
def gradient_step(layout: Layout, width: int, dtype: str, keyed: bool, plain: bool):
    """A gradient over one chunk, whose keys are loaded."""
    multiply, add_weighted_sum = block_products(layout, width, dtype)
    weigh = gradient_weights(layout, dtype, keyed, plain)

    @inline_device
    def add_chunk(factors, pair, scale, first, shared, thread, state, mark):
        """Add what the chunk gives to the state's sums; the mark of the last slice."""
        x, y, sums, statistics = state
        a, b = pair
        multiply(factors.a[a], factors.b[b], shared, thread, x)
        if not plain:
            multiply(factors.a2[a], factors.b2[b], shared, thread, y)
        weigh(x, y, shared.bits, statistics, scale, thread.r, thread.c)
        return add_weighted_sum(x, factors.source[b], first, shared, thread, mark, sums)

    return add_chunk


@lru_cache
def gradient_kernel(layout: Layout, dtype: str, width: int, keyed: bool, plain: bool):
    """The kernel of dq (neither flag), dk (keyed) or dv (both), for (heads x tiles, parts) blocks.

    factors are Factors, in the order for dq or, if keyed, for dk and dv; statistics are Statistics,
    heads are HeadTriples. tiles are those of the plan, transposed if keyed; `visit` is an order of
    its tiles.
    """
    rows, columns, _ = layout
    number = np.dtype(dtype).type
    product_shape, sums_shape = (rows, columns), (rows, columns * width // TILE)
    shared_arrays, thread_of, _ = block_setup(layout, width, dtype)
    add_chunk = gradient_step(layout, width, dtype, keyed, plain)
    load_rows, load_columns = gradient_loads(layout, dtype, keyed)
    store = store_gradient(layout, width, dtype)

    @cuda.jit
    def gradient(factors, statistics, heads, scale, tiles, visit, target):
        shared = shared_arrays()
        lse = cuda.shared.array(TILE, number)
        lse_rest = cuda.shared.array(TILE, number)
        mean = cuda.shared.array(TILE, number)
        x = cuda.local.array(product_shape, number)
        y = cuda.local.array(product_shape, number)
        sums = cuda.local.array(sums_shape, number)
        state = Gradient(x, y, sums, Statistics(lse, lse_rest, mean))
        t: Any = cuda.threadIdx.x
        thread = thread_of(t)
        block, first = cuda.blockIdx.x, cuda.blockIdx.y * width
        h, tile = block // len(visit), visit[block % len(visit)]
        if t == 0:
            shared.nonfinite[0] = 0
        mark = 0
        clear(sums)
        for s in range(heads.first[h], heads.first[h + 1]):
            pair = heads.triples[s, 0], heads.triples[s, 1]
            query_head = heads.triples[s, 2]
            load_rows(tiles.rows[tile], statistics, query_head, t, shared.rows, state.statistics)
            for chunk in range(tiles.ptr[tile], tiles.ptr[tile + 1]):
                load_columns(tiles, chunk, statistics, query_head, t, shared, state.statistics)
                cuda.syncthreads()
                mark = add_chunk(factors, pair, scale, first, shared, thread, state, mark)
        store(thread, first, tiles.rows[tile], shared.rows, sums, target[h])

    return gradient
