"""From a chunk's 64 x 64 logits to weights: an online softmax forward, exp(x - lse) backward.

As in `tile`, every function is inlined into the kernels and none waits.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from ...lower import TILE
from ..arguments import Vectors
from .device import exp_below_lse, inline_device, is_single, unit_exp, unit_of, zero_and_lowest
from .tile import Layout, clear, is_set, load_key


class Softmax(NamedTuple):
    """The state of an online softmax.

    In a thread's registers: logits, then weights; its part of the sums of values; and of the sums
    of exp(x - top). In shared memory: what threads abreast have for a row; the largest logit of
    each row so far; by what the row's earlier sums shrink, and at the end its last factor.
    """

    logits: Any
    sums: Any
    totals: Any
    parts: Any
    top: Any
    shrink: Any
    share: Any


class Gradient(NamedTuple):
    """The state of a gradient.

    In a thread's registers: the two products, of which the first becomes the weights; and its part
    of the sums. In shared memory: the statistics of the tile's or the chunk's queries.
    """

    x: Any
    y: Any
    sums: Any
    statistics: Any


@inline_device
def head_of(x, h, g):
    """The Vectors of query head h, which reads key head g."""
    q, k = x.q[h], x.k[g]
    return Vectors(q, k, x.v[g])


@lru_cache
def softmax_top(layout: Layout, dtype: str):
    """(mask_logits, raise_top): masked logits, and their largest; with a barrier between."""
    rows, columns, _ = layout
    threads, abreast = layout.threads, layout.threads_abreast
    zero, low = zero_and_lowest(dtype)
    single = is_single(dtype)

    @njit(inline="always")
    def mask_logits(x, bits, scale, r, c, parts):
        """Scaled logits, -inf where not connected; this thread's largest of each row in `parts`.

        A logit of -inf, which may have overflowed, is NaN in float32.
        """
        for a in range(rows):
            high = low
            for b in range(columns):
                logit = x[a, b] * scale
                if single:
                    logit += logit * zero
                x[a, b] = logit if is_set(bits[c + b], r + a) else low
                high = x[a, b] if x[a, b] > high else high
            parts[c // columns, r + a] = high

    @njit(inline="always")
    def raise_top(parts, t, top, shrink):
        """top, the largest logit of each row so far, and by what its earlier sums shrink."""
        for i in range(t, TILE, threads):
            high = top[i]
            for u in range(abreast):
                high = parts[u, i] if parts[u, i] > high else high
            base = high if high > low else zero
            shrink[i] = math.exp(top[i] - base)
            top[i] = high

    return mask_logits, raise_top


@lru_cache
def softmax_weights(layout: Layout, width: int, dtype: str):
    """The step of the online softmax that follows."""
    rows, columns, _ = layout
    values = columns * width // TILE
    zero, low = zero_and_lowest(dtype)
    weight_of = unit_exp(dtype)

    @njit(inline="always")
    def weigh(state, r):
        """Turn logits into exp(x - top), and bring the sums of both along."""
        x, sums, totals, _, top, shrink, _ = state
        for a in range(rows):
            base = top[r + a] if top[r + a] > low else zero
            totals[a] *= shrink[r + a]
            for b in range(values):
                sums[a, b] *= shrink[r + a]
            for b in range(columns):
                x[a, b] = weight_of(x[a, b] - base)
                totals[a] += x[a, b]

    return weigh


@lru_cache
def softmax_ends(layout: Layout, dtype: str):
    """(begin_rows, finish_rows): a tile's state before and after its chunks."""
    rows = layout.rows
    threads, abreast = layout.threads, layout.threads_abreast
    zero, low = zero_and_lowest(dtype)
    one, weight_of_1 = np.dtype(dtype).type(1), unit_of(dtype)

    @inline_device
    def begin_rows(members, t, shared, state):
        """A state of no keys, of the rows of the tile that are `members` of q."""
        for i in range(t, TILE, threads):
            shared.rows[i] = members[i]
            state.top[i] = low
        if t == 0:
            shared.nonfinite[0] = 0
        clear(state.sums)
        for a in range(rows):
            state.totals[a] = 0

    @inline_device
    def finish_rows(t, first, shared, state, lse):
        """Write lse, and each row's `share`: 1 / its sum of weights, 0 without keys."""
        for i in range(t, TILE, threads):
            total = zero
            for u in range(abreast):
                total += state.parts[u, i]
            state.share[i] = one / total if total != zero else zero
            if shared.rows[i] >= 0 and first == 0:
                base = np.float64(state.top[i]) if state.top[i] > low else 0.0
                weights = np.float64(total / weight_of_1)
                lse[shared.rows[i]] = base + math.log(weights) if total != zero else low

    return begin_rows, finish_rows


@lru_cache
def store_out(layout: Layout, width: int, dtype: str):
    """The last step of the forward pass."""
    rows, columns, _ = layout
    values = columns * width // TILE
    zero, _ = zero_and_lowest(dtype)

    @inline_device
    def store(thread, first, shared, state, out):
        """Write each row's sums times its share."""
        for a in range(rows):
            i = shared.rows[thread.r + a]
            share = state.share[thread.r + a]
            for b in range(values):
                y = first + b // columns * TILE + thread.c + b % columns
                if i >= 0 and y < out.shape[1]:
                    value = state.sums[a, b] * share + zero
                    out[i, y] = value if share != zero else zero

    return store


@lru_cache
def gradient_weights(layout: Layout, dtype: str, keyed: bool, plain: bool):
    """weigh: turn x = a . b into P if `plain`, into W otherwise; 0 where not connected."""
    rows, columns, _ = layout
    zero, weight_of = np.dtype(dtype).type(0), exp_below_lse(dtype)

    @njit(inline="always")
    def weigh(x, y, bits, statistics, scale, r, c):
        lse, lse_rest, mean = statistics
        for a in range(rows):
            for b in range(columns):
                query = c + b if keyed else r + a
                p = zero
                if is_set(bits[c + b], r + a):
                    p = weight_of(x[a, b], scale, lse[query], lse_rest[query])
                    if not plain:
                        p = p * (y[a, b] - mean[query]) * scale
                x[a, b] = p

    return weigh


@lru_cache
def gradient_loads(layout: Layout, dtype: str, keyed: bool):
    """(load_rows, load_columns): a tile's rows and a chunk's keys, and the queries' statistics."""
    threads = layout.threads
    zero, low = zero_and_lowest(dtype)

    @inline_device
    def load_rows(members, statistics, h, t, places, target):
        """The tile's rows; if they are queries, their statistics, and -1 for one without keys."""
        for i in range(t, TILE, threads):
            places[i] = members[i]
            if not keyed:
                if places[i] >= 0 and statistics.lse[h, places[i]] == low:
                    places[i] = -1
                there = places[i] >= 0
                target.lse[i] = statistics.lse[h, places[i]] if there else zero
                target.lse_rest[i] = statistics.lse_rest[h, places[i]] if there else zero
                target.mean[i] = statistics.mean[h, places[i]] if there else zero

    @inline_device
    def load_columns(tiles, chunk, statistics, h, t, shared, target):
        """A chunk; if it gathers queries, their statistics, and no bits of one without keys."""
        for j in range(t, TILE, threads):
            load_key(tiles, chunk, j, shared.keys, shared.bits)
            if keyed:
                # a local name for the key would cost the product four more registers
                target.lse[j] = statistics.lse[h, shared.keys[j]]
                target.lse_rest[j] = statistics.lse_rest[h, shared.keys[j]]
                target.mean[j] = statistics.mean[h, shared.keys[j]]
                if target.lse[j] == low:
                    shared.bits[j] = 0

    return load_rows, load_columns


@lru_cache
def store_gradient(layout: Layout, width: int, dtype: str):
    """The last step of a gradient."""
    rows, columns, _ = layout
    values = columns * width // TILE
    zero, _ = zero_and_lowest(dtype)

    @inline_device
    def store(thread, first, members, places, sums, target):
        """Write the sums; 0 for a query without keys."""
        for a in range(rows):
            i = members[thread.r + a]
            if i < 0:
                continue
            for b in range(values):
                y = first + b // columns * TILE + thread.c + b % columns
                if y < target.shape[1]:
                    is_live = places[thread.r + a] >= 0
                    target[i, y] = sums[a, b] if is_live else zero

    return store
