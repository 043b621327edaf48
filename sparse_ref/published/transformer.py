"""The Sparse Transformer: attention over a scheme's patterns, and pre-activation residual blocks.

Child et al. 2019, sec. 4 (eq. 2-5), 5.1 (eq. 6-8) and 5.2 (eq. 10, 12-14).

Symbols:  X, H (..., n, E) one row a position;  W_q, W_k, W_v, W_p (E, E);  W_1 (E, 4 E), W_2 (4 E, E);  N layers.
A row x is multiplied from the left, x W, where the paper writes W x.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..attention.arrays import as_array
from .heads import attend_in_parts


@dataclass(frozen=True, eq=False)
class Weights:
    """W_q, W_k, W_v, W_p of the attention, and W_1, b_1, W_2, b_2 of the feed-forward part, of one block"""

    W_q: np.ndarray
    W_k: np.ndarray
    W_v: np.ndarray
    W_p: np.ndarray
    W_1: np.ndarray
    b_1: np.ndarray
    W_2: np.ndarray
    b_2: np.ndarray

    @classmethod
    def random(cls, width: int, layers: int, seed, dtype=np.float32) -> Weights:
        """Normal with standard deviation 1 / sqrt(fan in), W_p and W_2 less by sqrt(2 layers) (sec. 5.2); biases 0."""
        for name, value in (("width", width), ("layers", layers)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        rng, deep = np.random.default_rng(seed), np.sqrt(2 * layers)

        def normal(rows, columns, less=1):
            return (rng.standard_normal((rows, columns)) / np.sqrt(rows) / less).astype(dtype)

        E = width
        return cls(
            W_q=normal(E, E),
            W_k=normal(E, E),
            W_v=normal(E, E),
            W_p=normal(E, E, deep),
            W_1=normal(E, 4 * E),
            b_1=np.zeros(4 * E, dtype),
            W_2=normal(4 * E, E, deep),
            b_2=np.zeros(E, dtype),
        )


def attention(X, S, weights, heads) -> np.ndarray:
    """Attend(X, S) W_p:  Attend(X, S)_i = softmax_j((x_i W_q) . (x_j W_k) / sqrt(d)) (x_j W_v) over j in S_i   eq. 2-5

    Parameters
    ----------
    X : (..., n, E); head h has the part h d <= e < (h + 1) d of q, k and v, d = E / heads.
    S : a pattern, or one for each head.
    weights : a `Weights` of width E.

    Returns (..., n, E). A position whose S_i is empty gets 0.
    Raises ValueError where X has another width or heads do not divide it; else as `sr.attend` does.

    >>> import numpy as np, sparse_ref as sr
    >>> X, w = np.eye(3, 4, dtype=np.float32), sr.published.Weights.random(width=4, layers=1, seed=0)
    >>> np.allclose(sr.published.attention(X, sr.Lookback(1), w, heads=2), X @ w.W_v @ w.W_p)
    True
    """
    X = as_array("X", X)
    if X.ndim < 2 or X.shape[-1] != len(weights.W_q):
        raise ValueError(f"X must have shape (..., n, {len(weights.W_q)}), got {X.shape}")
    return (
        attend_in_parts(X @ weights.W_q, X @ weights.W_k, X @ weights.W_v, heads, S) @ weights.W_p
    )


def resblock(H, S, weights, heads) -> np.ndarray:
    """a(H) + b(H):  a(H) = attention(norm(H)),  b(H) = ff(norm(H + a(H)))        eq. 12-14

    Arguments as for `attention`. Differs: no dropout.
    """
    a = attention(norm(H), S, weights, heads)
    return a + _feed_forward(norm(H + a), weights)


def norm(H) -> np.ndarray:
    """(H - mean) / sqrt(variance + 1e-5) over the last axis. Differs: without the learned gain and bias, as at the start.

    >>> import numpy as np, sparse_ref as sr
    >>> sr.published.norm(np.array([[1., 3.], [5., 5.]])).round(3)
    array([[-1.,  1.],
           [ 0.,  0.]])
    """
    centred = H - H.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + 1e-5)


@dataclass(frozen=True, eq=False)
class Transformer:
    """H_k = H_{k-1} + resblock(H_{k-1}),  k = 1, ..., N, layer by layer from the embeddings H_0        eq. 10

    Head h of layer r, both from 0, attends to `scheme.at(r, h)`: sr.Interleaved, sr.Merged and sr.MultiHead are the
    three ways of sec. 5.1, and anything with `at` is a scheme. Embedding (eq. 9) and output (eq. 11) are left to the caller.

    >>> import numpy as np, sparse_ref as sr
    >>> model = sr.published.Transformer.random(width=8, layers=2, heads=2, scheme=sr.Interleaved(sr.strided(3)))
    >>> X = np.random.default_rng(0).standard_normal((9, 8), dtype=np.float32)
    >>> Y = X.copy(); Y[4] += np.arange(8)
    >>> np.flatnonzero((model(X) != model(Y)).any(axis=1))      # what changes where position 4 does
    array([4, 5, 6, 7, 8])
    """

    blocks: tuple[Weights, ...]
    heads: int
    scheme: Any

    def __post_init__(self):
        if not hasattr(self.scheme, "at"):
            raise TypeError(
                f"scheme must have at(layer, head), as sr.Interleaved has, got {self.scheme!r}"
            )

    @classmethod
    def random(
        cls, *, width: int, layers: int, heads: int, scheme, seed: int = 0, dtype=np.float32
    ) -> Transformer:
        """A model with random weights, layer r from the seed (seed, r). Raises ValueError for width or layers below 1."""
        if layers < 1:
            raise ValueError(f"layers must be at least 1, got {layers}")
        return cls(
            tuple(Weights.random(width, layers, (seed, layer), dtype) for layer in range(layers)),
            heads,
            scheme,
        )

    def patterns(self, layer: int) -> tuple:
        """What the heads of a layer attend to, one pattern each."""
        return tuple(self.scheme.at(layer, head) for head in range(self.heads))

    def __call__(self, X) -> np.ndarray:
        """H_N (..., n, E) from H_0 = X (..., n, E). Raises as `attention` does."""
        H = as_array("X", X)
        for layer, weights in enumerate(self.blocks):
            H = H + resblock(H, self.patterns(layer), weights, self.heads)
        return H


def _feed_forward(x, weights):
    """W_2 f(W_1 x + b_1) + b_2 with f(x) = x sigmoid(1.702 x), the GELU of sec. 5.2."""
    inner = x @ weights.W_1 + weights.b_1
    return inner * _sigmoid(1.702 * inner) @ weights.W_2 + weights.b_2


def _sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    return (1 + np.tanh(x / 2)) / 2
