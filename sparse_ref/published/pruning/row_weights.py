"""Attention whose weights are no softmax, one row at a time: logits in, weights out, and back.

Symbols:  x_ij = scale q_i . k_j over j in A_i;  p_i = w(x_i);  out_i = sum_j p_ij v_j.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from ...attention import PatternLike
from ...attention.arrays import as_array
from ...sets.listed import Listed
from ...sets.pattern import Pattern
from ...sets.require import patterns_of_heads
from ...sets.types import FloatArray, IntArray

NO_KEYS = np.zeros(0, np.int64)


class Row(NamedTuple):
    """A query of a head, its keys, ascending, and their logits."""

    head: int
    i: int
    keys: IntArray
    logits: FloatArray


class Weighing(Protocol):
    """w, and its gradients: at the logits, and at one parameter of the head."""

    def row_weights(self, row: Row) -> FloatArray:
        """p_i, float64, one for each key of the row; there is at least one."""

    def row_gradients(
        self, row: Row, weights: FloatArray, grad: FloatArray
    ) -> tuple[FloatArray, float]:
        """dx_i and the parameter's gradient, from p_i and dp_i; a parameter may be none: 0."""


@dataclass(frozen=True, eq=False)
class HeadArrays:
    """q (H, n_q, d), k (G, n_k, d), v (G, n_k, e) in float64, a pattern per head, and the scale."""

    q: FloatArray
    k: FloatArray
    v: FloatArray
    patterns: tuple[Pattern, ...]
    scale: float

    @property
    def group(self) -> int:
        """Query heads per key head."""
        return len(self.q) // len(self.k)

    def rows(self) -> Iterator[Row]:
        """Each row that has keys."""
        for head, p in enumerate(self.patterns):
            k = self.k[head // self.group]
            for i, query in enumerate(self.q[head]):
                keys = p.row(i, len(k))
                if len(keys):
                    logits = self.scale * (k[keys] @ query)
                    yield Row(head, i, keys, logits)


def head_arrays(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
    pattern: PatternLike,
    scale: float | None,
) -> HeadArrays:
    """The arrays of `HeadArrays`; ValueError for axes that disagree, or more than three."""
    arrays = as_array("q", q), as_array("k", k), as_array("v", v)
    shapes = [x.shape for x in arrays]
    axes = {x.ndim for x in arrays}
    if axes not in ({2}, {3}):
        raise ValueError(f"q, k, v must have axes (heads, n, width) or (n, width), got {shapes}")
    wide_q, wide_k, wide_v = (_with_head_axis(x) for x in arrays)
    same_width = wide_q.shape[2] == wide_k.shape[2]
    if not same_width or wide_k.shape[:2] != wide_v.shape[:2]:
        raise ValueError(f"k must have the width of q, and v the keys of k, got {shapes}")
    heads, groups = len(wide_q), len(wide_k)
    if not heads or not groups or heads % groups:
        raise ValueError(f"the heads of k, {groups}, must divide those of q, {heads}")
    factor = arrays[0].shape[-1] ** -0.5 if scale is None else scale
    patterns = patterns_of_heads("pattern", pattern, heads)
    return HeadArrays(wide_q, wide_k, wide_v, patterns, factor)


def _with_head_axis(x: np.ndarray) -> FloatArray:
    """(heads, n, width) in float64; one head for two axes."""
    wide = x.astype(np.float64)
    return wide if x.ndim == 3 else wide[None]


def attend_by_rows(heads: HeadArrays, weighing: Weighing) -> FloatArray:
    """out (H, n_q, e), float64; 0 for a row without keys"""
    H, n_q, _ = heads.q.shape
    out = np.zeros((H, n_q, heads.v.shape[2]))
    for row in heads.rows():
        v = heads.v[row.head // heads.group]
        out[row.head, row.i] = weighing.row_weights(row) @ v[row.keys]
    return out


def attend_by_rows_backward(
    grad_out: np.ndarray, heads: HeadArrays, weighing: Weighing
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """(dq, dk, dv, gradient of each head's parameter (H,)), float64"""
    arrays = heads.q, heads.k, heads.v
    dq, dk, dv = map(np.zeros_like, arrays)
    H, n_q, _ = heads.q.shape
    dparameter = np.zeros(H)
    wide_grad = grad_out.astype(np.float64)
    grads = wide_grad.reshape(H, n_q, heads.v.shape[2])
    for row in heads.rows():
        g = row.head // heads.group
        query = heads.q[row.head, row.i]
        grad = grads[row.head, row.i]
        k = heads.k[g, row.keys]
        v = heads.v[g, row.keys]
        weights = weighing.row_weights(row)
        dlogits, share = weighing.row_gradients(row, weights, v @ grad)
        dparameter[row.head] += share
        dv[g, row.keys] += np.outer(weights, grad)
        dk[g, row.keys] += heads.scale * np.outer(dlogits, query)
        dq[row.head, row.i] = heads.scale * (dlogits @ k)
    return dq, dk, dv, dparameter


def support_of_rows(heads: HeadArrays, weighing: Weighing) -> tuple[Listed, ...]:
    """The keys whose weight is above 0, a pattern per head."""
    H, n_q, _ = heads.q.shape
    supports: list[list[IntArray]] = [[NO_KEYS] * n_q for _ in range(H)]
    for row in heads.rows():
        members = weighing.row_weights(row) > 0
        supports[row.head][row.i] = row.keys[members]
    return tuple(map(Listed.of_rows, supports))


def weights_of_rows(heads: HeadArrays, weighing: Weighing) -> FloatArray:
    """The mixing matrix, float64 (H, n_q, n_k)."""
    H, n_q, _ = heads.q.shape
    dense = np.zeros((H, n_q, heads.k.shape[1]))
    for row in heads.rows():
        dense[row.head, row.i, row.keys] = weighing.row_weights(row)
    return dense


def row_output(q: np.ndarray, out: FloatArray) -> np.ndarray:
    """out (H, n_q, e) with the head axis and the dtype of q."""
    shape = *q.shape[:-1], out.shape[-1]
    return out.reshape(shape).astype(q.dtype)


def shape_like(dx: FloatArray, x: np.ndarray) -> np.ndarray:
    """A gradient in the shape and dtype of its array."""
    return dx.reshape(x.shape).astype(x.dtype)
