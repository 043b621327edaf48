"""Adaptive span: each head learns how far it looks back, by a ramp that its weights are times.

Sukhbaatar et al. 2019, "Adaptive Attention Span in Transformers", arXiv 1905.07799, sec. 2.2; the
code published with it, `adaptive_span.py` of facebookresearch/adaptive-span.

Symbols:  L the greatest span;  R the ramp;  z in [0, 1] of each head;  x the distance to a key;
m(x) = min(max((R + z L - x) / R, 0), 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...patterns import Band, Window
from ...sets.checks import integer
from ...sets.pattern import Pattern
from ...sets.types import FloatArray
from ..self_attention import self_attention_arrays
from .row_weights import (
    HeadArrays,
    Row,
    attend_by_rows,
    attend_by_rows_backward,
    head_arrays,
    row_output,
    shape_like,
    weights_of_rows,
)

SpanRule = Literal["paper", "code"]


@dataclass(frozen=True)
class AdaptiveSpan:
    """out_i = sum_j m(x_ij) e_ij v_j / sum_j m(x_ij) e_ij,  e_ij = exp(scale q_i . k_j),  j < i

    Membership is soft: 1 near the query, 0 beyond z L + R, a ramp of R keys between. The query is
    no key of its own.

    Parameters
    ----------
    span : L, the most keys, i - L <= j <= i - 1.
    ramp : R, above 0; 32 in the published code.
    rule : "paper", x = i - j; "code", x = i - j - 1, so that the previous token is at 0 and the
        ramp ends one key later. The code also adds 1e-8 to the denominator, unlike a softmax.
    scale : the factor of the logits; 1 / sqrt(d) unless given.

    Differs: paper and code add relative position embeddings to the keys, left to the caller. The
    code keeps L keys from before the sequence in a cache; here a query has the i keys before it,
    and query 0, without any, gives 0. The loss is coefficient L mean(z), and z is clamped to [0, 1]
    after each step: the caller's, too.

    Source: Sukhbaatar et al. 2019, eq. 5 and 6.

    >>> import sparse_ref as sr
    >>> layer = sr.published.AdaptiveSpan(span=4, ramp=2.0)
    >>> layer.membership(z=0.5)         # at the distances 1, 2, 3, 4
    array([1. , 1. , 0.5, 0. ])
    >>> print(sr.picture(layer.sets([0.5])[0], 6))
    ······
    █·····
    ██····
    ███···
    ·███··
    ··███·
    """

    span: int
    ramp: float = 32.0
    rule: SpanRule = "paper"
    scale: float | None = None

    def __post_init__(self):
        integer("AdaptiveSpan: span", self.span, 1)
        if not self.ramp > 0:
            raise ValueError(f"AdaptiveSpan: ramp must be above 0, got {self.ramp}")
        if self.rule not in ("paper", "code"):
            raise ValueError(f"AdaptiveSpan: rule must be 'paper' or 'code', got {self.rule!r}")

    def membership(self, z: float) -> FloatArray:
        """m at the distances 1, 2, ..., L, float64."""
        distances = np.arange(1, self.span + 1)
        return self._ramp(z, distances).clip(0, 1)

    def sets(self, z: ArrayLike) -> tuple[Pattern, ...]:
        """{ j : m(x_ij) > 0 }, the keys that have any weight, a pattern for each head."""
        return tuple(map(self._set, self._spans(z)))

    def __call__(
        self,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        z: ArrayLike,
    ) -> np.ndarray:
        """out (H, n, e) or (n, e), in the dtype of q, from q (H, n, d), k (G, n, d), v (G, n, e),
        G dividing H, or two axes for one head, and z (H,) in [0, 1]. Float64, row by row.
        """
        heads, weighing = self._rows(q, k, v, z)
        return row_output(as_array("q", q), attend_by_rows(heads, weighing))

    def mixing(self, q: ArrayLike, k: ArrayLike, z: ArrayLike) -> FloatArray:
        """The weights, float64 (H, n, n)."""
        return weights_of_rows(*self._rows(q, k, k, z))

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        z: ArrayLike,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, FloatArray]:
        """(dq, dk, dv, dz (H,)) of sum(grad_out * layer(q, k, v, z)).

        z moves the weights on the ramp only, where 0 < m < 1: dm / dz = L / R there, 0 elsewhere.
        """
        heads, weighing = self._rows(q, k, v, z)
        grad = as_array("grad_out", grad_out)
        *gradients, dz = attend_by_rows_backward(grad, heads, weighing)
        arrays = as_array("q", q), as_array("k", k), as_array("v", v)
        dq, dk, dv = map(shape_like, gradients, arrays)
        return dq, dk, dv, dz

    def _ramp(self, z: float, distance: np.ndarray) -> FloatArray:
        """(R + z L - x) / R, not clamped."""
        x = distance - 1 if self.rule == "code" else distance
        return (self.ramp + z * self.span - x) / self.ramp

    def _set(self, z: float) -> Pattern:
        """The keys with m > 0 of a head whose parameter is z."""
        end = self.ramp + z * self.span
        farthest = ceil(end) if self.rule == "code" else ceil(end) - 1
        keys = min(farthest, self.span)
        return Band(keys, -1) if keys else Window(0) - Window(0)

    def _spans(self, z: ArrayLike) -> list[float]:
        """z of each head; ValueError outside [0, 1]."""
        spans = as_array("z", z).astype(np.float64)
        outside = spans[~((spans >= 0) & (spans <= 1))]
        if spans.ndim != 1 or len(outside):
            raise ValueError(f"z must be (H,), each from 0 to 1, got {z!r}")
        return spans.tolist()

    def _rows(
        self, q: ArrayLike, k: ArrayLike, v: ArrayLike, z: ArrayLike
    ) -> tuple[HeadArrays, _Ramp]:
        """The rows of each head, and their weights."""
        spans = self._spans(z)
        patterns = self.sets(z)
        if self.rule == "code":  # its epsilon weighs against all L keys
            patterns = (Band(self.span, -1),) * len(spans)
        arrays = self_attention_arrays(q, k, v)
        heads = head_arrays(*arrays, patterns, self.scale)
        return heads, _Ramp(self, tuple(spans))


@dataclass(frozen=True)
class _Ramp:
    """The weights of a row: a = u m of the softmax u, p = a / (sum(a) + epsilon)."""

    layer: AdaptiveSpan
    spans: tuple[float, ...]

    def row_weights(self, row: Row) -> FloatArray:
        """p of one row; 0 if no key has a membership above 0."""
        a = _softmax(row.logits) * self._raw(row).clip(0, 1)
        return a / self._divisor(a)

    def row_gradients(
        self, row: Row, weights: FloatArray, grad: FloatArray
    ) -> tuple[FloatArray, float]:
        """The gradients at the logits of one row, and at z of its head."""
        raw = self._raw(row)
        u, m = _softmax(row.logits), raw.clip(0, 1)
        da = (grad - weights @ grad) / self._divisor(u * m)
        dm, du = da * u, da * m
        on_ramp = (raw > 0) & (raw < 1)
        dz = dm[on_ramp].sum() * self.layer.span / self.layer.ramp
        return u * (du - u @ du), float(dz)

    def _raw(self, row: Row) -> FloatArray:
        """The ramp at each key, not clamped."""
        return self.layer._ramp(self.spans[row.head], row.i - row.keys)

    def _divisor(self, a: FloatArray) -> float:
        """sum(a) + epsilon, 1 if that is 0."""
        total = float(a.sum()) + (1e-8 if self.layer.rule == "code" else 0)
        return total if total > 0 else 1.0


def _softmax(logits: FloatArray) -> FloatArray:
    """exp(x) over its sum."""
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()
