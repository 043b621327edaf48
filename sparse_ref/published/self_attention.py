"""Self-attention: every position is a query and a key; from inputs X, or from their q, k, v."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from ..attention.arrays import as_array
from ..sets.checks import integer
from .heads import join_heads, split_heads
from .longformer import Projections

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]  # q, k, v, or their gradients


def self_attention_arrays(
    q: ArrayLike,
    k: ArrayLike,
    v: ArrayLike,
) -> Arrays:
    """q, k, v as NumPy arrays; ValueError unless there is a key and a value for each query."""
    q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
    queries = q.shape[-2:-1]
    for name, array in ("k", k), ("v", v):
        if array.shape[-2:-1] != queries:
            raise ValueError(
                f"{name} must have one row for each query, {queries}, got {array.shape[-2:-1]}"
            )
    return q, k, v


class Attention(Protocol):
    """A layer of q, k, v: `LocalGlobalAttention`, `HTransformer1D`, `LinearAttention`, ..."""

    def __call__(
        self,
        q: np.ndarray,
        k: np.ndarray,
        v: np.ndarray,
    ) -> np.ndarray:
        """The output (..., H, n, e)."""

    def backward(
        self,
        grad_out: np.ndarray,
        q: np.ndarray,
        k: np.ndarray,
        v: np.ndarray,
    ) -> Arrays:
        """(dq, dk, dv)"""


@dataclass(frozen=True, eq=False)
class SelfAttention:
    """out = attention(X W_q + b_q, X W_k + b_k, X W_v + b_v), head by head on slices of the width

    Parameters
    ----------
    attention : a layer of q, k, v.
    w : `Projections` of width E.
    heads : how many, dividing E; each has a slice of d = E / heads.

    The output projection is left to the caller.

    >>> import numpy as np, sparse_ref as sr
    >>> attention = sr.published.LocalGlobalAttention(radius=1, block=4, causal=True)
    >>> w = sr.published.Projections.random(width=6, seed=0)
    >>> layer = sr.published.SelfAttention(attention, w, heads=2)
    >>> X = np.random.default_rng(0).standard_normal((8, 6), dtype=np.float32)
    >>> dX, dw = layer.backward(np.ones((8, 6), np.float32), X)
    >>> layer(X).shape, dX.shape, dw.W_q.shape
    ((8, 6), (8, 6), (6, 6))
    """

    attention: Attention
    w: Projections
    heads: int = 1

    def __post_init__(self):
        width = len(self.w.W_q)
        if width % integer("SelfAttention: heads", self.heads, 1):
            raise ValueError(
                f"SelfAttention: heads must divide the width {width}, got {self.heads}"
            )

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """(..., n, E) from X (..., n, E); ValueError for another width, else as the attention."""
        q, k, v = self._heads(self._inputs(X))
        return join_heads(self.attention(q, k, v))

    def backward(self, grad_out: ArrayLike, X: ArrayLike) -> tuple[np.ndarray, Projections]:
        """dX and the gradients of the projections, of sum(grad_out * layer(X))."""
        X, w = self._inputs(X), self.w
        grad = split_heads(as_array("grad_out", grad_out), self.heads)
        gradients = self.attention.backward(grad, *self._heads(X))
        dq, dk, dv = map(join_heads, gradients)
        dX = dq @ w.W_q.T
        dX += dk @ w.W_k.T
        dX += dv @ w.W_v.T
        rows = X.reshape(-1, X.shape[-1])
        flat = [dx.reshape(rows.shape) for dx in (dq, dk, dv)]
        matrices = [rows.T @ dx for dx in flat]
        biases = [dx.sum(axis=0) for dx in flat]
        return dX, Projections(*matrices, *biases)

    def _inputs(self, X: ArrayLike) -> np.ndarray:
        """X as an array of the width of the projections."""
        X = as_array("X", X)
        width = len(self.w.W_q)
        if X.ndim < 2 or X.shape[-1] != width:
            raise ValueError(f"X must have axes (..., n, {width}), got {X.shape}")
        return X

    def _heads(self, X: np.ndarray) -> Arrays:
        """q, k and v of each head."""
        split = partial(split_heads, heads=self.heads)
        k, v = map(split, self.w.kv(X))
        return split(self.w.q(X)), k, v
