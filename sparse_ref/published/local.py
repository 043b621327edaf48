"""Local attention as one small layer: one head, a window to both sides, four projections.

Symbols:  x_i row i of X (..., n, E);  E = d_model;  r = (window_size - 1) // 2 the radius;
W (E, E) and b (E,), multiplied from the right, x W + b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from ..attention import attend, attend_backward, attend_with_lse
from ..attention.arrays import as_array
from ..patterns import Window
from ..sets.checks import integer
from ..sets.pattern import Pattern


@dataclass(frozen=True, eq=False)
class LocalWeights:
    """Q(x) = x W_q + b_q,  K(x) = x W_k + b_k,  V(x) = x W_v + b_v,  O(y) = y W_o + b_o

    Or the gradients by these, in the same fields.
    """

    W_q: np.ndarray
    W_k: np.ndarray
    W_v: np.ndarray
    W_o: np.ndarray
    b_q: np.ndarray
    b_k: np.ndarray
    b_v: np.ndarray
    b_o: np.ndarray

    @classmethod
    def random(
        cls, d_model: int, seed: int | Sequence[int] = 0, dtype: DTypeLike = np.float32
    ) -> LocalWeights:
        """Normal with standard deviation 1 / sqrt(d_model), biases 0."""
        rng = np.random.default_rng(seed)
        normal = rng.standard_normal((4, d_model, d_model)) / np.sqrt(d_model)
        biases = np.zeros((4, d_model), dtype)
        return cls(*normal.astype(dtype), *biases)


class LocalAttention:
    """out_i = O(y_i),  y_i = sum_j softmax_j(Q(x_i) . K(x_j) / sqrt(E)) V(x_j)  over |i - j| <= r

    Each position attends to r = (window_size - 1) // 2 positions on each side and to itself, to
    fewer at the ends, where nothing is padded: `pattern` is sr.Window(r). No row is empty.

    An even window_size has no middle: it rounds down and is the layer of window_size - 1, which is
    the number of keys. 4 is 3, and 2 is 1, each position on its own. Longformer's window of w
    reaches w / 2 to each side instead, w + 1 keys.

    Parameters
    ----------
    d_model : int
        E, the width of X and of the output, at least 1. One head has all of it.
    window_size : int
        At least 1.
    weights : LocalWeights, optional
        W (E, E) and b (E,); `LocalWeights.random(d_model)` unless given.

    Raises TypeError or ValueError for other integers, or weights of another width.

    >>> import numpy as np, sparse_ref as sr
    >>> layer = sr.published.LocalAttention(d_model=4, window_size=3)
    >>> print(layer.pattern.picture(5))
    ██···
    ███··
    ·███·
    ··███
    ···██
    >>> X = np.random.default_rng(0).standard_normal((9, 4), dtype=np.float32)
    >>> Y = X.copy(); Y[4] += np.arange(4)
    >>> np.flatnonzero((layer(X) != layer(Y)).any(axis=1))      # what position 4 influences
    array([3, 4, 5])
    """

    def __init__(self, d_model: int, window_size: int, weights: LocalWeights | None = None):
        self.d_model = integer("LocalAttention: d_model", d_model, 1)
        self.window_size = integer("LocalAttention: window_size", window_size, 1)
        self.weights = LocalWeights.random(self.d_model) if weights is None else weights
        for field in fields(LocalWeights):
            shape = getattr(self.weights, field.name).shape
            expected = (self.d_model,) * (2 if field.name.startswith("W") else 1)
            if shape != expected:
                raise ValueError(
                    f"LocalAttention: weights.{field.name} must be {expected}, got {shape}"
                )

    @property
    def radius(self) -> int:
        """How far a position sees to each side."""
        return (self.window_size - 1) // 2

    @property
    def pattern(self) -> Pattern:
        """A_i = { j : |i - j| <= r }"""
        return Window(self.radius)

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """(..., n, E) from X (..., n, E). Raises ValueError for another width."""
        q, k, v = self._project(self._check("X", X))
        y = attend(q, k, v, self.pattern)
        return y @ self.weights.W_o + self.weights.b_o

    def backward(self, grad_out: ArrayLike, X: ArrayLike) -> tuple[np.ndarray, LocalWeights]:
        """(dX, dW): the gradients of sum(grad_out * layer(X)) by X and by each of the weights.

        With g = grad_out, dy = g W_o^T, and (dq, dk, dv) of `sr.attend_backward` at dy:

            dX = dq W_q^T + dk W_k^T + dv W_v^T,    dW_q = X^T dq,    db_q = sum_i dq_i

        and so for k and v;  dW_o = y^T g,  db_o = sum_i g_i. Sums are over the batch, too. The
        forward pass is made again. Raises ValueError for other shapes than (..., n, E) of both.
        """
        w = self.weights
        X = self._check("X", X)
        g = self._check("grad_out", grad_out)
        if g.shape != X.shape:
            raise ValueError(f"grad_out must have the shape of X, {X.shape}, got {g.shape}")
        q, k, v = self._project(X)
        y, lse = attend_with_lse(q, k, v, self.pattern)
        dy = g @ w.W_o.T
        dq, dk, dv = attend_backward(dy, q, k, v, y, lse, self.pattern)
        dX = dq @ w.W_q.T + dk @ w.W_k.T
        dX += dv @ w.W_v.T
        slopes = list(map(_rows, (dq, dk, dv, g)))
        inputs = map(_rows, (X, X, X, y))
        by_matrices = [x.T @ slope for x, slope in zip(inputs, slopes)]
        by_biases = [slope.sum(axis=0) for slope in slopes]
        return dX, LocalWeights(*by_matrices, *by_biases)

    def _project(self, X: np.ndarray) -> tuple[np.ndarray, ...]:
        """Q, K and V of each row."""
        w = self.weights
        q = X @ w.W_q + w.b_q
        k = X @ w.W_k + w.b_k
        v = X @ w.W_v + w.b_v
        return q, k, v

    def _check(self, name: str, x: ArrayLike) -> np.ndarray:
        """An array of rows of width E."""
        array = as_array(name, x)
        if array.ndim < 2 or array.shape[-1] != self.d_model:
            raise ValueError(f"{name} must have shape (..., n, {self.d_model}), got {array.shape}")
        return array

    def __repr__(self) -> str:
        return f"LocalAttention(d_model={self.d_model}, window_size={self.window_size})"


def _rows(x: np.ndarray) -> np.ndarray:
    """The rows of the whole batch, (rows, E)."""
    return x.reshape(-1, x.shape[-1])
