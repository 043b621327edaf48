"""The gradients over the same gather-tiles, by recomputation: each weight P_ij = exp(x_ij - lse_i) once, for dq, dk and dv.

    dP_ij = g_i . v_j     dx_ij = scale P_ij (dP_ij - g_i . out_i)     dq_i = sum_j dx_ij k_j
    dv_j = sum_i P_ij g_i     dk_j = sum_i dx_ij q_i

Tiles are cut into slabs (`slabs`), each of them one thread's. Only members matter here, too: dx and P are 0 where pairs are
not connected, and what is not finite in q, k or g is held out of the products as in the forward pass.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from ..._jit import parallel, serial
from ...lower import ALL_ONES, key_of, single_bit, test_bit
from .chunk import TILE, all_finite, cleaned, extent, lay_out, number, panels, read, stand_up
from .exponential import exp
from .product import product, turned_product
from .queue import take
from .vectors import lanes, load, lower, one, store, where_zero, zero


@parallel
def deltas(heads, grad, out, delta):
    """delta_i = g_i . out_i of the given heads, summed in float64."""
    n = delta.shape[1]
    for x in prange(len(heads) * n):
        h, i, total = heads[x // n], x % n, 0.0
        for z in range(out.shape[2]):
            total += np.float64(grad[h, i, z]) * np.float64(out[h, i, z])
        delta[h, i] = total


@parallel
def backward_tiles(threads, x, of_key_head, scale, plan, finite, slabs, dq, dk, dv):
    """Add to dq (H, n_q, d), dk (groups, rows, d'), dv (groups, rows, e'), d' and e' whole rows of a panel.

    x = (grad, q, k, v, delta, lse), delta_i = g_i . out_i. of_key_head = (present, place, first, heads): the query heads
    heads[first[y]:first[y + 1]] read key head present[y], whose gradients are dk[place[y]] and dv[place[y]].
    """
    grad, q, k, v, delta, lse = x
    present, place, first, heads = of_key_head
    bounds, low, offset = slabs
    queue = np.zeros(1, np.int64)
    for _ in prange(threads):
        room, u = _room(q.shape[2], v.shape[2], dk.shape[2], dv.shape[2], dq), take(queue)
        while u < len(low) * len(present):
            s, y = u // len(present), u % len(present)
            g = present[y]
            own_dk, own_dv = (
                dk[place[y], offset[s] : offset[s + 1]],
                dv[place[y], offset[s] : offset[s + 1]],
            )
            for t in range(bounds[s], bounds[s + 1]):
                for h in heads[first[y] : first[y + 1]]:
                    _tile(
                        (grad[h], q[h], k[g], v[g], delta[h], lse[h]),
                        scale,
                        plan,
                        t,
                        finite[g],
                        room,
                        low[s],
                        dq[h],
                        own_dk,
                        own_dv,
                    )
            u = take(queue)


@serial
def _room(d, e, whole_d, whole_e, like):
    """What a thread computes a tile in: panels of queries, gradients and dq; rows of queries and gradients in pieces; keys and
    values where they are copied; a panel's logits and what is added to keys; P and dx / scale; delta, lse, and bits."""
    width, dtype = lanes(like), like.dtype
    rows, square, own = (TILE, width), (TILE, TILE), (TILE // width, width)
    return (
        (panels(d, like), panels(e, like), panels(d, like)),
        (
            np.zeros((whole_d // width * TILE, width), dtype),
            np.zeros((whole_e // width * TILE, width), dtype),
        ),
        (np.empty((TILE, d), dtype), np.empty((TILE, d), dtype), np.empty((TILE, e), dtype)),
        (
            np.empty(rows, dtype),
            np.empty(rows, dtype),
            np.empty(square, dtype),
            np.empty(square, dtype),
        ),
        (np.empty(own, dtype), np.empty(own, dtype), np.empty(TILE, np.uint64)),
    )


@serial
def _tile(x, scale, plan, t, finite, room, low, dq, dk, dv):
    """What one tile of queries gives to its own rows of dq and to the rows of its keys in dk and dv."""
    grad, q, k, v, delta, lse = x
    rows, ptr, start, keys, word, words = plan
    (
        (queries, grads, acc),
        (q_rows, g_rows),
        (k_copy, k_clean, v_copy),
        (s, piece, p_all, ds_all),
        (own_delta, own_lse, bits),
    ) = room
    d, e, width, number_of = q.shape[1], v.shape[1], lanes(dq), dq.dtype.type
    acc[:], own_delta[:], own_lse[:] = 0, 0, 0
    lay_out(q, rows[t], number_of(scale), k_copy, queries)
    lay_out(grad, rows[t], number_of(1), v_copy, grads)
    sound = in_pieces(k_copy, q_rows) & in_pieces(v_copy, g_rows)
    alive = living(rows[t], delta, lse, own_delta, own_lse)
    for c in range(ptr[t], ptr[t + 1]):
        own_k, k_row = read(k, start[c], keys, k_copy, True)
        own_v, v_row = read(v, start[c], keys, v_copy, True)
        sum_k, sum_row = (own_k, k_row) if finite else read(k, start[c], keys, k_clean, False)
        clean = finite or cleaned(k_clean)
        for y in range(TILE):
            bits[y] = alive if word[c] < 0 else words[word[c], y] & alive
        full = word[c] < 0 and alive == ALL_ONES
        if not full:
            p_all[:], ds_all[:] = 0, 0
        least, most = TILE, 0
        for p in range(TILE // width):
            lo, hi = (0, TILE) if full else extent(bits, p * width, width)
            if lo == hi:
                continue
            least, most = min(lo, least), max(hi, most)
            product(own_k, k_row, lo, hi, queries, p * d, s)
            product(own_v, v_row, lo, hi, grads, p * e, piece)
            _differentiate(s, piece, lo, hi, p, bits, full, own_delta, own_lse, p_all, ds_all)
            turned_product(sum_k, sum_row, lo, hi, s, acc, p * d, one(s))
        if most:
            _add_to_keys(ds_all, q_rows, least, most, start[c], keys, low, piece, dk)
            _add_to_keys(p_all, g_rows, least, most, start[c], keys, low, piece, dv)
        if not clean:
            _add_infinite_keys(ds_all, bits, k, start[c], keys, acc)
        if not sound:
            _add_infinite_queries(
                ds_all, bits, q, rows[t], number_of(scale), start[c], keys, low, dk
            )
            _add_infinite_queries(p_all, bits, grad, rows[t], number_of(1), start[c], keys, low, dv)
    stand_up(acc, k_copy)
    for r in range(TILE):
        if rows[t, r] >= 0:
            for z in range(d):
                dq[rows[t, r], z] += k_copy[r, z] * number_of(scale)


@serial
def in_pieces(rows, out):
    """Write the rows in pieces of as many numbers as there are lanes: out[y B + r, u] is number y lanes + u of row r, 0 where that
    is not finite; whether all are."""
    width, sound = lanes(out), True
    for r in range(TILE):
        odd = not all_finite(rows[r])
        sound &= not odd
        for z in range(rows.shape[1]):
            out[z // width * TILE + r, z % width] = (
                0 if odd and not math.isfinite(rows[r, z]) else rows[r, z]
            )
    return sound


@serial
def living(rows, delta, lse, own_delta, own_lse):
    """Write delta and lse of each row into its lane; a word with the bits of the rows that attend to anything."""
    alive, width = np.uint64(0), lanes(own_lse)
    for r in range(TILE):
        i = rows[r]
        if i >= 0 and lse[i] != -np.inf:
            alive |= single_bit(r)
            own_delta[r // width, r % width], own_lse[r // width, r % width] = delta[i], lse[i]
    return alive


@serial
def _differentiate(s, dp, lo, hi, p, bits, full, delta, lse, p_all, ds_all):
    """From the logits s and dP of panel p: P into p_all, and dx / scale into ds_all and s; both (keys, rows)."""
    own_delta, own_lse, across, shift = (
        load(delta, p),
        load(lse, p),
        TILE // lanes(s),
        np.uint64(p * lanes(s)),
    )
    for c in range(lo, hi):
        weight = exp(lower(load(s, c) - own_lse, zero(s)))
        slope = weight * (load(dp, c) - own_delta)
        if not full:
            weight, slope = (
                where_zero(bits[c] >> shift, weight),
                where_zero(bits[c] >> shift, slope),
            )
        store(p_all, c * across + p, weight)
        store(ds_all, c * across + p, slope)
        store(s, c, slope)


@serial
def _add_to_keys(weights, x_rows, lo, hi, start, keys, low, piece, out):
    """out_j += sum_r weights[c, r] x_r for the keys lo <= c < hi of a chunk."""
    across = len(x_rows) // TILE
    for y in range(across):
        product(weights, 0, lo, hi, x_rows, y * TILE, piece)
        for c in range(lo, hi):
            at = (key_of(start, keys, c) - low) * across + y
            store(out, at, load(out, at) + load(piece, c))


@serial
def _add_infinite_keys(ds, bits, k, start, keys, acc):
    """What keys that are not finite add to dq of their own rows."""
    width, d = lanes(acc), k.shape[1]
    for c in range(TILE):
        row = key_of(start, keys, c)
        if not all_finite(k[row]):
            for r in range(TILE):
                if test_bit(bits[c], r):
                    for z in range(d):
                        value = number(k[row, z])
                        if not math.isfinite(value):
                            acc[r // width * d + z, r % width] += ds[c, r] * value


@serial
def _add_infinite_queries(weights, bits, x, rows, factor, start, keys, low, out):
    """What rows of x that are not finite add to their own keys."""
    for r in range(TILE):
        if rows[r] >= 0 and not all_finite(x[rows[r]]):
            for c in range(TILE):
                if test_bit(bits[c], r):
                    j = key_of(start, keys, c)
                    for z in range(x.shape[1]):
                        value = number(x[rows[r], z]) * factor
                        if not math.isfinite(value):
                            out[j - low, z] += weights[c, r] * value
