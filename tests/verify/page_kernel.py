"""The kernels of docs/test-your-kernel.md in NumPy; a test writes this file as mykernel.py.

Symbols:  q (batch, heads, n_q, d);  k, v (batch, kv heads, n_k, d);  x logits.
"""

import numpy as np

KEYS = 256


def attention(q, k, v, keys=KEYS, offset=None, change=lambda x, i, j: x, masked=-np.inf, sink=None):
    """Causal attention over the last keys; computes in float32."""
    group = q.shape[1] // k.shape[1]
    n_q, n_k = q.shape[2], k.shape[2]
    start = n_k - n_q if offset is None else offset
    i, j = np.ogrid[start : start + n_q, :n_k]
    queries, k, v = (x.astype(np.float32) for x in (q, k, v))
    x = change(queries @ k.repeat(group, axis=1).mT * q.shape[-1] ** -0.5, i, j)
    x = np.where((j <= i) & (i - j < keys), x, np.float32(masked))
    if sink is not None:
        x = np.append(x, np.full_like(x[..., :1], sink), axis=-1)
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    return (p[..., :n_k] @ v.repeat(group, axis=1)).astype(q.dtype)


def one_key_more(q, k, v):
    """A window of 257."""
    return attention(q, k, v, keys=257)


def wrong_key_head(q, k, v):
    """Query head h reads key head h % G."""
    group = q.shape[1] // k.shape[1]
    return attention(q, np.tile(k, (1, group, 1, 1)), np.tile(v, (1, group, 1, 1)))


def upper_left(q, k, v):
    """Queries are counted from key 0."""
    return attention(q, k, v, offset=0)


def tile_dropped(q, k, v):
    """The last tile of 64 queries is left out if it is not full."""
    out = attention(q, k, v)
    out[:, :, q.shape[2] // 64 * 64 :] = 0
    return out


def softcap(q, k, v):
    """50 tanh(x / 50)."""
    return attention(q, k, v, change=lambda x, i, j: 50 * np.tanh(x / 50))


def sinks(q, k, v):
    """A logit of 0.5 without a value."""
    return attention(q, k, v, sink=0.5)


def alibi(q, k, v):
    """Slopes 1/2 to 1/256."""
    slopes = 2.0 ** -np.arange(1, 9, dtype=np.float32)[:, None, None]
    return attention(q, k, v, change=lambda x, i, j: x - slopes * (i - j))


def fill(q, k, v):
    """Masked logits are -1e4."""
    return attention(q, k, v, masked=-1e4)


def scale(q, k, v):
    """No 1 / sqrt(d)."""
    return attention(q * q.shape[-1] ** 0.5, k, v)


def rope(q, k):
    """q and k turned by their positions."""
    return rotate(q), rotate(k)


def rotate(x):
    """Pairs of features, half the width apart, turned."""
    n, d = x.shape[-2:]
    half = d // 2
    angle = np.arange(n)[:, None] / 10000 ** (np.arange(half) / half)
    cos, sin = np.cos(angle), np.sin(angle)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1).astype(x.dtype)


def transform(q, k, v):
    """Rotary embeddings inside."""
    return attention(*rope(q, k), v)


def lse(q, k, v):
    """lse in base 2."""
    group = q.shape[1] // k.shape[1]
    x = q @ k.repeat(group, axis=1).mT * q.shape[-1] ** -0.5
    i, j = np.ogrid[: x.shape[-2], : x.shape[-1]]
    x = np.where((j <= i) & (i - j < KEYS), x, -np.inf)
    top = x.max(axis=-1, keepdims=True)
    total = np.log2(np.exp(x - top).sum(axis=-1))
    return attention(q, k, v), total + top[..., 0] / np.log(2)
