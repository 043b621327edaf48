"""Poolingformer: a window of tokens, and a wider one of pools, each with a softmax of its own.

Zhang et al. 2021, "Poolingformer: Long Document Modeling with Pooling Attention", arXiv 2105.04371,
sec. 2.

Symbols:  w1, w2 the two windows, in tokens to one side;  pool e the tokens  e s <= j < e s + l,
l kernel, s stride;  k_e, v_e the means of its keys and values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...attention import attend, attend_backward, attend_with_lse
from ...patterns import Causal, Complete, Window
from ...sets.checks import integer
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern
from ...sets.shifted import Shifted
from ...sets.types import FloatArray
from ..self_attention import Arrays, self_attention_arrays
from .token_means import (
    mean_pool_weights,
    mean_pools,
    mean_pools_backward,
    pooled_cells,
)


@dataclass(frozen=True)
class Poolingformer:
    """out_i = y_i + z_i,  y_i attention to tokens |i - j| <= w1,  z_i to pools in |i - j| <= w2

    Two softmaxes, added: a residual connection around the second level. A pool is in the second
    window if all its tokens are.

    Parameters
    ----------
    radius, reach : w1 and w2, at least 0.
    kernel, stride : of the pools, at least 1; the stride is the kernel unless given. Tokens after
        the last whole pool are in none. A query with no pool in reach has z_i = 0.
    scale : the factor of the logits of both levels; 1 / sqrt(d) unless given.

    Differs: in the paper the second level has projections of its own, of the first level's output.
    `first` and `second` are the two levels, to be called so; the layer itself calls both on the
    same q, k, v. Of the paper's poolings (mean, max, a learned convolution) this is the mean.

    Source: Zhang et al. 2021, sec. 2.2 and 2.3.

    >>> import sparse_ref as sr
    >>> layer = sr.published.Poolingformer(radius=1, reach=3, kernel=2)
    >>> near, pools = layer.sets
    >>> print(sr.picture(pools, (8, 4)))
    ██··
    ██··
    ███·
    ███·
    ·███
    ·███
    ··██
    ··██
    >>> layer.cells(8)[3]
    array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0. , 0. ])
    """

    radius: int
    reach: int
    kernel: int
    stride: int | None = None
    scale: float | None = None

    def __post_init__(self):
        integer("Poolingformer: radius", self.radius, 0)
        integer("Poolingformer: reach", self.reach, 0)
        integer("Poolingformer: kernel", self.kernel, 1)
        stride = self.kernel if self.stride is None else self.stride
        object.__setattr__(self, "stride", integer("Poolingformer: stride", stride, 1))

    @property
    def sets(self) -> tuple[Pattern, Pattern]:
        """The tokens of the first level, and the pools of the second."""
        ahead = Shifted(Complete(*self._pool), self.reach)
        starts = Blockwise(Causal(), (self.stride, 1))
        behind = Shifted(starts, -self.reach - 1)
        return Window(self.radius), ahead - behind

    @property
    def _pool(self) -> tuple[int, int]:
        """Kernel and stride."""
        assert self.stride is not None
        return self.kernel, self.stride

    def cells(self, n: int) -> FloatArray:
        """Float64 (n, n): the tokens that the pools of each query stand for, shaded by weight."""
        return pooled_cells(self.sets[1], mean_pool_weights(n, *self._pool))

    def __call__(self, q: ArrayLike, k: ArrayLike, v: ArrayLike) -> np.ndarray:
        """(..., H, n, e), in the dtype of q, from q, k, v as `sr.attend` takes them, n keys for n
        queries. Raises as `sr.attend` does.
        """
        return self.first(q, k, v) + self.second(q, k, v)

    def first(self, q: ArrayLike, k: ArrayLike, v: ArrayLike) -> np.ndarray:
        """y, the first level."""
        q, k, v = self_attention_arrays(q, k, v)
        return attend(q, k, v, self.sets[0], scale=self.scale)

    def second(self, q: ArrayLike, k: ArrayLike, v: ArrayLike) -> np.ndarray:
        """z, the second level."""
        q, k, v = self_attention_arrays(q, k, v)
        k, v = mean_pools(k, *self._pool), mean_pools(v, *self._pool)
        return attend(q, k, v, self.sets[1], scale=self.scale)

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
    ) -> Arrays:
        """(dq, dk, dv) of sum(grad_out * layer(q, k, v)), in the shapes and dtype of q, k and v."""
        first = self.first_backward(grad_out, q, k, v)
        second = self.second_backward(grad_out, q, k, v)
        dq, dk, dv = map(np.add, first, second)
        return dq, dk, dv

    def first_backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
    ) -> Arrays:
        """(dq, dk, dv) of sum(grad_out * first(q, k, v))."""
        arrays = self_attention_arrays(q, k, v)
        return _attention_backward(grad_out, arrays, self.sets[0], self.scale)

    def second_backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
    ) -> Arrays:
        """(dq, dk, dv) of sum(grad_out * second(q, k, v))."""
        q, k, v = self_attention_arrays(q, k, v)
        n = q.shape[-2]
        coarse = q, mean_pools(k, *self._pool), mean_pools(v, *self._pool)
        dq, dk, dv = _attention_backward(grad_out, coarse, self.sets[1], self.scale)
        dk = mean_pools_backward(dk, n, *self._pool)
        return dq, dk, mean_pools_backward(dv, n, *self._pool)


def _attention_backward(
    grad_out: ArrayLike,
    arrays: Arrays,
    pattern: Pattern,
    scale: float | None,
) -> Arrays:
    """(dq, dk, dv) of sum(grad_out * attend(q, k, v, pattern)), the forward pass done here."""
    q, k, v = arrays
    out, lse = attend_with_lse(q, k, v, pattern, scale=scale)
    grad = np.asarray(grad_out)
    return attend_backward(grad, q, k, v, out, lse, pattern, scale=scale)
