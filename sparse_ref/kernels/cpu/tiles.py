"""Attention over gather-tiles: 64 queries at a time against 64 keys at a time, in panels of 16 or 8 queries.

Two small matrix products and an online softmax for each panel of a chunk. One kernel for every pattern; no n x n anywhere.
Keys that are consecutive are read where they lie; a panel passes over keys that none of its rows attends to.

Only members matter: the logits of pairs that are not connected become -inf whatever they were, and values that
are not finite are held out of the product, where 0 x NaN would spread, and added to their own rows alone.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from ..._jit import parallel, serial
from ...lower import key_of, test_bit
from .chunk import TILE, cleaned, extent, lay_out, number, panels, read, stand_up
from .exponential import exp
from .product import product, turned_product
from .queue import take
from .vectors import fma, greater, lanes, load, one_for_zero, store, where, zero, zero_for_lowest


@parallel
def attend_tiles(threads, q, k, v, heads, kv, scale, plan, visit, finite, out, lse):
    """Write out (H, n_q, e) and lse (H, n_q) for each head h in `heads`, whose keys are k[kv[h]], v[kv[h]].

    `plan` are a Plan's arrays, `visit` is the order in which tiles are begun, and where finite[g] holds all of v[g] is finite.
    """
    pieces, queue = len(heads) * len(visit), np.zeros(1, np.int64)
    for _ in prange(threads):
        room, x = _room(q.shape[2], v.shape[2], out), take(queue)
        while x < pieces:
            h, t = heads[x // len(visit)], visit[x % len(visit)]
            g = kv[h]
            _tile(q[h], k[g], v[g], scale, plan, t, finite[g], room, out[h], lse[h])
            x = take(queue)


@serial
def _room(d, e, like):
    """What a thread computes a tile in: its queries, a chunk's keys and values where they are copied, a panel's logits, and
    for each row of the tile the sum of values, the largest logit so far, and the sum of exp(x - largest)."""
    width, dtype = lanes(like), like.dtype
    return (
        panels(d, like),
        np.empty((TILE, d), dtype),
        np.empty((TILE, e), dtype),
        np.empty((TILE, width), dtype),
        panels(e, like),
        np.empty((TILE // width, width), dtype),
        np.empty((TILE // width, width), dtype),
    )


@serial
def _tile(q, k, v, scale, plan, t, finite, room, out, lse):
    """One tile's rows of out and lse."""
    rows, ptr, start, keys, word, words = plan
    queries, k_copy, v_copy, s, acc, top, total = room
    d, e, width = q.shape[1], v.shape[1], lanes(out)
    acc[:], top[:], total[:] = 0, -np.inf, 0
    lay_out(q, rows[t], out.dtype.type(scale), k_copy, queries)
    for c in range(ptr[t], ptr[t + 1]):
        own_k, k_row = read(k, start[c], keys, k_copy, True)
        own_v, v_row = read(v, start[c], keys, v_copy, finite)
        clean = finite or cleaned(v_copy)
        for p in range(TILE // width):
            lo, hi = extent(words[word[c]], p * width, width) if word[c] >= 0 else (0, TILE)
            if lo == hi:
                continue
            product(own_k, k_row, lo, hi, queries, p * d, s)
            if word[c] >= 0:
                _mask(s, lo, hi, words[word[c]], p * width)
            keep = _softmax_step(s, lo, hi, top, total, p)
            turned_product(own_v, v_row, lo, hi, s, acc, p * e, keep)
            if not clean:
                _add_infinite(s, lo, hi, v, start[c], keys, p, word[c], words, acc)
    _finish(rows[t], acc, top, total, v_copy, out, lse)


@serial
def _mask(s, lo, hi, words, shift):
    """-inf, whatever was there, where the bit of row shift + lane is 0."""
    for c in range(lo, hi):
        store(s, c, where(words[c] >> np.uint64(shift), load(s, c)))


@serial
def _softmax_step(s, lo, hi, top, total, p):
    """Turn logits into exp(x - top), with panel p's top raised to this chunk's largest and its total brought along; what
    everything summed so far is to be multiplied by."""
    before = high = load(top, p)
    for c in range(lo, hi):
        high = greater(load(s, c), high)
    base, part = zero_for_lowest(high), zero(s)
    for c in range(lo, hi):
        weight = exp(load(s, c) - base)
        store(s, c, weight)
        part = part + weight
    keep = exp(before - base)
    store(top, p, high)
    store(total, p, fma(load(total, p), keep, part))
    return keep


@serial
def _add_infinite(weights, lo, hi, v, start, keys, p, word, words, acc):
    """Add the values that are not finite to the rows of panel p that attend to their keys.

    A weight below e^-87 of the row's largest is 0 in float32, and 0 x inf is NaN where float64 has inf.
    """
    width = lanes(weights)
    for c in range(lo, hi):
        row = key_of(start, keys, c)
        for x in range(v.shape[1]):
            value = number(v[row, x])
            if not math.isfinite(value):
                for u in range(width):
                    if word < 0 or test_bit(words[word, c], p * width + u):
                        acc[p * v.shape[1] + x, u] += weights[c, u] * value


@serial
def _finish(rows, acc, top, total, copy, out, lse):
    """out_i = acc / total, lse_i = top + log total; 0 and -inf where nothing was attended to. Adding 0 makes -0 a 0: which
    of them a sum of nothing but underflows comes to may hang on a key of weight 0."""
    width, e = lanes(acc), out.shape[1]
    for p in range(TILE // width):
        divisor = one_for_zero(load(total, p))
        for x in range(p * e, (p + 1) * e):
            store(acc, x, load(acc, x) / divisor + zero(acc))
    stand_up(acc, copy)
    for r in range(TILE):
        i, own_top, own_total = rows[r], top[r // width, r % width], total[r // width, r % width]
        if i >= 0 and own_total == 0:
            out[i], lse[i] = 0, -np.inf
        elif i >= 0:
            for x in range(e):
                out[i, x] = copy[r, x]
            lse[i] = (own_top if own_top > -np.inf else 0) + math.log(own_total)
