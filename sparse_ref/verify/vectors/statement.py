"""Dense attention on the arrays of a case, in float64, with its options and its gradients.

It is a second statement, next to `attend`. The known bugs are small changes of it.

Symbols:  x logits, (H, n_q, n_k);  m how many times a key counts, (H, n_q, n_k);  p weights;
dx the gradient of the logits;  kv[h] the key head of query head h;  c the soft cap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...sets.types import BoolArray, FloatArray, IntArray
from .paging import Pages, gather
from .sequences import Sequences

OptionalArray = FloatArray | None
Arrays = Mapping[str, np.ndarray]  # the arrays of a case, by name
Entry = Mapping[str, Any]  # a case in index.json


class Gradients(NamedTuple):
    """The gradients of q, k and v, in their shapes."""

    dq: FloatArray
    dk: FloatArray
    dv: FloatArray


class Result(NamedTuple):
    """What attention returns: out (H, n_q, e), lse (H, n_q), and gradients if it is asked for."""

    out: FloatArray
    lse: FloatArray
    gradients: Gradients | None = None

    def by_name(self) -> dict[str, FloatArray]:
        """The arrays by name."""
        arrays = {"out": self.out, "lse": self.lse}
        return arrays if self.gradients is None else arrays | self.gradients._asdict()


@dataclass(frozen=True, eq=False)
class CaseInputs:
    """The inputs of a case in float64, and how they are used.

    q : (H, n_q, d);  k : (G, n_k, d);  v : (G, n_k, e);  m : (H, n_q, n_k);  kv : (H,).
    softcap : c, 0 for none.
    sinks : a logit per head (H,), or None.
    grad_out : (H, n_q, e) if the case asks for gradients.
    sequences : the packed sequences, if there are any.
    pages : what k and v were gathered from, if they are in pages.
    topk : the selected keys (H, n_q, K), -1 for none, if they are selected.
    """

    q: FloatArray
    k: FloatArray
    v: FloatArray
    m: FloatArray
    kv: IntArray
    scale: float
    softcap: float = 0.0
    sinks: FloatArray | None = None
    grad_out: FloatArray | None = None
    sequences: Sequences | None = None
    pages: Pages | None = None
    topk: IntArray | None = None

    @classmethod
    def from_arrays(cls, arrays: Arrays, entry: Entry) -> CaseInputs:
        """The inputs in the arrays of a case."""
        pages = Pages.from_arrays(arrays)
        k, v = (arrays["k"], arrays["v"]) if pages is None else gather(pages)
        heads, kv_heads = len(arrays["q"]), len(k)
        return cls(
            q=arrays["q"].astype(np.float64),
            k=k.astype(np.float64),
            v=v.astype(np.float64),
            m=arrays["mask"].astype(np.float64),
            kv=np.arange(heads) // (heads // kv_heads),
            scale=entry["scale"],
            softcap=entry["softcap"],
            sinks=_optional(arrays, "sinks"),
            grad_out=_optional(arrays, "grad_out"),
            sequences=Sequences.from_arrays(arrays),
            pages=pages,
            topk=arrays.get("topk"),
        )

    @property
    def x(self) -> FloatArray:
        """The logits, capped if there is a soft cap."""
        return cap(self.raw_logits, self.softcap)

    @property
    def raw_logits(self) -> FloatArray:
        """scale q . k"""
        with np.errstate(invalid="ignore", over="ignore"):
            return self.q @ self.k[self.kv].mT * self.scale

    @property
    def values(self) -> FloatArray:
        """v (H, n_k, e), repeated for the query heads."""
        return self.v[self.kv]

    @property
    def empty(self) -> BoolArray:
        """Which rows have no keys, (H, n_q)."""
        return self.m.sum(axis=-1) == 0

    def result(self) -> Result:
        """out and lse, and the gradients if the case asks for them."""
        result = softmax(self.x, self.m, self.values, self.sinks)
        if self.grad_out is None:
            return result
        return result._replace(gradients=gradients(self, result))


def _optional(arrays: Arrays, name: str) -> FloatArray | None:
    """An array in float64, if there is one of this name."""
    return arrays[name].astype(np.float64) if name in arrays else None


def cap(x: FloatArray, softcap: float) -> FloatArray:
    """c tanh(x / c); x if c is 0."""
    return softcap * np.tanh(x / softcap) if softcap else x


def softmax(x: FloatArray, m: FloatArray, v: FloatArray, sinks: OptionalArray = None) -> Result:
    """out_i = sum_j P_ij v_j,  P_ij = m_ij exp(x_ij - lse_i);  0 and -inf in rows without keys.

    A sink s adds exp(s) to the sum in lse.
    """
    # rounded_attention at 53 bits is the same, except with NaN. It multiplies v by weights of 0,
    # and some cases have NaN in v at non-members, where 0 * NaN would be NaN.
    sink = np.full(len(x), -np.inf) if sinks is None else sinks
    sink = sink[:, None, None]
    with np.errstate(all="ignore"):
        x = np.where(m > 0, x, -np.inf)
        largest = x.max(axis=-1, keepdims=True, initial=-np.inf)
        top = np.maximum(largest, sink)
        finite_top = np.where(top == -np.inf, 0, top)
        p = m * np.exp(x - finite_top)
        total = p.sum(axis=-1, keepdims=True) + np.exp(sink - finite_top)
        lse = np.log(total) + top
        is_member = m[..., None] > 0
        terms = p[..., None] * v[:, None]
        sums = np.where(is_member, terms, 0).sum(axis=2)
        out = sums / np.where(total == 0, 1, total)
        return Result(out, lse[..., 0])


def weights(a: CaseInputs, lse: FloatArray) -> FloatArray:
    """p_ij = m_ij exp(x_ij - lse_i), 0 in rows without keys."""
    finite_lse = np.where(np.isneginf(lse), 0, lse)
    x = np.where(a.m > 0, a.x, -np.inf)
    with np.errstate(over="ignore"):
        return a.m * np.exp(x - finite_lse[..., None])


def delta(a: CaseInputs, out: FloatArray) -> FloatArray:
    """grad_out_i . out_i, which is the mean of dp_ij with weights p_ij, (H, n_q)."""
    return (loss_gradient(a) * out).sum(axis=-1)


def loss_gradient(a: CaseInputs) -> FloatArray:
    """grad_out of a case that asks for gradients."""
    if a.grad_out is None:
        raise ValueError("the case asks for no gradients")
    return a.grad_out


def gradients(
    a: CaseInputs,
    result: Result,
    row_delta: FloatArray | None = None,
    derivative: bool = True,
) -> Gradients:
    """dq, dk and dv, from out and lse; with another delta, or without the soft cap's derivative."""
    dq, dk, dv = head_gradients(a, result, row_delta, derivative)
    return Gradients(dq, sum_heads(a, dk), sum_heads(a, dv))


def head_gradients(
    a: CaseInputs,
    result: Result,
    row_delta: FloatArray | None = None,
    derivative: bool = True,
) -> Gradients:
    """dq, dk and dv of each query head, before the sums over the heads that share a key head.

    dv_j = sum_i p_ij g_i,  dx_ij = p_ij (g_i . v_j - delta_i),  dq_i = scale sum_j dx_ij k_j,
    dk_j = scale sum_i dx_ij q_i;  with a soft cap dx_ij is multiplied by 1 - tanh^2.
    """
    p = weights(a, result.lse)
    row_delta = delta(a, result.out) if row_delta is None else row_delta
    grad = loss_gradient(a)
    dp = grad @ a.values.mT
    dx = p * (dp - row_delta[..., None])
    if a.softcap and derivative:
        dx = dx * (1 - np.tanh(a.raw_logits / a.softcap) ** 2)
    dq = dx @ a.k[a.kv] * a.scale
    dk = dx.mT @ a.q * a.scale
    dv = p.mT @ grad
    return Gradients(dq, dk, dv)


def sum_heads(a: CaseInputs, x: FloatArray) -> FloatArray:
    """The sums over the query heads that read each key head."""
    total = np.zeros((len(a.k), *x.shape[1:]))
    np.add.at(total, a.kv, x)
    return total
