"""The Sparse Transformer: attention over a scheme's patterns, and pre-activation residual blocks.

Child et al. 2019, sec. 4 (eq. 2-5), 5.1 (eq. 6-8) and 5.2 (eq. 10, 12-14).

Symbols:  X, H (..., n, E) one row per position;  W_q, W_k, W_v, W_p (E, E);  W_1 (E, 4 E),
W_2 (4 E, E);  N layers. A row x is multiplied from the left, x W, where the paper writes W x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from ..attention.arrays import as_array
from ..sets.pattern import Pattern
from .heads import attend_per_head


class HasPatterns(Protocol):
    """Anything with at(layer, head), both from 0: sr.Interleaved, sr.Merged, sr.MultiHead."""

    at: Callable[[int, int], Pattern]


@dataclass(frozen=True, eq=False)
class Weights:
    """W_q, W_k, W_v, W_p of one block's attention, W_1, b_1, W_2, b_2 of its feed-forward part"""

    W_q: np.ndarray
    W_k: np.ndarray
    W_v: np.ndarray
    W_p: np.ndarray
    W_1: np.ndarray
    b_1: np.ndarray
    W_2: np.ndarray
    b_2: np.ndarray

    @classmethod
    def random(
        cls,
        width: int,
        layers: int,
        seed: int | Sequence[int],
        dtype: DTypeLike = np.float32,
    ) -> Weights:
        """Normal with standard deviation 1 / sqrt(fan in); W_p and W_2 divided by sqrt(2 layers).

        That is sec. 5.2; biases are 0. Raises ValueError for width or layers below 1.
        """
        for name, value in (("width", width), ("layers", layers)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        rng = np.random.default_rng(seed)
        depth = np.sqrt(2 * layers)

        def normal(rows: int, columns: int, divisor: float = 1) -> np.ndarray:
            scaled = rng.standard_normal((rows, columns)) / np.sqrt(rows) / divisor
            return scaled.astype(dtype)

        E = width
        return cls(
            W_q=normal(E, E),
            W_k=normal(E, E),
            W_v=normal(E, E),
            W_p=normal(E, E, depth),
            W_1=normal(E, 4 * E),
            b_1=np.zeros(4 * E, dtype),
            W_2=normal(4 * E, E, depth),
            b_2=np.zeros(E, dtype),
        )


def attention(
    X: ArrayLike, S: Pattern | Sequence[Pattern], weights: Weights, heads: int
) -> np.ndarray:
    """Attend(X, S) W_p over the heads, eq. 2-5:

        Attend(X, S)_i = softmax_j((x_i W_q) . (x_j W_k) / sqrt(d)) (x_j W_v)  over j in S_i

    Parameters
    ----------
    X : (..., n, E); head h has the slice h d <= e < (h + 1) d of q, k and v, d = E / heads.
    S : a pattern, or one per head.
    weights : a `Weights` of width E.

    Returns (..., n, E). A position whose S_i is empty gets 0.
    Raises ValueError if X has another width or heads do not divide it; else as `sr.attend` does.

    >>> import numpy as np, sparse_ref as sr
    >>> X = np.eye(3, 4, dtype=np.float32)
    >>> w = sr.published.Weights.random(width=4, layers=1, seed=0)
    >>> np.allclose(sr.published.attention(X, sr.Lookback(1), w, heads=2), X @ w.W_v @ w.W_p)
    True
    """
    X = as_array("X", X)
    if X.ndim < 2 or X.shape[-1] != len(weights.W_q):
        raise ValueError(f"X must have shape (..., n, {len(weights.W_q)}), got {X.shape}")
    q = X @ weights.W_q
    k = X @ weights.W_k
    v = X @ weights.W_v
    return attend_per_head(q, k, v, heads, S) @ weights.W_p


def resblock(
    H: np.ndarray, S: Pattern | Sequence[Pattern], weights: Weights, heads: int
) -> np.ndarray:
    """a(H) + b(H):  a(H) = attention(norm(H)),  b(H) = ff(norm(H + a(H)))        eq. 12-14

    Arguments as for `attention`. Differs: no dropout.
    """
    a = attention(norm(H), S, weights, heads)
    return a + _feed_forward(norm(H + a), weights)


def norm(H: np.ndarray) -> np.ndarray:
    """(H - mean) / sqrt(variance + 1e-5) over the last axis.

    Differs: without the learned gain and bias, as before training.

    >>> import numpy as np, sparse_ref as sr
    >>> sr.published.norm(np.array([[1., 3.], [5., 5.]])).round(3)
    array([[-1.,  1.],
           [ 0.,  0.]])
    """
    centred = H - H.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return centred / np.sqrt(variance + 1e-5)


@dataclass(frozen=True, eq=False)
class Transformer:
    """H_k = H_{k-1} + resblock(H_{k-1}),  k = 1, ..., N, from the embeddings H_0, eq. 10

    Head h of layer r, both from 0, attends to `scheme.at(r, h)`: sr.Interleaved, sr.Merged and
    sr.MultiHead are the three ways of sec. 5.1, and anything with `at` is a scheme. Embedding
    (eq. 9) and output (eq. 11) are left to the caller.

    >>> import numpy as np, sparse_ref as sr
    >>> scheme = sr.Interleaved(sr.strided(3))
    >>> model = sr.published.Transformer.random(width=8, layers=2, heads=2, scheme=scheme)
    >>> X = np.random.default_rng(0).standard_normal((9, 8), dtype=np.float32)
    >>> Y = X.copy(); Y[4] += np.arange(8)
    >>> np.flatnonzero((model(X) != model(Y)).any(axis=1))     # the rows that position 4 influences
    array([4, 5, 6, 7, 8])
    """

    blocks: tuple[Weights, ...]
    heads: int
    scheme: HasPatterns

    def __post_init__(self):
        if not hasattr(self.scheme, "at"):
            raise TypeError(
                f"scheme must have at(layer, head), as sr.Interleaved has, got {self.scheme!r}"
            )

    @classmethod
    def random(
        cls,
        *,
        width: int,
        layers: int,
        heads: int,
        scheme: HasPatterns,
        seed: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> Transformer:
        """A model with random weights, layer r from the seed (seed, r).

        Raises ValueError for width or layers below 1.
        """
        if layers < 1:
            raise ValueError(f"layers must be at least 1, got {layers}")
        seeds = [(seed, layer) for layer in range(layers)]
        blocks = tuple(Weights.random(width, layers, own_seed, dtype) for own_seed in seeds)
        return cls(blocks, heads, scheme)

    def patterns(self, layer: int) -> tuple[Pattern, ...]:
        """The pattern of each head of a layer."""
        return tuple(self.scheme.at(layer, head) for head in range(self.heads))

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """H_N (..., n, E) from H_0 = X (..., n, E). Raises as `attention` does."""
        H = as_array("X", X)
        for layer, weights in enumerate(self.blocks):
            H = H + resblock(H, self.patterns(layer), weights, self.heads)
        return H


def _feed_forward(x: np.ndarray, weights: Weights) -> np.ndarray:
    """W_2 f(W_1 x + b_1) + b_2 with f(x) = x sigmoid(1.702 x), the GELU of sec. 5.2."""
    inner = x @ weights.W_1 + weights.b_1
    return inner * _sigmoid(1.702 * inner) @ weights.W_2 + weights.b_2


def _sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return (1 + np.tanh(x / 2)) / 2
