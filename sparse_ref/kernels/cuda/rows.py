"""One row at a time over CSR on a GPU: a block takes one query, or one key of transposed sets.

The block goes through the row's members as many at a time as it has threads: each thread makes the
logit of one member, from a copy that neighbouring threads read from neighbouring addresses, and
then adds up one feature over all of them. Nothing but members is read.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import cuda, njit

THREADS = (
    64,
    128,
)  # of a block, one for each feature that it adds up: the first where that is enough
DEPTH = {
    "float32": 32,
    "float64": 16,
}  # features of the members in shared memory at once: powers of 2


@lru_cache
def dots(dtype: str, threads: int):
    """(load_slices, dot): slices of members and of the row; a thread's part of a dot product."""
    depth, zero = DEPTH[dtype], np.dtype(dtype).type(0)

    @cuda.jit(device=True, inline="always")
    def load_slices(row, source, at, s, t, mine, members):
        """mine[x] = row[s + x], members[u, x] = source[at[u], s + x]; 0 beyond, or if at[u] < 0."""
        beyond = source.shape[1] - s
        for x in range(t, depth, threads):
            mine[x] = row[s + x] if x < beyond else zero
        for y in range(t, threads * depth, threads):
            u, x = y // depth, y & (depth - 1)
            members[u, x] = source[at[u], s + x] if at[u] >= 0 and x < beyond else zero

    @njit(inline="always")
    def dot(mine, members, t):
        total = zero
        for x in range(depth):
            total += mine[x] * members[t, x]
        return total

    return load_slices, dot


@lru_cache
def attend_kernel(threads: int, dtype: str):
    """The kernel of the forward pass; a grid of (heads x rows, parts of `threads` values) blocks.

    q (H, n_q, d), k (G, n_k, d), v (G, n_k, e), kv (H,): head h reads key head kv[h]. Writes out
    (H, n_q, e) and lse (H, n_q).
    """
    number, depth = np.dtype(dtype).type, DEPTH[dtype]
    zero, low, some = number(0), number(-np.inf), (threads, depth + 1)
    load_slices, dot = dots(dtype, threads)

    @cuda.jit
    def attend_rows(q, k, v, kv, scale, indptr, indices, out, lse):
        mine = cuda.shared.array(depth, number)
        members = cuda.shared.array(some, number)
        weights = cuda.shared.array(threads, number)
        at = cuda.shared.array(threads, np.int64)
        t: Any = cuda.threadIdx.x
        block = cuda.blockIdx.x
        h, i, place = block // q.shape[1], block % q.shape[1], cuda.blockIdx.y * threads + t
        g, real = kv[h], place < v.shape[2]
        top, total, acc = low, zero, zero
        for begin in range(indptr[i], indptr[i + 1], threads):
            at[t] = indices[begin + t] if begin + t < indptr[i + 1] else -1
            cuda.syncthreads()
            x = zero
            for s in range(0, q.shape[2], depth):
                load_slices(q[h, i], k[g], at, s, t, mine, members)
                cuda.syncthreads()
                x += dot(mine, members, t)
                cuda.syncthreads()
            weights[t] = x * scale if at[t] >= 0 else low
            cuda.syncthreads()
            high = top
            for u in range(threads):
                high = weights[u] if weights[u] > high else high
            base = high if high > low else zero
            shrink, weight, top = math.exp(top - base), math.exp(weights[t] - base), high
            cuda.syncthreads()
            weights[t] = weight
            cuda.syncthreads()
            total, acc = total * shrink, acc * shrink
            for u in range(threads):
                if at[u] >= 0:
                    total += weights[u]
                    if real:
                        acc += weights[u] * v[g, at[u], place]
            cuda.syncthreads()
        if real:
            out[h, i, place] = acc / total if total != zero else zero
        if place == 0:
            lse[h, i] = (top if top > low else zero) + math.log(total) if total != zero else low

    return attend_rows


@lru_cache
def gradient_kernel(threads: int, dtype: str, keyed: bool, plain: bool):
    """The kernel of dq (neither flag), dk (keyed) or dv (both), for (heads x rows, parts) blocks.

    A part is `threads` features.

    Arguments as for the kernel over tiles; indptr and indices are those of the transposed sets
    where keyed.
    """
    number, depth = np.dtype(dtype).type, DEPTH[dtype]
    zero, low, some = number(0), number(-np.inf), (threads, depth + 1)
    load_slices, dot = dots(dtype, threads)

    @cuda.jit
    def gradient(a1, b1, a2, b2, source, lse, mean, heads, first, scale, indptr, indices, target):
        mine = cuda.shared.array(depth, number)
        members = cuda.shared.array(some, number)
        weights = cuda.shared.array(threads, number)
        at = cuda.shared.array(threads, np.int64)
        t: Any = cuda.threadIdx.x
        block = cuda.blockIdx.x
        h, i, place = (
            block // target.shape[1],
            block % target.shape[1],
            cuda.blockIdx.y * threads + t,
        )
        real, acc = place < target.shape[2], zero
        for pair in range(first[h], first[h + 1]):
            ha, hb, hq = heads[pair, 0], heads[pair, 1], heads[pair, 2]
            for begin in range(indptr[i], indptr[i + 1], threads):
                j = indices[begin + t] if begin + t < indptr[i + 1] else -1
                query = j if keyed else i
                if j >= 0 and lse[hq, query] == low:
                    j = -1
                at[t] = j
                cuda.syncthreads()
                x = zero
                for s in range(0, a1.shape[2], depth):
                    load_slices(a1[ha, i], b1[hb], at, s, t, mine, members)
                    cuda.syncthreads()
                    x += dot(mine, members, t)
                    cuda.syncthreads()
                y = zero
                if not plain:
                    for s in range(0, a2.shape[2], depth):
                        load_slices(a2[ha, i], b2[hb], at, s, t, mine, members)
                        cuda.syncthreads()
                        y += dot(mine, members, t)
                        cuda.syncthreads()
                if j >= 0:
                    p = math.exp(x * scale - lse[hq, query])
                    weights[t] = p if plain else p * (y - mean[hq, query]) * scale
                cuda.syncthreads()
                for u in range(threads):
                    if at[u] >= 0 and real:
                        acc += weights[u] * source[hb, at[u], place]
                cuda.syncthreads()
        if real:
            target[h, i, place] = acc

    return gradient
