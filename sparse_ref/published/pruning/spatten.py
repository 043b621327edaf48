"""SpAtten: tokens and heads that earlier layers found unimportant take no part in later ones.

Wang, Zhang and Han 2021, "SpAtten: Efficient Sparse Attention Architecture with Cascade Token and
Head Pruning", arXiv 2012.09852, sec. III.

Symbols:  P_hij the weights of a layer;  s_j the importance of token j, the sum of P_hij over h, i
and the layers so far;  s_h that of head h, the sum of |out_hif| over i, f and the layers so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...attention import attend_backward, attend_with_lse
from ...attention.arrays import as_array
from ...patterns import GlobalAt, Window
from ...sets.checks import integer
from ...sets.pattern import Pattern
from ...sets.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Survivors:
    """The tokens (n,) and heads (H,) that are left, and their importance so far, float64."""

    tokens: BoolArray
    heads: BoolArray
    token_scores: FloatArray
    head_scores: FloatArray

    @classmethod
    def everyone(cls, n: int, heads: int) -> Survivors:
        """All tokens and heads, before the first layer; importance 0."""
        n, heads = integer("n", n, 0), integer("heads", heads, 1)
        tokens, scores = np.ones(n, bool), np.zeros(n)
        return cls(tokens, np.ones(heads, bool), scores, np.zeros(heads))


@dataclass(frozen=True)
class SpAttenLayer:
    """out_h = attention over { j in A_i : token j is left } for queries i and heads h that are left

    Afterwards the `tokens` most important tokens of those left stay, and the `heads` most important
    heads: what is pruned stays pruned, as query, key and value, in all layers after. Ties go to the
    smallest number. Rows of pruned tokens, and pruned heads, give 0.

    Parameters
    ----------
    tokens, heads : how many stay after the layer, at least 0; all that are left if there are fewer.
    scale : the factor of the logits; 1 / sqrt(d) unless given.

    Under a causal set each layer is causal, and the cascade is not: which tokens are left depends
    on the weights of later queries too, so that the outputs of the next layers do.

    The gradients are those of `sr.attend_backward` over `sets`: the choice is constant. Differs:
    the paper gives shares of each layer; the local pruning of values, by rank in a row, and the
    quantization are left out.

    Source: Wang et al. 2021, sec. III-A and III-B.

    >>> import numpy as np, sparse_ref as sr
    >>> x = np.eye(4)[None]
    >>> everyone = sr.published.Survivors.everyone(n=4, heads=1)
    >>> layer = sr.published.SpAttenLayer(tokens=2, heads=1)
    >>> out, left = layer(x, x, x, everyone, sr.Causal())
    >>> left.tokens                         # most of the weight of a causal row is early
    array([ True,  True, False, False])
    >>> print(sr.picture(layer.sets(left, sr.Causal())[0], 4))
    █···
    ██··
    ····
    ····
    """

    tokens: int
    heads: int
    scale: float | None = None

    def __post_init__(self):
        integer("SpAttenLayer: tokens", self.tokens, 0)
        integer("SpAttenLayer: heads", self.heads, 0)

    def sets(self, survivors: Survivors, pattern: Pattern) -> tuple[Pattern, ...]:
        """What is left of A, a pattern for each head: empty for a pruned one."""
        pruned = np.flatnonzero(~survivors.tokens)
        rest = pattern - GlobalAt(tuple(pruned.tolist())) if len(pruned) else pattern
        nothing = Window(0) - Window(0)
        return tuple(rest if is_left else nothing for is_left in survivors.heads)

    def __call__(
        self,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
        survivors: Survivors,
        pattern: Pattern,
    ) -> tuple[np.ndarray, Survivors]:
        """out (H, n, e), in the dtype of q, from q (H, n, d), k (G, n, d), v (G, n, e), and who is
        left for the next layer. Raises ValueError if the survivors are of another n or H; else as
        `sr.attend` does.
        """
        q, k, v = as_array("q", q), as_array("k", k), as_array("v", v)
        expected = (len(survivors.heads), len(survivors.tokens))
        if q.ndim != 3 or q.shape[:2] != expected:
            raise ValueError(f"q must have axes (H, n, d), (H, n) = {expected}, got {q.shape}")
        sets = self.sets(survivors, pattern)
        out, lse = attend_with_lse(q, k, v, sets, scale=self.scale)
        token_scores = survivors.token_scores + self._token_sums(q, k, lse, sets)
        magnitudes = np.abs(out).astype(np.float64)
        head_scores = survivors.head_scores + magnitudes.sum(axis=(1, 2))
        tokens = _most_important(token_scores, survivors.tokens, self.tokens)
        heads = _most_important(head_scores, survivors.heads, self.heads)
        return out, Survivors(tokens, heads, token_scores, head_scores)

    def _token_sums(
        self,
        q: np.ndarray,
        k: np.ndarray,
        lse: np.ndarray,
        sets: tuple[Pattern, ...],
    ) -> FloatArray:
        """(n,): the sum of P_hij over h and i, the gradient at a value of one feature, all 1."""
        ones = np.ones((*q.shape[:2], 1), q.dtype)
        values = np.ones((*k.shape[:2], 1), k.dtype)
        arrays = q, k, values, np.zeros_like(ones), lse
        _, _, sums = attend_backward(ones, *arrays, sets, scale=self.scale)
        return sums[..., 0].sum(axis=0, dtype=np.float64)


def _most_important(scores: FloatArray, is_left: BoolArray, count: int) -> BoolArray:
    """The `count` highest scores of those left, or all of them; ties to the smallest number."""
    ranked = np.argsort(np.where(is_left, -scores, np.inf), kind="stable")
    chosen = np.zeros_like(is_left)
    chosen[ranked[:count]] = True
    return chosen & is_left
