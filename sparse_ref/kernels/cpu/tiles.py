"""Attention over gather-tiles: 64 queries at a time against 64 keys, in panels of 16 or 8.

Two small matrix products and an online softmax for each panel of a chunk. One kernel for every
pattern; no n x n anywhere. Consecutive keys are read in place; a panel passes over keys that none
of its rows attends to.

Weights are in `unit`s, so that none vanishes where the output is a float32 number. What overflows
shows as inf or NaN in the output: sums of values do, and in float32 a row with a logit of -inf,
which may have overflowed, gets NaN.

Only members matter: the logits of pairs that are not connected become -inf whatever they were, and
values that are not finite stay out of the product, where 0 x NaN would spread; they are added to
their own rows only.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..._jit import inline, multithread, serial
from ..._jit.vectors import (
    exp,
    fma,
    greater,
    lanes,
    load,
    lowest_unless,
    next_item,
    one_for_zero,
    store,
    unit,
    unit_exp,
    widen,
    zero,
    zero_for_lowest,
    zero_unless,
)
from ...lower import TILE, key_of, test_bit
from .chunk import (
    active_columns,
    load_queries,
    load_rows,
    store_rows,
    zero_nonfinite,
    zero_panels,
)
from .product import add_transpose_product, product

SINGLE_LANES = 16  # of float32, which is made again in float64 where it is NaN


class Workspace(NamedTuple):
    """What a thread computes a tile in.

    Panels of queries; a chunk's keys and values, if copied; a panel's logits; and for each row of
    the tile the sum of values, the largest logit so far, and the sum of exp(x - largest), both sums
    in `unit`s.
    """

    queries: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    logits: np.ndarray
    sums: np.ndarray
    top: np.ndarray
    total: np.ndarray


@multithread
def attend_tiles(queue, pieces, x, heads, scale, tiles, visit, results):
    """Write results = (out (H, n_q, e), lse (H, n_q)) of these heads; a piece is a tile of a head.

    A third result, bool (H,), becomes True for a head with inf or NaN in out. x are Vectors, heads
    are Heads; `visit` is the order in which tiles are begun.
    """
    out, lse, is_lost = results
    space = workspace(x.q.shape[2], x.v.shape[2], out)
    piece = next_item(queue)
    while piece < pieces:
        y, t = piece // len(visit), visit[piece % len(visit)]
        h, g = heads.query[y], heads.key[y]
        vectors = x.q[h], x.k[g], x.v[g]
        finite = heads.finite[y]
        rows = out[h], lse[h]
        if attend_tile(vectors, scale, tiles, t, finite, space, rows):
            is_lost[h] = True
        piece = next_item(queue)


@inline
def workspace(d, e, like):
    """A Workspace for queries of d and values of e numbers."""
    width, dtype = lanes(like), like.dtype
    rows = (TILE // width, width)
    return Workspace(
        zero_panels(d, like),
        np.empty((TILE, d), dtype),
        np.empty((TILE, e), dtype),
        np.empty((TILE, width), dtype),
        zero_panels(e, like),
        np.empty(rows, dtype),
        np.empty(rows, dtype),
    )


@inline
def attend_tile(vectors, scale, tiles, t, finite, space, results):
    """One tile's rows of out and lse, of one head; whether out has inf or NaN."""
    q, k, v = vectors
    out, lse = results
    d, e, width = q.shape[1], v.shape[1], lanes(out)
    s = space.logits
    space.sums[:] = 0
    space.top[:] = -np.inf
    space.total[:] = 0
    factor = out.dtype.type(scale)
    load_queries(q, tiles.rows[t], factor, space.keys, space.queries)
    for c in range(tiles.ptr[t], tiles.ptr[t + 1]):
        start, word = tiles.start[c], tiles.word[c]
        keys, k_row = load_rows(k, start, tiles.keys, space.keys, True)
        values, v_row = load_rows(v, start, tiles.keys, space.values, finite)
        clean = finite or zero_nonfinite(space.values)
        for p in range(TILE // width):
            lo, hi = 0, TILE
            if word >= 0:
                lo, hi = active_columns(tiles.words[word], p * width, width)
            if lo == hi:
                continue
            product(keys, k_row, lo, hi, space.queries, p * d, s)
            nans = zero(s)
            if word >= 0:
                nans = mask_logits(s, lo, hi, tiles.words[word], p * width)
            keep = softmax_step(s, lo, hi, space, p, nans, word < 0)
            add_transpose_product(values, v_row, lo, hi, s, space.sums, p * e, keep)
            if not clean:
                add_nonfinite(s, (lo, hi), v, tiles, c, p, space.sums)
    return finish_tile(tiles.rows[t], space, out, lse)


@inline
def mask_logits(s, lo, hi, words, shift):
    """-inf, whatever was there, if the bit of row shift + lane is 0.

    NaN for a row with a member whose logit is inf or NaN, 0 for others.
    """
    nans, nothing = zero(s), zero(s)
    for c in range(lo, hi):
        bits, logit = words[c] >> np.uint64(shift), load(s, c)
        store(s, c, lowest_unless(bits, logit))
        nans = fma(zero_unless(bits, logit), nothing, nans)
    return nans


@inline
def softmax_step(s, lo, hi, space, p, nans, full):
    """Turn logits into exp(x - top); what every earlier sum is to be multiplied by.

    Panel p's top rises to this chunk's largest logit, and its total follows. A row that is NaN in
    `nans` gets NaN; in a chunk that is `full` it is found here.
    """
    top, total = space.top, space.total
    before, nothing = load(top, p), zero(s)
    high = before
    for c in range(lo, hi):
        logit = load(s, c)
        high = greater(logit, high)
        if full:
            nans = fma(logit, nothing, nans)
    base, part = zero_for_lowest(high), nothing
    if lanes(s) == SINGLE_LANES:
        base = base + nans
    for c in range(lo, hi):
        weight = unit_exp(load(s, c) - base)
        store(s, c, weight)
        part = part + weight
    keep = exp(before - base)
    store(top, p, high)
    store(total, p, fma(load(total, p), keep, part))
    return keep


@serial
def add_nonfinite(weights, columns, v, tiles, chunk, p, sums):
    """Add the values that are not finite to the rows of panel p that attend to their keys.

    A weight below e^-142 of the row's largest is 0 in float32, and 0 x inf is NaN where float64 has
    inf.
    """
    width, e = lanes(weights), v.shape[1]
    word = tiles.word[chunk]
    for c in range(columns[0], columns[1]):
        row = key_of(tiles.start[chunk], tiles.keys, c)
        for x in range(e):
            value = widen(v[row, x])
            if math.isfinite(value):
                continue
            for u in range(width):
                if word < 0 or test_bit(tiles.words[word, c], p * width + u):
                    sums[p * e + x, u] += weights[c, u] * value


@inline
def finish_tile(rows, space, out, lse):
    """out_i = sum / total and lse_i = top + log total; 0 and -inf if a row attended to nothing.

    Returns whether there is inf or NaN. Adding 0 makes -0 a 0: which of them a sum of nothing but
    underflows comes to may depend on a key of weight 0.
    """
    sums, width, e = space.sums, lanes(out), out.shape[1]
    nothing, nans = zero(sums), zero(sums)
    for p in range(TILE // width):
        nans = fma(load(space.total, p), nothing, nans)
        divisor = one_for_zero(load(space.total, p))
        for x in range(p * e, (p + 1) * e):
            value = load(sums, x) / divisor + nothing
            nans = fma(value, nothing, nans)
            store(sums, x, value)
    store_rows(sums, space.values)
    for r in range(TILE):
        i = rows[r]
        if i < 0:
            continue
        p, lane = r // width, r % width
        total = space.total[p, lane] / unit(sums)
        top = np.float64(space.top[p, lane])
        for x in range(e):
            out[i, x] = 0 if total == 0 else space.values[r, x]
        base = top if top > -np.inf else 0
        lse[i] = -np.inf if total == 0 else base + math.log(total)
    store(space.top, 0, nans)
    is_lost = False
    for lane in range(width):
        is_lost |= space.top[0, lane] != 0
    return is_lost
