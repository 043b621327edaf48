"""The statement of what is meant: outputs, log-sum-exps and gradients of some rows, in NumPy.

It is computed in float64, or at the precision of a kernel, by `rounded_attention`.

Symbols:  sets (H, rows, n_k), how often each key counts;  x logits, (H, rows, n_k).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...sets.types import FloatArray, IntArray
from ..calling.rounded_attention import (
    EXACT,
    Precision,
    Score,
    attention,
    gradients,
    key_products,
)
from .meaning import Meaning

STEP = 1e-5  # of q and k, for the derivative of a transform


class Inputs(NamedTuple):
    """q (H, n_q, d), k (G, n_k, d) and v (G, n_k, e)."""

    q: FloatArray
    k: FloatArray
    v: FloatArray


@dataclass(frozen=True, eq=False)
class Statement:
    """What is meant, for so many heads, queries and keys.

    offset : the key that is at query 0, which counts for ALiBi only.
    """

    meaning: Meaning
    heads: int
    n: tuple[int, int]
    d: int
    offset: int = 0

    @property
    def scale(self) -> float:
        """The factor of q . k."""
        return self.d**-0.5 if self.meaning.scale is None else self.meaning.scale

    @property
    def is_plain(self) -> bool:
        """Whether equal q and k give equal logits, and no weight goes to a sink."""
        meaning = self.meaning
        return not meaning.has_bias and meaning.transform is None and meaning.sinks is None

    @property
    def log_unit(self) -> float:
        """What a natural logarithm is multiplied by to be in the base of lse."""
        return float(np.log2(np.e)) if self.meaning.lse == "base2" else 1.0

    def score(self, queries: IntArray | None = None) -> Score:
        """The logits and sinks of some queries, or of all."""
        if queries is None:
            queries = np.arange(self.n[0])
        keys = np.arange(self.n[1])
        bias = self.meaning.bias_at(self.heads, queries, keys, self.offset)
        sinks = self.meaning.sinks_of(self.heads)
        return Score(self.scale, self.meaning.softcap, bias, sinks)

    def transform(self, q: Any, k: Any) -> tuple[FloatArray, FloatArray]:
        """q and k as they are multiplied, in float64."""
        q = np.asarray(q, np.float64)
        k = np.asarray(k, np.float64)
        if self.meaning.transform is None:
            return q, k
        with np.errstate(all="ignore"):
            new_q, new_k = self.meaning.transform(q.copy(), k.copy())
        new_q = np.asarray(new_q, np.float64)
        new_k = np.asarray(new_k, np.float64)
        _check_shape("q", new_q, q)
        _check_shape("k", new_k, k)
        return new_q, new_k

    def logits(self, q: Any, k: Any, queries: IntArray) -> FloatArray:
        """x of some queries, (H, rows, n_k)."""
        q, k = self.transform(q, k)
        return self.score(queries).logits(key_products(q[:, queries], k))

    def attend(
        self,
        inputs: Inputs,
        sets: Any,
        queries: IntArray,
        precision: Precision = EXACT,
    ) -> tuple[FloatArray, FloatArray]:
        """(out (H, rows, e), lse (H, rows)) of some queries; lse in its declared base."""
        q, k = self.transform(inputs.q, inputs.k)
        q_rows, score = q[:, queries], self.score(queries)
        out, lse = attention(q_rows, k, inputs.v, sets, score, precision)
        return out, lse * self.log_unit

    def gradients(
        self,
        grad: FloatArray,
        inputs: Inputs,
        sets: Any,
        queries: IntArray,
        precision: Precision = EXACT,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(dq, dk, dv), of the shapes of q, k and v, if only some queries have a gradient.

        `grad` is that of their outputs, (H, rows, e).
        """
        q, k = self.transform(inputs.q, inputs.k)
        q_rows, score = q[:, queries], self.score(queries)
        dq_rows, dk, dv = gradients(grad, q_rows, k, inputs.v, sets, score, precision)
        dq = np.zeros(q.shape, dq_rows.dtype)
        dq[:, queries] = dq_rows
        if self.meaning.transform is None:
            return dq, dk, dv
        dq, dk = self._before_transform(inputs, dq, dk)
        return dq, dk, dv

    def _before_transform(
        self, inputs: Inputs, dq: FloatArray, dk: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """The gradients of q and k from those of the transformed ones, by central differences.

        The transform acts on each position of each head by itself.
        """
        q = np.asarray(inputs.q, np.float64)
        k = np.asarray(inputs.k, np.float64)
        new_dq, new_dk = np.zeros_like(q), np.zeros_like(k)
        for feature in range(self.d):
            step = np.zeros(self.d)
            step[feature] = STEP
            up_q, up_k = self.transform(q + step, k + step)
            down_q, down_k = self.transform(q - step, k - step)
            change_q = (up_q - down_q) * dq
            change_k = (up_k - down_k) * dk
            new_dq[..., feature] = change_q.sum(axis=-1) / (2 * STEP)
            new_dk[..., feature] = change_k.sum(axis=-1) / (2 * STEP)
        return new_dq, new_dk


def _check_shape(name: str, new: FloatArray, old: FloatArray) -> None:
    """Refuse another number of heads or positions after a transform."""
    if new.shape[:2] != old.shape[:2]:
        raise ValueError(f"transform must return {name} of shape {old.shape}, got {new.shape}")
