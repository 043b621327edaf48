"""One row at a time over CSR on a GPU: a block takes one query, or one key of transposed sets.

The block goes through the row's members as many at a time as it has threads: each thread makes the
logit of one member, from a copy that neighbouring threads read from neighbouring addresses, and
then adds up one feature over all of them. Nothing but members is read.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import cuda, njit

from ..arguments import Vectors
from .device import exp_below_lse, inline_device, is_single, unit_exp, unit_of, zero_and_lowest

# of a block, one for each feature that it adds up: the first where that is enough
THREADS = (64, 128)
# features of the members in shared memory at once: powers of 2
DEPTH = {"float32": 32, "float64": 16}


class Shared(NamedTuple):
    """What a block has in shared memory.

    A slice of the row's vector, and of the members' vectors; and of each thread's member the
    weight, and the row of the arrays that it is, -1 for none.
    """

    row: Any
    members: Any
    weights: Any
    places: Any


@lru_cache
def dots(dtype: str, threads: int):
    """(load_slices, dot): slices of members and of the row; a thread's part of a dot product."""
    depth, zero = DEPTH[dtype], np.dtype(dtype).type(0)

    @inline_device
    def load_slices(row, source, s, t, shared):
        """Features s, s + 1, ... of the row and of the members; 0 beyond, and for no member."""
        features = source.shape[1] - s
        for x in range(t, depth, threads):
            shared.row[x] = row[s + x] if x < features else zero
        for y in range(t, threads * depth, threads):
            u, x = y // depth, y & (depth - 1)
            place = shared.places[u]
            there = place >= 0 and x < features
            shared.members[u, x] = source[place, s + x] if there else zero

    @njit(inline="always")
    def dot(row, members, t):
        total = zero
        for x in range(depth):
            total += row[x] * members[t, x]
        return total

    return load_slices, dot


@lru_cache
def block_setup(threads: int, dtype: str):
    """(shared_arrays, multiply): what both kernels begin a block with, and their dot products."""
    number, depth = np.dtype(dtype).type, DEPTH[dtype]
    zero, members_shape = number(0), (threads, depth + 1)
    load_slices, dot = dots(dtype, threads)

    @inline_device
    def shared_arrays():
        """A block's Shared."""
        row = cuda.shared.array(depth, number)
        members = cuda.shared.array(members_shape, number)
        weights = cuda.shared.array(threads, number)
        places = cuda.shared.array(threads, np.int64)
        return Shared(row, members, weights, places)

    @inline_device
    def multiply(row, source, t, shared):
        """The row's vector times that of this thread's member."""
        total = zero
        for s in range(0, row.shape[0], depth):
            load_slices(row, source, s, t, shared)
            cuda.syncthreads()
            total += dot(shared.row, shared.members, t)
            cuda.syncthreads()
        return total

    return shared_arrays, multiply


@lru_cache
def softmax_step(threads: int, dtype: str):
    """The forward pass over as many members as there are threads."""
    zero, low = zero_and_lowest(dtype)
    _, multiply = block_setup(threads, dtype)
    weigh, single = unit_exp(dtype), is_single(dtype)

    @inline_device
    def attend_members(head, scale, feature, t, shared, state):
        """Bring (top, total, acc) along: the largest logit, the sums of weights and of values.

        A logit of -inf, which may have overflowed, is NaN in float32.
        """
        top, total, acc = state
        weights, places = shared.weights, shared.places
        logit = multiply(head.q, head.k, t, shared) * scale
        if single:
            logit += logit * zero
        weights[t] = logit if places[t] >= 0 else low
        cuda.syncthreads()
        high = top
        for u in range(threads):
            high = weights[u] if weights[u] > high else high
        base = high if high > low else zero
        shrink = math.exp(top - base)
        weight = weigh(weights[t] - base)
        cuda.syncthreads()
        weights[t] = weight
        cuda.syncthreads()
        total, acc = total * shrink, acc * shrink
        for u in range(threads):
            if places[u] >= 0:
                total += weights[u]
                if feature < head.v.shape[1]:
                    acc += weights[u] * head.v[places[u], feature]
        cuda.syncthreads()
        return high, total, acc

    return attend_members


@lru_cache
def attend_kernel(threads: int, dtype: str):
    """The kernel of the forward pass; a grid of (heads x rows, parts of `threads` values) blocks.

    x are Vectors; head h reads key head key_head[h]; sets = (indptr, indices). Writes results =
    (out (H, n_q, e), lse (H, n_q)).
    """
    zero, low = zero_and_lowest(dtype)
    one = unit_of(dtype)
    shared_arrays, _ = block_setup(threads, dtype)
    attend_members = softmax_step(threads, dtype)

    @cuda.jit
    def attend_rows(x, key_head, scale, sets, results):
        shared = shared_arrays()
        indptr, indices = sets
        out, lse = results
        t: Any = cuda.threadIdx.x
        feature = cuda.blockIdx.y * threads + t
        n, block = x.q.shape[1], cuda.blockIdx.x
        h, i = block // n, block % n
        g = key_head[h]
        q = x.q[h, i]
        head = Vectors(q, x.k[g], x.v[g])
        state = low, zero, zero
        end = indptr[i + 1]
        for begin in range(indptr[i], end, threads):
            shared.places[t] = indices[begin + t] if begin + t < end else -1
            cuda.syncthreads()
            state = attend_members(head, scale, feature, t, shared, state)
        top, total, acc = state
        if feature < x.v.shape[2]:
            out[h, i, feature] = acc / total if total != zero else zero
        if feature == 0:
            base = np.float64(top) if top > low else 0.0
            weights = np.float64(total / one)
            lse[h, i] = base + math.log(weights) if total != zero else low

    return attend_rows


@lru_cache
def gradient_steps(threads: int, dtype: str, keyed: bool, plain: bool):
    """(load_member, add_members): a gradient over as many members as there are threads."""
    zero, low = zero_and_lowest(dtype)
    weigh = exp_below_lse(dtype)
    _, multiply = block_setup(threads, dtype)

    @inline_device
    def load_member(sets, place, lse, h, i):
        """Which member of row i is at this place; -1 if none, or if its query has no keys."""
        indptr, indices = sets
        j = indices[place] if place < indptr[i + 1] else -1
        query = j if keyed else i
        if j >= 0 and lse[h, query] == low:
            j = -1
        return j

    @inline_device
    def add_members(factors, statistics, triple, pair, scale, thread, shared, acc):
        """acc plus the weighted sum of the members' feature; this thread's pair is (i, j)."""
        a, b, h = triple
        i, j = pair
        t, feature, is_feature = thread
        weights, places, source = shared.weights, shared.places, factors.source
        x = multiply(factors.a[a, i], factors.b[b], t, shared)
        y = zero
        if not plain:
            y = multiply(factors.a2[a, i], factors.b2[b], t, shared)
        if j >= 0:
            query = j if keyed else i
            lse = statistics.lse[h, query]
            p = weigh(x, scale, lse, statistics.lse_rest[h, query])
            if not plain:
                p = p * (y - statistics.mean[h, query]) * scale
            weights[t] = p
        cuda.syncthreads()
        for u in range(threads):
            if places[u] >= 0 and is_feature:
                acc += weights[u] * source[b, places[u], feature]
        cuda.syncthreads()
        return acc

    return load_member, add_members


@lru_cache
def gradient_kernel(threads: int, dtype: str, keyed: bool, plain: bool):
    """The kernel of dq (neither flag), dk (keyed) or dv (both), for (heads x rows, parts) blocks.

    A part is `threads` features. Arguments as for the kernel over tiles; sets = (indptr, indices)
    are transposed if keyed.
    """
    zero = np.dtype(dtype).type(0)
    shared_arrays, _ = block_setup(threads, dtype)
    load_member, add_members = gradient_steps(threads, dtype, keyed, plain)

    @cuda.jit
    def gradient(factors, statistics, heads, scale, sets, target):
        shared = shared_arrays()
        indptr, _ = sets
        t: Any = cuda.threadIdx.x
        feature = cuda.blockIdx.y * threads + t
        is_feature = feature < target.shape[2]
        thread = t, feature, is_feature
        n, block = target.shape[1], cuda.blockIdx.x
        h, i = block // n, block % n
        acc = zero
        for s in range(heads.first[h], heads.first[h + 1]):
            row = heads.triples[s]
            triple = row[0], row[1], row[2]
            for begin in range(indptr[i], indptr[i + 1], threads):
                j = load_member(sets, begin + t, statistics.lse, triple[2], i)
                shared.places[t] = j
                cuda.syncthreads()
                pair = i, j
                acc = add_members(factors, statistics, triple, pair, scale, thread, shared, acc)
        if is_feature:
            target[h, i, feature] = acc

    return gradient
