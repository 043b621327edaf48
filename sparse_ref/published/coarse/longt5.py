"""LongT5's transient global layer: a window, and a summary of each block, visible to all.

Guo et al. 2022, "LongT5: Efficient Text-To-Text Transformer for Long Sequences", arXiv 2112.07916,
sec. 3.1.2; Hugging Face transformers, `LongT5TransientGlobalAttention`.

Symbols:  X (n, E) inputs;  g = floor(n / b) summaries of blocks of b tokens;  x~_e the normed sum
of block e;  norm(x) = w x / sqrt(mean(x^2) + epsilon).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...attention import attend_backward, attend_with_lse
from ...attention.arrays import as_array
from ...patterns import Full
from ...patterns.etc import longt5_tglobal
from ...sets.checks import integer
from ...sets.types import FloatArray
from ..heads import join_heads, split_heads
from .token_means import pooled_cells


@dataclass(frozen=True, eq=False)
class TransientGlobalWeights:
    """W_q, W_k, W_v (E, H d), W_o (H d, E), multiplied from the right; w (E,) of the norm."""

    W_q: np.ndarray
    W_k: np.ndarray
    W_v: np.ndarray
    W_o: np.ndarray
    norm: np.ndarray


@dataclass(frozen=True, eq=False)
class TransientGlobalAttention:
    """out_i = softmax_j(Q(x_i) . K(y_j)) V(y_j) W_o over { j : |i - j| <= r } and all summaries

    y is a token x_j or a summary x~_e = norm(sum of x_j over block e), both through the same K and
    V: one softmax, over `sr.longt5_tglobal(g, radius)`. A summary is not kept: each layer sums its
    own inputs. Tokens after the last whole block join it, so that its sum has up to 2 b - 1; below
    b tokens there is no summary. Not causal, logits not scaled.

    Parameters
    ----------
    w : `TransientGlobalWeights`.
    heads : H, dividing the width of W_q.
    radius : r, `local_radius` of the published code.
    block : b, `global_block_size`.
    epsilon : of the norm.

    Differs: T5's two relative position biases, of tokens and of summaries, are left out; so is
    padding. The published code without a mask attends to three whole blocks of r + 1 tokens, with
    zeros beyond the ends as keys: it needs a mask of ones to be local.

    Source: Guo et al. 2022, sec. 3.1.2.
    """

    w: TransientGlobalWeights
    heads: int
    radius: int
    block: int = 16
    epsilon: float = 1e-6

    def __post_init__(self):
        inner = self.w.W_q.shape[-1]
        if inner % integer("TransientGlobalAttention: heads", self.heads, 1):
            raise ValueError(
                "TransientGlobalAttention: heads must divide the width of W_q, "
                f"{inner}, got {self.heads}"
            )
        integer("TransientGlobalAttention: radius", self.radius, 0)
        integer("TransientGlobalAttention: block", self.block, 1)

    def block_weights(self, n: int) -> FloatArray:
        """Float64 (g, n): 1 for each token of each block, tokens past the last block in it."""
        count = integer("n", n, 0) // self.block
        block_of = np.minimum(np.arange(n) // self.block, count - 1)
        return (np.arange(count)[:, None] == block_of).astype(np.float64)

    def cells(self, n: int) -> FloatArray:
        """Float64 (n, n): the tokens that the summaries stand for, all with weight 1."""
        return pooled_cells(Full(), self.block_weights(n))

    def __call__(self, X: ArrayLike) -> np.ndarray:
        """(..., n, E), in the dtype of X (..., n, E). Raises as `sr.attend` does."""
        X = as_array("X", X)
        q, k, v = self._projections(X, self._memory(X))
        out, _ = attend_with_lse(q, k, v, self._pattern(X), scale=1.0)
        return join_heads(out) @ self.w.W_o

    def backward(
        self, grad_out: ArrayLike, X: ArrayLike
    ) -> tuple[np.ndarray, TransientGlobalWeights]:
        """dX and the gradients of the weights, of sum(grad_out * layer(X))."""
        X, grad = as_array("X", X), as_array("grad_out", grad_out)
        memory, pattern = self._memory(X), self._pattern(X)
        q, k, v = self._projections(X, memory)
        out, lse = attend_with_lse(q, k, v, pattern, scale=1.0)
        grad_heads = split_heads(grad @ self.w.W_o.T, self.heads)
        gradients = attend_backward(grad_heads, q, k, v, out, lse, pattern, scale=1.0)
        dq, dk, dv = map(join_heads, gradients)
        dmemory = dk @ self.w.W_k.T + dv @ self.w.W_v.T
        count = X.shape[-2] // self.block
        dsummaries, dtokens = dmemory[..., :count, :], dmemory[..., count:, :]
        dsums, dnorm = self._norm_backward(dsummaries, self._sums(X))
        members = self.block_weights(X.shape[-2]).astype(X.dtype)
        dX = dq @ self.w.W_q.T + dtokens + members.T @ dsums
        projections = _outer(X, dq), _outer(memory, dk), _outer(memory, dv)
        dW_o = _outer(join_heads(out), grad)
        return dX, TransientGlobalWeights(*projections, dW_o, dnorm)

    def _sums(self, X: np.ndarray) -> np.ndarray:
        """(..., g, E): the sum of each block."""
        return self.block_weights(X.shape[-2]).astype(X.dtype) @ X

    def _memory(self, X: np.ndarray) -> np.ndarray:
        """(..., g + n, E): the summaries, then the tokens."""
        sums = self._sums(X)
        summaries = sums / self._root(sums) * self.w.norm
        return np.concatenate([summaries, X], axis=-2)

    def _root(self, sums: np.ndarray) -> np.ndarray:
        """sqrt(mean(x^2) + epsilon) of each row"""
        squares = (sums**2).mean(axis=-1, keepdims=True)
        return np.sqrt(squares + self.epsilon)

    def _norm_backward(
        self,
        grad: np.ndarray,
        sums: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The gradients at the sums, and at the weights of their norm."""
        root = self._root(sums)
        scaled = grad * self.w.norm
        along = (scaled * sums).mean(axis=-1, keepdims=True)
        dsums = scaled / root - sums * along / root**3
        dnorm = grad * sums / root
        width = len(self.w.norm)
        return dsums, dnorm.reshape(-1, width).sum(axis=0)

    def _pattern(self, X: np.ndarray):
        """The window and all summaries, which come first."""
        return longt5_tglobal(X.shape[-2] // self.block, self.radius)

    def _projections(self, X: np.ndarray, memory: np.ndarray):
        """q, k and v of each head."""
        w = self.w
        projected = X @ w.W_q, memory @ w.W_k, memory @ w.W_v
        return (split_heads(x, self.heads) for x in projected)


def _outer(x: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """(E, F): the gradient of W in x W, summed over everything but the last axes."""
    rows = x.reshape(-1, x.shape[-1])
    return rows.T @ grad.reshape(-1, grad.shape[-1])
