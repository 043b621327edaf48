"""Attention as other people write it: dense NumPy over a bool mask, right and wrong in known ways.
Nothing of the library.
"""

import numpy as np


def tri(n_q, n_k=None, offset=0, keys=None):
    """j <= i + offset, and the last `keys` of these alone where given; spelled out pair by pair."""
    n_k = n_q if n_k is None else n_k
    return np.array(
        [
            [j <= i + offset and (keys is None or j > i + offset - keys) for j in range(n_k)]
            for i in range(n_q)
        ]
    )


def spread(q, k, v):
    """k and v with a head for each head of q: consecutive heads of q share one."""
    return q, np.repeat(k, len(q) // len(k), axis=0), np.repeat(v, len(q) // len(v), axis=0)


def softmax(x):
    """0 in rows that are all -inf."""
    top = x.max(axis=-1, keepdims=True)
    p = np.exp(x - np.where(top == -np.inf, np.float32(0), top))
    total = p.sum(axis=-1, keepdims=True)
    return p / np.where(total == 0, np.float32(1), total)


def masked(mask, *, scale=None, fill=-np.inf, additive=False, weigh=softmax):
    """fn(q, k, v) over `mask`, (n_q, n_k) or one for each head; `fill` replaces masked logits, or
    is added to them.
    """

    def fn(q, k, v):
        q, k, v = spread(q, k, v)
        x = q @ k.swapaxes(1, 2) * np.float32(q.shape[-1] ** -0.5 if scale is None else scale)
        x = (
            x + np.where(mask, 0, fill).astype(np.float32)
            if additive
            else np.where(mask, x, np.float32(fill))
        )
        return weigh(x) @ v

    return fn


def rowwise(members):
    """fn that gathers: row i of head h is softmax over the list members(h, i), repeats and all, in
    plain loops.
    """

    def fn(q, k, v):
        q, k, v = spread(q, k, v)
        out = np.zeros((*q.shape[:2], v.shape[2]), np.float32)
        for h, i in np.ndindex(out.shape[:2]):
            j = np.array(members(h, i), int)
            if len(j):
                x = k[h, j] @ q[h, i] / np.sqrt(q.shape[-1])
                p = np.exp(x - x.max())
                out[h, i] = p @ v[h, j] / p.sum()
        return out

    return fn


def online(mask, tile=3):
    """fn that streams tiles of keys past a running maximum, as fused kernels do."""

    def fn(q, k, v):
        q, k, v = spread(q, k, v)
        q = q / np.float32(np.sqrt(q.shape[-1]))
        top, total = (
            np.full((*q.shape[:2], 1), -np.inf, np.float32),
            np.zeros((*q.shape[:2], 1), np.float32),
        )
        acc = np.zeros((*q.shape[:2], v.shape[2]), np.float32)
        for j in range(0, k.shape[1], tile):
            x = np.where(
                mask[..., j : j + tile], q @ k[:, j : j + tile].swapaxes(1, 2), np.float32(-np.inf)
            )
            new = np.maximum(top, x.max(axis=-1, keepdims=True))
            base = np.where(new == -np.inf, np.float32(0), new)
            p, keep = np.exp(x - base), np.exp(top - base)
            total, acc, top = (
                total * keep + p.sum(axis=-1, keepdims=True),
                acc * keep + p @ v[:, j : j + tile],
                new,
            )
        return acc / np.where(total == 0, np.float32(1), total)

    return fn
