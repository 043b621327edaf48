"""Attention and its gradients in plain NumPy at a given precision: the error of rounding alone.

All tolerances come from that error. Inputs, weights, outputs and gradients have `bits` significant
bits, and logits have `logit_bits`. Sums are float32, or float64 for more than 24 bits. NumPy is the
only import, since other code is judged by this.

Symbols:  x logits, p weights, dp and ds their gradients, (H, n_q, n_k);  m how often each key
counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
BITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}  # of the significand


def bits_of(dtype: str) -> int:
    """Bits of the significand, at most 24: input is float32, and results are judged as such."""
    return min(BITS[dtype], 24)


def spacing(dtype: str) -> float:
    """The distance from 1 to the next larger number, at most 24 bits counted."""
    return 2.0 ** (1 - bits_of(dtype))


class Precision(NamedTuple):
    """Bits of the significand of everything but the logits, and of the logits."""

    bits: int
    logit_bits: int


def round_to(x: Floats, bits: int) -> Floats:
    """x with a significand of so many bits, in its own dtype."""
    if bits >= 24:
        return x
    fraction, exponent = np.frexp(x)
    whole = np.rint(np.ldexp(fraction, bits))
    return np.ldexp(whole, exponent - bits).astype(x.dtype)


def as_working(x: Any, bits: int) -> Floats:
    """x rounded to so many bits, in the dtype of the sums."""
    return round_to(np.asarray(x, np.float64 if bits > 24 else np.float32), bits)


def weights(
    q: Any, k: Any, m: Any, scale: float, precision: Precision
) -> tuple[Floats, NDArray[Any]]:
    """(p before rounding, lse (H, n_q)) of q (H, n_q, d), k (G, n_k, d); 0, -inf in empty rows."""
    group = len(q) // len(k)
    q, k = (as_working(x, precision.bits) for x in (q, k))
    products = q @ np.repeat(k, group, axis=0).mT
    logits = round_to((products * scale).astype(q.dtype), precision.logit_bits)
    x = np.where(m > 0, logits, -np.inf).astype(q.dtype)
    top = x.max(axis=-1, keepdims=True)
    top = np.where(np.isneginf(top), 0, top)
    p = m * np.exp(x - top)
    total = p.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        lse = np.log(total) + top
    p = p / np.where(total == 0, 1, total)
    return p.astype(q.dtype), lse[..., 0]


def attention(
    q: Any, k: Any, v: Any, m: Any, scale: float, precision: Precision
) -> tuple[Floats, NDArray[Any]]:
    """(out (H, n_q, e), lse (H, n_q)) of q (H, n_q, d), k (G, n_k, d), v (G, n_k, e)."""
    bits = precision.bits
    p, lse = weights(q, k, m, scale, precision)
    group = len(q) // len(v)
    values = np.repeat(as_working(v, bits), group, axis=0)
    return round_to(round_to(p, bits) @ values, bits), lse


def gradients(
    grad: Any,
    q: Any,
    k: Any,
    v: Any,
    m: Any,
    scale: float,
    to: Precision,
) -> tuple[Floats, Floats, Floats]:
    """(dq, dk, dv), of the shapes of q, k and v, for the gradient of the output, (H, n_q, e)."""
    bits, group = to.bits, len(q) // len(k)
    p, _ = weights(q, k, m, scale, to)
    p = round_to(p, bits)
    grad, q = as_working(grad, bits), as_working(q, bits)
    k, v = as_working(k, bits), as_working(v, bits)
    dp = round_to(grad @ np.repeat(v, group, axis=0).mT, bits)
    means = (p * dp).sum(axis=-1, keepdims=True)
    ds = round_to(p * (dp - means), bits)
    dq = ds @ np.repeat(k, group, axis=0) * scale
    dk = ds.mT @ q * scale
    dv = p.mT @ grad

    def to_bits(x: Floats) -> Floats:
        return round_to(x.astype(q.dtype), bits)

    dk, dv = (sum_groups(to_bits(x), group) for x in (dk, dv))
    return to_bits(dq), to_bits(dk), to_bits(dv)


def sum_groups(x: Floats, group: int) -> Floats:
    """The sums over the `group` query heads of each key head."""
    heads, *rest = x.shape
    return x.reshape(heads // group, group, *rest).sum(axis=1)
