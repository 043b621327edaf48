"""Local -> pool -> global: near tokens one by one, all of the sequence as means of blocks.

The layer that the coarse methods share, in its smallest form: LongT5's transient global attention
(Guo et al. 2022, sec. 3.1.2) and the compressed keys of DeepSeek-V4's HCA without their
projections, norms and gates.

Symbols:  r radius;  b block;  atom e the tokens  e b <= j < (e + 1) b;  k_e, v_e means of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...attention.arrays import as_array
from ...patterns import Complete, Full, Lookback, Window
from ...sets.checks import flag, integer
from ...sets.pattern import Pattern
from ...sets.types import FloatArray
from ..self_attention import Arrays, self_attention_arrays
from ..softmax_parts import Part, attend_to_parts, parts_backward
from .token_means import (
    mean_pool_weights,
    mean_pools,
    mean_pools_backward,
    pooled_cells,
)


@dataclass(frozen=True)
class LocalGlobalAttention:
    """out_i = softmax of q_i . k over { j : |i - j| <= r } and all pools e, of v: one softmax

    Local: a window of tokens. Pool: the mean key and the mean value of each block of b tokens.
    Global: each query attends to every pool; if causal, to those that are complete, whose last
    token is i or earlier, and to the r tokens before it. One softmax weighs tokens and pools
    against each other, so that no gate is to be learned; a pool counts as one key, not as b. A near
    token is there twice: as itself, and in the mean of its block.

    Parameters
    ----------
    radius : r, at least 0: each query attends to itself, whatever is pooled.
    block : b, at least 1. Tokens after the last whole block are in no pool, and below b tokens
        there is none: such tokens are keys of their windows only.
    causal : keys i - r <= j <= i, and complete pools.
    scale : the factor of the logits; 1 / sqrt(d) unless given.

    Source: Guo et al. 2022 (LongT5), sec. 3.1.2, with means for normed sums.

    >>> import numpy as np, sparse_ref as sr
    >>> layer = sr.published.LocalGlobalAttention(radius=1, block=2, causal=True)
    >>> window, pools = layer.sets
    >>> print(sr.picture(window, 6))
    █·····
    ██····
    ·██···
    ··██··
    ···██·
    ····██
    >>> print(sr.picture(pools, (6, 3)))
    ···
    █··
    █··
    ██·
    ██·
    ███
    >>> layer.cells(4)          # what the pools stand for, token by token
    array([[0. , 0. , 0. , 0. ],
           [0.5, 0.5, 0. , 0. ],
           [0.5, 0.5, 0. , 0. ],
           [0.5, 0.5, 0.5, 0.5]])
    >>> x = np.eye(4)
    >>> layer(0 * x, x, x)[1]   # the mean of tokens 0 and 1, and of their mean
    array([0.5, 0.5, 0. , 0. ])
    """

    radius: int
    block: int
    causal: bool = False
    scale: float | None = None

    def __post_init__(self):
        integer("LocalGlobalAttention: radius", self.radius, 0)
        integer("LocalGlobalAttention: block", self.block, 1)
        flag("LocalGlobalAttention: causal", self.causal)

    @property
    def sets(self) -> tuple[Pattern, Pattern]:
        """The tokens, and the pools, that each query attends to."""
        if self.causal:
            return Lookback(self.radius + 1), Complete(self.block)
        return Window(self.radius), Full()

    def cells(self, n: int) -> FloatArray:
        """Float64 (n, n): the tokens that the pools of each query stand for, shaded by weight."""
        return pooled_cells(self.sets[1], mean_pool_weights(n, self.block))

    def __call__(self, q: ArrayLike, k: ArrayLike, v: ArrayLike) -> np.ndarray:
        """(..., H, n, e), in the dtype of q, from q, k, v as `sr.attend` takes them, n keys for n
        queries. Raises as `sr.attend` does.
        """
        parts = self._parts(*self_attention_arrays(q, k, v))
        return attend_to_parts(parts, self.scale)[0]

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
    ) -> Arrays:
        """(dq, dk, dv) of sum(grad_out * layer(q, k, v)), in the shapes and dtype of q, k and v."""
        q, k, v = self_attention_arrays(q, k, v)
        grad, n = as_array("grad_out", grad_out), q.shape[-2]
        near, far = parts_backward(grad, self._parts(q, k, v), self.scale)
        dk = near[1] + mean_pools_backward(far[1], n, self.block, self.block)
        dv = near[2] + mean_pools_backward(far[2], n, self.block, self.block)
        return near[0] + far[0], dk, dv

    def _parts(
        self,
        q: np.ndarray,
        k: np.ndarray,
        v: np.ndarray,
    ) -> list[Part]:
        """The tokens, and their pools."""
        window, pools = self.sets
        coarse_k = mean_pools(k, self.block, self.block)
        coarse_v = mean_pools(v, self.block, self.block)
        return [(q, k, v, window), (q, coarse_k, coarse_v, pools)]
