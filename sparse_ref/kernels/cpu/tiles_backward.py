"""The gradients over the same gather-tiles, by recomputation: each weight once, for dq, dk and dv.

    P_ij = exp(x_ij - lse_i)
    dP_ij = g_i . v_j     dx_ij = scale P_ij (dP_ij - g_i . out_i)     dq_i = sum_j dx_ij k_j
    dv_j = sum_i P_ij g_i     dk_j = sum_i dx_ij q_i

Tiles are cut into slabs (`key_slabs`), each of them one thread's. Only members matter here, too: dx
and P are 0 where pairs are not connected, and what is not finite in q, k or g stays out of the
products as in the forward pass.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..._jit import inline, multithread, serial
from ..._jit.vectors import (
    exp,
    fma,
    lanes,
    load,
    lower,
    next_item,
    one,
    store,
    zero,
    zero_unless,
)
from ...lower import ALL_ONES, TILE, key_of, single_bit
from ..arguments import ForwardPass
from .chunk import (
    active_columns,
    all_finite,
    load_queries,
    load_rows,
    store_rows,
    zero_nonfinite,
    zero_panels,
)
from .nonfinite import add_nonfinite_keys, add_nonfinite_queries
from .product import add_transpose_product, lane_product, product
from .tiles import SINGLE_LANES


class Workspace(NamedTuple):
    """What a thread computes a tile in; `weights` are P, `slopes` dx / scale, both (keys, rows)."""

    queries: np.ndarray  # panels
    grads: np.ndarray
    outs: np.ndarray
    sums: np.ndarray  # of dq
    query_rows: np.ndarray  # in pieces as wide as a panel
    grad_rows: np.ndarray
    keys: np.ndarray  # a chunk's, if copied
    finite_keys: np.ndarray
    values: np.ndarray
    logits: np.ndarray  # a panel's
    piece: np.ndarray
    weights: np.ndarray
    slopes: np.ndarray
    delta: np.ndarray  # of each row
    lse: np.ndarray
    lse_rest: np.ndarray  # what lse is in float64, less what it is in the dtype
    bits: np.ndarray  # the rows that attend to each key


@multithread
def backward_tiles(queue, pieces, x, key_heads, scale, tiles, slabs, gradients):
    """Add to gradients = (dq (H, n_q, d), dk (groups, rows, d'), dv (groups, rows, e')).

    d' and e' are whole rows of a panel; x are ForwardPass arrays; a piece is a slab of a key head.
    """
    dq, dk, dv = gradients
    d, e = x.q.shape[2], x.v.shape[2]
    space = workspace(d, e, dk.shape[2], dv.shape[2], dq)
    groups = len(key_heads.key)
    piece = next_item(queue)
    while piece < pieces:
        s, y = piece // groups, piece % groups
        g, place = key_heads.key[y], key_heads.place[y]
        finite = key_heads.finite[y]
        low = slabs.low[s]
        first, end = slabs.offset[s], slabs.offset[s + 1]
        dk_slab, dv_slab = dk[place, first:end], dv[place, first:end]
        for t in range(slabs.bounds[s], slabs.bounds[s + 1]):
            for h in key_heads.queries[key_heads.first[y] : key_heads.first[y + 1]]:
                head = head_of(x, h, g)
                targets = dq[h], dk_slab, dv_slab
                backward_tile(head, scale, tiles, t, finite, space, low, targets)
        piece = next_item(queue)


@inline
def head_of(x, h, g):
    """The ForwardPass arrays of query head h, which reads key head g."""
    grad, q = x.grad[h], x.q[h]
    out, lse = x.out[h], x.lse[h]
    k, v = x.k[g], x.v[g]
    return ForwardPass(grad, q, k, v, out, lse)


@inline
def workspace(d, e, whole_d, whole_e, like):
    """A Workspace for queries of d and values of e numbers, in whole rows of a panel where cut."""
    width, dtype = lanes(like), like.dtype
    rows = (TILE // width, width)
    return Workspace(
        zero_panels(d, like),
        zero_panels(e, like),
        zero_panels(e, like),
        zero_panels(d, like),
        np.zeros((whole_d // width * TILE, width), dtype),
        np.zeros((whole_e // width * TILE, width), dtype),
        np.empty((TILE, d), dtype),
        np.empty((TILE, d), dtype),
        np.empty((TILE, e), dtype),
        np.empty((TILE, width), dtype),
        np.empty((TILE, width), dtype),
        np.empty((TILE, TILE), dtype),
        np.empty((TILE, TILE), dtype),
        np.empty(rows, dtype),
        np.empty(rows, dtype),
        np.empty(rows, dtype),
        np.empty(TILE, np.uint64),
    )


@inline
def backward_tile(x, scale, tiles, t, finite, space, low, gradients):
    """What one tile of queries gives to its rows of dq, and to its keys' rows of dk and dv."""
    dq, dk, dv = gradients
    rows = tiles.rows[t]
    space.sums[:] = 0
    number = dq.dtype.type
    load_queries(x.q, rows, number(scale), space.keys, space.queries)
    load_queries(x.grad, rows, number(1), space.values, space.grads)
    finite_queries = cut_rows(space.keys, space.query_rows)
    finite_grads = cut_rows(space.values, space.grad_rows)
    load_queries(x.out, rows, number(1), space.values, space.outs)
    load_deltas(space, x.grad.shape[1])
    alive = load_live_rows(rows, x.lse, space)
    for c in range(tiles.ptr[t], tiles.ptr[t + 1]):
        start = tiles.start[c]
        lo, hi, clean = differentiate_chunk(x, tiles, c, finite, alive, space)
        if hi:
            columns, listed = (lo, hi), (start, tiles.keys)
            add_to_keys(space.slopes, space.query_rows, columns, listed, low, space.piece, dk)
            add_to_keys(space.weights, space.grad_rows, columns, listed, low, space.piece, dv)
        if not clean:
            add_nonfinite_keys(space.slopes, space.bits, x.k, start, tiles.keys, space.sums)
        if not (finite_queries and finite_grads):
            listed, bits = (start, tiles.keys), space.bits
            slopes, weights = space.slopes, space.weights
            add_nonfinite_queries(slopes, bits, x.q, rows, number(scale), listed, low, dk)
            add_nonfinite_queries(weights, bits, x.grad, rows, number(1), listed, low, dv)
    store_rows(space.sums, space.keys)
    for r in range(TILE):
        i = rows[r]
        if i >= 0:
            for z in range(dq.shape[1]):
                dq[i, z] += space.keys[r, z] * number(scale)


@inline
def differentiate_chunk(x, tiles, chunk, finite, alive, space):
    """P and dx / scale of a tile's rows and a chunk's keys, and their part of dq.

    (lo, hi, clean): only keys lo <= c < hi have any weight, hi = 0 for none; whether all are
    finite.
    """
    start, word = tiles.start[chunk], tiles.word[chunk]
    d, e = x.q.shape[1], x.v.shape[1]
    width = lanes(space.logits)
    keys, k_row = load_rows(x.k, start, tiles.keys, space.keys, True)
    values, v_row = load_rows(x.v, start, tiles.keys, space.values, True)
    finite_keys, finite_row, clean = keys, k_row, True
    if not finite:
        finite_keys, finite_row = load_rows(x.k, start, tiles.keys, space.finite_keys, False)
        clean = zero_nonfinite(space.finite_keys)
    for y in range(TILE):
        space.bits[y] = alive if word < 0 else tiles.words[word, y] & alive
    full = word < 0 and alive == ALL_ONES
    if not full:
        space.weights[:] = 0
        space.slopes[:] = 0
    first, end = TILE, 0
    for p in range(TILE // width):
        lo, hi = 0, TILE
        if not full:
            lo, hi = active_columns(space.bits, p * width, width)
        if lo == hi:
            continue
        first, end = min(lo, first), max(hi, end)
        product(keys, k_row, lo, hi, space.queries, p * d, space.logits)
        product(values, v_row, lo, hi, space.grads, p * e, space.piece)
        differentiate_panel(lo, hi, p, full, space)
        s, keep = space.logits, one(space.logits)
        add_transpose_product(finite_keys, finite_row, lo, hi, s, space.sums, p * d, keep)
    return first, end, clean


@serial
def cut_rows(rows, out):
    """Write the rows in pieces of as many numbers as there are lanes; whether all are finite.

    out[y TILE + r, u] is number y lanes + u of row r, 0 if that is not finite.
    """
    width, finite = lanes(out), True
    for r in range(TILE):
        odd = not all_finite(rows[r])
        finite &= not odd
        for z in range(rows.shape[1]):
            piece, lane = z // width, z % width
            is_nonfinite = odd and not math.isfinite(rows[r, z])
            out[piece * TILE + r, lane] = 0 if is_nonfinite else rows[r, z]
    return finite


@inline
def load_deltas(space, e):
    """Write delta_i = g_i . out_i into each row's lane.

    It is added up as g_i . v_j is, so that it is the same number if j has all the weight.
    """
    for p in range(len(space.delta)):
        delta = lane_product(space.outs, space.grads, p * e, e)
        store(space.delta, p, delta)


@inline
def load_live_rows(rows, lse, space):
    """Write each row's lse into its lane; a word of the rows that attend to anything."""
    space.lse[:] = 0
    space.lse_rest[:] = 0
    alive, width = np.uint64(0), lanes(space.lse)
    for r in range(TILE):
        i = rows[r]
        if i >= 0 and lse[i] != -np.inf:
            alive |= single_bit(r)
            p, lane = r // width, r % width
            space.lse[p, lane] = lse[i]
            if math.isfinite(lse[i]):
                rounded = np.float64(space.lse[p, lane])
                space.lse_rest[p, lane] = lse[i] - rounded
    return alive


@inline
def differentiate_panel(lo, hi, p, full, space):
    """From the logits and dP of panel p: P, and dx / scale, which replaces the logits as well."""
    s = space.logits
    delta, lse = load(space.delta, p), load(space.lse, p)
    rest = load(space.lse_rest, p)
    across, shift = TILE // lanes(s), np.uint64(p * lanes(s))
    for c in range(lo, hi):
        logit = load(s, c)
        weight = exp(lower(logit - lse - rest, zero(s)))
        if lanes(s) == SINGLE_LANES:
            weight = fma(logit, zero(s), weight)  # NaN if the logit overflows
        slope = weight * (load(space.piece, c) - delta)
        if not full:
            bits = space.bits[c] >> shift
            weight, slope = zero_unless(bits, weight), zero_unless(bits, slope)
        store(space.weights, c * across + p, weight)
        store(space.slopes, c * across + p, slope)
        store(s, c, slope)


@serial
def add_to_keys(weights, rows, columns, listed, low, piece, out):
    """out_j += sum_r weights[c, r] x_r for the keys lo <= c < hi of a chunk, columns = (lo, hi)."""
    lo, hi = columns
    start, keys = listed
    across = len(rows) // TILE
    for y in range(across):
        product(weights, 0, lo, hi, rows, y * TILE, piece)
        for c in range(lo, hi):
            place = (key_of(start, keys, c) - low) * across + y
            store(out, place, load(out, place) + load(piece, c))
