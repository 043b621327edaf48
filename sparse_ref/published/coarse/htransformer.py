"""H-Transformer-1D: near pairs token by token, far pairs group by group, coarser with distance.

Zhu and Soricut 2021, "H-Transformer-1D: Fast One-Dimensional Hierarchical Attention for Sequences",
arXiv 2107.11906, sec. 6; the code published with it, `h_attention.py` of google/flaxformer.

Symbols:  Nr clusters;  n = Nr 2^M tokens;  level l = 0, ..., M - 1 with groups of g = 2^l
tokens and blocks of S_l = Nr 2^l;  k~ means of keys, q~ coarse queries, over a group's tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...attention import attend_with_lse, merge
from ...attention.arrays import as_array
from ...patterns import Causal, Window
from ...sets.checks import flag, integer
from ...sets.parts import Blockwise
from ...sets.pattern import Pattern
from ...sets.types import FloatArray
from ..self_attention import Arrays, self_attention_arrays
from .merge_gradients import Result, attend_lse_backward, merge_backward
from .token_means import mean_pool_weights, mean_pools, mean_pools_backward, pooled_cells

CoarseQuery = Literal["mean", "first"]


@dataclass(frozen=True)
class HTransformer1D:
    """out_i = sum_j exp(q~_i . k~_j) v_j / sum_j exp(q~_i . k~_j), coarse at the level of (i, j):

        l(i, j) = min{ l : |floor(i / S_l) - floor(j / S_l)| <= 1 }

    Each pair is in exactly one level: at level 0 the own block and its neighbours, above it the
    pairs in neighbouring blocks that no finer level has. A group of g = 2^l tokens is one key, the
    mean of theirs, with the weight of g keys: its value is the mean of theirs, and its part of the
    softmax has log g added to its log-sum-exp. O(n Nr) pairs in all.

    Parameters
    ----------
    clusters : Nr, even, at least 2. The length must be Nr 2^M with M >= 1, or 0.
    causal : keys j <= i; above level 0 these are the left neighbours.
    coarse_query : q~, the "mean" of the group's queries, or its "first" one. First if causal, else
        mean, unless given: a mean contains later queries of the group, and passes them on.
    scale : the factor of the logits; 1 / sqrt(d) unless given.

    Differs: the paper does not say how queries are coarse if causal; the published code takes the
    first. Its `rescale_logits` divides by sqrt(d) what goes into the projection of queries, so that
    a bias of that projection is not scaled: pass it such queries and scale=1. It subtracts one
    maximum from all logits of a head: see `flaxformer_output`. Its position bias is left out.

    Source: Zhu and Soricut 2021, sec. 6.

    >>> import sparse_ref as sr
    >>> layer = sr.published.HTransformer1D(clusters=2)
    >>> near, far, farther = layer.level_sets(16)
    >>> print(sr.picture(near, 8))
    ████····
    ████····
    ██████··
    ██████··
    ··██████
    ··██████
    ····████
    ····████
    >>> print(sr.picture(far, 8))
    ····████
    ····████
    ······██
    ······██
    ██······
    ██······
    ████····
    ████····
    >>> print(sr.picture(layer.coarse_sets(8)[1], 4))       # the same, a row and a key per group
    ··██
    ···█
    █···
    ██··
    """

    clusters: int
    causal: bool = False
    coarse_query: CoarseQuery | None = None
    scale: float | None = None

    def __post_init__(self):
        if integer("HTransformer1D: clusters", self.clusters, 2) % 2:
            raise ValueError(f"HTransformer1D: clusters must be even, got {self.clusters}")
        flag("HTransformer1D: causal", self.causal)
        if self.coarse_query not in (None, "mean", "first"):
            raise ValueError(
                "HTransformer1D: coarse_query must be 'mean', 'first' or None, "
                f"got {self.coarse_query!r}"
            )

    def level_count(self, n: int) -> int:
        """M with n = Nr 2^M; 0 for n = 0. Raises ValueError for any other n."""
        blocks, rest = divmod(integer("n", n, 0), self.clusters)
        is_power = blocks >= 2 and blocks & (blocks - 1) == 0
        if n and (rest or not is_power):
            raise ValueError(
                f"n must be clusters = {self.clusters} times 2, 4, 8, ..., "
                f"as H-Transformer-1D's hierarchy has it, got n = {n}"
            )
        return blocks.bit_length() - 1 if n else 0

    def coarse_sets(self, n: int) -> tuple[Pattern, ...]:
        """The groups that each group of queries attends to, a pattern of n / 2^l rows per level."""
        near: Pattern = Blockwise(Window(1), self.clusters)
        far = near - Blockwise(Window(1), self.clusters // 2)
        levels = range(self.level_count(n))
        sets = [far if level else near for level in levels]
        return tuple(p & Causal() for p in sets) if self.causal else tuple(sets)

    def level_sets(self, n: int) -> tuple[Pattern, ...]:
        """The pairs of tokens at each level: disjoint, and together all j, or all j <= i."""
        sets = enumerate(self.coarse_sets(n))
        return tuple(Blockwise(p, 2**level) if level else p for level, p in sets)

    def cells(self, n: int, level: int) -> FloatArray:
        """Float64 (n, n): the tokens that the groups of each query stand for, shaded by weight."""
        level = integer("level", level, 0, self.level_count(n) - 1)
        group = 2**level
        sets = Blockwise(self.coarse_sets(n)[level], (group, 1))
        return pooled_cells(sets, mean_pool_weights(n, group))

    def __call__(self, q: ArrayLike, k: ArrayLike, v: ArrayLike) -> np.ndarray:
        """(..., H, n, e), in the dtype of q, from q, k, v as `sr.attend` takes them, n keys for n
        queries. Raises ValueError for a length that has no levels; else as `sr.attend` does.
        """
        return self.with_lse(q, k, v)[0]

    def with_lse(self, q: ArrayLike, k: ArrayLike, v: ArrayLike) -> Result:
        """The output, and the log-sum-exp of each row, (..., H, n), natural log."""
        q, k, v = self_attention_arrays(q, k, v)
        levels = self._levels(q, k, v)
        if not levels:
            return attend_with_lse(q, k, v, Causal(), scale=self.scale)
        return merge([level.spread(level.attend(self.scale)) for level in levels])

    def flaxformer_output(
        self,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
    ) -> np.ndarray:
        """The output as the published code rounds it: rows far below the greatest logit fade to 0.

        It subtracts from all logits of a head their greatest, of 0 and of all pairs of blocks that
        it multiplies, masked ones too, and takes a sum of weights up to 1e-6 as 1. So a row whose
        lse is 13.8 or more below that is multiplied by exp(lse - greatest). Everything else is as
        for `__call__`; for its logits, pass the scale that it uses.
        """
        q, k, v = self_attention_arrays(q, k, v)
        out, lse = self.with_lse(q, k, v)
        levels = self._levels(q, k, v)
        tops = [level.top_logit(self.clusters, self.causal) for level in levels]
        if not tops:
            return out
        scale = q.shape[-1] ** -0.5 if self.scale is None else self.scale
        top = np.maximum(scale * np.max(tops, axis=0), 0)
        partition = np.exp(lse - top[..., None])
        shares = np.where(partition > 1e-6, 1, partition)
        return (out * shares[..., None]).astype(out.dtype)

    def backward(
        self,
        grad_out: ArrayLike,
        q: ArrayLike,
        k: ArrayLike,
        v: ArrayLike,
    ) -> Arrays:
        """(dq, dk, dv) of sum(grad_out * layer(q, k, v)), in the shapes and dtype of q, k and v."""
        q, k, v = self_attention_arrays(q, k, v)
        grad = as_array("grad_out", grad_out)
        levels = self._levels(q, k, v)
        coarse_results = [level.attend(self.scale) for level in levels]
        fine_results = [level.spread(result) for level, result in zip(levels, coarse_results)]
        total = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
        if not levels:
            return total
        merged = merge(fine_results)
        for level, coarse, fine in zip(levels, coarse_results, fine_results):
            coarse_grad = level.gather(merge_backward(grad, merged, fine))
            coarse_gradients = attend_lse_backward(
                coarse_grad, level.arrays, level.pattern, coarse, self.scale
            )
            for dx, share in zip(total, level.refine(coarse_gradients)):
                dx += share
        return total

    def _levels(
        self,
        q: np.ndarray,
        k: np.ndarray,
        v: np.ndarray,
    ) -> list[_Level]:
        """The coarse queries, keys and values of each level, finest first; none for n = 0."""
        first = self.coarse_query == "first" or (self.coarse_query is None and self.causal)
        levels = []
        for level, p in enumerate(self.coarse_sets(q.shape[-2])):
            group = 2**level
            coarse_q = q[..., ::group, :] if first else mean_pools(q, group, group)
            coarse_k, coarse_v = mean_pools(k, group, group), mean_pools(v, group, group)
            arrays = coarse_q, coarse_k, coarse_v
            levels.append(_Level(group, first, arrays, p))
        return levels


@dataclass(frozen=True, eq=False)
class _Level:
    """Groups of `group` tokens: their queries, the first or the mean of each, keys and values."""

    group: int
    first: bool
    arrays: Arrays
    pattern: Pattern

    def attend(self, scale: float | None) -> Result:
        """(out, lse) of each group of queries, each key counted once."""
        return attend_with_lse(*self.arrays, self.pattern, scale=scale)

    def spread(self, result: Result) -> Result:
        """The result of a group for each of its tokens, each key counted `group` times."""
        out, lse = result
        fine_out = np.repeat(out, self.group, axis=-2)
        fine_lse = np.repeat(lse, self.group, axis=-1)
        return fine_out, fine_lse + fine_lse.dtype.type(np.log(self.group))

    def gather(self, grad: Result) -> Result:
        """The gradient of a group's result, the sum over its tokens."""
        grad_out, grad_lse = grad
        *outer, n, width = grad_out.shape
        groups = n // self.group
        by_group = grad_out.reshape(*outer, groups, self.group, width)
        lse_by_group = grad_lse.reshape(*outer, groups, self.group)
        return by_group.sum(axis=-2), lse_by_group.sum(axis=-1)

    def refine(self, gradients: Arrays) -> Arrays:
        """The gradients at the tokens' queries, keys and values."""
        dq, dk, dv = gradients
        n = dq.shape[-2] * self.group
        tokens = partial(mean_pools_backward, n=n, length=self.group, stride=self.group)
        if not self.first:
            return tokens(dq), tokens(dk), tokens(dv)
        *outer, groups, width = dq.shape
        fine_dq = np.zeros((*outer, groups * self.group, width), dq.dtype)
        fine_dq[..., :: self.group, :] = dq
        return fine_dq, tokens(dk), tokens(dv)

    def top_logit(self, clusters: int, causal: bool) -> np.ndarray:
        """(..., H): the greatest q . k of the blocks that the published code multiplies."""
        q = _blocks(self.arrays[0], clusters)
        k = _blocks(self.arrays[1], clusters)
        if k.ndim > 3:
            shared = q.shape[-4] // k.shape[-4]
            k = np.repeat(k, shared, axis=-4)
        earlier, later = slice(None, -1), slice(1, None)
        pairs = [(later, earlier)]
        if self.group == 1:
            pairs.append((slice(None), slice(None)))
        if not causal:
            pairs.append((earlier, later))
        tops = np.full(q.shape[:-3], -np.inf)
        for rows, keys in pairs:
            transposed = k[..., keys, :, :].swapaxes(-1, -2)
            logits = q[..., rows, :, :] @ transposed
            top = logits.max(axis=(-1, -2, -3))
            tops = np.maximum(tops, top)
        return tops


def _blocks(x: np.ndarray, length: int) -> np.ndarray:
    """(..., n, d) -> (..., n / length, length, d)"""
    *outer, n, width = x.shape
    return x.reshape(*outer, n // length, length, width)
