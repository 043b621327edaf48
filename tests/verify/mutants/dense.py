"""Attention of any length in plain NumPy, in parts that a mutant or a style changes.

Symbols:  i query;  j key;  x logits, -inf if masked;  p weights.
"""

import numpy as np
from verify.implementations import softmax

NONE = np.float32(-np.inf)


def causal(i, j):
    """Keys up to the query."""
    return j <= i


def full(i, j):
    """Every key."""
    return (i >= 0) & (j >= 0)


def lookback(keys):
    """The last so many keys up to the query."""
    return lambda i, j: (j <= i) & (j > i - keys)


def same(x, i, j):
    """Logits as they are."""
    return x


def repeated(x, q):
    """A key head for each query head: consecutive query heads share one."""
    return np.repeat(x, len(q) // len(x), axis=0)


def positions(q, k, from_end=False):
    """(i, j) as a column and a row; from_end counts queries so that the last is the last key."""
    n_q, n_k = q.shape[1], k.shape[1]
    i, j = np.arange(n_q)[:, None], np.arange(n_k)[None]
    return (i + n_k - n_q if from_end else i), j


def dense(
    mask=causal,
    *,
    change=same,
    weigh=softmax,
    fill=-np.inf,
    additive=False,
    scale=None,
    from_end=False,
):
    """fn(q, k, v) -> out over mask(i, j): `change` the logits, mask them, `weigh` them."""

    def fn(q, k, v):
        k, v = repeated(k, q), repeated(v, q)
        i, j = positions(q, k, from_end)
        factor = np.float32(q.shape[-1] ** -0.5 if scale is None else scale)
        x = change(q @ k.mT * factor, i, j).astype(np.float32)
        masked = np.where(mask(i, j), x, np.float32(fill))
        if additive:
            masked = x + np.where(mask(i, j), 0, fill).astype(np.float32)
        return weigh(masked) @ v

    return fn


def with_lse(mask=causal, *, base=np.e, change=same, sinks=None, axes=(0, 1)):
    """fn(q, k, v) -> (out, lse): lse of this base, (H, n_q) with its axes in another order."""
    dense_fn = dense(
        mask, change=change, weigh=sink_weights(sinks) if sinks is not None else softmax
    )

    def fn(q, k, v):
        i, j = positions(q, k)
        x = change(q @ repeated(k, q).mT * np.float32(q.shape[-1] ** -0.5), i, j)
        x = np.where(mask(i, j), x, NONE)
        if sinks is not None:
            x = np.concatenate([x, sink_column(sinks, x)], axis=-1)
        lse = np.logaddexp.reduce(x, axis=-1) / np.float32(np.log(base))
        return dense_fn(q, k, v), lse.transpose(axes)

    return fn


def capped(cap):
    """A soft cap."""
    return lambda x, i, j: cap * np.tanh(x / cap)


def alibi(slopes):
    """ALiBi: -slope (i - j)."""
    by_head = np.asarray(slopes, np.float32)[:, None, None]
    return lambda x, i, j: x - by_head * (i - j)


def usual_slopes(heads):
    """2^(-8 h / H), h from 1."""
    return 2.0 ** (-8 * np.arange(1, heads + 1) / heads)


def sink_column(sinks, x):
    """A column with a sink's logit in each row of each head."""
    column = np.broadcast_to(np.asarray(sinks, np.float32).reshape(-1, 1, 1), (len(x), 1, 1))
    return np.repeat(column, x.shape[1], axis=1)


def sink_weights(sinks):
    """A softmax with one member more, whose value is 0: a sink of one logit, or one per head."""

    def weigh(x):
        return softmax(np.concatenate([x, sink_column(sinks, x)], axis=-1))[..., :-1]

    return weigh


def rotated(x, first=0, base=10000.0, halves=True):
    """RoPE (Su et al. 2021): features turned by position, in halves or in neighbouring pairs."""
    pairs = x.shape[-1] // 2
    angle = (np.arange(x.shape[-2])[:, None] + first) / base ** (np.arange(pairs) / pairs)
    a, b = (x[..., :pairs], x[..., pairs:]) if halves else (x[..., ::2], x[..., 1::2])
    turned = a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)
    if halves:
        return np.concatenate(turned, axis=-1).astype(x.dtype)
    return np.stack(turned, axis=-1).reshape(x.shape).astype(x.dtype)


def transformed(change, fn=None):
    """fn after change(q, k)."""
    inner = dense() if fn is None else fn
    return lambda q, k, v: inner(*change(q, k), v)


def gradients(mask=causal, cap=None, dq=1.0, dk=1.0, dv=1.0, scale=None):
    """vjp(q, k, v, grad) -> (dq, dk, dv) of dense attention, each off by a factor."""

    def vjp(q, k, v, grad):
        keys, values = repeated(k, q), repeated(v, q)
        i, j = positions(q, k)
        factor = np.float32(q.shape[-1] ** -0.5 if scale is None else scale)
        x = q @ keys.mT * factor
        slope = np.float32(1)
        if cap is not None:
            x = cap * np.tanh(x / cap)
            slope = 1 - (x / cap) ** 2
        p = softmax(np.where(mask(i, j), x, NONE))
        dp = grad @ values.mT
        dx = p * (dp - (p * dp).sum(axis=-1, keepdims=True)) * slope * factor
        parts = dx @ keys * dq, summed(dx.mT @ q, k) * dk, summed(p.mT @ grad, v) * dv
        return tuple(part.astype(np.float32) for part in parts)

    return vjp


def summed(x, k):
    """Gradients of repeated heads as those of the key heads that they share."""
    return x.reshape(len(k), -1, *x.shape[1:]).sum(axis=1)
