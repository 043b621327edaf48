"""Attention with options, and its gradients, in plain NumPy at a given precision.

Inputs, weights, outputs and gradients have `bits` significant bits, logits `logit_bits`. Sums are
float32, or float64 for more than 24 bits.

Symbols:  x logits, p weights, dp and dx the gradients of both, (H, n_q, n_k).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...sets.types import FloatArray
from ..calling.rounded_attention import Precision, as_working, round_to
from .statement import CaseInputs, Gradients, Result, cap, loss_gradient, sum_heads


class _Weights(NamedTuple):
    """p before rounding, the logits before the cap, lse (H, n_q)."""

    p: FloatArray
    raw_logits: FloatArray
    lse: FloatArray


def rounded_result(a: CaseInputs, to: Precision) -> Result:
    """out, lse and the gradients, at a precision; v has no NaN."""
    weights = _weights(a, to)
    p = round_to(weights.p, to.bits)
    values = as_working(a.values, to.bits)
    out = round_to(p @ values, to.bits)
    result = Result(out, weights.lse)
    if a.grad_out is None:
        return result
    grad = as_working(loss_gradient(a), to.bits)
    dp = round_to(grad @ values.mT, to.bits)
    delta = (grad * out).sum(axis=-1, keepdims=True)
    dx = p * (dp - delta)
    if a.softcap:
        tanh = np.tanh(weights.raw_logits / a.softcap)
        dx = dx * (1 - tanh**2)
    dx = _to_bits(dx, grad, to)
    keys = as_working(a.k, to.bits)[a.kv]
    queries = as_working(a.q, to.bits)
    exact_sums = (
        dx @ keys * a.scale,
        sum_heads(a, dx.mT @ queries * a.scale),
        sum_heads(a, p.mT @ grad),
    )
    dq, dk, dv = (_to_bits(x, grad, to) for x in exact_sums)
    return result._replace(gradients=Gradients(dq, dk, dv))


def _to_bits(x: FloatArray, like: FloatArray, to: Precision) -> FloatArray:
    """x in the dtype of another array, rounded."""
    return round_to(x.astype(like.dtype), to.bits)


def _weights(a: CaseInputs, to: Precision) -> _Weights:
    """The weights; 0 in rows without keys."""
    q = as_working(a.q, to.bits)
    k = as_working(a.k, to.bits)
    dtype = q.dtype
    products = q @ k[a.kv].mT
    scaled = (products * a.scale).astype(dtype)
    raw_logits = round_to(scaled, to.logit_bits)
    logits = cap(raw_logits, a.softcap).astype(dtype)
    logits = round_to(logits, to.logit_bits)
    x = np.where(a.m > 0, logits, -np.inf).astype(dtype)
    no_sinks = np.full(len(q), -np.inf)
    sinks = no_sinks if a.sinks is None else a.sinks
    sink = sinks[:, None, None].astype(dtype)
    largest = x.max(axis=-1, keepdims=True, initial=-np.inf)
    top = np.maximum(largest, sink)
    finite_top = np.where(np.isneginf(top), 0, top)
    p = a.m * np.exp(x - finite_top)
    total = p.sum(axis=-1, keepdims=True)
    total = total + np.exp(sink - finite_top)
    with np.errstate(divide="ignore"):
        lse = np.log(total) + finite_top
    p = p / np.where(total == 0, 1, total)
    return _Weights(p.astype(dtype), raw_logits, lse[..., 0])
