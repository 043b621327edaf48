"""Attention and its gradients in plain NumPy at a precision: what rounding alone costs there, from which all tolerances are taken.

Inputs, weights, outputs and gradients have `bits` significant bits, logits `of_logits`, sums are those of float32, or of float64
where there are more bits. Nothing is imported but NumPy, for this is part of what others are judged by.

Symbols:  x logits, p weights, dp and ds their gradients, (H, n_q, n_k);  m how often each key counts;  per = H / G.
"""

from __future__ import annotations

import numpy as np

BITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}  # of the significand


def rounded(x, bits: int) -> np.ndarray:
    """x with a significand of so many bits, in the dtype that it has."""
    fraction, exponent = np.frexp(x)
    return (
        x
        if bits >= 24
        else np.ldexp(np.rint(np.ldexp(fraction, bits)), exponent - bits).astype(x.dtype)
    )


def working(x, bits: int) -> np.ndarray:
    """x rounded to so many bits, in the dtype that sums are made in."""
    return rounded(np.asarray(x, np.float64 if bits > 24 else np.float32), bits)


def weighed(q, k, m, scale: float, bits: int, of_logits: int) -> tuple[np.ndarray, np.ndarray]:
    """(p before it is rounded, lse (H, n_q)) of q (H, n_q, d) and k (G, n_k, d); 0 and -inf in rows without keys."""
    q, k = working(q, bits), np.repeat(working(k, bits), len(q) // len(k), axis=0)
    x = np.where(m > 0, rounded((q @ k.mT * scale).astype(q.dtype), of_logits), -np.inf).astype(
        q.dtype
    )
    top = x.max(axis=-1, keepdims=True)
    top = np.where(np.isneginf(top), 0, top)
    p = m * np.exp(x - top)
    total = p.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return (p / np.where(total == 0, 1, total)).astype(q.dtype), (np.log(total) + top)[..., 0]


def attended(q, k, v, m, scale: float, bits: int, of_logits: int) -> tuple[np.ndarray, np.ndarray]:
    """(out (H, n_q, e), lse (H, n_q)) of q (H, n_q, d), k (G, n_k, d), v (G, n_k, e)."""
    p, lse = weighed(q, k, m, scale, bits, of_logits)
    return rounded(
        rounded(p, bits) @ np.repeat(working(v, bits), len(q) // len(v), axis=0), bits
    ), lse


def differentiated(
    grad, q, k, v, m, scale: float, bits: int, of_logits: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dq, dk, dv), of the shapes of q, k and v, for the gradient of the output, (H, n_q, e)."""
    per = len(q) // len(k)
    p = rounded(weighed(q, k, m, scale, bits, of_logits)[0], bits)
    grad, q, k, v = (working(x, bits) for x in (grad, q, k, v))
    dp = rounded(grad @ np.repeat(v, per, axis=0).mT, bits)
    ds = rounded(p * (dp - (p * dp).sum(axis=-1, keepdims=True)), bits)
    of_heads = ds @ np.repeat(k, per, axis=0) * scale, ds.mT @ q * scale, p.mT @ grad
    dq, dk, dv = (rounded(x.astype(q.dtype), bits) for x in of_heads)
    dk, dv = (rounded(x.reshape(len(k), per, *x.shape[1:]).sum(axis=1), bits) for x in (dk, dv))
    return dq, dk, dv
