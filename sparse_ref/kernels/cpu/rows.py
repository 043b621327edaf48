"""One query at a time over CSR: forward by an online softmax, backward by recomputation.

The plainest fast form. Logits are float64, and weights in `unit`s as over tiles.
"""

from __future__ import annotations

import math

import numpy as np

from ..._jit import multithread, serial
from ..._jit.vectors import next_item, unit

ROWS = 16  # of a piece


def pieces_of(heads: int, rows: int) -> int:
    """How many pieces these rows of each head are."""
    return heads * -(-rows // ROWS)


@multithread
def attend_rows(queue, pieces, x, heads, scale, sets, out, lse):
    """Write out (H, n_q, e), lse (H, n_q) of these heads, lse in float64.

    x are Vectors, sets = (indptr, indices).
    """
    indptr, indices = sets
    n = x.q.shape[1]
    slices = (n + ROWS - 1) // ROWS
    piece = next_item(queue)
    while piece < pieces:
        h, g = heads.query[piece // slices], heads.key[piece // slices]
        k, v = x.k[g], x.v[g]
        begin = piece % slices * ROWS
        for i in range(begin, min(begin + ROWS, n)):
            keys = indices[indptr[i] : indptr[i + 1]]
            q, row = x.q[h, i], out[h, i]
            lse[h, i] = attend_row(q, k, v, keys, scale, row)
        piece = next_item(queue)


@serial
def attend_row(q, k, v, keys, scale, out):
    """Write out_i, return lse_i: top is the largest logit so far, total the sum of exp(x - top)."""
    top, total, one = -np.inf, 0.0, np.float64(unit(out))
    out[:] = 0
    for j in keys:
        x = dot(q, k[j]) * scale
        if x > top:
            shrink = math.exp(top - x)
            total *= shrink
            for c in range(len(out)):
                out[c] *= shrink
            top = x
        base = top if top > -np.inf else 0.0
        weight = one * math.exp(x - base)
        total += weight
        for c in range(len(out)):
            out[c] += weight * v[j, c]
    if total == 0.0:
        out[:] = 0
        return -np.inf
    for c in range(len(out)):
        out[c] /= total
    return (top if top > -np.inf else 0.0) + math.log(total / one)


@serial
def dot(a, b):
    """a . b in float64, in order."""
    total = 0.0
    for c in range(len(a)):
        total += np.float64(a[c]) * np.float64(b[c])
    return total


@multithread
def backward_queries(queue, pieces, x, heads, scale, sets, dq):
    """dq_i = scale sum_{j in A_i} dx_ij k_j, with dx_ij = P_ij (g_i . v_j - g_i . out_i).

    x are Forward arrays in which query head h reads key head heads[h].
    """
    indptr, indices = sets
    n = dq.shape[1]
    slices = (n + ROWS - 1) // ROWS
    piece = next_item(queue)
    while piece < pieces:
        h = piece // slices
        k, v = x.k[heads[h]], x.v[heads[h]]
        begin = piece % slices * ROWS
        for i in range(begin, min(begin + ROWS, n)):
            if x.lse[h, i] == -np.inf:  # no key has any weight
                continue
            for j in indices[indptr[i] : indptr[i + 1]]:
                logit = dot(x.q[h, i], k[j]) * scale
                p = math.exp(logit - x.lse[h, i])
                dp = dot(x.grad[h, i], v[j])
                dx = p * (dp - x.delta[h, i]) * scale
                for c in range(dq.shape[2]):
                    dq[h, i, c] += dx * k[j, c]
        piece = next_item(queue)


@multithread
def backward_keys(queue, pieces, x, first, scale, sets, dk, dv):
    """dk_j += scale sum_{i : j in A_i} dx_ij q_i and dv_j += sum_i P_ij g_i, over transposed sets.

    Query heads first[g], ..., first[g + 1] - 1 read key head g. Each key of each key head is one
    thread's, which adds them up in turn.
    """
    indptr, indices = sets
    n = dk.shape[1]
    slices = (n + ROWS - 1) // ROWS
    piece = next_item(queue)
    while piece < pieces:
        g, begin = piece // slices, piece % slices * ROWS
        for j in range(begin, min(begin + ROWS, n)):
            queries = indices[indptr[j] : indptr[j + 1]]
            key_value = x.k[g, j], x.v[g, j]
            gradients = dk[g, j], dv[g, j]
            for h in range(first[g], first[g + 1]):
                add_to_key(x, h, queries, scale, key_value, gradients)
        piece = next_item(queue)


@serial
def add_to_key(x, h, queries, scale, key_value, gradients):
    """Add what the queries of head h give to one key's dk and dv."""
    k, v = key_value
    dk, dv = gradients
    for i in queries:
        lse = x.lse[h, i]
        if lse == -np.inf:
            continue
        p = math.exp(dot(x.q[h, i], k) * scale - lse)
        dp = dot(x.grad[h, i], v)
        dx = p * (dp - x.delta[h, i]) * scale
        for c in range(len(dk)):
            dk[c] += dx * x.q[h, i, c]
        for c in range(len(dv)):
            dv[c] += p * x.grad[h, i, c]
