"""Ten attentions as one meets them: each has passed its review, and each is wrong.

Arrays are q (heads, n, d), k and v (key heads, n, d).
"""

from __future__ import annotations

import numpy as np


def window_of_four(q, k, v, window=4):
    """Each query attends to the last 4 keys, itself included."""
    n, d = q.shape[1:]
    mask = np.tril(np.ones((n, n), bool))
    mask = np.triu(mask, k=-window)
    x = q @ k.mT / np.sqrt(d)
    x = np.where(mask, x, -np.inf)
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True) @ v


def grouped_queries(q, k, v):
    """Causal attention; consecutive query heads share a key head."""
    heads, n, d = q.shape
    group = heads // len(k)
    k = np.tile(k, (group, 1, 1))
    v = np.tile(v, (group, 1, 1))
    x = q @ k.mT / np.sqrt(d)
    x = np.where(np.tri(n, dtype=bool), x, -np.inf)
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True) @ v


def newest_queries(q, k, v):
    """Causal attention of the newest queries over all keys of the cache."""
    i = np.arange(q.shape[1])[:, None]
    j = np.arange(k.shape[1])
    x = q @ k.mT / np.sqrt(q.shape[-1])
    x = np.where(j <= i, x, -np.inf)
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True) @ v


def biased_window(q, k, v, window=4):
    """Each query attends to the last 4 keys, itself included."""
    n, d = q.shape[1:]
    distance = np.arange(n)[:, None] - np.arange(n)
    inside = (distance >= 0) & (distance < window)
    bias = np.where(inside, 0, -10_000)
    x = q @ k.mT / np.sqrt(d) + bias
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True) @ v


def all_keys_in_tiles(q, k, v, tile=8):
    """Every query attends to every key, a tile of 8 keys at a time."""
    heads, n, d = q.shape
    fill = ((0, 0), (0, -n % tile), (0, 0))
    k, v = np.pad(k, fill), np.pad(v, fill)
    top = np.full((heads, n, 1), -np.inf)
    total, out = 0, 0
    for start in range(0, k.shape[1], tile):
        keys = slice(start, start + tile)
        x = q @ k[:, keys].mT / np.sqrt(d)
        m = np.maximum(top, x.max(axis=-1, keepdims=True))
        p, decay = np.exp(x - m), np.exp(top - m)
        total = decay * total + p.sum(axis=-1, keepdims=True)
        out = decay * out + p @ v[:, keys]
        top = m
    return out / total


def causal_in_tiles(q, k, v, tile=4):
    """Causal attention, a tile of 4 keys at a time."""
    heads, n, d = q.shape
    i = np.arange(n)[:, None]
    x = np.full((heads, n, n), -np.inf)
    for t in range(max(n // tile, 1)):
        j = np.arange(t * tile, min((t + 1) * tile, n))
        logits = q @ k[:, j].mT / np.sqrt(d)
        x[..., j] = np.where(j <= i, logits, -np.inf)
    p = np.exp(x - x.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True) @ v


def causal_in_one_pass(q, k, v, tile=8):
    """Causal attention in one pass over the keys, a tile of 8 at a time."""
    heads, n, d = q.shape
    i = np.arange(n)[:, None]
    top = np.full((heads, n, 1), -np.inf)
    total, out = 0, 0
    for start in range(0, n, tile):
        j = np.arange(start, min(start + tile, n))
        x = q @ k[:, j].mT / np.sqrt(d)
        x = np.where(j <= i, x, -np.inf)
        m = np.maximum(top, x.max(axis=-1, keepdims=True))
        p, decay = np.exp(x - m), np.exp(top - m)
        total = decay * total + p.sum(axis=-1, keepdims=True)
        out = out + p @ v[:, j]
        top = m
    return out / total


def window_per_head(q, k, v, windows=(2, 4, 6, 8)):
    """Four heads over two key heads; head h attends to the last windows[h] keys."""
    heads, n, d = q.shape
    distance = np.arange(n)[:, None] - np.arange(n)
    out = np.zeros((heads, n, v.shape[-1]))
    for h in range(heads):
        g = h * len(k) // heads
        inside = (distance >= 0) & (distance < windows[g])
        x = q[h] @ k[g].T / np.sqrt(d)
        x = np.where(inside, x, -np.inf)
        p = np.exp(x - x.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        out[h] = p @ v[g]
    return out


def gathered_keys(q, k, v, sinks=2, window=4):
    """Each query attends to the first 2 keys and to the last 4, up to itself."""
    heads, n, d = q.shape
    out = np.zeros((heads, n, v.shape[-1]))
    for i in range(n):
        first = np.arange(min(sinks, i + 1))
        last = np.arange(max(0, i + 1 - window), i + 1)
        j = np.concatenate([first, last])
        query = q[:, i] / np.sqrt(d)
        x = np.einsum("hjd,hd->hj", k[:, j], query)
        p = np.exp(x - x.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        out[:, i] = np.einsum("hj,hjd->hd", p, v[:, j])
    return out


def ring_buffer(q, k, v, sinks=2, window=6):
    """Token by token with a cache of 8: the first 2 keys stay, then the last 6."""
    heads, n, d = q.shape
    size = sinks + window
    keys = np.zeros((heads, size, d))
    values = np.zeros((heads, size, v.shape[-1]))
    out = np.zeros((heads, n, v.shape[-1]))
    for i in range(n):
        slot = i % size
        keys[:, slot] = k[:, i]
        values[:, slot] = v[:, i]
        full = min(i + 1, size)
        query = q[:, i] / np.sqrt(d)
        x = np.einsum("hjd,hd->hj", keys[:, :full], query)
        p = np.exp(x - x.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        out[:, i] = np.einsum("hj,hjd->hd", p, values[:, :full])
    return out
