"""Attention over a few queries and keys in NumPy, in float64, many heads at once: nothing compiles.

The statement of `kernels.reference`, one query at a time of a block of heads. A head's bits depend
neither on the other heads nor on the block.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

HEADS = 256  # of a block: their queries, keys and values fit into the cache


def attend(vectors, heads, kv, scale, mask, results):
    """Write results = (out (H, n_q, e), lse (H, n_q)) of `heads`; as `launch.attend` otherwise."""
    q, k, v = vectors
    out, lse = results
    for h in blocks(heads):
        g = kv[h]
        queries = q[h].astype(np.float64)
        keys = k[g].astype(np.float64)
        values = v[g].astype(np.float64)
        for i, members in enumerate(mask):
            j = np.flatnonzero(members)
            row_keys, row_values = keys.take(j, 1), values.take(j, 1)
            row = attend_row(queries[:, i], row_keys, row_values, scale)
            out[h, i], lse[h, i] = row


def attend_row(q, k, v, scale) -> tuple[np.ndarray, np.ndarray]:
    """(out, lse) of one query per head:  q (H, d), its keys (H, m, d), their values (H, m, e)."""
    with np.errstate(invalid="ignore", over="ignore"):  # a member that is inf or NaN spreads
        x = scale * products(k, q)
        top = x.max(axis=1, initial=-np.inf)
        dead = top == -np.inf
        base = np.where(dead, 0, top)
        weights = np.exp(x - base[:, None])
        total = np.where(dead, 1, weights.sum(axis=1))
        out = sums(weights / total[:, None], v)
        lse = base + np.log(total)
    out = np.where(dead[:, None], 0, out)
    return out, np.where(dead, -np.inf, lse)


def backward(arrays, heads, kv, scale, mask, gradients):
    """Add to gradients = (dq, dk, dv) what the heads give; arrays = (grad, q, k, v, out, lse)."""
    dq, dk, dv = gradients
    for h in blocks(heads):
        g = kv[h]
        places = (h, h, g, g, h, h)
        chosen = [x[place] for x, place in zip(arrays, places)]
        block = [x.astype(np.float64) for x in chosen]
        block_dq, block_dk, block_dv = block_gradients(block, scale, mask)
        dq[h] += block_dq.astype(dq.dtype)
        np.add.at(dk, g, block_dk.astype(dk.dtype))  # heads that share keys add up in turn
        np.add.at(dv, g, block_dv.astype(dv.dtype))


def block_gradients(
    block,
    scale,
    mask,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dq, dk and dv of each head by itself."""
    grad, q, k, v, out, lse = block
    dq, dk, dv = (np.zeros_like(x) for x in (q, k, v))
    for i, members in enumerate(mask):
        live = np.flatnonzero(lse[:, i] != -np.inf)
        j = np.flatnonzero(members)
        place = np.ix_(live, j)
        g, keys = grad[live, i], k[place]
        with np.errstate(invalid="ignore", over="ignore"):
            delta = (g * out[live, i]).sum(axis=1)
            x = scale * products(keys, q[live, i])
            p = np.exp(x - lse[live, i, None])
            dx = scale * p * (products(v[place], g) - delta[:, None])
            dq[live, i] = sums(dx, keys)
            dk[place] += dx[..., None] * q[live, i, None]
            dv[place] += p[..., None] * g[:, None]
    return dq, dk, dv


def blocks(heads: np.ndarray) -> Iterator[np.ndarray]:
    """The heads, at most HEADS at a time."""
    for first in range(0, len(heads), HEADS):
        yield heads[first : first + HEADS]


def products(keys: np.ndarray, query: np.ndarray) -> np.ndarray:
    """k_j . q of each head:  (H, m, d), (H, d) -> (H, m)"""
    return (keys @ query[..., None])[..., 0]


def sums(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """sum_j w_j v_j of each head:  (H, m), (H, m, e) -> (H, e)"""
    return (weights[:, None] @ values)[:, 0]
