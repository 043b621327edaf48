"""Attention and its gradients in plain NumPy at a given precision: the error of rounding only.

All tolerances come from that error. Inputs, weights, outputs and gradients have `bits` significant
bits, and logits have `logit_bits`. Sums are float32, or float64 for more than 24 bits: at 53 bits
this is the statement itself. NumPy is the only import, since other code is judged by this.

Symbols:  x logits, p weights, dp and ds their gradients, (H, n_q, n_k);  m how often each key
counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
RowsAndLse = tuple[Floats, NDArray[Any]]  # weights or outputs, and log-sum-exps
BITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}  # of the significand
PRECISIONS = BITS | {"tf32": 11, "int8": 6, "float8_e4m3": 4, "float8_e5m2": 3}


def bits_of(dtype: str) -> int:
    """Bits of the significand, at most 24: input is float32, and results are judged as such."""
    return min(PRECISIONS[dtype], 24)


def spacing(dtype: str) -> float:
    """The distance from 1 to the next larger number, at most 24 bits counted."""
    return 2.0 ** (1 - bits_of(dtype))


class Precision(NamedTuple):
    """Bits of the significand of everything but the logits, and of the logits."""

    bits: int
    logit_bits: int


EXACT = Precision(53, 53)


class Score(NamedTuple):
    """The logit of a pair, x = c tanh(scale q . k / c) + bias, and a logit per head for the sink.

    softcap : c; None for x = scale q . k + bias.
    bias : broadcasts to (H, n_q, n_k); None for 0.
    sinks : (H,), a member of every row of a head, of value 0; None for no such member.
    """

    scale: float
    softcap: float | None = None
    bias: Any = None
    sinks: Any = None

    def logits(self, products: Floats) -> Floats:
        """x of the products q . k, (H, n_q, n_k)."""
        x = products * self.scale
        if self.softcap is not None:
            x = self.softcap * np.tanh(x / self.softcap)
        return x if self.bias is None else x + self.bias

    def slopes(self, products: Floats) -> Floats | float:
        """dx / d(scale q . k)"""
        if self.softcap is None:
            return 1.0
        return 1 - np.tanh(products * self.scale / self.softcap) ** 2


def round_to(x: Floats, bits: int) -> Floats:
    """x with a significand of so many bits, in its own dtype."""
    if bits >= 24:
        return x
    fraction, exponent = np.frexp(x)
    whole = np.rint(np.ldexp(fraction, bits))
    return np.ldexp(whole, exponent - bits).astype(x.dtype)


def digits_of(out: Any) -> str:
    """The least of bfloat16 and float16 that has all of these numbers; "" if neither has.

    A float32 output whose numbers all have the digits of bfloat16 was computed in bfloat16: it must
    not be judged as float32.
    """
    numbers = np.asarray(out)[np.isfinite(out)].astype(np.float32)
    if not numbers.size or not numbers.any():
        return ""
    for dtype in ("bfloat16", "float16"):
        if np.array_equal(round_to(numbers, PRECISIONS[dtype]), numbers):
            return dtype
    return ""


def as_working(x: Any, bits: int) -> Floats:
    """x rounded to so many bits, in the dtype of the sums."""
    return round_to(np.asarray(x, np.float64 if bits > 24 else np.float32), bits)


def key_products(q: Floats, k: Floats) -> Floats:
    """q . k of every pair, (H, n_q, n_k), of q (H, n_q, d) and k (G, n_k, d)."""
    keys = np.repeat(k, len(q) // len(k), axis=0)
    return q @ keys.mT


def weights(
    q: Any,
    k: Any,
    m: Any,
    score: Score | float,
    precision: Precision,
) -> RowsAndLse:
    """(p before rounding, lse (H, n_q)) of q (H, n_q, d), k (G, n_k, d).

    Rows without keys have p = 0, and lse -inf or the logit of their sink. `score` may be the scale
    only.
    """
    score = score if isinstance(score, Score) else Score(score)
    q = as_working(q, precision.bits)
    k = as_working(k, precision.bits)
    logits = score.logits(key_products(q, k)).astype(q.dtype)
    return softmax(round_to(logits, precision.logit_bits), m, score.sinks)


def softmax(x: Floats, m: Any, sinks: Any = None) -> RowsAndLse:
    """(p, lse) of logits x (H, n_q, n_k), with the sinks (H,) in the sum."""
    x = np.where(m > 0, x, -np.inf).astype(x.dtype)
    top = x.max(axis=-1, keepdims=True)
    if sinks is not None:
        sinks = np.asarray(sinks, x.dtype)[:, None, None]
        top = np.maximum(top, sinks)
    top = np.where(np.isneginf(top), 0, top)
    p = m * np.exp(x - top)
    total = p.sum(axis=-1, keepdims=True)
    if sinks is not None:
        total = total + np.exp(sinks - top)
    with np.errstate(divide="ignore"):
        lse = np.log(total) + top
    p = p / np.where(total == 0, 1, total)
    return p.astype(x.dtype), lse[..., 0]


def attention(
    q: Any,
    k: Any,
    v: Any,
    m: Any,
    score: Score | float,
    precision: Precision,
) -> RowsAndLse:
    """(out (H, n_q, e), lse (H, n_q)) of q (H, n_q, d), k (G, n_k, d), v (G, n_k, e)."""
    bits = precision.bits
    p, lse = weights(q, k, m, score, precision)
    group = len(q) // len(v)
    values = np.repeat(as_working(v, bits), group, axis=0)
    return round_to(round_to(p, bits) @ values, bits), lse


def gradients(
    grad: Any,
    q: Any,
    k: Any,
    v: Any,
    m: Any,
    score: Score,
    to: Precision,
) -> tuple[Floats, Floats, Floats]:
    """(dq, dk, dv), of the shapes of q, k and v, for the gradient of the output, (H, n_q, e)."""
    bits, group = to.bits, len(q) // len(k)
    p, _ = weights(q, k, m, score, to)
    p = round_to(p, bits)
    grad, q = as_working(grad, bits), as_working(q, bits)
    k, v = as_working(k, bits), as_working(v, bits)
    dp = round_to(grad @ np.repeat(v, group, axis=0).mT, bits)
    means = (p * dp).sum(axis=-1, keepdims=True)
    slopes = score.slopes(key_products(q, k))
    ds = p * (dp - means) * slopes
    ds = round_to(ds.astype(q.dtype), bits)
    dq = ds @ np.repeat(k, group, axis=0) * score.scale
    dk = ds.mT @ q * score.scale
    dv = p.mT @ grad

    def to_bits(x: Floats) -> Floats:
        return round_to(x.astype(q.dtype), bits)

    dk, dv = (sum_groups(to_bits(x), group) for x in (dk, dv))
    return to_bits(dq), to_bits(dk), to_bits(dv)


def sum_groups(x: Floats, group: int) -> Floats:
    """The sums over the `group` query heads of each key head."""
    heads, *rest = x.shape
    return x.reshape(heads // group, group, *rest).sum(axis=1)
